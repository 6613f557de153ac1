/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose entry is it, which NUMA nodes, and what a record becomes when its guest moves. */
#include "core/features.h"
#include "core/guest.h"
#include "util/error.h"

static RhGuestDevice *add_nic(RhGuest *guest, const char *source, const char *address)
{
    RhGuestDevice *device = rh_guest_add(guest, RH_KIND_VDPA);

    device->source = g_strdup(source);
    device->guest_address = g_strdup(address);
    return device;
}

static const RhDevice *add_entry(RhGuest *guest, const char *chardev, const char *address)
{
    RhDevice *entry = rh_device_new(RH_KIND_VDPA);

    rh_device_set_text(entry, RH_ATTR_CHARDEV, chardev);
    rh_device_set_text(entry, RH_ATTR_GUEST_ADDRESS, address);
    if (!guest->record)
        guest->record = rh_record_new();
    g_ptr_array_add(guest->record->entries, entry);
    return entry;
}

static void test_by_source(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    RhGuestDevice *nic = add_nic(guest, "/dev/vhost-vdpa-1", NULL);
    g_autoptr(GError) error = NULL;
    const RhDevice *entry;

    add_entry(guest, "/dev/vhost-vdpa-0", NULL);
    entry = add_entry(guest, "/dev/vhost-vdpa-1", "pci:0000:00:02.0");
    g_assert_true(rh_guest_match_record(guest, &error));
    g_assert_true(nic->entry == entry);
    g_assert_false(nic->chosen);
}

/* A management layer wrote the source: the address says whose entry it is. */
static void test_by_address(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    RhGuestDevice *nic = add_nic(guest, "/dev/vhost-vdpa-1", "pci:0000:00:02.0");
    const RhDevice *entry = add_entry(guest, "/dev/vhost-vdpa-0", "pci:0000:00:02.0");
    g_autoptr(GError) error = NULL;

    add_entry(guest, "/dev/vhost-vdpa-1", "pci:0000:00:03.0");
    g_assert_true(rh_guest_match_record(guest, &error));
    g_assert_true(nic->entry == entry);
    g_assert_true(nic->chosen);
}

static void test_two_entries(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(GError) error = NULL;

    add_nic(guest, "/dev/vhost-vdpa-1", "pci:0000:00:02.0");
    add_entry(guest, "/dev/vhost-vdpa-0", "pci:0000:00:02.0");
    add_entry(guest, "/dev/vhost-vdpa-1", NULL);
    g_assert_false(rh_guest_match_record(guest, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
}

/* -- what is left ------------------------------------------------------------------------------ */

static RhGuestDevice *add_mdev(RhGuest *guest, const char *model, const char *uuid,
                               const char *address)
{
    RhGuestDevice *device = rh_guest_add(guest, RH_KIND_MDEV);

    device->model = g_strdup(model);
    device->source = g_strdup(uuid);
    device->guest_address = g_strdup(address);
    return device;
}

static const RhDevice *add_mdev_entry(RhGuest *guest, const char *api, const char *uuid,
                                      const char *address)
{
    RhDevice *entry = rh_device_new(RH_KIND_MDEV);

    rh_device_set_text(entry, RH_ATTR_UUID, uuid);
    rh_device_set_text(entry, RH_ATTR_DEVICE_API, api);
    rh_device_set_text(entry, RH_ATTR_GUEST_ADDRESS, address);
    if (!guest->record)
        guest->record = rh_record_new();
    g_ptr_array_add(guest->record->entries, entry);
    return entry;
}

/* Whether the entry @api, "old", @address is that of the device @model, "new" in the end. */
static void assert_last(const char *model, const char *api, const char *address, gboolean wanted)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    RhGuestDevice *device = add_mdev(guest, model, "new", NULL);
    const RhDevice *entry = add_mdev_entry(guest, api, "old", address);
    g_autoptr(GError) error = NULL;

    g_assert_true(rh_guest_match_record(guest, &error));
    g_assert_true(device->entry == (wanted ? entry : NULL));
    g_assert_cmpint(device->chosen, ==, wanted);
}

static void test_last(void)
{
    assert_last("vfio-ap", "vfio-ap", NULL, TRUE);
    assert_last("vfio-ap", "vfio-pci", NULL, FALSE);
    assert_last("vfio-ap", NULL, NULL, FALSE);
    assert_last(NULL, NULL, NULL, FALSE);
    assert_last("vfio-ap", "vfio-ap", "ccw:fe.0.0001", FALSE);
}

/* One device and one entry are left, after those that know each other. */
static void test_last_of_several(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    RhGuestDevice *known = add_mdev(guest, "vfio-ap", "a", NULL);
    RhGuestDevice *last = add_mdev(guest, "vfio-ap", "b", NULL);
    const RhDevice *entry = add_mdev_entry(guest, "vfio-ap", "c", NULL);
    const RhDevice *of_known = add_mdev_entry(guest, "vfio-ap", "a", NULL);
    g_autoptr(GError) error = NULL;

    add_mdev(guest, "vfio-ccw", "d", "ccw:fe.0.0001");
    add_mdev_entry(guest, "vfio-ccw", "e", "ccw:fe.0.0002");
    g_assert_true(rh_guest_match_record(guest, &error));
    g_assert_true(known->entry == of_known && !known->chosen);
    g_assert_true(last->entry == entry && last->chosen);
}

static void test_several_left(void)
{
    g_autoptr(RhGuest) devices = rh_guest_new();
    g_autoptr(RhGuest) entries = rh_guest_new();
    g_autoptr(GError) error = NULL;
    RhGuestDevice *one = add_mdev(devices, "vfio-ap", "a", NULL);
    RhGuestDevice *other = add_mdev(devices, "vfio-ap", "b", NULL);
    RhGuestDevice *lone = add_mdev(entries, "vfio-ap", "a", NULL);

    add_mdev_entry(devices, "vfio-ap", "c", NULL);
    g_assert_true(rh_guest_match_record(devices, &error));
    g_assert_true(!one->entry && !other->entry);
    add_mdev_entry(entries, "vfio-ap", "c", NULL);
    add_mdev_entry(entries, "vfio-ap", "d", NULL);
    g_assert_true(rh_guest_match_record(entries, &error));
    g_assert_null(lone->entry);
}

static void test_twin(void)
{
    g_autoptr(RhGuest) running = rh_guest_new();
    g_autoptr(RhGuest) defined = rh_guest_new();
    RhGuestDevice *here = add_mdev(running, "vfio-ap", "here", NULL);
    RhGuestDevice *there = add_mdev(defined, "vfio-ap", "there", NULL);
    RhGuestDevice *disk = add_mdev(defined, "vfio-ccw", "x", NULL);

    g_assert_true(rh_guest_find_twin(running, defined, there) == here);
    g_assert_null(rh_guest_find_twin(running, defined, disk)); /* of another model */
    add_mdev(defined, "vfio-ap", "second", NULL);
    g_assert_null(rh_guest_find_twin(running, defined, there)); /* which of the two? */
    add_mdev(running, "vfio-ap", "second", NULL);
    g_assert_true(rh_guest_find_twin(running, defined, there) == here);
    add_mdev(running, "vfio-ap", "third", NULL);
    g_assert_null(rh_guest_find_twin(running, defined, there));
}

static void test_same_source(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(GError) error = NULL;

    add_nic(guest, "/dev/vhost-vdpa-1", "pci:0000:00:02.0");
    add_nic(guest, "/dev/vhost-vdpa-1", "pci:0000:00:03.0");
    g_assert_false(rh_guest_match_record(guest, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
}

static RhGuestDevice *add_disk(RhGuest *guest, const char *source, const char *chain)
{
    RhGuestDevice *device = add_nic(guest, source, "pci:0000:04:00.0");

    device->class = "blk";
    device->chain = g_strdup(chain);
    return device;
}

/* A disk and its copy have one guest address: the sources say which entry is whose. */
static void test_shared_address(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    RhGuestDevice *disk = add_disk(guest, "/dev/vhost-vdpa-1", "");
    RhGuestDevice *copy = add_disk(guest, "/dev/vhost-vdpa-2", "mirror");
    const RhDevice *entry_of_copy = add_entry(guest, "/dev/vhost-vdpa-2", "pci:0000:04:00.0");
    const RhDevice *entry_of_disk = add_entry(guest, "/dev/vhost-vdpa-1", "pci:0000:04:00.0");
    g_autoptr(GError) error = NULL;

    g_assert_true(rh_guest_match_record(guest, &error));
    g_assert_true(disk->entry == entry_of_disk && copy->entry == entry_of_copy);
    g_assert_false(disk->chosen || copy->chosen);
}

/* Of a copy that became the disk both entries are left; of an image over the disk none is new. */
static void test_changed_chain(void)
{
    g_autoptr(RhGuest) pivoted = rh_guest_new();
    g_autoptr(RhGuest) covered = rh_guest_new();
    g_autoptr(RhGuest) copied = rh_guest_new();
    const RhGuestDevice *disk = add_disk(pivoted, "/dev/vhost-vdpa-2", "");
    const RhGuestDevice *below = add_disk(covered, "/dev/vhost-vdpa-8", "backingStore");
    const RhGuestDevice *copy;
    const RhDevice *entry;
    g_autoptr(GError) error = NULL;

    add_entry(pivoted, "/dev/vhost-vdpa-1", "pci:0000:04:00.0");
    entry = add_entry(pivoted, "/dev/vhost-vdpa-2", "pci:0000:04:00.0");
    g_assert_true(rh_guest_match_record(pivoted, &error));
    g_assert_true(disk->entry == entry && !disk->chosen);
    entry = add_entry(covered, "/dev/vhost-vdpa-1", "pci:0000:04:00.0");
    g_assert_true(rh_guest_match_record(covered, &error));
    g_assert_true(below->entry == entry && below->chosen);
    (void)add_disk(copied, "/dev/vhost-vdpa-1", "");
    copy = add_disk(copied, "/dev/vhost-vdpa-2", "mirror");
    add_entry(copied, "/dev/vhost-vdpa-1", "pci:0000:04:00.0");
    g_assert_true(rh_guest_match_record(copied, &error));
    g_assert_null(copy->entry);
}

/* In another XML of the guest the sources may be another host's: the place in the disk says it. */
static void test_twin_in_chain(void)
{
    g_autoptr(RhGuest) running = rh_guest_new();
    g_autoptr(RhGuest) defined = rh_guest_new();
    const RhGuestDevice *copy = add_disk(running, "/dev/vhost-vdpa-2", "mirror");
    const RhGuestDevice *disk = add_disk(running, "/dev/vhost-vdpa-1", "");
    const RhGuestDevice *alone = add_disk(defined, "/dev/vhost-vdpa-2", "");

    g_assert_true(rh_guest_find_twin(running, defined, alone) == disk);
    g_assert_true(rh_guest_find_twin(defined, running, copy) == alone);
}

static void test_nodes(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();

    g_assert_false(guest->bound);
    g_assert_true(rh_guest_bind(guest, "0-3,^2, 5"));
    g_assert_true(guest->bound);
    for (guint node = 0; node < 8; node++)
        g_assert_cmpint(guest->nodes[node], ==, (node <= 3 && node != 2) || node == 5);
}

static void test_bad_nodes(void)
{
    static const char *const cases[] = {"", "a", "3-1", "0-", "1024", "-1", "0,,1"};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RhGuest) guest = rh_guest_new();

        g_assert_false(rh_guest_bind(guest, cases[i]));
    }
}

/* Of the device it moves to: where it is, and feature 14. All else is what the guest started with.
 */
static void test_move(void)
{
    g_autoptr(RhDevice) entry = rh_device_new(RH_KIND_VDPA);
    g_autoptr(RhDevice) device = rh_device_new(RH_KIND_VDPA);
    g_autoptr(RhDevice) moved = NULL;

    rh_device_set_text(entry, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-3");
    rh_device_set_text(entry, RH_ATTR_GUEST_ADDRESS, "pci:0000:00:02.0");
    rh_device_set_number(entry, RH_ATTR_MTU, 1500);
    rh_device_set_number(entry, RH_ATTR_NUMA_NODE, 1);
    rh_device_set_number(entry, RH_ATTR_FEATURES, RH_NET_F_MTU);
    rh_device_set_text(device, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-0");
    rh_device_set_text(device, RH_ATTR_NAME, "vdpa0");
    rh_device_set_text(device, RH_ATTR_CLASS, "net");
    rh_device_set_number(device, RH_ATTR_MTU, 9000);
    rh_device_set_number(device, RH_ATTR_FEATURES, RH_NET_F_HOST_UFO | RH_NET_F_MQ);
    moved = rh_record_move(entry, device);
    g_assert_cmpstr(rh_device_text(moved, RH_ATTR_CHARDEV), ==, "/dev/vhost-vdpa-0");
    g_assert_cmpstr(rh_device_text(moved, RH_ATTR_NAME), ==, "vdpa0");
    g_assert_cmpstr(rh_device_text(moved, RH_ATTR_GUEST_ADDRESS), ==, "pci:0000:00:02.0");
    g_assert_cmpuint(rh_device_number(moved, RH_ATTR_MTU, 0), ==, 1500);
    g_assert_false(rh_device_knows(moved, RH_ATTR_NUMA_NODE));
    g_assert_cmpuint(rh_device_number(moved, RH_ATTR_FEATURES, 0), ==,
                     RH_NET_F_MTU | RH_NET_F_HOST_UFO);
}

static void test_move_mdev(void)
{
    g_autoptr(RhDevice) entry = rh_device_new(RH_KIND_MDEV);
    g_autoptr(RhDevice) device = rh_device_new(RH_KIND_MDEV);
    g_autoptr(RhDevice) moved = NULL;

    rh_device_set_text(entry, RH_ATTR_UUID, "c2177883-f1bb-47f0-914d-32a22e3a8804");
    rh_device_set_text(entry, RH_ATTR_TYPE, "nvidia-105");
    rh_device_set_text(entry, RH_ATTR_POOL, "gpu");
    rh_device_set_parameter(entry, "vgpu_params", "frame_rate_limiter=0");
    rh_device_set_text(device, RH_ATTR_UUID, "1b6a2c4e-90d5-4c5b-8a53-1f4d0a8e6b01");
    rh_device_set_text(device, RH_ATTR_TYPE, "nvidia-106");
    rh_device_set_parameter(device, "vgpu_params", "frame_rate_limiter=1");
    moved = rh_record_move(entry, device);
    g_assert_cmpstr(rh_device_key(moved), ==, "1b6a2c4e-90d5-4c5b-8a53-1f4d0a8e6b01");
    g_assert_cmpstr(rh_device_text(moved, RH_ATTR_TYPE), ==, "nvidia-106");
    g_assert_cmpstr(rh_device_text(moved, RH_ATTR_POOL), ==, "gpu");
    g_assert_cmpstr(rh_device_parameter(moved, "vgpu_params"), ==, "frame_rate_limiter=1");
}

static gboolean is_first_node(RhKind kind, const char *key, gpointer asked)
{
    g_string_append_printf(asked, "%s ", key);
    return kind == RH_KIND_VDPA && g_str_equal(key, "/dev/vhost-vdpa-1");
}

/* What the XML alone does not decide: ours by its entry, ours by the host, seen only; and what it
 * decides, nobody is asked. */
static void test_settle(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    RhGuestDevice *recorded = add_nic(guest, "/dev/vhost-vdpa-0", NULL);
    RhGuestDevice *here = add_nic(guest, "/dev/vhost-vdpa-1", NULL);
    RhGuestDevice *certain = NULL;
    g_autoptr(GString) asked = g_string_new(NULL);

    add_nic(guest, "/dev/vhost-vdpa-2", NULL)->is_candidate = TRUE;
    recorded->is_candidate = TRUE;
    here->is_candidate = TRUE;
    certain = add_nic(guest, "/dev/vhost-vdpa-3", NULL);
    add_entry(guest, "/dev/vhost-vdpa-0", NULL);
    g_assert_true(rh_guest_match_record(guest, NULL));
    rh_guest_settle(guest, is_first_node, asked);
    g_assert_cmpstr(asked->str, ==, "/dev/vhost-vdpa-2 /dev/vhost-vdpa-1 ");
    g_assert_cmpuint(guest->devices->len, ==, 3);
    g_assert_true(g_ptr_array_index(guest->devices, 0) == recorded);
    g_assert_true(g_ptr_array_index(guest->devices, 1) == here);
    g_assert_true(g_ptr_array_index(guest->devices, 2) == certain);
    rh_guest_settle(guest, is_first_node, asked);
    g_assert_cmpuint(guest->devices->len, ==, 3);
}

/* A guest with candidates alone may have devices of ours until that is settled. */
static void test_has_ours(void)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(GString) asked = g_string_new(NULL);

    g_assert_false(rh_guest_has_ours(guest));
    add_nic(guest, "/dev/vhost-vdpa-2", NULL)->is_candidate = TRUE;
    g_assert_true(rh_guest_has_ours(guest));
    rh_guest_settle(guest, is_first_node, asked);
    g_assert_false(rh_guest_has_ours(guest));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest/entry/by-source", test_by_source);
    g_test_add_func("/guest/entry/by-address", test_by_address);
    g_test_add_func("/guest/entry/two", test_two_entries);
    g_test_add_func("/guest/entry/last", test_last);
    g_test_add_func("/guest/entry/last-of-several", test_last_of_several);
    g_test_add_func("/guest/entry/several-left", test_several_left);
    g_test_add_func("/guest/twin", test_twin);
    g_test_add_func("/guest/same-source", test_same_source);
    g_test_add_func("/guest/settle", test_settle);
    g_test_add_func("/guest/has-ours", test_has_ours);
    g_test_add_func("/guest/shared-address", test_shared_address);
    g_test_add_func("/guest/changed-chain", test_changed_chain);
    g_test_add_func("/guest/twin-in-chain", test_twin_in_chain);
    g_test_add_func("/guest/nodes", test_nodes);
    g_test_add_func("/guest/bad-nodes", test_bad_nodes);
    g_test_add_func("/record/move", test_move);
    g_test_add_func("/record/move-mdev", test_move_mdev);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what the XML names still is what was recorded. */
#include "core/identity.h"
#include "util/text.h"

#include <string.h>

#define NODE "/dev/vhost-vdpa-5"
#define UUID "53764d0e-85a0-42b4-af5c-2046b460b1dc"

static RhGuest *new_guest(RhKind kind, const char *source)
{
    RhGuest *guest = rh_guest_new();
    RhGuestDevice *device = rh_guest_add(guest, kind);

    guest->name = g_strdup("web1");
    device->noun = kind == RH_KIND_MDEV ? "mediated device" : "vDPA disk";
    device->source = g_strdup(source);
    device->model = kind == RH_KIND_MDEV ? g_strdup("vfio-pci") : NULL;
    return guest;
}

static RhGuestDevice *device_of(RhGuest *guest)
{
    return g_ptr_array_index(guest->devices, 0);
}

static RhDevice *new_vdpa(const char *name, const char *chardev)
{
    RhDevice *device = rh_device_new(RH_KIND_VDPA);

    rh_device_set_text(device, RH_ATTR_NAME, name);
    rh_device_set_text(device, RH_ATTR_CHARDEV, chardev);
    return device;
}

static RhDevice *new_mdev(const char *type, const char *type_name)
{
    RhDevice *device = rh_device_new(RH_KIND_MDEV);

    rh_device_set_text(device, RH_ATTR_UUID, UUID);
    rh_device_set_text(device, RH_ATTR_TYPE, type);
    rh_device_set_text(device, RH_ATTR_TYPE_NAME, type_name);
    rh_device_set_text(device, RH_ATTR_DEVICE_API, "vfio-pci");
    return device;
}

/* What is said of @found, which is freed, as is @entry; @needle NULL: nothing. */
static void assert_refusal(RhGuest *guest, RhDevice *entry, RhDevice *found, const RhPolicy *policy,
                           const char *needle)
{
    g_autoptr(RhDevice) owned_entry = entry;
    g_autoptr(RhDevice) owned_found = found;
    g_autofree char *refusal = NULL;

    device_of(guest)->entry = entry;
    refusal = rh_identity_refuse(guest, device_of(guest), found, policy);
    device_of(guest)->entry = NULL;
    if (needle && refusal)
        g_assert_nonnull(strstr(refusal, needle));
    else
        g_assert_cmpstr(refusal, ==, needle);
}

static void test_vdpa(void)
{
    g_autoptr(RhGuest) guest = new_guest(RH_KIND_VDPA, NODE);

    assert_refusal(guest, new_vdpa("disk1", NODE), new_vdpa("disk1", NODE), NULL, NULL);
    assert_refusal(guest, new_vdpa("disk1", NODE), new_vdpa("disk9", NODE), NULL,
                   "guest 'web1' cannot start: its vDPA disk '" NODE "' is the device 'disk9' now, "
                   "and the one that was recorded for it is 'disk1'; 'virt-rehome refresh web1'");
}

/* Unknown on either side, or another source by choice: nothing is against it. */
static void test_vdpa_open(void)
{
    g_autoptr(RhGuest) guest = new_guest(RH_KIND_VDPA, NODE);

    assert_refusal(guest, NULL, new_vdpa("disk9", NODE), NULL, NULL);
    assert_refusal(guest, new_vdpa("disk1", NODE), NULL, NULL, NULL);
    assert_refusal(guest, new_vdpa(NULL, NODE), new_vdpa("disk9", NODE), NULL, NULL);
    assert_refusal(guest, new_vdpa("disk1", NODE), new_vdpa(NULL, NODE), NULL, NULL);
    assert_refusal(guest, new_vdpa("disk1", "/dev/vhost-vdpa-3"), new_vdpa("disk9", NODE), NULL,
                   NULL);
}

/* A site's own link is the node that it leads to. */
static void test_link(void)
{
    g_autoptr(RhGuest) guest = new_guest(RH_KIND_VDPA, "/dev/vdpa/tenant-a");

    device_of(guest)->node = g_strdup(NODE);
    assert_refusal(guest, new_vdpa("disk1", NODE), new_vdpa("disk1", NODE), NULL, NULL);
    assert_refusal(guest, new_vdpa("disk1", NODE), new_vdpa("disk9", NODE), NULL, "'disk9' now");
    assert_refusal(guest, new_vdpa("disk1", "/dev/vhost-vdpa-3"), new_vdpa("disk1", NODE), NULL,
                   NULL);
    assert_refusal(guest, new_vdpa("disk1", "/dev/vhost-vdpa-3"), new_vdpa("disk9", NODE), NULL,
                   "'virt-rehome record web1' says that the link is meant to lead there");
}

static RhDevice *lost(RhDevice *entry, const char *source)
{
    rh_device_set_text(entry, RH_ATTR_LOST, source);
    return entry;
}

/* The mark of a refresh counts where nothing says that the device is the recorded one. */
static void test_lost(void)
{
    g_autoptr(RhGuest) guest = new_guest(RH_KIND_VDPA, NODE);
    g_autoptr(RhGuest) linked = new_guest(RH_KIND_VDPA, "/dev/vdpa/tenant-a");

    assert_refusal(guest, lost(new_vdpa("disk1", NODE), NODE), NULL, NULL,
                   "was another device than the recorded 'disk1', or was given to another guest");
    assert_refusal(guest, lost(new_vdpa(NULL, NODE), NODE), new_vdpa("disk9", NODE), NULL,
                   "when definitions were refreshed");
    assert_refusal(guest, lost(new_vdpa("disk1", NODE), NODE), new_vdpa("disk9", NODE), NULL,
                   "'disk9' now");
    assert_refusal(guest, lost(new_vdpa("disk1", NODE), NODE), new_vdpa("disk1", NODE), NULL, NULL);
    assert_refusal(guest, lost(new_vdpa("disk1", NODE), "/dev/vhost-vdpa-3"), NULL, NULL, NULL);
    device_of(linked)->node = g_strdup(NODE);
    assert_refusal(linked, lost(new_vdpa("disk1", "/dev/vhost-vdpa-3"), "/dev/vdpa/tenant-a"), NULL,
                   NULL, "when definitions were refreshed");
    assert_refusal(linked, lost(new_vdpa("disk1", "/dev/vhost-vdpa-3"), "/dev/vdpa/tenant-a"),
                   new_vdpa("disk1", NODE), NULL, NULL);
}

static void test_mdev(void)
{
    g_autoptr(RhGuest) guest = new_guest(RH_KIND_MDEV, UUID);
    g_autoptr(RhPolicy) policy = rh_policy_new();
    RhDevice *newer = new_mdev("nvidia-105", "NVIDIA V100D-1Q");
    RhDevice *other_api = new_mdev("nvidia-110", "GRID V100D-1Q");

    assert_refusal(guest, new_mdev("nvidia-105", "GRID V100D-1Q"), newer, NULL, NULL);
    assert_refusal(guest, new_mdev("nvidia-105", NULL), new_mdev("nvidia-105", NULL), NULL, NULL);
    assert_refusal(guest, new_mdev(NULL, NULL), new_mdev("nvidia-110", NULL), NULL, NULL);
    assert_refusal(guest, new_mdev("nvidia-105", NULL), NULL, NULL, NULL);
    assert_refusal(
        guest, new_mdev("nvidia-105", "GRID V100D-1Q"), new_mdev("nvidia-110", "GRID V100D-1Q"),
        policy,
        "type is nvidia-110, must be nvidia-105, or one that 'accept' in [mdev nvidia-105] of "
        "virt-rehome.conf names; "
        "'virt-rehome refresh web1'");
    assert_refusal(guest, new_mdev("nvidia-105", "GRID V100D-1Q"),
                   new_mdev("nvidia-105", "GRID V100D-2Q"), policy,
                   "type-name is 'GRID V100D-2Q', must be 'GRID V100D-1Q'");

    rh_policy_mdev(policy, "nvidia-105")->accept = rh_split_list("nvidia-110");
    assert_refusal(guest, new_mdev("nvidia-105", "GRID V100D-1Q"),
                   new_mdev("nvidia-110", "GRID V100D-2Q"), policy, NULL);
    rh_device_set_text(other_api, RH_ATTR_DEVICE_API, "vfio-ap");
    assert_refusal(guest, new_mdev("nvidia-105", "GRID V100D-1Q"), other_api, policy,
                   "device-api is vfio-ap, must be vfio-pci, the guest's model");
}

/* A start brings no state: what its driver would refuse to read does not count. */
static void test_mdev_driver(void)
{
    g_autoptr(RhGuest) guest = new_guest(RH_KIND_MDEV, UUID);
    g_autoptr(RhPolicy) policy = rh_policy_new();
    RhDevice *entry = new_mdev("nvidia-105", "GRID V100D-1Q");
    RhDevice *found = new_mdev("nvidia-110", "GRID V100D-1Q");

    rh_policy_mdev(policy, "nvidia-105")->accept = rh_split_list("nvidia-110");
    rh_device_set_text(entry, RH_ATTR_DRIVER, "nvidia");
    rh_device_set_text(entry, RH_ATTR_DRIVER_VERSION, "535.161.05");
    rh_device_set_text(found, RH_ATTR_DRIVER, "nvidia");
    rh_device_set_text(found, RH_ATTR_DRIVER_VERSION, "550.54.10");
    assert_refusal(guest, entry, found, policy, NULL);
}

static RhDevice *new_disk(const char *number)
{
    RhDevice *device = new_mdev("vfio_ccw-io", NULL);

    rh_device_set_text(device, RH_ATTR_DEV_BUSID, number);
    return device;
}

/* The subchannel under which a uuid is defined may have another disk after a reboot. */
static void test_disk(void)
{
    g_autoptr(RhGuest) guest = new_guest(RH_KIND_MDEV, UUID);
    g_autoptr(RhDevice) entry = new_disk("0.0.2b09");
    g_autoptr(RhDevice) unrecorded = new_disk(NULL);
    g_autoptr(RhDevice) other = new_disk("0.0.c0de");

    assert_refusal(guest, new_disk("0.0.2b09"), new_disk("0.0.2b09"), NULL, NULL);
    assert_refusal(guest, new_disk("0.0.2b09"), new_disk("0.0.c0de"), NULL,
                   "is the disk 0.0.c0de now, and the one that was recorded for it is 0.0.2b09; "
                   "'virt-rehome refresh web1'");
    assert_refusal(guest, new_disk("0.0.2b09"), new_disk(NULL), NULL, NULL);
    assert_refusal(guest, lost(new_disk("0.0.2b09"), UUID), new_disk(NULL), NULL,
                   "when definitions were refreshed");
    g_assert_true(rh_record_is_of(entry, entry));
    g_assert_false(rh_record_is_of(entry, other));
    g_assert_false(rh_record_is_of(entry, unrecorded));
    g_assert_false(rh_record_is_of(unrecorded, entry));
    device_of(guest)->entry = entry;
    g_assert_cmpint(rh_identity_of(device_of(guest), unrecorded), ==, RH_IDENTITY_OPEN);
    g_assert_cmpint(rh_identity_of(device_of(guest), entry), ==, RH_IDENTITY_SAME);
}

int main(int argc, char **argv)
{
    g_log_writer_default_set_use_stderr(TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/identity/vdpa", test_vdpa);
    g_test_add_func("/identity/vdpa-open", test_vdpa_open);
    g_test_add_func("/identity/link", test_link);
    g_test_add_func("/identity/lost", test_lost);
    g_test_add_func("/identity/mdev", test_mdev);
    g_test_add_func("/identity/mdev-driver", test_mdev_driver);
    g_test_add_func("/identity/disk", test_disk);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a guest may start with the devices that its XML names, by all that was gathered. */
#include "core/start.h"

#include <string.h>

#define UUID "53764d0e-85a0-42b4-af5c-2046b460b1dc"

/* A guest whose record says srchost, with two vDPA devices, at home and as they were recorded. */
typedef struct {
    RhGuest *guest;
    GPtrArray *standings;
    RhStart start;
} Fixture;

static RhDevice *new_vdpa(const char *name, guint node)
{
    RhDevice *device = rh_device_new(RH_KIND_VDPA);
    g_autofree char *chardev = g_strdup_printf("/dev/vhost-vdpa-%u", node);

    rh_device_set_text(device, RH_ATTR_NAME, name);
    rh_device_set_text(device, RH_ATTR_CHARDEV, chardev);
    return device;
}

static void add_device(Fixture *fixture, const char *name, guint node)
{
    RhGuestDevice *device = rh_guest_add(fixture->guest, RH_KIND_VDPA);
    RhStanding *standing = rh_standing_new(device);

    device->noun = "vDPA interface";
    device->source = g_strdup_printf("/dev/vhost-vdpa-%u", node);
    device->entry = new_vdpa(name, node);
    g_ptr_array_add(fixture->guest->record->entries, device->entry);
    standing->found = new_vdpa(name, node);
    g_ptr_array_add(fixture->standings, standing);
}

static void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    fixture->guest = rh_guest_new();
    fixture->guest->name = g_strdup("web1");
    fixture->guest->record = rh_record_new();
    fixture->guest->record->host = g_strdup("srchost");
    fixture->standings = g_ptr_array_new_with_free_func((GDestroyNotify)rh_standing_free);
    add_device(fixture, "net0", 0);
    add_device(fixture, "net1", 1);
    fixture->start = (RhStart){.guest = fixture->guest,
                               .here = "srchost",
                               .looked = TRUE,
                               .standings = fixture->standings};
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_ptr_array_unref(fixture->standings);
    rh_guest_free(fixture->guest);
}

static RhStanding *standing_of(const Fixture *fixture, guint i)
{
    return g_ptr_array_index(fixture->standings, i);
}

static void reserve(const Fixture *fixture, guint i, const char *name)
{
    standing_of(fixture, i)->is_reserved = TRUE;
    standing_of(fixture, i)->reserved = g_strdup(name);
}

static void assert_says(char *text, const char *expected)
{
    g_autofree char *owned = text;

    if (text && expected)
        g_assert_nonnull(strstr(text, expected));
    else
        g_assert_cmpstr(text, ==, expected);
}

static void test_home(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const RhStart *start = &fixture->start;

    g_assert_false(rh_start_is_from_elsewhere(start));
    g_assert_false(rh_start_is_planned(start));
    g_assert_false(rh_start_needs_judgement(start, FALSE));
    g_assert_true(rh_start_needs_judgement(start, TRUE));
    assert_says(rh_start_find_exchange(start), NULL);
    assert_says(rh_start_find_obstacle(start), NULL);
}

/* A guest from elsewhere is judged, unless all that it has was planned here. */
static void test_elsewhere(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhStart *start = &fixture->start;

    start->here = "dsthost";
    g_assert_true(rh_start_is_from_elsewhere(start));
    g_assert_true(rh_start_needs_judgement(start, FALSE));
    reserve(fixture, 0, "net0");
    g_assert_true(rh_start_needs_judgement(start, FALSE));
    reserve(fixture, 1, "net1");
    g_assert_true(rh_start_is_planned(start));
    g_assert_false(rh_start_needs_judgement(start, TRUE));
    g_assert_true(rh_start_is_from_elsewhere(start));
}

/* What was planned for a guest that boots is judged again: libvirt asks no more where that is so.
 */
static void test_cold(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhStart *start = &fixture->start;

    start->here = "dsthost";
    g_assert_false(rh_start_boots(start, FALSE));
    fixture->guest->record->off = TRUE;
    g_assert_true(rh_start_boots(start, FALSE));
    g_assert_false(rh_start_boots(start, TRUE));
    reserve(fixture, 0, "net0");
    reserve(fixture, 1, "net1");
    g_assert_true(rh_start_is_planned(start));
    g_assert_false(rh_start_boots(start, FALSE)); /* its state comes: it was planned for that */
    standing_of(fixture, 1)->is_cold = TRUE;
    g_assert_true(rh_start_was_cold(start));
    g_assert_false(rh_start_is_planned(start));
    g_assert_true(rh_start_needs_judgement(start, FALSE));
    g_assert_false(rh_start_boots(start, FALSE));
}

/* Somebody changed one of its devices after they were planned: also at home. */
static void test_changed(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    reserve(fixture, 1, "net1");
    g_assert_true(rh_start_needs_judgement(&fixture->start, FALSE));
}

/* What this host is called is unknown: only where nobody could look may it be another. */
static void test_nameless(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhStart *start = &fixture->start;

    start->here = NULL;
    g_assert_false(rh_start_is_from_elsewhere(start));
    g_assert_false(rh_start_needs_judgement(start, FALSE));
    start->looked = FALSE;
    g_assert_true(rh_start_is_from_elsewhere(start));
    g_clear_pointer(&fixture->guest->record->host, g_free);
    g_assert_false(rh_start_is_from_elsewhere(start));
}

/* A host that is called otherwise, or not at all yet, is home by its id; a namesake is not. */
static void test_id(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhStart *start = &fixture->start;

    fixture->guest->record->host_id = g_strdup("0123456789abcdef0123456789abcdef");
    start->here_id = "0123456789abcdef0123456789abcdef";
    start->here = "localhost";
    g_assert_false(rh_start_is_from_elsewhere(start));
    start->here = NULL;
    start->looked = FALSE;
    g_assert_false(rh_start_is_from_elsewhere(start));
    start->here = "srchost";
    start->here_id = "fedcba9876543210fedcba9876543210";
    g_assert_true(rh_start_is_from_elsewhere(start));
    g_assert_true(rh_start_needs_judgement(start, FALSE));
    start->here_id = NULL;
    g_assert_false(rh_start_is_from_elsewhere(start));
    g_clear_pointer(&fixture->guest->record->host, g_free);
    g_assert_true(rh_start_is_from_elsewhere(start)); /* it is somebody's, and nobody could look */
}

/* Another device is behind the number: refused on the record's own host, unless it was planned. */
static void test_exchanged(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhStart *start = &fixture->start;

    rh_device_set_text(standing_of(fixture, 1)->found, RH_ATTR_NAME, "net9");
    assert_says(rh_start_find_exchange(start), "'/dev/vhost-vdpa-1' is the device 'net9' now");
    start->here = "dsthost";
    assert_says(rh_start_find_exchange(start), NULL);
    start->here = "srchost";
    reserve(fixture, 1, "net8");
    assert_says(rh_start_find_exchange(start), "'net9' now");
    g_free(standing_of(fixture, 1)->reserved);
    standing_of(fixture, 1)->reserved = g_strdup("net9");
    assert_says(rh_start_find_exchange(start), NULL);
}

static void test_obstacles(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const RhStart *start = &fixture->start;
    RhStanding *second = standing_of(fixture, 1);
    RhUser user = rh_user_of_guest("web2", NULL);

    reserve(fixture, 1, "net1");
    second->is_kept = FALSE;
    assert_says(rh_start_find_obstacle(start),
                "guest 'web1' cannot start: its vDPA interface '/dev/vhost-vdpa-1' is not the "
                "device any more that was reserved for it, which was 'net1'");
    second->is_here = FALSE;
    assert_says(rh_start_find_obstacle(start), "'/dev/vhost-vdpa-1' is not on this host");
    second->user = rh_user_copy(&user);
    assert_says(rh_start_find_obstacle(start), "is in use by guest web2");
}

/* What a restore left for whoever makes it was judged by nobody, until it is there. */
static void test_awaited(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const RhStart *start = &fixture->start;

    fixture->guest->record->off = TRUE;
    reserve(fixture, 0, "net0");
    reserve(fixture, 1, NULL);
    g_assert_false(rh_start_is_planned(start));
    g_assert_true(rh_start_needs_judgement(start, FALSE));
    g_assert_false(rh_start_boots(start, FALSE));
    standing_of(fixture, 1)->is_here = FALSE;
    g_assert_true(rh_start_needs_judgement(start, FALSE));
    assert_says(rh_start_find_obstacle(start), NULL);
    assert_says(rh_start_find_missing(start), "without vDPA interface '/dev/vhost-vdpa-1', which");
    /* Without an entry it is one that was left as it is, and that has to be there. */
    ((RhGuestDevice *)standing_of(fixture, 1)->device)->entry = NULL;
    g_assert_true(rh_start_is_planned(start));
    assert_says(rh_start_find_obstacle(start), "'/dev/vhost-vdpa-1' is not on this host");
    assert_says(rh_start_find_missing(start), NULL);
}

/* A device that is missing at a plain start is somebody's to make, but where a restore was refused.
 */
static void test_missing(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhStart *start = &fixture->start;

    assert_says(rh_start_find_missing(start), NULL);
    standing_of(fixture, 1)->is_here = FALSE;
    assert_says(rh_start_find_obstacle(start), NULL);
    assert_says(rh_start_find_missing(start), "guest 'web1' starts without vDPA interface");
    start->needs_all = TRUE;
    assert_says(rh_start_find_obstacle(start), "'/dev/vhost-vdpa-1' is not on this host");
    assert_says(rh_start_find_missing(start), NULL);
}

/* What the rules have judged need not be the recorded device where somebody chose it, or where its
 * restore was refused; elsewhere it must. */
static void test_judged(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhStart *start = &fixture->start;
    RhDevice *entry = standing_of(fixture, 1)->device->entry;

    rh_device_set_text(standing_of(fixture, 1)->found, RH_ATTR_NAME, "net9");
    start->judged = TRUE;
    assert_says(rh_start_find_exchange(start), "'net9' now");
    start->needs_all = TRUE;
    assert_says(rh_start_find_exchange(start), NULL);
    start->needs_all = FALSE;
    rh_device_set_number(entry, RH_ATTR_CHOSEN, TRUE);
    assert_says(rh_start_find_exchange(start), NULL);
    start->judged = FALSE;
    g_assert_true(rh_start_needs_judgement(start, FALSE));
    assert_says(rh_start_find_exchange(start), "'net9' now");
}

/* An mdev of another type: by the policy, and without one the answer is why there is none. */
static void test_type(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhGuestDevice *device = rh_guest_add(fixture->guest, RH_KIND_MDEV);
    RhStanding *standing = rh_standing_new(device);
    g_autoptr(RhPolicy) policy = rh_policy_new();
    g_autoptr(GError) fault = g_error_new_literal(G_FILE_ERROR, 0, "the file\nis broken");

    device->noun = "mediated device";
    device->source = g_strdup(UUID);
    device->model = g_strdup("vfio-pci");
    device->entry = rh_device_new(RH_KIND_MDEV);
    rh_device_set_text(device->entry, RH_ATTR_UUID, UUID);
    rh_device_set_text(device->entry, RH_ATTR_TYPE, "mtty-1");
    g_ptr_array_add(fixture->guest->record->entries, device->entry);
    standing->found = rh_device_copy(device->entry);
    g_ptr_array_add(fixture->standings, standing);
    fixture->start.fault = fault;
    assert_says(rh_start_find_exchange(&fixture->start), NULL);
    rh_device_set_text(standing->found, RH_ATTR_TYPE, "mtty-2");
    assert_says(rh_start_find_exchange(&fixture->start), "the file?is broken");
    fixture->start.policy = policy;
    assert_says(rh_start_find_exchange(&fixture->start), "is of another type");
}

static void add(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/start/home", test_home);
    add("/start/elsewhere", test_elsewhere);
    add("/start/cold", test_cold);
    add("/start/changed", test_changed);
    add("/start/nameless", test_nameless);
    add("/start/id", test_id);
    add("/start/exchanged", test_exchanged);
    add("/start/obstacles", test_obstacles);
    add("/start/awaited", test_awaited);
    add("/start/missing", test_missing);
    add("/start/judged", test_judged);
    add("/start/type", test_type);
    return g_test_run();
}

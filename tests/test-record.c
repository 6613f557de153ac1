/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest's record says: when it starts, when it runs on, and of its definition. */
#include "core/contract.h"
#include "core/features.h"
#include "util/error.h"

#define NODE_3 "/dev/vhost-vdpa-3"
#define NODE_7 "/dev/vhost-vdpa-7"
#define FIRST_SLOT "pci:0000:01:00.0"
#define SECOND_SLOT "pci:0000:02:00.0"

static RhDevice *add_vdpa(RhInventory *host, const char *name, const char *node, guint64 mtu)
{
    RhDevice *device = rh_device_new(RH_KIND_VDPA);

    rh_device_set_text(device, RH_ATTR_NAME, name);
    rh_device_set_text(device, RH_ATTR_CHARDEV, node);
    rh_device_set_text(device, RH_ATTR_CLASS, "net");
    rh_device_set_number(device, RH_ATTR_FEATURES, 0xff);
    rh_device_set_number(device, RH_ATTR_MTU, mtu);
    rh_inventory_add(host, device);
    return device;
}

static RhInventory *new_host(const char *name)
{
    RhInventory *host = rh_inventory_new();

    host->name = g_strdup(name);
    host->kernel = g_strdup("6.12");
    return host;
}

static RhGuestDevice *add_nic(RhGuest *guest, const char *source, const char *address)
{
    RhGuestDevice *device = rh_guest_add(guest, RH_KIND_VDPA);

    device->source = g_strdup(source);
    device->guest_address = g_strdup(address);
    device->class = "net";
    return device;
}

static RhDevice *add_entry(RhGuest *guest, const char *host, const char *node, const char *address,
                           guint64 mtu)
{
    RhDevice *entry = rh_device_new(RH_KIND_VDPA);

    rh_device_set_text(entry, RH_ATTR_CHARDEV, node);
    rh_device_set_text(entry, RH_ATTR_GUEST_ADDRESS, address);
    rh_device_set_number(entry, RH_ATTR_MTU, mtu);
    rh_device_set_number(entry, RH_ATTR_FEATURES, 0x0f);
    rh_device_set_number(entry, RH_ATTR_NEGOTIATED, 0x03);
    if (!guest->record)
        guest->record = rh_record_new();
    g_free(guest->record->host);
    guest->record->host = g_strdup(host);
    g_ptr_array_add(guest->record->entries, entry);
    return entry;
}

static void match(RhGuest *guest)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(rh_guest_match_record(guest, &error));
    g_assert_no_error(error);
}

static const RhDevice *entry_at(const RhRecord *record, guint i)
{
    g_assert_cmpuint(record->entries->len, >, i);
    return g_ptr_array_index(record->entries, i);
}

static RhRecord *make(const RhGuest *guest, const RhInventory *host, RhContract contract)
{
    g_autoptr(GError) error = NULL;
    RhRecord *record = rh_record_make(guest, host, contract, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(record->host, ==, host->name);
    g_assert_cmpstr(record->kernel, ==, host->kernel);
    return record;
}

static void assert_entry(const RhDevice *entry, const char *node, guint64 mtu)
{
    g_assert_cmpstr(rh_device_key(entry), ==, node);
    g_assert_cmpuint(rh_device_number(entry, RH_ATTR_MTU, 0), ==, mtu);
}

/* What it was started with stays where it runs on, and is what it has where it starts. */
static void test_contract(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(RhRecord) stands = NULL;
    g_autoptr(RhRecord) anew = NULL;

    add_vdpa(host, "vdpa3", NODE_3, 9000);
    add_nic(guest, NODE_3, FIRST_SLOT);
    add_entry(guest, "there", "/dev/vhost-vdpa-0", FIRST_SLOT, 1500);
    match(guest);
    stands = make(guest, host, RH_CONTRACT_STANDS);
    assert_entry(entry_at(stands, 0), NODE_3, 1500);
    g_assert_cmpstr(rh_device_text(entry_at(stands, 0), RH_ATTR_NAME), ==, "vdpa3");
    g_assert_cmphex(rh_device_number(entry_at(stands, 0), RH_ATTR_FEATURES, 0), ==, 0x0f);
    anew = make(guest, host, RH_CONTRACT_NEW);
    assert_entry(entry_at(anew, 0), NODE_3, 9000);
    g_assert_false(rh_device_knows(entry_at(anew, 0), RH_ATTR_NEGOTIATED));
    g_assert_cmpstr(rh_device_text(entry_at(anew, 0), RH_ATTR_GUEST_ADDRESS), ==, FIRST_SLOT);
}

/* The running guest's own, and of a driver that is down for a moment the last that was known. */
static void test_negotiated(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) guest = rh_guest_new();
    RhDevice *device = add_vdpa(host, "vdpa3", NODE_3, 1500);
    g_autoptr(RhRecord) before = NULL;
    g_autoptr(RhRecord) after = NULL;

    add_nic(guest, NODE_3, FIRST_SLOT);
    add_entry(guest, "here", NODE_3, FIRST_SLOT, 1500);
    match(guest);
    before = make(guest, host, RH_CONTRACT_STANDS);
    g_assert_cmphex(rh_device_number(entry_at(before, 0), RH_ATTR_NEGOTIATED, 0), ==, 0x03);
    rh_device_set_number(device, RH_ATTR_NEGOTIATED, 0x07);
    after = make(guest, host, RH_CONTRACT_STANDS);
    g_assert_cmphex(rh_device_number(entry_at(after, 0), RH_ATTR_NEGOTIATED, 0), ==, 0x07);
    g_assert_false(rh_record_equal(before, after));
}

/* On the record's own host another source is another device. */
static void test_replaced(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(RhRecord) record = NULL;

    add_vdpa(host, "vdpa3", NODE_3, 1500);
    add_vdpa(host, "vdpa7", NODE_7, 9000);
    add_nic(guest, NODE_7, FIRST_SLOT);
    add_entry(guest, "here", NODE_3, FIRST_SLOT, 1500);
    match(guest);
    record = make(guest, host, RH_CONTRACT_STANDS);
    assert_entry(entry_at(record, 0), NODE_7, 9000);
}

static void test_missing(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(GError) error = NULL;

    add_nic(guest, NODE_3, FIRST_SLOT);
    g_assert_null(rh_record_make(guest, host, RH_CONTRACT_NEW, NULL, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
}

/* What the guest runs with is in its definition's record as in its own; the rest stays. */
static void test_definition_of_running(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) running = rh_guest_new();
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) recorded = NULL;
    g_autoptr(RhRecord) record = NULL;

    add_vdpa(host, "vdpa3", NODE_3, 9000);
    add_vdpa(host, "vdpa7", NODE_7, 9000);
    add_nic(running, NODE_3, FIRST_SLOT);
    add_entry(running, "there", "/dev/vhost-vdpa-0", FIRST_SLOT, 1500);
    match(running);
    recorded = make(running, host, RH_CONTRACT_STANDS);
    add_nic(defined, NODE_3, FIRST_SLOT);
    add_nic(defined, NODE_7, SECOND_SLOT);
    add_entry(defined, "here", NODE_7, SECOND_SLOT, 1400);
    match(defined);
    record = rh_record_make_definition(defined, host, running, recorded, FALSE);
    g_assert_cmpstr(record->host, ==, "here");
    assert_entry(entry_at(record, 0), NODE_3, 1500);
    assert_entry(entry_at(record, 1), NODE_7, 1400);
}

/* Of a guest that is shut off an entry is never made over: after a reboot its node may be another
 * device. One whose device was exchanged here is made anew. */
static void test_definition_of_shut_off(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) record = NULL;
    g_autoptr(RhRecord) exchanged = NULL;
    RhGuestDevice *nic;

    add_vdpa(host, "vdpa3", NODE_3, 9000);
    add_vdpa(host, "vdpa7", NODE_7, 9000);
    nic = add_nic(defined, NODE_3, FIRST_SLOT);
    add_entry(defined, "here", NODE_3, FIRST_SLOT, 1500);
    match(defined);
    record = rh_record_make_definition(defined, host, NULL, NULL, FALSE);
    g_assert_cmpuint(record->entries->len, ==, 1);
    assert_entry(entry_at(record, 0), NODE_3, 1500);
    g_free(nic->source);
    nic->source = g_strdup(NODE_7);
    exchanged = rh_record_make_definition(defined, host, NULL, NULL, FALSE);
    assert_entry(entry_at(exchanged, 0), NODE_7, 9000);
}

/* What a driver agreed to while the guest ran is nothing that a boot has to find. */
static void test_definition_is_off(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) running = rh_guest_new();
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) recorded = NULL;
    g_autoptr(RhRecord) record = NULL;
    RhDevice *device;

    device = add_vdpa(host, "vdpa3", NODE_3, 9000);
    rh_device_set_number(device, RH_ATTR_NEGOTIATED, 7);
    add_nic(running, NODE_3, FIRST_SLOT);
    add_nic(defined, NODE_3, FIRST_SLOT);
    recorded = make(running, host, RH_CONTRACT_NEW);
    g_assert_false(recorded->off);
    g_assert_true(rh_device_knows(entry_at(recorded, 0), RH_ATTR_NEGOTIATED));
    record = rh_record_make_definition(defined, host, running, recorded, FALSE);
    g_assert_true(record->off);
    g_assert_false(rh_device_knows(entry_at(record, 0), RH_ATTR_NEGOTIATED));
    g_assert_false(rh_record_equal(recorded, record));
}

/* A definition that still names devices of another host is that host's, and so is its record. */
static void test_definition_from_elsewhere(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) record = NULL;

    add_vdpa(host, "vdpa3", NODE_3, 9000);
    add_nic(defined, NODE_3, FIRST_SLOT);
    add_nic(defined, NODE_7, SECOND_SLOT);
    add_entry(defined, "there", NODE_7, SECOND_SLOT, 1500);
    match(defined);
    record = rh_record_make_definition(defined, host, NULL, NULL, FALSE);
    g_assert_cmpstr(record->host, ==, "there");
    g_assert_cmpuint(record->entries->len, ==, 1);
    assert_entry(entry_at(record, 0), NODE_7, 1500);
}

/* After a reboot the guest was started on whatever got its number: what it had stays recorded,
 * until a person says otherwise. */
static void test_usurped(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) running = rh_guest_new();
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) recorded = NULL;
    g_autoptr(RhRecord) kept = NULL;
    g_autoptr(RhRecord) accepted = NULL;

    add_vdpa(host, "vdpa3", NODE_7, 1500);
    add_nic(running, NODE_7, FIRST_SLOT);
    match(running);
    recorded = make(running, host, RH_CONTRACT_NEW);
    add_nic(defined, NODE_7, FIRST_SLOT);
    rh_device_set_text(add_entry(defined, "here", NODE_7, FIRST_SLOT, 9000), RH_ATTR_NAME, "vdpa7");
    match(defined);
    kept = rh_record_make_definition(defined, host, running, recorded, FALSE);
    assert_entry(entry_at(kept, 0), NODE_7, 9000);
    g_assert_cmpstr(rh_device_name(entry_at(kept, 0)), ==, "vdpa7");
    accepted = rh_record_make_definition(defined, host, running, recorded, TRUE);
    g_assert_cmpstr(rh_device_name(entry_at(accepted, 0)), ==, "vdpa3");
}

/* A number of another host makes no entry; on the record's own host it does, and a person may have
 * all made anew. */
/* What a management layer says of its guest stays, whoever records it, and however. */
static void test_chosen(void)
{
    g_autoptr(RhInventory) host = new_host("kvm1");
    g_autoptr(RhGuest) running = rh_guest_new();
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) recorded = NULL;
    RhDevice *entry;
    g_autoptr(RhRecord) fresh = NULL;
    g_autoptr(RhRecord) kept = NULL;
    g_autoptr(RhRecord) alone = NULL;

    add_vdpa(host, "vdpa7", "/dev/vhost-vdpa-3", 1500);
    add_nic(running, "/dev/vhost-vdpa-3", NULL);
    add_nic(defined, "/dev/vhost-vdpa-3", NULL);
    entry = add_entry(defined, "kvm1", "/dev/vhost-vdpa-3", NULL, 1500);
    rh_device_set_text(entry, RH_ATTR_NAME, "vdpa3");
    rh_device_set_number(entry, RH_ATTR_CHOSEN, TRUE);
    match(defined);
    recorded = make(running, host, RH_CONTRACT_NEW);
    kept = rh_record_make_definition(defined, host, running, recorded, FALSE);
    g_assert_true(rh_device_number(entry_at(kept, 0), RH_ATTR_CHOSEN, FALSE));
    g_assert_cmpstr(rh_device_name(entry_at(kept, 0)), ==, "vdpa7");
    alone = rh_record_make_definition(defined, host, NULL, NULL, TRUE);
    g_assert_true(rh_device_number(entry_at(alone, 0), RH_ATTR_CHOSEN, FALSE));
    fresh = make(defined, host, RH_CONTRACT_NEW);
    g_assert_true(rh_device_number(entry_at(fresh, 0), RH_ATTR_CHOSEN, FALSE));
    g_assert_false(rh_device_knows(entry_at(recorded, 0), RH_ATTR_CHOSEN));
}

static void test_missing_entry(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) running = rh_guest_new();
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) recorded = NULL;
    g_autoptr(RhRecord) elsewhere = NULL;
    g_autoptr(RhRecord) home = NULL;
    g_autoptr(RhRecord) accepted = NULL;

    add_vdpa(host, "vdpa3", NODE_3, 1500);
    add_vdpa(host, "vdpa7", NODE_7, 1500);
    add_nic(running, NODE_3, FIRST_SLOT);
    match(running);
    recorded = make(running, host, RH_CONTRACT_NEW);
    add_nic(defined, NODE_3, FIRST_SLOT);
    add_nic(defined, NODE_7, SECOND_SLOT);
    add_entry(defined, "there", NODE_3, FIRST_SLOT, 1400);
    match(defined);
    elsewhere = rh_record_make_definition(defined, host, running, recorded, FALSE);
    g_assert_cmpstr(elsewhere->host, ==, "there");
    g_assert_cmpuint(elsewhere->entries->len, ==, 1);
    g_free(defined->record->host);
    defined->record->host = g_strdup("here");
    home = rh_record_make_definition(defined, host, NULL, NULL, FALSE);
    assert_entry(entry_at(home, 0), NODE_3, 1400);
    assert_entry(entry_at(home, 1), NODE_7, 1500);
    accepted = rh_record_make_definition(defined, host, NULL, NULL, TRUE);
    assert_entry(entry_at(accepted, 0), NODE_3, 1500);
}

/* The mark of a refresh stays as long as it means something. */
static void test_lost(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) kept = NULL;
    g_autoptr(RhRecord) again = NULL;
    g_autoptr(RhRecord) accepted = NULL;
    g_autoptr(RhRecord) started = NULL;
    g_autoptr(RhDevice) moved = NULL;
    RhDevice *device = add_vdpa(host, "vdpa3", NODE_3, 1500);
    RhGuestDevice *nic = add_nic(defined, NODE_3, FIRST_SLOT);
    RhDevice *entry = add_entry(defined, "here", NODE_3, FIRST_SLOT, 1400);

    rh_device_set_text(entry, RH_ATTR_NAME, "vdpa7");
    rh_device_set_text(entry, RH_ATTR_LOST, NODE_3);
    rh_device_set_text(device, RH_ATTR_LOST, NODE_3); /* a file may say anything */
    match(defined);
    g_assert_true(rh_record_is_lost(nic));
    g_assert_false(rh_record_is_of(entry, device));
    kept = rh_record_make_definition(defined, host, NULL, NULL, FALSE);
    g_assert_cmpstr(rh_device_text(entry_at(kept, 0), RH_ATTR_LOST), ==, NODE_3);
    g_assert_true(rh_record_equal(kept, kept));

    accepted = rh_record_make_definition(defined, host, NULL, NULL, TRUE);
    g_assert_null(rh_device_text(entry_at(accepted, 0), RH_ATTR_LOST));
    started = make(defined, host, RH_CONTRACT_STANDS);
    g_assert_null(rh_device_text(entry_at(started, 0), RH_ATTR_LOST));
    moved = rh_record_move(entry, device);
    g_assert_null(rh_device_text(moved, RH_ATTR_LOST));

    rh_device_set_text(device, RH_ATTR_NAME, "vdpa7");
    g_assert_true(rh_record_is_of(entry, device));
    again = rh_record_make_definition(defined, host, NULL, NULL, FALSE);
    g_assert_null(rh_device_text(entry_at(again, 0), RH_ATTR_LOST));
}

static void test_lost_of_another_source(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) defined = rh_guest_new();
    g_autoptr(RhRecord) kept = NULL;
    RhGuestDevice *nic = add_nic(defined, NODE_3, FIRST_SLOT);
    RhDevice *entry = add_entry(defined, "here", NODE_3, FIRST_SLOT, 1400);

    rh_device_set_text(entry, RH_ATTR_LOST, NODE_7);
    match(defined);
    g_assert_false(rh_record_is_lost(nic));
    kept = rh_record_make_definition(defined, host, NULL, NULL, FALSE);
    g_assert_null(rh_device_text(entry_at(kept, 0), RH_ATTR_LOST));
}

/* An entry knows what it was made of, as long as it is there. */
static void test_made_of(void)
{
    g_autoptr(RhInventory) host = new_host("here");
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(RhRecord) record = NULL;
    const RhGuestDevice *first = add_nic(guest, NODE_3, FIRST_SLOT);
    const RhGuestDevice *second = add_nic(guest, NODE_7, SECOND_SLOT);

    add_vdpa(host, "vdpa3", NODE_3, 9000);
    add_vdpa(host, "vdpa7", NODE_7, 9000);
    record = rh_record_make(guest, host, RH_CONTRACT_NEW, NULL, NULL);
    g_assert_true(rh_record_made_of(record, first) == entry_at(record, 0));
    g_assert_true(rh_record_made_of(record, second) == entry_at(record, 1));
    rh_record_remove(record, g_ptr_array_index(record->entries, 0));
    g_assert_null(rh_record_made_of(record, first));
    g_assert_true(rh_record_made_of(record, second) == entry_at(record, 0));
}

#define ID_A "0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210"

static RhRecord *new_record(const char *host, const char *id)
{
    RhRecord *record = rh_record_new();

    record->host = g_strdup(host);
    record->host_id = g_strdup(id);
    return record;
}

/* A host is not its name: that decides only where one side has no id. */
static void test_origin(void)
{
    static const struct {
        const char *record_name, *record_id, *name, *id;
        RhOrigin origin;
    } rows[] = {
        {"a", ID_A, "a", ID_A, RH_ORIGIN_HOME},      {"a", ID_A, "b", ID_A, RH_ORIGIN_HOME},
        {"a", ID_A, NULL, ID_A, RH_ORIGIN_HOME},     {NULL, ID_A, "b", ID_A, RH_ORIGIN_HOME},
        {"a", ID_A, "a", ID_B, RH_ORIGIN_ELSEWHERE}, {NULL, ID_A, NULL, ID_B, RH_ORIGIN_ELSEWHERE},
        {"a", NULL, "a", ID_B, RH_ORIGIN_HOME},      {"a", ID_A, "a", NULL, RH_ORIGIN_HOME},
        {"a", NULL, "b", ID_B, RH_ORIGIN_ELSEWHERE}, {"a", ID_A, "b", NULL, RH_ORIGIN_ELSEWHERE},
        {"a", NULL, "a", NULL, RH_ORIGIN_HOME},      {"a", NULL, "b", NULL, RH_ORIGIN_ELSEWHERE},
        {"a", ID_A, NULL, NULL, RH_ORIGIN_OPEN},     {NULL, ID_A, "a", NULL, RH_ORIGIN_OPEN},
        {NULL, NULL, "a", ID_A, RH_ORIGIN_OPEN},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(RhRecord) record = new_record(rows[i].record_name, rows[i].record_id);
        g_autoptr(RhInventory) host = new_host(rows[i].name);

        host->id = g_strdup(rows[i].id);
        g_test_message("row %u", i);
        g_assert_cmpint(rh_record_origin(record, host->name, host->id), ==, rows[i].origin);
        g_assert_cmpint(rh_record_is_of_host(record, host), ==, rows[i].origin == RH_ORIGIN_HOME);
        g_assert_cmpint(rh_record_has_other_id(record, host), ==, i == 4);
    }
    g_assert_cmpint(rh_record_origin(NULL, "a", ID_A), ==, RH_ORIGIN_OPEN);
}

static void assert_host(const RhInventory *host, const RhRecord *before, const char *name,
                        const char *id)
{
    g_autoptr(RhRecord) record = rh_record_new();

    rh_record_set_host(record, host, before);
    g_assert_cmpstr(record->host, ==, name);
    g_assert_cmpstr(record->host_id, ==, id);
}

/* What is not known now of a record's own host is not lost, and nothing is rewritten for a name. */
static void test_host(void)
{
    g_autoptr(RhRecord) before = new_record("a", ID_A);
    g_autoptr(RhRecord) renamed = new_record("b", ID_A);
    g_autoptr(RhRecord) without = new_record("a", NULL);
    g_autoptr(RhRecord) other = new_record("a", ID_B);
    g_autoptr(RhInventory) nameless = new_host(NULL);
    g_autoptr(RhInventory) idless = new_host("a");
    g_autoptr(RhInventory) elsewhere = new_host("c");

    nameless->id = g_strdup(ID_A);
    assert_host(nameless, before, "a", ID_A);
    assert_host(nameless, NULL, NULL, ID_A);
    assert_host(idless, before, "a", ID_A);
    assert_host(elsewhere, before, "c", NULL);
    g_assert_true(rh_record_equal(before, renamed));
    g_assert_false(rh_record_equal(before, without));
    g_assert_false(rh_record_equal(before, other));
}

int main(int argc, char **argv)
{
    g_log_writer_default_set_use_stderr(TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/origin", test_origin);
    g_test_add_func("/record/host", test_host);
    g_test_add_func("/record/contract", test_contract);
    g_test_add_func("/record/negotiated", test_negotiated);
    g_test_add_func("/record/replaced", test_replaced);
    g_test_add_func("/record/made-of", test_made_of);
    g_test_add_func("/record/missing", test_missing);
    g_test_add_func("/record/definition-of-running", test_definition_of_running);
    g_test_add_func("/record/definition-of-shut-off", test_definition_of_shut_off);
    g_test_add_func("/record/definition-is-off", test_definition_is_off);
    g_test_add_func("/record/definition-from-elsewhere", test_definition_from_elsewhere);
    g_test_add_func("/record/usurped", test_usurped);
    g_test_add_func("/record/chosen", test_chosen);
    g_test_add_func("/record/missing-entry", test_missing_entry);
    g_test_add_func("/record/lost", test_lost);
    g_test_add_func("/record/lost-of-another-source", test_lost_of_another_source);
    return g_test_run();
}

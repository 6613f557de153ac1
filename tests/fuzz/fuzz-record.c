/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of a guest (its XML, then the host's inventory): what is written can be read, and made
 * again it is the same.
 */
#include "core/contract.h"
#include "tests/fuzz/fuzz.h"
#include "xml/domain.h"
#include "xml/inventory-xml.h"

/* Entries are found by guest address: a guest of libvirt's has no two devices at one. */
static gboolean has_twins(const RhGuest *guest)
{
    g_autoptr(GHashTable) addresses = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        if (device->guest_address && !g_hash_table_add(addresses, device->guest_address))
            return TRUE;
    }
    return FALSE;
}

static void check_record(GBytes *bytes, const RhInventory *host, RhContract contract)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(1700000000);
    g_autoptr(RhDomain) domain = rh_domain_parse(bytes, NULL);
    g_autoptr(RhDomain) again = NULL;
    g_autoptr(RhRecord) record = NULL;
    g_autoptr(RhRecord) second = NULL;
    g_autoptr(RhRecord) defined = NULL;
    g_autoptr(GBytes) written = NULL;
    g_autoptr(GError) error = NULL;
    const RhGuest *guest;

    g_assert_true(rh_domain_read_record(domain, NULL));
    guest = rh_domain_guest(domain);
    record = rh_record_make(guest, host, contract, "10.0.13", &error);
    if (!fuzz_succeeds(record != NULL, &error))
        return;
    defined = rh_record_make_definition(guest, host, guest, record, FALSE);
    g_assert_nonnull(defined);
    rh_domain_set_record(domain, record, now);
    written = rh_domain_serialise(domain, &error);
    if (!fuzz_succeeds(written != NULL, &error))
        return;
    again = rh_domain_parse(written, &error);
    g_assert_no_error(error);
    (void)rh_domain_read_record(again, &error);
    g_assert_no_error(error);
    second = rh_record_make(rh_domain_guest(again), host, contract, "10.0.13", &error);
    g_assert_no_error(error);
    g_assert_true(rh_record_equal(rh_domain_guest(again)->record, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) documents = fuzz_split(data, size);
    g_autoptr(RhInventory) host = NULL;
    g_autoptr(RhDomain) domain = NULL;
    g_autoptr(GError) error = NULL;

    if (documents->len < 2)
        return 0;
    host = rh_inventory_parse(g_ptr_array_index(documents, 1), "the inventory", NULL);
    domain = rh_domain_parse(g_ptr_array_index(documents, 0), &error);
    if (!fuzz_succeeds(domain != NULL, &error) || !host ||
        !fuzz_succeeds(rh_domain_read_record(domain, &error), &error) ||
        has_twins(rh_domain_guest(domain)))
        return 0;
    for (RhContract contract = RH_CONTRACT_NEW; contract <= RH_CONTRACT_STANDS; contract++)
        check_record(g_ptr_array_index(documents, 0), host, contract);
    return 0;
}

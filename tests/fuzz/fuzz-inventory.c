/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host's inventory: what is read can be written, and reads the same. */
#include "tests/fuzz/fuzz.h"
#include "xml/inventory-xml.h"

/* Each device is found by its name. A type's name is its own only below its parent. */
static void check_names(const RhInventory *inventory)
{
    for (RhKind kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = inventory->devices[kind];

        for (guint i = 0; kind != RH_KIND_MDEV_TYPE && i < devices->len; i++) {
            RhDevice *device = g_ptr_array_index(devices, i);

            g_assert_true(rh_inventory_find(inventory, kind, rh_device_name(device)) == device);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(RhInventory) inventory = rh_inventory_parse(bytes, "the inventory", &error);
    g_autoptr(RhInventory) again = NULL;
    g_autoptr(GBytes) written = NULL;
    g_autoptr(GBytes) rewritten = NULL;

    if (!fuzz_succeeds(inventory != NULL, &error))
        return 0;
    check_names(inventory);
    written = rh_inventory_serialise(inventory);
    again = rh_inventory_parse(written, "the inventory", &error);
    g_assert_no_error(error);
    rewritten = rh_inventory_serialise(again);
    g_assert_true(g_bytes_equal(written, rewritten));
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/inventory.h"

#include "util/error.h"
#include "util/text.h"

RhInventory *rh_inventory_new(void)
{
    RhInventory *inventory = g_new0(RhInventory, 1);

    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        inventory->devices[kind] = g_ptr_array_new_with_free_func((GDestroyNotify)rh_device_free);
    return inventory;
}

void rh_inventory_free(RhInventory *inventory)
{
    if (!inventory)
        return;
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        g_ptr_array_unref(inventory->devices[kind]);
    g_free(inventory->name);
    g_free(inventory->kernel);
    g_free(inventory);
}

void rh_inventory_add(RhInventory *inventory, RhDevice *device)
{
    g_ptr_array_add(inventory->devices[device->kind], device);
}

/* By name; types, whose names are unique only below a parent, by parent first. */
static int compare_to(const RhDevice *device, const char *parent, const char *name)
{
    const char *its_name = rh_device_name(device);
    int order = parent ? g_strcmp0(rh_device_text(device, RH_ATTR_PARENT), parent) : 0;

    return order ? order : rh_natural_compare(its_name ? its_name : "", name);
}

static int compare_devices(gconstpointer a, gconstpointer b)
{
    const RhDevice *one = *(const RhDevice *const *)a;
    const RhDevice *other = *(const RhDevice *const *)b;
    const char *name = rh_device_name(other);
    const char *parent =
        other->kind == RH_KIND_MDEV_TYPE ? rh_device_text(other, RH_ATTR_PARENT) : NULL;

    return compare_to(one, parent, name ? name : "");
}

/* Needs the order that rh_inventory_complete() makes. */
static RhDevice *find(GPtrArray *devices, const char *parent, const char *name)
{
    guint low = 0;
    guint high = devices->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        RhDevice *device = g_ptr_array_index(devices, middle);
        int order = compare_to(device, parent, name);

        if (order == 0)
            return device;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static gboolean refuse_twins(GPtrArray *devices, GError **error)
{
    for (guint i = 1; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);

        if (compare_devices(&devices->pdata[i - 1], &devices->pdata[i]) == 0)
            return rh_raise(error, RH_ERROR_INPUT, "the inventory has two of the %s '%s'",
                            rh_kind_info(device->kind)->noun,
                            rh_device_name(device) ? rh_device_name(device) : "");
    }
    return TRUE;
}

static gboolean refuse_shared_keys(GPtrArray *devices, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        const char *key = rh_device_key(device);

        if (key && !g_hash_table_add(seen, (gpointer)key))
            return rh_raise(error, RH_ERROR_INPUT, "the inventory has '%s' for two of its %ss", key,
                            rh_kind_info(device->kind)->noun);
    }
    return TRUE;
}

/* What an mdev has from what it hangs on. */
static void complete_mdev(const RhInventory *inventory, RhDevice *mdev)
{
    static const RhAttr from_parent[] = {
        RH_ATTR_DRIVER,   RH_ATTR_DRIVER_VERSION,   RH_ATTR_VENDOR,
        RH_ATTR_PRODUCT,  RH_ATTR_SUBSYSTEM_VENDOR, RH_ATTR_SUBSYSTEM_PRODUCT,
        RH_ATTR_REVISION, RH_ATTR_NUMA_NODE,        RH_ATTR_POOL,
        RH_ATTR_BUS,      RH_ATTR_FIRMWARE,         RH_ATTR_PSID};
    const char *parent_name = rh_device_text(mdev, RH_ATTR_PARENT);
    const char *type_id = rh_device_text(mdev, RH_ATTR_TYPE);
    const RhDevice *parent =
        parent_name ? rh_inventory_find(inventory, RH_KIND_MDEV_PARENT, parent_name) : NULL;
    const RhDevice *type = parent && type_id
                               ? find(inventory->devices[RH_KIND_MDEV_TYPE], parent_name, type_id)
                               : NULL;

    for (guint i = 0; parent && i < G_N_ELEMENTS(from_parent); i++)
        rh_device_take(mdev, from_parent[i], parent);
    if (type) {
        rh_device_set_text(mdev, RH_ATTR_TYPE_NAME, rh_device_text(type, RH_ATTR_NAME));
        rh_device_take(mdev, RH_ATTR_DEVICE_API, type);
    }
}

gboolean rh_inventory_complete(RhInventory *inventory, GError **error)
{
    GPtrArray *mdevs = inventory->devices[RH_KIND_MDEV];

    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = inventory->devices[kind];

        g_ptr_array_sort(devices, compare_devices);
        if (!refuse_twins(devices, error) || !refuse_shared_keys(devices, error))
            return FALSE;
    }
    for (guint i = 0; i < mdevs->len; i++)
        complete_mdev(inventory, g_ptr_array_index(mdevs, i));
    return TRUE;
}

RhDevice *rh_inventory_find(const RhInventory *inventory, RhKind kind, const char *name)
{
    return find(inventory->devices[kind], NULL, name);
}

RhDevice *rh_inventory_find_key(const RhInventory *inventory, RhKind kind, const char *key)
{
    GPtrArray *devices = inventory->devices[kind];

    for (guint i = 0; i < devices->len; i++) {
        RhDevice *device = g_ptr_array_index(devices, i);

        if (rh_device_same_key(kind, rh_device_key(device), key))
            return device;
    }
    return NULL;
}

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
    g_free(inventory->id);
    g_free(inventory->kernel);
    g_free(inventory->qemu);
    g_free(inventory->version);
    g_free(inventory);
}

char *rh_inventory_format_time(const RhInventory *inventory)
{
    g_autoptr(GDateTime) time =
        inventory->time > 0 ? g_date_time_new_from_unix_utc(inventory->time) : NULL;

    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

void rh_inventory_add(RhInventory *inventory, RhDevice *device)
{
    g_ptr_array_add(inventory->devices[device->kind], device);
}

/* What @device hangs on, where its name is unique only there; NULL: it is everywhere. */
static const char *home_of(const RhDevice *device)
{
    const RhKindInfo *info = rh_kind_info(device->kind);

    return info->within ? rh_device_text(device, info->home) : NULL;
}

static int compare_to(const RhDevice *device, const char *home, const char *name)
{
    const char *its_name = rh_device_name(device);
    int order = home ? g_strcmp0(home_of(device), home) : 0;

    return order ? order : rh_natural_compare(its_name ? its_name : "", name);
}

static int compare_devices(gconstpointer a, gconstpointer b)
{
    const RhDevice *one = *(const RhDevice *const *)a;
    const RhDevice *other = *(const RhDevice *const *)b;
    const char *name = rh_device_name(other);

    return compare_to(one, home_of(other), name ? name : "");
}

/* Needs the order that rh_inventory_complete() makes. */
static RhDevice *find(GPtrArray *devices, const char *home, const char *name)
{
    guint low = 0;
    guint high = devices->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        RhDevice *device = g_ptr_array_index(devices, middle);
        int order = compare_to(device, home, name);

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

/* What @device names by @tie; NULL: the inventory has none. What has its name from its home alone
 * hangs on the same one. */
static const RhDevice *find_tied(const RhInventory *inventory, const RhDevice *device,
                                 const RhTie *tie)
{
    const RhKindInfo *to = rh_kind_info(tie->to);
    const char *name = rh_device_text(device, tie->by);
    const char *home = to->within ? rh_device_text(device, to->home) : NULL;

    return name && (home || !to->within) ? find(inventory->devices[tie->to], home, name) : NULL;
}

void rh_inventory_tie(const RhInventory *inventory, RhDevice *device)
{
    const RhKindInfo *info = rh_kind_info(device->kind);

    for (guint i = 0; i < info->n_ties; i++) {
        const RhTie *tie = &info->ties[i];
        const RhDevice *other = find_tied(inventory, device, tie);

        for (guint j = 0; other && j < tie->n_gifts; j++)
            rh_device_take_as(device, tie->gifts[j].to, other, tie->gifts[j].from);
    }
}

gboolean rh_inventory_complete(RhInventory *inventory, GError **error)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = inventory->devices[kind];

        g_ptr_array_sort(devices, compare_devices);
        if (!refuse_twins(devices, error) || !refuse_shared_keys(devices, error))
            return FALSE;
    }
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        for (guint i = 0; i < inventory->devices[kind]->len; i++)
            rh_inventory_tie(inventory, g_ptr_array_index(inventory->devices[kind], i));
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

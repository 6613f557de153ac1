/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/record.h"

RhRecord *rh_record_new(void)
{
    RhRecord *record = g_new0(RhRecord, 1);

    record->entries = g_ptr_array_new_with_free_func((GDestroyNotify)rh_device_free);
    record->made = g_hash_table_new(NULL, NULL);
    return record;
}

void rh_record_free(RhRecord *record)
{
    if (!record)
        return;
    g_hash_table_unref(record->made);
    g_ptr_array_unref(record->entries);
    g_free(record->host);
    g_free(record->host_id);
    g_free(record->kernel);
    g_free(record->qemu);
    g_free(record);
}

void rh_record_add(RhRecord *record, const struct RhGuestDevice *device, RhDevice *entry)
{
    g_ptr_array_add(record->entries, entry);
    g_hash_table_insert(record->made, (gpointer)device, entry);
}

static gboolean is_made(gpointer device G_GNUC_UNUSED, gpointer made, gpointer entry)
{
    return made == entry;
}

void rh_record_remove(RhRecord *record, RhDevice *entry)
{
    (void)g_hash_table_foreach_remove(record->made, is_made, entry);
    (void)g_ptr_array_remove(record->entries, entry);
}

const RhDevice *rh_record_made_of(const RhRecord *record, const struct RhGuestDevice *device)
{
    return g_hash_table_lookup(record->made, device);
}

/* Whether both are one host: a pair of which one is unknown says nothing. */
static RhOrigin compare_hosts(const char *a, const char *b)
{
    if (!a || !b)
        return RH_ORIGIN_OPEN;
    return g_str_equal(a, b) ? RH_ORIGIN_HOME : RH_ORIGIN_ELSEWHERE;
}

RhOrigin rh_record_origin(const RhRecord *record, const char *name, const char *id)
{
    RhOrigin by_id = compare_hosts(record ? record->host_id : NULL, id);

    return by_id != RH_ORIGIN_OPEN ? by_id : compare_hosts(record ? record->host : NULL, name);
}

gboolean rh_record_is_of_host(const RhRecord *record, const RhInventory *host)
{
    return rh_record_origin(record, host->name, host->id) == RH_ORIGIN_HOME;
}

gboolean rh_record_has_other_id(const RhRecord *record, const RhInventory *host)
{
    return record && compare_hosts(record->host, host->name) == RH_ORIGIN_HOME &&
           compare_hosts(record->host_id, host->id) == RH_ORIGIN_ELSEWHERE;
}

void rh_record_set_host(RhRecord *record, const RhInventory *host, const RhRecord *before)
{
    const RhRecord *known = rh_record_is_of_host(before, host) ? before : NULL;

    g_free(record->host);
    g_free(record->host_id);
    record->host = g_strdup(host->name || !known ? host->name : known->host);
    record->host_id = g_strdup(host->id || !known ? host->id : known->host_id);
}

gboolean rh_record_is_usurped(const RhDevice *entry, const RhDevice *recorded)
{
    const char *name = rh_device_name(entry);

    return name && rh_device_same_key(entry->kind, rh_device_key(entry), rh_device_key(recorded)) &&
           g_strcmp0(name, rh_device_name(recorded)) != 0;
}

RhBehind rh_record_behind(const RhDevice *entry, const RhDevice *device)
{
    RhAttr attr = rh_kind_info(entry->kind)->behind;
    const char *recorded = attr < RH_N_ATTRS ? rh_device_text(entry, attr) : NULL;
    const char *here = attr < RH_N_ATTRS ? rh_device_text(device, attr) : NULL;

    if (recorded && here)
        return g_str_equal(recorded, here) ? RH_BEHIND_SAME : RH_BEHIND_OTHER;
    return recorded || here ? RH_BEHIND_OPEN : RH_BEHIND_SAME; /* most have nothing behind them */
}

gboolean rh_record_is_of(const RhDevice *entry, const RhDevice *device)
{
    RhAttr attr = rh_kind_info(entry->kind)->proof;
    const char *recorded = rh_device_text(entry, attr);

    return recorded &&
           rh_device_same_key(entry->kind, rh_device_key(entry), rh_device_key(device)) &&
           g_strcmp0(recorded, rh_device_text(device, attr)) == 0 &&
           rh_record_behind(entry, device) == RH_BEHIND_SAME;
}

/* A host that is called otherwise now is the same; one whose id was not recorded is recorded anew.
 */
static gboolean name_same_host(const RhRecord *a, const RhRecord *b)
{
    return g_strcmp0(a->host_id, b->host_id) == 0 &&
           (a->host_id || g_strcmp0(a->host, b->host) == 0);
}

gboolean rh_record_equal(const RhRecord *a, const RhRecord *b)
{
    if (!name_same_host(a, b) || g_strcmp0(a->kernel, b->kernel) != 0 ||
        g_strcmp0(a->qemu, b->qemu) != 0 || a->off != b->off || a->entries->len != b->entries->len)
        return FALSE;
    for (guint i = 0; i < a->entries->len; i++)
        if (!rh_device_equal(g_ptr_array_index(a->entries, i), g_ptr_array_index(b->entries, i)))
            return FALSE;
    return TRUE;
}

/* Those of the device's features that are the guest's now. */
static void move_features(RhDevice *entry, const RhDevice *device, guint64 moved)
{
    guint64 features = rh_device_number(entry, RH_ATTR_FEATURES, 0) & ~moved;

    if (rh_device_knows(entry, RH_ATTR_FEATURES) && rh_device_knows(device, RH_ATTR_FEATURES))
        rh_device_set_number(entry, RH_ATTR_FEATURES,
                             features | (device->values[RH_ATTR_FEATURES].number & moved));
}

RhDevice *rh_record_move(const RhDevice *entry, const RhDevice *device)
{
    const RhKindInfo *info = rh_kind_info(entry->kind);
    RhDevice *moved = rh_device_copy(entry);

    rh_device_unset(moved, RH_ATTR_LOST);
    rh_device_take(moved, info->key, device);
    rh_device_take(moved, info->name, device);
    rh_device_take(moved, info->home, device);
    rh_device_take(moved, RH_ATTR_NUMA_NODE, device);
    for (guint i = 0; info->moved && info->moved[i] != RH_N_ATTRS; i++)
        rh_device_take(moved, info->moved[i], device);
    rh_device_take_parameters(moved, device);
    if (info->moved_class &&
        g_strcmp0(rh_device_text(device, RH_ATTR_CLASS), info->moved_class) == 0)
        move_features(moved, device, info->moved_features);
    return moved;
}

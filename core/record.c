/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/record.h"

#include "core/features.h"
#include "core/guest.h"
#include "util/error.h"

RhRecord *rh_record_new(void)
{
    RhRecord *record = g_new0(RhRecord, 1);

    record->entries = g_ptr_array_new_with_free_func((GDestroyNotify)rh_device_free);
    return record;
}

void rh_record_free(RhRecord *record)
{
    if (!record)
        return;
    g_ptr_array_unref(record->entries);
    g_free(record->host);
    g_free(record->kernel);
    g_free(record->qemu);
    g_free(record);
}

static RhDevice *make_entry(const RhGuestDevice *guest_device, const RhDevice *device)
{
    const RhAttr *attrs = rh_kind_info(device->kind)->recorded;
    RhDevice *entry = rh_device_new(device->kind);

    for (guint i = 0; attrs[i] != RH_N_ATTRS; i++)
        rh_device_take(entry, attrs[i], device);
    rh_device_set_text(entry, RH_ATTR_GUEST_ADDRESS, guest_device->guest_address);
    rh_device_take_attributes(entry, device);
    return entry;
}

static const RhDevice *find_device(const RhGuestDevice *guest_device, const RhInventory *host)
{
    return rh_inventory_find_key(host, guest_device->kind, rh_guest_device_key(guest_device));
}

static gboolean is_of_host(const RhRecord *record, const RhInventory *host)
{
    return record && record->host && g_strcmp0(record->host, host->name) == 0;
}

/* Whether the device's entry is still about the device that the XML names: on the record's own host
 * another source is another device, from elsewhere it is the same one's new name. */
static gboolean entry_stands(const RhGuest *guest, const RhGuestDevice *guest_device,
                             const RhInventory *host)
{
    return guest_device->entry &&
           (!is_of_host(guest->record, host) ||
            rh_device_same_key(guest_device->kind, rh_guest_device_key(guest_device),
                               rh_device_key(guest_device->entry)));
}

/* The entry of a guest that runs on: a guest driver that is down for a moment, as on arrival, has
 * agreed to what it had agreed to. */
static RhDevice *carry_entry(const RhGuestDevice *guest_device, const RhDevice *device)
{
    RhDevice *entry = rh_record_move(guest_device->entry, device);

    if (rh_device_knows(device, RH_ATTR_NEGOTIATED))
        rh_device_take(entry, RH_ATTR_NEGOTIATED, device);
    if (guest_device->guest_address)
        rh_device_set_text(entry, RH_ATTR_GUEST_ADDRESS, guest_device->guest_address);
    return entry;
}

RhRecord *rh_record_make(const RhGuest *guest, const RhInventory *host, RhContract contract,
                         GError **error)
{
    g_autoptr(RhRecord) record = rh_record_new();

    record->host = g_strdup(host->name);
    record->kernel = g_strdup(host->kernel);
    if (is_of_host(guest->record, host))
        record->qemu = g_strdup(guest->record->qemu);
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *guest_device = g_ptr_array_index(guest->devices, i);
        const RhDevice *device = find_device(guest_device, host);
        gboolean carried =
            contract == RH_CONTRACT_STANDS && entry_stands(guest, guest_device, host);

        if (!device) {
            rh_raise(error, RH_ERROR_HOST,
                     "the guest's %s '%s' is not on host '%s', so there is nothing to record; "
                     "record a guest on the host where it runs",
                     guest_device->noun, guest_device->source, host->name ? host->name : "");
            return NULL;
        }
        g_ptr_array_add(record->entries, carried ? carry_entry(guest_device, device)
                                                 : make_entry(guest_device, device));
    }
    return g_steal_pointer(&record);
}

/* What is recorded of the device that @defined has in common with the guest that runs; NULL: it has
 * none. */
static const RhDevice *entry_of_running(const RhGuestDevice *defined, const RhGuest *running,
                                        const RhRecord *recorded)
{
    const RhGuestDevice *twin = running ? rh_guest_find_twin(running, defined) : NULL;
    guint i;

    if (!twin ||
        !rh_device_same_key(twin->kind, rh_guest_device_key(twin), rh_guest_device_key(defined)))
        return NULL;
    return g_ptr_array_find(running->devices, twin, &i) ? g_ptr_array_index(recorded->entries, i)
                                                        : NULL;
}

/* Whether entries that were made on another host stay. */
static gboolean keeps_others(const RhGuest *defined, const RhInventory *host,
                             const RhGuest *running, const RhRecord *recorded)
{
    for (guint i = 0; i < defined->devices->len && !is_of_host(defined->record, host); i++) {
        const RhGuestDevice *device = g_ptr_array_index(defined->devices, i);

        if (device->entry && !entry_of_running(device, running, recorded))
            return TRUE;
    }
    return FALSE;
}

RhRecord *rh_record_make_definition(const RhGuest *defined, const RhInventory *host,
                                    const RhGuest *running, const RhRecord *recorded)
{
    RhRecord *record = rh_record_new();
    gboolean elsewhere = keeps_others(defined, host, running, recorded);

    record->host = g_strdup(elsewhere ? defined->record->host : host->name);
    record->kernel = g_strdup(elsewhere ? defined->record->kernel : host->kernel);
    if (elsewhere)
        record->qemu = g_strdup(defined->record->qemu);
    for (guint i = 0; i < defined->devices->len; i++) {
        const RhGuestDevice *guest_device = g_ptr_array_index(defined->devices, i);
        const RhDevice *device = find_device(guest_device, host);
        const RhDevice *in_use = entry_of_running(guest_device, running, recorded);

        if (in_use)
            g_ptr_array_add(record->entries, rh_device_copy(in_use));
        else if (entry_stands(defined, guest_device, host))
            g_ptr_array_add(record->entries, rh_device_copy(guest_device->entry));
        else if (device && !elsewhere)
            g_ptr_array_add(record->entries, make_entry(guest_device, device));
    }
    return record;
}

gboolean rh_record_equal(const RhRecord *a, const RhRecord *b)
{
    if (g_strcmp0(a->host, b->host) != 0 || g_strcmp0(a->kernel, b->kernel) != 0 ||
        g_strcmp0(a->qemu, b->qemu) != 0 || a->entries->len != b->entries->len)
        return FALSE;
    for (guint i = 0; i < a->entries->len; i++)
        if (!rh_device_equal(g_ptr_array_index(a->entries, i), g_ptr_array_index(b->entries, i)))
            return FALSE;
    return TRUE;
}

/* The device in use made it so: QEMU saves it in the guest's stream. */
static void take_ufo(RhDevice *entry, const RhDevice *device)
{
    guint64 features = rh_device_number(entry, RH_ATTR_FEATURES, 0) & ~RH_NET_F_HOST_UFO;

    if (rh_device_knows(entry, RH_ATTR_FEATURES) && rh_device_knows(device, RH_ATTR_FEATURES))
        rh_device_set_number(entry, RH_ATTR_FEATURES,
                             features |
                                 (device->values[RH_ATTR_FEATURES].number & RH_NET_F_HOST_UFO));
}

RhDevice *rh_record_move(const RhDevice *entry, const RhDevice *device)
{
    static const RhAttr of_mdev[] = {RH_ATTR_TYPE,
                                     RH_ATTR_TYPE_NAME,
                                     RH_ATTR_DRIVER,
                                     RH_ATTR_DRIVER_VERSION,
                                     RH_ATTR_VENDOR,
                                     RH_ATTR_PRODUCT,
                                     RH_ATTR_SUBSYSTEM_VENDOR,
                                     RH_ATTR_SUBSYSTEM_PRODUCT,
                                     RH_ATTR_REVISION,
                                     RH_ATTR_FIRMWARE,
                                     RH_ATTR_PSID,
                                     RH_ATTR_MIGRATION_VERSION};
    const RhKindInfo *info = rh_kind_info(entry->kind);
    RhDevice *moved = rh_device_copy(entry);

    rh_device_take(moved, info->key, device);
    rh_device_take(moved, info->name, device);
    rh_device_take(moved, info->home, device);
    rh_device_take(moved, RH_ATTR_NUMA_NODE, device);
    if (entry->kind == RH_KIND_MDEV) {
        for (guint i = 0; i < G_N_ELEMENTS(of_mdev); i++)
            rh_device_take(moved, of_mdev[i], device);
        rh_device_take_attributes(moved, device);
    } else if (g_strcmp0(rh_device_text(device, RH_ATTR_CLASS), "net") == 0) {
        take_ufo(moved, device);
    }
    return moved;
}

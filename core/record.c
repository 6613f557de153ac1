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

RhRecord *rh_record_make(const RhGuest *guest, const RhInventory *host, GError **error)
{
    g_autoptr(RhRecord) record = rh_record_new();

    record->host = g_strdup(host->name);
    record->kernel = g_strdup(host->kernel);
    if (guest->record && g_strcmp0(guest->record->host, host->name) == 0)
        record->qemu = g_strdup(guest->record->qemu);
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *guest_device = g_ptr_array_index(guest->devices, i);
        const RhDevice *device =
            rh_inventory_find_key(host, guest_device->kind, rh_guest_device_key(guest_device));

        if (!device) {
            rh_raise(error, RH_ERROR_HOST,
                     "the guest's %s '%s' is not on host '%s', so there is nothing to record; "
                     "record a guest on the host where it runs",
                     guest_device->noun, guest_device->source, host->name ? host->name : "");
            return NULL;
        }
        g_ptr_array_add(record->entries, make_entry(guest_device, device));
    }
    return g_steal_pointer(&record);
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

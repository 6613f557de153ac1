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
    rh_device_unset(entry, RH_ATTR_LOST);
    rh_device_take_attributes(entry, device);
    return entry;
}

static const RhDevice *find_device(const RhGuestDevice *guest_device, const RhInventory *host)
{
    return rh_inventory_find_key(host, guest_device->kind, rh_guest_device_key(guest_device));
}

gboolean rh_record_is_of_host(const RhRecord *record, const RhInventory *host)
{
    return record && record->host && g_strcmp0(record->host, host->name) == 0;
}

/* Whether the device's entry is still about the device that the XML names: on the record's own host
 * another source is another device, from elsewhere it is the same one's new name. */
static gboolean entry_stands(const RhGuest *guest, const RhGuestDevice *guest_device,
                             const RhInventory *host)
{
    return guest_device->entry &&
           (!rh_record_is_of_host(guest->record, host) ||
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
    if (rh_record_is_of_host(guest->record, host))
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

gboolean rh_record_is_usurped(const RhDevice *entry, const RhDevice *recorded)
{
    const char *name = rh_device_name(entry);

    return name && rh_device_same_key(entry->kind, rh_device_key(entry), rh_device_key(recorded)) &&
           g_strcmp0(name, rh_device_name(recorded)) != 0;
}

gboolean rh_record_is_lost(const RhGuestDevice *guest_device)
{
    const RhDevice *entry = guest_device->entry;

    return entry && rh_device_same_key(guest_device->kind, rh_device_text(entry, RH_ATTR_LOST),
                                       guest_device->source);
}

gboolean rh_record_is_of(const RhDevice *entry, const RhDevice *device)
{
    RhAttr attr = entry->kind == RH_KIND_MDEV ? RH_ATTR_TYPE : rh_kind_info(entry->kind)->name;
    const char *recorded = rh_device_text(entry, attr);

    return recorded &&
           rh_device_same_key(entry->kind, rh_device_key(entry), rh_device_key(device)) &&
           g_strcmp0(recorded, rh_device_text(device, attr)) == 0;
}

/* How a definition's record is made. */
typedef struct {
    const RhGuest *defined;
    const RhInventory *host;
    const RhGuest *running;   /* NULL: none */
    const RhRecord *recorded; /* of that */
    gboolean accept;
} Making;

/* What is recorded of the device that the definition has in common with the guest that runs; NULL:
 * it has none. */
static const RhDevice *entry_of_running(const Making *making, const RhGuestDevice *defined)
{
    const RhGuestDevice *twin =
        making->running ? rh_guest_find_twin(making->running, defined) : NULL;
    const RhDevice *entry;
    guint i;

    if (!twin ||
        !rh_device_same_key(twin->kind, rh_guest_device_key(twin), rh_guest_device_key(defined)) ||
        !g_ptr_array_find(making->running->devices, twin, &i))
        return NULL;
    entry = g_ptr_array_index(making->recorded->entries, i);
    if (!making->accept && rh_record_is_of_host(making->defined->record, making->host) &&
        defined->entry && rh_record_is_usurped(defined->entry, entry))
        return NULL;
    return entry;
}

/* Whether the definition was made on another host and has devices that are still called as there.
 */
static gboolean keeps_others(const Making *making)
{
    const RhGuest *defined = making->defined;

    if (!defined->record || rh_record_is_of_host(defined->record, making->host))
        return FALSE;
    for (guint i = 0; i < defined->devices->len; i++)
        if (!entry_of_running(making, g_ptr_array_index(defined->devices, i)))
            return TRUE;
    return FALSE;
}

/* The entry as it was, and its mark as long as that means something. */
static RhDevice *keep_entry(const RhGuestDevice *guest_device, const RhDevice *device,
                            gboolean elsewhere)
{
    RhDevice *entry = rh_device_copy(guest_device->entry);

    if (!rh_record_is_lost(guest_device) ||
        (device && !elsewhere && rh_record_is_of(entry, device)))
        rh_device_unset(entry, RH_ATTR_LOST);
    return entry;
}

/* NULL: there is none. */
static RhDevice *make_defined_entry(const Making *making, const RhGuestDevice *guest_device,
                                    gboolean elsewhere)
{
    const RhDevice *in_use = entry_of_running(making, guest_device);
    const RhDevice *device = find_device(guest_device, making->host);
    gboolean exchanged =
        guest_device->entry && !entry_stands(making->defined, guest_device, making->host);

    if (in_use)
        return rh_device_copy(in_use);
    if (guest_device->entry && !exchanged && !(making->accept && !elsewhere && device))
        return keep_entry(guest_device, device, elsewhere);
    return device && !elsewhere ? make_entry(guest_device, device) : NULL;
}

RhRecord *rh_record_make_definition(const RhGuest *defined, const RhInventory *host,
                                    const RhGuest *running, const RhRecord *recorded,
                                    gboolean accept)
{
    Making making = {defined, host, running, recorded, accept};
    RhRecord *record = rh_record_new();
    gboolean elsewhere = keeps_others(&making);

    record->host = g_strdup(elsewhere ? defined->record->host : host->name);
    record->kernel = g_strdup(elsewhere ? defined->record->kernel : host->kernel);
    if (elsewhere || rh_record_is_of_host(defined->record, host))
        record->qemu = g_strdup(defined->record->qemu);
    for (guint i = 0; i < defined->devices->len; i++) {
        RhDevice *entry =
            make_defined_entry(&making, g_ptr_array_index(defined->devices, i), elsewhere);

        if (entry)
            g_ptr_array_add(record->entries, entry);
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

    rh_device_unset(moved, RH_ATTR_LOST);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/contract.h"

#include "core/policy.h"
#include "core/rulebook.h"
#include "util/error.h"

/* A management layer's word about the guest stays, whatever its device is. */
static void keep_chosen(RhDevice *entry, const RhGuestDevice *guest_device)
{
    const RhDevice *before = guest_device->entry;

    if (before && rh_device_knows(before, RH_ATTR_CHOSEN))
        rh_device_take(entry, RH_ATTR_CHOSEN, before);
}

/* @qemu: what the guest was started by; NULL: unknown. */
static RhDevice *make_entry(const RhGuestDevice *guest_device, const RhDevice *device,
                            const char *qemu)
{
    const RhAttr *attrs = rh_kind_info(device->kind)->recorded;
    const RhRuleSet *set = rh_rulebook(device->kind);
    RhDevice *entry = rh_device_new(device->kind);

    for (guint i = 0; attrs[i] != RH_N_ATTRS; i++)
        rh_device_take(entry, attrs[i], device);
    rh_device_set_text(entry, RH_ATTR_GUEST_ADDRESS, guest_device->guest_address);
    rh_device_unset(entry, RH_ATTR_LOST);
    keep_chosen(entry, guest_device);
    rh_device_take_parameters(entry, device);
    if (set->start)
        set->start(guest_device, entry, qemu);
    return entry;
}

static const RhDevice *find_device(const RhGuestDevice *guest_device, const RhInventory *host)
{
    return rh_inventory_find_key(host, guest_device->kind, rh_guest_device_key(guest_device));
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
                         const char *qemu, GError **error)
{
    g_autoptr(RhRecord) record = rh_record_new();
    gboolean at_home = rh_record_is_of_host(guest->record, host);
    /* of a guest that has come, what has no entry was plugged in who knows where */
    gboolean started_here = contract == RH_CONTRACT_NEW || at_home;

    rh_record_set_host(record, host, guest->record);
    record->kernel = g_strdup(host->kernel);
    if (!qemu && contract == RH_CONTRACT_STANDS && at_home)
        qemu = guest->record->qemu;
    record->qemu = g_strdup(qemu);
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
        rh_record_add(record, guest_device,
                      carried ? carry_entry(guest_device, device)
                              : make_entry(guest_device, device, started_here ? qemu : NULL));
    }
    return g_steal_pointer(&record);
}

void rh_record_keep_rings(RhRecord *record, const RhGuest *guest)
{
    static const RhAttr rings[] = {RH_ATTR_RING, RH_ATTR_CTRL_RING};

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);
        RhDevice *made = (RhDevice *)rh_record_made_of(record, device);

        for (guint j = 0; made && device->entry && j < G_N_ELEMENTS(rings); j++)
            rh_device_take(made, rings[j], device->entry);
    }
}

gboolean rh_record_is_lost(const RhGuestDevice *guest_device)
{
    const RhDevice *entry = guest_device->entry;

    return entry && rh_device_same_key(guest_device->kind, rh_device_text(entry, RH_ATTR_LOST),
                                       guest_device->source);
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
        making->running ? rh_guest_find_twin(making->running, making->defined, defined) : NULL;
    const RhDevice *entry;

    if (!twin ||
        !rh_device_same_key(twin->kind, rh_guest_device_key(twin), rh_guest_device_key(defined)))
        return NULL;
    entry = rh_record_made_of(making->recorded, twin);
    if (entry && !making->accept && rh_record_is_of_host(making->defined->record, making->host) &&
        defined->entry && !rh_policy_says_chosen(NULL, defined->entry) &&
        rh_record_is_usurped(defined->entry, entry))
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
    const RhDevice *running = entry_of_running(making, guest_device);
    RhDevice *in_use = running ? rh_device_copy(running) : NULL;
    const RhDevice *device = find_device(guest_device, making->host);
    gboolean exchanged =
        guest_device->entry && !entry_stands(making->defined, guest_device, making->host);

    if (in_use) {
        keep_chosen(in_use, guest_device);
        return in_use;
    }
    if (guest_device->entry && !exchanged && !(making->accept && !elsewhere && device))
        return keep_entry(guest_device, device, elsewhere);
    return device && !elsewhere ? make_entry(guest_device, device, NULL) : NULL;
}

RhRecord *rh_record_make_definition(const RhGuest *defined, const RhInventory *host,
                                    const RhGuest *running, const RhRecord *recorded,
                                    gboolean accept)
{
    Making making = {defined, host, running, recorded, accept};
    RhRecord *record = rh_record_new();
    gboolean elsewhere = keeps_others(&making);

    record->off = TRUE;
    if (elsewhere) {
        record->host = g_strdup(defined->record->host);
        record->host_id = g_strdup(defined->record->host_id);
    } else {
        rh_record_set_host(record, host, defined->record);
    }
    record->kernel = g_strdup(elsewhere ? defined->record->kernel : host->kernel);
    if (elsewhere || rh_record_is_of_host(defined->record, host))
        record->qemu = g_strdup(defined->record->qemu);
    for (guint i = 0; i < defined->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(defined->devices, i);
        RhDevice *entry = make_defined_entry(&making, device, elsewhere);

        if (!entry)
            continue;
        /* nothing was agreed with a guest that is shut off, and it has no rings */
        rh_device_unset(entry, RH_ATTR_NEGOTIATED);
        rh_device_unset(entry, RH_ATTR_RING);
        rh_device_unset(entry, RH_ATTR_CTRL_RING);
        rh_record_add(record, device, entry);
    }
    return record;
}

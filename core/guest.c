/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/guest.h"

#include "util/error.h"
#include "util/text.h"

#include <string.h>

static void guest_device_free(gpointer data)
{
    RhGuestDevice *device = data;

    g_free(device->source);
    g_free(device->node);
    g_free(device->guest_address);
    g_free(device->chain);
    g_free(device->model);
    g_free(device);
}

RhGuest *rh_guest_new(void)
{
    RhGuest *guest = g_new0(RhGuest, 1);

    guest->devices = g_ptr_array_new_with_free_func(guest_device_free);
    guest->unattended = g_ptr_array_new_with_free_func((GDestroyNotify)rh_unattended_free);
    return guest;
}

void rh_guest_free(RhGuest *guest)
{
    if (!guest)
        return;
    g_ptr_array_unref(guest->devices);
    g_ptr_array_unref(guest->unattended);
    rh_record_free(guest->record);
    g_free(guest->name);
    g_free(guest->uuid);
    g_free(guest);
}

RhGuestDevice *rh_guest_add(RhGuest *guest, RhKind kind)
{
    RhGuestDevice *device = g_new0(RhGuestDevice, 1);

    device->kind = kind;
    device->noun = rh_kind_info(kind)->noun;
    g_ptr_array_add(guest->devices, device);
    return device;
}

static gboolean bind_range(RhGuest *guest, const char *range)
{
    g_auto(GStrv) ends = NULL;
    gboolean exclude = range[0] == '^';
    guint64 first;
    guint64 last;

    ends = g_strsplit(range + (exclude ? 1 : 0), "-", 2);
    if (!ends[0] || !rh_parse_number(ends[0], RH_MAX_NODES - 1, &first))
        return FALSE;
    last = first;
    if (ends[1] && (!rh_parse_number(ends[1], RH_MAX_NODES - 1, &last) || last < first))
        return FALSE;
    memset(guest->nodes + first, exclude ? 0 : 1, last - first + 1);
    return TRUE;
}

gboolean rh_guest_bind(RhGuest *guest, const char *nodeset)
{
    g_auto(GStrv) ranges = g_strsplit(nodeset, ",", -1);

    for (guint i = 0; ranges[i]; i++)
        if (!bind_range(guest, g_strstrip(ranges[i])))
            return FALSE;
    guest->bound = ranges[0] != NULL;
    return guest->bound;
}

static gboolean same_source(const RhGuestDevice *device, const RhDevice *entry)
{
    return rh_device_same_key(device->kind, device->source, rh_device_key(entry));
}

/* How many of @guest's devices have the guest address of @device, another or the same guest's. */
static guint count_at(const RhGuest *guest, const RhGuestDevice *device)
{
    guint n = 0;

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *other = g_ptr_array_index(guest->devices, i);

        n += other->kind == device->kind &&
             g_strcmp0(other->guest_address, device->guest_address) == 0;
    }
    return n;
}

static guint count_entries_at(const RhRecord *record, const RhGuestDevice *device)
{
    guint n = 0;

    for (guint i = 0; i < record->entries->len; i++) {
        const RhDevice *entry = g_ptr_array_index(record->entries, i);

        n += entry->kind == device->kind &&
             g_strcmp0(rh_device_text(entry, RH_ATTR_GUEST_ADDRESS), device->guest_address) == 0;
    }
    return n;
}

/* Whether the guest address does not say which entry is the device's: a disk with a copy of it, or
 * with an image on it, has two, and had before one of them went. */
static gboolean is_shared(const RhGuest *guest, const RhGuestDevice *device)
{
    return device->chain && device->guest_address &&
           (count_at(guest, device) > 1 || count_entries_at(guest->record, device) > 1);
}

static gboolean is_entry_of(const RhDevice *entry, const RhGuestDevice *device, gboolean shared)
{
    const char *address = rh_device_text(entry, RH_ATTR_GUEST_ADDRESS);

    if (entry->kind != device->kind)
        return FALSE;
    if (address && device->guest_address)
        return g_str_equal(address, device->guest_address) &&
               (!shared || same_source(device, entry));
    return same_source(device, entry);
}

static gboolean match_device(const RhGuest *guest, RhGuestDevice *device, GError **error)
{
    GPtrArray *entries = guest->record->entries;
    gboolean shared = is_shared(guest, device);

    for (guint i = 0; i < entries->len; i++) {
        RhDevice *entry = g_ptr_array_index(entries, i);

        if (!is_entry_of(entry, device, shared))
            continue;
        if (device->entry)
            return rh_raise(error, RH_ERROR_INPUT,
                            "the record has two entries for the guest's %s '%s', '%s' and '%s'; "
                            "make the record anew on the source host",
                            device->noun, device->source, rh_device_key(device->entry),
                            rh_device_key(entry));
        device->entry = entry;
        device->chosen = !same_source(device, entry);
    }
    return TRUE;
}

/* Whether it goes by elimination where neither address nor source tells: a vfio-ap device has no
 * guest address (libvirt, docs/formatdomain.rst, vfio-ap). */
static gboolean may_be_the_last(const RhGuestDevice *device)
{
    return device->model && !device->guest_address;
}

static gboolean is_taken(const RhGuest *guest, const RhDevice *entry)
{
    for (guint i = 0; i < guest->devices->len; i++)
        if (((const RhGuestDevice *)g_ptr_array_index(guest->devices, i))->entry == entry)
            return TRUE;
    return FALSE;
}

/* The only entry for a device like @device that no device has; NULL: none, or several. */
static RhDevice *find_last_entry(const RhGuest *guest, const RhGuestDevice *device)
{
    RhDevice *last = NULL;

    for (guint i = 0; i < guest->record->entries->len; i++) {
        RhDevice *entry = g_ptr_array_index(guest->record->entries, i);

        if (entry->kind != device->kind || is_taken(guest, entry) ||
            g_strcmp0(rh_device_text(entry, RH_ATTR_DEVICE_API), device->model) != 0)
            continue;
        if (last)
            return NULL;
        last = entry;
    }
    return last && !rh_device_knows(last, RH_ATTR_GUEST_ADDRESS) ? last : NULL;
}

/* Whether @device is the only one of its kind and model without an entry. */
static gboolean is_last_device(const RhGuest *guest, const RhGuestDevice *device)
{
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *other = g_ptr_array_index(guest->devices, i);

        if (other != device && !other->entry && other->kind == device->kind &&
            g_strcmp0(other->model, device->model) == 0)
            return FALSE;
    }
    return TRUE;
}

/* Where one device and one entry of a kind and model are left, they belong together: a management
 * layer wrote the source. */
static void match_last(const RhGuest *guest, RhGuestDevice *device)
{
    if (device->entry || !may_be_the_last(device) || !is_last_device(guest, device))
        return;
    device->entry = find_last_entry(guest, device);
    device->chosen = device->entry != NULL;
}

static gboolean refuse_same_source(const RhGuest *guest, GError **error)
{
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        for (guint j = 0; j < i; j++) {
            const RhGuestDevice *other = g_ptr_array_index(guest->devices, j);

            if (device->kind == other->kind &&
                rh_device_same_key(device->kind, device->source, other->source))
                return rh_raise(error, RH_ERROR_INPUT,
                                "two devices of the guest have the same source '%s'",
                                device->source);
        }
    }
    return TRUE;
}

static gboolean refuse_shared_entry(const RhGuest *guest, GError **error)
{
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        for (guint j = 0; j < i; j++) {
            const RhGuestDevice *other = g_ptr_array_index(guest->devices, j);

            if (device->entry && device->entry == other->entry)
                return rh_raise(error, RH_ERROR_INPUT,
                                "the record has one entry, '%s', for two devices of the guest, "
                                "'%s' and '%s'; make the record anew on the source host",
                                rh_device_key(device->entry), other->source, device->source);
        }
    }
    return TRUE;
}

gboolean rh_guest_match_record(RhGuest *guest, GError **error)
{
    if (!refuse_same_source(guest, error))
        return FALSE;
    for (guint i = 0; guest->record && i < guest->devices->len; i++)
        if (!match_device(guest, g_ptr_array_index(guest->devices, i), error))
            return FALSE;
    for (guint i = 0; guest->record && i < guest->devices->len; i++)
        match_last(guest, g_ptr_array_index(guest->devices, i));
    return refuse_shared_entry(guest, error);
}

gboolean rh_guest_has_ours(const RhGuest *guest)
{
    return guest->devices->len > 0;
}

void rh_guest_settle(RhGuest *guest, RhIsThere is_there, gpointer data)
{
    for (guint i = guest->devices->len; i-- > 0;) {
        RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        if (!device->is_candidate)
            continue;
        device->is_candidate = FALSE;
        if (!device->entry && !is_there(device->kind, rh_guest_device_key(device), data))
            g_ptr_array_remove_index(guest->devices, i);
    }
}

RhKinds rh_guest_kinds(const RhGuest *guest)
{
    RhKinds kinds = 0;

    for (guint i = 0; i < guest->devices->len; i++)
        kinds |= RH_KIND_BIT(((const RhGuestDevice *)g_ptr_array_index(guest->devices, i))->kind);
    return kinds;
}

GStrv rh_guest_sources(const RhGuest *guest)
{
    g_autoptr(GStrvBuilder) sources = g_strv_builder_new();

    for (guint i = 0; i < guest->devices->len; i++)
        g_strv_builder_add(sources,
                           ((const RhGuestDevice *)g_ptr_array_index(guest->devices, i))->source);
    return g_strv_builder_end(sources);
}

const char *rh_guest_device_key(const RhGuestDevice *device)
{
    return device->node ? device->node : device->source;
}

gboolean rh_guest_has_device(const RhGuest *guest, RhKind kind, const char *key)
{
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        if (device->kind == kind && rh_device_same_key(kind, rh_guest_device_key(device), key))
            return TRUE;
    }
    return FALSE;
}

static gboolean is_alike(const RhGuestDevice *a, const RhGuestDevice *b)
{
    return a->kind == b->kind && g_strcmp0(a->class, b->class) == 0 &&
           g_strcmp0(a->model, b->model) == 0;
}

static gboolean is_twin(const RhGuestDevice *twin, const RhGuestDevice *device, gboolean shared)
{
    if (twin->kind != device->kind || g_strcmp0(twin->class, device->class) != 0)
        return FALSE;
    if (twin->guest_address && device->guest_address)
        return g_str_equal(twin->guest_address, device->guest_address) &&
               (!shared || g_strcmp0(twin->chain, device->chain) == 0);
    return rh_device_same_key(device->kind, rh_guest_device_key(twin), rh_guest_device_key(device));
}

/* By guest address and place in the disk, or by source. */
static RhGuestDevice *find_known_twin(const RhGuest *guest, const RhGuestDevice *device)
{
    gboolean shared = device->chain && device->guest_address && count_at(guest, device) > 1;

    for (guint i = 0; i < guest->devices->len; i++) {
        RhGuestDevice *twin = g_ptr_array_index(guest->devices, i);

        if (is_twin(twin, device, shared))
            return twin;
    }
    return NULL;
}

/* The only one like @device in @guest that has no known twin in @other; NULL: none, or several. */
static RhGuestDevice *find_lone(const RhGuest *guest, const RhGuestDevice *device,
                                const RhGuest *other)
{
    RhGuestDevice *lone = NULL;

    for (guint i = 0; i < guest->devices->len; i++) {
        RhGuestDevice *one = g_ptr_array_index(guest->devices, i);

        if (!is_alike(one, device) || find_known_twin(other, one))
            continue;
        if (lone)
            return NULL;
        lone = one;
    }
    return lone;
}

RhGuestDevice *rh_guest_find_twin(const RhGuest *guest, const RhGuest *other,
                                  const RhGuestDevice *device)
{
    RhGuestDevice *twin = find_known_twin(guest, device);

    if (twin || !may_be_the_last(device) || find_lone(other, device, guest) != device)
        return twin;
    twin = find_lone(guest, device, other);
    return twin && may_be_the_last(twin) ? twin : NULL;
}

char *rh_guest_device_describe(const RhGuestDevice *device)
{
    return g_strdup_printf("%s '%s'", device->noun, device->source);
}

gboolean rh_guest_device_has_identity(const RhGuestDevice *device)
{
    const char *identity_class = rh_kind_info(device->kind)->identity_class;

    return identity_class &&
           g_strcmp0(device->class ? device->class : device->model, identity_class) == 0;
}

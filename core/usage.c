/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/usage.h"

/* Whether that guest is @claimant; NULL: nobody is. */
static gboolean is_claimants(const char *guest, const char *uuid, const RhClaimant *claimant)
{
    return claimant && rh_claimant_is(claimant, guest, uuid);
}

gboolean rh_usage_other(const RhUsage *usage, const RhClaimant *claimant, RhKind kind,
                        const char *key, RhUser *ret_user)
{
    const RhClaim *claim = rh_claims_other(usage->claims, claimant, kind, key);

    if (claim) {
        *ret_user = rh_user_of_guest(claim->guest, claim->uuid);
        return TRUE;
    }
    for (guint i = 0; i < usage->running->len; i++) {
        const RhGuest *guest = g_ptr_array_index(usage->running, i);

        if (is_claimants(guest->name, guest->uuid, claimant) ||
            !rh_guest_has_device(guest, kind, key))
            continue;
        *ret_user = rh_user_of_guest(guest->name, guest->uuid);
        return TRUE;
    }
    return FALSE;
}

/* Where to find a device by what a guest's XML calls it; uuids in small letters. */
static GHashTable *index_devices(const RhInventory *inventory)
{
    GHashTable *by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = inventory->devices[kind];

        for (guint i = 0; i < devices->len; i++) {
            const char *key = rh_device_key(g_ptr_array_index(devices, i));

            if (key)
                g_hash_table_insert(by_key, g_ascii_strdown(key, -1),
                                    g_ptr_array_index(devices, i));
        }
    }
    return by_key;
}

/* Marks the device as used, or @named only, by the guest, if nothing is said of it yet. */
static void mark(GHashTable *by_key, gboolean named, RhKind kind, const char *key,
                 const char *guest, const char *uuid)
{
    RhAttr attr = named ? RH_ATTR_NAMED_BY : RH_ATTR_USED_BY;
    g_autofree char *small = g_ascii_strdown(key, -1);
    RhDevice *device = g_hash_table_lookup(by_key, small);
    RhUser user = rh_user_of_guest(guest, uuid);

    if (!device || !rh_device_same_key(kind, rh_device_key(device), key) ||
        rh_device_knows(device, attr))
        return;
    if (named)
        rh_device_set_named_by(device, &user);
    else
        rh_device_set_used_by(device, &user);
}

/* What those of @guests have that are @claimant, or those that are not. */
static void mark_guests(GHashTable *by_key, gboolean named, GPtrArray *guests,
                        const RhClaimant *claimant, gboolean own)
{
    for (guint i = 0; i < guests->len; i++) {
        const RhGuest *guest = g_ptr_array_index(guests, i);

        if (is_claimants(guest->name, guest->uuid, claimant) != own)
            continue;
        for (guint j = 0; j < guest->devices->len; j++) {
            const RhGuestDevice *device = g_ptr_array_index(guest->devices, j);

            mark(by_key, named, device->kind, rh_guest_device_key(device), guest->name,
                 guest->uuid);
        }
    }
}

static void mark_claims(GHashTable *by_key, const RhClaims *claims, const RhClaimant *claimant,
                        gboolean own)
{
    for (guint i = 0; i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        if (is_claimants(claim->guest, claim->uuid, claimant) == own &&
            !(own && claim->state == RH_CLAIM_RESERVED))
            mark(by_key, FALSE, claim->kind, claim->key, claim->guest, claim->uuid);
    }
}

/* The others first: what two have is not the claimant's own. */
void rh_usage_mark(const RhUsage *usage, const RhClaimant *claimant, RhInventory *inventory)
{
    g_autoptr(GHashTable) by_key = index_devices(inventory);

    mark_claims(by_key, usage->claims, claimant, FALSE);
    mark_guests(by_key, FALSE, usage->running, claimant, FALSE);
    mark_claims(by_key, usage->claims, claimant, TRUE);
    mark_guests(by_key, FALSE, usage->running, claimant, TRUE);
    mark_guests(by_key, TRUE, usage->defined, claimant, FALSE);
}

void rh_usage_mark_unknown(RhInventory *inventory)
{
    RhUser unknown = rh_user_unknown();

    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = inventory->devices[kind];

        for (guint i = 0; rh_kind_is_given((RhKind)kind) && i < devices->len; i++) {
            RhDevice *device = g_ptr_array_index(devices, i);

            if (!rh_device_knows(device, RH_ATTR_USED_BY))
                rh_device_set_used_by(device, &unknown);
        }
    }
}

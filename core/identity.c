/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/identity.h"

#include "core/contract.h"

/* A type's id may be another type's after an upgrade of the driver; what it is called tells. */
static RhIdentity compare_types(const RhDevice *entry, const RhDevice *found)
{
    const char *recorded = rh_device_text(entry, RH_ATTR_TYPE);
    const char *type = rh_device_text(found, RH_ATTR_TYPE);
    const char *recorded_name = rh_device_text(entry, RH_ATTR_TYPE_NAME);
    const char *name = rh_device_text(found, RH_ATTR_TYPE_NAME);

    if (!recorded || !type)
        return RH_IDENTITY_OPEN;
    if (recorded_name && name && !rh_type_names_alike(recorded_name, name))
        return RH_IDENTITY_OTHER;
    return g_str_equal(recorded, type) ? RH_IDENTITY_SAME : RH_IDENTITY_OTHER;
}

/* The same with the disk behind it: mdevs are defined by their subchannel, behind which there may
 * be another one after a reboot. */
static RhIdentity compare_mdevs(const RhDevice *entry, const RhDevice *found)
{
    RhIdentity types = compare_types(entry, found);

    switch (rh_record_behind(entry, found)) {
    case RH_BEHIND_OTHER:
        return RH_IDENTITY_OTHER;
    case RH_BEHIND_OPEN:
        return types == RH_IDENTITY_OTHER ? types : RH_IDENTITY_OPEN;
    case RH_BEHIND_SAME:
        return types;
    }
    g_assert_not_reached();
}

static gboolean has_recorded_key(const RhGuestDevice *guest_device)
{
    return rh_device_same_key(guest_device->kind, rh_guest_device_key(guest_device),
                              rh_device_key(guest_device->entry));
}

RhIdentity rh_identity_of(const RhGuestDevice *guest_device, const RhDevice *found)
{
    const RhDevice *entry = guest_device->entry;
    const char *recorded;
    const char *name;

    if (!entry || !found)
        return RH_IDENTITY_OPEN;
    if (rh_kind_info(entry->kind)->has_types)
        return has_recorded_key(guest_device) ? compare_mdevs(entry, found) : RH_IDENTITY_OPEN;
    recorded = rh_device_name(entry);
    name = rh_device_name(found);
    if (recorded && name && g_str_equal(recorded, name))
        return RH_IDENTITY_SAME; /* a site's own link follows its device to another number */
    if (!recorded || !name)
        return RH_IDENTITY_OPEN;
    /* A link that leads elsewhere by itself says no more than a number that was given anew. */
    return guest_device->node || has_recorded_key(guest_device) ? RH_IDENTITY_OTHER
                                                                : RH_IDENTITY_OPEN;
}

/* Whether the rules take the mdev @found for what was recorded; where not, *@ret_why says why, a
 * clause that is the caller's. A driver's version does not count: no state comes with a start. */
static gboolean is_taken(const RhGuest *guest, const RhGuestDevice *guest_device,
                         const RhDevice *found, const RhPolicy *policy, char **ret_why)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func((GDestroyNotify)rh_reason_free);
    g_autoptr(GString) why = g_string_new(NULL);
    RhContext context = {.guest = guest, .policy = policy, .at_home = TRUE, .cold = TRUE};
    RhCase c = {&context, guest_device, guest_device->entry, found};

    if (rh_judge_identity(&c, reasons))
        return TRUE;
    for (guint i = 0; i < reasons->len; i++)
        g_string_append_printf(why, "%s%s", i ? "; " : "",
                               ((RhReason *)g_ptr_array_index(reasons, i))->text);
    *ret_why = g_string_free(g_steal_pointer(&why), FALSE);
    return FALSE;
}

static char *refuse_type(const RhGuest *guest, const RhGuestDevice *guest_device,
                         const RhDevice *found, const RhPolicy *policy)
{
    g_autofree char *device = rh_guest_device_describe(guest_device);
    g_autofree char *why = NULL;

    if (is_taken(guest, guest_device, found, policy, &why))
        return NULL;
    return g_strdup_printf(
        "guest '%s' cannot start: its %s is of another type than the recorded one: %s; "
        "'virt-rehome refresh %s' gives it one that fits",
        guest->name ? guest->name : "", device, why, guest->name ? guest->name : "GUEST");
}

static char *refuse_behind(const RhGuest *guest, const RhGuestDevice *guest_device,
                           const RhDevice *found)
{
    g_autofree char *device = rh_guest_device_describe(guest_device);
    RhAttr attr = rh_kind_info(found->kind)->behind;

    return g_strdup_printf(
        "guest '%s' cannot start: its %s is the disk %s now, and the one that was recorded for it "
        "is %s; 'virt-rehome refresh %s' gives it one that fits",
        guest->name ? guest->name : "", device, rh_device_text(found, attr),
        rh_device_text(guest_device->entry, attr), guest->name ? guest->name : "GUEST");
}

static char *refuse_name(const RhGuest *guest, const RhGuestDevice *guest_device,
                         const RhDevice *found)
{
    g_autofree char *device = rh_guest_device_describe(guest_device);
    const char *name = guest->name ? guest->name : "GUEST";
    g_autofree char *meant =
        guest_device->node ? g_strdup_printf(", and 'virt-rehome record %s' says that the link is "
                                             "meant to lead there",
                                             name)
                           : NULL;

    return g_strdup_printf(
        "guest '%s' cannot start: its %s is the device '%s' now, and the one that was recorded for "
        "it is '%s'; 'virt-rehome refresh %s' gives it one that fits%s",
        guest->name ? guest->name : "", device, rh_device_name(found),
        rh_device_name(guest_device->entry), name, meant ? meant : "");
}

char *rh_identity_refuse_lost(const RhGuest *guest, const RhGuestDevice *guest_device)
{
    g_autofree char *device = rh_guest_device_describe(guest_device);
    const char *recorded = guest_device->entry ? rh_device_name(guest_device->entry) : NULL;

    if (!rh_record_is_lost(guest_device))
        return NULL;
    return g_strdup_printf(
        "guest '%s' cannot start: when definitions were refreshed, its %s was another device than "
        "the recorded '%s', or was given to another guest; 'virt-rehome refresh %s' gives it one "
        "that fits",
        guest->name ? guest->name : "", device, recorded ? recorded : "one without a name",
        guest->name ? guest->name : "GUEST");
}

static char *refuse_other(const RhGuest *guest, const RhGuestDevice *guest_device,
                          const RhDevice *found, const RhPolicy *policy)
{
    if (!rh_kind_info(guest_device->kind)->has_types)
        return refuse_name(guest, guest_device, found);
    if (rh_record_behind(guest_device->entry, found) == RH_BEHIND_OTHER)
        return refuse_behind(guest, guest_device, found);
    return refuse_type(guest, guest_device, found, policy);
}

char *rh_identity_refuse(const RhGuest *guest, const RhGuestDevice *guest_device,
                         const RhDevice *found, const RhPolicy *policy)
{
    RhIdentity identity = rh_identity_of(guest_device, found);
    char *refusal = NULL;

    if (identity == RH_IDENTITY_SAME)
        return NULL;
    if (identity == RH_IDENTITY_OTHER)
        refusal = refuse_other(guest, guest_device, found, policy);
    return refusal ? refusal : rh_identity_refuse_lost(guest, guest_device);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/start.h"

#include "core/identity.h"
#include "util/text.h"

#define MAX_NAMES 4u /* named in a sentence */

RhStanding *rh_standing_new(const RhGuestDevice *device)
{
    RhStanding *standing = g_new0(RhStanding, 1);

    standing->device = device;
    standing->is_here = TRUE;
    standing->is_kept = TRUE;
    return standing;
}

void rh_standing_free(RhStanding *standing)
{
    if (!standing)
        return;
    rh_device_free(standing->found);
    g_free(standing->reserved);
    rh_user_free(standing->user);
    g_free(standing);
}

/* Where the guest's record was made. */
static RhOrigin origin_of(const RhStart *start)
{
    return rh_record_origin(start->guest->record, start->here, start->here_id);
}

gboolean rh_start_is_from_elsewhere(const RhStart *start)
{
    const RhRecord *record = start->guest->record;
    RhOrigin origin = origin_of(start);

    return origin == RH_ORIGIN_ELSEWHERE || (origin == RH_ORIGIN_OPEN && !start->looked && record &&
                                             (record->host || record->host_id));
}

static guint count_reserved(const RhStart *start)
{
    guint n = 0;

    for (guint i = 0; i < start->standings->len; i++)
        n += ((const RhStanding *)g_ptr_array_index(start->standings, i))->is_reserved;
    return n;
}

gboolean rh_start_has_reservation(const RhStart *start)
{
    return count_reserved(start) > 0;
}

gboolean rh_start_was_cold(const RhStart *start)
{
    for (guint i = 0; i < start->standings->len; i++)
        if (((const RhStanding *)g_ptr_array_index(start->standings, i))->is_cold)
            return TRUE;
    return FALSE;
}

/* Whether a restore left the device for whoever makes it: one that it gives has a name, and one
 * that it leaves without a record has no entry. */
static gboolean is_awaited(const RhStanding *standing)
{
    return standing->is_reserved && !standing->reserved && standing->device->entry;
}

static gboolean any_awaited(const RhStart *start)
{
    for (guint i = 0; i < start->standings->len; i++)
        if (is_awaited(g_ptr_array_index(start->standings, i)))
            return TRUE;
    return FALSE;
}

gboolean rh_start_is_planned(const RhStart *start)
{
    return count_reserved(start) == start->standings->len && !rh_start_was_cold(start) &&
           !any_awaited(start);
}

/* Whether somebody chose what is known to be another device than the recorded one. */
static gboolean has_chosen_other(const RhStart *start)
{
    for (guint i = 0; i < start->standings->len; i++) {
        const RhStanding *standing = g_ptr_array_index(start->standings, i);

        if (rh_policy_says_chosen(start->policy, standing->device->entry) &&
            rh_identity_of(standing->device, standing->found) == RH_IDENTITY_OTHER)
            return TRUE;
    }
    return FALSE;
}

gboolean rh_start_needs_judgement(const RhStart *start, gboolean in_doubt)
{
    return !rh_start_is_planned(start) &&
           (count_reserved(start) > 0 || in_doubt || origin_of(start) == RH_ORIGIN_ELSEWHERE ||
            has_chosen_other(start));
}

gboolean rh_start_boots(const RhStart *start, gboolean in_doubt)
{
    const RhRecord *record = start->guest->record;

    return record && record->off && !in_doubt && count_reserved(start) == 0;
}

/* Whether what is behind the source was reserved: the rules have said then that it may stand in. */
static gboolean was_planned(const RhStanding *standing)
{
    return standing->reserved && standing->found &&
           g_strcmp0(standing->reserved, rh_device_name(standing->found)) == 0;
}

/* Why what is behind the source is not the recorded device; NULL: nothing says so. The policy
 * counts only for a device of another type, and for what was chosen. */
static char *refuse_identity(const RhStart *start, const RhStanding *standing)
{
    if (start->judged &&
        (start->needs_all || rh_policy_says_chosen(start->policy, standing->device->entry)))
        return rh_identity_refuse_lost(start->guest, standing->device);
    if (!start->policy && rh_kind_info(standing->device->kind)->has_types &&
        rh_identity_of(standing->device, standing->found) == RH_IDENTITY_OTHER)
        return g_strdup(start->fault ? start->fault->message : "the configuration is not known");
    return rh_identity_refuse(start->guest, standing->device, standing->found, start->policy);
}

char *rh_start_find_exchange(const RhStart *start)
{
    gboolean at_home = origin_of(start) == RH_ORIGIN_HOME;
    char *refusal = NULL;

    for (guint i = 0; at_home && !refusal && i < start->standings->len; i++) {
        const RhStanding *standing = g_ptr_array_index(start->standings, i);

        if (!was_planned(standing))
            refusal = refuse_identity(start, standing);
    }
    return refusal ? rh_one_line(refusal) : NULL;
}

/* Whether the start does without the device for now. */
static gboolean may_come(const RhStart *start, const RhStanding *standing)
{
    return !standing->is_here && !start->needs_all &&
           !rh_guest_device_has_identity(standing->device) &&
           (!standing->is_reserved || is_awaited(standing));
}

/* Why the device cannot be had; NULL: it can. */
static char *refuse(const RhStart *start, const RhStanding *standing)
{
    const char *guest = start->guest->name ? start->guest->name : "";
    g_autofree char *what = rh_guest_device_describe(standing->device);
    g_autofree char *user = standing->user ? rh_user_format(standing->user) : NULL;

    if (user)
        return g_strdup_printf("guest '%s' cannot start: its %s is in use by %s", guest, what,
                               user);
    if (may_come(start, standing))
        return NULL;
    if (!standing->is_here)
        return g_strdup_printf("guest '%s' cannot start: its %s is not on this host", guest, what);
    if (!standing->is_kept)
        return g_strdup_printf("guest '%s' cannot start: its %s is not the device any more that "
                               "was reserved for it, which was '%s'",
                               guest, what, standing->reserved);
    return NULL;
}

char *rh_start_find_obstacle(const RhStart *start)
{
    char *refusal = NULL;

    for (guint i = 0; !refusal && i < start->standings->len; i++)
        refusal = refuse(start, g_ptr_array_index(start->standings, i));
    return refusal;
}

char *rh_start_find_missing(const RhStart *start)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *names = NULL;

    for (guint i = 0; i < start->standings->len; i++) {
        const RhStanding *standing = g_ptr_array_index(start->standings, i);

        if (may_come(start, standing))
            g_ptr_array_add(missing, rh_guest_device_describe(standing->device));
    }
    if (missing->len == 0)
        return NULL;
    names = rh_join_names(missing, MAX_NAMES);
    return g_strdup_printf(
        "guest '%s' starts without %s, which this host does not have; where "
        "nothing makes that now, libvirt refuses the start, and 'virt-rehome check %s' says "
        "what could be done",
        start->guest->name ? start->guest->name : "", names,
        start->guest->name ? start->guest->name : "GUEST");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/situation.h"

void rh_outcome_free(RhOutcome *outcome)
{
    if (!outcome)
        return;
    rh_plan_free(outcome->plan);
    g_free(outcome->taken);
    g_ptr_array_unref(outcome->unchecked);
    g_free(outcome);
}

static const char *key_of(const RhChoice *choice)
{
    return choice->device ? rh_device_key(choice->device)
                          : rh_guest_device_key(choice->guest_device);
}

/* A device that is left as it is was never held against what others have: why it cannot be had;
 * NULL: it can. */
static char *find_taken(const RhSituation *situation, const RhPlan *plan)
{
    const char *name = situation->guest->name;

    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        g_autofree char *device = NULL;
        g_autofree char *words = NULL;
        RhUser user;

        if (choice->device || !rh_usage_other(&situation->usage, &situation->claimant,
                                              choice->guest_device->kind, key_of(choice), &user))
            continue;
        device = rh_guest_device_describe(choice->guest_device);
        words = rh_user_format(&user);
        return g_strdup_printf(
            "guest '%s' cannot have its %s, which %s and is left as it is: it is "
            "in use by %s",
            name ? name : "", device, choice->awaited ? "is not on this host" : "has no record",
            words);
    }
    return NULL;
}

static GPtrArray *find_unchecked(const RhPlan *plan)
{
    GPtrArray *unchecked = g_ptr_array_new();

    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->device && !rh_device_knows(choice->device, RH_ATTR_USED_BY))
            g_ptr_array_add(unchecked, (gpointer)choice->device);
    }
    return unchecked;
}

RhOutcome *rh_situation_decide(const RhSituation *situation)
{
    RhOutcome *outcome = g_new0(RhOutcome, 1);

    outcome->plan = rh_plan_new(situation->guest, situation->inventory, situation->policy,
                                situation->occasion, situation->questions);
    if (outcome->plan->fits)
        outcome->taken = find_taken(situation, outcome->plan);
    outcome->fits = outcome->plan->fits && !outcome->taken;
    outcome->unchecked = find_unchecked(outcome->plan);
    return outcome;
}

void rh_outcome_reserve(const RhOutcome *outcome, const RhClaimant *claimant, RhClaims *claims)
{
    GPtrArray *choices = outcome->plan->choices;

    (void)rh_claims_drop_reservations(claims, claimant);
    for (guint i = 0; outcome->fits && i < choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(choices, i);

        RhClaim *claim = rh_claims_hold(
            claims, claimant, choice->guest_device->kind, key_of(choice),
            choice->device ? rh_device_name(choice->device) : NULL, RH_CLAIM_RESERVED);

        claim->cold = outcome->plan->context.cold;
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/explain.h"

#include "core/rulebook.h"
#include "util/text.h"

#include <string.h>

#define MAX_NAMES 4u    /* named in a sentence */
#define MORE_LENGTH 64u /* kept for the line that says how many were left out */

void rh_candidate_free(RhCandidate *candidate)
{
    g_ptr_array_unref(candidate->reasons);
    g_free(candidate);
}

static const RhGuestDevice *given_to(const RhPlan *plan, const RhDevice *device)
{
    const RhChoice *left = rh_plan_left(plan, device);

    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->device == device)
            return choice->guest_device;
    }
    return left ? left->guest_device : NULL;
}

RhCandidate *rh_candidate_new(const RhPlan *plan, const RhChoice *choice, const RhDevice *device)
{
    RhCandidate *candidate = g_new0(RhCandidate, 1);
    RhCase c = rh_plan_case(plan, choice, device);

    candidate->device = device;
    candidate->reasons = g_ptr_array_new_with_free_func((GDestroyNotify)rh_reason_free);
    candidate->fits = rh_judge(&c, candidate->reasons);
    candidate->barred = rh_plan_bars(plan, choice->guest_device, device);
    candidate->given = given_to(plan, device);
    return candidate;
}

GPtrArray *rh_plan_candidates(const RhPlan *plan, const RhChoice *choice)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func((GDestroyNotify)rh_candidate_free);
    GPtrArray *devices = rh_plan_devices(plan, choice->guest_device);

    for (guint i = 0; choice->guest_device->entry && i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);

        g_ptr_array_add(candidates, rh_candidate_new(plan, choice, device));
    }
    return candidates;
}

void rh_plan_question_all(const RhPlan *plan)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        GPtrArray *devices = rh_plan_devices(plan, choice->guest_device);

        for (guint j = 0; choice->guest_device->entry && j < devices->len; j++) {
            RhCase c = rh_plan_case(plan, choice, g_ptr_array_index(devices, j));

            (void)rh_judge_rejections(&c);
        }
    }
}

char *rh_candidate_describe(const RhCandidate *candidate, gboolean all)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < candidate->reasons->len && (all || text->len == 0); i++) {
        const RhReason *reason = g_ptr_array_index(candidate->reasons, i);

        if (!reason->warning)
            g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", reason->text);
    }
    if (text->len == 0 && candidate->given)
        g_string_printf(text, "fits, but goes to '%s'", candidate->given->source);
    else if (text->len == 0)
        g_string_assign(text, candidate->barred ? "fits, but the guest's XML names another"
                                                : "fits as well");
    return g_string_free(text, FALSE);
}

/* "competes with … for 'vdpa0' and 'vdpa1', which are too few". */
static char *describe_contest(const RhChoice *choice)
{
    g_autoptr(GPtrArray) rivals = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) contested = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *rival_names = NULL;
    g_autofree char *contested_names = NULL;

    for (guint i = 0; i < choice->rivals->len; i++) {
        const RhChoice *rival = g_ptr_array_index(choice->rivals, i);

        g_ptr_array_add(rivals, g_strdup_printf("'%s'", rival->guest_device->source));
    }
    for (guint i = 0; i < choice->contested->len; i++)
        g_ptr_array_add(
            contested,
            g_strdup_printf("'%s'", rh_device_name(g_ptr_array_index(choice->contested, i))));
    rival_names = rh_join_names(rivals, MAX_NAMES);
    contested_names = rh_join_names(contested, MAX_NAMES);
    return g_strdup_printf("has a match by itself, but competes with %s for %s", rival_names,
                           contested_names);
}

/* The device that the fewest rules reject: only of that one are the reasons told. */
static const RhDevice *nearest_device(const RhPlan *plan, const RhChoice *choice)
{
    GPtrArray *devices = rh_plan_devices(plan, choice->guest_device);
    const RhDevice *nearest = NULL;
    guint fewest = G_MAXUINT;

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        RhCase c = rh_plan_case(plan, choice, device);
        guint n =
            rh_plan_bars(plan, choice->guest_device, device) ? G_MAXUINT : rh_judge_rejections(&c);

        if (n < fewest) {
            nearest = device;
            fewest = n;
        }
    }
    return nearest;
}

/* "matches none of the 12 vDPA devices here; nearest is 'vdpa1': …". */
static char *describe_no_match(const RhPlan *plan, const RhChoice *choice)
{
    guint n = rh_plan_devices(plan, choice->guest_device)->len;
    const char *noun = rh_kind_info(choice->guest_device->kind)->noun;
    const RhDevice *nearest = nearest_device(plan, choice);
    g_autoptr(RhCandidate) candidate = NULL;
    g_autofree char *reasons = NULL;

    if (rh_plan_is_chosen(plan, choice->guest_device) && !nearest)
        return g_strdup("names a device that this host does not have");
    if (!nearest)
        return g_strdup_printf("has no match here: this host has no %s", noun);
    candidate = rh_candidate_new(plan, choice, nearest);
    reasons = rh_candidate_describe(candidate, TRUE);
    if (rh_plan_is_chosen(plan, choice->guest_device))
        return g_strdup_printf("names '%s' here, which does not fit: %s", rh_device_name(nearest),
                               reasons);
    if (n == 1)
        return g_strdup_printf("does not match the only %s here, '%s': %s", noun,
                               rh_device_name(nearest), reasons);
    return g_strdup_printf("matches none of the %u %ss here; nearest is '%s': %s", n, noun,
                           rh_device_name(nearest), reasons);
}

/* Whether nothing that could be made would be considered: what the guest's XML names stays, and is
 * there, or its key cannot be chosen by whoever makes one. */
static gboolean is_settled(const RhPlan *plan, const RhGuestDevice *guest_device)
{
    const RhKindInfo *info = rh_kind_info(guest_device->kind);

    return rh_plan_is_chosen(plan, guest_device) &&
           (info->key != info->name || rh_inventory_find_key(plan->context.host, guest_device->kind,
                                                             rh_guest_device_key(guest_device)));
}

char *rh_choice_offer(const RhPlan *plan, const RhChoice *choice)
{
    const RhRuleSet *set = rh_rulebook(choice->guest_device->kind);
    g_autoptr(GPtrArray) offers = g_ptr_array_new_with_free_func(g_free);
    RhCase c = rh_plan_case(plan, choice, NULL);

    if (!choice->guest_device->entry || !set->offer || is_settled(plan, choice->guest_device))
        return NULL;
    set->offer(&c, offers);
    if (offers->len == 0)
        return NULL;
    g_ptr_array_add(offers, NULL);
    return g_strjoinv("; ", (char **)offers->pdata);
}

/* @refusal, and what could be done about it. */
static char *with_offer(const RhPlan *plan, const RhChoice *choice, char *refusal)
{
    g_autofree char *offer = rh_choice_offer(plan, choice);
    g_autofree char *alone = refusal;

    return offer ? g_strdup_printf("%s; %s", alone, offer) : g_steal_pointer(&alone);
}

char *rh_choice_refusal(const RhPlan *plan, const RhChoice *choice)
{
    switch (choice->lack) {
    case RH_LACK_NOTHING:
        return NULL;
    case RH_LACK_RECORD:
        return g_strdup("is not in the guest's record, so nothing says what it must be like; run "
                        "'virt-rehome record' on the source host");
    case RH_LACK_IDENTITY:
        return g_strdup("is not in the guest's record, and nothing else tells one disk from "
                        "another; run 'virt-rehome record' on the source host");
    case RH_LACK_MATCH:
        return with_offer(plan, choice, describe_no_match(plan, choice));
    case RH_LACK_OF_DEVICES:
        return with_offer(plan, choice, describe_contest(choice));
    }
    g_assert_not_reached();
}

GPtrArray *rh_choice_warnings(const RhPlan *plan, const RhChoice *choice)
{
    GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func((GDestroyNotify)rh_reason_free);
    RhCase c = rh_plan_case(plan, choice, choice->device);

    if (choice->device)
        (void)rh_judge(&c, reasons);
    else if (choice->awaited)
        g_ptr_array_add(warnings, g_strdup("is not on this host, and was left as it is for whoever "
                                           "makes it before the guest starts"));
    else if (choice->action == RH_ACTION_USE)
        g_ptr_array_add(warnings,
                        g_strdup("is not in the guest's record and was left as it is, unchecked"));
    for (guint i = 0; i < reasons->len; i++) {
        const RhReason *reason = g_ptr_array_index(reasons, i);

        g_ptr_array_add(warnings, g_strdup(reason->text));
    }
    return warnings;
}

char *rh_plan_refusal(const RhPlan *plan)
{
    const RhContext *context = &plan->context;
    GString *text = g_string_new(NULL);
    const char *separator = ": ";

    g_string_printf(text, "guest '%s' does not fit on host '%s'",
                    context->guest->name ? context->guest->name : "",
                    context->host->name ? context->host->name : "");
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        g_autofree char *device = rh_guest_device_describe(choice->guest_device);
        g_autofree char *refusal = rh_choice_refusal(plan, choice);

        if (!refusal)
            continue;
        g_string_append_printf(text, "%s%s %s", separator, device, refusal);
        separator = "; ";
    }
    return g_string_free(text, FALSE);
}

/* Lines "vdpa1: mtu is 1500, …" for a device that has no match, as many as there is room for. */
static void append_candidates(GString *text, gsize limit, const RhPlan *plan,
                              const RhChoice *choice)
{
    GPtrArray *devices = rh_plan_devices(plan, choice->guest_device);

    for (guint i = 0; choice->guest_device->entry && i < devices->len; i++) {
        g_autoptr(RhCandidate) candidate =
            rh_candidate_new(plan, choice, g_ptr_array_index(devices, i));
        g_autofree char *why = rh_candidate_describe(candidate, FALSE);
        g_autofree char *line = g_strdup_printf("for %s: %s: %s", choice->guest_device->source,
                                                rh_device_name(candidate->device), why);

        if (text->len + 1 + strlen(line) + MORE_LENGTH > limit) {
            g_string_append_printf(text, "\nand %u more; 'virt-rehome check' shows all",
                                   devices->len - i);
            return;
        }
        g_string_append_printf(text, "\n%s", rh_one_line(line));
    }
}

char *rh_plan_explain(const RhPlan *plan, gsize limit)
{
    g_autofree char *sentence = rh_plan_refusal(plan);
    GString *text;

    text = g_string_new(rh_cut(rh_one_line(sentence), limit - MORE_LENGTH));
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->action == RH_ACTION_NONE && text->len + MORE_LENGTH < limit)
            append_candidates(text, limit, plan, choice);
    }
    return g_string_free(text, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan.h"

#include "core/assign.h"
#include "util/text.h"

#define MAX_NAMES 4u /* named in a sentence */

static void choice_free(gpointer data)
{
    RhChoice *choice = data;

    g_clear_pointer(&choice->rivals, g_ptr_array_unref);
    g_clear_pointer(&choice->contested, g_ptr_array_unref);
    g_free(choice);
}

void rh_plan_free(RhPlan *plan)
{
    if (!plan)
        return;
    g_ptr_array_unref(plan->choices);
    g_free(plan);
}

static RhCase case_of(const RhPlan *plan, const RhChoice *choice, const RhDevice *device)
{
    return (RhCase){.context = &plan->context,
                    .guest_device = choice->guest_device,
                    .entry = choice->guest_device->entry,
                    .device = device};
}

static GPtrArray *devices_for(const RhPlan *plan, const RhGuestDevice *guest_device)
{
    return plan->context.host->devices[guest_device->kind];
}

/* Whether the free network devices hang on more than one management device. */
static gboolean are_nets_apart(const RhInventory *host)
{
    GPtrArray *devices = host->devices[RH_KIND_VDPA];
    const char *first = NULL;

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        const char *mgmtdev = rh_device_text(device, RH_ATTR_MGMTDEV);

        if (g_strcmp0(rh_device_text(device, RH_ATTR_CLASS), "net") != 0 ||
            rh_device_knows(device, RH_ATTR_USED_BY) || !mgmtdev)
            continue;
        if (first && !g_str_equal(first, mgmtdev))
            return TRUE;
        first = mgmtdev;
    }
    return FALSE;
}

static RhChoice *add_choice(RhPlan *plan, const RhGuestDevice *guest_device)
{
    RhChoice *choice = g_new0(RhChoice, 1);

    choice->guest_device = guest_device;
    g_ptr_array_add(plan->choices, choice);
    return choice;
}

/* A device without an entry in the record: left as it is, or refused. */
static void settle_unrecorded(const RhPlan *plan, RhChoice *choice, RhOccasion occasion)
{
    const RhPolicy *policy = plan->context.policy;
    RhUnrecorded unrecorded =
        occasion == RH_OCCASION_MIGRATE ? policy->unrecorded : policy->unrecorded_restore;

    if (g_strcmp0(choice->guest_device->class, "blk") == 0)
        choice->lack = RH_LACK_IDENTITY;
    else if (unrecorded == RH_UNRECORDED_REJECT)
        choice->lack = RH_LACK_RECORD;
    else
        choice->action = RH_ACTION_USE;
}

/* The choice that leaves its device as it is, if @device is that one. */
static const RhChoice *choice_that_left(const RhPlan *plan, const RhDevice *device)
{
    const char *key = rh_device_key(device);

    for (guint i = 0; key && i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->action == RH_ACTION_USE && !choice->guest_device->entry &&
            choice->guest_device->kind == device->kind &&
            rh_device_same_key(device->kind, rh_guest_device_key(choice->guest_device), key))
            return choice;
    }
    return NULL;
}

/* Whether only the device that a management layer wrote may be considered, and this is not it. */
static gboolean is_not_the_chosen(const RhGuestDevice *guest_device, const RhDevice *device)
{
    return guest_device->chosen &&
           !rh_device_same_key(device->kind, rh_guest_device_key(guest_device),
                               rh_device_key(device));
}

gboolean rh_choice_may_be(const RhPlan *plan, const RhChoice *choice, const RhDevice *device,
                          RhCost *ret_cost)
{
    RhCase c = case_of(plan, choice, device);

    if (is_not_the_chosen(choice->guest_device, device) || !rh_judge(&c, NULL))
        return FALSE;
    *ret_cost = rh_cost(&c);
    return TRUE;
}

static void offer_device(const RhPlan *plan, const RhDevice *device, RhAssign *assign, guint row,
                         guint column)
{
    const RhChoice *choice = g_ptr_array_index(plan->choices, row);
    RhCost cost;

    /* kinds do not share devices, so that columns of different kinds must differ */
    if (rh_choice_may_be(plan, choice, device, &cost))
        rh_assign_offer(assign, row, column * RH_N_KINDS + device->kind, &cost);
}

/* Device by device, and for each all rows: with thousands of devices, memory is what takes time. */
static void offer_kind(const RhPlan *plan, RhKind kind, RhAssign *assign, gboolean any_left)
{
    GPtrArray *devices = plan->context.host->devices[kind];

    for (guint column = 0; column < devices->len; column++) {
        const RhDevice *device = g_ptr_array_index(devices, column);

        if (any_left && choice_that_left(plan, device))
            continue;
        for (guint row = 0; row < plan->choices->len; row++) {
            const RhGuestDevice *guest_device =
                ((const RhChoice *)g_ptr_array_index(plan->choices, row))->guest_device;

            if (guest_device->entry && guest_device->kind == kind)
                offer_device(plan, device, assign, row, column);
        }
    }
}

/* Runs the rules over every pair; a device that was left alone is no candidate for another. */
static RhAssign *judge_all(const RhPlan *plan)
{
    RhAssign *assign = rh_assign_new(plan->choices->len);
    gboolean any_left = FALSE;
    guint wanted = 0;

    for (guint row = 0; row < plan->choices->len; row++) {
        const RhGuestDevice *guest_device =
            ((const RhChoice *)g_ptr_array_index(plan->choices, row))->guest_device;

        any_left |= !guest_device->entry;
        wanted |= 1u << guest_device->kind;
    }
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (wanted >> kind & 1)
            offer_kind(plan, (RhKind)kind, assign, any_left);
    return assign;
}

/* Keeps who competes for what, by rows and columns of the assignment. */
static void keep_contest(const RhPlan *plan, RhChoice *choice, GArray *rows, GArray *columns)
{
    choice->rivals = g_ptr_array_new();
    choice->contested = g_ptr_array_new();
    for (guint i = 0; i < rows->len; i++) {
        RhChoice *rival = g_ptr_array_index(plan->choices, g_array_index(rows, guint, i));

        if (rival != choice)
            g_ptr_array_add(choice->rivals, rival);
    }
    for (guint i = 0; i < columns->len; i++)
        g_ptr_array_add(choice->contested,
                        g_ptr_array_index(devices_for(plan, choice->guest_device),
                                          g_array_index(columns, guint, i) / RH_N_KINDS));
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
    GPtrArray *devices = devices_for(plan, choice->guest_device);
    const RhDevice *nearest = NULL;
    guint fewest = G_MAXUINT;

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        RhCase c = case_of(plan, choice, device);
        guint n =
            is_not_the_chosen(choice->guest_device, device) ? G_MAXUINT : rh_judge_rejections(&c);

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
    guint n = devices_for(plan, choice->guest_device)->len;
    const char *noun = rh_kind_info(choice->guest_device->kind)->noun;
    const RhDevice *nearest = nearest_device(plan, choice);
    g_autoptr(RhCandidate) candidate = NULL;
    g_autofree char *reasons = NULL;

    if (choice->guest_device->chosen && !nearest)
        return g_strdup("names a device that this host does not have");
    if (!nearest)
        return g_strdup_printf("has no match here: this host has no %s", noun);
    candidate = rh_candidate_new(plan, choice, nearest);
    reasons = rh_candidate_describe(candidate, TRUE);
    if (choice->guest_device->chosen)
        return g_strdup_printf("names '%s' here, which does not fit: %s", rh_device_name(nearest),
                               reasons);
    if (n == 1)
        return g_strdup_printf("does not match the only %s here, '%s': %s", noun,
                               rh_device_name(nearest), reasons);
    return g_strdup_printf("matches none of the %u %ss here; nearest is '%s': %s", n, noun,
                           rh_device_name(nearest), reasons);
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
        return g_strdup("is not in the guest's record, and without its pool and name nothing tells "
                        "one disk from another; run 'virt-rehome record' on the source host");
    case RH_LACK_MATCH:
        return describe_no_match(plan, choice);
    case RH_LACK_OF_DEVICES:
        return describe_contest(choice);
    }
    g_assert_not_reached();
}

GPtrArray *rh_choice_warnings(const RhPlan *plan, const RhChoice *choice)
{
    GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func((GDestroyNotify)rh_reason_free);
    RhCase c = case_of(plan, choice, choice->device);

    if (choice->device)
        (void)rh_judge(&c, reasons);
    else if (choice->action == RH_ACTION_USE)
        g_ptr_array_add(warnings,
                        g_strdup("is not in the guest's record and was left as it is, unchecked"));
    for (guint i = 0; i < reasons->len; i++) {
        const RhReason *reason = g_ptr_array_index(reasons, i);

        g_ptr_array_add(warnings, g_strdup(reason->text));
    }
    return warnings;
}

static void settle_recorded(RhPlan *plan, const RhAssign *assign, guint row)
{
    RhChoice *choice = g_ptr_array_index(plan->choices, row);
    guint column = rh_assign_column(assign, row);
    g_autoptr(GArray) rows = NULL;
    g_autoptr(GArray) columns = NULL;

    if (column != RH_UNASSIGNED) {
        choice->device =
            g_ptr_array_index(devices_for(plan, choice->guest_device), column / RH_N_KINDS);
        choice->action = RH_ACTION_USE;
        return;
    }
    rh_assign_contest(assign, row, &rows, &columns);
    choice->lack = columns->len > 0 ? RH_LACK_OF_DEVICES : RH_LACK_MATCH;
    if (columns->len > 0)
        keep_contest(plan, choice, rows, columns);
}

RhPlan *rh_plan_new(const RhGuest *guest, const RhInventory *host, const RhPolicy *policy,
                    RhOccasion occasion, RhAccepts accepts, gpointer accepts_data)
{
    RhPlan *plan = g_new0(RhPlan, 1);
    g_autoptr(RhAssign) assign = NULL;

    plan->choices = g_ptr_array_new_with_free_func(choice_free);
    plan->context = (RhContext){.guest = guest,
                                .host = host,
                                .policy = policy,
                                .at_home = guest->record && guest->record->host &&
                                           g_strcmp0(guest->record->host, host->name) == 0,
                                .nets_apart = are_nets_apart(host),
                                .accepts = accepts,
                                .accepts_data = accepts_data};
    for (guint i = 0; i < guest->devices->len; i++) {
        RhChoice *choice = add_choice(plan, g_ptr_array_index(guest->devices, i));

        if (!choice->guest_device->entry)
            settle_unrecorded(plan, choice, occasion);
    }
    assign = judge_all(plan);
    (void)rh_assign_solve(assign);
    plan->cost = rh_assign_cost(assign);
    plan->fits = TRUE;
    for (guint row = 0; row < plan->choices->len; row++) {
        RhChoice *choice = g_ptr_array_index(plan->choices, row);

        if (choice->guest_device->entry)
            settle_recorded(plan, assign, row);
        plan->fits &= choice->action != RH_ACTION_NONE;
    }
    return plan;
}

/* Whether the device is the one that the guest's XML names, by itself or by a link. */
static gboolean stays(const RhChoice *choice)
{
    return !choice->device ||
           rh_device_same_key(choice->device->kind, rh_guest_device_key(choice->guest_device),
                              rh_device_key(choice->device));
}

const char *rh_choice_target(const RhChoice *choice)
{
    if (choice->action == RH_ACTION_NONE)
        return NULL;
    return stays(choice) ? choice->guest_device->source : rh_device_key(choice->device);
}

gboolean rh_choice_moves(const RhChoice *choice)
{
    return choice->action != RH_ACTION_NONE && !stays(choice);
}

gboolean rh_plan_moves(const RhPlan *plan)
{
    for (guint i = 0; i < plan->choices->len; i++)
        if (rh_choice_moves(g_ptr_array_index(plan->choices, i)))
            return TRUE;
    return FALSE;
}

void rh_candidate_free(RhCandidate *candidate)
{
    g_ptr_array_unref(candidate->reasons);
    g_free(candidate);
}

static const RhGuestDevice *given_to(const RhPlan *plan, const RhDevice *device)
{
    const RhChoice *left = choice_that_left(plan, device);

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
    RhCase c = case_of(plan, choice, device);

    candidate->device = device;
    candidate->reasons = g_ptr_array_new_with_free_func((GDestroyNotify)rh_reason_free);
    candidate->fits = rh_judge(&c, candidate->reasons);
    candidate->barred = is_not_the_chosen(choice->guest_device, device);
    candidate->given = given_to(plan, device);
    return candidate;
}

GPtrArray *rh_plan_candidates(const RhPlan *plan, const RhChoice *choice)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func((GDestroyNotify)rh_candidate_free);
    GPtrArray *devices = devices_for(plan, choice->guest_device);

    for (guint i = 0; choice->guest_device->entry && i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);

        g_ptr_array_add(candidates, rh_candidate_new(plan, choice, device));
    }
    return candidates;
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

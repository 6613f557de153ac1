/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan.h"

#include "core/assign.h"
#include "core/rulebook.h"

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

RhCase rh_plan_case(const RhPlan *plan, const RhChoice *choice, const RhDevice *device)
{
    return (RhCase){.context = &plan->context,
                    .guest_device = choice->guest_device,
                    .entry = choice->guest_device->entry,
                    .device = device};
}

GPtrArray *rh_plan_devices(const RhPlan *plan, const RhGuestDevice *guest_device)
{
    return plan->context.host->devices[guest_device->kind];
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

    if (rh_guest_device_has_identity(choice->guest_device))
        choice->lack = RH_LACK_IDENTITY;
    else if (unrecorded == RH_UNRECORDED_REJECT)
        choice->lack = RH_LACK_RECORD;
    else
        choice->action = RH_ACTION_USE;
}

const RhChoice *rh_plan_left(const RhPlan *plan, const RhDevice *device)
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

gboolean rh_plan_is_chosen(const RhPlan *plan, const RhGuestDevice *guest_device)
{
    return guest_device->chosen || rh_policy_says_chosen(plan->context.policy, guest_device->entry);
}

gboolean rh_plan_bars(const RhPlan *plan, const RhGuestDevice *guest_device, const RhDevice *device)
{
    return rh_plan_is_chosen(plan, guest_device) &&
           !rh_device_same_key(device->kind, rh_guest_device_key(guest_device),
                               rh_device_key(device));
}

gboolean rh_choice_may_be(const RhPlan *plan, const RhChoice *choice, const RhDevice *device,
                          RhCost *ret_cost)
{
    RhCase c = rh_plan_case(plan, choice, device);

    if (rh_plan_bars(plan, choice->guest_device, device) || !rh_judge(&c, NULL))
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

        if (any_left && rh_plan_left(plan, device))
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
    RhKinds wanted = 0;

    for (guint row = 0; row < plan->choices->len; row++) {
        const RhGuestDevice *guest_device =
            ((const RhChoice *)g_ptr_array_index(plan->choices, row))->guest_device;

        any_left |= !guest_device->entry;
        wanted |= RH_KIND_BIT(guest_device->kind);
    }
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (wanted & RH_KIND_BIT(kind))
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
                        g_ptr_array_index(rh_plan_devices(plan, choice->guest_device),
                                          g_array_index(columns, guint, i) / RH_N_KINDS));
}

static gboolean is_on_host(const RhPlan *plan, const RhGuestDevice *guest_device)
{
    return rh_inventory_find_key(plan->context.host, guest_device->kind,
                                 rh_guest_device_key(guest_device)) != NULL;
}

static gboolean has_recorded_key(const RhGuestDevice *guest_device)
{
    return guest_device->entry &&
           rh_device_same_key(guest_device->kind, rh_guest_device_key(guest_device),
                              rh_device_key(guest_device->entry));
}

gboolean rh_choice_is_missing(const RhPlan *plan, const RhChoice *choice)
{
    return plan->context.at_home && has_recorded_key(choice->guest_device) &&
           !is_on_host(plan, choice->guest_device);
}

gboolean rh_plan_lacks_missing(const RhPlan *plan)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        const RhKindInfo *info = rh_kind_info(choice->guest_device->kind);

        if (choice->action == RH_ACTION_NONE &&
            (info->key != info->name || !rh_choice_is_missing(plan, choice)))
            return FALSE;
    }
    return !plan->fits;
}

/* Whether the guest may be let go on without the device, for which nothing fits: it boots, so that
 * nothing has to; or the device is this host's own, and its key is given to no other. No disk is:
 * who knows which one would be there then. */
static gboolean may_await(const RhPlan *plan, const RhChoice *choice, RhOccasion occasion)
{
    const RhKindInfo *info = rh_kind_info(choice->guest_device->kind);

    if (occasion != RH_OCCASION_RESTORE || rh_guest_device_has_identity(choice->guest_device))
        return FALSE;
    return plan->context.cold ? !is_on_host(plan, choice->guest_device)
                              : info->key == info->name && rh_choice_is_missing(plan, choice);
}

static void settle_recorded(RhPlan *plan, const RhAssign *assign, guint row, RhOccasion occasion)
{
    RhChoice *choice = g_ptr_array_index(plan->choices, row);
    guint column = rh_assign_column(assign, row);
    g_autoptr(GArray) rows = NULL;
    g_autoptr(GArray) columns = NULL;

    if (column != RH_UNASSIGNED) {
        choice->device =
            g_ptr_array_index(rh_plan_devices(plan, choice->guest_device), column / RH_N_KINDS);
        choice->action = RH_ACTION_USE;
        return;
    }
    if (may_await(plan, choice, occasion)) {
        choice->awaited = TRUE;
        choice->action = RH_ACTION_USE;
        return;
    }
    rh_assign_contest(assign, row, &rows, &columns);
    choice->lack = columns->len > 0 ? RH_LACK_OF_DEVICES : RH_LACK_MATCH;
    if (columns->len > 0)
        keep_contest(plan, choice, rows, columns);
}

/* What each kind has to know of the host beforehand. */
static void survey(RhContext *context)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const RhRuleSet *set = rh_rulebook((RhKind)kind);

        if (set && set->survey)
            set->survey(context);
    }
}

RhPlan *rh_plan_new(const RhGuest *guest, const RhInventory *host, const RhPolicy *policy,
                    RhOccasion occasion, RhQuestions *questions)
{
    RhPlan *plan = g_new0(RhPlan, 1);
    g_autoptr(RhAssign) assign = NULL;

    plan->choices = g_ptr_array_new_with_free_func(choice_free);
    plan->context = (RhContext){.guest = guest,
                                .host = host,
                                .policy = policy,
                                .at_home = rh_record_is_of_host(guest->record, host),
                                .cold = guest->boots,
                                .questions = questions};
    survey(&plan->context);
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
            settle_recorded(plan, assign, row, occasion);
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

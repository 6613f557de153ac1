/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/refresh.h"

#include "hook/incoming.h"
#include "hook/refusal.h"
#include "hook/users.h"
#include "recorder/definitions.h"

/* A definition to be planned. */
typedef struct {
    RhDefinition *definition;
    RhGuest *guest;
    RhPlan *plan; /* NULL: not planned */
    enum {
        RANK_FAVOURED, /* behind the others it found nothing */
        RANK_STAYS,    /* it need not move */
        RANK_MOVES,
        N_RANKS
    } rank;         /* in this order they are planned */
    gboolean tried; /* whether favour helps */
} Candidate;

static void candidate_free(gpointer data)
{
    Candidate *candidate = data;

    rh_plan_free(candidate->plan);
    g_free(candidate);
}

static void refreshed_free(gpointer data)
{
    RhRefreshed *refreshed = data;

    g_free(refreshed->name);
    g_free(refreshed->text);
    g_free(refreshed);
}

/* Marks what @guest's definition names, where it is to stay so: two guests never share a device. */
static void mark_named(const RhGuest *guest, RhInventory *inventory)
{
    g_autofree char *user = g_strdup_printf("guest %s", guest->name ? guest->name : guest->uuid);

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *named = g_ptr_array_index(guest->devices, i);
        RhDevice *device =
            rh_inventory_find_key(inventory, named->kind, rh_guest_device_key(named));

        if (device && !rh_device_knows(device, RH_ATTR_USED_BY))
            rh_device_set_text(device, RH_ATTR_USED_BY, user);
    }
}

/* Whether the guest can be planned: a device without a record is left as it is, and so is the
 * guest. */
static gboolean is_recorded(const RhGuest *guest)
{
    for (guint i = 0; i < guest->devices->len; i++)
        if (!((const RhGuestDevice *)g_ptr_array_index(guest->devices, i))->entry)
            return FALSE;
    return TRUE;
}

static GPtrArray *find_candidates(GPtrArray *definitions, RhScene *scene)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func(candidate_free);

    for (guint i = 0; i < definitions->len; i++) {
        RhDefinition *definition = g_ptr_array_index(definitions, i);
        RhGuest *guest =
            definition->domain ? rh_domain_guest(definition->domain) : definition->named;
        Candidate *candidate;

        if (!guest)
            continue;
        rh_users_resolve(scene->host, guest);
        if (!definition->running && !definition->fault && is_recorded(guest)) {
            candidate = g_new0(Candidate, 1);
            candidate->definition = definition;
            candidate->guest = guest;
            g_ptr_array_add(candidates, candidate);
        } else {
            mark_named(guest, scene->inventory);
        }
    }
    return candidates;
}

/* The devices that a plan gives are its guest's from now on, or free again. */
static void hold(const Candidate *candidate, gboolean held)
{
    g_autofree char *user = g_strdup_printf("guest %s", candidate->definition->name);

    for (guint i = 0; i < candidate->plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(candidate->plan->choices, i);
        RhDevice *device = (RhDevice *)choice->device;

        if (device && held)
            rh_device_set_text(device, RH_ATTR_USED_BY, user);
        else if (device)
            rh_device_unset(device, RH_ATTR_USED_BY);
    }
}

static void plan_one(Candidate *candidate, RhScene *scene)
{
    candidate->plan = rh_incoming_plan(candidate->guest, scene->inventory, scene->host,
                                       scene->policy, RH_INCOMING_MIGRATE);
    if (candidate->plan->fits)
        hold(candidate, TRUE);
}

static void forget_plans(GPtrArray *candidates)
{
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = g_ptr_array_index(candidates, i);

        if (candidate->plan && candidate->plan->fits)
            hold(candidate, FALSE);
        g_clear_pointer(&candidate->plan, rh_plan_free);
    }
}

/* How many find a place, one after the other. */
static guint plan_in_order(GPtrArray *candidates, RhScene *scene)
{
    guint n_fit = 0;

    forget_plans(candidates);
    for (guint rank = 0; rank < N_RANKS; rank++) {
        for (guint i = 0; i < candidates->len; i++) {
            Candidate *candidate = g_ptr_array_index(candidates, i);

            if (candidate->rank != rank)
                continue;
            plan_one(candidate, scene);
            n_fit += candidate->plan->fits;
        }
    }
    return n_fit;
}

/* Whoever finds what it has already even alone comes before those that must move; whoever finds
 * nothing even alone needs no second try. */
static void look_alone(GPtrArray *candidates, RhScene *scene)
{
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = g_ptr_array_index(candidates, i);

        plan_one(candidate, scene);
        candidate->tried = !candidate->plan->fits;
        candidate->rank =
            candidate->plan->fits && !rh_plan_moves(candidate->plan) ? RANK_STAYS : RANK_MOVES;
        forget_plans(candidates);
    }
}

static Candidate *first_untried(GPtrArray *candidates)
{
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = g_ptr_array_index(candidates, i);

        if (!candidate->tried && !candidate->plan->fits)
            return candidate;
    }
    return NULL;
}

/*
 * A guest that can do with many devices may take the only one that fits another. So whoever finds
 * nothing goes first in another try, which counts if more guests find a place then.
 */
static void plan_all(GPtrArray *candidates, RhScene *scene)
{
    Candidate *refused;
    guint n_fit;

    look_alone(candidates, scene);
    n_fit = plan_in_order(candidates, scene);
    while ((refused = first_untried(candidates))) {
        guint rank = refused->rank;
        guint n;

        refused->tried = TRUE;
        refused->rank = RANK_FAVOURED;
        n = plan_in_order(candidates, scene);
        if (n <= n_fit) {
            refused->rank = rank;
            (void)plan_in_order(candidates, scene);
        }
        n_fit = MAX(n, n_fit);
    }
}

/* Whether @guest's XML names a device that @plan gives another guest. */
static gboolean shares_device(const RhPlan *plan, const RhGuest *guest)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (rh_guest_has_device(guest, choice->device->kind, rh_device_key(choice->device)))
            return TRUE;
    }
    return FALSE;
}

static char *describe_moves(const RhPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (rh_choice_moves(choice))
            g_string_append_printf(text, "%s'%s' -> '%s'", text->len > 0 ? ", " : "",
                                   choice->guest_device->source, rh_choice_target(choice));
    }
    return g_string_free(text, FALSE);
}

/* Writes the plan. Where no source changes, the record's whereabouts may. */
static void carry_out(Candidate *candidate, const RhInventory *inventory, RhRefreshed *refreshed)
{
    const RhRecord *record = candidate->guest->record;
    gboolean moves = rh_plan_moves(candidate->plan);
    g_autofree char *text = describe_moves(candidate->plan);
    g_autoptr(GError) error = NULL;

    if (!moves && g_strcmp0(record->host, inventory->name) == 0)
        return;
    rh_domain_apply(candidate->definition->domain, candidate->plan);
    if (!rh_definition_replace(candidate->definition, &error)) {
        refreshed->state = RH_REFRESHED_FAULT;
        refreshed->text = g_strdup(error->message);
        return;
    }
    refreshed->state = RH_REFRESHED_CHANGED;
    refreshed->text = moves ? g_steal_pointer(&text) : g_strdup("its record is this host's now");
}

static RhRefreshed *report(GPtrArray *refreshed, const RhDefinition *definition)
{
    RhRefreshed *one = g_new0(RhRefreshed, 1);

    one->name = g_strdup(definition->name);
    one->running = definition->running;
    g_ptr_array_add(refreshed, one);
    return one;
}

static Candidate *candidate_of(GPtrArray *candidates, const RhDefinition *definition)
{
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = g_ptr_array_index(candidates, i);

        if (candidate->definition == definition)
            return candidate;
    }
    return NULL;
}

/* A device that a plan gives may be one that another definition names until that is written. */
static void skip(const Candidate *candidate, const char *failed, RhRefreshed *one)
{
    if (!rh_plan_moves(candidate->plan))
        return;
    one->state = RH_REFRESHED_FAULT;
    one->text = g_strdup_printf("guest '%s' is left as it is, since the definition of guest '%s' "
                                "could not be written: no two may name the same device",
                                one->name, failed);
}

/* @failed is the guest whose definition could not be written, if there was one. */
static void settle(GPtrArray *candidates, const RhDefinition *definition,
                   const RhInventory *inventory, const char *failed, RhRefreshed *one)
{
    Candidate *candidate = candidate_of(candidates, definition);

    if (definition->fault) {
        one->state = RH_REFRESHED_FAULT;
        one->text = g_strdup(definition->fault->message);
    } else if (candidate && candidate->plan->fits && failed) {
        skip(candidate, failed, one);
    } else if (candidate && candidate->plan->fits) {
        carry_out(candidate, inventory, one);
    } else if (candidate) {
        one->state = RH_REFRESHED_REFUSED;
        one->text = rh_refusal_describe(candidate->plan);
    } else if (!definition->running) {
        one->state = RH_REFRESHED_REFUSED;
        one->text = g_strdup_printf("guest '%s' has devices without a record, so nothing says what "
                                    "they must be like: its definition is left as it is; see to "
                                    "its devices, then run 'virt-rehome record %s'",
                                    definition->name, definition->name);
    }
}

/* Whoever else's definition names what @candidate gets, and is not to be written now. */
static void tell_shared(GPtrArray *definitions, const Candidate *candidate, RhRefreshed *one)
{
    for (guint i = 0; i < definitions->len; i++) {
        const RhDefinition *other = g_ptr_array_index(definitions, i);
        const RhGuest *guest = other->domain ? rh_domain_guest(other->domain) : NULL;
        g_autofree char *before = one->text;

        if (guest && other != candidate->definition && shares_device(candidate->plan, guest))
            one->text = g_strdup_printf("%s; guest '%s' names it, too, until it is refreshed",
                                        before, other->name);
        else
            one->text = g_steal_pointer(&before);
    }
}

GPtrArray *rh_refresh(GPtrArray *definitions, RhScene *scene, const char *only)
{
    GPtrArray *refreshed = g_ptr_array_new_with_free_func(refreshed_free);
    g_autoptr(GPtrArray) candidates = find_candidates(definitions, scene);
    const char *failed = NULL;

    plan_all(candidates, scene);
    for (guint i = 0; i < definitions->len; i++) {
        const RhDefinition *definition = g_ptr_array_index(definitions, i);
        RhRefreshed *one;

        if (only && !g_str_equal(only, definition->name))
            continue;
        one = report(refreshed, definition);
        settle(candidates, definition, scene->inventory, failed, one);
        if (one->state == RH_REFRESHED_FAULT && !definition->fault && !failed)
            failed = definition->name;
        if (one->state == RH_REFRESHED_CHANGED && only)
            tell_shared(definitions, candidate_of(candidates, definition), one);
    }
    return refreshed;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/roster.h"

#include "core/assign.h"
#include "core/matching.h"

#define NO_PARTY G_MAXUINT

/* In this order they are placed. */
typedef enum {
    RANK_OWN,   /* its very devices are there, whatever they are called now */
    RANK_STAYS, /* its XML need not change */
    RANK_MOVES,
    N_RANKS
} Rank;

struct RhRoster {
    RhInventory *inventory;
    const RhPolicy *policy;
    RhQuestions *questions;
    GPtrArray *list;       /* of RhPlace, in the order of the guests */
    GHashTable *by;        /* RhGuest -> RhPlace */
    GHashTable *holders;   /* RhDevice -> RhPlace */
    GHashTable *marked;    /* RhDevice: those that say so, and said nothing before */
    GPtrArray *columns;    /* of RhDevice */
    GHashTable *column_of; /* RhDevice -> its column */
    RhMatching *matching;
    guint n_parties;
    guint n_plans;
};

static void place_free(gpointer data)
{
    RhPlace *place = data;

    rh_plan_free(place->plan);
    g_free(place);
}

void rh_roster_free(RhRoster *roster)
{
    GHashTableIter iter;
    gpointer device;

    if (!roster)
        return;
    g_hash_table_iter_init(&iter, roster->marked);
    while (g_hash_table_iter_next(&iter, &device, NULL))
        rh_device_set_used_by(device, NULL);
    g_hash_table_unref(roster->by);
    g_hash_table_unref(roster->holders);
    g_hash_table_unref(roster->marked);
    g_hash_table_unref(roster->column_of);
    g_ptr_array_unref(roster->columns);
    g_ptr_array_unref(roster->list);
    rh_matching_free(roster->matching);
    g_free(roster);
}

const RhPlace *rh_roster_place(const RhRoster *roster, const RhGuest *guest)
{
    return g_hash_table_lookup(roster->by, guest);
}

const RhPlace *rh_roster_holder(const RhRoster *roster, const RhDevice *device)
{
    return g_hash_table_lookup(roster->holders, device);
}

guint rh_roster_plans(const RhRoster *roster)
{
    return roster->n_plans;
}

static void add_columns(RhRoster *roster)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = roster->inventory->devices[kind];

        for (guint i = 0; rh_kind_is_given((RhKind)kind) && i < devices->len; i++) {
            gpointer device = g_ptr_array_index(devices, i);

            g_hash_table_insert(roster->column_of, device, GUINT_TO_POINTER(roster->columns->len));
            g_ptr_array_add(roster->columns, device);
        }
    }
}

static guint column_of(const RhRoster *roster, const RhDevice *device)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(roster->column_of, device));
}

static void plan(RhRoster *roster, RhPlace *place)
{
    rh_plan_free(place->plan);
    place->plan = rh_plan_new(place->guest, roster->inventory, roster->policy, RH_OCCASION_MIGRATE,
                              roster->questions);
    roster->n_plans++;
}

static void hold(RhRoster *roster, RhPlace *place, RhDevice *device)
{
    RhUser user = rh_user_of_guest(place->guest->name, place->guest->uuid);

    g_hash_table_insert(roster->holders, device, place);
    if (rh_device_knows(device, RH_ATTR_USED_BY)) /* by this very guest: a claim */
        return;
    rh_device_set_used_by(device, &user);
    g_hash_table_add(roster->marked, device);
}

static void let_go(RhRoster *roster, RhDevice *device)
{
    g_hash_table_remove(roster->holders, device);
    if (g_hash_table_remove(roster->marked, device))
        rh_device_set_used_by(device, NULL);
}

/* Parties ------------------------------------------------------------------------------------- */

/* A device that would do, and how well. */
typedef struct {
    guint column;
    RhCost cost;
} Offer;

static int compare_offers(gconstpointer a, gconstpointer b)
{
    const Offer *one = a;
    const Offer *other = b;
    int order = rh_cost_compare(&one->cost, &other->cost);

    return order ? order : (one->column > other->column) - (one->column < other->column);
}

static void add_row(RhRoster *roster, const RhPlan *alone, const RhChoice *choice)
{
    GPtrArray *devices = roster->inventory->devices[choice->guest_device->kind];
    g_autoptr(GArray) offers = g_array_new(FALSE, FALSE, sizeof(Offer));

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        Offer offer;

        if (!rh_choice_may_be(alone, choice, device, &offer.cost))
            continue;
        offer.column = column_of(roster, device);
        g_array_append_val(offers, offer);
    }
    g_array_sort(offers, compare_offers);
    rh_matching_add_row(roster->matching);
    for (guint i = 0; i < offers->len; i++)
        rh_matching_offer(roster->matching, g_array_index(offers, Offer, i).column);
}

/* Those devices are its own that it gets alone. */
static void keep_own(RhRoster *roster, const RhPlan *alone)
{
    g_autofree guint *columns = g_new(guint, alone->choices->len);

    for (guint i = 0; i < alone->choices->len; i++)
        columns[i] =
            column_of(roster, ((const RhChoice *)g_ptr_array_index(alone->choices, i))->device);
    rh_matching_own(roster->matching, columns);
}

static Rank rank_of(const RhPlan *alone)
{
    if (alone->cost.levels[RH_COST_MOVED] == 0)
        return RANK_OWN;
    return rh_plan_moves(alone) ? RANK_MOVES : RANK_STAYS;
}

/* Whoever finds nothing even alone is no party. */
static void add_parties(RhRoster *roster, Rank rank)
{
    for (guint i = 0; i < roster->list->len; i++) {
        RhPlace *place = g_ptr_array_index(roster->list, i);
        const RhPlan *alone = place->plan;

        if (!alone->fits || rank_of(alone) != rank)
            continue;
        rh_matching_add_party(roster->matching);
        for (guint row = 0; row < alone->choices->len; row++)
            add_row(roster, alone, g_ptr_array_index(alone->choices, row));
        if (rank != RANK_MOVES)
            keep_own(roster, alone);
        place->party = roster->n_parties++;
    }
}

static void match(RhRoster *roster)
{
    for (guint rank = 0; rank < N_RANKS; rank++)
        add_parties(roster, (Rank)rank);
    for (guint party = 0; party < roster->n_parties; party++)
        (void)rh_matching_place(roster->matching, party);
    rh_matching_improve(roster->matching);
}

/* Plans --------------------------------------------------------------------------------------- */

static RhDevice *matched(const RhRoster *roster, const RhPlace *place, guint row)
{
    guint column = place->party == NO_PARTY
                       ? RH_UNASSIGNED
                       : rh_matching_column(roster->matching, place->party, row);

    return column == RH_UNASSIGNED ? NULL : g_ptr_array_index(roster->columns, column);
}

static void hold_matched(RhRoster *roster, RhPlace *place, gboolean held)
{
    for (guint row = 0; row < place->guest->devices->len; row++) {
        RhDevice *device = matched(roster, place, row);

        if (device && held)
            hold(roster, place, device);
        else if (device)
            let_go(roster, device);
    }
}

/* What it was matched with is there for it, and what nobody was: of these it gets the best. */
static void plan_matched(RhRoster *roster, RhPlace *place)
{
    hold_matched(roster, place, FALSE);
    plan(roster, place);
    for (guint i = 0; place->plan->fits && i < place->plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(place->plan->choices, i);

        hold(roster, place, g_ptr_array_index(roster->columns, column_of(roster, choice->device)));
    }
}

/* Those who are served first, so that the others' plans say who has what they need. */
static void plan_all(RhRoster *roster)
{
    for (guint i = 0; i < roster->list->len; i++)
        hold_matched(roster, g_ptr_array_index(roster->list, i), TRUE);
    for (guint served = 2; served-- > 0;) {
        for (guint i = 0; i < roster->list->len; i++) {
            RhPlace *place = g_ptr_array_index(roster->list, i);

            if ((matched(roster, place, 0) != NULL) == served)
                plan_matched(roster, place);
        }
    }
}

static void add_place(RhRoster *roster, RhGuest *guest)
{
    RhPlace *place = g_new0(RhPlace, 1);

    place->guest = guest;
    place->party = NO_PARTY;
    g_ptr_array_add(roster->list, place);
    g_hash_table_insert(roster->by, guest, place);
    plan(roster, place);
}

RhRoster *rh_roster_new(GPtrArray *guests, RhInventory *inventory, const RhPolicy *policy,
                        RhQuestions *questions)
{
    RhRoster *roster = g_new0(RhRoster, 1);

    roster->inventory = inventory;
    roster->policy = policy;
    roster->questions = questions;
    roster->list = g_ptr_array_new_with_free_func(place_free);
    roster->by = g_hash_table_new(NULL, NULL);
    roster->holders = g_hash_table_new(NULL, NULL);
    roster->marked = g_hash_table_new(NULL, NULL);
    roster->columns = g_ptr_array_new();
    roster->column_of = g_hash_table_new(NULL, NULL);
    add_columns(roster);
    roster->matching = rh_matching_new(roster->columns->len);
    for (guint i = 0; i < guests->len; i++)
        add_place(roster, g_ptr_array_index(guests, i));
    match(roster);
    plan_all(roster);
    return roster;
}

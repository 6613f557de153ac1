/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/places.h"

#include "core/assign.h"
#include "core/matching.h"
#include "hook/incoming.h"

#define NO_PARTY G_MAXUINT

/* In this order they are placed. */
typedef enum {
    RANK_OWN,   /* its very devices are there, whatever they are called now */
    RANK_STAYS, /* its definition need not change */
    RANK_MOVES,
    N_RANKS
} Rank;

struct RhPlaces {
    RhScene *scene;
    GPtrArray *list;       /* of RhPlace, in the order of the definitions */
    GHashTable *by;        /* RhDefinition -> RhPlace */
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

void rh_places_free(RhPlaces *places)
{
    if (!places)
        return;
    g_hash_table_unref(places->by);
    g_hash_table_unref(places->holders);
    g_hash_table_unref(places->marked);
    g_hash_table_unref(places->column_of);
    g_ptr_array_unref(places->columns);
    g_ptr_array_unref(places->list);
    rh_matching_free(places->matching);
    g_free(places);
}

RhPlace *rh_places_of(const RhPlaces *places, const RhDefinition *definition)
{
    return g_hash_table_lookup(places->by, definition);
}

const RhPlace *rh_places_holder(const RhPlaces *places, const RhDevice *device)
{
    return g_hash_table_lookup(places->holders, device);
}

guint rh_places_plans(const RhPlaces *places)
{
    return places->n_plans;
}

static void add_columns(RhPlaces *places)
{
    static const RhKind kinds[] = {RH_KIND_VDPA, RH_KIND_MDEV};

    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        GPtrArray *devices = places->scene->inventory->devices[kinds[kind]];

        for (guint i = 0; i < devices->len; i++) {
            gpointer device = g_ptr_array_index(devices, i);

            g_hash_table_insert(places->column_of, device, GUINT_TO_POINTER(places->columns->len));
            g_ptr_array_add(places->columns, device);
        }
    }
}

static guint column_of(const RhPlaces *places, const RhDevice *device)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(places->column_of, device));
}

static void plan(RhPlaces *places, RhPlace *place)
{
    const RhScene *scene = places->scene;

    rh_plan_free(place->plan);
    place->plan = rh_incoming_plan(place->guest, scene->inventory, scene->host, scene->policy,
                                   RH_INCOMING_MIGRATE);
    places->n_plans++;
}

static void hold(RhPlaces *places, RhPlace *place, RhDevice *device)
{
    g_autofree char *user = g_strdup_printf("guest %s", place->definition->name);

    g_hash_table_insert(places->holders, device, place);
    if (rh_device_knows(device, RH_ATTR_USED_BY)) /* by this very guest: a claim */
        return;
    rh_device_set_text(device, RH_ATTR_USED_BY, user);
    g_hash_table_add(places->marked, device);
}

static void let_go(RhPlaces *places, RhDevice *device)
{
    g_hash_table_remove(places->holders, device);
    if (g_hash_table_remove(places->marked, device))
        rh_device_unset(device, RH_ATTR_USED_BY);
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

static void add_row(RhPlaces *places, const RhPlan *alone, const RhChoice *choice)
{
    GPtrArray *devices = places->scene->inventory->devices[choice->guest_device->kind];
    g_autoptr(GArray) offers = g_array_new(FALSE, FALSE, sizeof(Offer));

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        Offer offer;

        if (!rh_choice_may_be(alone, choice, device, &offer.cost))
            continue;
        offer.column = column_of(places, device);
        g_array_append_val(offers, offer);
    }
    g_array_sort(offers, compare_offers);
    rh_matching_add_row(places->matching);
    for (guint i = 0; i < offers->len; i++)
        rh_matching_offer(places->matching, g_array_index(offers, Offer, i).column);
}

/* Those devices are its own that it gets alone. */
static void keep_own(RhPlaces *places, const RhPlan *alone)
{
    g_autofree guint *columns = g_new(guint, alone->choices->len);

    for (guint i = 0; i < alone->choices->len; i++)
        columns[i] =
            column_of(places, ((const RhChoice *)g_ptr_array_index(alone->choices, i))->device);
    rh_matching_own(places->matching, columns);
}

static Rank rank_of(const RhPlan *alone)
{
    if (alone->cost.levels[RH_COST_MOVED] == 0)
        return RANK_OWN;
    return rh_plan_moves(alone) ? RANK_MOVES : RANK_STAYS;
}

/* Whoever finds nothing even alone is no party. */
static void add_parties(RhPlaces *places, Rank rank)
{
    for (guint i = 0; i < places->list->len; i++) {
        RhPlace *place = g_ptr_array_index(places->list, i);
        const RhPlan *alone = place->plan;

        if (!alone->fits || rank_of(alone) != rank)
            continue;
        rh_matching_add_party(places->matching);
        for (guint row = 0; row < alone->choices->len; row++)
            add_row(places, alone, g_ptr_array_index(alone->choices, row));
        if (rank != RANK_MOVES)
            keep_own(places, alone);
        place->party = places->n_parties++;
    }
}

static void match(RhPlaces *places)
{
    for (guint rank = 0; rank < N_RANKS; rank++)
        add_parties(places, (Rank)rank);
    for (guint party = 0; party < places->n_parties; party++)
        (void)rh_matching_place(places->matching, party);
    rh_matching_improve(places->matching);
}

/* Plans --------------------------------------------------------------------------------------- */

static RhDevice *matched(const RhPlaces *places, const RhPlace *place, guint row)
{
    guint column = place->party == NO_PARTY
                       ? RH_UNASSIGNED
                       : rh_matching_column(places->matching, place->party, row);

    return column == RH_UNASSIGNED ? NULL : g_ptr_array_index(places->columns, column);
}

static void hold_matched(RhPlaces *places, RhPlace *place, gboolean held)
{
    for (guint row = 0; row < place->guest->devices->len; row++) {
        RhDevice *device = matched(places, place, row);

        if (device && held)
            hold(places, place, device);
        else if (device)
            let_go(places, device);
    }
}

/* What it was matched with is there for it, and what nobody was: of these it gets the best. */
static void plan_matched(RhPlaces *places, RhPlace *place)
{
    hold_matched(places, place, FALSE);
    plan(places, place);
    for (guint i = 0; place->plan->fits && i < place->plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(place->plan->choices, i);

        hold(places, place, (RhDevice *)choice->device);
    }
}

/* Those who are served first, so that the others' plans say who has what they need. */
static void plan_all(RhPlaces *places)
{
    for (guint i = 0; i < places->list->len; i++)
        hold_matched(places, g_ptr_array_index(places->list, i), TRUE);
    for (guint served = 2; served-- > 0;) {
        for (guint i = 0; i < places->list->len; i++) {
            RhPlace *place = g_ptr_array_index(places->list, i);

            if ((matched(places, place, 0) != NULL) == served)
                plan_matched(places, place);
        }
    }
}

static void add_place(RhPlaces *places, RhDefinition *definition)
{
    RhPlace *place = g_new0(RhPlace, 1);

    place->definition = definition;
    place->guest = rh_domain_guest(definition->domain);
    place->party = NO_PARTY;
    g_ptr_array_add(places->list, place);
    g_hash_table_insert(places->by, definition, place);
    plan(places, place);
}

RhPlaces *rh_places_new(GPtrArray *definitions, RhScene *scene)
{
    RhPlaces *places = g_new0(RhPlaces, 1);

    places->scene = scene;
    places->list = g_ptr_array_new_with_free_func(place_free);
    places->by = g_hash_table_new(NULL, NULL);
    places->holders = g_hash_table_new(NULL, NULL);
    places->marked = g_hash_table_new(NULL, NULL);
    places->columns = g_ptr_array_new();
    places->column_of = g_hash_table_new(NULL, NULL);
    add_columns(places);
    places->matching = rh_matching_new(places->columns->len);
    for (guint i = 0; i < definitions->len; i++)
        add_place(places, g_ptr_array_index(definitions, i));
    match(places);
    plan_all(places);
    return places;
}

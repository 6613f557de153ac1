/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/matching.h"

#include "core/assign.h"
#include "core/guest.h"

#include <string.h>

/* How many offers rh_matching_improve() looks at: some tenths of a second. */
#define MAX_IMPROVING (20 * 1000 * 1000)

typedef struct {
    guint party;
    GArray *offers; /* of guint: columns, the most wanted first */
    guint column;   /* or RH_UNASSIGNED */
} Row;

/* All parties of one group: those that compete with each other, by others too. */
typedef struct {
    GArray *parties;  /* of guint, ascending */
    GArray *favoured; /* of guint: those of them that go first */
    guint n_columns;
    guint n_free;     /* of its columns */
    gboolean several; /* some have several rows */
} Group;

typedef struct {
    guint first_row;
    guint n_rows;
    gboolean placed;
    guint *own;       /* the columns that it is to keep if it can, one for each row; NULL: none */
    gboolean settled; /* it was given those */
    gboolean tried;   /* whether more are placed if it goes first */
    Group *group;
} Party;

struct RhMatching {
    GArray *parties;
    GArray *rows;
    GPtrArray *groups; /* of Group; NULL: not known yet */
    guint n_columns;
    guint *row_of;  /* per column: its row, or RH_UNASSIGNED */
    gboolean *dead; /* per column: nothing that is free can be reached from it */
    guint *before;  /* per column, in a search: the row from which it was reached */
    guint *seen;    /* per column: the search that reached it last */
    guint search;
    GArray *queue; /* of guint: the rows that a search has still to look at */
    guint64 work;
};

static void party_clear(gpointer data)
{
    g_free(((Party *)data)->own);
}

static void row_clear(gpointer data)
{
    g_array_unref(((Row *)data)->offers);
}

RhMatching *rh_matching_new(guint n_columns)
{
    RhMatching *matching = g_new0(RhMatching, 1);

    matching->parties = g_array_new(FALSE, FALSE, sizeof(Party));
    g_array_set_clear_func(matching->parties, party_clear);
    matching->rows = g_array_new(FALSE, FALSE, sizeof(Row));
    g_array_set_clear_func(matching->rows, row_clear);
    matching->queue = g_array_new(FALSE, FALSE, sizeof(guint));
    matching->n_columns = n_columns;
    matching->row_of = g_new(guint, n_columns);
    matching->dead = g_new0(gboolean, n_columns);
    matching->before = g_new0(guint, n_columns);
    matching->seen = g_new0(guint, n_columns);
    for (guint column = 0; column < n_columns; column++)
        matching->row_of[column] = RH_UNASSIGNED;
    return matching;
}

void rh_matching_free(RhMatching *matching)
{
    if (!matching)
        return;
    g_clear_pointer(&matching->groups, g_ptr_array_unref);
    g_array_unref(matching->parties);
    g_array_unref(matching->rows);
    g_array_unref(matching->queue);
    g_free(matching->row_of);
    g_free(matching->dead);
    g_free(matching->before);
    g_free(matching->seen);
    g_free(matching);
}

static Party *party_at(const RhMatching *matching, guint party)
{
    return &g_array_index(matching->parties, Party, party);
}

static Row *row_at(const RhMatching *matching, guint row)
{
    return &g_array_index(matching->rows, Row, row);
}

void rh_matching_add_party(RhMatching *matching)
{
    Party party = {.first_row = matching->rows->len};

    g_array_append_val(matching->parties, party);
}

void rh_matching_add_row(RhMatching *matching)
{
    guint last = matching->parties->len - 1;
    Row row = {last, g_array_new(FALSE, FALSE, sizeof(guint)), RH_UNASSIGNED};

    g_array_append_val(matching->rows, row);
    party_at(matching, last)->n_rows++;
}

void rh_matching_offer(RhMatching *matching, guint column)
{
    g_array_append_val(row_at(matching, matching->rows->len - 1)->offers, column);
}

static void group_free(gpointer data)
{
    Group *group = data;

    g_array_unref(group->parties);
    g_array_unref(group->favoured);
    g_free(group);
}

static Group *group_new(void)
{
    Group *group = g_new0(Group, 1);

    group->parties = g_array_new(FALSE, FALSE, sizeof(guint));
    group->favoured = g_array_new(FALSE, FALSE, sizeof(guint));
    return group;
}

/* The root of the tree that @i is in, which gets flatter by that. */
static guint find_root(guint *above, guint i)
{
    while (above[i] != i)
        i = above[i] = above[above[i]];
    return i;
}

/* Per party and then per column, one above it in its group's tree. */
static guint *join_groups(const RhMatching *matching)
{
    guint n = matching->parties->len;
    guint *above = g_new0(guint, n + matching->n_columns);

    for (guint i = 0; i < n + matching->n_columns; i++)
        above[i] = i;
    for (guint i = 0; i < matching->rows->len; i++) {
        const Row *row = row_at(matching, i);

        for (guint j = 0; j < row->offers->len; j++)
            above[find_root(above, n + g_array_index(row->offers, guint, j))] =
                find_root(above, row->party);
    }
    return above;
}

static void find_groups(RhMatching *matching)
{
    guint n = matching->parties->len;
    g_autofree guint *above = join_groups(matching);
    g_autofree Group **by_root = g_new0(Group *, n + matching->n_columns);

    matching->groups = g_ptr_array_new_with_free_func(group_free);
    for (guint i = 0; i < n + matching->n_columns; i++) {
        Group **group = &by_root[find_root(above, i)];

        if (!*group && i < n)
            g_ptr_array_add(matching->groups, *group = group_new());
        if (i < n) {
            g_array_append_val((*group)->parties, i);
            (*group)->several |= party_at(matching, i)->n_rows > 1;
            party_at(matching, i)->group = *group;
        } else if (*group) {
            (*group)->n_free = ++(*group)->n_columns;
        }
    }
}

static void give(RhMatching *matching, guint row, guint column)
{
    matching->row_of[column] = row;
    row_at(matching, row)->column = column;
}

void rh_matching_own(RhMatching *matching, const guint *columns)
{
    Party *last = party_at(matching, matching->parties->len - 1);

    last->own = g_memdup2(columns, last->n_rows * sizeof(guint));
}

static gboolean take_own(RhMatching *matching, Party *party)
{
    for (guint i = 0; i < party->n_rows; i++)
        if (!party->own || matching->row_of[party->own[i]] != RH_UNASSIGNED)
            return FALSE;
    for (guint i = 0; i < party->n_rows; i++)
        give(matching, party->first_row + i, party->own[i]);
    party->settled = TRUE;
    return TRUE;
}

/* The rows on the way to the free @column each get the next column on it. */
static void augment(RhMatching *matching, guint column)
{
    guint next;

    for (; column != RH_UNASSIGNED; column = next) {
        guint row = matching->before[column];

        next = row_at(matching, row)->column;
        give(matching, row, column);
    }
}

/* Looks at what @row is offered: TRUE where there was something free, and it was given. */
static gboolean look(RhMatching *matching, guint row, gboolean all)
{
    const GArray *offers = row_at(matching, row)->offers;

    for (guint i = 0; i < offers->len; i++) {
        guint column = g_array_index(offers, guint, i);
        guint owner = matching->row_of[column];

        matching->work++;
        if (matching->seen[column] == matching->search || matching->dead[column])
            continue;
        matching->seen[column] = matching->search;
        matching->before[column] = row;
        if (owner == RH_UNASSIGNED) {
            augment(matching, column);
            return TRUE;
        }
        if (all || !party_at(matching, row_at(matching, owner)->party)->settled)
            g_array_append_val(matching->queue, owner);
    }
    return FALSE;
}

/* The shortest way, so that as few as can be move; with @all also those who are settled. */
static gboolean place_row(RhMatching *matching, guint row, gboolean all)
{
    matching->search++;
    g_array_set_size(matching->queue, 0);
    g_array_append_val(matching->queue, row);
    for (guint i = 0; i < matching->queue->len; i++)
        if (look(matching, g_array_index(matching->queue, guint, i), all))
            return TRUE;
    return FALSE;
}

/* No way leads from what the last search, which looked at all, has seen to anything free, and none
 * ever will: whoever comes later finds no way through it either. */
static void bury(RhMatching *matching)
{
    for (guint column = 0; column < matching->n_columns; column++)
        matching->dead[column] |= matching->seen[column] == matching->search;
}

/* Who has what, to come back to. */
typedef struct {
    guint *row_of;    /* per column */
    guint *columns;   /* per row */
    gboolean *placed; /* per party */
} State;

static State state_keep(RhMatching *matching)
{
    State state = {g_memdup2(matching->row_of, matching->n_columns * sizeof(guint)),
                   g_new0(guint, matching->rows->len), g_new0(gboolean, matching->parties->len)};

    for (guint row = 0; row < matching->rows->len; row++)
        state.columns[row] = row_at(matching, row)->column;
    for (guint party = 0; party < matching->parties->len; party++)
        state.placed[party] = party_at(matching, party)->placed;
    matching->work += matching->n_columns + matching->rows->len;
    return state;
}

static void take_back(RhMatching *matching, const State *state)
{
    memcpy(matching->row_of, state->row_of, matching->n_columns * sizeof(guint));
    for (guint row = 0; row < matching->rows->len; row++)
        row_at(matching, row)->column = state->columns[row];
}

static void return_to(RhMatching *matching, const State *state)
{
    for (guint i = 0; i < matching->groups->len; i++) {
        Group *group = g_ptr_array_index(matching->groups, i);

        group->n_free = group->n_columns;
    }
    for (guint i = 0; i < matching->parties->len; i++) {
        Party *party = party_at(matching, i);

        party->placed = state->placed[i];
        party->group->n_free -= party->placed ? party->n_rows : 0;
    }
    take_back(matching, state);
}

static void state_clear(State *state)
{
    g_free(state->row_of);
    g_free(state->columns);
    g_free(state->placed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(State, state_clear)

static gboolean place(RhMatching *matching, Party *party, gboolean all)
{
    g_auto(State) state = {NULL, NULL, NULL};

    if (party->n_rows > 1)
        state = state_keep(matching);
    for (guint i = 0; i < party->n_rows; i++) {
        if (place_row(matching, party->first_row + i, all))
            continue;
        if (i == 0 && all)
            bury(matching);
        if (i > 0)
            take_back(matching, &state);
        return FALSE;
    }
    return TRUE;
}

static gboolean find_place(RhMatching *matching, Party *party)
{
    if (party->group->n_free < party->n_rows ||
        !(take_own(matching, party) || place(matching, party, FALSE) ||
          place(matching, party, TRUE)))
        return FALSE;
    party->placed = TRUE;
    party->group->n_free -= party->n_rows;
    return TRUE;
}

static guint count_placed(const RhMatching *matching, const Group *group)
{
    guint n = 0;

    for (guint i = 0; i < group->parties->len; i++)
        n += party_at(matching, g_array_index(group->parties, guint, i))->placed;
    return n;
}

static void clear_party(RhMatching *matching, Party *party)
{
    for (guint i = 0; i < party->n_rows && party->placed; i++) {
        Row *row = row_at(matching, party->first_row + i);

        matching->row_of[row->column] = RH_UNASSIGNED;
        row->column = RH_UNASSIGNED;
        party->group->n_free++;
    }
    party->placed = party->settled = FALSE;
}

/* How many are placed, the favoured first. */
static guint place_group(RhMatching *matching, const Group *group)
{
    const GArray *turns[] = {group->favoured, group->parties};
    guint n = 0;

    memset(matching->dead, 0, matching->n_columns * sizeof(gboolean));
    for (guint i = 0; i < group->parties->len; i++)
        clear_party(matching, party_at(matching, g_array_index(group->parties, guint, i)));
    for (guint turn = 0; turn < G_N_ELEMENTS(turns); turn++)
        for (guint i = 0; i < turns[turn]->len; i++) {
            Party *party = party_at(matching, g_array_index(turns[turn], guint, i));

            n += !party->placed && find_place(matching, party);
        }
    return n;
}

/* No more than this have a place, whatever is tried. */
static guint find_bound(const RhMatching *matching, const Group *group)
{
    guint of_size[RH_MAX_GUEST_DEVICES + 1] = {0};
    guint left = group->n_columns;
    guint n = 0;

    for (guint i = 0; i < group->parties->len; i++)
        of_size[party_at(matching, g_array_index(group->parties, guint, i))->n_rows]++;
    for (guint size = 1; size <= RH_MAX_GUEST_DEVICES; size++) {
        guint fit = MIN(of_size[size], left / size);

        n += fit;
        left -= fit * size;
        if (fit < of_size[size])
            break;
    }
    return n;
}

/* One that has no place, and was not let go first yet. FALSE: there is none. */
static gboolean find_untried(const RhMatching *matching, const Group *group, guint *ret_party)
{
    for (guint i = 0; i < group->parties->len; i++) {
        guint number = g_array_index(group->parties, guint, i);
        const Party *party = party_at(matching, number);

        if (party->placed || party->tried)
            continue;
        *ret_party = number;
        return TRUE;
    }
    return FALSE;
}

/* The parties with the fewest rows first. Owned by the caller. */
static GArray *order_by_size(const RhMatching *matching, const Group *group)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint size = 1; size <= RH_MAX_GUEST_DEVICES; size++)
        for (guint i = 0; i < group->parties->len; i++) {
            guint party = g_array_index(group->parties, guint, i);

            if (party_at(matching, party)->n_rows == size)
                g_array_append_val(order, party);
        }
    return order;
}

/* Places all anew. Whether that is better than @best; if not, all is as it was. */
static gboolean try_anew(RhMatching *matching, const Group *group, State *best, guint *n_best)
{
    guint n = place_group(matching, group);

    if (n <= *n_best) {
        return_to(matching, best);
        return FALSE;
    }
    *n_best = n;
    state_clear(best);
    *best = state_keep(matching);
    return TRUE;
}

/* Whoever has no place goes before all others in another try. */
static void favour_each(RhMatching *matching, Group *group, State *best, guint *n_best,
                        guint64 limit)
{
    guint bound = find_bound(matching, group);
    guint number;

    for (guint i = 0; i < group->parties->len; i++)
        party_at(matching, g_array_index(group->parties, guint, i))->tried = FALSE;
    g_array_set_size(group->favoured, 0);
    while (*n_best < bound && matching->work < limit && find_untried(matching, group, &number)) {
        party_at(matching, number)->tried = TRUE;
        g_array_append_val(group->favoured, number);
        if (!try_anew(matching, group, best, n_best))
            g_array_set_size(group->favoured, group->favoured->len - 1);
    }
}

/* A party of several rows may have the only columns of two others. Two orders are tried: the usual
 * one, and those with few rows first. */
static void improve_group(RhMatching *matching, Group *group, guint64 limit)
{
    guint n_best = count_placed(matching, group);
    g_auto(State) best = state_keep(matching);
    GArray *by_size = order_by_size(matching, group);

    favour_each(matching, group, &best, &n_best, limit);
    g_array_unref(group->parties);
    group->parties = by_size;
    if (n_best < find_bound(matching, group)) {
        g_array_set_size(group->favoured, 0);
        (void)try_anew(matching, group, &best, &n_best);
        favour_each(matching, group, &best, &n_best, limit);
    }
}

void rh_matching_improve(RhMatching *matching)
{
    guint64 limit = matching->work + MAX_IMPROVING;

    for (guint i = 0; matching->groups && i < matching->groups->len; i++) {
        Group *group = g_ptr_array_index(matching->groups, i);

        if (group->several)
            improve_group(matching, group, limit);
    }
}

gboolean rh_matching_place(RhMatching *matching, guint party)
{
    if (!matching->groups)
        find_groups(matching);
    return find_place(matching, party_at(matching, party));
}

guint rh_matching_column(const RhMatching *matching, guint party, guint row)
{
    const Party *one = party_at(matching, party);

    return one->placed ? row_at(matching, one->first_row + row)->column : RH_UNASSIGNED;
}

guint64 rh_matching_work(const RhMatching *matching)
{
    return matching->work;
}

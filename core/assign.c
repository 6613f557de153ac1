/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/assign.h"

#include <string.h>

/* A column that a row may have, and its cost. */
typedef struct {
    guint column;
    RhCost cost;
} Option;

/* What one failed search reached: the rows and columns (dense numbers) that compete. */
typedef struct {
    GArray *rows;
    GArray *columns;
} Contest;

struct RhAssign {
    guint n_rows;
    GArray **options;         /* per row, of Option, best first, at most n_rows */
    GArray *columns;          /* the distinct columns on offer, ascending: dense number -> column */
    guint width;              /* of a cost vector: its levels, then one place per row for ties */
    gint64 *costs;            /* n_rows x n columns x width */
    gboolean *offered;        /* n_rows x n columns */
    guint *row_of;            /* per dense column: its row, or RH_UNASSIGNED */
    guint *column_of;         /* per row: its dense column, or RH_UNASSIGNED */
    gint64 *row_potential;    /* n_rows x width */
    gint64 *column_potential; /* n columns x width */
    Contest *contests;        /* per row */
};

RhAssign *rh_assign_new(guint n_rows)
{
    RhAssign *assign = g_new0(RhAssign, 1);

    assign->n_rows = n_rows;
    assign->width = RH_N_COSTS + n_rows;
    assign->options = g_new0(GArray *, n_rows);
    assign->contests = g_new0(Contest, n_rows);
    for (guint row = 0; row < n_rows; row++)
        assign->options[row] = g_array_new(FALSE, FALSE, sizeof(Option));
    assign->columns = g_array_new(FALSE, FALSE, sizeof(guint));
    return assign;
}

void rh_assign_free(RhAssign *assign)
{
    if (!assign)
        return;
    for (guint row = 0; row < assign->n_rows; row++) {
        g_array_unref(assign->options[row]);
        g_clear_pointer(&assign->contests[row].rows, g_array_unref);
        g_clear_pointer(&assign->contests[row].columns, g_array_unref);
    }
    g_array_unref(assign->columns);
    g_free(assign->options);
    g_free(assign->contests);
    g_free(assign->costs);
    g_free(assign->offered);
    g_free(assign->row_of);
    g_free(assign->column_of);
    g_free(assign->row_potential);
    g_free(assign->column_potential);
    g_free(assign);
}

static int compare_options(const Option *a, const Option *b)
{
    int order = rh_cost_compare(&a->cost, &b->cost);

    return order ? order : (a->column > b->column) - (a->column < b->column);
}

void rh_assign_offer(RhAssign *assign, guint row, guint column, const RhCost *cost)
{
    GArray *options = assign->options[row];
    Option option = {.column = column, .cost = *cost};
    guint place = options->len;

    while (place > 0 && compare_options(&option, &g_array_index(options, Option, place - 1)) < 0)
        place--;
    if (place == assign->n_rows)
        return;
    g_array_insert_val(options, place, option);
    if (options->len > assign->n_rows)
        g_array_set_size(options, assign->n_rows);
}

static int compare_guint(gconstpointer a, gconstpointer b)
{
    guint one = *(const guint *)a;
    guint other = *(const guint *)b;

    return one < other ? -1 : one > other;
}

static void collect_columns(RhAssign *assign)
{
    GArray *columns = assign->columns;
    guint distinct = 0;

    for (guint row = 0; row < assign->n_rows; row++)
        for (guint i = 0; i < assign->options[row]->len; i++)
            g_array_append_val(columns, g_array_index(assign->options[row], Option, i).column);
    g_array_sort(columns, compare_guint);
    for (guint i = 0; i < columns->len; i++) {
        guint column = g_array_index(columns, guint, i);

        if (distinct == 0 || g_array_index(columns, guint, distinct - 1) != column)
            g_array_index(columns, guint, distinct++) = column;
    }
    g_array_set_size(columns, distinct);
}

static gint64 *cost_at(const RhAssign *assign, guint row, guint dense)
{
    return assign->costs + ((gsize)row * assign->columns->len + dense) * assign->width;
}

/* Lays the options out as a matrix; the place for ties of a row holds the column's number. */
static void fill_matrix(RhAssign *assign)
{
    gsize cells = (gsize)assign->n_rows * assign->columns->len;

    assign->costs = g_new0(gint64, cells * assign->width);
    assign->offered = g_new0(gboolean, cells);
    for (guint row = 0; row < assign->n_rows; row++) {
        for (guint i = 0; i < assign->options[row]->len; i++) {
            const Option *option = &g_array_index(assign->options[row], Option, i);
            guint dense = 0;
            gint64 *cost;

            (void)g_array_binary_search(assign->columns, &option->column, compare_guint, &dense);
            cost = cost_at(assign, row, dense);
            for (guint level = 0; level < RH_N_COSTS; level++)
                cost[level] = option->cost.levels[level];
            cost[RH_N_COSTS + row] = dense;
            assign->offered[(gsize)row * assign->columns->len + dense] = TRUE;
        }
    }
}

static int compare_vectors(const gint64 *a, const gint64 *b, guint width)
{
    for (guint i = 0; i < width; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static void add_vector(gint64 *to, const gint64 *what, gint64 sign, guint width)
{
    for (guint i = 0; i < width; i++)
        to[i] += sign * what[i];
}

/* One search for a place for a row: a shortest augmenting path (Jonker and Volgenant, Computing
 * 38, 1987) in reduced costs. */
typedef struct {
    gint64 *slack;  /* per column: the least reduced cost by which it was reached */
    gboolean *seen; /* per column: reached at all */
    gboolean *used; /* per column: in the tree */
    guint *before;  /* per column: the column before it on the path, or RH_UNASSIGNED */
} Search;

static Search search_new(const RhAssign *assign)
{
    guint n = assign->columns->len;
    Search search = {.slack = g_new0(gint64, (gsize)n * assign->width),
                     .seen = g_new0(gboolean, n),
                     .used = g_new0(gboolean, n),
                     .before = g_new0(guint, n)};

    return search;
}

static void search_clear(Search *search)
{
    g_free(search->slack);
    g_free(search->seen);
    g_free(search->used);
    g_free(search->before);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static gint64 *slack_at(const RhAssign *assign, const Search *search, guint dense)
{
    return search->slack + (gsize)dense * assign->width;
}

/* Lets @row, whose own column is @from, reach further columns. */
static void relax(const RhAssign *assign, Search *search, guint row, guint from)
{
    guint width = assign->width;
    g_autofree gint64 *reduced = g_new(gint64, width);

    for (guint dense = 0; dense < assign->columns->len; dense++) {
        if (search->used[dense] || !assign->offered[(gsize)row * assign->columns->len + dense])
            continue;
        memcpy(reduced, cost_at(assign, row, dense), width * sizeof *reduced);
        add_vector(reduced, assign->row_potential + (gsize)row * width, -1, width);
        add_vector(reduced, assign->column_potential + (gsize)dense * width, -1, width);
        if (search->seen[dense] &&
            compare_vectors(slack_at(assign, search, dense), reduced, width) <= 0)
            continue;
        memcpy(slack_at(assign, search, dense), reduced, width * sizeof *reduced);
        search->seen[dense] = TRUE;
        search->before[dense] = from;
    }
}

static guint nearest(const RhAssign *assign, const Search *search)
{
    guint best = RH_UNASSIGNED;

    for (guint dense = 0; dense < assign->columns->len; dense++)
        if (search->seen[dense] && !search->used[dense] &&
            (best == RH_UNASSIGNED ||
             compare_vectors(slack_at(assign, search, dense), slack_at(assign, search, best),
                             assign->width) < 0))
            best = dense;
    return best;
}

/* Keeps reduced costs at zero in the tree and at or above it elsewhere. */
static void shift(RhAssign *assign, const Search *search, guint root, const gint64 *delta)
{
    guint width = assign->width;

    add_vector(assign->row_potential + (gsize)root * width, delta, 1, width);
    for (guint dense = 0; dense < assign->columns->len; dense++) {
        if (search->used[dense]) {
            add_vector(assign->row_potential + (gsize)assign->row_of[dense] * width, delta, 1,
                       width);
            add_vector(assign->column_potential + (gsize)dense * width, delta, -1, width);
        } else if (search->seen[dense]) {
            add_vector(slack_at(assign, search, dense), delta, -1, width);
        }
    }
}

static void augment(RhAssign *assign, const Search *search, guint root, guint dense)
{
    while (dense != RH_UNASSIGNED) {
        guint before = search->before[dense];
        guint row = before == RH_UNASSIGNED ? root : assign->row_of[before];

        assign->row_of[dense] = row;
        assign->column_of[row] = dense;
        dense = before;
    }
}

static void keep_contest(RhAssign *assign, const Search *search, guint root)
{
    Contest *contest = &assign->contests[root];

    contest->rows = g_array_new(FALSE, FALSE, sizeof(guint));
    contest->columns = g_array_new(FALSE, FALSE, sizeof(guint));
    g_array_append_val(contest->rows, root);
    for (guint dense = 0; dense < assign->columns->len; dense++) {
        if (!search->used[dense])
            continue;
        g_array_append_val(contest->rows, assign->row_of[dense]);
        g_array_append_val(contest->columns, g_array_index(assign->columns, guint, dense));
    }
    g_array_sort(contest->rows, compare_guint);
}

static gboolean place_row(RhAssign *assign, guint root)
{
    g_auto(Search) search = search_new(assign);
    g_autofree gint64 *delta = g_new(gint64, assign->width);
    guint dense;

    relax(assign, &search, root, RH_UNASSIGNED);
    while ((dense = nearest(assign, &search)) != RH_UNASSIGNED) {
        memcpy(delta, slack_at(assign, &search, dense), assign->width * sizeof *delta);
        shift(assign, &search, root, delta);
        if (assign->row_of[dense] == RH_UNASSIGNED) {
            augment(assign, &search, root, dense);
            return TRUE;
        }
        search.used[dense] = TRUE;
        relax(assign, &search, assign->row_of[dense], dense);
    }
    keep_contest(assign, &search, root);
    return FALSE;
}

gboolean rh_assign_solve(RhAssign *assign)
{
    gboolean all = TRUE;

    collect_columns(assign);
    fill_matrix(assign);
    assign->row_potential = g_new0(gint64, (gsize)assign->n_rows * assign->width);
    assign->column_potential = g_new0(gint64, (gsize)assign->columns->len * assign->width);
    assign->row_of = g_new(guint, assign->columns->len);
    assign->column_of = g_new(guint, assign->n_rows);
    for (guint dense = 0; dense < assign->columns->len; dense++)
        assign->row_of[dense] = RH_UNASSIGNED;
    for (guint row = 0; row < assign->n_rows; row++)
        assign->column_of[row] = RH_UNASSIGNED;
    for (guint row = 0; row < assign->n_rows; row++)
        all &= place_row(assign, row);
    return all;
}

guint rh_assign_column(const RhAssign *assign, guint row)
{
    guint dense = assign->column_of[row];

    return dense == RH_UNASSIGNED ? RH_UNASSIGNED : g_array_index(assign->columns, guint, dense);
}

void rh_assign_contest(const RhAssign *assign, guint row, GArray **ret_rows, GArray **ret_columns)
{
    g_assert(assign->contests[row].rows);
    *ret_rows = g_array_ref(assign->contests[row].rows);
    *ret_columns = g_array_ref(assign->contests[row].columns);
}

RhCost rh_assign_cost(const RhAssign *assign)
{
    RhCost sum = {{0}};

    for (guint row = 0; row < assign->n_rows; row++) {
        guint dense = assign->column_of[row];

        for (guint level = 0; dense != RH_UNASSIGNED && level < RH_N_COSTS; level++)
            sum.levels[level] += (gint)cost_at(assign, row, dense)[level];
    }
    return sum;
}

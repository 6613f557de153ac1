/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The assignment against brute force, and by hand where a greedy one would fail. */
#include "core/assign.h"

#define MAX_ROWS 5u
#define MAX_COLUMNS 7u
#define N_INSTANCES 20000

typedef struct {
    guint n_rows;
    guint n_columns;
    gboolean offered[MAX_ROWS][MAX_COLUMNS];
    RhCost cost[MAX_ROWS][MAX_COLUMNS];
} Instance;

/* What brute force found: the columns of the rows, RH_UNASSIGNED where a row has none. */
typedef struct {
    guint n_assigned;
    RhCost cost;
    guint columns[MAX_ROWS];
} Solution;

static RhCost cost_of(int level, int value)
{
    RhCost cost = {{0}};

    cost.levels[level] = value;
    return cost;
}

static int compare_costs(const RhCost *a, const RhCost *b)
{
    for (guint level = 0; level < RH_N_COSTS; level++)
        if (a->levels[level] != b->levels[level])
            return a->levels[level] < b->levels[level] ? -1 : 1;
    return 0;
}

static Instance random_instance(GRand *rand)
{
    Instance instance = {.n_rows = (guint)g_rand_int_range(rand, 1, MAX_ROWS + 1),
                         .n_columns = (guint)g_rand_int_range(rand, 0, MAX_COLUMNS + 1)};
    double density = g_rand_double_range(rand, 0.2, 1);
    int range = g_rand_int_range(rand, 1, 4);

    for (guint row = 0; row < instance.n_rows; row++) {
        for (guint column = 0; column < instance.n_columns; column++) {
            instance.offered[row][column] = g_rand_double(rand) < density;
            for (guint level = 0; level < RH_N_COSTS; level++)
                instance.cost[row][column].levels[level] = g_rand_int_range(rand, 0, range);
        }
    }
    return instance;
}

static RhAssign *offer_all(const Instance *instance)
{
    RhAssign *assign = rh_assign_new(instance->n_rows);

    for (guint row = 0; row < instance->n_rows; row++)
        for (guint column = 0; column < instance->n_columns; column++)
            if (instance->offered[row][column])
                rh_assign_offer(assign, row, column, &instance->cost[row][column]);
    return assign;
}

/* Tries every column for @row and those after it, lowest first: so of equal ones the first stays.
 */
static void search(const Instance *instance, guint row, guint taken, Solution *current,
                   Solution *best)
{
    RhCost before = current->cost;

    if (row == instance->n_rows) {
        if (current->n_assigned > best->n_assigned ||
            (current->n_assigned == best->n_assigned &&
             compare_costs(&current->cost, &best->cost) < 0))
            *best = *current;
        return;
    }
    for (guint column = 0; column < instance->n_columns; column++) {
        if (!instance->offered[row][column] || (taken >> column & 1))
            continue;
        for (guint level = 0; level < RH_N_COSTS; level++)
            current->cost.levels[level] += instance->cost[row][column].levels[level];
        current->columns[row] = column;
        current->n_assigned++;
        search(instance, row + 1, taken | 1u << column, current, best);
        current->n_assigned--;
        current->cost = before;
    }
    current->columns[row] = RH_UNASSIGNED;
    search(instance, row + 1, taken, current, best);
}

static Solution brute_force(const Instance *instance)
{
    Solution current = {0};
    Solution best = {0};

    for (guint level = 0; level < RH_N_COSTS; level++)
        best.cost.levels[level] = G_MAXINT;
    search(instance, 0, 0, &current, &best);
    return best;
}

static guint count_assigned(const RhAssign *assign, guint n_rows)
{
    guint n = 0;

    for (guint row = 0; row < n_rows; row++)
        n += rh_assign_column(assign, row) != RH_UNASSIGNED;
    return n;
}

/* Every row of a contest may have no other columns than the contest's, which are too few. */
static void check_contest(const Instance *instance, const RhAssign *assign, guint row)
{
    g_autoptr(GArray) rows = NULL;
    g_autoptr(GArray) columns = NULL;
    gboolean has_row = FALSE;

    rh_assign_contest(assign, row, &rows, &columns);
    g_assert_cmpuint(rows->len, ==, columns->len + 1);
    for (guint i = 0; i < rows->len; i++) {
        guint rival = g_array_index(rows, guint, i);

        has_row |= rival == row;
        for (guint column = 0; column < instance->n_columns; column++) {
            gboolean in_contest = FALSE;

            for (guint j = 0; j < columns->len; j++)
                in_contest |= g_array_index(columns, guint, j) == column;
            g_assert_true(in_contest || !instance->offered[rival][column]);
        }
    }
    g_assert_true(has_row);
}

static void test_brute_force(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
    guint n_complete = 0;

    for (guint i = 0; i < N_INSTANCES; i++) {
        Instance instance = random_instance(rand);
        g_autoptr(RhAssign) assign = offer_all(&instance);
        Solution best = brute_force(&instance);
        gboolean complete = rh_assign_solve(assign);
        RhCost cost = rh_assign_cost(assign);

        g_assert_cmpint(complete, ==, best.n_assigned == instance.n_rows);
        g_assert_cmpuint(count_assigned(assign, instance.n_rows), ==, best.n_assigned);
        n_complete += complete;
        for (guint row = 0; row < instance.n_rows; row++) {
            if (complete)
                g_assert_cmpuint(rh_assign_column(assign, row), ==, best.columns[row]);
            else if (rh_assign_column(assign, row) == RH_UNASSIGNED)
                check_contest(&instance, assign, row);
        }
        if (complete)
            g_assert_cmpint(compare_costs(&cost, &best.cost), ==, 0);
    }
    /* both kinds of instances were met in number */
    g_assert_cmpuint(n_complete, >, N_INSTANCES / 5);
    g_assert_cmpuint(n_complete, <, N_INSTANCES * 4 / 5);
}

/* The first row would take the only column of the second. */
static void test_greedy_fails(void)
{
    g_autoptr(RhAssign) assign = rh_assign_new(2);
    RhCost cheap = {{0}};
    RhCost dear = cost_of(RH_COST_NAME, 1);

    rh_assign_offer(assign, 0, 10, &cheap);
    rh_assign_offer(assign, 0, 20, &dear);
    rh_assign_offer(assign, 1, 10, &cheap);
    g_assert_true(rh_assign_solve(assign));
    g_assert_cmpuint(rh_assign_column(assign, 0), ==, 20);
    g_assert_cmpuint(rh_assign_column(assign, 1), ==, 10);
}

/* However many of a lower level there are, they weigh less than one of a higher level. */
static void test_levels(void)
{
    g_autoptr(RhAssign) assign = rh_assign_new(1);
    RhCost many = cost_of(RH_COST_NAME, G_MAXINT);
    RhCost one = cost_of(RH_COST_EXCESS, 1);

    rh_assign_offer(assign, 0, 0, &one);
    rh_assign_offer(assign, 0, 1, &many);
    g_assert_true(rh_assign_solve(assign));
    g_assert_cmpuint(rh_assign_column(assign, 0), ==, 1);
}

static void test_ties(void)
{
    g_autoptr(RhAssign) assign = rh_assign_new(3);
    RhCost same = {{0}};

    for (guint row = 0; row < 3; row++)
        for (guint column = 9; column > 0; column--)
            rh_assign_offer(assign, row, column, &same);
    g_assert_true(rh_assign_solve(assign));
    for (guint row = 0; row < 3; row++)
        g_assert_cmpuint(rh_assign_column(assign, row), ==, row + 1);
}

static void test_nothing(void)
{
    g_autoptr(RhAssign) none = rh_assign_new(0);
    g_autoptr(RhAssign) one = rh_assign_new(1);

    g_assert_true(rh_assign_solve(none));
    g_assert_false(rh_assign_solve(one));
    g_assert_cmpuint(rh_assign_column(one, 0), ==, RH_UNASSIGNED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/assign/brute-force", test_brute_force);
    g_test_add_func("/assign/greedy-fails", test_greedy_fails);
    g_test_add_func("/assign/levels", test_levels);
    g_test_add_func("/assign/ties", test_ties);
    g_test_add_func("/assign/nothing", test_nothing);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many parties are placed, against what can be at all; who keeps what it has; what it costs. */
#include "core/assign.h"
#include "core/matching.h"

#define MAX_PARTIES 7u
#define MAX_ROWS 3u
#define MAX_COLUMNS 6u

/* A case small enough to try everything. */
typedef struct {
    guint n_parties;
    guint n_columns;
    guint n_rows[MAX_PARTIES];
    guint offers[MAX_PARTIES][MAX_ROWS]; /* a bit for each column */
} Crowd;

static Crowd crowd_make(GRand *random, guint max_rows)
{
    Crowd crowd = {.n_parties = (guint)g_rand_int_range(random, 1, MAX_PARTIES + 1),
                   .n_columns = (guint)g_rand_int_range(random, 1, MAX_COLUMNS + 1)};

    for (guint party = 0; party < crowd.n_parties; party++) {
        crowd.n_rows[party] = (guint)g_rand_int_range(random, 1, (gint32)max_rows + 1);
        for (guint row = 0; row < crowd.n_rows[party]; row++)
            crowd.offers[party][row] = g_rand_int(random) & g_rand_int(random);
    }
    return crowd;
}

static RhMatching *crowd_match(const Crowd *crowd)
{
    RhMatching *matching = rh_matching_new(crowd->n_columns);

    for (guint party = 0; party < crowd->n_parties; party++) {
        rh_matching_add_party(matching);
        for (guint row = 0; row < crowd->n_rows[party]; row++) {
            rh_matching_add_row(matching);
            for (guint column = 0; column < crowd->n_columns; column++)
                if (crowd->offers[party][row] >> column & 1)
                    rh_matching_offer(matching, column);
        }
    }
    for (guint party = 0; party < crowd->n_parties; party++)
        (void)rh_matching_place(matching, party);
    rh_matching_improve(matching);
    return matching;
}

/* How many can be placed, from @party and its @row on; each way is tried. */
static guint find_most(const Crowd *crowd, guint party, guint row, guint used, guint before)
{
    guint most = 0;

    if (party == crowd->n_parties)
        return 0;
    if (row == crowd->n_rows[party])
        return 1 + find_most(crowd, party + 1, 0, used, used);
    for (guint column = 0; column < crowd->n_columns; column++)
        if ((crowd->offers[party][row] & ~used) >> column & 1)
            most = MAX(most, find_most(crowd, party, row + 1, used | 1u << column, before));
    return row == 0 ? MAX(most, find_most(crowd, party + 1, 0, before, before)) : most;
}

/* How many are placed; each has what it was offered, and nobody else has that. */
static guint count_placed(const Crowd *crowd, const RhMatching *matching)
{
    guint used = 0;
    guint n = 0;

    for (guint party = 0; party < crowd->n_parties; party++) {
        guint n_rows = 0;

        for (guint row = 0; row < crowd->n_rows[party]; row++) {
            guint column = rh_matching_column(matching, party, row);

            if (column == RH_UNASSIGNED)
                continue;
            g_assert_cmpuint(crowd->offers[party][row] >> column & 1, ==, 1);
            g_assert_cmpuint(used >> column & 1, ==, 0);
            used |= 1u << column;
            n_rows++;
        }
        g_assert_true(n_rows == 0 || n_rows == crowd->n_rows[party]);
        n += n_rows > 0;
    }
    return n;
}

static void test_single_rows(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint i = 0; i < 3000; i++) {
        Crowd crowd = crowd_make(random, 1);
        g_autoptr(RhMatching) matching = crowd_match(&crowd);

        g_assert_cmpuint(count_placed(&crowd, matching), ==, find_most(&crowd, 0, 0, 0, 0));
    }
}

/* Not always to be had so cheaply, but in all of these. */
static void test_several_rows(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(2);

    for (guint i = 0; i < 3000; i++) {
        Crowd crowd = crowd_make(random, MAX_ROWS);
        g_autoptr(RhMatching) matching = crowd_match(&crowd);

        g_assert_cmpuint(count_placed(&crowd, matching), ==, find_most(&crowd, 0, 0, 0, 0));
    }
}

/* Who keeps what it has makes no room where another column would do. */
static void test_own(void)
{
    g_autoptr(RhMatching) matching = rh_matching_new(4);
    static const guint own[] = {0};
    static const guint offers[][3] = {{0, 1, 2}, {1, 2, 0}, {0, 1, 3}};

    for (guint party = 0; party < G_N_ELEMENTS(offers); party++) {
        rh_matching_add_party(matching);
        rh_matching_add_row(matching);
        for (guint i = 0; i < G_N_ELEMENTS(offers[party]); i++)
            rh_matching_offer(matching, offers[party][i]);
        if (party == 0)
            rh_matching_own(matching, own);
    }
    for (guint party = 0; party < G_N_ELEMENTS(offers); party++)
        g_assert_true(rh_matching_place(matching, party));
    g_assert_cmpuint(rh_matching_column(matching, 0, 0), ==, 0);
    g_assert_cmpuint(rh_matching_column(matching, 1, 0), ==, 1);
    g_assert_cmpuint(rh_matching_column(matching, 2, 0), ==, 3);
}

/* Whose own columns are the only ones for another moves all the same. */
static void test_own_moves(void)
{
    g_autoptr(RhMatching) matching = rh_matching_new(2);
    static const guint own[] = {0};

    for (guint party = 0; party < 2; party++) {
        rh_matching_add_party(matching);
        rh_matching_add_row(matching);
        rh_matching_offer(matching, 0);
        if (party == 0) {
            rh_matching_offer(matching, 1);
            rh_matching_own(matching, own);
        }
    }
    g_assert_true(rh_matching_place(matching, 0));
    g_assert_true(rh_matching_place(matching, 1));
    g_assert_cmpuint(rh_matching_column(matching, 0, 0), ==, 1);
    g_assert_cmpuint(rh_matching_column(matching, 1, 0), ==, 0);
}

/* Parties of @n_rows rows, each of which may have every column, three for two that are needed. */
static guint64 find_work(guint n_parties, guint n_rows)
{
    guint n_columns = n_parties * n_rows * 2 / 3 + 1;
    g_autoptr(RhMatching) matching = rh_matching_new(n_columns);
    guint n = 0;

    for (guint party = 0; party < n_parties; party++) {
        rh_matching_add_party(matching);
        for (guint row = 0; row < n_rows; row++) {
            rh_matching_add_row(matching);
            for (guint column = 0; column < n_columns; column++)
                rh_matching_offer(matching, column);
        }
    }
    for (guint party = 0; party < n_parties; party++)
        n += rh_matching_place(matching, party);
    g_assert_cmpuint(n, ==, n_columns / n_rows);
    rh_matching_improve(matching);
    return rh_matching_work(matching);
}

/* Twice as many parties have four times as many offers, and not more is looked at. */
static void test_work(void)
{
    g_assert_cmpuint(find_work(600, 1), <=, 5 * find_work(300, 1));
    g_assert_cmpuint(find_work(600, 2), <=, 5 * find_work(300, 2));
}

int main(int argc, char **argv)
{
    g_log_writer_default_set_use_stderr(TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/matching/single-rows", test_single_rows);
    g_test_add_func("/matching/several-rows", test_several_rows);
    g_test_add_func("/matching/own", test_own);
    g_test_add_func("/matching/own-moves", test_own_moves);
    g_test_add_func("/matching/work", test_work);
    return g_test_run();
}

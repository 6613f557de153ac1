/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When guests are looked at again, without libvirt and without a clock. */
#include "recorder/timetable.h"

#define SECOND G_USEC_PER_SEC
#define NOW (1000 * SECOND)
#define SETTLED (NOW + SECOND / 5)

/* The uuids of those that are due at @now, in their order, with a blank between them. */
static char *describe_due(const RhTimetable *table, gint64 now)
{
    g_autoptr(GPtrArray) due = rh_timetable_due(table, now);

    g_ptr_array_add(due, NULL);
    return g_strjoinv(" ", (GStrv)due->pdata);
}

static void assert_due(const RhTimetable *table, gint64 now, const char *expected)
{
    g_autofree char *due = describe_due(table, now);

    g_assert_cmpstr(due, ==, expected);
}

/* Events come in groups: the last of them counts. */
static void test_settle(void)
{
    g_auto(RhTimetable) table = {0};
    RhWatch *watch;

    rh_timetable_init(&table);
    g_assert_cmpint(rh_timetable_next(&table), ==, RH_NEVER);
    assert_due(&table, NOW, "");
    watch = rh_timetable_touch(&table, "a", NOW - SECOND / 10);
    watch->news.fresh = TRUE;
    watch->needs = RH_KIND_BIT(RH_KIND_MDEV);
    g_assert_true(rh_timetable_touch(&table, "a", NOW) == watch);
    g_assert_true(watch->news.fresh);
    g_assert_cmpint(watch->needs, ==, 0);
    g_assert_cmpint(rh_timetable_next(&table), ==, SETTLED);
    assert_due(&table, SETTLED - 1, "");
    assert_due(&table, SETTLED, "a");
}

/* What was known of a guest that runs is over when it ends. */
static void test_end(void)
{
    g_auto(RhTimetable) table = {0};
    RhWatch *watch;

    rh_timetable_init(&table);
    watch = rh_timetable_touch(&table, "a", NOW);
    watch->news = (RhNews){.fresh = TRUE, .arrived = TRUE};
    watch->complaint = g_strdup("its record cannot be read");
    rh_watch_end(watch);
    g_assert_false(watch->news.fresh || watch->news.arrived);
    g_assert_null(watch->complaint);
    g_assert_cmpint(watch->due, ==, SETTLED);
    g_assert_true(rh_timetable_find(&table, "a") == watch);
    g_assert_null(rh_timetable_find(&table, "b"));
    rh_timetable_forget(&table, "a");
    g_assert_null(rh_timetable_find(&table, "a"));
    g_assert_cmpint(rh_timetable_next(&table), ==, RH_NEVER);
}

/* How a delay grows: seconds after each of the first tries, and in the end. */
static void assert_grows(void (*again)(RhWatch *, gint64), const guint *seconds, guint n)
{
    RhWatch watch = {.news = {.arrived = TRUE}};

    for (guint i = 0; i < n; i++) {
        again(&watch, NOW);
        g_assert_cmpint((watch.due - NOW) / SECOND, ==, seconds[i]);
        g_assert_cmpint((watch.due - NOW) % SECOND, ==, 0);
    }
    /* a try that is not the last keeps what happened to the guest */
    g_assert_true(watch.news.arrived);
}

static void test_held(void)
{
    const guint seconds[] = {2, 4, 8, 16, 30, 30};

    assert_grows(rh_watch_held, seconds, G_N_ELEMENTS(seconds));
}

static void test_trouble(void)
{
    const guint seconds[] = {2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};

    assert_grows(rh_watch_fail, seconds, G_N_ELEMENTS(seconds));
}

/* Features that a guest driver negotiates are looked for at first soon, then slowly; trouble in
 * between makes no difference to that, and an event begins anew. */
static void test_look(void)
{
    const guint seconds[] = {2, 4, 8, 16, 32, 60, 60};
    g_auto(RhTimetable) table = {0};
    RhWatch *watch;

    rh_timetable_init(&table);
    watch = rh_timetable_touch(&table, "a", NOW);
    for (guint i = 0; i < G_N_ELEMENTS(seconds); i++) {
        watch->news.fresh = TRUE;
        rh_watch_held(watch, NOW);
        rh_watch_done(watch, TRUE, NOW);
        g_assert_cmpint(watch->due, ==, NOW + seconds[i] * SECOND);
        g_assert_cmpint(watch->retry_delay, ==, 0);
        g_assert_false(watch->news.fresh);
    }
    (void)rh_timetable_touch(&table, "a", NOW);
    rh_watch_done(watch, TRUE, NOW);
    g_assert_cmpint(watch->due, ==, NOW + 2 * SECOND);
    rh_watch_done(watch, FALSE, NOW);
    g_assert_cmpint(watch->due, ==, RH_NEVER);
    assert_due(&table, RH_NEVER, "");
}

/* One that must be looked at takes along those that would be soon; those with trouble never come
 * early, and come last. */
static void test_company(void)
{
    g_auto(RhTimetable) table = {0};
    RhWatch *looked;
    RhWatch *troubled;

    rh_timetable_init(&table);
    looked = rh_timetable_touch(&table, "looked", NOW);
    rh_watch_done(looked, TRUE, NOW);
    rh_watch_done(looked, TRUE, NOW); /* in 4 seconds */
    troubled = rh_timetable_touch(&table, "troubled", NOW);
    rh_watch_done(troubled, TRUE, NOW);
    rh_watch_fail(troubled, NOW); /* in 2 seconds */
    (void)rh_timetable_touch(&table, "new", NOW);
    assert_due(&table, SETTLED, "new");
    assert_due(&table, NOW + 2 * SECOND - 1, "new");
    rh_timetable_forget(&table, "new");
    assert_due(&table, NOW + 2 * SECOND - 1, "");
    assert_due(&table, NOW + 2 * SECOND, "looked troubled");
    (void)rh_timetable_touch(&table, "rest", NOW);
    rh_watch_done(rh_timetable_find(&table, "rest"), FALSE, NOW);
    (void)rh_timetable_touch(&table, "new", NOW);
    assert_due(&table, SETTLED, "new");
    rh_watch_done(looked, TRUE, NOW - 4 * SECOND); /* 8 seconds after that: soon enough at NOW */
    rh_timetable_forget(&table, "new");
    (void)rh_timetable_touch(&table, "troubled", NOW - SECOND);
    rh_watch_held(troubled, NOW - 2 * SECOND);
    assert_due(&table, NOW, "looked troubled");
}

/* Devices that cannot be gathered: nobody is looked at, for longer and longer where a process may
 * have been left behind. An event does not shorten that, and a person's wish does. */
static void test_postpone(void)
{
    g_auto(RhTimetable) table = {0};
    g_autoptr(GPtrArray) due = NULL;

    rh_timetable_init(&table);
    (void)rh_timetable_touch(&table, "a", NOW);
    due = rh_timetable_due(&table, SETTLED);
    g_ptr_array_add(due, g_strdup("gone"));
    for (guint i = 0; i < 9; i++)
        rh_timetable_postpone(&table, due, FALSE, SETTLED);
    g_assert_cmpint(rh_timetable_next(&table), ==, SETTLED + 30 * SECOND);
    for (guint i = 0; i < 9; i++)
        rh_timetable_postpone(&table, due, TRUE, SETTLED);
    g_assert_cmpint(rh_timetable_next(&table), ==, SETTLED + 900 * SECOND);
    g_assert_cmpint(rh_timetable_find(&table, "a")->due, ==, SETTLED + 900 * SECOND);
    (void)rh_timetable_touch(&table, "b", NOW);
    g_assert_cmpint(rh_timetable_next(&table), ==, SETTLED + 900 * SECOND);
    assert_due(&table, SETTLED + 900 * SECOND - 1, "");
    rh_timetable_hurry(&table);
    assert_due(&table, SETTLED, "b");
    rh_timetable_postpone(&table, due, TRUE, SETTLED);
    g_assert_cmpint(table.gather.due, ==, SETTLED + 2 * SECOND);
}

static void test_retry(void)
{
    const guint seconds[] = {2, 4, 8, 16, 30, 30};
    RhRetry retry = {0};

    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < G_N_ELEMENTS(seconds); i++) {
            rh_retry_fail(&retry, NOW);
            g_assert_cmpint(retry.due, ==, NOW + seconds[i] * SECOND);
        }
        rh_retry_pass(&retry);
    }
}

int main(int argc, char **argv)
{
    g_log_writer_default_set_use_stderr(TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timetable/settle", test_settle);
    g_test_add_func("/timetable/end", test_end);
    g_test_add_func("/timetable/held", test_held);
    g_test_add_func("/timetable/trouble", test_trouble);
    g_test_add_func("/timetable/look", test_look);
    g_test_add_func("/timetable/company", test_company);
    g_test_add_func("/timetable/postpone", test_postpone);
    g_test_add_func("/timetable/retry", test_retry);
    return g_test_run();
}

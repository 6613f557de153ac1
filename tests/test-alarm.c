/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/alarm.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SOON_US (100 * 1000)
#define LATE_US (600 * G_USEC_PER_SEC)

static gint64 after(gint64 us)
{
    return g_get_monotonic_time() + us;
}

static void hang(void)
{
    for (;;)
        (void)pause();
}

static void check(const char *test, int status, const char *said)
{
    g_test_trap_subprocess(test, 0, (GTestSubprocessFlags)0);
    g_assert_cmpint(g_test_trap_reached_timeout(), ==, FALSE);
    if (status == 0)
        g_test_trap_assert_passed();
    else
        g_test_trap_assert_failed();
    g_test_trap_assert_stderr(said);
}

static void refuse(void)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    rh_alarm_set(after(LATE_US), NULL);
    rh_alarm_set(after(SOON_US), "guest 'web1' took too long");
    hang();
}

static void test_refuses(void)
{
    check("/alarm/subprocess/refuse", 1, "guest 'web1' took too long\n");
}

static void pass(void)
{
    rh_alarm_set(after(LATE_US), "guest 'web1' took too long");
    rh_alarm_set(0, NULL);
    hang();
}

static void test_passes(void)
{
    check("/alarm/subprocess/pass", 0, "");
}

static void clear(void)
{
    rh_alarm_set(after(SOON_US), "guest 'web1' took too long");
    rh_alarm_clear();
    g_usleep(3 * SOON_US);
}

static void test_clears(void)
{
    check("/alarm/subprocess/clear", 0, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alarm/refuses", test_refuses);
    g_test_add_func("/alarm/passes", test_passes);
    g_test_add_func("/alarm/clears", test_clears);
    g_test_add_func("/alarm/subprocess/refuse", refuse);
    g_test_add_func("/alarm/subprocess/pass", pass);
    g_test_add_func("/alarm/subprocess/clear", clear);
    return g_test_run();
}

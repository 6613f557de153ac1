/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/child.h"
#include "util/error.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define TOO_MUCH ((gsize)2 * 1024 * 1024 * 1024)

/* The answer of @work within @seconds; NULL where it has none. */
static GVariant *run(RhChildWork work, gint64 seconds, GError **error)
{
    GVariant *result = NULL;

    return rh_child_run(work, NULL, G_VARIANT_TYPE_INT32,
                        g_get_monotonic_time() + seconds * G_USEC_PER_SEC, &result, error)
               ? result
               : NULL;
}

static GVariant *answer(gpointer data G_GNUC_UNUSED)
{
    return g_variant_new_int32(42);
}

static void test_answer(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) result = run(answer, 60, &error);

    g_assert_no_error(error);
    g_assert_cmpint(g_variant_get_int32(result), ==, 42);
}

static GVariant *take_memory(gpointer data G_GNUC_UNUSED)
{
    volatile char *memory = g_try_malloc(TOO_MUCH);

    return g_variant_new_int32(memory ? memory[0] = 1 : 0);
}

static void test_memory(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) result = NULL;

    if (getenv("LD_PRELOAD") || strstr(RH_SANITIZERS, "address")) {
        g_test_skip("what watches the memory takes as much");
        return;
    }
    result = run(take_memory, 60, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_variant_get_int32(result), ==, 0);
}

static GVariant *read_limits(gpointer data G_GNUC_UNUSED)
{
    struct rlimit core;
    struct rlimit cpu;

    g_assert_cmpint(getrlimit(RLIMIT_CORE, &core), ==, 0);
    g_assert_cmpint(getrlimit(RLIMIT_CPU, &cpu), ==, 0);
    return g_variant_new_int32(core.rlim_cur == 0 && cpu.rlim_cur > 0 && cpu.rlim_cur <= 61 &&
                               (strstr(RH_SANITIZERS, "address") || prctl(PR_GET_DUMPABLE) == 0));
}

static void test_limits(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) result = NULL;

    rh_child_forbid_cores();
    result = run(read_limits, 60, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_variant_get_int32(result), ==, 1);
}

static GVariant *spin(gpointer data G_GNUC_UNUSED)
{
    for (;;)
        continue;
    return NULL;
}

static void test_late(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(run(spin, 1, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/child/answer", test_answer);
    g_test_add_func("/child/memory", test_memory);
    g_test_add_func("/child/late", test_late);
    g_test_add_func("/child/limits", test_limits);
    return g_test_run();
}

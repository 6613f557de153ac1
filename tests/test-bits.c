/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/bits.h"

#define N 200u /* more than fit into three words */

static void assert_only(const guint64 *words, guint number)
{
    for (guint other = 0; other < N; other++)
        g_assert_cmpint(rh_bits_have(words, other), ==, other == number);
}

static void test_words(void)
{
    g_assert_cmpuint(RH_BITS_WORDS(1), ==, 1);
    g_assert_cmpuint(RH_BITS_WORDS(64), ==, 1);
    g_assert_cmpuint(RH_BITS_WORDS(65), ==, 2);
    g_assert_cmpuint(RH_BITS_WORDS(128), ==, 2);
    g_assert_cmpuint(RH_BITS_WORDS(129), ==, 3);
    g_assert_cmpuint(RH_BITS_WORDS(N), ==, 4);
}

/* Each number comes and goes alone, in whichever word it is. */
static void test_alone(void)
{
    guint64 words[RH_BITS_WORDS(N)] = {0};

    assert_only(words, N);
    for (guint number = 0; number < N; number++) {
        rh_bits_add(words, number);
        rh_bits_add(words, number);
        assert_only(words, number);
        rh_bits_remove(words, number);
        rh_bits_remove(words, number);
        assert_only(words, N);
    }
}

/* And leaves the others where they are. */
static void test_together(void)
{
    guint64 words[RH_BITS_WORDS(N)] = {0};

    for (guint number = 0; number < N; number++)
        rh_bits_add(words, number);
    for (guint number = 0; number < N; number += 3)
        rh_bits_remove(words, number);
    for (guint number = 0; number < N; number++)
        g_assert_cmpint(rh_bits_have(words, number), ==, number % 3 != 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bits/words", test_words);
    g_test_add_func("/bits/alone", test_alone);
    g_test_add_func("/bits/together", test_together);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of rules: what each row has to say. */
#include "core/rulebook.h"

static void assert_row(const RhRule *rule)
{
    g_assert_nonnull(rule->attribute);
    g_assert_nonnull(rule->comparison);
    g_assert_cmpuint(rule->match & ~RH_MATCH_ANY, ==, 0);
    g_assert_cmpuint(rule->match, !=, 0);
    g_assert_nonnull(rule->text);
    /* One sentence, and its source. */
    g_assert_nonnull(rule->why);
    if (!g_regex_match_simple("^\\w.* \\(\\w.+\\)\\.$", rule->why, 0, 0))
        g_error("%s, %s: no reason with its source: %s", rule->attribute, rule->comparison->name,
                rule->why);
}

static void test_rows(void)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const RhRuleSet *set = rh_rulebook((RhKind)kind);

        g_assert_cmpint(set != NULL, ==, rh_kind_is_given((RhKind)kind));
        for (guint i = 0; set && i < set->n_rows; i++)
            assert_row(&set->rows[i]);
        if (set && set->listed_row)
            assert_row(set->listed_row);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/rows", test_rows);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome rules: what a device has to be to stand in for another, and why. */
#include "cli/command.h"

#include "cli/json.h"
#include "core/rulebook.h"

#include <string.h>

enum { ATTRIBUTE, ONLY, CAPABILITY, EXACT, WHEN, WHY, N_COLUMNS };

typedef void (*Show)(gpointer to, RhKind kind, const RhRule *rule);

/* Each row of @kind, the one that stands for listed parameters last. */
static void for_each(RhKind kind, Show show, gpointer to)
{
    const RhRuleSet *set = rh_rulebook(kind);

    for (guint i = 0; i < set->n_rows; i++)
        show(to, kind, &set->rows[i]);
    if (set->listed_row)
        show(to, kind, set->listed_row);
}

static const char *when_of(const RhRule *rule)
{
    switch (rule->when) {
    case RH_WHEN_STREAM:
        return "stream";
    case RH_WHEN_ALWAYS:
        return "always";
    case RH_WHEN_COLD:
        return "cold";
    }
    g_assert_not_reached();
}

/* What @rule is called under @match; NULL: that policy does not have it. */
static const char *comparison_of(const RhRule *rule, RhMatch match)
{
    return rule->match & match ? rule->comparison->name : NULL;
}

static char *policy_cell(const RhRule *rule, RhMatch match)
{
    const char *comparison = comparison_of(rule, match);

    return g_strdup_printf("%s%s", comparison ? comparison : "-",
                           comparison && rule->otherwise == RH_OTHERWISE_WARN ? " (warns)" : "");
}

/* Adds the cells of @rule to the table @to, a GPtrArray of GStrv. */
static void add_cells(gpointer to, RhKind kind G_GNUC_UNUSED, const RhRule *rule)
{
    char **cells = g_new0(char *, N_COLUMNS + 1);

    cells[ATTRIBUTE] = g_strdup(rule->attribute);
    cells[ONLY] = g_strdup(rule->only ? rule->only : "all");
    cells[CAPABILITY] = policy_cell(rule, RH_MATCH_CAPABILITY);
    cells[EXACT] = policy_cell(rule, RH_MATCH_EXACT);
    cells[WHEN] = g_strdup(when_of(rule));
    cells[WHY] = g_strdup(rule->why);
    g_ptr_array_add(to, cells);
}

static int width_of(const GPtrArray *table, guint column)
{
    gsize width = 0;

    for (guint i = 0; i < table->len; i++)
        width = MAX(width, strlen(((GStrv)g_ptr_array_index(table, i))[column]));
    return (int)width;
}

static void append_text(GString *out, RhKind kind)
{
    static const char *const head[] = {"attribute", "of",  "capability", "exact",
                                       "when",      "why", NULL};
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    int widths[N_COLUMNS];

    g_ptr_array_add(table, g_strdupv((GStrv)head));
    for_each(kind, add_cells, table);
    for (guint column = 0; column < N_COLUMNS; column++)
        widths[column] = width_of(table, column);
    g_string_append_printf(out, "%s%s (%s)\n", out->len ? "\n" : "", rh_kind_info(kind)->noun,
                           rh_kind_info(kind)->element);
    for (guint i = 0; i < table->len; i++) {
        GStrv cells = g_ptr_array_index(table, i);

        for (guint column = 0; column < WHY; column++)
            g_string_append_printf(out, "%-*s  ", widths[column], cells[column]);
        g_string_append_printf(out, "%s\n", cells[WHY]);
    }
}

static void add_json(gpointer to, RhKind kind, const RhRule *rule)
{
    JsonBuilder *builder = to;

    json_builder_begin_object(builder);
    rh_json_add_text(builder, "kind", rh_kind_info(kind)->element);
    rh_json_add_text(builder, "attribute", rule->attribute);
    rh_json_add_text(builder, "only", rule->only);
    rh_json_add_text(builder, "capability", comparison_of(rule, RH_MATCH_CAPABILITY));
    rh_json_add_text(builder, "exact", comparison_of(rule, RH_MATCH_EXACT));
    json_builder_set_member_name(builder, "warning");
    json_builder_add_boolean_value(builder, rule->otherwise == RH_OTHERWISE_WARN);
    rh_json_add_text(builder, "when", when_of(rule));
    json_builder_set_member_name(builder, "identity");
    json_builder_add_boolean_value(builder, rule->identity);
    rh_json_add_text(builder, "why", rule->why);
    json_builder_end_object(builder);
}

/* Whether @kind is @wanted, where that is not NULL, and has rules. */
static gboolean is_wanted(RhKind kind, const char *wanted)
{
    return rh_rulebook(kind) != NULL &&
           (!wanted || g_str_equal(wanted, rh_kind_info(kind)->element));
}

static gboolean check_kind(const char *wanted, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        if (is_wanted((RhKind)kind, wanted))
            return TRUE;
        if (rh_rulebook((RhKind)kind))
            g_string_append_printf(names, "%s%s", names->len ? "|" : "",
                                   rh_kind_info((RhKind)kind)->element);
    }
    (void)rh_command_misused(error, "--kind is '%s', must be one of %s", wanted, names->str);
    return FALSE;
}

static void append_json(GString *out, const char *wanted)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "rules");
    json_builder_begin_array(builder);
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (is_wanted((RhKind)kind, wanted))
            for_each((RhKind)kind, add_json, builder);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    rh_json_append(out, builder);
}

RhExit rh_command_rules(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    RhFormat format;

    if (words[0])
        return rh_command_misused(error, "rules takes no words, but there is '%s'", words[0]);
    if (!rh_command_format(options, "text|json", &format, error) ||
        !check_kind(options->kind, error))
        return RH_EXIT_TROUBLE;
    if (format == RH_FORMAT_JSON)
        append_json(output->out, options->kind);
    else
        for (guint kind = 0; kind < RH_N_KINDS; kind++)
            if (is_wanted((RhKind)kind, options->kind))
                append_text(output->out, (RhKind)kind);
    return RH_EXIT_FITS;
}

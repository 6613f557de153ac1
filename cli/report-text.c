/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report for people: one paragraph per host, one per device, a line per candidate. */
#include "cli/answer.h"

#include "core/explain.h"
#include "util/text.h"

#define MAX_NAMES 6u /* candidates named that have the same reasons */

/* Candidates that say the same are told in one line: a host may have thousands. */
typedef struct {
    char *text;
    GPtrArray *names;
} Line;

static void line_free(gpointer data)
{
    Line *line = data;

    g_free(line->text);
    g_ptr_array_unref(line->names);
    g_free(line);
}

/* "vdpa0 (/dev/vhost-vdpa-0)", or a uuid. */
static char *name_of(const RhDevice *device)
{
    const char *name = rh_device_name(device);
    const char *key = rh_device_key(device);

    return key && g_strcmp0(name, key) != 0 ? g_strdup_printf("%s (%s)", name, key)
                                            : g_strdup(name);
}

/* Takes @name over. */
static void add_line(GPtrArray *lines, GHashTable *by_text, const char *text, char *name)
{
    Line *line = g_hash_table_lookup(by_text, text);

    if (!line) {
        line = g_new0(Line, 1);
        line->text = g_strdup(text);
        line->names = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(lines, line);
        g_hash_table_insert(by_text, line->text, line);
    }
    g_ptr_array_add(line->names, name);
}

static GPtrArray *lines_of(const RhPlan *plan, const RhChoice *choice)
{
    g_autoptr(GPtrArray) candidates = rh_plan_candidates(plan, choice);
    g_autoptr(GHashTable) by_text = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);

    for (guint i = 0; i < candidates->len; i++) {
        const RhCandidate *candidate = g_ptr_array_index(candidates, i);
        g_autofree char *text = rh_candidate_describe(candidate, TRUE);

        if (candidate->device != choice->device)
            add_line(lines, by_text, text, name_of(candidate->device));
    }
    return lines;
}

static void append_line(GString *out, const char *indent, const char *text)
{
    g_autofree char *line = rh_one_line(g_strdup(text));

    g_string_append_printf(out, "%s%s\n", indent, line);
}

static void append_choice(GString *out, const RhPlan *plan, const RhChoice *choice)
{
    g_autofree char *device = rh_guest_device_describe(choice->guest_device);
    g_autoptr(GPtrArray) lines = lines_of(plan, choice);
    g_autoptr(GPtrArray) warnings = rh_choice_warnings(plan, choice);
    g_autofree char *name = choice->device ? name_of(choice->device) : NULL;
    g_autofree char *refusal = rh_choice_refusal(plan, choice);
    g_autofree char *result = NULL;

    if (refusal)
        result = g_strdup_printf("%s %s", device, refusal);
    else
        result = g_strdup_printf("%s -> %s", device, name ? name : "left as it is");
    append_line(out, "  ", result);
    for (guint i = 0; i < warnings->len; i++) {
        g_autofree char *warning = g_strconcat("warning: ", g_ptr_array_index(warnings, i), NULL);

        append_line(out, "      ", warning);
    }
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = g_ptr_array_index(lines, i);
        g_autofree char *names = rh_join_names(line->names, MAX_NAMES);
        g_autofree char *text = g_strdup_printf("%s: %s", names, line->text);

        append_line(out, "      ", text);
    }
}

/* "3 hours old" */
static char *describe_age(gint64 seconds)
{
    static const struct {
        const char *unit;
        gint64 seconds;
    } units[] = {{"days", 86400}, {"hours", 3600}, {"minutes", 60}, {"s", 1}};
    guint i = 0;

    if (seconds < 0)
        return g_strdup("of unknown age");
    while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
        i++;
    return g_strdup_printf("%" G_GINT64_FORMAT " %s old", seconds / units[i].seconds,
                           units[i].unit);
}

/* What the answer goes by; nothing where that is this host itself. */
static void append_file(GString *out, const RhAnswer *answer)
{
    g_autofree char *age = describe_age(rh_answer_age(answer));
    g_autofree char *line = NULL;

    if (!answer->file)
        return;
    line = g_strdup_printf("by the inventory '%s', %s%s", answer->file, age,
                           answer->inventory->incomplete ? ", which is not complete" : "");
    append_line(out, "  ", line);
}

static void append_fault(GString *out, const RhAnswer *answer)
{
    g_autofree char *line =
        g_strdup_printf("host '%s' could not be asked: %s", answer->file, answer->fault);

    append_line(out, "", line);
}

void rh_answers_append_faults(GString *out, GPtrArray *answers)
{
    for (guint i = 0; i < answers->len; i++) {
        const RhAnswer *answer = g_ptr_array_index(answers, i);

        if (answer->fault)
            append_fault(out, answer);
    }
}

/* What is the same on each host: what nobody looked at. */
static void append_unattended(GString *out, const RhGuest *guest, const RhPolicy *policy)
{
    gboolean refused = FALSE;

    for (guint i = 0; i < guest->unattended->len; i++) {
        const RhUnattended *unattended = g_ptr_array_index(guest->unattended, i);
        g_autofree char *said = rh_unattended_tell(unattended);
        g_autofree char *warning = g_strconcat("warning: ", said, NULL);
        g_autofree char *refusal = NULL;

        if (rh_unattended_is_refused(unattended, policy))
            refusal = rh_unattended_refusal(unattended);
        append_line(out, "  ", refusal ? refusal : warning);
        refused |= refusal != NULL;
    }
    if (refused)
        append_line(out, "  ", RH_UNATTENDED_REMEDY);
}

static const char *headline(const RhGuest *guest, const RhAnswer *answer)
{
    if (!rh_answer_judges(guest, answer))
        return ": nothing to do";
    return answer->fits ? " fits" : " does not fit";
}

static void append_answer(GString *out, const RhGuest *guest, const RhAnswer *answer)
{
    g_autofree char *head = g_strdup_printf(
        "guest '%s'%s on host '%s'%s", guest->name ? guest->name : "", headline(guest, answer),
        answer->name, guest->boots ? ", when it boots there anew" : "");

    append_line(out, "", head);
    append_file(out, answer);
    if (!rh_guest_has_ours(guest))
        append_line(out, "  ", "it has " RH_KINDS_NONE " that are looked after");
    for (guint i = 0; i < answer->plan->choices->len; i++)
        append_choice(out, answer->plan, g_ptr_array_index(answer->plan->choices, i));
    append_unattended(out, guest, answer->plan->context.policy);
}

void rh_answers_append_text(GString *out, const RhGuest *guest, GPtrArray *answers)
{
    for (guint i = 0; i < answers->len; i++) {
        const RhAnswer *answer = g_ptr_array_index(answers, i);

        if (i > 0)
            g_string_append_c(out, '\n');
        if (answer->fault)
            append_fault(out, answer);
        else
            append_answer(out, guest, answer);
    }
}

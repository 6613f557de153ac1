/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rules.h"

#include "core/rulebook.h"

#include "core/features.h"

#include <string.h>

RhFact rh_fact_number(guint64 number)
{
    return (RhFact){.state = RH_FACT_NUMBER, .number = number};
}

RhFact rh_fact_text(const char *text)
{
    return (RhFact){.state = text ? RH_FACT_TEXT : RH_FACT_UNKNOWN, .text = text};
}

RhFact rh_fact_none(void)
{
    return (RhFact){.state = RH_FACT_NONE};
}

RhFact rh_fact_unknown(void)
{
    return (RhFact){.state = RH_FACT_UNKNOWN};
}

RhFact rh_source_nothing(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_unknown();
}

RhFact rh_fact(const RhDevice *device, RhAttr attr)
{
    if (!rh_device_knows(device, attr))
        return rh_fact_unknown();
    switch (rh_attr_info(attr)->type) {
    case RH_TYPE_TEXT:
        return rh_fact_text(device->values[attr].text);
    case RH_TYPE_USER:
        return (RhFact){.state = RH_FACT_USER, .user = device->values[attr].user};
    case RH_TYPE_NUMBER:
    case RH_TYPE_HEX:
    case RH_TYPE_MAC:
    case RH_TYPE_BOOL:
        return rh_fact_number(device->values[attr].number);
    }
    g_assert_not_reached();
}

static gboolean both_numbers(RhFact a, RhFact b)
{
    return a.state == RH_FACT_NUMBER && b.state == RH_FACT_NUMBER;
}

static gboolean equal_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                            RhFact source, RhFact host)
{
    if (source.state != host.state)
        return FALSE;
    if (source.state == RH_FACT_USER)
        return rh_user_equal(source.user, host.user);
    return source.number == host.number && g_strcmp0(source.text, host.text) == 0;
}

static gboolean at_least_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                               RhFact source, RhFact host)
{
    return !both_numbers(source, host) || host.number >= source.number;
}

static gboolean at_most_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                              RhFact source, RhFact host)
{
    return !both_numbers(source, host) || host.number <= source.number;
}

static gboolean within_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                             RhFact source, RhFact host)
{
    return (source.number & ~host.number) == 0;
}

/* A device used by this very guest, on the host that its record names, is free. */
static gboolean free_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                           RhFact source G_GNUC_UNUSED, RhFact host G_GNUC_UNUSED)
{
    const RhGuest *guest = c->context->guest;
    RhUser user;

    return !rh_device_used_by(c->device, &user) ||
           (c->context->at_home && rh_user_is_guest(&user, guest->name, guest->uuid));
}

static gboolean present_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                              RhFact source G_GNUC_UNUSED, RhFact host)
{
    return host.state != RH_FACT_UNKNOWN;
}

const RhComparison rh_equal = {"equal", equal_holds};
const RhComparison rh_at_least = {"at-least", at_least_holds};
const RhComparison rh_at_most = {"at-most", at_most_holds};
const RhComparison rh_within = {"within", within_holds};
const RhComparison rh_free = {"free", free_holds};
const RhComparison rh_present = {"present", present_holds};

void rh_reason_free(RhReason *reason)
{
    g_free(reason->attribute);
    g_free(reason->source);
    g_free(reason->host);
    g_free(reason->text);
    g_free(reason);
}

gboolean rh_case_differs(const RhCase *c, RhAttr attr)
{
    return !equal_holds(c, NULL, rh_fact(c->entry, attr), rh_fact(c->device, attr));
}

static gboolean is_same(const RhCase *c, RhAttr attr)
{
    return rh_device_knows(c->entry, attr) && rh_device_knows(c->device, attr) &&
           !rh_case_differs(c, attr);
}

/* Whether it is the very device that the record names, on its host. What hangs on the same hardware
 * under the same name is, even if a reboot gave it another number. */
static gboolean is_very_device(const RhCase *c)
{
    const RhKindInfo *info = rh_kind_info(c->device->kind);

    return c->context->at_home && is_same(c, info->name) &&
           (is_same(c, info->key) || is_same(c, info->home));
}

/* The same where also the key is: a reboot changed nothing that could make it another. */
static gboolean is_itself(const RhCase *c)
{
    return is_very_device(c) && is_same(c, rh_kind_info(c->device->kind)->key);
}

/* Whether unknown values decide this row; if so, *@ret_result says how. */
static gboolean settle_unknown(const RhCase *c, const RhRule *rule, RhFact source, RhFact host,
                               RhResult *ret_result)
{
    gboolean source_unknown = source.state == RH_FACT_UNKNOWN;
    gboolean host_unknown = host.state == RH_FACT_UNKNOWN;

    if (!source_unknown && !host_unknown)
        return FALSE;
    *ret_result = RH_RESULT_UNKNOWN;
    switch (rule->unknown) {
    case RH_UNKNOWN_FAILS:
    case RH_UNKNOWN_WARNS: /* warns_of() */
        return TRUE;
    case RH_UNKNOWN_IF_ANOTHER:
        if (is_itself(c))
            *ret_result = RH_RESULT_HOLDS;
        return TRUE;
    case RH_UNKNOWN_IF_RECORDED:
        if (source_unknown)
            *ret_result = RH_RESULT_HOLDS;
        return TRUE;
    case RH_UNKNOWN_SAME_ABSENCE:
        if (source_unknown && host_unknown)
            *ret_result = RH_RESULT_HOLDS;
        return TRUE;
    case RH_UNKNOWN_PASSES:
        *ret_result = RH_RESULT_HOLDS;
        return TRUE;
    case RH_UNKNOWN_COMPARED:
        return FALSE;
    }
    g_assert_not_reached();
}

static char *format_fact(const RhRule *rule, RhFact fact)
{
    switch (fact.state) {
    case RH_FACT_UNKNOWN:
        return NULL;
    case RH_FACT_NONE:
        return g_strdup("none offered");
    case RH_FACT_TEXT:
        return g_strdup(fact.text);
    case RH_FACT_USER:
        return rh_user_format(fact.user);
    case RH_FACT_NUMBER:
        return rh_attr_format(rule->attr, (RhValue){.number = fact.number});
    }
    g_assert_not_reached();
}

/* Who uses the device; another guest of the same name is told apart by its uuid. */
static char *describe_user(const RhCase *c)
{
    RhUser user;
    g_autofree char *words = NULL;

    if (!rh_device_used_by(c->device, &user))
        return NULL;
    words = rh_user_format(&user);
    return user.uuid && rh_user_is_guest(&user, c->context->guest->name, NULL)
               ? g_strdup_printf("%s (%s)", words, user.uuid)
               : g_steal_pointer(&words);
}

/* A value as sentences have it; @value is NULL where it is unknown. */
static const char *word_for(const char *value)
{
    if (!value)
        return "unknown";
    return *value ? value : "empty";
}

/* What {@word} stands for in a rule's sentence; owned by the caller. */
static char *stands_for(const char *word, const RhCase *c, const RhRule *rule,
                        const RhReason *reason, guint64 missing)
{
    const char *mgmtdev = rh_device_text(c->device, RH_ATTR_MGMTDEV);

    if (g_str_equal(word, "source"))
        return g_strdup(word_for(reason->source));
    if (g_str_equal(word, "host"))
        return g_strdup(word_for(reason->host));
    if (g_str_equal(word, "user"))
        return describe_user(c);
    if (g_str_equal(word, "name"))
        return g_strdup(rh_device_name(c->device));
    if (g_str_equal(word, "mgmtdev"))
        return g_strdup(mgmtdev ? mgmtdev : "MGMTDEV");
    if (g_str_equal(word, "missing"))
        return rh_features_describe(missing, c->guest_device->class);
    g_assert(g_str_equal(word, "attribute"));
    return g_strdup(rule->attribute);
}

static char *fill_in(const RhCase *c, const RhRule *rule, const RhReason *reason, guint64 missing)
{
    g_auto(GStrv) parts = g_strsplit(rule->text, "{", -1);
    GString *text = g_string_new(parts[0]);

    for (guint i = 1; parts[i]; i++) {
        char *rest = strchr(parts[i], '}');
        g_autofree char *word = g_strndup(parts[i], (gsize)(rest - parts[i]));
        g_autofree char *value = stands_for(word, c, rule, reason, missing);

        g_string_append(text, value ? value : "");
        g_string_append(text, rest + 1);
    }
    return g_string_free(text, FALSE);
}

static char *unknown_text(const RhRule *rule, const RhReason *reason, RhFact source)
{
    const char *separator = rule->unrecorded ? ": " : "";
    const char *advice = rule->unrecorded ? rule->unrecorded : "";

    if (!reason->source && !reason->host)
        return g_strdup_printf("%s is unknown, in the record and of the device%s%s",
                               rule->attribute, separator, advice);
    if (!reason->source)
        return g_strdup_printf("%s is unknown in the record, the device has %s%s%s",
                               rule->attribute, word_for(reason->host), separator, advice);
    if (source.state == RH_FACT_NONE)
        return g_strdup_printf("%s of the device is unknown", rule->attribute);
    return g_strdup_printf("%s of the device is unknown, must %s %s%s%s", rule->attribute,
                           rule->comparison == &rh_within ? "include" : "be",
                           word_for(reason->source), rule->unshown ? ": " : "",
                           rule->unshown ? rule->unshown : "");
}

/* Whether a row that does not hold only warns. */
static gboolean warns_of(const RhRule *rule, RhResult result, RhFact source)
{
    return rule->otherwise == RH_OTHERWISE_WARN ||
           (rule->unknown == RH_UNKNOWN_WARNS && result == RH_RESULT_UNKNOWN &&
            source.state == RH_FACT_UNKNOWN);
}

/* Whether the device is only not known to be free. */
static gboolean may_be_used(const RhCase *c, const RhRule *rule)
{
    RhUser user;

    return rule->comparison == &rh_free && rh_device_used_by(c->device, &user) &&
           rh_user_is_unknown(&user);
}

static char *describe(const RhCase *c, const RhRule *rule, const RhReason *reason, guint64 missing)
{
    return may_be_used(c, rule) ? g_strdup("may be in use: who uses it could not be looked at, "
                                           "which takes root")
                                : fill_in(c, rule, reason, missing);
}

static RhReason *explain(const RhCase *c, const RhRule *rule, RhResult result, RhFact source,
                         RhFact host)
{
    RhReason *reason = g_new0(RhReason, 1);

    reason->warning = warns_of(rule, result, source);
    reason->attribute = g_strdup(rule->attribute);
    reason->rule = rule->comparison->name;
    reason->source = format_fact(rule, source);
    reason->host = format_fact(rule, host);
    reason->text = result == RH_RESULT_UNKNOWN
                       ? unknown_text(rule, reason, source)
                       : describe(c, rule, reason, source.number & ~host.number);
    return reason;
}

static gboolean applies(const RhRule *rule, const RhCase *c)
{
    const char *class = c->guest_device->class ? c->guest_device->class : c->guest_device->model;

    return (rule->match & c->context->policy->match) &&
           rule->when != (c->context->cold ? RH_WHEN_STREAM : RH_WHEN_COLD) &&
           (!rule->only || g_strcmp0(rule->only, class) == 0);
}

/* Several rows may have the same to say: of an unknown feature word, for one. */
static void add_reason(GPtrArray *reasons, RhReason *reason)
{
    for (guint i = 0; i < reasons->len; i++) {
        if (g_str_equal(((RhReason *)g_ptr_array_index(reasons, i))->text, reason->text)) {
            rh_reason_free(reason);
            return;
        }
    }
    g_ptr_array_add(reasons, reason);
}

/* One row. FALSE where it rejects the device. */
static gboolean judge_row(const RhCase *c, const RhRule *rule, GPtrArray *reasons)
{
    RhResult result;
    RhFact source;
    RhFact host;

    if (!applies(rule, c))
        return TRUE;
    source = rule->source ? rule->source(c, rule) : rh_fact(c->entry, rule->attr);
    host = rule->host ? rule->host(c, rule) : rh_fact(c->device, rule->attr);
    if (!settle_unknown(c, rule, source, host, &result))
        result = rule->comparison->holds(c, rule, source, host) ? RH_RESULT_HOLDS : RH_RESULT_FAILS;
    if (result == RH_RESULT_HOLDS)
        return TRUE;
    if (reasons)
        add_reason(reasons, explain(c, rule, result, source, host));
    return warns_of(rule, result, source);
}

/* Those of a device that a guest can have. */
static const RhRuleSet *rules_for(const RhCase *c)
{
    const RhRuleSet *set = rh_rulebook(c->device->kind);

    g_assert(set);
    return set;
}

/* Judges @n rows, until one ends it. FALSE where any rejects the device. */
static gboolean judge_rows(const RhCase *c, const RhRule *rules, guint n, GPtrArray *reasons)
{
    gboolean fits = TRUE;

    for (guint i = 0; i < n; i++) {
        if (judge_row(c, &rules[i], reasons))
            continue;
        fits = FALSE;
        if (!reasons || rules[i].otherwise == RH_OTHERWISE_END)
            break;
    }
    return fits;
}

gboolean rh_judge(const RhCase *c, GPtrArray *reasons)
{
    const RhRuleSet *set = rules_for(c);
    gboolean fits = judge_rows(c, set->rows, set->n_rows, reasons);
    RhRule listed;

    for (guint i = 0; set->listed && (fits || reasons) && set->listed(c, i, &listed); i++)
        fits &= judge_row(c, &listed, reasons);
    return fits;
}

gboolean rh_judge_identity(const RhCase *c, GPtrArray *reasons)
{
    const RhRuleSet *set = rules_for(c);
    gboolean fits = TRUE;

    for (guint i = 0; i < set->n_rows; i++) {
        if (!set->rows[i].identity || judge_row(c, &set->rows[i], reasons))
            continue;
        fits = FALSE;
        if (set->rows[i].otherwise == RH_OTHERWISE_END)
            break;
    }
    return fits;
}

guint rh_judge_rejections(const RhCase *c)
{
    const RhRuleSet *set = rules_for(c);
    guint rejections = 0;
    RhRule listed;

    for (guint i = 0; i < set->n_rows; i++)
        rejections += !judge_row(c, &set->rows[i], NULL);
    for (guint i = 0; set->listed && set->listed(c, i, &listed); i++)
        rejections += !judge_row(c, &listed, NULL);
    return rejections;
}

static gboolean is_elsewhere(const RhCase *c)
{
    const RhGuest *guest = c->context->guest;
    guint64 node = rh_device_number(c->device, RH_ATTR_NUMA_NODE, RH_MAX_NODES);

    return guest->bound && (node >= RH_MAX_NODES || !guest->nodes[node]);
}

RhCost rh_cost(const RhCase *c)
{
    const RhRuleSet *set = rules_for(c);
    gboolean same_name = !rh_case_differs(c, rh_kind_info(c->device->kind)->name);
    RhCost cost = {{0}};

    cost.levels[RH_COST_MOVED] = !is_very_device(c);
    cost.levels[RH_COST_NAMED] = rh_device_knows(c->device, RH_ATTR_NAMED_BY);
    cost.levels[RH_COST_NUMA] = is_elsewhere(c);
    cost.levels[RH_COST_NAME] = !same_name;
    if (set->cost)
        set->cost(c, &cost);
    return cost;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a mediated device can stand in for another. Its state is opaque: only the same driver reads
 * it, so nearly everything must be equal (linux drivers/vfio, NVIDIA's vGPU migration notes).
 */
#include "core/rules.h"

#include "util/text.h"

#include <string.h>

static RhFact source_model(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_text(c->guest_device->model);
}

static RhFact source_attribute(const RhCase *c, const RhRule *rule)
{
    return rh_fact_text(rh_device_attribute(c->entry, rule->attribute));
}

static RhFact host_attribute(const RhCase *c, const RhRule *rule)
{
    return rh_fact_text(rh_device_attribute(c->device, rule->attribute));
}

static gboolean accepted_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                               RhFact host)
{
    return rh_policy_accepts(c->context->policy, source.text, host.text) >= 0;
}

/* A type that stands in by the administrator's list has another name. */
static gboolean type_name_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                                RhFact host)
{
    const char *recorded = rh_device_text(c->entry, RH_ATTR_TYPE);
    const char *type = rh_device_text(c->device, RH_ATTR_TYPE);

    return g_str_equal(source.text, host.text) ||
           (recorded && type && rh_policy_accepts(c->context->policy, recorded, type) > 0);
}

static gboolean is_nvidia(const RhCase *c)
{
    return g_strcmp0(rh_device_text(c->device, RH_ATTR_DRIVER), "nvidia") == 0;
}

/* Whether @fact reads "major.minor…"; *@ret_major is what stands before the first dot. */
static gboolean has_major(RhFact fact, guint64 *ret_major)
{
    const char *dot = fact.state == RH_FACT_TEXT ? strchr(fact.text, '.') : NULL;
    g_autofree char *major = dot ? g_strndup(fact.text, (gsize)(dot - fact.text)) : NULL;

    return dot && g_ascii_isdigit(dot[1]) && rh_parse_number(major, G_MAXUINT64, ret_major);
}

static gboolean version_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                              RhFact host)
{
    guint64 source_major;
    guint64 host_major;

    if (is_nvidia(c))
        return source.state == RH_FACT_TEXT && g_strcmp0(source.text, host.text) == 0;
    if (!has_major(source, &source_major) || !has_major(host, &host_major))
        return TRUE;
    return source_major == host_major && rh_natural_compare(host.text, source.text) >= 0;
}

/* Versions that say nothing: left to the driver, which checks its own stream. */
static gboolean version_said_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                                   RhFact host)
{
    guint64 major;

    return is_nvidia(c) || (has_major(source, &major) && has_major(host, &major)) ||
           (source.state == RH_FACT_TEXT && g_strcmp0(source.text, host.text) == 0);
}

static GHashTable *set_of(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n,", -1);
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; words[i]; i++)
        if (*words[i])
            g_hash_table_add(set, g_strdup(words[i]));
    return set;
}

static gboolean same_set_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                               RhFact source, RhFact host)
{
    g_autoptr(GHashTable) ours = set_of(source.text);
    g_autoptr(GHashTable) theirs = set_of(host.text);
    GHashTableIter iter;
    gpointer word;

    g_hash_table_iter_init(&iter, ours);
    while (g_hash_table_iter_next(&iter, &word, NULL))
        if (!g_hash_table_contains(theirs, word))
            return FALSE;
    return g_hash_table_size(ours) == g_hash_table_size(theirs);
}

/* The string is opaque: it is asked, not compared; a saved inventory cannot answer. */
static gboolean asked_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                            RhFact host)
{
    const RhContext *context = c->context;

    if (source.state == RH_FACT_UNKNOWN && host.state == RH_FACT_UNKNOWN)
        return TRUE;
    return source.state == RH_FACT_TEXT && host.state == RH_FACT_TEXT && context->accepts &&
           context->accepts(c->device, source.text, context->accepts_data);
}

/* QEMU blocks the migration of several VFIO devices unless each can do P2P. */
static gboolean alone_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                            RhFact source G_GNUC_UNUSED, RhFact host G_GNUC_UNUSED)
{
    return c->context->guest->n_vfio <= 1;
}

static const RhComparison accepted = {"accepted", accepted_holds};
static const RhComparison type_name = {"equal", type_name_holds};
static const RhComparison compatible_version = {"version", version_holds};
static const RhComparison said_version = {"version", version_said_holds};
static const RhComparison same_set = {"same-set", same_set_holds};
static const RhComparison asked = {"asked", asked_holds};
static const RhComparison alone = {"alone", alone_holds};

#define ANY RH_MATCH_ANY
#define EXACT RH_MATCH_EXACT
#define CAPABILITY RH_MATCH_CAPABILITY
#define REJECT RH_OTHERWISE_REJECT
#define WARN RH_OTHERWISE_WARN
#define END RH_OTHERWISE_END

static const RhRule rules[] = {
    {"used-by", ANY, NULL, &rh_free, RH_ATTR_USED_BY, rh_source_nothing, NULL, RH_UNKNOWN_COMPARED,
     REJECT, "in use by {user}"},
    {"pool", ANY, NULL, &rh_equal, RH_ATTR_POOL, NULL, NULL, RH_UNKNOWN_IF_RECORDED, REJECT,
     "pool is {host}, must be {source}"},
    {"device-api", ANY, NULL, &rh_equal, RH_ATTR_DEVICE_API, source_model, NULL, RH_UNKNOWN_FAILS,
     END, "device-api is {host}, must be {source}, the guest's model"},
    {"device-api", ANY, NULL, &rh_equal, RH_ATTR_DEVICE_API, NULL, NULL, RH_UNKNOWN_PASSES, END,
     "device-api is {host}, the record has {source}"},
    {"type", ANY, NULL, &accepted, RH_ATTR_TYPE, NULL, NULL, RH_UNKNOWN_FAILS, REJECT,
     "type is {host}, must be {source} or one accepted in its place"},
    {"type-name", ANY, NULL, &type_name, RH_ATTR_TYPE_NAME, NULL, NULL, RH_UNKNOWN_PASSES, REJECT,
     "type-name is '{host}', must be '{source}'"},
    {"driver", ANY, NULL, &rh_equal, RH_ATTR_DRIVER, NULL, NULL, RH_UNKNOWN_FAILS, REJECT,
     "driver is {host}, must be {source}"},
    {"driver-version", EXACT, NULL, &rh_equal, RH_ATTR_DRIVER_VERSION, NULL, NULL,
     RH_UNKNOWN_SAME_ABSENCE, REJECT, "driver-version is {host}, must be {source}"},
    {"driver-version", CAPABILITY, NULL, &compatible_version, RH_ATTR_DRIVER_VERSION, NULL, NULL,
     RH_UNKNOWN_COMPARED, REJECT,
     "driver-version is {host} and was {source}: it cannot take the state"},
    {"driver-version", CAPABILITY, NULL, &said_version, RH_ATTR_DRIVER_VERSION, NULL, NULL,
     RH_UNKNOWN_COMPARED, WARN,
     "driver-version is {host} and was {source}: only the driver knows whether it takes the state"},
    {"vendor", ANY, NULL, &rh_equal, RH_ATTR_VENDOR, NULL, NULL, RH_UNKNOWN_SAME_ABSENCE, REJECT,
     "the parent's vendor is {host}, must be {source}"},
    {"product", ANY, NULL, &rh_equal, RH_ATTR_PRODUCT, NULL, NULL, RH_UNKNOWN_SAME_ABSENCE, REJECT,
     "the parent's product is {host}, must be {source}"},
    {"subsystem-vendor", EXACT, NULL, &rh_equal, RH_ATTR_SUBSYSTEM_VENDOR, NULL, NULL,
     RH_UNKNOWN_SAME_ABSENCE, REJECT, "the parent's subsystem-vendor is {host}, must be {source}"},
    {"subsystem-vendor", CAPABILITY, NULL, &rh_equal, RH_ATTR_SUBSYSTEM_VENDOR, NULL, NULL,
     RH_UNKNOWN_SAME_ABSENCE, WARN, "the parent's subsystem-vendor is {host} and was {source}"},
    {"subsystem-product", EXACT, NULL, &rh_equal, RH_ATTR_SUBSYSTEM_PRODUCT, NULL, NULL,
     RH_UNKNOWN_SAME_ABSENCE, REJECT, "the parent's subsystem-product is {host}, must be {source}"},
    {"subsystem-product", CAPABILITY, NULL, &rh_equal, RH_ATTR_SUBSYSTEM_PRODUCT, NULL, NULL,
     RH_UNKNOWN_SAME_ABSENCE, WARN, "the parent's subsystem-product is {host} and was {source}"},
    {"revision", EXACT, NULL, &rh_equal, RH_ATTR_REVISION, NULL, NULL, RH_UNKNOWN_SAME_ABSENCE,
     REJECT, "the parent's revision is {host}, must be {source}"},
    {"revision", CAPABILITY, NULL, &rh_equal, RH_ATTR_REVISION, NULL, NULL, RH_UNKNOWN_SAME_ABSENCE,
     WARN, "the parent's revision is {host} and was {source}"},
    {"firmware", ANY, NULL, &rh_equal, RH_ATTR_FIRMWARE, NULL, NULL, RH_UNKNOWN_IF_RECORDED, REJECT,
     "firmware is {host}, must be {source}"},
    {"psid", ANY, NULL, &rh_equal, RH_ATTR_PSID, NULL, NULL, RH_UNKNOWN_IF_RECORDED, REJECT,
     "psid is {host}, must be {source}"},
    {"matrix", ANY, "vfio-ap", &same_set, RH_ATTR_NAME, source_attribute, host_attribute,
     RH_UNKNOWN_FAILS, REJECT, "matrix is {host}, must be {source}"},
    {"parent", ANY, "vfio-ccw", &rh_equal, RH_ATTR_PARENT, NULL, NULL, RH_UNKNOWN_FAILS, REJECT,
     "the subchannel is {host}, must be {source}: it is one disk"},
    {"pool", ANY, "vfio-ccw", &rh_equal, RH_ATTR_POOL, NULL, NULL, RH_UNKNOWN_IF_ANOTHER, REJECT,
     "pool is {host}, must be {source}: without it nothing tells one disk from another"},
    {"migration-version", ANY, NULL, &asked, RH_ATTR_MIGRATION_VERSION, NULL, NULL,
     RH_UNKNOWN_COMPARED, REJECT,
     "migration-version is {host} and was {source}, and the device was not seen to take that"},
    {"p2p", ANY, NULL, &alone, RH_ATTR_NAME, rh_source_nothing, rh_source_nothing,
     RH_UNKNOWN_COMPARED, WARN,
     "the guest has several VFIO devices, and nothing shows whether each can migrate beside "
     "others (P2P)"},
};

const RhRule *rh_mdev_rules(guint *ret_n)
{
    *ret_n = G_N_ELEMENTS(rules);
    return rules;
}

gboolean rh_mdev_listed_rule(const RhCase *c, guint row, RhRule *ret_rule)
{
    const char *type = rh_device_text(c->entry, RH_ATTR_TYPE);
    const RhMdevPolicy *policy = type ? rh_policy_find_mdev(c->context->policy, type) : NULL;

    if (!policy || !policy->attributes || row >= g_strv_length(policy->attributes))
        return FALSE;
    *ret_rule = (RhRule){.attribute = policy->attributes[row],
                         .match = ANY,
                         .comparison = &rh_equal,
                         .attr = RH_ATTR_NAME,
                         .source = source_attribute,
                         .host = host_attribute,
                         .unknown = RH_UNKNOWN_FAILS,
                         .otherwise = REJECT,
                         .text = "{attribute} is {host}, must be {source}"};
    return TRUE;
}

void rh_mdev_cost(const RhCase *c, RhCost *cost)
{
    const char *recorded = rh_device_text(c->entry, RH_ATTR_TYPE);
    const char *type = rh_device_text(c->device, RH_ATTR_TYPE);
    const char *version = rh_device_text(c->entry, RH_ATTR_DRIVER_VERSION);
    const char *version_here = rh_device_text(c->device, RH_ATTR_DRIVER_VERSION);

    if (recorded && type)
        cost->levels[RH_COST_ACCEPTED] = rh_policy_accepts(c->context->policy, recorded, type);
    cost->levels[RH_COST_EXCESS] =
        version && version_here && rh_natural_compare(version_here, version) > 0;
}

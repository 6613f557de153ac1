/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parse, plan, rewrite, twice. The input is three documents: a guest's XML, a host's inventory, a
 * configuration. A guest that fits is given no device twice, nothing but sources and the record
 * changes in its XML, and what comes out stays as it is in a second run. A refusal is UTF-8 and at
 * most RH_MAX_MESSAGE bytes.
 */
#include "core/explain.h"
#include "hook/refusal.h"
#include "site/config.h"
#include "tests/fuzz/fuzz.h"
#include "xml/domain.h"
#include "xml/inventory-xml.h"
#include "xml/parse.h"

#include <string.h>

/* -- what may change --------------------------------------------------------------------------- */

static const struct {
    const char *element;
    const char *type;
    const char *child;     /* of <source>; NULL: itself */
    const char *attribute; /* which names the device */
} uses[] = {
    {"interface", "vdpa", NULL, "dev"},         {"disk", "vhostvdpa", NULL, "dev"},
    {"backingStore", "vhostvdpa", NULL, "dev"}, {"mirror", "vhostvdpa", NULL, "dev"},
    {"hostdev", "mdev", "address", "uuid"},
};

static void blank_source(xmlNode *node)
{
    g_autoptr(RhXmlText) type = rh_xml_get(node, "type");
    xmlNode *source = rh_xml_child(node, NULL, "source");

    for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
        xmlNode *named = source;

        if (g_strcmp0((const char *)node->name, uses[i].element) != 0 ||
            g_strcmp0(type, uses[i].type) != 0)
            continue;
        if (uses[i].child)
            named = rh_xml_child(source, NULL, uses[i].child);
        if (named)
            rh_xml_set(named, uses[i].attribute, "");
    }
}

/* The record is there before and after, and says what it likes. */
static void blank_record(xmlNode *record)
{
    while (record->children) {
        xmlNode *child = record->children;

        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
    while (record->properties)
        xmlRemoveProp(record->properties);
}

/* The guest's XML without what a plan may change; to be freed with xmlFree(). */
static RhXmlText *blanked(GBytes *bytes)
{
    g_autoptr(xmlDoc) doc = rh_xml_parse(bytes, "the guest's XML", NULL);
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *record = rh_xml_child(rh_xml_child(root, NULL, "metadata"), RH_NAMESPACE, "record");
    xmlNode *devices = rh_xml_child(root, NULL, "devices");
    xmlChar *text = NULL;
    int length = 0;

    if (record)
        blank_record(record);
    for (xmlNode *node = rh_xml_walk(devices, devices); node; node = rh_xml_walk(devices, node))
        if (node->type == XML_ELEMENT_NODE && !node->ns)
            blank_source(node);
    xmlDocDumpMemoryEnc(doc, &text, &length, "UTF-8");
    return (RhXmlText *)text;
}

/* -- a plan ------------------------------------------------------------------------------------ */

/* mdevs are called by their uuids, which the kernel sees to. */
static gboolean may_be_a_host(const RhInventory *host)
{
    GPtrArray *mdevs = host->devices[RH_KIND_MDEV];

    for (guint i = 0; i < mdevs->len; i++)
        if (!g_uuid_string_is_valid(rh_device_key(g_ptr_array_index(mdevs, i))))
            return FALSE;
    return TRUE;
}

static void check_refusal(const RhPlan *plan)
{
    g_autofree char *text = rh_plan_explain(plan, RH_MAX_MESSAGE);

    fuzz_check_message(text, RH_MAX_MESSAGE);
    for (guint i = 0; i < plan->choices->len; i++) {
        g_autoptr(GPtrArray) candidates =
            rh_plan_candidates(plan, g_ptr_array_index(plan->choices, i));

        for (guint j = 0; j < candidates->len; j++)
            g_free(rh_candidate_describe(g_ptr_array_index(candidates, j), TRUE));
    }
}

static void check_apart(const RhChoice *a, const RhChoice *b)
{
    g_assert_true(!a->device || a->device != b->device);
    g_assert_false(
        a->guest_device->kind == b->guest_device->kind &&
        rh_device_same_key(a->guest_device->kind, rh_choice_target(a), rh_choice_target(b)));
}

static void check_no_device_twice(const RhPlan *plan)
{
    for (guint i = 0; i < plan->choices->len; i++)
        for (guint j = 0; j < i; j++)
            check_apart(g_ptr_array_index(plan->choices, i), g_ptr_array_index(plan->choices, j));
}

static void check_second_run(GBytes *written, const RhInventory *host, const RhPolicy *policy,
                             RhOccasion occasion)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RhDomain) domain = rh_domain_parse(written, &error);
    g_autoptr(RhPlan) plan = NULL;
    g_autofree char *refusal = NULL;

    g_assert_no_error(error);
    (void)rh_domain_read_record(domain, &error);
    g_assert_no_error(error);
    plan = rh_plan_new(rh_domain_guest(domain), host, policy, occasion, NULL);
    refusal = plan->fits ? NULL : rh_plan_explain(plan, RH_MAX_MESSAGE);
    g_assert_cmpstr(refusal, ==, NULL);
    g_assert_false(rh_plan_moves(plan));
}

static void check_plan(GBytes *bytes, const RhInventory *host, const RhPolicy *policy,
                       RhOccasion occasion)
{
    g_autoptr(RhDomain) domain = rh_domain_parse(bytes, NULL);
    g_autoptr(RhPlan) plan = NULL;
    g_autoptr(RhXmlText) before = NULL;
    g_autoptr(RhXmlText) after = NULL;
    g_autoptr(GBytes) written = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(rh_domain_read_record(domain, NULL));
    plan = rh_plan_new(rh_domain_guest(domain), host, policy, occasion, NULL);
    if (!plan->fits) {
        check_refusal(plan);
        return;
    }
    check_no_device_twice(plan);
    if (!rh_plan_moves(plan))
        return;
    rh_domain_apply(domain, plan);
    written = rh_domain_serialise(domain, &error);
    if (!fuzz_succeeds(written != NULL, &error))
        return; /* its own encoding cannot say a name of this host */
    before = blanked(bytes);
    after = blanked(written);
    g_assert_cmpstr(before, ==, after);
    check_second_run(written, host, policy, occasion);
}

/* -- an input ---------------------------------------------------------------------------------- */

/* Written in a way in which libvirt writes nothing, so that words do not stand in it as they are.
 */
static gboolean is_disguised(GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return memmem(data, length, "&#", 2) || memmem(data, length, "encoding", strlen("encoding"));
}

/* Whether the guest can be read with its record, and has devices of ours. */
static gboolean check_parse(GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RhDomain) domain = rh_domain_parse(bytes, &error);
    g_autofree char *text = NULL;

    if (fuzz_succeeds(domain != NULL, &error) &&
        fuzz_succeeds(rh_domain_read_record(domain, &error), &error)) {
        g_assert_true(rh_domain_guest(domain)->devices->len == 0 ||
                      rh_domain_may_have_devices(bytes) || is_disguised(bytes));
        return rh_domain_guest(domain)->devices->len > 0;
    }
    text = rh_refusal_of_fault(error);
    fuzz_check_message(text, RH_MAX_MESSAGE);
    return FALSE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) documents = fuzz_split(data, size);
    GBytes *bytes = g_ptr_array_index(documents, 0);
    g_autoptr(RhInventory) host = NULL;
    g_autoptr(RhPolicy) policy = NULL;
    g_autofree char *path = NULL;
    gsize length;

    if (!check_parse(bytes) || documents->len < 3)
        return 0;
    host = rh_inventory_parse(g_ptr_array_index(documents, 1), "the inventory", NULL);
    data = g_bytes_get_data(g_ptr_array_index(documents, 2), &length);
    path = fuzz_memory_file(data, length);
    policy = rh_config_load("/nowhere", path, NULL);
    if (!host || !may_be_a_host(host) || !policy)
        return 0;
    check_plan(bytes, host, policy, RH_OCCASION_MIGRATE);
    check_plan(bytes, host, policy, RH_OCCASION_RESTORE);
    return 0;
}

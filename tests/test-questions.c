/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only the host can say: of whom it is asked, when, and what comes of the answer. */
#include "core/explain.h"
#include "core/plan.h"
#include "xml/domain.h"
#include "xml/inventory-xml.h"

#include <string.h>

#define GOOD "bbbbbbbb-0000-4000-8000-000000000001"
#define OTHER_TYPE "bbbbbbbb-0000-4000-8000-000000000002"
#define ALSO_GOOD "bbbbbbbb-0000-4000-8000-000000000003"

static const char domain_xml[] =
    "<domain><name>web1</name><metadata>"
    "<record xmlns='urn:virt-rehome:1' format='1' host='srchost'>"
    "<mdev uuid='aaaaaaaa-0000-4000-8000-000000000001' parent='mtty' type='mtty-1' "
    "device-api='vfio-pci' driver='mtty' migration-version='v1'/></record></metadata>"
    "<devices><hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>"
    "<address uuid='aaaaaaaa-0000-4000-8000-000000000001'/></source></hostdev></devices></domain>";

static const char host_xml[] =
    "<host xmlns='urn:virt-rehome:1' format='1' name='dsthost' kernel='6.12'>"
    "<mdev-parent name='mtty' bus='mtty' driver='mtty'>"
    "<type id='mtty-1' device-api='vfio-pci' available='0'/>"
    "<type id='mtty-2' device-api='vfio-pci' available='0'/></mdev-parent>"
    "<mdev uuid='" GOOD "' parent='mtty' type='mtty-1' migration-version='v1'/>"
    "<mdev uuid='" OTHER_TYPE "' parent='mtty' type='mtty-2' migration-version='v1'/>"
    "<mdev uuid='" ALSO_GOOD "' parent='mtty' type='mtty-1' migration-version='v1'/></host>";

typedef struct {
    RhDomain *domain;
    RhInventory *inventory;
    RhPolicy *policy;
    RhQuestions *questions;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) domain = g_bytes_new_static(domain_xml, strlen(domain_xml));
    g_autoptr(GBytes) host = g_bytes_new_static(host_xml, strlen(host_xml));
    g_autoptr(GError) error = NULL;

    fixture->domain = rh_domain_parse(domain, &error);
    g_assert_no_error(error);
    g_assert_true(rh_domain_read_record(fixture->domain, &error));
    fixture->inventory = rh_inventory_parse(host, "the host", &error);
    g_assert_no_error(error);
    fixture->policy = rh_policy_new();
    fixture->questions = rh_questions_new();
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    rh_questions_free(fixture->questions);
    rh_policy_free(fixture->policy);
    rh_inventory_free(fixture->inventory);
    rh_domain_free(fixture->domain);
}

static RhPlan *plan(const Fixture *fixture, RhQuestions *questions)
{
    return rh_plan_new(rh_domain_guest(fixture->domain), fixture->inventory, fixture->policy,
                       RH_OCCASION_MIGRATE, questions);
}

/* Answers what is open: @accepted (may be NULL) is the device that takes the stream. Returns of
 * which devices it was asked, by the last figure of their uuids. */
static char *answer(const Fixture *fixture, const char *accepted)
{
    g_autoptr(GPtrArray) open = rh_questions_take_open(fixture->questions);
    GString *asked = g_string_new(NULL);

    for (guint i = 0; open && i < open->len; i++) {
        RhQuestion *question = g_ptr_array_index(open, i);
        const char *uuid = rh_device_key(question->device);

        g_assert_cmpstr(question->version, ==, "v1");
        g_assert_false(question->accepted);
        question->accepted = g_strcmp0(uuid, accepted) == 0;
        g_string_append_c(asked, uuid[strlen(uuid) - 1]);
    }
    return g_string_free(asked, FALSE);
}

/* One that does not fit by what is known is not asked, and each is asked once. */
static void test_candidates(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhPlan) first = plan(fixture, fixture->questions);
    g_autoptr(RhPlan) second = NULL;
    g_autofree char *asked = answer(fixture, ALSO_GOOD);
    g_autofree char *again = NULL;

    g_assert_false(first->fits);
    g_assert_cmpstr(asked, ==, "13");
    second = plan(fixture, fixture->questions);
    g_assert_true(second->fits);
    g_assert_cmpstr(rh_choice_target(g_ptr_array_index(second->choices, 0)), ==, ALSO_GOOD);
    again = answer(fixture, NULL);
    g_assert_cmpstr(again, ==, "");
}

/* Before candidates are explained, the others are asked, too. */
static void test_all(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhPlan) first = plan(fixture, fixture->questions);
    g_autofree char *asked = answer(fixture, NULL);
    g_autofree char *others = NULL;
    g_autofree char *text = NULL;

    rh_plan_question_all(first);
    others = answer(fixture, OTHER_TYPE);
    g_assert_cmpstr(others, ==, "2");
    text = rh_plan_explain(first, 2048);
    g_assert_nonnull(strstr(text, "nearest is '" GOOD "': migration-version is v1"));
    g_assert_null(strstr(text, OTHER_TYPE ": migration-version"));
}

static void test_nobody(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhPlan) only = plan(fixture, NULL);

    g_assert_false(only->fits);
    g_assert_null(rh_questions_take_open(fixture->questions));
}

static void add(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/questions/candidates", test_candidates);
    add("/questions/all", test_all);
    add("/questions/nobody", test_nobody);
    return g_test_run();
}

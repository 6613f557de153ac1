/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest that comes in gets, by all that was read: who uses what, what is reserved. */
#include "core/situation.h"
#include "xml/domain.h"
#include "xml/inventory-xml.h"

#include <string.h>

#define NIC \
    "mgmtdev='m' driver='mlx5_core' class='net' vendor-id='0x15b3' max-vqs='5' max-vq-size='256' " \
    "min-vq-size='1' features='0x0000000300c3982b' mac='00:00:00:00:00:00' max-vq-pairs='2' " \
    "mtu='1500'"
#define NODE "/dev/vhost-vdpa-"
#define UUID_1 "10000000-0000-4000-8000-000000000001"
#define UUID_2 "10000000-0000-4000-8000-000000000002"

/* Guests whose NIC was NODE 7 on srchost, and a host with NODE 0 and 1. */
typedef struct {
    RhDomain *domain;
    RhInventory *inventory;
    RhPolicy *policy;
    GPtrArray *running;
    GPtrArray *defined;
    RhClaims *claims;
    RhSituation situation;
} Fixture;

static RhDomain *new_domain(const char *name, const char *uuid, gboolean recorded, guint node)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>%s</name><uuid>%s</uuid>%s<devices><interface type='vdpa'>"
        "<source dev='" NODE "%u'/></interface></devices></domain>",
        name, uuid,
        recorded ? "<metadata><record xmlns='urn:virt-rehome:1' format='1' host='srchost'>"
                   "<vdpa name='net7' chardev='" NODE "7' " NIC "/></record></metadata>"
                 : "",
        node);
    g_autoptr(GBytes) bytes = g_bytes_new(xml, strlen(xml));
    g_autoptr(GError) error = NULL;
    RhDomain *domain = rh_domain_parse(bytes, &error);

    g_assert_no_error(error);
    g_assert_true(rh_domain_read_record(domain, &error));
    return domain;
}

static RhInventory *new_host(void)
{
    static const char xml[] =
        "<host xmlns='urn:virt-rehome:1' format='1' name='dsthost' kernel='6.12'>"
        "<vdpa name='net0' chardev='" NODE "0' bound='vhost_vdpa' " NIC "/>"
        "<vdpa name='net1' chardev='" NODE "1' bound='vhost_vdpa' " NIC "/></host>";
    g_autoptr(GBytes) bytes = g_bytes_new_static(xml, strlen(xml));
    g_autoptr(GError) error = NULL;
    RhInventory *inventory = rh_inventory_parse(bytes, "the host", &error);

    g_assert_no_error(error);
    return inventory;
}

static void use(Fixture *fixture, RhDomain *domain)
{
    RhGuest *guest = rh_domain_guest(domain);

    rh_domain_free(fixture->domain);
    fixture->domain = domain;
    fixture->situation = (RhSituation){
        .guest = guest,
        .policy = fixture->policy,
        .inventory = fixture->inventory,
        .usage = {fixture->running, fixture->defined, fixture->claims},
        .claimant = {.guest = guest->name, .uuid = guest->uuid, .now = 1000},
        .occasion = RH_OCCASION_MIGRATE,
    };
}

static void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    fixture->inventory = new_host();
    fixture->policy = rh_policy_new();
    fixture->running = g_ptr_array_new();
    fixture->defined = g_ptr_array_new();
    fixture->claims = rh_claims_new();
    use(fixture, new_domain("web1", UUID_1, TRUE, 7));
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_ptr_array_unref(fixture->claims);
    g_ptr_array_unref(fixture->defined);
    g_ptr_array_unref(fixture->running);
    rh_policy_free(fixture->policy);
    rh_inventory_free(fixture->inventory);
    rh_domain_free(fixture->domain);
}

static void hold(const Fixture *fixture, const char *guest, const char *uuid, guint node,
                 RhClaimState state)
{
    g_autofree char *key = g_strdup_printf(NODE "%u", node);
    RhClaimant claimant = {.guest = guest, .uuid = uuid, .now = 999};

    rh_claims_hold(fixture->claims, &claimant, RH_KIND_VDPA, key, NULL, state);
}

/* What the guest gets, "-" for nothing. */
static void assert_gets(const Fixture *fixture, const char *expected)
{
    g_autoptr(RhOutcome) outcome = NULL;
    const RhChoice *choice;

    rh_usage_mark(&fixture->situation.usage, &fixture->situation.claimant, fixture->inventory);
    outcome = rh_situation_decide(&fixture->situation);
    choice = g_ptr_array_index(outcome->plan->choices, 0);
    g_assert_cmpstr(outcome->fits ? rh_choice_target(choice) : "-", ==, expected);
    g_assert_cmpint(outcome->fits, ==, outcome->plan->fits && !outcome->taken);
}

static void test_free(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    assert_gets(fixture, NODE "0");
}

static void test_running(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhDomain) other = new_domain("web2", UUID_2, FALSE, 0);

    g_ptr_array_add(fixture->running, rh_domain_guest(other));
    assert_gets(fixture, NODE "1");
}

/* What is only named by a definition is taken last, and taken. */
static void test_named(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhDomain) one = new_domain("web2", UUID_2, FALSE, 0);
    g_autoptr(RhDomain) other = new_domain("web2", UUID_2, FALSE, 1);

    g_ptr_array_add(fixture->defined, rh_domain_guest(one));
    assert_gets(fixture, NODE "1");
    g_ptr_array_add(fixture->defined, rh_domain_guest(other));
    assert_gets(fixture, NODE "0");
}

static void test_claimed(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    hold(fixture, "web2", UUID_2, 0, RH_CLAIM_RESERVED);
    hold(fixture, "web1", UUID_2, 1, RH_CLAIM_CLAIMED);
    assert_gets(fixture, "-");
}

/* An old promise to the same guest keeps nothing from it, and what it has here does: away from the
 * record's host that is a copy of it. */
static void test_own(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    hold(fixture, "web1", UUID_1, 0, RH_CLAIM_RESERVED);
    assert_gets(fixture, NODE "0");
    hold(fixture, "web1", UUID_1, 0, RH_CLAIM_RUNNING);
    assert_gets(fixture, NODE "1");
}

static void test_reserved(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhOutcome) outcome = NULL;
    const RhClaim *claim;

    hold(fixture, "web1", UUID_1, 1, RH_CLAIM_RESERVED);
    outcome = rh_situation_decide(&fixture->situation);
    g_assert_cmpuint(outcome->unchecked->len, ==, 1);
    rh_outcome_reserve(outcome, &fixture->situation.claimant, fixture->claims);
    g_assert_cmpuint(fixture->claims->len, ==, 1);
    claim = g_ptr_array_index(fixture->claims, 0);
    g_assert_cmpstr(claim->key, ==, NODE "0");
    g_assert_cmpstr(claim->device, ==, "net0");
    g_assert_cmpint(claim->state, ==, RH_CLAIM_RESERVED);
}

/* Where it does not fit, its old promises are over all the same, and others' stay. */
static void test_refused(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhOutcome) outcome = NULL;

    hold(fixture, "web1", UUID_1, 7, RH_CLAIM_RESERVED);
    hold(fixture, "web2", UUID_2, 0, RH_CLAIM_CLAIMED);
    hold(fixture, "web2", UUID_2, 1, RH_CLAIM_CLAIMED);
    rh_usage_mark(&fixture->situation.usage, &fixture->situation.claimant, fixture->inventory);
    outcome = rh_situation_decide(&fixture->situation);
    g_assert_false(outcome->fits);
    rh_outcome_reserve(outcome, &fixture->situation.claimant, fixture->claims);
    g_assert_cmpuint(fixture->claims->len, ==, 2);
    g_assert_null(
        rh_claims_reservation(fixture->claims, &fixture->situation.claimant, RH_KIND_VDPA, NULL));
}

/* A device without a record is left as it is: also that may be another's. */
static void test_left(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhOutcome) outcome = NULL;

    fixture->policy->unrecorded = RH_UNRECORDED_KEEP;
    use(fixture, new_domain("web1", UUID_1, FALSE, 1));
    assert_gets(fixture, NODE "1");
    hold(fixture, "web2", UUID_2, 1, RH_CLAIM_RUNNING);
    outcome = rh_situation_decide(&fixture->situation);
    g_assert_true(outcome->plan->fits);
    g_assert_false(outcome->fits);
    g_assert_cmpstr(outcome->taken, ==,
                    "guest 'web1' cannot have its vDPA interface '" NODE "1', which has no record "
                    "and is left as it is: it is in use by guest web2");
    g_assert_cmpuint(outcome->unchecked->len, ==, 0);
}

static void add(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/situation/free", test_free);
    add("/situation/running", test_running);
    add("/situation/named", test_named);
    add("/situation/claimed", test_claimed);
    add("/situation/own", test_own);
    add("/situation/reserved", test_reserved);
    add("/situation/refused", test_refused);
    add("/situation/left", test_left);
    return g_test_run();
}

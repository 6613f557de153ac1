/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which devices several guests get together, and how many plans that takes. */
#include "core/roster.h"
#include "xml/domain.h"
#include "xml/inventory-xml.h"

#include <string.h>

#define NIC \
    "driver='mlx5_core' class='net' vendor-id='0x15b3' max-vqs='5' max-vq-size='256' " \
    "min-vq-size='1' features='0x0000000300c3982b' mac='00:00:00:00:00:00' max-vq-pairs='2'"

static RhDomain *new_domain(guint number, const char *record, const char *devices)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>web%u</name><metadata><record xmlns='urn:virt-rehome:1' format='1' "
        "host='here'>%s</record></metadata><devices>%s</devices></domain>",
        number, record, devices);
    g_autoptr(GBytes) bytes = g_bytes_new(xml, strlen(xml));
    g_autoptr(GError) error = NULL;
    RhDomain *domain = rh_domain_parse(bytes, &error);

    g_assert_no_error(error);
    g_assert_true(rh_domain_read_record(domain, &error));
    g_assert_no_error(error);
    return domain;
}

static GPtrArray *new_domains(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)rh_domain_free);
}

/* A guest shut off whose only NIC was @name, @node, with @mtu. */
static void add_guest(GPtrArray *domains, const char *name, guint node, guint mtu)
{
    g_autofree char *entry = g_strdup_printf(
        "<vdpa name='%s' mgmtdev='m' chardev='/dev/vhost-vdpa-%u' mtu='%u' " NIC "/>", name, node,
        mtu);
    g_autofree char *nic = g_strdup_printf(
        "<interface type='vdpa'><source dev='/dev/vhost-vdpa-%u'/></interface>", node);

    g_ptr_array_add(domains, new_domain(domains->len, entry, nic));
}

/* A device of the host. */
static void append_nic(GString *host, const char *name, guint node, guint mtu)
{
    g_string_append_printf(host,
                           "<vdpa name='%s' mgmtdev='m' chardev='/dev/vhost-vdpa-%u' "
                           "bound='vhost_vdpa' mtu='%u' " NIC "/>",
                           name, node, mtu);
}

static RhInventory *new_host(const char *devices)
{
    g_autofree char *xml = g_strdup_printf(
        "<host xmlns='urn:virt-rehome:1' format='1' name='here' kernel='6.12'>%s</host>", devices);
    g_autoptr(GBytes) bytes = g_bytes_new(xml, strlen(xml));
    g_autoptr(GError) error = NULL;
    RhInventory *inventory = rh_inventory_parse(bytes, "the inventory", &error);

    g_assert_no_error(error);
    return inventory;
}

/* What each guest's first device is called now, "-" where it has none. */
static char *describe(const RhRoster *roster, GPtrArray *domains)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < domains->len; i++) {
        const RhPlace *place =
            rh_roster_place(roster, rh_domain_guest(g_ptr_array_index(domains, i)));
        const RhChoice *choice = g_ptr_array_index(place->plan->choices, 0);

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               place->plan->fits ? rh_device_name(choice->device) : "-");
        g_assert_true(!place->plan->fits || rh_roster_holder(roster, choice->device) == place);
    }
    return g_string_free(text, FALSE);
}

static void assert_roster(GPtrArray *domains, const char *host, const char *expected)
{
    g_autoptr(RhPolicy) policy = rh_policy_new();
    g_autoptr(RhInventory) inventory = new_host(host);
    g_autoptr(GPtrArray) guests = g_ptr_array_new();
    g_autoptr(RhRoster) roster = NULL;
    g_autofree char *text = NULL;

    for (guint i = 0; i < domains->len; i++)
        g_ptr_array_add(guests, rh_domain_guest(g_ptr_array_index(domains, i)));
    roster = rh_roster_new(guests, inventory, policy, NULL);
    text = describe(roster, domains);

    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpuint(rh_roster_plans(roster), ==, 2 * domains->len);
}

/* Who need not move stays, even if another must. */
static void test_stays(void)
{
    g_autoptr(GPtrArray) domains = new_domains();
    g_autoptr(GString) host = g_string_new(NULL);

    add_guest(domains, "a3", 3, 1500);
    add_guest(domains, "a4", 4, 1500);
    append_nic(host, "a4", 4, 1500);
    append_nic(host, "a5", 5, 1500);
    assert_roster(domains, host->str, "a5 a4");
}

static void rename_guest(RhDomain *domain, const char *name, const char *uuid)
{
    RhGuest *guest = rh_domain_guest(domain);

    g_free(guest->name);
    guest->name = g_strdup(name);
    g_free(guest->uuid);
    guest->uuid = g_strdup(uuid);
}

/* Two guests of one name are two: the other's device is not free. */
static void test_namesakes(void)
{
    g_autoptr(GPtrArray) domains = new_domains();
    g_autoptr(GString) host = g_string_new(NULL);

    add_guest(domains, "a3", 3, 1500);
    add_guest(domains, "a3", 3, 1500);
    rename_guest(g_ptr_array_index(domains, 0), "web", "6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1");
    rename_guest(g_ptr_array_index(domains, 1), "web", "11111111-2222-4333-8444-555555555555");
    append_nic(host, "a3", 3, 1500);
    assert_roster(domains, host->str, "a3 -");
}

#define UUID(n) "10000000-0000-4000-8000-00000000000" #n
#define MDEV(n) \
    "<mdev uuid='" UUID(n) "' parent='mtty' type='mtty-1' device-api='vfio-pci' driver='mtty'/>"

/* Devices of every kind are matched: of two guests that had one mdev, one gets each. */
static void test_mdevs(void)
{
    static const char hostdev[] =
        "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='" UUID(
            1) "'/></source></hostdev>";
    g_autoptr(GPtrArray) domains = new_domains();

    g_ptr_array_add(domains, new_domain(0, MDEV(1), hostdev));
    g_ptr_array_add(domains, new_domain(1, MDEV(1), hostdev));
    assert_roster(domains,
                  "<mdev-parent name='mtty' bus='mtty' driver='mtty'><type id='mtty-1' "
                  "device-api='vfio-pci' available='0'/></mdev-parent>"
                  "<mdev uuid='" UUID(1) "' parent='mtty' type='mtty-1'/>"
                                         "<mdev uuid='" UUID(2) "' parent='mtty' type='mtty-1'/>",
                  UUID(1) " " UUID(2));
}

/* Numbers that have changed places: each has its own again. */
static void test_swapped(void)
{
    g_autoptr(GPtrArray) domains = new_domains();
    g_autoptr(GString) host = g_string_new(NULL);

    add_guest(domains, "a3", 3, 1500);
    add_guest(domains, "a4", 4, 1500);
    append_nic(host, "a3", 4, 1500);
    append_nic(host, "a4", 3, 1500);
    assert_roster(domains, host->str, "a3 a4");
}

/* The first two can do with any, the last with a single one, which each before would have. */
static void test_makes_room(void)
{
    g_autoptr(GPtrArray) domains = new_domains();
    g_autoptr(GString) host = g_string_new(NULL);

    add_guest(domains, "x1", 11, 1500);
    add_guest(domains, "x2", 12, 4000);
    add_guest(domains, "x3", 13, 9000);
    append_nic(host, "a", 1, 9000);
    append_nic(host, "b", 2, 4000);
    append_nic(host, "c", 3, 1500);
    assert_roster(domains, host->str, "c b a");
}

/* Who could stay moves where that gives another a place. */
static void test_moves_for_another(void)
{
    g_autoptr(GPtrArray) domains = new_domains();
    g_autoptr(GString) host = g_string_new(NULL);

    add_guest(domains, "a", 1, 1500);
    add_guest(domains, "x", 12, 9000);
    append_nic(host, "a", 1, 9000);
    append_nic(host, "b", 2, 1500);
    assert_roster(domains, host->str, "b a");
}

/* A guest with two devices has those of two others. */
static void test_two_for_one(void)
{
    g_autoptr(GPtrArray) domains = new_domains();
    g_autoptr(GString) host = g_string_new(NULL);

    g_ptr_array_add(
        domains,
        new_domain(0,
                   "<vdpa name='x' chardev='/dev/vhost-vdpa-11' mtu='1500' " NIC "/>"
                   "<vdpa name='y' chardev='/dev/vhost-vdpa-12' mtu='1500' " NIC "/>",
                   "<interface type='vdpa'><source dev='/dev/vhost-vdpa-11'/></interface>"
                   "<interface type='vdpa'><source dev='/dev/vhost-vdpa-12'/></interface>"));
    add_guest(domains, "z", 13, 1500);
    add_guest(domains, "w", 14, 1500);
    append_nic(host, "a", 1, 1500);
    append_nic(host, "b", 2, 1500);
    assert_roster(domains, host->str, "- a b");
}

/* The plans that many guests take grow with the guests, however few devices there are. */
static void test_crowd(void)
{
    g_autoptr(GPtrArray) domains = new_domains();
    g_autoptr(GString) host = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);

    for (guint i = 0; i < 60; i++) {
        add_guest(domains, "gone", 100 + i, 1500);
        g_string_append_printf(expected, i == 0 ? "v%u" : i < 40 ? " v%u" : " -", i);
    }
    for (guint i = 0; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("v%u", i);

        append_nic(host, name, i, 1500);
    }
    assert_roster(domains, host->str, expected->str);
}

int main(int argc, char **argv)
{
    g_log_writer_default_set_use_stderr(TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/roster/mdevs", test_mdevs);
    g_test_add_func("/roster/stays", test_stays);
    g_test_add_func("/roster/namesakes", test_namesakes);
    g_test_add_func("/roster/swapped", test_swapped);
    g_test_add_func("/roster/makes-room", test_makes_room);
    g_test_add_func("/roster/moves-for-another", test_moves_for_another);
    g_test_add_func("/roster/two-for-one", test_two_for_one);
    g_test_add_func("/roster/crowd", test_crowd);
    return g_test_run();
}

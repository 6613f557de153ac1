/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands record, refresh and xml. Refresh at boot, by files: refresh.bats. */
#include "recorder/commands.h"

#include "core/guest.h"
#include "tests/driver.h"
#include "util/error.h"

#include <libvirt/virterror.h>
#include <string.h>

/* What a command says. */
typedef struct {
    RhExit exit;
    GString *out;
    GString *err;
    GError *error;
} Said;

static void said_clear(Said *said)
{
    g_string_free(said->out, TRUE);
    g_string_free(said->err, TRUE);
    g_clear_error(&said->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Said, said_clear)

typedef RhExit (*Run)(const RhCommonOptions *options, const char *guest, GString *out, GString *err,
                      GError **error);

static Said run_with(Driver *driver, Run command, const char *guest, gboolean print)
{
    char *hosts[] = {driver->inventory, NULL};
    const RhCommonOptions options = {.root = driver->root,
                                     .config = driver->config,
                                     .connect = (char *)"test:///default",
                                     .hosts = hosts,
                                     .print = print,
                                     .all = !guest};
    Said said = {.out = g_string_new(NULL), .err = g_string_new(NULL)};

    said.exit = command(&options, guest, said.out, said.err, &said.error);
    g_test_message("%d\n%s%s%s", said.exit, said.out->str, said.err->str,
                   said.error ? said.error->message : "");
    return said;
}

static Said run(Driver *driver, Run command, const char *guest)
{
    return run_with(driver, command, guest, FALSE);
}

/* An error of all of it. */
static void assert_raises(Driver *driver, Run command, const char *guest, RhError code,
                          const char *part)
{
    g_auto(Said) said = run(driver, command, guest);

    g_assert_cmpint(said.exit, ==, RH_EXIT_TROUBLE);
    g_assert_error(said.error, RH_ERROR, (gint)code);
    g_assert_nonnull(strstr(said.error->message, part));
}

static void assert_says(const Said *said, RhExit code, const char *out, const char *err)
{
    g_assert_no_error(said->error);
    g_assert_cmpstr(said->out->str, ==, out);
    if (*err)
        g_assert_nonnull(strstr(said->err->str, err));
    else
        g_assert_cmpstr(said->err->str, ==, "");
    g_assert_cmpint(said->exit, ==, code);
}

/* The names are those of nodes 0, 1, … */
static void set_host(Driver *driver, const char *const *names, guint n)
{
    GString *devices = g_string_new(NULL);

    for (guint i = 0; i < n; i++) {
        g_autofree char *device = driver_device(names[i], i);

        g_string_append(devices, device);
    }
    driver_set_host(driver, NULL, g_string_free(devices, FALSE));
}
#define HOST(...) \
    set_host(driver, (const char *const[]){__VA_ARGS__}, \
             G_N_ELEMENTS(((const char *const[]){__VA_ARGS__})))

/* A guest that is shut off and had device @name, as node @node. */
static virDomainPtr define(Driver *driver, const char *guest, const char *name, guint node)
{
    return driver_define(driver, guest, NULL, driver_entry(name, 2, node), driver_nic(2, node));
}

static gboolean names_node(virDomainPtr domain, const char *node)
{
    g_autofree char *source = g_strdup_printf("dev='/dev/vhost-vdpa-%s'", node);

    return driver_has(domain, VIR_DOMAIN_XML_INACTIVE, source);
}

/* After a reboot, the numbers are others. Those that stay as they are, are; guests without devices
 * of ours are none. */
static void test_all(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = define(driver, "web1", "a", 0);
    virDomainPtr web2 = define(driver, "web2", "b", 1);
    virDomainPtr web10 = define(driver, "web10", "c", 2);
    g_auto(Said) said = {0};
    g_auto(Said) again = {0};

    HOST("b", "a", "c");
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_FITS,
                "web1: '/dev/vhost-vdpa-0' -> '/dev/vhost-vdpa-1'\n"
                "web2: '/dev/vhost-vdpa-1' -> '/dev/vhost-vdpa-0'\n"
                "web10: unchanged\n",
                "");
    g_assert_true(names_node(web1, "1") && names_node(web2, "0") && names_node(web10, "2"));
    again = run(driver, rh_recorder_refresh, NULL);
    assert_says(&again, RH_EXIT_FITS, "web1: unchanged\nweb2: unchanged\nweb10: unchanged\n", "");
    g_assert_cmpuint(driver_count(DRIVER_DEFINE), ==, 2);
}

/* One alone: what it gets, another definition may name as yet. */
static void test_one(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = define(driver, "web1", "a", 0);
    virDomainPtr web2 = define(driver, "web2", "b", 1);
    char uuid[VIR_UUID_STRING_BUFLEN];
    g_auto(Said) said = {0};

    HOST("b", "a");
    g_assert_cmpint(virDomainGetUUIDString(web1, uuid), ==, 0);
    said = run(driver, rh_recorder_refresh, uuid);
    assert_says(&said, RH_EXIT_FITS,
                "web1: '/dev/vhost-vdpa-0' -> '/dev/vhost-vdpa-1'; guest 'web2' names it, too, "
                "until it is refreshed\n",
                "");
    g_assert_true(names_node(web1, "1") && names_node(web2, "1"));
}

/* An mdev that is gone is somebody's to make, and no failure; who asks for its guest wants another.
 */
static void test_awaited(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
#define UUID "53764d0e-85a0-42b4-af5c-2046b460b1dc"
    g_auto(Said) said = {0};
    g_auto(Said) one = {0};

    driver_define(driver, "gpu1", NULL,
                  g_strdup("<mdev uuid='" UUID "' parent='0000:84:00.0' type='nvidia-105' "
                           "device-api='vfio-pci' driver='nvidia'/>"),
                  g_strdup("<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>"
                           "<address uuid='" UUID "'/></source></hostdev>"));
    HOST("a");
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_FITS,
                "gpu1: unchanged; this host does not have its mediated device '" UUID
                "': it starts where something makes that first\n",
                "");
    one = run(driver, rh_recorder_refresh, "gpu1");
    assert_says(&one, RH_EXIT_REFUSED, "", "has no match here: this host has no mediated device");
#undef UUID
}

/* Where one cannot be written, nobody gets what it still names. */
static void test_fault(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = define(driver, "web1", "a", 0);
    virDomainPtr web2 = define(driver, "web2", "b", 1);
    virDomainPtr web3 = define(driver, "web3", "c", 2);
    g_auto(Said) said = {0};

    HOST("b", "a", "c");
    driver_fail(DRIVER_DEFINE, 0, 1, VIR_ERR_XML_ERROR);
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_TROUBLE, "web3: unchanged\n",
                "cannot change the definition of guest 'web1'");
    g_assert_nonnull(strstr(said.err->str, "guest 'web2' is left as it is, since the definition of "
                                           "guest 'web1' could not be written"));
    g_assert_true(names_node(web1, "0") && names_node(web2, "1") && names_node(web3, "2"));
}

static void change_first(gpointer data)
{
    (void)define(data, "web1", "a", 7);
}

static void test_changed(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = define(driver, "web1", "a", 0);
    g_auto(Said) said = {0};

    HOST("b", "a");
    /* that of the driver's own guest, which runs, three times; web1's; and then that again */
    driver_before(DRIVER_XML, 4, change_first, driver);
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_TROUBLE, "", "was changed while it was looked at; try again");
    g_assert_true(names_node(web1, "7"));
}

/* What is another guest's now is marked in a definition that finds nothing. */
static void test_lost(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = define(driver, "web1", "a", 0);
    virDomainPtr web2 = define(driver, "web2", "b", 1);
    g_auto(Said) said = {0};

    HOST("b");
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_REFUSED, "web2: '/dev/vhost-vdpa-1' -> '/dev/vhost-vdpa-0'\n",
                "marked in its definition, so that it does not start on another's device: "
                "'/dev/vhost-vdpa-0'");
    g_assert_true(driver_has(web1, VIR_DOMAIN_XML_INACTIVE, "lost="));
    g_assert_false(driver_has(web2, VIR_DOMAIN_XML_INACTIVE, "lost="));
    g_assert_true(names_node(web1, "0"));
}

static void test_unmarked(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(Said) said = {0};

    (void)define(driver, "web1", "a", 0);
    (void)define(driver, "web2", "b", 1);
    HOST("b");
    driver_fail(DRIVER_DEFINE, 1, 1, VIR_ERR_XML_ERROR);
    said = run(driver, rh_recorder_refresh, NULL);
    g_assert_cmpint(said.exit, ==, RH_EXIT_TROUBLE);
    g_assert_nonnull(strstr(said.err->str, "and this cannot be marked in its definition"));
}

/* A guest that runs keeps what it has, and its definition gets it. */
static void test_running(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = define(driver, "web1", "a", 0);
    virDomainPtr web2 = define(driver, "web2", "c", 2);
    g_auto(Said) said = {0};

    HOST("a", "b", "x", "c");
    g_assert_cmpint(virDomainCreate(web1), ==, 0);
    (void)define(driver, "web1", "b", 1);
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_FITS,
                "web1: recorded, in the running guest and in its definition\n"
                "web1: its definition names '/dev/vhost-vdpa-1' -> '/dev/vhost-vdpa-0'\n"
                "web2: '/dev/vhost-vdpa-2' -> '/dev/vhost-vdpa-3'\n",
                "");
    g_assert_true(names_node(web1, "0") && names_node(web2, "3"));
}

static void test_unrecorded(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(Said) said = {0};

    (void)driver_define(driver, "web1", NULL, NULL, driver_nic(2, 0));
    HOST("a");
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_REFUSED, "", "guest 'web1' has devices without a record");
}

/* A definition that libvirt does not tell may name anything: the others get back what was theirs,
 * and none that it may name. */
static void test_unseen(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = NULL;
    virDomainPtr web2 = NULL;
    g_auto(Said) said = {0};

    (void)define(driver, "db", "x", 5);
    web1 = define(driver, "web1", "a", 0);
    web2 = define(driver, "web2", "gone", 2);
    HOST("x", "a", "y");
    driver_fail(DRIVER_XML, 2, 1, VIR_ERR_RPC); /* after the driver's own guest, which runs */
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_TROUBLE, "web1: '/dev/vhost-vdpa-0' -> '/dev/vhost-vdpa-1'\n",
                "may be guest 'db's, whose definition cannot be read");
    g_assert_nonnull(strstr(said.err->str, "guest 'db': cannot read the XML of guest 'db'"));
    g_assert_true(names_node(web1, "1") && names_node(web2, "2"));
}

static void undefine_first(gpointer data)
{
    (void)virDomainUndefine(data);
}

/* One that was undefined after it was listed is none. */
static void test_undefined(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr db = define(driver, "db", "x", 5);
    virDomainPtr web1 = define(driver, "web1", "a", 0);
    g_auto(Said) said = {0};

    HOST("x", "a");
    driver_before(DRIVER_XML, 2, undefine_first, db); /* likewise */
    said = run(driver, rh_recorder_refresh, NULL);
    assert_says(&said, RH_EXIT_FITS, "web1: '/dev/vhost-vdpa-0' -> '/dev/vhost-vdpa-1'\n", "");
    g_assert_true(names_node(web1, "1"));
}

/* More devices than a guest may have: it is not planned, and what it names is not given away. */
static void test_too_many(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    GString *devices = g_string_new(NULL);
    virDomainPtr web1 = define(driver, "web1", "gone", 7);
    g_auto(Said) said = {0};

    for (guint i = 0; i < RH_MAX_GUEST_DEVICES + 1; i++)
        g_string_append_printf(devices,
                               "<interface type='vdpa'><mac address='52:54:00:5a:02:%02x'/>"
                               "<source dev='/dev/vhost-vdpa-%u'/></interface>",
                               i, i == 0 ? 0 : 100 + i);
    (void)driver_define(driver, "db", NULL, NULL, g_string_free(devices, FALSE));
    HOST("a");
    said = run(driver, rh_recorder_refresh, NULL);
    g_assert_cmpint(said.exit, ==, RH_EXIT_TROUBLE);
    g_assert_nonnull(strstr(said.err->str, "guest 'db': "));
    g_assert_true(names_node(web1, "7"));
}

static void test_no_guest(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    HOST("a");
    assert_raises(driver, rh_recorder_refresh, "web9", RH_ERROR_INPUT,
                  "cannot find guest 'web9' at 'test:///default'");
    assert_raises(driver, rh_recorder_record, "web9", RH_ERROR_INPUT, "'virsh list --all'");
}

/* Trouble with all: no libvirt, no list, another host's devices, no devices at all. */
static void test_trouble(Driver *driver, gconstpointer data)
{
    Run command = data ? rh_recorder_refresh : rh_recorder_record;

    assert_raises(driver, command, NULL, RH_ERROR_INPUT, "host.xml");
    driver_set_host(driver, "elsewhere", driver_device("a", 0));
    assert_raises(driver, command, NULL, RH_ERROR_INPUT, "are on host");
    HOST("a");
    driver_fail(DRIVER_OPEN, 0, 1, VIR_ERR_AUTH_FAILED);
    assert_raises(driver, command, NULL, RH_ERROR_HOST, "run it as root, or as a user");
    driver_fail(DRIVER_LIST, 0, 1, VIR_ERR_RPC);
    assert_raises(driver, command, NULL, RH_ERROR_HOST, "cannot list the guests");
}

static void test_record(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = driver_define(driver, "web1", NULL, NULL, driver_nic(2, 0));
    g_auto(Said) first = {0};
    g_auto(Said) second = {0};
    g_auto(Said) third = {0};

    (void)driver_define(driver, "plain", NULL, NULL, g_strdup(""));
    (void)driver_define(driver, "web2", NULL, NULL, driver_nic(2, 0));
    g_assert_cmpint(virDomainCreate(web1), ==, 0);
    HOST("a");
    first = run(driver, rh_recorder_record, NULL);
    assert_says(&first, RH_EXIT_FITS,
                "web1: recorded, in the running guest and in its definition\n"
                "web2: recorded, in its definition\n",
                "");
    second = run(driver, rh_recorder_record, "web1");
    assert_says(&second, RH_EXIT_FITS, "web1: unchanged\n", "");
    third = run(driver, rh_recorder_record, "plain");
    assert_says(&third, RH_EXIT_FITS, "plain: no vDPA and no mediated devices: nothing to record\n",
                "");
}

/* What has to be seen to, what cannot be written, and what is printed only. */
static void test_record_trouble(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    virDomainPtr web1 = define(driver, "web1", "lost", 0);
    g_auto(Said) warned = {0};
    g_auto(Said) held = {0};
    g_auto(Said) failed = {0};
    g_auto(Said) printed = {0};

    HOST("a");
    g_assert_cmpint(virDomainCreate(web1), ==, 0);
    warned = run(driver, rh_recorder_record, NULL);
    assert_says(&warned, RH_EXIT_REFUSED, "web1: recorded, in the running guest\n",
                "virt-rehome: guest 'web1' runs with 'a' as '/dev/vhost-vdpa-0'");
    driver_set_job(VIR_DOMAIN_JOB_BOUNDED);
    held = run(driver, rh_recorder_record, "web1");
    assert_says(&held, RH_EXIT_TROUBLE, "", "a job (a migration, a snapshot");
    driver_set_job(VIR_DOMAIN_JOB_NONE);
    driver_fail(DRIVER_METADATA, 0, 1, VIR_ERR_OPERATION_DENIED);
    failed = run(driver, rh_recorder_record, "web1");
    assert_says(&failed, RH_EXIT_TROUBLE, "", "the connection may only read");
    printed = run_with(driver, rh_recorder_record, "web1", TRUE);
    g_assert_true(g_str_has_prefix(printed.out->str, "<record "));
    g_assert_cmpint(printed.exit, ==, RH_EXIT_FITS);
    g_assert_true(driver_has(web1, VIR_DOMAIN_XML_INACTIVE, "lost"));
}

static void test_xml(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    const RhCommonOptions options = {.connect = (char *)"test:///default"};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    (void)define(driver, "web1", "a", 0);
    g_assert_cmpint(rh_recorder_xml(&options, "web1", out, &error), ==, RH_EXIT_FITS);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(out->str, "<domain "));
    g_assert_cmpint(rh_recorder_xml(&options, "web9", out, &error), ==, RH_EXIT_TROUBLE);
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    g_clear_error(&error);
    driver_fail(DRIVER_XML, 0, 1, VIR_ERR_RPC);
    g_assert_cmpint(rh_recorder_xml(&options, "web1", out, &error), ==, RH_EXIT_TROUBLE);
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
}

#define ADD(name, data, test) \
    g_test_add("/commands/" name, Driver, data, driver_set_up, test, driver_tear_down)

int main(int argc, char **argv)
{
    driver_init(&argc, &argv);
    ADD("all", NULL, test_all);
    ADD("one", NULL, test_one);
    ADD("awaited", NULL, test_awaited);
    ADD("fault", NULL, test_fault);
    ADD("changed", NULL, test_changed);
    ADD("lost", NULL, test_lost);
    ADD("unmarked", NULL, test_unmarked);
    ADD("running", NULL, test_running);
    ADD("unrecorded", NULL, test_unrecorded);
    ADD("unseen", NULL, test_unseen);
    ADD("undefined", NULL, test_undefined);
    ADD("too-many", NULL, test_too_many);
    ADD("no-guest", NULL, test_no_guest);
    ADD("trouble/record", GINT_TO_POINTER(FALSE), test_trouble);
    ADD("trouble/refresh", GINT_TO_POINTER(TRUE), test_trouble);
    ADD("record", NULL, test_record);
    ADD("record/trouble", NULL, test_record_trouble);
    ADD("xml", NULL, test_xml);
    return g_test_run();
}

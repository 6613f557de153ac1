/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records in libvirt's guests, with the test driver that libvirt has in its library: no daemon. */
#include "recorder/recording.h"
#include "util/error.h"
#include "xml/inventory-xml.h"

#include <string.h>

#define URI "urn:virt-rehome:1"
#define DEVICE \
    "class='net' bound='vhost_vdpa' features='0x0000000300c3982b' max-vqs='5' mtu='1500' " \
    "mac='52:54:00:5a:01:01'/>"
#define ENTRY "<vdpa chardev='/dev/vhost-vdpa-3' "

/* A guest of the test driver, and where it is recorded. */
typedef struct {
    virConnectPtr connection;
    virDomainPtr domain;
    RhPolicy *policy;
    RhScene scene;
} Fixture;

static char *make_xml(const char *record)
{
    return g_strdup_printf(
        "<domain type='test'><name>web1</name><uuid>11111111-0000-4000-8000-000000000001</uuid>"
        "<metadata>%s</metadata><memory>65536</memory><os><type>hvm</type></os><devices>"
        "<interface type='vdpa'><mac address='52:54:00:5a:01:01'/>"
        "<source dev='/dev/vhost-vdpa-3'/></interface></devices></domain>",
        record);
}

static void define(Fixture *fixture, const char *record)
{
    g_autofree char *xml = make_xml(record);

    if (fixture->domain)
        rh_domain_handle_free(fixture->domain);
    fixture->domain = virDomainDefineXML(fixture->connection, xml);
    g_assert_nonnull(fixture->domain);
}

static void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *host = NULL;
    g_autofree char *name = NULL;
    g_autoptr(GBytes) bytes = NULL;

    fixture->connection = rh_connection_open("test:///default", FALSE, &error);
    g_assert_no_error(error);
    name = virConnectGetHostname(fixture->connection);
    host = g_strdup_printf("<host xmlns='" URI "' format='1' name='%s' kernel='6.12'>"
                           "<vdpa name='vdpa3' chardev='/dev/vhost-vdpa-3' " DEVICE "</host>",
                           name);
    bytes = g_bytes_new(host, strlen(host));
    fixture->scene.policy = rh_policy_new();
    fixture->scene.inventory = rh_inventory_parse(bytes, "the inventory", &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    if (virDomainIsActive(fixture->domain) == 1)
        (void)virDomainDestroy(fixture->domain);
    (void)virDomainUndefine(fixture->domain);
    rh_domain_handle_free(fixture->domain);
    rh_connection_close(fixture->connection);
    rh_inventory_free(fixture->scene.inventory);
    rh_policy_free(fixture->scene.policy);
}

/* It runs since an earlier time: libvirt does not say any more that it was booted. */
static void run_on(Fixture *fixture)
{
    g_assert_cmpint(virDomainSuspend(fixture->domain), ==, 0);
    g_assert_cmpint(virDomainResume(fixture->domain), ==, 0);
}

static char *record_of(Fixture *fixture, guint flags)
{
    char *text = virDomainGetMetadata(fixture->domain, VIR_DOMAIN_METADATA_ELEMENT, URI, flags);

    g_assert_nonnull(text);
    return text;
}

static gboolean is_good(Fixture *fixture, guint flags)
{
    g_autofree char *text = record_of(fixture, flags);

    return strstr(text, "name=\"vdpa3\"") != NULL || strstr(text, "name='vdpa3'") != NULL;
}

/* Records, and says how many records were made anew. */
static guint record(Fixture *fixture, const RhNews *news)
{
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(
        rh_recording_update(fixture->domain, &fixture->scene, news, NULL, &recording, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(recording.warnings->len, ==, 0);
    for (guint i = 0; i < recording.renewed->len; i++)
        g_assert_nonnull(strstr(g_ptr_array_index(recording.renewed, i), "; it said: <"));
    return recording.renewed->len;
}

static void assert_left(Fixture *fixture, const RhNews *news, const char *reason)
{
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(
        rh_recording_update(fixture->domain, &fixture->scene, news, NULL, &recording, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, reason));
    g_assert_false(is_good(fixture, VIR_DOMAIN_AFFECT_CONFIG));
}

static const char *const broken[] = {
    "<record xmlns='" URI "' format='1'>" ENTRY "mtu='fast'/></record>",
    "<record xmlns='" URI "' format='1'>" ENTRY "mtu='1500'/>" ENTRY "name='x'/></record>",
    "<record xmlns='" URI "'>" ENTRY "mtu='1500'/></record>",
};

/* A guest that starts anew has the broken record of its definition: both are made anew. */
static void test_start(Fixture *fixture, gconstpointer data)
{
    RhNews news = {.fresh = TRUE};

    define(fixture, data);
    assert_left(fixture, &(RhNews){0}, "'virt-rehome record web1' makes the record anew");
    g_assert_cmpint(virDomainCreate(fixture->domain), ==, 0);
    g_assert_cmpuint(record(fixture, &news), ==, 2);
    g_assert_true(is_good(fixture, VIR_DOMAIN_AFFECT_LIVE));
    g_assert_true(is_good(fixture, VIR_DOMAIN_AFFECT_CONFIG));
    g_assert_cmpuint(record(fixture, &news), ==, 0);
}

/* Of one that runs on only a person says that what it has is right. */
static void test_run_on(Fixture *fixture, gconstpointer data)
{
    RhNews reboot = {.fresh = TRUE};
    RhNews person = {.accept = TRUE};

    define(fixture, data);
    g_assert_cmpint(virDomainCreate(fixture->domain), ==, 0);
    run_on(fixture);
    assert_left(fixture, &(RhNews){0}, "'virt-rehome record web1' makes the record anew");
    assert_left(fixture, &(RhNews){.arrived = TRUE}, "guest 'web1'");
    g_assert_cmpuint(record(fixture, &person), ==, 2);
    g_assert_true(is_good(fixture, VIR_DOMAIN_AFFECT_LIVE));
    g_assert_true(is_good(fixture, VIR_DOMAIN_AFFECT_CONFIG));

    define(fixture, data);
    g_assert_cmpint(virDomainSetMetadata(fixture->domain, VIR_DOMAIN_METADATA_ELEMENT, data,
                                         "rehome", URI, VIR_DOMAIN_AFFECT_LIVE),
                    ==, 0);
    g_assert_cmpuint(record(fixture, &reboot), ==, 2);
}

static void test_shut_off(Fixture *fixture, gconstpointer data)
{
    RhNews person = {.accept = TRUE};

    define(fixture, data);
    assert_left(fixture, &(RhNews){0}, "guest 'web1'");
    g_assert_cmpuint(record(fixture, &person), ==, 1);
    g_assert_true(is_good(fixture, VIR_DOMAIN_AFFECT_CONFIG));
}

/* What a newer version wrote is not for this one to replace. */
static void test_higher_format(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    define(fixture, "<record xmlns='" URI "' format='2'>" ENTRY "/></record>");
    g_assert_cmpint(virDomainCreate(fixture->domain), ==, 0);
    assert_left(fixture, &(RhNews){.accept = TRUE}, "install a newer virt-rehome here");
}

/* A device that only the definition has, with a broken record, may be another host's. */
static void test_only_defined(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *xml = make_xml(broken[0]);
    g_autofree char *text = NULL;
    GString *more = g_string_new(xml);
    virDomainPtr defined;

    define(fixture, "");
    g_assert_cmpint(virDomainCreate(fixture->domain), ==, 0);
    (void)g_string_replace(more, "vhost-vdpa-3'/></interface>", "vhost-vdpa-7'/></interface>", 0);
    defined = virDomainDefineXML(fixture->connection, more->str);
    g_assert_nonnull(defined);
    rh_domain_handle_free(defined);
    g_string_free(more, TRUE);
    g_assert_cmpuint(record(fixture, &(RhNews){.accept = TRUE}), ==, 1);
    text = record_of(fixture, VIR_DOMAIN_AFFECT_CONFIG);
    g_assert_null(strstr(text, "<vdpa"));
}

int main(int argc, char **argv)
{
    g_log_writer_default_set_use_stderr(TRUE);
    g_test_init(&argc, &argv, NULL);
    rh_connection_init();
    if (virEventRegisterDefaultImpl() < 0)
        return 1;
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autofree char *start = g_strdup_printf("/recording/start/%u", i);
        g_autofree char *run = g_strdup_printf("/recording/run-on/%u", i);
        g_autofree char *off = g_strdup_printf("/recording/shut-off/%u", i);

        g_test_add(start, Fixture, broken[i], set_up, test_start, tear_down);
        g_test_add(run, Fixture, broken[i], set_up, test_run_on, tear_down);
        g_test_add(off, Fixture, broken[i], set_up, test_shut_off, tear_down);
    }
    g_test_add("/recording/higher-format", Fixture, NULL, set_up, test_higher_format, tear_down);
    g_test_add("/recording/only-defined", Fixture, NULL, set_up, test_only_defined, tear_down);
    return g_test_run();
}

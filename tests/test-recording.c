/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records in libvirt's guests, on the test driver. */
#include "recorder/recording.h"
#include "tests/driver.h"
#include "util/error.h"

#include <libvirt/virterror.h>
#include <string.h>

#define URI "urn:virt-rehome:1"
#define ENTRY "<vdpa chardev='/dev/vhost-vdpa-3' "

/* A guest, web1, and where it is recorded: the host has node 3 and node 4. */
typedef struct {
    Driver driver;
    virDomainPtr domain;
    RhScene *scene;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *three = driver_device("vdpa3", 3);
    g_autofree char *four = driver_device("vdpa4", 4);
    g_autoptr(GError) error = NULL;
    RhEnvironment environment;

    driver_set_up(&fixture->driver, data);
    driver_set_host(&fixture->driver, NULL, g_strconcat(three, four, NULL));
    environment = driver_environment(&fixture->driver);
    fixture->scene = rh_scene_new(&environment, fixture->driver.connection, RH_GATHER_ALL, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    rh_scene_free(fixture->scene);
    driver_tear_down(&fixture->driver, data);
}

/* With a record that may be broken. */
static void define(Fixture *fixture, const char *record)
{
    fixture->domain = driver_define_with(&fixture->driver, "web1", record, driver_nic(2, 3));
}

static void start(Fixture *fixture)
{
    g_assert_cmpint(virDomainCreate(fixture->domain), ==, 0);
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
        rh_recording_update(fixture->domain, fixture->scene, news, NULL, &recording, &error));
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
        rh_recording_update(fixture->domain, fixture->scene, news, NULL, &recording, &error));
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
    g_autofree char *text = NULL;

    define(fixture, "");
    start(fixture);
    fixture->domain = driver_define_with(&fixture->driver, "web1", broken[0], driver_nic(3, 7));
    g_assert_cmpuint(record(fixture, &(RhNews){.accept = TRUE}), ==, 1);
    text = record_of(fixture, VIR_DOMAIN_AFFECT_CONFIG);
    g_assert_null(strstr(text, "<vdpa"));
}

/* What is looked for where there is no trouble to be told. */
typedef struct {
    const RhNews *news;
    gboolean live;
    gboolean definition;
    const char *move;    /* NULL: none */
    const char *warning; /* a part of it; NULL: none */
} Expected;

static void assert_only(GPtrArray *texts, const char *expected)
{
    g_assert_cmpuint(texts->len, ==, expected ? 1 : 0);
    if (expected)
        g_assert_nonnull(strstr(g_ptr_array_index(texts, 0), expected));
}

static void assert_recorded(Fixture *fixture, const Expected *expected)
{
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(rh_recording_update(fixture->domain, fixture->scene, expected->news, NULL,
                                      &recording, &error));
    g_assert_no_error(error);
    g_assert_false(recording.busy);
    g_assert_cmpint(recording.live_written, ==, expected->live);
    g_assert_cmpint(recording.definition_written, ==, expected->definition);
    assert_only(recording.moves, expected->move);
    assert_only(recording.warnings, expected->warning);
}

/* Whether the XML has @name='@value', in either kind of quotes. */
static gboolean has_value(virDomainPtr domain, guint flags, const char *name, const char *value)
{
    g_autofree char *one = g_strdup_printf("%s='%s'", name, value);
    g_autofree char *other = g_strdup_printf("%s=\"%s\"", name, value);

    return driver_has(domain, flags, one) || driver_has(domain, flags, other);
}

/* What is so already is not written. */
static void test_once(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const RhNews fresh = {.fresh = TRUE};

    define(fixture, "");
    start(fixture);
    assert_recorded(fixture, &(Expected){.news = &fresh, .live = TRUE, .definition = TRUE});
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, 2);
    g_assert_true(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "state="));
    g_assert_false(driver_has(fixture->domain, 0, "state="));
    g_assert_true(has_value(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "qemu", "0.0.2"));
    g_assert_false(driver_has(fixture->domain, 0, "qemu=")); /* there is no log */
    assert_recorded(fixture, &(Expected){.news = &fresh});
    assert_recorded(fixture, &(Expected){.news = &(RhNews){0}});
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, 2);
    g_assert_cmpuint(driver_count(DRIVER_DEFINE), ==, 0);
}

/* The QEMU in which it runs, by its log, and the rings that this makes: they stay as long as it
 * runs on, and are no definition's. */
static void test_qemu(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const RhNews fresh = {.fresh = TRUE};

    define(fixture, "");
    driver_set_log(&fixture->driver, "web1", "10.0.13");
    start(fixture);
    assert_recorded(fixture, &(Expected){.news = &fresh, .live = TRUE, .definition = TRUE});
    g_assert_true(has_value(fixture->domain, 0, "qemu", "10.0.13"));
    g_assert_true(has_value(fixture->domain, 0, "ring", "256"));
    g_assert_true(has_value(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "qemu", "0.0.2"));
    g_assert_false(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "ring="));
    driver_set_log(&fixture->driver, "web1", NULL); /* rotated away, while it runs on */
    driver_set_state(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED);
    assert_recorded(fixture, &(Expected){.news = &(RhNews){0}});
    g_assert_true(has_value(fixture->domain, 0, "qemu", "10.0.13"));
    g_assert_true(has_value(fixture->domain, 0, "ring", "256"));
}

/* libvirt starts a guest with a copy of its definition, and of the record in that. */
static void test_mark(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const RhNews fresh = {.fresh = TRUE};

    define(fixture, "");
    assert_recorded(fixture, &(Expected){.news = &fresh, .definition = TRUE});
    g_assert_true(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "state="));
    start(fixture);
    g_assert_true(driver_has(fixture->domain, 0, "state="));
    assert_recorded(fixture, &(Expected){.news = &fresh, .live = TRUE});
    g_assert_false(driver_has(fixture->domain, 0, "state="));
    g_assert_true(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "state="));
}

static void test_needs(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    RhGather needs = RH_GATHER_ALL;
    virDomainPtr plain = driver_define_with(&fixture->driver, "plain", "", g_strdup(""));
    virDomainPtr mdev = driver_define_with(
        &fixture->driver, "mdev", "",
        g_strdup("<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address "
                 "uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>"));

    g_assert_true(rh_recording_needs(plain, &needs, &error));
    g_assert_cmpint(needs, ==, 0);
    g_assert_true(rh_recording_needs(mdev, &needs, &error));
    g_assert_cmpint(needs, ==, RH_KIND_BIT(RH_KIND_MDEV));
    g_assert_cmpint(virDomainCreate(plain), ==, 0);
    driver_plug("<interface type='vdpa'><source dev='/dev/vhost-vdpa-4'/></interface>");
    g_assert_true(rh_recording_needs(plain, &needs, &error));
    g_assert_cmpint(needs, ==, RH_KIND_BIT(RH_KIND_VDPA));
    driver_fail(DRIVER_XML, 0, 1, VIR_ERR_RPC);
    g_assert_false(rh_recording_needs(plain, &needs, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
}

/* One that has no definition has a record all the same. */
static void test_transient(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    define(fixture, "");
    start(fixture);
    g_assert_cmpint(virDomainUndefine(fixture->domain), ==, 0);
    assert_recorded(fixture, &(Expected){.news = &(RhNews){.fresh = TRUE}, .live = TRUE});
    g_assert_true(driver_has(fixture->domain, 0, "vdpa3"));
}

/* It migrated here with its definition, which is still the other host's. */
static void test_arrival(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const RhNews arrived = {.arrived = TRUE};

    fixture->domain =
        driver_define(&fixture->driver, "web1", "there", driver_entry("a", 2, 7), driver_nic(2, 3));
    start(fixture);
    run_on(fixture);
    (void)driver_define(&fixture->driver, "web1", "there", driver_entry("a", 2, 7),
                        driver_nic(2, 7));
    assert_recorded(fixture, &(Expected){.news = &arrived,
                                         .live = TRUE,
                                         .definition = TRUE,
                                         .move = "'/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-3'"});
    g_assert_true(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "vdpa3"));
    g_assert_false(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "vhost-vdpa-7"));
    assert_recorded(fixture, &(Expected){.news = &arrived});
}

/* What was plugged in is recorded, and none of the definition's. */
static void test_plugged(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *nic = driver_nic(5, 4);

    define(fixture, "");
    start(fixture);
    assert_recorded(
        fixture, &(Expected){.news = &(RhNews){.fresh = TRUE}, .live = TRUE, .definition = TRUE});
    driver_plug(nic);
    assert_recorded(fixture, &(Expected){.news = &(RhNews){0}, .live = TRUE});
    g_assert_true(driver_has(fixture->domain, 0, "vdpa4"));
    g_assert_false(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "vdpa4"));
    driver_plug(NULL);
    assert_recorded(fixture, &(Expected){.news = &(RhNews){0}, .live = TRUE});
    g_assert_false(driver_has(fixture->domain, 0, "vdpa4"));
}

/* Started by a number that a reboot gave to another device. */
static void test_usurped(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    fixture->domain =
        driver_define(&fixture->driver, "web1", NULL, driver_entry("lost", 2, 3), driver_nic(2, 3));
    start(fixture);
    assert_recorded(fixture, &(Expected){.news = &(RhNews){.fresh = TRUE},
                                         .live = TRUE,
                                         .warning = "runs with 'vdpa3' as '/dev/vhost-vdpa-3', "
                                                    "which was 'lost'"});
    g_assert_true(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "lost"));
    assert_recorded(fixture, &(Expected){.news = &(RhNews){.accept = TRUE}, .definition = TRUE});
    g_assert_false(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE, "lost"));
}

static void test_print(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(RhRecording) off = {0};
    g_auto(RhRecording) on = {0};
    g_autoptr(GString) print = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const RhNews accept = {.accept = TRUE};

    define(fixture, "");
    g_assert_true(
        rh_recording_update(fixture->domain, fixture->scene, &accept, print, &off, &error));
    g_assert_true(g_str_has_prefix(print->str, "<record "));
    g_assert_nonnull(strstr(print->str, "name=\"vdpa3\""));
    g_assert_cmpuint(off.n_devices, ==, 1);
    g_assert_false(off.running);
    start(fixture);
    g_string_truncate(print, 0);
    g_assert_true(
        rh_recording_update(fixture->domain, fixture->scene, &accept, print, &on, &error));
    g_assert_nonnull(strstr(print->str, "name=\"vdpa3\""));
    g_assert_true(on.running && on.has_vdpa);
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, 0);
}

/* Nothing is written to a guest that a job holds, or whose QEMU does not answer for a while. */
typedef struct {
    int state;
    int reason;
    int job;
    guint occupied;
    gboolean busy;
} Held;
static const Held held[] = {
    {.state = VIR_DOMAIN_PAUSED, .reason = VIR_DOMAIN_PAUSED_MIGRATION, .busy = TRUE},
    {.state = VIR_DOMAIN_PAUSED, .reason = VIR_DOMAIN_PAUSED_SAVE, .busy = TRUE},
    {.state = VIR_DOMAIN_PAUSED, .reason = VIR_DOMAIN_PAUSED_DUMP, .busy = TRUE},
    {.state = VIR_DOMAIN_PAUSED, .reason = VIR_DOMAIN_PAUSED_SNAPSHOT, .busy = TRUE},
    {.state = VIR_DOMAIN_PAUSED, .reason = VIR_DOMAIN_PAUSED_STARTING_UP, .busy = TRUE},
    {.state = VIR_DOMAIN_PAUSED, .reason = VIR_DOMAIN_PAUSED_POSTCOPY, .busy = TRUE},
    {.state = VIR_DOMAIN_PAUSED, .reason = VIR_DOMAIN_PAUSED_USER},
    {.state = VIR_DOMAIN_RUNNING, .reason = VIR_DOMAIN_RUNNING_MIGRATED},
    {.job = VIR_DOMAIN_JOB_BOUNDED, .busy = TRUE},
    {.job = VIR_DOMAIN_JOB_UNBOUNDED, .busy = TRUE},
    {.job = VIR_DOMAIN_JOB_COMPLETED},
    {.occupied = 10, .busy = TRUE},
    {.occupied = 9},
};

static void test_held(Fixture *fixture, gconstpointer data)
{
    const Held *one = data;
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;
    guint read;

    define(fixture, "");
    start(fixture);
    driver_set_state(one->state, one->reason);
    driver_set_job(one->job);
    driver_set_occupied(one->occupied);
    read = driver_count(DRIVER_XML);
    g_assert_true(rh_recording_update(fixture->domain, fixture->scene, &(RhNews){.fresh = TRUE},
                                      NULL, &recording, &error));
    g_assert_no_error(error);
    g_assert_cmpint(recording.busy, ==, one->busy);
    g_assert_cmpint(recording.live_written, ==, !one->busy);
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, one->busy ? 0 : 2);
    /* libvirt would wait with a guest's XML, too, where that hangs */
    g_assert_cmpint(driver_count(DRIVER_XML) > read, ==, !one->occupied || !one->busy);
}

/* What an inventory must hold for a guest that hangs nobody knows, and nobody waits to know it. */
static void test_needs_of_hanging(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    RhGather needs = 0;
    guint read;

    define(fixture, "");
    start(fixture);
    driver_set_occupied(10);
    read = driver_count(DRIVER_XML);
    g_assert_false(rh_recording_needs(fixture->domain, &needs, &error));
    g_assert_nonnull(strstr(error->message, "guest 'web1' hangs"));
    g_assert_cmpuint(driver_count(DRIVER_XML), ==, read);
    g_assert_true(rh_recording_needs(fixture->domain, &needs, NULL));
    g_assert_cmpuint(needs, !=, 0);
}

/* Writes that fail: of the definition, then of the running guest, by a job or otherwise. */
typedef struct {
    guint skip;
    int code;
    gboolean busy;
} Fault;
static const Fault faults[] = {
    {0, VIR_ERR_OPERATION_TIMEOUT, TRUE}, {1, VIR_ERR_OPERATION_TIMEOUT, TRUE},
    {1, VIR_ERR_RESOURCE_BUSY, TRUE},     {0, VIR_ERR_OPERATION_FAILED, FALSE},
    {1, VIR_ERR_OPERATION_FAILED, FALSE},
};

static void test_fault(Fixture *fixture, gconstpointer data)
{
    const Fault *fault = data;
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;
    const RhNews fresh = {.fresh = TRUE};

    define(fixture, "");
    start(fixture);
    driver_fail(DRIVER_METADATA, fault->skip, 1, fault->code);
    g_assert_false(
        rh_recording_update(fixture->domain, fixture->scene, &fresh, NULL, &recording, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
    g_assert_true(g_str_has_prefix(error->message, "cannot write the record of guest 'web1': "));
    g_assert_cmpint(recording.busy, ==, fault->busy);
    g_assert_cmpint(recording.definition_written, ==, fault->skip == 1);
    g_assert_false(recording.live_written);
    assert_recorded(fixture,
                    &(Expected){.news = &fresh, .live = TRUE, .definition = fault->skip == 0});
}

static void redefine(gpointer data)
{
    Fixture *fixture = data;

    (void)driver_define(&fixture->driver, "web1", "there", NULL, driver_nic(2, 8));
}

/* A correction that cannot be written, or that somebody was before. */
static void test_uncorrected(Fixture *fixture, gconstpointer data)
{
    gboolean changed = GPOINTER_TO_INT(data);
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;

    define(fixture, "");
    start(fixture);
    (void)driver_define(&fixture->driver, "web1", "there", driver_entry("a", 2, 7),
                        driver_nic(2, 7));
    if (changed)
        driver_before(DRIVER_XML, 2, redefine, fixture); /* after the guest's, the definition's */
    else
        driver_fail(DRIVER_DEFINE, 0, 1, VIR_ERR_XML_ERROR);
    g_assert_false(rh_recording_update(fixture->domain, fixture->scene, &(RhNews){.arrived = TRUE},
                                       NULL, &recording, &error));
    g_assert_true(g_error_matches(error, RH_ERROR, changed ? RH_ERROR_STATE : RH_ERROR_HOST));
    g_assert_nonnull(strstr(error->message, "the definition of guest 'web1'"));
    g_assert_false(recording.definition_written || recording.live_written || recording.busy);
    g_assert_true(driver_has(fixture->domain, VIR_DOMAIN_XML_INACTIVE,
                             changed ? "/dev/vhost-vdpa-8" : "/dev/vhost-vdpa-7"));
}

/* A definition that cannot be read keeps nobody from recording the running guest. */
static void test_unread(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;

    define(fixture, "");
    start(fixture);
    driver_fail(DRIVER_XML, 1, 1, VIR_ERR_RPC);
    g_assert_false(rh_recording_update(fixture->domain, fixture->scene, &(RhNews){.fresh = TRUE},
                                       NULL, &recording, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
    g_assert_true(g_str_has_prefix(error->message, "cannot read the XML of guest 'web1': "));
    g_assert_true(recording.live_written);
    g_assert_false(recording.definition_written);
}

/* A device that is not on this host. */
static void test_missing(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;

    fixture->domain = driver_define(&fixture->driver, "web1", NULL, NULL, driver_nic(2, 9));
    start(fixture);
    g_assert_false(rh_recording_update(fixture->domain, fixture->scene, &(RhNews){.fresh = TRUE},
                                       NULL, &recording, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
    g_assert_true(g_str_has_prefix(error->message, "guest 'web1': "));
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, 0);
}

#define ADD(name, data, test) g_test_add("/recording/" name, Fixture, data, set_up, test, tear_down)

static void add_each(const char *name, guint i, gconstpointer data,
                     void (*test)(Fixture *fixture, gconstpointer data))
{
    g_autofree char *path = g_strdup_printf("/recording/%s/%u", name, i);

    g_test_add(path, Fixture, data, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    driver_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        add_each("start", i, broken[i], test_start);
        add_each("run-on", i, broken[i], test_run_on);
        add_each("shut-off", i, broken[i], test_shut_off);
    }
    for (guint i = 0; i < G_N_ELEMENTS(held); i++)
        add_each("held", i, &held[i], test_held);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
        add_each("fault", i, &faults[i], test_fault);
    ADD("higher-format", NULL, test_higher_format);
    ADD("only-defined", NULL, test_only_defined);
    ADD("once", NULL, test_once);
    ADD("needs-of-hanging", NULL, test_needs_of_hanging);
    ADD("qemu", NULL, test_qemu);
    ADD("mark", NULL, test_mark);
    ADD("needs", NULL, test_needs);
    ADD("transient", NULL, test_transient);
    ADD("arrival", NULL, test_arrival);
    ADD("plugged", NULL, test_plugged);
    ADD("usurped", NULL, test_usurped);
    ADD("print", NULL, test_print);
    ADD("uncorrected/fault", GINT_TO_POINTER(FALSE), test_uncorrected);
    ADD("uncorrected/changed", GINT_TO_POINTER(TRUE), test_uncorrected);
    ADD("unread", NULL, test_unread);
    ADD("missing", NULL, test_missing);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service: the test driver's guests start, move and end while it runs, and time passes as fast
 * as it can. What it has written and told is what counts. */
#include "recorder/service.h"
#include "tests/driver.h"

#include <libvirt/virterror.h>
#include <signal.h>
#include <string.h>

#define SERVE(driver, steps) driver_serve(driver, steps, G_N_ELEMENTS(steps))

static char *two_devices(void)
{
    g_autofree char *three = driver_device("vdpa3", 3);
    g_autofree char *four = driver_device("vdpa4", 4);

    return g_strconcat(three, four, NULL);
}

static void set_up(Driver *driver, gconstpointer data)
{
    driver_set_up(driver, data);
    driver_set_host(driver, NULL, two_devices());
}

static virDomainPtr define(Driver *driver, const char *name, guint node)
{
    return driver_define(driver, name, NULL, NULL, driver_nic(2, node));
}

/* The guest that was defined as number @at. */
static virDomainPtr guest(const Driver *driver, guint at)
{
    return g_ptr_array_index(driver->guests, at);
}

static void assert_heard(const char *expected)
{
    g_autofree char *heard = driver_heard();

    g_assert_cmpstr(heard, ==, expected);
}

/* Parts of what was heard, of which none is to be said twice. */
static void assert_heard_once(const char *const *parts, guint n)
{
    g_autofree char *heard = driver_heard();

    g_test_message("%s", heard);
    for (guint i = 0; i < n; i++) {
        const char *at = strstr(heard, parts[i]);

        g_assert_nonnull(at);
        g_assert_null(strstr(at + 1, parts[i]));
    }
}

#define CONNECTED "connected to libvirt at 'test:///default'\n"

static void start_first(Driver *driver)
{
    g_assert_cmpint(virDomainCreate(guest(driver, 0)), ==, 0);
}

static void stop_first(Driver *driver)
{
    g_assert_cmpint(virDomainDestroy(guest(driver, 0)), ==, 0);
}

/* What is there when it begins is looked at. */
static void test_begin(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{NULL, 3600}};

    (void)define(driver, "web1", 3);
    (void)driver_define(driver, "plain", NULL, NULL, g_strdup(""));
    SERVE(driver, steps);
    g_assert_true(driver_has(guest(driver, 0), VIR_DOMAIN_XML_INACTIVE, "vdpa3"));
    g_assert_false(driver_has(guest(driver, 1), VIR_DOMAIN_XML_INACTIVE, "record"));
    assert_heard(CONNECTED "recorded guest 'web1', in its definition\n");
    /* each of three, the test driver's own too: what it needs, and then it */
    g_assert_cmpuint(driver_count(DRIVER_LOOKUP), ==, 6);
}

static void define_first(Driver *driver)
{
    (void)define(driver, "web1", 3);
}

/* And what is defined and starts later, by libvirt's own events. */
static void test_start(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{NULL, 3600}, {define_first, 0}, {start_first, 10}};

    SERVE(driver, steps);
    g_assert_true(driver_has(guest(driver, 0), 0, "vdpa3"));
    g_assert_true(driver_has(guest(driver, 0), VIR_DOMAIN_XML_INACTIVE, "vdpa3"));
    assert_heard(CONNECTED "recorded guest 'web1', which runs, and in its definition\n");
}

/* What a guest's driver negotiates is looked for at first soon, then once a minute. */
static void test_look(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{NULL, 302}, {stop_first, 3600}};

    (void)define(driver, "web1", 3);
    start_first(driver);
    SERVE(driver, steps);
    /* it and the test driver's own: what they need, and then they; after 2, 4, 8, 16, 32 and three
     * times 60 seconds; and when it has ended */
    g_assert_cmpuint(driver_count(DRIVER_LOOKUP), ==, 2 + 2 + 8 + 2);
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, 2);
}

static void reboot_first(Driver *driver)
{
    driver_tell_reboot(guest(driver, 0));
}

static void break_record(Driver *driver)
{
    const char *record = "<record xmlns='urn:virt-rehome:1' format='1'><vdpa mtu='fast'/></record>";

    g_assert_cmpint(virDomainSuspend(guest(driver, 0)), ==, 0);
    g_assert_cmpint(virDomainResume(guest(driver, 0)), ==, 0);
    g_assert_cmpint(virDomainSetMetadata(guest(driver, 0), VIR_DOMAIN_METADATA_ELEMENT, record,
                                         "rehome", "urn:virt-rehome:1", VIR_DOMAIN_AFFECT_LIVE),
                    ==, 0);
}

/* What it has after a reboot is what it was started with, so that a record that nobody can read is
 * made anew; until then there is a complaint, once. */
static void test_reboot(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{break_record, 20}, {reboot_first, 10}};
    static const char *const parts[] = {
        "'virt-rehome record web1' makes the record anew",
        "the record of guest 'web1' could not be read",
        "recorded guest 'web1', which runs",
    };

    (void)define(driver, "web1", 3);
    start_first(driver);
    SERVE(driver, steps);
    g_assert_true(driver_has(guest(driver, 0), 0, "vdpa3"));
    assert_heard_once(parts, G_N_ELEMENTS(parts));
}

static void plug(Driver *driver)
{
    driver_plug("<interface type='vdpa'><source dev='/dev/vhost-vdpa-4'/></interface>");
    driver_tell_plugged(guest(driver, 0));
}

/* Also in a guest that had no device of ours before, and needed no look. */
static void test_plugged(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{NULL, 1000}, {plug, 10}};

    (void)driver_define(driver, "web1", NULL, NULL, g_strdup(""));
    start_first(driver);
    SERVE(driver, steps);
    g_assert_true(driver_has(guest(driver, 0), 0, "vdpa4"));
    assert_heard(CONNECTED "recorded guest 'web1', which runs\n");
}

static void arrive(Driver *driver)
{
    virDomainPtr domain = define(driver, "web1", 3);

    g_assert_cmpint(virDomainCreate(domain), ==, 0);
    (void)define(driver, "web1", 7); /* as it was on the host that it comes from */
    driver_tell_lifecycle(domain, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_MIGRATED);
    driver_tell_lifecycle(domain, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_MIGRATED);
}

static void test_arrival(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{NULL, 10}, {arrive, 10}};

    SERVE(driver, steps);
    g_assert_true(driver_has(guest(driver, 0), VIR_DOMAIN_XML_INACTIVE, "/dev/vhost-vdpa-3"));
    assert_heard(CONNECTED "recorded guest 'web1', which runs, and in its definition\n"
                           "the definition of guest 'web1' names "
                           "'/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-3'\n");
}

static void return_home(Driver *driver)
{
    arrive(driver);
    driver_set_state(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATION_CANCELED);
}

/* A migration away that was cancelled is no arrival, though libvirt says so: the definition may be
 * meant for the next start. */
static void test_cancelled(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{NULL, 10}, {return_home, 10}};

    SERVE(driver, steps);
    g_assert_true(driver_has(guest(driver, 0), VIR_DOMAIN_XML_INACTIVE, "/dev/vhost-vdpa-7"));
    assert_heard(CONNECTED "recorded guest 'web1', which runs\n");
}

static void hold(Driver *driver)
{
    driver_set_job(VIR_DOMAIN_JOB_UNBOUNDED);
    start_first(driver);
}

static void let_go(Driver *driver G_GNUC_UNUSED)
{
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, 0);
    driver_set_job(VIR_DOMAIN_JOB_NONE);
}

/* A job that holds a guest is waited for, half a minute at most from one try to the next, and
 * nobody is told. */
static void test_held(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{hold, 70}, {let_go, 31}};

    (void)define(driver, "web1", 3);
    SERVE(driver, steps);
    assert_heard(CONNECTED "recorded guest 'web1', which runs, and in its definition\n");
}

/* A write that fails is told once, and tried until it succeeds. */
static void test_fault(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{start_first, 65}};
    static const char *const parts[] = {
        "cannot write the record of guest 'web1'",
        "recorded guest 'web1', which runs, and in its definition\n",
    };

    (void)define(driver, "web1", 3);
    driver_fail(DRIVER_METADATA, 0, 5, VIR_ERR_OPERATION_FAILED);
    SERVE(driver, steps);
    assert_heard_once(parts, G_N_ELEMENTS(parts));
}

/* What a person must see to is said once, and again when the guest has ended and starts. */
static void test_warning(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{start_first, 20}, {stop_first, 10}, {start_first, 20}};
    g_autofree char *heard = NULL;
    guint n = 0;

    (void)driver_define(driver, "web1", NULL, driver_entry("lost", 2, 3), driver_nic(2, 3));
    SERVE(driver, steps);
    heard = driver_heard();
    for (const char *at = heard; (at = strstr(at, "guest 'web1' runs with 'vdpa3'")); at++)
        n++;
    g_assert_cmpuint(n, ==, 2);
}

static void lose(Driver *driver G_GNUC_UNUSED)
{
    driver_fail(DRIVER_OPEN, 0, 3, VIR_ERR_NO_CONNECT);
    driver_lose_connection();
}

static void lose_by_list(Driver *driver G_GNUC_UNUSED)
{
    driver_fail(DRIVER_LIST, 0, 1, VIR_ERR_RPC);
    g_assert_cmpint(raise(SIGHUP), ==, 0);
}

static void start_unseen(Driver *driver)
{
    driver_fail(DRIVER_OPEN, 0, 1, VIR_ERR_NO_CONNECT);
    driver_lose_connection();
    start_first(driver);
}

/* libvirt's daemon goes, and comes again: what happened meanwhile is looked at. */
static void test_lost(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {
        {NULL, 10}, {lose, 60}, {lose_by_list, 60}, {start_unseen, 60}};

    (void)define(driver, "web1", 3);
    SERVE(driver, steps);
    /* at first, after three failures, after a list that failed, after one failure */
    g_assert_cmpuint(driver_count(DRIVER_OPEN), ==, 1 + 4 + 1 + 2);
    g_assert_true(driver_has(guest(driver, 0), 0, "vdpa3"));
}

static void absent_yet(Driver *driver G_GNUC_UNUSED)
{
    g_assert_cmpuint(driver_count(DRIVER_OPEN), ==, 3);
}

/* It begins before libvirt's daemon, or before that gives events. */
static void test_absent(Driver *driver, gconstpointer data)
{
    static const DriverStep steps[] = {{NULL, 13}, {absent_yet, 2}};
    static const char *const open[] = {"cannot connect to libvirt at 'test:///default'", CONNECTED};
    static const char *const subscribe[] = {"cannot ask libvirt for its events", CONNECTED};

    driver_fail((DriverCall)GPOINTER_TO_INT(data), 0, 3, VIR_ERR_NO_CONNECT);
    SERVE(driver, steps);
    assert_heard_once(GPOINTER_TO_INT(data) == DRIVER_OPEN ? open : subscribe, 2);
}

static void mend_host(Driver *driver)
{
    g_assert_false(driver_has(guest(driver, 0), 0, "vdpa3"));
    driver_set_host(driver, NULL, two_devices());
}

static void hang_up(Driver *driver G_GNUC_UNUSED)
{
    g_assert_cmpint(raise(SIGHUP), ==, 0);
}

/* Devices that cannot be gathered are waited for, and SIGHUP looks at once. */
static void test_gather(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{start_first, 40}, {mend_host, 0}, {hang_up, 1}};
    static const char *const parts[] = {
        "these devices are those of host 'elsewhere'",
        "recorded guest 'web1', which runs, and in its definition\n",
    };

    (void)define(driver, "web1", 3);
    driver_set_host(driver, "elsewhere", two_devices());
    SERVE(driver, steps);
    assert_heard_once(parts, G_N_ELEMENTS(parts));
}

static void undefine_first(gpointer data)
{
    const Driver *driver = data;

    (void)virDomainDestroy(guest(driver, 0));
    (void)virDomainUndefine(guest(driver, 0));
}

static void undefine(Driver *driver)
{
    undefine_first(driver);
}

static void gone_meanwhile(Driver *driver)
{
    start_first(driver);
    driver_before(DRIVER_LOOKUP, 1, undefine_first, driver); /* after its needs were looked at */
}

/* A guest that is no more is forgotten, whenever that is seen; where libvirt cannot be asked, it is
 * asked again. */
static void test_gone(Driver *driver, gconstpointer data)
{
    static const DriverStep told[] = {{undefine, 3600}};
    static const DriverStep meanwhile[] = {{gone_meanwhile, 3600}};

    (void)define(driver, "web1", 3);
    if (data)
        SERVE(driver, told);
    else
        SERVE(driver, meanwhile);
    g_assert_cmpuint(driver_count(DRIVER_LOOKUP), <, 6);
    g_assert_cmpuint(driver_count(DRIVER_METADATA), ==, 0);
}

static void unasked(Driver *driver)
{
    driver_fail(DRIVER_LOOKUP, 0, 2, VIR_ERR_RPC);
    start_first(driver);
}

static void not_yet(Driver *driver)
{
    g_assert_false(driver_has(guest(driver, 0), 0, "vdpa3"));
}

static void test_unasked(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{unasked, 2}, {not_yet, 1}};

    (void)define(driver, "web1", 3);
    SERVE(driver, steps);
    g_assert_true(driver_has(guest(driver, 0), 0, "vdpa3"));
}

/* How often the loop had gone round when the first guest was written, and by the second it did. */
static void second_guest(gpointer data)
{
    const guint *loops = data;

    g_assert_cmpuint(driver_count(DRIVER_LOOP), >, *loops);
}

static void first_guest(gpointer data)
{
    guint *loops = data;

    *loops = driver_count(DRIVER_LOOP);
    driver_before(DRIVER_METADATA, 1, second_guest, loops); /* after its definition's, its own */
}

/* Guests whose writes take long do not keep a signal waiting: a round ends, and the next begins. */
static void test_slow(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    static const DriverStep steps[] = {{NULL, 200}};
    guint loops = G_MAXUINT;

    for (guint i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("web%u", i);

        g_assert_cmpint(virDomainCreate(define(driver, name, 3)), ==, 0);
    }
    driver_set_slow(30 * G_USEC_PER_SEC);
    driver_before(DRIVER_METADATA, 0, first_guest, &loops);
    SERVE(driver, steps);
    for (guint i = 0; i < 3; i++)
        g_assert_true(driver_has(guest(driver, i), 0, "vdpa3"));
}

#define ADD(name, data, test) \
    g_test_add("/service/" name, Driver, data, set_up, test, driver_tear_down)

int main(int argc, char **argv)
{
    driver_init(&argc, &argv);
    ADD("begin", NULL, test_begin);
    ADD("start", NULL, test_start);
    ADD("look", NULL, test_look);
    ADD("reboot", NULL, test_reboot);
    ADD("plugged", NULL, test_plugged);
    ADD("arrival", NULL, test_arrival);
    ADD("cancelled", NULL, test_cancelled);
    ADD("held", NULL, test_held);
    ADD("fault", NULL, test_fault);
    ADD("warning", NULL, test_warning);
    ADD("lost", NULL, test_lost);
    ADD("absent/daemon", GINT_TO_POINTER(DRIVER_OPEN), test_absent);
    ADD("absent/events", GINT_TO_POINTER(DRIVER_SUBSCRIBE), test_absent);
    ADD("gather", NULL, test_gather);
    ADD("gone/told", GINT_TO_POINTER(TRUE), test_gone);
    ADD("gone/meanwhile", GINT_TO_POINTER(FALSE), test_gone);
    ADD("unasked", NULL, test_unasked);
    ADD("slow", NULL, test_slow);
    return g_test_run();
}

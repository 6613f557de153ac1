/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/driver.h"

#include "recorder/service.h"
#include "util/file.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URI "test:///default"
#define NIC_TYPE \
    "driver='mlx5_core' class='net' vendor-id='0x15b3' max-vqs='5' max-vq-size='256' " \
    "min-vq-size='1' features='0x0000000300c3982b' mac='00:00:00:00:00:00' max-vq-pairs='2' " \
    "mtu='1500'"
#define N_EVENTS 32     /* more than there are kinds of */
#define MAX_TURNS 10000 /* of the service's loop: more are no progress */

/* A wrapped function, and the real one. */
#define WRAP(type, name, parameters) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters

typedef struct {
    guint count;
    guint fail_skip;
    guint fail_times;
    int code;
    guint before_skip;
    void (*before)(gpointer data);
    gpointer data;
} Call;

/* What is played, from driver_set_up() on. */
typedef struct {
    Call calls[DRIVER_N_CALLS];
    int state;
    int reason;
    int job;
    guint occupied;
    const char *plugged;
    gint64 now;
    gint64 slow;
    GString *heard;
    virConnectPtr subscribed; /* by the service; NULL: nobody */
    virConnectDomainEventGenericCallback callbacks[N_EVENTS];
    void *subscriber;
    virConnectCloseFunc closed;
    Driver *driver;
    const DriverStep *steps;
    guint n_steps;
    gint64 step_end;
    gint64 armed; /* when the service wants to be woken; -1: never */
    int timer;
    guint turns;
} Play;
static Play play;

/* Calls ---------------------------------------------------------------------------------------- */

void driver_raise(int code)
{
    virErrorPtr error;

    (void)virDomainGetName(NULL); /* an error of libvirt's own making, so that it is kept as such */
    error = virGetLastError();
    g_assert_nonnull(error);
    error->code = code;
}

/* Whether the call is to fail; its error is set. */
static gboolean fails(DriverCall which)
{
    Call *call = &play.calls[which];
    void (*before)(gpointer data) = call->before;

    call->count++;
    if (before && call->before_skip-- == 0) {
        call->before = NULL;
        before(call->data);
    }
    if (call->fail_times == 0)
        return FALSE;
    if (call->fail_skip > 0) {
        call->fail_skip--;
        return FALSE;
    }
    call->fail_times--;
    driver_raise(call->code);
    return TRUE;
}

void driver_fail(DriverCall call, guint skip, guint times, int code)
{
    play.calls[call].fail_skip = skip;
    play.calls[call].fail_times = times;
    play.calls[call].code = code;
}

void driver_before(DriverCall call, guint skip, void (*act)(gpointer data), gpointer data)
{
    play.calls[call].before_skip = skip;
    play.calls[call].before = act;
    play.calls[call].data = data;
}

guint driver_count(DriverCall call)
{
    return play.calls[call].count;
}

WRAP(virConnectPtr, virConnectOpen, (const char *uri))
{
    return fails(DRIVER_OPEN) ? NULL : __real_virConnectOpen(uri);
}

WRAP(int, virConnectListAllDomains, (virConnectPtr connection, virDomainPtr **list, unsigned flags))
{
    return fails(DRIVER_LIST) ? -1 : __real_virConnectListAllDomains(connection, list, flags);
}

WRAP(virDomainPtr, virDomainLookupByUUIDString, (virConnectPtr connection, const char *uuid))
{
    return fails(DRIVER_LOOKUP) ? NULL : __real_virDomainLookupByUUIDString(connection, uuid);
}

WRAP(char *, virDomainGetXMLDesc, (virDomainPtr domain, unsigned flags))
{
    char *xml = fails(DRIVER_XML) ? NULL : __real_virDomainGetXMLDesc(domain, flags);
    g_autoptr(GString) text = NULL;

    if (!xml || !play.plugged || (flags & VIR_DOMAIN_XML_INACTIVE))
        return xml;
    text = g_string_new(xml);
    free(xml);
    g_assert_cmpuint(g_string_replace(text, "</devices>", play.plugged, 1), ==, 1);
    g_string_insert(text,
                    strstr(text->str, play.plugged) - text->str + (gssize)strlen(play.plugged),
                    "</devices>");
    return strdup(text->str);
}

WRAP(int, virDomainSetMetadata,
     (virDomainPtr domain, int type, const char *metadata, const char *key, const char *uri,
      unsigned flags))
{
    play.now += play.slow;
    return fails(DRIVER_METADATA)
               ? -1
               : __real_virDomainSetMetadata(domain, type, metadata, key, uri, flags);
}

WRAP(virDomainPtr, virDomainDefineXML, (virConnectPtr connection, const char *xml))
{
    return fails(DRIVER_DEFINE) ? NULL : __real_virDomainDefineXML(connection, xml);
}

/* What a guest is at --------------------------------------------------------------------------- */

void driver_set_state(int state, int reason)
{
    play.state = state;
    play.reason = reason;
}

void driver_set_job(int type)
{
    play.job = type;
}

void driver_set_occupied(guint times)
{
    play.occupied = times;
}

void driver_plug(const char *devices)
{
    play.plugged = devices;
}

WRAP(int, virDomainGetState, (virDomainPtr domain, int *state, int *reason, unsigned flags))
{
    int answer = __real_virDomainGetState(domain, state, reason, flags);

    if (answer == 0 && play.state != VIR_DOMAIN_NOSTATE) {
        *state = play.state;
        *reason = play.reason;
    }
    return answer;
}

WRAP(int, virDomainGetJobInfo, (virDomainPtr domain G_GNUC_UNUSED, virDomainJobInfoPtr info))
{
    *info = (virDomainJobInfo){.type = play.job};
    return 0;
}

WRAP(int, virDomainGetControlInfo,
     (virDomainPtr domain G_GNUC_UNUSED, virDomainControlInfoPtr info,
      unsigned flags G_GNUC_UNUSED))
{
    *info = (virDomainControlInfo){.state = play.occupied > 0 ? VIR_DOMAIN_CONTROL_OCCUPIED
                                                              : VIR_DOMAIN_CONTROL_OK};
    play.occupied -= play.occupied > 0;
    return 0;
}

typedef void (*AnyFunction)(void);

/* Events --------------------------------------------------------------------------------------- */

WRAP(int, virConnectDomainEventRegisterAny,
     (virConnectPtr connection, virDomainPtr domain, int event,
      virConnectDomainEventGenericCallback callback, void *data, virFreeCallback clear))
{
    if (fails(DRIVER_SUBSCRIBE))
        return -1;
    g_assert_cmpint(event, <, N_EVENTS);
    play.subscribed = connection;
    play.subscriber = data;
    play.callbacks[event] = callback;
    return __real_virConnectDomainEventRegisterAny(connection, domain, event, callback, data,
                                                   clear);
}

WRAP(int, virConnectRegisterCloseCallback,
     (virConnectPtr connection G_GNUC_UNUSED, virConnectCloseFunc callback,
      void *data G_GNUC_UNUSED, virFreeCallback clear G_GNUC_UNUSED))
{
    play.closed = callback;
    return 0;
}

void driver_tell_lifecycle(virDomainPtr domain, int event, int detail)
{
    virConnectDomainEventCallback callback =
        (virConnectDomainEventCallback)(AnyFunction)play.callbacks[VIR_DOMAIN_EVENT_ID_LIFECYCLE];

    g_assert_cmpint(callback(play.subscribed, domain, event, detail, play.subscriber), ==, 0);
}

void driver_tell_reboot(virDomainPtr domain)
{
    play.callbacks[VIR_DOMAIN_EVENT_ID_REBOOT](play.subscribed, domain, play.subscriber);
}

void driver_tell_plugged(virDomainPtr domain)
{
    virConnectDomainEventDeviceAddedCallback callback =
        (virConnectDomainEventDeviceAddedCallback)(AnyFunction)
            play.callbacks[VIR_DOMAIN_EVENT_ID_DEVICE_ADDED];

    callback(play.subscribed, domain, "net0", play.subscriber);
}

void driver_lose_connection(void)
{
    play.closed(play.subscribed, VIR_CONNECT_CLOSE_REASON_KEEPALIVE, play.subscriber);
}

/* Time ----------------------------------------------------------------------------------------- */

/* So short a time is spent waiting for a process, which needs its own. */
#define REAL_US 1000

WRAP(gint64, g_get_monotonic_time, (void))
{
    return play.now;
}

WRAP(void, g_usleep, (gulong microseconds))
{
    if (microseconds <= REAL_US)
        __real_g_usleep(microseconds);
    play.now += (gint64)microseconds;
}

gint64 driver_now(void)
{
    return play.now;
}

void driver_set_slow(gint64 duration)
{
    play.slow = duration;
}

/* The service's is the only timer of ours. It never fires by itself. */
WRAP(void, virEventUpdateTimeout, (int timer, int timeout))
{
    play.timer = timer;
    play.armed = timeout < 0 ? -1 : play.now + timeout * G_TIME_SPAN_MILLISECOND;
    __real_virEventUpdateTimeout(timer, -1);
}

int __real_virEventRunDefaultImpl(void);

/* The service is woken when it wants to be, unless that is after the end of the step. */
static int pass_time(void)
{
    if (play.armed >= 0 && play.armed <= play.step_end) {
        play.now = play.armed;
    } else if (play.n_steps > 0) {
        play.now = MAX(play.now, play.step_end); /* what was done may have taken longer */
        play.step_end = play.now + play.steps->seconds * G_USEC_PER_SEC;
        if (play.steps->act)
            play.steps->act(play.driver);
        play.steps++;
        play.n_steps--;
    } else {
        g_assert_cmpint(raise(SIGTERM), ==, 0);
    }
    __real_virEventUpdateTimeout(play.timer, 0);
    return __real_virEventRunDefaultImpl();
}

WRAP(int, virEventRunDefaultImpl, (void))
{
    gboolean any = FALSE;

    g_assert_cmpuint(++play.turns, <, MAX_TURNS);
    if (fails(DRIVER_LOOP))
        return -1;
    while (g_main_context_iteration(NULL, FALSE))
        any = TRUE;
    return any ? 0 : pass_time();
}

void driver_serve(Driver *driver, const DriverStep *steps, guint n)
{
    RhEnvironment environment = driver_environment(driver);
    g_autoptr(GError) error = NULL;

    play.driver = driver;
    play.steps = steps;
    play.n_steps = n;
    play.step_end = play.now;
    play.turns = 0;
    g_assert_true(rh_service_run(&environment, URI, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(play.n_steps, ==, 0);
}

/* The journal ---------------------------------------------------------------------------------- */

static GLogWriterOutput hear(GLogLevelFlags level, const GLogField *fields, gsize n,
                             gpointer data G_GNUC_UNUSED)
{
    for (gsize i = 0; i < n && play.heard; i++)
        if (g_str_equal(fields[i].key, "MESSAGE"))
            g_string_append_printf(play.heard, "%s\n", (const char *)fields[i].value);
    /* a warning of GLib's own is none of the journal's */
    return level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)
               ? g_log_writer_default(level, fields, n, NULL)
               : G_LOG_WRITER_HANDLED;
}

char *driver_heard(void)
{
    GString *heard = play.heard;

    play.heard = g_string_new(NULL);
    return g_string_free(heard, FALSE);
}

/* The host and its guests ---------------------------------------------------------------------- */

char *driver_nic(guint slot, guint node)
{
    return g_strdup_printf("<interface type='vdpa'><mac address='52:54:00:5a:01:01'/>"
                           "<source dev='/dev/vhost-vdpa-%u'/><address type='pci' domain='0' "
                           "bus='0' slot='%u' function='0'/></interface>",
                           node, slot);
}

char *driver_device(const char *name, guint node)
{
    return g_strdup_printf("<vdpa name='%s' mgmtdev='m' chardev='/dev/vhost-vdpa-%u' "
                           "bound='vhost_vdpa' " NIC_TYPE "/>",
                           name, node);
}

char *driver_entry(const char *name, guint slot, guint node)
{
    return g_strdup_printf("<vdpa name='%s' mgmtdev='m' chardev='/dev/vhost-vdpa-%u' "
                           "guest-address='pci:0000:00:%02x.0' " NIC_TYPE "/>",
                           name, node, slot);
}

void driver_set_host(Driver *driver, const char *name, char *devices)
{
    g_autofree char *taken = devices;
    g_autofree char *xml = g_strdup_printf("<host xmlns='urn:virt-rehome:1' format='1' name='%s' "
                                           "kernel='6.12'>%s</host>",
                                           name ? name : driver->hostname, taken);

    g_assert_true(g_file_set_contents(driver->inventory, xml, -1, NULL));
}

void driver_set_log(Driver *driver, const char *name, const char *version)
{
    g_autofree char *folder = g_build_filename(driver->root, "var/log/libvirt/qemu", NULL);
    g_autofree char *path = g_strdup_printf("%s/%s.log", folder, name);
    g_autofree char *text = NULL;

    if (!version) {
        g_assert_cmpint(g_remove(path), ==, 0);
        return;
    }
    text = g_strdup_printf("2026-11-27 20:00:00.000+0000: starting up libvirt version: 9.0.0, "
                           "package: 4, qemu version: %sDebian 1:7.2, kernel: 6.1.0, hostname: h\n"
                           "LC_ALL=C \\\n2026-11-27T20:00:01.000000Z qemu-system-x86_64: warning\n",
                           version);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

RhEnvironment driver_environment(const Driver *driver)
{
    return (RhEnvironment){
        .root = driver->root, .config = driver->config, .inventory = driver->inventory};
}

static char *make_uuid(const char *name)
{
    guint hash = g_str_hash(name);

    return g_strdup_printf("11111111-0000-4000-8000-%012x", hash);
}

virDomainPtr driver_define_with(Driver *driver, const char *name, const char *metadata,
                                char *devices)
{
    g_autofree char *taken = devices;
    g_autofree char *uuid = make_uuid(name);
    g_autofree char *xml = g_strdup_printf(
        "<domain type='test'><name>%s</name><uuid>%s</uuid><metadata>%s</metadata>"
        "<memory>65536</memory><os><type>hvm</type></os><devices>%s</devices></domain>",
        name, uuid, metadata, taken);
    virDomainPtr domain = __real_virDomainDefineXML(driver->connection, xml);

    g_assert_nonnull(domain);
    g_ptr_array_add(driver->guests, domain);
    return domain;
}

virDomainPtr driver_define(Driver *driver, const char *name, const char *host, char *entries,
                           char *devices)
{
    g_autofree char *taken = entries;
    g_autofree char *record =
        taken ? g_strdup_printf("<record xmlns='urn:virt-rehome:1' format='1' host='%s' "
                                "kernel='6.12' qemu='0.0.2' state='off'>%s</record>",
                                host ? host : driver->hostname, taken)
              : g_strdup("");

    return driver_define_with(driver, name, record, devices);
}

gboolean driver_has(virDomainPtr domain, guint flags, const char *text)
{
    char *xml = __real_virDomainGetXMLDesc(domain, flags);
    gboolean has = xml && strstr(xml, text);

    free(xml);
    return has;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        remove_tree(inner);
    }
    (void)g_remove(path);
}

void driver_set_up(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *definitions = NULL;
    g_autoptr(GError) error = NULL;

    play = (Play){.now = 1000 * G_USEC_PER_SEC, .armed = -1, .heard = g_string_new(NULL)};
    driver->connection = rh_connection_open(URI, FALSE, &error);
    g_assert_no_error(error);
    driver->hostname = virConnectGetHostname(driver->connection);
    driver->root = g_dir_make_tmp("virt-rehome-XXXXXX", &error);
    g_assert_no_error(error);
    driver->inventory = g_build_filename(driver->root, "host.xml", NULL);
    driver->config = g_build_filename(driver->root, "none.conf", NULL);
    driver->guests = rh_connection_new_list();
    definitions = g_build_filename(driver->root, "etc/libvirt/qemu", NULL);
    g_assert_cmpint(g_mkdir_with_parents(definitions, 0755), ==, 0);
    g_assert_true(g_file_set_contents(driver->config, "", 0, NULL));
    play.calls[DRIVER_OPEN].count = 0;
}

void driver_tear_down(Driver *driver, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < driver->guests->len; i++) {
        (void)virDomainDestroy(g_ptr_array_index(driver->guests, i));
        (void)virDomainUndefine(g_ptr_array_index(driver->guests, i));
    }
    g_ptr_array_unref(driver->guests);
    rh_connection_close(driver->connection);
    remove_tree(driver->root);
    g_free(driver->hostname);
    g_free(driver->root);
    g_free(driver->inventory);
    g_free(driver->config);
    g_string_free(play.heard, TRUE);
    play.heard = NULL;
}

void driver_init(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    g_log_set_writer_func(hear, NULL, NULL);
    rh_connection_init();
    g_assert_cmpint(virEventRegisterDefaultImpl(), ==, 0);
}

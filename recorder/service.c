/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/service.h"

#include "hook/managed-save.h"
#include "recorder/recording.h"
#include "recorder/timetable.h"
#include "recorder/watchdog.h"
#include "site/journal.h"
#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* No guest waits for another that hangs longer than one such wait and this. */
#define MAX_ROUND_US (5 * G_USEC_PER_SEC)

/* https://libvirt.org/html/libvirt-libvirt-host.html#virConnectSetKeepAlive */
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

typedef struct {
    const RhEnvironment *environment;
    const char *uri;
    virConnectPtr connection; /* NULL: not connected */
    GArray *callbacks;        /* of int: what is subscribed to there, and holds it */
    gboolean lost;            /* the connection has ended, and is to be closed */
    gboolean stop;
    char *complaint; /* about the daemon or this host */
    RhTimetable timetable;
    RhWatchdog watchdog;
    int timer;    /* of libvirt's loop; -1: none */
    int listener; /* to `signals`, likewise */
    int signals;  /* a signalfd; -1: none */
} Service;

/* Says @message, unless it was the last that was said there; NULL: all is well again. */
static void complain(char **said, const char *guest, const char *message)
{
    if (g_strcmp0(*said, message) == 0)
        return;
    g_free(*said);
    *said = g_strdup(message);
    if (message)
        rh_journal_tell(RH_EVENT_WARNING, guest, "%s", message);
}

/* Events --------------------------------------------------------------------------------------- */

/* The guest is to be looked at soon. */
static RhWatch *touch(Service *service, virDomainPtr domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    return virDomainGetUUIDString(domain, uuid) == 0
               ? rh_timetable_touch(&service->timetable, uuid, g_get_monotonic_time())
               : NULL;
}

static int on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, int event,
                        int detail, void *data)
{
    Service *service = data;
    RhWatch *watch = touch(service, domain);

    if (!watch)
        return 0;
    if (event == VIR_DOMAIN_EVENT_STOPPED || event == VIR_DOMAIN_EVENT_UNDEFINED) {
        rh_watch_end(watch);
        rh_managed_save_sweep(service->environment->root, virDomainGetName(domain));
    } else if (event == VIR_DOMAIN_EVENT_STARTED && detail == VIR_DOMAIN_EVENT_STARTED_BOOTED)
        watch->news.fresh = TRUE;
    else if ((event == VIR_DOMAIN_EVENT_STARTED && detail == VIR_DOMAIN_EVENT_STARTED_MIGRATED) ||
             (event == VIR_DOMAIN_EVENT_RESUMED && detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED))
        watch->news.arrived = TRUE;
    return 0;
}

static void on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, void *data)
{
    RhWatch *watch = touch(data, domain);

    if (watch)
        watch->news.fresh = TRUE;
}

static void on_device(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain,
                      const char *alias G_GNUC_UNUSED, void *data)
{
    (void)touch(data, domain);
}

static void on_close(virConnectPtr connection G_GNUC_UNUSED, int reason G_GNUC_UNUSED, void *data)
{
    Service *service = data;

    service->lost = TRUE;
}

static gboolean subscribe(Service *service)
{
    static const struct {
        int event;
        virConnectDomainEventGenericCallback callback;
    } events[] = {
        {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
        {VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
    };

    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        int id = virConnectDomainEventRegisterAny(service->connection, NULL, events[i].event,
                                                  events[i].callback, service, NULL);

        if (id < 0)
            return FALSE;
        g_array_append_val(service->callbacks, id);
    }
    (void)virConnectRegisterCloseCallback(service->connection, on_close, service, NULL);
    (void)virConnectSetKeepAlive(service->connection, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    return TRUE;
}

/* The connection ------------------------------------------------------------------------------- */

static void touch_all(Service *service)
{
    g_autoptr(GPtrArray) domains =
        service->connection ? rh_connection_list(service->connection, NULL) : NULL;

    rh_timetable_hurry(&service->timetable);
    if (!domains)
        service->lost = TRUE; /* and connected anew */
    for (guint i = 0; domains && i < domains->len; i++)
        (void)touch(service, g_ptr_array_index(domains, i));
}

static void disconnect(Service *service)
{
    for (guint i = 0; i < service->callbacks->len; i++)
        (void)virConnectDomainEventDeregisterAny(service->connection,
                                                 g_array_index(service->callbacks, int, i));
    g_array_set_size(service->callbacks, 0);
    if (service->connection) {
        (void)virConnectUnregisterCloseCallback(service->connection, on_close);
        rh_connection_close(service->connection);
    }
    service->connection = NULL;
    service->lost = FALSE;
}

/* Events of before are lost, so all guests are looked at. */
static void connect_if_due(Service *service)
{
    g_autoptr(GError) error = NULL;

    if (service->connection || g_get_monotonic_time() < service->timetable.connect.due)
        return;
    service->connection = rh_connection_open(service->uri, FALSE, &error);
    if (service->connection && !subscribe(service)) {
        rh_connection_raise(&error, "ask libvirt for its events");
        disconnect(service);
    }
    if (!service->connection) {
        complain(&service->complaint, NULL, error->message);
        rh_retry_fail(&service->timetable.connect, g_get_monotonic_time());
        return;
    }
    complain(&service->complaint, NULL, NULL);
    rh_retry_pass(&service->timetable.connect);
    rh_journal_tell(RH_EVENT_CONNECTED, NULL, "connected to libvirt at '%s'",
                    rh_connection_uri(service->uri));
    touch_all(service);
}

/* Recording ------------------------------------------------------------------------------------ */

static void tell_recording(const char *name, const RhRecording *recording)
{
    gboolean wrote = recording->live_written || recording->definition_written;

    if (wrote)
        rh_journal_tell(RH_EVENT_RECORDED, name, "recorded guest '%s'%s", name,
                        !recording->live_written         ? ", in its definition"
                        : !recording->definition_written ? ", which runs"
                                                         : ", which runs, and in its definition");
    for (guint i = 0; i < recording->renewed->len && wrote; i++)
        rh_journal_tell(RH_EVENT_WARNING, name, "%s",
                        (const char *)g_ptr_array_index(recording->renewed, i));
    for (guint i = 0; i < recording->moves->len && recording->definition_written; i++)
        rh_journal_tell(RH_EVENT_REFRESHED, name, "the definition of guest '%s' names %s", name,
                        (const char *)g_ptr_array_index(recording->moves, i));
}

/* What a person must see to, or NULL; owned by the caller. */
static char *join_warnings(const RhRecording *recording)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < recording->warnings->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "; " : "",
                               (const char *)g_ptr_array_index(recording->warnings, i));
    return g_string_free(text, recording->warnings->len == 0);
}

/* libvirt says of a guest whose migration away was cancelled that it is resumed as migrated, too.
 */
static void doubt_arrival(virDomainPtr domain, RhNews *news)
{
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;

    if (virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_RUNNING &&
        reason == VIR_DOMAIN_RUNNING_MIGRATION_CANCELED)
        news->arrived = FALSE;
}

static void record(virDomainPtr domain, RhWatch *watch, const RhScene *scene)
{
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;
    gboolean done;

    doubt_arrival(domain, &watch->news);
    done = rh_recording_update(domain, scene, &watch->news, NULL, &recording, &error);
    tell_recording(virDomainGetName(domain), &recording);
    if (done) {
        g_autofree char *warnings = join_warnings(&recording);

        complain(&watch->complaint, virDomainGetName(domain), warnings);
    } else if (!recording.busy) {
        complain(&watch->complaint, virDomainGetName(domain), error->message);
    }
    if (recording.busy)
        rh_watch_held(watch, g_get_monotonic_time());
    else if (done)
        rh_watch_done(watch, recording.running && recording.has_vdpa, g_get_monotonic_time());
    else
        rh_watch_fail(watch, g_get_monotonic_time());
}

/* Looks up the guest of @uuid. NULL where it is no more, and forgotten, or libvirt cannot be asked,
 * and it will be again. */
static virDomainPtr look_up(Service *service, const char *uuid)
{
    virDomainPtr domain = virDomainLookupByUUIDString(service->connection, uuid);
    RhWatch *watch;

    if (!domain && rh_connection_is_gone())
        rh_timetable_forget(&service->timetable, uuid);
    else if (!domain && (watch = rh_timetable_find(&service->timetable, uuid)))
        rh_watch_held(watch, g_get_monotonic_time());
    return domain;
}

/* What an inventory must hold for those that are due; 0: none of them has a device of ours. A guest
 * that cannot be read is told of by record(), which reads it again. */
static RhGather find_needs(Service *service, GPtrArray *due)
{
    RhGather needs = 0;

    for (guint i = 0; i < due->len; i++) {
        const char *uuid = g_ptr_array_index(due, i);
        RhWatch *watch = rh_timetable_find(&service->timetable, uuid);
        g_autoptr(virDomain) domain = watch->needs ? NULL : look_up(service, uuid);

        if (domain && !rh_recording_needs(domain, &watch->needs, NULL))
            watch->needs = RH_GATHER_ALL;
        else if (domain && !watch->needs)
            watch->due = RH_NEVER;
        if (domain || rh_timetable_find(&service->timetable, uuid))
            needs |= watch->needs;
    }
    return needs;
}

static void record_due(Service *service)
{
    g_autoptr(GPtrArray) due = NULL;
    g_autoptr(RhScene) scene = NULL;
    g_autoptr(GError) error = NULL;
    RhGather needs;
    gint64 began;

    if (!service->connection)
        return;
    due = rh_timetable_due(&service->timetable, g_get_monotonic_time());
    needs = find_needs(service, due);
    if (!needs)
        return;
    scene = rh_scene_new(service->environment, service->connection, needs, &error);
    complain(&service->complaint, NULL, error ? error->message : NULL);
    if (!scene) {
        rh_timetable_postpone(&service->timetable, due,
                              g_error_matches(error, RH_ERROR, RH_ERROR_HOST),
                              g_get_monotonic_time());
        return;
    }
    rh_retry_pass(&service->timetable.gather);
    began = g_get_monotonic_time();
    /* libvirt waits half a minute for a guest that hangs: then others, and signals, come first */
    for (guint i = 0;
         i < due->len && !service->lost && g_get_monotonic_time() < began + MAX_ROUND_US; i++) {
        const char *uuid = g_ptr_array_index(due, i);
        g_autoptr(virDomain) domain = look_up(service, uuid);
        RhWatch *watch = rh_timetable_find(&service->timetable, uuid);

        if (domain && watch && watch->needs)
            record(domain, watch, scene);
        rh_watchdog_feed(&service->watchdog);
    }
}

/* The loop ------------------------------------------------------------------------------------- */

static void arm(const Service *service)
{
    gint64 work = service->connection ? rh_timetable_next(&service->timetable)
                                      : service->timetable.connect.due;
    gint64 next = MIN(work, rh_watchdog_due(&service->watchdog));
    gint64 left = next == RH_NEVER ? -1 : MAX(next - g_get_monotonic_time(), 0) / 1000 + 1;

    virEventUpdateTimeout(service->timer, (int)MIN(left, G_MAXINT));
}

/* It has woken the loop, which is all that it is for. */
static void on_timer(int timer, void *data G_GNUC_UNUSED)
{
    virEventUpdateTimeout(timer, -1);
}

static void on_signal(int watch G_GNUC_UNUSED, int fd, int events G_GNUC_UNUSED, void *data)
{
    Service *service = data;
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            touch_all(service);
        else
            service->stop = TRUE;
    }
}

/* libvirt's calls may take long, and virConnectOpen() for ever: meanwhile a signal that ends the
 * service does so at once, and there is nothing to tidy up. */
static void let_signals_end_it(gboolean let)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(let ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

static gboolean service_begin(Service *service, GError **error)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    service->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (service->signals < 0)
        return rh_raise_errno(error, RH_ERROR_BUG, errno, "cannot wait for signals");
    if (virEventRegisterDefaultImpl() < 0 ||
        (service->listener = virEventAddHandle(service->signals, VIR_EVENT_HANDLE_READABLE,
                                               on_signal, service, NULL)) < 0 ||
        (service->timer = virEventAddTimeout(-1, on_timer, service, NULL)) < 0)
        return rh_connection_raise(error, "begin to wait for libvirt's events");
    return TRUE;
}

static void service_end(Service *service)
{
    disconnect(service);
    if (service->timer >= 0)
        (void)virEventRemoveTimeout(service->timer);
    if (service->listener >= 0)
        (void)virEventRemoveHandle(service->listener);
    rh_timetable_clear(&service->timetable);
    g_array_unref(service->callbacks);
    g_free(service->complaint);
    rh_fd_close(&service->signals);
}

gboolean rh_service_run(const RhEnvironment *environment, const char *uri, GError **error)
{
    Service service = {
        .environment = environment, .uri = uri, .signals = -1, .listener = -1, .timer = -1};
    gboolean begun = service_begin(&service, error);

    rh_timetable_init(&service.timetable);
    service.callbacks = g_array_new(FALSE, FALSE, sizeof(int));
    if (begun)
        rh_watchdog_begin(&service.watchdog);
    while (begun && !service.stop) {
        rh_watchdog_feed(&service.watchdog);
        let_signals_end_it(TRUE);
        connect_if_due(&service);
        rh_watchdog_feed(&service.watchdog);
        record_due(&service);
        let_signals_end_it(FALSE);
        if (service.lost) {
            rh_journal_tell(RH_EVENT_WARNING, NULL, "libvirt's daemon has gone; waiting for it");
            disconnect(&service);
            rh_retry_fail(&service.timetable.connect, g_get_monotonic_time());
        }
        arm(&service);
        if (virEventRunDefaultImpl() < 0)
            begun = rh_connection_raise(error, "wait for libvirt's events");
    }
    service_end(&service);
    return begun;
}

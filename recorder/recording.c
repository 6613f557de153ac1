/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/recording.h"

#include "hook/incoming.h"
#include "hook/users.h"
#include "util/error.h"
#include "xml/domain.h"

#define RECORD_URI "urn:virt-rehome:1"
#define RECORD_KEY "rehome" /* the prefix that libvirt gives the element */

/* One XML of the guest, as libvirt has it and as it should be. */
typedef struct {
    RhDomain *domain; /* NULL: there is none */
    RhGuest *guest;
    RhRecord *record; /* as it should be; NULL: nothing to record */
    gboolean stale;   /* it is not so yet */
} Side;

typedef struct {
    virDomainPtr handle;
    const RhScene *scene;
    Side live;       /* the running guest */
    Side definition; /* by which it starts the next time */
} Work;

static void work_clear(Work *work)
{
    g_clear_pointer(&work->live.record, rh_record_free);
    g_clear_pointer(&work->live.domain, rh_domain_free);
    g_clear_pointer(&work->definition.record, rh_record_free);
    g_clear_pointer(&work->definition.domain, rh_domain_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

void rh_recording_clear(RhRecording *recording)
{
    g_clear_pointer(&recording->moves, g_ptr_array_unref);
    g_clear_pointer(&recording->strays, g_ptr_array_unref);
}

/* Errors that speak of "the guest" say which. */
static gboolean name_guest(virDomainPtr handle, GError **error)
{
    g_prefix_error(error, "guest '%s': ", virDomainGetName(handle));
    return FALSE;
}

static gboolean side_read(Work *work, Side *side, guint flags, GError **error)
{
    g_autoptr(GBytes) xml = rh_connection_xml(work->handle, flags, error);

    if (!xml)
        return FALSE;
    side->domain = rh_domain_parse(xml, error);
    if (!side->domain)
        return name_guest(work->handle, error);
    side->guest = rh_domain_guest(side->domain);
    if (side->guest->devices->len == 0)
        return TRUE;
    rh_users_resolve(work->scene ? work->scene->host : NULL, side->guest);
    return rh_domain_read_record(side->domain, error) || name_guest(work->handle, error);
}

/* Of a guest that is no more, libvirt says -1 with VIR_ERR_NO_DOMAIN: read as no. */
static gboolean is_running(virDomainPtr handle)
{
    return virDomainIsActive(handle) == 1;
}

static gboolean is_persistent(virDomainPtr handle)
{
    return virDomainIsPersistent(handle) == 1;
}

static gboolean work_read(Work *work, GError **error)
{
    if (is_running(work->handle) && !side_read(work, &work->live, 0, error))
        return FALSE;
    return !is_persistent(work->handle) ||
           side_read(work, &work->definition, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE,
                     error);
}

gboolean rh_recording_needs(virDomainPtr domain, RhGather *ret_what, GError **error)
{
    g_auto(Work) work = {.handle = domain};

    if (!work_read(&work, error))
        return FALSE;
    *ret_what = (work.live.guest ? rh_incoming_needs(work.live.guest) : 0) |
                (work.definition.guest ? rh_incoming_needs(work.definition.guest) : 0);
    return TRUE;
}

/* What the guest was started with is what it has, where it never moved since. */
static RhContract contract_of(virDomainPtr handle, const RhNews *news)
{
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;

    (void)virDomainGetState(handle, &state, &reason, 0);
    return news->fresh || (state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_BOOTED)
               ? RH_CONTRACT_NEW
               : RH_CONTRACT_STANDS;
}

static void set_qemu(RhRecord *record, const RhScene *scene)
{
    if (!scene->qemu || g_strcmp0(record->host, scene->inventory->name) != 0)
        return;
    g_free(record->qemu);
    record->qemu = g_strdup(scene->qemu);
}

static gboolean has_devices(const Side *side)
{
    return side->guest && side->guest->devices->len > 0;
}

/* Takes @record, which its side should have. */
static void side_expect(Side *side, RhRecord *record, const RhScene *scene)
{
    set_qemu(record, scene);
    side->record = record;
    side->stale = !side->guest->record || !rh_record_equal(side->guest->record, record);
}

static gboolean plan_live(Work *work, const RhNews *news, GError **error)
{
    RhRecord *record;

    if (!has_devices(&work->live))
        return TRUE;
    record = rh_record_make(work->live.guest, work->scene->inventory,
                            contract_of(work->handle, news), error);
    if (!record)
        return name_guest(work->handle, error);
    side_expect(&work->live, record, work->scene);
    return TRUE;
}

/* Whether the definition was made on another host. */
static gboolean is_from_elsewhere(const Work *work)
{
    const RhRecord *record = work->definition.guest->record;

    return record && g_strcmp0(record->host, work->scene->inventory->name) != 0;
}

/* The definition names the devices that the running guest has at the same addresses. */
static void correct_definition(Work *work, RhRecording *recording)
{
    const RhGuest *defined = work->definition.guest;

    for (guint i = 0; i < defined->devices->len; i++) {
        RhGuestDevice *device = g_ptr_array_index(defined->devices, i);
        const RhGuestDevice *twin = rh_guest_find_twin(work->live.guest, device);

        if (!twin) {
            g_ptr_array_add(recording->strays, g_strdup(device->source));
        } else if (!rh_device_same_key(device->kind, rh_guest_device_key(device),
                                       rh_guest_device_key(twin))) {
            g_ptr_array_add(recording->moves,
                            g_strdup_printf("'%s' -> '%s'", device->source, twin->source));
            rh_domain_set_source(work->definition.domain, device, twin->source);
        }
    }
    rh_users_resolve(work->scene->host, defined);
}

static void plan_definition(Work *work, const RhNews *news, RhRecording *recording)
{
    g_autoptr(RhRecord) record = NULL;

    if (!has_devices(&work->definition))
        return;
    if (has_devices(&work->live) && (news->arrived || is_from_elsewhere(work)))
        correct_definition(work, recording);
    record = rh_record_make_definition(work->definition.guest, work->scene->inventory,
                                       work->live.guest, work->live.record);
    if (record->entries->len > 0)
        side_expect(&work->definition, g_steal_pointer(&record), work->scene);
}

/* Whether a guest is paused by a job, not by a person or a fault. */
static gboolean is_passing(int reason)
{
    return reason == VIR_DOMAIN_PAUSED_MIGRATION || reason == VIR_DOMAIN_PAUSED_SAVE ||
           reason == VIR_DOMAIN_PAUSED_DUMP || reason == VIR_DOMAIN_PAUSED_SNAPSHOT ||
           reason == VIR_DOMAIN_PAUSED_STARTING_UP || reason == VIR_DOMAIN_PAUSED_POSTCOPY;
}

/* Whether a job holds the guest, so that a write would wait, at most half a minute, and fail. */
static gboolean is_held(virDomainPtr handle)
{
    virDomainJobInfo job = {.type = VIR_DOMAIN_JOB_NONE};
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;

    if (virDomainGetState(handle, &state, &reason, 0) == 0 && state == VIR_DOMAIN_PAUSED &&
        is_passing(reason))
        return TRUE;
    return virDomainGetJobInfo(handle, &job) == 0 &&
           (job.type == VIR_DOMAIN_JOB_BOUNDED || job.type == VIR_DOMAIN_JOB_UNBOUNDED);
}

static gboolean write_metadata(const Work *work, const RhRecord *record, guint flags,
                               GDateTime *now, GError **error)
{
    g_autofree char *xml = rh_domain_format_record(record, now);
    const char *name = virDomainGetName(work->handle);

    return virDomainSetMetadata(work->handle, VIR_DOMAIN_METADATA_ELEMENT, xml, RECORD_KEY,
                                RECORD_URI, flags) == 0 ||
           rh_connection_raise(error, "write the record of guest '%s'", name);
}

/* Sources and record of the definition, in one write. */
static gboolean redefine(Work *work, GDateTime *now, GError **error)
{
    Side *side = &work->definition;
    virConnectPtr connection = virDomainGetConnect(work->handle);
    const char *name = virDomainGetName(work->handle);
    g_autofree char *xml = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(virDomain) defined = NULL;

    rh_domain_set_record(side->domain, side->record, now);
    bytes = rh_domain_serialise(side->domain, error);
    if (!bytes)
        return FALSE;
    xml = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    defined = virDomainDefineXML(connection, xml);
    return defined || rh_connection_raise(error, "correct the definition of guest '%s'", name);
}

static gboolean work_write(Work *work, RhRecording *recording, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    gboolean moved = recording->moves->len > 0;

    if (work->live.stale) {
        if (!write_metadata(work, work->live.record, VIR_DOMAIN_AFFECT_LIVE, now, error))
            return FALSE;
        recording->live_written = TRUE;
    }
    if (!moved && !work->definition.stale)
        return TRUE;
    if (moved
            ? !redefine(work, now, error)
            : !write_metadata(work, work->definition.record, VIR_DOMAIN_AFFECT_CONFIG, now, error))
        return FALSE;
    recording->definition_written = TRUE;
    return TRUE;
}

static void describe(const Work *work, RhRecording *recording)
{
    const RhGuest *guest = work->live.guest ? work->live.guest : work->definition.guest;

    recording->running = work->live.guest != NULL;
    recording->n_devices = guest ? guest->devices->len : 0;
    recording->has_vdpa = guest && (rh_incoming_needs(guest) & RH_GATHER_VDPA);
}

static void print_record(const Work *work, GString *print)
{
    const RhRecord *record = work->live.guest ? work->live.record : work->definition.record;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *text = record ? rh_domain_format_record(record, now) : NULL;

    if (text)
        g_string_append_printf(print, "%s\n", text);
}

gboolean rh_recording_update(virDomainPtr domain, const RhScene *scene, const RhNews *news,
                             GString *print, RhRecording *ret_recording, GError **error)
{
    g_auto(Work) work = {.handle = domain, .scene = scene};
    RhRecording *recording = ret_recording;

    *recording = (RhRecording){.moves = g_ptr_array_new_with_free_func(g_free),
                               .strays = g_ptr_array_new_with_free_func(g_free)};
    if (!work_read(&work, error))
        return FALSE;
    describe(&work, recording);
    if (!plan_live(&work, news, error))
        return FALSE;
    plan_definition(&work, news, recording);
    if (print) {
        print_record(&work, print);
        return TRUE;
    }
    if (!work.live.stale && !work.definition.stale && recording->moves->len == 0)
        return TRUE;
    if (is_held(domain)) {
        recording->busy = TRUE;
        return TRUE;
    }
    if (work_write(&work, recording, error))
        return TRUE;
    recording->busy = rh_connection_is_busy();
    return FALSE;
}

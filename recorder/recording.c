/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/recording.h"

#include "core/contract.h"
#include "hook/incoming.h"
#include "host/hypervisor.h"
#include "recorder/correction.h"
#include "recorder/definitions.h"
#include "site/users.h"
#include "util/error.h"
#include "xml/domain.h"

/* One XML of the guest, as libvirt has it and as it should be. */
typedef struct {
    RhDomain *domain; /* NULL: there is none */
    RhGuest *guest;
    RhRecord *record; /* as it should be; NULL: nothing to record */
    gboolean stale;   /* it is not so yet */
    gboolean renewed; /* what there was could not be read */
} Side;

typedef struct {
    virDomainPtr handle;
    const RhScene *scene;
    const RhNews *news;
    RhRecording *recording;
    RhDomain *running;     /* NULL: it does not run */
    RhDefinition *defined; /* NULL: it has none, or none that can be read */
    Side live;             /* the running guest */
    Side definition;       /* by which it starts the next time */
} Work;

static void work_clear(Work *work)
{
    g_clear_pointer(&work->live.record, rh_record_free);
    g_clear_pointer(&work->definition.record, rh_record_free);
    g_clear_pointer(&work->running, rh_domain_free);
    g_clear_pointer(&work->defined, rh_definition_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

void rh_recording_clear(RhRecording *recording)
{
    g_clear_pointer(&recording->moves, g_ptr_array_unref);
    g_clear_pointer(&recording->warnings, g_ptr_array_unref);
    g_clear_pointer(&recording->renewed, g_ptr_array_unref);
}

/* Errors that speak of "the guest" say which. */
static gboolean name_guest(virDomainPtr handle, GError **error)
{
    g_prefix_error(error, "guest '%s': ", virDomainGetName(handle));
    return FALSE;
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

/* What the guest was started with is what it has, where it never moved since. */
static RhContract contract_of(const Work *work)
{
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;

    (void)virDomainGetState(work->handle, &state, &reason, 0);
    return work->news->fresh || (state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_BOOTED)
               ? RH_CONTRACT_NEW
               : RH_CONTRACT_STANDS;
}

/* Whether what the guest has now may be recorded in place of what nobody can read: it has had it
 * since it was started, or a person says that it is right. */
static gboolean may_renew(const Work *work)
{
    return work->news->accept || (is_running(work->handle) && contract_of(work) == RH_CONTRACT_NEW);
}

static char *describe_renewed(const Work *work, const Side *side, const GError *fault)
{
    g_autofree char *said = rh_domain_record_text(side->domain);
    gboolean unknown = is_running(work->handle) && contract_of(work) == RH_CONTRACT_STANDS;

    return g_strdup_printf(
        "the record of guest '%s'%s could not be read (%s) and is made anew of what is on this "
        "host%s; it said: %s",
        virDomainGetName(work->handle), side == &work->definition ? ", in its definition," : "",
        fault->message,
        unknown ? ", though the guest runs since an earlier time, and what it was started with is "
                  "not known any more"
                : "",
        said ? said : "nothing");
}

/* The record could not be read because of @fault. */
static gboolean side_renew(Work *work, Side *side, const GError *fault, GError **error)
{
    const char *name = virDomainGetName(work->handle);
    char *text;

    if (!may_renew(work))
        return rh_raise(error, RH_ERROR_INPUT,
                        "guest '%s': %s; 'virt-rehome record %s' makes the record anew of what the "
                        "guest has now, and so does its next start",
                        name, fault->message, name);
    text = describe_renewed(work, side, fault);
    if (!rh_domain_forget_record(side->domain, error)) {
        g_free(text);
        return name_guest(work->handle, error);
    }
    side->renewed = TRUE;
    g_ptr_array_add(work->recording->renewed, text);
    return TRUE;
}

static gboolean side_read(Work *work, Side *side, RhDomain *domain, GError **error)
{
    g_autoptr(GError) fault = NULL;

    side->domain = domain;
    side->guest = rh_domain_guest(domain);
    if (!rh_guest_has_ours(side->guest) || !work->scene) /* whoever has no scene asks for devices */
        return TRUE;
    if (!rh_domain_read_record(domain, &fault) && !side_renew(work, side, fault, error))
        return FALSE;
    rh_users_settle(work->scene->host, work->scene->inventory, side->guest);
    return TRUE;
}

static gboolean live_read(Work *work, GError **error)
{
    g_autoptr(GBytes) xml = NULL;

    if (!is_running(work->handle))
        return TRUE;
    xml = rh_connection_xml(work->handle, 0, error);
    if (!xml)
        return FALSE;
    work->running = rh_domain_parse(xml, error);
    return work->running ? side_read(work, &work->live, work->running, error)
                         : name_guest(work->handle, error);
}

/* One that cannot be read is none. */
static gboolean definition_read(Work *work, GError **error)
{
    if (!is_persistent(work->handle))
        return TRUE;
    work->defined = rh_definition_of_guest(work->handle, error);
    if (work->defined && side_read(work, &work->definition, work->defined->domain, error))
        return TRUE;
    work->definition = (Side){0};
    return FALSE;
}

gboolean rh_recording_needs(virDomainPtr domain, RhGather *ret_what, GError **error)
{
    g_auto(Work) work = {.handle = domain};

    if (rh_connection_is_hanging(domain))
        return rh_raise(error, RH_ERROR_HOST, "guest '%s' hangs", virDomainGetName(domain));
    if (!live_read(&work, error) || !definition_read(&work, error))
        return FALSE;
    *ret_what = (work.live.guest ? rh_guest_kinds(work.live.guest) : 0) |
                (work.definition.guest ? rh_guest_kinds(work.definition.guest) : 0);
    return TRUE;
}

/* A definition's is that of the QEMU by which its guest starts the next time. */
static void set_qemu(RhRecord *record, const RhScene *scene)
{
    if (!scene->qemu || !rh_record_is_of_host(record, scene->inventory))
        return;
    g_free(record->qemu);
    record->qemu = g_strdup(scene->qemu);
}

static gboolean has_devices(const Side *side)
{
    return side->guest && rh_guest_has_ours(side->guest);
}

/* Takes @record, which its side should have. */
static void side_expect(Side *side, RhRecord *record)
{
    side->record = record;
    side->stale =
        !side->guest->record || side->renewed || !rh_record_equal(side->guest->record, record);
}

static gboolean plan_live(Work *work, GError **error)
{
    g_autofree char *qemu = NULL;
    RhRecord *record;

    if (!has_devices(&work->live))
        return TRUE;
    qemu = rh_hypervisor_of_guest(work->scene->root, virDomainGetName(work->handle));
    record =
        rh_record_make(work->live.guest, work->scene->inventory, contract_of(work), qemu, error);
    if (!record)
        return name_guest(work->handle, error);
    side_expect(&work->live, record);
    return TRUE;
}

/* Nobody knows on which host a definition was whose record cannot be read: of what the running
 * guest has not, nothing is recorded. */
static void keep_shared(const Work *work, RhRecord *record)
{
    for (guint i = record->entries->len; i-- > 0;) {
        RhDevice *entry = g_ptr_array_index(record->entries, i);

        if (!rh_guest_has_device(work->live.guest, entry->kind, rh_device_key(entry)))
            rh_record_remove(record, entry);
    }
}

/* Both have devices of ours. */
static void correct_definition(const Work *work, RhRecording *recording)
{
    const RhCorrection correction = {.name = virDomainGetName(work->handle),
                                     .definition = work->definition.domain,
                                     .running = work->live.guest,
                                     .recorded = work->live.record,
                                     .host = work->scene->inventory,
                                     .news = work->news};

    if (rh_correction_make(&correction, recording->moves, recording->warnings))
        rh_users_settle(work->scene->host, work->scene->inventory, work->definition.guest);
    rh_correction_warn(&correction, recording->warnings);
}

static void plan_definition(Work *work, RhRecording *recording)
{
    g_autoptr(RhRecord) record = NULL;

    if (!has_devices(&work->definition))
        return;
    if (has_devices(&work->live))
        correct_definition(work, recording);
    record = rh_record_make_definition(work->definition.guest, work->scene->inventory,
                                       has_devices(&work->live) ? work->live.guest : NULL,
                                       work->live.record, work->news->accept);
    if (work->definition.renewed && has_devices(&work->live))
        keep_shared(work, record);
    set_qemu(record, work->scene);
    if (record->entries->len > 0 || work->definition.renewed)
        side_expect(&work->definition, g_steal_pointer(&record));
}

static gboolean write_metadata(const Work *work, const RhRecord *record, guint flags,
                               GDateTime *now, GError **error)
{
    g_autofree char *xml = rh_domain_format_record(record, now);

    return rh_connection_write_record(work->handle, xml, flags, error);
}

/* Where sources have changed, they and the record are one write. */
static gboolean write_definition(Work *work, gboolean moved, GDateTime *now, GError **error)
{
    const RhRecord *record = work->definition.record;

    if (!moved)
        return write_metadata(work, record, VIR_DOMAIN_AFFECT_CONFIG, now, error);
    rh_domain_set_record(work->definition.domain, record, now);
    return rh_definition_replace(work->defined, error);
}

/* The definition first, which was just read; the running guest's may have to wait for a job. */
static gboolean work_write(Work *work, RhRecording *recording, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    gboolean moved = recording->moves->len > 0;

    if (moved || work->definition.stale) {
        if (!write_definition(work, moved, now, error))
            return FALSE;
        recording->definition_written = TRUE;
    }
    if (work->live.stale) {
        if (!write_metadata(work, work->live.record, VIR_DOMAIN_AFFECT_LIVE, now, error))
            return FALSE;
        recording->live_written = TRUE;
    }
    return TRUE;
}

static void describe(const Work *work, RhRecording *recording)
{
    const RhGuest *guest = work->live.guest ? work->live.guest : work->definition.guest;

    recording->running = work->live.guest != NULL;
    recording->n_devices = guest ? guest->devices->len : 0;
    recording->has_vdpa = guest && (rh_guest_kinds(guest) & rh_kinds_with(RH_ATTR_NEGOTIATED));
}

static void print_record(const Work *work, GString *print)
{
    const RhRecord *record = work->live.guest ? work->live.record : work->definition.record;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *text = record ? rh_domain_format_record(record, now) : NULL;

    if (text)
        g_string_append_printf(print, "%s\n", text);
}

/* The guest was read. */
static gboolean update(Work *work, GString *print, RhRecording *recording, GError **error)
{
    describe(work, recording);
    if (!plan_live(work, error))
        return FALSE;
    plan_definition(work, recording);
    if (print) {
        print_record(work, print);
        return TRUE;
    }
    if (!work->live.stale && !work->definition.stale && recording->moves->len == 0)
        return TRUE;
    if (rh_connection_is_held(work->handle)) {
        recording->busy = TRUE;
        return TRUE;
    }
    if (work_write(work, recording, error))
        return TRUE;
    recording->busy = rh_connection_is_busy();
    return FALSE;
}

gboolean rh_recording_update(virDomainPtr domain, const RhScene *scene, const RhNews *news,
                             GString *print, RhRecording *ret_recording, GError **error)
{
    g_auto(Work)
        work = {.handle = domain, .scene = scene, .news = news, .recording = ret_recording};
    g_autoptr(GError) fault = NULL;

    *ret_recording = (RhRecording){.moves = g_ptr_array_new_with_free_func(g_free),
                                   .warnings = g_ptr_array_new_with_free_func(g_free),
                                   .renewed = g_ptr_array_new_with_free_func(g_free)};
    if (!print && rh_connection_is_hanging(domain)) {
        ret_recording->busy = TRUE;
        return TRUE;
    }
    if (!live_read(&work, error))
        return FALSE;
    (void)definition_read(&work, &fault);
    if (!update(&work, print, ret_recording, error))
        return FALSE;
    if (!fault)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&fault));
    return FALSE;
}

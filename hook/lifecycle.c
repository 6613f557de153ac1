/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/lifecycle.h"

#include "core/identity.h"
#include "core/start.h"
#include "hook/incoming.h"
#include "hook/managed-save.h"
#include "hook/refusal.h"
#include "site/claims-file.h"
#include "site/journal.h"
#include "site/ledger.h"
#include "site/release-notes.h"
#include "site/users.h"
#include "util/error.h"
#include "util/text.h"
#include "xml/domain.h"

#include <string.h>

/* How long these operations wait for the lock, in seconds. Nobody holds it longer than it takes to
 * plan; a guest that starts may wait, one that ends holds up libvirt. */
#define PREPARE_SECONDS 5
#define ATTEND_SECONDS 2
#define RECONNECT_SECONDS 9 /* with all the host's guests at once */

/* The guest, the host that it starts on, and what is held there. */
typedef struct {
    const RhEnvironment *environment;
    RhHost *host;       /* NULL: it cannot be looked at */
    RhInventory *saved; /* in place of the host, for trying out; NULL: this host */
    RhUsers *users;
    RhLedger *ledger; /* NULL: not opened yet, or there can be none */
} Session;

static void session_clear(Session *session)
{
    g_clear_pointer(&session->ledger, rh_ledger_free);
    g_clear_pointer(&session->users, rh_users_free);
    g_clear_pointer(&session->saved, rh_inventory_free);
    g_clear_pointer(&session->host, rh_host_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Session, session_clear)

/* What needs no lock. */
static gboolean session_look(Session *session, const RhEnvironment *environment, RhGuest *guest,
                             GError **error)
{
    session->environment = environment;
    if (environment->inventory &&
        !(session->saved = rh_environment_load_inventory(environment->inventory, error)))
        return FALSE;
    session->host = rh_host_new(environment->root, error);
    if (!session->host)
        return FALSE;
    rh_users_settle(session->host, session->saved, guest);
    return TRUE;
}

/* Opens the ledger for the guest. Who only writes its own claims did not read who uses what. */
static gboolean session_open(Session *session, const RhGuest *guest, gint64 deadline,
                             GError **error)
{
    if (!session->users)
        session->users = rh_users_new(session->environment, session->host);
    session->ledger = rh_ledger_new(session->environment, guest->name, guest->uuid, error);
    if (!session->ledger || !rh_ledger_open(session->ledger, session->users, deadline, error))
        return FALSE;
    if (session->ledger->warning)
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", session->ledger->warning);
    return TRUE;
}

/* The same for a guest that starts. Who uses which device takes time to read, so that comes before
 * the lock; under it only what has changed is read again. */
static gboolean session_begin(Session *session, const RhEnvironment *environment, RhGuest *guest,
                              gint64 deadline, GError **error)
{
    if (!session_look(session, environment, guest, error))
        return FALSE;
    session->users = rh_users_read(environment, session->host);
    return session_open(session, guest, deadline, error);
}

static const RhClaim *reservation_of(const Session *session, const RhGuestDevice *device)
{
    return rh_claims_reservation(session->ledger->claims, &session->ledger->claimant, device->kind,
                                 rh_guest_device_key(device));
}

/* The claims of the guest become exactly its devices, in @state. */
static void hold_all(Session *session, const RhGuest *guest, RhClaimState state)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhClaim *reservation = reservation_of(session, g_ptr_array_index(guest->devices, i));

        g_ptr_array_add(names, reservation ? g_strdup(reservation->device) : NULL);
    }
    (void)rh_claims_drop(session->ledger->claims, &session->ledger->claimant);
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        rh_claims_hold(session->ledger->claims, &session->ledger->claimant, device->kind,
                       rh_guest_device_key(device), g_ptr_array_index(names, i), state);
    }
}

static void note_held(const RhGuest *guest, RhClaimState state)
{
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        rh_journal_add(RH_EVENT_CLAIMED, device->source, "'%s' is %s for guest '%s'",
                       device->source, rh_claim_state_name(state), guest->name ? guest->name : "");
    }
}

/* What is behind the device's source, the caller's; NULL: the host cannot say. */
static RhDevice *find_device(const Session *session, const RhGuestDevice *device)
{
    const char *key = rh_guest_device_key(device);
    const RhDevice *saved;

    if (!session->saved)
        return session->host ? rh_host_device_at(session->host, device->kind, key) : NULL;
    saved = rh_inventory_find_key(session->saved, device->kind, key);
    return saved ? rh_device_copy(saved) : NULL;
}

static gboolean is_here(const Session *session, const RhGuestDevice *device)
{
    const char *key = rh_guest_device_key(device);

    return session->saved ? rh_inventory_find_key(session->saved, device->kind, key) != NULL
                          : rh_host_has(session->host, device->kind, key);
}

/* Whether the key is still that of the device called @name: numbers are reused, names are not. */
static gboolean is_key_of(const Session *session, const RhGuestDevice *device, const char *name)
{
    const char *key = rh_guest_device_key(device);
    const RhDevice *saved;

    if (rh_kind_info(device->kind)->key == rh_kind_info(device->kind)->name)
        return TRUE;
    if (!session->saved)
        return rh_host_is_key_of(session->host, device->kind, name, key);
    saved = rh_inventory_find_key(session->saved, device->kind, key);
    return saved && g_strcmp0(rh_device_name(saved), name) == 0;
}

/* How the device stands; by the ledger, too, where it is open. */
static RhStanding *gather_standing(const Session *session, const RhGuestDevice *device)
{
    const RhLedger *ledger = session->ledger;
    RhStanding *standing = rh_standing_new(device);
    const RhClaim *reservation;
    RhUsage usage;
    RhUser user;

    standing->found = find_device(session, device);
    if (!ledger || !ledger->claims)
        return standing;
    reservation = reservation_of(session, device);
    standing->is_reserved = reservation != NULL;
    standing->reserved = reservation ? g_strdup(reservation->device) : NULL;
    standing->is_cold = reservation && reservation->cold;
    standing->is_here = is_here(session, device);
    standing->is_kept = !standing->reserved || is_key_of(session, device, standing->reserved);
    usage = rh_users_usage(session->users, ledger->claims);
    if (rh_usage_other(&usage, &ledger->claimant, device->kind, rh_guest_device_key(device), &user))
        standing->user = rh_user_copy(&user);
    return standing;
}

/* What this host is called, the caller's; NULL: unknown. */
static char *name_here(const Session *session)
{
    const RhEnvironment *environment = session->environment;
    char *name = NULL;

    if (session->saved)
        return g_strdup(session->saved->name);
    if (session->host)
        name = rh_host_name(session->host);
    if (name)
        return name;
    /* a file that cannot be opened now does not make a guest from elsewhere one of ours */
    return !environment->inventory && g_str_equal(environment->root, "/") ? rh_host_own_name()
                                                                          : NULL;
}

/* The id of this host, the caller's; NULL: it has none, or it could not be had. */
static char *id_here(const Session *session)
{
    if (session->saved)
        return g_strdup(session->saved->id);
    return session->host ? rh_host_id(session->host) : NULL;
}

/* All that is known where a guest starts. */
typedef struct {
    RhStart start; /* borrows the rest */
    char *here;
    char *here_id;
    GPtrArray *standings;
    RhPolicy *policy;
    GError *fault;
} Known;

static void known_clear(Known *known)
{
    g_clear_pointer(&known->here, g_free);
    g_clear_pointer(&known->here_id, g_free);
    g_clear_pointer(&known->standings, g_ptr_array_unref);
    g_clear_pointer(&known->policy, rh_policy_free);
    g_clear_error(&known->fault);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Known, known_clear)

/* Whether the configuration counts where the guest starts: another type may stand in, and what was
 * chosen need not be the recorded device. It is read for nothing else. */
static gboolean needs_policy(const RhStanding *standing)
{
    return rh_kind_info(standing->device->kind)->has_types ||
           rh_identity_of(standing->device, standing->found) == RH_IDENTITY_OTHER;
}

static void gather(const Session *session, const RhGuest *guest, Known *known)
{
    gboolean has_need = FALSE;

    known_clear(known);
    known->here = name_here(session);
    known->here_id = id_here(session);
    known->standings = g_ptr_array_new_with_free_func((GDestroyNotify)rh_standing_free);
    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        RhStanding *standing = gather_standing(session, device);

        g_ptr_array_add(known->standings, standing);
        has_need |= needs_policy(standing);
    }
    if (has_need)
        known->policy = rh_environment_policy(session->environment, &known->fault);
    known->start = (RhStart){.guest = guest,
                             .here = known->here,
                             .here_id = known->here_id,
                             .looked = session->saved || session->host,
                             .standings = known->standings,
                             .policy = known->policy,
                             .fault = known->fault};
}

/* A guest that starts. */
typedef struct {
    const RhEnvironment *environment;
    RhDomain *domain;
    GBytes *bytes;
    char *doubt; /* why its state may come from an image whose refusal was lost, a clause; NULL:
                    nothing says so */
    char *left;  /* what its restore was refused for; NULL: it was not */
    gboolean settled;  /* the rules have spoken: its devices were planned here, or judged */
    gboolean boots;    /* they are to judge it as a guest that boots anew */
    gboolean was_cold; /* its devices were planned so a moment ago */
    gboolean awaited;  /* they were planned as those of one whose state comes */
} Call;

static void call_clear(Call *call)
{
    g_clear_pointer(&call->domain, rh_domain_free);
    g_clear_pointer(&call->doubt, g_free);
    g_clear_pointer(&call->left, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Call, call_clear)

/* Why a guest that starts was judged as one whose state is loaded, and what is to be done where
 * that is not so; owned by the caller. */
static char *describe_judgement(const Call *call)
{
    const char *name = call->domain ? rh_domain_guest(call->domain)->name : NULL;
    const char *guest = name ? name : "GUEST";

    if (call->doubt)
        return g_strdup_printf("it was judged as a guest whose saved state comes back, since %s",
                               call->doubt);
    if (call->was_cold)
        return g_strdup_printf(
            "its devices were planned a moment ago for a guest that is shut off, as its record "
            "says, and it was judged as one that runs and comes with its memory: if it does, run "
            "'virt-rehome record %s' where it runs and migrate it again; if it starts here, try "
            "again in %d seconds, or 'virt-rehome release %s' first",
            guest, RH_RESERVATION_SECONDS, guest);
    if (call->awaited)
        return g_strdup_printf("it was judged as a guest whose state comes, for which devices were "
                               "planned here a moment ago; if it boots anew, try again in %d "
                               "seconds, or 'virt-rehome release %s' first",
                               RH_RESERVATION_SECONDS, guest);
    return g_strdup_printf("it was judged as a guest whose state is loaded, since its record does "
                           "not say that it is shut off; if it boots anew, 'virt-rehome refresh "
                           "%s' gives it what fits then",
                           guest);
}

/* The same behind the reason. */
static char *tell_judgement(char *refusal, const Call *call)
{
    g_autofree char *owned = refusal;
    g_autofree char *note = rh_one_line(describe_judgement(call));
    gsize first = strcspn(refusal, "\n");

    return rh_cut(g_strdup_printf("%.*s\n%s%s", (int)first, refusal, note, refusal + first),
                  RH_MAX_MESSAGE);
}

/* What its restore was refused for counts, unless the rules say now that all is here and fits. */
static char *judge_again(Call *call)
{
    g_autoptr(RhLedger) ledger = NULL;
    g_auto(RhDecision) decision = {0};
    g_autoptr(GError) error = NULL;

    call->settled = TRUE;
    if (!rh_incoming_decide(call->environment, call->bytes, RH_INCOMING_AGAIN, &ledger, &decision,
                            &error))
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
    if (decision.refusal)
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", decision.refusal);
    if (error || decision.refusal)
        return g_steal_pointer(&call->left);
    rh_journal_add(RH_EVENT_WARNING, NULL,
                   "guest '%s' is started: what its restore was refused for is no more so",
                   rh_domain_guest(call->domain)->name);
    return NULL;
}

/* What the rules say. Without an answer the answer is no. */
static char *judge(Call *call)
{
    g_autoptr(RhLedger) ledger = NULL;
    g_auto(RhDecision) decision = {0};
    g_autoptr(GError) error = NULL;
    char *refusal;

    if (call->left)
        return judge_again(call);
    call->settled = TRUE;
    if (!rh_incoming_decide(call->environment, call->bytes,
                            call->boots ? RH_INCOMING_BOOT : RH_INCOMING_START, &ledger, &decision,
                            &error)) {
        refusal = rh_refusal_of_fault(error);
        return call->doubt ? tell_judgement(refusal, call) : refusal;
    }
    refusal = g_steal_pointer(&decision.refusal);
    return refusal && !call->boots ? tell_judgement(refusal, call) : refusal;
}

/* The same for a guest that nothing was against but that a refusal may have been lost, for the
 * reason @why. */
static char *judge_in_doubt(Call *call, const char *why)
{
    rh_journal_add(RH_EVENT_WARNING, NULL, "%s", why);
    if (!call->doubt)
        call->doubt = g_strdup(why);
    call->boots = FALSE;
    return call->settled ? NULL : judge(call);
}

/* Why one of the guest's devices is not the recorded one, a line; NULL: nothing says so. */
static char *find_exchange(const Known *known)
{
    char *refusal = rh_start_find_exchange(&known->start);

    return refusal ? rh_cut(refusal, RH_MAX_MESSAGE) : NULL;
}

/* The ledger is open. NULL: the guest may start, and its devices are claimed. */
static char *claim_devices(Session *session, Call *call, const Known *known)
{
    const RhGuest *guest = known->start.guest;
    g_autoptr(GError) error = NULL;
    g_autofree char *missing = NULL;
    char *obstacle = find_exchange(known);

    if (!obstacle)
        obstacle = rh_start_find_obstacle(&known->start);
    if (obstacle)
        return obstacle;
    missing = rh_start_find_missing(&known->start);
    if (missing)
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", missing);
    hold_all(session, guest, RH_CLAIM_CLAIMED);
    if (rh_ledger_save(session->ledger, &error)) {
        note_held(guest, RH_CLAIM_CLAIMED);
        return NULL;
    }
    if (call->left)
        return g_steal_pointer(&call->left);
    if (!g_error_matches(error, RH_ERROR, RH_ERROR_REFUSED)) {
        rh_ledger_close(session->ledger);
        return judge_in_doubt(call, error->message);
    }
    if (rh_start_is_from_elsewhere(&known->start))
        return rh_refusal_of_fault(error);
    rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
    return NULL;
}

/* The ledger cannot be had. A guest that is at home starts all the same, unless a refusal may have
 * been lost with it. */
static char *start_without_claims(Session *session, Call *call, const GError *error)
{
    gboolean waited = session->ledger && !session->ledger->locked; /* in vain */
    g_auto(Known) known = {0};
    char *refusal;

    if (call->left)
        return g_steal_pointer(&call->left);
    gather(session, rh_domain_guest(call->domain), &known);
    refusal = find_exchange(&known);
    if (refusal)
        return refusal;
    if (rh_start_is_from_elsewhere(&known.start))
        return rh_refusal_of_fault(error);
    if (session->ledger)
        rh_ledger_close(session->ledger);
    if ((session->host && !waited) || call->doubt)
        return judge_in_doubt(call, error->message);
    rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
    return NULL;
}

/* The guest has devices of ours. */
static char *prepare(Call *call)
{
    const RhEnvironment *environment = call->environment;
    RhGuest *guest = rh_domain_guest(call->domain);
    gint64 deadline = MIN(environment->began + PREPARE_SECONDS * G_USEC_PER_SEC,
                          environment->deadline); /* then somebody ends us, with less to say */
    g_auto(Session) session = {0};
    g_auto(Known) known = {0};
    g_autoptr(GError) error = NULL;
    char *refusal;

    if (!rh_domain_read_record(call->domain, &error)) {
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
        g_clear_error(&error);
    }
    if (!session_begin(&session, environment, guest, deadline, &error))
        return start_without_claims(&session, call, error);
    if (session.users->fault)
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", session.users->fault);
    gather(&session, guest, &known);
    call->settled = rh_start_is_planned(&known.start);
    call->was_cold = rh_start_was_cold(&known.start);
    call->awaited = rh_start_has_reservation(&known.start);
    call->boots = rh_start_boots(&known.start, call->doubt != NULL);
    if (call->left || rh_start_needs_judgement(&known.start, call->doubt != NULL)) {
        session_clear(&session);
        refusal = judge(call);
        if (refusal)
            return refusal;
        deadline = g_get_monotonic_time() + ATTEND_SECONDS * G_USEC_PER_SEC;
        if (!session_begin(&session, environment, guest, deadline, &error))
            return start_without_claims(&session, call, error);
        gather(&session, guest, &known);
        known.start.judged = TRUE;
        known.start.needs_all = call->left != NULL;
    }
    return claim_devices(&session, call, &known);
}

/* Takes what a restore left for the guest called @name. */
static char *take_refusal(Call *call, const char *name)
{
    g_autofree char *state = rh_environment_state(call->environment);
    const RhGuest *guest = call->domain ? rh_domain_guest(call->domain) : NULL;
    g_auto(GStrv) sources = guest ? rh_guest_sources(guest) : NULL;
    RhRefused refused = {.guest = guest && guest->name ? guest->name : name,
                         .uuid = guest ? guest->uuid : NULL,
                         .sources = sources};
    g_autofree char *image = NULL;
    char *refusal = rh_refusal_take(state, &refused, &call->doubt);

    image = rh_managed_save_find(call->environment->root, refused.guest);
    if (!call->doubt && image)
        call->doubt =
            g_strdup_printf("'%s' is its managed save; where that is not wanted any more, "
                            "'virsh managedsave-remove %s', or remove the file",
                            image, refused.guest);
    return refusal;
}

char *rh_lifecycle_prepare(const RhEnvironment *environment, const char *guest_name, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_auto(Call) call = {
        .environment = environment, .domain = rh_domain_parse(bytes, &error), .bytes = bytes};

    call.left = take_refusal(&call, guest_name);
    if (call.left && (!call.domain || !rh_guest_has_ours(rh_domain_guest(call.domain))))
        return g_steal_pointer(&call.left);
    if (!call.domain && !rh_domain_may_have_devices(bytes))
        return NULL; /* libvirt's to turn down */
    if (!call.domain)
        return call.doubt ? judge(&call) : rh_refusal_of_fault(error);
    return rh_guest_has_ours(rh_domain_guest(call.domain)) ? prepare(&call) : NULL;
}

/* A host that cannot be looked at keeps no claim from being written: only a site's own links stay
 * as they are written then. */
static void look_if_possible(Session *session, const RhEnvironment *environment, RhGuest *guest)
{
    g_autoptr(GError) error = NULL;

    if (!session_look(session, environment, guest, &error))
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
}

/* Opens a session for the guest in @bytes, if it has devices of ours, within @seconds. */
static gboolean begin(const RhEnvironment *environment, GBytes *bytes, guint seconds,
                      RhDomain **ret_domain, Session *session, GError **error)
{
    gint64 deadline = environment->began + seconds * G_USEC_PER_SEC;
    g_autoptr(RhDomain) domain = rh_domain_parse(bytes, error);

    if (!domain)
        return FALSE;
    if (rh_guest_has_ours(rh_domain_guest(domain))) {
        look_if_possible(session, environment, rh_domain_guest(domain));
        if (!session_open(session, rh_domain_guest(domain), deadline, error))
            return FALSE;
    }
    *ret_domain = g_steal_pointer(&domain);
    return TRUE;
}

gboolean rh_lifecycle_confirm(const RhEnvironment *environment, GBytes *bytes, GError **error)
{
    g_auto(Session) session = {0};
    g_autoptr(RhDomain) domain = NULL;

    if (!begin(environment, bytes, ATTEND_SECONDS, &domain, &session, error))
        return FALSE;
    return !session.ledger ||
           !rh_claims_confirm(session.ledger->claims, &session.ledger->claimant) ||
           rh_ledger_save(session.ledger, error);
}

/* Under the lock. A reservation stays: the guest may already be on its way back here. */
static gboolean drop_held(const RhEnvironment *environment, RhGuest *guest, GError **error)
{
    gint64 deadline = environment->began + ATTEND_SECONDS * G_USEC_PER_SEC;
    g_auto(Session) session = {0};

    look_if_possible(&session, environment, guest);
    if (!session_open(&session, guest, deadline, error))
        return FALSE;
    (void)rh_claims_drop_held(session.ledger->claims, &session.ledger->claimant);
    if (!rh_ledger_save(session.ledger, error))
        return FALSE;
    rh_journal_add(RH_EVENT_RELEASED, NULL, "the devices of guest '%s' are free",
                   guest->name ? guest->name : "");
    return TRUE;
}

/* What could not be dropped for @reason is dropped by whoever has the lock next. */
static gboolean leave_note(const char *state, const RhClaims *claims, const RhClaimant *claimant,
                           const GError *reason, GError **error)
{
    g_autoptr(GError) why_not = NULL;

    if (!rh_release_notes_leave(state, claims, claimant, &why_not))
        return rh_raise(error, RH_ERROR_STATE, "%s; and %s", reason->message, why_not->message);
    rh_journal_add(RH_EVENT_WARNING, NULL,
                   "%s; the next guest's hook frees the devices of guest '%s'", reason->message,
                   claimant->guest ? claimant->guest : "");
    return TRUE;
}

/* What was unplugged was claimed when the guest started, so that its XML does not tell. */
gboolean rh_lifecycle_release(const RhEnvironment *environment, GBytes *bytes, GError **error)
{
    g_autofree char *state = rh_environment_state(environment);
    g_autoptr(RhDomain) domain = rh_domain_parse(bytes, error);
    g_autoptr(GPtrArray) claims = NULL;
    g_autoptr(GError) reason = NULL;
    RhGuest *guest;
    RhClaimant claimant;

    if (!domain)
        return FALSE;
    guest = rh_domain_guest(domain);
    claimant = (RhClaimant){.guest = guest->name, .uuid = guest->uuid};
    claims = rh_claims_file_peek(state, NULL);
    if (claims && !rh_claims_holds(claims, &claimant))
        return TRUE;
    if (drop_held(environment, guest, &reason))
        return TRUE;
    claimant.now = rh_users_now();
    return leave_note(state, claims, &claimant, reason, error);
}

gboolean rh_lifecycle_reconnect(const RhEnvironment *environment, GBytes *bytes, GError **error)
{
    g_auto(Session) session = {0};
    g_autoptr(RhDomain) domain = NULL;

    if (!begin(environment, bytes, RECONNECT_SECONDS, &domain, &session, error) || !session.ledger)
        return domain != NULL;
    hold_all(&session, rh_domain_guest(domain), RH_CLAIM_RUNNING);
    if (!rh_ledger_save(session.ledger, error))
        return FALSE;
    note_held(rh_domain_guest(domain), RH_CLAIM_RUNNING);
    return TRUE;
}

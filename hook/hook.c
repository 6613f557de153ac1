/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/hook.h"

#include "hook/alarm.h"
#include "hook/incoming.h"
#include "hook/lifecycle.h"
#include "hook/managed-save.h"
#include "hook/refusal.h"
#include "site/child.h"
#include "site/journal.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/domain.h"

#include <signal.h>
#include <unistd.h>

/* In seconds: for operations that must not hold up libvirt, and how long after its deadline
 * something that does not look at it is ended. */
#define ATTEND_SECONDS 12
#define GRACE_SECONDS 1

typedef struct {
    const RhCall *call;
    RhEnvironment *environment;
    int in;
    int out;
} Run;

static GBytes *read_guest(const Run *run, GError **error)
{
    return rh_read_document_fd(run->in, "the guest's XML", error);
}

static gboolean is_one_of(const RhCall *call, const char *const *names)
{
    return g_strv_contains(names, call->operation);
}

/* Nothing outlasts @seconds since the hook began, and what may not fail ends well then. */
static void set_deadline(const RhCall *call, RhEnvironment *begun, guint seconds)
{
    static const char *const may_fail[] = {"migrate", "prepare", NULL};
    g_autofree char *guest = g_utf8_make_valid(call->guest, -1);
    g_autofree char *refusal = g_strdup_printf(
        "guest '%s': '%s %s' took longer than the deadline of %u s, and was ended; reading the "
        "guest's XML or this host's files hung: look at 'dmesg' and at the host's load",
        guest, call->operation, call->suboperation, seconds);

    begun->deadline = begun->began + seconds * G_USEC_PER_SEC;
    rh_alarm_set(begun->deadline + GRACE_SECONDS * G_USEC_PER_SEC,
                 is_one_of(call, may_fail) ? rh_one_line(refusal) : NULL);
}

/* Until the configuration is read, which has a deadline, too. */
static void set_first_deadline(const RhCall *call, RhEnvironment *begun)
{
    static const char *const plan[] = {"migrate", "restore", "prepare", NULL};
    g_autoptr(RhPolicy) defaults = rh_policy_new();

    set_deadline(call, begun, is_one_of(call, plan) ? defaults->deadline : ATTEND_SECONDS);
}

/* As above for what is to be planned: the configured deadline holds where there is something to
 * plan, and a broken configuration is told by whoever needs it. */
static GBytes *read_to_plan(const Run *run, GError **error)
{
    g_autoptr(GBytes) bytes = read_guest(run, error);
    g_autoptr(RhPolicy) configured = NULL;

    if (bytes && rh_domain_may_have_devices(bytes))
        configured = rh_environment_policy(run->environment, NULL);
    if (configured)
        set_deadline(run->call, run->environment, configured->deadline);
    return g_steal_pointer(&bytes);
}

static void note_decision(const RhDecision *decision)
{
    for (guint i = 0; decision->plans && decision->plans[i]; i++)
        rh_journal_add(RH_EVENT_PLANNED, NULL, "%s", decision->plans[i]);
    for (guint i = 0; decision->warnings && decision->warnings[i]; i++)
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", decision->warnings[i]);
}

/* Decides, and writes what is reserved. FALSE where there is no decision to go by. */
static gboolean decide(const Run *run, GBytes *bytes, RhIncoming why, RhDecision *decision,
                       GError **error)
{
    g_autoptr(RhLedger) ledger = NULL;

    if (!rh_incoming_decide(run->environment, bytes, why, &ledger, decision, error))
        return FALSE;
    note_decision(decision);
    if (ledger && ledger->warning)
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", ledger->warning);
    return !ledger || rh_ledger_save(ledger, error);
}

/* Of an earlier restore. */
static void forget_refusal(const Run *run, const char *guest, const char *uuid)
{
    g_autofree char *state = rh_environment_state(run->environment);
    RhRefused refused = {.guest = guest, .uuid = uuid};

    rh_refusal_forget(state, &refused);
}

static gboolean migrate(const Run *run, char **ret_message)
{
    g_auto(RhDecision) decision = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = read_to_plan(run, &error);

    if (!bytes || !decide(run, bytes, RH_INCOMING_MIGRATE, &decision, &error) ||
        (!decision.refusal && decision.output && !rh_write_all(run->out, decision.output, &error)))
        *ret_message = rh_refusal_of_fault(error);
    else
        *ret_message = g_steal_pointer(&decision.refusal);
    if (decision.guest)
        forget_refusal(run, decision.guest, decision.uuid);
    if (*ret_message)
        rh_journal_add(RH_EVENT_REFUSED, NULL, "%s", *ret_message);
    return *ret_message == NULL;
}

/* Without the trace a refusal may be lost; it is left all the same, where it can be. */
static void expect_refusal(const Run *run, GBytes *bytes)
{
    g_autofree char *state = rh_environment_state(run->environment);
    g_autoptr(GError) error = NULL;

    if (rh_domain_may_have_devices(bytes) && !rh_refusal_expect(state, run->call->guest, &error))
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
}

/* Why the guest cannot be restored with what was decided, the caller's; NULL: its XML is written.
 */
static char *try_restore(const Run *run, RhDecision *decision)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = read_to_plan(run, &error);

    if (bytes)
        expect_refusal(run, bytes);
    if (!bytes || !decide(run, bytes, RH_INCOMING_RESTORE, decision, &error))
        return rh_refusal_of_fault(error);
    if (decision->refusal || !decision->output)
        return g_steal_pointer(&decision->refusal);
    if (!rh_managed_save_keep(run->environment->root, run->call->guest, &error))
        return rh_refusal_of_fault(error);
    rh_alarm_clear(); /* half of it, and an exit of 0, would cost the guest's image */
    if (!rh_write_all(run->out, decision->output, &error))
        return rh_refusal_of_fault(error);
    return NULL;
}

/* Leaves @refusal (NULL: there is none) in place of what an earlier restore left. Where it cannot
 * be left, the trace of this restore stays. */
static void settle_restore(const Run *run, const RhDecision *decision, const char *refusal,
                           char **ret_message)
{
    g_autofree char *state = rh_environment_state(run->environment);
    const char *guest = decision->guest ? decision->guest : run->call->guest;
    RhRefused refused = {guest, decision->uuid, decision->sources};
    g_autoptr(GError) error = NULL;

    forget_refusal(run, guest, decision->uuid);
    forget_refusal(run, guest, NULL);
    if (refusal)
        rh_journal_add(RH_EVENT_REFUSED, NULL, "%s", refusal);
    if (!refusal || rh_refusal_leave(state, &refused, refusal, &error)) {
        rh_refusal_expect_none(state, run->call->guest);
        return;
    }
    rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
    *ret_message = rh_refusal_of_fault(error);
}

/* Never fails, nor is stopped by who would end it: what cannot be planned is refused at `prepare
 * begin`. */
static gboolean restore(const Run *run, char **ret_message)
{
    g_auto(RhDecision) decision = {0};
    g_autofree char *refusal = NULL;

    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    refusal = try_restore(run, &decision);
    settle_restore(run, &decision, refusal, ret_message);
    return TRUE;
}

static gboolean prepare(const Run *run, char **ret_message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = read_to_plan(run, &error);

    *ret_message = bytes ? rh_lifecycle_prepare(run->environment, run->call->guest, bytes)
                         : rh_refusal_of_fault(error);
    if (*ret_message)
        rh_journal_add(RH_EVENT_REFUSED, NULL, "%s", *ret_message);
    return *ret_message == NULL;
}

/* What comes after may not fail: a fault goes to the journal. */
static gboolean attend(const Run *run, gboolean (*what)(const RhEnvironment *, GBytes *, GError **))
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = read_guest(run, &error);

    if (!bytes || !what(run->environment, bytes, &error))
        rh_journal_add(RH_EVENT_WARNING, NULL, "%s", error->message);
    return TRUE;
}

static gboolean start(const Run *run, char **ret_message G_GNUC_UNUSED)
{
    return attend(run, rh_lifecycle_confirm);
}

static gboolean release(const Run *run, char **ret_message G_GNUC_UNUSED)
{
    return attend(run, rh_lifecycle_release);
}

static gboolean reconnect(const Run *run, char **ret_message G_GNUC_UNUSED)
{
    return attend(run, rh_lifecycle_reconnect);
}

/* All that libvirt calls hooks for (libvirt/src/util/virhook.c, virHookQemuOp and virHookSubop). */
static const struct {
    const char *operation;
    const char *suboperation;
    /* NULL: there is nothing to do */
    gboolean (*run)(const Run *run, char **ret_message);
} operations[] = {
    {"migrate", "begin", migrate}, {"restore", "begin", restore},     {"prepare", "begin", prepare},
    {"start", "begin", start},     {"started", "begin", start},       {"stopped", "end", release},
    {"release", "end", release},   {"reconnect", "begin", reconnect}, {"attach", "begin", NULL},
};

char *rh_hook_misword(const RhCall *call)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(operations); i++) {
        if (g_str_equal(operations[i].operation, call->operation) &&
            g_str_equal(operations[i].suboperation, call->suboperation))
            return NULL;
        g_string_append_printf(known, "%s%s %s", i > 0 ? ", " : "", operations[i].operation,
                               operations[i].suboperation);
    }
    return g_strdup_printf("libvirt has no operation '%s %s'; it has: %s", call->operation,
                           call->suboperation, known->str);
}

/* libvirt's session daemons run the same hooks as an ordinary user, who has no devices to give. */
static gboolean is_session(const RhEnvironment *environment)
{
    return !environment->state && geteuid() != 0;
}

gboolean rh_hook_run(const RhCall *call, const RhEnvironment *environment, int in, int out,
                     char **ret_message)
{
    RhEnvironment begun = *environment;
    Run run = {.call = call, .environment = &begun, .in = in, .out = out};
    gboolean ok = TRUE;

    *ret_message = NULL;
    begun.began = g_get_monotonic_time();
    set_first_deadline(call, &begun);
    rh_child_forbid_cores();
    rh_journal_about(call->guest, call->operation);
    for (guint i = 0; i < G_N_ELEMENTS(operations); i++)
        if (g_str_equal(operations[i].operation, call->operation) &&
            g_str_equal(operations[i].suboperation, call->suboperation))
            ok = is_session(environment) || !operations[i].run ||
                 operations[i].run(&run, ret_message);
    rh_journal_flush();
    return ok;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/hook.h"

#include "hook/incoming.h"
#include "hook/lifecycle.h"
#include "hook/refusal.h"
#include "util/file.h"
#include "util/text.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    const RhCall *call;
    const RhEnvironment *environment;
    int in;
    int out;
} Run;

static GBytes *read_guest(const Run *run, GError **error)
{
    return rh_read_document_fd(run->in, "the guest's XML", error);
}

/* A fault as a line for standard error. */
static char *say(const GError *error)
{
    return rh_cut(rh_one_line(g_strdup(error->message)), RH_MAX_MESSAGE);
}

static gboolean migrate(const Run *run, char **ret_message)
{
    g_autofree char *state = rh_environment_state(run->environment);
    g_auto(RhDecision) decision = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = read_guest(run, &error);

    if (!bytes ||
        !rh_incoming_decide(run->environment, bytes, RH_OCCASION_MIGRATE, &decision, &error) ||
        (decision.output && !rh_write_all(run->out, decision.output, &error))) {
        *ret_message = say(error);
        return FALSE;
    }
    if (decision.guest)
        g_free(rh_refusal_take(state, decision.guest, NULL)); /* of an earlier restore */
    *ret_message = g_steal_pointer(&decision.refusal);
    return *ret_message == NULL;
}

/* Never fails: what cannot be planned is refused at `prepare begin`. */
static gboolean restore(const Run *run, char **ret_message)
{
    g_autofree char *state = rh_environment_state(run->environment);
    g_auto(RhDecision) decision = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = read_guest(run, &error);
    g_autofree char *refusal = NULL;
    const char *guest;

    if (!bytes ||
        !rh_incoming_decide(run->environment, bytes, RH_OCCASION_RESTORE, &decision, &error))
        refusal = say(error);
    else
        refusal = g_steal_pointer(&decision.refusal);
    g_clear_error(&error);
    guest = decision.guest ? decision.guest : run->call->guest;
    g_free(rh_refusal_take(state, guest, NULL));
    if ((refusal && !rh_refusal_leave(state, guest, decision.sources, refusal, &error)) ||
        (!refusal && decision.output && !rh_write_all(run->out, decision.output, &error)))
        *ret_message = say(error);
    return TRUE;
}

static gboolean prepare(const Run *run, char **ret_message)
{
    g_autofree char *state = rh_environment_state(run->environment);
    g_autoptr(GBytes) bytes = NULL;

    if (!rh_refusal_any(state))
        return TRUE;
    bytes = read_guest(run, NULL);
    *ret_message = bytes ? rh_lifecycle_prepare(run->environment, run->call->guest, bytes)
                         : rh_refusal_take(state, run->call->guest, NULL);
    return *ret_message == NULL;
}

static const struct {
    const char *operation;
    const char *suboperation;
    gboolean (*run)(const Run *run, char **ret_message);
} operations[] = {
    {"migrate", "begin", migrate}, {"restore", "begin", restore}, {"prepare", "begin", prepare}};

/* libvirt's session daemons run the same hooks as an ordinary user, who has no devices to give. */
static gboolean is_session(const RhEnvironment *environment)
{
    return !environment->state && geteuid() != 0;
}

gboolean rh_hook_run(const RhCall *call, const RhEnvironment *environment, int in, int out,
                     char **ret_message)
{
    Run run = {.call = call, .environment = environment, .in = in, .out = out};

    *ret_message = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(operations); i++)
        if (g_str_equal(operations[i].operation, call->operation) &&
            g_str_equal(operations[i].suboperation, call->suboperation))
            return is_session(environment) || operations[i].run(&run, ret_message);
    return TRUE;
}

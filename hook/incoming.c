/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/incoming.h"

#include "core/explain.h"
#include "core/situation.h"
#include "hook/refusal.h"
#include "site/child.h"
#include "site/confinement.h"
#include "site/users.h"
#include "util/error.h"
#include "util/text.h"
#include "xml/domain.h"

#include <unistd.h>

/* What a child keeps of its time to say that others took it. */
#define LOCK_MARGIN_US (G_USEC_PER_SEC / 2)

/* How many locks of the claims may be removed by others before it is given up. */
#define MAX_LOCKS 3u

/* How a decision, or an error, comes from the child: the members by name, those that are there. */
#define DECISION_TYPE G_VARIANT_TYPE_VARDICT

void rh_decision_clear(RhDecision *decision)
{
    g_clear_pointer(&decision->guest, g_free);
    g_clear_pointer(&decision->uuid, g_free);
    g_clear_pointer(&decision->sources, g_strfreev);
    g_clear_pointer(&decision->output, g_bytes_unref);
    g_clear_pointer(&decision->refusal, g_free);
    g_clear_pointer(&decision->plans, g_strfreev);
    g_clear_pointer(&decision->warnings, g_strfreev);
}

/* What a child works on. */
typedef struct {
    const RhEnvironment *environment;
    GBytes *bytes;
    RhIncoming why;
    RhLedger *ledger; /* the parent's; NULL: there can be none, for the reason in ledger_error */
    const GError *ledger_error;
    gint64 deadline;
    RhDomain *domain; /* NULL: not parsed yet */
    GVariant *packed; /* the ledger, for the parent; NULL: there is nothing to write */
} Job;

static gboolean is_start(const Job *job)
{
    return job->why == RH_INCOMING_START || job->why == RH_INCOMING_BOOT ||
           job->why == RH_INCOMING_AGAIN;
}

/* Whether the guest boots anew, and no state of it comes. */
static gboolean boots(const Job *job, const RhGuest *guest)
{
    return job->why == RH_INCOMING_BOOT ||
           (job->why == RH_INCOMING_MIGRATE && guest->record && guest->record->off);
}

static RhOccasion occasion_of(RhIncoming why)
{
    switch (why) {
    case RH_INCOMING_MIGRATE:
        return RH_OCCASION_MIGRATE;
    case RH_INCOMING_RESTORE:
    case RH_INCOMING_START:
    case RH_INCOMING_BOOT:
        return RH_OCCASION_RESTORE;
    case RH_INCOMING_AGAIN:
        return RH_OCCASION_AGAIN;
    }
    g_assert_not_reached();
}

/* Whether a device that would be given is open after all; then it is marked as used. */
static gboolean is_open(RhHost *host, RhDevice *device)
{
    RhUser unknown = rh_user_of_process(0, NULL);

    if (rh_device_knows(device, RH_ATTR_USED_BY) ||
        !rh_host_is_open(host, device->kind, rh_device_key(device)))
        return FALSE;
    rh_device_set_used_by(device, &unknown);
    return TRUE;
}

/* Looks once more, now that all else calls them free, at the devices that would be given. */
static gboolean is_any_open(GPtrArray *unchecked, const RhUsers *users)
{
    gboolean any = unchecked->len > 0 && rh_users_look_again(users, unchecked);

    for (guint i = 0; i < unchecked->len; i++)
        any |= is_open(users->host, g_ptr_array_index(unchecked, i));
    return any;
}

/* What is asked of the kernel for the few devices that @outcome comes to: whether there is anything
 * new, so that it is to be decided anew. */
static gboolean gather_more(const RhSituation *situation, const RhOutcome *outcome,
                            const RhUsers *users)
{
    if (!users->host)
        return FALSE;
    return rh_host_answer(users->host, situation->questions) ||
           (outcome->fits && is_any_open(outcome->unchecked, users));
}

static RhOutcome *decide_on(const RhSituation *situation, const RhUsers *users)
{
    RhOutcome *outcome = NULL;

    do {
        rh_outcome_free(outcome);
        outcome = rh_situation_decide(situation);
    } while (gather_more(situation, outcome, users));
    return outcome;
}

/* The reason, which is the caller's; NULL: the guest fits. */
static char *explain(const RhSituation *situation, RhOutcome *outcome, const RhUsers *users)
{
    if (outcome->plan->fits)
        return g_steal_pointer(&outcome->taken);
    rh_plan_question_all(outcome->plan);
    (void)rh_host_answer(users->host, situation->questions);
    return rh_plan_explain(outcome->plan, RH_MAX_MESSAGE);
}

static GStrv strings_of(GPtrArray *texts)
{
    g_ptr_array_add(texts, NULL);
    return g_strdupv((GStrv)texts->pdata);
}

static gpointer copy_text(gconstpointer text, gpointer data G_GNUC_UNUSED)
{
    return g_strdup(text);
}

/* What nobody looks after is told where the program runs at all. */
static void add_unattended(GPtrArray *warnings, const RhGuest *guest)
{
    for (guint i = 0; i < guest->unattended->len; i++)
        g_ptr_array_add(warnings, rh_unattended_tell(g_ptr_array_index(guest->unattended, i)));
}

/* The same of a guest that is not planned. */
static void note_unattended(RhDecision *decision, const RhGuest *guest)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    add_unattended(warnings, guest);
    g_clear_pointer(&decision->warnings, g_strfreev);
    decision->warnings = strings_of(warnings);
}

static void note_plan(RhDecision *decision, const RhPlan *plan, const RhPolicy *policy,
                      const RhUsers *users)
{
    g_autoptr(GPtrArray) plans = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    char *left = rh_users_warn_of_left(users);
    char *denied = rh_users_warn_of_denied(users);

    g_ptr_array_extend(warnings, policy->warnings, copy_text, NULL);
    for (guint i = 0; i < users->warnings->len; i++)
        g_ptr_array_add(warnings, g_strdup(g_ptr_array_index(users->warnings, i)));
    if (left)
        g_ptr_array_add(warnings, left);
    if (denied)
        g_ptr_array_add(warnings, denied);
    add_unattended(warnings, plan->context.guest);
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        g_autofree char *device = rh_guest_device_describe(choice->guest_device);
        g_autoptr(GPtrArray) said = rh_choice_warnings(plan, choice);

        if (plan->fits)
            g_ptr_array_add(plans, g_strdup_printf("%s -> %s", device, rh_choice_target(choice)));
        for (guint j = 0; j < said->len; j++)
            g_ptr_array_add(warnings,
                            g_strdup_printf("%s: %s", device, (char *)g_ptr_array_index(said, j)));
    }
    decision->plans = strings_of(plans);
    g_clear_pointer(&decision->warnings, g_strfreev);
    decision->warnings = strings_of(warnings);
}

/* Carries out what was decided: the claims for the parent to write, the guest's XML. */
static gboolean carry_out(Job *job, const RhOutcome *outcome, RhLedger *ledger,
                          RhDecision *decision, GError **error)
{
    rh_outcome_reserve(outcome, &ledger->claimant, ledger->claims);
    job->packed = rh_ledger_pack(ledger, error);
    if (!job->packed)
        return FALSE;
    if (!outcome->fits || !rh_plan_moves(outcome->plan))
        return TRUE;
    rh_domain_apply(job->domain, outcome->plan);
    decision->output = rh_domain_serialise(job->domain, error);
    return decision->output != NULL;
}

/* What the guests here use is not known, and the answer is no. Root whom something keeps from
 * looking into processes is only warned: all that guests have is known by then, and of any other
 * QEMU gets EBUSY before memory is copied, while a refusal would be one for each guest. */
static gboolean refuse_unseen(const RhUsers *users, GError **error)
{
    g_autofree char *denied = geteuid() != 0 ? rh_users_warn_of_denied(users) : NULL;

    if (users->fault)
        return rh_raise(error, RH_ERROR_STATE,
                        "it is not known what the guests here use: %s; try again", users->fault);
    return !denied ||
           rh_raise(error, RH_ERROR_STATE, "it is not known what the guests here use: %s", denied);
}

/* The ledger is open: gives the guest what nobody uses, and reserves it. */
static gboolean decide_and_reserve(Job *job, RhLedger *ledger, const RhPolicy *policy,
                                   RhInventory *inventory, RhUsers *users, RhDecision *decision,
                                   GError **error)
{
    g_autoptr(RhQuestions) questions = users->host ? rh_questions_new() : NULL;
    RhSituation situation = {.guest = rh_domain_guest(job->domain),
                             .policy = policy,
                             .inventory = inventory,
                             .usage = rh_users_usage(users, ledger->claims),
                             .claimant = ledger->claimant,
                             .occasion = occasion_of(job->why),
                             .questions = questions};
    g_autoptr(RhOutcome) outcome = NULL;

    if (!refuse_unseen(users, error))
        return FALSE;
    rh_users_mark(users, ledger->claims, &ledger->claimant, inventory);
    rh_unattended_mark(situation.guest->unattended, inventory);
    outcome = decide_on(&situation, users);
    decision->refusal = explain(&situation, outcome, users);
    note_plan(decision, outcome->plan, policy, users);
    return carry_out(job, outcome, ledger, decision, error);
}

/* A guest that starts gets what its XML says or nothing. */
static void fix_devices(const RhGuest *guest)
{
    for (guint i = 0; i < guest->devices->len; i++)
        ((RhGuestDevice *)g_ptr_array_index(guest->devices, i))->chosen = TRUE;
}

/* Opens the parent's ledger. A start can do without, but not where somebody has the lock: then
 * it is *@ret_without, owned by the caller, without a file. NULL: there is none. */
static RhLedger *open_ledger(const Job *job, RhUsers *users, RhLedger **ret_without, GError **error)
{
    const RhGuest *guest = rh_domain_guest(job->domain);
    g_autoptr(GError) reason = NULL;

    if (job->ledger) {
        job->ledger->claimant.guest = guest->name;
        job->ledger->claimant.uuid = guest->uuid;
        if (rh_ledger_open(job->ledger, users, job->deadline - LOCK_MARGIN_US, &reason))
            return job->ledger;
        if (!is_start(job) || !job->ledger->locked) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return NULL;
        }
    } else {
        rh_users_refresh(users);
    }
    *ret_without = rh_ledger_do_without(guest->name, guest->uuid, users);
    return *ret_without;
}

/* The guest has devices of ours. Everything that is slow or may hang comes before the lock. */
static gboolean decide(Job *job, RhDecision *decision, GError **error)
{
    RhGuest *guest = rh_domain_guest(job->domain);
    g_autoptr(RhPolicy) policy = NULL;
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(RhHost) host = NULL;
    g_autoptr(RhUsers) users = NULL;
    g_autoptr(RhLedger) without = NULL;
    RhLedger *ledger;

    if (!job->ledger && !is_start(job)) {
        g_propagate_error(error, g_error_copy(job->ledger_error));
        return FALSE;
    }
    if (!rh_domain_read_record(job->domain, error))
        return FALSE;
    guest->boots = boots(job, guest);
    if (is_start(job))
        fix_devices(guest);
    policy = rh_environment_policy(job->environment, error);
    if (!policy)
        return FALSE;
    inventory =
        rh_environment_inventory(job->environment, rh_guest_kinds(guest), policy, &host, error);
    if (!inventory)
        return FALSE;
    rh_users_settle(host, inventory, guest);
    users = rh_users_read(job->environment, host);
    rh_users_look(users, inventory);
    rh_confinement_enter();
    ledger = open_ledger(job, users, &without, error);
    return ledger && decide_and_reserve(job, ledger, policy, inventory, users, decision, error);
}

/* Whether what may be ours in a form that is not understood turns the guest away, with its refusal.
 * One that only starts is not asked, since its definition is this host's, but where that is what
 * its restore was refused for. */
static gboolean refuse_unknown(const Job *job, const RhGuest *guest, RhDecision *decision,
                               GError **error)
{
    g_autoptr(RhPolicy) policy = NULL;
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(RhHost) host = NULL;

    if ((is_start(job) && job->why != RH_INCOMING_AGAIN) ||
        !rh_unattended_any_unknown(guest->unattended))
        return TRUE;
    policy = rh_environment_policy(job->environment, error);
    inventory = policy ? rh_environment_inventory(job->environment, 0, policy, &host, error) : NULL;
    if (!inventory)
        return FALSE;
    decision->refusal =
        rh_unattended_refuse(guest->unattended, policy, guest->name, inventory->name);
    if (decision->refusal)
        decision->refusal = rh_cut(rh_one_line(decision->refusal), RH_MAX_MESSAGE);
    return TRUE;
}

static gboolean read_and_decide(Job *job, RhDecision *decision, GError **error)
{
    const RhGuest *guest;

    if (!job->domain)
        job->domain = rh_domain_parse(job->bytes, error);
    if (!job->domain)
        return FALSE;
    guest = rh_domain_guest(job->domain);
    decision->guest = g_strdup(guest->name);
    decision->uuid = g_strdup(guest->uuid);
    decision->sources = rh_guest_sources(guest);
    note_unattended(decision, guest);
    if (!refuse_unknown(job, guest, decision, error))
        return FALSE;
    return decision->refusal || !rh_guest_has_ours(guest) || decide(job, decision, error);
}

static void put_text(GVariantDict *dict, const char *name, const char *text)
{
    if (text)
        g_variant_dict_insert(dict, name, "s", text);
}

static void put_texts(GVariantDict *dict, const char *name, GStrv texts)
{
    if (texts)
        g_variant_dict_insert(dict, name, "^as", texts);
}

static void put_bytes(GVariantDict *dict, const char *name, GBytes *bytes)
{
    if (bytes)
        g_variant_dict_insert_value(
            dict, name, g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
}

static GVariant *work(gpointer data)
{
    g_auto(RhDecision) decision = {0};
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GError) error = NULL;
    Job *job = data;

    (void)read_and_decide(job, &decision, &error);
    put_text(&dict, "guest", decision.guest);
    put_text(&dict, "uuid", decision.uuid);
    put_texts(&dict, "sources", decision.sources);
    put_bytes(&dict, "output", decision.output);
    put_text(&dict, "refusal", decision.refusal);
    if (job->packed)
        g_variant_dict_insert_value(&dict, "ledger", job->packed);
    put_texts(&dict, "plans", decision.plans);
    put_texts(&dict, "warnings", decision.warnings);
    if (error)
        g_variant_dict_insert(&dict, "error-code", "i", error->code);
    put_text(&dict, "error", error ? error->message : NULL);
    return g_variant_dict_end(&dict);
}

static GBytes *get_bytes(GVariantDict *dict, const char *name)
{
    g_autoptr(GVariant) bytes = g_variant_dict_lookup_value(dict, name, G_VARIANT_TYPE_BYTESTRING);

    return bytes ? g_variant_get_data_as_bytes(bytes) : NULL;
}

/* FALSE where the child could not decide. *@ret_ledger is the caller's: what it made of the ledger;
 * NULL: nothing. */
static gboolean unpack(GVariant *result, RhDecision *decision, GVariant **ret_ledger,
                       GError **error)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(result);
    g_autofree char *message = NULL;
    gint32 code = RH_ERROR_BUG;

    (void)g_variant_dict_lookup(&dict, "guest", "s", &decision->guest);
    (void)g_variant_dict_lookup(&dict, "uuid", "s", &decision->uuid);
    (void)g_variant_dict_lookup(&dict, "sources", "^as", &decision->sources);
    (void)g_variant_dict_lookup(&dict, "refusal", "s", &decision->refusal);
    (void)g_variant_dict_lookup(&dict, "plans", "^as", &decision->plans);
    (void)g_variant_dict_lookup(&dict, "warnings", "^as", &decision->warnings);
    decision->output = get_bytes(&dict, "output");
    *ret_ledger = g_variant_dict_lookup_value(&dict, "ledger", DECISION_TYPE);
    (void)g_variant_dict_lookup(&dict, "error-code", "i", &code);
    (void)g_variant_dict_lookup(&dict, "error", "s", &message);
    return !message || rh_raise(error, (RhError)code, "%s", message);
}

/* *@ret_written: whether @job's ledger is to be written, which a guest that only starts never has:
 * who judges it opens the ledger again, and tells what is wrong with it. */
static gboolean try_in_child(Job *job, RhDecision *decision, gboolean *ret_written, GError **error)
{
    g_autoptr(GVariant) result = NULL;
    g_autoptr(GVariant) packed = NULL;

    if (!rh_child_run(work, job, DECISION_TYPE, job->deadline, &result, error) ||
        !unpack(result, decision, &packed, error))
        return FALSE;
    *ret_written = packed && job->ledger && !is_start(job);
    if (*ret_written)
        rh_ledger_take(job->ledger, packed);
    return TRUE;
}

/* A child cannot give its parent a lock that it opened itself. Where somebody removed the one that
 * both have, another child gets another. */
static gboolean decide_in_child(Job *job, RhLedger **ret_ledger, RhDecision *decision,
                                GError **error)
{
    g_autoptr(GError) reason = NULL;

    for (guint i = 0; i < MAX_LOCKS; i++) {
        g_autoptr(RhLedger) ledger = NULL;
        g_autoptr(GError) ledger_error = NULL;
        gboolean written;

        g_clear_error(&reason);
        rh_decision_clear(decision);
        ledger = rh_ledger_new(job->environment, NULL, NULL, &ledger_error);
        job->ledger = ledger;
        job->ledger_error = ledger_error;
        if (try_in_child(job, decision, &written, &reason)) {
            *ret_ledger = written ? g_steal_pointer(&ledger) : NULL;
            return TRUE;
        }
        if (!ledger || rh_claims_file_is_current(ledger->file))
            break;
    }
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

gboolean rh_incoming_decide(const RhEnvironment *environment, GBytes *bytes, RhIncoming why,
                            RhLedger **ret_ledger, RhDecision *ret_decision, GError **error)
{
    Job job = {.environment = environment, .bytes = bytes, .why = why};
    g_autoptr(RhDomain) domain = NULL;
    const RhGuest *guest;

    *ret_ledger = NULL;
    if (!rh_domain_may_have_devices(bytes) && why == RH_INCOMING_RESTORE)
        return TRUE;
    /* A restore must survive whatever the document does to its reader. */
    if (why != RH_INCOMING_RESTORE) {
        domain = rh_domain_parse(bytes, error);
        if (!domain)
            return FALSE;
        job.domain = domain;
        guest = rh_domain_guest(domain);
        note_unattended(ret_decision, guest);
        if (!rh_guest_has_ours(guest) && !rh_unattended_any_unknown(guest->unattended))
            return TRUE;
    }
    job.deadline = environment->deadline;
    return decide_in_child(&job, ret_ledger, ret_decision, error);
}

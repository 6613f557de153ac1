/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/incoming.h"

#include "core/explain.h"
#include "hook/refusal.h"
#include "site/child.h"
#include "site/confinement.h"
#include "site/users.h"
#include "util/error.h"
#include "xml/claims-xml.h"
#include "xml/domain.h"

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
    g_clear_pointer(&decision->claims, g_bytes_unref);
    g_clear_pointer(&decision->notes, g_strfreev);
    g_clear_pointer(&decision->damage, g_free);
    g_clear_pointer(&decision->plans, g_strfreev);
    g_clear_pointer(&decision->warnings, g_strfreev);
}

/* What a child works on. */
typedef struct {
    const RhEnvironment *environment;
    GBytes *bytes;
    RhIncoming why;
    RhClaimsFile *file; /* NULL: cannot be opened, for the reason in file_error */
    const GError *file_error;
    gint64 deadline;
    RhDomain *domain; /* NULL: not parsed yet */
} Job;

RhPlan *rh_incoming_plan(const RhGuest *guest, const RhInventory *inventory, RhHost *host,
                         const RhPolicy *policy, RhIncoming why)
{
    RhOccasion occasion = why == RH_INCOMING_MIGRATE ? RH_OCCASION_MIGRATE : RH_OCCASION_RESTORE;

    return rh_plan_new(guest, inventory, policy, occasion, host ? rh_host_accepts : NULL, host);
}

/* Whether a device that would be given is open after all; then it is marked as used. */
static gboolean is_open(RhHost *host, RhDevice *device)
{
    if (rh_device_knows(device, RH_ATTR_USED_BY) ||
        !rh_host_is_open(host, device->kind, rh_device_key(device)))
        return FALSE;
    rh_device_set_text(device, RH_ATTR_USED_BY, "an unknown process");
    return TRUE;
}

/* Looks once more, now that all else calls it free, at what would be given. */
static gboolean any_open(const RhPlan *plan, const RhUsers *users)
{
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    gboolean any = FALSE;

    for (guint i = 0; users->host && i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        RhDevice *device = (RhDevice *)choice->device;

        if (device && !rh_device_knows(device, RH_ATTR_USED_BY))
            g_ptr_array_add(chosen, device);
    }
    any = chosen->len > 0 && rh_users_look_again(users, chosen);
    for (guint i = 0; i < chosen->len; i++)
        any |= is_open(users->host, g_ptr_array_index(chosen, i));
    return any;
}

static const char *key_of(const RhChoice *choice)
{
    return choice->device ? rh_device_key(choice->device)
                          : rh_guest_device_key(choice->guest_device);
}

static void reserve(RhClaims *claims, const RhClaimant *claimant, const RhPlan *plan)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        rh_claims_hold(claims, claimant, choice->guest_device->kind, key_of(choice),
                       choice->device ? rh_device_name(choice->device) : NULL, RH_CLAIM_RESERVED);
    }
}

/* A device that is left as it is was never held against the others' claims: why it cannot be had;
 * NULL: it can. */
static char *find_taken(const RhPlan *plan, const RhUsers *users, const RhClaims *claims,
                        const RhClaimant *claimant)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        g_autofree char *user = choice->device
                                    ? NULL
                                    : rh_users_other(users, claims, claimant,
                                                     choice->guest_device->kind, key_of(choice));
        g_autofree char *device = rh_guest_device_describe(choice->guest_device);

        if (user)
            return g_strdup_printf("guest '%s' cannot have its %s, which has no record and is left "
                                   "as it is: it is in use by %s",
                                   claimant->guest ? claimant->guest : "", device, user);
    }
    return NULL;
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

static void note_plan(RhDecision *decision, const RhPlan *plan, const RhPolicy *policy,
                      const RhUsers *users)
{
    g_autoptr(GPtrArray) plans = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    char *left = rh_users_warn_of_left(users);

    g_ptr_array_extend(warnings, policy->warnings, copy_text, NULL);
    for (guint i = 0; i < users->warnings->len; i++)
        g_ptr_array_add(warnings, g_strdup(g_ptr_array_index(users->warnings, i)));
    if (left)
        g_ptr_array_add(warnings, left);
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
    decision->warnings = strings_of(warnings);
}

/* The claims are locked: plans on what nobody uses, and reserves it. What @users says is what could
 * be known before. */
static gboolean plan_and_reserve(const Job *job, RhClaims *claims, const RhPolicy *policy,
                                 RhInventory *inventory, RhUsers *users, RhDecision *decision,
                                 GError **error)
{
    RhGuest *guest = rh_domain_guest(job->domain);
    RhClaimant claimant =
        rh_users_claimant(users, guest->name, guest->uuid, job->environment->daemon);
    g_autoptr(RhPlan) plan = NULL;

    rh_users_refresh(users);
    if (users->fault)
        return rh_raise(error, RH_ERROR_STATE,
                        "it is not known what the guests here use: %s; try again", users->fault);
    (void)rh_users_expire(users, claims);
    rh_users_mark(users, claims, &claimant, inventory);
    (void)rh_claims_drop_reservations(claims, &claimant);
    do {
        g_clear_pointer(&plan, rh_plan_free);
        plan = rh_incoming_plan(guest, inventory, users->host, policy, job->why);
    } while (plan->fits && any_open(plan, users));
    decision->refusal = plan->fits ? find_taken(plan, users, claims, &claimant)
                                   : rh_plan_explain(plan, RH_MAX_MESSAGE);
    note_plan(decision, plan, policy, users);
    if (!decision->refusal)
        reserve(claims, &claimant, plan);
    if (!rh_claims_check(claims, error))
        return FALSE;
    decision->claims = rh_claims_serialise(claims);
    if (decision->refusal || !rh_plan_moves(plan))
        return TRUE;
    rh_domain_apply(job->domain, plan);
    decision->output = rh_domain_serialise(job->domain, error);
    return decision->output != NULL;
}

/* A guest that starts gets what its XML says or nothing. */
static void fix_devices(const RhGuest *guest)
{
    for (guint i = 0; i < guest->devices->len; i++)
        ((RhGuestDevice *)g_ptr_array_index(guest->devices, i))->chosen = TRUE;
}

/* Locks the claims and reads them; a start can do without. NULL: cannot be had. */
static RhClaims *lock_claims(const Job *job, RhDecision *decision, GError **error)
{
    const RhGuest *guest = rh_domain_guest(job->domain);
    g_autofree char *purpose = g_strdup_printf("'%s'", guest->name ? guest->name : "");
    RhClaims *claims;

    if (!job->file)
        return rh_claims_new();
    if (!rh_claims_file_lock(job->file, purpose, job->deadline - LOCK_MARGIN_US, error))
        return NULL;
    claims = rh_claims_file_load(job->file, &decision->damage, error);
    if (!claims && job->why == RH_INCOMING_START) {
        g_clear_error(error);
        return rh_claims_new();
    }
    decision->notes = rh_claims_file_notes(job->file);
    return claims;
}

/* The guest has devices of ours. Everything that is slow or may hang comes before the lock. */
static gboolean decide(const Job *job, RhDecision *decision, GError **error)
{
    RhGuest *guest = rh_domain_guest(job->domain);
    g_autoptr(RhPolicy) policy = NULL;
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(RhHost) host = NULL;
    g_autoptr(RhUsers) users = NULL;
    g_autoptr(GPtrArray) claims = NULL;

    if (!job->file && job->why != RH_INCOMING_START) {
        g_propagate_error(error, g_error_copy(job->file_error));
        return FALSE;
    }
    if (!rh_domain_read_record(job->domain, error))
        return FALSE;
    if (job->why == RH_INCOMING_START)
        fix_devices(guest);
    policy = rh_environment_policy(job->environment, error);
    if (!policy)
        return FALSE;
    inventory =
        rh_environment_inventory(job->environment, rh_guest_kinds(guest), policy, &host, error);
    if (!inventory)
        return FALSE;
    rh_users_resolve(host, guest);
    users = rh_users_read(job->environment, host);
    rh_users_look(users, inventory);
    rh_confinement_enter();
    claims = lock_claims(job, decision, error);
    return claims && plan_and_reserve(job, claims, policy, inventory, users, decision, error);
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
    return guest->devices->len == 0 || decide(job, decision, error);
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

    (void)read_and_decide(data, &decision, &error);
    put_text(&dict, "guest", decision.guest);
    put_text(&dict, "uuid", decision.uuid);
    put_texts(&dict, "sources", decision.sources);
    put_bytes(&dict, "output", decision.output);
    put_text(&dict, "refusal", decision.refusal);
    put_bytes(&dict, "claims", decision.claims);
    put_texts(&dict, "notes", decision.notes);
    put_text(&dict, "damage", decision.damage);
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

/* FALSE where the child could not decide. */
static gboolean unpack(GVariant *result, RhDecision *decision, GError **error)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(result);
    g_autofree char *message = NULL;
    gint32 code = RH_ERROR_BUG;

    (void)g_variant_dict_lookup(&dict, "guest", "s", &decision->guest);
    (void)g_variant_dict_lookup(&dict, "uuid", "s", &decision->uuid);
    (void)g_variant_dict_lookup(&dict, "sources", "^as", &decision->sources);
    (void)g_variant_dict_lookup(&dict, "refusal", "s", &decision->refusal);
    (void)g_variant_dict_lookup(&dict, "notes", "^as", &decision->notes);
    (void)g_variant_dict_lookup(&dict, "damage", "s", &decision->damage);
    (void)g_variant_dict_lookup(&dict, "plans", "^as", &decision->plans);
    (void)g_variant_dict_lookup(&dict, "warnings", "^as", &decision->warnings);
    decision->output = get_bytes(&dict, "output");
    decision->claims = get_bytes(&dict, "claims");
    (void)g_variant_dict_lookup(&dict, "error-code", "i", &code);
    (void)g_variant_dict_lookup(&dict, "error", "s", &message);
    return !message || rh_raise(error, (RhError)code, "%s", message);
}

static gboolean try_in_child(Job *job, const char *state, RhClaimsFile **ret_file,
                             RhDecision *decision, GError **error)
{
    g_autoptr(RhClaimsFile) file = NULL;
    g_autoptr(GVariant) result = NULL;
    g_autoptr(GError) file_error = NULL;
    gboolean decided;

    file = rh_claims_file_open(state, &file_error);
    job->file = file;
    job->file_error = file_error;
    decided = rh_child_run(work, job, DECISION_TYPE, job->deadline, &result, error) &&
              unpack(result, decision, error);
    *ret_file = g_steal_pointer(&file);
    return decided;
}

/* A child cannot give its parent a lock that it opened itself. Where somebody removed the one that
 * both have, another child gets another. */
static gboolean decide_in_child(Job *job, const char *state, RhClaimsFile **ret_file,
                                RhDecision *decision, GError **error)
{
    g_autoptr(GError) reason = NULL;

    for (guint i = 0; i < MAX_LOCKS; i++) {
        g_clear_error(&reason);
        g_clear_pointer(ret_file, rh_claims_file_free);
        rh_decision_clear(decision);
        if (try_in_child(job, state, ret_file, decision, &reason))
            return TRUE;
        if (!*ret_file || rh_claims_file_is_current(*ret_file))
            break;
    }
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

gboolean rh_incoming_decide(const RhEnvironment *environment, GBytes *bytes, RhIncoming why,
                            RhClaimsFile **ret_file, RhDecision *ret_decision, GError **error)
{
    g_autofree char *state = rh_environment_state(environment);
    Job job = {.environment = environment, .bytes = bytes, .why = why};
    g_autoptr(RhDomain) domain = NULL;

    *ret_file = NULL;
    if (!rh_domain_may_have_devices(bytes) && why == RH_INCOMING_RESTORE)
        return TRUE;
    /* A restore must survive whatever the document does to its reader. */
    if (why != RH_INCOMING_RESTORE) {
        domain = rh_domain_parse(bytes, error);
        if (!domain)
            return FALSE;
        job.domain = domain;
        if (rh_domain_guest(domain)->devices->len == 0)
            return TRUE;
    }
    job.deadline = environment->deadline;
    return decide_in_child(&job, state, ret_file, ret_decision, error);
}

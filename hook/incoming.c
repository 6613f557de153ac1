/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/incoming.h"

#include "util/error.h"
#include "util/text.h"
#include "xml/domain.h"

#include <string.h>

#define MORE_LENGTH 64u /* kept for the line that says how many were left out */

void rh_decision_clear(RhDecision *decision)
{
    g_clear_pointer(&decision->guest, g_free);
    g_clear_pointer(&decision->sources, g_strfreev);
    g_clear_pointer(&decision->output, g_bytes_unref);
    g_clear_pointer(&decision->refusal, g_free);
}

RhGather rh_incoming_needs(const RhGuest *guest)
{
    RhGather what = 0;

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        what |= device->kind == RH_KIND_MDEV ? RH_GATHER_MDEV : RH_GATHER_VDPA;
    }
    return what;
}

/* Lines "vdpa1: mtu is 1500, …" for a device that has no match, as many as there is room for. */
static void append_candidates(GString *text, const RhPlan *plan, const RhChoice *choice)
{
    GPtrArray *devices = plan->context.host->devices[choice->guest_device->kind];

    for (guint i = 0; choice->guest_device->entry && i < devices->len; i++) {
        g_autoptr(RhCandidate) candidate =
            rh_candidate_new(plan, choice, g_ptr_array_index(devices, i));
        g_autofree char *why = rh_candidate_describe(candidate, FALSE);
        g_autofree char *line = g_strdup_printf("for %s: %s: %s", choice->guest_device->source,
                                                rh_device_name(candidate->device), why);

        if (text->len + 1 + strlen(line) + MORE_LENGTH > RH_MAX_MESSAGE) {
            g_string_append_printf(text, "\nand %u more; 'virt-rehome check' shows all",
                                   devices->len - i);
            return;
        }
        g_string_append_printf(text, "\n%s", rh_one_line(line));
    }
}

static char *describe_refusal(const RhPlan *plan)
{
    g_autofree char *sentence = rh_plan_refusal(plan);
    GString *text;

    text = g_string_new(rh_cut(rh_one_line(sentence), RH_MAX_MESSAGE - MORE_LENGTH));
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->action == RH_ACTION_NONE && text->len + MORE_LENGTH < RH_MAX_MESSAGE)
            append_candidates(text, plan, choice);
    }
    return g_string_free(text, FALSE);
}

GStrv rh_incoming_sources(const RhGuest *guest)
{
    g_autoptr(GStrvBuilder) sources = g_strv_builder_new();

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        g_strv_builder_add(sources, device->source);
    }
    return g_strv_builder_end(sources);
}

static gboolean ask_mdev(const char *uuid, const char *version, gpointer data)
{
    return rh_host_mdev_accepts(data, uuid, version);
}

RhPlan *rh_incoming_plan(const RhGuest *guest, const RhInventory *inventory, RhHost *host,
                         const RhPolicy *policy, RhOccasion occasion)
{
    return rh_plan_new(guest, inventory, policy, occasion, host ? ask_mdev : NULL, host);
}

/* The guest has devices of ours: plans them, and writes the XML where anything changes. */
static gboolean decide(const RhEnvironment *environment, RhDomain *domain, RhOccasion occasion,
                       RhDecision *decision, GError **error)
{
    RhGuest *guest = rh_domain_guest(domain);
    g_autoptr(RhPolicy) policy = NULL;
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(RhHost) host = NULL;
    g_autoptr(RhPlan) plan = NULL;

    if (!rh_domain_read_record(domain, error))
        return FALSE;
    policy = rh_environment_policy(environment, error);
    if (!policy)
        return FALSE;
    inventory =
        rh_environment_inventory(environment, rh_incoming_needs(guest), policy, &host, error);
    if (!inventory)
        return FALSE;
    plan = rh_incoming_plan(guest, inventory, host, policy, occasion);
    if (!plan->fits) {
        decision->refusal = describe_refusal(plan);
        return TRUE;
    }
    if (!rh_plan_moves(plan))
        return TRUE;
    rh_domain_apply(domain, plan);
    decision->output = rh_domain_serialise(domain, error);
    return decision->output != NULL;
}

gboolean rh_incoming_decide(const RhEnvironment *environment, GBytes *bytes, RhOccasion occasion,
                            RhDecision *ret_decision, GError **error)
{
    g_autoptr(RhDomain) domain = rh_domain_parse(bytes, error);
    const RhGuest *guest;

    if (!domain)
        return FALSE;
    guest = rh_domain_guest(domain);
    ret_decision->guest = g_strdup(guest->name);
    ret_decision->sources = rh_incoming_sources(guest);
    return guest->devices->len == 0 || decide(environment, domain, occasion, ret_decision, error);
}

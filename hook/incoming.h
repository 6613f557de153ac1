/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that comes in, by migration or from a saved image: its XML is read, planned, and written
 * for this host.
 */
#pragma once

#include "core/plan.h"
#include "hook/environment.h"

/* libvirt passes standard error on to whoever migrates: all that is said there, in bytes. */
#define RH_MAX_MESSAGE 2048u

/* What became of it. */
typedef struct {
    char *guest;    /* its name; NULL: not read */
    GStrv sources;  /* of its devices of ours, in XML order; NULL: not read */
    GBytes *output; /* its XML for this host; NULL: unchanged */
    char *refusal;  /* the reason, then a line per candidate; NULL: it fits */
} RhDecision;
void rh_decision_clear(RhDecision *decision);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RhDecision, rh_decision_clear)

/*
 * Decides on the guest whose XML is @bytes. A refusal is an answer, not an error. @ret_decision
 * says what was known of the guest even where FALSE is returned. Error: any.
 */
gboolean rh_incoming_decide(const RhEnvironment *environment, GBytes *bytes, RhOccasion occasion,
                            RhDecision *ret_decision, GError **error);

/* The sources of @guest's devices of ours, in XML order; owned by the caller. */
GStrv rh_incoming_sources(const RhGuest *guest);

/* Plans @guest on @inventory, asking @host (NULL: a saved inventory) what an inventory cannot say.
 * See rh_plan_new(). */
RhPlan *rh_incoming_plan(const RhGuest *guest, const RhInventory *inventory, RhHost *host,
                         const RhPolicy *policy, RhOccasion occasion);

/* What the inventory must hold for @guest. */
RhGather rh_incoming_needs(const RhGuest *guest);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A situation: all that was read of a guest that comes in and of the host that it comes to. What
 * the guest gets is a function of it alone; what that lacks, the outcome asks for.
 */
#pragma once

#include "core/plan.h"
#include "core/usage.h"

/* All is borrowed. */
typedef struct {
    const RhGuest *guest; /* its record read, its sources resolved on this host */
    const RhPolicy *policy;
    const RhInventory *inventory; /* with `used-by`, as far as anybody knows */
    RhUsage usage;
    RhClaimant claimant; /* the guest */
    RhOccasion occasion;
    RhQuestions *questions; /* NULL: there is nobody to ask */
} RhSituation;

typedef struct {
    RhPlan *plan;
    char *taken;          /* why a device that is left as it is cannot be had; NULL: it can */
    gboolean fits;        /* the guest gets what it needs */
    GPtrArray *unchecked; /* of RhDevice: those that it would get, which nobody is known to have;
                             borrowed. The kernel may know of somebody. */
} RhOutcome;

/* What @situation comes to, owned by the caller; @situation must outlive it. Where questions are
 * open afterwards, or an unchecked device turns out to be used, it is to be decided anew. */
RhOutcome *rh_situation_decide(const RhSituation *situation);
void rh_outcome_free(RhOutcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhOutcome, rh_outcome_free)

/* Writes into @claims what it comes to: the guest's old reservations are over, and where it fits it
 * has new ones. */
void rh_outcome_reserve(const RhOutcome *outcome, const RhClaimant *claimant, RhClaims *claims);

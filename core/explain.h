/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan says to people: why a device of the guest was refused, what is to be said of what was
 * taken, how every candidate stands. All of it is made of the plan when it is asked for, by what
 * its inventory says then.
 */
#pragma once

#include "core/plan.h"

/* Why the choice is refused, a clause; NULL: it is not. Owned by the caller. */
char *rh_choice_refusal(const RhPlan *plan, const RhChoice *choice);

/* What could be done so that the host has a device for the choice, clauses joined by semicolons;
 * NULL: nothing is known. rh_choice_refusal() ends with it. Owned by the caller. */
char *rh_choice_offer(const RhPlan *plan, const RhChoice *choice);

/* What is to be said of a choice that is taken, of char *; owned by the caller. */
GPtrArray *rh_choice_warnings(const RhPlan *plan, const RhChoice *choice);

/* How a candidate stands: every device of the guest's device's kind is one. */
typedef struct {
    const RhDevice *device;
    gboolean fits;              /* by the rules */
    gboolean barred;            /* the guest's XML names another device, which is not replaced */
    const RhGuestDevice *given; /* the device of the guest that gets it; NULL: none */
    GPtrArray *reasons;         /* of RhReason, warnings too */
} RhCandidate;
void rh_candidate_free(RhCandidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhCandidate, rh_candidate_free)

/* How @device, of the guest's device's kind, stands for @choice; owned by the caller. */
RhCandidate *rh_candidate_new(const RhPlan *plan, const RhChoice *choice, const RhDevice *device);

/* All candidates for a choice in natural order, of RhCandidate; none for a device without a record.
 * Made on demand, since a hook that fits needs none. Owned by the caller. */
GPtrArray *rh_plan_candidates(const RhPlan *plan, const RhChoice *choice);

/* Why a candidate was not taken, a clause: its first reason, all of them where @all, or where it
 * fits, what became of it. Owned by the caller. */
char *rh_candidate_describe(const RhCandidate *candidate, gboolean all);

/* Judges every candidate, so that what only the host can say of it stands among the plan's
 * questions: to be answered before all of them are explained. The plan stays as it is. */
void rh_plan_question_all(const RhPlan *plan);

/* The whole reason of a refusal in one sentence; owned by the caller. */
char *rh_plan_refusal(const RhPlan *plan);

/* The same in at most @limit bytes (at least 128): that sentence, then a line for each candidate,
 * as many as there is room for. Printable; owned by the caller. */
char *rh_plan_explain(const RhPlan *plan, gsize limit);

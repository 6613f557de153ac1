/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan: for each device of a guest one device of a host, or the reason why there is none. Made
 * of verdicts (core/rules.h) and the best joint assignment (core/assign.h); pure.
 */
#pragma once

#include "core/rules.h"

typedef enum { RH_OCCASION_MIGRATE, RH_OCCASION_RESTORE } RhOccasion;

typedef enum {
    RH_ACTION_NONE, /* refused */
    RH_ACTION_USE,  /* the device, or what the XML names where it was left alone */
} RhAction;

/* What a device of the guest gets. */
typedef struct {
    const RhGuestDevice *guest_device;
    const RhDevice *device; /* of the host; NULL: refused, or left alone */
    RhAction action;
    char *refusal;       /* why there is none, a clause; NULL: there is one */
    GPtrArray *warnings; /* of char * */
} RhChoice;

typedef struct {
    RhContext context;  /* borrows the guest, the inventory and the policy */
    GPtrArray *choices; /* of RhChoice, in the order of the guest's devices */
    gboolean fits;
    RhCost cost; /* of the devices chosen */
} RhPlan;

/*
 * Plans @guest (rh_guest_match_record() done) on @host. @guest, @host and @policy must outlive the
 * plan. @accepts (may be NULL) asks an mdev about a stream's version.
 */
RhPlan *rh_plan_new(const RhGuest *guest, const RhInventory *host, const RhPolicy *policy,
                    RhOccasion occasion, RhAccepts accepts, gpointer accepts_data);
void rh_plan_free(RhPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhPlan, rh_plan_free)

/* Whether @device, of the kind of the choice's device, which has an entry, could be what it gets if
 * nothing else counted, and at which cost. */
gboolean rh_choice_may_be(const RhPlan *plan, const RhChoice *choice, const RhDevice *device,
                          RhCost *ret_cost);

/* What the choice makes of the device's source; equal to it where nothing changes; NULL: refused.
 * Owned by the plan. */
const char *rh_choice_target(const RhChoice *choice);

/* Whether the device's source changes. */
gboolean rh_choice_moves(const RhChoice *choice);

/* Whether any source changes. */
gboolean rh_plan_moves(const RhPlan *plan);

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

/* The whole reason of a refusal in one sentence; owned by the caller. */
char *rh_plan_refusal(const RhPlan *plan);

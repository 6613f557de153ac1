/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan: for each device of a guest one device of a host, or the reason why there is none. Made
 * of verdicts (core/rules.h) and the best joint assignment (core/assign.h); pure.
 */
#pragma once

#include "core/rules.h"

/* What the guest is planned for. A missing device may be made before a restored guest starts, by a
 * script of the site's; where a restore was refused and its guest is looked at again, all is there
 * or nothing is given. */
typedef enum { RH_OCCASION_MIGRATE, RH_OCCASION_RESTORE, RH_OCCASION_AGAIN } RhOccasion;

typedef enum {
    RH_ACTION_NONE, /* refused */
    RH_ACTION_USE,  /* the device, or what the XML names where it was left alone */
} RhAction;

/* What a device of the guest lacks, for which it is refused. */
typedef enum {
    RH_LACK_NOTHING,
    RH_LACK_RECORD,     /* nothing says what it must be like */
    RH_LACK_IDENTITY,   /* a disk without a record: nothing says which it is */
    RH_LACK_MATCH,      /* no device fits it, or not the one that the guest's XML chooses */
    RH_LACK_OF_DEVICES, /* devices fit it, but fewer than the guest needs */
} RhLack;

/* What a device of the guest gets. */
typedef struct {
    const RhGuestDevice *guest_device;
    const RhDevice *device; /* of the host; NULL: refused, or left alone */
    RhAction action;
    RhLack lack;
    gboolean awaited; /* left alone, since the host does not have it yet */
    /* Where devices are too few: the other choices that compete for them, of RhChoice, and those
     * devices of the host, of RhDevice; borrowed. Else NULL. */
    GPtrArray *rivals;
    GPtrArray *contested;
} RhChoice;

typedef struct {
    RhContext context;  /* borrows the guest, the inventory and the policy */
    GPtrArray *choices; /* of RhChoice, in the order of the guest's devices */
    gboolean fits;
    RhCost cost; /* of the devices chosen */
} RhPlan;

/*
 * Plans @guest (rh_guest_match_record() done) on @host. @guest, @host and @policy must outlive the
 * plan, and so must @questions, which gets what only the host can say of a candidate; NULL: there
 * is nobody to ask.
 */
RhPlan *rh_plan_new(const RhGuest *guest, const RhInventory *host, const RhPolicy *policy,
                    RhOccasion occasion, RhQuestions *questions);
void rh_plan_free(RhPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhPlan, rh_plan_free)

/* Whether @device, of the kind of the choice's device, which has an entry, could be what it gets if
 * nothing else counted, and at which cost. */
gboolean rh_choice_may_be(const RhPlan *plan, const RhChoice *choice, const RhDevice *device,
                          RhCost *ret_cost);

/* Whether the host lacks the very device that the record has, under its key, on this host, and the
 * guest's XML names. */
gboolean rh_choice_is_missing(const RhPlan *plan, const RhChoice *choice);

/* Whether a plan is refused for such devices alone whose keys are not given to others: somebody has
 * to make them, and nothing else is wrong. */
gboolean rh_plan_lacks_missing(const RhPlan *plan);

/* What the choice makes of the device's source; equal to it where nothing changes; NULL: refused.
 * Owned by the plan. */
const char *rh_choice_target(const RhChoice *choice);

/* Whether the device's source changes. */
gboolean rh_choice_moves(const RhChoice *choice);

/* Whether any source changes. */
gboolean rh_plan_moves(const RhPlan *plan);

/* The devices of the host that are of the guest's device's kind; borrowed. */
GPtrArray *rh_plan_devices(const RhPlan *plan, const RhGuestDevice *guest_device);

/* The case of @device for @choice. */
RhCase rh_plan_case(const RhPlan *plan, const RhChoice *choice, const RhDevice *device);

/* Whether what the guest's XML names for its device is somebody's choice, which is checked and
 * never replaced. */
gboolean rh_plan_is_chosen(const RhPlan *plan, const RhGuestDevice *guest_device);

/* Whether only such a choice may be considered, and @device is not it. */
gboolean rh_plan_bars(const RhPlan *plan, const RhGuestDevice *guest_device,
                      const RhDevice *device);

/* The choice that leaves its device as it is, if @device is that one; NULL: none does. */
const RhChoice *rh_plan_left(const RhPlan *plan, const RhDevice *device);

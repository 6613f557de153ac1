/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A roster: the devices that several guests get on one host, planned by their records all together,
 * so that no two get the same and as many guests as can be are served. Whose very devices are there
 * gets those, and who need not move stays, as long as that keeps nobody from a place.
 */
#pragma once

#include "core/plan.h"

/* What one guest gets. */
typedef struct {
    const RhGuest *guest;
    RhPlan *plan; /* as things are when all others have theirs */
    guint party;  /* in the matching; G_MAXUINT: it finds nothing even alone */
} RhPlace;

typedef struct RhRoster RhRoster;

/*
 * Plans @guests (of RhGuest, all of whose devices have an entry) as if they came to @inventory,
 * which says who else uses what. As long as the roster lives, it says who was given what, too.
 * @questions gets what only the host can say of a candidate; NULL: there is nobody to ask. All must
 * outlive the roster.
 */
RhRoster *rh_roster_new(GPtrArray *guests, RhInventory *inventory, const RhPolicy *policy,
                        RhQuestions *questions);
void rh_roster_free(RhRoster *roster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhRoster, rh_roster_free)

/* That of @guest; NULL: it was not among those. Owned by @roster. */
const RhPlace *rh_roster_place(const RhRoster *roster, const RhGuest *guest);

/* Who was given @device of the inventory; NULL: nobody. Owned by @roster. */
const RhPlace *rh_roster_holder(const RhRoster *roster, const RhDevice *device);

/* How many plans were made: what it costs. */
guint rh_roster_plans(const RhRoster *roster);

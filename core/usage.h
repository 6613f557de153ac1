/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Usage: which guests have which devices of a host, by what was read of it: the guests that run,
 * the claims, the definitions of those that are shut off.
 */
#pragma once

#include "core/claims.h"
#include "core/inventory.h"

/* All is borrowed. */
typedef struct {
    GPtrArray *running;     /* of RhGuest */
    GPtrArray *defined;     /* of RhGuest: what these name is only named */
    const RhClaims *claims; /* up to date */
} RhUsage;

/* Who else than @claimant has the device; its strings are @usage's. FALSE: nobody known. */
gboolean rh_usage_other(const RhUsage *usage, const RhClaimant *claimant, RhKind kind,
                        const char *key, RhUser *ret_user);

/*
 * Gives each device of @inventory that a guest has its `used-by` and `used-by-uuid`, and each that
 * another guest's definition names its `named-by`, where nothing is said yet. @claimant's own
 * reservations do not count, and what it has otherwise is marked with its own name, if no other has
 * it too; NULL: nobody asks.
 */
void rh_usage_mark(const RhUsage *usage, const RhClaimant *claimant, RhInventory *inventory);

/* Each device that a guest can have, and of which nothing else is known, may be in use: it could
 * not be looked at. */
void rh_usage_mark_unknown(RhInventory *inventory);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cost: what speaks against a device that fits, a vector of which the first levels count most.
 */
#pragma once

#include <glib.h>

/* Its levels, in the order in which they are compared: fewer is better. */
typedef enum {
    RH_COST_MOVED,    /* not the very device that the record names on this very host */
    RH_COST_ACTION,   /* use 0 */
    RH_COST_NAMED,    /* the definition of another guest, which is shut off, names it */
    RH_COST_ACCEPTED, /* place in the list of accepted types */
    RH_COST_NUMA,     /* the guest is bound to nodes, the device is not on one of them */
    RH_COST_NIC, /* no link, or rings that are too short: 2; its own MAC is not the guest's and is
                    overwritten: 1 */
    RH_COST_DRIVER, /* driver or vendor differs */
    RH_COST_EXCESS, /* number of attributes in which the device exceeds the record; of a guest
                       that boots anew, and by how many queue pairs it misses what that wants */
    RH_COST_NAME,   /* name (vDPA) or uuid (mdev) differs */
    RH_N_COSTS,
} RhCostLevel;

typedef struct {
    gint levels[RH_N_COSTS];
} RhCost;

/* Level by level: negative where @a is less, positive where it is more. */
int rh_cost_compare(const RhCost *a, const RhCost *b);

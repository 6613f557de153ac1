/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy: what an administrator may set (virt-rehome.conf(5)). Plain values with defaults;
 * site/config reads them from files.
 */
#pragma once

#include "core/inventory.h"

typedef enum { RH_MATCH_CAPABILITY = 1 << 0, RH_MATCH_EXACT = 1 << 1 } RhMatch;
typedef enum { RH_UNRECORDED_REJECT, RH_UNRECORDED_KEEP } RhUnrecorded;
typedef enum { RH_UNKNOWN_REJECT, RH_UNKNOWN_KEEP } RhUnknown;
typedef enum { RH_RING_AUTO, RH_RING_DEVICE, RH_RING_XML } RhRing;

/* [pool NAME]: devices that an administrator declares interchangeable. */
typedef struct {
    char *name;
    GStrv globs[RH_N_POOL_KEYS]; /* each NULL: none */
} RhPool;

/* [mdev TYPE]. */
typedef struct {
    char *type;
    /* Types that will do instead where the guest boots anew, and where its state is loaded; in
     * order of preference; NULL: none. */
    GStrv accept;
    GStrv accept_live;
    GStrv parameters; /* those that must be equal: "attributes" in the file; NULL: none */
    gboolean create;
} RhMdevPolicy;

typedef struct {
    RhMatch match;
    RhUnrecorded unrecorded;
    RhUnrecorded unrecorded_restore;
    RhUnknown unknown;      /* of what may be a device of ours in a form that is not understood */
    gboolean always_chosen; /* what a guest's XML names is checked, and never replaced */
    gboolean pools_required;
    guint deadline; /* seconds */
    RhRing ring;
    gboolean vdpa_create;
    gboolean vdpa_reconfigure;
    GPtrArray *pools;    /* of RhPool, in the order of the files; the first that matches counts */
    GPtrArray *mdevs;    /* of RhMdevPolicy */
    GPtrArray *warnings; /* of char *: what was set and is not taken as it stands */
} RhPolicy;

/* The defaults. */
RhPolicy *rh_policy_new(void);
void rh_policy_free(RhPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhPolicy, rh_policy_free)

/* The pool or mdev type called @name, made where there is none. Owned by the policy. */
RhPool *rh_policy_pool(RhPolicy *policy, const char *name);
RhMdevPolicy *rh_policy_mdev(RhPolicy *policy, const char *type);

/* What is set for the mdev type @type; NULL: nothing. */
const RhMdevPolicy *rh_policy_find_mdev(const RhPolicy *policy, const char *type);

/* The place of @type among those that may stand in for @recorded: 0 is the recorded type itself,
 * 1 the first accepted one; -1: not accepted. What takes a running guest's state will do for one
 * that boots (@cold), too, behind those that are for that alone. */
int rh_policy_accepts(const RhPolicy *policy, const char *recorded, const char *type,
                      gboolean cold);

/* Whether a management layer's word, in the configuration (NULL: not read) or in @entry (NULL:
 * there is none), says that a device's source is its choice, even where that reads as recorded. */
gboolean rh_policy_says_chosen(const RhPolicy *policy, const RhDevice *entry);

/* Gives each device that a pool's globs match its pool. Before rh_inventory_complete(). */
void rh_policy_apply_pools(const RhPolicy *policy, RhInventory *inventory);

/* What the pools' globs match nothing of in @inventory, which has what there is of @kinds:
 * sentences, owned by the caller. What would need other kinds is left out. */
GPtrArray *rh_policy_find_idle(const RhPolicy *policy, const RhInventory *inventory, RhKinds kinds);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this host can say of a kind of device that guests may have: each row stands in host/KIND.c,
 * the table of all in host/kind.c. A kind has all functions but those of which it is said that they
 * may be NULL. Keys are what a guest's XML says, and are checked before they become paths.
 */
#pragma once

#include "core/policy.h"
#include "util/file.h"

typedef struct {
    /* Adds the devices of the kind, and what they hang on, to @inventory. Error: RH_ERROR_HOST,
     * RH_ERROR_CONFIG. */
    gboolean (*gather)(RhDir *root, const RhPolicy *policy, RhInventory *inventory, GError **error);
    /* Whether there is one with this key; what cannot be looked for counts as there. */
    gboolean (*has)(RhDir *root, const char *key);
    /* Adds the numbers of the nodes of which who uses @device has one open (host/node.h) to
     * @numbers. */
    void (*add_numbers)(RhDir *root, const RhDevice *device, GArray *numbers);
    /* /proc/PID/fdinfo names the device that a descriptor is of by its folder in sysfs, which is
     * called like the key: all that VFIO has. */
    gboolean in_fdinfo;
    /* Whether somebody has it open, found by opening it. The function may be NULL: it is never
     * opened. */
    gboolean (*probe)(RhDir *root, const char *key);
    /* The key of what a guest's source leads to, the caller's; NULL: it is a key. The function may
     * be NULL: sources are keys. */
    char *(*resolve)(RhDir *root, const char *source);
    /* What is known by sysfs alone of the device behind a key or a source: the caller's, NULL where
     * nothing is. */
    RhDevice *(*at)(RhDir *root, const char *key);
    /* Whether @key is still that of the device @name. The function may be NULL where the key is the
     * name, so that it always is. */
    gboolean (*is_key_of)(RhDir *root, const char *name, const char *key);
    /* Whether it takes a stream of @version, found by asking it. The function may be NULL: there is
     * nobody to ask. */
    gboolean (*accepts)(RhDir *root, const char *key, const char *version);
} RhHostKind;

extern const RhHostKind rh_host_vdpa;
extern const RhHostKind rh_host_mdev;

/* NULL: no guest has such a device. */
const RhHostKind *rh_host_kind(RhKind kind);

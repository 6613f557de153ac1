/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which processes have devices open, as /proc shows it: the node of a vDPA device
 * (/dev/vhost-vdpa-N), the IOMMU group of an mdev (/dev/vfio/N) or its own node
 * (/dev/vfio/devices/vfioN). Of a VFIO device itself, /proc/PID/fdinfo says which it is (linux,
 * from 6.18); where it says so of one of a group, the others of that group are not held by that
 * process, though nobody else can open them meanwhile: rh_vfio_probe(). A node is known by its
 * device number, which sysfs says: what a process calls a file is its own business, since any user
 * may have a /dev of his own. Nothing is opened to find out: to open and close a vhost-vdpa node
 * resets the device.
 */
#pragma once

#include "core/inventory.h"
#include "util/file.h"

typedef struct RhHolders RhHolders;

/* How much to look: at all processes, first those of root and of the user that QEMU runs as, or at
 * these alone. */
typedef enum { RH_HOLDERS_ALL, RH_HOLDERS_LIKELY } RhHoldersWhere;

/*
 * Looks who has @devices (of RhDevice) open, for at most @milliseconds. Who
 * could not be looked at is counted: rh_holders_denied(), and for want of time rh_holders_left().
 * Owned by the caller.
 */
RhHolders *rh_holders_find(RhDir *root, GPtrArray *devices, RhHoldersWhere where,
                           guint milliseconds);
void rh_holders_free(RhHolders *holders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhHolders, rh_holders_free)

/* How many processes were not looked at (to the end), since there was no time. */
guint rh_holders_left(const RhHolders *holders);

/* How many processes could not be looked at, for who asks may not: nobody knows what they have
 * open. Where /proc hides processes, or cannot be read itself, that counts as one. */
guint rh_holders_denied(const RhHolders *holders);

/* Says of each of @devices that a process has open, and of which nothing is said yet, who it is:
 * `used-by` becomes that process. Returns whether there was one. */
gboolean rh_holders_mark(const RhHolders *holders, GPtrArray *devices);

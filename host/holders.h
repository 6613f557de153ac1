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
 * Looks who has @devices (of RhDevice) open, for at most @milliseconds. What cannot be read is
 * passed over, and who was not looked at in time counts as having nothing open: rh_holders_left().
 * Owned by the caller.
 */
RhHolders *rh_holders_find(RhDir *root, GPtrArray *devices, RhHoldersWhere where,
                           guint milliseconds);
void rh_holders_free(RhHolders *holders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhHolders, rh_holders_free)

/* How many processes were not looked at (to the end). */
guint rh_holders_left(const RhHolders *holders);

/* Says of each of @devices that a process has open, and of which nothing is said yet, who it is:
 * `used-by` becomes that process. Returns whether there was one. */
gboolean rh_holders_mark(const RhHolders *holders, GPtrArray *devices);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mediated devices in sysfs: parents, the types that each offers, and the devices that exist
 * (linux/Documentation/driver-api/vfio-mediated-device.rst).
 */
#pragma once

#include "core/policy.h"
#include "util/file.h"

/*
 * Adds the mdev parents, types and devices below @root to @inventory; none where the kernel has no
 * mdev. A parent's `bus` is its subsystem: "pci", "css", "matrix" (vfio_ap), and for a parent that
 * is a class device the class ("mtty"). Of a device, those parameters are read that @policy lists
 * for its type, of vfio_ap matrix, control domains and cards, and of nvidia its vgpu_params; lines
 * are joined by blanks. What a vendor's driver does not tell, for whatever reason, is unknown. A
 * device that vanishes meanwhile is left out. Error: RH_ERROR_HOST; RH_ERROR_CONFIG where @policy
 * lists a parameter that leads elsewhere.
 */
gboolean rh_mdev_read(RhDir *root, const RhPolicy *policy, RhInventory *inventory, GError **error);

/* Whether the mdev @uuid (checked here) takes a stream of @version. FALSE on any error. */
gboolean rh_mdev_accepts(RhDir *root, const char *uuid, const char *version);

/* The mdev @uuid (in either case) with its type, and that's name and device-api, and what a
 * cold start goes by of vfio-ccw and vfio-ap, as far as they are known; NULL where it is not here
 * or has no type yet. Owned by the caller. */
RhDevice *rh_mdev_at(RhDir *root, const char *uuid);

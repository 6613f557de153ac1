/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which processes have devices open, as /proc shows it: the node of a vDPA device
 * (/dev/vhost-vdpa-N), the IOMMU group of an mdev (/dev/vfio/N) or its own node
 * (/dev/vfio/devices/vfioN). Nothing is opened to find out: to open and close a vhost-vdpa node
 * resets the device.
 */
#pragma once

#include "core/inventory.h"
#include "util/file.h"

/* Says of each device of @inventory that a process has open, and of which nothing is said yet, who
 * it is: `used-by` becomes "process 4711 (qemu-system-x86)". What cannot be read is passed over. */
void rh_holders_mark(RhDir *root, RhInventory *inventory);

/* Whether the mdev's group is open, found by opening it (EBUSY): for the mdev about to be given. */
gboolean rh_holders_probe_mdev(RhDir *root, const char *uuid);

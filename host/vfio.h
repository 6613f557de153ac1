/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nodes through which a VFIO device is used. */
#pragma once

#include "util/file.h"

/*
 * Adds the numbers (host/node.h) of those that the device at @folder of sysfs has: of its IOMMU
 * group ("/dev/vfio/12"), and of its own node with iommufd in the group's place
 * ("/dev/vfio/devices/vfio3": linux 6.6, drivers/vfio/device_cdev.c).
 */
void rh_vfio_add_numbers(RhDir *root, const char *folder, GArray *numbers);

/* Whether its group is open, found by opening it (EBUSY): for the device about to be given, since
 * whoever opens it meanwhile gets EBUSY. */
gboolean rh_vfio_probe(RhDir *root, const char *folder);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PCI function that a device is, or hangs on: its address, ids and NUMA node. */
#pragma once

#include "core/device.h"
#include "core/kind.h"
#include "util/file.h"

/*
 * The address of the PCI function nearest to the end of @path, the path of a device in sysfs or the
 * text of a link to it. NULL where there is none: simulators, channel subsystems. Owned by the
 * caller.
 */
char *rh_pci_nearest(const char *path);

/*
 * Adds to @device what the PCI function @address says, of the attributes that @device's kind has:
 * ids, revision, NUMA node (where it has one). Error: RH_ERROR_HOST.
 */
gboolean rh_pci_describe(RhDir *root, const char *address, RhDevice *device, GError **error);

/*
 * Adds to @device which port the PCI function @address belongs to: the physical function of it if
 * it is a virtual one, else itself, and the network device of that. With switchdev a function has
 * more of these, which stand for its VFs and SFs: the port is the one that says so, or else
 * unknown. Error: RH_ERROR_HOST.
 */
gboolean rh_pci_find_port(RhDir *root, const char *address, RhDevice *device, GError **error);

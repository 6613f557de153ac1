/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This host: vDPA devices by generic netlink, mediated devices and PCI facts from sysfs. The one
 * handle through which the rest reaches the kernel; made in the mains, passed explicitly.
 */
#pragma once

#include "core/policy.h"

typedef struct RhHost RhHost;

/* @root stands in front of /sys and /proc ("/" on a host). Error: RH_ERROR_HOST. */
RhHost *rh_host_new(const char *root, GError **error);
void rh_host_free(RhHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhHost, rh_host_free)

/* What to gather: a guest's vDPA devices need no look at mdevs, and the other way round. */
typedef enum { RH_GATHER_VDPA = 1 << 0, RH_GATHER_MDEV = 1 << 1 } RhGather;
#define RH_GATHER_ALL (RH_GATHER_VDPA | RH_GATHER_MDEV)

/*
 * This host's inventory, complete and with @policy's pools; of mdevs, the attributes that @policy
 * lists and the matrix of vfio_ap. A kernel without vDPA or mdev simply has none. A device that
 * vanishes meanwhile is left out. Owned by the caller. Error: RH_ERROR_HOST; RH_ERROR_CONFIG where
 * @policy lists an attribute that leads out of its mdev.
 */
RhInventory *rh_host_gather(RhHost *host, RhGather what, const RhPolicy *policy, GError **error);

/*
 * Asks the mdev @uuid whether it takes a stream of @version, by writing it to its
 * `migration_version` (the attribute that was proposed in 2020). FALSE on any error.
 */
gboolean rh_host_mdev_accepts(RhHost *host, const char *uuid, const char *version);

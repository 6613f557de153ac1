/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sysfs knows of vDPA devices that netlink does not tell: node, bound driver, hardware. */
#pragma once

#include "core/inventory.h"
#include "util/file.h"

/* Whether the kernel below @root has vDPA at all (linux/drivers/vdpa/vdpa.c makes the bus when it
 * registers the netlink family). */
gboolean rh_vdpa_present(RhDir *root);

/*
 * Adds to @inventory's vDPA devices `chardev`, `bound`, `driver` and `numa-node`, to its management
 * devices `driver`, ids and `numa-node`. Devices that are not in sysfs (any more) are taken out,
 * unless @root has no vDPA bus at all. Error: RH_ERROR_HOST.
 */
gboolean rh_vdpa_describe(RhDir *root, RhInventory *inventory, GError **error);

/*
 * What the device behind the node @key ("/dev/vhost-vdpa-3", or a site's own) is called. The node's
 * device number decides, for that is what QEMU opens; where @root has no such node, the node's name
 * in sysfs. NULL: unknown. Owned by the caller.
 */
char *rh_vdpa_name_at(RhDir *root, const char *key);

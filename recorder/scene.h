/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where guests are recorded: this host's inventory, gathered in a child process with the configured
 * deadline, since a vDPA netlink call may never return (site/child.h), and the hypervisor.
 */
#pragma once

#include "recorder/connection.h"
#include "site/environment.h"

typedef struct {
    RhPolicy *policy;
    RhInventory *inventory;
    RhHost *host; /* tells what a site's own links lead to; NULL: a saved inventory */
    char *root;   /* what stands in front of libvirt's files */
    char *qemu;   /* the version that guests get which start now, "10.0.13"; NULL: unknown */
} RhScene;

/*
 * The inventory, of this host or of the environment's saved file, complete and with pools, without
 * who uses what. @connection (NULL: none) tells the hypervisor's version, and must be to the very
 * host whose devices these are. Owned by the caller. Error: RH_ERROR_HOST (too late, too),
 * RH_ERROR_CONFIG, RH_ERROR_INPUT (another host, too).
 */
RhScene *rh_scene_new(const RhEnvironment *environment, virConnectPtr connection, RhGather what,
                      GError **error);
void rh_scene_free(RhScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhScene, rh_scene_free)

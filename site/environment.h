/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where to look: the options that the commands share, with a host's defaults. From it come the
 * policy and the inventory that a plan goes by.
 */
#pragma once

#include "core/inventory.h"
#include "host/host.h"

typedef struct {
    const char *root;   /* in front of /sys, /proc, /run and /etc; "/" on a host */
    const char *config; /* one file in place of those in /etc; NULL: those */
    const char *match;  /* "exact" or "capability" over the configuration's; NULL: as configured */
    const char *state;  /* in place of /run/virt-rehome; NULL: that */
    const char *inventory; /* a saved inventory in place of this host's kernel; NULL: this host */
    gint64 began;          /* g_get_monotonic_time() when the hook did, which has a deadline */
    gint64 deadline;       /* and by when it is to be done; 0: it has none */
    gint64 daemon;         /* the pid of libvirt's daemon that asks; 0: none */
} RhEnvironment;

/* The host as libvirt's hook sees it. */
extern const RhEnvironment rh_environment_default;

/*
 * The daemon that had this process run, for a main to ask first thing: a parent that ends is
 * replaced by another. What libvirt runs is the front, which says in the environment whose child it
 * is ("0": nobody's); otherwise it is the parent. Process 1 and a process of another session only
 * take in orphans, and are none.
 */
gint64 rh_environment_daemon(void);

/* Owned by the caller. Error: RH_ERROR_CONFIG, RH_ERROR_USAGE (match). */
RhPolicy *rh_environment_policy(const RhEnvironment *environment, GError **error);

/*
 * The inventory: of a saved file, with the pools that stand in it, or of this host. *@ret_host is
 * the host to ask further, NULL for a file; both are owned by the caller. Error: RH_ERROR_INPUT,
 * RH_ERROR_HOST.
 */
RhInventory *rh_environment_inventory(const RhEnvironment *environment, RhGather what,
                                      const RhPolicy *policy, RhHost **ret_host, GError **error);

/* A saved inventory. Error: RH_ERROR_INPUT. */
RhInventory *rh_environment_load_inventory(const char *path, GError **error);

/* The path of the state folder, which need not exist. Owned by the caller. */
char *rh_environment_state(const RhEnvironment *environment);

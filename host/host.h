/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This host: what each kind of device is like here (host/kind.h), who has which open, processes,
 * the host's name. A handle to it is made by whoever begins to deal with this host, and passed on.
 */
#pragma once

#include "core/policy.h"
#include "core/questions.h"
#include "host/holders.h"

typedef struct RhHost RhHost;

/* @root stands in front of /sys and /proc ("/" on a host). Error: RH_ERROR_HOST. */
RhHost *rh_host_new(const char *root, GError **error);
void rh_host_free(RhHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhHost, rh_host_free)

/* What to gather: devices of one kind need no look at those of another. */
typedef RhKinds RhGather;
#define RH_GATHER_ALL (~(RhKinds)0)

/*
 * This host's inventory, complete and with @policy's pools; of mdevs, the parameters that @policy
 * lists and what vfio_ap gives. A kernel without vDPA or mdev simply has none. A device that
 * vanishes meanwhile is left out. Owned by the caller. Error: RH_ERROR_HOST; RH_ERROR_CONFIG where
 * @policy lists a parameter that leads out of its mdev.
 */
RhInventory *rh_host_gather(RhHost *host, RhGather what, const RhPolicy *policy, GError **error);

/* This host's name, the caller's; NULL: unknown. */
char *rh_host_name(RhHost *host);
/* Its id (host/host-id.h), the caller's; NULL: it has none, or it could not be had. */
char *rh_host_id(RhHost *host);
/* What uname(2) calls the host that this process runs on, the caller's, for where nothing can be
 * opened any more; NULL: unknown. */
char *rh_host_own_name(void);

/* Which processes have @devices (of RhDevice) open; see host/holders.h. */
RhHolders *rh_host_find_holders(RhHost *host, GPtrArray *devices, RhHoldersWhere where,
                                guint milliseconds);

/* Whether somebody has the device open, found by opening it where that does no harm (host/kind.h):
 * only for one that is about to be given, since whoever opens it meanwhile gets EBUSY. */
gboolean rh_host_is_open(RhHost *host, RhKind kind, const char *key);

/*
 * Whether the device that a guest's XML names @key (a node, a uuid) is on this host. A node is
 * looked for, never opened, and only below /dev; what leads elsewhere counts as there.
 */
gboolean rh_host_has(RhHost *host, RhKind kind, const char *key);

/*
 * The key of what @source, a site's own link or node below /dev (/dev/vdpa/tenant-a), is on this
 * host, "/dev/vhost-vdpa-3"; NULL where it is nothing of @kind, or a key itself, or leads out of
 * /dev. It is stat'ed, never opened. Owned by the caller.
 */
char *rh_host_resolve(RhHost *host, RhKind kind, const char *source);

/*
 * The device that a guest's XML names @key (a node, a site's own link to one, a uuid), by sysfs
 * alone: of a vDPA device the name, of an mdev the type with its name and device-api. NULL:
 * unknown. Owned by the caller.
 */
RhDevice *rh_host_device_at(RhHost *host, RhKind kind, const char *key);

/* Whether @key is that of the device @name: a node's number alone is reused. */
gboolean rh_host_is_key_of(RhHost *host, RhKind kind, const char *name, const char *key);

/*
 * Whether the process @pid that started at @start (0: whenever) lives; also TRUE where the kernel
 * does not say, for who relies on an end must know of it. And when @pid did start, in clock ticks
 * since boot (proc(5), /proc/PID/stat, field 22); 0: there is none, or it is not known.
 */
gboolean rh_host_process_lives(RhHost *host, gint64 pid, guint64 start);
guint64 rh_host_process_start(RhHost *host, gint64 pid);

/*
 * Answers what is open of @questions: whether a device takes a stream of a version is asked of an
 * mdev by writing it to its `migration_version` (the attribute that was proposed in 2020), and an
 * error is a no. Returns whether anything was open, so that it is to be planned again. Either may
 * be NULL: there is nobody to ask.
 */
gboolean rh_host_answer(RhHost *host, RhQuestions *questions);

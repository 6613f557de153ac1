/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include "host/mdev.h"
#include "host/vdpa-netlink.h"
#include "host/vdpa.h"
#include "util/error.h"
#include "util/file.h"

struct RhHost {
    RhDir *root;
};

RhHost *rh_host_new(const char *root, GError **error)
{
    RhDir *dir = rh_dir_open(root, error);
    RhHost *host;

    if (!dir)
        return NULL;
    host = g_new0(RhHost, 1);
    host->root = dir;
    return host;
}

void rh_host_free(RhHost *host)
{
    if (!host)
        return;
    rh_dir_free(host->root);
    g_free(host);
}

/* What the kernel says in @path; NULL where it says nothing. */
static gboolean read_known(RhDir *root, const char *path, char **ret_value, GError **error)
{
    if (!rh_dir_read(root, path, ret_value, error))
        return FALSE;
    if (*ret_value && !**ret_value)
        g_clear_pointer(ret_value, g_free);
    return TRUE;
}

static gboolean gather_name(RhDir *root, RhInventory *inventory, GError **error)
{
    return read_known(root, "proc/sys/kernel/hostname", &inventory->name, error) &&
           read_known(root, "proc/sys/kernel/osrelease", &inventory->kernel, error);
}

static gboolean gather_vdpa(RhDir *root, RhInventory *inventory, GError **error)
{
    g_autoptr(NlSock) sock = NULL;

    /* Without the bus there is nobody to ask, and no need to be allowed to. */
    if (!rh_vdpa_present(root))
        return TRUE;
    sock = rh_genl_open(error);
    return sock && rh_vdpa_read(sock, inventory, error) && rh_vdpa_describe(root, inventory, error);
}

RhInventory *rh_host_gather(RhHost *host, RhGather what, const RhPolicy *policy, GError **error)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) inconsistent = NULL;

    if (!gather_name(host->root, inventory, error) ||
        ((what & RH_GATHER_VDPA) && !gather_vdpa(host->root, inventory, error)) ||
        ((what & RH_GATHER_MDEV) && !rh_mdev_read(host->root, policy, inventory, error)))
        return NULL;
    rh_policy_apply_pools(policy, inventory);
    if (!rh_inventory_complete(inventory, &inconsistent)) {
        rh_raise(error, RH_ERROR_HOST, "this host's devices changed while they were read: %s",
                 inconsistent->message);
        return NULL;
    }
    return g_steal_pointer(&inventory);
}

gboolean rh_host_mdev_accepts(RhHost *host, const char *uuid, const char *version)
{
    return rh_mdev_accepts(host->root, uuid, version);
}

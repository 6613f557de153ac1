/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include "host/mdev.h"
#include "host/node.h"
#include "host/vdpa-netlink.h"
#include "host/vdpa.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#include <string.h>
#include <sys/utsname.h>

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

RhHolders *rh_host_find_holders(RhHost *host, GPtrArray *devices, RhHoldersWhere where,
                                guint milliseconds)
{
    return rh_holders_find(host->root, devices, where, milliseconds);
}

gboolean rh_host_mdev_is_open(RhHost *host, const char *uuid)
{
    return rh_holders_probe_mdev(host->root, uuid);
}

gboolean rh_host_has(RhHost *host, RhKind kind, const char *key)
{
    g_autofree char *path = NULL;

    if (kind != RH_KIND_MDEV)
        return rh_node_look(host->root, key, NULL) != RH_NODE_MISSING;
    if (!g_uuid_string_is_valid(key))
        return FALSE;
    path = g_strdup_printf("sys/bus/mdev/devices/%s", key);
    return !rh_dir_lacks(host->root, path);
}

/* *@ret_start: 0 where there is no such process. FALSE where the kernel does not say. */
static gboolean read_start(RhHost *host, gint64 pid, guint64 *ret_start)
{
    g_autofree char *path = g_strdup_printf("proc/%" G_GINT64_FORMAT "/stat", pid);
    g_autofree char *stat = NULL;
    g_auto(GStrv) fields = NULL;
    const char *after_name;

    *ret_start = 0;
    if (!rh_dir_read(host->root, path, &stat, NULL))
        return FALSE;
    if (!stat)
        return TRUE;
    after_name = strrchr(stat, ')'); /* a name may hold blanks and brackets */
    fields = after_name ? g_strsplit(after_name, " ", -1) : NULL;
    /* field 2 is the name, here field 0 */
    return fields && g_strv_length(fields) > 20 &&
           rh_parse_number(fields[20], G_MAXUINT64, ret_start);
}

guint64 rh_host_process_start(RhHost *host, gint64 pid)
{
    guint64 start;

    return pid > 0 && read_start(host, pid, &start) ? start : 0;
}

gboolean rh_host_process_lives(RhHost *host, gint64 pid, guint64 start)
{
    guint64 now;

    if (pid <= 0)
        return FALSE;
    return !read_start(host, pid, &now) || (start > 0 ? now == start : now > 0);
}

char *rh_host_name(RhHost *host)
{
    char *name = NULL;

    (void)read_known(host->root, "proc/sys/kernel/hostname", &name, NULL);
    return name;
}

char *rh_host_own_name(void)
{
    struct utsname names;

    return uname(&names) == 0 && *names.nodename
               ? rh_make_xml_text(g_utf8_make_valid(names.nodename, -1))
               : NULL;
}

char *rh_host_resolve(RhHost *host, const char *path)
{
    g_autofree char *link = NULL;
    g_autofree char *target = NULL;
    guint major;
    guint minor;

    if (g_str_has_prefix(path, "/dev/vhost-vdpa-") ||
        !rh_node_number(host->root, path, &major, &minor))
        return NULL;
    link = g_strdup_printf("sys/dev/char/%u:%u", major, minor);
    target = rh_dir_link_name(host->root, link);
    return target && g_str_has_prefix(target, "vhost-vdpa-") ? g_strconcat("/dev/", target, NULL)
                                                             : NULL;
}

RhDevice *rh_host_device_at(RhHost *host, RhKind kind, const char *key)
{
    g_autofree char *name = kind == RH_KIND_VDPA ? rh_vdpa_name_at(host->root, key) : NULL;
    RhDevice *device;

    if (kind == RH_KIND_MDEV)
        return rh_mdev_at(host->root, key);
    if (!name)
        return NULL;
    device = rh_device_new(kind);
    rh_device_set_text(device, RH_ATTR_NAME, name);
    rh_device_set_text(device, RH_ATTR_CHARDEV, key);
    return device;
}

gboolean rh_host_is_node_of(RhHost *host, const char *name, const char *key)
{
    g_autofree char *node = g_path_get_basename(key);
    g_autofree char *path = g_strdup_printf("sys/bus/vdpa/devices/%s/%s", name, node);

    return !strchr(name, '/') && rh_dir_exists(host->root, path);
}

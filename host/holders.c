/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/holders.h"

#include "util/text.h"

#include <errno.h>
#include <string.h>

#define NODE_PREFIX "/dev/vhost-vdpa-"
#define GROUP_PREFIX "/dev/vfio/"

/* "/dev/vfio/12" for the mdev; NULL: it has no group. */
static char *group_of(RhDir *root, const char *uuid)
{
    g_autofree char *path = g_strdup_printf("sys/bus/mdev/devices/%s/iommu_group", uuid);
    g_autofree char *group = NULL;

    if (!g_uuid_string_is_valid(uuid))
        return NULL;
    group = rh_dir_link_name(root, path);
    return group ? g_strconcat(GROUP_PREFIX, group, NULL) : NULL;
}

/* "/dev/vfio/devices/vfio3": the mdev's own node, with iommufd in the group's place (linux 6.6,
 * drivers/vfio/device_cdev.c); NULL: it has none. */
static char *cdev_of(RhDir *root, const char *uuid)
{
    g_autofree char *path = g_strdup_printf("sys/bus/mdev/devices/%s/vfio-dev", uuid);
    g_autoptr(GPtrArray) names =
        g_uuid_string_is_valid(uuid) ? rh_dir_list(root, path, NULL) : NULL;

    return names && names->len > 0
               ? g_strconcat(GROUP_PREFIX "devices/", g_ptr_array_index(names, 0), NULL)
               : NULL;
}

/* Who of @holders has the device open; NULL: none. */
static const char *holder_of(RhDir *root, GHashTable *holders, const RhDevice *device)
{
    const char *key = rh_device_key(device);
    g_autofree char *group = NULL;
    g_autofree char *cdev = NULL;
    const char *holder;

    if (!key || device->kind != RH_KIND_MDEV)
        return key ? g_hash_table_lookup(holders, key) : NULL;
    group = group_of(root, key);
    holder = group ? g_hash_table_lookup(holders, group) : NULL;
    if (holder)
        return holder;
    cdev = cdev_of(root, key);
    return cdev ? g_hash_table_lookup(holders, cdev) : NULL;
}

static char *describe_process(RhDir *root, const char *pid)
{
    g_autofree char *path = g_strdup_printf("proc/%s/comm", pid);
    g_autofree char *name = NULL;

    (void)rh_dir_read(root, path, &name, NULL);
    return g_strdup_printf("process %s (%s)", pid, name ? rh_one_line(name) : "unknown");
}

/* Adds what the process has open to @holders: path -> who. */
static void read_process(RhDir *root, const char *pid, GHashTable *holders)
{
    g_autofree char *folder = g_strdup_printf("proc/%s/fd", pid);
    g_autoptr(GPtrArray) fds = rh_dir_list(root, folder, NULL);

    for (guint i = 0; fds && i < fds->len; i++) {
        g_autofree char *path =
            g_strdup_printf("%s/%s", folder, (const char *)g_ptr_array_index(fds, i));
        g_autofree char *target = rh_dir_link(root, path);

        if (target &&
            (g_str_has_prefix(target, NODE_PREFIX) || g_str_has_prefix(target, GROUP_PREFIX)))
            g_hash_table_insert(holders, g_steal_pointer(&target), describe_process(root, pid));
    }
}

static GHashTable *read_holders(RhDir *root)
{
    GHashTable *holders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) pids = rh_dir_list(root, "proc", NULL);

    for (guint i = 0; pids && i < pids->len; i++) {
        const char *pid = g_ptr_array_index(pids, i);

        if (strspn(pid, "0123456789") == strlen(pid))
            read_process(root, pid, holders);
    }
    return holders;
}

void rh_holders_mark(RhDir *root, RhInventory *inventory)
{
    static const RhKind kinds[] = {RH_KIND_VDPA, RH_KIND_MDEV};
    g_autoptr(GHashTable) holders = read_holders(root);

    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        GPtrArray *devices = inventory->devices[kinds[kind]];

        for (guint i = 0; g_hash_table_size(holders) > 0 && i < devices->len; i++) {
            RhDevice *device = g_ptr_array_index(devices, i);
            const char *holder = holder_of(root, holders, device);

            if (holder && !rh_device_knows(device, RH_ATTR_USED_BY))
                rh_device_set_text(device, RH_ATTR_USED_BY, holder);
        }
    }
}

gboolean rh_holders_probe_mdev(RhDir *root, const char *uuid)
{
    g_autofree char *group = group_of(root, uuid);

    return group && rh_dir_probe(root, group + strlen("/")) == EBUSY;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vfio.h"

#include "host/node.h"

#include <errno.h>

#define NODES "/dev/vfio/"

/* "12"; NULL: it has none. */
static char *group_of(RhDir *root, const char *folder)
{
    g_autofree char *path = g_strconcat(folder, "/iommu_group", NULL);

    return rh_dir_link_name(root, path);
}

static void add_group(RhDir *root, const char *folder, GArray *numbers)
{
    g_autofree char *group = group_of(root, folder);
    g_autofree char *file = g_strdup_printf("sys/class/vfio/%s/dev", group ? group : "");
    g_autofree char *node = g_strconcat(NODES, group, NULL);

    if (group)
        rh_node_add_number(root, file, node, numbers);
}

static void add_cdev(RhDir *root, const char *folder, GArray *numbers)
{
    g_autofree char *path = g_strconcat(folder, "/vfio-dev", NULL);
    g_autoptr(GPtrArray) names = rh_dir_list(root, path, NULL);
    const char *name = names && names->len > 0 ? g_ptr_array_index(names, 0) : NULL;
    g_autofree char *file = g_strdup_printf("%s/%s/dev", path, name ? name : "");
    g_autofree char *node = g_strconcat(NODES "devices/", name, NULL);

    if (name)
        rh_node_add_number(root, file, node, numbers);
}

void rh_vfio_add_numbers(RhDir *root, const char *folder, GArray *numbers)
{
    add_group(root, folder, numbers);
    add_cdev(root, folder, numbers);
}

gboolean rh_vfio_probe(RhDir *root, const char *folder)
{
    g_autofree char *group = group_of(root, folder);
    g_autofree char *path = g_strconcat("dev/vfio/", group, NULL);

    return group && rh_dir_probe(root, path) == EBUSY;
}

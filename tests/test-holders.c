/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which process has which device open, against a /proc that is made here. */
#include "host/holders.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define UUID "aaaaaaaa-0000-4000-8000-000000000001"
#define CDEV_UUID "cccccccc-0000-4000-8000-000000000003"
#define FREE_UUID "bbbbbbbb-0000-4000-8000-000000000002"

static char *tree; /* the root of the host that is being made up */

static void mock_dir(const char *path)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);

    g_assert_cmpint(g_mkdir_with_parents(full, 0700), ==, 0);
}

static void mock_link(const char *folder, const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(tree, folder, name, NULL);

    mock_dir(folder);
    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void mock_comm(const char *pid, const char *name)
{
    g_autofree char *path = g_build_filename(tree, "proc", pid, "comm", NULL);

    g_assert_true(g_file_set_contents(path, name, -1, NULL));
}

static RhDevice *add(RhInventory *inventory, RhKind kind, RhAttr key, const char *value)
{
    RhDevice *device = rh_device_new(kind);

    rh_device_set_text(device, key, value);
    g_ptr_array_add(inventory->devices[kind], device);
    return device;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir =
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void test_holders(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *held = add(inventory, RH_KIND_VDPA, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-1");
    RhDevice *near = add(inventory, RH_KIND_VDPA, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-11");
    RhDevice *known = add(inventory, RH_KIND_VDPA, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-2");
    RhDevice *nodeless = add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa9");
    RhDevice *mdev = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, UUID);
    RhDevice *cdev = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, CDEV_UUID);
    RhDevice *free_mdev = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, FREE_UUID);
    g_autoptr(RhDir) root = NULL;

    mock_link("proc/4711/fd", "0", "/dev/null");
    mock_link("proc/4711/fd", "31", "/dev/vhost-vdpa-1");
    mock_link("proc/4711/fd", "32", "/dev/vhost-vdpa-2");
    mock_link("proc/4711/fd", "33", "socket:[4242]");
    mock_comm("4711", "qemu-system-x86\n");
    mock_link("proc/4712/fd", "7", "/dev/vfio/12"); /* without a name */
    mock_link("proc/4714/fd", "8", "/dev/vfio/devices/vfio3");
    mock_comm("4714", "qemu-iommufd\n");
    mock_dir("sys/bus/mdev/devices/" CDEV_UUID "/vfio-dev/vfio3");
    mock_link("proc/self/fd", "5", "/dev/vhost-vdpa-11");
    mock_dir("proc/4713"); /* whose descriptors we may not see */
    mock_link("sys/bus/mdev/devices/" UUID, "iommu_group", "../../../kernel/iommu_groups/12");
    mock_link("sys/bus/mdev/devices/" FREE_UUID, "iommu_group", "../../../kernel/iommu_groups/1");
    rh_device_set_text(known, RH_ATTR_USED_BY, "guest db2");
    root = rh_dir_open(tree, NULL);
    rh_holders_mark(root, inventory);
    g_assert_cmpstr(rh_device_text(held, RH_ATTR_USED_BY), ==, "process 4711 (qemu-system-x86)");
    g_assert_cmpstr(rh_device_text(known, RH_ATTR_USED_BY), ==, "guest db2");
    g_assert_cmpstr(rh_device_text(mdev, RH_ATTR_USED_BY), ==, "process 4712 (unknown)");
    g_assert_cmpstr(rh_device_text(cdev, RH_ATTR_USED_BY), ==, "process 4714 (qemu-iommufd)");
    g_assert_false(rh_device_knows(near, RH_ATTR_USED_BY));
    g_assert_false(rh_device_knows(nodeless, RH_ATTR_USED_BY));
    g_assert_false(rh_device_knows(free_mdev, RH_ATTR_USED_BY));
}

/* A host whose /proc nobody lets us read. */
static void test_no_proc(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *device = add(inventory, RH_KIND_VDPA, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-1");
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);

    rh_holders_mark(root, inventory);
    g_assert_false(rh_device_knows(device, RH_ATTR_USED_BY));
}

static void run_in_tree(gconstpointer test)
{
    tree = g_dir_make_tmp("test-holders-XXXXXX", NULL);
    g_assert_nonnull(tree);
    ((void (*)(void))test)();
    remove_tree(tree);
    g_clear_pointer(&tree, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/holders/mark", (gconstpointer)test_holders, run_in_tree);
    g_test_add_data_func("/holders/no-proc", (gconstpointer)test_no_proc, run_in_tree);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which process has which device open, against a /proc that is made here. */
#include "host/holders.h"
#include "host/kind.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define UUID "aaaaaaaa-0000-4000-8000-000000000001"
#define CDEV_UUID "cccccccc-0000-4000-8000-000000000003"
#define FREE_UUID "bbbbbbbb-0000-4000-8000-000000000002"

#define LONG_MS 60000u

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

static void mock_owner(const char *path, uid_t owner)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);

    g_assert_cmpint(chown(full, owner, (gid_t)-1), ==, 0);
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

static void remove_below(const char *path)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);

    remove_tree(full);
}

/* All devices of the inventory, and what is found of them. */
static guint mark(RhInventory *inventory, RhHoldersWhere where)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    g_autoptr(RhHolders) holders = NULL;

    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (rh_kind_is_given((RhKind)kind))
            g_ptr_array_extend(devices, inventory->devices[kind], NULL, NULL);
    holders = rh_holders_find(root, devices, where, LONG_MS);
    (void)rh_holders_mark(holders, devices);
    return rh_holders_left(holders);
}

static void mock_file(const char *folder, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(tree, folder, name, NULL);

    mock_dir(folder);
    g_assert_true(g_file_set_contents(path, content, -1, NULL));
}

/* A vDPA device whose node has the number of @like, a node that is open to all. */
static RhDevice *add_vdpa(RhInventory *inventory, const char *name, const char *node,
                          const char *like)
{
    g_autofree char *chardev = g_strconcat("/dev/", node, NULL);
    g_autofree char *folder = g_build_filename("sys/bus/vdpa/devices", name, node, NULL);
    RhDevice *device = add(inventory, RH_KIND_VDPA, RH_ATTR_CHARDEV, chardev);

    rh_device_set_text(device, RH_ATTR_NAME, name);
    mock_file(folder, "dev", like);
    return device;
}

#define NULL_NUMBER "1:3\n" /* /dev/null, and so on: the kernel's own */
#define ZERO_NUMBER "1:5\n"
#define FULL_NUMBER "1:7\n"
#define RANDOM_NUMBER "1:8\n"
#define URANDOM_NUMBER "1:9\n"

static void assert_used_by(const RhDevice *device, const char *expected)
{
    g_autofree char *user = rh_device_format(device, RH_ATTR_USED_BY);

    g_assert_cmpstr(user, ==, expected);
}

/* -- each kind that guests can have ------------------------------------------------------------ */

static RhDevice *add_one_vdpa(RhInventory *inventory, const char *like)
{
    return add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", like);
}

static RhDevice *add_one_mdev(RhInventory *inventory, const char *like)
{
    mock_link("sys/bus/mdev/devices/" UUID, "iommu_group", "../../../kernel/iommu_groups/12");
    mock_file("sys/class/vfio/12", "dev", like);
    return add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, UUID);
}

/* A device whose node has the number of @like. A kind that is missing here fails. */
static RhDevice *(*const add_one[RH_N_KINDS])(RhInventory *inventory, const char *like) = {
    [RH_KIND_VDPA] = add_one_vdpa,
    [RH_KIND_MDEV] = add_one_mdev,
};

/* Of each such kind it is seen who has a device open, and that nobody has. */
static void test_kinds(void)
{
    mock_link("proc/4711/fd", "31", "/dev/null");
    mock_comm("4711", "qemu-system-x86\n");
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        g_autoptr(RhInventory) held = rh_inventory_new();
        g_autoptr(RhInventory) unheld = rh_inventory_new();
        const RhHostKind *of;
        RhDevice *device;

        if (!rh_kind_is_given((RhKind)kind))
            continue;
        g_test_message("%s", rh_kind_info((RhKind)kind)->noun);
        g_assert_nonnull(add_one[kind]);
        of = rh_host_kind((RhKind)kind);
        g_assert_true(of->gather && of->has && of->add_numbers && of->at); /* nobody looks first */
        g_assert_true(of->is_key_of || /* or hook/lifecycle.c does not ask */
                      rh_kind_info((RhKind)kind)->key == rh_kind_info((RhKind)kind)->name);
        device = add_one[kind](held, NULL_NUMBER);
        g_assert_cmpuint(mark(held, RH_HOLDERS_ALL), ==, 0);
        assert_used_by(device, "process 4711 (qemu-system-x86)");
        remove_below("sys");
        device = add_one[kind](unheld, FULL_NUMBER);
        g_assert_cmpuint(mark(unheld, RH_HOLDERS_ALL), ==, 0);
        g_assert_false(rh_device_knows(device, RH_ATTR_USED_BY));
        remove_below("sys");
    }
}

/* -- how it is found --------------------------------------------------------------------------- */

static void test_holders(void)
{
    RhUser db2 = rh_user_of_guest("db2", NULL);
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *held = add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", NULL_NUMBER);
    RhDevice *free_vdpa = add_vdpa(inventory, "vdpa11", "vhost-vdpa-11", "1:77\n");
    RhDevice *known = add_vdpa(inventory, "vdpa2", "vhost-vdpa-2", ZERO_NUMBER);
    RhDevice *nodeless = add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa9");
    RhDevice *mdev = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, UUID);
    RhDevice *cdev = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, CDEV_UUID);
    RhDevice *free_mdev = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, FREE_UUID);

    mock_link("proc/4711/fd", "31", "/dev/null");
    mock_link("proc/4711/fd", "32", "/dev/zero");
    mock_link("proc/4711/fd", "33", "socket:[4242]");
    mock_comm("4711", "qemu-system-x86\n");
    mock_link("proc/4712/fd", "7", "/dev/full"); /* without a name */
    mock_link("proc/4714/fd", "8", "/dev/urandom");
    mock_comm("4714", "qemu-iommufd\n");
    mock_file("sys/bus/mdev/devices/" CDEV_UUID "/vfio-dev/vfio3", "dev", URANDOM_NUMBER);
    mock_link("proc/self/fd", "5", "/dev/random");
    mock_dir("proc/4713"); /* whose descriptors we may not see */
    mock_link("sys/bus/mdev/devices/" UUID, "iommu_group", "../../../kernel/iommu_groups/12");
    mock_link("sys/bus/mdev/devices/" FREE_UUID, "iommu_group", "../../../kernel/iommu_groups/1");
    mock_file("sys/class/vfio/12", "dev", FULL_NUMBER);
    mock_file("sys/class/vfio/1", "dev", RANDOM_NUMBER);
    rh_device_set_used_by(known, &db2);
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
    assert_used_by(held, "process 4711 (qemu-system-x86)");
    assert_used_by(known, "guest db2");
    assert_used_by(mdev, "process 4712 (unknown)");
    assert_used_by(cdev, "process 4714 (qemu-iommufd)");
    g_assert_false(rh_device_knows(free_vdpa, RH_ATTR_USED_BY));
    g_assert_false(rh_device_knows(nodeless, RH_ATTR_USED_BY));
    g_assert_false(rh_device_knows(free_mdev, RH_ATTR_USED_BY));
}

/* Four devices of one group, of which a process may have some. */
static RhDevice *add_to_group(RhInventory *inventory, const char *uuid)
{
    g_autofree char *folder = g_strconcat("sys/bus/mdev/devices/", uuid, NULL);

    mock_link(folder, "iommu_group", "../../../kernel/iommu_groups/12");
    return add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, uuid);
}

static void mock_vfio_device(const char *pid, const char *fd, const char *uuid)
{
    g_autofree char *fds = g_strdup_printf("proc/%s/fd", pid);
    g_autofree char *info = g_strdup_printf("proc/%s/fdinfo", pid);
    g_autofree char *line = g_strdup_printf(
        "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t2145\n%s%s\n",
        uuid ? "vfio-device-syspath: /sys/devices/virtual/mtty/mtty/" : "", uuid ? uuid : "");

    mock_link(fds, fd, "anon_inode:[vfio-device]");
    mock_file(info, fd, line);
}

#define LATE_UUID "dddddddd-0000-4000-8000-000000000004"
static void test_fdinfo(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *one = add_to_group(inventory, UUID);
    RhDevice *two = add_to_group(inventory, CDEV_UUID);
    RhDevice *none = add_to_group(inventory, FREE_UUID);
    RhDevice *groupless = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, LATE_UUID);

    mock_file("sys/class/vfio/12", "dev", NULL_NUMBER);
    mock_link("proc/4711/fd", "30", "/dev/null"); /* the group */
    mock_vfio_device("4711", "31", UUID);
    mock_comm("4711", "qemu-one\n");
    mock_vfio_device("4712", "7", CDEV_UUID); /* who was handed a device has no group open */
    mock_vfio_device("4712", "8", LATE_UUID);
    mock_comm("4712", "qemu-two\n");
    mock_link("proc/4713/fd", "9", "socket:[4242]");
    mock_file("proc/4713/fdinfo", "9",
              "pos: 0\nvfio-device-syspath: /sys/devices/x/" FREE_UUID "\n");
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
    assert_used_by(one, "process 4711 (qemu-one)");
    assert_used_by(two, "process 4712 (qemu-two)");
    assert_used_by(groupless, "process 4712 (qemu-two)");
    g_assert_false(rh_device_knows(none, RH_ATTR_USED_BY));
}

/* A kernel that does not say it, or a process that has its group open and no device yet: it may be
 * any of the group. */
static void test_fdinfo_silent(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *one = add_to_group(inventory, UUID);
    RhDevice *two = add_to_group(inventory, CDEV_UUID);
    RhDevice *other = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID, LATE_UUID);

    mock_file("sys/class/vfio/12", "dev", NULL_NUMBER);
    mock_link("sys/bus/mdev/devices/" LATE_UUID, "iommu_group", "../../../kernel/iommu_groups/1");
    mock_file("sys/class/vfio/1", "dev", FULL_NUMBER);
    mock_link("proc/4711/fd", "30", "/dev/null");
    mock_link("proc/4711/fd", "31", "/dev/full");
    mock_vfio_device("4711", "32", NULL);
    mock_vfio_device("4711", "33", LATE_UUID); /* of another group */
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
    assert_used_by(one, "process 4711 (unknown)");
    assert_used_by(two, "process 4711 (unknown)");
    assert_used_by(other, "process 4711 (unknown)");
}

/* How many processes could not be looked at. */
static guint count_denied(RhInventory *inventory)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autoptr(RhHolders) holders =
        rh_holders_find(root, inventory->devices[RH_KIND_VDPA], RH_HOLDERS_ALL, LONG_MS);

    return rh_holders_denied(holders);
}

/* What is there and is no folder cannot be looked into either, by root too. */
static void test_denied(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();

    (void)add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", NULL_NUMBER);
    g_assert_cmpuint(count_denied(inventory), ==, 0); /* no /proc at all */
    mock_dir("proc/4713");                            /* it has ended */
    mock_dir("proc/4712/fd");
    g_assert_cmpuint(count_denied(inventory), ==, 0);
    mock_file("proc/4714", "fd", "");
    mock_file("proc/4715", "fd", "");
    g_assert_cmpuint(count_denied(inventory), ==, 2);
    remove_below("proc");
    mock_link("proc", "self", "4712");
    mock_dir("proc/4712/fd");
    g_assert_cmpuint(count_denied(inventory), ==, 1); /* nobody has number 1 */
    mock_dir("proc/1/fd");
    g_assert_cmpuint(count_denied(inventory), ==, 0);
    remove_below("proc");
    mock_file(".", "proc", "");
    g_assert_cmpuint(count_denied(inventory), ==, 1);
}

/* What a process calls a file says nothing: in a namespace of its own anything has any name. */
static void test_names(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *device = add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", "1:77\n");
    RhDevice *other = add_vdpa(inventory, "vdpa2", "vhost-vdpa-2", NULL_NUMBER);

    mock_file("dev", "vhost-vdpa-1", "plain\n");
    mock_link("proc/4711/fd", "7", "../../../dev/vhost-vdpa-1");
    mock_link("proc/4711/fd", "8", "/dev/vhost-vdpa-1");
    mock_link("elsewhere", "renamed", "/dev/null");
    mock_link("proc/4711/fd", "9", "../../../elsewhere/renamed");
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
    g_assert_false(rh_device_knows(device, RH_ATTR_USED_BY));
    g_assert_true(rh_device_knows(other, RH_ATTR_USED_BY));
}

/* Where sysfs has no number, the node below the root's /dev does. */
static void test_node(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *device = add(inventory, RH_KIND_VDPA, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-1");
    g_autofree char *node = g_build_filename(tree, "dev/vhost-vdpa-1", NULL);

    mock_dir("dev");
    mock_link("proc/4711/fd", "7", "/dev/null");
    if (mknod(node, S_IFCHR | 0600, makedev(1, 3)) < 0) {
        g_test_skip("device nodes cannot be made here");
        return;
    }
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
    g_assert_true(rh_device_knows(device, RH_ATTR_USED_BY));
}

/* O_PATH needs no right to the device, so any user can have it. This process has both. */
static void test_path_only(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *path_only = add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", FULL_NUMBER);
    RhDevice *opened = add_vdpa(inventory, "vdpa2", "vhost-vdpa-2", ZERO_NUMBER);
    RH_AUTOFD path_fd = open("/dev/full", O_PATH | O_CLOEXEC);
    RH_AUTOFD fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    g_autofree char *own = g_strdup_printf("/proc/%s", pid);

    g_assert_cmpint(MIN(path_fd, fd), >=, 0);
    mock_link("proc", pid, own);
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
    g_assert_false(rh_device_knows(path_only, RH_ATTR_USED_BY));
    g_assert_true(rh_device_knows(opened, RH_ATTR_USED_BY));
}

/* Root's processes and the emulator's come first, and are all that a second look sees. */
static void test_likely(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *of_user = add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", NULL_NUMBER);
    RhDevice *of_qemu = add_vdpa(inventory, "vdpa2", "vhost-vdpa-2", ZERO_NUMBER);

    if (geteuid() != 0) {
        g_test_skip("only root is somebody else");
        return;
    }
    mock_file("etc", "passwd", "root:x:0:0::/:/bin/sh\nlibvirt-qemu:x:64055:136::/:/bin/false\n");
    mock_link("proc/4711/fd", "7", "/dev/null");
    mock_owner("proc/4711", 1000);
    mock_link("proc/4712/fd", "7", "/dev/zero");
    mock_owner("proc/4712", 64055);
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_LIKELY), ==, 0);
    g_assert_false(rh_device_knows(of_user, RH_ATTR_USED_BY));
    assert_used_by(of_qemu, "process 4712 (unknown)");
    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
    assert_used_by(of_user, "process 4711 (unknown)");
}

/* Who was not looked at in time counts as having nothing open, and is counted. */
static void test_time(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *device = add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", NULL_NUMBER);
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autoptr(RhHolders) holders = NULL;

    mock_link("proc/4711/fd", "7", "/dev/null");
    mock_link("proc/4712/fd", "7", "/dev/null");
    holders = rh_holders_find(root, inventory->devices[RH_KIND_VDPA], RH_HOLDERS_ALL, 0);
    g_assert_cmpuint(rh_holders_left(holders), ==, 2);
    g_assert_false(rh_holders_mark(holders, inventory->devices[RH_KIND_VDPA]));
    g_assert_false(rh_device_knows(device, RH_ATTR_USED_BY));
}

/* A host whose /proc nobody lets us read. */
static void test_no_proc(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    RhDevice *device = add_vdpa(inventory, "vdpa1", "vhost-vdpa-1", NULL_NUMBER);

    g_assert_cmpuint(mark(inventory, RH_HOLDERS_ALL), ==, 0);
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
    g_test_add_data_func("/holders/kinds", (gconstpointer)test_kinds, run_in_tree);
    g_test_add_data_func("/holders/mark", (gconstpointer)test_holders, run_in_tree);
    g_test_add_data_func("/holders/fdinfo", (gconstpointer)test_fdinfo, run_in_tree);
    g_test_add_data_func("/holders/fdinfo-silent", (gconstpointer)test_fdinfo_silent, run_in_tree);
    g_test_add_data_func("/holders/names", (gconstpointer)test_names, run_in_tree);
    g_test_add_data_func("/holders/denied", (gconstpointer)test_denied, run_in_tree);
    g_test_add_data_func("/holders/node", (gconstpointer)test_node, run_in_tree);
    g_test_add_data_func("/holders/path-only", (gconstpointer)test_path_only, run_in_tree);
    g_test_add_data_func("/holders/likely", (gconstpointer)test_likely, run_in_tree);
    g_test_add_data_func("/holders/time", (gconstpointer)test_time, run_in_tree);
    g_test_add_data_func("/holders/no-proc", (gconstpointer)test_no_proc, run_in_tree);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readers of sysfs against trees that are made here, and the host as a whole. */
#include "host/ap.h"
#include "host/host.h"
#include "host/hypervisor.h"
#include "host/mdev.h"
#include "host/node.h"
#include "host/pci.h"
#include "host/vdpa.h"
#include "util/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define UUID "53764d0e-85a0-42b4-af5c-2046b460b1dc"
#define OTHER_UUID "bbbbbbbb-0000-4000-8000-000000000007"

/* -- a tree ------------------------------------------------------------------------------------ */

static char *tree; /* the root of the host that is being made up */

static void remove_all(const char *path)
{
    g_autoptr(GDir) dir =
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_all(child);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void mock_start(void)
{
    tree = g_dir_make_tmp("test-host-XXXXXX", NULL);
    g_assert_nonnull(tree);
}

static void mock_stop(void)
{
    remove_all(tree);
    g_clear_pointer(&tree, g_free);
}

static void mock_dir(const char *path)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);

    g_assert_cmpint(g_mkdir_with_parents(full, 0700), ==, 0);
}

static void make_parent(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);

    mock_dir(dir);
}

static void mock_file(const char *dir, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *full = g_build_filename(tree, path, NULL);

    make_parent(path);
    g_assert_true(g_file_set_contents(full, content, -1, NULL));
}

static char *mock_content(const char *path)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);
    char *content = NULL;

    g_file_get_contents(full, &content, NULL, NULL);
    return content;
}

/* A link at @path to @target, both below the root; relative, as the kernel makes them. */
static void mock_link(const char *path, const char *target)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    for (const char *c = path; *c; c++)
        if (*c == '/')
            g_string_append(text, "../");
    g_string_append(text, target);
    make_parent(path);
    g_assert_cmpint(symlink(text->str, full), ==, 0);
}

/* A link called @name in @dir to @target, whose last component is what counts. */
static void mock_link_in(const char *dir, const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    mock_link(path, target);
}

/* -- devices in it ----------------------------------------------------------------------------- */

#define PCI_DIR "sys/devices/pci0000:40/0000:40:01.0"

/* A PCI function, in PCI_DIR. */
static void mock_pci_add(const char *address, const char *driver, const char *numa_node)
{
    g_autofree char *dir = g_build_filename(PCI_DIR, address, NULL);
    g_autofree char *link = g_strdup_printf("sys/bus/pci/devices/%s", address);
    g_autofree char *driver_dir = g_strdup_printf("sys/bus/pci/drivers/%s", driver);

    mock_file(dir, "vendor", "0x15b3\n");
    mock_file(dir, "device", "0x101e\n");
    mock_file(dir, "subsystem_vendor", "0x15b4\n");
    mock_file(dir, "subsystem_device", "0x0016\n");
    mock_file(dir, "revision", "0xa1\n");
    mock_file(dir, "numa_node", numa_node);
    mock_link_in(dir, "subsystem", "sys/bus/pci");
    mock_link_in(dir, "driver", driver_dir);
    mock_link(link, dir);
}

/* An auxiliary device on the PCI function at @pci_dir. */
static void mock_auxiliary_add(const char *name, const char *driver, const char *pci_dir)
{
    g_autofree char *dir = g_build_filename(pci_dir, name, NULL);
    g_autofree char *link = g_strdup_printf("sys/bus/auxiliary/devices/%s", name);
    g_autofree char *driver_dir = g_strdup_printf("sys/bus/auxiliary/drivers/%s", driver);

    mock_dir(dir);
    mock_link_in(dir, "driver", driver_dir);
    mock_link(link, dir);
}

/* A vDPA device below @parent_dir, bound to @driver (NULL: to none), with the node @minor (-1:
 * none). */
static void mock_vdpa_add(const char *parent_dir, const char *name, const char *driver, int minor)
{
    g_autofree char *dir = g_build_filename(parent_dir, name, NULL);
    g_autofree char *link = g_strdup_printf("sys/bus/vdpa/devices/%s", name);

    mock_file(dir, "driver_override", "vhost_vdpa\n");
    mock_dir(dir);
    if (driver) {
        g_autofree char *driver_dir = g_strdup_printf("sys/bus/vdpa/drivers/%s", driver);

        mock_link_in(dir, "driver", driver_dir);
    }
    if (minor >= 0) {
        g_autofree char *node = g_strdup_printf("vhost-vdpa-%d", minor);
        g_autofree char *node_dir = g_build_filename(dir, node, NULL);

        mock_file(node_dir, "dev", "245:0\n");
    }
    mock_link(link, dir);
}

/* A parent of mdevs at @dir, of @subsystem, bound to @driver (NULL: to none). */
static void mock_mdev_parent_add(const char *dir, const char *subsystem, const char *driver)
{
    g_autofree char *name = g_path_get_basename(dir);
    g_autofree char *link = g_strdup_printf("sys/class/mdev_bus/%s", name);
    g_autofree char *types = g_build_filename(dir, "mdev_supported_types", NULL);

    mock_dir(types);
    if (subsystem)
        mock_link_in(dir, "subsystem", subsystem);
    if (driver)
        mock_link_in(dir, "driver", driver);
    mock_link(link, dir);
}

static void mock_mdev_type_add(const char *parent_dir, const char *id, const char *name,
                               const char *device_api, const char *available)
{
    g_autofree char *dir = g_build_filename(parent_dir, "mdev_supported_types", id, NULL);

    mock_dir(dir);
    if (name)
        mock_file(dir, "name", name);
    if (device_api)
        mock_file(dir, "device_api", device_api);
    if (available)
        mock_file(dir, "available_instances", available);
}

/* An mdev below @parent_dir; without a type where @type is NULL. */
static void mock_mdev_add(const char *parent_dir, const char *uuid, const char *type)
{
    g_autofree char *dir = g_build_filename(parent_dir, uuid, NULL);
    g_autofree char *link = g_strdup_printf("sys/bus/mdev/devices/%s", uuid);

    mock_dir(dir);
    if (type) {
        g_autofree char *type_dir =
            g_build_filename(parent_dir, "mdev_supported_types", type, NULL);

        mock_link_in(dir, "mdev_type", type_dir);
    }
    mock_link(link, dir);
}

static void mock_mdev_attribute(const char *parent_dir, const char *uuid, const char *name,
                                const char *content)
{
    g_autofree char *dir = g_build_filename(parent_dir, uuid, NULL);

    mock_file(dir, name, content);
}

/* mtty as the kernel's sample has it: a class device without a driver. */
#define MTTY "sys/devices/virtual/mtty/mtty"
static void mock_mtty_add(void)
{
    mock_mdev_parent_add(MTTY, "sys/class/mtty", NULL);
    mock_mdev_type_add(MTTY, "mtty-1", "Single port serial\n", "vfio-pci\n", "20\n");
    mock_mdev_type_add(MTTY, "mtty-2", "Dual port serial\n", "vfio-pci\n", "10\n");
}

/* -- what came out ----------------------------------------------------------------------------- */

/* All that is known of @device, its parameters last. */
static char *describe(const RhDevice *device)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GList) names = rh_device_parameter_names(device);

    for (guint attr = 0; attr < RH_N_ATTRS; attr++) {
        g_autofree char *value = rh_device_format(device, (RhAttr)attr);

        if (value)
            g_ptr_array_add(parts,
                            g_strdup_printf("%s=%s", rh_attr_info((RhAttr)attr)->name, value));
    }
    for (const GList *name = names; name; name = name->next)
        g_ptr_array_add(parts, g_strdup_printf("[%s]=%s", (const char *)name->data,
                                               rh_device_parameter(device, name->data)));
    g_ptr_array_add(parts, NULL);
    return g_strjoinv(" ", (char **)parts->pdata);
}

/* All devices of @kind, a line each, in the order in which they are. */
static void assert_devices(const RhInventory *inventory, RhKind kind, const char *expected)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    const GPtrArray *devices = inventory->devices[kind];

    for (guint i = 0; i < devices->len; i++) {
        g_autofree char *line = describe(g_ptr_array_index(devices, i));

        g_string_append_printf(lines, "%s%s", i ? "\n" : "", line);
    }
    g_assert_cmpstr(lines->str, ==, expected);
}

/* -- PCI --------------------------------------------------------------------------------------- */

static void test_pci_nearest(void)
{
    static const struct {
        const char *path;
        const char *address;
    } cases[] = {
        {"../../../devices/pci0000:40/0000:40:01.0/0000:41:00.2/vdpa0", "0000:41:00.2"},
        {"../../../devices/pci0000:40/0000:41:00.2", "0000:41:00.2"},
        {"../../devices/pci10000:00/10000:01:00.7/mlx5_core.sf.4", "10000:01:00.7"},
        {"../../../devices/vdpasim_net", NULL},
        {"../../../devices/pci0000:40/0000:41:00.8", NULL},
        {"../../../devices/css0/0.0.0313", NULL},
        {"000:41:00.2/0000:41:00.22/0000:4g:00.2/0000-41:00.2/x0000:41:00.2", NULL},
        {"", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *address = rh_pci_nearest(cases[i].path);

        g_assert_cmpstr(address, ==, cases[i].address);
    }
}

static void test_pci_describe(void)
{
    g_autoptr(RhDir) root = NULL;
    g_autoptr(RhDevice) parent = rh_device_new(RH_KIND_MDEV_PARENT);
    g_autoptr(RhDevice) mgmtdev = rh_device_new(RH_KIND_VDPA_MGMTDEV);
    g_autoptr(RhDevice) gone = rh_device_new(RH_KIND_MDEV_PARENT);
    g_autofree char *parent_text = NULL;
    g_autofree char *mgmtdev_text = NULL;
    g_autofree char *gone_text = NULL;

    mock_start();
    mock_pci_add("0000:41:00.2", "mlx5_core", "0\n");
    root = rh_dir_open(tree, NULL);
    g_assert_true(rh_pci_describe(root, "0000:41:00.2", parent, NULL));
    parent_text = describe(parent);
    g_assert_cmpstr(parent_text, ==,
                    "vendor=0x15b3 product=0x101e subsystem-vendor=0x15b4 "
                    "subsystem-product=0x0016 revision=0xa1 numa-node=0");
    g_assert_true(rh_pci_describe(root, "0000:41:00.2", mgmtdev, NULL));
    mgmtdev_text = describe(mgmtdev);
    g_assert_cmpstr(mgmtdev_text, ==, "vendor=0x15b3 product=0x101e numa-node=0");
    g_assert_true(rh_pci_describe(root, "0000:41:00.3", gone, NULL));
    gone_text = describe(gone);
    g_assert_cmpstr(gone_text, ==, "");
    mock_stop();
}

/* A network device of the PCI function @address; @port: what it says of itself, NULL: nothing. */
static void mock_netdev_add(const char *address, const char *name, const char *port)
{
    g_autofree char *dir = g_strdup_printf(PCI_DIR "/%s/net/%s", address, name);

    mock_dir(dir);
    if (port)
        mock_file(dir, "phys_port_name", port);
}

static char *port_of(const char *address)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autoptr(RhDevice) mgmtdev = rh_device_new(RH_KIND_VDPA_MGMTDEV);

    g_assert_true(rh_pci_find_port(root, address, mgmtdev, NULL));
    return describe(mgmtdev);
}

static void assert_port(const char *address, const char *expected)
{
    g_autofree char *port = port_of(address);

    g_assert_cmpstr(port, ==, expected);
}

/* Of a VF the physical function's; with switchdev the port's own network device among those that
 * stand for others. */
static void test_pci_port(void)
{
    mock_start();
    mock_pci_add("0000:41:00.0", "mlx5_core", "0\n");
    mock_pci_add("0000:41:00.2", "mlx5_core", "0\n");
    mock_link(PCI_DIR "/0000:41:00.2/physfn", PCI_DIR "/0000:41:00.0");
    assert_port("0000:41:00.0", "pf=0000:41:00.0");
    mock_netdev_add("0000:41:00.2", "enp65s0f0v0", NULL);
    mock_netdev_add("0000:41:00.0", "ens1f0npf0vf0", "pf0vf0\n");
    assert_port("0000:41:00.2", "pf=0000:41:00.0 pf-netdev=ens1f0npf0vf0"); /* the only one */
    mock_netdev_add("0000:41:00.0", "ens1f0npf0sf88", "pf0sf88\n");
    assert_port("0000:41:00.2", "pf=0000:41:00.0");
    mock_netdev_add("0000:41:00.0", "ens1f0np0", "p0\n");
    assert_port("0000:41:00.2", "pf=0000:41:00.0 pf-netdev=ens1f0np0");
    mock_netdev_add("0000:41:00.0", "ens1f1np1", "p1\n");
    assert_port("0000:41:00.2", "pf=0000:41:00.0");
    mock_stop();
}

/* -- the hypervisor --------------------------------------------------------------------------- */

#define CACHE "var/cache/libvirt/qemu/capabilities"
#define LOGS "var/log/libvirt/qemu"

static void assert_here(const char *expected)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autofree char *version = rh_hypervisor_here(root);

    g_assert_cmpstr(version, ==, expected);
}

/* By libvirt's cache: one version, or it is not known which. */
static void test_hypervisor_here(void)
{
    g_autoptr(GString) content = g_string_new(NULL);

    mock_start();
    assert_here(NULL);
    mock_file(CACHE, "README", "<version>9009009</version>");
    mock_file(CACHE, "a.xml", "<qemuCaps>\n  <flag name='x'/>\n");
    mock_file(CACHE, "b.xml", "<qemuCaps>\n  <version>of a flag</version>\n");
    assert_here(NULL);
    mock_file(CACHE, "c.xml", "<qemuCaps>\n  <flag name='x'/>\n  <version>10000013</version>\n");
    assert_here(NULL); /* who knows what the others are */
    mock_file(CACHE, "a.xml", "<version>10000013</version>");
    mock_file(CACHE, "b.xml", "<version>10000013</version>");
    assert_here("10.0.13");
    mock_file(CACHE, "d.xml", "<version>10000013</version><version>7</version>");
    assert_here("10.0.13");
    /* It is as long as an emulator has features, and the version is near its beginning. */
    g_string_append(content, "<version>10000013</version>");
    for (guint i = 0; i < 20000; i++)
        g_string_append(content, "<flag name='x'/>\n");
    mock_file(CACHE, "d.xml", content->str);
    assert_here("10.0.13");
    mock_file(CACHE, "e.xml", "<version>7002022</version>");
    assert_here(NULL);
    mock_stop();
}

static void assert_of_guest(const char *name, const char *expected)
{
    g_autofree char *version = rh_hypervisor_of_guest(tree, name);

    g_assert_cmpstr(version, ==, expected);
}

#define STARTED(version) \
    "2026-11-27 20:00:00.000+0000: starting up libvirt version: 9.0.0, package: 4+deb12u2 " \
    "(Debian), " \
    "qemu version: " version "Debian 1:7.2+dfsg-7, kernel: 6.1.0-1, hostname: kvm1\n"

/* By the guest's log: its last start, which what QEMU writes is none of. */
static void test_hypervisor_of_guest(void)
{
    mock_start();
    assert_of_guest("web1", NULL);
    mock_file(LOGS, "web1.log", "");
    assert_of_guest("web1", NULL);
    mock_file(
        LOGS, "web1.log",
        STARTED("7.2.9") "2026-11-27 20:05:00.000+0000: shutting down, reason=shutdown\n" STARTED(
            "7.2.22") "qemu-system: starting up libvirt version: 1, qemu version: 1.2.3\n\xff\n");
    assert_of_guest("web1", "7.2.22");
    mock_file(LOGS, "web1.log", "2026-11-27T20:00:01Z qemu-system-x86_64: warning\n");
    assert_of_guest("web1", NULL);
    mock_file(LOGS, "web1.log.0", STARTED("10.0.13"));
    assert_of_guest("web1", "10.0.13");
    assert_of_guest("../qemu/web1", NULL);
    mock_stop();
}

/* -- vDPA -------------------------------------------------------------------------------------- */

/* What netlink would have told. */
static void netlink_shows(RhInventory *inventory, const char *name, const char *mgmtdev)
{
    RhDevice *device = rh_device_new(RH_KIND_VDPA);

    rh_device_set_text(device, RH_ATTR_NAME, name);
    rh_device_set_text(device, RH_ATTR_MGMTDEV, mgmtdev);
    rh_inventory_add(inventory, device);
}

static void netlink_shows_mgmtdev(RhInventory *inventory, const char *handle)
{
    RhDevice *device = rh_device_new(RH_KIND_VDPA_MGMTDEV);

    rh_device_set_text(device, RH_ATTR_HANDLE, handle);
    rh_inventory_add(inventory, device);
}

static void describe_vdpa(RhInventory *inventory)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autoptr(GError) error = NULL;

    rh_vdpa_describe(root, inventory, &error);
    g_assert_no_error(error);
    g_assert_true(rh_inventory_complete(inventory, &error));
}

static void test_vdpa_on_pci(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();

    mock_start();
    mock_pci_add("0000:41:00.2", "mlx5_core", "1\n");
    mock_vdpa_add(PCI_DIR "/0000:41:00.2", "vdpa0", "vhost_vdpa", 0);
    mock_vdpa_add(PCI_DIR "/0000:41:00.2", "vdpa1", "virtio_vdpa", 1); /* a node that goes */
    mock_vdpa_add(PCI_DIR "/0000:41:00.2", "vdpa2", NULL, -1);
    netlink_shows_mgmtdev(inventory, "pci/0000:41:00.2");
    netlink_shows(inventory, "vdpa0", "pci/0000:41:00.2");
    netlink_shows(inventory, "vdpa1", "pci/0000:41:00.2");
    netlink_shows(inventory, "vdpa2", "pci/0000:41:00.2");
    describe_vdpa(inventory);
    assert_devices(inventory, RH_KIND_VDPA_MGMTDEV,
                   "handle=pci/0000:41:00.2 driver=mlx5_core vendor=0x15b3 product=0x101e "
                   "pf=0000:41:00.2 numa-node=1");
    assert_devices(inventory, RH_KIND_VDPA,
                   "name=vdpa0 mgmtdev=pci/0000:41:00.2 driver=mlx5_core "
                   "chardev=/dev/vhost-vdpa-0 bound=vhost_vdpa pf=0000:41:00.2 numa-node=1\n"
                   "name=vdpa1 mgmtdev=pci/0000:41:00.2 driver=mlx5_core bound=virtio_vdpa "
                   "pf=0000:41:00.2 numa-node=1\n"
                   "name=vdpa2 mgmtdev=pci/0000:41:00.2 driver=mlx5_core pf=0000:41:00.2 "
                   "numa-node=1");
    mock_stop();
}

/* The parts of a PCI function have the function's driver, ids and node. */
static void test_vdpa_on_auxiliary(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();

    mock_start();
    mock_pci_add("0000:41:00.0", "mlx5_core", "-1\n");
    mock_pci_add("0000:42:00.0", "pds_core", "0\n");
    mock_auxiliary_add("mlx5_core.sf.4", "mlx5_core.sf", PCI_DIR "/0000:41:00.0");
    mock_auxiliary_add("mlx5_core.sf.5", "mlx5_core.sf", PCI_DIR "/0000:41:00.0");
    mock_auxiliary_add("pds_core.vDPA.1", "pds_vdpa.vDPA", PCI_DIR "/0000:42:00.0");
    mock_auxiliary_add("lone.part.1", "lone.part", "sys/devices/platform");
    netlink_shows_mgmtdev(inventory, "auxiliary/mlx5_core.sf.4");
    netlink_shows_mgmtdev(inventory, "auxiliary/mlx5_core.sf.5");
    netlink_shows_mgmtdev(inventory, "auxiliary/pds_core.vDPA.1");
    netlink_shows_mgmtdev(inventory, "auxiliary/lone.part.1");
    netlink_shows_mgmtdev(inventory, "auxiliary/gone.sf.1");
    describe_vdpa(inventory);
    assert_devices(inventory, RH_KIND_VDPA_MGMTDEV,
                   "handle=auxiliary/gone.sf.1\n"
                   "handle=auxiliary/lone.part.1 driver=lone\n"
                   "handle=auxiliary/mlx5_core.sf.4 driver=mlx5_core vendor=0x15b3 product=0x101e "
                   "pf=0000:41:00.0\n"
                   "handle=auxiliary/mlx5_core.sf.5 driver=mlx5_core vendor=0x15b3 product=0x101e "
                   "pf=0000:41:00.0\n"
                   "handle=auxiliary/pds_core.vDPA.1 driver=pds_core vendor=0x15b3 product=0x101e "
                   "pf=0000:42:00.0 numa-node=0");
    mock_stop();
}

/* As captured on a host with vdpa_sim: the device stands beside its management device. */
static void test_vdpa_simulated(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();

    mock_start();
    mock_vdpa_add("sys/devices", "other0", "vhost_vdpa", 12);
    netlink_shows_mgmtdev(inventory, "vdpasim_net");
    netlink_shows_mgmtdev(inventory, "vduse");
    netlink_shows(inventory, "other0", "vdpasim_net");
    describe_vdpa(inventory);
    assert_devices(inventory, RH_KIND_VDPA_MGMTDEV,
                   "handle=vdpasim_net driver=vdpasim_net\nhandle=vduse driver=vduse");
    assert_devices(inventory, RH_KIND_VDPA,
                   "name=other0 mgmtdev=vdpasim_net driver=vdpasim_net "
                   "chardev=/dev/vhost-vdpa-12 bound=vhost_vdpa");
    mock_stop();
}

static void test_vdpa_vanished(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();

    mock_start();
    mock_vdpa_add("sys/devices", "vdpa1", "vhost_vdpa", 1);
    netlink_shows(inventory, "vdpa0", "vdpasim_net");
    netlink_shows(inventory, "vdpa1", "vdpasim_net");
    netlink_shows(inventory, "vdpa2", "vdpasim_net");
    describe_vdpa(inventory);
    assert_devices(inventory, RH_KIND_VDPA,
                   "name=vdpa1 mgmtdev=vdpasim_net chardev=/dev/vhost-vdpa-1 bound=vhost_vdpa");
    mock_stop();
}

/* Without a vDPA bus in sysfs, its silence about a device means nothing. */
static void test_vdpa_without_bus(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();

    mock_start();
    netlink_shows(inventory, "vdpa0", "vdpasim_net");
    describe_vdpa(inventory);
    assert_devices(inventory, RH_KIND_VDPA, "name=vdpa0 mgmtdev=vdpasim_net");
    mock_stop();
}

/* A name that begins like a node's is not one. */
static void test_vdpa_node_names(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();

    mock_start();
    mock_vdpa_add("sys/devices", "vdpa0", "vhost_vdpa", -1);
    mock_dir("sys/devices/vdpa0/vhost-vdpa-");
    mock_dir("sys/devices/vdpa0/vhost-vdpa-x");
    mock_dir("sys/devices/vdpa0/vhost-vdpa-99999999999");
    netlink_shows(inventory, "vdpa0", NULL);
    describe_vdpa(inventory);
    assert_devices(inventory, RH_KIND_VDPA, "name=vdpa0 bound=vhost_vdpa");
    mock_stop();
}

/* -- mdev -------------------------------------------------------------------------------------- */

static gboolean read_mdevs(const RhPolicy *policy, RhInventory *inventory, GError **error)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);

    return rh_mdev_read(root, policy, inventory, error);
}

/* What is there, with the parameters @listed ("a;b", NULL: none) of the type @type. */
static RhInventory *read_mdevs_well(const char *type, const char *listed)
{
    g_autoptr(RhPolicy) policy = rh_policy_new();
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) error = NULL;

    if (listed)
        rh_policy_mdev(policy, type)->parameters = g_strsplit(listed, ";", -1);
    read_mdevs(policy, inventory, &error);
    g_assert_no_error(error);
    return g_steal_pointer(&inventory);
}

static void test_mdev_mtty(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    mock_start();
    mock_mtty_add();
    mock_mdev_add(MTTY, OTHER_UUID, "mtty-1");
    mock_mdev_add(MTTY, UUID, "mtty-2");
    inventory = read_mdevs_well(NULL, NULL);
    assert_devices(inventory, RH_KIND_MDEV_PARENT, "name=mtty bus=mtty driver=mtty");
    assert_devices(
        inventory, RH_KIND_MDEV_TYPE,
        "name=Single port serial id=mtty-1 parent=mtty device-api=vfio-pci available=20\n"
        "name=Dual port serial id=mtty-2 parent=mtty device-api=vfio-pci available=10");
    assert_devices(inventory, RH_KIND_MDEV,
                   "uuid=" UUID " parent=mtty type=mtty-2\n"
                   "uuid=" OTHER_UUID " parent=mtty type=mtty-1");
    mock_stop();
}

/* A GPU: its driver has a version, and keeps parameters in a directory of its own. */
#define GPU PCI_DIR "/0000:84:00.0"
static void test_mdev_on_pci(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    mock_start();
    mock_pci_add("0000:84:00.0", "nvidia", "1\n");
    mock_mdev_parent_add(GPU, NULL, NULL);
    mock_mdev_type_add(GPU, "nvidia-105", "GRID V100D-1Q\n", "vfio-pci\n", "31\n");
    mock_file("sys/module/nvidia", "version", "535.161.05\n");
    mock_mdev_add(GPU, UUID, "nvidia-105");
    mock_mdev_attribute(GPU, UUID, "nvidia/vgpu_params", "frame_rate_limiter=0\n");
    mock_mdev_attribute(GPU, UUID, "nvidia/empty", "\n");
    mock_mdev_attribute(GPU, UUID, "nvidia/nothing", ""); /* not one byte to read */
    mock_mdev_attribute(GPU, UUID, "migration_version", "535.161.05-V100D\n");
    inventory = read_mdevs_well("nvidia-105", "empty;nothing;missing");
    assert_devices(inventory, RH_KIND_MDEV_PARENT,
                   "name=0000:84:00.0 bus=pci driver=nvidia driver-version=535.161.05 "
                   "vendor=0x15b3 product=0x101e subsystem-vendor=0x15b4 "
                   "subsystem-product=0x0016 revision=0xa1 pf=0000:84:00.0 numa-node=1");
    assert_devices(inventory, RH_KIND_MDEV,
                   "uuid=" UUID " parent=0000:84:00.0 type=nvidia-105 "
                   "migration-version=535.161.05-V100D [empty]= [nothing]= "
                   "[vgpu_params]=frame_rate_limiter=0");
    mock_stop();
}

/* What mdevctl has defined on a parent of this host, whatever else is in its folders; and virtual
 * functions that NVIDIA's driver makes vGPUs of. */
static void test_mdev_offers(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    mock_start();
    mock_pci_add("0000:84:00.0", "nvidia", "1\n");
    mock_mdev_type_add(GPU, "nvidia-105", "GRID V100D-1Q\n", "vfio-pci\n", "31\n");
    mock_link("sys/class/mdev_bus/0000:84:00.0", GPU);
    mock_file("etc/mdevctl.d/0000:84:00.0", UUID,
              "{\n  \"mdev_type\": \"nvidia-105\",\n  \"start\": \"auto\",\n  \"attrs\": []\n}\n");
    mock_file("etc/mdevctl.d/0000:84:00.0", "00000000-0000-4000-8000-000000000001", "{}");
    mock_file("etc/mdevctl.d/0000:84:00.0", "00000000-0000-4000-8000-000000000002",
              "\"mdev_type\": \"\xff\"");
    mock_file("etc/mdevctl.d/0000:84:00.0", "README", "\"mdev_type\": \"x\"");
    mock_file("etc/mdevctl.d/0000:99:00.0", UUID, "{\"mdev_type\": \"nvidia-105\"}");
    mock_file("etc/mdevctl.d/scripts.d/callouts", "one", "");
    mock_pci_add("0000:85:00.4", "nvidia", "1\n");
    mock_file(PCI_DIR "/0000:85:00.4/nvidia", "current_vgpu_type", "0\n");
    inventory = read_mdevs_well(NULL, NULL);
    assert_devices(inventory, RH_KIND_MDEV_DEFINITION,
                   "uuid=00000000-0000-4000-8000-000000000001 parent=0000:84:00.0\n"
                   "uuid=00000000-0000-4000-8000-000000000002 parent=0000:84:00.0 "
                   "type=\357\277\275\n"
                   "uuid=" UUID " parent=0000:84:00.0 type=nvidia-105");
    g_assert_cmpuint(inventory->vgpu_vfs, ==, 1);
    mock_stop();
}

static void test_mdev_matrix(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    const char *matrix = "sys/devices/vfio_ap/matrix";

    mock_start();
    mock_mdev_parent_add(matrix, "sys/bus/matrix", "sys/bus/matrix/drivers/vfio_ap");
    mock_mdev_type_add(matrix, "vfio_ap-passthrough", "VFIO AP Passthrough Device\n", "vfio-ap\n",
                       "65535\n");
    mock_mdev_add(matrix, UUID, "vfio_ap-passthrough");
    mock_mdev_attribute(matrix, UUID, "matrix", "05.0004\n05.00ab\n");
    mock_mdev_attribute(matrix, UUID, "control_domains", "");
    inventory = read_mdevs_well(NULL, NULL);
    assert_devices(inventory, RH_KIND_MDEV_PARENT, "name=matrix bus=matrix driver=vfio_ap");
    assert_devices(inventory, RH_KIND_MDEV,
                   "uuid=" UUID " parent=matrix type=vfio_ap-passthrough "
                   "[control_domains]= [matrix]=05.0004 05.00ab");
    mock_stop();
}

static void mock_card(const char *card, const char *type, const char *hwtype, const char *functions)
{
    g_autofree char *folder = g_strconcat("sys/bus/ap/devices/", card, NULL);

    mock_dir(folder);
    if (type)
        mock_file(folder, "type", type);
    mock_file(folder, "hwtype", hwtype);
    mock_file(folder, "ap_functions", functions);
}

static void assert_cards(const char *matrix, const char *expected)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autofree char *cards = rh_ap_cards(root, matrix);

    g_assert_cmpstr(cards, ==, expected);
}

static void test_ap_cards(void)
{
    mock_start();
    assert_cards("05.0004", NULL); /* there is no AP bus */
    mock_card("card05", "CEX8C\n", "14\n", "0x92000000\n");
    mock_card("card06", NULL, "13\n", "0x86000000\n"); /* no driver that names it */
    mock_card("card0a", NULL, "12\n", "0x8a000000\n");
    mock_card("card07", "", "14\n", "0x82000000\n"); /* of no mode */
    mock_card("card08", NULL, "9\n", "0x92000000\n");
    assert_cards("05.0004 05.00ab", "card05:CEX8C");
    assert_cards("06.0004 0a.0004 05.0004 06.00ab", "card06:CEX7P card0a:CEX6A card05:CEX8C");
    assert_cards("05.0004 3f.0004", "card05:CEX8C card3f:none");
    assert_cards("05.", "card05:CEX8C");
    assert_cards(".0004", NULL);
    assert_cards("", NULL);
    assert_cards("05.0004 07.0004", NULL);
    assert_cards("08.0004", NULL);
    assert_cards("../x.0004", NULL);
    mock_stop();
}

#define SUBCHANNEL "sys/devices/css0/0.0.0313"
static void assert_dev_busid(const char *content, const char *wanted)
{
    g_autoptr(RhInventory) inventory = NULL;
    g_autofree char *parent = g_strdup_printf("name=0.0.0313 bus=css%s driver=vfio_ccw", wanted);

    mock_start();
    mock_mdev_parent_add(SUBCHANNEL, "sys/bus/css", "sys/bus/css/drivers/vfio_ccw");
    mock_file(SUBCHANNEL, "dev_busid", content);
    inventory = read_mdevs_well(NULL, NULL);
    assert_devices(inventory, RH_KIND_MDEV_PARENT, parent);
    mock_stop();
}

static void test_mdev_dev_busid(void)
{
    assert_dev_busid("0.0.2b09\n", " dev-busid=0.0.2b09");
    assert_dev_busid("none\n", ""); /* no device is behind it */
    assert_dev_busid("", "");
}

/* A module's directory has no dashes in its name. */
static void test_mdev_driver_version(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    mock_start();
    mock_mdev_parent_add("sys/devices/css0/0.0.0313", "sys/bus/css", "sys/bus/css/drivers/vfio-x");
    mock_file("sys/module/vfio_x", "version", "2.1\n");
    inventory = read_mdevs_well(NULL, NULL);
    assert_devices(inventory, RH_KIND_MDEV_PARENT,
                   "name=0.0.0313 bus=css driver=vfio-x driver-version=2.1");
    mock_stop();
}

/* Another kind's `matrix` is not read unless it is listed. */
static void test_mdev_listed_only(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    mock_start();
    mock_mtty_add();
    mock_mdev_add(MTTY, UUID, "mtty-1");
    mock_mdev_attribute(MTTY, UUID, "matrix", "1\n");
    mock_mdev_attribute(MTTY, UUID, "vendor/sample", "yes\n");
    mock_mdev_attribute(MTTY, UUID, "own", "direct\n");
    mock_mdev_attribute(MTTY, UUID, "mtty/own", "grouped\n");
    inventory = read_mdevs_well("mtty-1", "vendor/sample;own");
    assert_devices(inventory, RH_KIND_MDEV,
                   "uuid=" UUID " parent=mtty type=mtty-1 [own]=direct [vendor/sample]=yes");
    g_clear_pointer(&inventory, rh_inventory_free);
    inventory = read_mdevs_well("mtty-2", "own");
    assert_devices(inventory, RH_KIND_MDEV, "uuid=" UUID " parent=mtty type=mtty-1");
    mock_stop();
}

static void test_mdev_attribute_elsewhere(void)
{
    static const char *const names[] = {"../../../../secret", "/etc/shadow", "a/../b", ""};

    mock_start();
    mock_mtty_add();
    mock_mdev_add(MTTY, UUID, "mtty-1");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(RhPolicy) policy = rh_policy_new();
        g_autoptr(RhInventory) inventory = rh_inventory_new();
        g_autoptr(GError) error = NULL;
        const char *const parameters[] = {names[i], NULL};

        rh_policy_mdev(policy, "mtty-1")->parameters = g_strdupv((GStrv)parameters);
        g_assert_false(read_mdevs(policy, inventory, &error));
        g_assert_error(error, RH_ERROR, RH_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, "[mdev mtty-1]"));
    }
    mock_stop();
}

/* A driver that does not tell leaves an unknown, and nothing else is touched by it. */
static void test_mdev_silent_driver(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    mock_start();
    mock_mdev_parent_add(MTTY, "sys/class/mtty", NULL);
    mock_mdev_type_add(MTTY, "mtty-1", NULL, NULL, "none of your business\n");
    mock_dir(MTTY "/mdev_supported_types/mtty-1/device_api"); /* reading fails: EISDIR */
    mock_mdev_add(MTTY, UUID, "mtty-1");
    mock_dir(MTTY "/" UUID "/migration_version");
    mock_dir(MTTY "/" UUID "/listed");
    inventory = read_mdevs_well("mtty-1", "listed");
    assert_devices(inventory, RH_KIND_MDEV_TYPE, "id=mtty-1 parent=mtty");
    assert_devices(inventory, RH_KIND_MDEV, "uuid=" UUID " parent=mtty type=mtty-1");
    mock_stop();
}

/* The kernel announces a device before it links it to its type. */
typedef struct {
    const char *path;
    const char *target;
} LateLink;

static gpointer make_link_late(gpointer data)
{
    const LateLink *late = data;

    g_usleep(25 * 1000);
    g_assert_cmpint(symlink(late->target, late->path), ==, 0);
    return NULL;
}

static void test_mdev_type_comes_late(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    g_autofree char *path = NULL;
    LateLink late = {NULL, "../mdev_supported_types/mtty-1"};
    GThread *thread;

    mock_start();
    mock_mtty_add();
    mock_mdev_add(MTTY, UUID, NULL);
    path = g_build_filename(tree, MTTY "/" UUID "/mdev_type", NULL);
    late.path = path;
    thread = g_thread_new("late", make_link_late, &late);
    inventory = read_mdevs_well(NULL, NULL);
    g_thread_join(thread);
    assert_devices(inventory, RH_KIND_MDEV, "uuid=" UUID " parent=mtty type=mtty-1");
    mock_stop();
}

/* However many never get a type, one wait of a tenth of a second is all. */
static void test_mdev_type_never_comes(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    gint64 start;

    mock_start();
    mock_mtty_add();
    for (guint i = 0; i < 50; i++) {
        g_autofree char *uuid = g_strdup_printf("aaaaaaaa-0000-4000-8000-0000000000%02u", i);

        mock_mdev_add(MTTY, uuid, NULL);
    }
    mock_mdev_add(MTTY, UUID, "mtty-1");
    start = g_get_monotonic_time();
    inventory = read_mdevs_well(NULL, NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 3 * G_USEC_PER_SEC);
    assert_devices(inventory, RH_KIND_MDEV, "uuid=" UUID " parent=mtty type=mtty-1");
    mock_stop();
}

/* Links that lead nowhere are devices that are being removed. */
static void test_mdev_vanished(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    mock_start();
    mock_mtty_add();
    mock_link("sys/bus/mdev/devices/" UUID, MTTY "/" UUID);
    mock_link("sys/class/mdev_bus/gone", "sys/devices/gone");
    inventory = read_mdevs_well(NULL, NULL);
    assert_devices(inventory, RH_KIND_MDEV, "");
    assert_devices(inventory, RH_KIND_MDEV_PARENT, "name=mtty bus=mtty driver=mtty");
    mock_stop();
}

static gboolean accepts(RhHost *host, const char *uuid, const char *version)
{
    g_autoptr(RhDevice) mdev = rh_device_new(RH_KIND_MDEV);
    g_autoptr(RhQuestions) questions = rh_questions_new();

    rh_device_set_text(mdev, RH_ATTR_UUID, uuid);
    g_assert_false(rh_questions_accepted(NULL, mdev, version));
    g_assert_false(rh_host_answer(NULL, questions));
    if (rh_questions_accepted(questions, mdev, version))
        return TRUE; /* before anybody was asked */
    g_assert_true(rh_host_answer(host, questions));
    g_assert_false(rh_host_answer(host, questions));
    return rh_questions_accepted(questions, mdev, version);
}

static void test_mdev_accepts(void)
{
    g_autoptr(RhHost) host = NULL;
    g_autofree char *written = NULL;
    g_autofree char *untouched = NULL;

    mock_start();
    mock_mtty_add();
    mock_mdev_add(MTTY, UUID, "mtty-1");
    mock_mdev_add(MTTY, OTHER_UUID, "mtty-1");
    mock_mdev_attribute(MTTY, UUID, "migration_version", "");
    mock_file("sys/bus/mdev", "migration_version", "untouched");
    host = rh_host_new(tree, NULL);
    g_assert_true(accepts(host, UUID, "v1.2"));
    written = mock_content(MTTY "/" UUID "/migration_version");
    g_assert_cmpstr(written, ==, "v1.2");
    g_assert_false(accepts(host, UUID, ""));
    g_assert_false(accepts(host, OTHER_UUID, "v1.2"));
    g_assert_false(accepts(host, "..", "v1.2"));
    g_assert_false(accepts(host, "", "v1.2"));
    untouched = mock_content("sys/bus/mdev/migration_version");
    g_assert_cmpstr(untouched, ==, "untouched");
    mock_stop();
}

/* -- the host ---------------------------------------------------------------------------------- */

static void test_host_gather(void)
{
    g_autoptr(RhHost) host = NULL;
    g_autoptr(RhPolicy) policy = rh_policy_new();
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(GError) error = NULL;

    mock_start();
    mock_file("proc/sys/kernel", "hostname", "dsthost\n");
    mock_file("proc/sys/kernel", "osrelease", "6.12.107\n");
    mock_mtty_add();
    mock_mdev_add(MTTY, UUID, "mtty-1");
    rh_policy_pool(policy, "serial")->globs[RH_POOL_MDEV_PARENT] = g_strsplit("mtt*", ";", -1);
    host = rh_host_new(tree, &error);
    g_assert_no_error(error);
    inventory = rh_host_gather(host, RH_GATHER_ALL, policy, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(inventory->name, ==, "dsthost");
    g_assert_cmpstr(inventory->kernel, ==, "6.12.107");
    assert_devices(inventory, RH_KIND_VDPA, "");
    assert_devices(inventory, RH_KIND_MDEV,
                   "uuid=" UUID " parent=mtty type=mtty-1 type-name=Single port serial "
                   "device-api=vfio-pci bus=mtty driver=mtty pool=serial");
    mock_stop();
}

static void test_host_gather_part(void)
{
    g_autoptr(RhHost) host = NULL;
    g_autoptr(RhPolicy) policy = rh_policy_new();
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(GError) error = NULL;

    mock_start();
    mock_file("proc/sys/kernel", "hostname", "\n");
    mock_mtty_add();
    mock_mdev_add(MTTY, UUID, "mtty-1");
    host = rh_host_new(tree, NULL);
    inventory = rh_host_gather(host, RH_KIND_BIT(RH_KIND_VDPA), policy, &error);
    g_assert_no_error(error);
    g_assert_null(inventory->name);
    g_assert_null(inventory->kernel);
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        g_assert_cmpuint(inventory->devices[kind]->len, ==, 0);
    mock_stop();
}

/* A site's own link is the node that its device number says; the node's own name needs no look. */
static void test_host_resolve(void)
{
    g_autoptr(RhHost) host = NULL;
    g_autofree char *node = NULL;
    g_autofree char *linked = NULL;

    mock_start();
    node = g_build_filename(tree, "dev/vdpa/raw", NULL);
    mock_dir("dev/vdpa");
    if (mknod(node, S_IFCHR | 0600, makedev(245, 3)) < 0) {
        g_test_skip("device nodes cannot be made here");
        mock_stop();
        return;
    }
    mock_dir("sys/devices/vdpa0/vhost-vdpa-7");
    mock_link("sys/dev/char/245:3", "sys/devices/vdpa0/vhost-vdpa-7");
    mock_link("dev/vdpa/tenant-a", "dev/vdpa/raw");
    mock_file("dev/vdpa", "no-node", "\n");
    host = rh_host_new(tree, NULL);
    linked = rh_host_resolve(host, RH_KIND_VDPA, "/dev/vdpa/tenant-a");
    g_assert_cmpstr(linked, ==, "/dev/vhost-vdpa-7");
    g_assert_null(rh_host_resolve(host, RH_KIND_VDPA, "/dev/vhost-vdpa-7"));
    g_assert_null(rh_host_resolve(host, RH_KIND_VDPA, "/dev/vdpa/no-node"));
    g_assert_null(rh_host_resolve(host, RH_KIND_VDPA, "/dev/vdpa/missing"));
    g_assert_null(rh_host_resolve(host, RH_KIND_VDPA, "/dev/vdpa/../vdpa/raw"));
    g_assert_null(rh_host_resolve(host, RH_KIND_VDPA, "/srv/raw"));
    mock_stop();
}

static void mock_raw_link(const char *path, const char *target)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);

    make_parent(path);
    g_assert_cmpint(symlink(target, full), ==, 0);
}

/* What leads out of /dev, by the descriptors of some process or otherwise, is not looked at: it may
 * hang. */
static void test_node_look(void)
{
    static const struct {
        const char *path;
        RhNodeState state;
    } cases[] = {{"/dev/vdpa/raw", RH_NODE_THERE},          {"/dev/vdpa/beside", RH_NODE_THERE},
                 {"/dev/vdpa/absolute", RH_NODE_THERE},     {"/dev/vdpa/two", RH_NODE_THERE},
                 {"/dev/vdpa/around", RH_NODE_THERE},       {"/dev//vdpa/./raw", RH_NODE_THERE},
                 {"/dev/folder/raw", RH_NODE_THERE},        {"/dev/vdpa/none", RH_NODE_MISSING},
                 {"/dev/vdpa/dangling", RH_NODE_MISSING},   {"/dev/vdpa/raw/x", RH_NODE_MISSING},
                 {"/dev/fd/3/etc/file", RH_NODE_ELSEWHERE}, {"/dev/out/file", RH_NODE_ELSEWHERE},
                 {"/dev/vdpa/up", RH_NODE_ELSEWHERE},       {"/dev/vdpa/loop", RH_NODE_ELSEWHERE},
                 {"/dev/../etc/file", RH_NODE_ELSEWHERE},   {"/dev/vdpa/..", RH_NODE_ELSEWHERE},
                 {"/dev/out/none", RH_NODE_ELSEWHERE},      {"/etc/file", RH_NODE_ELSEWHERE}};
    g_autoptr(RhDir) root = NULL;

    mock_start();
    mock_file("etc", "file", "\n");
    mock_file("dev/vdpa", "raw", "\n");
    mock_raw_link("dev/vdpa/beside", "raw");
    mock_raw_link("dev/vdpa/absolute", "/dev/vdpa/raw");
    mock_raw_link("dev/vdpa/two", "../vdpa/beside");
    mock_raw_link("dev/vdpa/around", "../../dev/vdpa/raw");
    mock_raw_link("dev/folder", "vdpa");
    mock_raw_link("dev/vdpa/dangling", "gone");
    mock_raw_link("dev/vdpa/loop", "loop");
    mock_raw_link("dev/vdpa/up", "../../etc/file");
    mock_raw_link("dev/out", "/etc");
    mock_raw_link("dev/fd", "/proc/self/fd");
    root = rh_dir_open(tree, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(rh_node_look(root, cases[i].path, NULL), ==, cases[i].state);
    mock_stop();
}

/* The number alone says nothing: it is reused. */
static void test_host_is_node_of(void)
{
    g_autoptr(RhHost) host = NULL;

    mock_start();
    mock_vdpa_add("sys/devices", "vdpa0", "vhost_vdpa", 3);
    host = rh_host_new(tree, NULL);
    g_assert_true(rh_host_is_key_of(host, RH_KIND_VDPA, "vdpa0", "/dev/vhost-vdpa-3"));
    g_assert_false(rh_host_is_key_of(host, RH_KIND_VDPA, "vdpa0", "/dev/vhost-vdpa-4"));
    g_assert_false(rh_host_is_key_of(host, RH_KIND_VDPA, "vdpa1", "/dev/vhost-vdpa-3"));
    mock_stop();
}

static void assert_device_at(RhHost *host, RhKind kind, const char *key, const char *expected)
{
    g_autoptr(RhDevice) device = rh_host_device_at(host, kind, key);
    g_autofree char *found = device ? describe(device) : NULL;

    g_assert_cmpstr(found, ==, expected);
}

/* The node's number decides, whatever it is called; without a node its name in sysfs. */
static void test_host_device_at(void)
{
    g_autoptr(RhHost) host = NULL;
    g_autofree char *node = NULL;

    mock_start();
    mock_vdpa_add("sys/devices/pci0000:40", "vdpa0", "vhost_vdpa", 3);
    mock_vdpa_add("sys/devices/pci0000:40", "vdpa1", "vhost_vdpa", 4);
    host = rh_host_new(tree, NULL);
    assert_device_at(host, RH_KIND_VDPA, "/dev/vhost-vdpa-3",
                     "name=vdpa0 chardev=/dev/vhost-vdpa-3");
    assert_device_at(host, RH_KIND_VDPA, "/dev/vhost-vdpa-7", NULL);
    assert_device_at(host, RH_KIND_VDPA, "/dev/driver_override", NULL);
    assert_device_at(host, RH_KIND_VDPA, "/dev/vdpa/../vhost-vdpa-3", NULL);
    assert_device_at(host, RH_KIND_VDPA, "/srv/vhost-vdpa-3", NULL);
    assert_device_at(host, RH_KIND_VDPA, "", NULL);

    node = g_build_filename(tree, "dev/vhost-vdpa-3", NULL);
    mock_dir("dev");
    mock_link("dev/tenant-a", "dev/vhost-vdpa-3");
    mock_link("sys/dev/char/245:1", "sys/devices/pci0000:40/vdpa1/vhost-vdpa-4");
    mock_link("sys/dev/char/1:3", "sys/devices/virtual/mem/null");
    if (mknod(node, S_IFCHR | 0600, makedev(245, 1)) < 0) {
        g_test_message("device nodes cannot be made here");
    } else {
        assert_device_at(host, RH_KIND_VDPA, "/dev/vhost-vdpa-3",
                         "name=vdpa1 chardev=/dev/vhost-vdpa-3");
        assert_device_at(host, RH_KIND_VDPA, "/dev/tenant-a", "name=vdpa1 chardev=/dev/tenant-a");
        g_assert_cmpint(g_remove(node), ==, 0);
        g_assert_cmpint(mknod(node, S_IFCHR | 0600, makedev(1, 3)), ==, 0);
        assert_device_at(host, RH_KIND_VDPA, "/dev/vhost-vdpa-3", NULL);
    }
    mock_stop();
}

static void test_host_mdev_at(void)
{
    g_autoptr(RhHost) host = NULL;
    g_autofree char *capitals = g_ascii_strup(UUID, -1);

    mock_start();
    mock_mtty_add();
    mock_mdev_add(MTTY, UUID, "mtty-2");
    mock_mdev_add(MTTY, OTHER_UUID, NULL);
    host = rh_host_new(tree, NULL);
    assert_device_at(host, RH_KIND_MDEV, capitals,
                     "uuid=" UUID " type=mtty-2 type-name=Dual port serial device-api=vfio-pci");
    assert_device_at(host, RH_KIND_MDEV, OTHER_UUID, NULL);
    mock_file(MTTY, "dev_busid", "0.0.2b09\n");
    assert_device_at(host, RH_KIND_MDEV, UUID,
                     "uuid=" UUID " type=mtty-2 type-name=Dual port serial device-api=vfio-pci "
                     "dev-busid=0.0.2b09");
    assert_device_at(host, RH_KIND_MDEV, "../../mdev", NULL);
    mock_stop();
}

static void test_host_without_root(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rh_host_new("/nonexistent/root", &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/nearest", test_pci_nearest);
    g_test_add_func("/pci/describe", test_pci_describe);
    g_test_add_func("/pci/port", test_pci_port);
    g_test_add_func("/hypervisor/here", test_hypervisor_here);
    g_test_add_func("/hypervisor/of-guest", test_hypervisor_of_guest);
    g_test_add_func("/vdpa/on-pci", test_vdpa_on_pci);
    g_test_add_func("/vdpa/on-auxiliary", test_vdpa_on_auxiliary);
    g_test_add_func("/vdpa/simulated", test_vdpa_simulated);
    g_test_add_func("/vdpa/vanished", test_vdpa_vanished);
    g_test_add_func("/vdpa/without-bus", test_vdpa_without_bus);
    g_test_add_func("/vdpa/node-names", test_vdpa_node_names);
    g_test_add_func("/mdev/mtty", test_mdev_mtty);
    g_test_add_func("/mdev/on-pci", test_mdev_on_pci);
    g_test_add_func("/mdev/offers", test_mdev_offers);
    g_test_add_func("/mdev/matrix", test_mdev_matrix);
    g_test_add_func("/mdev/ap-cards", test_ap_cards);
    g_test_add_func("/mdev/dev-busid", test_mdev_dev_busid);
    g_test_add_func("/mdev/driver-version", test_mdev_driver_version);
    g_test_add_func("/mdev/listed-only", test_mdev_listed_only);
    g_test_add_func("/mdev/attribute-elsewhere", test_mdev_attribute_elsewhere);
    g_test_add_func("/mdev/silent-driver", test_mdev_silent_driver);
    g_test_add_func("/mdev/type-comes-late", test_mdev_type_comes_late);
    g_test_add_func("/mdev/type-never-comes", test_mdev_type_never_comes);
    g_test_add_func("/mdev/vanished", test_mdev_vanished);
    g_test_add_func("/mdev/accepts", test_mdev_accepts);
    g_test_add_func("/host/gather", test_host_gather);
    g_test_add_func("/host/gather-part", test_host_gather_part);
    g_test_add_func("/host/resolve", test_host_resolve);
    g_test_add_func("/node/look", test_node_look);
    g_test_add_func("/host/is-node-of", test_host_is_node_of);
    g_test_add_func("/host/device-at", test_host_device_at);
    g_test_add_func("/host/mdev-at", test_host_mdev_at);
    g_test_add_func("/host/without-root", test_host_without_root);
    return g_test_run();
}

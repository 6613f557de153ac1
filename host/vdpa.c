/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vdpa.h"

#include "host/kind.h"
#include "host/node.h"
#include "host/pci.h"
#include "host/vdpa-netlink.h"
#include "util/error.h"
#include "util/text.h"

#include <errno.h>
#include <string.h>

#define VDPA_BUS "sys/bus/vdpa"
#define DEVICES VDPA_BUS "/devices"

/* linux/drivers/vhost/vdpa.c: the driver whose devices have a node, and the node's name. */
#define NODE_DRIVER "vhost_vdpa"
#define NODE_PREFIX "vhost-vdpa-"

gboolean rh_vdpa_present(RhDir *root)
{
    return rh_dir_exists(root, VDPA_BUS);
}

/*
 * The driver of the device at @path. On the auxiliary bus that is the driver of a function's part
 * ("mlx5_core.sf", "pds_vdpa.vDPA"), so there the one of the PCI function @address counts.
 */
static char *hardware_driver(RhDir *root, const char *bus, const char *path, const char *address)
{
    gboolean is_part = g_str_equal(bus, "auxiliary");
    g_autofree char *whole =
        is_part && address ? g_strdup_printf("sys/bus/pci/devices/%s/driver", address) : NULL;
    g_autofree char *own = g_strdup_printf("%s/driver", path);
    char *driver = whole ? rh_dir_link_name(root, whole) : NULL;

    if (!driver)
        driver = rh_dir_link_name(root, own);
    if (driver && is_part)
        driver[strcspn(driver, ".")] = '\0';
    return driver;
}

/* The PCI facts of @mgmtdev, read once for all the parts of one function: @by_address has the first
 * management device of each. */
static gboolean describe_function(RhDir *root, const char *address, GHashTable *by_address,
                                  RhDevice *mgmtdev, GError **error)
{
    static const RhAttr shared[] = {RH_ATTR_VENDOR, RH_ATTR_PRODUCT, RH_ATTR_NUMA_NODE, RH_ATTR_PF,
                                    RH_ATTR_PF_NETDEV};
    const RhDevice *first = g_hash_table_lookup(by_address, address);

    for (guint i = 0; first && i < G_N_ELEMENTS(shared); i++)
        rh_device_take(mgmtdev, shared[i], first);
    if (first)
        return TRUE;
    g_hash_table_insert(by_address, g_strdup(address), mgmtdev);
    return rh_pci_describe(root, address, mgmtdev, error) &&
           rh_pci_find_port(root, address, mgmtdev, error);
}

static gboolean describe_mgmtdev(RhDir *root, GHashTable *by_address, RhDevice *mgmtdev,
                                 GError **error)
{
    const char *handle = rh_device_text(mgmtdev, RH_ATTR_HANDLE);
    g_auto(GStrv) parts = g_strsplit(handle, "/", 2); /* bus and name */
    g_autofree char *path = NULL;
    g_autofree char *link = NULL;
    g_autofree char *address = NULL;
    g_autofree char *driver = NULL;

    if (!parts[1]) { /* on no bus: a simulator or VDUSE, called like its driver */
        rh_device_set_text(mgmtdev, RH_ATTR_DRIVER, handle);
        return TRUE;
    }
    path = g_strdup_printf("sys/bus/%s/devices/%s", parts[0], parts[1]);
    link = rh_dir_link(root, path);
    address = link ? rh_pci_nearest(link) : NULL;
    driver = hardware_driver(root, parts[0], path, address);
    rh_device_set_text(mgmtdev, RH_ATTR_DRIVER, driver);
    return !address || describe_function(root, address, by_address, mgmtdev, error);
}

/* The node of the device at @path, which is called like a directory in it; NULL: none. */
static gboolean find_node(RhDir *root, const char *path, char **ret_node, GError **error)
{
    g_autoptr(GPtrArray) names = rh_dir_list(root, path, error);

    *ret_node = NULL;
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        guint64 minor;

        if (g_str_has_prefix(name, NODE_PREFIX) &&
            rh_parse_number(name + strlen(NODE_PREFIX), G_MAXUINT32, &minor)) {
            *ret_node = g_strdup_printf("/dev/%s", name);
            return TRUE;
        }
    }
    return names != NULL;
}

/* *@ret_here: sysfs has the device. */
static gboolean describe_device(RhDir *root, RhDevice *device, gboolean *ret_here, GError **error)
{
    g_autofree char *path =
        g_strdup_printf(VDPA_BUS "/devices/%s", rh_device_text(device, RH_ATTR_NAME));
    g_autofree char *driver_path = g_strdup_printf("%s/driver", path);
    g_autofree char *bound = rh_dir_link_name(root, driver_path);
    g_autofree char *node = NULL;

    if (g_strcmp0(bound, NODE_DRIVER) == 0 && !find_node(root, path, &node, error))
        return FALSE;
    rh_device_set_text(device, RH_ATTR_BOUND, bound);
    rh_device_set_text(device, RH_ATTR_CHARDEV, node);
    *ret_here = bound || rh_dir_exists(root, path);
    return TRUE;
}

/*
 * A device has its hardware facts from its management device: both are the same function
 * (simulators and VDUSE have no hardware, and their devices stand beside the management device).
 */
static void take_hardware(GHashTable *mgmtdevs, RhDevice *device)
{
    const char *handle = rh_device_text(device, RH_ATTR_MGMTDEV);
    const RhDevice *mgmtdev = handle ? g_hash_table_lookup(mgmtdevs, handle) : NULL;

    if (!mgmtdev)
        return;
    rh_device_take(device, RH_ATTR_DRIVER, mgmtdev);
    rh_device_take(device, RH_ATTR_NUMA_NODE, mgmtdev);
    rh_device_take(device, RH_ATTR_PF, mgmtdev);
    rh_device_take(device, RH_ATTR_PF_NETDEV, mgmtdev);
}

static gboolean describe_mgmtdevs(RhDir *root, GPtrArray *mgmtdevs, GError **error)
{
    g_autoptr(GHashTable) by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < mgmtdevs->len; i++)
        if (!describe_mgmtdev(root, by_address, g_ptr_array_index(mgmtdevs, i), error))
            return FALSE;
    return TRUE;
}

static GHashTable *index_by_name(GPtrArray *devices)
{
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < devices->len; i++) {
        RhDevice *device = g_ptr_array_index(devices, i);

        g_hash_table_insert(by_name, (gpointer)rh_device_name(device), device);
    }
    return by_name;
}

gboolean rh_vdpa_describe(RhDir *root, RhInventory *inventory, GError **error)
{
    GPtrArray *mgmtdevs = inventory->devices[RH_KIND_VDPA_MGMTDEV];
    GPtrArray *devices = inventory->devices[RH_KIND_VDPA];
    gboolean present = rh_vdpa_present(root);
    g_autoptr(GHashTable) by_handle = index_by_name(mgmtdevs);

    if (!describe_mgmtdevs(root, mgmtdevs, error))
        return FALSE;
    /* From the end, so that taking one out (its place goes to the last) skips none. */
    for (guint i = devices->len; i-- > 0;) {
        RhDevice *device = g_ptr_array_index(devices, i);
        gboolean here = FALSE;

        if (!describe_device(root, device, &here, error))
            return FALSE;
        take_hardware(by_handle, device);
        if (present && !here)
            g_ptr_array_remove_index_fast(devices, i);
    }
    return TRUE;
}

/* The device that has the node at @link, "../../devices/…/vdpa0/vhost-vdpa-3": a node is in the
 * folder of its device. NULL: it is of no vDPA device. */
static char *device_of_node(const char *link)
{
    g_autofree char *node = g_path_get_basename(link);
    g_autofree char *folder = g_path_get_dirname(link);

    return g_str_has_prefix(node, NODE_PREFIX) ? g_path_get_basename(folder) : NULL;
}

static char *name_by_number(RhDir *root, guint major, guint minor)
{
    g_autofree char *path = g_strdup_printf("sys/dev/char/%u:%u", major, minor);
    g_autofree char *link = rh_dir_link(root, path);

    return link ? device_of_node(link) : NULL;
}

static char *name_by_node(RhDir *root, const char *node)
{
    g_autoptr(GPtrArray) names = rh_dir_list(root, VDPA_BUS "/devices", NULL);

    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_strdup_printf(VDPA_BUS "/devices/%s/%s", name, node);

        if (rh_dir_exists(root, path))
            return g_strdup(name);
    }
    return NULL;
}

char *rh_vdpa_name_at(RhDir *root, const char *key)
{
    const char *node;
    guint major;
    guint minor;

    if (!g_str_has_prefix(key, "/dev/"))
        return NULL;
    node = key + strlen("/dev/");
    if (rh_node_number(root, key, &major, &minor))
        return name_by_number(root, major, minor);
    return g_str_has_prefix(node, NODE_PREFIX) && !strchr(node, '/') ? name_by_node(root, node)
                                                                     : NULL;
}

static gboolean gather(RhDir *root, const RhPolicy *policy G_GNUC_UNUSED, RhInventory *inventory,
                       GError **error)
{
    g_autoptr(NlSock) sock = NULL;

    /* Without the bus there is nobody to ask, and no need to be allowed to. */
    if (rh_dir_lacks(root, VDPA_BUS))
        return TRUE;
    if (!rh_vdpa_present(root))
        return rh_raise_errno(error, RH_ERROR_HOST, EACCES,
                              "cannot look at '/" VDPA_BUS "' for vDPA devices");
    sock = rh_genl_open(error);
    return sock && rh_vdpa_read(sock, inventory, error) && rh_vdpa_describe(root, inventory, error);
}

/* A node is looked for, never opened, and only below /dev; what leads elsewhere counts as there. */
static gboolean has(RhDir *root, const char *key)
{
    return rh_node_look(root, key, NULL) != RH_NODE_MISSING;
}

static void add_numbers(RhDir *root, const RhDevice *device, GArray *numbers)
{
    const char *key = rh_device_key(device);
    const char *name = rh_device_name(device);
    g_autofree char *node = g_path_get_basename(key);
    g_autofree char *file = g_strdup_printf("%s/%s/%s/dev", DEVICES, name ? name : "", node);

    rh_node_add_number(root, file, key, numbers);
}

/* What a site's own link or node below /dev (/dev/vdpa/tenant-a) is here. */
static char *resolve(RhDir *root, const char *source)
{
    g_autofree char *link = NULL;
    g_autofree char *target = NULL;
    guint major;
    guint minor;

    if (g_str_has_prefix(source, "/dev/vhost-vdpa-") ||
        !rh_node_number(root, source, &major, &minor))
        return NULL;
    link = g_strdup_printf("sys/dev/char/%u:%u", major, minor);
    target = rh_dir_link_name(root, link);
    return target && g_str_has_prefix(target, "vhost-vdpa-") ? g_strconcat("/dev/", target, NULL)
                                                             : NULL;
}

static RhDevice *device_at(RhDir *root, const char *key)
{
    g_autofree char *name = rh_vdpa_name_at(root, key);
    RhDevice *device;

    if (!name)
        return NULL;
    device = rh_device_new(RH_KIND_VDPA);
    rh_device_set_text(device, RH_ATTR_NAME, name);
    rh_device_set_text(device, RH_ATTR_CHARDEV, key);
    return device;
}

/* A node's number alone is reused. */
static gboolean is_key_of(RhDir *root, const char *name, const char *key)
{
    g_autofree char *node = g_path_get_basename(key);
    g_autofree char *path = g_strdup_printf("%s/%s/%s", DEVICES, name, node);

    return !strchr(name, '/') && rh_dir_exists(root, path);
}

/* Nothing is opened: that resets the device. */
const RhHostKind rh_host_vdpa = {.gather = gather,
                                 .has = has,
                                 .add_numbers = add_numbers,
                                 .resolve = resolve,
                                 .at = device_at,
                                 .is_key_of = is_key_of};

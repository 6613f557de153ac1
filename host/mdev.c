/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/mdev.h"

#include "host/ap.h"
#include "host/kind.h"
#include "host/pci.h"
#include "host/vfio.h"
#include "util/error.h"
#include "util/text.h"

#include <string.h>

#define PARENTS "sys/class/mdev_bus"
#define DEVICES "sys/bus/mdev/devices"
#define DEFINITIONS "etc/mdevctl.d" /* mdevctl(8), FILES */
#define FUNCTIONS "sys/bus/pci/devices"

/* vfio_ap's control domains, domains and adapters (linux/Documentation/arch/s390/vfio-ap.rst). */
#define AP_API "vfio-ap"
#define AP_MATRIX "matrix"
#define AP_CONTROL_DOMAINS "control_domains"

/* What NVIDIA's driver gives a vGPU beside its type (NVIDIA, Virtual GPU Software User Guide). */
#define NVIDIA_DRIVER "nvidia"
#define NVIDIA_PARAMETER "vgpu_params"

#define VERSION_FILE "migration_version"

/* The kernel links a device to its type after it has announced it. */
#define PATIENCE 10u
#define PATIENCE_USEC (10u * 1000)

typedef struct {
    RhDir *root;
    const RhPolicy *policy;
    RhInventory *inventory;
    GHashTable *known; /* parents by name and types by "PARENT/TYPE"; owns the names */
    guint patience;    /* times to wait that are left, for all devices together */
} Reader;

/*
 * What the file @path says, its lines joined by blanks as a document would; NULL where it says
 * nothing. These files are answered by vendors' drivers, and an error is one of their ways to say
 * that they have nothing to tell.
 */
static char *read_told(RhDir *root, const char *path)
{
    g_autoptr(GError) ignored = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!rh_dir_read(root, path, &text, &ignored) || !text)
        return NULL;
    lines = g_strsplit_set(text, "\r\n", -1);
    return g_strjoinv(" ", lines);
}

static void set_told(RhDevice *device, RhAttr attr, RhDir *root, const char *dir, const char *file)
{
    g_autofree char *path = g_strdup_printf("%s/%s", dir, file);
    g_autofree char *text = read_told(root, path);

    rh_device_set_text(device, attr, text);
}

/* -- types ------------------------------------------------------------------------------------- */

static void read_type(Reader *reader, const char *dir, const char *parent, const char *id)
{
    RhDevice *type = rh_device_new(RH_KIND_MDEV_TYPE);
    g_autofree char *path = g_strdup_printf("%s/%s", dir, id);
    g_autofree char *available_path = g_strdup_printf("%s/available_instances", path);
    g_autofree char *available = read_told(reader->root, available_path);
    guint64 number;

    rh_device_set_text(type, RH_ATTR_PARENT, parent);
    rh_device_set_text(type, RH_ATTR_ID, id);
    set_told(type, RH_ATTR_NAME, reader->root, path, "name");
    set_told(type, RH_ATTR_DEVICE_API, reader->root, path, "device_api");
    if (available && rh_parse_number(available, G_MAXUINT32, &number))
        rh_device_set_number(type, RH_ATTR_AVAILABLE, number);
    g_hash_table_insert(reader->known, g_strdup_printf("%s/%s", parent, id), type);
    rh_inventory_add(reader->inventory, type);
}

/* -- definitions ------------------------------------------------------------------------------- */

/* The type in mdevctl's definition @text, JSON with "mdev_type": "nvidia-47"; NULL: none is found.
 * It only serves advice, and is no reason for a parser of JSON in the hook. */
static char *type_in(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new("\"mdev_type\"\\s*:\\s*\"([^\"\\\\]+)\"", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    return g_regex_match(regex, text, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

/* What mdevctl could start on @parent: it has a file for each, called by the uuid. That these
 * cannot be read is no trouble. */
static void read_definitions(Reader *reader, const char *parent)
{
    g_autofree char *folder = g_strdup_printf(DEFINITIONS "/%s", parent);
    g_autoptr(GPtrArray) names = rh_dir_list(reader->root, folder, NULL);

    for (guint i = 0; names && i < names->len; i++) {
        const char *uuid = g_ptr_array_index(names, i);
        g_autofree char *path = g_strdup_printf("%s/%s", folder, uuid);
        g_autofree char *text = g_uuid_string_is_valid(uuid) ? read_told(reader->root, path) : NULL;
        g_autofree char *type = text ? type_in(text) : NULL;
        RhDevice *definition;

        if (!text)
            continue;
        definition = rh_device_new(RH_KIND_MDEV_DEFINITION);
        rh_device_set_text(definition, RH_ATTR_UUID, uuid);
        rh_device_set_text(definition, RH_ATTR_PARENT, parent);
        rh_device_set_text(definition, RH_ATTR_TYPE, type);
        rh_inventory_add(reader->inventory, definition);
    }
}

/* -- parents ----------------------------------------------------------------------------------- */

/* A parent without a driver (mtty) has types that are called after its module: "mtty-1". */
static char *parent_driver(RhDir *root, const char *path, GPtrArray *types)
{
    g_autofree char *link = g_strdup_printf("%s/driver", path);
    char *driver = rh_dir_link_name(root, link);
    const char *type = types->len > 0 ? g_ptr_array_index(types, 0) : "";
    const char *dash = strchr(type, '-');

    return driver || !dash ? driver : g_strndup(type, (gsize)(dash - type));
}

static void set_driver(RhDir *root, RhDevice *parent, const char *path, GPtrArray *types)
{
    g_autofree char *driver = parent_driver(root, path, types);
    g_autofree char *module = g_strdelimit(g_strdup(driver), "-", '_');
    g_autofree char *dir = module ? g_strdup_printf("sys/module/%s", module) : NULL;

    rh_device_set_text(parent, RH_ATTR_DRIVER, driver);
    if (dir)
        set_told(parent, RH_ATTR_DRIVER_VERSION, root, dir, "version");
}

/* The device number behind the subchannel at @path of which a parent is made; the kernel says
 * "none" where nothing is (linux, drivers/s390/cio/css.c, dev_busid_show). */
static void set_dev_busid(RhDir *root, RhDevice *device, const char *path)
{
    g_autofree char *file = g_strconcat(path, "/dev_busid", NULL);
    g_autofree char *number = read_told(root, file);

    rh_device_set_text(device, RH_ATTR_DEV_BUSID, g_strcmp0(number, "none") == 0 ? NULL : number);
}

static gboolean read_parent(Reader *reader, const char *name, GError **error)
{
    g_autoptr(RhDevice) parent = rh_device_new(RH_KIND_MDEV_PARENT);
    g_autofree char *path = g_strdup_printf(PARENTS "/%s", name);
    g_autofree char *subsystem = g_strdup_printf("%s/subsystem", path);
    g_autofree char *types_path = g_strdup_printf("%s/mdev_supported_types", path);
    g_autofree char *link = rh_dir_link(reader->root, path);
    g_autofree char *bus = rh_dir_link_name(reader->root, subsystem);
    g_autofree char *address = link ? rh_pci_nearest(link) : NULL;
    g_autoptr(GPtrArray) types = rh_dir_list(reader->root, types_path, error);

    if (!types)
        return FALSE;
    if (!link || !bus) /* gone */
        return TRUE;
    rh_device_set_text(parent, RH_ATTR_NAME, name);
    rh_device_set_text(parent, RH_ATTR_BUS, bus);
    set_dev_busid(reader->root, parent, path);
    set_driver(reader->root, parent, path, types);
    if (address && (!rh_pci_describe(reader->root, address, parent, error) ||
                    !rh_pci_find_port(reader->root, address, parent, error)))
        return FALSE;
    for (guint i = 0; i < types->len; i++)
        read_type(reader, types_path, name, g_ptr_array_index(types, i));
    read_definitions(reader, name);
    g_hash_table_insert(reader->known, g_strdup(name), parent);
    rh_inventory_add(reader->inventory, g_steal_pointer(&parent));
    return TRUE;
}

/* -- devices ----------------------------------------------------------------------------------- */

/* The name of the directory that @link leads into: that is the parent's. */
static char *parent_name(const char *link)
{
    g_autofree char *dir = g_path_get_dirname(link);

    return g_path_get_basename(dir);
}

/* The type of the mdev at @path; NULL where it does not get one soon, or is gone. */
static char *wait_for_type(Reader *reader, const char *path)
{
    g_autofree char *link = g_strdup_printf("%s/mdev_type", path);
    char *type = rh_dir_link_name(reader->root, link);

    while (!type && reader->patience > 0 && rh_dir_exists(reader->root, path)) {
        reader->patience--;
        g_usleep(PATIENCE_USEC);
        type = rh_dir_link_name(reader->root, link);
    }
    return type;
}

/* Some keep their parameters in a directory that is called after the parent's driver:
 * "nvidia/vgpu_params". An empty value is a value: no parameters. */
static void read_parameter(RhDir *root, RhDevice *mdev, const char *path, const char *driver,
                           const char *name)
{
    g_autofree char *own = g_strdup_printf("%s/%s", path, name);
    g_autofree char *grouped = driver ? g_strdup_printf("%s/%s/%s", path, driver, name) : NULL;
    g_autofree char *value = read_told(root, own);

    if (!value && grouped)
        value = read_told(root, grouped);
    if (value)
        rh_device_set_parameter(mdev, name, value);
}

static gboolean check_parameter(const char *type, const char *name, GError **error)
{
    if (*name && *name != '/' && !strstr(name, ".."))
        return TRUE;
    return rh_raise(error, RH_ERROR_CONFIG,
                    "[mdev %s] lists the attribute '%s', but an attribute is a file below its mdev",
                    type, name);
}

/* What the configuration lists for the mdev's type, and what makes a difference in any case. */
static gboolean read_listed(Reader *reader, RhDevice *mdev, const char *path, GError **error)
{
    const char *type = rh_device_text(mdev, RH_ATTR_TYPE);
    const RhMdevPolicy *listed = rh_policy_find_mdev(reader->policy, type);
    const RhDevice *parent =
        g_hash_table_lookup(reader->known, rh_device_text(mdev, RH_ATTR_PARENT));
    const char *driver = parent ? rh_device_text(parent, RH_ATTR_DRIVER) : NULL;

    if (g_strcmp0(driver, NVIDIA_DRIVER) == 0)
        read_parameter(reader->root, mdev, path, driver, NVIDIA_PARAMETER);
    for (guint i = 0; listed && listed->parameters && listed->parameters[i]; i++) {
        if (!check_parameter(type, listed->parameters[i], error))
            return FALSE;
        read_parameter(reader->root, mdev, path, driver, listed->parameters[i]);
    }
    return TRUE;
}

/* What a vfio-ap device gives its guest, and what the cards are that it is of. */
static void read_ap(RhDir *root, RhDevice *mdev, const char *path)
{
    const char *matrix;
    g_autofree char *cards = NULL;

    read_parameter(root, mdev, path, NULL, AP_MATRIX);
    read_parameter(root, mdev, path, NULL, AP_CONTROL_DOMAINS);
    matrix = rh_device_parameter(mdev, AP_MATRIX);
    cards = matrix ? rh_ap_cards(root, matrix) : NULL;
    rh_device_set_text(mdev, RH_ATTR_AP_CARDS, cards);
}

static void read_by_api(Reader *reader, RhDevice *mdev, const char *path)
{
    g_autofree char *key = g_strdup_printf("%s/%s", rh_device_text(mdev, RH_ATTR_PARENT),
                                           rh_device_text(mdev, RH_ATTR_TYPE));
    const RhDevice *type = g_hash_table_lookup(reader->known, key);

    if (type && g_strcmp0(rh_device_text(type, RH_ATTR_DEVICE_API), AP_API) == 0)
        read_ap(reader->root, mdev, path);
}

static gboolean read_device(Reader *reader, const char *uuid, GError **error)
{
    g_autoptr(RhDevice) mdev = rh_device_new(RH_KIND_MDEV);
    g_autofree char *path = g_strdup_printf(DEVICES "/%s", uuid);
    g_autofree char *link = rh_dir_link(reader->root, path);
    g_autofree char *parent = link ? parent_name(link) : NULL;
    g_autofree char *type = link ? wait_for_type(reader, path) : NULL;

    if (!parent || !type) /* gone, or not yet complete: nobody can use it */
        return TRUE;
    rh_device_set_text(mdev, RH_ATTR_UUID, uuid);
    rh_device_set_text(mdev, RH_ATTR_PARENT, parent);
    rh_device_set_text(mdev, RH_ATTR_TYPE, type);
    set_told(mdev, RH_ATTR_MIGRATION_VERSION, reader->root, path, VERSION_FILE);
    read_by_api(reader, mdev, path);
    if (!read_listed(reader, mdev, path, error))
        return FALSE;
    rh_inventory_add(reader->inventory, g_steal_pointer(&mdev));
    return TRUE;
}

/* Reads each that the directory @path names. */
static gboolean read_each(Reader *reader, const char *path,
                          gboolean (*read)(Reader *reader, const char *name, GError **error),
                          GError **error)
{
    g_autoptr(GPtrArray) names = rh_dir_list(reader->root, path, error);

    for (guint i = 0; names && i < names->len; i++)
        if (!read(reader, g_ptr_array_index(names, i), error))
            return FALSE;
    return names != NULL;
}

/* Where NVIDIA's driver makes vGPUs of virtual functions: these have a folder of its own (NVIDIA,
 * Virtual GPU Software User Guide, Creating an NVIDIA vGPU on a Linux with KVM Hypervisor Host that
 * Uses a Vendor-Specific VFIO Framework). */
static guint count_vgpu_vfs(RhDir *root)
{
    g_autoptr(GPtrArray) names = rh_dir_list(root, FUNCTIONS, NULL);
    guint n = 0;

    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = g_strdup_printf(FUNCTIONS "/%s/nvidia/current_vgpu_type",
                                                (char *)g_ptr_array_index(names, i));

        n += rh_dir_exists(root, path);
    }
    return n;
}

gboolean rh_mdev_read(RhDir *root, const RhPolicy *policy, RhInventory *inventory, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Reader reader = {root, policy, inventory, known, PATIENCE};

    inventory->vgpu_vfs = count_vgpu_vfs(root);
    return read_each(&reader, PARENTS, read_parent, error) &&
           read_each(&reader, DEVICES, read_device, error);
}

gboolean rh_mdev_accepts(RhDir *root, const char *uuid, const char *version)
{
    g_autoptr(GError) refusal = NULL;
    g_autofree char *path = NULL;

    /* Writing nothing would succeed without having asked anybody. */
    if (!g_uuid_string_is_valid(uuid) || !*version)
        return FALSE;
    path = g_strdup_printf(DEVICES "/%s/" VERSION_FILE, uuid);
    return rh_dir_write(root, path, version, &refusal);
}

/* What a cold start goes by, too. ".." of a link is the folder of what it leads to: the parent. */
static void read_cold(RhDir *root, RhDevice *mdev, const char *uuid)
{
    g_autofree char *folder = g_strconcat(DEVICES "/", uuid, NULL);
    g_autofree char *parent = g_strconcat(folder, "/..", NULL);

    set_dev_busid(root, mdev, parent);
    if (g_strcmp0(rh_device_text(mdev, RH_ATTR_DEVICE_API), AP_API) == 0)
        read_ap(root, mdev, folder);
}

RhDevice *rh_mdev_at(RhDir *root, const char *uuid)
{
    g_autofree char *small = g_ascii_strdown(uuid, -1);
    g_autofree char *path = g_strdup_printf(DEVICES "/%s/mdev_type", small);
    g_autofree char *type = g_uuid_string_is_valid(uuid) ? rh_dir_link_name(root, path) : NULL;
    RhDevice *mdev;

    if (!type)
        return NULL;
    mdev = rh_device_new(RH_KIND_MDEV);
    rh_device_set_text(mdev, RH_ATTR_UUID, small);
    rh_device_set_text(mdev, RH_ATTR_TYPE, type);
    set_told(mdev, RH_ATTR_TYPE_NAME, root, path, "name");
    set_told(mdev, RH_ATTR_DEVICE_API, root, path, "device_api");
    read_cold(root, mdev, small);
    return mdev;
}

/* NULL: @uuid is none. Owned by the caller. */
static char *folder_of(const char *uuid)
{
    return g_uuid_string_is_valid(uuid) ? g_strconcat(DEVICES "/", uuid, NULL) : NULL;
}

static gboolean has(RhDir *root, const char *uuid)
{
    g_autofree char *folder = folder_of(uuid);

    return folder && !rh_dir_lacks(root, folder);
}

static void add_numbers(RhDir *root, const RhDevice *device, GArray *numbers)
{
    g_autofree char *folder = folder_of(rh_device_key(device));

    if (folder)
        rh_vfio_add_numbers(root, folder, numbers);
}

static gboolean probe(RhDir *root, const char *uuid)
{
    g_autofree char *folder = folder_of(uuid);

    return folder && rh_vfio_probe(root, folder);
}

const RhHostKind rh_host_mdev = {.gather = rh_mdev_read,
                                 .has = has,
                                 .add_numbers = add_numbers,
                                 .in_fdinfo = TRUE,
                                 .probe = probe,
                                 .at = rh_mdev_at,
                                 .accepts = rh_mdev_accepts};

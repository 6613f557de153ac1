/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/pci.h"

#include <string.h>

/* linux/drivers/pci/pci-sysfs.c */
static const struct {
    RhAttr attr;
    const char *file;
} facts[] = {
    {RH_ATTR_VENDOR, "vendor"},
    {RH_ATTR_PRODUCT, "device"},
    {RH_ATTR_SUBSYSTEM_VENDOR, "subsystem_vendor"},
    {RH_ATTR_SUBSYSTEM_PRODUCT, "subsystem_device"},
    {RH_ATTR_REVISION, "revision"},
    {RH_ATTR_NUMA_NODE, "numa_node"}, /* -1, which is no number to us, where there is none */
};

/* "0000:41:00.2"; a domain of its own (VMD) has five digits. */
static gboolean is_address(const char *text)
{
    static const char shape[] = ":xx:xx.x";
    gsize domain = strspn(text, "0123456789abcdef");
    const char *rest = text + domain;

    if (domain < 4 || domain > 8 || strlen(rest) != strlen(shape))
        return FALSE;
    for (guint i = 0; shape[i]; i++)
        if (shape[i] == 'x' ? !g_ascii_isxdigit(rest[i]) : rest[i] != shape[i])
            return FALSE;
    return rest[strlen(shape) - 1] <= '7';
}

char *rh_pci_nearest(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    for (guint i = g_strv_length(names); i-- > 0;)
        if (is_address(names[i]))
            return g_strdup(names[i]);
    return NULL;
}

static gboolean read_fact(RhDir *root, const char *path, RhAttr attr, RhDevice *device,
                          GError **error)
{
    g_autofree char *text = NULL;
    RhValue value;

    if (!rh_dir_read(root, path, &text, error))
        return FALSE;
    if (text && rh_attr_parse(attr, text, &value))
        rh_device_set_number(device, attr, value.number);
    return TRUE;
}

gboolean rh_pci_describe(RhDir *root, const char *address, RhDevice *device, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(facts); i++) {
        g_autofree char *path =
            g_strdup_printf("sys/bus/pci/devices/%s/%s", address, facts[i].file);

        if (rh_kind_has(device->kind, facts[i].attr) &&
            !read_fact(root, path, facts[i].attr, device, error))
            return FALSE;
    }
    return TRUE;
}

/* Whether the network device at @path is a port of its own: "p0", or nothing at all where its
 * driver knows no switch. A representor is called after what it stands for: "pf0vf1", "pf0sf88"
 * (linux, Documentation/networking/representors.rst). */
static gboolean is_port(RhDir *root, const char *path)
{
    g_autofree char *file = g_strconcat(path, "/phys_port_name", NULL);
    g_autoptr(GError) ignored = NULL; /* EOPNOTSUPP */
    g_autofree char *name = NULL;

    if (!rh_dir_read(root, file, &name, &ignored) || !name || !*name)
        return TRUE;
    return name[0] == 'p' && g_ascii_isdigit(name[1]) &&
           name[1 + strspn(name + 1, "0123456789")] == '\0';
}

/* *@ret_netdev is the caller's; NULL: none, or several. */
static gboolean find_netdev(RhDir *root, const char *address, char **ret_netdev, GError **error)
{
    g_autofree char *folder = g_strdup_printf("sys/bus/pci/devices/%s/net", address);
    g_autoptr(GPtrArray) names = rh_dir_list(root, folder, error);
    const char *port = NULL;
    guint n = 0;

    *ret_netdev = NULL;
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_strdup_printf("%s/%s", folder, name);

        if (names->len > 1 && !is_port(root, path))
            continue;
        port = name;
        n++;
    }
    if (n == 1)
        *ret_netdev = g_strdup(port);
    return names != NULL;
}

gboolean rh_pci_find_port(RhDir *root, const char *address, RhDevice *device, GError **error)
{
    g_autofree char *link = g_strdup_printf("sys/bus/pci/devices/%s/physfn", address);
    g_autofree char *physical = rh_dir_link_name(root, link);
    const char *pf = physical ? physical : address;
    g_autofree char *netdev = NULL;

    if (!find_netdev(root, pf, &netdev, error))
        return FALSE;
    rh_device_set_text(device, RH_ATTR_PF, pf);
    rh_device_set_text(device, RH_ATTR_PF_NETDEV, netdev);
    return TRUE;
}

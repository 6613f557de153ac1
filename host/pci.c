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

static gboolean has_attr(RhKind kind, RhAttr attr)
{
    for (const RhAttr *its = rh_kind_info(kind)->attrs; *its != RH_N_ATTRS; its++)
        if (*its == attr)
            return TRUE;
    return FALSE;
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

        if (has_attr(device->kind, facts[i].attr) &&
            !read_fact(root, path, facts[i].attr, device, error))
            return FALSE;
    }
    return TRUE;
}

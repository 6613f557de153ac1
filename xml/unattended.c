/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/unattended.h"

#include "util/error.h"
#include "util/text.h"
#include "xml/parse.h"
#include "xml/use.h"

#include <string.h>

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"
#define MAX_SOURCE 255u /* bytes of an argument that stands for a name */

/* The words of QEMU's netdev "vhost-vdpa", its devices "vhost-vdpa-device-…", its block driver
 * "virtio-blk-vhost-vdpa" and of the kernel's nodes: what none of them is in is no vDPA. */
#define VDPA_WORD "vhost-vdpa"

typedef struct {
    const char *element; /* NULL: any */
    const char *type;    /* NULL: any */
    const char *kind;    /* NULL: the element's type */
    const char *noun;
    gboolean is_unknown; /* a vDPA device, which no form of xml/use has there */
    /* What it names, the caller's; NULL: nothing of the host. */
    char *(*read)(xmlNode *node);
} Row;

static xmlNode *source_of(xmlNode *node)
{
    return rh_xml_child(node, NULL, "source");
}

static char *read_pci(xmlNode *node)
{
    xmlNode *address = rh_xml_child(source_of(node), NULL, "address");

    return address ? rh_xml_pci(address) : NULL;
}

/* "1d6b:0002", or where only its place is known, bus and device. */
static char *read_usb(xmlNode *node)
{
    xmlNode *source = source_of(node);
    xmlNode *vendor = rh_xml_child(source, NULL, "vendor");
    xmlNode *product = rh_xml_child(source, NULL, "product");
    xmlNode *address = rh_xml_child(source, NULL, "address");

    if (vendor && product)
        return g_strdup_printf("%04x:%04x", (guint)rh_xml_part(vendor, "id"),
                               (guint)rh_xml_part(product, "id"));
    return address ? g_strdup_printf("bus %u, device %u", (guint)rh_xml_part(address, "bus"),
                                     (guint)rh_xml_part(address, "device"))
                   : NULL;
}

/* One that comes over the network is no device of the host. */
static char *read_scsi(xmlNode *node)
{
    xmlNode *source = source_of(node);
    xmlNode *address = rh_xml_child(source, NULL, "address");
    g_autofree char *adapter = rh_xml_copy(rh_xml_child(source, NULL, "adapter"), "name");

    return adapter ? g_strdup_printf("%s:%u:%u:%u", adapter, (guint)rh_xml_part(address, "bus"),
                                     (guint)rh_xml_part(address, "target"),
                                     (guint)rh_xml_part(address, "unit"))
                   : NULL;
}

static char *read_wwpn(xmlNode *node)
{
    return rh_xml_copy(source_of(node), "wwpn");
}

/* The path below /dev in an element, whatever the attribute is called, else its first attribute. */
static char *first_value(xmlNode *node)
{
    g_autofree char *first = NULL;

    for (xmlAttr *attr = node ? node->properties : NULL; attr; attr = attr->next) {
        g_autofree char *value = attr->ns ? NULL : rh_xml_copy(node, (const char *)attr->name);

        if (value && g_str_has_prefix(value, "/dev/"))
            return g_steal_pointer(&value);
        if (!first)
            first = g_steal_pointer(&value);
    }
    return g_steal_pointer(&first);
}

static char *read_any(xmlNode *node)
{
    xmlNode *source = source_of(node);
    char *value = first_value(source);

    for (xmlNode *child = source; child && !value; child = rh_xml_walk(source, child))
        value = first_value(child);
    return value;
}

static char *read_tpm(xmlNode *node)
{
    return rh_xml_copy(rh_xml_child(node, NULL, "device"), "path");
}

/* The first that fits counts. https://libvirt.org/formatdomain.html */
static const Row rows[] = {
    {NULL, "vdpa", "vdpa", "vDPA device", TRUE, read_any},
    {NULL, "vhostvdpa", "vdpa", "vDPA device", TRUE, read_any},
    {"hostdev", "pci", "pci", "PCI device", FALSE, read_pci},
    {"interface", "hostdev", "pci", "PCI device", FALSE, read_pci},
    {NULL, "nvme", "pci", "PCI device", FALSE, read_pci},
    {"hostdev", "usb", "usb", "USB device", FALSE, read_usb},
    {"hostdev", "scsi", "scsi", "SCSI device", FALSE, read_scsi},
    {"hostdev", "scsi_host", "scsi_host", "SCSI host", FALSE, read_wwpn},
    {"hostdev", NULL, NULL, "host device", FALSE, read_any},
    {"backend", "passthrough", "tpm", "TPM", FALSE, read_tpm},
    {"input", "evdev", "input", "input device", FALSE, read_any},
    {"input", "passthrough", "input", "input device", FALSE, read_any},
    {NULL, "dev", "char", "character device", FALSE, read_any},
};

static gboolean fits(const Row *row, xmlNode *node)
{
    g_autoptr(RhXmlText) type = rh_xml_get(node, "type");

    return type && (!row->element || g_str_equal((const char *)node->name, row->element)) &&
           (!row->type || g_str_equal(type, row->type));
}

static void guess_ours(RhUnattended *unattended)
{
    unattended->is_ours =
        rh_use_guess(unattended->source, strlen(unattended->source), &unattended->ours);
}

static gboolean add(RhGuest *guest, RhUnattended *unattended, GError **error)
{
    rh_unattended_add(guest->unattended, unattended);
    return guest->unattended->len <= RH_MAX_UNATTENDED ||
           rh_raise(error, RH_ERROR_INPUT,
                    "the guest names more than %u devices of its host that are not looked after, "
                    "which is the limit",
                    RH_MAX_UNATTENDED);
}

gboolean rh_unattended_read(RhGuest *guest, xmlNode *node, GError **error)
{
    RhUnattended *unattended;
    const Row *row = rows;
    char *source;

    while (row < rows + G_N_ELEMENTS(rows) && !fits(row, node))
        row++;
    if (node->ns || row == rows + G_N_ELEMENTS(rows))
        return TRUE;
    source = row->read(node);
    if (!source)
        return TRUE;
    unattended = rh_unattended_new(row->kind ? g_strdup(row->kind) : rh_xml_copy(node, "type"),
                                   row->noun, source);
    unattended->is_unknown = row->is_unknown;
    if (row->is_unknown)
        guess_ours(unattended);
    return add(guest, unattended, error);
}

/* Arguments of QEMU's ---------------------------------------------------------------------------
 */

static gsize length_of_value(const char *value)
{
    return strcspn(value, ",\"} \t\r\n");
}

/* The value of @key in "type,key=value,…" or {"key": "value"}, the caller's; NULL: it has none. */
static char *find_value(const char *text, const char *key)
{
    const char *at = text;

    while ((at = strstr(at, key))) {
        gboolean begins = at == text || strchr(",\" \t{", at[-1]);
        const char *value;

        at += strlen(key);
        value = at + strspn(at, "\"=: \t");
        if (begins && memchr(at, '=', (gsize)(value - at)))
            return g_strndup(value, length_of_value(value));
        if (begins && memchr(at, ':', (gsize)(value - at)))
            return g_strndup(value, length_of_value(value));
    }
    return NULL;
}

static RhUnattended *new_argument(const char *kind, const char *noun, char *source)
{
    RhUnattended *unattended = rh_unattended_new(g_strdup(kind), noun, rh_cut(source, MAX_SOURCE));

    unattended->where = "in <qemu:commandline>";
    return unattended;
}

static RhUnattended *read_vdpa_argument(const char *text)
{
    const char *path = strstr(text, "/dev/");
    RhUnattended *unattended;

    if (!strstr(text, VDPA_WORD))
        return NULL;
    unattended = new_argument("vdpa", "vDPA device",
                              path ? g_strndup(path, length_of_value(path)) : g_strdup(text));
    unattended->is_unknown = TRUE;
    guess_ours(unattended);
    return unattended;
}

/* A uuid is no other device's anywhere: QEMU does not start where there is none with it. */
static RhUnattended *read_sysfs_argument(const char *text)
{
    g_autofree char *path = find_value(text, "sysfsdev");
    g_autofree char *name = path ? g_path_get_basename(path) : NULL;
    RhUnattended *unattended;

    if (!path)
        return NULL;
    if (!g_uuid_string_is_valid(name))
        return strchr(name, ':') ? new_argument("pci", "PCI device", g_steal_pointer(&name))
                                 : new_argument("vfio", "VFIO device", g_steal_pointer(&path));
    unattended = new_argument("mdev", "mediated device", g_steal_pointer(&name));
    guess_ours(unattended);
    return unattended;
}

/* QEMU takes "3b:00.2", too. */
static RhUnattended *read_vfio_argument(const char *text)
{
    g_autofree char *address = strstr(text, "vfio-pci") ? find_value(text, "host") : NULL;
    const char *colon = address ? strchr(address, ':') : NULL;

    if (!address)
        return NULL;
    return new_argument("pci", "PCI device",
                        colon && strchr(colon + 1, ':') ? g_steal_pointer(&address)
                                                        : g_strconcat("0000:", address, NULL));
}

static RhUnattended *read_usb_argument(const char *text)
{
    return strstr(text, "usb-host") ? new_argument("usb", "USB device", g_strdup(text)) : NULL;
}

static gboolean read_argument(RhGuest *guest, const char *text, GError **error)
{
    static RhUnattended *(*const readers[])(const char *) = {
        read_vdpa_argument, read_sysfs_argument, read_vfio_argument, read_usb_argument};

    for (guint i = 0; i < G_N_ELEMENTS(readers); i++) {
        RhUnattended *unattended = readers[i](text);

        if (unattended)
            return add(guest, unattended, error);
    }
    return TRUE;
}

/* Of <qemu:override> a property is read like an argument of its name. */
static gboolean read_arguments(RhGuest *guest, xmlNode *parent, GError **error)
{
    for (xmlNode *node = rh_xml_walk(parent, parent); node; node = rh_xml_walk(parent, node)) {
        g_autoptr(RhXmlText) value = rh_xml_get(node, "value");
        g_autoptr(RhXmlText) name = rh_xml_get(node, "name");
        g_autofree char *text = NULL;

        if (!value || g_str_equal((const char *)node->name, "env"))
            continue;
        text = name ? g_strdup_printf("%s=%s", name, value) : g_strdup(value);
        if (!read_argument(guest, text, error))
            return FALSE;
    }
    return TRUE;
}

gboolean rh_unattended_read_arguments(RhGuest *guest, xmlNode *domain, GError **error)
{
    return read_arguments(guest, rh_xml_child(domain, QEMU_NAMESPACE, "commandline"), error) &&
           read_arguments(guest, rh_xml_child(domain, QEMU_NAMESPACE, "override"), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/use.h"

#include "util/error.h"
#include "util/text.h"
#include "xml/limits.h"
#include "xml/parse.h"

#include <string.h>

#define MAX_COUNT 65536u /* descriptors of a ring */
#define UUID_LENGTH 36u
#define DEVICES "devices"
#define DISK "disk"

static gboolean is(xmlNode *node, const char *attribute, const char *value)
{
    g_autoptr(RhXmlText) text =
        node && node->type == XML_ELEMENT_NODE ? rh_xml_get(node, attribute) : NULL;

    return g_strcmp0(text, value) == 0;
}

static gboolean is_named(const xmlNode *node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && !node->ns &&
           g_str_equal((const char *)node->name, name);
}

/* An attribute of a guest's <driver>: 0 where it is absent. */
static gboolean read_count(xmlNode *node, const char *name, guint *ret_count, GError **error)
{
    g_autoptr(RhXmlText) text = rh_xml_get(node, name);
    guint64 count = 0;

    if (text && !rh_parse_number(text, MAX_COUNT, &count))
        return rh_raise(error, RH_ERROR_INPUT,
                        "the guest has <%s %s='%s'>, which is no number up to %u",
                        (const char *)node->name, name, text, MAX_COUNT);
    *ret_count = (guint)count;
    return TRUE;
}

/* The same of what ranks a device or holds for a guest that boots: what is no number is none. */
static guint read_wish(xmlNode *node, const char *name)
{
    g_autoptr(RhXmlText) text = rh_xml_get(node, name);
    guint64 count;

    return text && rh_parse_number(text, MAX_COUNT, &count) ? (guint)count : 0;
}

static char *read_guest_address(xmlNode *node)
{
    xmlNode *address = rh_xml_child(node, NULL, "address");
    g_autofree char *pci = is(address, "type", "pci") ? rh_xml_pci(address) : NULL;

    if (pci)
        return g_strconcat("pci:", pci, NULL);
    if (is(address, "type", "ccw"))
        return g_strdup_printf("ccw:%x.%x.%04x", (guint)rh_xml_part(address, "cssid"),
                               (guint)rh_xml_part(address, "ssid"),
                               (guint)rh_xml_part(address, "devno"));
    return NULL;
}

static char *text_of(xmlNode *node)
{
    xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
    char *text = content ? g_strdup((const char *)content) : NULL;

    xmlFree(content);
    return text;
}

gboolean rh_use_read_names(RhGuest *guest, xmlNode *domain, const char *what, GError **error)
{
    guest->name = text_of(rh_xml_child(domain, NULL, "name"));
    guest->uuid = text_of(rh_xml_child(domain, NULL, "uuid"));
    if ((guest->name && strlen(guest->name) > RH_MAX_NAME) ||
        (guest->uuid && strlen(guest->uuid) > RH_MAX_NAME))
        return rh_raise(error, RH_ERROR_INPUT,
                        "%s has a <name> or <uuid> of more than %u bytes, which is the limit", what,
                        RH_MAX_NAME);
    return TRUE;
}

/* Sources ------------------------------------------------------------------------------------- */

static char *read_dev(xmlNode *node)
{
    return rh_xml_copy(rh_xml_child(node, NULL, "source"), "dev");
}

static void write_dev(xmlNode *node, const char *source)
{
    rh_xml_set(rh_xml_child(node, NULL, "source"), "dev", source);
}

static gboolean may_be_node(const char *text, gsize length)
{
    static const char folder[] = "/dev/";

    return length >= strlen(folder) && g_ascii_strncasecmp(text, folder, strlen(folder)) == 0 &&
           g_utf8_validate(text, (gssize)length, NULL);
}

static const RhSourceForm by_node = {
    .lacks = "<source> without dev", .read = read_dev, .write = write_dev, .may_be = may_be_node};

static xmlNode *uuid_element(xmlNode *node)
{
    return rh_xml_child(rh_xml_child(node, NULL, "source"), NULL, "address");
}

static char *read_uuid(xmlNode *node)
{
    return rh_xml_copy(uuid_element(node), "uuid");
}

static void write_uuid(xmlNode *node, const char *source)
{
    rh_xml_set(uuid_element(node), "uuid", source);
}

static gboolean may_be_uuid(const char *text, gsize length)
{
    g_autofree char *word = length == UUID_LENGTH ? g_strndup(text, length) : NULL;

    return word && g_uuid_string_is_valid(word);
}

static const RhSourceForm by_uuid = {.lacks = "<address> without uuid",
                                     .read = read_uuid,
                                     .write = write_uuid,
                                     .may_be = may_be_uuid};

/* What else counts ---------------------------------------------------------------------------- */

static gboolean read_interface(RhGuestDevice *device, xmlNode *node, GError **error)
{
    xmlNode *driver = rh_xml_child(node, NULL, "driver");
    g_autoptr(RhXmlText) mac = rh_xml_get(rh_xml_child(node, NULL, "mac"), "address");

    device->has_mac = mac && rh_parse_mac(mac, &device->mac);
    if (mac && !device->has_mac)
        return rh_raise(error, RH_ERROR_INPUT,
                        "the guest has <mac address='%s'>, which is no MAC address", mac);
    device->queues = read_wish(driver, "queues");
    device->mtu = read_wish(rh_xml_child(node, NULL, "mtu"), "size");
    return read_count(driver, "rx_queue_size", &device->rx_queue_size, error) &&
           read_count(driver, "tx_queue_size", &device->tx_queue_size, error);
}

/* The element's place in its disk: "", "mirror", "backingStore/backingStore". */
static char *read_chain(xmlNode *node)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (; !is_named(node, DISK); node = node->parent)
        g_ptr_array_insert(names, 0, (gpointer)node->name);
    g_ptr_array_add(names, NULL);
    return g_strjoinv("/", (GStrv)names->pdata);
}

static gboolean read_disk(RhGuestDevice *device, xmlNode *node, GError **error G_GNUC_UNUSED)
{
    device->chain = read_chain(node);
    device->read_only = rh_xml_child(node, NULL, "readonly") != NULL;
    return TRUE;
}

/* What lies below an image is only read, since all that is written goes to the image (QEMU,
 * block.c, bdrv_backing_options). */
static gboolean read_backing_store(RhGuestDevice *device, xmlNode *node,
                                   GError **error G_GNUC_UNUSED)
{
    device->chain = read_chain(node);
    device->read_only = TRUE;
    return TRUE;
}

/* A copy is written. */
static gboolean read_mirror(RhGuestDevice *device, xmlNode *node, GError **error G_GNUC_UNUSED)
{
    device->chain = read_chain(node);
    return TRUE;
}

static gboolean read_mdev(RhGuestDevice *device, xmlNode *node, GError **error)
{
    g_autoptr(RhXmlText) model = rh_xml_get(node, "model");

    device->model = g_strdup(model);
    return g_uuid_string_is_valid(device->source) ||
           rh_raise(error, RH_ERROR_INPUT,
                    "the guest has a mediated device with uuid='%s', which is no uuid",
                    device->source);
}

static const RhUse uses[] = {
    {.element = "interface",
     .type = "vdpa",
     .source = &by_node,
     .kind = RH_KIND_VDPA,
     .noun = "vDPA interface",
     .class = "net",
     .mark = "vdpa",
     .read = read_interface},
    {.element = DISK,
     .type = "vhostvdpa",
     .source = &by_node,
     .kind = RH_KIND_VDPA,
     .noun = "vDPA disk",
     .class = "blk",
     .mark = "vdpa",
     .read = read_disk},
    {.element = "backingStore",
     .type = "vhostvdpa",
     .within = DISK,
     .source = &by_node,
     .kind = RH_KIND_VDPA,
     .noun = "vDPA backing store",
     .class = "blk",
     .mark = "vdpa",
     .read = read_backing_store},
    {.element = "mirror",
     .type = "vhostvdpa",
     .within = DISK,
     .source = &by_node,
     .kind = RH_KIND_VDPA,
     .noun = "vDPA mirror",
     .class = "blk",
     .mark = "vdpa",
     .read = read_mirror},
    {.element = "hostdev",
     .type = "mdev",
     .is_vfio = TRUE,
     .source = &by_uuid,
     .kind = RH_KIND_MDEV,
     .noun = "mediated device",
     .mark = "mdev",
     .read = read_mdev},
    {.element = "hostdev", .type = "pci", .is_vfio = TRUE},
    {.element = "interface", .type = "hostdev", .is_vfio = TRUE},
};

/* Whether a row of @within has elements of that name. */
static gboolean is_nested(const xmlNode *node, const char *within)
{
    for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
        if (g_strcmp0(uses[i].within, within) == 0 && is_named(node, uses[i].element))
            return TRUE;
    return FALSE;
}

/* Whether @node is where the form has it. */
static gboolean is_in_place(const RhUse *use, const xmlNode *node)
{
    const xmlNode *parent = node->parent;

    if (!use->within)
        return is_named(parent, DEVICES);
    while (is_nested(parent, use->within))
        parent = parent->parent;
    return is_named(parent, use->within) && is_named(parent->parent, DEVICES);
}

/* The guest's device that the element @node in <devices> is a part of. */
static xmlNode *whole_of(xmlNode *node)
{
    while (node->parent && !is_named(node->parent, DEVICES))
        node = node->parent;
    return node;
}

const RhUse *rh_use_of(xmlNode *node)
{
    for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
        if (is_named(node, uses[i].element) && is(node, "type", uses[i].type) &&
            is_in_place(&uses[i], node))
            return &uses[i];
    return NULL;
}

const RhUse *rh_use_by_type(xmlNode *node)
{
    for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
        if (uses[i].source && is(node, "type", uses[i].type))
            return &uses[i];
    return NULL;
}

RhGuestDevice *rh_use_read(const RhUse *use, xmlNode *node, RhGuest *guest, GError **error)
{
    g_autofree char *source = use->source->read(node);
    RhGuestDevice *device;

    if (!source) {
        rh_raise(error, RH_ERROR_INPUT, "%s %u of the guest has no source: %s", use->noun,
                 guest->devices->len + 1, use->source->lacks);
        return NULL;
    }
    if (guest->devices->len == RH_MAX_GUEST_DEVICES) {
        rh_raise(error, RH_ERROR_INPUT, "the guest has more than %u vDPA and mediated devices",
                 RH_MAX_GUEST_DEVICES);
        return NULL;
    }
    device = rh_guest_add(guest, use->kind);
    device->noun = use->noun;
    device->class = use->class;
    device->source = g_steal_pointer(&source);
    device->guest_address = read_guest_address(whole_of(node));
    return !use->read || use->read(device, node, error) ? device : NULL;
}

gboolean rh_use_guess(const char *text, gsize length, RhKind *ret_kind)
{
    for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
        if (!uses[i].source || !uses[i].source->may_be(text, length))
            continue;
        *ret_kind = uses[i].kind;
        return TRUE;
    }
    return FALSE;
}

static gboolean has(GBytes *bytes, const char *word)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return length > 0 && memmem(data, length, word, strlen(word));
}

gboolean rh_use_is_marked(GBytes *bytes)
{
    const char *last = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
        if (!uses[i].mark || g_strcmp0(uses[i].mark, last) == 0)
            continue;
        last = uses[i].mark;
        if (has(bytes, last))
            return TRUE;
    }
    return FALSE;
}

gboolean rh_use_is_typed(GBytes *bytes)
{
    for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
        g_autofree char *single = g_strdup_printf("type='%s'", uses[i].type);
        g_autofree char *twice = g_strdup_printf("type=\"%s\"", uses[i].type);

        if (uses[i].source && (has(bytes, single) || has(bytes, twice)))
            return TRUE;
    }
    return has(bytes, "<qemu:commandline") || has(bytes, "<qemu:override");
}

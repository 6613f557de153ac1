/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/inventory-xml.h"

#include "util/error.h"
#include "util/text.h"
#include "xml/device-xml.h"
#include "xml/parse.h"

#include <libxml/xmlwriter.h>

#define TEXT(s) ((const xmlChar *)(s))

/* The elements of an inventory nest two deep: host, device, part of a device. */
enum { OUTSIDE, IN_HOST, IN_DEVICE, IN_PART };

typedef struct {
    RhInventory *inventory;
    guint depth;
    RhDevice *device; /* at IN_DEVICE: borrowed from the inventory; NULL: of no known kind */
} Reader;

static void replace(char **text, const char *with)
{
    g_free(*text);
    *text = g_strdup(with);
}

static gboolean read_format(const char *value, GError **error)
{
    guint64 format;

    if (!rh_parse_number(value, G_MAXUINT, &format))
        return rh_raise(error, RH_ERROR_INPUT, "<host> has format='%s', which is no number", value);
    if (format > RH_FORMAT)
        return rh_raise(error, RH_ERROR_INPUT,
                        "the inventory has format %" G_GUINT64_FORMAT
                        ", this version reads up to %u; install a newer virt-rehome here",
                        format, RH_FORMAT);
    return TRUE;
}

static gboolean read_time(const char *value, gint64 *ret_seconds, GError **error)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(value, utc);

    if (!time)
        return rh_raise(error, RH_ERROR_INPUT,
                        "<host> has time='%s', which is none like 2026-11-27T12:00:00Z", value);
    *ret_seconds = g_date_time_to_unix(time);
    return TRUE;
}

static gboolean read_count(const char *value, guint *ret_count, GError **error)
{
    guint64 count;

    if (!rh_parse_number(value, G_MAXUINT, &count))
        return rh_raise(error, RH_ERROR_INPUT, "<host> has vgpu-vfs='%s', which is no number",
                        value);
    *ret_count = (guint)count;
    return TRUE;
}

/* What stands on <host> beside its format. */
static gboolean read_head(RhInventory *inventory, const char *name, const char *value,
                          GError **error)
{
    if (g_str_equal(name, "name") && *value)
        replace(&inventory->name, value);
    if (g_str_equal(name, "host-id") && *value)
        replace(&inventory->id, value);
    if (g_str_equal(name, "kernel") && *value)
        replace(&inventory->kernel, value);
    if (g_str_equal(name, "qemu") && *value)
        replace(&inventory->qemu, value);
    if (g_str_equal(name, "version") && *value)
        replace(&inventory->version, value);
    /* whatever is not "yes" is said for there is something */
    if (g_str_equal(name, "complete"))
        inventory->incomplete = !g_str_equal(value, "yes");
    if (g_str_equal(name, "vgpu-vfs") && !read_count(value, &inventory->vgpu_vfs, error))
        return FALSE;
    return !g_str_equal(name, "time") || read_time(value, &inventory->time, error);
}

static gboolean read_host(Reader *reader, const RhXmlElement *element, GError **error)
{
    gboolean has_format = FALSE;

    if (!g_str_equal(element->name, "host") || g_strcmp0(element->ns, RH_NAMESPACE) != 0)
        return rh_raise(error, RH_ERROR_INPUT,
                        "<%s> is not a host's inventory: that is <host xmlns='%s'>, which "
                        "'virt-rehome host' prints",
                        element->name, RH_NAMESPACE);
    for (int i = 0; i < element->n_attributes; i++) {
        g_autofree char *value = NULL;
        const char *name;

        if (!rh_xml_attribute(element, i, &name, &value))
            continue;
        if (g_str_equal(name, "format") && !read_format(value, error))
            return FALSE;
        has_format |= g_str_equal(name, "format");
        if (!read_head(reader->inventory, name, value, error))
            return FALSE;
    }
    return has_format || rh_raise(error, RH_ERROR_INPUT, "<host> has no format");
}

static RhDevice *read_device(RhKind kind, const RhXmlElement *element, GError **error)
{
    g_autoptr(RhDevice) device = rh_device_new(kind);

    for (int i = 0; i < element->n_attributes; i++) {
        g_autofree char *value = NULL;
        const char *name;

        if (rh_xml_attribute(element, i, &name, &value) &&
            !rh_device_read_attribute(device, name, value, error))
            return NULL;
    }
    if (!rh_device_name(device)) {
        rh_raise(error, RH_ERROR_INPUT, "<%s> has no %s", element->name,
                 rh_attr_info(rh_kind_info(kind)->name)->name);
        return NULL;
    }
    return g_steal_pointer(&device);
}

/* A device; elements of later versions are passed over. */
static gboolean read_top(Reader *reader, const RhXmlElement *element, GError **error)
{
    RhKind kind;

    reader->device = NULL;
    if (g_strcmp0(element->ns, RH_NAMESPACE) != 0 || !rh_kind_by_element(element->name, &kind) ||
        rh_kind_info(kind)->within)
        return TRUE;
    reader->device = read_device(kind, element, error);
    if (!reader->device)
        return FALSE;
    rh_inventory_add(reader->inventory, reader->device);
    return TRUE;
}

/* A device whose element stands in that of its home. */
static gboolean read_inner(Reader *reader, RhKind kind, const RhXmlElement *element, GError **error)
{
    RhDevice *inner = read_device(kind, element, error);

    if (!inner)
        return FALSE;
    rh_device_set_text(inner, rh_kind_info(kind)->home, rh_device_name(reader->device));
    rh_inventory_add(reader->inventory, inner);
    return TRUE;
}

static void read_parameter(RhDevice *device, const RhXmlElement *element)
{
    g_autofree char *its_name = NULL;
    g_autofree char *its_value = NULL;

    for (int i = 0; i < element->n_attributes; i++) {
        g_autofree char *value = NULL;
        const char *name;

        if (!rh_xml_attribute(element, i, &name, &value))
            continue;
        if (g_str_equal(name, "name"))
            replace(&its_name, value);
        else if (g_str_equal(name, "value"))
            replace(&its_value, value);
    }
    if (its_name && its_value)
        rh_device_set_parameter(device, its_name, its_value);
}

static gboolean read_part(Reader *reader, const RhXmlElement *element, GError **error)
{
    RhKind kind;

    if (!reader->device || g_strcmp0(element->ns, RH_NAMESPACE) != 0)
        return TRUE;
    if (rh_kind_by_element(element->name, &kind) && rh_kind_is_within(kind, reader->device->kind))
        return read_inner(reader, kind, element, error);
    if (rh_kind_info(reader->device->kind)->has_parameters &&
        g_str_equal(element->name, "attribute"))
        read_parameter(reader->device, element);
    return TRUE;
}

static gboolean read_start(const RhXmlElement *element, gpointer data, GError **error)
{
    Reader *reader = data;

    switch (reader->depth++) {
    case OUTSIDE:
        return read_host(reader, element, error);
    case IN_HOST:
        return read_top(reader, element, error);
    case IN_DEVICE:
        return read_part(reader, element, error);
    default:
        return TRUE;
    }
}

static void read_end(gpointer data)
{
    Reader *reader = data;

    reader->depth--;
}

RhInventory *rh_inventory_parse(GBytes *bytes, const char *what, GError **error)
{
    static const RhXmlScanner scanner = {read_start, read_end};
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    Reader reader = {.inventory = inventory};

    if (!rh_xml_scan(bytes, what, &scanner, &reader, error))
        return NULL;
    if (!rh_inventory_complete(inventory, error)) {
        g_prefix_error(error, "%s: ", what);
        return NULL;
    }
    return g_steal_pointer(&inventory);
}

static void write_text(xmlTextWriter *writer, const char *name, const char *value)
{
    g_autofree char *writable = value ? rh_xml_writable(value) : NULL;

    if (writable)
        rh_xml_must(xmlTextWriterWriteAttribute(writer, TEXT(name), TEXT(writable)) >= 0);
}

static void write_attrs(xmlTextWriter *writer, const RhDevice *device)
{
    const RhAttr *attrs = rh_kind_info(device->kind)->attrs;

    for (guint i = 0; attrs[i] != RH_N_ATTRS; i++) {
        g_autofree char *value = rh_device_format(device, attrs[i]);

        write_text(writer, rh_attr_info(attrs[i])->name, value);
    }
}

static void write_parameters(xmlTextWriter *writer, const RhDevice *device)
{
    g_autoptr(GList) names = rh_device_parameter_names(device);

    for (GList *name = names; name; name = name->next) {
        rh_xml_must(xmlTextWriterStartElement(writer, TEXT("attribute")) >= 0);
        write_text(writer, "name", name->data);
        write_text(writer, "value", rh_device_parameter(device, name->data));
        rh_xml_must(xmlTextWriterEndElement(writer) >= 0);
    }
}

static void write_kind(xmlTextWriter *writer, const RhInventory *inventory, RhKind kind,
                       const RhDevice *home);

static void write_device(xmlTextWriter *writer, const RhInventory *inventory,
                         const RhDevice *device)
{
    rh_xml_must(xmlTextWriterStartElement(writer, TEXT(rh_kind_info(device->kind)->element)) >= 0);
    write_attrs(writer, device);
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (rh_kind_is_within((RhKind)kind, device->kind))
            write_kind(writer, inventory, (RhKind)kind, device);
    write_parameters(writer, device);
    rh_xml_must(xmlTextWriterEndElement(writer) >= 0);
}

/* The devices of @kind, those that hang on @home alone where that is given. */
static void write_kind(xmlTextWriter *writer, const RhInventory *inventory, RhKind kind,
                       const RhDevice *home)
{
    RhAttr names_home = rh_kind_info(kind)->home;
    GPtrArray *devices = inventory->devices[kind];

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);

        if (!home || g_strcmp0(rh_device_text(device, names_home), rh_device_name(home)) == 0)
            write_device(writer, inventory, device);
    }
}

GBytes *rh_inventory_serialise(const RhInventory *inventory)
{
    g_autofree char *format = g_strdup_printf("%u", RH_FORMAT);
    g_autofree char *time = rh_inventory_format_time(inventory);
    xmlBuffer *buffer = rh_xml_buffer_new();
    xmlTextWriter *writer = xmlNewTextWriterMemory(buffer, 0);

    rh_xml_must(writer != NULL);
    (void)xmlTextWriterSetIndent(writer, 1);
    (void)xmlTextWriterSetIndentString(writer, TEXT("  "));
    rh_xml_must(xmlTextWriterStartElement(writer, TEXT("host")) >= 0);
    write_text(writer, "xmlns", RH_NAMESPACE);
    write_text(writer, "format", format);
    write_text(writer, "name", inventory->name);
    write_text(writer, "host-id", inventory->id);
    write_text(writer, "kernel", inventory->kernel);
    write_text(writer, "qemu", inventory->qemu);
    write_text(writer, "time", time);
    write_text(writer, "version", inventory->version);
    if (inventory->vgpu_vfs > 0) {
        g_autofree char *vfs = g_strdup_printf("%u", inventory->vgpu_vfs);

        write_text(writer, "vgpu-vfs", vfs);
    }
    write_text(writer, "complete", inventory->incomplete ? "no" : NULL);
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (!rh_kind_info((RhKind)kind)->within)
            write_kind(writer, inventory, (RhKind)kind, NULL);
    rh_xml_must(xmlTextWriterEndDocument(writer) >= 0);
    xmlFreeTextWriter(writer);
    return rh_xml_buffer_free_to_bytes(buffer);
}

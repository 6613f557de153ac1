/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/record-xml.h"

#include "util/error.h"
#include "util/text.h"
#include "xml/device-xml.h"
#include "xml/parse.h"

#define TEXT(s) ((const xmlChar *)(s))
#define STATE_OFF "off"

gboolean rh_record_xml_check(xmlNode *node, GError **error)
{
    g_autoptr(RhXmlText) text = rh_xml_get(node, "format");
    guint64 format;

    if (!text)
        return rh_raise(error, RH_ERROR_INPUT, "the guest's record has no format");
    if (!rh_parse_number(text, G_MAXUINT, &format))
        return rh_raise(error, RH_ERROR_INPUT,
                        "the guest's record has format='%s', which is no number", text);
    if (format > RH_FORMAT)
        return rh_raise(error, RH_ERROR_INPUT,
                        "the guest's record has format %" G_GUINT64_FORMAT
                        ", this version reads up to %u; install a newer virt-rehome here",
                        format, RH_FORMAT);
    return TRUE;
}

gboolean rh_record_xml_read(xmlNode *node, RhRecord *record, GHashTable *elements, GError **error)
{
    g_autoptr(RhXmlText) state = rh_xml_get(node, "state");
    gboolean ok = TRUE;

    record->off = g_strcmp0(state, STATE_OFF) == 0;
    record->host = rh_xml_copy(node, "host");
    record->host_id = rh_xml_copy(node, "host-id");
    record->kernel = rh_xml_copy(node, "kernel");
    record->qemu = rh_xml_copy(node, "qemu");
    for (xmlNode *child = node->children; child; child = child->next) {
        RhDevice *entry;
        RhKind kind;

        if (child->type != XML_ELEMENT_NODE || !child->ns ||
            !g_str_equal((const char *)child->ns->href, RH_NAMESPACE) ||
            !rh_kind_by_element((const char *)child->name, &kind) || !rh_kind_info(kind)->recorded)
            continue;
        entry = rh_device_read_entry(kind, child, ok ? error : NULL);
        ok = ok && entry;
        if (!entry)
            continue;
        g_ptr_array_add(record->entries, entry);
        g_hash_table_insert(elements, entry, child);
    }
    return ok;
}

void rh_record_xml_remove(xmlNode *node)
{
    xmlNode *before = node->prev;

    if (before && xmlIsBlankNode(before)) {
        xmlUnlinkNode(before);
        xmlFreeNode(before);
    }
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

/* <metadata> stands after name, uuid, title and description, where libvirt puts it. */
static xmlNode *make_metadata(xmlNode *root)
{
    static const char *const before[] = {"description", "title", "genid", "uuid", "name"};
    xmlNode *metadata = xmlNewDocNode(root->doc, NULL, TEXT("metadata"), NULL);
    xmlNode *last = NULL;

    for (guint i = 0; !last && i < G_N_ELEMENTS(before); i++)
        last = rh_xml_child(root, NULL, before[i]);
    if (last)
        xmlAddNextSibling(last, metadata);
    else if (root->children)
        xmlAddPrevSibling(root->children, metadata);
    else
        xmlAddChild(root, metadata);
    if (last)
        xmlAddNextSibling(last, xmlNewDocText(root->doc, TEXT("\n  ")));
    xmlAddChild(metadata, xmlNewDocText(root->doc, TEXT("\n  ")));
    return metadata;
}

static void indent(xmlNode *parent, const char *space)
{
    xmlAddChild(parent, xmlNewDocText(parent->doc, TEXT(space)));
}

static xmlNode *make_record(xmlNode *metadata)
{
    xmlNode *node = xmlNewDocNode(metadata->doc, NULL, TEXT("record"), NULL);

    xmlSetNs(node, xmlNewNs(node, TEXT(RH_NAMESPACE), NULL));
    indent(metadata, "  ");
    xmlAddChild(metadata, node);
    indent(metadata, "\n  ");
    return node;
}

static void write_entries(xmlNode *node, const RhRecord *record)
{
    for (guint i = 0; i < record->entries->len; i++) {
        const RhDevice *entry = g_ptr_array_index(record->entries, i);
        xmlNode *child =
            xmlNewDocNode(node->doc, node->ns, TEXT(rh_kind_info(entry->kind)->element), NULL);

        indent(node, "\n      ");
        xmlAddChild(node, child);
        rh_device_write_entry(entry, child);
    }
    indent(node, "\n    ");
}

static void write_record(xmlNode *node, const RhRecord *record, GDateTime *time)
{
    g_autofree char *format = g_strdup_printf("%u", RH_FORMAT);
    g_autofree char *stamp = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");

    rh_xml_set(node, "format", format);
    rh_xml_set(node, "host", record->host);
    rh_xml_set(node, "host-id", record->host_id);
    rh_xml_set(node, "kernel", record->kernel);
    rh_xml_set(node, "qemu", record->qemu);
    rh_xml_set(node, "state", record->off ? STATE_OFF : NULL);
    rh_xml_set(node, "time", stamp);
    write_entries(node, record);
}

void rh_record_xml_put(xmlNode *root, const RhRecord *record, GDateTime *time)
{
    xmlNode *metadata = rh_xml_child(root, NULL, "metadata");
    xmlNode *old;

    while ((old = rh_xml_child(metadata, RH_NAMESPACE, "record")))
        rh_record_xml_remove(old);
    write_record(make_record(metadata ? metadata : make_metadata(root)), record, time);
}

char *rh_record_xml_format(const RhRecord *record, GDateTime *time)
{
    xmlBuffer *buffer = rh_xml_buffer_new();
    g_autoptr(xmlDoc) doc = xmlNewDoc(TEXT("1.0"));
    xmlNode *node = xmlNewDocNode(doc, NULL, TEXT("record"), NULL);
    g_autoptr(GBytes) bytes = NULL;

    xmlSetNs(node, xmlNewNs(node, TEXT(RH_NAMESPACE), NULL));
    xmlDocSetRootElement(doc, node);
    write_record(node, record, time);
    rh_xml_must(xmlNodeDump(buffer, doc, node, 0, 0) >= 0);
    bytes = rh_xml_buffer_free_to_bytes(buffer);
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

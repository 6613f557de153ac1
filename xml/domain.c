/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/domain.h"

#include "core/contract.h"
#include "util/error.h"
#include "util/text.h"
#include "xml/device-xml.h"
#include "xml/limits.h"
#include "xml/parse.h"
#include "xml/record-xml.h"
#include "xml/unattended.h"
#include "xml/use.h"

#include <libxml/xmlsave.h>
#include <string.h>

#define MAX_RECORD_TEXT 2000u

struct RhDomain {
    xmlDoc *doc;
    gboolean declared; /* the document came with <?xml …?> */
    RhGuest *guest;
    xmlNode *record;      /* NULL: none */
    GHashTable *elements; /* RhGuestDevice, and RhDevice of the record, -> its element */
};

void rh_domain_free(RhDomain *domain)
{
    if (!domain)
        return;
    rh_guest_free(domain->guest);
    g_hash_table_unref(domain->elements);
    xmlFreeDoc(domain->doc);
    g_free(domain);
}

RhGuest *rh_domain_guest(RhDomain *domain)
{
    return domain->guest;
}

static gboolean read_devices(RhDomain *domain, xmlNode *root, GError **error)
{
    xmlNode *devices = rh_xml_child(root, NULL, "devices");

    for (xmlNode *node = rh_xml_walk(devices, devices); node; node = rh_xml_walk(devices, node)) {
        const RhUse *use = rh_use_of(node);
        RhGuestDevice *device;

        domain->guest->n_vfio += use && use->is_vfio;
        if (!use || !use->source) {
            if (!rh_unattended_read(domain->guest, node, error))
                return FALSE;
            continue;
        }
        device = rh_use_read(use, node, domain->guest, error);
        if (!device)
            return FALSE;
        g_hash_table_insert(domain->elements, device, node);
    }
    return rh_unattended_read_arguments(domain->guest, root, error);
}

/* Which NUMA nodes the guest's memory is bound to. */
static gboolean read_numatune(RhDomain *domain, xmlNode *root, GError **error)
{
    xmlNode *numatune = rh_xml_child(root, NULL, "numatune");

    for (xmlNode *node = numatune ? numatune->children : NULL; node; node = node->next) {
        g_autoptr(RhXmlText) nodeset =
            node->type == XML_ELEMENT_NODE ? rh_xml_get(node, "nodeset") : NULL;

        if (nodeset && !rh_guest_bind(domain->guest, nodeset))
            return rh_raise(error, RH_ERROR_INPUT,
                            "the guest has <%s nodeset='%s'>, which is no set of NUMA nodes",
                            (const char *)node->name, nodeset);
    }
    return TRUE;
}

static gboolean has_declaration(GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return length > 5 && (memcmp(data, "<?xml", 5) == 0 || (guchar)data[0] >= 0xef);
}

RhDomain *rh_domain_parse(GBytes *bytes, GError **error)
{
    g_autoptr(RhDomain) domain = g_new0(RhDomain, 1);
    xmlNode *root;

    domain->guest = rh_guest_new();
    domain->elements = g_hash_table_new(NULL, NULL);
    domain->declared = has_declaration(bytes);
    domain->doc = rh_xml_parse(bytes, "the guest's XML", error);
    if (!domain->doc)
        return NULL;
    root = xmlDocGetRootElement(domain->doc);
    if (root->ns || !g_str_equal((const char *)root->name, "domain")) {
        rh_raise(error, RH_ERROR_INPUT,
                 "the guest's XML is a <%s>, not a <domain>; 'virsh dumpxml' prints one",
                 (const char *)root->name);
        return NULL;
    }
    domain->guest->runs = xmlHasProp(root, (const xmlChar *)"id") != NULL;
    if (!rh_use_read_names(domain->guest, root, "the guest's XML", error) ||
        !read_devices(domain, root, error))
        return NULL;
    if (rh_guest_has_ours(domain->guest) && !read_numatune(domain, root, error))
        return NULL;
    return g_steal_pointer(&domain);
}

/* In UTF-16 every other byte is a NUL, and words are not found. */
gboolean rh_domain_may_have_devices(GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return rh_use_is_marked(bytes) || (length > 0 && memchr(data, '\0', length));
}

gboolean rh_domain_read_record(RhDomain *domain, GError **error)
{
    xmlNode *root = xmlDocGetRootElement(domain->doc);
    xmlNode *metadata = rh_xml_child(root, NULL, "metadata");
    xmlNode *node = rh_xml_child(metadata, RH_NAMESPACE, "record");

    if (!node)
        return rh_guest_match_record(domain->guest, error);
    if (rh_xml_next(node, RH_NAMESPACE, "record"))
        return rh_raise(error, RH_ERROR_INPUT,
                        "the guest has two records in its metadata; remove them with 'virsh "
                        "metadata GUEST %s --remove' and record anew",
                        RH_NAMESPACE);
    if (!rh_record_xml_check(node, error))
        return FALSE;
    domain->guest->record = rh_record_new();
    domain->record = node;
    if (rh_record_xml_read(node, domain->guest->record, domain->elements, error))
        return rh_guest_match_record(domain->guest, error);
    (void)rh_guest_match_record(domain->guest, NULL);
    return FALSE;
}

static xmlNode *first_record(const RhDomain *domain)
{
    xmlNode *metadata = rh_xml_child(xmlDocGetRootElement(domain->doc), NULL, "metadata");

    return rh_xml_child(metadata, RH_NAMESPACE, "record");
}

char *rh_domain_record_text(RhDomain *domain)
{
    xmlBuffer *buffer = xmlBufferCreate();
    char *text = NULL;

    for (xmlNode *node = first_record(domain); node;
         node = rh_xml_next(node, RH_NAMESPACE, "record"))
        (void)xmlNodeDump(buffer, domain->doc, node, 0, 0);
    if (xmlBufferLength(buffer) > 0)
        text = g_strdelimit(g_strdup((const char *)xmlBufferContent(buffer)), "\n\r\t", ' ');
    xmlBufferFree(buffer);
    return text ? rh_cut(rh_one_line(text), MAX_RECORD_TEXT) : NULL;
}

gboolean rh_domain_forget_record(RhDomain *domain, GError **error)
{
    for (xmlNode *node = first_record(domain); node;
         node = rh_xml_next(node, RH_NAMESPACE, "record")) {
        g_autoptr(RhXmlText) text = rh_xml_get(node, "format");
        guint64 format;

        if (text && rh_parse_number(text, G_MAXUINT, &format) && format > RH_FORMAT)
            return rh_record_xml_check(node, error);
    }
    for (guint i = 0; i < domain->guest->devices->len; i++) {
        RhGuestDevice *device = g_ptr_array_index(domain->guest->devices, i);

        device->entry = NULL;
        device->chosen = FALSE;
    }
    for (guint i = 0; domain->guest->record && i < domain->guest->record->entries->len; i++)
        g_hash_table_remove(domain->elements, g_ptr_array_index(domain->guest->record->entries, i));
    g_clear_pointer(&domain->guest->record, rh_record_free);
    domain->record = NULL;
    return rh_guest_match_record(domain->guest, error);
}

static const RhChoice *choice_of(const RhPlan *plan, const RhDevice *entry)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->guest_device->entry == entry)
            return choice;
    }
    return NULL;
}

/* Each entry becomes what its device is here, or stays where that is awaited; one that is of no
 * device would name some other guest's from now on, and goes. */
static void move_record(RhDomain *domain, const RhPlan *plan)
{
    GPtrArray *entries = domain->guest->record->entries;
    g_autoptr(RhRecord) here = rh_record_new();

    rh_record_set_host(here, plan->context.host, domain->guest->record);
    rh_xml_set(domain->record, "host", here->host);
    rh_xml_set(domain->record, "host-id", here->host_id);
    for (guint i = 0; i < entries->len; i++) {
        const RhDevice *entry = g_ptr_array_index(entries, i);
        const RhChoice *choice = choice_of(plan, entry);
        g_autoptr(RhDevice) moved =
            choice && choice->device ? rh_record_move(entry, choice->device) : NULL;
        xmlNode *node = g_hash_table_lookup(domain->elements, entry);

        if (moved)
            rh_device_write_entry(moved, node);
        else if (!choice)
            rh_record_xml_remove(node);
    }
}

static void write_source(RhDomain *domain, const RhGuestDevice *device, const char *source)
{
    xmlNode *node = g_hash_table_lookup(domain->elements, device);

    rh_use_of(node)->source->write(node, source);
}

void rh_domain_set_source(RhDomain *domain, RhGuestDevice *device, const char *source)
{
    write_source(domain, device, source);
    g_free(device->source);
    device->source = g_strdup(source);
    g_clear_pointer(&device->node, g_free);
}

void rh_domain_apply(RhDomain *domain, const RhPlan *plan)
{
    g_assert(plan->fits);
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (rh_choice_moves(choice))
            write_source(domain, choice->guest_device, rh_choice_target(choice));
    }
    if (domain->record)
        move_record(domain, plan);
}

gboolean rh_domain_set_lost(RhDomain *domain, const RhGuestDevice *device, gboolean lost)
{
    RhDevice *entry = device->entry;

    if (!entry)
        return FALSE;
    if (lost ? rh_record_is_lost(device) : !rh_device_knows(entry, RH_ATTR_LOST))
        return FALSE;
    rh_device_set_text(entry, RH_ATTR_LOST, lost ? device->source : NULL);
    rh_device_write_entry(entry, g_hash_table_lookup(domain->elements, entry));
    return TRUE;
}

void rh_domain_set_record(RhDomain *domain, const RhRecord *record, GDateTime *time)
{
    rh_record_xml_put(xmlDocGetRootElement(domain->doc), record, time);
}

char *rh_domain_format_record(const RhRecord *record, GDateTime *time)
{
    return rh_record_xml_format(record, time);
}

GBytes *rh_domain_serialise(RhDomain *domain, GError **error)
{
    const char *encoding = domain->doc->encoding ? (const char *)domain->doc->encoding : "UTF-8";
    int options = XML_SAVE_AS_XML | (domain->declared ? 0 : XML_SAVE_NO_DECL);
    xmlBuffer *buffer = rh_xml_buffer_new();
    xmlSaveCtxt *save = xmlSaveToBuffer(buffer, encoding, options);
    gboolean saved = save && xmlSaveDoc(save, domain->doc) >= 0;
    g_autoptr(GBytes) bytes = NULL;

    if (save)
        saved = xmlSaveClose(save) >= 0 && saved;
    bytes = rh_xml_buffer_free_to_bytes(buffer);
    if (saved)
        return g_steal_pointer(&bytes);
    rh_raise(error, RH_ERROR_BUG, "the guest's XML cannot be written in its encoding '%s'",
             encoding);
    return NULL;
}

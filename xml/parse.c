/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/parse.h"

#include "util/error.h"
#include "util/text.h"
#include "xml/limits.h"

#include <string.h>

#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOWARNING)

/* libxml2 2.12 made it const */
#if LIBXML_VERSION >= 21200
typedef const xmlError RhXmlError;
#else
typedef xmlError RhXmlError;
#endif

typedef xmlParserCtxt Parser;
static void parser_free(Parser *parser)
{
    if (!parser)
        return;
    xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parser, parser_free)

/* libxml2 goes on where it has no memory, and what it then makes of a document lacks a value. GLib
 * ends the process. Nothing of no bytes is no failure. */
static void *take_memory(size_t size)
{
    return g_malloc(MAX(size, 1));
}

static void *change_memory(void *memory, size_t size)
{
    return g_realloc(memory, MAX(size, 1));
}

static char *copy_text(const char *text)
{
    return g_strdup(text);
}

void rh_xml_prepare(void)
{
    static gsize prepared;

    if (!g_once_init_enter(&prepared))
        return;
    if (xmlMemSetup(g_free, take_memory, change_memory, copy_text) != 0)
        g_error("libxml2 does not take its memory from elsewhere");
    xmlInitParser();
    g_once_init_leave(&prepared, 1);
}

void rh_xml_must(gboolean done)
{
    if (!done)
        g_error("libxml2 did not do what it was told to");
}

xmlBuffer *rh_xml_buffer_new(void)
{
    xmlBuffer *buffer;

    rh_xml_prepare();
    buffer = xmlBufferCreate();
    rh_xml_must(buffer != NULL);
    return buffer;
}

GBytes *rh_xml_buffer_free_to_bytes(xmlBuffer *buffer)
{
    GBytes *bytes = g_bytes_new(xmlBufferContent(buffer), (gsize)xmlBufferLength(buffer));

    xmlBufferFree(buffer);
    return bytes;
}

static Parser *parser_new(void)
{
    Parser *parser;

    rh_xml_prepare();
    parser = xmlNewParserCtxt();
    rh_xml_must(parser != NULL);
    return parser;
}

/* What rides on a parser: in its _private. */
typedef struct {
    gboolean has_doctype;
    const RhXmlScanner *scanner;
    gpointer data;
    GError *error;
} Ride;

/* A document type is refused before anything of it is read: it could name files and entities. */
static void refuse_doctype(void *context, const xmlChar *name G_GNUC_UNUSED,
                           const xmlChar *external G_GNUC_UNUSED,
                           const xmlChar *system G_GNUC_UNUSED)
{
    Parser *parser = context;
    Ride *ride = parser->_private;

    ride->has_doctype = TRUE;
    xmlStopParser(parser);
}

/* The parser's last word as a clause: lower case, no newline at the end, with the line. */
static char *describe_fault(Parser *parser)
{
    const xmlError *fault = xmlCtxtGetLastError(parser);
    char *text = g_utf8_make_valid(fault && fault->message ? fault->message : "not XML", -1);

    g_strchomp(text);
    g_strdelimit(text, "\n\r", ' ');
    if (fault && fault->line > 0) {
        char *with_line = g_strdup_printf("line %d: %s", fault->line, text);

        g_free(text);
        return with_line;
    }
    return text;
}

/* A NUL would end the document for some and not for others; in UTF-16 every other byte is one. */
static gboolean has_stray_nul(const char *data, gsize length)
{
    gboolean is_wide = length >= 2 && ((guchar)data[0] >= 0xfe || !data[0] || !data[1]);

    return !is_wide && memchr(data, '\0', length);
}

/* What libxml2 says is in the parser; by itself it would go to standard error. After the first
 * fault nothing may be read any more, since the document was looked through as one without. */
static void stop_at_fault(void *context, RhXmlError *fault)
{
    if (fault->level == XML_ERR_FATAL)
        xmlStopParser(context);
}

/* What is said outside of a parser. */
static void say_nothing(void *context G_GNUC_UNUSED, RhXmlError *fault G_GNUC_UNUSED)
{
}

/* Runs @parser over @bytes. */
static gboolean run(Parser *parser, GBytes *bytes, const char *what, int options, Ride *ride,
                    GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    g_autofree char *fault = NULL;

    if (length == 0)
        return rh_raise(error, RH_ERROR_INPUT, "%s is empty", what);
    if (has_stray_nul(data, length))
        return rh_raise(error, RH_ERROR_INPUT, "%s has a NUL byte in it", what);
    if (!rh_xml_check_limits(data, length, what, error))
        return FALSE;
    xmlSetStructuredErrorFunc(NULL, say_nothing);
    parser->_private = ride;
    parser->sax->serror = stop_at_fault;
    parser->sax->internalSubset = refuse_doctype;
    parser->myDoc =
        xmlCtxtReadMemory(parser, data, (int)length, NULL, NULL, PARSE_OPTIONS | options);
    if (ride->error) {
        g_propagate_error(error, ride->error);
        return FALSE;
    }
    if (ride->has_doctype)
        return rh_raise(error, RH_ERROR_INPUT,
                        "%s has a document type (<!DOCTYPE>), which libvirt never writes", what);
    if (parser->wellFormed)
        return TRUE;
    fault = describe_fault(parser);
    return rh_raise(error, RH_ERROR_INPUT, "%s is not well-formed XML: %s", what, fault);
}

xmlDoc *rh_xml_parse(GBytes *bytes, const char *what, GError **error)
{
    g_autoptr(Parser) parser = parser_new();
    Ride ride = {0};

    if (!run(parser, bytes, what, 0, &ride, error))
        return NULL;
    return g_steal_pointer(&parser->myDoc);
}

static void scan_start(void *context, const xmlChar *name, const xmlChar *prefix G_GNUC_UNUSED,
                       const xmlChar *uri, int n_namespaces G_GNUC_UNUSED,
                       const xmlChar **namespaces G_GNUC_UNUSED, int n_attributes,
                       int n_defaulted G_GNUC_UNUSED, const xmlChar **attributes)
{
    Parser *parser = context;
    Ride *ride = parser->_private;
    RhXmlElement element = {.name = (const char *)name,
                            .ns = (const char *)uri,
                            .raw = attributes,
                            .n_attributes = n_attributes};
    GError *error = NULL;

    if (ride->error || ride->scanner->start(&element, ride->data, &error))
        return;
    ride->error = g_error_new(error->domain, error->code, "line %d: %s",
                              xmlSAX2GetLineNumber(parser), error->message);
    g_error_free(error);
    xmlStopParser(parser);
}

static void scan_end(void *context, const xmlChar *name G_GNUC_UNUSED,
                     const xmlChar *prefix G_GNUC_UNUSED, const xmlChar *uri G_GNUC_UNUSED)
{
    Parser *parser = context;
    Ride *ride = parser->_private;

    if (!ride->error)
        ride->scanner->end(ride->data);
}

gboolean rh_xml_scan(GBytes *bytes, const char *what, const RhXmlScanner *scanner, gpointer data,
                     GError **error)
{
    g_autoptr(Parser) parser = parser_new();
    Ride ride = {.scanner = scanner, .data = data};

    memset(parser->sax, 0, sizeof *parser->sax);
    parser->sax->initialized = XML_SAX2_MAGIC;
    parser->sax->startElementNs = scan_start;
    parser->sax->endElementNs = scan_end;
    /* without a tree nobody else decodes &amp; in attributes; other entities cannot be */
    if (run(parser, bytes, what, XML_PARSE_NOENT, &ride, error))
        return TRUE;
    if (ride.error)
        g_prefix_error(error, "%s, ", what);
    return FALSE;
}

gboolean rh_xml_attribute(const RhXmlElement *element, int i, const char **ret_name,
                          char **ret_value)
{
    /* libxml2's layout: name, prefix, namespace, start and end of the value */
    const xmlChar **raw = element->raw + (gsize)i * 5;

    if (raw[2])
        return FALSE;
    *ret_name = (const char *)raw[0];
    *ret_value = g_strndup((const char *)raw[3], (gsize)(raw[4] - raw[3]));
    return TRUE;
}

static gboolean is_element(const xmlNode *node, const char *ns, const char *name)
{
    const char *its_ns = node->ns ? (const char *)node->ns->href : NULL;

    return node->type == XML_ELEMENT_NODE && g_str_equal((const char *)node->name, name) &&
           g_strcmp0(its_ns, ns) == 0;
}

static xmlNode *first_of(xmlNode *node, const char *ns, const char *name)
{
    while (node && !is_element(node, ns, name))
        node = node->next;
    return node;
}

xmlNode *rh_xml_child(xmlNode *parent, const char *ns, const char *name)
{
    return parent ? first_of(parent->children, ns, name) : NULL;
}

xmlNode *rh_xml_next(xmlNode *node, const char *ns, const char *name)
{
    return first_of(node->next, ns, name);
}

static xmlNode *node_after(const xmlNode *root, xmlNode *node)
{
    if (node->type == XML_ELEMENT_NODE && node->children)
        return node->children;
    while (node != root && !node->next)
        node = node->parent;
    return node != root ? node->next : NULL;
}

xmlNode *rh_xml_walk(const xmlNode *root, xmlNode *node)
{
    do {
        node = root && node ? node_after(root, node) : NULL;
    } while (node && node->type != XML_ELEMENT_NODE);
    return node;
}

RhXmlText *rh_xml_get(xmlNode *node, const char *name)
{
    return node ? (RhXmlText *)xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
}

char *rh_xml_copy(xmlNode *node, const char *name)
{
    g_autoptr(RhXmlText) text = rh_xml_get(node, name);

    return text && *text ? g_strdup(text) : NULL;
}

guint64 rh_xml_part(xmlNode *address, const char *name)
{
    g_autoptr(RhXmlText) text = rh_xml_get(address, name);
    guint64 part = 0;

    if (text && !rh_parse_hex(text, &part))
        (void)rh_parse_number(text, G_MAXUINT32, &part);
    return part;
}

char *rh_xml_pci(xmlNode *address)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", (guint)rh_xml_part(address, "domain"),
                           (guint)rh_xml_part(address, "bus"), (guint)rh_xml_part(address, "slot"),
                           (guint)rh_xml_part(address, "function"));
}

char *rh_xml_writable(const char *value)
{
    return rh_make_xml_text(g_utf8_make_valid(value, -1));
}

void rh_xml_set(xmlNode *node, const char *name, const char *value)
{
    g_autofree char *writable = value ? rh_xml_writable(value) : NULL;
    g_autoptr(RhXmlText) old = rh_xml_get(node, name);

    if (g_strcmp0(old, writable) == 0)
        return;
    if (writable)
        xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)writable);
    else
        xmlUnsetProp(node, (const xmlChar *)name);
}

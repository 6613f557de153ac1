/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parsing documents of unknown origin: no network, no document type, no entities of their own, the
 * limits of xml/limits.h and libxml2's on length. Only for xml/, since it speaks libxml2.
 */
#pragma once

#include <glib.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

/* The namespace of our documents. */
#define RH_NAMESPACE "urn:virt-rehome:1"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
typedef char RhXmlText; /* a string of libxml2's */
static inline void rh_xml_text_free(RhXmlText *text)
{
    xmlFree(text);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhXmlText, rh_xml_text_free)

/* Before anything else of libxml2's: that it takes its memory from GLib, which ends the process
 * where there is none. Costs nothing the second time. */
void rh_xml_prepare(void);

/* Ends the process where libxml2 could not do what does not depend on any document: nothing that
 * lacks a value may leave. */
void rh_xml_must(gboolean done);

/* A buffer to write to, and what was written. Both end the process rather than lose a byte. */
xmlBuffer *rh_xml_buffer_new(void);
GBytes *rh_xml_buffer_free_to_bytes(xmlBuffer *buffer);

/* The document as a tree. @what names it in errors ("the guest's XML"). Error: RH_ERROR_INPUT. */
xmlDoc *rh_xml_parse(GBytes *bytes, const char *what, GError **error);

/* An element as it is met: names and values are valid during the call. */
typedef struct {
    const char *name;
    const char *ns;      /* NULL: none */
    const xmlChar **raw; /* libxml2's, for rh_xml_attribute() */
    int n_attributes;
} RhXmlElement;

/* Calls for each element's start and end; FALSE ends the scan with *error set. */
typedef struct {
    gboolean (*start)(const RhXmlElement *element, gpointer data, GError **error);
    void (*end)(gpointer data);
} RhXmlScanner;

/* The document as a stream of elements, without a tree. Errors name the line. */
gboolean rh_xml_scan(GBytes *bytes, const char *what, const RhXmlScanner *scanner, gpointer data,
                     GError **error);

/* The @i-th attribute without a namespace; FALSE where it has one. *@ret_value is the caller's. */
gboolean rh_xml_attribute(const RhXmlElement *element, int i, const char **ret_name,
                          char **ret_value);

/* The first child element @name in @ns (NULL: none), or the next such sibling. */
xmlNode *rh_xml_child(xmlNode *parent, const char *ns, const char *name);
xmlNode *rh_xml_next(xmlNode *node, const char *ns, const char *name);

/* The element below @root (NULL: nothing is) that comes after @node in the document, where @root
 * itself comes first; NULL: that was the last one. */
xmlNode *rh_xml_walk(const xmlNode *root, xmlNode *node);

/* The value of an attribute without a namespace, or NULL. */
RhXmlText *rh_xml_get(xmlNode *node, const char *name);

/* The same as a copy that is the caller's; NULL where it is absent or empty. */
char *rh_xml_copy(xmlNode *node, const char *name);

/* A part of an address that libvirt wrote, as 0x… or decimal; 0 where it is absent. */
guint64 rh_xml_part(xmlNode *address, const char *name);

/* The PCI address in the element @address: "0000:3b:00.2"; owned by the caller. */
char *rh_xml_pci(xmlNode *address);

/* @value as it may be written: what no XML can hold is replaced, so that whatever is written can be
 * read. Nothing that comes in has such characters; this is for what nobody thought of. Owned
 * by the caller. */
char *rh_xml_writable(const char *value);

/* Makes an attribute without a namespace have @value; NULL: takes it away. What is already so is
 * not touched. */
void rh_xml_set(xmlNode *node, const char *name, const char *value);

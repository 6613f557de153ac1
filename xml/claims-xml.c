/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/claims-xml.h"

#include "util/error.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/parse.h"

#include <libxml/xmlwriter.h>
#include <stddef.h>

/* A claim at its longest: a quotation mark is written as six bytes; what is no text takes less than
 * the rest. */
#define MAX_WRITTEN (6 * (RH_MAX_CLAIM_SOURCE + 3 * RH_MAX_CLAIM_TEXT) + 262)
#define MAX_HEAD 100
G_STATIC_ASSERT(RH_MAX_CLAIMS *MAX_WRITTEN + MAX_HEAD <= RH_MAX_DOCUMENT);

#define TEXT(s) ((const xmlChar *)(s))

typedef struct {
    RhClaims *claims;
    RhReleaseNote *note; /* NULL: a claims file */
    guint depth;
} Reader;

static char **text_of(RhClaim *claim, const char *name)
{
    static const struct {
        const char *name;
        size_t offset;
    } texts[] = {{"key", offsetof(RhClaim, key)},
                 {"device", offsetof(RhClaim, device)},
                 {"guest", offsetof(RhClaim, guest)},
                 {"uuid", offsetof(RhClaim, uuid)}};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_str_equal(texts[i].name, name))
            return G_STRUCT_MEMBER_P(claim, texts[i].offset);
    return NULL;
}

/* FALSE where @value cannot be read. */
static gboolean read_value(RhClaim *claim, const char *name, const char *value)
{
    char **text = text_of(claim, name);
    guint64 number;

    if (text) {
        g_free(*text);
        *text = g_strdup(value);
        return TRUE;
    }
    if (g_str_equal(name, "kind"))
        return rh_kind_by_element(value, &claim->kind) && rh_kind_info(claim->kind)->recorded;
    if (g_str_equal(name, "state"))
        return rh_claim_state_by_name(value, &claim->state);
    if (g_str_equal(name, "cold")) {
        claim->cold = g_str_equal(value, "yes");
        return claim->cold || g_str_equal(value, "no");
    }
    if (g_str_equal(name, "daemon-start"))
        return rh_parse_number(value, G_MAXUINT64, &claim->daemon_start);
    if (!g_str_equal(name, "time") && !g_str_equal(name, "daemon"))
        return TRUE;
    if (!rh_parse_number(value, G_MAXINT64, &number))
        return FALSE;
    *(g_str_equal(name, "time") ? &claim->time : &claim->daemon) = (gint64)number;
    return TRUE;
}

static gboolean read_claim(Reader *reader, const RhXmlElement *element, GError **error)
{
    g_autoptr(RhClaim) claim = g_new0(RhClaim, 1);
    g_autoptr(GError) beyond = NULL;
    gboolean has_kind = FALSE;
    gboolean has_state = FALSE;

    for (int i = 0; i < element->n_attributes; i++) {
        g_autofree char *value = NULL;
        const char *name;

        if (!rh_xml_attribute(element, i, &name, &value))
            continue;
        if (!read_value(claim, name, value))
            return rh_raise(error, RH_ERROR_INPUT,
                            "<claim> has %s='%s', which is not a value of it", name, value);
        has_kind |= g_str_equal(name, "kind");
        has_state |= g_str_equal(name, "state");
    }
    if (!has_kind || !has_state || !claim->key || !(claim->guest || claim->uuid))
        return rh_raise(error, RH_ERROR_INPUT, "<claim> lacks kind, key, state or guest");
    if (!rh_claim_check(claim, &beyond))
        return rh_raise(error, RH_ERROR_INPUT, "<claim> is none of ours: %s", beyond->message);
    if (reader->claims->len == RH_MAX_CLAIMS)
        return rh_raise(error, RH_ERROR_INPUT, "there are more than %u claims, which is the limit",
                        RH_MAX_CLAIMS);
    g_ptr_array_add(reader->claims, g_steal_pointer(&claim));
    return TRUE;
}

/* An attribute of the document itself. */
static gboolean read_head(Reader *reader, const char *name, const char *value, GError **error)
{
    RhReleaseNote *note = reader->note;
    guint64 time;

    if (!note)
        return TRUE;
    if (g_str_equal(name, "guest") && !note->guest)
        note->guest = g_strdup(value);
    if (g_str_equal(name, "uuid") && !note->uuid)
        note->uuid = g_strdup(value);
    if (!g_str_equal(name, "time"))
        return TRUE;
    if (!rh_parse_number(value, G_MAXINT64, &time))
        return rh_raise(error, RH_ERROR_INPUT, "it has time='%s', which is no time", value);
    note->time = (gint64)time;
    return TRUE;
}

/* A later version's claims are not understood. */
static gboolean read_format(Reader *reader, const RhXmlElement *element, GError **error)
{
    gboolean has_format = FALSE;

    for (int i = 0; i < element->n_attributes; i++) {
        g_autofree char *value = NULL;
        const char *name;
        guint64 format;

        if (!rh_xml_attribute(element, i, &name, &value))
            continue;
        if (!g_str_equal(name, "format")) {
            if (!read_head(reader, name, value, error))
                return FALSE;
            continue;
        }
        has_format = TRUE;
        if (!rh_parse_number(value, RH_FORMAT, &format))
            return rh_raise(error, RH_ERROR_INPUT, "<%s> has format='%s', must be up to %u",
                            element->name, value, RH_FORMAT);
    }
    return has_format || rh_raise(error, RH_ERROR_INPUT, "<%s> has no format", element->name);
}

static gboolean read_start(const RhXmlElement *element, gpointer data, GError **error)
{
    Reader *reader = data;
    const char *root = reader->note ? "released" : "claims";
    const char *expected = reader->depth == 0 ? root : "claim";
    gboolean is_ours =
        g_strcmp0(element->ns, RH_NAMESPACE) == 0 && g_str_equal(element->name, expected);

    if (reader->depth++ == 0)
        return is_ours
                   ? read_format(reader, element, error)
                   : rh_raise(error, RH_ERROR_INPUT, "<%s> is not a list of claims", element->name);
    return !is_ours || read_claim(reader, element, error);
}

static void read_end(gpointer data)
{
    Reader *reader = data;

    reader->depth--;
}

static const RhXmlScanner scanner = {read_start, read_end};

RhClaims *rh_claims_parse(GBytes *bytes, const char *what, GError **error)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    Reader reader = {.claims = claims};

    return rh_xml_scan(bytes, what, &scanner, &reader, error) ? g_steal_pointer(&claims) : NULL;
}

RhReleaseNote *rh_release_note_parse(GBytes *bytes, const char *what, GError **error)
{
    g_autoptr(RhReleaseNote) note = g_new0(RhReleaseNote, 1);
    Reader reader = {.note = note};

    note->claims = rh_claims_new();
    reader.claims = note->claims;
    return rh_xml_scan(bytes, what, &scanner, &reader, error) ? g_steal_pointer(&note) : NULL;
}

static void write_text(xmlTextWriter *writer, const char *name, const char *value)
{
    g_autofree char *writable = value ? rh_xml_writable(value) : NULL;

    if (writable)
        rh_xml_must(xmlTextWriterWriteAttribute(writer, TEXT(name), TEXT(writable)) >= 0);
}

static void write_number(xmlTextWriter *writer, const char *name, guint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);

    write_text(writer, name, text);
}

static void write_claim(xmlTextWriter *writer, const RhClaim *claim)
{
    rh_xml_must(xmlTextWriterStartElement(writer, TEXT("claim")) >= 0);
    write_text(writer, "kind", rh_kind_info(claim->kind)->element);
    write_text(writer, "key", claim->key);
    write_text(writer, "device", claim->device);
    write_text(writer, "guest", claim->guest);
    write_text(writer, "uuid", claim->uuid);
    write_text(writer, "state", rh_claim_state_name(claim->state));
    if (claim->cold)
        write_text(writer, "cold", "yes");
    write_number(writer, "time", (guint64)claim->time);
    write_number(writer, "daemon", (guint64)claim->daemon);
    write_number(writer, "daemon-start", claim->daemon_start);
    rh_xml_must(xmlTextWriterEndElement(writer) >= 0);
}

/* @note: NULL: a claims file. */
static GBytes *serialise(const RhClaims *claims, const RhReleaseNote *note)
{
    xmlBuffer *buffer = rh_xml_buffer_new();
    xmlTextWriter *writer = xmlNewTextWriterMemory(buffer, 0);

    rh_xml_must(writer != NULL);
    (void)xmlTextWriterSetIndent(writer, 1);
    rh_xml_must(xmlTextWriterStartElement(writer, TEXT(note ? "released" : "claims")) >= 0);
    write_text(writer, "xmlns", RH_NAMESPACE);
    write_number(writer, "format", RH_FORMAT);
    if (note) {
        write_number(writer, "time", (guint64)note->time);
        write_text(writer, "guest", note->guest);
        write_text(writer, "uuid", note->uuid);
    }
    for (guint i = 0; i < claims->len; i++)
        write_claim(writer, g_ptr_array_index(claims, i));
    rh_xml_must(xmlTextWriterEndDocument(writer) >= 0);
    xmlFreeTextWriter(writer);
    return rh_xml_buffer_free_to_bytes(buffer);
}

GBytes *rh_claims_serialise(const RhClaims *claims)
{
    return serialise(claims, NULL);
}

GBytes *rh_release_note_serialise(const RhReleaseNote *note)
{
    return serialise(note->claims, note);
}

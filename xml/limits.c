/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/limits.h"

#include "util/error.h"
#include "util/text.h"

#include <string.h>

#define MAX_ATTRIBUTES 512u
#define MAX_TAG (1024u * 1024)
#define MAX_DEPTH 256u /* libxml2's own */
#define MAX_PIECES (256u * 1024)
#define MAX_SECTIONS 1024u   /* CDATA: libxml2 measures all text again for each */
#define MAX_NAMESPACES 256u  /* declarations in all: each element looks through them */
#define MAX_SHOWN_NAME 64u   /* bytes of a name in an error */
#define MAX_DECLARATION 1024 /* bytes in which <?xml …?> ends */

typedef enum { ELEMENT, METADATA, RECORD } Noun;

/* An element that was not closed yet. */
typedef struct {
    Noun noun;
    guint n_children;
} Level;

typedef struct {
    const char *at;
    const char *end;
    const char *what;
    guint n_pieces;
    guint n_sections;
    guint n_namespaces;
    guint depth;
    Level open[MAX_DEPTH];
} Scan;

/* A start or end tag as far as it has been read. */
typedef struct {
    const char *name;
    gsize name_length;
    guint n_attributes;
    gboolean is_empty; /* <a/> */
} Tag;

static gboolean too_many(const Scan *scan, guint n, const char *of_what, GError **error)
{
    return rh_raise(error, RH_ERROR_INPUT, "%s has more than %u %s, which is the limit", scan->what,
                    n, of_what);
}

static gboolean too_many_in_tag(const Scan *scan, const Tag *tag, guint n, const char *of_what,
                                GError **error)
{
    g_autofree char *name =
        g_utf8_make_valid(tag->name, (gssize)MIN(tag->name_length, MAX_SHOWN_NAME));

    return rh_raise(error, RH_ERROR_INPUT,
                    "%s has an element <%s> with more than %u %s, which is the limit", scan->what,
                    name, n, of_what);
}

static gboolean is_of_word(char c)
{
    return !c || !strchr(" \t\r\n\"'=/<>", c);
}

/* A word of a tag: its name, or an attribute's. */
static gboolean scan_word(Scan *scan, const char *end, Tag *tag, GError **error)
{
    const char *word = scan->at;
    gsize length;

    while (scan->at < end && is_of_word(*scan->at))
        scan->at++;
    length = (gsize)(scan->at - word);
    if (!tag->name) {
        tag->name = word;
        tag->name_length = length;
    } else if (length >= strlen("xmlns") && memcmp(word, "xmlns", strlen("xmlns")) == 0 &&
               ++scan->n_namespaces > MAX_NAMESPACES) {
        return too_many(scan, MAX_NAMESPACES, "declarations of namespaces", error);
    }
    return length <= RH_MAX_NAME ||
           rh_raise(error, RH_ERROR_INPUT,
                    "%s has an element or attribute with a name of more than %u bytes, which is "
                    "the limit",
                    scan->what, RH_MAX_NAME);
}

/* Past the quoted value at scan->at; to @end where it is not closed. */
static void skip_value(Scan *scan, const char *end)
{
    char quote = *scan->at++;
    const char *close = memchr(scan->at, quote, (gsize)(end - scan->at));

    scan->at = close ? close + 1 : end;
}

/* From behind the '<' to behind the '>'. An attribute has one '=' outside of values. */
static gboolean scan_tag(Scan *scan, Tag *tag, GError **error)
{
    const char *end = scan->at + MIN((gsize)(scan->end - scan->at), MAX_TAG);

    while (scan->at < end && *scan->at != '>') {
        if (*scan->at == '"' || *scan->at == '\'') {
            skip_value(scan, end);
        } else if (is_of_word(*scan->at)) {
            if (!scan_word(scan, end, tag, error))
                return FALSE;
        } else if (*scan->at++ == '=' && ++tag->n_attributes > MAX_ATTRIBUTES) {
            return too_many_in_tag(scan, tag, MAX_ATTRIBUTES, "attributes", error);
        }
    }
    if (scan->at == end)
        return end == scan->end ||
               too_many_in_tag(scan, tag, MAX_TAG, "bytes in its start tag", error);
    tag->is_empty = scan->at[-1] == '/';
    scan->at++;
    return TRUE;
}

/* What an element is by its name, whatever its prefix. */
static Noun noun_of(const Scan *scan, const Tag *tag)
{
    const char *colon = memrchr(tag->name, ':', tag->name_length);
    const char *local = colon ? colon + 1 : tag->name;
    gsize length = tag->name_length - (gsize)(local - tag->name);
    gboolean in_metadata = scan->depth > 0 && scan->open[scan->depth - 1].noun == METADATA;

    if (length == strlen("metadata") && memcmp(local, "metadata", length) == 0)
        return METADATA;
    return in_metadata && length == strlen("record") && memcmp(local, "record", length) == 0
               ? RECORD
               : ELEMENT;
}

static gboolean scan_start(Scan *scan, GError **error)
{
    Level *parent = scan->depth > 0 ? &scan->open[scan->depth - 1] : NULL;
    Tag tag = {0};

    if (!scan_tag(scan, &tag, error))
        return FALSE;
    if (parent && ++parent->n_children > RH_MAX_RECORD_ENTRIES && parent->noun == RECORD)
        return too_many(scan, RH_MAX_RECORD_ENTRIES, "entries in its record", error);
    if (!tag.name || tag.is_empty)
        return TRUE;
    if (scan->depth == MAX_DEPTH)
        return too_many(scan, MAX_DEPTH, "elements in one another", error);
    scan->open[scan->depth] = (Level){.noun = noun_of(scan, &tag)};
    scan->depth++;
    return TRUE;
}

static gboolean scan_end(Scan *scan, GError **error)
{
    Tag tag = {0};

    scan->at++;
    if (scan->depth > 0)
        scan->depth--;
    return scan_tag(scan, &tag, error);
}

static gboolean begins(const Scan *scan, const char *mark)
{
    gsize length = strlen(mark);

    return (gsize)(scan->end - scan->at) >= length && memcmp(scan->at, mark, length) == 0;
}

static void skip_to(Scan *scan, gsize from, const char *mark)
{
    const char *found;

    scan->at += from;
    found = memmem(scan->at, (gsize)(scan->end - scan->at), mark, strlen(mark));
    scan->at = found ? found + strlen(mark) : scan->end;
}

/* At a '<'. A document type ends the parser, as does what else begins with "<!". */
static gboolean scan_piece(Scan *scan, GError **error)
{
    static const struct {
        const char *begin;
        const char *end;
    } skipped[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

    if (begins(scan, "</"))
        return scan_end(scan, error);
    if (++scan->n_pieces > MAX_PIECES)
        return too_many(scan, MAX_PIECES, "elements, comments and instructions", error);
    if (begins(scan, "<![CDATA[") && ++scan->n_sections > MAX_SECTIONS)
        return too_many(scan, MAX_SECTIONS, "CDATA sections", error);
    for (guint i = 0; i < G_N_ELEMENTS(skipped); i++)
        if (begins(scan, skipped[i].begin)) {
            skip_to(scan, strlen(skipped[i].begin), skipped[i].end);
            return TRUE;
        }
    scan->at++;
    return begins(scan, "!") || scan_start(scan, error);
}

static gboolean scan_all(const char *data, gsize length, const char *what, GError **error)
{
    g_autofree Scan *scan = g_new0(Scan, 1);

    *scan = (Scan){.at = data, .end = data + length, .what = what};
    while ((scan->at = memchr(scan->at, '<', (gsize)(scan->end - scan->at))))
        if (!scan_piece(scan, error))
            return FALSE;
    return TRUE;
}

/* What follows encoding= in the declaration, the caller's; NULL: nothing does. */
static char *declared_encoding(const char *data, gsize length, guint *ret_n)
{
    static const char mark[] = "encoding";
    const char *end = memmem(data, MIN(length, MAX_DECLARATION), "?>", 2);
    g_autofree char *text = g_strndup(data, end ? (gsize)(end - data) : 0);
    const char *found = strstr(text, mark);
    const char *quote = found ? strpbrk(found, "\"'") : NULL;

    *ret_n = !found ? 0 : strstr(found + 1, mark) ? 2 : 1;
    return quote ? g_strndup(quote + 1, strcspn(quote + 1, "\"'")) : NULL;
}

static gboolean has_prefix(const char *text, const char *prefix)
{
    return g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether the parser will read the same characters as we do: in other encodings a '<' may be the
 * half of a letter, or be written otherwise. */
static gboolean check_encoding(const char *data, gsize length, gboolean is_wide, const char *what,
                               GError **error)
{
    static const char *const narrow[] = {"utf-8", "us-ascii", "ascii", "iso-8859-", "windows-125"};
    guint n;
    g_autofree char *encoding = NULL;
    g_autofree char *shown = NULL;
    gboolean known = FALSE;

    if (length < 5 || memcmp(data, "<?xml", 5) != 0)
        return TRUE;
    encoding = declared_encoding(data, length, &n);
    if (n == 0)
        return TRUE;
    for (guint i = 0; encoding && !is_wide && i < G_N_ELEMENTS(narrow); i++)
        known |= has_prefix(encoding, narrow[i]);
    if (n == 1 && encoding && (known || (is_wide && has_prefix(encoding, "utf-16"))))
        return TRUE;
    shown = g_utf8_make_valid(encoding ? encoding : "", -1);
    return rh_raise(error, RH_ERROR_INPUT,
                    "%s says that its encoding is '%s'; libvirt writes UTF-8", what,
                    rh_cut(shown, MAX_SHOWN_NAME));
}

typedef enum { NARROW, BIG, LITTLE, UNKNOWN } Width;

/* As libxml2 finds it, by the first bytes (XML 1.0, appendix F). */
static Width find_width(const guchar *data, gsize length)
{
    static const struct {
        guchar bytes[4];
        gsize n;
        Width width;
    } signatures[] = {{{0x00, 0x00, 0x00, 0x3c}, 4, UNKNOWN},
                      {{0x3c, 0x00, 0x00, 0x00}, 4, UNKNOWN},
                      {{0x00, 0x00, 0x3c, 0x00}, 4, UNKNOWN},
                      {{0x00, 0x3c, 0x00, 0x00}, 4, UNKNOWN},
                      {{0xff, 0xfe, 0x00, 0x00}, 4, UNKNOWN},
                      {{0x00, 0x00, 0xfe, 0xff}, 4, UNKNOWN},
                      {{0x4c, 0x6f, 0xa7, 0x94}, 4, UNKNOWN},
                      {{0xfe, 0xff}, 2, BIG},
                      {{0xff, 0xfe}, 2, LITTLE},
                      {{0x00, 0x3c}, 2, BIG},
                      {{0x3c, 0x00}, 2, LITTLE}};

    for (guint i = 0; i < G_N_ELEMENTS(signatures); i++)
        if (length >= signatures[i].n && memcmp(data, signatures[i].bytes, signatures[i].n) == 0)
            return signatures[i].width;
    return NARROW;
}

/* UTF-16 as far as it matters: a letter beyond ASCII is a letter. */
static char *narrow_down(const guchar *data, gsize n, Width width)
{
    char *narrow = g_malloc(n + 1);

    for (gsize i = 0; i < n; i++) {
        guchar high = data[2 * i + (width == BIG ? 0 : 1)];
        guchar low = data[2 * i + (width == BIG ? 1 : 0)];

        narrow[i] = high == 0 && low < 0x80 ? (char)low : 'x';
    }
    narrow[n] = '\0';
    return narrow;
}

gboolean rh_xml_check_limits(const char *data, gsize length, const char *what, GError **error)
{
    static const char utf8_mark[] = "\xef\xbb\xbf";
    Width width = find_width((const guchar *)data, length);
    g_autofree char *narrow = NULL;
    gsize skipped;

    if (width == UNKNOWN)
        return rh_raise(error, RH_ERROR_INPUT,
                        "%s is in neither UTF-8 nor UTF-16; libvirt writes UTF-8", what);
    if (width != NARROW) {
        length /= 2;
        narrow = narrow_down((const guchar *)data, length, width);
        data = narrow;
    }
    /* the byte order mark is one letter that is none of ASCII */
    skipped = width == NARROW ? (length >= 3 && memcmp(data, utf8_mark, 3) == 0 ? 3 : 0)
                              : (length > 0 && data[0] == 'x' ? 1 : 0);
    return check_encoding(data + skipped, length - skipped, width != NARROW, what, error) &&
           scan_all(data, length, what, error);
}

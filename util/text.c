/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/text.h"

#include <stdio.h>
#include <string.h>

int rh_natural_compare(const char *a, const char *b)
{
    int order = strverscmp(a, b);

    return order ? order : strcmp(a, b);
}

gboolean rh_parse_number(const char *text, guint64 max, guint64 *ret_number)
{
    return g_ascii_string_to_unsigned(text, 10, 0, max, ret_number, NULL);
}

gboolean rh_parse_hex(const char *text, guint64 *ret_number)
{
    return g_str_has_prefix(text, "0x") &&
           g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT64, ret_number, NULL);
}

gboolean rh_parse_mac(const char *text, guint64 *ret_mac)
{
    guint64 mac = 0;

    if (strlen(text) != strlen("00:00:00:00:00:00"))
        return FALSE;
    for (guint i = 0; text[i]; i++) {
        if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit(text[i]))
            return FALSE;
        if (i % 3 != 2)
            mac = mac << 4 | (guint64)g_ascii_xdigit_value(text[i]);
    }
    *ret_mac = mac;
    return TRUE;
}

char *rh_format_mac(guint64 mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (guint)(mac >> 40 & 0xff),
                           (guint)(mac >> 32 & 0xff), (guint)(mac >> 24 & 0xff),
                           (guint)(mac >> 16 & 0xff), (guint)(mac >> 8 & 0xff),
                           (guint)(mac & 0xff));
}

GStrv rh_split_list(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; parts[i]; i++)
        if (*g_strstrip(parts[i]))
            g_strv_builder_add(builder, parts[i]);
    return g_strv_builder_end(builder);
}

char *rh_join_names(GPtrArray *names, guint max)
{
    GString *text = g_string_new(NULL);
    guint shown = MIN(names->len, max);

    for (guint i = 0; i < shown; i++) {
        if (i > 0)
            g_string_append(text, i + 1 == names->len ? " and " : ", ");
        g_string_append(text, g_ptr_array_index(names, i));
    }
    if (shown < names->len)
        g_string_append_printf(text, " and %u more", names->len - shown);
    return g_string_free(text, FALSE);
}

char *rh_one_line(char *text)
{
    for (char *c = text; *c; c++) {
        guchar next = (guchar)c[1];

        if (g_ascii_iscntrl(*c))
            *c = '?';
        else if ((guchar)*c == 0xc2 && next >= 0x80 && next < 0xa0) /* U+0080 to U+009F */
            c[0] = c[1] = '?';
    }
    return text;
}

void rh_append_line(GString *out, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    g_string_append(out, rh_one_line(line));
    g_string_append_c(out, '\n');
}

/* The first character that XML 1.0 cannot hold, or NULL. */
static char *find_no_xml(char *text)
{
    for (char *c = text; *c; c++) {
        if ((guchar)*c < ' ' && *c != '\t' && *c != '\n' && *c != '\r')
            return c;
        if (g_str_has_prefix(c, "\xef\xbf\xbe") || g_str_has_prefix(c, "\xef\xbf\xbf"))
            return c;
    }
    return NULL;
}

gboolean rh_is_xml_text(const char *text)
{
    return find_no_xml((char *)text) == NULL;
}

char *rh_make_xml_text(char *text)
{
    for (char *c = text; (c = find_no_xml(c)); c++) {
        if ((guchar)*c < ' ')
            *c = '?';
        else
            c[2] = '\xbd';
    }
    return text;
}

char *rh_cut(char *text, gsize max)
{
    if (strlen(text) > max)
        *g_utf8_find_prev_char(text, text + max + 1) = '\0';
    return text;
}

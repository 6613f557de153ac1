/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small strings: natural order, decimal and hexadecimal numbers, MAC addresses, lists. */
#pragma once

#include <glib.h>

/* Natural order: "vdpa2" before "vdpa10". A total order: 0 only where both are the same. */
int rh_natural_compare(const char *a, const char *b);

/* "123" to 123 where it is a decimal number and at most @max. */
gboolean rh_parse_number(const char *text, guint64 max, guint64 *ret_number);

/* "0x1af4" (the prefix is required) to 0x1af4. */
gboolean rh_parse_hex(const char *text, guint64 *ret_number);

/* "52:54:00:12:34:56" (either case) to 0x525400123456, and back. */
gboolean rh_parse_mac(const char *text, guint64 *ret_mac);
char *rh_format_mac(guint64 mac);

/* "a; b;c" to {"a", "b", "c"}, blank elements left out. Never NULL. */
GStrv rh_split_list(const char *text);

/* {"a", "b", "c"} to "a, b and c"; at most @max elements are named, then "… and N more". */
char *rh_join_names(GPtrArray *names, guint max);

/* Makes @text, which is UTF-8, one printable line, in place: what controls a terminal becomes '?'.
 * Returns it. */
char *rh_one_line(char *text);

/* Appends @text as one printable line, with a newline. */
void rh_append_line(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Whether XML 1.0 can hold @text, which is UTF-8: it has no control characters but white space, and
 * neither U+FFFE nor U+FFFF. https://www.w3.org/TR/xml/#charsets */
gboolean rh_is_xml_text(const char *text);

/* Makes it so, in place: '?' stands for each control character, U+FFFD for the two. Returns it. */
char *rh_make_xml_text(char *text);

/* Cuts @text to at most @max bytes, between characters, in place. Returns it. */
char *rh_cut(char *text, gsize max);

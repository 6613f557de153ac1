/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/unread.h"

#include "xml/use.h"

#include <string.h>

#define MAX_NAMED 1024u
#define MAX_LENGTH 255u
#define SEPARATORS ",=;&" /* of an argument of QEMU's, and of what stands for a quote in it */

static const char *find_quote(const char *from, const char *end)
{
    while (from < end && *from != '"' && *from != '\'')
        from++;
    return from < end ? from : NULL;
}

/* @text is not ended by a NUL. FALSE: it is one more than there may be. */
static gboolean take(RhGuest *guest, GHashTable *seen, const char *text, gsize length)
{
    g_autofree char *word = NULL;
    RhKind kind;

    if (length > MAX_LENGTH || memchr(text, '\0', length) || !rh_use_guess(text, length, &kind))
        return TRUE;
    word = rh_kind_info(kind)->any_case ? g_ascii_strdown(text, (gssize)length)
                                        : g_strndup(text, length);
    if (g_hash_table_contains(seen, word))
        return TRUE;
    if (guest->devices->len == MAX_NAMED)
        return FALSE;
    (void)g_hash_table_add(seen, g_strdup(word));
    rh_guest_add(guest, kind)->source = g_steal_pointer(&word);
    return TRUE;
}

static gboolean is_separator(char letter)
{
    return letter != '\0' && strchr(SEPARATORS, letter);
}

/* A quoted text, and the words in it, since one may be an argument of QEMU's, with a path in sysfs,
 * at whose end stands a uuid. */
static gboolean take_words(RhGuest *guest, GHashTable *seen, const char *text, gsize length)
{
    gboolean room = take(guest, seen, text, length);
    gsize end;

    for (gsize at = 0; room && at < length; at = end + 1) {
        const char *slash;

        for (end = at; end < length && !is_separator(text[end]); end++)
            ;
        slash = memrchr(text + at, '/', end - at);
        room = take(guest, seen, text + at, end - at) &&
               (!slash || take(guest, seen, slash + 1, (gsize)(text + end - slash - 1)));
    }
    return room;
}

RhGuest *rh_unread_guest(GBytes *bytes, const char *name, gboolean *ret_more)
{
    g_autoptr(RhGuest) guest = rh_guest_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    const char *end = text ? text + size : NULL; /* NULL is of no bytes */
    const char *quote = text ? find_quote(text, end) : NULL;
    gboolean room = TRUE;

    guest->name = g_strdup(name);
    while (quote && room) {
        const char *next = find_quote(quote + 1, end);

        if (next)
            room = take_words(guest, seen, quote + 1, (gsize)(next - quote - 1));
        quote = next;
    }
    if (ret_more)
        *ret_more = !room;
    return rh_guest_has_ours(guest) ? g_steal_pointer(&guest) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ap.h"

#include "util/text.h"

#include <string.h>

#define CARDS "sys/bus/ap/devices"

/* linux, drivers/s390/crypto/ap_bus.h, AP_DEVICE_TYPE_CEX4 and on: a CEX4 is 10. */
#define TYPE_OF_CEX4 10u
#define TYPE_MAX 99u

/* The facilities of a card that say its mode (linux, arch/s390/include/asm/ap.h, ap_tapq_hwinfo).
 */
static const struct {
    guint64 facility;
    char letter; /* at the end of the type */
} modes[] = {{0x10000000, 'C'}, {0x08000000, 'A'}, {0x04000000, 'P'}};

/* "CEX8C" of what the AP bus itself says, where no driver of cards gives it a name; NULL: unknown.
 */
static char *make_type(const char *hardware, const char *functions)
{
    guint64 type;
    guint64 facilities;

    if (!hardware || !functions || !rh_parse_number(hardware, TYPE_MAX, &type) ||
        type < TYPE_OF_CEX4 || !rh_parse_hex(functions, &facilities))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++)
        if (facilities & modes[i].facility)
            return g_strdup_printf("CEX%u%c", (guint)type - TYPE_OF_CEX4 + 4, modes[i].letter);
    return NULL;
}

/* What the file of the card says; NULL: nothing. */
static char *read_file(RhDir *root, const char *card, const char *file)
{
    g_autofree char *path = g_strdup_printf(CARDS "/%s/%s", card, file);
    char *text = NULL;

    (void)rh_dir_read(root, path, &text, NULL);
    if (text && !*text)
        g_clear_pointer(&text, g_free);
    return text;
}

static char *type_of(RhDir *root, const char *card)
{
    g_autofree char *folder = g_strdup_printf(CARDS "/%s", card);
    g_autofree char *type = read_file(root, card, "type");
    g_autofree char *hardware = NULL;
    g_autofree char *functions = NULL;

    if (rh_dir_lacks(root, folder))
        return g_strdup("none");
    if (type && !strpbrk(type, " \t\n"))
        return g_steal_pointer(&type);
    hardware = read_file(root, card, "hwtype");
    functions = read_file(root, card, "ap_functions");
    return make_type(hardware, functions);
}

/* "card05" of "05.0004"; NULL: it names no adapter (".0004", as a domain without one reads). */
static char *card_of(const char *queue)
{
    gsize n = strspn(queue, "0123456789abcdef");

    return n > 0 && n <= 4 && queue[n] == '.' ? g_strdup_printf("card%.*s", (int)n, queue) : NULL;
}

char *rh_ap_cards(RhDir *root, const char *matrix)
{
    g_auto(GStrv) queues = g_strsplit_set(matrix, " \t\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) cards = g_string_new(NULL);

    if (rh_dir_lacks(root, CARDS))
        return NULL;
    for (guint i = 0; queues[i]; i++) {
        g_autofree char *card = card_of(queues[i]);
        g_autofree char *type = NULL;

        if (!card || g_hash_table_contains(seen, card))
            continue;
        type = type_of(root, card);
        if (!type)
            return NULL;
        g_string_append_printf(cards, "%s%s:%s", cards->len ? " " : "", card, type);
        g_hash_table_add(seen, g_steal_pointer(&card));
    }
    return cards->len ? g_string_free(g_steal_pointer(&cards), FALSE) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A refusal that waits: what was left is taken, once, and is the text that was left. The input is
 * three documents: the guest's name, the text, and its devices' sources, a line each. */
#include "hook/refusal.h"
#include "tests/fuzz/fuzz.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static char *folder;

static void remove_folder(void)
{
    (void)g_rmdir(folder);
}

/* In memory, where there is such a place. */
static const char *state_folder(void)
{
    if (folder)
        return folder;
    folder = g_strdup("/dev/shm/fuzz-refusal-XXXXXX");
    if (!g_mkdtemp_full(folder, 0700)) {
        g_free(folder);
        folder = g_dir_make_tmp("fuzz-refusal-XXXXXX", NULL);
    }
    (void)atexit(remove_folder);
    return folder;
}

/* As the hook has them: UTF-8, and what is no text in an XML attribute stands in none. */
static gboolean is_text(const char *text)
{
    for (const char *c = text; *c; c++)
        if (g_ascii_iscntrl(*c) && !strchr("\t\n\r", *c))
            return FALSE;
    return *text && g_utf8_validate(text, -1, NULL);
}

static char *text_of(GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return g_strndup(data ? data : "", length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) documents = fuzz_split(data, size);
    g_autofree char *guest = NULL;
    g_autofree char *text = NULL;
    g_autofree char *lines = NULL;
    g_autofree char *taken = NULL;
    g_autofree char *again = NULL;
    g_autofree char *doubt = NULL;
    g_auto(GStrv) sources = NULL;
    RhRefused refused = {0};
    g_autoptr(GError) error = NULL;

    if (documents->len < 3)
        return 0;
    guest = text_of(g_ptr_array_index(documents, 0));
    text = text_of(g_ptr_array_index(documents, 1));
    lines = text_of(g_ptr_array_index(documents, 2));
    if (!is_text(text) || !is_text(lines) || *text == '\n')
        return 0;
    sources = g_strsplit(lines, "\n", -1);
    refused = (RhRefused){.guest = guest, .sources = sources};
    (void)rh_refusal_leave(state_folder(), &refused, text, &error);
    g_assert_no_error(error);
    taken = rh_refusal_take(state_folder(), &refused, &doubt);
    g_assert_cmpstr(taken, ==, text);
    g_assert_null(doubt);
    again = rh_refusal_take(state_folder(), &refused, &doubt);
    g_assert_null(again);
    g_assert_null(doubt);
    return 0;
}

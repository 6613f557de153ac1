/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_DOCUMENTS 4u

/* What GLib calls a programming error is one. */
int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    (void)g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    return 0;
}

GPtrArray *fuzz_split(const uint8_t *data, size_t size)
{
    GPtrArray *documents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    const char *rest = (const char *)data;
    gsize left = size;
    const char *end;

    while (documents->len + 1 < MAX_DOCUMENTS && left > 0 &&
           (end = memmem(rest, left, FUZZ_SPLIT, strlen(FUZZ_SPLIT)))) {
        g_ptr_array_add(documents, g_bytes_new(rest, (gsize)(end - rest)));
        left -= (gsize)(end - rest) + strlen(FUZZ_SPLIT);
        rest = end + strlen(FUZZ_SPLIT);
    }
    g_ptr_array_add(documents, g_bytes_new(rest, left));
    return documents;
}

void fuzz_check_message(const char *message, gsize max)
{
    g_assert_nonnull(message);
    g_assert_cmpuint(strlen(message), >, 0);
    g_assert_cmpuint(strlen(message), <=, max);
    g_assert_true(g_utf8_validate(message, -1, NULL));
}

char *fuzz_memory_file(const void *data, size_t size)
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    g_assert_cmpint(ftruncate(fd, 0), ==, 0);
    g_assert_cmpint(size > 0 ? pwrite(fd, data, size, 0) : 0, ==, size);
    return g_strdup_printf("/proc/self/fd/%d", fd);
}

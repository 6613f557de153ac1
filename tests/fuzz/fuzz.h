/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fuzz targets share. A target is fuzz-NAME.c: LLVMFuzzerTestOneInput() reads any bytes as
 * the code would that reads them in earnest, and g_assert()s what must hold whatever they are. With
 * clang it is a fuzzer, with another compiler it reads the files that it is given (replay.c).
 *
 * An input is one document, or several with FUZZ_SPLIT between them.
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_SPLIT "\n<!--SPLIT-->\n"

/* libFuzzer's: called once before all, and once for each input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The documents of an input: an array of GBytes, owned by the caller. */
GPtrArray *fuzz_split(const uint8_t *data, size_t size);

#define FUZZ_MAX_ERROR (64u * 1024) /* an error may quote a value, but no whole document */

/* A message as people get it: UTF-8, not empty, at most @max bytes. */
void fuzz_check_message(const char *message, gsize max);

/* Whether @ok. Where it is not, *@error must be a message, for nothing fails without a reason.
 * Inline, so that analyzers see what it says. */
static inline gboolean fuzz_succeeds(gboolean ok, GError *const *error)
{
    g_assert_true(ok == (*error == NULL));
    if (*error)
        fuzz_check_message((*error)->message, FUZZ_MAX_ERROR);
    return ok;
}

/* The path of a file in memory that holds @data, until the next one; owned by the caller. */
char *fuzz_memory_file(const void *data, size_t size);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In place of libFuzzer: a target reads each of the files that are named. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        g_autofree char *data = NULL;
        gsize size;

        if (!g_file_get_contents(argv[i], &data, &size, NULL)) {
            fprintf(stderr, "cannot read '%s'\n", argv[i]);
            return EXIT_FAILURE;
        }
        fprintf(stderr, "%s\n", argv[i]); /* the last one is what it died of */
        (void)LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    }
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the front runs in a test: the tests' hook proper. It stands between them without an
 * allocation of its own, so that what RH_PRELOAD names comes into the program alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRAM "./hook-proper"

int main(int argc, char **argv)
{
    const char *preload = getenv("RH_PRELOAD");

    (void)argc;
    if (preload)
        (void)setenv("LD_PRELOAD", preload, 1);
    (void)execv(PROGRAM, argv);
    perror(PROGRAM);
    return EXIT_FAILURE;
}

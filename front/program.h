/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hook proper, run with files in memory for its streams, and with a deadline. */
#pragma once

#include <sys/types.h>
#include <time.h>

typedef struct {
    int out; /* a file in memory: what it printed; -1: there is none */
    int err;
    int code;        /* 0 or 1; -1: it did not end so, see @death */
    char death[640]; /* "took longer than 15 s": how, and what it said last */
} RhFrontEnd;

/* Runs @path with the four words of @argv, @in as its standard input and @daemon, libvirt's, in its
 * environment. One that is late is killed; one that cannot be, being in the kernel, is left. */
void rh_front_run(const char *path, char *const *argv, int in, pid_t daemon,
                  const struct timespec *deadline, RhFrontEnd *ret_end);

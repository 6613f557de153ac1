/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the front runs in a test, in place of the hook proper: `virt-rehome hook` with the options
 * that make the working directory its host. It stands between them without an allocation of its
 * own. What RH_PRELOAD names comes into the program alone; RH_CONFIG is another configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRAM "./virt-rehome"

int main(int argc, char **argv)
{
    const char *config = getenv("RH_CONFIG");
    const char *preload = getenv("RH_PRELOAD");
    const char *words[] = {PROGRAM, "hook", "", "", "", "",
                           /* the host */
                           "--host", "host.xml", "--root", ".", "--state", "run/virt-rehome",
                           "--config", config ? config : "virt-rehome.conf", NULL};

    for (int i = 1; i < argc && i <= 4; i++)
        words[1 + i] = argv[i];
    if (preload)
        (void)setenv("LD_PRELOAD", preload, 1);
    (void)execv(PROGRAM, (char **)words);
    perror(PROGRAM);
    return EXIT_FAILURE;
}

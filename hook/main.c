/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome-hook(8): the hook proper, which the front runs for libvirt. No options, and nothing
 * but the four words. */
#include "hook/hook.h"

#include "util/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The tests' copy has a host of its own. */
#ifndef RH_HOOK_ENVIRONMENT
#define RH_HOOK_ENVIRONMENT rh_environment_default
#endif

int main(int argc, char **argv)
{
    g_autofree char *message = NULL;
    RhEnvironment environment = RH_HOOK_ENVIRONMENT;
    RhCall call;
    gboolean ok;

    rh_log_settle();
    rh_log_leave_stdout();
    environment.daemon = rh_environment_daemon();
    (void)signal(SIGCHLD, SIG_DFL); /* who runs us may ignore it, and then no child can be asked */
    (void)signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error, not an end */
    if (argc != 5) {
        fprintf(stderr, "virt-rehome-hook is run by libvirt: virt-rehome-hook GUEST OPERATION "
                        "SUBOPERATION EXTRA, with the guest's XML on standard input\n");
        return EXIT_FAILURE;
    }
    call = (RhCall){argv[1], argv[2], argv[3], argv[4]};
    ok = rh_hook_run(&call, &environment, STDIN_FILENO, STDOUT_FILENO, &message);
    if (message)
        fprintf(stderr, "%s\n", message);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

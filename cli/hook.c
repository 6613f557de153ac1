/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome hook: the same function that libvirt's hook runs. */
#include "cli/command.h"

#include "hook/hook.h"
#include "util/log.h"

#include <unistd.h>

RhExit rh_command_hook(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    g_autofree char *message = NULL;
    g_autofree char *misword = NULL;
    RhEnvironment environment;
    RhCall call;
    gboolean ok;

    if (g_strv_length(words) != 4)
        return rh_command_misused(error, "hook takes four words: GUEST OPERATION SUBOPERATION "
                                         "EXTRA, as libvirt gives them, then options");
    if (!rh_common_options_one_host(options->common, &environment, error))
        return RH_EXIT_TROUBLE;
    call = (RhCall){words[0], words[1], words[2], words[3]};
    misword = rh_hook_misword(&call);
    if (misword)
        return rh_command_misused(error, "%s", misword);
    if (!environment.state && geteuid() != 0)
        return rh_command_misused(error, "for anybody but root the hook does nothing, as for a "
                                         "session of libvirt's; run it as root, or with --state "
                                         "DIR for trying out");
    rh_log_leave_stdout();
    environment.daemon = rh_environment_daemon();
    ok = rh_hook_run(&call, &environment, STDIN_FILENO, STDOUT_FILENO, &message);
    if (message)
        g_string_append_printf(output->err, "%s\n", message);
    return ok ? RH_EXIT_FITS : RH_EXIT_REFUSED;
}

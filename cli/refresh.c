/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome refresh: definitions name devices of this host. */
#include "cli/command.h"

RhExit rh_command_refresh(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    if (options->common->all ? words[0] != NULL : !words[0] || words[1])
        return rh_command_misused(
            error, "refresh takes one guest, the name of one of libvirt's, or --all");
    return rh_command_pass_on(options, "refresh", words, output, error);
}

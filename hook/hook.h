/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt runs: HOOK GUEST OPERATION SUBOPERATION EXTRA with the guest's XML on standard
 * input (https://libvirt.org/hooks.html). A filter: reads all, decides, writes once.
 */
#pragma once

#include "site/environment.h"

/* The four words are positional: a guest may be called --help. */
typedef struct {
    const char *guest;
    const char *operation;
    const char *suboperation;
    const char *extra;
} RhCall;

/* Why libvirt never calls a hook so, a sentence that is the caller's; NULL: it does. */
char *rh_hook_misword(const RhCall *call);

/*
 * Reads the XML from the descriptor @in and writes XML for this host to @out, nothing where nothing
 * changes. Returns whether the operation may go on. *@ret_message is for standard error: the reason
 * of a refusal, or a warning; NULL: none; owned by the caller.
 */
gboolean rh_hook_run(const RhCall *call, const RhEnvironment *environment, int in, int out,
                     char **ret_message);

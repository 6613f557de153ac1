/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options that virt-rehome and virt-rehome-recorder have in common, and how both end:
 * virt-rehome(1), COMMON OPTIONS and EXIT STATUS.
 */
#pragma once

#include "site/environment.h"

/* How a command ends. */
typedef enum { RH_EXIT_FITS = 0, RH_EXIT_REFUSED = 1, RH_EXIT_TROUBLE = 2 } RhExit;

/* The words that GOption fills in; they live as long as what is made of them. */
typedef struct {
    char *root;
    char *config;
    char *policy;
    char *state;
    char *connect; /* a URI of libvirt; NULL: the default */
    GStrv hosts;   /* --host, as often as it was given; NULL: never */
    gboolean all;
    gboolean print;
    gboolean version;
} RhCommonOptions;
void rh_common_options_clear(RhCommonOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RhCommonOptions, rh_common_options_clear)

/* Adds them to @context, which fills @options in when it parses. */
void rh_common_options_add(RhCommonOptions *options, GOptionContext *context);

/* The environment that they describe, without a --host; borrowed from @options. */
RhEnvironment rh_common_options_environment(const RhCommonOptions *options);

/* The same with the one --host that most commands take. Error: RH_ERROR_USAGE for more. */
gboolean rh_common_options_one_host(const RhCommonOptions *options, RhEnvironment *ret_environment,
                                    GError **error);

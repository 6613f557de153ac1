/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands of virt-rehome(1): one file each, one table in cli/main.c. A command takes its
 * words, says what goes to standard output and standard error, and how the process ends; only the
 * main touches the streams.
 */
#pragma once

#include "hook/environment.h"

/* How a command ends: virt-rehome(1), EXIT STATUS. */
typedef enum { RH_EXIT_FITS = 0, RH_EXIT_REFUSED = 1, RH_EXIT_TROUBLE = 2 } RhExit;

typedef enum { RH_FORMAT_TEXT, RH_FORMAT_XML, RH_FORMAT_JSON } RhFormat;

/* All options; each command's table says which it takes. */
typedef struct {
    RhEnvironment environment;
    GStrv hosts; /* --host, as often as it was given; NULL: never */
    char *format;
    gboolean print;
    gboolean print_xml;
    gboolean diff;
} RhOptions;

/* What a command has to say. */
typedef struct {
    GString *out; /* standard output */
    GString *err; /* standard error, beside the error that it may return */
} RhOutput;

typedef struct {
    const char *name;
    const char *arguments; /* in the usage line */
    const char *summary;
    /* @words, ended by NULL, are what followed the command, options taken out. An error is trouble:
     * nothing that was put into @output->out is written. */
    RhExit (*run)(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
} RhCommand;

RhExit rh_command_check(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_host(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_record(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_claims(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_release(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_hook(const RhOptions *options, GStrv words, RhOutput *output, GError **error);

/* Raises RH_ERROR_USAGE and returns RH_EXIT_TROUBLE. */
RhExit rh_command_misused(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Reads --format, which must be one of @formats ("text|json"); the first is the default. Error:
 * RH_ERROR_USAGE. */
gboolean rh_command_format(const RhOptions *options, const char *formats, RhFormat *ret_format,
                           GError **error);

/* The environment with the one --host that a command takes. Error: RH_ERROR_USAGE for more. */
gboolean rh_command_environment(const RhOptions *options, RhEnvironment *ret_environment,
                                GError **error);

/* The guest's XML that a command's word names: a file, or "-". Error: RH_ERROR_INPUT. */
GBytes *rh_command_read_guest(const char *word, GError **error);

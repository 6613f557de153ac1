/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands of virt-rehome(1): one file each, one table in cli/main.c. A command takes its
 * words, says what goes to standard output and standard error, and how the process ends; only the
 * main touches the streams.
 */
#pragma once

#include "site/environment.h"
#include "site/options.h"

typedef enum { RH_FORMAT_TEXT, RH_FORMAT_XML, RH_FORMAT_JSON } RhFormat;

/* All options; each command's table says which it takes. */
typedef struct {
    const RhCommonOptions *common;
    RhEnvironment environment; /* without --host */
    char *format;
    char *kind; /* an element of core/kind; NULL: all kinds */
    gboolean print_xml;
    gboolean diff;
    gboolean cold;
    gboolean live;
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
RhExit rh_command_refresh(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_claims(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_release(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_rules(const RhOptions *options, GStrv words, RhOutput *output, GError **error);
RhExit rh_command_hook(const RhOptions *options, GStrv words, RhOutput *output, GError **error);

/* Raises RH_ERROR_USAGE and returns RH_EXIT_TROUBLE. */
RhExit rh_command_misused(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Reads --format, which must be one of @formats ("text|json"); the first is the default. Error:
 * RH_ERROR_USAGE. */
gboolean rh_command_format(const RhOptions *options, const char *formats, RhFormat *ret_format,
                           GError **error);

/* Whether a command's word names a guest of libvirt's and no file: where --connect is given, and
 * where it looks like no path and there is no such file. */
gboolean rh_command_is_libvirts(const RhOptions *options, const char *word);

/* The guest's XML that a command's word names: a file, "-", or a guest of libvirt's. Error:
 * RH_ERROR_INPUT. */
GBytes *rh_command_read_guest(const RhOptions *options, const char *word, GError **error);

/*
 * Runs @command of virt-rehome-recorder(8), the only program that speaks with libvirt, for @words
 * with the same options, and ends as it does; what it has to say on standard error, it says
 * itself. Error: RH_ERROR_HOST where it cannot be run.
 */
RhExit rh_command_pass_on(const RhOptions *options, const char *command, GStrv words,
                          RhOutput *output, GError **error);

void rh_command_append(GString *out, GBytes *bytes);

/* Warns of what the pools' patterns match nothing of on this host, whose inventory has @kinds; and
 * where it is a saved inventory (@host is NULL), that the pools which were asked for are not its.
 */
void rh_command_warn_of_pools(const RhOptions *options, const RhPolicy *policy, const RhHost *host,
                              const RhInventory *inventory, RhKinds kinds, GString *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome-recorder(8): the service, and what virt-rehome(1) has it ask of libvirt. */
#include "recorder/commands.h"
#include "recorder/connection.h"
#include "recorder/service.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"
#include "util/text.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    RhCommonOptions common;
    gboolean boot;
} Options;

static void options_clear(Options *options)
{
    rh_common_options_clear(&options->common);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean parse(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"boot", 0, 0, G_OPTION_ARG_NONE, &options->boot,
         "refresh --all: before libvirt's daemon starts for the first time", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("[record|refresh|xml GUEST] - keep the records of libvirt's guests");
    g_autoptr(GError) reason = NULL;

    rh_common_options_add(&options->common, context);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(
        context, "Without a command it is the service virt-rehome-recorder(8).");
    if (g_option_context_parse(context, argc, argv, &reason))
        return TRUE;
    return rh_raise(error, RH_ERROR_USAGE, "%s; see virt-rehome-recorder --help", reason->message);
}

static RhExit misused(GError **error, const char *text)
{
    rh_raise(error, RH_ERROR_USAGE, "%s; see virt-rehome-recorder --help", text);
    return RH_EXIT_TROUBLE;
}

static RhExit serve(const Options *options, GError **error)
{
    RhEnvironment environment;

    return rh_common_options_one_host(&options->common, &environment, error) &&
                   rh_service_run(&environment, options->common.connect, error)
               ? RH_EXIT_FITS
               : RH_EXIT_TROUBLE;
}

/* @words are a command and its guest. */
static RhExit run(const Options *options, GStrv words, GString *out, GString *err, GError **error)
{
    const RhCommonOptions *common = &options->common;
    guint n = g_strv_length(words);
    const char *guest = n > 1 ? words[1] : NULL;

    if (n == 0)
        return options->boot || common->all ? misused(error, "no command") : serve(options, error);
    if (n > 2 || (guest != NULL) == common->all)
        return misused(error, "a command takes one guest, or --all");
    if (options->boot && !g_str_equal(words[0], "refresh"))
        return misused(error, "--boot is for refresh --all");
    if (g_str_equal(words[0], "record"))
        return rh_recorder_record(common, guest, out, err, error);
    if (g_str_equal(words[0], "refresh") && options->boot)
        return guest ? misused(error, "--boot is for --all")
                     : rh_recorder_refresh_at_boot(common, out, err, error);
    if (g_str_equal(words[0], "refresh"))
        return rh_recorder_refresh(common, guest, out, err, error);
    if (g_str_equal(words[0], "xml") && guest)
        return rh_recorder_xml(common, guest, out, error);
    return misused(error, "the commands are record, refresh and xml");
}

static gboolean flush(const GString *out, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new(out->str, out->len);

    return rh_write_all(STDOUT_FILENO, bytes, error);
}

int main(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) err = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    RhExit status = RH_EXIT_TROUBLE;

    rh_log_settle();
    (void)signal(SIGCHLD, SIG_DFL); /* who runs us may ignore it, and then no child can be asked */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setlocale(LC_CTYPE, "");
    g_set_prgname("virt-rehome-recorder");
    rh_connection_init();
    if (parse(&options, &argc, &argv, &error)) {
        for (int i = 1; i < argc; i++)
            if (!g_str_equal(argv[i], "--"))
                g_ptr_array_add(words, argv[i]);
        g_ptr_array_add(words, NULL);
        if (options.common.version)
            g_string_append(out, "virt-rehome-recorder " RH_VERSION "\n");
        else
            status = run(&options, (GStrv)words->pdata, out, err, &error);
        if (options.common.version)
            status = RH_EXIT_FITS;
    }
    fputs(err->str, stderr);
    /* What was done before an error is told, too. */
    if (flush(out, error ? NULL : &error) && !error)
        return (int)status;
    fprintf(stderr, "virt-rehome: %s\n", rh_one_line(error->message));
    return RH_EXIT_TROUBLE;
}

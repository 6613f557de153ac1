/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome(1): parses options, runs one command, and alone speaks to the standard streams. */
#include "cli/command.h"

#include "util/error.h"
#include "util/file.h"
#include "util/log.h"
#include "util/text.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define N_HOOK_WORDS 4u
#define MAX_FAULT 2000u /* bytes of a fault, which may quote what it is about */

static const RhCommand commands[] = {
    {"check",
     "GUEST|GUEST.xml|- [--host FILE|DIR]… [--cold|--live] [--print-xml|--diff|--format text|json]",
     "will this guest run on this host, on which devices, and if not, why not", rh_command_check},
    {"host", "[--format xml|json|text [--all]]", "print this host's inventory, for check --host",
     rh_command_host},
    {"record", "GUEST|--all [--print], or GUEST.xml|- --print",
     "write a record of what a guest's devices are here into its metadata", rh_command_record},
    {"refresh", "GUEST|--all", "make a guest's definition name devices of this host",
     rh_command_refresh},
    {"claims", "[--format text|json]", "print which devices are held for which guests",
     rh_command_claims},
    {"release", "GUEST", "free what is held for a guest", rh_command_release},
    {"rules", "[--kind KIND] [--format text|json]",
     "print by which rules devices are compared, and why", rh_command_rules},
    {"hook", "GUEST OPERATION SUBOPERATION EXTRA",
     "do exactly what libvirt's hook does, for trying out", rh_command_hook},
};

/* The strings that GOption fills in; they live until the process ends. */
typedef struct {
    RhCommonOptions common;
    char *format;
    char *kind;
    gboolean print_xml;
    gboolean diff;
    gboolean cold;
    gboolean live;
} Words;

static void words_clear(Words *words)
{
    rh_common_options_clear(&words->common);
    g_free(words->format);
    g_free(words->kind);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, words_clear)

static char *describe_commands(void)
{
    GString *text = g_string_new("Commands:\n");

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(text, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
                               commands[i].summary);
    g_string_append(text, "\nExit status: 0 fits or done, 1 does not fit, 2 trouble. More: "
                          "virt-rehome(1).");
    return g_string_free(text, FALSE);
}

/* Parses @argv in place; strictly in front of the command, where a word ends the options. */
static gboolean parse(Words *words, int *argc, char ***argv, gboolean strict, GError **error)
{
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &words->format, "How to print", "FORMAT"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &words->kind, "rules: those of this kind alone",
         "KIND"},
        {"print-xml", 0, 0, G_OPTION_ARG_NONE, &words->print_xml,
         "check: print the guest's XML for the host", NULL},
        {"diff", 0, 0, G_OPTION_ARG_NONE, &words->diff, "check: print what changes in the XML",
         NULL},
        {"cold", 0, 0, G_OPTION_ARG_NONE, &words->cold,
         "check: the guest boots anew there, nothing of its state has to be loaded", NULL},
        {"live", 0, 0, G_OPTION_ARG_NONE, &words->live,
         "check: the guest comes with its state: it migrates live, or is restored", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("COMMAND … - find local devices for a guest's vDPA and mdev devices");
    g_autofree char *description = describe_commands();
    g_autoptr(GError) reason = NULL;

    rh_common_options_add(&words->common, context);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, description);
    g_option_context_set_strict_posix(context, strict);
    if (g_option_context_parse(context, argc, argv, &reason))
        return TRUE;
    return rh_raise(error, RH_ERROR_USAGE, "%s; see virt-rehome --help", reason->message);
}

static const RhCommand *find_command(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static RhOptions options_of(const Words *words)
{
    return (RhOptions){.common = &words->common,
                       .environment = rh_common_options_environment(&words->common),
                       .format = words->format,
                       .kind = words->kind,
                       .print_xml = words->print_xml,
                       .diff = words->diff,
                       .cold = words->cold,
                       .live = words->live};
}

/* Runs the command in @argv[0]. The four words of `hook` are positional whatever they look like. */
static RhExit run(Words *words, int argc, char **argv, RhOutput *output, GError **error)
{
    const RhCommand *command = find_command(argv[0]);
    guint n_raw =
        command && g_str_equal(command->name, "hook") ? MIN((guint)argc - 1, N_HOOK_WORDS) : 0;
    g_autoptr(GPtrArray) given = g_ptr_array_new();
    char **rest = argv + n_raw;
    int n_rest = argc - (int)n_raw;
    RhOptions options;

    if (!command)
        return rh_command_misused(error, "there is no command '%s'; see virt-rehome --help",
                                  argv[0]);
    for (guint i = 1; i <= n_raw; i++)
        g_ptr_array_add(given, argv[i]);
    if (!parse(words, &n_rest, &rest, FALSE, error))
        return RH_EXIT_TROUBLE;
    for (int i = 1; i < n_rest; i++)
        if (!g_str_equal(rest[i], "--"))
            g_ptr_array_add(given, rest[i]);
    g_ptr_array_add(given, NULL);
    options = options_of(words);
    return command->run(&options, (GStrv)given->pdata, output, error);
}

/* The output is written once, after everything succeeded. */
static gboolean flush(const GString *out, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new(out->str, out->len);

    return rh_write_all(STDOUT_FILENO, bytes, error);
}

static RhExit speak(RhExit status, const RhOutput *output, GError *error)
{
    g_autoptr(GError) fault = error;

    if (output->err->len > 0)
        fputs(output->err->str, stderr);
    if (!fault && flush(output->out, &fault))
        return status;
    fprintf(stderr, "virt-rehome: %s\n", rh_cut(rh_one_line(fault->message), MAX_FAULT));
    return RH_EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
    g_auto(Words) words = {0};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) err = g_string_new(NULL);
    RhOutput output = {out, err};
    GError *error = NULL;
    RhExit status = RH_EXIT_FITS;

    rh_log_settle();
    (void)signal(SIGCHLD, SIG_DFL); /* who runs us may ignore it, and then no child can be asked */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setlocale(LC_CTYPE, "");
    g_set_prgname("virt-rehome");
    if (!parse(&words, &argc, &argv, TRUE, &error))
        status = RH_EXIT_TROUBLE;
    else if (words.common.version)
        g_string_append(out, "virt-rehome " RH_VERSION "\n");
    else if (argc < 2)
        status = rh_command_misused(&error, "no command; see virt-rehome --help");
    else
        status = run(&words, argc - 1, argv + 1, &output, &error);
    return (int)speak(status, &output, error);
}

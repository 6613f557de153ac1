/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/command.h"

#include "util/error.h"
#include "util/file.h"

RhExit rh_command_misused(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    rh_raise(error, RH_ERROR_USAGE, "%s", text);
    return RH_EXIT_TROUBLE;
}

gboolean rh_command_format(const RhOptions *options, const char *formats, RhFormat *ret_format,
                           GError **error)
{
    static const struct {
        const char *name;
        RhFormat format;
    } known[] = {{"text", RH_FORMAT_TEXT}, {"xml", RH_FORMAT_XML}, {"json", RH_FORMAT_JSON}};
    g_auto(GStrv) names = g_strsplit(formats, "|", -1);
    const char *wanted = options->format ? options->format : names[0];

    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_str_equal(known[i].name, wanted) &&
            g_strv_contains((const char *const *)names, wanted)) {
            *ret_format = known[i].format;
            return TRUE;
        }
    }
    return rh_raise(error, RH_ERROR_USAGE, "--format is '%s', must be one of %s", wanted, formats);
}

gboolean rh_command_environment(const RhOptions *options, RhEnvironment *ret_environment,
                                GError **error)
{
    *ret_environment = options->environment;
    if (options->hosts && options->hosts[0] && options->hosts[1])
        return rh_raise(error, RH_ERROR_USAGE, "only 'check' takes more than one --host");
    ret_environment->inventory = options->hosts ? options->hosts[0] : NULL;
    return TRUE;
}

GBytes *rh_command_read_guest(const char *word, GError **error)
{
    g_autofree char *what = g_str_equal(word, "-") ? g_strdup("the guest's XML on standard input")
                                                   : g_strdup_printf("the guest's XML '%s'", word);

    return rh_read_document(word, what, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/command.h"

#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#include <string.h>
#include <sys/wait.h>

#define PREFIX "virt-rehome: " /* of an error on standard error */

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

/* Beside this program, as in a build folder, or where both were installed. */
static char *find_recorder(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup("/");
    g_autofree char *beside = g_build_filename(folder, "virt-rehome-recorder", NULL);

    return g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&beside)
                                                          : g_strdup(RH_RECORDER);
}

static void add_option(GPtrArray *argv, const char *option, const char *value)
{
    if (value)
        g_ptr_array_add(argv, g_strdup_printf("--%s=%s", option, value));
}

static GPtrArray *recorder_arguments(const RhCommonOptions *options, const char *command,
                                     GStrv words)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, find_recorder());
    g_ptr_array_add(argv, g_strdup(command));
    add_option(argv, "connect", options->connect);
    for (guint i = 0; options->hosts && options->hosts[i]; i++)
        add_option(argv, "host", options->hosts[i]);
    add_option(argv, "config", options->config);
    add_option(argv, "policy", options->policy);
    add_option(argv, "root", options->root);
    add_option(argv, "state", options->state);
    if (options->all)
        g_ptr_array_add(argv, g_strdup("--all"));
    if (options->print)
        g_ptr_array_add(argv, g_strdup("--print"));
    g_ptr_array_add(argv, g_strdup("--")); /* a guest may be called like an option */
    for (guint i = 0; words[i]; i++)
        g_ptr_array_add(argv, g_strdup(words[i]));
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* What virt-rehome-recorder said, and how it ended. */
typedef struct {
    GBytes *out;
    char *err;
    RhExit exit;
} Reply;

static void reply_clear(Reply *reply)
{
    g_clear_pointer(&reply->out, g_bytes_unref);
    g_free(reply->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reply, reply_clear)

static gboolean ask_recorder(const RhOptions *options, const char *command, GStrv words,
                             Reply *reply, GError **error)
{
    g_autoptr(GPtrArray) argv = recorder_arguments(options->common, command, words);
    const char *program = g_ptr_array_index(argv, 0);
    g_autoptr(GError) reason = NULL;
    char *out = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
                      &reply->err, &status, &reason))
        return rh_raise(error, RH_ERROR_HOST, "'%s', which speaks with libvirt, cannot be run: %s",
                        program, reason->message);
    reply->out = g_bytes_new_take(out, strlen(out));
    if (!WIFEXITED(status))
        return rh_raise(error, RH_ERROR_BUG, "'%s', which speaks with libvirt, was killed",
                        program);
    reply->exit = (RhExit)WEXITSTATUS(status);
    return TRUE;
}

RhExit rh_command_pass_on(const RhOptions *options, const char *command, GStrv words,
                          RhOutput *output, GError **error)
{
    g_auto(Reply) reply = {0};

    if (!ask_recorder(options, command, words, &reply, error))
        return RH_EXIT_TROUBLE;
    rh_command_append(output->out, reply.out);
    g_string_append(output->err, reply.err);
    return reply.exit;
}

void rh_command_append(GString *out, GBytes *bytes)
{
    g_string_append_len(out, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
}

gboolean rh_command_is_libvirts(const RhOptions *options, const char *word)
{
    return options->common->connect ||
           (!g_str_equal(word, "-") && !strchr(word, '/') && !g_str_has_suffix(word, ".xml") &&
            !g_file_test(word, G_FILE_TEST_EXISTS));
}

static GBytes *read_libvirts(const RhOptions *options, const char *word, GError **error)
{
    char *words[] = {(char *)word, NULL};
    g_auto(Reply) reply = {0};
    const char *reason;

    if (!ask_recorder(options, "xml", words, &reply, error))
        return NULL;
    if (reply.exit == RH_EXIT_FITS)
        return g_steal_pointer(&reply.out);
    reason = g_strchomp(reply.err);
    reason += g_str_has_prefix(reason, PREFIX) ? strlen(PREFIX) : 0;
    if (options->common->connect)
        rh_raise(error, RH_ERROR_INPUT, "%s", reason);
    else
        rh_raise(error, RH_ERROR_INPUT, "there is no file '%s', and as the name of a guest: %s",
                 word, reason);
    return NULL;
}

GBytes *rh_command_read_guest(const RhOptions *options, const char *word, GError **error)
{
    g_autofree char *what = g_str_equal(word, "-") ? g_strdup("the guest's XML on standard input")
                                                   : g_strdup_printf("the guest's XML '%s'", word);

    return rh_command_is_libvirts(options, word) ? read_libvirts(options, word, error)
                                                 : rh_read_document(word, what, error);
}

void rh_command_warn_of_pools(const RhOptions *options, const RhPolicy *policy, const RhHost *host,
                              const RhInventory *inventory, RhKinds kinds, GString *err)
{
    g_autoptr(GPtrArray) idle = host ? rh_policy_find_idle(policy, inventory, kinds) : NULL;

    if (!host && options->common->config && policy->pools->len > 0)
        rh_append_line(err,
                       "warning: the pools in '%s' count where an inventory is made, and not "
                       "for a saved one",
                       options->common->config);
    for (guint i = 0; idle && i < idle->len; i++)
        rh_append_line(err, "warning: %s", (char *)g_ptr_array_index(idle, i));
}

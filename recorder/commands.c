/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/commands.h"

#include "hook/managed-save.h"
#include "recorder/definitions.h"
#include "recorder/recording.h"
#include "recorder/refresh.h"
#include "site/users.h"
#include "util/error.h"
#include "util/text.h"

/* What a command works with. */
typedef struct {
    const RhCommonOptions *options;
    const char *guest; /* NULL: all */
    GString *out;
    GString *err;
    RhExit exit;
    RhEnvironment environment;
    virConnectPtr connection;
    RhScene *scene;
} Command;

static void command_clear(Command *command)
{
    g_clear_pointer(&command->scene, rh_scene_free);
    g_clear_pointer(&command->connection, rh_connection_close);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Command, command_clear)

/* Trouble with one guest: the others go on. A name, or a source from another host, makes no line
 * of its own. */
static void complain(Command *command, RhExit exit, const char *message)
{
    rh_append_line(command->err, "virt-rehome: %s", message);
    command->exit = MAX(command->exit, exit);
}

/* A refusal has a line for each candidate, printable already. */
static void complain_refusal(Command *command, const char *refusal)
{
    g_string_append_printf(command->err, "virt-rehome: %s\n", refusal);
    command->exit = MAX(command->exit, RH_EXIT_REFUSED);
}

static gboolean command_open(Command *command, GError **error)
{
    if (!rh_common_options_one_host(command->options, &command->environment, error))
        return FALSE;
    command->connection = rh_connection_open(command->options->connect, FALSE, error);
    if (!command->connection)
        return FALSE;
    command->scene = rh_scene_new(&command->environment, command->connection, RH_GATHER_ALL, error);
    return command->scene != NULL;
}

/* The one guest, or all; of virDomain. */
static GPtrArray *command_guests(const Command *command, GError **error)
{
    g_autoptr(GPtrArray) one = NULL;
    virDomainPtr domain;

    if (!command->guest)
        return rh_connection_list(command->connection, error);
    domain = rh_connection_find(command->connection, command->guest, error);
    if (!domain)
        return NULL;
    one = rh_connection_new_list();
    g_ptr_array_add(one, domain);
    return g_steal_pointer(&one);
}

static const char *describe_written(const RhRecording *recording)
{
    if (recording->live_written && recording->definition_written)
        return "recorded, in the running guest and in its definition";
    if (recording->live_written)
        return "recorded, in the running guest";
    return recording->definition_written ? "recorded, in its definition" : "unchanged";
}

static void report_recording(Command *command, const char *name, const RhRecording *recording)
{
    g_autofree char *held =
        g_strdup_printf("a job (a migration, a snapshot, …) holds guest '%s', so its record cannot "
                        "be written now: wait until it is done ('virsh domjobinfo' shows it), then "
                        "try again",
                        name);

    if (recording->busy)
        complain(command, RH_EXIT_TROUBLE, held);
    else if (recording->n_devices > 0)
        rh_append_line(command->out, "%s: %s", name, describe_written(recording));
    else if (command->guest)
        rh_append_line(command->out, "%s: " RH_KINDS_NONE ": nothing to record", name);
    for (guint i = 0; i < recording->moves->len && recording->definition_written; i++)
        rh_append_line(command->out, "%s: its definition names %s", name,
                       (const char *)g_ptr_array_index(recording->moves, i));
    for (guint i = 0; i < recording->renewed->len && !recording->busy; i++)
        complain(command, RH_EXIT_FITS, g_ptr_array_index(recording->renewed, i));
    for (guint i = 0; i < recording->warnings->len; i++)
        complain(command, RH_EXIT_REFUSED, g_ptr_array_index(recording->warnings, i));
}

/* Records @domain with @news; where it has something to say, it says so. */
static void record_one(Command *command, virDomainPtr domain, const RhNews *news)
{
    g_auto(RhRecording) recording = {0};
    g_autoptr(GError) error = NULL;
    GString *print = command->options->print ? command->out : NULL;

    if (!rh_recording_update(domain, command->scene, news, print, &recording, &error))
        complain(command, RH_EXIT_TROUBLE, error->message);
    if (!print && (!error || recording.live_written || recording.definition_written))
        report_recording(command, virDomainGetName(domain), &recording);
}

RhExit rh_recorder_record(const RhCommonOptions *options, const char *guest, GString *out,
                          GString *err, GError **error)
{
    g_auto(Command) command = {.options = options, .guest = guest, .out = out, .err = err};
    g_autoptr(GPtrArray) domains = NULL;
    const RhNews news = {.accept = guest != NULL};

    if (!command_open(&command, error))
        return RH_EXIT_TROUBLE;
    domains = command_guests(&command, error);
    for (guint i = 0; domains && i < domains->len; i++)
        record_one(&command, g_ptr_array_index(domains, i), &news);
    return domains ? command.exit : RH_EXIT_TROUBLE;
}

static void report_refreshed(Command *command, const RhRefreshed *refreshed)
{
    switch (refreshed->state) {
    case RH_REFRESHED_UNCHANGED:
        if (!refreshed->running)
            rh_append_line(command->out, "%s: unchanged", refreshed->name);
        return;
    case RH_REFRESHED_CHANGED:
    case RH_REFRESHED_AWAITED:
        rh_append_line(command->out, "%s: %s", refreshed->name, refreshed->text);
        return;
    case RH_REFRESHED_REFUSED:
        complain_refusal(command, refreshed->text);
        return;
    case RH_REFRESHED_FAULT:
        complain(command, RH_EXIT_TROUBLE, refreshed->text);
        return;
    }
    g_assert_not_reached();
}

/* Those that are shut off are planned among what nobody uses. */
static void refresh_shut_off(Command *command, GPtrArray *definitions)
{
    g_autoptr(GPtrArray) refreshed = NULL;
    g_autoptr(GError) error = NULL;

    if (!rh_users_mark_in_use(&command->environment, command->scene->host,
                              command->scene->inventory, &error)) {
        complain(command, RH_EXIT_TROUBLE, error->message);
        return;
    }
    refreshed = rh_refresh(definitions, command->scene, command->guest);
    for (guint i = 0; i < refreshed->len; i++)
        report_refreshed(command, g_ptr_array_index(refreshed, i));
}

RhExit rh_recorder_refresh(const RhCommonOptions *options, const char *guest, GString *out,
                           GString *err, GError **error)
{
    g_auto(Command) command = {.options = options, .guest = guest, .out = out, .err = err};
    g_autoptr(GPtrArray) domains = NULL;
    g_autoptr(GPtrArray) definitions = NULL;
    const RhNews news = {.refresh = TRUE};

    if (!command_open(&command, error))
        return RH_EXIT_TROUBLE;
    domains = command_guests(&command, error);
    for (guint i = 0; domains && i < domains->len; i++)
        if (virDomainIsActive(g_ptr_array_index(domains, i)) == 1)
            record_one(&command, g_ptr_array_index(domains, i), &news);
    if (domains && guest)
        command.guest = virDomainGetName(g_ptr_array_index(domains, 0));
    definitions = domains ? rh_definitions_of_libvirt(command.connection, error) : NULL;
    if (!definitions)
        return RH_EXIT_TROUBLE;
    refresh_shut_off(&command, definitions);
    return command.exit;
}

RhExit rh_recorder_refresh_at_boot(const RhCommonOptions *options, GString *out, GString *err,
                                   GError **error)
{
    g_auto(Command) command = {.options = options, .out = out, .err = err};
    g_autoptr(GPtrArray) definitions = NULL;

    if (!rh_common_options_one_host(options, &command.environment, error))
        return RH_EXIT_TROUBLE;
    definitions = rh_definitions_of_files(command.environment.root, error);
    if (!definitions)
        return RH_EXIT_TROUBLE;
    rh_managed_save_sweep_all(command.environment.root);
    if (definitions->len == 0)
        return RH_EXIT_FITS;
    command.scene = rh_scene_new(&command.environment, NULL, RH_GATHER_ALL, error);
    if (!command.scene)
        return RH_EXIT_TROUBLE;
    refresh_shut_off(&command, definitions);
    return command.exit;
}

RhExit rh_recorder_xml(const RhCommonOptions *options, const char *guest, GString *out,
                       GError **error)
{
    g_autoptr(virConnect) connection = rh_connection_open(options->connect, TRUE, error);
    g_autoptr(virDomain) domain = connection ? rh_connection_find(connection, guest, error) : NULL;
    g_autoptr(GBytes) xml = domain ? rh_connection_xml(domain, 0, error) : NULL;

    if (!xml)
        return RH_EXIT_TROUBLE;
    g_string_append_len(out, g_bytes_get_data(xml, NULL), (gssize)g_bytes_get_size(xml));
    return RH_EXIT_FITS;
}

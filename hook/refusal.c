/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/refusal.h"

#include "hook/users.h"
#include "util/error.h"
#include "util/text.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MORE_LENGTH 64u /* kept for the line that says how many were left out */

#define GROUP "refusal"
#define PREFIX "refusal-"

/* Lines "vdpa1: mtu is 1500, …" for a device that has no match, as many as there is room for. */
static void append_candidates(GString *text, const RhPlan *plan, const RhChoice *choice)
{
    GPtrArray *devices = plan->context.host->devices[choice->guest_device->kind];

    for (guint i = 0; choice->guest_device->entry && i < devices->len; i++) {
        g_autoptr(RhCandidate) candidate =
            rh_candidate_new(plan, choice, g_ptr_array_index(devices, i));
        g_autofree char *why = rh_candidate_describe(candidate, FALSE);
        g_autofree char *line = g_strdup_printf("for %s: %s: %s", choice->guest_device->source,
                                                rh_device_name(candidate->device), why);

        if (text->len + 1 + strlen(line) + MORE_LENGTH > RH_MAX_MESSAGE) {
            g_string_append_printf(text, "\nand %u more; 'virt-rehome check' shows all",
                                   devices->len - i);
            return;
        }
        g_string_append_printf(text, "\n%s", rh_one_line(line));
    }
}

char *rh_refusal_describe(const RhPlan *plan)
{
    g_autofree char *sentence = rh_plan_refusal(plan);
    GString *text;

    text = g_string_new(rh_cut(rh_one_line(sentence), RH_MAX_MESSAGE - MORE_LENGTH));
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->action == RH_ACTION_NONE && text->len + MORE_LENGTH < RH_MAX_MESSAGE)
            append_candidates(text, plan, choice);
    }
    return g_string_free(text, FALSE);
}

char *rh_refusal_of_fault(const GError *error)
{
    return rh_cut(rh_one_line(g_strdup(error->message)), RH_MAX_MESSAGE);
}

/* Names come from another host, and never go into a path. */
static char *path_of(const char *state, const char *guest)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, guest, -1);
    g_autofree char *name = g_strconcat(PREFIX, sum, NULL);

    return g_build_filename(state, name, NULL);
}

gboolean rh_refusal_leave(const char *state, const char *guest, GStrv sources, const char *text,
                          GError **error)
{
    g_autofree char *path = path_of(state, guest);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) reason = NULL;

    g_key_file_set_string(file, GROUP, "guest", guest);
    g_key_file_set_int64(file, GROUP, "time", rh_users_now());
    g_key_file_set_string(file, GROUP, "text", text);
    if (sources)
        g_key_file_set_string_list(file, GROUP, "devices", (const char *const *)sources,
                                   g_strv_length(sources));
    if (g_mkdir_with_parents(state, 0700) < 0)
        return rh_raise_errno(error, RH_ERROR_STATE, errno, "cannot make the folder '%s'", state);
    if (!g_key_file_save_to_file(file, path, &reason))
        return rh_raise(error, RH_ERROR_STATE, "cannot keep the refusal of guest '%s': %s", guest,
                        reason->message);
    return TRUE;
}

static gboolean is_for(GKeyFile *file, GStrv sources)
{
    g_auto(GStrv) devices = g_key_file_get_string_list(file, GROUP, "devices", NULL, NULL);

    return !devices || !sources ||
           g_strv_equal((const char *const *)devices, (const char *const *)sources);
}

char *rh_refusal_take(const char *state, const char *guest, GStrv sources)
{
    g_autofree char *path = path_of(state, guest);
    g_autoptr(GKeyFile) file = g_key_file_new();
    gint64 age;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return NULL;
    (void)g_unlink(path);
    age = rh_users_now() - g_key_file_get_int64(file, GROUP, "time", NULL);
    if (age < 0 || age >= RH_REFUSAL_SECONDS || !is_for(file, sources))
        return NULL;
    return g_key_file_get_string(file, GROUP, "text", NULL);
}

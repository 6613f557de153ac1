/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/refusal.h"

#include "util/error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <time.h>
#include <unistd.h>

#define GROUP "refusal"
#define PREFIX "refusal-"

/* Names come from another host, and never go into a path. */
static char *path_of(const char *state, const char *guest)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, guest, -1);
    g_autofree char *name = g_strconcat(PREFIX, sum, NULL);

    return g_build_filename(state, name, NULL);
}

static gint64 now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec;
}

gboolean rh_refusal_leave(const char *state, const char *guest, GStrv sources, const char *text,
                          GError **error)
{
    g_autofree char *path = path_of(state, guest);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) reason = NULL;

    g_key_file_set_string(file, GROUP, "guest", guest);
    g_key_file_set_int64(file, GROUP, "time", now());
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
    age = now() - g_key_file_get_int64(file, GROUP, "time", NULL);
    if (age < 0 || age >= RH_REFUSAL_SECONDS || !is_for(file, sources))
        return NULL;
    return g_key_file_get_string(file, GROUP, "text", NULL);
}

gboolean rh_refusal_any(const char *state)
{
    g_autoptr(GDir) dir = g_dir_open(state, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, PREFIX))
            return TRUE;
    return FALSE;
}

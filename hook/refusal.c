/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/refusal.h"

#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define GROUP "refusal"
#define PREFIX "refusal-"
#define TRACE "restore-"

char *rh_refusal_of_fault(const GError *error)
{
    return rh_cut(rh_one_line(g_strdup(error->message)), RH_MAX_MESSAGE);
}

/* What is left stands under a checksum: words from another host never go into a path. */
static char *path_of(const char *state, const char *prefix, const char *word)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, word, -1);
    g_autofree char *name = g_strconcat(prefix, sum, NULL);

    return g_build_filename(state, name, NULL);
}

/* NULL: without a uuid. */
static char *path_by_uuid(const char *state, const RhRefused *refused)
{
    g_autofree char *small = refused->uuid ? g_ascii_strdown(refused->uuid, -1) : NULL;

    return small ? path_of(state, PREFIX "uuid-", small) : NULL;
}

static char *path_by_name(const char *state, const RhRefused *refused)
{
    return path_of(state, PREFIX "name-", refused->guest);
}

static gint64 now(void)
{
    return g_get_monotonic_time() / G_USEC_PER_SEC;
}

static gboolean make_folder(const char *state, GError **error)
{
    return g_mkdir_with_parents(state, 0700) == 0 ||
           rh_raise_errno(error, RH_ERROR_STATE, errno, "cannot make the folder '%s'", state);
}

gboolean rh_refusal_expect(const char *state, const char *guest, GError **error)
{
    g_autofree char *path = path_of(state, TRACE, guest);
    RH_AUTOFD fd = -1;

    if (!make_folder(state, error))
        return FALSE;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 || rh_raise_errno(error, RH_ERROR_STATE, errno,
                                     "cannot note that guest '%s' is restored", guest);
}

void rh_refusal_expect_none(const char *state, const char *guest)
{
    g_autofree char *path = path_of(state, TRACE, guest);

    (void)g_unlink(path);
}

/* Writes it aside, so that nobody sees half of it; under one name, so that what a process left that
 * was killed meanwhile is written over by the next. */
static gboolean replace(const char *path, const char *content, GError **error)
{
    g_autofree char *aside = g_strconcat(path, ".new", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new_static(content, strlen(content));
    RH_AUTOFD fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return rh_raise_errno(error, RH_ERROR_STATE, errno, "cannot open '%s'", aside);
    if (rh_write_all(fd, bytes, error)) {
        if (g_rename(aside, path) == 0)
            return TRUE;
        rh_raise_errno(error, RH_ERROR_STATE, errno, "cannot rename '%s'", aside);
    }
    (void)g_unlink(aside);
    return FALSE;
}

static char *format(const RhRefused *refused, const char *text)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_string(file, GROUP, "guest", refused->guest);
    g_key_file_set_int64(file, GROUP, "time", now());
    g_key_file_set_string(file, GROUP, "text", text);
    if (refused->sources)
        g_key_file_set_string_list(file, GROUP, "devices", (const char *const *)refused->sources,
                                   g_strv_length(refused->sources));
    return g_key_file_to_data(file, NULL, NULL);
}

gboolean rh_refusal_leave(const char *state, const RhRefused *refused, const char *text,
                          GError **error)
{
    g_autofree char *by_uuid = path_by_uuid(state, refused);
    g_autofree char *by_name = path_by_name(state, refused);
    g_autofree char *content = format(refused, text);
    g_autoptr(GError) reason = NULL;

    if (!make_folder(state, error))
        return FALSE;
    if (replace(by_uuid ? by_uuid : by_name, content, &reason))
        return TRUE;
    return rh_raise(error, RH_ERROR_STATE, "cannot keep the refusal of guest '%s': %s",
                    refused->guest, reason->message);
}

void rh_refusal_forget(const char *state, const RhRefused *refused)
{
    g_autofree char *by_uuid = path_by_uuid(state, refused);
    g_autofree char *by_name = path_by_name(state, refused);

    (void)g_unlink(by_uuid ? by_uuid : by_name);
}

static gboolean counts(GKeyFile *file, GStrv sources)
{
    g_auto(GStrv) devices = g_key_file_get_string_list(file, GROUP, "devices", NULL, NULL);
    gint64 age = now() - g_key_file_get_int64(file, GROUP, "time", NULL);

    return age >= 0 && age < RH_REFUSAL_SECONDS &&
           (!devices || !sources ||
            g_strv_equal((const char *const *)devices, (const char *const *)sources));
}

/* Takes the file at @path away, and returns its text if it counts. */
static char *take(const char *path, GStrv sources, char **ret_doubt)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error)) {
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return NULL;
    } else if (counts(file, sources)) {
        text = g_key_file_get_string(file, GROUP, "text", &error);
    }
    if (error && !*ret_doubt)
        *ret_doubt = g_strdup_printf("what was left for it cannot be read: %s", error->message);
    (void)g_unlink(path);
    return text;
}

char *rh_refusal_take(const char *state, const RhRefused *refused, char **ret_doubt)
{
    g_autofree char *by_uuid = path_by_uuid(state, refused);
    g_autofree char *by_name = path_by_name(state, refused);
    g_autofree char *trace = path_of(state, TRACE, refused->guest);
    g_autofree char *named = NULL;
    char *text;

    *ret_doubt = NULL;
    text = by_uuid ? take(by_uuid, refused->sources, ret_doubt) : NULL;
    named = take(by_name, refused->sources, ret_doubt);
    if (g_unlink(trace) == 0 && !*ret_doubt)
        *ret_doubt = g_strdup("its restore has left no answer");
    return text ? text : g_steal_pointer(&named);
}

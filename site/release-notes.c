/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/release-notes.h"

#include "util/error.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/claims-xml.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "released-"
#define TRIES 16u /* for a name that nobody has */

/* "released-4711-1a2b3c4d"; what is being written has a dot and more. */
static gboolean is_note(const char *name)
{
    return g_str_has_prefix(name, PREFIX) && !strchr(name, '.');
}

/* The names of the notes in @state, in order; NULL: it cannot be listed. */
static GPtrArray *list(const char *state)
{
    g_autoptr(RhDir) dir = rh_dir_open(state, NULL);
    g_autoptr(GPtrArray) names = dir ? rh_dir_list(dir, ".", NULL) : NULL;

    for (guint i = names ? names->len : 0; i > 0; i--)
        if (!is_note(g_ptr_array_index(names, i - 1)))
            g_ptr_array_remove_index(names, i - 1);
    return g_steal_pointer(&names);
}

static GBytes *write_down(const RhClaims *claims, const RhClaimant *claimant)
{
    g_autoptr(RhReleaseNote) note = rh_release_note_new(claims, claimant);

    return rh_release_note_serialise(note);
}

gboolean rh_release_notes_leave(const char *state, const RhClaims *claims,
                                const RhClaimant *claimant, GError **error)
{
    g_autoptr(GBytes) bytes = write_down(claims, claimant);
    g_autoptr(GPtrArray) names = list(state);
    g_autofree char *path = NULL;
    g_autoptr(GError) reason = NULL;

    if (names && names->len >= RH_MAX_RELEASE_NOTES)
        return rh_raise(error, RH_ERROR_STATE,
                        "%u releases wait in '%s' for somebody to have the lock, which is the "
                        "limit",
                        names->len, state);
    if (g_bytes_get_size(bytes) > RH_MAX_RELEASE_NOTE) {
        g_bytes_unref(bytes);
        bytes = write_down(NULL, claimant);
    }
    for (guint i = 0; i < TRIES && (!path || g_file_test(path, G_FILE_TEST_EXISTS)); i++) {
        g_free(path);
        path = g_strdup_printf("%s/" PREFIX "%d-%08x", state, (int)getpid(), g_random_int());
    }
    return g_file_set_contents_full(path, g_bytes_get_data(bytes, NULL),
                                    (gssize)g_bytes_get_size(bytes), G_FILE_SET_CONTENTS_CONSISTENT,
                                    0600, &reason) ||
           rh_raise(error, RH_ERROR_STATE, "cannot leave a note of the release: %s",
                    reason->message);
}

/* What is in the note, or NULL: *@ret_done tells whether nobody will ever read more. */
static RhReleaseNote *read_note(const char *state, const char *name, gboolean *ret_done)
{
    g_autofree char *path = g_build_filename(state, name, NULL);
    RH_AUTOFD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autoptr(GBytes) bytes = NULL;
    struct stat status;

    *ret_done = FALSE;
    if (fd < 0 || fstat(fd, &status) < 0)
        return NULL;
    *ret_done = !S_ISREG(status.st_mode) || status.st_size > RH_MAX_RELEASE_NOTE;
    if (*ret_done)
        return NULL;
    bytes = rh_read_document_fd(fd, name, NULL);
    *ret_done = bytes != NULL;
    return bytes ? rh_release_note_parse(bytes, name, NULL) : NULL;
}

GStrv rh_release_notes_obey(const char *state, RhClaims *claims)
{
    g_autoptr(GStrvBuilder) done = g_strv_builder_new();
    g_autoptr(GPtrArray) names = list(state);

    for (guint i = 0; names && i < MIN(names->len, RH_MAX_RELEASE_NOTES); i++) {
        const char *name = g_ptr_array_index(names, i);
        gboolean is_done;
        g_autoptr(RhReleaseNote) note = read_note(state, name, &is_done);

        if (note)
            (void)rh_claims_obey(claims, note);
        if (is_done)
            g_strv_builder_add(done, name);
    }
    return g_strv_builder_end(done);
}

static void remove_one(const char *state, const char *name)
{
    g_autofree char *path = g_build_filename(state, name, NULL);

    (void)g_unlink(path);
}

void rh_release_notes_remove(const char *state, GStrv names)
{
    for (guint i = 0; names && names[i]; i++)
        if (is_note(names[i]))
            remove_one(state, names[i]);
}

/* Whether @name is what a process was writing that is gone: those who live do so without a lock. */
static gboolean is_leftover(const char *name)
{
    const char *number = name + strlen(PREFIX);
    g_autofree char *pid = NULL;
    guint64 n;

    if (!g_str_has_prefix(name, PREFIX) || !strchr(name, '.'))
        return FALSE;
    pid = g_strndup(number, strcspn(number, "-"));
    return rh_parse_number(pid, G_MAXINT32, &n) && n > 0 && kill((pid_t)n, 0) < 0 && errno == ESRCH;
}

void rh_release_notes_sweep(const char *state)
{
    g_autoptr(GDir) dir = g_dir_open(state, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (is_leftover(name))
            remove_one(state, name);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/claims-file.h"

#include "site/release-notes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/claims-xml.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_STEP_US (5 * 1000)
#define MAX_ASIDE 100u    /* damaged files kept */
#define MAX_REOPENED 8u   /* locks that somebody removed */
#define MAX_PURPOSE "200" /* bytes of who holds the lock, for those who wait */

struct RhClaimsFile {
    int lock;    /* an open file description that children share */
    pid_t owner; /* who opened it */
    char *folder;
    char *path;
    char *lock_path;
    GStrv notes; /* releases that what was loaded obeys; NULL: none */
};

/* Makes the folder, and sees that nobody else can put anything into it. */
static gboolean make_folder(const char *state, GError **error)
{
    struct stat status;

    if (g_mkdir_with_parents(state, 0700) < 0 || lstat(state, &status) < 0)
        return rh_raise_errno(error, RH_ERROR_STATE, errno,
                              "cannot make the folder '%s' for claims", state);
    if (S_ISDIR(status.st_mode) && status.st_uid == 0 && geteuid() != 0)
        return rh_raise(error, RH_ERROR_STATE,
                        "the claims in '%s' are root's; run this as root, or with another folder "
                        "as --state",
                        state);
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & (S_IWGRP | S_IWOTH)))
        return rh_raise(
            error, RH_ERROR_STATE,
            "'%s' is no folder that only its owner can write to, and claims are kept in "
            "no other; remove it",
            state);
    return TRUE;
}

/* Opens the lock anew, in a folder that somebody may have removed. */
static gboolean open_lock(RhClaimsFile *file, GError **error)
{
    rh_fd_close(&file->lock);
    file->lock = -1;
    if (!make_folder(file->folder, error))
        return FALSE;
    file->lock = open(file->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return file->lock >= 0 ||
           rh_raise_errno(error, RH_ERROR_STATE, errno, "cannot open the lock '%s' of the claims",
                          file->lock_path);
}

RhClaimsFile *rh_claims_file_open(const char *state, GError **error)
{
    g_autoptr(RhClaimsFile) file = g_new0(RhClaimsFile, 1);

    file->folder = g_strdup(state);
    file->path = g_build_filename(state, "claims", NULL);
    file->lock_path = g_build_filename(state, "lock", NULL);
    file->lock = -1;
    file->owner = getpid();
    return open_lock(file, error) ? g_steal_pointer(&file) : NULL;
}

void rh_claims_file_free(RhClaimsFile *file)
{
    if (!file)
        return;
    if (file->lock >= 0) {
        rh_claims_file_unlock(file); /* a child that was left behind shares it */
        (void)close(file->lock);
    }
    g_free(file->folder);
    g_free(file->path);
    g_free(file->lock_path);
    g_strfreev(file->notes);
    g_free(file);
}

/* Best effort: only those who wait in vain read it. */
static void note_holder(RhClaimsFile *file, const char *purpose)
{
    g_autofree char *note =
        g_strdup_printf("process %d for guest %." MAX_PURPOSE "s\n", (int)file->owner, purpose);

    if (ftruncate(file->lock, 0) < 0 || pwrite(file->lock, note, strlen(note), 0) < 0)
        return;
}

static char *describe_holder(RhClaimsFile *file)
{
    char note[256];
    ssize_t n = pread(file->lock, note, sizeof note - 1, 0);
    char *text;

    if (n <= 0)
        return g_strdup("an unknown process");
    text = g_utf8_make_valid(note, n);
    return rh_one_line(g_strchomp(text));
}

gboolean rh_claims_file_is_current(const RhClaimsFile *file)
{
    struct stat locked;
    struct stat named;

    return fstat(file->lock, &locked) == 0 && lstat(file->lock_path, &named) == 0 &&
           locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static gboolean wait_for_lock(RhClaimsFile *file, gint64 deadline, GError **error)
{
    g_autofree char *holder = NULL;

    while (flock(file->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return rh_raise_errno(error, RH_ERROR_STATE, errno, "cannot lock '%s'",
                                  file->lock_path);
        if (g_get_monotonic_time() >= deadline) {
            holder = describe_holder(file);
            return rh_raise(error, RH_ERROR_STATE,
                            "the claims are locked by %s, and the time to wait is over; see what "
                            "that process waits for",
                            holder);
        }
        g_usleep(LOCK_STEP_US);
    }
    return TRUE;
}

gboolean rh_claims_file_lock(RhClaimsFile *file, const char *purpose, gint64 deadline,
                             GError **error)
{
    for (guint i = 0; i < MAX_REOPENED; i++) {
        if (!wait_for_lock(file, deadline, error))
            return FALSE;
        if (rh_claims_file_is_current(file)) {
            note_holder(file, purpose);
            return TRUE;
        }
        /* what a child opens, its parent does not have */
        if (getpid() != file->owner)
            break;
        if (!open_lock(file, error))
            return FALSE;
    }
    return rh_raise(error, RH_ERROR_STATE,
                    "the lock '%s' of the claims was removed meanwhile, and nobody else is kept "
                    "out by it; try again, and remove nothing there while guests come and go",
                    file->lock_path);
}

void rh_claims_file_unlock(RhClaimsFile *file)
{
    (void)flock(file->lock, LOCK_UN);
}

/* What is in the file @path; NULL without an error: there is none, or *@ret_damage says what it is
 * that it cannot be one of ours. Error: RH_ERROR_STATE, where nobody could look. */
static GBytes *read_file(const char *path, const char *what, char **ret_damage, GError **error)
{
    RH_AUTOFD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autoptr(GError) reason = NULL;
    struct stat status;
    GBytes *bytes;

    if (fd < 0 && errno == ENOENT)
        return NULL;
    if (fd < 0 || fstat(fd, &status) < 0) {
        rh_raise_errno(error, RH_ERROR_STATE, errno, "cannot open %s", what);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        *ret_damage = g_strdup_printf("%s is not a regular file", what);
        return NULL;
    }
    if (status.st_size > RH_MAX_DOCUMENT) {
        *ret_damage = g_strdup_printf("%s is larger than %u MiB, which is the limit", what,
                                      RH_MAX_DOCUMENT / 1024 / 1024);
        return NULL;
    }
    bytes = rh_read_document_fd(fd, what, &reason);
    if (!bytes)
        rh_raise(error, RH_ERROR_STATE, "%s", reason->message);
    return bytes;
}

/* As rh_claims_file_load(). */
static RhClaims *load(const char *path, char **ret_damage, GError **error)
{
    g_autofree char *what = g_strdup_printf("the claims file '%s'", path);
    g_autoptr(GError) damage = NULL;
    g_autoptr(GError) reason = NULL;
    g_autoptr(GBytes) bytes = NULL;
    RhClaims *claims;

    *ret_damage = NULL;
    bytes = read_file(path, what, ret_damage, &reason);
    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    claims = bytes ? rh_claims_parse(bytes, what, &damage) : NULL;
    if (damage)
        *ret_damage = g_strdup(damage->message);
    return claims ? claims : rh_claims_new();
}

RhClaims *rh_claims_file_load(RhClaimsFile *file, char **ret_damage, GError **error)
{
    RhClaims *claims = load(file->path, ret_damage, error);

    if (claims)
        rh_claims_file_take_notes(file, rh_release_notes_obey(file->folder, claims));
    return claims;
}

GStrv rh_claims_file_notes(const RhClaimsFile *file)
{
    return g_strdupv(file->notes);
}

void rh_claims_file_take_notes(RhClaimsFile *file, GStrv notes)
{
    g_strfreev(file->notes);
    file->notes = notes;
}

char *rh_claims_file_set_aside(RhClaimsFile *file, const char *damage)
{
    g_autofree char *aside = g_strconcat(file->path, ".damaged", NULL);

    /* where something of that name cannot be replaced, beside it */
    for (guint i = 1; g_rename(file->path, aside) < 0; i++) {
        if (errno == ENOENT || i == MAX_ASIDE)
            return g_strdup_printf("%s; it cannot be set aside: %s", damage, g_strerror(errno));
        g_free(aside);
        aside = g_strdup_printf("%s.damaged-%u", file->path, i);
    }
    return g_strdup_printf("%s; it is kept as '%s', and what guests use is read from libvirt's "
                           "status files",
                           damage, aside);
}

RhClaims *rh_claims_file_peek(const char *state, GError **error)
{
    g_autofree char *path = g_build_filename(state, "claims", NULL);
    g_autofree char *damage = NULL;
    g_autoptr(GPtrArray) claims = load(path, &damage, error);

    if (claims && !damage)
        g_strfreev(rh_release_notes_obey(state, claims));
    if (!damage)
        return g_steal_pointer(&claims);
    rh_raise(error, RH_ERROR_INPUT, "%s", damage);
    return NULL;
}

/* What a process left that was killed while it wrote: "claims." and six characters of GLib's. */
static void remove_leftovers(RhClaimsFile *file)
{
    g_autofree char *folder = g_path_get_dirname(file->path);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_str_has_prefix(name, "claims.") && strlen(name) == strlen("claims.XXXXXX"))
            (void)g_unlink(path);
    }
}

gboolean rh_claims_file_save(RhClaimsFile *file, GBytes *claims, GError **error)
{
    g_autoptr(GError) reason = NULL;
    gsize length;
    const char *data = g_bytes_get_data(claims, &length);

    if (!rh_claims_file_is_current(file))
        return rh_raise(error, RH_ERROR_STATE,
                        "cannot write the claims: their lock '%s' was removed meanwhile; try again",
                        file->lock_path);
    remove_leftovers(file);
    rh_release_notes_sweep(file->folder);
    if (g_file_set_contents_full(file->path, data, (gssize)length,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 &reason)) {
        rh_release_notes_remove(file->folder, file->notes);
        return TRUE;
    }
    return rh_raise(error, RH_ERROR_STATE, "cannot write the claims: %s", reason->message);
}

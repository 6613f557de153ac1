/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/guest-files.h"

#include "site/users.h"
#include "util/error.h"
#include "util/file.h"
#include "xml/status.h"
#include "xml/unread.h"

#include <string.h>
#include <sys/stat.h>

#define ENDING ".xml"

typedef struct {
    RhFacts facts; /* when it was read */
    RhGuest *guest;
    char *warning;
    gboolean failed; /* nobody could look: what is in it may be as well as ever */
} File;

struct RhGuestFiles {
    const char *root;
    const char *folder;
    char *fault;
    GPtrArray *names;
    GHashTable *parsed; /* name -> File */
};

static void file_free(gpointer data)
{
    File *file = data;

    rh_guest_free(file->guest);
    g_free(file->warning);
    g_free(file);
}

static GHashTable *make_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
}

RhGuestFiles *rh_guest_files_new(const char *root, const char *folder)
{
    RhGuestFiles *files = g_new0(RhGuestFiles, 1);

    files->root = root;
    files->folder = folder;
    files->names = g_ptr_array_new_with_free_func(g_free);
    files->parsed = make_table();
    return files;
}

void rh_guest_files_free(RhGuestFiles *files)
{
    if (!files)
        return;
    g_free(files->fault);
    g_ptr_array_unref(files->names);
    g_hash_table_unref(files->parsed);
    g_free(files);
}

static File *read_file(const char *path, const RhFacts *facts, RhHost *host)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *what = g_strdup_printf("libvirt's file '%s'", path);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = rh_read_regular(path, what, &error);
    File *file = g_new0(File, 1);

    file->facts = *facts;
    file->guest = bytes ? rh_status_parse(bytes, what, &error) : NULL;
    file->warning = error ? g_strdup(error->message) : NULL;
    file->failed = g_error_matches(error, RH_ERROR, RH_ERROR_HOST);
    /* One that is too long for us is libvirt's all the same; a pipe or the like is nobody's. */
    file->failed |= !bytes && S_ISREG(facts->mode);
    if (bytes && error) {
        gboolean more;

        name[strlen(name) - strlen(ENDING)] = '\0';
        file->guest = rh_unread_guest(bytes, name, &more);
        file->failed |= more;
    }
    if (file->guest)
        rh_users_settle(host, NULL, file->guest);
    return file;
}

/* What was read of the file before, taken out, if it still is so; NULL: it is not. */
static File *take_unchanged(RhGuestFiles *files, const char *name, const RhFacts *facts)
{
    g_autofree char *old_name = NULL;
    const File *old = g_hash_table_lookup(files->parsed, name);
    gpointer taken = NULL;

    if (old && !old->failed && rh_facts_equal(&old->facts, facts))
        (void)g_hash_table_steal_extended(files->parsed, name, (gpointer *)&old_name, &taken);
    return taken;
}

/* What the file is is asked first: one that changes while it is read is read again the next time.
 */
static File *refresh_file(RhGuestFiles *files, RhDir *dir, const char *name, RhHost *host)
{
    g_autofree char *relative = g_build_filename(files->folder, name, NULL);
    g_autofree char *path = g_build_filename(files->root, relative, NULL);
    RhFacts facts = {0};
    File *old =
        rh_dir_look(dir, relative, TRUE, &facts) ? take_unchanged(files, name, &facts) : NULL;

    return old ? old : read_file(path, &facts, host);
}

/* Reads those of @names that are new or have changed; one whose file went meanwhile is taken out.
 */
static GHashTable *refresh_files(RhGuestFiles *files, RhDir *dir, GPtrArray *names, RhHost *host)
{
    GHashTable *parsed = make_table();

    for (guint i = names->len; i > 0; i--) {
        const char *name = g_ptr_array_index(names, i - 1);
        g_autofree char *relative = g_build_filename(files->folder, name, NULL);
        File *file;

        if (!g_str_has_suffix(name, ENDING))
            continue;
        file = refresh_file(files, dir, name, host);
        if (file->failed && rh_dir_lacks(dir, relative)) {
            file_free(file);
            g_ptr_array_remove_index(names, i - 1);
            continue;
        }
        if (file->failed && !files->fault)
            files->fault = g_strdup(file->warning);
        g_hash_table_insert(parsed, g_strdup(name), file);
    }
    return parsed;
}

gboolean rh_guest_files_refresh(RhGuestFiles *files, RhHost *host)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RhDir) dir = rh_dir_open(files->root, &error);
    g_autoptr(GPtrArray) names = dir ? rh_dir_list(dir, files->folder, &error) : NULL;
    gboolean known = names && rh_dir_exists(dir, files->folder);
    GHashTable *parsed;

    g_free(files->fault);
    files->fault = error ? g_strdup(error->message) : NULL;
    if (!names)
        names = g_ptr_array_new_with_free_func(g_free);
    parsed = refresh_files(files, dir, names, host);
    g_hash_table_unref(files->parsed);
    files->parsed = parsed;
    g_ptr_array_unref(files->names);
    files->names = g_steal_pointer(&names);
    return known;
}

const char *rh_guest_files_fault(const RhGuestFiles *files)
{
    return files->fault;
}

GPtrArray *rh_guest_files_names(const RhGuestFiles *files)
{
    return files->names;
}

gboolean rh_guest_files_get(const RhGuestFiles *files, const char *name, RhGuest **ret_guest,
                            const char **ret_warning)
{
    const File *file = g_hash_table_lookup(files->parsed, name);

    *ret_guest = file ? file->guest : NULL;
    *ret_warning = file ? file->warning : NULL;
    return file && !file->warning;
}

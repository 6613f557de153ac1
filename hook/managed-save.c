/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/managed-save.h"

#include "front/saves.h"
#include "site/libvirt.h"
#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEFORE ".before"

gboolean rh_managed_save_keep(const char *root, const char *guest, GError **error)
{
    g_autofree char *folder = g_build_filename(root, RH_SAVES_FOLDER, NULL);

    return rh_saves_begin(folder, guest) ||
           rh_raise_errno(error, RH_ERROR_STATE, errno,
                          "cannot link the managed save '%s/%s.save' aside, and without that the "
                          "guest's XML is not changed",
                          folder, guest);
}

/* By libvirt's files, those of the definition and of the running guest. */
static gboolean is_gone(RhDir *dir, const char *guest)
{
    g_autofree char *definition = g_strdup_printf(RH_LIBVIRT_DEFINITIONS "/%s.xml", guest);
    g_autofree char *status = g_strdup_printf(RH_LIBVIRT_STATUS "/%s.xml", guest);

    return rh_dir_exists(dir, RH_LIBVIRT_DEFINITIONS) && rh_dir_lacks(dir, definition) &&
           rh_dir_lacks(dir, status);
}

void rh_managed_save_sweep(const char *root, const char *guest)
{
    g_autofree char *folder = g_build_filename(root, RH_SAVES_FOLDER, NULL);
    g_autoptr(RhDir) dir = rh_dir_open(root, NULL);

    if (dir)
        rh_saves_sweep(folder, guest, is_gone(dir, guest));
}

/* Sweeps for the guests that are defined. Returns the names that their second names have, as a set;
 * NULL: which are defined is not known. */
static GHashTable *sweep_defined(RhDir *dir, const char *root)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) files = rh_dir_exists(dir, RH_LIBVIRT_DEFINITIONS)
                                     ? rh_dir_list(dir, RH_LIBVIRT_DEFINITIONS, NULL)
                                     : NULL;

    for (guint i = 0; files && i < files->len; i++) {
        char *file = g_ptr_array_index(files, i);
        char name[RH_SAVES_NAME];

        if (!g_str_has_suffix(file, ".xml"))
            continue;
        file[strlen(file) - strlen(".xml")] = '\0';
        rh_managed_save_sweep(root, file);
        rh_saves_name(name, file, "");
        (void)g_hash_table_add(names, g_strdup(name));
        rh_saves_name(name, file, BEFORE);
        (void)g_hash_table_add(names, g_strdup(name));
    }
    return files ? g_steal_pointer(&names) : NULL;
}

void rh_managed_save_sweep_all(const char *root)
{
    g_autoptr(RhDir) dir = rh_dir_open(root, NULL);
    g_autoptr(GHashTable) names = dir ? sweep_defined(dir, root) : NULL;
    g_autoptr(GPtrArray) files = names ? rh_dir_list(dir, RH_SAVES_FOLDER, NULL) : NULL;

    for (guint i = 0; files && i < files->len; i++) {
        const char *file = g_ptr_array_index(files, i);
        g_autofree char *path = g_build_filename(root, RH_SAVES_FOLDER, file, NULL);

        if ((g_str_has_suffix(file, RH_SAVES_MARK) ||
             g_str_has_suffix(file, RH_SAVES_MARK BEFORE)) &&
            !g_hash_table_contains(names, file))
            (void)unlink(path);
    }
}

/* The path, where there is such a file, or nobody could look; NULL: there is none, as of a name
 * that no file can have. */
static char *find(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat status;

    if (stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG))
        return g_steal_pointer(&path);
    return NULL;
}

char *rh_managed_save_find(const char *root, const char *guest)
{
    g_autofree char *folder = g_build_filename(root, RH_SAVES_FOLDER, NULL);
    g_autofree char *image = g_strconcat(guest, ".save", NULL);
    char begun[RH_SAVES_NAME];
    char *found;

    if (strchr(guest, '/'))
        return NULL;
    rh_saves_name(begun, guest, ".begun");
    found = find(folder, image);
    return found ? found : find(folder, begun);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/managed-save.h"

#include "util/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAVE_FOLDER "var/lib/libvirt/qemu/save"

/* The name is that of a guest of this host's libvirt, which lets no '/' into it; one with a '/' has
 * no managed save. */
static char *path_of(const char *root, const char *guest, const char *suffix)
{
    g_autofree char *file = g_strconcat(guest, suffix, NULL);

    return strchr(guest, '/') ? NULL : g_build_filename(root, SAVE_FOLDER, file, NULL);
}

/* Whether both paths are there and the same file. */
static gboolean is_same_file(const char *a, const char *b)
{
    struct stat one;
    struct stat other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

gboolean rh_managed_save_keep(const char *root, const char *guest, GError **error)
{
    g_autofree char *image = path_of(root, guest, ".save");
    g_autofree char *aside = path_of(root, guest, ".save.virt-rehome");
    g_autofree char *older = path_of(root, guest, ".save.virt-rehome.old");

    if (!image || (access(image, F_OK) < 0 && errno == ENOENT) || is_same_file(image, aside))
        return TRUE;
    if ((rename(aside, older) == 0 || errno == ENOENT) && link(image, aside) == 0)
        return TRUE;
    return rh_raise_errno(error, RH_ERROR_STATE, errno,
                          "cannot link the managed save '%s' aside, and without that the guest's "
                          "XML is not changed",
                          image);
}

gboolean rh_managed_save_forget(const char *root, const char *guest)
{
    g_autofree char *image = path_of(root, guest, ".save");
    g_autofree char *aside = path_of(root, guest, ".save.virt-rehome");

    if (!aside || access(aside, F_OK) < 0)
        return TRUE;
    return is_same_file(image, aside) && unlink(aside) == 0;
}

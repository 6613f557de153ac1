/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/managed-save.h"

#include "front/saves.h"
#include "util/error.h"

#include <errno.h>

gboolean rh_managed_save_keep(const char *root, const char *guest, GError **error)
{
    g_autofree char *folder = g_build_filename(root, RH_SAVES_FOLDER, NULL);

    return rh_saves_begin(folder, guest) ||
           rh_raise_errno(error, RH_ERROR_STATE, errno,
                          "cannot link the managed save '%s/%s.save' aside, and without that the "
                          "guest's XML is not changed",
                          folder, guest);
}

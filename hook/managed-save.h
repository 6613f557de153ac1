/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The managed save of a guest, whose second name the front keeps (front/saves.h). */
#pragma once

#include <glib.h>

/* Makes sure that libvirt's managed save of @guest below @root, if there is one, has its second
 * name for a restore: the front made it, unless there was none. Error: RH_ERROR_STATE. */
gboolean rh_managed_save_keep(const char *root, const char *guest, GError **error);

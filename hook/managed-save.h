/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The managed save of a guest, whose second name the front keeps (front/saves.h). */
#pragma once

#include <glib.h>

/* Makes sure that libvirt's managed save of @guest below @root, if there is one, has its second
 * name for a restore: the front made it, unless there was none. Error: RH_ERROR_STATE. */
gboolean rh_managed_save_keep(const char *root, const char *guest, GError **error);

/* Removes what was kept of an image of @guest that was removed on purpose: a day ago, or at once
 * where libvirt's files say that the guest is gone, too. */
void rh_managed_save_sweep(const char *root, const char *guest);

/* The same for all guests, while libvirt's daemon is not there: those that are not defined are
 * gone. */
void rh_managed_save_sweep_all(const char *root);

/* The managed save of @guest below @root, or the second name of one whose restore has begun, from
 * which the guest's state may be on its way back: its path, the caller's, also where nobody could
 * look whether it is there; NULL: there is none. */
char *rh_managed_save_find(const char *root, const char *guest);

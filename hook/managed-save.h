/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The managed save of a guest, linked aside while it is restored: libvirt 11.3 deletes the image
 * where it turns the hook's XML down (src/qemu/qemu_driver.c, qemuDomainObjStart).
 */
#pragma once

#include <glib.h>

/* Makes a second link, NAME.save.virt-rehome, to libvirt's managed save of @guest below @root, if
 * there is one. A link to an image that libvirt has no more is kept as NAME.save.virt-rehome.old.
 * Error: RH_ERROR_STATE. */
gboolean rh_managed_save_keep(const char *root, const char *guest, GError **error);

/* Removes that link, if there is one and libvirt's own is still there, as it is until a restore has
 * ended well. FALSE where the link is all that is left of the image, and stays. */
gboolean rh_managed_save_forget(const char *root, const char *guest);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vDPA over generic netlink: the management devices and devices of this kernel, with what each
 * offers (linux/drivers/vdpa/vdpa.c).
 */
#pragma once

#include "core/inventory.h"
#include "host/genl.h"

/* The most devices, and the most management devices, that a host may have. */
#define RH_MAX_VDPA 65536u

/*
 * Adds this kernel's vDPA devices and management devices to @inventory; none where it has no vDPA.
 * A device that vanishes meanwhile is left out, and so is one whose name cannot be a file's name or
 * stand in a document (names come from whoever created the device). Adds nothing where it fails:
 * RH_ERROR_HOST for what cannot be understood, and for a host that does not settle.
 */
gboolean rh_vdpa_read(NlSock *sock, RhInventory *inventory, GError **error);

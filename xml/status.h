/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest of one of libvirt's own files. */
#pragma once

#include "core/guest.h"

/*
 * The guest of one of libvirt's status files (/run/libvirt/qemu/NAME.xml) or definitions
 * (/etc/libvirt/qemu/NAME.xml): its name, uuid, and the sources of its devices, hot-plugged ones
 * too, and those in forms that are not looked after; whatever else is odd about it. NULL and no
 * error where it has no device of ours. Owned by the caller. Error: RH_ERROR_INPUT.
 */
RhGuest *rh_status_parse(GBytes *bytes, const char *what, GError **error);

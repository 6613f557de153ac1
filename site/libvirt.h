/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where libvirt's system daemon keeps what concerns us, below the root folder. Its managed saves
 * are in front/saves.h. */
#pragma once

/* NAME.xml of each guest that runs, from `start begin` to `release`. */
#define RH_LIBVIRT_STATUS "run/libvirt/qemu"

/* NAME.xml of each guest that is defined. */
#define RH_LIBVIRT_DEFINITIONS "etc/libvirt/qemu"

/* Made when the daemon has started its guests for the first time since boot
 * (libvirt/src/hypervisor/domain_driver.c, virDriverShouldAutostart). */
#define RH_LIBVIRT_STARTED RH_LIBVIRT_STATUS "/autostarted"

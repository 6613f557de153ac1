/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which QEMU this host has, and which one a guest runs in: by libvirt's files. The guest itself is
 * not asked, since a monitor command taints it, and no QEMU is run.
 */
#pragma once

#include "util/file.h"

/* The version that a guest gets which starts here, "10.0.13", by libvirt's cache of what its
 * emulators can do; NULL: unknown, or several. Owned by the caller. */
char *rh_hypervisor_here(RhDir *root);

/* The version that the guest called @name was started in last, here, by its log below @root; NULL:
 * unknown. Likewise. */
char *rh_hypervisor_of_guest(const char *root, const char *name);

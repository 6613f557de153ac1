/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration files (virt-rehome.conf(5)) as a policy: /etc/virt-rehome.conf, then
 * /etc/virt-rehome.conf.d/(name).conf in order of names, later ones overriding.
 */
#pragma once

#include "core/policy.h"

/*
 * @root stands in front of /etc; @path, where it is given, is read in place of both. No file is
 * needed, unless it is named by @path. Owned by the caller. Error: RH_ERROR_CONFIG, with file and
 * line.
 */
RhPolicy *rh_config_load(const char *root, const char *path, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes from one text to another, as diff(1) says it. */
#pragma once

#include <glib.h>

/* Appends `diff -u` of both, nothing where they are the same. The texts, which may hold secrets,
 * stay in memory. Error: RH_ERROR_HOST. */
gboolean rh_diff_append(GString *out, GBytes *before, GBytes *after, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes, as /proc shows them. */
#pragma once

#include "util/file.h"

/* Whether the process @pid that started at @start (0: whenever) lives, and when it did start: see
 * host/host.h, rh_host_process_lives(). */
gboolean rh_process_lives(RhDir *root, gint64 pid, guint64 start);
guint64 rh_process_start(RhDir *root, gint64 pid);

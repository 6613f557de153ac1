/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of the whole process, whatever it is at: for what has no deadline of its own, as reading,
 * parsing and stat. Nothing is cleaned up: locks fall with the process, and its child dies with it.
 */
#pragma once

#include <glib.h>

/*
 * Ends the process at @when (g_get_monotonic_time()): with 1 and the line @refusal on standard
 * error, or, where that is NULL, with 0 and no word. Replaces what was set before.
 */
void rh_alarm_set(gint64 when, const char *refusal);

/* For what must not be left half done. */
void rh_alarm_clear(void);

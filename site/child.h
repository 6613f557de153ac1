/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work in a child process with a deadline: a vDPA netlink call can hang in the kernel beyond
 * SIGKILL while somebody deletes an open device (linux/drivers/vdpa/vdpa.c, vdpa_dev_lock), and a
 * document from another host must not take a restore with it. The child has no standard streams, so
 * that nobody waits for those, limits of memory and processor time, and dies with its parent.
 */
#pragma once

#include <glib.h>

/* For this process and its children: a core would hold a guest's passwords. */
void rh_child_forbid_cores(void);

/* Runs in the child. What it returns (a floating reference will do) reaches the parent. */
typedef GVariant *(*RhChildWork)(gpointer data);

/*
 * Runs @work in a child until @deadline (g_get_monotonic_time()). *@ret_result, of @type, is the
 * caller's. A child that does not end in time is killed and left behind. Error: RH_ERROR_HOST (too
 * late), RH_ERROR_BUG (crashed, or it cannot be made).
 */
gboolean rh_child_run(RhChildWork work, gpointer data, const GVariantType *type, gint64 deadline,
                      GVariant **ret_result, GError **error);

/* Runs @chore in a child that nobody waits for. */
typedef void (*RhChildChore)(gpointer data);
void rh_child_leave(RhChildChore chore, gpointer data);

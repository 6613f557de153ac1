/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the libraries say of themselves, as that there is no memory left, or that a function was
 * misused.
 */
#pragma once

/*
 * From now on that goes to standard error, and takes neither memory nor a lock: GLib's own way
 * takes both, and a process whose allocation failed under the same lock waits for itself for ever
 * (glib 2.74, g_once_init_enter() in g_log_writer_default()). What cannot go on ends by a signal,
 * as ever. To be called first of all.
 */
void rh_log_settle(void);

/*
 * From now on nothing is printed on standard output but what we write, for that is a channel of
 * XML: g_strerror() prints there what kept it from converting a message. Without this GLib prints
 * the help of a command's options there.
 */
void rh_log_leave_stdout(void);

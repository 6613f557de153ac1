/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the libraries say of themselves, as that there is no memory left, or that a function was
 * misused.
 */
#pragma once

/*
 * From now on that goes to standard error, never to standard output, and takes neither memory nor a
 * lock: GLib's own way takes both, and a process whose allocation failed under the same lock waits
 * for itself for ever (glib 2.74, g_once_init_enter() in g_log_writer_default()); g_strerror()
 * prints on standard output what kept it from converting. What cannot go on ends by a signal, as
 * ever. To be called first of all; nobody uses g_print() for what is to go to standard output.
 */
void rh_log_settle(void);

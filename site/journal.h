/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal: one entry per decision, with fields, through GLib's structured logging. Entries wait
 * until the hook has done its work, and a process of their own sends them: nobody waits for a
 * journal that does not read. Never the guest's XML, which may hold passwords.
 */
#pragma once

#include <glib.h>

/* What was decided: each has its own MESSAGE_ID (virt-rehome-hook(8)). */
typedef enum {
    RH_EVENT_PLANNED, /* a guest got a device */
    RH_EVENT_REFUSED,
    RH_EVENT_CLAIMED,
    RH_EVENT_RELEASED,
    RH_EVENT_WARNING,
    RH_EVENT_RECORDED,  /* a guest's record was written */
    RH_EVENT_CONNECTED, /* the service, with libvirt */
    RH_EVENT_REFRESHED, /* a guest's definition names other devices now */
} RhEvent;

/* What entries are about from now on; both are borrowed. */
void rh_journal_about(const char *guest, const char *operation);

/* One entry; @device may be NULL. */
void rh_journal_add(RhEvent event, const char *device, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sends what was added, without waiting. */
void rh_journal_flush(void);

/*
 * One entry of a service, at once: to the journal where standard error leads there, otherwise to
 * standard error. @guest may be NULL.
 */
void rh_journal_tell(RhEvent event, const char *guest, const char *format, ...) G_GNUC_PRINTF(3, 4);

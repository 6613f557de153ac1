/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The signs of life that systemd wants of a service: sd_notify(3), spoken without its library. The
 * protocol is a promise of systemd's: one datagram with lines NAME=VALUE to $NOTIFY_SOCKET, which
 * is a path or, with a leading '@', an abstract name.
 */
#pragma once

#include <glib.h>

typedef struct {
    gint64 period; /* microseconds between two signs; 0: nobody waits for one */
    gint64 due;    /* of the next: g_get_monotonic_time() */
} RhWatchdog;

/* Says that the service has begun, where somebody waits to hear that. What it says, and whether
 * there is anybody, makes no difference to the service: there are no errors. */
void rh_watchdog_begin(RhWatchdog *watchdog);

/* A sign of life, where one is due. To be called from where work goes on, at least once in each
 * period and when rh_watchdog_due() comes. */
void rh_watchdog_feed(RhWatchdog *watchdog);

/* When the next sign is due; G_MAXINT64: never. */
gint64 rh_watchdog_due(const RhWatchdog *watchdog);

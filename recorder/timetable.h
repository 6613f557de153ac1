/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The timetable: when each guest is looked at again, and when what failed is tried again. It knows
 * no clock: whoever asks says what time it is. All times are microseconds of one clock that never
 * goes back (g_get_monotonic_time()).
 */
#pragma once

#include "host/host.h"
#include "recorder/news.h"

#define RH_NEVER G_MAXINT64

/* What failed waits for two seconds, then for twice that, and so on. */
typedef struct {
    gint64 due;   /* not before */
    gint64 delay; /* that it waited the last time; 0: nothing failed */
} RhRetry;

/* The next time after a failure at @now; and after a success, when the delay begins anew. */
void rh_retry_fail(RhRetry *retry, gint64 now);
void rh_retry_pass(RhRetry *retry);

/*
 * A guest that may need a look. It waits for one of four things:
 *   to settle    something happened to it (rh_timetable_touch()), and more may be about to;
 *   to be seen   it was recorded, and what its driver negotiates may still change: `look_delay`;
 *   another try  a job held it, or there was trouble: `retry_delay`. Its news stay news;
 *   nothing      `due` is RH_NEVER, until something happens to it.
 */
typedef struct {
    RhNews news;
    RhGather needs;     /* what an inventory must hold for it; 0: not known */
    gint64 due;         /* or RH_NEVER */
    gint64 look_delay;  /* until the next look for negotiated features; 0: not looked for yet */
    gint64 retry_delay; /* 0: there is no trouble with it */
    char *complaint;    /* what was said of it last, so that it is said once; NULL: nothing */
} RhWatch;

/* It ends; what was known of the running guest is over. */
void rh_watch_end(RhWatch *watch);

/* It was looked at, at @now. All is written: it is looked at again where @changes (its devices'
 * features may). Or a job holds it, or libvirt could not be asked. Or there was trouble with it. */
void rh_watch_done(RhWatch *watch, gboolean changes, gint64 now);
void rh_watch_held(RhWatch *watch, gint64 now);
void rh_watch_fail(RhWatch *watch, gint64 now);

typedef struct {
    GHashTable *watches; /* uuid -> RhWatch */
    RhRetry connect;     /* to libvirt */
    RhRetry gather;      /* this host's devices */
} RhTimetable;
void rh_timetable_init(RhTimetable *table);
void rh_timetable_clear(RhTimetable *table);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RhTimetable, rh_timetable_clear)

/* Something happened to the guest @uuid at @now, which is entered where it is not known yet: it is
 * looked at as soon as it has settled. Its watch is the timetable's. */
RhWatch *rh_timetable_touch(RhTimetable *table, const char *uuid, gint64 now);

/* NULL: it is not known. */
RhWatch *rh_timetable_find(const RhTimetable *table, const char *uuid);
void rh_timetable_forget(RhTimetable *table, const char *uuid);

/* This host may be gathered from at once. */
void rh_timetable_hurry(RhTimetable *table);

/*
 * The guests to be looked at now: where any must be, those that would be soon come along, so that
 * one gather serves many. Those with which there was trouble come last. Of uuids, the caller's;
 * none where this host is not to be gathered from yet.
 */
GPtrArray *rh_timetable_due(const RhTimetable *table, gint64 now);

/* The devices of this host could not be gathered at @now for the guests @uuids; where @may_hang, a
 * process that was to do it may still be there. */
void rh_timetable_postpone(RhTimetable *table, const GPtrArray *uuids, gboolean may_hang,
                           gint64 now);

/* When the next guest is to be looked at; RH_NEVER. */
gint64 rh_timetable_next(const RhTimetable *table);

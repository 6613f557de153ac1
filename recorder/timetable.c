/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/timetable.h"

#define SECOND G_USEC_PER_SEC
/* Events come in groups (a guest that arrives: started, defined, resumed). */
#define SETTLE_US (SECOND / 5)
/* What is tried again, is so after this, then twice that, and so on. */
#define MIN_DELAY_US (2 * SECOND)
/* Negotiated features appear when a guest driver starts, and no event tells: looked for at first
 * soon, then slowly. */
#define MAX_LOOK_DELAY_US (60 * SECOND)
#define MAX_RETRY_DELAY_US (30 * SECOND)
/* A gather that did not end may have left a process in the kernel: not many of those. */
#define MAX_GATHER_DELAY_US (900 * SECOND)

/* The time after @delay, which grows up to @max. */
static gint64 grow(gint64 *delay, gint64 max, gint64 now)
{
    *delay = CLAMP(*delay * 2, MIN_DELAY_US, max);
    return now + *delay;
}

void rh_retry_fail(RhRetry *retry, gint64 now)
{
    retry->due = grow(&retry->delay, MAX_RETRY_DELAY_US, now);
}

void rh_retry_pass(RhRetry *retry)
{
    retry->delay = 0;
}

static void watch_free(gpointer data)
{
    RhWatch *watch = data;

    g_free(watch->complaint);
    g_free(watch);
}

void rh_watch_end(RhWatch *watch)
{
    watch->news = (RhNews){0};
    g_clear_pointer(&watch->complaint, g_free);
}

void rh_watch_done(RhWatch *watch, gboolean changes, gint64 now)
{
    watch->retry_delay = 0;
    watch->news = (RhNews){0};
    watch->due = changes ? grow(&watch->look_delay, MAX_LOOK_DELAY_US, now) : RH_NEVER;
}

void rh_watch_held(RhWatch *watch, gint64 now)
{
    watch->due = grow(&watch->retry_delay, MAX_RETRY_DELAY_US, now);
}

void rh_watch_fail(RhWatch *watch, gint64 now)
{
    watch->due = grow(&watch->retry_delay, MAX_GATHER_DELAY_US, now);
}

void rh_timetable_init(RhTimetable *table)
{
    *table = (RhTimetable){.watches =
                               g_hash_table_new_full(g_str_hash, g_str_equal, g_free, watch_free)};
}

void rh_timetable_clear(RhTimetable *table)
{
    g_clear_pointer(&table->watches, g_hash_table_unref);
}

RhWatch *rh_timetable_touch(RhTimetable *table, const char *uuid, gint64 now)
{
    RhWatch *watch = rh_timetable_find(table, uuid);

    if (!watch) {
        watch = g_new0(RhWatch, 1);
        g_hash_table_insert(table->watches, g_strdup(uuid), watch);
    }
    watch->due = now + SETTLE_US;
    watch->needs = 0;
    watch->look_delay = 0;
    watch->retry_delay = 0;
    return watch;
}

RhWatch *rh_timetable_find(const RhTimetable *table, const char *uuid)
{
    return g_hash_table_lookup(table->watches, uuid);
}

void rh_timetable_forget(RhTimetable *table, const char *uuid)
{
    g_hash_table_remove(table->watches, uuid);
}

void rh_timetable_hurry(RhTimetable *table)
{
    table->gather = (RhRetry){0};
}

/* Whether the guest is to be looked at now, or so soon that it may come along. */
static gboolean is_due(const RhWatch *watch, gint64 now)
{
    gint64 slack = watch->retry_delay > 0 ? 0 : watch->look_delay / 2;

    return watch->due != RH_NEVER && watch->due - slack <= now;
}

GPtrArray *rh_timetable_due(const RhTimetable *table, gint64 now)
{
    GPtrArray *due = g_ptr_array_new_with_free_func(g_free);
    gboolean any = FALSE;
    GHashTableIter iter;
    gpointer uuid;
    gpointer watch;

    if (now < table->gather.due)
        return due;
    g_hash_table_iter_init(&iter, table->watches);
    while (!any && g_hash_table_iter_next(&iter, NULL, &watch))
        any = ((RhWatch *)watch)->due <= now;
    g_hash_table_iter_init(&iter, table->watches);
    while (any && g_hash_table_iter_next(&iter, &uuid, &watch))
        if (is_due(watch, now))
            g_ptr_array_insert(due, ((RhWatch *)watch)->retry_delay > 0 ? -1 : 0, g_strdup(uuid));
    return due;
}

void rh_timetable_postpone(RhTimetable *table, const GPtrArray *uuids, gboolean may_hang,
                           gint64 now)
{
    table->gather.due =
        grow(&table->gather.delay, may_hang ? MAX_GATHER_DELAY_US : MAX_RETRY_DELAY_US, now);
    for (guint i = 0; i < uuids->len; i++) {
        RhWatch *watch = rh_timetable_find(table, g_ptr_array_index(uuids, i));

        if (watch)
            watch->due = MAX(watch->due, table->gather.due);
    }
}

gint64 rh_timetable_next(const RhTimetable *table)
{
    gint64 next = RH_NEVER;
    GHashTableIter iter;
    gpointer watch;

    g_hash_table_iter_init(&iter, table->watches);
    while (g_hash_table_iter_next(&iter, NULL, &watch))
        next = MIN(next, MAX(((RhWatch *)watch)->due, table->gather.due));
    return next;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/watchdog.h"

#include "util/file.h"
#include "util/text.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Signs within the time that is allowed for one: some may come late. */
#define SIGNS 3

/* Sends @text to who started us, if anybody. @flags are those of sendto(2). */
static void notify(const char *text, int flags)
{
    const char *name = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    gsize length = name ? strlen(name) : 0;
    RH_AUTOFD fd = -1;

    if (length < 2 || length >= sizeof address.sun_path || (*name != '/' && *name != '@'))
        return;
    memcpy(address.sun_path, name, length);
    if (*name == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)sendto(fd, text, strlen(text), flags | MSG_NOSIGNAL, (struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

/* The time that is allowed between two signs; 0: there is none, or it is for another process. */
static guint64 allowed(void)
{
    const char *text = g_getenv("WATCHDOG_USEC");
    const char *whose = g_getenv("WATCHDOG_PID");
    guint64 pid;
    guint64 time;

    if (whose && (!rh_parse_number(whose, G_MAXINT32, &pid) || pid != (guint64)getpid()))
        return 0;
    return text && rh_parse_number(text, G_MAXINT64, &time) ? time : 0;
}

void rh_watchdog_begin(RhWatchdog *watchdog)
{
    watchdog->period = (gint64)(allowed() / SIGNS);
    watchdog->due = 0;
    notify("READY=1", 0);
}

void rh_watchdog_feed(RhWatchdog *watchdog)
{
    gint64 now = g_get_monotonic_time();

    if (watchdog->period == 0 || now < watchdog->due)
        return;
    /* A full queue is no reason to wait: the next sign will do. */
    notify("WATCHDOG=1", MSG_DONTWAIT);
    watchdog->due = now + watchdog->period;
}

gint64 rh_watchdog_due(const RhWatchdog *watchdog)
{
    return watchdog->period > 0 ? watchdog->due : G_MAXINT64;
}

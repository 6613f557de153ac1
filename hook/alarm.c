/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/alarm.h"

#include "hook/refusal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* What a signal handler may touch: made before. */
static char last_words[RH_MAX_MESSAGE + 2];
static size_t last_words_length;

static void end(int number G_GNUC_UNUSED)
{
    if (last_words_length == 0)
        _exit(0);
    while (write(STDERR_FILENO, last_words, last_words_length) < 0 && errno == EINTR)
        continue;
    _exit(1);
}

static void prepare(const char *refusal)
{
    last_words_length = 0;
    if (!refusal)
        return;
    g_strlcpy(last_words, refusal, RH_MAX_MESSAGE + 1);
    last_words_length = strlen(last_words);
    last_words[last_words_length++] = '\n';
}

void rh_alarm_set(gint64 when, const char *refusal)
{
    gint64 left = MAX(when - g_get_monotonic_time(), 1);
    struct itimerval timer = {
        .it_value = {.tv_sec = left / G_USEC_PER_SEC, .tv_usec = left % G_USEC_PER_SEC}};
    struct itimerval none = {0};
    struct sigaction action = {.sa_handler = end};
    sigset_t mask;

    (void)setitimer(ITIMER_REAL, &none, NULL);
    prepare(refusal);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &timer, NULL);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGALRM);
    (void)sigprocmask(SIG_UNBLOCK, &mask, NULL); /* whoever ran us may have blocked it */
}

void rh_alarm_clear(void)
{
    struct itimerval none = {0};

    (void)setitimer(ITIMER_REAL, &none, NULL);
}

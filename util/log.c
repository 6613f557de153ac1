/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/log.h"

#include <glib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static struct iovec part(const char *text)
{
    return (struct iovec){.iov_base = (void *)text, .iov_len = strlen(text)};
}

static void tell(const char *domain, GLogLevelFlags level, const char *message,
                 gpointer data G_GNUC_UNUSED)
{
    struct iovec line[] = {part(domain ? domain : "virt-rehome"), part(": "),
                           part(message ? message : "(no message)"), part("\n")};
    ssize_t written;

    if (level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG))
        return;
    written = writev(STDERR_FILENO, line, G_N_ELEMENTS(line));
    (void)written; /* where it cannot be told, nobody can be told that */
}

static void print(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written;
}

void rh_log_settle(void)
{
    g_log_writer_default_set_use_stderr(TRUE);
    (void)g_log_set_default_handler(tell, NULL);
}

void rh_log_leave_stdout(void)
{
    (void)g_set_print_handler(print);
}

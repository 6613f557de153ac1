/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/child.h"

#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define REAP_STEP_US 200
#define MAX_MEMORY (1024u * 1024 * 1024) /* far above what the limits of documents allow */
#define KILLED_GRACE_US (100 * 1000)     /* how long a killed child may take to go */

/* A sanitizer takes terabytes of addresses for itself, and looks into its own process. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED TRUE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define IS_SANITIZED TRUE
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED FALSE
#endif

static void limit(__rlimit_resource_t resource, guint64 most)
{
    struct rlimit old;
    struct rlimit new = {.rlim_cur = most, .rlim_max = most};

    if (getrlimit(resource, &old) == 0 && old.rlim_max > most)
        (void)setrlimit(resource, &new);
}

/* The limit does not hold where cores go to a program, as systemd-coredump; the flag does. */
void rh_child_forbid_cores(void)
{
    limit(RLIMIT_CORE, 0);
    if (!IS_SANITIZED)
        (void)prctl(PR_SET_DUMPABLE, 0);
}

static void limit_resources(gint64 deadline)
{
    gint64 left = MAX(deadline - g_get_monotonic_time(), 0);

    limit(RLIMIT_CPU, (guint64)(left / G_USEC_PER_SEC) + 1);
    if (!IS_SANITIZED)
        limit(RLIMIT_AS, MAX_MEMORY);
}

/* The streams are libvirt's, which reads them until the last process closes them. */
static void leave_streams(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
}

/* A child that is left behind must keep nothing of others open: what came over from whoever ran the
 * hook is what is not marked as closed at exec, for all of ours is. */
static void leave_inherited(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        int fd = atoi(name);
        int flags = fcntl(fd, F_GETFD);

        if (fd > STDERR_FILENO && flags >= 0 && !(flags & FD_CLOEXEC))
            (void)close(fd);
    }
}

static G_NORETURN void run_child(RhChildWork work, gpointer data, gint64 deadline, int out,
                                 pid_t parent)
{
    g_autoptr(GVariant) result = NULL;
    g_autoptr(GBytes) bytes = NULL;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    (void)signal(SIGALRM, SIG_DFL);
    limit_resources(deadline);
    leave_streams();
    leave_inherited();
    result = g_variant_ref_sink(work(data));
    bytes = g_variant_get_data_as_bytes(result);
    _exit(rh_write_all(out, bytes, NULL) ? 0 : 1);
}

/* Reads until the child closes its end. FALSE where @deadline comes first. */
static gboolean read_result(int in, gint64 deadline, GByteArray *result)
{
    guint8 buffer[64 * 1024];
    ssize_t n = -1;

    while (n != 0) {
        gint64 left = MAX(deadline - g_get_monotonic_time(), 0);
        struct pollfd ready = {.fd = in, .events = POLLIN};
        int answer = poll(&ready, 1, (int)((left + 999) / 1000));

        if (answer == 0)
            return FALSE;
        n = answer < 0 ? -1 : read(in, buffer, sizeof buffer);
        if (n > 0)
            g_byte_array_append(result, buffer, (guint)n);
        else if (n < 0 && errno != EINTR)
            return FALSE;
    }
    return TRUE;
}

/* Whether the child, which has said all that it will, ended well; one that is stuck in the kernel
 * is not waited for. */
static gboolean reap(pid_t pid, gint64 deadline)
{
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && g_get_monotonic_time() < deadline)
        g_usleep(REAP_STEP_US);
    return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

gboolean rh_child_run(RhChildWork work, gpointer data, const GVariantType *type, gint64 deadline,
                      GVariant **ret_result, GError **error)
{
    g_autoptr(GByteArray) result = g_byte_array_new();
    g_autoptr(GBytes) bytes = NULL;
    pid_t parent = getpid();
    gboolean finished;
    gboolean ended_well;
    int ends[2];
    pid_t pid;

    if (!g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
        return rh_raise_errno(error, RH_ERROR_BUG, errno, "cannot make a pipe to plan through");
    pid = fork();
    if (pid < 0) {
        int reason = errno;

        (void)close(ends[0]);
        (void)close(ends[1]);
        return rh_raise_errno(error, RH_ERROR_BUG, reason, "cannot make a process to plan in");
    }
    if (pid == 0)
        run_child(work, data, deadline, ends[1], parent);
    (void)close(ends[1]);
    finished = read_result(ends[0], deadline, result);
    (void)close(ends[0]);
    if (!finished)
        (void)kill(pid, SIGKILL);
    ended_well = reap(pid, finished ? deadline : g_get_monotonic_time() + KILLED_GRACE_US);
    if (!finished)
        return rh_raise(error, RH_ERROR_HOST,
                        "this host's devices could not be read and planned within the deadline; "
                        "while a vDPA device that is open is being deleted, every vDPA call hangs "
                        "in the kernel: look for 'vdpa dev del' among the processes");
    if (!ended_well)
        return rh_raise(error, RH_ERROR_BUG, "the process that plans ended before it had a plan");
    bytes = g_byte_array_free_to_bytes(g_steal_pointer(&result));
    *ret_result = g_variant_ref_sink(g_variant_new_from_bytes(type, bytes, FALSE));
    return g_variant_is_normal_form(*ret_result) ||
           rh_raise(error, RH_ERROR_BUG, "the process that plans handed over what is no plan");
}

void rh_child_leave(RhChildChore chore, gpointer data)
{
    pid_t pid = fork();

    if (pid != 0)
        return;
    leave_streams();
    leave_inherited();
    chore(data);
    _exit(0);
}

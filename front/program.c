/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/program.h"

#include "front/memory.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLED_GRACE_NS 100000000L /* how long a killed program may take to go */
#define SECOND_NS 1000000000L
#define LAST_WORDS 300

/* The program hears of the signals that stop it here, too, and of none that are ignored here. */
static void reset_signals(void)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
}

static _Noreturn void become(const char *path, char *const *argv, int in, const RhFrontEnd *end,
                             pid_t daemon, pid_t front)
{
    char *const words[] = {(char *)path, argv[1], argv[2], argv[3], argv[4], NULL};
    char pid[24];

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)snprintf(pid, sizeof pid, "%ld", (long)daemon);
    if (getppid() == front && dup2(in, STDIN_FILENO) >= 0 && dup2(end->out, STDOUT_FILENO) >= 0 &&
        dup2(end->err, STDERR_FILENO) >= 0 && setenv("VIRT_REHOME_DAEMON", pid, 1) == 0) {
        reset_signals();
        (void)execv(path, words);
    }
    (void)dprintf(STDERR_FILENO, "cannot run '%s': %s\n", path, strerror(errno));
    _exit(127);
}

/* Whether the child has ended before @deadline. */
static bool wait_for(pid_t pid, const struct timespec *deadline, int *ret_status)
{
    struct timespec left;
    sigset_t child;
    pid_t ended;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    do {
        ended = waitpid(pid, ret_status, WNOHANG);
        if (ended != 0 && (ended > 0 || errno != EINTR))
            return ended == pid;
    } while (rh_front_time_left(deadline, &left) &&
             (sigtimedwait(&child, NULL, &left) > 0 || errno == EAGAIN || errno == EINTR));
    return false;
}

static void kill_all(pid_t pid)
{
    struct timespec soon;
    int status;

    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
    if (clock_gettime(CLOCK_MONOTONIC, &soon) < 0)
        return;
    soon.tv_nsec += KILLED_GRACE_NS;
    soon.tv_sec += soon.tv_nsec / SECOND_NS;
    soon.tv_nsec %= SECOND_NS;
    (void)wait_for(pid, &soon, &status);
}

static void die(RhFrontEnd *end, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void die(RhFrontEnd *end, const char *format, ...)
{
    va_list args;

    end->code = -1;
    va_start(args, format);
    /* clang 14 loses sight of va_start() in a function that has attributes */
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(end->death, sizeof end->death, format, args);
    va_end(args);
}

/* The first line of what a program said that has died: that of the dynamic linker, say. */
static const char *last_words(const RhFrontEnd *end)
{
    static char text[LAST_WORDS];
    char *line = text + 2;

    (void)rh_front_text(end->err, line, sizeof text - 2);
    line[strcspn(line, "\n")] = '\0';
    if (!*line)
        return "";
    text[0] = ':';
    text[1] = ' ';
    return text;
}

static void judge(RhFrontEnd *end, int status)
{
    end->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (WIFSIGNALED(status))
        die(end, "was ended by signal %d (%s)%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
            last_words(end));
    else if (end->code != 0 && end->code != 1)
        die(end, "ended with exit status %d%s", end->code, last_words(end));
}

void rh_front_run(const char *path, char *const *argv, int in, pid_t daemon,
                  const struct timespec *deadline, RhFrontEnd *ret_end)
{
    pid_t front = getpid();
    sigset_t child;
    int status = 0;
    pid_t pid;

    *ret_end = (RhFrontEnd){.out = rh_front_memory(), .err = rh_front_memory()};
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)sigprocmask(SIG_BLOCK, &child, NULL);
    if (in < 0 || ret_end->out < 0 || ret_end->err < 0) {
        die(ret_end,
            "could not be run: there is no memory for its input and output (memfd_create)");
        return;
    }
    pid = fork();
    if (pid == 0)
        become(path, argv, in, ret_end, daemon, front);
    if (pid < 0) {
        die(ret_end, "could not be run: no process could be made: %s", strerror(errno));
        return;
    }
    (void)setpgid(pid, pid);
    if (wait_for(pid, deadline, &status)) {
        judge(ret_end, status);
        return;
    }
    kill_all(pid);
    die(ret_end, "did not end in time, and was killed%s", last_words(ret_end));
}

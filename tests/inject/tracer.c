/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracer list|fail|kill|stop PROCESS:CALL REPORT [ANSWER] -- COMMAND…
 *
 * Runs COMMAND and counts the system calls of it and of all that it forks: processes from 0 as they
 * are made, the calls of each from 1 since COMMAND began. At the one that is named
 *
 *   fail   the call fails with the error that fits it; what cannot fail does not
 *   kill   the process is killed before the call
 *   stop   the process waits before the call until a byte comes from the descriptor ANSWER
 *
 * and on the descriptor REPORT there is a line "PROCESS:CALL NAME ERROR", the error as a number, 0
 * where it cannot fail; `list` has one for each call. REPORT is closed when all processes have
 * ended.
 *
 * COMMAND keeps the caller as its parent, for the hook asks who that is; the tracer is behind both.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 64
#define MAX_SECONDS 120u /* of all processes together */
#define OPTIONS \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

typedef enum { LIST, FAIL, KILL, STOP } Action;

/* How a call can fail. What is not named here fails with EIO. */
typedef struct {
    long number;
    const char *name;
    int error;  /* 0: it cannot */
    bool after; /* it is done all the same, as close() is */
} Call;

#define ROW(name, error, after) \
    { \
        SYS_##name, #name, error, after \
    }

static const Call calls[] = {
    ROW(access, EACCES, false),
    ROW(alarm, 0, false),
    ROW(arch_prctl, 0, false),
    ROW(brk, 0, false), /* it says no by another word: the end that was */
    ROW(chmod, EPERM, false),
    ROW(clock_gettime, 0, false),
    ROW(clock_nanosleep, 0, false),
    ROW(clone, EAGAIN, false),
    ROW(clone3, EAGAIN, false),
    ROW(close, EIO, true),
    ROW(connect, ECONNREFUSED, false),
    ROW(dup2, EBUSY, false),
    ROW(dup3, EBUSY, false),
    ROW(execve, ENOEXEC, false),
    ROW(exit, 0, false),
    ROW(exit_group, 0, false),
    ROW(faccessat, EACCES, false),
    ROW(faccessat2, EACCES, false),
    ROW(fallocate, ENOSPC, false),
    ROW(fchmod, EPERM, false),
    ROW(fcntl, EMFILE, false),
    ROW(fdatasync, EIO, false),
    ROW(flock, ENOLCK, false),
    ROW(fork, EAGAIN, false),
    ROW(fstat, EIO, false),
    ROW(fsync, EIO, false),
    ROW(ftruncate, ENOSPC, false),
    ROW(futex, 0, false),
    ROW(getdents64, EIO, false),
    ROW(getegid, 0, false),
    ROW(geteuid, 0, false),
    ROW(getgid, 0, false),
    ROW(getpid, 0, false),
    ROW(getppid, 0, false),
    ROW(getrandom, 0, false),
    ROW(getsid, 0, false),
    ROW(gettid, 0, false),
    ROW(getuid, 0, false),
    ROW(kill, 0, false),
    ROW(link, ENOSPC, false),
    ROW(linkat, ENOSPC, false),
    ROW(lseek, EIO, false),
    ROW(lstat, EIO, false),
    ROW(memfd_create, EMFILE, false),
    ROW(mkdir, ENOSPC, false),
    ROW(mkdirat, ENOSPC, false),
    ROW(mmap, ENOMEM, false),
    ROW(mprotect, ENOMEM, false),
    ROW(munmap, ENOMEM, false),
    ROW(nanosleep, 0, false),
    ROW(newfstatat, EIO, false),
    ROW(open, EMFILE, false),
    ROW(openat, EMFILE, false),
    ROW(openat2, EMFILE, false),
    ROW(pidfd_open, EMFILE, false),
    ROW(pipe, EMFILE, false),
    ROW(pipe2, EMFILE, false),
    ROW(poll, ENOMEM, false),
    ROW(ppoll, ENOMEM, false),
    ROW(prctl, 0, false),
    ROW(pread64, EIO, false),
    ROW(prlimit64, 0, false),
    ROW(pwrite64, ENOSPC, false),
    ROW(read, EIO, false),
    ROW(rename, ENOSPC, false),
    ROW(renameat, ENOSPC, false),
    ROW(renameat2, ENOSPC, false),
    ROW(restart_syscall, 0, false),
    ROW(rseq, 0, false),
    ROW(rt_sigaction, 0, false),
    ROW(rt_sigprocmask, 0, false),
    ROW(rt_sigreturn, 0, false),
    ROW(sched_getaffinity, 0, false),
    ROW(sendfile, EIO, false),
    ROW(set_robust_list, 0, false),
    ROW(set_tid_address, 0, false),
    ROW(setitimer, 0, false),
    ROW(setpgid, 0, false),
    ROW(setrlimit, 0, false),
    ROW(setsid, 0, false),
    ROW(sigaltstack, 0, false),
    ROW(socket, EMFILE, false),
    ROW(stat, EIO, false),
    ROW(statfs, EIO, false),
    ROW(statx, EIO, false),
    ROW(symlink, ENOSPC, false),
    ROW(tgkill, 0, false),
    ROW(umask, 0, false),
    ROW(uname, 0, false),
    ROW(unlink, EBUSY, false),
    ROW(unlinkat, EBUSY, false),
    ROW(vfork, EAGAIN, false),
    ROW(wait4, 0, false),
    ROW(waitid, 0, false),
    ROW(write, ENOSPC, false),
};

static Call find_call(long number)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].number == number)
            return calls[i];
    return (Call){number, "another", EIO, false};
}

typedef struct {
    pid_t pid;
    int n_calls;
    int failing; /* the error that the call under way will have; 0: its own */
} Process;

typedef struct {
    Action action;
    int process;
    int call;
    int report;
    int answer;
    Process processes[MAX_PROCESSES];
    int n_processes;
    bool begun; /* the command runs, no longer this program */
} Trace;

static int find_process(const Trace *trace, pid_t pid)
{
    int i = 0;

    while (i < trace->n_processes && trace->processes[i].pid != pid)
        i++;
    return i;
}

/* A process that is new gets the next number. */
static int number_of(Trace *trace, pid_t pid)
{
    int i = find_process(trace, pid);

    if (i == trace->n_processes) {
        if (i == MAX_PROCESSES)
            exit(EXIT_FAILURE);
        trace->processes[trace->n_processes++] = (Process){.pid = pid};
    }
    return i;
}

static void tell(const Trace *trace, int process, const Call *call)
{
    (void)dprintf(trace->report, "%d:%d %s %d\n", process, trace->processes[process].n_calls,
                  call->name, call->error);
}

static bool get_registers(pid_t pid, struct user_regs_struct *ret_registers)
{
    return ptrace(PTRACE_GETREGS, pid, NULL, ret_registers) == 0;
}

/* A call number that there is not makes the kernel do nothing. */
static void suppress(pid_t pid)
{
    struct user_regs_struct registers;

    if (!get_registers(pid, &registers))
        return;
    registers.orig_rax = (unsigned long long)-1;
    (void)ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

static void set_result(pid_t pid, int error)
{
    struct user_regs_struct registers;

    if (!get_registers(pid, &registers))
        return;
    registers.rax = (unsigned long long)-(long long)error;
    (void)ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

static void wait_for_answer(const Trace *trace)
{
    char byte;

    while (read(trace->answer, &byte, 1) < 0 && errno == EINTR)
        ;
}

/* Before a call. */
static void enter(Trace *trace, int i, long number)
{
    Process *process = &trace->processes[i];
    Call call = find_call(number);

    process->n_calls++;
    if (trace->action != LIST && (i != trace->process || process->n_calls != trace->call))
        return;
    tell(trace, i, &call);
    if (trace->action == LIST)
        return;
    if (trace->action == KILL)
        (void)kill(process->pid, SIGKILL);
    else if (trace->action == STOP)
        wait_for_answer(trace);
    else if (call.error && !call.after)
        suppress(process->pid);
    process->failing = trace->action == FAIL ? call.error : 0;
}

static void on_call(Trace *trace, pid_t pid)
{
    struct __ptrace_syscall_info info;
    int i = number_of(trace, pid);

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 || !trace->begun)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        enter(trace, i, (long)info.entry.nr);
    } else if (trace->processes[i].failing) {
        set_result(pid, trace->processes[i].failing);
        trace->processes[i].failing = 0;
    }
}

static void on_fork(Trace *trace, pid_t pid)
{
    unsigned long child;

    if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0)
        (void)number_of(trace, (pid_t)child);
}

/* Lets the process go on from where @status says that it stands. */
static void on_stop(Trace *trace, pid_t pid, int status)
{
    int signal_number = WSTOPSIG(status);
    int event = status >> 16;
    int pass_on = 0;

    if (signal_number == (SIGTRAP | 0x80))
        on_call(trace, pid);
    else if (event == PTRACE_EVENT_EXEC)
        trace->begun = true;
    else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
             event == PTRACE_EVENT_CLONE)
        on_fork(trace, pid);
    else if (event == 0)
        pass_on = signal_number;
    (void)ptrace(PTRACE_SYSCALL, pid, NULL, pass_on);
}

static void follow(Trace *trace)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0)
        if (WIFSTOPPED(status))
            on_stop(trace, pid, status);
}

/* In a process of its own: traces @pid, which waits for @ready. */
static void trace_process(Trace *trace, pid_t pid, int ready)
{
    (void)alarm(MAX_SECONDS);
    if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0)
        exit(EXIT_FAILURE);
    (void)number_of(trace, pid);
    (void)ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
    (void)close(ready);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)close(fd);
    follow(trace);
    exit(EXIT_SUCCESS);
}

/* Behind a process that ends at once, so that the command has no child that it does not know. */
static void begin_trace(Trace *trace)
{
    pid_t pid = getpid();
    int ends[2];
    pid_t between;
    char byte;

    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    if (pipe(ends) < 0 || (between = fork()) < 0)
        exit(EXIT_FAILURE);
    if (between == 0) {
        (void)close(ends[0]);
        if (fork() == 0)
            trace_process(trace, pid, ends[1]);
        _exit(EXIT_SUCCESS);
    }
    (void)close(ends[1]);
    (void)waitpid(between, NULL, 0);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
        ; /* until it is closed */
    (void)close(ends[0]);
}

int main(int argc, char **argv)
{
    static const char *const actions[] = {"list", "fail", "kill", "stop"};
    static Trace trace;
    int command = 1;

    while (command < argc && strcmp(argv[command], "--") != 0)
        command++;
    if (command < 4 || command + 1 >= argc ||
        sscanf(argv[2], "%d:%d", &trace.process, &trace.call) != 2)
        return EXIT_FAILURE;
    while (trace.action < STOP && strcmp(actions[trace.action], argv[1]) != 0)
        trace.action++;
    trace.report = atoi(argv[3]);
    trace.answer = command > 4 ? atoi(argv[4]) : -1;
    begin_trace(&trace);
    (void)close(trace.report);
    (void)close(trace.answer);
    (void)execv(argv[command + 1], argv + command + 1);
    perror(argv[command + 1]);
    return EXIT_FAILURE;
}

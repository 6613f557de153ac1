/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each case is a child that enters the confinement, and tells by how it ends what it saw. */
#include "site/confinement.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINE 0
#define SKIPPED 77
#define BIT(capability) (G_GUINT64_CONSTANT(1) << (capability))

/* NULL: all is well; else what is not, never freed. */
typedef const char *(*Case)(void);

static char *folder; /* the tests' own, with the file "there" in it */

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void run(Case look, gboolean confined)
{
    pid_t pid = fork();
    int status = 0;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        const char *fault;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (confined)
            rh_confinement_enter();
        fault = look();
        if (fault)
            g_printerr("# %s\n", fault);
        _exit(fault ? 1 : FINE);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, FINE);
}

/* Whether calls are filtered here, by this build and this kernel; else the case is skipped. */
static gboolean is_filtered(void)
{
    if (!RH_WITH_SECCOMP)
        g_test_skip("built without libseccomp");
    else if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
        g_test_skip("this kernel has no seccomp");
    else
        return TRUE;
    return FALSE;
}

/* -- what is gone ------------------------------------------------------------------------------ */

/* Each is called with -1 for everything, which no kernel takes for a wish, so that it does no harm
 * where it is not forbidden. */
static const struct {
    long number;
    const char *name;
} never[] = {
#define NEVER(name) \
    { \
        SYS_##name, #name \
    }
    NEVER(accept),
    NEVER(accept4),
    NEVER(acct),
    NEVER(add_key),
    NEVER(adjtimex),
    NEVER(bind),
    NEVER(bpf),
    NEVER(capset),
    NEVER(chroot),
    NEVER(clock_adjtime),
    NEVER(clock_settime),
    NEVER(connect),
    NEVER(delete_module),
    NEVER(execve),
    NEVER(execveat),
    NEVER(fanotify_init),
    NEVER(fchmod),
    NEVER(fchmodat),
    NEVER(fchown),
    NEVER(fchownat),
    NEVER(finit_module),
    NEVER(fremovexattr),
    NEVER(fsetxattr),
    NEVER(init_module),
    NEVER(kcmp),
    NEVER(keyctl),
    NEVER(kexec_load),
    NEVER(linkat),
    NEVER(listen),
    NEVER(lremovexattr),
    NEVER(lsetxattr),
    NEVER(migrate_pages),
    NEVER(mkdirat),
    NEVER(mknodat),
    NEVER(mount),
    NEVER(move_pages),
    NEVER(open_by_handle_at),
    NEVER(perf_event_open),
    NEVER(personality),
    NEVER(pivot_root),
    NEVER(process_vm_readv),
    NEVER(process_vm_writev),
    NEVER(ptrace),
    NEVER(quotactl),
    NEVER(reboot),
    NEVER(removexattr),
    NEVER(renameat2),
    NEVER(request_key),
    NEVER(rt_sigqueueinfo),
    NEVER(rt_tgsigqueueinfo),
    NEVER(setdomainname),
    NEVER(setfsgid),
    NEVER(setfsuid),
    NEVER(setgid),
    NEVER(setgroups),
    NEVER(sethostname),
    NEVER(setns),
    NEVER(setregid),
    NEVER(setresgid),
    NEVER(setresuid),
    NEVER(setreuid),
    NEVER(settimeofday),
    NEVER(setuid),
    NEVER(setxattr),
    NEVER(socket),
    NEVER(socketpair),
    NEVER(swapoff),
    NEVER(swapon),
    NEVER(symlinkat),
    NEVER(syslog),
    NEVER(truncate),
    NEVER(umount2),
    NEVER(unlinkat),
    NEVER(unshare),
    NEVER(userfaultfd),
    NEVER(utimensat),
/* which not all processors or headers have */
#ifdef SYS_chmod
    NEVER(chmod),
    NEVER(chown),
    NEVER(creat),
    NEVER(lchown),
    NEVER(link),
    NEVER(mkdir),
    NEVER(mknod),
    NEVER(rename),
    NEVER(rmdir),
    NEVER(symlink),
    NEVER(unlink),
    NEVER(utime),
    NEVER(utimes),
#endif
#ifdef SYS_setrlimit
    NEVER(setrlimit),
#endif
#ifdef SYS_iopl
    NEVER(ioperm),
    NEVER(iopl),
    NEVER(modify_ldt),
#endif
#ifdef SYS_kexec_file_load
    NEVER(kexec_file_load),
#endif
#ifdef SYS_io_uring_setup
    NEVER(io_uring_enter),
    NEVER(io_uring_register),
    NEVER(io_uring_setup),
#endif
#ifdef SYS_move_mount
    NEVER(fsconfig),
    NEVER(fsmount),
    NEVER(fsopen),
    NEVER(fspick),
    NEVER(move_mount),
    NEVER(open_tree),
#endif
#ifdef SYS_mount_setattr
    NEVER(mount_setattr),
#endif
#ifdef SYS_pidfd_send_signal
    NEVER(pidfd_send_signal),
#endif
#ifdef SYS_pidfd_getfd
    NEVER(pidfd_getfd),
#endif
#ifdef SYS_process_madvise
    NEVER(process_madvise),
#endif
};

static const char *find_allowed(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(never); i++) {
        errno = 0;
        if (syscall(never[i].number, -1L, -1L, -1L, -1L, -1L, -1L) != -1 || errno != EPERM)
            return g_strdup_printf("%s() is not forbidden: %s", never[i].name, g_strerror(errno));
    }
    return NULL;
}

static void test_never(void)
{
    if (is_filtered())
        run(find_allowed, TRUE);
}

/* @result is of a call that just failed, and must. */
static gboolean is_forbidden(long result)
{
    return result == -1 && errno == EPERM;
}

static const char *make_files(void)
{
    g_autofree char *new = path_of("new");
    g_autofree char *there = path_of("there");

    if (!is_forbidden(open(new, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)))
        return "a file is made";
    if (!is_forbidden(open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600)))
        return "a file without a name is made";
    if (!is_forbidden(open(there, O_WRONLY | O_TRUNC | O_CLOEXEC)))
        return "a file is emptied";
#ifdef SYS_open
    if (!is_forbidden(syscall(SYS_open, new, O_WRONLY | O_CREAT, 0600)) ||
        !is_forbidden(syscall(SYS_open, folder, O_RDWR | O_TMPFILE, 0600)) ||
        !is_forbidden(syscall(SYS_open, there, O_WRONLY | O_TRUNC)))
        return "open() does what openat() does not";
#endif
    return NULL;
}

static void test_files(void)
{
    g_autofree char *new = path_of("new");

    if (!is_filtered())
        return;
    run(make_files, TRUE);
    g_assert_false(g_file_test(new, G_FILE_TEST_EXISTS));
}

/* The end of a process that should not be. */
static gboolean is_no_process(long pid)
{
    if (pid == 0)
        _exit(1);
    return is_forbidden(pid);
}

static const char *make_processes(void)
{
    if (!is_no_process(fork()))
        return "fork() is there";
#ifdef SYS_fork
    if (!is_no_process(syscall(SYS_fork)))
        return "the system call fork() is there";
#endif
#ifdef SYS_clone3
    if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
        return "clone3() is there";
#endif
#ifdef SYS_openat2
    if (syscall(SYS_openat2, -1, NULL, NULL, 0) != -1 || errno != ENOSYS)
        return "openat2() is there";
#endif
    return NULL;
}

static void test_processes(void)
{
    if (is_filtered())
        run(make_processes, TRUE);
}

static const char *send_signals(void)
{
    return is_forbidden(kill(getppid(), 0)) && is_forbidden(kill(-1, 0)) &&
                   is_forbidden(syscall(SYS_tgkill, getppid(), getppid(), 0)) &&
                   is_forbidden(syscall(SYS_tkill, getppid(), 0))
               ? NULL
               : "others can be sent signals";
}

static void test_signals(void)
{
    if (is_filtered())
        run(send_signals, TRUE);
}

static const char *change_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) < 0)
        return "limits cannot be read";
    return is_forbidden(syscall(SYS_prlimit64, 0, RLIMIT_AS, &limit, NULL)) ? NULL
                                                                            : "limits can be set";
}

static void test_limits(void)
{
    if (is_filtered())
        run(change_limits, TRUE);
}

/* x32: the same processor's calls with a bit more. A kernel without them says ENOSYS. */
static const char *call_otherwise(void)
{
#ifdef __x86_64__
    if (!is_forbidden(syscall(0x40000000L + SYS_getpid)))
        return "the calls of x32 are there";
#endif
    return NULL;
}

static void test_abi(void)
{
    if (is_filtered())
        run(call_otherwise, TRUE);
}

static const char *look_at_privileges(void)
{
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return "exec gives privileges";
    return NULL;
}

static void test_privileges(void)
{
    run(look_at_privileges, TRUE);
}

/* -- capabilities ------------------------------------------------------------------------------ */

/* The line @name ("CapEff") of the process's status. */
static guint64 read_set(const char *name)
{
    g_autofree char *text = NULL;
    const char *line;

    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    line = strstr(text, name);
    g_assert_nonnull(line);
    return g_ascii_strtoull(line + strlen(name) + 1, NULL, 16);
}

static const guint64 gone = BIT(CAP_CHOWN) | BIT(CAP_FOWNER) | BIT(CAP_KILL) | BIT(CAP_MKNOD) |
                            BIT(CAP_NET_RAW) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) |
                            BIT(CAP_SETUID) | BIT(CAP_SYS_BOOT) | BIT(CAP_SYS_CHROOT) |
                            BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_TIME) | BIT(CAP_MAC_ADMIN);
static const guint64 needed = BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) |
                              BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_RAWIO) |
                              BIT(CAP_SYS_RESOURCE) | BIT(CAP_MAC_OVERRIDE);
static guint64 before; /* of what a case began with */

static const char *look_at_capabilities(void)
{
    guint64 now = read_set("CapEff");

    if (now & gone || read_set("CapPrm") & gone)
        return "what nobody needs is kept";
    return (now & needed) == (before & needed) ? NULL : "what is needed is gone";
}

static void test_capabilities(void)
{
    before = read_set("CapEff");
    if (before & BIT(CAP_SYS_PTRACE))
        run(look_at_capabilities, TRUE);
    else
        g_test_skip("not with CAP_SYS_PTRACE");
}

/* Who sees others by having as much as they have keeps all of it. */
static const char *lack_ptrace(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    guint64 with;

    if (syscall(SYS_capget, &header, sets) < 0)
        return "capget() fails";
    sets[0].effective &= ~CAP_TO_MASK(CAP_SYS_PTRACE);
    sets[0].permitted &= ~CAP_TO_MASK(CAP_SYS_PTRACE);
    if (syscall(SYS_capset, &header, sets) < 0)
        return "capset() fails";
    with = read_set("CapEff");
    rh_confinement_enter();
    return read_set("CapEff") == with ? NULL : "capabilities that others have are gone";
}

static void test_no_ptrace(void)
{
    run(lack_ptrace, FALSE);
}

/* -- what stays -------------------------------------------------------------------------------- */

static int shared; /* an open file, as the claims' lock is */

static const char *read_and_write(void)
{
    g_autoptr(RhDir) dir = rh_dir_open(folder, NULL);
    g_autoptr(GPtrArray) names = dir ? rh_dir_list(dir, ".", NULL) : NULL;
    g_autofree char *text = NULL;

    if (!names || names->len == 0)
        return "folders cannot be listed";
    if (!rh_dir_write(dir, "there", "1.0", NULL))
        return "an attribute that is there cannot be written";
    if (!rh_dir_read(dir, "there", &text, NULL) || g_strcmp0(text, "1.0") != 0)
        return "files cannot be read";
    if (rh_dir_link(dir, "link") == NULL)
        return "links cannot be read";
    return NULL;
}

static const char *use_lock(void)
{
    if (flock(shared, LOCK_EX | LOCK_NB) < 0)
        return "the lock cannot be had";
    return ftruncate(shared, 0) == 0 && pwrite(shared, "note", 4, 0) == 4 ? NULL : "it has no note";
}

static const char *open_node(void)
{
    g_autoptr(RhDir) root = rh_dir_open("/", NULL);

    return rh_dir_probe(root, "dev/null") == 0 ? NULL : "a node cannot be opened";
}

static gpointer nothing(gpointer data)
{
    return data;
}

static volatile sig_atomic_t n_signals;

static void count(int number G_GNUC_UNUSED)
{
    n_signals++;
}

static const char *go_on(void)
{
    int death = 0;

    (void)signal(SIGUSR1, count);
    if (raise(SIGUSR1) != 0 || kill(getpid(), SIGUSR1) != 0 || n_signals != 2)
        return "it cannot send itself signals, as abort() does";
    if (g_thread_join(g_thread_new("one", nothing, folder)) != folder)
        return "no thread can be made";
    g_usleep(1000);
    return prctl(PR_GET_PDEATHSIG, &death) == 0 && death == SIGKILL ? NULL
                                                                    : "it would outlive its parent";
}

/* A converter of libc's is a shared library, which is loaded when it is first used. */
static const char *convert(void)
{
    g_autofree char *text = g_convert("\xc1", -1, "UTF-8", "KOI8-R", NULL, NULL, NULL);

    return g_strcmp0(text, "\xd0\xb0") == 0 ? NULL : "libraries cannot be loaded";
}

static void test_needed(void)
{
    run(read_and_write, TRUE);
    run(use_lock, TRUE);
    run(open_node, TRUE);
    run(go_on, TRUE);
}

static void test_libraries(void)
{
    g_autofree char *text = NULL;
    pid_t pid = fork(); /* so that it is not loaded before */
    int status = 0;

    if (pid == 0)
        _exit(convert() ? SKIPPED : FINE);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        g_test_skip("this libc has no converters");
    else
        run(convert, TRUE);
}

/* -- what others have open --------------------------------------------------------------------- */

static pid_t holder; /* another process, which has the file "there" open as number 100 */

static const char *look_at_holder(void)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd/100", (int)holder);
    g_autofree char *there = path_of("there");
    struct stat open_there;
    struct stat itself;

    if (stat(path, &open_there) < 0)
        return g_strdup_printf("what others have open is not seen: %s", g_strerror(errno));
    return stat(there, &itself) == 0 && itself.st_ino == open_there.st_ino ? NULL
                                                                           : "it is another file";
}

/* The way in which the child finds out that a device is in use: where it goes blind, it gives away
 * what others have. Landlock does that, and so does giving up CAP_SYS_PTRACE. */
static void see_holder_of(uid_t user)
{
    g_autofree char *path = path_of("there");
    int ends[2];
    char byte;

    g_assert_cmpint(pipe(ends), ==, 0);
    holder = fork();
    if (holder == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(open(path, O_RDONLY), 100) != 100 ||
            (user != getuid() && setresuid(user, user, user) < 0))
            _exit(1);
        (void)prctl(PR_SET_DUMPABLE, user == getuid());
        (void)!write(ends[1], "x", 1);
        for (;;)
            (void)pause();
    }
    (void)close(ends[1]);
    g_assert_cmpint(read(ends[0], &byte, 1), ==, 1);
    run(look_at_holder, FALSE);
    run(look_at_holder, TRUE);
    (void)close(ends[0]);
    g_assert_cmpint(kill(holder, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(holder, NULL, 0), ==, holder);
}

static void test_holders(void)
{
    see_holder_of(getuid());
}

static void test_holders_of_others(void)
{
    if (read_set("CapEff") & BIT(CAP_SYS_PTRACE) && geteuid() == 0)
        see_holder_of(65534);
    else
        g_test_skip("not root");
}

int main(int argc, char **argv)
{
    g_autofree char *there = NULL;
    g_autofree char *link = NULL;
    int result;

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("confinement-XXXXXX", NULL);
    g_assert_nonnull(folder);
    there = path_of("there");
    link = path_of("link");
    g_assert_true(g_file_set_contents(there, "0", -1, NULL));
    g_assert_cmpint(symlink("there", link), ==, 0);
    shared = open(there, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(shared, >=, 0);
    g_test_add_func("/confinement/never", test_never);
    g_test_add_func("/confinement/files", test_files);
    g_test_add_func("/confinement/processes", test_processes);
    g_test_add_func("/confinement/signals", test_signals);
    g_test_add_func("/confinement/limits", test_limits);
    g_test_add_func("/confinement/abi", test_abi);
    g_test_add_func("/confinement/privileges", test_privileges);
    g_test_add_func("/confinement/capabilities", test_capabilities);
    g_test_add_func("/confinement/no-ptrace", test_no_ptrace);
    g_test_add_func("/confinement/needed", test_needed);
    g_test_add_func("/confinement/libraries", test_libraries);
    g_test_add_func("/confinement/holders", test_holders);
    g_test_add_func("/confinement/holders-of-others", test_holders_of_others);
    result = g_test_run();
    (void)close(shared);
    (void)g_unlink(link);
    (void)g_unlink(there);
    (void)g_rmdir(folder);
    g_free(folder);
    return result;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef RH_HAVE_SECCOMP
#include <seccomp.h>
#endif

/* -- capabilities ------------------------------------------------------------------------------ */

/*
 * What goes. What may be asked for by a node that is opened or by a vendor's attribute stays, as
 * CAP_SYS_RAWIO, without which a VFIO group in no-IOMMU mode is EPERM where it should be EBUSY
 * (linux/drivers/vfio/group.c, vfio_group_fops_open); and what decides what can be seen: the two
 * of DAC, MAC_OVERRIDE, SYS_PTRACE, SYS_ADMIN. CAP_BPF and the like are in SYS_ADMIN.
 */
static const guint unneeded[] = {
    CAP_AUDIT_CONTROL,
    CAP_AUDIT_WRITE,
    CAP_BLOCK_SUSPEND,
    CAP_CHOWN,
    CAP_FOWNER,
    CAP_FSETID,
    CAP_IPC_OWNER,
    CAP_KILL,
    CAP_LEASE,
    CAP_LINUX_IMMUTABLE,
    CAP_MAC_ADMIN,
    CAP_MKNOD,
    CAP_NET_BIND_SERVICE,
    CAP_NET_BROADCAST,
    CAP_NET_RAW,
    CAP_SETFCAP,
    CAP_SETGID,
    CAP_SETPCAP,
    CAP_SETUID,
    CAP_SYS_BOOT,
    CAP_SYS_CHROOT,
    CAP_SYS_MODULE,
    CAP_SYS_NICE,
    CAP_SYS_PACCT,
    CAP_SYS_TIME,
    CAP_SYS_TTY_CONFIG,
    CAP_WAKE_ALARM,
};

/*
 * Without CAP_SYS_PTRACE one sees what processes have open that have no more capabilities than
 * oneself (linux/security/commoncap.c, cap_ptrace_access_check): then none may be dropped. That the
 * child dies with its parent stays: only who gains some loses that (linux/kernel/cred.c,
 * commit_creds).
 */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, sets) < 0 ||
        !(sets[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective & CAP_TO_MASK(CAP_SYS_PTRACE)))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(unneeded); i++) {
        struct __user_cap_data_struct *set = &sets[CAP_TO_INDEX(unneeded[i])];

        set->effective &= ~CAP_TO_MASK(unneeded[i]);
        set->permitted &= ~CAP_TO_MASK(unneeded[i]);
        set->inheritable &= ~CAP_TO_MASK(unneeded[i]);
    }
    (void)syscall(SYS_capset, &header, sets);
}

/* -- system calls ------------------------------------------------------------------------------ */

#ifdef RH_HAVE_SECCOMP
/* By name: what this libseccomp or this processor does not know is passed over. */
static const char *const never[] = {
    /* programs and processes: what it starts would outlive the deadline */
    "execve",
    "execveat",
    "uselib",
    "fork",
    "vfork",
    /* other processes */
    "kcmp",
    "migrate_pages",
    "move_pages",
    "pidfd_getfd",
    "pidfd_send_signal",
    "process_madvise",
    "process_mrelease",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    /* what it is, and its limits */
    "capset",
    "personality",
    "setfsgid",
    "setfsgid32",
    "setfsuid",
    "setfsuid32",
    "setgid",
    "setgid32",
    "setgroups",
    "setgroups32",
    "setns",
    "setregid",
    "setregid32",
    "setresgid",
    "setresgid32",
    "setresuid",
    "setresuid32",
    "setreuid",
    "setreuid32",
    "setrlimit",
    "setuid",
    "setuid32",
    "unshare",
    /* the network; netlink was asked before */
    "accept",
    "accept4",
    "bind",
    "connect",
    "listen",
    "socket",
    "socketpair",
    /* names, owners, modes of files; and what is opened past its name */
    "chmod",
    "chown",
    "chown32",
    "creat",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fchown",
    "fchown32",
    "fchownat",
    "fremovexattr",
    "fsetxattr",
    "futimesat",
    "lchown",
    "lchown32",
    "link",
    "linkat",
    "lremovexattr",
    "lsetxattr",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "open_by_handle_at",
    "removexattr",
    "removexattrat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "setxattr",
    "setxattrat",
    "symlink",
    "symlinkat",
    "truncate",
    "truncate64",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "utimensat_time64",
    "utimes",
    /* mounts */
    "chroot",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "open_tree_attr",
    "pivot_root",
    "umount",
    "umount2",
    /* the kernel and the machine */
    "acct",
    "add_key",
    "adjtimex",
    "bpf",
    "clock_adjtime",
    "clock_adjtime64",
    "clock_settime",
    "clock_settime64",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "modify_ldt",
    "perf_event_open",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "settimeofday",
    "stime",
    "swapoff",
    "swapon",
    "syslog",
    "userfaultfd",
    "vhangup",
};

/* Whose arguments are in memory, where no filter sees them: a libc does without them. */
static const char *const opaque[] = {"clone3", "openat2"};

/* s390's clone() has its arguments in another order (linux/kernel/fork.c, CLONE_BACKWARDS2). */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define MADE (O_TMPFILE & ~O_DIRECTORY) /* of a file without a name */

static void forbid(scmp_filter_ctx filter, const char *name, int errnum,
                   const struct scmp_arg_cmp *when)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number != __NR_SCMP_ERROR)
        (void)seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(errnum), number, when ? 1 : 0, when);
}

/* What is needed, but not in this way. */
static void forbid_uses(scmp_filter_ctx filter)
{
    scmp_datum_t self = (scmp_datum_t)getpid();
    const struct {
        const char *name;
        struct scmp_arg_cmp when;
    } uses[] = {
        {"open", SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT)},
        {"open", SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)},
        {"open", SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, MADE, MADE)},
        {"openat", SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT)},
        {"openat", SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)},
        {"openat", SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, MADE, MADE)},
        {"clone", SCMP_CMP64(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)},
        {"prlimit64", SCMP_CMP64(2, SCMP_CMP_NE, 0)},
        {"kill", SCMP_CMP64(0, SCMP_CMP_NE, self)},
        {"tgkill", SCMP_CMP64(0, SCMP_CMP_NE, self)},
        {"tkill", SCMP_CMP64(0, SCMP_CMP_NE, self)},
    };

    for (guint i = 0; i < G_N_ELEMENTS(uses); i++)
        forbid(filter, uses[i].name, EPERM, &uses[i].when);
}

static void filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (!filter)
        return;
    /* Its own answer is to kill. And a filter slows some kernels' processes down, for fear of what
     * runs in them, unless one says that it need not. */
    if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)) == 0) {
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
        for (guint i = 0; i < G_N_ELEMENTS(never); i++)
            forbid(filter, never[i], EPERM, NULL);
        for (guint i = 0; i < G_N_ELEMENTS(opaque); i++)
            forbid(filter, opaque[i], ENOSYS, NULL);
        forbid_uses(filter);
        (void)seccomp_load(filter);
    }
    seccomp_release(filter);
}
#else
static void filter_calls(void)
{
}
#endif

void rh_confinement_enter(void)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    drop_capabilities();
    filter_calls();
}

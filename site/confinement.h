/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the planning child gives up once it has gathered: whoever took it over by a hostile document
 * can then start no program, open no connection, change no file's name, owner or mode, and reach
 * into no other process. The worth is small, since libvirtd parsed the same bytes as root before,
 * so nothing here may ever be the reason for a refusal or for another plan: what cannot be had is
 * left, and in doubt it is not asked for.
 *
 * Not Landlock: whoever is in one of its domains may not look what the processes outside have open
 * (linux/security/landlock, hook_ptrace_access_check, which makes no difference between reading
 * and tracing; seen with 6.18), and the child looks once more under the lock
 * (rh_users_look_again()): it would give away a device that somebody opened meanwhile. So files
 * that are there can still be opened for writing, but none is made.
 */
#pragma once

/*
 * For this process, which must have one thread, and for good. From then on
 * - exec gives no new privileges;
 * - the system calls that planning never needs fail with EPERM, and so do those of another ABI of
 *   the processor (32 bits, x32). It needs libseccomp at build time, and the kernel's seccomp;
 * - capabilities that neither looking nor asking a driver takes are gone, where it has
 *   CAP_SYS_PTRACE, which shows it the other processes whatever these have.
 * Still there: reading, the files that are open (with their locks), writing to files that are there
 * (an attribute in sysfs, a node below /dev), memory, threads, shared libraries, its own signals.
 */
void rh_confinement_enter(void);

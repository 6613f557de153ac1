/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LD_PRELOAD: one allocation fails. RH_FAIL is WHO:N, the Nth allocation of the process that was
 * started (`parent`) or of what it forked (`child`), whose count goes on from where its parent's
 * was. RH_FAIL_COUNTS is a file of four numbers (64 bits): how many allocations the parent and the
 * child have made, which was the child's first, and whether the one that was meant has failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own, under these names. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum { PARENT, CHILD, FIRST_OF_CHILD, FAILED, N_COUNTS };

static uint64_t nowhere[N_COUNTS];
static uint64_t *counts;
static uint64_t n_allocations;
static uint64_t failing; /* 0: none */
static bool fails_in_child;
static pid_t parent;

static void begin(void)
{
    const char *which = getenv("RH_FAIL");
    const char *path = getenv("RH_FAIL_COUNTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    parent = getpid();
    fails_in_child = which && strncmp(which, "child:", 6) == 0;
    failing = which && strchr(which, ':') ? strtoull(strchr(which, ':') + 1, NULL, 10) : 0;
    counts = mmap(NULL, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counts == MAP_FAILED)
        counts = nowhere;
    (void)close(fd);
}

/* Whether this allocation is the one. */
static bool fails(void)
{
    bool in_child;

    if (!counts)
        begin();
    in_child = getpid() != parent;
    counts[in_child ? CHILD : PARENT] = ++n_allocations;
    if (in_child && !counts[FIRST_OF_CHILD])
        counts[FIRST_OF_CHILD] = n_allocations;
    if (n_allocations != failing || in_child != fails_in_child)
        return false;
    counts[FAILED] = 1;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    void *memory = fails() ? NULL : __libc_memalign(alignment, size);

    if (!memory)
        return ENOMEM;
    *ret_memory = memory;
    return 0;
}

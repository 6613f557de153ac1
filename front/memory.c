/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u
#endif

/* A host may forbid those that could be run (vm.memfd_noexec); kernels before 6.3 do not know. */
int rh_front_memory(void)
{
    int file = memfd_create("virt-rehome", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

    return file < 0 && errno == EINVAL ? memfd_create("virt-rehome", MFD_CLOEXEC) : file;
}

bool rh_front_write(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = file < 0 ? -1 : write(file, bytes, length);

        if (n < 0 && (file < 0 || errno != EINTR))
            return false;
        bytes += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* By places, not by where the program's other processes have come to. */
static ssize_t read_at(int from, char *bytes, size_t size, off_t place)
{
    ssize_t n;

    do
        n = pread(from, bytes, size, place);
    while (n < 0 && errno == EINTR);
    return n;
}

bool rh_front_relay(int from, int to)
{
    static char bytes[64 * 1024];
    off_t place = 0;
    ssize_t n;

    while ((n = read_at(from, bytes, sizeof bytes, place)) > 0) {
        if (!rh_front_write(to, bytes, (size_t)n))
            return false;
        place += n;
    }
    return n == 0;
}

size_t rh_front_text(int from, char *ret_text, size_t size)
{
    ssize_t n = read_at(from, ret_text, size - 1, 0);

    ret_text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

void rh_front_close(int *file)
{
    if (*file >= 0)
        (void)close(*file);
    *file = -1;
}

bool rh_front_time_left(const struct timespec *deadline, struct timespec *ret_left)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        return false;
    ret_left->tv_sec = deadline->tv_sec - now.tv_sec;
    ret_left->tv_nsec = deadline->tv_nsec - now.tv_nsec;
    if (ret_left->tv_nsec < 0) {
        ret_left->tv_sec--;
        ret_left->tv_nsec += 1000000000;
    }
    return ret_left->tv_sec >= 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/saves.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_SUFFIX ".before"
#define MAX_OLDER 99u  /* last copies beside the one of the last restore */
#define PART_BYTES 200 /* of a name that is too long */
#define DAY_SECONDS (24 * 60 * 60)

typedef struct {
    char image[PATH_MAX];
    char kept[PATH_MAX];
    char begun[PATH_MAX];
    char before[PATH_MAX];
} Paths;

/* FNV-1a, 64 bits. */
static uint64_t checksum(const char *text)
{
    uint64_t sum = 0xcbf29ce484222325u;

    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * 0x100000001b3u;
    return sum;
}

void rh_saves_name(char ret_name[RH_SAVES_NAME], const char *guest, const char *suffix)
{
    if (strlen(guest) + strlen(RH_SAVES_MARK LONGEST_SUFFIX) < RH_SAVES_NAME)
        (void)snprintf(ret_name, RH_SAVES_NAME, "%.*s" RH_SAVES_MARK "%s", RH_SAVES_NAME, guest,
                       suffix);
    else
        (void)snprintf(ret_name, RH_SAVES_NAME, "%.*s~%016llx" RH_SAVES_MARK "%s", PART_BYTES,
                       guest, (unsigned long long)checksum(guest), suffix);
}

static bool join(char path[PATH_MAX], const char *folder, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static bool join_link(char path[PATH_MAX], const char *folder, const char *guest,
                      const char *suffix)
{
    char name[RH_SAVES_NAME];

    rh_saves_name(name, guest, suffix);
    return join(path, folder, name);
}

/* False where such a guest has no image. */
static bool find_paths(Paths *paths, const char *folder, const char *guest)
{
    char name[RH_SAVES_NAME];

    return !strchr(guest, '/') &&
           snprintf(name, sizeof name, "%s.save", guest) < (int)sizeof name &&
           join(paths->image, folder, name) && join_link(paths->kept, folder, guest, "") &&
           join_link(paths->begun, folder, guest, ".begun") &&
           join_link(paths->before, folder, guest, ".before");
}

static bool is_there(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0;
}

/* Whether both are there, and one file. */
static bool is_same(const char *a, const char *b)
{
    struct stat one;
    struct stat other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Moves what has the name away, if there is something. */
static bool clear_name(const char *path, const char *aside)
{
    return rename(path, aside) == 0 || errno == ENOENT;
}

/* Gives the last copy that an earlier restore left, if there is one, one more name, that nothing
 * has. */
static bool keep_older(const Paths *paths, const char *folder, const char *guest)
{
    for (unsigned n = 1; n <= MAX_OLDER; n++) {
        char suffix[] = ".old99";
        char path[PATH_MAX];
        int reason;

        (void)snprintf(suffix + strlen(".old"), sizeof suffix - strlen(".old"), n > 1 ? "%u" : "",
                       n);
        if (!join_link(path, folder, guest, suffix))
            return false;
        if (link(paths->begun, path) == 0)
            return true;
        reason = errno; /* before a look at the new name, which says that it is not there */
        if (reason == ENOENT || is_same(paths->begun, path))
            return true;
        if (reason != EEXIST)
            return false;
    }
    return false;
}

/* The link comes before every look: whoever kills us until then takes the image with us. */
static bool keep(const Paths *paths)
{
    bool linked = link(paths->image, paths->kept) == 0;
    int reason = errno;

    if (is_same(paths->image, paths->begun)) {
        if (linked)
            (void)unlink(paths->kept);
        return true;
    }
    if (linked || reason == ENOENT || is_same(paths->image, paths->kept))
        return true;
    errno = reason;
    return reason == EEXIST && clear_name(paths->kept, paths->before) &&
           link(paths->image, paths->kept) == 0;
}

bool rh_saves_keep(const char *folder, const char *guest)
{
    Paths paths;

    return !find_paths(&paths, folder, guest) || keep(&paths);
}

bool rh_saves_begin(const char *folder, const char *guest)
{
    Paths paths;

    if (!find_paths(&paths, folder, guest))
        return true;
    if (!keep(&paths))
        return false;
    if (!is_there(paths.image) || is_same(paths.image, paths.begun))
        return true;
    return keep_older(&paths, folder, guest) && rename(paths.kept, paths.begun) == 0;
}

void rh_saves_unbegin(const char *folder, const char *guest)
{
    Paths paths;

    if (!find_paths(&paths, folder, guest) || !is_same(paths.image, paths.begun))
        return;
    if (is_same(paths.image, paths.kept))
        (void)unlink(paths.begun);
    else if (clear_name(paths.kept, paths.before))
        (void)rename(paths.begun, paths.kept);
}

bool rh_saves_forget(const char *folder, const char *guest)
{
    Paths paths;

    if (!find_paths(&paths, folder, guest))
        return true;
    if (is_same(paths.image, paths.kept))
        (void)unlink(paths.kept);
    if (is_same(paths.image, paths.begun))
        (void)unlink(paths.begun);
    return !is_there(paths.begun);
}

/* The time of an inode's last change, here the end of its other name, by the wall clock: one that
 * was put back makes it wait. */
static bool is_a_day_old(const struct stat *file)
{
    struct timespec now;

    return clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec - file->st_ctime >= DAY_SECONDS;
}

static void sweep(const char *path, const char *image, bool at_once)
{
    struct stat file;

    if (stat(path, &file) == 0 && (at_once || is_a_day_old(&file)) && !is_same(path, image))
        (void)unlink(path);
}

void rh_saves_sweep(const char *folder, const char *guest, bool at_once)
{
    Paths paths;

    if (!find_paths(&paths, folder, guest))
        return;
    sweep(paths.kept, paths.image, at_once);
    sweep(paths.before, paths.image, at_once);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/file.h"

#include "util/error.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_VALUE (64u * 1024)
#define NANOSECONDS ((gint64)1000 * 1000 * 1000)
#define PAGE 4096u /* what the kernel hands out of such a file at once */

struct RhDir {
    int fd;
    char *path;
};

void rh_fd_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static gboolean is_gone(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR || errnum == ENODEV || errnum == ENXIO;
}

RhDir *rh_dir_open(const char *path, GError **error)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    RhDir *dir;

    if (fd < 0) {
        rh_raise_errno(error, RH_ERROR_HOST, errno, "cannot open the directory '%s'", path);
        return NULL;
    }
    dir = g_new0(RhDir, 1);
    dir->fd = fd;
    dir->path = g_strdup(g_str_equal(path, "/") ? "" : path);
    return dir;
}

void rh_dir_free(RhDir *dir)
{
    if (!dir)
        return;
    rh_fd_close(&dir->fd);
    g_free(dir->path);
    g_free(dir);
}

/*
 * Reads until the end or until @max bytes more than fit; the errno of a failed read otherwise.
 * @is_value: a file of sysfs or procfs, of which a read that is not full has the end.
 */
static int read_up_to(int fd, gsize max, gboolean is_value, GByteArray *bytes)
{
    guint8 buffer[16 * 1024];

    while (bytes->len <= max) {
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n == 0)
            return 0;
        if (n > 0)
            g_byte_array_append(bytes, buffer, (guint)n);
        else if (errno != EINTR)
            return errno;
        if (is_value && n > 0 && (gsize)n < PAGE)
            return 0;
    }
    return EFBIG;
}

gboolean rh_dir_read(RhDir *dir, const char *path, char **ret_value, GError **error)
{
    RH_AUTOFD fd = openat(dir->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int errnum = fd < 0 ? errno : read_up_to(fd, MAX_VALUE, TRUE, bytes);

    *ret_value = NULL;
    if (is_gone(errnum))
        return TRUE;
    if (errnum)
        return rh_raise_errno(error, RH_ERROR_HOST, errnum, "cannot read '%s/%s'", dir->path, path);
    /* an array into which nothing was read has no bytes at all */
    *ret_value = g_utf8_make_valid(bytes->len ? (const char *)bytes->data : "", (gssize)bytes->len);
    g_strchomp(rh_make_xml_text(*ret_value));
    return TRUE;
}

char *rh_dir_read_head(RhDir *dir, const char *path)
{
    RH_AUTOFD fd = openat(dir->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int errnum = fd < 0 ? errno : read_up_to(fd, MAX_VALUE, FALSE, bytes);
    char *text;

    if ((errnum && errnum != EFBIG) || bytes->len == 0)
        return NULL;
    text = g_utf8_make_valid((const char *)bytes->data, (gssize)MIN(bytes->len, MAX_VALUE));
    return rh_make_xml_text(text);
}

gboolean rh_dir_write(RhDir *dir, const char *path, const char *value, GError **error)
{
    RH_AUTOFD fd = openat(dir->fd, path, O_WRONLY | O_CLOEXEC);
    gsize length = strlen(value);
    ssize_t written = fd < 0 ? -1 : write(fd, value, length);

    if (written < 0)
        return rh_raise_errno(error, RH_ERROR_HOST, errno, "cannot write to '%s/%s'", dir->path,
                              path);
    if ((gsize)written < length)
        return rh_raise(error, RH_ERROR_HOST, "'%s/%s' took only a part of '%s'", dir->path, path,
                        value);
    return TRUE;
}

char *rh_dir_link(RhDir *dir, const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir->fd, path, target, sizeof target - 1);

    if (n < 0)
        return NULL;
    target[n] = '\0';
    return rh_make_xml_text(g_utf8_make_valid(target, n));
}

char *rh_dir_link_name(RhDir *dir, const char *path)
{
    g_autofree char *target = rh_dir_link(dir, path);

    return target ? g_path_get_basename(target) : NULL;
}

int rh_dir_probe(RhDir *dir, const char *path)
{
    RH_AUTOFD fd = openat(dir->fd, path, O_RDWR | O_CLOEXEC);

    return fd < 0 ? errno : 0;
}

static gint64 nanoseconds(struct statx_timestamp time)
{
    return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

gboolean rh_facts_equal(const RhFacts *a, const RhFacts *b)
{
    return a->mode == b->mode && a->system == b->system && a->inode == b->inode &&
           a->size == b->size && a->modified == b->modified && a->changed == b->changed;
}

gboolean rh_dir_look(RhDir *dir, const char *path, gboolean follow, RhFacts *ret_facts)
{
    int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
    unsigned mask = STATX_BASIC_STATS;
    struct statx facts;

#ifdef STATX_MNT_ID
    mask |= STATX_MNT_ID;
#endif
    if (statx(dir->fd, path, flags, mask, &facts) < 0)
        return FALSE;
    *ret_facts = (RhFacts){.mode = facts.stx_mode,
                           .owner = facts.stx_uid,
                           .major = facts.stx_rdev_major,
                           .minor = facts.stx_rdev_minor,
                           .system = (guint64)facts.stx_dev_major << 32 | facts.stx_dev_minor,
                           .inode = facts.stx_ino,
                           .size = facts.stx_size,
                           .modified = nanoseconds(facts.stx_mtime),
                           .changed = nanoseconds(facts.stx_ctime)};
#ifdef STATX_MNT_ID
    if (facts.stx_mask & STATX_MNT_ID)
        ret_facts->mount = facts.stx_mnt_id;
#endif
    return TRUE;
}

RhDir *rh_dir_open_below(RhDir *dir, const char *path)
{
    int fd = openat(dir->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    RhDir *below;

    if (fd < 0)
        return NULL;
    below = g_new0(RhDir, 1);
    below->fd = fd;
    below->path = g_build_filename(dir->path, path, NULL);
    return below;
}

void rh_dir_visit(RhDir *dir, gboolean (*visit)(const char *name, gpointer data), gpointer data)
{
    int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (stream && (entry = readdir(stream)))
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, "..") &&
            !visit(entry->d_name, data))
            break;
    if (stream)
        (void)closedir(stream);
    else
        rh_fd_close(&fd);
}

gboolean rh_dir_exists(RhDir *dir, const char *path)
{
    return faccessat(dir->fd, path, F_OK, 0) == 0;
}

gboolean rh_dir_lacks(RhDir *dir, const char *path)
{
    return faccessat(dir->fd, path, F_OK, 0) < 0 && is_gone(errno);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return rh_natural_compare(*(const char *const *)a, *(const char *const *)b);
}

/* Reads all names but "." and ".." into @names. The errno of what ended it, 0: the end. */
static int read_names(DIR *stream, GPtrArray *names)
{
    struct dirent *entry;

    for (;;) {
        errno = 0;
        entry = readdir(stream);
        if (!entry)
            return errno;
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, "..") &&
            g_utf8_validate(entry->d_name, -1, NULL))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    }
}

GPtrArray *rh_dir_list(RhDir *dir, const char *path, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    int fd = openat(dir->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    int errnum = stream ? read_names(stream, names) : errno;

    if (stream)
        (void)closedir(stream);
    else
        rh_fd_close(&fd);
    /* half a folder is not the folder */
    if (errnum && !(is_gone(errnum) && names->len == 0)) {
        rh_raise_errno(error, RH_ERROR_HOST, errnum, "cannot list '%s/%s'", dir->path, path);
        return NULL;
    }
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}

GBytes *rh_read_document_fd(int fd, const char *what, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int errnum = read_up_to(fd, RH_MAX_DOCUMENT, FALSE, bytes);

    if (errnum == EFBIG) {
        rh_raise(error, RH_ERROR_INPUT, "%s is larger than %u MiB, which is the limit", what,
                 RH_MAX_DOCUMENT / 1024 / 1024);
        return NULL;
    }
    if (errnum) {
        rh_raise_errno(error, RH_ERROR_HOST, errnum, "cannot read %s", what);
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

GBytes *rh_read_document(const char *path, const char *what, GError **error)
{
    gboolean is_stdin = g_str_equal(path, "-");
    RH_AUTOFD fd = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (!is_stdin && fd < 0) {
        rh_raise_errno(error, RH_ERROR_INPUT, errno, "cannot open %s", what);
        return NULL;
    }
    return rh_read_document_fd(is_stdin ? STDIN_FILENO : fd, what, error);
}

GBytes *rh_read_regular(const char *path, const char *what, GError **error)
{
    RH_AUTOFD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0) {
        rh_raise_errno(error, RH_ERROR_HOST, errno, "cannot open %s", what);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        rh_raise(error, RH_ERROR_INPUT, "%s is not a regular file", what);
        return NULL;
    }
    return rh_read_document_fd(fd, what, error);
}

gboolean rh_write_all(int fd, GBytes *bytes, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    while (length > 0) {
        ssize_t n = write(fd, data, length);

        if (n < 0 && errno != EINTR)
            return rh_raise_errno(error, RH_ERROR_HOST, errno, "cannot write the output");
        if (n > 0) {
            data += n;
            length -= (gsize)n;
        }
    }
    return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files below a root. A root is an open directory that stands in front of /sys, /proc, /etc and
 * /dev ("/" on a host, a tree of fixtures in a test); paths are relative to it, without a leading
 * slash. That a file is not there (any more) is a documented condition, not an error: devices
 * vanish while one reads about them.
 */
#pragma once

#include <glib.h>

/* A document from outside, in bytes. libvirt's own XML is some KiB; metadata may hold 4 MiB. */
#define RH_MAX_DOCUMENT (16u * 1024 * 1024)

/* A file descriptor that closes itself at the end of its block, where it is one (not negative). */
#define RH_AUTOFD __attribute__((cleanup(rh_fd_close))) int
void rh_fd_close(int *fd);

/* An open directory; closed by g_autoptr. */
typedef struct RhDir RhDir;

/* What a file is, as it can be known without opening it. */
typedef struct {
    guint mode;  /* as st_mode */
    guint owner; /* a user's id */
    guint major; /* of the device that a device node is */
    guint minor;
    guint64 mount;  /* of two files on one mount the same; 0: unknown */
    guint64 system; /* the file system's device number, and in it the file's own */
    guint64 inode;
    guint64 size;    /* bytes */
    gint64 modified; /* nanoseconds since 1970: its content, and anything of it */
    gint64 changed;
} RhFacts;

/* Whether both are of the same file with the same content. */
gboolean rh_facts_equal(const RhFacts *a, const RhFacts *b);

/* Opens @path (absolute, or relative to the working directory). Error: RH_ERROR_HOST. */
RhDir *rh_dir_open(const char *path, GError **error);
void rh_dir_free(RhDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhDir, rh_dir_free)

/*
 * Reads a one-line file (sysfs: at most 64 KiB), white space at its end removed, and what is not
 * UTF-8, or what no XML can hold, replaced: a vendor's driver may say anything. *@ret_value is
 * owned by the caller; "" where the file is empty, and NULL where there is no such file or its
 * device is gone (ENOENT, ENOTDIR, ENODEV, ENXIO). FALSE and RH_ERROR_HOST otherwise.
 */
gboolean rh_dir_read(RhDir *dir, const char *path, char **ret_value, GError **error);

/* The first 64 KiB of a file that may be longer, as above; NULL where it cannot be read. Owned by
 * the caller. */
char *rh_dir_read_head(RhDir *dir, const char *path);

/* Writes @value to the existing file @path with one write(). Error: RH_ERROR_HOST. */
gboolean rh_dir_write(RhDir *dir, const char *path, const char *value, GError **error);

/* The text of the symbolic link @path, replaced in like manner, or NULL where there is none. Owned
 * by the caller. */
char *rh_dir_link(RhDir *dir, const char *path);

/* The last component of what the symbolic link @path leads to, or NULL where there is none. */
char *rh_dir_link_name(RhDir *dir, const char *path);

/* 0 where @path can be opened for reading and writing, an errno value where not; closed at once. */
int rh_dir_probe(RhDir *dir, const char *path);

/* Whether @path exists (links followed). */
gboolean rh_dir_exists(RhDir *dir, const char *path);
/* Whether it is known not to. Where nobody could look, it neither exists nor is it lacking. */
gboolean rh_dir_lacks(RhDir *dir, const char *path);

/* What @path is; a link itself, unless @follow. No server is asked, and nothing mounted. FALSE
 * where that cannot be known. */
gboolean rh_dir_look(RhDir *dir, const char *path, gboolean follow, RhFacts *ret_facts);

/* The directory @path as one of its own, or NULL where there is none that may be listed. */
RhDir *rh_dir_open_below(RhDir *dir, const char *path);

/* Calls @visit for each name in @dir, in no order, until it returns FALSE or none is left. */
void rh_dir_visit(RhDir *dir, gboolean (*visit)(const char *name, gpointer data), gpointer data);

/*
 * The names in the directory @path in natural order, without "." and ".."; an empty array where
 * there is no such directory. A name that is not UTF-8, or that no XML can hold, is left out. NULL
 * and RH_ERROR_HOST otherwise.
 */
GPtrArray *rh_dir_list(RhDir *dir, const char *path, GError **error);

/* Everything that is in the file @path; "-" is standard input. @what names the document in errors.
 * Refuses more than RH_MAX_DOCUMENT bytes. Error: RH_ERROR_INPUT; RH_ERROR_HOST where reading it
 * failed. */
GBytes *rh_read_document(const char *path, const char *what, GError **error);
/* The same for a file that is made by other programs on this host: nothing but a regular file is
 * read, so that nobody waits for a pipe. Error: RH_ERROR_INPUT where it is no document,
 * RH_ERROR_HOST where nobody could look, nor where it is not there. */
GBytes *rh_read_regular(const char *path, const char *what, GError **error);
GBytes *rh_read_document_fd(int fd, const char *what, GError **error);

/* Writes all of @bytes to @fd. Error: RH_ERROR_HOST. */
gboolean rh_write_all(int fd, GBytes *bytes, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/diff.h"

#include "util/error.h"
#include "util/file.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What diff finds its two inputs as. */
enum { BEFORE_FD = 3, AFTER_FD = 4 };

static int memory_file(GBytes *bytes, GError **error)
{
    int fd = memfd_create("virt-rehome", MFD_CLOEXEC);

    if (fd < 0) {
        rh_raise_errno(error, RH_ERROR_HOST, errno, "cannot make a file in memory");
        return -1;
    }
    if (!rh_write_all(fd, bytes, error) || lseek(fd, 0, SEEK_SET) < 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static gboolean run_diff(int before, int after, GPid *ret_pid, int *ret_out, GError **error)
{
    const char *argv[] = {"diff",        "-u",        "--label",   "source", "--label",
                          "destination", "/dev/fd/3", "/dev/fd/4", NULL};
    const int from[] = {before, after};
    const int to[] = {BEFORE_FD, AFTER_FD};
    g_autoptr(GError) reason = NULL;

    if (g_spawn_async_with_pipes_and_fds(
            NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, -1,
            -1, from, to, G_N_ELEMENTS(from), ret_pid, NULL, ret_out, NULL, &reason))
        return TRUE;
    return rh_raise(error, RH_ERROR_HOST, "cannot run diff: %s", reason->message);
}

gboolean rh_diff_append(GString *out, GBytes *before, GBytes *after, GError **error)
{
    RH_AUTOFD before_fd = memory_file(before, error);
    RH_AUTOFD after_fd = before_fd < 0 ? -1 : memory_file(after, error);
    RH_AUTOFD pipe = -1;
    g_autoptr(GBytes) text = NULL;
    int status = 0;
    GPid pid;

    if (after_fd < 0 || !run_diff(before_fd, after_fd, &pid, &pipe, error))
        return FALSE;
    text = rh_read_document_fd(pipe, "what diff prints", error);
    if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
        return text && rh_raise(error, RH_ERROR_HOST, "diff failed");
    if (text)
        g_string_append_len(out, g_bytes_get_data(text, NULL), (gssize)g_bytes_get_size(text));
    return text != NULL;
}

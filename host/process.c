/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/process.h"

#include "util/text.h"

#include <string.h>

/* *@ret_start: 0 where there is no such process. FALSE where the kernel does not say. */
static gboolean read_start(RhDir *root, gint64 pid, guint64 *ret_start)
{
    g_autofree char *path = g_strdup_printf("proc/%" G_GINT64_FORMAT "/stat", pid);
    g_autofree char *stat = NULL;
    g_auto(GStrv) fields = NULL;
    const char *after_name;

    *ret_start = 0;
    if (!rh_dir_read(root, path, &stat, NULL))
        return FALSE;
    if (!stat)
        return TRUE;
    after_name = strrchr(stat, ')'); /* a name may hold blanks and brackets */
    fields = after_name ? g_strsplit(after_name, " ", -1) : NULL;
    /* field 2 is the name, here field 0 */
    return fields && g_strv_length(fields) > 20 &&
           rh_parse_number(fields[20], G_MAXUINT64, ret_start);
}

guint64 rh_process_start(RhDir *root, gint64 pid)
{
    guint64 start;

    return pid > 0 && read_start(root, pid, &start) ? start : 0;
}

gboolean rh_process_lives(RhDir *root, gint64 pid, guint64 start)
{
    guint64 now;

    if (pid <= 0)
        return FALSE;
    return !read_start(root, pid, &now) || (start > 0 ? now == start : now > 0);
}

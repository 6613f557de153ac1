/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"

#include <errno.h>
#include <unistd.h>

G_DEFINE_QUARK(rh - error - quark, rh_error)

static void set_error(GError **error, RhError code, const char *suffix, const char *format,
                      va_list args) G_GNUC_PRINTF(4, 0);

static void set_error(GError **error, RhError code, const char *suffix, const char *format,
                      va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    g_set_error(error, RH_ERROR, (int)code, "%s%s%s", valid, suffix ? ": " : "",
                suffix ? suffix : "");
}

gboolean rh_raise(GError **error, RhError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(error, code, NULL, format, args);
    va_end(args);
    return FALSE;
}

/* What to do where nobody may. */
static const char *remedy_of(int errnum)
{
    if (errnum != EACCES && errnum != EPERM)
        return "";
    return geteuid() != 0 ? "; it takes root"
                          : "; allow it where SELinux, AppArmor or a container forbids it";
}

gboolean rh_raise_errno(GError **error, RhError code, int errnum, const char *format, ...)
{
    g_autofree char *why = g_strconcat(g_strerror(errnum), remedy_of(errnum), NULL);
    va_list args;

    va_start(args, format);
    set_error(error, code, why, format, args);
    va_end(args);
    return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults. A verdict ("this device does not fit") is a value and never an error;
 * an error is something that kept us from deciding, told in one sentence for the operator:
 * what, which object, which values, what to do. Lower case, no newline, no code number.
 */
#pragma once

#include <glib.h>

typedef enum {
    RH_ERROR_USAGE,   /* the words on the command line */
    RH_ERROR_INPUT,   /* a document that was given to us */
    RH_ERROR_CONFIG,  /* the configuration file */
    RH_ERROR_HOST,    /* the kernel, sysfs, netlink, a stream */
    RH_ERROR_STATE,   /* our own files below /run */
    RH_ERROR_REFUSED, /* the answer is no, for a reason that is no device's */
    RH_ERROR_BUG,     /* cannot happen */
} RhError;

#define RH_ERROR (rh_error_quark())
GQuark rh_error_quark(void);

/* Sets @error to (@code, formatted text) and returns FALSE, so that raising is one statement. */
gboolean rh_raise(GError **error, RhError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same with ": " and the text of @errnum (an errno value) at the end. */
gboolean rh_raise_errno(GError **error, RhError code, int errnum, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A refusal: its text, and how it waits: what `restore begin` could not plan is refused at `prepare
 * begin`, for libvirt 11.3 deletes a managed save whose hook fails earlier. A file each in the
 * state folder.
 */
#pragma once

#include <glib.h>

/* libvirt passes standard error on to whoever migrates: all that is said there, in bytes. */
#define RH_MAX_MESSAGE 2048u

/* A fault as such a text: one line. Owned by the caller. */
char *rh_refusal_of_fault(const GError *error);

/* A refusal is worth this long, in seconds while the host is awake (CLOCK_MONOTONIC). */
#define RH_REFUSAL_SECONDS 120

/* Whose refusal it is. */
typedef struct {
    const char *guest; /* its name, which decides only where there is no uuid */
    const char *uuid;  /* NULL: not known */
    GStrv sources;     /* of its devices of ours; NULL: not known, whichever it has */
} RhRefused;

/*
 * Before a restore of @guest is planned: leaves a trace, an empty file, so that a refusal that is
 * lost (the process ended, the file system full) does not become a start. It needs no room in a
 * file system that has none. Error: RH_ERROR_STATE.
 */
gboolean rh_refusal_expect(const char *state, const char *guest, GError **error);

/* The restore was planned, or its refusal is left: the trace goes. */
void rh_refusal_expect_none(const char *state, const char *guest);

/* Leaves @text for @refused in the folder @state, which is created. Error: RH_ERROR_STATE. */
gboolean rh_refusal_leave(const char *state, const RhRefused *refused, const char *text,
                          GError **error);

/* Takes away what an earlier restore of that guest left: another one decides, or a migration. */
void rh_refusal_forget(const char *state, const RhRefused *refused);

/*
 * Takes the refusal that was left for @refused away, if there is one, and returns its text, owned
 * by the caller, if it still counts and was for these sources. *@ret_doubt, the caller's, is why
 * there may have been one that nobody can read, a clause; NULL: there was none.
 */
char *rh_refusal_take(const char *state, const RhRefused *refused, char **ret_doubt);

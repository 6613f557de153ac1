/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A refusal: its text, and how it waits: what `restore begin` could not plan is refused at `prepare
 * begin`, for libvirt 11.3 deletes a managed save whose hook fails earlier. A file each in the
 * state folder.
 */
#pragma once

#include "core/plan.h"

/* libvirt passes standard error on to whoever migrates: all that is said there, in bytes. */
#define RH_MAX_MESSAGE 2048u

/* The text for standard error: the sentence, then a line per candidate, at most 2 KiB. Owned by the
 * caller. */
char *rh_refusal_describe(const RhPlan *plan);

/* A fault as such a text: one line. Owned by the caller. */
char *rh_refusal_of_fault(const GError *error);

/* A refusal is worth this long, in seconds, by CLOCK_BOOTTIME. */
#define RH_REFUSAL_SECONDS 120

/*
 * Leaves @text for the guest called @guest, which has the devices @sources (NULL: whichever), in
 * the folder @state, which is created. Error: RH_ERROR_STATE.
 */
gboolean rh_refusal_leave(const char *state, const char *guest, GStrv sources, const char *text,
                          GError **error);

/* Takes the refusal that was left for @guest away, if there is one, and returns its text, owned by
 * the caller, if it still counts and was for @sources. */
char *rh_refusal_take(const char *state, const char *guest, GStrv sources);

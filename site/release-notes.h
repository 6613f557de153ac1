/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Releases that could not be written into the claims, since somebody else had the lock for too
 * long: a file each in the state folder, `released-PID-…`, left without the lock. Whoever has the
 * lock next obeys them and takes them away.
 */
#pragma once

#include "core/claims.h"

/* In a folder: so many are left, and so many are read at a time. */
#define RH_MAX_RELEASE_NOTES 256u
/* Bytes of one, as a file. A longer one names the guest in place of its claims. */
#define RH_MAX_RELEASE_NOTE (64u * 1024)

/*
 * Leaves a note in the folder @state that what @claimant holds of @claims is over; @claims NULL: it
 * could not be read, and all that it held until @claimant's time is over. Error: RH_ERROR_STATE.
 */
gboolean rh_release_notes_leave(const char *state, const RhClaims *claims,
                                const RhClaimant *claimant, GError **error);

/* Drops from @claims what the notes in @state say. Returns the names of those that are done with,
 * owned by the caller: what cannot be read is left for the next, what makes no sense is not. */
GStrv rh_release_notes_obey(const char *state, RhClaims *claims);

/* Takes the notes called @names away, once what they say is written. */
void rh_release_notes_remove(const char *state, GStrv names);

/* Takes away what processes left of @state's notes that were killed while they wrote one. */
void rh_release_notes_sweep(const char *state);

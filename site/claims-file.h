/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The claims on disk: one file in the state folder, read and replaced as a whole under a lock. It
 * lives in /run, and is gone with a reboot as the devices' users are.
 */
#pragma once

#include "core/claims.h"

typedef struct RhClaimsFile RhClaimsFile;

/* Makes the folder @state (0700) where it is not there; takes no lock yet, so that a child and its
 * parent may share one. Error: RH_ERROR_STATE. */
RhClaimsFile *rh_claims_file_open(const char *state, GError **error);
/* Gives the lock back. */
void rh_claims_file_free(RhClaimsFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhClaimsFile, rh_claims_file_free)

/*
 * Takes the lock, which processes forked since rh_claims_file_open() share, and notes @purpose
 * (a guest) and who opened @file for those who wait. Waits until @deadline
 * (g_get_monotonic_time()). A lock that somebody removed meanwhile keeps nobody out: who opened
 * @file opens another; for a process forked since it is an error. Error: RH_ERROR_STATE, naming who
 * holds it.
 */
gboolean rh_claims_file_lock(RhClaimsFile *file, const char *purpose, gint64 deadline,
                             GError **error);

/* Gives the lock back, also for processes that share it. */
void rh_claims_file_unlock(RhClaimsFile *file);

/* Whether the lock that @file has is the one that others find, so that it keeps them out. */
gboolean rh_claims_file_is_current(const RhClaimsFile *file);

/*
 * What stands in the file, under the lock, without what releases that waited say is over; nothing
 * where there is none. Where what it says is no
 * list of claims, *@ret_damage, the caller's, tells why, and nothing stands in it; NULL: it is one.
 * Damage is what was read as a whole and makes no sense: a file that could not be opened or read,
 * as where the host's table of files is full, is as good as before. Error: RH_ERROR_STATE; then
 * nothing on disk may be changed, for nobody knows what is held.
 */
RhClaims *rh_claims_file_load(RhClaimsFile *file, char **ret_damage, GError **error);

/*
 * The releases that waited, which what was loaded obeys (site/release-notes): they are taken away
 * once it is saved. Whoever saves what another process loaded hands them over. Owned by the caller,
 * and by @file.
 */
GStrv rh_claims_file_notes(const RhClaimsFile *file);
void rh_claims_file_take_notes(RhClaimsFile *file, GStrv notes);

/* Keeps a damaged file for a person to look at, so that the next can be written. Returns what to
 * tell, the caller's. What it said is known from libvirt's status files too. */
char *rh_claims_file_set_aside(RhClaimsFile *file, const char *damage);

/* What stands in the file of the folder @state, without a lock, for those who only look: nothing
 * where it is not there. Error: RH_ERROR_INPUT where it is damaged, RH_ERROR_STATE where it cannot
 * be read. */
RhClaims *rh_claims_file_peek(const char *state, GError **error);

/* Replaces the file: written aside, synced, renamed. Error: RH_ERROR_STATE, also where the lock was
 * removed meanwhile; then the old one stands. */
gboolean rh_claims_file_save(RhClaimsFile *file, GBytes *claims, GError **error);

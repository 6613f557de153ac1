/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Claims: the devices of this host that are held for guests. A list and what happens to it; pure.
 * site/claims-file keeps it in a file.
 *
 * A guest's claims on a device go this way. Each state ends by facts (rh_claims_expire()), since
 * libvirt calls nobody when a guest on its way is turned away elsewhere.
 *
 *           migrate, restore
 *                  |
 *                  v            prepare          start, started
 *     (free) -> reserved ---------------> claimed ------------> running <--- reconnect
 *        ^         |           (also from    |                     |
 *        |         |            free)        |                     |
 *        +---------+-------------------------+---------------------+
 *
 * reserved   A guest was promised the device and is on its way here.
 *    enters  `migrate begin` and `restore begin`, each with all of the guest's devices at once. It
 *            may stand beside the same guest's claimed or running ones, of the same device too: an
 *            incoming copy that libvirt then turns away costs the running guest nothing.
 *    fields  `device` is the name that the promise was made for, and `prepare` asks whether it
 *            still is behind `key`; NULL where the device was left as it was. `cold`: the record
 *            said that the guest is shut off. `prepare` so soon afterwards is a live migration all
 *            the same, and judges anew. `daemon` says nothing here.
 *    ends    RH_RESERVATION_SECONDS after `time`; with the guest's next `migrate`, `restore` or
 *            `prepare`; by hand. Not with `release`: the guest may be on its way back.
 *
 * claimed    The guest's start has begun. Nothing else shows its devices yet.
 *    enters  `prepare begin`: the guest's claims of all states become these.
 *    fields  `time` is when `prepare` ran. `daemon` and `daemon_start` are valid together:
 * libvirt's daemon that builds the guest; both 0 where none is known. `device` is of the
 *            reservation, NULL where there was none.
 *    ends    with `stopped` and `release`. Without them never before RH_RESERVATION_SECONDS, and
 *            only where neither status file nor process shows the guest: once the daemon is gone,
 * or RH_START_SECONDS after `time` (a daemon that lives may have been killed between two of our
 * calls and started anew, or may never have called).
 *
 * running    QEMU was started, and libvirt's status file shows the guest.
 *    enters  `start begin`, `started begin` (from claimed); `reconnect begin`, after the daemon was
 *            restarted.
 *    fields  `time` is when it became so. `daemon` is of the state before and is not read any more.
 *    ends    with `stopped` and `release`; or, RH_RESERVATION_SECONDS after `time` at the earliest,
 *            where neither status file nor process shows the guest, or its status file does not
 *            name the device any more (it was unplugged).
 *
 * Whoever asks for facts and gets no answer has not learnt that anything ended.
 */
#pragma once

#include "core/guest.h"

/* A reservation ends by itself after this long, in seconds; nothing else ends sooner without being
 * told: a guest that is being built has no status file yet, and the daemon may be a script. */
#define RH_RESERVATION_SECONDS 120

/* How long after `prepare` libvirt may take until a status file or a process shows the guest. */
#define RH_START_SECONDS 600

/* What is written can be read again: limits on both, so that a file of so many claims, each as long
 * as can be and written as XML, is no longer than its reader takes. */
#define RH_MAX_CLAIMS 2048u      /* on a host */
#define RH_MAX_CLAIM_TEXT 255u   /* bytes of a guest's name or uuid, and of a device's name */
#define RH_MAX_CLAIM_SOURCE 512u /* bytes of a key: a guest's XML may name a node by any path */

typedef enum { RH_CLAIM_RESERVED, RH_CLAIM_CLAIMED, RH_CLAIM_RUNNING } RhClaimState;

typedef struct {
    RhKind kind;
    char *key;    /* the device as a guest's XML has it: a node, a uuid */
    char *device; /* its name on this host; NULL: unknown */
    char *guest;  /* name; NULL: the XML has none */
    char *uuid;   /* NULL: the XML has none */
    RhClaimState state;
    gboolean cold;        /* reserved for a guest that boots anew, by the rules for that */
    gint64 time;          /* seconds by CLOCK_BOOTTIME, when it got its state */
    gint64 daemon;        /* pid of the libvirt daemon that asked; 0: none */
    guint64 daemon_start; /* its start time: /proc/PID/stat, field 22 */
} RhClaim;

/* "reserved", "claimed", "running", and back. */
const char *rh_claim_state_name(RhClaimState state);
gboolean rh_claim_state_by_name(const char *name, RhClaimState *ret_state);

typedef GPtrArray RhClaims; /* of RhClaim */
RhClaims *rh_claims_new(void);
void rh_claim_free(RhClaim *claim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhClaim, rh_claim_free)

/* Who asks: the guest, the daemon, and when. */
typedef struct {
    const char *guest; /* NULL: unknown */
    const char *uuid;  /* NULL: unknown */
    gint64 now;
    gint64 daemon;
    guint64 daemon_start;
} RhClaimant;

/* Whether @claim is @claimant's: the same uuid, or the same name where one of them has no uuid. */
gboolean rh_claim_is_of(const RhClaim *claim, const RhClaimant *claimant);

/* The same of the guest called @guest with @uuid; either NULL: unknown. */
gboolean rh_claimant_is(const RhClaimant *claimant, const char *guest, const char *uuid);

/* Whether the claim, or all of @claims, keep the limits. Error: RH_ERROR_REFUSED, with the guest
 * and the limit. */
gboolean rh_claim_check(const RhClaim *claim, GError **error);
gboolean rh_claims_check(const RhClaims *claims, GError **error);

/* Holds a device for @claimant in @state: its claim, which is owned by @claims. One claim a device,
 * guest and (reserved or not) state. */
RhClaim *rh_claims_hold(RhClaims *claims, const RhClaimant *claimant, RhKind kind, const char *key,
                        const char *device, RhClaimState state);

/* The claim of another guest on the device, or NULL. Owned by @claims. */
const RhClaim *rh_claims_other(const RhClaims *claims, const RhClaimant *claimant, RhKind kind,
                               const char *key);

/* The claimant's own reservation of the device, or of any with @key NULL; NULL: none. */
const RhClaim *rh_claims_reservation(const RhClaims *claims, const RhClaimant *claimant,
                                     RhKind kind, const char *key);

/* Whether the claimant has claims that are no reservations. */
gboolean rh_claims_holds(const RhClaims *claims, const RhClaimant *claimant);

/* Drops the claimant's reservations; those of its claims that are none; or all. Returns how many.
 */
guint rh_claims_drop_reservations(RhClaims *claims, const RhClaimant *claimant);
guint rh_claims_drop_held(RhClaims *claims, const RhClaimant *claimant);
guint rh_claims_drop(RhClaims *claims, const RhClaimant *claimant);

/* The claimant's claims (not reservations) become running. Returns whether any changed. */
gboolean rh_claims_confirm(RhClaims *claims, const RhClaimant *claimant);

/*
 * What a release says that could not be written into the claims: which claims are over. It names
 * them, not the guest, which may have been started again by the time that somebody reads it.
 */
typedef struct {
    gint64 time; /* seconds by CLOCK_BOOTTIME: what was claimed in that second or later stays */
    char *guest; /* where the claims could not be read: all that this guest held; NULL: */
    char *uuid;  /*   both, where they could */
    RhClaims *claims; /* those that are over, as they stood; empty where they could not be read */
} RhReleaseNote;
void rh_release_note_free(RhReleaseNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhReleaseNote, rh_release_note_free)

/* A release at @claimant's time of what it holds of @claims; NULL: nobody knows what it holds.
 * Owned by the caller. */
RhReleaseNote *rh_release_note_new(const RhClaims *claims, const RhClaimant *claimant);

/* Drops what @note says, if it still stands as it says: a reservation, and whatever the guest got
 * since, does not. Returns how many. Twice is as good as once. */
guint rh_claims_obey(RhClaims *claims, const RhReleaseNote *note);

/* What tells that a claim is over. */
typedef struct {
    gint64 now;
    /* whether it does, or nobody knows; @pid is not 0 */
    gboolean (*daemon_lives)(gint64 pid, guint64 start, gpointer data);
    /* whether a status file or a process shows the guest, or nobody knows */
    gboolean (*guest_lives)(const RhClaim *claim, gpointer data);
    gpointer data;
} RhClaimFacts;

/* Drops what is over, as it is told above. Returns whether any was. */
gboolean rh_claims_expire(RhClaims *claims, const RhClaimFacts *facts);

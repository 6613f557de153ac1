/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Claims: the devices of this host that are held for guests. A list and what happens to it; pure.
 * hook/claims-file keeps it in a file.
 *
 * reserved: a guest was promised the device and is on its way. claimed: its start has begun.
 * running: it started. Each ends by facts (rh_claims_expire()), since libvirt calls nobody when a
 * guest on its way is turned away elsewhere.
 */
#pragma once

#include "core/guest.h"

/* A reservation ends by itself after this long, in seconds; nothing else ends sooner without being
 * told: a guest that is being built has no status file yet, and the daemon may be a script. */
#define RH_RESERVATION_SECONDS 120

typedef enum { RH_CLAIM_RESERVED, RH_CLAIM_CLAIMED, RH_CLAIM_RUNNING } RhClaimState;

typedef struct {
    RhKind kind;
    char *key;    /* the device as a guest's XML has it: a node, a uuid */
    char *device; /* its name on this host; NULL: unknown */
    char *guest;  /* name; NULL: the XML has none */
    char *uuid;   /* NULL: the XML has none */
    RhClaimState state;
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

/* Holds a device for @claimant in @state. One claim a device, guest and (reserved or not) state. */
void rh_claims_hold(RhClaims *claims, const RhClaimant *claimant, RhKind kind, const char *key,
                    const char *device, RhClaimState state);

/* The claim of another guest on the device, or NULL. Owned by @claims. */
const RhClaim *rh_claims_other(const RhClaims *claims, const RhClaimant *claimant, RhKind kind,
                               const char *key);

/* The claimant's own reservation of the device, or of any with @key NULL; NULL: none. */
const RhClaim *rh_claims_reservation(const RhClaims *claims, const RhClaimant *claimant,
                                     RhKind kind, const char *key);

/* Drops the claimant's reservations; those of its claims that are none; or all. Returns how many.
 */
guint rh_claims_drop_reservations(RhClaims *claims, const RhClaimant *claimant);
guint rh_claims_drop_held(RhClaims *claims, const RhClaimant *claimant);
guint rh_claims_drop(RhClaims *claims, const RhClaimant *claimant);

/* The claimant's claims (not reservations) become running. Returns whether any changed. */
gboolean rh_claims_confirm(RhClaims *claims, const RhClaimant *claimant);

/* What tells that a claim is over. */
typedef struct {
    gint64 now;
    gboolean (*daemon_lives)(gint64 pid, guint64 start, gpointer data);
    /* a status file names the guest */
    gboolean (*guest_lives)(const RhClaim *claim, gpointer data);
    gpointer data;
} RhClaimFacts;

/* Drops what is over: reservations after their time; after the same time claims of a guest and
 * daemon that are gone, and running claims of a guest that is gone. Returns whether any was. */
gboolean rh_claims_expire(RhClaims *claims, const RhClaimFacts *facts);

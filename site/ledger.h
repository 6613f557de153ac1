/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ledger: the claims of this host while somebody works on them, under the lock, up to date with
 * the facts, and on behalf of who asks. It is opened, written and, where what stood there is no
 * list of claims, set aside here alone.
 *
 * A child may open its parent's ledger, and hand over what it made of it (rh_ledger_pack()): the
 * lock is both's, and the parent alone writes.
 */
#pragma once

#include "core/claims.h"
#include "site/claims-file.h"
#include "site/users.h"

typedef struct {
    RhClaims *claims;    /* what is held; NULL: not open yet, or another process opened it */
    RhClaimant claimant; /* who asks; complete once it is open */
    gboolean locked;     /* for us: not where the time to wait is over */
    char *warning;       /* what became of a file that was no list of claims; NULL: it was one */
    RhClaimsFile *file;  /* NULL: there is none, since this ledger does without */
    pid_t owner;         /* the process that made it */
    char *damage;        /* why the file is no list of claims, to be told by the owner; NULL */
    GBytes *written;     /* the claims as a child wrote them; NULL: none has */
} RhLedger;

/* A ledger for @guest (its name) with @uuid, either NULL: unknown; both must outlive it. It is
 * neither locked nor read yet. Error: RH_ERROR_STATE. */
RhLedger *rh_ledger_new(const RhEnvironment *environment, const char *guest, const char *uuid,
                        GError **error);

/* One without a file, for who may go on where it cannot be had: nothing is held, and nothing can be
 * written. @users as in rh_ledger_open(). */
RhLedger *rh_ledger_do_without(const char *guest, const char *uuid, const RhUsers *users);

/* Gives the lock back. */
void rh_ledger_free(RhLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhLedger, rh_ledger_free)

/*
 * Waits for the lock until @deadline (g_get_monotonic_time()), reads the claims, and drops those
 * that are over by what @users knows, which is read again where it was read before (NULL: nobody
 * asks for facts). Error: RH_ERROR_STATE, for what cannot be locked (@ledger->locked is FALSE) or
 * not be read.
 */
gboolean rh_ledger_open(RhLedger *ledger, RhUsers *users, gint64 deadline, GError **error);

/* Gives the lock back before the end: the ledger is not open any more. */
void rh_ledger_close(RhLedger *ledger);

/* Writes the claims, those that a child handed over or our own. Error: RH_ERROR_STATE;
 * RH_ERROR_REFUSED where they do not keep the limits. */
gboolean rh_ledger_save(RhLedger *ledger, GError **error);

/* What a child made of the ledger, for rh_ledger_take() of its parent; floating. NULL and
 * RH_ERROR_REFUSED where the claims do not keep the limits. */
GVariant *rh_ledger_pack(const RhLedger *ledger, GError **error);

/* Takes over @packed (a dictionary) of a child, for rh_ledger_save(). */
void rh_ledger_take(RhLedger *ledger, GVariant *packed);

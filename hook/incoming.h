/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that comes in, by migration or from a saved image: its XML is read, planned on the
 * devices that nobody uses, and written for this host; what it gets is reserved.
 */
#pragma once

#include "site/environment.h"
#include "site/ledger.h"

/* Why a guest is looked at. */
typedef enum {
    RH_INCOMING_MIGRATE,
    RH_INCOMING_RESTORE,
    /* Its devices were never planned here: judged as they stand, never moved, and even where the
     * claims cannot be had. As what its state will find, or as what it will find when it boots. */
    RH_INCOMING_START,
    RH_INCOMING_BOOT,
    /* Its restore was refused here: the same as what its state will find, and nothing may be
     * missing or in a form that is not understood. */
    RH_INCOMING_AGAIN,
} RhIncoming;

/* What became of it. */
typedef struct {
    char *guest;    /* its name; NULL: not read */
    char *uuid;     /* NULL: not read */
    GStrv sources;  /* of its devices of ours, in XML order; NULL: not read */
    GBytes *output; /* its XML for this host; NULL: unchanged */
    char *refusal;  /* the reason, then a line per candidate; NULL: it fits */
    GStrv plans;    /* for the journal: what each device gets; NULL: none */
    GStrv warnings; /* for the journal; NULL: none */
} RhDecision;
void rh_decision_clear(RhDecision *decision);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RhDecision, rh_decision_clear)

/*
 * Decides on the guest whose XML is @bytes, in a child process, within the configured deadline. A
 * refusal is an answer, not an error. *@ret_ledger is the caller's: what is to be written by
 * rh_ledger_save(), with the lock; NULL: nothing is. Error: any.
 */
gboolean rh_incoming_decide(const RhEnvironment *environment, GBytes *bytes, RhIncoming why,
                            RhLedger **ret_ledger, RhDecision *ret_decision, GError **error);

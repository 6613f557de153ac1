/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who uses this host's devices: our claims, libvirt's status files (the only place that shows what
 * was hot-plugged), and the processes that have a device open.
 */
#pragma once

#include "core/claims.h"
#include "hook/environment.h"

typedef struct {
    GPtrArray *guests;   /* of RhGuest: the running ones that have devices of ours */
    GPtrArray *defined;  /* of RhGuest: those whose persistent definition names devices of ours */
    GHashTable *names;   /* of all status files; the value tells whether it could be read */
    gboolean known;      /* libvirt's folder of status files could be read */
    GPtrArray *warnings; /* of char *: status files that could not be read */
    RhHost *host;        /* borrowed; NULL: a saved inventory */
    const char *root;    /* the environment's, borrowed */
    gint64 now;          /* CLOCK_BOOTTIME, seconds */
} RhUsers;

/* Reads libvirt's status files and definitions below @environment's root. That root and @host (may
 * be NULL) must outlive it. Never fails: what cannot be read becomes a warning. */
RhUsers *rh_users_read(const RhEnvironment *environment, RhHost *host);
void rh_users_free(RhUsers *users);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhUsers, rh_users_free)

/* Drops the claims that are over. Returns whether any was. */
gboolean rh_users_expire(const RhUsers *users, RhClaims *claims);

/* Who else than @claimant uses the device, "guest db2" (owned by the caller); NULL: nobody known.
 */
char *rh_users_other(const RhUsers *users, const RhClaims *claims, const RhClaimant *claimant,
                     RhKind kind, const char *key);

/* Finds which nodes the sites' own links among @guest's sources lead to on @host (NULL: none). */
void rh_users_resolve(RhHost *host, const RhGuest *guest);

/*
 * Gives each used device of @inventory its `used-by` and `used-by-uuid`, and each that another
 * guest's definition names its `named-by`. @claimant's own reservations do not count, and what it
 * has otherwise is marked with its own name; NULL: nobody asks.
 */
void rh_users_mark(const RhUsers *users, const RhClaims *claims, const RhClaimant *claimant,
                   RhInventory *inventory);

/* The same with what is known right now, for those who only look: @guest (NULL: nobody) asks. */
void rh_users_mark_now(const RhEnvironment *environment, RhHost *host, const RhGuest *guest,
                       RhInventory *inventory);

/* The same of what is in use alone, for those who plan what definitions shall name. */
void rh_users_mark_in_use(const RhEnvironment *environment, RhHost *host, RhInventory *inventory);

/* Seconds by CLOCK_BOOTTIME, and who asks: @guest on behalf of the libvirt daemon @daemon (its
 * pid). */
gint64 rh_users_now(void);
RhClaimant rh_users_claimant(const RhUsers *users, const char *guest, const char *uuid,
                             gint64 daemon);

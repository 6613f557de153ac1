/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who uses this host's devices: our claims, libvirt's status files (the only place that shows what
 * was hot-plugged), and the processes that have a device open.
 */
#pragma once

#include "core/usage.h"
#include "site/environment.h"

typedef struct {
    GPtrArray *guests;  /* of RhGuest: the running ones that have devices of ours; borrowed */
    GPtrArray *defined; /* of RhGuest: those whose persistent definition names some; borrowed */
    GHashTable *names;  /* of all status files; the value tells whether it could be read */
    gboolean known;     /* libvirt's folder of status files could be read */
    const char *fault;  /* why not all of them could be read, so that nobody knows what their guests
                           use; NULL: they could, damaged ones too; borrowed */
    GPtrArray *warnings;         /* of char *: status files that could not be read */
    RhHost *host;                /* borrowed; NULL: a saved inventory */
    const char *root;            /* the environment's, borrowed */
    gint64 now;                  /* CLOCK_BOOTTIME, seconds */
    gboolean is_read;            /* rh_users_refresh() ran: not for who only writes its claims */
    struct RhGuestFiles *status; /* what was read, of which the above is made */
    struct RhGuestFiles *definitions;
    RhHolders *holders; /* NULL: not looked for yet */
} RhUsers;

/* Reads libvirt's status files and definitions below @environment's root. That root and @host (may
 * be NULL) must outlive it. Never fails: what cannot be read becomes a warning. */
RhUsers *rh_users_read(const RhEnvironment *environment, RhHost *host);

/* The same, but nothing is read yet: for those who only write claims. */
RhUsers *rh_users_new(const RhEnvironment *environment, RhHost *host);

/* Reads what is new or has changed since: under the lock, that is little. */
void rh_users_refresh(RhUsers *users);

/* Looks which processes have devices of @inventory open that no guest that runs has. It may take a
 * second: before the lock. rh_users_mark() does it where nobody did. */
void rh_users_look(RhUsers *users, const RhInventory *inventory);

/* Looks again for those of @devices (of RhDevice) that are to be given, among the processes that
 * are likely to have them. Returns whether one was marked as used. */
gboolean rh_users_look_again(const RhUsers *users, GPtrArray *devices);

/* A warning where there was no time to look at all processes, the caller's; NULL: there was. */
char *rh_users_warn_of_left(const RhUsers *users);

/* Why it is not known what processes have open, for some could not be looked at: the caller's;
 * NULL: all could, or nobody looked. */
char *rh_users_warn_of_denied(const RhUsers *users);
void rh_users_free(RhUsers *users);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhUsers, rh_users_free)

/* Drops the claims that are over. Returns whether any was. */
gboolean rh_users_expire(const RhUsers *users, RhClaims *claims);

/* What of it tells which guests have which devices, with @claims; borrowed. */
RhUsage rh_users_usage(const RhUsers *users, const RhClaims *claims);

/* Settles what of @guest is ours, by @inventory, or where that is NULL by @host; both NULL: nobody
 * can say more than the XML. And finds which nodes the sites' own links among its sources lead to
 * on @host. The guest's record was read, where that counts. */
void rh_users_settle(RhHost *host, const RhInventory *inventory, RhGuest *guest);

/* Marks @inventory's devices as rh_usage_mark() does, and of those that no guest has the ones that
 * a process has open. */
void rh_users_mark(RhUsers *users, const RhClaims *claims, const RhClaimant *claimant,
                   RhInventory *inventory);

/* The same with what is known right now, for those who only look: @guest (NULL: nobody) asks. FALSE
 * and RH_ERROR_STATE where not all is known, and then @inventory is not complete: what is known is
 * marked, and where nobody may look, all other devices may be in use. */
gboolean rh_users_mark_now(const RhEnvironment *environment, RhHost *host, const RhGuest *guest,
                           RhInventory *inventory, GError **error);

/* The same of what is in use alone, for those who plan what definitions shall name. FALSE and
 * RH_ERROR_STATE where that is not known. */
gboolean rh_users_mark_in_use(const RhEnvironment *environment, RhHost *host,
                              RhInventory *inventory, GError **error);

/* Seconds by CLOCK_BOOTTIME, and who asks: @guest on behalf of the libvirt daemon @daemon (its
 * pid). */
gint64 rh_users_now(void);
RhClaimant rh_users_claimant(const RhUsers *users, const char *guest, const char *uuid,
                             gint64 daemon);

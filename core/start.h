/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that starts with the devices that its XML names: whether they still are what was
 * recorded, here, free, and what was reserved. Pure: hook/lifecycle gathers what it goes by.
 */
#pragma once

#include "core/claims.h"
#include "core/policy.h"

/* One of the guest's devices, as it stands on the host. */
typedef struct {
    const RhGuestDevice *device; /* borrowed */
    RhDevice *found;             /* what is behind its source now; NULL: the host cannot say */
    char *reserved; /* the name of the device that was reserved for the guest; NULL: no name */
    gboolean is_reserved; /* the guest has a reservation for its key */
    gboolean is_cold;     /*   which was made for a guest that boots anew */
    gboolean is_here;     /* there is a device with its key, or nobody could look */
    gboolean is_kept;     /* its key still is that of the reserved device, as far as is known */
    RhUser *user;         /* who else has it; NULL: nobody known */
} RhStanding;

/* Owned by the caller, with what it points to. @device must outlive it. */
RhStanding *rh_standing_new(const RhGuestDevice *device);
void rh_standing_free(RhStanding *standing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhStanding, rh_standing_free)

/* All that is known where a guest starts. What it points to is borrowed. */
typedef struct {
    const RhGuest *guest;
    const char *here;       /* what this host is called; NULL: unknown */
    const char *here_id;    /* its id; NULL: unknown */
    gboolean looked;        /* the host could be looked at */
    GPtrArray *standings;   /* of RhStanding, in the order of the guest's devices */
    gboolean needs_all;     /* a restore of it was refused: all has to be here */
    gboolean judged;        /* the rules have said just now that what stands there fits */
    const RhPolicy *policy; /* NULL: it was not asked for, or not to be had, as fault says */
    const GError *fault;
} RhStart;

/* Whether the guest's record was made on another host, or may have been, where it was not possible
 * to look what this one is called. */
gboolean rh_start_is_from_elsewhere(const RhStart *start);

/* Whether all of the guest's devices were planned here, and not as those of a guest that boots: the
 * rules have spoken. They have not of a device that a restore awaits. */
gboolean rh_start_is_planned(const RhStart *start);

/*
 * Whether one of them was planned a moment ago as that of a guest that boots. libvirt calls nobody
 * more when a definition has come (`migrate --offline`), so that this is a live migration, whose
 * record had not been brought up to date; or it is started here at once.
 */
gboolean rh_start_was_cold(const RhStart *start);

/* Whether the guest has a reservation: its state comes, or it has just come offline. */
gboolean rh_start_has_reservation(const RhStart *start);

/*
 * Whether the rules must judge the guest's devices as they stand: those of a guest from another
 * host that were never planned here, or that somebody changed after they were; those that were
 * planned for a boot; what somebody chose, where it is not what was recorded; and those of a guest
 * whose saved state may be coming back without a plan (@in_doubt).
 */
gboolean rh_start_needs_judgement(const RhStart *start, gboolean in_doubt);

/*
 * Whether the rules judge the guest as one that boots anew: its record is a definition's, and
 * nothing says that its state comes, as a reservation does. A snapshot that is reverted to cannot
 * be told from a start.
 */
gboolean rh_start_boots(const RhStart *start, gboolean in_doubt);

/* On the record's own host: why one of the guest's devices is not the recorded one, a sentence that
 * is the caller's; NULL: nothing says so. Where the rules have judged it, what was
 * chosen may be another, and what the guest's state was refused for. */
char *rh_start_find_exchange(const RhStart *start);

/* Why the guest's devices, as its XML names them, cannot be had; likewise. A device that is not on
 * this host is an obstacle where it is a disk, was planned a moment ago, or all has to be here. */
char *rh_start_find_obstacle(const RhStart *start);

/* What to say of those that are not on this host: a script of the site's may make them before
 * libvirt looks for them, and libvirt refuses where nobody does. Likewise; NULL: all are. */
char *rh_start_find_missing(const RhStart *start);

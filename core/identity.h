/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identity: whether what a guest's XML names, on the very host that its record names, still is the
 * device that was recorded. Numbers are reused, and an mdev may be made anew under its uuid.
 */
#pragma once

#include "core/rules.h"

typedef enum {
    RH_IDENTITY_OPEN, /* nothing is known, or somebody wrote another node since */
    RH_IDENTITY_SAME,
    /* Under the recorded key, or behind a site's own link, wherever that leads now, another
     * device; or an mdev of another type. */
    RH_IDENTITY_OTHER,
} RhIdentity;

/* What @found is, which is behind the source of @guest_device; NULL: nobody could say. */
RhIdentity rh_identity_of(const RhGuestDevice *guest_device, const RhDevice *found);

/*
 * Why @guest must not start with @found behind the source of @guest_device, a sentence that is the
 * caller's; NULL: nothing is against it. An mdev of another type may stand in where the rules for
 * types allow it by @policy; no other kind, and no other answer, goes by @policy, which may be NULL
 * then.
 */
char *rh_identity_refuse(const RhGuest *guest, const RhGuestDevice *guest_device,
                         const RhDevice *found, const RhPolicy *policy);

/* Why @guest must not start with what the source of @guest_device leads to, since a refresh marked
 * that as lost; likewise. */
char *rh_identity_refuse_lost(const RhGuest *guest, const RhGuestDevice *guest_device);

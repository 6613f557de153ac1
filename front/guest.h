/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's XML as it comes on standard input: kept for the program, and looked through for
 * words, not read. Not sure is "may have". */
#pragma once

#include <stdbool.h>
#include <time.h>

#define RH_FRONT_UUID 37

typedef struct {
    int xml;                  /* a file in memory, at its beginning; -1: there is none */
    bool may_have_devices;    /* of ours */
    char uuid[RH_FRONT_UUID]; /* "": not found */
} RhFrontGuest;

/* Reads until the end, a byte more than the program takes, or @deadline (CLOCK_MONOTONIC). */
void rh_front_guest_read(RhFrontGuest *guest, int in, const struct timespec *deadline);

/* Whether the claims file has something for the guest; where that cannot be told, it has. */
bool rh_front_guest_has_claims(const RhFrontGuest *guest, const char *claims_file);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The claims of a host as XML (schemas/claims.rng), and a release that waits to be obeyed. */
#pragma once

#include "core/claims.h"

/* Owned by the caller. Error: RH_ERROR_INPUT. */
RhClaims *rh_claims_parse(GBytes *bytes, const char *what, GError **error);
GBytes *rh_claims_serialise(const RhClaims *claims);

/* The same of a release that waits to be obeyed. */
RhReleaseNote *rh_release_note_parse(GBytes *bytes, const char *what, GError **error);
GBytes *rh_release_note_serialise(const RhReleaseNote *note);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest that starts here, and what comes after. */
#pragma once

#include "hook/environment.h"

/*
 * `prepare begin`: the refusal that `restore begin` left for the guest whose XML is @bytes, given
 * once; owned by the caller, NULL where nothing is to be refused. @guest is its name where the XML
 * cannot be read. A plain start is never stopped by a fault.
 */
char *rh_lifecycle_prepare(const RhEnvironment *environment, const char *guest, GBytes *bytes);

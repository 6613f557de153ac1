/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that starts here, runs and ends: its reservation becomes a claim, the claim is confirmed
 * and in the end dropped. Nothing here reads netlink but where the rules judge a guest that starts,
 * and only `prepare` may refuse.
 *
 * What is unknown: where the host cannot be looked at, a guest that may come from elsewhere is
 * refused, one at home starts, and what comes after goes on by the sources as they are written.
 * Without claims the same, but for a guest at home the rules decide, as they do wherever a refusal
 * of restore may have been lost. Without a record, or a host in it, the guest counts as at home,
 * and nothing is known against its devices.
 */
#pragma once

#include "site/environment.h"

/*
 * `prepare begin`. Returns the reason why the guest whose XML is @bytes must not start, or NULL;
 * owned by the caller. @guest is its name where the XML cannot be read; @bytes may be NULL then. A
 * fault stops only a guest that comes from elsewhere; otherwise the journal has it.
 */
char *rh_lifecycle_prepare(const RhEnvironment *environment, const char *guest, GBytes *bytes);

/* `start begin`, `started begin`; `stopped end`, `release end`; `reconnect begin`. FALSE and an
 * error, for the journal, where it could not be noted. */
gboolean rh_lifecycle_confirm(const RhEnvironment *environment, GBytes *bytes, GError **error);
gboolean rh_lifecycle_release(const RhEnvironment *environment, GBytes *bytes, GError **error);
gboolean rh_lifecycle_reconnect(const RhEnvironment *environment, GBytes *bytes, GError **error);

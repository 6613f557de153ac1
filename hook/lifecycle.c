/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/lifecycle.h"

#include "hook/incoming.h"
#include "hook/refusal.h"
#include "xml/domain.h"

char *rh_lifecycle_prepare(const RhEnvironment *environment, const char *guest, GBytes *bytes)
{
    g_autofree char *state = rh_environment_state(environment);
    g_autoptr(RhDomain) domain = rh_domain_parse(bytes, NULL);
    const RhGuest *read = domain ? rh_domain_guest(domain) : NULL;
    g_auto(GStrv) sources = read ? rh_incoming_sources(read) : NULL;

    return rh_refusal_take(state, read && read->name ? read->name : guest, sources);
}

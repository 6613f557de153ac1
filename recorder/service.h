/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service: keeps the records of all of libvirt's guests by its events, so that nobody has to
 * remember anything. virt-rehome-recorder(8).
 */
#pragma once

#include "site/environment.h"

/* Runs until SIGTERM or SIGINT; SIGHUP makes it look at all guests again. @uri may be NULL: the
 * default. A daemon that is not there is waited for. Error: RH_ERROR_BUG, RH_ERROR_HOST (cannot
 * begin at all). */
gboolean rh_service_run(const RhEnvironment *environment, const char *uri, GError **error);

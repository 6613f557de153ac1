/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host's id: by it a host is known whatever it is called. A digest of /etc/machine-id with the
 * machine's product UUID, which an image that is copied to another machine does not take along.
 */
#pragma once

#include "util/file.h"

/*
 * 32 hexadecimal digits, the first half of an HMAC of SHA-256 with a key of our own, since the
 * machine's id itself is not to be published (machine-id(5)). NULL: there is none, for machine-id
 * is absent, empty, `uninitialized` or cannot be read, or the product UUID is there and cannot be:
 * it is root's. Where the platform has no product UUID, it is of the machine's id alone. Owned by
 * the caller.
 */
char *rh_host_id_read(RhDir *root);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest whose XML was not parsed, since it is none or exceeds a limit. */
#pragma once

#include "core/guest.h"

/*
 * The guest @name with all that the text @bytes may name as a device of ours: each quoted path
 * below /dev as a vDPA device, each quoted uuid as a mediated one, also as words of an argument of
 * QEMU's, so that there are more of them
 * rather than fewer; at most 1,024, @ret_more (may be NULL) is whether there are more than that.
 * NULL: there is none. Owned by the caller. Takes time in proportion to the text. Not seen: names
 * with character references, and text in UTF-16.
 */
RhGuest *rh_unread_guest(GBytes *bytes, const char *name, gboolean *ret_more);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One of libvirt's folders with a file for each guest: parsed once, and again only where a file is
 * another than it was, so that a second look under a lock takes no time.
 */
#pragma once

#include "core/guest.h"
#include "host/host.h"

typedef struct RhGuestFiles RhGuestFiles;

/* The folder @folder below @root, both borrowed. Nothing is read yet. */
RhGuestFiles *rh_guest_files_new(const char *root, const char *folder);
void rh_guest_files_free(RhGuestFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhGuestFiles, rh_guest_files_free)

/* Reads each NAME.xml in the folder that is new or has changed, sites' own links to nodes resolved
 * on @host (NULL: not at all). FALSE where the folder is not there or cannot be read. */
gboolean rh_guest_files_refresh(RhGuestFiles *files, RhHost *host);

/* Why some of what is in the folder is not known, for nobody could look: the folder could not be
 * listed, a file not opened or read. NULL: all was looked at. Borrowed. */
const char *rh_guest_files_fault(const RhGuestFiles *files);

/* The names of all files, of char *, in natural order; what the folder has beside NAME.xml, too. */
GPtrArray *rh_guest_files_names(const RhGuestFiles *files);

/* Whether @name, one of those names, could be read; *@ret_guest (borrowed) is NULL where it names
 * no device of ours, *@ret_warning (borrowed) says why it could not be read. FALSE, too, where it
 * is no NAME.xml, and then there is no warning. */
gboolean rh_guest_files_get(const RhGuestFiles *files, const char *name, RhGuest **ret_guest,
                            const char **ret_warning);

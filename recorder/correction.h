/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The correction of a definition: libvirt takes it from the source host as it is when a guest
 * migrates with --persistent (qemu_migration.c, qemuMigrationDstPersist), so that it names devices
 * of that host. Corrected, it names what the running guest has at the same addresses. It is made
 * in the tree of the definition's XML; nobody is asked, and nothing written elsewhere.
 */
#pragma once

#include "recorder/news.h"
#include "xml/domain.h"

/* A guest that runs with devices of ours, and its definition, which has some, too; all borrowed. */
typedef struct {
    const char *name;
    RhDomain *definition; /* its record was read */
    const RhGuest *running;
    const RhRecord *recorded; /* the running guest's, as it should be: an entry for each device of
                                 `running`, in the same order */
    const RhInventory *host;
    const RhNews *news;
} RhCorrection;

/*
 * Corrects the definition where it is another host's, or a person wants it. Where a device that the
 * running guest has not would then be called like one that it has, nothing is corrected. Appends to
 * @moves what the definition names now, "'a' -> 'b'", and to @warnings what a person must see to;
 * both are of char *. Returns whether it is corrected: sites' own links are to be resolved again.
 */
gboolean rh_correction_make(const RhCorrection *correction, GPtrArray *moves, GPtrArray *warnings);

/* Warns of each device that was started on another one than the definition's record names, after
 * sites' own links were resolved. */
void rh_correction_warn(const RhCorrection *correction, GPtrArray *warnings);

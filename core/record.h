/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record: what a guest's devices were on the host that it comes from, kept in the guest's
 * metadata. An entry is a device (core/device.h) with its guest address.
 *
 * An entry has three parts. Where it is: host, key, name, mgmtdev or parent, numa-node. What the
 * next host must match because the device in use made it so: feature 14; of mdevs type, driver,
 * parent ids, firmware, parameters. What the guest was started with: all else.
 */
#pragma once

#include "core/inventory.h"

typedef struct {
    char *host;   /* where the guest was when it was made; NULL: unknown */
    char *kernel; /* of that host; NULL: unknown */
    char *qemu;   /* the hypervisor's version there, "10.0.13"; NULL: unknown */
    /* It is a definition's, by which the guest boots anew. No proof of it: libvirt starts a guest
     * with a copy of its definition, which says so until the running guest is recorded. */
    gboolean off;
    GPtrArray *entries; /* of RhDevice, in document order */
    GHashTable *made;   /* a guest's device -> the entry that was made of it: rh_record_add() */
} RhRecord;

RhRecord *rh_record_new(void);
void rh_record_free(RhRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhRecord, rh_record_free)

/* A device of a guest's XML: core/guest.h. */
struct RhGuestDevice;

/* Adds @entry, which was made of @device, at the end, and takes it over. */
void rh_record_add(RhRecord *record, const struct RhGuestDevice *device, RhDevice *entry);

/* Takes @entry out, and frees it. */
void rh_record_remove(RhRecord *record, RhDevice *entry);

/* The entry that was made of @device; NULL: none was, and of a record that was read none. */
const RhDevice *rh_record_made_of(const RhRecord *record, const struct RhGuestDevice *device);

/* Whether @record (NULL: there is none) was made on @host, which goes by its name. */
gboolean rh_record_is_of_host(const RhRecord *record, const RhInventory *host);

/* Whether @device, which runs as @recorded, was started on another device than its definition's
 * entry names, for a reboot has given that one's number to another. */
gboolean rh_record_is_usurped(const RhDevice *entry, const RhDevice *recorded);

/* Whether @device is known to be what @entry recorded on this very host: the name behind the key is
 * the same, and of an mdev, whose key is its name, the type, and the disk where it is one. */
gboolean rh_record_is_of(const RhDevice *entry, const RhDevice *device);

/* What is known of the disk behind @entry and behind @device: whether it is the same. */
typedef enum { RH_BEHIND_OPEN, RH_BEHIND_SAME, RH_BEHIND_OTHER } RhBehind;
RhBehind rh_record_behind(const RhDevice *entry, const RhDevice *device);

/* Whether both say the same. */
gboolean rh_record_equal(const RhRecord *a, const RhRecord *b);

/* What @entry becomes when the guest moves to @device: the first two parts from the device, the
 * third as it was. Owned by the caller. */
RhDevice *rh_record_move(const RhDevice *entry, const RhDevice *device);

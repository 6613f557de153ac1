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
    char *host;    /* where the guest was when it was made, for people; NULL: unknown */
    char *host_id; /* the same for programs, host/host-id.h; NULL: unknown */
    char *kernel;  /* of that host; NULL: unknown */
    char *qemu;    /* the hypervisor's version there, "10.0.13"; NULL: unknown */
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

/* Where a record was made, as far as is known. */
typedef enum { RH_ORIGIN_OPEN, RH_ORIGIN_HOME, RH_ORIGIN_ELSEWHERE } RhOrigin;

/* Where @record (NULL: there is none) was made, for the host that is called @name and has @id (both
 * may be NULL, unknown). The ids say so; names, which change and are given twice, only where one of
 * both has no id. All that asks whether two hosts are the same asks here. */
RhOrigin rh_record_origin(const RhRecord *record, const char *name, const char *id);

/* Whether @record was made on @host. */
gboolean rh_record_is_of_host(const RhRecord *record, const RhInventory *host);

/* Whether @record has the name of @host, but the id of another. */
gboolean rh_record_has_other_id(const RhRecord *record, const RhInventory *host);

/* Says of @record that it is of @host. What is not known of that now is as in @before (NULL: there
 * is none), where that was made on it. */
void rh_record_set_host(RhRecord *record, const RhInventory *host, const RhRecord *before);

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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record: what a guest's devices were on the host that it comes from, kept in the guest's
 * metadata. An entry is a device (core/device.h) with its guest address.
 *
 * An entry has three parts. Where it is: host, key, name, mgmtdev or parent, numa-node. What the
 * next host must match because the device in use made it so: feature 14; of mdevs type, driver,
 * parent ids, firmware, attributes. What the guest was started with: all else.
 */
#pragma once

#include "core/inventory.h"

/* Defined in core/guest.h, which needs this header. */
struct RhGuest;
struct RhGuestDevice;

typedef struct {
    char *host;         /* where the guest was when it was made; NULL: unknown */
    char *kernel;       /* of that host; NULL: unknown */
    char *qemu;         /* the hypervisor's version there, "10.0.13"; NULL: unknown */
    GPtrArray *entries; /* of RhDevice, in document order */
} RhRecord;

RhRecord *rh_record_new(void);
void rh_record_free(RhRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhRecord, rh_record_free)

/* What is known of a running guest when its record is made. */
typedef enum {
    /* It was started, or rebooted, with the devices that it has now. */
    RH_CONTRACT_NEW,
    /* It runs on since an earlier time: what its old record says that it was started with stays. */
    RH_CONTRACT_STANDS,
} RhContract;

/*
 * The record of @guest (rh_guest_match_record() done), whose devices are on @host. The hypervisor's
 * version is the old record's, where that is of this host. Error: RH_ERROR_HOST where a device is
 * not there.
 */
RhRecord *rh_record_make(const struct RhGuest *guest, const RhInventory *host, RhContract contract,
                         GError **error);

/*
 * The record of the definition @defined, by which the guest starts the next time. What @running
 * (the guest that runs on it; NULL: none) has now, is as in @recorded, its record; unless the
 * definition's entry has another name under the same number: then the guest was started on whatever
 * got the number after a reboot, and the entry stays. Of the other devices an entry stays, unless
 * the definition was given another device since, and one that is missing is made where @host has
 * the device. With @accept a person has said that @host's devices are the right ones. A record of
 * another host stays that host's, and no entry is made in it, as long as the definition has devices
 * that were that host's. Never fails; without any entry there is nothing to write.
 */
RhRecord *rh_record_make_definition(const struct RhGuest *defined, const RhInventory *host,
                                    const struct RhGuest *running, const RhRecord *recorded,
                                    gboolean accept);

/* Whether @record (NULL: there is none) was made on @host, which goes by its name. */
gboolean rh_record_is_of_host(const RhRecord *record, const RhInventory *host);

/* Whether @device, which runs as @recorded, was started on another device than its definition's
 * entry names, for a reboot has given that one's number to another. */
gboolean rh_record_is_usurped(const RhDevice *entry, const RhDevice *recorded);

/*
 * Whether @guest_device's entry has a mark, `lost`, about the source that the guest's XML has: by
 * this source a refresh, on the record's own host, found another device than the recorded one, or
 * gave what it found to another guest. The mark goes with every move, start and new record. It
 * means nothing where the device is the recorded one again, for whoever knows the device to see.
 */
gboolean rh_record_is_lost(const struct RhGuestDevice *guest_device);

/* Whether @device is known to be what @entry recorded on this very host: the name behind the key is
 * the same, and of an mdev, whose key is its name, the type. */
gboolean rh_record_is_of(const RhDevice *entry, const RhDevice *device);

/* Whether both say the same. */
gboolean rh_record_equal(const RhRecord *a, const RhRecord *b);

/* What @entry becomes when the guest moves to @device: the first two parts from the device, the
 * third as it was. Owned by the caller. */
RhDevice *rh_record_move(const RhDevice *entry, const RhDevice *device);

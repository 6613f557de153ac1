/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contract: what of a guest's record stays, since the guest was started with it, and what is
 * made anew, since its device has it now. The recorder knows whether the guest started anew; all
 * else is decided here.
 */
#pragma once

#include "core/guest.h"

/* What is known of a running guest when its record is made. */
typedef enum {
    /* It was started, or rebooted, with the devices that it has now. */
    RH_CONTRACT_NEW,
    /* It runs on since an earlier time: what its old record says that it was started with stays. */
    RH_CONTRACT_STANDS,
} RhContract;

/*
 * The record of @guest (rh_guest_match_record() done), whose devices are on @host, and which runs
 * in the version @qemu of the hypervisor (NULL: unknown; then one that runs on is in what its
 * record says, where that is of this host). Error: RH_ERROR_HOST where a device is not there.
 */
RhRecord *rh_record_make(const RhGuest *guest, const RhInventory *host, RhContract contract,
                         const char *qemu, GError **error);

/* What the old entries say of the rings that @guest was started with stays in @record, which was
 * made of it by somebody who does not know of its start. */
void rh_record_keep_rings(RhRecord *record, const RhGuest *guest);

/*
 * The record of the definition @defined, by which the guest starts the next time. What @running
 * (the guest that runs on it; NULL: none) has now, is as in @recorded, its record; unless the
 * definition's entry has another name under the same number: then the guest was started on whatever
 * got the number after a reboot, and the entry stays. Of the other devices an entry stays, unless
 * the definition was given another device since, and one that is missing is made where @host has
 * the device. With @accept a person has said that @host's devices are the right ones. A record of
 * another host stays that host's, and no entry is made in it, as long as the definition has devices
 * that were that host's. It says that it is a definition's (`off`), and nothing of what a driver
 * has negotiated. Never fails; without any entry there is nothing to write.
 */
RhRecord *rh_record_make_definition(const RhGuest *defined, const RhInventory *host,
                                    const RhGuest *running, const RhRecord *recorded,
                                    gboolean accept);

/*
 * Whether @guest_device's entry has a mark, `lost`, about the source that the guest's XML has: by
 * this source a refresh, on the record's own host, found another device than the recorded one, or
 * gave what it found to another guest. The mark goes with every move, start and new record. It
 * means nothing where the device is the recorded one again, for whoever knows the device to see.
 */
gboolean rh_record_is_lost(const RhGuestDevice *guest_device);

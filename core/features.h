/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtio feature words. Bit numbers: linux include/uapi/linux/virtio_net.h, virtio_blk.h,
 * virtio_config.h, virtio_ring.h; names as the `vdpa` tool prints them.
 */
#pragma once

#include <glib.h>

#define RH_FEATURE(bit) ((guint64)1 << (bit))

/* network devices */
#define RH_NET_F_MTU RH_FEATURE(3)
#define RH_NET_F_MAC RH_FEATURE(5)
#define RH_NET_F_HOST_UFO RH_FEATURE(14)
#define RH_NET_F_STATUS RH_FEATURE(16)
#define RH_NET_F_CTRL_VQ RH_FEATURE(17)
#define RH_NET_F_GUEST_ANNOUNCE RH_FEATURE(21)
#define RH_NET_F_MQ RH_FEATURE(22)
#define RH_NET_F_CTRL_MAC_ADDR RH_FEATURE(23)
#define RH_NET_F_STANDBY RH_FEATURE(62)
#define RH_NET_F_SPEED_DUPLEX RH_FEATURE(63)
/* block devices */
#define RH_BLK_F_BLK_SIZE RH_FEATURE(6)
/* all */
#define RH_F_VERSION_1 RH_FEATURE(32)
#define RH_F_ACCESS_PLATFORM RH_FEATURE(33)

/* "0x400000 (MQ)": owned by the caller. @class ("net", "blk") says what the device's own bits are
 * called; those of other classes than net stay numbers. */
char *rh_features_describe(guint64 features, const char *class);

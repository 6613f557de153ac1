/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vocabulary: every attribute that a device can have, the same in an inventory, in a record
 * and in a report. One table says how each is written, so that one reader and one writer serve all.
 */
#pragma once

#include "core/user.h"

typedef enum {
    RH_ATTR_NAME,
    RH_ATTR_HANDLE,
    RH_ATTR_UUID,
    RH_ATTR_ID,
    RH_ATTR_MGMTDEV,
    RH_ATTR_PARENT,
    RH_ATTR_TYPE,
    RH_ATTR_TYPE_NAME,
    RH_ATTR_DEVICE_API,
    RH_ATTR_AVAILABLE,
    RH_ATTR_BUS,
    RH_ATTR_DEV_BUSID, /* of what is behind a subchannel: the disk's device number, "0.0.2b09" */
    RH_ATTR_AP_CARDS,  /* of a vfio-ap device, "card05:CEX8C card06:none": host/ap.h */
    RH_ATTR_DRIVER,
    RH_ATTR_DRIVER_VERSION,
    RH_ATTR_FIRMWARE,
    RH_ATTR_PSID,
    RH_ATTR_CLASSES,
    RH_ATTR_CLASS,
    RH_ATTR_CHARDEV,
    RH_ATTR_BOUND,
    RH_ATTR_VENDOR_ID,
    RH_ATTR_VENDOR,
    RH_ATTR_PRODUCT,
    RH_ATTR_SUBSYSTEM_VENDOR,
    RH_ATTR_SUBSYSTEM_PRODUCT,
    RH_ATTR_REVISION,
    RH_ATTR_MAX_VQS,
    RH_ATTR_MAX_VQ_SIZE,
    RH_ATTR_MIN_VQ_SIZE,
    RH_ATTR_RING,      /* the longest ring that the guest was started with; of a record */
    RH_ATTR_CTRL_RING, /* and that of its control queue */
    RH_ATTR_FEATURES,
    RH_ATTR_NEGOTIATED,
    RH_ATTR_MAC,
    RH_ATTR_MAX_VQ_PAIRS,
    RH_ATTR_MTU,
    RH_ATTR_STATUS,
    RH_ATTR_CAPACITY,
    RH_ATTR_BLOCK_SIZE,
    RH_ATTR_READ_ONLY,
    RH_ATTR_FLUSH,
    RH_ATTR_SIZE_MAX,
    RH_ATTR_SEG_MAX,
    RH_ATTR_NUM_QUEUES,
    RH_ATTR_PHYSICAL_BLOCK_EXP,
    RH_ATTR_ALIGNMENT_OFFSET,
    RH_ATTR_MIN_IO_SIZE,
    RH_ATTR_OPT_IO_SIZE,
    RH_ATTR_MAX_DISCARD_SECTORS,
    RH_ATTR_MAX_DISCARD_SEG,
    RH_ATTR_DISCARD_SECTOR_ALIGNMENT,
    RH_ATTR_MAX_WRITE_ZEROES_SECTORS,
    RH_ATTR_MAX_WRITE_ZEROES_SEG,
    RH_ATTR_MIGRATION_VERSION,
    RH_ATTR_PF,        /* the address of the physical function that it is part of, or is */
    RH_ATTR_PF_NETDEV, /* and the network device of that, its port */
    RH_ATTR_NUMA_NODE,
    RH_ATTR_POOL,
    RH_ATTR_GUEST_ADDRESS,
    RH_ATTR_CHOSEN,       /* a management layer says that the source is its choice */
    RH_ATTR_LOST,         /* a source that is not this device any more: core/record.h */
    RH_ATTR_USED_BY,      /* who uses the device: core/user.h */
    RH_ATTR_USED_BY_UUID, /* of that guest */
    RH_ATTR_NAMED_BY,     /* a guest that is shut off and whose definition names the device */
    RH_N_ATTRS,
} RhAttr;

/* How a value is held and written. */
typedef enum {
    RH_TYPE_TEXT,
    RH_TYPE_NUMBER, /* decimal */
    RH_TYPE_HEX,    /* 0x…, padded to RhAttrInfo.digits */
    RH_TYPE_MAC,    /* 52:54:00:12:34:56, held as a number */
    RH_TYPE_BOOL,   /* yes, no */
    RH_TYPE_USER,   /* "guest web1": core/user.h */
} RhType;

typedef union {
    guint64 number;
    char *text;   /* never empty */
    RhUser *user; /* a guest without its uuid, which is an attribute of its own */
} RhValue;

typedef struct {
    const char *name;
    RhType type;
    guint digits;
} RhAttrInfo;

const RhAttrInfo *rh_attr_info(RhAttr attr);

/* The attribute called @name, or RH_N_ATTRS. */
RhAttr rh_attr_by_name(const char *name);

/* @value as it is written in documents, owned by the caller. */
char *rh_attr_format(RhAttr attr, RhValue value);

/* Reads @text as a value of @attr, owned by the caller. FALSE where it is no such value. */
gboolean rh_attr_parse(RhAttr attr, const char *text, RhValue *ret_value);

/* A copy of @value, and the end of one: what a value of this type points to goes with it. */
RhValue rh_attr_copy(RhAttr attr, RhValue value);
void rh_attr_clear(RhAttr attr, RhValue value);

/* Whether both are the same value of @attr. */
gboolean rh_attr_equal(RhAttr attr, RhValue a, RhValue b);

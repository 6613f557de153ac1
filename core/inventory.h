/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An inventory: all devices of one host, as gathered there or read from a file.
 */
#pragma once

#include "core/device.h"

/* The number in `format`; a reader refuses a higher one. */
#define RH_FORMAT 1u

typedef struct {
    char *name;                     /* of the host; NULL: unknown */
    char *id;                       /* of the host, host/host-id.h; NULL: unknown */
    char *kernel;                   /* release, "6.12.107"; NULL: unknown */
    char *qemu;                     /* the version that guests get, "10.0.13"; NULL: unknown */
    char *version;                  /* of the program that gathered it, "0.1.0"; NULL: unknown */
    gint64 time;                    /* when it did, in seconds since 1970; 0: unknown */
    gboolean incomplete;            /* not all that says who uses what could be looked at */
    guint vgpu_vfs;                 /* virtual functions of which NVIDIA's driver makes vGPUs */
    GPtrArray *devices[RH_N_KINDS]; /* of RhDevice; each names what it hangs on */
} RhInventory;

RhInventory *rh_inventory_new(void);
void rh_inventory_free(RhInventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhInventory, rh_inventory_free)

/* When it was gathered, "2026-11-27T12:00:00Z", the caller's; NULL: unknown. */
char *rh_inventory_format_time(const RhInventory *inventory);

/* Takes ownership of @device. */
void rh_inventory_add(RhInventory *inventory, RhDevice *device);

/*
 * To be called once, when all devices are there: sorts each kind by natural order of names and
 * gives each device what it has from others (an mdev its parent's driver, its type's
 * device-api, …), so that it can be compared by itself. Error: RH_ERROR_INPUT where two devices
 * have the same name.
 */
gboolean rh_inventory_complete(RhInventory *inventory, GError **error);

/* What rh_inventory_complete() gives each device, for one that is not in @inventory: what would be
 * made here. */
void rh_inventory_tie(const RhInventory *inventory, RhDevice *device);

/* The device of @kind with this name, or with this key (what a guest's XML calls it); NULL: none.
 * Owned by the inventory. */
RhDevice *rh_inventory_find(const RhInventory *inventory, RhKind kind, const char *name);
RhDevice *rh_inventory_find_key(const RhInventory *inventory, RhKind kind, const char *key);

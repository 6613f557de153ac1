/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest: what its XML says that matters here. Its devices of ours, in XML order, and its record
 * of what they were on the host that it comes from.
 */
#pragma once

#include "core/record.h"
#include "core/unattended.h"

/* A guest with more devices of ours than this is refused. */
#define RH_MAX_GUEST_DEVICES 64u

/* Highest NUMA node number that a guest can be bound to. */
#define RH_MAX_NODES 1024u

/* A device of the guest, as its XML has it. */
typedef struct RhGuestDevice {
    RhKind kind;
    const char *noun;    /* "vDPA interface", "vDPA disk", "mediated device" */
    char *source;        /* as it is written: a node, a uuid, a site's own link to a node */
    char *node;          /* what such a link leads to on this host; NULL: source is no link */
    char *guest_address; /* "pci:0000:00:02.0", "ccw:fe.0.0001"; NULL: none */
    char *chain;         /* of a disk, where in it: "" is the disk, else "mirror",
                            "backingStore/backingStore"; all have its guest address. NULL: no disk */
    const char *class;   /* vDPA: "net" or "blk"; NULL otherwise */
    char *model;         /* mdev: "vfio-pci", "vfio-ap", "vfio-ccw"; NULL otherwise */
    gboolean has_mac;
    guint64 mac;
    guint rx_queue_size; /* descriptors, of a vDPA interface; 0: the XML has none */
    guint tx_queue_size;
    guint queues; /* queue pairs that the XML of a vDPA interface asks for; 0: it has none */
    guint mtu;    /* bytes, likewise */
    gboolean read_only;
    RhDevice *entry;       /* of the record; NULL: unrecorded. Set by rh_guest_match_record() */
    gboolean chosen;       /* a management layer wrote the source: to be checked, not replaced */
    gboolean is_unplanned; /* of libvirt's own files: in a form that is not looked after */
    gboolean is_candidate; /* the XML alone does not say whether it is ours: rh_guest_settle() */
} RhGuestDevice;

typedef struct {
    char *name;
    char *uuid;                 /* NULL: the XML has none */
    GPtrArray *devices;         /* of RhGuestDevice, in XML order */
    GPtrArray *unattended;      /* of RhUnattended, in XML order */
    guint n_vfio;               /* VFIO devices, those of others' kinds too */
    gboolean bound;             /* to the NUMA nodes in `nodes` */
    guint8 nodes[RH_MAX_NODES]; /* 1 for each node */
    RhRecord *record;           /* NULL: none */
    gboolean runs;              /* as libvirt's XML shows a guest that runs: it has a number */
    /* It boots anew where it is planned, and brings no state. Whoever asks for a plan says so;
     * nothing in a guest's XML is proof of it. */
    gboolean boots;
} RhGuest;

RhGuest *rh_guest_new(void);
void rh_guest_free(RhGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhGuest, rh_guest_free)

/* Adds an empty device of @kind, owned by the guest. */
RhGuestDevice *rh_guest_add(RhGuest *guest, RhKind kind);

/*
 * Reads libvirt's nodeset ("0-3,^2,5", https://libvirt.org/formatdomain.html#numa-node-tuning)
 * into @guest's nodes. FALSE where it is none.
 */
gboolean rh_guest_bind(RhGuest *guest, const char *nodeset);

/*
 * Finds each device's entry in the record: by guest address where both have one, by source
 * otherwise, and of a disk also where several have the same address; and where of a kind and model
 * one device and one entry are left then, neither with an address, as of vfio-ap, they belong
 * together. Error: RH_ERROR_INPUT where two devices have the same source, one device two entries,
 * or two devices one.
 */
gboolean rh_guest_match_record(RhGuest *guest, GError **error);

/*
 * Whether the guest has devices that are looked after here: all operations ask this. The XML alone
 * says so of most devices; of a candidate it counts until rh_guest_settle() took it out.
 */
gboolean rh_guest_has_ours(const RhGuest *guest);

/* Whether the host has a device of @kind with @key; what cannot be looked for counts as there. */
typedef gboolean (*RhIsThere)(RhKind kind, const char *key, gpointer data);

/*
 * Settles which of the guest's candidates are ours, once its record is read (or it has none) and
 * the host can be asked: those that have an entry, and those that @is_there says so of. The others
 * are seen, and not looked after: they are no devices of @guest any more.
 */
void rh_guest_settle(RhGuest *guest, RhIsThere is_there, gpointer data);

/* The kinds of its devices: what an inventory must hold for it. */
RhKinds rh_guest_kinds(const RhGuest *guest);

/* The sources of its devices, in XML order; owned by the caller. */
GStrv rh_guest_sources(const RhGuest *guest);

/* What the device's source is called in an inventory of this host; owned by the device. */
const char *rh_guest_device_key(const RhGuestDevice *device);

/* Whether one of @guest's devices is the device that an inventory of this host calls @key. */
gboolean rh_guest_has_device(const RhGuest *guest, RhKind kind, const char *key);

/*
 * Which device of @guest is @device of @other, another XML of the same guest, its definition for
 * instance: by guest address where both have one, and by the place in the disk where several have
 * that; by source otherwise, and by what is left as in rh_guest_match_record(). NULL: none. Owned
 * by
 * @guest.
 */
RhGuestDevice *rh_guest_find_twin(const RhGuest *guest, const RhGuest *other,
                                  const RhGuestDevice *device);

/* Whether only a record tells the device from others like it: a disk. */
gboolean rh_guest_device_has_identity(const RhGuestDevice *device);

/* "vDPA interface '/dev/vhost-vdpa-3'": owned by the caller. */
char *rh_guest_device_describe(const RhGuestDevice *device);

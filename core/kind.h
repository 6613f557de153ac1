/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kinds of devices: one row each says what a kind is called, what it is known by, what it hangs
 * on and takes from there, which attributes its devices have in an inventory and in a record, and
 * which of them a record takes from the device that a guest moves to.
 */
#pragma once

#include "core/attribute.h"

typedef enum {
    RH_KIND_VDPA_MGMTDEV,
    RH_KIND_VDPA,
    RH_KIND_MDEV_PARENT,
    RH_KIND_MDEV_TYPE,
    RH_KIND_MDEV_DEFINITION, /* of mdevctl */
    RH_KIND_MDEV,
} RhKind;
#define RH_N_KINDS (RH_KIND_MDEV + 1)

/* Some kinds, a bit for each. */
typedef guint RhKinds;
#define RH_KIND_BIT(kind) (1u << (kind))

/* What a guest or a host has where there is nothing of ours: in a sentence. */
#define RH_KINDS_NONE "no vDPA and no mediated devices"

/* The keys of a [pool NAME]: what their patterns are of. */
typedef enum {
    RH_POOL_VDPA,        /* management devices */
    RH_POOL_MDEV_PARENT, /* parents */
    RH_POOL_VF,          /* PFs: addresses or network devices */
    RH_POOL_PF,          /* the same of all kinds that have one */
    RH_POOL_NONE,        /* the kind has no pool of its own */
} RhPoolKey;
#define RH_N_POOL_KEYS RH_POOL_NONE

/* A value that a device has from another one. */
typedef struct {
    RhAttr from; /* there */
    RhAttr to;   /* here */
} RhGift;

/* What a device names: the device of the kind @to whose name is its attribute @by. */
typedef struct {
    RhAttr by;
    RhKind to;
    const RhGift *gifts;
    guint n_gifts;
} RhTie;

/* An attribute that a kind does without is RH_N_ATTRS; a list of attributes is ended by it. */
typedef struct {
    const char *element;     /* in an inventory, and in a record where the kind can be recorded */
    const char *noun;        /* in a sentence */
    const char *title;       /* of a list of them */
    const RhAttr *columns;   /* of such a list */
    RhAttr name;             /* what it is called on its host: unique there, or in its home */
    RhAttr key;              /* what a guest's XML calls it; without one no guest can have it */
    gboolean any_case;       /* keys that differ in upper and lower case alone are the same */
    gboolean has_types;      /* another type may stand in for one, where a policy says so */
    RhAttr proof;            /* what is the same under its key as long as it is the same device */
    RhAttr behind;           /* what is behind it where guests want that very one: of a disk */
    RhAttr home;             /* names what it hangs on */
    gboolean within;         /* its element stands in that of its home, of @home_kind */
    RhKind home_kind;        /* where @within */
    const RhAttr *attrs;     /* its own attributes in an inventory */
    const RhAttr *recorded;  /* its attributes in a record; NULL: never there */
    gboolean has_parameters; /* it has parameters, too: core/device.h */
    /* Of what is recorded, beside name, key, home and NUMA node, what comes from the device that
     * the guest moves to, since the device in use made it so; NULL: nothing. */
    const RhAttr *moved;
    const char *identity_class; /* or model: of these nothing but the record tells one from another,
                                   so none is given without; NULL: of none */
    const char *moved_class;    /* of these devices alone there are such features; NULL: of none */
    guint64 moved_features;
    RhPoolKey pool;    /* by whose patterns it belongs to a pool */
    RhAttr pool_by;    /* what they are held against */
    const RhTie *ties; /* what it has from which others */
    guint n_ties;
} RhKindInfo;

const RhKindInfo *rh_kind_info(RhKind kind);

/* Whether guests can have devices of @kind: those have a key. */
gboolean rh_kind_is_given(RhKind kind);

/* Whether elements of @kind stand in those of @home. */
gboolean rh_kind_is_within(RhKind kind, RhKind home);

/* Whether devices of @kind have @attr in an inventory. */
gboolean rh_kind_has(RhKind kind, RhAttr attr);

/* The kinds whose record has @attr. */
RhKinds rh_kinds_with(RhAttr attr);

/* The kind whose element is @element. FALSE where there is none. */
gboolean rh_kind_by_element(const char *element, RhKind *ret_kind);

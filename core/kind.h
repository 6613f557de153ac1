/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kinds of devices: one row each says what a kind is called, what it is known by, and which
 * attributes its devices have in an inventory and in a record.
 */
#pragma once

#include "core/attribute.h"

typedef enum {
    RH_KIND_VDPA_MGMTDEV,
    RH_KIND_VDPA,
    RH_KIND_MDEV_PARENT,
    RH_KIND_MDEV_TYPE,
    RH_KIND_MDEV,
} RhKind;
#define RH_N_KINDS (RH_KIND_MDEV + 1)

/* What a kind is called in documents, which attributes it has there, and by what it is known. */
typedef struct {
    const char *element;    /* in an inventory, and in a record where the kind can be recorded */
    const char *noun;       /* in a sentence */
    RhAttr name;            /* what it is called on its host: unique there */
    RhAttr key;             /* what a guest's XML calls it, or RH_N_ATTRS */
    RhAttr home;            /* the attribute that names what it hangs on, or RH_N_ATTRS */
    const RhAttr *attrs;    /* its own attributes in an inventory, ended by RH_N_ATTRS */
    const RhAttr *recorded; /* its attributes in a record, ended by RH_N_ATTRS; NULL: never there */
} RhKindInfo;

const RhKindInfo *rh_kind_info(RhKind kind);

/* The kind whose element is @element. FALSE where there is none. */
gboolean rh_kind_by_element(const char *element, RhKind *ret_kind);

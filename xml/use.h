/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a guest's XML uses devices: a row for each form that <devices> has for one, with where its
 * source stands, how it is read and written, and what else of it counts.
 * https://libvirt.org/formatdomain.html. Only for xml/, since it speaks libxml2.
 */
#pragma once

#include "core/guest.h"

#include <libxml/tree.h>

/* How a source is written: as a whole, in as many attributes as it has. */
typedef struct {
    const char *lacks; /* where there is none: "<source> without dev" */
    /* Of the device's element @node: the caller's; NULL: there is none. */
    char *(*read)(xmlNode *node);
    void (*write)(xmlNode *node, const char *source);
    /* Whether the @length bytes at @text may be such a source, wherever they stand. */
    gboolean (*may_be)(const char *text, gsize length);
} RhSourceForm;

typedef struct {
    const char *element;
    const char *type;
    const char
        *within;      /* below this of <devices>, or below another row's there; NULL: one itself */
    gboolean is_vfio; /* a VFIO device, ours or not: QEMU maps the guest's memory for each */
    /* NULL: it is seen, and not looked after. What follows is of the others alone. */
    const RhSourceForm *source;
    RhKind kind;
    const char *noun;
    const char *class; /* NULL: the kind has none */
    const char *mark;  /* a word that the XML of a guest with one has; front/words are made of it */
    /* What else of it counts, and whether it is only a candidate (core/guest.h); NULL: nothing, and
     * it is ours. Error: RH_ERROR_INPUT. */
    gboolean (*read)(RhGuestDevice *device, xmlNode *node, GError **error);
} RhUse;

/* Reads the name and the uuid of the element @domain, which @what has ("the guest's XML"). The name
 * becomes a part of file names and sentences. Error: RH_ERROR_INPUT. */
gboolean rh_use_read_names(RhGuest *guest, xmlNode *domain, const char *what, GError **error);

/* What the element @node in <devices> is, at whatever depth; NULL: nothing that counts. */
const RhUse *rh_use_of(xmlNode *node);

/* The same for libvirt's own files, by the type alone, of those that have a source. */
const RhUse *rh_use_by_type(xmlNode *node);

/* Adds the device that the element @node is to @guest; NULL where it lacks a part. Owned by @guest.
 * Error: RH_ERROR_INPUT. */
RhGuestDevice *rh_use_read(const RhUse *use, xmlNode *node, RhGuest *guest, GError **error);

/* The kind of which the @length bytes at @text may be a source. FALSE: none. */
gboolean rh_use_guess(const char *text, gsize length, RhKind *ret_kind);

/* Whether @bytes have a mark; FALSE for a guest without devices of ours, in an encoding whose words
 * are not its bytes. */
gboolean rh_use_is_marked(GBytes *bytes);

/* Whether they have a type as libvirt writes it, whose own files list what QEMU can ("vdpa"), or
 * something for QEMU itself, which may name a device as well. */
gboolean rh_use_is_typed(GBytes *bytes);

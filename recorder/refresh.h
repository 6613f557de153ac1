/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Definitions that name devices of this host, also after a reboot, when numbers and mediated
 * devices are others: those of guests that are shut off are planned anew by their records, all
 * together, so that no two get the same device.
 */
#pragma once

#include "recorder/scene.h"

typedef enum {
    RH_REFRESHED_UNCHANGED,
    RH_REFRESHED_CHANGED,
    RH_REFRESHED_AWAITED, /* its own devices are not there yet, and are known by their keys */
    RH_REFRESHED_REFUSED, /* the host has not what it needs; not changed, or but marked */
    RH_REFRESHED_FAULT,   /* it could not be read or written; not changed */
} RhRefreshedState;

/* What became of one definition. */
typedef struct {
    char *name;
    gboolean running;
    RhRefreshedState state;
    char *text; /* what it names now, or why not; NULL: nothing to tell */
} RhRefreshed;

/*
 * Plans @definitions (of RhDefinition, recorder/definitions.h) of guests that are shut off on
 * @scene, whose inventory is marked with who uses what, and replaces those that change: all, or
 * with @only that of one name. Where all are, a definition that is left as it is, since nothing was
 * found for its guest, gets a mark for each source that leads to another guest's device now, or to
 * another one than was recorded (rh_record_is_lost). A guest that is asked for by name never is
 * awaited, but refused. Of RhRefreshed, in the order of @definitions,
 * owned by the caller.
 */
GPtrArray *rh_refresh(GPtrArray *definitions, RhScene *scene, const char *only);

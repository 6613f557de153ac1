/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Places: the devices that guests which are shut off get, planned by their records all together, so
 * that no two get the same and as many as can be are served. Whose very devices are there gets
 * those, and who need not move stays, as long as that keeps nobody from a place.
 */
#pragma once

#include "recorder/definitions.h"
#include "recorder/scene.h"

/* What became of a definition, for whoever carries out what was planned. */
typedef enum {
    RH_PLACE_LEFT,  /* nothing was done to it */
    RH_PLACE_TAKEN, /* it names the devices that its guest gets */
    RH_PLACE_FAULT, /* it could not be written */
} RhPlaceState;

/* What one guest gets. */
typedef struct {
    const RhDefinition *definition;
    RhGuest *guest;
    RhPlan *plan; /* as things are when all others have theirs */
    guint party;  /* in the matching; G_MAXUINT: it finds nothing even alone */
    RhPlaceState state;
} RhPlace;

typedef struct RhPlaces RhPlaces;

/*
 * Plans @definitions (of RhDefinition, each with its domain, all of whose devices have an entry) on
 * @scene, whose inventory says who else uses what. It says afterwards who was given what, too, and
 * both must outlive the places.
 */
RhPlaces *rh_places_new(GPtrArray *definitions, RhScene *scene);
void rh_places_free(RhPlaces *places);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhPlaces, rh_places_free)

/* That of @definition; NULL: it was not among those. Owned by @places. */
RhPlace *rh_places_of(const RhPlaces *places, const RhDefinition *definition);

/* Who was given @device of the inventory; NULL: nobody. Owned by @places. */
const RhPlace *rh_places_holder(const RhPlaces *places, const RhDevice *device);

/* How many plans were made: what it costs. */
guint rh_places_plans(const RhPlaces *places);

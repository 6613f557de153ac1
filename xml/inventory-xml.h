/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host's inventory as XML (schemas/host.rng). */
#pragma once

#include "core/inventory.h"

/* @what names the document in errors. Complete; owned by the caller. Error: RH_ERROR_INPUT. */
RhInventory *rh_inventory_parse(GBytes *bytes, const char *what, GError **error);

GBytes *rh_inventory_serialise(const RhInventory *inventory);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An inventory as JSON: its XML, an element an array member, attributes string members. */
#pragma once

#include "core/inventory.h"

void rh_inventory_append_json(GString *out, const RhInventory *inventory);

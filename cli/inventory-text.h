/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An inventory as tables for people: what one looks for first, not all of it. */
#pragma once

#include "core/inventory.h"

void rh_inventory_append_text(GString *out, const RhInventory *inventory);

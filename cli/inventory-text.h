/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An inventory as tables for people: what one looks for first, not all of it. */
#pragma once

#include "core/inventory.h"

/* Types that no device has and of which none can be made are counted; @all: they are shown, too. A
 * type of which it is unknown whether one can be made is shown. */
void rh_inventory_append_text(GString *out, const RhInventory *inventory, gboolean all);

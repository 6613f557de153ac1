/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/cost.h"

int rh_cost_compare(const RhCost *a, const RhCost *b)
{
    for (guint level = 0; level < RH_N_COSTS; level++)
        if (a->levels[level] != b->levels[level])
            return a->levels[level] < b->levels[level] ? -1 : 1;
    return 0;
}

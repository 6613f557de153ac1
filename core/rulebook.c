/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rulebook.h"

const RhRuleSet *rh_rulebook(RhKind kind)
{
    switch (kind) {
    case RH_KIND_VDPA:
        return &rh_vdpa_rules;
    case RH_KIND_MDEV:
        return &rh_mdev_rules;
    case RH_KIND_VDPA_MGMTDEV:
    case RH_KIND_MDEV_PARENT:
    case RH_KIND_MDEV_TYPE:
    case RH_KIND_MDEV_DEFINITION:
        return NULL;
    }
    g_assert_not_reached();
}

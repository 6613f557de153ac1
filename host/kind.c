/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/kind.h"

const RhHostKind *rh_host_kind(RhKind kind)
{
    switch (kind) {
    case RH_KIND_VDPA:
        return &rh_host_vdpa;
    case RH_KIND_MDEV:
        return &rh_host_mdev;
    case RH_KIND_VDPA_MGMTDEV:
    case RH_KIND_MDEV_PARENT:
    case RH_KIND_MDEV_TYPE:
    case RH_KIND_MDEV_DEFINITION:
        return NULL;
    }
    g_assert_not_reached();
}

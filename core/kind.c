/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kind.h"

static const RhAttr mgmtdev_attrs[] = {
    RH_ATTR_HANDLE, RH_ATTR_DRIVER,  RH_ATTR_CLASSES,   RH_ATTR_MAX_VQS, RH_ATTR_FEATURES,
    RH_ATTR_VENDOR, RH_ATTR_PRODUCT, RH_ATTR_NUMA_NODE, RH_ATTR_POOL,    RH_N_ATTRS};

/* What a vDPA device has in an inventory, then what is its host's alone. */
#define VDPA_LASTING \
    RH_ATTR_NAME, RH_ATTR_MGMTDEV, RH_ATTR_DRIVER, RH_ATTR_CLASS, RH_ATTR_CHARDEV, \
        RH_ATTR_VENDOR_ID, RH_ATTR_MAX_VQS, RH_ATTR_MAX_VQ_SIZE, RH_ATTR_MIN_VQ_SIZE, \
        RH_ATTR_FEATURES, RH_ATTR_NEGOTIATED, RH_ATTR_MAC, RH_ATTR_MAX_VQ_PAIRS, RH_ATTR_MTU, \
        RH_ATTR_CAPACITY, RH_ATTR_BLOCK_SIZE, RH_ATTR_READ_ONLY, RH_ATTR_FLUSH, RH_ATTR_SIZE_MAX, \
        RH_ATTR_SEG_MAX, RH_ATTR_NUM_QUEUES, RH_ATTR_PHYSICAL_BLOCK_EXP, RH_ATTR_ALIGNMENT_OFFSET, \
        RH_ATTR_MIN_IO_SIZE, RH_ATTR_OPT_IO_SIZE, RH_ATTR_MAX_DISCARD_SECTORS, \
        RH_ATTR_MAX_DISCARD_SEG, RH_ATTR_DISCARD_SECTOR_ALIGNMENT, \
        RH_ATTR_MAX_WRITE_ZEROES_SECTORS, RH_ATTR_MAX_WRITE_ZEROES_SEG, RH_ATTR_NUMA_NODE, \
        RH_ATTR_POOL
static const RhAttr vdpa_attrs[] = {VDPA_LASTING,    RH_ATTR_BOUND,        RH_ATTR_STATUS,
                                    RH_ATTR_USED_BY, RH_ATTR_USED_BY_UUID, RH_N_ATTRS};
static const RhAttr vdpa_recorded[] = {VDPA_LASTING, RH_ATTR_GUEST_ADDRESS, RH_ATTR_LOST,
                                       RH_N_ATTRS};

static const RhAttr mdev_parent_attrs[] = {RH_ATTR_NAME,
                                           RH_ATTR_BUS,
                                           RH_ATTR_DRIVER,
                                           RH_ATTR_DRIVER_VERSION,
                                           RH_ATTR_VENDOR,
                                           RH_ATTR_PRODUCT,
                                           RH_ATTR_SUBSYSTEM_VENDOR,
                                           RH_ATTR_SUBSYSTEM_PRODUCT,
                                           RH_ATTR_REVISION,
                                           RH_ATTR_FIRMWARE,
                                           RH_ATTR_PSID,
                                           RH_ATTR_NUMA_NODE,
                                           RH_ATTR_POOL,
                                           RH_N_ATTRS};

static const RhAttr mdev_type_attrs[] = {RH_ATTR_ID, RH_ATTR_NAME, RH_ATTR_DEVICE_API,
                                         RH_ATTR_AVAILABLE, RH_N_ATTRS};

static const RhAttr mdev_attrs[] = {
    RH_ATTR_UUID,    RH_ATTR_PARENT,       RH_ATTR_TYPE, RH_ATTR_MIGRATION_VERSION,
    RH_ATTR_USED_BY, RH_ATTR_USED_BY_UUID, RH_N_ATTRS};
static const RhAttr mdev_recorded[] = {RH_ATTR_UUID,
                                       RH_ATTR_PARENT,
                                       RH_ATTR_TYPE,
                                       RH_ATTR_TYPE_NAME,
                                       RH_ATTR_DEVICE_API,
                                       RH_ATTR_DRIVER,
                                       RH_ATTR_DRIVER_VERSION,
                                       RH_ATTR_FIRMWARE,
                                       RH_ATTR_PSID,
                                       RH_ATTR_VENDOR,
                                       RH_ATTR_PRODUCT,
                                       RH_ATTR_SUBSYSTEM_VENDOR,
                                       RH_ATTR_SUBSYSTEM_PRODUCT,
                                       RH_ATTR_REVISION,
                                       RH_ATTR_MIGRATION_VERSION,
                                       RH_ATTR_NUMA_NODE,
                                       RH_ATTR_POOL,
                                       RH_ATTR_GUEST_ADDRESS,
                                       RH_ATTR_LOST,
                                       RH_N_ATTRS};

static const RhKindInfo kinds[] = {
    [RH_KIND_VDPA_MGMTDEV] = {"vdpa-mgmtdev", "vDPA management device", RH_ATTR_HANDLE, RH_N_ATTRS,
                              RH_N_ATTRS, mgmtdev_attrs, NULL},
    [RH_KIND_VDPA] = {"vdpa", "vDPA device", RH_ATTR_NAME, RH_ATTR_CHARDEV, RH_ATTR_MGMTDEV,
                      vdpa_attrs, vdpa_recorded},
    [RH_KIND_MDEV_PARENT] = {"mdev-parent", "mdev parent", RH_ATTR_NAME, RH_N_ATTRS, RH_N_ATTRS,
                             mdev_parent_attrs, NULL},
    [RH_KIND_MDEV_TYPE] = {"type", "mdev type", RH_ATTR_ID, RH_N_ATTRS, RH_N_ATTRS, mdev_type_attrs,
                           NULL},
    [RH_KIND_MDEV] = {"mdev", "mediated device", RH_ATTR_UUID, RH_ATTR_UUID, RH_ATTR_PARENT,
                      mdev_attrs, mdev_recorded},
};
G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == RH_N_KINDS);

const RhKindInfo *rh_kind_info(RhKind kind)
{
    return &kinds[kind];
}

gboolean rh_kind_by_element(const char *element, RhKind *ret_kind)
{
    for (guint i = 0; i < RH_N_KINDS; i++) {
        if (g_str_equal(kinds[i].element, element)) {
            *ret_kind = (RhKind)i;
            return TRUE;
        }
    }
    return FALSE;
}

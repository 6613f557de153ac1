/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kind.h"

#include "core/features.h"

static const RhAttr mgmtdev_attrs[] = {RH_ATTR_HANDLE,    RH_ATTR_DRIVER,    RH_ATTR_CLASSES,
                                       RH_ATTR_MAX_VQS,   RH_ATTR_FEATURES,  RH_ATTR_VENDOR,
                                       RH_ATTR_PRODUCT,   RH_ATTR_NUMA_NODE, RH_ATTR_PF,
                                       RH_ATTR_PF_NETDEV, RH_ATTR_POOL,      RH_N_ATTRS};

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
static const RhAttr vdpa_attrs[] = {VDPA_LASTING,         RH_ATTR_PF,     RH_ATTR_PF_NETDEV,
                                    RH_ATTR_BOUND,        RH_ATTR_STATUS, RH_ATTR_USED_BY,
                                    RH_ATTR_USED_BY_UUID, RH_N_ATTRS};
static const RhAttr vdpa_recorded[] = {
    VDPA_LASTING,   RH_ATTR_RING, RH_ATTR_CTRL_RING, RH_ATTR_GUEST_ADDRESS,
    RH_ATTR_CHOSEN, RH_ATTR_LOST, RH_N_ATTRS};

static const RhAttr mdev_parent_attrs[] = {RH_ATTR_NAME,
                                           RH_ATTR_BUS,
                                           RH_ATTR_DEV_BUSID,
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
                                           RH_ATTR_PF,
                                           RH_ATTR_PF_NETDEV,
                                           RH_ATTR_POOL,
                                           RH_N_ATTRS};

static const RhAttr mdev_type_attrs[] = {RH_ATTR_ID, RH_ATTR_NAME, RH_ATTR_DEVICE_API,
                                         RH_ATTR_AVAILABLE, RH_N_ATTRS};

static const RhAttr mdev_definition_attrs[] = {RH_ATTR_UUID, RH_ATTR_TYPE, RH_N_ATTRS};

static const RhAttr mdev_attrs[] = {RH_ATTR_UUID,
                                    RH_ATTR_PARENT,
                                    RH_ATTR_TYPE,
                                    RH_ATTR_AP_CARDS,
                                    RH_ATTR_MIGRATION_VERSION,
                                    RH_ATTR_USED_BY,
                                    RH_ATTR_USED_BY_UUID,
                                    RH_N_ATTRS};
static const RhAttr mdev_recorded[] = {RH_ATTR_UUID,
                                       RH_ATTR_PARENT,
                                       RH_ATTR_TYPE,
                                       RH_ATTR_TYPE_NAME,
                                       RH_ATTR_DEVICE_API,
                                       RH_ATTR_DEV_BUSID,
                                       RH_ATTR_AP_CARDS,
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
                                       RH_ATTR_CHOSEN,
                                       RH_ATTR_LOST,
                                       RH_N_ATTRS};

/* What a list for people shows of each. */
static const RhAttr mgmtdev_columns[] = {RH_ATTR_HANDLE,    RH_ATTR_DRIVER,    RH_ATTR_CLASSES,
                                         RH_ATTR_MAX_VQS,   RH_ATTR_NUMA_NODE, RH_ATTR_PF,
                                         RH_ATTR_PF_NETDEV, RH_ATTR_POOL,      RH_N_ATTRS};
static const RhAttr vdpa_columns[] = {
    RH_ATTR_NAME, RH_ATTR_CHARDEV, RH_ATTR_CLASS, RH_ATTR_MGMTDEV, RH_ATTR_DRIVER,
    RH_ATTR_MAC,  RH_ATTR_MTU,     RH_ATTR_POOL,  RH_ATTR_USED_BY, RH_N_ATTRS};
static const RhAttr mdev_parent_columns[] = {
    RH_ATTR_NAME,           RH_ATTR_BUS,    RH_ATTR_DRIVER,
    RH_ATTR_DRIVER_VERSION, RH_ATTR_VENDOR, RH_ATTR_PRODUCT,
    RH_ATTR_NUMA_NODE,      RH_ATTR_POOL,   RH_N_ATTRS};
static const RhAttr mdev_type_columns[] = {RH_ATTR_PARENT,     RH_ATTR_ID,        RH_ATTR_NAME,
                                           RH_ATTR_DEVICE_API, RH_ATTR_AVAILABLE, RH_N_ATTRS};
static const RhAttr mdev_definition_columns[] = {RH_ATTR_PARENT, RH_ATTR_UUID, RH_ATTR_TYPE,
                                                 RH_N_ATTRS};
static const RhAttr mdev_columns[] = {RH_ATTR_UUID,      RH_ATTR_PARENT, RH_ATTR_TYPE,
                                      RH_ATTR_TYPE_NAME, RH_ATTR_POOL,   RH_ATTR_USED_BY,
                                      RH_N_ATTRS};

static const RhAttr mdev_moved[] = {RH_ATTR_TYPE,
                                    RH_ATTR_TYPE_NAME,
                                    RH_ATTR_DRIVER,
                                    RH_ATTR_DRIVER_VERSION,
                                    RH_ATTR_VENDOR,
                                    RH_ATTR_PRODUCT,
                                    RH_ATTR_SUBSYSTEM_VENDOR,
                                    RH_ATTR_SUBSYSTEM_PRODUCT,
                                    RH_ATTR_REVISION,
                                    RH_ATTR_FIRMWARE,
                                    RH_ATTR_PSID,
                                    RH_ATTR_AP_CARDS,
                                    RH_ATTR_MIGRATION_VERSION,
                                    RH_N_ATTRS};

#define SAME(attr) \
    { \
        .from = (attr), .to = (attr) \
    }

static const RhGift of_mdev_parent[] = {
    SAME(RH_ATTR_DRIVER),   SAME(RH_ATTR_DRIVER_VERSION),   SAME(RH_ATTR_VENDOR),
    SAME(RH_ATTR_PRODUCT),  SAME(RH_ATTR_SUBSYSTEM_VENDOR), SAME(RH_ATTR_SUBSYSTEM_PRODUCT),
    SAME(RH_ATTR_REVISION), SAME(RH_ATTR_NUMA_NODE),        SAME(RH_ATTR_POOL),
    SAME(RH_ATTR_BUS),      SAME(RH_ATTR_FIRMWARE),         SAME(RH_ATTR_PSID),
    SAME(RH_ATTR_DEV_BUSID)};
static const RhGift of_mdev_type[] = {{.from = RH_ATTR_NAME, .to = RH_ATTR_TYPE_NAME},
                                      SAME(RH_ATTR_DEVICE_API)};
static const RhTie mdev_ties[] = {{.by = RH_ATTR_PARENT,
                                   .to = RH_KIND_MDEV_PARENT,
                                   .gifts = of_mdev_parent,
                                   .n_gifts = G_N_ELEMENTS(of_mdev_parent)},
                                  {.by = RH_ATTR_TYPE,
                                   .to = RH_KIND_MDEV_TYPE,
                                   .gifts = of_mdev_type,
                                   .n_gifts = G_N_ELEMENTS(of_mdev_type)}};

static const RhKindInfo kinds[] = {
    [RH_KIND_VDPA_MGMTDEV] = {.element = "vdpa-mgmtdev",
                              .noun = "vDPA management device",
                              .title = "vDPA management devices",
                              .columns = mgmtdev_columns,
                              .name = RH_ATTR_HANDLE,
                              .key = RH_N_ATTRS,
                              .proof = RH_N_ATTRS,
                              .behind = RH_N_ATTRS,
                              .home = RH_N_ATTRS,
                              .attrs = mgmtdev_attrs,
                              .pool = RH_POOL_VDPA,
                              .pool_by = RH_ATTR_HANDLE},
    [RH_KIND_VDPA] = {.element = "vdpa",
                      .noun = "vDPA device",
                      .title = "vDPA devices",
                      .columns = vdpa_columns,
                      .name = RH_ATTR_NAME,
                      .key = RH_ATTR_CHARDEV,
                      .proof = RH_ATTR_NAME,
                      .behind = RH_N_ATTRS,
                      .home = RH_ATTR_MGMTDEV,
                      .attrs = vdpa_attrs,
                      .recorded = vdpa_recorded,
                      .identity_class = "blk",
                      .moved_class = "net",
                      .moved_features = RH_NET_F_HOST_UFO, /* QEMU saves it in the guest's stream */
                      .pool = RH_POOL_VDPA,
                      .pool_by = RH_ATTR_MGMTDEV},
    [RH_KIND_MDEV_PARENT] = {.element = "mdev-parent",
                             .noun = "mdev parent",
                             .title = "Mediated device parents",
                             .columns = mdev_parent_columns,
                             .name = RH_ATTR_NAME,
                             .key = RH_N_ATTRS,
                             .proof = RH_N_ATTRS,
                             .behind = RH_N_ATTRS,
                             .home = RH_N_ATTRS,
                             .attrs = mdev_parent_attrs,
                             .pool = RH_POOL_MDEV_PARENT,
                             .pool_by = RH_ATTR_NAME},
    [RH_KIND_MDEV_TYPE] = {.element = "type",
                           .noun = "mdev type",
                           .title = "Mediated device types",
                           .columns = mdev_type_columns,
                           .name = RH_ATTR_ID,
                           .key = RH_N_ATTRS,
                           .proof = RH_N_ATTRS,
                           .behind = RH_N_ATTRS,
                           .home = RH_ATTR_PARENT,
                           .within = TRUE,
                           .home_kind = RH_KIND_MDEV_PARENT,
                           .attrs = mdev_type_attrs,
                           .pool = RH_POOL_NONE},
    [RH_KIND_MDEV_DEFINITION] = {.element = "definition",
                                 .noun = "mdev definition",
                                 .title = "Mediated devices that mdevctl has defined",
                                 .columns = mdev_definition_columns,
                                 .name = RH_ATTR_UUID,
                                 .key = RH_N_ATTRS,
                                 .any_case = TRUE,
                                 .proof = RH_N_ATTRS,
                                 .behind = RH_N_ATTRS,
                                 .home = RH_ATTR_PARENT,
                                 .within = TRUE,
                                 .home_kind = RH_KIND_MDEV_PARENT,
                                 .attrs = mdev_definition_attrs,
                                 .pool = RH_POOL_NONE},
    [RH_KIND_MDEV] = {.element = "mdev",
                      .noun = "mediated device",
                      .title = "Mediated devices",
                      .columns = mdev_columns,
                      .name = RH_ATTR_UUID,
                      .key = RH_ATTR_UUID,
                      .any_case = TRUE,
                      .has_types = TRUE,
                      .proof = RH_ATTR_TYPE,
                      .behind = RH_ATTR_DEV_BUSID,
                      .home = RH_ATTR_PARENT,
                      .attrs = mdev_attrs,
                      .recorded = mdev_recorded,
                      .identity_class = "vfio-ccw",
                      .has_parameters = TRUE,
                      .moved = mdev_moved,
                      .pool = RH_POOL_NONE, /* its parent's */
                      .ties = mdev_ties,
                      .n_ties = G_N_ELEMENTS(mdev_ties)},
};
G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == RH_N_KINDS);

const RhKindInfo *rh_kind_info(RhKind kind)
{
    return &kinds[kind];
}

gboolean rh_kind_is_given(RhKind kind)
{
    return kinds[kind].key < RH_N_ATTRS;
}

gboolean rh_kind_is_within(RhKind kind, RhKind home)
{
    return kinds[kind].within && kinds[kind].home_kind == home;
}

gboolean rh_kind_has(RhKind kind, RhAttr attr)
{
    for (const RhAttr *its = kinds[kind].attrs; *its != RH_N_ATTRS; its++)
        if (*its == attr)
            return TRUE;
    return FALSE;
}

RhKinds rh_kinds_with(RhAttr attr)
{
    RhKinds with = 0;

    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        for (const RhAttr *at = kinds[kind].recorded; at && *at != RH_N_ATTRS; at++)
            if (*at == attr)
                with |= RH_KIND_BIT(kind);
    return with;
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

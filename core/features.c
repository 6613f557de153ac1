/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/features.h"

static const char *const names[64] = {
    [0] = "CSUM",
    [1] = "GUEST_CSUM",
    [2] = "CTRL_GUEST_OFFLOADS",
    [3] = "MTU",
    [5] = "MAC",
    [6] = "GSO",
    [7] = "GUEST_TSO4",
    [8] = "GUEST_TSO6",
    [9] = "GUEST_ECN",
    [10] = "GUEST_UFO",
    [11] = "HOST_TSO4",
    [12] = "HOST_TSO6",
    [13] = "HOST_ECN",
    [14] = "HOST_UFO",
    [15] = "MRG_RXBUF",
    [16] = "STATUS",
    [17] = "CTRL_VQ",
    [18] = "CTRL_RX",
    [19] = "CTRL_VLAN",
    [20] = "CTRL_RX_EXTRA",
    [21] = "GUEST_ANNOUNCE",
    [22] = "MQ",
    [23] = "CTRL_MAC_ADDR",
    [24] = "NOTIFY_ON_EMPTY",
    [27] = "ANY_LAYOUT",
    [28] = "RING_INDIRECT_DESC",
    [29] = "RING_EVENT_IDX",
    [32] = "VERSION_1",
    [33] = "ACCESS_PLATFORM",
    [34] = "RING_PACKED",
    [35] = "IN_ORDER",
    [36] = "ORDER_PLATFORM",
    [37] = "SR_IOV",
    [38] = "NOTIFICATION_DATA",
    [40] = "RING_RESET",
    [56] = "HOST_USO",
    [57] = "HASH_REPORT",
    [59] = "GUEST_HDRLEN",
    [60] = "RSS",
    [61] = "RSC_EXT",
    [62] = "STANDBY",
    [63] = "SPEED_DUPLEX",
};

/* Bits that mean the same for every class of device: virtio_config.h, virtio_ring.h. */
static gboolean is_common(guint bit)
{
    return bit >= 24 && bit < 50;
}

char *rh_features_describe(guint64 features, const char *class)
{
    gboolean is_net = g_strcmp0(class, "net") == 0;
    GString *text = g_string_new(NULL);
    const char *separator = " (";

    g_string_printf(text, "0x%" G_GINT64_MODIFIER "x", features);
    for (guint bit = 0; bit < G_N_ELEMENTS(names); bit++) {
        if (!(features & RH_FEATURE(bit)) || !names[bit] || !(is_net || is_common(bit)))
            continue;
        g_string_append_printf(text, "%s%s", separator, names[bit]);
        separator = " ";
    }
    if (separator[1] == '\0')
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

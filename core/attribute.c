/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/attribute.h"

#include "util/text.h"

static const RhAttrInfo attrs[] = {
    [RH_ATTR_NAME] = {"name", RH_TYPE_TEXT, 0},
    [RH_ATTR_HANDLE] = {"handle", RH_TYPE_TEXT, 0},
    [RH_ATTR_UUID] = {"uuid", RH_TYPE_TEXT, 0},
    [RH_ATTR_ID] = {"id", RH_TYPE_TEXT, 0},
    [RH_ATTR_MGMTDEV] = {"mgmtdev", RH_TYPE_TEXT, 0},
    [RH_ATTR_PARENT] = {"parent", RH_TYPE_TEXT, 0},
    [RH_ATTR_TYPE] = {"type", RH_TYPE_TEXT, 0},
    [RH_ATTR_TYPE_NAME] = {"type-name", RH_TYPE_TEXT, 0},
    [RH_ATTR_DEVICE_API] = {"device-api", RH_TYPE_TEXT, 0},
    [RH_ATTR_AVAILABLE] = {"available", RH_TYPE_NUMBER, 0},
    [RH_ATTR_BUS] = {"bus", RH_TYPE_TEXT, 0},
    [RH_ATTR_DEV_BUSID] = {"dev-busid", RH_TYPE_TEXT, 0},
    [RH_ATTR_AP_CARDS] = {"ap-cards", RH_TYPE_TEXT, 0},
    [RH_ATTR_DRIVER] = {"driver", RH_TYPE_TEXT, 0},
    [RH_ATTR_DRIVER_VERSION] = {"driver-version", RH_TYPE_TEXT, 0},
    [RH_ATTR_FIRMWARE] = {"firmware", RH_TYPE_TEXT, 0},
    [RH_ATTR_PSID] = {"psid", RH_TYPE_TEXT, 0},
    [RH_ATTR_CLASSES] = {"classes", RH_TYPE_TEXT, 0},
    [RH_ATTR_CLASS] = {"class", RH_TYPE_TEXT, 0},
    [RH_ATTR_CHARDEV] = {"chardev", RH_TYPE_TEXT, 0},
    [RH_ATTR_BOUND] = {"bound", RH_TYPE_TEXT, 0},
    [RH_ATTR_VENDOR_ID] = {"vendor-id", RH_TYPE_HEX, 4},
    [RH_ATTR_VENDOR] = {"vendor", RH_TYPE_HEX, 4},
    [RH_ATTR_PRODUCT] = {"product", RH_TYPE_HEX, 4},
    [RH_ATTR_SUBSYSTEM_VENDOR] = {"subsystem-vendor", RH_TYPE_HEX, 4},
    [RH_ATTR_SUBSYSTEM_PRODUCT] = {"subsystem-product", RH_TYPE_HEX, 4},
    [RH_ATTR_REVISION] = {"revision", RH_TYPE_HEX, 2},
    [RH_ATTR_MAX_VQS] = {"max-vqs", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MAX_VQ_SIZE] = {"max-vq-size", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MIN_VQ_SIZE] = {"min-vq-size", RH_TYPE_NUMBER, 0},
    [RH_ATTR_RING] = {"ring", RH_TYPE_NUMBER, 0},
    [RH_ATTR_CTRL_RING] = {"ctrl-ring", RH_TYPE_NUMBER, 0},
    [RH_ATTR_FEATURES] = {"features", RH_TYPE_HEX, 16},
    [RH_ATTR_NEGOTIATED] = {"negotiated", RH_TYPE_HEX, 16},
    [RH_ATTR_MAC] = {"mac", RH_TYPE_MAC, 0},
    [RH_ATTR_MAX_VQ_PAIRS] = {"max-vq-pairs", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MTU] = {"mtu", RH_TYPE_NUMBER, 0},
    [RH_ATTR_STATUS] = {"status", RH_TYPE_HEX, 4},
    [RH_ATTR_CAPACITY] = {"capacity", RH_TYPE_NUMBER, 0},
    [RH_ATTR_BLOCK_SIZE] = {"block-size", RH_TYPE_NUMBER, 0},
    [RH_ATTR_READ_ONLY] = {"read-only", RH_TYPE_BOOL, 0},
    [RH_ATTR_FLUSH] = {"flush", RH_TYPE_BOOL, 0},
    [RH_ATTR_SIZE_MAX] = {"size-max", RH_TYPE_NUMBER, 0},
    [RH_ATTR_SEG_MAX] = {"seg-max", RH_TYPE_NUMBER, 0},
    [RH_ATTR_NUM_QUEUES] = {"num-queues", RH_TYPE_NUMBER, 0},
    [RH_ATTR_PHYSICAL_BLOCK_EXP] = {"physical-block-exp", RH_TYPE_NUMBER, 0},
    [RH_ATTR_ALIGNMENT_OFFSET] = {"alignment-offset", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MIN_IO_SIZE] = {"min-io-size", RH_TYPE_NUMBER, 0},
    [RH_ATTR_OPT_IO_SIZE] = {"opt-io-size", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MAX_DISCARD_SECTORS] = {"max-discard-sectors", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MAX_DISCARD_SEG] = {"max-discard-seg", RH_TYPE_NUMBER, 0},
    [RH_ATTR_DISCARD_SECTOR_ALIGNMENT] = {"discard-sector-alignment", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MAX_WRITE_ZEROES_SECTORS] = {"max-write-zeroes-sectors", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MAX_WRITE_ZEROES_SEG] = {"max-write-zeroes-seg", RH_TYPE_NUMBER, 0},
    [RH_ATTR_MIGRATION_VERSION] = {"migration-version", RH_TYPE_TEXT, 0},
    [RH_ATTR_PF] = {"pf", RH_TYPE_TEXT, 0},
    [RH_ATTR_PF_NETDEV] = {"pf-netdev", RH_TYPE_TEXT, 0},
    [RH_ATTR_NUMA_NODE] = {"numa-node", RH_TYPE_NUMBER, 0},
    [RH_ATTR_POOL] = {"pool", RH_TYPE_TEXT, 0},
    [RH_ATTR_GUEST_ADDRESS] = {"guest-address", RH_TYPE_TEXT, 0},
    [RH_ATTR_CHOSEN] = {"chosen", RH_TYPE_BOOL, 0},
    [RH_ATTR_LOST] = {"lost", RH_TYPE_TEXT, 0},
    [RH_ATTR_USED_BY] = {"used-by", RH_TYPE_USER, 0},
    [RH_ATTR_USED_BY_UUID] = {"used-by-uuid", RH_TYPE_TEXT, 0},
    [RH_ATTR_NAMED_BY] = {"named-by", RH_TYPE_USER, 0},
};
G_STATIC_ASSERT(G_N_ELEMENTS(attrs) == RH_N_ATTRS);

const RhAttrInfo *rh_attr_info(RhAttr attr)
{
    return &attrs[attr];
}

static GHashTable *index_names(void)
{
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < RH_N_ATTRS; i++)
        g_hash_table_insert(by_name, (gpointer)attrs[i].name, GUINT_TO_POINTER(i));
    return by_name;
}

RhAttr rh_attr_by_name(const char *name)
{
    static GHashTable *by_name; /* made once; lives as long as the process */
    gpointer attr;

    if (g_once_init_enter(&by_name))
        g_once_init_leave(&by_name, index_names());
    return g_hash_table_lookup_extended(by_name, name, NULL, &attr) ? (RhAttr)GPOINTER_TO_UINT(attr)
                                                                    : RH_N_ATTRS;
}

char *rh_attr_format(RhAttr attr, RhValue value)
{
    switch (attrs[attr].type) {
    case RH_TYPE_TEXT:
        return g_strdup(value.text);
    case RH_TYPE_NUMBER:
        return g_strdup_printf("%" G_GUINT64_FORMAT, value.number);
    case RH_TYPE_HEX:
        return g_strdup_printf("0x%0*" G_GINT64_MODIFIER "x", (int)attrs[attr].digits,
                               value.number);
    case RH_TYPE_MAC:
        return rh_format_mac(value.number);
    case RH_TYPE_BOOL:
        return g_strdup(value.number ? "yes" : "no");
    case RH_TYPE_USER:
        return rh_user_format(value.user);
    }
    g_assert_not_reached();
}

gboolean rh_attr_parse(RhAttr attr, const char *text, RhValue *ret_value)
{
    switch (attrs[attr].type) {
    case RH_TYPE_TEXT:
        if (!*text)
            return FALSE;
        ret_value->text = g_strdup(text);
        return TRUE;
    case RH_TYPE_NUMBER:
        return rh_parse_number(text, G_MAXUINT64, &ret_value->number);
    case RH_TYPE_HEX:
        return rh_parse_hex(text, &ret_value->number);
    case RH_TYPE_MAC:
        return rh_parse_mac(text, &ret_value->number);
    case RH_TYPE_BOOL:
        ret_value->number = g_str_equal(text, "yes");
        return g_str_equal(text, "yes") || g_str_equal(text, "no");
    case RH_TYPE_USER:
        if (!*text)
            return FALSE;
        ret_value->user = rh_user_parse(text);
        return TRUE;
    }
    g_assert_not_reached();
}

RhValue rh_attr_copy(RhAttr attr, RhValue value)
{
    switch (attrs[attr].type) {
    case RH_TYPE_TEXT:
        return (RhValue){.text = g_strdup(value.text)};
    case RH_TYPE_USER:
        return (RhValue){.user = rh_user_copy(value.user)};
    case RH_TYPE_NUMBER:
    case RH_TYPE_HEX:
    case RH_TYPE_MAC:
    case RH_TYPE_BOOL:
        return value;
    }
    g_assert_not_reached();
}

void rh_attr_clear(RhAttr attr, RhValue value)
{
    switch (attrs[attr].type) {
    case RH_TYPE_TEXT:
        g_free(value.text);
        return;
    case RH_TYPE_USER:
        rh_user_free(value.user);
        return;
    case RH_TYPE_NUMBER:
    case RH_TYPE_HEX:
    case RH_TYPE_MAC:
    case RH_TYPE_BOOL:
        return;
    }
    g_assert_not_reached();
}

gboolean rh_attr_equal(RhAttr attr, RhValue a, RhValue b)
{
    switch (attrs[attr].type) {
    case RH_TYPE_TEXT:
        return g_str_equal(a.text, b.text);
    case RH_TYPE_USER:
        return rh_user_equal(a.user, b.user);
    case RH_TYPE_NUMBER:
    case RH_TYPE_HEX:
    case RH_TYPE_MAC:
    case RH_TYPE_BOOL:
        return a.number == b.number;
    }
    g_assert_not_reached();
}

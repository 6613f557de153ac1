/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of core/kind.c: what one leaves out by mistake is RH_ATTR_NAME or RH_POOL_VDPA. */
#include "core/kind.h"

static gboolean is_in(const RhAttr *attrs, RhAttr attr)
{
    for (; *attrs != RH_N_ATTRS; attrs++)
        if (*attrs == attr)
            return TRUE;
    return FALSE;
}

static void assert_in(const RhAttr *attrs, RhAttr attr, const char *list, const RhKindInfo *info)
{
    if (!is_in(attrs, attr))
        g_error("a %s has no %s in its %s", info->noun,
                attr < RH_N_ATTRS ? rh_attr_info(attr)->name : "such attribute", list);
}

static void assert_optional(RhAttr attr, const char *list, const RhKindInfo *info)
{
    if (attr < RH_N_ATTRS)
        assert_in(info->attrs, attr, list, info);
}

static void test_rows(void)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const RhKindInfo *info = rh_kind_info((RhKind)kind);
        RhKind found;

        g_assert_true(info->element && info->noun && info->title && info->columns && info->attrs);
        g_assert_true(rh_kind_by_element(info->element, &found) && found == kind);
        assert_in(info->attrs, info->name, "name", info);
        assert_in(info->columns, info->name, "columns", info);
        assert_optional(info->key, "key", info);
        assert_optional(info->proof, "proof", info);
        if (info->behind < RH_N_ATTRS)
            assert_in(info->recorded, info->behind, "record", info);
        if (!info->within)
            assert_optional(info->home, "home", info);
        if (info->pool != RH_POOL_NONE) {
            assert_in(info->attrs, info->pool_by, "pool_by", info);
            assert_in(info->attrs, RH_ATTR_POOL, "attrs", info);
        }
        if (rh_kind_has((RhKind)kind, RH_ATTR_PF))
            assert_in(info->attrs, RH_ATTR_PF_NETDEV, "attrs", info);
        for (guint i = 0; i < info->n_ties; i++)
            assert_in(info->attrs, info->ties[i].by, "ties", info);
        for (const RhAttr *attr = info->moved; attr && *attr != RH_N_ATTRS; attr++)
            assert_in(info->recorded, *attr, "record", info);
    }
}

/* What is done with each kind that guests can have takes all of these for given. */
static void test_given(void)
{
    static const RhAttr recorded[] = {RH_ATTR_NUMA_NODE, RH_ATTR_POOL, RH_ATTR_GUEST_ADDRESS,
                                      RH_ATTR_LOST};

    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const RhKindInfo *info = rh_kind_info((RhKind)kind);

        g_assert_cmpint(rh_kind_is_given((RhKind)kind), ==, info->recorded != NULL);
        if (!info->recorded)
            continue;
        assert_in(info->recorded, info->name, "record", info);
        assert_in(info->recorded, info->key, "record", info);
        assert_in(info->recorded, info->proof, "record", info);
        assert_in(info->recorded, info->home, "record", info);
        for (guint i = 0; i < G_N_ELEMENTS(recorded); i++)
            assert_in(info->recorded, recorded[i], "record", info);
        assert_in(info->attrs, RH_ATTR_USED_BY, "attrs", info);
        assert_in(info->attrs, RH_ATTR_USED_BY_UUID, "attrs", info);
        assert_in(info->columns, RH_ATTR_USED_BY, "columns", info);
        assert_in(info->columns, RH_ATTR_POOL, "columns", info);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kind/rows", test_rows);
    g_test_add_func("/kind/given", test_given);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policy.h"
#include "util/error.h"

static RhDevice *add(RhInventory *inventory, RhKind kind, RhAttr attr, const char *text)
{
    RhDevice *device = rh_device_new(kind);

    rh_device_set_text(device, attr, text);
    rh_inventory_add(inventory, device);
    return device;
}

static void test_order(void)
{
    static const char *const names[] = {"vdpa10", "vdpa2", "vdpa1"};
    static const char *const sorted[] = {"vdpa1", "vdpa2", "vdpa10"};
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, names[i]);
    g_assert_true(rh_inventory_complete(inventory, &error));
    for (guint i = 0; i < G_N_ELEMENTS(sorted); i++) {
        g_assert_cmpstr(rh_device_name(g_ptr_array_index(inventory->devices[RH_KIND_VDPA], i)), ==,
                        sorted[i]);
        g_assert_nonnull(rh_inventory_find(inventory, RH_KIND_VDPA, sorted[i]));
    }
    g_assert_null(rh_inventory_find(inventory, RH_KIND_VDPA, "vdpa3"));
}

/* Of every kind that has a home or none: sorted, found, and none twice under one name. */
static void test_kinds(void)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const RhKindInfo *info = rh_kind_info((RhKind)kind);
        g_autoptr(RhInventory) inventory = rh_inventory_new();
        g_autoptr(RhInventory) twins = rh_inventory_new();
        g_autoptr(GError) error = NULL;

        if (info->within)
            continue; /* unique in its home */
        g_test_message("%s", info->noun);
        add(inventory, (RhKind)kind, info->name, "b");
        add(inventory, (RhKind)kind, info->name, "a");
        g_assert_true(rh_inventory_complete(inventory, &error));
        g_assert_cmpstr(rh_device_name(g_ptr_array_index(inventory->devices[kind], 0)), ==, "a");
        g_assert_nonnull(rh_inventory_find(inventory, (RhKind)kind, "b"));
        add(twins, (RhKind)kind, info->name, "a");
        add(twins, (RhKind)kind, info->name, "a");
        g_assert_false(rh_inventory_complete(twins, &error));
        g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    }
}

/* Two parents have types of the same id; each mdev takes from its own. */
static void test_mdev(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 2; i++) {
        const char *parent = i == 0 ? "0000:84:00.0" : "0000:85:00.0";
        RhDevice *type = add(inventory, RH_KIND_MDEV_TYPE, RH_ATTR_ID, "nvidia-105");
        RhDevice *mdev = add(inventory, RH_KIND_MDEV, RH_ATTR_UUID,
                             i == 0 ? "53764d0e-85a0-42b4-af5c-2046b460b1d0"
                                    : "53764d0e-85a0-42b4-af5c-2046b460b1d1");

        rh_device_set_text(add(inventory, RH_KIND_MDEV_PARENT, RH_ATTR_NAME, parent),
                           RH_ATTR_DRIVER, i == 0 ? "nvidia" : "i915");
        rh_device_set_text(type, RH_ATTR_PARENT, parent);
        rh_device_set_text(type, RH_ATTR_NAME, i == 0 ? "one" : "other");
        rh_device_set_text(mdev, RH_ATTR_PARENT, parent);
        rh_device_set_text(mdev, RH_ATTR_TYPE, "nvidia-105");
    }
    g_assert_true(rh_inventory_complete(inventory, &error));
    for (guint i = 0; i < 2; i++) {
        const RhDevice *mdev = g_ptr_array_index(inventory->devices[RH_KIND_MDEV], i);

        g_assert_cmpstr(rh_device_text(mdev, RH_ATTR_DRIVER), ==, i == 0 ? "nvidia" : "i915");
        g_assert_cmpstr(rh_device_text(mdev, RH_ATTR_TYPE_NAME), ==, i == 0 ? "one" : "other");
    }
}

static void test_twins(void)
{
    g_autoptr(RhInventory) names = rh_inventory_new();
    g_autoptr(RhInventory) nodes = rh_inventory_new();
    g_autoptr(GError) error = NULL;

    add(names, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa0");
    add(names, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa0");
    g_assert_false(rh_inventory_complete(names, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    g_clear_error(&error);
    for (guint i = 0; i < 2; i++)
        rh_device_set_text(add(nodes, RH_KIND_VDPA, RH_ATTR_NAME, i == 0 ? "vdpa0" : "vdpa1"),
                           RH_ATTR_CHARDEV, "/dev/vhost-vdpa-0");
    g_assert_false(rh_inventory_complete(nodes, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
}

/* The first pool of the configuration that matches counts. */
static void test_pools(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(RhPolicy) policy = rh_policy_new();
    RhDevice *device = add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa0");
    RhDevice *other = add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa1");
    RhDevice *parent = add(inventory, RH_KIND_MDEV_PARENT, RH_ATTR_NAME, "0000:84:00.0");

    rh_policy_pool(policy, "special")->globs[RH_POOL_VDPA] =
        g_strsplit("pci/0000:41:00.2", ";", -1);
    rh_policy_pool(policy, "fabric-a")->globs[RH_POOL_VDPA] =
        g_strsplit("pci/0000:41:00.*", ";", -1);
    rh_policy_pool(policy, "gpu")->globs[RH_POOL_MDEV_PARENT] =
        g_strsplit("0000:83:*;0000:84:*", ";", -1);
    rh_device_set_text(device, RH_ATTR_MGMTDEV, "pci/0000:41:00.2");
    rh_device_set_text(other, RH_ATTR_MGMTDEV, "pci/0000:41:00.3");
    rh_policy_apply_pools(policy, inventory);
    g_assert_cmpstr(rh_device_text(device, RH_ATTR_POOL), ==, "special");
    g_assert_cmpstr(rh_device_text(other, RH_ATTR_POOL), ==, "fabric-a");
    g_assert_cmpstr(rh_device_text(parent, RH_ATTR_POOL), ==, "gpu");
}

/* By the port, whatever the kind; an earlier pool counts before it. */
static void test_pools_of_ports(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(RhPolicy) policy = rh_policy_new();
    RhDevice *sf = add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa0");
    RhDevice *named = add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa1");
    RhDevice *mgmtdev = add(inventory, RH_KIND_VDPA_MGMTDEV, RH_ATTR_HANDLE, "auxiliary/sf.4");
    RhDevice *parent = add(inventory, RH_KIND_MDEV_PARENT, RH_ATTR_NAME, "0000:84:00.4");
    RhDevice *apart = add(inventory, RH_KIND_VDPA, RH_ATTR_NAME, "vdpa2");

    rh_policy_pool(policy, "special")->globs[RH_POOL_VDPA] = g_strsplit("auxiliary/sf.5", ";", -1);
    rh_policy_pool(policy, "port0")->globs[RH_POOL_PF] = g_strsplit("0000:41:00.0", ";", -1);
    rh_policy_pool(policy, "port1")->globs[RH_POOL_PF] = g_strsplit("enp66s0f1*", ";", -1);
    rh_policy_pool(policy, "gpu")->globs[RH_POOL_PF] = g_strsplit("0000:84:00.0", ";", -1);
    rh_device_set_text(sf, RH_ATTR_PF, "0000:41:00.0");
    rh_device_set_text(mgmtdev, RH_ATTR_PF, "0000:41:00.0");
    rh_device_set_text(named, RH_ATTR_PF, "0000:41:00.0");
    rh_device_set_text(named, RH_ATTR_MGMTDEV, "auxiliary/sf.5");
    rh_device_set_text(apart, RH_ATTR_PF, "0000:42:00.1");
    rh_device_set_text(apart, RH_ATTR_PF_NETDEV, "enp66s0f1np1");
    rh_device_set_text(parent, RH_ATTR_PF, "0000:84:00.0");
    rh_policy_apply_pools(policy, inventory);
    g_assert_cmpstr(rh_device_text(sf, RH_ATTR_POOL), ==, "port0");
    g_assert_cmpstr(rh_device_text(mgmtdev, RH_ATTR_POOL), ==, "port0");
    g_assert_cmpstr(rh_device_text(named, RH_ATTR_POOL), ==, "special");
    g_assert_cmpstr(rh_device_text(apart, RH_ATTR_POOL), ==, "port1");
    g_assert_cmpstr(rh_device_text(parent, RH_ATTR_POOL), ==, "gpu");
}

static void assert_idle(const RhPolicy *policy, const RhInventory *inventory, RhKinds kinds,
                        const char *expected)
{
    g_autoptr(GPtrArray) idle = rh_policy_find_idle(policy, inventory, kinds);
    g_autofree char *joined = NULL;

    g_ptr_array_add(idle, NULL);
    joined = g_strjoinv("\n", (char **)idle->pdata);
    g_assert_cmpstr(joined, ==, expected);
}

/* What is known to match nothing: of kinds that the inventory does not have, nothing is. */
static void test_idle_pools(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(RhPolicy) policy = rh_policy_new();
    RhKinds vdpa = RH_KIND_BIT(RH_KIND_VDPA);
    RhKinds mdev = RH_KIND_BIT(RH_KIND_MDEV);
#define NOWHERE " matches nothing on this host"

    add(inventory, RH_KIND_VDPA_MGMTDEV, RH_ATTR_HANDLE, "pci/0000:41:00.2");
    rh_policy_pool(policy, "a")->globs[RH_POOL_VDPA] =
        g_strsplit("pci/0000:41:00.*;pci/0000:42:00.*", ";", -1);
    rh_policy_pool(policy, "a")->globs[RH_POOL_VF] = g_strsplit("0000:3b:*", ";", -1);
    rh_policy_pool(policy, "b")->globs[RH_POOL_MDEV_PARENT] = g_strsplit("0000:84:*", ";", -1);
    rh_policy_pool(policy, "c")->globs[RH_POOL_PF] = g_strsplit("0000:84:00.0", ";", -1);
    assert_idle(policy, inventory, 0, "");
    assert_idle(policy, inventory, vdpa, "'vdpa = pci/0000:42:00.*' in [pool a]" NOWHERE);
    assert_idle(policy, inventory, mdev, "'mdev-parent = 0000:84:*' in [pool b]" NOWHERE);
    assert_idle(policy, inventory, vdpa | mdev,
                "'vdpa = pci/0000:42:00.*' in [pool a]" NOWHERE
                "\n'mdev-parent = 0000:84:*' in [pool b]" NOWHERE
                "\n'pf = 0000:84:00.0' in [pool c]" NOWHERE);
#undef NOWHERE
}

static void test_accepts(void)
{
    static const struct {
        const char *type;
        int cold;
        int live;
    } places[] = {{"nvidia-105", 0, 0},
                  {"nvidia-106", 1, 2},
                  {"nvidia-107", 2, -1},
                  {"nvidia-108", 3, 1},
                  {"nvidia-109", -1, -1}};
    g_autoptr(RhPolicy) policy = rh_policy_new();
    RhMdevPolicy *mdev = rh_policy_mdev(policy, "nvidia-105");

    mdev->accept = g_strsplit("nvidia-106;nvidia-107", ";", -1);
    mdev->accept_live = g_strsplit("nvidia-108;nvidia-106", ";", -1);
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_assert_cmpint(rh_policy_accepts(policy, "nvidia-105", places[i].type, TRUE), ==,
                        places[i].cold);
        g_assert_cmpint(rh_policy_accepts(policy, "nvidia-105", places[i].type, FALSE), ==,
                        places[i].live);
    }
    g_assert_cmpint(rh_policy_accepts(policy, "nvidia-106", "nvidia-105", TRUE), ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inventory/kinds", test_kinds);
    g_test_add_func("/inventory/order", test_order);
    g_test_add_func("/inventory/mdev", test_mdev);
    g_test_add_func("/inventory/twins", test_twins);
    g_test_add_func("/policy/pools", test_pools);
    g_test_add_func("/policy/pools/of-ports", test_pools_of_ports);
    g_test_add_func("/policy/pools/idle", test_idle_pools);
    g_test_add_func("/policy/accepts", test_accepts);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policy.h"

static void pool_free(gpointer data)
{
    RhPool *pool = data;

    g_free(pool->name);
    for (guint key = 0; key < RH_N_POOL_KEYS; key++)
        g_strfreev(pool->globs[key]);
    g_free(pool);
}

static void mdev_policy_free(gpointer data)
{
    RhMdevPolicy *mdev = data;

    g_free(mdev->type);
    g_strfreev(mdev->accept);
    g_strfreev(mdev->accept_live);
    g_strfreev(mdev->parameters);
    g_free(mdev);
}

RhPolicy *rh_policy_new(void)
{
    RhPolicy *policy = g_new0(RhPolicy, 1);

    policy->match = RH_MATCH_CAPABILITY;
    policy->unrecorded = RH_UNRECORDED_REJECT;
    policy->unrecorded_restore = RH_UNRECORDED_KEEP;
    policy->unknown = RH_UNKNOWN_REJECT;
    policy->deadline = 10;
    policy->ring = RH_RING_AUTO;
    policy->pools = g_ptr_array_new_with_free_func(pool_free);
    policy->mdevs = g_ptr_array_new_with_free_func(mdev_policy_free);
    policy->warnings = g_ptr_array_new_with_free_func(g_free);
    return policy;
}

void rh_policy_free(RhPolicy *policy)
{
    if (!policy)
        return;
    g_ptr_array_unref(policy->pools);
    g_ptr_array_unref(policy->mdevs);
    g_ptr_array_unref(policy->warnings);
    g_free(policy);
}

RhPool *rh_policy_pool(RhPolicy *policy, const char *name)
{
    RhPool *pool;

    for (guint i = 0; i < policy->pools->len; i++) {
        pool = g_ptr_array_index(policy->pools, i);
        if (g_str_equal(pool->name, name))
            return pool;
    }
    pool = g_new0(RhPool, 1);
    pool->name = g_strdup(name);
    g_ptr_array_add(policy->pools, pool);
    return pool;
}

const RhMdevPolicy *rh_policy_find_mdev(const RhPolicy *policy, const char *type)
{
    for (guint i = 0; i < policy->mdevs->len; i++) {
        const RhMdevPolicy *mdev = g_ptr_array_index(policy->mdevs, i);

        if (g_str_equal(mdev->type, type))
            return mdev;
    }
    return NULL;
}

RhMdevPolicy *rh_policy_mdev(RhPolicy *policy, const char *type)
{
    RhMdevPolicy *mdev = (RhMdevPolicy *)rh_policy_find_mdev(policy, type);

    if (!mdev) {
        mdev = g_new0(RhMdevPolicy, 1);
        mdev->type = g_strdup(type);
        g_ptr_array_add(policy->mdevs, mdev);
    }
    return mdev;
}

/* The place of @type in @list (NULL: empty), from 0; -1: it is not in it. */
static int place_in(GStrv list, const char *type)
{
    for (int i = 0; list && list[i]; i++)
        if (g_str_equal(list[i], type))
            return i;
    return -1;
}

int rh_policy_accepts(const RhPolicy *policy, const char *recorded, const char *type, gboolean cold)
{
    const RhMdevPolicy *mdev;
    guint before;
    int place;

    if (g_str_equal(recorded, type))
        return 0;
    mdev = rh_policy_find_mdev(policy, recorded);
    if (!mdev)
        return -1;
    place = cold ? place_in(mdev->accept, type) : -1;
    if (place >= 0)
        return place + 1;
    before = cold && mdev->accept ? g_strv_length(mdev->accept) : 0;
    place = place_in(mdev->accept_live, type);
    return place >= 0 ? (int)before + place + 1 : -1;
}

gboolean rh_policy_says_chosen(const RhPolicy *policy, const RhDevice *entry)
{
    return (policy && policy->always_chosen) ||
           (entry && rh_device_number(entry, RH_ATTR_CHOSEN, FALSE));
}

static gboolean matches(const char *const *globs, const char *name)
{
    for (guint i = 0; globs && name && globs[i]; i++)
        if (g_pattern_match_simple(globs[i], name))
            return TRUE;
    return FALSE;
}

/* Whether devices of @kind can be matched by the globs of @key. */
static gboolean is_concerned(RhKind kind, RhPoolKey key)
{
    return key == RH_POOL_PF ? rh_kind_has(kind, RH_ATTR_PF) : rh_kind_info(kind)->pool == key;
}

static gboolean matches_device(const char *const *globs, RhPoolKey key, const RhDevice *device)
{
    if (!is_concerned(device->kind, key))
        return FALSE;
    if (key == RH_POOL_PF)
        return matches(globs, rh_device_text(device, RH_ATTR_PF)) ||
               matches(globs, rh_device_text(device, RH_ATTR_PF_NETDEV));
    return matches(globs, rh_device_text(device, rh_kind_info(device->kind)->pool_by));
}

static const char *pool_of(const RhPolicy *policy, const RhDevice *device)
{
    for (guint i = 0; i < policy->pools->len; i++) {
        const RhPool *pool = g_ptr_array_index(policy->pools, i);

        for (guint key = 0; key < RH_N_POOL_KEYS; key++)
            if (matches_device((const char *const *)pool->globs[key], (RhPoolKey)key, device))
                return pool->name;
    }
    return NULL;
}

void rh_policy_apply_pools(const RhPolicy *policy, RhInventory *inventory)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = inventory->devices[kind];

        for (guint i = 0; rh_kind_info((RhKind)kind)->pool != RH_POOL_NONE && i < devices->len;
             i++) {
            RhDevice *device = g_ptr_array_index(devices, i);

            rh_device_set_text(device, RH_ATTR_POOL, pool_of(policy, device));
        }
    }
}

/* Whether an inventory that has what there is of @kinds has all that @key's globs can match: what
 * guests cannot have themselves comes with what hangs on it. */
static gboolean covers(RhKinds kinds, RhPoolKey key)
{
    gboolean any = FALSE;

    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        gboolean concerned = is_concerned((RhKind)kind, key);
        const RhKindInfo *info = rh_kind_info((RhKind)kind);

        for (guint i = 0; i < info->n_ties; i++)
            concerned |= is_concerned(info->ties[i].to, key);
        if (!concerned || !rh_kind_is_given((RhKind)kind))
            continue;
        if (!(kinds & RH_KIND_BIT(kind)))
            return FALSE;
        any = TRUE;
    }
    return any;
}

static gboolean matches_any(const char *glob, RhPoolKey key, const RhInventory *inventory)
{
    const char *const globs[] = {glob, NULL};

    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        GPtrArray *devices = inventory->devices[kind];

        for (guint i = 0; i < devices->len; i++)
            if (matches_device(globs, key, g_ptr_array_index(devices, i)))
                return TRUE;
    }
    return FALSE;
}

GPtrArray *rh_policy_find_idle(const RhPolicy *policy, const RhInventory *inventory, RhKinds kinds)
{
    static const char *const names[RH_N_POOL_KEYS] = {[RH_POOL_VDPA] = "vdpa",
                                                      [RH_POOL_MDEV_PARENT] = "mdev-parent",
                                                      [RH_POOL_VF] = "vf",
                                                      [RH_POOL_PF] = "pf"};
    GPtrArray *idle = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < policy->pools->len; i++) {
        const RhPool *pool = g_ptr_array_index(policy->pools, i);

        for (guint key = 0; key < RH_N_POOL_KEYS; key++)
            for (guint j = 0; pool->globs[key] && pool->globs[key][j]; j++)
                if (covers(kinds, (RhPoolKey)key) &&
                    !matches_any(pool->globs[key][j], (RhPoolKey)key, inventory))
                    g_ptr_array_add(idle,
                                    g_strdup_printf("'%s = %s' in [pool %s] matches nothing "
                                                    "on this host",
                                                    names[key], pool->globs[key][j], pool->name));
    }
    return idle;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration files, and errors that name file and line. */
#include "site/config.h"
#include "util/error.h"

#include <glib/gstdio.h>

/* A root with files in /etc. */
typedef struct {
    char *root;
    GPtrArray *made; /* paths, in the order of making */
} Etc;

static Etc etc_new(void)
{
    Etc etc = {.root = g_dir_make_tmp("rehome-XXXXXX", NULL),
               .made = g_ptr_array_new_with_free_func(g_free)};

    g_assert_nonnull(etc.root);
    return etc;
}

static void etc_clear(Etc *etc)
{
    while (etc->made->len > 0) {
        g_assert_cmpint(g_remove(g_ptr_array_index(etc->made, etc->made->len - 1)), ==, 0);
        g_ptr_array_set_size(etc->made, (gint)etc->made->len - 1);
    }
    g_assert_cmpint(g_remove(etc->root), ==, 0);
    g_ptr_array_unref(etc->made);
    g_free(etc->root);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Etc, etc_clear)

static void etc_mkdir(Etc *etc, const char *path)
{
    char *full = g_build_filename(etc->root, path, NULL);

    g_assert_cmpint(g_mkdir(full, 0700), ==, 0);
    g_ptr_array_add(etc->made, full);
}

static const char *etc_write(Etc *etc, const char *path, const char *text)
{
    char *full = g_build_filename(etc->root, path, NULL);

    g_assert_true(g_file_set_contents(full, text, -1, NULL));
    g_ptr_array_add(etc->made, full);
    return full;
}

static void test_defaults(void)
{
    g_auto(Etc) etc = etc_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(RhPolicy) policy = rh_config_load(etc.root, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpint(policy->match, ==, RH_MATCH_CAPABILITY);
    g_assert_cmpint(policy->unrecorded, ==, RH_UNRECORDED_REJECT);
    g_assert_cmpint(policy->unrecorded_restore, ==, RH_UNRECORDED_KEEP);
    g_assert_cmpint(policy->unknown, ==, RH_UNKNOWN_REJECT);
    g_assert_cmpuint(policy->deadline, ==, 10);
    g_assert_cmpint(policy->ring, ==, RH_RING_AUTO);
    g_assert_false(policy->pools_required);
    g_assert_false(policy->always_chosen);
}

static void test_all_keys(void)
{
    g_auto(Etc) etc = etc_new();
    g_autoptr(GError) error = NULL;
    const char *path = etc_write(&etc, "all.conf",
                                 "# a comment\n"
                                 "[policy]\n"
                                 "match = exact   # or capability\n"
                                 "unrecorded = keep\n"
                                 "unrecorded-restore = reject\n"
                                 "unknown = keep\n"
                                 "pools = required\n"
                                 "chosen = always\n"
                                 "deadline = 30\n"
                                 "ring = xml\n"
                                 "[pool fabric-a]\n"
                                 "vdpa = pci/0000:41:00.* ; auxiliary/*\n"
                                 "mdev-parent = 0000:84:*\n"
                                 "pf = enp65s0f0np0\n"
                                 "vf = 0000:3b:*\n"
                                 "[mdev nvidia-105]\n"
                                 "accept = nvidia-106; nvidia-107\n"
                                 "accept-live = nvidia-108\n"
                                 "create = yes\n"
                                 "attributes = vgpu_params\n"
                                 "[vdpa]\n"
                                 "create = no\n"
                                 "reconfigure = yes\n");
    g_autoptr(RhPolicy) policy = rh_config_load(etc.root, path, &error);

    g_assert_no_error(error);
    g_assert_cmpint(policy->match, ==, RH_MATCH_EXACT);
    g_assert_cmpint(policy->unrecorded, ==, RH_UNRECORDED_KEEP);
    g_assert_cmpint(policy->unrecorded_restore, ==, RH_UNRECORDED_REJECT);
    g_assert_cmpint(policy->unknown, ==, RH_UNKNOWN_KEEP);
    g_assert_true(policy->pools_required);
    g_assert_true(policy->always_chosen);
    g_assert_cmpuint(policy->deadline, ==, 30);
    g_assert_cmpint(policy->ring, ==, RH_RING_XML);
    g_assert_cmpstr(rh_policy_pool(policy, "fabric-a")->globs[RH_POOL_VDPA][1], ==, "auxiliary/*");
    g_assert_cmpstr(rh_policy_pool(policy, "fabric-a")->globs[RH_POOL_PF][0], ==, "enp65s0f0np0");
    g_assert_cmpstr(rh_policy_pool(policy, "fabric-a")->globs[RH_POOL_VF][0], ==, "0000:3b:*");
    g_assert_cmpint(rh_policy_accepts(policy, "nvidia-105", "nvidia-107", TRUE), ==, 2);
    g_assert_cmpint(rh_policy_accepts(policy, "nvidia-105", "nvidia-108", FALSE), ==, 1);
    g_assert_cmpstr(rh_policy_mdev(policy, "nvidia-105")->parameters[0], ==, "vgpu_params");
    g_assert_true(rh_policy_mdev(policy, "nvidia-105")->create);
    g_assert_true(policy->vdpa_reconfigure);
    g_assert_false(policy->vdpa_create);
}

/* /etc/virt-rehome.conf, then conf.d in order of names; other files there are none of ours. */
static void test_fragments(void)
{
    g_auto(Etc) etc = etc_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(RhPolicy) policy = NULL;

    etc_mkdir(&etc, "etc");
    etc_write(&etc, "etc/virt-rehome.conf", "[policy]\ndeadline = 5\nring = xml\n");
    etc_mkdir(&etc, "etc/virt-rehome.conf.d");
    etc_write(&etc, "etc/virt-rehome.conf.d/20-b.conf", "[policy]\ndeadline = 7\n");
    etc_write(&etc, "etc/virt-rehome.conf.d/10-a.conf", "[policy]\ndeadline = 6\n");
    etc_write(&etc, "etc/virt-rehome.conf.d/30-c.conf.bak", "not a configuration\n");
    policy = rh_config_load(etc.root, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(policy->deadline, ==, 7);
    g_assert_cmpuint(policy->warnings->len, ==, 0);
    etc_write(&etc, "etc/virt-rehome.conf.d/30-c.conf", "[policy]\nring = xml\ndeadline = 61\n");
    g_clear_pointer(&policy, rh_policy_free);
    policy = rh_config_load(etc.root, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(policy->deadline, ==, 60);
    g_assert_cmpuint(policy->warnings->len, ==, 1);
    g_assert_true(g_str_has_suffix(g_ptr_array_index(policy->warnings, 0),
                                   "etc/virt-rehome.conf.d/30-c.conf, line 3: deadline is 61, and "
                                   "60 is taken, the most that it can be"));
    g_assert_cmpint(policy->ring, ==, RH_RING_XML);
}

static void test_faults(void)
{
    static const struct {
        const char *text;
        const char *says; /* after the file's name */
    } cases[] = {
        {"[policy]\nmatch = loose\n", ", line 2: match is 'loose', must be capability or exact"},
        {"\n\n[policy]\n\nmatsch = exact\n", ", line 5: [policy] has no key 'matsch'"},
        {"[policy]\n[polcy]\n", ", line 2: no group is called [polcy]"},
        {"[pool]\nvdpa = *\n", ", line 1: [pool] needs a name: [pool NAME]"},
        {"[policy web]\nmatch = exact\n", ", line 1: [policy] takes no name"},
        {"[policy]\ndeadline = 0\n",
         ", line 2: deadline is '0', must be a number of seconds from 1 to 60"},
        {"[mdev nvidia-1]\naccept = ;\n", ", line 2: accept is ';', must be a list of types"},
        {"[mdev nvidia-1]\nattributes = ../../x\n", ", line 2: attributes is '../../x', must be "},
        {"[policy]\nring\n", ", line 2: "},
        {"match = exact\n", ", line 1: "},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Etc) etc = etc_new();
        g_autoptr(GError) error = NULL;
        const char *path = etc_write(&etc, "bad.conf", cases[i].text);
        g_autofree char *start = g_strconcat(path, cases[i].says, NULL);

        g_assert_null(rh_config_load(etc.root, path, &error));
        g_assert_error(error, RH_ERROR, RH_ERROR_CONFIG);
        if (!g_str_has_prefix(error->message, start))
            g_error("'%s' does not begin with '%s'", error->message, start);
    }
}

static void test_missing(void)
{
    g_auto(Etc) etc = etc_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(rh_config_load(etc.root, "/nowhere/virt-rehome.conf", &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_CONFIG);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/all-keys", test_all_keys);
    g_test_add_func("/config/fragments", test_fragments);
    g_test_add_func("/config/faults", test_faults);
    g_test_add_func("/config/missing", test_missing);
    return g_test_run();
}

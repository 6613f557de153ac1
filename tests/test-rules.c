/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of rules: what each row has to say. */
#include "core/rulebook.h"

#include <string.h>

#define TYPE "t1"

static void assert_row(const RhRule *rule)
{
    g_assert_nonnull(rule->attribute);
    g_assert_nonnull(rule->comparison);
    g_assert_cmpuint(rule->match & ~RH_MATCH_ANY, ==, 0);
    g_assert_cmpuint(rule->match, !=, 0);
    g_assert_nonnull(rule->text);
    /* One sentence, and its source. */
    g_assert_nonnull(rule->why);
    if (!g_regex_match_simple("^\\w.* \\(\\w.+\\)\\.$", rule->why, 0, 0))
        g_error("%s, %s: no reason with its source: %s", rule->attribute, rule->comparison->name,
                rule->why);
}

static void test_rows(void)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const RhRuleSet *set = rh_rulebook((RhKind)kind);

        g_assert_cmpint(set != NULL, ==, rh_kind_is_given((RhKind)kind));
        for (guint i = 0; set && i < set->n_rows; i++)
            assert_row(&set->rows[i]);
        if (set && set->listed_row)
            assert_row(set->listed_row);
    }
}

/* -- mediated devices -------------------------------------------------------------------------- */

/* A pair that differs from one that fits in what is said here: "name=value;[parameter]=value". */
typedef struct {
    const char *model;
    const char *entry;
    const char *device;
    gboolean fits;
    const char *words; /* of the one reason or warning; NULL: there is none */
} Pair;

static void set(RhDevice *device, const char *text)
{
    g_auto(GStrv) pairs = g_strsplit(text, ";", -1);

    for (guint i = 0; pairs[i]; i++) {
        char *value = strchr(pairs[i], '=');
        RhValue parsed;

        if (!value)
            g_error("'%s' is no pair", pairs[i]);
        *value++ = '\0';
        if (pairs[i][0] == '[') {
            pairs[i][strcspn(pairs[i], "]")] = '\0';
            rh_device_set_parameter(device, pairs[i] + 1, value);
            continue;
        }
        g_assert_true(rh_attr_parse(rh_attr_by_name(pairs[i]), value, &parsed));
        rh_device_set_value(device, rh_attr_by_name(pairs[i]), parsed);
    }
}

static RhDevice *new_mdev(const Pair *pair, const char *text)
{
    RhDevice *mdev = rh_device_new(RH_KIND_MDEV);

    set(mdev, "type=" TYPE ";driver=nvidia;driver-version=1");
    rh_device_set_text(mdev, RH_ATTR_DEVICE_API, pair->model);
    if (*text)
        set(mdev, text);
    return mdev;
}

static char *join(const GPtrArray *reasons)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < reasons->len; i++)
        g_string_append_printf(text, "%s%s", i ? "; " : "",
                               ((const RhReason *)g_ptr_array_index(reasons, i))->text);
    return g_string_free(text, FALSE);
}

static void assert_pair(const Pair *pair, const RhPolicy *policy)
{
    RhGuest guest = {0};
    RhContext context = {.guest = &guest, .policy = policy};
    RhGuestDevice guest_device = {.kind = RH_KIND_MDEV, .model = (char *)pair->model};
    g_autoptr(RhDevice) entry = new_mdev(pair, pair->entry);
    g_autoptr(RhDevice) device = new_mdev(pair, pair->device);
    RhCase c = {&context, &guest_device, entry, device};
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func((GDestroyNotify)rh_reason_free);
    g_autofree char *words = NULL;

    g_assert_cmpint(rh_judge(&c, NULL), ==, pair->fits);
    g_assert_cmpint(rh_judge(&c, reasons), ==, pair->fits);
    words = join(reasons);
    g_assert_cmpstr(words, ==, pair->words ? pair->words : "");
    g_assert_cmpuint(rh_judge_rejections(&c) > 0, ==, !pair->fits);
}

static void assert_pairs(const Pair *pairs, gsize n, const RhPolicy *policy)
{
    for (gsize i = 0; i < n; i++)
        assert_pair(&pairs[i], policy);
}

static void test_listed(void)
{
    static const Pair pairs[] = {
        {"vfio-pci", "[p]=1", "[p]=1", TRUE, NULL},
        {"vfio-pci", "[p]=", "[p]=", TRUE, NULL},
        {"vfio-pci", "[p]=1", "[p]=", FALSE, "p is empty, must be 1"},
        {"vfio-pci", "[p]=", "[p]=1", FALSE, "p is 1, must be empty"},
        {"vfio-pci", "[p]=1", "", FALSE, "p of the device is unknown, must be 1"},
        {"vfio-pci", "", "[p]=1", TRUE,
         "p is unknown in the record, the device has 1: it was not compared; 'virt-rehome record' "
         "on the source host records it"},
        {"vfio-pci", "", "", TRUE,
         "p is unknown, in the record and of the device: it was not compared; 'virt-rehome record' "
         "on the source host records it"},
        {"vfio-pci", "[p]=1;[q]=1", "[p]=1;[q]=2", TRUE, NULL},
    };
    g_autoptr(RhPolicy) policy = rh_policy_new();

    rh_policy_mdev(policy, TYPE)->parameters = g_strsplit("p", ";", -1);
    assert_pairs(pairs, G_N_ELEMENTS(pairs), policy);
}

#define NEVER(driver) \
    "driver " driver " migrates no running guest with the kernel here, and QEMU refuses to: shut " \
    "the guest off to move it"
#define OPEN(driver) \
    "nothing is known here of driver " driver ": whether it migrates a running guest, QEMU says " \
    "when the guest does"
#define NO_CARDS "driver=vfio_ap;[matrix]=;[control_domains]="

/* Which drivers migrate: a warning, since a guest that is judged in doubt may boot. */
static void test_drivers(void)
{
    static const Pair pairs[] = {
        {"vfio-pci", "driver=i915", "driver=i915", TRUE, NEVER("i915")},
        {"vfio-pci", "driver=mbochs", "driver=mbochs", TRUE, NEVER("mbochs")},
        {"vfio-pci", "driver=xe", "driver=xe", TRUE, OPEN("xe")},
        {"vfio-pci", "driver=mtty", "driver=mtty", TRUE, OPEN("mtty")}, /* the kernel is unknown */
        {"vfio-ap", NO_CARDS, NO_CARDS, TRUE, NEVER("vfio_ap")},
        {"vfio-ap", NO_CARDS, NO_CARDS ";[migratable]=0", TRUE, NEVER("vfio_ap")},
        {"vfio-ap", NO_CARDS, NO_CARDS ";[migratable]=1", TRUE, NULL},
    };
    g_autoptr(RhPolicy) policy = rh_policy_new();

    assert_pairs(pairs, G_N_ELEMENTS(pairs), policy);
}

#define CCW "dev-busid=0.0.2b09;pool=dasd;"
static void test_ccw(void)
{
    static const Pair pairs[] = {
        {"vfio-ccw", CCW "parent=0.0.0313", CCW "parent=0.0.0314", TRUE, NULL},
        {"vfio-ccw", CCW "parent=0.0.0313", "dev-busid=0.0.c0de;pool=dasd;parent=0.0.0313", FALSE,
         "the device number is 0.0.c0de, must be 0.0.2b09: it is another disk"},
        {"vfio-ccw", "pool=dasd;parent=0.0.0313", CCW "parent=0.0.0313", FALSE,
         "dev-busid is unknown in the record, the device has 0.0.2b09: nothing else tells one disk "
         "from another; run 'virt-rehome record' on the source host, whose kernel has to be 5.15 "
         "or later to show it"},
        {"vfio-ccw", CCW "parent=0.0.0313", "pool=dasd;parent=0.0.0313", FALSE,
         "dev-busid of the device is unknown, must be 0.0.2b09: the kernel shows it from 5.15 on, "
         "where there is a device behind the subchannel"},
        {"vfio-ccw", "dev-busid=0.0.2b09", "dev-busid=0.0.2b09", FALSE,
         "pool is unknown, in the record and of the device: without it nothing tells one disk from "
         "another; give its subchannel a pool of one name on both hosts, then run 'virt-rehome "
         "record' on the source host"},
        {"vfio-pci", "dev-busid=1", "dev-busid=2", TRUE, NULL},
    };
    g_autoptr(RhPolicy) policy = rh_policy_new();

    assert_pairs(pairs, G_N_ELEMENTS(pairs), policy);
}

/* A pair of vfio-ap that fits, and what is said over it. */
#define AP(cards) "[matrix]=05.0004 06.0004;[control_domains]=0004;ap-cards=" cards
#define OTHER_CARDS(host, source) \
    "the cards are " host " and were " source ": each must be of the same mode (A, C or P) and " \
    "no older type"
static void test_ap(void)
{
    static const Pair pairs[] = {
        {"vfio-ap", AP("card05:CEX8C card06:CEX8P"), AP("card05:CEX8C card06:CEX8P"), TRUE, NULL},
        {"vfio-ap", AP("card05:CEX8C card06:CEX8P"), AP("card06:CEX9P card05:CEX10C"), TRUE, NULL},
        {"vfio-ap", AP("card05:CEX8C card06:none"), AP("card05:CEX8C card06:none"), TRUE, NULL},
        {"vfio-ap", AP("card05:CEX8C"), AP("card05:CEX7C"), FALSE,
         OTHER_CARDS("card05:CEX7C", "card05:CEX8C")},
        {"vfio-ap", AP("card05:CEX8C"), AP("card05:CEX9P"), FALSE,
         OTHER_CARDS("card05:CEX9P", "card05:CEX8C")},
        {"vfio-ap", AP("card05:CEX8C"), AP("card05:none"), FALSE,
         OTHER_CARDS("card05:none", "card05:CEX8C")},
        {"vfio-ap", AP("card05:CEX8C"), AP("card05:CEX8C card06:CEX8C"), FALSE,
         OTHER_CARDS("card05:CEX8C card06:CEX8C", "card05:CEX8C")},
        {"vfio-ap", AP("card05"), AP("card05:"), FALSE, OTHER_CARDS("card05:", "card05")},
        {"vfio-ap", AP("card05:CEX"), AP("card05:CEX99999999999C"), FALSE,
         OTHER_CARDS("card05:CEX99999999999C", "card05:CEX")},
        {"vfio-ap", "[matrix]=05.0004;[control_domains]=", AP("card05:CEX8C"), FALSE,
         "matrix is 05.0004 06.0004, must be 05.0004"},
        {"vfio-ap", "[matrix]=;[control_domains]=", "[matrix]=;[control_domains]=", TRUE, NULL},
        {"vfio-ap", "[matrix]=.0004;[control_domains]=", "[matrix]=.0004;[control_domains]=", TRUE,
         NULL},
        {"vfio-ap", "[matrix]=;[control_domains]=0004 0005", "[matrix]=;[control_domains]=0005",
         FALSE, "control_domains is 0005, must be 0004 0005"},
        {"vfio-ap", "[matrix]=", "[matrix]=;[control_domains]=0005", FALSE,
         "control_domains is unknown in the record, the device has 0005: run 'virt-rehome record' "
         "on the source host"},
        {"vfio-ap",
         "[matrix]=05.0004;[control_domains]=", "[matrix]=05.0004;[control_domains]=", FALSE,
         "ap-cards is unknown, in the record and of the device: run 'virt-rehome record' on the "
         "source host"},
        {"vfio-pci", "ap-cards=card05:CEX8C", "", TRUE, NULL},
    };
    g_autoptr(RhPolicy) policy = rh_policy_new();

    assert_pairs(pairs, G_N_ELEMENTS(pairs), policy);
}

#define BLOCKED(value) \
    "vgpu_params was " value ": NVIDIA's driver does not migrate a guest with unified memory, " \
    "debugging or profiling enabled"
static void test_vgpu_params(void)
{
    static const Pair pairs[] = {
        {"vfio-pci", "[vgpu_params]=enable_uvm=1", "", TRUE, BLOCKED("enable_uvm=1")},
        {"vfio-pci", "[vgpu_params]=x=1,enable_debugging=1", "", TRUE,
         BLOCKED("x=1,enable_debugging=1")},
        {"vfio-pci", "[vgpu_params]=x=1, enable_profiling=1", "", TRUE,
         BLOCKED("x=1, enable_profiling=1")},
        {"vfio-pci", "[vgpu_params]=enable_uvm=0", "[vgpu_params]=enable_uvm=1", TRUE, NULL},
        {"vfio-pci", "[vgpu_params]=", "", TRUE, NULL},
        {"vfio-pci", "", "", TRUE, NULL},
    };
    g_autoptr(RhPolicy) policy = rh_policy_new();

    assert_pairs(pairs, G_N_ELEMENTS(pairs), policy);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/rows", test_rows);
    g_test_add_func("/rules/mdev/listed", test_listed);
    g_test_add_func("/rules/mdev/drivers", test_drivers);
    g_test_add_func("/rules/mdev/ccw", test_ccw);
    g_test_add_func("/rules/mdev/ap", test_ap);
    g_test_add_func("/rules/mdev/vgpu-params", test_vgpu_params);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/attribute.h"

static void test_names(void)
{
    for (guint i = 0; i < RH_N_ATTRS; i++) {
        RhAttr attr = (RhAttr)i;

        g_assert_nonnull(rh_attr_info(attr)->name);
        g_assert_cmpint(rh_attr_by_name(rh_attr_info(attr)->name), ==, attr);
    }
    g_assert_cmpint(rh_attr_by_name("no-such-attribute"), ==, RH_N_ATTRS);
}

/* What is written is read back as it was. */
static void test_round_trip(void)
{
    static const struct {
        RhAttr attr;
        const char *text;
    } cases[] = {{RH_ATTR_NAME, "vdpa0"},
                 {RH_ATTR_MTU, "9000"},
                 {RH_ATTR_CAPACITY, "18446744073709551615"},
                 {RH_ATTR_FEATURES, "0x0000000300bf8b8b"},
                 {RH_ATTR_VENDOR_ID, "0x15b3"},
                 {RH_ATTR_VENDOR_ID, "0x12345678"},
                 {RH_ATTR_REVISION, "0xa1"},
                 {RH_ATTR_MAC, "e4:11:c6:d3:45:f0"},
                 {RH_ATTR_MAC, "00:00:00:00:00:00"},
                 {RH_ATTR_READ_ONLY, "yes"},
                 {RH_ATTR_READ_ONLY, "no"},
                 {RH_ATTR_USED_BY, "guest web1"},
                 {RH_ATTR_USED_BY, "process 4711 (qemu-system-x86)"},
                 {RH_ATTR_USED_BY, "the backup of db2"},
                 {RH_ATTR_NAMED_BY, "guest web1"}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = NULL;
        RhValue value;
        RhValue copy;

        g_assert_true(rh_attr_parse(cases[i].attr, cases[i].text, &value));
        copy = rh_attr_copy(cases[i].attr, value);
        g_assert_true(rh_attr_equal(cases[i].attr, value, copy));
        rh_attr_clear(cases[i].attr, value);
        text = rh_attr_format(cases[i].attr, copy);
        g_assert_cmpstr(text, ==, cases[i].text);
        rh_attr_clear(cases[i].attr, copy);
    }
}

static void test_refused(void)
{
    static const struct {
        RhAttr attr;
        const char *text;
    } cases[] = {{RH_ATTR_NAME, ""},
                 {RH_ATTR_USED_BY, ""},
                 {RH_ATTR_MTU, ""},
                 {RH_ATTR_MTU, "-1"},
                 {RH_ATTR_MTU, "1500x"},
                 {RH_ATTR_MTU, "0x5dc"},
                 {RH_ATTR_CAPACITY, "18446744073709551616"},
                 {RH_ATTR_FEATURES, "300bf8b8b"},
                 {RH_ATTR_FEATURES, "0x"},
                 {RH_ATTR_FEATURES, "0x10000000000000000"},
                 {RH_ATTR_MAC, "e4:11:c6:d3:45"},
                 {RH_ATTR_MAC, "e4-11-c6-d3-45-f0"},
                 {RH_ATTR_MAC, "g4:11:c6:d3:45:f0"},
                 {RH_ATTR_READ_ONLY, "true"}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        RhValue value;

        g_assert_false(rh_attr_parse(cases[i].attr, cases[i].text, &value));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attribute/names", test_names);
    g_test_add_func("/attribute/round-trip", test_round_trip);
    g_test_add_func("/attribute/refused", test_refused);
    return g_test_run();
}

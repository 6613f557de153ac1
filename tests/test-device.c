/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/device.h"

#define UUID_A "6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1"
#define UUID_B "11111111-2222-4333-8444-555555555555"

static void assert_used_by(const RhDevice *device, const char *words, const char *uuid)
{
    g_autofree char *text = rh_device_format(device, RH_ATTR_USED_BY);
    RhUser user = {.uuid = NULL};

    g_assert_cmpint(rh_device_used_by(device, &user), ==, words != NULL);
    g_assert_cmpstr(text, ==, words);
    g_assert_cmpstr(user.uuid, ==, uuid);
    g_assert_cmpstr(rh_device_text(device, RH_ATTR_USED_BY_UUID), ==, uuid);
}

/* Whoever comes next is there with all that belongs to him, and nothing of who was before. */
static void test_used_by(void)
{
    g_autoptr(RhDevice) device = rh_device_new(RH_KIND_VDPA);
    RhUser web1 = rh_user_of_guest("web1", UUID_A);
    RhUser nameless = rh_user_of_guest(NULL, UUID_B);
    RhUser process = rh_user_of_process(4711, "qemu");
    RhUser user;

    assert_used_by(device, NULL, NULL);
    rh_device_set_used_by(device, &web1);
    assert_used_by(device, "guest web1", UUID_A);
    g_assert_true(rh_device_used_by(device, &user) && rh_user_equal(&user, &web1));
    rh_device_set_used_by(device, &user);
    assert_used_by(device, "guest web1", UUID_A);
    rh_device_set_used_by(device, &process);
    assert_used_by(device, "process 4711 (qemu)", NULL);
    rh_device_set_used_by(device, &nameless);
    assert_used_by(device, "guest " UUID_B, UUID_B);
    rh_device_set_used_by(device, NULL);
    assert_used_by(device, NULL, NULL);
}

/* A copy has all of it, and is the same; who uses a device is part of that. */
static void test_equal(void)
{
    g_autoptr(RhDevice) device = rh_device_new(RH_KIND_VDPA);
    g_autoptr(RhDevice) copy = NULL;
    RhUser web1 = rh_user_of_guest("web1", UUID_A);
    RhUser web2 = rh_user_of_guest("web2", UUID_A);
    RhUser namesake = rh_user_of_guest("web1", UUID_B);

    rh_device_set_text(device, RH_ATTR_NAME, "vdpa0");
    rh_device_set_number(device, RH_ATTR_MTU, 1500);
    rh_device_set_used_by(device, &web1);
    rh_device_set_named_by(device, &web2);
    copy = rh_device_copy(device);
    g_assert_true(rh_device_equal(device, copy));
    assert_used_by(copy, "guest web1", UUID_A);
    rh_device_set_used_by(copy, &web2);
    g_assert_false(rh_device_equal(device, copy));
    rh_device_set_used_by(copy, &namesake);
    g_assert_false(rh_device_equal(device, copy));
    rh_device_set_used_by(copy, NULL);
    g_assert_false(rh_device_equal(device, copy));
    rh_device_set_used_by(copy, &web1);
    g_assert_true(rh_device_equal(device, copy));
    rh_device_set_named_by(copy, &web1);
    g_assert_false(rh_device_equal(device, copy));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/device/used-by", test_used_by);
    g_test_add_func("/device/equal", test_equal);
    return g_test_run();
}

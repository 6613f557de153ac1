/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/unread.h"

#include <string.h>

static char *named(const char *text, gssize length)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, length < 0 ? strlen(text) : (gsize)length);
    g_autoptr(RhGuest) guest = rh_unread_guest(bytes, "web1", NULL);
    GString *list = g_string_new(NULL);

    for (guint i = 0; guest && i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        g_string_append_printf(list, "%s%s %s", i > 0 ? ", " : "",
                               device->kind == RH_KIND_MDEV ? "mdev" : "vdpa", device->source);
    }
    if (guest)
        g_assert_cmpstr(guest->name, ==, "web1");
    return g_string_free(list, FALSE);
}

static void check(const char *text, gssize length, const char *expected)
{
    g_autofree char *got = named(text, length);

    g_assert_cmpstr(got, ==, expected);
}

static void test_names(void)
{
    check("<source dev='/dev/vhost-vdpa-3'/><source dev=\"/dev/vdpa/Web\"/>", -1,
          "vdpa /dev/vhost-vdpa-3, vdpa /dev/vdpa/Web");
    check("<address uuid='AAAAAAAA-0000-4000-8000-00000000000B'/>", -1,
          "mdev aaaaaaaa-0000-4000-8000-00000000000b");
    check("<a b='/dev/vhost-vdpa-3' c='/dev/vhost-vdpa-3'/>", -1, "vdpa /dev/vhost-vdpa-3");
    check("<description>it isn't whole<source dev='/dev/vhost-vdpa-3'", -1,
          "vdpa /dev/vhost-vdpa-3");
}

/* As libvirt writes arguments of QEMU's. */
static void test_arguments(void)
{
    check("<qemu:arg value='vhost-vdpa,id=h,vhostdev=/dev/vhost-vdpa-3'/>", -1,
          "vdpa /dev/vhost-vdpa-3");
    check("<qemu:arg value='{&quot;path&quot;:&quot;/dev/vhost-vdpa-3&quot;}'/>", -1,
          "vdpa /dev/vhost-vdpa-3");
    check("<qemu:arg value='vfio-pci,sysfsdev=/sys/bus/mdev/devices/"
          "aaaaaaaa-0000-4000-8000-00000000000b,id=m'/>",
          -1, "mdev aaaaaaaa-0000-4000-8000-00000000000b");
    check("<a b=',/dev/vhost-vdpa-3\0,'", 24, "");
}

static void test_none(void)
{
    check("", -1, "");
    check("'", -1, "");
    check("<a>/dev/vhost-vdpa-3</a>", -1, "");
    check("<a b='/dev/vhost-vdpa-3", -1, "");
    check("<a b='/sys/x' c='dev/vhost-vdpa-3' d='aaaaaaaa-0000-4000-8000-00000000000'/>", -1, "");
    check("'/dev/vhost-vdpa-3\0'", 20, "");
    check("'/dev/\xff'", -1, "");
}

static void check_many(guint number)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(RhGuest) guest = NULL;
    gboolean more;

    for (guint i = 0; i < number; i++)
        g_string_append_printf(text, "'/dev/vhost-vdpa-%u' '/dev/vhost-vdpa-0' ", i);
    bytes = g_bytes_new(text->str, text->len);
    guest = rh_unread_guest(bytes, "web1", &more);
    g_assert_cmpuint(guest->devices->len, ==, 1024);
    g_assert_cmpint(more, ==, number > 1024);
}

static void test_many(void)
{
    check_many(1024);
    check_many(1025);
    check_many(5000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unread/names", test_names);
    g_test_add_func("/unread/arguments", test_arguments);
    g_test_add_func("/unread/none", test_none);
    g_test_add_func("/unread/many", test_many);
    return g_test_run();
}

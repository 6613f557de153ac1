/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt keeps of its guests: a guest with devices, none and no error, or an error; and
 * what can be told of one that was not parsed. */
#include "tests/fuzz/fuzz.h"
#include "xml/status.h"
#include "xml/unread.h"

static void check_sources(const RhGuest *guest, size_t size)
{
    g_assert_cmpuint(guest->devices->len, >, 0);
    for (guint i = 0; i < guest->devices->len; i++) {
        g_autofree char *text = rh_guest_device_describe(g_ptr_array_index(guest->devices, i));

        fuzz_check_message(text, size + 64);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(RhGuest) guest = rh_status_parse(bytes, "the status file", &error);
    g_autoptr(RhGuest) unread = NULL;

    if (fuzz_succeeds(!error, &error) && guest)
        check_sources(guest, size);
    unread = rh_unread_guest(bytes, "web1", NULL);
    if (unread)
        check_sources(unread, size);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel's answers about vDPA, through libnl's own seam: an inventory that can be written and
 * read again, or an error. The input is frames: a length (16 bits, little endian), flags, bytes.
 */
#include "host/vdpa-netlink.h"
#include "tests/fuzz/fuzz.h"
#include "xml/inventory-xml.h"

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAMES 200u
#define FRAME_HEADER 3u

enum {
    FROM_A_PROCESS = 1 << 0, /* not from the kernel */
    STALE = 1 << 1,          /* keeps its sequence numbers, where others get the request's */
};

static struct {
    const uint8_t *data;
    size_t size;
    uint32_t sequence;
    guint frames;
} kernel;

static int take_request(struct nl_sock *sock G_GNUC_UNUSED, struct nl_msg *request)
{
    kernel.sequence = nlmsg_hdr(request)->nlmsg_seq;
    return (int)nlmsg_hdr(request)->nlmsg_len;
}

/* Each message of the frame becomes an answer to the request. */
static void renumber(unsigned char *frame, size_t size)
{
    struct nlmsghdr header;

    while (size >= sizeof header) {
        memcpy(&header, frame, sizeof header);
        header.nlmsg_seq = kernel.sequence;
        memcpy(frame, &header, sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > size)
            return;
        header.nlmsg_len = MIN(NLMSG_ALIGN(header.nlmsg_len), (uint32_t)size);
        frame += header.nlmsg_len;
        size -= header.nlmsg_len;
    }
}

static int give_frame(struct nl_sock *sock G_GNUC_UNUSED, struct sockaddr_nl *sender,
                      unsigned char **ret_frame, struct ucred **credentials G_GNUC_UNUSED)
{
    size_t size;
    uint8_t flags;

    *sender = (struct sockaddr_nl){.nl_family = AF_NETLINK};
    if (kernel.size < FRAME_HEADER || kernel.frames++ >= MAX_FRAMES)
        return -NLE_AGAIN;
    size = kernel.data[0] | (size_t)kernel.data[1] << 8;
    flags = kernel.data[2];
    kernel.data += FRAME_HEADER;
    kernel.size -= FRAME_HEADER;
    size = MIN(size, kernel.size);
    if (flags & FROM_A_PROCESS)
        sender->nl_pid = 77;
    if (size == 0)
        return 0;
    *ret_frame = malloc(size); /* libnl frees it */
    g_assert_nonnull(*ret_frame);
    memcpy(*ret_frame, kernel.data, size);
    if (!(flags & STALE))
        renumber(*ret_frame, size);
    kernel.data += size;
    kernel.size -= size;
    return (int)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(NlCb) callbacks = nl_cb_alloc(NL_CB_DEFAULT);
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(RhInventory) again = NULL;
    g_autoptr(GBytes) written = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(NlSock) sock = NULL;

    kernel = (typeof(kernel)){.data = data, .size = size};
    nl_cb_overwrite_send(callbacks, take_request);
    nl_cb_overwrite_recv(callbacks, give_frame);
    sock = nl_socket_alloc_cb(callbacks);
    if (!fuzz_succeeds(rh_vdpa_read(sock, inventory, &error), &error) ||
        !fuzz_succeeds(rh_inventory_complete(inventory, &error), &error))
        return 0;
    written = rh_inventory_serialise(inventory);
    again = rh_inventory_parse(written, "the inventory", &error);
    g_assert_no_error(error);
    g_assert_nonnull(again);
    return 0;
}

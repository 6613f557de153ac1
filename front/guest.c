/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/guest.h"

#include "front/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* One more than the program takes, which then says so (util/file.h, RH_MAX_DOCUMENT). */
#define MAX_BYTES (16 * 1024 * 1024 + 1)
#define PART_BYTES ((size_t)64 * 1024)
#define OVERLAP \
    40 /* what stands on the seam of two parts is found; longer than all that is sought */
#define END "</domain>"

typedef struct {
    char bytes[OVERLAP + PART_BYTES];
    size_t length; /* what was read, and before it the end of what was read before */
    size_t kept;   /* of that end */
} Part;

static bool has(const char *bytes, size_t length, const char *word)
{
    return memmem(bytes, length, word, strlen(word)) != NULL;
}

static int milliseconds_until(const struct timespec *deadline)
{
    struct timespec left;

    return rh_front_time_left(deadline, &left)
               ? (int)(left.tv_sec * 1000 + left.tv_nsec / 1000000 + 1)
               : 0;
}

/* Reads up to @size bytes: fewer at the end alone. -1: they cannot be had, or not in time. */
static ssize_t read_part(int in, char *bytes, size_t size, const struct timespec *deadline)
{
    struct pollfd ready = {.fd = in, .events = POLLIN};
    size_t length = 0;

    while (length < size) {
        int answer = poll(&ready, 1, milliseconds_until(deadline));
        ssize_t n = answer > 0 ? read(in, bytes + length, size - length) : -1;

        if (n == 0)
            break;
        if (answer == 0 || (n < 0 && errno != EINTR))
            return -1;
        length += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)length;
}

/* Reads the next part behind what is kept of the one before. */
static ssize_t read_next(Part *part, int in, const struct timespec *deadline)
{
    size_t keep = part->length < OVERLAP ? part->length : OVERLAP;
    ssize_t n;

    memmove(part->bytes, part->bytes + part->length - keep, keep);
    part->kept = keep;
    part->length = keep;
    n = read_part(in, part->bytes + keep, PART_BYTES, deadline);
    part->length += n > 0 ? (size_t)n : 0;
    return n;
}

/* Whether words mean what they say: XML in UTF-8, as far as its beginning tells. */
static bool is_plain(const char *bytes, size_t length)
{
    const char *end = memmem(bytes, length, "?>", 2);
    size_t head = end ? (size_t)(end - bytes) : length;
    const char *name;

    if (length < 5 || bytes[0] != '<')
        return false;
    if (memcmp(bytes, "<?xml", 5) != 0)
        return true;
    name = memmem(bytes, head, "encoding=", 9);
    return end && (name ? end - name >= 16 && strncasecmp(name + 10, "utf-8", 5) == 0 &&
                              (name[15] == '"' || name[15] == '\'')
                        : !has(bytes, head, "encoding"));
}

/* A word may come as a reference to its letters, or by an entity. */
static bool may_have_devices(const Part *part)
{
    static const char *const marks[] = {
#include "front/words.h"
        "&#",
        "<!",
    };

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (has(part->bytes, part->length, marks[i]))
            return true;
    return memchr(part->bytes, '\0', part->length) != NULL;
}

/* libvirt writes it before all that anybody can put into a guest, but its name, which has no tags.
 */
static void find_uuid(RhFrontGuest *guest, const char *bytes, size_t length)
{
    static const char begin[] = "<uuid>";
    static const char end[] = "</uuid>";
    const char *tag = memmem(bytes, length, begin, strlen(begin));
    const char *uuid = tag ? tag + strlen(begin) : NULL;

    if (!uuid || bytes + length - uuid < (ptrdiff_t)(RH_FRONT_UUID - 1 + strlen(end)) ||
        memcmp(uuid + RH_FRONT_UUID - 1, end, strlen(end)) != 0)
        return;
    memcpy(guest->uuid, uuid, RH_FRONT_UUID - 1);
    if (strspn(guest->uuid, "0123456789abcdef-") != RH_FRONT_UUID - 1)
        guest->uuid[0] = '\0';
}

/* Whether the document came to its end. */
static bool is_whole(const Part *part)
{
    size_t length = part->length;

    while (length > 0 && strchr(" \t\r\n", part->bytes[length - 1]))
        length--;
    return length >= strlen(END) &&
           memcmp(part->bytes + length - strlen(END), END, strlen(END)) == 0;
}

void rh_front_guest_read(RhFrontGuest *guest, int in, const struct timespec *deadline)
{
    static Part part;
    size_t total = 0;
    ssize_t n;

    part.length = 0;
    guest->xml = rh_front_memory();
    while ((n = read_next(&part, in, deadline)) > 0) {
        if (total == 0) {
            guest->may_have_devices = !is_plain(part.bytes, part.length);
            find_uuid(guest, part.bytes, part.length);
        }
        total += (size_t)n;
        guest->may_have_devices = guest->may_have_devices || may_have_devices(&part);
        if (!rh_front_write(guest->xml, part.bytes + part.kept, (size_t)n)) {
            rh_front_close(&guest->xml);
            if (guest->may_have_devices)
                return;
        }
        if (total >= MAX_BYTES)
            break;
    }
    if (n != 0 || !is_whole(&part))
        guest->may_have_devices = true;
    if (guest->xml >= 0 && lseek(guest->xml, 0, SEEK_SET) < 0)
        rh_front_close(&guest->xml);
}

bool rh_front_guest_has_claims(const RhFrontGuest *guest, const char *claims_file)
{
    static Part part;
    const struct timespec now = {0}; /* a file is there or is not */
    int file = open(claims_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n;

    if (file < 0)
        return errno != ENOENT;
    if (!*guest->uuid)
        return true;
    part.length = 0;
    do {
        n = read_next(&part, file, &now);
    } while (n > 0 && !has(part.bytes, part.length, guest->uuid));
    (void)close(file);
    return n != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/journal.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
    const char *message_id;
    int priority; /* as of syslog */
} events[] = {
    [RH_FRONT_DEATH] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a00a", 3},
    [RH_FRONT_COPY] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a005", 4},
};

void rh_front_tidy(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

/* A line of @ret_entry for each field: a value is one line. */
static int write_entry(char *ret_entry, size_t size, RhFrontEvent event, const char *guest,
                       const char *operation, const char *message)
{
    char name[256];
    int length;

    (void)snprintf(name, sizeof name, "%.255s", guest);
    rh_front_tidy(name);
    length = snprintf(ret_entry, size,
                      "SYSLOG_IDENTIFIER=virt-rehome\nPRIORITY=%d\nMESSAGE_ID=%s\n"
                      "REHOME_GUEST=%s\nREHOME_OP=%s\nMESSAGE=%s\n",
                      events[event].priority, events[event].message_id, name, operation, message);
    return length < (int)size ? length : -1;
}

void rh_front_tell(const char *socket_path, RhFrontEvent event, const char *guest,
                   const char *operation, const char *message)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char entry[4096];
    int length = write_entry(entry, sizeof entry, event, guest, operation, message);
    int to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    if (to < 0)
        return;
    if (length > 0)
        (void)sendto(to, entry, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL,
                     (const struct sockaddr *)&address, sizeof address);
    (void)close(to);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal of systemd, by its own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), which needs no
 * library. */
#pragma once

#include <stdbool.h>

/* What was seen, with its MESSAGE_ID (virt-rehome-hook(8)). */
typedef enum {
    RH_FRONT_DEATH, /* the program did not answer */
    RH_FRONT_COPY,  /* a link is the last copy of a managed save */
} RhFrontEvent;

/* One entry; nothing waits for a journal that does not read, or is not there. */
void rh_front_tell(const char *socket_path, RhFrontEvent event, const char *guest,
                   const char *operation, const char *message);

/* Makes @text one line without control characters. */
void rh_front_tidy(char *text);

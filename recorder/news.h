/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* News of a guest: what happened to it since it was last looked at. All FALSE: nothing known. */
#pragma once

#include <glib.h>

typedef struct {
    gboolean fresh;   /* it was started or rebooted: what it was started with is what it has */
    gboolean arrived; /* it came from another host, and maybe its definition with it */
    gboolean refresh; /* a person wants its definition to name what it has */
    gboolean accept;  /* a person says that what it has is what it shall have */
} RhNews;

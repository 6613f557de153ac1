/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A node that a guest's XML names, looked for below /dev and nowhere else: what is behind a link
 * that leads out of it, as /dev/fd does, may hang (a dead server) and is nobody's node. Never
 * opened.
 */
#pragma once

#include "util/file.h"

typedef enum {
    RH_NODE_MISSING,
    RH_NODE_THERE,
    RH_NODE_ELSEWHERE, /* not below /dev, or on something that is mounted there: not looked for */
} RhNodeState;

/* Where the path @path of a guest's XML is below @root, links followed. @ret_facts (may be NULL) is
 * written where it is there. */
RhNodeState rh_node_look(RhDir *root, const char *path, RhFacts *ret_facts);

/* Whether it is a character device, and its number. */
gboolean rh_node_number(RhDir *root, const char *path, guint *ret_major, guint *ret_minor);

/* Both in one, as numbers are compared. */
guint64 rh_node_make_number(guint major, guint minor);

/* Adds the number (of guint64) that stands in @file of sysfs ("245:3") to @numbers, or that of
 * @node where sysfs does not say; none where neither does. */
void rh_node_add_number(RhDir *root, const char *file, const char *node, GArray *numbers);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/node.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "dev"
#define MAX_LINKS 8u
#define MAX_STEPS 64u

/* A path on its way to what it names: from @done, which has no links in it, over @left. */
typedef struct {
    RhDir *root;
    GString *done; /* "dev/vdpa"; "" is the root */
    GString *left; /* "tenant-a" */
    guint n_links;
    guint64 mount; /* of /dev */
    RhFacts facts; /* of @done */
} Walk;

/* "dev/vdpa" to "dev", and that to "", from where only "dev" leads on. */
static void go_up(Walk *walk)
{
    const char *last = strrchr(walk->done->str, '/');

    g_string_truncate(walk->done, last ? (gsize)(last - walk->done->str) : 0);
}

/* walk->done is a link: goes on from where it leads. */
static gboolean follow(Walk *walk)
{
    g_autofree char *target = rh_dir_link(walk->root, walk->done->str);

    if (!target || ++walk->n_links > MAX_LINKS)
        return FALSE;
    g_string_prepend_c(walk->left, '/');
    g_string_prepend(walk->left, target);
    if (target[0] == '/')
        g_string_truncate(walk->done, 0);
    else
        go_up(walk);
    return TRUE;
}

/* The next part of what is left, the caller's. */
static char *take_part(Walk *walk)
{
    gsize length = strcspn(walk->left->str, "/");
    char *part = g_strndup(walk->left->str, length);

    g_string_erase(walk->left, 0, (gssize)MIN(length + 1, walk->left->len));
    return part;
}

static gboolean is_mounted(const Walk *walk)
{
    return S_ISDIR(walk->facts.mode) && walk->mount > 0 && walk->facts.mount > 0 &&
           walk->facts.mount != walk->mount;
}

static RhNodeState step(Walk *walk, const char *part)
{
    if (g_str_equal(part, "") || g_str_equal(part, "."))
        return RH_NODE_THERE;
    if (g_str_equal(part, "..")) {
        go_up(walk);
        return RH_NODE_THERE;
    }
    if (walk->done->len == 0) {
        g_string_assign(walk->done, part);
        return g_str_equal(part, FOLDER) ? RH_NODE_THERE : RH_NODE_ELSEWHERE;
    }
    g_string_append_printf(walk->done, "/%s", part);
    if (!rh_dir_look(walk->root, walk->done->str, FALSE, &walk->facts))
        return RH_NODE_MISSING;
    if (S_ISLNK(walk->facts.mode))
        return follow(walk) ? RH_NODE_THERE : RH_NODE_ELSEWHERE;
    return is_mounted(walk) ? RH_NODE_ELSEWHERE : RH_NODE_THERE;
}

static RhNodeState walk_all(Walk *walk)
{
    RhFacts folder;

    /* where /dev itself is a link, its target is where links are followed from */
    if (!rh_dir_look(walk->root, FOLDER, TRUE, &folder))
        return RH_NODE_MISSING;
    walk->mount = folder.mount;
    for (guint i = 0; walk->left->len > 0; i++) {
        g_autofree char *part = take_part(walk);
        RhNodeState state = i < MAX_STEPS ? step(walk, part) : RH_NODE_ELSEWHERE;

        if (state != RH_NODE_THERE)
            return state;
    }
    return walk->done->len > 0 ? RH_NODE_THERE : RH_NODE_ELSEWHERE;
}

RhNodeState rh_node_look(RhDir *root, const char *path, RhFacts *ret_facts)
{
    Walk walk = {.root = root};
    RhNodeState state;

    if (!g_str_has_prefix(path, "/" FOLDER "/") || strstr(path, "/../") ||
        g_str_has_suffix(path, "/.."))
        return RH_NODE_ELSEWHERE;
    walk.done = g_string_new(FOLDER);
    walk.left = g_string_new(path + strlen("/" FOLDER "/"));
    state = walk_all(&walk);
    if (state == RH_NODE_THERE && ret_facts)
        *ret_facts = walk.facts;
    g_string_free(walk.done, TRUE);
    g_string_free(walk.left, TRUE);
    return state;
}

gboolean rh_node_number(RhDir *root, const char *path, guint *ret_major, guint *ret_minor)
{
    RhFacts facts;

    if (rh_node_look(root, path, &facts) != RH_NODE_THERE || !S_ISCHR(facts.mode))
        return FALSE;
    *ret_major = facts.major;
    *ret_minor = facts.minor;
    return TRUE;
}

guint64 rh_node_make_number(guint major, guint minor)
{
    return (guint64)major << 32 | minor;
}

/* "245:3", as sysfs says it. */
static gboolean read_number(RhDir *root, const char *file, guint64 *ret_number)
{
    g_autofree char *text = NULL;
    guint major;
    guint minor;

    if (!rh_dir_read(root, file, &text, NULL) || !text ||
        sscanf(text, "%u:%u", &major, &minor) != 2)
        return FALSE;
    *ret_number = rh_node_make_number(major, minor);
    return TRUE;
}

void rh_node_add_number(RhDir *root, const char *file, const char *node, GArray *numbers)
{
    guint64 number;
    guint major;
    guint minor;

    if (!read_number(root, file, &number)) {
        if (!rh_node_number(root, node, &major, &minor))
            return;
        number = rh_node_make_number(major, minor);
    }
    g_array_append_val(numbers, number);
}

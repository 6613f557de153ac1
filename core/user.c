/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/user.h"

#include "util/text.h"

#include <string.h>

#define GUEST "guest "
#define PROCESS "process "
#define UNKNOWN_PROCESS "an unknown process"
#define UNKNOWN "unknown"

RhUser rh_user_of_guest(const char *name, const char *uuid)
{
    return (RhUser){.as = RH_USER_GUEST, .name = name ? name : uuid, .uuid = uuid};
}

RhUser rh_user_of_process(guint pid, const char *name)
{
    return (RhUser){.as = RH_USER_PROCESS, .name = name, .pid = pid};
}

RhUser rh_user_unknown(void)
{
    return (RhUser){.as = RH_USER_OTHER, .name = UNKNOWN};
}

gboolean rh_user_is_unknown(const RhUser *user)
{
    return user->as == RH_USER_OTHER && g_strcmp0(user->name, UNKNOWN) == 0;
}

RhUser *rh_user_copy(const RhUser *user)
{
    RhUser *copy = g_new(RhUser, 1);

    *copy = *user;
    copy->name = g_strdup(user->name);
    copy->uuid = g_strdup(user->uuid);
    return copy;
}

void rh_user_free(RhUser *user)
{
    if (!user)
        return;
    g_free((char *)user->name);
    g_free((char *)user->uuid);
    g_free(user);
}

gboolean rh_user_equal(const RhUser *a, const RhUser *b)
{
    return a->as == b->as && a->pid == b->pid && g_strcmp0(a->name, b->name) == 0 &&
           g_strcmp0(a->uuid, b->uuid) == 0;
}

gboolean rh_user_is_guest(const RhUser *user, const char *name, const char *uuid)
{
    if (user->as != RH_USER_GUEST)
        return FALSE;
    if (user->uuid && uuid)
        return g_ascii_strcasecmp(user->uuid, uuid) == 0;
    return name && g_strcmp0(user->name, name) == 0;
}

char *rh_user_format(const RhUser *user)
{
    const char *name = user->name ? user->name : UNKNOWN;

    switch (user->as) {
    case RH_USER_GUEST:
        return g_strconcat(GUEST, name, NULL);
    case RH_USER_PROCESS:
        return user->pid > 0 ? g_strdup_printf(PROCESS "%u (%s)", user->pid, name)
                             : g_strdup(UNKNOWN_PROCESS);
    case RH_USER_OTHER:
        return g_strdup(name);
    }
    g_assert_not_reached();
}

/* "process 4711 (NAME)", word for word as it would be written. */
static gboolean read_process(const char *text, guint *ret_pid, char **ret_name)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 3);
    g_autofree char *name = NULL;
    g_autofree char *again = NULL;
    guint64 pid;
    RhUser user;

    if (g_strv_length(words) != 3 || !rh_parse_number(words[1], G_MAXUINT, &pid) || pid == 0 ||
        !g_str_has_prefix(words[2], "(") || !g_str_has_suffix(words[2], ")"))
        return FALSE;
    name = g_strndup(words[2] + 1, strlen(words[2]) - 2);
    if (g_str_equal(name, UNKNOWN))
        g_clear_pointer(&name, g_free);
    user = rh_user_of_process((guint)pid, name);
    again = rh_user_format(&user);
    if (!g_str_equal(again, text))
        return FALSE;
    *ret_pid = (guint)pid;
    *ret_name = g_steal_pointer(&name);
    return TRUE;
}

RhUser *rh_user_parse(const char *text)
{
    RhUser user = {.as = RH_USER_OTHER, .name = text};
    g_autofree char *name = NULL;
    guint pid = 0;

    if (g_str_has_prefix(text, GUEST))
        user = rh_user_of_guest(text + strlen(GUEST), NULL);
    else if (g_str_equal(text, UNKNOWN_PROCESS) || read_process(text, &pid, &name))
        user = rh_user_of_process(pid, name);
    return rh_user_copy(&user);
}

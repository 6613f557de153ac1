/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who uses a device, and as what. Documents and sentences have it in words: "guest web1",
 * "process 4711 (qemu-system-x86)", "an unknown process". Here alone they are made and read.
 */
#pragma once

#include <glib.h>

typedef enum {
    RH_USER_GUEST,
    RH_USER_PROCESS,
    RH_USER_OTHER, /* of whom a document says no more than words, which are none of the above: nor
                      is "unknown", where nobody could look */
} RhUserAs;

/* Its strings are borrowed, but those of rh_user_copy() and rh_user_parse(). */
typedef struct {
    RhUserAs as;
    const char *name; /* of the guest, of the process; NULL: unknown. Of another: the words */
    const char *uuid; /* of the guest; NULL: unknown */
    guint pid;        /* of the process; 0: unknown */
} RhUser;

/* The guest called @name, else by its @uuid; NULL: unknown. */
RhUser rh_user_of_guest(const char *name, const char *uuid);

/* The process @pid (0: unknown), which is called @name (NULL: unknown). */
RhUser rh_user_of_process(guint pid, const char *name);

/* Whoever it may be, for it could not be looked at whether there is one. */
RhUser rh_user_unknown(void);
gboolean rh_user_is_unknown(const RhUser *user);

RhUser *rh_user_copy(const RhUser *user);
void rh_user_free(RhUser *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhUser, rh_user_free)

/* Whether both say the same. */
gboolean rh_user_equal(const RhUser *a, const RhUser *b);

/* Whether @user is the guest called @name with @uuid (NULL: unknown). The uuid says so, in upper or
 * lower case; the name, which another may have too, only where one of both has no uuid. */
gboolean rh_user_is_guest(const RhUser *user, const char *name, const char *uuid);

/* The words for @user, owned by the caller. A guest's uuid is no part of them. */
char *rh_user_format(const RhUser *user);

/* Whom the words @text are for, owned by the caller. Formatted, they are the same again. */
RhUser *rh_user_parse(const char *text);

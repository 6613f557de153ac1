/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generic netlink: a socket, and one request exchanged for its answers. All input and output goes
 * through libnl's callbacks of the socket, so that nl_cb_overwrite_send() and
 * nl_cb_overwrite_recv() stand in for a kernel.
 */
#pragma once

#include <glib.h>
#include <netlink/genl/genl.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/socket.h>

typedef struct nl_sock NlSock;
typedef struct nl_msg NlMsg;
typedef struct nl_cb NlCb;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlSock, nl_socket_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlMsg, nlmsg_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NlCb, nl_cb_put)

/* A socket that talks to the kernel; owned by the caller. Error: RH_ERROR_HOST. */
NlSock *rh_genl_open(GError **error);

/*
 * A message to @family: @command with NLM_F_… @flags and one string attribute, @attr, unless @text
 * is NULL. Owned by the caller. Error: RH_ERROR_BUG.
 */
NlMsg *rh_genl_request(guint16 family, guint8 command, int flags, int attr, const char *text,
                       GError **error);

/* Reads one answer, which is valid only during the call. FALSE and @error end the exchange. */
typedef gboolean (*RhGenlParse)(struct nlmsghdr *answer, gpointer data, GError **error);

/*
 * Sends @request and gives each answer, a message of command @answer, to @parse. A dump (NLM_F_DUMP
 * in @request) ends with the kernel's own mark, anything else with the first answer.
 *
 * *@ret_errnum is 0, or what the kernel answered instead (an errno value); EINTR means that it
 * marked the dump as inconsistent. Error: RH_ERROR_HOST, and whatever @parse raises.
 */
gboolean rh_genl_ask(NlSock *sock, NlMsg *request, guint8 answer, RhGenlParse parse, gpointer data,
                     int *ret_errnum, GError **error);

/* The number of the family @name; 0 where this kernel has none. Error: RH_ERROR_HOST. */
gboolean rh_genl_find_family(NlSock *sock, const char *name, guint16 *ret_family, GError **error);

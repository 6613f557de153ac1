/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/genl.h"

#include "util/error.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/errno.h>
#include <string.h>

/* The largest piece in which the kernel sends a dump (af_netlink.c, netlink_recvmsg). With a fixed
 * size libnl need not ask for each message's size first. */
#define BUFFER_SIZE (32u * 1024)

/* Of every family that we ask. */
#define VERSION 1

typedef struct {
    guint32 seq;
    guint16 family;
    gboolean dump;
    guint8 answer;
    RhGenlParse parse;
    gpointer data;
    gboolean done;
    int errnum;
    GError *error;
} Exchange;

static void exchange_clear(Exchange *exchange)
{
    g_clear_error(&exchange->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Exchange, exchange_clear)

NlSock *rh_genl_open(GError **error)
{
    /* libnl's own default can be made to print by an environment variable. */
    g_autoptr(NlCb) cb = nl_cb_alloc(NL_CB_DEFAULT);
    g_autoptr(NlSock) sock = cb ? nl_socket_alloc_cb(cb) : NULL;
    int result = sock ? genl_connect(sock) : -NLE_NOMEM;

    if (result == 0)
        result = nl_socket_set_msg_buf_size(sock, BUFFER_SIZE);
    if (result < 0) {
        rh_raise(error, RH_ERROR_HOST,
                 "cannot open a generic netlink socket, through which the kernel is asked for vDPA "
                 "devices: %s (allow it where SELinux, AppArmor or a container forbids it)",
                 nl_geterror(result));
        return NULL;
    }
    return g_steal_pointer(&sock);
}

/* In place of libnl's check of sequence numbers, which needs an acknowledgement for each request:
 * what is not the kernel's, or answers an earlier request, is passed over. */
static int on_sequence_check(struct nl_msg *msg, void *arg)
{
    const Exchange *exchange = arg;

    return nlmsg_get_src(msg)->nl_pid == 0 && nlmsg_hdr(msg)->nlmsg_seq == exchange->seq ? NL_OK
                                                                                         : NL_SKIP;
}

static int on_interrupted(struct nl_msg *msg G_GNUC_UNUSED, void *arg)
{
    Exchange *exchange = arg;

    exchange->errnum = EINTR;
    return NL_OK;
}

static gboolean parse_answer(const Exchange *exchange, struct nlmsghdr *answer, GError **error)
{
    if (!genlmsg_valid_hdr(answer, 0))
        return rh_raise(error, RH_ERROR_HOST, "the kernel sent a netlink message of only %u bytes",
                        answer->nlmsg_len);
    if (answer->nlmsg_type != exchange->family || genlmsg_hdr(answer)->cmd != exchange->answer)
        return rh_raise(error, RH_ERROR_HOST,
                        "the kernel answered with netlink message %u of family %u, expected was %u "
                        "of %u",
                        genlmsg_hdr(answer)->cmd, answer->nlmsg_type, exchange->answer,
                        exchange->family);
    return exchange->parse(answer, exchange->data, error);
}

static int on_answer(struct nl_msg *msg, void *arg)
{
    Exchange *exchange = arg;

    if (!parse_answer(exchange, nlmsg_hdr(msg), &exchange->error))
        return NL_STOP;
    exchange->done = !exchange->dump;
    return NL_OK;
}

/* The end of a dump says how it went in its first four bytes. */
static int on_finish(struct nl_msg *msg, void *arg)
{
    Exchange *exchange = arg;
    gint32 status = 0;

    if (nlmsg_datalen(nlmsg_hdr(msg)) >= (int)sizeof status)
        memcpy(&status, nlmsg_data(nlmsg_hdr(msg)), sizeof status);
    if (status < 0 && status > G_MININT32)
        exchange->errnum = -status;
    exchange->done = TRUE;
    return NL_OK;
}

static int on_error(struct sockaddr_nl *from G_GNUC_UNUSED, struct nlmsgerr *answer, void *arg)
{
    Exchange *exchange = arg;

    exchange->errnum = answer->error < 0 && answer->error > G_MININT32 ? -answer->error : EPROTO;
    exchange->done = TRUE;
    return NL_STOP;
}

/* The socket's callbacks with ours in them; what a test put in place of send and receive stays. */
static NlCb *make_callbacks(NlSock *sock, Exchange *exchange)
{
    g_autoptr(NlCb) own = nl_socket_get_cb(sock);
    NlCb *cb = nl_cb_clone(own);

    if (!cb)
        return NULL;
    nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence_check, exchange);
    nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, exchange);
    nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, exchange);
    nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, exchange);
    nl_cb_err(cb, NL_CB_CUSTOM, on_error, exchange);
    return cb;
}

static gboolean receive(NlSock *sock, Exchange *exchange, GError **error)
{
    g_autoptr(NlCb) cb = make_callbacks(sock, exchange);

    while (!exchange->done) {
        int received = cb ? nl_recvmsgs_report(sock, cb) : -NLE_NOMEM;

        if (exchange->error) {
            g_propagate_error(error, g_steal_pointer(&exchange->error));
            return FALSE;
        }
        if (received < 0 && !exchange->done)
            return rh_raise(error, RH_ERROR_HOST, "cannot read the kernel's netlink answer: %s",
                            nl_geterror(received));
        if (received == 0)
            return rh_raise(error, RH_ERROR_HOST, "the kernel's netlink answer ends too early");
    }
    return TRUE;
}

NlMsg *rh_genl_request(guint16 family, guint8 command, int flags, int attr, const char *text,
                       GError **error)
{
    g_autoptr(NlMsg) request = nlmsg_alloc();

    if (!request ||
        !genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, command, VERSION) ||
        (text && nla_put_string(request, attr, text) < 0)) {
        rh_raise(error, RH_ERROR_BUG, "cannot make the netlink message %u", command);
        return NULL;
    }
    return g_steal_pointer(&request);
}

gboolean rh_genl_ask(NlSock *sock, NlMsg *request, guint8 answer, RhGenlParse parse, gpointer data,
                     int *ret_errnum, GError **error)
{
    struct nlmsghdr *header = nlmsg_hdr(request);
    g_auto(Exchange) exchange = {
        .family = header->nlmsg_type,
        .dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
        .answer = answer,
        .parse = parse,
        .data = data,
    };
    int result;

    /* An answer or an error always comes; an acknowledgement would be one message more. */
    nl_socket_disable_auto_ack(sock);
    result = nl_send_auto(sock, request);
    if (result < 0)
        return rh_raise(error, RH_ERROR_HOST, "cannot ask the kernel over generic netlink: %s",
                        nl_geterror(result));
    exchange.seq = header->nlmsg_seq;
    if (!receive(sock, &exchange, error))
        return FALSE;
    *ret_errnum = exchange.errnum;
    return TRUE;
}

static gboolean parse_family(struct nlmsghdr *answer, gpointer data, GError **error)
{
    static const struct nla_policy policy[CTRL_ATTR_MAX + 1] = {
        [CTRL_ATTR_FAMILY_ID] = {.type = NLA_U16},
    };
    guint16 *family = data;
    struct nlattr *attrs[CTRL_ATTR_MAX + 1];
    int result = genlmsg_parse(answer, 0, attrs, CTRL_ATTR_MAX, policy);

    if (result < 0 || !attrs[CTRL_ATTR_FAMILY_ID])
        return rh_raise(error, RH_ERROR_HOST,
                        "the kernel names a netlink family without its number");
    *family = nla_get_u16(attrs[CTRL_ATTR_FAMILY_ID]);
    return TRUE;
}

gboolean rh_genl_find_family(NlSock *sock, const char *name, guint16 *ret_family, GError **error)
{
    g_autoptr(NlMsg) request =
        rh_genl_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, CTRL_ATTR_FAMILY_NAME, name, error);
    guint16 family = 0;
    int errnum = 0;

    if (!request ||
        !rh_genl_ask(sock, request, CTRL_CMD_NEWFAMILY, parse_family, &family, &errnum, error))
        return FALSE;
    if (errnum && errnum != ENOENT)
        return rh_raise_errno(error, RH_ERROR_HOST, errnum,
                              "the kernel does not tell its netlink family '%s'", name);
    *ret_family = family;
    return TRUE;
}

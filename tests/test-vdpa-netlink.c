/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vDPA over netlink against a kernel that answers what it is told to, through libnl's own seam. */
#include "host/vdpa-netlink.h"
#include "util/error.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/errno.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY_ID 35

enum { MGMTDEV_NEW = 1, MGMTDEV_GET, DEV_NEW, DEV_GET = 5, CONFIG_GET };
enum { NET = 1, BLK = 2 };

/* -- frames ------------------------------------------------------------------------------------ */

/* One datagram: netlink messages, one after the other. */
typedef struct {
    GByteArray *bytes;
    gsize last;     /* where its last message begins */
    gboolean stale; /* keeps the sequence number 1, where others get that of the request */
    guint32 sender; /* 0: the kernel */
} Frame;

static Frame *frame_new(void)
{
    Frame *frame = g_new0(Frame, 1);

    frame->bytes = g_byte_array_new();
    return frame;
}

static void frame_free(gpointer data)
{
    Frame *frame = data;

    g_byte_array_unref(frame->bytes);
    g_free(frame);
}

static Frame *frame_of(const guint8 *bytes, gsize length)
{
    Frame *frame = frame_new();

    g_byte_array_append(frame->bytes, bytes, (guint)length);
    return frame;
}

static Frame *frame_copy(const Frame *frame)
{
    Frame *copy = frame_of(frame->bytes->data, frame->bytes->len);

    copy->last = frame->last;
    copy->stale = frame->stale;
    copy->sender = frame->sender;
    return copy;
}

/* Appends @length bytes to the last message, and what aligns it. */
static void append(Frame *frame, gconstpointer data, gsize length)
{
    static const guint8 zeros[NLMSG_ALIGNTO];
    guint32 message_length;

    g_byte_array_append(frame->bytes, data, (guint)length);
    g_byte_array_append(frame->bytes, zeros, (guint)(NLMSG_ALIGN(length) - length));
    message_length = (guint32)(frame->bytes->len - frame->last);
    memcpy(frame->bytes->data + frame->last, &message_length, sizeof message_length);
}

static void begin_message(Frame *frame, guint16 type, guint16 flags)
{
    struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = 1};

    frame->last = frame->bytes->len;
    append(frame, &header, sizeof header);
}

static void begin(Frame *frame, guint16 type, guint16 flags, guint8 command)
{
    struct genlmsghdr header = {.cmd = command, .version = 1};

    begin_message(frame, type, flags);
    append(frame, &header, sizeof header);
}

static void put(Frame *frame, guint16 type, gconstpointer data, gsize length)
{
    struct nlattr header = {(guint16)(NLA_HDRLEN + length), type};

    append(frame, &header, sizeof header);
    append(frame, data, length);
}

static void put_text(Frame *frame, guint16 type, const char *text)
{
    put(frame, type, text, strlen(text) + 1);
}

static void put_u8(Frame *frame, guint16 type, guint8 value)
{
    put(frame, type, &value, sizeof value);
}

static void put_u16(Frame *frame, guint16 type, guint16 value)
{
    put(frame, type, &value, sizeof value);
}

static void put_u32(Frame *frame, guint16 type, guint32 value)
{
    put(frame, type, &value, sizeof value);
}

static void put_u64(Frame *frame, guint16 type, guint64 value)
{
    put(frame, type, &value, sizeof value);
}

static void put_family(Frame *frame)
{
    begin(frame, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
    put_text(frame, CTRL_ATTR_FAMILY_NAME, "vdpa");
    put_u16(frame, CTRL_ATTR_FAMILY_ID, FAMILY_ID);
}

static void put_mgmtdev(Frame *frame, const char *bus, const char *name, guint64 classes)
{
    begin(frame, FAMILY_ID, NLM_F_MULTI, MGMTDEV_NEW);
    if (bus)
        put_text(frame, 1, bus);
    put_text(frame, 2, name);
    put_u64(frame, 3, classes);
    put_u32(frame, 15, 65);
    put_u64(frame, 16, 0x3000083ull);
}

/* A device that hangs on pci/0000:41:00.2. */
static void put_device_head(Frame *frame, guint32 id)
{
    begin(frame, FAMILY_ID, NLM_F_MULTI, DEV_NEW);
    put_text(frame, 1, "pci");
    put_text(frame, 2, "0000:41:00.2");
    put_u32(frame, 5, id);
    put_u32(frame, 6, 0x15b3);
    put_u32(frame, 7, 9);
    put_u16(frame, 8, 256);
    put_u16(frame, 9, 1);
}

static void put_device(Frame *frame, const char *name, guint32 id)
{
    put_device_head(frame, id);
    put_text(frame, 4, name);
}

static void put_config(Frame *frame, const char *name, guint32 id)
{
    begin(frame, FAMILY_ID, 0, CONFIG_GET);
    put_text(frame, 4, name);
    put_u32(frame, 5, id);
}

static void put_done(Frame *frame, gint32 status)
{
    begin_message(frame, NLMSG_DONE, NLM_F_MULTI);
    append(frame, &status, sizeof status);
}

static Frame *frame_error(int errnum)
{
    struct nlmsgerr error = {.error = -errnum};
    Frame *frame = frame_new();

    begin_message(frame, NLMSG_ERROR, 0);
    append(frame, &error, sizeof error);
    return frame;
}

/* -- the kernel -------------------------------------------------------------------------------- */

/* What is answered to one kind of request, time after time; the last answer stays. */
typedef struct {
    guint16 family;
    guint8 command;
    char *name;         /* NULL: a dump */
    GPtrArray *answers; /* of GPtrArray of Frame */
    guint asked;
} Topic;

typedef struct {
    GPtrArray *topics;
    GPtrArray *answer; /* being read */
    guint next;        /* frame of it */
    guint32 seq;
    guint requests;
    guint surprises; /* requests that nobody foresaw */
} Kernel;

static Kernel *kernel; /* libnl's callbacks have no argument */

static void topic_free(gpointer data)
{
    Topic *topic = data;

    g_free(topic->name);
    g_ptr_array_unref(topic->answers);
    g_free(topic);
}

static void kernel_start(void)
{
    kernel = g_new0(Kernel, 1);
    kernel->topics = g_ptr_array_new_with_free_func(topic_free);
}

static void kernel_stop(void)
{
    g_ptr_array_unref(kernel->topics);
    g_clear_pointer(&kernel, g_free);
}

static Topic *find_topic(guint16 family, guint8 command, const char *name)
{
    for (guint i = 0; i < kernel->topics->len; i++) {
        Topic *topic = g_ptr_array_index(kernel->topics, i);

        if (topic->family == family && topic->command == command &&
            g_strcmp0(topic->name, name) == 0)
            return topic;
    }
    return NULL;
}

static Topic *need_topic(guint16 family, guint8 command, const char *name)
{
    Topic *topic = find_topic(family, command, name);

    if (topic)
        return topic;
    topic = g_new0(Topic, 1);
    topic->family = family;
    topic->command = command;
    topic->name = g_strdup(name);
    topic->answers = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_ptr_array_add(kernel->topics, topic);
    return topic;
}

/* Starts the next answer to this request, still without a frame. */
static GPtrArray *kernel_answers(guint16 family, guint8 command, const char *name)
{
    GPtrArray *frames = g_ptr_array_new_with_free_func(frame_free);

    g_ptr_array_add(need_topic(family, command, name)->answers, frames);
    return frames;
}

static void kernel_answers_with(guint16 family, guint8 command, const char *name, Frame *frame)
{
    g_ptr_array_add(kernel_answers(family, command, name), frame);
}

static void kernel_has_family(void)
{
    Frame *frame = frame_new();

    put_family(frame);
    kernel_answers_with(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, "vdpa", frame);
}

/* A pass over the devices with the names in @names ("vdpa0 vdpa1"), all of class @id. */
static void kernel_lists(const char *names, guint32 id)
{
    g_auto(GStrv) each = g_strsplit(names, " ", -1);
    Frame *frame = frame_new();

    for (guint i = 0; each[i]; i++)
        if (*each[i])
            put_device(frame, each[i], id);
    put_done(frame, 0);
    kernel_answers_with(FAMILY_ID, DEV_GET, NULL, frame);
}

static void kernel_has_one_mgmtdev(void)
{
    Frame *frame = frame_new();

    put_mgmtdev(frame, "pci", "0000:41:00.2", 1 << NET);
    put_done(frame, 0);
    kernel_answers_with(FAMILY_ID, MGMTDEV_GET, NULL, frame);
}

/* A configuration of a net device with nothing but features. */
static void kernel_configures(const char *name)
{
    Frame *frame = frame_new();

    put_config(frame, name, NET);
    put_u64(frame, 20, 0x300000000ull);
    kernel_answers_with(FAMILY_ID, CONFIG_GET, name, frame);
}

static char *requested_name(struct nlmsghdr *request)
{
    struct nlattr *attr = genlmsg_attrlen(genlmsg_hdr(request), 0) > 0
                              ? genlmsg_attrdata(genlmsg_hdr(request), 0)
                              : NULL;

    return attr ? g_strdup(nla_get_string(attr)) : NULL;
}

static int on_send(struct nl_sock *sock G_GNUC_UNUSED, struct nl_msg *msg)
{
    struct nlmsghdr *request = nlmsg_hdr(msg);
    g_autofree char *name = requested_name(request);
    Topic *topic = find_topic(request->nlmsg_type, genlmsg_hdr(request)->cmd, name);

    kernel->requests++;
    kernel->seq = request->nlmsg_seq;
    kernel->next = 0;
    kernel->answer = NULL;
    if (!topic) {
        kernel->surprises++;
        return -NLE_FAILURE;
    }
    g_assert_cmpint((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, ==, !name);
    kernel->answer = g_ptr_array_index(topic->answers, MIN(topic->asked, topic->answers->len - 1));
    topic->asked++;
    return (int)request->nlmsg_len;
}

static void set_sequence(guint8 *bytes, int length, guint32 seq)
{
    struct nlmsghdr *header = (struct nlmsghdr *)bytes;

    for (; nlmsg_ok(header, length); header = nlmsg_next(header, &length))
        header->nlmsg_seq = seq;
}

static int on_receive(struct nl_sock *sock G_GNUC_UNUSED, struct sockaddr_nl *from,
                      unsigned char **ret_bytes, struct ucred **creds G_GNUC_UNUSED)
{
    const Frame *frame;
    guint length;

    if (!kernel->answer || kernel->next >= kernel->answer->len)
        return 0;
    frame = g_ptr_array_index(kernel->answer, kernel->next++);
    length = frame->bytes->len;
    if (length == 0)
        return 0;
    *ret_bytes = malloc(length); /* libnl frees it */
    memcpy(*ret_bytes, frame->bytes->data, length);
    if (!frame->stale)
        set_sequence(*ret_bytes, (int)length, kernel->seq);
    from->nl_family = AF_NETLINK;
    from->nl_pid = frame->sender;
    return (int)length;
}

static NlSock *make_socket(void)
{
    g_autoptr(NlCb) cb = nl_cb_alloc(NL_CB_DEFAULT);

    nl_cb_overwrite_send(cb, on_send);
    nl_cb_overwrite_recv(cb, on_receive);
    return nl_socket_alloc_cb(cb);
}

static gboolean read_kernel(RhInventory *inventory, GError **error)
{
    g_autoptr(NlSock) sock = make_socket();

    return rh_vdpa_read(sock, inventory, error);
}

static RhInventory *read_well(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) error = NULL;

    read_kernel(inventory, &error);
    g_assert_no_error(error);
    g_assert_true(rh_inventory_complete(inventory, &error));
    g_assert_cmpuint(kernel->surprises, ==, 0);
    return g_steal_pointer(&inventory);
}

/* Reading must fail with @message (a glob) and add nothing. */
static void assert_refused(const char *message)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(read_kernel(inventory, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
    g_test_message("'%s' must be like '%s'", error->message, message);
    g_assert_true(g_pattern_match_simple(message, error->message));
    g_assert_cmpuint(inventory->devices[RH_KIND_VDPA]->len, ==, 0);
    g_assert_cmpuint(inventory->devices[RH_KIND_VDPA_MGMTDEV]->len, ==, 0);
}

/* -- what came out ----------------------------------------------------------------------------- */

/* All that is known of @device, in the order of documents. */
static char *describe(const RhDevice *device)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);

    for (const RhAttr *attr = rh_kind_info(device->kind)->attrs; *attr != RH_N_ATTRS; attr++) {
        g_autofree char *value = rh_device_format(device, *attr);

        if (value)
            g_ptr_array_add(parts, g_strdup_printf("%s=%s", rh_attr_info(*attr)->name, value));
    }
    g_ptr_array_add(parts, NULL);
    return g_strjoinv(" ", (char **)parts->pdata);
}

static void assert_device(const RhInventory *inventory, RhKind kind, const char *name,
                          const char *expected)
{
    const RhDevice *device = rh_inventory_find(inventory, kind, name);
    g_autofree char *description = device ? describe(device) : NULL;

    g_assert_cmpstr(description, ==, expected);
}

/* The names of the devices, in order: "vdpa0 vdpa1". */
static void assert_names(const RhInventory *inventory, const char *expected)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const GPtrArray *devices = inventory->devices[RH_KIND_VDPA];

    for (guint i = 0; i < devices->len; i++)
        g_string_append_printf(names, "%s%s", i ? " " : "",
                               rh_device_name(g_ptr_array_index(devices, i)));
    g_assert_cmpstr(names->str, ==, expected);
}

#define VDPA0_HEAD "name=vdpa0 mgmtdev=pci/0000:41:00.2 "
#define VDPA0_NUMBERS "vendor-id=0x15b3 max-vqs=9 max-vq-size=256 min-vq-size=1"

/* -- frames of a real host (kernel 6.12) ------------------------------------------------------- */

#define PCAP_HEADER 24u
#define RECORD_HEADER 16u
#define COOKED_HEADER 16u /* DLT_NETLINK; its last two bytes are the protocol */

static guint32 u32_at(const guint8 *bytes)
{
    guint32 value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static gboolean is_request(struct nlmsghdr *header)
{
    return header->nlmsg_pid == 0 && (header->nlmsg_flags & NLM_F_REQUEST) &&
           header->nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN;
}

/* The answers to the first request for @command of @family in the capture. */
static GPtrArray *captured(guint16 family, guint8 command)
{
    const char *source = g_getenv("RH_SOURCE_DIR");
    g_autofree char *path =
        g_build_filename(source ? source : ".", "tests/data/nlmon-dsthost.pcap", NULL);
    g_autofree char *data = NULL;
    GPtrArray *frames = g_ptr_array_new_with_free_func(frame_free);
    gboolean ours = FALSE;
    gsize length;

    g_assert_true(g_file_get_contents(path, &data, &length, NULL));
    for (gsize at = PCAP_HEADER; at < length;) {
        const guint8 *record = (const guint8 *)data + at;
        guint32 captured_length = u32_at(record + 8);
        const guint8 *packet = record + RECORD_HEADER;
        g_autofree struct nlmsghdr *header =
            g_memdup2(packet + COOKED_HEADER, captured_length - COOKED_HEADER);

        at += RECORD_HEADER + captured_length;
        if (packet[COOKED_HEADER - 1] != NETLINK_GENERIC)
            continue;
        if (is_request(header) && ours && frames->len > 0)
            break;
        if (is_request(header))
            ours = header->nlmsg_type == family && genlmsg_hdr(header)->cmd == command;
        else if (ours)
            g_ptr_array_add(frames,
                            frame_of((const guint8 *)header, captured_length - COOKED_HEADER));
    }
    g_assert_cmpuint(frames->len, >=, 2);
    return frames;
}

static void replay(guint16 family, guint8 command, const char *name)
{
    g_autoptr(GPtrArray) frames = captured(family, command);
    GPtrArray *answer = kernel_answers(family, command, name);

    for (guint i = 0; i < frames->len; i++)
        g_ptr_array_add(answer, frame_copy(g_ptr_array_index(frames, i)));
}

/* The tool dumps configurations; each message answers one question of ours, but for its flag. */
static void replay_configs(void)
{
    g_autoptr(GPtrArray) frames = captured(FAMILY_ID, CONFIG_GET);
    Frame *frame = g_ptr_array_index(frames, 0);
    struct nlmsghdr *header = (struct nlmsghdr *)frame->bytes->data;
    int length = (int)frame->bytes->len;

    for (; nlmsg_ok(header, length); header = nlmsg_next(header, &length)) {
        g_autofree char *name = requested_name(header);

        header->nlmsg_flags &= (guint16)~NLM_F_MULTI;
        kernel_answers_with(FAMILY_ID, CONFIG_GET, name,
                            frame_of((const guint8 *)header, header->nlmsg_len));
    }
}

static void replay_all(void)
{
    replay(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, "vdpa");
    replay(FAMILY_ID, DEV_GET, NULL);
    replay(FAMILY_ID, MGMTDEV_GET, NULL);
    replay_configs();
}

static void test_captured(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    kernel_start();
    replay_all();
    inventory = read_well();
    assert_names(inventory, "other0 other1 pool-blue pool-green pool-red");
    assert_device(inventory, RH_KIND_VDPA_MGMTDEV, "vdpasim_net",
                  "handle=vdpasim_net classes=net max-vqs=3 features=0x0000000308830028");
    assert_device(inventory, RH_KIND_VDPA, "other0",
                  "name=other0 mgmtdev=vdpasim_net class=net vendor-id=0x0000 max-vqs=3 "
                  "max-vq-size=1024 min-vq-size=1 features=0x0000000308830028 "
                  "mac=52:54:00:77:01:00 mtu=1400 status=0x0001");
    assert_device(inventory, RH_KIND_VDPA, "pool-green",
                  "name=pool-green mgmtdev=vdpasim_net class=net vendor-id=0x0000 max-vqs=3 "
                  "max-vq-size=1024 min-vq-size=1 features=0x0000000308830028 "
                  "mac=52:54:00:77:00:03 mtu=9000 status=0x0001");
    kernel_stop();
}

/* -- shapes ------------------------------------------------------------------------------------ */

/* One device, vdpa0, of class @id, whose configuration is @frame. */
static RhInventory *read_one(guint32 id, Frame *frame)
{
    kernel_has_family();
    kernel_lists("vdpa0", id);
    kernel_has_one_mgmtdev();
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa0", frame);
    return read_well();
}

static void test_net_of_6_1(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    Frame *config = frame_new();

    kernel_start();
    put_config(config, "vdpa0", NET);
    put_u64(config, 14, 0x300000020ull);
    put_u64(config, 21, 0x300bf8b8bull);
    put_u16(config, 13, 1500);
    put(config, 10, "\xe4\x11\xc6\xd3\x45\xf0", 6);
    put_u16(config, 11, 3);
    put_u16(config, 12, 4);
    inventory = read_one(NET, config);
    assert_device(inventory, RH_KIND_VDPA, "vdpa0",
                  VDPA0_HEAD "class=net " VDPA0_NUMBERS
                             " features=0x0000000300bf8b8b negotiated=0x0000000300000020 "
                             "mac=e4:11:c6:d3:45:f0 max-vq-pairs=4 mtu=1500 status=0x0003");
    kernel_stop();
}

static void test_net_with_20_and_21(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    Frame *config = frame_new();

    kernel_start();
    put_config(config, "vdpa0", NET);
    put_u64(config, 21, 7);
    put_u64(config, 20, 0x300000000ull);
    inventory = read_one(NET, config);
    assert_device(inventory, RH_KIND_VDPA, "vdpa0",
                  VDPA0_HEAD "class=net " VDPA0_NUMBERS " features=0x0000000300000000");
    kernel_stop();
}

static void test_net_without_features(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    Frame *config = frame_new();

    kernel_start();
    put_config(config, "vdpa0", NET);
    inventory = read_one(NET, config);
    assert_device(inventory, RH_KIND_VDPA, "vdpa0", VDPA0_HEAD "class=net " VDPA0_NUMBERS);
    kernel_stop();
}

static Frame *make_disk_config(void)
{
    static const guint16 words[] = {22, 23, 24, 29, 30, 31, 32, 33, 34};
    Frame *config = frame_new();

    put_config(config, "vdpa0", BLK);
    put_u64(config, 20, 0x300000244ull);
    put_u64(config, 21, 0x200000);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        put_u32(config, words[i], 1000u + words[i]);
    put_u16(config, 25, 1025);
    put_u8(config, 26, 26);
    put_u8(config, 27, 27);
    put_u16(config, 28, 1028);
    put_u8(config, 35, 1);
    put_u8(config, 36, 0);
    return config;
}

static void test_disk(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    kernel_start();
    inventory = read_one(BLK, make_disk_config());
    assert_device(inventory, RH_KIND_VDPA, "vdpa0",
                  VDPA0_HEAD
                  "class=blk " VDPA0_NUMBERS " features=0x0000000300000244 capacity=2097152 "
                  "block-size=1023 read-only=yes flush=no size-max=1022 seg-max=1024 "
                  "num-queues=1025 physical-block-exp=26 alignment-offset=27 min-io-size=1028 "
                  "opt-io-size=1029 max-discard-sectors=1030 max-discard-seg=1031 "
                  "discard-sector-alignment=1032 max-write-zeroes-sectors=1033 "
                  "max-write-zeroes-seg=1034");
    kernel_stop();
}

/* 6.1 knows no configuration of a disk, older kernels none before a guest driver is up. */
static void test_no_config(void)
{
    static const int errnums[] = {EOPNOTSUPP, EAGAIN};

    for (guint i = 0; i < G_N_ELEMENTS(errnums); i++) {
        g_autoptr(RhInventory) inventory = NULL;

        kernel_start();
        inventory = read_one(BLK, frame_error(errnums[i]));
        assert_device(inventory, RH_KIND_VDPA, "vdpa0", VDPA0_HEAD "class=blk " VDPA0_NUMBERS);
        kernel_stop();
    }
}

static void test_classes(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    Frame *mgmtdevs = frame_new();
    Frame *devices = frame_new();

    kernel_start();
    kernel_has_family();
    put_mgmtdev(mgmtdevs, "auxiliary", "mlx5_core.sf.4",
                1 << NET | 1 << BLK | 1 << 26 | 1ull << 63);
    put_mgmtdev(mgmtdevs, NULL, "vduse", 0);
    put_done(mgmtdevs, 0);
    kernel_answers_with(FAMILY_ID, MGMTDEV_GET, NULL, mgmtdevs);
    put_device(devices, "vdpa0", 8);
    put_device(devices, "vdpa1", 4000000000u);
    put_done(devices, 0);
    kernel_answers_with(FAMILY_ID, DEV_GET, NULL, devices);
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa0", frame_error(EOPNOTSUPP));
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa1", frame_error(EOPNOTSUPP));
    inventory = read_well();
    assert_device(inventory, RH_KIND_VDPA_MGMTDEV, "auxiliary/mlx5_core.sf.4",
                  "handle=auxiliary/mlx5_core.sf.4 classes=net blk fs virtio-63 max-vqs=65 "
                  "features=0x0000000003000083");
    assert_device(inventory, RH_KIND_VDPA_MGMTDEV, "vduse",
                  "handle=vduse max-vqs=65 features=0x0000000003000083");
    assert_device(inventory, RH_KIND_VDPA, "vdpa0", VDPA0_HEAD "class=scsi " VDPA0_NUMBERS);
    assert_device(inventory, RH_KIND_VDPA, "vdpa1",
                  "name=vdpa1 mgmtdev=pci/0000:41:00.2 class=virtio-4000000000 " VDPA0_NUMBERS);
    kernel_stop();
}

/* -- several messages, several passes ---------------------------------------------------------- */

static void test_multi_part(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    GPtrArray *answer;

    kernel_start();
    kernel_has_family();
    kernel_has_one_mgmtdev();
    answer = kernel_answers(FAMILY_ID, DEV_GET, NULL);
    for (guint i = 0; i < 3; i++) {
        Frame *frame = frame_new();
        g_autofree char *even = g_strdup_printf("vdpa%u", 2 * i);
        g_autofree char *odd = g_strdup_printf("vdpa%u", 2 * i + 1);

        put_device(frame, even, NET);
        put_device(frame, odd, NET);
        kernel_configures(even);
        kernel_configures(odd);
        g_ptr_array_add(answer, frame);
    }
    put_done(g_ptr_array_index(answer, 2), 0);
    inventory = read_well();
    assert_names(inventory, "vdpa0 vdpa1 vdpa2 vdpa3 vdpa4 vdpa5");
    kernel_stop();
}

static void test_settles(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    kernel_start();
    kernel_has_family();
    kernel_has_one_mgmtdev();
    kernel_lists("vdpa0 vdpa1 vdpa2", NET);
    kernel_lists("vdpa0 vdpa2", NET);
    kernel_lists("vdpa0 vdpa2 vdpa3", NET);
    kernel_configures("vdpa0");
    kernel_configures("vdpa2");
    kernel_configures("vdpa3");
    inventory = read_well();
    assert_names(inventory, "vdpa0 vdpa2 vdpa3");
    g_assert_cmpuint(find_topic(FAMILY_ID, DEV_GET, NULL)->asked, ==, 4);
    g_assert_cmpuint(find_topic(FAMILY_ID, MGMTDEV_GET, NULL)->asked, ==, 2);
    kernel_stop();
}

static void test_never_settles(void)
{
    kernel_start();
    kernel_has_family();
    for (guint i = 0; i < 3; i++) {
        kernel_lists("vdpa0 vdpa1", NET);
        kernel_lists("vdpa0", NET);
    }
    assert_refused("this host's vDPA devices changed each of the 5 times *");
    g_assert_cmpuint(find_topic(FAMILY_ID, DEV_GET, NULL)->asked, ==, 5);
    kernel_stop();
}

/* A pass that the kernel marks as inconsistent counts for nothing, even where it looks the same. */
static void test_interrupted(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    kernel_start();
    kernel_has_family();
    kernel_has_one_mgmtdev();
    for (guint i = 0; i < 2; i++) {
        Frame *frame = frame_new();

        put_device(frame, "vdpa0", NET);
        put_done(frame, 0);
        ((struct nlmsghdr *)frame->bytes->data)->nlmsg_flags |= NLM_F_DUMP_INTR;
        kernel_answers_with(FAMILY_ID, DEV_GET, NULL, frame);
    }
    kernel_lists("vdpa0 vdpa1", NET);
    kernel_configures("vdpa0");
    kernel_configures("vdpa1");
    inventory = read_well();
    assert_names(inventory, "vdpa0 vdpa1");
    g_assert_cmpuint(find_topic(FAMILY_ID, DEV_GET, NULL)->asked, ==, 4);
    kernel_stop();
}

static void test_vanished(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    Frame *disk = frame_new();
    Frame *other = frame_new();

    kernel_start();
    kernel_has_family();
    kernel_has_one_mgmtdev();
    kernel_lists("vdpa0 vdpa1 vdpa2 vdpa3 vdpa4", NET);
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa0", frame_error(ENODEV));
    kernel_configures("vdpa1");
    put_config(disk, "vdpa2", BLK); /* made anew meanwhile, as another class */
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa2", disk);
    put_config(other, "vdpa1", NET); /* not what was asked for */
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa3", other);
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa4", frame_error(ENODEV));
    inventory = read_well();
    assert_names(inventory, "vdpa1");
    kernel_stop();
}

static void test_no_devices(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    kernel_start();
    kernel_has_family();
    kernel_has_one_mgmtdev();
    kernel_lists("", NET);
    inventory = read_well();
    assert_names(inventory, "");
    g_assert_cmpuint(inventory->devices[RH_KIND_VDPA_MGMTDEV]->len, ==, 1);
    kernel_stop();
}

/* -- the family -------------------------------------------------------------------------------- */

static void test_no_family(void)
{
    g_autoptr(RhInventory) inventory = NULL;

    kernel_start();
    kernel_answers_with(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, "vdpa", frame_error(ENOENT));
    inventory = read_well();
    assert_names(inventory, "");
    g_assert_cmpuint(kernel->requests, ==, 1);
    kernel_stop();
}

static void test_forbidden(void)
{
    kernel_start();
    kernel_answers_with(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, "vdpa", frame_error(EACCES));
    assert_refused("the kernel does not tell its netlink family 'vdpa': Permission denied; *");
    kernel_stop();

    kernel_start(); /* where sending fails */
    assert_refused("cannot ask the kernel over generic netlink: *");
    kernel_stop();
}

static void test_family_without_number(void)
{
    Frame *frame = frame_new();

    kernel_start();
    begin(frame, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
    put_text(frame, CTRL_ATTR_FAMILY_NAME, "vdpa");
    kernel_answers_with(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, "vdpa", frame);
    assert_refused("*without its number");
    kernel_stop();
}

/* -- answers that are none --------------------------------------------------------------------- */

/* The list of devices is @frame, and that is refused with @message. */
static void refuse_list(Frame *frame, const char *message)
{
    kernel_start();
    kernel_has_family();
    kernel_answers_with(FAMILY_ID, DEV_GET, NULL, frame);
    assert_refused(message);
    kernel_stop();
}

static void test_refused_attributes(void)
{
    g_autofree char *long_name = g_strnfill(256, 'a');
    Frame *frame = frame_new();

    put_device(frame, "vdpa0", NET);
    put_u16(frame, 7, 9); /* four bytes are due */
    put_done(frame, 0);
    refuse_list(frame, "the kernel describes a vDPA device in a way that is not understood: *");

    frame = frame_new();
    put_device(frame, "vdpa0", NET);
    put_u64(frame, 9, 9); /* two bytes are due */
    put_done(frame, 0);
    refuse_list(frame, "*not understood*");

    frame = frame_new();
    put_device_head(frame, NET);
    put(frame, 4, "vdpa0", 5); /* no NUL */
    put_done(frame, 0);
    refuse_list(frame, "*not understood*");

    frame = frame_new();
    put_device_head(frame, NET);
    put(frame, 4, "", 0);
    put_done(frame, 0);
    refuse_list(frame, "*not understood*");

    frame = frame_new();
    put_device(frame, long_name, NET);
    put_done(frame, 0);
    refuse_list(frame, "*not understood*");

    frame = frame_new();
    put_device_head(frame, NET);
    put_done(frame, 0);
    refuse_list(frame, "the kernel describes a vDPA device without its name");
}

static void test_refused_messages(void)
{
    Frame *frame = frame_new();

    begin_message(frame, FAMILY_ID, NLM_F_MULTI); /* no generic netlink header */
    refuse_list(frame, "*of only 16 bytes");

    frame = frame_new();
    put_mgmtdev(frame, NULL, "vduse", 1 << NET);
    refuse_list(frame, "the kernel answered with netlink message 1 of family 35, expected was 3 *");

    frame = frame_new();
    put_done(frame, -ENOMEM);
    refuse_list(frame, "the kernel does not list its vDPA devices: Cannot allocate memory");

    refuse_list(frame_error(EPERM), "*does not list its vDPA devices: Operation not permitted*");
    refuse_list(frame_error(-EPERM), "*does not list its vDPA devices: Protocol error");

    frame = frame_new(); /* an error that is cut off */
    begin_message(frame, NLMSG_ERROR, 0);
    refuse_list(frame, "cannot read the kernel's netlink answer: *");

    frame = frame_new();
    begin_message(frame, NLMSG_OVERRUN, 0);
    refuse_list(frame, "cannot read the kernel's netlink answer: *");

    refuse_list(frame_of((const guint8 *)"short", 5), "*ends too early");

    frame = frame_new(); /* no end */
    put_device(frame, "vdpa0", NET);
    refuse_list(frame, "*ends too early");
}

static void test_refused_config(void)
{
    Frame *config = frame_new();

    kernel_start();
    kernel_has_family();
    kernel_lists("vdpa0", NET);
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa0", frame_error(EBUSY));
    assert_refused("the kernel does not show the configuration of the vDPA device 'vdpa0': *");
    kernel_stop();

    kernel_start();
    kernel_has_family();
    kernel_lists("vdpa0", NET);
    put_config(config, "vdpa0", NET);
    put(config, 10, "\1\2\3\4\5", 5); /* a MAC has six bytes */
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa0", config);
    assert_refused("*vDPA device's configuration in a way that is not understood: *");
    kernel_stop();
}

/* Names that user space chose (VDUSE) must not keep the other devices from being seen. */
static void test_unusable_names(void)
{
    static const char *const names[] = {"", ".", "..", "a/b", "../x", "a\nb", "a\x7f", "\xff\xfe"};
    g_autoptr(RhInventory) inventory = NULL;
    Frame *frame = frame_new();
    Frame *mgmtdevs = frame_new();

    kernel_start();
    kernel_has_family();
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        put_device(frame, names[i], NET);
        put_mgmtdev(mgmtdevs, "pci", names[i], 1 << NET);
        put_mgmtdev(mgmtdevs, names[i], "0000:41:00.2", 1 << NET);
    }
    put_device_head(frame, NET);
    put(frame, 4, "vdpa0\0hidden", sizeof "vdpa0\0hidden");
    put_device(frame, "..vdpa..1", NET); /* odd, but a name */
    put_done(frame, 0);
    put_done(mgmtdevs, 0);
    kernel_answers_with(FAMILY_ID, DEV_GET, NULL, frame);
    kernel_answers_with(FAMILY_ID, MGMTDEV_GET, NULL, mgmtdevs);
    kernel_configures("..vdpa..1");
    inventory = read_well();
    assert_names(inventory, "..vdpa..1");
    g_assert_cmpuint(inventory->devices[RH_KIND_VDPA_MGMTDEV]->len, ==, 0);
    kernel_stop();
}

/* What answers an earlier question, or is not the kernel's, is passed over. */
static void test_others_answers(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    GPtrArray *answer;
    Frame *stale = frame_new();
    Frame *forged = frame_new();
    Frame *right = frame_new();

    kernel_start();
    kernel_has_family();
    kernel_has_one_mgmtdev();
    put_device(stale, "stale", NET);
    put_done(stale, 0);
    stale->stale = TRUE;
    put_device(forged, "forged", NET);
    put_done(forged, 0);
    forged->sender = 4711;
    put_device(right, "right", NET);
    put_done(right, 0);
    answer = kernel_answers(FAMILY_ID, DEV_GET, NULL);
    g_ptr_array_add(answer, stale);
    g_ptr_array_add(answer, forged);
    g_ptr_array_add(answer, right);
    kernel_configures("right");
    inventory = read_well();
    assert_names(inventory, "right");
    kernel_stop();
}

/* -- anything at all --------------------------------------------------------------------------- */

static void read_anything(void)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) error = NULL;
    gboolean read = read_kernel(inventory, &error);

    g_assert_cmpint(read, ==, error == NULL);
    if (error)
        g_assert_error(error, RH_ERROR, RH_ERROR_HOST);
}

/* Reads with one byte of @frame changed, and with the frame cut off before it. */
static void spoil(Frame *frame, guint at)
{
    static const guint8 spoilt[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    guint8 byte = frame->bytes->data[at];
    guint length = frame->bytes->len;

    for (guint i = 0; i < G_N_ELEMENTS(spoilt); i++) {
        frame->bytes->data[at] = spoilt[i];
        read_anything();
    }
    frame->bytes->data[at] = byte;
    frame->bytes->len = at; /* no byte is lost: set back below */
    read_anything();
    frame->bytes->len = length;
}

static void test_spoilt(void)
{
    g_autoptr(RhInventory) inventory = NULL;
    Frame *devices = frame_new();
    GPtrArray *frames = g_ptr_array_new();

    kernel_start();
    kernel_has_family();
    kernel_has_one_mgmtdev();
    put_device(devices, "vdpa0", BLK);
    put_done(devices, 0);
    kernel_answers_with(FAMILY_ID, DEV_GET, NULL, devices);
    kernel_answers_with(FAMILY_ID, CONFIG_GET, "vdpa0", make_disk_config());
    for (guint i = 0; i < kernel->topics->len; i++) {
        Topic *topic = g_ptr_array_index(kernel->topics, i);
        GPtrArray *answer = g_ptr_array_index(topic->answers, 0);

        g_ptr_array_add(frames, g_ptr_array_index(answer, 0));
    }
    for (guint i = 0; i < frames->len; i++) {
        Frame *frame = g_ptr_array_index(frames, i);

        for (guint at = 0; at < frame->bytes->len; at++)
            spoil(frame, at);
    }
    g_ptr_array_unref(frames);
    kernel->surprises = 0;   /* spoilt names were asked for */
    inventory = read_well(); /* and whole again, all is read */
    assert_names(inventory, "vdpa0");
    kernel_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vdpa-netlink/captured", test_captured);
    g_test_add_func("/vdpa-netlink/net-of-6.1", test_net_of_6_1);
    g_test_add_func("/vdpa-netlink/net-with-20-and-21", test_net_with_20_and_21);
    g_test_add_func("/vdpa-netlink/net-without-features", test_net_without_features);
    g_test_add_func("/vdpa-netlink/disk", test_disk);
    g_test_add_func("/vdpa-netlink/no-config", test_no_config);
    g_test_add_func("/vdpa-netlink/classes", test_classes);
    g_test_add_func("/vdpa-netlink/multi-part", test_multi_part);
    g_test_add_func("/vdpa-netlink/settles", test_settles);
    g_test_add_func("/vdpa-netlink/never-settles", test_never_settles);
    g_test_add_func("/vdpa-netlink/interrupted", test_interrupted);
    g_test_add_func("/vdpa-netlink/vanished", test_vanished);
    g_test_add_func("/vdpa-netlink/no-devices", test_no_devices);
    g_test_add_func("/vdpa-netlink/no-family", test_no_family);
    g_test_add_func("/vdpa-netlink/forbidden", test_forbidden);
    g_test_add_func("/vdpa-netlink/family-without-number", test_family_without_number);
    g_test_add_func("/vdpa-netlink/refused-attributes", test_refused_attributes);
    g_test_add_func("/vdpa-netlink/refused-messages", test_refused_messages);
    g_test_add_func("/vdpa-netlink/refused-config", test_refused_config);
    g_test_add_func("/vdpa-netlink/unusable-names", test_unusable_names);
    g_test_add_func("/vdpa-netlink/others-answers", test_others_answers);
    g_test_add_func("/vdpa-netlink/spoilt", test_spoilt);
    return g_test_run();
}

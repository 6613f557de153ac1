/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vdpa-netlink.h"

#include "util/error.h"

#include <errno.h>
#include <limits.h>
#include <netlink/errno.h>

/* The same in every kernel. Of our own, since installed headers lag behind: linux/vdpa.h of 6.1
 * knows nothing of block devices, and calls attribute 21 by its old meaning. */
#define FAMILY "vdpa"
enum {
    CMD_MGMTDEV_NEW = 1, /* the answer to MGMTDEV_GET */
    CMD_MGMTDEV_GET = 2,
    CMD_DEV_NEW = 3, /* the answer to DEV_GET */
    CMD_DEV_GET = 5,
    CMD_DEV_CONFIG_GET = 6, /* its own answer */
};

enum {
    ATTR_MGMTDEV_BUS_NAME = 1,
    ATTR_MGMTDEV_DEV_NAME = 2,
    ATTR_MGMTDEV_CLASSES = 3,
    ATTR_DEV_NAME = 4,
    ATTR_DEV_ID = 5,
    ATTR_DEV_VENDOR_ID = 6,
    ATTR_DEV_MAX_VQS = 7,
    ATTR_DEV_MAX_VQ_SIZE = 8,
    ATTR_DEV_MIN_VQ_SIZE = 9,
    ATTR_NET_MAC = 10,
    ATTR_NET_STATUS = 11, /* two bytes, whatever the comment in linux/vdpa.h says */
    ATTR_NET_MAX_VQ_PAIRS = 12,
    ATTR_NET_MTU = 13,
    ATTR_NEGOTIATED_FEATURES = 14,
    ATTR_MGMTDEV_MAX_VQS = 15,
    ATTR_MGMTDEV_FEATURES = 16,
    ATTR_DEV_FEATURES = 20, /* from 6.2 */
    ATTR_BLK_CAPACITY = 21, /* from 6.9; in 6.1, of a net device: its features */
    ATTR_BLK_SIZE_MAX = 22,
    ATTR_BLK_BLOCK_SIZE = 23,
    ATTR_BLK_SEG_MAX = 24,
    ATTR_BLK_NUM_QUEUES = 25,
    ATTR_BLK_PHYSICAL_BLOCK_EXP = 26,
    ATTR_BLK_ALIGNMENT_OFFSET = 27,
    ATTR_BLK_MIN_IO_SIZE = 28,
    ATTR_BLK_OPT_IO_SIZE = 29,
    ATTR_BLK_MAX_DISCARD_SECTORS = 30,
    ATTR_BLK_MAX_DISCARD_SEG = 31,
    ATTR_BLK_DISCARD_SECTOR_ALIGNMENT = 32,
    ATTR_BLK_MAX_WRITE_ZEROES_SECTORS = 33,
    ATTR_BLK_MAX_WRITE_ZEROES_SEG = 34,
    ATTR_BLK_READ_ONLY = 35,
    ATTR_BLK_FLUSH = 36,
    N_ATTRS,
};

/* kobject names are names of directories: NAME_MAX bytes and a NUL. */
#define NAME \
    { \
        .type = NLA_STRING, .maxlen = NAME_MAX + 1 \
    }
#define BYTES(n) \
    { \
        .type = NLA_UNSPEC, .minlen = (n), .maxlen = (n) \
    }

static const struct nla_policy policy[N_ATTRS] = {
    [ATTR_MGMTDEV_BUS_NAME] = NAME,
    [ATTR_MGMTDEV_DEV_NAME] = NAME,
    [ATTR_MGMTDEV_CLASSES] = BYTES(8),
    [ATTR_DEV_NAME] = NAME,
    [ATTR_DEV_ID] = BYTES(4),
    [ATTR_DEV_VENDOR_ID] = BYTES(4),
    [ATTR_DEV_MAX_VQS] = BYTES(4),
    [ATTR_DEV_MAX_VQ_SIZE] = BYTES(2),
    [ATTR_DEV_MIN_VQ_SIZE] = BYTES(2),
    [ATTR_NET_MAC] = BYTES(6),
    [ATTR_NET_STATUS] = BYTES(2),
    [ATTR_NET_MAX_VQ_PAIRS] = BYTES(2),
    [ATTR_NET_MTU] = BYTES(2),
    [ATTR_NEGOTIATED_FEATURES] = BYTES(8),
    [ATTR_MGMTDEV_MAX_VQS] = BYTES(4),
    [ATTR_MGMTDEV_FEATURES] = BYTES(8),
    [ATTR_DEV_FEATURES] = BYTES(8),
    [ATTR_BLK_CAPACITY] = BYTES(8),
    [ATTR_BLK_SIZE_MAX] = BYTES(4),
    [ATTR_BLK_BLOCK_SIZE] = BYTES(4),
    [ATTR_BLK_SEG_MAX] = BYTES(4),
    [ATTR_BLK_NUM_QUEUES] = BYTES(2),
    [ATTR_BLK_PHYSICAL_BLOCK_EXP] = BYTES(1),
    [ATTR_BLK_ALIGNMENT_OFFSET] = BYTES(1),
    [ATTR_BLK_MIN_IO_SIZE] = BYTES(2),
    [ATTR_BLK_OPT_IO_SIZE] = BYTES(4),
    [ATTR_BLK_MAX_DISCARD_SECTORS] = BYTES(4),
    [ATTR_BLK_MAX_DISCARD_SEG] = BYTES(4),
    [ATTR_BLK_DISCARD_SECTOR_ALIGNMENT] = BYTES(4),
    [ATTR_BLK_MAX_WRITE_ZEROES_SECTORS] = BYTES(4),
    [ATTR_BLK_MAX_WRITE_ZEROES_SEG] = BYTES(4),
    [ATTR_BLK_READ_ONLY] = BYTES(1),
    [ATTR_BLK_FLUSH] = BYTES(1),
};

/* Where the plain numbers of each message go. */
typedef struct {
    guint16 from;
    RhAttr to;
} Field;

static const Field mgmtdev_fields[] = {
    {ATTR_MGMTDEV_MAX_VQS, RH_ATTR_MAX_VQS},
    {ATTR_MGMTDEV_FEATURES, RH_ATTR_FEATURES},
};

static const Field device_fields[] = {
    {ATTR_DEV_VENDOR_ID, RH_ATTR_VENDOR_ID},
    {ATTR_DEV_MAX_VQS, RH_ATTR_MAX_VQS},
    {ATTR_DEV_MAX_VQ_SIZE, RH_ATTR_MAX_VQ_SIZE},
    {ATTR_DEV_MIN_VQ_SIZE, RH_ATTR_MIN_VQ_SIZE},
};

static const Field config_fields[] = {
    {ATTR_DEV_FEATURES, RH_ATTR_FEATURES},
    {ATTR_NEGOTIATED_FEATURES, RH_ATTR_NEGOTIATED},
    {ATTR_NET_MAC, RH_ATTR_MAC},
    {ATTR_NET_STATUS, RH_ATTR_STATUS},
    {ATTR_NET_MAX_VQ_PAIRS, RH_ATTR_MAX_VQ_PAIRS},
    {ATTR_NET_MTU, RH_ATTR_MTU},
    {ATTR_BLK_SIZE_MAX, RH_ATTR_SIZE_MAX},
    {ATTR_BLK_BLOCK_SIZE, RH_ATTR_BLOCK_SIZE},
    {ATTR_BLK_SEG_MAX, RH_ATTR_SEG_MAX},
    {ATTR_BLK_NUM_QUEUES, RH_ATTR_NUM_QUEUES},
    {ATTR_BLK_PHYSICAL_BLOCK_EXP, RH_ATTR_PHYSICAL_BLOCK_EXP},
    {ATTR_BLK_ALIGNMENT_OFFSET, RH_ATTR_ALIGNMENT_OFFSET},
    {ATTR_BLK_MIN_IO_SIZE, RH_ATTR_MIN_IO_SIZE},
    {ATTR_BLK_OPT_IO_SIZE, RH_ATTR_OPT_IO_SIZE},
    {ATTR_BLK_MAX_DISCARD_SECTORS, RH_ATTR_MAX_DISCARD_SECTORS},
    {ATTR_BLK_MAX_DISCARD_SEG, RH_ATTR_MAX_DISCARD_SEG},
    {ATTR_BLK_DISCARD_SECTOR_ALIGNMENT, RH_ATTR_DISCARD_SECTOR_ALIGNMENT},
    {ATTR_BLK_MAX_WRITE_ZEROES_SECTORS, RH_ATTR_MAX_WRITE_ZEROES_SECTORS},
    {ATTR_BLK_MAX_WRITE_ZEROES_SEG, RH_ATTR_MAX_WRITE_ZEROES_SEG},
    {ATTR_BLK_READ_ONLY, RH_ATTR_READ_ONLY},
    {ATTR_BLK_FLUSH, RH_ATTR_FLUSH},
};

/* linux/virtio_ids.h, those that have a name that people use. */
enum { ID_NET = 1, ID_BLK = 2 };
static const struct {
    guint32 id;
    const char *name;
} classes[] = {
    {ID_NET, "net"}, {ID_BLK, "blk"}, {3, "console"}, {4, "rng"},    {5, "balloon"}, {8, "scsi"},
    {9, "9p"},       {16, "gpu"},     {18, "input"},  {19, "vsock"}, {20, "crypto"}, {23, "iommu"},
    {24, "mem"},     {25, "sound"},   {26, "fs"},     {27, "pmem"},
};

static char *class_name(guint32 id)
{
    for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
        if (classes[i].id == id)
            return g_strdup(classes[i].name);
    return g_strdup_printf("virtio-%u", id);
}

/* "net blk" of a bit for each virtio id. */
static char *class_names(guint64 ids)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) names = NULL;

    for (guint32 id = 0; id < 64; id++) {
        g_autofree char *name = ids >> id & 1 ? class_name(id) : NULL;

        if (name)
            g_strv_builder_add(builder, name);
    }
    names = g_strv_builder_end(builder);
    return g_strjoinv(" ", names);
}

/* The value of an attribute whose length the policy has checked. */
static guint64 number(struct nlattr *attr)
{
    const guint8 *bytes = nla_data(attr);
    guint64 mac = 0;

    switch (nla_len(attr)) {
    case 1:
        return nla_get_u8(attr);
    case 2:
        return nla_get_u16(attr);
    case 4:
        return nla_get_u32(attr);
    case 6: /* a MAC address, in the order of the wire */
        for (guint i = 0; i < 6; i++)
            mac = mac << 8 | bytes[i];
        return mac;
    default:
        return nla_get_u64(attr);
    }
}

static void set_fields(RhDevice *device, struct nlattr **attrs, const Field *fields, gsize n_fields)
{
    for (gsize i = 0; i < n_fields; i++)
        if (attrs[fields[i].from])
            rh_device_set_number(device, fields[i].to, number(attrs[fields[i].from]));
}

/* VDUSE takes any name from user space. Ours go into paths, documents and messages. */
static gboolean is_usable_name(const char *name, gsize length)
{
    if (length == 0 || g_str_equal(name, ".") || g_str_equal(name, "..") ||
        !g_utf8_validate(name, (gssize)length, NULL)) /* nor is a NUL within valid */
        return FALSE;
    for (const char *c = name; *c; c = g_utf8_next_char(c))
        if (*c == '/' || !g_unichar_isprint(g_utf8_get_char(c)))
            return FALSE;
    return TRUE;
}

/* The name in @attr, owned by its message; NULL where there is none that can be used. */
static const char *usable_name(struct nlattr *attr)
{
    const char *name = attr ? nla_data(attr) : NULL;

    return name && is_usable_name(name, (gsize)nla_len(attr) - 1) ? name : NULL;
}

/* "pci/0000:41:00.2", or "vdpasim_net" where the management device is on no bus. NULL: none. */
static char *parse_handle(struct nlattr **attrs)
{
    const char *bus = usable_name(attrs[ATTR_MGMTDEV_BUS_NAME]);
    const char *name = usable_name(attrs[ATTR_MGMTDEV_DEV_NAME]);

    if (!name || (attrs[ATTR_MGMTDEV_BUS_NAME] && !bus))
        return NULL;
    return bus ? g_strdup_printf("%s/%s", bus, name) : g_strdup(name);
}

/* Takes @answer apart. @needed is the attribute without which it says nothing. */
static gboolean parse_attrs(struct nlmsghdr *answer, guint needed, const char *what,
                            struct nlattr **attrs, GError **error)
{
    int result = genlmsg_parse(answer, 0, attrs, N_ATTRS - 1, policy);

    if (result < 0)
        return rh_raise(error, RH_ERROR_HOST,
                        "the kernel describes a %s in a way that is not understood: %s", what,
                        nl_geterror(result));
    if (!attrs[needed])
        return rh_raise(error, RH_ERROR_HOST, "the kernel describes a %s without its name", what);
    return TRUE;
}

static gboolean parse_mgmtdev(struct nlmsghdr *answer, RhDevice *mgmtdev, GError **error)
{
    struct nlattr *attrs[N_ATTRS];
    g_autofree char *handle = NULL;
    g_autofree char *names = NULL;

    if (!parse_attrs(answer, ATTR_MGMTDEV_DEV_NAME, "vDPA management device", attrs, error))
        return FALSE;
    handle = parse_handle(attrs);
    rh_device_set_text(mgmtdev, RH_ATTR_HANDLE, handle);
    names = attrs[ATTR_MGMTDEV_CLASSES] ? class_names(number(attrs[ATTR_MGMTDEV_CLASSES])) : NULL;
    rh_device_set_text(mgmtdev, RH_ATTR_CLASSES, names);
    set_fields(mgmtdev, attrs, mgmtdev_fields, G_N_ELEMENTS(mgmtdev_fields));
    return TRUE;
}

static gboolean parse_device(struct nlmsghdr *answer, RhDevice *device, GError **error)
{
    struct nlattr *attrs[N_ATTRS];
    g_autofree char *handle = NULL;
    g_autofree char *class = NULL;

    if (!parse_attrs(answer, ATTR_DEV_NAME, "vDPA device", attrs, error))
        return FALSE;
    rh_device_set_text(device, RH_ATTR_NAME, usable_name(attrs[ATTR_DEV_NAME]));
    handle = parse_handle(attrs);
    rh_device_set_text(device, RH_ATTR_MGMTDEV, handle);
    class = attrs[ATTR_DEV_ID] ? class_name(nla_get_u32(attrs[ATTR_DEV_ID])) : NULL;
    rh_device_set_text(device, RH_ATTR_CLASS, class);
    set_fields(device, attrs, device_fields, G_N_ELEMENTS(device_fields));
    return TRUE;
}

/* Netlink's attribute 21 is a disk's capacity, in sectors of 512 bytes, or a 6.1 net device's
 * features. */
static void set_attribute_21(RhDevice *device, struct nlattr **attrs, guint32 id)
{
    if (id == ID_BLK)
        rh_device_set_number(device, RH_ATTR_CAPACITY, number(attrs[ATTR_BLK_CAPACITY]));
    else if (id == ID_NET && !attrs[ATTR_DEV_FEATURES])
        rh_device_set_number(device, RH_ATTR_FEATURES, number(attrs[ATTR_BLK_CAPACITY]));
}

/* Adds a device's configuration to what is known of it. */
typedef struct {
    RhDevice *device;
    gboolean replaced; /* by another device of the same name */
} Config;

static gboolean parse_config(struct nlmsghdr *answer, gpointer data, GError **error)
{
    Config *config = data;
    RhDevice *device = config->device;
    struct nlattr *attrs[N_ATTRS];
    g_autofree char *class = NULL;
    guint32 id;

    if (!parse_attrs(answer, ATTR_DEV_NAME, "vDPA device's configuration", attrs, error))
        return FALSE;
    id = attrs[ATTR_DEV_ID] ? nla_get_u32(attrs[ATTR_DEV_ID]) : 0;
    class = class_name(id);
    config->replaced = g_strcmp0(usable_name(attrs[ATTR_DEV_NAME]), rh_device_name(device)) != 0 ||
                       g_strcmp0(class, rh_device_text(device, RH_ATTR_CLASS)) != 0;
    set_fields(device, attrs, config_fields, G_N_ELEMENTS(config_fields));
    if (attrs[ATTR_BLK_CAPACITY])
        set_attribute_21(device, attrs, id);
    return TRUE;
}

/* A dump of all that is of one kind. */
typedef struct {
    RhKind kind;
    guint8 command;
    guint8 answer;
    gboolean (*parse)(struct nlmsghdr *answer, RhDevice *device, GError **error);
} Dump;

static const Dump mgmtdev_dump = {RH_KIND_VDPA_MGMTDEV, CMD_MGMTDEV_GET, CMD_MGMTDEV_NEW,
                                  parse_mgmtdev};
static const Dump device_dump = {RH_KIND_VDPA, CMD_DEV_GET, CMD_DEV_NEW, parse_device};

typedef struct {
    const Dump *dump;
    GPtrArray *devices;
} Pass;

static gboolean add_to_pass(struct nlmsghdr *answer, gpointer data, GError **error)
{
    Pass *pass = data;
    g_autoptr(RhDevice) device = rh_device_new(pass->dump->kind);

    if (!pass->dump->parse(answer, device, error))
        return FALSE;
    if (pass->devices->len >= RH_MAX_VDPA)
        return rh_raise(error, RH_ERROR_HOST,
                        "this host has more than %u of the %s, which is the limit", RH_MAX_VDPA,
                        rh_kind_info(pass->dump->kind)->noun);
    if (rh_device_name(device))
        g_ptr_array_add(pass->devices, g_steal_pointer(&device));
    return TRUE;
}

/* One pass; *@ret_devices is NULL where the kernel says that it is not consistent. */
static gboolean dump_once(NlSock *sock, guint16 family, const Dump *dump, GPtrArray **ret_devices,
                          GError **error)
{
    g_autoptr(NlMsg) request = rh_genl_request(family, dump->command, NLM_F_DUMP, 0, NULL, error);
    g_autoptr(GPtrArray) devices = g_ptr_array_new_with_free_func((GDestroyNotify)rh_device_free);
    Pass pass = {dump, devices};
    int errnum = 0;

    if (!request || !rh_genl_ask(sock, request, dump->answer, add_to_pass, &pass, &errnum, error))
        return FALSE;
    if (errnum && errnum != EINTR)
        return rh_raise_errno(error, RH_ERROR_HOST, errnum, "the kernel does not list its %ss",
                              rh_kind_info(dump->kind)->noun);
    *ret_devices = errnum ? NULL : g_steal_pointer(&devices);
    return TRUE;
}

static gboolean same_devices(const GPtrArray *a, const GPtrArray *b)
{
    if (!a || !b || a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++)
        if (!rh_device_equal(g_ptr_array_index(a, i), g_ptr_array_index(b, i)))
            return FALSE;
    return TRUE;
}

/*
 * A dump of several messages skips a device where one before it goes meanwhile, and this family
 * never marks that (no NLM_F_DUMP_INTR), so only two passes that agree are believed.
 */
#define MAX_PASSES 5u
static gboolean dump_settled(NlSock *sock, guint16 family, const Dump *dump,
                             GPtrArray **ret_devices, GError **error)
{
    g_autoptr(GPtrArray) before = NULL;

    for (guint pass = 0; pass < MAX_PASSES; pass++) {
        g_autoptr(GPtrArray) devices = NULL;

        if (!dump_once(sock, family, dump, &devices, error))
            return FALSE;
        if (same_devices(before, devices)) {
            *ret_devices = g_steal_pointer(&devices);
            return TRUE;
        }
        g_clear_pointer(&before, g_ptr_array_unref);
        before = g_steal_pointer(&devices);
    }
    return rh_raise(error, RH_ERROR_HOST,
                    "this host's %ss changed each of the %u times that they were read; try again "
                    "when nobody adds or removes any",
                    rh_kind_info(dump->kind)->noun, MAX_PASSES);
}

/*
 * Asks for one device's configuration: a dump of configurations would end, without a word, at the
 * first device of a class that the kernel cannot show. *@ret_here: the device has not vanished.
 */
static gboolean read_config(NlSock *sock, guint16 family, RhDevice *device, gboolean *ret_here,
                            GError **error)
{
    const char *name = rh_device_name(device);
    g_autoptr(NlMsg) request =
        rh_genl_request(family, CMD_DEV_CONFIG_GET, 0, ATTR_DEV_NAME, name, error);
    Config config = {device, FALSE};
    int errnum = 0;

    if (!request ||
        !rh_genl_ask(sock, request, CMD_DEV_CONFIG_GET, parse_config, &config, &errnum, error))
        return FALSE;
    /* EAGAIN: kernels before 6.1 show a configuration only while a guest driver is up. */
    if (errnum && errnum != ENODEV && errnum != EOPNOTSUPP && errnum != EAGAIN)
        return rh_raise_errno(error, RH_ERROR_HOST, errnum,
                              "the kernel does not show the configuration of the vDPA device '%s'",
                              name);
    *ret_here = errnum != ENODEV && !config.replaced;
    return TRUE;
}

static gboolean read_configs(NlSock *sock, guint16 family, GPtrArray *devices, GError **error)
{
    /* From the end, so that taking one out (its place goes to the last) skips none. */
    for (guint i = devices->len; i-- > 0;) {
        gboolean here = FALSE;

        if (!read_config(sock, family, g_ptr_array_index(devices, i), &here, error))
            return FALSE;
        if (!here)
            g_ptr_array_remove_index_fast(devices, i);
    }
    return TRUE;
}

gboolean rh_vdpa_read(NlSock *sock, RhInventory *inventory, GError **error)
{
    g_autoptr(GPtrArray) devices = NULL;
    g_autoptr(GPtrArray) mgmtdevs = NULL;
    guint16 family;

    if (!rh_genl_find_family(sock, FAMILY, &family, error))
        return FALSE;
    if (family == 0)
        return TRUE;
    /* Management devices last: one that a device names and that is not there has taken it along. */
    if (!dump_settled(sock, family, &device_dump, &devices, error) ||
        !read_configs(sock, family, devices, error) ||
        !dump_settled(sock, family, &mgmtdev_dump, &mgmtdevs, error))
        return FALSE;
    g_ptr_array_extend_and_steal(inventory->devices[RH_KIND_VDPA], g_steal_pointer(&devices));
    g_ptr_array_extend_and_steal(inventory->devices[RH_KIND_VDPA_MGMTDEV],
                                 g_steal_pointer(&mgmtdevs));
    return TRUE;
}

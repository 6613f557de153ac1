/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What holds of the rules whatever the devices are: laws, tried on random pairs of what was
 * recorded and what is there; and which of a guest's demands end when it boots anew.
 */
#include "core/features.h"
#include "core/rulebook.h"

#include <string.h>

#define PAIRS 2000u
#define MAC_ONE G_GUINT64_CONSTANT(0x525400000001)
#define MAC_OTHER G_GUINT64_CONSTANT(0x525400000002)

/* All that is drawn is the recorded device itself. */
static gboolean only_identical;

/* A guest with one device, its entry, and a device of this host. */
typedef struct {
    RhGuest *guest;
    RhGuestDevice *guest_device;
    RhDevice *entry;
    RhDevice *device;
    RhInventory *host;
    RhPolicy *policy;
} Pair;

static void pair_clear(Pair *pair)
{
    g_clear_pointer(&pair->guest, rh_guest_free);
    g_clear_pointer(&pair->entry, rh_device_free);
    g_clear_pointer(&pair->device, rh_device_free);
    g_clear_pointer(&pair->host, rh_inventory_free);
    g_clear_pointer(&pair->policy, rh_policy_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static void pair_begin(Pair *pair, RhKind kind)
{
    pair->guest = rh_guest_new();
    pair->guest->name = g_strdup("web1");
    pair->guest->record = rh_record_new();
    pair->guest_device = rh_guest_add(pair->guest, kind);
    pair->host = rh_inventory_new();
    pair->host->name = g_strdup("kvm-b");
    pair->host->kernel = g_strdup("6.12.0");
    pair->policy = rh_policy_new();
}

static gboolean fits(const Pair *pair, RhMatch match, gboolean cold)
{
    RhContext context = {
        .guest = pair->guest, .host = pair->host, .policy = pair->policy, .cold = cold};
    RhCase c = {&context, pair->guest_device, pair->entry, pair->device};

    pair->policy->match = match;
    return rh_judge(&c, NULL);
}

/* The reasons against the device, and the warnings about it, a line each; owned by the caller. */
static char *reasons_of(const Pair *pair, RhMatch match, gboolean cold)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func((GDestroyNotify)rh_reason_free);
    RhContext context = {
        .guest = pair->guest, .host = pair->host, .policy = pair->policy, .cold = cold};
    RhCase c = {&context, pair->guest_device, pair->entry, pair->device};
    GString *text = g_string_new(NULL);

    pair->policy->match = match;
    (void)rh_judge(&c, reasons);
    for (guint i = 0; i < reasons->len; i++) {
        const RhReason *reason = g_ptr_array_index(reasons, i);

        g_string_append_printf(text, "%s%s\n", reason->warning ? "warning: " : "", reason->text);
    }
    return g_string_free(text, FALSE);
}

/* Random pairs -------------------------------------------------------------------------------- */

static gboolean toss(void)
{
    return g_test_rand_int_range(0, 2) == 1;
}

/* One of @n; often the first. */
static guint draw(guint n)
{
    return toss() ? 0 : (guint)g_test_rand_int_range(0, (gint32)n);
}

static void draw_text(RhDevice *device, RhAttr attr, const char *const *values, guint n)
{
    const char *value = values[draw(n)];

    if (value)
        rh_device_set_text(device, attr, value);
}

static void draw_number(RhDevice *device, RhAttr attr, const guint64 *values, guint n)
{
    guint i = draw(n + 1);

    if (i < n)
        rh_device_set_number(device, attr, values[i]);
}

#define DRAW_TEXT(device, attr, ...) \
    draw_text(device, attr, (const char *const[]){__VA_ARGS__}, \
              G_N_ELEMENTS(((const char *const[]){__VA_ARGS__})))
#define DRAW_NUMBER(device, attr, ...) \
    draw_number(device, attr, (const guint64[]){__VA_ARGS__}, \
                G_N_ELEMENTS(((const guint64[]){__VA_ARGS__})))

static guint64 draw_features(void)
{
    static const guint64 bits[] = {RH_NET_F_MTU,     RH_NET_F_MAC,        RH_NET_F_HOST_UFO,
                                   RH_NET_F_CTRL_VQ, RH_NET_F_MQ,         RH_NET_F_CTRL_MAC_ADDR,
                                   RH_F_VERSION_1,   RH_F_ACCESS_PLATFORM};
    guint64 features = 0;

    for (guint i = 0; i < G_N_ELEMENTS(bits); i++)
        if (draw(4) < 2)
            features |= bits[i];
    return features;
}

static RhDevice *draw_vdpa(void)
{
    RhDevice *device = rh_device_new(RH_KIND_VDPA);

    DRAW_TEXT(device, RH_ATTR_NAME, "net0", "net1");
    DRAW_TEXT(device, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-0", "/dev/vhost-vdpa-1", NULL);
    DRAW_TEXT(device, RH_ATTR_CLASS, "net", "net", "net", "blk", NULL);
    DRAW_TEXT(device, RH_ATTR_BOUND, "vhost_vdpa", "virtio_vdpa", NULL);
    DRAW_TEXT(device, RH_ATTR_DRIVER, "mlx5_core", "vdpasim_net", "ifcvf", "vp-vdpa",
              "snet-vdpa-driver", "octep_vdpa", "jaguar", "lynx", NULL);
    DRAW_TEXT(device, RH_ATTR_POOL, NULL, "fabric", "other");
    if (draw(8) < 7)
        rh_device_set_number(device, RH_ATTR_FEATURES, draw_features());
    DRAW_NUMBER(device, RH_ATTR_VENDOR_ID, 0x15b3, 0);
    DRAW_NUMBER(device, RH_ATTR_MAX_VQS, 3, 2, 17);
    DRAW_NUMBER(device, RH_ATTR_MAX_VQ_PAIRS, 1, 8);
    DRAW_NUMBER(device, RH_ATTR_MAX_VQ_SIZE, 256, 1024, 64);
    DRAW_NUMBER(device, RH_ATTR_MIN_VQ_SIZE, 1, 256, 512);
    DRAW_NUMBER(device, RH_ATTR_MAC, MAC_ONE, 0, MAC_OTHER);
    DRAW_NUMBER(device, RH_ATTR_MTU, 1500, 9000);
    DRAW_NUMBER(device, RH_ATTR_CAPACITY, 2048, 4096);
    DRAW_NUMBER(device, RH_ATTR_BLOCK_SIZE, 512, 4096);
    DRAW_NUMBER(device, RH_ATTR_READ_ONLY, 0, 1);
    return device;
}

/* @entry, with a few of @other's values in place of its own; both are the caller's. */
static RhDevice *mix(const RhDevice *entry, const RhDevice *other)
{
    RhDevice *mixed = rh_device_copy(entry);

    for (guint attr = only_identical ? RH_N_ATTRS : 0; attr < RH_N_ATTRS; attr++)
        if (g_test_rand_int_range(0, 8) == 0)
            rh_device_take(mixed, (RhAttr)attr, other);
    return mixed;
}

static void draw_interface(Pair *pair)
{
    static const guint rings[] = {0, 256, 1024};
    g_autoptr(RhDevice) other = draw_vdpa();

    pair_begin(pair, RH_KIND_VDPA);
    pair->guest_device->class = draw(8) < 7 ? "net" : "blk";
    pair->guest_device->has_mac = draw(8) < 7;
    pair->guest_device->mac = toss() ? MAC_ONE : MAC_OTHER;
    pair->guest_device->rx_queue_size = rings[draw(3)];
    pair->guest_device->mtu = draw(3) == 2 ? 1500 : 0;
    pair->guest->record->qemu = toss() ? g_strdup(toss() ? "10.0.13" : "7.2.0") : NULL;
    pair->entry = draw_vdpa();
    pair->device = mix(pair->entry, other);
    if (toss() && rh_device_knows(pair->entry, RH_ATTR_FEATURES))
        rh_device_set_number(pair->entry, RH_ATTR_NEGOTIATED,
                             pair->entry->values[RH_ATTR_FEATURES].number & draw_features());
}

static RhDevice *draw_mdev(void)
{
    RhDevice *device = rh_device_new(RH_KIND_MDEV);

    DRAW_TEXT(device, RH_ATTR_UUID, "53764d0e-85a0-42b4-af5c-2046b460b1dc",
              "63764d0e-85a0-42b4-af5c-2046b460b1dc");
    DRAW_TEXT(device, RH_ATTR_DEVICE_API, "vfio-pci", "vfio-ap", "vfio-ccw", NULL);
    DRAW_TEXT(device, RH_ATTR_TYPE, "nvidia-1", "nvidia-2", "nvidia-3", NULL);
    DRAW_TEXT(device, RH_ATTR_TYPE_NAME, "GRID A-1Q", "GRID A-2Q", NULL);
    DRAW_TEXT(device, RH_ATTR_DRIVER, "nvidia", "mtty", "i915", NULL);
    DRAW_TEXT(device, RH_ATTR_DRIVER_VERSION, "550.54", "550.90", "535.1", NULL);
    DRAW_TEXT(device, RH_ATTR_PARENT, "0000:41:00.0", "0000:42:00.0", NULL);
    DRAW_TEXT(device, RH_ATTR_POOL, NULL, "gpus", "other");
    DRAW_NUMBER(device, RH_ATTR_VENDOR, 0x10de, 0x8086);
    DRAW_NUMBER(device, RH_ATTR_PRODUCT, 0x20b5, 0x2235);
    DRAW_NUMBER(device, RH_ATTR_REVISION, 1, 2);
    DRAW_TEXT(device, RH_ATTR_FIRMWARE, NULL, "28.1", "28.2");
    return device;
}

static void draw_hostdev(Pair *pair)
{
    g_autoptr(RhDevice) other = draw_mdev();

    pair_begin(pair, RH_KIND_MDEV);
    pair->guest_device->model = g_strdup("vfio-pci");
    pair->guest->n_vfio = 1;
    pair->entry = draw_mdev();
    pair->device = mix(pair->entry, other);
}

/* Tries @breaks, which tells whether a law is broken, on random pairs that @matter: of each kind of
 * device as many. */
static void try_law(gboolean (*matters)(const Pair *pair), gboolean (*breaks)(const Pair *pair),
                    gboolean cold)
{
    static void (*const draws[])(Pair * pair) = {draw_interface, draw_hostdev};

    for (guint n = 0; n < PAIRS * G_N_ELEMENTS(draws);) {
        g_auto(Pair) pair = {0};
        g_autofree char *capability = NULL;
        g_autofree char *exact = NULL;

        draws[n % G_N_ELEMENTS(draws)](&pair);
        if (!matters(&pair))
            continue;
        n++;
        if (!breaks(&pair))
            continue;
        capability = reasons_of(&pair, RH_MATCH_CAPABILITY, cold);
        exact = reasons_of(&pair, RH_MATCH_EXACT, cold);
        g_error("pair %u, %s: capability: %sexact: %s", n, pair.guest_device->class, capability,
                exact);
    }
}

static gboolean fits_stream(const Pair *pair)
{
    return fits(pair, RH_MATCH_CAPABILITY, FALSE) || fits(pair, RH_MATCH_EXACT, FALSE);
}

static gboolean misfits_cold(const Pair *pair)
{
    return (fits(pair, RH_MATCH_CAPABILITY, FALSE) && !fits(pair, RH_MATCH_CAPABILITY, TRUE)) ||
           (fits(pair, RH_MATCH_EXACT, FALSE) && !fits(pair, RH_MATCH_EXACT, TRUE));
}

/* What the guest could have run on: it has all that any guest needs. */
static gboolean is_identical(const Pair *pair)
{
    static const RhAttr net[] = {RH_ATTR_VENDOR_ID,   RH_ATTR_MAX_VQS,     RH_ATTR_MAX_VQ_PAIRS,
                                 RH_ATTR_MAX_VQ_SIZE, RH_ATTR_MIN_VQ_SIZE, RH_ATTR_MAC,
                                 RH_ATTR_MTU,         RH_ATTR_CHARDEV};
    static const RhAttr mdev[] = {RH_ATTR_UUID, RH_ATTR_DEVICE_API, RH_ATTR_TYPE, RH_ATTR_DRIVER,
                                  RH_ATTR_DRIVER_VERSION};
    const RhDevice *entry = pair->entry;
    gboolean is_net = entry->kind == RH_KIND_VDPA;
    guint64 modern = RH_F_VERSION_1 | RH_F_ACCESS_PLATFORM;
    const char *driver = rh_device_text(entry, RH_ATTR_DRIVER);

    for (guint i = 0; i < (is_net ? G_N_ELEMENTS(net) : G_N_ELEMENTS(mdev)); i++)
        if (!rh_device_knows(entry, is_net ? net[i] : mdev[i]))
            return FALSE;
    if (!is_net)
        return g_strcmp0(rh_device_text(entry, RH_ATTR_DEVICE_API), "vfio-pci") == 0;
    return g_strcmp0(pair->guest_device->class, "net") == 0 &&
           g_strcmp0(rh_device_text(entry, RH_ATTR_CLASS), "net") == 0 &&
           g_strcmp0(rh_device_text(entry, RH_ATTR_BOUND), "vhost_vdpa") == 0 && driver &&
           !g_str_equal(driver, "vp-vdpa") && !g_str_equal(driver, "snet-vdpa-driver") &&
           (rh_device_number(entry, RH_ATTR_FEATURES, 0) & modern) == modern;
}

static gboolean misfits(const Pair *pair)
{
    return !fits(pair, RH_MATCH_CAPABILITY, FALSE) || !fits(pair, RH_MATCH_EXACT, FALSE);
}

/* A device that is what the guest ran on fits, under any policy. */
static void test_identical(void)
{
    only_identical = TRUE;
    try_law(is_identical, misfits, FALSE);
    only_identical = FALSE;
}

static gboolean fits_exactly(const Pair *pair)
{
    return fits(pair, RH_MATCH_EXACT, FALSE);
}

static gboolean misfits_capability(const Pair *pair)
{
    return !fits(pair, RH_MATCH_CAPABILITY, FALSE);
}

/* What fits under the stricter policy fits under the other. */
static void test_exact_is_capable(void)
{
    try_law(fits_exactly, misfits_capability, FALSE);
}

/* What takes a running guest's state will do for one that boots. */
static void test_stream_is_cold(void)
{
    try_law(fits_stream, misfits_cold, TRUE);
}

/* What ends with the state -------------------------------------------------------------------- */

static RhDevice *new_net(void)
{
    RhDevice *device = rh_device_new(RH_KIND_VDPA);

    rh_device_set_text(device, RH_ATTR_NAME, "net0");
    rh_device_set_text(device, RH_ATTR_MGMTDEV, "pci/0000:41:00.2");
    rh_device_set_text(device, RH_ATTR_CHARDEV, "/dev/vhost-vdpa-0");
    rh_device_set_text(device, RH_ATTR_CLASS, "net");
    rh_device_set_text(device, RH_ATTR_BOUND, "vhost_vdpa");
    rh_device_set_text(device, RH_ATTR_DRIVER, "mlx5_core");
    rh_device_set_number(device, RH_ATTR_FEATURES,
                         RH_NET_F_MTU | RH_NET_F_MAC | RH_NET_F_CTRL_VQ | RH_NET_F_MQ |
                             RH_F_VERSION_1 | RH_F_ACCESS_PLATFORM);
    rh_device_set_number(device, RH_ATTR_MAX_VQS, 17);
    rh_device_set_number(device, RH_ATTR_MAX_VQ_PAIRS, 8);
    rh_device_set_number(device, RH_ATTR_MAX_VQ_SIZE, 1024);
    rh_device_set_number(device, RH_ATTR_MIN_VQ_SIZE, 1);
    rh_device_set_number(device, RH_ATTR_MAC, MAC_ONE);
    rh_device_set_number(device, RH_ATTR_MTU, 1500);
    return device;
}

static void begin_net(Pair *pair)
{
    pair_begin(pair, RH_KIND_VDPA);
    pair->guest_device->class = "net";
    pair->guest_device->has_mac = TRUE;
    pair->guest_device->mac = MAC_ONE;
    pair->entry = new_net();
    pair->device = new_net();
}

static void begin_vgpu(Pair *pair)
{
    pair_begin(pair, RH_KIND_MDEV);
    pair->guest_device->model = g_strdup("vfio-pci");
    pair->guest->n_vfio = 1;
    pair->entry = rh_device_new(RH_KIND_MDEV);
    rh_device_set_text(pair->entry, RH_ATTR_UUID, "53764d0e-85a0-42b4-af5c-2046b460b1dc");
    rh_device_set_text(pair->entry, RH_ATTR_DEVICE_API, "vfio-pci");
    rh_device_set_text(pair->entry, RH_ATTR_TYPE, "nvidia-46");
    rh_device_set_text(pair->entry, RH_ATTR_TYPE_NAME, "GRID P40-1Q");
    rh_device_set_text(pair->entry, RH_ATTR_DRIVER, "nvidia");
    rh_device_set_text(pair->entry, RH_ATTR_DRIVER_VERSION, "535.54");
    rh_device_set_number(pair->entry, RH_ATTR_VENDOR, 0x10de);
    rh_device_set_number(pair->entry, RH_ATTR_PRODUCT, 0x1b38);
    pair->device = rh_device_copy(pair->entry);
}

/* What is said where the device has @number or @text as @attr; NULL, what is not of that type. */
typedef struct {
    RhAttr attr;
    guint64 number;
    const char *text;
    const char *stream;
    const char *cold;
} Difference;

static void try_difference(void (*begin)(Pair *pair), const Difference *difference)
{
    g_auto(Pair) pair = {0};
    g_autofree char *stream = NULL;
    g_autofree char *cold = NULL;

    begin(&pair);
    if (difference->text)
        rh_device_set_text(pair.device, difference->attr, difference->text);
    else
        rh_device_set_number(pair.device, difference->attr, difference->number);
    stream = reasons_of(&pair, RH_MATCH_CAPABILITY, FALSE);
    cold = reasons_of(&pair, RH_MATCH_CAPABILITY, TRUE);
    g_assert_cmpstr(stream, ==, difference->stream);
    g_assert_cmpstr(cold, ==, difference->cold);
}

#define ANEW \
    "mac is 52:54:00:00:00:02, must be 52:54:00:00:00:01: make it anew, 'vdpa dev del net0' and " \
    "'vdpa dev add name net0 mgmtdev pci/0000:41:00.2 mac 52:54:00:00:00:01'\n"

static void test_net(void)
{
    static const Difference differences[] = {
        {RH_ATTR_MAX_VQ_PAIRS, 4, NULL, "queue pairs are 4, must be exactly 8\n",
         "warning: queue pairs are 4 and were 8, which the guest sees when it boots\n"},
        {RH_ATTR_MAX_VQS, 9, NULL, "max-vqs is 9, must be at least 17\n", ""},
        {RH_ATTR_MAX_VQ_SIZE, 512, NULL,
         "max-vq-size is 512, must be at least 1024, the ring that the guest may have\n", ""},
        {RH_ATTR_MAX_VQ_SIZE, 128, NULL,
         "max-vq-size is 128, must be at least 1024, the ring that the guest may have\n",
         "warning: max-vq-size is 128, and QEMU makes rings of 256 for the guest, which it may not "
         "be "
         "able to set up: then the NIC is dead\n"},
        {RH_ATTR_MIN_VQ_SIZE, 128, NULL,
         "min-vq-size is 128, must be at most 64, the guest's shortest ring\n",
         "warning: min-vq-size is 128, and the guest's shortest ring is 64\n"},
        {RH_ATTR_DRIVER, 0, "vp-vdpa",
         "driver vp-vdpa is not known to take over a queue's state: the device would be dead\n"
         "warning: driver vp-vdpa has no control queue that QEMU could replay: of 8 queue pairs "
         "the guest has one, and what it set (MAC filters, VLANs) is lost, until it sets that "
         "again\n",
         ""},
        {RH_ATTR_DRIVER, 0, "jaguar",
         "warning: nothing is known of driver jaguar: neither whether it takes over a queue's "
         "state, nor whether QEMU can replay what the guest set by its control queue\n",
         ""},
        {RH_ATTR_MTU, 1400, NULL, "mtu is 1400, must be at least 1500\n",
         "warning: mtu is 1400 and was 1500, which the guest sees when it boots\n"},
        {RH_ATTR_MAC, MAC_OTHER, NULL, ANEW, ANEW},
        {RH_ATTR_CLASS, 0, "blk", "class is blk, must be net\n", "class is blk, must be net\n"},
        {RH_ATTR_BOUND, 0, "virtio_vdpa", "bound to virtio_vdpa, must be bound to vhost_vdpa\n",
         "bound to virtio_vdpa, must be bound to vhost_vdpa\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(differences); i++)
        try_difference(begin_net, &differences[i]);
}

/* How a MAC gets to where it must be: what was recorded with its driver, the XML's, and what is
 * here with its driver; and what is said, NULL: nothing. */
static void test_mac(void)
{
    static const struct {
        guint64 recorded;
        const char *recorded_driver;
        guint64 xml;
        guint64 here;
        const char *driver;
        const char *kernel;
        gboolean fits;
        const char *said;
    } cases[] = {
        {MAC_ONE, "mlx5_core", MAC_ONE, MAC_ONE, "mlx5_core", "6.12", TRUE, NULL},
        {MAC_ONE, "mlx5_core", MAC_ONE, MAC_OTHER, "ifcvf", "6.12", TRUE, NULL},
        /* the guest has what its device had, and QEMU would write another over it */
        {MAC_ONE, "mlx5_core", MAC_OTHER, MAC_ONE, "ifcvf", "6.12", FALSE,
         "once QEMU has written that of the guest's XML into it"},
        {MAC_ONE, "mlx5_core", MAC_OTHER, MAC_ONE, "mlx5_core", "6.12", TRUE, NULL},
        {MAC_ONE, "ifcvf", MAC_OTHER, MAC_ONE, "pds_core", "6.12", TRUE, NULL},
        {MAC_ONE, "ifcvf", MAC_OTHER, MAC_ONE, "mlx5_core", "6.12", FALSE,
         "must be 52:54:00:00:00:02: make it anew"},
        /* none there, none here: the guest has QEMU's, and nothing is in its way */
        {0, "vduse", MAC_ONE, 0, "vduse", "6.12", TRUE, NULL},
        {0, "vduse", MAC_ONE, 0, "octep_vdpa", "6.12", TRUE, NULL},
        {0, "vduse", MAC_ONE, 0, "jaguar", "6.12", FALSE, "mac is none offered, must be 52:54"},
        {0, "jaguar", MAC_ONE, 0, "lynx", "6.12", FALSE, "mac is none offered"},
        {MAC_ONE, "mlx5_core", MAC_ONE, 0, "mlx5_core", "7.0", FALSE,
         "'vdpa dev set name net0 mac 52:54:00:00:00:01' sets it"},
        {MAC_ONE, "mlx5_core", MAC_ONE, 0, "mlx5_core", "6.18", FALSE, "make it anew"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Pair) pair = {0};
        g_autofree char *text = NULL;

        begin_net(&pair);
        pair.guest_device->mac = cases[i].xml;
        rh_device_set_text(pair.entry, RH_ATTR_DRIVER, cases[i].recorded_driver);
        rh_device_set_number(pair.entry, RH_ATTR_MAC, cases[i].recorded);
        rh_device_set_text(pair.device, RH_ATTR_DRIVER, cases[i].driver);
        rh_device_set_number(pair.device, RH_ATTR_MAC, cases[i].here);
        g_free(pair.host->kernel);
        pair.host->kernel = g_strdup(cases[i].kernel);
        text = reasons_of(&pair, RH_MATCH_CAPABILITY, FALSE);
        if (fits(&pair, RH_MATCH_CAPABILITY, FALSE) != cases[i].fits ||
            (cases[i].said && !strstr(text, cases[i].said)))
            g_error("case %u: %s", i, text);
    }
}

/* What no driver agreed to is all that was offered. */
static void test_negotiated(void)
{
    static const struct {
        guint64 negotiated;
        gboolean fits;
    } cases[] = {{RH_F_VERSION_1 | RH_F_ACCESS_PLATFORM | RH_NET_F_CTRL_VQ, TRUE},
                 {RH_F_VERSION_1 | RH_F_ACCESS_PLATFORM | RH_NET_F_MTU, FALSE},
                 {RH_F_VERSION_1, FALSE},
                 {0, FALSE}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Pair) pair = {0};

        begin_net(&pair);
        rh_device_set_number(pair.entry, RH_ATTR_NEGOTIATED, cases[i].negotiated);
        rh_device_set_number(pair.device, RH_ATTR_FEATURES,
                             pair.entry->values[RH_ATTR_FEATURES].number & ~RH_NET_F_MTU);
        g_assert_cmpint(fits(&pair, RH_MATCH_CAPABILITY, FALSE), ==, cases[i].fits);
    }
}

/* Which versions of QEMU make rings as the XML says, and what a device must take then. */
static void test_ring(void)
{
    static const struct {
        const char *qemu;
        gboolean fits;
    } cases[] = {{NULL, FALSE},     {"7.2.0", TRUE},  {"10.0.12", TRUE}, {"10.0.13", FALSE},
                 {"10.1.5", FALSE}, {"10.2.0", TRUE}, {"10.2.2", TRUE},  {"10.2.3", FALSE},
                 {"11.0.4", FALSE}, {"11.1.0", TRUE}, {"11.1.2", TRUE}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Pair) pair = {0};

        begin_net(&pair);
        pair.guest->record->qemu = g_strdup(cases[i].qemu);
        rh_device_set_number(pair.device, RH_ATTR_MAX_VQ_SIZE, 256);
        if (fits(&pair, RH_MATCH_CAPABILITY, FALSE) != cases[i].fits)
            g_error("QEMU %s", cases[i].qemu);
        /* What was recorded of its start counts before the version in which it runs now. */
        rh_device_set_number(pair.entry, RH_ATTR_RING, 256);
        g_assert_true(fits(&pair, RH_MATCH_CAPABILITY, FALSE));
        rh_device_set_number(pair.entry, RH_ATTR_RING, 512);
        g_assert_false(fits(&pair, RH_MATCH_CAPABILITY, FALSE));
    }
}

/* A guest that boots gets the rings of the QEMU here, which may be longer than its XML asks for. */
static void test_ring_of_here(void)
{
    static const struct {
        const char *qemu;
        guint64 of_device;
        gint cost;
    } cases[] = {{NULL, 256, 0},
                 {"7.2.0", 256, 0},
                 {"10.0.13", 256, 2},
                 {"10.0.13", 1024, 0},
                 {"11.1.0", 128, 2}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Pair) pair = {0};
        g_autofree char *said = NULL;
        RhContext context;
        RhCase c;

        begin_net(&pair);
        pair.host->qemu = g_strdup(cases[i].qemu);
        rh_device_set_number(pair.device, RH_ATTR_MAX_VQ_SIZE, cases[i].of_device);
        said = reasons_of(&pair, RH_MATCH_CAPABILITY, TRUE);
        g_assert_cmpint(strstr(said, "QEMU makes rings of") != NULL, ==, cases[i].cost > 0);
        context = (RhContext){
            .guest = pair.guest, .host = pair.host, .policy = pair.policy, .cold = TRUE};
        c = (RhCase){&context, pair.guest_device, pair.entry, pair.device};
        g_assert_cmpint(rh_cost(&c).levels[RH_COST_NIC], ==, cases[i].cost);
    }
}

/* The ring of a guest that starts: as the XML says or as the device allows, at most 1024. */
static void test_ring_at_start(void)
{
    static const struct {
        const char *class;
        const char *qemu;
        guint in_xml;
        guint64 of_device; /* 0: unknown */
        guint64 ring;      /* 0: unknown */
        guint64 ctrl;
    } cases[] = {{"net", "7.2.0", 0, 1024, 256, 64},      {"net", "7.2.0", 512, 1024, 512, 64},
                 {"net", "7.2.0", 1024, 256, 256, 64},    {"net", "10.0.13", 0, 1024, 1024, 1024},
                 {"net", "10.0.13", 0, 4096, 1024, 1024}, {"net", "10.0.13", 512, 256, 256, 1024},
                 {"net", NULL, 512, 1024, 0, 0},          {"net", "7.2.0", 0, 0, 0, 64},
                 {"blk", "7.2.0", 0, 1024, 0, 0}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        RhGuestDevice guest_device = {
            .kind = RH_KIND_VDPA, .class = cases[i].class, .tx_queue_size = cases[i].in_xml};
        g_autoptr(RhDevice) entry = rh_device_new(RH_KIND_VDPA);

        if (cases[i].of_device)
            rh_device_set_number(entry, RH_ATTR_MAX_VQ_SIZE, cases[i].of_device);
        rh_rulebook(RH_KIND_VDPA)->start(&guest_device, entry, cases[i].qemu);
        g_assert_cmpuint(rh_device_number(entry, RH_ATTR_RING, 0), ==, cases[i].ring);
        g_assert_cmpuint(rh_device_number(entry, RH_ATTR_CTRL_RING, 0), ==, cases[i].ctrl);
    }
}

/* A definition may ask for an MTU that its device had. */
static void test_mtu_of_the_xml(void)
{
    g_auto(Pair) pair = {0};
    g_autofree char *cold = NULL;

    begin_net(&pair);
    rh_device_set_number(pair.device, RH_ATTR_MTU, 1400);
    pair.guest_device->mtu = 1450;
    cold = reasons_of(&pair, RH_MATCH_CAPABILITY, TRUE);
    g_assert_cmpstr(cold, ==,
                    "mtu is 1400, must be at least 1450, which the guest's XML asks for\n"
                    "warning: mtu is 1400 and was 1500, which the guest sees when it boots\n");
    g_assert_false(fits(&pair, RH_MATCH_CAPABILITY, TRUE));
    pair.guest_device->mtu = 9000; /* which it never had */
    g_assert_true(fits(&pair, RH_MATCH_CAPABILITY, TRUE));
}

static void test_vgpu(void)
{
    static const Difference differences[] = {
        {RH_ATTR_DRIVER_VERSION, 0, "550.54",
         "driver-version is 550.54 and was 535.54: it cannot take the state\n", ""},
        {RH_ATTR_DRIVER, 0, "vgpu",
         "driver is vgpu, must be nvidia\nwarning: nothing is known here of driver vgpu: whether "
         "it "
         "migrates a running guest, QEMU says when the guest does\n",
         ""},
        {RH_ATTR_PRODUCT, 0x2235, NULL, "the parent's product is 0x2235, must be 0x1b38\n", ""},
        {RH_ATTR_DEVICE_API, 0, "vfio-ap",
         "device-api is vfio-ap, must be vfio-pci, the guest's model\n",
         "device-api is vfio-ap, must be vfio-pci, the guest's model\n"},
        {RH_ATTR_TYPE_NAME, 0, "GRID P40-2Q", "type-name is 'GRID P40-2Q', must be 'GRID P40-1Q'\n",
         "type-name is 'GRID P40-2Q', must be 'GRID P40-1Q'\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(differences); i++)
        try_difference(begin_vgpu, &differences[i]);
}

/* Of devices that will do, a guest that boots gets the one with the queues that it would like. */
static void test_pairs_rank(void)
{
    g_auto(Pair) pair = {0};
    RhContext context;
    RhCase c;

    begin_net(&pair);
    context =
        (RhContext){.guest = pair.guest, .host = pair.host, .policy = pair.policy, .cold = TRUE};
    c = (RhCase){&context, pair.guest_device, pair.entry, pair.device};
    g_assert_cmpint(rh_cost(&c).levels[RH_COST_EXCESS], ==, 0);
    pair.guest_device->queues = 4;
    g_assert_cmpint(rh_cost(&c).levels[RH_COST_EXCESS], ==, 4);
    rh_device_set_number(pair.device, RH_ATTR_MAX_VQ_PAIRS, 2);
    g_assert_cmpint(rh_cost(&c).levels[RH_COST_EXCESS], ==, 2);
    context.cold = FALSE;
    g_assert_cmpint(rh_cost(&c).levels[RH_COST_EXCESS], ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/laws/identical", test_identical);
    g_test_add_func("/laws/exact-is-capable", test_exact_is_capable);
    g_test_add_func("/laws/stream-is-cold", test_stream_is_cold);
    g_test_add_func("/cold/net", test_net);
    g_test_add_func("/stream/mac", test_mac);
    g_test_add_func("/stream/negotiated", test_negotiated);
    g_test_add_func("/stream/ring", test_ring);
    g_test_add_func("/cold/ring-of-here", test_ring_of_here);
    g_test_add_func("/stream/ring-at-start", test_ring_at_start);
    g_test_add_func("/cold/mtu-of-the-xml", test_mtu_of_the_xml);
    g_test_add_func("/cold/vgpu", test_vgpu);
    g_test_add_func("/cold/pairs-rank", test_pairs_rank);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a vDPA device can stand in for another. The facts behind the rows are QEMU's
 * (hw/virtio/vhost-vdpa.c, net/vhost-vdpa.c, hw/net/virtio-net.c) and the kernel's
 * (drivers/vdpa/vdpa.c and the vendors' drivers).
 *
 * A guest never drives a vDPA disk itself: QEMU does, with libblkio (block/blkio.c), and shows the
 * guest a disk of its own making. Each host's QEMU negotiates anew what it uses of the device, and
 * no state of it moves. So of the features, queues and rings only what that driver demands counts.
 */
#include "core/features.h"
#include "core/rulebook.h"

#include "util/text.h"

/* What QEMU's shadow virtqueues of a NIC know: net/vhost-vdpa.c, vdpa_svq_device_features, and
 * hw/virtio/vhost-shadow-virtqueue.c, vhost_svq_valid_features. */
#define MIGRATABLE_FEATURES G_GUINT64_CONSTANT(0xf200000b3cdfffef) /* from 11.1 on */
#define MIGRATABLE_BEFORE G_GUINT64_CONSTANT(0xf20000032cdfffaf)
/* QEMU emulates these for a network device, whatever the device offers. */
#define EMULATED_NET_FEATURES \
    (RH_NET_F_MAC | RH_NET_F_GUEST_ANNOUNCE | RH_NET_F_STANDBY | RH_NET_F_SPEED_DUPLEX)
/* libvirt and QEMU: a ring where the XML says nothing. */
#define DEFAULT_RING 256u
/* QEMU 10.0.13: hw/net/virtio-net.c makes every ring of a vDPA device this long. */
#define LARGEST_RING 1024u
/* libblkio: src/drivers/virtio_blk.rs, DEFAULT_QUEUE_SIZE, which QEMU leaves as it is. */
#define DISK_RING 256u
/* QEMU: the control queue's ring. */
#define CTRL_RING 64u

/* What a driver can do that neither netlink nor sysfs tells: drivers/vdpa in linux 7.3. */
typedef enum {
    TAKES_NO_STATE = 1 << 0, /* set_vq_state refuses: a dead NIC without an error */
    TAKES_MAC = 1 << 1,      /* takes the config write that QEMU does at start */
    HAS_GROUPS = 1 << 2,     /* two address space groups: its control queue can be shadowed */
} DriverTrait;

typedef struct {
    const char *driver;
    guint traits;         /* of DriverTrait */
    const char *sets_mac; /* the kernel from which VDPA_CMD_DEV_ATTR_SET works; NULL: none */
    gboolean added_mac;   /* `vdpa dev add` takes an address: config_attr_mask */
    gboolean added_pairs; /* and a number of queue pairs */
    gboolean made;        /* of something of its own that has to be there first: VDUSE */
} Driver;

static const Driver drivers[] = {
    /* 6.12 to 6.18 put the old address into the NIC's table, and do not offer the feature */
    {.driver = "mlx5_core",
     .traits = HAS_GROUPS,
     .sets_mac = "7.0",
     .added_mac = TRUE,
     .added_pairs = TRUE},
    {.driver = "vdpasim_net",
     .traits = TAKES_MAC | HAS_GROUPS,
     .sets_mac = "6.12",
     .added_mac = TRUE},
    {.driver = "ifcvf", .traits = TAKES_MAC},
    {.driver = "pds_core", .traits = TAKES_MAC, .added_mac = TRUE},
    {.driver = "octep_vdpa"},
    {.driver = "vduse", .made = TRUE},
    {.driver = "vp-vdpa", .traits = TAKES_NO_STATE},
    {.driver = "alibaba-eni-vdpa", .traits = TAKES_NO_STATE},
    /* from configuration version 2 on it does take state, but nothing shows the version */
    {.driver = "snet-vdpa-driver", .traits = TAKES_NO_STATE | TAKES_MAC},
};

/* NULL: nothing is known of it. */
static const Driver *driver_of(const RhDevice *device)
{
    const char *driver = rh_device_text(device, RH_ATTR_DRIVER);

    for (guint i = 0; driver && i < G_N_ELEMENTS(drivers); i++)
        if (g_str_equal(drivers[i].driver, driver))
            return &drivers[i];
    return NULL;
}

static guint traits_of(const RhDevice *device)
{
    const Driver *driver = driver_of(device);

    return driver ? driver->traits : 0;
}

/* Whether both devices are driven alike, as far as a MAC is concerned. */
static gboolean are_alike(const RhDevice *one, const RhDevice *other)
{
    const char *driver = rh_device_text(one, RH_ATTR_DRIVER);

    if (driver && g_strcmp0(driver, rh_device_text(other, RH_ATTR_DRIVER)) == 0)
        return TRUE;
    return driver_of(one) && driver_of(other) && traits_of(one) == traits_of(other);
}

static gboolean is_net(const RhCase *c)
{
    return g_strcmp0(c->guest_device->class, "net") == 0;
}

static guint64 ignored_features(const RhCase *c)
{
    return is_net(c) ? EMULATED_NET_FEATURES : 0;
}

#define MODERN_FEATURES (RH_F_VERSION_1 | RH_F_ACCESS_PLATFORM)

/* What the guest needs: what was agreed with its driver, and where nothing was, all that was
 * offered. A word without these two is no agreement: kernels 5.17 to 6.0 send one before the driver
 * is up (linux, drivers/vdpa/vdpa.c, vdpa_dev_config_fill). */
static RhFact needed_features(const RhDevice *entry)
{
    RhFact negotiated = rh_fact(entry, RH_ATTR_NEGOTIATED);

    return negotiated.state == RH_FACT_NUMBER &&
                   (negotiated.number & MODERN_FEATURES) == MODERN_FEATURES
               ? negotiated
               : rh_fact(entry, RH_ATTR_FEATURES);
}

static RhFact without(RhFact features, guint64 mask)
{
    features.number &= ~mask;
    return features;
}

/* 1 or 0: whether the device offers the feature. */
static RhFact offered(const RhDevice *device, guint64 feature)
{
    RhFact features = rh_fact(device, RH_ATTR_FEATURES);

    return features.state == RH_FACT_UNKNOWN ? features
                                             : rh_fact_number((features.number & feature) != 0);
}

/* An attribute that only a feature makes meaningful: @otherwise where it is not offered. */
static RhFact stated(const RhDevice *device, RhAttr attr, guint64 feature, RhFact otherwise)
{
    RhFact has = offered(device, feature);

    return has.state == RH_FACT_NUMBER && !has.number ? otherwise : rh_fact(device, attr);
}

static RhFact pairs(const RhDevice *device)
{
    if (offered(device, RH_NET_F_MQ).state == RH_FACT_UNKNOWN)
        return rh_fact_unknown();
    return stated(device, RH_ATTR_MAX_VQ_PAIRS, RH_NET_F_MQ, rh_fact_number(1));
}

static RhFact source_class(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_text(c->guest_device->class);
}

static RhFact source_vhost(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_text("vhost_vdpa");
}

static RhFact source_features(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return without(rh_fact(c->entry, RH_ATTR_FEATURES), ignored_features(c));
}

static RhFact host_features(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return without(rh_fact(c->device, RH_ATTR_FEATURES), ignored_features(c));
}

static RhFact source_needed(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return without(needed_features(c->entry), ignored_features(c));
}

static RhFact source_ufo(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return without(rh_fact(c->entry, RH_ATTR_FEATURES), ~RH_NET_F_HOST_UFO);
}

static RhFact source_modern(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_number(MODERN_FEATURES);
}

static RhFact source_ctrl_vq(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return offered(c->entry, RH_NET_F_CTRL_VQ);
}

static RhFact host_ctrl_vq(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return offered(c->device, RH_NET_F_CTRL_VQ);
}

static RhFact source_pairs(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return pairs(c->entry);
}

static RhFact host_pairs(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return pairs(c->device);
}

static RhFact source_net_queues(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    RhFact queues = pairs(c->entry);
    RhFact had = rh_fact(c->entry, RH_ATTR_MAX_VQS);

    if (queues.state == RH_FACT_NUMBER)
        queues.number = 2 * queues.number + offered(c->entry, RH_NET_F_CTRL_VQ).number;
    return queues.state == RH_FACT_NUMBER && had.state == RH_FACT_NUMBER
               ? rh_fact_number(MIN(queues.number, had.number))
               : queues;
}

/* Whether QEMU @version ("10.0.13"; NULL: unknown) makes rings as long as the XML says.
 * From 10.0.13 on all are as long as can be; 10.2.0 to 10.2.2 do not have that yet, 11.1 not any
 * more. */
static gboolean honours_xml(const char *version)
{
    return version && (rh_natural_compare(version, "10.0.13") < 0 ||
                       (rh_natural_compare(version, "10.2.0") >= 0 &&
                        rh_natural_compare(version, "10.2.3") < 0) ||
                       rh_natural_compare(version, "11.1") >= 0);
}

static gboolean ring_is_of_xml(const RhContext *context)
{
    switch (context->policy->ring) {
    case RH_RING_XML:
        return TRUE;
    case RH_RING_DEVICE:
        return FALSE;
    case RH_RING_AUTO:
        return honours_xml(context->guest->record ? context->guest->record->qemu : NULL);
    }
    g_assert_not_reached();
}

static guint longest_ring(const RhGuestDevice *guest_device)
{
    return MAX(guest_device->rx_queue_size ? guest_device->rx_queue_size : DEFAULT_RING,
               guest_device->tx_queue_size ? guest_device->tx_queue_size : DEFAULT_RING);
}

/* The longest ring that the guest's XML asks for. */
static RhFact source_longest_ring(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_number(longest_ring(c->guest_device));
}

/* The longest ring that the QEMU here makes for a guest that boots; where that is unknown, what the
 * XML asks for. */
static RhFact source_ring_here(const RhCase *c, const RhRule *rule)
{
    const char *qemu = c->context->host->qemu;

    return c->context->policy->ring == RH_RING_AUTO && qemu && !honours_xml(qemu)
               ? rh_fact_number(LARGEST_RING)
               : source_longest_ring(c, rule);
}

/* What QEMU @version makes the ring of a control queue, which it has whether or not the device has;
 * NULL: unknown, the longer one. */
static guint ctrl_ring(const char *version)
{
    return honours_xml(version) ? CTRL_RING : LARGEST_RING;
}

/* The length travels in the stream, so that it stays what it was at the guest's start, whatever
 * QEMU it runs in later. */
static void start(const RhGuestDevice *guest_device, RhDevice *entry, const char *qemu)
{
    guint64 largest = rh_device_number(entry, RH_ATTR_MAX_VQ_SIZE, 0);
    guint64 ring = honours_xml(qemu) ? longest_ring(guest_device) : LARGEST_RING;

    if (!qemu || g_strcmp0(guest_device->class, "net") != 0)
        return;
    if (largest > 0)
        rh_device_set_number(entry, RH_ATTR_RING, MIN(ring, largest));
    rh_device_set_number(entry, RH_ATTR_CTRL_RING, ctrl_ring(qemu));
}

/* The longest ring that the guest may have. */
static RhFact source_ring(const RhCase *c, const RhRule *rule)
{
    RhFact size = rh_fact(c->entry, RH_ATTR_MAX_VQ_SIZE);
    RhFact recorded = rh_fact(c->entry, RH_ATTR_RING);
    RhFact ring =
        ring_is_of_xml(c->context) ? source_longest_ring(c, rule) : rh_fact_number(LARGEST_RING);

    if (c->context->policy->ring == RH_RING_AUTO && recorded.state == RH_FACT_NUMBER)
        return recorded;
    if (size.state == RH_FACT_NUMBER)
        ring.number = MIN(ring.number, size.number); /* nor did it have a longer one */
    return size.state == RH_FACT_NUMBER || ring_is_of_xml(c->context) ? ring : size;
}

/* Whether the QEMU here takes no longer ring from a stream than it has made room for: from 11.1 on.
 * What is older does not look, and where it is not known, nothing is. */
static gboolean minds_rings(const RhCase *c)
{
    const char *qemu = c->context->host->qemu;

    return qemu && rh_natural_compare(qemu, "11.1") >= 0;
}

static RhFact host_ring(const RhCase *c, const RhRule *rule)
{
    return minds_rings(c) ? source_longest_ring(c, rule) : rh_fact_none();
}

static RhFact source_ctrl_ring(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    const RhRecord *record = c->context->guest->record;

    return rh_fact_number(
        rh_device_number(c->entry, RH_ATTR_CTRL_RING, ctrl_ring(record ? record->qemu : NULL)));
}

static RhFact host_ctrl_ring(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return minds_rings(c) ? rh_fact_number(CTRL_RING) : rh_fact_none();
}

/* The shortest ring that the guest may have. */
static RhFact source_shortest_ring(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    const RhGuestDevice *guest_device = c->guest_device;
    guint rx = guest_device->rx_queue_size ? guest_device->rx_queue_size : DEFAULT_RING;
    guint tx = guest_device->tx_queue_size ? guest_device->tx_queue_size : DEFAULT_RING;
    guint ring = MIN(rx, tx);

    if (offered(c->entry, RH_NET_F_CTRL_VQ).number)
        ring = MIN(ring, CTRL_RING);
    return rh_fact_number(MAX(ring, rh_device_number(c->entry, RH_ATTR_MIN_VQ_SIZE, 0)));
}

static RhFact source_disk_ring(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_number(DISK_RING);
}

/* The device's own address; none where it offers none, or a zero. */
static RhFact mac_of(const RhDevice *device)
{
    RhFact mac = stated(device, RH_ATTR_MAC, RH_NET_F_MAC, rh_fact_none());

    return mac.state == RH_FACT_NUMBER && mac.number == 0 ? rh_fact_none() : mac;
}

static RhFact source_recorded_mac(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return mac_of(c->entry);
}

static RhFact host_mac(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return mac_of(c->device);
}

static gboolean same_fact(RhFact one, RhFact other)
{
    return one.state == other.state && one.state != RH_FACT_UNKNOWN && one.number == other.number;
}

/* What the guest's XML says; where it says nothing, what was recorded. */
static RhFact source_xml_mac(const RhCase *c, const RhRule *rule)
{
    return c->guest_device->has_mac ? rh_fact_number(c->guest_device->mac)
                                    : source_recorded_mac(c, rule);
}

/* What the guest has: QEMU's, which is the XML's, where that was written into its device, or the
 * device had none; else the device's. */
static RhFact source_mac(const RhCase *c, const RhRule *rule)
{
    RhFact recorded = mac_of(c->entry);

    return (traits_of(c->entry) & TAKES_MAC) || recorded.state == RH_FACT_NONE
               ? source_xml_mac(c, rule)
               : recorded;
}

/* What the device lets in once QEMU has started on it: QEMU's, where its driver takes that, or the
 * guest may set one by a control queue that QEMU shadows and replays; else its own. */
static RhFact host_let_in(const RhCase *c, const RhRule *rule)
{
    guint traits = traits_of(c->device);
    gboolean replayed =
        (traits & HAS_GROUPS) && (needed_features(c->entry).number & RH_NET_F_CTRL_MAC_ADDR);

    return c->guest_device->has_mac && ((traits & TAKES_MAC) || replayed) ? source_xml_mac(c, rule)
                                                                          : mac_of(c->device);
}

/* Whether the device is in this what it was there, whatever the guest made of it. */
static gboolean has_recorded_mac(const RhCase *c)
{
    return are_alike(c->entry, c->device) && same_fact(mac_of(c->entry), mac_of(c->device));
}

static gboolean lets_guest_in(const RhCase *c, const RhRule *rule)
{
    RhFact guest = source_mac(c, rule);

    return guest.state == RH_FACT_NUMBER && same_fact(guest, host_let_in(c, rule));
}

/* Whether `vdpa dev set` would: the kernel's and the driver's part, and an idle device. */
static gboolean can_set_mac(const RhCase *c)
{
    const Driver *driver = driver_of(c->device);
    const char *kernel = c->context->host->kernel;

    return driver && driver->sets_mac && kernel &&
           rh_natural_compare(kernel, driver->sets_mac) >= 0 &&
           offered(c->device, RH_NET_F_MAC).number &&
           !rh_device_knows(c->device, RH_ATTR_USED_BY) &&
           g_strcmp0(rh_device_text(c->device, RH_ATTR_BOUND), "vhost_vdpa") == 0;
}

static gboolean is_overwritten(const RhCase *c)
{
    return c->guest_device->has_mac && (traits_of(c->device) & TAKES_MAC);
}

/* What somebody else uses cannot be had, whatever it is: `vdpa dev del` of it would stop every vDPA
 * call of the host. */
static gboolean is_anothers(const RhCase *c, const RhRule *rule)
{
    return !rh_free.holds(c, rule, rh_fact_unknown(), rh_fact_unknown());
}

/* Whether the address is no reason against the device. */
static gboolean mac_serves(const RhCase *c, const RhRule *rule)
{
    return has_recorded_mac(c) || lets_guest_in(c, rule);
}

/* The three ways in which an address does not reach: QEMU writes another over it; it could be set;
 * the device has to be made anew. */
static gboolean mac_holds(const RhCase *c, const RhRule *rule, RhFact source G_GNUC_UNUSED,
                          RhFact host G_GNUC_UNUSED)
{
    return mac_serves(c, rule) || is_overwritten(c) || can_set_mac(c) || is_anothers(c, rule);
}

static gboolean mac_set_holds(const RhCase *c, const RhRule *rule, RhFact source G_GNUC_UNUSED,
                              RhFact host G_GNUC_UNUSED)
{
    return mac_serves(c, rule) || is_overwritten(c) || !can_set_mac(c);
}

static gboolean mac_written_holds(const RhCase *c, const RhRule *rule, RhFact source G_GNUC_UNUSED,
                                  RhFact host G_GNUC_UNUSED)
{
    return mac_serves(c, rule) || !is_overwritten(c);
}

/* It fits, and is as it was, but that is not all that could be wished. */
static gboolean mac_let_in_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                                 RhFact host)
{
    return !has_recorded_mac(c) || source.state != RH_FACT_NUMBER || host.state != RH_FACT_NUMBER ||
           source.number == host.number;
}

/* The device has nothing of a guest that boots: it reads what is there, and if that is none,
 * QEMU's.
 */
static gboolean mac_cold_holds(const RhCase *c, const RhRule *rule, RhFact source, RhFact host)
{
    return mac_serves(c, rule) || is_overwritten(c) || host.state == RH_FACT_NONE ||
           same_fact(source, host) || is_anothers(c, rule);
}

/* Of the status of a NIC: linux, include/uapi/linux/virtio_net.h, VIRTIO_NET_S_LINK_UP. */
#define LINK_UP 1u

/* What is known of the link: down, where the device shows a status without its first bit. */
static gboolean link_up_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                              RhFact source G_GNUC_UNUSED, RhFact host)
{
    return !offered(c->device, RH_NET_F_STATUS).number || host.state != RH_FACT_NUMBER ||
           (host.number & LINK_UP);
}

static RhFact source_mtu(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return stated(c->entry, RH_ATTR_MTU, RH_NET_F_MTU, rh_fact_none());
}

/* What the guest's XML asks for, where the recorded device had it: a definition may ask for more
 * than its devices ever had. */
static RhFact source_wanted_mtu(const RhCase *c, const RhRule *rule)
{
    guint wanted = c->guest_device->mtu;
    RhFact recorded = source_mtu(c, rule);

    return wanted && recorded.state == RH_FACT_NUMBER && recorded.number >= wanted
               ? rh_fact_number(wanted)
               : rh_fact_unknown();
}

static RhFact host_mtu(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return stated(c->device, RH_ATTR_MTU, RH_NET_F_MTU, rh_fact_none());
}

static gboolean both_stated_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                                  RhFact source, RhFact host)
{
    return (source.state == RH_FACT_NONE) == (host.state == RH_FACT_NONE);
}

static gboolean takes_state_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                                  RhFact source G_GNUC_UNUSED, RhFact host)
{
    return host.state == RH_FACT_TEXT && !(traits_of(c->device) & TAKES_NO_STATE);
}

/* Whether QEMU shadows the control queue, if the guest has one, and replays what was set by it. Of
 * a driver of which nothing is known another row says so. */
static gboolean is_replayed(const RhCase *c)
{
    return !(needed_features(c->entry).number & RH_NET_F_CTRL_VQ) || !driver_of(c->device) ||
           (traits_of(c->device) & HAS_GROUPS);
}

static gboolean uses_pairs(const RhCase *c)
{
    return (needed_features(c->entry).number & RH_NET_F_MQ) && pairs(c->entry).number > 1;
}

static gboolean replays_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                              RhFact source G_GNUC_UNUSED, RhFact host G_GNUC_UNUSED)
{
    return is_replayed(c) || uses_pairs(c);
}

static gboolean replays_pairs_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                                    RhFact source G_GNUC_UNUSED, RhFact host G_GNUC_UNUSED)
{
    return is_replayed(c) || !uses_pairs(c);
}

static RhFact host_driver(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact(c->device, RH_ATTR_DRIVER);
}

static gboolean known_driver_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                                   RhFact source G_GNUC_UNUSED, RhFact host)
{
    return host.state != RH_FACT_TEXT || driver_of(c->device) != NULL;
}

static gboolean migratable_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                                 RhFact source, RhFact host)
{
    return (host.number & ~source.number) == 0;
}

/* By the QEMU that the guest gets here; where that is unknown, what the newest takes. */
static RhFact source_migratable(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    const char *qemu = c->context->host->qemu;

    return rh_fact_number(qemu && rh_natural_compare(qemu, "11.1") < 0 ? MIGRATABLE_BEFORE
                                                                       : MIGRATABLE_FEATURES);
}

/* Without a pool in the record, pools = required knows of no network. */
static gboolean pool_required_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                                    RhFact source, RhFact host G_GNUC_UNUSED)
{
    return !c->context->policy->pools_required || source.state != RH_FACT_UNKNOWN;
}

static gboolean one_network_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                                  RhFact host)
{
    return c->context->policy->pools_required || source.state != RH_FACT_UNKNOWN ||
           host.state != RH_FACT_UNKNOWN || !c->context->nets_apart;
}

static RhFact source_block_size(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return stated(c->entry, RH_ATTR_BLOCK_SIZE, RH_BLK_F_BLK_SIZE, rh_fact_none());
}

static RhFact host_block_size(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return stated(c->device, RH_ATTR_BLOCK_SIZE, RH_BLK_F_BLK_SIZE, rh_fact_none());
}

static RhFact source_read_only(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_number(c->guest_device->read_only);
}

static const RhComparison mac_given = {"mac", mac_holds};
static const RhComparison mac_set = {"mac", mac_set_holds};
static const RhComparison mac_written = {"mac", mac_written_holds};
static const RhComparison mac_let_in = {"mac", mac_let_in_holds};
static const RhComparison mac_cold = {"mac", mac_cold_holds};
static const RhComparison link_up = {"link", link_up_holds};
static const RhComparison known_driver = {"known", known_driver_holds};
static const RhComparison replays_pairs = {"replays", replays_pairs_holds};
static const RhComparison both_stated = {"stated", both_stated_holds};
static const RhComparison takes_state = {"takes-state", takes_state_holds};
static const RhComparison replays = {"replays", replays_holds};
static const RhComparison migratable = {"migratable", migratable_holds};
static const RhComparison pool_required = {"required", pool_required_holds};
static const RhComparison one_network = {"one-network", one_network_holds};

#define ANY RH_MATCH_ANY
#define EXACT RH_MATCH_EXACT
#define CAPABILITY RH_MATCH_CAPABILITY
#define ALWAYS RH_WHEN_ALWAYS
#define COLD RH_WHEN_COLD
#define WARN RH_OTHERWISE_WARN
#define END RH_OTHERWISE_END

#define IDLE "kernels before 6.1 show it only while a guest's driver has the device"

#define SAME_VALUE \
    "Under exact every recorded value has to be the same (virt-rehome.conf(5), match)."

static const RhRule rules[] = {
    /* whether it can be had at all */
    {.attribute = "class",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_equal,
     .attr = RH_ATTR_CLASS,
     .source = source_class,
     .otherwise = END,
     .text = "class is {host}, must be {source}",
     .why = "Another class has another front end, and its feature bits mean something else (linux, "
            "include/uapi/linux/virtio_net.h, virtio_blk.h)."},
    {.attribute = "class",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_equal,
     .attr = RH_ATTR_CLASS,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = END,
     .text = "class is {host}, the record has {source}",
     .why = "A record of another class is not this guest device's, whatever else it says (linux, "
            "include/uapi/linux/vdpa.h, VDPA_ATTR_DEV_ID)."},
    {.attribute = "bound",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_equal,
     .attr = RH_ATTR_BOUND,
     .source = source_vhost,
     .text = "bound to {host}, must be bound to {source}",
     .why = "Only this bus driver makes the node that QEMU opens (linux, drivers/vhost/vdpa.c, "
            "vhost_vdpa_probe)."},
    {.attribute = "chardev",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_present,
     .attr = RH_ATTR_CHARDEV,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "has no character device",
     .why = "A device without a node cannot be opened (linux, drivers/vhost/vdpa.c, "
            "vhost_vdpa_open)."},
    {.attribute = "used-by",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_free,
     .attr = RH_ATTR_USED_BY,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "in use by {user}",
     .why = "The node opens once, and whoever comes second gets EBUSY (linux, "
            "drivers/vhost/vdpa.c, vhost_vdpa_open)."},
    /* whether it reaches the same network, or the same data */
    {.attribute = "pool",
     .match = ANY,
     .when = ALWAYS,
     .only = "net",
     .comparison = &rh_equal,
     .attr = RH_ATTR_POOL,
     .unknown = RH_UNKNOWN_IF_RECORDED,
     .otherwise = END,
     .text = "pool is {host}, must be {source}",
     .why = "Being alike is not being on the same network, and the kernel has no attribute for "
            "that (linux, include/uapi/linux/vdpa.h)."},
    {.attribute = "pool",
     .match = ANY,
     .when = ALWAYS,
     .only = "net",
     .comparison = &pool_required,
     .attr = RH_ATTR_POOL,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "the record names no pool, and pools are required",
     .why =
         "The administrator wants to know the network of each NIC (virt-rehome.conf(5), pools)."},
    {.attribute = "pool",
     .match = ANY,
     .when = ALWAYS,
     .only = "net",
     .comparison = &one_network,
     .attr = RH_ATTR_POOL,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "neither the record nor the device has a pool, and this host's network devices hang on "
         "several ports: the network may be another",
     .why = "The ports of one host may hang on several networks, and the kernel has no attribute "
            "for that (linux, include/uapi/linux/vdpa.h)."},
    {.attribute = "pool",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_equal,
     .attr = RH_ATTR_POOL,
     .unknown = RH_UNKNOWN_IF_ANOTHER,
     .text = "pool is {host}, must be {source}",
     .unrecorded =
         "nothing else tells one disk from another; give it a pool of one name on both hosts "
         "([pool NAME] in virt-rehome.conf), then run 'virt-rehome record' on the source host",
     .unshown = "give its management device that pool in virt-rehome.conf here",
     .why = "The kernel has no attribute for the data behind a disk, so whoever named the pool has "
            "to know it (linux, include/uapi/linux/vdpa.h)."},
    {.attribute = "name",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_equal,
     .attr = RH_ATTR_NAME,
     .text = "name is {host}, must be {source}: pool and name are all that tells one disk from "
             "another",
     .why = "Another guest's disk of the same size would fit in all else (linux, "
            "include/uapi/linux/vdpa.h)."},
    /* whether QEMU loads the guest's state with it */
    {.attribute = "features",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_FEATURES,
     .source = source_features,
     .host = host_features,
     .text = "features are {host}, must be {source}",
     .unshown = IDLE,
     .why = "Under exact a device offers the same features, but for those that QEMU emulates for a "
            "NIC (virt-rehome.conf(5), match)."},
    {.attribute = "features",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_within,
     .attr = RH_ATTR_FEATURES,
     .source = source_needed,
     .text = "features {host} lack {missing}, which the guest uses",
     .unshown = IDLE,
     .why = "QEMU refuses a stream with a feature that the device does not offer (QEMU, "
            "hw/virtio/virtio.c, virtio_load)."},
    {.attribute = "features",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_within,
     .attr = RH_ATTR_FEATURES,
     .source = source_ufo,
     .unknown = RH_UNKNOWN_COMPARED, /* that of the device was said above */
     .text = "features {host} lack {missing}, which the source's device offered",
     .why = "A stream that was saved with HOST_UFO demands it of the device that loads it (QEMU, "
            "hw/net/virtio-net.c, virtio_net_ufo_post_load)."},
    {.attribute = "features",
     .match = ANY,
     .when = ALWAYS,
     .only = "net",
     .comparison = &rh_within,
     .attr = RH_ATTR_FEATURES,
     .source = source_modern,
     .unknown = RH_UNKNOWN_PASSES,
     .text = "features {host} lack {missing}, which QEMU demands",
     .why = "QEMU migrates by shadow virtqueues, which are valid with both of these only (QEMU, "
            "hw/virtio/vhost-shadow-virtqueue.c, vhost_svq_valid_features)."},
    {.attribute = "features",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_within,
     .attr = RH_ATTR_FEATURES,
     .source = source_modern,
     .text = "features {host} lack {missing}, which QEMU demands",
     .unshown = IDLE,
     .why = "Drivers take no set of features without ACCESS_PLATFORM, which modern devices have "
            "(linux, drivers/vdpa/vdpa_sim/vdpa_sim.c, vdpasim_set_driver_features)."},
    {.attribute = "ctrl-vq",
     .match = ANY,
     .only = "net",
     .comparison = &rh_equal,
     .attr = RH_ATTR_READ_ONLY,
     .source = source_ctrl_vq,
     .host = host_ctrl_vq,
     .text = "control queue offered: {host}, must be {source}",
     .why = "The number of MSI-X vectors follows from it, and QEMU compares the PCI configuration "
            "with the stream's (QEMU, hw/virtio/virtio-net-pci.c, virtio_net_pci_realize; "
            "hw/pci/pci.c, get_pci_config_device)."},
    {.attribute = "pairs",
     .match = ANY,
     .only = "net",
     .comparison = &rh_equal,
     .attr = RH_ATTR_MAX_VQ_PAIRS,
     .source = source_pairs,
     .host = host_pairs,
     .text = "queue pairs are {host}, must be exactly {source}",
     .why = "QEMU takes their number from the device, and the stream demands the same (QEMU, "
            "net/vhost-vdpa.c, vhost_vdpa_get_max_queue_pairs; hw/net/virtio-net.c, "
            "vmstate_virtio_net_device)."},
    {.attribute = "pairs",
     .match = ANY,
     .when = COLD,
     .only = "net",
     .comparison = &rh_equal,
     .attr = RH_ATTR_MAX_VQ_PAIRS,
     .source = source_pairs,
     .host = host_pairs,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "queue pairs are {host} and were {source}, which the guest sees when it boots",
     .why = "A guest that boots reads their number, and drives what there is (linux, "
            "drivers/net/virtio_net.c, virtnet_probe)."},
    {.attribute = "max-vqs",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_MAX_VQS,
     .text = "max-vqs is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "max-vqs",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_MAX_VQS,
     .source = source_net_queues,
     .text = "max-vqs is {host}, must be at least {source}",
     .why = "A queue beyond the device's last one has no index (linux, drivers/vhost/vdpa.c, "
            "vhost_vdpa_vring_ioctl)."},
    {.attribute = "driver",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_DRIVER,
     .text = "driver is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "vendor-id",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_VENDOR_ID,
     .text = "vendor-id is {host}, must be {source}",
     .why = SAME_VALUE},
    /* whether the guest's device works afterwards */
    {.attribute = "max-vq-size",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_MAX_VQ_SIZE,
     .text = "max-vq-size is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "max-vq-size",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_MAX_VQ_SIZE,
     .source = source_ring,
     .text = "max-vq-size is {host}, must be at least {source}, the ring that the guest may have",
     .why = "Where a ring is too long for the device, QEMU goes on without vhost, and the guest "
            "has a dead NIC (QEMU, hw/net/virtio-net.c, virtio_net_vhost_status; net/vhost-vdpa.c, "
            "vhost_vdpa_receive)."},
    {.attribute = "max-vq-size",
     .match = ANY,
     .when = COLD,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_MAX_VQ_SIZE,
     .source = source_ring_here,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "max-vq-size is {host}, and QEMU makes rings of {source} for the guest, which it may "
             "not be able to set up: then the NIC is dead",
     .why = "Where a ring is too long for the device, QEMU goes on without vhost (QEMU, "
            "hw/net/virtio-net.c, virtio_net_vhost_status)."},
    {.attribute = "max-vq-size",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_MAX_VQ_SIZE,
     .source = source_disk_ring,
     .text = "max-vq-size is {host}, must be at least {source}, the ring of QEMU's driver for vDPA "
             "disks: export it with queues as long (qemu-storage-daemon: queue-size={source})",
     .why = "QEMU leaves the ring of a vDPA disk as long as its driver makes it (libblkio, "
            "src/drivers/virtio_blk.rs, DEFAULT_QUEUE_SIZE)."},
    {.attribute = "ring",
     .match = ANY,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_RING,
     .source = source_ring,
     .host = host_ring,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "the guest's rings are {source} long, and QEMU here takes {host} at most, as its XML "
             "says: set rx_queue_size='{source}' and tx_queue_size='{source}' in its definition, "
             "then shut it off and start it, before it comes here",
     .why = "A ring that is longer than what was allocated ends the migration when all of the "
            "memory was copied (QEMU 11.1.3, hw/virtio/virtio.c, virtio_load)."},
    {.attribute = "ctrl-ring",
     .match = ANY,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_CTRL_RING,
     .source = source_ctrl_ring,
     .host = host_ctrl_ring,
     .unknown = RH_UNKNOWN_COMPARED,
     .text =
         "the ring of the guest's control queue is {source} long, and QEMU here takes {host} at "
         "most: shut the guest off to move it",
     .why = "QEMU has that queue whatever the device has, 10.0.13 makes its ring 1024 long and "
            "others 64, and what is longer than what was allocated ends the migration when all of "
            "the memory was copied (QEMU 11.1.3, "
            "hw/virtio/virtio.c, virtio_load)."},
    {.attribute = "min-vq-size",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_MIN_VQ_SIZE,
     .text = "min-vq-size is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "min-vq-size",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_at_most,
     .attr = RH_ATTR_MIN_VQ_SIZE,
     .source = source_shortest_ring,
     .text = "min-vq-size is {host}, must be at most {source}, the guest's shortest ring",
     .why = "A ring that is too short is refused like one that is too long, and that of the "
            "control queue is 64 long (QEMU, hw/net/virtio-net.c, virtio_net_device_realize)."},
    {.attribute = "min-vq-size",
     .match = ANY,
     .when = COLD,
     .only = "net",
     .comparison = &rh_at_most,
     .attr = RH_ATTR_MIN_VQ_SIZE,
     .source = source_shortest_ring,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "min-vq-size is {host}, and the guest's shortest ring is {source}",
     .why = "A ring that is too short is refused like one that is too long (linux, "
            "drivers/vhost/vdpa.c, vhost_vdpa_vring_ioctl)."},
    {.attribute = "min-vq-size",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_at_most,
     .attr = RH_ATTR_MIN_VQ_SIZE,
     .source = source_disk_ring,
     .text = "min-vq-size is {host}, must be at most {source}, the ring of QEMU's driver for vDPA "
             "disks",
     .why = "QEMU leaves the ring of a vDPA disk as long as its driver makes it (libblkio, "
            "src/drivers/virtio_blk.rs, DEFAULT_QUEUE_SIZE)."},
    {.attribute = "mac",
     .match = EXACT,
     .only = "net",
     .comparison = &rh_equal,
     .attr = RH_ATTR_MAC,
     .source = source_recorded_mac,
     .host = host_mac,
     .text = "mac is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "mac",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &mac_given,
     .attr = RH_ATTR_MAC,
     .source = source_mac,
     .host = host_mac,
     .unknown = RH_UNKNOWN_COMPARED,
     .text =
         "mac is {host}, must be {source}: make it anew, 'vdpa dev del {name}' and 'vdpa dev add "
         "name {name} mgmtdev {mgmtdev} mac {source}'",
     .why = "The guest reads the device's address, and QEMU's only where that is zero (QEMU, "
            "hw/net/virtio-net.c, virtio_net_get_config)."},
    {.attribute = "mac",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &mac_set,
     .attr = RH_ATTR_MAC,
     .source = source_mac,
     .host = host_mac,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "mac is {host}, must be {source}: 'vdpa dev set name {name} mac {source}' sets it",
     .why = "The address of an idle device can be set from outside, so the reason has the command "
            "(linux, drivers/vdpa/vdpa.c, vdpa_nl_cmd_dev_attr_set_doit)."},
    {.attribute = "mac",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &mac_written,
     .attr = RH_ATTR_MAC,
     .source = source_mac,
     .host = host_let_in,
     .unknown = RH_UNKNOWN_COMPARED,
     .text =
         "mac is {host} once QEMU has written that of the guest's XML into it, and the guest has "
         "{source}",
     .why =
         "QEMU writes its address into the device at start, on the destination too, and the guest "
         "keeps what it read (QEMU, hw/net/virtio-net.c, virtio_net_device_realize)."},
    {.attribute = "mac",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &mac_let_in,
     .attr = RH_ATTR_MAC,
     .source = source_mac,
     .host = host_let_in,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "the guest has mac {source}, and the device lets in {host}, as the one did that it comes "
         "from",
     .why = "What a guest could do with a device that was alike it can do here (QEMU, "
            "hw/net/virtio-net.c, virtio_net_get_config)."},
    {.attribute = "mac",
     .match = ANY,
     .when = COLD,
     .only = "net",
     .comparison = &mac_cold,
     .attr = RH_ATTR_MAC,
     .source = source_xml_mac,
     .host = host_mac,
     .unknown = RH_UNKNOWN_COMPARED,
     .text =
         "mac is {host}, must be {source}: make it anew, 'vdpa dev del {name}' and 'vdpa dev add "
         "name {name} mgmtdev {mgmtdev} mac {source}'",
     .why = "A guest that boots reads the device's address, and its network knows the one in its "
            "XML (QEMU, hw/net/virtio-net.c, virtio_net_get_config)."},
    {.attribute = "link",
     .match = ANY,
     .when = ALWAYS,
     .only = "net",
     .comparison = &link_up,
     .attr = RH_ATTR_STATUS,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text = "its link is down, so that no frame passes; 'vdpa dev config show {name}' shows it",
     .why = "A device without a link carries nothing, whatever else it can do (linux, "
            "include/uapi/linux/virtio_net.h, VIRTIO_NET_S_LINK_UP)."},
    {.attribute = "mtu",
     .match = EXACT,
     .only = "net",
     .comparison = &rh_equal,
     .attr = RH_ATTR_MTU,
     .source = source_mtu,
     .host = host_mtu,
     .text = "mtu is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "mtu",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_MTU,
     .source = source_mtu,
     .host = host_mtu,
     .text = "mtu is {host}, must be at least {source}",
     .why = "The guest keeps the MTU that it read when its driver began, and a smaller one drops "
            "its frames (linux, drivers/net/virtio_net.c, virtnet_probe)."},
    {.attribute = "mtu",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &both_stated,
     .attr = RH_ATTR_MTU,
     .source = source_mtu,
     .host = host_mtu,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "mtu is {host} here and was {source}: one of them states no limit",
     .why = "A device that does not offer MTU tells no limit, whatever it has (linux, "
            "drivers/vdpa/vdpa.c, vdpa_dev_net_mtu_config_fill)."},
    {.attribute = "mtu",
     .match = ANY,
     .when = COLD,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_MTU,
     .source = source_wanted_mtu,
     .host = host_mtu,
     .unknown = RH_UNKNOWN_IF_RECORDED,
     .text = "mtu is {host}, must be at least {source}, which the guest's XML asks for",
     .why = "QEMU shows the guest the MTU of its XML, and a smaller one drops its frames (QEMU, "
            "hw/net/virtio-net.c, virtio_net_device_realize)."},
    {.attribute = "mtu",
     .match = ANY,
     .when = COLD,
     .only = "net",
     .comparison = &rh_at_least,
     .attr = RH_ATTR_MTU,
     .source = source_mtu,
     .host = host_mtu,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "mtu is {host} and was {source}, which the guest sees when it boots",
     .why = "A guest that boots reads the device's MTU, but what talks with it may count on the "
            "old one (linux, drivers/net/virtio_net.c, virtnet_probe)."},
    {.attribute = "driver",
     .match = ANY,
     .only = "net",
     .comparison = &takes_state,
     .attr = RH_ATTR_DRIVER,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "driver {host} is not known to take over a queue's state: the device would be dead",
     .why =
         "Such a driver takes no queue's state but the initial one, and the guest has a dead NIC "
         "without an error (linux, drivers/vdpa/virtio_pci/vp_vdpa.c, vp_vdpa_set_vq_state)."},
    {.attribute = "driver",
     .match = ANY,
     .only = "net",
     .comparison = &known_driver,
     .attr = RH_ATTR_DRIVER,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "nothing is known of driver {host}: neither whether it takes over a queue's state, nor "
         "whether QEMU can replay what the guest set by its control queue",
     .why =
         "What a driver can do is told by its source alone, and not all are in the kernel (linux, "
         "include/linux/vdpa.h, struct vdpa_config_ops)."},
    {.attribute = "driver",
     .match = ANY,
     .only = "net",
     .comparison = &replays,
     .attr = RH_ATTR_DRIVER,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "driver {host} has no control queue that QEMU could replay: what the guest set by it (MAC "
         "filters, VLANs) is lost until it sets that again",
     .why = "QEMU replays what the guest set only to a control queue that it shadows, for which "
            "that must be isolated (QEMU, net/vhost-vdpa.c, vhost_vdpa_net_cvq_start)."},
    {.attribute = "driver",
     .match = ANY,
     .only = "net",
     .comparison = &replays_pairs,
     .attr = RH_ATTR_MAX_VQ_PAIRS,
     .source = source_pairs,
     .host = host_driver,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "driver {host} has no control queue that QEMU could replay: of {source} queue pairs the "
         "guest has one, and what it set (MAC filters, VLANs) is lost, until it sets that again",
     .why =
         "A device has one queue pair until its driver says how many it uses, by the control queue "
         "(linux, include/uapi/linux/virtio_net.h, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET)."},
    {.attribute = "features",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &migratable,
     .attr = RH_ATTR_FEATURES,
     .source = source_migratable,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "features {host} have bits that keep QEMU from migrating it away",
     .why = "QEMU blocks the next migration where its shadow virtqueues do not know a feature "
            "(QEMU, net/vhost-vdpa.c, vhost_vdpa_net_valid_svq_features)."},
    /* disks */
    {.attribute = "capacity",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_equal,
     .attr = RH_ATTR_CAPACITY,
     .text = "capacity is {host} sectors, must be {source}",
     .why = "The guest goes on with the size that it knows, and what is beyond the end is an error "
            "(QEMU, block/block-backend.c, blk_check_byte_request)."},
    {.attribute = "block-size",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_equal,
     .attr = RH_ATTR_BLOCK_SIZE,
     .source = source_block_size,
     .host = host_block_size,
     .text = "block-size is {host}, must be {source}",
     .why = "QEMU aligns its requests to what the device says (QEMU, block/blkio.c, "
            "blkio_refresh_limits)."},
    {.attribute = "read-only",
     .match = EXACT,
     .only = "blk",
     .comparison = &rh_equal,
     .attr = RH_ATTR_READ_ONLY,
     .text = "read-only is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "read-only",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_at_most,
     .attr = RH_ATTR_READ_ONLY,
     .source = source_read_only,
     .text = "read-only, and the guest's disk is writable",
     .why = "QEMU opens a disk as the guest's XML says, and cannot write on this one (QEMU, "
            "block/blkio.c, blkio_open)."},
};

static gboolean exceeds(const RhCase *c, RhAttr attr)
{
    return rh_device_knows(c->entry, attr) && rh_device_knows(c->device, attr) &&
           c->device->values[attr].number > c->entry->values[attr].number;
}

static gboolean has_more_features(const RhCase *c)
{
    RhFact source = source_features(c, NULL);
    RhFact host = host_features(c, NULL);

    return source.state == RH_FACT_NUMBER && (host.number & ~source.number) != 0;
}

static gboolean takes_shorter_rings(const RhCase *c)
{
    return rh_device_knows(c->entry, RH_ATTR_MIN_VQ_SIZE) &&
           c->device->values[RH_ATTR_MIN_VQ_SIZE].number <
               c->entry->values[RH_ATTR_MIN_VQ_SIZE].number;
}

/* Of a guest that boots: by how many queue pairs the device misses what the guest would like. */
static gint missed_pairs(const RhCase *c)
{
    RhFact had = pairs(c->entry);
    RhFact here = pairs(c->device);
    guint64 wanted = c->guest_device->queues ? c->guest_device->queues : had.number;

    if (!c->context->cold || !is_net(c) || here.state != RH_FACT_NUMBER || !wanted)
        return 0;
    return (gint)MIN(MAX(wanted, here.number) - MIN(wanted, here.number), G_MAXUINT16);
}

/* Whether a guest that boots gets rings here that are too long for the device. */
static gboolean is_too_short(const RhCase *c)
{
    return c->context->cold && rh_device_number(c->device, RH_ATTR_MAX_VQ_SIZE, G_MAXUINT64) <
                                   source_ring_here(c, NULL).number;
}

/* A NIC that carries no frame is worse than one whose own address has to be overwritten, behind
 * which may be another guest's. */
static gint rate_nic(const RhCase *c)
{
    RhFact guest = source_mac(c, NULL);
    RhFact own = mac_of(c->device);
    gboolean up = link_up_holds(c, NULL, rh_fact_unknown(), rh_fact(c->device, RH_ATTR_STATUS));
    gboolean overwritten =
        guest.state == RH_FACT_NUMBER && own.state == RH_FACT_NUMBER && guest.number != own.number;

    return is_net(c) ? 2 * (!up || is_too_short(c)) + overwritten : 0;
}

static void add_cost(const RhCase *c, RhCost *cost)
{
    static const RhAttr capacities[] = {RH_ATTR_MAX_VQS, RH_ATTR_MAX_VQ_SIZE, RH_ATTR_MTU};

    cost->levels[RH_COST_NIC] = rate_nic(c);
    cost->levels[RH_COST_DRIVER] =
        rh_case_differs(c, RH_ATTR_DRIVER) || rh_case_differs(c, RH_ATTR_VENDOR_ID);
    cost->levels[RH_COST_EXCESS] = has_more_features(c) + takes_shorter_rings(c) + missed_pairs(c);
    for (guint i = 0; i < G_N_ELEMENTS(capacities); i++)
        cost->levels[RH_COST_EXCESS] += exceeds(c, capacities[i]);
}

/* By what a network device reaches its network: the physical port, where that is known. */
static const char *port_of(const RhDevice *device)
{
    const char *pf = rh_device_text(device, RH_ATTR_PF);

    return pf ? pf : rh_device_text(device, RH_ATTR_MGMTDEV);
}

/* Whether the free network devices hang on more than one port. */
static gboolean are_nets_apart(const RhInventory *host)
{
    GPtrArray *devices = host->devices[RH_KIND_VDPA];
    const char *first = NULL;

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        const char *port = port_of(device);

        if (g_strcmp0(rh_device_text(device, RH_ATTR_CLASS), "net") != 0 ||
            rh_device_knows(device, RH_ATTR_USED_BY) || !port)
            continue;
        if (first && !g_str_equal(first, port))
            return TRUE;
        first = port;
    }
    return FALSE;
}

static void survey(RhContext *context)
{
    context->nets_apart = are_nets_apart(context->host);
}

/* Whether a device was made on the management device @handle, which mostly has but one. */
static gboolean is_busy(const RhInventory *host, const char *handle)
{
    GPtrArray *devices = host->devices[RH_KIND_VDPA];

    for (guint i = 0; i < devices->len; i++)
        if (g_strcmp0(rh_device_text(g_ptr_array_index(devices, i), RH_ATTR_MGMTDEV), handle) == 0)
            return TRUE;
    return FALSE;
}

/* Whether a guest's address can be given to what is made by @driver, or QEMU writes it there. */
static gboolean can_have_mac(const RhCase *c, const Driver *driver)
{
    return driver->added_mac || (driver->traits & TAKES_MAC) ||
           source_mac(c, NULL).state != RH_FACT_NUMBER;
}

/* Whether the configuration has nothing against what is made on @mgmtdev. */
static gboolean is_allowed(const RhCase *c, const RhDevice *mgmtdev)
{
    const char *pool = rh_device_text(c->entry, RH_ATTR_POOL);

    return (pool ? g_strcmp0(pool, rh_device_text(mgmtdev, RH_ATTR_POOL)) == 0
                 : !c->context->policy->pools_required) &&
           (c->context->policy->match != RH_MATCH_EXACT ||
            g_strcmp0(rh_device_text(c->entry, RH_ATTR_DRIVER),
                      rh_device_text(mgmtdev, RH_ATTR_DRIVER)) == 0);
}

/* Whether nothing that is known of @mgmtdev is against a network device for the guest. */
static gboolean could_make(const RhCase *c, const RhDevice *mgmtdev, const Driver *driver)
{
    const char *classes = rh_device_text(mgmtdev, RH_ATTR_CLASSES);
    g_auto(GStrv) words = g_strsplit(classes ? classes : "", " ", -1);
    guint64 features = rh_device_number(mgmtdev, RH_ATTR_FEATURES, G_MAXUINT64);
    guint64 needed = needed_features(c->entry).number & ~EMULATED_NET_FEATURES;

    if (driver->made || !g_strv_contains((const char *const *)words, "net") ||
        !is_allowed(c, mgmtdev) || !can_have_mac(c, driver) || (MODERN_FEATURES & ~features) ||
        is_busy(c->context->host, rh_device_name(mgmtdev)))
        return FALSE;
    return c->context->cold || (!(driver->traits & TAKES_NO_STATE) && !(needed & ~features) &&
                                rh_device_number(mgmtdev, RH_ATTR_MAX_VQS, G_MAXUINT64) >=
                                    source_net_queues(c, NULL).number);
}

/* How it is made: iproute2, vdpa-dev(8). */
static char *describe_making(const RhCase *c, const RhDevice *mgmtdev, const Driver *driver)
{
    const char *name = rh_device_name(c->entry);
    gboolean is_free = name && !rh_inventory_find(c->context->host, RH_KIND_VDPA, name);
    RhFact mac = source_mac(c, NULL);
    RhFact wanted = pairs(c->entry);
    GString *text = g_string_new("no device was made on ");
    g_autofree char *address = mac.state == RH_FACT_NUMBER && driver->added_mac
                                   ? rh_attr_format(RH_ATTR_MAC, (RhValue){.number = mac.number})
                                   : NULL;

    g_string_append_printf(text, "'%s', and 'vdpa dev add name %s mgmtdev %s",
                           rh_device_name(mgmtdev), is_free ? name : "NAME",
                           rh_device_name(mgmtdev));
    if (address)
        g_string_append_printf(text, " mac %s", address);
    if (wanted.state == RH_FACT_NUMBER && wanted.number > 1 && driver->added_pairs)
        g_string_append_printf(text, " max_vqp %" G_GUINT64_FORMAT, wanted.number);
    g_string_append(text, "' makes one");
    return g_string_free(text, FALSE);
}

/* A network device can be made anew; nothing that is made anew has a disk's data. */
static void offer(const RhCase *c, GPtrArray *offers)
{
    GPtrArray *mgmtdevs = c->context->host->devices[RH_KIND_VDPA_MGMTDEV];

    for (guint i = 0; is_net(c) && i < mgmtdevs->len; i++) {
        const RhDevice *mgmtdev = g_ptr_array_index(mgmtdevs, i);

        const Driver *driver = driver_of(mgmtdev); /* NULL: nothing is known of it */

        if (!driver || !could_make(c, mgmtdev, driver))
            continue;
        g_ptr_array_add(offers, describe_making(c, mgmtdev, driver));
        return;
    }
}

const RhRuleSet rh_vdpa_rules = {.rows = rules,
                                 .n_rows = G_N_ELEMENTS(rules),
                                 .cost = add_cost,
                                 .start = start,
                                 .offer = offer,
                                 .survey = survey};

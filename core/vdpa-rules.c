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
#define MIGRATABLE_FEATURES G_GUINT64_CONSTANT(0xf20000032cdfffaf)
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

/* What a driver can do that neither netlink nor sysfs tells: drivers/vdpa in linux 6.12. */
typedef enum {
    TAKES_NO_STATE = 1 << 0, /* set_vq_state refuses: a dead NIC without an error */
    TAKES_MAC = 1 << 1,      /* takes the config write that QEMU does at start */
    HAS_GROUPS = 1 << 2,     /* two address space groups: its control queue can be shadowed */
    SETS_MAC = 1 << 3,       /* dev_set_attr: VDPA_CMD_DEV_ATTR_SET, from kernel 6.12 */
} DriverTrait;

static const struct {
    const char *driver;
    guint traits;
} drivers[] = {
    {"mlx5_core", HAS_GROUPS | SETS_MAC},
    {"vdpasim_net", TAKES_MAC | HAS_GROUPS | SETS_MAC},
    {"ifcvf", TAKES_MAC},
    {"pds_core", TAKES_MAC},
    {"vp-vdpa", TAKES_NO_STATE},
    {"alibaba-eni-vdpa", TAKES_NO_STATE},
    /* from configuration version 2 on it does take state, but nothing shows the version */
    {"snet-vdpa-driver", TAKES_NO_STATE | TAKES_MAC},
};

static guint traits_of(const RhDevice *device)
{
    const char *driver = rh_device_text(device, RH_ATTR_DRIVER);

    for (guint i = 0; driver && i < G_N_ELEMENTS(drivers); i++)
        if (g_str_equal(drivers[i].driver, driver))
            return drivers[i].traits;
    return 0;
}

static gboolean is_net(const RhCase *c)
{
    return g_strcmp0(c->guest_device->class, "net") == 0;
}

static guint64 ignored_features(const RhCase *c)
{
    return is_net(c) ? EMULATED_NET_FEATURES : 0;
}

/* What the guest needs: N of the rules. */
static RhFact needed_features(const RhDevice *entry)
{
    RhFact negotiated = rh_fact(entry, RH_ATTR_NEGOTIATED);

    return negotiated.state == RH_FACT_UNKNOWN ? rh_fact(entry, RH_ATTR_FEATURES) : negotiated;
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
    return rh_fact_number(RH_F_VERSION_1 | RH_F_ACCESS_PLATFORM);
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

    if (queues.state == RH_FACT_NUMBER)
        queues.number = 2 * queues.number + offered(c->entry, RH_NET_F_CTRL_VQ).number;
    return queues;
}

/* Whether @version ("10.0.13") is below 10.0.13. */
static gboolean honours_xml(const char *version)
{
    return version && rh_natural_compare(version, "10.0.13") < 0;
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

/* The longest ring that the guest's XML asks for. */
static RhFact source_longest_ring(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    const RhGuestDevice *guest_device = c->guest_device;

    return rh_fact_number(
        MAX(guest_device->rx_queue_size ? guest_device->rx_queue_size : DEFAULT_RING,
            guest_device->tx_queue_size ? guest_device->tx_queue_size : DEFAULT_RING));
}

/* The longest ring that the guest may have. */
static RhFact source_ring(const RhCase *c, const RhRule *rule)
{
    RhFact size = rh_fact(c->entry, RH_ATTR_MAX_VQ_SIZE);

    if (ring_is_of_xml(c->context))
        return source_longest_ring(c, rule);
    if (size.state == RH_FACT_NUMBER)
        size.number = MIN(size.number, LARGEST_RING);
    return size;
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
    return rh_fact_number(ring);
}

static RhFact source_disk_ring(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_number(DISK_RING);
}

static RhFact source_recorded_mac(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return stated(c->entry, RH_ATTR_MAC, RH_NET_F_MAC, rh_fact_number(0));
}

static RhFact source_mac(const RhCase *c, const RhRule *rule)
{
    return c->guest_device->has_mac ? rh_fact_number(c->guest_device->mac)
                                    : source_recorded_mac(c, rule);
}

static RhFact host_mac(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return stated(c->device, RH_ATTR_MAC, RH_NET_F_MAC, rh_fact_number(0));
}

/* Whether `vdpa dev set` would: the kernel's and the driver's part, and an idle device. */
static gboolean can_set_mac(const RhCase *c)
{
    const char *kernel = c->context->host->kernel;

    return (traits_of(c->device) & SETS_MAC) && kernel && rh_natural_compare(kernel, "6.12") >= 0 &&
           !rh_device_knows(c->device, RH_ATTR_USED_BY) &&
           g_strcmp0(rh_device_text(c->device, RH_ATTR_BOUND), "vhost_vdpa") == 0;
}

/* A device without an address of its own: the guest reads QEMU's, and the control queue, replayed
 * from its shadow, tells the device which to let in. */
static gboolean mac_can_be_replayed(const RhCase *c, RhFact host)
{
    return host.state == RH_FACT_NUMBER && host.number == 0 &&
           (needed_features(c->entry).number & RH_NET_F_CTRL_MAC_ADDR) &&
           (traits_of(c->device) & HAS_GROUPS);
}

static gboolean mac_reaches(const RhCase *c, RhFact source, RhFact host)
{
    return (host.state == RH_FACT_NUMBER && host.number == source.number) ||
           (traits_of(c->device) & TAKES_MAC) || mac_can_be_replayed(c, host);
}

static gboolean mac_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                          RhFact host)
{
    return source.state == RH_FACT_NUMBER && (mac_reaches(c, source, host) || can_set_mac(c));
}

/* As above for a device whose address can be set, but not by this program. */
static gboolean mac_set_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                              RhFact host)
{
    return source.state != RH_FACT_NUMBER || mac_reaches(c, source, host) || !can_set_mac(c);
}

/* The device has nothing of a guest that boots: it reads what is there, if it is none, QEMU's. */
static gboolean mac_cold_holds(const RhCase *c, const RhRule *rule, RhFact source, RhFact host)
{
    RhFact recorded = source_recorded_mac(c, rule);

    if (host.state == RH_FACT_NUMBER &&
        (host.number == 0 || (recorded.state == RH_FACT_NUMBER && recorded.number == host.number)))
        return TRUE;
    return source.state == RH_FACT_NUMBER && mac_reaches(c, source, host);
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

/* The control queue's state survives with the same driver, or where it is shadowed. */
static gboolean replays_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                              RhFact host)
{
    return !(needed_features(c->entry).number & RH_NET_F_CTRL_VQ) ||
           (source.state == RH_FACT_TEXT && g_strcmp0(source.text, host.text) == 0) ||
           (traits_of(c->device) & HAS_GROUPS);
}

static gboolean migratable_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                                 RhFact source, RhFact host)
{
    return (host.number & ~source.number) == 0;
}

static RhFact source_migratable(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_number(MIGRATABLE_FEATURES);
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
static const RhComparison mac_cold = {"mac", mac_cold_holds};
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
         "several management devices: the network may be another",
     .why = "Management devices of one host may hang on several networks, and the kernel has no "
            "attribute for that (linux, include/uapi/linux/vdpa.h)."},
    {.attribute = "pool",
     .match = ANY,
     .when = ALWAYS,
     .only = "blk",
     .comparison = &rh_equal,
     .attr = RH_ATTR_POOL,
     .unknown = RH_UNKNOWN_IF_ANOTHER,
     .text = "pool is {host}, must be {source}",
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
     .why = "Under exact a device offers the same features, but for those that QEMU emulates for a "
            "NIC (virt-rehome.conf(5), match)."},
    {.attribute = "features",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_within,
     .attr = RH_ATTR_FEATURES,
     .source = source_needed,
     .text = "features {host} lack {missing}, which the guest uses",
     .why = "QEMU refuses a stream with a feature that the device does not offer (QEMU, "
            "hw/virtio/virtio.c, virtio_load)."},
    {.attribute = "features",
     .match = CAPABILITY,
     .only = "net",
     .comparison = &rh_within,
     .attr = RH_ATTR_FEATURES,
     .source = source_ufo,
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
     .source = source_longest_ring,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "max-vq-size is {host}, and the guest's XML asks for rings of {source}, which QEMU "
             "may not be able to set up",
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
             "disks",
     .why = "QEMU leaves the ring of a vDPA disk as long as its driver makes it (libblkio, "
            "src/drivers/virtio_blk.rs, DEFAULT_QUEUE_SIZE)."},
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
     .text = "mac is {host}, must be {source}, and its driver takes none from QEMU",
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
     .match = ANY,
     .when = COLD,
     .only = "net",
     .comparison = &mac_cold,
     .attr = RH_ATTR_MAC,
     .source = source_mac,
     .host = host_mac,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "mac is {host}, must be {source}, and its driver takes none from QEMU",
     .why = "A guest that boots reads the device's address, and its network knows the one in its "
            "XML (QEMU, hw/net/virtio-net.c, virtio_net_get_config)."},
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
     .match = CAPABILITY,
     .only = "net",
     .comparison = &replays,
     .attr = RH_ATTR_DRIVER,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "driver is {host} and was {source}: what the guest set by its control queue (MAC filters, "
         "VLANs) may be lost",
     .why = "QEMU replays what the guest set only to a control queue that it shadows, for which "
            "that must be isolated (QEMU, net/vhost-vdpa.c, vhost_vdpa_net_cvq_start)."},
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

static void add_cost(const RhCase *c, RhCost *cost)
{
    static const RhAttr capacities[] = {RH_ATTR_MAX_VQS, RH_ATTR_MAX_VQ_SIZE, RH_ATTR_MTU};

    cost->levels[RH_COST_DRIVER] =
        rh_case_differs(c, RH_ATTR_DRIVER) || rh_case_differs(c, RH_ATTR_VENDOR_ID);
    cost->levels[RH_COST_EXCESS] = has_more_features(c) + takes_shorter_rings(c) + missed_pairs(c);
    for (guint i = 0; i < G_N_ELEMENTS(capacities); i++)
        cost->levels[RH_COST_EXCESS] += exceeds(c, capacities[i]);
}

/* Whether the free network devices hang on more than one management device. */
static gboolean are_nets_apart(const RhInventory *host)
{
    GPtrArray *devices = host->devices[RH_KIND_VDPA];
    const char *first = NULL;

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        const char *mgmtdev = rh_device_text(device, RH_ATTR_MGMTDEV);

        if (g_strcmp0(rh_device_text(device, RH_ATTR_CLASS), "net") != 0 ||
            rh_device_knows(device, RH_ATTR_USED_BY) || !mgmtdev)
            continue;
        if (first && !g_str_equal(first, mgmtdev))
            return TRUE;
        first = mgmtdev;
    }
    return FALSE;
}

static void survey(RhContext *context)
{
    context->nets_apart = are_nets_apart(context->host);
}

const RhRuleSet rh_vdpa_rules = {
    .rows = rules, .n_rows = G_N_ELEMENTS(rules), .cost = add_cost, .survey = survey};

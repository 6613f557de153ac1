/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a mediated device can stand in for another. Its state is opaque: only the same driver reads
 * it, so nearly everything must be equal (linux drivers/vfio, NVIDIA's vGPU migration notes).
 */
#include "core/rulebook.h"

#include "util/text.h"

#include <string.h>

static RhFact source_model(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return rh_fact_text(c->guest_device->model);
}

static RhFact source_parameter(const RhCase *c, const RhRule *rule)
{
    return rh_fact_text(rh_device_parameter(c->entry, rule->attribute));
}

static RhFact host_parameter(const RhCase *c, const RhRule *rule)
{
    return rh_fact_text(rh_device_parameter(c->device, rule->attribute));
}

static gboolean accepted_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                               RhFact host)
{
    return rh_policy_accepts(c->context->policy, source.text, host.text, c->context->cold) >= 0;
}

/* A type that stands in by the administrator's list has another name. */
static gboolean type_name_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                                RhFact host)
{
    const char *recorded = rh_device_text(c->entry, RH_ATTR_TYPE);
    const char *type = rh_device_text(c->device, RH_ATTR_TYPE);

    return g_str_equal(source.text, host.text) ||
           (recorded && type &&
            rh_policy_accepts(c->context->policy, recorded, type, c->context->cold) > 0);
}

static gboolean is_nvidia(const RhCase *c)
{
    return g_strcmp0(rh_device_text(c->device, RH_ATTR_DRIVER), "nvidia") == 0;
}

/* Whether @fact reads "major.minor…"; *@ret_major is what stands before the first dot. */
static gboolean has_major(RhFact fact, guint64 *ret_major)
{
    const char *dot = fact.state == RH_FACT_TEXT ? strchr(fact.text, '.') : NULL;
    g_autofree char *major = dot ? g_strndup(fact.text, (gsize)(dot - fact.text)) : NULL;

    return dot && g_ascii_isdigit(dot[1]) && rh_parse_number(major, G_MAXUINT64, ret_major);
}

static gboolean version_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                              RhFact host)
{
    guint64 source_major;
    guint64 host_major;

    if (is_nvidia(c))
        return source.state == RH_FACT_TEXT && g_strcmp0(source.text, host.text) == 0;
    if (!has_major(source, &source_major) || !has_major(host, &host_major))
        return TRUE;
    return source_major == host_major && rh_natural_compare(host.text, source.text) >= 0;
}

static gboolean version_there_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                                    RhFact source G_GNUC_UNUSED, RhFact host)
{
    return !is_nvidia(c) || host.state == RH_FACT_TEXT;
}

/* Versions that say nothing: left to the driver, which checks its own stream. */
static gboolean version_said_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                                   RhFact host)
{
    guint64 major;

    return is_nvidia(c) || (has_major(source, &major) && has_major(host, &major)) ||
           (source.state == RH_FACT_TEXT && g_strcmp0(source.text, host.text) == 0);
}

static GHashTable *set_of(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n,", -1);
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; words[i]; i++)
        if (*words[i])
            g_hash_table_add(set, g_strdup(words[i]));
    return set;
}

static gboolean same_set_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                               RhFact source, RhFact host)
{
    g_autoptr(GHashTable) ours = set_of(source.text);
    g_autoptr(GHashTable) theirs = set_of(host.text);
    GHashTableIter iter;
    gpointer word;

    g_hash_table_iter_init(&iter, ours);
    while (g_hash_table_iter_next(&iter, &word, NULL))
        if (!g_hash_table_contains(theirs, word))
            return FALSE;
    return g_hash_table_size(ours) == g_hash_table_size(theirs);
}

/* What the cards of the device are; known to be none where its matrix has none ("", ".0004"). */
static RhFact cards_of(const RhDevice *device)
{
    const char *matrix = rh_device_parameter(device, "matrix");
    g_auto(GStrv) queues = matrix ? g_strsplit(matrix, " ", -1) : NULL;
    gboolean any = !matrix;

    for (guint i = 0; queues && queues[i]; i++)
        any |= g_ascii_isxdigit(queues[i][0]);
    return any ? rh_fact(device, RH_ATTR_AP_CARDS) : rh_fact_text("");
}

static RhFact source_cards(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return cards_of(c->entry);
}

static RhFact host_cards(const RhCase *c, const RhRule *rule G_GNUC_UNUSED)
{
    return cards_of(c->device);
}

/* "CEX8C" to 8 and "C". FALSE where it is no such type. */
static gboolean parse_card(const char *type, guint64 *ret_generation, const char **ret_mode)
{
    gsize n = g_str_has_prefix(type, "CEX") ? strspn(type + 3, "0123456789") : 0;
    g_autofree char *number = g_strndup(type + 3 * (n > 0), n);

    *ret_mode = type + 3 + n;
    return n > 0 && **ret_mode && rh_parse_number(number, G_MAXUINT32, ret_generation);
}

/* Whether a card of the type @here does what one of the type @recorded did. */
static gboolean card_holds(const char *recorded, const char *here)
{
    guint64 recorded_generation;
    guint64 generation;
    const char *recorded_mode;
    const char *mode;

    return g_str_equal(recorded, here) ||
           (parse_card(recorded, &recorded_generation, &recorded_mode) &&
            parse_card(here, &generation, &mode) && g_str_equal(recorded_mode, mode) &&
            generation >= recorded_generation);
}

/* The type behind "card05:" in @cards; NULL: there is none. Owned by @cards. */
static const char *find_card(GStrv cards, const char *card)
{
    gsize length = strcspn(card, ":");

    for (guint i = 0; cards[i]; i++)
        if (strncmp(cards[i], card, length + 1) == 0 && card[length] == ':')
            return cards[i] + length + 1;
    return NULL;
}

static gboolean cards_hold(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                           RhFact source, RhFact host)
{
    g_auto(GStrv) recorded = g_strsplit(source.text, " ", -1);
    g_auto(GStrv) here = g_strsplit(host.text, " ", -1);

    for (guint i = 0; recorded[i]; i++) {
        const char *type = find_card(here, recorded[i]);

        if (!type || !card_holds(recorded[i] + strcspn(recorded[i], ":") + 1, type))
            return FALSE;
    }
    return g_strv_length(recorded) == g_strv_length(here);
}

/* NVIDIA's driver does not migrate a vGPU with any of these. */
static gboolean migrates_holds(const RhCase *c G_GNUC_UNUSED, const RhRule *rule G_GNUC_UNUSED,
                               RhFact source, RhFact host G_GNUC_UNUSED)
{
    static const char *const blocking[] = {"enable_uvm=1", "enable_debugging=1",
                                           "enable_profiling=1"};
    g_autoptr(GHashTable) set = set_of(source.state == RH_FACT_TEXT ? source.text : "");

    for (guint i = 0; i < G_N_ELEMENTS(blocking); i++)
        if (g_hash_table_contains(set, blocking[i]))
            return FALSE;
    return TRUE;
}

/* The string is opaque: it is asked, not compared; a saved inventory cannot answer. */
static gboolean asked_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED, RhFact source,
                            RhFact host)
{
    if (source.state == RH_FACT_UNKNOWN && host.state == RH_FACT_UNKNOWN)
        return TRUE;
    return source.state == RH_FACT_TEXT && host.state == RH_FACT_TEXT &&
           rh_questions_accepted(c->context->questions, c->device, source.text);
}

/* How many of the guest's VFIO devices are mediated ones, of which each is judged. */
static guint count_mdevs(const RhGuest *guest)
{
    guint n = 0;

    for (guint i = 0; i < guest->devices->len; i++)
        n += ((const RhGuestDevice *)g_ptr_array_index(guest->devices, i))->kind == RH_KIND_MDEV;
    return n;
}

/* QEMU blocks the migration of several VFIO devices unless each can do P2P, which these drivers are
 * known to (linux 7.3, VFIO_MIGRATION_P2P in drivers/vfio and samples/vfio-mdev; NVIDIA's). */
static gboolean alone_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                            RhFact source G_GNUC_UNUSED, RhFact host)
{
    static const char *const able[] = {"nvidia", "mtty", NULL};
    const RhGuest *guest = c->context->guest;

    return guest->n_vfio <= 1 || (guest->n_vfio == count_mdevs(guest) &&
                                  host.state == RH_FACT_TEXT && g_strv_contains(able, host.text));
}

/* Which drivers of mediated devices migrate a running guest; of others nothing is known. */
typedef struct {
    const char *name;
    gboolean never;
    const char *kernel;    /* from which on it does; NULL: every one */
    const char *parameter; /* of the device, which says so; NULL: there is none */
} Driver;

static const Driver drivers[] = {
    {.name = "nvidia"},
    {.name = "mtty", .kernel = "6.7"},
    {.name = "vfio_ap", .parameter = "migratable"},
    {.name = "vfio_ccw", .never = TRUE},
    {.name = "i915", .never = TRUE},
    {.name = "mdpy", .never = TRUE},
    {.name = "mbochs", .never = TRUE},
};

typedef enum { MIGRATES, MIGRATES_NOT, MIGRATES_OPEN } Migrates;

static Migrates find_migrates(const RhCase *c, const char *name)
{
    const char *kernel = c->context->host ? c->context->host->kernel : NULL;
    const Driver *driver = NULL;

    for (guint i = 0; !driver && i < G_N_ELEMENTS(drivers); i++)
        if (g_str_equal(drivers[i].name, name))
            driver = &drivers[i];
    if (!driver || (driver->kernel && !kernel))
        return MIGRATES_OPEN;
    if (driver->never || (driver->kernel && rh_natural_compare(kernel, driver->kernel) < 0) ||
        (driver->parameter &&
         g_strcmp0(rh_device_parameter(c->device, driver->parameter), "1") != 0))
        return MIGRATES_NOT;
    return MIGRATES;
}

static gboolean may_migrate_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                                  RhFact source G_GNUC_UNUSED, RhFact host)
{
    return host.state != RH_FACT_TEXT || find_migrates(c, host.text) != MIGRATES_NOT;
}

static gboolean known_driver_holds(const RhCase *c, const RhRule *rule G_GNUC_UNUSED,
                                   RhFact source G_GNUC_UNUSED, RhFact host)
{
    return host.state != RH_FACT_TEXT || find_migrates(c, host.text) != MIGRATES_OPEN;
}

static const RhComparison accepted = {"accepted", accepted_holds};
static const RhComparison type_name = {"equal", type_name_holds};
static const RhComparison compatible_version = {"version", version_holds};
static const RhComparison version_there = {"present", version_there_holds};
static const RhComparison said_version = {"version", version_said_holds};
static const RhComparison same_set = {"same-set", same_set_holds};
static const RhComparison cards = {"cards", cards_hold};
static const RhComparison migrates = {"migrates", migrates_holds};
static const RhComparison asked = {"asked", asked_holds};
static const RhComparison may_migrate = {"migrates", may_migrate_holds};
static const RhComparison known_driver = {"known", known_driver_holds};
static const RhComparison alone = {"alone", alone_holds};

#define ANY RH_MATCH_ANY
#define EXACT RH_MATCH_EXACT
#define CAPABILITY RH_MATCH_CAPABILITY
#define ALWAYS RH_WHEN_ALWAYS
#define WARN RH_OTHERWISE_WARN
#define END RH_OTHERWISE_END

#define SAME_VALUE \
    "Under exact every recorded value has to be the same (virt-rehome.conf(5), match)."
#define MAKE_ANEW "run 'virt-rehome record' on the source host"
#define BOARD \
    "Boards may differ in this, but none of the kernel's drivers compares it (linux 6.12, " \
    "samples/vfio-mdev/mtty.c, drivers/s390/crypto/vfio_ap_ops.c)."

static const RhRule rules[] = {
    {.attribute = "used-by",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_free,
     .attr = RH_ATTR_USED_BY,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "in use by {user}",
     .why = "A VFIO group opens once, and whoever comes second gets EBUSY (linux, "
            "drivers/vfio/group.c, vfio_group_fops_open)."},
    {.attribute = "pool",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_equal,
     .attr = RH_ATTR_POOL,
     .unknown = RH_UNKNOWN_IF_RECORDED,
     .text = "pool is {host}, must be {source}",
     .why = "A pool says that devices serve the same purpose, which the kernel cannot tell "
            "(virt-rehome.conf(5), THE GROUP [pool NAME])."},
    {.attribute = "device-api",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_equal,
     .attr = RH_ATTR_DEVICE_API,
     .source = source_model,
     .otherwise = END,
     .identity = TRUE,
     .text = "device-api is {host}, must be {source}, the guest's model",
     .why = "libvirt takes no device whose API is another than the model in the guest's XML "
            "(libvirt, src/util/virmdev.c, virMediatedDeviceCheckModel)."},
    {.attribute = "device-api",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &rh_equal,
     .attr = RH_ATTR_DEVICE_API,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = END,
     .identity = TRUE,
     .text = "device-api is {host}, the record has {source}",
     .why = "A record of another API is not this guest device's, whatever else it says (linux, "
            "Documentation/driver-api/vfio-mediated-device.rst, device_api)."},
    {.attribute = "type",
     .match = ANY,
     .comparison = &accepted,
     .attr = RH_ATTR_TYPE,
     .text =
         "type is {host}, must be {source}: a running guest's state goes into another type only "
         "where 'accept-live' in [mdev {source}] of virt-rehome.conf names that",
     .why = "The type is a device's shape, and a driver refuses the state of another (linux, "
            "samples/vfio-mdev/mtty.c, mtty_resume_write)."},
    {.attribute = "type",
     .match = ANY,
     .when = RH_WHEN_COLD,
     .comparison = &accepted,
     .attr = RH_ATTR_TYPE,
     .identity = TRUE,
     .text = "type is {host}, must be {source}, or one that 'accept' in [mdev {source}] of "
             "virt-rehome.conf names",
     .why = "The type is a device's shape, and whether a guest that boots can do with another is "
            "for its administrator to say (virt-rehome.conf(5), accept)."},
    {.attribute = "type-name",
     .match = ANY,
     .when = ALWAYS,
     .comparison = &type_name,
     .attr = RH_ATTR_TYPE_NAME,
     .unknown = RH_UNKNOWN_PASSES,
     .identity = TRUE,
     .text = "type-name is '{host}', must be '{source}'",
     .why = "A type's id is its driver's to give anew, and its name tells people what it is "
            "(linux, Documentation/driver-api/vfio-mediated-device.rst, name)."},
    {.attribute = "driver",
     .match = ANY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_DRIVER,
     .text = "driver is {host}, must be {source}",
     .why = "The state is in its driver's own format, which no other driver reads (linux, "
            "samples/vfio-mdev/mtty.c, mtty_resume_write)."},
    {.attribute = "driver",
     .match = ANY,
     .comparison = &may_migrate,
     .attr = RH_ATTR_DRIVER,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "driver {host} migrates no running guest with the kernel here, and QEMU refuses to: shut "
         "the guest off to move it",
     .why = "A VFIO device migrates only where its driver has the means for it (QEMU, "
            "hw/vfio/migration.c, vfio_migration_realize)."},
    {.attribute = "driver",
     .match = ANY,
     .comparison = &known_driver,
     .attr = RH_ATTR_DRIVER,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text = "nothing is known here of driver {host}: whether it migrates a running guest, QEMU "
             "says when the guest does",
     .why = "A VFIO device migrates only where its driver has the means for it, and of few drivers "
            "it is known (QEMU, hw/vfio/migration.c, vfio_migration_realize)."},
    {.attribute = "driver-version",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_DRIVER_VERSION,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .text = "driver-version is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "driver-version",
     .match = EXACT,
     .comparison = &version_there,
     .attr = RH_ATTR_DRIVER_VERSION,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "driver-version of the device is unknown, and NVIDIA's has to be the recorded one",
     .why = "NVIDIA's migration fails where the versions differ, so that an unknown one is no (Red "
            "Hat Enterprise Linux 10, Live migrating a virtual machine with an attached NVIDIA "
            "vGPU)."},
    {.attribute = "driver-version",
     .match = CAPABILITY,
     .comparison = &compatible_version,
     .attr = RH_ATTR_DRIVER_VERSION,
     .unknown = RH_UNKNOWN_COMPARED,
     .text = "driver-version is {host} and was {source}: it cannot take the state",
     .why = "NVIDIA's migration fails where the versions differ, and elsewhere an older driver "
            "need not know the state of a newer one (Red Hat Enterprise Linux 10, Live migrating a "
            "virtual machine with an attached NVIDIA vGPU)."},
    {.attribute = "driver-version",
     .match = CAPABILITY,
     .comparison = &said_version,
     .attr = RH_ATTR_DRIVER_VERSION,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text = "driver-version is {host} and was {source}: only the driver knows whether it takes "
             "the state",
     .why = "A version that is no major.minor tells nothing, and a driver checks its own stream "
            "(linux, samples/vfio-mdev/mtty.c, mtty_resume_write)."},
    {.attribute = "vendor",
     .match = ANY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_VENDOR,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .text = "the parent's vendor is {host}, must be {source}",
     .why = "The state is of the parent's hardware, too, and NVIDIA's does not go to all boards "
            "(NVIDIA AI Enterprise, Live Migration Known Issues and Limitations)."},
    {.attribute = "product",
     .match = ANY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_PRODUCT,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .text = "the parent's product is {host}, must be {source}",
     .why = "The state is of the parent's hardware, too, and NVIDIA's does not even go to all "
            "variants of a board (NVIDIA AI Enterprise, Live Migration Known Issues and "
            "Limitations)."},
    {.attribute = "subsystem-vendor",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_SUBSYSTEM_VENDOR,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .text = "the parent's subsystem-vendor is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "subsystem-vendor",
     .match = CAPABILITY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_SUBSYSTEM_VENDOR,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .otherwise = WARN,
     .text = "the parent's subsystem-vendor is {host} and was {source}",
     .why = BOARD},
    {.attribute = "subsystem-product",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_SUBSYSTEM_PRODUCT,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .text = "the parent's subsystem-product is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "subsystem-product",
     .match = CAPABILITY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_SUBSYSTEM_PRODUCT,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .otherwise = WARN,
     .text = "the parent's subsystem-product is {host} and was {source}",
     .why = BOARD},
    {.attribute = "revision",
     .match = EXACT,
     .comparison = &rh_equal,
     .attr = RH_ATTR_REVISION,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .text = "the parent's revision is {host}, must be {source}",
     .why = SAME_VALUE},
    {.attribute = "revision",
     .match = CAPABILITY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_REVISION,
     .unknown = RH_UNKNOWN_SAME_ABSENCE,
     .otherwise = WARN,
     .text = "the parent's revision is {host} and was {source}",
     .why = BOARD},
    {.attribute = "firmware",
     .match = ANY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_FIRMWARE,
     .unknown = RH_UNKNOWN_IF_RECORDED,
     .text = "firmware is {host}, must be {source}",
     .why = "The state may be the firmware's, and nobody compares that (linux, "
            "Documentation/networking/devlink/devlink-info.rst, fw)."},
    {.attribute = "psid",
     .match = ANY,
     .comparison = &rh_equal,
     .attr = RH_ATTR_PSID,
     .unknown = RH_UNKNOWN_IF_RECORDED,
     .text = "psid is {host}, must be {source}",
     .why = "A PSID names the parameters that the firmware has for its board, and nobody compares "
            "them (linux, Documentation/networking/devlink/devlink-info.rst, fw.psid)."},
    {.attribute = "matrix",
     .match = ANY,
     .when = ALWAYS,
     .only = "vfio-ap",
     .comparison = &same_set,
     .attr = RH_ATTR_NAME,
     .source = source_parameter,
     .host = host_parameter,
     .otherwise = END,
     .identity = TRUE,
     .text = "matrix is {host}, must be {source}",
     .unrecorded = MAKE_ANEW,
     .why = "A guest's keys are behind the queues of its adapters and domains (linux, "
            "Documentation/arch/s390/vfio-ap.rst)."},
    {.attribute = "control_domains",
     .match = ANY,
     .when = ALWAYS,
     .only = "vfio-ap",
     .comparison = &same_set,
     .attr = RH_ATTR_NAME,
     .source = source_parameter,
     .host = host_parameter,
     .identity = TRUE,
     .text = "control_domains is {host}, must be {source}",
     .unrecorded = MAKE_ANEW,
     .why = "They are the domains whose keys the guest may change, and the kernel compares them "
            "when it migrates (linux, Documentation/arch/s390/vfio-ap.rst)."},
    {.attribute = "ap-cards",
     .match = EXACT,
     .only = "vfio-ap",
     .comparison = &same_set,
     .attr = RH_ATTR_AP_CARDS,
     .source = source_cards,
     .host = host_cards,
     .text = "ap-cards is {host}, must be {source}",
     .unrecorded = MAKE_ANEW,
     .why = SAME_VALUE},
    {.attribute = "ap-cards",
     .match = CAPABILITY,
     .only = "vfio-ap",
     .comparison = &cards,
     .attr = RH_ATTR_AP_CARDS,
     .source = source_cards,
     .host = host_cards,
     .text =
         "the cards are {host} and were {source}: each must be of the same mode (A, C or P) and "
         "no older type",
     .unrecorded = MAKE_ANEW,
     .why = "A card of another mode does not take the keys of a guest, and the kernel refuses the "
            "state of a newer type (linux, Documentation/arch/s390/vfio-ap.rst)."},
    {.attribute = "ap-cards",
     .match = ANY,
     .when = RH_WHEN_COLD,
     .only = "vfio-ap",
     .comparison = &cards,
     .attr = RH_ATTR_AP_CARDS,
     .source = source_cards,
     .host = host_cards,
     .unknown = RH_UNKNOWN_PASSES,
     .otherwise = WARN,
     .text = "the cards are {host} and were {source}: keys that the guest has stored may not work "
             "with them",
     .why = "A card of another mode does not take the keys of a guest (linux, "
            "Documentation/arch/s390/vfio-ap.rst)."},
    {.attribute = "dev-busid",
     .match = ANY,
     .when = ALWAYS,
     .only = "vfio-ccw",
     .comparison = &rh_equal,
     .attr = RH_ATTR_DEV_BUSID,
     .identity = TRUE,
     .text = "the device number is {host}, must be {source}: it is another disk",
     .unrecorded = "nothing else tells one disk from another; run 'virt-rehome record' on the "
                   "source host, whose kernel has to be 5.15 or later to show it",
     .unshown = "the kernel shows it from 5.15 on, where there is a device behind the subchannel",
     .why = "The guest writes on the disk, and the device number is what a disk is known by: a "
            "subchannel is an index of one machine (linux, drivers/s390/cio/css.c, dev_busid)."},
    {.attribute = "pool",
     .match = ANY,
     .when = ALWAYS,
     .only = "vfio-ccw",
     .comparison = &rh_equal,
     .attr = RH_ATTR_POOL,
     .unknown = RH_UNKNOWN_IF_ANOTHER,
     .identity = TRUE,
     .text = "pool is {host}, must be {source}: without it nothing tells one disk from another",
     .unrecorded = "without it nothing tells one disk from another; give its subchannel a pool of "
                   "one name on both hosts, then run 'virt-rehome record' on the source host",
     .unshown = "give its subchannel that pool in virt-rehome.conf",
     .why = "The guest writes on the disk, and another machine may have another disk under the "
            "same device number (linux, Documentation/arch/s390/vfio-ccw.rst)."},
    {.attribute = "vgpu_params",
     .match = ANY,
     .only = "vfio-pci",
     .comparison = &migrates,
     .attr = RH_ATTR_NAME,
     .source = source_parameter,
     .host = host_parameter,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text = "vgpu_params was {source}: NVIDIA's driver does not migrate a guest with unified "
             "memory, debugging or profiling enabled",
     .why = "These rule the migration of a vGPU out (NVIDIA AI Enterprise, Live Migration Known "
            "Issues and Limitations)."},
    {.attribute = "migration-version",
     .match = ANY,
     .comparison = &asked,
     .attr = RH_ATTR_MIGRATION_VERSION,
     .unknown = RH_UNKNOWN_COMPARED,
     .text =
         "migration-version is {host} and was {source}, and the device was not seen to take that",
     .why = "The string is the driver's own, so the driver is asked, and an error on either side "
            "is a no (linux-kernel list, introduction of migration_version attribute for VFIO live "
            "migration, 2020)."},
    {.attribute = "p2p",
     .match = ANY,
     .comparison = &alone,
     .attr = RH_ATTR_DRIVER,
     .source = rh_source_nothing,
     .unknown = RH_UNKNOWN_COMPARED,
     .otherwise = WARN,
     .text =
         "the guest has several VFIO devices, and nothing shows whether each can migrate beside "
         "others (P2P)",
     .why = "QEMU migrates several VFIO devices of a guest only where all can do P2P (QEMU, "
            "hw/vfio, vfio_block_multiple_devices_migration)."},
};

static const RhRule listed_row = {
    .attribute = "attributes",
    .match = ANY,
    .when = ALWAYS,
    .comparison = &rh_equal,
    .attr = RH_ATTR_NAME,
    .source = source_parameter,
    .host = host_parameter,
    .unknown = RH_UNKNOWN_WARNS, /* what is listed later than a record was made is in none */
    .text = "{attribute} is {host}, must be {source}",
    .unrecorded = "it was not compared; 'virt-rehome record' on the source host records it",
    .why = "The administrator says which of a type's attributes make a difference to the guest "
           "(virt-rehome.conf(5), attributes).",
};

static gboolean find_listed(const RhCase *c, guint row, RhRule *ret_rule)
{
    const char *type = rh_device_text(c->entry, RH_ATTR_TYPE);
    const RhMdevPolicy *policy = type ? rh_policy_find_mdev(c->context->policy, type) : NULL;

    if (!policy || !policy->parameters || row >= g_strv_length(policy->parameters))
        return FALSE;
    *ret_rule = listed_row;
    ret_rule->attribute = policy->parameters[row];
    return TRUE;
}

/* How many parameters of the record the device has otherwise: those that nobody listed. */
static guint count_different(const RhCase *c)
{
    GHashTableIter iter;
    gpointer name;
    gpointer value;
    guint n = 0;

    if (!c->entry->parameters)
        return 0;
    g_hash_table_iter_init(&iter, c->entry->parameters);
    while (g_hash_table_iter_next(&iter, &name, &value))
        n += g_strcmp0(rh_device_parameter(c->device, name), value) != 0;
    return n;
}

static void add_cost(const RhCase *c, RhCost *cost)
{
    const char *recorded = rh_device_text(c->entry, RH_ATTR_TYPE);
    const char *type = rh_device_text(c->device, RH_ATTR_TYPE);
    const char *version = rh_device_text(c->entry, RH_ATTR_DRIVER_VERSION);
    const char *version_here = rh_device_text(c->device, RH_ATTR_DRIVER_VERSION);

    if (recorded && type)
        cost->levels[RH_COST_ACCEPTED] =
            rh_policy_accepts(c->context->policy, recorded, type, c->context->cold);
    cost->levels[RH_COST_EXCESS] =
        (version && version_here && rh_natural_compare(version_here, version) > 0) +
        rh_case_differs(c, RH_ATTR_AP_CARDS) + count_different(c);
}

/* -- what could be had ------------------------------------------------------------------------- */

/* What would be there if one of @type were made on @parent for the guest, with the uuid that its
 * XML names; its parameters and its version are not known. */
static RhDevice *imagine(const RhCase *c, const char *parent, const char *type)
{
    RhDevice *device = rh_device_new(RH_KIND_MDEV);

    rh_device_set_text(device, RH_ATTR_UUID, rh_guest_device_key(c->guest_device));
    rh_device_set_text(device, RH_ATTR_PARENT, parent);
    rh_device_set_text(device, RH_ATTR_TYPE, type);
    rh_inventory_tie(c->context->host, device);
    return device;
}

/* Whether devices of the driver say here what state they take. */
static gboolean is_asked(const RhInventory *host, const char *driver)
{
    GPtrArray *devices = host->devices[RH_KIND_MDEV];

    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *one = g_ptr_array_index(devices, i);

        if (rh_device_knows(one, RH_ATTR_MIGRATION_VERSION) &&
            g_strcmp0(rh_device_text(one, RH_ATTR_DRIVER), driver) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Where a version would be asked for, nobody can say beforehand that it would be taken. */
static gboolean would_fit(const RhCase *c, const char *parent, const char *type)
{
    g_autoptr(RhDevice) device = imagine(c, parent, type);
    RhCase made = {c->context, c->guest_device, c->entry, device};

    return rh_judge(&made, NULL) &&
           (c->context->cold ||
            !is_asked(c->context->host, rh_device_text(device, RH_ATTR_DRIVER)));
}

/* How many of @type can still be made on @parent. */
static guint64 count_left(const RhInventory *host, const char *parent, const char *type)
{
    GPtrArray *types = host->devices[RH_KIND_MDEV_TYPE];

    for (guint i = 0; i < types->len; i++) {
        const RhDevice *one = g_ptr_array_index(types, i);

        if (g_strcmp0(rh_device_text(one, RH_ATTR_PARENT), parent) == 0 &&
            g_strcmp0(rh_device_text(one, RH_ATTR_ID), type) == 0)
            return rh_device_number(one, RH_ATTR_AVAILABLE, 0);
    }
    return 0;
}

/* mdevctl has the very device defined. */
static gboolean offer_definition(const RhCase *c, GPtrArray *offers)
{
    const char *uuid = rh_guest_device_key(c->guest_device);
    GPtrArray *definitions = c->context->host->devices[RH_KIND_MDEV_DEFINITION];

    for (guint i = 0; i < definitions->len; i++) {
        const RhDevice *one = g_ptr_array_index(definitions, i);
        const char *parent = rh_device_text(one, RH_ATTR_PARENT);
        const char *type = rh_device_text(one, RH_ATTR_TYPE);

        if (!type || !rh_device_same_key(RH_KIND_MDEV, rh_device_name(one), uuid) ||
            count_left(c->context->host, parent, type) == 0 || !would_fit(c, parent, type))
            continue;
        g_ptr_array_add(offers, g_strdup_printf("mdevctl has it defined, and 'mdevctl start --uuid "
                                                "%s --parent %s' makes it",
                                                rh_device_name(one), parent));
        return TRUE;
    }
    return FALSE;
}

/* The type of which one can be made, of several the one whose place is the first. */
static void offer_instance(const RhCase *c, GPtrArray *offers)
{
    const RhInventory *host = c->context->host;
    const char *key = rh_guest_device_key(c->guest_device);
    const char *uuid = rh_inventory_find_key(host, RH_KIND_MDEV, key) ? "UUID" : key;
    const char *recorded = rh_device_text(c->entry, RH_ATTR_TYPE);
    const RhDevice *best = NULL;
    int best_place = G_MAXINT;

    for (guint i = 0; recorded && i < host->devices[RH_KIND_MDEV_TYPE]->len; i++) {
        const RhDevice *type = g_ptr_array_index(host->devices[RH_KIND_MDEV_TYPE], i);
        const char *id = rh_device_text(type, RH_ATTR_ID);
        int place = rh_policy_accepts(c->context->policy, recorded, id, c->context->cold);

        if (place < 0 || place >= best_place || rh_device_number(type, RH_ATTR_AVAILABLE, 0) == 0 ||
            !would_fit(c, rh_device_text(type, RH_ATTR_PARENT), id))
            continue;
        best = type;
        best_place = place;
    }
    if (best)
        g_ptr_array_add(
            offers,
            g_strdup_printf(
                "'%s' has room for %" G_GUINT64_FORMAT
                " more, and 'mdevctl start --uuid %s --parent %s --type %s' makes one",
                rh_device_text(best, RH_ATTR_PARENT), rh_device_number(best, RH_ATTR_AVAILABLE, 0),
                uuid, rh_device_text(best, RH_ATTR_PARENT), rh_device_text(best, RH_ATTR_ID)));
}

/* The one type here that is called like the recorded one but for a brand; NULL: none, or several.
 */
static const char *find_renumbered(const RhCase *c)
{
    const char *name = rh_device_text(c->entry, RH_ATTR_TYPE_NAME);
    GPtrArray *types = c->context->host->devices[RH_KIND_MDEV_TYPE];
    const char *found = NULL;

    for (guint i = 0; name && i < types->len; i++) {
        const RhDevice *type = g_ptr_array_index(types, i);
        const char *its_name = rh_device_text(type, RH_ATTR_NAME);
        const char *id = rh_device_text(type, RH_ATTR_ID);

        if (!its_name || !rh_type_names_alike(name, its_name) || g_strcmp0(found, id) == 0)
            continue;
        if (found)
            return NULL;
        found = id;
    }
    return found;
}

/* A guest that boots can do with a type that was given another number. */
static void offer_renumbered(const RhCase *c, GPtrArray *offers)
{
    const char *recorded = rh_device_text(c->entry, RH_ATTR_TYPE);
    const char *here = c->context->cold ? find_renumbered(c) : NULL;

    if (recorded && here &&
        rh_policy_accepts(c->context->policy, recorded, here, c->context->cold) < 0)
        g_ptr_array_add(offers, g_strdup_printf("type %s has the same name here, but for a brand "
                                                "before it: 'accept = %s' in [mdev %s] of "
                                                "virt-rehome.conf takes it",
                                                here, here, recorded));
}

static void offer(const RhCase *c, GPtrArray *offers)
{
    if (!offer_definition(c, offers))
        offer_instance(c, offers);
    offer_renumbered(c, offers);
    if (c->context->host->vgpu_vfs > 0)
        g_ptr_array_add(offers, g_strdup_printf("NVIDIA's driver has its vGPUs here as SR-IOV "
                                                "virtual functions (%u), and not as mediated "
                                                "devices, and those are not looked after",
                                                c->context->host->vgpu_vfs));
}

const RhRuleSet rh_mdev_rules = {.rows = rules,
                                 .n_rows = G_N_ELEMENTS(rules),
                                 .listed_row = &listed_row,
                                 .listed = find_listed,
                                 .cost = add_cost,
                                 .offer = offer};

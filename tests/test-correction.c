/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions that libvirt took from another host, corrected by what the guest runs with. */
#include "recorder/correction.h"
#include "xml/inventory-xml.h"

#include <string.h>

/* An interface, node N in slot S of the guest; its entry; and a disk. */
#define NIC(s, n) \
    "<interface type='vdpa'><source dev='/dev/vhost-vdpa-" n "'/><address type='pci' domain='0' " \
    "bus='0' slot='" s "' function='0'/></interface>"
#define ENTRY(s, n, name) \
    "<vdpa name='" name "' chardev='/dev/vhost-vdpa-" n "' class='net' guest-address=" \
    "'pci:0000:00:0" s ".0'/>"
#define DISK(n) \
    "<disk type='vhostvdpa' device='disk'><source dev='/dev/vhost-vdpa-" n "'/>" \
    "<target dev='vda' bus='virtio'/></disk>"

static RhDomain *new_domain(const char *host, const char *entries, const char *devices)
{
    g_autofree char *metadata = host ? g_strdup_printf("<metadata><record xmlns='urn:virt-rehome:1'"
                                                       " format='1' host='%s'>%s</record>"
                                                       "</metadata>",
                                                       host, entries)
                                     : g_strdup("");
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>web1</name>%s<devices>%s</devices></domain>", metadata, devices);
    g_autoptr(GBytes) bytes = g_bytes_new(xml, strlen(xml));
    g_autoptr(GError) error = NULL;
    RhDomain *domain = rh_domain_parse(bytes, &error);

    g_assert_no_error(error);
    g_assert_true(rh_domain_read_record(domain, &error));
    g_assert_no_error(error);
    return domain;
}

static RhInventory *new_host(void)
{
    const char *xml = "<host xmlns='urn:virt-rehome:1' format='1' name='here' kernel='6.12'/>";
    g_autoptr(GBytes) bytes = g_bytes_new_static(xml, strlen(xml));
    g_autoptr(GError) error = NULL;
    RhInventory *inventory = rh_inventory_parse(bytes, "the inventory", &error);

    g_assert_no_error(error);
    return inventory;
}

/* A definition, what the guest runs with on the host "here", and what comes of it. */
typedef struct {
    const char *host; /* of the definition's record; NULL: it has none */
    const char *entries;
    const char *defined;
    const char *running;
    const char *recorded; /* the running guest's entries */
    RhNews news;
    const char *sources; /* of the definition afterwards, the ends of their nodes' names */
    const char *moves;
    const char *warnings[2]; /* parts of the sentences, in their order; NULL: no more of them */
    gboolean uncorrected;
} Case;

static const Case cases[] = {
    /* the record says where it is from, and by the address the devices are the same */
    {.host = "there",
     .entries = ENTRY("2", "7", "a"),
     .defined = NIC("2", "7") NIC("3", "8"),
     .running = NIC("3", "4") NIC("2", "3"),
     .sources = "3 4",
     .moves = "'/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-3' "
              "'/dev/vhost-vdpa-8' -> '/dev/vhost-vdpa-4'"},
    /* two that change places */
    {.host = "there",
     .entries = "",
     .defined = NIC("2", "3") NIC("3", "4"),
     .running = NIC("2", "4") NIC("3", "3"),
     .sources = "4 3",
     .moves = "'/dev/vhost-vdpa-3' -> '/dev/vhost-vdpa-4' "
              "'/dev/vhost-vdpa-4' -> '/dev/vhost-vdpa-3'"},
    /* without a record it is from elsewhere if its guest has just come */
    {.defined = NIC("2", "7"),
     .running = NIC("2", "3"),
     .news = {.arrived = TRUE},
     .sources = "3",
     .moves = "'/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-3'"},
    {.defined = NIC("2", "7"), .running = NIC("2", "3"), .sources = "7", .uncorrected = TRUE},
    /* this host's own definition may be meant as it is; a person says that it is not */
    {.host = "here",
     .entries = ENTRY("2", "7", "a"),
     .defined = NIC("2", "7"),
     .running = NIC("2", "3"),
     .recorded = ENTRY("2", "3", "a"),
     .news = {.arrived = TRUE},
     .sources = "7",
     .uncorrected = TRUE},
    {.host = "here",
     .entries = ENTRY("2", "7", "a"),
     .defined = NIC("2", "7"),
     .running = NIC("2", "3"),
     .recorded = ENTRY("2", "3", "a"),
     .news = {.refresh = TRUE},
     .sources = "3",
     .moves = "'/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-3'"},
    /* one that the running guest has not, and nobody else of its guest either */
    {.host = "there",
     .entries = "",
     .defined = NIC("2", "7") NIC("4", "9"),
     .running = NIC("2", "3"),
     .sources = "3 9",
     .moves = "'/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-3'",
     .warnings = {"names '/dev/vhost-vdpa-9', which was a device of the host that it came from"}},
    /* and one that would be called like another */
    {.host = "there",
     .entries = "",
     .defined = NIC("2", "7") NIC("4", "3"),
     .running = NIC("2", "3"),
     .sources = "7 3",
     .warnings = {"is called '/dev/vhost-vdpa-3' like one that it has here; it is left as it is"},
     .uncorrected = TRUE},
    /* a disk is no interface, in whatever slot */
    {.host = "there",
     .entries = "",
     .defined = DISK("7"),
     .running = NIC("2", "7"),
     .sources = "7",
     .warnings = {"names '/dev/vhost-vdpa-7', which was a device of the host that it came from"}},
    /* started on what got the number after a reboot */
    {.host = "here",
     .entries = ENTRY("2", "3", "a") ENTRY("3", "4", "b"),
     .defined = NIC("2", "3") NIC("3", "4"),
     .running = NIC("3", "4") NIC("2", "3"),
     .recorded = ENTRY("3", "4", "b") ENTRY("2", "3", "other"),
     .sources = "3 4",
     .warnings = {"runs with 'other' as '/dev/vhost-vdpa-3', which was 'a' when it was recorded"},
     .uncorrected = TRUE},
    {.host = "here",
     .entries = ENTRY("2", "3", "a"),
     .defined = NIC("2", "3"),
     .running = NIC("2", "3"),
     .recorded = ENTRY("2", "3", "other"),
     .news = {.accept = TRUE},
     .sources = "3",
     .uncorrected = TRUE},
    /* another host's name says nothing here */
    {.host = "there",
     .entries = ENTRY("2", "3", "a"),
     .defined = NIC("2", "3"),
     .running = NIC("2", "3"),
     .recorded = ENTRY("2", "3", "other"),
     .sources = "3"},
};

static char *describe_sources(RhDomain *definition)
{
    const RhGuest *guest = rh_domain_guest(definition);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", strrchr(device->source, '-') + 1);
    }
    return g_string_free(text, FALSE);
}

static void assert_warnings(GPtrArray *warnings, const Case *expected)
{
    guint n = 0;

    while (n < G_N_ELEMENTS(expected->warnings) && expected->warnings[n])
        n++;
    g_assert_cmpuint(warnings->len, ==, n);
    for (guint i = 0; i < n; i++) {
        const char *text = g_ptr_array_index(warnings, i);

        g_test_message("%s", text);
        g_assert_nonnull(strstr(text, "guest 'web1'"));
        g_assert_nonnull(strstr(text, expected->warnings[i]));
    }
}

/* The record of @running as it would be made now: its entries are those that it has. */
static RhRecord *make_record(const RhGuest *running)
{
    RhRecord *record = rh_record_new();

    for (guint i = 0; i < running->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(running->devices, i);

        if (device->entry)
            rh_record_add(record, device, rh_device_copy(device->entry));
    }
    return record;
}

static void test_case(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(RhDomain) definition = new_domain(one->host, one->entries, one->defined);
    g_autoptr(RhDomain) running =
        new_domain("here", one->recorded ? one->recorded : "", one->running);
    g_autoptr(RhRecord) recorded = make_record(rh_domain_guest(running));
    g_autoptr(RhInventory) host = new_host();
    g_autoptr(GPtrArray) moves = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *sources = NULL;
    g_autofree char *moved = NULL;
    RhCorrection correction = {.name = "web1",
                               .definition = definition,
                               .running = rh_domain_guest(running),
                               .recorded = recorded,
                               .host = host,
                               .news = &one->news};

    g_assert_cmpint(rh_correction_make(&correction, moves, warnings), ==, !one->uncorrected);
    rh_correction_warn(&correction, warnings);
    sources = describe_sources(definition);
    g_assert_cmpstr(sources, ==, one->sources);
    g_ptr_array_add(moves, NULL);
    moved = g_strjoinv(" ", (GStrv)moves->pdata);
    g_assert_cmpstr(moved, ==, one->moves ? one->moves : "");
    assert_warnings(warnings, one);
}

/* What is corrected in the tree is so in the document, and nothing else of it changes. */
static void test_document(void)
{
    g_autoptr(RhDomain) definition = new_domain(NULL, NULL, NIC("2", "7"));
    g_autoptr(RhDomain) running = new_domain(NULL, NULL, NIC("2", "3"));
    g_autoptr(RhInventory) host = new_host();
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    const RhNews news = {.arrived = TRUE};
    const RhCorrection correction = {.name = "web1",
                                     .definition = definition,
                                     .running = rh_domain_guest(running),
                                     .host = host,
                                     .news = &news};

    g_assert_true(rh_correction_make(&correction, texts, texts));
    bytes = rh_domain_serialise(definition, &error);
    g_assert_no_error(error);
    text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_assert_nonnull(strstr(text, "dev=\"/dev/vhost-vdpa-3\""));
    g_assert_null(strstr(text, "vhost-vdpa-7"));
    g_assert_null(strstr(text, "metadata"));
}

int main(int argc, char **argv)
{
    g_log_writer_default_set_use_stderr(TRUE);
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/correction/case/%u", i);

        g_test_add_data_func(name, &cases[i], test_case);
    }
    g_test_add_func("/correction/document", test_document);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a guest's XML uses devices: what the front answers by itself, the parser has nothing of. */
#include "front/guest.h"
#include "front/memory.h"
#include "util/error.h"
#include "util/file.h"
#include "xml/domain.h"
#include "xml/status.h"
#include "xml/unread.h"

#include <unistd.h>

/* What the front makes of the XML. */
static gboolean front_goes_on(GBytes *xml)
{
    struct timespec until;
    RhFrontGuest guest = {0};
    gsize length;
    const char *bytes = g_bytes_get_data(xml, &length);
    int file = rh_front_memory();

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 60;
    g_assert_true(rh_front_write(file, bytes, length));
    g_assert_cmpint(lseek(file, 0, SEEK_SET), ==, 0);
    rh_front_guest_read(&guest, file, &until);
    rh_front_close(&file);
    rh_front_close(&guest.xml);
    return guest.may_have_devices;
}

/* Whether the parser sees that there is nothing of ours: what it cannot read may have something. */
static gboolean is_free_of_ours(GBytes *xml)
{
    g_autoptr(RhDomain) domain = rh_domain_parse(xml, NULL);

    return domain && rh_domain_guest(domain)->devices->len == 0 &&
           !rh_unattended_any_unknown(rh_domain_guest(domain)->unattended);
}

static void check(const char *name, GBytes *xml)
{
    if (!front_goes_on(xml) && !is_free_of_ours(xml))
        g_error("the front answers for %s, which has devices of ours or cannot be read", name);
    g_assert_true(front_goes_on(xml) || !rh_domain_may_have_devices(xml));
}

static void test_fixtures(void)
{
    g_autofree char *folder = g_build_filename(g_getenv("RH_SOURCE_DIR"), "tests/fixtures", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n_free = 0;
    guint n = 0;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, "domain.xml", NULL);
        g_autoptr(GBytes) xml = rh_read_regular(path, "a fixture", NULL);

        if (!xml)
            continue;
        check(name, xml);
        n_free += !front_goes_on(xml);
        n++;
    }
    g_assert_cmpuint(n, >, 250);
    g_assert_cmpuint(n_free, >, 0);
}

/* Each form that <devices> has for a device of ours, and the two that are only counted. */
static const struct {
    const char *xml;
    const char *source; /* NULL: not ours */
    const char *moved;
} forms[] = {
    {"<interface type='vdpa'><source dev='/dev/vhost-vdpa-3'/></interface>", "/dev/vhost-vdpa-3",
     "/dev/vhost-vdpa-7"},
    {"<disk type='vhostvdpa' device='disk'><source dev='/dev/vhost-vdpa-3'/></disk>",
     "/dev/vhost-vdpa-3", "/dev/vhost-vdpa-7"},
    {"<disk type='file' device='disk'><source file='/srv/2'/><backingStore type='file'><source "
     "file='/srv/1'/><backingStore type='vhostvdpa'><source "
     "dev='/dev/vhost-vdpa-3'/><backingStore/>"
     "</backingStore></backingStore></disk>",
     "/dev/vhost-vdpa-3", "/dev/vhost-vdpa-7"},
    {"<disk type='file' device='disk'><source file='/srv/1'/><mirror type='vhostvdpa' job='copy'>"
     "<format type='raw'/><source dev='/dev/vhost-vdpa-3'/></mirror></disk>",
     "/dev/vhost-vdpa-3", "/dev/vhost-vdpa-7"},
    {"<disk type='file' device='disk'><source file='/srv/1'/><mirror type='file' job='copy'>"
     "<source file='/srv/2'/><backingStore type='vhostvdpa'><source dev='/dev/vhost-vdpa-3'/>"
     "</backingStore></mirror></disk>",
     "/dev/vhost-vdpa-3", "/dev/vhost-vdpa-7"},
    {"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>"
     "<address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>",
     "c2177883-f1bb-47f0-914d-32a22e3a8804", "0e6a1b3c-5a0e-4d8e-9a39-0a2f0a4f1c11"},
    {"<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x3b' slot='0x02' "
     "function='0x1'/></source></hostdev>",
     NULL, NULL},
    {"<interface type='hostdev'><source><address type='pci' domain='0x0000' bus='0x3b' slot='0x02' "
     "function='0x1'/></source></interface>",
     NULL, NULL},
};

static GBytes *domain_with(const char *device)
{
    char *xml = g_strdup_printf("<domain type='kvm'>\n  <name>web1</name>\n  <devices>\n    %s\n  "
                                "</devices>\n</domain>\n",
                                device);

    g_strdelimit(xml, "'", '"'); /* as libxml2 writes it */
    return g_bytes_new_take(xml, strlen(xml));
}

/* Its source is read, written, found in libvirt's own files and guessed where none can be read. */
static void test_forms(void)
{
    RhKinds seen = 0;

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(GBytes) xml = domain_with(forms[i].xml);
        g_autoptr(RhDomain) domain = rh_domain_parse(xml, NULL);
        g_autoptr(RhGuest) status = rh_status_parse(xml, "a status file", NULL);
        g_autoptr(RhGuest) unread = rh_unread_guest(xml, "web1", NULL);
        RhGuest *guest = rh_domain_guest(domain);
        g_autoptr(GBytes) written = NULL;
        g_autoptr(GBytes) expected = NULL;
        g_auto(GStrv) parts = NULL;
        g_autofree char *moved = NULL;
        RhGuestDevice *device;

        check(forms[i].xml, xml);
        g_assert_cmpuint(guest->n_vfio, ==, strstr(forms[i].xml, "dev/vhost") ? 0 : 1);
        if (!forms[i].source) {
            g_assert_cmpuint(guest->devices->len, ==, 0);
            g_assert_cmpuint(guest->unattended->len, ==, 1);
            g_assert_null(status);
            g_assert_null(unread);
            continue;
        }
        device = g_ptr_array_index(guest->devices, 0);
        seen |= RH_KIND_BIT(device->kind);
        g_assert_cmpstr(device->source, ==, forms[i].source);
        g_assert_true(rh_guest_has_device(status, device->kind, forms[i].source));
        g_assert_true(rh_guest_has_device(unread, device->kind, forms[i].source));
        rh_domain_set_source(domain, device, forms[i].moved);
        written = rh_domain_serialise(domain, NULL);
        parts = g_strsplit(forms[i].xml, forms[i].source, -1);
        moved = g_strjoinv(forms[i].moved, parts);
        expected = domain_with(moved);
        g_assert_cmpmem(g_bytes_get_data(written, NULL), g_bytes_get_size(written),
                        g_bytes_get_data(expected, NULL), g_bytes_get_size(expected));
    }
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        g_assert_cmpint(rh_kind_is_given((RhKind)kind), ==, (seen >> kind) & 1);
}

/* What there is of it in a disk: its guest address is the disk's, whatever stands between. */
static void test_chain(void)
{
    static const struct {
        const char *chain;
        gboolean read_only;
    } expected[] = {{"", FALSE}, {"backingStore/backingStore", TRUE}, {"mirror", FALSE}};
    g_autoptr(GBytes) xml = domain_with(
        "<disk type='vhostvdpa'><source dev='/dev/vhost-vdpa-0'/><backingStore type='file'>"
        "<backingStore type='vhostvdpa'><source dev='/dev/vhost-vdpa-1'/></backingStore>"
        "</backingStore><mirror type='vhostvdpa'><source dev='/dev/vhost-vdpa-2'/></mirror>"
        "<address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></disk>");
    g_autoptr(RhDomain) domain = rh_domain_parse(xml, NULL);
    GPtrArray *devices = rh_domain_guest(domain)->devices;

    g_assert_cmpuint(devices->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(devices, i);

        g_assert_cmpstr(device->guest_address, ==, "pci:0000:04:00.0");
        g_assert_cmpstr(device->chain, ==, expected[i].chain);
        g_assert_cmpint(device->read_only, ==, expected[i].read_only);
    }
}

/* What is named of the host and not looked after. */
#define ARGUMENT(text) \
    "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>" \
    "<qemu:arg value='" text "'/></qemu:commandline>"
#define UUID_M "c2177883-f1bb-47f0-914d-32a22e3a8804"

static const struct {
    const char *device; /* in <devices> */
    const char *domain; /* or behind them */
    const char *kind;   /* NULL: there is nothing to tell */
    const char *source;
    gboolean is_unknown;
    gboolean is_used; /* by a guest of whose status file it is */
} unattended[] = {
    {"<hostdev type='pci'><source><address domain='0x0000' bus='0x3b' slot='0x00' function='0x2'/>"
     "</source></hostdev>",
     "", "pci", "0000:3b:00.2", FALSE, FALSE},
    {"<interface type='hostdev'><source><address type='pci' domain='1' bus='59' slot='2' "
     "function='1'/></source></interface>",
     "", "pci", "0001:3b:02.1", FALSE, FALSE},
    {"<disk type='nvme'><source type='pci'><address domain='0x0000' bus='0x3b' slot='0x00' "
     "function='0x2'/></source></disk>",
     "", "pci", "0000:3b:00.2", FALSE, FALSE},
    {"<hostdev type='usb'><source><vendor id='0x1d6b'/><product id='0x0002'/></source></hostdev>",
     "", "usb", "1d6b:0002", FALSE, FALSE},
    {"<hostdev type='usb'><source><address bus='1' device='4'/></source></hostdev>", "", "usb",
     "bus 1, device 4", FALSE, FALSE},
    {"<hostdev type='scsi'><source><adapter name='scsi_host0'/><address bus='0' target='1' "
     "unit='2'/></source></hostdev>",
     "", "scsi", "scsi_host0:0:1:2", FALSE, FALSE},
    {"<hostdev type='scsi'><source protocol='iscsi' name='iqn.2026-11.example:1'/></hostdev>", "",
     NULL, NULL, FALSE, FALSE},
    {"<hostdev type='scsi_host'><source protocol='vhost' wwpn='naa.5123456789abcde0'/></hostdev>",
     "", "scsi_host", "naa.5123456789abcde0", FALSE, FALSE},
    {"<hostdev type='later'><source><place path='/dev/later0'/></source></hostdev>", "", "later",
     "/dev/later0", FALSE, FALSE},
    {"<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>",
     "", "tpm", "/dev/tpm0", FALSE, FALSE},
    {"<input type='evdev'><source dev='/dev/input/event1'/></input>", "", "input",
     "/dev/input/event1", FALSE, FALSE},
    {"<serial type='dev'><source path='/dev/ttyS0'/></serial>"
     "<console type='dev'><source path='/dev/ttyS0'/></console>",
     "", "char", "/dev/ttyS0", FALSE, FALSE},
    {"<interface type='network'><source network='sriov'/></interface><interface type='direct'>"
     "<source dev='ens1f0'/></interface><disk type='block'><source dev='/dev/sda'/></disk>"
     "<rng><backend model='random'>/dev/urandom</backend></rng>",
     "", NULL, NULL, FALSE, FALSE},
    {"<hostdev mode='subsystem' type='vdpa'><source dev='/dev/vhost-vdpa-3'/></hostdev>", "",
     "vdpa", "/dev/vhost-vdpa-3", TRUE, TRUE},
    {"<disk type='file'><source file='/srv/1'><dataStore type='vhostvdpa'>"
     "<source path='/dev/vhost-vdpa-3'/></dataStore></source></disk>",
     "", "vdpa", "/dev/vhost-vdpa-3", TRUE, TRUE},
    {"<mirror type='vhostvdpa'><source dev='/dev/vhost-vdpa-3'/></mirror>", "", "vdpa",
     "/dev/vhost-vdpa-3", TRUE, TRUE},
    {"<graphics type='vdpa'/>", "", NULL, NULL, FALSE, FALSE},
    {"", "<x><a type='vdpa'><source dev='/dev/vhost-vdpa-3'/></a></x>", NULL, NULL, FALSE, FALSE},
    {"", ARGUMENT("vhost-vdpa,id=h,vhostdev=/dev/vhost-vdpa-3"), "vdpa", "/dev/vhost-vdpa-3", TRUE,
     TRUE},
    {"",
     ARGUMENT("{&quot;type&quot;:&quot;vhost-vdpa&quot;,&quot;vhostdev&quot;:&quot;/dev/vdpa/a"
              "&quot;}"),
     "vdpa", "/dev/vdpa/a", TRUE, TRUE},
    {"", ARGUMENT("vhost-vdpa,id=h,vhostfd=7"), "vdpa", "vhost-vdpa,id=h,vhostfd=7", TRUE, FALSE},
    {"", ARGUMENT("vfio-pci,sysfsdev=/sys/bus/mdev/devices/" UUID_M ",id=m"), "mdev", UUID_M, FALSE,
     TRUE},
    {"",
     ARGUMENT("{&quot;driver&quot;: &quot;vfio-pci&quot;, &quot;sysfsdev&quot;: "
              "&quot;/sys/bus/mdev/devices/" UUID_M "&quot;}"),
     "mdev", UUID_M, FALSE, TRUE},
    {"", ARGUMENT("vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:3b:00.2"), "pci", "0000:3b:00.2",
     FALSE, FALSE},
    {"", ARGUMENT("vfio-pci,sysfsdev=/sys/devices/platform/x"), "vfio", "/sys/devices/platform/x",
     FALSE, FALSE},
    {"", ARGUMENT("vfio-pci,host=3b:00.2,id=p"), "pci", "0000:3b:00.2", FALSE, FALSE},
    {"", ARGUMENT("vfio-pci,id=host,host=0001:3b:00.2"), "pci", "0001:3b:00.2", FALSE, FALSE},
    {"", ARGUMENT("usb-host,hostbus=1,hostaddr=4"), "usb", "usb-host,hostbus=1,hostaddr=4", FALSE,
     FALSE},
    {"", ARGUMENT("guest=vdpa-router,host=a"), NULL, NULL, FALSE, FALSE},
    {"",
     "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:env name='X' "
     "value='vhost-vdpa'/></q:commandline>",
     NULL, NULL, FALSE, FALSE},
    {"",
     "<qemu:override xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:device "
     "alias='hostdev0'><qemu:frontend><qemu:property name='sysfsdev' type='string' "
     "value='/sys/bus/mdev/devices/" UUID_M "'/></qemu:frontend></qemu:device></qemu:override>",
     "mdev", UUID_M, FALSE, TRUE},
};

static GBytes *domain_of(const char *device, const char *domain)
{
    char *xml = g_strdup_printf("<domain><name>web1</name><devices>%s</devices>%s</domain>", device,
                                domain);

    return g_bytes_new_take(xml, strlen(xml));
}

static void test_unattended(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(unattended); i++) {
        g_autoptr(GBytes) xml = domain_of(unattended[i].device, unattended[i].domain);
        g_autoptr(RhDomain) domain = rh_domain_parse(xml, NULL);
        const GPtrArray *list = rh_domain_guest(domain)->unattended;
        const RhUnattended *one = list->len > 0 ? g_ptr_array_index(list, 0) : NULL;

        g_test_message("%s%s", unattended[i].device, unattended[i].domain);
        g_assert_cmpuint(rh_domain_guest(domain)->devices->len, ==, 0);
        g_assert_cmpuint(list->len, ==, unattended[i].kind ? 1 : 0);
        g_assert_cmpstr(one ? one->kind : NULL, ==, unattended[i].kind);
        g_assert_cmpstr(one ? one->source : NULL, ==, unattended[i].source);
        g_assert_cmpint(one && one->is_unknown, ==, unattended[i].is_unknown);
        check(unattended[i].device, xml);
    }
}

/* What may be ours is in use by the guest that runs with it, also where its file cannot be read. */
static void test_unattended_in_use(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(unattended); i++) {
        g_autoptr(GBytes) xml = domain_of(unattended[i].device, unattended[i].domain);
        g_autoptr(RhGuest) status = rh_status_parse(xml, "a status file", NULL);
        g_autoptr(RhGuest) unread = rh_unread_guest(xml, "web1", NULL);
        const char *source = unattended[i].source;
        RhKind kind = g_strcmp0(unattended[i].kind, "mdev") == 0 ? RH_KIND_MDEV : RH_KIND_VDPA;

        if (!unattended[i].is_used)
            continue;
        g_test_message("%s%s", unattended[i].device, unattended[i].domain);
        g_assert_true(rh_guest_has_device(status, kind, source));
        g_assert_true(((RhGuestDevice *)g_ptr_array_index(status->devices, 0))->is_unplanned);
        g_assert_true(rh_guest_has_device(unread, kind, source));
    }
}

static void test_too_many_unattended(void)
{
    g_autoptr(GString) devices = g_string_new(NULL);
    g_autoptr(GBytes) xml = NULL;
    g_autoptr(RhDomain) domain = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i <= 1024; i++)
        g_string_append_printf(devices,
                               "<hostdev type='usb'><source><vendor id='1'/><product id='%u'/>"
                               "</source></hostdev>",
                               i);
    xml = domain_of(devices->str, "");
    domain = rh_domain_parse(xml, &error);
    g_assert_null(domain);
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/use/fixtures", test_fixtures);
    g_test_add_func("/use/forms", test_forms);
    g_test_add_func("/use/chain", test_chain);
    g_test_add_func("/use/unattended", test_unattended);
    g_test_add_func("/use/unattended/in-use", test_unattended_in_use);
    g_test_add_func("/use/unattended/too-many", test_too_many_unattended);
    return g_test_run();
}

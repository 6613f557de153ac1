/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/connection.h"

#include "util/error.h"
#include "util/text.h"

#include <libvirt/virterror.h>
#include <string.h>

#define DEFAULT_URI "qemu:///system"
/* How long QEMU may take to answer before it counts as hanging. */
#define OCCUPIED_STEPS 10
#define OCCUPIED_STEP_US (50 * 1000)
#define RECORD_URI "urn:virt-rehome:1"
#define RECORD_KEY "rehome" /* the prefix that libvirt gives the element */

static void be_quiet(void *data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

void rh_connection_init(void)
{
    (void)virInitialize();
    virSetErrorFunc(NULL, be_quiet);
}

const char *rh_connection_uri(const char *uri)
{
    const char *configured = g_getenv("LIBVIRT_DEFAULT_URI");

    if (uri)
        return uri;
    return configured && *configured ? configured : DEFAULT_URI;
}

/* What to do about an error of libvirt's; NULL: it says so itself. */
static const char *advice(int code)
{
    switch (code) {
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_SYSTEM_ERROR:
    case VIR_ERR_RPC:
    case VIR_ERR_INTERNAL_ERROR:
        return "see that libvirt's daemon runs there (systemctl status virtqemud libvirtd)";
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
        return "run it as root, or as a user whom libvirt lets manage guests (group libvirt)";
    case VIR_ERR_OPERATION_DENIED:
        return "the connection may only read: use one that may change guests, as root or as a user "
               "of group libvirt";
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_RESOURCE_BUSY:
        return "another job holds the guest (a migration, a snapshot, …): wait until it is done "
               "('virsh domjobinfo' shows it), then try again";
    case VIR_ERR_NO_DOMAIN:
        return "'virsh list --all' shows the guests";
    default:
        return NULL;
    }
}

gboolean rh_connection_raise(GError **error, const char *format, ...)
{
    const virError *reason = virGetLastError();
    int code = reason ? reason->code : VIR_ERR_OK;
    const char *hint = advice(code);
    g_autofree char *message = g_strdup(reason && reason->message ? reason->message : "no reason");
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    return rh_raise(error, code == VIR_ERR_NO_DOMAIN ? RH_ERROR_INPUT : RH_ERROR_HOST,
                    "cannot %s: %s%s%s", what, rh_one_line(message), hint ? "; " : "",
                    hint ? hint : "");
}

gboolean rh_connection_is_busy(void)
{
    const virError *reason = virGetLastError();

    return reason &&
           (reason->code == VIR_ERR_OPERATION_TIMEOUT || reason->code == VIR_ERR_RESOURCE_BUSY);
}

gboolean rh_connection_is_gone(void)
{
    const virError *reason = virGetLastError();

    return reason && reason->code == VIR_ERR_NO_DOMAIN;
}

virConnectPtr rh_connection_open(const char *uri, gboolean read_only, GError **error)
{
    const char *meant = rh_connection_uri(uri);
    virConnectPtr connection = read_only ? virConnectOpenReadOnly(meant) : virConnectOpen(meant);

    if (!connection)
        rh_connection_raise(error, "connect to libvirt at '%s'", meant);
    return connection;
}

virDomainPtr rh_connection_find(virConnectPtr connection, const char *guest, GError **error)
{
    g_autofree char *uri = virConnectGetURI(connection);
    virDomainPtr domain = virDomainLookupByName(connection, guest);

    if (!domain && g_uuid_string_is_valid(guest))
        domain = virDomainLookupByUUIDString(connection, guest);
    if (domain)
        return domain;
    rh_connection_raise(error, "find guest '%s' at '%s'", guest, uri ? uri : "");
    return NULL;
}

static void domain_free(gpointer domain)
{
    rh_domain_handle_free(domain);
}

GPtrArray *rh_connection_new_list(void)
{
    return g_ptr_array_new_with_free_func(domain_free);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    virDomainPtr const *first = a;
    virDomainPtr const *second = b;

    return rh_natural_compare(virDomainGetName(*first), virDomainGetName(*second));
}

GPtrArray *rh_connection_list(virConnectPtr connection, GError **error)
{
    g_autoptr(GPtrArray) domains = rh_connection_new_list();
    g_autofree virDomainPtr *list = NULL;
    int n = virConnectListAllDomains(connection, &list, 0);

    if (n < 0) {
        rh_connection_raise(error, "list the guests");
        return NULL;
    }
    for (int i = 0; i < n; i++)
        g_ptr_array_add(domains, list[i]);
    g_ptr_array_sort(domains, compare_names);
    return g_steal_pointer(&domains);
}

GBytes *rh_connection_xml(virDomainPtr domain, guint flags, GError **error)
{
    const char *name = virDomainGetName(domain); /* asked later, it would clear the error */
    char *xml = virDomainGetXMLDesc(domain, flags);

    if (!xml) {
        rh_connection_raise(error, "read the XML of guest '%s'", name);
        return NULL;
    }
    return g_bytes_new_take(xml, strlen(xml));
}

GBytes *rh_connection_definition(virDomainPtr domain, GError **error)
{
    return rh_connection_xml(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, error);
}

/* Whether a guest is paused by a job, not by a person or a fault. */
static gboolean is_passing(int reason)
{
    return reason == VIR_DOMAIN_PAUSED_MIGRATION || reason == VIR_DOMAIN_PAUSED_SAVE ||
           reason == VIR_DOMAIN_PAUSED_DUMP || reason == VIR_DOMAIN_PAUSED_SNAPSHOT ||
           reason == VIR_DOMAIN_PAUSED_STARTING_UP || reason == VIR_DOMAIN_PAUSED_POSTCOPY;
}

/* Whether somebody has waited for QEMU for a while, or but had a job there where @any. */
static gboolean is_occupied(virDomainPtr handle, gboolean any)
{
    virDomainControlInfo control;

    for (guint i = 0; i < OCCUPIED_STEPS; i++) {
        if (virDomainGetControlInfo(handle, &control, 0) != 0 ||
            (any ? control.state == VIR_DOMAIN_CONTROL_OK
                 : control.state != VIR_DOMAIN_CONTROL_OCCUPIED))
            return FALSE;
        g_usleep(OCCUPIED_STEP_US);
    }
    return TRUE;
}

gboolean rh_connection_is_hanging(virDomainPtr domain)
{
    return is_occupied(domain, FALSE);
}

gboolean rh_connection_is_held(virDomainPtr domain)
{
    virDomainJobInfo job = {.type = VIR_DOMAIN_JOB_NONE};
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;

    if (virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_PAUSED &&
        is_passing(reason))
        return TRUE;
    return is_occupied(domain, TRUE) ||
           (virDomainGetJobInfo(domain, &job) == 0 &&
            (job.type == VIR_DOMAIN_JOB_BOUNDED || job.type == VIR_DOMAIN_JOB_UNBOUNDED));
}

gboolean rh_connection_write_record(virDomainPtr domain, const char *record, guint flags,
                                    GError **error)
{
    const char *name = virDomainGetName(domain);

    return virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, record, RECORD_KEY, RECORD_URI,
                                flags) == 0 ||
           rh_connection_raise(error, "write the record of guest '%s'", name);
}

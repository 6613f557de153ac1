/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt, as far as we speak with it: connections, guests, their XML and metadata; and its errors
 * as sentences.
 * https://libvirt.org/html/libvirt-libvirt-domain.html
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

static inline void rh_connection_close(virConnectPtr connection)
{
    (void)virConnectClose(connection);
}
static inline void rh_domain_handle_free(virDomainPtr domain)
{
    (void)virDomainFree(domain);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, rh_connection_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, rh_domain_handle_free)

/* Once, before all else: libvirt's own messages stay off standard error. */
void rh_connection_init(void);

/* The URI that is meant: @uri, or where it is NULL $LIBVIRT_DEFAULT_URI, or qemu:///system. */
const char *rh_connection_uri(const char *uri);

/* A connection to @uri (as above), the caller's. Error: RH_ERROR_HOST. */
virConnectPtr rh_connection_open(const char *uri, gboolean read_only, GError **error);

/* The guest with this name or UUID, the caller's. Error: RH_ERROR_INPUT (none such), RH_ERROR_HOST.
 */
virDomainPtr rh_connection_find(virConnectPtr connection, const char *guest, GError **error);

/* An empty list of virDomain, which owns them. */
GPtrArray *rh_connection_new_list(void);

/* All guests, in natural order of names; of virDomain, owned by the caller. Error: RH_ERROR_HOST.
 */
GPtrArray *rh_connection_list(virConnectPtr connection, GError **error);

/* A guest's XML, with VIR_DOMAIN_XML_… @flags; the caller's. Error: RH_ERROR_HOST. */
GBytes *rh_connection_xml(virDomainPtr domain, guint flags, GError **error);

/* The XML by which a guest starts the next time, whole, with its passwords: what may be defined
 * again; the caller's. Error: RH_ERROR_HOST. */
GBytes *rh_connection_definition(virDomainPtr domain, GError **error);

/* Whether a job holds the guest, or QEMU does not answer, so that a write would wait, at most half
 * a minute, and fail. Asks for at most half a second. */
gboolean rh_connection_is_held(virDomainPtr domain);

/* Whether another call has waited for the guest's QEMU for half a second by now, so that even its
 * XML is not to be had for half a minute (libvirt from 11 on). Asks for as long. */
gboolean rh_connection_is_hanging(virDomainPtr domain);

/* Puts @record, an element, in place of the record in the guest's metadata: the running guest's
 * (@flags VIR_DOMAIN_AFFECT_LIVE) or its definition's (VIR_DOMAIN_AFFECT_CONFIG). Error:
 * RH_ERROR_HOST, RH_ERROR_INPUT. */
gboolean rh_connection_write_record(virDomainPtr domain, const char *record, guint flags,
                                    GError **error);

/*
 * Makes of libvirt's last error a sentence: what could not be done ("write the record of guest
 * 'web1'"), why, and what to do about it. Returns FALSE. Error: RH_ERROR_HOST, or RH_ERROR_INPUT
 * where there is no such guest.
 */
gboolean rh_connection_raise(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Whether libvirt's last error passes by itself: another job holds the guest. */
gboolean rh_connection_is_busy(void);

/* Whether libvirt's last error is that there is no such guest. */
gboolean rh_connection_is_gone(void);

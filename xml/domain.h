/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's XML: its devices and record are read from it, and a plan is written into it. Nothing
 * else of it is touched. https://libvirt.org/formatdomain.html
 */
#pragma once

#include "core/plan.h"

typedef struct RhDomain RhDomain;

/*
 * Reads the devices, not yet the record: a guest without devices of ours must pass whatever its
 * metadata hold. Error: RH_ERROR_INPUT (not XML, not a domain, a device without a source).
 */
RhDomain *rh_domain_parse(GBytes *bytes, GError **error);
void rh_domain_free(RhDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhDomain, rh_domain_free)

/* The guest, owned by @domain. */
RhGuest *rh_domain_guest(RhDomain *domain);

/* Reads the record, if there is one, and finds each device's entry. Error: RH_ERROR_INPUT (two
 * records, a higher format, an entry without its key, …). */
gboolean rh_domain_read_record(RhDomain *domain, GError **error);

/* What the record says, as text on one line, cut to a length that a sentence can have; NULL: there
 * is none. Owned by the caller. */
char *rh_domain_record_text(RhDomain *domain);

/* Forgets a record that could not be read, as if there were none. Error: RH_ERROR_INPUT where it is
 * of a higher format, which is not for us to replace, or the fault is not the record's. */
gboolean rh_domain_forget_record(RhDomain *domain, GError **error);

/* Writes @plan, which fits, into the tree: sources and the record. */
void rh_domain_apply(RhDomain *domain, const RhPlan *plan);

/* Marks the entry of @device, of the domain's guest, as lost by the source that the device has, or
 * takes the mark away. FALSE: it was so already, or there is no entry. core/record.h. */
gboolean rh_domain_set_lost(RhDomain *domain, const RhGuestDevice *device, gboolean lost);

/* Puts @record, made at @time, in place of those that are there. */
void rh_domain_set_record(RhDomain *domain, const RhRecord *record, GDateTime *time);

/* @record, made at @time, as an element of its own: what virDomainSetMetadata takes. */
char *rh_domain_format_record(const RhRecord *record, GDateTime *time);

/* Makes @source the source of @device, of the domain's guest. */
void rh_domain_set_source(RhDomain *domain, RhGuestDevice *device, const char *source);

/* The tree as it is now, in the document's own encoding, with or without a declaration as it came.
 * Error: RH_ERROR_BUG. */
GBytes *rh_domain_serialise(RhDomain *domain, GError **error);

/* Whether @bytes may be of a guest with devices of ours: FALSE costs no parse. */
gboolean rh_domain_may_have_devices(GBytes *bytes);

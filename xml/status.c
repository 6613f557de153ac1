/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/status.h"

#include "util/error.h"
#include "xml/parse.h"
#include "xml/unattended.h"
#include "xml/use.h"

#define MAX_DEVICES 1024u /* of a guest that runs: libvirt has no limit of its own */

static gboolean refuse_many(const RhGuest *guest, const char *what, GError **error)
{
    return guest->devices->len <= MAX_DEVICES ||
           rh_raise(error, RH_ERROR_INPUT,
                    "%s has more than %u vDPA and mediated devices, which is the limit", what,
                    MAX_DEVICES);
}

static gboolean read_sources(RhGuest *guest, xmlNode *domain, const char *what, GError **error)
{
    xmlNode *devices = rh_xml_child(domain, NULL, "devices");

    for (xmlNode *node = rh_xml_walk(devices, devices); node; node = rh_xml_walk(devices, node)) {
        const RhUse *use = rh_use_by_type(node);
        char *source = use ? use->source->read(node) : NULL;
        RhGuestDevice *device = source ? rh_guest_add(guest, use->kind) : NULL;

        if (device) {
            device->source = source;
            device->is_unplanned = rh_use_of(node) != use;
        } else if (!rh_unattended_read(guest, node, error)) {
            return FALSE;
        }
        if (!refuse_many(guest, what, error))
            return FALSE;
    }
    return rh_unattended_read_arguments(guest, domain, error);
}

/* What may be a device of ours is one that the guest has. */
static gboolean take_unattended(RhGuest *guest, const char *what, GError **error)
{
    for (guint i = 0; i < guest->unattended->len; i++) {
        const RhUnattended *unattended = g_ptr_array_index(guest->unattended, i);
        RhGuestDevice *device;

        if (!unattended->is_ours)
            continue;
        device = rh_guest_add(guest, unattended->ours);
        device->source = g_strdup(unattended->source);
        device->is_unplanned = TRUE;
    }
    return refuse_many(guest, what, error);
}

RhGuest *rh_status_parse(GBytes *bytes, const char *what, GError **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    g_autoptr(RhGuest) guest = rh_guest_new();
    xmlNode *domain;

    if (!rh_use_is_typed(bytes))
        return NULL;
    doc = rh_xml_parse(bytes, what, error);
    if (!doc)
        return NULL;
    domain = xmlDocGetRootElement(doc);
    if (!g_str_equal((const char *)domain->name, "domain"))
        domain = rh_xml_child(domain, NULL, "domain");
    if (!rh_use_read_names(guest, domain, what, error) ||
        !read_sources(guest, domain, what, error) || !take_unattended(guest, what, error))
        return NULL;
    return rh_guest_has_ours(guest) ? g_steal_pointer(&guest) : NULL;
}

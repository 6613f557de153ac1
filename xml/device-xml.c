/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/device-xml.h"

#include "util/error.h"
#include "xml/parse.h"

#define TEXT(s) ((const xmlChar *)(s))

gboolean rh_device_read_attribute(RhDevice *device, const char *name, const char *value,
                                  GError **error)
{
    RhAttr attr = rh_attr_by_name(name);
    RhValue parsed;

    if (attr == RH_N_ATTRS)
        return TRUE;
    if (!rh_attr_parse(attr, value, &parsed))
        return rh_raise(error, RH_ERROR_INPUT, "<%s> has %s='%s', which is not a value of it",
                        rh_kind_info(device->kind)->element, name, value);
    rh_device_set_value(device, attr, parsed);
    return TRUE;
}

static void read_parameters(RhDevice *device, xmlNode *node)
{
    for (xmlNode *child = rh_xml_child(node, RH_NAMESPACE, "attribute"); child;
         child = rh_xml_next(child, RH_NAMESPACE, "attribute")) {
        g_autoptr(RhXmlText) name = rh_xml_get(child, "name");
        g_autoptr(RhXmlText) value = rh_xml_get(child, "value");

        if (name && value)
            rh_device_set_parameter(device, name, value);
    }
}

RhDevice *rh_device_read_entry(RhKind kind, xmlNode *node, GError **error)
{
    g_autoptr(RhDevice) device = rh_device_new(kind);
    const RhKindInfo *info = rh_kind_info(kind);

    for (xmlAttr *prop = node->properties; prop; prop = prop->next) {
        /* not by its name, which would be looked for among all again */
        g_autoptr(RhXmlText) value =
            prop->ns ? NULL : (RhXmlText *)xmlNodeGetContent((xmlNode *)prop);

        if (value && !rh_device_read_attribute(device, (const char *)prop->name, value, error))
            return NULL;
    }
    if (!rh_device_key(device)) {
        rh_raise(error, RH_ERROR_INPUT, "an entry <%s> of the record has no %s", info->element,
                 rh_attr_info(info->key)->name);
        return NULL;
    }
    read_parameters(device, node);
    return g_steal_pointer(&device);
}

static gboolean has_parameters(const RhDevice *device, xmlNode *node)
{
    g_autoptr(RhDevice) old = rh_device_new(device->kind);
    g_autoptr(RhDevice) new = rh_device_new(device->kind);

    read_parameters(old, node);
    rh_device_take_parameters(new, device);
    return rh_device_equal(old, new);
}

static void write_parameters(const RhDevice *device, xmlNode *node)
{
    g_autoptr(GList) names = rh_device_parameter_names(device);
    xmlNode *child;

    if (has_parameters(device, node))
        return;
    child = rh_xml_child(node, RH_NAMESPACE, "attribute");
    while (child) {
        xmlNode *next = rh_xml_next(child, RH_NAMESPACE, "attribute");

        xmlUnlinkNode(child);
        xmlFreeNode(child);
        child = next;
    }
    for (GList *name = names; name; name = name->next) {
        child = xmlNewTextChild(node, node->ns, TEXT("attribute"), NULL);
        rh_xml_set(child, "name", name->data);
        rh_xml_set(child, "value", rh_device_parameter(device, name->data));
    }
}

void rh_device_write_entry(const RhDevice *device, xmlNode *node)
{
    const RhAttr *attrs = rh_kind_info(device->kind)->recorded;

    for (guint i = 0; attrs[i] != RH_N_ATTRS; i++) {
        g_autofree char *value = rh_device_format(device, attrs[i]);

        rh_xml_set(node, rh_attr_info(attrs[i])->name, value);
    }
    write_parameters(device, node);
}

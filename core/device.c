/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/device.h"

#include "util/text.h"

#include <string.h>

RhDevice *rh_device_new(RhKind kind)
{
    RhDevice *device = g_new0(RhDevice, 1);

    device->kind = kind;
    return device;
}

RhDevice *rh_device_copy(const RhDevice *device)
{
    RhDevice *copy = rh_device_new(device->kind);

    for (guint attr = 0; attr < RH_N_ATTRS; attr++)
        rh_device_take(copy, (RhAttr)attr, device);
    rh_device_take_parameters(copy, device);
    return copy;
}

void rh_device_free(RhDevice *device)
{
    if (!device)
        return;
    for (guint attr = 0; attr < RH_N_ATTRS; attr++)
        rh_device_unset(device, (RhAttr)attr);
    g_clear_pointer(&device->parameters, g_hash_table_unref);
    g_free(device);
}

void rh_device_unset(RhDevice *device, RhAttr attr)
{
    if (rh_device_knows(device, attr))
        rh_attr_clear(attr, device->values[attr]);
    rh_bits_remove(device->known, attr);
}

void rh_device_set_value(RhDevice *device, RhAttr attr, RhValue value)
{
    rh_device_unset(device, attr);
    device->values[attr] = value;
    rh_bits_add(device->known, attr);
}

void rh_device_set_number(RhDevice *device, RhAttr attr, guint64 number)
{
    rh_device_set_value(device, attr, (RhValue){.number = number});
}

void rh_device_set_text(RhDevice *device, RhAttr attr, const char *text)
{
    char *copy = text && *text ? g_strdup(text) : NULL;

    if (copy)
        rh_device_set_value(device, attr, (RhValue){.text = copy});
    else
        rh_device_unset(device, attr);
}

static void set_user(RhDevice *device, RhAttr attr, const RhUser *user)
{
    RhUser without_uuid = *user;

    without_uuid.uuid = NULL;
    rh_device_set_value(device, attr, (RhValue){.user = rh_user_copy(&without_uuid)});
}

void rh_device_set_used_by(RhDevice *device, const RhUser *user)
{
    rh_device_set_text(device, RH_ATTR_USED_BY_UUID, user ? user->uuid : NULL);
    if (user)
        set_user(device, RH_ATTR_USED_BY, user);
    else
        rh_device_unset(device, RH_ATTR_USED_BY);
}

gboolean rh_device_used_by(const RhDevice *device, RhUser *ret_user)
{
    if (!rh_device_knows(device, RH_ATTR_USED_BY))
        return FALSE;
    *ret_user = *device->values[RH_ATTR_USED_BY].user;
    ret_user->uuid = rh_device_text(device, RH_ATTR_USED_BY_UUID);
    return TRUE;
}

void rh_device_set_named_by(RhDevice *device, const RhUser *user)
{
    set_user(device, RH_ATTR_NAMED_BY, user);
}

void rh_device_take_as(RhDevice *device, RhAttr attr, const RhDevice *from, RhAttr its)
{
    if (rh_device_knows(from, its))
        rh_device_set_value(device, attr, rh_attr_copy(its, from->values[its]));
    else
        rh_device_unset(device, attr);
}

void rh_device_take(RhDevice *device, RhAttr attr, const RhDevice *from)
{
    rh_device_take_as(device, attr, from, attr);
}

char *rh_device_format(const RhDevice *device, RhAttr attr)
{
    return rh_device_knows(device, attr) ? rh_attr_format(attr, device->values[attr]) : NULL;
}

void rh_device_set_parameter(RhDevice *device, const char *name, const char *value)
{
    if (!device->parameters)
        device->parameters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(device->parameters, g_strdup(name), g_strdup(value));
}

const char *rh_device_parameter(const RhDevice *device, const char *name)
{
    return device->parameters ? g_hash_table_lookup(device->parameters, name) : NULL;
}

void rh_device_take_parameters(RhDevice *device, const RhDevice *from)
{
    GHashTableIter iter;
    gpointer name;
    gpointer value;

    g_clear_pointer(&device->parameters, g_hash_table_unref);
    if (!from->parameters)
        return;
    g_hash_table_iter_init(&iter, from->parameters);
    while (g_hash_table_iter_next(&iter, &name, &value))
        rh_device_set_parameter(device, name, value);
}

static int compare_text(gconstpointer a, gconstpointer b)
{
    return rh_natural_compare(a, b);
}

GList *rh_device_parameter_names(const RhDevice *device)
{
    return device->parameters ? g_list_sort(g_hash_table_get_keys(device->parameters), compare_text)
                              : NULL;
}

static gboolean same_parameters(const RhDevice *a, const RhDevice *b)
{
    GHashTableIter iter;
    gpointer name;
    gpointer value;

    if (!a->parameters || !b->parameters)
        return a->parameters == b->parameters;
    if (g_hash_table_size(a->parameters) != g_hash_table_size(b->parameters))
        return FALSE;
    g_hash_table_iter_init(&iter, a->parameters);
    while (g_hash_table_iter_next(&iter, &name, &value))
        if (g_strcmp0(rh_device_parameter(b, name), value) != 0)
            return FALSE;
    return TRUE;
}

gboolean rh_device_equal(const RhDevice *a, const RhDevice *b)
{
    if (a->kind != b->kind || memcmp(a->known, b->known, sizeof a->known) != 0)
        return FALSE;
    for (guint attr = 0; attr < RH_N_ATTRS; attr++)
        if (rh_device_knows(a, (RhAttr)attr) &&
            !rh_attr_equal((RhAttr)attr, a->values[attr], b->values[attr]))
            return FALSE;
    return same_parameters(a, b);
}

const char *rh_device_name(const RhDevice *device)
{
    return rh_device_text(device, rh_kind_info(device->kind)->name);
}

const char *rh_device_key(const RhDevice *device)
{
    RhAttr key = rh_kind_info(device->kind)->key;

    return key < RH_N_ATTRS ? rh_device_text(device, key) : NULL;
}

gboolean rh_device_same_key(RhKind kind, const char *a, const char *b)
{
    if (!a || !b)
        return FALSE;
    return (rh_kind_info(kind)->any_case ? g_ascii_strcasecmp(a, b) : strcmp(a, b)) == 0;
}

int rh_device_compare(const RhDevice *a, const RhDevice *b)
{
    const char *a_name = rh_device_name(a);
    const char *b_name = rh_device_name(b);

    return rh_natural_compare(a_name ? a_name : "", b_name ? b_name : "");
}

/* NVIDIA's drivers put a brand before a type's name, and newer ones put another. */
static const char *without_brand(const char *type_name)
{
    static const char *const brands[] = {"GRID ", "NVIDIA "};

    for (guint i = 0; i < G_N_ELEMENTS(brands); i++)
        if (g_str_has_prefix(type_name, brands[i]))
            return type_name + strlen(brands[i]);
    return type_name;
}

gboolean rh_type_names_alike(const char *a, const char *b)
{
    return g_str_equal(without_brand(a), without_brand(b));
}

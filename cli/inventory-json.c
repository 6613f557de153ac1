/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inventory-json.h"

#include "cli/json.h"

static void add_attrs(JsonBuilder *builder, const RhDevice *device)
{
    const RhAttr *attrs = rh_kind_info(device->kind)->attrs;

    for (guint i = 0; attrs[i] != RH_N_ATTRS; i++) {
        g_autofree char *value = rh_device_format(device, attrs[i]);

        if (value)
            rh_json_add_text(builder, rh_attr_info(attrs[i])->name, value);
    }
}

static void add_parameters(JsonBuilder *builder, const RhDevice *device)
{
    g_autoptr(GList) names = rh_device_parameter_names(device);

    if (!names)
        return;
    json_builder_set_member_name(builder, "attribute");
    json_builder_begin_array(builder);
    for (GList *name = names; name; name = name->next) {
        json_builder_begin_object(builder);
        rh_json_add_text(builder, "name", name->data);
        rh_json_add_text(builder, "value", rh_device_parameter(device, name->data));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_kind(JsonBuilder *builder, const RhInventory *inventory, RhKind kind,
                     const RhDevice *home);

/* The kinds whose devices stand in @device. */
static void add_inner(JsonBuilder *builder, const RhInventory *inventory, const RhDevice *device)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (rh_kind_is_within((RhKind)kind, device->kind))
            add_kind(builder, inventory, (RhKind)kind, device);
}

/* The devices of @kind, those that hang on @home alone where that is given. */
static void add_kind(JsonBuilder *builder, const RhInventory *inventory, RhKind kind,
                     const RhDevice *home)
{
    const RhKindInfo *info = rh_kind_info(kind);
    GPtrArray *devices = inventory->devices[kind];

    json_builder_set_member_name(builder, info->element);
    json_builder_begin_array(builder);
    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);

        if (home && g_strcmp0(rh_device_text(device, info->home), rh_device_name(home)) != 0)
            continue;
        json_builder_begin_object(builder);
        add_attrs(builder, device);
        add_inner(builder, inventory, device);
        add_parameters(builder, device);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

void rh_inventory_append_json(GString *out, const RhInventory *inventory)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *format = g_strdup_printf("%u", RH_FORMAT);
    g_autofree char *time = rh_inventory_format_time(inventory);

    json_builder_begin_object(builder);
    rh_json_add_text(builder, "format", format);
    if (inventory->name)
        rh_json_add_text(builder, "name", inventory->name);
    if (inventory->id)
        rh_json_add_text(builder, "host-id", inventory->id);
    if (inventory->kernel)
        rh_json_add_text(builder, "kernel", inventory->kernel);
    if (inventory->qemu)
        rh_json_add_text(builder, "qemu", inventory->qemu);
    if (time)
        rh_json_add_text(builder, "time", time);
    if (inventory->version)
        rh_json_add_text(builder, "version", inventory->version);
    if (inventory->vgpu_vfs > 0) {
        g_autofree char *vfs = g_strdup_printf("%u", inventory->vgpu_vfs);

        rh_json_add_text(builder, "vgpu-vfs", vfs);
    }
    if (inventory->incomplete)
        rh_json_add_text(builder, "complete", "no");
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (!rh_kind_info((RhKind)kind)->within)
            add_kind(builder, inventory, (RhKind)kind, NULL);
    json_builder_end_object(builder);
    rh_json_append(out, builder);
}

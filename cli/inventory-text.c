/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inventory-text.h"

#include "util/text.h"

static char *cell(const RhDevice *device, RhAttr attr)
{
    char *value = rh_device_format(device, attr);

    return value ? rh_one_line(value) : g_strdup("-");
}

static glong width_of(const GPtrArray *devices, RhAttr attr)
{
    glong width = g_utf8_strlen(rh_attr_info(attr)->name, -1);

    for (guint i = 0; i < devices->len; i++) {
        g_autofree char *value = cell(g_ptr_array_index(devices, i), attr);

        width = MAX(width, g_utf8_strlen(value, -1));
    }
    return width;
}

/* @text and blanks up to @width, in characters; the last cell of a line needs none. */
static void append_padded(GString *out, const char *text, glong width, gboolean last)
{
    g_string_append(out, text);
    for (glong i = g_utf8_strlen(text, -1); !last && i < width + 2; i++)
        g_string_append_c(out, ' ');
}

static void append_table(GString *out, const RhKindInfo *info, const GPtrArray *devices)
{
    glong widths[RH_N_ATTRS];
    guint n = 0;

    for (; info->columns[n] != RH_N_ATTRS; n++)
        widths[n] = width_of(devices, info->columns[n]);
    g_string_append_printf(out, "\n%s\n", info->title);
    for (guint column = 0; column < n; column++)
        append_padded(out, rh_attr_info(info->columns[column])->name, widths[column],
                      column + 1 == n);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < devices->len; i++) {
        for (guint column = 0; column < n; column++) {
            g_autofree char *value = cell(g_ptr_array_index(devices, i), info->columns[column]);

            append_padded(out, value, widths[column], column + 1 == n);
        }
        g_string_append_c(out, '\n');
    }
}

/* What @device calls the @name of what it hangs on, in the @home of that. */
static char *full_name(const RhDevice *device, RhAttr home, RhAttr name)
{
    const char *of_home = rh_device_text(device, home);
    const char *its_name = rh_device_text(device, name);

    return g_strdup_printf("%s/%s", of_home ? of_home : "", its_name ? its_name : "");
}

/* The full names of those of @kind that any device is one of. */
static GHashTable *find_used(const RhInventory *inventory, RhKind kind)
{
    GHashTable *used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint user = 0; user < RH_N_KINDS; user++) {
        const RhKindInfo *info = rh_kind_info((RhKind)user);
        const GPtrArray *devices = inventory->devices[user];

        for (guint i = 0; i < info->n_ties; i++)
            for (guint j = 0; info->ties[i].to == kind && j < devices->len; j++)
                g_hash_table_add(used, full_name(g_ptr_array_index(devices, j),
                                                 rh_kind_info(kind)->home, info->ties[i].by));
    }
    return used;
}

/* The types that say something: of which there is a device, or of which one can be made. A card
 * may have thirty on each of its functions, and none of the others is of use to anybody. */
static GPtrArray *select_offers(const RhInventory *inventory, RhKind kind)
{
    const RhKindInfo *info = rh_kind_info(kind);
    g_autoptr(GHashTable) used = find_used(inventory, kind);
    GPtrArray *selected = g_ptr_array_new();

    for (guint i = 0; i < inventory->devices[kind]->len; i++) {
        RhDevice *offer = g_ptr_array_index(inventory->devices[kind], i);
        g_autofree char *name = full_name(offer, info->home, info->name);

        if (rh_device_number(offer, RH_ATTR_AVAILABLE, 1) > 0 || g_hash_table_contains(used, name))
            g_ptr_array_add(selected, offer);
    }
    return selected;
}

static void append_offers(GString *out, const RhInventory *inventory, RhKind kind)
{
    const RhKindInfo *info = rh_kind_info(kind);
    g_autoptr(GPtrArray) selected = select_offers(inventory, kind);
    guint n_left = inventory->devices[kind]->len - selected->len;

    if (selected->len > 0)
        append_table(out, info, selected);
    else
        g_string_append_printf(out, "\n%s\n", info->title);
    if (n_left > 0)
        g_string_append_printf(out,
                               "%s%u that no device has and of which none can be made; --all shows "
                               "them\n",
                               selected->len > 0 ? "and " : "", n_left);
}

void rh_inventory_append_text(GString *out, const RhInventory *inventory, gboolean all)
{
    g_autofree char *head =
        g_strdup_printf("host %s, kernel %s", inventory->name ? inventory->name : "unknown",
                        inventory->kernel ? inventory->kernel : "unknown");
    gboolean any = FALSE;

    g_string_append_printf(out, "%s\n", rh_one_line(head));
    if (inventory->incomplete)
        g_string_append(out, "not complete: not all could be looked at that says who uses what\n");
    if (inventory->vgpu_vfs > 0)
        g_string_append_printf(out,
                               "NVIDIA's driver makes vGPUs of %u virtual functions here, "
                               "which are not looked after\n",
                               inventory->vgpu_vfs);
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const GPtrArray *devices = inventory->devices[kind];

        if (devices->len > 0 && !all && rh_kind_has((RhKind)kind, RH_ATTR_AVAILABLE))
            append_offers(out, inventory, (RhKind)kind);
        else if (devices->len > 0)
            append_table(out, rh_kind_info((RhKind)kind), devices);
        any |= devices->len > 0;
    }
    if (!any)
        g_string_append(out, "\n" RH_KINDS_NONE "\n");
}

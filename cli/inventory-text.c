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

void rh_inventory_append_text(GString *out, const RhInventory *inventory)
{
    g_autofree char *head =
        g_strdup_printf("host %s, kernel %s", inventory->name ? inventory->name : "unknown",
                        inventory->kernel ? inventory->kernel : "unknown");
    gboolean any = FALSE;

    g_string_append_printf(out, "%s\n", rh_one_line(head));
    if (inventory->incomplete)
        g_string_append(out, "not complete: not all could be looked at that says who uses what\n");
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const GPtrArray *devices = inventory->devices[kind];

        if (devices->len > 0)
            append_table(out, rh_kind_info((RhKind)kind), devices);
        any |= devices->len > 0;
    }
    if (!any)
        g_string_append(out, "\n" RH_KINDS_NONE "\n");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inventory-text.h"

#include "util/text.h"

#define MAX_COLUMNS 10

typedef struct {
    RhKind kind;
    const char *title;
    RhAttr columns[MAX_COLUMNS]; /* ended by RH_N_ATTRS */
} Table;

static const Table tables[] = {
    {RH_KIND_VDPA_MGMTDEV,
     "vDPA management devices",
     {RH_ATTR_HANDLE, RH_ATTR_DRIVER, RH_ATTR_CLASSES, RH_ATTR_MAX_VQS, RH_ATTR_NUMA_NODE,
      RH_ATTR_POOL, RH_N_ATTRS}},
    {RH_KIND_VDPA,
     "vDPA devices",
     {RH_ATTR_NAME, RH_ATTR_CHARDEV, RH_ATTR_CLASS, RH_ATTR_MGMTDEV, RH_ATTR_DRIVER, RH_ATTR_MAC,
      RH_ATTR_MTU, RH_ATTR_POOL, RH_ATTR_USED_BY, RH_N_ATTRS}},
    {RH_KIND_MDEV_PARENT,
     "Mediated device parents",
     {RH_ATTR_NAME, RH_ATTR_BUS, RH_ATTR_DRIVER, RH_ATTR_DRIVER_VERSION, RH_ATTR_VENDOR,
      RH_ATTR_PRODUCT, RH_ATTR_NUMA_NODE, RH_ATTR_POOL, RH_N_ATTRS}},
    {RH_KIND_MDEV_TYPE,
     "Mediated device types",
     {RH_ATTR_PARENT, RH_ATTR_ID, RH_ATTR_NAME, RH_ATTR_DEVICE_API, RH_ATTR_AVAILABLE, RH_N_ATTRS}},
    {RH_KIND_MDEV,
     "Mediated devices",
     {RH_ATTR_UUID, RH_ATTR_PARENT, RH_ATTR_TYPE, RH_ATTR_TYPE_NAME, RH_ATTR_POOL, RH_ATTR_USED_BY,
      RH_N_ATTRS}},
};

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

static void append_table(GString *out, const Table *table, const GPtrArray *devices)
{
    glong widths[MAX_COLUMNS];
    guint n = 0;

    for (; table->columns[n] != RH_N_ATTRS; n++)
        widths[n] = width_of(devices, table->columns[n]);
    g_string_append_printf(out, "\n%s\n", table->title);
    for (guint column = 0; column < n; column++)
        append_padded(out, rh_attr_info(table->columns[column])->name, widths[column],
                      column + 1 == n);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < devices->len; i++) {
        for (guint column = 0; column < n; column++) {
            g_autofree char *value = cell(g_ptr_array_index(devices, i), table->columns[column]);

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
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        const GPtrArray *devices = inventory->devices[tables[i].kind];

        if (devices->len > 0)
            append_table(out, &tables[i], devices);
        any |= devices->len > 0;
    }
    if (!any)
        g_string_append(out, "\nno vDPA and no mediated devices\n");
}

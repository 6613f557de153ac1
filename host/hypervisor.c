/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/hypervisor.h"

#include "util/text.h"

#include <string.h>

/* libvirt, src/qemu/qemu_conf.c, virQEMUDriverConfigNew: cacheDir and logDir. */
#define CACHE "var/cache/libvirt/qemu/capabilities"
#define LOGS "var/log/libvirt/qemu"

/* libvirt, src/qemu/qemu_capabilities.c, virQEMUCapsFormatCache: 1000000 * major + 1000 * minor +
 * micro. */
#define VERSION_BEGIN "<version>"
#define VERSION_END "</version>"

/* The same of qemu_domain.c, qemuDomainLogContext, and qemu_process.c, qemuLogOperation: the line
 * with which a log begins at each start, also of a guest that comes in. */
#define START \
    "^[0-9-]+ [0-9:.+]+: starting up libvirt version: [^\n]*qemu version: " \
    "([0-9]+\\.[0-9]+\\.[0-9]+)"

static char *version_in_cache(RhDir *root, const char *file)
{
    g_autofree char *path = g_strdup_printf(CACHE "/%s", file);
    g_autofree char *text = rh_dir_read_head(root, path);
    g_autofree char *number = NULL;
    const char *begin = text ? strstr(text, VERSION_BEGIN) : NULL;
    const char *end;
    guint64 version;

    end = begin ? strstr(begin, VERSION_END) : NULL;
    if (!end)
        return NULL;
    begin += strlen(VERSION_BEGIN);
    number = g_strndup(begin, (gsize)(end - begin));
    if (!rh_parse_number(number, G_MAXUINT32, &version))
        return NULL;
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                           version / 1000000, version / 1000 % 1000, version % 1000);
}

char *rh_hypervisor_here(RhDir *root)
{
    g_autoptr(GPtrArray) files = rh_dir_list(root, CACHE, NULL);
    g_autofree char *found = NULL;

    for (guint i = 0; files && i < files->len; i++) {
        const char *file = g_ptr_array_index(files, i);
        g_autofree char *version = NULL;

        if (!g_str_has_suffix(file, ".xml"))
            continue;
        version = version_in_cache(root, file);
        if (!version || (found && !g_str_equal(found, version)))
            return NULL;
        if (!found)
            found = g_steal_pointer(&version);
    }
    return g_steal_pointer(&found);
}

/* The version in the last such line of @text; NULL: there is none. */
static char *last_start_in(const char *text, gsize length)
{
    g_autoptr(GRegex) regex = g_regex_new(START, G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    char *version = NULL;

    (void)g_regex_match_full(regex, text, (gssize)length, 0, 0, &match, NULL);
    while (g_match_info_matches(match)) {
        g_free(version);
        version = g_match_info_fetch(match, 1);
        (void)g_match_info_next(match, NULL);
    }
    return version;
}

char *rh_hypervisor_of_guest(const char *root, const char *name)
{
    static const char *const ends[] = {"", ".0"}; /* the second was rotated away while it ran */
    char *version = NULL;

    if (strchr(name, '/'))
        return NULL;
    for (guint i = 0; !version && i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *file = g_strdup_printf(LOGS "/%s.log%s", name, ends[i]);
        g_autofree char *path = g_build_filename(root, file, NULL);
        g_autoptr(GBytes) bytes = rh_read_regular(path, "the guest's log", NULL);

        if (bytes && g_bytes_get_size(bytes) > 0)
            version = last_start_in(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    }
    return version;
}

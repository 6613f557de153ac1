/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/config.h"

#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#include <string.h>

#define CONFIG_FILE "etc/virt-rehome.conf"
#define CONFIG_DIR "etc/virt-rehome.conf.d"
#define MAX_DEADLINE \
    60u /* the front (front/main.c) waits longer than that, and than what comes then */

/* One value of a file on its way into the policy. */
typedef struct {
    RhPolicy *policy;
    const char *subject; /* what follows the group's first word: a pool's name, a type; or NULL */
    const char *value;
} Setting;

/* A key of a group: what it may be, in the words of an error, and how it is taken. */
typedef struct {
    const char *name;
    const char *expected;
    gboolean (*take)(const Setting *setting);
} Key;

typedef struct {
    const char *name;
    gboolean has_subject; /* [pool NAME], [mdev TYPE] */
    const Key *keys;      /* ended by a NULL name */
} Group;

/* The place of @value among @words ("a", "b", NULL), or -1. */
static int one_of(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (g_str_equal(words[i], value))
            return i;
    return -1;
}

static gboolean take_bool(const Setting *setting, gboolean *ret_value)
{
    static const char *const words[] = {"no", "yes", NULL};
    int place = one_of(setting->value, words);

    if (place >= 0)
        *ret_value = place == 1;
    return place >= 0;
}

static gboolean take_unrecorded_into(const Setting *setting, RhUnrecorded *ret_value)
{
    static const char *const words[] = {"reject", "keep", NULL};
    int place = one_of(setting->value, words);

    if (place >= 0)
        *ret_value = place == 0 ? RH_UNRECORDED_REJECT : RH_UNRECORDED_KEEP;
    return place >= 0;
}

static gboolean take_list(const Setting *setting, GStrv *ret_list)
{
    g_strfreev(*ret_list);
    *ret_list = rh_split_list(setting->value);
    return (*ret_list)[0] != NULL;
}

static gboolean take_match(const Setting *setting)
{
    static const char *const words[] = {"capability", "exact", NULL};
    int place = one_of(setting->value, words);

    setting->policy->match = place == 1 ? RH_MATCH_EXACT : RH_MATCH_CAPABILITY;
    return place >= 0;
}

static gboolean take_unrecorded(const Setting *setting)
{
    return take_unrecorded_into(setting, &setting->policy->unrecorded);
}

static gboolean take_unrecorded_restore(const Setting *setting)
{
    return take_unrecorded_into(setting, &setting->policy->unrecorded_restore);
}

static gboolean take_unknown(const Setting *setting)
{
    static const char *const words[] = {"reject", "keep", NULL};
    int place = one_of(setting->value, words);

    setting->policy->unknown = place == 1 ? RH_UNKNOWN_KEEP : RH_UNKNOWN_REJECT;
    return place >= 0;
}

static gboolean take_chosen(const Setting *setting)
{
    static const char *const words[] = {"changed", "always", NULL};
    int place = one_of(setting->value, words);

    setting->policy->always_chosen = place == 1;
    return place >= 0;
}

static gboolean take_pools(const Setting *setting)
{
    static const char *const words[] = {"optional", "required", NULL};
    int place = one_of(setting->value, words);

    setting->policy->pools_required = place == 1;
    return place >= 0;
}

static gboolean take_deadline(const Setting *setting)
{
    guint64 seconds;

    if (!rh_parse_number(setting->value, G_MAXUINT32, &seconds) || seconds == 0)
        return FALSE;
    if (seconds > MAX_DEADLINE)
        g_ptr_array_add(setting->policy->warnings,
                        g_strdup_printf("deadline is %s, and %u is taken, the most that it can be",
                                        setting->value, MAX_DEADLINE));
    setting->policy->deadline = MIN((guint)seconds, MAX_DEADLINE);
    return TRUE;
}

static gboolean take_ring(const Setting *setting)
{
    static const char *const words[] = {"auto", "device", "xml", NULL};
    static const RhRing rings[] = {RH_RING_AUTO, RH_RING_DEVICE, RH_RING_XML};
    int place = one_of(setting->value, words);

    if (place >= 0)
        setting->policy->ring = rings[place];
    return place >= 0;
}

static gboolean take_pool_vdpa(const Setting *setting)
{
    return take_list(setting,
                     &rh_policy_pool(setting->policy, setting->subject)->globs[RH_POOL_VDPA]);
}

static gboolean take_pool_mdev_parent(const Setting *setting)
{
    return take_list(
        setting, &rh_policy_pool(setting->policy, setting->subject)->globs[RH_POOL_MDEV_PARENT]);
}

static gboolean take_pool_vf(const Setting *setting)
{
    return take_list(setting,
                     &rh_policy_pool(setting->policy, setting->subject)->globs[RH_POOL_VF]);
}

static gboolean take_pool_pf(const Setting *setting)
{
    return take_list(setting,
                     &rh_policy_pool(setting->policy, setting->subject)->globs[RH_POOL_PF]);
}

static gboolean take_mdev_accept_live(const Setting *setting)
{
    return take_list(setting, &rh_policy_mdev(setting->policy, setting->subject)->accept_live);
}

static gboolean take_mdev_accept(const Setting *setting)
{
    return take_list(setting, &rh_policy_mdev(setting->policy, setting->subject)->accept);
}

/* Names of files below the device's folder: never out of it. */
static gboolean take_mdev_parameters(const Setting *setting)
{
    GStrv *names = &rh_policy_mdev(setting->policy, setting->subject)->parameters;
    gboolean inside = take_list(setting, names);

    for (guint i = 0; inside && (*names)[i]; i++)
        inside = (*names)[i][0] != '/' && !strstr((*names)[i], "..");
    return inside;
}

static gboolean take_mdev_create(const Setting *setting)
{
    return take_bool(setting, &rh_policy_mdev(setting->policy, setting->subject)->create);
}

static gboolean take_vdpa_create(const Setting *setting)
{
    return take_bool(setting, &setting->policy->vdpa_create);
}

static gboolean take_vdpa_reconfigure(const Setting *setting)
{
    return take_bool(setting, &setting->policy->vdpa_reconfigure);
}

static const Key policy_keys[] = {{"match", "capability or exact", take_match},
                                  {"unrecorded", "reject or keep", take_unrecorded},
                                  {"unrecorded-restore", "keep or reject", take_unrecorded_restore},
                                  {"unknown", "reject or keep", take_unknown},
                                  {"chosen", "changed or always", take_chosen},
                                  {"pools", "optional or required", take_pools},
                                  {"deadline", "a number of seconds from 1 to 60", take_deadline},
                                  {"ring", "auto, device or xml", take_ring},
                                  {NULL, NULL, NULL}};

static const Key pool_keys[] = {
    {"vdpa", "a list of patterns of management devices", take_pool_vdpa},
    {"mdev-parent", "a list of patterns of parents", take_pool_mdev_parent},
    {"pf", "a list of patterns of PF addresses or network devices", take_pool_pf},
    {"vf", "a list of patterns of PF addresses or network devices", take_pool_vf},
    {NULL, NULL, NULL}};

static const Key mdev_keys[] = {
    {"accept", "a list of types", take_mdev_accept},
    {"accept-live", "a list of types", take_mdev_accept_live},
    {"create", "yes or no", take_mdev_create},
    {"attributes", "a list of attributes, files in the device's folder", take_mdev_parameters},
    {NULL, NULL, NULL}};

static const Key vdpa_keys[] = {{"create", "yes or no", take_vdpa_create},
                                {"reconfigure", "yes or no", take_vdpa_reconfigure},
                                {NULL, NULL, NULL}};

static const Group groups[] = {{"policy", FALSE, policy_keys},
                               {"pool", TRUE, pool_keys},
                               {"mdev", TRUE, mdev_keys},
                               {"vdpa", FALSE, vdpa_keys}};

/* A file, and what is looked for in it when an error wants a line. */
typedef struct {
    const char *path;
    const char *text;
    GKeyFile *keys;
    const char *group;
    const char *key;
} File;

/* Whether the first @n bytes of the file already hold what is looked for: a fault where no group is
 * named, otherwise the group, or the key in it. */
static gboolean holds(const File *file, gsize n)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();

    if (n == 0)
        return FALSE;
    if (!g_key_file_load_from_data(keys, file->text, n, G_KEY_FILE_NONE, NULL))
        return !file->group;
    if (!file->group)
        return FALSE;
    return file->key ? g_key_file_has_key(keys, file->group, file->key, NULL)
                     : g_key_file_has_group(keys, file->group);
}

/* The first line up to which the file holds it; GKeyFile tells no lines. */
static guint line_of(const File *file)
{
    const char *end = file->text;
    guint line = 0;

    while (*end) {
        const char *newline = strchr(end, '\n');

        end = newline ? newline + 1 : end + strlen(end);
        line++;
        if (holds(file, (gsize)(end - file->text)))
            break;
    }
    return line;
}

static gboolean fault(File *file, const char *group, const char *key, GError **error,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);

static gboolean fault(File *file, const char *group, const char *key, GError **error,
                      const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    file->group = group;
    file->key = key;
    return rh_raise(error, RH_ERROR_CONFIG, "%s, line %u: %s", file->path, line_of(file), text);
}

/* Says of what was warned of since there were @known where it stands. */
static void place_warnings(File *file, const char *group, const char *key, GPtrArray *warnings,
                           guint known)
{
    file->group = group;
    file->key = key;
    for (guint i = known; i < warnings->len; i++) {
        g_autofree char *text = g_steal_pointer(&g_ptr_array_index(warnings, i));

        g_ptr_array_index(warnings, i) =
            g_strdup_printf("%s, line %u: %s", file->path, line_of(file), text);
    }
}

/* "capability   # or exact" to "capability". */
static char *without_comment(const char *value)
{
    const char *mark = strchr(value, '#');

    while (mark && mark > value && !g_ascii_isspace(mark[-1]))
        mark = strchr(mark + 1, '#');
    return g_strstrip(mark ? g_strndup(value, (gsize)(mark - value)) : g_strdup(value));
}

static gboolean take_key(File *file, const Group *group, const char *group_name,
                         const char *subject, const char *name, RhPolicy *policy, GError **error)
{
    g_autofree char *raw = g_key_file_get_value(file->keys, group_name, name, NULL);
    g_autofree char *value = without_comment(raw);
    Setting setting = {.policy = policy, .subject = subject, .value = value};
    guint known = policy->warnings->len;
    const Key *key = group->keys;

    while (key->name && !g_str_equal(key->name, name))
        key++;
    if (!key->name)
        return fault(file, group_name, name, error, "[%s] has no key '%s'", group_name, name);
    if (!g_utf8_validate(value, -1, NULL))
        return fault(file, group_name, name, error, "'%s' is not UTF-8", name);
    if (!rh_is_xml_text(value))
        return fault(file, group_name, name, error, "'%s' has a control character", name);
    if (!key->take(&setting))
        return fault(file, group_name, name, error, "%s is '%s', must be %s", name, value,
                     key->expected);
    place_warnings(file, group_name, name, policy->warnings, known);
    return TRUE;
}

static const Group *find_group(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
        if (g_str_equal(groups[i].name, name))
            return &groups[i];
    return NULL;
}

static gboolean take_group(File *file, const char *name, RhPolicy *policy, GError **error)
{
    g_auto(GStrv) words = g_strsplit(name, " ", 2);
    g_auto(GStrv) keys = g_key_file_get_keys(file->keys, name, NULL, NULL);
    const Group *group = words[0] ? find_group(words[0]) : NULL;
    const char *subject = words[0] && words[1] ? g_strstrip(words[1]) : NULL;

    if (!group)
        return fault(file, name, NULL, error, "no group is called [%s]", name);
    if (group->has_subject && (!subject || !*subject))
        return fault(file, name, NULL, error, "[%s] needs a name: [%s NAME]", name, name);
    if (!group->has_subject && subject)
        return fault(file, name, NULL, error, "[%s] takes no name", group->name);
    for (guint i = 0; keys && keys[i]; i++)
        if (!take_key(file, group, name, subject, keys[i], policy, error))
            return FALSE;
    return TRUE;
}

static gboolean load_file(const char *path, RhPolicy *policy, GError **error)
{
    g_autofree char *what = g_strdup_printf("the configuration file '%s'", path);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GBytes) bytes = rh_read_document(path, what, &reason);
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autofree char *text = NULL;
    g_auto(GStrv) names = NULL;
    File file;

    if (!bytes)
        return rh_raise(error, RH_ERROR_CONFIG, "%s", reason->message);
    if (g_bytes_get_size(bytes) == 0)
        return TRUE;
    text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    file = (File){.path = path, .text = text, .keys = keys};
    if (strlen(text) < g_bytes_get_size(bytes))
        return rh_raise(error, RH_ERROR_CONFIG, "%s is not a text file", path);
    if (!g_key_file_load_from_data(keys, text, strlen(text), G_KEY_FILE_NONE, &reason))
        return fault(&file, NULL, NULL, error, "%s", reason->message);
    names = g_key_file_get_groups(keys, NULL);
    for (guint i = 0; names[i]; i++)
        if (!take_group(&file, names[i], policy, error))
            return FALSE;
    return TRUE;
}

static gboolean load_directory(RhDir *dir, const char *root, RhPolicy *policy, GError **error)
{
    g_autoptr(GPtrArray) names = rh_dir_list(dir, CONFIG_DIR, error);

    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_build_filename(root, CONFIG_DIR, name, NULL);

        if (name[0] != '.' && g_str_has_suffix(name, ".conf") && !load_file(path, policy, error))
            return FALSE;
    }
    return names != NULL;
}

RhPolicy *rh_config_load(const char *root, const char *path, GError **error)
{
    g_autoptr(RhPolicy) policy = rh_policy_new();
    g_autofree char *standard = g_build_filename(root, CONFIG_FILE, NULL);
    g_autoptr(RhDir) dir = NULL;

    if (path)
        return load_file(path, policy, error) ? g_steal_pointer(&policy) : NULL;
    dir = rh_dir_open(root, error);
    if (!dir)
        return NULL;
    if (!rh_dir_lacks(dir, CONFIG_FILE) && !load_file(standard, policy, error))
        return NULL;
    return load_directory(dir, root, policy, error) ? g_steal_pointer(&policy) : NULL;
}

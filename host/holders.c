/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/holders.h"

#include "host/kind.h"
#include "host/node.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOOKS_PER_TIME 64u /* descriptors between two looks at the clock */
#define TRUSTED_LOOKS 64u  /* descriptors of a process before it is asked whose it really is */

struct RhHolders {
    GHashTable *who; /* a device's key -> its holder, an RhUser */
    guint n_left;
    guint n_denied;
};

/* -- device numbers ---------------------------------------------------------------------------- */

/* What is looked for: device number -> keys of devices. */
static void want(GHashTable *wanted, guint64 number, const char *key)
{
    GPtrArray *keys = g_hash_table_lookup(wanted, &number);

    if (!keys) {
        keys = g_ptr_array_new();
        g_hash_table_insert(wanted, g_memdup2(&number, sizeof number), keys);
    }
    g_ptr_array_add(keys, (gpointer)key);
}

/* What is looked for, where nothing is said of it yet: by numbers into @numbers, by the names that
 * fdinfo has for them into @names. */
static void collect_wanted(RhDir *root, GPtrArray *devices, GHashTable *numbers, GHashTable *names)
{
    for (guint i = 0; i < devices->len; i++) {
        const RhDevice *device = g_ptr_array_index(devices, i);
        const RhHostKind *of = rh_host_kind(device->kind);
        const char *key = rh_device_key(device);
        g_autoptr(GArray) its_numbers = NULL;

        if (!key || rh_device_knows(device, RH_ATTR_USED_BY))
            continue;
        its_numbers = g_array_new(FALSE, FALSE, sizeof(guint64));
        of->add_numbers(root, device, its_numbers);
        for (guint j = 0; j < its_numbers->len; j++)
            want(numbers, g_array_index(its_numbers, guint64, j), key);
        if (of->in_fdinfo)
            g_hash_table_add(names, (gpointer)key);
    }
}

/* -- processes --------------------------------------------------------------------------------- */

typedef struct {
    RhDir *root;
    GHashTable *wanted; /* device number -> keys of devices */
    GHashTable *names;  /* keys that fdinfo may name */
    RhHolders *holders;
    GHashTable *exact;  /* keys that fdinfo did name, of any process; the devices' */
    GHashTable *likely; /* users that guests run as */
    GArray *pids[2];    /* of guint: by RhHoldersWhere, whom to look at */
    gint64 until;
    gboolean late;
    /* of the process that is being looked at */
    RhHoldersWhere where;
    guint pid;
    RhDir *fds;
    GArray *numbers;   /* of what it has open, those that are wanted */
    GHashTable *named; /* keys that its fdinfo names; the devices' */
    guint n_looks;
    gboolean deferred;
} Search;

/* Root, and who QEMU runs as on Debian, Fedora and NixOS. Not by getpwnam(), which may ask a
 * server. */
static GHashTable *find_likely(RhDir *root)
{
    static const char *const names[] = {"libvirt-qemu", "qemu", "qemu-libvirtd", NULL};
    GHashTable *likely = g_hash_table_new(NULL, NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    g_hash_table_add(likely, GUINT_TO_POINTER(0));
    if (!rh_dir_read(root, "etc/passwd", &text, NULL) || !text)
        return likely;
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", 4);
        guint64 id;

        if (g_strv_length(fields) == 4 && g_strv_contains(names, fields[0]) &&
            rh_parse_number(fields[2], G_MAXUINT32, &id))
            g_hash_table_add(likely, GUINT_TO_POINTER((guint)id));
    }
    return likely;
}

static gboolean is_likely(const Search *search, guint user)
{
    return g_hash_table_contains(search->likely, GUINT_TO_POINTER(user));
}

static gboolean note_pid(const char *name, gpointer data)
{
    Search *search = data;
    g_autofree char *path = g_strconcat("proc/", name, NULL);
    guint64 number;
    guint pid;
    RhFacts facts;

    if (!rh_parse_number(name, G_MAXINT32, &number) ||
        !rh_dir_look(search->root, path, FALSE, &facts))
        return TRUE;
    pid = (guint)number;
    g_array_append_val(
        search->pids[is_likely(search, facts.owner) ? RH_HOLDERS_LIKELY : RH_HOLDERS_ALL], pid);
    return TRUE;
}

/* Whether the process was started by one of those users. The folder's owner does not say: any
 * process may make itself root's by being undumpable. */
static gboolean is_really_likely(const Search *search)
{
    g_autofree char *path = g_strdup_printf("proc/%u/status", search->pid);
    g_autofree char *text = NULL;
    const char *line;
    guint user;

    if (!rh_dir_read(search->root, path, &text, NULL) || !text)
        return TRUE;
    line = strstr(text, "\nUid:");
    return !line || sscanf(line, "\nUid: %u", &user) != 1 || is_likely(search, user);
}

static RhUser *find_user(const Search *search)
{
    g_autofree char *path = g_strdup_printf("proc/%u/comm", search->pid);
    g_autofree char *name = NULL;
    RhUser user;

    (void)rh_dir_read(search->root, path, &name, NULL);
    user = rh_user_of_process(search->pid, name ? rh_one_line(name) : NULL);
    return rh_user_copy(&user);
}

/* A descriptor that can neither read nor write is O_PATH, which needs no right to the device; the
 * link's own mode tells. */
static gboolean is_open(const Search *search, const char *fd)
{
    RhFacts link;

    return rh_dir_look(search->fds, fd, FALSE, &link) && (link.mode & (S_IRUSR | S_IWUSR));
}

/* A VFIO device itself, which has no node, whatever a group's node or a socket it came by. No file
 * can be called so: their names begin with a slash. */
static gboolean is_vfio_device(const Search *search, const char *fd)
{
    g_autofree char *name = rh_dir_link(search->fds, fd);

    return g_strcmp0(name, "anon_inode:[vfio-device]") == 0;
}

/* The device that fdinfo says @fd is of. */
static void note_named(Search *search, const char *fd)
{
    static const char field[] = "\nvfio-device-syspath:";
    g_autofree char *path = g_strdup_printf("proc/%u/fdinfo/%s", search->pid, fd);
    g_autofree char *text = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *name = NULL;
    const char *line;
    gpointer key;

    if (!rh_dir_read(search->root, path, &text, NULL) || !text || !(line = strstr(text, field)))
        return;
    line += strlen(field);
    folder = g_strstrip(g_strndup(line, strcspn(line, "\n")));
    name = g_path_get_basename(folder);
    if (g_hash_table_lookup_extended(search->names, name, &key, NULL))
        g_hash_table_add(search->named, key);
}

/* FALSE: enough of this process. */
static gboolean look_at_fd(const char *fd, gpointer data)
{
    Search *search = data;
    RhFacts facts;
    guint64 number;

    search->late =
        ++search->n_looks % LOOKS_PER_TIME == 0 && g_get_monotonic_time() >= search->until;
    search->deferred = search->where == RH_HOLDERS_LIKELY && search->n_looks == TRUSTED_LOOKS &&
                       !is_really_likely(search);
    if (search->late || search->deferred)
        return FALSE;
    if (!rh_dir_look(search->fds, fd, TRUE, &facts))
        facts.mode = 0; /* gone, or nothing that can be looked at */
    number = S_ISCHR(facts.mode) ? rh_node_make_number(facts.major, facts.minor) : 0;
    if (number && g_hash_table_contains(search->wanted, &number) && is_open(search, fd))
        g_array_append_val(search->numbers, number);
    if ((facts.mode & S_IFMT) == 0 && g_hash_table_size(search->names) > 0 &&
        is_vfio_device(search, fd))
        note_named(search, fd);
    return TRUE;
}

static gboolean names_any(const Search *search, const GPtrArray *keys)
{
    for (guint i = 0; i < keys->len; i++)
        if (g_hash_table_contains(search->named, g_ptr_array_index(keys, i)))
            return TRUE;
    return FALSE;
}

static void hold(Search *search, const char *key)
{
    g_hash_table_insert(search->holders->who, g_strdup(key), find_user(search));
}

/* What the process holds: the devices that its fdinfo names, and all behind a node of which that
 * names none, or may name more. */
static void settle_process(Search *search)
{
    gboolean partly = search->late || search->deferred;
    GHashTableIter iter;
    gpointer named;

    for (guint i = 0; i < search->numbers->len; i++) {
        const GPtrArray *keys =
            g_hash_table_lookup(search->wanted, &g_array_index(search->numbers, guint64, i));

        for (guint j = 0; (partly || !names_any(search, keys)) && j < keys->len; j++)
            if (!g_hash_table_contains(search->exact, g_ptr_array_index(keys, j)))
                hold(search, g_ptr_array_index(keys, j));
    }
    g_hash_table_iter_init(&iter, search->named);
    while (g_hash_table_iter_next(&iter, &named, NULL)) {
        g_hash_table_add(search->exact, named);
        hold(search, named);
    }
}

static void look_at_process(Search *search, guint pid)
{
    g_autofree char *path = g_strdup_printf("proc/%u/fd", pid);
    g_autoptr(RhDir) fds = rh_dir_open_below(search->root, path);

    search->pid = pid;
    search->fds = fds;
    search->n_looks = 0;
    search->deferred = FALSE;
    g_array_set_size(search->numbers, 0);
    g_hash_table_remove_all(search->named);
    if (fds)
        rh_dir_visit(fds, look_at_fd, search);
    else if (!rh_dir_lacks(search->root, path)) /* it has not ended meanwhile */
        search->holders->n_denied++;
    settle_process(search);
    if (search->deferred)
        g_array_append_val(search->pids[RH_HOLDERS_ALL], pid);
}

static void look_at_processes(Search *search, RhHoldersWhere where)
{
    GArray *pids = search->pids[where];
    guint i;

    search->where = where;
    for (i = 0; i < pids->len; i++) {
        search->late |= g_get_monotonic_time() >= search->until;
        if (!search->late)
            look_at_process(search, g_array_index(pids, guint, i));
        if (search->late)
            break;
    }
    search->holders->n_left += pids->len - i;
}

/* Whether there is a /proc that shows no processes, or not all: with hidepid=2 (proc(5)) it shows
 * nobody but root those of others, of which the first is always there. */
static gboolean is_hidden(const Search *search, const RhDir *proc)
{
    if (!proc)
        return !rh_dir_lacks(search->root, "proc");
    return rh_dir_exists(search->root, "proc/self") && !rh_dir_exists(search->root, "proc/1");
}

static void search_all(Search *search, RhHoldersWhere where)
{
    g_autoptr(RhDir) proc = rh_dir_open_below(search->root, "proc");

    search->holders->n_denied += is_hidden(search, proc);
    if (proc)
        rh_dir_visit(proc, note_pid, search);
    look_at_processes(search, RH_HOLDERS_LIKELY);
    if (where == RH_HOLDERS_ALL)
        look_at_processes(search, RH_HOLDERS_ALL);
}

RhHolders *rh_holders_find(RhDir *root, GPtrArray *devices, RhHoldersWhere where,
                           guint milliseconds)
{
    RhHolders *holders = g_new0(RhHolders, 1);
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                                         (GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) exact = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_autoptr(GHashTable) likely = find_likely(root);
    g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) likely_pids = g_array_new(FALSE, FALSE, sizeof(guint));
    Search search = {.root = root,
                     .wanted = wanted,
                     .names = names,
                     .exact = exact,
                     .named = named,
                     .numbers = numbers,
                     .holders = holders,
                     .likely = likely,
                     .pids = {[RH_HOLDERS_ALL] = pids, [RH_HOLDERS_LIKELY] = likely_pids},
                     .until = g_get_monotonic_time() + (gint64)milliseconds * 1000};

    holders->who =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)rh_user_free);
    collect_wanted(root, devices, wanted, names);
    if (g_hash_table_size(wanted) > 0 || g_hash_table_size(names) > 0)
        search_all(&search, where);
    return holders;
}

void rh_holders_free(RhHolders *holders)
{
    if (!holders)
        return;
    g_hash_table_unref(holders->who);
    g_free(holders);
}

guint rh_holders_left(const RhHolders *holders)
{
    return holders->n_left;
}

guint rh_holders_denied(const RhHolders *holders)
{
    return holders->n_denied;
}

gboolean rh_holders_mark(const RhHolders *holders, GPtrArray *devices)
{
    gboolean any = FALSE;

    for (guint i = 0; i < devices->len; i++) {
        RhDevice *device = g_ptr_array_index(devices, i);
        const char *key = rh_device_key(device);
        const RhUser *who = key ? g_hash_table_lookup(holders->who, key) : NULL;

        if (!who || rh_device_knows(device, RH_ATTR_USED_BY))
            continue;
        rh_device_set_used_by(device, who);
        any = TRUE;
    }
    return any;
}

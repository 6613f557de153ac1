/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/users.h"

#include "site/claims-file.h"
#include "site/guest-files.h"
#include "site/libvirt.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long processes are looked at for what they have open, before the lock and under it. */
#define LOOK_MS 1000u
#define LOOK_AGAIN_MS 100u

gint64 rh_users_now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec;
}

void rh_users_free(RhUsers *users)
{
    if (!users)
        return;
    g_ptr_array_unref(users->guests);
    g_ptr_array_unref(users->defined);
    g_hash_table_unref(users->names);
    g_ptr_array_unref(users->warnings);
    rh_guest_files_free(users->status);
    rh_guest_files_free(users->definitions);
    rh_holders_free(users->holders);
    g_free(users);
}

static gboolean is_on_host(RhKind kind, const char *key, gpointer host)
{
    return rh_host_has(host, kind, key);
}

static gboolean is_in_inventory(RhKind kind, const char *key, gpointer inventory)
{
    return rh_inventory_find_key(inventory, kind, key) != NULL;
}

void rh_users_settle(RhHost *host, const RhInventory *inventory, RhGuest *guest)
{
    for (guint i = 0; host && i < guest->devices->len; i++) {
        RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        if (!device->node)
            device->node = rh_host_resolve(host, device->kind, device->source);
    }
    if (inventory)
        rh_guest_settle(guest, is_in_inventory, (gpointer)inventory);
    else if (host)
        rh_guest_settle(guest, is_on_host, host);
}

/* Takes up what was read of the folder's files; @names (may be NULL) gets whose they are. */
static void take_up(RhUsers *users, const RhGuestFiles *files, GPtrArray *guests, GHashTable *names)
{
    GPtrArray *all = rh_guest_files_names(files);

    for (guint i = 0; i < all->len; i++) {
        const char *file = g_ptr_array_index(all, i);
        const char *warning;
        RhGuest *guest;
        gboolean read = rh_guest_files_get(files, file, &guest, &warning);

        if (guest)
            g_ptr_array_add(guests, guest);
        if (warning)
            g_ptr_array_add(users->warnings, g_strdup(warning));
        if (names && g_str_has_suffix(file, ".xml"))
            g_hash_table_insert(names, g_strndup(file, strlen(file) - strlen(".xml")),
                                GINT_TO_POINTER(read));
    }
}

void rh_users_refresh(RhUsers *users)
{
    users->is_read = TRUE;
    users->now = rh_users_now();
    g_ptr_array_set_size(users->guests, 0);
    g_ptr_array_set_size(users->defined, 0);
    g_ptr_array_set_size(users->warnings, 0);
    g_hash_table_remove_all(users->names);
    users->known = rh_guest_files_refresh(users->status, users->host);
    users->fault = rh_guest_files_fault(users->status);
    (void)rh_guest_files_refresh(users->definitions, users->host);
    take_up(users, users->status, users->guests, users->names);
    take_up(users, users->definitions, users->defined, NULL);
}

RhUsers *rh_users_new(const RhEnvironment *environment, RhHost *host)
{
    RhUsers *users = g_new0(RhUsers, 1);

    users->guests = g_ptr_array_new();
    users->defined = g_ptr_array_new();
    users->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    users->warnings = g_ptr_array_new_with_free_func(g_free);
    users->host = host;
    users->root = environment->root;
    users->status = rh_guest_files_new(environment->root, RH_LIBVIRT_STATUS);
    users->definitions = rh_guest_files_new(environment->root, RH_LIBVIRT_DEFINITIONS);
    users->now = rh_users_now();
    return users;
}

RhUsers *rh_users_read(const RhEnvironment *environment, RhHost *host)
{
    RhUsers *users = rh_users_new(environment, host);

    rh_users_refresh(users);
    return users;
}

RhClaimant rh_users_claimant(const RhUsers *users, const char *guest, const char *uuid,
                             gint64 daemon)
{
    guint64 start = users->host ? rh_host_process_start(users->host, daemon) : 0;

    return (RhClaimant){.guest = guest,
                        .uuid = uuid,
                        .now = users->now,
                        .daemon = start > 0 ? daemon : 0,
                        .daemon_start = start};
}

static gboolean daemon_lives(gint64 pid, guint64 start, gpointer data)
{
    const RhUsers *users = data;

    return !users->host || rh_host_process_lives(users->host, pid, start);
}

/* Whether the status file of a guest that runs names the device: what was unplugged it does not. */
static gboolean is_named(const RhUsers *users, const RhClaim *claim)
{
    RhClaimant claimant = {.guest = claim->guest, .uuid = claim->uuid};

    for (guint i = 0; i < users->guests->len; i++) {
        const RhGuest *guest = g_ptr_array_index(users->guests, i);

        if (rh_claimant_is(&claimant, guest->name, guest->uuid) &&
            rh_guest_has_device(guest, claim->kind, claim->key))
            return TRUE;
    }
    return FALSE;
}

/* Whether the process lives whose number stands in libvirt's file @name. */
static gboolean is_process_there(const RhUsers *users, const char *name)
{
    g_autofree char *path = g_build_filename(RH_LIBVIRT_STATUS, name, NULL);
    g_autoptr(RhDir) root = rh_dir_open(users->root, NULL);
    g_autofree char *text = NULL;
    guint64 pid;

    if (!root || !rh_dir_read(root, path, &text, NULL))
        return TRUE;
    if (!text)
        return FALSE;
    return !users->host || !rh_parse_number(text, G_MAXINT32, &pid) ||
           rh_host_process_lives(users->host, (gint64)pid, 0);
}

/* Whether a process of the guest lives, by the file GUEST.pid that libvirt keeps beside the status
 * file. The guest's name is looked for among those there, and becomes no path. */
static gboolean has_process(const RhUsers *users, const char *guest)
{
    g_autofree char *wanted = g_strconcat(guest, ".pid", NULL);
    GPtrArray *files = rh_guest_files_names(users->status);
    guint i;

    return g_ptr_array_find_with_equal_func(files, wanted, g_str_equal, &i) &&
           is_process_there(users, g_ptr_array_index(files, i));
}

/* Whether the guest still has what it claims. Without libvirt's folder nothing says that it has
 * not. */
static gboolean guest_lives(const RhClaim *claim, gpointer data)
{
    const RhUsers *users = data;
    gpointer read;

    if (!users->known)
        return TRUE;
    if (!claim->guest)
        return FALSE;
    if (!g_hash_table_lookup_extended(users->names, claim->guest, NULL, &read))
        return has_process(users, claim->guest);
    return claim->state != RH_CLAIM_RUNNING || !GPOINTER_TO_INT(read) || is_named(users, claim);
}

gboolean rh_users_expire(const RhUsers *users, RhClaims *claims)
{
    RhClaimFacts facts = {.now = users->now,
                          .daemon_lives = daemon_lives,
                          .guest_lives = guest_lives,
                          .data = (gpointer)users};

    return rh_claims_expire(claims, &facts);
}

RhUsage rh_users_usage(const RhUsers *users, const RhClaims *claims)
{
    return (RhUsage){.running = users->guests, .defined = users->defined, .claims = claims};
}

/* Those of @devices that no guest that runs has, by what is known now. */
static void add_unused(const RhUsers *users, GPtrArray *devices, GPtrArray *unused)
{
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < users->guests->len; i++) {
        const RhGuest *guest = g_ptr_array_index(users->guests, i);

        for (guint j = 0; j < guest->devices->len; j++)
            g_hash_table_add(
                used,
                g_ascii_strdown(rh_guest_device_key(g_ptr_array_index(guest->devices, j)), -1));
    }
    for (guint i = 0; i < devices->len; i++) {
        const char *key = rh_device_key(g_ptr_array_index(devices, i));
        g_autofree char *small = key ? g_ascii_strdown(key, -1) : NULL;

        if (small && !g_hash_table_contains(used, small))
            g_ptr_array_add(unused, g_ptr_array_index(devices, i));
    }
}

void rh_users_look(RhUsers *users, const RhInventory *inventory)
{
    g_autoptr(GPtrArray) unused = g_ptr_array_new();

    if (!users->host)
        return;
    for (guint kind = 0; kind < RH_N_KINDS; kind++)
        if (rh_kind_is_given((RhKind)kind))
            add_unused(users, inventory->devices[kind], unused);
    g_clear_pointer(&users->holders, rh_holders_free);
    users->holders = rh_host_find_holders(users->host, unused, RH_HOLDERS_ALL, LOOK_MS);
}

gboolean rh_users_look_again(const RhUsers *users, GPtrArray *devices)
{
    g_autoptr(RhHolders) holders =
        users->host ? rh_host_find_holders(users->host, devices, RH_HOLDERS_LIKELY, LOOK_AGAIN_MS)
                    : NULL;

    return holders && rh_holders_mark(holders, devices);
}

char *rh_users_warn_of_left(const RhUsers *users)
{
    guint n = users->holders ? rh_holders_left(users->holders) : 0;

    return n > 0 ? g_strdup_printf("%u processes were not looked at for devices that they have "
                                   "open, since they and others have so much open: those count "
                                   "as using none",
                                   n)
                 : NULL;
}

char *rh_users_warn_of_denied(const RhUsers *users)
{
    guint n = users->holders ? rh_holders_denied(users->holders) : 0;

    if (n == 0)
        return NULL;
    return g_strdup_printf(
        "%u of the processes could not be looked at for devices that they have open; "
        "%s",
        n,
        geteuid() != 0 ? "it takes root"
                       : "allow it where SELinux, a container or a lack of "
                         "CAP_SYS_PTRACE forbids it");
}

void rh_users_mark(RhUsers *users, const RhClaims *claims, const RhClaimant *claimant,
                   RhInventory *inventory)
{
    RhUsage usage = rh_users_usage(users, claims);

    rh_usage_mark(&usage, claimant, inventory);
    if (users->host && !users->holders)
        rh_users_look(users, inventory);
    for (guint kind = 0; kind < RH_N_KINDS && users->holders; kind++)
        (void)rh_holders_mark(users->holders, inventory->devices[kind]);
}

/* Notes that nobody could look, for the reason @why (NULL: somebody could), where it was not known
 * before: claims that are damaged are less than that. */
static void note_unseen(const char *why, GError **ret_unknown)
{
    if (!why || g_error_matches(*ret_unknown, RH_ERROR, RH_ERROR_STATE))
        return;
    g_clear_error(ret_unknown);
    rh_raise(ret_unknown, RH_ERROR_STATE, "%s", why);
}

/* What is known right now of all that may say who uses a device; *@ret_error: what is not. */
static RhUsers *read_now(const RhEnvironment *environment, RhHost *host, RhClaims **ret_claims,
                         GError **ret_error)
{
    g_autofree char *state = rh_environment_state(environment);
    RhClaims *claims = rh_claims_file_peek(state, ret_error);
    RhUsers *users = rh_users_read(environment, host);

    note_unseen(users->fault, ret_error);
    *ret_claims = claims ? claims : rh_claims_new();
    (void)rh_users_expire(users, *ret_claims);
    return users;
}

/* What was not looked at in time counts as not in use, which is told. */
static void note_left(const RhUsers *users, GError **ret_unknown)
{
    g_autofree char *left = rh_users_warn_of_left(users);

    if (left && !*ret_unknown)
        rh_raise(ret_unknown, RH_ERROR_HOST, "%s", left);
}

gboolean rh_users_mark_now(const RhEnvironment *environment, RhHost *host, const RhGuest *guest,
                           RhInventory *inventory, GError **error)
{
    RhClaimant claimant = {.guest = guest ? guest->name : NULL, .uuid = guest ? guest->uuid : NULL};
    g_autoptr(GError) unknown = NULL;
    g_autoptr(GPtrArray) claims = NULL;
    g_autoptr(RhUsers) users = read_now(environment, host, &claims, &unknown);
    g_autofree char *denied = NULL;
    gboolean unseen;

    rh_users_mark(users, claims, guest ? &claimant : NULL, inventory);
    denied = rh_users_warn_of_denied(users);
    note_unseen(denied, &unknown);
    unseen = g_error_matches(unknown, RH_ERROR, RH_ERROR_STATE);
    if (unseen)
        rh_usage_mark_unknown(inventory);
    note_left(users, &unknown);
    inventory->incomplete |= unknown != NULL;
    return !unknown ||
           rh_raise(error, RH_ERROR_STATE, "not all is known of what guests here use: %s%s",
                    unknown->message,
                    unseen ? "; till then a device that nobody is known to use counts as in use"
                           : "");
}

/* Of what definitions name only that is left which nobody plans, and that as if it were in use:
 * their guests get it whatever is planned. */
static void keep_unplanned(RhUsers *users)
{
    for (guint i = 0; i < users->defined->len; i++) {
        RhGuest *guest = g_ptr_array_index(users->defined, i);

        for (guint j = guest->devices->len; j-- > 0;)
            if (!((RhGuestDevice *)g_ptr_array_index(guest->devices, j))->is_unplanned)
                g_ptr_array_remove_index(guest->devices, j);
        if (guest->devices->len > 0)
            g_ptr_array_add(users->guests, guest);
    }
    g_ptr_array_set_size(users->defined, 0);
}

gboolean rh_users_mark_in_use(const RhEnvironment *environment, RhHost *host,
                              RhInventory *inventory, GError **error)
{
    g_autoptr(GError) unknown = NULL;
    g_autoptr(GPtrArray) claims = NULL;
    g_autoptr(RhUsers) users = read_now(environment, host, &claims, &unknown);
    g_autofree char *denied = NULL;

    /* damaged claims are none: the next hook sets them aside */
    if (g_error_matches(unknown, RH_ERROR, RH_ERROR_STATE))
        return rh_raise(error, RH_ERROR_STATE, "it is not known what guests here use: %s",
                        unknown->message);
    keep_unplanned(users);
    rh_users_mark(users, claims, NULL, inventory);
    denied = geteuid() != 0 ? rh_users_warn_of_denied(users) : NULL;
    return !denied ||
           rh_raise(error, RH_ERROR_STATE, "it is not known what guests here use: %s", denied);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook/users.h"

#include "hook/claims-file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/domain.h"

#include <string.h>
#include <time.h>

#define STATUS_FOLDER "run/libvirt/qemu"
#define DEFINITION_FOLDER "etc/libvirt/qemu"

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
    g_free(users);
}

void rh_users_resolve(RhHost *host, const RhGuest *guest)
{
    for (guint i = 0; host && i < guest->devices->len; i++) {
        RhGuestDevice *device = g_ptr_array_index(guest->devices, i);

        if (device->kind == RH_KIND_VDPA && !device->node)
            device->node = rh_host_resolve(host, device->source);
    }
}

/* FALSE where the file cannot be read. */
static gboolean read_guest(RhUsers *users, const char *path, GPtrArray *guests)
{
    g_autofree char *what = g_strdup_printf("libvirt's file '%s'", path);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = rh_read_regular(path, what, &error);
    RhGuest *guest = bytes ? rh_status_parse(bytes, what, &error) : NULL;

    if (guest) {
        rh_users_resolve(users->host, guest);
        g_ptr_array_add(guests, guest);
    }
    if (error)
        g_ptr_array_add(users->warnings, g_strdup(error->message));
    return !error;
}

/* Reads each NAME.xml in @folder; @names (may be NULL) gets the names. FALSE where it cannot. */
static gboolean read_folder(RhUsers *users, const char *root, const char *folder, GPtrArray *guests,
                            GHashTable *names)
{
    g_autoptr(RhDir) dir = rh_dir_open(root, NULL);
    g_autoptr(GPtrArray) files = dir ? rh_dir_list(dir, folder, NULL) : NULL;

    for (guint i = 0; files && i < files->len; i++) {
        const char *file = g_ptr_array_index(files, i);
        g_autofree char *path = g_build_filename(root, folder, file, NULL);
        gboolean read;

        if (!g_str_has_suffix(file, ".xml"))
            continue;
        read = read_guest(users, path, guests);
        if (names)
            g_hash_table_insert(names, g_strndup(file, strlen(file) - strlen(".xml")),
                                GINT_TO_POINTER(read));
    }
    return files && rh_dir_exists(dir, folder);
}

RhUsers *rh_users_read(const RhEnvironment *environment, RhHost *host)
{
    RhUsers *users = g_new0(RhUsers, 1);

    users->guests = g_ptr_array_new_with_free_func((GDestroyNotify)rh_guest_free);
    users->defined = g_ptr_array_new_with_free_func((GDestroyNotify)rh_guest_free);
    users->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    users->warnings = g_ptr_array_new_with_free_func(g_free);
    users->host = host;
    users->root = environment->root;
    users->now = rh_users_now();
    users->known =
        read_folder(users, environment->root, STATUS_FOLDER, users->guests, users->names);
    (void)read_folder(users, environment->root, DEFINITION_FOLDER, users->defined, NULL);
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

static gboolean is_of(const RhGuest *guest, const RhClaimant *claimant)
{
    RhClaim claim = {.guest = guest->name, .uuid = guest->uuid};

    return rh_claim_is_of(&claim, claimant);
}

/* Whether the status file of a guest that runs names the device: what was unplugged it does not. */
static gboolean is_named(const RhUsers *users, const RhClaim *claim)
{
    RhClaimant claimant = {.guest = claim->guest, .uuid = claim->uuid};

    for (guint i = 0; i < users->guests->len; i++) {
        const RhGuest *guest = g_ptr_array_index(users->guests, i);

        if (is_of(guest, &claimant) && rh_guest_has_device(guest, claim->kind, claim->key))
            return TRUE;
    }
    return FALSE;
}

/* Whether the process lives whose number stands in libvirt's file @name. */
static gboolean is_process_there(const RhUsers *users, RhDir *root, const char *name)
{
    g_autofree char *path = g_build_filename(STATUS_FOLDER, name, NULL);
    g_autofree char *text = NULL;
    guint64 pid;

    if (!rh_dir_read(root, path, &text, NULL))
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
    g_autoptr(RhDir) root = rh_dir_open(users->root, NULL);
    g_autoptr(GPtrArray) files = root ? rh_dir_list(root, STATUS_FOLDER, NULL) : NULL;

    if (!files)
        return TRUE;
    for (guint i = 0; i < files->len; i++)
        if (g_str_equal(g_ptr_array_index(files, i), wanted))
            return is_process_there(users, root, wanted);
    return FALSE;
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

char *rh_users_other(const RhUsers *users, const RhClaims *claims, const RhClaimant *claimant,
                     RhKind kind, const char *key)
{
    const RhClaim *claim = rh_claims_other(claims, claimant, kind, key);

    if (claim)
        return g_strdup_printf("guest %s", claim->guest ? claim->guest : claim->uuid);
    for (guint i = 0; i < users->guests->len; i++) {
        const RhGuest *guest = g_ptr_array_index(users->guests, i);

        if (!is_of(guest, claimant) && rh_guest_has_device(guest, kind, key))
            return g_strdup_printf("guest %s", guest->name ? guest->name : guest->uuid);
    }
    return NULL;
}

/* Where to find a device by what a guest's XML calls it; uuids in small letters. */
static GHashTable *index_devices(const RhInventory *inventory)
{
    static const RhKind kinds[] = {RH_KIND_VDPA, RH_KIND_MDEV};
    GHashTable *by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        GPtrArray *devices = inventory->devices[kinds[kind]];

        for (guint i = 0; i < devices->len; i++) {
            const char *key = rh_device_key(g_ptr_array_index(devices, i));

            if (key)
                g_hash_table_insert(by_key, g_ascii_strdown(key, -1),
                                    g_ptr_array_index(devices, i));
        }
    }
    return by_key;
}

/* Marks the device as used, or @named only, by the guest, if nothing is said of it yet. */
static void mark(GHashTable *by_key, gboolean named, RhKind kind, const char *key,
                 const char *guest, const char *uuid)
{
    RhAttr attr = named ? RH_ATTR_NAMED_BY : RH_ATTR_USED_BY;
    g_autofree char *small = g_ascii_strdown(key, -1);
    RhDevice *device = g_hash_table_lookup(by_key, small);
    g_autofree char *user = g_strdup_printf("guest %s", guest ? guest : uuid);

    if (!device || !rh_device_same_key(kind, rh_device_key(device), key) ||
        rh_device_knows(device, attr))
        return;
    if (named)
        rh_device_set_text(device, attr, user);
    else
        rh_device_set_user(device, user, uuid);
}

static gboolean is_claimants(const char *guest, const char *uuid, const RhClaimant *claimant)
{
    RhClaim claim = {.guest = (char *)guest, .uuid = (char *)uuid};

    return claimant && rh_claim_is_of(&claim, claimant);
}

/* What those of @guests have that are @claimant, or those that are not. */
static void mark_guests(GHashTable *by_key, gboolean named, GPtrArray *guests,
                        const RhClaimant *claimant, gboolean own)
{
    for (guint i = 0; i < guests->len; i++) {
        const RhGuest *guest = g_ptr_array_index(guests, i);

        if (is_claimants(guest->name, guest->uuid, claimant) != own)
            continue;
        for (guint j = 0; j < guest->devices->len; j++) {
            const RhGuestDevice *device = g_ptr_array_index(guest->devices, j);

            mark(by_key, named, device->kind, rh_guest_device_key(device), guest->name,
                 guest->uuid);
        }
    }
}

static void mark_claims(GHashTable *by_key, const RhClaims *claims, const RhClaimant *claimant,
                        gboolean own)
{
    for (guint i = 0; i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        if (is_claimants(claim->guest, claim->uuid, claimant) == own &&
            !(own && claim->state == RH_CLAIM_RESERVED))
            mark(by_key, FALSE, claim->kind, claim->key, claim->guest, claim->uuid);
    }
}

/* The others first: what two have is not the claimant's own. */
void rh_users_mark(const RhUsers *users, const RhClaims *claims, const RhClaimant *claimant,
                   RhInventory *inventory)
{
    g_autoptr(GHashTable) by_key = index_devices(inventory);

    mark_claims(by_key, claims, claimant, FALSE);
    mark_guests(by_key, FALSE, users->guests, claimant, FALSE);
    mark_claims(by_key, claims, claimant, TRUE);
    mark_guests(by_key, FALSE, users->guests, claimant, TRUE);
    mark_guests(by_key, TRUE, users->defined, claimant, FALSE);
    if (users->host)
        rh_host_mark_holders(users->host, inventory);
}

/* What is known right now of all that may say who uses a device. */
static RhUsers *read_now(const RhEnvironment *environment, RhHost *host, RhClaims **ret_claims)
{
    g_autofree char *state = rh_environment_state(environment);
    RhClaims *claims = rh_claims_file_peek(state, NULL);
    RhUsers *users = rh_users_read(environment, host);

    *ret_claims = claims ? claims : rh_claims_new();
    (void)rh_users_expire(users, *ret_claims);
    return users;
}

void rh_users_mark_now(const RhEnvironment *environment, RhHost *host, const RhGuest *guest,
                       RhInventory *inventory)
{
    RhClaimant claimant = {.guest = guest ? guest->name : NULL, .uuid = guest ? guest->uuid : NULL};
    g_autoptr(GPtrArray) claims = NULL;
    g_autoptr(RhUsers) users = read_now(environment, host, &claims);

    rh_users_mark(users, claims, guest ? &claimant : NULL, inventory);
}

void rh_users_mark_in_use(const RhEnvironment *environment, RhHost *host, RhInventory *inventory)
{
    g_autoptr(GPtrArray) claims = NULL;
    g_autoptr(RhUsers) users = read_now(environment, host, &claims);

    g_ptr_array_set_size(users->defined, 0);
    rh_users_mark(users, claims, NULL, inventory);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include "host/host-id.h"
#include "host/hypervisor.h"
#include "host/kind.h"
#include "host/process.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#include <sys/utsname.h>

#define NO_NAME "(none)"

struct RhHost {
    RhDir *root;
};

RhHost *rh_host_new(const char *root, GError **error)
{
    RhDir *dir = rh_dir_open(root, error);
    RhHost *host;

    if (!dir)
        return NULL;
    host = g_new0(RhHost, 1);
    host->root = dir;
    return host;
}

void rh_host_free(RhHost *host)
{
    if (!host)
        return;
    rh_dir_free(host->root);
    g_free(host);
}

/* What the kernel says in @path; NULL where it says nothing. */
static gboolean read_known(RhDir *root, const char *path, char **ret_value, GError **error)
{
    if (!rh_dir_read(root, path, ret_value, error))
        return FALSE;
    if (*ret_value && !**ret_value)
        g_clear_pointer(ret_value, g_free);
    return TRUE;
}

/* What the kernel calls the host; before anybody has set a name, that is "(none)"
 * (linux/include/linux/uts.h). */
static gboolean read_name(RhDir *root, char **ret_name, GError **error)
{
    if (!read_known(root, "proc/sys/kernel/hostname", ret_name, error))
        return FALSE;
    if (g_strcmp0(*ret_name, NO_NAME) == 0)
        g_clear_pointer(ret_name, g_free);
    return TRUE;
}

/* What stands on an inventory itself. */
static gboolean gather_head(RhDir *root, RhInventory *inventory, GError **error)
{
    inventory->id = rh_host_id_read(root);
    inventory->qemu = rh_hypervisor_here(root);
    inventory->version = g_strdup(RH_VERSION);
    inventory->time = g_get_real_time() / G_USEC_PER_SEC;
    return read_name(root, &inventory->name, error) &&
           read_known(root, "proc/sys/kernel/osrelease", &inventory->kernel, error);
}

static gboolean gather_kinds(RhDir *root, RhGather what, const RhPolicy *policy,
                             RhInventory *inventory, GError **error)
{
    for (guint kind = 0; kind < RH_N_KINDS; kind++) {
        const RhHostKind *of = what & RH_KIND_BIT(kind) ? rh_host_kind((RhKind)kind) : NULL;

        if (of && !of->gather(root, policy, inventory, error))
            return FALSE;
    }
    return TRUE;
}

RhInventory *rh_host_gather(RhHost *host, RhGather what, const RhPolicy *policy, GError **error)
{
    g_autoptr(RhInventory) inventory = rh_inventory_new();
    g_autoptr(GError) inconsistent = NULL;

    if (!gather_head(host->root, inventory, error) ||
        !gather_kinds(host->root, what, policy, inventory, error))
        return NULL;
    rh_policy_apply_pools(policy, inventory);
    if (!rh_inventory_complete(inventory, &inconsistent)) {
        rh_raise(error, RH_ERROR_HOST, "this host's devices changed while they were read: %s",
                 inconsistent->message);
        return NULL;
    }
    return g_steal_pointer(&inventory);
}

RhHolders *rh_host_find_holders(RhHost *host, GPtrArray *devices, RhHoldersWhere where,
                                guint milliseconds)
{
    return rh_holders_find(host->root, devices, where, milliseconds);
}

char *rh_host_name(RhHost *host)
{
    char *name = NULL;

    (void)read_name(host->root, &name, NULL);
    return name;
}

char *rh_host_id(RhHost *host)
{
    return rh_host_id_read(host->root);
}

char *rh_host_own_name(void)
{
    struct utsname names;

    return uname(&names) == 0 && *names.nodename && !g_str_equal(names.nodename, NO_NAME)
               ? rh_make_xml_text(g_utf8_make_valid(names.nodename, -1))
               : NULL;
}

guint64 rh_host_process_start(RhHost *host, gint64 pid)
{
    return rh_process_start(host->root, pid);
}

gboolean rh_host_process_lives(RhHost *host, gint64 pid, guint64 start)
{
    return rh_process_lives(host->root, pid, start);
}

gboolean rh_host_is_open(RhHost *host, RhKind kind, const char *key)
{
    const RhHostKind *of = rh_host_kind(kind);

    return of->probe && of->probe(host->root, key);
}

gboolean rh_host_has(RhHost *host, RhKind kind, const char *key)
{
    return rh_host_kind(kind)->has(host->root, key);
}

char *rh_host_resolve(RhHost *host, RhKind kind, const char *source)
{
    const RhHostKind *of = rh_host_kind(kind);

    return of->resolve ? of->resolve(host->root, source) : NULL;
}

RhDevice *rh_host_device_at(RhHost *host, RhKind kind, const char *key)
{
    return rh_host_kind(kind)->at(host->root, key);
}

gboolean rh_host_is_key_of(RhHost *host, RhKind kind, const char *name, const char *key)
{
    const RhHostKind *of = rh_host_kind(kind);

    return !of->is_key_of || of->is_key_of(host->root, name, key);
}

static gboolean is_accepted(RhHost *host, const RhQuestion *question)
{
    const RhHostKind *of = rh_host_kind(question->device->kind);
    const char *key = rh_device_key(question->device);

    return key && of->accepts && of->accepts(host->root, key, question->version);
}

gboolean rh_host_answer(RhHost *host, RhQuestions *questions)
{
    g_autoptr(GPtrArray) open = host && questions ? rh_questions_take_open(questions) : NULL;

    for (guint i = 0; open && i < open->len; i++) {
        RhQuestion *question = g_ptr_array_index(open, i);

        question->accepted = is_accepted(host, question);
    }
    return open != NULL;
}

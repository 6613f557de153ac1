/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/scene.h"

#include "site/child.h"
#include "util/error.h"
#include "xml/inventory-xml.h"

#include <string.h>
#include <sys/wait.h>

typedef struct {
    const RhEnvironment *environment;
    RhGather what;
    const RhPolicy *policy;
} Job;

/* The inventory as XML, or an error: code and message. */
#define RESULT_TYPE G_VARIANT_TYPE("(ayis)")

static GVariant *work(gpointer data)
{
    const Job *job = data;
    g_autoptr(RhHost) host = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(RhInventory) inventory =
        rh_environment_inventory(job->environment, job->what, job->policy, &host, &error);
    g_autoptr(GBytes) bytes =
        inventory ? rh_inventory_serialise(inventory) : g_bytes_new_static("", 0);

    return g_variant_new("(@ayis)",
                         g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, bytes, TRUE),
                         error ? error->code : 0, error ? error->message : "");
}

static RhInventory *gather(const RhEnvironment *environment, RhGather what, const RhPolicy *policy,
                           GError **error)
{
    Job job = {environment, what, policy};
    g_autoptr(GVariant) result = NULL;
    g_autoptr(GVariant) inventory = NULL;
    g_autoptr(GBytes) bytes = NULL;
    const char *message;
    gint32 code;

    if (!rh_child_run(work, &job, RESULT_TYPE,
                      g_get_monotonic_time() + policy->deadline * G_USEC_PER_SEC, &result, error))
        return NULL;
    g_variant_get(result, "(@ayi&s)", &inventory, &code, &message);
    if (*message) {
        rh_raise(error, (RhError)code, "%s", message);
        return NULL;
    }
    bytes = g_variant_get_data_as_bytes(inventory);
    return rh_inventory_parse(bytes, "this host's inventory", error);
}

/* 1000000 * major + 1000 * minor + release, of the emulator that guests get which start now. */
static char *ask_version(virConnectPtr connection)
{
    unsigned long version = 0;

    if (virConnectGetVersion(connection, &version) != 0 || version == 0)
        return NULL;
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* Whether both are the same host's name; one of them may have its domain in it. */
static gboolean is_same_host(const char *a, const char *b)
{
    g_autofree char *first = g_strndup(a, strcspn(a, "."));
    g_autofree char *second = g_strndup(b, strcspn(b, "."));

    return g_ascii_strcasecmp(first, second) == 0;
}

/* Another host's guests have nothing to do with these devices, alike as numbers may be. */
static gboolean refuse_other_host(const RhInventory *inventory, virConnectPtr connection,
                                  GError **error)
{
    g_autofree char *hostname = virConnectGetHostname(connection);
    g_autofree char *uri = virConnectGetURI(connection);

    if (!hostname || !inventory->name || is_same_host(hostname, inventory->name))
        return TRUE;
    return rh_raise(error, RH_ERROR_INPUT,
                    "the guests of '%s' are on host '%s', and these devices are those of host "
                    "'%s'; run it there (ssh %s virt-rehome …)",
                    uri ? uri : "", hostname, inventory->name, hostname);
}

/* Children that ended after their deadline. */
static void reap_late_children(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

void rh_scene_free(RhScene *scene)
{
    if (!scene)
        return;
    rh_policy_free(scene->policy);
    rh_inventory_free(scene->inventory);
    rh_host_free(scene->host);
    g_free(scene->qemu);
    g_free(scene->root);
    g_free(scene);
}

RhScene *rh_scene_new(const RhEnvironment *environment, virConnectPtr connection, RhGather what,
                      GError **error)
{
    g_autoptr(RhScene) scene = g_new0(RhScene, 1);

    scene->policy = rh_environment_policy(environment, error);
    if (!scene->policy)
        return NULL;
    reap_late_children();
    scene->inventory = gather(environment, what, scene->policy, error);
    if (!scene->inventory ||
        (connection && !refuse_other_host(scene->inventory, connection, error)))
        return NULL;
    if (!environment->inventory && !(scene->host = rh_host_new(environment->root, error)))
        return NULL;
    scene->root = g_strdup(environment->root);
    scene->qemu = connection ? ask_version(connection) : NULL;
    return g_steal_pointer(&scene);
}

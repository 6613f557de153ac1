/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/environment.h"

#include "site/config.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/inventory-xml.h"

#include <unistd.h>

#define DAEMON_VARIABLE "VIRT_REHOME_DAEMON"

const RhEnvironment rh_environment_default = {.root = "/"};

gint64 rh_environment_daemon(void)
{
    guint64 pid = (guint64)getppid();
    const char *told = g_getenv(DAEMON_VARIABLE);

    if (told && !rh_parse_number(told, G_MAXINT32, &pid))
        return 0;
    return pid > 1 && getsid((pid_t)pid) == getsid(0) ? (gint64)pid : 0;
}

RhPolicy *rh_environment_policy(const RhEnvironment *environment, GError **error)
{
    g_autoptr(RhPolicy) policy = rh_config_load(environment->root, environment->config, error);

    if (!policy)
        return NULL;
    if (!environment->match)
        return g_steal_pointer(&policy);
    if (g_str_equal(environment->match, "exact")) {
        policy->match = RH_MATCH_EXACT;
    } else if (g_str_equal(environment->match, "capability")) {
        policy->match = RH_MATCH_CAPABILITY;
    } else {
        rh_raise(error, RH_ERROR_USAGE, "--policy is '%s', must be exact or capability",
                 environment->match);
        return NULL;
    }
    return g_steal_pointer(&policy);
}

RhInventory *rh_environment_load_inventory(const char *path, GError **error)
{
    g_autofree char *what = g_strdup_printf("the inventory '%s'", path);
    g_autoptr(GBytes) bytes = rh_read_document(path, what, error);

    return bytes ? rh_inventory_parse(bytes, what, error) : NULL;
}

RhInventory *rh_environment_inventory(const RhEnvironment *environment, RhGather what,
                                      const RhPolicy *policy, RhHost **ret_host, GError **error)
{
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(RhHost) host = NULL;

    *ret_host = NULL;
    if (environment->inventory)
        return rh_environment_load_inventory(environment->inventory, error);
    host = rh_host_new(environment->root, error);
    inventory = host ? rh_host_gather(host, what, policy, error) : NULL;
    if (!inventory)
        return NULL;
    *ret_host = g_steal_pointer(&host);
    return g_steal_pointer(&inventory);
}

char *rh_environment_state(const RhEnvironment *environment)
{
    return environment->state ? g_strdup(environment->state)
                              : g_build_filename(environment->root, "run/virt-rehome", NULL);
}

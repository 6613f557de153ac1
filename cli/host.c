/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome host: this host's inventory. */
#include "cli/command.h"

#include "cli/inventory-json.h"
#include "cli/inventory-text.h"
#include "site/users.h"
#include "util/text.h"
#include "xml/inventory-xml.h"

static void append(GString *out, const RhInventory *inventory, RhFormat format, gboolean all)
{
    g_autoptr(GBytes) bytes = NULL;

    switch (format) {
    case RH_FORMAT_TEXT:
        rh_inventory_append_text(out, inventory, all);
        return;
    case RH_FORMAT_JSON:
        rh_inventory_append_json(out, inventory);
        return;
    case RH_FORMAT_XML:
        bytes = rh_inventory_serialise(inventory);
        rh_command_append(out, bytes);
        return;
    }
    g_assert_not_reached();
}

RhExit rh_command_host(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    g_autoptr(RhPolicy) policy = NULL;
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(RhHost) host = NULL;
    g_autoptr(GError) unknown = NULL;
    RhEnvironment environment;
    RhFormat format;

    if (words[0])
        return rh_command_misused(error, "host takes no words, but there is '%s'", words[0]);
    if (!rh_command_format(options, "xml|json|text", &format, error) ||
        !rh_common_options_one_host(options->common, &environment, error))
        return RH_EXIT_TROUBLE;
    policy = rh_environment_policy(&environment, error);
    if (!policy)
        return RH_EXIT_TROUBLE;
    inventory = rh_environment_inventory(&environment, RH_GATHER_ALL, policy, &host, error);
    if (!inventory)
        return RH_EXIT_TROUBLE;
    if (host && !rh_users_mark_now(&environment, host, NULL, inventory, &unknown))
        rh_append_line(output->err, "warning: %s", unknown->message);
    rh_command_warn_of_pools(options, policy, host, inventory, RH_GATHER_ALL, output->err);
    append(output->out, inventory, format, options->common->all);
    return RH_EXIT_FITS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/options.h"

#include "util/error.h"

void rh_common_options_clear(RhCommonOptions *options)
{
    g_free(options->root);
    g_free(options->config);
    g_free(options->policy);
    g_free(options->state);
    g_free(options->connect);
    g_strfreev(options->hosts);
}

void rh_common_options_add(RhCommonOptions *options, GOptionContext *context)
{
    const GOptionEntry entries[] = {
        {"host", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->hosts,
         "A saved inventory (check: or a folder of *.xml) in place of this host", "FILE"},
        {"connect", 0, 0, G_OPTION_ARG_STRING, &options->connect,
         "check, record, refresh: the guest is libvirt's, at this URI (qemu:///system)", "URI"},
        {"all", 0, 0, G_OPTION_ARG_NONE, &options->all,
         "record, refresh: all guests; host --format text: all types", NULL},
        {"print", 0, 0, G_OPTION_ARG_NONE, &options->print, "record: print, change nothing", NULL},
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &options->config,
         "Configuration in place of /etc/virt-rehome.conf", "FILE"},
        {"policy", 0, 0, G_OPTION_ARG_STRING, &options->policy,
         "capability or exact, over the configuration", "POLICY"},
        {"root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
         "Stands in front of /sys, /proc, /run, /etc and /dev", "DIR"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &options->state, "Stands for /run/virt-rehome",
         "DIR"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};

    g_option_context_add_main_entries(context, entries, NULL);
}

RhEnvironment rh_common_options_environment(const RhCommonOptions *options)
{
    return (RhEnvironment){.root = options->root ? options->root : "/",
                           .config = options->config,
                           .match = options->policy,
                           .state = options->state};
}

gboolean rh_common_options_one_host(const RhCommonOptions *options, RhEnvironment *ret_environment,
                                    GError **error)
{
    if (options->hosts && options->hosts[0] && options->hosts[1])
        return rh_raise(error, RH_ERROR_USAGE, "only 'check' takes more than one --host");
    *ret_environment = rh_common_options_environment(options);
    ret_environment->inventory = options->hosts ? options->hosts[0] : NULL;
    return TRUE;
}

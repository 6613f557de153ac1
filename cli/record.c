/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome record: the record of a saved guest, without libvirt. */
#include "cli/command.h"

#include "core/contract.h"
#include "hook/incoming.h"
#include "site/users.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/domain.h"

/* One that cannot be read is forgotten, and @err says what it said. */
static gboolean read_record(RhDomain *domain, GString *err, GError **error)
{
    g_autofree char *said = NULL;
    g_autoptr(GError) fault = NULL;

    if (rh_domain_read_record(domain, &fault))
        return TRUE;
    said = rh_domain_record_text(domain);
    if (!rh_domain_forget_record(domain, error))
        return FALSE;
    rh_append_line(err,
                   "virt-rehome: the record could not be read (%s) and is made anew of what is on "
                   "this host; it said: %s",
                   fault->message, said ? said : "nothing");
    return TRUE;
}

/* Puts the record of @domain's guest into it. *@ret_changed: whether anything changed. */
static gboolean record_guest(RhDomain *domain, const RhEnvironment *environment, GString *err,
                             gboolean *ret_changed, GError **error)
{
    RhGuest *guest = rh_domain_guest(domain);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(RhPolicy) policy = NULL;
    g_autoptr(RhInventory) inventory = NULL;
    g_autoptr(RhRecord) record = NULL;
    g_autoptr(RhHost) host = NULL;

    if (!read_record(domain, err, error))
        return FALSE;
    policy = rh_environment_policy(environment, error);
    if (!policy)
        return FALSE;
    inventory = rh_environment_inventory(environment, rh_guest_kinds(guest), policy, &host, error);
    rh_users_settle(host, inventory, guest);
    record = inventory ? rh_record_make(guest, inventory, RH_CONTRACT_NEW, NULL, error) : NULL;
    if (!record)
        return FALSE;
    /* when and by what it was started, its XML does not say */
    rh_record_keep_rings(record, guest);
    if (rh_record_is_of_host(guest->record, inventory))
        record->qemu = g_strdup(guest->record->qemu);
    *ret_changed = !guest->record || !rh_record_equal(guest->record, record);
    if (*ret_changed)
        rh_domain_set_record(domain, record, now);
    return TRUE;
}

/* Of saved XML: printed with its record. */
static RhExit record_saved(const RhOptions *options, const char *word, RhOutput *output,
                           GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GBytes) recorded = NULL;
    g_autoptr(RhDomain) domain = NULL;
    RhEnvironment environment;
    gboolean changed = FALSE;

    if (!options->common->print)
        return rh_command_misused(error, "record prints the record of a saved guest and changes no "
                                         "file: add --print");
    if (!rh_common_options_one_host(options->common, &environment, error))
        return RH_EXIT_TROUBLE;
    bytes = rh_command_read_guest(options, word, error);
    domain = bytes ? rh_domain_parse(bytes, error) : NULL;
    if (!domain)
        return RH_EXIT_TROUBLE;
    if (!rh_guest_has_ours(rh_domain_guest(domain)))
        g_string_append(output->err, "the guest has " RH_KINDS_NONE ": nothing to record\n");
    else if (!record_guest(domain, &environment, output->err, &changed, error))
        return RH_EXIT_TROUBLE;
    recorded = changed ? rh_domain_serialise(domain, error) : g_bytes_ref(bytes);
    if (!recorded)
        return RH_EXIT_TROUBLE;
    rh_command_append(output->out, recorded);
    return RH_EXIT_FITS;
}

RhExit rh_command_record(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    gboolean all = options->common->all;

    if (all ? words[0] != NULL : !words[0] || words[1])
        return rh_command_misused(error, "record takes one guest: the name of a guest of "
                                         "libvirt's, GUEST.xml, or - for standard input; or --all");
    if (!all && !rh_command_is_libvirts(options, words[0]))
        return record_saved(options, words[0], output, error);
    return rh_command_pass_on(options, "record", words, output, error);
}

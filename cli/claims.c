/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome claims: which devices are held for which guests; virt-rehome release: frees by hand.
 */
#include "cli/command.h"

#include "cli/json.h"
#include "site/claims-file.h"
#include "site/journal.h"
#include "site/ledger.h"
#include "site/users.h"
#include "util/error.h"
#include "util/text.h"

#include <unistd.h>

#define LOCK_SECONDS 10

static const char *word(const char *text)
{
    return text ? text : "-";
}

static void append_text(GString *out, const RhClaims *claims, gint64 now)
{
    if (claims->len == 0)
        g_string_append(out, "no claims\n");
    for (guint i = 0; i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        rh_append_line(out, "%s %s for guest '%s' (%s), %s %" G_GINT64_FORMAT " s ago",
                       rh_kind_info(claim->kind)->element, claim->key, word(claim->guest),
                       word(claim->uuid), rh_claim_state_name(claim->state), now - claim->time);
    }
}

static void append_json(GString *out, const RhClaims *claims, gint64 now)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "claims");
    json_builder_begin_array(builder);
    for (guint i = 0; i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        json_builder_begin_object(builder);
        rh_json_add_text(builder, "kind", rh_kind_info(claim->kind)->element);
        rh_json_add_text(builder, "key", claim->key);
        rh_json_add_text(builder, "device", claim->device);
        rh_json_add_text(builder, "guest", claim->guest);
        rh_json_add_text(builder, "uuid", claim->uuid);
        rh_json_add_text(builder, "state", rh_claim_state_name(claim->state));
        json_builder_set_member_name(builder, "age");
        json_builder_add_int_value(builder, now - claim->time);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    rh_json_append(out, builder);
}

RhExit rh_command_claims(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    g_autofree char *state = rh_environment_state(&options->environment);
    g_autoptr(GPtrArray) claims = NULL;
    g_autoptr(RhUsers) users = NULL;
    g_autoptr(RhHost) host = NULL;
    RhFormat format;

    if (words[0])
        return rh_command_misused(error, "claims takes no words, but there is '%s'", words[0]);
    if (!rh_command_format(options, "text|json", &format, error) ||
        !(host = rh_host_new(options->environment.root, error)))
        return RH_EXIT_TROUBLE;
    users = rh_users_read(&options->environment, host);
    claims = rh_claims_file_peek(state, error);
    if (!claims)
        return RH_EXIT_TROUBLE;
    if (users->fault)
        rh_append_line(output->err, "warning: %s", users->fault);
    (void)rh_users_expire(users, claims);
    if (format == RH_FORMAT_JSON)
        append_json(output->out, claims, users->now);
    else
        append_text(output->out, claims, users->now);
    return RH_EXIT_FITS;
}

/* The claims of @guest, by name or uuid, are dropped and told. */
static guint release(RhClaims *claims, const char *guest, GString *out)
{
    guint n = 0;

    for (guint i = claims->len; i > 0; i--) {
        const RhClaim *claim = g_ptr_array_index(claims, i - 1);

        if (g_strcmp0(claim->guest, guest) != 0 &&
            !(claim->uuid && g_ascii_strcasecmp(claim->uuid, guest) == 0))
            continue;
        rh_append_line(out, "released %s %s, which was %s", rh_kind_info(claim->kind)->element,
                       claim->key, rh_claim_state_name(claim->state));
        rh_journal_add(RH_EVENT_RELEASED, claim->key, "'%s' was released from guest '%s' by hand",
                       claim->key, guest);
        g_ptr_array_remove_index(claims, i - 1);
        n++;
    }
    return n;
}

RhExit rh_command_release(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + LOCK_SECONDS * G_USEC_PER_SEC;
    g_autoptr(RhLedger) ledger = NULL;

    if (!words[0] || words[1])
        return rh_command_misused(error, "release takes one guest, its name or its uuid");
    rh_journal_about(words[0], "release");
    ledger = rh_ledger_new(&options->environment, words[0], NULL, error);
    if (!ledger || !rh_ledger_open(ledger, NULL, deadline, error))
        return RH_EXIT_TROUBLE;
    if (ledger->warning)
        rh_append_line(output->err, "warning: %s", ledger->warning);
    if (release(ledger->claims, words[0], output->out) == 0) {
        rh_append_line(output->out, "guest '%s' has no claims", words[0]);
        return RH_EXIT_FITS;
    }
    if (!rh_ledger_save(ledger, error))
        return RH_EXIT_TROUBLE;
    rh_journal_flush();
    return RH_EXIT_FITS;
}

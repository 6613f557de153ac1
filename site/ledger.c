/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/ledger.h"

#include "xml/claims-xml.h"

#include <unistd.h>

static RhLedger *ledger_of(const char *guest, const char *uuid)
{
    RhLedger *ledger = g_new0(RhLedger, 1);

    ledger->claimant = (RhClaimant){.guest = guest, .uuid = uuid};
    ledger->owner = getpid();
    return ledger;
}

RhLedger *rh_ledger_new(const RhEnvironment *environment, const char *guest, const char *uuid,
                        GError **error)
{
    g_autofree char *state = rh_environment_state(environment);
    g_autoptr(RhLedger) ledger = ledger_of(guest, uuid);

    ledger->claimant.daemon = environment->daemon;
    ledger->file = rh_claims_file_open(state, error);
    return ledger->file ? g_steal_pointer(&ledger) : NULL;
}

/* Who asks is a daemon that lives, or none. */
static void find_claimant(RhLedger *ledger, const RhUsers *users)
{
    const RhClaimant *asks = &ledger->claimant;

    ledger->claimant = rh_users_claimant(users, asks->guest, asks->uuid, asks->daemon);
}

RhLedger *rh_ledger_do_without(const char *guest, const char *uuid, const RhUsers *users)
{
    RhLedger *ledger = ledger_of(guest, uuid);

    ledger->claims = rh_claims_new();
    if (users)
        find_claimant(ledger, users);
    return ledger;
}

void rh_ledger_free(RhLedger *ledger)
{
    if (!ledger)
        return;
    g_clear_pointer(&ledger->claims, g_ptr_array_unref);
    rh_claims_file_free(ledger->file);
    g_free(ledger->warning);
    g_free(ledger->damage);
    g_clear_pointer(&ledger->written, g_bytes_unref);
    g_free(ledger);
}

/* What is no list of claims is kept for a person to look at, by who will write another. */
static void set_aside(RhLedger *ledger)
{
    if (!ledger->damage || getpid() != ledger->owner)
        return;
    g_free(ledger->warning);
    ledger->warning = rh_claims_file_set_aside(ledger->file, ledger->damage);
    g_clear_pointer(&ledger->damage, g_free);
}

gboolean rh_ledger_open(RhLedger *ledger, RhUsers *users, gint64 deadline, GError **error)
{
    const char *guest = ledger->claimant.guest;
    g_autofree char *purpose = g_strdup_printf("'%s'", guest ? guest : "");

    ledger->locked = rh_claims_file_lock(ledger->file, purpose, deadline, error);
    if (!ledger->locked)
        return FALSE;
    if (users && users->is_read)
        rh_users_refresh(users);
    ledger->claims = rh_claims_file_load(ledger->file, &ledger->damage, error);
    if (!ledger->claims)
        return FALSE;
    set_aside(ledger);
    if (users)
        find_claimant(ledger, users);
    if (users && users->is_read)
        (void)rh_users_expire(users, ledger->claims);
    return TRUE;
}

void rh_ledger_close(RhLedger *ledger)
{
    g_clear_pointer(&ledger->claims, g_ptr_array_unref);
    if (ledger->locked)
        rh_claims_file_unlock(ledger->file);
    ledger->locked = FALSE;
}

gboolean rh_ledger_save(RhLedger *ledger, GError **error)
{
    if (!ledger->written && !rh_claims_check(ledger->claims, error))
        return FALSE;
    if (!ledger->written)
        ledger->written = rh_claims_serialise(ledger->claims);
    return rh_claims_file_save(ledger->file, ledger->written, error);
}

GVariant *rh_ledger_pack(const RhLedger *ledger, GError **error)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    g_auto(GStrv) notes = ledger->file ? rh_claims_file_notes(ledger->file) : NULL;
    g_autoptr(GBytes) claims = NULL;

    if (!rh_claims_check(ledger->claims, error))
        return NULL;
    claims = rh_claims_serialise(ledger->claims);
    g_variant_dict_insert_value(&dict, "claims",
                                g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, claims, TRUE));
    if (notes)
        g_variant_dict_insert(&dict, "notes", "^as", notes);
    if (ledger->damage)
        g_variant_dict_insert(&dict, "damage", "s", ledger->damage);
    return g_variant_dict_end(&dict);
}

void rh_ledger_take(RhLedger *ledger, GVariant *packed)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(packed);
    g_autoptr(GVariant) claims =
        g_variant_dict_lookup_value(&dict, "claims", G_VARIANT_TYPE_BYTESTRING);
    GStrv notes = NULL;

    ledger->written = claims ? g_variant_get_data_as_bytes(claims) : NULL;
    if (g_variant_dict_lookup(&dict, "notes", "^as", &notes))
        rh_claims_file_take_notes(ledger->file, notes);
    (void)g_variant_dict_lookup(&dict, "damage", "s", &ledger->damage);
    set_aside(ledger);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/claims.h"

#include "core/user.h"
#include "util/error.h"
#include "util/text.h"

#include <string.h>

/* Bytes of a name in a sentence about it. */
#define MAX_TOLD 64u

static const char *const state_names[] = {"reserved", "claimed", "running"};
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == RH_CLAIM_RUNNING + 1);

const char *rh_claim_state_name(RhClaimState state)
{
    return state_names[state];
}

gboolean rh_claim_state_by_name(const char *name, RhClaimState *ret_state)
{
    for (guint i = 0; i < G_N_ELEMENTS(state_names); i++) {
        if (g_str_equal(state_names[i], name)) {
            *ret_state = (RhClaimState)i;
            return TRUE;
        }
    }
    return FALSE;
}

void rh_claim_free(RhClaim *claim)
{
    g_free(claim->key);
    g_free(claim->device);
    g_free(claim->guest);
    g_free(claim->uuid);
    g_free(claim);
}

static RhClaim *claim_copy(const RhClaim *claim)
{
    RhClaim *copy = g_new0(RhClaim, 1);

    *copy = *claim;
    copy->key = g_strdup(claim->key);
    copy->device = g_strdup(claim->device);
    copy->guest = g_strdup(claim->guest);
    copy->uuid = g_strdup(claim->uuid);
    return copy;
}

RhClaims *rh_claims_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)rh_claim_free);
}

gboolean rh_claimant_is(const RhClaimant *claimant, const char *guest, const char *uuid)
{
    RhUser user = {.as = RH_USER_GUEST, .name = guest, .uuid = uuid};

    return rh_user_is_guest(&user, claimant->guest, claimant->uuid);
}

gboolean rh_claim_is_of(const RhClaim *claim, const RhClaimant *claimant)
{
    return rh_claimant_is(claimant, claim->guest, claim->uuid);
}

static gboolean check_text(const RhClaim *claim, const char *what, const char *text, gsize max,
                           GError **error)
{
    const char *guest = claim->guest ? claim->guest : claim->uuid;
    g_autofree char *told = rh_cut(g_strdup(guest ? guest : ""), MAX_TOLD);

    return !text || strlen(text) <= max ||
           rh_raise(error, RH_ERROR_REFUSED,
                    "nothing can be held for guest '%s': %s has %zu bytes, and the limit is %zu",
                    told, what, strlen(text), max);
}

gboolean rh_claim_check(const RhClaim *claim, GError **error)
{
    return check_text(claim, "its name", claim->guest, RH_MAX_CLAIM_TEXT, error) &&
           check_text(claim, "its uuid", claim->uuid, RH_MAX_CLAIM_TEXT, error) &&
           check_text(claim, "the name of its device", claim->device, RH_MAX_CLAIM_TEXT, error) &&
           check_text(claim, "the source of its device", claim->key, RH_MAX_CLAIM_SOURCE, error);
}

gboolean rh_claims_check(const RhClaims *claims, GError **error)
{
    for (guint i = 0; i < claims->len; i++)
        if (!rh_claim_check(g_ptr_array_index(claims, i), error))
            return FALSE;
    return claims->len <= RH_MAX_CLAIMS ||
           rh_raise(error, RH_ERROR_REFUSED,
                    "%u claims would be held on this host, and the limit is %u; 'virt-rehome "
                    "claims' lists them",
                    claims->len, RH_MAX_CLAIMS);
}

static gboolean is_on(const RhClaim *claim, RhKind kind, const char *key)
{
    return claim->kind == kind && rh_device_same_key(kind, claim->key, key);
}

RhClaim *rh_claims_hold(RhClaims *claims, const RhClaimant *claimant, RhKind kind, const char *key,
                        const char *device, RhClaimState state)
{
    RhClaim *claim;

    for (guint i = claims->len; i > 0; i--) {
        claim = g_ptr_array_index(claims, i - 1);
        if (is_on(claim, kind, key) && rh_claim_is_of(claim, claimant) &&
            (claim->state == RH_CLAIM_RESERVED) == (state == RH_CLAIM_RESERVED))
            g_ptr_array_remove_index(claims, i - 1);
    }
    claim = g_new0(RhClaim, 1);
    *claim = (RhClaim){.kind = kind,
                       .key = g_strdup(key),
                       .device = g_strdup(device),
                       .guest = g_strdup(claimant->guest),
                       .uuid = g_strdup(claimant->uuid),
                       .state = state,
                       .time = claimant->now,
                       .daemon = claimant->daemon,
                       .daemon_start = claimant->daemon_start};
    g_ptr_array_add(claims, claim);
    return claim;
}

const RhClaim *rh_claims_other(const RhClaims *claims, const RhClaimant *claimant, RhKind kind,
                               const char *key)
{
    for (guint i = 0; i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        if (is_on(claim, kind, key) && !rh_claim_is_of(claim, claimant))
            return claim;
    }
    return NULL;
}

const RhClaim *rh_claims_reservation(const RhClaims *claims, const RhClaimant *claimant,
                                     RhKind kind, const char *key)
{
    for (guint i = 0; i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        if (claim->state == RH_CLAIM_RESERVED && rh_claim_is_of(claim, claimant) &&
            (!key || is_on(claim, kind, key)))
            return claim;
    }
    return NULL;
}

gboolean rh_claims_holds(const RhClaims *claims, const RhClaimant *claimant)
{
    for (guint i = 0; i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        if (claim->state != RH_CLAIM_RESERVED && rh_claim_is_of(claim, claimant))
            return TRUE;
    }
    return FALSE;
}

/* Drops the claimant's claims in the states of the mask @states. */
static guint drop(RhClaims *claims, const RhClaimant *claimant, guint states)
{
    guint n = 0;

    for (guint i = claims->len; i > 0; i--) {
        const RhClaim *claim = g_ptr_array_index(claims, i - 1);

        if (!rh_claim_is_of(claim, claimant) || !(states >> claim->state & 1))
            continue;
        g_ptr_array_remove_index(claims, i - 1);
        n++;
    }
    return n;
}

#define RESERVED (1u << RH_CLAIM_RESERVED)
#define HELD (1u << RH_CLAIM_CLAIMED | 1u << RH_CLAIM_RUNNING)

guint rh_claims_drop_reservations(RhClaims *claims, const RhClaimant *claimant)
{
    return drop(claims, claimant, RESERVED);
}

guint rh_claims_drop_held(RhClaims *claims, const RhClaimant *claimant)
{
    return drop(claims, claimant, HELD);
}

guint rh_claims_drop(RhClaims *claims, const RhClaimant *claimant)
{
    return drop(claims, claimant, RESERVED | HELD);
}

gboolean rh_claims_confirm(RhClaims *claims, const RhClaimant *claimant)
{
    gboolean any = FALSE;

    for (guint i = 0; i < claims->len; i++) {
        RhClaim *claim = g_ptr_array_index(claims, i);

        if (claim->state != RH_CLAIM_CLAIMED || !rh_claim_is_of(claim, claimant))
            continue;
        claim->state = RH_CLAIM_RUNNING;
        claim->time = claimant->now;
        any = TRUE;
    }
    return any;
}

void rh_release_note_free(RhReleaseNote *note)
{
    if (!note)
        return;
    g_free(note->guest);
    g_free(note->uuid);
    g_ptr_array_unref(note->claims);
    g_free(note);
}

RhReleaseNote *rh_release_note_new(const RhClaims *claims, const RhClaimant *claimant)
{
    RhReleaseNote *note = g_new0(RhReleaseNote, 1);

    note->time = claimant->now;
    note->claims = rh_claims_new();
    if (!claims) {
        note->guest = g_strdup(claimant->guest);
        note->uuid = g_strdup(claimant->uuid);
    }
    for (guint i = 0; claims && i < claims->len; i++) {
        const RhClaim *claim = g_ptr_array_index(claims, i);

        if (claim->state != RH_CLAIM_RESERVED && rh_claim_is_of(claim, claimant))
            g_ptr_array_add(note->claims, claim_copy(claim));
    }
    return note;
}

static gboolean is_same(const RhClaim *a, const RhClaim *b)
{
    return is_on(a, b->kind, b->key) && a->state == b->state && a->time == b->time &&
           a->daemon == b->daemon && a->daemon_start == b->daemon_start &&
           g_strcmp0(a->guest, b->guest) == 0 && g_strcmp0(a->uuid, b->uuid) == 0;
}

static gboolean is_released(const RhClaim *claim, const RhReleaseNote *note)
{
    RhClaimant claimant = {.guest = note->guest, .uuid = note->uuid};

    if (claim->state == RH_CLAIM_RESERVED || claim->time >= note->time)
        return FALSE;
    if ((note->guest || note->uuid) && rh_claim_is_of(claim, &claimant))
        return TRUE;
    for (guint i = 0; i < note->claims->len; i++)
        if (is_same(claim, g_ptr_array_index(note->claims, i)))
            return TRUE;
    return FALSE;
}

guint rh_claims_obey(RhClaims *claims, const RhReleaseNote *note)
{
    guint n = 0;

    for (guint i = claims->len; i > 0; i--) {
        if (!is_released(g_ptr_array_index(claims, i - 1), note))
            continue;
        g_ptr_array_remove_index(claims, i - 1);
        n++;
    }
    return n;
}

/* Whether a guest that is not there yet has had its time. One without a daemon that may still be at
 * work is not given up sooner: nobody knows who builds it. */
static gboolean is_given_up(const RhClaim *claim, const RhClaimFacts *facts, gint64 age)
{
    return age >= RH_START_SECONDS ||
           (claim->daemon > 0 &&
            !facts->daemon_lives(claim->daemon, claim->daemon_start, facts->data));
}

static gboolean is_over(const RhClaim *claim, const RhClaimFacts *facts)
{
    /* from the future: of another boot */
    gint64 age = facts->now >= claim->time ? facts->now - claim->time : G_MAXINT64;

    if (age < RH_RESERVATION_SECONDS)
        return FALSE;
    switch (claim->state) {
    case RH_CLAIM_RESERVED:
        return TRUE;
    case RH_CLAIM_CLAIMED:
        return is_given_up(claim, facts, age) && !facts->guest_lives(claim, facts->data);
    case RH_CLAIM_RUNNING:
        return !facts->guest_lives(claim, facts->data);
    }
    g_assert_not_reached();
}

gboolean rh_claims_expire(RhClaims *claims, const RhClaimFacts *facts)
{
    gboolean any = FALSE;

    for (guint i = claims->len; i > 0; i--) {
        if (!is_over(g_ptr_array_index(claims, i - 1), facts))
            continue;
        g_ptr_array_remove_index(claims, i - 1);
        any = TRUE;
    }
    return any;
}

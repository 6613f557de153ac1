/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The claims file: what is read can be written, and reads the same; and each step of a guest does
 * what it says whatever else is claimed. */
#include "core/claims.h"
#include "tests/fuzz/fuzz.h"
#include "xml/claims-xml.h"

#define NODE "/dev/vhost-vdpa-0"

static gboolean lives_if_odd(gint64 pid, guint64 start, gpointer data G_GNUC_UNUSED)
{
    return ((guint64)pid + start) % 2 == 1;
}

static gboolean lives_if_named(const RhClaim *claim, gpointer data G_GNUC_UNUSED)
{
    return claim->guest && claim->guest[0] % 2 == 1;
}

static void check_fixed_point(const RhClaims *claims)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) written = rh_claims_serialise(claims);
    g_autoptr(GPtrArray) again = rh_claims_parse(written, "the claims", &error);
    g_autoptr(GBytes) rewritten = NULL;

    g_assert_no_error(error);
    g_assert_nonnull(again);
    rewritten = rh_claims_serialise(again);
    g_assert_true(g_bytes_equal(written, rewritten));
}

static guint count_of_others(const RhClaims *claims, const RhClaimant *claimant)
{
    guint n = 0;

    for (guint i = 0; i < claims->len; i++)
        n += !rh_claim_is_of(g_ptr_array_index(claims, i), claimant);
    return n;
}

/* From the reservation to the release. */
static void check_life(RhClaims *claims, const RhClaimant *claimant)
{
    guint others = count_of_others(claims, claimant);

    rh_claims_hold(claims, claimant, RH_KIND_VDPA, NODE, "vdpa0", RH_CLAIM_RESERVED);
    g_assert_nonnull(rh_claims_reservation(claims, claimant, RH_KIND_VDPA, NODE));
    check_fixed_point(claims);
    (void)rh_claims_drop_held(claims, claimant);
    g_assert_nonnull(rh_claims_reservation(claims, claimant, RH_KIND_VDPA, NULL));
    (void)rh_claims_drop(claims, claimant);
    rh_claims_hold(claims, claimant, RH_KIND_VDPA, NODE, NULL, RH_CLAIM_CLAIMED);
    g_assert_true(rh_claims_confirm(claims, claimant));
    g_assert_false(rh_claims_confirm(claims, claimant));
    g_assert_cmpuint(rh_claims_drop_held(claims, claimant), ==, 1);
    g_assert_null(rh_claims_reservation(claims, claimant, RH_KIND_VDPA, NULL));
    g_assert_cmpuint(claims->len, ==, others);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) claims = rh_claims_parse(bytes, "the claims", &error);
    RhClaimant claimant = {.guest = "web1",
                           .uuid = size % 2 ? "6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1" : NULL,
                           .now = 1000};
    RhClaimFacts facts = {
        .now = (gint64)size * 10, .daemon_lives = lives_if_odd, .guest_lives = lives_if_named};

    if (!fuzz_succeeds(claims != NULL, &error))
        return 0;
    check_fixed_point(claims);
    (void)rh_claims_expire(claims, &facts);
    g_assert_false(rh_claims_expire(claims, &facts));
    check_life(claims, &claimant);
    return 0;
}

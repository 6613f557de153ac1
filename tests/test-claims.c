/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds which device, until when, and how that is written down. */
#include "core/claims.h"
#include "util/error.h"
#include "xml/claims-xml.h"

#include <string.h>

#define UUID_A "6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1"
#define UUID_B "0d3f5a52-6a0e-4b61-8f0c-5d9c2f3e7a10"
#define NODE "/dev/vhost-vdpa-0"
#define MDEV "aaaaaaaa-0000-4000-8000-000000000001"

static const RhClaimant web1 = {.guest = "web1", .uuid = UUID_A, .now = 1000, .daemon = 812};
static const RhClaimant web2 = {.guest = "web2", .uuid = UUID_B, .now = 1000, .daemon = 812};

static void hold(RhClaims *claims, const RhClaimant *claimant, const char *key, RhClaimState state)
{
    RhKind kind = g_uuid_string_is_valid(key) ? RH_KIND_MDEV : RH_KIND_VDPA;

    rh_claims_hold(claims, claimant, kind, key, NULL, state);
}

static RhClaimState state_of(const RhClaims *claims, guint i)
{
    return ((const RhClaim *)g_ptr_array_index(claims, i))->state;
}

static void test_states(void)
{
    RhClaimState state;

    for (RhClaimState each = RH_CLAIM_RESERVED; each <= RH_CLAIM_RUNNING; each++) {
        g_assert_true(rh_claim_state_by_name(rh_claim_state_name(each), &state));
        g_assert_cmpint(state, ==, each);
    }
    g_assert_false(rh_claim_state_by_name("Running", &state));
    g_assert_false(rh_claim_state_by_name("", &state));
}

static void test_hold(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    const RhClaim *claim;

    rh_claims_hold(claims, &web1, RH_KIND_VDPA, NODE, "vdpa0", RH_CLAIM_RESERVED);
    g_assert_cmpuint(claims->len, ==, 1);
    claim = g_ptr_array_index(claims, 0);
    g_assert_cmpint(claim->kind, ==, RH_KIND_VDPA);
    g_assert_cmpstr(claim->key, ==, NODE);
    g_assert_cmpstr(claim->device, ==, "vdpa0");
    g_assert_cmpstr(claim->guest, ==, "web1");
    g_assert_cmpstr(claim->uuid, ==, UUID_A);
    g_assert_cmpint(claim->time, ==, 1000);
    g_assert_cmpint(claim->daemon, ==, 812);
}

/* The same device is held once, anew; another one beside it. */
static void test_hold_again(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    RhClaimant later = web1;

    later.now = 1060;
    hold(claims, &web1, NODE, RH_CLAIM_RESERVED);
    hold(claims, &later, NODE, RH_CLAIM_RESERVED);
    g_assert_cmpuint(claims->len, ==, 1);
    g_assert_cmpint(((RhClaim *)g_ptr_array_index(claims, 0))->time, ==, 1060);
    hold(claims, &later, "/dev/vhost-vdpa-1", RH_CLAIM_RESERVED);
    g_assert_cmpuint(claims->len, ==, 2);
    hold(claims, &later, MDEV, RH_CLAIM_CLAIMED);
    hold(claims, &later, MDEV, RH_CLAIM_RUNNING);
    g_assert_cmpuint(claims->len, ==, 3);
    g_assert_cmpint(state_of(claims, 2), ==, RH_CLAIM_RUNNING);
}

/* An incoming copy that libvirt then turns away costs the running guest nothing. */
static void test_reservation_beside_running(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();

    hold(claims, &web1, NODE, RH_CLAIM_RUNNING);
    hold(claims, &web1, NODE, RH_CLAIM_RESERVED);
    g_assert_cmpuint(claims->len, ==, 2);
    g_assert_cmpuint(rh_claims_drop_reservations(claims, &web1), ==, 1);
    g_assert_cmpuint(claims->len, ==, 1);
    g_assert_cmpint(state_of(claims, 0), ==, RH_CLAIM_RUNNING);
}

static void test_other(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();

    for (RhClaimState state = RH_CLAIM_RESERVED; state <= RH_CLAIM_RUNNING; state++) {
        (void)rh_claims_drop(claims, &web1);
        hold(claims, &web1, NODE, state);
        g_assert_null(rh_claims_other(claims, &web1, RH_KIND_VDPA, NODE));
        g_assert_nonnull(rh_claims_other(claims, &web2, RH_KIND_VDPA, NODE));
        g_assert_null(rh_claims_other(claims, &web2, RH_KIND_VDPA, "/dev/vhost-vdpa-00"));
        g_assert_null(rh_claims_other(claims, &web2, RH_KIND_MDEV, NODE));
    }
    hold(claims, &web1, MDEV, RH_CLAIM_RESERVED);
    g_assert_nonnull(
        rh_claims_other(claims, &web2, RH_KIND_MDEV, "AAAAAAAA-0000-4000-8000-000000000001"));
}

static void test_reservation(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();

    hold(claims, &web1, NODE, RH_CLAIM_RUNNING);
    g_assert_null(rh_claims_reservation(claims, &web1, RH_KIND_VDPA, NODE));
    g_assert_null(rh_claims_reservation(claims, &web1, RH_KIND_VDPA, NULL));
    hold(claims, &web1, MDEV, RH_CLAIM_RESERVED);
    g_assert_nonnull(rh_claims_reservation(claims, &web1, RH_KIND_VDPA, NULL)); /* of any kind */
    g_assert_null(rh_claims_reservation(claims, &web1, RH_KIND_VDPA, NODE));
    g_assert_nonnull(rh_claims_reservation(claims, &web1, RH_KIND_MDEV, MDEV));
    g_assert_null(rh_claims_reservation(claims, &web2, RH_KIND_MDEV, NULL));
}

static void test_drop(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();

    hold(claims, &web2, "/dev/vhost-vdpa-7", RH_CLAIM_RUNNING);
    hold(claims, &web1, NODE, RH_CLAIM_RUNNING);
    hold(claims, &web1, MDEV, RH_CLAIM_CLAIMED);
    hold(claims, &web1, NODE, RH_CLAIM_RESERVED);
    g_assert_cmpuint(rh_claims_drop_held(claims, &web1), ==, 2);
    g_assert_cmpuint(claims->len, ==, 2); /* the guest may be on its way back */
    g_assert_nonnull(rh_claims_reservation(claims, &web1, RH_KIND_VDPA, NODE));
    g_assert_cmpuint(rh_claims_drop_held(claims, &web1), ==, 0);
    g_assert_cmpuint(rh_claims_drop(claims, &web1), ==, 1);
    g_assert_cmpuint(claims->len, ==, 1);
    g_assert_nonnull(rh_claims_other(claims, &web1, RH_KIND_VDPA, "/dev/vhost-vdpa-7"));
}

static void test_confirm(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    RhClaimant later = web1;

    later.now = 1005;
    hold(claims, &web1, NODE, RH_CLAIM_CLAIMED);
    hold(claims, &web1, MDEV, RH_CLAIM_RESERVED);
    hold(claims, &web2, "/dev/vhost-vdpa-7", RH_CLAIM_CLAIMED);
    g_assert_true(rh_claims_confirm(claims, &later));
    g_assert_cmpint(state_of(claims, 0), ==, RH_CLAIM_RUNNING);
    g_assert_cmpint(((RhClaim *)g_ptr_array_index(claims, 0))->time, ==, 1005);
    g_assert_cmpint(state_of(claims, 1), ==, RH_CLAIM_RESERVED);
    g_assert_cmpint(state_of(claims, 2), ==, RH_CLAIM_CLAIMED);
    g_assert_false(rh_claims_confirm(claims, &later));
}

/* A guest is its uuid; its name counts where one side knows no uuid. */
static void test_identity(void)
{
    RhClaim claim = {.guest = (char *)"web1", .uuid = (char *)UUID_A};
    RhClaimant renamed = {.guest = "web1-new", .uuid = UUID_A};
    RhClaimant capitals = {.guest = "web1", .uuid = "6F5A1C1E-3C2B-4C0E-9D5E-5B7A86A3F9D1"};
    RhClaimant namesake = {.guest = "web1", .uuid = UUID_B};
    RhClaimant nameless = {.uuid = UUID_A};
    RhClaimant by_name = {.guest = "web1"};
    RhClaimant nobody = {0};

    g_assert_true(rh_claim_is_of(&claim, &web1));
    g_assert_true(rh_claim_is_of(&claim, &renamed));
    g_assert_true(rh_claim_is_of(&claim, &capitals));
    g_assert_true(rh_claim_is_of(&claim, &nameless));
    g_assert_true(rh_claim_is_of(&claim, &by_name));
    g_assert_false(rh_claim_is_of(&claim, &namesake));
    g_assert_false(rh_claim_is_of(&claim, &nobody));
    claim.uuid = NULL;
    g_assert_true(rh_claim_is_of(&claim, &web1));
    g_assert_false(rh_claim_is_of(&claim, &renamed));
    claim.guest = NULL;
    g_assert_false(rh_claim_is_of(&claim, &nobody));
}

/* -- the end ------------------------------------------------------------------------------------*/

/* What is known of the world. */
typedef struct {
    gboolean daemon;
    gboolean guest;
} Facts;

static gboolean daemon_lives(gint64 pid, guint64 start, gpointer data)
{
    g_assert_cmpint(pid, ==, 812);
    g_assert_cmpuint(start, ==, 0);
    return ((Facts *)data)->daemon;
}

static gboolean guest_lives(const RhClaim *claim, gpointer data)
{
    g_assert_cmpstr(claim->guest, ==, "web1");
    return ((Facts *)data)->guest;
}

/* Whether a claim of @state from second 1000 is over at @now. */
static gboolean ends(RhClaimState state, gint64 now, gboolean daemon, gboolean guest)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    Facts world = {daemon, guest};
    RhClaimFacts facts = {now, daemon_lives, guest_lives, &world};
    gboolean any;

    hold(claims, &web1, NODE, state);
    any = rh_claims_expire(claims, &facts);
    g_assert_cmpuint(claims->len, ==, any ? 0 : 1);
    return any;
}

static void test_reservations_end_by_time(void)
{
    for (int facts = 0; facts < 4; facts++) {
        gboolean daemon = facts & 1;
        gboolean guest = facts >> 1;

        g_assert_false(ends(RH_CLAIM_RESERVED, 1000, daemon, guest));
        g_assert_false(ends(RH_CLAIM_RESERVED, 1119, daemon, guest));
        g_assert_true(ends(RH_CLAIM_RESERVED, 1120, daemon, guest));
        g_assert_true(ends(RH_CLAIM_RESERVED, 999, daemon, guest)); /* from the future */
    }
}

static void test_claims_end_with_daemon_and_guest(void)
{
    g_assert_false(ends(RH_CLAIM_CLAIMED, 1599, TRUE, FALSE));
    g_assert_false(ends(RH_CLAIM_CLAIMED, 100000, FALSE, TRUE));
    g_assert_false(ends(RH_CLAIM_CLAIMED, 100000, TRUE, TRUE));
    g_assert_true(ends(RH_CLAIM_CLAIMED, 1120, FALSE, FALSE));
    g_assert_true(ends(RH_CLAIM_CLAIMED, 999, FALSE, FALSE));
}

/* A daemon that lives may have forgotten the guest. */
static void test_claims_end_ten_minutes_after_prepare(void)
{
    g_assert_true(ends(RH_CLAIM_CLAIMED, 1600, TRUE, FALSE));
    g_assert_true(ends(RH_CLAIM_CLAIMED, 999, TRUE, FALSE));
}

/* Nobody knows who builds the guest, and nobody is asked. */
static void test_claims_without_daemon(void)
{
    RhClaimant orphan = {.guest = "web1", .uuid = UUID_A, .now = 1000};
    Facts gone = {FALSE, FALSE};
    Facts there = {FALSE, TRUE};
    RhClaimFacts facts = {1599, daemon_lives, guest_lives, &gone};
    g_autoptr(GPtrArray) claims = rh_claims_new();

    hold(claims, &orphan, NODE, RH_CLAIM_CLAIMED);
    g_assert_false(rh_claims_expire(claims, &facts));
    facts.now = 1600;
    facts.data = &there;
    g_assert_false(rh_claims_expire(claims, &facts));
    facts.data = &gone;
    g_assert_true(rh_claims_expire(claims, &facts));
}

static void test_running_ends_with_the_guest(void)
{
    g_assert_false(ends(RH_CLAIM_RUNNING, 100000, FALSE, TRUE));
    g_assert_false(ends(RH_CLAIM_RUNNING, 100000, TRUE, TRUE));
    g_assert_true(ends(RH_CLAIM_RUNNING, 1120, FALSE, FALSE));
    g_assert_true(ends(RH_CLAIM_RUNNING, 1120, TRUE, FALSE));
}

/* A guest that is being built has no status file yet. */
static void test_nothing_ends_within_two_minutes(void)
{
    for (RhClaimState state = RH_CLAIM_RESERVED; state <= RH_CLAIM_RUNNING; state++) {
        g_assert_false(ends(state, 1000, FALSE, FALSE));
        g_assert_false(ends(state, 1119, FALSE, FALSE));
    }
}

static void test_only_what_is_over_ends(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    Facts world = {TRUE, TRUE};
    RhClaimFacts facts = {1120, daemon_lives, guest_lives, &world};
    RhClaimant later = web1;

    later.now = 1001;
    hold(claims, &web1, NODE, RH_CLAIM_RESERVED);
    hold(claims, &web1, "/dev/vhost-vdpa-1", RH_CLAIM_CLAIMED);
    hold(claims, &later, "/dev/vhost-vdpa-2", RH_CLAIM_RESERVED);
    hold(claims, &web1, "/dev/vhost-vdpa-3", RH_CLAIM_RESERVED);
    g_assert_true(rh_claims_expire(claims, &facts));
    g_assert_cmpuint(claims->len, ==, 2);
    g_assert_cmpint(state_of(claims, 0), ==, RH_CLAIM_CLAIMED);
    g_assert_cmpint(state_of(claims, 1), ==, RH_CLAIM_RESERVED);
    g_assert_false(rh_claims_expire(claims, &facts));
}

/* -- releases that wait
 * --------------------------------------------------------------------------*/

static RhReleaseNote *note_of(const RhClaims *claims, const RhClaimant *claimant, gint64 now)
{
    RhClaimant then = *claimant;

    then.now = now;
    return rh_release_note_new(claims, &then);
}

/* Only what stands as it stood then: not a reservation, nor what the guest or another got since. */
static void test_note(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    g_autoptr(RhReleaseNote) note = NULL;
    RhClaimant later = web1;

    hold(claims, &web1, NODE, RH_CLAIM_RUNNING);
    hold(claims, &web1, MDEV, RH_CLAIM_CLAIMED);
    hold(claims, &web1, NODE, RH_CLAIM_RESERVED);
    hold(claims, &web2, "/dev/vhost-vdpa-7", RH_CLAIM_RUNNING);
    g_assert_true(rh_claims_holds(claims, &web1));
    note = note_of(claims, &web1, 1001);
    g_assert_cmpuint(note->claims->len, ==, 2);
    g_assert_null(note->guest);
    g_assert_null(note->uuid);
    g_assert_cmpuint(rh_claims_obey(claims, note), ==, 2);
    g_assert_false(rh_claims_holds(claims, &web1));
    g_assert_cmpuint(claims->len, ==, 2);
    g_assert_cmpuint(rh_claims_obey(claims, note), ==, 0);
    later.now = 1001;
    hold(claims, &later, NODE, RH_CLAIM_RUNNING);
    hold(claims, &later, MDEV, RH_CLAIM_CLAIMED);
    g_assert_cmpuint(rh_claims_obey(claims, note), ==, 0);
    g_assert_true(rh_claims_holds(claims, &web1));
}

/* A claim of the note's own second may be the guest's next. */
static void test_note_of_the_same_second(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    g_autoptr(RhReleaseNote) note = NULL;

    hold(claims, &web1, NODE, RH_CLAIM_CLAIMED);
    note = note_of(claims, &web1, 1000);
    g_assert_cmpuint(rh_claims_obey(claims, note), ==, 0);
}

/* Where the claims could not be read, the guest's own of before, and nobody else's. */
static void test_note_of_a_guest(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    g_autoptr(RhReleaseNote) note = note_of(NULL, &web1, 1005);
    RhClaimant later = web1;
    RhClaimant namesake = {.guest = "web1", .uuid = UUID_B, .now = 1000};

    later.now = 1005;
    hold(claims, &web1, NODE, RH_CLAIM_RUNNING);
    hold(claims, &web1, "/dev/vhost-vdpa-3", RH_CLAIM_RESERVED);
    hold(claims, &later, MDEV, RH_CLAIM_CLAIMED);
    hold(claims, &namesake, "/dev/vhost-vdpa-7", RH_CLAIM_RUNNING);
    g_assert_cmpuint(rh_claims_obey(claims, note), ==, 1);
    g_assert_cmpuint(claims->len, ==, 3);
}

/* -- the document -------------------------------------------------------------------------------*/

static void assert_equal(const RhClaims *one, const RhClaims *two)
{
    g_assert_cmpuint(one->len, ==, two->len);
    for (guint i = 0; i < one->len; i++) {
        const RhClaim *a = g_ptr_array_index(one, i);
        const RhClaim *b = g_ptr_array_index(two, i);

        g_assert_cmpint(a->kind, ==, b->kind);
        g_assert_cmpstr(a->key, ==, b->key);
        g_assert_cmpstr(a->device, ==, b->device);
        g_assert_cmpstr(a->guest, ==, b->guest);
        g_assert_cmpstr(a->uuid, ==, b->uuid);
        g_assert_cmpint(a->state, ==, b->state);
        g_assert_cmpint(a->time, ==, b->time);
        g_assert_cmpint(a->daemon, ==, b->daemon);
        g_assert_cmpuint(a->daemon_start, ==, b->daemon_start);
    }
}

static void assert_round_trip(const RhClaims *claims)
{
    g_autoptr(GBytes) bytes = rh_claims_serialise(claims);
    g_autoptr(GBytes) again = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) read = rh_claims_parse(bytes, "the claims", &error);

    g_assert_no_error(error);
    assert_equal(claims, read);
    again = rh_claims_serialise(read);
    g_assert_true(g_bytes_equal(bytes, again));
}

static void test_round_trip(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    RhClaimant largest = {.guest = "web3",
                          .uuid = UUID_A,
                          .now = G_MAXINT64,
                          .daemon = G_MAXINT64,
                          .daemon_start = G_MAXUINT64};
    RhClaimant by_uuid = {.uuid = UUID_B};
    RhClaimant by_name = {.guest = "web4"};

    assert_round_trip(claims);
    rh_claims_hold(claims, &web1, RH_KIND_VDPA, NODE, "vdpa0", RH_CLAIM_RESERVED);
    rh_claims_hold(claims, &web1, RH_KIND_MDEV, MDEV, NULL, RH_CLAIM_CLAIMED)->cold = TRUE;
    rh_claims_hold(claims, &largest, RH_KIND_VDPA, "/dev/vhost-vdpa-1", NULL, RH_CLAIM_RUNNING);
    rh_claims_hold(claims, &by_uuid, RH_KIND_VDPA, "/dev/vhost-vdpa-2", NULL, RH_CLAIM_RUNNING);
    rh_claims_hold(claims, &by_name, RH_KIND_VDPA, "/dev/vhost-vdpa-3", NULL, RH_CLAIM_RUNNING);
    assert_round_trip(claims);
}

static void test_round_trip_of_notes(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();

    hold(claims, &web1, NODE, RH_CLAIM_RUNNING);
    hold(claims, &web1, MDEV, RH_CLAIM_CLAIMED);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(RhReleaseNote) note = note_of(i == 0 ? claims : NULL, &web1, 1005);
        g_autoptr(GBytes) bytes = rh_release_note_serialise(note);
        g_autoptr(GError) error = NULL;
        g_autoptr(RhReleaseNote) read = rh_release_note_parse(bytes, "the note", &error);
        g_autoptr(GPtrArray) none = NULL;

        g_assert_no_error(error);
        g_assert_cmpint(read->time, ==, 1005);
        g_assert_cmpstr(read->guest, ==, note->guest);
        g_assert_cmpstr(read->uuid, ==, note->uuid);
        assert_equal(note->claims, read->claims);
        none = rh_claims_parse(bytes, "the claims", &error);
        g_assert_null(none);
        g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    }
}

/* Names come from another host. */
static void test_round_trip_of_odd_names(void)
{
    static const char *const names[] = {"--help", "a b",     "a&b",    "&amp;amp;", "<web1>",
                                        "\"'",    "a\nb\tc", " web1 ", "\302\205",  "w\303\266b"};
    g_autoptr(GPtrArray) claims = rh_claims_new();

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        RhClaimant odd = {.guest = names[i]};

        rh_claims_hold(claims, &odd, RH_KIND_VDPA, NODE, names[i], RH_CLAIM_RUNNING);
    }
    g_assert_cmpuint(claims->len, ==, G_N_ELEMENTS(names));
    assert_round_trip(claims);
}

/* -- limits -------------------------------------------------------------------------------------*/

/* @length bytes that are six each as XML. */
static char *text_of(guint length)
{
    return g_strnfill(length, '"');
}

static gboolean is_within(guint name, guint uuid, guint device, guint key)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    g_autofree char *name_text = text_of(name);
    g_autofree char *uuid_text = text_of(uuid);
    g_autofree char *device_text = text_of(device);
    g_autofree char *key_text = text_of(key);
    RhClaimant claimant = {.guest = name_text, .uuid = uuid_text};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GPtrArray) read = NULL;
    gboolean within;

    rh_claims_hold(claims, &claimant, RH_KIND_VDPA, key_text, device_text, RH_CLAIM_RUNNING);
    within = rh_claims_check(claims, &error);
    if (!within)
        g_assert_error(error, RH_ERROR, RH_ERROR_REFUSED);
    bytes = rh_claims_serialise(claims);
    read = rh_claims_parse(bytes, "the claims", NULL);
    g_assert_true((read != NULL) == within); /* what is written is read, and nothing else */
    return within;
}

static void test_limits_of_texts(void)
{
    g_assert_true(is_within(255, 255, 255, 512));
    g_assert_false(is_within(256, 1, 1, 1));
    g_assert_false(is_within(1, 256, 1, 1));
    g_assert_false(is_within(1, 1, 256, 1));
    g_assert_false(is_within(1, 1, 1, 513));
}

/* As many as can be, as long as can be, are no longer than what is read. */
/* A part of as many as there can be: with sanitizers all of them take a minute. */
#define PART 32

static void test_limit_of_claims(void)
{
    g_autofree char *text = text_of(RH_MAX_CLAIM_TEXT);
    g_autoptr(GPtrArray) claims = rh_claims_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;

    for (guint i = 0; i < RH_MAX_CLAIMS / PART; i++) {
        RhClaim *claim = g_new0(RhClaim, 1);

        *claim = (RhClaim){.kind = RH_KIND_VDPA,
                           .key = text_of(RH_MAX_CLAIM_SOURCE),
                           .device = g_strdup(text),
                           .guest = g_strdup(text),
                           .uuid = g_strdup(text),
                           .state = RH_CLAIM_RESERVED,
                           .time = G_MAXINT64,
                           .daemon = G_MAXINT64,
                           .daemon_start = G_MAXUINT64};
        g_ptr_array_add(claims, claim);
    }
    g_assert_true(rh_claims_check(claims, &error));
    g_assert_no_error(error);
    bytes = rh_claims_serialise(claims);
    g_assert_cmpuint(g_bytes_get_size(bytes) * PART, <=, 16 * 1024 * 1024);
}

static void test_limit_of_their_number(void)
{
    g_autoptr(GPtrArray) claims = rh_claims_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < RH_MAX_CLAIMS; i++) {
        RhClaim *claim = g_new0(RhClaim, 1);

        *claim = (RhClaim){.kind = RH_KIND_VDPA,
                           .key = g_strdup_printf("/dev/vhost-vdpa-%u", i),
                           .guest = g_strdup("web2"),
                           .state = RH_CLAIM_RESERVED};
        g_ptr_array_add(claims, claim);
    }
    g_assert_true(rh_claims_check(claims, &error));
    g_assert_no_error(error);
    hold(claims, &web1, NODE, RH_CLAIM_RUNNING);
    g_assert_false(rh_claims_check(claims, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_REFUSED);
}

static RhClaims *parse(const char *text, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));

    return rh_claims_parse(bytes, "the claims", error);
}

#define CLAIMS "<claims xmlns='urn:virt-rehome:1' format='1'>"
#define CLAIM "kind='vdpa' key='/dev/vhost-vdpa-0' guest='web1' state='running' "

/* Words of a later version do no harm. */
static void test_unknown_words(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) claims =
        parse(CLAIMS "<claim " CLAIM "colour='red' x:state='gone' xmlns:x='urn:x'><more/></claim>"
                     "<pledge/><claim xmlns='urn:x'/></claims>",
              &error);

    g_assert_no_error(error);
    g_assert_cmpuint(claims->len, ==, 1);
    g_assert_cmpint(state_of(claims, 0), ==, RH_CLAIM_RUNNING);
    g_assert_cmpint(((RhClaim *)g_ptr_array_index(claims, 0))->time, ==, 0);
}

static void test_damaged(void)
{
    static const char *const damaged[] = {
        "",
        " ",
        "claims",
        "<claims/>",
        "<claims xmlns='urn:virt-rehome:2' format='1'/>",
        "<host xmlns='urn:virt-rehome:1' format='1'/>",
        CLAIMS,
        CLAIMS "<claim " CLAIM "/>",
        CLAIMS "<claim " CLAIM "/></claims>and more",
        "<!DOCTYPE claims>" CLAIMS "</claims>",
        CLAIMS "<claim/></claims>",
        CLAIMS "<claim " CLAIM "kind='vdpa'/></claims>",
        CLAIMS "<claim kind='vdpa' key='k' guest='web1'/></claims>",
        CLAIMS "<claim kind='vdpa' key='k' state='running'/></claims>",
        CLAIMS "<claim kind='vdpa' guest='web1' state='running'/></claims>",
        CLAIMS "<claim key='k' guest='web1' state='running'/></claims>",
        CLAIMS "<claim kind='disk' key='k' guest='web1' state='running'/></claims>",
        CLAIMS "<claim kind='mdev-parent' key='k' guest='web1' state='running'/></claims>",
        CLAIMS "<claim kind='vdpa' key='k' guest='web1' state='lost'/></claims>",
        CLAIMS "<claim " CLAIM "time='soon'/></claims>",
        CLAIMS "<claim " CLAIM "time='-1'/></claims>",
        CLAIMS "<claim " CLAIM "time='9223372036854775808'/></claims>",
        CLAIMS "<claim " CLAIM "daemon=''/></claims>",
        CLAIMS "<claim " CLAIM "daemon-start='18446744073709551616'/></claims>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", damaged[i]);
        g_assert_null(parse(damaged[i], &error));
        g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    }
}

/* "A reader … refuses a format number above its own". */
static void test_format(void)
{
    static const char *const formats[] = {"format='2'", "format='99'", "format='one'", ""};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text =
            g_strdup_printf("<claims xmlns='urn:virt-rehome:1' %s/>", formats[i]);

        g_test_message("%s", text);
        g_assert_null(parse(text, &error));
        g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/claims/states", test_states);
    g_test_add_func("/claims/hold", test_hold);
    g_test_add_func("/claims/hold/again", test_hold_again);
    g_test_add_func("/claims/hold/reservation-beside-running", test_reservation_beside_running);
    g_test_add_func("/claims/other", test_other);
    g_test_add_func("/claims/reservation", test_reservation);
    g_test_add_func("/claims/drop", test_drop);
    g_test_add_func("/claims/confirm", test_confirm);
    g_test_add_func("/claims/identity", test_identity);
    g_test_add_func("/claims/end/reservations-by-time", test_reservations_end_by_time);
    g_test_add_func("/claims/end/with-daemon-and-guest", test_claims_end_with_daemon_and_guest);
    g_test_add_func("/claims/end/ten-minutes", test_claims_end_ten_minutes_after_prepare);
    g_test_add_func("/claims/end/without-daemon", test_claims_without_daemon);
    g_test_add_func("/claims/end/running-with-the-guest", test_running_ends_with_the_guest);
    g_test_add_func("/claims/end/not-within-two-minutes", test_nothing_ends_within_two_minutes);
    g_test_add_func("/claims/end/only-what-is-over", test_only_what_is_over_ends);
    g_test_add_func("/claims/xml/round-trip", test_round_trip);
    g_test_add_func("/claims/notes/claims", test_note);
    g_test_add_func("/claims/notes/same-second", test_note_of_the_same_second);
    g_test_add_func("/claims/notes/guest", test_note_of_a_guest);
    g_test_add_func("/claims/limits/texts", test_limits_of_texts);
    g_test_add_func("/claims/limits/size", test_limit_of_claims);
    g_test_add_func("/claims/limits/number", test_limit_of_their_number);
    g_test_add_func("/claims/xml/notes", test_round_trip_of_notes);
    g_test_add_func("/claims/xml/odd-names", test_round_trip_of_odd_names);
    g_test_add_func("/claims/xml/unknown-words", test_unknown_words);
    g_test_add_func("/claims/xml/damaged", test_damaged);
    g_test_add_func("/claims/xml/format", test_format);
    return g_test_run();
}

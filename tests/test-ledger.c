/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The claims under the lock: opened, written, set aside, and handed over by a child. */
#include "site/ledger.h"
#include "util/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODE "/dev/vhost-vdpa-0"
#define NO_CLAIMS "this is no list"

typedef struct {
    char *root;
    char *state;
    RhEnvironment environment;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    fixture->root = g_dir_make_tmp("test-ledger-XXXXXX", NULL);
    g_assert_nonnull(fixture->root);
    fixture->state = g_build_filename(fixture->root, "state", NULL);
    fixture->environment = (RhEnvironment){.root = fixture->root, .state = fixture->state};
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const left[] = {"claims", "claims.damaged", "lock"};

    for (guint i = 0; i < G_N_ELEMENTS(left); i++) {
        g_autofree char *path = g_build_filename(fixture->state, left[i], NULL);

        (void)g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(fixture->state), ==, 0);
    g_assert_cmpint(g_rmdir(fixture->root), ==, 0);
    g_free(fixture->state);
    g_free(fixture->root);
}

/* What stands in the file, or NULL. */
static char *read_claims(const Fixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->state, name, NULL);
    char *text = NULL;

    (void)g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static void write_damaged(const Fixture *fixture)
{
    g_autofree char *path = g_build_filename(fixture->state, "claims", NULL);

    g_assert_cmpint(g_mkdir(fixture->state, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, NO_CLAIMS, -1, NULL));
}

static RhLedger *new_ledger(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    RhLedger *ledger = rh_ledger_new(&fixture->environment, "web1", NULL, &error);

    g_assert_no_error(error);
    return ledger;
}

static RhLedger *open_ledger(const Fixture *fixture)
{
    RhLedger *ledger = new_ledger(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_true(rh_ledger_open(ledger, NULL, 0, &error));
    g_assert_no_error(error);
    return ledger;
}

static void hold_one(RhLedger *ledger)
{
    rh_claims_hold(ledger->claims, &ledger->claimant, RH_KIND_VDPA, NODE, "vdpa0",
                   RH_CLAIM_RESERVED);
}

static void assert_held(const Fixture *fixture, guint n)
{
    g_autoptr(RhLedger) ledger = open_ledger(fixture);

    g_assert_cmpuint(ledger->claims->len, ==, n);
    g_assert_null(ledger->warning);
}

static void test_saved(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhLedger) ledger = open_ledger(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_true(ledger->locked);
    hold_one(ledger);
    g_assert_true(rh_ledger_save(ledger, &error));
    rh_ledger_close(ledger);
    assert_held(fixture, 1);
}

static void test_locked(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhLedger) first = open_ledger(fixture);
    g_autoptr(RhLedger) second = new_ledger(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_false(rh_ledger_open(second, NULL, 0, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_STATE);
    g_assert_nonnull(strstr(error->message, "for guest 'web1'"));
    g_assert_false(second->locked);
    rh_ledger_close(first);
    g_clear_error(&error);
    g_assert_true(rh_ledger_open(second, NULL, 0, &error));
}

static void test_limits(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhLedger) ledger = open_ledger(fixture);
    g_autoptr(GVariant) packed = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i <= RH_MAX_CLAIMS; i++) {
        g_autofree char *key = g_strdup_printf("/dev/vhost-vdpa-%u", i);

        rh_claims_hold(ledger->claims, &ledger->claimant, RH_KIND_VDPA, key, NULL,
                       RH_CLAIM_RESERVED);
    }
    g_assert_false(rh_ledger_save(ledger, &error));
    g_assert_error(error, RH_ERROR, RH_ERROR_REFUSED);
    g_clear_error(&error);
    packed = rh_ledger_pack(ledger, &error);
    g_assert_null(packed);
    g_assert_error(error, RH_ERROR, RH_ERROR_REFUSED);
}

static void test_damaged(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhLedger) ledger = NULL;
    g_autofree char *kept = NULL;

    write_damaged(fixture);
    ledger = open_ledger(fixture);
    g_assert_cmpuint(ledger->claims->len, ==, 0);
    g_assert_nonnull(strstr(ledger->warning, "it is kept as"));
    kept = read_claims(fixture, "claims.damaged");
    g_assert_cmpstr(kept, ==, NO_CLAIMS);
}

/* The child opens the ledger, and changes nothing on disk; its parent writes. */
static GVariant *run_child(const Fixture *fixture, RhLedger *ledger)
{
    g_autoptr(GBytes) bytes = NULL;
    GVariant *packed;
    int ends[2];
    pid_t child;
    guint8 buffer[4096];
    ssize_t n;
    int status;

    g_assert_cmpint(pipe(ends), ==, 0);
    child = fork();
    if (child == 0) {
        g_autofree char *before = read_claims(fixture, "claims");
        g_autofree char *after = NULL;

        if (!rh_ledger_open(ledger, NULL, 0, NULL))
            _exit(1);
        hold_one(ledger);
        packed = g_variant_ref_sink(rh_ledger_pack(ledger, NULL));
        after = read_claims(fixture, "claims");
        n = write(ends[1], g_variant_get_data(packed), g_variant_get_size(packed));
        _exit(n > 0 && !ledger->warning && g_strcmp0(before, after) == 0 ? 0 : 2);
    }
    (void)close(ends[1]);
    n = read(ends[0], buffer, sizeof buffer);
    (void)close(ends[0]);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpint(n, >, 0);
    bytes = g_bytes_new(buffer, (gsize)n);
    return g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE));
}

static void test_child(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhLedger) ledger = NULL;
    g_autoptr(GVariant) packed = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *kept = NULL;

    write_damaged(fixture);
    ledger = new_ledger(fixture);
    packed = run_child(fixture, ledger);
    rh_ledger_take(ledger, packed);
    g_assert_nonnull(strstr(ledger->warning, "it is kept as"));
    kept = read_claims(fixture, "claims.damaged");
    g_assert_cmpstr(kept, ==, NO_CLAIMS);
    g_assert_true(rh_ledger_save(ledger, &error));
    rh_ledger_close(ledger);
    g_clear_pointer(&ledger, rh_ledger_free);
    assert_held(fixture, 1);
}

static void test_without(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(RhLedger) ledger = rh_ledger_do_without("web1", NULL, NULL);

    g_assert_cmpuint(ledger->claims->len, ==, 0);
    g_assert_cmpint(g_mkdir(fixture->state, 0700), ==, 0);
}

static void add(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/ledger/saved", test_saved);
    add("/ledger/locked", test_locked);
    add("/ledger/limits", test_limits);
    add("/ledger/damaged", test_damaged);
    add("/ledger/child", test_child);
    add("/ledger/without", test_without);
    return g_test_run();
}

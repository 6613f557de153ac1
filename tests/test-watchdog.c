/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's signs of life: what systemd would hear. */
#include "recorder/watchdog.h"
#include "tests/driver.h"
#include "util/file.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SECOND G_USEC_PER_SEC

typedef struct {
    Driver driver;
    int socket;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = NULL;

    driver_set_up(&fixture->driver, data);
    path = g_build_filename(fixture->driver.root, "notify", NULL);
    g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof address.sun_path), <,
                     sizeof address.sun_path);
    fixture->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_assert_cmpint(bind(fixture->socket, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_true(g_setenv("NOTIFY_SOCKET", path, TRUE));
    g_assert_true(g_setenv("WATCHDOG_USEC", "30000000", TRUE));
    g_unsetenv("WATCHDOG_PID");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    rh_fd_close(&fixture->socket);
    driver_tear_down(&fixture->driver, data);
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
}

/* What was said since, with a blank after each. */
static void assert_said(const Fixture *fixture, const char *expected)
{
    g_autoptr(GString) said = g_string_new(NULL);
    char text[64];
    ssize_t n;

    while ((n = recv(fixture->socket, text, sizeof text, 0)) > 0) {
        g_string_append_len(said, text, n);
        g_string_append_c(said, ' ');
    }
    g_assert_cmpstr(said->str, ==, expected);
}

/* Three signs within the time that is allowed for one, and none more often. */
static void test_signs(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    RhWatchdog watchdog = {0};

    rh_watchdog_begin(&watchdog);
    assert_said(fixture, "READY=1 ");
    rh_watchdog_feed(&watchdog);
    rh_watchdog_feed(&watchdog);
    assert_said(fixture, "WATCHDOG=1 ");
    g_assert_cmpint(rh_watchdog_due(&watchdog), ==, driver_now() + 10 * SECOND);
    g_usleep(10 * SECOND - 1);
    rh_watchdog_feed(&watchdog);
    assert_said(fixture, "");
    g_usleep(1);
    rh_watchdog_feed(&watchdog);
    assert_said(fixture, "WATCHDOG=1 ");
}

/* Nobody waits for signs: there is no time, it is none, or it is for another process. */
static void test_unwatched(Fixture *fixture, gconstpointer data)
{
    RhWatchdog watchdog = {0};

    if (!data)
        g_unsetenv("WATCHDOG_USEC");
    else if (g_ascii_isdigit(*(const char *)data))
        g_assert_true(g_setenv("WATCHDOG_PID", data, TRUE));
    else
        g_assert_true(g_setenv("WATCHDOG_USEC", data, TRUE));
    rh_watchdog_begin(&watchdog);
    rh_watchdog_feed(&watchdog);
    assert_said(fixture, "READY=1 ");
    g_assert_cmpint(rh_watchdog_due(&watchdog), ==, G_MAXINT64);
}

static void test_own(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    RhWatchdog watchdog = {0};

    g_assert_true(g_setenv("WATCHDOG_PID", pid, TRUE));
    rh_watchdog_begin(&watchdog);
    g_assert_cmpint(rh_watchdog_due(&watchdog), ==, 0);
    assert_said(fixture, "READY=1 ");
}

/* Whoever is not there makes no difference; an abstract name is one, too. */
static void test_nobody(Fixture *fixture, gconstpointer data)
{
    RhWatchdog watchdog = {0};

    if (data)
        g_assert_true(g_setenv("NOTIFY_SOCKET", data, TRUE));
    else
        g_unsetenv("NOTIFY_SOCKET");
    rh_watchdog_begin(&watchdog);
    rh_watchdog_feed(&watchdog);
    assert_said(fixture, "");
    g_assert_cmpint(rh_watchdog_due(&watchdog), ==, driver_now() + 10 * SECOND);
}

#define ADD(name, data, test) g_test_add("/watchdog/" name, Fixture, data, set_up, test, tear_down)

int main(int argc, char **argv)
{
    driver_init(&argc, &argv);
    ADD("signs", NULL, test_signs);
    ADD("unwatched/no-time", NULL, test_unwatched);
    ADD("unwatched/other", "1", test_unwatched);
    ADD("unwatched/no-number", "soon", test_unwatched);
    ADD("own", NULL, test_own);
    ADD("nobody", NULL, test_nobody);
    ADD("nobody/relative", "notify", test_nobody);
    ADD("nobody/abstract", "@virt-rehome-test-nobody", test_nobody);
    return g_test_run();
}

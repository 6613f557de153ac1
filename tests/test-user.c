/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/user.h"

#define UUID_A "6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1"
#define UUID_B "11111111-2222-4333-8444-555555555555"

/* What is read is written as it was, whoever wrote it. */
static void test_words(void)
{
    static const struct {
        const char *text;
        RhUser user;
    } cases[] = {
        {"guest web1", {.as = RH_USER_GUEST, .name = "web1"}},
        {"guest web 1 (old)", {.as = RH_USER_GUEST, .name = "web 1 (old)"}},
        {"guest unknown", {.as = RH_USER_GUEST, .name = "unknown"}},
        {"guest ", {.as = RH_USER_GUEST, .name = ""}},
        {"process 4711 (qemu-system-x86)",
         {.as = RH_USER_PROCESS, .name = "qemu-system-x86", .pid = 4711}},
        {"process 4711 (a) b ())", {.as = RH_USER_PROCESS, .name = "a) b ()", .pid = 4711}},
        {"process 4711 ()", {.as = RH_USER_PROCESS, .name = "", .pid = 4711}},
        {"process 4712 (unknown)", {.as = RH_USER_PROCESS, .pid = 4712}},
        {"process 4294967295 (x)", {.as = RH_USER_PROCESS, .name = "x", .pid = G_MAXUINT}},
        {"an unknown process", {.as = RH_USER_PROCESS}},
        {"guest", {.as = RH_USER_OTHER, .name = "guest"}},
        {"Guest web1", {.as = RH_USER_OTHER, .name = "Guest web1"}},
        {"process", {.as = RH_USER_OTHER, .name = "process"}},
        {"process 4711", {.as = RH_USER_OTHER, .name = "process 4711"}},
        {"process 4711 (", {.as = RH_USER_OTHER, .name = "process 4711 ("}},
        {"process 4711 )", {.as = RH_USER_OTHER, .name = "process 4711 )"}},
        {"process 04711 (x)", {.as = RH_USER_OTHER, .name = "process 04711 (x)"}},
        {"process 0 (x)", {.as = RH_USER_OTHER, .name = "process 0 (x)"}},
        {"process 4294967296 (x)", {.as = RH_USER_OTHER, .name = "process 4294967296 (x)"}},
        {"process x (x)", {.as = RH_USER_OTHER, .name = "process x (x)"}},
        {"a process 1 (x)", {.as = RH_USER_OTHER, .name = "a process 1 (x)"}},
        {"daemon 4711 (x)", {.as = RH_USER_OTHER, .name = "daemon 4711 (x)"}},
        {"the backup of db2", {.as = RH_USER_OTHER, .name = "the backup of db2"}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RhUser) user = rh_user_parse(cases[i].text);
        g_autofree char *text = rh_user_format(user);

        g_test_message("'%s'", cases[i].text);
        g_assert_true(rh_user_equal(user, &cases[i].user));
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void assert_words(RhUser user, const char *expected)
{
    g_autofree char *text = rh_user_format(&user);

    g_assert_cmpstr(text, ==, expected);
}

static void test_makers(void)
{
    assert_words(rh_user_of_guest("web1", UUID_A), "guest web1");
    assert_words(rh_user_of_guest(NULL, UUID_A), "guest " UUID_A);
    assert_words(rh_user_of_guest(NULL, NULL), "guest unknown");
    assert_words(rh_user_of_process(4711, "qemu-system-x86"), "process 4711 (qemu-system-x86)");
    assert_words(rh_user_of_process(4711, NULL), "process 4711 (unknown)");
    assert_words(rh_user_of_process(0, NULL), "an unknown process");
}

static void test_copy(void)
{
    RhUser web1 = rh_user_of_guest("web1", UUID_A);
    RhUser renamed = rh_user_of_guest("web2", UUID_A);
    RhUser namesake = rh_user_of_guest("web1", UUID_B);
    RhUser process = rh_user_of_process(4711, "web1");
    RhUser another = rh_user_of_process(4712, "web1");
    g_autoptr(RhUser) copy = rh_user_copy(&web1);

    g_assert_true(copy->name != web1.name && copy->uuid != web1.uuid);
    g_assert_true(rh_user_equal(copy, &web1));
    g_assert_false(rh_user_equal(copy, &renamed));
    g_assert_false(rh_user_equal(copy, &namesake));
    g_assert_false(rh_user_equal(copy, &process));
    g_assert_false(rh_user_equal(&process, &another));
}

/* The uuid says who a guest is; the name only where one of both has no uuid. */
static void test_is_guest(void)
{
    RhUser web1 = rh_user_of_guest("web1", UUID_A);
    RhUser by_name = rh_user_of_guest("web1", NULL);
    RhUser nobody = rh_user_of_guest(NULL, NULL);
    RhUser process = rh_user_of_process(4711, "web1");
    RhUser other = {.as = RH_USER_OTHER, .name = "web1"};

    g_assert_true(rh_user_is_guest(&web1, "web1", UUID_A));
    g_assert_true(rh_user_is_guest(&web1, "web1-new", UUID_A));
    g_assert_true(rh_user_is_guest(&web1, "web1", "6F5A1C1E-3C2B-4C0E-9D5E-5B7A86A3F9D1"));
    g_assert_true(rh_user_is_guest(&web1, NULL, UUID_A));
    g_assert_true(rh_user_is_guest(&web1, "web1", NULL));
    g_assert_false(rh_user_is_guest(&web1, "web1", UUID_B));
    g_assert_false(rh_user_is_guest(&web1, "web2", NULL));
    g_assert_false(rh_user_is_guest(&web1, NULL, NULL));
    g_assert_true(rh_user_is_guest(&by_name, "web1", UUID_A));
    g_assert_false(rh_user_is_guest(&by_name, "web1-new", UUID_A));
    g_assert_false(rh_user_is_guest(&nobody, NULL, NULL));
    g_assert_false(rh_user_is_guest(&process, "web1", NULL));
    g_assert_false(rh_user_is_guest(&other, "web1", NULL));
}

/* Where nobody could look there may be anybody: a user like any other to who asks for one. */
static void test_unknown(void)
{
    RhUser unknown = rh_user_unknown();
    g_autofree char *words = rh_user_format(&unknown);
    g_autoptr(RhUser) again = rh_user_parse(words);
    RhUser process = rh_user_of_process(0, NULL);
    RhUser guest = rh_user_of_guest("unknown", NULL);
    RhUser nameless = rh_user_of_guest(NULL, NULL);

    g_assert_cmpstr(words, ==, "unknown");
    g_assert_true(rh_user_is_unknown(&unknown));
    g_assert_true(rh_user_is_unknown(again));
    g_assert_false(rh_user_is_unknown(&process));
    g_assert_false(rh_user_is_unknown(&guest));
    g_assert_false(rh_user_is_guest(&unknown, "unknown", NULL));
    g_assert_false(rh_user_is_unknown(&nameless));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/user/words", test_words);
    g_test_add_func("/user/makers", test_makers);
    g_test_add_func("/user/copy", test_copy);
    g_test_add_func("/user/is-guest", test_is_guest);
    g_test_add_func("/user/unknown", test_unknown);
    return g_test_run();
}

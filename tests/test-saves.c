/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The second names of managed saves, in a folder: what stays and what goes when. */
#include "front/saves.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DAY (24 * 60 * 60)

/* Nobody can set the time of an inode's change, so the clock is ours, GLib's too. */
static time_t offset;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);

    if (clock == CLOCK_REALTIME)
        now->tv_sec += offset;
    return failed;
}

/* Whether a last copy can get no other name. */
static bool no_older;

int link(const char *from, const char *to)
{
    if (no_older && strstr(to, ".old")) {
        errno = EMLINK;
        return -1;
    }
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

typedef struct {
    char *folder;
} Saves;

static Saves saves_new(void)
{
    Saves saves = {g_dir_make_tmp("virt-rehome-saves-XXXXXX", NULL)};

    g_assert_nonnull(saves.folder);
    offset = 0;
    no_older = false;
    return saves;
}

static void saves_clear(Saves *saves)
{
    g_autoptr(GDir) dir = g_dir_open(saves->folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(saves->folder, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(saves->folder), ==, 0);
    g_free(saves->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Saves, saves_clear)

/* libvirt saves a guest: a new file takes the place of what has the name. */
static void write_image(const Saves *saves, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(saves->folder, name, NULL);

    int file;

    (void)unlink(path);
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    g_assert_cmpint(write(file, text, strlen(text)), ==, strlen(text));
    g_assert_cmpint(close(file), ==, 0);
}

static void delete (const Saves *saves, const char *name)
{
    g_autofree char *path = g_build_filename(saves->folder, name, NULL);

    g_assert_cmpint(unlink(path), ==, 0);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All that is there, "NAME=text NAME=text", without what all begin with. */
static void assert_has(const Saves *saves, const char *begin, const char *expected)
{
    g_autoptr(GDir) dir = g_dir_open(saves->folder, 0, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *all = NULL;
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(saves->folder, name, NULL);
        g_autofree char *text = NULL;

        g_assert_true(g_str_has_prefix(name, begin));
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_ptr_array_add(files, g_strdup_printf("%s\t%s", name + strlen(begin), text));
    }
    g_ptr_array_sort(files, by_name);
    g_ptr_array_add(files, NULL);
    all = g_strdelimit(g_strjoinv(" ", (GStrv)files->pdata), "\t", '=');
    g_assert_cmpstr(all, ==, expected);
}

static void test_saved_and_restored(void)
{
    g_auto(Saves) saves = saves_new();

    g_assert_true(rh_saves_keep(saves.folder, "web1")); /* virsh save FILE */
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    assert_has(&saves, "", "");
    write_image(&saves, "web1.save", "a");
    for (int i = 0; i < 2; i++) {
        g_assert_true(rh_saves_keep(saves.folder, "web1"));
        assert_has(&saves, "web1.save", "=a .virt-rehome=a");
    }
    for (int i = 0; i < 2; i++) {
        g_assert_true(rh_saves_begin(saves.folder, "web1"));
        assert_has(&saves, "web1.save", "=a .virt-rehome.begun=a");
    }
    g_assert_true(rh_saves_keep(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=a .virt-rehome.begun=a");
    offset = 2 * DAY;
    rh_saves_sweep(saves.folder, "web1", true);
    assert_has(&saves, "web1.save", "=a .virt-rehome.begun=a");
    g_assert_true(rh_saves_forget(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=a");
    g_assert_true(rh_saves_forget(saves.folder, "web1"));
}

static void test_refused(void)
{
    g_auto(Saves) saves = saves_new();

    write_image(&saves, "web1.save", "a");
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    for (int i = 0; i < 2; i++) {
        rh_saves_unbegin(saves.folder, "web1");
        assert_has(&saves, "web1.save", "=a .virt-rehome=a");
    }
    delete (&saves, "web1.save"); /* virsh managedsave-remove */
    rh_saves_unbegin(saves.folder, "web1");
    rh_saves_sweep(saves.folder, "web1", false);
    assert_has(&saves, "web1.save", ".virt-rehome=a");
    offset = DAY + 60;
    rh_saves_sweep(saves.folder, "web1", false);
    assert_has(&saves, "web1.save", "");
}

static void test_removed_on_purpose(void)
{
    g_auto(Saves) saves = saves_new();

    write_image(&saves, "web1.save", "a");
    g_assert_true(rh_saves_keep(saves.folder, "web1"));
    offset = 2 * DAY;
    rh_saves_sweep(saves.folder, "web1", false);
    assert_has(&saves, "web1.save", "=a .virt-rehome=a");
    delete (&saves, "web1.save");
    offset = DAY - 60;
    rh_saves_sweep(saves.folder, "web1", false);
    g_assert_true(rh_saves_forget(saves.folder, "web1")); /* no last copy */
    assert_has(&saves, "web1.save", ".virt-rehome=a");
    offset = -3 * DAY; /* a clock that was put back */
    rh_saves_sweep(saves.folder, "web1", false);
    assert_has(&saves, "web1.save", ".virt-rehome=a");
    rh_saves_sweep(saves.folder, "web1", true); /* the guest is gone */
    assert_has(&saves, "web1.save", "");
}

static void test_saved_again(void)
{
    g_auto(Saves) saves = saves_new();

    write_image(&saves, "web1.save", "a");
    g_assert_true(rh_saves_keep(saves.folder, "web1"));
    write_image(&saves, "web1.save", "b");
    g_assert_true(rh_saves_keep(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=b .virt-rehome=b .virt-rehome.before=a");
    write_image(&saves, "web1.save", "c");
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=c .virt-rehome.before=b .virt-rehome.begun=c");
    offset = DAY + 60;
    rh_saves_sweep(saves.folder, "web1", false);
    assert_has(&saves, "web1.save", "=c .virt-rehome.begun=c");
}

static void test_last_copy(void)
{
    g_auto(Saves) saves = saves_new();

    write_image(&saves, "web1.save", "a");
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    delete (&saves, "web1.save"); /* as libvirt 11.3 does */
    offset = 100 * DAY;
    rh_saves_sweep(saves.folder, "web1", true);
    g_assert_false(rh_saves_forget(saves.folder, "web1"));
    assert_has(&saves, "web1.save", ".virt-rehome.begun=a");
    write_image(&saves, "web1.save", "b");
    g_assert_true(rh_saves_keep(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=b .virt-rehome=b .virt-rehome.begun=a");
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=b .virt-rehome.begun=b .virt-rehome.old=a");
    g_assert_true(rh_saves_forget(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=b .virt-rehome.old=a");
    /* And the same again. */
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    delete (&saves, "web1.save");
    write_image(&saves, "web1.save", "c");
    g_assert_true(rh_saves_keep(saves.folder, "web1"));
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    assert_has(&saves, "web1.save",
               "=c .virt-rehome.begun=c .virt-rehome.old=a .virt-rehome.old2=b");
}

/* A last copy that cannot make room stays: the next image has its link all the same. */
static void test_last_copy_in_the_way(void)
{
    g_auto(Saves) saves = saves_new();

    write_image(&saves, "web1.save", "a");
    g_assert_true(rh_saves_begin(saves.folder, "web1"));
    delete (&saves, "web1.save");
    write_image(&saves, "web1.save", "b");
    no_older = true;
    g_assert_false(rh_saves_begin(saves.folder, "web1"));
    assert_has(&saves, "web1.save", "=b .virt-rehome=b .virt-rehome.begun=a");
}

static void test_names(void)
{
    g_autofree char *fits = g_strnfill(231, 'n');
    g_autofree char *longer = g_strnfill(232, 'n');
    g_autofree char *longest = g_strnfill(250, 'n');
    g_autofree char *too_long = g_strnfill(251, 'n');
    const char *const names[] = {"web1", "a b", "..", fits, longer, longest};
    char one[RH_SAVES_NAME];
    char other[RH_SAVES_NAME];

    rh_saves_name(one, fits, ".before");
    g_assert_cmpuint(strlen(one), ==, 255);
    g_assert_true(g_str_has_prefix(one, fits));
    rh_saves_name(one, longer, ".before");
    rh_saves_name(other, longest, ".before");
    g_assert_cmpuint(strlen(one), <=, 255);
    g_assert_cmpstr(one, !=, other);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(Saves) saves = saves_new();
        g_autofree char *image = g_strconcat(names[i], ".save", NULL);

        write_image(&saves, image, "a");
        g_assert_true(rh_saves_keep(saves.folder, names[i]));
        g_assert_true(rh_saves_begin(saves.folder, names[i]));
        delete (&saves, image);
        g_assert_false(rh_saves_forget(saves.folder, names[i]));
        write_image(&saves, image, "b");
        g_assert_true(rh_saves_begin(saves.folder, names[i]));
        g_assert_true(rh_saves_forget(saves.folder, names[i]));
    }
    /* Such a guest has no managed save. */
    g_assert_true(rh_saves_begin("/nowhere", too_long));
    g_assert_true(rh_saves_begin("/", "etc/passwd"));
    g_assert_true(rh_saves_forget("/", "../x"));
    rh_saves_sweep("/", "../x", true);
}

static void test_cannot_link(void)
{
    static const char *const taken[] = {"web1.save.virt-rehome", "web1.save.virt-rehome.before"};
    g_auto(Saves) saves = saves_new();
    g_autofree char *inside[2] = {NULL, NULL};

    write_image(&saves, "web1.save", "a");
    for (guint i = 0; i < G_N_ELEMENTS(taken); i++) {
        inside[i] = g_build_filename(saves.folder, taken[i], "in-the-way", NULL);
        g_assert_cmpint(g_mkdir_with_parents(inside[i], 0700), ==, 0);
    }
    g_assert_false(rh_saves_keep(saves.folder, "web1"));
    g_assert_cmpint(errno, ==, ENOTEMPTY);
    g_assert_false(rh_saves_begin(saves.folder, "web1"));
    for (guint i = 0; i < G_N_ELEMENTS(taken); i++) {
        g_assert_cmpint(g_rmdir(inside[i]), ==, 0);
        g_free(g_steal_pointer(&inside[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/saves/saved-and-restored", test_saved_and_restored);
    g_test_add_func("/saves/refused", test_refused);
    g_test_add_func("/saves/removed-on-purpose", test_removed_on_purpose);
    g_test_add_func("/saves/saved-again", test_saved_again);
    g_test_add_func("/saves/last-copy", test_last_copy);
    g_test_add_func("/saves/last-copy-in-the-way", test_last_copy_in_the_way);
    g_test_add_func("/saves/names", test_names);
    g_test_add_func("/saves/cannot-link", test_cannot_link);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host's id: of which facts it is made, and where there is none. */
#include "host/host-id.h"

#include <glib/gstdio.h>
#include <string.h>

#define MACHINE "3d1219c7c4c5404aaa1f6d2a48adfda4\n"
#define PRODUCT "4c4c4544-0044-4a10-8058-b4c04f303532\n"

/* The digest by another program, so that a new version does not make all hosts others:
 * printf '%s\n%s\n' MACHINE PRODUCT | openssl dgst -sha256 -hmac 'virt-rehome host-id 1' */
#define ID_OF_BOTH "c0731cc0c1fa4778e1317189c19a29e6"
#define ID_OF_MACHINE "ca009b5587d3f5fc7353ba93a6473b1a"

static char *tree;

static void mock_file(const char *path, const char *content)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, content, -1, NULL));
}

static void mock_machine(const char *id)
{
    mock_file("etc/machine-id", id);
}

static void mock_product(const char *uuid)
{
    mock_file("sys/class/dmi/id/product_uuid", uuid);
}

static void remove_file(const char *path)
{
    g_autofree char *full = g_build_filename(tree, path, NULL);

    (void)g_remove(full);
}

static void assert_id(const char *expected)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autofree char *id = rh_host_id_read(root);

    g_assert_cmpstr(id, ==, expected);
}

static void test_facts(void)
{
    mock_machine(MACHINE);
    mock_product(PRODUCT);
    assert_id(ID_OF_BOTH);
    mock_product("4C4C4544-0044-4A10-8058-B4C04F303532"); /* as another kernel would write it */
    assert_id(ID_OF_BOTH);
}

/* Of an image that was copied the machine's id is the same. */
static void test_cloned(void)
{
    g_autoptr(RhDir) root = rh_dir_open(tree, NULL);
    g_autofree char *clone = NULL;

    mock_machine(MACHINE);
    mock_product("4c4c4544-0044-4a10-8058-b4c04f303533\n");
    clone = rh_host_id_read(root);
    g_assert_nonnull(clone);
    g_assert_cmpstr(clone, !=, ID_OF_BOTH);
    g_assert_cmpuint(strlen(clone), ==, 32);
}

static void test_no_product(void)
{
    remove_file("sys/class/dmi/id/product_uuid");
    mock_machine(MACHINE);
    assert_id(ID_OF_MACHINE);
}

static void test_no_machine(void)
{
    static const char *const none[] = {"",
                                       "\n",
                                       "uninitialized\n",
                                       "00000000000000000000000000000000\n",
                                       "3d1219c7c4c5404aaa1f6d2a48adfda\n",
                                       "3d1219c7c4c5404aaa1f6d2a48adfda4 \nmore",
                                       "3d1219c7c4c5404aaa1f6d2a48adfdaz\n"};

    mock_product(PRODUCT);
    for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
        mock_machine(none[i]);
        assert_id(NULL);
    }
    remove_file("etc/machine-id");
    assert_id(NULL);
}

/* It is there, and what it says is not known: root, too, reads no folder. */
static void test_unreadable_product(void)
{
    g_autofree char *path = g_build_filename(tree, "sys/class/dmi/id/product_uuid", NULL);

    mock_machine(MACHINE);
    mock_product("");
    assert_id(NULL);
    remove_file("sys/class/dmi/id/product_uuid");
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    assert_id(NULL);
    g_assert_cmpint(g_rmdir(path), ==, 0);
}

static void remove_tree(void)
{
    static const char *const paths[] = {"sys/class/dmi/id/product_uuid",
                                        "sys/class/dmi/id",
                                        "sys/class/dmi",
                                        "sys/class",
                                        "sys",
                                        "etc/machine-id",
                                        "etc",
                                        "."};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        remove_file(paths[i]);
    (void)g_rmdir(tree);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    tree = g_dir_make_tmp("virt-rehome-host-id-XXXXXX", NULL);
    g_test_add_func("/host-id/facts", test_facts);
    g_test_add_func("/host-id/cloned", test_cloned);
    g_test_add_func("/host-id/no-product", test_no_product);
    g_test_add_func("/host-id/no-machine", test_no_machine);
    g_test_add_func("/host-id/unreadable-product", test_unreadable_product);
    status = g_test_run();
    remove_tree();
    g_free(tree);
    return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "xml/limits.h"

#include <string.h>

/* @n times @text. */
static char *repeat(const char *text, gsize n)
{
    GString *all = g_string_new(NULL);

    for (gsize i = 0; i < n; i++)
        g_string_append(all, text);
    return g_string_free(all, FALSE);
}

static void check_bytes(const char *data, gsize length, const char *reason)
{
    g_autoptr(GError) error = NULL;
    gboolean kept = rh_xml_check_limits(data, length, "the guest's XML", &error);

    if (!reason) {
        g_assert_no_error(error);
        g_assert_true(kept);
        return;
    }
    g_assert_error(error, RH_ERROR, RH_ERROR_INPUT);
    g_assert_true(g_str_has_prefix(error->message, "the guest's XML "));
    g_assert_nonnull(strstr(error->message, reason));
}

/* @before, @n times @piece and @after keep the limits, or do not for @reason. */
static void check(const char *before, const char *piece, gsize n, const char *after,
                  const char *reason)
{
    g_autofree char *middle = repeat(piece, n);
    g_autofree char *text = g_strconcat(before, middle, after, NULL);

    check_bytes(text, strlen(text), reason);
}

static void test_attributes(void)
{
    check("<a ", "b='' ", 512, "/>", NULL);
    check("<a ", "b='' ", 513, "/>", "an element <a> with more than 512 attributes");
    check("<a ", "b='c=\"d\"=e' ", 512, ">b=c=d</a>", NULL);
    check("<r>", "<a b='' c=''/>", 1000, "</r>", NULL);
    check("<!-- <a ", "b='' ", 1000, "/> --><a/>", NULL);
    check("<a><![CDATA[<a ", "b='' ", 1000, "/>]]></a>", NULL);
    check("<?a <a ", "b='' ", 1000, "/>?><a/>", NULL);
    check("<a>=", "b='' ", 1000, "</a>", NULL);
    check("<a b='>' ", "c='' ", 1000, "/>", "more than 512 attributes");
    check("<a b=\"'>\" ", "c='' ", 1000, "/>", "more than 512 attributes");
    check("<!-- --><a ", "c='' ", 1000, "/>", "more than 512 attributes");
    check("<!----><a ", "c='' ", 1000, "/>", "more than 512 attributes");
    check("<?a?><a ", "c='' ", 1000, "/>", "more than 512 attributes");
    check("<a ", "c='' ", 1000, "", "more than 512 attributes");
}

static void test_sizes(void)
{
    check("<a b='", "0123456789abcdef", 65000, "'/>", NULL);
    check("<a b='", "0123456789abcdef", 65537, "'/>", "more than 1048576 bytes in its start tag");
    check("<a>", "0123456789abcdef", 65537, "</a>", NULL);
    check("<", "n", 255, "/>", NULL);
    check("<", "n", 256, "/>", "a name of more than 255 bytes");
    check("<a ", "n", 256, "=''/>", "a name of more than 255 bytes");
    check("<a></", "n", 256, ">", "a name of more than 255 bytes");
}

static void test_numbers(void)
{
    check("", "<a>", 256, "", NULL);
    check("", "<a>", 257, "", "more than 256 elements in one another");
    check("<r>", "<a></a>", 2000, "</r>", NULL);
    check("<r>", "<!---->", 262143, "</r>", NULL);
    check("<r>", "<!---->", 262144, "</r>", "more than 262144 elements, comments");
    check("<r>", "<![CDATA[]]>", 1025, "</r>", "more than 1024 CDATA sections");
    check("<r>", "<a xmlns:b='c'/>", 257, "</r>", "more than 256 declarations of namespaces");
}

#define RECORD "<domain><metadata><record xmlns='urn:virt-rehome:1'>"

static void test_entries(void)
{
    check(RECORD, "<vdpa/>", 1024, "</record></metadata></domain>", NULL);
    check(RECORD, "<vdpa/>", 1025, "</record></metadata></domain>", "more than 1024 entries");
    check(RECORD, "<mdev><attribute/></mdev>", 1024, "</record></metadata></domain>", NULL);
    check(RECORD, "<mdev><attribute/></mdev>", 1025, "</record>", "more than 1024 entries");
    check("<domain><metadata><r:record>", "<r:vdpa/>", 1025, "", "more than 1024 entries");
    check(RECORD "<record><vdpa/></record><!-- </record> -->", "<vdpa/>", 1024, "",
          "more than 1024 entries");
    check("<domain><devices>", "<disk/>", 5000, "</devices></domain>", NULL);
    check("<domain><record>", "<disk/>", 5000, "</record></domain>", NULL);
}

static void test_encodings(void)
{
    check("", "<?xml version='1.0'?><a/>", 1, "", NULL);
    check("", "<?xml version='1.0' encoding='utf-8'?><a/>", 1, "", NULL);
    check("\xef\xbb\xbf", "<?xml version='1.0' encoding=\"UTF-8\"?><a/>", 1, "", NULL);
    check("", "<?xml version='1.0' encoding='ISO-8859-15'?><a/>", 1, "", NULL);
    check("", "<?xml version='1.0' encoding='UTF-7'?><a/>", 1, "", "its encoding is 'UTF-7'");
    check("", "<?xml version='1.0' encoding='ISO-2022-JP'?><a/>", 1, "", "is 'ISO-2022-JP'");
    check("", "<?xml version='1.0' encoding='UTF-16'?><a/>", 1, "", "is 'UTF-16'");
    check("", "<?xml version='encoding=\"utf-8\"' encoding='UTF-7'?><a/>", 1, "", "its encoding");
    check_bytes("\x4c\x6f\xa7\x94", 4, "neither UTF-8 nor UTF-16");
    check_bytes("<\0\0\0a\0\0\0", 8, "neither UTF-8 nor UTF-16");
}

/* Each byte of @text as two. */
static GByteArray *widen(const char *text, gboolean big)
{
    GByteArray *wide = g_byte_array_new();

    for (gsize i = 0; text[i]; i++) {
        guint8 two[] = {big ? 0 : (guint8)text[i], big ? (guint8)text[i] : 0};

        g_byte_array_append(wide, two, 2);
    }
    return wide;
}

static void test_wide(void)
{
    g_autofree char *attributes = repeat("b='' ", 513);
    g_autofree char *many = g_strconcat("<a ", attributes, "/>", NULL);
    const struct {
        const char *text;
        const char *reason;
    } cases[] = {{"<?xml version='1.0' encoding='UTF-16'?><a/>", NULL},
                 {"<?xml version='1.0' encoding='UTF-7'?><a/>", "its encoding is 'UTF-7'"},
                 {"<?xml version='1.0' encoding='UTF-8'?><a/>", "its encoding is 'UTF-8'"},
                 {many, "more than 512 attributes"}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        for (guint big = 0; big < 2; big++) {
            g_autoptr(GByteArray) wide = widen(cases[i].text, big == 1);

            check_bytes((const char *)wide->data, wide->len, cases[i].reason);
            g_byte_array_prepend(wide, (const guint8 *)(big ? "\xfe\xff" : "\xff\xfe"), 2);
            check_bytes((const char *)wide->data, wide->len, cases[i].reason);
        }
}

/* What ends in the middle is read to its end and no further, which a sanitizer sees. */
static void test_ends(void)
{
    static const char text[] =
        "<?xml version='1.0'?><!-- c --><m:a xmlns:m=\"u\"><![CDATA[x]]></m:a>";

    for (gsize n = 0; n <= strlen(text); n++) {
        g_autofree char *begun = g_memdup2(text, n);

        if (n > 0)
            check_bytes(begun, n, NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/limits/attributes", test_attributes);
    g_test_add_func("/limits/sizes", test_sizes);
    g_test_add_func("/limits/numbers", test_numbers);
    g_test_add_func("/limits/entries", test_entries);
    g_test_add_func("/limits/encodings", test_encodings);
    g_test_add_func("/limits/wide", test_wide);
    g_test_add_func("/limits/ends", test_ends);
    return g_test_run();
}

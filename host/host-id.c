/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host-id.h"

#include <string.h>

#define MACHINE_ID "etc/machine-id"
#define PRODUCT_UUID "sys/class/dmi/id/product_uuid"

/* Ids with another key, or of other things, are others: change none of this. */
#define KEY "virt-rehome host-id 1"
#define N_DIGITS 32u

#define MACHINE_ID_DIGITS 32u

/* As machine-id(5) has it: 32 hexadecimal digits, and not all of them 0. That turns down
 * "uninitialized", too. */
static gboolean is_machine_id(const char *text)
{
    return strlen(text) == MACHINE_ID_DIGITS &&
           strspn(text, "0123456789abcdefABCDEF") == MACHINE_ID_DIGITS &&
           strspn(text, "0") < MACHINE_ID_DIGITS;
}

/* The machine's id and its product UUID, the caller's; NULL: they are no id. */
static char *read_facts(RhDir *root)
{
    g_autofree char *machine = NULL;
    g_autofree char *product = NULL;
    g_autofree char *facts = NULL;

    if (!rh_dir_read(root, MACHINE_ID, &machine, NULL) || !machine || !is_machine_id(machine))
        return NULL;
    if (!rh_dir_read(root, PRODUCT_UUID, &product, NULL) || (product && !*product))
        return NULL;
    facts = g_strdup_printf("%s\n%s\n", machine, product ? product : "");
    return g_ascii_strdown(facts, -1);
}

char *rh_host_id_read(RhDir *root)
{
    g_autofree char *facts = read_facts(root);
    char *digest;

    if (!facts)
        return NULL;
    digest =
        g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)KEY, strlen(KEY), facts, -1);
    digest[N_DIGITS] = '\0';
    return digest;
}

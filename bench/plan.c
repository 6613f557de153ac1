/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan RUNS GUEST.xml HOST.xml…
 * Times the parts of a check by themselves, in one process and the hosts in turn. Prints for each
 * host the medians of the processor time in microseconds: reading its inventory, planning the guest
 * on it; then whether the guest fits.
 */
#include "util/file.h"
#include "xml/domain.h"
#include "xml/inventory-xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    GBytes *bytes;
    GArray *parsing; /* of gint64, microseconds */
    GArray *planning;
    gboolean fits;
} Host;

static void host_free(gpointer data)
{
    Host *host = data;

    g_bytes_unref(host->bytes);
    g_array_unref(host->parsing);
    g_array_unref(host->planning);
    g_free(host);
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    gint64 one = *(const gint64 *)a;
    gint64 other = *(const gint64 *)b;

    return one < other ? -1 : one > other;
}

static gint64 median(GArray *times)
{
    g_array_sort(times, compare_times);
    return g_array_index(times, gint64, times->len / 2);
}

/* Neither reading nor planning waits for anything, so that other processes need not count. */
static gint64 now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static gboolean run(const RhGuest *guest, const RhPolicy *policy, Host *host, GError **error)
{
    gint64 start = now();
    g_autoptr(RhInventory) inventory = rh_inventory_parse(host->bytes, "the inventory", error);
    gint64 parsed = now();
    g_autoptr(RhPlan) plan = NULL;
    gint64 planning;
    gint64 parsing = parsed - start;

    if (!inventory)
        return FALSE;
    plan = rh_plan_new(guest, inventory, policy, RH_OCCASION_MIGRATE, NULL);
    planning = now() - parsed;
    g_array_append_val(host->parsing, parsing);
    g_array_append_val(host->planning, planning);
    host->fits = plan->fits;
    return TRUE;
}

static gboolean load_hosts(char **paths, GPtrArray *hosts, GError **error)
{
    for (guint i = 0; paths[i]; i++) {
        GBytes *bytes = rh_read_document(paths[i], paths[i], error);
        Host *host;

        if (!bytes)
            return FALSE;
        host = g_new0(Host, 1);
        host->bytes = bytes;
        host->parsing = g_array_new(FALSE, FALSE, sizeof(gint64));
        host->planning = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_ptr_array_add(hosts, host);
    }
    return TRUE;
}

static gboolean measure(long runs, const char *guest_path, GPtrArray *hosts, GError **error)
{
    g_autoptr(GBytes) bytes = rh_read_document(guest_path, guest_path, error);
    g_autoptr(RhDomain) domain = bytes ? rh_domain_parse(bytes, error) : NULL;
    g_autoptr(RhPolicy) policy = rh_policy_new();

    if (!domain || !rh_domain_read_record(domain, error))
        return FALSE;
    for (long i = 0; i < runs; i++)
        for (guint j = 0; j < hosts->len; j++)
            if (!run(rh_domain_guest(domain), policy, g_ptr_array_index(hosts, j), error))
                return FALSE;
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(host_free);
    g_autoptr(GError) error = NULL;
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

    if (argc < 4 || runs < 1) {
        fprintf(stderr, "usage: plan RUNS GUEST.xml HOST.xml...\n");
        return EXIT_FAILURE;
    }
    if (!load_hosts(argv + 3, hosts, &error) || !measure(runs, argv[2], hosts, &error)) {
        fprintf(stderr, "plan: %s\n", error->message);
        return EXIT_FAILURE;
    }
    for (guint i = 0; i < hosts->len; i++) {
        Host *host = g_ptr_array_index(hosts, i);

        printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s\n", median(host->parsing),
               median(host->planning), host->fits ? "fits" : "refused");
    }
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration: a policy, or an error; and what goes into a path is no path itself. */
#include "site/config.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_parameters(GStrv names)
{
    for (guint i = 0; names && names[i]; i++) {
        g_assert_true(names[i][0] != '/');
        g_assert_null(strstr(names[i], ".."));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = fuzz_memory_file(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(RhPolicy) policy = rh_config_load("/nowhere", path, &error);

    if (!fuzz_succeeds(policy != NULL, &error))
        return 0;
    g_assert_cmpuint(policy->deadline, >, 0);
    for (guint i = 0; i < policy->mdevs->len; i++)
        check_parameters(((RhMdevPolicy *)g_ptr_array_index(policy->mdevs, i))->parameters);
    return 0;
}

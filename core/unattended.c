/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/unattended.h"

RhUnattended *rh_unattended_new(char *kind, const char *noun, char *source)
{
    RhUnattended *unattended = g_new0(RhUnattended, 1);

    unattended->kind = kind ? kind : g_strdup("unknown");
    unattended->noun = noun;
    unattended->source = source;
    return unattended;
}

void rh_unattended_free(RhUnattended *unattended)
{
    g_free(unattended->kind);
    g_free(unattended->source);
    g_free(unattended);
}

void rh_unattended_add(GPtrArray *list, RhUnattended *unattended)
{
    for (guint i = 0; i < list->len; i++) {
        const RhUnattended *other = g_ptr_array_index(list, i);

        if (!g_str_equal(other->kind, unattended->kind) ||
            !g_str_equal(other->source, unattended->source))
            continue;
        rh_unattended_free(unattended);
        return;
    }
    g_ptr_array_add(list, unattended);
}

static char *describe(const RhUnattended *unattended)
{
    return g_strdup_printf("%s '%s'%s%s", unattended->noun, unattended->source,
                           unattended->where ? " " : "",
                           unattended->where ? unattended->where : "");
}

char *rh_unattended_tell(const RhUnattended *unattended)
{
    g_autofree char *device = describe(unattended);

    return g_strdup_printf("%s is not looked after: the guest gets whatever has this name here",
                           device);
}

gboolean rh_unattended_is_refused(const RhUnattended *unattended, const RhPolicy *policy)
{
    return unattended->is_unknown && policy->unknown == RH_UNKNOWN_REJECT;
}

gboolean rh_unattended_any_unknown(GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++)
        if (((const RhUnattended *)g_ptr_array_index(list, i))->is_unknown)
            return TRUE;
    return FALSE;
}

char *rh_unattended_refusal(const RhUnattended *unattended)
{
    g_autofree char *device = describe(unattended);

    return g_strdup_printf("%s is in a form that is not understood, and may be another guest's "
                           "here",
                           device);
}

char *rh_unattended_refuse(GPtrArray *list, const RhPolicy *policy, const char *guest,
                           const char *host)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const RhUnattended *unattended = g_ptr_array_index(list, i);
        g_autofree char *refusal = NULL;

        if (!rh_unattended_is_refused(unattended, policy))
            continue;
        refusal = rh_unattended_refusal(unattended);
        if (text->len == 0)
            g_string_printf(text, "guest '%s' does not fit on host '%s': %s", guest ? guest : "",
                            host ? host : "", refusal);
        else
            g_string_append_printf(text, "; %s", refusal);
    }
    if (text->len > 0)
        g_string_append(text, "; " RH_UNATTENDED_REMEDY);
    return g_string_free(text, text->len == 0);
}

void rh_unattended_mark(GPtrArray *list, RhInventory *inventory)
{
    RhUser user = {.as = RH_USER_OTHER,
                   .name = "the guest itself, in a form that is not looked after"};

    for (guint i = 0; i < list->len; i++) {
        const RhUnattended *unattended = g_ptr_array_index(list, i);
        RhDevice *device = unattended->is_ours ? rh_inventory_find_key(inventory, unattended->ours,
                                                                       unattended->source)
                                               : NULL;

        if (device)
            rh_device_set_used_by(device, &user);
    }
}

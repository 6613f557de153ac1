/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/answer.h"

#include "util/text.h"

void rh_answer_free(RhAnswer *answer)
{
    if (!answer)
        return;
    rh_plan_free(answer->plan);
    rh_questions_free(answer->questions);
    rh_inventory_free(answer->inventory);
    rh_host_free(answer->host);
    g_free(answer->name);
    g_free(answer->file);
    g_free(answer->fault);
    g_free(answer);
}

gint64 rh_answer_age(const RhAnswer *answer)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    gint64 made = answer->inventory ? answer->inventory->time : 0;

    return made > 0 && made <= now ? now - made : -1;
}

gboolean rh_answer_judges(const RhGuest *guest, const RhAnswer *answer)
{
    return rh_guest_has_ours(guest) || !answer->fits;
}

static int count_refused(const RhPlan *plan)
{
    int n = 0;

    for (guint i = 0; i < plan->choices->len; i++)
        n += ((RhChoice *)g_ptr_array_index(plan->choices, i))->action == RH_ACTION_NONE;
    return n;
}

static int compare_answers(gconstpointer a, gconstpointer b)
{
    const RhAnswer *one = *(const RhAnswer *const *)a;
    const RhAnswer *other = *(const RhAnswer *const *)b;
    int order = 0;

    if (!one->plan || !other->plan)
        return one->plan ? -1 : other->plan ? 1 : rh_natural_compare(one->file, other->file);
    order = count_refused(one->plan) - count_refused(other->plan);
    for (guint level = 0; order == 0 && level < RH_N_COSTS; level++)
        order = one->plan->cost.levels[level] - other->plan->cost.levels[level];
    return order ? order : rh_natural_compare(one->name, other->name);
}

void rh_answers_sort(GPtrArray *answers)
{
    g_ptr_array_sort(answers, compare_answers);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/answer.h"

#include "cli/json.h"
#include "core/explain.h"

static const char *action_name(RhAction action)
{
    switch (action) {
    case RH_ACTION_NONE:
        return NULL;
    case RH_ACTION_USE:
        return "use";
    }
    g_assert_not_reached();
}

static void add_reason(JsonBuilder *builder, const RhReason *reason)
{
    json_builder_begin_object(builder);
    rh_json_add_text(builder, "attribute", reason->attribute);
    rh_json_add_text(builder, "rule", reason->rule);
    rh_json_add_text(builder, "source", reason->source);
    rh_json_add_text(builder, "host", reason->host);
    rh_json_add_text(builder, "text", reason->text);
    json_builder_end_object(builder);
}

static void add_candidate(JsonBuilder *builder, const RhCandidate *candidate)
{
    json_builder_begin_object(builder);
    rh_json_add_text(builder, "device", rh_device_name(candidate->device));
    rh_json_add_text(builder, "target", rh_device_key(candidate->device));
    rh_json_add_text(builder, "verdict", candidate->fits ? "fits" : "rejected");
    json_builder_set_member_name(builder, "reasons");
    json_builder_begin_array(builder);
    for (guint i = 0; i < candidate->reasons->len; i++) {
        const RhReason *reason = g_ptr_array_index(candidate->reasons, i);

        if (!reason->warning)
            add_reason(builder, reason);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void add_choice(JsonBuilder *builder, const RhPlan *plan, const RhChoice *choice)
{
    g_autoptr(GPtrArray) candidates = rh_plan_candidates(plan, choice);
    g_autoptr(GPtrArray) warnings = rh_choice_warnings(plan, choice);
    g_autofree char *refusal = rh_choice_refusal(plan, choice);

    json_builder_begin_object(builder);
    rh_json_add_text(builder, "kind", rh_kind_info(choice->guest_device->kind)->element);
    rh_json_add_text(builder, "source", choice->guest_device->source);
    rh_json_add_text(builder, "target", rh_choice_target(choice));
    rh_json_add_text(builder, "action", action_name(choice->action));
    if (refusal)
        rh_json_add_text(builder, "refusal", refusal);
    json_builder_set_member_name(builder, "warnings");
    json_builder_begin_array(builder);
    for (guint i = 0; i < warnings->len; i++)
        json_builder_add_string_value(builder, g_ptr_array_index(warnings, i));
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "candidates");
    json_builder_begin_array(builder);
    for (guint i = 0; i < candidates->len; i++)
        add_candidate(builder, g_ptr_array_index(candidates, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

/* What a saved inventory goes by: its age is of now. */
static void add_inventory(JsonBuilder *builder, const RhAnswer *answer)
{
    const RhInventory *inventory = answer->inventory;
    g_autofree char *time = inventory ? rh_inventory_format_time(inventory) : NULL;
    gint64 age = rh_answer_age(answer);

    rh_json_add_text(builder, "file", answer->file);
    rh_json_add_text(builder, "time", time);
    json_builder_set_member_name(builder, "age");
    if (age < 0)
        json_builder_add_null_value(builder);
    else
        json_builder_add_int_value(builder, age);
    rh_json_add_text(builder, "version", inventory ? inventory->version : NULL);
    json_builder_set_member_name(builder, "complete");
    json_builder_add_boolean_value(builder, inventory && !inventory->incomplete);
}

static void add_unattended(JsonBuilder *builder, const RhGuest *guest, const RhPolicy *policy)
{
    json_builder_set_member_name(builder, "unattended");
    json_builder_begin_array(builder);
    for (guint i = 0; i < guest->unattended->len; i++) {
        const RhUnattended *unattended = g_ptr_array_index(guest->unattended, i);
        g_autofree char *refusal = NULL;

        json_builder_begin_object(builder);
        rh_json_add_text(builder, "kind", unattended->kind);
        rh_json_add_text(builder, "source", unattended->source);
        if (rh_unattended_is_refused(unattended, policy))
            refusal = rh_unattended_refusal(unattended);
        if (refusal)
            rh_json_add_text(builder, "refusal", refusal);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_answer(JsonBuilder *builder, const RhGuest *guest, const RhAnswer *answer)
{
    json_builder_begin_object(builder);
    rh_json_add_text(builder, "host", answer->name);
    add_inventory(builder, answer);
    json_builder_set_member_name(builder, "fits");
    if (rh_answer_judges(guest, answer))
        json_builder_add_boolean_value(builder, answer->fits);
    else
        json_builder_add_null_value(builder);
    if (answer->fault)
        rh_json_add_text(builder, "error", answer->fault);
    json_builder_set_member_name(builder, "devices");
    json_builder_begin_array(builder);
    for (guint i = 0; answer->plan && i < answer->plan->choices->len; i++)
        add_choice(builder, answer->plan, g_ptr_array_index(answer->plan->choices, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

void rh_answers_append_json(GString *out, const RhGuest *guest, const RhPolicy *policy,
                            GPtrArray *answers)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "guest");
    json_builder_begin_object(builder);
    rh_json_add_text(builder, "name", guest->name);
    rh_json_add_text(builder, "uuid", guest->uuid);
    json_builder_end_object(builder);
    json_builder_set_member_name(builder, "cold");
    json_builder_add_boolean_value(builder, guest->boots);
    json_builder_set_member_name(builder, "hosts");
    json_builder_begin_array(builder);
    for (guint i = 0; i < answers->len; i++)
        add_answer(builder, guest, g_ptr_array_index(answers, i));
    json_builder_end_array(builder);
    add_unattended(builder, guest, policy);
    json_builder_end_object(builder);
    rh_json_append(out, builder);
}

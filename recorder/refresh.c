/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/refresh.h"

#include "core/explain.h"
#include "core/identity.h"
#include "core/roster.h"
#include "hook/incoming.h"
#include "hook/refusal.h"
#include "recorder/definitions.h"
#include "site/users.h"
#include "util/text.h"

#define MAX_NAMES 8u /* named in a sentence */

/* What became of a definition so far. */
typedef enum {
    STATE_LEFT,  /* nothing was done to it */
    STATE_TAKEN, /* it names the devices that its guest gets */
    STATE_FAULT, /* it could not be written */
} State;

/* One definition that is to be planned anew, and written. */
typedef struct {
    const RhDefinition *definition;
    const RhPlace *place; /* NULL: it cannot be planned */
    State state;
    RhRefreshed *told; /* owned by whoever asked; NULL: it is another's turn */
} Task;

typedef struct {
    RhInventory *inventory;
    RhRoster *roster;
    GPtrArray *tasks;           /* of Task, in the order of the definitions */
    GHashTable *tasked;         /* RhGuest -> its Task */
    RhQuestions *questions;     /* for the host; NULL: there is nobody to ask */
    const char *only;           /* the guest that was asked for; NULL: all are */
    const RhDefinition *unseen; /* one that may name what nobody saw; NULL: there is none */
} Refresh;

static void refreshed_free(gpointer data)
{
    RhRefreshed *refreshed = data;

    g_free(refreshed->name);
    g_free(refreshed->text);
    g_free(refreshed);
}

/* NULL: nothing is known of it. */
static RhGuest *guest_of(const RhDefinition *definition)
{
    return definition->domain ? rh_domain_guest(definition->domain) : definition->named;
}

static gboolean names_device(const RhRecord *record, const RhDevice *device)
{
    for (guint i = 0; i < record->entries->len; i++) {
        const RhDevice *entry = g_ptr_array_index(record->entries, i);

        if (entry->kind == device->kind && rh_device_name(entry) &&
            g_strcmp0(rh_device_name(entry), rh_device_name(device)) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Whether one of @plannable had @device recorded on this host, by its name. */
static gboolean has_owner(GPtrArray *plannable, const RhDevice *device, const RhInventory *here)
{
    for (guint i = 0; i < plannable->len; i++) {
        const RhRecord *record = ((const RhGuest *)g_ptr_array_index(plannable, i))->record;

        if (rh_record_is_of_host(record, here) && names_device(record, device))
            return TRUE;
    }
    return FALSE;
}

/* Whether a definition that only names @device under its number, which a reboot may have given
 * anew, has less right to it than its own record or another's says. */
static gboolean is_anothers(const RhGuest *guest, const RhGuestDevice *named,
                            const RhDevice *device, GPtrArray *plannable, const RhInventory *here)
{
    RhIdentity identity = rh_record_is_of_host(guest->record, here) ? rh_identity_of(named, device)
                                                                    : RH_IDENTITY_OPEN;

    return identity == RH_IDENTITY_OTHER ||
           (identity == RH_IDENTITY_OPEN && has_owner(plannable, device, here));
}

/* Marks what the definition names, where it is to stay so: two guests never share a device. */
static void mark_named(const RhDefinition *definition, GPtrArray *plannable, RhInventory *inventory)
{
    const RhGuest *guest = guest_of(definition);
    RhUser user = rh_user_of_guest(guest->name, guest->uuid);

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *named = g_ptr_array_index(guest->devices, i);
        RhDevice *device =
            rh_inventory_find_key(inventory, named->kind, rh_guest_device_key(named));

        if (device && !rh_device_knows(device, RH_ATTR_USED_BY) &&
            (definition->running || !is_anothers(guest, named, device, plannable, inventory)))
            rh_device_set_used_by(device, &user);
    }
}

/* Whether the guest can be planned: a device without a record is left as it is, and so is the
 * guest. */
static gboolean is_recorded(const RhGuest *guest)
{
    for (guint i = 0; i < guest->devices->len; i++)
        if (!((const RhGuestDevice *)g_ptr_array_index(guest->devices, i))->entry)
            return FALSE;
    return TRUE;
}

static gboolean is_plannable(const RhDefinition *definition)
{
    return !definition->running && !definition->fault && is_recorded(guest_of(definition));
}

/* The guests that can be planned. What the others name stays theirs. */
static GPtrArray *find_plannable(GPtrArray *definitions, RhScene *scene)
{
    GPtrArray *plannable = g_ptr_array_new();
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (guint i = 0; i < definitions->len; i++) {
        RhDefinition *definition = g_ptr_array_index(definitions, i);
        RhGuest *guest = guest_of(definition);

        if (!guest)
            continue;
        rh_users_settle(scene->host, scene->inventory, guest);
        guest->boots = !definition->running && !definition->saved;
        if (is_plannable(definition))
            g_ptr_array_add(plannable, guest);
        else
            g_ptr_array_add(others, definition);
    }
    for (guint i = 0; i < others->len; i++)
        mark_named(g_ptr_array_index(others, i), plannable, scene->inventory);
    return plannable;
}

/* Whether @guest's XML names a device that @plan gives another guest. */
static gboolean shares_device(const RhPlan *plan, const RhGuest *guest)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (rh_guest_has_device(guest, choice->device->kind, rh_device_key(choice->device)))
            return TRUE;
    }
    return FALSE;
}

static char *describe_moves(const RhPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (rh_choice_moves(choice))
            g_string_append_printf(text, "%s'%s' -> '%s'", text->len > 0 ? ", " : "",
                                   choice->guest_device->source, rh_choice_target(choice));
    }
    return g_string_free(text, FALSE);
}

/* Whether what stays by its source is another device than the recorded one, which fits as well, or
 * was marked as lost: it must be recorded, or its guest would not start on it. */
static gboolean renews_device(const RhPlan *plan)
{
    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);
        const RhDevice *entry = choice->guest_device->entry;

        if (rh_record_is_usurped(entry, choice->device) || rh_device_knows(entry, RH_ATTR_LOST))
            return TRUE;
    }
    return FALSE;
}

/* Writes the plan. Where no source changes, what the record says of its devices may. */
static void carry_out(Task *task, const RhInventory *inventory)
{
    const RhPlan *plan = task->place->plan;
    gboolean moves = rh_plan_moves(plan);
    g_autofree char *text = describe_moves(plan);
    g_autoptr(GError) error = NULL;

    task->state = STATE_TAKEN;
    if (!moves && rh_record_is_of_host(task->place->guest->record, inventory) &&
        !renews_device(plan))
        return;
    rh_domain_apply(task->definition->domain, plan);
    if (!rh_definition_replace(task->definition, &error)) {
        task->state = STATE_FAULT;
        task->told->state = RH_REFRESHED_FAULT;
        task->told->text = g_strdup(error->message);
        return;
    }
    task->told->state = RH_REFRESHED_CHANGED;
    task->told->text =
        moves ? g_steal_pointer(&text) : g_strdup("its record is of the devices here now");
}

static RhRefreshed *report(GPtrArray *refreshed, const RhDefinition *definition)
{
    RhRefreshed *one = g_new0(RhRefreshed, 1);

    one->name = g_strdup(definition->name);
    one->running = definition->running;
    g_ptr_array_add(refreshed, one);
    return one;
}

/* A device that a plan gives may be one that another definition names until that is written. */
static void skip(Task *task, const char *failed)
{
    if (!rh_plan_moves(task->place->plan)) {
        task->state = STATE_TAKEN;
        return;
    }
    task->told->state = RH_REFRESHED_FAULT;
    task->told->text =
        g_strdup_printf("guest '%s' is left as it is, since the definition of guest '%s' could "
                        "not be written: no two may name the same device",
                        task->told->name, failed);
}

/* There is a definition that nobody saw all of. What @task's guest would get that is not known to
 * be its own, so that it may be what that definition names; NULL: nothing. */
static const RhDevice *find_doubtful(const Refresh *refresh, const Task *task)
{
    const RhPlan *plan = task->place->plan;
    gboolean at_home = rh_record_is_of_host(task->place->guest->record, refresh->inventory);

    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (rh_choice_moves(choice) &&
            !(at_home && rh_identity_of(choice->guest_device, choice->device) == RH_IDENTITY_SAME))
            return choice->device;
    }
    return NULL;
}

static void refuse_doubtful(Task *task, const RhDevice *device, const RhDefinition *unseen)
{
    task->told->state = RH_REFRESHED_REFUSED;
    task->told->text = g_strdup_printf(
        "guest '%s' is left as it is: '%s' may be guest '%s's, whose definition cannot be read; "
        "mend that, then run 'virt-rehome refresh %s'",
        task->told->name, rh_device_key(device), unseen->name, task->told->name);
}

/* "unchanged, while its mediated device '…' is not on this host". */
static char *describe_awaited(const RhPlan *plan)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *names = NULL;
    g_autofree char *offer = NULL; /* of the first that there is one for */

    for (guint i = 0; i < plan->choices->len; i++) {
        const RhChoice *choice = g_ptr_array_index(plan->choices, i);

        if (choice->action != RH_ACTION_NONE)
            continue;
        g_ptr_array_add(missing, rh_guest_device_describe(choice->guest_device));
        if (!offer)
            offer = rh_choice_offer(plan, choice);
    }
    names = rh_join_names(missing, MAX_NAMES);
    return g_strdup_printf("unchanged; this host does not have its %s: it starts where something "
                           "makes that first%s%s",
                           names, offer ? "; " : "", offer ? offer : "");
}

/* @failed is the guest whose definition could not be written, if there was one. */
static void settle(const Refresh *refresh, Task *task, const char *failed)
{
    const RhDefinition *unseen = refresh->unseen;
    const RhDevice *doubtful =
        unseen && task->place && task->place->plan->fits ? find_doubtful(refresh, task) : NULL;
    const RhDefinition *definition = task->definition;
    const RhPlace *place = task->place;
    RhRefreshed *one = task->told;

    if (definition->fault) {
        one->state = RH_REFRESHED_FAULT;
        one->text = g_strdup(definition->fault->message);
    } else if (place && place->plan->fits && failed) {
        skip(task, failed);
    } else if (doubtful) {
        refuse_doubtful(task, doubtful, unseen);
    } else if (place && place->plan->fits) {
        carry_out(task, refresh->inventory);
    } else if (place && !refresh->only && rh_plan_lacks_missing(place->plan)) {
        one->state = RH_REFRESHED_AWAITED;
        one->text = describe_awaited(place->plan);
    } else if (place) {
        one->state = RH_REFRESHED_REFUSED;
        one->text = rh_plan_explain(place->plan, RH_MAX_MESSAGE);
    } else if (!definition->running) {
        one->state = RH_REFRESHED_REFUSED;
        one->text = g_strdup_printf("guest '%s' has devices without a record, so nothing says what "
                                    "they must be like: its definition is left as it is; see to "
                                    "its devices, then run 'virt-rehome record %s'",
                                    definition->name, definition->name);
    }
}

/* Why a guest that this host's name stands for is planned as one of another host's. */
static void tell_other_id(const Refresh *refresh, const Task *task)
{
    const RhRecord *record = task->place ? task->place->guest->record : NULL;
    RhRefreshed *one = task->told;
    g_autofree char *before = NULL;
    g_autofree char *remedy = NULL;

    if (!record || !one->text || !rh_record_has_other_id(record, refresh->inventory))
        return;
    before = one->text;
    if (one->state != RH_REFRESHED_CHANGED)
        remedy = g_strdup_printf("; where its devices are the right ones, 'virt-rehome record %s' "
                                 "says so",
                                 one->name);
    one->text = g_strdup_printf("%s%sits record names this host, '%s', with another id, so that it "
                                "counts as from another host: the mainboard or /etc/machine-id was "
                                "changed since%s",
                                before, remedy ? "\n" : "; ", record->host, remedy ? remedy : "");
}

/* Whoever else's definition names what the task's guest gets, and is not to be written now. */
static void tell_shared(const Refresh *refresh, const Task *task)
{
    RhRefreshed *one = task->told;

    for (guint i = 0; i < refresh->tasks->len; i++) {
        const RhDefinition *other =
            ((const Task *)g_ptr_array_index(refresh->tasks, i))->definition;
        const RhGuest *guest = other->domain ? rh_domain_guest(other->domain) : NULL;
        g_autofree char *before = one->text;

        if (guest && other != task->definition && shares_device(task->place->plan, guest))
            one->text = g_strdup_printf("%s; guest '%s' names it, too, until it is refreshed",
                                        before, other->name);
        else
            one->text = g_steal_pointer(&before);
    }
}

/* Whether another guest's definition names @device now, since this refresh gave it that. */
static gboolean is_given_away(const Refresh *refresh, const Task *task, const RhDevice *device)
{
    const RhPlace *place = rh_roster_holder(refresh->roster, device);
    const Task *holder = place ? g_hash_table_lookup(refresh->tasked, place->guest) : NULL;

    return holder && holder != task && holder->state == STATE_TAKEN;
}

/* Whether what the definition names is known not to be this guest's device any more. That it is
 * missing, or does not fit, does not make it another. */
static gboolean is_lost(const Refresh *refresh, const Task *task, const RhGuestDevice *guest_device)
{
    gboolean at_home = rh_record_is_of_host(task->place->guest->record, refresh->inventory);
    const RhDevice *device = rh_inventory_find_key(refresh->inventory, guest_device->kind,
                                                   rh_guest_device_key(guest_device));

    if (!device || (at_home && rh_record_is_of(guest_device->entry, device)))
        return FALSE;
    return is_given_away(refresh, task, device) ||
           (at_home && rh_record_is_usurped(guest_device->entry, device) &&
            !rh_policy_says_chosen(task->place->plan->context.policy, guest_device->entry));
}

/* libvirt may start a guest at any time by a definition that is left as it is: marks in it what is
 * another's now, so that the hook refuses that. */
static void mark_lost(const Refresh *refresh, const Task *task)
{
    const RhGuest *guest = task->place->guest;
    RhRefreshed *one = task->told;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = one->text;
    g_autofree char *lost = NULL;
    g_autoptr(GError) error = NULL;
    gboolean changed = FALSE;

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(guest->devices, i);
        gboolean is = is_lost(refresh, task, device);

        changed |= rh_domain_set_lost(task->definition->domain, device, is);
        if (is)
            g_ptr_array_add(names, g_strdup_printf("'%s'", device->source));
    }
    if (changed && !rh_definition_replace(task->definition, &error)) {
        one->state = RH_REFRESHED_FAULT;
        one->text = g_strdup_printf("%s\nand this cannot be marked in its definition: %s", text,
                                    error->message);
        return;
    }
    lost = rh_join_names(names, MAX_NAMES);
    one->text = names->len == 0
                    ? g_steal_pointer(&text)
                    : g_strdup_printf("%s\nmarked in its definition, so that it does not start on "
                                      "another's device: %s",
                                      text, lost);
}

static void add_task(Refresh *refresh, const RhDefinition *definition)
{
    RhGuest *guest = definition->domain ? rh_domain_guest(definition->domain) : NULL;
    Task *task = g_new0(Task, 1);

    task->definition = definition;
    task->place = guest ? rh_roster_place(refresh->roster, guest) : NULL;
    if (task->place)
        g_hash_table_insert(refresh->tasked, guest, task);
    g_ptr_array_add(refresh->tasks, task);
}

static void refresh_clear(Refresh *refresh)
{
    g_ptr_array_unref(refresh->tasks);
    g_hash_table_unref(refresh->tasked);
    rh_roster_free(refresh->roster);
    rh_questions_free(refresh->questions);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Refresh, refresh_clear)

/* Of the guests that find nothing, since of these alone the candidates are explained. */
static void question_unfit(const Refresh *refresh, GPtrArray *guests)
{
    for (guint i = 0; i < guests->len; i++) {
        const RhPlan *plan = rh_roster_place(refresh->roster, g_ptr_array_index(guests, i))->plan;

        if (!plan->fits)
            rh_plan_question_all(plan);
    }
}

static Refresh refresh_new(GPtrArray *definitions, RhScene *scene, const char *only)
{
    g_autoptr(GPtrArray) guests = find_plannable(definitions, scene);
    Refresh refresh = {.inventory = scene->inventory,
                       .only = only,
                       .tasks = g_ptr_array_new_with_free_func(g_free),
                       .tasked = g_hash_table_new(NULL, NULL),
                       .questions = scene->host ? rh_questions_new() : NULL};

    do {
        g_clear_pointer(&refresh.roster, rh_roster_free);
        refresh.roster = rh_roster_new(guests, scene->inventory, scene->policy, refresh.questions);
    } while (rh_host_answer(scene->host, refresh.questions));
    question_unfit(&refresh, guests);
    (void)rh_host_answer(scene->host, refresh.questions);
    for (guint i = 0; i < definitions->len; i++) {
        const RhDefinition *definition = g_ptr_array_index(definitions, i);

        add_task(&refresh, definition);
        if (definition->is_unseen)
            refresh.unseen = definition;
    }
    return refresh;
}

GPtrArray *rh_refresh(GPtrArray *definitions, RhScene *scene, const char *only)
{
    GPtrArray *refreshed = g_ptr_array_new_with_free_func(refreshed_free);
    g_auto(Refresh) refresh = refresh_new(definitions, scene, only);
    const char *failed = NULL;

    for (guint i = 0; i < refresh.tasks->len; i++) {
        Task *task = g_ptr_array_index(refresh.tasks, i);
        const RhDefinition *definition = task->definition;

        if (only && !g_str_equal(only, definition->name))
            continue;
        task->told = report(refreshed, definition);
        settle(&refresh, task, failed);
        tell_other_id(&refresh, task);
        if (task->told->state == RH_REFRESHED_FAULT && !definition->fault && !failed)
            failed = definition->name;
        if (task->told->state == RH_REFRESHED_CHANGED && only)
            tell_shared(&refresh, task);
    }
    for (guint i = 0; !only && i < refresh.tasks->len; i++) {
        const Task *task = g_ptr_array_index(refresh.tasks, i);

        if (task->place && task->state == STATE_LEFT)
            mark_lost(&refresh, task);
    }
    return refreshed;
}

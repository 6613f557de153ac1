/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/refresh.h"

#include "core/identity.h"
#include "hook/incoming.h"
#include "hook/refusal.h"
#include "hook/users.h"
#include "recorder/places.h"
#include "util/text.h"

#define MAX_NAMES 8u /* named in a sentence */

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
        const RhDefinition *definition = g_ptr_array_index(plannable, i);
        const RhRecord *record = rh_domain_guest(definition->domain)->record;

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
    g_autofree char *user = g_strdup_printf("guest %s", guest->name ? guest->name : guest->uuid);

    for (guint i = 0; i < guest->devices->len; i++) {
        const RhGuestDevice *named = g_ptr_array_index(guest->devices, i);
        RhDevice *device =
            rh_inventory_find_key(inventory, named->kind, rh_guest_device_key(named));

        if (device && !rh_device_knows(device, RH_ATTR_USED_BY) &&
            (definition->running || !is_anothers(guest, named, device, plannable, inventory)))
            rh_device_set_text(device, RH_ATTR_USED_BY, user);
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

/* The definitions that can be planned. What the others name stays theirs. */
static GPtrArray *find_plannable(GPtrArray *definitions, RhScene *scene)
{
    GPtrArray *plannable = g_ptr_array_new();
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (guint i = 0; i < definitions->len; i++) {
        RhDefinition *definition = g_ptr_array_index(definitions, i);
        RhGuest *guest = guest_of(definition);

        if (!guest)
            continue;
        rh_users_resolve(scene->host, guest);
        g_ptr_array_add(is_plannable(definition) ? plannable : others, definition);
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
static void carry_out(RhPlace *place, const RhInventory *inventory, RhRefreshed *refreshed)
{
    const RhRecord *record = place->guest->record;
    gboolean moves = rh_plan_moves(place->plan);
    g_autofree char *text = describe_moves(place->plan);
    g_autoptr(GError) error = NULL;

    place->state = RH_PLACE_TAKEN;
    if (!moves && g_strcmp0(record->host, inventory->name) == 0 && !renews_device(place->plan))
        return;
    rh_domain_apply(place->definition->domain, place->plan);
    if (!rh_definition_replace(place->definition, &error)) {
        place->state = RH_PLACE_FAULT;
        refreshed->state = RH_REFRESHED_FAULT;
        refreshed->text = g_strdup(error->message);
        return;
    }
    refreshed->state = RH_REFRESHED_CHANGED;
    refreshed->text =
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
static void skip(RhPlace *place, const char *failed, RhRefreshed *one)
{
    if (!rh_plan_moves(place->plan)) {
        place->state = RH_PLACE_TAKEN;
        return;
    }
    one->state = RH_REFRESHED_FAULT;
    one->text = g_strdup_printf("guest '%s' is left as it is, since the definition of guest '%s' "
                                "could not be written: no two may name the same device",
                                one->name, failed);
}

/* @failed is the guest whose definition could not be written, if there was one. */
static void settle(RhPlace *place, const RhDefinition *definition, const RhInventory *inventory,
                   const char *failed, RhRefreshed *one)
{
    if (definition->fault) {
        one->state = RH_REFRESHED_FAULT;
        one->text = g_strdup(definition->fault->message);
    } else if (place && place->plan->fits && failed) {
        skip(place, failed, one);
    } else if (place && place->plan->fits) {
        carry_out(place, inventory, one);
    } else if (place) {
        one->state = RH_REFRESHED_REFUSED;
        one->text = rh_refusal_describe(place->plan);
    } else if (!definition->running) {
        one->state = RH_REFRESHED_REFUSED;
        one->text = g_strdup_printf("guest '%s' has devices without a record, so nothing says what "
                                    "they must be like: its definition is left as it is; see to "
                                    "its devices, then run 'virt-rehome record %s'",
                                    definition->name, definition->name);
    }
}

/* Whoever else's definition names what @place gets, and is not to be written now. */
static void tell_shared(GPtrArray *definitions, const RhPlace *place, RhRefreshed *one)
{
    for (guint i = 0; i < definitions->len; i++) {
        const RhDefinition *other = g_ptr_array_index(definitions, i);
        const RhGuest *guest = other->domain ? rh_domain_guest(other->domain) : NULL;
        g_autofree char *before = one->text;

        if (guest && other != place->definition && shares_device(place->plan, guest))
            one->text = g_strdup_printf("%s; guest '%s' names it, too, until it is refreshed",
                                        before, other->name);
        else
            one->text = g_steal_pointer(&before);
    }
}

/* Whether another guest's definition names @device now, since this refresh gave it that. */
static gboolean is_given_away(const RhPlaces *places, const RhPlace *place, const RhDevice *device)
{
    const RhPlace *holder = rh_places_holder(places, device);

    return holder && holder != place && holder->state == RH_PLACE_TAKEN;
}

/* Whether what the definition names is known not to be this guest's device any more. That it is
 * missing, or does not fit, does not make it another. */
static gboolean is_lost(const RhPlaces *places, const RhPlace *place,
                        const RhGuestDevice *guest_device, const RhInventory *inventory)
{
    gboolean at_home = g_strcmp0(place->guest->record->host, inventory->name) == 0;
    const RhDevice *device =
        rh_inventory_find_key(inventory, guest_device->kind, rh_guest_device_key(guest_device));

    if (!device || (at_home && rh_record_is_of(guest_device->entry, device)))
        return FALSE;
    return is_given_away(places, place, device) ||
           (at_home && rh_record_is_usurped(guest_device->entry, device));
}

/* libvirt may start a guest at any time by a definition that is left as it is: marks in it what is
 * another's now, so that the hook refuses that. */
static void mark_lost(const RhPlaces *places, const RhPlace *place, const RhInventory *inventory,
                      RhRefreshed *one)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = one->text;
    g_autofree char *lost = NULL;
    g_autoptr(GError) error = NULL;
    gboolean changed = FALSE;

    for (guint i = 0; i < place->guest->devices->len; i++) {
        const RhGuestDevice *device = g_ptr_array_index(place->guest->devices, i);
        gboolean is = is_lost(places, place, device, inventory);

        changed |= rh_domain_set_lost(place->definition->domain, device, is);
        if (is)
            g_ptr_array_add(names, g_strdup_printf("'%s'", device->source));
    }
    if (changed && !rh_definition_replace(place->definition, &error)) {
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

GPtrArray *rh_refresh(GPtrArray *definitions, RhScene *scene, const char *only)
{
    GPtrArray *refreshed = g_ptr_array_new_with_free_func(refreshed_free);
    g_autoptr(GPtrArray) plannable = find_plannable(definitions, scene);
    g_autoptr(RhPlaces) places = rh_places_new(plannable, scene);
    const char *failed = NULL;

    for (guint i = 0; i < definitions->len; i++) {
        const RhDefinition *definition = g_ptr_array_index(definitions, i);
        RhRefreshed *one;

        if (only && !g_str_equal(only, definition->name))
            continue;
        one = report(refreshed, definition);
        settle(rh_places_of(places, definition), definition, scene->inventory, failed, one);
        if (one->state == RH_REFRESHED_FAULT && !definition->fault && !failed)
            failed = definition->name;
        if (one->state == RH_REFRESHED_CHANGED && only)
            tell_shared(definitions, rh_places_of(places, definition), one);
    }
    for (guint i = 0; !only && i < definitions->len; i++) {
        const RhPlace *place = rh_places_of(places, g_ptr_array_index(definitions, i));

        if (place && place->state == RH_PLACE_LEFT)
            mark_lost(places, place, scene->inventory, g_ptr_array_index(refreshed, i));
    }
    return refreshed;
}

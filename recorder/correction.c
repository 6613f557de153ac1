/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/correction.h"

/* Whether the definition is another host's: by its record, or where it has none, since the guest
 * has just come. */
static gboolean is_from_elsewhere(const RhCorrection *correction)
{
    const RhRecord *record = rh_domain_guest(correction->definition)->record;

    return record ? !rh_record_is_of_host(record, correction->host) : correction->news->arrived;
}

/* The running guest's device that the definition's is; NULL: it has none such. */
static const RhGuestDevice *find_twin(const RhCorrection *correction, const RhGuestDevice *device)
{
    return rh_guest_find_twin(correction->running, rh_domain_guest(correction->definition), device);
}

/* What the definition's device should be called, since the running guest has it at the same
 * address; NULL: that guest has none there. */
static const char *corrected_source(const RhCorrection *correction, const RhGuestDevice *device)
{
    const RhGuestDevice *twin = find_twin(correction, device);

    return twin ? twin->source : NULL;
}

/* Another device of the definition that would have the same source. */
static const RhGuestDevice *find_clash(const RhCorrection *correction, const RhGuestDevice *device)
{
    const RhGuest *defined = rh_domain_guest(correction->definition);
    const char *source = corrected_source(correction, device);

    for (guint i = 0; source && i < defined->devices->len; i++) {
        const RhGuestDevice *other = g_ptr_array_index(defined->devices, i);

        if (other != device && other->kind == device->kind &&
            !corrected_source(correction, other) &&
            rh_device_same_key(device->kind, other->source, source))
            return other;
    }
    return NULL;
}

/* A device that the running guest has not is left alone; but where its source, another host's,
 * would be another device's now, nothing can be corrected. */
static gboolean can_be_corrected(const RhCorrection *correction, GPtrArray *warnings)
{
    const RhGuest *defined = rh_domain_guest(correction->definition);

    for (guint i = 0; i < defined->devices->len; i++) {
        const RhGuestDevice *clash = find_clash(correction, g_ptr_array_index(defined->devices, i));

        if (!clash)
            continue;
        g_ptr_array_add(
            warnings,
            g_strdup_printf("the definition of guest '%s' is that of another host, and one of its "
                            "devices that the running guest has not is called '%s' like one that "
                            "it has here; it is left as it is: once the guest is shut off, "
                            "'virt-rehome refresh %s' finds devices for it",
                            correction->name, clash->source, correction->name));
        return FALSE;
    }
    return TRUE;
}

/* The definition names the devices that the running guest has at the same addresses. */
static void correct(const RhCorrection *correction, GPtrArray *moves, GPtrArray *warnings)
{
    const RhGuest *defined = rh_domain_guest(correction->definition);

    for (guint i = 0; i < defined->devices->len; i++) {
        RhGuestDevice *device = g_ptr_array_index(defined->devices, i);
        const RhGuestDevice *twin = find_twin(correction, device);

        if (!twin) {
            g_ptr_array_add(
                warnings,
                g_strdup_printf("the definition of guest '%s' names '%s', which was a device of "
                                "the host that it came from; once the guest is shut off, "
                                "'virt-rehome refresh %s' finds one for it here",
                                correction->name, device->source, correction->name));
        } else if (!rh_device_same_key(device->kind, rh_guest_device_key(device),
                                       rh_guest_device_key(twin))) {
            g_ptr_array_add(moves, g_strdup_printf("'%s' -> '%s'", device->source, twin->source));
            rh_domain_set_source(correction->definition, device, twin->source);
        }
    }
}

gboolean rh_correction_make(const RhCorrection *correction, GPtrArray *moves, GPtrArray *warnings)
{
    if (!(correction->news->refresh || is_from_elsewhere(correction)) ||
        !can_be_corrected(correction, warnings))
        return FALSE;
    correct(correction, moves, warnings);
    return TRUE;
}

void rh_correction_warn(const RhCorrection *correction, GPtrArray *warnings)
{
    const RhGuest *defined = rh_domain_guest(correction->definition);

    for (guint i = 0; i < defined->devices->len && !correction->news->accept; i++) {
        const RhGuestDevice *device = g_ptr_array_index(defined->devices, i);
        const RhGuestDevice *twin = find_twin(correction, device);
        const RhDevice *recorded = twin ? rh_record_made_of(correction->recorded, twin) : NULL;

        if (!recorded || !device->entry || is_from_elsewhere(correction) ||
            rh_policy_says_chosen(NULL, device->entry))
            continue;
        if (rh_record_is_usurped(device->entry, recorded))
            g_ptr_array_add(
                warnings,
                g_strdup_printf("guest '%s' runs with '%s' as '%s', which was '%s' when it was "
                                "recorded; its definition's record is left as it was: if that is "
                                "right, 'virt-rehome record %s' says so, and if not, shut the "
                                "guest off and run 'virt-rehome refresh %s'",
                                correction->name, rh_device_name(recorded), device->source,
                                rh_device_name(device->entry), correction->name, correction->name));
    }
}

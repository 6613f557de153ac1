/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device: a kind and its attributes, each known or unknown. The same struct is a device of a
 * host's inventory and an entry of a guest's record. Absent means unknown: never 0, never empty.
 */
#pragma once

#include "core/kind.h"
#include "util/bits.h"

typedef struct {
    RhKind kind;
    guint64 known[RH_BITS_WORDS(RH_N_ATTRS)]; /* a bit for each attribute */
    RhValue values[RH_N_ATTRS];
    GHashTable *parameters; /* name -> value; NULL: none */
} RhDevice;

RhDevice *rh_device_new(RhKind kind);
RhDevice *rh_device_copy(const RhDevice *device);
void rh_device_free(RhDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhDevice, rh_device_free)

static inline gboolean rh_device_knows(const RhDevice *device, RhAttr attr)
{
    return rh_bits_have(device->known, attr);
}

/* The number, or @otherwise where it is unknown. */
static inline guint64 rh_device_number(const RhDevice *device, RhAttr attr, guint64 otherwise)
{
    return rh_device_knows(device, attr) ? device->values[attr].number : otherwise;
}

/* The text, or NULL where it is unknown; owned by the device. Only for text attributes. */
static inline const char *rh_device_text(const RhDevice *device, RhAttr attr)
{
    return rh_device_knows(device, attr) ? device->values[attr].text : NULL;
}

void rh_device_set_number(RhDevice *device, RhAttr attr, guint64 number);
/* Copies @text; NULL or "" makes the attribute unknown. */
void rh_device_set_text(RhDevice *device, RhAttr attr, const char *text);
void rh_device_unset(RhDevice *device, RhAttr attr);

/* Takes over @value, which was made for @attr. */
void rh_device_set_value(RhDevice *device, RhAttr attr, RhValue value);

/* The device is used by @user, in place of whoever was said to use it; NULL: by nobody known.
 * Copied. */
void rh_device_set_used_by(RhDevice *device, const RhUser *user);
/* Who uses it, a guest with its uuid; the strings are the device's. FALSE: nobody known. */
gboolean rh_device_used_by(const RhDevice *device, RhUser *ret_user);

/* A guest that is shut off, @user, names the device. Copied. */
void rh_device_set_named_by(RhDevice *device, const RhUser *user);

/* Copies @attr as it is, known or not, from @from. */
void rh_device_take(RhDevice *device, RhAttr attr, const RhDevice *from);

/* The same where @from calls it @its; both are of one type. */
void rh_device_take_as(RhDevice *device, RhAttr attr, const RhDevice *from, RhAttr its);

/* The value as documents have it, or NULL where it is unknown; owned by the caller. */
char *rh_device_format(const RhDevice *device, RhAttr attr);

/*
 * A parameter of an mdev is what its driver has in a file of its own choice below the device's
 * folder: "vgpu_params", "matrix". Those that count, the policy lists. Documents have
 * <attribute name='…' value='…'/> for it; "" is a value. Set, both copied, or looked up, owned by
 * the device (NULL: unknown).
 */
void rh_device_set_parameter(RhDevice *device, const char *name, const char *value);
const char *rh_device_parameter(const RhDevice *device, const char *name);
/* Replaces all of them by those of @from. */
void rh_device_take_parameters(RhDevice *device, const RhDevice *from);
/* Their names, sorted; free with g_list_free. */
GList *rh_device_parameter_names(const RhDevice *device);

/* Whether both have the same kind and the same values for all attributes. */
gboolean rh_device_equal(const RhDevice *a, const RhDevice *b);

/* What the device is called on its host: "vdpa0", a uuid. Owned by the device; NULL if unknown. */
const char *rh_device_name(const RhDevice *device);
/* What stands in a guest's XML for it: a node, a uuid. */
const char *rh_device_key(const RhDevice *device);

/* Whether two keys of @kind are the same: uuids in either case, nodes as they are. NULL: never. */
gboolean rh_device_same_key(RhKind kind, const char *a, const char *b);

/* Whether two types' names differ at most in a brand before them: NVIDIA's drivers have changed
 * "GRID " to "NVIDIA ". */
gboolean rh_type_names_alike(const char *a, const char *b);

/* By natural order of the names. */
int rh_device_compare(const RhDevice *a, const RhDevice *b);

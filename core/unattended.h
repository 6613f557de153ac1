/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unattended: what a guest's XML names of its host and nobody looks after. It is told, since it
 * means whatever the host calls so. What may be a device of ours in a form that is not understood
 * turns the guest away, unless the policy keeps it.
 */
#pragma once

#include "core/policy.h"

/* What helps a guest that is turned away for it, for the end of a sentence. */
#define RH_UNATTENDED_REMEDY \
    "give it to the guest as libvirt's <interface type='vdpa'> or <disk type='vhostvdpa'>, or " \
    "set " \
    "'unknown = keep' in [policy] of /etc/virt-rehome.conf on this host, which leaves it as it is"

typedef struct {
    char *kind;        /* in reports: "pci", "usb", "vdpa", … */
    const char *noun;  /* in a sentence: "PCI device" */
    const char *where; /* "in <qemu:commandline>"; NULL: among the guest's devices */
    char *source;      /* as it is written, a PCI address as "0000:3b:00.2" */
    gboolean is_ours;  /* it may name a device of the kind @ours */
    RhKind ours;
    gboolean
        is_unknown; /* in a form that is not understood, by a name that is another's elsewhere */
} RhUnattended;

/* Takes @kind (NULL: the XML has none) and @source over; @noun is borrowed. Owned by the caller. */
RhUnattended *rh_unattended_new(char *kind, const char *noun, char *source);
void rh_unattended_free(RhUnattended *unattended);

/* Adds @unattended to @list (of RhUnattended), which takes it over; once, whoever names it twice.
 */
void rh_unattended_add(GPtrArray *list, RhUnattended *unattended);

/* "PCI device '0000:3b:00.2' is not looked after: …", a sentence; owned by the caller. */
char *rh_unattended_tell(const RhUnattended *unattended);

/* Whether @policy turns a guest away for it. */
gboolean rh_unattended_is_refused(const RhUnattended *unattended, const RhPolicy *policy);

/* Whether anything in @list may be. */
gboolean rh_unattended_any_unknown(GPtrArray *list);

/* Why such a guest is turned away, a clause; owned by the caller. */
char *rh_unattended_refusal(const RhUnattended *unattended);

/* Why @guest, which has @list, is turned away on @host, a sentence that is the caller's; NULL: it
 * is not. */
char *rh_unattended_refuse(GPtrArray *list, const RhPolicy *policy, const char *guest,
                           const char *host);

/* Marks the devices of @inventory that @list may name as in use: the guest gets them whatever it is
 * planned on. */
void rh_unattended_mark(GPtrArray *list, RhInventory *inventory);

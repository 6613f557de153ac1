/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The definitions of this host's guests, read and replaced: through libvirt, or before its daemon
 * has started for the first time since boot, as the files from which it will read them
 * (/etc/libvirt/qemu/NAME.xml). The daemon starts the guests that autostart before it answers
 * anybody (libvirt/src/qemu/qemu_driver.c, qemuStateInitialize), so who wants to come before that
 * has the files alone.
 */
#pragma once

#include "recorder/connection.h"
#include "xml/domain.h"

typedef struct {
    char *name;
    virDomainPtr handle; /* NULL: a file */
    char *path;          /* NULL: libvirt's */
    gboolean running;    /* the guest runs */
    gboolean saved;      /* it has a managed save, with whose state it starts, or nobody knows */
    GBytes *xml;         /* as it was read */
    RhDomain *domain;    /* NULL: it cannot be read, see fault */
    RhGuest *named;      /* of one that cannot be read: the devices that it names; NULL: none */
    gboolean is_unseen;  /* it may name devices that nobody saw */
    GError *fault;       /* why it cannot be planned; NULL: it can */
} RhDefinition;
void rh_definition_free(RhDefinition *definition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhDefinition, rh_definition_free)

/* That of one of libvirt's guests, whatever devices it has; its record is not read yet. Owned by
 * the caller. Error: RH_ERROR_HOST, RH_ERROR_INPUT (none, or no such guest; not understood). */
RhDefinition *rh_definition_of_guest(virDomainPtr handle, GError **error);

/* Those that have devices of ours, and those that cannot be read, in natural order of names; of
 * RhDefinition, owned by the caller. Error: RH_ERROR_HOST. */
GPtrArray *rh_definitions_of_libvirt(virConnectPtr connection, GError **error);

/* The same from the files below @root. Error: RH_ERROR_STATE where libvirt's daemon has been
 * started since boot: it would not see what changes. */
GPtrArray *rh_definitions_of_files(const char *root, GError **error);

/* Makes the definition what its tree says now. Error: RH_ERROR_HOST, RH_ERROR_STATE (somebody
 * changed it since it was read); then it is as it was. */
gboolean rh_definition_replace(const RhDefinition *definition, GError **error);

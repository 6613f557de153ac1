/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest's XML names of its host and no form of xml/use takes (core/unattended.h): a row for
 * each element, and what QEMU is given past libvirt. Only for xml/, since it speaks libxml2.
 */
#pragma once

#include "core/guest.h"

#include <libxml/tree.h>

/* A guest that names more is turned down. */
#define RH_MAX_UNATTENDED 1024u

/* Adds what the element @node in <devices>, at whatever depth, names. Error: RH_ERROR_INPUT. */
gboolean rh_unattended_read(RhGuest *guest, xmlNode *node, GError **error);

/* Adds what @domain has in <qemu:commandline> and <qemu:override>. Error: RH_ERROR_INPUT. */
gboolean rh_unattended_read_arguments(RhGuest *guest, xmlNode *domain, GError **error);

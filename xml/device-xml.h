/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device as an element: the one reader and writer of the vocabulary, for inventories and records.
 */
#pragma once

#include "core/device.h"

#include <libxml/tree.h>

/*
 * Reads one attribute of an element of @device's kind. Names that are not known are ignored.
 * Error: RH_ERROR_INPUT for a value that the attribute cannot have.
 */
gboolean rh_device_read_attribute(RhDevice *device, const char *name, const char *value,
                                  GError **error);

/* An entry of a record from its element. Error: RH_ERROR_INPUT. */
RhDevice *rh_device_read_entry(RhKind kind, xmlNode *node, GError **error);

/* Makes @node, an entry of a record, say what @device says. What is already so is not touched, and
 * neither is what is not known here. */
void rh_device_write_entry(const RhDevice *device, xmlNode *node);

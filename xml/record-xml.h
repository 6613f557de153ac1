/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record as an element of a guest's metadata: read, written, put in its place. Only for xml/,
 * since it speaks libxml2; the tree that it stands in is xml/domain's.
 */
#pragma once

#include "core/record.h"

#include <libxml/tree.h>

/* Whether this version can read the record @node, by its format. Error: RH_ERROR_INPUT. */
gboolean rh_record_xml_check(xmlNode *node, GError **error);

/*
 * Reads the record @node into @record, which is new, and notes for each entry (RhDevice) its
 * element (xmlNode) in @elements; both borrowed. Those that can be read are read, whatever is wrong
 * with another. Error: RH_ERROR_INPUT.
 */
gboolean rh_record_xml_read(xmlNode *node, RhRecord *record, GHashTable *elements, GError **error);

/* Takes an element, with the white space before it, out of its tree, and frees it. */
void rh_record_xml_remove(xmlNode *node);

/* Puts @record, made at @time, in place of those that are in the metadata of the guest whose
 * element @root is. */
void rh_record_xml_put(xmlNode *root, const RhRecord *record, GDateTime *time);

/* @record, made at @time, as an element of its own; owned by the caller. */
char *rh_record_xml_format(const RhRecord *record, GDateTime *time);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a document may have, seen in one pass over its bytes before anything is made of it: a parser
 * compares the attributes of an element with each other and the declared namespaces with each
 * element, and a tree costs some hundred bytes for each piece. The parser must end at the first
 * fault, since up to there both see the same elements.
 */
#pragma once

#include <glib.h>

#define RH_MAX_NAME 255u            /* bytes of a guest's, an element's or an attribute's name */
#define RH_MAX_RECORD_ENTRIES 1024u /* a guest may have 64 devices */

/* Whether the document @data of @length bytes keeps the limits. @what names it in errors ("the
 * guest's XML"). Error: RH_ERROR_INPUT. */
gboolean rh_xml_check_limits(const char *data, gsize length, const char *what, GError **error);

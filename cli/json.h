/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON, for the reports and the inventory. */
#pragma once

#include <json-glib/json-glib.h>

/* "name": "text", or null where @text is NULL. */
void rh_json_add_text(JsonBuilder *builder, const char *name, const char *text);

/* Ends the document that @builder holds, and appends it, indented, with a newline. */
void rh_json_append(GString *out, JsonBuilder *builder);

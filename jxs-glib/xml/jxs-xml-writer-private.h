/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* Appends element to out. default_namespace (nullable) is in force where it will stand, so it is
 * not declared again; inside_stream: the prefix `stream` is bound to the streams namespace. */
void jxs_xml_write_element (GString *out,
                            JxsElement *element,
                            const char *default_namespace,
                            gboolean inside_stream);
/* Appends text with & < > ' " escaped. Text must be valid: see jxs_xml_text_is_valid(). */
void jxs_xml_write_escaped (GString *out, const char *text);
/* Valid UTF-8 and only characters of the XML 1.0 Char production. */
gboolean jxs_xml_text_is_valid (const char *text);

G_END_DECLS

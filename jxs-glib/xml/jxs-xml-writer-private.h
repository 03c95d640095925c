/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* Appends element to out. default_namespace (nullable) is in force where it will stand, so it is
 * not declared again; inside_stream: the prefix `stream` is bound to the streams namespace.
 * FALSE if it holds what XML cannot carry (see jxs_element_is_valid()): what was appended then has
 * replacements, and no markup that was not meant, but must not be sent. */
gboolean jxs_xml_write_element (GString *out,
                                JxsElement *element,
                                const char *default_namespace,
                                gboolean inside_stream);
/* Appends text with & < > ' " escaped, for text or an attribute's value between quotes of either
 * kind. What XML cannot carry becomes U+FFFD. */
void jxs_xml_write_escaped (GString *out, const char *text);
/* Valid UTF-8 and only characters of the Char production (XML 1.0 §2.2). */
gboolean jxs_xml_text_is_valid (const char *text);
/* The NCName production (Namespaces in XML 1.0 §3). */
gboolean jxs_xml_name_is_valid (const char *name);
/* A namespace that elements and attributes can be in. */
gboolean jxs_xml_namespace_is_valid (const char *namespace_uri);

G_END_DECLS

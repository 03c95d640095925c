/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <glib-object.h>

#include <jxs-glib/base/jxs-version-macros.h>

G_BEGIN_DECLS

#define JXS_TYPE_ELEMENT (jxs_element_get_type ())

typedef struct _JxsElement JxsElement;

JXS_AVAILABLE_IN_1_0
GType jxs_element_get_type (void);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_new (const char *name, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_new_from_string (const char *xml, GError **error);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_ref (JxsElement *self);
JXS_AVAILABLE_IN_1_0
void jxs_element_unref (JxsElement *self);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_copy (JxsElement *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_element_get_name (JxsElement *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_element_get_namespace (JxsElement *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_element_is (JxsElement *self, const char *name, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
const char *jxs_element_get_attribute (JxsElement *self, const char *name);
JXS_AVAILABLE_IN_1_0
const char *
jxs_element_get_attribute_ns (JxsElement *self, const char *name, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
void jxs_element_set_attribute (JxsElement *self, const char *name, const char *value);
JXS_AVAILABLE_IN_1_0
void jxs_element_set_attribute_ns (JxsElement *self,
                                   const char *name,
                                   const char *namespace_uri,
                                   const char *value);
JXS_AVAILABLE_IN_1_0
const char *jxs_element_get_text (JxsElement *self);
JXS_AVAILABLE_IN_1_0
void jxs_element_add_text (JxsElement *self, const char *text);
JXS_AVAILABLE_IN_1_0
guint jxs_element_get_n_children (JxsElement *self);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_get_first_child (JxsElement *self);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_get_next_sibling (JxsElement *self);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_find_child (JxsElement *self, const char *name, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
void jxs_element_add_child (JxsElement *self, JxsElement *child);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_element_append (JxsElement *self, const char *name, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
char *jxs_element_to_string (JxsElement *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_element_equal (JxsElement *self, JxsElement *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsElement, jxs_element_unref)

G_END_DECLS

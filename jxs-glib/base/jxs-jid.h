/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <glib-object.h>

#include <jxs-glib/base/jxs-version-macros.h>

G_BEGIN_DECLS

#define JXS_TYPE_JID (jxs_jid_get_type ())

typedef struct _JxsJid JxsJid;

JXS_AVAILABLE_IN_1_0
GType jxs_jid_get_type (void);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_jid_new (const char *text, GError **error);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_jid_new_from_parts (const char *local,
                                const char *domain,
                                const char *resource,
                                GError **error);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_jid_ref (JxsJid *self);
JXS_AVAILABLE_IN_1_0
void jxs_jid_unref (JxsJid *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_jid_get_local (const JxsJid *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_jid_get_domain (const JxsJid *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_jid_get_resource (const JxsJid *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_jid_is_full (const JxsJid *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_jid_to_bare (JxsJid *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_jid_to_string (const JxsJid *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_jid_equal (const JxsJid *self, const JxsJid *other);
JXS_AVAILABLE_IN_1_0
gboolean jxs_jid_equal_bare (const JxsJid *self, const JxsJid *other);
JXS_AVAILABLE_IN_1_0
guint jxs_jid_hash (const JxsJid *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsJid, jxs_jid_unref)

G_END_DECLS

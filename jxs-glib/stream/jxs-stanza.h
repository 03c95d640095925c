/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/**
 * JxsStanzaKind:
 * @JXS_STANZA_KIND_NONE: the element is not a stanza
 * @JXS_STANZA_KIND_MESSAGE: a message: push to another entity
 * @JXS_STANZA_KIND_PRESENCE: presence: broadcast of availability
 * @JXS_STANZA_KIND_IQ: info/query: a request or its answer
 *
 * The kinds of stanza of RFC 6120 §8.2.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_STANZA_KIND_NONE,
  JXS_STANZA_KIND_MESSAGE,
  JXS_STANZA_KIND_PRESENCE,
  JXS_STANZA_KIND_IQ,
} JxsStanzaKind;

#define JXS_TYPE_STANZA_KIND (jxs_stanza_kind_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_stanza_kind_get_type (void);

JXS_AVAILABLE_IN_1_0
JxsStanzaKind jxs_stanza_get_kind (JxsElement *stanza);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_stanza_new_message (const char *to, const char *body);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_stanza_new_iq (const char *type, const char *to, JxsElement *payload);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_stanza_new_result (JxsElement *request, JxsElement *payload);
JXS_AVAILABLE_IN_1_0
JxsElement *
jxs_stanza_new_error (JxsElement *request, const GError *error, JxsElement *app_condition);
JXS_AVAILABLE_IN_1_0
gboolean jxs_stanza_check_error (JxsElement *stanza, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* <error/> of a stanza (RFC 6120 §8.3). */

/* The element for error; its message is told to the peer only when the error is of
 * JXS_STANZA_ERROR, any other becomes undefined-condition without text. app_condition (nullable):
 * stands beside the condition. (transfer full) */
JxsElement *jxs_stanza_error_build (const GError *error, JxsElement *app_condition);
/* Always an error of JXS_STANZA_ERROR; the peer's text is cleaned, capped and quoted in its
 * message. (transfer full) */
GError *jxs_stanza_error_parse (JxsElement *error_element);
/* Like "item-not-found". */
const char *jxs_stanza_error_to_name (JxsStanzaError code);
/* The type attribute that goes with a condition: cancel, modify, wait, auth. */
const char *jxs_stanza_error_get_type_for (JxsStanzaError code);
/* The application-specific condition child in namespace_uri, of a whole error stanza; NULL if
 * none. */
JxsElement *
jxs_stanza_error_find_condition (JxsElement *stanza, const char *name, const char *namespace_uri);

G_END_DECLS

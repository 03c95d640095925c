/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* <stream:error/> (RFC 6120 §4.9). */

/* JXS_ERROR_TIMED_OUT becomes connection-timeout, other foreign errors undefined-condition; only
 * the message of a JXS_STREAM_ERROR is told to the peer. (transfer full) */
JxsElement *jxs_stream_error_build (const GError *error);
/* Always an error of JXS_STREAM_ERROR; the peer's text is cleaned, capped and quoted in its
 * message. (transfer full) */
GError *jxs_stream_error_parse (JxsElement *error_element);
/* Like "not-well-formed". */
const char *jxs_stream_error_to_name (JxsStreamError code);
/* What the condition means, for people. (transfer full) */
GError *jxs_stream_error_new (JxsStreamError code);

G_END_DECLS

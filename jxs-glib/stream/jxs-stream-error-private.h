/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* <stream:error/> (RFC 6120 §4.9). Errors of other domains become undefined-condition or, for
 * JXS_ERROR_TIMED_OUT, connection-timeout. */
JxsElement *jxs_stream_error_build (const GError *error);
GError *jxs_stream_error_parse (JxsElement *error_element);
const char *jxs_stream_error_to_name (JxsStreamError code);

G_END_DECLS

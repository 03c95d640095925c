/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-channel.h>
#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

/* What the library itself says on an application's stream, beside the application: requests in the
 * namespaces given, and the answers to its own. Made before the application connects to the stream,
 * it takes all of these, even those that nobody waits for any more, and lets everything else pass.
 */
#define JXS_TYPE_INNER_CHANNEL (jxs_inner_channel_get_type ())
G_DECLARE_FINAL_TYPE (JxsInnerChannel, jxs_inner_channel, JXS, INNER_CHANNEL, GObject)

/* Does not keep the stream, which is open. namespaces: NULL-terminated, static. (transfer full) */
JxsInnerChannel *jxs_inner_channel_new (JxsXmlStream *stream, const char *const *namespaces);
/* The stream is gone, or is none of the library's business any more. */
void jxs_inner_channel_detach (JxsInnerChannel *self);
/* A request with an id that tells its answer from those to the application. (transfer full) */
JxsElement *jxs_inner_channel_new_iq (const char *type, JxsJid *to, JxsElement *payload);

G_END_DECLS

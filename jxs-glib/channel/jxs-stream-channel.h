/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/channel/jxs-channel.h>
#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

#define JXS_TYPE_STREAM_CHANNEL (jxs_stream_channel_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsStreamChannel, jxs_stream_channel, JXS, STREAM_CHANNEL, GObject)

JXS_AVAILABLE_IN_1_0
JxsStreamChannel *jxs_stream_channel_new (JxsXmlStream *stream);
JXS_AVAILABLE_IN_1_0
JxsXmlStream *jxs_stream_channel_get_stream (JxsStreamChannel *self);

G_END_DECLS

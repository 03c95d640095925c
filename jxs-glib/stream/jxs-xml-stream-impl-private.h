/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/stream/jxs-stream-engine-private.h>
#include <jxs-glib/stream/jxs-stream-waiters-private.h>

G_BEGIN_DECLS

/* What the files of JxsXmlStream share: the object itself and the opening of a stream. */
struct _JxsXmlStream
{
  GObject parent_instance;

  GIOStream *io_stream;      /* (owned) */
  JxsStreamEngine *engine;   /* (owned) */
  JxsStreamWaiters *waiters; /* (owned) */
  JxsXmlStreamRole role;
  JxsJid *local; /* (owned) (nullable) */
  JxsJid *peer;  /* (owned) */
  gboolean restarted;
  gboolean paused;
  gboolean over;              /* what is beneath included */
  JxsXmlStreamState notified; /* the state last told */
  JxsXmlStreamBeneathFunc beneath_func;
  gpointer beneath_data;
};

/* A task, unless it was cancelled before it began: then it is returned. (nullable) (transfer full)
 */
GTask *jxs_xml_stream_begin (JxsXmlStream *self,
                             gpointer tag,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

G_END_DECLS

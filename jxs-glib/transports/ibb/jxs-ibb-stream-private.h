/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-codec-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-pacer-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-transport-private.h>

G_BEGIN_DECLS

/* A live bytestream of XEP-0047: the shell of JxsIbbMachine and JxsIbbPacer. It turns packets,
 * answers, time and the application's bytes into events, and actions into stanzas.
 *
 * Used on the thread-default context of its construction. */
typedef struct _JxsIbbStream JxsIbbStream;

typedef struct
{
  /* app_end (transfer full) */
  void (*opened) (GIOStream *app_end, gpointer user_data);
  /* Something of the peer arrived. */
  void (*heard) (gpointer user_data);
  /* The bytestream broke; `closed` follows. */
  void (*failed) (const GError *error, gpointer user_data);
  /* The sid is free again. error (nullable): why it failed. */
  void (*closed) (const GError *error, gpointer user_data);
} JxsIbbStreamFuncs;

JxsIbbStream *jxs_ibb_stream_new (JxsRouter *router,
                                  JxsJid *peer,
                                  gboolean initiator,
                                  const JxsIbbStreamFuncs *funcs,
                                  gpointer user_data);
/* Starts to take packets of this sid; FALSE: that peer uses it for another stream. */
gboolean jxs_ibb_stream_listen (JxsIbbStream *self, const char *sid);
/* Both sides know params: the peer may open from now on. */
void jxs_ibb_stream_agree (JxsIbbStream *self, const JxsIbbParams *params);
/* The initiator opens. */
void jxs_ibb_stream_connect (JxsIbbStream *self);
/* Sends what was written so far, then closes. */
void jxs_ibb_stream_close (JxsIbbStream *self);
/* Gives up: fails with error, and without a word to the peer if quiet. error NULL: in order. */
void jxs_ibb_stream_fail (JxsIbbStream *self, const GError *error, gboolean quiet);
void jxs_ibb_stream_get_stats (JxsIbbStream *self, JxsIbbStats *stats);
void jxs_ibb_stream_set_fixed (JxsIbbStream *self, guint window, guint block_size);
/* Ends everything at once; funcs are not called any more. */
void jxs_ibb_stream_free (JxsIbbStream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsIbbStream, jxs_ibb_stream_free)

G_END_DECLS

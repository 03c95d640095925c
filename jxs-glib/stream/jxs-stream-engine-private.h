/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/stream/jxs-stream-header-private.h>
#include <jxs-glib/stream/jxs-stream-machine-private.h>
#include <jxs-glib/stream/jxs-stream-wire-private.h>
#include <jxs-glib/stream/jxs-xml-stream-private.h>

G_BEGIN_DECLS

/* Joins machine, wire and parser to a stream without tasks and signals: those are the business of
 * JxsXmlStream, its owner. */
typedef struct _JxsStreamEngine JxsStreamEngine;

typedef enum
{
  JXS_STREAM_CHANGE_STATE,
  JXS_STREAM_CHANGE_HEADER, /* id and language */
  JXS_STREAM_CHANGE_CONGESTED,
} JxsStreamChange;

/* May call every function of the engine. */
typedef struct
{
  void (*changed) (JxsStreamChange change, gpointer user_data);
  /* The headers were exchanged. */
  void (*opened) (gpointer user_data);
  /* The element that was asked for. */
  void (*element) (JxsElement *element, gpointer user_data);
  /* Returns whether somebody took it. */
  gboolean (*stanza) (JxsElement *stanza, gpointer user_data);
  /* The queue became smaller. */
  void (*written) (gpointer user_data);
  /* The stream is over; error is NULL if it was closed in order. */
  void (*finished) (const GError *error, gpointer user_data);
} JxsStreamEngineFuncs;

JxsStreamEngine *jxs_stream_engine_new (GMainContext *context,
                                        const JxsStreamEngineFuncs *funcs,
                                        gpointer user_data);
/* Once. local (nullable) */
void jxs_stream_engine_set_parties (JxsStreamEngine *self,
                                    JxsXmlStreamRole role,
                                    JxsXmlStreamKind kind,
                                    JxsJid *local,
                                    JxsJid *peer);
void jxs_stream_engine_set_local (JxsStreamEngine *self, JxsJid *local);
void jxs_stream_engine_set_keepalive (JxsStreamEngine *self, guint seconds);
void jxs_stream_engine_set_watch (JxsStreamEngine *self, guint silence_s, guint answer_s);

/* features (nullable): the receiver's. Only in state NEW; fails when io_stream cannot be polled. */
gboolean jxs_stream_engine_open (JxsStreamEngine *self,
                                 GIOStream *io_stream,
                                 JxsElement *features,
                                 int io_priority,
                                 GError **error);
/* While negotiating: asks for one more element, or no more for any. */
void jxs_stream_engine_want_element (JxsStreamEngine *self, gboolean want);
void jxs_stream_engine_set_paused (JxsStreamEngine *self, gboolean paused);
/* Instead of JXS_STREAM_OPENING_DEADLINE_MS, from the next deadline on. */
void jxs_stream_engine_set_opening_deadline (JxsStreamEngine *self, guint deadline_ms);
/* Nothing was read behind the element given last; strictly: not even white space. */
gboolean jxs_stream_engine_is_quiet (JxsStreamEngine *self, gboolean strictly);
void jxs_stream_engine_restart (JxsStreamEngine *self);
void jxs_stream_engine_set_open (JxsStreamEngine *self);
/* Any element, whatever the state, as long as there is a wire. */
gboolean jxs_stream_engine_send (JxsStreamEngine *self, JxsElement *element, GError **error);
/* Brings the machine forward and carries out what it says, but for JXS_STREAM_ACTION_DELIVER. For
 * the owner: CLOSE, REFUSE (ends with a stream error to the peer) and BROKEN (ends without a word),
 * the latter two with the error. */
JxsStreamAction
jxs_stream_engine_handle (JxsStreamEngine *self, JxsStreamEvent event, const GError *error);

JxsStreamState jxs_stream_engine_get_state (JxsStreamEngine *self);
/* Why it ended or is ending; JXS_ERROR_CLOSED for an orderly end or none. (transfer full) */
GError *jxs_stream_engine_dup_error (JxsStreamEngine *self);
/* As initiator, once opened: what the receiver offers. (nullable) */
JxsElement *jxs_stream_engine_get_features (JxsStreamEngine *self);
/* The peer's, clear until it came; but the id is always the receiver's. */
const JxsStreamHeader *jxs_stream_engine_get_header (JxsStreamEngine *self);
gsize jxs_stream_engine_get_queued (JxsStreamEngine *self);
gboolean jxs_stream_engine_get_congested (JxsStreamEngine *self);
/* (nullable): while it is opened and not closed */
JxsStreamWire *jxs_stream_engine_get_wire (JxsStreamEngine *self);
/* Ends it silently: nothing more is told. */
void jxs_stream_engine_shut_down (JxsStreamEngine *self);
void jxs_stream_engine_unref (JxsStreamEngine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsStreamEngine, jxs_stream_engine_unref)

G_END_DECLS

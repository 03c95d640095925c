/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-engine-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/stream/jxs-stanza-filter-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/stream/jxs-stream-timers-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>
#include <jxs-glib/xml/jxs-xml-writer-private.h>

#define MAX_QUEUED                                                                                 \
  (4 * 1024 * 1024) /* octets in the queue; stops a peer that does not read from filling memory */
#define CONGESTED_QUEUED 65536   /* octets in the queue from which on it counts as congested ... */
#define UNCONGESTED_QUEUED 16384 /* ... until it fell to these */

struct _JxsStreamEngine
{
  int ref_count; /* its owner, and each running callback */
  gboolean shut_down;
  GMainContext *context; /* (owned) */
  JxsXmlStreamRole role;
  JxsXmlStreamKind kind;
  guint opening_deadline_ms;
  JxsJid *local; /* (owned) (nullable) */
  JxsJid *peer;  /* (owned) */
  const JxsStreamEngineFuncs *funcs;
  gpointer user_data;
  guint64 end_mark; /* octets to be written before our closing tag */

  JxsStreamMachine machine;
  GError *error;          /* (owned) (nullable): why the stream ends */
  JxsStreamWire *wire;    /* (owned) (nullable): from opening to closed */
  JxsXmlParser *parser;   /* (owned) (nullable): likewise */
  JxsStreamHeader header; /* the peer's, but for the id: that is always the receiver's */
  JxsElement *features;   /* (owned) (nullable): the receiver's */
  GQueue held; /* (element-type JxsElement) (nullable): not asked for yet; NULL is the end tag */
  GSource *release; /* (owned) (nullable): gives what is held to the application */
  gboolean wants_element;
  gboolean paused;
  gboolean opened; /* to be told once the parser returns */
  gboolean congested;

  JxsStreamTimers *timers; /* (owned) */
  char *ping_id;           /* (owned) (nullable): of the last ping */
};

static JxsStreamEngine *
engine_ref (JxsStreamEngine *self)
{
  self->ref_count++;
  return self;
}

void
jxs_stream_engine_unref (JxsStreamEngine *self)
{
  if (--self->ref_count > 0)
    return;

  g_main_context_unref (self->context);
  g_clear_pointer (&self->local, jxs_jid_unref);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_pointer (&self->features, jxs_element_unref);
  g_free (self->ping_id);
  jxs_stream_timers_free (self->timers);
  g_clear_error (&self->error);
  jxs_stream_header_clear (&self->header);
  g_free (self);
}

static void
tell_change (JxsStreamEngine *self, JxsStreamChange change)
{
  if (!self->shut_down)
    self->funcs->changed (change, self->user_data);
}

/* --- sending --- */

static void
update_congested (JxsStreamEngine *self)
{
  gsize queued = jxs_stream_engine_get_queued (self);
  gboolean congested = queued > (self->congested ? UNCONGESTED_QUEUED : CONGESTED_QUEUED);

  if (congested == self->congested)
    return;
  self->congested = congested;
  tell_change (self, JXS_STREAM_CHANGE_CONGESTED);
}

static void
queue_header (JxsStreamEngine *self)
{
  GString *queue = jxs_stream_wire_get_queue (self->wire);
  g_auto (JxsStreamHeader) header = { 0 };

  if (self->role == JXS_XML_STREAM_INITIATOR)
    jxs_stream_header_init (&header, self->local, self->peer);
  else
    {
      jxs_stream_header_init_response (&header,
                                       &self->header,
                                       self->local,
                                       self->kind == JXS_XML_STREAM_PEER ? self->peer : NULL);
      g_free (self->header.id);
      self->header.id = g_strdup (header.id);
    }
  /* A server wants the XML declaration (RFC 6120 §11.5), between clients there is none. */
  if (self->kind == JXS_XML_STREAM_SERVER)
    g_string_append (queue, "<?xml version='1.0'?>");
  jxs_stream_header_write (queue, &header);
  jxs_stream_wire_commit (self->wire);
}

/* element is either written whole or not at all. */
static gboolean
queue_element (JxsStreamEngine *self, JxsElement *element, GError **error)
{
  GString *queue = jxs_stream_wire_get_queue (self->wire);
  gsize before = queue->len;

  if (!jxs_xml_write_element (queue, element, JXS_NS_CLIENT, TRUE))
    {
      g_string_truncate (queue, before);
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           _ ("The element holds names or characters that XML cannot carry"));
      return FALSE;
    }

  if (jxs_stream_wire_get_queued (self->wire) > MAX_QUEUED)
    {
      g_string_truncate (queue, before);
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_LIMIT,
                   _ ("More than %d MiB wait to be sent"),
                   MAX_QUEUED / (1024 * 1024));
      return FALSE;
    }
  jxs_stream_wire_commit (self->wire);
  return TRUE;
}

/* What we say on our own cannot be left out, but what strangers provoke does not end the connection
 * to a server. */
static void
answer (JxsStreamEngine *self, JxsElement *stanza)
{
  g_autoptr (GError) error = NULL;

  if (self->machine.state == JXS_STREAM_STATE_OPEN && !queue_element (self, stanza, &error) &&
      self->kind == JXS_XML_STREAM_PEER)
    {
      g_autoptr (GError) refusal = jxs_stream_error_new (JXS_STREAM_ERROR_RESOURCE_CONSTRAINT);

      jxs_log_debug (self->user_data,
                     "Answers that are not read fill the queue: %s",
                     error->message);
      jxs_stream_engine_handle (self, JXS_STREAM_EVENT_REFUSE, refusal);
    }
}

/* --- stanzas that arrive --- */

static gboolean
is_our_pong (JxsStreamEngine *self, JxsElement *stanza)
{
  if (self->ping_id == NULL || jxs_stanza_is_request (stanza) ||
      g_strcmp0 (jxs_element_get_attribute (stanza, "id"), self->ping_id) != 0)
    return FALSE;

  g_clear_pointer (&self->ping_id, g_free);
  return TRUE;
}

static void
deliver (JxsStreamEngine *self, JxsElement *stanza)
{
  gboolean is_peer = self->kind == JXS_XML_STREAM_PEER;
  g_autoptr (JxsElement) reply = NULL;

  switch (jxs_stanza_filter (
      stanza, is_peer ? self->local : NULL, is_peer ? self->peer : NULL, self->header.lang, &reply))
    {
    case JXS_STANZA_VERDICT_PASS:
      if (is_our_pong (self, stanza))
        return;
      if (!self->funcs->stanza (stanza, self->user_data))
        reply = jxs_stanza_filter_unhandled (stanza, is_peer);
      break;
    case JXS_STANZA_VERDICT_DROP:
      jxs_log_debug (self->user_data, "Dropped a stanza that is not for us or answers nothing");
      break;
    default:
      break;
    }
  if (reply != NULL)
    answer (self, reply);
}

static void
process_features (JxsStreamEngine *self, JxsElement *features)
{
  g_autoptr (GError) error = NULL;

  /* Only now: a server that does not serve the domain may say so under another name. */
  if (self->kind == JXS_XML_STREAM_SERVER &&
      !jxs_stream_header_check (&self->header, NULL, self->peer, &error))
    jxs_stream_engine_handle (self, JXS_STREAM_EVENT_REFUSE, error);
  else if (self->machine.state == JXS_STREAM_STATE_WAIT_FEATURES)
    self->features = jxs_element_ref (features);
  jxs_stream_engine_handle (self, JXS_STREAM_EVENT_FEATURES, NULL);
}

/* element: NULL for the peer's closing tag. */
static void
process (JxsStreamEngine *self, JxsElement *element)
{
  if (element == NULL)
    jxs_stream_engine_handle (self, JXS_STREAM_EVENT_PEER_END, NULL);
  else if (jxs_stanza_get_kind (element) != JXS_STANZA_KIND_NONE)
    {
      if (jxs_stream_engine_handle (self, JXS_STREAM_EVENT_STANZA, NULL) &
          JXS_STREAM_ACTION_DELIVER)
        deliver (self, element);
    }
  else if (jxs_element_is (element, "error", JXS_NS_STREAMS))
    {
      /* Whatever it says, it ends the stream: see-other-host too is never followed. */
      g_autoptr (GError) error = jxs_stream_error_parse (element);

      jxs_stream_engine_handle (self, JXS_STREAM_EVENT_PEER_ERROR, error);
    }
  else if (jxs_element_is (element, "features", JXS_NS_STREAMS))
    process_features (self, element);
  else
    jxs_stream_engine_handle (self, JXS_STREAM_EVENT_ELEMENT, NULL);
}

static void
arrived (JxsStreamEngine *self, JxsElement *element)
{
  JxsElement *ours = self->role == JXS_XML_STREAM_RECEIVER ? self->features : NULL;

  if (self->held.length > 0 || (self->machine.state == JXS_STREAM_STATE_NEGOTIATING &&
                                !jxs_stanza_filter_bars (ours, element)))
    g_queue_push_tail (&self->held, element != NULL ? jxs_element_ref (element) : NULL);
  else
    process (self, element);
}

static void
update_reading (JxsStreamEngine *self)
{
  gboolean reading = FALSE;

  if (self->wire == NULL)
    return;

  switch (self->machine.state)
    {
    case JXS_STREAM_STATE_WAIT_HEADER:
    case JXS_STREAM_STATE_WAIT_RESPONSE:
    case JXS_STREAM_STATE_WAIT_FEATURES:
      reading = TRUE;
      break;
    case JXS_STREAM_STATE_NEGOTIATING:
      reading = self->held.length == 0 && self->wants_element;
      break;
    case JXS_STREAM_STATE_OPEN:
    case JXS_STREAM_STATE_ABORTING:
    case JXS_STREAM_STATE_CLOSE_SENT:
      reading = self->held.length == 0;
      break;
    default:
      break;
    }
  jxs_stream_wire_set_reading (self->wire, reading && !self->paused);
}

static void
clear_held (JxsStreamEngine *self)
{
  while (self->held.length > 0)
    {
      JxsElement *element = g_queue_pop_head (&self->held);

      g_clear_pointer (&element, jxs_element_unref);
    }
  if (self->release != NULL)
    g_source_destroy (self->release);
  g_clear_pointer (&self->release, g_source_unref);
}

/* While negotiating: gives elements to those who asked, and heeds the end of the stream. */
static void
process_held (JxsStreamEngine *self)
{
  while (self->held.length > 0 && self->machine.state == JXS_STREAM_STATE_NEGOTIATING)
    {
      JxsElement *next = g_queue_peek_head (&self->held);
      g_autoptr (JxsElement) element = NULL;

      if (next != NULL && !jxs_element_is (next, "error", JXS_NS_STREAMS))
        {
          if (!self->wants_element)
            break;
          self->wants_element = FALSE;
          element = g_queue_pop_head (&self->held);
          self->funcs->element (element, self->user_data);
          continue;
        }
      element = g_queue_pop_head (&self->held);
      process (self, element);
    }
  update_reading (self);
}

static gboolean
on_release (gpointer user_data)
{
  g_autoptr (JxsStreamEngine) self = engine_ref (user_data);

  g_clear_pointer (&self->release, g_source_unref);
  while (self->held.length > 0 && (self->machine.state == JXS_STREAM_STATE_OPEN ||
                                   self->machine.state == JXS_STREAM_STATE_ABORTING ||
                                   self->machine.state == JXS_STREAM_STATE_CLOSE_SENT))
    {
      g_autoptr (JxsElement) element = g_queue_pop_head (&self->held);

      process (self, element);
    }
  update_reading (self);
  return G_SOURCE_REMOVE;
}

/* Nobody asks for what is held any more: it takes its course from the main loop. */
static void
release_held (JxsStreamEngine *self)
{
  if (self->held.length == 0)
    return;
  self->release = g_idle_source_new ();
  g_source_set_static_name (self->release, "jxs-stream-release");
  g_source_set_priority (self->release, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->release, on_release, self, NULL);
  g_source_attach (self->release, self->context);
}

/* --- the parser's reports --- */

static void
on_stream_start (JxsElement *root, const char *default_namespace, gpointer user_data)
{
  JxsStreamEngine *self = user_data;
  g_auto (JxsStreamHeader) header = { 0 };
  g_autoptr (GError) error = NULL;

  if (!jxs_stream_header_parse (
          root, default_namespace, self->role == JXS_XML_STREAM_INITIATOR, &header, &error) ||
      (self->kind == JXS_XML_STREAM_PEER &&
       !jxs_stream_header_check (&header, self->local, self->peer, &error)))
    {
      /* Our header, if it is still to be sent, does not mirror what we refuse. */
      self->header.major = 1;
      jxs_stream_engine_handle (self, JXS_STREAM_EVENT_REFUSE, error);
      return;
    }
  self->header = header;
  header = (JxsStreamHeader){ 0 };
  jxs_stream_engine_handle (self,
                            jxs_stream_header_has_features (&self->header)
                                ? JXS_STREAM_EVENT_HEADER
                                : JXS_STREAM_EVENT_OLD_HEADER,
                            NULL);
  tell_change (self, JXS_STREAM_CHANGE_HEADER);
}

static void
on_element (JxsElement *element, gpointer user_data)
{
  arrived (user_data, element);
}

static void
on_stream_end (gpointer user_data)
{
  arrived (user_data, NULL);
}

static const JxsXmlParserFuncs parser_funcs = { on_stream_start, on_element, on_stream_end };

/* --- the wire's reports --- */

static void
tell_opened (JxsStreamEngine *self)
{
  if (!self->opened || self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    return;

  self->opened = FALSE;
  /* A peer that speaks no version 1.0 sends none. */
  if (self->features == NULL)
    self->features = jxs_element_new ("features", JXS_NS_STREAMS);
  self->funcs->opened (self->user_data);
}

static void
on_received (const char *data, gsize length, gpointer user_data)
{
  g_autoptr (JxsStreamEngine) self = engine_ref (user_data);
  g_autoptr (GError) error = NULL;

  jxs_stream_timers_read (self->timers);
  if (!jxs_xml_parser_feed (self->parser, data, length, &error))
    jxs_stream_engine_handle (self, JXS_STREAM_EVENT_REFUSE, error);
  /* Only now: what was read behind an element is known, and dropped by a restart. */
  tell_opened (self);
  process_held (self);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  g_autoptr (JxsStreamEngine) self = engine_ref (user_data);
  gboolean eof = error == NULL || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF);

  jxs_stream_engine_handle (self, eof ? JXS_STREAM_EVENT_EOF : JXS_STREAM_EVENT_BROKEN, error);
}

static void
on_written (gpointer user_data)
{
  g_autoptr (JxsStreamEngine) self = engine_ref (user_data);

  jxs_stream_timers_wrote (self->timers);
  self->funcs->written (self->user_data);
  update_congested (self);
  if (jxs_stream_engine_get_queued (self) == 0)
    jxs_stream_engine_handle (self, JXS_STREAM_EVENT_DRAINED, NULL);
}

static void
on_failed (const GError *error, gpointer user_data)
{
  g_autoptr (JxsStreamEngine) self = engine_ref (user_data);
  /* A peer that closed may do without our closing tag. */
  gboolean lost = self->machine.state != JXS_STREAM_STATE_CLOSE_RECEIVED ||
                  jxs_stream_wire_get_n_written (self->wire) < self->end_mark;

  /* The peer may have told why it went away. */
  jxs_stream_wire_read_now (self->wire);
  jxs_stream_engine_handle (self, lost ? JXS_STREAM_EVENT_BROKEN : JXS_STREAM_EVENT_DRAINED, error);
}

static const JxsStreamWireFuncs wire_funcs = { on_received, on_ended, on_written, on_failed };

/* --- timers --- */

static void
on_deadline (gpointer user_data)
{
  jxs_stream_engine_handle (user_data, JXS_STREAM_EVENT_DEADLINE, NULL);
}

static void
on_keep_alive (gpointer user_data)
{
  JxsStreamEngine *self = user_data;

  g_string_append_c (jxs_stream_wire_get_queue (self->wire), ' ');
  jxs_stream_wire_commit (self->wire);
}

static void
on_ask (gpointer user_data)
{
  JxsStreamEngine *self = user_data;
  g_autoptr (JxsElement) ping = jxs_element_new ("ping", JXS_NS_PING);
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", NULL, ping);

  g_free (self->ping_id);
  self->ping_id = g_strdup (jxs_element_get_attribute (iq, "id"));
  answer (self, iq);
}

static void
on_dead (gpointer user_data)
{
  g_autoptr (GError) error = jxs_stream_error_new (JXS_STREAM_ERROR_CONNECTION_TIMEOUT);

  jxs_stream_engine_handle (user_data, JXS_STREAM_EVENT_REFUSE, error);
}

static const JxsStreamTimersFuncs timer_funcs = { on_deadline, on_keep_alive, on_ask, on_dead };

/* --- the machine --- */

static void
drop_io (JxsStreamEngine *self)
{
  g_clear_pointer (&self->wire, jxs_stream_wire_free);
  g_clear_pointer (&self->parser, jxs_xml_parser_free);
  clear_held (self);
}

static void
send_what (JxsStreamEngine *self, JxsStreamAction actions)
{
  if (actions & JXS_STREAM_ACTION_SEND_HEADER)
    queue_header (self);
  if (actions & JXS_STREAM_ACTION_SEND_FEATURES)
    {
      if (self->features == NULL)
        self->features = jxs_element_new ("features", JXS_NS_STREAMS);
      queue_element (self, self->features, NULL);
    }
  if (actions & JXS_STREAM_ACTION_SEND_ERROR)
    {
      g_autoptr (JxsElement) element = jxs_stream_error_build (self->error);

      /* When the queue is full the closing tag must do. */
      queue_element (self, element, NULL);
    }
  if (actions & JXS_STREAM_ACTION_SEND_END)
    {
      self->end_mark = jxs_stream_wire_get_n_committed (self->wire);
      g_string_append (jxs_stream_wire_get_queue (self->wire), "</stream:stream>");
      jxs_stream_wire_commit (self->wire);
    }
}

JxsStreamAction
jxs_stream_engine_handle (JxsStreamEngine *self, JxsStreamEvent event, const GError *error)
{
  g_autoptr (JxsStreamEngine) keep = engine_ref (self);
  JxsStreamState before = self->machine.state;
  JxsStreamCause cause = self->machine.cause;
  JxsStreamAction actions = jxs_stream_machine_handle (&self->machine, event);

  if (self->machine.state == before)
    return actions;
  if (self->machine.cause != cause)
    self->error =
        jxs_stream_cause_to_error (self->machine.cause, before < JXS_STREAM_STATE_OPEN, error);
  jxs_log_debug (self->user_data,
                 "%s: %s -> %s%s%s",
                 jxs_stream_machine_event_to_string (event),
                 jxs_stream_machine_state_to_string (before),
                 jxs_stream_machine_state_to_string (self->machine.state),
                 self->error != NULL ? ": " : "",
                 self->error != NULL ? self->error->message : "");

  send_what (self, actions);
  if (actions & JXS_STREAM_ACTION_ARM_OPENING)
    jxs_stream_timers_set_deadline (self->timers, self->opening_deadline_ms);
  if (actions & JXS_STREAM_ACTION_ARM_CLOSING)
    jxs_stream_timers_set_deadline (self->timers, JXS_STREAM_CLOSING_DEADLINE_MS);
  if (actions & JXS_STREAM_ACTION_DISARM)
    jxs_stream_timers_set_deadline (self->timers, 0);
  if (actions & JXS_STREAM_ACTION_OPENED)
    self->opened = TRUE;
  jxs_stream_timers_set_running (self->timers, self->machine.state == JXS_STREAM_STATE_OPEN);
  if (actions & JXS_STREAM_ACTION_FINISH)
    drop_io (self);
  if (self->machine.state == JXS_STREAM_STATE_ABORTING)
    release_held (self);
  update_reading (self);

  tell_change (self, JXS_STREAM_CHANGE_STATE);
  if (actions & JXS_STREAM_ACTION_FINISH)
    {
      update_congested (self);
      if (!self->shut_down)
        self->funcs->finished (self->error, self->user_data);
    }
  else if (jxs_stream_engine_get_queued (self) == 0)
    jxs_stream_engine_handle (self, JXS_STREAM_EVENT_DRAINED, NULL);
  return actions;
}

JxsStreamEngine *
jxs_stream_engine_new (GMainContext *context, const JxsStreamEngineFuncs *funcs, gpointer user_data)
{
  JxsStreamEngine *self = g_new0 (JxsStreamEngine, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->funcs = funcs;
  self->user_data = user_data;
  self->timers = jxs_stream_timers_new (context, &timer_funcs, self);
  jxs_stream_machine_init (&self->machine);
  return self;
}

void
jxs_stream_engine_set_parties (JxsStreamEngine *self,
                               JxsXmlStreamRole role,
                               JxsXmlStreamKind kind,
                               JxsJid *local,
                               JxsJid *peer)
{
  self->role = role;
  self->kind = kind;
  self->opening_deadline_ms = JXS_STREAM_OPENING_DEADLINE_MS;
  self->local = local != NULL ? jxs_jid_ref (local) : NULL;
  self->peer = jxs_jid_ref (peer);
}

void
jxs_stream_engine_set_local (JxsStreamEngine *self, JxsJid *local)
{
  jxs_jid_ref (local);
  g_clear_pointer (&self->local, jxs_jid_unref);
  self->local = local;
}

void
jxs_stream_engine_set_keepalive (JxsStreamEngine *self, guint seconds)
{
  jxs_stream_timers_set_keepalive (self->timers, seconds);
}

void
jxs_stream_engine_set_watch (JxsStreamEngine *self, guint silence_s, guint answer_s)
{
  jxs_stream_timers_set_watch (self->timers, silence_s, answer_s);
}

gboolean
jxs_stream_engine_open (JxsStreamEngine *self,
                        GIOStream *io_stream,
                        JxsElement *features,
                        int io_priority,
                        GError **error)
{
  JxsXmlLimits limits = jxs_xml_default_limits;

  self->wire =
      jxs_stream_wire_new (io_stream, self->context, io_priority, &wire_funcs, self, error);
  if (self->wire == NULL)
    return FALSE;

  limits.max_bytes = MIN (limits.max_bytes, JXS_STREAM_OPENING_MAX_BYTES);
  self->parser = jxs_xml_parser_new (&limits, &parser_funcs, self);
  if (features != NULL && self->role == JXS_XML_STREAM_RECEIVER)
    self->features = jxs_element_ref (features);
  jxs_stream_engine_handle (self,
                            self->role == JXS_XML_STREAM_INITIATOR ? JXS_STREAM_EVENT_INITIATE
                                                                   : JXS_STREAM_EVENT_RECEIVE,
                            NULL);
  return TRUE;
}

void
jxs_stream_engine_want_element (JxsStreamEngine *self, gboolean want)
{
  g_autoptr (JxsStreamEngine) keep = engine_ref (self);

  self->wants_element = want;
  process_held (self);
}

void
jxs_stream_engine_set_paused (JxsStreamEngine *self, gboolean paused)
{
  self->paused = paused;
  /* What is beneath is somebody else's meanwhile: nothing may be said on it. */
  jxs_stream_timers_set_deadline (self->timers, paused ? 0 : self->opening_deadline_ms);
  update_reading (self);
}

gboolean
jxs_stream_engine_is_quiet (JxsStreamEngine *self, gboolean strictly)
{
  if (self->held.length > 0 || self->parser == NULL)
    return FALSE;
  return strictly ? jxs_xml_parser_is_quiet (self->parser) : jxs_xml_parser_is_idle (self->parser);
}

void
jxs_stream_engine_set_opening_deadline (JxsStreamEngine *self, guint deadline_ms)
{
  self->opening_deadline_ms = deadline_ms;
}

void
jxs_stream_engine_restart (JxsStreamEngine *self)
{
  if (self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    return;

  jxs_stream_engine_handle (self, JXS_STREAM_EVENT_RESTART, NULL);
  /* Whatever came before says nothing about the stream to come (RFC 6120 §4.3.3). */
  drop_io (self);
  g_clear_pointer (&self->features, jxs_element_unref);
  jxs_stream_header_clear (&self->header);
  self->wants_element = FALSE;
  self->paused = FALSE;
  self->opened = FALSE;
}

void
jxs_stream_engine_set_open (JxsStreamEngine *self)
{
  JxsXmlLimits limits = jxs_xml_default_limits;

  if (self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    return;

  limits.prune = self->kind == JXS_XML_STREAM_SERVER;
  jxs_xml_parser_set_limits (self->parser, &limits);
  release_held (self);
  jxs_stream_engine_handle (self, JXS_STREAM_EVENT_SET_OPEN, NULL);
}

gboolean
jxs_stream_engine_send (JxsStreamEngine *self, JxsElement *element, GError **error)
{
  if (!queue_element (self, element, error))
    return FALSE;

  update_congested (self);
  return TRUE;
}

JxsStreamState
jxs_stream_engine_get_state (JxsStreamEngine *self)
{
  return self->machine.state;
}

GError *
jxs_stream_engine_dup_error (JxsStreamEngine *self)
{
  if (self->error != NULL)
    return g_error_copy (self->error);
  return g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The stream is not open"));
}

JxsElement *
jxs_stream_engine_get_features (JxsStreamEngine *self)
{
  return self->features;
}

const JxsStreamHeader *
jxs_stream_engine_get_header (JxsStreamEngine *self)
{
  return &self->header;
}

gsize
jxs_stream_engine_get_queued (JxsStreamEngine *self)
{
  return self->wire != NULL ? jxs_stream_wire_get_queued (self->wire) : 0;
}

gboolean
jxs_stream_engine_get_congested (JxsStreamEngine *self)
{
  return self->congested;
}

JxsStreamWire *
jxs_stream_engine_get_wire (JxsStreamEngine *self)
{
  return self->wire;
}

void
jxs_stream_engine_shut_down (JxsStreamEngine *self)
{
  self->shut_down = TRUE;
  self->machine.state = JXS_STREAM_STATE_CLOSED;
  drop_io (self);
  jxs_stream_timers_set_deadline (self->timers, 0);
  jxs_stream_timers_set_running (self->timers, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-xml-stream-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/stream/jxs-stanza-filter-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/stream/jxs-stream-header-private.h>
#include <jxs-glib/stream/jxs-stream-machine-private.h>
#include <jxs-glib/stream/jxs-stream-timer-private.h>
#include <jxs-glib/stream/jxs-stream-wire-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-writer-private.h>

#include "jxs-stream-marshal.h"

#define MAX_QUEUED                                                                                 \
  (4 * 1024 * 1024) /* octets in the queue; stops a peer that does not read from filling memory */
#define CONGESTED_QUEUED 65536   /* octets in the queue from which on it counts as congested ... */
#define UNCONGESTED_QUEUED 16384 /* ... until it fell to these */

/**
 * JxsXmlStream:
 *
 * An XML stream with a peer (RFC 6120 §4, XEP-0246): stanzas in both directions over one byte
 * stream.
 *
 * Streams come from the library, open, and belong to the thread-default main context of where they
 * were made. What arrives is told by [signal@XmlStream::stanza]; what is sent is queued, and leaves
 * in as few writes as possible. On a stream between two clients the addresses of what arrives are
 * always those of the authenticated peer and of us, whatever was written there. Such stanzas
 * bypass every server, with its blocking lists, archives and rate limits.
 *
 * Dropping the last reference ends the stream silently; to end it in order use
 * [method@XmlStream.close_async].
 *
 * Since: 1.0
 */

/* What tasks wait for. */
typedef enum
{
  WAIT_OPENED,
  WAIT_ELEMENT,
  WAIT_PAUSED,
  WAIT_SENT,
  WAIT_CLOSED,
  N_WAITS,
} Wait;

typedef struct
{
  GTask *task;        /* (owned) */
  GSource *cancelled; /* (owned) (nullable) */
  Wait wait;
  guint64 mark; /* WAIT_SENT: octets to be written by then */
} Waiter;

struct _JxsXmlStream
{
  GObject parent_instance;

  GIOStream *io_stream;  /* (owned) */
  GMainContext *context; /* (owned) */
  JxsXmlStreamRole role;
  JxsXmlStreamKind kind;
  JxsJid *local; /* (owned) (nullable) */
  JxsJid *peer;  /* (owned) */
  JxsXmlLimits limits;

  JxsStreamMachine machine;
  GError *error;               /* (owned) (nullable): why the stream ends */
  JxsXmlStreamState notified;  /* the state last told */
  JxsStreamWire *wire;         /* (owned) (nullable): while it is not closed */
  JxsXmlParser *parser;        /* (owned) (nullable): likewise */
  JxsStreamHeader peer_header; /* clear until it came */
  char *stream_id;             /* (owned) (nullable) */
  JxsElement *features;        /* (owned) (nullable): the receiver's */
  GQueue held; /* (element-type JxsElement) (nullable): arrived and waiting to be asked for; NULL
                  is the peer's closing tag */
  GQueue waiters[N_WAITS]; /* (element-type Waiter) */
  GSource *deadline;       /* (owned) (nullable) */
  GSource *release;        /* (owned) (nullable): gives what is held to the application */
  gboolean restarted;
  gboolean paused;
  gboolean opened; /* to be told once the parser returns */
  gboolean congested;
  guint64 n_received;

  JxsStreamTimer *keepalive; /* (owned) (nullable) */
  guint keepalive_s;
  JxsStreamTimer *watch; /* (owned) (nullable): for a peer that is dead */
  guint watch_s;
  guint answer_s;
  gboolean pinging; /* nothing came since the ping */
  char *ping_id;    /* (owned) (nullable): of the last ping */
};

G_DEFINE_FINAL_TYPE (JxsXmlStream, jxs_xml_stream, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (JxsXmlStreamState,
                    jxs_xml_stream_state,
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_NEW, "new"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_OPENING, "opening"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_OPEN, "open"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_CLOSING, "closing"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_CLOSED, "closed"))

enum
{
  PROP_0,
  PROP_STATE,
  PROP_LOCAL_JID,
  PROP_PEER_JID,
  PROP_LANGUAGE,
  PROP_STREAM_ID,
  PROP_QUEUED_BYTES,
  PROP_CONGESTED,
  N_PROPS,
};

enum
{
  SIGNAL_STANZA,
  SIGNAL_CLOSED,
  N_SIGNALS,
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static JxsStreamAction handle (JxsXmlStream *self, JxsStreamEvent event, const GError *error);
static void process_held (JxsXmlStream *self);

/* --- tasks that wait --- */

static GTask *
waiter_steal_task (Waiter *waiter)
{
  GTask *task = waiter->task;

  if (waiter->cancelled != NULL)
    g_source_destroy (waiter->cancelled);
  g_clear_pointer (&waiter->cancelled, g_source_unref);
  g_free (waiter);
  return task;
}

static GTask *
pop_waiter (JxsXmlStream *self, Wait wait)
{
  Waiter *waiter = g_queue_pop_head (&self->waiters[wait]);

  return waiter != NULL ? waiter_steal_task (waiter) : NULL;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Waiter *waiter = user_data;
  Wait wait = waiter->wait;
  JxsXmlStream *self = g_task_get_source_object (waiter->task);
  g_autoptr (GTask) task = NULL;

  g_queue_remove (&self->waiters[wait], waiter);
  task = waiter_steal_task (waiter);
  g_task_return_error_if_cancelled (task);

  if (wait == WAIT_OPENED)
    {
      g_autoptr (GError) error = NULL;

      g_cancellable_set_error_if_cancelled (cancellable, &error);
      handle (self, JXS_STREAM_EVENT_BROKEN, error);
    }
  else if (wait == WAIT_PAUSED)
    {
      self->paused = FALSE;
      process_held (self);
    }
  return G_SOURCE_REMOVE;
}

static void
add_waiter (JxsXmlStream *self, GTask *task, Wait wait, guint64 mark)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->task = task;
  waiter->wait = wait;
  waiter->mark = mark;
  if (cancellable != NULL)
    {
      waiter->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (waiter->cancelled, "jxs-stream-cancel");
      g_source_set_callback (waiter->cancelled, G_SOURCE_FUNC (on_cancelled), waiter, NULL);
      g_source_attach (waiter->cancelled, self->context);
    }
  g_queue_push_tail (&self->waiters[wait], waiter);
}

static GTask *
new_task (JxsXmlStream *self,
          gpointer tag,
          int io_priority,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  return task;
}

/* --- sending --- */

static void
update_congested (JxsXmlStream *self)
{
  gsize queued = self->wire != NULL ? jxs_stream_wire_get_queued (self->wire) : 0;
  gboolean congested = queued > (self->congested ? UNCONGESTED_QUEUED : CONGESTED_QUEUED);

  if (congested == self->congested)
    return;
  self->congested = congested;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONGESTED]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_QUEUED_BYTES]);
}

static void
queue_header (JxsXmlStream *self)
{
  JxsStreamHeader header = { .major = 1 };
  const char *local = self->local != NULL ? jxs_jid_to_string (self->local) : NULL;

  if (self->role == JXS_XML_STREAM_INITIATOR)
    {
      header.from = (char *) local;
      header.to = (char *) jxs_jid_to_string (self->peer);
    }
  else
    {
      g_free (self->stream_id);
      self->stream_id = jxs_random_id ();
      header.id = self->stream_id;
      header.from = self->peer_header.to != NULL ? self->peer_header.to : (char *) local;
      header.to = self->peer_header.from;
      if (header.to == NULL && self->kind == JXS_XML_STREAM_PEER)
        header.to = (char *) jxs_jid_to_string (self->peer);
      /* The lower of the two versions; none for a peer that named none (RFC 6120 §4.7.5). */
      header.major = MIN (1, self->peer_header.major);
    }

  /* A server wants the XML declaration (RFC 6120 §11.5), between clients there is none. */
  if (self->kind == JXS_XML_STREAM_SERVER)
    g_string_append (jxs_stream_wire_get_queue (self->wire), "<?xml version='1.0'?>");
  jxs_stream_header_write (jxs_stream_wire_get_queue (self->wire), &header);
  jxs_stream_wire_commit (self->wire);
}

/* element is either written whole or not at all. */
static gboolean
queue_element (JxsXmlStream *self, JxsElement *element, GError **error)
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

/* What we say on our own cannot be left out. */
static void
answer (JxsXmlStream *self, JxsElement *stanza)
{
  g_autoptr (GError) error = NULL;

  if (self->machine.state == JXS_STREAM_STATE_OPEN && !queue_element (self, stanza, &error))
    {
      g_autoptr (GError) refusal = jxs_stream_error_new (JXS_STREAM_ERROR_RESOURCE_CONSTRAINT);

      jxs_log_debug (self, "Answers that are not read fill the queue: %s", error->message);
      handle (self, JXS_STREAM_EVENT_REFUSE, refusal);
    }
}

static void
answer_error (JxsXmlStream *self, JxsElement *stanza, const GError *error)
{
  g_autoptr (JxsElement) reply = jxs_stanza_new_error (stanza, error, NULL);

  answer (self, reply);
}

/* --- stanzas that arrive --- */

/* What nobody took still gets its one answer (RFC 6120 §8.4). */
static void
answer_request (JxsXmlStream *self, JxsElement *request)
{
  JxsElement *payload = jxs_element_get_first_child (request);

  if (self->kind == JXS_XML_STREAM_PEER && jxs_element_is (payload, "ping", JXS_NS_PING) &&
      g_str_equal (jxs_element_get_attribute (request, "type"), "get"))
    {
      g_autoptr (JxsElement) result = jxs_stanza_new_result (request, NULL);

      answer (self, result);
    }
  else
    {
      g_autoptr (GError) error =
          g_error_new_literal (JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE, "");

      answer_error (self, request, error);
    }
}

static gboolean
is_our_pong (JxsXmlStream *self, JxsElement *stanza)
{
  if (self->ping_id == NULL || jxs_stanza_get_kind (stanza) != JXS_STANZA_KIND_IQ ||
      jxs_stanza_is_request (stanza) ||
      g_strcmp0 (jxs_element_get_attribute (stanza, "id"), self->ping_id) != 0)
    return FALSE;

  g_clear_pointer (&self->ping_id, g_free);
  return TRUE;
}

static void
deliver (JxsXmlStream *self, JxsElement *stanza)
{
  gboolean is_iq = jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_IQ;
  JxsStanzaVerdict verdict = JXS_STANZA_VERDICT_PASS;
  g_autoptr (GError) error = NULL;
  gboolean handled = FALSE;

  self->n_received++;
  if (self->kind == JXS_XML_STREAM_PEER)
    verdict = jxs_stanza_filter_addresses (stanza, self->local, self->peer, &error);
  if (verdict == JXS_STANZA_VERDICT_PASS && is_iq)
    verdict = jxs_stanza_filter_iq (stanza, &error);
  if (verdict == JXS_STANZA_VERDICT_REFUSE)
    answer_error (self, stanza, error);
  if (verdict == JXS_STANZA_VERDICT_DROP)
    jxs_log_debug (self, "Dropped a stanza that is not for us or answers nothing");
  if (verdict != JXS_STANZA_VERDICT_PASS || is_our_pong (self, stanza))
    return;

  /* The header's language is that of every stanza without its own (RFC 6120 §4.7.4). */
  if (self->peer_header.lang != NULL && !is_iq &&
      jxs_element_get_attribute_ns (stanza, "lang", JXS_NS_XML) == NULL)
    jxs_element_set_attribute_ns (stanza, "lang", JXS_NS_XML, self->peer_header.lang);

  g_signal_emit (self, signals[SIGNAL_STANZA], 0, stanza, &handled);
  if (is_iq && !handled && jxs_stanza_is_request (stanza))
    answer_request (self, stanza);
}

/* element: NULL for the peer's closing tag. */
static void
process (JxsXmlStream *self, JxsElement *element)
{
  if (element == NULL)
    handle (self, JXS_STREAM_EVENT_PEER_END, NULL);
  else if (jxs_stanza_get_kind (element) != JXS_STANZA_KIND_NONE)
    {
      if (handle (self, JXS_STREAM_EVENT_STANZA, NULL) & JXS_STREAM_ACTION_DELIVER)
        deliver (self, element);
    }
  else if (jxs_element_is (element, "error", JXS_NS_STREAMS))
    {
      /* Whatever it says, it ends the stream: see-other-host too is never followed. */
      g_autoptr (GError) error = jxs_stream_error_parse (element);

      handle (self, JXS_STREAM_EVENT_PEER_ERROR, error);
    }
  else if (jxs_element_is (element, "features", JXS_NS_STREAMS))
    {
      if (self->machine.state == JXS_STREAM_STATE_WAIT_FEATURES)
        self->features = jxs_element_ref (element);
      handle (self, JXS_STREAM_EVENT_FEATURES, NULL);
    }
  else
    handle (self, JXS_STREAM_EVENT_ELEMENT, NULL);
}

/* Our features say that something has to come before stanzas. */
static gboolean
is_barred (JxsXmlStream *self, JxsElement *element)
{
  return self->role == JXS_XML_STREAM_RECEIVER && self->features != NULL && element != NULL &&
         jxs_stanza_get_kind (element) != JXS_STANZA_KIND_NONE &&
         (jxs_element_find_child (self->features, NULL, JXS_NS_TLS) != NULL ||
          jxs_element_find_child (self->features, NULL, JXS_NS_SASL) != NULL);
}

static void
arrived (JxsXmlStream *self, JxsElement *element)
{
  if (self->held.length > 0 ||
      (self->machine.state == JXS_STREAM_STATE_NEGOTIATING && !is_barred (self, element)))
    g_queue_push_tail (&self->held, element != NULL ? jxs_element_ref (element) : NULL);
  else
    process (self, element);
}

static void
update_reading (JxsXmlStream *self)
{
  gboolean reading = FALSE;

  if (self->wire == NULL)
    return;

  switch (self->machine.state)
    {
    case JXS_STREAM_STATE_WAIT_HEADER:
    case JXS_STREAM_STATE_WAIT_RESPONSE:
    case JXS_STREAM_STATE_WAIT_FEATURES:
    case JXS_STREAM_STATE_ABORTING:
      reading = TRUE;
      break;
    case JXS_STREAM_STATE_NEGOTIATING:
      reading = self->held.length == 0 && self->waiters[WAIT_ELEMENT].length > 0;
      break;
    case JXS_STREAM_STATE_OPEN:
    case JXS_STREAM_STATE_CLOSE_SENT:
      reading = self->held.length == 0;
      break;
    default:
      break;
    }
  jxs_stream_wire_set_reading (self->wire, reading && !self->paused);
}

static void
clear_held (JxsXmlStream *self)
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
process_held (JxsXmlStream *self)
{
  while (self->held.length > 0 && self->machine.state == JXS_STREAM_STATE_NEGOTIATING)
    {
      JxsElement *next = g_queue_peek_head (&self->held);
      g_autoptr (JxsElement) element = NULL;

      if (next != NULL && !jxs_element_is (next, "error", JXS_NS_STREAMS))
        {
          GTask *task = pop_waiter (self, WAIT_ELEMENT);

          if (task == NULL)
            break;
          element = g_queue_pop_head (&self->held);
          g_task_return_pointer (task,
                                 g_steal_pointer (&element),
                                 (GDestroyNotify) jxs_element_unref);
          g_object_unref (task);
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
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);

  g_clear_pointer (&self->release, g_source_unref);
  while (self->held.length > 0 && (self->machine.state == JXS_STREAM_STATE_OPEN ||
                                   self->machine.state == JXS_STREAM_STATE_CLOSE_SENT))
    {
      g_autoptr (JxsElement) element = g_queue_pop_head (&self->held);

      process (self, element);
    }
  update_reading (self);
  return G_SOURCE_REMOVE;
}

/* --- the parser's reports --- */

static void
on_stream_start (JxsElement *root, const char *default_namespace, gpointer user_data)
{
  JxsXmlStream *self = user_data;
  g_auto (JxsStreamHeader) header = { 0 };
  g_autoptr (GError) error = NULL;

  if (!jxs_stream_header_parse (root, default_namespace, &header, &error) ||
      (self->kind == JXS_XML_STREAM_PEER &&
       !jxs_stream_header_check (&header, self->local, self->peer, &error)))
    {
      /* Our header, if it is still to be sent, does not mirror what we refuse. */
      self->peer_header.major = 1;
      handle (self, JXS_STREAM_EVENT_REFUSE, error);
      return;
    }
  /* The receiver answers with what it speaks, the initiator spoke first (RFC 6120 §4.7.5). */
  if (self->role == JXS_XML_STREAM_INITIATOR && header.major > 1)
    {
      error = jxs_stream_error_new (JXS_STREAM_ERROR_UNSUPPORTED_VERSION);
      handle (self, JXS_STREAM_EVENT_REFUSE, error);
      return;
    }

  jxs_stream_header_clear (&self->peer_header);
  self->peer_header = header;
  header = (JxsStreamHeader){ 0 };
  if (self->role == JXS_XML_STREAM_INITIATOR)
    {
      g_free (self->stream_id);
      self->stream_id = g_strdup (self->peer_header.id);
    }
  handle (self,
          jxs_stream_header_has_features (&self->peer_header) ? JXS_STREAM_EVENT_HEADER
                                                              : JXS_STREAM_EVENT_OLD_HEADER,
          NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STREAM_ID]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LANGUAGE]);
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
tell_opened (JxsXmlStream *self)
{
  GTask *task;

  if (!self->opened || self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    return;

  self->opened = FALSE;
  task = pop_waiter (self, WAIT_OPENED);
  if (task == NULL)
    return;
  if (self->role == JXS_XML_STREAM_RECEIVER)
    g_task_return_pointer (task, NULL, NULL);
  else
    {
      if (self->features == NULL)
        self->features = jxs_element_new ("features", JXS_NS_STREAMS);
      g_task_return_pointer (task,
                             jxs_element_ref (self->features),
                             (GDestroyNotify) jxs_element_unref);
    }
  g_object_unref (task);
}

static void start_watch (JxsXmlStream *self, guint seconds);

/* The peer lives. */
static void
touch_watch (JxsXmlStream *self)
{
  if (self->pinging)
    start_watch (self, self->watch_s);
  else if (self->watch != NULL)
    jxs_stream_timer_touch (self->watch);
  self->pinging = FALSE;
}

static void
on_received (const char *data, gsize length, gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;

  touch_watch (self);
  if (!jxs_xml_parser_feed (self->parser, data, length, &error))
    handle (self, JXS_STREAM_EVENT_REFUSE, error);
  /* Only now: what was read behind an element is known, and dropped by a restart. */
  tell_opened (self);
  process_held (self);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);

  if (error == NULL || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF))
    handle (self, JXS_STREAM_EVENT_EOF, NULL);
  else
    handle (self, JXS_STREAM_EVENT_BROKEN, error);
}

static void
on_written (gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);
  guint64 n_written = jxs_stream_wire_get_n_written (self->wire);
  gboolean drained = jxs_stream_wire_get_queued (self->wire) == 0;
  Waiter *waiter;

  if (self->keepalive != NULL)
    jxs_stream_timer_touch (self->keepalive);
  while ((waiter = g_queue_peek_head (&self->waiters[WAIT_SENT])) != NULL &&
         waiter->mark <= n_written)
    {
      g_autoptr (GTask) task = pop_waiter (self, WAIT_SENT);

      g_task_return_boolean (task, TRUE);
    }
  if (drained)
    {
      g_autoptr (GTask) task = pop_waiter (self, WAIT_PAUSED);

      if (task != NULL)
        g_task_return_boolean (task, TRUE);
    }
  update_congested (self);
  if (drained)
    handle (self, JXS_STREAM_EVENT_DRAINED, NULL);
}

static void
on_failed (const GError *error, gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);

  /* The peer may have told why it went away. */
  jxs_stream_wire_read_now (self->wire);
  handle (self, JXS_STREAM_EVENT_BROKEN, error);
}

static const JxsStreamWireFuncs wire_funcs = { on_received, on_ended, on_written, on_failed };

/* --- timers --- */

static gboolean
on_deadline (gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);

  g_clear_pointer (&self->deadline, g_source_unref);
  handle (self, JXS_STREAM_EVENT_DEADLINE, NULL);
  return G_SOURCE_REMOVE;
}

static void
disarm (JxsXmlStream *self)
{
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
}

static void
arm (JxsXmlStream *self, guint delay_ms)
{
  disarm (self);
  self->deadline =
      jxs_clock_timeout_attach (delay_ms, "jxs-stream-deadline", self->context, on_deadline, self);
}

static void
on_silent_self (gpointer user_data)
{
  JxsXmlStream *self = user_data;

  g_string_append_c (jxs_stream_wire_get_queue (self->wire), ' ');
  jxs_stream_wire_commit (self->wire);
}

static void
on_silent_peer (gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);
  g_autoptr (JxsElement) ping = NULL;
  g_autoptr (JxsElement) iq = NULL;

  if (self->pinging)
    {
      g_autoptr (GError) error = jxs_stream_error_new (JXS_STREAM_ERROR_CONNECTION_TIMEOUT);

      handle (self, JXS_STREAM_EVENT_REFUSE, error);
      return;
    }

  ping = jxs_element_new ("ping", JXS_NS_PING);
  iq = jxs_stanza_new_iq ("get", NULL, ping);
  g_free (self->ping_id);
  self->ping_id = g_strdup (jxs_element_get_attribute (iq, "id"));
  self->pinging = TRUE;
  start_watch (self, self->answer_s);
  answer (self, iq);
}

static void
start_watch (JxsXmlStream *self, guint seconds)
{
  g_clear_pointer (&self->watch, jxs_stream_timer_free);
  self->watch = jxs_stream_timer_new (
      self->context, seconds * 1000, "jxs-stream-watch", on_silent_peer, self);
}

static void
start_timers (JxsXmlStream *self)
{
  g_clear_pointer (&self->keepalive, jxs_stream_timer_free);
  g_clear_pointer (&self->watch, jxs_stream_timer_free);
  self->pinging = FALSE;
  if (self->machine.state != JXS_STREAM_STATE_OPEN)
    return;

  if (self->keepalive_s > 0)
    self->keepalive = jxs_stream_timer_new (
        self->context, self->keepalive_s * 1000, "jxs-stream-keepalive", on_silent_self, self);
  if (self->watch_s > 0)
    start_watch (self, self->watch_s);
}

/* --- the machine --- */

static GError *
new_cause (JxsXmlStream *self, JxsStreamState before, const GError *error)
{
  switch (self->machine.cause)
    {
    case JXS_STREAM_CAUSE_EVENT:
      return g_error_copy (error);
    case JXS_STREAM_CAUSE_NOT_AUTHORIZED:
      return jxs_stream_error_new (JXS_STREAM_ERROR_NOT_AUTHORIZED);
    case JXS_STREAM_CAUSE_UNSUPPORTED_STANZA_TYPE:
      return jxs_stream_error_new (JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE);
    case JXS_STREAM_CAUSE_TRUNCATED:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_TRUNCATED,
                                  _ ("The connection ended without the stream being closed"));
    case JXS_STREAM_CAUSE_TIMED_OUT:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_TIMED_OUT,
                                  before < JXS_STREAM_STATE_OPEN
                                      ? _ ("The peer did not open the stream in time")
                                      : _ ("The peer did not close the stream in time"));
    default:
      return NULL;
    }
}

static JxsXmlStreamState
get_public_state (JxsXmlStream *self)
{
  switch (self->machine.state)
    {
    case JXS_STREAM_STATE_NEW:
      return self->restarted ? JXS_XML_STREAM_STATE_OPENING : JXS_XML_STREAM_STATE_NEW;
    case JXS_STREAM_STATE_WAIT_HEADER:
    case JXS_STREAM_STATE_WAIT_RESPONSE:
    case JXS_STREAM_STATE_WAIT_FEATURES:
    case JXS_STREAM_STATE_NEGOTIATING:
      return JXS_XML_STREAM_STATE_OPENING;
    case JXS_STREAM_STATE_OPEN:
      return JXS_XML_STREAM_STATE_OPEN;
    case JXS_STREAM_STATE_CLOSED:
      return JXS_XML_STREAM_STATE_CLOSED;
    default:
      return JXS_XML_STREAM_STATE_CLOSING;
    }
}

static void
drop_io (JxsXmlStream *self)
{
  g_clear_pointer (&self->wire, jxs_stream_wire_free);
  g_clear_pointer (&self->parser, jxs_xml_parser_free);
  clear_held (self);
}

static GError *
new_closed_error (void)
{
  return g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The stream is closed"));
}

static void
fail_waiters (JxsXmlStream *self)
{
  for (Wait wait = 0; wait < N_WAITS; wait++)
    {
      GTask *task;

      while ((task = pop_waiter (self, wait)) != NULL)
        {
          if (self->error != NULL)
            g_task_return_error (task, g_error_copy (self->error));
          else if (wait == WAIT_CLOSED)
            g_task_return_boolean (task, TRUE);
          else
            g_task_return_error (task, new_closed_error ());
          g_object_unref (task);
        }
    }
}

static void
send_what (JxsXmlStream *self, JxsStreamAction actions)
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
      g_string_append (jxs_stream_wire_get_queue (self->wire), "</stream:stream>");
      jxs_stream_wire_commit (self->wire);
    }
}

/* Brings the machine forward and carries out what it says, but for JXS_STREAM_ACTION_DELIVER. May
 * run the application's code. error: what comes with the event. */
static JxsStreamAction
handle (JxsXmlStream *self, JxsStreamEvent event, const GError *error)
{
  JxsStreamState before = self->machine.state;
  JxsStreamCause cause = self->machine.cause;
  JxsStreamAction actions = jxs_stream_machine_handle (&self->machine, event);
  JxsXmlStreamState state;

  if (self->machine.state == before)
    return actions;

  g_object_ref (self);
  if (self->machine.cause != cause)
    self->error = new_cause (self, before, error);
  jxs_log_debug (self,
                 "%s: %s -> %s%s%s",
                 jxs_stream_machine_event_to_string (event),
                 jxs_stream_machine_state_to_string (before),
                 jxs_stream_machine_state_to_string (self->machine.state),
                 self->error != NULL ? ": " : "",
                 self->error != NULL ? self->error->message : "");

  send_what (self, actions);
  if (actions & JXS_STREAM_ACTION_ARM_OPENING)
    arm (self, JXS_STREAM_OPENING_DEADLINE_MS);
  if (actions & JXS_STREAM_ACTION_ARM_CLOSING)
    arm (self, JXS_STREAM_CLOSING_DEADLINE_MS);
  if (actions & JXS_STREAM_ACTION_DISARM)
    disarm (self);
  if (actions & JXS_STREAM_ACTION_OPENED)
    self->opened = TRUE;
  start_timers (self);
  if (actions & JXS_STREAM_ACTION_FINISH)
    drop_io (self);
  update_reading (self);

  state = get_public_state (self);
  if (state != self->notified)
    {
      self->notified = state;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
    }
  if (actions & JXS_STREAM_ACTION_FINISH)
    {
      update_congested (self);
      fail_waiters (self);
      g_signal_emit (self, signals[SIGNAL_CLOSED], 0, self->error);
    }
  else if (self->wire != NULL && jxs_stream_wire_get_queued (self->wire) == 0)
    handle (self, JXS_STREAM_EVENT_DRAINED, NULL);
  g_object_unref (self);
  return actions;
}

/* --- GObject --- */

static void
jxs_xml_stream_dispose (GObject *object)
{
  JxsXmlStream *self = JXS_XML_STREAM (object);

  /* Silently: who wants an orderly end closes first. */
  self->machine.state = JXS_STREAM_STATE_CLOSED;
  drop_io (self);
  disarm (self);
  start_timers (self);
  fail_waiters (self);

  G_OBJECT_CLASS (jxs_xml_stream_parent_class)->dispose (object);
}

static void
jxs_xml_stream_finalize (GObject *object)
{
  JxsXmlStream *self = JXS_XML_STREAM (object);

  g_clear_object (&self->io_stream);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->local, jxs_jid_unref);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_pointer (&self->features, jxs_element_unref);
  g_clear_pointer (&self->stream_id, g_free);
  g_clear_pointer (&self->ping_id, g_free);
  g_clear_error (&self->error);
  jxs_stream_header_clear (&self->peer_header);

  G_OBJECT_CLASS (jxs_xml_stream_parent_class)->finalize (object);
}

static void
jxs_xml_stream_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  JxsXmlStream *self = JXS_XML_STREAM (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, get_public_state (self));
      break;
    case PROP_LOCAL_JID:
      g_value_set_boxed (value, self->local);
      break;
    case PROP_PEER_JID:
      g_value_set_boxed (value, self->peer);
      break;
    case PROP_LANGUAGE:
      g_value_set_string (value, self->peer_header.lang);
      break;
    case PROP_STREAM_ID:
      g_value_set_string (value, self->stream_id);
      break;
    case PROP_QUEUED_BYTES:
      g_value_set_uint64 (value, self->wire != NULL ? jxs_stream_wire_get_queued (self->wire) : 0);
      break;
    case PROP_CONGESTED:
      g_value_set_boolean (value, self->congested);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_xml_stream_class_init (JxsXmlStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_xml_stream_dispose;
  object_class->finalize = jxs_xml_stream_finalize;
  object_class->get_property = jxs_xml_stream_get_property;

  /**
   * JxsXmlStream:state: (getter get_state)
   *
   * Where the stream is in its life.
   *
   * Since: 1.0
   */
  props[PROP_STATE] =
      g_param_spec_enum ("state",
                         NULL,
                         NULL,
                         JXS_TYPE_XML_STREAM_STATE,
                         JXS_XML_STREAM_STATE_NEW,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsXmlStream:local-jid: (getter get_local_jid)
   *
   * Our address.
   *
   * Since: 1.0
   */
  props[PROP_LOCAL_JID] =
      g_param_spec_boxed ("local-jid",
                          NULL,
                          NULL,
                          JXS_TYPE_JID,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsXmlStream:peer-jid: (getter get_peer_jid)
   *
   * The address of whom the stream is with.
   *
   * Since: 1.0
   */
  props[PROP_PEER_JID] =
      g_param_spec_boxed ("peer-jid",
                          NULL,
                          NULL,
                          JXS_TYPE_JID,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsXmlStream:language:
   *
   * The language (`xml:lang`) that the peer gave for the whole stream. Messages and presence that
   * arrive without a language of their own get it.
   *
   * Since: 1.0
   */
  props[PROP_LANGUAGE] =
      g_param_spec_string ("language",
                           NULL,
                           NULL,
                           NULL,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsXmlStream:stream-id:
   *
   * The identifier that the receiver gave the stream, if it did.
   *
   * Since: 1.0
   */
  props[PROP_STREAM_ID] =
      g_param_spec_string ("stream-id",
                           NULL,
                           NULL,
                           NULL,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsXmlStream:queued-bytes:
   *
   * Octets that wait to be handed to the I/O stream. Changes are only notified together with
   * [property@XmlStream:congested].
   *
   * Since: 1.0
   */
  props[PROP_QUEUED_BYTES] =
      g_param_spec_uint64 ("queued-bytes",
                           NULL,
                           NULL,
                           0,
                           G_MAXUINT64,
                           0,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsXmlStream:congested:
   *
   * Whether so much is queued (more than 64 KiB) that who can wait should: until the property
   * becomes %FALSE again.
   *
   * Since: 1.0
   */
  props[PROP_CONGESTED] =
      g_param_spec_boolean ("congested",
                            NULL,
                            NULL,
                            FALSE,
                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * JxsXmlStream::stanza:
   * @self: the stream
   * @stanza: the stanza
   *
   * A stanza arrived. On a stream between two clients `from` is the authenticated peer and `to` is
   * our address.
   *
   * An iq of type `get` or `set` must be answered by whoever handles it, now or later. What nobody
   * handles is answered by the stream: a ping (XEP-0199) between two clients with a result,
   * anything else with `service-unavailable`.
   *
   * Returns: %TRUE if @stanza was handled: no other handler is asked
   *
   * Since: 1.0
   */
  signals[SIGNAL_STANZA] = g_signal_new ("stanza",
                                         JXS_TYPE_XML_STREAM,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         g_signal_accumulator_true_handled,
                                         NULL,
                                         jxs_stream_marshal_BOOLEAN__BOXED,
                                         G_TYPE_BOOLEAN,
                                         1,
                                         JXS_TYPE_ELEMENT | G_SIGNAL_TYPE_STATIC_SCOPE);
  g_signal_set_va_marshaller (signals[SIGNAL_STANZA],
                              JXS_TYPE_XML_STREAM,
                              jxs_stream_marshal_BOOLEAN__BOXEDv);

  /**
   * JxsXmlStream::closed:
   * @self: the stream
   * @error: (nullable): why, or %NULL when both sides closed in order
   *
   * The stream is over. Emitted once; no stanza follows. The I/O stream is left open.
   *
   * A stream error, ours or the peer's, is of [error@StreamError]. %JXS_ERROR_TRUNCATED says that
   * the connection ended without the peer closing the stream, so that what it sent last may be
   * lost; %JXS_ERROR_TIMED_OUT that it did not open or close the stream in time.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed",
                                         JXS_TYPE_XML_STREAM,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         g_cclosure_marshal_VOID__BOXED,
                                         G_TYPE_NONE,
                                         1,
                                         G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  g_signal_set_va_marshaller (signals[SIGNAL_CLOSED],
                              JXS_TYPE_XML_STREAM,
                              g_cclosure_marshal_VOID__BOXEDv);
}

static void
jxs_xml_stream_init (JxsXmlStream *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->limits = jxs_xml_default_limits;
  jxs_stream_machine_init (&self->machine);
}

/* --- private to the library --- */

JxsXmlStream *
jxs_xml_stream_new (
    GIOStream *io_stream, JxsXmlStreamRole role, JxsXmlStreamKind kind, JxsJid *local, JxsJid *peer)
{
  JxsXmlStream *self;

  g_return_val_if_fail (G_IS_IO_STREAM (io_stream), NULL);
  g_return_val_if_fail (peer != NULL, NULL);
  g_return_val_if_fail (local != NULL || kind == JXS_XML_STREAM_SERVER, NULL);

  self = g_object_new (JXS_TYPE_XML_STREAM, NULL);
  self->io_stream = g_object_ref (io_stream);
  self->role = role;
  self->kind = kind;
  self->local = local != NULL ? jxs_jid_ref (local) : NULL;
  self->peer = jxs_jid_ref (peer);
  return self;
}

void
jxs_xml_stream_set_limits (JxsXmlStream *self, const JxsXmlLimits *limits)
{
  self->limits = *limits;
  if (self->machine.state == JXS_STREAM_STATE_OPEN)
    jxs_xml_parser_set_limits (self->parser, limits);
}

void
jxs_xml_stream_open_async (JxsXmlStream *self,
                           JxsElement *features,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  JxsXmlLimits limits = self->limits;

  task = new_task (self, jxs_xml_stream_open_async, io_priority, cancellable, callback, user_data);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->machine.state != JXS_STREAM_STATE_NEW || self->wire != NULL)
    {
      g_task_return_new_error (
          task, JXS_ERROR, JXS_ERROR_CLOSED, "%s", _ ("The stream was opened before"));
      return;
    }

  self->wire =
      jxs_stream_wire_new (self->io_stream, self->context, io_priority, &wire_funcs, self, &error);
  if (self->wire == NULL)
    {
      g_task_return_error (task, g_error_copy (error));
      handle (self, JXS_STREAM_EVENT_BROKEN, error);
      return;
    }

  limits.max_bytes = MIN (limits.max_bytes, JXS_STREAM_OPENING_MAX_BYTES);
  self->parser = jxs_xml_parser_new (&limits, &parser_funcs, self);
  if (features != NULL && self->role == JXS_XML_STREAM_RECEIVER)
    self->features = jxs_element_ref (features);
  add_waiter (self, g_steal_pointer (&task), WAIT_OPENED, 0);
  handle (self,
          self->role == JXS_XML_STREAM_INITIATOR ? JXS_STREAM_EVENT_INITIATE
                                                 : JXS_STREAM_EVENT_RECEIVE,
          NULL);
}

gboolean
jxs_xml_stream_open_finish (JxsXmlStream *self,
                            GAsyncResult *result,
                            JxsElement **features,
                            GError **error)
{
  g_autoptr (JxsElement) received = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_open_async), FALSE);

  received = g_task_propagate_pointer (G_TASK (result), error);
  if (g_task_had_error (G_TASK (result)))
    return FALSE;
  if (features != NULL)
    *features = g_steal_pointer (&received);
  return TRUE;
}

void
jxs_xml_stream_read_element_async (JxsXmlStream *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (JxsXmlStream) keep = g_object_ref (self);
  g_autoptr (GTask) task = NULL;

  task = new_task (self,
                   jxs_xml_stream_read_element_async,
                   G_PRIORITY_DEFAULT,
                   cancellable,
                   callback,
                   user_data);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    {
      g_task_return_error (task,
                           self->error != NULL ? g_error_copy (self->error) : new_closed_error ());
      return;
    }
  if (self->waiters[WAIT_ELEMENT].length > 0 || self->paused)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The stream is busy");
      return;
    }

  add_waiter (self, g_steal_pointer (&task), WAIT_ELEMENT, 0);
  process_held (self);
}

JxsElement *
jxs_xml_stream_read_element_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_read_element_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
jxs_xml_stream_send_element (JxsXmlStream *self, JxsElement *element, GError **error)
{
  if (self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    {
      g_propagate_error (error,
                         self->error != NULL ? g_error_copy (self->error) : new_closed_error ());
      return FALSE;
    }
  return queue_element (self, element, error);
}

void
jxs_xml_stream_pause_async (JxsXmlStream *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  task = new_task (
      self, jxs_xml_stream_pause_async, G_PRIORITY_DEFAULT, cancellable, callback, user_data);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    {
      g_task_return_error (task,
                           self->error != NULL ? g_error_copy (self->error) : new_closed_error ());
      return;
    }
  if (self->waiters[WAIT_ELEMENT].length > 0 || self->paused)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The stream is busy");
      return;
    }

  self->paused = TRUE;
  update_reading (self);
  if (jxs_stream_wire_get_queued (self->wire) == 0)
    g_task_return_boolean (task, TRUE);
  else
    add_waiter (self, g_steal_pointer (&task), WAIT_PAUSED, 0);
}

gboolean
jxs_xml_stream_pause_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_pause_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
jxs_xml_stream_restart (JxsXmlStream *self, GIOStream *io_stream)
{
  g_return_if_fail (self->waiters[WAIT_ELEMENT].length == 0);

  if (self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    return;

  self->restarted = TRUE;
  handle (self, JXS_STREAM_EVENT_RESTART, NULL);
  /* Whatever came before says nothing about the stream to come (RFC 6120 §4.3.3). */
  drop_io (self);
  g_clear_pointer (&self->features, jxs_element_unref);
  g_clear_pointer (&self->stream_id, g_free);
  jxs_stream_header_clear (&self->peer_header);
  self->paused = FALSE;
  self->opened = FALSE;
  if (io_stream != NULL)
    g_set_object (&self->io_stream, io_stream);
}

void
jxs_xml_stream_set_open (JxsXmlStream *self)
{
  if (self->machine.state != JXS_STREAM_STATE_NEGOTIATING)
    return;

  jxs_xml_parser_set_limits (self->parser, &self->limits);
  handle (self, JXS_STREAM_EVENT_SET_OPEN, NULL);
  if (self->held.length > 0)
    {
      self->release = g_idle_source_new ();
      g_source_set_static_name (self->release, "jxs-stream-release");
      g_source_set_priority (self->release, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->release, on_release, self, NULL);
      g_source_attach (self->release, self->context);
    }
}

void
jxs_xml_stream_set_local_jid (JxsXmlStream *self, JxsJid *local)
{
  jxs_jid_ref (local);
  g_clear_pointer (&self->local, jxs_jid_unref);
  self->local = local;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOCAL_JID]);
}

void
jxs_xml_stream_set_peer_timeout (JxsXmlStream *self, guint silence_s, guint answer_s)
{
  self->watch_s = silence_s;
  self->answer_s = answer_s;
  start_timers (self);
}

void
jxs_xml_stream_fail (JxsXmlStream *self, const GError *error)
{
  handle (self, JXS_STREAM_EVENT_REFUSE, error);
}

guint64
jxs_xml_stream_get_n_received (JxsXmlStream *self)
{
  return self->n_received;
}

/* --- public --- */

/**
 * jxs_xml_stream_get_state: (get-property state)
 * @self: a stream
 *
 * Tells where the stream is in its life.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
JxsXmlStreamState
jxs_xml_stream_get_state (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), JXS_XML_STREAM_STATE_CLOSED);

  return get_public_state (self);
}

/**
 * jxs_xml_stream_get_local_jid: (get-property local-jid)
 * @self: a stream
 *
 * Returns our address.
 *
 * Returns: (transfer none) (nullable): our address; %NULL while a server has not told it yet
 *
 * Since: 1.0
 */
JxsJid *
jxs_xml_stream_get_local_jid (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), NULL);

  return self->local;
}

/**
 * jxs_xml_stream_get_peer_jid: (get-property peer-jid)
 * @self: a stream
 *
 * Returns the address of whom the stream is with.
 *
 * Returns: (transfer none): the peer's address
 *
 * Since: 1.0
 */
JxsJid *
jxs_xml_stream_get_peer_jid (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), NULL);

  return self->peer;
}

/**
 * jxs_xml_stream_get_io_stream:
 * @self: a stream
 *
 * Returns the I/O stream beneath. It must not be read or written before the stream is closed.
 *
 * Returns: (transfer none): the I/O stream
 *
 * Since: 1.0
 */
GIOStream *
jxs_xml_stream_get_io_stream (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), NULL);

  return self->io_stream;
}

/**
 * jxs_xml_stream_send:
 * @self: an open stream
 * @stanza: a message, presence or iq; it may be changed or sent again afterwards
 * @error: return location for an error
 *
 * Queues a stanza and returns at once. Everything queued in one turn of the main loop leaves in one
 * write. To send much without filling memory wait while [property@XmlStream:congested] is set, or
 * use [method@XmlStream.send_async].
 *
 * Fails with %JXS_ERROR_CLOSED if the stream is not open, %JXS_ERROR_LIMIT if it would make the
 * queue longer than 4 MiB, %JXS_ERROR_INVALID_ARGUMENT if @stanza is no stanza or holds names or
 * text that XML cannot carry.
 *
 * Returns: %TRUE if @stanza was queued
 *
 * Since: 1.0
 */
gboolean
jxs_xml_stream_send (JxsXmlStream *self, JxsElement *stanza, GError **error)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), FALSE);
  g_return_val_if_fail (stanza != NULL, FALSE);

  if (self->machine.state != JXS_STREAM_STATE_OPEN)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The stream is not open"));
      return FALSE;
    }
  if (jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_NONE)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("An element “%s” is not a stanza"),
                   jxs_element_get_name (stanza));
      return FALSE;
    }
  if (!queue_element (self, stanza, error))
    return FALSE;

  update_congested (self);
  return TRUE;
}

/**
 * jxs_xml_stream_send_async:
 * @self: an open stream
 * @stanza: a message, presence or iq
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Queues a stanza at once, like [method@XmlStream.send], and completes when it and all before it
 * were handed to the I/O stream. What was queued is sent even if @cancellable is cancelled.
 *
 * Fails like [method@XmlStream.send], and if the stream ends before the stanza was sent.
 *
 * Since: 1.0
 */
void
jxs_xml_stream_send_async (JxsXmlStream *self,
                           JxsElement *stanza,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (JXS_IS_XML_STREAM (self));
  g_return_if_fail (stanza != NULL);

  task = new_task (self, jxs_xml_stream_send_async, io_priority, cancellable, callback, user_data);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!jxs_xml_stream_send (self, stanza, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  add_waiter (self,
              g_steal_pointer (&task),
              WAIT_SENT,
              jxs_stream_wire_get_n_committed (self->wire));
}

/**
 * jxs_xml_stream_send_finish:
 * @self: a stream
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Ends what [method@XmlStream.send_async] began.
 *
 * Returns: %TRUE if the stanza was handed to the I/O stream
 *
 * Since: 1.0
 */
gboolean
jxs_xml_stream_send_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_send_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * jxs_xml_stream_close_async:
 * @self: a stream
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Ends the stream in order (RFC 6120 §4.4): sends what is queued and the closing tag, and waits for
 * the peer to close as well. Stanzas that arrive meanwhile are still delivered; nothing can be sent
 * any more. The I/O stream stays open, and belongs to the caller again. Completes at once when the
 * stream is closed already. If @cancellable is cancelled the stream goes on closing unattended.
 *
 * Fails with %JXS_ERROR_TIMED_OUT if the peer does not close within 30 seconds,
 * %JXS_ERROR_TRUNCATED if its connection ends without, or with what else ended the stream.
 *
 * Since: 1.0
 */
void
jxs_xml_stream_close_async (JxsXmlStream *self,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (JXS_IS_XML_STREAM (self));

  task = new_task (self, jxs_xml_stream_close_async, io_priority, cancellable, callback, user_data);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->machine.state == JXS_STREAM_STATE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  add_waiter (self, g_steal_pointer (&task), WAIT_CLOSED, 0);
  handle (self, JXS_STREAM_EVENT_CLOSE, NULL);
}

/**
 * jxs_xml_stream_close_finish:
 * @self: a stream
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Ends what [method@XmlStream.close_async] began.
 *
 * Returns: %TRUE if both sides closed in order
 *
 * Since: 1.0
 */
gboolean
jxs_xml_stream_close_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * jxs_xml_stream_set_keepalive:
 * @self: a stream
 * @seconds: seconds of silence on our side after which a space is sent, or 0 for never
 *
 * Keeps the connection in the memory of the network devices on its way (RFC 6120 §4.6.1). Off by
 * default.
 *
 * Since: 1.0
 */
void
jxs_xml_stream_set_keepalive (JxsXmlStream *self, guint seconds)
{
  g_return_if_fail (JXS_IS_XML_STREAM (self));

  self->keepalive_s = MIN (seconds, G_MAXUINT / 1000);
  start_timers (self);
}

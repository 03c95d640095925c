/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-stream-private.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/transports/ibb/jxs-ibb-dispatcher-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-errors-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-machine-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-port-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-watch-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* How long the answer to our <open/> may take. */
#define JXS_IBB_OPEN_WAIT_MS 60000
/* How long the answer to a block may take: the peer's application may be slow to read. */
#define JXS_IBB_ANSWER_LIMIT_MS (60 * 60 * 1000)
/* How long after our <close/>, or the last block after it, its answer may take. */
#define JXS_IBB_CLOSE_WAIT_MS 20000
/* Bytes of the application that are still sent once the end was asked for: more than pipe and
 * read-ahead hold, so whatever is beyond was written later. */
#define JXS_IBB_FLUSH_LIMIT (512 * 1024)
/* Between two reports of window and pace. */
#define JXS_IBB_TRACE_PERIOD_US G_USEC_PER_SEC

struct _JxsIbbStream
{
  gboolean stopped; /* freed by its owner; requests on their way still hold it */

  GMainContext *context;        /* (owned) */
  JxsRouter *router;            /* (owned) */
  JxsIbbDispatcher *dispatcher; /* unowned: the router's */
  JxsJid *peer;                 /* (owned) */
  JxsIbbParams params;          /* sid NULL until there is one */
  gboolean listening;
  const JxsIbbStreamFuncs *funcs;
  gpointer user_data;

  JxsIbbMachine machine;
  JxsIbbPacer pacer;
  GArray *actions;     /* (owned) (element-type JxsIbbAction): to be performed, in order */
  guint next_action;   /* first of actions not performed */
  GPtrArray *requests; /* (owned) (element-type JxsElement): what actions may answer */
  gboolean performing;
  JxsElement *close_iq;      /* (owned) (nullable): the peer's <close/>, while the machine has it */
  GCancellable *cancellable; /* (owned): of requests on their way */

  JxsIbbPort *port;  /* (owned) (nullable): from OPENED on */
  gboolean readable; /* the application may have written something */
  gsize n_flushed;   /* bytes pulled since the end was asked for */
  guint64 n_received;
  guint64 n_sent;       /* acknowledged */
  gint64 traced_us;     /* when the pace was reported last */
  guint64 n_at_timeout; /* n_received when the close timer was looked at last */

  JxsIbbWatch *watch;   /* (owned) (nullable): NULL when freed */
  GSource *retry_timer; /* (owned) (nullable) */
  GSource *close_timer; /* (owned) (nullable) */

  GError *reason;   /* (owned) (nullable): what the last bad answer said */
  GError *error;    /* (owned) (nullable): why the stream failed */
  gboolean orderly; /* the session ended: for the application no error */
};

/* A request that waits for its answer. */
typedef struct
{
  JxsIbbStream *stream; /* (owned) */
  guint16 seq;
  gsize size;
  gsize flight; /* bytes of stanzas outstanding with it */
  gint64 sent_us;
} Packet;

static void
stream_finalize (gpointer data)
{
  JxsIbbStream *self = data;

  jxs_ibb_machine_clear (&self->machine);
  jxs_ibb_params_clear (&self->params);
  g_array_unref (self->actions);
  g_ptr_array_unref (self->requests);
  g_clear_pointer (&self->close_iq, jxs_element_unref);
  g_object_unref (self->cancellable);
  jxs_jid_unref (self->peer);
  g_object_unref (self->router);
  g_main_context_unref (self->context);
  g_clear_error (&self->reason);
  g_clear_error (&self->error);
}

static void
stream_unref (JxsIbbStream *self)
{
  g_rc_box_release_full (self, stream_finalize);
}

static Packet *
packet_new (JxsIbbStream *self, guint16 seq, gsize size)
{
  Packet *packet = g_new0 (Packet, 1);

  packet->stream = g_rc_box_acquire (self);
  packet->seq = seq;
  packet->size = size;
  packet->flight = self->pacer.in_flight;
  packet->sent_us = jxs_clock_now ();
  return packet;
}

static void
packet_free (Packet *packet)
{
  stream_unref (packet->stream);
  g_free (packet);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Packet, packet_free)

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
start_timer (
    JxsIbbStream *self, GSource **source, guint delay_ms, const char *name, GSourceFunc func)
{
  clear_source (source);
  *source = jxs_clock_timeout_attach (delay_ms, name, self->context, func, self);
}

/* -- events in, actions out --
 *
 * Whatever is sent, traced or handed over may run code of the application, which may end all this:
 * jxs_ibb_stream_free() may have been called when it returns. */

static void perform (JxsIbbStream *self, const JxsIbbAction *action);

/* An action can cause the next event before it returns (channels may deliver at once), so actions
 * are queued: the order on the wire is the order of the machine. */
static void
feed (JxsIbbStream *self, const JxsIbbEvent *event)
{
  JxsIbbState before = self->machine.state;

  if (event->request != NULL)
    g_ptr_array_add (self->requests, jxs_element_ref (event->request));

  jxs_ibb_machine_handle (&self->machine, event, self->actions);

  if (self->machine.state != before)
    jxs_log_debug (self,
                   "stream %s: %s to %s",
                   self->params.sid,
                   jxs_ibb_state_to_string (before),
                   jxs_ibb_state_to_string (self->machine.state));

  if (self->performing)
    return;

  g_rc_box_acquire (self);
  self->performing = TRUE;
  while (self->next_action < self->actions->len && !self->stopped)
    {
      JxsIbbAction action = g_array_index (self->actions, JxsIbbAction, self->next_action++);
      g_autoptr (GBytes) bytes = action.bytes == NULL ? NULL : g_bytes_ref (action.bytes);

      perform (self, &action);
    }
  g_array_set_size (self->actions, 0);
  g_ptr_array_set_size (self->requests, 0);
  self->next_action = 0;
  self->performing = FALSE;
  stream_unref (self);
}

static void
feed_plain (JxsIbbStream *self, JxsIbbEventType type)
{
  feed (self, &(JxsIbbEvent){ .type = type });
}

static void
feed_failure (JxsIbbStream *self, JxsIbbFailure failure)
{
  feed (self, &(JxsIbbEvent){ .type = JXS_IBB_EVENT_FAIL, .failure = failure });
}

/* packet (transfer full) */
static void
request (JxsIbbStream *self,
         JxsElement *payload,
         guint timeout_ms,
         GAsyncReadyCallback callback,
         Packet *packet)
{
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("set", jxs_jid_to_string (self->peer), payload);

  jxs_router_send_iq_async (self->router, iq, timeout_ms, self->cancellable, callback, packet);
}

static void pull (JxsIbbStream *self);

/* -- what goes to the peer -- */

static void
set_reason (JxsIbbStream *self, const GError *error)
{
  g_clear_error (&self->reason);
  self->reason = g_error_copy (error);
}

static void
trace_pace (JxsIbbStream *self, gint64 now_us)
{
  if (now_us - self->traced_us < JXS_IBB_TRACE_PERIOD_US)
    return;

  self->traced_us = now_us;
  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "ibb",
                  "pace",
                  "s:sid",
                  self->params.sid,
                  "i:window",
                  (gint64) jxs_ibb_pacer_get_window (&self->pacer),
                  "i:block",
                  (gint64) jxs_ibb_pacer_get_block (&self->pacer),
                  "d:rtt_ms",
                  self->pacer.smooth_us / 1000.,
                  "d:base_rtt_ms",
                  self->pacer.base_us / 1000.,
                  "i:sent",
                  (gint64) self->n_sent,
                  NULL);
}

static void
data_answer_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Packet) packet = user_data;
  JxsIbbStream *self = packet->stream;
  JxsIbbEvent event = { .type = JXS_IBB_EVENT_DATA_ANSWER, .seq = packet->seq };
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now_us = jxs_clock_now ();
  gboolean ok = jxs_router_send_iq_finish (JXS_ROUTER (object), result, &reply, &error);

  if (self->stopped)
    return;

  if (ok)
    {
      self->funcs->heard (self->user_data);
      self->n_sent += packet->size;
      jxs_ibb_pacer_acked (&self->pacer, packet->size, packet->flight, packet->sent_us, now_us);
      trace_pace (self, now_us);
      if (self->stopped)
        return;
    }
  else
    {
      event.fault = jxs_ibb_answer_to_fault (error, reply);
      jxs_ibb_pacer_lost (&self->pacer, packet->size);
      set_reason (self, error);
    }

  jxs_ibb_watch_progress (self->watch);
  feed (self, &event);
  pull (self);
}

static gboolean
watch_is_waiting_cb (gpointer user_data)
{
  JxsIbbStream *self = user_data;

  return !g_queue_is_empty (&self->machine.in_flight);
}

static void
watch_stalled_cb (gpointer user_data)
{
  JxsIbbStream *self = user_data;

  jxs_ibb_pacer_stalled (&self->pacer);
}

static void
watch_gone_cb (const GError *error, gpointer user_data)
{
  JxsIbbStream *self = user_data;

  set_reason (self, error);
  feed_failure (self, JXS_IBB_FAILURE_STALLED);
}

static void
send_data (JxsIbbStream *self, guint16 seq, GBytes *bytes)
{
  g_autoptr (JxsElement) data = jxs_ibb_data_build (self->params.sid, seq, bytes);
  Packet *packet = packet_new (self, seq, g_bytes_get_size (bytes));

  jxs_ibb_watch_start (self->watch);
  request (self, data, JXS_IBB_ANSWER_LIMIT_MS, data_answer_cb, packet);
}

static void
open_answer_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Packet) packet = user_data;
  JxsIbbStream *self = packet->stream;
  JxsIbbEvent event = { .type = JXS_IBB_EVENT_OPEN_ANSWER };
  g_autoptr (GError) error = NULL;
  gboolean ok = jxs_router_send_iq_finish (JXS_ROUTER (object), result, NULL, &error);

  if (self->stopped)
    return;

  if (!ok)
    {
      event.fault = JXS_IBB_FAULT_REFUSED;
      set_reason (self, error);
    }
  feed (self, &event);
}

static void
send_open (JxsIbbStream *self)
{
  JxsIbbParams params = self->params; /* borrows its strings */
  g_autoptr (JxsElement) open = NULL;

  params.namespace_uri = (char *) JXS_NS_IBB;
  open = jxs_ibb_params_build (&params, "open");
  request (self, open, JXS_IBB_OPEN_WAIT_MS, open_answer_cb, packet_new (self, 0, 0));
}

static void
close_answer_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Packet) packet = user_data;
  JxsIbbStream *self = packet->stream;

  /* A result, item-not-found or anything else: the stream is closed (XEP-0047 §2.3). */
  jxs_router_send_iq_finish (JXS_ROUTER (object), result, NULL, NULL);
  if (!self->stopped)
    feed_plain (self, JXS_IBB_EVENT_CLOSE_ANSWER);
}

static gboolean
close_timer_cb (gpointer user_data)
{
  JxsIbbStream *self = user_data;

  /* The peer is still flushing. */
  if (self->n_received != self->n_at_timeout)
    {
      self->n_at_timeout = self->n_received;
      return G_SOURCE_CONTINUE;
    }

  clear_source (&self->close_timer);
  feed_plain (self, JXS_IBB_EVENT_CLOSE_ANSWER);
  return G_SOURCE_REMOVE;
}

static void
send_close (JxsIbbStream *self)
{
  g_autoptr (JxsElement) close = jxs_ibb_close_build (self->params.sid);

  self->n_at_timeout = self->n_received;
  start_timer (self, &self->close_timer, JXS_IBB_CLOSE_WAIT_MS, "[jxs] ibb close", close_timer_cb);
  request (self, close, JXS_IBB_ANSWER_LIMIT_MS, close_answer_cb, packet_new (self, 0, 0));
}

/* Moves what the application wrote to the peer, as far as the pace allows. */
static void
pull (JxsIbbStream *self)
{
  gboolean ending = self->machine.state == JXS_IBB_STATE_DRAINING ||
                    self->machine.state == JXS_IBB_STATE_FLUSHING;
  guint room;

  g_rc_box_acquire (self);
  while (self->readable && jxs_ibb_machine_can_send (&self->machine) &&
         (room = jxs_ibb_pacer_get_room (&self->pacer)) > 0)
    {
      g_autofree guint8 *buffer = g_malloc (room);
      gssize size = jxs_ibb_port_read (self->port, buffer, room);

      if (size > 0)
        {
          g_autoptr (GBytes) bytes = g_bytes_new_take (g_steal_pointer (&buffer), size);

          self->n_flushed += ending ? size : 0;
          jxs_ibb_pacer_sent (&self->pacer, size);
          feed (self, &(JxsIbbEvent){ .type = JXS_IBB_EVENT_SEND, .bytes = bytes });
        }
      if (size <= 0)
        jxs_ibb_pacer_idle (&self->pacer);
      if (size <= 0 || self->n_flushed >= JXS_IBB_FLUSH_LIMIT)
        self->readable = FALSE;
    }

  if (ending && !self->readable && !self->stopped)
    feed_plain (self, JXS_IBB_EVENT_DRY);
  stream_unref (self);
}

/* The application may have written something. When the end was asked for, what it has written by
 * now is the last that is waited for. */
static void
look (JxsIbbStream *self)
{
  self->readable = self->port != NULL;
  pull (self);
}

/* -- beginning and end -- */

static void
port_readable_cb (gpointer user_data)
{
  look (user_data);
}

static void
port_acknowledge_cb (JxsElement *iq, gpointer user_data)
{
  JxsIbbStream *self = user_data;

  jxs_router_reply_result (self->router, iq, NULL);
}

/* Nobody is left to read or write: what was written before is still delivered. */
static void
port_gone_cb (gpointer user_data)
{
  jxs_ibb_stream_close (user_data);
}

static void
opened (JxsIbbStream *self)
{
  static const JxsIbbPortFuncs funcs = { port_readable_cb, port_acknowledge_cb, port_gone_cb };
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) app_end = NULL;

  self->port = jxs_ibb_port_new (&funcs, self, &app_end, &error);
  if (self->port == NULL)
    {
      jxs_ibb_stream_fail (self, error, FALSE);
      return;
    }

  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "ibb",
                  "open",
                  "s:sid",
                  self->params.sid,
                  "i:block_size",
                  (gint64) self->params.block_size,
                  "s:stanza",
                  self->params.carrier == JXS_IBB_CARRIER_MESSAGE ? "message" : "iq",
                  NULL);
  if (!self->stopped)
    self->funcs->opened (g_steal_pointer (&app_end), self->user_data);
  look (self);
}

/* The application's writes fail from now on instead of going nowhere. */
static void
shut_port (JxsIbbStream *self)
{
  self->readable = FALSE;
  if (self->port != NULL)
    jxs_ibb_port_shut (self->port, self->orderly ? NULL : self->error);
}

static void
failed (JxsIbbStream *self, JxsIbbFailure failure)
{
  if (self->error == NULL)
    self->error = jxs_ibb_failure_to_error (failure, self->reason);

  jxs_log_debug (self, "stream %s failed: %s", self->params.sid, self->error->message);
  clear_source (&self->retry_timer);
  jxs_ibb_watch_stop (self->watch);
  shut_port (self);
  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "ibb",
                  "failed",
                  "s:sid",
                  self->params.sid,
                  "s:error",
                  self->error->message,
                  NULL);
  if (!self->stopped)
    self->funcs->failed (self->error, self->user_data);
}

static void
unlisten (JxsIbbStream *self)
{
  if (self->listening)
    jxs_ibb_dispatcher_remove (self->dispatcher, self->peer, self->params.sid);
  self->listening = FALSE;
}

static void
closed (JxsIbbStream *self)
{
  unlisten (self);
  clear_source (&self->retry_timer);
  jxs_ibb_watch_stop (self->watch);
  clear_source (&self->close_timer);
  shut_port (self);
  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "ibb",
                  "closed",
                  "s:sid",
                  self->params.sid,
                  "i:sent",
                  (gint64) self->n_sent,
                  "i:received",
                  (gint64) self->n_received,
                  NULL);
  if (!self->stopped)
    self->funcs->closed (self->error, self->user_data);
}

static gboolean
retry_timer_cb (gpointer user_data)
{
  JxsIbbStream *self = user_data;

  clear_source (&self->retry_timer);
  feed_plain (self, JXS_IBB_EVENT_RETRY);
  return G_SOURCE_REMOVE;
}

static void
perform (JxsIbbStream *self, const JxsIbbAction *action)
{
  switch (action->type)
    {
    case JXS_IBB_ACTION_SEND_OPEN:
      send_open (self);
      break;
    case JXS_IBB_ACTION_SEND_DATA:
      if (action->again)
        jxs_ibb_pacer_sent (&self->pacer, g_bytes_get_size (action->bytes));
      send_data (self, action->seq, action->bytes);
      break;
    case JXS_IBB_ACTION_SEND_CLOSE:
      send_close (self);
      break;
    case JXS_IBB_ACTION_REPLY:
      jxs_ibb_reply (self->router, action->request, action->reply);
      break;
    case JXS_IBB_ACTION_DELIVER:
      self->funcs->heard (self->user_data);
      self->n_received += g_bytes_get_size (action->bytes);
      if (self->port != NULL)
        jxs_ibb_port_deliver (self->port, action->bytes, action->request);
      else
        jxs_ibb_reply (self->router, action->request, JXS_IBB_REPLY_RESULT);
      break;
    case JXS_IBB_ACTION_OPENED:
      opened (self);
      break;
    case JXS_IBB_ACTION_PAUSE:
      jxs_log_debug (self, "stream %s: data again in %u ms", self->params.sid, action->delay_ms);
      start_timer (self, &self->retry_timer, action->delay_ms, "[jxs] ibb retry", retry_timer_cb);
      break;
    case JXS_IBB_ACTION_EOF:
      if (self->port != NULL)
        jxs_ibb_port_end (self->port);
      break;
    case JXS_IBB_ACTION_FAILED:
      failed (self, action->failure);
      break;
    case JXS_IBB_ACTION_CLOSED:
      closed (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* -- what comes from the peer -- */

static void
handle_data (JxsIbbStream *self, JxsElement *iq, JxsElement *data)
{
  JxsIbbEvent event = { .type = JXS_IBB_EVENT_DATA, .request = iq };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (!jxs_ibb_data_parse_seq (data, &event.seq, &error))
    {
      event.seq = self->machine.receive_seq;
      event.fault = JXS_IBB_FAULT_MALFORMED;
    }
  else if (event.seq == self->machine.receive_seq)
    {
      bytes = jxs_ibb_data_parse_bytes (data, self->params.block_size, &error);
      if (bytes == NULL)
        event.fault = JXS_IBB_FAULT_MALFORMED;
      else if (self->port != NULL && !jxs_ibb_port_has_room (self->port, g_bytes_get_size (bytes)))
        event.fault = JXS_IBB_FAULT_OVERFLOW;
    }

  if (error != NULL)
    jxs_log_debug (self, "stream %s: bad data: %s", self->params.sid, error->message);

  event.bytes = bytes;
  feed (self, &event);
}

static void
handle_open (JxsIbbStream *self, JxsElement *iq, JxsElement *open)
{
  g_auto (JxsIbbParams) params = { 0 };
  g_autoptr (GError) error = NULL;

  if (!jxs_ibb_params_parse (open, "open", &params, &error))
    {
      jxs_router_reply_error (self->router, iq, error, NULL);
      return;
    }

  feed (self,
        &(JxsIbbEvent){
            .type = JXS_IBB_EVENT_OPEN, .request = iq, .block_size = params.block_size });
}

static void
packet_cb (JxsElement *iq, JxsElement *payload, gpointer user_data)
{
  JxsIbbStream *self = user_data;

  if (jxs_element_is (payload, "data", NULL))
    {
      handle_data (self, iq, payload);
    }
  else if (jxs_element_is (payload, "open", NULL))
    {
      handle_open (self, iq, payload);
    }
  else
    {
      g_rc_box_acquire (self);
      feed (self, &(JxsIbbEvent){ .type = JXS_IBB_EVENT_CLOSE, .request = iq });
      if (self->machine.close_request == iq && self->close_iq == NULL)
        self->close_iq = jxs_element_ref (iq);
      look (self);
      stream_unref (self);
    }
}

/* -- for the transport -- */

JxsIbbStream *
jxs_ibb_stream_new (JxsRouter *router,
                    JxsJid *peer,
                    gboolean initiator,
                    const JxsIbbStreamFuncs *funcs,
                    gpointer user_data)
{
  static const JxsIbbWatchFuncs watch_funcs = {
    watch_is_waiting_cb,
    watch_stalled_cb,
    watch_gone_cb,
  };
  JxsIbbStream *self = g_rc_box_new0 (JxsIbbStream);

  self->context = g_main_context_ref_thread_default ();
  self->router = g_object_ref (router);
  self->dispatcher = jxs_ibb_dispatcher_get (router);
  self->peer = jxs_jid_ref (peer);
  self->funcs = funcs;
  self->user_data = user_data;
  self->actions = jxs_ibb_actions_new ();
  self->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  self->cancellable = g_cancellable_new ();
  self->watch = jxs_ibb_watch_new (router, peer, &watch_funcs, self);
  jxs_ibb_machine_init (&self->machine, initiator);
  jxs_ibb_pacer_init (&self->pacer, JXS_IBB_MAX_BLOCK);
  return self;
}

gboolean
jxs_ibb_stream_listen (JxsIbbStream *self, const char *sid)
{
  if (!jxs_ibb_dispatcher_add (self->dispatcher, self->peer, sid, packet_cb, self))
    return FALSE;

  self->params.sid = g_strdup (sid);
  self->listening = TRUE;
  return TRUE;
}

void
jxs_ibb_stream_agree (JxsIbbStream *self, const JxsIbbParams *params)
{
  guint fixed_window = self->pacer.fixed_window;
  guint fixed_block = self->pacer.fixed_block;
  gboolean old = g_str_equal (params->namespace_uri, JXS_NS_JINGLE_IBB_0);

  self->params.block_size = params->block_size;
  self->params.carrier = params->carrier;
  self->machine.block_size = params->block_size;
  self->machine.implicit_open = old;
  /* In the days of ibb:0 the block size was that of the base64 text (XEP-0047 before 2.0). */
  jxs_ibb_pacer_init (&self->pacer, old ? MAX (params->block_size / 4 * 3, 1) : params->block_size);
  jxs_ibb_stream_set_fixed (self, fixed_window, fixed_block);
  feed_plain (self, JXS_IBB_EVENT_AGREE);
}

void
jxs_ibb_stream_connect (JxsIbbStream *self)
{
  feed_plain (self, JXS_IBB_EVENT_CONNECT);
}

void
jxs_ibb_stream_close (JxsIbbStream *self)
{
  g_rc_box_acquire (self);
  feed_plain (self, JXS_IBB_EVENT_SHUT);
  look (self);
  stream_unref (self);
}

void
jxs_ibb_stream_fail (JxsIbbStream *self, const GError *error, gboolean quiet)
{
  self->orderly = error == NULL;
  if (self->error == NULL && error != NULL)
    self->error = g_error_copy (error);

  if (quiet)
    feed_plain (self, JXS_IBB_EVENT_ABORT);
  else
    feed_failure (self, JXS_IBB_FAILURE_ABORTED);
}

void
jxs_ibb_stream_get_stats (JxsIbbStream *self, JxsIbbStats *stats)
{
  *stats = (JxsIbbStats){
    .block_size = self->params.block_size,
    .window = jxs_ibb_pacer_get_window (&self->pacer),
    .current_block = jxs_ibb_pacer_get_block (&self->pacer),
    .in_flight = self->pacer.n_in_flight,
    .rtt_us = self->pacer.smooth_us,
    .bytes_sent = self->n_sent,
    .bytes_received = self->n_received,
  };
}

void
jxs_ibb_stream_set_fixed (JxsIbbStream *self, guint window, guint block_size)
{
  self->pacer.fixed_window = window;
  self->pacer.fixed_block = block_size;
}

void
jxs_ibb_stream_free (JxsIbbStream *self)
{
  self->stopped = TRUE;
  self->readable = FALSE;
  unlisten (self);
  g_cancellable_cancel (self->cancellable);
  clear_source (&self->retry_timer);
  clear_source (&self->close_timer);
  g_clear_pointer (&self->watch, jxs_ibb_watch_free);

  /* Nobody else would answer. */
  g_clear_pointer (&self->port, jxs_ibb_port_free);
  jxs_ibb_reply (self->router,
                 g_steal_pointer (&self->machine.close_request),
                 JXS_IBB_REPLY_RESULT);
  stream_unref (self);
}

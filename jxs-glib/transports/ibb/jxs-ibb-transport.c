/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-transport-private.h"

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-stream-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* The largest block we ask for: the recommendation of XEP-0047 §5. Our own sender stays below, and
 * larger ones in the single-file manner of other senders run into servers' Nagle delays. */
#define JXS_IBB_OFFER_BLOCK 4096

/* How long the peer's <open/> may take after our accept: stops half-made streams from piling up. */
#define JXS_IBB_OPEN_DEADLINE_MS 60000

struct _JxsIbbTransport
{
  JxsTransport parent_instance;

  GMainContext *context; /* (owned) */
  JxsIbbStream *stream;  /* (owned) (nullable): NULL after dispose */
  JxsIbbParams params;
  gboolean built;
  gboolean remote_set;
  gboolean closed;

  GIOStream *app_end;         /* (owned) (nullable): open, not handed out yet */
  GTask *connect_task;        /* (owned) (nullable) */
  GSource *connect_cancelled; /* (owned) (nullable) */
  GSource *open_timer;        /* (owned) (nullable) */
  GQueue close_tasks;         /* (owned) (element-type GTask) */
  GError *error;              /* (owned) (nullable): why the stream failed */
};

G_DEFINE_FINAL_TYPE (JxsIbbTransport, jxs_ibb_transport, JXS_TYPE_TRANSPORT)

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
return_connect (JxsIbbTransport *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->connect_task);

  clear_source (&self->connect_cancelled);
  clear_source (&self->open_timer);
  if (task == NULL)
    return;

  if (self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else if (self->app_end != NULL)
    g_task_return_pointer (task, g_steal_pointer (&self->app_end), g_object_unref);
  else
    g_task_return_new_error (task,
                             JXS_ERROR,
                             JXS_ERROR_CLOSED,
                             _ ("The in-band bytestream was closed"));
}

static void
stream_opened_cb (GIOStream *app_end, gpointer user_data)
{
  JxsIbbTransport *self = user_data;

  self->app_end = app_end;
  return_connect (self);
}

static void
stream_heard_cb (gpointer user_data)
{
  jxs_transport_heard (user_data);
}

static void
stream_failed_cb (const GError *error, gpointer user_data)
{
  JxsIbbTransport *self = user_data;

  if (self->error == NULL)
    self->error = g_error_copy (error);
  return_connect (self);
}

static void
stream_closed_cb (const GError *error, gpointer user_data)
{
  g_autoptr (JxsIbbTransport) self = g_object_ref (user_data);
  GTask *task;

  self->closed = TRUE;
  return_connect (self);
  while ((task = g_queue_pop_head (&self->close_tasks)) != NULL)
    {
      GSource *cancelled = g_task_get_task_data (task);

      if (cancelled != NULL)
        g_source_destroy (cancelled);
      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

/* Ends the waiting, not the closing. */
static gboolean
close_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsIbbTransport *self = g_task_get_source_object (task);

  g_queue_remove (&self->close_tasks, task);
  g_source_destroy (g_task_get_task_data (task));
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static JxsElement *
jxs_ibb_transport_build (JxsTransport *transport)
{
  JxsIbbTransport *self = JXS_IBB_TRANSPORT (transport);
  JxsElement *element;

  if (!self->built && !self->remote_set)
    {
      self->params.namespace_uri = g_strdup (jxs_transport_get_namespace (transport));
      self->params.block_size = JXS_IBB_OFFER_BLOCK;
      self->params.sid = jxs_random_id ();
      self->params.carrier = JXS_IBB_CARRIER_IQ;
      /* The sid is fresh: no other stream has it. */
      jxs_ibb_stream_listen (self->stream, self->params.sid);
    }

  element = jxs_ibb_params_build (&self->params, "transport");
  if (!self->built)
    {
      self->built = TRUE;
      if (self->remote_set)
        jxs_ibb_stream_agree (self->stream, &self->params);
    }

  return element;
}

/* The answer to our offer: the same stream, at most with smaller blocks (XEP-0261 §2.2). Some say
 * what they could take; the lower value holds. */
static gboolean
take_answer (JxsIbbTransport *self, const JxsIbbParams *answer, GError **error)
{
  if (!g_str_equal (answer->sid, self->params.sid))
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_BAD_REQUEST,
                           "The answer does not fit the offered in-band bytestream");
      return FALSE;
    }

  self->params.block_size = MIN (self->params.block_size, answer->block_size);
  self->params.carrier = answer->carrier;
  self->remote_set = TRUE;
  jxs_ibb_stream_agree (self->stream, &self->params);
  return TRUE;
}

/* A peer that wants to send messages (stanza='message') may: both carriers are received. What we
 * send goes in IQs all the same, as XEP-0047 §2.2 recommends to every sender: messages are not
 * acknowledged, so nothing would slow us down. */
static gboolean
take_offer (JxsIbbTransport *self, JxsIbbParams *offer, GError **error)
{
  if (!jxs_ibb_stream_listen (self->stream, offer->sid))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("The peer offered an in-band bytestream that it already has"));
      return FALSE;
    }

  self->params = *offer;
  *offer = (JxsIbbParams){ 0 };
  self->params.block_size = MIN (self->params.block_size, JXS_IBB_OFFER_BLOCK_LIMIT);
  self->remote_set = TRUE;
  return TRUE;
}

static gboolean
jxs_ibb_transport_set_remote (JxsTransport *transport, JxsElement *element, GError **error)
{
  JxsIbbTransport *self = JXS_IBB_TRANSPORT (transport);
  g_autoptr (JxsElement) named = NULL;
  g_auto (JxsIbbParams) params = { 0 };

  /* Some leave out what they answer to: there is one offer only. */
  if (self->built && !self->remote_set && jxs_element_get_attribute (element, "sid") == NULL)
    {
      element = named = jxs_element_copy (element);
      jxs_element_set_attribute (named, "sid", self->params.sid);
    }
  if (!jxs_ibb_params_parse (element, "transport", &params, error))
    return FALSE;

  if (self->remote_set)
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_UNEXPECTED_REQUEST,
                           "This transport is agreed already");
      return FALSE;
    }

  return self->built ? take_answer (self, &params, error) : take_offer (self, &params, error);
}

static gboolean
connect_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (JxsIbbTransport) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;

  clear_source (&self->connect_cancelled);
  g_cancellable_set_error_if_cancelled (cancellable, &error);
  jxs_ibb_stream_fail (self->stream, error, TRUE);
  return G_SOURCE_REMOVE;
}

static gboolean
open_timer_cb (gpointer user_data)
{
  g_autoptr (JxsIbbTransport) self = g_object_ref (user_data);
  g_autoptr (GError) error =
      g_error_new_literal (JXS_ERROR,
                           JXS_ERROR_TIMED_OUT,
                           _ ("The peer did not open the in-band bytestream in time"));

  clear_source (&self->open_timer);
  jxs_ibb_stream_fail (self->stream, error, TRUE);
  return G_SOURCE_REMOVE;
}

static void
jxs_ibb_transport_connect_async (JxsTransport *transport,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  JxsIbbTransport *self = JXS_IBB_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_ibb_transport_connect_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  self->connect_task = g_steal_pointer (&task);

  /* The peer was faster, or it is over already. */
  if (self->app_end != NULL || self->closed)
    {
      return_connect (self);
      return;
    }

  if (cancellable != NULL)
    {
      self->connect_cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (self->connect_cancelled, "[jxs] ibb connect cancelled");
      g_source_set_callback (self->connect_cancelled,
                             G_SOURCE_FUNC (connect_cancelled_cb),
                             self,
                             NULL);
      g_source_attach (self->connect_cancelled, self->context);
    }

  if (jxs_transport_is_initiator (transport))
    jxs_transport_count_round_trip (transport);
  else
    self->open_timer = jxs_clock_timeout_attach (
        JXS_IBB_OPEN_DEADLINE_MS, "[jxs] ibb open", self->context, open_timer_cb, self);

  jxs_ibb_stream_connect (self->stream);
}

static GIOStream *
jxs_ibb_transport_connect_finish (JxsTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_ibb_transport_connect_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Completes when what the application wrote before is acknowledged and the peer answered <close/>.
 * XEP-0047 has no way to end one direction alone: until then the peer's last bytes still arrive,
 * and an application that only closed its output just stops sending. */
static void
jxs_ibb_transport_close_async (JxsTransport *transport,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  JxsIbbTransport *self = JXS_IBB_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_ibb_transport_close_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  if (self->closed && self->error != NULL)
    {
      g_task_return_error (task, g_error_copy (self->error));
      return;
    }
  if (self->closed)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  if (cancellable != NULL)
    {
      GSource *cancelled = g_cancellable_source_new (cancellable);

      g_source_set_static_name (cancelled, "[jxs] ibb close cancelled");
      g_source_set_callback (cancelled, G_SOURCE_FUNC (close_cancelled_cb), task, NULL);
      g_source_attach (cancelled, self->context);
      g_task_set_task_data (task, cancelled, (GDestroyNotify) g_source_unref);
    }
  g_queue_push_tail (&self->close_tasks, g_steal_pointer (&task));
  jxs_ibb_stream_close (self->stream);
}

static gboolean
jxs_ibb_transport_close_finish (JxsTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_ibb_transport_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_ibb_transport_abort (JxsTransport *transport, const GError *error)
{
  jxs_ibb_stream_fail (JXS_IBB_TRANSPORT (transport)->stream, error, TRUE);
}

static void
jxs_ibb_transport_constructed (GObject *object)
{
  static const JxsIbbStreamFuncs funcs = {
    stream_opened_cb,
    stream_heard_cb,
    stream_failed_cb,
    stream_closed_cb,
  };
  JxsIbbTransport *self = JXS_IBB_TRANSPORT (object);
  JxsTransport *transport = JXS_TRANSPORT (object);

  G_OBJECT_CLASS (jxs_ibb_transport_parent_class)->constructed (object);

  self->stream = jxs_ibb_stream_new (jxs_transport_get_router (transport),
                                     jxs_transport_get_peer_jid (transport),
                                     jxs_transport_is_initiator (transport),
                                     &funcs,
                                     self);
}

static void
jxs_ibb_transport_dispose (GObject *object)
{
  JxsIbbTransport *self = JXS_IBB_TRANSPORT (object);

  clear_source (&self->connect_cancelled);
  clear_source (&self->open_timer);
  g_clear_pointer (&self->stream, jxs_ibb_stream_free);
  g_clear_object (&self->app_end);

  G_OBJECT_CLASS (jxs_ibb_transport_parent_class)->dispose (object);
}

static void
jxs_ibb_transport_finalize (GObject *object)
{
  JxsIbbTransport *self = JXS_IBB_TRANSPORT (object);

  jxs_ibb_params_clear (&self->params);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (jxs_ibb_transport_parent_class)->finalize (object);
}

static void
jxs_ibb_transport_class_init (JxsIbbTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  JxsTransportClass *transport_class = JXS_TRANSPORT_CLASS (klass);

  object_class->constructed = jxs_ibb_transport_constructed;
  object_class->dispose = jxs_ibb_transport_dispose;
  object_class->finalize = jxs_ibb_transport_finalize;

  transport_class->build = jxs_ibb_transport_build;
  transport_class->set_remote = jxs_ibb_transport_set_remote;
  transport_class->connect_async = jxs_ibb_transport_connect_async;
  transport_class->connect_finish = jxs_ibb_transport_connect_finish;
  transport_class->close_async = jxs_ibb_transport_close_async;
  transport_class->close_finish = jxs_ibb_transport_close_finish;
  transport_class->abort = jxs_ibb_transport_abort;
}

static void
jxs_ibb_transport_init (JxsIbbTransport *self)
{
  self->context = g_main_context_ref_thread_default ();
}

void
jxs_ibb_transport_get_stats (JxsIbbTransport *self, JxsIbbStats *stats)
{
  jxs_ibb_stream_get_stats (self->stream, stats);
}

void
jxs_ibb_transport_set_fixed (JxsIbbTransport *self, guint window, guint block_size)
{
  jxs_ibb_stream_set_fixed (self->stream, window, block_size);
}

static JxsTransport *
create (JxsRouter *router,
        JxsJid *peer,
        gboolean initiator,
        const char *namespace_uri,
        gpointer user_data)
{
  return g_object_new (JXS_TYPE_IBB_TRANSPORT,
                       "router",
                       router,
                       "peer-jid",
                       peer,
                       "initiator",
                       initiator,
                       "namespace",
                       namespace_uri,
                       NULL);
}

static const char *const namespaces[] = { JXS_NS_JINGLE_IBB, JXS_NS_JINGLE_IBB_0, NULL };

const JxsTransportFactory jxs_ibb_transport_factory = {
  .namespaces = namespaces,
  .preference = 0,
  .create = create,
};

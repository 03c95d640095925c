/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-source-private.h"

#include "jxs-socket-stream-private.h"

typedef struct
{
  GSource source;
  JxsTlsSession *session; /* (owned) */
  GObject *stream;        /* (owned) */
  GIOCondition condition;
  GMainContext *context; /* (owned) (nullable): once it was polled */
  GSource *below;        /* (unowned) (nullable): child: the source of base */
  GIOCondition below_condition;
} TlsSource;

GSource *
jxs_tls_source_new_below (JxsTlsSession *session, GIOCondition condition)
{
  GIOStream *base = jxs_tls_session_get_base (session);

  if (condition == G_IO_IN)
    return g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (
                                                      g_io_stream_get_input_stream (base)),
                                                  NULL);
  return g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (
                                                     g_io_stream_get_output_stream (base)),
                                                 NULL);
}

static void
add_child (GSource *source, GSource *child)
{
  g_source_set_dummy_callback (child);
  g_source_add_child_source (source, child);
  g_source_unref (child);
}

static void
wait_for (TlsSource *self, GIOCondition condition)
{
  GSource *source = (GSource *) self;

  if (self->below_condition == condition)
    return;
  self->below_condition = condition;
  if (self->below != NULL)
    g_source_remove_child_source (source, g_steal_pointer (&self->below));
  if (condition == 0)
    return;
  self->below = jxs_tls_source_new_below (self->session, condition);
  add_child (source, self->below);
}

static gboolean
tls_source_check (GSource *source)
{
  TlsSource *self = (TlsSource *) source;
  gboolean ready;

  if (self->context == NULL)
    {
      self->context = g_main_context_ref (g_source_get_context (source));
      jxs_tls_session_add_context (self->session, self->context);
    }
  return jxs_tls_session_poll (self->session, self->condition, &ready) != self->below_condition ||
         ready;
}

static gboolean
tls_source_prepare (GSource *source, int *timeout_ms)
{
  *timeout_ms = -1;
  return tls_source_check (source);
}

static gboolean
tls_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  TlsSource *self = (TlsSource *) source;
  GPollableSourceFunc func = (GPollableSourceFunc) (void (*) (void)) callback;
  gboolean ready;
  GIOCondition condition = jxs_tls_session_poll (self->session, self->condition, &ready);

  /* The handshake turned, or ended: something else is to be waited for now. */
  if (!ready && condition != self->below_condition)
    {
      wait_for (self, condition);
      return G_SOURCE_CONTINUE;
    }
  if (!func (self->stream, user_data))
    return G_SOURCE_REMOVE;
  return G_SOURCE_CONTINUE;
}

static void
tls_source_finalize (GSource *source)
{
  TlsSource *self = (TlsSource *) source;

  if (self->context != NULL)
    jxs_tls_session_remove_context (self->session, self->context);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->session, jxs_tls_session_unref);
  g_clear_object (&self->stream);
}

/* For g_source_set_closure(), as bindings use it. */
static gboolean
tls_source_closure_callback (GObject *stream, gpointer user_data)
{
  g_auto (GValue) param = G_VALUE_INIT;
  g_auto (GValue) result = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_init (&param, G_TYPE_OBJECT);
  g_value_set_object (&param, stream);
  g_closure_invoke (user_data, &result, 1, &param, NULL);
  return g_value_get_boolean (&result);
}

static GSourceFuncs tls_source_funcs = {
  .prepare = tls_source_prepare,
  .check = tls_source_check,
  .dispatch = tls_source_dispatch,
  .finalize = tls_source_finalize,
  .closure_callback = G_SOURCE_FUNC (tls_source_closure_callback),
  .closure_marshal = (GSourceDummyMarshal) g_cclosure_marshal_generic,
};

GSource *
jxs_tls_source_new (JxsTlsSession *session,
                    GObject *stream,
                    GIOCondition condition,
                    GCancellable *cancellable)
{
  GSource *source = g_source_new (&tls_source_funcs, sizeof (TlsSource));
  TlsSource *self = (TlsSource *) source;
  gboolean ready;

  g_source_set_static_name (source, "[jxs] TLS");
  self->session = jxs_tls_session_ref (session);
  self->stream = g_object_ref (stream);
  self->condition = condition;
  wait_for (self, jxs_tls_session_poll (session, condition, &ready));
  if (cancellable != NULL)
    add_child (source, g_cancellable_source_new (cancellable));
  return source;
}

gboolean
jxs_tls_source_is_ready (JxsTlsSession *session, GIOCondition condition)
{
  GIOStream *base = jxs_tls_session_get_base (session);
  gboolean ready;

  condition = jxs_tls_session_poll (session, condition, &ready);
  if (ready || condition == 0)
    return ready;
  if (condition == G_IO_IN)
    return g_pollable_input_stream_is_readable (
        G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (base)));
  return g_pollable_output_stream_is_writable (
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (base)));
}

static gboolean
ready_cb (GObject *stream, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

gboolean
jxs_tls_source_wait (JxsTlsSession *session,
                     GObject *stream,
                     GIOCondition condition,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = NULL;
  GIOStream *base = jxs_tls_session_get_base (session);
  gboolean ready = FALSE;

  /* A flight; no main loop may be running that would. Afterwards who writes sees to it: who reads
   * must not wait for the peer to do so too. */
  if (JXS_IS_SOCKET_STREAM (base) &&
      jxs_tls_session_get_state (session) != JXS_TLS_SESSION_HANDSHAKE)
    jxs_socket_stream_send_now (JXS_SOCKET_STREAM (base));
  else if (JXS_IS_SOCKET_STREAM (base) &&
           !jxs_socket_stream_send_all (JXS_SOCKET_STREAM (base), cancellable, error))
    return FALSE;
  source = jxs_tls_source_new (session, stream, condition, cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (ready_cb), &ready, NULL);
  g_source_attach (source, context);
  while (!ready)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (source);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

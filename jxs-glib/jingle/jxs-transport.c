/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-transport-private.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

typedef struct
{
  JxsRouter *router;      /* (owned) */
  JxsJid *peer;           /* (owned) */
  GListStore *candidates; /* (owned) (nullable) */
  char *namespace_uri;
  gboolean initiator;
  gint64 last_heard;
  guint round_trips;
} JxsTransportPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (JxsTransport, jxs_transport, G_TYPE_OBJECT)

enum
{
  PROP_ROUTER = 1,
  PROP_PEER_JID,
  PROP_INITIATOR,
  PROP_NAMESPACE,
  N_PROPS
};

enum
{
  SEND_INFO,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static gboolean
jxs_transport_real_handle_info (JxsTransport *self, JxsElement *transport, GError **error)
{
  g_set_error_literal (error,
                       JXS_STANZA_ERROR,
                       JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                       "This transport takes no transport-info");
  return FALSE;
}

static void
jxs_transport_real_close_async (JxsTransport *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_transport_real_close_async);
  g_task_return_boolean (task, TRUE);
}

static gboolean
jxs_transport_real_close_finish (JxsTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_transport_real_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_transport_real_abort (JxsTransport *self, const GError *error)
{
}

static void
jxs_transport_finalize (GObject *object)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (JXS_TRANSPORT (object));

  g_clear_object (&priv->router);
  g_clear_object (&priv->candidates);
  g_clear_pointer (&priv->peer, jxs_jid_unref);
  g_clear_pointer (&priv->namespace_uri, g_free);

  G_OBJECT_CLASS (jxs_transport_parent_class)->finalize (object);
}

static void
jxs_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (JXS_TRANSPORT (object));

  switch (id)
    {
    case PROP_ROUTER:
      g_value_set_object (value, priv->router);
      break;
    case PROP_PEER_JID:
      g_value_set_boxed (value, priv->peer);
      break;
    case PROP_INITIATOR:
      g_value_set_boolean (value, priv->initiator);
      break;
    case PROP_NAMESPACE:
      g_value_set_string (value, priv->namespace_uri);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_transport_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (JXS_TRANSPORT (object));

  switch (id)
    {
    case PROP_ROUTER:
      priv->router = g_value_dup_object (value);
      break;
    case PROP_PEER_JID:
      priv->peer = g_value_dup_boxed (value);
      break;
    case PROP_INITIATOR:
      priv->initiator = g_value_get_boolean (value);
      break;
    case PROP_NAMESPACE:
      priv->namespace_uri = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_transport_class_init (JxsTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = jxs_transport_finalize;
  object_class->get_property = jxs_transport_get_property;
  object_class->set_property = jxs_transport_set_property;

  klass->handle_info = jxs_transport_real_handle_info;
  klass->close_async = jxs_transport_real_close_async;
  klass->close_finish = jxs_transport_real_close_finish;
  klass->abort = jxs_transport_real_abort;

  props[PROP_ROUTER] = g_param_spec_object ("router", NULL, NULL, JXS_TYPE_ROUTER, flags);
  props[PROP_PEER_JID] = g_param_spec_boxed ("peer-jid", NULL, NULL, JXS_TYPE_JID, flags);
  props[PROP_INITIATOR] = g_param_spec_boolean ("initiator", NULL, NULL, FALSE, flags);
  props[PROP_NAMESPACE] = g_param_spec_string ("namespace", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[SEND_INFO] = g_signal_new ("send-info",
                                     JXS_TYPE_TRANSPORT,
                                     G_SIGNAL_RUN_LAST,
                                     0,
                                     NULL,
                                     NULL,
                                     NULL,
                                     G_TYPE_NONE,
                                     1,
                                     JXS_TYPE_ELEMENT);
}

static void
jxs_transport_init (JxsTransport *self)
{
}

JxsRouter *
jxs_transport_get_router (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  return priv->router;
}

JxsJid *
jxs_transport_get_peer_jid (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  return priv->peer;
}

gboolean
jxs_transport_is_initiator (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  return priv->initiator;
}

const char *
jxs_transport_get_namespace (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  return priv->namespace_uri;
}

JxsElement *
jxs_transport_build (JxsTransport *self)
{
  g_return_val_if_fail (JXS_IS_TRANSPORT (self), NULL);

  return JXS_TRANSPORT_GET_CLASS (self)->build (self);
}

gboolean
jxs_transport_set_remote (JxsTransport *self, JxsElement *transport, GError **error)
{
  g_return_val_if_fail (JXS_IS_TRANSPORT (self), FALSE);

  return JXS_TRANSPORT_GET_CLASS (self)->set_remote (self, transport, error);
}

gboolean
jxs_transport_handle_info (JxsTransport *self, JxsElement *transport, GError **error)
{
  g_return_val_if_fail (JXS_IS_TRANSPORT (self), FALSE);

  return JXS_TRANSPORT_GET_CLASS (self)->handle_info (self, transport, error);
}

void
jxs_transport_connect_async (JxsTransport *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (JXS_IS_TRANSPORT (self));

  JXS_TRANSPORT_GET_CLASS (self)->connect_async (self, cancellable, callback, user_data);
}

GIOStream *
jxs_transport_connect_finish (JxsTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (JXS_IS_TRANSPORT (self), NULL);

  return JXS_TRANSPORT_GET_CLASS (self)->connect_finish (self, result, error);
}

void
jxs_transport_close_async (JxsTransport *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (JXS_IS_TRANSPORT (self));

  JXS_TRANSPORT_GET_CLASS (self)->close_async (self, cancellable, callback, user_data);
}

gboolean
jxs_transport_close_finish (JxsTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (JXS_IS_TRANSPORT (self), FALSE);

  return JXS_TRANSPORT_GET_CLASS (self)->close_finish (self, result, error);
}

void
jxs_transport_abort (JxsTransport *self, const GError *error)
{
  g_return_if_fail (JXS_IS_TRANSPORT (self));

  JXS_TRANSPORT_GET_CLASS (self)->abort (self, error);
}

void
jxs_transport_send_info (JxsTransport *self, JxsElement *transport)
{
  g_return_if_fail (JXS_IS_TRANSPORT (self));

  g_signal_emit (self, signals[SEND_INFO], 0, transport);
}

void
jxs_transport_heard (JxsTransport *self)
{
  jxs_transport_heard_at (self, jxs_clock_now ());
}

void
jxs_transport_heard_at (JxsTransport *self, gint64 time_us)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  priv->last_heard = MAX (priv->last_heard, time_us);
}

gint64
jxs_transport_get_last_heard (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  if (JXS_TRANSPORT_GET_CLASS (self)->look_for_life != NULL)
    JXS_TRANSPORT_GET_CLASS (self)->look_for_life (self);

  return priv->last_heard;
}

void
jxs_transport_count_round_trip (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  priv->round_trips++;
}

guint
jxs_transport_get_round_trips (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  return priv->round_trips;
}

void
jxs_transport_set_candidates (JxsTransport *self, GListStore *store)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  g_set_object (&priv->candidates, store);
}

void
jxs_transport_add_candidate (JxsTransport *self, JxsCandidate *candidate)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);

  if (priv->candidates != NULL)
    g_list_store_append (priv->candidates, candidate);
}

guint
jxs_transport_count_remote_candidates (JxsTransport *self)
{
  JxsTransportPrivate *priv = jxs_transport_get_instance_private (self);
  guint n = 0;

  if (priv->candidates == NULL)
    return 0;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (priv->candidates)); i++)
    {
      g_autoptr (JxsCandidate) candidate =
          g_list_model_get_item (G_LIST_MODEL (priv->candidates), i);

      n += !jxs_candidate_is_local (candidate);
    }

  return n;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-security-private.h>

#include <jxs-glib/base/jxs-error.h>

typedef struct
{
  JxsJid *local; /* (owned) */
  JxsJid *peer;  /* (owned) */
  gboolean initiator;
  JxsTrace *trace; /* (owned) (nullable) */
} JxsSecurityPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (JxsSecurity, jxs_security, G_TYPE_OBJECT)

enum
{
  PROP_LOCAL_JID = 1,
  PROP_PEER_JID,
  PROP_INITIATOR,
  PROP_TRACE,
  N_PROPS
};

enum
{
  SEND_INFO,
  ASKING,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static gboolean
jxs_security_real_handle_info (JxsSecurity *self, JxsElement *security, GError **error)
{
  g_set_error_literal (error,
                       JXS_STANZA_ERROR,
                       JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                       "This security precondition takes no security-info");
  return FALSE;
}

static void
jxs_security_finalize (GObject *object)
{
  JxsSecurityPrivate *priv = jxs_security_get_instance_private (JXS_SECURITY (object));

  g_clear_pointer (&priv->local, jxs_jid_unref);
  g_clear_pointer (&priv->peer, jxs_jid_unref);
  g_clear_pointer (&priv->trace, jxs_trace_unref);

  G_OBJECT_CLASS (jxs_security_parent_class)->finalize (object);
}

static void
jxs_security_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsSecurityPrivate *priv = jxs_security_get_instance_private (JXS_SECURITY (object));

  switch (id)
    {
    case PROP_LOCAL_JID:
      g_value_set_boxed (value, priv->local);
      break;
    case PROP_PEER_JID:
      g_value_set_boxed (value, priv->peer);
      break;
    case PROP_INITIATOR:
      g_value_set_boolean (value, priv->initiator);
      break;
    case PROP_TRACE:
      g_value_set_pointer (value, priv->trace);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_security_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsSecurityPrivate *priv = jxs_security_get_instance_private (JXS_SECURITY (object));

  switch (id)
    {
    case PROP_LOCAL_JID:
      priv->local = g_value_dup_boxed (value);
      break;
    case PROP_PEER_JID:
      priv->peer = g_value_dup_boxed (value);
      break;
    case PROP_INITIATOR:
      priv->initiator = g_value_get_boolean (value);
      break;
    case PROP_TRACE:
      if (g_value_get_pointer (value) != NULL)
        priv->trace = jxs_trace_ref (g_value_get_pointer (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_security_class_init (JxsSecurityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = jxs_security_finalize;
  object_class->get_property = jxs_security_get_property;
  object_class->set_property = jxs_security_set_property;

  klass->handle_info = jxs_security_real_handle_info;

  props[PROP_LOCAL_JID] = g_param_spec_boxed ("local-jid", NULL, NULL, JXS_TYPE_JID, flags);
  props[PROP_PEER_JID] = g_param_spec_boxed ("peer-jid", NULL, NULL, JXS_TYPE_JID, flags);
  props[PROP_INITIATOR] = g_param_spec_boolean ("initiator", NULL, NULL, FALSE, flags);
  /* A JxsTrace, which has no GType. */
  props[PROP_TRACE] = g_param_spec_pointer ("trace", NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[ASKING] = g_signal_new ("asking",
                                  JXS_TYPE_SECURITY,
                                  G_SIGNAL_RUN_LAST,
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  G_TYPE_NONE,
                                  1,
                                  G_TYPE_BOOLEAN);
  signals[SEND_INFO] = g_signal_new ("send-info",
                                     JXS_TYPE_SECURITY,
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
jxs_security_init (JxsSecurity *self)
{
}

JxsJid *
jxs_security_get_local_jid (JxsSecurity *self)
{
  JxsSecurityPrivate *priv = jxs_security_get_instance_private (self);

  return priv->local;
}

JxsJid *
jxs_security_get_peer_jid (JxsSecurity *self)
{
  JxsSecurityPrivate *priv = jxs_security_get_instance_private (self);

  return priv->peer;
}

gboolean
jxs_security_is_initiator (JxsSecurity *self)
{
  JxsSecurityPrivate *priv = jxs_security_get_instance_private (self);

  return priv->initiator;
}

JxsTrace *
jxs_security_get_trace (JxsSecurity *self)
{
  JxsSecurityPrivate *priv = jxs_security_get_instance_private (self);

  return priv->trace;
}

JxsElement *
jxs_security_build (JxsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_SECURITY (self), NULL);

  return JXS_SECURITY_GET_CLASS (self)->build (self);
}

gboolean
jxs_security_set_remote (JxsSecurity *self, JxsElement *security, GError **error)
{
  g_return_val_if_fail (JXS_IS_SECURITY (self), FALSE);

  return JXS_SECURITY_GET_CLASS (self)->set_remote (self, security, error);
}

gboolean
jxs_security_handle_info (JxsSecurity *self, JxsElement *security, GError **error)
{
  g_return_val_if_fail (JXS_IS_SECURITY (self), FALSE);

  return JXS_SECURITY_GET_CLASS (self)->handle_info (self, security, error);
}

void
jxs_security_secure_async (JxsSecurity *self,
                           GIOStream *base,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (JXS_IS_SECURITY (self));

  JXS_SECURITY_GET_CLASS (self)->secure_async (self, base, cancellable, callback, user_data);
}

GIOStream *
jxs_security_secure_finish (JxsSecurity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (JXS_IS_SECURITY (self), NULL);

  return JXS_SECURITY_GET_CLASS (self)->secure_finish (self, result, error);
}

gboolean
jxs_security_error_is_refusal (const GError *error)
{
  return g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY) ||
         g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED) ||
         g_error_matches (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION) ||
         (error->domain == G_TLS_ERROR && error->code != G_TLS_ERROR_EOF);
}

void
jxs_security_send_info (JxsSecurity *self, JxsElement *security)
{
  g_return_if_fail (JXS_IS_SECURITY (self));

  g_signal_emit (self, signals[SEND_INFO], 0, security);
}

void
jxs_security_set_asking (JxsSecurity *self, gboolean asking)
{
  g_return_if_fail (JXS_IS_SECURITY (self));

  g_signal_emit (self, signals[ASKING], 0, asking);
}

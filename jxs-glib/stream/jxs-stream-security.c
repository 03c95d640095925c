/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-security-private.h>

G_DEFINE_ABSTRACT_TYPE (JxsStreamSecurity, jxs_stream_security, G_TYPE_OBJECT)

static void
jxs_stream_security_class_init (JxsStreamSecurityClass *klass)
{
}

static void
jxs_stream_security_init (JxsStreamSecurity *self)
{
}

gboolean
jxs_stream_security_needs_tls (JxsStreamSecurity *self)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), TRUE);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->needs_tls (self);
}

gboolean
jxs_stream_security_demands_password (JxsStreamSecurity *self)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), FALSE);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->demands_password (self);
}

JxsElement *
jxs_stream_security_build_offer (JxsStreamSecurity *self)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), NULL);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->build_offer (self);
}

gboolean
jxs_stream_security_set_offer (JxsStreamSecurity *self, JxsElement *offer, GError **error)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), FALSE);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->set_offer (self, offer, error);
}

void
jxs_stream_security_secure_async (JxsStreamSecurity *self,
                                  GIOStream *base,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (JXS_IS_STREAM_SECURITY (self));
  g_return_if_fail (G_IS_IO_STREAM (base));

  JXS_STREAM_SECURITY_GET_CLASS (self)->secure_async (self, base, cancellable, callback, user_data);
}

GTlsConnection *
jxs_stream_security_secure_finish (JxsStreamSecurity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), NULL);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->secure_finish (self, result, error);
}

const char *
jxs_stream_security_get_mechanism (JxsStreamSecurity *self)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), NULL);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->get_mechanism (self);
}

JxsSaslExchange *
jxs_stream_security_start_sasl (JxsStreamSecurity *self, gboolean initiator, GError **error)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), NULL);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->start_sasl (self, initiator, error);
}

gboolean
jxs_stream_security_authorize (JxsStreamSecurity *self, const char *authzid)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), FALSE);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->authorize (self, authzid);
}

void
jxs_stream_security_confirm_async (JxsStreamSecurity *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_return_if_fail (JXS_IS_STREAM_SECURITY (self));

  JXS_STREAM_SECURITY_GET_CLASS (self)->confirm_async (self, cancellable, callback, user_data);
}

gboolean
jxs_stream_security_confirm_finish (JxsStreamSecurity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (JXS_IS_STREAM_SECURITY (self), FALSE);

  return JXS_STREAM_SECURITY_GET_CLASS (self)->confirm_finish (self, result, error);
}

void
jxs_stream_security_get_facts (JxsStreamSecurity *self, JxsStreamSecurityFacts *facts)
{
  g_return_if_fail (JXS_IS_STREAM_SECURITY (self));

  JXS_STREAM_SECURITY_GET_CLASS (self)->get_facts (self, facts);
}

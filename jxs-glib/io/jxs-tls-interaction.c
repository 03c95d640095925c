/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-interaction-private.h"

struct _JxsTlsInteraction
{
  GTlsInteraction parent_instance;

  GTlsCertificate *certificate; /* (owned) */
  gboolean was_asked;
};

G_DEFINE_FINAL_TYPE (JxsTlsInteraction, jxs_tls_interaction, G_TYPE_TLS_INTERACTION)

/* The thread of the handshake waits meanwhile. */
static GTlsInteractionResult
jxs_tls_interaction_request_certificate (GTlsInteraction *interaction,
                                         GTlsConnection *connection,
                                         GTlsCertificateRequestFlags flags,
                                         GCancellable *cancellable,
                                         GError **error)
{
  JxsTlsInteraction *self = JXS_TLS_INTERACTION (interaction);

  self->was_asked = TRUE;
  g_tls_connection_set_certificate (connection, self->certificate);
  return G_TLS_INTERACTION_HANDLED;
}

static void
jxs_tls_interaction_finalize (GObject *object)
{
  JxsTlsInteraction *self = JXS_TLS_INTERACTION (object);

  g_clear_object (&self->certificate);

  G_OBJECT_CLASS (jxs_tls_interaction_parent_class)->finalize (object);
}

static void
jxs_tls_interaction_class_init (JxsTlsInteractionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = jxs_tls_interaction_finalize;
  G_TLS_INTERACTION_CLASS (klass)->request_certificate = jxs_tls_interaction_request_certificate;
}

static void
jxs_tls_interaction_init (JxsTlsInteraction *self)
{
}

JxsTlsInteraction *
jxs_tls_interaction_new (GTlsCertificate *certificate)
{
  JxsTlsInteraction *self = g_object_new (JXS_TYPE_TLS_INTERACTION, NULL);

  self->certificate = g_object_ref (certificate);
  return self;
}

gboolean
jxs_tls_interaction_was_asked (JxsTlsInteraction *self)
{
  g_return_val_if_fail (JXS_IS_TLS_INTERACTION (self), FALSE);

  return self->was_asked;
}

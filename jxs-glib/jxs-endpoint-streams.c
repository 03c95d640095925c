/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-inner-channel-private.h>
#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-key-exchange-private.h>
#include <jxs-glib/security/jxs-verifier-private.h>
#include <jxs-glib/stream/jxs-xml-stream-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

enum
{
  VERIFICATION,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const char *const namespaces[] = { JXS_NS_VERIFICATION, JXS_NS_TMP_PUBKEY, NULL };

/* Of one stream, which owns it. */
typedef struct
{
  GWeakRef endpoint;
  GMainContext *context;     /* (owned) */
  JxsXmlStream *stream;      /* unowned (nullable): NULL when it goes away */
  JxsConnection *connection; /* unowned: the stream owns it */
  JxsTrust *trust;           /* (owned) (nullable) */
  JxsTrace *trace;           /* (owned) */
  JxsInnerChannel *channel;  /* (owned) */
  JxsVerifier *verifier;     /* (owned) */
  JxsKeyExchange *keys;      /* (owned) */
} Attendant;

static G_DEFINE_QUARK (jxs_endpoint_attendant, attendant);

/* ---- verification ---- */

static gboolean
offered_cb (JxsVerification *verification, gpointer user_data)
{
  Attendant *attendant = user_data;
  g_autoptr (JxsEndpoint) endpoint = g_weak_ref_get (&attendant->endpoint);

  if (endpoint == NULL || !g_signal_has_handler_pending (endpoint, signals[VERIFICATION], 0, FALSE))
    return FALSE;
  g_signal_emit (endpoint, signals[VERIFICATION], 0, verification);
  return TRUE;
}

/* Any of what is told here may run code of the application's, which may drop the stream and with it
 * the attendant. */
static void
set_level (Attendant *attendant, JxsTrustLevel level)
{
  g_autoptr (JxsConnection) connection = g_object_ref (attendant->connection);
  g_autoptr (JxsKeyExchange) keys = g_object_ref (attendant->keys);
  g_autoptr (JxsTrace) trace = jxs_trace_ref (attendant->trace);
  GTlsConnection *tls = jxs_connection_get_tls_connection (connection);
  JxsJid *peer = jxs_connection_get_peer_jid (connection);

  jxs_trust_learn (attendant->trust,
                   peer,
                   g_tls_connection_get_peer_certificate (tls),
                   level,
                   JXS_TRUST_ORIGIN_SHORT_STRING,
                   NULL);
  jxs_key_exchange_set_level (keys, level);
  jxs_connection_set_trust (connection, level, JXS_TRUST_ORIGIN_SHORT_STRING);
  jxs_trace_emit (trace,
                  "security",
                  level == JXS_TRUST_LEVEL_VERIFIED ? "verified" : "rejected",
                  "s:peer",
                  jxs_jid_to_string (peer),
                  NULL);
}

static void
verified_cb (gpointer user_data)
{
  set_level (user_data, JXS_TRUST_LEVEL_VERIFIED);
}

static void
rejected_cb (gpointer user_data)
{
  Attendant *attendant = user_data;

  /* Nobody in the middle has a key that a person verified; authorities are fooled. */
  if (jxs_connection_get_trust_level (attendant->connection) < JXS_TRUST_LEVEL_VERIFIED ||
      jxs_connection_get_trust_origin (attendant->connection) == JXS_TRUST_ORIGIN_AUTHORITY)
    set_level (attendant, JXS_TRUST_LEVEL_UNKNOWN);
}

static void
end_stream_cb (const GError *error, gpointer user_data)
{
  g_autoptr (JxsXmlStream) stream = g_object_ref (((Attendant *) user_data)->stream);

  jxs_xml_stream_fail (stream, error);
}

static const JxsVerifierFuncs verifier_funcs = {
  offered_cb,
  verified_cb,
  rejected_cb,
  end_stream_cb,
};

static void
get_digest (GTlsCertificate *certificate, guint8 *digest)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GByteArray) der = NULL;
  gsize length = JXS_SAS_SIZE;

  g_object_get (certificate, "certificate", &der, NULL);
  g_checksum_update (checksum, der->data, der->len);
  g_checksum_get_digest (checksum, digest, &length);
}

/* What ties a verification to the encryption of the stream: TLS 1.3 with certificates on both
 * sides. FALSE: there is no such thing. */
static gboolean
bind_to_tls (JxsConnection *connection, JxsXmlStream *stream, JxsSasBinding *binding)
{
  GTlsConnection *tls = jxs_connection_get_tls_connection (connection);
  const gboolean initiator = jxs_session_is_initiator (jxs_connection_get_session (connection));
  const JxsSasSide side = initiator ? JXS_SAS_INITIATOR : JXS_SAS_RESPONDER;
  g_autoptr (JxsJid) local = jxs_jid_to_bare (jxs_xml_stream_get_local_jid (stream));
  g_autoptr (JxsJid) peer = jxs_jid_to_bare (jxs_xml_stream_get_peer_jid (stream));
  g_autoptr (GBytes) secret = NULL;

  if (tls == NULL ||
      g_tls_connection_get_protocol_version (tls) != G_TLS_PROTOCOL_VERSION_TLS_1_3 ||
      g_tls_connection_get_certificate (tls) == NULL ||
      g_tls_connection_get_peer_certificate (tls) == NULL)
    return FALSE;
  secret = jxs_tls_export (tls, JXS_SAS_EXPORTER_LABEL, NULL, JXS_SAS_SIZE, NULL);
  if (secret == NULL)
    return FALSE;
  memcpy (binding->secret, g_bytes_get_data (secret, NULL), JXS_SAS_SIZE);
  get_digest (g_tls_connection_get_certificate (tls), binding->fingerprints[side]);
  get_digest (g_tls_connection_get_peer_certificate (tls), binding->fingerprints[!side]);
  binding->addresses[side] = g_strdup (jxs_jid_to_string (local));
  binding->addresses[!side] = g_strdup (jxs_jid_to_string (peer));
  return TRUE;
}

/* ---- life ---- */

static void
end (Attendant *attendant, const GError *error)
{
  g_autoptr (JxsInnerChannel) channel = g_object_ref (attendant->channel);
  g_autoptr (JxsVerifier) verifier = g_object_ref (attendant->verifier);

  jxs_key_exchange_close (attendant->keys);
  /* This may run code of the application's. */
  jxs_verifier_close (verifier, error);
  jxs_inner_channel_detach (channel);
}

static void
attendant_free (gpointer data)
{
  Attendant *attendant = data;

  g_weak_ref_clear (&attendant->endpoint);
  g_clear_pointer (&attendant->context, g_main_context_unref);
  g_clear_object (&attendant->trust);
  g_clear_pointer (&attendant->trace, jxs_trace_unref);
  g_clear_object (&attendant->channel);
  g_clear_object (&attendant->verifier);
  g_clear_object (&attendant->keys);
  g_free (attendant);
}

static gboolean
end_cb (gpointer data)
{
  end (data, NULL);
  return G_SOURCE_REMOVE;
}

/* The stream is dropped: whoever watches a verification hears of it from the main loop, as a
 * garbage collector does not let the application's code run. */
static void
attendant_release (gpointer data)
{
  Attendant *attendant = data;

  attendant->stream = NULL;
  attendant->connection = NULL;
  jxs_verifier_abandon (attendant->verifier);
  if (jxs_verifier_is_busy (attendant->verifier))
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_static_name (source, "[jxs] stream dropped");
      g_source_set_callback (source, end_cb, attendant, attendant_free);
      g_source_attach (source, attendant->context);
      return;
    }
  end (attendant, NULL);
  attendant_free (attendant);
}

static void
closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  end (user_data, error);
}

void
jxs_endpoint_install_streams (GObjectClass *object_class)
{
  /**
   * JxsEndpoint::verification:
   * @self: the endpoint
   * @verification: what the peer began
   *
   * A peer's person wants to compare a short string with ours, to make sure that a stream leads to
   * the right one: show it when it is there. While no handler is connected the peer is told that
   * nobody is here.
   *
   * Since: 1.0
   */
  signals[VERIFICATION] = g_signal_new ("verification",
                                        G_OBJECT_CLASS_TYPE (object_class),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        1,
                                        JXS_TYPE_VERIFICATION);
}

void
jxs_endpoint_start_streams (JxsEndpoint *self)
{
  self->pubkeys_handler = jxs_key_exchange_refuse (self->router);
}

void
jxs_endpoint_stop_streams (JxsEndpoint *self)
{
  if (self->router != NULL)
    jxs_router_remove_handler (self->router, self->pubkeys_handler);
}

void
jxs_endpoint_attend_stream (JxsEndpoint *self, JxsXmlStream *stream, JxsConnection *connection)
{
  Attendant *attendant = g_new0 (Attendant, 1);
  GTlsConnection *tls = jxs_connection_get_tls_connection (connection);
  const gboolean initiator = jxs_session_is_initiator (jxs_connection_get_session (connection));
  g_autoptr (JxsRouter) router = NULL;
  g_auto (JxsSasBinding) binding = { 0 };

  g_weak_ref_init (&attendant->endpoint, self);
  attendant->context = g_main_context_ref_thread_default ();
  attendant->stream = stream;
  attendant->connection = connection;
  g_set_object (&attendant->trust, self->trust);
  attendant->trace = jxs_trace_ref (self->trace);
  attendant->channel = jxs_inner_channel_new (stream, namespaces);
  router = jxs_router_get (JXS_CHANNEL (attendant->channel));
  attendant->verifier =
      jxs_verifier_new (router,
                        stream,
                        initiator ? JXS_SAS_INITIATOR : JXS_SAS_RESPONDER,
                        bind_to_tls (connection, stream, &binding) ? &binding : NULL,
                        &verifier_funcs,
                        attendant);
  if (tls != NULL && self->identity != NULL && self->trust != NULL)
    {
      const JxsKeyExchangeParams params = {
        .identity = self->identity,
        .trust = self->trust,
        .peer_certificate = g_tls_connection_get_peer_certificate (tls),
        .level = jxs_connection_get_trust_level (connection),
        .origin = jxs_connection_get_trust_origin (connection),
      };

      attendant->keys =
          jxs_key_exchange_new (router, jxs_xml_stream_get_peer_jid (stream), &params);
    }
  else
    attendant->keys = jxs_key_exchange_new (router, jxs_xml_stream_get_peer_jid (stream), NULL);
  g_signal_connect (stream, "closed", G_CALLBACK (closed_cb), attendant);
  g_object_set_qdata_full (G_OBJECT (stream), attendant_quark (), attendant, attendant_release);
  jxs_key_exchange_start (attendant->keys);
}

/**
 * jxs_endpoint_verify_stream:
 * @self: an endpoint
 * @stream: an open stream of this endpoint
 * @error: return location for an error
 *
 * Begins to verify the peer of @stream: both persons get the same short string to compare. Call it
 * when our person asks for it.
 *
 * When both sides begin at the same moment it is one verification for both: the begin of who opened
 * @stream counts, and the object of the other one goes on with it.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if @stream is none of this endpoint's, %JXS_ERROR_CLOSED
 * if it is not open any more, %JXS_ERROR_NOT_SUPPORTED if it is not encrypted with a certificate on
 * both sides (after a password there is nothing left to verify), %JXS_ERROR_BUSY if a verification
 * runs on it, %JXS_ERROR_LIMIT after three on @stream.
 *
 * Returns: (transfer full): the verification
 *
 * Since: 1.0
 */
JxsVerification *
jxs_endpoint_verify_stream (JxsEndpoint *self, JxsXmlStream *stream, GError **error)
{
  g_autoptr (JxsEndpoint) endpoint = NULL;
  Attendant *attendant;

  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (JXS_IS_XML_STREAM (stream), NULL);

  attendant = g_object_get_qdata (G_OBJECT (stream), attendant_quark ());
  if (attendant != NULL)
    endpoint = g_weak_ref_get (&attendant->endpoint);
  if (endpoint != self)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           _ ("The stream is none of this endpoint's"));
      return NULL;
    }
  return jxs_verifier_begin (attendant->verifier, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-connection-private.h"

#include "jxs-tls-source-private.h"
#include "jxs-tls-status-private.h"
#include "jxs-tls-streams-private.h"

#include <glib/gi18n-lib.h>

struct _JxsTlsConnection
{
  GTlsConnection parent_instance;

  JxsTlsSession *session; /* (owned) */
  GInputStream *input;    /* (owned) */
  GOutputStream *output;  /* (owned) */

  JxsTlsRole role;
  gboolean pin;
  GSocketConnectable *identity; /* (owned) (nullable) */
  GTlsDatabase *database;       /* (owned) (nullable) */
  GTlsCertificate *certificate; /* (owned) (nullable) */
  GTlsInteraction *interaction; /* (owned) (nullable) */
  GStrv protocols;              /* (owned) (nullable) */
  GTlsCertificate *peer;        /* (owned) (nullable): once the handshake is done */
  GTlsCertificateFlags peer_errors;
  gboolean require_close_notify;
  gboolean dropped;
};

enum
{
  PROP_0,
  PROP_BASE_IO_STREAM,
  PROP_REQUIRE_CLOSE_NOTIFY,
  PROP_REHANDSHAKE_MODE,
  PROP_USE_SYSTEM_CERTDB,
  PROP_DATABASE,
  PROP_INTERACTION,
  PROP_CERTIFICATE,
  PROP_PEER_CERTIFICATE,
  PROP_PEER_CERTIFICATE_ERRORS,
  PROP_ADVERTISED_PROTOCOLS,
  PROP_NEGOTIATED_PROTOCOL,
  PROP_PROTOCOL_VERSION,
  PROP_CIPHERSUITE_NAME,
};

G_DEFINE_FINAL_TYPE (JxsTlsConnection, jxs_tls_connection, G_TYPE_TLS_CONNECTION)

/* The peer's certificate */

static gboolean
accept_peer (JxsTlsConnection *self,
             GTlsCertificate *peer,
             GTlsCertificateFlags errors,
             GError **error)
{
  self->peer_errors = errors;
  if (errors == 0 ||
      g_tls_connection_emit_accept_certificate (G_TLS_CONNECTION (self), peer, errors))
    return TRUE;
  g_set_error_literal (error,
                       G_TLS_ERROR,
                       G_TLS_ERROR_BAD_CERTIFICATE,
                       _ ("The certificate of the peer is not accepted"));
  return FALSE;
}

static gboolean
judge_cb (GTlsCertificate *peer, gpointer owner, GError **error)
{
  JxsTlsConnection *self = owner;

  return !self->pin || accept_peer (self, peer, G_TLS_CERTIFICATE_UNKNOWN_CA, error);
}

/* What a thread needs to verify a chain. */
typedef struct
{
  GTlsCertificate *peer;        /* (owned) */
  GBytes *status;               /* (owned) (nullable) */
  GTlsDatabase *database;       /* (owned) (nullable): NULL for the system's */
  GSocketConnectable *identity; /* (owned) (nullable) */
  GTlsInteraction *interaction; /* (owned) (nullable) */
  gboolean is_client;
} Check;

static Check *
check_new (JxsTlsConnection *self)
{
  Check *check = g_new0 (Check, 1);

  check->peer = jxs_tls_session_dup_peer (self->session);
  check->status = jxs_tls_session_dup_peer_status (self->session);
  g_set_object (&check->database, self->database);
  g_set_object (&check->identity, self->identity);
  g_set_object (&check->interaction, self->interaction);
  check->is_client = self->role == JXS_TLS_CLIENT;
  return check;
}

static void
check_free (Check *check)
{
  g_clear_object (&check->peer);
  g_clear_pointer (&check->status, g_bytes_unref);
  g_clear_object (&check->database);
  g_clear_object (&check->identity);
  g_clear_object (&check->interaction);
  g_free (check);
}

/* Loading the system's authorities takes longer than a handshake. */
static GTlsCertificateFlags
check_run (Check *check, GCancellable *cancellable, GError **error)
{
  GTlsCertificateFlags flags;

  if (check->database == NULL)
    check->database = g_tls_backend_get_default_database (g_tls_backend_get_default ());
  flags =
      g_tls_database_verify_chain (check->database,
                                   check->peer,
                                   check->is_client ? G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER
                                                    : G_TLS_DATABASE_PURPOSE_AUTHENTICATE_CLIENT,
                                   check->identity,
                                   check->interaction,
                                   G_TLS_DATABASE_VERIFY_NONE,
                                   cancellable,
                                   error);
  if (!check->is_client)
    return flags;
  /* Any authority's word for any name proves nothing. */
  if (check->identity == NULL)
    flags |= G_TLS_CERTIFICATE_BAD_IDENTITY;
  return flags | jxs_tls_status_check (check->peer, check->status, check->database, cancellable);
}

static int
get_alert (GTlsCertificateFlags errors)
{
  if ((errors & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
    return GNUTLS_A_CERTIFICATE_UNKNOWN;
  if ((errors & G_TLS_CERTIFICATE_REVOKED) != 0)
    return GNUTLS_A_CERTIFICATE_REVOKED;
  if ((errors & (G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_NOT_ACTIVATED)) != 0)
    return GNUTLS_A_CERTIFICATE_EXPIRED;
  if ((errors & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    return GNUTLS_A_UNKNOWN_CA;
  return GNUTLS_A_BAD_CERTIFICATE;
}

/* problem: (transfer full) (nullable): why it could not be verified at all */
static gboolean
conclude_check (JxsTlsConnection *self,
                GTlsCertificateFlags errors,
                GError *problem,
                GError **error)
{
  g_autoptr (GTlsCertificate) peer = jxs_tls_session_dup_peer (self->session);
  g_autoptr (GError) refused = problem;

  if (refused == NULL)
    accept_peer (self, peer, errors, &refused);
  jxs_tls_session_checked (self->session,
                           refused,
                           problem != NULL ? GNUTLS_A_INTERNAL_ERROR : get_alert (errors));
  if (refused == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refused));
  return FALSE;
}

/* Reading, writing or a synchronous handshake came so far. */
static gboolean
check_now (JxsTlsConnection *self, GCancellable *cancellable, GError **error)
{
  GTlsCertificateFlags errors;
  GError *problem = NULL;
  Check *check;

  check = check_new (self);
  errors = check_run (check, cancellable, &problem);
  check_free (check);
  return conclude_check (self, errors, problem, error);
}

static gboolean
check_cb (gpointer owner, GError **error)
{
  return check_now (owner, NULL, error);
}

static const JxsTlsSessionOwner owner_vtable = { judge_cb, check_cb };

/* The handshake */

static void
handshake_done (JxsTlsConnection *self)
{
  g_clear_object (&self->peer);
  self->peer = jxs_tls_session_dup_peer (self->session);
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify (G_OBJECT (self), "peer-certificate");
  g_object_notify (G_OBJECT (self), "peer-certificate-errors");
  g_object_notify (G_OBJECT (self), "negotiated-protocol");
  g_object_notify (G_OBJECT (self), "protocol-version");
  g_object_notify (G_OBJECT (self), "ciphersuite-name");
  g_object_thaw_notify (G_OBJECT (self));
}

static gboolean
jxs_tls_connection_handshake (GTlsConnection *connection, GCancellable *cancellable, GError **error)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (connection);

  if (!jxs_tls_session_check_free (self->session, error))
    return FALSE;
  for (;;)
    {
      g_autoptr (GError) local_error = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (jxs_tls_session_step (self->session, &local_error))
        break;
      if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (!jxs_tls_source_wait (
              self->session, G_OBJECT (self), JXS_TLS_HANDSHAKE, cancellable, error))
        return FALSE;
    }
  if (jxs_tls_session_get_state (self->session) == JXS_TLS_SESSION_CHECK &&
      !check_now (self, cancellable, error))
    return FALSE;
  handshake_done (self);
  return TRUE;
}

static void
check_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  GTlsCertificateFlags errors = check_run (task_data, cancellable, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, errors);
}

/* error: (transfer full) (nullable) */
static void
return_handshake (GTask *task, GError *error)
{
  JxsTlsConnection *self = g_task_get_source_object (task);

  jxs_tls_session_set_driven (self->session, FALSE);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  handshake_done (self);
  g_task_return_boolean (task, TRUE);
}

static void
checked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *problem = NULL;
  GError *error = NULL;
  GTlsCertificateFlags errors = g_task_propagate_int (G_TASK (result), &problem);

  conclude_check (JXS_TLS_CONNECTION (object), problem == NULL ? errors : 0, problem, &error);
  return_handshake (task, error);
}

static void
start_check (GTask *task)
{
  JxsTlsConnection *self = g_task_get_source_object (task);
  g_autoptr (GTask) check =
      g_task_new (self, g_task_get_cancellable (task), checked_cb, g_object_ref (task));

  g_task_set_source_tag (check, start_check);
  g_task_set_priority (check, g_task_get_priority (task));
  g_task_set_task_data (check, check_new (self), (GDestroyNotify) check_free);
  g_task_set_return_on_cancel (check, TRUE); /* who knows what the database waits for */
  g_task_run_in_thread (check, check_thread);
}

/* FALSE: once more when base is ready. */
static gboolean
try_handshake (GTask *task)
{
  JxsTlsConnection *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error) &&
      !jxs_tls_session_step (self->session, &error) &&
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_error_free (error);
      return FALSE;
    }
  if (error == NULL && jxs_tls_session_get_state (self->session) == JXS_TLS_SESSION_CHECK)
    start_check (task);
  else
    return_handshake (task, error);
  return TRUE;
}

static void
cancelled_cb (GCancellable *cancellable, gpointer source)
{
  g_source_set_ready_time (source, 0);
}

static gboolean base_ready_cb (GObject *stream, gpointer user_data);

/* For one source of base, with nothing around or below it: there may be hundreds of peers that say
 * nothing, and each source costs all others time. Others do not go on with the handshake meanwhile.
 * The data of the task is the handler on its cancellable. */
static void
wait_for_base (GTask *task)
{
  JxsTlsConnection *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GSource) source = NULL;
  gulong handler = 0;
  gboolean ready;

  source =
      jxs_tls_source_new_below (self->session,
                                jxs_tls_session_poll (self->session, JXS_TLS_HANDSHAKE, &ready));
  g_task_attach_source (task, source, G_SOURCE_FUNC (base_ready_cb));
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable,
                                     G_CALLBACK (cancelled_cb),
                                     g_source_ref (source),
                                     (GDestroyNotify) g_source_unref);
  g_task_set_task_data (task, GSIZE_TO_POINTER (handler), NULL);
}

static gboolean
base_ready_cb (GObject *stream, gpointer user_data)
{
  GTask *task = user_data;

  g_cancellable_disconnect (g_task_get_cancellable (task),
                            GPOINTER_TO_SIZE (g_task_get_task_data (task)));
  if (!try_handshake (task))
    wait_for_base (task);
  return G_SOURCE_REMOVE;
}

static void
jxs_tls_connection_handshake_async (GTlsConnection *connection,
                                    int io_priority,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (connection);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, jxs_tls_connection_handshake_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  if (!jxs_tls_session_check_free (self->session, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  jxs_tls_session_set_driven (self->session, TRUE);
  if (try_handshake (task))
    return;
  wait_for_base (task);
}

static gboolean
jxs_tls_connection_handshake_finish (GTlsConnection *connection,
                                     GAsyncResult *result,
                                     GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, connection), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* The end */

static GIOStream *
get_base (JxsTlsConnection *self)
{
  return jxs_tls_session_get_base (self->session);
}

/* FALSE: would block. error: (nullable): the first one counts. */
static gboolean
try_bye (JxsTlsConnection *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (!g_cancellable_set_error_if_cancelled (cancellable, &problem) &&
      !jxs_tls_session_bye (self->session, &problem) &&
      g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  jxs_tls_session_close (self->session, G_IO_IN | G_IO_OUT);
  return TRUE;
}

static gboolean
jxs_tls_connection_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (stream);
  g_autoptr (GError) problem = NULL;
  gboolean closed;

  if (self->dropped)
    {
      try_bye (self, NULL, NULL);
      return TRUE;
    }
  while (!try_bye (self, cancellable, &problem))
    jxs_tls_source_wait (self->session, G_OBJECT (self), G_IO_OUT, cancellable, NULL);
  closed = g_io_stream_close (get_base (self), cancellable, problem == NULL ? error : NULL);
  if (problem == NULL)
    return closed;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static void
base_closed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *problem = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_io_stream_close_finish (G_IO_STREAM (object), result, &error) && problem == NULL)
    g_task_return_error (task, error);
  else if (problem != NULL)
    {
      g_clear_error (&error);
      g_task_return_error (task, g_error_copy (problem));
    }
  else
    g_task_return_boolean (task, TRUE);
}

/* FALSE: once more when base is ready. */
static gboolean
try_close (GTask *task)
{
  JxsTlsConnection *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *problem = NULL;

  if (!try_bye (self, cancellable, &problem))
    return FALSE;
  if (problem != NULL)
    g_task_set_task_data (task, problem, (GDestroyNotify) g_error_free);
  g_io_stream_close_async (get_base (self),
                           g_task_get_priority (task),
                           cancellable,
                           base_closed_cb,
                           g_object_ref (task));
  return TRUE;
}

static gboolean
close_ready_cb (GObject *stream, gpointer user_data)
{
  return try_close (user_data) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
jxs_tls_connection_close_async (GIOStream *stream,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (stream);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GSource) source = NULL;

  g_task_set_source_tag (task, jxs_tls_connection_close_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  if (try_close (task))
    return;
  source = jxs_tls_source_new (self->session, G_OBJECT (self), G_IO_OUT, cancellable);
  g_task_attach_source (task, source, G_SOURCE_FUNC (close_ready_cb));
}

static gboolean
jxs_tls_connection_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Facts */

static gboolean
jxs_tls_connection_get_binding_data (GTlsConnection *connection,
                                     GTlsChannelBindingType type,
                                     GByteArray *data,
                                     GError **error)
{
  static const struct
  {
    GTlsChannelBindingType gio;
    gnutls_channel_binding_t gnutls;
  } types[] = {
    { G_TLS_CHANNEL_BINDING_TLS_UNIQUE, GNUTLS_CB_TLS_UNIQUE },
    { G_TLS_CHANNEL_BINDING_TLS_SERVER_END_POINT, GNUTLS_CB_TLS_SERVER_END_POINT },
    { G_TLS_CHANNEL_BINDING_TLS_EXPORTER, GNUTLS_CB_TLS_EXPORTER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].gio == type)
      return jxs_tls_session_get_binding (JXS_TLS_CONNECTION (connection)->session,
                                          types[i].gnutls,
                                          data,
                                          error);
  g_set_error_literal (error,
                       G_TLS_CHANNEL_BINDING_ERROR,
                       G_TLS_CHANNEL_BINDING_ERROR_NOT_IMPLEMENTED,
                       "Unknown type of channel binding");
  return FALSE;
}

/* (transfer none): the caller of a getter of GTlsConnection gets no copy. */
static const char *
jxs_tls_connection_get_negotiated_protocol (GTlsConnection *connection)
{
  g_autofree char *protocol =
      jxs_tls_session_dup_protocol (JXS_TLS_CONNECTION (connection)->session);

  return g_intern_string (protocol);
}

static void
jxs_tls_connection_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (object);

  switch (id)
    {
    case PROP_BASE_IO_STREAM:
      g_value_set_object (value, get_base (self));
      break;
    case PROP_REQUIRE_CLOSE_NOTIFY:
      g_value_set_boolean (value, self->require_close_notify);
      break;
    case PROP_REHANDSHAKE_MODE:
      g_value_set_enum (value, 0); /* G_TLS_REHANDSHAKE_NEVER */
      break;
    case PROP_USE_SYSTEM_CERTDB:
      g_value_set_boolean (value, !self->pin && self->database == NULL);
      break;
    case PROP_DATABASE:
      g_value_set_object (value, self->database);
      break;
    case PROP_INTERACTION:
      g_value_set_object (value, self->interaction);
      break;
    case PROP_CERTIFICATE:
      g_value_set_object (value, self->certificate);
      break;
    case PROP_PEER_CERTIFICATE:
      g_value_set_object (value, self->peer);
      break;
    case PROP_PEER_CERTIFICATE_ERRORS:
      g_value_set_flags (value, self->peer_errors);
      break;
    case PROP_ADVERTISED_PROTOCOLS:
      g_value_set_boxed (value, self->protocols);
      break;
    case PROP_NEGOTIATED_PROTOCOL:
      g_value_take_string (value, jxs_tls_session_dup_protocol (self->session));
      break;
    case PROP_PROTOCOL_VERSION:
      g_value_set_enum (value, jxs_tls_session_get_version (self->session));
      break;
    case PROP_CIPHERSUITE_NAME:
      g_value_take_string (value, jxs_tls_session_dup_cipher (self->session));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
set_certificate (JxsTlsConnection *self, GTlsCertificate *certificate)
{
  g_set_object (&self->certificate, certificate);
  /* One that cannot be used is none: the peer will say what it thinks of that. */
  if (self->session != NULL && !jxs_tls_session_set_certificate (self->session, certificate, NULL))
    jxs_tls_session_set_certificate (self->session, NULL, NULL);
}

static void
set_protocols (JxsTlsConnection *self, const char *const *protocols)
{
  g_strfreev (self->protocols);
  self->protocols = g_strdupv ((char **) protocols);
  if (self->session != NULL)
    jxs_tls_session_set_protocols (self->session, protocols);
}

static void
jxs_tls_connection_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (object);

  switch (id)
    {
    case PROP_BASE_IO_STREAM: /* see jxs_tls_connection_new() */
    case PROP_REHANDSHAKE_MODE:
    case PROP_USE_SYSTEM_CERTDB:
      break;
    case PROP_REQUIRE_CLOSE_NOTIFY:
      self->require_close_notify = g_value_get_boolean (value);
      if (self->session != NULL)
        jxs_tls_session_set_require_close_notify (self->session, self->require_close_notify);
      break;
    case PROP_DATABASE:
      g_set_object (&self->database, g_value_get_object (value));
      break;
    case PROP_INTERACTION:
      g_set_object (&self->interaction, g_value_get_object (value));
      break;
    case PROP_CERTIFICATE:
      set_certificate (self, g_value_get_object (value));
      break;
    case PROP_ADVERTISED_PROTOCOLS:
      set_protocols (self, g_value_get_boxed (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static GInputStream *
jxs_tls_connection_get_input_stream (GIOStream *stream)
{
  return JXS_TLS_CONNECTION (stream)->input;
}

static GOutputStream *
jxs_tls_connection_get_output_stream (GIOStream *stream)
{
  return JXS_TLS_CONNECTION (stream)->output;
}

static void
jxs_tls_connection_dispose (GObject *object)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (object);

  self->dropped = TRUE;
  if (self->session != NULL)
    jxs_tls_session_set_owner (self->session, NULL, NULL);
  G_OBJECT_CLASS (jxs_tls_connection_parent_class)->dispose (object);
}

static void
jxs_tls_connection_finalize (GObject *object)
{
  JxsTlsConnection *self = JXS_TLS_CONNECTION (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_pointer (&self->session, jxs_tls_session_unref);
  g_clear_object (&self->identity);
  g_clear_object (&self->database);
  g_clear_object (&self->certificate);
  g_clear_object (&self->interaction);
  g_clear_object (&self->peer);
  g_clear_pointer (&self->protocols, g_strfreev);
  G_OBJECT_CLASS (jxs_tls_connection_parent_class)->finalize (object);
}

static void
jxs_tls_connection_class_init (JxsTlsConnectionClass *klass)
{
  static const struct
  {
    guint id;
    const char *name;
  } properties[] = {
    { PROP_BASE_IO_STREAM, "base-io-stream" },
    { PROP_REQUIRE_CLOSE_NOTIFY, "require-close-notify" },
    { PROP_REHANDSHAKE_MODE, "rehandshake-mode" },
    { PROP_USE_SYSTEM_CERTDB, "use-system-certdb" },
    { PROP_DATABASE, "database" },
    { PROP_INTERACTION, "interaction" },
    { PROP_CERTIFICATE, "certificate" },
    { PROP_PEER_CERTIFICATE, "peer-certificate" },
    { PROP_PEER_CERTIFICATE_ERRORS, "peer-certificate-errors" },
    { PROP_ADVERTISED_PROTOCOLS, "advertised-protocols" },
    { PROP_NEGOTIATED_PROTOCOL, "negotiated-protocol" },
    { PROP_PROTOCOL_VERSION, "protocol-version" },
    { PROP_CIPHERSUITE_NAME, "ciphersuite-name" },
  };
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);
  GTlsConnectionClass *tls_class = G_TLS_CONNECTION_CLASS (klass);

  object_class->get_property = jxs_tls_connection_get_property;
  object_class->set_property = jxs_tls_connection_set_property;
  object_class->dispose = jxs_tls_connection_dispose;
  object_class->finalize = jxs_tls_connection_finalize;
  stream_class->get_input_stream = jxs_tls_connection_get_input_stream;
  stream_class->get_output_stream = jxs_tls_connection_get_output_stream;
  stream_class->close_fn = jxs_tls_connection_close;
  stream_class->close_async = jxs_tls_connection_close_async;
  stream_class->close_finish = jxs_tls_connection_close_finish;
  tls_class->handshake = jxs_tls_connection_handshake;
  tls_class->handshake_async = jxs_tls_connection_handshake_async;
  tls_class->handshake_finish = jxs_tls_connection_handshake_finish;
  tls_class->get_binding_data = jxs_tls_connection_get_binding_data;
  tls_class->get_negotiated_protocol = jxs_tls_connection_get_negotiated_protocol;

  for (gsize i = 0; i < G_N_ELEMENTS (properties); i++)
    g_object_class_override_property (object_class, properties[i].id, properties[i].name);
}

static void
jxs_tls_connection_init (JxsTlsConnection *self)
{
  self->require_close_notify = TRUE;
}

GTlsConnection *
jxs_tls_connection_new (GIOStream *base, const JxsTlsParams *params, GError **error)
{
  JxsTlsConnection *self;
  JxsTlsSession *session;

  session = jxs_tls_session_new (base, params, error);
  if (session == NULL)
    return NULL;
  self = g_object_new (JXS_TYPE_TLS_CONNECTION, NULL);
  self->role = params->role;
  self->pin = params->pin;
  jxs_tls_session_set_owner (session, &owner_vtable, self);
  self->session = session;
  g_set_object (&self->identity, params->identity);
  g_set_object (&self->database, params->database);
  g_set_object (&self->certificate, params->certificate);
  self->protocols = g_strdupv ((char **) params->protocols);
  self->input = jxs_tls_input_new (self->session);
  self->output = jxs_tls_output_new (self->session);
  return G_TLS_CONNECTION (self);
}

JxsTlsRole
jxs_tls_connection_get_role (JxsTlsConnection *self)
{
  return self->role;
}

void
jxs_tls_connection_refuse (JxsTlsConnection *self)
{
  jxs_tls_session_alert (self->session, GNUTLS_A_ACCESS_DENIED);
}

GBytes *
jxs_tls_connection_export (
    JxsTlsConnection *self, const char *label, GBytes *context, gsize length, GError **error)
{
  return jxs_tls_session_export (self->session, label, context, length, error);
}

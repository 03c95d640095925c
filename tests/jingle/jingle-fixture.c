/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/stream/jxs-stanza-error-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* ---- transport ---- */

struct _FakeTransport
{
  JxsTransport parent_instance;
  FakeTransportConfig *config;
  char *sid;
  GTask *hanging;
};

G_DEFINE_FINAL_TYPE (FakeTransport, fake_transport, JXS_TYPE_TRANSPORT)

static GHashTable *meetings; /* sid -> GIOStream that waits for the other side */

void
fake_forget_meetings (void)
{
  g_clear_pointer (&meetings, g_hash_table_unref);
}

static GIOStream *
meet (const char *sid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) mine = NULL;
  g_autoptr (GIOStream) theirs = NULL;
  gpointer key;
  gpointer waiting;

  if (meetings == NULL)
    meetings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  if (g_hash_table_steal_extended (meetings, sid, &key, &waiting))
    {
      g_free (key);
      return waiting;
    }
  jxs_pipe_new (&mine, &theirs, &error);
  g_assert_no_error (error);
  g_hash_table_insert (meetings, g_strdup (sid), g_steal_pointer (&theirs));

  return g_steal_pointer (&mine);
}

static JxsElement *
fake_transport_build (JxsTransport *transport)
{
  FakeTransport *self = FAKE_TRANSPORT (transport);
  JxsElement *element = jxs_element_new ("transport", jxs_transport_get_namespace (transport));

  if (self->sid == NULL)
    self->sid = jxs_random_id ();
  jxs_element_set_attribute (element, "sid", self->sid);

  return element;
}

static gboolean
fake_transport_set_remote (JxsTransport *transport, JxsElement *element, GError **error)
{
  FakeTransport *self = FAKE_TRANSPORT (transport);
  const char *sid = jxs_element_get_attribute (element, "sid");

  if (g_str_equal (jxs_transport_get_namespace (transport), NS_STUB))
    sid = "stub";
  if (sid == NULL)
    {
      g_set_error_literal (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, "no sid");
      return FALSE;
    }
  if (g_strcmp0 (jxs_element_get_attribute (element, "mode"), "udp") == 0)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED, "no datagrams");
      return FALSE;
    }
  if (self->sid == NULL)
    self->sid = g_strdup (sid);

  return TRUE;
}

static gboolean
fake_transport_handle_info (JxsTransport *transport, JxsElement *element, GError **error)
{
  FakeTransport *self = FAKE_TRANSPORT (transport);

  if (jxs_element_find_child (element, "candidate", NULL) == NULL)
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                           "no candidate");
      return FALSE;
    }
  self->config->n_infos++;

  return TRUE;
}

static void
hang_cancelled_cb (GCancellable *cancellable, GTask *task)
{
  g_task_return_error_if_cancelled (task);
  g_object_unref (task);
}

/* Cancels like the real ones do: later, from the main context. */
static gboolean
hang_cancelled_source_cb (GCancellable *cancellable, gpointer task)
{
  hang_cancelled_cb (cancellable, task);

  return G_SOURCE_REMOVE;
}

static void
hang (GTask *task)
{
  g_autoptr (GSource) source = g_cancellable_source_new (g_task_get_cancellable (task));

  g_source_set_callback (source, G_SOURCE_FUNC (hang_cancelled_source_cb), task, NULL);
  g_source_attach (source, g_task_get_context (task));
}

static void
fake_transport_connect_async (JxsTransport *transport,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  FakeTransport *self = FAKE_TRANSPORT (transport);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  switch (self->config->connect)
    {
    case FAKE_HANGS:
      hang (task);
      return;
    case FAKE_FAILS:
      g_task_return_new_error (task,
                               G_IO_ERROR,
                               G_IO_ERROR_CONNECTION_REFUSED,
                               "%s refused",
                               jxs_transport_get_namespace (transport));
      break;
    case FAKE_WORKS:
    default:
      jxs_transport_count_round_trip (transport);
      g_task_return_pointer (task, meet (self->sid), g_object_unref);
      break;
    }
  g_object_unref (task);
}

static GIOStream *
fake_transport_connect_finish (JxsTransport *transport, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_transport_close_async (JxsTransport *transport,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  FakeTransport *self = FAKE_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  self->config->n_closed++;
  if (self->config->fail_close)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "broken");
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
fake_transport_close_finish (JxsTransport *transport, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
fake_transport_abort (JxsTransport *transport, const GError *error)
{
  FakeTransport *self = FAKE_TRANSPORT (transport);

  self->config->n_aborted++;
  self->config->last_abort_had_error = error != NULL;
}

static void
fake_transport_finalize (GObject *object)
{
  FakeTransport *self = FAKE_TRANSPORT (object);

  g_free (self->sid);
  G_OBJECT_CLASS (fake_transport_parent_class)->finalize (object);
}

static void
fake_transport_class_init (FakeTransportClass *klass)
{
  JxsTransportClass *transport_class = JXS_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fake_transport_finalize;
  transport_class->build = fake_transport_build;
  transport_class->set_remote = fake_transport_set_remote;
  transport_class->handle_info = fake_transport_handle_info;
  transport_class->connect_async = fake_transport_connect_async;
  transport_class->connect_finish = fake_transport_connect_finish;
  transport_class->close_async = fake_transport_close_async;
  transport_class->close_finish = fake_transport_close_finish;
  transport_class->abort = fake_transport_abort;
}

static void
fake_transport_init (FakeTransport *self)
{
}

static JxsTransport *
fake_transport_create (JxsRouter *router,
                       JxsJid *peer,
                       gboolean initiator,
                       const char *namespace_uri,
                       gpointer user_data)
{
  FakeTransport *self = g_object_new (FAKE_TYPE_TRANSPORT,
                                      "router",
                                      router,
                                      "peer-jid",
                                      peer,
                                      "initiator",
                                      initiator,
                                      "namespace",
                                      namespace_uri,
                                      NULL);

  self->config = user_data;
  self->config->n_made++;

  return JXS_TRANSPORT (self);
}

void
fake_add_transport (JxsSessionManager *manager,
                    const char *namespace_uri,
                    int preference,
                    FakeTransportConfig *config)
{
  static const char *const known[][2] = { { NS_FAST, NULL }, { NS_SLOW, NULL }, { NS_STUB, NULL } };
  JxsTransportFactory factory = { NULL, preference, fake_transport_create, config };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i][0], namespace_uri))
      factory.namespaces = known[i];
  jxs_session_manager_add_transport (manager, &factory);
}

/* ---- security ---- */

struct _FakeSecurity
{
  JxsSecurity parent_instance;
  FakeSecurityConfig *config;
  gboolean remote;
};

G_DEFINE_FINAL_TYPE (FakeSecurity, fake_security, JXS_TYPE_SECURITY)

static JxsElement *
fake_security_build (JxsSecurity *security)
{
  FakeSecurity *self = FAKE_SECURITY (security);

  if (!jxs_security_is_initiator (security) && !self->remote)
    return NULL;

  return jxs_element_new ("security", NS_SECURITY);
}

static gboolean
fake_security_set_remote (JxsSecurity *security, JxsElement *element, GError **error)
{
  FakeSecurity *self = FAKE_SECURITY (security);

  self->remote = element != NULL;
  if (element == NULL && self->config->required)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_SECURITY, "encryption is required");
      return FALSE;
    }
  if (element != NULL && jxs_element_get_attribute (element, "bad") != NULL)
    {
      g_set_error_literal (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, "bad");
      return FALSE;
    }
  if (self->config->eager)
    {
      g_autoptr (JxsElement) info = jxs_element_new ("security", NS_SECURITY);

      jxs_security_send_info (security, info);
    }

  return TRUE;
}

static gboolean
fake_security_handle_info (JxsSecurity *security, JxsElement *element, GError **error)
{
  FAKE_SECURITY (security)->config->n_infos++;

  return TRUE;
}

static void
fake_security_secure_async (JxsSecurity *security,
                            GIOStream *base,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  FakeSecurity *self = FAKE_SECURITY (security);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  switch (self->config->secure)
    {
    case FAKE_HANGS:
      hang (task);
      return;
    case FAKE_FAILS:
      if (self->config->lose)
        g_task_return_new_error (task, G_TLS_ERROR, G_TLS_ERROR_EOF, "eof");
      else
        g_task_return_new_error (task, JXS_ERROR, JXS_ERROR_UNTRUSTED, "another key");
      break;
    case FAKE_WORKS:
    default:
      self->config->n_secured++;
      g_task_return_pointer (task, g_object_ref (base), g_object_unref);
      break;
    }
  g_object_unref (task);
}

static GIOStream *
fake_security_secure_finish (JxsSecurity *security, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_security_class_init (FakeSecurityClass *klass)
{
  JxsSecurityClass *security_class = JXS_SECURITY_CLASS (klass);

  security_class->build = fake_security_build;
  security_class->set_remote = fake_security_set_remote;
  security_class->handle_info = fake_security_handle_info;
  security_class->secure_async = fake_security_secure_async;
  security_class->secure_finish = fake_security_secure_finish;
}

static void
fake_security_init (FakeSecurity *self)
{
}

static JxsSecurity *
fake_security_create (
    JxsJid *local, JxsJid *peer, gboolean initiator, JxsTrace *trace, gpointer user_data)
{
  FakeSecurity *self = g_object_new (FAKE_TYPE_SECURITY,
                                     "local-jid",
                                     local,
                                     "peer-jid",
                                     peer,
                                     "initiator",
                                     initiator,
                                     "trace",
                                     trace,
                                     NULL);

  self->config = user_data;

  return JXS_SECURITY (self);
}

void
fake_set_security (JxsSessionManager *manager, FakeSecurityConfig *config)
{
  const JxsSecurityFactory factory = { NS_SECURITY, fake_security_create, config };

  jxs_session_manager_set_security (manager, &factory);
}

/* ---- sides ---- */

static void
ended_cb (JxsSession *session, JxsReason *reason, GError *error, Result *result)
{
  g_assert_nonnull (reason);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_ENDED);
  result->n_ended++;
  g_assert_cmpuint (result->n_ended, ==, 1);
  if (error != NULL)
    result->ended_error = g_error_copy (error);
}

static Result *
result_new (JxsSession *session)
{
  Result *result = g_new0 (Result, 1);

  result->session = g_object_ref (session);
  g_signal_connect (session, "ended", G_CALLBACK (ended_cb), result);

  return result;
}

static void
result_free (gpointer data)
{
  Result *result = data;

  g_signal_handlers_disconnect_by_data (result->session, result);
  g_clear_object (&result->stream);
  g_clear_error (&result->error);
  g_clear_error (&result->ended_error);
  g_object_unref (result->session);
  g_free (result);
}

static void
connected_cb (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  Result *result = user_data;

  g_assert_false (result->done);
  result->done = TRUE;
  result->stream = jxs_session_connect_finish (JXS_SESSION (source), async_result, &result->error);
  g_assert_true ((result->stream != NULL) == (result->error == NULL));
}

Result *
side_connect (Side *side, JxsSession *session, guint timeout_ms, GCancellable *cancellable)
{
  Result *result = result_new (session);

  g_ptr_array_add (side->results, result);
  jxs_session_connect_async (session, NULL, timeout_ms, cancellable, connected_cb, result);

  return result;
}

static void
incoming_cb (JxsSessionManager *manager, JxsSession *session, Side *side)
{
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_PENDING);
  g_ptr_array_add (side->incoming, g_object_ref (session));
  if (side->accept)
    side_connect (side, session, 0, NULL);
}

void
side_init (Side *side, JxsChannel *channel)
{
  memset (side, 0, sizeof *side);
  side->channel = channel;
  side->router = jxs_router_get (channel);
  side->manager = jxs_session_manager_new (side->router);
  side->incoming = g_ptr_array_new_with_free_func (g_object_unref);
  side->results = g_ptr_array_new_with_free_func (result_free);
  side->created = g_ptr_array_new_with_free_func (g_object_unref);
  jxs_session_manager_add_application (side->manager, NS_APP);
  fake_add_transport (side->manager, NS_SLOW, 0, &side->slow);
  fake_add_transport (side->manager, NS_FAST, 10, &side->fast);
  fake_set_security (side->manager, &side->security);
  g_signal_connect (side->manager, "incoming", G_CALLBACK (incoming_cb), side);
}

void
side_clear (Side *side)
{
  g_assert_finalize_object (side->manager);
  run_until_idle ();
  for (guint i = 0; i < side->results->len; i++)
    g_assert_true (((Result *) g_ptr_array_index (side->results, i))->done);
  g_ptr_array_unref (side->results);
  g_ptr_array_unref (side->incoming);
  g_ptr_array_unref (side->created);
  run_until_idle ();
}

JxsSession *
side_create (Side *side, const char *peer, gboolean secure)
{
  g_autoptr (JxsElement) description = jxs_element_new ("description", NS_APP);
  g_autoptr (JxsJid) jid = jxs_jid_new (peer, NULL);

  JxsSession *session = jxs_session_manager_create (side->manager, jid, description, secure);

  g_ptr_array_add (side->created, session);

  return session;
}

void
pair_init (Pair *pair)
{
  g_autoptr (JxsJid) romeo = jxs_jid_new (ROMEO, NULL);
  g_autoptr (JxsJid) juliet = jxs_jid_new (JULIET, NULL);
  JxsLoopbackChannel *channels[2];

  jxs_clock_use_fake (G_USEC_PER_SEC);
  jxs_random_use_seed (1);
  jxs_loopback_channel_new_pair (romeo, juliet, &channels[0], &channels[1]);
  side_init (&pair->romeo, JXS_CHANNEL (channels[0]));
  side_init (&pair->juliet, JXS_CHANNEL (channels[1]));
}

void
pair_clear (Pair *pair)
{
  Side *sides[] = { &pair->romeo, &pair->juliet };

  for (guint i = 0; i < 2; i++)
    side_clear (sides[i]);
  /* Requests nobody answered keep the router. */
  advance (JXS_ROUTER_DEFAULT_TIMEOUT_MS);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_finalize_object (sides[i]->router);
      g_assert_finalize_object (sides[i]->channel);
    }
  fake_forget_meetings ();
  jxs_clock_use_real ();
  jxs_random_use_real ();
}

/* ---- scripts ---- */

static void
outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, Scripted *self)
{
  g_queue_push_tail (&self->sent, jxs_element_copy (stanza));
}

void
scripted_init (Scripted *self)
{
  g_autoptr (JxsJid) juliet = jxs_jid_new (JULIET, NULL);
  JxsRelayChannel *channel;

  jxs_clock_use_fake (G_USEC_PER_SEC);
  jxs_random_use_seed (1);
  channel = jxs_relay_channel_new (juliet, TRUE);
  g_queue_init (&self->sent);
  g_signal_connect (channel, "outgoing", G_CALLBACK (outgoing_cb), self);
  side_init (&self->side, JXS_CHANNEL (channel));
}

void
scripted_clear (Scripted *self)
{
  side_clear (&self->side);
  advance (JXS_ROUTER_DEFAULT_TIMEOUT_MS);
  g_signal_handlers_disconnect_by_data (self->side.channel, self);
  g_assert_finalize_object (self->side.router);
  g_assert_finalize_object (self->side.channel);
  g_queue_clear_full (&self->sent, (GDestroyNotify) jxs_element_unref);
  fake_forget_meetings ();
  jxs_clock_use_real ();
  jxs_random_use_real ();
}

void
scripted_push_from (Scripted *self, const char *from, const char *xml)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) stanza = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  jxs_element_set_attribute (stanza, "from", from);
  jxs_element_set_attribute (stanza, "to", JULIET);
  if (!jxs_relay_channel_push (JXS_RELAY_CHANNEL (self->side.channel), stanza))
    jxs_channel_refuse (self->side.channel, stanza);
  run_until_idle ();
}

void
scripted_push (Scripted *self, const char *xml)
{
  scripted_push_from (self, ROMEO, xml);
}

void
scripted_set (Scripted *self, const char *id, const char *xml)
{
  g_autofree char *stanza =
      g_strdup_printf ("<iq xmlns='jabber:client' type='set' id='%s'>%s</iq>", id, xml);

  scripted_push (self, stanza);
}

JxsElement *
scripted_pop (Scripted *self)
{
  run_until_idle ();
  g_assert_cmpuint (g_queue_get_length (&self->sent), >, 0);

  return g_queue_pop_head (&self->sent);
}

void
scripted_expect_none (Scripted *self)
{
  run_until_idle ();
  if (!g_queue_is_empty (&self->sent))
    {
      g_autofree char *xml = jxs_element_to_string (g_queue_peek_head (&self->sent));

      g_error ("unexpected: %s", xml);
    }
}

void
scripted_expect_result (Scripted *self, const char *id)
{
  g_autoptr (JxsElement) stanza = scripted_pop (self);
  g_autofree char *xml = jxs_element_to_string (stanza);

  g_test_message ("%s", xml);
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "type"), ==, "result");
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "id"), ==, id);
  g_assert_cmpuint (jxs_element_get_n_children (stanza), ==, 0);
}

void
scripted_expect_error (Scripted *self,
                       const char *id,
                       const char *type,
                       const char *condition,
                       const char *app_condition)
{
  g_autoptr (JxsElement) stanza = scripted_pop (self);
  g_autofree char *xml = jxs_element_to_string (stanza);
  JxsElement *error;

  g_test_message ("%s", xml);
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "type"), ==, "error");
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "id"), ==, id);
  error = jxs_element_find_child (stanza, "error", NULL);
  g_assert_nonnull (error);
  g_assert_cmpstr (jxs_element_get_attribute (error, "type"), ==, type);
  g_assert_nonnull (jxs_element_find_child (error, condition, JXS_NS_STANZA_ERRORS));
  if (app_condition != NULL)
    g_assert_nonnull (jxs_element_find_child (error, app_condition, JXS_NS_JINGLE_ERRORS));
  else
    g_assert_null (jxs_element_find_child (error, NULL, JXS_NS_JINGLE_ERRORS));
}

JxsJingle *
scripted_expect_action (Scripted *self, JxsJingleAction action)
{
  g_autoptr (JxsElement) stanza = scripted_pop (self);
  g_autofree char *xml = jxs_element_to_string (stanza);
  g_autofree char *ack = NULL;
  g_autoptr (GError) error = NULL;
  JxsElement *payload = jxs_element_get_first_child (stanza);
  JxsJingle *jingle;

  g_test_message ("%s", xml);
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "type"), ==, "set");
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "to"), ==, ROMEO);
  jingle = jxs_jingle_parse (payload, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (jxs_jingle_action_to_name (jingle->action),
                   ==,
                   jxs_jingle_action_to_name (action));
  /* XEP-0166 §7.1: each attribute on its action and on no other. */
  g_assert_true ((jxs_element_get_attribute (payload, "initiator") != NULL) ==
                 (action == JXS_JINGLE_SESSION_INITIATE));
  g_assert_true ((jxs_element_get_attribute (payload, "responder") != NULL) ==
                 (action == JXS_JINGLE_SESSION_ACCEPT));
  ack = g_strdup_printf ("<iq xmlns='jabber:client' type='result' id='%s'/>",
                         jxs_element_get_attribute (stanza, "id"));
  scripted_push (self, ack);

  return jingle;
}

void
scripted_expect_terminate (Scripted *self, JxsReasonCondition condition)
{
  g_autoptr (JxsJingle) jingle = scripted_expect_action (self, JXS_JINGLE_SESSION_TERMINATE);

  g_assert_nonnull (jingle->reason);
  g_assert_cmpint (jxs_reason_get_condition (jingle->reason), ==, condition);
}

void
scripted_refuse (Scripted *self, JxsStanzaError condition, const char *app_condition)
{
  g_autoptr (JxsElement) stanza = scripted_pop (self);
  g_autofree char *xml =
      g_strdup_printf ("<iq xmlns='jabber:client' type='error' id='%s'><error type='cancel'>"
                       "<%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>%s%s%s</error></iq>",
                       jxs_element_get_attribute (stanza, "id"),
                       jxs_stanza_error_to_name (condition),
                       app_condition != NULL ? "<" : "",
                       app_condition != NULL ? app_condition : "",
                       app_condition != NULL ? " xmlns='urn:xmpp:jingle:errors:1'/>" : "");

  g_assert_cmpstr (jxs_element_get_attribute (stanza, "type"), ==, "set");
  scripted_push (self, xml);
}

JxsSession *
scripted_offer (Scripted *self)
{
  scripted_set (self, "offer", OFFER);
  scripted_expect_result (self, "offer");
  g_assert_cmpuint (self->side.incoming->len, ==, 1);

  return g_ptr_array_index (self->side.incoming, 0);
}

JxsSession *
scripted_accept (Scripted *self)
{
  g_autoptr (JxsJingle) jingle = NULL;

  self->side.accept = TRUE;
  scripted_offer (self);
  jingle = scripted_expect_action (self, JXS_JINGLE_SESSION_ACCEPT);

  return g_ptr_array_index (self->side.incoming, 0);
}

Result *
scripted_initiate (Scripted *self, char **sid)
{
  JxsSession *session = side_create (&self->side, ROMEO, TRUE);
  Result *result = side_connect (&self->side, session, 60000, NULL);
  g_autoptr (JxsJingle) jingle = scripted_expect_action (self, JXS_JINGLE_SESSION_INITIATE);

  g_assert_cmpstr (jxs_jid_to_string (jingle->initiator), ==, JULIET);
  *sid = g_strdup (jingle->sid);

  return result;
}

void
scripted_action (
    Scripted *self, const char *id, const char *action, const char *sid, const char *inside)
{
  g_autofree char *xml = g_strdup_printf (
      "<jingle xmlns='urn:xmpp:jingle:1' action='%s' sid='%s'>%s</jingle>", action, sid, inside);

  scripted_set (self, id, xml);
}

void
run_until_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
advance (guint ms)
{
  run_until_idle ();
  jxs_clock_advance ((gint64) ms * 1000);
  run_until_idle ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client-util.h"

#include <signal.h>

/* Run by tests/servers/with-prosody.py. */
static const char *server;
static const char *domain;
static const char *ca_file;
static const char *password;
static const char *tls_protocol; /* to be expected */
static const char *mechanism;    /* likewise */

/* user: a name, or NAME/RESOURCE */
static JxsClient *
make_user (const char *user, const char *secret)
{
  g_auto (GStrv) parts = g_strsplit (user, "/", 2);
  g_autofree char *jid = g_strdup_printf (
      "%s@%s%s%s", parts[0], domain, parts[1] != NULL ? "/" : "", parts[1] != NULL ? parts[1] : "");
  JxsClient *client = make_client (jid, secret);

  jxs_client_set_server (client, server);
  jxs_client_set_ca_file (client, ca_file);
  return client;
}

static JxsClient *
connect_user (const char *user)
{
  g_autoptr (GError) error = NULL;
  JxsClient *client = make_user (user, password);

  connect_client (client, &error);
  g_assert_no_error (error);
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_CONNECTED);
  return client;
}

static void
closed_cb (JxsClient *client, const GError *error, GError **closed)
{
  g_assert_null (*closed);
  *closed = error != NULL ? g_error_copy (error)
                          : g_error_new_literal (JXS_ERROR, JXS_ERROR_FAILED, "in order");
}

static void
test_connect (void)
{
  JxsClient *client = connect_user ("romeo/orchard");
  JxsJid *jid = jxs_channel_get_local_jid (JXS_CHANNEL (client));
  g_autoptr (GError) closed = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "hi");

  g_signal_connect (client, "closed", G_CALLBACK (closed_cb), &closed);
  g_assert_cmpstr (jxs_jid_get_local (jid), ==, "romeo");
  g_assert_cmpstr (jxs_jid_get_domain (jid), ==, domain);
  g_assert_cmpstr (jxs_jid_get_resource (jid), ==, "orchard");
  g_assert_true (jxs_channel_is_secure (JXS_CHANNEL (client)));
  g_assert_cmpstr (jxs_client_get_tls_protocol (client), ==, tls_protocol);
  g_assert_cmpstr (jxs_client_get_sasl_mechanism (client), ==, mechanism);

  g_assert_false (connect_client (client, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&error);
  close_client (client);
  g_assert_error (closed, JXS_ERROR, JXS_ERROR_FAILED);
  close_client (client);
  g_assert_false (jxs_channel_send (JXS_CHANNEL (client), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (jxs_channel_is_secure (JXS_CHANNEL (client)));
  g_assert_false (connect_client (client, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  drop_client (client);
}

/* The server makes up a resource. */
static void
test_resource (void)
{
  JxsClient *first = connect_user ("romeo");
  JxsClient *second = connect_user ("romeo");
  JxsJid *first_jid = jxs_channel_get_local_jid (JXS_CHANNEL (first));
  JxsJid *second_jid = jxs_channel_get_local_jid (JXS_CHANNEL (second));

  g_assert_nonnull (jxs_jid_get_resource (first_jid));
  g_assert_cmpstr (jxs_jid_get_resource (first_jid), !=, jxs_jid_get_resource (second_jid));
  close_client (first);
  close_client (second);
  drop_client (first);
  drop_client (second);
}

static void
test_wrong_password (void)
{
  JxsClient *client = make_user ("romeo", "wrong");
  g_autoptr (GError) error = NULL;

  g_assert_false (connect_client (client, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  g_assert_nonnull (strstr (error->message, "romeo@"));
  g_assert_null (strstr (error->message, "wrong"));
  g_clear_error (&error);

  /* It may be tried again. */
  jxs_client_set_password (client, password);
  g_assert_true (connect_client (client, &error));
  g_assert_no_error (error);
  close_client (client);
  drop_client (client);

  client = make_user ("nobody", password);
  g_assert_false (connect_client (client, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  drop_client (client);
}

static void
test_untrusted (void)
{
  JxsClient *client = make_user ("romeo", password);
  g_autoptr (GError) error = NULL;
  g_autofree char *other = g_strdup_printf ("romeo@other.%s", domain);

  /* The system's authorities do not know it. */
  jxs_client_set_ca_file (client, NULL);
  g_assert_false (connect_client (client, &error));
  g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
  g_assert_nonnull (strstr (error->message, domain));
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  jxs_client_set_ca_file (client, "/nonexistent");
  g_assert_false (connect_client (client, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "/nonexistent"));
  g_clear_error (&error);
  jxs_client_set_ca_file (client, ca_file);
  g_assert_true (connect_client (client, &error));
  close_client (client);
  drop_client (client);

  /* A domain that the server does not have. */
  client = make_client (other, password);
  jxs_client_set_server (client, server);
  jxs_client_set_ca_file (client, ca_file);
  g_assert_false (connect_client (client, &error));
  g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_HOST_UNKNOWN);
  g_test_message ("%s", error->message);
  drop_client (client);
}

typedef struct
{
  JxsClient *client;
  guint n_stanzas;
  JxsElement *last;
  const char *wanted; /* id */
} Inbox;

static gboolean
inbox_cb (JxsClient *client, JxsElement *stanza, Inbox *inbox)
{
  if (g_strcmp0 (jxs_element_get_attribute (stanza, "id"), inbox->wanted) != 0)
    return FALSE;
  g_clear_pointer (&inbox->last, jxs_element_unref);
  inbox->last = jxs_element_ref (stanza);
  inbox->n_stanzas++;
  return FALSE;
}

static void
ask (JxsClient *client, const char *to, JxsElement *payload, Inbox *inbox)
{
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", to, payload);
  g_autoptr (GError) error = NULL;

  inbox->wanted = jxs_element_get_attribute (iq, "id");
  g_assert_true (jxs_channel_send (JXS_CHANNEL (client), iq, &error));
  g_assert_no_error (error);
  inbox->n_stanzas = 0;
  while (inbox->n_stanzas == 0)
    g_main_context_iteration (NULL, TRUE);
}

/* XEP-0199 in all directions, and RFC 6120 §8.4 for what nobody knows. */
static void
test_ping (void)
{
  JxsClient *romeo = connect_user ("romeo/orchard");
  JxsClient *juliet = connect_user ("juliet/balcony");
  const char *juliet_jid = jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (juliet)));
  g_autoptr (JxsElement) ping = jxs_element_new ("ping", JXS_NS_PING);
  g_autoptr (JxsElement) unknown = jxs_element_new ("query", "urn:example:unknown");
  g_autoptr (GError) error = NULL;
  Inbox inbox = { .client = romeo };

  g_signal_connect (romeo, "stanza", G_CALLBACK (inbox_cb), &inbox);
  ask (romeo, juliet_jid, ping, &inbox);
  g_assert_cmpstr (jxs_element_get_attribute (inbox.last, "type"), ==, "result");
  g_assert_cmpstr (jxs_element_get_attribute (inbox.last, "from"), ==, juliet_jid);
  ask (romeo, domain, ping, &inbox);
  g_assert_cmpstr (jxs_element_get_attribute (inbox.last, "type"), ==, "result");
  ask (romeo, NULL, ping, &inbox);
  g_assert_cmpstr (jxs_element_get_attribute (inbox.last, "type"), ==, "result");
  ask (romeo, juliet_jid, unknown, &inbox);
  g_assert_false (jxs_stanza_check_error (inbox.last, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
  g_clear_pointer (&inbox.last, jxs_element_unref);
  g_signal_handlers_disconnect_by_data (romeo, &inbox);
  close_client (romeo);
  close_client (juliet);
  drop_client (romeo);
  drop_client (juliet);
}

typedef struct
{
  guint n_messages;
  guint n_presence;
} Seen;

static gboolean
seen_cb (JxsClient *client, JxsElement *stanza, Seen *seen)
{
  if (jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_MESSAGE)
    {
      g_autofree char *expected = g_strdup_printf ("%u", seen->n_messages);
      JxsElement *body = jxs_element_find_child (stanza, "body", JXS_NS_CLIENT);

      g_assert_cmpstr (jxs_element_get_text (body), ==, expected);
      seen->n_messages++;
      return TRUE;
    }
  if (jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_PRESENCE &&
      jxs_element_get_attribute (stanza, "type") == NULL &&
      g_str_has_prefix (jxs_element_get_attribute (stanza, "from"), "juliet"))
    seen->n_presence++;
  return FALSE;
}

/* Messages in order, also those sent just before the end; contacts see that we are there. */
static void
test_messages (void)
{
  JxsClient *romeo = connect_user ("romeo/orchard");
  JxsClient *juliet = connect_user ("juliet/balcony");
  const char *to = jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (romeo)));
  Seen seen = { 0 };

  g_signal_connect (romeo, "stanza", G_CALLBACK (seen_cb), &seen);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autoptr (JxsElement) message = jxs_stanza_new_message (to, text);
      g_autoptr (GError) error = NULL;

      g_assert_true (jxs_channel_send (JXS_CHANNEL (juliet), message, &error));
      g_assert_no_error (error);
    }
  close_client (juliet);
  while (seen.n_messages < 100)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (seen.n_presence, >=, 1);
  close_client (romeo);
  drop_client (romeo);
  drop_client (juliet);
}

/* Dropped without a close. */
static void
test_dropped (void)
{
  JxsClient *client = connect_user ("romeo");

  drop_client (client);
}

static void
test_cancel (void)
{
  JxsClient *client = make_user ("romeo", password);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  jxs_client_connect_async (client, G_PRIORITY_DEFAULT, cancellable, store_result_cb, &result);
  wait_for_result (&result);
  g_assert_false (jxs_client_connect_finish (client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  g_clear_error (&error);

  /* After so many turns of the main loop: in every step of the way. */
  for (guint turns = 0;; turns++)
    {
      gboolean connected;

      g_cancellable_reset (cancellable);
      jxs_client_connect_async (client, G_PRIORITY_DEFAULT, cancellable, store_result_cb, &result);
      for (guint i = 0; i < turns && result == NULL; i++)
        g_main_context_iteration (NULL, TRUE);
      g_cancellable_cancel (cancellable);
      wait_for_result (&result);
      connected = jxs_client_connect_finish (client, result, &error);
      g_clear_object (&result);
      if (connected || jxs_client_get_state (client) == JXS_CLIENT_STATE_CONNECTED)
        break;
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_DISCONNECTED);
      g_clear_error (&error);
    }

  /* The close. */
  g_cancellable_cancel (cancellable);
  jxs_client_close_async (client, G_PRIORITY_DEFAULT, cancellable, store_result_cb, &result);
  wait_for_result (&result);
  g_clear_error (&error);
  g_assert_false (jxs_client_close_finish (client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  g_clear_error (&error);
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_CONNECTED);
  g_cancellable_reset (cancellable);
  jxs_client_close_async (client, G_PRIORITY_DEFAULT, cancellable, store_result_cb, &result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_false (jxs_client_close_finish (client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  /* It goes on. */
  while (jxs_client_get_state (client) != JXS_CLIENT_STATE_DISCONNECTED)
    g_main_context_iteration (NULL, TRUE);
  drop_client (client);
}

static void
test_close_while_connecting (void)
{
  JxsClient *client = make_user ("romeo", password);
  GAsyncResult *connected = NULL;
  GAsyncResult *closed = NULL;
  g_autoptr (GError) error = NULL;

  jxs_client_connect_async (client, G_PRIORITY_DEFAULT, NULL, store_result_cb, &connected);
  for (guint i = 0; i < 5; i++)
    g_main_context_iteration (NULL, TRUE);
  jxs_client_close_async (client, G_PRIORITY_DEFAULT, NULL, store_result_cb, &closed);
  wait_for_result (&connected);
  wait_for_result (&closed);
  g_assert_false (jxs_client_connect_finish (client, connected, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_true (jxs_client_close_finish (client, closed, &error));
  g_assert_no_error (error);
  g_clear_object (&connected);
  g_clear_object (&closed);
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_DISCONNECTED);
  drop_client (client);
}

/* A later connection takes the resource: this one learns why it ends. */
static void
test_conflict (void)
{
  JxsClient *first = connect_user ("romeo/orchard");
  g_autoptr (GError) closed = NULL;
  g_autoptr (GError) error = NULL;
  JxsClient *second;
  gboolean refused;

  g_signal_connect (first, "closed", G_CALLBACK (closed_cb), &closed);
  second = make_user ("romeo/orchard", password);
  refused = !connect_client (second, &error);
  /* Which of the two loses is the server's policy. */
  if (refused)
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_CONFLICT);
      close_client (first);
    }
  else if (!g_str_equal (jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (first))),
                         jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (second)))))
    {
      close_client (first);
      close_client (second);
    }
  else
    {
      while (closed == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_error (closed, JXS_STREAM_ERROR, JXS_STREAM_ERROR_CONFLICT);
      g_assert_cmpint (jxs_client_get_state (first), ==, JXS_CLIENT_STATE_DISCONNECTED);
      close_client (second);
    }
  drop_client (first);
  drop_client (second);
}

/* The last test: the server dies. */
static void
test_killed (void)
{
  JxsClient *client = connect_user ("romeo");
  GPid pid = (GPid) g_ascii_strtoll (g_getenv ("JXS_TEST_SERVER_PID"), NULL, 10);
  g_autoptr (GError) closed = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "hi");

  g_signal_connect (client, "closed", G_CALLBACK (closed_cb), &closed);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  while (closed == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_test_message ("%s", closed->message);
  g_assert_false (g_error_matches (closed, JXS_ERROR, JXS_ERROR_FAILED));
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_DISCONNECTED);
  g_assert_false (jxs_channel_send (JXS_CHANNEL (client), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  drop_client (client);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  server = g_getenv ("JXS_TEST_SERVER");
  domain = g_getenv ("JXS_TEST_DOMAIN");
  ca_file = g_getenv ("JXS_TEST_CA");
  password = g_getenv ("JXS_TEST_PASSWORD");
  tls_protocol = g_getenv ("JXS_TEST_TLS_PROTOCOL");
  mechanism = g_getenv ("JXS_TEST_MECHANISM");
  if (server == NULL)
    {
      g_print ("1..0 # SKIP run by tests/servers/with-prosody.py\n");
      return 0;
    }

  g_test_add_func ("/client/prosody/connect", test_connect);
  g_test_add_func ("/client/prosody/resource", test_resource);
  g_test_add_func ("/client/prosody/wrong-password", test_wrong_password);
  g_test_add_func ("/client/prosody/untrusted", test_untrusted);
  g_test_add_func ("/client/prosody/ping", test_ping);
  g_test_add_func ("/client/prosody/messages", test_messages);
  g_test_add_func ("/client/prosody/dropped", test_dropped);
  g_test_add_func ("/client/prosody/cancel", test_cancel);
  g_test_add_func ("/client/prosody/close-while-connecting", test_close_while_connecting);
  g_test_add_func ("/client/prosody/conflict", test_conflict);
  g_test_add_func ("/client/prosody/killed", test_killed);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client-util.h"
#include "fake-server.h"

#include <gsasl.h>

#include <jxs-glib/client/jxs-client-private.h>
#include <jxs-glib/client/jxs-login-private.h>
#include <jxs-glib/client/jxs-sasl-private.h>

#define HEADER                                                                                     \
  "<?xml version='1.0'?><stream:stream xmlns='" JXS_NS_CLIENT "' xmlns:stream='" JXS_NS_STREAMS    \
  "' from='example.test' id='1' version='1.0'>"
#define OLD_HEADER                                                                                 \
  "<stream:stream xmlns='" JXS_NS_CLIENT "' xmlns:stream='" JXS_NS_STREAMS                         \
  "' from='example.test' id='1'>"
#define OPENED "version='1.0'>"
#define FEATURES(inner) HEADER "<stream:features>" inner "</stream:features>"
#define STARTTLS "<starttls xmlns='" JXS_NS_TLS "'><required/></starttls>"
#define MECHANISMS(name)                                                                           \
  "<mechanisms xmlns='" JXS_NS_SASL "'><mechanism>" name "</mechanism></mechanisms>"
#define BIND "<bind xmlns='" JXS_NS_BIND "'/>"
#define PROCEED "<proceed xmlns='" JXS_NS_TLS "'/>"
#define SUCCESS "<success xmlns='" JXS_NS_SASL "'/>"
#define BOUND                                                                                      \
  "<iq type='result' id='jxs-bind'><bind xmlns='" JXS_NS_BIND                                      \
  "'><jid>romeo@example.test/orchard</jid></bind></iq>"

/* An empty text is expected at once. */
#define ENCRYPT                                                                                    \
  { OPENED, FEATURES (STARTTLS) }, { "<starttls", PROCEED }, { "", FAKE_TLS }
#define LOG_IN                                                                                     \
  ENCRYPT, { OPENED, FEATURES (MECHANISMS ("PLAIN")) }, { "AHJvbWVvAHBlbmNpbA==", SUCCESS },       \
      { OPENED, FEATURES (BIND) },                                                                 \
  {                                                                                                \
    "</iq>", BOUND                                                                                 \
  }
#define END                                                                                        \
  {                                                                                                \
    NULL, NULL                                                                                     \
  }

typedef struct
{
  const char *name;
  gboolean optional_tls;
  Turn turns[16];
  const char *domain; /* of the error; a quark can not be static */
  int code;
  const char *part; /* (nullable): of the message */
} Fault;

#define OURS "jxs-error-quark"
#define STREAM "jxs-stream-error-quark"

static const Fault faults[] = {
  { "no-starttls",
    FALSE,
    { { OPENED, FEATURES (MECHANISMS ("SCRAM-SHA-1")) }, END },
    OURS,
    JXS_ERROR_SECURITY,
    "example.test" },
  { "too-old", FALSE, { { OPENED, OLD_HEADER }, END }, OURS, JXS_ERROR_NOT_SUPPORTED, "too old" },
  { "starttls-refused",
    FALSE,
    { { OPENED, FEATURES (STARTTLS) }, { "<starttls", "<failure xmlns='" JXS_NS_TLS "'/>" }, END },
    OURS,
    JXS_ERROR_SECURITY,
    NULL },
  { "no-tls",
    FALSE,
    { { OPENED, FEATURES (STARTTLS) }, { "<starttls", PROCEED }, { "\x16\x03", "what?" }, END },
    "g-tls-error-quark",
    -1,
    "example.test" },
  { "plain-in-the-clear",
    TRUE,
    { { OPENED, FEATURES (MECHANISMS ("PLAIN")) }, { "<auth", SUCCESS }, END },
    OURS,
    JXS_ERROR_NOT_SUPPORTED,
    NULL },
  { "unknown-mechanism",
    FALSE,
    { ENCRYPT, { OPENED, FEATURES (MECHANISMS ("X-ODD")) }, END },
    OURS,
    JXS_ERROR_NOT_SUPPORTED,
    NULL },
  { "no-proof",
    FALSE,
    { ENCRYPT, { OPENED, FEATURES (MECHANISMS ("SCRAM-SHA-1")) }, { "</auth>", SUCCESS }, END },
    OURS,
    JXS_ERROR_SECURITY,
    "prove" },
  { "bad-challenge",
    FALSE,
    { ENCRYPT,
      { OPENED, FEATURES (MECHANISMS ("SCRAM-SHA-1")) },
      { "</auth>", "<challenge xmlns='" JXS_NS_SASL "'>YQ==</challenge>" },
      END },
    OURS,
    JXS_ERROR_AUTHENTICATION,
    NULL },
  { "wrong-password",
    FALSE,
    { ENCRYPT,
      { OPENED, FEATURES (MECHANISMS ("PLAIN")) },
      { "</auth>", "<failure xmlns='" JXS_NS_SASL "'><not-authorized/></failure>" },
      END },
    OURS,
    JXS_ERROR_AUTHENTICATION,
    "romeo@example.test" },
  { "host-unknown",
    FALSE,
    { { OPENED,
        HEADER "<stream:error><host-unknown xmlns='" JXS_NS_STREAM_ERRORS
               "'/></stream:error></stream:stream>" },
      END },
    STREAM,
    JXS_STREAM_ERROR_HOST_UNKNOWN,
    "example.test" },
  { "ended-while-authenticating",
    FALSE,
    { ENCRYPT,
      { OPENED, FEATURES (MECHANISMS ("PLAIN")) },
      { "</auth>",
        "<stream:error><policy-violation xmlns='" JXS_NS_STREAM_ERRORS
        "'/></stream:error></stream:stream>" },
      END },
    STREAM,
    JXS_STREAM_ERROR_POLICY_VIOLATION,
    "example.test" },
  { "gone-at-once", FALSE, { { "<", FAKE_CLOSE }, END }, NULL, -1, NULL },
  { "gone-while-encrypting",
    FALSE,
    { { OPENED, FEATURES (STARTTLS) }, { "<starttls", FAKE_CLOSE }, END },
    NULL,
    -1,
    NULL },
  { "gone-while-binding",
    FALSE,
    { ENCRYPT,
      { OPENED, FEATURES (MECHANISMS ("PLAIN")) },
      { "</auth>", SUCCESS },
      { OPENED, FEATURES (BIND) },
      { "</iq>", FAKE_CLOSE },
      END },
    NULL,
    -1,
    NULL },
  { "not-xml", FALSE, { { OPENED, "SSH-2.0-OpenSSH_9.2\r\n" }, END }, STREAM, -1, NULL },
  { "resource-conflict",
    FALSE,
    { ENCRYPT,
      { OPENED, FEATURES (MECHANISMS ("PLAIN")) },
      { "</auth>", SUCCESS },
      { OPENED, FEATURES (BIND) },
      { "</iq>",
        "<iq type='error' id='jxs-bind'><error type='modify'><conflict xmlns='" JXS_NS_STANZA_ERRORS
        "'/></error></iq>" },
      END },
    OURS,
    JXS_ERROR_CONFLICT,
    "example.test" },
};

static JxsClient *
make_fake_user (FakeServer *server)
{
  JxsClient *client = make_client ("romeo@example.test/orchard", "pencil");

  jxs_client_set_server (client, server->address);
  jxs_client_set_ca_file (client, server->certificate_file);
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
test_fault (gconstpointer data)
{
  const Fault *fault = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) closed = NULL;
  FakeServer server;
  JxsClient *client;

  fake_server_start (&server, fault->turns);
  client = make_fake_user (&server);
  jxs_client_set_require_tls (client, !fault->optional_tls);
  g_signal_connect (client, "closed", G_CALLBACK (closed_cb), &closed);
  g_assert_false (connect_client (client, &error));
  g_assert_nonnull (error);
  g_test_message ("%s: %s", g_quark_to_string (error->domain), error->message);
  if (fault->domain != NULL)
    g_assert_cmpstr (g_quark_to_string (error->domain), ==, fault->domain);
  if (fault->code >= 0)
    g_assert_cmpint (error->code, ==, fault->code);
  if (fault->part != NULL)
    g_assert_nonnull (strstr (error->message, fault->part));
  g_assert_null (strstr (error->message, "pencil"));
  /* It never was a channel, so nothing was closed. */
  g_assert_no_error (closed);
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_DISCONNECTED);
  drop_client (client);
  fake_server_stop (&server);
}

static JxsClient *
connect_fake_user (FakeServer *server)
{
  g_autoptr (GError) error = NULL;
  JxsClient *client = make_fake_user (server);

  connect_client (client, &error);
  g_assert_no_error (error);
  return client;
}

static void
test_connect (void)
{
  static const Turn turns[] = { LOG_IN,
                                { "<presence><priority>-1</priority></presence>", "" },
                                { "</stream:stream>", "</stream:stream>" },
                                END };
  FakeServer server;
  JxsClient *client;
  g_autoptr (GError) closed = NULL;

  fake_server_start (&server, turns);
  client = connect_fake_user (&server);
  g_signal_connect (client, "closed", G_CALLBACK (closed_cb), &closed);
  g_assert_cmpstr (jxs_client_get_sasl_mechanism (client), ==, "PLAIN");
  g_assert_true (jxs_channel_is_secure (JXS_CHANNEL (client)));
  close_client (client);
  g_assert_null (server.turns->expect);
  g_assert_error (closed, JXS_ERROR, JXS_ERROR_FAILED);
  drop_client (client);
  fake_server_stop (&server);
}

static int
account_cb (Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
  if (property == GSASL_PASSWORD)
    gsasl_property_set (session, property, "pencil");
  else if (property == GSASL_SCRAM_ITER)
    gsasl_property_set (session, property, "4096");
  else
    return GSASL_NO_CALLBACK;
  return GSASL_OK;
}

static char *
bind_channel (FakeServer *server, const char *text)
{
  Gsasl_session *session = server->sasl_data;
  char *answer = NULL;
  char *element;
  int code;

  if (gsasl_property_fast (session, GSASL_CB_TLS_EXPORTER) == NULL)
    {
      g_autoptr (GByteArray) exporter = g_byte_array_new ();
      g_autofree char *encoded = NULL;

      g_assert_true (g_tls_connection_get_channel_binding_data (
          G_TLS_CONNECTION (server->stream), G_TLS_CHANNEL_BINDING_TLS_EXPORTER, exporter, NULL));
      encoded = g_base64_encode (exporter->data, exporter->len);
      gsasl_property_set (session, GSASL_CB_TLS_EXPORTER, encoded);
    }
  code = gsasl_step64 (session, text, &answer);
  g_assert_true (code == GSASL_OK || code == GSASL_NEEDS_MORE);
  element = g_strdup_printf (code == GSASL_OK ? "<success xmlns='" JXS_NS_SASL "'>%s</success>"
                                              : "<challenge xmlns='" JXS_NS_SASL "'>%s</challenge>",
                             answer);
  gsasl_free (answer);
  return element;
}

/* RFC 9266 and XEP-0440: the same channel on both sides, over TLS 1.3. */
static void
test_binding (void)
{
  static const Turn turns[] = {
    ENCRYPT,
    { OPENED,
      FEATURES ("<mechanisms xmlns='" JXS_NS_SASL "'><mechanism>SCRAM-SHA-256</mechanism>"
                "<mechanism>SCRAM-SHA-256-PLUS</mechanism></mechanisms>"
                "<sasl-channel-binding xmlns='" JXS_NS_SASL_CB
                "'><channel-binding type='tls-exporter'/></sasl-channel-binding>") },
    { "</auth>", FAKE_SASL },
    { "</response>", FAKE_SASL },
    { OPENED, FEATURES (BIND) },
    { "</iq>", BOUND },
    END
  };
  FakeServer server;
  JxsClient *client;
  Gsasl *context;
  Gsasl_session *session;

  g_assert_cmpint (gsasl_init (&context), ==, GSASL_OK);
  gsasl_callback_set (context, account_cb);
  g_assert_cmpint (gsasl_server_start (context, "SCRAM-SHA-256-PLUS", &session), ==, GSASL_OK);
  fake_server_start (&server, turns);
  server.sasl = bind_channel;
  server.sasl_data = session;
  client = connect_fake_user (&server);
  g_assert_cmpstr (jxs_client_get_tls_protocol (client), ==, "TLS 1.3");
  g_assert_cmpstr (jxs_client_get_sasl_mechanism (client), ==, "SCRAM-SHA-256-PLUS");
  drop_client (client);
  fake_server_stop (&server);
  gsasl_finish (session);
  gsasl_done (context);
}

/* A server that wants as many rounds of computation as we are willing to do. */
static char *
demand_rounds (FakeServer *server, const char *text)
{
  gsize length;
  g_autofree guint8 *decoded = g_base64_decode (text, &length);
  g_autofree char *first = g_strndup ((const char *) decoded, length);
  g_autofree char *answer = NULL;
  g_autofree char *encoded = NULL;

  g_assert_nonnull (strstr (first, ",r="));
  answer = g_strdup_printf ("%sjuliet,s=QSXCR+Q6sek8bf92,i=%d",
                            strstr (first, ",r=") + 1,
                            JXS_SASL_MAX_ITERATIONS);
  encoded = g_base64_encode ((const guchar *) answer, strlen (answer));
  *(gboolean *) server->sasl_data = TRUE;
  return g_strdup_printf ("<challenge xmlns='" JXS_NS_SASL "'>%s</challenge>", encoded);
}

/* The main loop is free meanwhile, and may end it. */
static void
test_many_rounds (void)
{
  static const Turn turns[] = { ENCRYPT,
                                { OPENED, FEATURES (MECHANISMS ("SCRAM-SHA-256")) },
                                { "</auth>", FAKE_SASL },
                                { "</response>", "" },
                                END };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;
  FakeServer server;
  JxsClient *client;
  gboolean demanded = FALSE;

  fake_server_start (&server, turns);
  server.sasl = demand_rounds;
  server.sasl_data = &demanded;
  client = make_fake_user (&server);
  jxs_client_connect_async (client, G_PRIORITY_DEFAULT, cancellable, store_result_cb, &result);
  while (!demanded)
    g_main_context_iteration (NULL, TRUE);
  /* More turns than it takes the challenge to arrive, and the response if it came at once. */
  for (int i = 0; i < 1000; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (server.turns->expect, ==, "</response>");
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_false (jxs_client_connect_finish (client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  g_assert_cmpstr (server.turns->expect, ==, "</response>");
  drop_client (client);
  fake_server_stop (&server);
}

/* Text behind <proceed/> does not count as said under encryption (RFC 6120 §5.4.3.3). */
static void
test_injected (void)
{
  static const Turn turns[] = { { OPENED, FEATURES (STARTTLS) },
                                { "<starttls", PROCEED SUCCESS BOUND },
                                { "", FAKE_TLS },
                                { OPENED, FEATURES (MECHANISMS ("PLAIN")) },
                                { "AHJvbWVvAHBlbmNpbA==", SUCCESS },
                                { OPENED, FEATURES (BIND) },
                                { "</iq>", BOUND },
                                { "</presence>", "" },
                                END };
  FakeServer server;
  JxsClient *client;

  fake_server_start (&server, turns);
  client = connect_fake_user (&server);
  while (server.turns->expect != NULL)
    g_main_context_iteration (NULL, TRUE);
  drop_client (client);
  fake_server_stop (&server);
}

/* Stanzas that come with the answer to the binding are not lost, and find their listeners. */
static gboolean
count_cb (JxsClient *client, JxsElement *stanza, guint *n)
{
  (*n)++;
  return FALSE;
}

static void
test_early_stanzas (void)
{
  static const Turn turns[] = { ENCRYPT,
                                { OPENED, FEATURES (MECHANISMS ("PLAIN")) },
                                { "</auth>", SUCCESS },
                                { OPENED, FEATURES (BIND) },
                                { "</iq>",
                                  BOUND "<message from='a@example.test'><body>1</body></message>"
                                        "<presence from='a@example.test/b'/>" },
                                END };
  FakeServer server;
  JxsClient *client;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  fake_server_start (&server, turns);
  client = make_fake_user (&server);
  g_object_set (client, "send-presence", FALSE, NULL);
  g_signal_connect (client, "stanza", G_CALLBACK (count_cb), &n);
  g_assert_true (connect_client (client, &error));
  while (n < 2)
    g_main_context_iteration (NULL, TRUE);
  drop_client (client);
  fake_server_stop (&server);
}

/* Requests that nobody takes: a ping is answered, the rest refused, nothing else is said. */
static void
test_requests (void)
{
  static const Turn turns[] = {
    LOG_IN,
    { "</presence>",
      "<iq type='result' id='stray'/><iq type='error' id='stray'/>"
      "<iq type='get' id='p' from='example.test'><ping xmlns='" JXS_NS_PING "'/></iq>" },
    { "type='result'",
      "<iq type='set' id='q' from='example.test'><query xmlns='jabber:iq:roster'/></iq>" },
    { "<service-unavailable", "<iq type='get' id='r' from='example.test'/>" },
    { "<bad-request", "</stream:stream>" },
    END
  };
  FakeServer server;
  JxsClient *client;
  g_autoptr (GError) closed = NULL;

  fake_server_start (&server, turns);
  client = connect_fake_user (&server);
  g_signal_connect (client, "closed", G_CALLBACK (closed_cb), &closed);
  while (closed == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (server.turns->expect);
  g_assert_error (closed, JXS_ERROR, JXS_ERROR_CLOSED);
  drop_client (client);
  fake_server_stop (&server);
}

static void
test_ended_by_server (void)
{
  static const Turn turns[] = { LOG_IN,
                                { "</presence>",
                                  "<stream:error><conflict xmlns='" JXS_NS_STREAM_ERRORS
                                  "'/></stream:error></stream:stream>" },
                                END };
  static const Turn rude_turns[] = { LOG_IN, { "</presence>", FAKE_CLOSE }, END };
  const Turn *const both[] = { turns, rude_turns };

  for (gsize i = 0; i < G_N_ELEMENTS (both); i++)
    {
      FakeServer server;
      JxsClient *client;
      g_autoptr (GError) closed = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "hi");

      fake_server_start (&server, both[i]);
      client = connect_fake_user (&server);
      g_signal_connect (client, "closed", G_CALLBACK (closed_cb), &closed);
      while (closed == NULL)
        g_main_context_iteration (NULL, TRUE);
      if (i == 0)
        g_assert_error (closed, JXS_STREAM_ERROR, JXS_STREAM_ERROR_CONFLICT);
      else
        g_assert_false (g_error_matches (closed, JXS_ERROR, JXS_ERROR_FAILED));
      g_assert_false (jxs_channel_send (JXS_CHANNEL (client), message, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
      drop_client (client);
      fake_server_stop (&server);
    }
}

/* A server that says nothing, in every step of the way. */
static void
test_silent_server (void)
{
  static const Turn whole[] = { LOG_IN, END };

  for (gsize length = 0; length < G_N_ELEMENTS (whole) - 1; length++)
    {
      g_autofree Turn *turns = g_new0 (Turn, length + 1);
      g_autoptr (GError) error = NULL;
      GAsyncResult *result = NULL;
      FakeServer server;
      JxsClient *client;

      /* The TLS handshake would be the fake server's own. */
      if (length > 0 && g_str_equal (whole[length - 1].reply, PROCEED))
        continue;
      memcpy (turns, whole, length * sizeof (Turn));
      jxs_clock_use_fake (0);
      fake_server_start (&server, turns);
      client = make_fake_user (&server);
      jxs_client_connect_async (client, G_PRIORITY_DEFAULT, NULL, store_result_cb, &result);
      while (server.turns->expect != NULL || server.stream == NULL)
        g_main_context_iteration (NULL, TRUE);
      while (result == NULL)
        {
          jxs_clock_advance (G_USEC_PER_SEC);
          g_main_context_iteration (NULL, FALSE);
        }
      g_assert_false (jxs_client_connect_finish (client, result, &error));
      g_test_message ("%" G_GSIZE_FORMAT ": %s", length, error->message);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
      g_clear_object (&result);
      drop_client (client);
      fake_server_stop (&server);
      jxs_clock_use_real ();
    }
}

/* A server that dies without a word is noticed. */
static void
test_dead_server (void)
{
  static const Turn turns[] = { LOG_IN, { "</presence>", "" }, END };
  FakeServer server;
  JxsClient *client;
  g_autoptr (GError) closed = NULL;
  gint64 start_us;

  jxs_clock_use_fake (0);
  fake_server_start (&server, turns);
  client = connect_fake_user (&server);
  g_signal_connect (client, "closed", G_CALLBACK (closed_cb), &closed);
  while (server.turns->expect != NULL)
    g_main_context_iteration (NULL, TRUE);
  start_us = jxs_clock_now ();
  while (closed == NULL)
    {
      g_assert_cmpint (jxs_clock_now () - start_us, <, 200 * G_USEC_PER_SEC);
      jxs_clock_advance (G_USEC_PER_SEC);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_error (closed, JXS_STREAM_ERROR, JXS_STREAM_ERROR_CONNECTION_TIMEOUT);
  g_assert_cmpint (jxs_clock_now () - start_us,
                   >=,
                   (JXS_CLIENT_DEFAULT_KEEPALIVE_S + JXS_CLIENT_PING_TIMEOUT_S - 2) *
                       G_USEC_PER_SEC);
  drop_client (client);
  fake_server_stop (&server);
  jxs_clock_use_real ();
}

/* A server that does not close in its turn. */
static void
test_close_unanswered (void)
{
  static const Turn turns[] = { LOG_IN, END };
  FakeServer server;
  JxsClient *client;
  GAsyncResult *result = NULL;
  GAsyncResult *second = NULL;

  jxs_clock_use_fake (0);
  fake_server_start (&server, turns);
  client = connect_fake_user (&server);
  jxs_client_close_async (client, G_PRIORITY_DEFAULT, NULL, store_result_cb, &result);
  jxs_client_close_async (client, G_PRIORITY_DEFAULT, NULL, store_result_cb, &second);
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_CLOSING);
  while (result == NULL || second == NULL)
    {
      jxs_clock_advance (G_USEC_PER_SEC);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_true (jxs_client_close_finish (client, result, NULL));
  g_assert_true (jxs_client_close_finish (client, second, NULL));
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_DISCONNECTED);
  g_clear_object (&result);
  g_clear_object (&second);
  drop_client (client);
  fake_server_stop (&server);
  jxs_clock_use_real ();
}

static void
test_bad_arguments (void)
{
  static const struct
  {
    const char *jid;
    const char *password;
    const char *server;
    int code;
  } cases[] = {
    { NULL, "pencil", "127.0.0.1:1", JXS_ERROR_INVALID_ARGUMENT },
    { "example.test", "pencil", "127.0.0.1:1", JXS_ERROR_INVALID_ARGUMENT },
    { "romeo@example.test", NULL, "127.0.0.1:1", JXS_ERROR_AUTHENTICATION },
    { "romeo@example.test", "pencil", "127.0.0.1:port", JXS_ERROR_INVALID_ARGUMENT },
    { "romeo@example.test", "pencil", "[::1", JXS_ERROR_INVALID_ARGUMENT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      /* As bindings make it. */
      JxsClient *client = cases[i].jid != NULL ? make_client (cases[i].jid, cases[i].password)
                                               : g_object_new (JXS_TYPE_CLIENT, NULL);
      g_autoptr (GError) error = NULL;

      jxs_client_set_server (client, cases[i].server);
      g_assert_false (connect_client (client, &error));
      g_assert_error (error, JXS_ERROR, cases[i].code);
      g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_DISCONNECTED);
      drop_client (client);
    }
}

static void
test_properties (void)
{
  JxsClient *client = make_client ("romeo@example.test/orchard", "pencil");
  g_autofree char *server = NULL;
  g_autofree char *ca_file = NULL;
  g_autoptr (JxsJid) jid = NULL;
  gboolean require_tls = FALSE;
  gboolean use_proxy = TRUE;
  gboolean send_presence = FALSE;
  guint keepalive = 0;

  g_object_set (client, "server", "127.0.0.1:5222", "ca-file", "/a", "keepalive", 5, NULL);
  g_object_get (client,
                "jid",
                &jid,
                "server",
                &server,
                "ca-file",
                &ca_file,
                "require-tls",
                &require_tls,
                "use-proxy",
                &use_proxy,
                "send-presence",
                &send_presence,
                "keepalive",
                &keepalive,
                NULL);
  g_assert_cmpstr (jxs_jid_to_string (jid), ==, "romeo@example.test/orchard");
  g_assert_cmpstr (server, ==, "127.0.0.1:5222");
  g_assert_cmpstr (ca_file, ==, "/a");
  g_assert_true (require_tls);
  g_assert_false (use_proxy);
  g_assert_true (send_presence);
  g_assert_cmpuint (keepalive, ==, 5);
  g_assert_null (jxs_channel_get_local_jid (JXS_CHANNEL (client)));
  g_assert_null (jxs_client_get_tls_protocol (client));
  g_assert_null (jxs_client_get_sasl_mechanism (client));
  drop_client (client);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/client/connect", test_connect);
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *path = g_strdup_printf ("/client/client/fault/%s", faults[i].name);

      g_test_add_data_func (path, &faults[i], test_fault);
    }
  g_test_add_func ("/client/client/binding", test_binding);
  g_test_add_func ("/client/client/many-rounds", test_many_rounds);
  g_test_add_func ("/client/client/injected", test_injected);
  g_test_add_func ("/client/client/early-stanzas", test_early_stanzas);
  g_test_add_func ("/client/client/requests", test_requests);
  g_test_add_func ("/client/client/ended-by-server", test_ended_by_server);
  g_test_add_func ("/client/client/silent-server", test_silent_server);
  g_test_add_func ("/client/client/dead-server", test_dead_server);
  g_test_add_func ("/client/client/close-unanswered", test_close_unanswered);
  g_test_add_func ("/client/client/bad-arguments", test_bad_arguments);
  g_test_add_func ("/client/client/properties", test_properties);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/jxs-endpoint-private.h>

/* What we demand, what the peer can, and what comes of it: the table of doc/security.md, row for
 * row. Each is run for an XML stream and for a pipe, opened by us and by the peer. We are Romeo. */

/* Its set-up is what the first two cells say. */
typedef struct
{
  const char *ours;
  const char *peer;
  const char *stream;
  const char *pipe;
} Row;

static const Row rows[] = {
  { "default", "XTLS, key not seen before", "x509, first use", "x509, first use" },
  { "default", "XTLS, known key", "x509, known", "x509, known" },
  { "default", "XTLS, verified key", "x509, verified", "x509, verified" },
  { "default", "XTLS, other key than the known one", "refused: untrusted", "refused: untrusted" },
  { "default",
    "STARTTLS only, key not seen before",
    "starttls, first use",
    "refused: not supported" },
  { "default", "STARTTLS only, known key", "starttls, known", "refused: security" },
  { "default",
    "STARTTLS only, other key than the known one",
    "refused: untrusted",
    "refused: security" },
  { "default", "no encryption", "refused: security", "refused: not supported" },
  { "default", "no encryption, known key", "refused: security", "refused: security" },
  { "minimum: known", "XTLS, key not seen before", "refused: untrusted", "refused: untrusted" },
  { "minimum: known", "XTLS, known key", "x509, known", "x509, known" },
  { "minimum: verified", "XTLS, key not seen before", "refused: untrusted", "refused: untrusted" },
  { "minimum: verified", "XTLS, known key", "refused: untrusted", "refused: untrusted" },
  { "minimum: verified", "XTLS, verified key", "x509, verified", "x509, verified" },
  { "minimum: verified", "STARTTLS only, known key", "refused: untrusted", "refused: security" },
  { "encryption optional", "XTLS, key not seen before", "x509, first use", "x509, first use" },
  { "encryption optional",
    "STARTTLS only, key not seen before",
    "starttls, first use, when we open",
    "refused: security" },
  { "encryption optional", "STARTTLS only, optional for it too", "not encrypted", "not encrypted" },
  { "encryption optional", "no encryption", "not encrypted", "not encrypted" },
  { "encryption optional", "no encryption, known key", "refused: security", "refused: security" },
  { "encryption optional",
    "XTLS, other key than the known one",
    "refused: untrusted",
    "refused: untrusted" },
  { "XTLS only", "XTLS, key not seen before", "x509, first use", "x509, first use" },
  { "XTLS only",
    "STARTTLS only, key not seen before",
    "refused: not supported",
    "refused: not supported" },
  { "STARTTLS only",
    "XTLS and STARTTLS, key not seen before",
    "starttls, first use",
    "refused: security" },
  { "passwords only", "XTLS, no password entered", "refused: security", "refused: security" },
  { "passwords only, short password", "XTLS, same password", "srp, verified", "srp, verified" },
  { "no method", "XTLS and STARTTLS, known key", "refused: security", "refused: security" },
  { "short password", "XTLS, same password", "srp, verified", "srp, verified" },
  { "short password",
    "XTLS, same password, other key than the known one",
    "srp, verified",
    "srp, verified" },
  { "short password", "XTLS, other password", "refused: password", "refused: password" },
  { "short password", "XTLS, no password entered", "refused: password", "refused: password" },
  { "short password",
    "XTLS, no password entered, verified key",
    "refused: password",
    "refused: password" },
  { "short password", "STARTTLS only", "refused: password", "refused: not supported" },
  { "short password, encryption optional",
    "no encryption",
    "refused: password",
    "refused: not supported" },
  { "short password, minimum: verified", "XTLS, same password", "srp, verified", "srp, verified" },
  { "strong password", "XTLS, same password", "srp, verified", "srp, verified" },
  { "strong password", "XTLS without SRP, same password", "x509, verified", "refused: security" },
  { "strong password",
    "XTLS without SRP, other password",
    "refused: password",
    "refused: security" },
  { "strong password", "XTLS, no password entered", "refused: password", "refused: security" },
  { "strong password",
    "STARTTLS only, same password",
    "starttls, verified",
    "refused: not supported" },
};

typedef enum
{
  KEY_NEW,
  KEY_KNOWN,
  KEY_VERIFIED,
  KEY_OTHER, /* than the one we know */
} Key;

#define WHEN_WE_OPEN ", when we open"
#define SHORT "407 129 560"
#define OTHER_SHORT "407 129 561"
#define STRONG "0000-0000-0000-0000-001Y"
#define OTHER_STRONG "0000-0000-0000-0000-0000"

typedef struct
{
  JxsSecurityMethods methods;
  JxsTrustLevel minimum;
  gboolean plain; /* may go on without encryption */
  const char *password;
  /* The peer's. */
  JxsSecurityMethods can; /* NONE: has no identity */
  Key key;
  gboolean peer_plain;
  const char *peer_password;
} Setup;

static gboolean
read_word (Setup *setup, const char *word)
{
  static const struct
  {
    const char *word;
    JxsSecurityMethods methods;
  } ways[] = {
    { "XTLS", JXS_SECURITY_METHODS_ALL },
    { "XTLS and STARTTLS", JXS_SECURITY_METHODS_ALL },
    { "XTLS without SRP", JXS_SECURITY_METHODS_X509 },
    { "XTLS only", JXS_SECURITY_METHODS_X509 | JXS_SECURITY_METHODS_SRP },
    { "STARTTLS only", JXS_SECURITY_METHODS_STARTTLS },
    { "passwords only", JXS_SECURITY_METHODS_SRP },
    { "no method", JXS_SECURITY_METHODS_NONE },
    { "no encryption", JXS_SECURITY_METHODS_NONE },
  };
  static const char *const keys[] = {
    "key not seen before", "known key", "verified key", "other key than the known one"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    if (g_str_equal (word, ways[i].word))
      {
        setup->methods = ways[i].methods;
        return TRUE;
      }
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (word, keys[i]))
      {
        setup->key = i;
        return TRUE;
      }
  if (g_str_equal (word, "minimum: known"))
    setup->minimum = JXS_TRUST_LEVEL_PINNED;
  else if (g_str_equal (word, "minimum: verified"))
    setup->minimum = JXS_TRUST_LEVEL_VERIFIED;
  else if (g_str_equal (word, "encryption optional"))
    setup->plain = TRUE;
  else if (g_str_equal (word, "optional for it too"))
    setup->peer_plain = TRUE;
  else if (g_str_equal (word, "short password"))
    setup->password = SHORT;
  else if (g_str_equal (word, "strong password"))
    setup->password = STRONG;
  else if (g_str_equal (word, "same password"))
    setup->peer_password = setup->password;
  else if (g_str_equal (word, "other password"))
    setup->peer_password = g_str_equal (setup->password, SHORT) ? OTHER_SHORT : OTHER_STRONG;
  else
    return g_str_equal (word, "default") || g_str_equal (word, "no password entered");
  return TRUE;
}

static void
read_cell (Setup *setup, const char *cell)
{
  g_auto (GStrv) words = g_strsplit (cell, ", ", -1);

  for (gsize i = 0; words[i] != NULL; i++)
    if (!read_word (setup, words[i]))
      g_error ("what is “%s”?", words[i]);
}

static void
read_row (Setup *setup, const Row *row)
{
  JxsSecurityMethods ours;

  *setup = (Setup){ .methods = JXS_SECURITY_METHODS_ALL, .minimum = JXS_TRUST_LEVEL_FIRST_USE };
  read_cell (setup, row->ours);
  ours = setup->methods;
  read_cell (setup, row->peer);
  setup->can = setup->methods;
  setup->methods = ours;
}

/* ---- one row ---- */

static gboolean
no (void)
{
  return FALSE;
}

static void
enter (Pair *pair, guint who, const char *password)
{
  g_autoptr (GError) error = NULL;

  if (password == NULL)
    return;
  g_assert_true (jxs_endpoint_set_peer_password (pair->endpoints[who],
                                                 pair->jids[1 - who],
                                                 password,
                                                 strlen (password) > strlen (SHORT)
                                                     ? JXS_PASSWORD_STRONG
                                                     : JXS_PASSWORD_SHORT,
                                                 &error));
  g_assert_no_error (error);
}

static void
know (Pair *pair, Key key)
{
  guint whose = key == KEY_OTHER ? ROMEO : JULIET; /* not hers, in any case */
  g_autofree char *fingerprint =
      jxs_identity_get_fingerprint (pair->identities[whose], G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  if (key != KEY_NEW)
    jxs_memory_trust_pin (
        pair->trusts[ROMEO], pair->jids[JULIET], fingerprint, key == KEY_VERIFIED, &error);
  g_assert_no_error (error);
}

static void
prepare (Pair *pair, const Setup *setup)
{
  JxsSecurityPolicy *policy;

  pair_init (pair);
  policy = jxs_endpoint_get_security_policy (pair->endpoints[ROMEO]);
  jxs_security_policy_set_methods (policy, setup->methods);
  jxs_security_policy_set_minimum_trust_opening (policy, setup->minimum);
  jxs_security_policy_set_minimum_trust_accepting (policy, setup->minimum);
  jxs_security_policy_set_require_encryption (policy, !setup->plain);
  know (pair, setup->key);
  enter (pair, ROMEO, setup->password);

  if (setup->can == JXS_SECURITY_METHODS_NONE)
    {
      g_clear_object (&pair->endpoints[JULIET]);
      settle ();
      pair->endpoints[JULIET] =
          pair_new_endpoint (JXS_CHANNEL (pair->channels[JULIET]), NULL, NULL);
    }
  policy = jxs_endpoint_get_security_policy (pair->endpoints[JULIET]);
  jxs_security_policy_set_methods (policy, setup->can);
  jxs_security_policy_set_require_encryption (policy,
                                              setup->can != JXS_SECURITY_METHODS_NONE &&
                                                  !setup->peer_plain);
  if (pair->endpoints[JULIET]->xtls != NULL && (setup->can & JXS_SECURITY_METHODS_SRP) == 0)
    pair->endpoints[JULIET]->xtls->supports_srp = no;
  enter (pair, JULIET, setup->peer_password);
}

static const char *
describe_error (const GError *error)
{
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED))
    return "refused: not supported";
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED))
    return "refused: untrusted";
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION))
    return "refused: password";
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY))
    return "refused: security";
  return error->message;
}

static char *
describe (JxsConnection *connection)
{
  static const char *const levels[] = { "distrusted", "unknown", "first use", "known", "verified" };
  const char *method = jxs_connection_get_security_method (connection);

  g_assert_true ((method != NULL) == (jxs_connection_get_tls_connection (connection) != NULL));
  if (method == NULL)
    return g_strdup ("not encrypted");
  g_assert_true ((strcmp (method, "srp") == 0) ==
                 (jxs_connection_get_peer_fingerprint (connection) == NULL));
  g_assert_true ((strcmp (method, "srp") == 0) ==
                 (jxs_connection_get_local_fingerprint (connection) == NULL));
  return g_strdup_printf ("%s, %s", method, levels[jxs_connection_get_trust_level (connection)]);
}

/* What opened, on the side that did; NULL with error. */
static JxsConnection *
open_one (Pair *pair, guint who, gboolean is_stream, GObject **opened, GError **error)
{
  JxsEndpoint *endpoint = pair->endpoints[who];
  g_autoptr (GAsyncResult) result = NULL;
  Reply reply = { NULL };

  if (is_stream)
    jxs_endpoint_open_stream_async (
        endpoint, pair->jids[1 - who], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  else
    jxs_endpoint_open_pipe_async (endpoint,
                                  pair->jids[1 - who],
                                  "org.example.Echo",
                                  G_PRIORITY_DEFAULT,
                                  NULL,
                                  reply_cb,
                                  &reply);
  result = reply_wait (&reply);
  *opened = is_stream ? (GObject *) jxs_endpoint_open_stream_finish (endpoint, result, error)
                      : (GObject *) jxs_endpoint_open_pipe_finish (endpoint, result, error);
  if (*opened == NULL)
    return NULL;
  return is_stream ? jxs_endpoint_get_stream_connection (endpoint, JXS_XML_STREAM (*opened))
                   : JXS_CONNECTION (*opened);
}

/* TLS 1.3 lets the client finish first: who was refused learns it at its first read, as an error.
 */
static void
assert_read_fails (JxsConnection *connection)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  char byte;

  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                             &byte,
                             1,
                             G_PRIORITY_DEFAULT,
                             NULL,
                             reply_cb,
                             &reply);
  result = reply_wait (&reply);
  g_assert_cmpint (g_input_stream_read_finish (
                       g_io_stream_get_input_stream (G_IO_STREAM (connection)), result, &error),
                   ==,
                   -1);
  g_assert_nonnull (error);
}

static gboolean
is_refusal (const char *outcome)
{
  return g_str_has_prefix (outcome, "refused: ");
}

/* Whoever saw something of the session was told that it ended for the sake of security; where its
 * stream was open in the clear, by an error of the stream. */
static void
assert_ended (Doorman *doorman)
{
  if (doorman->session == NULL)
    return;
  wait_until (jxs_session_get_state (doorman->session) == JXS_SESSION_STATE_ENDED);
  if (doorman->stream != NULL)
    return;
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (doorman->session)),
                   ==,
                   JXS_REASON_SECURITY_ERROR);
}

/* The application pins what is known. */
static JxsTrustOrigin
get_origin (const Setup *setup)
{
  if (setup->password != NULL)
    return JXS_TRUST_ORIGIN_PASSWORD;
  return setup->key == KEY_NEW ? JXS_TRUST_ORIGIN_NONE : JXS_TRUST_ORIGIN_APPLICATION;
}

static void
run_opening (const Setup *setup, gboolean is_stream, const char *expected)
{
  g_autoptr (GObject) opened = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *outcome = NULL;
  JxsConnection *connection;
  Doorman doorman;
  Pair pair;

  prepare (&pair, setup);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  connection = open_one (&pair, ROMEO, is_stream, &opened, &error);
  outcome = connection != NULL ? describe (connection) : g_strdup (describe_error (error));
  g_test_message ("opened: %s", error != NULL ? error->message : outcome);
  g_assert_cmpstr (outcome, ==, expected);
  if (connection == NULL)
    assert_ended (&doorman);
  else
    wait_until (is_stream ? doorman.stream != NULL : doorman.connection != NULL);
  if (connection != NULL)
    g_assert_cmpint (jxs_connection_get_trust_origin (connection), ==, get_origin (setup));
  g_assert_false (setup->password != NULL && connection != NULL &&
                  jxs_passwords_has (pair.endpoints[ROMEO]->passwords, pair.jids[JULIET], NULL));
  g_clear_object (&opened);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* What a caller cannot do shows as what is missing. */
static const char *
get_accepting (const Setup *setup, const char *expected)
{
  if (!g_str_equal (expected, "refused: not supported"))
    return expected;
  return setup->password != NULL ? "refused: password" : "refused: security";
}

static void
run_accepting (const Setup *setup, gboolean is_stream, const char *expected)
{
  g_autoptr (GObject) opened = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *outcome = NULL;
  JxsConnection *connection;
  Doorman doorman;
  Pair pair;

  prepare (&pair, setup);
  doorman_init (&doorman, pair.endpoints[ROMEO]);
  connection = open_one (&pair, JULIET, is_stream, &opened, &error);
  if (!is_refusal (expected))
    {
      g_assert_no_error (error);
      wait_until (is_stream ? doorman.stream != NULL : doorman.connection != NULL);
      outcome = describe (
          is_stream ? jxs_endpoint_get_stream_connection (pair.endpoints[ROMEO], doorman.stream)
                    : doorman.connection);
      g_assert_cmpstr (outcome, ==, expected);
    }
  else
    {
      if (connection != NULL)
        assert_read_fails (connection);
      else
        g_assert_nonnull (error);
      g_assert_null (doorman.stream);
      g_assert_null (doorman.connection);
      if (doorman.n_incoming > 0)
        {
          wait_until (doorman.error != NULL);
          g_test_message ("accepted: %s", doorman.error->message);
          g_assert_cmpstr (describe_error (doorman.error), ==, get_accepting (setup, expected));
          assert_ended (&doorman);
        }
    }
  g_clear_object (&opened);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  Setup setup;

  read_row (&setup, row);
  if (!jxs_tls_supports_srp () &&
      (strstr (row->stream, "srp") != NULL || g_strcmp0 (setup.password, SHORT) == 0))
    {
      g_test_skip ("GnuTLS was built without SRP");
      return;
    }
  if (g_str_has_suffix (row->stream, WHEN_WE_OPEN))
    {
      g_autofree char *outcome =
          g_strndup (row->stream, strlen (row->stream) - strlen (WHEN_WE_OPEN));

      run_opening (&setup, TRUE, outcome);
    }
  else
    {
      run_opening (&setup, TRUE, row->stream);
      run_accepting (&setup, TRUE, row->stream);
    }
  run_opening (&setup, FALSE, row->pipe);
  run_accepting (&setup, FALSE, row->pipe);
}

/* ---- the document ---- */

/* It has these rows, in this order, and no other. */
static void
test_document (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "doc", "security.md", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GString) table = g_string_new ("| we | the peer | XML stream | pipe |\n"
                                            "|---|---|---|---|\n");
  g_autoptr (GError) error = NULL;
  const char *found;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_string_append_printf (
        table, "| %s | %s | %s | %s |\n", rows[i].ours, rows[i].peer, rows[i].stream, rows[i].pipe);
  found = strstr (text, table->str);
  if (found == NULL)
    g_test_message ("doc/security.md should have\n%s", table->str);
  g_assert_nonnull (found);
  g_assert_cmpint (found[table->len], ==, '\n');
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/policy-matrix/document", test_document);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/endpoint/policy-matrix/%s: %s", rows[i].ours, rows[i].peer);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  return g_test_run ();
}

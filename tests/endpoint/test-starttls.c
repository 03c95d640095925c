/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/jxs-endpoint-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Streams that are encrypted inside (XEP-0246 §3), between two endpoints of ours: as long as the
 * one who calls offers no XTLS. */

typedef struct
{
  Pair pair;
  Doorman doorman;
  guint caller;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  pair_init (&f->pair);
  doorman_init (&f->doorman, f->pair.endpoints[JULIET]);
  jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (f->pair.endpoints[ROMEO]),
                                   JXS_SECURITY_METHODS_STARTTLS | JXS_SECURITY_METHODS_SRP);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  doorman_clear (&f->doorman);
  pair_clear (&f->pair);
}

static JxsXmlStream *
try_stream (Fixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_stream_async (
      f->pair.endpoints[ROMEO], f->pair.jids[JULIET], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  return jxs_endpoint_open_stream_finish (f->pair.endpoints[ROMEO], result, error);
}

static void
assert_facts (Fixture *f,
              guint who,
              JxsXmlStream *stream,
              const char *method,
              JxsTrustLevel level,
              JxsTrustOrigin origin)
{
  JxsConnection *connection = jxs_endpoint_get_stream_connection (f->pair.endpoints[who], stream);
  g_autofree char *local =
      jxs_identity_get_fingerprint (f->pair.identities[who], G_CHECKSUM_SHA256);
  g_autofree char *peer =
      jxs_identity_get_fingerprint (f->pair.identities[1 - who], G_CHECKSUM_SHA256);

  g_assert_nonnull (jxs_connection_get_tls_connection (connection));
  g_assert_cmpstr (jxs_connection_get_protocol_name (connection), ==, "TLS 1.3");
  g_assert_nonnull (jxs_connection_get_cipher_name (connection));
  g_assert_cmpstr (jxs_connection_get_local_fingerprint (connection), ==, local);
  g_assert_cmpstr (jxs_connection_get_peer_fingerprint (connection), ==, peer);
  g_assert_cmpstr (jxs_connection_get_security_method (connection), ==, method);
  g_assert_cmpint (jxs_connection_get_trust_level (connection), ==, level);
  g_assert_cmpint (jxs_connection_get_trust_origin (connection), ==, origin);
  g_assert_true (jxs_connection_get_can_half_close (connection));
}

static void
assert_talk (JxsXmlStream *one, JxsXmlStream *other)
{
  JxsXmlStream *streams[] = { one, other };
  Inbox inboxes[2];

  for (guint i = 0; i < 2; i++)
    inbox_init (&inboxes[i], streams[i]);
  for (guint i = 0; i < 2; i++)
    send_body (streams[i], i == 0 ? "wherefore" : "therefore");
  wait_until (inboxes[0].bodies->len == 1 && inboxes[1].bodies->len == 1);
  g_assert_cmpstr (g_ptr_array_index (inboxes[0].bodies, 0), ==, "therefore");
  g_assert_cmpstr (g_ptr_array_index (inboxes[1].bodies, 0), ==, "wherefore");
  close_stream (one);
  wait_until (inboxes[0].closed && inboxes[1].closed);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_no_error (inboxes[i].error);
      inbox_clear (&inboxes[i]);
    }
}

/* A first use, then the same keys again. */
static void
test_certificates (Fixture *f, gconstpointer data)
{
  for (JxsTrustLevel level = JXS_TRUST_LEVEL_FIRST_USE; level <= JXS_TRUST_LEVEL_PINNED; level++)
    {
      g_autoptr (JxsXmlStream) stream = open_stream (&f->pair, &f->doorman);

      assert_facts (f, ROMEO, stream, "starttls", level, JXS_TRUST_ORIGIN_NONE);
      assert_facts (f, JULIET, f->doorman.stream, "starttls", level, JXS_TRUST_ORIGIN_NONE);
      assert_talk (stream, f->doorman.stream);
      g_clear_object (&f->doorman.stream);
    }
}

static void
set_password (Fixture *f, guint who, const char *password, JxsPasswordKind kind)
{
  g_autoptr (GError) error = NULL;

  jxs_endpoint_set_peer_password (
      f->pair.endpoints[who], f->pair.jids[1 - who], password, kind, &error);
  g_assert_no_error (error);
}

static void
forbid_srp (Fixture *f)
{
  jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (f->pair.endpoints[ROMEO]),
                                   JXS_SECURITY_METHODS_STARTTLS);
}

/* Opening fails on both sides, for reasons that name what matters. */
static void
assert_failure (Fixture *f, const char *romeo, const char *juliet)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = try_stream (f, &error);

  g_assert_null (stream);
  g_test_message ("Romeo: %s", error->message);
  g_assert_nonnull (strstr (error->message, romeo));
  wait_until (f->doorman.error != NULL || f->doorman.stream != NULL);
  g_assert_null (f->doorman.stream);
  g_test_message ("Juliet: %s", f->doorman.error->message);
  g_assert_false (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_assert_false (g_error_matches (f->doorman.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_assert_nonnull (strstr (f->doorman.error->message, juliet));
}

/* One that is strong is proved over certificates (RFC 5802, RFC 9266); both sides then know that
 * the keys are right, and keep that. */
static void
test_strong_password (Fixture *f, gconstpointer data)
{
  g_autofree char *password = jxs_password_generate (JXS_PASSWORD_STRONG);

  forbid_srp (f);
  for (guint i = 0; i < 2; i++)
    set_password (f, i, password, JXS_PASSWORD_STRONG);
  for (guint round = 0; round < 2; round++)
    {
      const JxsTrustOrigin origin = JXS_TRUST_ORIGIN_PASSWORD;
      g_autoptr (JxsXmlStream) stream = open_stream (&f->pair, &f->doorman);

      assert_facts (f, ROMEO, stream, "starttls", JXS_TRUST_LEVEL_VERIFIED, origin);
      assert_facts (f, JULIET, f->doorman.stream, "starttls", JXS_TRUST_LEVEL_VERIFIED, origin);
      assert_talk (stream, f->doorman.stream);
      g_clear_object (&f->doorman.stream);
    }
}

static void
test_wrong_password (Fixture *f, gconstpointer data)
{
  forbid_srp (f);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *password = jxs_password_generate (JXS_PASSWORD_STRONG);

      set_password (f, i, password, JXS_PASSWORD_STRONG);
    }
  assert_failure (f, "another password", "does not know the password");
}

static void
test_missing_password (Fixture *f, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  g_autofree char *password = jxs_password_generate (JXS_PASSWORD_STRONG);

  forbid_srp (f);
  set_password (f, who, password, JXS_PASSWORD_STRONG);
  if (who == ROMEO)
    assert_failure (f, "did not enter the password", "policy");
  else
    assert_failure (f, "none was entered here", "did not enter the password");
}

/* Whoever called, and whoever accepts, may stop at any moment; nothing is left then. */
static void
test_cancelled (Fixture *f, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  guint n_cancelled = 0;

  for (guint turns = 0; turns < 400; turns = turns * 5 / 4 + 1)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (JxsXmlStream) stream = NULL;
      g_autoptr (GError) error = NULL;
      Reply reply = { NULL };

      g_clear_object (&f->doorman.stream);
      g_clear_error (&f->doorman.error);
      g_set_object (&f->doorman.cancellable, (who == JULIET ? cancellable : NULL));
      jxs_endpoint_open_stream_async (f->pair.endpoints[ROMEO],
                                      f->pair.jids[JULIET],
                                      G_PRIORITY_DEFAULT,
                                      who == ROMEO ? cancellable : NULL,
                                      reply_cb,
                                      &reply);
      for (guint i = 0; i < turns && reply.result == NULL; i++)
        g_main_context_iteration (NULL, FALSE);
      g_cancellable_cancel (cancellable);
      result = reply_wait (&reply);
      stream = jxs_endpoint_open_stream_finish (f->pair.endpoints[ROMEO], result, &error);
      n_cancelled += stream == NULL;
      if (stream == NULL && who == ROMEO)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_object (&stream);
      settle ();
    }
  g_assert_cmpuint (n_cancelled, >, 5);
}

/* The keys of both have to be verified, and are not. */
static void
test_minimum (Fixture *f, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  JxsSecurityPolicy *policy = jxs_endpoint_get_security_policy (f->pair.endpoints[who]);

  if (who == ROMEO)
    jxs_security_policy_set_minimum_trust_opening (policy, JXS_TRUST_LEVEL_VERIFIED);
  else
    jxs_security_policy_set_minimum_trust_accepting (policy, JXS_TRUST_LEVEL_VERIFIED);
  assert_failure (f, who == ROMEO ? "verified" : "", who == ROMEO ? "" : "verified");
}

/* A pipe has no place for STARTTLS. */
static void
test_pipe (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_pipe_async (f->pair.endpoints[ROMEO],
                                f->pair.jids[JULIET],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &reply);
  result = reply_wait (&reply);
  g_assert_null (jxs_endpoint_open_pipe_finish (f->pair.endpoints[ROMEO], result, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* Ends one direction alone, by close_notify, as any encrypted stream. */
static void
test_half_close (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsXmlStream) stream = open_stream (&f->pair, &f->doorman);
  Inbox inbox;
  Inbox other;

  inbox_init (&inbox, stream);
  inbox_init (&other, f->doorman.stream);
  jxs_xml_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  send_body (f->doorman.stream, "one moment");
  wait_until (inbox.closed && other.closed);
  g_assert_no_error (inbox.error);
  g_assert_no_error (other.error);
  g_assert_cmpuint (inbox.bodies->len, ==, 1);
  inbox_clear (&inbox);
  inbox_clear (&other);
}

/* XEP-0250 §3.2: certificates are named to those whose own is known. */
static void
test_query (Fixture *f, gconstpointer data)
{
  g_autofree char *own =
      jxs_identity_get_fingerprint (f->pair.identities[JULIET], G_CHECKSUM_SHA256);
  const JxsSecurityMethods srp = jxs_tls_supports_srp () ? JXS_SECURITY_METHODS_SRP : 0;

  for (guint round = 0; round < 2; round++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *fingerprint = NULL;
      Reply reply = { NULL };

      jxs_endpoint_query_security_async (
          f->pair.endpoints[ROMEO], f->pair.jids[JULIET], NULL, reply_cb, &reply);
      result = reply_wait (&reply);
      g_assert_cmpint (jxs_endpoint_query_security_finish (
                           f->pair.endpoints[ROMEO], result, &fingerprint, &error),
                       ==,
                       JXS_SECURITY_METHODS_X509 | JXS_SECURITY_METHODS_STARTTLS | srp);
      g_assert_no_error (error);
      g_assert_cmpstr (fingerprint, ==, round == 0 ? NULL : own);
      if (round == 0)
        {
          g_autoptr (JxsXmlStream) stream = open_stream (&f->pair, &f->doorman);

          assert_talk (stream, f->doorman.stream);
        }
    }
}

static void
test_query_nobody (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsJid) nobody = jxs_jid_new ("nobody@montague.lit/void", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  for (guint round = 0; round < 2; round++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      Reply reply = { NULL };

      jxs_endpoint_query_security_async (
          f->pair.endpoints[ROMEO], nobody, cancellable, reply_cb, &reply);
      if (round == 1)
        g_cancellable_cancel (cancellable);
      result = reply_wait (&reply);
      g_assert_cmpint (
          jxs_endpoint_query_security_finish (f->pair.endpoints[ROMEO], result, NULL, &error),
          ==,
          JXS_SECURITY_METHODS_NONE);
      if (round == 0)
        g_assert_error (error, JXS_ERROR, JXS_ERROR_PEER_UNAVAILABLE);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

/* Over XTLS only what the password needs is done inside (jingle-xtls §5). */
static void
test_strong_password_over_xtls (Fixture *f, gconstpointer data)
{
  g_autofree char *password = jxs_password_generate (JXS_PASSWORD_STRONG);
  g_autoptr (JxsXmlStream) stream = NULL;

  jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (f->pair.endpoints[ROMEO]),
                                   JXS_SECURITY_METHODS_X509);
  for (guint i = 0; i < 2; i++)
    set_password (f, i, password, JXS_PASSWORD_STRONG);
  stream = open_stream (&f->pair, &f->doorman);
  assert_facts (f, ROMEO, stream, "x509", JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD);
  assert_facts (
      f, JULIET, f->doorman.stream, "x509", JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD);
  assert_talk (stream, f->doorman.stream);
}

static void
test_wrong_password_over_xtls (Fixture *f, gconstpointer data)
{
  jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (f->pair.endpoints[ROMEO]),
                                   JXS_SECURITY_METHODS_X509);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *password = jxs_password_generate (JXS_PASSWORD_STRONG);

      set_password (f, i, password, JXS_PASSWORD_STRONG);
    }
  assert_failure (f, "another password", "does not know the password");
}

/* Another session with the same peer takes the password away when this one has got to what. */
typedef struct
{
  Fixture *f;
  guint who;
  const char *what; /* of the trace */
  guint n_taken;
} Thief;

static void
steal_cb (JxsEndpoint *endpoint,
          gint64 time,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  Thief *thief = user_data;
  JxsJid *peer = thief->f->pair.jids[!thief->who];

  if (!g_str_equal (what, thief->what) || !jxs_passwords_has (endpoint->passwords, peer, NULL))
    return;
  jxs_password_free (jxs_passwords_take (endpoint->passwords, peer, NULL));
  thief->n_taken++;
}

/* Who has no password must not get in by another session that used it up: that began with it. */
static void
test_password_gone (Fixture *f, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  static const struct
  {
    JxsSecurityMethods methods;
    gboolean encrypts;
    const char *what;
  } moments[] = {
    { JXS_SECURITY_METHODS_X509, TRUE, "handshake" },
    { JXS_SECURITY_METHODS_X509, TRUE, "certificate-matches" },
    { JXS_SECURITY_METHODS_STARTTLS, TRUE, "connected" },
    { JXS_SECURITY_METHODS_STARTTLS, FALSE, "connected" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      JxsEndpoint *endpoint = f->pair.endpoints[who];
      g_autofree char *password = jxs_password_generate (JXS_PASSWORD_STRONG);
      Thief thief = { f, who, moments[i].what, 0 };
      gulong id = g_signal_connect (endpoint, "trace", G_CALLBACK (steal_cb), &thief);
      g_autoptr (JxsXmlStream) stream = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%u: %s", (guint) i, moments[i].what);
      for (guint j = 0; j < 2; j++)
        {
          JxsSecurityPolicy *policy = jxs_endpoint_get_security_policy (f->pair.endpoints[j]);

          jxs_security_policy_set_methods (policy, moments[i].methods);
          jxs_security_policy_set_require_encryption (policy, moments[i].encrypts);
        }
      set_password (f, who, password, JXS_PASSWORD_STRONG);
      /* The other one, who demands nothing, may see it open and end. */
      stream = try_stream (f, &error);
      wait_until (f->doorman.error != NULL || f->doorman.stream != NULL);
      g_assert_null (who == ROMEO ? stream : f->doorman.stream);
      if (who == JULIET)
        {
          g_clear_error (&error);
          error = g_steal_pointer (&f->doorman.error);
        }
      g_test_message ("%s", error->message);
      g_assert_true (error->domain == JXS_ERROR);
      if (moments[i].encrypts)
        g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
      g_assert_cmpuint (thief.n_taken, ==, 1);
      g_assert_false (jxs_trust_is_known (JXS_TRUST (f->pair.trusts[who]), f->pair.jids[!who]));
      g_signal_handler_disconnect (endpoint, id);
      g_clear_object (&stream);
      g_clear_object (&f->doorman.stream);
      g_clear_error (&f->doorman.error);
      jxs_memory_trust_forget (f->pair.trusts[!who], f->pair.jids[who]);
      settle ();
    }
}

/* SRP inside the stream (XEP-0250 §3.3.3): a short password will do. */
static void
test_short_password (Fixture *f, gconstpointer data)
{
  if (!jxs_tls_supports_srp ())
    {
      g_test_skip ("GnuTLS was built without SRP");
      return;
    }
  jxs_disco_remove_feature (f->pair.endpoints[JULIET]->disco, JXS_NS_XTLS);
  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < 2; i++)
        set_password (f, i, round == 1 && i == 1 ? "4711" : "0815", JXS_PASSWORD_SHORT);
      if (round == 0)
        {
          g_autoptr (JxsXmlStream) stream = open_stream (&f->pair, &f->doorman);
          JxsConnection *connection =
              jxs_endpoint_get_stream_connection (f->pair.endpoints[ROMEO], stream);

          g_assert_cmpstr (jxs_connection_get_security_method (connection), ==, "starttls");
          g_assert_cmpstr (jxs_connection_get_protocol_name (connection), ==, "TLS 1.2");
          g_assert_cmpint (jxs_connection_get_trust_level (connection),
                           ==,
                           JXS_TRUST_LEVEL_VERIFIED);
          g_assert_cmpint (jxs_connection_get_trust_origin (connection),
                           ==,
                           JXS_TRUST_ORIGIN_PASSWORD);
          assert_talk (stream, f->doorman.stream);
          g_clear_object (&f->doorman.stream);
        }
      else
        assert_failure (f, "", "");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func)                                                                            \
  g_test_add ("/endpoint/starttls/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("certificates", test_certificates);
  ADD ("strong-password", test_strong_password);
  ADD ("wrong-password", test_wrong_password);
  ADD ("strong-password-over-xtls", test_strong_password_over_xtls);
  ADD ("wrong-password-over-xtls", test_wrong_password_over_xtls);
  ADD ("short-password", test_short_password);
  ADD ("query", test_query);
  ADD ("query-nobody", test_query_nobody);
  ADD ("pipe", test_pipe);
  ADD ("half-close", test_half_close);
#undef ADD
  for (guint who = 0; who < 2; who++)
    {
      g_test_add (who == ROMEO ? "/endpoint/starttls/cancelled-calling"
                               : "/endpoint/starttls/cancelled-called",
                  Fixture,
                  GUINT_TO_POINTER (who),
                  set_up,
                  test_cancelled,
                  tear_down);
      g_test_add (who == ROMEO ? "/endpoint/starttls/minimum-calling"
                               : "/endpoint/starttls/minimum-called",
                  Fixture,
                  GUINT_TO_POINTER (who),
                  set_up,
                  test_minimum,
                  tear_down);
    }
  for (guint who = 0; who < 2; who++)
    g_test_add (who == ROMEO ? "/endpoint/starttls/password-gone-calling"
                             : "/endpoint/starttls/password-gone-called",
                Fixture,
                GUINT_TO_POINTER (who),
                set_up,
                test_password_gone,
                tear_down);
  for (guint who = 0; who < 2; who++)
    g_test_add (who == ROMEO ? "/endpoint/starttls/password-of-caller"
                             : "/endpoint/starttls/password-of-callee",
                Fixture,
                GUINT_TO_POINTER (who),
                set_up,
                test_missing_password,
                tear_down);
  return g_test_run ();
}

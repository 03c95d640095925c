/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>

/* The log and the trace at their fullest, over every way to encrypt: nothing in them that is worth
 * hearing. */

static GString *told; /* all of the log, and of the trace */

static GLogWriterOutput
writer (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer user_data)
{
  g_autofree char *text = g_log_writer_format_fields (level, fields, n, FALSE);

  g_string_append (told, text);
  for (gsize i = 0; i < n; i++)
    if (fields[i].length < 0)
      g_string_append_printf (told, " %s=%s", fields[i].key, (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  g_string_append_printf (told, "%s %s %s\n", layer, what, detail);
}

/* As it is, in hexadecimal, and in base64. */
static void
assert_untold (const char *what, const void *secret, gsize size)
{
  g_autofree char *base64 = g_base64_encode (secret, size);
  g_autoptr (GString) hexadecimal = g_string_new (NULL);

  g_assert_cmpuint (size, >=, 6);
  for (gsize i = 0; i < size; i++)
    g_string_append_printf (hexadecimal, "%02x", ((const guint8 *) secret)[i]);
  /* The last characters depend on what follows. */
  base64[size / 3 * 4] = '\0';
  if (memmem (told->str, told->len, secret, size) != NULL ||
      strcasestr (told->str, hexadecimal->str) != NULL || strstr (told->str, base64) != NULL)
    g_test_fail_printf ("%s was told", what);
}

/* The number that is the key is behind what says of which kind it is. */
static void
assert_key_untold (JxsIdentity *identity)
{
  g_autofree char *pem = NULL;
  g_auto (GStrv) lines = NULL;

  g_object_get (jxs_identity_get_certificate (identity), "private-key-pem", &pem, NULL);
  g_assert_nonnull (pem);
  lines = g_strsplit (pem, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), >, 3);
  assert_untold ("A private key", lines[2], strlen (lines[2]));
}

static void
verification_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
  g_set_object ((JxsVerification **) user_data, verification);
}

/* Both see the string, and say yes. */
static void
verify (Pair *pair, JxsXmlStream *stream)
{
  g_autoptr (JxsVerification) ours = NULL;
  g_autoptr (JxsVerification) theirs = NULL;
  g_autoptr (GError) error = NULL;
  const char *digits;

  g_signal_connect (pair->endpoints[JULIET], "verification", G_CALLBACK (verification_cb), &theirs);
  ours = jxs_endpoint_verify_stream (pair->endpoints[ROMEO], stream, &error);
  g_assert_no_error (error);
  wait_until (jxs_verification_get_digits (ours) != NULL && theirs != NULL &&
              jxs_verification_get_digits (theirs) != NULL);
  digits = jxs_verification_get_digits (ours);
  assert_untold ("The short string", digits, strlen (digits));
  jxs_verification_confirm (ours);
  jxs_verification_confirm (theirs);
  wait_until (jxs_verification_get_state (ours) == JXS_VERIFICATION_STATE_VERIFIED);
  g_signal_handlers_disconnect_by_data (pair->endpoints[JULIET], &theirs);
}

typedef struct
{
  const char *name;
  JxsSecurityMethods methods;
  gboolean password;
  JxsPasswordKind kind;
} Case;

static const Case cases[] = {
  { "x509", JXS_SECURITY_METHODS_X509, FALSE, JXS_PASSWORD_SHORT },
  { "starttls", JXS_SECURITY_METHODS_STARTTLS, FALSE, JXS_PASSWORD_SHORT },
  { "strong-password", JXS_SECURITY_METHODS_X509, TRUE, JXS_PASSWORD_STRONG },
  { "strong-password-starttls", JXS_SECURITY_METHODS_STARTTLS, TRUE, JXS_PASSWORD_STRONG },
  { "srp", JXS_SECURITY_METHODS_ALL, TRUE, JXS_PASSWORD_SHORT },
};

static void
enter_password (Pair *pair, const char *password, JxsPasswordKind kind)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      jxs_endpoint_set_peer_password (pair->endpoints[i], pair->jids[!i], password, kind, &error);
      g_assert_no_error (error);
    }
}

static void
test_untold (gconstpointer data)
{
  const Case *c = data;
  const char *said[] = { "But, soft! what light", "It is my soul that calls" };
  g_autofree char *password = c->password ? jxs_password_generate (c->kind) : NULL;
  Pair pair;
  Doorman doorman;
  g_autoptr (JxsXmlStream) stream = NULL;
  Inbox inboxes[2];

  g_string_truncate (told, 0);
  jxs_clock_use_fake (0);
  hurry_start ();
  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  for (guint i = 0; i < 2; i++)
    {
      jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (pair.endpoints[i]),
                                       c->methods);
      g_signal_connect (pair.endpoints[i], "trace", G_CALLBACK (trace_cb), NULL);
    }
  if (password != NULL)
    enter_password (&pair, password, c->kind);
  stream = open_stream (&pair, &doorman);
  inbox_init (&inboxes[ROMEO], stream);
  inbox_init (&inboxes[JULIET], doorman.stream);
  send_body (stream, said[ROMEO]);
  send_body (doorman.stream, said[JULIET]);
  wait_until (inboxes[ROMEO].bodies->len == 1 && inboxes[JULIET].bodies->len == 1);
  if (password == NULL)
    verify (&pair, stream);
  else
    g_assert_cmpint (jxs_connection_get_trust_level (
                         jxs_endpoint_get_stream_connection (pair.endpoints[ROMEO], stream)),
                     ==,
                     JXS_TRUST_LEVEL_VERIFIED);
  close_stream (stream);
  wait_until (inboxes[JULIET].closed);
  for (guint i = 0; i < 2; i++)
    inbox_clear (&inboxes[i]);
  g_clear_object (&stream);
  doorman_clear (&doorman);
  for (guint i = 0; i < 2; i++)
    g_signal_handlers_disconnect_by_func (pair.endpoints[i], trace_cb, NULL);

  /* It told something. */
  g_assert_nonnull (strstr (told->str, "secured"));
  g_assert_nonnull (strstr (told->str, "jxs-security"));
  for (guint i = 0; i < 2; i++)
    {
      assert_untold ("What was said", said[i], strlen (said[i]));
      assert_key_untold (pair.identities[i]);
    }
  if (password != NULL)
    assert_untold ("The password", password, strlen (password));
  assert_untold ("A stanza", "<message", 8);
  assert_untold ("A header", "stream:stream", 13);
  assert_untold ("A key", "PRIVATE KEY", 11);
  pair_clear (&pair);
  hurry_stop ();
  jxs_clock_use_real ();
}

int
main (int argc, char **argv)
{
  g_setenv ("G_MESSAGES_DEBUG", "all", TRUE);
  g_test_init (&argc, &argv, NULL);
  told = g_string_new (NULL);
  g_log_set_writer_func (writer, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/endpoint/secrets/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_untold);
    }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gsasl.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-sasl-exchange-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static JxsSaslExchange *
new_client (const char *mechanism, const char *password, JxsSaslBinding binding, GBytes *data)
{
  const JxsSaslParams params = { mechanism, "romeo", password, binding, data };

  return jxs_sasl_exchange_new_client (&params);
}

/* A server, by the same library. */
typedef struct
{
  const char *password;
  const char *iterations;
  const char *unique;   /* base64, (nullable) */
  const char *exporter; /* base64, (nullable) */
} Account;

static int
account_cb (Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
  const Account *account = gsasl_session_hook_get (session);
  const char *value = NULL;

  switch (property)
    {
    case GSASL_PASSWORD:
      value = account->password;
      break;
    case GSASL_SCRAM_ITER:
      value = account->iterations;
      break;
    case GSASL_CB_TLS_UNIQUE:
      value = account->unique;
      break;
    case GSASL_CB_TLS_EXPORTER:
      value = account->exporter;
      break;
    case GSASL_VALIDATE_SIMPLE:
      return g_strcmp0 (gsasl_property_fast (session, GSASL_PASSWORD), account->password) == 0
                 ? GSASL_OK
                 : GSASL_AUTHENTICATION_ERROR;
    default:
      break;
    }
  if (value == NULL)
    return GSASL_NO_CALLBACK;
  gsasl_property_set (session, property, value);
  return GSASL_OK;
}

typedef enum
{
  TAMPER_NOTHING,
  TAMPER_SIGNATURE,  /* the server does not know the password */
  TAMPER_NO_SUCCESS, /* it leaves its proof out */
  TAMPER_NONCE,
  TAMPER_ITERATIONS,
  TAMPER_HIDDEN_ITERATIONS, /* behind a NUL */
  TAMPER_GARBAGE,
} Tamper;

static char *
tamper_with (const char *text, Tamper tamper)
{
  gsize length;
  g_autofree guint8 *decoded = g_base64_decode (text, &length);
  g_autofree char *plain = g_strndup ((const char *) decoded, length);
  g_autofree char *other = NULL;

  if (tamper == TAMPER_SIGNATURE || tamper == TAMPER_NONCE)
    {
      other = g_strdup (plain);
      other[2] = other[2] == 'A' ? 'B' : 'A';
    }
  else if (tamper == TAMPER_ITERATIONS)
    {
      char *end = strstr (plain, ",i=");

      *end = '\0';
      other = g_strconcat (plain, ",i=4000000000", NULL);
    }
  else if (tamper == TAMPER_HIDDEN_ITERATIONS)
    {
      g_autoptr (GString) hidden = g_string_new (plain);

      g_string_truncate (hidden, strstr (plain, ",s=") - plain);
      g_string_append_c (hidden, '\0');
      g_string_append (hidden, ",s=c2FsdA==,i=4000000000");
      return g_base64_encode ((const guint8 *) hidden->str, hidden->len);
    }
  else
    return g_strdup ("%%%");
  return g_base64_encode ((const guint8 *) other, strlen (other));
}

/* The whole exchange. FALSE: refused on either side; error: set if it was ours. */
static gboolean
exchange (const char *mechanism,
          const char *password,
          JxsSaslBinding binding,
          const char *binding_text,
          const Account *account,
          Tamper tamper,
          GError **error)
{
  g_autoptr (GBytes) data =
      binding_text != NULL ? g_bytes_new (binding_text, strlen (binding_text)) : NULL;
  g_autoptr (JxsSaslExchange) sasl = new_client (mechanism, password, binding, data);
  g_autofree char *ours = NULL;
  Gsasl *context;
  Gsasl_session *session;
  gboolean server_content = FALSE;
  gboolean ok = FALSE;
  guint n_steps = 0;

  g_assert_cmpint (gsasl_init (&context), ==, GSASL_OK);
  gsasl_callback_set (context, account_cb);
  g_assert_cmpint (gsasl_server_start (context, mechanism, &session), ==, GSASL_OK);
  gsasl_session_hook_set (session, (void *) account);

  if (!jxs_sasl_exchange_start (sasl, &ours, error))
    goto out;
  for (;;)
    {
      char *theirs = NULL;
      g_autofree char *changed = NULL;
      int code = gsasl_step64 (session, g_str_equal (ours, "=") ? "" : ours, &theirs);

      server_content = code == GSASL_OK;
      if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
        break;
      n_steps++;
      if ((tamper == TAMPER_SIGNATURE && server_content) ||
          (tamper >= TAMPER_NONCE && !server_content))
        changed = tamper_with (theirs, tamper);
      else
        changed = g_strdup (theirs);
      gsasl_free (theirs);
      if (server_content)
        {
          ok = jxs_sasl_exchange_finish (sasl, tamper == TAMPER_NO_SUCCESS ? "" : changed, error);
          break;
        }
      g_clear_pointer (&ours, g_free);
      if (!jxs_sasl_exchange_step (sasl, changed, &ours, error))
        break;
      g_assert_cmpuint (n_steps, <, 5);
    }
out:
  gsasl_finish (session);
  gsasl_done (context);
  return ok;
}

static void
test_exchange (void)
{
  static const char *const names[] = { "SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN" };
  const Account account = { .password = "pencil", .iterations = "4096" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (exchange (
          names[i], "pencil", JXS_SASL_BINDING_NONE, NULL, &account, TAMPER_NOTHING, &error));
      g_assert_no_error (error);
      g_assert_false (exchange (
          names[i], "pencils", JXS_SASL_BINDING_NONE, NULL, &account, TAMPER_NOTHING, &error));
      g_assert_no_error (error);
      /* A binding that the server does not know of does no harm. */
      g_assert_true (exchange (names[i],
                               "pencil",
                               JXS_SASL_BINDING_TLS_EXPORTER,
                               "binding",
                               &account,
                               TAMPER_NOTHING,
                               &error));
      g_assert_no_error (error);
    }
}

/* The channel is part of the proof. */
static void
test_binding (void)
{
  static const char *const names[] = { "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS" };
  const Account exporter = { "pencil", "4096", NULL, "YmluZGluZw==" };
  const Account unique = { "pencil", "4096", "YmluZGluZw==", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (exchange (names[i],
                               "pencil",
                               JXS_SASL_BINDING_TLS_EXPORTER,
                               "binding",
                               &exporter,
                               TAMPER_NOTHING,
                               &error));
      g_assert_no_error (error);
      g_assert_true (exchange (names[i],
                               "pencil",
                               JXS_SASL_BINDING_TLS_UNIQUE,
                               "binding",
                               &unique,
                               TAMPER_NOTHING,
                               &error));
      g_assert_no_error (error);
      g_assert_false (exchange (names[i],
                                "pencil",
                                JXS_SASL_BINDING_TLS_EXPORTER,
                                "another",
                                &exporter,
                                TAMPER_NOTHING,
                                &error));
      g_assert_no_error (error);
      g_assert_false (exchange (
          names[i], "pencil", JXS_SASL_BINDING_NONE, NULL, &exporter, TAMPER_NOTHING, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
    }
}

/* RFC 5802 §5: the server has to prove itself as well. */
static void
test_tampered (void)
{
  static const struct
  {
    Tamper tamper;
    int code;
  } cases[] = {
    { TAMPER_SIGNATURE, JXS_ERROR_SECURITY },
    { TAMPER_NO_SUCCESS, JXS_ERROR_SECURITY },
    { TAMPER_NONCE, JXS_ERROR_AUTHENTICATION },
    { TAMPER_ITERATIONS, JXS_ERROR_LIMIT },
    { TAMPER_HIDDEN_ITERATIONS, JXS_ERROR_AUTHENTICATION },
    { TAMPER_GARBAGE, JXS_ERROR_AUTHENTICATION },
  };
  const Account account = { .password = "pencil", .iterations = "4096" };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%d", cases[i].tamper);
      g_assert_false (exchange ("SCRAM-SHA-256",
                                "pencil",
                                JXS_SASL_BINDING_NONE,
                                NULL,
                                &account,
                                cases[i].tamper,
                                &error));
      g_assert_error (error, JXS_ERROR, cases[i].code);
    }
}

/* A server that says success at once, or goes on after it. */
static void
test_out_of_turn (void)
{
  g_autoptr (JxsSaslExchange) scram =
      new_client ("SCRAM-SHA-1", "pencil", JXS_SASL_BINDING_NONE, NULL);
  g_autoptr (JxsSaslExchange) plain = new_client ("PLAIN", "pencil", JXS_SASL_BINDING_NONE, NULL);
  g_autoptr (JxsSaslExchange) unknown = new_client ("ODD", "pencil", JXS_SASL_BINDING_NONE, NULL);
  g_autoptr (JxsSaslExchange) unused = new_client ("PLAIN", "pencil", JXS_SASL_BINDING_NONE, NULL);
  g_autofree char *text = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_sasl_exchange_start (scram, &text, &error));
  g_assert_false (jxs_sasl_exchange_finish (scram, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
  g_clear_error (&error);
  g_clear_pointer (&text, g_free);

  g_assert_true (jxs_sasl_exchange_start (plain, &text, &error));
  g_assert_cmpstr (text, ==, "AHJvbWVvAHBlbmNpbA==");
  g_assert_false (jxs_sasl_exchange_step (plain, "YQ==", &answer, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_PROTOCOL);
  g_assert_true (jxs_sasl_exchange_finish (plain, NULL, NULL));
  g_clear_error (&error);

  g_clear_pointer (&text, g_free);
  g_assert_false (jxs_sasl_exchange_start (unknown, &text, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  g_clear_error (&error);
  g_assert_false (jxs_sasl_exchange_step (unused, "YQ==", &answer, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_PROTOCOL);
}

/* ---- the server's side ---- */

static JxsSaslExchange *
new_server (const char *mechanism, const char *password, const char *binding)
{
  g_autoptr (GBytes) data = binding != NULL ? g_bytes_new (binding, strlen (binding)) : NULL;
  const JxsSaslParams params = {
    mechanism, "romeo", password, JXS_SASL_BINDING_TLS_EXPORTER, data
  };

  return jxs_sasl_exchange_new_server (&params);
}

/* Both sides; on failure error is that of whoever failed first. */
static gboolean
run (JxsSaslExchange *client, JxsSaslExchange *server, GError **error)
{
  g_autofree char *text = NULL;

  if (!jxs_sasl_exchange_start (client, &text, error))
    return FALSE;
  for (;;)
    {
      g_autofree char *said = g_steal_pointer (&text);

      if (!jxs_sasl_exchange_step (server, said, &text, error))
        return FALSE;
      if (jxs_sasl_exchange_is_done (server))
        return jxs_sasl_exchange_finish (client, text, error);
      g_clear_pointer (&said, g_free);
      said = g_steal_pointer (&text);
      if (!jxs_sasl_exchange_step (client, said, &text, error))
        return FALSE;
    }
}

/* Who may do what with which password, over which channel (RFC 5802, RFC 9266). */
static void
test_server (void)
{
  static const struct
  {
    const char *client_password;
    const char *client_channel;
    const char *user;
    int condition; /* -1: none */
  } cases[] = {
    { "pencil", "channel", "romeo", -1 },
    { "pencils", "channel", "romeo", JXS_SASL_ERROR_NOT_AUTHORIZED },
    /* Somebody in the middle has another channel to each. */
    { "pencil", "other", "romeo", JXS_SASL_ERROR_NOT_AUTHORIZED },
    { "pencil", "channel", "paris", JXS_SASL_ERROR_NOT_AUTHORIZED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) channel =
          g_bytes_new_static (cases[i].client_channel, strlen (cases[i].client_channel));
      const JxsSaslParams params = { "SCRAM-SHA-256-PLUS",
                                     cases[i].user,
                                     cases[i].client_password,
                                     JXS_SASL_BINDING_TLS_EXPORTER,
                                     channel };
      g_autoptr (JxsSaslExchange) client = jxs_sasl_exchange_new_client (&params);
      g_autoptr (JxsSaslExchange) server = new_server (params.mechanism, "pencil", "channel");
      g_autoptr (GError) error = NULL;
      gboolean ok = run (client, server, &error);

      g_test_message ("%" G_GSIZE_FORMAT ": %s", i, ok ? "" : error->message);
      g_assert_cmpint (ok, ==, cases[i].condition < 0);
      if (!ok)
        g_assert_error (error, JXS_SASL_ERROR, cases[i].condition);
      g_assert_cmpint (jxs_sasl_exchange_is_done (server), ==, ok);
      g_assert_cmpstr (jxs_sasl_exchange_get_authzid (server), ==, "");
    }
}

/* A server that has the password only by half cannot convince us. */
static void
test_server_proof (void)
{
  g_autoptr (GBytes) channel = g_bytes_new_static ("channel", 7);
  g_autoptr (JxsSaslExchange) client =
      new_client ("SCRAM-SHA-256-PLUS", "pencil", JXS_SASL_BINDING_TLS_EXPORTER, channel);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_sasl_exchange_start (client, &text, &error));
  g_assert_false (jxs_sasl_exchange_finish (client, "dj1hYmM=", &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* RFC 4422 appendix A: the client names whom it wants to be, or nobody. */
static void
test_external (void)
{
  static const struct
  {
    const char *input;
    const char *authzid; /* NULL: refused */
    int condition;
  } cases[] = {
    { "=", "", 0 },
    { "anVsaWV0QGNhcHVsZXQubGl0", "juliet@capulet.lit", 0 },
    { "%", NULL, JXS_SASL_ERROR_INCORRECT_ENCODING },
    { "YQBi", NULL, JXS_SASL_ERROR_MALFORMED_REQUEST },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsSaslExchange) server = new_server ("EXTERNAL", NULL, NULL);
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;

      if (cases[i].authzid == NULL)
        {
          g_assert_false (jxs_sasl_exchange_step (server, cases[i].input, &text, &error));
          g_assert_error (error, JXS_SASL_ERROR, cases[i].condition);
          continue;
        }
      g_assert_true (jxs_sasl_exchange_step (server, cases[i].input, &text, &error));
      g_assert_no_error (error);
      g_assert_true (jxs_sasl_exchange_is_done (server));
      g_assert_cmpstr (jxs_sasl_exchange_get_authzid (server), ==, cases[i].authzid);
      g_assert_cmpstr (text, ==, "");
      g_clear_pointer (&text, g_free);
      g_assert_false (jxs_sasl_exchange_step (server, "=", &text, &error));
      g_assert_error (error, JXS_SASL_ERROR, JXS_SASL_ERROR_MALFORMED_REQUEST);
    }
}

static void
step_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* In a thread where it takes time; it may be cancelled, and outlive who began it. */
static void
test_async (void)
{
  for (guint cancel = 0; cancel < 2; cancel++)
    {
      JxsSaslExchange *server = new_server ("SCRAM-SHA-256", "pencil", NULL);
      g_autoptr (JxsSaslExchange) client =
          new_client ("SCRAM-SHA-256", "pencil", JXS_SASL_BINDING_NONE, NULL);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      g_autofree char *answer = NULL;

      g_assert_true (jxs_sasl_exchange_start (client, &text, &error));
      jxs_sasl_exchange_step_async (
          server, text, FALSE, G_PRIORITY_DEFAULT, cancellable, step_cb, &result);
      jxs_sasl_exchange_unref (server);
      if (cancel)
        g_cancellable_cancel (cancellable);
      while (result == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (jxs_sasl_exchange_step_finish (result, &answer, &error), ==, cancel == 0);
      if (cancel)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      else
        g_assert_cmpstr (answer, !=, "");
    }
}

static void
test_failure_codec (void)
{
  for (JxsSaslError condition = 0; condition < JXS_SASL_N_ERRORS; condition++)
    {
      g_autoptr (JxsElement) failure = jxs_sasl_failure_build (condition);
      g_autofree char *text = NULL;

      g_assert_cmpint (jxs_sasl_failure_parse (failure, &text), ==, condition);
      g_assert_cmpstr (text, ==, jxs_element_get_name (jxs_element_get_first_child (failure)));
    }
}

static void
test_wipe (void)
{
  char *secret = g_strdup ("pencil");

  jxs_sasl_wipe (&secret);
  g_assert_null (secret);
  jxs_sasl_wipe (&secret);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream/sasl-exchange/exchange", test_exchange);
  g_test_add_func ("/stream/sasl-exchange/binding", test_binding);
  g_test_add_func ("/stream/sasl-exchange/tampered", test_tampered);
  g_test_add_func ("/stream/sasl-exchange/out-of-turn", test_out_of_turn);
  g_test_add_func ("/stream/sasl-exchange/server", test_server);
  g_test_add_func ("/stream/sasl-exchange/server-proof", test_server_proof);
  g_test_add_func ("/stream/sasl-exchange/external", test_external);
  g_test_add_func ("/stream/sasl-exchange/async", test_async);
  g_test_add_func ("/stream/sasl-exchange/failure-codec", test_failure_codec);
  g_test_add_func ("/stream/sasl-exchange/wipe", test_wipe);
  return g_test_run ();
}

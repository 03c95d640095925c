/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gsasl.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/client/jxs-sasl-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define MECH(name) "<mechanism>" name "</mechanism>"
#define ALL                                                                                        \
  MECH ("PLAIN")                                                                                   \
  MECH ("SCRAM-SHA-1")                                                                             \
  MECH ("SCRAM-SHA-1-PLUS")                                                                        \
  MECH ("SCRAM-SHA-256")                                                                           \
  MECH ("SCRAM-SHA-256-"                                                                           \
        "PLUS")
#define BINDINGS(inner)                                                                            \
  "<sasl-channel-binding xmlns='" JXS_NS_SASL_CB "'>" inner "</sasl-channel-binding>"
#define BINDING(type) "<channel-binding type='" type "'/>"

static JxsElement *
make_element (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

static const struct
{
  const char *mechanisms;
  const char *bindings;
  gboolean encrypted;
  JxsSaslBinding ours;
  const char *chosen;
  JxsSaslBinding use;
} choices[] = {
  /* The best we can. */
  { ALL,
    BINDINGS (BINDING ("tls-exporter")),
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-256-PLUS",
    JXS_SASL_BINDING_TLS_EXPORTER },
  { MECH ("SCRAM-SHA-1-PLUS") MECH ("SCRAM-SHA-256"),
    BINDINGS (BINDING ("tls-server-end-point") BINDING ("tls-exporter")),
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-1-PLUS",
    JXS_SASL_BINDING_TLS_EXPORTER },
  { ALL, "", TRUE, JXS_SASL_BINDING_TLS_UNIQUE, "SCRAM-SHA-256-PLUS", JXS_SASL_BINDING_TLS_UNIQUE },
  /* No kind of binding in common: an honest server takes no offence at that. */
  { ALL, "", TRUE, JXS_SASL_BINDING_TLS_EXPORTER, "SCRAM-SHA-256", JXS_SASL_BINDING_NONE },
  { ALL,
    BINDINGS (BINDING ("tls-server-end-point")),
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-256",
    JXS_SASL_BINDING_NONE },
  { ALL,
    BINDINGS (BINDING ("tls-exporter")),
    TRUE,
    JXS_SASL_BINDING_TLS_UNIQUE,
    "SCRAM-SHA-256",
    JXS_SASL_BINDING_NONE },
  { ALL, "", FALSE, JXS_SASL_BINDING_NONE, "SCRAM-SHA-256", JXS_SASL_BINDING_NONE },
  /* The server binds nothing, it says, and we could (RFC 5802 §6). */
  { MECH ("SCRAM-SHA-1") MECH ("PLAIN"),
    "",
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-1",
    JXS_SASL_BINDING_TLS_EXPORTER },
  /* The password itself: to nobody but a server that is known. */
  { MECH ("PLAIN"), "", TRUE, JXS_SASL_BINDING_TLS_EXPORTER, "PLAIN", JXS_SASL_BINDING_NONE },
  { MECH ("PLAIN"), "", FALSE, JXS_SASL_BINDING_NONE, NULL, JXS_SASL_BINDING_NONE },
  { MECH ("DIGEST-MD5") MECH ("EXTERNAL") MECH ("scram-sha-1"),
    "",
    TRUE,
    JXS_SASL_BINDING_NONE,
    NULL,
    JXS_SASL_BINDING_NONE },
  { "", "", TRUE, JXS_SASL_BINDING_NONE, NULL, JXS_SASL_BINDING_NONE },
};

static void
test_choose (void)
{
  g_autoptr (JxsElement) nothing = jxs_element_new ("features", JXS_NS_STREAMS);
  JxsSaslBinding use;

  for (gsize i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      g_autofree char *xml =
          g_strdup_printf ("<features xmlns='" JXS_NS_STREAMS "'><mechanisms xmlns='" JXS_NS_SASL
                           "'>%s</mechanisms>%s</features>",
                           choices[i].mechanisms,
                           choices[i].bindings);
      g_autoptr (JxsElement) features = make_element (xml);

      g_test_message ("%" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (jxs_sasl_choose (features, choices[i].encrypted, choices[i].ours, &use),
                       ==,
                       choices[i].chosen);
      g_assert_cmpint (use, ==, choices[i].use);
    }
  g_assert_null (jxs_sasl_choose (nothing, TRUE, JXS_SASL_BINDING_TLS_EXPORTER, &use));
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
  g_autoptr (JxsSasl) sasl = jxs_sasl_new (mechanism, "romeo", password, binding, data);
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

  if (!jxs_sasl_start (sasl, &ours, error))
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
          ok = jxs_sasl_finish (sasl, tamper == TAMPER_NO_SUCCESS ? "" : changed, error);
          break;
        }
      g_clear_pointer (&ours, g_free);
      if (!jxs_sasl_step (sasl, changed, &ours, error))
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
    { TAMPER_SIGNATURE, JXS_ERROR_SECURITY },     { TAMPER_NO_SUCCESS, JXS_ERROR_SECURITY },
    { TAMPER_NONCE, JXS_ERROR_AUTHENTICATION },   { TAMPER_ITERATIONS, JXS_ERROR_LIMIT },
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
  g_autoptr (JxsSasl) scram = jxs_sasl_new ("SCRAM-SHA-1", "romeo", "pencil", 0, NULL);
  g_autoptr (JxsSasl) plain = jxs_sasl_new ("PLAIN", "romeo", "pencil", 0, NULL);
  g_autoptr (JxsSasl) unknown = jxs_sasl_new ("ODD", "romeo", "pencil", 0, NULL);
  g_autoptr (JxsSasl) unused = jxs_sasl_new ("PLAIN", "romeo", "pencil", 0, NULL);
  g_autofree char *text = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_sasl_start (scram, &text, &error));
  g_assert_false (jxs_sasl_finish (scram, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
  g_clear_error (&error);
  g_clear_pointer (&text, g_free);

  g_assert_true (jxs_sasl_start (plain, &text, &error));
  g_assert_cmpstr (text, ==, "AHJvbWVvAHBlbmNpbA==");
  g_assert_false (jxs_sasl_step (plain, "YQ==", &answer, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_PROTOCOL);
  g_assert_true (jxs_sasl_finish (plain, NULL, NULL));
  g_clear_error (&error);

  g_clear_pointer (&text, g_free);
  g_assert_false (jxs_sasl_start (unknown, &text, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  g_clear_error (&error);
  g_assert_false (jxs_sasl_step (unused, "YQ==", &answer, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_PROTOCOL);
}

static void
test_failure (void)
{
  static const struct
  {
    const char *inner;
    const char *part;
  } failures[] = {
    { "<not-authorized/>", "password" },
    { "<account-disabled/>", "disabled" },
    { "<credentials-expired/>", "expired" },
    { "<temporary-auth-failure/>", "now" },
    { "<aborted/>", "aborted" },
    { "<not-authorized/><text>Sorry\x7f, \xc2\x85no</text>", "Sorry" },
    { "", "refused" },
    { "<odd xmlns='urn:odd'/>", "refused" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autofree char *xml =
          g_strdup_printf ("<failure xmlns='" JXS_NS_SASL "'>%s</failure>", failures[i].inner);
      g_autoptr (JxsElement) element = make_element (xml);
      g_autoptr (GError) error = jxs_sasl_parse_failure (element, "romeo@example.test");

      g_test_message ("%s", error->message);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
      g_assert_nonnull (strstr (error->message, "romeo@example.test"));
      g_assert_nonnull (strstr (error->message, failures[i].part));
      g_assert_null (strchr (error->message, '\x7f'));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
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
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/sasl/choose", test_choose);
  g_test_add_func ("/client/sasl/exchange", test_exchange);
  g_test_add_func ("/client/sasl/binding", test_binding);
  g_test_add_func ("/client/sasl/tampered", test_tampered);
  g_test_add_func ("/client/sasl/out-of-turn", test_out_of_turn);
  g_test_add_func ("/client/sasl/failure", test_failure);
  g_test_add_func ("/client/sasl/wipe", test_wipe);

  return g_test_run ();
}

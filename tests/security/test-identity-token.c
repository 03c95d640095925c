/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <glib/gstdio.h>
#include <gnutls/pkcs11.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-tls-private.h>

#include "identity-file.h"
#include "make-certificate.h"

#define PIN "82346917"
#define TOKEN "pkcs11:token=jxs-test"

/* A token in a folder, made by SoftHSM; who is logged in is a matter of the process, so whatever
 * depends on that is tried in others. */
static struct
{
  const char *program;
  char *folder;
  char *pin_path;
} hsm;

static gboolean
run (const char *const *argv, char **output)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *ignored = NULL;
  int status;

  return g_spawn_sync (NULL,
                       (char **) argv,
                       NULL,
                       G_SPAWN_SEARCH_PATH,
                       NULL,
                       NULL,
                       output != NULL ? output : &ignored,
                       NULL,
                       &status,
                       &error) &&
         g_spawn_check_wait_status (status, NULL);
}

static void
copy_to_token (const TestSpec *spec, const char *label, guint8 id)
{
  static const TestSpec other_spec = { .algorithm = GNUTLS_PK_ECDSA,
                                       .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1) };
  g_autoptr (TestCertificate) certificate = test_certificate_new (spec, NULL);
  g_autoptr (TestCertificate) other = test_certificate_new (&other_spec, NULL);
  g_autofree char *other_label = g_strconcat (label, "-other", NULL);
  const gnutls_datum_t cid = { &id, 1 };
  const guint8 other_id = id | 0x80;
  const gnutls_datum_t other_cid = { (unsigned char *) &other_id, 1 };
  unsigned int flags = GNUTLS_PKCS11_OBJ_FLAG_LOGIN | GNUTLS_PKCS11_OBJ_FLAG_MARK_SENSITIVE;

  g_assert_cmpint (gnutls_pkcs11_copy_x509_crt2 (TOKEN "?pin-value=" PIN,
                                                 certificate->crt,
                                                 label,
                                                 &cid,
                                                 GNUTLS_PKCS11_OBJ_FLAG_LOGIN),
                   ==,
                   0);
  g_assert_cmpint (gnutls_pkcs11_copy_x509_privkey2 (TOKEN "?pin-value=" PIN,
                                                     certificate->key,
                                                     label,
                                                     &cid,
                                                     GNUTLS_KEY_DIGITAL_SIGNATURE,
                                                     flags),
                   ==,
                   0);
  g_assert_cmpint (gnutls_pkcs11_copy_x509_privkey2 (TOKEN "?pin-value=" PIN,
                                                     other->key,
                                                     other_label,
                                                     &other_cid,
                                                     GNUTLS_KEY_DIGITAL_SIGNATURE,
                                                     flags),
                   ==,
                   0);
}

static int
fill_token (void)
{
  static const TestSpec ec = { .algorithm = GNUTLS_PK_ECDSA,
                               .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                               .names = { { TEST_NAME_ADDRESS, "romeo@montague.lit", 0 } } };
  static const TestSpec rsa = { .algorithm = GNUTLS_PK_RSA, .bits = 2048 };

  unsigned int flags;

  /* GnuTLS does not know of the module. */
  if (gnutls_pkcs11_token_get_flags (TOKEN, &flags) < 0)
    return 1;
  copy_to_token (&ec, "ec", 1);
  copy_to_token (&rsa, "rsa", 2);
  return 0;
}

static int
try_uris (const char *certificate_uri, const char *key_uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity =
      jxs_identity_new_from_pkcs11 (certificate_uri, key_uri, &error);

  if (identity != NULL)
    g_print ("found %s", jxs_identity_get_jid (identity) != NULL ? "romeo" : "nobody");
  else
    g_print ("%s %d %s", g_quark_to_string (error->domain), error->code, error->message);
  return 0;
}

static gboolean
hsm_init (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *conf = NULL;
  g_autofree char *tokens = NULL;
  g_autofree char *text = NULL;
  const char *const init[] = {
    "softhsm2-util", "--init-token", "--free", "--label", "jxs-test", "--pin", PIN,
    "--so-pin",      "11112222",     NULL
  };
  const char *const fill[] = { hsm.program, "--fill", NULL };

  hsm.folder = g_dir_make_tmp ("jxs-token-XXXXXX", &error);
  g_assert_no_error (error);
  conf = g_build_filename (hsm.folder, "softhsm2.conf", NULL);
  tokens = g_build_filename (hsm.folder, "tokens", NULL);
  hsm.pin_path = g_build_filename (hsm.folder, "pin", NULL);
  g_assert_cmpint (g_mkdir (tokens, 0700), ==, 0);
  text = g_strdup_printf ("directories.tokendir = %s\nlog.level = ERROR\n", tokens);
  g_assert_true (g_file_set_contents (conf, text, -1, &error));
  g_assert_true (g_file_set_contents (hsm.pin_path, PIN, -1, &error));
  g_setenv ("SOFTHSM2_CONF", conf, TRUE);
  return run (init, NULL) && run (fill, NULL);
}

static void
hsm_clear (void)
{
  const char *const remove[] = { "rm", "-rf", hsm.folder, NULL };

  run (remove, NULL);
  g_free (hsm.folder);
  g_free (hsm.pin_path);
}

#define EC_CERTIFICATE TOKEN ";object=ec;type=cert"
#define EC_KEY TOKEN ";object=ec;type=private"
#define WITH_PIN "?pin-value=" PIN

static gboolean available;

static gboolean
skip (void)
{
  if (!available)
    g_test_skip ("SoftHSM is not installed, or GnuTLS does not find it");
  return !available;
}

static void
test_uris (void)
{
  static const struct
  {
    const char *certificate;
    const char *key;
    const char *result; /* the beginning of what try_uris() says */
  } uris[] = {
    { EC_CERTIFICATE, EC_KEY WITH_PIN, "found romeo" },
    { TOKEN ";object=ec", TOKEN ";object=ec" WITH_PIN, "found romeo" },
    { TOKEN ";object=ec" WITH_PIN, NULL, "found romeo" },
    { TOKEN ";id=%01" WITH_PIN, NULL, "found romeo" },
    { TOKEN ";object=rsa", TOKEN ";object=rsa" WITH_PIN, "found nobody" },
    { EC_CERTIFICATE, EC_KEY "?pin-source=PIN-PATH", "found romeo" },

    { EC_CERTIFICATE, EC_KEY, "authentication" },
    { EC_CERTIFICATE, NULL, "authentication" },
    { EC_CERTIFICATE, EC_KEY "?pin-value=1234", "authentication" },
    { EC_CERTIFICATE, EC_KEY "?pin-source=/nowhere/to/be/found", "authentication" },
    { EC_CERTIFICATE, TOKEN ";object=ec-other;type=private" WITH_PIN, "argument" },
    { EC_CERTIFICATE, TOKEN ";object=rsa;type=private" WITH_PIN, "argument" },
    { EC_CERTIFICATE, TOKEN ";object=nothing;type=private" WITH_PIN, "argument" },
    { EC_CERTIFICATE, "certainly no URI", "argument" },
    { TOKEN ";object=nothing;type=cert", EC_KEY WITH_PIN, "argument" },
    { "pkcs11:token=nothing;object=ec;type=cert", EC_KEY WITH_PIN, "argument" },
    { "certainly no URI", NULL, "argument" },
    { "", NULL, "argument" },
  };
  g_autofree char *authentication =
      g_strdup_printf ("%s %d ", g_quark_to_string (JXS_ERROR), JXS_ERROR_AUTHENTICATION);
  g_autofree char *argument =
      g_strdup_printf ("%s %d ", g_quark_to_string (JXS_ERROR), JXS_ERROR_INVALID_ARGUMENT);

  if (skip ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autofree char *output = NULL;
      g_autoptr (GString) key = g_string_new (uris[i].key);
      const char *const argv[] = {
        hsm.program, "--try", uris[i].certificate, uris[i].key != NULL ? key->str : NULL, NULL
      };
      const char *expected = strcmp (uris[i].result, "authentication") == 0 ? authentication
                             : strcmp (uris[i].result, "argument") == 0     ? argument
                                                                            : uris[i].result;

      g_string_replace (key, "PIN-PATH", hsm.pin_path, 0);
      g_test_message ("%s %s", uris[i].certificate, uris[i].key);
      g_assert_true (run (argv, &output));
      g_test_message ("%s", output);
      g_assert_true (g_str_has_prefix (output, expected));
      /* Messages end up in logs. */
      g_assert_null (strstr (output, PIN));
      g_assert_null (strstr (output, "pin-"));
    }
}

static JxsIdentity *
identity_new (const char *label)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = g_strdup_printf (TOKEN ";object=%s" WITH_PIN, label);
  JxsIdentity *identity = jxs_identity_new_from_pkcs11 (uri, NULL, &error);

  g_assert_no_error (error);
  return identity;
}

/* The key cannot leave the token, so there is nothing to write. */
static void
test_save (void)
{
  IdentityFile f;
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *key = NULL;

  if (skip ())
    return;
  identity = identity_new ("ec");
  g_object_get (jxs_identity_get_certificate (identity), "private-key-pem", &key, NULL);
  g_assert_null (key);
  g_assert_cmpint (jxs_identity_get_expiry (identity), >, g_get_real_time () / G_USEC_PER_SEC);
  identity_file_set_up (&f, NULL);
  g_assert_false (identity_file_save (&f, identity, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (identity_file_count (&f), ==, 0);
  identity_file_tear_down (&f, NULL);
}

static void
test_handshake (void)
{
  static const char *const labels[] = { "ec", "rsa" };

  if (skip ())
    return;
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (labels); i++)
    {
      g_autoptr (JxsIdentity) token = identity_new (labels[i / 2]);
      g_autoptr (JxsJid) jid = jxs_jid_new ("juliet@capulet.lit", NULL);
      g_autoptr (JxsIdentity) plain = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, NULL);
      JxsIdentity *identities[2] = { i % 2 == 0 ? token : plain, i % 2 == 0 ? plain : token };
      GIOStream *ends[2];
      GAsyncResult *results[2] = { NULL };
      g_autoptr (GError) error = NULL;

      g_assert_true (jxs_pipe_new (&ends[0], &ends[1], &error));
      for (guint j = 0; j < 2; j++)
        {
          const JxsTlsParams params = { .role = j == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
                                        .certificate = jxs_identity_get_certificate (identities[j]),
                                        .pin = TRUE };

          jxs_tls_handshake_async (
              ends[j], &params, G_PRIORITY_DEFAULT, NULL, identity_file_result_cb, &results[j]);
        }
      for (guint j = 0; j < 2; j++)
        {
          g_autoptr (GTlsConnection) connection = NULL;

          connection = jxs_tls_handshake_finish (identity_file_wait (&results[j]), &error);
          g_assert_no_error (error);
          g_assert_true (
              g_tls_certificate_is_same (g_tls_connection_get_peer_certificate (connection),
                                         jxs_identity_get_certificate (identities[1 - j])));
          g_object_unref (results[j]);
          g_object_unref (ends[j]);
        }
    }
}

int
main (int argc, char **argv)
{
  int status;

  if (argc >= 3 && strcmp (argv[1], "--try") == 0)
    return try_uris (argv[2], argv[3]);
  if (argc == 2 && strcmp (argv[1], "--fill") == 0)
    return fill_token ();

  hsm.program = argv[0];
  g_test_init (&argc, &argv, NULL);
  available = hsm_init ();
  g_test_add_func ("/security/identity-token/uris", test_uris);
  g_test_add_func ("/security/identity-token/save", test_save);
  g_test_add_func ("/security/identity-token/handshake", test_handshake);
  status = g_test_run ();
  hsm_clear ();
  return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"
#include "tls-torture.h"

#include <glib/gstdio.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509-ext.h>
#include <string.h>
#include <unistd.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/io/jxs-tls-status-private.h>

/* What authorities say of certificates, RFC 6960, as servers hand it on. */

#define NAME "test.example"

typedef struct
{
  gnutls_x509_privkey_t keys[3]; /* server, its authority, somebody else */
  gnutls_x509_crt_t certificates[3];
  GTlsCertificate *alone;  /* the server's */
  GTlsCertificate *issued; /* with that of its authority */
  GTlsCertificate *forged; /* with that of somebody else, of the same name */
  GTlsDatabase *database;
} Fixture;

static gnutls_x509_crt_t
make (Fixture *f, int subject, int issuer, gboolean demands)
{
  const guint8 serial[] = { 7 };
  gnutls_x509_crt_t crt;

  gnutls_x509_crt_init (&crt);
  gnutls_x509_crt_set_version (crt, 3);
  gnutls_x509_crt_set_serial (crt, serial, sizeof serial);
  gnutls_x509_crt_set_dn (crt, subject == 0 ? "CN=" NAME : "CN=authority", NULL);
  gnutls_x509_crt_set_activation_time (crt, 1700000000);
  gnutls_x509_crt_set_expiration_time (crt, 4900000000);
  gnutls_x509_crt_set_key (crt, f->keys[subject]);
  gnutls_x509_crt_set_basic_constraints (crt, subject != 0, -1);
  if (subject == 0)
    gnutls_x509_crt_set_subject_alt_name (
        crt, GNUTLS_SAN_DNSNAME, NAME, strlen (NAME), GNUTLS_FSAN_SET);
  if (demands)
    {
      gnutls_x509_tlsfeatures_t features;

      gnutls_x509_tlsfeatures_init (&features);
      gnutls_x509_tlsfeatures_add (features, 5);
      g_assert_cmpint (gnutls_x509_crt_set_tlsfeatures (crt, features), ==, 0);
      gnutls_x509_tlsfeatures_deinit (features);
    }
  g_assert_cmpint (gnutls_x509_crt_sign2 (crt,
                                          issuer == subject ? crt : f->certificates[issuer],
                                          f->keys[issuer],
                                          GNUTLS_DIG_SHA256,
                                          0),
                   ==,
                   0);
  return crt;
}

/* (transfer full) */
static GTlsCertificate *
load (gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, gnutls_x509_crt_t issuer)
{
  g_autoptr (GString) pem = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  GTlsCertificate *certificate;
  gnutls_datum_t text;

  g_assert_cmpint (gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_PEM, &text), ==, 0);
  g_string_append_len (pem, (char *) text.data, text.size);
  gnutls_free (text.data);
  if (issuer != NULL)
    {
      g_assert_cmpint (gnutls_x509_crt_export2 (issuer, GNUTLS_X509_FMT_PEM, &text), ==, 0);
      g_string_append_len (pem, (char *) text.data, text.size);
      gnutls_free (text.data);
    }
  g_assert_cmpint (
      gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text),
      ==,
      0);
  g_string_append_len (pem, (char *) text.data, text.size);
  gnutls_free (text.data);
  certificate = g_tls_certificate_new_from_pem (pem->str, pem->len, &error);
  g_assert_no_error (error);
  return certificate;
}

static GTlsDatabase *
make_database (gnutls_x509_crt_t authority)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  GTlsDatabase *database;
  gnutls_datum_t text;

  close (g_file_open_tmp ("jxs-test-XXXXXX.pem", &path, &error));
  g_assert_no_error (error);
  g_assert_cmpint (gnutls_x509_crt_export2 (authority, GNUTLS_X509_FMT_PEM, &text), ==, 0);
  g_file_set_contents (path, (char *) text.data, text.size, &error);
  g_assert_no_error (error);
  gnutls_free (text.data);
  database = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return database;
}

/* data: whether the server's certificate demands to be vouched for. */
static void
set_up (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 3; i++)
    {
      gnutls_x509_privkey_init (&f->keys[i]);
      g_assert_cmpint (gnutls_x509_privkey_generate (f->keys[i],
                                                     GNUTLS_PK_ECDSA,
                                                     GNUTLS_CURVE_TO_BITS (
                                                         GNUTLS_ECC_CURVE_SECP256R1),
                                                     0),
                       ==,
                       0);
    }
  f->certificates[1] = make (f, 1, 1, FALSE);
  f->certificates[2] = make (f, 2, 2, FALSE);
  f->certificates[0] = make (f, 0, 1, GPOINTER_TO_INT (data));
  f->alone = load (f->certificates[0], f->keys[0], NULL);
  f->issued = load (f->certificates[0], f->keys[0], f->certificates[1]);
  f->forged = load (f->certificates[0], f->keys[0], f->certificates[2]);
  f->database = make_database (f->certificates[1]);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 3; i++)
    {
      gnutls_x509_crt_deinit (f->certificates[i]);
      gnutls_x509_privkey_deinit (f->keys[i]);
    }
  g_object_unref (f->alone);
  g_object_unref (f->issued);
  g_object_unref (f->forged);
  g_object_unref (f->database);
}

/* DER. content: (transfer full) */
static GByteArray *
wrap (guint8 tag, GByteArray *content)
{
  const guint8 header[] = { tag, 0x82, content->len >> 8, content->len & 0xff };
  const guint8 short_header[] = { tag, content->len };

  if (content->len < 128)
    return g_byte_array_prepend (content, short_header, sizeof short_header);
  if (content->len < 256)
    {
      const guint8 middle_header[] = { tag, 0x81, content->len };

      return g_byte_array_prepend (content, middle_header, sizeof middle_header);
    }
  return g_byte_array_prepend (content, header, sizeof header);
}

static GByteArray *
bytes (gconstpointer data, gsize size)
{
  return g_byte_array_append (g_byte_array_new (), data, size);
}

/* other: (transfer full) */
static GByteArray *
join (GByteArray *first, GByteArray *other)
{
  g_byte_array_append (first, other->data, other->len);
  g_byte_array_unref (other);
  return first;
}

static GByteArray *
make_time (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = g_date_time_format (date, "%Y%m%d%H%M%SZ");

  return wrap (0x18, bytes (text, strlen (text)));
}

static void
hash_names (gnutls_x509_crt_t crt, guint8 *name_hash, guint8 *key_hash)
{
  const gsize point_size = 65; /* of P-256, at the end of the key's description */
  gnutls_pubkey_t key;
  gnutls_datum_t der;

  g_assert_cmpint (gnutls_x509_crt_get_raw_dn (crt, &der), ==, 0);
  gnutls_hash_fast (GNUTLS_DIG_SHA1, der.data, der.size, name_hash);
  gnutls_free (der.data);
  gnutls_pubkey_init (&key);
  gnutls_pubkey_import_x509 (key, crt, 0);
  g_assert_cmpint (gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &der), ==, 0);
  gnutls_hash_fast (GNUTLS_DIG_SHA1, der.data + der.size - point_size, point_size, key_hash);
  gnutls_free (der.data);
  gnutls_pubkey_deinit (key);
}

typedef struct
{
  guint8 status; /* 0: good, 1: revoked, 2: unknown */
  int signer;
  guint8 serial;
  gint64 until; /* seconds from now; 0: it does not say */
  gint64 since;
} Word;

/* RFC 6960 §4.2.1 */
static GBytes *
say (Fixture *f, const Word *word)
{
  static const guint8 sha1[] = { 0x30, 9, 6, 5, 0x2b, 14, 3, 2, 26, 5, 0 };
  static const guint8 ecdsa[] = { 0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2 };
  static const guint8 basic[] = { 6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1 };
  const guint8 serial[] = { 2, 1, word->serial };
  gint64 now = jxs_clock_utc ();
  guint8 name_hash[20];
  guint8 key_hash[20];
  gnutls_datum_t signature;
  gnutls_datum_t signed_data;
  gnutls_privkey_t key;
  GByteArray *id;
  GByteArray *single;
  GByteArray *data;

  hash_names (f->certificates[1], name_hash, key_hash);
  id = bytes (sha1, sizeof sha1);
  join (id, wrap (4, bytes (name_hash, sizeof name_hash)));
  join (id, wrap (4, bytes (key_hash, sizeof key_hash)));
  g_byte_array_append (id, serial, sizeof serial);
  single = wrap (0x30, id);
  if (word->status == 1)
    join (single, wrap (0xa1, make_time (now - 5000)));
  else
    join (single, wrap (0x80 | word->status, g_byte_array_new ()));
  join (single, make_time (now + word->since));
  if (word->until != 0)
    join (single, wrap (0xa0, make_time (now + word->until)));
  hash_names (f->certificates[word->signer], name_hash, key_hash);
  data = wrap (0xa2, wrap (4, bytes (key_hash, sizeof key_hash)));
  join (data, make_time (now + word->since));
  data = wrap (0x30, join (data, wrap (0x30, wrap (0x30, single))));

  gnutls_privkey_init (&key);
  gnutls_privkey_import_x509 (key, f->keys[word->signer], 0);
  signed_data = (gnutls_datum_t){ data->data, data->len };
  g_assert_cmpint (gnutls_privkey_sign_data (key, GNUTLS_DIG_SHA256, 0, &signed_data, &signature),
                   ==,
                   0);
  gnutls_privkey_deinit (key);
  g_byte_array_append (data, ecdsa, sizeof ecdsa);
  join (data, wrap (3, join (bytes ("", 1), bytes (signature.data, signature.size))));
  gnutls_free (signature.data);
  data = join (bytes (basic, sizeof basic), wrap (4, wrap (0x30, data)));
  data = wrap (0xa0, wrap (0x30, data));
  data = wrap (0x30, join (bytes ("\x0a\x01\x00", 3), data));
  return g_byte_array_free_to_bytes (data);
}

#define DAY (24 * 60 * 60)

/* Said by the authority of the certificate, about it, and in time; whether or not the server shows
 * who that is. */
static void
test_words (Fixture *f, gconstpointer data)
{
  gboolean demands = GPOINTER_TO_INT (data);
  const struct
  {
    Word word;
    GTlsCertificateFlags flags;
  } cases[] = {
    { { 0, 1, 7, DAY, -DAY }, 0 },
    { { 1, 1, 7, DAY, -DAY }, G_TLS_CERTIFICATE_REVOKED },
    { { 2, 1, 7, DAY, -DAY }, demands ? G_TLS_CERTIFICATE_GENERIC_ERROR : 0 },
    { { 0, 2, 7, DAY, -DAY }, G_TLS_CERTIFICATE_GENERIC_ERROR },
    { { 0, 0, 7, DAY, -DAY }, G_TLS_CERTIFICATE_GENERIC_ERROR },
    { { 0, 1, 8, DAY, -DAY }, G_TLS_CERTIFICATE_GENERIC_ERROR },
    { { 0, 1, 7, -DAY, -2 * DAY }, G_TLS_CERTIFICATE_GENERIC_ERROR },
    { { 0, 1, 7, 0, -14 * DAY }, 0 },
    { { 0, 1, 7, 0, -16 * DAY }, G_TLS_CERTIFICATE_GENERIC_ERROR },
  };
  GTlsCertificate *shown[] = { f->alone, f->issued, f->forged };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (shown); j++)
      {
        g_autoptr (GBytes) response = say (f, &cases[i].word);

        g_test_message ("%u, %u", (guint) i, (guint) j);
        g_assert_cmpint (jxs_tls_status_check (shown[j], response, f->database, NULL),
                         ==,
                         cases[i].flags);
      }
}

static void
test_no_word (Fixture *f, gconstpointer data)
{
  const GTlsCertificateFlags unknown = GPOINTER_TO_INT (data) ? G_TLS_CERTIFICATE_GENERIC_ERROR : 0;
  g_autoptr (GBytes) later = g_bytes_new_static ("\x30\x03\x0a\x01\x03", 5);
  g_autoptr (GBytes) good = say (f, &(Word){ 0, 1, 7, DAY, -DAY });
  gsize size = g_bytes_get_size (good);

  g_assert_cmpint (jxs_tls_status_check (f->issued, NULL, f->database, NULL), ==, unknown);
  g_assert_cmpint (jxs_tls_status_check (f->issued, later, f->database, NULL), ==, unknown);
  for (gsize i = 0; i < size; i++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (good, 0, i);

      g_assert_cmpint (jxs_tls_status_check (f->issued, cut, f->database, NULL),
                       ==,
                       G_TLS_CERTIFICATE_GENERIC_ERROR);
    }
}

static int
staple_cb (gnutls_session_t session, void *user_data, gnutls_datum_t *response)
{
  GBytes *word = user_data;
  gsize size;
  gconstpointer data;

  if (word == NULL)
    return GNUTLS_E_NO_CERTIFICATE_STATUS;
  data = g_bytes_get_data (word, &size);
  response->data = gnutls_malloc (size);
  memcpy (response->data, data, size);
  response->size = size;
  return 0;
}

/* On the way to a server, in both versions. */
static void
test_handshake (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketConnectable) identity = g_network_address_new (NAME, 5222);
  const struct
  {
    Word word;
    const char *message; /* (nullable): NULL for success */
  } cases[] = {
    { { 0, 1, 7, DAY, -DAY }, NULL },
    { { 1, 1, 7, DAY, -DAY }, "revoked" },
    { { 0, 2, 7, DAY, -DAY }, "could not be checked" },
    { { 3, 0, 0, 0, 0 },
      GPOINTER_TO_INT (data) ? "could not be checked" : NULL }, /* says nothing */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int version = 2; version <= 3; version++)
      {
        g_autoptr (GBytes) word = cases[i].word.status < 3 ? say (f, &cases[i].word) : NULL;
        gnutls_certificate_credentials_t credentials = tls_torture_load (f->issued, 0);
        TlsTorture t;

        tls_torture_init (&t, JXS_TLS_CLIENT);
        t.params.pin = FALSE;
        t.params.certificate = NULL;
        t.params.identity = identity;
        t.params.database = f->database;
        gnutls_certificate_set_ocsp_status_request_function (credentials, staple_cb, word);
        tls_torture_set_peer_credentials (&t,
                                          version == 2 ? TLS_1_2 : TLS_1_3,
                                          GNUTLS_CRD_CERTIFICATE,
                                          credentials);
        if (cases[i].message == NULL)
          tls_torture_handshake (&t);
        else
          {
            tls_torture_fail (&t);
            g_assert_error (t.error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
            g_assert_nonnull (strstr (t.error->message, cases[i].message));
          }
        tls_torture_clear (&t);
      }
}

#define ADD(name, demands, func)                                                                   \
  g_test_add ("/io/tls-status/" name, Fixture, GINT_TO_POINTER (demands), set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("words", FALSE, test_words);
  ADD ("words/demanded", TRUE, test_words);
  ADD ("no-word", FALSE, test_no_word);
  ADD ("no-word/demanded", TRUE, test_no_word);
  ADD ("handshake", FALSE, test_handshake);
  ADD ("handshake/demanded", TRUE, test_handshake);
  return g_test_run ();
}

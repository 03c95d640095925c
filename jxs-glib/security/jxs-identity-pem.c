/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-identity-pem-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>

/* Valid since a day ago, for clocks that go wrong, and for ten years. */
#define VALID_BEFORE_SECONDS (G_GINT64_CONSTANT (24) * 60 * 60)
#define VALID_AFTER_SECONDS (G_GINT64_CONSTANT (3653) * 24 * 60 * 60)

#define XMPP_ADDRESS_OID "1.3.6.1.5.5.7.8.5" /* id-on-xmppAddr, RFC 6120 §13.7.1.4 */
#define COMMON_NAME_MAX_BYTES 64             /* RFC 5280, ub-common-name */

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "
#define PEM_DASHES "-----"

void
jxs_identity_wipe (char *text)
{
  if (text != NULL)
    gnutls_memset (text, 0, strlen (text));
  g_free (text);
}

static void
wipe_datum (gnutls_datum_t *datum)
{
  if (datum->data != NULL)
    gnutls_memset (datum->data, 0, datum->size);
  gnutls_free (datum->data);
  datum->data = NULL;
}

static gboolean
set_gnutls_error (GError **error, int code)
{
  g_set_error (
      error, JXS_ERROR, JXS_ERROR_FAILED, _ ("Cannot make a key: %s"), gnutls_strerror (code));
  return FALSE;
}

static int
generate_key (gnutls_x509_privkey_t key, JxsKeyType type)
{
  if (type == JXS_KEY_TYPE_ED25519)
    return gnutls_x509_privkey_generate (key, GNUTLS_PK_EDDSA_ED25519, 0, 0);
  return gnutls_x509_privkey_generate (key,
                                       GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                                       0);
}

static int
fill_certificate (gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *address, gint64 now)
{
  const char *name = strlen (address) <= COMMON_NAME_MAX_BYTES ? address : "XMPP";
  guint8 serial[16];
  guint8 key_id[20];
  gsize key_id_size = sizeof key_id;
  int code;

  jxs_random_bytes (serial, sizeof serial);
  serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, of fixed length (RFC 5280 §4.1.2.2) */

  if ((code = gnutls_x509_crt_set_version (crt, 3)) != 0 ||
      (code = gnutls_x509_crt_set_serial (crt, serial, sizeof serial)) != 0 ||
      (code = gnutls_x509_crt_set_activation_time (crt, now - VALID_BEFORE_SECONDS)) != 0 ||
      (code = gnutls_x509_crt_set_expiration_time (crt, now + VALID_AFTER_SECONDS)) != 0 ||
      (code = gnutls_x509_crt_set_dn_by_oid (
           crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, strlen (name))) != 0 ||
      (code = gnutls_x509_crt_set_key (crt, key)) != 0 ||
      (code = gnutls_x509_crt_set_subject_alt_othername (crt,
                                                         XMPP_ADDRESS_OID,
                                                         address,
                                                         strlen (address),
                                                         GNUTLS_FSAN_SET |
                                                             GNUTLS_FSAN_ENCODE_UTF8_STRING)) !=
          0 ||
      (code = gnutls_x509_crt_set_basic_constraints (crt, 0, -1)) != 0 ||
      (code = gnutls_x509_crt_set_key_usage (crt, GNUTLS_KEY_DIGITAL_SIGNATURE)) != 0 ||
      (code = gnutls_x509_crt_set_key_purpose_oid (crt, GNUTLS_KP_TLS_WWW_CLIENT, 0)) != 0 ||
      (code = gnutls_x509_crt_set_key_purpose_oid (crt, GNUTLS_KP_TLS_WWW_SERVER, 0)) != 0 ||
      (code = gnutls_x509_crt_get_key_id (crt, 0, key_id, &key_id_size)) != 0)
    return code;
  return gnutls_x509_crt_set_subject_key_id (crt, key_id, key_id_size);
}

/* PKCS#8, without a password when password is NULL. */
static int
export_key (gnutls_x509_privkey_t key, const char *password, gnutls_datum_t *pem)
{
  return gnutls_x509_privkey_export2_pkcs8 (key,
                                            GNUTLS_X509_FMT_PEM,
                                            password,
                                            password != NULL ? GNUTLS_PKCS_PBES2_AES_256
                                                             : GNUTLS_PKCS_PLAIN,
                                            pem);
}

static char *
join (const char *certificates, const gnutls_datum_t *key_pem)
{
  return g_strdup_printf ("%s%.*s", certificates, (int) key_pem->size, (char *) key_pem->data);
}

char *
jxs_identity_pem_generate (const char *address, JxsKeyType type, gint64 now, GError **error)
{
  gnutls_x509_privkey_t key = NULL;
  gnutls_x509_crt_t crt = NULL;
  gnutls_datum_t key_pem = { NULL, 0 };
  gnutls_datum_t crt_pem = { NULL, 0 };
  gnutls_digest_algorithm_t digest =
      type == JXS_KEY_TYPE_ED25519 ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256;
  char *pem = NULL;
  int code;

  if ((code = gnutls_x509_privkey_init (&key)) != 0 || (code = gnutls_x509_crt_init (&crt)) != 0 ||
      (code = generate_key (key, type)) != 0 ||
      (code = fill_certificate (crt, key, address, now)) != 0 ||
      (code = gnutls_x509_crt_sign2 (crt, crt, key, digest, 0)) != 0 ||
      (code = gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_PEM, &crt_pem)) != 0 ||
      (code = export_key (key, NULL, &key_pem)) != 0)
    set_gnutls_error (error, code);
  else
    pem = join ((char *) crt_pem.data, &key_pem);

  gnutls_free (crt_pem.data);
  wipe_datum (&key_pem);
  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  g_clear_pointer (&key, gnutls_x509_privkey_deinit);
  return pem;
}

typedef enum
{
  BLOCK_OTHER,
  BLOCK_CERTIFICATE,
  BLOCK_KEY,
} BlockKind;

typedef struct
{
  BlockKind kind;
  const char *start;
  gsize length;
  gboolean encrypted; /* a key: needs a password */
} Block;

/* The next block of the text at *cursor, which moves behind it. */
static gboolean
next_block (const char **cursor, Block *block)
{
  const char *start = strstr (*cursor, PEM_BEGIN);
  const char *label = start != NULL ? start + strlen (PEM_BEGIN) : NULL;
  const char *dashes = label != NULL ? strstr (label, PEM_DASHES) : NULL;
  const char *end = dashes != NULL ? strstr (dashes, PEM_END) : NULL;
  g_autofree char *name = NULL;

  if (end == NULL)
    return FALSE;
  name = g_strndup (label, dashes - label);
  end += strlen (PEM_END);
  if (!g_str_has_prefix (end, name) || !g_str_has_prefix (end + strlen (name), PEM_DASHES))
    return FALSE;
  end += strlen (name) + strlen (PEM_DASHES);

  block->kind = g_str_equal (name, "CERTIFICATE")        ? BLOCK_CERTIFICATE
                : g_str_has_suffix (name, "PRIVATE KEY") ? BLOCK_KEY
                                                         : BLOCK_OTHER;
  block->start = start;
  block->length = end - start;
  /* That of PKCS#8, or of OpenSSL's older form. */
  block->encrypted = g_str_has_prefix (name, "ENCRYPTED ") ||
                     g_strstr_len (start, block->length, "Proc-Type: 4,ENCRYPTED") != NULL;
  *cursor = end;
  return TRUE;
}

static gboolean
refuse (GError **error, int code, const char *message)
{
  g_set_error_literal (error, JXS_ERROR, code, message);
  return FALSE;
}

/* A key that is not the certificate's would only show as a failed handshake, much later. */
static gboolean
key_fits (gnutls_x509_privkey_t key, const char *certificates)
{
  gnutls_x509_crt_t crt = NULL;
  gnutls_datum_t datum = { (unsigned char *) certificates, strlen (certificates) };
  guint8 key_id[32], crt_id[32];
  gsize key_id_size = sizeof key_id, crt_id_size = sizeof crt_id;
  gboolean fits;

  fits = gnutls_x509_crt_init (&crt) == 0 &&
         gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_PEM) == 0 &&
         gnutls_x509_privkey_get_key_id (key, GNUTLS_KEYID_USE_SHA256, key_id, &key_id_size) == 0 &&
         gnutls_x509_crt_get_key_id (crt, GNUTLS_KEYID_USE_SHA256, crt_id, &crt_id_size) == 0 &&
         key_id_size == crt_id_size && memcmp (key_id, crt_id, key_id_size) == 0;
  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  return fits;
}

static gboolean
import_key (gnutls_x509_privkey_t key, const Block *block, const char *password, GError **error)
{
  gnutls_datum_t datum = { (unsigned char *) block->start, block->length };
  int code;

  if (block->encrypted && password == NULL)
    return refuse (error,
                   JXS_ERROR_AUTHENTICATION,
                   _ ("The private key is protected by a password"));
  code = gnutls_x509_privkey_import2 (
      key, &datum, GNUTLS_X509_FMT_PEM, block->encrypted ? password : NULL, 0);
  if (code == 0)
    return TRUE;
  /* Damage and a wrong password look the same. */
  if (block->encrypted)
    return refuse (error,
                   JXS_ERROR_AUTHENTICATION,
                   _ ("The password of the private key is not right"));
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_INVALID_ARGUMENT,
               _ ("The private key cannot be read: %s"),
               gnutls_strerror (code));
  return FALSE;
}

static GTlsCertificate *
parse_one (const char *certificates, const Block *key_block, const char *password, GError **error)
{
  GTlsCertificate *certificate = NULL;
  gnutls_x509_privkey_t key = NULL;
  gnutls_datum_t key_pem = { NULL, 0 };
  g_autoptr (GError) local_error = NULL;
  char *pem = NULL;

  if (certificates[0] == '\0')
    refuse (error, JXS_ERROR_INVALID_ARGUMENT, _ ("There is no certificate"));
  else if (key_block->start == NULL)
    refuse (error, JXS_ERROR_INVALID_ARGUMENT, _ ("The private key of the certificate is missing"));
  else if (gnutls_x509_privkey_init (&key) != 0)
    refuse (error, JXS_ERROR_FAILED, _ ("The private key cannot be read"));
  else if (!import_key (key, key_block, password, error))
    ;
  else if (export_key (key, NULL, &key_pem) != 0)
    refuse (error, JXS_ERROR_FAILED, _ ("The private key cannot be read"));
  else
    {
      pem = join (certificates, &key_pem);
      certificate = g_tls_certificate_new_from_pem (pem, -1, &local_error);
      if (certificate == NULL)
        g_set_error (error,
                     JXS_ERROR,
                     JXS_ERROR_INVALID_ARGUMENT,
                     _ ("The certificate cannot be read: %s"),
                     local_error->message);
      else if (!key_fits (key, certificates))
        {
          g_clear_object (&certificate);
          refuse (error,
                  JXS_ERROR_INVALID_ARGUMENT,
                  _ ("The private key is not that of the certificate"));
        }
    }
  jxs_identity_wipe (pem);
  wipe_datum (&key_pem);
  g_clear_pointer (&key, gnutls_x509_privkey_deinit);
  return certificate;
}

gboolean
jxs_identity_pem_parse (const char *pem,
                        const char *password,
                        GTlsCertificate **certificate,
                        GTlsCertificate **successor,
                        GError **error)
{
  g_autoptr (GTlsCertificate) first = NULL;
  g_autoptr (GTlsCertificate) second = NULL;
  g_autoptr (GString) first_text = g_string_new (NULL);
  g_autoptr (GString) second_text = g_string_new (NULL);
  Block keys[2] = { { BLOCK_OTHER, NULL, 0, FALSE }, { BLOCK_OTHER, NULL, 0, FALSE } };
  const char *cursor = pem;
  guint n_keys = 0;
  Block block;

  while (next_block (&cursor, &block))
    if (block.kind == BLOCK_KEY && n_keys++ < G_N_ELEMENTS (keys))
      keys[n_keys - 1] = block;
  if (n_keys > G_N_ELEMENTS (keys))
    return refuse (error,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("There are more keys than one and its successor"));

  /* With two keys, the certificates behind the first pair are the successor's; with one, they are
   * those of issuers. */
  cursor = pem;
  while (next_block (&cursor, &block))
    if (block.kind == BLOCK_CERTIFICATE)
      {
        gboolean is_second = n_keys > 1 && first_text->len > 0 && block.start > keys[0].start;
        GString *text = is_second ? second_text : first_text;

        g_string_append_len (text, block.start, block.length);
        g_string_append_c (text, '\n');
      }

  first = parse_one (first_text->str, &keys[0], password, error);
  if (first == NULL)
    return FALSE;
  if (n_keys > 1)
    {
      second = parse_one (second_text->str, &keys[1], password, error);
      if (second == NULL)
        return FALSE;
    }
  *certificate = g_steal_pointer (&first);
  *successor = g_steal_pointer (&second);
  return TRUE;
}

/* Encrypts the key that the certificate holds in the clear. */
static gboolean
reencrypt (const char *key_pem, const char *password, gnutls_datum_t *out)
{
  gnutls_x509_privkey_t key = NULL;
  gnutls_datum_t datum = { (unsigned char *) key_pem, strlen (key_pem) };
  gboolean done;

  done = gnutls_x509_privkey_init (&key) == 0 &&
         gnutls_x509_privkey_import2 (key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0) == 0 &&
         export_key (key, password, out) == 0;
  g_clear_pointer (&key, gnutls_x509_privkey_deinit);
  return done;
}

/* Itself and its issuers. */
static char *
get_certificates (GTlsCertificate *certificate)
{
  GString *text = g_string_new (NULL);

  for (GTlsCertificate *c = certificate; c != NULL; c = g_tls_certificate_get_issuer (c))
    {
      g_autofree char *pem = NULL;

      g_object_get (c, "certificate-pem", &pem, NULL);
      g_string_append (text, pem);
    }
  return g_string_free (text, FALSE);
}

static char *
build_one (GTlsCertificate *certificate, const char *password, GError **error)
{
  g_autofree char *certificates = get_certificates (certificate);
  gnutls_datum_t encrypted = { NULL, 0 };
  char *key_pem = NULL;
  char *pem = NULL;

  g_object_get (certificate, "private-key-pem", &key_pem, NULL);
  if (key_pem == NULL)
    refuse (error,
            JXS_ERROR_INVALID_ARGUMENT,
            _ ("The private key cannot be read, so it cannot be saved"));
  else if (!reencrypt (key_pem, password, &encrypted))
    refuse (error, JXS_ERROR_FAILED, _ ("The private key cannot be encrypted"));
  else
    pem = join (certificates, &encrypted);
  wipe_datum (&encrypted);
  jxs_identity_wipe (key_pem);
  return pem;
}

char *
jxs_identity_pem_build (GTlsCertificate *certificate,
                        GTlsCertificate *successor,
                        const char *password,
                        GError **error)
{
  char *first = build_one (certificate, password, error);
  char *second = NULL;
  char *both = NULL;

  if (first == NULL || successor == NULL)
    return first;
  second = build_one (successor, password, error);
  if (second != NULL)
    both = g_strconcat (first, second, NULL);
  jxs_identity_wipe (first);
  jxs_identity_wipe (second);
  return both;
}

static gnutls_x509_crt_t
import_certificate (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  gnutls_x509_crt_t crt = NULL;
  gnutls_datum_t datum;

  g_object_get (certificate, "certificate", &der, NULL);
  datum.data = der->data;
  datum.size = der->len;
  if (gnutls_x509_crt_init (&crt) == 0 &&
      gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_DER) != 0)
    g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  return crt;
}

gboolean
jxs_identity_pem_is_own (GTlsCertificate *certificate)
{
  gnutls_x509_crt_t crt = import_certificate (certificate);
  gboolean is_own = g_tls_certificate_get_issuer (certificate) == NULL && crt != NULL &&
                    gnutls_x509_crt_check_issuer (crt, crt) != 0;

  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  return is_own;
}

JxsKeyType
jxs_identity_pem_get_key_type (GTlsCertificate *certificate)
{
  gnutls_x509_crt_t crt = import_certificate (certificate);
  int algorithm = crt != NULL ? gnutls_x509_crt_get_pk_algorithm (crt, NULL) : GNUTLS_PK_UNKNOWN;

  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  return algorithm == GNUTLS_PK_EDDSA_ED25519 ? JXS_KEY_TYPE_ED25519 : JXS_KEY_TYPE_ECDSA_P256;
}

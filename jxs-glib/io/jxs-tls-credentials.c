/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-credentials-private.h"

#include <glib/gi18n-lib.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-jid.h>

#define SRP_SALT_SIZE 16
/* Smaller groups are within reach of those who can compute for years (RFC 5054 §3.2). */
#define SRP_MIN_BITS 2048

/* Keys */

struct _JxsTlsKey
{
  gatomicrefcount ref_count;
  gnutls_pcert_st chain[JXS_TLS_MAX_CHAIN]; /* ours first */
  guint n_chain;
  gnutls_privkey_t key; /* (owned) */
};

static GMutex keys_mutex;

JxsTlsKey *
jxs_tls_key_ref (JxsTlsKey *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
jxs_tls_key_unref (JxsTlsKey *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n_chain; i++)
    gnutls_pcert_deinit (&self->chain[i]);
  gnutls_privkey_deinit (self->key);
  g_free (self);
}

static int
import_key (JxsTlsKey *self, GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  g_autofree char *url = NULL;
  gnutls_datum_t data;
  int result;

  g_object_get (certificate, "private-key", &der, "private-key-pkcs11-uri", &url, NULL);
  if (der != NULL)
    {
      data = (gnutls_datum_t){ der->data, der->len };
      result = gnutls_privkey_import_x509_raw (self->key, &data, GNUTLS_X509_FMT_DER, NULL, 0);
      gnutls_memset (der->data, 0, der->len);
      return result;
    }
  if (url == NULL)
    return GNUTLS_E_INSUFFICIENT_CREDENTIALS;
  return gnutls_privkey_import_url (self->key, url, 0);
}

static int
import_chain (JxsTlsKey *self, GTlsCertificate *certificate)
{
  for (; certificate != NULL; certificate = g_tls_certificate_get_issuer (certificate))
    {
      g_autoptr (GByteArray) der = NULL;
      gnutls_datum_t data;
      int result;

      if (self->n_chain == G_N_ELEMENTS (self->chain))
        return GNUTLS_E_SHORT_MEMORY_BUFFER;
      g_object_get (certificate, "certificate", &der, NULL);
      if (der == NULL)
        return GNUTLS_E_INSUFFICIENT_CREDENTIALS;
      data = (gnutls_datum_t){ der->data, der->len };
      result =
          gnutls_pcert_import_x509_raw (&self->chain[self->n_chain], &data, GNUTLS_X509_FMT_DER, 0);
      if (result < 0)
        return result;
      self->n_chain++;
    }
  return 0;
}

JxsTlsKey *
jxs_tls_key_get (GTlsCertificate *certificate, GError **error)
{
  static const char name[] = "jxs-tls-key";
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&keys_mutex);
  g_autoptr (JxsTlsKey) self = NULL;
  JxsTlsKey *known = g_object_get_data (G_OBJECT (certificate), name);
  int result;

  if (known != NULL)
    return jxs_tls_key_ref (known);

  self = g_new0 (JxsTlsKey, 1);
  g_atomic_ref_count_init (&self->ref_count);
  gnutls_privkey_init (&self->key);
  result = import_key (self, certificate);
  if (result >= 0)
    result = import_chain (self, certificate);
  if (result < 0)
    {
      g_set_error (error,
                   G_TLS_ERROR,
                   G_TLS_ERROR_BAD_CERTIFICATE,
                   _ ("Our own certificate or its private key cannot be used: %s"),
                   gnutls_strerror (result));
      return NULL;
    }
  g_object_set_data_full (G_OBJECT (certificate),
                          name,
                          jxs_tls_key_ref (self),
                          (GDestroyNotify) jxs_tls_key_unref);
  return g_steal_pointer (&self);
}

/* Called by GnuTLS when it needs a certificate of ours: as client, when the server asked. */
static int
retrieve_cb (gnutls_session_t session,
             const gnutls_datum_t *authorities,
             int n_authorities,
             const gnutls_pk_algorithm_t *algorithms,
             int n_algorithms,
             gnutls_pcert_st **chain,
             unsigned int *n_chain,
             gnutls_privkey_t *key)
{
  JxsTlsCredentials *self = gnutls_session_get_ptr (session);

  self->was_asked = TRUE;
  *chain = self->key != NULL ? self->key->chain : NULL;
  *n_chain = self->key != NULL ? self->key->n_chain : 0;
  *key = self->key != NULL ? self->key->key : NULL;
  return 0;
}

/* One for all: whose certificate it is stands in the session. */
static gnutls_certificate_credentials_t
get_x509 (void)
{
  static gsize once = 0;
  static gnutls_certificate_credentials_t x509;

  if (g_once_init_enter (&once))
    {
      gnutls_certificate_allocate_credentials (&x509);
      gnutls_certificate_set_retrieve_function2 (x509, retrieve_cb);
      g_once_init_leave (&once, 1);
    }
  return x509;
}

/* Suites */

static const char *const suites_texts[] = {
  /* Forward secrecy and authenticated encryption are all that TLS 1.3 knows; which groups and
   * signatures is for us to say. */
  [JXS_TLS_SUITES_PINNED] =
      "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:"
      "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:+GROUP-X448:"
      "-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1",
  /* RFC 9325 §4.2: ECDHE and AEAD. Finite fields of TLS 1.2 are of whatever size the server likes,
   * and to compute in large ones takes minutes. */
  [JXS_TLS_SUITES_SERVER] =
      "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
      "-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:"
      "-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1",
  /* RFC 5054 has CBC alone: encrypt-then-MAC (RFC 7366) makes that safe. */
  [JXS_TLS_SUITES_SRP] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+SRP:-CIPHER-ALL:+AES-256-CBC:"
                         "+AES-128-CBC:-MAC-ALL:+SHA1:%FORCE_ETM",
};

gnutls_priority_t
jxs_tls_suites_get (JxsTlsSuites suites)
{
  static gsize once = 0;
  static gnutls_priority_t priorities[JXS_TLS_N_SUITES];

  if (g_once_init_enter (&once))
    {
      for (gsize i = 0; i < JXS_TLS_N_SUITES; i++)
        if (gnutls_priority_init (&priorities[i], suites_texts[i], NULL) < 0)
          priorities[i] = NULL;
      g_once_init_leave (&once, 1);
    }
  return priorities[suites];
}

/* SRP */

static gboolean
is_agreed_name (JxsTlsCredentials *self, const char *name)
{
  g_autoptr (JxsJid) agreed = jxs_jid_new (self->srp_username, NULL);
  g_autoptr (JxsJid) given = NULL;

  if (strcmp (name, self->srp_username) == 0)
    return TRUE;
  /* A peer may use its full address. */
  given = agreed != NULL && !jxs_jid_is_full (agreed) ? jxs_jid_new (name, NULL) : NULL;
  return given != NULL && jxs_jid_equal_bare (given, agreed);
}

static gboolean
copy_datum (gnutls_datum_t *to, const gnutls_datum_t *from)
{
  to->data = gnutls_malloc (from->size);
  if (to->data == NULL)
    return FALSE;
  memcpy (to->data, from->data, from->size);
  to->size = from->size;
  return TRUE;
}

/* The server's side: what a server would have stored is made from the password, for the name as the
 * client gave it. */
static int
verifier_cb (gnutls_session_t session,
             const char *name,
             gnutls_datum_t *salt,
             gnutls_datum_t *verifier,
             gnutls_datum_t *generator,
             gnutls_datum_t *prime)
{
  JxsTlsCredentials *self = gnutls_session_get_ptr (session);
  guint8 random[SRP_SALT_SIZE];
  gnutls_datum_t random_salt = { random, sizeof random };

  if (!is_agreed_name (self, name))
    {
      self->unknown_user = TRUE;
      return -1;
    }
  if (gnutls_rnd (GNUTLS_RND_NONCE, random, sizeof random) < 0 ||
      !copy_datum (salt, &random_salt) ||
      !copy_datum (generator, &gnutls_srp_3072_group_generator) ||
      !copy_datum (prime, &gnutls_srp_3072_group_prime))
    return -1;
  return gnutls_srp_verifier (name, self->srp_password, salt, generator, prime, verifier);
}

/* GnuTLS looks at the size of groups that it does not know only; RFC 5054 has some of 1024 and 1536
 * bits. The message begins with the prime (§2.8.2). */
static int
check_group_cb (gnutls_session_t session,
                unsigned int type,
                unsigned int when,
                unsigned int is_incoming,
                const gnutls_datum_t *message)
{
  gsize size;
  const guint8 *prime;

  if (message->size < 2)
    return GNUTLS_E_UNEXPECTED_PACKET_LENGTH;
  prime = message->data + 2;
  size = message->data[0] << 8 | message->data[1];
  if (size > message->size - 2)
    return GNUTLS_E_UNEXPECTED_PACKET_LENGTH;
  for (; size > 0 && *prime == 0; size--)
    prime++;
  return size * 8 < SRP_MIN_BITS ? GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER : 0;
}

static int
init_srp (JxsTlsCredentials *self)
{
  int result;

  if (self->role == JXS_TLS_CLIENT)
    {
      result = gnutls_srp_allocate_client_credentials (&self->srp_client);
      return result < 0 ? result
                        : gnutls_srp_set_client_credentials (self->srp_client,
                                                             self->srp_username,
                                                             self->srp_password);
    }
  result = gnutls_srp_allocate_server_credentials (&self->srp_server);
  if (result >= 0)
    gnutls_srp_set_server_credentials_function (self->srp_server, verifier_cb);
  return result;
}

gboolean
jxs_tls_supports_srp (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      gnutls_srp_client_credentials_t credentials = NULL;
      gboolean supported = jxs_tls_suites_get (JXS_TLS_SUITES_SRP) != NULL &&
                           gnutls_srp_allocate_client_credentials (&credentials) >= 0;

      if (supported)
        gnutls_srp_free_client_credentials (credentials);
      g_once_init_leave (&once, supported ? 1 : 2);
    }
  return once == 1;
}

/* Both */

gboolean
jxs_tls_credentials_init (JxsTlsCredentials *self, const JxsTlsParams *params, GError **error)
{
  *self = (JxsTlsCredentials){ .role = params->role };
  if (params->srp_password != NULL)
    {
      self->is_srp = TRUE;
      self->srp_username = g_strdup (params->srp_username);
      self->srp_password = g_strdup (params->srp_password);
      if (jxs_tls_supports_srp () && init_srp (self) >= 0)
        return TRUE;
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("The TLS library of this system cannot encrypt by a password (SRP)"));
      return FALSE;
    }
  if (params->certificate != NULL)
    self->key = jxs_tls_key_get (params->certificate, error);
  return params->certificate == NULL || self->key != NULL;
}

gboolean
jxs_tls_credentials_set (JxsTlsCredentials *self, gnutls_session_t session)
{
  if (self->srp_client != NULL)
    {
      gnutls_srp_set_prime_bits (session, SRP_MIN_BITS);
      gnutls_handshake_set_hook_function (session,
                                          GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE,
                                          GNUTLS_HOOK_PRE,
                                          check_group_cb);
      return gnutls_credentials_set (session, GNUTLS_CRD_SRP, self->srp_client) >= 0;
    }
  if (self->srp_server != NULL)
    return gnutls_credentials_set (session, GNUTLS_CRD_SRP, self->srp_server) >= 0;
  return gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, get_x509 ()) >= 0;
}

static void
wipe (char *text)
{
  gnutls_memset (text, 0, strlen (text));
  g_free (text);
}

static void
clear_srp (JxsTlsCredentials *self)
{
  g_clear_pointer (&self->srp_client, gnutls_srp_free_client_credentials);
  g_clear_pointer (&self->srp_server, gnutls_srp_free_server_credentials);
  g_clear_pointer (&self->srp_username, g_free);
  g_clear_pointer (&self->srp_password, wipe);
}

void
jxs_tls_credentials_forget (JxsTlsCredentials *self, gnutls_session_t session)
{
  if (!self->is_srp)
    return;
  gnutls_credentials_clear (session);
  clear_srp (self);
}

void
jxs_tls_credentials_clear (JxsTlsCredentials *self)
{
  g_clear_pointer (&self->key, jxs_tls_key_unref);
  clear_srp (self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-identity.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-identity-file-private.h>

/* Peers pin the key, so the dates only have to satisfy implementations that look at them: valid
 * since a day ago, for clocks that go wrong, and for ten years. */
#define VALID_BEFORE_SECONDS (G_GINT64_CONSTANT (24) * 60 * 60)
#define VALID_AFTER_SECONDS (G_GINT64_CONSTANT (3653) * 24 * 60 * 60)

#define XMPP_ADDRESS_OID "1.3.6.1.5.5.7.8.5" /* id-on-xmppAddr, RFC 6120 §13.7.1.4 */
#define COMMON_NAME_MAX_BYTES 64             /* RFC 5280, ub-common-name */

/**
 * JxsIdentity:
 *
 * The certificate and private key of this installation.
 *
 * Every installation has a key of its own; the certificate is usually self-signed and names the
 * bare address of the account as id-on-xmppAddr (RFC 6120 §13.7.1.4). Peers recognize the
 * installation by the fingerprint of the certificate.
 *
 * An identity never changes and may be used from any thread.
 *
 * Since: 1.0
 */
struct _JxsIdentity
{
  GObject parent_instance;

  GTlsCertificate *certificate; /* (owned) */
  JxsJid *jid;                  /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (JxsIdentity, jxs_identity, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (JxsKeyType,
                    jxs_key_type,
                    G_DEFINE_ENUM_VALUE (JXS_KEY_TYPE_ECDSA_P256, "ecdsa-p256"),
                    G_DEFINE_ENUM_VALUE (JXS_KEY_TYPE_ED25519, "ed25519"))

typedef enum
{
  PROP_CERTIFICATE = 1,
  PROP_JID,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

static gboolean
set_gnutls_error (GError **error, int code)
{
  g_set_error (
      error, JXS_ERROR, JXS_ERROR_FAILED, _ ("Cannot make a key: %s"), gnutls_strerror (code));
  return FALSE;
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
generate_key (gnutls_x509_privkey_t key, JxsKeyType type, GError **error)
{
  int code;

  if (type == JXS_KEY_TYPE_ED25519)
    code = gnutls_x509_privkey_generate (key, GNUTLS_PK_EDDSA_ED25519, 0, 0);
  else
    code = gnutls_x509_privkey_generate (key,
                                         GNUTLS_PK_ECDSA,
                                         GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                                         0);
  return code == 0 || set_gnutls_error (error, code);
}

static int
fill_certificate (gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *address)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
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

/* Certificate and key as one PEM text, to be wiped. */
static char *
generate_pem (const char *address, JxsKeyType type, GError **error)
{
  gnutls_x509_privkey_t key = NULL;
  gnutls_x509_crt_t crt = NULL;
  gnutls_datum_t key_pem = { NULL, 0 };
  gnutls_datum_t crt_pem = { NULL, 0 };
  char *pem = NULL;
  int code;

  if ((code = gnutls_x509_privkey_init (&key)) != 0 || (code = gnutls_x509_crt_init (&crt)) != 0)
    set_gnutls_error (error, code);
  else if (!generate_key (key, type, error))
    ;
  else if ((code = fill_certificate (crt, key, address)) != 0 ||
           (code = gnutls_x509_crt_sign2 (crt,
                                          crt,
                                          key,
                                          type == JXS_KEY_TYPE_ED25519 ? GNUTLS_DIG_SHA512
                                                                       : GNUTLS_DIG_SHA256,
                                          0)) != 0 ||
           (code = gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_PEM, &crt_pem)) != 0 ||
           (code = gnutls_x509_privkey_export2_pkcs8 (
                key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem)) != 0)
    set_gnutls_error (error, code);
  else
    pem = g_strdup_printf ("%.*s%.*s",
                           (int) crt_pem.size,
                           (char *) crt_pem.data,
                           (int) key_pem.size,
                           (char *) key_pem.data);

  gnutls_free (crt_pem.data);
  wipe_datum (&key_pem);
  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  g_clear_pointer (&key, gnutls_x509_privkey_deinit);
  return pem;
}

/* A key that is not the certificate's would only show as a failed handshake, much later. */
static gboolean
key_fits (GTlsCertificate *certificate, const char *key_pem)
{
  g_autofree char *certificate_pem = NULL;
  gnutls_x509_privkey_t key = NULL;
  gnutls_x509_crt_t crt = NULL;
  gnutls_datum_t key_datum = { (unsigned char *) key_pem, strlen (key_pem) };
  gnutls_datum_t crt_datum;
  guint8 key_id[32], crt_id[32];
  gsize key_id_size = sizeof key_id, crt_id_size = sizeof crt_id;
  gboolean fits;

  g_object_get (certificate, "certificate-pem", &certificate_pem, NULL);
  crt_datum.data = (unsigned char *) certificate_pem;
  crt_datum.size = strlen (certificate_pem);

  fits = gnutls_x509_privkey_init (&key) == 0 && gnutls_x509_crt_init (&crt) == 0 &&
         gnutls_x509_privkey_import2 (key, &key_datum, GNUTLS_X509_FMT_PEM, NULL, 0) == 0 &&
         gnutls_x509_crt_import (crt, &crt_datum, GNUTLS_X509_FMT_PEM) == 0 &&
         gnutls_x509_privkey_get_key_id (key, GNUTLS_KEYID_USE_SHA256, key_id, &key_id_size) == 0 &&
         gnutls_x509_crt_get_key_id (crt, GNUTLS_KEYID_USE_SHA256, crt_id, &crt_id_size) == 0 &&
         key_id_size == crt_id_size && memcmp (key_id, crt_id, key_id_size) == 0;

  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  g_clear_pointer (&key, gnutls_x509_privkey_deinit);
  return fits;
}

/* To be wiped; NULL for a key that cannot be had, as that of a smart card. */
static char *
get_key_pem (GTlsCertificate *certificate)
{
  char *pem = NULL;

  g_object_get (certificate, "private-key-pem", &pem, NULL);
  return pem;
}

static char *
get_pem (JxsIdentity *self, GError **error)
{
  g_autofree char *certificate_pem = NULL;
  char *key_pem = get_key_pem (self->certificate);
  char *pem;

  if (key_pem == NULL)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           _ ("The private key cannot be read, so it cannot be saved"));
      return NULL;
    }
  g_object_get (self->certificate, "certificate-pem", &certificate_pem, NULL);
  pem = g_strconcat (certificate_pem, key_pem, NULL);
  jxs_identity_wipe (key_pem);
  return pem;
}

static JxsIdentity *
load (GFile *file, GError **error)
{
  g_autoptr (JxsIdentity) self = NULL;
  char *pem = jxs_identity_file_read (file, error);

  if (pem == NULL)
    return NULL;
  self = jxs_identity_new_from_pem (pem, error);
  jxs_identity_wipe (pem);
  if (self == NULL)
    {
      g_autofree char *name = g_file_get_parse_name (file);

      g_prefix_error (error, "“%s”: ", name);
    }
  return g_steal_pointer (&self);
}

static gboolean
save (JxsIdentity *self,
      GFile *file,
      JxsIdentityFileMode mode,
      GCancellable *cancellable,
      GError **error)
{
  char *pem = get_pem (self, error);
  gboolean saved = pem != NULL && jxs_identity_file_write (file, pem, mode, cancellable, error);

  jxs_identity_wipe (pem);
  return saved;
}

static JxsIdentity *
load_or_generate (GFile *file, JxsJid *jid, GCancellable *cancellable, GError **error)
{
  g_autoptr (JxsIdentity) self = NULL;
  g_autoptr (GError) local_error = NULL;

  self = load (file, &local_error);
  if (self == NULL && g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_clear_error (&local_error);
      self = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &local_error);
      if (self != NULL && !save (self, file, JXS_IDENTITY_FILE_CREATE, cancellable, &local_error))
        {
          g_clear_object (&self);
          /* Another process was faster: its identity is the one of this installation. */
          if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_EXISTS))
            {
              g_clear_error (&local_error);
              self = load (file, &local_error);
            }
        }
    }
  if (self == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return g_steal_pointer (&self);
}

typedef struct
{
  GFile *file; /* (owned) */
  JxsJid *jid; /* (owned) (nullable) */
} FileJob;

static FileJob *
file_job_new (GFile *file, JxsJid *jid)
{
  FileJob *job = g_new0 (FileJob, 1);

  job->file = g_object_ref (file);
  job->jid = jid != NULL ? jxs_jid_ref (jid) : NULL;
  return job;
}

static void
file_job_free (gpointer data)
{
  FileJob *job = data;

  g_clear_object (&job->file);
  g_clear_pointer (&job->jid, jxs_jid_unref);
  g_free (job);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  FileJob *job = task_data;
  g_autoptr (GError) error = NULL;
  JxsIdentity *self;

  if (job->jid != NULL)
    self = load_or_generate (job->file, job->jid, cancellable, &error);
  else
    self = load (job->file, &error);
  if (self == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, self, g_object_unref);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  FileJob *job = task_data;
  g_autoptr (GError) error = NULL;

  if (!save (source, job->file, JXS_IDENTITY_FILE_REPLACE, cancellable, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
jxs_identity_constructed (GObject *object)
{
  JxsIdentity *self = JXS_IDENTITY (object);

  G_OBJECT_CLASS (jxs_identity_parent_class)->constructed (object);

  if (self->certificate != NULL)
    {
      g_autoptr (GPtrArray) addresses = jxs_certificate_get_xmpp_addresses (self->certificate);

      if (addresses->len > 0)
        self->jid = jxs_jid_new (g_ptr_array_index (addresses, 0), NULL);
    }
}

static void
jxs_identity_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsIdentity *self = JXS_IDENTITY (object);

  switch ((Property) id)
    {
    case PROP_CERTIFICATE:
      g_value_set_object (value, self->certificate);
      break;
    case PROP_JID:
      g_value_set_boxed (value, self->jid);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_identity_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsIdentity *self = JXS_IDENTITY (object);

  switch ((Property) id)
    {
    case PROP_CERTIFICATE:
      self->certificate = g_value_dup_object (value);
      break;
    case PROP_JID:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_identity_finalize (GObject *object)
{
  JxsIdentity *self = JXS_IDENTITY (object);

  g_clear_object (&self->certificate);
  g_clear_pointer (&self->jid, jxs_jid_unref);

  G_OBJECT_CLASS (jxs_identity_parent_class)->finalize (object);
}

static void
jxs_identity_class_init (JxsIdentityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = jxs_identity_constructed;
  object_class->get_property = jxs_identity_get_property;
  object_class->set_property = jxs_identity_set_property;
  object_class->finalize = jxs_identity_finalize;

  /**
   * JxsIdentity:certificate: (getter get_certificate)
   *
   * The certificate, with its private key.
   *
   * Since: 1.0
   */
  properties[PROP_CERTIFICATE] =
      g_param_spec_object ("certificate",
                           NULL,
                           NULL,
                           G_TYPE_TLS_CERTIFICATE,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * JxsIdentity:jid: (getter get_jid)
   *
   * The address the certificate names.
   *
   * Since: 1.0
   */
  properties[PROP_JID] = g_param_spec_boxed (
      "jid", NULL, NULL, JXS_TYPE_JID, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
jxs_identity_init (JxsIdentity *self)
{
}

/**
 * jxs_identity_generate:
 * @jid: the address of the account; a resource is left out
 * @type: the kind of the key
 * @error: return location for an error
 *
 * Makes a new key and a self-signed certificate for @jid.
 *
 * Takes about a millisecond. The certificate is valid for ten years.
 *
 * Returns: (transfer full): the identity, or %NULL with %JXS_ERROR_FAILED
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_generate (JxsJid *jid, JxsKeyType type, GError **error)
{
  g_autoptr (JxsJid) bare = NULL;
  g_autoptr (JxsIdentity) self = NULL;
  char *pem;

  g_return_val_if_fail (jid != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  bare = jxs_jid_to_bare (jid);
  pem = generate_pem (jxs_jid_to_string (bare), type, error);
  if (pem != NULL)
    self = jxs_identity_new_from_pem (pem, error);
  jxs_identity_wipe (pem);
  return g_steal_pointer (&self);
}

/**
 * jxs_identity_new_from_pem:
 * @pem: a certificate and its private key, without password
 * @error: return location for an error
 *
 * Makes an identity of PEM text (RFC 7468).
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if the text holds no certificate, no key, or a key of
 * another certificate.
 *
 * Returns: (transfer full): the identity, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_new_from_pem (const char *pem, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GError) local_error = NULL;
  char *key_pem = NULL;
  gboolean fits = FALSE;

  g_return_val_if_fail (pem != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  certificate = g_tls_certificate_new_from_pem (pem, -1, &local_error);
  if (certificate == NULL)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("No certificate with its key can be read: %s"),
                   local_error->message);
      return NULL;
    }
  key_pem = get_key_pem (certificate);
  if (key_pem != NULL)
    fits = key_fits (certificate, key_pem);
  if (!fits)
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_INVALID_ARGUMENT,
                         key_pem == NULL ? _ ("The private key of the certificate is missing")
                                         : _ ("The private key is not that of the certificate"));
  jxs_identity_wipe (key_pem);
  return fits ? g_object_new (JXS_TYPE_IDENTITY, "certificate", certificate, NULL) : NULL;
}

/**
 * jxs_identity_load_async:
 * @file: a local file
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads an identity from a PEM file.
 *
 * Fails with %G_IO_ERROR_NOT_FOUND if there is none, %JXS_ERROR_SECURITY if other users have access
 * to the file, %JXS_ERROR_INVALID_ARGUMENT if it holds no certificate with its key.
 *
 * Since: 1.0
 */
void
jxs_identity_load_async (GFile *file,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_identity_load_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, file_job_new (file, NULL), file_job_free);
  g_task_run_in_thread (task, load_in_thread);
}

/**
 * jxs_identity_load_finish:
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [func@Identity.load_async].
 *
 * Returns: (transfer full): the identity, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_identity_load_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_identity_load_or_generate_async:
 * @file: a local file
 * @jid: the address of the account, for a new identity
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads an identity from a PEM file; if there is no such file, makes an identity and saves it.
 *
 * Two processes that do this at once end with the same identity. Fails like
 * [func@Identity.load_async]: a file that cannot be used is never replaced.
 *
 * Since: 1.0
 */
void
jxs_identity_load_or_generate_async (GFile *file,
                                     JxsJid *jid,
                                     int io_priority,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (jid != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_identity_load_or_generate_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, file_job_new (file, jid), file_job_free);
  g_task_run_in_thread (task, load_in_thread);
}

/**
 * jxs_identity_load_or_generate_finish:
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [func@Identity.load_or_generate_async].
 *
 * Returns: (transfer full): the identity, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_load_or_generate_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_identity_load_or_generate_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_identity_save_async:
 * @self: an identity
 * @file: a local file
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Writes the certificate and its key to a PEM file that only this user can read (mode 0600).
 *
 * An existing file is replaced atomically; missing folders are made. Fails with
 * %JXS_ERROR_INVALID_ARGUMENT if @file is not local or the private key cannot be read, as that of a
 * smart card, and with errors of %G_IO_ERROR.
 *
 * Since: 1.0
 */
void
jxs_identity_save_async (JxsIdentity *self,
                         GFile *file,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (JXS_IS_IDENTITY (self));
  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_identity_save_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, file_job_new (file, NULL), file_job_free);
  g_task_run_in_thread (task, save_in_thread);
}

/**
 * jxs_identity_save_finish:
 * @self: an identity
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [method@Identity.save_async].
 *
 * Returns: %TRUE if the file was written
 *
 * Since: 1.0
 */
gboolean
jxs_identity_save_finish (JxsIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_identity_save_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * jxs_identity_get_certificate: (get-property certificate)
 * @self: an identity
 *
 * Gets the certificate, with its private key.
 *
 * Returns: (transfer none): the certificate
 *
 * Since: 1.0
 */
GTlsCertificate *
jxs_identity_get_certificate (JxsIdentity *self)
{
  g_return_val_if_fail (JXS_IS_IDENTITY (self), NULL);

  return self->certificate;
}

/**
 * jxs_identity_get_fingerprint:
 * @self: an identity
 * @type: the algorithm, usually %G_CHECKSUM_SHA256
 *
 * Computes the fingerprint: the digest of the certificate in DER form, in lower-case hexadecimal.
 *
 * Returns: (transfer full): the fingerprint
 *
 * Since: 1.0
 */
char *
jxs_identity_get_fingerprint (JxsIdentity *self, GChecksumType type)
{
  g_return_val_if_fail (JXS_IS_IDENTITY (self), NULL);

  return jxs_fingerprint_compute (self->certificate, type);
}

/**
 * jxs_identity_get_jid: (get-property jid)
 * @self: an identity
 *
 * Gets the address the certificate names (id-on-xmppAddr).
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the certificate names none
 *
 * Since: 1.0
 */
JxsJid *
jxs_identity_get_jid (JxsIdentity *self)
{
  g_return_val_if_fail (JXS_IS_IDENTITY (self), NULL);

  return self->jid;
}

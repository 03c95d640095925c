/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-identity-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-identity-pem-private.h>
#include <jxs-glib/security/jxs-identity-token-private.h>

/**
 * JxsIdentity:
 *
 * The certificate and private key of this installation.
 *
 * Every device, and every installation on it, has a key of its own: never copy one. The
 * certificate is usually self-signed and names the bare address of the account as id-on-xmppAddr
 * (RFC 6120 §13.7.1.4), the same one on all devices; serial number and key differ. Peers recognize
 * the installation by the fingerprint of the certificate.
 *
 * A certificate ends one day. Some time before, the identity gets a successor, see
 * [method@Identity.renew], which peers learn over streams that the old key authenticated: for them
 * the change then is none.
 *
 * An identity never changes, but for getting its successor once, and may be used from any thread.
 *
 * Since: 1.0
 */
struct _JxsIdentity
{
  GObject parent_instance;

  GTlsCertificate *certificate; /* (owned) */
  JxsJid *jid;                  /* (owned) (nullable) */
  JxsIdentity *successor;       /* (owned) (nullable) (atomic): set once */
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
  g_clear_object (&self->successor);
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

JxsIdentity *
jxs_identity_new (GTlsCertificate *certificate, GTlsCertificate *successor)
{
  JxsIdentity *self = g_object_new (JXS_TYPE_IDENTITY, "certificate", certificate, NULL);

  if (successor != NULL)
    self->successor = g_object_new (JXS_TYPE_IDENTITY, "certificate", successor, NULL);
  return self;
}

JxsIdentity *
jxs_identity_generate_at (JxsJid *jid, JxsKeyType type, gint64 now, GError **error)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jid);
  char *pem = jxs_identity_pem_generate (jxs_jid_to_string (bare), type, now, error);
  JxsIdentity *self = pem != NULL ? jxs_identity_new_from_pem (pem, error) : NULL;

  jxs_identity_wipe (pem);
  return self;
}

void
jxs_identity_set_successor (JxsIdentity *self, JxsIdentity *successor)
{
  g_object_ref (successor);
  if (!g_atomic_pointer_compare_and_exchange (&self->successor, NULL, successor))
    g_object_unref (successor);
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
  g_return_val_if_fail (jid != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return jxs_identity_generate_at (jid, type, jxs_clock_utc (), error);
}

/**
 * jxs_identity_new_from_pem:
 * @pem: a certificate and its private key, without password
 * @error: return location for an error
 *
 * Makes an identity of PEM text (RFC 7468): the certificate, those of its issuers if it has any,
 * and the private key; after it, if there is one, the same of its successor.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if the text holds no certificate, no key, or a key of
 * another certificate, with %JXS_ERROR_AUTHENTICATION if the key is protected by a password.
 *
 * Returns: (transfer full): the identity, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_new_from_pem (const char *pem, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GTlsCertificate) successor = NULL;

  g_return_val_if_fail (pem != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!jxs_identity_pem_parse (pem, NULL, &certificate, &successor, error))
    return NULL;
  return jxs_identity_new (certificate, successor);
}

/**
 * jxs_identity_new_from_pkcs11:
 * @certificate_uri: the PKCS#11 URI (RFC 7512) of the certificate
 * @key_uri: (nullable): that of its private key, or %NULL if @certificate_uri finds both
 * @error: return location for an error
 *
 * Makes an identity whose key is kept in a smart card or another PKCS#11 token, and never leaves
 * it.
 *
 * A PIN is given in the URI of the key, as `pin-value`, or as `pin-source` with the path of a file.
 * The key signs something before this returns, so with a slow token call it from another thread;
 * handshakes have to wait for the token as well. The identity cannot be saved.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if a URI is malformed or finds nothing, or the key is not
 * that of the certificate, with %JXS_ERROR_AUTHENTICATION if the token wants another PIN.
 *
 * Returns: (transfer full): the identity, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_new_from_pkcs11 (const char *certificate_uri, const char *key_uri, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;

  g_return_val_if_fail (certificate_uri != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  certificate =
      jxs_identity_token_load (certificate_uri, key_uri != NULL ? key_uri : certificate_uri, error);
  if (certificate == NULL)
    return NULL;
  return jxs_identity_new (certificate, NULL);
}

/**
 * jxs_identity_renew:
 * @self: an identity
 * @error: return location for an error
 *
 * Makes the successor of an identity: a new key of the same kind and a self-signed certificate for
 * the same address. If there is one already, that one is returned.
 *
 * Save the identity afterwards: the successor is kept in the same file. Identities of
 * [func@Identity.load_or_generate_async] get theirs by themselves.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if the certificate names no address.
 *
 * Returns: (transfer full): the successor, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_renew (JxsIdentity *self, GError **error)
{
  g_autoptr (JxsIdentity) successor = NULL;

  g_return_val_if_fail (JXS_IS_IDENTITY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (jxs_identity_get_successor (self) == NULL)
    {
      if (self->jid == NULL)
        {
          g_set_error_literal (error,
                               JXS_ERROR,
                               JXS_ERROR_INVALID_ARGUMENT,
                               _ ("The certificate names no address, so it cannot be renewed"));
          return NULL;
        }
      successor = jxs_identity_generate (self->jid,
                                         jxs_identity_pem_get_key_type (self->certificate),
                                         error);
      if (successor == NULL)
        return NULL;
      /* Another thread may have been faster: there is only one. */
      jxs_identity_set_successor (self, successor);
    }
  return g_object_ref (jxs_identity_get_successor (self));
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

/**
 * jxs_identity_get_expiry:
 * @self: an identity
 *
 * Tells when the certificate ends to be valid. Peers refuse it from then on.
 *
 * Returns: seconds since 1970 (UTC); %G_MAXINT64 for never
 *
 * Since: 1.0
 */
gint64
jxs_identity_get_expiry (JxsIdentity *self)
{
  g_return_val_if_fail (JXS_IS_IDENTITY (self), 0);

  return jxs_certificate_get_expiry (self->certificate);
}

/**
 * jxs_identity_get_successor:
 * @self: an identity
 *
 * Gets the identity that will take the place of this one, see [method@Identity.renew].
 *
 * Returns: (transfer none) (nullable): the successor, or %NULL if there is none yet
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_get_successor (JxsIdentity *self)
{
  g_return_val_if_fail (JXS_IS_IDENTITY (self), NULL);

  return g_atomic_pointer_get (&self->successor);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-record-private.h>

/**
 * JxsTrustRecord:
 *
 * What is known of one key at one address: an item of [class@TrustStore].
 *
 * The properties follow what is stored, also when another process changes it, and notify. A record
 * that was removed from the store keeps its last values.
 *
 * Since: 1.0
 */
struct _JxsTrustRecord
{
  GObject parent_instance;

  JxsJid *jid;                  /* (owned) */
  JxsTrustRow *row;             /* (owned) */
  GTlsCertificate *certificate; /* (owned) (nullable): made of the row's when asked for */
};

G_DEFINE_FINAL_TYPE (JxsTrustRecord, jxs_trust_record, G_TYPE_OBJECT)

typedef enum
{
  PROP_JID = 1,
  PROP_DEVICE,
  PROP_FINGERPRINT,
  PROP_CERTIFICATE,
  PROP_LEVEL,
  PROP_ORIGIN,
  PROP_VOUCHER,
  PROP_FIRST_SEEN,
  PROP_LAST_SEEN,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

static void
jxs_trust_record_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsTrustRecord *self = JXS_TRUST_RECORD (object);

  switch ((Property) id)
    {
    case PROP_JID:
      g_value_set_boxed (value, self->jid);
      break;
    case PROP_DEVICE:
      g_value_set_string (value, self->row->device);
      break;
    case PROP_FINGERPRINT:
      g_value_set_string (value, self->row->fingerprint);
      break;
    case PROP_CERTIFICATE:
      g_value_set_object (value, jxs_trust_record_get_certificate (self));
      break;
    case PROP_LEVEL:
      g_value_set_enum (value, self->row->level);
      break;
    case PROP_ORIGIN:
      g_value_set_enum (value, self->row->origin);
      break;
    case PROP_VOUCHER:
      g_value_set_string (value, self->row->voucher);
      break;
    case PROP_FIRST_SEEN:
      g_value_set_int64 (value, self->row->first_seen);
      break;
    case PROP_LAST_SEEN:
      g_value_set_int64 (value, self->row->last_seen);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_trust_record_finalize (GObject *object)
{
  JxsTrustRecord *self = JXS_TRUST_RECORD (object);

  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_clear_pointer (&self->row, jxs_trust_row_unref);
  g_clear_object (&self->certificate);

  G_OBJECT_CLASS (jxs_trust_record_parent_class)->finalize (object);
}

static void
jxs_trust_record_class_init (JxsTrustRecordClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = jxs_trust_record_get_property;
  object_class->finalize = jxs_trust_record_finalize;

  /**
   * JxsTrustRecord:jid: (getter get_jid)
   *
   * The bare address of the account.
   *
   * Since: 1.0
   */
  properties[PROP_JID] = g_param_spec_boxed ("jid", NULL, NULL, JXS_TYPE_JID, flags);
  /**
   * JxsTrustRecord:device: (getter get_device)
   *
   * The resource at which the key was seen last, or %NULL. Servers and peers choose it: a hint for
   * people, not a fact.
   *
   * Since: 1.0
   */
  properties[PROP_DEVICE] = g_param_spec_string ("device", NULL, NULL, NULL, flags);
  /**
   * JxsTrustRecord:fingerprint: (getter get_fingerprint)
   *
   * The SHA-256 of the certificate, in lower-case hexadecimal.
   *
   * Since: 1.0
   */
  properties[PROP_FINGERPRINT] = g_param_spec_string ("fingerprint", NULL, NULL, NULL, flags);
  /**
   * JxsTrustRecord:certificate: (getter get_certificate)
   *
   * The certificate, or %NULL if only its fingerprint is known or it is very large.
   *
   * Since: 1.0
   */
  properties[PROP_CERTIFICATE] =
      g_param_spec_object ("certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, flags);
  /**
   * JxsTrustRecord:level: (getter get_level)
   *
   * How far the key is trusted.
   *
   * Since: 1.0
   */
  properties[PROP_LEVEL] =
      g_param_spec_enum ("level", NULL, NULL, JXS_TYPE_TRUST_LEVEL, JXS_TRUST_LEVEL_UNKNOWN, flags);
  /**
   * JxsTrustRecord:origin: (getter get_origin)
   *
   * What the level rests on.
   *
   * Since: 1.0
   */
  properties[PROP_ORIGIN] =
      g_param_spec_enum ("origin", NULL, NULL, JXS_TYPE_TRUST_ORIGIN, JXS_TRUST_ORIGIN_NONE, flags);
  /**
   * JxsTrustRecord:voucher: (getter get_voucher)
   *
   * The fingerprint of the older key that vouched for this one, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_VOUCHER] = g_param_spec_string ("voucher", NULL, NULL, NULL, flags);
  /**
   * JxsTrustRecord:first-seen: (getter get_first_seen)
   *
   * When the key was seen first, in seconds since 1970, UTC; 0: never.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_SEEN] =
      g_param_spec_int64 ("first-seen", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * JxsTrustRecord:last-seen: (getter get_last_seen)
   *
   * When the key was seen last, in seconds since 1970, UTC, to the minute; 0: never.
   *
   * Since: 1.0
   */
  properties[PROP_LAST_SEEN] =
      g_param_spec_int64 ("last-seen", NULL, NULL, 0, G_MAXINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
jxs_trust_record_init (JxsTrustRecord *self)
{
}

JxsTrustRecord *
jxs_trust_record_new (JxsTrustRow *row)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (row->jid, NULL);
  JxsTrustRecord *self;

  if (jid == NULL)
    return NULL;
  self = g_object_new (JXS_TYPE_TRUST_RECORD, NULL);
  self->jid = g_steal_pointer (&jid);
  self->row = jxs_trust_row_ref (row);
  return self;
}

JxsTrustRow *
jxs_trust_record_get_row (JxsTrustRecord *self)
{
  return self->row;
}

void
jxs_trust_record_set_row (JxsTrustRecord *self, JxsTrustRow *row)
{
  g_autoptr (JxsTrustRow) old = g_steal_pointer (&self->row);
  GObject *object = G_OBJECT (self);

  self->row = jxs_trust_row_ref (row);
  g_object_freeze_notify (object);
  if (g_strcmp0 (old->device, row->device) != 0)
    g_object_notify_by_pspec (object, properties[PROP_DEVICE]);
  if ((old->certificate == NULL) != (row->certificate == NULL))
    {
      g_clear_object (&self->certificate);
      g_object_notify_by_pspec (object, properties[PROP_CERTIFICATE]);
    }
  if (old->level != row->level)
    g_object_notify_by_pspec (object, properties[PROP_LEVEL]);
  if (old->origin != row->origin)
    g_object_notify_by_pspec (object, properties[PROP_ORIGIN]);
  if (g_strcmp0 (old->voucher, row->voucher) != 0)
    g_object_notify_by_pspec (object, properties[PROP_VOUCHER]);
  if (old->first_seen != row->first_seen)
    g_object_notify_by_pspec (object, properties[PROP_FIRST_SEEN]);
  if (old->last_seen != row->last_seen)
    g_object_notify_by_pspec (object, properties[PROP_LAST_SEEN]);
  g_object_thaw_notify (object);
}

/**
 * jxs_trust_record_get_jid: (get-property jid)
 * @self: a record
 *
 * Gets the bare address of the account.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
JxsJid *
jxs_trust_record_get_jid (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), NULL);

  return self->jid;
}

/**
 * jxs_trust_record_get_device: (get-property device)
 * @self: a record
 *
 * Gets the resource at which the key was seen last.
 *
 * Returns: (transfer none) (nullable): the resource, or %NULL
 *
 * Since: 1.0
 */
const char *
jxs_trust_record_get_device (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), NULL);

  return self->row->device;
}

/**
 * jxs_trust_record_get_fingerprint: (get-property fingerprint)
 * @self: a record
 *
 * Gets the SHA-256 of the certificate, in lower-case hexadecimal.
 *
 * Returns: (transfer none): the fingerprint
 *
 * Since: 1.0
 */
const char *
jxs_trust_record_get_fingerprint (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), NULL);

  return self->row->fingerprint;
}

/**
 * jxs_trust_record_get_certificate: (get-property certificate)
 * @self: a record
 *
 * Gets the certificate.
 *
 * Returns: (transfer none) (nullable): the certificate, or %NULL if only its fingerprint is known
 *   or it is very large
 *
 * Since: 1.0
 */
GTlsCertificate *
jxs_trust_record_get_certificate (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), NULL);

  if (self->certificate == NULL && self->row->certificate != NULL)
    {
      g_autoptr (GByteArray) der = g_bytes_unref_to_array (g_bytes_ref (self->row->certificate));

      self->certificate =
          g_initable_new (g_tls_backend_get_certificate_type (g_tls_backend_get_default ()),
                          NULL,
                          NULL,
                          "certificate",
                          der,
                          NULL);
    }
  return self->certificate;
}

/**
 * jxs_trust_record_get_level: (get-property level)
 * @self: a record
 *
 * Gets how far the key is trusted.
 *
 * Returns: the level
 *
 * Since: 1.0
 */
JxsTrustLevel
jxs_trust_record_get_level (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), JXS_TRUST_LEVEL_UNKNOWN);

  return self->row->level;
}

/**
 * jxs_trust_record_get_origin: (get-property origin)
 * @self: a record
 *
 * Gets what the level rests on.
 *
 * Returns: the origin
 *
 * Since: 1.0
 */
JxsTrustOrigin
jxs_trust_record_get_origin (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), JXS_TRUST_ORIGIN_NONE);

  return self->row->origin;
}

/**
 * jxs_trust_record_get_voucher: (get-property voucher)
 * @self: a record
 *
 * Gets the fingerprint of the older key that vouched for this one.
 *
 * Returns: (transfer none) (nullable): the fingerprint, or %NULL
 *
 * Since: 1.0
 */
const char *
jxs_trust_record_get_voucher (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), NULL);

  return self->row->voucher;
}

/**
 * jxs_trust_record_get_first_seen: (get-property first-seen)
 * @self: a record
 *
 * Gets when the key was seen first.
 *
 * Returns: seconds since 1970, UTC; 0: never
 *
 * Since: 1.0
 */
gint64
jxs_trust_record_get_first_seen (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), 0);

  return self->row->first_seen;
}

/**
 * jxs_trust_record_get_last_seen: (get-property last-seen)
 * @self: a record
 *
 * Gets when the key was seen last, to the minute.
 *
 * Returns: seconds since 1970, UTC; 0: never
 *
 * Since: 1.0
 */
gint64
jxs_trust_record_get_last_seen (JxsTrustRecord *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_RECORD (self), 0);

  return self->row->last_seen;
}

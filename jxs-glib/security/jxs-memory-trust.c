/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-memory-trust-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-trust-verdict-private.h>

#define JXS_MEMORY_TRUST_MAX_PEERS                                                                 \
  65536 /* addresses whose keys are remembered; stops memory exhaustion by strangers who have many \
         */
#define JXS_MEMORY_TRUST_MAX_PEER_KEYS 64 /* the same by keys that are vouched for */

/**
 * JxsMemoryTrust:
 *
 * Remembers the keys of peers, by bare address, as long as it lives.
 *
 * The key of a peer never seen is accepted and remembered, and reported as
 * %JXS_TRUST_LEVEL_FIRST_USE: that protects from later attackers, not from one who was there first.
 * A changed key is refused until the old one is forgotten, or until the new one is verified or
 * vouched for. Keys known from elsewhere are set with [method@MemoryTrust.pin]. To remember keys
 * for longer, use [class@TrustStore].
 *
 * Since: 1.0
 */
struct _JxsMemoryTrust
{
  GObject parent_instance;

  GHashTable *peers; /* (owned) (element-type utf8 GPtrArray): JxsTrustRow, by bare address */
  gboolean first_use;
};

static void jxs_memory_trust_iface_init (JxsTrustInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsMemoryTrust,
                               jxs_memory_trust,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST, jxs_memory_trust_iface_init))

typedef enum
{
  PROP_FIRST_USE = 1,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

/* (transfer none) */
static GPtrArray *
get_rows (JxsMemoryTrust *self, JxsJid *jid)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jid);
  const char *name = jxs_jid_to_string (bare);
  GPtrArray *rows = g_hash_table_lookup (self->peers, name);

  if (rows == NULL)
    {
      rows = jxs_trust_rows_new ();
      g_hash_table_insert (self->peers, g_strdup (name), rows);
    }
  return rows;
}

/* What was refused is not remembered. */
static gboolean
remember (JxsMemoryTrust *self, GPtrArray *rows, JxsTrustRow *row)
{
  JxsTrustRow *own = jxs_trust_rows_find (rows, row->fingerprint);

  if (row->level == JXS_TRUST_LEVEL_UNKNOWN && !jxs_trust_row_is_rejected (row))
    return TRUE;
  if (own == NULL && (rows->len >= JXS_MEMORY_TRUST_MAX_PEER_KEYS ||
                      g_hash_table_size (self->peers) > JXS_MEMORY_TRUST_MAX_PEERS))
    return FALSE;
  if (own != NULL)
    g_ptr_array_remove (rows, own);
  g_ptr_array_add (rows, jxs_trust_row_ref (row));
  return TRUE;
}

/* Peers whose key was not accepted take no room. */
static void
drop_empty (JxsMemoryTrust *self, JxsJid *jid, GPtrArray *rows)
{
  if (rows->len == 0)
    jxs_memory_trust_forget (self, jid);
}

static void
jxs_memory_trust_decide (JxsTrust *trust, JxsTrustRequest *request)
{
  JxsMemoryTrust *self = JXS_MEMORY_TRUST (trust);
  JxsJid *jid = jxs_trust_request_get_peer_jid (request);
  GPtrArray *rows = get_rows (self, jid);
  g_autoptr (JxsTrustRow) seen =
      jxs_trust_row_new (jid, jxs_trust_request_get_fingerprint (request));
  const JxsTrustCircumstances circumstances = {
    .origin = jxs_trust_request_get_origin (request),
    .minimum = jxs_trust_request_get_level_wanted (request),
    .first_use = self->first_use,
    .now = jxs_trust_now (),
  };
  g_auto (JxsTrustVerdict) verdict = { 0 };
  g_autofree char *message = NULL;

  jxs_trust_judge (rows, seen, &circumstances, &verdict);
  if (verdict.write != NULL && !remember (self, rows, verdict.write) && verdict.must_write)
    {
      verdict.outcome = JXS_TRUST_OUTCOME_REFUSED;
      message =
          g_strdup_printf (_ ("The key of %s is new, but too many keys are remembered"), seen->jid);
    }
  else if (verdict.outcome == JXS_TRUST_OUTCOME_REFUSED)
    message = jxs_trust_verdict_to_message (&verdict, seen);
  drop_empty (self, jid, rows);

  if (verdict.outcome == JXS_TRUST_OUTCOME_ACCEPTED)
    {
      jxs_trust_request_set_origin (request, verdict.origin);
      jxs_trust_request_respond (request, verdict.level, NULL);
    }
  else
    jxs_trust_request_respond (request, JXS_TRUST_LEVEL_DISTRUSTED, message);
}

static void
jxs_memory_trust_learn (JxsTrust *trust,
                        JxsJid *peer,
                        GTlsCertificate *certificate,
                        JxsTrustLevel level,
                        JxsTrustOrigin origin,
                        const char *voucher)
{
  JxsMemoryTrust *self = JXS_MEMORY_TRUST (trust);
  GPtrArray *rows = get_rows (self, peer);
  g_autofree char *fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA256);
  g_autoptr (JxsTrustRow) learned = jxs_trust_row_new (peer, fingerprint);
  g_autoptr (JxsTrustRow) row = NULL;

  learned->level = level;
  learned->origin = origin;
  learned->voucher = g_strdup (voucher);
  row = jxs_trust_judge_learned (rows, learned);
  if (row != NULL)
    remember (self, rows, row);
  drop_empty (self, peer, rows);
}

static gboolean
jxs_memory_trust_is_known (JxsTrust *trust, JxsJid *peer)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);

  return g_hash_table_contains (JXS_MEMORY_TRUST (trust)->peers, jxs_jid_to_string (bare));
}

static void
jxs_memory_trust_iface_init (JxsTrustInterface *iface)
{
  iface->decide = jxs_memory_trust_decide;
  iface->is_known = jxs_memory_trust_is_known;
  iface->learn = jxs_memory_trust_learn;
}

static void
jxs_memory_trust_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsMemoryTrust *self = JXS_MEMORY_TRUST (object);

  switch ((Property) id)
    {
    case PROP_FIRST_USE:
      g_value_set_boolean (value, self->first_use);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_memory_trust_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsMemoryTrust *self = JXS_MEMORY_TRUST (object);

  switch ((Property) id)
    {
    case PROP_FIRST_USE:
      jxs_memory_trust_set_first_use (self, g_value_get_boolean (value));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_memory_trust_finalize (GObject *object)
{
  JxsMemoryTrust *self = JXS_MEMORY_TRUST (object);

  g_clear_pointer (&self->peers, g_hash_table_unref);

  G_OBJECT_CLASS (jxs_memory_trust_parent_class)->finalize (object);
}

static void
jxs_memory_trust_class_init (JxsMemoryTrustClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = jxs_memory_trust_get_property;
  object_class->set_property = jxs_memory_trust_set_property;
  object_class->finalize = jxs_memory_trust_finalize;

  /**
   * JxsMemoryTrust:first-use: (getter get_first_use) (setter set_first_use)
   *
   * Whether the keys of peers never seen are accepted and remembered; otherwise only pinned keys
   * are.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_USE] =
      g_param_spec_boolean ("first-use",
                            NULL,
                            NULL,
                            TRUE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
jxs_memory_trust_init (JxsMemoryTrust *self)
{
  self->peers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  self->first_use = TRUE;
}

/**
 * jxs_memory_trust_new:
 *
 * Makes a memory of keys that knows none.
 *
 * Returns: (transfer full): a memory of keys
 *
 * Since: 1.0
 */
JxsMemoryTrust *
jxs_memory_trust_new (void)
{
  return g_object_new (JXS_TYPE_MEMORY_TRUST, NULL);
}

/**
 * jxs_memory_trust_set_first_use: (set-property first-use)
 * @self: a memory of keys
 * @first_use: whether keys never seen are accepted
 *
 * Sets whether the keys of peers never seen are accepted and remembered.
 *
 * Since: 1.0
 */
void
jxs_memory_trust_set_first_use (JxsMemoryTrust *self, gboolean first_use)
{
  g_return_if_fail (JXS_IS_MEMORY_TRUST (self));

  first_use = first_use != FALSE;
  if (self->first_use == first_use)
    return;
  self->first_use = first_use;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FIRST_USE]);
}

/**
 * jxs_memory_trust_get_first_use: (get-property first-use)
 * @self: a memory of keys
 *
 * Gets whether the keys of peers never seen are accepted and remembered.
 *
 * Returns: whether they are
 *
 * Since: 1.0
 */
gboolean
jxs_memory_trust_get_first_use (JxsMemoryTrust *self)
{
  g_return_val_if_fail (JXS_IS_MEMORY_TRUST (self), FALSE);

  return self->first_use;
}

/**
 * jxs_memory_trust_pin:
 * @self: a memory of keys
 * @jid: the address of the peer; a resource is left out
 * @fingerprint: the SHA-256 of its certificate in hexadecimal, with or without colons and spaces
 * @verified: whether somebody verified that the key is the peer's
 * @error: return location for an error
 *
 * Sets the one key that is accepted from the peer.
 *
 * Returns: %TRUE, or %FALSE with %JXS_ERROR_INVALID_ARGUMENT if @fingerprint is none
 *
 * Since: 1.0
 */
gboolean
jxs_memory_trust_pin (
    JxsMemoryTrust *self, JxsJid *jid, const char *fingerprint, gboolean verified, GError **error)
{
  g_autofree char *normalized = NULL;
  g_autoptr (JxsTrustRow) row = NULL;
  GPtrArray *rows;
  GChecksumType type;

  g_return_val_if_fail (JXS_IS_MEMORY_TRUST (self), FALSE);
  g_return_val_if_fail (jid != NULL, FALSE);
  g_return_val_if_fail (fingerprint != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  normalized = jxs_fingerprint_parse (fingerprint, "sha-256", &type, NULL);
  if (normalized == NULL)
    {
      g_autofree char *text = jxs_log_sanitize (fingerprint, 160);

      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a SHA-256 fingerprint: 64 hexadecimal digits are expected"),
                   text);
      return FALSE;
    }
  row = jxs_trust_row_new (jid, normalized);
  g_clear_pointer (&row->device, g_free);
  row->level = verified ? JXS_TRUST_LEVEL_VERIFIED : JXS_TRUST_LEVEL_PINNED;
  row->origin = JXS_TRUST_ORIGIN_APPLICATION;
  rows = get_rows (self, jid);
  g_ptr_array_set_size (rows, 0);
  g_ptr_array_add (rows, g_steal_pointer (&row));
  return TRUE;
}

/**
 * jxs_memory_trust_forget:
 * @self: a memory of keys
 * @jid: the address of a peer; a resource is left out
 *
 * Forgets the keys of the peer, so that its next one counts as seen for the first time.
 *
 * Since: 1.0
 */
void
jxs_memory_trust_forget (JxsMemoryTrust *self, JxsJid *jid)
{
  g_autoptr (JxsJid) bare = NULL;

  g_return_if_fail (JXS_IS_MEMORY_TRUST (self));
  g_return_if_fail (jid != NULL);

  bare = jxs_jid_to_bare (jid);
  g_hash_table_remove (self->peers, jxs_jid_to_string (bare));
}

JxsTrustLevel
jxs_memory_trust_get_level (JxsMemoryTrust *self, JxsJid *peer, const char *fingerprint)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);
  GPtrArray *rows = g_hash_table_lookup (self->peers, jxs_jid_to_string (bare));
  JxsTrustRow *row = rows != NULL ? jxs_trust_rows_find (rows, fingerprint) : NULL;

  return row != NULL ? row->level : JXS_TRUST_LEVEL_UNKNOWN;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-memory-trust.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>

#define JXS_MEMORY_TRUST_MAX_PEERS                                                                 \
  65536 /* keys remembered on first use; stops memory exhaustion by strangers with many addresses  \
         */

/**
 * JxsMemoryTrust:
 *
 * Remembers the keys of peers, by bare address, as long as it lives.
 *
 * The key of a peer never seen is accepted and remembered, and reported as
 * %JXS_TRUST_LEVEL_FIRST_USE: that protects from later attackers, not from one who was there first.
 * A changed key is refused until the old one is forgotten. Keys known from elsewhere are set with
 * [method@MemoryTrust.pin].
 *
 * Since: 1.0
 */
struct _JxsMemoryTrust
{
  GObject parent_instance;

  GHashTable *keys; /* (owned) (element-type utf8 Key): by bare JID */
  gboolean first_use;
};

typedef struct
{
  char *fingerprint; /* (owned): SHA-256, normalized */
  gboolean verified;
} Key;

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

static void
key_free (gpointer data)
{
  Key *key = data;

  g_free (key->fingerprint);
  g_free (key);
}

static char *
key_name (JxsJid *jid)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jid);

  return g_strdup (jxs_jid_to_string (bare));
}

static void
remember (JxsMemoryTrust *self, JxsJid *jid, const char *fingerprint, gboolean verified)
{
  Key *key = g_new0 (Key, 1);

  key->fingerprint = g_strdup (fingerprint);
  key->verified = verified;
  g_hash_table_replace (self->keys, key_name (jid), key);
}

static void
judge_first_use (JxsMemoryTrust *self, JxsTrustRequest *request, const char *name)
{
  JxsTrustLevel level = JXS_TRUST_LEVEL_DISTRUSTED;
  g_autofree char *message = NULL;

  if (!self->first_use)
    {
      g_autofree char *shown =
          jxs_fingerprint_to_text (jxs_trust_request_get_fingerprint (request));

      message =
          g_strdup_printf (_ ("The key of %s is not known; its fingerprint is %s"), name, shown);
    }
  else if (g_hash_table_size (self->keys) >= JXS_MEMORY_TRUST_MAX_PEERS)
    message = g_strdup_printf (_ ("The key of %s is new, but too many keys are remembered"), name);
  else
    {
      remember (self,
                jxs_trust_request_get_peer_jid (request),
                jxs_trust_request_get_fingerprint (request),
                FALSE);
      level = JXS_TRUST_LEVEL_FIRST_USE;
    }
  jxs_trust_request_respond (request, level, message);
}

static void
jxs_memory_trust_decide (JxsTrust *trust, JxsTrustRequest *request)
{
  JxsMemoryTrust *self = JXS_MEMORY_TRUST (trust);
  const char *fingerprint = jxs_trust_request_get_fingerprint (request);
  g_autofree char *name = key_name (jxs_trust_request_get_peer_jid (request));
  const Key *key = g_hash_table_lookup (self->keys, name);

  if (key == NULL)
    judge_first_use (self, request, name);
  else if (gnutls_memcmp (key->fingerprint, fingerprint, strlen (fingerprint)) == 0)
    jxs_trust_request_respond (request,
                               key->verified ? JXS_TRUST_LEVEL_VERIFIED : JXS_TRUST_LEVEL_PINNED,
                               NULL);
  else
    {
      g_autofree char *known = jxs_fingerprint_to_text (key->fingerprint);
      g_autofree char *shown = jxs_fingerprint_to_text (fingerprint);
      g_autofree char *message = g_strdup_printf (
          _ ("The key of %s has changed: known is %s, shown was %s"), name, known, shown);

      jxs_trust_request_respond (request, JXS_TRUST_LEVEL_DISTRUSTED, message);
    }
}

static gboolean
jxs_memory_trust_is_known (JxsTrust *trust, JxsJid *peer)
{
  g_autofree char *name = key_name (peer);

  return g_hash_table_contains (JXS_MEMORY_TRUST (trust)->keys, name);
}

static void
jxs_memory_trust_iface_init (JxsTrustInterface *iface)
{
  iface->decide = jxs_memory_trust_decide;
  iface->is_known = jxs_memory_trust_is_known;
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

  g_clear_pointer (&self->keys, g_hash_table_unref);

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
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, key_free);
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
  remember (self, jid, normalized, verified);
  return TRUE;
}

/**
 * jxs_memory_trust_forget:
 * @self: a memory of keys
 * @jid: the address of a peer; a resource is left out
 *
 * Forgets the key of the peer, so that its next one counts as seen for the first time.
 *
 * Since: 1.0
 */
void
jxs_memory_trust_forget (JxsMemoryTrust *self, JxsJid *jid)
{
  g_autofree char *name = NULL;

  g_return_if_fail (JXS_IS_MEMORY_TRUST (self));
  g_return_if_fail (jid != NULL);

  name = key_name (jid);
  g_hash_table_remove (self->keys, name);
}

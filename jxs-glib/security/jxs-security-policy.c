/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-security-policy-private.h>

/**
 * JxsSecurityPolicy:
 *
 * What an endpoint demands of the encryption of its sessions and of the keys of its peers.
 *
 * A new policy is safe: encryption is required, each method may be used, and a key must be known or
 * seen for the first time. Whatever does not meet the policy is refused with an error that tells
 * which demand it was; nothing goes on with less.
 *
 * Get the policy of an endpoint with [method@Endpoint.get_security_policy], and change it at any
 * time: what changes holds for the sessions that begin afterwards.
 *
 * Since: 1.0
 */
struct _JxsSecurityPolicy
{
  GObject parent_instance;

  gboolean require_encryption;
  JxsTrustLevel minimum_trust_opening;
  JxsTrustLevel minimum_trust_accepting;
  JxsSecurityMethods methods;
  GTlsDatabase *authorities; /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (JxsSecurityPolicy, jxs_security_policy, G_TYPE_OBJECT)

G_DEFINE_FLAGS_TYPE (JxsSecurityMethods,
                     jxs_security_methods,
                     G_DEFINE_ENUM_VALUE (JXS_SECURITY_METHODS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (JXS_SECURITY_METHODS_X509, "x509"),
                     G_DEFINE_ENUM_VALUE (JXS_SECURITY_METHODS_SRP, "srp"),
                     G_DEFINE_ENUM_VALUE (JXS_SECURITY_METHODS_STARTTLS, "starttls"),
                     G_DEFINE_ENUM_VALUE (JXS_SECURITY_METHODS_ALL, "all"))

typedef enum
{
  PROP_REQUIRE_ENCRYPTION = 1,
  PROP_MINIMUM_TRUST_OPENING,
  PROP_MINIMUM_TRUST_ACCEPTING,
  PROP_METHODS,
  PROP_AUTHORITIES,
  N_PROPS
} Property;

static GParamSpec *props[N_PROPS];

static void
jxs_security_policy_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsSecurityPolicy *self = JXS_SECURITY_POLICY (object);

  switch ((Property) id)
    {
    case PROP_REQUIRE_ENCRYPTION:
      g_value_set_boolean (value, self->require_encryption);
      break;
    case PROP_MINIMUM_TRUST_OPENING:
      g_value_set_enum (value, self->minimum_trust_opening);
      break;
    case PROP_MINIMUM_TRUST_ACCEPTING:
      g_value_set_enum (value, self->minimum_trust_accepting);
      break;
    case PROP_METHODS:
      g_value_set_flags (value, self->methods);
      break;
    case PROP_AUTHORITIES:
      g_value_set_object (value, self->authorities);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_security_policy_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsSecurityPolicy *self = JXS_SECURITY_POLICY (object);

  switch ((Property) id)
    {
    case PROP_REQUIRE_ENCRYPTION:
      jxs_security_policy_set_require_encryption (self, g_value_get_boolean (value));
      break;
    case PROP_MINIMUM_TRUST_OPENING:
      jxs_security_policy_set_minimum_trust_opening (self, g_value_get_enum (value));
      break;
    case PROP_MINIMUM_TRUST_ACCEPTING:
      jxs_security_policy_set_minimum_trust_accepting (self, g_value_get_enum (value));
      break;
    case PROP_METHODS:
      jxs_security_policy_set_methods (self, g_value_get_flags (value));
      break;
    case PROP_AUTHORITIES:
      jxs_security_policy_set_authorities (self, g_value_get_object (value));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_security_policy_finalize (GObject *object)
{
  JxsSecurityPolicy *self = JXS_SECURITY_POLICY (object);

  g_clear_object (&self->authorities);

  G_OBJECT_CLASS (jxs_security_policy_parent_class)->finalize (object);
}

static void
jxs_security_policy_class_init (JxsSecurityPolicyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = jxs_security_policy_get_property;
  object_class->set_property = jxs_security_policy_set_property;
  object_class->finalize = jxs_security_policy_finalize;

  /**
   * JxsSecurityPolicy:require-encryption: (getter get_require_encryption)
   *
   * Whether sessions without end-to-end encryption are refused, in both directions.
   *
   * If %FALSE, encryption is still used with every peer that supports it, and sessions without it
   * are still refused with peers whose key the [property@Endpoint:trust] knows.
   *
   * Since: 1.0
   */
  props[PROP_REQUIRE_ENCRYPTION] =
      g_param_spec_boolean ("require-encryption", NULL, NULL, TRUE, flags);
  /**
   * JxsSecurityPolicy:minimum-trust-opening: (getter get_minimum_trust_opening)
   *
   * How far the key of a peer must be trusted in sessions that we open.
   *
   * Since: 1.0
   */
  props[PROP_MINIMUM_TRUST_OPENING] = g_param_spec_enum (
      "minimum-trust-opening", NULL, NULL, JXS_TYPE_TRUST_LEVEL, JXS_TRUST_LEVEL_FIRST_USE, flags);
  /**
   * JxsSecurityPolicy:minimum-trust-accepting: (getter get_minimum_trust_accepting)
   *
   * How far the key of a peer must be trusted in sessions that the peer opens.
   *
   * Since: 1.0
   */
  props[PROP_MINIMUM_TRUST_ACCEPTING] = g_param_spec_enum ("minimum-trust-accepting",
                                                           NULL,
                                                           NULL,
                                                           JXS_TYPE_TRUST_LEVEL,
                                                           JXS_TRUST_LEVEL_FIRST_USE,
                                                           flags);
  /**
   * JxsSecurityPolicy:methods: (getter get_methods) (setter set_methods)
   *
   * The ways of encryption that may be used.
   *
   * Since: 1.0
   */
  props[PROP_METHODS] = g_param_spec_flags (
      "methods", NULL, NULL, JXS_TYPE_SECURITY_METHODS, JXS_SECURITY_METHODS_ALL, flags);
  /**
   * JxsSecurityPolicy:authorities: (getter get_authorities) (setter set_authorities)
   *
   * The certification authorities that may vouch for the address of a peer.
   *
   * If %NULL, no authority is believed: keys of peers are judged one by one. With
   * [method@Gio.TlsBackend.get_default_database] those of the system are: each of them can then
   * vouch for any address. A key that one of them vouched for counts as verified only in sessions
   * in which that holds, and as one that is known otherwise.
   *
   * Since: 1.0
   */
  props[PROP_AUTHORITIES] =
      g_param_spec_object ("authorities", NULL, NULL, G_TYPE_TLS_DATABASE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
jxs_security_policy_init (JxsSecurityPolicy *self)
{
  self->require_encryption = TRUE;
  self->minimum_trust_opening = JXS_TRUST_LEVEL_FIRST_USE;
  self->minimum_trust_accepting = JXS_TRUST_LEVEL_FIRST_USE;
  self->methods = JXS_SECURITY_METHODS_ALL;
}

/**
 * jxs_security_policy_new:
 *
 * Makes a policy with the defaults.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 1.0
 */
JxsSecurityPolicy *
jxs_security_policy_new (void)
{
  return g_object_new (JXS_TYPE_SECURITY_POLICY, NULL);
}

/**
 * jxs_security_policy_get_require_encryption: (get-property require-encryption)
 * @self: a policy
 *
 * Gets whether sessions without end-to-end encryption are refused.
 *
 * Returns: %TRUE, the default, if they are
 *
 * Since: 1.0
 */
gboolean
jxs_security_policy_get_require_encryption (JxsSecurityPolicy *self)
{
  g_return_val_if_fail (JXS_IS_SECURITY_POLICY (self), TRUE);

  return self->require_encryption;
}

/**
 * jxs_security_policy_set_require_encryption: (set-property require-encryption)
 * @self: a policy
 * @require_encryption: whether to refuse sessions without end-to-end encryption
 *
 * Sets whether sessions without end-to-end encryption are refused.
 *
 * Since: 1.0
 */
void
jxs_security_policy_set_require_encryption (JxsSecurityPolicy *self, gboolean require_encryption)
{
  g_return_if_fail (JXS_IS_SECURITY_POLICY (self));

  require_encryption = require_encryption != FALSE;
  if (self->require_encryption == require_encryption)
    return;
  self->require_encryption = require_encryption;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REQUIRE_ENCRYPTION]);
}

/**
 * jxs_security_policy_get_minimum_trust_opening: (get-property minimum-trust-opening)
 * @self: a policy
 *
 * Gets how far the key of a peer must be trusted in sessions that we open.
 *
 * Returns: the level; %JXS_TRUST_LEVEL_FIRST_USE is the default
 *
 * Since: 1.0
 */
JxsTrustLevel
jxs_security_policy_get_minimum_trust_opening (JxsSecurityPolicy *self)
{
  g_return_val_if_fail (JXS_IS_SECURITY_POLICY (self), JXS_TRUST_LEVEL_VERIFIED);

  return self->minimum_trust_opening;
}

static gboolean
is_minimum (JxsTrustLevel level)
{
  return level >= JXS_TRUST_LEVEL_FIRST_USE && level <= JXS_TRUST_LEVEL_VERIFIED;
}

/**
 * jxs_security_policy_set_minimum_trust_opening: (set-property minimum-trust-opening)
 * @self: a policy
 * @level: %JXS_TRUST_LEVEL_FIRST_USE, %JXS_TRUST_LEVEL_PINNED or %JXS_TRUST_LEVEL_VERIFIED
 *
 * Sets how far the key of a peer must be trusted in sessions that we open.
 *
 * Since: 1.0
 */
void
jxs_security_policy_set_minimum_trust_opening (JxsSecurityPolicy *self, JxsTrustLevel level)
{
  g_return_if_fail (JXS_IS_SECURITY_POLICY (self));
  g_return_if_fail (is_minimum (level));

  if (self->minimum_trust_opening == level)
    return;
  self->minimum_trust_opening = level;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MINIMUM_TRUST_OPENING]);
}

/**
 * jxs_security_policy_get_minimum_trust_accepting: (get-property minimum-trust-accepting)
 * @self: a policy
 *
 * Gets how far the key of a peer must be trusted in sessions that the peer opens.
 *
 * Returns: the level; %JXS_TRUST_LEVEL_FIRST_USE is the default
 *
 * Since: 1.0
 */
JxsTrustLevel
jxs_security_policy_get_minimum_trust_accepting (JxsSecurityPolicy *self)
{
  g_return_val_if_fail (JXS_IS_SECURITY_POLICY (self), JXS_TRUST_LEVEL_VERIFIED);

  return self->minimum_trust_accepting;
}

/**
 * jxs_security_policy_set_minimum_trust_accepting: (set-property minimum-trust-accepting)
 * @self: a policy
 * @level: %JXS_TRUST_LEVEL_FIRST_USE, %JXS_TRUST_LEVEL_PINNED or %JXS_TRUST_LEVEL_VERIFIED
 *
 * Sets how far the key of a peer must be trusted in sessions that the peer opens.
 *
 * Since: 1.0
 */
void
jxs_security_policy_set_minimum_trust_accepting (JxsSecurityPolicy *self, JxsTrustLevel level)
{
  g_return_if_fail (JXS_IS_SECURITY_POLICY (self));
  g_return_if_fail (is_minimum (level));

  if (self->minimum_trust_accepting == level)
    return;
  self->minimum_trust_accepting = level;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MINIMUM_TRUST_ACCEPTING]);
}

/**
 * jxs_security_policy_get_methods: (get-property methods)
 * @self: a policy
 *
 * Gets the ways of encryption that may be used.
 *
 * Returns: the methods; all of them by default
 *
 * Since: 1.0
 */
JxsSecurityMethods
jxs_security_policy_get_methods (JxsSecurityPolicy *self)
{
  g_return_val_if_fail (JXS_IS_SECURITY_POLICY (self), JXS_SECURITY_METHODS_NONE);

  return self->methods;
}

/**
 * jxs_security_policy_set_methods: (set-property methods)
 * @self: a policy
 * @methods: the methods
 *
 * Sets the ways of encryption that may be used. With none of them, and encryption required, every
 * session is refused.
 *
 * Since: 1.0
 */
void
jxs_security_policy_set_methods (JxsSecurityPolicy *self, JxsSecurityMethods methods)
{
  g_return_if_fail (JXS_IS_SECURITY_POLICY (self));
  g_return_if_fail ((methods & ~JXS_SECURITY_METHODS_ALL) == 0);

  if (self->methods == methods)
    return;
  self->methods = methods;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_METHODS]);
}

/**
 * jxs_security_policy_get_authorities: (get-property authorities)
 * @self: a policy
 *
 * Gets the certification authorities that may vouch for the address of a peer.
 *
 * Returns: (transfer none) (nullable): the authorities, or %NULL, the default, for none
 *
 * Since: 1.0
 */
GTlsDatabase *
jxs_security_policy_get_authorities (JxsSecurityPolicy *self)
{
  g_return_val_if_fail (JXS_IS_SECURITY_POLICY (self), NULL);

  return self->authorities;
}

/**
 * jxs_security_policy_set_authorities: (set-property authorities)
 * @self: a policy
 * @authorities: (nullable): the authorities, or %NULL for none
 *
 * Sets the certification authorities that may vouch for the address of a peer.
 *
 * Since: 1.0
 */
void
jxs_security_policy_set_authorities (JxsSecurityPolicy *self, GTlsDatabase *authorities)
{
  g_return_if_fail (JXS_IS_SECURITY_POLICY (self));
  g_return_if_fail (authorities == NULL || G_IS_TLS_DATABASE (authorities));

  if (g_set_object (&self->authorities, authorities))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_AUTHORITIES]);
}

JxsSecurityPolicy *
jxs_security_policy_copy (JxsSecurityPolicy *self)
{
  JxsSecurityPolicy *copy = jxs_security_policy_new ();

  copy->require_encryption = self->require_encryption;
  copy->minimum_trust_opening = self->minimum_trust_opening;
  copy->minimum_trust_accepting = self->minimum_trust_accepting;
  copy->methods = self->methods;
  g_set_object (&copy->authorities, self->authorities);
  return copy;
}

JxsTrustLevel
jxs_security_policy_get_minimum_trust (JxsSecurityPolicy *self, gboolean opening)
{
  return opening ? self->minimum_trust_opening : self->minimum_trust_accepting;
}

const char *
jxs_security_method_get_name (JxsSecurityMethods method)
{
  switch (method)
    {
    case JXS_SECURITY_METHODS_X509:
      return "x509";
    case JXS_SECURITY_METHODS_SRP:
      return "srp";
    case JXS_SECURITY_METHODS_STARTTLS:
      return "starttls";
    case JXS_SECURITY_METHODS_NONE:
    case JXS_SECURITY_METHODS_ALL:
    default:
      return NULL;
    }
}

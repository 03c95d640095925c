/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-candidate-private.h>

/**
 * JxsCandidate:
 *
 * A network address over which the two sides of a session may meet: one of ours that was offered to
 * the peer, or one of the peer's (XEP-0260 §2.2).
 *
 * What becomes of it while the session connects is told by [property@Candidate:state].
 *
 * Since: 1.0
 */

struct _JxsCandidate
{
  GObject parent_instance;

  gboolean local;
  gboolean frozen; /* the peer knows the priority */
  JxsCandidateKind kind;
  char *host; /* (owned) */
  guint16 port;
  JxsJid *jid; /* (owned) */
  guint32 priority;
  JxsCandidateState state;
  gint64 round_trip_us; /* -1: unknown */
  GError *error;        /* (owned) (nullable): set exactly when the state is FAILED */
};

G_DEFINE_ENUM_TYPE (JxsAddressPolicy,
                    jxs_address_policy,
                    G_DEFINE_ENUM_VALUE (JXS_ADDRESS_POLICY_ALL, "all"),
                    G_DEFINE_ENUM_VALUE (JXS_ADDRESS_POLICY_RELAY_ONLY, "relay-only"),
                    G_DEFINE_ENUM_VALUE (JXS_ADDRESS_POLICY_ASK, "ask"))

G_DEFINE_ENUM_TYPE (JxsCandidateKind,
                    jxs_candidate_kind,
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_KIND_DIRECT, "direct"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_KIND_ASSISTED, "assisted"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_KIND_TUNNEL, "tunnel"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_KIND_PROXY, "proxy"))

G_DEFINE_ENUM_TYPE (JxsCandidateState,
                    jxs_candidate_state,
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_STATE_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_STATE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_STATE_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_STATE_SKIPPED, "skipped"),
                    G_DEFINE_ENUM_VALUE (JXS_CANDIDATE_STATE_NOMINATED, "nominated"))

G_DEFINE_FINAL_TYPE (JxsCandidate, jxs_candidate, G_TYPE_OBJECT)

enum
{
  PROP_LOCAL = 1,
  PROP_KIND,
  PROP_HOST,
  PROP_PORT,
  PROP_JID,
  PROP_PRIORITY,
  PROP_STATE,
  PROP_ROUND_TRIP,
  PROP_ERROR,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
jxs_candidate_finalize (GObject *object)
{
  JxsCandidate *self = JXS_CANDIDATE (object);

  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (jxs_candidate_parent_class)->finalize (object);
}

static void
jxs_candidate_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsCandidate *self = JXS_CANDIDATE (object);

  switch (id)
    {
    case PROP_LOCAL:
      g_value_set_boolean (value, self->local);
      break;
    case PROP_KIND:
      g_value_set_enum (value, (int) self->kind);
      break;
    case PROP_HOST:
      g_value_set_string (value, self->host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_JID:
      g_value_set_boxed (value, self->jid);
      break;
    case PROP_PRIORITY:
      g_value_set_uint (value, self->priority);
      break;
    case PROP_STATE:
      g_value_set_enum (value, (int) self->state);
      break;
    case PROP_ROUND_TRIP:
      g_value_set_int64 (value, self->round_trip_us);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_candidate_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsCandidate *self = JXS_CANDIDATE (object);

  switch (id)
    {
    case PROP_PRIORITY:
      jxs_candidate_set_priority (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_candidate_class_init (JxsCandidateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags read_only = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = jxs_candidate_finalize;
  object_class->get_property = jxs_candidate_get_property;
  object_class->set_property = jxs_candidate_set_property;

  /**
   * JxsCandidate:local: (getter is_local)
   *
   * Whether we offered it to the peer, not the peer to us.
   *
   * Since: 1.0
   */
  props[PROP_LOCAL] = g_param_spec_boolean ("local", NULL, NULL, FALSE, read_only);
  /**
   * JxsCandidate:kind: (getter get_kind)
   *
   * How it leads to its owner.
   *
   * Since: 1.0
   */
  props[PROP_KIND] = g_param_spec_enum (
      "kind", NULL, NULL, JXS_TYPE_CANDIDATE_KIND, JXS_CANDIDATE_KIND_DIRECT, read_only);
  /**
   * JxsCandidate:host: (getter get_host)
   *
   * The network address, or the name of a host.
   *
   * Since: 1.0
   */
  props[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, NULL, read_only);
  /**
   * JxsCandidate:port: (getter get_port)
   *
   * The TCP port.
   *
   * Since: 1.0
   */
  props[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, read_only);
  /**
   * JxsCandidate:jid: (getter get_jid)
   *
   * Who answers there: the one who offered the candidate, or the relay.
   *
   * Since: 1.0
   */
  props[PROP_JID] = g_param_spec_boxed ("jid", NULL, NULL, JXS_TYPE_JID, read_only);
  /**
   * JxsCandidate:priority: (getter get_priority) (setter set_priority)
   *
   * The higher, the better: of the candidates that work the one with the highest is nominated.
   *
   * Since: 1.0
   */
  props[PROP_PRIORITY] =
      g_param_spec_uint ("priority",
                         NULL,
                         NULL,
                         0,
                         G_MAXUINT,
                         0,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  /**
   * JxsCandidate:state: (getter get_state)
   *
   * What became of it so far.
   *
   * Since: 1.0
   */
  props[PROP_STATE] = g_param_spec_enum (
      "state", NULL, NULL, JXS_TYPE_CANDIDATE_STATE, JXS_CANDIDATE_STATE_WAITING, read_only);
  /**
   * JxsCandidate:round-trip: (getter get_round_trip)
   *
   * How long connecting took, in microseconds, or -1 while that is unknown.
   *
   * Since: 1.0
   */
  props[PROP_ROUND_TRIP] =
      g_param_spec_int64 ("round-trip", NULL, NULL, -1, G_MAXINT64, -1, read_only);
  /**
   * JxsCandidate:error: (getter get_error)
   *
   * Why it failed.
   *
   * Since: 1.0
   */
  props[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, read_only);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
jxs_candidate_init (JxsCandidate *self)
{
  self->round_trip_us = -1;
}

JxsCandidate *
jxs_candidate_new (gboolean local,
                   JxsCandidateKind kind,
                   const char *host,
                   guint16 port,
                   JxsJid *jid,
                   guint32 priority)
{
  JxsCandidate *self = g_object_new (JXS_TYPE_CANDIDATE, NULL);

  self->local = local;
  self->frozen = !local;
  self->kind = kind;
  self->host = g_strdup (host);
  self->port = port;
  self->jid = jxs_jid_ref (jid);
  self->priority = priority;
  return self;
}

void
jxs_candidate_freeze (JxsCandidate *self)
{
  self->frozen = TRUE;
}

static void
jxs_candidate_enter_state (JxsCandidate *self, JxsCandidateState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

void
jxs_candidate_set_state (JxsCandidate *self, JxsCandidateState state)
{
  g_return_if_fail (state != JXS_CANDIDATE_STATE_FAILED);

  if (self->state != JXS_CANDIDATE_STATE_FAILED && self->state != JXS_CANDIDATE_STATE_NOMINATED)
    jxs_candidate_enter_state (self, state);
}

/* The first error is the most telling one: later ones follow from it. */
void
jxs_candidate_fail (JxsCandidate *self, const GError *error)
{
  g_return_if_fail (error != NULL);

  if (self->state == JXS_CANDIDATE_STATE_FAILED)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  self->error = g_error_copy (error);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ERROR]);
  jxs_candidate_enter_state (self, JXS_CANDIDATE_STATE_FAILED);
  g_object_thaw_notify (G_OBJECT (self));
}

void
jxs_candidate_set_round_trip (JxsCandidate *self, gint64 round_trip_us)
{
  if (self->round_trip_us == round_trip_us)
    return;
  self->round_trip_us = round_trip_us;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ROUND_TRIP]);
}

/* The nicks are literals. */
static const char *
enum_to_nick (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  return g_enum_get_value (klass, value)->value_nick;
}

const char *
jxs_candidate_kind_to_name (JxsCandidateKind kind)
{
  return enum_to_nick (JXS_TYPE_CANDIDATE_KIND, (int) kind);
}

const char *
jxs_candidate_state_to_name (JxsCandidateState state)
{
  return enum_to_nick (JXS_TYPE_CANDIDATE_STATE, (int) state);
}

/**
 * jxs_candidate_is_local:
 * @self: a candidate
 *
 * Gets whether we offered it to the peer, not the peer to us.
 *
 * Returns: %TRUE if it is ours
 *
 * Since: 1.0
 */
gboolean
jxs_candidate_is_local (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), FALSE);

  return self->local;
}

/**
 * jxs_candidate_get_kind:
 * @self: a candidate
 *
 * Gets how it leads to its owner (XEP-0260 §2.2).
 *
 * Returns: the kind
 *
 * Since: 1.0
 */
JxsCandidateKind
jxs_candidate_get_kind (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), JXS_CANDIDATE_KIND_DIRECT);

  return self->kind;
}

/**
 * jxs_candidate_get_host:
 * @self: a candidate
 *
 * Gets its network address, without brackets and zone, or the name of its host.
 *
 * What the peer offered is what the peer says: show it, do not trust it.
 *
 * Returns: (transfer none): the host
 *
 * Since: 1.0
 */
const char *
jxs_candidate_get_host (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), NULL);

  return self->host;
}

/**
 * jxs_candidate_get_port:
 * @self: a candidate
 *
 * Gets its TCP port.
 *
 * Returns: the port, 1 to 65535
 *
 * Since: 1.0
 */
guint
jxs_candidate_get_port (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), 0);

  return self->port;
}

/**
 * jxs_candidate_get_jid:
 * @self: a candidate
 *
 * Gets who answers there: the one who offered the candidate, or the relay.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
JxsJid *
jxs_candidate_get_jid (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), NULL);

  return self->jid;
}

/**
 * jxs_candidate_get_priority:
 * @self: a candidate
 *
 * Gets its priority: of the candidates that work the one with the highest is nominated.
 *
 * Returns: the priority
 *
 * Since: 1.0
 */
guint
jxs_candidate_get_priority (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), 0);

  return self->priority;
}

/**
 * jxs_candidate_set_priority:
 * @self: a candidate of ours
 * @priority: the priority; 65536 times the preference of its kind (direct 126, assisted 120, tunnel
 *   110, proxy 10) plus 0 to 65535 is usual
 *
 * Changes the priority before the candidate is offered.
 *
 * This is possible while the endpoint asks whether a candidate may be offered. Afterwards, and for
 * the peer's candidates, it has no effect. The lowest bit is not ours to choose: it tells the
 * candidates of the two sides apart, so that their priorities are never equal.
 *
 * Since: 1.0
 */
void
jxs_candidate_set_priority (JxsCandidate *self, guint priority)
{
  g_return_if_fail (JXS_IS_CANDIDATE (self));

  if (self->frozen || self->priority == priority)
    return;
  self->priority = priority;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PRIORITY]);
}

/**
 * jxs_candidate_get_state:
 * @self: a candidate
 *
 * Gets what became of it so far.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
JxsCandidateState
jxs_candidate_get_state (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), JXS_CANDIDATE_STATE_FAILED);

  return self->state;
}

/**
 * jxs_candidate_get_round_trip:
 * @self: a candidate
 *
 * Gets how long connecting took.
 *
 * Returns: microseconds, or -1 while that is unknown
 *
 * Since: 1.0
 */
gint64
jxs_candidate_get_round_trip (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), -1);

  return self->round_trip_us;
}

/**
 * jxs_candidate_get_error:
 * @self: a candidate
 *
 * Gets why it failed.
 *
 * Returns: (transfer none) (nullable): the error, or %NULL unless the state is
 *   %JXS_CANDIDATE_STATE_FAILED
 *
 * Since: 1.0
 */
const GError *
jxs_candidate_get_error (JxsCandidate *self)
{
  g_return_val_if_fail (JXS_IS_CANDIDATE (self), NULL);

  return self->error;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-verification-private.h>

/**
 * JxsVerification:
 *
 * Two persons make sure that their stream leads to each other: both see the same short string.
 *
 * The key of a peer whom nobody verified may be that of somebody in the middle, who has one stream
 * with each of the two. Then the two see different strings, because the string depends on the
 * encryption of the stream and on the keys of both. They compare it in a way that this somebody
 * cannot change: side by side, or over a telephone where they know each other's voice. Twelve
 * digits are for reading aloud, seven pictures for looking at; either will do.
 *
 * [method@Endpoint.verify_stream] begins one, [signal@Endpoint::verification] tells of those that
 * peers begin. Show the string when [property@Verification:state] becomes
 * %JXS_VERIFICATION_STATE_COMPARING, and ask the person whether the other one sees the same:
 *
 * - Yes: [method@Verification.confirm]. When both did, the key is remembered as verified, by
 *   [method@Trust.learn] with %JXS_TRUST_ORIGIN_SHORT_STRING, and [property@Connection:trust-level]
 *   of the stream becomes %JXS_TRUST_LEVEL_VERIFIED.
 * - No: [method@Verification.reject]. Somebody may be listening in: the stream is ended on both
 *   sides, and a key that was merely seen before is taken back.
 * - Not now: [method@Verification.cancel]. Nothing changes.
 *
 * The peer's software has half a minute for each step, the two persons together have ten minutes.
 * One verification per stream runs at a time. Who listens in has one try in 10¹² each time, so the
 * stream is ended when three of them came to nothing.
 *
 * The library keeps a verification that runs; the application may drop it.
 *
 * Since: 1.0
 */
struct _JxsVerification
{
  GObject parent_instance;

  JxsVerificationState state;
  JxsXmlStream *stream; /* weak (nullable) */
  JxsJid *peer;         /* (owned) */
  char *digits;         /* (owned) (nullable) */
  char **emoji;         /* (owned) (nullable) */
  char **emoji_names;   /* (owned) (nullable) */
  GError *error;        /* (owned) (nullable) */
  JxsVerificationFunc func;
  GObject *user_data; /* (owned) (nullable): until it is over */
};

G_DEFINE_FINAL_TYPE (JxsVerification, jxs_verification, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (JxsVerificationState,
                    jxs_verification_state,
                    G_DEFINE_ENUM_VALUE (JXS_VERIFICATION_STATE_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (JXS_VERIFICATION_STATE_COMPARING, "comparing"),
                    G_DEFINE_ENUM_VALUE (JXS_VERIFICATION_STATE_CONFIRMED, "confirmed"),
                    G_DEFINE_ENUM_VALUE (JXS_VERIFICATION_STATE_VERIFIED, "verified"),
                    G_DEFINE_ENUM_VALUE (JXS_VERIFICATION_STATE_FAILED, "failed"))

typedef enum
{
  PROP_STATE = 1,
  PROP_STREAM,
  PROP_PEER_JID,
  PROP_DIGITS,
  PROP_EMOJI,
  PROP_EMOJI_NAMES,
  PROP_ERROR,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

static gboolean
is_over (JxsVerification *self)
{
  return self->state >= JXS_VERIFICATION_STATE_VERIFIED;
}

static void
set_state (JxsVerification *self, JxsVerificationState state)
{
  g_autoptr (GObject) user_data = NULL;

  self->state = state;
  if (is_over (self))
    user_data = g_steal_pointer (&self->user_data);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static void
act (JxsVerification *self, JxsVerificationAct what)
{
  g_autoptr (JxsVerification) alive = g_object_ref (self);
  g_autoptr (GObject) user_data = NULL;

  if (is_over (self))
    return;
  user_data = g_object_ref (self->user_data);
  self->func (self, what, user_data);
}

static void
jxs_verification_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsVerification *self = JXS_VERIFICATION (object);

  switch ((Property) id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_STREAM:
      g_value_set_object (value, self->stream);
      break;
    case PROP_PEER_JID:
      g_value_set_boxed (value, self->peer);
      break;
    case PROP_DIGITS:
      g_value_set_string (value, self->digits);
      break;
    case PROP_EMOJI:
      g_value_set_boxed (value, self->emoji);
      break;
    case PROP_EMOJI_NAMES:
      g_value_set_boxed (value, self->emoji_names);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_verification_finalize (GObject *object)
{
  JxsVerification *self = JXS_VERIFICATION (object);

  g_clear_weak_pointer (&self->stream);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_free (self->digits);
  g_strfreev (self->emoji);
  g_strfreev (self->emoji_names);
  g_clear_error (&self->error);
  g_clear_object (&self->user_data);

  G_OBJECT_CLASS (jxs_verification_parent_class)->finalize (object);
}

static void
jxs_verification_class_init (JxsVerificationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = jxs_verification_get_property;
  object_class->finalize = jxs_verification_finalize;

  /**
   * JxsVerification:state: (getter get_state)
   *
   * Where the verification is in its life. It is notified last: what goes with the state is there.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] = g_param_spec_enum (
      "state", NULL, NULL, JXS_TYPE_VERIFICATION_STATE, JXS_VERIFICATION_STATE_WAITING, flags);
  /**
   * JxsVerification:stream: (getter get_stream)
   *
   * The stream whose peer is verified, as long as somebody keeps it.
   *
   * Since: 1.0
   */
  properties[PROP_STREAM] = g_param_spec_object ("stream", NULL, NULL, JXS_TYPE_XML_STREAM, flags);
  /**
   * JxsVerification:peer-jid: (getter get_peer_jid)
   *
   * The address of the peer.
   *
   * Since: 1.0
   */
  properties[PROP_PEER_JID] = g_param_spec_boxed ("peer-jid", NULL, NULL, JXS_TYPE_JID, flags);
  /**
   * JxsVerification:digits: (getter get_digits)
   *
   * The string as three groups of four digits, like “4071 2956 0338”, from
   * %JXS_VERIFICATION_STATE_COMPARING on.
   *
   * Since: 1.0
   */
  properties[PROP_DIGITS] = g_param_spec_string ("digits", NULL, NULL, NULL, flags);
  /**
   * JxsVerification:emoji: (getter get_emoji)
   *
   * The string as seven pictures, from %JXS_VERIFICATION_STATE_COMPARING on.
   *
   * Since: 1.0
   */
  properties[PROP_EMOJI] = g_param_spec_boxed ("emoji", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * JxsVerification:emoji-names: (getter get_emoji_names)
   *
   * What the pictures of [property@Verification:emoji] show, in the language of the person.
   *
   * Since: 1.0
   */
  properties[PROP_EMOJI_NAMES] = g_param_spec_boxed ("emoji-names", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * JxsVerification:error: (getter get_error)
   *
   * Why the verification failed.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
jxs_verification_init (JxsVerification *self)
{
}

JxsVerification *
jxs_verification_new (JxsXmlStream *stream, JxsVerificationFunc func, GObject *user_data)
{
  JxsVerification *self = g_object_new (JXS_TYPE_VERIFICATION, NULL);

  g_set_weak_pointer (&self->stream, stream);
  self->peer = jxs_jid_ref (jxs_xml_stream_get_peer_jid (stream));
  self->func = func;
  self->user_data = g_object_ref (user_data);
  return self;
}

void
jxs_verification_show (JxsVerification *self, const JxsSasString *string)
{
  g_autoptr (GObject) alive = g_object_ref (G_OBJECT (self));

  self->digits = g_strdup (string->digits);
  self->emoji = g_new0 (char *, JXS_SAS_N_EMOJI + 1);
  self->emoji_names = g_new0 (char *, JXS_SAS_N_EMOJI + 1);
  for (gsize i = 0; i < JXS_SAS_N_EMOJI; i++)
    {
      self->emoji[i] = g_strdup (jxs_sas_emoji_get (string->emoji[i]));
      self->emoji_names[i] = g_strdup (jxs_sas_emoji_get_name (string->emoji[i]));
    }
  /* Whoever hears of one of them may act, and so change the state. */
  self->state = JXS_VERIFICATION_STATE_COMPARING;
  g_object_notify_by_pspec (alive, properties[PROP_DIGITS]);
  g_object_notify_by_pspec (alive, properties[PROP_EMOJI]);
  g_object_notify_by_pspec (alive, properties[PROP_EMOJI_NAMES]);
  g_object_notify_by_pspec (alive, properties[PROP_STATE]);
}

void
jxs_verification_set_confirmed (JxsVerification *self)
{
  set_state (self, JXS_VERIFICATION_STATE_CONFIRMED);
}

void
jxs_verification_set_verified (JxsVerification *self)
{
  set_state (self, JXS_VERIFICATION_STATE_VERIFIED);
}

void
jxs_verification_fail (JxsVerification *self, const GError *error)
{
  g_autoptr (JxsVerification) alive = g_object_ref (self);

  self->error = g_error_copy (error);
  self->state = JXS_VERIFICATION_STATE_FAILED;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  set_state (self, JXS_VERIFICATION_STATE_FAILED);
}

/**
 * jxs_verification_get_state: (get-property state)
 * @self: a verification
 *
 * Gets where the verification is in its life.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
JxsVerificationState
jxs_verification_get_state (JxsVerification *self)
{
  g_return_val_if_fail (JXS_IS_VERIFICATION (self), JXS_VERIFICATION_STATE_FAILED);

  return self->state;
}

/**
 * jxs_verification_get_stream: (get-property stream)
 * @self: a verification
 *
 * Gets the stream whose peer is verified.
 *
 * Returns: (transfer none) (nullable): the stream, or %NULL when it is gone
 *
 * Since: 1.0
 */
JxsXmlStream *
jxs_verification_get_stream (JxsVerification *self)
{
  g_return_val_if_fail (JXS_IS_VERIFICATION (self), NULL);

  return self->stream;
}

/**
 * jxs_verification_get_peer_jid: (get-property peer-jid)
 * @self: a verification
 *
 * Gets the full address of the peer.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
JxsJid *
jxs_verification_get_peer_jid (JxsVerification *self)
{
  g_return_val_if_fail (JXS_IS_VERIFICATION (self), NULL);

  return self->peer;
}

/**
 * jxs_verification_get_digits: (get-property digits)
 * @self: a verification
 *
 * Gets the string as three groups of four digits: for reading aloud.
 *
 * Returns: (nullable): the digits, or %NULL while there is nothing to compare
 *
 * Since: 1.0
 */
const char *
jxs_verification_get_digits (JxsVerification *self)
{
  g_return_val_if_fail (JXS_IS_VERIFICATION (self), NULL);

  return self->digits;
}

/**
 * jxs_verification_get_emoji: (get-property emoji)
 * @self: a verification
 *
 * Gets the string as seven pictures: for looking at two screens side by side.
 *
 * Returns: (transfer none) (nullable): the pictures, one character each, or %NULL while there is
 *   nothing to compare
 *
 * Since: 1.0
 */
const char *const *
jxs_verification_get_emoji (JxsVerification *self)
{
  g_return_val_if_fail (JXS_IS_VERIFICATION (self), NULL);

  return (const char *const *) self->emoji;
}

/**
 * jxs_verification_get_emoji_names: (get-property emoji-names)
 * @self: a verification
 *
 * Gets what the pictures of [method@Verification.get_emoji] show: names to read aloud, in the
 * language of the person.
 *
 * Returns: (transfer none) (nullable): the names, or %NULL while there is nothing to compare
 *
 * Since: 1.0
 */
const char *const *
jxs_verification_get_emoji_names (JxsVerification *self)
{
  g_return_val_if_fail (JXS_IS_VERIFICATION (self), NULL);

  return (const char *const *) self->emoji_names;
}

/**
 * jxs_verification_get_error: (get-property error)
 * @self: a verification
 *
 * Gets why the verification failed: %JXS_ERROR_UNTRUSTED if a person found the strings different,
 * %G_IO_ERROR_CANCELLED if our person gave up and %JXS_ERROR_DECLINED if the peer's did or nobody
 * is there, %JXS_ERROR_TIMED_OUT, %JXS_ERROR_NOT_SUPPORTED if the peer's software cannot do this,
 * %JXS_ERROR_SECURITY or %JXS_ERROR_PROTOCOL if it did it wrong, %JXS_ERROR_CLOSED if the stream
 * ended, or what else ended it.
 *
 * Returns: (transfer none) (nullable): the reason, or %NULL if it did not fail
 *
 * Since: 1.0
 */
const GError *
jxs_verification_get_error (JxsVerification *self)
{
  g_return_val_if_fail (JXS_IS_VERIFICATION (self), NULL);

  return self->error;
}

/**
 * jxs_verification_confirm:
 * @self: a verification
 *
 * Our person compared the string with the peer's person, and both see the same.
 *
 * Does nothing in another state than %JXS_VERIFICATION_STATE_COMPARING.
 *
 * Since: 1.0
 */
void
jxs_verification_confirm (JxsVerification *self)
{
  g_return_if_fail (JXS_IS_VERIFICATION (self));

  act (self, JXS_VERIFICATION_CONFIRM);
}

/**
 * jxs_verification_reject:
 * @self: a verification
 *
 * Our person compared the string with the peer's person, and they differ: somebody may be listening
 * in, or one of them misread.
 *
 * Both sides are told, and end the stream with %JXS_ERROR_UNTRUSTED. On both the key of the other
 * becomes %JXS_TRUST_LEVEL_UNKNOWN ([method@Trust.learn]), so that neither it nor another new one
 * is used again without a person's decision. It does not become %JXS_TRUST_LEVEL_DISTRUSTED, as
 * persons misread; and a key that a person verified before stays verified, as nobody in the middle
 * has it.
 *
 * Does nothing while there is nothing to compare, or when the verification is over.
 *
 * Since: 1.0
 */
void
jxs_verification_reject (JxsVerification *self)
{
  g_return_if_fail (JXS_IS_VERIFICATION (self));

  act (self, JXS_VERIFICATION_REJECT);
}

/**
 * jxs_verification_cancel:
 * @self: a verification
 *
 * Gives up without a result: for who cannot compare now. The peer is told. The stream stays open
 * and the key of the peer what it was, unless this was the third verification on the stream that
 * came to nothing after the peer could know the string.
 *
 * Does nothing when the verification is over.
 *
 * Since: 1.0
 */
void
jxs_verification_cancel (JxsVerification *self)
{
  g_return_if_fail (JXS_IS_VERIFICATION (self));

  act (self, JXS_VERIFICATION_CANCEL);
}

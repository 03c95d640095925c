/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>

#define JXS_TRUST_TIMEOUT_MS                                                                       \
  (10 * 60 * 1000) /* for a person to decide; stops sessions from waiting for ever on a question   \
                      that went lost */

#define ORIGIN_SHIFT 8 /* of the origin in the answer of a task; the level is below */

/**
 * JxsTrust:
 *
 * Decides about the keys of peers.
 *
 * The TLS handshake proves that the peer holds the key it announced; whether that key belongs to
 * the person at the address is what this interface decides, afterwards and at leisure: a person may
 * be asked. [class@TrustStore] remembers keys on disk, [class@MemoryTrust] as long as the program
 * runs; applications may implement it in any language.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (JxsTrust, jxs_trust, G_TYPE_OBJECT)

/**
 * JxsTrustRequest:
 *
 * The question whether the key of a peer is to be trusted.
 *
 * Answer it with [method@TrustRequest.respond], in the thread that got it, within ten minutes. A
 * request that is dropped without answer is refused; one that some garbage collector still holds,
 * as after an exception in an implementation in another language, is when the ten minutes are over.
 *
 * Since: 1.0
 */
struct _JxsTrustRequest
{
  GObject parent_instance;

  JxsJid *peer;                 /* (owned) */
  GTlsCertificate *certificate; /* (owned) */
  char *fingerprint;            /* (owned) */
  JxsTrustOrigin origin;
  JxsTrustOrigin evidence; /* origin at first */
  JxsTrustLevel level_wanted;
  JxsTrustRequestFilter filter; /* (nullable): what takes the answers instead */
  GTask *task;                  /* (owned) (nullable): NULL once answered */
  GSource *cancelled;           /* (owned) (nullable) */
  GSource *timeout;             /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (JxsTrustRequest, jxs_trust_request, G_TYPE_OBJECT)

typedef enum
{
  PROP_PEER_JID = 1,
  PROP_CERTIFICATE,
  PROP_FINGERPRINT,
  PROP_ORIGIN,
  PROP_LEVEL_WANTED,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

static void
jxs_trust_default_init (JxsTrustInterface *iface)
{
}

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* The task, which ends the request. */
static GTask *
take_task (JxsTrustRequest *self)
{
  drop_source (&self->cancelled);
  drop_source (&self->timeout);
  return g_steal_pointer (&self->task);
}

void
jxs_trust_request_complete (JxsTrustRequest *self, JxsTrustLevel level, const char *message)
{
  g_autoptr (GTask) task = take_task (self);

  if (task == NULL)
    return;
  if (level >= JXS_TRUST_LEVEL_FIRST_USE)
    g_task_return_int (task, level | self->origin << ORIGIN_SHIFT);
  else if (message != NULL)
    g_task_return_new_error (task, JXS_ERROR, JXS_ERROR_UNTRUSTED, "%s", message);
  else
    g_task_return_new_error (task,
                             JXS_ERROR,
                             JXS_ERROR_UNTRUSTED,
                             _ ("The key of %s is not trusted"),
                             jxs_jid_to_string (self->peer));
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = take_task (user_data);

  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static gboolean
timeout_cb (gpointer user_data)
{
  jxs_trust_request_complete (
      user_data,
      JXS_TRUST_LEVEL_DISTRUSTED,
      _ ("Nobody decided in time whether the key of the peer is to be trusted"));
  return G_SOURCE_REMOVE;
}

static void
jxs_trust_request_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsTrustRequest *self = JXS_TRUST_REQUEST (object);

  switch ((Property) id)
    {
    case PROP_PEER_JID:
      g_value_set_boxed (value, self->peer);
      break;
    case PROP_CERTIFICATE:
      g_value_set_object (value, self->certificate);
      break;
    case PROP_FINGERPRINT:
      g_value_set_string (value, self->fingerprint);
      break;
    case PROP_ORIGIN:
      g_value_set_enum (value, self->origin);
      break;
    case PROP_LEVEL_WANTED:
      g_value_set_enum (value, self->level_wanted);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_trust_request_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ORIGIN)
    jxs_trust_request_set_origin (JXS_TRUST_REQUEST (object), g_value_get_enum (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
jxs_trust_request_dispose (GObject *object)
{
  jxs_trust_request_complete (JXS_TRUST_REQUEST (object),
                              JXS_TRUST_LEVEL_DISTRUSTED,
                              _ ("Nobody decided whether the key of the peer is to be trusted"));

  G_OBJECT_CLASS (jxs_trust_request_parent_class)->dispose (object);
}

static void
jxs_trust_request_finalize (GObject *object)
{
  JxsTrustRequest *self = JXS_TRUST_REQUEST (object);

  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_object (&self->certificate);
  g_free (self->fingerprint);

  G_OBJECT_CLASS (jxs_trust_request_parent_class)->finalize (object);
}

static void
jxs_trust_request_class_init (JxsTrustRequestClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = jxs_trust_request_get_property;
  object_class->set_property = jxs_trust_request_set_property;
  object_class->dispose = jxs_trust_request_dispose;
  object_class->finalize = jxs_trust_request_finalize;

  /**
   * JxsTrustRequest:peer-jid: (getter get_peer_jid)
   *
   * The address of the peer.
   *
   * Since: 1.0
   */
  properties[PROP_PEER_JID] = g_param_spec_boxed (
      "peer-jid", NULL, NULL, JXS_TYPE_JID, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * JxsTrustRequest:certificate: (getter get_certificate)
   *
   * The certificate the peer showed and whose key it holds.
   *
   * Since: 1.0
   */
  properties[PROP_CERTIFICATE] = g_param_spec_object (
      "certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * JxsTrustRequest:fingerprint: (getter get_fingerprint)
   *
   * The SHA-256 of the certificate, in lower-case hexadecimal.
   *
   * Since: 1.0
   */
  properties[PROP_FINGERPRINT] = g_param_spec_string (
      "fingerprint", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * JxsTrustRequest:origin: (getter get_origin) (setter set_origin)
   *
   * At first what already speaks for the key: %JXS_TRUST_ORIGIN_AUTHORITY if an authority that the
   * application trusts certified the address, or %JXS_TRUST_ORIGIN_NONE. Whoever decides sets it to
   * what the decision rests on.
   *
   * Since: 1.0
   */
  properties[PROP_ORIGIN] =
      g_param_spec_enum ("origin",
                         NULL,
                         NULL,
                         JXS_TYPE_TRUST_ORIGIN,
                         JXS_TRUST_ORIGIN_NONE,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsTrustRequest:level-wanted: (getter get_level_wanted)
   *
   * The least level that lets the session go on; a lower answer ends it.
   *
   * Since: 1.0
   */
  properties[PROP_LEVEL_WANTED] = g_param_spec_enum ("level-wanted",
                                                     NULL,
                                                     NULL,
                                                     JXS_TYPE_TRUST_LEVEL,
                                                     JXS_TRUST_LEVEL_FIRST_USE,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
jxs_trust_request_init (JxsTrustRequest *self)
{
}

/**
 * jxs_trust_request_get_peer_jid: (get-property peer-jid)
 * @self: a request
 *
 * Gets the full address of the peer.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
JxsJid *
jxs_trust_request_get_peer_jid (JxsTrustRequest *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_REQUEST (self), NULL);

  return self->peer;
}

/**
 * jxs_trust_request_get_certificate: (get-property certificate)
 * @self: a request
 *
 * Gets the certificate the peer showed and whose key it holds.
 *
 * Returns: (transfer none): the certificate
 *
 * Since: 1.0
 */
GTlsCertificate *
jxs_trust_request_get_certificate (JxsTrustRequest *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_REQUEST (self), NULL);

  return self->certificate;
}

/**
 * jxs_trust_request_get_fingerprint: (get-property fingerprint)
 * @self: a request
 *
 * Gets the SHA-256 of the certificate, in lower-case hexadecimal.
 *
 * Returns: (transfer none): the fingerprint
 *
 * Since: 1.0
 */
const char *
jxs_trust_request_get_fingerprint (JxsTrustRequest *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_REQUEST (self), NULL);

  return self->fingerprint;
}

/**
 * jxs_trust_request_get_origin: (get-property origin)
 * @self: a request
 *
 * Gets what already speaks for the key.
 *
 * Returns: %JXS_TRUST_ORIGIN_AUTHORITY if an authority that the application trusts certified the
 *   address, or %JXS_TRUST_ORIGIN_NONE
 *
 * Since: 1.0
 */
JxsTrustOrigin
jxs_trust_request_get_origin (JxsTrustRequest *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_REQUEST (self), JXS_TRUST_ORIGIN_NONE);

  return self->origin;
}

/**
 * jxs_trust_request_get_level_wanted: (get-property level-wanted)
 * @self: a request
 *
 * Gets the least level that lets the session go on.
 *
 * Returns: the level; a lower answer ends the session
 *
 * Since: 1.0
 */
JxsTrustLevel
jxs_trust_request_get_level_wanted (JxsTrustRequest *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_REQUEST (self), JXS_TRUST_LEVEL_FIRST_USE);

  return self->level_wanted;
}

void
jxs_trust_request_set_filter (JxsTrustRequest *self, JxsTrustRequestFilter filter)
{
  self->filter = filter;
}

JxsTrustRequestFilter
jxs_trust_request_get_filter (JxsTrustRequest *self)
{
  return self->filter;
}

JxsTrustOrigin
jxs_trust_request_get_evidence (JxsTrustRequest *self)
{
  return self->evidence;
}

JxsTrust *
jxs_trust_request_get_trust (JxsTrustRequest *self)
{
  return self->task != NULL ? g_task_get_source_object (self->task) : NULL;
}

/**
 * jxs_trust_request_set_origin: (set-property origin)
 * @self: a request
 * @origin: what the decision rests on
 *
 * Says what the decision rests on, before [method@TrustRequest.respond]; users of the session see
 * it as [property@Connection:trust-origin].
 *
 * Since: 1.0
 */
void
jxs_trust_request_set_origin (JxsTrustRequest *self, JxsTrustOrigin origin)
{
  g_return_if_fail (JXS_IS_TRUST_REQUEST (self));
  g_return_if_fail (origin >= JXS_TRUST_ORIGIN_NONE && origin <= JXS_TRUST_ORIGIN_APPLICATION);

  if (self->origin == origin)
    return;
  self->origin = origin;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ORIGIN]);
}

/**
 * jxs_trust_request_respond:
 * @self: a request
 * @level: the decision
 * @message: (nullable): why the key is refused, for a person, or %NULL
 *
 * Answers the request. The first answer counts; an answer after the session ended does nothing.
 *
 * Since: 1.0
 */
void
jxs_trust_request_respond (JxsTrustRequest *self, JxsTrustLevel level, const char *message)
{
  g_return_if_fail (JXS_IS_TRUST_REQUEST (self));
  g_return_if_fail (level >= JXS_TRUST_LEVEL_DISTRUSTED && level <= JXS_TRUST_LEVEL_VERIFIED);

  if (self->filter == NULL)
    jxs_trust_request_complete (self, level, message);
  else if (self->task != NULL)
    self->filter (self, level, message);
}

/**
 * jxs_trust_decide_async: (skip)
 * @self: what decides
 * @peer: the address of the peer
 * @certificate: the certificate of the peer
 * @origin: %JXS_TRUST_ORIGIN_AUTHORITY if a chain of certificates proves the address, else
 *   %JXS_TRUST_ORIGIN_NONE
 * @minimum: the least level that lets the session go on
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Asks whether the key of a peer is to be trusted; no answer within ten minutes is a refusal.
 *
 * Since: 1.0
 */
void
jxs_trust_decide_async (JxsTrust *self,
                        JxsJid *peer,
                        GTlsCertificate *certificate,
                        JxsTrustOrigin origin,
                        JxsTrustLevel minimum,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (JxsTrustRequest) request = NULL;
  g_autoptr (GTask) task = NULL;
  JxsTrustInterface *iface;

  g_return_if_fail (JXS_IS_TRUST (self));
  g_return_if_fail (peer != NULL);
  g_return_if_fail (G_IS_TLS_CERTIFICATE (certificate));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_trust_decide_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  request = g_object_new (JXS_TYPE_TRUST_REQUEST, NULL);
  request->peer = jxs_jid_ref (peer);
  request->certificate = g_object_ref (certificate);
  request->fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA256);
  request->origin = request->evidence = origin;
  request->level_wanted = minimum;
  request->task = g_steal_pointer (&task);
  if (cancellable != NULL)
    {
      g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

      request->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (request->cancelled, "jxs-trust-cancelled");
      g_source_set_callback (request->cancelled, G_SOURCE_FUNC (cancelled_cb), request, NULL);
      g_source_attach (request->cancelled, context);
    }

  request->timeout = jxs_clock_timeout_attach (
      JXS_TRUST_TIMEOUT_MS, "jxs-trust-timeout", NULL, timeout_cb, request);

  iface = JXS_TRUST_GET_IFACE (self);
  if (iface->decide != NULL)
    iface->decide (self, request);
}

/**
 * jxs_trust_decide_finish: (skip)
 * @self: what decides
 * @result: the result given to the callback
 * @origin: (out) (optional): what the decision rests on
 * @error: return location for an error
 *
 * Completes jxs_trust_decide_async().
 *
 * Returns: the decision; %JXS_TRUST_LEVEL_DISTRUSTED with %JXS_ERROR_UNTRUSTED, or on another error
 *
 * Since: 1.0
 */
JxsTrustLevel
jxs_trust_decide_finish (JxsTrust *self,
                         GAsyncResult *result,
                         JxsTrustOrigin *origin,
                         GError **error)
{
  gssize answer;

  g_return_val_if_fail (g_task_is_valid (result, self), JXS_TRUST_LEVEL_DISTRUSTED);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_trust_decide_async),
                        JXS_TRUST_LEVEL_DISTRUSTED);

  answer = g_task_propagate_int (G_TASK (result), error);
  if (answer < 0)
    return JXS_TRUST_LEVEL_DISTRUSTED;
  if (origin != NULL)
    *origin = (JxsTrustOrigin) (answer >> ORIGIN_SHIFT);
  return (JxsTrustLevel) (answer & ((1 << ORIGIN_SHIFT) - 1));
}

/**
 * jxs_trust_is_known:
 * @self: what decides
 * @peer: the address of the peer
 *
 * Gets whether a key of the peer is known: it was seen before, or given. Such a peer encrypts, so a
 * session with it is never opened in the clear, not even by an endpoint that does not require
 * security: whoever sits between the two would only have to hide that they can.
 *
 * Returns: %TRUE if a key is known; %FALSE if not, or if @self does not tell
 *
 * Since: 1.0
 */
gboolean
jxs_trust_is_known (JxsTrust *self, JxsJid *peer)
{
  JxsTrustInterface *iface;

  g_return_val_if_fail (JXS_IS_TRUST (self), FALSE);
  g_return_val_if_fail (peer != NULL, FALSE);

  iface = JXS_TRUST_GET_IFACE (self);
  return iface->is_known != NULL && iface->is_known (self, peer);
}

/**
 * jxs_trust_learn:
 * @self: what decides
 * @peer: the address of the peer
 * @certificate: the certificate of the peer
 * @level: how far the key may be trusted now, at least %JXS_TRUST_LEVEL_FIRST_USE; or
 *   %JXS_TRUST_LEVEL_UNKNOWN
 * @origin: what that rests on
 * @voucher: (nullable): for %JXS_TRUST_ORIGIN_VOUCHED the SHA-256 of the older certificate, in
 *   lower-case hexadecimal
 *
 * Tells that a key was verified or vouched for. A level is never lowered by this, and a key that is
 * distrusted stays so.
 *
 * With one exception: %JXS_TRUST_LEVEL_UNKNOWN, with %JXS_TRUST_ORIGIN_SHORT_STRING, tells that two
 * persons compared a string and found it different ([method@Verification.reject]). The key becomes
 * unknown again, and what it vouched for counts no more: a person has to decide before any new key
 * of that address is used. Only a key that a person verified stays verified.
 *
 * Since: 1.0
 */
void
jxs_trust_learn (JxsTrust *self,
                 JxsJid *peer,
                 GTlsCertificate *certificate,
                 JxsTrustLevel level,
                 JxsTrustOrigin origin,
                 const char *voucher)
{
  JxsTrustInterface *iface;

  g_return_if_fail (JXS_IS_TRUST (self));
  g_return_if_fail (peer != NULL);
  g_return_if_fail (G_IS_TLS_CERTIFICATE (certificate));
  g_return_if_fail (level >= JXS_TRUST_LEVEL_UNKNOWN && level <= JXS_TRUST_LEVEL_VERIFIED);
  g_return_if_fail (level != JXS_TRUST_LEVEL_UNKNOWN || origin == JXS_TRUST_ORIGIN_SHORT_STRING);
  g_return_if_fail ((origin == JXS_TRUST_ORIGIN_VOUCHED) == (voucher != NULL));

  iface = JXS_TRUST_GET_IFACE (self);
  if (iface->learn != NULL)
    iface->learn (self, peer, certificate, level, origin, voucher);
}

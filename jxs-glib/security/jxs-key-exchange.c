/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-key-exchange-private.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/channel/jxs-inner-channel-private.h>
#include <jxs-glib/jingle/jxs-jingle-error-private.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-pubkey-codec-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsKeyExchange
{
  GObject parent_instance;

  JxsRouter *router; /* (owned) (nullable): NULL once closed */
  guint handler;     /* of router */
  JxsJid *peer;      /* (owned) */
  gboolean secured;
  JxsIdentity *identity; /* (owned) (nullable) */
  JxsTrust *trust;       /* (owned) (nullable) */
  char *fingerprint;     /* (owned) (nullable): of the peer's certificate on this stream */
  JxsTrustLevel level;
  JxsTrustOrigin origin;
  GPtrArray *vouched; /* (owned) (element-type GTlsCertificate) */
  guint n_learned;
};

G_DEFINE_FINAL_TYPE (JxsKeyExchange, jxs_key_exchange, G_TYPE_OBJECT)

/* Without a certificate of the stream's it is the password that all of them rest on. With one, the
 * origin may be that of an earlier session: whoever stole the key since knows no password. */
static gboolean
is_by_password (JxsKeyExchange *self)
{
  return self->fingerprint == NULL && self->origin == JXS_TRUST_ORIGIN_PASSWORD;
}

static gboolean
is_own (JxsKeyExchange *self, GTlsCertificate *certificate)
{
  return self->fingerprint != NULL &&
         jxs_fingerprint_matches (self->fingerprint, G_CHECKSUM_SHA256, certificate);
}

static void
learn (JxsKeyExchange *self, GTlsCertificate *certificate)
{
  if (is_by_password (self))
    jxs_trust_learn (self->trust,
                     self->peer,
                     certificate,
                     JXS_TRUST_LEVEL_VERIFIED,
                     JXS_TRUST_ORIGIN_PASSWORD,
                     NULL);
  else
    jxs_trust_learn (self->trust,
                     self->peer,
                     certificate,
                     self->level,
                     JXS_TRUST_ORIGIN_VOUCHED,
                     self->fingerprint);
}

/* All of them or none. */
static gboolean
learn_all (JxsKeyExchange *self, GPtrArray *certificates, GError **error)
{
  g_autoptr (JxsKeyExchange) alive = g_object_ref (self);

  for (guint i = 0; i < certificates->len; i++)
    if (!jxs_certificate_check (g_ptr_array_index (certificates, i), self->peer, error))
      return FALSE;
  self->n_learned += certificates->len;
  if (self->n_learned > JXS_KEY_EXCHANGE_MAX_LEARNED)
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_POLICY_VIOLATION,
                           "These are too many keys for one stream");
      return FALSE;
    }
  for (guint i = 0; i < certificates->len; i++)
    {
      GTlsCertificate *certificate = g_ptr_array_index (certificates, i);

      if (!is_by_password (self) && is_own (self, certificate))
        continue;
      learn (self, certificate);
      if (!is_by_password (self))
        g_ptr_array_add (self->vouched, g_object_ref (certificate));
    }
  return TRUE;
}

/* ---- the peer's requests ---- */

static void
answer (JxsKeyExchange *self, JxsElement *iq)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new ();
  JxsIdentity *successor = jxs_identity_get_successor (self->identity);
  g_autoptr (JxsElement) pubkeys = NULL;

  g_ptr_array_add (certificates, jxs_identity_get_certificate (self->identity));
  if (successor != NULL)
    g_ptr_array_add (certificates, jxs_identity_get_certificate (successor));
  pubkeys = jxs_pubkeys_build (certificates);
  jxs_router_reply_result (self->router, iq, pubkeys);
}

static void
take (JxsKeyExchange *self, JxsElement *iq, JxsElement *payload)
{
  g_autoptr (JxsRouter) router = g_object_ref (self->router);
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GError) error = NULL;

  certificates = jxs_pubkeys_parse (payload, &error);
  if (certificates != NULL && self->level < JXS_TRUST_LEVEL_FIRST_USE)
    g_set_error_literal (&error,
                         JXS_STANZA_ERROR,
                         JXS_STANZA_ERROR_NOT_ALLOWED,
                         "A key that is not trusted vouches for none");
  else if (certificates != NULL && learn_all (self, certificates, &error))
    {
      jxs_router_reply_result (router, iq, NULL);
      return;
    }
  jxs_log_debug (self, "keys refused: %s", error->message);
  if (error->domain != JXS_STANZA_ERROR)
    {
      /* What is wrong with the certificate. */
      g_autofree char *text = g_steal_pointer (&error->message);

      g_clear_error (&error);
      error = g_error_new_literal (JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE, text);
    }
  jxs_router_reply_error (router, iq, error, NULL);
}

static gboolean
refuse_cb (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  jxs_jingle_reply_condition (router, iq, JXS_NS_JINGLE, JXS_JINGLE_SECURITY_REQUIRED);
  return TRUE;
}

guint
jxs_key_exchange_refuse (JxsRouter *router)
{
  return jxs_router_add_iq_handler (router, NULL, JXS_NS_TMP_PUBKEY, refuse_cb, NULL);
}

static gboolean
iq_cb (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  g_autoptr (JxsKeyExchange) self = g_object_ref (user_data);

  if (!self->secured)
    return refuse_cb (router, iq, payload, from, NULL);
  if (g_strcmp0 (jxs_element_get_attribute (iq, "type"), "set") == 0)
    take (self, iq, payload);
  else if (jxs_element_is (payload, "pubkeys", NULL))
    answer (self, iq);
  else
    {
      g_autoptr (GError) error = g_error_new_literal (JXS_STANZA_ERROR,
                                                      JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                                                      "Only keys are to be had");

      jxs_router_reply_error (router, iq, error, NULL);
    }
  return TRUE;
}

/* ---- ours ---- */

static void
told_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JxsKeyExchange) self = user_data;
  g_autoptr (GError) error = NULL;

  /* Older software cannot do this: the new key will be a changed one to it. */
  if (!jxs_router_send_iq_finish (JXS_ROUTER (source), result, NULL, &error))
    jxs_log_debug (self, "the peer did not take our next key: %s", error->message);
}

static void
asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JxsKeyExchange) self = user_data;
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GError) error = NULL;
  JxsElement *pubkeys;

  if (jxs_router_send_iq_finish (JXS_ROUTER (source), result, &reply, &error))
    {
      pubkeys = jxs_element_find_child (reply, "pubkeys", JXS_NS_TMP_PUBKEY);
      if (pubkeys != NULL)
        certificates = jxs_pubkeys_parse (pubkeys, &error);
    }
  if (certificates == NULL || !learn_all (self, certificates, &error))
    jxs_log_debug (self,
                   "no key to remember came: %s",
                   error != NULL ? error->message : "an empty answer");
}

/* certificates: (nullable): to be told; else the peer's are asked for. */
static void
send_request (JxsKeyExchange *self, GPtrArray *certificates)
{
  g_autoptr (JxsElement) pubkeys = jxs_pubkeys_build (certificates);
  g_autoptr (JxsElement) iq =
      jxs_inner_channel_new_iq (certificates != NULL ? "set" : "get", self->peer, pubkeys);

  jxs_router_send_iq_async (
      self->router, iq, 0, NULL, certificates != NULL ? told_cb : asked_cb, g_object_ref (self));
}

void
jxs_key_exchange_start (JxsKeyExchange *self)
{
  JxsIdentity *successor;

  if (!self->secured)
    return;
  if (is_by_password (self))
    send_request (self, NULL);
  successor = jxs_identity_get_successor (self->identity);
  /* Who asks gets both. */
  if (successor != NULL && !is_by_password (self))
    {
      g_autoptr (GPtrArray) certificates = g_ptr_array_new ();

      g_ptr_array_add (certificates, jxs_identity_get_certificate (successor));
      send_request (self, certificates);
    }
}

void
jxs_key_exchange_set_level (JxsKeyExchange *self, JxsTrustLevel level)
{
  g_autoptr (JxsKeyExchange) alive = g_object_ref (self);

  self->level = level;
  for (guint i = 0; i < self->vouched->len; i++)
    {
      GTlsCertificate *certificate = g_ptr_array_index (self->vouched, i);

      if (level == JXS_TRUST_LEVEL_VERIFIED)
        learn (self, certificate);
      else
        jxs_trust_learn (
            self->trust, self->peer, certificate, level, JXS_TRUST_ORIGIN_SHORT_STRING, NULL);
    }
}

void
jxs_key_exchange_close (JxsKeyExchange *self)
{
  g_autoptr (JxsRouter) router = g_steal_pointer (&self->router);

  if (router != NULL)
    jxs_router_remove_handler (router, self->handler);
}

static void
jxs_key_exchange_dispose (GObject *object)
{
  jxs_key_exchange_close (JXS_KEY_EXCHANGE (object));

  G_OBJECT_CLASS (jxs_key_exchange_parent_class)->dispose (object);
}

static void
jxs_key_exchange_finalize (GObject *object)
{
  JxsKeyExchange *self = JXS_KEY_EXCHANGE (object);

  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_object (&self->identity);
  g_clear_object (&self->trust);
  g_free (self->fingerprint);
  g_clear_pointer (&self->vouched, g_ptr_array_unref);

  G_OBJECT_CLASS (jxs_key_exchange_parent_class)->finalize (object);
}

static void
jxs_key_exchange_class_init (JxsKeyExchangeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_key_exchange_dispose;
  object_class->finalize = jxs_key_exchange_finalize;
}

static void
jxs_key_exchange_init (JxsKeyExchange *self)
{
  self->vouched = g_ptr_array_new_with_free_func (g_object_unref);
}

JxsKeyExchange *
jxs_key_exchange_new (JxsRouter *router, JxsJid *peer, const JxsKeyExchangeParams *params)
{
  JxsKeyExchange *self = g_object_new (JXS_TYPE_KEY_EXCHANGE, NULL);

  self->router = g_object_ref (router);
  self->peer = jxs_jid_ref (peer);
  if (params != NULL)
    {
      self->secured = TRUE;
      self->identity = g_object_ref (params->identity);
      self->trust = g_object_ref (params->trust);
      if (params->peer_certificate != NULL)
        self->fingerprint = jxs_fingerprint_compute (params->peer_certificate, G_CHECKSUM_SHA256);
      self->level = params->level;
      self->origin = params->origin;
    }
  self->handler = jxs_router_add_iq_handler (router, NULL, JXS_NS_TMP_PUBKEY, iq_cb, self);
  return self;
}

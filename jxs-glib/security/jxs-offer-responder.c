/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-offer-responder-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-memory-trust-private.h>
#include <jxs-glib/security/jxs-trust-store.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsOfferResponder
{
  JxsRouter *router;    /* (owned) */
  JxsXtlsConfig config; /* (owned): each of its objects */
  guint handler;
};

/* Whether a certificate of that name would be accepted as one that is known. Names that are no
 * SHA-256 cannot be looked up. */
static gboolean
is_known (JxsTrust *trust, JxsJid *peer, GChecksumType type, const char *fingerprint)
{
  g_autoptr (JxsTrustRecord) record = NULL;

  if (type != G_CHECKSUM_SHA256)
    return FALSE;
  if (JXS_IS_MEMORY_TRUST (trust))
    return jxs_memory_trust_get_level (JXS_MEMORY_TRUST (trust), peer, fingerprint) >=
           JXS_TRUST_LEVEL_FIRST_USE;
  if (!JXS_IS_TRUST_STORE (trust))
    return FALSE;
  record = jxs_trust_store_lookup (JXS_TRUST_STORE (trust), peer, fingerprint);
  return record != NULL && jxs_trust_record_get_level (record) >= JXS_TRUST_LEVEL_FIRST_USE;
}

static gboolean
knows_one (JxsTrust *trust, JxsJid *peer, const JxsOffer *theirs)
{
  for (guint i = 0; i < theirs->n_keys; i++)
    if (is_known (trust, peer, theirs->keys[i].type, theirs->keys[i].fingerprint))
      return TRUE;
  return FALSE;
}

static void
add_own_keys (JxsIdentity *identity, JxsOffer *offer)
{
  static const GChecksumType types[] = { G_CHECKSUM_SHA1, G_CHECKSUM_SHA256 };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *fingerprint = jxs_identity_get_fingerprint (identity, types[i]);

      jxs_offer_add_key (offer, types[i], fingerprint);
    }
}

static gboolean
can_srp (const JxsXtlsConfig *config)
{
  return (jxs_security_policy_get_methods (config->policy) & JXS_SECURITY_METHODS_SRP) != 0 &&
         config->supports_srp ();
}

static gboolean
can_certificates (const JxsXtlsConfig *config)
{
  return (jxs_security_policy_get_methods (config->policy) &
          (JXS_SECURITY_METHODS_X509 | JXS_SECURITY_METHODS_STARTTLS)) != 0;
}

/* Only what fits what was asked with (§3.2). Runs code of the application's: afterwards config may
 * be gone. */
static void
answer (const JxsXtlsConfig *config, JxsJid *peer, const JxsOffer *theirs, JxsOffer *ours)
{
  g_autoptr (JxsTrust) trust = g_object_ref (config->trust);

  ours->srp = theirs->srp && can_srp (config);
  if (theirs->n_keys == 0 || !can_certificates (config))
    return;
  if (knows_one (trust, peer, theirs))
    add_own_keys (config->identity, ours);
  else
    ours->insecure = jxs_security_policy_get_minimum_trust_accepting (config->policy) <=
                         JXS_TRUST_LEVEL_FIRST_USE &&
                     !jxs_trust_is_known (trust, peer);
}

static gboolean
asked_cb (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  JxsOfferResponder *self = user_data;
  g_auto (JxsOffer) theirs = { 0 };
  g_auto (JxsOffer) ours = { 0 };
  g_autoptr (JxsRouter) alive = g_object_ref (router);
  g_autoptr (JxsElement) element = NULL;

  if (from == NULL || g_strcmp0 (jxs_element_get_attribute (iq, "type"), "get") != 0)
    return FALSE;
  jxs_offer_parse (payload, &theirs);
  answer (&self->config, from, &theirs, &ours);
  element = jxs_offer_build (&ours);
  jxs_router_reply_result (router, iq, element);
  return TRUE;
}

JxsOfferResponder *
jxs_offer_responder_new (JxsRouter *router, const JxsXtlsConfig *config)
{
  JxsOfferResponder *self = g_new0 (JxsOfferResponder, 1);

  self->router = g_object_ref (router);
  self->config = *config;
  g_object_ref (config->identity);
  g_object_ref (config->trust);
  g_object_ref (config->policy);
  jxs_passwords_ref (config->passwords);
  self->handler = jxs_router_add_iq_handler (router, "offer", JXS_NS_TMP_C2CTLS, asked_cb, self);
  return self;
}

void
jxs_offer_responder_free (JxsOfferResponder *self)
{
  jxs_router_remove_handler (self->router, self->handler);
  g_object_unref (self->config.identity);
  g_object_unref (self->config.trust);
  g_object_unref (self->config.policy);
  jxs_passwords_unref (self->config.passwords);
  g_object_unref (self->router);
  g_free (self);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (JxsElement) reply = NULL;
  JxsElement *offer;
  GError *error = NULL;

  if (!jxs_router_send_iq_finish (JXS_ROUTER (source), result, &reply, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  offer = jxs_element_find_child (reply, "offer", JXS_NS_TMP_C2CTLS);
  if (offer != NULL)
    g_task_return_pointer (task, jxs_element_ref (offer), (GDestroyNotify) jxs_element_unref);
  else
    g_task_return_new_error (task,
                             JXS_ERROR,
                             JXS_ERROR_PROTOCOL,
                             _ ("The peer did not say how it can encrypt"));
}

void
jxs_offer_responder_ask_async (JxsOfferResponder *self,
                               JxsJid *peer,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_auto (JxsOffer) offer = { 0 };
  g_autoptr (JxsElement) element = NULL;
  g_autoptr (JxsElement) iq = NULL;

  g_task_set_source_tag (task, jxs_offer_responder_ask_async);
  if (can_certificates (&self->config))
    add_own_keys (self->config.identity, &offer);
  offer.srp = can_srp (&self->config);
  element = jxs_offer_build (&offer);
  iq = jxs_stanza_new_iq ("get", jxs_jid_to_string (peer), element);
  jxs_router_send_iq_async (self->router, iq, 0, cancellable, answered_cb, g_steal_pointer (&task));
}

gboolean
jxs_offer_responder_ask_finish (GAsyncResult *result, JxsOffer *offer, GError **error)
{
  g_autoptr (JxsElement) element = NULL;

  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_offer_responder_ask_async), FALSE);

  element = g_task_propagate_pointer (G_TASK (result), error);
  if (element == NULL)
    return FALSE;
  jxs_offer_parse (element, offer);
  return TRUE;
}

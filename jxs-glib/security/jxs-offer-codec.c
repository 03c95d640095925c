/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-offer-codec-private.h>

#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

void
jxs_offer_add_key (JxsOffer *offer, GChecksumType type, const char *fingerprint)
{
  if (offer->n_keys == JXS_OFFER_MAX_KEYS)
    return;
  offer->keys[offer->n_keys].type = type;
  offer->keys[offer->n_keys].fingerprint = g_strdup (fingerprint);
  offer->n_keys++;
}

static void
parse_key (JxsOffer *offer, JxsElement *keyinfo)
{
  JxsElement *name = jxs_element_find_child (keyinfo, "name", JXS_NS_TMP_PUBKEY);
  g_autofree char *fingerprint = NULL;
  GChecksumType type;

  if (name != NULL)
    fingerprint = jxs_fingerprint_parse (jxs_element_get_text (name), NULL, &type, NULL);
  if (fingerprint != NULL && !jxs_offer_has_key (offer, type, fingerprint))
    jxs_offer_add_key (offer, type, fingerprint);
}

void
jxs_offer_parse (JxsElement *element, JxsOffer *offer)
{
  *offer = (JxsOffer){ 0 };
  for (JxsElement *child = jxs_element_get_first_child (element);
       child != NULL && offer->n_keys < JXS_OFFER_MAX_KEYS;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "keyinfo", JXS_NS_TMP_PUBKEY))
      parse_key (offer, child);
  offer->srp = jxs_element_find_child (element, "srp", JXS_NS_TMP_C2CTLS) != NULL;
  offer->insecure = jxs_element_find_child (element, "insecure", JXS_NS_TMP_C2CTLS) != NULL;
}

JxsElement *
jxs_offer_build (const JxsOffer *offer)
{
  JxsElement *element = jxs_element_new ("offer", JXS_NS_TMP_C2CTLS);

  for (guint i = 0; i < offer->n_keys; i++)
    {
      JxsElement *keyinfo = jxs_element_append (element, "keyinfo", JXS_NS_TMP_PUBKEY);

      jxs_element_add_text (jxs_element_append (keyinfo, "name", NULL), offer->keys[i].fingerprint);
    }
  if (offer->insecure)
    jxs_element_append (element, "insecure", NULL);
  if (offer->srp)
    jxs_element_append (element, "srp", NULL);
  return element;
}

gboolean
jxs_offer_has_key (const JxsOffer *offer, GChecksumType type, const char *fingerprint)
{
  for (guint i = 0; i < offer->n_keys; i++)
    if (offer->keys[i].type == type && g_str_equal (offer->keys[i].fingerprint, fingerprint))
      return TRUE;
  return FALSE;
}

gboolean
jxs_offer_matches (const JxsOffer *offer, GTlsCertificate *certificate)
{
  for (guint i = 0; i < offer->n_keys; i++)
    {
      const GChecksumType type = offer->keys[i].type;
      gboolean matches = FALSE;

      for (guint j = 0; j < offer->n_keys; j++)
        if (offer->keys[j].type == type)
          matches |= jxs_fingerprint_matches (offer->keys[j].fingerprint, type, certificate);
      if (!matches)
        return FALSE;
    }
  return TRUE;
}

void
jxs_offer_clear (JxsOffer *offer)
{
  for (guint i = 0; i < offer->n_keys; i++)
    g_clear_pointer (&offer->keys[i].fingerprint, g_free);
  offer->n_keys = 0;
}

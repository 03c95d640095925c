/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stanza-filter-private.h>

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static JxsElement *
new_error (JxsElement *stanza, JxsStanzaError code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (JXS_STANZA_ERROR, code, text);

  return jxs_stanza_new_error (stanza, error, NULL);
}

static gboolean
is_for_us (const char *to, const JxsJid *local)
{
  g_autoptr (JxsJid) named = jxs_jid_new (to, NULL);

  if (named == NULL)
    return FALSE;
  return jxs_jid_get_resource (named) == NULL ? jxs_jid_equal_bare (named, local)
                                              : jxs_jid_equal (named, local);
}

static JxsStanzaVerdict
check_addresses (JxsElement *stanza, const JxsJid *local, const JxsJid *peer, JxsElement **reply)
{
  const char *local_text = jxs_jid_to_string (local);
  const char *peer_text = jxs_jid_to_string (peer);
  const char *from = jxs_element_get_attribute (stanza, "from");
  const char *to = jxs_element_get_attribute (stanza, "to");

  /* First, so that an answer goes to the peer. */
  if (from == NULL || strcmp (from, peer_text) != 0)
    jxs_element_set_attribute (stanza, "from", peer_text);

  if (to != NULL && strcmp (to, local_text) == 0)
    return JXS_STANZA_VERDICT_PASS;
  if (to != NULL && !is_for_us (to, local))
    {
      if (!jxs_stanza_is_request (stanza))
        return JXS_STANZA_VERDICT_DROP;
      *reply = new_error (stanza, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "Nobody of that address here");
      return JXS_STANZA_VERDICT_REFUSE;
    }

  jxs_element_set_attribute (stanza, "to", local_text);
  return JXS_STANZA_VERDICT_PASS;
}

static JxsStanzaVerdict
check_iq (JxsElement *iq, JxsElement **reply)
{
  const char *type = jxs_element_get_attribute (iq, "type");
  const char *id = jxs_element_get_attribute (iq, "id");

  if (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0)
    return id != NULL ? JXS_STANZA_VERDICT_PASS : JXS_STANZA_VERDICT_DROP;
  if (jxs_stanza_is_request (iq) && id != NULL && jxs_element_get_n_children (iq) == 1)
    return JXS_STANZA_VERDICT_PASS;

  *reply = new_error (iq,
                      JXS_STANZA_ERROR_BAD_REQUEST,
                      "An IQ needs a type, an id and exactly one payload");
  return JXS_STANZA_VERDICT_REFUSE;
}

JxsStanzaVerdict
jxs_stanza_filter (JxsElement *stanza,
                   const JxsJid *local,
                   const JxsJid *peer,
                   const char *lang,
                   JxsElement **reply)
{
  JxsStanzaVerdict verdict = JXS_STANZA_VERDICT_PASS;

  if (peer != NULL)
    verdict = check_addresses (stanza, local, peer, reply);
  if (verdict != JXS_STANZA_VERDICT_PASS)
    return verdict;
  if (jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_IQ)
    return check_iq (stanza, reply);

  if (lang != NULL && jxs_element_get_attribute_ns (stanza, "lang", JXS_NS_XML) == NULL)
    jxs_element_set_attribute_ns (stanza, "lang", JXS_NS_XML, lang);
  return verdict;
}

JxsElement *
jxs_stanza_filter_unhandled (JxsElement *stanza, gboolean answer_pings)
{
  if (!jxs_stanza_is_request (stanza))
    return NULL;
  if (answer_pings && g_str_equal (jxs_element_get_attribute (stanza, "type"), "get") &&
      jxs_element_find_child (stanza, "ping", JXS_NS_PING) != NULL)
    return jxs_stanza_new_result (stanza, NULL);
  return new_error (stanza, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE, "");
}

gboolean
jxs_stanza_filter_bars (JxsElement *features, JxsElement *element)
{
  return features != NULL && element != NULL &&
         jxs_stanza_get_kind (element) != JXS_STANZA_KIND_NONE &&
         (jxs_element_find_child (features, NULL, JXS_NS_TLS) != NULL ||
          jxs_element_find_child (features, NULL, JXS_NS_SASL) != NULL);
}

gboolean
jxs_stanza_is_request (JxsElement *stanza)
{
  const char *type;

  if (jxs_stanza_get_kind (stanza) != JXS_STANZA_KIND_IQ)
    return FALSE;
  type = jxs_element_get_attribute (stanza, "type");
  return g_strcmp0 (type, "get") == 0 || g_strcmp0 (type, "set") == 0;
}

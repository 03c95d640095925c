/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stanza-filter-private.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>

static gboolean
is_for_us (const char *to, const JxsJid *local)
{
  g_autoptr (JxsJid) named = jxs_jid_new (to, NULL);

  if (named == NULL)
    return FALSE;
  return jxs_jid_get_resource (named) == NULL ? jxs_jid_equal_bare (named, local)
                                              : jxs_jid_equal (named, local);
}

JxsStanzaVerdict
jxs_stanza_filter_addresses (JxsElement *stanza,
                             const JxsJid *local,
                             const JxsJid *peer,
                             GError **error)
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
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_ITEM_NOT_FOUND,
                           "The address is not served here");
      return JXS_STANZA_VERDICT_REFUSE;
    }

  jxs_element_set_attribute (stanza, "to", local_text);
  return JXS_STANZA_VERDICT_PASS;
}

JxsStanzaVerdict
jxs_stanza_filter_iq (JxsElement *stanza, GError **error)
{
  const char *type = jxs_element_get_attribute (stanza, "type");
  const char *id = jxs_element_get_attribute (stanza, "id");

  if (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0)
    return id != NULL ? JXS_STANZA_VERDICT_PASS : JXS_STANZA_VERDICT_DROP;
  if (jxs_stanza_is_request (stanza) && id != NULL && jxs_element_get_n_children (stanza) == 1)
    return JXS_STANZA_VERDICT_PASS;

  g_set_error_literal (error,
                       JXS_STANZA_ERROR,
                       JXS_STANZA_ERROR_BAD_REQUEST,
                       "The IQ lacks a type, an id or its one payload");
  return JXS_STANZA_VERDICT_REFUSE;
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

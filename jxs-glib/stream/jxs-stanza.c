/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stanza.h>

#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/stream/jxs-stanza-error-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

G_DEFINE_ENUM_TYPE (JxsStanzaKind,
                    jxs_stanza_kind,
                    G_DEFINE_ENUM_VALUE (JXS_STANZA_KIND_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (JXS_STANZA_KIND_MESSAGE, "message"),
                    G_DEFINE_ENUM_VALUE (JXS_STANZA_KIND_PRESENCE, "presence"),
                    G_DEFINE_ENUM_VALUE (JXS_STANZA_KIND_IQ, "iq"))

/**
 * jxs_stanza_get_kind:
 * @stanza: an element
 *
 * Tells which stanza an element is: a message, presence or iq in the namespace `jabber:client`
 * (RFC 6120 §8.2).
 *
 * Returns: the kind, or %JXS_STANZA_KIND_NONE
 *
 * Since: 1.0
 */
JxsStanzaKind
jxs_stanza_get_kind (JxsElement *stanza)
{
  g_return_val_if_fail (stanza != NULL, JXS_STANZA_KIND_NONE);

  switch (*jxs_element_get_name (stanza))
    {
    case 'm':
      return jxs_element_is (stanza, "message", JXS_NS_CLIENT) ? JXS_STANZA_KIND_MESSAGE
                                                               : JXS_STANZA_KIND_NONE;
    case 'p':
      return jxs_element_is (stanza, "presence", JXS_NS_CLIENT) ? JXS_STANZA_KIND_PRESENCE
                                                                : JXS_STANZA_KIND_NONE;
    case 'i':
      return jxs_element_is (stanza, "iq", JXS_NS_CLIENT) ? JXS_STANZA_KIND_IQ
                                                          : JXS_STANZA_KIND_NONE;
    default:
      return JXS_STANZA_KIND_NONE;
    }
}

/**
 * jxs_stanza_new_message:
 * @to: (nullable): the recipient's address, or %NULL for the peer of the stream
 * @body: (nullable): the text, or %NULL for a message without body
 *
 * Creates a message of type `chat` with a fresh id (RFC 6121 §5).
 *
 * Returns: (transfer full): a new message stanza
 *
 * Since: 1.0
 */
JxsElement *
jxs_stanza_new_message (const char *to, const char *body)
{
  JxsElement *message = jxs_element_new ("message", JXS_NS_CLIENT);
  g_autofree char *id = jxs_random_id ();

  if (to != NULL)
    jxs_element_set_attribute (message, "to", to);
  jxs_element_set_attribute (message, "type", "chat");
  jxs_element_set_attribute (message, "id", id);
  if (body != NULL)
    jxs_element_add_text (jxs_element_append (message, "body", NULL), body);

  return message;
}

/**
 * jxs_stanza_new_iq:
 * @type: `get` or `set`
 * @to: (nullable): the recipient's address, or %NULL for the server or the peer of the stream
 * @payload: (nullable) (transfer none): the element that says what is requested; a request needs
 *   one, which may also be added later
 *
 * Creates a request with a fresh id (RFC 6120 §8.2.3).
 *
 * Returns: (transfer full): a new iq stanza
 *
 * Since: 1.0
 */
JxsElement *
jxs_stanza_new_iq (const char *type, const char *to, JxsElement *payload)
{
  g_autofree char *id = NULL;
  JxsElement *iq;

  g_return_val_if_fail (g_str_equal (type, "get") || g_str_equal (type, "set"), NULL);

  id = jxs_random_id ();
  iq = jxs_element_new ("iq", JXS_NS_CLIENT);
  if (to != NULL)
    jxs_element_set_attribute (iq, "to", to);
  jxs_element_set_attribute (iq, "type", type);
  jxs_element_set_attribute (iq, "id", id);
  if (payload != NULL)
    jxs_element_add_child (iq, payload);

  return iq;
}

/* An answer of that type: same kind and id, addressed to where the request came from. Our own
 * address is left to the channel, which knows it best. */
static JxsElement *
new_answer (JxsElement *request, const char *type)
{
  JxsElement *answer = jxs_element_new (jxs_element_get_name (request), JXS_NS_CLIENT);
  const char *from = jxs_element_get_attribute (request, "from");
  const char *id = jxs_element_get_attribute (request, "id");

  if (from != NULL)
    jxs_element_set_attribute (answer, "to", from);
  jxs_element_set_attribute (answer, "type", type);
  if (id != NULL)
    jxs_element_set_attribute (answer, "id", id);

  return answer;
}

/**
 * jxs_stanza_new_result:
 * @request: an iq of type `get` or `set` that was received
 * @payload: (nullable) (transfer none): the answer's element, or %NULL for a bare acknowledgement
 *
 * Creates the successful answer to a request (RFC 6120 §8.2.3).
 *
 * Returns: (transfer full): a new iq stanza of type `result`
 *
 * Since: 1.0
 */
JxsElement *
jxs_stanza_new_result (JxsElement *request, JxsElement *payload)
{
  JxsElement *result;

  g_return_val_if_fail (request != NULL, NULL);

  result = new_answer (request, "result");
  if (payload != NULL)
    jxs_element_add_child (result, payload);

  return result;
}

/**
 * jxs_stanza_new_error:
 * @request: a stanza that was received, itself not of type `error`
 * @error: what went wrong: an error of [error@StanzaError], whose message is told to the peer; any
 *   other becomes `undefined-condition` and says nothing more
 * @app_condition: (nullable) (transfer none): an application-specific condition
 *
 * Creates the error that answers a stanza (RFC 6120 §8.3).
 *
 * Returns: (transfer full): a new stanza of type `error`
 *
 * Since: 1.0
 */
JxsElement *
jxs_stanza_new_error (JxsElement *request, const GError *error, JxsElement *app_condition)
{
  g_autoptr (JxsElement) child = NULL;
  JxsElement *answer;

  g_return_val_if_fail (request != NULL, NULL);
  g_return_val_if_fail (error != NULL, NULL);

  answer = new_answer (request, "error");
  child = jxs_stanza_error_build (error, app_condition);
  jxs_element_add_child (answer, child);

  return answer;
}

/**
 * jxs_stanza_check_error:
 * @stanza: a stanza that was received
 * @error: return location for an error
 *
 * Checks that a stanza is not of type `error` (RFC 6120 §8.3), like the answer to a request.
 *
 * Fails with the error that @stanza tells, one of [error@StanzaError].
 *
 * Returns: %TRUE if @stanza is not of type `error`
 *
 * Since: 1.0
 */
gboolean
jxs_stanza_check_error (JxsElement *stanza, GError **error)
{
  g_autoptr (GError) parsed = NULL;
  JxsElement *child;

  g_return_val_if_fail (stanza != NULL, FALSE);

  if (g_strcmp0 (jxs_element_get_attribute (stanza, "type"), "error") != 0)
    return TRUE;

  child = jxs_element_find_child (stanza, "error", JXS_NS_CLIENT);
  /* An error stanza without <error/> is still an error: an empty one is undefined-condition. */
  parsed = jxs_stanza_error_parse (child != NULL ? child : stanza);
  g_propagate_error (error, g_steal_pointer (&parsed));
  return FALSE;
}

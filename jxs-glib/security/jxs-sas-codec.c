/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-sas-codec-private.h>

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define BASE64_LENGTH ((JXS_SAS_SIZE + 2) / 3 * 4)

static const char *const names[JXS_SAS_N_KINDS] = {
  [JXS_SAS_COMMIT] = "commit",   [JXS_SAS_NONCE] = "nonce",   [JXS_SAS_REVEAL] = "reveal",
  [JXS_SAS_CONFIRM] = "confirm", [JXS_SAS_REJECT] = "reject", [JXS_SAS_CANCEL] = "cancel",
};

static gboolean
bad_request (GError **error, const char *message)
{
  g_set_error_literal (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, message);
  return FALSE;
}

static gboolean
has_bytes (JxsSasKind kind)
{
  return kind <= JXS_SAS_REVEAL;
}

static JxsSasKind
get_kind (JxsElement *element)
{
  if (g_strcmp0 (jxs_element_get_namespace (element), JXS_NS_VERIFICATION) == 0)
    for (JxsSasKind kind = JXS_SAS_COMMIT; kind < JXS_SAS_N_KINDS; kind++)
      if (g_str_equal (jxs_element_get_name (element), names[kind]))
        return kind;
  return JXS_SAS_NOTHING;
}

/* One form only: there is no older software whose habits must be borne with. */
static gboolean
parse_bytes (const char *text, guint8 *bytes)
{
  g_autofree guint8 *decoded = NULL;
  g_autofree char *canonical = NULL;
  gsize length = 0;

  if (strlen (text) != BASE64_LENGTH)
    return FALSE;
  decoded = g_base64_decode (text, &length);
  if (length != JXS_SAS_SIZE)
    return FALSE;
  canonical = g_base64_encode (decoded, length);
  if (strcmp (canonical, text) != 0)
    return FALSE;
  memcpy (bytes, decoded, length);
  return TRUE;
}

gboolean
jxs_sas_parse (JxsElement *element, JxsSasMessage *message, GError **error)
{
  JxsSasMessage parsed = { .kind = get_kind (element) };
  const char *id = jxs_element_get_attribute (element, "id");

  if (parsed.kind == JXS_SAS_NOTHING)
    return bad_request (error, "No such message of the verification");
  if (id == NULL || *id == '\0' || strlen (id) > JXS_SAS_MAX_ID)
    return bad_request (error, "A message of the verification lacks its id");
  if (has_bytes (parsed.kind) && !parse_bytes (jxs_element_get_text (element), parsed.bytes))
    return bad_request (error, "A message of the verification does not hold 32 bytes");
  parsed.timed_out = parsed.kind == JXS_SAS_CANCEL &&
                     g_strcmp0 (jxs_element_get_attribute (element, "reason"), "timeout") == 0;
  parsed.id = g_strdup (id);
  *message = parsed;
  return TRUE;
}

JxsElement *
jxs_sas_build (const JxsSasMessage *message)
{
  JxsElement *element = jxs_element_new (names[message->kind], JXS_NS_VERIFICATION);

  jxs_element_set_attribute (element, "id", message->id);
  if (has_bytes (message->kind))
    {
      g_autofree char *text = g_base64_encode (message->bytes, JXS_SAS_SIZE);

      jxs_element_add_text (element, text);
    }
  if (message->timed_out)
    jxs_element_set_attribute (element, "reason", "timeout");
  return element;
}

void
jxs_sas_message_clear (JxsSasMessage *message)
{
  g_clear_pointer (&message->id, g_free);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-header-private.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-writer-private.h>

static gboolean
fail (GError **error, JxsStreamError code)
{
  g_propagate_error (error, jxs_stream_error_new (code));
  return FALSE;
}

/* Major and minor are compared as numbers and may have leading zeros (RFC 6120 §4.7.5). */
static gboolean
parse_version (const char *text, JxsStreamHeader *header)
{
  g_auto (GStrv) parts = NULL;
  guint64 major, minor;

  if (text == NULL)
    {
      header->major = 0;
      header->minor = 9;
      return TRUE;
    }

  parts = g_strsplit (text, ".", 3);
  if (g_strv_length (parts) != 2 ||
      !g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXUINT16, &major, NULL) ||
      !g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT16, &minor, NULL))
    return FALSE;

  header->major = (guint) major;
  header->minor = (guint) minor;
  return TRUE;
}

gboolean
jxs_stream_header_parse (JxsElement *root,
                         const char *default_namespace,
                         gboolean is_response,
                         JxsStreamHeader *header,
                         GError **error)
{
  *header = (JxsStreamHeader){ 0 };

  if (!jxs_element_is (root, "stream", JXS_NS_STREAMS) ||
      g_strcmp0 (default_namespace, JXS_NS_CLIENT) != 0)
    return fail (error, JXS_STREAM_ERROR_INVALID_NAMESPACE);
  if (!parse_version (jxs_element_get_attribute (root, "version"), header) ||
      (is_response && header->major > 1))
    return fail (error, JXS_STREAM_ERROR_UNSUPPORTED_VERSION);

  header->from = g_strdup (jxs_element_get_attribute (root, "from"));
  header->to = g_strdup (jxs_element_get_attribute (root, "to"));
  header->id = g_strdup (jxs_element_get_attribute (root, "id"));
  header->lang = g_strdup (jxs_element_get_attribute_ns (root, "lang", JXS_NS_XML));
  return TRUE;
}

static gboolean
names (const char *text, const JxsJid *jid)
{
  g_autoptr (JxsJid) named = jxs_jid_new (text, NULL);

  if (named == NULL)
    return FALSE;
  return jxs_jid_get_resource (named) == NULL ? jxs_jid_equal_bare (named, jid)
                                              : jxs_jid_equal (named, jid);
}

gboolean
jxs_stream_header_check (const JxsStreamHeader *header,
                         const JxsJid *local,
                         const JxsJid *peer,
                         GError **error)
{
  if (header->from != NULL && !names (header->from, peer))
    return fail (error, JXS_STREAM_ERROR_INVALID_FROM);
  if (local != NULL && header->to != NULL && !names (header->to, local))
    return fail (error, JXS_STREAM_ERROR_HOST_UNKNOWN);
  return TRUE;
}

static char *
dup_address (const char *text, const JxsJid *fallback)
{
  if (text != NULL)
    return g_strdup (text);
  return fallback != NULL ? g_strdup (jxs_jid_to_string (fallback)) : NULL;
}

void
jxs_stream_header_init (JxsStreamHeader *header, const JxsJid *local, const JxsJid *peer)
{
  *header = (JxsStreamHeader){
    .from = dup_address (NULL, local),
    .to = dup_address (NULL, peer),
    .major = 1,
  };
}

void
jxs_stream_header_init_response (JxsStreamHeader *header,
                                 const JxsStreamHeader *initial,
                                 const JxsJid *local,
                                 const JxsJid *fallback)
{
  *header = (JxsStreamHeader){
    .from = dup_address (initial->to, local),
    .to = dup_address (initial->from, fallback),
    .id = jxs_random_id (),
    /* The lower of the two versions; none for a peer that named none (RFC 6120 §4.7.5). */
    .major = MIN (1, initial->major),
  };
}

gboolean
jxs_stream_header_has_features (const JxsStreamHeader *header)
{
  return header->major >= 1;
}

static void
write_attribute (GString *out, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_string_append_printf (out, " %s='", name);
  jxs_xml_write_escaped (out, value);
  g_string_append_c (out, '\'');
}

void
jxs_stream_header_write (GString *out, const JxsStreamHeader *header)
{
  g_string_append (out,
                   "<stream:stream xmlns='" JXS_NS_CLIENT "' xmlns:stream='" JXS_NS_STREAMS "'");
  write_attribute (out, "from", header->from);
  write_attribute (out, "to", header->to);
  write_attribute (out, "id", header->id);
  write_attribute (out, "xml:lang", header->lang);
  if (jxs_stream_header_has_features (header))
    g_string_append_printf (out, " version='%u.%u'", header->major, header->minor);
  g_string_append_c (out, '>');
}

void
jxs_stream_header_clear (JxsStreamHeader *header)
{
  g_clear_pointer (&header->from, g_free);
  g_clear_pointer (&header->to, g_free);
  g_clear_pointer (&header->id, g_free);
  g_clear_pointer (&header->lang, g_free);
}

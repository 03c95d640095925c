/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-dispatcher-private.h"

#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/transports/ibb/jxs-ibb-codec-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsIbbDispatcher
{
  JxsRouter *router;   /* unowned: it owns this */
  GHashTable *streams; /* (owned) (element-type Stream Stream): a set */
};

typedef struct
{
  JxsJid *peer; /* (owned) */
  char *sid;    /* (owned) */
  JxsIbbPacketFunc func;
  gpointer user_data;
} Stream;

static guint
stream_hash (gconstpointer key)
{
  const Stream *stream = key;

  return jxs_jid_hash (stream->peer) * 31 + g_str_hash (stream->sid);
}

static gboolean
stream_equal (gconstpointer a, gconstpointer b)
{
  const Stream *first = a;
  const Stream *second = b;

  return g_str_equal (first->sid, second->sid) && jxs_jid_equal (first->peer, second->peer);
}

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  jxs_jid_unref (stream->peer);
  g_free (stream->sid);
  g_free (stream);
}

static Stream *
find (JxsIbbDispatcher *self, JxsJid *peer, const char *sid)
{
  Stream key = { .peer = peer, .sid = (char *) sid };

  return peer == NULL ? NULL : g_hash_table_lookup (self->streams, &key);
}

static void
refuse (JxsIbbDispatcher *self, JxsElement *iq, JxsStanzaError code, const char *what)
{
  g_autoptr (GError) error = g_error_new_literal (JXS_STANZA_ERROR, code, what);

  jxs_router_reply_error (self->router, iq, error, NULL);
}

static gboolean
iq_cb (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  JxsIbbDispatcher *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean is_open = jxs_element_is (payload, "open", NULL);
  const char *sid = jxs_ibb_parse_sid (payload, &error);
  Stream *stream = sid == NULL ? NULL : find (self, from, sid);

  /* The application there may have bytestreams of its own, and answers for them. */
  if (stream == NULL && JXS_IS_RELAY_CHANNEL (jxs_router_get_channel (router)))
    return FALSE;

  if (!is_open && !jxs_element_is (payload, "data", NULL) &&
      !jxs_element_is (payload, "close", NULL))
    {
      refuse (self,
              iq,
              JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
              "Unknown element of in-band bytestreams");
      return TRUE;
    }
  if (g_strcmp0 (jxs_element_get_attribute (iq, "type"), "set") != 0)
    {
      refuse (self, iq, JXS_STANZA_ERROR_BAD_REQUEST, "In-band bytestreams use set");
      return TRUE;
    }

  if (sid == NULL)
    {
      jxs_router_reply_error (router, iq, error, NULL);
      return TRUE;
    }

  if (stream != NULL)
    stream->func (iq, payload, stream->user_data);
  else if (is_open)
    refuse (self, iq, JXS_STANZA_ERROR_NOT_ACCEPTABLE, "No such bytestream was negotiated");
  else
    refuse (self, iq, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "No such bytestream");

  return TRUE;
}

static gboolean
message_cb (
    JxsRouter *router, JxsElement *message, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  JxsIbbDispatcher *self = user_data;
  const char *sid = jxs_ibb_parse_sid (payload, NULL);
  Stream *stream = sid == NULL ? NULL : find (self, from, sid);

  if (stream == NULL)
    return FALSE;

  stream->func (NULL, payload, stream->user_data);
  return TRUE;
}

static void
dispatcher_free (gpointer data)
{
  JxsIbbDispatcher *self = data;

  g_hash_table_unref (self->streams);
  g_free (self);
}

JxsIbbDispatcher *
jxs_ibb_dispatcher_get (JxsRouter *router)
{
  static GQuark quark = 0;
  JxsIbbDispatcher *self;

  if (quark == 0)
    quark = g_quark_from_static_string ("jxs-ibb-dispatcher");

  self = g_object_get_qdata (G_OBJECT (router), quark);
  if (self != NULL)
    return self;

  self = g_new0 (JxsIbbDispatcher, 1);
  self->router = router;
  self->streams = g_hash_table_new_full (stream_hash, stream_equal, stream_free, NULL);
  g_object_set_qdata_full (G_OBJECT (router), quark, self, dispatcher_free);
  jxs_router_add_iq_handler (router, NULL, JXS_NS_IBB, iq_cb, self);
  jxs_router_add_message_handler (router, "data", JXS_NS_IBB, message_cb, self);
  return self;
}

gboolean
jxs_ibb_dispatcher_add (JxsIbbDispatcher *self,
                        JxsJid *peer,
                        const char *sid,
                        JxsIbbPacketFunc func,
                        gpointer user_data)
{
  Stream *stream;

  if (find (self, peer, sid) != NULL)
    return FALSE;

  stream = g_new0 (Stream, 1);
  stream->peer = jxs_jid_ref (peer);
  stream->sid = g_strdup (sid);
  stream->func = func;
  stream->user_data = user_data;
  g_hash_table_add (self->streams, stream);
  return TRUE;
}

void
jxs_ibb_dispatcher_remove (JxsIbbDispatcher *self, JxsJid *peer, const char *sid)
{
  Stream key = { .peer = peer, .sid = (char *) sid };

  g_hash_table_remove (self->streams, &key);
}

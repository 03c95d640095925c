/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-channel.h>
#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define ROMEO "romeo@montague.example/orchard"
#define JULIET "juliet@capulet.example/balcony"

static inline JxsJid *
make_jid (const char *text)
{
  g_autoptr (GError) error = NULL;
  JxsJid *jid = jxs_jid_new (text, &error);

  g_assert_no_error (error);
  return jid;
}

/* One stanza or payload from text. */
static inline JxsElement *
make_element (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

static inline void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static inline void
store_result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **stored = user_data;

  g_assert_null (*stored);
  *stored = g_object_ref (result);
}

static inline void
wait_for_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* A relay channel that collects what is sent on it. */
static inline void
collect_outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, GPtrArray *sent)
{
  g_ptr_array_add (sent, jxs_element_ref (stanza));
}

static inline JxsRelayChannel *
make_relay (const char *jid_text, GPtrArray *sent)
{
  g_autoptr (JxsJid) jid = make_jid (jid_text);
  JxsRelayChannel *channel = jxs_relay_channel_new (jid, TRUE);

  if (sent != NULL)
    g_signal_connect (channel, "outgoing", G_CALLBACK (collect_outgoing_cb), sent);
  return channel;
}

static inline GPtrArray *
make_elements (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
}

static inline gboolean
push (JxsRelayChannel *channel, const char *xml)
{
  g_autoptr (GError) error = NULL;
  gboolean handled = FALSE;

  jxs_relay_channel_push_xml (channel, xml, &handled, &error);
  g_assert_no_error (error);
  return handled;
}

static inline void
assert_attribute (JxsElement *element, const char *name, const char *value)
{
  g_assert_cmpstr (jxs_element_get_attribute (element, name), ==, value);
}

/* stanza is an error with this condition. */
static inline void
assert_error_stanza (JxsElement *stanza, JxsStanzaError code)
{
  g_autoptr (GError) error = NULL;

  assert_attribute (stanza, "type", "error");
  g_assert_false (jxs_stanza_check_error (stanza, &error));
  g_assert_error (error, JXS_STANZA_ERROR, (int) code);
}

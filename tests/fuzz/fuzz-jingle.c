/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/jingle/jxs-jingle-private.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

/* The input is a sequence of Jingle elements, each parsed, built and parsed again, and given to a
 * session manager as the request of a peer. Whatever it is: the codec refuses it as a bad request
 * or what it read can be written, and each request gets exactly one answer. */

#define NS_FUZZ_APP "urn:example:app:0"
#define NS_FUZZ_TRANSPORT "urn:example:transport:0"
#define MAX_ELEMENTS 64

/* A transport that takes everything and never connects. */
#define FUZZ_TYPE_TRANSPORT (fuzz_transport_get_type ())
G_DECLARE_FINAL_TYPE (FuzzTransport, fuzz_transport, FUZZ, TRANSPORT, JxsTransport)

struct _FuzzTransport
{
  JxsTransport parent_instance;
};

G_DEFINE_FINAL_TYPE (FuzzTransport, fuzz_transport, JXS_TYPE_TRANSPORT)

static JxsElement *
fuzz_transport_build (JxsTransport *transport)
{
  return jxs_element_new ("transport", jxs_transport_get_namespace (transport));
}

static gboolean
fuzz_transport_set_remote (JxsTransport *transport, JxsElement *element, GError **error)
{
  return TRUE;
}

static void
fuzz_transport_connect_async (JxsTransport *transport,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (transport, NULL, callback, user_data);

  g_task_return_new_error (task, JXS_ERROR, JXS_ERROR_CONNECTIVITY, "no");
}

static GIOStream *
fuzz_transport_connect_finish (JxsTransport *transport, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fuzz_transport_class_init (FuzzTransportClass *klass)
{
  JxsTransportClass *transport_class = JXS_TRANSPORT_CLASS (klass);

  transport_class->build = fuzz_transport_build;
  transport_class->set_remote = fuzz_transport_set_remote;
  transport_class->connect_async = fuzz_transport_connect_async;
  transport_class->connect_finish = fuzz_transport_connect_finish;
}

static void
fuzz_transport_init (FuzzTransport *self)
{
}

static JxsTransport *
fuzz_transport_create (JxsRouter *router,
                       JxsJid *peer,
                       gboolean initiator,
                       const char *namespace_uri,
                       gpointer user_data)
{
  return g_object_new (FUZZ_TYPE_TRANSPORT,
                       "router",
                       router,
                       "peer-jid",
                       peer,
                       "initiator",
                       initiator,
                       "namespace",
                       namespace_uri,
                       NULL);
}

typedef struct
{
  JxsChannel *channel;
  JxsRouter *router;
  JxsSessionManager *manager;
  guint n_answers;
  guint n_elements;
} Fuzz;

static void
outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, Fuzz *fuzz)
{
  const char *type = jxs_element_get_attribute (stanza, "type");

  if (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0)
    fuzz->n_answers++;
}

static void
incoming_cb (JxsSessionManager *manager, JxsSession *session, gpointer user_data)
{
  jxs_session_connect_async (session, NULL, 0, NULL, NULL, NULL);
}

static void
check_codec (JxsElement *element)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsJingle) jingle = jxs_jingle_parse (element, &error);
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (JxsJingle) again = NULL;

  if (jingle == NULL)
    {
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      return;
    }
  g_assert_cmpuint (jingle->contents->len, <=, JXS_JINGLE_MAX_CONTENTS);
  built = jxs_jingle_build (jingle);
  again = jxs_jingle_parse (built, &error);
  g_assert_no_error (error);
  g_assert_cmpint (again->action, ==, jingle->action);
  g_assert_cmpstr (again->sid, ==, jingle->sid);
  g_assert_cmpuint (again->contents->len, ==, jingle->contents->len);
}

static void
element_cb (JxsElement *element, gpointer user_data)
{
  Fuzz *fuzz = user_data;
  g_autoptr (JxsElement) iq = NULL;
  const guint before = fuzz->n_answers;

  if (++fuzz->n_elements > MAX_ELEMENTS)
    return;
  check_codec (element);

  iq = jxs_element_new ("iq", "jabber:client");
  jxs_element_set_attribute (iq, "type", "set");
  jxs_element_set_attribute (iq, "id", "fuzz");
  jxs_element_set_attribute (iq, "from", "romeo@montague.example/orchard");
  jxs_element_set_attribute (iq, "to", "juliet@capulet.example/balcony");
  jxs_element_add_child (iq, element);
  if (!jxs_relay_channel_push (JXS_RELAY_CHANNEL (fuzz->channel), iq))
    jxs_channel_refuse (fuzz->channel, iq);
  g_assert_cmpuint (fuzz->n_answers, ==, before + 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const transports[] = { NS_FUZZ_TRANSPORT, NULL };
  const JxsTransportFactory factory = { transports, 0, fuzz_transport_create, NULL };
  const JxsXmlParserFuncs funcs = { NULL, element_cb, NULL };
  g_autoptr (JxsJid) jid = jxs_jid_new ("juliet@capulet.example/balcony", NULL);
  JxsXmlParser *parser;
  Fuzz fuzz = { 0 };

  fuzz.channel = JXS_CHANNEL (jxs_relay_channel_new (jid, TRUE));
  fuzz.router = jxs_router_get (fuzz.channel);
  fuzz.manager = jxs_session_manager_new (fuzz.router);
  jxs_session_manager_add_application (fuzz.manager, NS_FUZZ_APP);
  jxs_session_manager_add_transport (fuzz.manager, &factory);
  jxs_session_manager_set_legacy (fuzz.manager, TRUE);
  g_signal_connect (fuzz.channel, "outgoing", G_CALLBACK (outgoing_cb), &fuzz);
  g_signal_connect (fuzz.manager, "incoming", G_CALLBACK (incoming_cb), NULL);

  parser = jxs_xml_parser_new (NULL, &funcs, &fuzz);
  if (jxs_xml_parser_feed (parser, "<x>", 3, NULL))
    jxs_xml_parser_feed (parser, (const char *) data, size, NULL);
  jxs_xml_parser_free (parser);

  jxs_relay_channel_close (JXS_RELAY_CHANNEL (fuzz.channel));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (jxs_session_manager_get_n_sessions (fuzz.manager), ==, 0);
  g_signal_handlers_disconnect_by_data (fuzz.channel, &fuzz);
  g_assert_finalize_object (fuzz.manager);
  g_assert_finalize_object (fuzz.router);
  g_assert_finalize_object (fuzz.channel);
  return 0;
}

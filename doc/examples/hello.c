/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says hello to a contact over an end-to-end stream, prints what comes back, ends when the contact
 * does. cc hello.c $(pkg-config --cflags --libs jxs-glib-1.0) -o hello PASSWORD=secret ./hello
 * romeo@example.org juliet@example.org/jxs The optional environment variables SERVER (HOST:PORT)
 * and CA_FILE are for servers of one's own. */
#include <jxs-glib/jxs-glib.h>

typedef struct
{
  GMainLoop *loop;
  JxsJid *peer;
  JxsEndpoint *endpoint;
  JxsXmlStream *stream;
  int status;
} App;

static void
fail (App *app, const char *what, GError *error)
{
  g_printerr ("%s: %s\n", what, error->message);
  app->status = 1;
  g_main_loop_quit (app->loop);
}

static gboolean
on_stanza (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  JxsElement *body = jxs_element_find_child (stanza, "body", NULL);

  if (body == NULL)
    return FALSE;
  g_print ("%s\n", jxs_element_get_text (body));
  return TRUE;
}

static void
on_closed (JxsXmlStream *stream, GError *error, gpointer user_data)
{
  App *app = user_data;

  if (error != NULL)
    fail (app, "The stream broke", error);
  g_main_loop_quit (app->loop);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  App *app = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) hello = jxs_stanza_new_message (NULL, "Hello");

  app->stream = jxs_endpoint_open_stream_finish (app->endpoint, result, &error);
  if (app->stream == NULL)
    {
      fail (app, "No stream", error);
      return;
    }
  g_signal_connect (app->stream, "stanza", G_CALLBACK (on_stanza), app);
  g_signal_connect (app->stream, "closed", G_CALLBACK (on_closed), app);
  if (!jxs_xml_stream_send (app->stream, hello, &error))
    fail (app, "Not sent", error);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  App *app = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();
  JxsChannel *channel = JXS_CHANNEL (source);

  if (!jxs_client_connect_finish (JXS_CLIENT (source), result, &error))
    {
      fail (app, "No connection", error);
      return;
    }
  /* A real application keeps its identity: see jxs_identity_load_or_generate_async(). */
  identity =
      jxs_identity_generate (jxs_channel_get_local_jid (channel), JXS_KEY_TYPE_ECDSA_P256, &error);
  if (identity == NULL)
    {
      fail (app, "No identity", error);
      return;
    }
  app->endpoint = jxs_endpoint_new (channel, identity, JXS_TRUST (trust));
  jxs_endpoint_open_stream_async (
      app->endpoint, app->peer, G_PRIORITY_DEFAULT, NULL, on_opened, app);
}

int
main (int argc, char **argv)
{
  App app = { .loop = g_main_loop_new (NULL, FALSE) };
  g_autoptr (JxsClient) client = NULL;
  g_autoptr (JxsJid) jid = NULL;
  g_autoptr (GError) error = NULL;

  if (argc != 3 || (jid = jxs_jid_new (argv[1], &error)) == NULL ||
      (app.peer = jxs_jid_new (argv[2], &error)) == NULL)
    {
      g_printerr ("usage: hello JID CONTACT/RESOURCE\n%s\n", error != NULL ? error->message : "");
      return 2;
    }
  client = jxs_client_new (jid);
  jxs_client_set_password (client, g_getenv ("PASSWORD"));
  jxs_client_set_server (client, g_getenv ("SERVER"));
  jxs_client_set_ca_file (client, g_getenv ("CA_FILE"));
  jxs_client_connect_async (client, G_PRIORITY_DEFAULT, NULL, on_connected, &app);
  g_main_loop_run (app.loop);

  g_clear_object (&app.stream);
  g_clear_object (&app.endpoint);
  g_clear_pointer (&app.peer, jxs_jid_unref);
  g_main_loop_unref (app.loop);
  return app.status;
}

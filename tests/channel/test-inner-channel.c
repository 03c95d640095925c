/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "stream-fixture.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-inner-channel-private.h>
#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/stream/jxs-stanza.h>

/* What the library says on a stream, beside the application. */

#define OURS "urn:example:ours"
static const char *const namespaces[] = { OURS, "urn:example:too", NULL };

typedef struct
{
  Side *side;
  Raw *raw;
  JxsInnerChannel *channel;
  JxsRouter *router;
  GPtrArray *application; /* what reached it */
  GString *inner;         /* what reached the handler */
  JxsElement *answer;     /* to our request */
  GError *error;
} Scene;

static gboolean
application_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Scene *scene = user_data;

  g_ptr_array_add (scene->application, jxs_element_ref (stanza));
  return FALSE;
}

static gboolean
iq_cb (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  Scene *scene = user_data;

  g_string_append_printf (scene->inner,
                          "%s from %s\n",
                          jxs_element_get_name (payload),
                          jxs_jid_to_string (from));
  jxs_router_reply_result (router, iq, NULL);
  return TRUE;
}

static void
scene_init (Scene *scene)
{
  open_with_raw (JXS_XML_STREAM_INITIATOR, &scene->side, &scene->raw);
  scene->application = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  scene->inner = g_string_new (NULL);
  scene->channel = jxs_inner_channel_new (scene->side->stream, namespaces);
  scene->router = jxs_router_get (JXS_CHANNEL (scene->channel));
  jxs_router_add_iq_handler (scene->router, NULL, OURS, iq_cb, scene);
  g_signal_connect (scene->side->stream, "stanza", G_CALLBACK (application_cb), scene);
}

static void
scene_clear (Scene *scene)
{
  if (scene->side != NULL)
    {
      g_signal_handlers_disconnect_by_data (scene->side->stream, scene);
      g_assert_finalize_object (scene->router);
      g_assert_finalize_object (scene->channel);
      side_free (scene->side);
    }
  raw_free (scene->raw);
  g_ptr_array_unref (scene->application);
  g_string_free (scene->inner, TRUE);
  g_clear_pointer (&scene->answer, jxs_element_unref);
  g_clear_error (&scene->error);
}

/* Sends, and waits until all of it was seen. */
static void
say (Scene *scene, const char *text)
{
  guint before = scene->application->len;

  raw_send (scene->raw, text);
  raw_send (scene->raw, "<message id='mark'/>");
  while (scene->application->len == before ||
         g_strcmp0 (jxs_element_get_attribute (
                        g_ptr_array_index (scene->application, scene->application->len - 1), "id"),
                    "mark") != 0)
    g_main_context_iteration (NULL, TRUE);
  g_ptr_array_set_size (scene->application, scene->application->len - 1);
}

static void
test_requests (void)
{
  Scene scene = { 0 };

  scene_init (&scene);
  say (&scene,
       "<iq type='set' id='1'><a xmlns='" OURS "'/></iq>"
       "<iq type='get' id='2'><b xmlns='" OURS "'/></iq>"
       "<iq type='get' id='3'><c xmlns='urn:example:theirs'/></iq>"
       "<message id='4'><a xmlns='" OURS "'/></message>"
       "<presence id='5'><a xmlns='" OURS "'/></presence>"
       "<iq type='result' id='6'><a xmlns='" OURS "'/></iq>");
  g_assert_cmpstr (scene.inner->str,
                   ==,
                   "a from juliet@capulet.lit/balcony\nb from juliet@capulet.lit/balcony\n");
  g_assert_cmpuint (scene.application->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", 3 + i);

      g_assert_cmpstr (jxs_element_get_attribute (g_ptr_array_index (scene.application, i), "id"),
                       ==,
                       id);
    }
  raw_expect (scene.raw, "id='1'");
  raw_expect (scene.raw, "id='2'");

  /* One that nobody in here knows is refused and reaches nobody. */
  g_ptr_array_set_size (scene.application, 0);
  say (&scene, "<iq type='set' id='7'><a xmlns='urn:example:too'/></iq>");
  g_assert_cmpuint (scene.application->len, ==, 0);
  raw_expect (scene.raw, "id='7'");
  raw_expect (scene.raw, "service-unavailable");
  scene_clear (&scene);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Scene *scene = user_data;

  jxs_router_send_iq_finish (JXS_ROUTER (source), result, &scene->answer, &scene->error);
}

static char *
ask (Scene *scene)
{
  g_autoptr (JxsElement) payload = jxs_element_new ("a", OURS);
  g_autoptr (JxsElement) iq =
      jxs_inner_channel_new_iq ("set", jxs_xml_stream_get_peer_jid (scene->side->stream), payload);

  jxs_router_send_iq_async (scene->router, iq, 0, NULL, answered_cb, scene);
  return g_strdup (jxs_element_get_attribute (iq, "id"));
}

/* Ours are ours, whoever still waits for them, and those of the application are its own. */
static void
test_answers (void)
{
  Scene scene = { 0 };
  g_autofree char *id = NULL;
  g_autofree char *answer = NULL;

  scene_init (&scene);
  id = ask (&scene);
  raw_expect (scene.raw, id);
  answer = g_strdup_printf ("<iq type='result' id='%s'><x xmlns='urn:example:x'/></iq>"
                            "<iq type='result' id='%s'/>"
                            "<iq type='error' id='%s'><error type='cancel'/></iq>"
                            "<iq type='result' id='%.20s'/>",
                            id,
                            id,
                            id,
                            id + 4);
  say (&scene, answer);
  g_assert_nonnull (scene.answer);
  g_assert_no_error (scene.error);
  g_assert_cmpuint (scene.application->len, ==, 1);
  scene_clear (&scene);
}

static void
test_detach (void)
{
  Scene scene = { 0 };
  g_autofree char *id = NULL;
  g_autofree char *second = NULL;

  scene_init (&scene);
  id = ask (&scene);
  jxs_inner_channel_detach (scene.channel);
  iterate_all ();
  g_assert_error (scene.error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_clear_error (&scene.error);
  second = ask (&scene);
  iterate_all ();
  g_assert_error (scene.error, JXS_ERROR, JXS_ERROR_CLOSED);
  say (&scene, "<iq type='set' id='1'><a xmlns='" OURS "'/></iq>");
  g_assert_cmpuint (scene.application->len, ==, 1);
  g_assert_cmpuint (scene.inner->len, ==, 0);
  jxs_inner_channel_detach (scene.channel);
  scene_clear (&scene);
}

/* It does not keep the stream, and survives it. */
static void
test_stream_gone (void)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "Anybody?");
  g_autoptr (GError) error = NULL;
  Scene scene = { 0 };

  scene_init (&scene);
  g_assert_nonnull (jxs_channel_get_local_jid (JXS_CHANNEL (scene.channel)));
  g_signal_handlers_disconnect_by_data (scene.side->stream, &scene);
  side_free (g_steal_pointer (&scene.side));
  g_assert_null (jxs_channel_get_local_jid (JXS_CHANNEL (scene.channel)));
  g_assert_false (jxs_channel_send (JXS_CHANNEL (scene.channel), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  jxs_inner_channel_detach (scene.channel);
  g_assert_finalize_object (scene.router);
  g_assert_finalize_object (scene.channel);
  scene_clear (&scene);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/inner-channel/requests", test_requests);
  g_test_add_func ("/channel/inner-channel/answers", test_answers);
  g_test_add_func ("/channel/inner-channel/detach", test_detach);
  g_test_add_func ("/channel/inner-channel/stream-gone", test_stream_gone);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

guint
count_sockets (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      n += target != NULL && g_str_has_prefix (target, "socket:");
    }

  return n;
}

/* XEP-0065 §6.3.5 */
static void
play_proxy (Fixture *self, Side *from, JxsElement *iq)
{
  JxsElement *query = jxs_element_find_child (iq, "query", JXS_NS_BYTESTREAMS);
  JxsElement *activate = jxs_element_find_child (query, "activate", JXS_NS_BYTESTREAMS);
  g_autofree char *peer = g_strdup (jxs_element_get_text (activate));
  g_autofree char *error = NULL;
  g_autofree char *xml = NULL;
  const char *condition = self->refuse_to_activate;

  self->n_activations++;
  if (condition == NULL)
    condition = fake_proxy_activate (self->proxy,
                                     jxs_element_get_attribute (query, "sid"),
                                     jxs_jid_to_string (from->jid),
                                     peer);
  if (condition != NULL)
    error = g_strdup_printf ("<error type='cancel'><%s xmlns='" JXS_NS_STANZA_ERRORS "'/></error>",
                             condition);
  xml = g_strdup_printf ("<iq xmlns='jabber:client' from='" PROXY_JID "' to='%s' id='%s' "
                         "type='%s'>%s</iq>",
                         jxs_jid_to_string (from->jid),
                         jxs_element_get_attribute (iq, "id"),
                         condition != NULL ? "error" : "result",
                         error != NULL ? error : "");
  jxs_relay_channel_push_xml (JXS_RELAY_CHANNEL (from->channel), xml, NULL, NULL);
}

static void
outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, Fixture *self)
{
  Side *from = JXS_CHANNEL (channel) == self->alice.channel ? &self->alice : &self->bob;

  if (self->proxy != NULL && g_strcmp0 (jxs_element_get_attribute (stanza, "to"), PROXY_JID) == 0)
    play_proxy (self, from, stanza);
  else
    g_assert_not_reached (); /* nobody else is asked anything */
}

static JxsAddressPolicy
get_policy_cb (JxsJid *peer, gpointer user_data)
{
  return ((Side *) user_data)->policy;
}

/* Nothing beyond loopback. */
static gboolean
review_cb (JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  Side *self = user_data;

  if (jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_DIRECT && !self->direct)
    return FALSE;

  return g_str_has_prefix (jxs_candidate_get_host (candidate), "127.");
}

static void
send_info_cb (JxsTransport *transport, JxsElement *element, Side *self)
{
  g_queue_push_tail (&self->said, jxs_element_ref (element));
}

static void
side_set_up (Fixture *fixture, Side *self, const char *jid, const char *peer, gboolean initiator)
{
  static const JxsS5bServiceFuncs funcs = { get_policy_cb, review_cb };
  g_autoptr (JxsJid) peer_jid = jxs_jid_new (peer, NULL);

  self->jid = jxs_jid_new (jid, NULL);
  self->channel = JXS_CHANNEL (jxs_relay_channel_new (self->jid, TRUE));
  g_signal_connect (self->channel, "outgoing", G_CALLBACK (outgoing_cb), fixture);
  self->router = jxs_router_get (self->channel);
  self->service = jxs_s5b_service_new (self->router);
  self->candidates = g_list_store_new (JXS_TYPE_CANDIDATE);
  self->policy = JXS_ADDRESS_POLICY_ALL;
  self->direct = TRUE;
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->said);
  jxs_s5b_service_set_allow_loopback (self->service, TRUE);
  jxs_s5b_service_set_funcs (self->service, &funcs, self);
  jxs_s5b_proxies_set_discover (jxs_s5b_service_get_proxies (self->service), FALSE);

  self->transport = jxs_s5b_transport_create (
      self->router, peer_jid, initiator, JXS_NS_JINGLE_S5B, self->service);
  jxs_transport_set_candidates (self->transport, self->candidates);
  g_signal_connect (self->transport, "send-info", G_CALLBACK (send_info_cb), self);
}

void
fixture_set_up (Fixture *self, gconstpointer unused)
{
  self->n_sockets = count_sockets ();
  side_set_up (self, &self->alice, "alice@example.com/desk", "bob@example.com/lap", TRUE);
  side_set_up (self, &self->bob, "bob@example.com/lap", "alice@example.com/desk", FALSE);
}

static void
side_tear_down (Fixture *fixture, Side *self)
{
  if (self->stream != NULL)
    g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_clear_object (&self->result);
  g_clear_error (&self->error);
  if (self->transport != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->transport, self);
      g_assert_finalize_object (self->transport);
    }
  jxs_s5b_service_set_funcs (self->service, NULL, NULL);
  g_assert_finalize_object (self->service);
  g_assert_finalize_object (self->candidates);
  g_object_unref (self->cancellable);
  g_queue_clear_full (&self->said, (GDestroyNotify) jxs_element_unref);
  g_signal_handlers_disconnect_by_data (self->channel, fixture);
  jxs_relay_channel_close (JXS_RELAY_CHANNEL (self->channel));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (self->router);
  g_assert_finalize_object (self->channel);
  jxs_jid_unref (self->jid);
}

void
fixture_tear_down (Fixture *self, gconstpointer unused)
{
  jxs_clock_use_real ();
  g_cancellable_cancel (self->alice.cancellable);
  g_cancellable_cancel (self->bob.cancellable);
  while (g_main_context_iteration (NULL, FALSE))
    ; /* a connect holds its transport until it is told */
  side_tear_down (self, &self->alice);
  side_tear_down (self, &self->bob);
  g_clear_pointer (&self->proxy, fake_proxy_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (count_sockets (), ==, self->n_sockets);
}

void
fixture_add_proxy (Fixture *self, Side *side)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (PROXY_JID, NULL);

  if (self->proxy == NULL)
    self->proxy = fake_proxy_new ();
  g_assert_true (jxs_s5b_proxies_add (jxs_s5b_service_get_proxies (side->service),
                                      jid,
                                      "127.0.0.1",
                                      fake_proxy_get_port (self->proxy)));
}

void
fixture_exchange (Fixture *self)
{
  g_autoptr (JxsElement) offer = jxs_transport_build (self->alice.transport);
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_set_remote (self->bob.transport, offer, &error);
  g_assert_no_error (error);
  answer = jxs_transport_build (self->bob.transport);
  jxs_transport_set_remote (self->alice.transport, answer, &error);
  g_assert_no_error (error);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Side *self = user_data;

  g_assert_null (self->result);
  self->result = g_object_ref (result);
  self->stream = jxs_transport_connect_finish (JXS_TRANSPORT (source), result, &self->error);
  g_assert_true ((self->stream != NULL) != (self->error != NULL));
}

void
side_connect (Side *self)
{
  jxs_transport_connect_async (self->transport, self->cancellable, connected_cb, self);
}

void
fixture_connect (Fixture *self)
{
  side_connect (&self->bob);
  side_connect (&self->alice);
}

static gboolean
deliver (Side *from, Side *to)
{
  JxsElement *element;

  if (from->held || (element = g_queue_pop_head (&from->said)) == NULL)
    return FALSE;
  /* Whether it is understood is not this one's matter: late news are refused, too. */
  if (to->transport != NULL)
    jxs_transport_handle_info (to->transport, element, NULL);
  jxs_element_unref (element);

  return TRUE;
}

void
fixture_settle (Fixture *self)
{
  while (g_main_context_iteration (NULL, FALSE) || deliver (&self->alice, &self->bob) ||
         deliver (&self->bob, &self->alice))
    ;
}

gboolean
fixture_is_done (Fixture *self)
{
  return self->alice.result != NULL && self->bob.result != NULL;
}

void
fixture_finish (Fixture *self)
{
  fixture_wait_for (self, fixture_is_done (self));
}

guint
fixture_finish_in_time (Fixture *self)
{
  guint elapsed = 0;

  for (fixture_settle (self); !fixture_is_done (self); fixture_settle (self))
    {
      g_assert_cmpuint (elapsed, <, 60000);
      elapsed += 100;
      jxs_clock_advance (100 * 1000);
    }

  return elapsed;
}

JxsElement *
fixture_take (Fixture *self, Side *from, const char *child)
{
  JxsElement *element;

  fixture_wait_for (self, !g_queue_is_empty (&from->said));
  element = g_queue_pop_head (&from->said);
  g_assert_nonnull (jxs_element_find_child (element, child, NULL));

  return element;
}

void
fixture_hand (Fixture *self, Side *to, JxsElement *element)
{
  g_autoptr (GError) error = NULL;

  jxs_transport_handle_info (to->transport, element, &error);
  g_assert_no_error (error);
}

void
side_hear (Side *self, const char *children, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) ours = jxs_transport_build (self->transport);
  g_autofree char *xml =
      g_strdup_printf ("<transport xmlns='" JXS_NS_JINGLE_S5B "' sid='%s'>%s</transport>",
                       jxs_element_get_attribute (ours, "sid"),
                       children);
  g_autoptr (JxsElement) element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  jxs_transport_handle_info (self->transport, element, &error);
  if (code >= 0)
    g_assert_error (error, JXS_STANZA_ERROR, code);
  else
    g_assert_no_error (error);
}

JxsCandidate *
side_find (Side *self, gboolean local, JxsCandidateKind kind)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->candidates)); i++)
    {
      g_autoptr (JxsCandidate) candidate =
          g_list_model_get_item (G_LIST_MODEL (self->candidates), i);

      if (jxs_candidate_is_local (candidate) == local && jxs_candidate_get_kind (candidate) == kind)
        return candidate; /* the list keeps it */
    }

  return NULL;
}

static void
check_direction (Fixture *self, GIOStream *from, GIOStream *to)
{
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[16] = "";
  gsize n = 0;

  g_output_stream_write_all_async (g_io_stream_get_output_stream (from),
                                   "Neither, fair maid",
                                   16,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   jxs_test_keep_result,
                                   &written);
  g_input_stream_read_all_async (g_io_stream_get_input_stream (to),
                                 buffer,
                                 sizeof buffer,
                                 G_PRIORITY_DEFAULT,
                                 NULL,
                                 jxs_test_keep_result,
                                 &read);
  fixture_wait_for (self, written != NULL && read != NULL);
  g_output_stream_write_all_finish (g_io_stream_get_output_stream (from), written, NULL, &error);
  g_assert_no_error (error);
  g_input_stream_read_all_finish (g_io_stream_get_input_stream (to), read, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, "Neither, fair maid", 16);
}

void
fixture_check_streams (Fixture *self)
{
  g_assert_no_error (self->alice.error);
  g_assert_no_error (self->bob.error);
  check_direction (self, self->alice.stream, self->bob.stream);
  check_direction (self, self->bob.stream, self->alice.stream);
}

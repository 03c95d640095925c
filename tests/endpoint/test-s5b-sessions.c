/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-service-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "jxs-test-sockets.h"

/* Sessions with real SOCKS5 bytestreams that are replaced (XEP-0260 §3, XEP-0166 §7.2.15), against
 * a peer that says what a script says. */

typedef struct
{
  Scripted script;
  JxsS5bService *service;
  gboolean direct; /* Juliet offers an address */
  guint n_sockets;
} Fixture;

#define S5B(sid, inside)                                                                           \
  "<transport xmlns='" JXS_NS_JINGLE_S5B "' sid='" sid "'>" inside "</transport>"
#define CANDIDATE_ERROR(sid) S5B (sid, "<candidate-error/>")

static guint
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

static gboolean
review_cb (JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  return ((Fixture *) user_data)->direct &&
         g_str_equal (jxs_candidate_get_host (candidate), "127.0.0.1");
}

static void
set_up (Fixture *self, gconstpointer unused)
{
  static const JxsS5bServiceFuncs funcs = { NULL, review_cb };
  JxsTransportFactory factory;

  self->n_sockets = count_sockets ();
  scripted_init (&self->script);
  self->service = jxs_s5b_service_new (self->script.side.router);
  jxs_s5b_service_set_allow_loopback (self->service, TRUE);
  jxs_s5b_proxies_set_discover (jxs_s5b_service_get_proxies (self->service), FALSE);
  jxs_s5b_service_set_funcs (self->service, &funcs, self);
  jxs_s5b_service_get_factory (self->service, &factory);
  jxs_session_manager_add_transport (self->script.side.manager, &factory);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  /* The sessions hold it. */
  g_object_add_weak_pointer (G_OBJECT (self->service), (gpointer *) &self->service);
  g_object_unref (self->service);
  scripted_clear (&self->script);
  g_assert_null (self->service);
  g_assert_cmpuint (count_sockets (), ==, self->n_sockets);
}

/* Romeo offers a SOCKS5 bytestream, which Juliet accepts. Returns her <transport/>. */
static JxsElement *
accept_s5b (Fixture *self)
{
  g_autoptr (JxsJingle) accept = NULL;
  const JxsJingleContent *content;

  self->script.side.accept = TRUE;
  scripted_set (&self->script,
                "offer",
                JINGLE ("session-initiate", CONTENT (DESCRIPTION S5B ("s1", "") SECURITY)));
  scripted_expect_result (&self->script, "offer");
  accept = scripted_expect_action (&self->script, JXS_JINGLE_SESSION_ACCEPT);
  content = g_ptr_array_index (accept->contents, 0);

  return jxs_element_ref (content->transport);
}

/* Connects to Juliet as she offers it. */
static GSocketConnection *
dial (JxsElement *transport)
{
  JxsElement *candidate = jxs_element_find_child (transport, "candidate", NULL);
  g_autoptr (JxsJid) romeo = jxs_jid_new (ROMEO, NULL);
  g_autoptr (JxsJid) juliet = jxs_jid_new (JULIET, NULL);
  g_autofree char *hash =
      jxs_s5b_dst_addr (jxs_element_get_attribute (transport, "sid"), juliet, romeo);
  const JxsS5bDialParams params = {
    .host = "127.0.0.1",
    .port = (guint16) g_ascii_strtoull (jxs_element_get_attribute (candidate, "port"), NULL, 10),
    .dst_addrs = { hash, NULL },
    .timeout_ms = 5000,
    .allow_loopback = TRUE,
  };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  jxs_s5b_dial_async (&params, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  connection = jxs_s5b_dial_finish (result, NULL, &error);
  g_assert_no_error (error);
  run_until_idle ();

  return connection;
}

/* The connection was closed by Juliet. */
static void
expect_closed (GSocketConnection *connection)
{
  g_autoptr (GAsyncResult) result = NULL;
  char byte;

  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                             &byte,
                             1,
                             G_PRIORITY_DEFAULT,
                             NULL,
                             jxs_test_keep_result,
                             &result);
  jxs_test_wait_for (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (
                       g_io_stream_get_input_stream (G_IO_STREAM (connection)), result, NULL),
                   <=,
                   0);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  g_object_unref (connection);
}

static Result *
get_result (Fixture *self)
{
  return g_ptr_array_index (self->script.side.results, 0);
}

/* What the security agreed on stays, whatever carries it (XEP-0166 §7.2.15). */
static void
expect_connected (Fixture *self, const char *namespace_uri)
{
  Result *result = get_result (self);

  g_assert_true (result->done);
  g_assert_no_error (result->error);
  g_assert_cmpstr (jxs_session_get_transport_namespace (result->session), ==, namespace_uri);
  g_assert_cmpuint (self->script.side.security.n_secured, ==, 1);
}

/* The peer, which offered, replaces a bytestream that is half done. */
static void
test_replaced_by_initiator (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) transport = NULL;
  GSocketConnection *connection;

  self->direct = TRUE;
  transport = accept_s5b (self);
  connection = dial (transport);
  scripted_set (&self->script, "x", JINGLE ("transport-replace", CONTENT (SLOW)));
  scripted_expect_result (&self->script, "x");
  jxs_jingle_free (scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_ACCEPT));
  expect_closed (connection);
  expect_connected (self, NS_SLOW);
  /* Late news of the former bytestream are taken and mean nothing. */
  scripted_set (&self->script, "late", JINGLE ("transport-info", CONTENT (CANDIDATE_ERROR ("s1"))));
  scripted_expect_result (&self->script, "late");
}

/* The peer answered our offer, and replaces the transport all the same. */
static void
test_replaced_by_responder (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = NULL;
  g_autofree char *inside = NULL;
  g_autoptr (JxsElement) transport = NULL;
  g_autoptr (JxsJingle) initiate = NULL;
  JxsSession *session;
  GSocketConnection *connection;

  self->direct = TRUE;
  session = side_create (&self->script.side, ROMEO, TRUE);
  side_connect (&self->script.side, session, 0, NULL);
  initiate = scripted_expect_action (&self->script, JXS_JINGLE_SESSION_INITIATE);
  sid = g_strdup (initiate->sid);
  transport =
      jxs_element_ref (((JxsJingleContent *) g_ptr_array_index (initiate->contents, 0))->transport);
  inside = g_strdup_printf (CONTENT (DESCRIPTION "<transport xmlns='" JXS_NS_JINGLE_S5B
                                                 "' sid='%s'/>" SECURITY),
                            jxs_element_get_attribute (transport, "sid"));
  scripted_action (&self->script, "accept", "session-accept", sid, inside);
  scripted_expect_result (&self->script, "accept");
  connection = dial (transport);
  scripted_action (&self->script, "x", "transport-replace", sid, CONTENT (SLOW));
  scripted_expect_result (&self->script, "x");
  jxs_jingle_free (scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_ACCEPT));
  expect_closed (connection);
  expect_connected (self, NS_SLOW);
}

static void
count_cb (guint *count)
{
  (*count)++;
}

/* A second bytestream takes the place of the first: its sid tells them apart (XEP-0260 §2.4). */
static void
test_replaced_by_another (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) first = NULL;
  g_autoptr (JxsJingle) accept = NULL;
  const JxsJingleContent *content;
  g_autofree char *used = NULL;
  g_autoptr (JxsCandidate) nominated = NULL;
  g_autoptr (JxsCandidate) property = NULL;
  GListModel *candidates;
  guint n_notified = 0;
  GSocketConnection *old;
  GSocketConnection *connection;

  self->direct = TRUE;
  first = accept_s5b (self);
  g_signal_connect_swapped (get_result (self)->session,
                            "notify::nominated-candidate",
                            G_CALLBACK (count_cb),
                            &n_notified);
  old = dial (first);
  scripted_set (&self->script, "x", JINGLE ("transport-replace", CONTENT (S5B ("s2", ""))));
  scripted_expect_result (&self->script, "x");
  accept = scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_ACCEPT);
  content = g_ptr_array_index (accept->contents, 0);
  g_assert_cmpstr (jxs_element_get_attribute (content->transport, "sid"), ==, "s2");
  expect_closed (old);

  scripted_set (&self->script, "late", JINGLE ("transport-info", CONTENT (CANDIDATE_ERROR ("s1"))));
  scripted_expect_result (&self->script, "late");
  g_assert_false (get_result (self)->done);
  connection = dial (content->transport);
  used = g_strdup_printf (
      JINGLE ("transport-info", CONTENT (S5B ("s2", "<candidate-used cid='%s'/>"))),
      jxs_element_get_attribute (jxs_element_find_child (content->transport, "candidate", NULL),
                                 "cid"));
  scripted_set (&self->script, "used", used);
  scripted_expect_result (&self->script, "used");
  jxs_jingle_free (scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_INFO));
  expect_connected (self, JXS_NS_JINGLE_S5B);
  /* That of the second attempt, which the list has behind that of the first. */
  g_assert_cmpuint (n_notified, ==, 1);
  candidates = jxs_session_get_candidates (get_result (self)->session);
  g_assert_cmpuint (g_list_model_get_n_items (candidates), ==, 2);
  nominated = g_list_model_get_item (candidates, 1);
  g_assert_true (jxs_session_get_nominated_candidate (get_result (self)->session) == nominated);
  g_object_get (get_result (self)->session, "nominated-candidate", &property, NULL);
  g_assert_true (property == nominated);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  g_object_unref (connection);
}

/* We offered, and nothing works: the next transports are proposed (XEP-0260 §3). */
static void
test_falls_back (Fixture *self, gconstpointer rejected)
{
  g_autofree char *sid = NULL;
  g_autofree char *inside = NULL;
  g_autoptr (JxsJingle) initiate = NULL;
  g_autoptr (JxsJingle) report = NULL;
  g_autoptr (JxsJingle) replace = NULL;
  const JxsJingleContent *content;
  Result *result;
  const char *stream_sid;

  result =
      side_connect (&self->script.side, side_create (&self->script.side, ROMEO, TRUE), 0, NULL);
  initiate = scripted_expect_action (&self->script, JXS_JINGLE_SESSION_INITIATE);
  sid = g_strdup (initiate->sid);
  content = g_ptr_array_index (initiate->contents, 0);
  stream_sid = jxs_element_get_attribute (content->transport, "sid");
  inside = g_strdup_printf (CONTENT (DESCRIPTION "<transport xmlns='" JXS_NS_JINGLE_S5B
                                                 "' sid='%s'/>" SECURITY),
                            stream_sid);
  scripted_action (&self->script, "accept", "session-accept", sid, inside);
  scripted_expect_result (&self->script, "accept");
  g_clear_pointer (&inside, g_free);
  inside = g_strdup_printf (CONTENT ("<transport xmlns='" JXS_NS_JINGLE_S5B
                                     "' sid='%s'><candidate-error/></transport>"),
                            stream_sid);
  scripted_action (&self->script, "error", "transport-info", sid, inside);
  scripted_expect_result (&self->script, "error");
  report = scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_INFO);
  replace = scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_REPLACE);
  content = g_ptr_array_index (replace->contents, 0);
  g_assert_cmpstr (jxs_element_get_namespace (content->transport), ==, NS_FAST);
  if (rejected == NULL)
    {
      scripted_action (&self->script, "y", "transport-accept", sid, CONTENT (FAST));
      scripted_expect_result (&self->script, "y");
      expect_connected (self, NS_FAST);
      return;
    }

  scripted_action (&self->script, "y", "transport-reject", sid, CONTENT (FAST));
  scripted_expect_result (&self->script, "y");
  jxs_jingle_free (scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_REPLACE));
  scripted_action (&self->script, "z", "transport-reject", sid, CONTENT (SLOW));
  scripted_expect_result (&self->script, "z");
  scripted_expect_terminate (&self->script, JXS_REASON_FAILED_TRANSPORT);
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  /* Why SOCKS5 did not work says more than that the rest was refused. */
  g_assert_nonnull (strstr (result->error->message, "address"));
}

/* What was nominated breaks under the encryption: it is nominated no more, the next one is tried.
 */
static void
test_breaks (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) transport = NULL;
  g_autofree char *used = NULL;
  GSocketConnection *connection;
  JxsCandidate *candidate;
  JxsSession *session;

  self->direct = TRUE;
  self->script.side.security.secure = FAKE_HANGS;
  transport = accept_s5b (self);
  session = get_result (self)->session;
  connection = dial (transport);
  used = g_strdup_printf (
      JINGLE ("transport-info", CONTENT (S5B ("s1", "<candidate-used cid='%s'/>"))),
      jxs_element_get_attribute (jxs_element_find_child (transport, "candidate", NULL), "cid"));
  scripted_set (&self->script, "used", used);
  scripted_expect_result (&self->script, "used");
  jxs_jingle_free (scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_INFO));
  candidate = jxs_session_get_nominated_candidate (session);
  g_assert_nonnull (candidate);
  g_assert_cmpint (jxs_candidate_get_state (candidate), ==, JXS_CANDIDATE_STATE_NOMINATED);

  self->script.side.security.secure = FAKE_WORKS;
  scripted_set (&self->script, "x", JINGLE ("transport-replace", CONTENT (SLOW)));
  scripted_expect_result (&self->script, "x");
  jxs_jingle_free (scripted_expect_action (&self->script, JXS_JINGLE_TRANSPORT_ACCEPT));
  g_assert_null (jxs_session_get_nominated_candidate (session));
  g_assert_cmpint (jxs_candidate_get_state (candidate), ==, JXS_CANDIDATE_STATE_FAILED);
  expect_closed (connection);
  expect_connected (self, NS_SLOW);
}

/* They offered, and fell silent: neither waits for ever. */
static void
test_silence (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) transport = NULL;
  guint elapsed = 0;

  self->direct = TRUE;
  transport = accept_s5b (self);
  for (; !get_result (self)->done; elapsed += 100)
    {
      g_assert_cmpuint (elapsed, <=, JXS_SESSION_CONNECT_TIMEOUT);
      advance (100);
    }
  g_assert_error (get_result (self)->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

/* -- a peer that uses up all the time that there is -- */

#define N_DAWDLERS 100
#define DAWDLER_STEP_MS 500

typedef struct
{
  Fixture *fixture;
  GRand *rand;
  char *sid;         /* of the session */
  JxsElement *ours;  /* our bytestream */
  guint16 mute_port; /* takes connections, and says nothing */
  guint n_said;
} Dawdler;

static void
dawdler_send (Dawdler *self, const char *action, const char *namespace_uri, const char *inside)
{
  g_autofree char *content =
      g_strdup_printf (CONTENT ("<transport xmlns='%s' sid='%s'>%s</transport>"),
                       namespace_uri,
                       jxs_element_get_attribute (self->ours, "sid"),
                       inside);
  g_autofree char *id = g_strdup_printf ("d%u", self->n_said++);

  scripted_action (&self->fixture->script, id, action, self->sid, content);
}

/* What Juliet said meanwhile: a new bytestream, or a proposal, to which there may be an answer. */
static void
dawdler_listen (Dawdler *self)
{
  JxsElement *stanza;

  run_until_idle ();
  while ((stanza = g_queue_pop_head (&self->fixture->script.sent)) != NULL)
    {
      g_autoptr (JxsElement) held = stanza;
      JxsElement *payload = jxs_element_get_first_child (stanza);
      g_autoptr (JxsJingle) jingle = payload != NULL ? jxs_jingle_parse (payload, NULL) : NULL;
      const JxsJingleContent *content = jingle != NULL && jingle->contents->len > 0
                                            ? g_ptr_array_index (jingle->contents, 0)
                                            : NULL;

      if (content == NULL || content->transport == NULL ||
          (jingle->action != JXS_JINGLE_TRANSPORT_ACCEPT &&
           jingle->action != JXS_JINGLE_TRANSPORT_REPLACE))
        continue;
      g_clear_pointer (&self->ours, jxs_element_unref);
      self->ours = jxs_element_ref (content->transport);
      if (jingle->action == JXS_JINGLE_TRANSPORT_REPLACE && g_rand_boolean (self->rand))
        dawdler_send (self,
                      g_rand_boolean (self->rand) ? "transport-accept" : "transport-reject",
                      jxs_element_get_namespace (self->ours),
                      "");
    }
}

static void
dawdler_speak (Dawdler *self)
{
  JxsElement *candidate = jxs_element_find_child (self->ours, "candidate", NULL);
  g_autofree char *trickle =
      g_strdup_printf ("<candidate cid='c%u' jid='" ROMEO "' host='127.0.0.%u' port='%u' "
                       "priority='%u' type='%s'/>",
                       self->n_said,
                       self->n_said % 200 + 1,
                       self->mute_port,
                       g_rand_int_range (self->rand, 1, 8000000),
                       g_rand_boolean (self->rand) ? "direct" : "proxy");
  g_autofree char *used =
      g_strdup_printf ("<candidate-used cid='%s'/>",
                       candidate != NULL ? jxs_element_get_attribute (candidate, "cid") : "?");
  const char *const infos[] = { trickle, trickle, used, "<candidate-error/>", "<proxy-error/>" };
  const char *const namespaces[] = { JXS_NS_JINGLE_S5B, NS_FAST, NS_SLOW };

  if (g_rand_int_range (self->rand, 0, 12) == 0)
    dawdler_send (self,
                  "transport-replace",
                  namespaces[g_rand_int_range (self->rand, 0, G_N_ELEMENTS (namespaces))],
                  "");
  else if (g_rand_int_range (self->rand, 0, 3) == 0)
    dawdler_send (self,
                  "transport-info",
                  JXS_NS_JINGLE_S5B,
                  infos[g_rand_int_range (self->rand, 0, G_N_ELEMENTS (infos))]);
}

static void
begin_dawdling (Dawdler *self, gboolean initiator)
{
  Scripted *script = &self->fixture->script;
  g_autoptr (JxsJingle) initiate = NULL;
  g_autofree char *inside = NULL;

  if (initiator)
    {
      self->ours = accept_s5b (self->fixture);
      self->sid = g_strdup (jxs_session_get_sid (get_result (self->fixture)->session));
      return;
    }
  side_connect (&script->side, side_create (&script->side, ROMEO, TRUE), 0, NULL);
  initiate = scripted_expect_action (script, JXS_JINGLE_SESSION_INITIATE);
  self->sid = g_strdup (initiate->sid);
  self->ours =
      jxs_element_ref (((JxsJingleContent *) g_ptr_array_index (initiate->contents, 0))->transport);
  inside = g_strdup_printf (CONTENT (DESCRIPTION "<transport xmlns='" JXS_NS_JINGLE_S5B
                                                 "' sid='%s'/>" SECURITY),
                            jxs_element_get_attribute (self->ours, "sid"));
  scripted_action (script, "accept", "session-accept", self->sid, inside);
}

/* Whatever it says, and whenever: after the time for all there is one reason why not. */
static void
test_dawdlers (gconstpointer initiator)
{
  g_autoptr (GSocketListener) mute = g_socket_listener_new ();
  const guint16 port = g_socket_listener_add_any_inet_port (mute, NULL, NULL);

  for (guint32 seed = 0; seed < N_DAWDLERS; seed++)
    {
      Fixture fixture = { .direct = TRUE };
      Dawdler dawdler = { .fixture = &fixture, .mute_port = port };
      guint elapsed = 0;
      const Result *result;

      set_up (&fixture, NULL);
      fixture.script.side.fast.connect = FAKE_HANGS;
      fixture.script.side.slow.connect = seed % 2 == 0 ? FAKE_HANGS : FAKE_WORKS;
      fixture.script.side.security.secure = FAKE_HANGS;
      dawdler.rand = g_rand_new_with_seed (seed);
      begin_dawdling (&dawdler, initiator != NULL);
      for (result = get_result (&fixture); !result->done; elapsed += DAWDLER_STEP_MS)
        {
          dawdler_listen (&dawdler);
          dawdler_speak (&dawdler);
          g_assert_cmpuint (elapsed, <=, JXS_SESSION_CONNECT_TIMEOUT);
          advance (DAWDLER_STEP_MS);
        }
      g_test_message ("%u: %u ms: %s", seed, elapsed, result->error->message);
      g_assert_error (result->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
      g_rand_free (dawdler.rand);
      g_free (dawdler.sid);
      jxs_element_unref (dawdler.ours);
      tear_down (&fixture, NULL);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_network_monitor_get_default (); /* has a socket of its own */

#define ADD(name, data, func)                                                                      \
  g_test_add ("/endpoint/s5b-sessions/" name, Fixture, data, set_up, func, tear_down)

  ADD ("replaced-by-initiator", NULL, test_replaced_by_initiator);
  ADD ("replaced-by-responder", NULL, test_replaced_by_responder);
  ADD ("replaced-by-another", NULL, test_replaced_by_another);
  ADD ("falls-back", NULL, test_falls_back);
  ADD ("falls-back/rejected", "rejected", test_falls_back);
  ADD ("silence", NULL, test_silence);
  ADD ("breaks", NULL, test_breaks);
  g_test_add_data_func ("/endpoint/s5b-sessions/dawdlers/initiator", "initiator", test_dawdlers);
  g_test_add_data_func ("/endpoint/s5b-sessions/dawdlers/responder", NULL, test_dawdlers);

  return g_test_run ();
}

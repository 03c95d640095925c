/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-run.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Many who open sessions with Juliet, each from an address of its own, are accepted, connect, and
 * then say nothing where TLS should begin. */

#define CROWD 200
/* Sessions of Juliet's: with one peer, and in all. */
#define LIMIT_OF_ONE 8
#define LIMIT 220

typedef struct
{
  HostileChannel *channels[2];
  JxsEndpoint *endpoints[2];
  guint n_accepted;    /* by Juliet */
  guint n_open;        /* bytestreams of the crowd */
  guint n_failed;      /* of those that she accepted */
  guint n_terminated;  /* of the crowd, by her */
  guint n_refused;     /* of the crowd: no room */
  JxsConnection *good; /* (owned) (nullable): Romeo's, with her */
} Fixture;

static void
accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection =
      jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (source), result, &error);

  if (connection != NULL)
    {
      g_assert_null (f->good);
      f->good = g_steal_pointer (&connection);
      return;
    }
  f->n_failed++;
  if (!g_error_matches (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY) &&
      !g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT))
    g_error ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "in time"));
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_accepted++;
  jxs_endpoint_accept_pipe_async (endpoint, session, G_PRIORITY_DEFAULT, NULL, accepted_cb, f);
}

static void
say (Fixture *f, const char *who, const char *what)
{
  g_autofree char *xml = g_strdup_printf ("<iq xmlns='jabber:client' type='set' id='%s' from='%s' "
                                          "to='juliet@capulet.lit/balcony'>%s</iq>",
                                          what[1] == 'j' ? "offer" : "open",
                                          who,
                                          what);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) stanza = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  hostile_channel_pass (f->channels[JULIET], stanza);
}

/* What Juliet says to one of the crowd. */
static void
crowd_hears (Fixture *f, JxsElement *stanza)
{
  const char *who = jxs_element_get_attribute (stanza, "to");
  const char *type = jxs_element_get_attribute (stanza, "type");
  JxsElement *jingle = jxs_element_find_child (stanza, "jingle", JXS_NS_JINGLE);
  const char *action = jingle != NULL ? jxs_element_get_attribute (jingle, "action") : NULL;
  g_autoptr (JxsElement) result = NULL;

  if (g_str_equal (type, "error"))
    {
      JxsElement *error = jxs_element_find_child (stanza, "error", NULL);

      g_assert_nonnull (
          jxs_element_find_child (error, "resource-constraint", JXS_NS_STANZA_ERRORS));
      f->n_refused++;
    }
  if (g_str_equal (type, "result") || g_str_equal (type, "error"))
    {
      f->n_open += g_str_equal (jxs_element_get_attribute (stanza, "id"), "open");
      return;
    }
  result = jxs_stanza_new_result (stanza, NULL);
  jxs_element_set_attribute (result, "from", who);
  hostile_channel_pass (f->channels[JULIET], result);
  if (g_strcmp0 (action, "session-accept") == 0)
    {
      JxsElement *content = jxs_element_find_child (jingle, "content", JXS_NS_JINGLE);
      JxsElement *transport = jxs_element_find_child (content, "transport", JXS_NS_JINGLE_IBB);
      g_autofree char *open =
          g_strdup_printf ("<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='%s' stanza='iq'/>",
                           jxs_element_get_attribute (transport, "sid"));

      say (f, who, open);
    }
  else if (g_strcmp0 (action, "session-terminate") == 0)
    f->n_terminated++;
}

static void
server_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  Fixture *f = user_data;

  if (strstr (jxs_element_get_attribute (stanza, "to"), "@crowd.lit/") != NULL)
    crowd_hears (f, stanza);
  else
    hostile_channel_pass (hostile_channel_get_other (from), stanza);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  const char *const transports[] = { "ibb", NULL };

  jxs_clock_use_fake (0);
  hostile_channel_new_pair (hostile_get_jid (ROMEO),
                            hostile_get_jid (JULIET),
                            server_cb,
                            f,
                            &f->channels[ROMEO],
                            &f->channels[JULIET]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();

      f->endpoints[i] = jxs_endpoint_new (JXS_CHANNEL (f->channels[i]),
                                          hostile_get_identity (i),
                                          JXS_TRUST (trust));
      jxs_endpoint_set_transports (f->endpoints[i], transports);
    }
  jxs_endpoint_set_limits (f->endpoints[JULIET], LIMIT_OF_ONE, LIMIT);
  g_signal_connect (f->endpoints[JULIET], "incoming", G_CALLBACK (incoming_cb), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->good);
  for (guint i = 0; i < 2; i++)
    {
      g_object_add_weak_pointer (G_OBJECT (f->endpoints[i]), (gpointer *) &f->endpoints[i]);
      g_object_unref (f->endpoints[i]);
      wait_until (f->endpoints[i] == NULL);
    }
  for (guint i = 0; i < 2; i++)
    g_clear_object (&f->channels[i]);
  settle ();
  jxs_clock_use_real ();
}

/* The numberth of them, all of one account or each of its own. */
static void
stall (Fixture *f, guint number, gboolean alone)
{
  g_autofree char *who =
      alone ? g_strdup ("one@crowd.lit/x") : g_strdup_printf ("number%u@crowd.lit/x", number);
  g_autofree char *offer =
      g_strdup_printf ("<jingle xmlns='" JXS_NS_JINGLE
                       "' action='session-initiate' sid='s%u' initiator='%s'>"
                       "<content creator='initiator' name='x'>"
                       "<description xmlns='" JXS_NS_PIPE "' service='org.example.Echo'/>"
                       "<transport xmlns='" JXS_NS_JINGLE_IBB
                       "' block-size='4096' sid='stalled%u'/>"
                       "<security xmlns='" JXS_NS_XTLS "'>"
                       "<fingerprint>428b1358a286430f628da23fb33ddaf6e474f5c5</fingerprint>"
                       "<method name='x509'/></security></content></jingle>",
                       number,
                       who,
                       number);

  say (f, who, offer);
}

static void
call_juliet (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_pipe_async (f->endpoints[ROMEO],
                                hostile_get_jid (JULIET),
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &reply);
  result = reply_wait (&reply);
  connection = jxs_endpoint_open_pipe_finish (f->endpoints[ROMEO], result, &error);
  g_assert_no_error (error);
  wait_until (f->good != NULL);
}

/* Nothing here waits for anything but the clock. */
static void
pass_second (void)
{
  if (!g_main_context_iteration (NULL, FALSE))
    jxs_clock_advance (G_USEC_PER_SEC);
}

/* Who comes after them does not wait, they are not waited for for ever, and take their leave. */
static void
test_stalled (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < CROWD; i++)
    stall (f, i, FALSE);
  wait_until (f->n_open == CROWD);
  g_assert_cmpuint (f->n_accepted, ==, CROWD);
  call_juliet (f);
  /* Not even a moment on the clock of deadlines. */
  g_assert_cmpint (jxs_clock_now (), ==, 0);
  g_assert_cmpuint (f->n_failed, ==, 0);

  while (f->n_failed < CROWD || f->n_terminated < CROWD)
    pass_second ();
  g_assert_cmpint (jxs_clock_now (), <, 120 * G_USEC_PER_SEC);
  g_assert_false (g_io_stream_is_closed (G_IO_STREAM (f->good)));
}

/* There is room for so many, and again when they are gone. */
static void
test_limit (Fixture *f, gconstpointer data)
{
  guint limit = GPOINTER_TO_UINT (data);
  gboolean alone = limit == LIMIT_OF_ONE;

  for (guint i = 0; i < limit + 10; i++)
    stall (f, i, alone);
  wait_until (f->n_refused == 10);
  g_assert_cmpuint (f->n_accepted, ==, limit);
  if (alone)
    call_juliet (f);
  while (f->n_failed < limit)
    pass_second ();
  if (!alone)
    call_juliet (f);
  g_assert_cmpuint (f->n_refused, ==, 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/endpoint/crowd/stalled", Fixture, NULL, set_up, test_stalled, tear_down);
  g_test_add (
      "/endpoint/crowd/limit", Fixture, GUINT_TO_POINTER (LIMIT), set_up, test_limit, tear_down);
  g_test_add ("/endpoint/crowd/limit-of-one",
              Fixture,
              GUINT_TO_POINTER (LIMIT_OF_ONE),
              set_up,
              test_limit,
              tear_down);
  return g_test_run ();
}

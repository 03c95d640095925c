/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "s5b-proxy.h"

/* Between the two stands a server to which the way is long, or narrow: no deadline cuts off what is
 * only slow. */

#define PROXY_JID "proxy.example.com"

typedef struct
{
  const char *name;
  guint way_ms[2];        /* of each of the two to the server */
  guint bytes_per_second; /* that each may send; 0: any */
  gboolean proxies_only;  /* for the rest it makes no difference whose way it is */
} Signalling;

static const Signalling signallings[] = {
  { "far", { 1000, 1000 }, 0, FALSE },
  { "far-initiator", { 2500, 0 }, 0, TRUE },
  { "far-responder", { 0, 2500 }, 0, TRUE },
  { "narrow", { 50, 50 }, 10000, FALSE },
};

typedef enum
{
  WAY_DIRECT,
  WAY_PROXY_OF_INITIATOR,
  WAY_PROXY_OF_RESPONDER,
  WAY_IN_BAND,
  WAY_IN_BAND_AT_LAST, /* where something answers and says nothing */
  N_WAYS,
} Way;

static const char *const way_names[N_WAYS] = {
  "direct", "proxy-of-initiator", "proxy-of-responder", "in-band", "in-band-at-last",
};

typedef struct
{
  const Signalling *signalling;
  Way way;
} Case;

typedef struct
{
  Pair pair;
  Doorman doorman;
  const Case *test;
  JxsRelayChannel *channels[2];
  gint64 free_at[2]; /* the way from there to the server */
  FakeProxy *proxy;
  GSocketListener *mute;
  guint16 mute_port;
} Fixture;

typedef struct
{
  JxsRelayChannel *to;
  JxsElement *stanza; /* (owned) */
} Delivery;

static gboolean
deliver_cb (gpointer user_data)
{
  Delivery *delivery = user_data;

  jxs_relay_channel_push (delivery->to, delivery->stanza);
  return G_SOURCE_REMOVE;
}

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  jxs_element_unref (delivery->stanza);
  g_object_unref (delivery->to);
  g_free (delivery);
}

/* stanza: (transfer full) */
static void
deliver_later (JxsRelayChannel *to, JxsElement *stanza, gint64 delay_us)
{
  g_autoptr (GSource) source = jxs_clock_timeout_new ((guint) (delay_us / 1000));
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->to = g_object_ref (to);
  delivery->stanza = stanza;
  g_source_set_callback (source, deliver_cb, delivery, delivery_free);
  g_source_attach (source, NULL);
}

/* What the proxy answers to the activation (XEP-0065 §6.3.5). */
static JxsElement *
ask_proxy (Fixture *fixture, JxsElement *iq, const char *from)
{
  JxsElement *query = jxs_element_find_child (iq, "query", JXS_NS_BYTESTREAMS);
  JxsElement *activate = jxs_element_find_child (query, "activate", JXS_NS_BYTESTREAMS);
  const char *sid = jxs_element_get_attribute (query, "sid");
  JxsElement *answer = jxs_element_new ("iq", JXS_NS_CLIENT);

  g_assert_null (fake_proxy_activate (fixture->proxy, sid, from, jxs_element_get_text (activate)));
  jxs_element_set_attribute (answer, "type", "result");
  jxs_element_set_attribute (answer, "id", jxs_element_get_attribute (iq, "id"));
  jxs_element_set_attribute (answer, "from", PROXY_JID);
  jxs_element_set_attribute (answer, "to", from);
  return answer;
}

static void
outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, Fixture *fixture)
{
  const guint who = channel == fixture->channels[JULIET];
  const Signalling *signalling = fixture->test->signalling;
  const gint64 now = jxs_clock_now ();
  gint64 delay = signalling->way_ms[who] * 1000;

  if (signalling->bytes_per_second > 0)
    {
      g_autofree char *text = jxs_element_to_string (stanza);

      fixture->free_at[who] = MAX (fixture->free_at[who], now) + (gint64) strlen (text) *
                                                                     G_USEC_PER_SEC /
                                                                     signalling->bytes_per_second;
      delay += fixture->free_at[who] - now;
    }
  if (g_strcmp0 (jxs_element_get_attribute (stanza, "to"), PROXY_JID) == 0)
    deliver_later (channel,
                   ask_proxy (fixture, stanza, jxs_jid_to_string (fixture->pair.jids[who])),
                   delay + signalling->way_ms[who] * 1000);
  else
    {
      JxsElement *copy = jxs_element_copy (stanza);

      jxs_element_set_attribute (copy, "from", jxs_jid_to_string (fixture->pair.jids[who]));
      deliver_later (fixture->channels[!who], copy, delay + signalling->way_ms[!who] * 1000);
    }
}

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, Fixture *fixture)
{
  /* TRUE: not to be offered. */
  switch (jxs_candidate_get_kind (candidate))
    {
    case JXS_CANDIDATE_KIND_DIRECT:
      return fixture->test->way != WAY_DIRECT;
    case JXS_CANDIDATE_KIND_ASSISTED:
      return jxs_candidate_get_port (candidate) != fixture->mute_port;
    case JXS_CANDIDATE_KIND_PROXY:
    case JXS_CANDIDATE_KIND_TUNNEL:
    default:
      return FALSE;
    }
}

static void
set_up_way (Fixture *fixture)
{
  g_autoptr (JxsJid) proxy = jxs_jid_new (PROXY_JID, NULL);
  const Way way = fixture->test->way;

  if (way == WAY_PROXY_OF_INITIATOR || way == WAY_PROXY_OF_RESPONDER)
    {
      fixture->proxy = fake_proxy_new ();
      jxs_endpoint_add_proxy (
          fixture->pair.endpoints[way == WAY_PROXY_OF_INITIATOR ? ROMEO : JULIET],
          proxy,
          "127.0.0.1",
          fake_proxy_get_port (fixture->proxy));
    }
  if (way == WAY_IN_BAND_AT_LAST)
    {
      g_autoptr (GError) error = NULL;

      fixture->mute = g_socket_listener_new ();
      fixture->mute_port = g_socket_listener_add_any_inet_port (fixture->mute, NULL, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < 2; i++)
        jxs_endpoint_add_external_address (fixture->pair.endpoints[i],
                                           i == 0 ? "127.0.0.1" : "127.0.0.2",
                                           fixture->mute_port);
    }
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  static const char *const transports[] = { "s5b", "ibb", NULL };

  fixture->test = data;
  jxs_clock_use_fake (0);
  hurry_start ();
  pair_init (&fixture->pair);
  for (guint i = 0; i < 2; i++)
    {
      fixture->channels[i] = jxs_relay_channel_new (fixture->pair.jids[i], TRUE);
      g_signal_connect (fixture->channels[i], "outgoing", G_CALLBACK (outgoing_cb), fixture);
      g_clear_object (&fixture->pair.endpoints[i]);
      fixture->pair.endpoints[i] = pair_new_endpoint (JXS_CHANNEL (fixture->channels[i]),
                                                      fixture->pair.identities[i],
                                                      JXS_TRUST (fixture->pair.trusts[i]));
      jxs_endpoint_set_transports (fixture->pair.endpoints[i], transports);
      g_signal_connect (fixture->pair.endpoints[i],
                        "candidate",
                        G_CALLBACK (candidate_cb),
                        fixture);
    }
  set_up_way (fixture);
  doorman_init (&fixture->doorman, fixture->pair.endpoints[JULIET]);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  doorman_clear (&fixture->doorman);
  pair_clear (&fixture->pair);
  jxs_clock_advance (10 * G_USEC_PER_SEC); /* what is still on its way arrives */
  settle ();
  for (guint i = 0; i < 2; i++)
    {
      jxs_relay_channel_close (fixture->channels[i]);
      settle ();
      g_assert_finalize_object (fixture->channels[i]);
    }
  g_clear_pointer (&fixture->proxy, fake_proxy_free);
  g_clear_object (&fixture->mute);
  hurry_stop ();
  jxs_clock_use_real ();
}

static void
test_opens (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JxsXmlStream) stream = open_stream (&fixture->pair, &fixture->doorman);
  JxsCandidate *nominated = jxs_session_get_nominated_candidate (fixture->doorman.session);
  const Way way = fixture->test->way;
  Inbox inbox;

  g_test_message ("%" G_GINT64_FORMAT " ms", jxs_clock_now () / 1000);
  g_assert_cmpstr (jxs_session_get_transport_namespace (fixture->doorman.session),
                   ==,
                   way >= WAY_IN_BAND ? JXS_NS_JINGLE_IBB : JXS_NS_JINGLE_S5B);
  if (way == WAY_DIRECT)
    g_assert_cmpint (jxs_candidate_get_kind (nominated), ==, JXS_CANDIDATE_KIND_DIRECT);
  else if (way < WAY_IN_BAND)
    g_assert_cmpint (jxs_candidate_get_kind (nominated), ==, JXS_CANDIDATE_KIND_PROXY);
  inbox_init (&inbox, fixture->doorman.stream);
  send_body (stream, "Wherefore art thou?");
  wait_until (inbox.bodies->len == 1);
  inbox_clear (&inbox);
}

int
main (int argc, char *argv[])
{
  static Case cases[G_N_ELEMENTS (signallings)][N_WAYS];

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (signallings); i++)
    for (Way way = 0; way < N_WAYS; way++)
      {
        g_autofree char *path = g_strdup_printf ("/endpoint/slow-signalling/%s/%s",
                                                 signallings[i].name,
                                                 way_names[way]);

        if (signallings[i].proxies_only && way != WAY_PROXY_OF_INITIATOR &&
            way != WAY_PROXY_OF_RESPONDER)
          continue;
        cases[i][way] = (Case){ &signallings[i], way };
        g_test_add (path, Fixture, &cases[i][way], set_up, test_opens, tear_down);
      }

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-proxies-fixture.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/stream/jxs-stanza.h>

#include "jxs-test-sockets.h"

/* XEP-0065 §4: items of the server, what each is, where the proxy is. */
static void
test_find (void)
{
  Fixture fixture;
  g_autoptr (JxsElement) iq = NULL;

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  g_assert_cmpuint (fixture.server.n_asked, ==, 1);
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  server_answer (
      &fixture.server,
      SERVER,
      JXS_NS_DISCO_ITEMS,
      ITEMS (ITEM ("rooms.montague.example") ITEM (PROXY) ITEM (PROXY) ITEM (
          "streams.montague.example") "<item/><item jid='@'/>"
                                      "<item jid='rooms.montague.example' node='x'/><jid>x</jid>"
                                      "<item xmlns='urn:example:x' jid='x.montague.example'/>"));
  /* All at once, each once. */
  g_assert_cmpuint (fixture.server.asked->len, ==, 3);
  server_answer (&fixture.server,
                 "rooms.montague.example",
                 JXS_NS_DISCO_INFO,
                 INFO ("<identity category='conference' type='text'/>"
                       "<feature var='" JXS_NS_BYTESTREAMS "'/>"));
  server_answer (&fixture.server,
                 PROXY,
                 JXS_NS_DISCO_INFO,
                 INFO ("<identity category='component' type='generic'/>" IDENTITY));
  server_answer (&fixture.server,
                 "streams.montague.example",
                 JXS_NS_DISCO_INFO,
                 INFO ("<identity category='proxy' type='sip'/>"
                       "<identity category='store' type='bytestreams'/><identity/>"
                       "<identity xmlns='urn:example:x' category='proxy' type='bytestreams'/>"));
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  g_assert_cmpuint (fixture.server.asked->len, ==, 1);
  iq = server_take (&fixture.server, PROXY, JXS_NS_BYTESTREAMS);
  g_assert_cmpstr (jxs_element_get_attribute (iq, "type"), ==, "get");
  g_assert_null (jxs_element_get_attribute (jxs_element_get_first_child (iq), "sid"));
  server_say (&fixture.server, iq, PROXY, HOSTS (HOST (PROXY, "192.0.2.1", "7625")));
  assert_found (&fixture, KNOWN);
  assert_known (&fixture, KNOWN);
  g_assert_false (jxs_s5b_proxies_is_searching (fixture.proxies));
  g_assert_cmpuint (fixture.n_changed, ==, 1);
  g_assert_cmpuint (fixture.server.n_asked, ==, 5);
  fixture_clear (&fixture);
}

/* Once an hour; what is known stays known until the next search is over. */
static void
test_cache (void)
{
  Fixture fixture;

  fixture_init (&fixture, ROMEO);
  jxs_s5b_proxies_search (fixture.proxies);
  answer_all_well (&fixture);
  g_assert_cmpuint (fixture.server.n_asked, ==, 3);
  pass (JXS_S5B_PROXIES_SECONDS * 1000 - 1);
  jxs_s5b_proxies_search (fixture.proxies);
  search (&fixture);
  assert_found (&fixture, KNOWN);
  g_assert_cmpuint (fixture.server.n_asked, ==, 3);

  pass (1);
  search (&fixture);
  assert_known (&fixture, KNOWN);
  server_answer (&fixture.server, SERVER, JXS_NS_DISCO_ITEMS, ITEMS (ITEM (PROXY)));
  server_answer (&fixture.server, PROXY, JXS_NS_DISCO_INFO, INFO (IDENTITY));
  server_answer (&fixture.server,
                 PROXY,
                 JXS_NS_BYTESTREAMS,
                 HOSTS (HOST (PROXY, "192.0.2.2", "7625")));
  assert_found (&fixture, PROXY " 192.0.2.2 7625\n");
  assert_known (&fixture, PROXY " 192.0.2.2 7625\n");

  pass (JXS_S5B_PROXIES_SECONDS * 1000);
  search (&fixture);
  server_refuse (&fixture.server, SERVER, JXS_NS_DISCO_ITEMS, "wait", "remote-server-timeout");
  assert_found (&fixture, "");
  fixture_clear (&fixture);
}

typedef struct
{
  const char *name;
  const char *items;     /* NULL: refused with the condition */
  const char *info;      /* NULL: likewise; "": not asked */
  const char *hosts;     /* likewise */
  const char *condition; /* NULL: no answer at all */
  const char *type;
} Failure;

/* XEP-0065 §4: forbidden and not-allowed; and whatever else a server may do. */
static const Failure failures[] = {
  { "items refused", NULL, "", "", "service-unavailable", "cancel" },
  { "items silent", NULL, "", "", NULL, NULL },
  { "no items", ITEMS (""), "", "", NULL, NULL },
  { "items empty", "", "", "", NULL, NULL },
  { "items of something else", INFO (ITEM (PROXY)), "", "", NULL, NULL },
  { "info refused", ITEMS (ITEM (PROXY)), NULL, "", "service-unavailable", "cancel" },
  { "info silent", ITEMS (ITEM (PROXY)), NULL, "", NULL, NULL },
  { "info empty", ITEMS (ITEM (PROXY)), "<x xmlns='urn:example:x'/>", "", NULL, NULL },
  { "info of nobody", ITEMS (ITEM (PROXY)), INFO (""), "", NULL, NULL },
  { "forbidden", ITEMS (ITEM (PROXY)), INFO (IDENTITY), NULL, "forbidden", "auth" },
  { "not-allowed", ITEMS (ITEM (PROXY)), INFO (IDENTITY), NULL, "not-allowed", "cancel" },
  { "silent", ITEMS (ITEM (PROXY)), INFO (IDENTITY), NULL, NULL, NULL },
  { "broken", ITEMS (ITEM (PROXY)), INFO (IDENTITY), NULL, "internal-server-error", "wait" },
  { "nowhere", ITEMS (ITEM (PROXY)), INFO (IDENTITY), HOSTS (""), NULL, NULL },
  { "nothing", ITEMS (ITEM (PROXY)), INFO (IDENTITY), "<x xmlns='urn:example:x'/>", NULL, NULL },
  { "no host",
    ITEMS (ITEM (PROXY)),
    INFO (IDENTITY),
    HOSTS ("<streamhost jid='" PROXY "' port='1'/>"),
    NULL,
    NULL },
  { "port 0",
    ITEMS (ITEM (PROXY)),
    INFO (IDENTITY),
    HOSTS (HOST (PROXY, "192.0.2.1", "0")),
    NULL,
    NULL },
  { "no name",
    ITEMS (ITEM (PROXY)),
    INFO (IDENTITY),
    HOSTS (HOST (PROXY, "192.0.2.1:80/x", "1080")),
    NULL,
    NULL },
  { "no jid",
    ITEMS (ITEM (PROXY)),
    INFO (IDENTITY),
    HOSTS (HOST ("@", "192.0.2.1", "1080")),
    NULL,
    NULL },
};

/* Each step takes its time, and no more than that. TRUE: it was answered well. */
static gboolean
fail_step (Fixture *fixture,
           const Failure *failure,
           const char *who,
           const char *namespace_uri,
           const char *payload)
{
  if (payload != NULL)
    server_answer (&fixture->server, who, namespace_uri, payload);
  else if (failure->condition != NULL)
    server_refuse (&fixture->server, who, namespace_uri, failure->type, failure->condition);
  else
    {
      pass (JXS_S5B_PROXIES_TIMEOUT_MS - 1);
      g_assert_true (jxs_s5b_proxies_is_searching (fixture->proxies));
      pass (1);
      jxs_element_unref (server_take (&fixture->server, who, namespace_uri));
    }
  return payload != NULL;
}

static void
test_failures (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      const Failure *failure = &failures[i];
      Fixture fixture;

      g_test_message ("%s", failure->name);
      fixture_init (&fixture, ROMEO);
      search (&fixture);
      if (fail_step (&fixture, failure, SERVER, JXS_NS_DISCO_ITEMS, failure->items) &&
          g_strcmp0 (failure->info, "") != 0 &&
          fail_step (&fixture, failure, PROXY, JXS_NS_DISCO_INFO, failure->info) &&
          g_strcmp0 (failure->hosts, "") != 0)
        fail_step (&fixture, failure, PROXY, JXS_NS_BYTESTREAMS, failure->hosts);
      g_assert_cmpuint (fixture.server.asked->len, ==, 0);
      assert_found (&fixture, "");
      g_assert_cmpuint (fixture.n_changed, ==, 1);

      /* Nobody is asked again for a minute. */
      pass (JXS_S5B_PROXIES_RETRY_SECONDS * 1000 - 1);
      search (&fixture);
      assert_found (&fixture, "");
      g_assert_cmpuint (fixture.server.asked->len, ==, 0);
      pass (1);
      search (&fixture);
      answer_all_well (&fixture);
      assert_found (&fixture, KNOWN);
      fixture_clear (&fixture);
    }
}

/* A fast proxy need not wait for a slow one, nor for who never answers. */
static void
test_trickle (void)
{
  Fixture fixture;

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  server_answer (&fixture.server,
                 SERVER,
                 JXS_NS_DISCO_ITEMS,
                 ITEMS (ITEM ("slow.example") ITEM (PROXY) ITEM ("dead.example")));
  server_answer (&fixture.server, PROXY, JXS_NS_DISCO_INFO, INFO (IDENTITY));
  server_answer (&fixture.server,
                 PROXY,
                 JXS_NS_BYTESTREAMS,
                 HOSTS (HOST (PROXY, "192.0.2.1", "7625")));
  assert_known (&fixture, KNOWN);
  g_assert_cmpuint (fixture.n_changed, ==, 1);
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  pass (4000);
  server_answer (&fixture.server, "slow.example", JXS_NS_DISCO_INFO, INFO (IDENTITY));
  pass (1000); /* the dead one's time is up */
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  pass (3000);
  server_answer (&fixture.server,
                 "slow.example",
                 JXS_NS_BYTESTREAMS,
                 HOSTS (HOST ("slow.example/now", "RELAY.Slow.Example", "1080")
                            HOST ("slow.example", "192.0.2.1", "7625")));
  assert_found (&fixture, KNOWN "slow.example/now relay.slow.example 1080\n");
  g_assert_cmpuint (fixture.n_changed, ==, 2);
  fixture_clear (&fixture);
}

/* Those of the user come first, are believed, and are not asked twice. */
static void
test_configured (void)
{
  Fixture fixture;
  g_autoptr (JxsJid) here = make_jid ("here.example");
  g_autoptr (JxsJid) there = make_jid ("there.example");
  g_autoptr (JxsJid) proxy = make_jid (PROXY);

  fixture_init (&fixture, ROMEO);
  g_assert_false (jxs_s5b_proxies_add (fixture.proxies, here, "no host", 1080));
  g_assert_false (jxs_s5b_proxies_add (fixture.proxies, here, "", 1080));
  g_assert_cmpuint (fixture.n_changed, ==, 0);
  g_assert_true (jxs_s5b_proxies_add (fixture.proxies, here, "[2001:DB8::1]", 1080));
  g_assert_cmpuint (fixture.n_changed, ==, 1);
  g_assert_true (jxs_s5b_proxies_add (fixture.proxies, there, NULL, 0));
  jxs_s5b_proxies_set_discover (fixture.proxies, FALSE);
  assert_known (&fixture, "here.example 2001:db8::1 1080\n");
  g_assert_cmpuint (fixture.server.n_asked, ==, 0);

  search (&fixture);
  g_assert_cmpuint (fixture.server.n_asked, ==, 1);
  server_answer (&fixture.server,
                 "there.example",
                 JXS_NS_BYTESTREAMS,
                 HOSTS (HOST ("there.example", "2001:db8:0::1", "1080")
                            HOST ("there.example", "192.0.2.3", "1080")));
  assert_found (&fixture, "here.example 2001:db8::1 1080\nthere.example 192.0.2.3 1080\n");

  /* Another look once more is asked for. */
  jxs_s5b_proxies_set_discover (fixture.proxies, TRUE);
  jxs_s5b_proxies_set_discover (fixture.proxies, TRUE);
  g_assert_true (jxs_s5b_proxies_add (fixture.proxies, proxy, "192.0.2.9", 9));
  search (&fixture);
  server_answer (&fixture.server,
                 SERVER,
                 JXS_NS_DISCO_ITEMS,
                 ITEMS (ITEM (PROXY) ITEM ("there.example")));
  g_assert_cmpuint (fixture.server.asked->len, ==, 1);
  server_refuse (&fixture.server, "there.example", JXS_NS_BYTESTREAMS, "auth", "forbidden");
  assert_found (&fixture, "here.example 2001:db8::1 1080\n" PROXY " 192.0.2.9 9\n");

  /* Nothing is asked where nobody is to be asked. */
  g_assert_finalize_object (fixture.proxies);
  fixture.proxies = jxs_s5b_proxies_new (fixture.server.router);
  jxs_s5b_proxies_set_discover (fixture.proxies, FALSE);
  g_assert_true (jxs_s5b_proxies_add (fixture.proxies, here, "relay.example", 1080));
  search (&fixture);
  assert_found (&fixture, "here.example relay.example 1080\n");
  g_assert_false (jxs_s5b_proxies_is_searching (fixture.proxies));
  g_assert_cmpuint (fixture.server.asked->len, ==, 0);
  fixture_clear (&fixture);
}

/* One more is configured while the others are being asked: the search begins anew. */
static void
test_configured_meanwhile (void)
{
  Fixture fixture;
  g_autoptr (JxsJid) there = make_jid ("there.example");
  g_autoptr (JxsElement) stale = NULL;

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  stale = server_take (&fixture.server, SERVER, JXS_NS_DISCO_ITEMS);
  jxs_s5b_proxies_add (fixture.proxies, there, NULL, 0);
  server_say (&fixture.server, stale, SERVER, ITEMS (ITEM ("old.example")));
  g_assert_false (server_is_asked (&fixture.server, "old.example", JXS_NS_DISCO_INFO));
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  server_answer (&fixture.server,
                 "there.example",
                 JXS_NS_BYTESTREAMS,
                 HOSTS (HOST ("there.example", "192.0.2.3", "1080")));
  answer_all_well (&fixture);
  assert_found (&fixture, "there.example 192.0.2.3 1080\n" KNOWN);

  /* Or nobody is to be asked any more. */
  pass (JXS_S5B_PROXIES_SECONDS * 1000);
  g_assert_finalize_object (fixture.proxies);
  fixture.proxies = jxs_s5b_proxies_new (fixture.server.router);
  search (&fixture);
  jxs_s5b_proxies_set_discover (fixture.proxies, FALSE);
  drain ();
  assert_found (&fixture, "");
  fixture_clear (&fixture);
}

/* More than anybody needs, or can show. */
static void
test_limits (void)
{
  Fixture fixture;
  g_autoptr (GString) items = g_string_new ("<query xmlns='" JXS_NS_DISCO_ITEMS "'>");
  g_autoptr (GString) hosts = g_string_new ("<query xmlns='" JXS_NS_BYTESTREAMS "'>");
  g_autofree char *name = g_strnfill (5000, 'x');

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (items, "<item jid='p%u.example'/>", i);
  g_string_append (items, "</query>");
  server_answer (&fixture.server, SERVER, JXS_NS_DISCO_ITEMS, items->str);
  g_assert_cmpuint (fixture.server.asked->len, ==, JXS_S5B_PROXIES_MAX_ITEMS);

  g_string_append_printf (hosts, "<streamhost jid='p.example' host='%s' port='1'/>", name);
  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (hosts,
                            "<streamhost jid='p.example' host='192.0.2.HOST' port='%u'/>",
                            i + 1);
  g_string_append (hosts, "</query>");
  for (guint i = 0; i < JXS_S5B_PROXIES_MAX_ITEMS; i++)
    {
      g_autofree char *who = g_strdup_printf ("p%u.example", i);
      g_autofree char *number = g_strdup_printf ("%u", i);
      g_autoptr (GString) own = g_string_new (hosts->str);

      g_string_replace (own, "HOST", number, 0);
      server_answer (&fixture.server, who, JXS_NS_DISCO_INFO, INFO (IDENTITY));
      server_answer (&fixture.server, who, JXS_NS_BYTESTREAMS, own->str);
      /* None takes the place of all the others. */
      g_assert_cmpuint (jxs_s5b_proxies_peek (fixture.proxies)->len,
                        ==,
                        MIN ((i + 1) * JXS_S5B_PROXIES_MAX_HOSTS, JXS_S5B_PROXIES_MAX));
    }
  g_assert_false (jxs_s5b_proxies_is_searching (fixture.proxies));
  /* Only who brought something new was told of. */
  g_assert_cmpuint (fixture.n_changed, ==, JXS_S5B_PROXIES_MAX / JXS_S5B_PROXIES_MAX_HOSTS + 1);

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *who = g_strdup_printf ("c%u.example", i);
      g_autoptr (JxsJid) jid = make_jid (who);

      jxs_s5b_proxies_add (fixture.proxies, jid, who, 1080);
    }
  g_assert_cmpuint (jxs_s5b_proxies_peek (fixture.proxies)->len, ==, JXS_S5B_PROXIES_MAX);
  fixture_clear (&fixture);
}

/* Only who was asked can answer (RFC 6120 §8.1.2.1). */
static void
test_wrong_sender (void)
{
  Fixture fixture;
  g_autoptr (JxsElement) items = NULL;
  g_autoptr (JxsElement) info = NULL;
  g_autoptr (JxsElement) hosts = NULL;

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  items = server_take (&fixture.server, SERVER, JXS_NS_DISCO_ITEMS);
  server_say (&fixture.server, items, "evil.example", ITEMS (ITEM ("evil.example")));
  g_assert_cmpuint (fixture.server.asked->len, ==, 0);
  server_say (&fixture.server, items, SERVER, ITEMS (ITEM (PROXY)));
  info = server_take (&fixture.server, PROXY, JXS_NS_DISCO_INFO);
  server_say (&fixture.server, info, SERVER, INFO (IDENTITY));
  g_assert_cmpuint (fixture.server.asked->len, ==, 0);
  server_say (&fixture.server, info, PROXY, INFO (IDENTITY));
  hosts = server_take (&fixture.server, PROXY, JXS_NS_BYTESTREAMS);
  server_say (&fixture.server, hosts, JULIET, HOSTS (HOST (PROXY, "192.0.2.66", "1080")));
  assert_known (&fixture, "");
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  /* The first one counts. */
  server_say (&fixture.server, hosts, PROXY, HOSTS (HOST (PROXY, "192.0.2.1", "7625")));
  server_say (&fixture.server, hosts, PROXY, HOSTS (HOST (PROXY, "192.0.2.66", "1080")));
  assert_found (&fixture, KNOWN);
  fixture_clear (&fixture);
}

/* A peer may call any place our proxy. */
static void
test_knows (void)
{
  Fixture fixture;
  g_autoptr (JxsJid) proxy = make_jid (PROXY);
  g_autoptr (JxsJid) other = make_jid ("other.example");
  g_autoptr (JxsJid) here = make_jid ("here.example");

  fixture_init (&fixture, ROMEO);
  g_assert_false (jxs_s5b_proxies_knows (fixture.proxies, proxy, "192.0.2.1", 7625));
  jxs_s5b_proxies_search (fixture.proxies);
  answer_all_well (&fixture);
  g_assert_true (jxs_s5b_proxies_add (fixture.proxies, here, "2001:db8::1", 1080));
  g_assert_true (jxs_s5b_proxies_knows (fixture.proxies, proxy, "192.0.2.1", 7625));
  g_assert_true (jxs_s5b_proxies_knows (fixture.proxies, other, "192.0.2.1", 7625));
  g_assert_true (jxs_s5b_proxies_knows (fixture.proxies, other, "[2001:DB8:0::1]", 1080));
  g_assert_false (jxs_s5b_proxies_knows (fixture.proxies, proxy, "192.0.2.1", 7626));
  g_assert_false (jxs_s5b_proxies_knows (fixture.proxies, proxy, "192.0.2.66", 7625));
  g_assert_false (jxs_s5b_proxies_knows (fixture.proxies, proxy, "no host", 7625));
  g_assert_true (jxs_s5b_proxies_knows (fixture.proxies, proxy, NULL, 0));
  g_assert_false (jxs_s5b_proxies_knows (fixture.proxies, other, NULL, 0));
  fixture_clear (&fixture);
}

/* A channel without a server: no harm, and no waiting. */
static void
test_no_server (void)
{
  g_autoptr (JxsJid) romeo = make_jid (ROMEO);
  g_autoptr (JxsJid) juliet = make_jid (JULIET);
  JxsLoopbackChannel *channel;
  g_autoptr (JxsLoopbackChannel) other = NULL;
  JxsRouter *router;
  Fixture fixture = { 0 };

  jxs_clock_use_fake (0);
  jxs_loopback_channel_new_pair (romeo, juliet, &channel, &other);
  router = jxs_router_get (JXS_CHANNEL (channel));
  fixture.proxies = jxs_s5b_proxies_new (router);
  search (&fixture);
  assert_found (&fixture, "");
  g_assert_finalize_object (fixture.proxies);
  g_assert_finalize_object (router);
  g_assert_finalize_object (channel);
  jxs_clock_use_real ();
}

static void
activate (Fixture *fixture, GCancellable *cancellable, GAsyncResult **result)
{
  g_autoptr (JxsJid) proxy = make_jid (PROXY);
  g_autoptr (JxsJid) peer = make_jid (JULIET);

  jxs_s5b_proxies_activate_async (
      fixture->proxies, proxy, "vj3hs98y", peer, cancellable, jxs_test_keep_result, result);
  drain ();
}

static void
assert_not_activated (Fixture *fixture, GAsyncResult **result, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (*result);
  g_assert_false (jxs_s5b_proxies_activate_finish (fixture->proxies, *result, &error));
  g_assert_error (error, domain, code);
  g_clear_object (result);
}

/* XEP-0065 §6.3.5 */
static void
test_activate (void)
{
  static const struct
  {
    const char *type;
    const char *condition;
    JxsStanzaError code;
  } refusals[] = {
    { "cancel", "item-not-found", JXS_STANZA_ERROR_ITEM_NOT_FOUND },
    { "cancel", "not-allowed", JXS_STANZA_ERROR_NOT_ALLOWED },
    { "auth", "not-authorized", JXS_STANZA_ERROR_NOT_AUTHORIZED },
    { "wait", "internal-server-error", JXS_STANZA_ERROR_INTERNAL_SERVER_ERROR },
    { "auth", "forbidden", JXS_STANZA_ERROR_FORBIDDEN },
  };
  Fixture fixture;
  GAsyncResult *result = NULL;
  g_autoptr (JxsElement) iq = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, ROMEO);
  activate (&fixture, cancellable, &result);
  iq = server_take (&fixture.server, PROXY, JXS_NS_BYTESTREAMS);
  g_assert_cmpstr (jxs_element_get_attribute (iq, "type"), ==, "set");
  text = jxs_element_to_string (jxs_element_get_first_child (iq));
  g_assert_cmpstr (text,
                   ==,
                   "<query xmlns='" JXS_NS_BYTESTREAMS "' sid='vj3hs98y'>"
                   "<activate>" JULIET "</activate></query>");
  /* The peer cannot say it in the proxy's place. */
  server_say (&fixture.server, iq, JULIET, "");
  g_assert_null (result);
  server_say (&fixture.server, iq, PROXY, "");
  g_assert_nonnull (result);
  g_assert_true (jxs_s5b_proxies_activate_finish (fixture.proxies, result, &error));
  g_assert_no_error (error);
  g_clear_object (&result);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      activate (&fixture, NULL, &result);
      server_refuse (
          &fixture.server, PROXY, JXS_NS_BYTESTREAMS, refusals[i].type, refusals[i].condition);
      assert_not_activated (&fixture, &result, JXS_STANZA_ERROR, (int) refusals[i].code);
    }

  activate (&fixture, NULL, &result);
  pass (JXS_ROUTER_DEFAULT_TIMEOUT_MS - 1);
  g_assert_null (result);
  pass (1);
  assert_not_activated (&fixture, &result, JXS_ERROR, JXS_ERROR_TIMED_OUT);

  activate (&fixture, cancellable, &result);
  g_cancellable_cancel (cancellable);
  drain ();
  assert_not_activated (&fixture, &result, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  activate (&fixture, cancellable, &result);
  assert_not_activated (&fixture, &result, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  activate (&fixture, NULL, &result);
  server_close (&fixture.server);
  assert_not_activated (&fixture, &result, JXS_ERROR, JXS_ERROR_CLOSED);
  activate (&fixture, NULL, &result);
  assert_not_activated (&fixture, &result, JXS_ERROR, JXS_ERROR_CLOSED);
  fixture_clear (&fixture);
}

/* One that does not work is asked for again soon, but not by each who fails. */
static void
test_doubt (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fixture_init (&fixture, ROMEO);
  jxs_s5b_proxies_search (fixture.proxies);
  answer_all_well (&fixture);
  activate (&fixture, cancellable, &result);
  g_cancellable_cancel (cancellable);
  drain ();
  g_clear_object (&result);
  pass (JXS_S5B_PROXIES_RETRY_SECONDS * 1000);
  jxs_s5b_proxies_search (fixture.proxies);
  g_assert_false (jxs_s5b_proxies_is_searching (fixture.proxies));

  for (guint i = 0; i < 2; i++)
    {
      activate (&fixture, NULL, &result);
      if (i == 0) /* the one that was given up */
        jxs_element_unref (server_take (&fixture.server, PROXY, JXS_NS_BYTESTREAMS));
      server_refuse (&fixture.server, PROXY, JXS_NS_BYTESTREAMS, "cancel", "item-not-found");
      g_clear_object (&result);
      jxs_s5b_proxies_search (fixture.proxies);
      g_assert_false (jxs_s5b_proxies_is_searching (fixture.proxies));
      pass (JXS_S5B_PROXIES_RETRY_SECONDS * 500);
    }
  assert_known (&fixture, KNOWN);
  jxs_s5b_proxies_search (fixture.proxies);
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/s5b-proxies/find", test_find);
  g_test_add_func ("/transports/s5b-proxies/cache", test_cache);
  g_test_add_func ("/transports/s5b-proxies/failures", test_failures);
  g_test_add_func ("/transports/s5b-proxies/trickle", test_trickle);
  g_test_add_func ("/transports/s5b-proxies/configured", test_configured);
  g_test_add_func ("/transports/s5b-proxies/configured-meanwhile", test_configured_meanwhile);
  g_test_add_func ("/transports/s5b-proxies/limits", test_limits);
  g_test_add_func ("/transports/s5b-proxies/wrong-sender", test_wrong_sender);
  g_test_add_func ("/transports/s5b-proxies/knows", test_knows);
  g_test_add_func ("/transports/s5b-proxies/no-server", test_no_server);
  g_test_add_func ("/transports/s5b-proxies/activate", test_activate);
  g_test_add_func ("/transports/s5b-proxies/doubt", test_doubt);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-proxies-fixture.h"

static void
test_sharing (void)
{
  Fixture fixture;

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  search (&fixture);
  g_assert_cmpuint (fixture.server.n_asked, ==, 1);
  answer_all_well (&fixture);
  assert_found (&fixture, KNOWN);
  search (&fixture);
  g_assert_cmpuint (fixture.server.n_asked, ==, 3);
  fixture_clear (&fixture);
}

/* Who waits for the end of the search hears of it. */
static void
test_given_up (void)
{
  Fixture fixture;

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  jxs_s5b_proxies_set_discover (fixture.proxies, FALSE);
  g_assert_cmpuint (fixture.n_changed, ==, 1);
  assert_found (&fixture, "");
  fixture_clear (&fixture);
}

/* The proxies are those of the account's server. */
static void
test_accounts (void)
{
  Fixture fixture;
  g_autoptr (JxsElement) late = NULL;
  g_autoptr (JxsJid) here = make_jid ("here.example");
  g_autoptr (JxsJid) proxy = make_jid (PROXY);

  /* Nobody yet: nobody is asked, and the first look is not lost. */
  fixture_init (&fixture, NULL);
  g_assert_true (jxs_s5b_proxies_add (fixture.proxies, here, "192.0.2.9", 9));
  jxs_s5b_proxies_search (fixture.proxies);
  search (&fixture);
  assert_found (&fixture, "here.example 192.0.2.9 9\n");
  g_assert_cmpuint (fixture.server.n_asked, ==, 0);
  server_set_jid (&fixture.server, ROMEO);
  search (&fixture);
  answer_all_well (&fixture);
  assert_found (&fixture, "here.example 192.0.2.9 9\n" KNOWN);

  /* The same one on another device, and away for a while. */
  server_set_jid (&fixture.server, "romeo@montague.example/phone");
  search (&fixture);
  assert_found (&fixture, "here.example 192.0.2.9 9\n" KNOWN);
  server_set_jid (&fixture.server, NULL);
  assert_known (&fixture, "here.example 192.0.2.9 9\n" KNOWN);
  g_assert_cmpuint (fixture.server.asked->len, ==, 0);

  /* Somebody else. */
  server_set_jid (&fixture.server, JULIET);
  g_assert_false (jxs_s5b_proxies_knows (fixture.proxies, proxy, "192.0.2.1", 7625));
  assert_known (&fixture, "here.example 192.0.2.9 9\n");
  search (&fixture);
  g_assert_true (server_is_asked (&fixture.server, "capulet.example", JXS_NS_DISCO_ITEMS));

  /* And somebody else again, in the middle of it. */
  late = server_take (&fixture.server, "capulet.example", JXS_NS_DISCO_ITEMS);
  server_set_jid (&fixture.server, ROMEO);
  server_say (&fixture.server, late, "capulet.example", ITEMS (ITEM ("proxy.capulet.example")));
  g_assert_false (server_is_asked (&fixture.server, "proxy.capulet.example", JXS_NS_DISCO_INFO));
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  answer_all_well (&fixture);
  assert_found (&fixture, "here.example 192.0.2.9 9\n" KNOWN);
  fixture_clear (&fixture);
}

/* The end of everything at any step. */
static void
test_dropped (void)
{
  for (guint step = 0; step < 8; step++)
    {
      Fixture fixture;

      fixture_init (&fixture, ROMEO);
      jxs_s5b_proxies_search (fixture.proxies);
      if (step % 4 >= 1)
        server_answer (&fixture.server, SERVER, JXS_NS_DISCO_ITEMS, ITEMS (ITEM (PROXY)));
      if (step % 4 >= 2)
        server_answer (&fixture.server, PROXY, JXS_NS_DISCO_INFO, INFO (IDENTITY));
      if (step % 4 >= 3)
        server_answer (&fixture.server,
                       PROXY,
                       JXS_NS_BYTESTREAMS,
                       HOSTS (HOST (PROXY, "192.0.2.1", "7625")));
      if (step < 4)
        {
          fixture_clear (&fixture);
          continue;
        }
      /* The connection is lost instead. */
      search (&fixture);
      server_close (&fixture.server);
      assert_found (&fixture, step % 4 == 3 ? KNOWN : "");
      fixture_clear (&fixture);
    }
}

static void
test_disposed (void)
{
  Fixture fixture;

  fixture_init (&fixture, ROMEO);
  search (&fixture);
  g_object_run_dispose (G_OBJECT (fixture.proxies));
  drain ();
  g_assert_false (jxs_s5b_proxies_is_searching (fixture.proxies));
  fixture_clear (&fixture);
}

static void
drop_cb (JxsS5bProxies *proxies, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_signal_handlers_disconnect_by_func (proxies, drop_cb, user_data);
  g_clear_object (&fixture->proxies);
}

static void
add_cb (JxsS5bProxies *proxies, gpointer user_data)
{
  g_autoptr (JxsJid) jid = make_jid ("late.example");

  g_signal_handlers_disconnect_by_func (proxies, add_cb, user_data);
  jxs_s5b_proxies_add (proxies, jid, NULL, 0);
  jxs_s5b_proxies_search (proxies);
}

/* Whoever hears of a change may do anything. */
static void
test_reentered (void)
{
  Fixture fixture;

  for (guint i = 0; i < 2; i++)
    {
      fixture_init (&fixture, ROMEO);
      g_signal_connect (fixture.proxies, "changed", G_CALLBACK (drop_cb), &fixture);
      jxs_s5b_proxies_search (fixture.proxies);
      if (i == 0)
        answer_all_well (&fixture);
      else
        {
          server_answer (&fixture.server,
                         SERVER,
                         JXS_NS_DISCO_ITEMS,
                         ITEMS (ITEM (PROXY) ITEM ("dead.example")));
          server_answer (&fixture.server, PROXY, JXS_NS_DISCO_INFO, INFO (IDENTITY));
          server_answer (&fixture.server,
                         PROXY,
                         JXS_NS_BYTESTREAMS,
                         HOSTS (HOST (PROXY, "192.0.2.1", "7625")));
        }
      g_assert_null (fixture.proxies);
      server_clear (&fixture.server);
    }

  fixture_init (&fixture, ROMEO);
  g_signal_connect (fixture.proxies, "changed", G_CALLBACK (add_cb), NULL);
  search (&fixture);
  answer_all_well (&fixture);
  assert_known (&fixture, KNOWN);
  g_assert_true (jxs_s5b_proxies_is_searching (fixture.proxies));
  server_answer (&fixture.server,
                 "late.example",
                 JXS_NS_BYTESTREAMS,
                 HOSTS (HOST ("late.example", "192.0.2.4", "1080")));
  answer_all_well (&fixture);
  assert_found (&fixture, "late.example 192.0.2.4 1080\n" KNOWN);
  fixture_clear (&fixture);
}

static void
stop_cb (gpointer iq, gpointer user_data)
{
  Fixture *fixture = user_data;

  if (server_is_asked (&fixture->server, "second.example", JXS_NS_DISCO_INFO))
    jxs_s5b_proxies_set_discover (fixture->proxies, FALSE);
}

/* As may a channel of the application's, in the middle of the questions. */
static void
test_stopped_while_asking (void)
{
  Fixture fixture;

  fixture_init (&fixture, ROMEO);
  fixture.server.sending = stop_cb;
  fixture.server.sending_data = &fixture;
  search (&fixture);
  server_answer (&fixture.server,
                 SERVER,
                 JXS_NS_DISCO_ITEMS,
                 ITEMS (ITEM ("first.example") ITEM ("second.example") ITEM ("third.example")));
  g_assert_true (server_is_asked (&fixture.server, "first.example", JXS_NS_DISCO_INFO));
  g_assert_false (server_is_asked (&fixture.server, "third.example", JXS_NS_DISCO_INFO));
  assert_found (&fixture, "");
  server_answer (&fixture.server, "first.example", JXS_NS_DISCO_INFO, INFO (IDENTITY));
  g_assert_cmpuint (fixture.server.asked->len, ==, 1);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/s5b-proxies-life/sharing", test_sharing);
  g_test_add_func ("/transports/s5b-proxies-life/given-up", test_given_up);
  g_test_add_func ("/transports/s5b-proxies-life/accounts", test_accounts);
  g_test_add_func ("/transports/s5b-proxies-life/dropped", test_dropped);
  g_test_add_func ("/transports/s5b-proxies-life/disposed", test_disposed);
  g_test_add_func ("/transports/s5b-proxies-life/reentered", test_reentered);
  g_test_add_func ("/transports/s5b-proxies-life/stopped-while-asking", test_stopped_while_asking);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-service-fixture.h"

#include <jxs-glib/jingle/jxs-candidate-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define DIRECT (126 * 65536)
#define TUNNEL (110 * 65536)
#define PROXY (10 * 65536)

/* XEP-0260 §2.2: each with the port of its family, by kind, families in turns. */
static void
test_order (void)
{
  static const char *const addresses[] = {
    "192.0.2.1",   "192.0.2.2",    "2001:db8::1", "2001:db8::2",
    "2001:db8::3", "tun:10.8.0.2", "tun:fd00::2", NULL,
  };
  static const guint even[] = { DIRECT + 65534, DIRECT + 65532, DIRECT + 65530, DIRECT + 65528,
                                DIRECT + 65526, TUNNEL + 65534, TUNNEL + 65532, PROXY + 65534 };
  static const guint odd[] = { DIRECT + 65535, DIRECT + 65533, DIRECT + 65531, DIRECT + 65529,
                               DIRECT + 65527, TUNNEL + 65535, TUNNEL + 65533, PROXY + 65535 };
  Fixture fixture;
  guint id;
  g_autoptr (GPtrArray) candidates = NULL;

  fixture_init (&fixture, addresses);
  add_proxy (&fixture, "relay.example");
  id = begin (&fixture, TRUE);
  assert_gather (&fixture,
                 id,
                 "direct 192.0.2.1 4000\ndirect 2001:db8::1 6000\ndirect 192.0.2.2 4000\n"
                 "direct 2001:db8::2 6000\ndirect 2001:db8::3 6000\n"
                 "tunnel 10.8.0.2 4000\ntunnel fd00::2 6000\nproxy relay.example 1080\n");
  /* Each once. */
  assert_gather (&fixture, id, "");
  jxs_s5b_service_end (fixture.service, id);
  assert_priorities (&fixture, TRUE, even, G_N_ELEMENTS (even));
  assert_priorities (&fixture, FALSE, odd, G_N_ELEMENTS (odd));

  /* Who is there: we, or the proxy. Nothing changes once it was given. */
  id = begin (&fixture, TRUE);
  candidates = jxs_s5b_service_gather (fixture.service, id);
  g_assert_cmpstr (jxs_jid_to_string (jxs_candidate_get_jid (g_ptr_array_index (candidates, 0))),
                   ==,
                   ROMEO);
  g_assert_cmpstr (jxs_jid_to_string (jxs_candidate_get_jid (g_ptr_array_index (candidates, 7))),
                   ==,
                   "proxy.example");
  jxs_candidate_set_priority (g_ptr_array_index (candidates, 0), 7);
  g_assert_cmpuint (jxs_candidate_get_priority (g_ptr_array_index (candidates, 0)), ==, even[0]);
  fixture_clear (&fixture);
}

static void
test_families (void)
{
  static const char *const addresses[] = { "2001:db8::1", "2001:db8::2", "192.0.2.1", NULL };
  Fixture fixture;

  fixture_init (&fixture, addresses);
  assert_gather (&fixture,
                 begin (&fixture, TRUE),
                 "direct 2001:db8::1 6000\ndirect 192.0.2.1 4000\ndirect 2001:db8::2 6000\n");
  fakes.port6 = 0;
  assert_gather (&fixture, begin (&fixture, TRUE), "direct 192.0.2.1 4000\n");
  fakes.port6 = 6000;
  fakes.port4 = 0;
  assert_gather (&fixture,
                 begin (&fixture, TRUE),
                 "direct 2001:db8::1 6000\ndirect 2001:db8::2 6000\n");
  /* Nobody can connect to us; relays and the peer's candidates are left. */
  fakes.port6 = 0;
  fakes.need_mapping = TRUE;
  add_proxy (&fixture, "192.0.2.9");
  g_assert_true (jxs_s5b_service_add_external (fixture.service, "198.51.100.1", 0));
  assert_gather (&fixture, begin (&fixture, TRUE), "proxy 192.0.2.9 1080\n");
  g_assert_cmpuint (fakes.n_holds, ==, 0);
  fixture_clear (&fixture);
}

/* XEP-0260 §6.1: who may know where we are. */
static void
test_policy (void)
{
  static const char *const addresses[] = { "192.0.2.1", "tun:10.8.0.2", NULL };
  static const struct
  {
    JxsAddressPolicy policy;
    gboolean direct;
  } rows[] = {
    { JXS_ADDRESS_POLICY_ALL, TRUE },
    { JXS_ADDRESS_POLICY_RELAY_ONLY, FALSE },
    { JXS_ADDRESS_POLICY_ASK, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Fixture fixture;
      guint id;

      fixture_init (&fixture, addresses);
      fakes.need_mapping = TRUE;
      fixture.policy = rows[i].policy;
      add_proxy (&fixture, "relay.example");
      g_assert_true (jxs_s5b_service_add_external (fixture.service, "198.51.100.1", 5000));
      id = begin (&fixture, TRUE);
      g_assert_cmpint (jxs_s5b_service_is_direct (fixture.service, id), ==, rows[i].direct);
      assert_gather (&fixture,
                     id,
                     rows[i].direct ? "direct 192.0.2.1 4000\nassisted 198.51.100.1 5000\n"
                                      "tunnel 10.8.0.2 4000\nproxy relay.example 1080\n"
                                    : "proxy relay.example 1080\n");
      g_assert_cmpuint (fakes.n_holds, ==, rows[i].direct);
      g_assert_cmpint (jxs_s5b_service_is_gathering (fixture.service, id), ==, rows[i].direct);

      /* What was decided when it began stays. */
      fixture.policy = JXS_ADDRESS_POLICY_ALL;
      g_assert_cmpint (jxs_s5b_service_is_direct (fixture.service, id), ==, rows[i].direct);
      assert_gather (&fixture, id, "");
      if (!rows[i].direct)
        {
          /* A mapping that somebody else needs is none of theirs. */
          guint other = begin (&fixture, TRUE);

          g_assert_false (jxs_s5b_service_is_gathering (fixture.service, id));
          fakes_settle ("203.0.113.1", 7000);
          assert_gather (&fixture, id, "");
          jxs_s5b_service_end (fixture.service, other);
        }
      fixture_clear (&fixture);
    }
}

/* It takes effect at once, and for good. */
static void
test_stricter_policy (void)
{
  static const char *const addresses[] = { "192.0.2.1", NULL };
  Fixture fixture;
  guint id;

  fixture_init (&fixture, addresses);
  fakes.need_mapping = TRUE;
  id = begin (&fixture, TRUE);
  g_assert_true (jxs_s5b_service_is_direct (fixture.service, id));
  g_assert_true (jxs_s5b_service_is_gathering (fixture.service, id));
  fixture.policy = JXS_ADDRESS_POLICY_RELAY_ONLY;
  add_proxy (&fixture, "relay.example");
  assert_gather (&fixture, id, "proxy relay.example 1080\n");
  g_assert_false (jxs_s5b_service_is_gathering (fixture.service, id));
  g_assert_cmpuint (fakes.n_listening, ==, 0);
  g_assert_cmpuint (fakes.n_holds, ==, 0);
  fixture.policy = JXS_ADDRESS_POLICY_ALL;
  g_assert_false (jxs_s5b_service_is_direct (fixture.service, id));
  assert_gather (&fixture, id, "");
  jxs_s5b_service_end (fixture.service, id);
  g_assert_false (jxs_s5b_service_is_direct (fixture.service, id));
  fixture_clear (&fixture);
}

/* Without somebody to ask everything goes, but not when that somebody went away. */
static void
test_nobody_to_ask (void)
{
  static const char *const addresses[] = { "192.0.2.1", NULL };
  const JxsS5bServiceFuncs none = { NULL, NULL };
  Fixture fixture;
  guint id;

  fixture_init (&fixture, addresses);
  fixture.policy = JXS_ADDRESS_POLICY_RELAY_ONLY;
  fixture.veto = "*";
  jxs_s5b_service_set_funcs (fixture.service, &none, NULL);
  assert_gather (&fixture, begin (&fixture, TRUE), "direct 192.0.2.1 4000\n");
  id = begin (&fixture, TRUE);
  jxs_s5b_service_set_funcs (fixture.service, NULL, NULL);
  g_assert_false (jxs_s5b_service_is_direct (fixture.service, id));
  add_proxy (&fixture, "relay.example");
  assert_gather (&fixture, id, "");
  assert_gather (&fixture, begin (&fixture, TRUE), "");
  g_assert_cmpuint (fixture.n_reviews, ==, 0);
  fixture_clear (&fixture);
}

/* Addresses that lead to nobody, or to whoever dials them. */
static void
test_never (void)
{
  static const char *const addresses[] = {
    "127.0.0.1", "0.0.0.0",          "::", "224.0.0.1", "ff02::1", "255.255.255.255",
    "::1",       "::ffff:127.0.0.1", NULL,
  };
  Fixture fixture;

  fixture_init (&fixture, addresses);
  for (guint i = 0; addresses[i] != NULL; i++)
    {
      add_proxy (&fixture, addresses[i]);
      g_assert_true (jxs_s5b_service_add_external (fixture.service, addresses[i], 5000));
    }
  assert_gather (&fixture, begin (&fixture, TRUE), "");
  g_assert_cmpuint (fixture.n_reviews, ==, 0);

  jxs_s5b_service_set_allow_loopback (fixture.service, TRUE);
  g_assert_true (jxs_s5b_service_get_allow_loopback (fixture.service));
  assert_gather (&fixture,
                 begin (&fixture, TRUE),
                 "direct 127.0.0.1 4000\ndirect ::1 6000\ndirect ::ffff:127.0.0.1 6000\n"
                 "assisted 127.0.0.1 5000\nassisted ::1 5000\n"
                 "proxy 127.0.0.1 1080\nproxy ::1 1080\n");
  fixture_clear (&fixture);
}

static void
test_external (void)
{
  static const char *const addresses[] = { "192.0.2.1", NULL };
  Fixture fixture;

  fixture_init (&fixture, addresses);
  g_assert_false (jxs_s5b_service_add_external (fixture.service, "not a host", 5000));
  g_assert_false (jxs_s5b_service_add_external (fixture.service, "", 5000));
  g_assert_true (jxs_s5b_service_add_external (fixture.service, "Home.Example", 0));
  g_assert_true (jxs_s5b_service_add_external (fixture.service, "[2001:DB8::7]", 0));
  g_assert_true (jxs_s5b_service_add_external (fixture.service, "home.example", 4000));
  /* The same place is offered once (XEP-0260 §2.2). */
  g_assert_true (jxs_s5b_service_add_external (fixture.service, "192.0.2.1", 0));
  assert_gather (&fixture,
                 begin (&fixture, TRUE),
                 "direct 192.0.2.1 4000\nassisted home.example 4000\n"
                 "assisted 2001:db8::7 6000\n");
  fixture_clear (&fixture);
}

/* The mapping is there while a bytestream may use it, and never holds up an offer. */
static void
test_mapping (void)
{
  static const char *const addresses[] = { "192.168.1.2", NULL };
  Fixture fixture;
  guint first;
  guint second;
  guint third;

  fixture_init (&fixture, addresses);
  fakes.need_mapping = TRUE;
  first = begin (&fixture, TRUE);
  g_assert_cmpuint (fakes.n_holds, ==, 1);
  g_assert_cmpuint (fakes.held_port, ==, 4000);
  assert_gather (&fixture, first, "direct 192.168.1.2 4000\n");
  g_assert_true (jxs_s5b_service_is_gathering (fixture.service, first));
  g_assert_cmpuint (fixture.n_changed, ==, 0);
  fakes_settle ("203.0.113.1", 7000);
  g_assert_cmpuint (fixture.n_changed, ==, 2);
  g_assert_false (jxs_s5b_service_is_gathering (fixture.service, first));
  assert_gather (&fixture, first, "assisted 203.0.113.1 7000\n");
  assert_gather (&fixture, first, "");

  second = begin (&fixture, FALSE);
  assert_gather (&fixture, second, "direct 192.168.1.2 4000\nassisted 203.0.113.1 7000\n");
  /* It moves. */
  g_clear_object (&fakes.external);
  fakes.searching = TRUE;
  fakes_settle ("203.0.113.2", 7000);
  assert_gather (&fixture, first, "assisted 203.0.113.2 7000\n");
  assert_gather (&fixture, second, "assisted 203.0.113.2 7000\n");
  jxs_s5b_service_end (fixture.service, first);
  jxs_s5b_service_end (fixture.service, first);
  g_assert_cmpuint (fakes.n_holds, ==, 1);
  jxs_s5b_service_end (fixture.service, second);
  g_assert_cmpuint (fakes.n_holds, ==, 0);

  /* One that lingers from before is not offered when mapping is not wanted any more. */
  third = begin (&fixture, TRUE);
  g_assert_cmpuint (fakes.n_holds, ==, 1);
  jxs_s5b_service_set_port_mapping (fixture.service, FALSE);
  g_assert_cmpuint (fakes.n_holds, ==, 0);
  assert_gather (&fixture, third, "direct 192.168.1.2 4000\n");
  jxs_s5b_service_set_port_mapping (fixture.service, TRUE);
  g_assert_cmpuint (fakes.n_holds, ==, 1);
  assert_gather (&fixture, third, "assisted 203.0.113.2 7000\n");
  jxs_s5b_service_end (fixture.service, third);

  /* A public address needs none, nor does a machine that listens on IPv6 alone. */
  fakes.need_mapping = FALSE;
  first = begin (&fixture, TRUE);
  g_assert_cmpuint (fakes.n_holds, ==, 0);
  g_assert_false (jxs_s5b_service_is_gathering (fixture.service, first));
  fakes.need_mapping = TRUE;
  fakes.port4 = 0;
  second = begin (&fixture, TRUE);
  g_assert_cmpuint (fakes.n_holds, ==, 0);
  /* The end of all gives it back. */
  fakes.port4 = 4000;
  begin (&fixture, TRUE);
  g_assert_cmpuint (fakes.n_holds, ==, 1);
  fixture_clear (&fixture);
}

/* Each bytestream that may be reached needs the listener and the mapping, to the same end. */
static void
test_held (void)
{
  static const char *const addresses[] = { "192.168.1.2", NULL };
  Fixture fixture;
  guint first;
  guint second;
  guint relayed;

  fixture_init (&fixture, addresses);
  fakes.need_mapping = TRUE;
  fixture.policy = JXS_ADDRESS_POLICY_RELAY_ONLY;
  relayed = begin (&fixture, TRUE);
  g_assert_cmpuint (fakes.n_listening, ==, 0);
  fixture.policy = JXS_ADDRESS_POLICY_ALL;
  first = begin (&fixture, TRUE);
  g_assert_cmpuint (fakes.n_listening, ==, 1);
  g_assert_cmpuint (fakes.n_holds, ==, 1);
  /* The mapper is told of the next one: whether what it has is still good depends on where we are.
   */
  second = begin (&fixture, FALSE);
  g_assert_cmpuint (fakes.n_listening, ==, 2);
  g_assert_cmpuint (fakes.n_holds, ==, 2);
  jxs_s5b_service_end (fixture.service, first);
  g_assert_cmpuint (fakes.n_listening, ==, 1);
  g_assert_cmpuint (fakes.n_holds, ==, 1);
  jxs_s5b_service_end (fixture.service, second);
  jxs_s5b_service_end (fixture.service, relayed);
  g_assert_cmpuint (fakes.n_listening, ==, 0);
  g_assert_cmpuint (fakes.n_holds, ==, 0);

  /* No port was free when it began, but is later. */
  fakes.port4 = fakes.port6 = 0;
  first = begin (&fixture, TRUE);
  assert_gather (&fixture, first, "");
  g_assert_cmpuint (fakes.n_listening, ==, 0);
  g_assert_cmpuint (fakes.n_holds, ==, 0);
  fakes.port4 = 4001;
  assert_gather (&fixture, first, "direct 192.168.1.2 4001\n");
  g_assert_cmpuint (fakes.n_listening, ==, 1);
  g_assert_cmpuint (fakes.held_port, ==, 4001);
  fixture_clear (&fixture);
}

static void
test_no_mapping_found (void)
{
  static const char *const addresses[] = { "192.168.1.2", NULL };
  Fixture fixture;
  guint id;

  fixture_init (&fixture, addresses);
  fakes.need_mapping = TRUE;
  id = begin (&fixture, TRUE);
  assert_gather (&fixture, id, "direct 192.168.1.2 4000\n");
  fakes_settle (NULL, 0);
  g_assert_cmpuint (fixture.n_changed, ==, 1);
  g_assert_false (jxs_s5b_service_is_gathering (fixture.service, id));
  assert_gather (&fixture, id, "");
  fixture_clear (&fixture);
}

static void
test_settings (void)
{
  Fixture fixture;
  JxsTransportFactory factory;
  g_autoptr (JxsS5bService) service = NULL;

  fixture_init (&fixture, NULL);
  g_assert_false (jxs_s5b_service_get_enable_proxy (fixture.service));
  jxs_s5b_service_set_enable_proxy (fixture.service, TRUE);
  g_assert_true (jxs_s5b_service_get_enable_proxy (fixture.service));
  g_assert_false (jxs_s5b_service_get_allow_loopback (fixture.service));
  g_assert_true (JXS_IS_S5B_LISTENER (jxs_s5b_service_get_listener (fixture.service)));
  g_assert_true (JXS_IS_S5B_MAPPER (jxs_s5b_service_get_mapper (fixture.service)));
  jxs_s5b_service_get_factory (fixture.service, &factory);
  g_assert_cmpstr (factory.namespaces[0], ==, JXS_NS_JINGLE_S5B);
  g_assert_null (factory.namespaces[1]);
  g_assert_true (factory.user_data == fixture.service);
  fixture_clear (&fixture);

  /* What the environment says. */
  for (guint i = 0; i < 2; i++)
    {
      g_setenv ("JXS_PORT_MAPPING", i == 0 ? "yes" : "no", TRUE);
      server_init (&fixture.server, ROMEO);
      service = jxs_s5b_service_new (fixture.server.router);
      g_assert_cmpint (jxs_s5b_service_get_port_mapping (service), ==, i == 0);
      g_assert_finalize_object (g_steal_pointer (&service));
      server_clear (&fixture.server);
    }
}

/* Proxies that are found later do not hold up the offer either. */
static void
test_proxies (void)
{
  static const char *const addresses[] = { "192.0.2.1", NULL };
  Fixture fixture;
  guint id;

  fixture_init (&fixture, addresses);
  server_set_jid (&fixture.server, NULL);
  jxs_s5b_proxies_set_discover (jxs_s5b_service_get_proxies (fixture.service), TRUE);
  jxs_s5b_service_prepare (fixture.service);
  g_assert_cmpuint (fixture.server.n_asked, ==, 0);
  /* Without an account there is nothing to offer. */
  id = begin (&fixture, TRUE);
  assert_gather (&fixture, id, "");
  jxs_s5b_service_end (fixture.service, id);

  server_set_jid (&fixture.server, ROMEO);
  jxs_s5b_service_prepare (fixture.service);
  jxs_s5b_service_prepare (fixture.service);
  g_assert_cmpuint (fixture.server.n_asked, ==, 1);
  id = begin (&fixture, TRUE);
  g_assert_cmpuint (fixture.server.n_asked, ==, 1);
  assert_gather (&fixture, id, "direct 192.0.2.1 4000\n");
  g_assert_true (jxs_s5b_service_is_gathering (fixture.service, id));
  server_answer (&fixture.server,
                 "montague.example",
                 JXS_NS_DISCO_ITEMS,
                 "<query xmlns='" JXS_NS_DISCO_ITEMS
                 "'><item jid='p.example'/><item jid='dead.example'/></query>");
  server_answer (&fixture.server,
                 "p.example",
                 JXS_NS_DISCO_INFO,
                 "<query xmlns='" JXS_NS_DISCO_INFO
                 "'><identity category='proxy' type='bytestreams'/></query>");
  server_answer (&fixture.server,
                 "p.example",
                 JXS_NS_BYTESTREAMS,
                 "<query xmlns='" JXS_NS_BYTESTREAMS
                 "'><streamhost jid='p.example' host='192.0.2.8' port='7777'/></query>");
  /* One is enough to wait for, whoever else does not answer. */
  g_assert_cmpuint (fixture.n_changed, ==, 1);
  g_assert_true (jxs_s5b_service_is_gathering (fixture.service, id));
  assert_gather (&fixture, id, "proxy 192.0.2.8 7777\n");
  g_assert_false (jxs_s5b_service_is_gathering (fixture.service, id));
  pass (JXS_S5B_PROXIES_TIMEOUT_MS);
  g_assert_cmpuint (fixture.n_changed, ==, 2);
  assert_gather (&fixture, id, "");
  jxs_s5b_service_end (fixture.service, id);

  /* The next one has it at once, and one that begins asks when it is time. */
  id = begin (&fixture, TRUE);
  assert_gather (&fixture, id, "direct 192.0.2.1 4000\nproxy 192.0.2.8 7777\n");
  pass (JXS_S5B_PROXIES_SECONDS * 1000);
  begin (&fixture, TRUE);
  g_assert_cmpuint (fixture.server.n_asked, ==, 5);
  fixture_clear (&fixture);
}

/* Ids that are none, or were. */
static void
test_ids (void)
{
  static const char *const addresses[] = { "192.0.2.1", NULL };
  Fixture fixture;
  guint first;
  guint second;

  fixture_init (&fixture, addresses);
  first = begin (&fixture, TRUE);
  second = begin (&fixture, TRUE);
  g_assert_true (first != 0 && second != 0 && first != second);
  jxs_s5b_service_end (fixture.service, first);
  assert_gather (&fixture, first, "");
  g_assert_false (jxs_s5b_service_is_gathering (fixture.service, first));
  assert_gather (&fixture, 0, "");
  jxs_s5b_service_end (fixture.service, 0);
  assert_gather (&fixture, second, "direct 192.0.2.1 4000\n");
  g_object_run_dispose (G_OBJECT (fixture.service));
  assert_gather (&fixture, second, "");
  jxs_s5b_service_end (fixture.service, second);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/s5b-service/order", test_order);
  g_test_add_func ("/transports/s5b-service/families", test_families);
  g_test_add_func ("/transports/s5b-service/policy", test_policy);
  g_test_add_func ("/transports/s5b-service/policy/stricter", test_stricter_policy);
  g_test_add_func ("/transports/s5b-service/nobody-to-ask", test_nobody_to_ask);
  g_test_add_func ("/transports/s5b-service/never", test_never);
  g_test_add_func ("/transports/s5b-service/external", test_external);
  g_test_add_func ("/transports/s5b-service/mapping", test_mapping);
  g_test_add_func ("/transports/s5b-service/held", test_held);
  g_test_add_func ("/transports/s5b-service/no-mapping-found", test_no_mapping_found);
  g_test_add_func ("/transports/s5b-service/settings", test_settings);
  g_test_add_func ("/transports/s5b-service/proxies", test_proxies);
  g_test_add_func ("/transports/s5b-service/ids", test_ids);

  return g_test_run ();
}

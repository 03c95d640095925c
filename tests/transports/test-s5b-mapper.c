/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fake-router.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-mapper-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-routes-private.h>

#define LOCAL_PORT 40001
#ifdef HAVE_NATPMP
#define WITH_NATPMP TRUE
#else
#define WITH_NATPMP FALSE
#endif
#define BOTH (JXS_S5B_MAPPER_PCP | JXS_S5B_MAPPER_NATPMP)

typedef struct
{
  FakeRouter *router;
  JxsS5bMapper *mapper;
  guint n_changed;
  guint n_settled;
} Fixture;

static void
count (JxsS5bMapper *mapper, guint *counter)
{
  (*counter)++;
}

static void
make_mapper (Fixture *self, JxsS5bMapperProtocols protocols)
{
  self->mapper = jxs_s5b_mapper_new ();
  jxs_s5b_mapper_set_gateway (self->mapper, self->router->address);
  jxs_s5b_mapper_set_protocols (self->mapper, protocols);
  g_signal_connect (self->mapper, "changed", G_CALLBACK (count), &self->n_changed);
  g_signal_connect (self->mapper, "settled", G_CALLBACK (count), &self->n_settled);
}

/* data: the protocols. */
static void
set_up (Fixture *self, gconstpointer data)
{
  jxs_clock_use_fake (1000 * G_USEC_PER_SEC);
  self->router = fake_router_new ();
  make_mapper (self, GPOINTER_TO_UINT (data));
}

/* Until nothing is left to be done: on loopback packets arrive at once. */
static void
run (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
advance_ms (gint64 ms)
{
  jxs_clock_advance (ms * 1000);
  run ();
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  /* What is being given back gives up, too. */
  if (self->mapper != NULL)
    g_assert_finalize_object (self->mapper);
  for (guint i = 0; i < 4; i++)
    advance_ms (20000);
  fake_router_free (self->router);
  jxs_clock_use_real ();
}

static guint
n_mapped (Fixture *self)
{
  guint n = 0;

  for (guint i = 0; i < FAKE_ROUTER_N_PROTOCOLS; i++)
    n += self->router->mapped[i] != 0;
  return n;
}

static void
assert_external (Fixture *self, const char *host, guint16 port)
{
  GInetSocketAddress *external = jxs_s5b_mapper_get_external (self->mapper);
  g_autofree char *text = NULL;

  if (host == NULL)
    {
      g_assert_null (external);
      g_assert_null (jxs_s5b_mapper_get_protocol (self->mapper));
      return;
    }
  g_assert_nonnull (external);
  text = g_inet_address_to_string (g_inet_socket_address_get_address (external));
  g_assert_cmpstr (text, ==, host);
  g_assert_cmpuint (g_inet_socket_address_get_port (external), ==, port);
}

static void
hold (Fixture *self)
{
  jxs_s5b_mapper_hold (self->mapper, LOCAL_PORT);
  run ();
}

/* One protocol alone, from the first hold to the end. */
static void
run_life (Fixture *self, FakeRouterProtocol protocol, const char *name)
{
  guint16 port;

  jxs_s5b_mapper_hold (self->mapper, LOCAL_PORT);
  g_assert_true (jxs_s5b_mapper_is_searching (self->mapper));
  assert_external (self, NULL, 0);
  g_assert_cmpuint (self->n_settled, ==, 0);
  run ();

  port = self->router->mapped[protocol];
  g_assert_cmpuint (port, !=, 0);
  g_assert_cmpuint (self->router->internal_port, ==, LOCAL_PORT);
  g_assert_cmpuint (self->router->asked_lifetime, ==, JXS_S5B_MAPPER_LIFETIME_SECONDS);
  g_assert_false (jxs_s5b_mapper_is_searching (self->mapper));
  assert_external (self, "198.51.100.9", port);
  g_assert_cmpstr (jxs_s5b_mapper_get_protocol (self->mapper), ==, name);
  g_assert_cmpuint (self->n_changed, ==, 1);
  g_assert_cmpuint (self->n_settled, ==, 1);

  jxs_s5b_mapper_release (self->mapper);
  advance_ms (JXS_S5B_MAPPER_LINGER_SECONDS * 1000 - 1);
  g_assert_cmpuint (self->router->mapped[protocol], ==, port);
  assert_external (self, "198.51.100.9", port);
  advance_ms (1);
  g_assert_cmpuint (n_mapped (self), ==, 0);
  g_assert_cmpuint (self->router->n_deletions[protocol], ==, 1);
  assert_external (self, NULL, 0);
  g_assert_cmpuint (self->n_changed, ==, 2);
  g_assert_cmpuint (self->n_settled, ==, 1);

  /* And once more. */
  hold (self);
  assert_external (self, "198.51.100.9", self->router->mapped[protocol]);
  g_assert_cmpuint (self->n_settled, ==, 2);
}

static void
test_pcp (Fixture *self, gconstpointer unused)
{
  run_life (self, FAKE_ROUTER_PCP, "pcp");
  g_assert_cmpuint (self->router->n_requests[FAKE_ROUTER_NATPMP], ==, 0);
}

static void
test_natpmp (Fixture *self, gconstpointer unused)
{
  run_life (self, FAKE_ROUTER_NATPMP, "nat-pmp");
  g_assert_cmpuint (self->router->n_requests[FAKE_ROUTER_PCP], ==, 0);
}

/* The first mapping wins, the other is given back. */
static void
test_first_wins (Fixture *self, gconstpointer unused)
{
  hold (self);
  g_assert_cmpstr (jxs_s5b_mapper_get_protocol (self->mapper), ==, "pcp");
  g_assert_cmpuint (n_mapped (self), ==, 1);
  assert_external (self, "198.51.100.9", self->router->mapped[FAKE_ROUTER_PCP]);
  g_assert_cmpuint (self->router->n_deletions[FAKE_ROUTER_PCP], ==, 0);
  g_assert_cmpuint (self->router->n_deletions[FAKE_ROUTER_NATPMP], ==, 1);
  g_assert_cmpuint (self->n_changed, ==, 1);
  g_assert_cmpuint (self->n_settled, ==, 1);
}

/* One mapping by two names: giving back one would take away both. */
static void
test_one_table (Fixture *self, gconstpointer unused)
{
  self->router->one_table = TRUE;
  hold (self);
  g_assert_cmpuint (n_mapped (self), ==, 2);
  assert_external (self, "198.51.100.9", self->router->mapped[FAKE_ROUTER_PCP]);
  g_assert_cmpuint (self->router->n_deletions[FAKE_ROUTER_NATPMP], ==, 0);

  jxs_s5b_mapper_release (self->mapper);
  advance_ms (JXS_S5B_MAPPER_LINGER_SECONDS * 1000);
  g_assert_cmpuint (n_mapped (self), ==, 0);
  g_assert_cmpuint (self->router->n_deletions[FAKE_ROUTER_NATPMP], ==, 1);
  g_assert_cmpuint (self->router->n_deletions[FAKE_ROUTER_PCP], ==, 1);
}

/* RFC 6887 §9: a server of the older protocol says so. */
static void
test_version_fallback (Fixture *self, gconstpointer unused)
{
  self->router->speaks[FAKE_ROUTER_PCP] = FALSE;
  hold (self);
  g_assert_cmpstr (jxs_s5b_mapper_get_protocol (self->mapper), ==, "nat-pmp");
  g_assert_cmpuint (self->n_settled, ==, 1);
}

static void
test_shared (Fixture *self, gconstpointer unused)
{
  guint n_requests;

  for (guint i = 0; i < 3; i++)
    hold (self);
  n_requests = self->router->n_requests[FAKE_ROUTER_PCP];
  g_assert_cmpuint (n_requests, ==, 1);
  jxs_s5b_mapper_release (self->mapper);
  jxs_s5b_mapper_release (self->mapper);
  advance_ms (2 * JXS_S5B_MAPPER_LINGER_SECONDS * 1000);
  g_assert_cmpuint (n_mapped (self), ==, 1);

  /* The last one, but soon there is another. */
  jxs_s5b_mapper_release (self->mapper);
  advance_ms (JXS_S5B_MAPPER_LINGER_SECONDS * 1000 - 1);
  hold (self);
  advance_ms (2 * JXS_S5B_MAPPER_LINGER_SECONDS * 1000);
  g_assert_cmpuint (n_mapped (self), ==, 1);
  g_assert_cmpuint (self->n_changed, ==, 1);
  g_assert_cmpuint (self->router->n_deletions[FAKE_ROUTER_PCP], ==, 0);
}

/* data: the protocol. Asked again at half of what was granted. */
static void
test_renewed (Fixture *self, gconstpointer data)
{
  FakeRouterProtocol protocol =
      GPOINTER_TO_UINT (data) == JXS_S5B_MAPPER_PCP ? FAKE_ROUTER_PCP : FAKE_ROUTER_NATPMP;
  guint per_round = protocol == FAKE_ROUTER_PCP ? 1 : 2; /* NAT-PMP asks for the address, too */
  guint16 port;

  self->router->lifetime = 200;
  hold (self);
  port = self->router->mapped[protocol];
  for (guint i = 1; i < 5; i++)
    {
      g_assert_cmpuint (self->router->n_requests[protocol], ==, i * per_round);
      advance_ms (99999);
      g_assert_cmpuint (self->router->n_requests[protocol], ==, i * per_round);
      self->router->epoch += 100;
      advance_ms (1);
    }

  /* Lost ones are made good before the mapping runs out. */
  self->router->n_lose = 2;
  for (guint i = 0; i < 199; i++)
    advance_ms (1000);
  g_assert_cmpuint (self->router->n_lose, ==, 0);
  g_assert_cmpuint (self->router->mapped[protocol], ==, port);
  assert_external (self, "198.51.100.9", port);
  g_assert_cmpuint (self->n_changed, ==, 1);
}

static void
test_moved (Fixture *self, gconstpointer unused)
{
  /* The router restarts and gets another address. */
  hold (self);
  strcpy (self->router->external, "203.0.113.77");
  self->router->external_port = 50123;
  self->router->epoch = 3;
  advance_ms (JXS_S5B_MAPPER_LIFETIME_SECONDS / 2 * 1000);
  assert_external (self, "203.0.113.77", 50123);
  g_assert_cmpuint (self->n_changed, ==, 2);

  /* Whoever is about to rely on a mapping has it confirmed. */
  strcpy (self->router->external, "203.0.113.78");
  hold (self);
  assert_external (self, "203.0.113.77", 50123);
  advance_ms (10000);
  hold (self);
  assert_external (self, "203.0.113.78", 50123);
  g_assert_cmpuint (self->n_changed, ==, 3);

  /* Of a sudden there is nothing to be had. */
  strcpy (self->router->external, "0.0.0.0");
  advance_ms (10000);
  hold (self);
  assert_external (self, NULL, 0);
  g_assert_cmpuint (self->n_changed, ==, 4);
  g_assert_cmpuint (self->n_settled, ==, 1);
}

/* RFC 6887 §14.1: it says that it has started, without being asked. */
static void
test_announced (Fixture *self, gconstpointer unused)
{
  guint8 announce[24] = { 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

  hold (self);
  g_assert_cmpuint (self->router->n_requests[FAKE_ROUTER_PCP], ==, 1);
  self->router->mapped[FAKE_ROUTER_PCP] = 0;
  self->router->epoch = 1;
  strcpy (self->router->external, "203.0.113.5");
  fake_router_send (self->router, announce, sizeof (announce));
  run ();
  g_assert_cmpuint (self->router->n_requests[FAKE_ROUTER_PCP], ==, 2);
  g_assert_cmpuint (n_mapped (self), ==, 1);
  assert_external (self, "203.0.113.5", self->router->mapped[FAKE_ROUTER_PCP]);
  g_assert_cmpuint (self->n_changed, ==, 2);
}

/* The router is gone: the mapping counts until it runs out, then it is looked for anew. */
static void
test_lost (Fixture *self, gconstpointer unused)
{
  hold (self);
  self->router->n_lose = G_MAXUINT;
  for (guint i = 0; i < JXS_S5B_MAPPER_LIFETIME_SECONDS - 1; i++)
    advance_ms (1000);
  g_assert_cmpuint (self->n_changed, ==, 1);
  advance_ms (1000);
  g_assert_cmpuint (self->n_changed, ==, 2);
  assert_external (self, NULL, 0);
  g_assert_true (jxs_s5b_mapper_is_searching (self->mapper));

  self->router->n_lose = 0;
  advance_ms (3500);
  g_assert_cmpuint (self->n_changed, ==, 3);
  assert_external (self, "198.51.100.9", self->router->mapped[FAKE_ROUTER_PCP]);
  g_assert_cmpuint (self->n_settled, ==, 2);
}

/* Nobody answers: settled after a while, and not asked again all the time. */
static void
test_silence (Fixture *self, gconstpointer unused)
{
  self->router->speaks[FAKE_ROUTER_PCP] = self->router->speaks[FAKE_ROUTER_NATPMP] = FALSE;
  hold (self);
  advance_ms (JXS_S5B_MAPPER_SEARCH_MS - 1);
  g_assert_true (jxs_s5b_mapper_is_searching (self->mapper));
  advance_ms (1);
  g_assert_false (jxs_s5b_mapper_is_searching (self->mapper));
  g_assert_cmpuint (self->n_settled, ==, 1);
  for (guint i = 0; i < 20; i++)
    advance_ms (1000);

  self->router->speaks[FAKE_ROUTER_PCP] = TRUE;
  hold (self);
  g_assert_false (jxs_s5b_mapper_is_searching (self->mapper));
  g_assert_cmpuint (self->router->n_requests[FAKE_ROUTER_PCP], ==, 0);
  advance_ms (JXS_S5B_MAPPER_RETRY_SECONDS * 1000);
  hold (self);
  g_assert_cmpuint (n_mapped (self), ==, 1);
  g_assert_cmpuint (self->n_changed, ==, 1);
  g_assert_cmpuint (self->n_settled, ==, 2);
}

/* A late answer is still welcome. */
static void
test_late (Fixture *self, gconstpointer unused)
{
  self->router->n_lose = 1;
  hold (self);
  advance_ms (JXS_S5B_MAPPER_SEARCH_MS);
  advance_ms (JXS_S5B_MAPPER_SEARCH_MS);
  g_assert_cmpuint (self->n_settled, ==, 1);
  g_assert_cmpuint (self->n_changed, ==, 1);
  assert_external (self, "198.51.100.9", self->router->mapped[FAKE_ROUTER_PCP]);
}

/* No such server: the kernel tells, nobody has to wait. */
static void
test_refused (Fixture *self, gconstpointer unused)
{
  g_socket_close (self->router->socket, NULL);
  hold (self);
  while (self->n_settled == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (jxs_s5b_mapper_is_searching (self->mapper));
  assert_external (self, NULL, 0);
}

/* No protocol: settled, but not before the caller is done. */
static void
test_nothing_to_ask (Fixture *self, gconstpointer unused)
{
  jxs_s5b_mapper_hold (self->mapper, LOCAL_PORT);
  g_assert_true (jxs_s5b_mapper_is_searching (self->mapper));
  g_assert_cmpuint (self->n_settled, ==, 0);
  run ();
  g_assert_false (jxs_s5b_mapper_is_searching (self->mapper));
  g_assert_cmpuint (self->n_settled, ==, 1);
}

static void
test_errors (Fixture *self, gconstpointer unused)
{
  for (guint result = 1; result < 20; result++)
    {
      self->router->result[FAKE_ROUTER_PCP] = self->router->result[FAKE_ROUTER_NATPMP] = result;
      hold (self);
      g_assert_cmpuint (self->n_settled, ==, result);
      assert_external (self, NULL, 0);
      advance_ms (JXS_S5B_MAPPER_RETRY_SECONDS * 1000);
    }
  g_assert_cmpuint (self->n_changed, ==, 0);
}

static gsize
cut (guint8 *bytes, gsize length)
{
  return g_test_rand_int_range (0, length);
}

static gsize
flip_nonce (guint8 *bytes, gsize length)
{
  if (bytes[0] == 2)
    bytes[24 + g_test_rand_int_range (0, 12)] ^= 1 << g_test_rand_int_range (0, 8);
  return length;
}

static gsize
other_port (guint8 *bytes, gsize length)
{
  bytes[bytes[0] == 2 ? 41 : 9] ^= 1;
  return length;
}

static gsize
not_an_answer (guint8 *bytes, gsize length)
{
  bytes[1] &= 0x7f;
  return length;
}

static gsize
too_long (guint8 *bytes, gsize length)
{
  return 1104;
}

static gsize
garbage (guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    bytes[i] = g_test_rand_int ();
  /* Not by chance the truth. */
  bytes[1] &= 0x7f;
  return length;
}

/* data: the protocols. What is not an answer to what was asked for changes nothing. */
static void
test_nonsense (Fixture *self, gconstpointer data)
{
  gsize (*const mangles[]) (guint8 *, gsize) = {
    cut, flip_nonce, other_port, not_an_answer, too_long, garbage,
  };
  guint protocols = GPOINTER_TO_UINT (data);

  for (gsize i = 0; i < G_N_ELEMENTS (mangles) * 10; i++)
    {
      gsize which = i % G_N_ELEMENTS (mangles);

      /* NAT-PMP knows no nonce, and libnatpmp reads no further than it has to. */
      if (protocols == JXS_S5B_MAPPER_NATPMP &&
          (mangles[which] == flip_nonce || mangles[which] == too_long))
        continue;
      self->router->mangle = mangles[which];
      hold (self);
      g_assert_null (jxs_s5b_mapper_get_external (self->mapper));
      self->router->mangle = NULL;
      advance_ms (3300);
      if (jxs_s5b_mapper_get_external (self->mapper) == NULL)
        g_error ("no mapping after nonsense %" G_GSIZE_FORMAT, which);
      jxs_s5b_mapper_release (self->mapper);
      advance_ms (JXS_S5B_MAPPER_LINGER_SECONDS * 1000);
      advance_ms (JXS_S5B_MAPPER_RETRY_SECONDS * 1000);
    }
}

/* Somebody else who knows everything but has another port. */
static void
test_stranger (Fixture *self, gconstpointer unused)
{
  FakeRouter *stranger = fake_router_new ();
  guint8 announce[24] = { 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

  hold (self);
  stranger->client = g_object_ref (self->router->client);
  fake_router_send (stranger, announce, sizeof (announce));
  run ();
  g_assert_cmpuint (self->router->n_requests[FAKE_ROUTER_PCP], ==, 1);
  fake_router_free (stranger);
}

static void
test_useless (Fixture *self, gconstpointer unused)
{
  static const char *const hosts[] = {
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "169.254.7.7", "224.0.0.251", "255.255.255.255",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      strcpy (self->router->external, hosts[i]);
      hold (self);
      assert_external (self, NULL, 0);
      g_assert_cmpuint (self->n_settled, ==, i + 1);
      /* It was given, it is given back. */
      g_assert_cmpuint (n_mapped (self), ==, 0);
      advance_ms (JXS_S5B_MAPPER_RETRY_SECONDS * 1000);
    }
  g_assert_cmpuint (self->n_changed, ==, 0);
}

/* A router behind a router: good for those behind the same one, unless we are there ourselves. */
static void
test_private (Fixture *self, gconstpointer unused)
{
  static const char *const hosts[] = { "100.64.3.4", "10.250.251.252", "192.168.251.7" };
  g_autofree char *routes = NULL;

  if (!g_file_get_contents ("/proc/net/route", &routes, NULL, NULL))
    routes = g_strdup ("");
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (hosts[i]);

      strcpy (self->router->external, hosts[i]);
      hold (self);
      g_assert_cmpint (jxs_s5b_mapper_get_external (self->mapper) != NULL,
                       ==,
                       i == 0 || !jxs_s5b_routes_is_on_link (routes, address));
      jxs_s5b_mapper_release (self->mapper);
      advance_ms (JXS_S5B_MAPPER_LINGER_SECONDS * 1000);
    }
}

/* data: the protocols. Dropped at any time it leaves nothing behind. */
static void
test_dispose (Fixture *self, gconstpointer data)
{
  /* Before and while it is mapped; the deletion may be lost. */
  for (guint n_lose = 0; n_lose < 3; n_lose++)
    for (guint n_iterations = 0; n_iterations < 10; n_iterations++)
      {
        jxs_s5b_mapper_hold (self->mapper, LOCAL_PORT);
        for (guint i = 0; i < n_iterations; i++)
          g_main_context_iteration (NULL, FALSE);
        if (n_iterations == 9)
          g_assert_cmpuint (n_mapped (self), ==, 1);
        self->router->n_lose = n_lose;
        g_assert_finalize_object (self->mapper);
        for (guint i = 0; i < 60; i++)
          advance_ms (1000);
        self->router->n_lose = 0;
        g_assert_cmpuint (n_mapped (self), ==, 0);
        make_mapper (self, GPOINTER_TO_UINT (data));
      }
}

/* A mapping that the router made, though its answer was lost. */
static void
test_mute (Fixture *self, gconstpointer unused)
{
  self->router->mute = TRUE;
  hold (self);
  g_assert_cmpuint (n_mapped (self), ==, 1);
  jxs_s5b_mapper_release (self->mapper);
  g_clear_object (&self->mapper);
  run ();
  g_assert_cmpuint (n_mapped (self), ==, 0);
}

/* The listener, or the machine, has moved. */
static void
test_elsewhere (Fixture *self, gconstpointer unused)
{
  FakeRouter *other = fake_router_new ();

  hold (self);
  jxs_s5b_mapper_hold (self->mapper, LOCAL_PORT + 1);
  assert_external (self, NULL, 0);
  run ();
  g_assert_cmpuint (self->router->n_deletions[FAKE_ROUTER_PCP], ==, 1);
  g_assert_cmpuint (self->router->internal_port, ==, LOCAL_PORT + 1);
  g_assert_cmpuint (self->n_changed, ==, 3);

  strcpy (other->external, "203.0.113.8");
  jxs_s5b_mapper_set_gateway (self->mapper, other->address);
  jxs_s5b_mapper_hold (self->mapper, LOCAL_PORT + 1);
  run ();
  assert_external (self, "203.0.113.8", other->mapped[FAKE_ROUTER_PCP]);
  g_assert_cmpuint (n_mapped (self), ==, 0);
  g_assert_cmpuint (self->n_changed, ==, 5);

  g_clear_object (&self->mapper);
  run ();
  g_assert_cmpuint (other->mapped[FAKE_ROUTER_PCP], ==, 0);
  fake_router_free (other);
}

static void
drop_it (JxsS5bMapper *mapper, Fixture *self)
{
  g_assert_true (mapper == self->mapper);
  g_clear_object (&self->mapper);
}

/* data: the signal whose handler has enough. */
static void
test_dropped_in_handler (Fixture *self, gconstpointer data)
{
  jxs_s5b_mapper_set_protocols (self->mapper, BOTH);
  g_signal_connect (self->mapper, data, G_CALLBACK (drop_it), self);
  hold (self);
  g_assert_null (self->mapper);
  for (guint i = 0; i < 20; i++)
    advance_ms (1000);
  g_assert_cmpuint (n_mapped (self), ==, 0);
}

static void
hold_more (JxsS5bMapper *mapper, Fixture *self)
{
  jxs_s5b_mapper_hold (mapper, LOCAL_PORT);
  jxs_s5b_mapper_release (mapper);
}

static void
test_held_in_handler (Fixture *self, gconstpointer unused)
{
  g_signal_connect (self->mapper, "changed", G_CALLBACK (hold_more), self);
  g_signal_connect (self->mapper, "settled", G_CALLBACK (hold_more), self);
  hold (self);
  g_assert_cmpuint (n_mapped (self), ==, 1);
  jxs_s5b_mapper_release (self->mapper);
  advance_ms (JXS_S5B_MAPPER_LINGER_SECONDS * 1000);
  g_assert_cmpuint (n_mapped (self), <=, 1);
}

/* Everything happens in the context of its construction. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Fixture self = { 0 };

  g_main_context_push_thread_default (context);
  self.router = fake_router_new ();
  make_mapper (&self, BOTH);
  g_main_context_pop_thread_default (context);

  jxs_s5b_mapper_hold (self.mapper, LOCAL_PORT);
  g_assert_false (g_main_context_pending (NULL));
  while (self.n_settled == 0 || n_mapped (&self) != 1)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (self.n_changed, ==, 1);
  g_assert_finalize_object (self.mapper);
  while (n_mapped (&self) != 0)
    g_main_context_iteration (context, TRUE);
  g_assert_false (g_main_context_pending (NULL));
  fake_router_free (self.router);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func)                                                                      \
  g_test_add (                                                                                     \
      "/transports/s5b-mapper/" name, Fixture, GUINT_TO_POINTER (data), set_up, func, tear_down)
  ADD ("pcp", JXS_S5B_MAPPER_PCP, test_pcp);
  ADD ("shared", JXS_S5B_MAPPER_PCP, test_shared);
  ADD ("renewed/pcp", JXS_S5B_MAPPER_PCP, test_renewed);
  ADD ("moved", JXS_S5B_MAPPER_PCP, test_moved);
  ADD ("announced", JXS_S5B_MAPPER_PCP, test_announced);
  ADD ("lost", JXS_S5B_MAPPER_PCP, test_lost);
  ADD ("late", JXS_S5B_MAPPER_PCP, test_late);
  ADD ("nothing-to-ask", 0, test_nothing_to_ask);
  ADD ("nonsense/pcp", JXS_S5B_MAPPER_PCP, test_nonsense);
  ADD ("stranger", JXS_S5B_MAPPER_PCP, test_stranger);
  ADD ("private", JXS_S5B_MAPPER_PCP, test_private);
  ADD ("dispose/pcp", JXS_S5B_MAPPER_PCP, test_dispose);
  ADD ("mute", JXS_S5B_MAPPER_PCP, test_mute);
  ADD ("elsewhere", JXS_S5B_MAPPER_PCP, test_elsewhere);
  ADD ("errors", BOTH, test_errors);
  ADD ("silence", BOTH, test_silence);
  ADD ("refused", BOTH, test_refused);
  ADD ("useless", BOTH, test_useless);
  ADD ("held-in-handler", BOTH, test_held_in_handler);
  g_test_add ("/transports/s5b-mapper/dropped-in-handler/changed",
              Fixture,
              "changed",
              set_up,
              test_dropped_in_handler,
              tear_down);
  g_test_add ("/transports/s5b-mapper/dropped-in-handler/settled",
              Fixture,
              "settled",
              set_up,
              test_dropped_in_handler,
              tear_down);
  g_test_add_func ("/transports/s5b-mapper/context", test_context);
  if (WITH_NATPMP)
    {
      ADD ("natpmp", JXS_S5B_MAPPER_NATPMP, test_natpmp);
      ADD ("first-wins", BOTH, test_first_wins);
      ADD ("one-table", BOTH, test_one_table);
      ADD ("version-fallback", BOTH, test_version_fallback);
      ADD ("renewed/natpmp", JXS_S5B_MAPPER_NATPMP, test_renewed);
      ADD ("nonsense/natpmp", JXS_S5B_MAPPER_NATPMP, test_nonsense);
      ADD ("dispose/natpmp", JXS_S5B_MAPPER_NATPMP, test_dispose);
    }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-proxies-fixture.h"

#include "jxs-test-sockets.h"

static void
changed_cb (JxsS5bProxies *proxies, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_changed++;
}

void
fixture_init (Fixture *fixture, const char *jid)
{
  server_init (&fixture->server, jid);
  fixture->proxies = jxs_s5b_proxies_new (fixture->server.router);
  fixture->n_changed = 0;
  g_signal_connect (fixture->proxies, "changed", G_CALLBACK (changed_cb), fixture);
}

void
fixture_clear (Fixture *fixture)
{
  g_assert_finalize_object (fixture->proxies);
  server_clear (&fixture->server);
}

void
search (Fixture *fixture)
{
  jxs_s5b_proxies_search (fixture->proxies);
  drain ();
}

/* What is known, as "jid host port" lines. */
static char *
describe (GPtrArray *candidates)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < candidates->len; i++)
    {
      const JxsS5bCandidate *candidate = g_ptr_array_index (candidates, i);

      g_assert_cmpint (candidate->kind, ==, JXS_CANDIDATE_KIND_PROXY);
      g_string_append_printf (
          text, "%s %s %u\n", jxs_jid_to_string (candidate->jid), candidate->host, candidate->port);
    }
  return g_string_free (text, FALSE);
}

void
assert_known (Fixture *fixture, const char *expected)
{
  g_autofree char *known = describe (jxs_s5b_proxies_peek (fixture->proxies));

  g_assert_cmpstr (known, ==, expected);
}

void
assert_found (Fixture *fixture, const char *expected)
{
  g_assert_false (jxs_s5b_proxies_is_searching (fixture->proxies));
  assert_known (fixture, expected);
}

void
answer_all_well (Fixture *fixture)
{
  server_answer (&fixture->server, SERVER, JXS_NS_DISCO_ITEMS, ITEMS (ITEM (PROXY)));
  server_answer (&fixture->server, PROXY, JXS_NS_DISCO_INFO, INFO (IDENTITY));
  server_answer (&fixture->server,
                 PROXY,
                 JXS_NS_BYTESTREAMS,
                 HOSTS (HOST (PROXY, "192.0.2.1", "7625")));
}

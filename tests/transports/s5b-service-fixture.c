/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-service-fixture.h"

#include <jxs-glib/jingle/jxs-candidate-private.h>

static JxsAddressPolicy
get_policy_cb (JxsJid *peer, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (jxs_jid_equal (peer, fixture->peer));
  return fixture->policy;
}

static gboolean
review_cb (JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (jxs_jid_equal (peer, fixture->peer));
  g_assert_true (jxs_candidate_is_local (candidate));
  fixture->n_reviews++;
  if (fixture->new_priority != 0)
    jxs_candidate_set_priority (candidate, fixture->new_priority);
  if (fixture->end != 0)
    jxs_s5b_service_end (fixture->service, fixture->end);
  if (fixture->stop_asking)
    jxs_s5b_service_set_funcs (fixture->service, NULL, NULL);
  return g_strcmp0 (fixture->veto, "*") != 0 &&
         g_strcmp0 (fixture->veto, jxs_candidate_get_host (candidate)) != 0;
}

static const JxsS5bServiceFuncs funcs = { get_policy_cb, review_cb };

static void
changed_cb (JxsS5bService *service, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_changed++;
}

void
fixture_init (Fixture *fixture, const char *const *addresses)
{
  *fixture = (Fixture){ 0 };
  fakes_reset ();
  fakes.addresses = addresses;
  server_init (&fixture->server, ROMEO);
  fixture->peer = make_jid (JULIET);
  fixture->service = jxs_s5b_service_new (fixture->server.router);
  jxs_s5b_service_set_port_mapping (fixture->service, TRUE);
  jxs_s5b_service_set_funcs (fixture->service, &funcs, fixture);
  jxs_s5b_proxies_set_discover (jxs_s5b_service_get_proxies (fixture->service), FALSE);
  g_signal_connect (fixture->service, "candidates-changed", G_CALLBACK (changed_cb), fixture);
}

void
fixture_clear (Fixture *fixture)
{
  g_assert_finalize_object (fixture->service);
  g_assert_cmpuint (fakes.n_listening, ==, 0);
  g_assert_cmpuint (fakes.n_holds, ==, 0);
  server_clear (&fixture->server);
  jxs_jid_unref (fixture->peer);
  fakes_reset ();
}

guint
begin (Fixture *fixture, gboolean initiator)
{
  return jxs_s5b_service_begin (fixture->service, fixture->peer, initiator);
}

void
add_proxy (Fixture *fixture, const char *host)
{
  g_autoptr (JxsJid) jid = make_jid ("proxy.example");

  g_assert_true (
      jxs_s5b_proxies_add (jxs_s5b_service_get_proxies (fixture->service), jid, host, 1080));
}

/* "kind host port" of each, or with its priority. */
static char *
describe (GPtrArray *candidates, gboolean with_priorities)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < candidates->len; i++)
    {
      JxsCandidate *candidate = g_ptr_array_index (candidates, i);

      g_string_append_printf (text,
                              "%s %s %u",
                              jxs_candidate_kind_to_name (jxs_candidate_get_kind (candidate)),
                              jxs_candidate_get_host (candidate),
                              jxs_candidate_get_port (candidate));
      if (with_priorities)
        g_string_append_printf (text, " %u", jxs_candidate_get_priority (candidate));
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

void
assert_gather (Fixture *fixture, guint id, const char *expected)
{
  g_autoptr (GPtrArray) candidates = jxs_s5b_service_gather (fixture->service, id);
  g_autofree char *found = describe (candidates, FALSE);

  g_assert_cmpstr (found, ==, expected);
}

void
assert_priorities (Fixture *fixture, gboolean initiator, const guint *priorities, guint n)
{
  guint id = begin (fixture, initiator);
  g_autoptr (GPtrArray) candidates = jxs_s5b_service_gather (fixture->service, id);

  g_assert_cmpuint (candidates->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (jxs_candidate_get_priority (g_ptr_array_index (candidates, i)),
                      ==,
                      priorities[i]);
  jxs_s5b_service_end (fixture->service, id);
}

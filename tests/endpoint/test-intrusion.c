/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Whoever watches a session may do anything at any moment of it: in the handler of every signal
 * that is emitted on its way from the first word to the first byte. */

typedef enum
{
  ACT_NONE,
  ACT_TERMINATE, /* the session */
  ACT_CANCEL,    /* opening or accepting it */
  ACT_DISPOSE,   /* of the endpoint */
  ACT_DROP,      /* the endpoint */
  ACT_LEAVE,     /* terminate and drop */
  ACT_OPEN,      /* another one */
  N_ACTS,
} Act;

static const char *const act_names[N_ACTS] = {
  "none", "terminate", "cancel", "dispose", "drop", "leave", "open",
};

typedef struct
{
  const char *name;
  const char *const transports[3];
  gboolean reachable;
  JxsAddressPolicy policy;
} Way;

static const Way ways[] = {
  { "direct", { "s5b", NULL }, TRUE, JXS_ADDRESS_POLICY_ALL },
  { "asked", { "s5b", NULL }, TRUE, JXS_ADDRESS_POLICY_ASK },
  { "replaced", { "s5b", "ibb", NULL }, FALSE, JXS_ADDRESS_POLICY_ALL },
};

/* Of a call. The result is not kept: nothing but the call itself keeps its endpoint. */
typedef enum
{
  OUTCOME_UNKNOWN,
  OUTCOME_SUCCESS,
  OUTCOME_ERROR,
} Outcome;

typedef struct
{
  const Way *way;
  Pair pair;
  Act act;
  guint who;    /* is watched, and acts */
  guint moment; /* at which signal */
  guint n_signals;
  gboolean acted;
  JxsSession *session; /* (owned) (nullable): of whom is watched */
  GCancellable *cancellables[2];
  Outcome open;
  Outcome accept;
  Outcome other;
  gboolean accepting;
  gboolean opened; /* the other one */
} Walk;

static void
done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  g_assert_cmpint (*outcome, ==, OUTCOME_UNKNOWN);
  *outcome = g_task_had_error (G_TASK (result)) ? OUTCOME_ERROR : OUTCOME_SUCCESS;
}

static void
act (Walk *walk)
{
  JxsEndpoint **endpoint = &walk->pair.endpoints[walk->who];

  walk->acted = TRUE;
  switch (walk->act)
    {
    case ACT_TERMINATE:
      if (walk->session != NULL)
        jxs_session_terminate (walk->session, NULL);
      break;
    case ACT_CANCEL:
      g_cancellable_cancel (walk->cancellables[walk->who]);
      break;
    case ACT_DISPOSE:
      g_object_run_dispose (G_OBJECT (*endpoint));
      break;
    case ACT_DROP:
      g_clear_object (endpoint);
      break;
    case ACT_LEAVE:
      g_clear_object (endpoint);
      if (walk->session != NULL)
        jxs_session_terminate (walk->session, NULL);
      break;
    case ACT_OPEN:
      jxs_endpoint_open_pipe_async (*endpoint,
                                    walk->pair.jids[!walk->who],
                                    "org.example.Echo",
                                    G_PRIORITY_DEFAULT,
                                    NULL,
                                    done_cb,
                                    &walk->other);
      walk->opened = TRUE;
      break;
    case ACT_NONE:
    case N_ACTS:
    default:
      break;
    }
}

static void
see (Walk *walk)
{
  if (walk->n_signals++ == walk->moment && !walk->acted)
    act (walk);
}

static void
candidates_cb (GListModel *candidates, guint position, guint removed, guint added, Walk *walk)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (JxsCandidate) candidate = g_list_model_get_item (candidates, i);

      g_signal_connect_swapped (candidate, "notify", G_CALLBACK (see), walk);
    }
  see (walk);
}

static void
watch_session (Walk *walk, JxsSession *session)
{
  GListModel *candidates = jxs_session_get_candidates (session);

  if (!g_set_object (&walk->session, session))
    return;
  g_signal_connect_swapped (session, "notify", G_CALLBACK (see), walk);
  g_signal_connect_swapped (session, "ended", G_CALLBACK (see), walk);
  g_signal_connect (candidates, "items-changed", G_CALLBACK (candidates_cb), walk);
  candidates_cb (candidates, 0, 0, g_list_model_get_n_items (candidates), walk);
}

static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          Walk *walk)
{
  see (walk);
}

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, Walk *walk)
{
  if (endpoint == walk->pair.endpoints[walk->who])
    see (walk);
  return !walk->way->reachable;
}

static void
address_request_cb (JxsEndpoint *endpoint, JxsJid *peer, Walk *walk)
{
  g_autoptr (JxsEndpoint) keep = g_object_ref (endpoint);

  if (endpoint == walk->pair.endpoints[walk->who])
    see (walk);
  jxs_endpoint_set_peer_address_policy (endpoint, peer, JXS_ADDRESS_POLICY_ALL);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, Walk *walk)
{
  /* Only the first one is watched; who acted in its face may open another one. */
  if (walk->accepting)
    {
      jxs_session_terminate (session, NULL);
      return;
    }
  walk->accepting = TRUE;
  if (walk->who == JULIET)
    watch_session (walk, session);
  jxs_endpoint_accept_pipe_async (
      endpoint, session, G_PRIORITY_DEFAULT, walk->cancellables[JULIET], done_cb, &walk->accept);
  if (walk->who == JULIET)
    see (walk);
}

static void
set_up (Walk *walk)
{
  pair_init (&walk->pair);
  for (guint i = 0; i < 2; i++)
    {
      JxsEndpoint *endpoint = walk->pair.endpoints[i];

      walk->cancellables[i] = g_cancellable_new ();
      jxs_endpoint_set_transports (endpoint, walk->way->transports);
      g_signal_connect (endpoint, "candidate", G_CALLBACK (candidate_cb), walk);
      jxs_endpoint_set_address_policy (endpoint, walk->way->policy);
      g_signal_connect (endpoint, "address-request", G_CALLBACK (address_request_cb), walk);
      g_signal_connect (endpoint, "incoming", G_CALLBACK (incoming_cb), walk);
    }
  g_signal_connect (walk->pair.endpoints[walk->who], "trace", G_CALLBACK (trace_cb), walk);
}

static void
begin (Walk *walk)
{
  g_autoptr (JxsEndpoint) romeo = g_object_ref (walk->pair.endpoints[ROMEO]);
  g_autoptr (JxsElement) description = jxs_element_new ("description", JXS_NS_PIPE);
  g_autoptr (JxsSession) session = NULL;

  jxs_element_set_attribute (description, "service", "org.example.Echo");
  session = jxs_endpoint_create_session (romeo, walk->pair.jids[JULIET], description);
  if (walk->who == ROMEO)
    watch_session (walk, session);
  jxs_endpoint_connect_session_async (
      romeo, session, NULL, G_PRIORITY_DEFAULT, walk->cancellables[ROMEO], done_cb, &walk->open);
}

static void
gone_cb (gpointer data, GObject *object)
{
  (*(guint *) data)--;
}

/* Nothing stays behind. */
static void
tear_down (Walk *walk)
{
  guint n_alive = 0;

  for (guint i = 0; i < 2; i++)
    {
      GObject *objects[] = { G_OBJECT (walk->pair.channels[i]),
                             (GObject *) walk->pair.endpoints[i] };

      for (guint j = 0; j < G_N_ELEMENTS (objects); j++)
        if (objects[j] != NULL)
          {
            g_object_weak_ref (objects[j], gone_cb, &n_alive);
            n_alive++;
          }
      if (walk->pair.endpoints[i] != NULL)
        g_signal_handlers_disconnect_by_data (walk->pair.endpoints[i], walk);
    }
  if (walk->session != NULL)
    {
      GListModel *candidates = jxs_session_get_candidates (walk->session);

      g_signal_handlers_disconnect_by_data (walk->session, walk);
      g_signal_handlers_disconnect_by_data (candidates, walk);
      for (guint i = 0; i < g_list_model_get_n_items (candidates); i++)
        {
          g_autoptr (JxsCandidate) candidate = g_list_model_get_item (candidates, i);

          g_signal_handlers_disconnect_by_data (candidate, walk);
        }
    }
  g_clear_object (&walk->session);
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&walk->pair.endpoints[i]);
      g_clear_object (&walk->pair.channels[i]);
      g_clear_object (&walk->cancellables[i]);
    }
  wait_until (n_alive == 0);
  settle ();
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&walk->pair.jids[i], jxs_jid_unref);
      g_clear_object (&walk->pair.identities[i]);
      g_assert_finalize_object (walk->pair.trusts[i]);
    }
}

/* Everything that was begun comes back. FALSE: the moment never came. */
static gboolean
walk (const Way *way, guint who, Act act, guint moment)
{
  Walk walk = { .way = way, .who = who, .act = act, .moment = moment };

  set_up (&walk);
  begin (&walk);
  wait_until (walk.open != OUTCOME_UNKNOWN && (!walk.accepting || walk.accept != OUTCOME_UNKNOWN) &&
              (!walk.opened || walk.other != OUTCOME_UNKNOWN));
  settle ();
  if (act == ACT_NONE)
    g_assert_cmpint (walk.open, ==, OUTCOME_SUCCESS);
  tear_down (&walk);
  return walk.acted;
}

/* What was disturbed may take all the time there is. */
static gboolean
hasten_cb (gpointer user_data)
{
  jxs_clock_advance (100 * 1000);
  return G_SOURCE_CONTINUE;
}

static void
test_walks (gconstpointer data)
{
  const Way *way = data;
  const guint step = g_test_thorough () ? 1 : 3;
  guint hasten;

  jxs_clock_use_fake (0);
  hurry_start ();
  g_assert_false (walk (way, ROMEO, ACT_NONE, G_MAXUINT));
  hurry_stop ();
  hasten = g_timeout_add (1, hasten_cb, NULL);
  for (guint who = 0; who < 2; who++)
    for (Act act = ACT_TERMINATE; act < N_ACTS; act++)
      {
        guint moment = g_test_rand_int_range (0, (gint32) step);

        while (walk (way, who, act, moment))
          moment += step;
        g_test_message ("%s, %s: %u",
                        who == ROMEO ? "initiator" : "responder",
                        act_names[act],
                        moment);
        g_assert_cmpuint (moment, >, 20);
      }
  g_source_remove (hasten);
  jxs_clock_use_real ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strconcat ("/endpoint/intrusion/", ways[i].name, NULL);

      g_test_add_data_func (path, &ways[i], test_walks);
    }

  return g_test_run ();
}

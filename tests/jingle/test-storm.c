/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>

/* Two managers, and everything in any order: sessions from both sides, users that accept, decline,
 * cancel and close, transports and handshakes that fail or hang, time that passes, stanzas that are
 * late or lost. What must hold: every request is answered exactly once, every operation ends once,
 * every session ends once and with it everything it had. */

typedef enum
{
  IN_ORDER,  /* as XMPP delivers (RFC 6120 §10.1) */
  SHUFFLED,  /* worse */
  WITH_LOSS, /* worse still */
} Order;

typedef struct
{
  Side sides[2];
  GQueue towards[2];         /* (element-type JxsElement): on the way to that side */
  GHashTable *unanswered[2]; /* (element-type utf8): requests that side was given */
  GPtrArray *cancellables;
  GRand *rand;
  Order order;
} Storm;

typedef struct
{
  Storm *storm;
  guint index;
} Port;

static void
outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, Port *port)
{
  const char *type = jxs_element_get_attribute (stanza, "type");
  const char *id = jxs_element_get_attribute (stanza, "id");

  if (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0)
    g_assert_true (g_hash_table_remove (port->storm->unanswered[port->index], id));
  g_queue_push_tail (&port->storm->towards[!port->index], jxs_element_copy (stanza));
}

static void
deliver (Storm *storm, guint index)
{
  GQueue *queue = &storm->towards[index];
  const guint length = g_queue_get_length (queue);
  g_autoptr (JxsElement) stanza = NULL;
  const char *type;

  if (length == 0)
    return;
  stanza = g_queue_pop_nth (queue,
                            storm->order == IN_ORDER
                                ? 0
                                : (guint) g_rand_int_range (storm->rand, 0, (gint32) length));
  if (storm->order == WITH_LOSS && g_rand_int_range (storm->rand, 0, 5) == 0)
    return;
  jxs_element_set_attribute (stanza, "from", index == 0 ? JULIET : ROMEO);
  type = jxs_element_get_attribute (stanza, "type");
  if (g_strcmp0 (type, "set") == 0)
    g_hash_table_add (storm->unanswered[index],
                      g_strdup (jxs_element_get_attribute (stanza, "id")));
  if (!jxs_relay_channel_push (JXS_RELAY_CHANNEL (storm->sides[index].channel), stanza))
    jxs_channel_refuse (storm->sides[index].channel, stanza);
}

static gpointer
pick (Storm *storm, GPtrArray *array)
{
  if (array->len == 0)
    return NULL;

  return g_ptr_array_index (array, (guint) g_rand_int_range (storm->rand, 0, (gint32) array->len));
}

static FakeBehaviour
pick_behaviour (Storm *storm)
{
  const int n = g_rand_int_range (storm->rand, 0, 6);

  return n < 4 ? FAKE_WORKS : n == 4 ? FAKE_FAILS : FAKE_HANGS;
}

static void
act (Storm *storm)
{
  const guint index = (guint) g_rand_int_range (storm->rand, 0, 2);
  Side *side = &storm->sides[index];
  g_autoptr (GPtrArray) live = jxs_session_manager_list_sessions (side->manager);
  JxsSession *session = pick (storm, live);

  switch (g_rand_int_range (storm->rand, 0, 24))
    {
    case 0:
      if (live->len < 8)
        {
          GCancellable *cancellable = g_cancellable_new ();

          g_ptr_array_add (storm->cancellables, cancellable);
          side_connect (side,
                        side_create (side,
                                     index == 0 ? JULIET : ROMEO,
                                     g_rand_boolean (storm->rand)),
                        g_rand_boolean (storm->rand) ? 0 : 20000,
                        cancellable);
        }
      break;
    case 1:
      side->accept = g_rand_boolean (storm->rand);
      break;
    case 2:
      side->fast.connect = pick_behaviour (storm);
      side->slow.connect = pick_behaviour (storm);
      break;
    case 3:
      side->security.secure = pick_behaviour (storm);
      side->security.lose = g_rand_boolean (storm->rand);
      side->security.required = g_rand_boolean (storm->rand);
      break;
    case 4:
      if (session != NULL)
        jxs_session_terminate (session, NULL);
      break;
    case 5:
      if (session != NULL)
        jxs_session_close_async (session, NULL, NULL, NULL, NULL);
      break;
    case 6:
      if (session != NULL && jxs_session_get_state (session) == JXS_SESSION_STATE_PENDING &&
          !jxs_session_is_initiator (session))
        side_connect (side, session, 0, NULL);
      break;
    case 7:
      if (g_rand_int_range (storm->rand, 0, 3) == 0 && storm->cancellables->len > 0)
        g_cancellable_cancel (pick (storm, storm->cancellables));
      break;
    case 8:
      if (session != NULL)
        jxs_session_send_info_async (session, NULL, 0, NULL, NULL, NULL);
      break;
    case 9:
      jxs_clock_advance ((gint64) g_rand_int_range (storm->rand, 0, 40) * G_USEC_PER_SEC);
      break;
    case 10:
      {
        g_autoptr (JxsElement) presence = jxs_element_new ("presence", "jabber:client");

        jxs_element_set_attribute (presence, "from", index == 0 ? JULIET : ROMEO);
        if (g_rand_boolean (storm->rand))
          jxs_element_set_attribute (presence, "type", "unavailable");
        jxs_relay_channel_push (JXS_RELAY_CHANNEL (side->channel), presence);
        break;
      }
    case 11:
    case 12:
    case 13:
    case 14:
      g_main_context_iteration (NULL, FALSE);
      break;
    default:
      deliver (storm, index);
      break;
    }
}

static void
run_storm (guint32 seed, Order order)
{
  Storm storm = { .order = order };
  Port ports[2] = { { &storm, 0 }, { &storm, 1 } };
  JxsJid *jids[2] = { jxs_jid_new (ROMEO, NULL), jxs_jid_new (JULIET, NULL) };

  jxs_clock_use_fake (G_USEC_PER_SEC);
  jxs_random_use_seed (seed);
  storm.rand = g_rand_new_with_seed (seed);
  storm.cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 2; i++)
    {
      JxsRelayChannel *channel = jxs_relay_channel_new (jids[i], TRUE);

      storm.unanswered[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_queue_init (&storm.towards[i]);
      g_signal_connect (channel, "outgoing", G_CALLBACK (outgoing_cb), &ports[i]);
      side_init (&storm.sides[i], JXS_CHANNEL (channel));
    }

  for (guint i = 0; i < 400; i++)
    act (&storm);

  /* The wind drops: what is on its way arrives, and the deadlines pass. */
  storm.order = IN_ORDER;
  for (guint round = 0; round < 12; round++)
    {
      for (guint i = 0; i < 2; i++)
        while (!g_queue_is_empty (&storm.towards[i]))
          deliver (&storm, i);
      advance (61000);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (g_hash_table_size (storm.unanswered[i]), ==, 0);
      side_clear (&storm.sides[i]); /* asserts that every operation is done */
    }
  advance (JXS_ROUTER_DEFAULT_TIMEOUT_MS);
  for (guint i = 0; i < 2; i++)
    {
      g_signal_handlers_disconnect_by_data (storm.sides[i].channel, &ports[i]);
      g_assert_finalize_object (storm.sides[i].router);
      g_assert_finalize_object (storm.sides[i].channel);
      g_queue_clear_full (&storm.towards[i], (GDestroyNotify) jxs_element_unref);
      g_hash_table_unref (storm.unanswered[i]);
      jxs_jid_unref (jids[i]);
    }
  g_ptr_array_unref (storm.cancellables);
  g_rand_free (storm.rand);
  fake_forget_meetings ();
  jxs_clock_use_real ();
  jxs_random_use_real ();
}

static void
test_storm (gconstpointer data)
{
  for (guint i = 0; i < 60; i++)
    {
      const guint32 seed = (guint32) g_test_rand_int ();

      g_test_message ("seed %u", seed);
      run_storm (seed, GPOINTER_TO_INT (data));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/jingle/storm/in-order", GINT_TO_POINTER (IN_ORDER), test_storm);
  g_test_add_data_func ("/jingle/storm/shuffled", GINT_TO_POINTER (SHUFFLED), test_storm);
  g_test_add_data_func ("/jingle/storm/with-loss", GINT_TO_POINTER (WITH_LOSS), test_storm);

  return g_test_run ();
}

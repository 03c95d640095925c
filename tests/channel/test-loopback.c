/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "channel-util.h"

#include <jxs-glib/channel/jxs-loopback-channel.h>

typedef struct
{
  JxsLoopbackChannel *romeo;
  JxsLoopbackChannel *juliet;
  GPtrArray *to_romeo;
  GPtrArray *to_juliet;
  guint n_closed;
  gboolean take;
  gboolean answer;
  gboolean sending;
} Pair;

static gboolean
pair_stanza_cb (JxsLoopbackChannel *channel, JxsElement *stanza, Pair *pair)
{
  /* Never from inside send. */
  g_assert_false (pair->sending);
  g_ptr_array_add (channel == pair->romeo ? pair->to_romeo : pair->to_juliet,
                   jxs_element_ref (stanza));
  if (pair->answer)
    {
      g_autoptr (JxsElement) answer = jxs_stanza_new_result (stanza, NULL);

      pair->answer = FALSE;
      g_assert_true (jxs_channel_send (JXS_CHANNEL (channel), answer, NULL));
    }
  return pair->take;
}

static void
pair_closed_cb (JxsLoopbackChannel *channel, const GError *error, Pair *pair)
{
  g_assert_no_error (error);
  pair->n_closed++;
}

static void
pair_init (Pair *pair)
{
  g_autoptr (JxsJid) romeo = make_jid (ROMEO);
  g_autoptr (JxsJid) juliet = make_jid (JULIET);

  *pair = (Pair){ .take = TRUE };
  pair->to_romeo = make_elements ();
  pair->to_juliet = make_elements ();
  jxs_loopback_channel_new_pair (romeo, juliet, &pair->romeo, &pair->juliet);
  g_signal_connect (pair->romeo, "stanza", G_CALLBACK (pair_stanza_cb), pair);
  g_signal_connect (pair->juliet, "stanza", G_CALLBACK (pair_stanza_cb), pair);
  g_signal_connect (pair->romeo, "closed", G_CALLBACK (pair_closed_cb), pair);
  g_signal_connect (pair->juliet, "closed", G_CALLBACK (pair_closed_cb), pair);
}

static void
pair_clear (Pair *pair)
{
  if (pair->romeo != NULL)
    g_assert_finalize_object (pair->romeo);
  if (pair->juliet != NULL)
    g_assert_finalize_object (pair->juliet);
  g_ptr_array_unref (pair->to_romeo);
  g_ptr_array_unref (pair->to_juliet);
}

static void
send_number (Pair *pair, guint number)
{
  g_autofree char *text = g_strdup_printf ("%u", number);
  g_autoptr (JxsElement) message = jxs_stanza_new_message (JULIET, text);
  g_autoptr (GError) error = NULL;

  pair->sending = TRUE;
  jxs_channel_send (JXS_CHANNEL (pair->romeo), message, &error);
  pair->sending = FALSE;
  g_assert_no_error (error);
}

static void
assert_number (JxsElement *message, guint number)
{
  g_autofree char *text = g_strdup_printf ("%u", number);

  g_assert_cmpstr (jxs_element_get_text (jxs_element_find_child (message, "body", NULL)), ==, text);
}

static void
test_order (void)
{
  Pair pair;

  pair_init (&pair);
  g_assert_true (jxs_channel_is_secure (JXS_CHANNEL (pair.romeo)));
  g_assert_cmpstr (jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (pair.romeo))),
                   ==,
                   ROMEO);
  for (guint i = 0; i < 100; i++)
    send_number (&pair, i);
  g_assert_cmpuint (pair.to_juliet->len, ==, 0);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 100);
  for (guint i = 0; i < 100; i++)
    {
      assert_number (g_ptr_array_index (pair.to_juliet, i), i);
      assert_attribute (g_ptr_array_index (pair.to_juliet, i), "from", ROMEO);
      assert_attribute (g_ptr_array_index (pair.to_juliet, i), "to", JULIET);
    }
  pair_clear (&pair);
}

/* The sender's address is stamped, whatever it claims, and trees are not shared. */
static void
test_stamp (void)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "hi");
  JxsElement *received;
  Pair pair;

  pair_init (&pair);
  jxs_element_set_attribute (message, "from", "tybalt@capulet.example/street");
  g_assert_true (jxs_channel_send (JXS_CHANNEL (pair.romeo), message, NULL));
  jxs_element_set_attribute (message, "type", "changed");
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 1);
  received = g_ptr_array_index (pair.to_juliet, 0);
  assert_attribute (received, "from", ROMEO);
  assert_attribute (received, "to", JULIET);
  assert_attribute (received, "type", "chat");
  assert_attribute (message, "from", "tybalt@capulet.example/street");
  pair_clear (&pair);
}

static void
test_answer (void)
{
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", JULIET, NULL);
  Pair pair;

  pair_init (&pair);
  pair.answer = TRUE;
  g_assert_true (jxs_channel_send (JXS_CHANNEL (pair.romeo), iq, NULL));
  drain ();
  g_assert_cmpuint (pair.to_romeo->len, ==, 1);
  assert_attribute (g_ptr_array_index (pair.to_romeo, 0), "type", "result");
  assert_attribute (g_ptr_array_index (pair.to_romeo, 0), "from", JULIET);
  pair_clear (&pair);
}

/* A request nobody takes is refused as a client does. */
static void
test_unhandled (void)
{
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", JULIET, NULL);
  Pair pair;

  pair_init (&pair);
  pair.take = FALSE;
  g_assert_true (jxs_channel_send (JXS_CHANNEL (pair.romeo), iq, NULL));
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 1);
  g_assert_cmpuint (pair.to_romeo->len, ==, 1);
  assert_error_stanza (g_ptr_array_index (pair.to_romeo, 0), JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
  pair_clear (&pair);
}

static const struct
{
  const char *to;
  gboolean message_arrives;
  gboolean iq_arrives;
} recipients[] = {
  { NULL, TRUE, TRUE },
  { JULIET, TRUE, TRUE },
  { "juliet@capulet.example", TRUE, FALSE },
  { "juliet@capulet.example/garden", FALSE, FALSE },
  { "capulet.example", FALSE, FALSE },
  { "nurse@capulet.example/balcony", FALSE, FALSE },
  { ROMEO, FALSE, FALSE },
};

static void
test_recipients (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (recipients); i++)
    {
      g_autoptr (JxsElement) message = jxs_stanza_new_message (recipients[i].to, "hi");
      g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("set", recipients[i].to, NULL);
      guint expected = (recipients[i].message_arrives ? 1 : 0) + (recipients[i].iq_arrives ? 1 : 0);
      Pair pair;

      g_test_message ("%s", recipients[i].to);
      pair_init (&pair);
      g_assert_true (jxs_channel_send (JXS_CHANNEL (pair.romeo), message, NULL));
      g_assert_true (jxs_channel_send (JXS_CHANNEL (pair.romeo), iq, NULL));
      g_assert_cmpuint (pair.to_romeo->len, ==, 0);
      drain ();
      g_assert_cmpuint (pair.to_juliet->len, ==, expected);
      g_assert_cmpuint (pair.to_romeo->len, ==, recipients[i].iq_arrives ? 0 : 1);
      if (!recipients[i].iq_arrives)
        {
          JxsElement *answer = g_ptr_array_index (pair.to_romeo, 0);

          assert_error_stanza (answer, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
          assert_attribute (answer, "from", recipients[i].to);
          assert_attribute (answer, "id", jxs_element_get_attribute (iq, "id"));
        }
      pair_clear (&pair);
    }
}

static void
test_invalid (void)
{
  g_autoptr (JxsElement) stray = jxs_element_new ("auth", "urn:ietf:params:xml:ns:xmpp-sasl");
  g_autoptr (JxsElement) message = jxs_stanza_new_message ("@", "hi");
  g_autoptr (GError) error = NULL;
  Pair pair;

  pair_init (&pair);
  g_assert_false (jxs_channel_send (JXS_CHANNEL (pair.romeo), stray, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (jxs_channel_send (JXS_CHANNEL (pair.romeo), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_JID);
  pair_clear (&pair);
}

static void
test_delay (void)
{
  Pair pair;

  jxs_clock_use_fake (0);
  pair_init (&pair);
  jxs_loopback_channel_set_delay (pair.romeo, 50);
  send_number (&pair, 0);
  jxs_clock_advance (20 * 1000);
  send_number (&pair, 1);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 0);
  jxs_clock_advance (30 * 1000 - 1);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 0);
  jxs_clock_advance (1);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 1);

  /* A shorter delay does not change the order. */
  jxs_loopback_channel_set_delay (pair.romeo, 0);
  send_number (&pair, 2);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 1);
  jxs_clock_advance (20 * 1000);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    assert_number (g_ptr_array_index (pair.to_juliet, i), i);

  pair_clear (&pair);
  jxs_clock_use_real ();
}

/* What was on its way arrives before the end. */
static void
test_close (void)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (JULIET, "hi");
  g_autoptr (GError) error = NULL;
  Pair pair;

  pair_init (&pair);
  send_number (&pair, 0);
  jxs_loopback_channel_close (pair.romeo);
  jxs_loopback_channel_close (pair.romeo);
  g_assert_cmpuint (pair.n_closed, ==, 1);
  g_assert_false (jxs_channel_send (JXS_CHANNEL (pair.romeo), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (jxs_channel_send (JXS_CHANNEL (pair.juliet), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 1);
  g_assert_cmpuint (pair.n_closed, ==, 2);
  jxs_loopback_channel_close (pair.juliet);
  g_assert_cmpuint (pair.n_closed, ==, 2);
  pair_clear (&pair);
}

static void
test_dropped (void)
{
  Pair pair;

  pair_init (&pair);
  send_number (&pair, 0);
  g_assert_finalize_object (g_steal_pointer (&pair.romeo));
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 1);
  g_assert_cmpuint (pair.n_closed, ==, 1);
  pair_clear (&pair);

  /* The receiver, with stanzas on their way. */
  pair_init (&pair);
  send_number (&pair, 0);
  g_assert_finalize_object (g_steal_pointer (&pair.juliet));
  drain ();
  g_assert_cmpuint (pair.n_closed, ==, 1);
  pair_clear (&pair);
}

static gboolean
close_in_handler_cb (JxsLoopbackChannel *channel, JxsElement *stanza, gpointer user_data)
{
  jxs_loopback_channel_close (channel);
  return TRUE;
}

static gboolean
drop_in_handler_cb (JxsLoopbackChannel *channel, JxsElement *stanza, Pair *pair)
{
  g_clear_object (&pair->juliet);
  return TRUE;
}

static void
test_end_in_handler (void)
{
  Pair pair;

  pair_init (&pair);
  g_signal_handlers_disconnect_by_data (pair.juliet, &pair);
  g_signal_connect (pair.juliet, "stanza", G_CALLBACK (close_in_handler_cb), NULL);
  send_number (&pair, 0);
  send_number (&pair, 1);
  drain ();
  g_assert_cmpuint (pair.n_closed, ==, 1);
  pair_clear (&pair);

  pair_init (&pair);
  g_signal_handlers_disconnect_by_data (pair.juliet, &pair);
  g_signal_connect (pair.juliet, "stanza", G_CALLBACK (drop_in_handler_cb), &pair);
  send_number (&pair, 0);
  send_number (&pair, 1);
  drain ();
  g_assert_null (pair.juliet);
  g_assert_cmpuint (pair.n_closed, ==, 1);
  pair_clear (&pair);
}

/* A sender that never yields is told so. */
static void
test_limit (void)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (JULIET, "hi");
  g_autoptr (GError) error = NULL;
  guint n_sent = 0;
  Pair pair;

  pair_init (&pair);
  while (n_sent < 1000000 && jxs_channel_send (JXS_CHANNEL (pair.romeo), message, &error))
    n_sent++;
  g_assert_error (error, JXS_ERROR, JXS_ERROR_LIMIT);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, n_sent);
  g_assert_true (jxs_channel_send (JXS_CHANNEL (pair.romeo), message, NULL));
  pair_clear (&pair);
}

/* Stanzas belong to the context in which the pair was made. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Pair pair;

  g_main_context_push_thread_default (context);
  pair_init (&pair);
  g_main_context_pop_thread_default (context);
  send_number (&pair, 0);
  drain ();
  g_assert_cmpuint (pair.to_juliet->len, ==, 0);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (pair.to_juliet->len, ==, 1);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/loopback/order", test_order);
  g_test_add_func ("/channel/loopback/stamp", test_stamp);
  g_test_add_func ("/channel/loopback/answer", test_answer);
  g_test_add_func ("/channel/loopback/unhandled", test_unhandled);
  g_test_add_func ("/channel/loopback/recipients", test_recipients);
  g_test_add_func ("/channel/loopback/invalid", test_invalid);
  g_test_add_func ("/channel/loopback/delay", test_delay);
  g_test_add_func ("/channel/loopback/close", test_close);
  g_test_add_func ("/channel/loopback/dropped", test_dropped);
  g_test_add_func ("/channel/loopback/end-in-handler", test_end_in_handler);
  g_test_add_func ("/channel/loopback/limit", test_limit);
  g_test_add_func ("/channel/loopback/context", test_context);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/transports/ibb/jxs-ibb-machine-private.h>

#define BLOCK_SIZE 16

typedef struct
{
  JxsIbbMachine machine;
  GArray *actions;
  GBytes *bytes;
} Fixture;

static int request; /* what answers go to: only its address matters */

static void
reset (Fixture *self, gboolean initiator)
{
  jxs_ibb_machine_clear (&self->machine);
  jxs_ibb_machine_init (&self->machine, initiator);
  self->machine.block_size = BLOCK_SIZE;
  g_array_set_size (self->actions, 0);
}

static void
set_up (Fixture *self, gconstpointer unused)
{
  self->actions = jxs_ibb_actions_new ();
  self->bytes = g_bytes_new_static ("data", 4);
  reset (self, TRUE);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  jxs_ibb_machine_clear (&self->machine);
  g_array_unref (self->actions);
  g_bytes_unref (self->bytes);
}

static void
feed (Fixture *self, JxsIbbEvent event)
{
  g_array_set_size (self->actions, 0);
  event.request = &request;
  if (event.bytes == NULL)
    event.bytes = self->bytes;
  jxs_ibb_machine_handle (&self->machine, &event, self->actions);
}

static void
feed_type (Fixture *self, JxsIbbEventType type)
{
  feed (self,
        (JxsIbbEvent){
            .type = type, .block_size = BLOCK_SIZE, .failure = JXS_IBB_FAILURE_STALLED });
}

static void
feed_answer (Fixture *self, guint16 seq, JxsIbbFault fault)
{
  feed (self, (JxsIbbEvent){ .type = JXS_IBB_EVENT_DATA_ANSWER, .seq = seq, .fault = fault });
}

static void
feed_data (Fixture *self, guint16 seq, JxsIbbFault fault)
{
  feed (self, (JxsIbbEvent){ .type = JXS_IBB_EVENT_DATA, .seq = seq, .fault = fault });
}

/* The last actions as text, like "reply:result opened". */
static char *
describe (Fixture *self)
{
  static const char *const names[] = {
    "open", "data", "close", "reply", "deliver", "opened", "pause", "eof", "failed", "closed",
  };
  static const char *const replies[] = {
    "result",         "bad-request",         "item-not-found",
    "not-acceptable", "resource-constraint", "unexpected-request",
  };
  static const char *const failures[] = {
    "none",     "refused",   "rejected", "gap",     "retries",
    "sequence", "malformed", "overflow", "stalled", "aborted",
  };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->actions->len; i++)
    {
      const JxsIbbAction *action = &g_array_index (self->actions, JxsIbbAction, i);

      if (i > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, names[action->type]);
      if (action->type == JXS_IBB_ACTION_REPLY)
        {
          g_assert_true (action->request == &request);
          g_string_append_printf (text, ":%s", replies[action->reply]);
        }
      else if (action->type == JXS_IBB_ACTION_FAILED)
        g_string_append_printf (text, ":%s", failures[action->failure]);
      else if (action->type == JXS_IBB_ACTION_SEND_DATA)
        g_string_append_printf (text, ":%u%s", action->seq, action->again ? "again" : "");
      else if (action->type == JXS_IBB_ACTION_PAUSE)
        g_string_append_printf (text, ":%u", action->delay_ms);
      else if (action->type == JXS_IBB_ACTION_DELIVER)
        g_assert_true (action->bytes == self->bytes);
    }
  return g_string_free (text, FALSE);
}

static void
assert_actions (Fixture *self, const char *expected)
{
  g_autofree char *got = describe (self);

  g_assert_cmpstr (got, ==, expected);
}

/* By lawful events. */
static void
bring_to (Fixture *self, JxsIbbState state, gboolean initiator)
{
  reset (self, initiator);
  if (state == JXS_IBB_STATE_NEW)
    return;
  feed_type (self, JXS_IBB_EVENT_AGREE);
  if (state == JXS_IBB_STATE_AGREED)
    return;
  feed_type (self, JXS_IBB_EVENT_CONNECT);
  if (state == JXS_IBB_STATE_OPENING)
    return;
  if (initiator)
    feed_type (self, JXS_IBB_EVENT_OPEN_ANSWER);
  else
    feed_type (self, JXS_IBB_EVENT_OPEN);
  assert_actions (self, initiator ? "opened" : "reply:result opened");
  if (state == JXS_IBB_STATE_OPEN)
    return;
  if (state == JXS_IBB_STATE_FLUSHING)
    {
      feed_type (self, JXS_IBB_EVENT_CLOSE);
      return;
    }
  feed_type (self, JXS_IBB_EVENT_SHUT);
  if (state == JXS_IBB_STATE_DRAINING)
    return;
  feed_type (self, JXS_IBB_EVENT_DRY);
  if (state == JXS_IBB_STATE_CLOSING)
    return;
  feed_type (self, JXS_IBB_EVENT_CLOSE_ANSWER);
}

typedef struct
{
  JxsIbbState state;
  JxsIbbEventType event;
  const char *actions;
  JxsIbbState next;
} Row;

#define S(state) JXS_IBB_STATE_##state
#define E(event) JXS_IBB_EVENT_##event

/* Every pair; those not listed do nothing. */
static const Row rows[] = {
  { S (NEW), E (AGREE), "", S (AGREED) },
  { S (NEW), E (OPEN), "reply:not-acceptable", S (NEW) },
  { S (NEW), E (DATA), "reply:item-not-found", S (NEW) },
  { S (NEW), E (SHUT), "eof closed", S (CLOSED) },
  { S (NEW), E (CLOSE), "reply:item-not-found", S (NEW) },
  { S (NEW), E (FAIL), "failed:stalled eof closed", S (CLOSED) },
  { S (NEW), E (ABORT), "failed:aborted eof closed", S (CLOSED) },

  { S (AGREED), E (CONNECT), "open", S (OPENING) },
  { S (AGREED), E (OPEN), "reply:result opened", S (OPEN) },
  { S (AGREED), E (DATA), "reply:item-not-found", S (AGREED) },
  { S (AGREED), E (SHUT), "eof closed", S (CLOSED) },
  { S (AGREED), E (CLOSE), "reply:item-not-found", S (AGREED) },
  { S (AGREED), E (FAIL), "failed:stalled eof closed", S (CLOSED) },
  { S (AGREED), E (ABORT), "failed:aborted eof closed", S (CLOSED) },

  { S (OPENING), E (OPEN), "reply:result opened", S (OPEN) },
  { S (OPENING), E (OPEN_ANSWER), "opened", S (OPEN) },
  { S (OPENING), E (DATA), "opened deliver", S (OPEN) },
  { S (OPENING), E (SHUT), "close", S (CLOSING) },
  { S (OPENING), E (CLOSE), "opened eof", S (FLUSHING) },
  { S (OPENING), E (FAIL), "failed:stalled eof closed", S (CLOSED) },
  { S (OPENING), E (ABORT), "failed:aborted eof closed", S (CLOSED) },

  { S (OPEN), E (OPEN), "reply:not-acceptable", S (OPEN) },
  { S (OPEN), E (DATA), "deliver", S (OPEN) },
  { S (OPEN), E (SEND), "data:0", S (OPEN) },
  { S (OPEN), E (SHUT), "", S (DRAINING) },
  { S (OPEN), E (CLOSE), "eof", S (FLUSHING) },
  { S (OPEN), E (FAIL), "failed:stalled eof close", S (CLOSING) },
  { S (OPEN), E (ABORT), "failed:aborted eof closed", S (CLOSED) },

  { S (DRAINING), E (OPEN), "reply:not-acceptable", S (DRAINING) },
  { S (DRAINING), E (DATA), "deliver", S (DRAINING) },
  { S (DRAINING), E (SEND), "data:0", S (DRAINING) },
  { S (DRAINING), E (DRY), "close", S (CLOSING) },
  { S (DRAINING), E (CLOSE), "eof", S (FLUSHING) },
  { S (DRAINING), E (FAIL), "failed:stalled eof close", S (CLOSING) },
  { S (DRAINING), E (ABORT), "failed:aborted eof closed", S (CLOSED) },

  { S (FLUSHING), E (OPEN), "reply:not-acceptable", S (FLUSHING) },
  { S (FLUSHING), E (DATA), "reply:item-not-found", S (FLUSHING) },
  { S (FLUSHING), E (SEND), "data:0", S (FLUSHING) },
  { S (FLUSHING), E (DRY), "reply:result eof closed", S (CLOSED) },
  { S (FLUSHING), E (CLOSE), "reply:item-not-found", S (FLUSHING) },
  { S (FLUSHING), E (FAIL), "failed:stalled reply:result eof closed", S (CLOSED) },
  { S (FLUSHING), E (ABORT), "failed:aborted reply:result eof closed", S (CLOSED) },

  { S (CLOSING), E (OPEN), "reply:not-acceptable", S (CLOSING) },
  { S (CLOSING), E (DATA), "deliver", S (CLOSING) },
  { S (CLOSING), E (CLOSE), "reply:result eof closed", S (CLOSED) },
  { S (CLOSING), E (CLOSE_ANSWER), "eof closed", S (CLOSED) },
  { S (CLOSING), E (FAIL), "eof closed", S (CLOSED) },
  { S (CLOSING), E (ABORT), "eof closed", S (CLOSED) },

  { S (CLOSED), E (OPEN), "reply:not-acceptable", S (CLOSED) },
  { S (CLOSED), E (DATA), "reply:item-not-found", S (CLOSED) },
  { S (CLOSED), E (CLOSE), "reply:item-not-found", S (CLOSED) },
};

static void
test_table (Fixture *self, gconstpointer unused)
{
  for (int state = 0; state < JXS_IBB_N_STATES; state++)
    for (int event = 0; event < JXS_IBB_N_EVENTS; event++)
      {
        const char *expected = "";
        JxsIbbState next = state;

        for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
          if ((int) rows[i].state == state && (int) rows[i].event == event)
            {
              expected = rows[i].actions;
              next = rows[i].next;
            }

        g_test_message ("%s, event %d", jxs_ibb_state_to_string (state), event);
        bring_to (self, state, TRUE);
        g_assert_cmpint (self->machine.state, ==, state);
        feed_type (self, event);
        assert_actions (self, expected);
        g_assert_cmpint (self->machine.state, ==, next);
      }
}

/* The responder waits (XEP-0261 §2.2), and an <open/> with another size than agreed is refused
 * while the right one still works. */
static void
test_responder (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_AGREED, FALSE);
  feed_type (self, JXS_IBB_EVENT_CONNECT);
  assert_actions (self, "");
  feed (self, (JxsIbbEvent){ .type = JXS_IBB_EVENT_OPEN, .block_size = BLOCK_SIZE * 2 });
  assert_actions (self, "reply:resource-constraint");
  g_assert_cmpint (self->machine.state, ==, JXS_IBB_STATE_AGREED);
  feed_type (self, JXS_IBB_EVENT_OPEN);
  assert_actions (self, "reply:result opened");
}

static void
test_open_refused (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPENING, TRUE);
  feed (self, (JxsIbbEvent){ .type = JXS_IBB_EVENT_OPEN_ANSWER, .fault = JXS_IBB_FAULT_REFUSED });
  assert_actions (self, "failed:refused eof closed");
}

/* urn:xmpp:jingle:transports:ibb:0 has no <open/>; one does no harm. */
static void
test_implicit_open (Fixture *self, gconstpointer unused)
{
  self->machine.implicit_open = TRUE;
  feed_type (self, JXS_IBB_EVENT_AGREE);
  assert_actions (self, "opened");
  feed_type (self, JXS_IBB_EVENT_CONNECT);
  assert_actions (self, "");
  feed_data (self, 0, JXS_IBB_FAULT_NONE);
  assert_actions (self, "deliver");
  feed_type (self, JXS_IBB_EVENT_OPEN);
  assert_actions (self, "reply:result");
  feed (self, (JxsIbbEvent){ .type = JXS_IBB_EVENT_OPEN, .block_size = 1 });
  assert_actions (self, "reply:not-acceptable");
}

/* XEP-0047 §2.2: after 65535 comes 0, in each direction on its own. */
static void
test_wrap (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  self->machine.send_seq = 65534;
  self->machine.receive_seq = 65533;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *expected = g_strdup_printf ("data:%u", (guint16) (65534 + i));

      feed_type (self, JXS_IBB_EVENT_SEND);
      assert_actions (self, expected);
      feed_data (self, 65533 + i, JXS_IBB_FAULT_NONE);
      assert_actions (self, "deliver");
    }
  for (guint i = 0; i < 4; i++)
    feed_answer (self, 65534 + i, JXS_IBB_FAULT_NONE);
  g_assert_cmpuint (self->machine.in_flight.length, ==, 0);
  g_assert_cmpuint (self->machine.send_seq, ==, 2);
  g_assert_cmpuint (self->machine.receive_seq, ==, 1);
}

/* A whole turn of the counter and a bit. */
static void
test_65540_blocks (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  for (guint i = 0; i < 65540; i++)
    {
      feed_type (self, JXS_IBB_EVENT_SEND);
      feed_answer (self, i, JXS_IBB_FAULT_NONE);
      feed_data (self, i, JXS_IBB_FAULT_NONE);
      g_assert_cmpuint (self->actions->len, ==, 1);
    }
  g_assert_cmpint (self->machine.state, ==, JXS_IBB_STATE_OPEN);
}

/* A gap, a repetition, a swap (XEP-0047 §2.2): an error, the stream is closed, and nothing that
 * follows is processed. */
static void
test_out_of_sequence (Fixture *self, gconstpointer unused)
{
  static const guint16 courses[][2] = { { 0, 2 }, { 0, 0 }, { 1, 0 }, { 65535, 0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (courses); i++)
    {
      bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
      feed_data (self, courses[i][0], JXS_IBB_FAULT_NONE);
      if (courses[i][0] == 0)
        {
          assert_actions (self, "deliver");
          feed_data (self, courses[i][1], JXS_IBB_FAULT_NONE);
        }
      assert_actions (self, "reply:unexpected-request failed:sequence eof close");
      feed_data (self, self->machine.receive_seq, JXS_IBB_FAULT_NONE);
      assert_actions (self, "reply:unexpected-request");
      feed_type (self, JXS_IBB_EVENT_CLOSE_ANSWER);
      assert_actions (self, "eof closed");
    }
}

static void
test_bad_data (Fixture *self, gconstpointer unused)
{
  static const JxsIbbState states[] = { S (OPEN), S (DRAINING), S (CLOSING) };

  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    {
      gboolean closing = states[i] == JXS_IBB_STATE_CLOSING;

      bring_to (self, states[i], FALSE);
      feed_data (self, 0, JXS_IBB_FAULT_MALFORMED);
      assert_actions (self,
                      closing ? "reply:bad-request failed:malformed eof"
                              : "reply:bad-request failed:malformed eof close");
      bring_to (self, states[i], FALSE);
      feed_data (self, 0, JXS_IBB_FAULT_OVERFLOW);
      assert_actions (self,
                      closing ? "reply:resource-constraint failed:overflow eof"
                              : "reply:resource-constraint failed:overflow eof close");
      g_assert_cmpint (self->machine.state, ==, JXS_IBB_STATE_CLOSING);
    }
}

static void
test_rejected (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 0, JXS_IBB_FAULT_REFUSED);
  assert_actions (self, "failed:rejected eof close");
  feed_answer (self, 1, JXS_IBB_FAULT_NONE);
  assert_actions (self, "");
  g_assert_false (jxs_ibb_machine_can_send (&self->machine));
}

/* Answers to nothing, and twice. */
static void
test_strange_answers (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_answer (self, 0, JXS_IBB_FAULT_REFUSED);
  assert_actions (self, "");
  for (guint i = 0; i < 3; i++)
    feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 3, JXS_IBB_FAULT_REFUSED);
  feed_answer (self, 65535, JXS_IBB_FAULT_REFUSED);
  feed_answer (self, 1, JXS_IBB_FAULT_NONE);
  feed_answer (self, 1, JXS_IBB_FAULT_REFUSED);
  assert_actions (self, "");
  g_assert_cmpuint (self->machine.in_flight.length, ==, 3);
  feed_answer (self, 0, JXS_IBB_FAULT_NONE);
  g_assert_cmpuint (self->machine.in_flight.length, ==, 1);
  g_assert_cmpint (self->machine.state, ==, JXS_IBB_STATE_OPEN);
}

/* XEP-0047 §2.2: not delivered, type wait: the same packet again, later. */
static void
test_retry_one (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 0, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "pause:1000");
  g_assert_false (jxs_ibb_machine_can_send (&self->machine));
  feed_type (self, JXS_IBB_EVENT_RETRY);
  assert_actions (self, "data:0again");
  feed_answer (self, 0, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "pause:2000");
  feed_type (self, JXS_IBB_EVENT_RETRY);
  feed_answer (self, 0, JXS_IBB_FAULT_NONE);
  assert_actions (self, "");
  g_assert_true (jxs_ibb_machine_can_send (&self->machine));
  /* The count starts over. */
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 1, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "pause:1000");
}

/* All that was in flight after it was not delivered either: nobody saw a gap. */
static void
test_retry_window (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  for (guint i = 0; i < 4; i++)
    feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 0, JXS_IBB_FAULT_NONE);
  feed_answer (self, 1, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "");
  feed_answer (self, 2, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "");
  feed_answer (self, 3, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "pause:1000");
  feed_type (self, JXS_IBB_EVENT_RETRY);
  assert_actions (self, "data:1again");
  feed_answer (self, 1, JXS_IBB_FAULT_NONE);
  assert_actions (self, "data:2again");
  feed_answer (self, 2, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "pause:1000");
  feed_type (self, JXS_IBB_EVENT_RETRY);
  feed_answer (self, 2, JXS_IBB_FAULT_NONE);
  assert_actions (self, "data:3again");
  g_assert_false (jxs_ibb_machine_can_send (&self->machine));
  feed_answer (self, 3, JXS_IBB_FAULT_NONE);
  assert_actions (self, "");
  g_assert_true (jxs_ibb_machine_can_send (&self->machine));
}

/* One in front that is acknowledged late does not start the resending early. */
static void
test_retry_after_late_answer (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 1, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "");
  feed_answer (self, 0, JXS_IBB_FAULT_NONE);
  assert_actions (self, "pause:1000");
}

/* A later one was delivered, so the peer saw a gap: no resending heals that. */
static void
test_gap (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 0, JXS_IBB_FAULT_WAIT);
  feed_answer (self, 1, JXS_IBB_FAULT_NONE);
  assert_actions (self, "failed:gap eof close");

  /* The peer says so itself. */
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_answer (self, 0, JXS_IBB_FAULT_WAIT);
  feed_answer (self, 1, JXS_IBB_FAULT_REFUSED);
  assert_actions (self, "failed:rejected eof close");
}

static void
test_retry_limit (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  for (guint i = 0; i < JXS_IBB_RETRY_LIMIT; i++)
    {
      g_autofree char *expected = g_strdup_printf ("pause:%u", 1000u << i);

      feed_answer (self, 0, JXS_IBB_FAULT_WAIT);
      assert_actions (self, expected);
      feed_type (self, JXS_IBB_EVENT_RETRY);
      assert_actions (self, "data:0again");
    }
  feed_answer (self, 0, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "failed:retries eof close");
}

/* XEP-0047 §2.3: what was written is sent and acknowledged before <close/>, whoever closes. */
static void
test_close_flushes (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_type (self, JXS_IBB_EVENT_SHUT);
  feed_type (self, JXS_IBB_EVENT_SEND);
  assert_actions (self, "data:1");
  feed_type (self, JXS_IBB_EVENT_DRY);
  assert_actions (self, "");
  feed_answer (self, 0, JXS_IBB_FAULT_NONE);
  assert_actions (self, "");
  feed_answer (self, 1, JXS_IBB_FAULT_NONE);
  assert_actions (self, "close");

  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_type (self, JXS_IBB_EVENT_CLOSE);
  assert_actions (self, "eof");
  feed_type (self, JXS_IBB_EVENT_DRY);
  assert_actions (self, "");
  feed_answer (self, 0, JXS_IBB_FAULT_NONE);
  assert_actions (self, "reply:result eof closed");
}

/* Retries go on while closing. */
static void
test_close_with_retry (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_OPEN, TRUE);
  feed_type (self, JXS_IBB_EVENT_SEND);
  feed_type (self, JXS_IBB_EVENT_SHUT);
  feed_type (self, JXS_IBB_EVENT_DRY);
  feed_answer (self, 0, JXS_IBB_FAULT_WAIT);
  assert_actions (self, "pause:1000");
  feed_type (self, JXS_IBB_EVENT_RETRY);
  assert_actions (self, "data:0again");
  feed_answer (self, 0, JXS_IBB_FAULT_NONE);
  assert_actions (self, "close");
}

/* Both close at once. */
static void
test_close_crossing (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_IBB_STATE_CLOSING, TRUE);
  feed_type (self, JXS_IBB_EVENT_CLOSE);
  assert_actions (self, "reply:result eof closed");
  feed_type (self, JXS_IBB_EVENT_CLOSE_ANSWER);
  assert_actions (self, "");
}

/* Any order: the sid is freed once, nothing is delivered or sent after the end, what is delivered
 * is in sequence, and every request is answered or handed on for an answer. */
static void
test_random (Fixture *self, gconstpointer unused)
{
  for (guint round = 0; round < 3000; round++)
    {
      guint n_closed = 0;
      gboolean failed = FALSE;
      guint owed = 0; /* <close/> of the peer without an answer */

      reset (self, g_test_rand_bit ());
      self->machine.implicit_open = g_test_rand_int_range (0, 4) == 0;
      for (guint i = 0; i < 60; i++)
        {
          JxsIbbState before = self->machine.state;
          guint16 expected_seq = self->machine.receive_seq;
          JxsIbbEvent event = {
            .type = g_test_rand_int_range (0, JXS_IBB_N_EVENTS),
            .block_size = g_test_rand_int_range (0, 4) == 0 ? 1 : BLOCK_SIZE,
            .seq = g_test_rand_int_range (0, 4) == 0 ? g_test_rand_int_range (0, 65536)
                                                     : self->machine.receive_seq,
            .fault = g_test_rand_int_range (0, 4) == 0 ? g_test_rand_int_range (0, 5) : 0,
            .failure = JXS_IBB_FAILURE_STALLED,
          };
          gboolean is_request = event.type == JXS_IBB_EVENT_OPEN ||
                                event.type == JXS_IBB_EVENT_DATA ||
                                event.type == JXS_IBB_EVENT_CLOSE;
          guint n_answers = 0;

          /* Endings now and then only. */
          if ((event.type == JXS_IBB_EVENT_ABORT || event.type == JXS_IBB_EVENT_FAIL ||
               event.type == JXS_IBB_EVENT_SHUT) &&
              g_test_rand_int_range (0, 8) > 0)
            continue;
          if (event.type == JXS_IBB_EVENT_SEND && !jxs_ibb_machine_can_send (&self->machine))
            continue;
          if (event.type == JXS_IBB_EVENT_DATA_ANSWER && self->machine.in_flight.length > 0)
            event.seq = self->machine.send_seq -
                        g_test_rand_int_range (1, self->machine.in_flight.length + 1);

          feed (self, event);
          for (guint j = 0; j < self->actions->len; j++)
            {
              const JxsIbbAction *action = &g_array_index (self->actions, JxsIbbAction, j);

              if (action->type == JXS_IBB_ACTION_REPLY || action->type == JXS_IBB_ACTION_DELIVER)
                n_answers++;
              if (action->type == JXS_IBB_ACTION_DELIVER)
                {
                  g_assert_cmpuint (event.seq, ==, expected_seq);
                  g_assert_false (failed);
                }
              if (action->type == JXS_IBB_ACTION_SEND_DATA)
                g_assert_false (failed || n_closed > 0);
              if (action->type == JXS_IBB_ACTION_FAILED)
                {
                  g_assert_false (failed);
                  failed = TRUE;
                }
              if (action->type == JXS_IBB_ACTION_CLOSED)
                n_closed++;
            }
          if (is_request && before != JXS_IBB_STATE_FLUSHING &&
              self->machine.state == JXS_IBB_STATE_FLUSHING)
            owed++;
          else if (is_request)
            g_assert_cmpuint (n_answers, >=, 1);
          if (owed > 0 && self->machine.state == JXS_IBB_STATE_CLOSED &&
              before != JXS_IBB_STATE_CLOSED)
            {
              g_assert_cmpuint (n_answers, >=, 1);
              owed--;
            }
        }
      g_assert_cmpuint (n_closed, ==, self->machine.state == JXS_IBB_STATE_CLOSED);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                                            \
  g_test_add ("/transports/ibb-machine/" path, Fixture, NULL, set_up, func, tear_down)

  ADD ("table", test_table);
  ADD ("responder", test_responder);
  ADD ("open-refused", test_open_refused);
  ADD ("implicit-open", test_implicit_open);
  ADD ("wrap", test_wrap);
  ADD ("65540-blocks", test_65540_blocks);
  ADD ("out-of-sequence", test_out_of_sequence);
  ADD ("bad-data", test_bad_data);
  ADD ("rejected", test_rejected);
  ADD ("strange-answers", test_strange_answers);
  ADD ("retry/one", test_retry_one);
  ADD ("retry/window", test_retry_window);
  ADD ("retry/late-answer", test_retry_after_late_answer);
  ADD ("retry/gap", test_gap);
  ADD ("retry/limit", test_retry_limit);
  ADD ("close/flushes", test_close_flushes);
  ADD ("close/retry", test_close_with_retry);
  ADD ("close/crossing", test_close_crossing);
  ADD ("random", test_random);

  return g_test_run ();
}

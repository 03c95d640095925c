/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-machine-private.h>

#define S(name) JXS_STREAM_STATE_##name
#define E(name) JXS_STREAM_EVENT_##name
#define A(name) JXS_STREAM_ACTION_##name
#define C(name) JXS_STREAM_CAUSE_##name

#define SENDS (A (SEND_HEADER) | A (SEND_FEATURES) | A (SEND_ERROR) | A (SEND_END))

typedef struct
{
  JxsStreamEvent event;
  JxsStreamState state;
  guint sends;
  JxsStreamCause cause;
} Step;

typedef struct
{
  const char *name;
  Step steps[8];
} Story;

#define LAST                                                                                       \
  {                                                                                                \
    JXS_STREAM_N_EVENTS, S (NEW), 0, C (NONE)                                                      \
  }

static const Story stories[] = {
  /* RFC 6120 §4.2, XEP-0246 §2 */
  { "initiate",
    { { E (INITIATE), S (WAIT_RESPONSE), A (SEND_HEADER), C (NONE) },
      { E (HEADER), S (WAIT_FEATURES), 0, C (NONE) },
      { E (FEATURES), S (NEGOTIATING), 0, C (NONE) },
      { E (SET_OPEN), S (OPEN), 0, C (NONE) },
      { E (STANZA), S (OPEN), 0, C (NONE) },
      LAST } },
  { "receive",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (HEADER), S (NEGOTIATING), A (SEND_HEADER) | A (SEND_FEATURES), C (NONE) },
      { E (SET_OPEN), S (OPEN), 0, C (NONE) },
      LAST } },
  /* a peer before version 1.0 (RFC 6120 §4.7.5) */
  { "initiate-old",
    { { E (INITIATE), S (WAIT_RESPONSE), A (SEND_HEADER), C (NONE) },
      { E (OLD_HEADER), S (NEGOTIATING), 0, C (NONE) },
      LAST } },
  { "receive-old",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (OLD_HEADER), S (NEGOTIATING), A (SEND_HEADER), C (NONE) },
      LAST } },
  /* RFC 6120 §4.3.3 */
  { "restart",
    { { E (INITIATE), S (WAIT_RESPONSE), A (SEND_HEADER), C (NONE) },
      { E (HEADER), S (WAIT_FEATURES), 0, C (NONE) },
      { E (FEATURES), S (NEGOTIATING), 0, C (NONE) },
      { E (RESTART), S (NEW), 0, C (NONE) },
      { E (INITIATE), S (WAIT_RESPONSE), A (SEND_HEADER), C (NONE) },
      LAST } },
  /* an error stands in a stream (RFC 6120 §4.9.1.2) */
  { "refuse-header",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (REFUSE), S (FAILING), A (SEND_HEADER) | A (SEND_ERROR) | A (SEND_END), C (EVENT) },
      { E (DRAINED), S (CLOSED), 0, C (EVENT) },
      LAST } },
  { "slow-header",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (DEADLINE), S (FAILING), A (SEND_HEADER) | A (SEND_ERROR) | A (SEND_END), C (TIMED_OUT) },
      { E (DEADLINE), S (CLOSED), 0, C (TIMED_OUT) },
      LAST } },
  /* no stanza before the features (RFC 6120 §4.9.3.12) */
  { "early-stanza",
    { { E (INITIATE), S (WAIT_RESPONSE), A (SEND_HEADER), C (NONE) },
      { E (HEADER), S (WAIT_FEATURES), 0, C (NONE) },
      { E (STANZA), S (FAILING), A (SEND_ERROR) | A (SEND_END), C (NOT_AUTHORIZED) },
      LAST } },
  { "unknown-element",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (HEADER), S (NEGOTIATING), A (SEND_HEADER) | A (SEND_FEATURES), C (NONE) },
      { E (SET_OPEN), S (OPEN), 0, C (NONE) },
      { E (ELEMENT), S (FAILING), A (SEND_ERROR) | A (SEND_END), C (UNSUPPORTED_STANZA_TYPE) },
      { E (BROKEN), S (CLOSED), 0, C (UNSUPPORTED_STANZA_TYPE) },
      LAST } },
  /* RFC 6120 §4.4 */
  { "close",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (HEADER), S (NEGOTIATING), A (SEND_HEADER) | A (SEND_FEATURES), C (NONE) },
      { E (SET_OPEN), S (OPEN), 0, C (NONE) },
      { E (CLOSE), S (CLOSE_SENT), A (SEND_END), C (CLOSED) },
      { E (STANZA), S (CLOSE_SENT), 0, C (CLOSED) },
      { E (PEER_END), S (CLOSE_RECEIVED), 0, C (CLOSED) },
      { E (DRAINED), S (CLOSED), 0, C (CLOSED) },
      LAST } },
  { "peer-closes",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (HEADER), S (NEGOTIATING), A (SEND_HEADER) | A (SEND_FEATURES), C (NONE) },
      { E (SET_OPEN), S (OPEN), 0, C (NONE) },
      { E (PEER_END), S (CLOSE_RECEIVED), A (SEND_END), C (CLOSED) },
      { E (CLOSE), S (CLOSE_RECEIVED), 0, C (CLOSED) },
      { E (BROKEN), S (CLOSED), 0, C (EVENT) },
      LAST } },
  { "close-unanswered",
    { { E (INITIATE), S (WAIT_RESPONSE), A (SEND_HEADER), C (NONE) },
      { E (CLOSE), S (ABORTING), A (SEND_END), C (CLOSED) },
      { E (HEADER), S (ABORTING), 0, C (CLOSED) },
      { E (STANZA), S (ABORTING), 0, C (CLOSED) },
      { E (DEADLINE), S (CLOSED), 0, C (TIMED_OUT) },
      LAST } },
  { "truncated",
    { { E (RECEIVE), S (WAIT_HEADER), 0, C (NONE) },
      { E (HEADER), S (NEGOTIATING), A (SEND_HEADER) | A (SEND_FEATURES), C (NONE) },
      { E (SET_OPEN), S (OPEN), 0, C (NONE) },
      { E (CLOSE), S (CLOSE_SENT), A (SEND_END), C (CLOSED) },
      { E (EOF), S (CLOSED), 0, C (TRUNCATED) },
      LAST } },
  { "peer-error",
    { { E (INITIATE), S (WAIT_RESPONSE), A (SEND_HEADER), C (NONE) },
      { E (HEADER), S (WAIT_FEATURES), 0, C (NONE) },
      { E (PEER_ERROR), S (FAILING), A (SEND_END), C (EVENT) },
      { E (DRAINED), S (CLOSED), 0, C (EVENT) },
      LAST } },
  { "unused",
    { { E (CLOSE), S (CLOSED), 0, C (CLOSED) },
      { E (INITIATE), S (CLOSED), 0, C (CLOSED) },
      LAST } },
};

static void
test_story (gconstpointer data)
{
  const Story *story = data;
  JxsStreamMachine machine;

  jxs_stream_machine_init (&machine);
  for (const Step *step = story->steps; step->event != JXS_STREAM_N_EVENTS; step++)
    {
      guint actions = jxs_stream_machine_handle (&machine, step->event);

      g_test_message ("%s -> %s",
                      jxs_stream_machine_event_to_string (step->event),
                      jxs_stream_machine_state_to_string (machine.state));
      g_assert_cmpint (machine.state, ==, step->state);
      g_assert_cmphex (actions & SENDS, ==, step->sends);
      g_assert_cmpint (machine.cause, ==, step->cause);
    }
}

/* Whatever comes in whatever order: what must never happen does not. */
static void
test_walk (void)
{
  for (int walk = 0; walk < 20000; walk++)
    {
      JxsStreamMachine machine;
      gboolean header = FALSE, end = FALSE, error = FALSE, was_open = FALSE, finished = FALSE;
      gboolean opened = FALSE, armed = FALSE;

      jxs_stream_machine_init (&machine);
      for (int i = 0; i < 30; i++)
        {
          JxsStreamEvent event = (JxsStreamEvent) g_test_rand_int_range (0, JXS_STREAM_N_EVENTS);
          JxsStreamState before = machine.state;
          JxsStreamCause cause = machine.cause;
          guint actions = jxs_stream_machine_handle (&machine, event);

          if (finished)
            {
              g_assert_cmphex (actions, ==, 0);
              g_assert_cmpint (machine.state, ==, JXS_STREAM_STATE_CLOSED);
              g_assert_cmpint (machine.cause, ==, cause);
              continue;
            }
          if (event == JXS_STREAM_EVENT_RESTART && before == JXS_STREAM_STATE_NEGOTIATING)
            header = opened = FALSE;

          /* One header, before everything; nothing after the one closing tag; an error only with
           * the closing tag. */
          if (actions & A (SEND_HEADER))
            {
              g_assert_false (header);
              header = TRUE;
            }
          if (actions & SENDS)
            {
              g_assert_true (header);
              g_assert_false (end);
            }
          if (actions & A (SEND_ERROR))
            {
              g_assert_false (error);
              g_assert_cmphex (actions & A (SEND_END), !=, 0);
              error = TRUE;
            }
          end = end || (actions & A (SEND_END)) != 0;

          if (actions & A (OPENED))
            {
              g_assert_false (opened);
              g_assert_cmpint (machine.state, ==, JXS_STREAM_STATE_NEGOTIATING);
              opened = TRUE;
            }
          was_open = was_open || machine.state == JXS_STREAM_STATE_OPEN;
          if (actions & A (DELIVER))
            g_assert_true (was_open);
          if (machine.state == JXS_STREAM_STATE_OPEN)
            g_assert_true (opened);

          /* Who waits for the peer has a deadline, but for an open stream. */
          if (actions & (A (ARM_OPENING) | A (ARM_CLOSING)))
            armed = TRUE;
          if (actions & A (DISARM))
            armed = FALSE;
          if (event == JXS_STREAM_EVENT_DEADLINE && armed)
            armed = (actions & A (ARM_CLOSING)) != 0;
          g_assert_true (armed || machine.state == JXS_STREAM_STATE_NEW ||
                         machine.state == JXS_STREAM_STATE_OPEN ||
                         machine.state == JXS_STREAM_STATE_CLOSED);

          /* An end has a cause, and the first fault stays. */
          g_assert_true ((machine.state > JXS_STREAM_STATE_OPEN) ==
                         (machine.cause != JXS_STREAM_CAUSE_NONE));
          if (cause > JXS_STREAM_CAUSE_CLOSED)
            g_assert_cmpint (machine.cause, ==, cause);
          finished = (actions & A (FINISH)) != 0;
          g_assert_true (finished == (machine.state == JXS_STREAM_STATE_CLOSED));
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (stories); i++)
    {
      g_autofree char *path = g_strconcat ("/stream/machine/", stories[i].name, NULL);

      g_test_add_data_func (path, &stories[i], test_story);
    }
  g_test_add_func ("/stream/machine/walk", test_walk);

  return g_test_run ();
}

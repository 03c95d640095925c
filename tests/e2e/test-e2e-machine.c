/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-e2e-machine-private.h>

#define CLOSE JXS_E2E_EVENT_CLOSE
#define OUTPUT_CLOSED JXS_E2E_EVENT_OUTPUT_CLOSED
#define PEER_EOF JXS_E2E_EVENT_PEER_EOF
#define STREAM_CLOSED JXS_E2E_EVENT_STREAM_CLOSED
#define SESSION_ENDED JXS_E2E_EVENT_SESSION_ENDED
#define SESSION_CLOSED JXS_E2E_EVENT_SESSION_CLOSED
#define FAILED JXS_E2E_EVENT_FAILED
#define DEADLINE JXS_E2E_EVENT_DEADLINE
#define ABORT JXS_E2E_EVENT_ABORT

#define DO_OUTPUT JXS_E2E_ACTION_CLOSE_OUTPUT
#define DO_DRAIN JXS_E2E_ACTION_DRAIN
#define DO_STREAM JXS_E2E_ACTION_CLOSE_STREAM
#define DO_SESSION JXS_E2E_ACTION_CLOSE_SESSION
#define DO_TERMINATE JXS_E2E_ACTION_TERMINATE
#define TIMED_OUT JXS_E2E_ACTION_TIMED_OUT
#define DONE JXS_E2E_ACTION_DONE

typedef struct
{
  JxsE2eEvent event;
  JxsE2eActions actions;
  JxsE2eState state;
} Step;

typedef struct
{
  const char *name;
  gboolean plain;
  Step steps[8]; /* ended by one that leads to ENDED */
} Story;

static const Story stories[] = {
  /* XEP-0246 §5: we close, the peer follows. */
  { "first",
    FALSE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, DO_DRAIN, JXS_E2E_DRAINING },
      { PEER_EOF, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_SESSION, JXS_E2E_ENDING },
      { SESSION_ENDED, 0, JXS_E2E_ENDING },
      { SESSION_CLOSED, DONE, JXS_E2E_ENDED } } },
  /* The peer closed and ends the session. */
  { "second",
    FALSE,
    { { PEER_EOF, 0, JXS_E2E_OPEN },
      { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, 0, JXS_E2E_AWAITING },
      { SESSION_ENDED, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DONE, JXS_E2E_ENDED } } },
  /* The peer closed and forgot the session. */
  { "second-forgotten",
    FALSE,
    { { PEER_EOF, 0, JXS_E2E_OPEN },
      { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, 0, JXS_E2E_AWAITING },
      { DEADLINE, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_SESSION, JXS_E2E_ENDING },
      { SESSION_CLOSED, DONE, JXS_E2E_ENDED } } },
  /* A half-close long before; the peer ended its direction later: we were first. */
  { "half-closed",
    FALSE,
    { { OUTPUT_CLOSED, 0, JXS_E2E_OPEN },
      { PEER_EOF, 0, JXS_E2E_OPEN },
      { CLOSE, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_SESSION, JXS_E2E_ENDING },
      { SESSION_CLOSED, DONE, JXS_E2E_ENDED } } },
  { "peer-never-ends",
    FALSE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, DO_DRAIN, JXS_E2E_DRAINING },
      { DEADLINE, TIMED_OUT | DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_SESSION, JXS_E2E_ENDING },
      { SESSION_CLOSED, DONE, JXS_E2E_ENDED } } },
  { "peer-never-reads",
    FALSE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { DEADLINE, TIMED_OUT | DO_STREAM, JXS_E2E_CLOSING },
      { DEADLINE, DO_SESSION, JXS_E2E_ENDING },
      { DEADLINE, DO_TERMINATE | DONE, JXS_E2E_ENDED } } },
  { "session-over-before",
    FALSE,
    { { SESSION_ENDED, 0, JXS_E2E_OPEN },
      { CLOSE, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DONE, JXS_E2E_ENDED } } },
  /* A burst of data, end and session-terminate: the end is still read. */
  { "session-over-while-draining",
    FALSE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, DO_DRAIN, JXS_E2E_DRAINING },
      { SESSION_ENDED, 0, JXS_E2E_DRAINING },
      { PEER_EOF, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DONE, JXS_E2E_ENDED } } },
  { "failed-before",
    FALSE,
    { { FAILED, 0, JXS_E2E_OPEN },
      { CLOSE, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_TERMINATE | DONE, JXS_E2E_ENDED } } },
  { "failed-while-shutting",
    FALSE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { FAILED, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_TERMINATE | DONE, JXS_E2E_ENDED } } },
  /* Without TLS the peer cannot be told of the end of one direction. */
  { "plain",
    TRUE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_SESSION, JXS_E2E_ENDING },
      { SESSION_CLOSED, DONE, JXS_E2E_ENDED } } },
  { "plain-second",
    TRUE,
    { { PEER_EOF, 0, JXS_E2E_OPEN },
      { SESSION_ENDED, 0, JXS_E2E_OPEN },
      { CLOSE, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DONE, JXS_E2E_ENDED } } },
  { "dropped", FALSE, { { ABORT, DO_STREAM | DO_TERMINATE | DONE, JXS_E2E_ENDED } } },
  { "dropped-after-session",
    FALSE,
    { { SESSION_ENDED, 0, JXS_E2E_OPEN }, { ABORT, DO_STREAM | DONE, JXS_E2E_ENDED } } },
  { "cancelled-while-draining",
    FALSE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, DO_DRAIN, JXS_E2E_DRAINING },
      { ABORT, DO_STREAM | DO_TERMINATE | DONE, JXS_E2E_ENDED } } },
  { "cancelled-while-ending",
    FALSE,
    { { CLOSE, DO_OUTPUT, JXS_E2E_SHUTTING },
      { OUTPUT_CLOSED, DO_DRAIN, JXS_E2E_DRAINING },
      { PEER_EOF, DO_STREAM, JXS_E2E_CLOSING },
      { STREAM_CLOSED, DO_SESSION, JXS_E2E_ENDING },
      { ABORT, DO_TERMINATE | DONE, JXS_E2E_ENDED } } },
};

static void
test_story (gconstpointer data)
{
  const Story *story = data;
  JxsE2eMachine machine;

  jxs_e2e_machine_init (&machine, !story->plain);
  g_assert_cmpint (machine.state, ==, JXS_E2E_OPEN);
  for (const Step *step = story->steps; machine.state != JXS_E2E_ENDED; step++)
    {
      g_assert_cmpint (step - story->steps, <, G_N_ELEMENTS (story->steps));
      g_assert_cmphex (jxs_e2e_machine_handle (&machine, step->event), ==, step->actions);
      g_assert_cmpint (machine.state, ==, step->state);
    }
  for (guint event = 0; event < JXS_E2E_N_EVENTS; event++)
    g_assert_cmphex (jxs_e2e_machine_handle (&machine, event), ==, 0);
}

/* Whatever comes in whatever order: no step twice, the session is never left behind, and time alone
 * brings every close to its end. */
static void
test_random (void)
{
  for (guint round = 0; round < 20000; round++)
    {
      JxsE2eActions once = 0;
      JxsE2eMachine machine;
      guint n_deadlines = 0;
      gboolean over = FALSE;

      jxs_e2e_machine_init (&machine, round % 2);
      for (guint i = 0; machine.state != JXS_E2E_ENDED; i++)
        {
          JxsE2eState before = machine.state;
          JxsE2eEvent event = i < 12                   ? g_test_rand_int_range (0, JXS_E2E_N_EVENTS)
                              : before == JXS_E2E_OPEN ? CLOSE
                                                       : DEADLINE;
          JxsE2eActions actions = jxs_e2e_machine_handle (&machine, event);

          over = over || event == SESSION_ENDED;
          g_assert_cmphex (actions & once, ==, 0);
          once |= actions;
          g_assert_cmpint (machine.state, >=, before);
          if (over)
            g_assert_cmphex (actions & (DO_SESSION | DO_TERMINATE), ==, 0);
          g_assert_cmpint ((actions & DONE) != 0, ==, machine.state == JXS_E2E_ENDED);
          if (machine.state != JXS_E2E_OPEN && machine.state != JXS_E2E_ENDED)
            g_assert_cmpuint (jxs_e2e_machine_get_timeout (&machine), >, 0);
          else
            g_assert_cmpuint (jxs_e2e_machine_get_timeout (&machine), ==, 0);
          if (i >= 12 && event == DEADLINE)
            n_deadlines++;
          g_assert_cmpuint (n_deadlines, <=, 4);
        }
      g_assert_cmphex (once & DO_STREAM, !=, 0);
      g_assert_true (over || (once & (DO_SESSION | DO_TERMINATE)) != 0);
    }
}

/* Both ends of one connection, each told only what it can see, at any time: nothing waits for
 * a deadline, and never do both wait for the other to end the session. */
static void
test_pair (void)
{
  for (guint round = 0; round < 20000; round++)
    {
      JxsE2eMachine ends[2];
      /* What was set in motion and has not been reported to whom it concerns. */
      JxsE2eActions running[2] = { 0, 0 };
      gboolean eof_sent[2] = { FALSE, FALSE };
      gboolean session_over = FALSE;
      gboolean told[2] = { FALSE, FALSE };

      jxs_e2e_machine_init (&ends[0], TRUE);
      jxs_e2e_machine_init (&ends[1], TRUE);
      for (guint i = 0; ends[0].state != JXS_E2E_ENDED || ends[1].state != JXS_E2E_ENDED; i++)
        {
          guint us = g_test_rand_int_range (0, 2);
          JxsE2eMachine *end = &ends[us];
          JxsE2eEvent event;

          g_assert_cmpuint (i, <, 10000);
          g_assert_false (ends[0].state == JXS_E2E_AWAITING && ends[1].state == JXS_E2E_AWAITING);
          switch (g_test_rand_int_range (0, 6))
            {
            case 0:
              if (end->state != JXS_E2E_OPEN)
                continue;
              event = CLOSE;
              break;
            case 1: /* our close_notify is out, or the application closed its output */
              if (!(running[us] & DO_OUTPUT) && (end->state != JXS_E2E_OPEN || eof_sent[us]))
                continue;
              event = OUTPUT_CLOSED;
              running[us] &= ~DO_OUTPUT;
              eof_sent[us] = TRUE;
              break;
            case 2: /* read by the application, or while draining */
              if (!eof_sent[!us] || end->peer_eof ||
                  !(end->state == JXS_E2E_OPEN || (running[us] & DO_DRAIN)))
                continue;
              event = PEER_EOF;
              running[us] &= ~DO_DRAIN;
              break;
            case 3:
              if (!(running[us] & DO_STREAM))
                continue;
              event = STREAM_CLOSED;
              running[us] &= ~DO_STREAM;
              break;
            case 4:
              if (!(running[us] & DO_SESSION))
                continue;
              event = SESSION_CLOSED;
              running[us] &= ~DO_SESSION;
              session_over = TRUE;
              told[us] = TRUE;
              break;
            default:
              if (!session_over || told[us])
                continue;
              event = SESSION_ENDED;
              told[us] = TRUE;
              break;
            }
          running[us] |= jxs_e2e_machine_handle (end, event);
          g_assert_cmphex (running[us] & (TIMED_OUT | DO_TERMINATE), ==, 0);
        }
      g_assert_true (session_over);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (stories); i++)
    {
      g_autofree char *path = g_strdup_printf ("/e2e/e2e-machine/%s", stories[i].name);

      g_test_add_data_func (path, &stories[i], test_story);
    }
  g_test_add_func ("/e2e/e2e-machine/random", test_random);
  g_test_add_func ("/e2e/e2e-machine/pair", test_pair);
  return g_test_run ();
}

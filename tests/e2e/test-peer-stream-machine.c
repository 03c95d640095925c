/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-peer-stream-machine-private.h>

#define EVENT(name) JXS_PEER_STREAM_EVENT_##name
#define ACTION(name) JXS_PEER_STREAM_ACTION_##name

#define SENDS                                                                                      \
  (ACTION (SEND_STARTTLS) | ACTION (SEND_PROCEED) | ACTION (SEND_TLS_FAILURE) |                    \
   ACTION (SEND_AUTH) | ACTION (SEND_WORD) | ACTION (SEND_SUCCESS) | ACTION (SEND_FAILURE) |       \
   ACTION (REFUSE) | ACTION (CLOSE))

/* What is known of a machine from outside. */
typedef struct
{
  JxsPeerStreamMachine machine;
  gboolean secured;
  gboolean judged;
  gboolean over; /* confirmed or failed */
} Watch;

static void
watch_init (Watch *watch, gboolean initiator, guint needs)
{
  *watch = (Watch){ 0 };
  jxs_peer_stream_machine_init (&watch->machine, initiator);
  watch->machine.encrypt = (needs & 1) != 0;
  watch->machine.authenticate = (needs & 2) != 0;
  if (needs & 4)
    watch->machine.max_attempts = 1;
  watch->machine.late_verdict = (needs & 4) != 0;
}

/* Whatever happens, in whatever order. */
static JxsPeerStreamActions
watch_handle (Watch *watch, JxsPeerStreamEvent event)
{
  JxsPeerStreamMachine *machine = &watch->machine;
  const JxsPeerStreamState before = machine->state;
  const JxsPeerStreamActions actions = jxs_peer_stream_machine_handle (machine, event);
  guint waits;

  g_assert_cmpint (machine->state, <, JXS_PEER_STREAM_N_STATES);
  if (watch->over || before == JXS_PEER_STREAM_NEW)
    g_assert_true (actions == 0 || event == EVENT (START));
  if (actions == 0)
    {
      g_assert_cmpint (machine->state, ==, before);
      return 0;
    }
  watch->secured |= before == JXS_PEER_STREAM_HANDSHAKE && event == EVENT (SECURED);
  watch->judged |= before == JXS_PEER_STREAM_JUDGING && event == EVENT (JUDGED);

  /* Between the agreement on TLS and TLS nothing is said (RFC 6120 §5.3.3, §5.4.3.2). */
  if (before == JXS_PEER_STREAM_SETTLING || before == JXS_PEER_STREAM_HANDSHAKE)
    g_assert_cmpuint (actions & SENDS, ==, 0);
  /* One thing is waited for at a time. */
  waits = actions & ~(SENDS & ~(ACTION (REFUSE) | ACTION (CLOSE)));
  g_assert_cmpuint (waits, !=, 0);
  g_assert_cmpuint (waits & (waits - 1), ==, 0);
  if (actions & (ACTION (SEND_AUTH) | ACTION (SEND_SUCCESS) | ACTION (SEND_WORD)))
    g_assert_true (watch->secured || !machine->encrypt);
  if (actions & ACTION (CONFIRM))
    {
      g_assert_cmpint (machine->state, ==, JXS_PEER_STREAM_OPEN);
      /* A receiver is never content with less; an initiator only if its shell says so. */
      if (!machine->initiator)
        {
          g_assert_true (watch->secured || !machine->encrypt);
          g_assert_true (watch->judged || !machine->authenticate);
        }
      watch->over = TRUE;
    }
  if (actions & ACTION (FAIL))
    {
      g_assert_cmpint (machine->state, ==, JXS_PEER_STREAM_FAILED);
      watch->over = TRUE;
    }
  g_assert_cmpuint (machine->attempts, <=, machine->max_attempts);
  return actions;
}

static void
test_any_order (void)
{
  for (guint round = 0; round < 200000; round++)
    {
      Watch watch;
      guint n = g_test_rand_int_range (1, 40);

      watch_init (&watch, g_test_rand_bit (), g_test_rand_int_range (0, 8));
      if (g_test_rand_int_range (0, 10) > 0)
        watch_handle (&watch, EVENT (START));
      for (guint i = 0; i < n; i++)
        watch_handle (&watch, g_test_rand_int_range (0, JXS_PEER_STREAM_N_EVENTS));
    }
}

/* Whatever can be waited for can also break, and be too late; nothing waits for ever. */
static void
test_ends (void)
{
  for (guint initiator = 0; initiator < 2; initiator++)
    for (guint state = JXS_PEER_STREAM_PLAIN; state < JXS_PEER_STREAM_N_STATES; state++)
      {
        JxsPeerStreamMachine machine;
        const gboolean over = state == JXS_PEER_STREAM_OPEN || state == JXS_PEER_STREAM_FAILED;
        gboolean reached;

        jxs_peer_stream_machine_init (&machine, initiator);
        machine.state = state;
        g_assert_nonnull (jxs_peer_stream_state_to_name (state));
        reached = jxs_peer_stream_machine_handle (&machine, EVENT (BROKEN)) != 0;
        /* A side does not have the states of the other one. */
        if (!reached)
          g_assert_true (over ||
                         (initiator && (state == JXS_PEER_STREAM_WAIT_STARTTLS ||
                                        state == JXS_PEER_STREAM_WAIT_AUTH)) ||
                         (!initiator && (state == JXS_PEER_STREAM_WAIT_PROCEED ||
                                         state == JXS_PEER_STREAM_CONFIRMING)));
        else
          g_assert_cmpint (machine.state, ==, JXS_PEER_STREAM_FAILED);

        machine.state = state;
        if (jxs_peer_stream_machine_get_timeout (&machine) > 0 && reached)
          {
            g_assert_cmpuint (jxs_peer_stream_machine_handle (&machine, EVENT (DEADLINE)), !=, 0);
            g_assert_true (machine.state == JXS_PEER_STREAM_ENDING ||
                           machine.state == JXS_PEER_STREAM_FAILED);
          }
        else if (!over && reached)
          /* TLS has a limit of its own; a person none. */
          g_assert_true (state == JXS_PEER_STREAM_HANDSHAKE || state == JXS_PEER_STREAM_JUDGING);
      }
}

/* Eleven minutes are for whose person may be asked about a key, thirty seconds for all else. */
static void
test_patience (void)
{
  for (guint initiator = 0; initiator < 2; initiator++)
    for (guint early = 0; early < 2; early++)
      for (guint late = 0; late < 2; late++)
        for (guint state = JXS_PEER_STREAM_PLAIN; state < JXS_PEER_STREAM_ENDING; state++)
          {
            JxsPeerStreamMachine machine;
            guint timeout;

            jxs_peer_stream_machine_init (&machine, initiator);
            machine.state = state;
            machine.early_verdict = early;
            machine.late_verdict = late;
            timeout = jxs_peer_stream_machine_get_timeout (&machine);
            if ((state == JXS_PEER_STREAM_SECURE && early) ||
                (state == JXS_PEER_STREAM_EXCHANGE && initiator && late) ||
                (state == JXS_PEER_STREAM_PROVEN && !initiator && late))
              g_assert_cmpuint (timeout, ==, JXS_PEER_STREAM_OPEN_TIMEOUT_MS);
            else
              g_assert_cmpuint (timeout, <=, 30000);
          }
}

/* ---- two honest sides, with a wire between them ---- */

typedef enum
{
  SAID_HEADER,
  SAID_FEATURES, /* what follows from them is in the receiver's state */
  SAID_STARTTLS,
  SAID_PROCEED,
  SAID_TLS_FAILURE,
  SAID_HELLO, /* TLS */
  SAID_AUTH,
  SAID_WORD,
  SAID_SUCCESS,
  SAID_FAILURE,
  SAID_END,
} Said;

typedef struct
{
  Watch watch;
  GQueue inbox; /* (element-type Said): what the other one said */
  GQueue done;  /* (element-type JxsPeerStreamEvent): of its own doing */
  gboolean reading;
  gboolean opening;
  gboolean hello;
  guint words; /* of SASL still to be exchanged */
} Side;

typedef struct
{
  Side sides[2]; /* initiator, receiver */
  gboolean password_wrong;
  gboolean no_method;
} World;

static void drive (World *world, guint who, JxsPeerStreamEvent event);

static void
say (World *world, guint who, Said said)
{
  g_queue_push_tail (&world->sides[1 - who].inbox, GUINT_TO_POINTER (said));
}

static void
later (Side *side, JxsPeerStreamEvent event)
{
  g_queue_push_tail (&side->done, GUINT_TO_POINTER (event));
}

static void
drive (World *world, guint who, JxsPeerStreamEvent event)
{
  Side *side = &world->sides[who];
  JxsPeerStreamActions actions = watch_handle (&side->watch, event);

  if (actions & ACTION (SEND_STARTTLS))
    say (world, who, SAID_STARTTLS);
  if (actions & ACTION (SEND_PROCEED))
    say (world, who, SAID_PROCEED);
  if (actions & ACTION (SEND_TLS_FAILURE))
    say (world, who, SAID_TLS_FAILURE);
  if (actions & ACTION (SEND_AUTH))
    say (world, who, SAID_AUTH);
  if (actions & ACTION (SEND_WORD))
    say (world, who, SAID_WORD);
  if (actions & ACTION (SEND_SUCCESS))
    say (world, who, SAID_SUCCESS);
  if (actions & ACTION (SEND_FAILURE))
    say (world, who, SAID_FAILURE);
  if (actions & ACTION (READ))
    side->reading = TRUE;
  if (actions & ACTION (JUDGE))
    later (side, EVENT (JUDGED));
  if (actions & ACTION (PAUSE))
    later (side, EVENT (PAUSED));
  if (actions & ACTION (COMPUTE))
    {
      if (who == 1 && side->words == 0)
        later (side, world->password_wrong ? EVENT (REJECTED) : EVENT (CONVINCED));
      else if (who == 0 && side->watch.machine.state == JXS_PEER_STREAM_CONFIRMING)
        later (side, EVENT (CONVINCED));
      else
        {
          side->words -= who == 1;
          later (side, EVENT (MORE));
        }
    }
  if (actions & ACTION (SECURE))
    {
      side->hello = TRUE;
      say (world, who, SAID_HELLO);
    }
  if (actions & ACTION (OPEN))
    {
      side->opening = TRUE;
      if (who == 0)
        say (world, who, SAID_HEADER);
    }
  if (actions & (ACTION (REFUSE) | ACTION (CLOSE)))
    {
      say (world, who, SAID_END);
      later (side, EVENT (ENDED));
    }
}

/* The initiator looks at the features: those of the state in which the receiver sent them. */
static JxsPeerStreamEvent
judge_features (Side *side)
{
  const JxsPeerStreamMachine *machine = &side->watch.machine;

  if (machine->state == JXS_PEER_STREAM_PLAIN)
    return EVENT (STARTTLS);
  if (machine->state == JXS_PEER_STREAM_SECURE && machine->authenticate)
    return EVENT (MECHANISM);
  return EVENT (NOTHING);
}

/* FALSE: nothing could be done. */
static gboolean
hear (World *world, guint who)
{
  Side *side = &world->sides[who];
  Said said;

  if (side->inbox.length == 0)
    return FALSE;
  said = GPOINTER_TO_UINT (g_queue_peek_head (&side->inbox));
  if (said == SAID_END)
    {
      g_queue_pop_head (&side->inbox);
      drive (world, who, EVENT (BROKEN));
      return TRUE;
    }
  if (side->hello && said == SAID_HELLO)
    {
      g_queue_pop_head (&side->inbox);
      side->hello = FALSE;
      drive (world, who, EVENT (SECURED));
      return TRUE;
    }
  if (side->opening && said == (who == 0 ? SAID_FEATURES : SAID_HEADER))
    {
      g_queue_pop_head (&side->inbox);
      side->opening = FALSE;
      if (who == 1)
        say (world, who, SAID_FEATURES);
      drive (world, who, who == 1 ? EVENT (HEADERS) : judge_features (side));
      return TRUE;
    }
  if (!side->reading)
    return FALSE;
  side->reading = FALSE;
  g_queue_pop_head (&side->inbox);
  switch (said)
    {
    case SAID_STARTTLS:
      drive (world, who, world->no_method ? EVENT (NO_METHOD) : EVENT (STARTTLS));
      break;
    case SAID_PROCEED:
      drive (world, who, EVENT (PROCEED));
      break;
    case SAID_AUTH:
      drive (world, who, EVENT (AUTH));
      break;
    case SAID_WORD:
      drive (world, who, EVENT (WORD));
      break;
    case SAID_SUCCESS:
      drive (world, who, EVENT (SUCCESS));
      break;
    case SAID_TLS_FAILURE:
    case SAID_FAILURE:
      drive (world, who, EVENT (FAILURE));
      break;
    default:
      drive (world, who, EVENT (UNACCEPTABLE));
    }
  return TRUE;
}

static gboolean
work (World *world, guint who)
{
  Side *side = &world->sides[who];

  if (side->done.length == 0)
    return FALSE;
  drive (world, who, GPOINTER_TO_UINT (g_queue_pop_head (&side->done)));
  return TRUE;
}

/* In whatever order things get done, both sides end the same way, and as they should. */
static void
test_two_sides (void)
{
  for (guint round = 0; round < 20000; round++)
    {
      World world = { .password_wrong = g_test_rand_int_range (0, 4) == 0,
                      .no_method = g_test_rand_int_range (0, 4) == 0 };
      const guint needs = g_test_rand_int_range (0, 8);
      const gboolean good =
          !(world.password_wrong && (needs & 2)) && !(world.no_method && (needs & 1));
      const JxsPeerStreamState expected = good ? JXS_PEER_STREAM_OPEN : JXS_PEER_STREAM_FAILED;
      guint idle = 0;

      for (guint i = 0; i < 2; i++)
        {
          watch_init (&world.sides[i].watch, i == 0, needs);
          world.sides[i].words = g_test_rand_int_range (0, 3);
          g_queue_init (&world.sides[i].inbox);
          g_queue_init (&world.sides[i].done);
        }
      for (guint i = 0; i < 2; i++)
        drive (&world, i, EVENT (START));
      while (idle < 64)
        {
          guint who = g_test_rand_bit ();

          idle = (g_test_rand_bit () ? hear (&world, who) : work (&world, who)) ? 0 : idle + 1;
        }
      for (guint i = 0; i < 2; i++)
        {
          g_assert_cmpstr (jxs_peer_stream_state_to_name (world.sides[i].watch.machine.state),
                           ==,
                           jxs_peer_stream_state_to_name (expected));
          g_queue_clear (&world.sides[i].inbox);
          g_queue_clear (&world.sides[i].done);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/e2e/peer-stream-machine/any-order", test_any_order);
  g_test_add_func ("/e2e/peer-stream-machine/ends", test_ends);
  g_test_add_func ("/e2e/peer-stream-machine/patience", test_patience);
  g_test_add_func ("/e2e/peer-stream-machine/two-sides", test_two_sides);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-content-machine-private.h>
#include <jxs-glib/jingle/jxs-session-machine-private.h>

/* ---- session ---- */

/* What XEP-0166 §5.1, §6 and §10 say, written a second time: one letter for each action in the
 * order of JxsJingleAction. u: unknown-session, o: out-of-order, a: result, then the end, ?: what
 * the action says decides. */
static const struct
{
  JxsSessionState state;
  gboolean initiator;
  const char *answers;
} actions[] = {
  { JXS_SESSION_STATE_NEW, TRUE, "uuuuuuuuuuuuuuu" },
  { JXS_SESSION_STATE_PENDING, TRUE, "o????????oa????" },
  { JXS_SESSION_STATE_PENDING, FALSE, "o??????o?oa????" },
  { JXS_SESSION_STATE_ACTIVE, TRUE, "o??????o?oa????" },
  { JXS_SESSION_STATE_ACTIVE, FALSE, "o??????o?oa????" },
  { JXS_SESSION_STATE_ENDED, TRUE, "uuuuuuuuuuuuuuu" },
  { JXS_SESSION_STATE_ENDED, FALSE, "uuuuuuuuuuuuuuu" },
};

static void
test_session_actions (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    for (guint action = 0; action < JXS_JINGLE_N_ACTIONS; action++)
      {
        JxsSessionMachine machine = { actions[i].state, actions[i].initiator };
        JxsSessionVerdict verdict = jxs_session_machine_handle (&machine, action);
        JxsSessionState next = actions[i].state;

        switch (actions[i].answers[action])
          {
          case 'u':
            g_assert_cmpint (verdict, ==, JXS_SESSION_REFUSE_UNKNOWN);
            break;
          case 'o':
            g_assert_cmpint (verdict, ==, JXS_SESSION_REFUSE_ORDER);
            break;
          case 'a':
            g_assert_cmpint (verdict, ==, JXS_SESSION_ACK);
            next = JXS_SESSION_STATE_ENDED;
            break;
          default:
            g_assert_cmpint (verdict, ==, JXS_SESSION_ASK);
            break;
          }
        g_assert_cmpint (machine.state, ==, next);
        g_assert_cmpint (machine.initiator, ==, actions[i].initiator);
      }
}

static void
test_session_events (void)
{
  static const struct
  {
    JxsSessionState state;
    gboolean initiator;
    JxsSessionEvent event;
    JxsSessionState next; /* the same: impossible */
  } cases[] = {
    { JXS_SESSION_STATE_NEW, TRUE, JXS_SESSION_EVENT_INITIATE, JXS_SESSION_STATE_PENDING },
    { JXS_SESSION_STATE_NEW, TRUE, JXS_SESSION_EVENT_ACCEPT, JXS_SESSION_STATE_NEW },
    { JXS_SESSION_STATE_NEW, TRUE, JXS_SESSION_EVENT_ACCEPTED, JXS_SESSION_STATE_NEW },
    { JXS_SESSION_STATE_NEW, TRUE, JXS_SESSION_EVENT_END, JXS_SESSION_STATE_ENDED },
    { JXS_SESSION_STATE_PENDING, TRUE, JXS_SESSION_EVENT_INITIATE, JXS_SESSION_STATE_PENDING },
    { JXS_SESSION_STATE_PENDING, TRUE, JXS_SESSION_EVENT_ACCEPT, JXS_SESSION_STATE_PENDING },
    { JXS_SESSION_STATE_PENDING, TRUE, JXS_SESSION_EVENT_ACCEPTED, JXS_SESSION_STATE_ACTIVE },
    { JXS_SESSION_STATE_PENDING, TRUE, JXS_SESSION_EVENT_END, JXS_SESSION_STATE_ENDED },
    { JXS_SESSION_STATE_PENDING, FALSE, JXS_SESSION_EVENT_INITIATE, JXS_SESSION_STATE_PENDING },
    { JXS_SESSION_STATE_PENDING, FALSE, JXS_SESSION_EVENT_ACCEPT, JXS_SESSION_STATE_ACTIVE },
    { JXS_SESSION_STATE_PENDING, FALSE, JXS_SESSION_EVENT_ACCEPTED, JXS_SESSION_STATE_PENDING },
    { JXS_SESSION_STATE_PENDING, FALSE, JXS_SESSION_EVENT_END, JXS_SESSION_STATE_ENDED },
    { JXS_SESSION_STATE_ACTIVE, TRUE, JXS_SESSION_EVENT_INITIATE, JXS_SESSION_STATE_ACTIVE },
    { JXS_SESSION_STATE_ACTIVE, FALSE, JXS_SESSION_EVENT_ACCEPT, JXS_SESSION_STATE_ACTIVE },
    { JXS_SESSION_STATE_ACTIVE, TRUE, JXS_SESSION_EVENT_ACCEPTED, JXS_SESSION_STATE_ACTIVE },
    { JXS_SESSION_STATE_ACTIVE, TRUE, JXS_SESSION_EVENT_END, JXS_SESSION_STATE_ENDED },
    { JXS_SESSION_STATE_ENDED, TRUE, JXS_SESSION_EVENT_INITIATE, JXS_SESSION_STATE_ENDED },
    { JXS_SESSION_STATE_ENDED, FALSE, JXS_SESSION_EVENT_ACCEPT, JXS_SESSION_STATE_ENDED },
    { JXS_SESSION_STATE_ENDED, TRUE, JXS_SESSION_EVENT_ACCEPTED, JXS_SESSION_STATE_ENDED },
    { JXS_SESSION_STATE_ENDED, TRUE, JXS_SESSION_EVENT_END, JXS_SESSION_STATE_ENDED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      JxsSessionMachine machine = { cases[i].state, cases[i].initiator };

      g_assert_cmpint (jxs_session_machine_handle (&machine, cases[i].event),
                       ==,
                       cases[i].next == cases[i].state ? JXS_SESSION_IMPOSSIBLE : JXS_SESSION_DO);
      g_assert_cmpint (machine.state, ==, cases[i].next);
    }
}

/* States only ever go forward, and the end is final. */
static void
test_session_walk (void)
{
  for (guint round = 0; round < 2000; round++)
    {
      JxsSessionMachine machine;
      JxsSessionState before;

      jxs_session_machine_init (&machine, g_test_rand_bit ());
      g_assert_cmpint (machine.state,
                       ==,
                       machine.initiator ? JXS_SESSION_STATE_NEW : JXS_SESSION_STATE_PENDING);
      for (guint step = 0; step < 40; step++)
        {
          before = machine.state;
          jxs_session_machine_handle (&machine,
                                      (guint) g_test_rand_int_range (0, JXS_SESSION_N_EVENTS));
          g_assert_cmpint (machine.state, >=, before);
        }
    }
}

/* XEP-0166 §7.2.16; the two ids are those of the specification. Octets count: “Z” is before “a”. */
static void
test_tie (void)
{
  g_autoptr (JxsJid) juliet = jxs_jid_new ("juliet@capulet.lit/balcony", NULL);
  g_autoptr (JxsJid) romeo = jxs_jid_new ("romeo@montague.lit/orchard", NULL);

  g_assert_true (jxs_session_tie_is_won ("851ba2", romeo, "a73sjjvkla37jfea", juliet));
  g_assert_false (jxs_session_tie_is_won ("a73sjjvkla37jfea", juliet, "851ba2", romeo));
  g_assert_true (jxs_session_tie_is_won ("Z", romeo, "a", juliet));
  g_assert_true (jxs_session_tie_is_won ("a", romeo, "ab", juliet));
  g_assert_true (jxs_session_tie_is_won ("z", romeo, "\xc3\xa9", juliet));
  /* the same id: the lower address */
  g_assert_true (jxs_session_tie_is_won ("a", juliet, "a", romeo));
  g_assert_false (jxs_session_tie_is_won ("a", romeo, "a", juliet));
}

/* ---- content ---- */

#define ADOPT (JXS_CONTENT_ACK | JXS_CONTENT_DROP | JXS_CONTENT_ADOPT | JXS_CONTENT_SEND_ACCEPT)
#define REJECT (JXS_CONTENT_ACK | JXS_CONTENT_SEND_REJECT)

typedef enum
{
  RESPONDER = 0,
  INITIATOR = 1 << 0,
  NEXT = 1 << 1,
  SECURE = 1 << 2,
} Flags;

static const struct
{
  JxsContentState state;
  JxsContentEvent event;
  Flags flags;
  JxsContentState next;
  JxsContentActions actions;
} steps[] = {
  { JXS_CONTENT_IDLE,
    JXS_CONTENT_EVENT_START,
    INITIATOR,
    JXS_CONTENT_CONNECTING,
    JXS_CONTENT_CONNECT },
  /* before the session is accepted the peer only changes its offer */
  { JXS_CONTENT_IDLE, JXS_CONTENT_EVENT_PEER_REPLACE, RESPONDER, JXS_CONTENT_IDLE, ADOPT },
  { JXS_CONTENT_IDLE,
    JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE,
    RESPONDER,
    JXS_CONTENT_IDLE,
    REJECT },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_CONNECTED,
    INITIATOR,
    JXS_CONTENT_READY,
    JXS_CONTENT_DELIVER },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_CONNECTED,
    INITIATOR | SECURE,
    JXS_CONTENT_SECURING,
    JXS_CONTENT_SECURE },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_CONNECT_FAILED,
    INITIATOR | NEXT,
    JXS_CONTENT_REPLACING,
    JXS_CONTENT_DROP | JXS_CONTENT_PROPOSE },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_CONNECT_FAILED,
    INITIATOR,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_DROP | JXS_CONTENT_FAIL },
  /* the responder leaves it to the initiator */
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_CONNECT_FAILED,
    RESPONDER | NEXT,
    JXS_CONTENT_AWAITING,
    JXS_CONTENT_DROP },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_DEADLINE,
    INITIATOR | NEXT,
    JXS_CONTENT_REPLACING,
    JXS_CONTENT_DROP | JXS_CONTENT_PROPOSE },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_PEER_REPLACE,
    RESPONDER,
    JXS_CONTENT_CONNECTING,
    ADOPT | JXS_CONTENT_CONNECT },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE,
    RESPONDER,
    JXS_CONTENT_CONNECTING,
    REJECT },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_PEER_ACCEPT,
    INITIATOR,
    JXS_CONTENT_CONNECTING,
    JXS_CONTENT_OUT_OF_ORDER },
  /* XEP-0166 §7.2.16: the initiator's overrules */
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_PEER_REPLACE,
    INITIATOR,
    JXS_CONTENT_REPLACING,
    JXS_CONTENT_TIE_BREAK },
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_PEER_REPLACE,
    RESPONDER,
    JXS_CONTENT_CONNECTING,
    ADOPT | JXS_CONTENT_CONNECT },
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE,
    RESPONDER,
    JXS_CONTENT_AWAITING,
    REJECT },
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_PEER_ACCEPT,
    INITIATOR,
    JXS_CONTENT_CONNECTING,
    JXS_CONTENT_ACK | JXS_CONTENT_TAKE | JXS_CONTENT_CONNECT },
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_PEER_REJECT,
    INITIATOR | NEXT,
    JXS_CONTENT_REPLACING,
    JXS_CONTENT_ACK | JXS_CONTENT_DROP | JXS_CONTENT_PROPOSE },
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_PEER_REJECT,
    INITIATOR,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_ACK | JXS_CONTENT_DROP | JXS_CONTENT_FAIL },
  { JXS_CONTENT_REPLACING, JXS_CONTENT_EVENT_REPLACE_CONFLICT, INITIATOR, JXS_CONTENT_AWAITING, 0 },
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_REPLACE_FAILED,
    INITIATOR,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_DROP | JXS_CONTENT_FAIL },
  { JXS_CONTENT_REPLACING,
    JXS_CONTENT_EVENT_DEADLINE,
    INITIATOR | NEXT,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_DROP | JXS_CONTENT_FAIL },
  { JXS_CONTENT_AWAITING,
    JXS_CONTENT_EVENT_PEER_REPLACE,
    RESPONDER,
    JXS_CONTENT_CONNECTING,
    ADOPT | JXS_CONTENT_CONNECT },
  { JXS_CONTENT_AWAITING,
    JXS_CONTENT_EVENT_DEADLINE,
    RESPONDER,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_DROP | JXS_CONTENT_FAIL },
  { JXS_CONTENT_CONNECTING,
    JXS_CONTENT_EVENT_LIMIT,
    INITIATOR | NEXT,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_DROP | JXS_CONTENT_FAIL },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_LIMIT,
    INITIATOR | NEXT,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_DROP | JXS_CONTENT_FAIL },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_DEADLINE,
    INITIATOR | NEXT,
    JXS_CONTENT_REPLACING,
    JXS_CONTENT_DROP | JXS_CONTENT_PROPOSE },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_DEADLINE,
    RESPONDER,
    JXS_CONTENT_AWAITING,
    JXS_CONTENT_DROP },
  { JXS_CONTENT_READY, JXS_CONTENT_EVENT_LIMIT, INITIATOR, JXS_CONTENT_READY, 0 },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_SECURED,
    INITIATOR,
    JXS_CONTENT_READY,
    JXS_CONTENT_DELIVER },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_REFUSED,
    INITIATOR | NEXT,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_DROP | JXS_CONTENT_FAIL_SECURITY },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_LOST,
    INITIATOR | NEXT,
    JXS_CONTENT_REPLACING,
    JXS_CONTENT_DROP | JXS_CONTENT_PROPOSE },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_LOST,
    INITIATOR,
    JXS_CONTENT_AWAITING,
    JXS_CONTENT_DROP },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_LOST,
    RESPONDER,
    JXS_CONTENT_AWAITING,
    JXS_CONTENT_DROP },
  { JXS_CONTENT_SECURING,
    JXS_CONTENT_EVENT_PEER_REPLACE,
    RESPONDER,
    JXS_CONTENT_CONNECTING,
    ADOPT | JXS_CONTENT_CONNECT },
  { JXS_CONTENT_READY, JXS_CONTENT_EVENT_PEER_REPLACE, RESPONDER, JXS_CONTENT_READY, REJECT },
  { JXS_CONTENT_READY, JXS_CONTENT_EVENT_DEADLINE, RESPONDER, JXS_CONTENT_READY, 0 },
  { JXS_CONTENT_READY, JXS_CONTENT_EVENT_STOP, RESPONDER, JXS_CONTENT_DEAD, JXS_CONTENT_DROP },
  { JXS_CONTENT_DEAD,
    JXS_CONTENT_EVENT_PEER_REPLACE,
    RESPONDER,
    JXS_CONTENT_DEAD,
    JXS_CONTENT_OUT_OF_ORDER },
  { JXS_CONTENT_DEAD, JXS_CONTENT_EVENT_START, INITIATOR, JXS_CONTENT_DEAD, 0 },
};

static void
test_content_steps (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      JxsContentMachine machine;

      jxs_content_machine_init (&machine, (steps[i].flags & INITIATOR) != 0);
      machine.state = steps[i].state;
      machine.has_next = (steps[i].flags & NEXT) != 0;
      machine.has_security = (steps[i].flags & SECURE) != 0;
      g_test_message ("step %u", i);
      g_assert_cmphex (jxs_content_machine_handle (&machine, steps[i].event), ==, steps[i].actions);
      g_assert_cmpint (machine.state, ==, steps[i].next);
    }
}

/* What holds for every state, event and flag. */
static void
test_content_everything (void)
{
  for (guint state = 0; state < JXS_CONTENT_N_STATES; state++)
    for (guint event = 0; event < JXS_CONTENT_N_EVENTS; event++)
      for (guint flags = 0; flags < 8; flags++)
        {
          JxsContentMachine machine = {
            state, (flags & INITIATOR) != 0, (flags & NEXT) != 0, (flags & SECURE) != 0, 0
          };
          const JxsContentActions done = jxs_content_machine_handle (&machine, event);
          const guint n_answers = ((done & JXS_CONTENT_ACK) != 0) +
                                  ((done & JXS_CONTENT_TIE_BREAK) != 0) +
                                  ((done & JXS_CONTENT_OUT_OF_ORDER) != 0);
          const gboolean from_peer =
              event >= JXS_CONTENT_EVENT_PEER_REPLACE && event <= JXS_CONTENT_EVENT_PEER_REJECT;

          /* Every stanza of the peer is answered once, and nothing else is. */
          g_assert_cmpuint (n_answers, ==, from_peer ? 1 : 0);
          /* A refused one changes nothing. */
          if (done & (JXS_CONTENT_TIE_BREAK | JXS_CONTENT_OUT_OF_ORDER))
            {
              g_assert_cmpint (machine.state, ==, state);
              g_assert_cmphex (done & ~(JXS_CONTENT_TIE_BREAK | JXS_CONTENT_OUT_OF_ORDER), ==, 0);
            }
          /* A transport-replace that is acknowledged is accepted or rejected, never both. */
          if (event <= JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE && (done & JXS_CONTENT_ACK))
            g_assert_true (((done & JXS_CONTENT_SEND_ACCEPT) != 0) !=
                           ((done & JXS_CONTENT_SEND_REJECT) != 0));
          /* Only the initiator proposes, and only what there is. */
          if (done & JXS_CONTENT_PROPOSE)
            g_assert_true (machine.initiator && machine.has_next);
          /* Failure is the end; the end is final and silent. */
          if (done & (JXS_CONTENT_FAIL | JXS_CONTENT_FAIL_SECURITY))
            g_assert_cmpint (machine.state, ==, JXS_CONTENT_DEAD);
          if (state == JXS_CONTENT_DEAD)
            {
              g_assert_cmpint (machine.state, ==, JXS_CONTENT_DEAD);
              g_assert_cmphex (done & ~JXS_CONTENT_OUT_OF_ORDER, ==, 0);
            }
          if (event == JXS_CONTENT_EVENT_STOP)
            g_assert_cmpint (machine.state, ==, JXS_CONTENT_DEAD);
          /* Whoever waits for the peer has a deadline. */
          if (machine.state != state &&
              (machine.state == JXS_CONTENT_CONNECTING || machine.state == JXS_CONTENT_REPLACING ||
               machine.state == JXS_CONTENT_AWAITING))
            g_assert_cmpuint (machine.deadline_ms, >, 0);
        }
}

/* Whatever happens in whatever order: at most one stream is delivered, after which nothing fails.
 */
static void
test_content_walk (void)
{
  for (guint round = 0; round < 5000; round++)
    {
      JxsContentMachine machine;
      guint n_ends = 0;

      jxs_content_machine_init (&machine, g_test_rand_bit ());
      for (guint step = 0; step < 30; step++)
        {
          JxsContentActions done;

          machine.has_next = g_test_rand_bit ();
          machine.has_security = g_test_rand_bit ();
          done = jxs_content_machine_handle (
              &machine, (JxsContentEvent) g_test_rand_int_range (0, JXS_CONTENT_N_EVENTS));
          if (done & (JXS_CONTENT_DELIVER | JXS_CONTENT_FAIL | JXS_CONTENT_FAIL_SECURITY))
            n_ends++;
        }
      g_assert_cmpuint (n_ends, <=, 1);
    }
}

static void
test_content_names (void)
{
  for (guint i = 0; i < JXS_CONTENT_N_STATES; i++)
    g_assert_nonnull (jxs_content_state_to_name (i));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/session-machine/actions", test_session_actions);
  g_test_add_func ("/jingle/session-machine/events", test_session_events);
  g_test_add_func ("/jingle/session-machine/walk", test_session_walk);
  g_test_add_func ("/jingle/session-machine/tie", test_tie);
  g_test_add_func ("/jingle/content-machine/steps", test_content_steps);
  g_test_add_func ("/jingle/content-machine/everything", test_content_everything);
  g_test_add_func ("/jingle/content-machine/walk", test_content_walk);
  g_test_add_func ("/jingle/content-machine/names", test_content_names);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-xtls-machine-private.h>

#define OFFER JXS_XTLS_EVENT_OFFER
#define ANSWER JXS_XTLS_EVENT_ANSWER
#define NO_SECURITY JXS_XTLS_EVENT_NO_SECURITY
#define CHOICE JXS_XTLS_EVENT_CHOICE
#define READY JXS_XTLS_EVENT_READY
#define VERIFIED JXS_XTLS_EVENT_VERIFIED
#define PROVED JXS_XTLS_EVENT_PROVED
#define TRUSTED JXS_XTLS_EVENT_TRUSTED
#define LOST JXS_XTLS_EVENT_LOST
#define FAILURE JXS_XTLS_EVENT_FAILURE
#define END JXS_XTLS_N_EVENTS

typedef struct
{
  JxsXtlsEvent events[10];
  JxsXtlsState state;
  JxsXtlsAction last;
} Run;

static void
test_runs (void)
{
  static const Run runs[] = {
    /* jingle-xtls §4, the happy path */
    { { OFFER, ANSWER, CHOICE, READY, VERIFIED, TRUSTED, END },
      JXS_XTLS_STATE_SECURE,
      JXS_XTLS_ACTION_DELIVER },
    /* security-info never comes, ... */
    { { OFFER, ANSWER, READY, VERIFIED, TRUSTED, END },
      JXS_XTLS_STATE_SECURE,
      JXS_XTLS_ACTION_DELIVER },
    /* ... comes before the answer, ... */
    { { OFFER, CHOICE, ANSWER, READY, VERIFIED, TRUSTED, END },
      JXS_XTLS_STATE_SECURE,
      JXS_XTLS_ACTION_DELIVER },
    /* ... during the handshake, while somebody is asked, afterwards, or twice. */
    { { OFFER, ANSWER, READY, CHOICE, VERIFIED, END },
      JXS_XTLS_STATE_JUDGED,
      JXS_XTLS_ACTION_ASK_TRUST },
    { { OFFER, ANSWER, READY, VERIFIED, CHOICE, TRUSTED, END },
      JXS_XTLS_STATE_SECURE,
      JXS_XTLS_ACTION_DELIVER },
    { { OFFER, ANSWER, READY, VERIFIED, TRUSTED, CHOICE, END },
      JXS_XTLS_STATE_SECURE,
      JXS_XTLS_ACTION_NONE },
    { { OFFER, ANSWER, CHOICE, CHOICE, READY, END },
      JXS_XTLS_STATE_HANDSHAKE,
      JXS_XTLS_ACTION_HANDSHAKE },
    /* A password leaves nothing to judge, and does not come before the handshake. */
    { { OFFER, ANSWER, READY, PROVED, END }, JXS_XTLS_STATE_SECURE, JXS_XTLS_ACTION_DELIVER },
    { { OFFER, ANSWER, CHOICE, PROVED, END }, JXS_XTLS_STATE_CHOSEN, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, ANSWER, READY, VERIFIED, PROVED, END },
      JXS_XTLS_STATE_JUDGED,
      JXS_XTLS_ACTION_REFUSE },
    /* Without security, by policy: accept without, initiate without. */
    { { OFFER, NO_SECURITY, READY, END }, JXS_XTLS_STATE_PLAIN, JXS_XTLS_ACTION_DELIVER_PLAIN },
    { { NO_SECURITY, READY, END }, JXS_XTLS_STATE_PLAIN, JXS_XTLS_ACTION_DELIVER_PLAIN },
    /* What was negotiated stands for the next transport (XEP-0166 §7.2.15), whenever the first
     * goes; everything that TLS has to show is shown again. */
    { { OFFER, ANSWER, LOST, READY, END }, JXS_XTLS_STATE_HANDSHAKE, JXS_XTLS_ACTION_HANDSHAKE },
    { { OFFER, ANSWER, CHOICE, LOST, READY, END },
      JXS_XTLS_STATE_HANDSHAKE,
      JXS_XTLS_ACTION_HANDSHAKE },
    { { OFFER, ANSWER, READY, LOST, READY, END },
      JXS_XTLS_STATE_HANDSHAKE,
      JXS_XTLS_ACTION_HANDSHAKE },
    { { OFFER, ANSWER, READY, VERIFIED, LOST, READY, TRUSTED, END },
      JXS_XTLS_STATE_HANDSHAKE,
      JXS_XTLS_ACTION_REFUSE },
    { { OFFER, ANSWER, READY, VERIFIED, TRUSTED, READY, END },
      JXS_XTLS_STATE_HANDSHAKE,
      JXS_XTLS_ACTION_HANDSHAKE },
    { { NO_SECURITY, LOST, READY, END }, JXS_XTLS_STATE_PLAIN, JXS_XTLS_ACTION_DELIVER_PLAIN },
    { { OFFER, ANSWER, READY, FAILURE, LOST, READY, END },
      JXS_XTLS_STATE_FAILED,
      JXS_XTLS_ACTION_REFUSE },
    /* Nothing skips a step. */
    { { READY, END }, JXS_XTLS_STATE_NONE, JXS_XTLS_ACTION_REFUSE },
    { { ANSWER, END }, JXS_XTLS_STATE_NONE, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, READY, END }, JXS_XTLS_STATE_OFFERED, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, ANSWER, NO_SECURITY, END }, JXS_XTLS_STATE_ANSWERED, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, ANSWER, VERIFIED, END }, JXS_XTLS_STATE_ANSWERED, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, ANSWER, TRUSTED, END }, JXS_XTLS_STATE_ANSWERED, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, ANSWER, READY, TRUSTED, END }, JXS_XTLS_STATE_HANDSHAKE, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, ANSWER, READY, READY, END }, JXS_XTLS_STATE_HANDSHAKE, JXS_XTLS_ACTION_REFUSE },
    { { OFFER, NO_SECURITY, ANSWER, END }, JXS_XTLS_STATE_PLAIN, JXS_XTLS_ACTION_REFUSE },
    /* And nothing leads back. */
    { { OFFER, FAILURE, END }, JXS_XTLS_STATE_FAILED, JXS_XTLS_ACTION_ABANDON },
    { { FAILURE, OFFER, ANSWER, READY, END }, JXS_XTLS_STATE_FAILED, JXS_XTLS_ACTION_REFUSE },
    { { FAILURE, FAILURE, END }, JXS_XTLS_STATE_FAILED, JXS_XTLS_ACTION_REFUSE },
    { { FAILURE, NO_SECURITY, READY, END }, JXS_XTLS_STATE_FAILED, JXS_XTLS_ACTION_REFUSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (runs); i++)
    {
      JxsXtlsMachine machine = { 0 };
      JxsXtlsAction last = JXS_XTLS_ACTION_NONE;

      for (gsize j = 0; runs[i].events[j] != END; j++)
        last = jxs_xtls_machine_handle (&machine, runs[i].events[j]);
      g_assert_cmpstr (jxs_xtls_state_to_name (machine.state),
                       ==,
                       jxs_xtls_state_to_name (runs[i].state));
      g_assert_cmpint (last, ==, runs[i].last);
    }
}

/* Any order of events: what is delivered was earned. */
static void
test_random (void)
{
  for (guint run = 0; run < 20000; run++)
    {
      JxsXtlsMachine machine = { 0 };
      guint happened[JXS_XTLS_N_EVENTS] = { 0 };
      for (guint step = 0; step < 12; step++)
        {
          JxsXtlsEvent event = g_test_rand_int_range (0, JXS_XTLS_N_EVENTS);
          JxsXtlsState before = machine.state;
          JxsXtlsAction action = jxs_xtls_machine_handle (&machine, event);

          if (action == JXS_XTLS_ACTION_REFUSE)
            {
              g_assert_cmpint (machine.state, ==, before);
              continue;
            }
          /* A new transport starts from what was negotiated. */
          if (event == READY)
            happened[VERIFIED] = happened[TRUSTED] = happened[PROVED] = 0;
          happened[event]++;
          g_assert_cmpint (before, !=, JXS_XTLS_STATE_FAILED);
          if (action == JXS_XTLS_ACTION_DELIVER)
            {
              g_assert_cmpuint (happened[OFFER], ==, 1);
              g_assert_cmpuint (happened[ANSWER], ==, 1);
              g_assert_cmpuint (happened[READY], >=, 1);
              g_assert_cmpuint (happened[VERIFIED], ==, 1 - happened[PROVED]);
              g_assert_cmpuint (happened[TRUSTED], ==, 1 - happened[PROVED]);
              g_assert_cmpuint (happened[NO_SECURITY], ==, 0);
              g_assert_cmpuint (happened[FAILURE], ==, 0);
            }
          if (action == JXS_XTLS_ACTION_DELIVER_PLAIN)
            {
              g_assert_cmpuint (happened[NO_SECURITY], ==, 1);
              g_assert_cmpuint (happened[ANSWER], ==, 0);
              g_assert_cmpuint (happened[FAILURE], ==, 0);
            }
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/xtls-machine/runs", test_runs);
  g_test_add_func ("/security/xtls-machine/random", test_random);
  return g_test_run ();
}

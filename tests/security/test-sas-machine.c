/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/security/jxs-sas-machine-private.h>

/* Both sides of a verification, and somebody between them. */

static void
make_nonce (guint8 *nonce)
{
  for (gsize i = 0; i < JXS_SAS_SIZE; i += 4)
    {
      guint32 number = g_test_rand_int ();

      memcpy (nonce + i, &number, 4);
    }
}

static void
binding_init (JxsSasBinding *binding, const char *initiator, const char *responder)
{
  make_nonce (binding->secret);
  memset (binding->fingerprints[0], initiator[0], JXS_SAS_SIZE);
  memset (binding->fingerprints[1], responder[0], JXS_SAS_SIZE);
  binding->addresses[0] = g_strdup (initiator);
  binding->addresses[1] = g_strdup (responder);
}

static JxsSasActions
feed (JxsSasMachine *machine, JxsSasEvent event, const guint8 *bytes)
{
  JxsSasActions actions;
  guint8 nonce[JXS_SAS_SIZE];

  make_nonce (nonce);
  jxs_sas_machine_handle (machine, &(JxsSasInput){ event, bytes, nonce }, &actions);
  /* What holds whatever happens. */
  g_assert_cmpuint (machine->attempts, <=, JXS_SAS_MAX_ATTEMPTS);
  g_assert_true (!actions.end_stream || machine->state == JXS_SAS_STATE_ENDED);
  g_assert_true (!actions.end_stream || actions.failure != JXS_SAS_NO_FAILURE);
  g_assert_true (!actions.verified || machine->state == JXS_SAS_STATE_VERIFIED);
  g_assert_true (!actions.verified || !actions.refuse);
  g_assert_true (!actions.show || machine->state == JXS_SAS_STATE_COMPARING);
  g_assert_true (actions.failure == JXS_SAS_NO_FAILURE || !actions.show);
  g_assert_true (!jxs_sas_machine_is_active (machine) || !jxs_sas_machine_can_begin (machine));
  return actions;
}

/* ---- one side ---- */

#define START JXS_SAS_EVENT_START
#define COMMIT JXS_SAS_EVENT_COMMIT
#define NONCE JXS_SAS_EVENT_NONCE
#define REVEAL JXS_SAS_EVENT_REVEAL
#define LIE JXS_SAS_EVENT_LIE
#define THEY_CONFIRM JXS_SAS_EVENT_THEY_CONFIRM
#define THEY_REJECT JXS_SAS_EVENT_THEY_REJECT
#define THEY_CANCEL JXS_SAS_EVENT_THEY_CANCEL
#define MALFORMED JXS_SAS_EVENT_MALFORMED
#define BAD_ANSWER JXS_SAS_EVENT_BAD_ANSWER
#define REFUSED JXS_SAS_EVENT_REFUSED
#define CONFIRM JXS_SAS_EVENT_CONFIRM
#define REJECT JXS_SAS_EVENT_REJECT
#define CANCEL JXS_SAS_EVENT_CANCEL
#define TIMEOUT JXS_SAS_EVENT_TIMEOUT
#define CLOSED JXS_SAS_EVENT_CLOSED
#define STOP JXS_SAS_N_EVENTS

/* What the last event leads to. */
typedef struct
{
  JxsSasEvent events[8];
  JxsSasState state;
  JxsSasKind send;
  JxsSasFailure failure;
  int refuse; /* 0: not; JXS_STANZA_ERROR_BAD_REQUEST, which is 0, is not the machine's */
} Run;

/* One that the initiator of the stream, who is the machine, begins or not. */
static void
run (const Run *wanted, JxsSasSide side)
{
  g_auto (JxsSasBinding) binding = { 0 };
  JxsSasMachine machine;
  JxsSasActions actions = { 0 };
  guint8 theirs[JXS_SAS_SIZE];
  guint8 commitment[JXS_SAS_SIZE];
  guint8 lie[JXS_SAS_SIZE];

  binding_init (&binding, "romeo", "juliet");
  make_nonce (theirs);
  make_nonce (lie);
  jxs_sas_commit (&binding, !side, theirs, commitment);
  jxs_sas_machine_init (&machine, side, &binding);
  for (gsize i = 0; wanted->events[i] != STOP; i++)
    {
      JxsSasEvent event = wanted->events[i];

      actions = feed (&machine,
                      event == LIE ? REVEAL : event,
                      event == COMMIT ? commitment
                      : event == LIE  ? lie
                                      : theirs);
    }
  g_assert_cmpstr (jxs_sas_state_to_name (machine.state),
                   ==,
                   jxs_sas_state_to_name (wanted->state));
  g_assert_cmpint (actions.send, ==, wanted->send);
  g_assert_cmpint (actions.failure, ==, wanted->failure);
  g_assert_cmpint (actions.refuse, ==, wanted->refuse != 0);
  if (actions.refuse)
    g_assert_cmpint (actions.condition, ==, wanted->refuse);
}

#define IS(state) JXS_SAS_STATE_##state
#define SEND(kind) JXS_SAS_##kind
#define WHY(failure) JXS_SAS_FAILURE_##failure
#define UNEXPECTED JXS_STANZA_ERROR_UNEXPECTED_REQUEST
#define UNKNOWN JXS_STANZA_ERROR_ITEM_NOT_FOUND
#define FAILS(failure, refuse)                                                                     \
  JXS_SAS_STATE_FAILED, JXS_SAS_NOTHING, JXS_SAS_FAILURE_##failure, refuse
#define GOES(state, kind) JXS_SAS_STATE_##state, JXS_SAS_##kind, JXS_SAS_NO_FAILURE, 0

static void
test_runs (void)
{
  static const Run runs[] = {
    /* who begins */
    { { START, STOP }, GOES (COMMITTED, COMMIT) },
    { { START, NONCE, STOP }, GOES (COMPARING, REVEAL) },
    { { START, NONCE, CONFIRM, STOP }, GOES (CONFIRMED, CONFIRM) },
    { { START, NONCE, CONFIRM, THEY_CONFIRM, STOP }, GOES (VERIFIED, NOTHING) },
    { { START, NONCE, THEY_CONFIRM, STOP }, GOES (AGREED, NOTHING) },
    { { START, NONCE, THEY_CONFIRM, CONFIRM, STOP }, GOES (VERIFIED, CONFIRM) },
    /* the other one */
    { { COMMIT, STOP }, GOES (ANSWERED, NONCE) },
    { { COMMIT, REVEAL, STOP }, GOES (COMPARING, NOTHING) },
    { { COMMIT, REVEAL, CONFIRM, THEY_CONFIRM, STOP }, GOES (VERIFIED, NOTHING) },
    /* persons change their mind, as long as it is not over */
    { { START, NONCE, REJECT, STOP }, IS (ENDED), SEND (REJECT), WHY (REJECTED), 0 },
    { { START, NONCE, CONFIRM, REJECT, STOP }, IS (ENDED), SEND (REJECT), WHY (REJECTED), 0 },
    { { START, NONCE, THEY_CONFIRM, REJECT, STOP }, IS (ENDED), SEND (REJECT), WHY (REJECTED), 0 },
    { { START, NONCE, THEY_REJECT, STOP }, IS (ENDED), SEND (NOTHING), WHY (THEY_REJECTED), 0 },
    { { START, NONCE, THEY_CONFIRM, THEY_REJECT, STOP },
      IS (ENDED),
      SEND (NOTHING),
      WHY (THEY_REJECTED),
      0 },
    { { START, NONCE, CONFIRM, THEY_REJECT, STOP },
      IS (ENDED),
      SEND (NOTHING),
      WHY (THEY_REJECTED),
      0 },
    { { START, CANCEL, STOP }, IS (FAILED), SEND (CANCEL), WHY (CANCELLED), 0 },
    { { COMMIT, CANCEL, STOP }, IS (FAILED), SEND (CANCEL), WHY (CANCELLED), 0 },
    { { START, NONCE, CONFIRM, CANCEL, STOP }, IS (FAILED), SEND (CANCEL), WHY (CANCELLED), 0 },
    { { START, THEY_CANCEL, STOP }, FAILS (THEY_CANCELLED, 0) },
    { { COMMIT, THEY_CANCEL, STOP }, FAILS (THEY_CANCELLED, 0) },
    { { COMMIT, REVEAL, CONFIRM, THEY_CANCEL, STOP }, FAILS (THEY_CANCELLED, 0) },
    /* there is nothing to say yes or no to yet, or any more */
    { { START, CONFIRM, STOP }, GOES (COMMITTED, NOTHING) },
    { { START, REJECT, STOP }, GOES (COMMITTED, NOTHING) },
    { { COMMIT, CONFIRM, STOP }, GOES (ANSWERED, NOTHING) },
    { { COMMIT, REJECT, STOP }, GOES (ANSWERED, NOTHING) },
    { { CONFIRM, STOP }, GOES (IDLE, NOTHING) },
    { { START, NONCE, CONFIRM, CONFIRM, STOP }, GOES (CONFIRMED, NOTHING) },
    { { START, NONCE, CONFIRM, THEY_CONFIRM, REJECT, STOP }, GOES (VERIFIED, NOTHING) },
    { { START, NONCE, CONFIRM, THEY_CONFIRM, CANCEL, STOP }, GOES (VERIFIED, NOTHING) },
    { { START, CANCEL, CONFIRM, STOP }, GOES (FAILED, NOTHING) },
    /* nobody answers */
    { { START, TIMEOUT, STOP }, IS (FAILED), SEND (CANCEL), WHY (TIMED_OUT), 0 },
    { { COMMIT, TIMEOUT, STOP }, IS (FAILED), SEND (CANCEL), WHY (TIMED_OUT), 0 },
    { { COMMIT, REVEAL, TIMEOUT, STOP }, IS (FAILED), SEND (CANCEL), WHY (TIMED_OUT), 0 },
    { { COMMIT, REVEAL, CONFIRM, TIMEOUT, STOP }, IS (FAILED), SEND (CANCEL), WHY (TIMED_OUT), 0 },
    /* the stream ends */
    { { CLOSED, STOP }, GOES (ENDED, NOTHING) },
    { { START, CLOSED, STOP }, IS (ENDED), SEND (NOTHING), WHY (CLOSED), 0 },
    { { COMMIT, CLOSED, STOP }, IS (ENDED), SEND (NOTHING), WHY (CLOSED), 0 },
    { { START, NONCE, CLOSED, STOP }, IS (ENDED), SEND (NOTHING), WHY (CLOSED), 0 },
    { { START, NONCE, CONFIRM, CLOSED, STOP }, IS (ENDED), SEND (NOTHING), WHY (CLOSED), 0 },
    { { START, NONCE, CONFIRM, THEY_CONFIRM, CLOSED, STOP }, GOES (ENDED, NOTHING) },
    { { CLOSED, START, STOP }, IS (ENDED), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNEXPECTED },
    { { CLOSED, COMMIT, STOP }, IS (ENDED), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNEXPECTED },
    { { CLOSED, THEY_CONFIRM, STOP }, IS (ENDED), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNKNOWN },
    /* out of order */
    { { REVEAL, STOP }, IS (IDLE), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNKNOWN },
    { { THEY_CONFIRM, STOP }, IS (IDLE), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNKNOWN },
    { { THEY_REJECT, STOP }, IS (IDLE), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNKNOWN },
    { { THEY_CANCEL, STOP }, IS (IDLE), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNKNOWN },
    { { NONCE, STOP }, GOES (IDLE, NOTHING) },
    { { START, REVEAL, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { START, THEY_CONFIRM, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { START, THEY_REJECT, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { START, NONCE, NONCE, STOP }, GOES (COMPARING, NOTHING) },
    { { START, NONCE, REVEAL, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { START, NONCE, COMMIT, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { START, NONCE, THEY_CONFIRM, THEY_CONFIRM, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { START, NONCE, CONFIRM, COMMIT, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { COMMIT, COMMIT, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { COMMIT, THEY_CONFIRM, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { COMMIT, THEY_REJECT, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { COMMIT, NONCE, STOP }, GOES (ANSWERED, NOTHING) },
    { { COMMIT, REVEAL, REVEAL, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { COMMIT, REVEAL, COMMIT, STOP }, FAILS (PROTOCOL, UNEXPECTED) },
    { { COMMIT, START, STOP }, IS (ANSWERED), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNEXPECTED },
    { { START, START, STOP }, IS (COMMITTED), SEND (NOTHING), JXS_SAS_NO_FAILURE, UNEXPECTED },
    /* wrong */
    { { START, MALFORMED, STOP }, FAILS (PROTOCOL, 0) },
    { { COMMIT, MALFORMED, STOP }, FAILS (PROTOCOL, 0) },
    { { COMMIT, REVEAL, MALFORMED, STOP }, FAILS (PROTOCOL, 0) },
    { { MALFORMED, STOP }, GOES (IDLE, NOTHING) },
    { { START, BAD_ANSWER, STOP }, IS (FAILED), SEND (CANCEL), WHY (PROTOCOL), 0 },
    { { START, REFUSED, STOP }, FAILS (REFUSED, 0) },
    { { START, NONCE, REFUSED, STOP }, FAILS (REFUSED, 0) },
    { { START, NONCE, CONFIRM, REFUSED, STOP }, FAILS (REFUSED, 0) },
    { { START, NONCE, THEY_CONFIRM, CONFIRM, REFUSED, STOP }, GOES (VERIFIED, NOTHING) },
    { { COMMIT, REFUSED, STOP }, GOES (ANSWERED, NOTHING) },
    { { COMMIT, LIE, STOP },
      IS (ENDED),
      SEND (NOTHING),
      WHY (LIE),
      JXS_STANZA_ERROR_NOT_ACCEPTABLE },
    /* and once more */
    { { START, CANCEL, START, STOP }, GOES (COMMITTED, COMMIT) },
    { { START, CANCEL, COMMIT, STOP }, GOES (ANSWERED, NONCE) },
    { { COMMIT, CANCEL, COMMIT, REVEAL, STOP }, GOES (COMPARING, NOTHING) },
    { { START, NONCE, CONFIRM, THEY_CONFIRM, COMMIT, STOP }, GOES (ANSWERED, NONCE) },
  };
  static const Run begun_by_initiator = { { START, COMMIT, STOP },
                                          IS (COMMITTED),
                                          SEND (NOTHING),
                                          JXS_SAS_NO_FAILURE,
                                          JXS_STANZA_ERROR_CONFLICT };
  static const Run begun_by_responder = { { START, COMMIT, STOP }, GOES (ANSWERED, NONCE) };

  for (gsize i = 0; i < G_N_ELEMENTS (runs); i++)
    {
      run (&runs[i], JXS_SAS_INITIATOR);
      run (&runs[i], JXS_SAS_RESPONDER);
    }
  /* At the same time: the begin of the stream's initiator counts. */
  run (&begun_by_initiator, JXS_SAS_INITIATOR);
  run (&begun_by_responder, JXS_SAS_RESPONDER);
}

/* Only what may have been a guess counts, and the third is the last. */
static void
test_attempts (void)
{
  g_auto (JxsSasBinding) binding = { 0 };
  guint8 theirs[JXS_SAS_SIZE];
  guint8 commitment[JXS_SAS_SIZE];
  JxsSasMachine machine;
  JxsSasActions actions;

  binding_init (&binding, "romeo", "juliet");
  make_nonce (theirs);
  jxs_sas_commit (&binding, JXS_SAS_RESPONDER, theirs, commitment);
  jxs_sas_machine_init (&machine, JXS_SAS_INITIATOR, &binding);
  for (guint i = 0; i < 100; i++)
    {
      feed (&machine, START, NULL);
      feed (&machine, REFUSED, NULL);
    }
  g_assert_cmpuint (machine.attempts, ==, 0);
  /* The peer knows our nonce, and never reveals its own. */
  feed (&machine, COMMIT, commitment);
  feed (&machine, THEY_CANCEL, NULL);
  feed (&machine, START, NULL);
  feed (&machine, NONCE, theirs);
  actions = feed (&machine, TIMEOUT, NULL);
  g_assert_false (actions.end_stream);
  g_assert_true (jxs_sas_machine_can_begin (&machine));
  feed (&machine, COMMIT, commitment);
  g_assert_cmpuint (machine.attempts, ==, 3);
  actions = feed (&machine, THEY_CANCEL, NULL);
  g_assert_true (actions.end_stream);
  g_assert_false (jxs_sas_machine_can_begin (&machine));
  actions = feed (&machine, COMMIT, commitment);
  g_assert_true (actions.refuse);

  /* Success is no reason to end a stream, but to let nobody guess on. */
  jxs_sas_machine_init (&machine, JXS_SAS_INITIATOR, &binding);
  for (guint i = 0; i < JXS_SAS_MAX_ATTEMPTS; i++)
    {
      feed (&machine, COMMIT, commitment);
      feed (&machine, REVEAL, theirs);
      feed (&machine, CONFIRM, NULL);
      actions = feed (&machine, THEY_CONFIRM, NULL);
      g_assert_true (actions.verified);
    }
  g_assert_false (jxs_sas_machine_can_begin (&machine));
  actions = feed (&machine, COMMIT, commitment);
  g_assert_cmpint (actions.condition, ==, JXS_STANZA_ERROR_POLICY_VIOLATION);
  g_assert_cmpint (machine.state, ==, JXS_SAS_STATE_VERIFIED);
}

/* ---- both sides ---- */

typedef struct
{
  enum
  {
    REQUEST,
    RESULT,
    ERROR,
  } type;
  JxsSasKind kind; /* of the request, or NONCE */
  guint id;
  guint8 bytes[JXS_SAS_SIZE];
} Packet;

/* What jxs_verifier does, with numbers for ids. */
typedef struct _Person Person;
struct _Person
{
  JxsSasMachine machine;
  GQueue out; /* (element-type Packet): in order, as the stream is */
  guint id;
  guint *last_id;
  gboolean shown;
  gboolean said_yes;
  char digits[JXS_SAS_N_DIGITS + 3]; /* of id, once shown */
  guint verified_id;
  char verified_digits[JXS_SAS_N_DIGITS + 3];
};

static void
post (Person *person, int type, JxsSasKind kind, guint id, const guint8 *bytes)
{
  Packet *packet = g_new0 (Packet, 1);

  packet->type = type;
  packet->kind = kind;
  packet->id = id;
  if (bytes != NULL)
    memcpy (packet->bytes, bytes, JXS_SAS_SIZE);
  g_queue_push_tail (&person->out, packet);
}

static void
person_handle (Person *person, JxsSasEvent event, const Packet *arrived, gboolean is_request)
{
  JxsSasActions actions;

  if (event == START && jxs_sas_machine_can_begin (&person->machine))
    person->id = ++*person->last_id;
  actions = feed (&person->machine, event, arrived != NULL ? arrived->bytes : NULL);
  if (event == START && !actions.refuse)
    {
      person->shown = FALSE;
      person->said_yes = FALSE;
    }
  if (actions.send == JXS_SAS_NONCE)
    {
      person->id = arrived->id;
      person->shown = FALSE;
      person->said_yes = FALSE;
    }
  if (actions.show)
    {
      g_assert_false (person->shown);
      person->shown = TRUE;
      g_strlcpy (person->digits, person->machine.string.digits, sizeof person->digits);
    }
  if (actions.send == JXS_SAS_CONFIRM)
    {
      g_assert_true (person->shown);
      person->said_yes = TRUE;
    }
  if (actions.verified)
    {
      g_assert_true (person->said_yes);
      person->verified_id = person->id;
      g_strlcpy (person->verified_digits, person->digits, sizeof person->verified_digits);
    }
  if (is_request && actions.refuse)
    post (person, ERROR, arrived->kind, arrived->id, NULL);
  else if (is_request)
    post (person,
          RESULT,
          actions.send == JXS_SAS_NONCE ? JXS_SAS_NONCE : arrived->kind,
          arrived->id,
          actions.bytes);
  if (actions.send != JXS_SAS_NOTHING && actions.send != JXS_SAS_NONCE)
    post (person, REQUEST, actions.send, person->id, actions.bytes);
}

static void
person_receive (Person *person, const Packet *packet)
{
  static const JxsSasEvent events[JXS_SAS_N_KINDS] = {
    [JXS_SAS_COMMIT] = COMMIT,        [JXS_SAS_REVEAL] = REVEAL,
    [JXS_SAS_CONFIRM] = THEY_CONFIRM, [JXS_SAS_REJECT] = THEY_REJECT,
    [JXS_SAS_CANCEL] = THEY_CANCEL,
  };

  if (packet->type == REQUEST && packet->kind != JXS_SAS_COMMIT && packet->id != person->id)
    post (person, ERROR, packet->kind, packet->id, NULL);
  else if (packet->type == REQUEST)
    person_handle (person, events[packet->kind], packet, TRUE);
  else if (packet->id != person->id)
    return;
  else if (packet->type == ERROR)
    person_handle (person, REFUSED, packet, FALSE);
  else if (packet->kind == JXS_SAS_NONCE)
    person_handle (person, NONCE, packet, FALSE);
}

static gboolean
deliver (Person *from, Person *to)
{
  g_autofree Packet *packet = g_queue_pop_head (&from->out);

  if (packet != NULL)
    person_receive (to, packet);
  return packet != NULL;
}

/* Honest software never breaks the protocol, whatever the persons do, and nobody is verified by
 * one who sees something else. */
static void
check_pair (Person *persons)
{
  if (persons[0].shown && persons[1].shown && persons[0].id == persons[1].id)
    g_assert_cmpstr (persons[0].digits, ==, persons[1].digits);
  for (guint i = 0; i < 2; i++)
    if (persons[i].verified_id != 0)
      {
        Person *other = &persons[!i];

        /* Whoever is verified compared with somebody who saw the same, and who said yes. */
        if (other->id == persons[i].verified_id)
          {
            g_assert_true (other->said_yes);
            g_assert_cmpstr (other->digits, ==, persons[i].verified_digits);
          }
      }
}

static void
test_walk (void)
{
  guint n_verified = 0;
  guint n_ended = 0;

  for (guint round = 0; round < 4000; round++)
    {
      static const JxsSasEvent acts[] = { START, CONFIRM, CONFIRM, CONFIRM, REJECT, CANCEL };
      g_auto (JxsSasBinding) binding = { 0 };
      Person persons[2] = { 0 };
      guint last_id = 0;

      binding_init (&binding, "romeo", "juliet");
      for (guint i = 0; i < 2; i++)
        {
          jxs_sas_machine_init (&persons[i].machine, i, &binding);
          g_queue_init (&persons[i].out);
          persons[i].last_id = &last_id;
        }
      for (guint step = 0; step < 60; step++)
        {
          guint who = g_test_rand_int_range (0, 2);
          guint what = g_test_rand_int_range (0, 16);

          if (what < 10)
            deliver (&persons[who], &persons[!who]);
          else if (what == 15 && g_test_rand_int_range (0, 4) == 0 &&
                   jxs_sas_machine_get_wait (&persons[who].machine) != JXS_SAS_WAIT_NOTHING)
            person_handle (&persons[who], TIMEOUT, NULL, FALSE);
          else if (what < 10 + G_N_ELEMENTS (acts) &&
                   (acts[what - 10] < REJECT || g_test_rand_int_range (0, 4) == 0))
            person_handle (&persons[who], acts[what - 10], NULL, FALSE);
          check_pair (persons);
        }
      /* Nobody waits for ever. */
      while (deliver (&persons[0], &persons[1]) || deliver (&persons[1], &persons[0]))
        check_pair (persons);
      for (guint i = 0; i < 2; i++)
        if (jxs_sas_machine_is_active (&persons[i].machine))
          person_handle (&persons[i], TIMEOUT, NULL, FALSE);
      while (deliver (&persons[0], &persons[1]) || deliver (&persons[1], &persons[0]))
        check_pair (persons);
      for (guint i = 0; i < 2; i++)
        {
          g_assert_false (jxs_sas_machine_is_active (&persons[i].machine));
          n_verified += persons[i].verified_id != 0;
          n_ended += persons[i].machine.state == JXS_SAS_STATE_ENDED;
        }
    }
  /* The walk does get somewhere. */
  g_assert_cmpuint (n_verified, >, 1000);
  g_assert_cmpuint (n_ended, >, 500);
}

/* With persons who only ever say yes, both end up verified, whoever begins. */
static void
test_both_begin (void)
{
  for (guint round = 0; round < 2000; round++)
    {
      g_auto (JxsSasBinding) binding = { 0 };
      Person persons[2] = { 0 };
      guint last_id = 0;
      guint begins = g_test_rand_int_range (1, 4);

      binding_init (&binding, "romeo", "juliet");
      for (guint i = 0; i < 2; i++)
        {
          jxs_sas_machine_init (&persons[i].machine, i, &binding);
          g_queue_init (&persons[i].out);
          persons[i].last_id = &last_id;
          if ((begins & 1 << i) != 0)
            person_handle (&persons[i], START, NULL, FALSE);
        }
      while (!g_queue_is_empty (&persons[0].out) || !g_queue_is_empty (&persons[1].out) ||
             persons[0].verified_id == 0 || persons[1].verified_id == 0)
        {
          guint who = g_test_rand_int_range (0, 2);

          if (!deliver (&persons[who], &persons[!who]) && persons[who].shown)
            person_handle (&persons[who], CONFIRM, NULL, FALSE);
        }
      g_assert_cmpuint (persons[0].verified_id, ==, persons[1].verified_id);
      g_assert_cmpstr (persons[0].verified_digits, ==, persons[1].verified_digits);
    }
}

/* ---- somebody in the middle ---- */

/* So few digits that a search is affordable: 1 in 1000 instead of 1 in 10^12. */
#define N_SHORT 3
#define ODDS 1000

static gboolean
agree (const JxsSasString *first, const JxsSasString *second)
{
  return strncmp (first->digits, second->digits, N_SHORT) == 0;
}

/* Were there no commitment, who comes last would try nonces until both strings look the same. */
static void
test_search_without_commitment (void)
{
  guint64 tries = 0;
  const guint rounds = 20;

  for (guint round = 0; round < rounds; round++)
    {
      g_auto (JxsSasBinding) left = { 0 };
      g_auto (JxsSasBinding) right = { 0 };
      guint8 nonces[2][JXS_SAS_SIZE];
      guint8 ours[2][JXS_SAS_SIZE];
      JxsSasString strings[2];

      binding_init (&left, "romeo", "mallory");
      binding_init (&right, "mallory", "juliet");
      for (guint i = 0; i < 2; i++)
        make_nonce (nonces[i]);
      make_nonce (ours[1]);
      jxs_sas_derive (&right, ours[1], nonces[1], &strings[1]);
      do
        {
          make_nonce (ours[0]);
          jxs_sas_derive (&left, nonces[0], ours[0], &strings[0]);
          g_assert_cmpuint (++tries, <, 100 * rounds * ODDS);
        }
      while (!agree (&strings[0], &strings[1]));
    }
  /* It always succeeds; this is what it costs. */
  g_test_message ("%.0f tries for each success, with odds of 1 in %d",
                  tries / (double) rounds,
                  ODDS);
  g_assert_cmpuint (tries, >, rounds * ODDS / 4);
  g_assert_cmpuint (tries, <, rounds * ODDS * 4);
}

/* One attempt of Mallory's with both, as well as she can. Returns whether she wins. */
static gboolean
try_middle (gboolean lies)
{
  g_auto (JxsSasBinding) left = { 0 };
  g_auto (JxsSasBinding) right = { 0 };
  JxsSasMachine romeo, juliet;
  JxsSasActions from_romeo, from_juliet;
  guint8 ours[2][JXS_SAS_SIZE];
  guint8 commitment[JXS_SAS_SIZE];
  guint8 guess[JXS_SAS_SIZE];
  JxsSasString wanted, got;

  binding_init (&left, "romeo", "mallory");
  binding_init (&right, "mallory", "juliet");
  jxs_sas_machine_init (&romeo, JXS_SAS_INITIATOR, &left);
  jxs_sas_machine_init (&juliet, JXS_SAS_RESPONDER, &right);

  /* Romeo begins: his nonce is hidden. She can begin with Juliet at most. */
  from_romeo = feed (&romeo, START, NULL);
  make_nonce (ours[1]);
  jxs_sas_commit (&right, JXS_SAS_INITIATOR, ours[1], commitment);
  from_juliet = feed (&juliet, COMMIT, commitment);
  jxs_sas_derive (&right, ours[1], from_juliet.bytes, &wanted);

  /* She knows what Juliet will see. What Romeo sees depends on a nonce that she does not know: she
   * takes what would do for a guessed one. */
  make_nonce (guess);
  do
    {
      make_nonce (ours[0]);
      jxs_sas_derive (&left, guess, ours[0], &got);
    }
  while (!agree (&wanted, &got));
  from_romeo = feed (&romeo, NONCE, ours[0]);
  g_assert_true (from_romeo.show);

  if (lies)
    /* She knows Romeo's string now, and looks for a nonce that would give Juliet the same. */
    do
      {
        make_nonce (ours[1]);
        jxs_sas_derive (&right, ours[1], from_juliet.bytes, &wanted);
      }
    while (!agree (&wanted, &romeo.string));
  from_juliet = feed (&juliet, REVEAL, ours[1]);
  if (lies)
    {
      g_assert_false (from_juliet.show);
      g_assert_cmpint (from_juliet.failure, ==, JXS_SAS_FAILURE_LIE);
      g_assert_true (from_juliet.end_stream);
      return FALSE;
    }
  g_assert_true (from_juliet.show);
  /* All the digits would have to agree. */
  g_assert_cmpstr (romeo.string.digits, !=, juliet.string.digits);
  return agree (&romeo.string, &juliet.string);
}

/* With it she has one blind guess. */
static void
test_search_with_commitment (void)
{
  const guint rounds = 300;
  guint successes = 0;

  for (guint round = 0; round < rounds; round++)
    successes += try_middle (FALSE);
  g_test_message ("%u successes in %u attempts, with odds of 1 in %d", successes, rounds, ODDS);
  /* More than seven would happen once in 10^9 runs. */
  g_assert_cmpuint (successes, <=, 7);
}

static void
test_lie (void)
{
  for (guint round = 0; round < 10; round++)
    g_assert_false (try_middle (TRUE));
}

/* A commitment sent back to who made it is worth nothing: the other side has another role. */
static void
test_reflection (void)
{
  g_auto (JxsSasBinding) binding = { 0 };
  JxsSasMachine machine;
  JxsSasActions ours, actions;
  guint8 commitment[JXS_SAS_SIZE];
  guint8 nonce[JXS_SAS_SIZE];

  binding_init (&binding, "romeo", "romeo");
  jxs_sas_machine_init (&machine, JXS_SAS_RESPONDER, &binding);
  ours = feed (&machine, START, NULL);
  memcpy (commitment, ours.bytes, JXS_SAS_SIZE);
  ours = feed (&machine, NONCE, commitment);
  memcpy (nonce, ours.bytes, JXS_SAS_SIZE);
  feed (&machine, CANCEL, NULL);
  feed (&machine, COMMIT, commitment);
  actions = feed (&machine, REVEAL, nonce);
  g_assert_cmpint (actions.failure, ==, JXS_SAS_FAILURE_LIE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/sas-machine/runs", test_runs);
  g_test_add_func ("/security/sas-machine/attempts", test_attempts);
  g_test_add_func ("/security/sas-machine/walk", test_walk);
  g_test_add_func ("/security/sas-machine/both-begin", test_both_begin);
  g_test_add_func ("/security/sas-machine/search-without-commitment",
                   test_search_without_commitment);
  g_test_add_func ("/security/sas-machine/search-with-commitment", test_search_with_commitment);
  g_test_add_func ("/security/sas-machine/lie", test_lie);
  g_test_add_func ("/security/sas-machine/reflection", test_reflection);
  return g_test_run ();
}

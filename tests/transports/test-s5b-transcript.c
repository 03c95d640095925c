/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/transports/s5b/jxs-s5b-codec-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>

/* The flows that XEP-0260 §2 prints, with its identifiers, as seen by Romeo. His proxy has a real
 * address here. */

#define TRANSPORT(children)                                                                        \
  "<transport xmlns='urn:xmpp:jingle:transports:s5b:1' sid='vj3hs98y'>" children "</transport>"

#define OFFER                                                                                      \
  TRANSPORT ("<candidate cid='hft54dqy' host='192.168.4.1' jid='romeo@montague.lit/orchard'"       \
             " port='5086' priority='8257636' type='direct'/>"                                     \
             "<candidate cid='hutr46fe' host='24.24.24.1' jid='romeo@montague.lit/orchard'"        \
             " port='5087' priority='8258636' type='direct'/>"                                     \
             "<candidate cid='xmdh4b7i' host='192.0.2.7' jid='streamer.shakespeare.lit'"           \
             " port='7625' priority='7878787' type='proxy'/>")
#define ANSWER                                                                                     \
  TRANSPORT ("<candidate cid='ht567dq' host='192.169.1.10' jid='juliet@capulet.lit/balcony'"       \
             " port='6539' priority='8257636' type='direct'/>"                                     \
             "<candidate cid='grt654q2' host='2001:638:708:30c9:219:d1ff:fea4:a17d'"               \
             " jid='juliet@capulet.lit/balcony' port='6539' priority='8257606' type='direct'/>"    \
             "<candidate cid='hr65dqyd' host='134.102.201.180' jid='juliet@capulet.lit/balcony'"   \
             " port='16453' priority='7929856' type='assisted'/>"                                  \
             "<candidate cid='pzv14s74' host='192.0.2.9' jid='proxy.marlowe.lit' port='7676'"      \
             " priority='7788877' type='proxy'/>")

typedef struct
{
  JxsS5bMachine machine;
  JxsS5bActions actions;
  JxsS5bTransportElement offer;
  JxsS5bTransportElement answer;
  guint next; /* of the actions */
  gint64 now;
} Romeo;

static void
read_transport (const char *xml, JxsS5bTransportElement *parsed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) element = jxs_element_new_from_string (xml, &error);
  guint n_dropped;

  g_assert_no_error (error);
  g_assert_true (jxs_s5b_transport_element_parse (element, parsed, &n_dropped, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_dropped, ==, 0);
}

static void
feed (Romeo *self, JxsS5bEvent event, guint index)
{
  g_assert_cmpuint (self->next, ==, self->actions.n_actions);
  g_assert_true (jxs_s5b_machine_handle (&self->machine, event, index, self->now, &self->actions));
  self->next = 0;
}

static guint
find (const JxsS5bTransportElement *element, const char *cid)
{
  for (guint i = 0; i < element->candidates->len; i++)
    if (g_str_equal (((const JxsS5bCandidate *) element->candidates->pdata[i])->cid, cid))
      return i;

  g_assert_not_reached ();
}

static void
set_up (Romeo *self, gconstpointer unused)
{
  jxs_s5b_machine_init (&self->machine, TRUE);
  read_transport (OFFER, &self->offer);
  read_transport (ANSWER, &self->answer);
  for (guint i = 0; i < self->offer.candidates->len; i++)
    {
      const JxsS5bCandidate *candidate = self->offer.candidates->pdata[i];

      jxs_s5b_machine_add_local (&self->machine, candidate->kind, candidate->priority);
    }
  for (guint i = 0; i < self->answer.candidates->len; i++)
    {
      const JxsS5bCandidate *candidate = self->answer.candidates->pdata[i];

      jxs_s5b_machine_add_remote (&self->machine, candidate->kind, candidate->priority);
    }
  feed (self, JXS_S5B_EVENT_GATHERED, 0);
  feed (self, JXS_S5B_EVENT_START, 0);
}

static void
tear_down (Romeo *self, gconstpointer unused)
{
  g_assert_cmpuint (self->next, ==, self->actions.n_actions);
  jxs_s5b_transport_element_clear (&self->offer);
  jxs_s5b_transport_element_clear (&self->answer);
}

/* The next action, about this candidate or none. */
static void
expect (Romeo *self, JxsS5bActionKind kind, const JxsS5bTransportElement *set, const char *cid)
{
  const JxsS5bAction *action = &self->actions.actions[self->next];

  g_assert_cmpuint (self->next++, <, self->actions.n_actions);
  g_assert_cmpint (action->kind, ==, kind);
  if (cid != NULL)
    g_assert_cmpuint (action->index, ==, find (set, cid));
}

static void
wait (Romeo *self)
{
  g_assert_cmpint (self->machine.wake_at, >, self->now);
  self->now = self->machine.wake_at;
  feed (self, JXS_S5B_EVENT_TICK, 0);
}

/* What an info looks like on the wire. */
static void
assert_written (JxsS5bInfo info, const char *cid, const char *xml)
{
  g_auto (JxsS5bTransportElement) said = { 0 };
  g_autoptr (JxsElement) expected = jxs_element_new_from_string (xml, NULL);
  g_autoptr (JxsElement) built = NULL;

  read_transport (TRANSPORT (""), &said);
  said.info = info;
  said.cid = g_strdup (cid);
  built = jxs_s5b_transport_element_build (&said);
  g_assert_true (jxs_element_equal (built, expected));
}

/* Juliet says something by transport-info. */
static void
hear (Romeo *self, const char *xml)
{
  static const JxsS5bEvent events[] = {
    [JXS_S5B_INFO_CANDIDATE_USED] = JXS_S5B_EVENT_PEER_USED,
    [JXS_S5B_INFO_CANDIDATE_ERROR] = JXS_S5B_EVENT_PEER_ERROR,
    [JXS_S5B_INFO_ACTIVATED] = JXS_S5B_EVENT_PEER_ACTIVATED,
    [JXS_S5B_INFO_PROXY_ERROR] = JXS_S5B_EVENT_PEER_PROXY_ERROR,
  };
  g_auto (JxsS5bTransportElement) said = { 0 };
  guint index = 0;

  read_transport (xml, &said);
  g_assert_cmpint (said.info, !=, JXS_S5B_INFO_NONE);
  if (said.info == JXS_S5B_INFO_CANDIDATE_USED)
    index = find (&self->offer, said.cid);
  else if (said.info == JXS_S5B_INFO_ACTIVATED)
    index = find (&self->answer, said.cid);
  feed (self, events[said.info], index);
}

/* Two addresses of Juliet that nobody answers at, down to the one that works. */
static void
dial_assisted (Romeo *self)
{
  expect (self, JXS_S5B_ACTION_DIAL, &self->answer, "ht567dq");
  wait (self);
  expect (self, JXS_S5B_ACTION_DIAL, &self->answer, "grt654q2");
  wait (self);
  expect (self, JXS_S5B_ACTION_DIAL, &self->answer, "hr65dqyd");
  feed (self, JXS_S5B_EVENT_DIAL_OPEN, find (&self->answer, "hr65dqyd"));
  expect (self, JXS_S5B_ACTION_SEND_USED, &self->answer, "hr65dqyd");
  assert_written (JXS_S5B_INFO_CANDIDATE_USED,
                  "hr65dqyd",
                  TRANSPORT ("<candidate-used cid='hr65dqyd'/>"));
  expect (self, JXS_S5B_ACTION_CANCEL, &self->answer, "ht567dq");
  expect (self, JXS_S5B_ACTION_CANCEL, &self->answer, "grt654q2");
}

/* Nothing of Juliet's can be reached. */
static void
dial_in_vain (Romeo *self)
{
  static const char *const cids[] = { "ht567dq", "grt654q2", "hr65dqyd", "pzv14s74" };

  for (gsize i = 0; i < G_N_ELEMENTS (cids); i++)
    {
      expect (self, JXS_S5B_ACTION_DIAL, &self->answer, cids[i]);
      feed (self, JXS_S5B_EVENT_DIAL_FAILED, find (&self->answer, cids[i]));
    }
}

/* §2.3: candidate-used, candidate-error. */
static void
test_assisted (Romeo *self, gconstpointer unused)
{
  dial_assisted (self);
  hear (self, TRANSPORT ("<candidate-error/>"));
  expect (self, JXS_S5B_ACTION_NOMINATE_REMOTE, &self->answer, "hr65dqyd");
  expect (self, JXS_S5B_ACTION_READY, NULL, NULL);
}

/* §2.4, third case: what Juliet found ranks higher. */
static void
test_higher (Romeo *self, gconstpointer unused)
{
  dial_assisted (self);
  feed (self, JXS_S5B_EVENT_INCOMING, 0);
  hear (self, TRANSPORT ("<candidate-used cid='hutr46fe'/>"));
  expect (self, JXS_S5B_ACTION_NOMINATE_LOCAL, &self->offer, "hutr46fe");
  expect (self, JXS_S5B_ACTION_CANCEL, &self->answer, "hr65dqyd");
  expect (self, JXS_S5B_ACTION_READY, NULL, NULL);
}

/* §2.4, fourth case: both have priority 8257636, Romeo is the initiator. */
static void
test_tie (Romeo *self, gconstpointer unused)
{
  expect (self, JXS_S5B_ACTION_DIAL, &self->answer, "ht567dq");
  hear (self, TRANSPORT ("<candidate-used cid='hft54dqy'/>"));
  feed (self, JXS_S5B_EVENT_DIAL_OPEN, find (&self->answer, "ht567dq"));
  expect (self, JXS_S5B_ACTION_SEND_USED, &self->answer, "ht567dq");
  expect (self, JXS_S5B_ACTION_NOMINATE_REMOTE, &self->answer, "ht567dq");
  expect (self, JXS_S5B_ACTION_READY, NULL, NULL);
}

static void
nominate_proxy (Romeo *self)
{
  dial_in_vain (self);
  hear (self, TRANSPORT ("<candidate-used cid='xmdh4b7i'/>"));
  expect (self, JXS_S5B_ACTION_SEND_ERROR, NULL, NULL);
  assert_written (JXS_S5B_INFO_CANDIDATE_ERROR, NULL, TRANSPORT ("<candidate-error/>"));
  expect (self, JXS_S5B_ACTION_NOMINATE_LOCAL, &self->offer, "xmdh4b7i");
  expect (self, JXS_S5B_ACTION_OPEN_PROXY, &self->offer, "xmdh4b7i");
}

/* §2.4: the proxy is Romeo's, so Romeo activates. */
static void
test_proxy (Romeo *self, gconstpointer unused)
{
  nominate_proxy (self);
  feed (self, JXS_S5B_EVENT_PROXY_OPEN, 0);
  expect (self, JXS_S5B_ACTION_ACTIVATE, &self->offer, "xmdh4b7i");
  feed (self, JXS_S5B_EVENT_ACTIVATED, 0);
  expect (self, JXS_S5B_ACTION_SEND_ACTIVATED, &self->offer, "xmdh4b7i");
  assert_written (JXS_S5B_INFO_ACTIVATED, "xmdh4b7i", TRANSPORT ("<activated cid='xmdh4b7i'/>"));
  expect (self, JXS_S5B_ACTION_READY, NULL, NULL);
}

/* §2.4: either side may fail with it. */
static void
test_proxy_error (Romeo *self, gconstpointer unused)
{
  nominate_proxy (self);
  feed (self, JXS_S5B_EVENT_PROXY_OPEN, 0);
  expect (self, JXS_S5B_ACTION_ACTIVATE, &self->offer, "xmdh4b7i");
  hear (self, TRANSPORT ("<proxy-error/>"));
  expect (self, JXS_S5B_ACTION_FAIL, NULL, NULL);

  tear_down (self, NULL);
  *self = (Romeo){ 0 };
  set_up (self, NULL);
  nominate_proxy (self);
  feed (self, JXS_S5B_EVENT_PROXY_FAILED, 0);
  expect (self, JXS_S5B_ACTION_SEND_PROXY_ERROR, NULL, NULL);
  assert_written (JXS_S5B_INFO_PROXY_ERROR, NULL, TRANSPORT ("<proxy-error/>"));
  expect (self, JXS_S5B_ACTION_FAIL, NULL, NULL);
}

/* The same with the proxy of Juliet, who then says that it is active. */
static void
test_peer_proxy (Romeo *self, gconstpointer unused)
{
  guint proxy = find (&self->answer, "pzv14s74");

  for (guint i = 0; i < proxy; i++)
    {
      expect (self, JXS_S5B_ACTION_DIAL, NULL, NULL);
      feed (self, JXS_S5B_EVENT_DIAL_FAILED, i);
    }
  expect (self, JXS_S5B_ACTION_DIAL, &self->answer, "pzv14s74");
  feed (self, JXS_S5B_EVENT_DIAL_OPEN, proxy);
  expect (self, JXS_S5B_ACTION_SEND_USED, &self->answer, "pzv14s74");
  hear (self, TRANSPORT ("<candidate-error/>"));
  expect (self, JXS_S5B_ACTION_NOMINATE_REMOTE, &self->answer, "pzv14s74");
  hear (self, TRANSPORT ("<activated cid='pzv14s74'/>"));
  expect (self, JXS_S5B_ACTION_READY, NULL, NULL);
}

/* §3: the flow that ends in another transport. */
static void
test_fallback (Romeo *self, gconstpointer unused)
{
  dial_in_vain (self);
  hear (self, TRANSPORT ("<candidate-error/>"));
  expect (self, JXS_S5B_ACTION_SEND_ERROR, NULL, NULL);
  expect (self, JXS_S5B_ACTION_FAIL, NULL, NULL);
  g_assert_cmpint (self->machine.cause, ==, JXS_S5B_CAUSE_NO_CANDIDATE);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*func) (Romeo *self, gconstpointer unused);
  } tests[] = {
    { "/transports/s5b-transcript/assisted", test_assisted },
    { "/transports/s5b-transcript/higher", test_higher },
    { "/transports/s5b-transcript/tie", test_tie },
    { "/transports/s5b-transcript/proxy", test_proxy },
    { "/transports/s5b-transcript/proxy-error", test_proxy_error },
    { "/transports/s5b-transcript/peer-proxy", test_peer_proxy },
    { "/transports/s5b-transcript/fallback", test_fallback },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Romeo, NULL, set_up, tests[i].func, tear_down);

  return g_test_run ();
}

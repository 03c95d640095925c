/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "router-util.h"

typedef enum
{
  PASS,
  REPLY_RESULT,
  REPLY_ERROR,
  REPLY_TWICE,
  REPLY_AND_PASS,
  KEEP,
  REMOVE_SELF,
} HandlerMode;

typedef struct
{
  HandlerMode mode;
  guint id;
  guint n_calls;
  JxsElement *iq;
  char *from;
} TestHandler;

static void
test_handler_clear (TestHandler *handler)
{
  g_clear_pointer (&handler->iq, jxs_element_unref);
  g_clear_pointer (&handler->from, g_free);
}

static void
reply_error (JxsRouter *router, JxsElement *iq)
{
  g_autoptr (GError) error =
      g_error_new_literal (JXS_STANZA_ERROR, JXS_STANZA_ERROR_FORBIDDEN, "no");
  g_autoptr (JxsElement) condition = jxs_element_new ("because", NS_TEST);

  jxs_router_reply_error (router, iq, error, condition);
}

static gboolean
test_handler_cb (
    JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  TestHandler *handler = user_data;

  handler->n_calls++;
  g_free (handler->from);
  handler->from = g_strdup (from != NULL ? jxs_jid_to_string (from) : NULL);
  g_assert_true (jxs_element_get_first_child (iq) == payload);
  switch (handler->mode)
    {
    case PASS:
      return FALSE;
    case REPLY_RESULT:
      jxs_router_reply_result (router, iq, NULL);
      return TRUE;
    case REPLY_ERROR:
      reply_error (router, iq);
      return TRUE;
    case REPLY_TWICE:
      jxs_router_reply_result (router, iq, NULL);
      reply_error (router, iq);
      return TRUE;
    case REPLY_AND_PASS:
      jxs_router_reply_result (router, iq, NULL);
      return FALSE;
    case KEEP:
      g_clear_pointer (&handler->iq, jxs_element_unref);
      handler->iq = jxs_element_ref (iq);
      return TRUE;
    case REMOVE_SELF:
    default:
      jxs_router_remove_handler (router, handler->id);
      return FALSE;
    }
}

#define TEST_IQ "<iq type='get' id='1' from='" JULIET "'><query xmlns='" NS_TEST "'/></iq>"
#define OTHER_IQ                                                                                   \
  "<iq type='get' id='1' from='nurse@capulet.example'><query xmlns='" NS_TEST "'/></iq>"

static void
test_handlers (void)
{
  Fixture fixture;
  TestHandler older = { .mode = REPLY_RESULT };
  TestHandler newer = { .mode = PASS };
  TestHandler named = { .mode = KEEP };
  TestHandler foreign = { .mode = REPLY_RESULT };

  fixture_init (&fixture);
  g_assert_false (push (fixture.channel, TEST_IQ));
  older.id = jxs_router_add_iq_handler (fixture.router, NULL, NS_TEST, test_handler_cb, &older);
  foreign.id =
      jxs_router_add_iq_handler (fixture.router, NULL, "urn:other", test_handler_cb, &foreign);
  newer.id = jxs_router_add_iq_handler (fixture.router, "query", NS_TEST, test_handler_cb, &newer);
  named.id = jxs_router_add_iq_handler (fixture.router, "open", NS_TEST, test_handler_cb, &named);

  /* Newest first, by name and namespace. */
  g_assert_true (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (newer.n_calls, ==, 1);
  g_assert_cmpuint (older.n_calls, ==, 1);
  g_assert_cmpuint (named.n_calls, ==, 0);
  g_assert_cmpuint (foreign.n_calls, ==, 0);
  g_assert_cmpstr (older.from, ==, JULIET);
  assert_attribute (last_sent (&fixture), "type", "result");
  assert_attribute (last_sent (&fixture), "to", JULIET);
  assert_attribute (last_sent (&fixture), "id", "1");

  newer.mode = REPLY_ERROR;
  g_assert_true (push (fixture.channel, TEST_IQ));
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_FORBIDDEN);
  g_assert_cmpuint (fixture.sent->len, ==, 2);

  /* Exactly one answer, whatever the handler does. */
  newer.mode = REPLY_TWICE;
  g_assert_true (push (fixture.channel, TEST_IQ));
  assert_attribute (last_sent (&fixture), "type", "result");
  g_assert_cmpuint (fixture.sent->len, ==, 3);
  newer.mode = REPLY_AND_PASS;
  g_assert_true (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (fixture.sent->len, ==, 4);
  g_assert_cmpuint (older.n_calls, ==, 1);

  /* Later. */
  g_assert_true (
      push (fixture.channel, "<iq type='set' id='later'><open xmlns='" NS_TEST "'/></iq>"));
  g_assert_null (named.from);
  g_assert_cmpuint (fixture.sent->len, ==, 4);
  jxs_router_reply_result (fixture.router, named.iq, NULL);
  g_assert_cmpuint (fixture.sent->len, ==, 5);
  assert_attribute (last_sent (&fixture), "id", "later");
  assert_attribute (last_sent (&fixture), "to", NULL);
  jxs_router_reply_result (fixture.router, named.iq, NULL);
  reply_error (fixture.router, named.iq);
  g_assert_cmpuint (fixture.sent->len, ==, 5);

  /* Gone. */
  newer.mode = REMOVE_SELF;
  g_assert_true (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (older.n_calls, ==, 2);
  g_assert_true (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (newer.n_calls, ==, 5);
  g_assert_cmpuint (older.n_calls, ==, 3);
  jxs_router_remove_handler (fixture.router, older.id);
  jxs_router_remove_handler (fixture.router, older.id);
  g_assert_false (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (older.n_calls, ==, 3);

  test_handler_clear (&older);
  test_handler_clear (&newer);
  test_handler_clear (&named);
  test_handler_clear (&foreign);
  fixture_clear (&fixture);
}

typedef struct
{
  guint other;
  guint n_calls;
} Remover;

static gboolean
remove_other_cb (
    JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  Remover *remover = user_data;

  remover->n_calls++;
  jxs_router_remove_handler (router, remover->other);
  /* One that is added now does not see this request. */
  jxs_router_add_iq_handler (router, NULL, NS_TEST, test_handler_cb, NULL);
  return FALSE;
}

static void
test_handler_changes_inside (void)
{
  Fixture fixture;
  TestHandler older = { .mode = REPLY_RESULT };
  Remover remover = { 0 };

  fixture_init (&fixture);
  remover.other =
      jxs_router_add_iq_handler (fixture.router, NULL, NS_TEST, test_handler_cb, &older);
  jxs_router_add_iq_handler (fixture.router, NULL, NS_TEST, remove_other_cb, &remover);
  g_assert_false (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (remover.n_calls, ==, 1);
  g_assert_cmpuint (older.n_calls, ==, 0);
  fixture_clear (&fixture);
}

/* RFC 6120 §8.2.3 */
static const struct
{
  const char *xml;
  gboolean handled;
  gboolean answered;
} malformed[] = {
  { "<iq type='get' id='1' from='" JULIET "'/>", TRUE, TRUE },
  { "<iq type='set' id='1' from='" JULIET "'>text</iq>", TRUE, TRUE },
  { "<iq type='set' id='1'><a xmlns='" NS_TEST "'/><b xmlns='" NS_TEST "'/></iq>", TRUE, TRUE },
  { "<iq type='ask' id='1' from='" JULIET "'><a xmlns='" NS_TEST "'/></iq>", TRUE, TRUE },
  { "<iq id='1' from='" JULIET "'><a xmlns='" NS_TEST "'/></iq>", TRUE, TRUE },
  { "<iq type='get' from='" JULIET "'><a xmlns='" NS_TEST "'/></iq>", TRUE, FALSE },
  { "<iq from='" JULIET "'/>", TRUE, FALSE },
  { "<iq type='get' id='1' from='@'><a xmlns='" NS_TEST "'/></iq>", FALSE, FALSE },
  { "<iq type='result' id='1' from='" JULIET "'/>", FALSE, FALSE },
  { "<iq type='error' id='1' from='" JULIET "'/>", FALSE, FALSE },
  { "<iq type='result' from='" JULIET "'/>", FALSE, FALSE },
};

static void
test_malformed (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      Fixture fixture;
      TestHandler handler = { .mode = REPLY_RESULT };

      g_test_message ("%s", malformed[i].xml);
      fixture_init (&fixture);
      jxs_router_add_iq_handler (fixture.router, NULL, NS_TEST, test_handler_cb, &handler);
      g_assert_true (push (fixture.channel, malformed[i].xml) == malformed[i].handled);
      g_assert_cmpuint (fixture.sent->len, ==, malformed[i].answered ? 1 : 0);
      if (malformed[i].answered)
        assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_BAD_REQUEST);
      g_assert_cmpuint (handler.n_calls, ==, 0);
      fixture_clear (&fixture);
    }
}

/* A handler that never answers does not let peers fill memory. */
static void
test_unanswered_limit (void)
{
  Fixture fixture;
  TestHandler handler = { .mode = KEEP };

  fixture_init (&fixture);
  jxs_router_add_iq_handler (fixture.router, NULL, NS_TEST, test_handler_cb, &handler);
  for (guint i = 0; i < JXS_ROUTER_MAX_UNANSWERED; i++)
    g_assert_true (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (fixture.sent->len, ==, 0);
  g_assert_true (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (fixture.sent->len, ==, 1);
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_RESOURCE_CONSTRAINT);
  jxs_router_reply_result (fixture.router, handler.iq, NULL);
  g_assert_true (push (fixture.channel, TEST_IQ));
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  /* Nobody else is concerned. */
  g_assert_true (push (fixture.channel, OTHER_IQ));
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  /* What is left when the channel closes can not be answered any more. */
  jxs_relay_channel_close (fixture.channel);
  jxs_router_reply_result (fixture.router, handler.iq, NULL);
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  test_handler_clear (&handler);
  fixture_clear (&fixture);
}

typedef struct
{
  guint n_messages;
  guint n_available;
  guint n_unavailable;
  gboolean take;
} Counts;

static gboolean
message_cb (
    JxsRouter *router, JxsElement *message, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  Counts *counts = user_data;

  g_assert_true (jxs_element_is (payload, "data", NS_TEST));
  counts->n_messages++;
  return counts->take;
}

static void
presence_cb (JxsRouter *router, JxsJid *from, gboolean available, gpointer user_data)
{
  Counts *counts = user_data;

  g_assert_cmpstr (jxs_jid_to_string (from), ==, JULIET);
  if (available)
    counts->n_available++;
  else
    counts->n_unavailable++;
}

static void
test_messages (void)
{
  Fixture fixture;
  Counts counts = { 0 };
  guint id;

  fixture_init (&fixture);
  id = jxs_router_add_message_handler (fixture.router, "data", NS_TEST, message_cb, &counts);
  g_assert_false (push (fixture.channel, "<message from='" JULIET "'><body>hi</body></message>"));
  g_assert_cmpuint (counts.n_messages, ==, 0);
  g_assert_false (push (fixture.channel,
                        "<message from='" JULIET "'><body>hi</body><data xmlns='" NS_TEST
                        "'/></message>"));
  g_assert_cmpuint (counts.n_messages, ==, 1);
  counts.take = TRUE;
  g_assert_true (push (fixture.channel,
                       "<message from='" JULIET "'><data xmlns='" NS_TEST "'/><data xmlns='" NS_TEST
                       "'/></message>"));
  g_assert_cmpuint (counts.n_messages, ==, 2);
  /* Our own, sent back. */
  g_assert_false (push (fixture.channel,
                        "<message type='error' from='" JULIET "'><data xmlns='" NS_TEST
                        "'/><error type='cancel'/></message>"));
  g_assert_cmpuint (counts.n_messages, ==, 2);
  jxs_router_remove_handler (fixture.router, id);
  g_assert_false (
      push (fixture.channel, "<message from='" JULIET "'><data xmlns='" NS_TEST "'/></message>"));
  g_assert_cmpuint (fixture.sent->len, ==, 0);
  fixture_clear (&fixture);
}

static void
test_presence (void)
{
  Fixture fixture;
  Counts counts = { 0 };

  fixture_init (&fixture);
  jxs_router_add_presence_handler (fixture.router, presence_cb, &counts);
  jxs_router_add_presence_handler (fixture.router, presence_cb, &counts);
  g_assert_false (push (fixture.channel, "<presence from='" JULIET "'/>"));
  g_assert_false (push (fixture.channel, "<presence from='" JULIET "' type='unavailable'/>"));
  g_assert_false (push (fixture.channel, "<presence from='" JULIET "' type='error'/>"));
  g_assert_false (push (fixture.channel, "<presence from='" JULIET "' type='subscribe'/>"));
  g_assert_false (push (fixture.channel, "<presence from='@' type='unavailable'/>"));
  g_assert_false (push (fixture.channel, "<presence/>"));
  g_assert_cmpuint (counts.n_available, ==, 2);
  g_assert_cmpuint (counts.n_unavailable, ==, 2);
  fixture_clear (&fixture);
}

/* Any order of stanzas, good and bad, true and forged: every request of ours ends exactly once,
 * every request of theirs is answered at most once, and nothing stays. */
static void
test_random (void)
{
  static const char *const senders[] = { JULIET, "tybalt@capulet.example/street", "@", "", NULL };
  static const char *const types[] = { "get", "set", "result", "error", "odd" };
  GAsyncResult *results[32] = { NULL };
  TestHandler handler = { .mode = KEEP };
  Fixture fixture;
  guint n_ended = 0;

  fixture_init (&fixture);
  jxs_router_add_iq_handler (fixture.router, NULL, NS_TEST, test_handler_cb, &handler);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      request (&fixture, JULIET, id, 1000 * (1 + i), NULL, &results[i]);
    }
  for (guint round = 0; round < 3000; round++)
    {
      const char *from = senders[g_test_rand_int_range (0, G_N_ELEMENTS (senders))];
      g_autoptr (JxsElement) iq = jxs_element_new ("iq", JXS_NS_CLIENT);
      g_autofree char *id = g_strdup_printf ("%d", g_test_rand_int_range (0, 40));

      if (from != NULL)
        jxs_element_set_attribute (iq, "from", from);
      if (g_test_rand_int_range (0, 10) > 0)
        jxs_element_set_attribute (iq, "id", id);
      jxs_element_set_attribute (iq,
                                 "type",
                                 types[g_test_rand_int_range (0, G_N_ELEMENTS (types))]);
      for (int n = g_test_rand_int_range (0, 3); n > 0; n--)
        jxs_element_append (iq, "query", g_test_rand_bit () ? NS_TEST : "urn:other");
      handler.mode = (HandlerMode) g_test_rand_int_range (PASS, KEEP + 1);
      if (!jxs_relay_channel_push (fixture.channel, iq))
        jxs_channel_refuse (JXS_CHANNEL (fixture.channel), iq);
      if (handler.iq != NULL && g_test_rand_bit ())
        jxs_router_reply_result (fixture.router, handler.iq, NULL);
      if (g_test_rand_int_range (0, 100) == 0)
        jxs_clock_advance (700 * 1000);
      drain ();
    }
  jxs_clock_advance (60 * 1000 * 1000);
  drain ();
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_assert_nonnull (results[i]);
      jxs_router_send_iq_finish (fixture.router, results[i], NULL, NULL);
      g_clear_object (&results[i]);
      n_ended++;
    }
  g_assert_cmpuint (n_ended, ==, G_N_ELEMENTS (results));
  test_handler_clear (&handler);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/router-handlers/handlers", test_handlers);
  g_test_add_func ("/channel/router-handlers/handler-changes-inside", test_handler_changes_inside);
  g_test_add_func ("/channel/router-handlers/malformed", test_malformed);
  g_test_add_func ("/channel/router-handlers/unanswered-limit", test_unanswered_limit);
  g_test_add_func ("/channel/router-handlers/messages", test_messages);
  g_test_add_func ("/channel/router-handlers/presence", test_presence);
  g_test_add_func ("/channel/router-handlers/random", test_random);

  return g_test_run ();
}

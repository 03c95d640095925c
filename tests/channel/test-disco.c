/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "channel-util.h"

#include <jxs-glib/channel/jxs-disco-private.h>

typedef struct
{
  JxsRelayChannel *channel;
  JxsDisco *disco;
  GPtrArray *sent;
} Fixture;

static void
fixture_init (Fixture *fixture)
{
  g_autoptr (JxsRouter) router = NULL;

  jxs_clock_use_fake (0);
  fixture->sent = make_elements ();
  fixture->channel = make_relay (ROMEO, fixture->sent);
  router = jxs_router_get (JXS_CHANNEL (fixture->channel));
  fixture->disco = jxs_disco_new (router);
}

static void
fixture_clear (Fixture *fixture)
{
  drain ();
  g_assert_finalize_object (fixture->disco);
  g_assert_finalize_object (fixture->channel);
  g_ptr_array_unref (fixture->sent);
  jxs_clock_use_real ();
}

static JxsElement *
last_sent (Fixture *fixture)
{
  g_assert_cmpuint (fixture->sent->len, >, 0);
  return g_ptr_array_index (fixture->sent, fixture->sent->len - 1);
}

#define INFO(attributes)                                                                           \
  "<iq type='get' id='1' from='" JULIET "'><query xmlns='" JXS_NS_DISCO_INFO "'" attributes        \
  "/></iq>"
#define ITEMS(attributes)                                                                          \
  "<iq type='get' id='1' from='" JULIET "'><query xmlns='" JXS_NS_DISCO_ITEMS "'" attributes       \
  "/></iq>"

static void
assert_answer (Fixture *fixture, const char *query)
{
  g_autoptr (JxsElement) expected = make_element (query);
  JxsElement *answer = last_sent (fixture);

  assert_attribute (answer, "type", "result");
  assert_attribute (answer, "to", JULIET);
  if (!jxs_element_equal (jxs_element_get_first_child (answer), expected))
    {
      g_autofree char *text = jxs_element_to_string (answer);

      g_test_message ("%s", text);
      g_test_fail ();
    }
}

static gboolean
filter_cb (JxsDisco *disco, JxsJid *from, gpointer user_data)
{
  return g_strcmp0 (from != NULL ? jxs_jid_to_string (from) : NULL, user_data) == 0;
}

/* XEP-0030 §3.1, §3.2, §4, §7 */
static void
test_answers (void)
{
  Fixture fixture;

  fixture_init (&fixture);
  g_assert_true (push (fixture.channel, INFO ("")));
  assert_answer (&fixture,
                 "<query xmlns='" JXS_NS_DISCO_INFO "'><identity category='client' type='pc'/>"
                 "<feature var='" JXS_NS_DISCO_INFO "'/></query>");

  jxs_disco_add_feature (fixture.disco, "urn:example:b");
  jxs_disco_add_feature (fixture.disco, "urn:example:a");
  jxs_disco_add_feature (fixture.disco, "urn:example:c");
  jxs_disco_add_feature (fixture.disco, "urn:example:a");
  jxs_disco_remove_feature (fixture.disco, "urn:example:c");
  jxs_disco_remove_feature (fixture.disco, "urn:example:d");
  jxs_disco_set_identity (fixture.disco, "automation", "command-node", "A & B");
  g_assert_true (push (fixture.channel, INFO (" node=''")));
  assert_answer (&fixture,
                 "<query xmlns='" JXS_NS_DISCO_INFO "' node=''>"
                 "<identity category='automation' type='command-node' name='A &amp; B'/>"
                 "<feature var='" JXS_NS_DISCO_INFO "'/>"
                 "<feature var='urn:example:a'/><feature var='urn:example:b'/></query>");

  g_assert_true (push (fixture.channel, ITEMS ("")));
  assert_answer (&fixture, "<query xmlns='" JXS_NS_DISCO_ITEMS "'/>");

  g_assert_true (push (fixture.channel, INFO (" node='who'")));
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_ITEM_NOT_FOUND);
  g_assert_true (push (fixture.channel, ITEMS (" node='who'")));
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_ITEM_NOT_FOUND);
  g_assert_true (push (fixture.channel,
                       "<iq type='set' id='1' from='" JULIET "'><query xmlns='" JXS_NS_DISCO_INFO
                       "'/></iq>"));
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_NOT_ALLOWED);

  /* Nobody but whom we know. */
  jxs_disco_set_filter (fixture.disco, filter_cb, (gpointer) "nurse@capulet.example/kitchen");
  g_assert_true (push (fixture.channel, INFO ("")));
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
  g_assert_true (push (fixture.channel, INFO (" node='who'")));
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
  g_assert_true (push (fixture.channel, ITEMS ("")));
  assert_error_stanza (last_sent (&fixture), JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
  jxs_disco_set_filter (fixture.disco, filter_cb, (gpointer) JULIET);
  g_assert_true (push (fixture.channel, INFO ("")));
  assert_attribute (last_sent (&fixture), "type", "result");
  fixture_clear (&fixture);
}

/* After the end of the disco nobody answers. */
static void
test_dropped (void)
{
  Fixture fixture;
  g_autoptr (JxsRouter) router = NULL;

  fixture_init (&fixture);
  router = jxs_router_get (JXS_CHANNEL (fixture.channel));
  g_assert_finalize_object (fixture.disco);
  g_assert_false (push (fixture.channel, INFO ("")));
  g_assert_false (push (fixture.channel, "<presence type='unavailable' from='" JULIET "'/>"));
  fixture.disco = jxs_disco_new (router);
  g_assert_true (push (fixture.channel, INFO ("")));
  g_clear_object (&router);
  fixture_clear (&fixture);
}

static void
query (Fixture *fixture, const char *to, GCancellable *cancellable, GAsyncResult **result)
{
  g_autoptr (JxsJid) jid = make_jid (to);

  jxs_disco_query_async (fixture->disco, jid, cancellable, store_result_cb, result);
}

/* Answers the request sent last. */
static void
answer (Fixture *fixture, const char *payload)
{
  JxsElement *iq = last_sent (fixture);
  g_autofree char *xml = g_strdup_printf ("<iq type='result' id='%s' from='%s'>%s</iq>",
                                          jxs_element_get_attribute (iq, "id"),
                                          jxs_element_get_attribute (iq, "to"),
                                          payload);

  g_assert_true (push (fixture->channel, xml));
}

#define ANSWER                                                                                     \
  "<query xmlns='" JXS_NS_DISCO_INFO "'><identity category='client' type='pc'/>"                   \
  "<feature var='urn:example:a'/><feature/><feature xmlns='urn:other' var='x'/>"                   \
  "<feature var='urn:example:b'/></query>"

static void
assert_features (Fixture *fixture, GAsyncResult **result)
{
  g_autoptr (GHashTable) features = NULL;
  g_autoptr (GError) error = NULL;

  wait_for_result (result);
  features = jxs_disco_query_finish (fixture->disco, *result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (features), ==, 2);
  g_assert_true (g_hash_table_contains (features, "urn:example:a"));
  g_assert_true (g_hash_table_contains (features, "urn:example:b"));
  g_clear_object (result);
}

static void
assert_fails (Fixture *fixture, GAsyncResult **result, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  wait_for_result (result);
  g_assert_null (jxs_disco_query_finish (fixture->disco, *result, &error));
  g_assert_error (error, domain, code);
  g_clear_object (result);
}

static void
test_query (void)
{
  Fixture fixture;
  GAsyncResult *first = NULL;
  GAsyncResult *second = NULL;

  fixture_init (&fixture);
  query (&fixture, JULIET, NULL, &first);
  query (&fixture, JULIET, NULL, &second);
  g_assert_cmpuint (fixture.sent->len, ==, 1);
  assert_attribute (last_sent (&fixture), "to", JULIET);
  assert_attribute (last_sent (&fixture), "type", "get");
  answer (&fixture, ANSWER);
  assert_features (&fixture, &first);
  assert_features (&fixture, &second);

  /* Remembered, for this JID only, for a while. */
  query (&fixture, JULIET, NULL, &first);
  assert_features (&fixture, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 1);
  query (&fixture, "juliet@capulet.example/garden", NULL, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  answer (&fixture, ANSWER);
  assert_features (&fixture, &first);
  jxs_clock_advance ((gint64) JXS_DISCO_CACHE_SECONDS * G_USEC_PER_SEC - 1);
  query (&fixture, JULIET, NULL, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  assert_features (&fixture, &first);
  jxs_clock_advance (1);
  query (&fixture, JULIET, NULL, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 3);
  answer (&fixture, ANSWER);
  assert_features (&fixture, &first);

  /* Until it goes offline. */
  push (fixture.channel, "<presence from='juliet@capulet.example/garden' type='unavailable'/>");
  push (fixture.channel, "<presence from='" JULIET "'/>");
  query (&fixture, JULIET, NULL, &first);
  assert_features (&fixture, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 3);
  push (fixture.channel, "<presence from='" JULIET "' type='unavailable'/>");
  query (&fixture, JULIET, NULL, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 4);
  answer (&fixture, ANSWER);
  assert_features (&fixture, &first);
  fixture_clear (&fixture);
}

static void
test_query_fails (void)
{
  Fixture fixture;
  GAsyncResult *first = NULL;
  GAsyncResult *second = NULL;
  g_autofree char *xml = NULL;

  fixture_init (&fixture);
  query (&fixture, JULIET, NULL, &first);
  query (&fixture, JULIET, NULL, &second);
  xml = g_strdup_printf ("<iq type='error' id='%s' from='" JULIET "'><error type='cancel'>"
                         "<service-unavailable xmlns='" JXS_NS_STANZA_ERRORS "'/></error></iq>",
                         jxs_element_get_attribute (last_sent (&fixture), "id"));
  g_assert_true (push (fixture.channel, xml));
  assert_fails (&fixture, &first, JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
  assert_fails (&fixture, &second, JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);

  /* Failures are not remembered. */
  query (&fixture, JULIET, NULL, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  answer (&fixture, "<query xmlns='" JXS_NS_DISCO_ITEMS "'/>");
  assert_fails (&fixture, &first, JXS_ERROR, JXS_ERROR_PROTOCOL);
  query (&fixture, JULIET, NULL, &first);
  answer (&fixture, "");
  assert_fails (&fixture, &first, JXS_ERROR, JXS_ERROR_PROTOCOL);
  query (&fixture, JULIET, NULL, &first);
  jxs_clock_advance ((gint64) JXS_ROUTER_DEFAULT_TIMEOUT_MS * 1000);
  assert_fails (&fixture, &first, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  query (&fixture, JULIET, NULL, &first);
  jxs_relay_channel_close (fixture.channel);
  assert_fails (&fixture, &first, JXS_ERROR, JXS_ERROR_CLOSED);
  query (&fixture, JULIET, NULL, &first);
  assert_fails (&fixture, &first, JXS_ERROR, JXS_ERROR_CLOSED);
  fixture_clear (&fixture);
}

static void
test_query_cancel (void)
{
  Fixture fixture;
  GAsyncResult *first = NULL;
  GAsyncResult *second = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fixture_init (&fixture);
  /* One gives up, the other gets its answer. */
  query (&fixture, JULIET, cancellable, &first);
  query (&fixture, JULIET, NULL, &second);
  g_cancellable_cancel (cancellable);
  assert_fails (&fixture, &first, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (second);
  answer (&fixture, ANSWER);
  assert_features (&fixture, &second);

  /* Cancelled before, even when the answer is known. */
  query (&fixture, JULIET, cancellable, &first);
  assert_fails (&fixture, &first, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* All give up: the request is given up, and a new one is sent. */
  push (fixture.channel, "<presence from='" JULIET "' type='unavailable'/>");
  g_cancellable_reset (cancellable);
  query (&fixture, JULIET, cancellable, &first);
  query (&fixture, JULIET, cancellable, &second);
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  g_cancellable_cancel (cancellable);
  assert_fails (&fixture, &first, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_fails (&fixture, &second, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  query (&fixture, JULIET, NULL, &first);
  g_assert_cmpuint (fixture.sent->len, ==, 3);
  answer (&fixture, ANSWER);
  assert_features (&fixture, &first);
  fixture_clear (&fixture);
}

/* A crowd of peers, and one with too much to say. */
static void
test_limits (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;
  g_autoptr (GString) payload = g_string_new ("<query xmlns='" JXS_NS_DISCO_INFO "'>");
  g_autoptr (GHashTable) features = NULL;

  fixture_init (&fixture);
  for (guint i = 0; i <= JXS_DISCO_CACHE_SIZE; i++)
    {
      g_autofree char *peer = g_strdup_printf ("juliet@capulet.example/%u", i);

      query (&fixture, peer, NULL, &result);
      answer (&fixture, ANSWER);
      assert_features (&fixture, &result);
      /* The first is used again and again, so the second is the longest unused. */
      query (&fixture, "juliet@capulet.example/0", NULL, &result);
      assert_features (&fixture, &result);
    }
  g_assert_cmpuint (fixture.sent->len, ==, JXS_DISCO_CACHE_SIZE + 1);
  query (&fixture, "juliet@capulet.example/1", NULL, &result);
  g_assert_cmpuint (fixture.sent->len, ==, JXS_DISCO_CACHE_SIZE + 2);
  answer (&fixture, ANSWER);
  assert_features (&fixture, &result);

  for (guint i = 0; i < JXS_DISCO_MAX_FEATURES + 10; i++)
    g_string_append_printf (payload, "<feature var='%s%u'/>", i == 3 ? "urn:" : "f", i);
  g_string_append (payload, "<feature var='");
  for (guint i = 0; i <= JXS_DISCO_MAX_FEATURE_BYTES; i++)
    g_string_append_c (payload, 'x');
  g_string_append (payload, "'/></query>");
  query (&fixture, JULIET, NULL, &result);
  answer (&fixture, payload->str);
  wait_for_result (&result);
  features = jxs_disco_query_finish (fixture.disco, result, NULL);
  g_assert_nonnull (features);
  g_assert_cmpuint (g_hash_table_size (features), ==, JXS_DISCO_MAX_FEATURES);
  g_clear_object (&result);
  fixture_clear (&fixture);
}

static void
again_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  guint *n_done = user_data;
  g_autoptr (GHashTable) features = jxs_disco_query_finish (JXS_DISCO (object), result, NULL);
  g_autoptr (JxsJid) jid = make_jid (JULIET);

  if (++*n_done < 5)
    jxs_disco_query_async (JXS_DISCO (object), jid, NULL, again_cb, n_done);
}

/* A new query from the callback of one that failed. */
static void
test_query_in_callback (void)
{
  Fixture fixture;
  g_autoptr (JxsJid) jid = make_jid (JULIET);
  guint n_done = 0;

  fixture_init (&fixture);
  jxs_disco_query_async (fixture.disco, jid, NULL, again_cb, &n_done);
  for (guint i = 0; i < 4; i++)
    {
      answer (&fixture, "");
      drain ();
    }
  g_assert_cmpuint (fixture.sent->len, ==, 5);
  g_assert_cmpuint (n_done, ==, 4);
  answer (&fixture, ANSWER);
  drain ();
  g_assert_cmpuint (n_done, ==, 5);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/disco/answers", test_answers);
  g_test_add_func ("/channel/disco/dropped", test_dropped);
  g_test_add_func ("/channel/disco/query", test_query);
  g_test_add_func ("/channel/disco/query-fails", test_query_fails);
  g_test_add_func ("/channel/disco/query-cancel", test_query_cancel);
  g_test_add_func ("/channel/disco/limits", test_limits);
  g_test_add_func ("/channel/disco/query-in-callback", test_query_in_callback);

  return g_test_run ();
}

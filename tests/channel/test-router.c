/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "router-util.h"

#include <jxs-glib/channel/jxs-iq-table-private.h>

static void
test_one_per_channel (void)
{
  g_autoptr (GPtrArray) sent = make_elements ();
  JxsRelayChannel *channel = make_relay (ROMEO, sent);
  JxsRouter *first = jxs_router_get (JXS_CHANNEL (channel));
  JxsRouter *second = jxs_router_get (JXS_CHANNEL (channel));

  g_assert_true (first == second);
  g_assert_true (jxs_router_get_channel (first) == JXS_CHANNEL (channel));
  g_assert_cmpstr (jxs_jid_to_string (jxs_router_get_local_jid (first)), ==, ROMEO);
  g_object_unref (second);
  g_assert_finalize_object (first);
  /* The channel does not keep it. */
  first = jxs_router_get (JXS_CHANNEL (channel));
  g_object_unref (channel);
  g_assert_finalize_object (first);
}

static void
test_result (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;
  const char *id;
  g_autofree char *xml = NULL;

  fixture_init (&fixture);
  request (&fixture, JULIET, NULL, 0, NULL, &result);
  g_assert_cmpuint (fixture.sent->len, ==, 1);
  id = jxs_element_get_attribute (last_sent (&fixture), "id");
  g_assert_nonnull (id);
  xml = g_strdup_printf ("<iq type='result' id='%s' from='" JULIET "'/>", id);
  g_assert_true (push (fixture.channel, xml));
  assert_succeeds (&fixture, &result);
  /* A duplicate is nobody's. */
  g_assert_false (push (fixture.channel, xml));
  fixture_clear (&fixture);
}

static void
test_error (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  request (&fixture, JULIET, "1", 0, NULL, &result);
  g_assert_true (push (fixture.channel,
                       "<iq type='error' id='1' from='" JULIET "'><error type='cancel'>"
                       "<item-not-found xmlns='" JXS_NS_STANZA_ERRORS "'/></error></iq>"));
  wait_for_result (&result);
  g_assert_false (jxs_router_send_iq_finish (fixture.router, result, &reply, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_ITEM_NOT_FOUND);
  assert_attribute (reply, "type", "error");
  g_clear_object (&result);

  /* An error that does not say which is one all the same. */
  request (&fixture, JULIET, "2", 0, NULL, &result);
  g_assert_true (push (fixture.channel, "<iq type='error' id='2' from='" JULIET "'/>"));
  assert_fails (&fixture, &result, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNDEFINED_CONDITION);
  fixture_clear (&fixture);
}

/* RFC 6120 §8.1.2.1: only who was asked may answer. */
static void
test_spoofed (void)
{
  static const char *const spoofed[] = {
    "<iq type='result' id='1' from='tybalt@capulet.example/street'/>",
    "<iq type='result' id='1' from='juliet@capulet.example'/>",
    "<iq type='result' id='1' from='juliet@capulet.example/garden'/>",
    "<iq type='result' id='1' from='montague.example'/>",
    "<iq type='result' id='1' from='" ROMEO "'/>",
    "<iq type='result' id='1'/>",
    "<iq type='result' id='1' from='@'/>",
    "<iq type='result' id='2' from='" JULIET "'/>",
    "<iq type='result' from='" JULIET "'/>",
    "<iq type='error' id='1' from='tybalt@capulet.example/street'/>",
  };
  Fixture fixture;
  GAsyncResult *result = NULL;

  fixture_init (&fixture);
  request (&fixture, JULIET, "1", 0, NULL, &result);
  for (gsize i = 0; i < G_N_ELEMENTS (spoofed); i++)
    {
      g_assert_false (push (fixture.channel, spoofed[i]));
      drain ();
      g_assert_null (result);
    }
  /* A request with the same id is no answer: its taker is somebody else. */
  g_assert_false (push (fixture.channel,
                        "<iq type='get' id='1' from='" JULIET "'><query xmlns='" NS_TEST
                        "'/></iq>"));
  g_assert_cmpuint (fixture.sent->len, ==, 1);
  g_assert_true (push (fixture.channel, "<iq type='result' id='1' from='" JULIET "'/>"));
  assert_succeeds (&fixture, &result);
  fixture_clear (&fixture);
}

static void
test_own_account (void)
{
  static const char *const answers[] = {
    "<iq type='result' id='1'/>",
    "<iq type='result' id='1' from='romeo@montague.example'/>",
    "<iq type='result' id='1' from='montague.example'/>",
  };
  Fixture fixture;
  GAsyncResult *result = NULL;

  fixture_init (&fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      request (&fixture, NULL, "1", 0, NULL, &result);
      g_assert_true (push (fixture.channel, answers[i]));
      assert_succeeds (&fixture, &result);
    }
  fixture_clear (&fixture);
}

static void
test_timeout (void)
{
  Fixture fixture;
  GAsyncResult *first = NULL;
  GAsyncResult *second = NULL;
  GAsyncResult *third = NULL;

  fixture_init (&fixture);
  request (&fixture, JULIET, "1", 0, NULL, &first);
  request (&fixture, JULIET, "2", 5000, NULL, &second);
  request (&fixture, JULIET, "3", 10000, NULL, &third);
  jxs_clock_advance (4999 * 1000);
  drain ();
  g_assert_null (second);
  jxs_clock_advance (1000);
  assert_fails (&fixture, &second, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  g_assert_null (first);
  /* Too late. */
  g_assert_false (push (fixture.channel, "<iq type='result' id='2' from='" JULIET "'/>"));
  g_assert_true (push (fixture.channel, "<iq type='result' id='3' from='" JULIET "'/>"));
  assert_succeeds (&fixture, &third);
  jxs_clock_advance ((gint64) JXS_ROUTER_DEFAULT_TIMEOUT_MS * 1000 - 5001 * 1000);
  drain ();
  g_assert_null (first);
  jxs_clock_advance (1000);
  assert_fails (&fixture, &first, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  fixture_clear (&fixture);
}

static void
test_closed (void)
{
  Fixture fixture;
  GAsyncResult *first = NULL;
  GAsyncResult *second = NULL;
  GAsyncResult *late = NULL;

  fixture_init (&fixture);
  request (&fixture, JULIET, "1", 0, NULL, &first);
  request (&fixture, NULL, "2", 0, NULL, &second);
  jxs_relay_channel_close (fixture.channel);
  assert_fails (&fixture, &first, JXS_ERROR, JXS_ERROR_CLOSED);
  assert_fails (&fixture, &second, JXS_ERROR, JXS_ERROR_CLOSED);
  request (&fixture, JULIET, "3", 0, NULL, &late);
  g_assert_cmpuint (fixture.sent->len, ==, 2);
  assert_fails (&fixture, &late, JXS_ERROR, JXS_ERROR_CLOSED);
  fixture_clear (&fixture);

  /* Closed before the router was made. */
  {
    g_autoptr (JxsRelayChannel) channel = make_relay (ROMEO, NULL);
    Fixture closed = { .sent = make_elements () };

    jxs_relay_channel_close (channel);
    closed.router = jxs_router_get (JXS_CHANNEL (channel));
    request (&closed, JULIET, "1", 0, NULL, &late);
    assert_fails (&closed, &late, JXS_ERROR, JXS_ERROR_CLOSED);
    g_assert_finalize_object (closed.router);
    g_ptr_array_unref (closed.sent);
  }
}

static void
test_cancel (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  fixture_init (&fixture);
  request (&fixture, JULIET, "1", 0, cancellable, &result);
  drain ();
  g_cancellable_cancel (cancellable);
  assert_fails (&fixture, &result, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fixture.sent->len, ==, 1);
  g_assert_false (push (fixture.channel, "<iq type='result' id='1' from='" JULIET "'/>"));

  /* Before: nothing is sent. */
  request (&fixture, JULIET, "2", 0, cancellable, &result);
  assert_fails (&fixture, &result, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fixture.sent->len, ==, 1);

  /* After the answer, before the callback: the task says cancelled, and nothing is lost. */
  g_cancellable_reset (cancellable);
  request (&fixture, JULIET, "3", 0, cancellable, &result);
  g_assert_true (push (fixture.channel, "<iq type='result' id='3' from='" JULIET "'/>"));
  g_cancellable_cancel (cancellable);
  assert_fails (&fixture, &result, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fixture_clear (&fixture);
}

static void
test_bad_requests_of_ours (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;
  GAsyncResult *other = NULL;
  g_autoptr (JxsElement) message = jxs_stanza_new_message (JULIET, "hi");

  fixture_init (&fixture);
  jxs_router_send_iq_async (fixture.router, message, 0, NULL, store_result_cb, &result);
  assert_fails (&fixture, &result, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  request (&fixture, "@", "1", 0, NULL, &result);
  assert_fails (&fixture, &result, JXS_ERROR, JXS_ERROR_INVALID_JID);
  request (&fixture, JULIET, "1", 0, NULL, &other);
  request (&fixture, JULIET, "1", 0, NULL, &result);
  assert_fails (&fixture, &result, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (fixture.sent->len, ==, 1);

  /* The channel refuses to send. */
  g_signal_handlers_disconnect_by_data (fixture.channel, fixture.sent);
  request (&fixture, JULIET, "2", 0, NULL, &result);
  assert_fails (&fixture, &result, JXS_ERROR, JXS_ERROR_FAILED);
  jxs_relay_channel_close (fixture.channel);
  assert_fails (&fixture, &other, JXS_ERROR, JXS_ERROR_CLOSED);
  fixture_clear (&fixture);
}

static void
test_limit (void)
{
  Fixture fixture;
  g_autofree GAsyncResult **results = g_new0 (GAsyncResult *, JXS_IQ_TABLE_MAX_PENDING);
  GAsyncResult *more = NULL;

  fixture_init (&fixture);
  for (guint i = 0; i < JXS_IQ_TABLE_MAX_PENDING; i++)
    request (&fixture, JULIET, NULL, 0, NULL, &results[i]);
  request (&fixture, JULIET, NULL, 0, NULL, &more);
  assert_fails (&fixture, &more, JXS_ERROR, JXS_ERROR_LIMIT);
  g_assert_cmpuint (fixture.sent->len, ==, JXS_IQ_TABLE_MAX_PENDING);
  jxs_clock_advance ((gint64) JXS_ROUTER_DEFAULT_TIMEOUT_MS * 1000);
  for (guint i = 0; i < JXS_IQ_TABLE_MAX_PENDING; i++)
    assert_fails (&fixture, &results[i], JXS_ERROR, JXS_ERROR_TIMED_OUT);
  fixture_clear (&fixture);
}

static void
answer_at_once_cb (JxsRelayChannel *channel, JxsElement *stanza, gpointer user_data)
{
  g_autoptr (JxsElement) answer = jxs_stanza_new_result (stanza, NULL);

  jxs_element_set_attribute (answer, "from", jxs_element_get_attribute (stanza, "to"));
  g_assert_true (jxs_relay_channel_push (channel, answer));
}

static void
close_at_once_cb (JxsRelayChannel *channel, JxsElement *stanza, gpointer user_data)
{
  jxs_relay_channel_close (channel);
}

/* The answer, and the end, from inside send. */
static void
test_reentrant (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;

  fixture_init (&fixture);
  g_signal_connect (fixture.channel, "outgoing", G_CALLBACK (answer_at_once_cb), NULL);
  request (&fixture, JULIET, NULL, 0, NULL, &result);
  assert_succeeds (&fixture, &result);
  g_signal_handlers_disconnect_by_func (fixture.channel, answer_at_once_cb, NULL);
  g_signal_connect (fixture.channel, "outgoing", G_CALLBACK (close_at_once_cb), NULL);
  request (&fixture, JULIET, NULL, 0, NULL, &result);
  assert_fails (&fixture, &result, JXS_ERROR, JXS_ERROR_CLOSED);
  fixture_clear (&fixture);
}

typedef struct
{
  Fixture *fixture;
  guint n_done;
} Chain;

static void
chain_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Chain *chain = user_data;

  jxs_router_send_iq_finish (JXS_ROUTER (object), result, NULL, NULL);
  /* A new request from the callback of one. */
  if (++chain->n_done < 10)
    {
      g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", JULIET, NULL);

      jxs_router_send_iq_async (JXS_ROUTER (object), iq, 0, NULL, chain_cb, chain);
    }
}

static void
test_request_in_callback (void)
{
  Fixture fixture;
  Chain chain = { .fixture = &fixture };
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", JULIET, NULL);

  fixture_init (&fixture);
  jxs_router_send_iq_async (fixture.router, iq, 0, NULL, chain_cb, &chain);
  for (guint i = 0; i < 5; i++)
    {
      jxs_clock_advance ((gint64) JXS_ROUTER_DEFAULT_TIMEOUT_MS * 1000);
      drain ();
    }
  g_assert_cmpuint (chain.n_done, ==, 5);
  /* When the channel closes every request fails, the new ones too, and that ends. */
  jxs_relay_channel_close (fixture.channel);
  drain ();
  g_assert_cmpuint (chain.n_done, ==, 10);
  fixture_clear (&fixture);
}

/* The last reference of the user goes while a request is on its way. */
static void
test_dropped (void)
{
  Fixture fixture;
  GAsyncResult *result = NULL;
  gpointer weak_router;
  gpointer weak_channel;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  weak_router = fixture.router;
  weak_channel = fixture.channel;
  g_object_add_weak_pointer (weak_router, &weak_router);
  g_object_add_weak_pointer (weak_channel, &weak_channel);
  request (&fixture, JULIET, "1", 0, NULL, &result);
  g_object_unref (fixture.router);
  g_object_unref (fixture.channel);
  g_assert_nonnull (weak_router);
  jxs_clock_advance ((gint64) JXS_ROUTER_DEFAULT_TIMEOUT_MS * 1000);
  wait_for_result (&result);
  g_assert_false (jxs_router_send_iq_finish (weak_router, result, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  g_clear_object (&result);
  drain ();
  g_assert_null (weak_router);
  g_assert_null (weak_channel);
  g_ptr_array_unref (fixture.sent);
  jxs_clock_use_real ();
}

static void
trace_cb (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  g_string_append_printf (user_data, "%s:%s ", layer, what);
}

static void
test_trace (void)
{
  Fixture fixture;
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (JxsTrace) trace = jxs_trace_new (trace_cb, seen);
  GAsyncResult *result = NULL;

  fixture_init (&fixture);
  g_assert_null (jxs_router_get_trace (fixture.router));
  jxs_router_set_trace (fixture.router, trace);
  jxs_router_set_trace (fixture.router, trace);
  g_assert_true (jxs_router_get_trace (fixture.router) == trace);
  request (&fixture, JULIET, "1", 1000, NULL, &result);
  jxs_clock_advance (1000 * 1000);
  assert_fails (&fixture, &result, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  jxs_relay_channel_close (fixture.channel);
  g_assert_cmpstr (seen->str, ==, "channel:iq-timed-out channel:closed ");
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/router/one-per-channel", test_one_per_channel);
  g_test_add_func ("/channel/router/result", test_result);
  g_test_add_func ("/channel/router/error", test_error);
  g_test_add_func ("/channel/router/spoofed", test_spoofed);
  g_test_add_func ("/channel/router/own-account", test_own_account);
  g_test_add_func ("/channel/router/timeout", test_timeout);
  g_test_add_func ("/channel/router/closed", test_closed);
  g_test_add_func ("/channel/router/cancel", test_cancel);
  g_test_add_func ("/channel/router/bad-requests-of-ours", test_bad_requests_of_ours);
  g_test_add_func ("/channel/router/limit", test_limit);
  g_test_add_func ("/channel/router/reentrant", test_reentrant);
  g_test_add_func ("/channel/router/request-in-callback", test_request_in_callback);
  g_test_add_func ("/channel/router/dropped", test_dropped);
  g_test_add_func ("/channel/router/trace", test_trace);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "stream-fixture.h"

/* What depends on which of several things that are ready the main loop takes first. */

static void
open_with_server (Side **side, Raw **raw)
{
  Call call = { 0 };

  start_with_raw_server (side, raw);
  side_open (*side, NULL, &call);
  raw_send (*raw, HEADER_START " from='montague.lit' version='1.0'>" FEATURES);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  call_clear (&call);
}

typedef struct
{
  Raw *raw;
  guint n;
  guint depth;
} Dialog;

/* As an application does that asks a question in a dialog of its own. */
static gboolean
run_loop_on_stanza (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Dialog *dialog = user_data;
  g_autofree char *id = g_strdup_printf ("%u", dialog->n++);

  g_assert_cmpuint (dialog->depth, ==, 0);
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "id"), ==, id);
  dialog->depth++;
  if (dialog->n == 1)
    raw_send (dialog->raw, "<message id='2'/>");
  for (int i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  dialog->depth--;
  return FALSE;
}

static void
test_nested_loop (void)
{
  Side *side;
  Raw *raw;
  Dialog dialog = { 0 };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  dialog.raw = raw;
  g_signal_connect (side->stream, "stanza", G_CALLBACK (run_loop_on_stanza), &dialog);
  raw_send (raw, "<message id='0'/><message id='1'/>");
  iterate_all ();
  g_assert_cmpuint (dialog.n, ==, 3);
  side_free (side);
  raw_free (raw);
}

/* The same while the peer is gone, which is noticed when something is written. */
static gboolean
run_loop_on_broken (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Dialog *dialog = user_data;
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "x");

  g_assert_cmpuint (dialog->depth, ==, 0);
  dialog->depth++;
  if (dialog->n++ == 0)
    {
      raw_send (dialog->raw, "<message/>");
      raw_close (dialog->raw);
      g_assert_true (jxs_xml_stream_send (stream, message, NULL));
    }
  for (int i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  dialog->depth--;
  return FALSE;
}

static void
test_nested_loop_broken (void)
{
  Side *side;
  Raw *raw;
  Dialog dialog = { 0 };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  dialog.raw = raw;
  g_signal_connect (side->stream, "stanza", G_CALLBACK (run_loop_on_broken), &dialog);
  raw_send (raw, "<message/>");
  side_expect_closed (side);
  g_assert_nonnull (side->error);
  side_free (side);
  raw_free (raw);
}

static gboolean
cancel (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

/* The call is cancelled in the turn of the loop in which its result arrives. */
static void
test_cancelled_late (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Side *side;
  Raw *raw;
  Call call = { 0 };

  open_with_server (&side, &raw);
  raw_send (raw, "<iq/>");
  g_idle_add_full (G_PRIORITY_DEFAULT, cancel, cancellable, NULL);
  jxs_xml_stream_read_element_async (side->stream, cancellable, on_element, &call);
  iterate_until_set (&call.done);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  /* Either is right, but no element may be lost. */
  if (call.element == NULL)
    {
      g_assert_error (call.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      call_clear (&call);
      jxs_xml_stream_read_element_async (side->stream, NULL, on_element, &call);
      iterate_all ();
      g_assert_true (call.done);
    }
  g_assert_true (jxs_element_is (call.element, "iq", JXS_NS_CLIENT));
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* Closing while elements wait that nobody asked for: neither does the peer's closing tag wait
 * behind them, nor what it goes on sending fill the memory. */
static void
test_close_unasked (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };

  open_with_server (&side, &raw);
  jxs_xml_stream_read_element_async (side->stream, NULL, on_element, &call);
  raw_send (raw, "<iq/><iq/><message/>");
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  call_clear (&call);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  raw_expect (raw, END);
  raw_send (raw, "<message/>" END);
  iterate_all ();
  g_assert_true (call.done);
  g_assert_no_error (call.error);
  g_assert_cmpuint (side->stanzas->len, ==, 0);
  side_free (side);
  raw_free (raw);
}

/* While TLS is made beneath the stream it says nothing, however long that takes. */
static void
test_paused (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };

  open_with_server (&side, &raw);
  jxs_xml_stream_pause_async (side->stream, NULL, on_paused, &call);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  g_string_truncate (raw->received, 0);
  jxs_clock_advance (100 * G_USEC_PER_SEC);
  iterate_all ();
  g_assert_cmpstr (raw->received->str, ==, "");
  jxs_xml_stream_restart (side->stream, NULL);
  call_clear (&call);
  side_open (side, NULL, &call);
  raw_expect (raw, "version='1.0'>");
  jxs_clock_advance (31 * G_USEC_PER_SEC);
  iterate_until_set (&call.done);
  g_assert_error (call.error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  raw_expect (raw, "<connection-timeout ");

  /* The reason is told again to who comes too late. */
  jxs_xml_stream_restart (side->stream, NULL);
  call_clear (&call);
  side_open (side, NULL, &call);
  iterate_until_set (&call.done);
  g_assert_error (call.error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  jxs_clock_use_fake (0);

  g_test_add_func ("/stream/loop/nested", test_nested_loop);
  g_test_add_func ("/stream/loop/nested-broken", test_nested_loop_broken);
  g_test_add_func ("/stream/loop/cancelled-late", test_cancelled_late);
  g_test_add_func ("/stream/loop/close-unasked", test_close_unasked);
  g_test_add_func ("/stream/loop/paused", test_paused);

  return g_test_run ();
}

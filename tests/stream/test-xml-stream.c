/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <string.h>

#include "stream-fixture.h"

/* XEP-0246 §4, RFC 6120 §10.1: stanzas of every kind both ways, in order. */
static void
test_exchange (void)
{
  Side *romeo, *juliet;

  open_pair (&romeo, &juliet);
  for (int i = 0; i < 1000; i++)
    {
      g_autofree char *body = g_strdup_printf ("%d", i);
      g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, body);
      g_autoptr (GError) error = NULL;

      jxs_xml_stream_send (i % 2 ? romeo->stream : juliet->stream, message, &error);
      g_assert_no_error (error);
    }
  while (romeo->stanzas->len < 500 || juliet->stanzas->len < 500)
    g_main_context_iteration (NULL, TRUE);

  for (int i = 0; i < 1000; i++)
    {
      JxsElement *stanza = (i % 2 ? juliet : romeo)->stanzas->pdata[i / 2];
      g_autofree char *body = g_strdup_printf ("%d", i);

      g_assert_cmpstr (jxs_element_get_text (jxs_element_get_first_child (stanza)), ==, body);
      g_assert_cmpstr (jxs_element_get_attribute (stanza, "from"), ==, i % 2 ? ROMEO : JULIET);
      g_assert_cmpstr (jxs_element_get_attribute (stanza, "to"), ==, i % 2 ? JULIET : ROMEO);
    }
  side_free (romeo);
  side_free (juliet);
}

/* XEP-0246 §5: both sides close, nothing is lost, the I/O stream stays open. */
static void
test_close (void)
{
  Side *romeo, *juliet;
  Call call = { 0 };
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "last");
  g_autoptr (GIOStream) io_stream = NULL;

  open_pair (&romeo, &juliet);
  io_stream = g_object_ref (jxs_xml_stream_get_io_stream (romeo->stream));
  g_assert_true (jxs_xml_stream_send (romeo->stream, message, NULL));
  g_assert_true (jxs_xml_stream_send (juliet->stream, message, NULL));
  jxs_xml_stream_close_async (romeo->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  g_assert_cmpint (jxs_xml_stream_get_state (romeo->stream), ==, JXS_XML_STREAM_STATE_CLOSING);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  side_expect_closed (juliet);
  side_expect_closed (romeo);
  g_assert_no_error (romeo->error);
  g_assert_no_error (juliet->error);
  g_assert_cmpuint (romeo->stanzas->len, ==, 1);
  g_assert_cmpuint (juliet->stanzas->len, ==, 1);
  g_assert_false (g_io_stream_is_closed (io_stream));
  side_free (romeo);
  side_free (juliet);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/stream/xml-stream/exchange", test_exchange);
  g_test_add_func ("/stream/xml-stream/close", test_close);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* A peer with the right key that ends what it says in every way but the right one. Only an end that
 * it meant, and that nobody else can make up, passes for one: the closing tag inside TLS, or
 * close_notify where bytes are no stream. */

typedef enum
{
  END_CUT,       /* the connection, without close_notify */
  END_TERMINATE, /* the session, with success, and nothing before it */
  END_NOTIFY,    /* close_notify */
} End;

typedef struct
{
  const char *name;
  const char *said; /* after the stream is open, or in a pipe */
  End end;
  const char *heard; /* the bodies that arrive */
  int code;          /* of JXS_ERROR; -1: an end in order */
  const char *told;  /* what the message has to match */
} Case;

#define WHOLE "<message><body>whole</body></message>"
#define PART "<message><body>par"
#define CLOSING "</stream:stream>"

static const Case streams[] = {
  { "part-cut", WHOLE PART, END_CUT, "whole", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "part-terminate", WHOLE PART, END_TERMINATE, "whole", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "part-notify", WHOLE PART, END_NOTIFY, "whole", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "whole-cut", WHOLE, END_CUT, "whole", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "whole-terminate", WHOLE, END_TERMINATE, "whole", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "whole-notify", WHOLE, END_NOTIFY, "whole", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "tag-part-notify",
    WHOLE "</stream:str",
    END_NOTIFY,
    "whole",
    JXS_ERROR_TRUNCATED,
    "*ended without*" },
  { "tag-cut", WHOLE CLOSING, END_CUT, "whole", -1, NULL },
  { "tag-terminate", WHOLE CLOSING, END_TERMINATE, "whole", -1, NULL },
  { "tag-notify", WHOLE CLOSING, END_NOTIFY, "whole", -1, NULL },
};

static const Case pipes[] = {
  { "cut", "bytes", END_CUT, "bytes", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "terminate", "bytes", END_TERMINATE, "bytes", JXS_ERROR_TRUNCATED, "*ended without*" },
  { "notify", "bytes", END_NOTIFY, "bytes", -1, NULL },
};

typedef struct
{
  Pair pair;
  guint rogue;
  Doorman doorman; /* of who is honest */
  Reply ours;
  JxsConnection *theirs; /* (owned): the rogue's end */
} Fixture;

static void
rogue_connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GError) error = NULL;

  f->theirs = jxs_endpoint_connect_session_finish (JXS_ENDPOINT (source), result, &error);
  g_assert_no_error (error);
}

static void
rogue_called_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  jxs_endpoint_connect_session_async (
      endpoint, session, NULL, G_PRIORITY_DEFAULT, NULL, rogue_connected_cb, user_data);
}

static void
set_up (Fixture *f, guint rogue, gboolean is_stream)
{
  Pair *pair = &f->pair;

  *f = (Fixture){ .rogue = rogue };
  jxs_clock_use_fake (0);
  hurry_start ();
  pair_init (pair);
  if (rogue == JULIET)
    {
      g_signal_connect (pair->endpoints[JULIET], "incoming", G_CALLBACK (rogue_called_cb), f);
      if (is_stream)
        jxs_endpoint_open_stream_async (pair->endpoints[ROMEO],
                                        pair->jids[JULIET],
                                        G_PRIORITY_DEFAULT,
                                        NULL,
                                        reply_cb,
                                        &f->ours);
      else
        jxs_endpoint_open_pipe_async (pair->endpoints[ROMEO],
                                      pair->jids[JULIET],
                                      "org.example.Echo",
                                      G_PRIORITY_DEFAULT,
                                      NULL,
                                      reply_cb,
                                      &f->ours);
    }
  else
    {
      g_autoptr (JxsElement) description =
          jxs_element_new ("description", is_stream ? JXS_NS_XMLSTREAM : JXS_NS_PIPE);
      g_autoptr (JxsSession) session = NULL;

      if (!is_stream)
        jxs_element_set_attribute (description, "service", "org.example.Echo");
      doorman_init (&f->doorman, pair->endpoints[JULIET]);
      session =
          jxs_endpoint_create_session (pair->endpoints[ROMEO], pair->jids[JULIET], description);
      jxs_endpoint_connect_session_async (
          pair->endpoints[ROMEO], session, NULL, G_PRIORITY_DEFAULT, NULL, rogue_connected_cb, f);
    }
  wait_until (f->theirs != NULL);
}

static void
tear_down (Fixture *f)
{
  g_clear_object (&f->theirs);
  g_clear_object (&f->ours.result);
  if (f->doorman.endpoint != NULL)
    doorman_clear (&f->doorman);
  pair_clear (&f->pair);
  hurry_stop ();
  jxs_clock_use_real ();
}

static void
say (Fixture *f, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (f->theirs)),
                                   text,
                                   strlen (text),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   reply_cb,
                                   &reply);
  result = reply_wait (&reply);
  g_output_stream_write_all_finish (g_io_stream_get_output_stream (G_IO_STREAM (f->theirs)),
                                    result,
                                    NULL,
                                    &error);
  g_assert_no_error (error);
}

static void
end (Fixture *f, End how)
{
  GTlsConnection *tls = jxs_connection_get_tls_connection (f->theirs);
  g_autoptr (GIOStream) base = NULL;
  g_autoptr (JxsReason) success = jxs_reason_new (JXS_REASON_SUCCESS, NULL);

  switch (how)
    {
    case END_CUT:
      g_object_get (tls, "base-io-stream", &base, NULL);
      g_socket_shutdown (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (base)), TRUE, TRUE, NULL);
      break;
    case END_TERMINATE:
      jxs_session_terminate (jxs_connection_get_session (f->theirs), success);
      break;
    case END_NOTIFY:
    default:
      g_output_stream_close_async (g_io_stream_get_output_stream (G_IO_STREAM (f->theirs)),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   NULL,
                                   NULL);
      break;
    }
}

static void
assert_told (const Case *c, guint rogue, const GError *error)
{
  g_autofree char *told = error != NULL ? g_strdup_printf ("%s %d: %s",
                                                           g_quark_to_string (error->domain),
                                                           error->code,
                                                           error->message)
                                        : g_strdup ("nothing");

  if (c->code < 0 ? error != NULL
                  : !g_error_matches (error, JXS_ERROR, c->code) ||
                        !g_pattern_match_simple (c->told, error->message))
    g_test_fail_printf ("%s by %s: told was %s",
                        c->name,
                        rogue == ROMEO ? "Romeo" : "Juliet",
                        told);
}

static void
test_stream (gconstpointer data)
{
  const Case *c = data;

  for (guint rogue = 0; rogue < 2; rogue++)
    {
      g_autoptr (JxsXmlStream) stream = NULL;
      g_autofree char *header = NULL;
      Fixture f;
      Inbox inbox;

      set_up (&f, rogue, TRUE);
      header = g_strdup_printf ("<stream:stream xmlns='jabber:client' xmlns:stream='" JXS_NS_STREAMS
                                "' from='%s' to='%s' %s version='1.0'>%s",
                                jxs_jid_to_string (f.pair.jids[rogue]),
                                jxs_jid_to_string (f.pair.jids[!rogue]),
                                rogue == JULIET ? "id='1'" : "",
                                rogue == JULIET ? "<stream:features/>" : "");
      say (&f, header);
      if (rogue == JULIET)
        {
          g_autoptr (GAsyncResult) result = reply_wait (&f.ours);

          stream = jxs_endpoint_open_stream_finish (f.pair.endpoints[ROMEO], result, NULL);
        }
      else
        {
          wait_until (f.doorman.stream != NULL);
          stream = g_object_ref (f.doorman.stream);
        }
      inbox_init (&inbox, stream);
      say (&f, c->said);
      wait_until (inbox.bodies->len == 1);
      end (&f, c->end);
      wait_until (inbox.closed);
      assert_told (c, rogue, inbox.error);
      g_assert_cmpuint (inbox.bodies->len, ==, 1);
      g_assert_cmpstr (g_ptr_array_index (inbox.bodies, 0), ==, c->heard);
      inbox_clear (&inbox);
      g_clear_object (&stream);
      tear_down (&f);
    }
}

static void
test_pipe (gconstpointer data)
{
  const Case *c = data;

  for (guint rogue = 0; rogue < 2; rogue++)
    {
      g_autoptr (JxsConnection) connection = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) heard = g_string_new (NULL);
      GInputStream *input;
      gssize n = 1;
      Fixture f;

      set_up (&f, rogue, FALSE);
      if (rogue == JULIET)
        {
          g_autoptr (GAsyncResult) result = reply_wait (&f.ours);

          connection = jxs_endpoint_open_pipe_finish (f.pair.endpoints[ROMEO], result, NULL);
        }
      else
        {
          wait_until (f.doorman.connection != NULL);
          connection = g_object_ref (f.doorman.connection);
        }
      say (&f, c->said);
      end (&f, c->end);
      input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
      while (n > 0)
        {
          g_autoptr (GAsyncResult) result = NULL;
          Reply reply = { NULL };
          char buffer[64];

          g_input_stream_read_async (
              input, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
          result = reply_wait (&reply);
          n = g_input_stream_read_finish (input, result, &error);
          if (n > 0)
            g_string_append_len (heard, buffer, n);
        }
      assert_told (c, rogue, error);
      g_assert_true (g_str_has_prefix (c->heard, heard->str));
      if (c->code < 0)
        g_assert_cmpstr (heard->str, ==, c->heard);
      g_clear_object (&connection);
      tear_down (&f);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      g_autofree char *path = g_strdup_printf ("/endpoint/truncation/stream/%s", streams[i].name);

      g_test_add_data_func (path, &streams[i], test_stream);
    }
  for (guint i = 0; i < G_N_ELEMENTS (pipes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/endpoint/truncation/pipe/%s", pipes[i].name);

      g_test_add_data_func (path, &pipes[i], test_pipe);
    }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "talk.h"

#include <unistd.h>

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>

#define LINE_MAX_BYTES (64 * 1024)       /* well below what a stanza may hold */
#define MESSAGE_MAX_CHARS LINE_MAX_BYTES /* of theirs that are printed */

struct _ToolTalk
{
  JxsXmlStream *stream;      /* (owned) */
  JxsConnection *connection; /* (owned) */
  char *name;                /* (owned) */
  ToolTalkFunc spoke;        /* (nullable) */
  gpointer user_data;
  GError *error; /* (owned) (nullable) */
  guint sending;
  gboolean is_over;
  gboolean is_incomplete; /* a line was not sent */
};

static gboolean
stanza_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  ToolTalk *self = user_data;
  JxsElement *body = jxs_element_find_child (stanza, "body", NULL);
  g_autofree char *text = NULL;

  if (jxs_stanza_get_kind (stanza) != JXS_STANZA_KIND_MESSAGE || body == NULL)
    return FALSE;
  text = tool_clean (jxs_element_get_text (body), MESSAGE_MAX_CHARS);
  g_print ("%s%s:%s %s\n", tool_style (TOOL_CYAN), self->name, tool_end_style (), text);
  if (self->spoke != NULL)
    self->spoke (self, self->user_data);
  return TRUE;
}

static void
closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  ToolTalk *self = user_data;

  self->is_over = TRUE;
  if (error != NULL)
    self->error = g_error_copy (error);
}

ToolTalk *
tool_talk_new (JxsEndpoint *endpoint, JxsXmlStream *stream, ToolTalkFunc spoke, gpointer user_data)
{
  ToolTalk *self = g_new0 (ToolTalk, 1);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jxs_xml_stream_get_peer_jid (stream));

  self->stream = g_object_ref (stream);
  self->connection = g_object_ref (jxs_endpoint_get_stream_connection (endpoint, stream));
  self->name = g_strdup (jxs_jid_to_string (bare));
  self->spoke = spoke;
  self->user_data = user_data;
  g_signal_connect (stream, "stanza", G_CALLBACK (stanza_cb), self);
  g_signal_connect (stream, "closed", G_CALLBACK (closed_cb), self);
  return self;
}

typedef struct
{
  ToolTalk *talk;
  ToolTalkFunc sent;
  gpointer user_data;
} Sending;

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Sending *sending = user_data;
  g_autoptr (GError) error = NULL;

  sending->talk->sending--;
  if (!jxs_xml_stream_send_finish (JXS_XML_STREAM (source), result, &error))
    {
      sending->talk->is_incomplete = TRUE;
      tool_say (TOOL_INDENT, "jxs: %s: %s", _ ("A line was not sent"), error->message);
    }
  if (sending->sent != NULL)
    sending->sent (sending->talk, sending->user_data);
}

/* Why a line cannot be a message, or NULL. */
static const char *
find_fault (const char *line, gsize length)
{
  if (length > LINE_MAX_BYTES)
    return _ ("A line was too long and was not sent; “jxs pipe” takes anything");
  if (!g_utf8_validate_len (line, length, NULL))
    return _ ("A line was no text (UTF-8) and was not sent; “jxs pipe” takes anything");
  for (const char *p = line; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p) && *p != '\t' && *p != '\r')
      return _ ("A line held control characters and was not sent; “jxs pipe” takes anything");
  return NULL;
}

void
tool_talk_send (
    ToolTalk *self, const char *line, gsize length, ToolTalkFunc sent, gpointer user_data)
{
  g_autoptr (JxsElement) message = NULL;
  const char *fault = find_fault (line, length);
  Sending *sending;

  if (fault != NULL)
    {
      self->is_incomplete = TRUE;
      tool_say (TOOL_INDENT, "jxs: %s", fault);
      if (sent != NULL)
        sent (self, user_data);
      return;
    }
  message = jxs_stanza_new_message (NULL, line);
  sending = g_new0 (Sending, 1);
  sending->talk = self;
  sending->sent = sent;
  sending->user_data = user_data;
  self->sending++;
  jxs_xml_stream_send_async (self->stream, message, G_PRIORITY_DEFAULT, NULL, sent_cb, sending);
}

void
tool_talk_close (ToolTalk *self)
{
  if (!self->is_over)
    jxs_xml_stream_close_async (self->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
}

gboolean
tool_talk_is_complete (ToolTalk *self)
{
  return !self->is_incomplete;
}

gboolean
tool_talk_is_over (ToolTalk *self)
{
  return self->is_over;
}

const GError *
tool_talk_get_error (ToolTalk *self)
{
  return self->error;
}

JxsXmlStream *
tool_talk_get_stream (ToolTalk *self)
{
  return self->stream;
}

JxsConnection *
tool_talk_get_connection (ToolTalk *self)
{
  return self->connection;
}

const char *
tool_talk_get_name (ToolTalk *self)
{
  return self->name;
}

void
tool_talk_free (ToolTalk *self)
{
  while (self->sending > 0)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handlers_disconnect_by_data (self->stream, self);
  g_clear_object (&self->stream);
  g_clear_object (&self->connection);
  g_clear_error (&self->error);
  g_free (self->name);
  g_free (self);
}

struct _ToolLines
{
  GDataInputStream *input;   /* (owned) */
  GCancellable *cancellable; /* (owned) */
  ToolLinesFunc func;
  gpointer user_data;
  gboolean reading;
};

static void
line_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ToolLines *self = user_data;
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;
  gsize length = 0;

  line =
      g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, &length, &error);
  self->reading = FALSE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (line != NULL && length > 0 && line[length - 1] == '\r')
    line[--length] = '\0';
  self->func (line, length, self->user_data);
}

ToolLines *
tool_lines_new (ToolLinesFunc func, gpointer user_data)
{
  ToolLines *self = g_new0 (ToolLines, 1);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);

  self->input = g_data_input_stream_new (input);
  self->cancellable = g_cancellable_new ();
  self->func = func;
  self->user_data = user_data;
  return self;
}

void
tool_lines_next (ToolLines *self)
{
  self->reading = TRUE;
  g_data_input_stream_read_line_async (
      self->input, G_PRIORITY_DEFAULT, self->cancellable, line_cb, self);
}

void
tool_lines_free (ToolLines *self)
{
  g_cancellable_cancel (self->cancellable);
  while (self->reading)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->input);
  g_clear_object (&self->cancellable);
  g_free (self);
}

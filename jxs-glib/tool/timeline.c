/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "timeline.h"

#include <string.h>

#include <glib/gi18n.h>

#define NAME_WIDTH 18 /* keeps lines within 80 columns, as what is shortened below does */

struct _ToolTimeline
{
  JxsChannel *first;  /* (owned) */
  JxsChannel *second; /* (owned) */
  gint64 start;
  gboolean running;
};

static const char *
name_of (JxsChannel *channel)
{
  return jxs_jid_get_local (jxs_channel_get_local_jid (channel));
}

static void
print_row (ToolTimeline *self, const char *who, ToolStyle style, const char *what, const char *more)
{
  g_autofree char *name = tool_pad (what, *more != '\0' ? NAME_WIDTH : 0);

  g_print ("  %s%6.1f ms%s  %s  %s%s%s%s\n",
           tool_style (TOOL_DIM),
           (g_get_monotonic_time () - self->start) / 1000.0,
           tool_end_style (),
           who,
           tool_style (style),
           name,
           tool_end_style (),
           more);
}

static void
append_part (GString *text, const char *part)
{
  if (text->len > 0)
    g_string_append (text, " · ");
  g_string_append (text, part);
}

static void
describe_security (GString *text, JxsElement *security)
{
  JxsElement *method = jxs_element_find_child (security, "method", NULL);

  append_part (text, "TLS");
  if (method != NULL)
    g_string_append_printf (text, " %s", jxs_element_get_attribute (method, "name"));
}

/* Of SOCKS5 bytestreams: how many candidates, or “candidate-used”. */
static void
describe_transport (GString *text, JxsElement *transport)
{
  guint n_candidates = 0;

  for (JxsElement *child = jxs_element_get_first_child (transport); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (g_str_equal (jxs_element_get_name (child), "candidate"))
      n_candidates++;
    else
      append_part (text, jxs_element_get_name (child));
  if (n_candidates > 0)
    g_string_append_printf (text, " (%u)", n_candidates);
}

/* “stream · in-band · TLS x509”: the content of an action, by its namespaces. */
static char *
describe_content (JxsElement *jingle)
{
  static const struct
  {
    const char *namespace_uri;
    const char *name;
  } known[] = {
    { "urn:xmpp:jingle:apps:xmlstream:0", N_ ("stream") },
    { "urn:jxs-glib:jingle:apps:pipe:0", N_ ("pipe") },
    { "urn:xmpp:jingle:transports:s5b:1", N_ ("SOCKS5") },
    { "urn:xmpp:jingle:transports:ibb:1", N_ ("in-band") },
  };
  GString *text = g_string_new (NULL);
  JxsElement *content = jxs_element_find_child (jingle, "content", NULL);
  JxsElement *reason = jxs_element_find_child (jingle, "reason", NULL);

  if (reason != NULL && jxs_element_get_first_child (reason) != NULL)
    g_string_append (text, jxs_element_get_name (jxs_element_get_first_child (reason)));
  for (JxsElement *child = content != NULL ? jxs_element_get_first_child (content) : NULL;
       child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      if (g_str_equal (jxs_element_get_name (child), "security"))
        describe_security (text, child);
      for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
        if (g_strcmp0 (jxs_element_get_namespace (child), known[i].namespace_uri) == 0)
          append_part (text, _ (known[i].name));
      if (g_str_equal (jxs_element_get_name (child), "transport"))
        describe_transport (text, child);
    }
  return g_string_free (text, FALSE);
}

/* What a stanza says, in words; NULL for what only confirms. */
static const char *
describe (JxsElement *stanza, char **more)
{
  JxsElement *payload = jxs_element_get_first_child (stanza);
  const char *type = jxs_element_get_attribute (stanza, "type");
  const char *name = payload != NULL ? jxs_element_get_name (payload) : NULL;

  *more = g_strdup ("");
  if (name == NULL)
    return NULL;
  if (g_strcmp0 (type, "error") == 0)
    return _ ("error");
  if (g_str_equal (name, "query"))
    return g_strcmp0 (type, "get") == 0 ? _ ("what do you support?") : _ ("I support …");
  if (g_str_equal (name, "jingle"))
    {
      g_free (*more);
      *more = describe_content (payload);
      return jxs_element_get_attribute (payload, "action");
    }
  if (g_str_equal (name, "open"))
    {
      g_free (*more);
      *more = g_strdup_printf (_ ("in-band, blocks of %s bytes"),
                               jxs_element_get_attribute (payload, "block-size"));
      return _ ("open");
    }
  if (g_str_equal (name, "data"))
    {
      gsize size = 0;

      g_free (g_base64_decode (jxs_element_get_text (payload), &size));
      g_free (*more);
      *more = g_strdup_printf (_ ("%u bytes of TLS"), (guint) size);
      return _ ("data");
    }
  return name;
}

static gboolean
stanza_cb (JxsChannel *channel, JxsElement *stanza, gpointer user_data)
{
  ToolTimeline *self = user_data;
  g_autofree char *more = NULL;
  g_autofree char *who = NULL;
  const char *what;

  if (!self->running)
    return FALSE;
  what = describe (stanza, &more);
  if (what == NULL)
    return FALSE;
  who = g_strdup_printf ("%s %s %s",
                         name_of (self->first),
                         channel == self->second ? "──▶" : "◀──",
                         name_of (self->second));
  print_row (self, who, channel == self->second ? TOOL_CYAN : TOOL_GREEN, what, more);
  return FALSE;
}

void
tool_timeline_note (ToolTimeline *self, JxsChannel *where, const char *what, const char *more)
{
  g_autofree char *arrow = NULL;
  g_autofree char *who = NULL;
  gsize width = strlen (name_of (self->first)) + 5;

  if (!self->running)
    return;
  arrow = where == self->first ? g_strdup (name_of (self->first))
                               : g_strdup_printf ("%*s%s", (int) width, "", name_of (self->second));
  who = tool_pad (arrow, width + strlen (name_of (self->second)));
  print_row (self, who, TOOL_BOLD, what, more);
}

ToolTimeline *
tool_timeline_new (JxsChannel *first, JxsChannel *second)
{
  ToolTimeline *self = g_new0 (ToolTimeline, 1);

  self->first = g_object_ref (first);
  self->second = g_object_ref (second);
  g_signal_connect (first, "stanza", G_CALLBACK (stanza_cb), self);
  g_signal_connect (second, "stanza", G_CALLBACK (stanza_cb), self);
  return self;
}

void
tool_timeline_start (ToolTimeline *self)
{
  self->start = g_get_monotonic_time ();
  self->running = TRUE;
}

void
tool_timeline_stop (ToolTimeline *self)
{
  self->running = FALSE;
}

double
tool_timeline_get_elapsed_ms (ToolTimeline *self)
{
  return (g_get_monotonic_time () - self->start) / 1000.0;
}

void
tool_timeline_free (ToolTimeline *self)
{
  g_signal_handlers_disconnect_by_data (self->first, self);
  g_signal_handlers_disconnect_by_data (self->second, self);
  g_object_unref (self->first);
  g_object_unref (self->second);
  g_free (self);
}

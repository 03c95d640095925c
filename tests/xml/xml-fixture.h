/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

#define HEADER                                                                                     \
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

/* What a parser reported, one line each. */
typedef struct
{
  JxsXmlParser *parser; /* (owned) */
  GString *log;         /* (owned) */
  guint n_elements;
} Fixture;

static inline void
log_start (JxsElement *root, const char *default_namespace, gpointer user_data)
{
  Fixture *self = user_data;
  g_autofree char *text = jxs_element_to_string (root);

  g_string_append_printf (self->log, "start %s %s\n", default_namespace, text);
}

static inline void
log_element (JxsElement *element, gpointer user_data)
{
  Fixture *self = user_data;
  g_autofree char *text = jxs_element_to_string (element);

  g_string_append_printf (self->log, "%s\n", text);
  self->n_elements++;
}

static inline void
log_end (gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append (self->log, "end\n");
}

static const JxsXmlParserFuncs log_funcs = { log_start, log_element, log_end };

static inline void
fixture_init (Fixture *self, const JxsXmlLimits *limits)
{
  self->log = g_string_new (NULL);
  self->n_elements = 0;
  self->parser = jxs_xml_parser_new (limits, &log_funcs, self);
}

static inline void
fixture_clear (Fixture *self)
{
  jxs_xml_parser_free (self->parser);
  g_string_free (self->log, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static inline void
feed (Fixture *self, const char *data, gsize length)
{
  GError *error = NULL;

  jxs_xml_parser_feed (self->parser, data, length, &error);
  g_assert_no_error (error);
}

static inline void
feed_string (Fixture *self, const char *text)
{
  feed (self, text, strlen (text));
}

static inline void
assert_refused (Fixture *self, const char *text, JxsStreamError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (jxs_xml_parser_feed (self->parser, text, strlen (text), &error));
  g_assert_error (error, JXS_STREAM_ERROR, (int) code);
}

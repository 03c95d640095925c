/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <expat.h>
#include <glib.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

#include "bench-xml.h"

/* Parsing a stream of stanzas into trees, and with expat alone: seconds of CPU time. */

#define BENCH_PIECE 16384 /* octets fed at a time */

static inline void
bench_count_element (JxsElement *element, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static inline double
bench_parse_trees (const GString *text, guint n)
{
  const JxsXmlParserFuncs funcs = { .element = bench_count_element };
  guint count = 0;
  g_autoptr (JxsXmlParser) parser = jxs_xml_parser_new (NULL, &funcs, &count);
  double start;

  if (!jxs_xml_parser_feed (parser, BENCH_STREAM_HEADER, strlen (BENCH_STREAM_HEADER), NULL))
    g_error ("the stream header was refused");
  start = bench_cpu_time ();
  for (gsize i = 0; i < text->len; i += BENCH_PIECE)
    jxs_xml_parser_feed (parser, text->str + i, MIN (BENCH_PIECE, text->len - i), NULL);
  if (count != n)
    g_error ("%u stanzas of %u were parsed", count, n);
  return bench_cpu_time () - start;
}

typedef struct
{
  guint depth;
  guint count;
} BenchExpat;

static void XMLCALL
bench_start_element (void *user_data, const XML_Char *name, const XML_Char **attributes)
{
  ((BenchExpat *) user_data)->depth++;
}

static void XMLCALL
bench_end_element (void *user_data, const XML_Char *name)
{
  BenchExpat *self = user_data;

  if (--self->depth == 1)
    self->count++;
}

static void XMLCALL
bench_character_data (void *user_data, const XML_Char *text, int length)
{
}

static inline double
bench_parse_expat (const GString *text, guint n)
{
  BenchExpat self = { 0 };
  XML_Parser parser = XML_ParserCreateNS ("UTF-8", '\x1f');
  double elapsed;
  double start;

  XML_SetUserData (parser, &self);
  XML_SetElementHandler (parser, bench_start_element, bench_end_element);
  XML_SetCharacterDataHandler (parser, bench_character_data);
#if HAVE_REPARSE_DEFERRAL
  XML_SetReparseDeferralEnabled (parser, XML_FALSE);
#endif
  XML_Parse (parser, BENCH_STREAM_HEADER, strlen (BENCH_STREAM_HEADER), XML_FALSE);
  start = bench_cpu_time ();
  for (gsize i = 0; i < text->len; i += BENCH_PIECE)
    XML_Parse (parser, text->str + i, (int) MIN (BENCH_PIECE, text->len - i), XML_FALSE);
  elapsed = bench_cpu_time () - start;
  if (self.count != n)
    g_error ("%u stanzas of %u were parsed", self.count, n);
  XML_ParserFree (parser);
  return elapsed;
}

/* Prints {"value": …, "baseline": …} in units per second, n stanzas being `amount` units. */
static inline void
bench_parse_by_turns (const char *stanza, guint n, double amount)
{
  enum
  {
    ROUNDS = 8
  };
  GString *text = bench_repeat (stanza, n);
  double trees = 0;
  double expat = 0;

  bench_parse_trees (text, n); /* warm up */
  bench_parse_expat (text, n);
  for (guint i = 0; i < ROUNDS; i++)
    {
      trees += bench_parse_trees (text, n);
      expat += bench_parse_expat (text, n);
    }
  g_print ("{\"value\": %.6g, \"baseline\": %.6g}\n",
           amount * ROUNDS / trees,
           amount * ROUNDS / expat);
  g_string_free (text, TRUE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <time.h>

/* What the XML and stream benches are made of. */

#define BENCH_STREAM_HEADER                                                                        \
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "          \
  "from='juliet@example.com/balcony' to='romeo@example.net/orchard' version='1.0'>"

/* 270 octets. */
#define BENCH_STANZA                                                                               \
  "<message from='juliet@example.com/balcony' to='romeo@example.net/orchard' id='b4vs9km' "        \
  "type='chat' xml:lang='en'><body>Wherefore art thou, Romeo? Deny thy father and refuse thy "     \
  "name, or if thou wilt</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>"

G_STATIC_ASSERT (sizeof (BENCH_STANZA) - 1 == 270);

/* CPU time of the process, in seconds. */
static inline double
bench_cpu_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* (transfer full): n stanzas after another, without the header. */
static inline GString *
bench_repeat (const char *stanza, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (text, stanza);
  return text;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/stream/jxs-xml-stream-private.h>

G_BEGIN_DECLS

#define ROMEO "romeo@montague.lit/orchard"
#define JULIET "juliet@capulet.lit/balcony"
#define HEADER_START                                                                               \
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
#define ROMEO_HEADER HEADER_START " from='" ROMEO "' to='" JULIET "' version='1.0'>"
#define JULIET_HEADER HEADER_START " from='" JULIET "' to='" ROMEO "' id='x' version='1.0'>"
#define FEATURES "<stream:features/>"
#define END "</stream:stream>"

/* One end of a connection, driven by hand: what arrives is collected. */
typedef struct
{
  GIOStream *io_stream;
  GString *received;
  gsize n_received;
  gboolean eof;
  GSource *source;
} Raw;

/* A stream under test and what it told. */
typedef struct
{
  JxsXmlStream *stream;
  JxsXmlStreamRole role;
  GPtrArray *stanzas; /* (element-type JxsElement) */
  guint n_closed;
  GError *error;       /* of "closed" */
  gboolean take;       /* claim every stanza */
  guint n_after_close; /* stanzas after "closed" */
} Side;

/* A call under way. */
typedef struct
{
  gboolean done;
  JxsElement *element;
  GError *error;
} Call;

void iterate_until_set (const gboolean *flag);
/* Everything that can happen without waiting. */
void iterate_all (void);

Raw *raw_new (GIOStream *io_stream);
/* Sends as much as the stream takes. */
void raw_send (Raw *raw, const char *text);
/* Waits until text has arrived. */
void raw_expect (Raw *raw, const char *text);
/* Stops and goes on reading. */
void raw_pause (Raw *raw, gboolean pause);
/* The peer is gone. */
void raw_close (Raw *raw);
void raw_free (Raw *raw);

Side *side_new (GIOStream *io_stream, JxsXmlStreamRole role, JxsXmlStreamKind kind);
/* Instead of the one that was made: takes over the reference; with other streams beneath. */
void side_replace (Side *side, JxsXmlStream *stream);
void side_replace_io (Side *side, GIOStream *io_stream);
void side_open (Side *side, JxsElement *features, Call *call);
void side_expect_closed (Side *side);
void side_expect_stanzas (Side *side, guint n);
/* A message. */
void side_send_body (Side *side, const char *body);
/* The text of the body of stanza i. */
const char *side_get_body (Side *side, guint i);
void side_free (Side *side);

void call_clear (Call *call);
void on_opened (GObject *source, GAsyncResult *result, gpointer user_data);
/* The same, and opens the stream for stanzas. */
void on_opened_set_open (GObject *source, GAsyncResult *result, gpointer user_data);
void on_closed (GObject *source, GAsyncResult *result, gpointer user_data);
void on_sent (GObject *source, GAsyncResult *result, gpointer user_data);
void on_element (GObject *source, GAsyncResult *result, gpointer user_data);
void on_paused (GObject *source, GAsyncResult *result, gpointer user_data);

/* A stream under test against a peer driven by hand. */
void start_with_raw (JxsXmlStreamRole role, Side **side, Raw **raw);
/* A client's stream against a server driven by hand. */
void start_with_raw_server (Side **side, Raw **raw);
/* The same, open; the raw peer has read all that belongs to the opening. */
void open_with_raw (JxsXmlStreamRole role, Side **side, Raw **raw);
/* Two streams, open: Romeo's (the initiator) and Juliet's. */
void open_pair (Side **romeo, Side **juliet);
/* The same over TLS over TCP. */
void open_tls_pair (Side **romeo, Side **juliet);

G_END_DECLS

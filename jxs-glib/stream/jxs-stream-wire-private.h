/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The bytes of a stream: reads a pollable GIOStream as long as asked to and writes a queue to it.
 * Everything queued within one turn of the main loop leaves in one write; no task and no allocation
 * per piece. */
typedef struct _JxsStreamWire JxsStreamWire;

/* May call every function of the wire, jxs_stream_wire_free() included. */
typedef struct
{
  void (*received) (const char *data, gsize length, gpointer user_data);
  /* Reading has ended: the end of file, or an error. */
  void (*ended) (const GError *error, gpointer user_data);
  /* The queue became smaller. */
  void (*written) (gpointer user_data);
  /* Writing failed; what is queued is lost. */
  void (*failed) (const GError *error, gpointer user_data);
} JxsStreamWireFuncs;

/* JXS_ERROR_INVALID_ARGUMENT when io_stream is not pollable in both directions. */
JxsStreamWire *jxs_stream_wire_new (GIOStream *io_stream,
                                    GMainContext *context,
                                    int io_priority,
                                    const JxsStreamWireFuncs *funcs,
                                    gpointer user_data,
                                    GError **error);
/* Nothing is read after switching off returns. */
void jxs_stream_wire_set_reading (JxsStreamWire *self, gboolean reading);
/* Reads what is there at once, without waiting. */
void jxs_stream_wire_read_now (JxsStreamWire *self);
/* The queue, to append to (or to take back what was appended since the last call of _commit()). */
GString *jxs_stream_wire_get_queue (JxsStreamWire *self);
/* What was appended is to be sent. */
void jxs_stream_wire_commit (JxsStreamWire *self);
gsize jxs_stream_wire_get_queued (JxsStreamWire *self);
/* Octets ever committed, and ever handed to the I/O stream. */
guint64 jxs_stream_wire_get_n_committed (JxsStreamWire *self);
guint64 jxs_stream_wire_get_n_written (JxsStreamWire *self);
/* Leaves the I/O stream as it is. */
void jxs_stream_wire_free (JxsStreamWire *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsStreamWire, jxs_stream_wire_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A GIOStream over another, pollable both ways, that does what networks do: gives and takes less
 * than asked for, would block, fails or ends at a chosen byte. A predicate decides before each
 * read or write.
 *
 *   static JxsFault
 *   cut_at_100 (gboolean is_write, guint64 offset, gsize *count, gpointer user_data)
 *   {
 *     *count = MIN (*count, 100 - offset);
 *     return !is_write && offset == 100 ? JXS_FAULT_CLOSE : JXS_FAULT_NONE;
 *   }
 */
typedef enum
{
  JXS_FAULT_NONE,        /* goes through, with at most *count bytes */
  JXS_FAULT_WOULD_BLOCK, /* not now; ready again at once (blocking calls just ask again) */
  JXS_FAULT_ERROR,       /* this and all later calls in this direction fail with
                            G_IO_ERROR_CONNECTION_CLOSED */
  JXS_FAULT_BROKEN,      /* the same with G_IO_ERROR_FAILED */
  JXS_FAULT_CLOSE,       /* reads: end of file from now on; writes: as JXS_FAULT_ERROR */
} JxsFault;

/* offset: bytes that went through in this direction; count: in: asked for, out: allowed, never 0
 * with JXS_FAULT_NONE. May be called from any thread that reads or writes. */
typedef JxsFault (*JxsFaultFunc) (gboolean is_write,
                                  guint64 offset,
                                  gsize *count,
                                  gpointer user_data);

#define JXS_TYPE_FAULTY_STREAM (jxs_faulty_stream_get_type ())
G_DECLARE_FINAL_TYPE (JxsFaultyStream, jxs_faulty_stream, JXS, FAULTY_STREAM, GIOStream)

/* Closing it closes base. */
GIOStream *jxs_faulty_stream_new (GIOStream *base, JxsFaultFunc func, gpointer user_data);

/* Predicates; user_data as said. */
JxsFault jxs_fault_one_byte (gboolean is_write, guint64 offset, gsize *count, gpointer unused);
/* Would block every other time, and lets one byte through otherwise. */
JxsFault jxs_fault_stutter (gboolean is_write, guint64 offset, gsize *count, gpointer unused);

typedef struct
{
  gboolean is_write;
  guint64 offset;
  JxsFault fault;
} JxsFaultAt;
/* user_data: a JxsFaultAt */
JxsFault jxs_fault_at (gboolean is_write, guint64 offset, gsize *count, gpointer user_data);

G_END_DECLS

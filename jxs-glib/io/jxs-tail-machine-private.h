/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How to get all bytes through a relay that forgets some of them until more come.
 *
 * Prosody's mod_proxy65 reads 4096 bytes at a time from a LuaSocket buffer, which takes up to 8192
 * from the kernel. What stays in that buffer is looked at only when the kernel has more: the end of
 * a burst can wait there for ever. But a single byte that arrives after the relay has emptied the
 * kernel's buffer makes it read all, and then nothing is left behind. Only TLS 1.3 has
 * anything to say that its reader would ignore (padding), so it has to be the stream's own
 * bytes: of each burst that can be held back the last few are kept and leave one by one, once what
 * went before them has arrived.
 *
 * The relay's TCP acknowledges what the relay has not read. That it has not shows in the window,
 * which each of these bytes makes it tell anew: while the window is smaller than it was at its best
 * the relay still waits for a slow reader, and bytes have to be kept for when it has caught up.
 *
 * No I/O, no clock. */

/* Bytes that are never held back after a quiet moment. */
#define JXS_TAIL_HARMLESS 4096
/* With all acknowledged: what was sent has passed the relay. */
#define JXS_TAIL_QUIET_MS 250
/* Bytes of a burst that are kept. */
#define JXS_TAIL_KEPT 16
/* So many of them leave one by one in any case. Then the others leave together; but while the relay
 * does not keep up it goes on with one by one, twice as late each time: the last one leaves after
 * an hour. */
#define JXS_TAIL_ALWAYS 3
/* After the last write; then four times as much, until one by one is over: 5, 20, 80, 320 ms. */
#define JXS_TAIL_FIRST_MS 5
#define JXS_TAIL_GROWTH 4
/* Between looking whether all is acknowledged; before that nothing leaves. */
#define JXS_TAIL_POLL_MAX_MS 80
/* So much below its best the window may be with all read. */
#define JXS_TAIL_WINDOW_SLACK 8192

typedef struct
{
  guint64 unsettled; /* sent since nothing can have been held back */
  gsize kept;        /* bytes at the end that stay for now */
  guint released;    /* of this burst */
  guint pause_ms;    /* before the next byte */
  guint poll_ms;     /* while something is not acknowledged */
  gboolean paused;   /* the window of a relay that does not keep up was looked at */
  gsize best_window;
  gint64 written_at; /* milliseconds */
  gboolean fresh;    /* written since the last tick */
} JxsTailMachine;

/* What the socket knows about the path. */
typedef struct
{
  gsize unacknowledged;
  gsize window; /* 0: not known */
} JxsTailPath;

/* path: before anything was sent through the relay. */
void jxs_tail_machine_init (JxsTailMachine *self, const JxsTailPath *path);
/* Bytes were handed over for sending: the pauses start over. path is NULL unless it is wanted. now:
 * milliseconds of any clock that never goes back. */
gboolean jxs_tail_machine_wants_path (const JxsTailMachine *self, gint64 now);
void jxs_tail_machine_written (JxsTailMachine *self, const JxsTailPath *path, gint64 now);
/* So many of length bytes that are still to be sent have to stay for now. */
gsize jxs_tail_machine_get_reserve (const JxsTailMachine *self, gsize length);
/* The socket took bytes. */
void jxs_tail_machine_sent (JxsTailMachine *self, gsize count);
/* Some of length bytes stay behind and the time is over: what may leave now shows in the reserve.
 * Returns in how many milliseconds to come again, if anything is left. */
guint jxs_tail_machine_tick (JxsTailMachine *self, gsize length, const JxsTailPath *path);

G_END_DECLS

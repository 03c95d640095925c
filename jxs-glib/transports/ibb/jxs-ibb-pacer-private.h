/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Decides how much may be on its way. Sans-IO: told what was sent and acknowledged and when.
 *
 * Everything an account sends shares one queue at its server, which a stock configuration empties
 * at 10 kB/s: what is outstanding there is the delay of every chat message behind it. So the
 * budget counts the bytes of whole stanzas, and delay steers it:
 *  - it grows by a third of what was acknowledged while round trips stay near the shortest one.
 *    A server that lets a burst of b bytes pass before it throttles to r bytes/s thus finds at most
 *    b/3 more than before in the queue when the burst is used up: with the usual burst of two
 *    seconds that is 0.7 s of r, whatever r is;
 *  - when several round trips in a row are longer than the shortest one plus
 *    JXS_IBB_TARGET_DELAY_US it shrinks to what the measured pace carries in that time.
 * The budget is cut into blocks: small ones while it is small, to keep the granularity fine, up to
 * JXS_IBB_MAX_BLOCK once it is larger. Larger ones would gain nothing, as only the bytes
 * outstanding count, and common servers forward blocks above 3 KiB at half the rate. */

#define JXS_IBB_MIN_BLOCK 1536
#define JXS_IBB_MAX_BLOCK 3072
#define JXS_IBB_MAX_WINDOW                                                                         \
  512 /* blocks in flight, for an application that writes little by little */
#define JXS_IBB_MAX_OUTSTANDING (1536 * 1024) /* bytes of stanzas: bounds memory at both ends */
#define JXS_IBB_START_BUDGET 6144             /* bytes of stanzas */
#define JXS_IBB_TARGET_DELAY_US (150 * 1000)
#define JXS_IBB_STANZA_OVERHEAD 180 /* the <iq/> around the base64, about */
#define JXS_IBB_SLOW_RUN 8          /* slow answers in a row that shrink the budget */
#define JXS_IBB_BASE_DOUBTS 8 /* slow answers in a row, one block at a time, that end the base */

typedef struct
{
  guint max_block;    /* negotiated */
  guint fixed_window; /* 0: adaptive */
  guint fixed_block;  /* 0: adaptive */

  gsize budget;    /* bytes of stanzas that may be outstanding */
  gsize in_flight; /* bytes of stanzas outstanding */
  guint n_in_flight;
  gboolean limited; /* more would have been sent, had the budget allowed it */

  gint64 base_us;   /* shortest round trip, 0 until known */
  gint64 smooth_us; /* smoothed round trip */
  guint n_slow;     /* slow answers in a row */
  guint n_doubts;   /* of those, while one block at a time was sent */
  gint64 doubt_us;  /* the fastest of them */
} JxsIbbPacer;

void jxs_ibb_pacer_init (JxsIbbPacer *self, guint max_block);
/* Bytes of a whole stanza with size bytes inside. */
gsize jxs_ibb_pacer_get_cost (gsize size);
/* Blocks in flight allowed now, and bytes per block. */
guint jxs_ibb_pacer_get_window (const JxsIbbPacer *self);
guint jxs_ibb_pacer_get_block (const JxsIbbPacer *self);
/* Bytes the next block may have, 0 for: wait for an acknowledgement. */
guint jxs_ibb_pacer_get_room (JxsIbbPacer *self);
void jxs_ibb_pacer_sent (JxsIbbPacer *self, gsize size);
/* The application has no more: what comes next says nothing about the path. */
void jxs_ibb_pacer_idle (JxsIbbPacer *self);
/* flight: in_flight right after this block was sent. */
void
jxs_ibb_pacer_acked (JxsIbbPacer *self, gsize size, gsize flight, gint64 sent_us, gint64 now_us);
/* A block was not delivered, or no acknowledgement has come for long: start over. */
void jxs_ibb_pacer_lost (JxsIbbPacer *self, gsize size);
void jxs_ibb_pacer_stalled (JxsIbbPacer *self);

G_END_DECLS

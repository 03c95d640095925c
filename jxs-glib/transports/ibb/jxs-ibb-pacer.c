/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-pacer-private.h"

gsize
jxs_ibb_pacer_get_cost (gsize size)
{
  return (size + 2) / 3 * 4 + JXS_IBB_STANZA_OVERHEAD;
}

/* The largest block whose stanza costs no more than that; a multiple of 3 needs no padding. */
static guint
block_for_cost (gsize cost)
{
  return cost <= JXS_IBB_STANZA_OVERHEAD ? 0 : (cost - JXS_IBB_STANZA_OVERHEAD) / 4 * 3;
}

guint
jxs_ibb_pacer_get_block (const JxsIbbPacer *self)
{
  guint block =
      self->fixed_block > 0
          ? self->fixed_block
          : CLAMP (block_for_cost (self->budget / 2), JXS_IBB_MIN_BLOCK, JXS_IBB_MAX_BLOCK);

  return MIN (block, self->max_block);
}

guint
jxs_ibb_pacer_get_window (const JxsIbbPacer *self)
{
  gsize cost = jxs_ibb_pacer_get_cost (jxs_ibb_pacer_get_block (self));

  if (self->fixed_window > 0)
    return self->fixed_window;

  return CLAMP (self->budget / cost, 1, JXS_IBB_MAX_WINDOW);
}

static gsize
min_budget (const JxsIbbPacer *self)
{
  return jxs_ibb_pacer_get_cost (MIN (JXS_IBB_MIN_BLOCK, self->max_block));
}

void
jxs_ibb_pacer_init (JxsIbbPacer *self, guint max_block)
{
  *self = (JxsIbbPacer){ .max_block = max_block, .budget = JXS_IBB_START_BUDGET };
}

guint
jxs_ibb_pacer_get_room (JxsIbbPacer *self)
{
  guint block = jxs_ibb_pacer_get_block (self);

  if (self->n_in_flight == 0)
    return block;

  if (self->fixed_window > 0)
    return self->n_in_flight < self->fixed_window ? block : 0;

  if (self->n_in_flight < JXS_IBB_MAX_WINDOW &&
      self->in_flight + jxs_ibb_pacer_get_cost (block) <= self->budget)
    return block;

  self->limited = TRUE;
  return 0;
}

void
jxs_ibb_pacer_sent (JxsIbbPacer *self, gsize size)
{
  self->in_flight += jxs_ibb_pacer_get_cost (size);
  self->n_in_flight++;
}

void
jxs_ibb_pacer_idle (JxsIbbPacer *self)
{
  self->limited = FALSE;
}

static void
landed (JxsIbbPacer *self, gsize size)
{
  self->in_flight -= MIN (self->in_flight, jxs_ibb_pacer_get_cost (size));
  self->n_in_flight -= MIN (self->n_in_flight, 1);
}

/* Near the target only by a block per round trip: with traffic in both directions, where each
 * direction sees the queue of the other, the smaller budget so catches up with the larger. */
static void
grow (JxsIbbPacer *self, gsize size, gboolean far_off)
{
  gsize cost = jxs_ibb_pacer_get_cost (size);
  gsize step = far_off ? cost / 3 : MIN (cost * cost / self->budget, cost / 3);

  self->budget = MIN (self->budget + step, JXS_IBB_MAX_OUTSTANDING);
}

/* flight bytes took rtt_us to get through: that is the pace. */
static void
shrink (JxsIbbPacer *self, gsize flight, gint64 rtt_us)
{
  gint64 wanted_us = self->base_us + JXS_IBB_TARGET_DELAY_US;
  gsize budget = (double) flight * wanted_us / rtt_us;

  self->budget = CLAMP (budget, min_budget (self), self->budget);
}

/* Still slow when nothing of ours can be queueing: the path itself became longer, and the old
 * shortest round trip will not come back. Or the queue is the peer's own; then this is an error,
 * kept small by the bound, and the next fast answer ends it. */
static void
doubt_base (JxsIbbPacer *self, gint64 rtt_us)
{
  if (self->n_doubts == 0 || rtt_us < self->doubt_us)
    self->doubt_us = rtt_us;
  if (++self->n_doubts < JXS_IBB_BASE_DOUBTS)
    return;

  self->base_us = MIN (self->doubt_us, self->base_us * 2 + JXS_IBB_TARGET_DELAY_US);
  self->n_doubts = 0;
}

void
jxs_ibb_pacer_acked (JxsIbbPacer *self, gsize size, gsize flight, gint64 sent_us, gint64 now_us)
{
  gint64 rtt_us = MAX (now_us - sent_us, 1);
  gint64 delay_us;

  landed (self, size);

  if (self->base_us == 0 || rtt_us < self->base_us)
    self->base_us = rtt_us;
  self->smooth_us =
      self->smooth_us == 0 ? rtt_us : self->smooth_us + (rtt_us - self->smooth_us) / 8;
  delay_us = rtt_us - self->base_us;

  if (delay_us < JXS_IBB_TARGET_DELAY_US)
    {
      self->n_slow = 0;
      self->n_doubts = 0;
      if (self->limited)
        grow (self, size, delay_us < JXS_IBB_TARGET_DELAY_US / 2);
      return;
    }

  if (self->budget == min_budget (self))
    doubt_base (self, rtt_us);
  /* Several in a row tell a queue, which delays everything, from an answer that was held up. */
  else if (++self->n_slow >= MIN (JXS_IBB_SLOW_RUN, jxs_ibb_pacer_get_window (self)))
    shrink (self, flight, rtt_us);
}

void
jxs_ibb_pacer_lost (JxsIbbPacer *self, gsize size)
{
  landed (self, size);
  self->budget = min_budget (self);
}

void
jxs_ibb_pacer_stalled (JxsIbbPacer *self)
{
  self->budget = min_budget (self);
}

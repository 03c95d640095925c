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
  guint block;

  if (self->fixed_block > 0)
    return MIN (self->fixed_block, self->max_block);

  block = CLAMP (block_for_cost (self->budget / 2), JXS_IBB_MIN_BLOCK, JXS_IBB_BEST_BLOCK);
  block = MAX (block, block_for_cost (self->budget / JXS_IBB_MAX_WINDOW));
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

static void
end_round (JxsIbbPacer *self, gint64 now_us)
{
  gint64 wanted_us = self->base_us + JXS_IBB_TARGET_DELAY_US;
  gboolean slow = self->round_best_us > wanted_us;

  /* Still slow when nothing of ours can be queueing: the path itself became longer, and the old
   * shortest round trip will not come back. */
  if (slow && self->budget == min_budget (self))
    {
      if (self->slow_rounds++ == 0 || self->round_best_us < self->slow_best_us)
        self->slow_best_us = self->round_best_us;
      if (self->slow_rounds == JXS_IBB_LOST_BASE_ROUNDS)
        {
          self->base_us = self->slow_best_us;
          self->slow_rounds = 0;
        }
    }
  else
    {
      self->slow_rounds = 0;
    }

  if (slow)
    self->budget =
        MAX ((gsize) ((double) self->budget * wanted_us / self->round_best_us), min_budget (self));

  self->round_start_us = now_us;
  self->round_best_us = 0;
}

gboolean
jxs_ibb_pacer_acked (JxsIbbPacer *self, gsize size, gint64 sent_us, gint64 now_us)
{
  gint64 rtt_us = MAX (now_us - sent_us, 1);

  landed (self, size);

  self->smooth_us =
      self->smooth_us == 0 ? rtt_us : self->smooth_us + (rtt_us - self->smooth_us) / 8;
  if (self->base_us == 0 || rtt_us < self->base_us)
    self->base_us = rtt_us;

  if (self->limited && rtt_us - self->base_us < JXS_IBB_TARGET_DELAY_US / 2)
    self->budget = MIN (self->budget + jxs_ibb_pacer_get_cost (size) / 3, JXS_IBB_MAX_OUTSTANDING);

  /* The best of a round tells a queue, which delays everything, from one answer that was held up.
   */
  if (self->round_best_us == 0 || rtt_us < self->round_best_us)
    self->round_best_us = rtt_us;

  /* A round lasts until the first block that was sent in it is acknowledged. */
  if (sent_us < self->round_start_us)
    return FALSE;

  end_round (self, now_us);
  return TRUE;
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

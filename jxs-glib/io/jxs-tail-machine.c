/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tail-machine-private.h"

static void
start_over (JxsTailMachine *self)
{
  self->kept = JXS_TAIL_KEPT;
  self->released = 0;
  self->pause_ms = JXS_TAIL_FIRST_MS;
  self->poll_ms = 0;
  self->paused = FALSE;
}

void
jxs_tail_machine_init (JxsTailMachine *self, const JxsTailPath *path)
{
  *self = (JxsTailMachine){ .best_window = path->window };
  start_over (self);
}

static gboolean
keeps_up (const JxsTailMachine *self, const JxsTailPath *path)
{
  return path->window + JXS_TAIL_WINDOW_SLACK >= self->best_window;
}

gboolean
jxs_tail_machine_wants_path (const JxsTailMachine *self, gint64 now)
{
  return self->unsettled > 0 && now - self->written_at >= JXS_TAIL_QUIET_MS;
}

void
jxs_tail_machine_written (JxsTailMachine *self, const JxsTailPath *path, gint64 now)
{
  if (path != NULL)
    {
      self->best_window = MAX (self->best_window, path->window);
      if (self->unsettled <= JXS_TAIL_HARMLESS && path->unacknowledged == 0 &&
          keeps_up (self, path))
        self->unsettled = 0;
    }
  self->written_at = now;
  self->fresh = TRUE;
  start_over (self);
}

gsize
jxs_tail_machine_get_reserve (const JxsTailMachine *self, gsize length)
{
  return self->unsettled + length > JXS_TAIL_HARMLESS ? MIN (self->kept, length) : 0;
}

void
jxs_tail_machine_sent (JxsTailMachine *self, gsize count)
{
  self->unsettled += count;
}

guint
jxs_tail_machine_tick (JxsTailMachine *self, gsize length, const JxsTailPath *path)
{
  self->best_window = MAX (self->best_window, path->window);
  if (self->fresh)
    {
      self->fresh = FALSE;
      start_over (self);
      return self->pause_ms;
    }
  if (path->unacknowledged > 0)
    {
      self->poll_ms =
          CLAMP (self->poll_ms * JXS_TAIL_GROWTH, JXS_TAIL_FIRST_MS, JXS_TAIL_POLL_MAX_MS);
      return self->poll_ms;
    }

  self->poll_ms = 0;
  self->kept = MIN (self->kept, length);
  if (self->released > JXS_TAIL_ALWAYS && !keeps_up (self, path) && !self->paused)
    {
      /* What the last byte made the relay tell is no better: later again. */
      self->paused = TRUE;
      return self->pause_ms;
    }

  if (self->released >= JXS_TAIL_ALWAYS && keeps_up (self, path))
    self->kept = 0;
  else
    self->kept--;
  /* Nothing was left behind when the first of them arrived, and they are few. */
  if (self->kept == 0)
    self->unsettled = 0;
  self->paused = FALSE;
  self->pause_ms *= self->released < JXS_TAIL_ALWAYS ? JXS_TAIL_GROWTH : 2;
  return self->released++ < JXS_TAIL_ALWAYS ? self->pause_ms : JXS_TAIL_POLL_MAX_MS;
}

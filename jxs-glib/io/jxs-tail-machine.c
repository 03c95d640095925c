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
  self->waited_ms = 0;
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
      if (path->unacknowledged == 0 && keeps_up (self, path) &&
          self->unsettled <= JXS_TAIL_HARMLESS)
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

static guint
grow (guint ms, guint max)
{
  return MIN (ms * JXS_TAIL_GROWTH, max);
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
          self->poll_ms == 0 ? JXS_TAIL_FIRST_MS : grow (self->poll_ms, JXS_TAIL_POLL_MAX_MS);
      return self->poll_ms;
    }

  self->poll_ms = 0;
  self->kept = MIN (self->kept, length);
  if (self->released < JXS_TAIL_ALWAYS)
    self->kept--;
  else if (keeps_up (self, path) || self->waited_ms >= JXS_TAIL_PATIENCE_MS)
    self->kept = 0;
  else if (self->kept > 1)
    self->kept--;
  else
    self->waited_ms += self->pause_ms;
  self->released++;
  if (self->kept == 0)
    self->unsettled = 0;
  self->pause_ms = grow (self->pause_ms, JXS_TAIL_PAUSE_MAX_MS);
  return self->pause_ms;
}

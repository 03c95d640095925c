/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-failures-private.h>

#include <gio/gio.h>

#include <jxs-glib/base/jxs-error.h>

typedef enum
{
  RANK_NOTHING, /* somebody gave up */
  RANK_TIME,
  RANK_REFUSED,
  RANK_SPECIFIC,
} Rank;

static Rank
get_rank (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return RANK_NOTHING;
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return RANK_TIME;
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED))
    return RANK_REFUSED;

  return RANK_SPECIFIC;
}

void
jxs_failures_add (JxsFailures *self, const GError *error)
{
  const Rank rank = get_rank (error);

  if (self->messages == NULL)
    self->messages = g_ptr_array_new_with_free_func (g_free);
  if (rank > self->rank)
    g_ptr_array_set_size (self->messages, 0);
  if (rank < self->rank || self->messages->len == JXS_FAILURES_MAX ||
      g_ptr_array_find_with_equal_func (self->messages, error->message, g_str_equal, NULL))
    return;
  self->rank = rank;
  g_ptr_array_add (self->messages, g_strdup (error->message));
}

char *
jxs_failures_describe (const JxsFailures *self)
{
  g_autoptr (GString) text = NULL;

  if (self->messages == NULL)
    return NULL;
  text = g_string_new (NULL);
  for (guint i = 0; i < self->messages->len; i++)
    g_string_append_printf (text,
                            "%s%s",
                            i > 0 ? "; " : "",
                            (const char *) g_ptr_array_index (self->messages, i));

  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
jxs_failures_are_timeouts (const JxsFailures *self)
{
  return self->messages != NULL && self->rank == RANK_TIME;
}

void
jxs_failures_clear (JxsFailures *self)
{
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  self->rank = 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-byte-buffer-private.h"

#include <string.h>

gsize
jxs_byte_buffer_get_length (const JxsByteBuffer *self)
{
  return self->end - self->start;
}

void
jxs_byte_buffer_clear (JxsByteBuffer *self)
{
  g_clear_pointer (&self->data, g_free);
  self->size = self->start = self->end = 0;
}

void
jxs_byte_buffer_reserve (JxsByteBuffer *self, gsize count, gsize min_size)
{
  gsize length = jxs_byte_buffer_get_length (self);

  if (self->size - self->end >= count)
    return;
  if (self->size < length + count)
    {
      gsize size = MAX (MAX (self->size * 2, min_size), length + count);
      guint8 *data = g_malloc (size);

      if (length > 0)
        memcpy (data, self->data + self->start, length);
      g_free (self->data);
      self->data = data;
      self->size = size;
    }
  else
    {
      memmove (self->data, self->data + self->start, length);
    }
  self->start = 0;
  self->end = length;
}

void
jxs_byte_buffer_skip (JxsByteBuffer *self, gsize count)
{
  self->start += count;
  if (self->start == self->end)
    self->start = self->end = 0;
}

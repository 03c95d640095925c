/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A piece of memory with bytes in [start, end): filled behind the end, emptied from the start. */
typedef struct
{
  guint8 *data; /* (owned) (nullable): only while there are bytes, or soon will be */
  gsize size;
  gsize start;
  gsize end;
} JxsByteBuffer;

gsize jxs_byte_buffer_get_length (const JxsByteBuffer *self);
/* Frees the memory too. */
void jxs_byte_buffer_clear (JxsByteBuffer *self);
/* Room for count bytes behind the end; min_size is what is allocated at least. */
void jxs_byte_buffer_reserve (JxsByteBuffer *self, gsize count, gsize min_size);
/* Drops count bytes from the start. */
void jxs_byte_buffer_skip (JxsByteBuffer *self, gsize count);

G_END_DECLS

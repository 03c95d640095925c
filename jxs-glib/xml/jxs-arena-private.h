/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* A bump allocator that holds one tree of elements and is freed as a whole. When a tree is added to
 * another, its arena joins the other's: from then on there is one reference count for both, so a
 * reference on any element keeps everything that can be reached from it. */
typedef struct _JxsArena JxsArena;
typedef struct _JxsChunk JxsChunk;

/* For the functions here only: they run several times per element. */
struct _JxsArena
{
  char *cursor;
  char *end;
  int ref_count;     /* atomic; counts for the members too, only that of the top arena is used */
  JxsArena *owner;   /* (nullable) (unowned) the arena we joined; lives as long as we do */
  JxsArena *members; /* (nullable) (owned) arenas that joined this one */
  JxsArena *next_member; /* (nullable) next in the list of our owner */
  JxsChunk *chunks;      /* (nullable) (owned) those after the first, newest first */
  GSList *adopted;       /* (nullable) (owned) atomic */
  gsize size;            /* of the first chunk, which follows this structure */
  gsize next_size;
};

JxsArena *jxs_arena_new (gsize size);
void jxs_arena_ref (JxsArena *self);
void jxs_arena_unref (JxsArena *self);
/* Drops the caller's reference; if it was the only one the arena is emptied and returned for
 * another tree, with its reference, otherwise NULL. */
JxsArena *jxs_arena_recycle (JxsArena *self);
/* Makes member, which joined no other before, live and die with self. */
void jxs_arena_join (JxsArena *self, JxsArena *member);
/* Whether one of them joined the other, directly or not; TRUE for the same. */
gboolean jxs_arena_is_joined (JxsArena *self, JxsArena *other);
/* Frees block (from g_malloc) with the arena; safe from several threads. */
void jxs_arena_adopt (JxsArena *self, gpointer block);
/* Makes room for size octets at the cursor, aligned for any structure. */
void jxs_arena_add_chunk (JxsArena *self, gsize size);

/* Octets without alignment. */
static inline char *
jxs_arena_alloc_bytes (JxsArena *self, gsize size)
{
  char *block;

  if (G_UNLIKELY ((gsize) (self->end - self->cursor) < size))
    jxs_arena_add_chunk (self, size);
  block = self->cursor;
  self->cursor += size;
  return block;
}

/* Aligned for any structure; not cleared. */
static inline gpointer
jxs_arena_alloc (JxsArena *self, gsize size)
{
  gsize padding = -(guintptr) self->cursor & (sizeof (gpointer) - 1);

  if (G_UNLIKELY ((gsize) (self->end - self->cursor) < size + padding))
    {
      jxs_arena_add_chunk (self, size);
      padding = 0;
    }
  return jxs_arena_alloc_bytes (self, size + padding) + padding;
}

static inline char *
jxs_arena_strndup (JxsArena *self, const char *string, gsize length)
{
  char *copy = jxs_arena_alloc_bytes (self, length + 1);

  memcpy (copy, string, length);
  copy[length] = '\0';
  return copy;
}

/* In place if block is the last one of the arena and there is room. */
static inline char *
jxs_arena_grow_bytes (JxsArena *self, char *block, gsize old_size, gsize new_size)
{
  char *copy;

  if (block + old_size == self->cursor && new_size - old_size <= (gsize) (self->end - self->cursor))
    {
      self->cursor += new_size - old_size;
      return block;
    }

  copy = jxs_arena_alloc_bytes (self, new_size);
  memcpy (copy, block, old_size);
  return copy;
}

G_END_DECLS

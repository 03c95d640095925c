/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/xml/jxs-arena-private.h>

#include <string.h>

#define ALIGNMENT (2 * sizeof (gpointer))
/* Chunks double up to here, so that a small text at the end of a large stanza does not cost as much
 * again. */
#define MAX_CHUNK_SIZE (64 * 1024)

typedef struct _Chunk Chunk;

struct _Chunk
{
  Chunk *next; /* (nullable) (owned) */
};

G_STATIC_ASSERT (sizeof (Chunk) <= ALIGNMENT);

struct _JxsArena
{
  int ref_count;     /* atomic; counts for the members too, only that of the top arena is used */
  JxsArena *owner;   /* (nullable) (unowned) the arena we joined; lives as long as we do */
  JxsArena *members; /* (nullable) (owned) arenas that joined this one */
  JxsArena *next_member; /* (nullable) next in the list of our owner */
  Chunk *chunks;         /* (nullable) (owned) those after the first, newest first */
  GSList *adopted;       /* (nullable) (owned) atomic */
  char *cursor;
  char *end;
  gsize size; /* of the first chunk, which follows this structure */
  gsize next_size;
};

static inline char *
first_chunk (JxsArena *self)
{
  return (char *) self + (sizeof (JxsArena) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static inline JxsArena *
get_top (JxsArena *self)
{
  while (self->owner != NULL)
    self = self->owner;
  return self;
}

/* Forgets every block; the first chunk is ready for use again. */
static void
clear (JxsArena *self)
{
  while (self->chunks != NULL)
    {
      Chunk *chunk = self->chunks;

      self->chunks = chunk->next;
      g_free (chunk);
    }
  g_slist_free_full (g_steal_pointer (&self->adopted), g_free);
  self->cursor = first_chunk (self);
  self->end = self->cursor + self->size;
  self->next_size = self->size * 2;
}

static void
free_all (JxsArena *top)
{
  JxsArena *list = top;

  top->next_member = NULL;
  while (list != NULL)
    {
      JxsArena *self = list;

      list = self->next_member;
      while (self->members != NULL)
        {
          JxsArena *member = self->members;

          self->members = member->next_member;
          member->next_member = list;
          list = member;
        }
      clear (self);
      g_free (self);
    }
}

JxsArena *
jxs_arena_new (gsize size)
{
  JxsArena *self = g_malloc (sizeof (JxsArena) + ALIGNMENT + size);

  memset (self, 0, sizeof *self);
  self->ref_count = 1;
  self->size = size;
  clear (self);
  return self;
}

void
jxs_arena_ref (JxsArena *self)
{
  g_atomic_int_inc (&get_top (self)->ref_count);
}

void
jxs_arena_unref (JxsArena *self)
{
  JxsArena *top = get_top (self);

  if (g_atomic_int_dec_and_test (&top->ref_count))
    free_all (top);
}

JxsArena *
jxs_arena_recycle (JxsArena *self)
{
  if (self->owner == NULL && self->members == NULL && g_atomic_int_get (&self->ref_count) == 1)
    {
      clear (self);
      return self;
    }

  jxs_arena_unref (self);
  return NULL;
}

void
jxs_arena_join (JxsArena *self, JxsArena *member)
{
  JxsArena *top = get_top (self);

  g_assert (member->owner == NULL && member != top);

  member->owner = top;
  member->next_member = top->members;
  top->members = member;
  g_atomic_int_add (&top->ref_count, g_atomic_int_get (&member->ref_count));
}

gboolean
jxs_arena_is_joined (JxsArena *self, JxsArena *other)
{
  return get_top (self) == get_top (other);
}

static void
add_chunk (JxsArena *self, gsize size)
{
  gsize chunk_size = MAX (size, self->next_size);
  Chunk *chunk = g_malloc (ALIGNMENT + chunk_size);

  chunk->next = self->chunks;
  self->chunks = chunk;
  self->cursor = (char *) chunk + ALIGNMENT;
  self->end = self->cursor + chunk_size;
  self->next_size = MIN (self->next_size * 2, MAX_CHUNK_SIZE);
}

gpointer
jxs_arena_alloc (JxsArena *self, gsize size)
{
  gsize padding = -(guintptr) self->cursor & (sizeof (gpointer) - 1);
  char *block;

  if (G_UNLIKELY ((gsize) (self->end - self->cursor) < size + padding))
    {
      add_chunk (self, size);
      padding = 0;
    }
  block = self->cursor + padding;
  self->cursor = block + size;
  return block;
}

char *
jxs_arena_alloc_bytes (JxsArena *self, gsize size)
{
  char *block;

  if (G_UNLIKELY ((gsize) (self->end - self->cursor) < size))
    add_chunk (self, size);
  block = self->cursor;
  self->cursor += size;
  return block;
}

char *
jxs_arena_strndup (JxsArena *self, const char *string, gsize length)
{
  char *copy = jxs_arena_alloc_bytes (self, length + 1);

  memcpy (copy, string, length);
  copy[length] = '\0';
  return copy;
}

char *
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

void
jxs_arena_adopt (JxsArena *self, gpointer block)
{
  GSList *link = g_slist_prepend (NULL, block);

  do
    link->next = g_atomic_pointer_get (&self->adopted);
  while (!g_atomic_pointer_compare_and_exchange (&self->adopted, link->next, link));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/xml/jxs-arena-private.h>

#include <string.h>

#define ALIGNMENT (2 * sizeof (gpointer))
/* Chunks double up to here, so that a small text at the end of a large stanza does not cost as much
 * again. */
#define MAX_CHUNK_SIZE (64 * 1024)

struct _JxsChunk
{
  JxsChunk *next; /* (nullable) (owned) */
};

G_STATIC_ASSERT (sizeof (JxsChunk) <= ALIGNMENT);

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
      JxsChunk *chunk = self->chunks;

      self->chunks = chunk->next;
      g_free (chunk);
    }
  if (self->adopted != NULL)
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

void
jxs_arena_adopt (JxsArena *self, gpointer block)
{
  GSList *link = g_slist_prepend (NULL, block);

  do
    link->next = g_atomic_pointer_get (&self->adopted);
  while (!g_atomic_pointer_compare_and_exchange (&self->adopted, link->next, link));
}

void
jxs_arena_add_chunk (JxsArena *self, gsize size)
{
  gsize chunk_size = MAX (size, self->next_size);
  JxsChunk *chunk = g_malloc (ALIGNMENT + chunk_size);

  chunk->next = self->chunks;
  self->chunks = chunk;
  self->cursor = (char *) chunk + ALIGNMENT;
  self->end = self->cursor + chunk_size;
  self->next_size = MIN (self->next_size * 2, MAX_CHUNK_SIZE);
}

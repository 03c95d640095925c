/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A bump allocator that holds one tree of elements and is freed as a whole. When a tree is added to
 * another, its arena joins the other's: from then on there is one reference count for both, so a
 * reference on any element keeps everything that can be reached from it. */
typedef struct _JxsArena JxsArena;

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
/* Aligned for any structure; not cleared. */
gpointer jxs_arena_alloc (JxsArena *self, gsize size);
char *jxs_arena_strndup (JxsArena *self, const char *string, gsize length);
/* Bytes without alignment; a block grows in place while it is the last one of its arena. */
char *jxs_arena_alloc_bytes (JxsArena *self, gsize size);
char *jxs_arena_grow_bytes (JxsArena *self, char *block, gsize old_size, gsize new_size);
/* Frees block (from g_malloc) with the arena; safe from several threads. */
void jxs_arena_adopt (JxsArena *self, gpointer block);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/xml/jxs-arena-private.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

typedef struct _JxsNode JxsNode;
typedef struct _JxsAttribute JxsAttribute;

/* What stands inside an element: elements and runs of text, in the order of the document. A run is
 * never empty and never follows another run. */
struct _JxsNode
{
  JxsNode *next;      /* (nullable) */
  JxsElement *parent; /* (nullable) valid as long as the node: a tree lives and dies as a whole */
  gboolean is_text;
};

typedef struct
{
  JxsNode node;
  char *string; /* nul-terminated */
  gsize length;
  gsize size; /* allocated */
} JxsTextRun;

struct _JxsAttribute
{
  JxsAttribute *next; /* (nullable) */
  const char *name;
  const char *namespace_uri; /* (nullable) */
  const char *value;
};

struct _JxsElement
{
  JxsNode node;
  JxsArena *arena;
  const char *name;
  const char *namespace_uri; /* (nullable) */
  JxsAttribute *attributes;  /* (nullable) */
  JxsNode *first;            /* (nullable) */
  JxsNode *last;             /* (nullable) */
  const char *joined_text;   /* (nullable) atomic: what get_text made of several runs */
  guint n_children;
};

/* A detached element in arena, which stays the caller's; name and namespace must live as long as
 * it. */
static inline JxsElement *
jxs_element_new_in_arena (JxsArena *arena, const char *name, const char *namespace_uri)
{
  JxsElement *self = (JxsElement *) jxs_arena_alloc (arena, sizeof (JxsElement));

  memset (self, 0, sizeof *self);
  self->arena = arena;
  self->name = name;
  self->namespace_uri = namespace_uri;
  return self;
}

void jxs_element_append_node (JxsElement *self, JxsNode *node);
void jxs_element_append_text (JxsElement *self, const char *text, gsize length);

/* The next node of the tree under root in document order, NULL at the end. */
JxsNode *jxs_node_next (JxsNode *self, JxsElement *root);

/* Whether the whole tree can be written as XML: names are NCNames (Namespaces in XML 1.0 §3), text
 * and values have only characters XML can carry. Elements can be given anything; those that fail
 * here must not be sent. Costs as much as writing, which tells as well. */
gboolean jxs_element_is_valid (JxsElement *self);

G_END_DECLS

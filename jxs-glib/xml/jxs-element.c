/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/xml/jxs-element.h>

#include <string.h>

#include <jxs-glib/xml/jxs-arena-private.h>
#include <jxs-glib/xml/jxs-element-private.h>
#include <jxs-glib/xml/jxs-names-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>
#include <jxs-glib/xml/jxs-xml-writer-private.h>

/* Room for a small element built by hand without a second allocation. */
#define ARENA_SIZE 400

/**
 * JxsElement:
 *
 * An XML element: a name in a namespace, attributes, and child elements and text in the order of
 * the document.
 *
 * Elements know namespaces, not prefixes: those are chosen when the element is written. A
 * reference on any element keeps the whole tree it stands in alive, so children and strings that
 * were got from it stay valid as long as that reference.
 *
 * An element can be referenced and read by several threads at once, but not while one of them
 * changes the tree it stands in; adding a child changes both trees.
 *
 * Names, text and attribute values are taken as they are. What XML cannot carry (control
 * characters, text that is not UTF-8, names with spaces) makes sending the element fail with
 * %JXS_ERROR_INVALID_ARGUMENT and is replaced by [method@Element.to_string].
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (JxsElement, jxs_element, jxs_element_ref, jxs_element_unref)

static const char *
copy_name (JxsArena *arena, const char *name)
{
  gsize length = strlen (name);
  const char *common = jxs_names_lookup (name, length);

  return common != NULL ? common : jxs_arena_strndup (arena, name, length);
}

/* No namespace is NULL everywhere inside. */
static const char *
copy_namespace (JxsArena *arena, const char *namespace_uri)
{
  if (namespace_uri == NULL || *namespace_uri == '\0')
    return NULL;
  return copy_name (arena, namespace_uri);
}

/* Callers may write no namespace as "" too. The prefix `xml` is bound everywhere (Namespaces in
 * XML 1.0 §3), so it may be written out. */
static void
normalize_attribute_name (const char **name, const char **namespace_uri)
{
  if (*namespace_uri != NULL && **namespace_uri == '\0')
    *namespace_uri = NULL;
  if (*namespace_uri == NULL && g_str_has_prefix (*name, "xml:"))
    {
      *name += strlen ("xml:");
      *namespace_uri = JXS_NS_XML;
    }
}

static gboolean
is_in_namespace (JxsElement *self, const char *namespace_uri)
{
  if (namespace_uri == NULL)
    return TRUE;
  return jxs_names_equal (self->namespace_uri, *namespace_uri != '\0' ? namespace_uri : NULL);
}

static JxsAttribute *
find_attribute (JxsElement *self, const char *name, const char *namespace_uri)
{
  for (JxsAttribute *attribute = self->attributes; attribute != NULL; attribute = attribute->next)
    {
      if (jxs_names_equal (attribute->name, name) &&
          jxs_names_equal (attribute->namespace_uri, namespace_uri))
        return attribute;
    }
  return NULL;
}

static JxsElement *
next_element (JxsNode *node)
{
  while (node != NULL && node->is_text)
    node = node->next;
  return (JxsElement *) node;
}

void
jxs_element_append_node (JxsElement *self, JxsNode *node)
{
  node->parent = self;
  if (self->last != NULL)
    self->last->next = node;
  else
    self->first = node;
  self->last = node;
  if (!node->is_text)
    self->n_children++;
}

void
jxs_element_append_text (JxsElement *self, const char *text, gsize length)
{
  JxsTextRun *run = (JxsTextRun *) self->last;

  if (length == 0)
    return;

  self->joined_text = NULL;
  if (run == NULL || !run->node.is_text)
    {
      run = jxs_arena_alloc (self->arena, sizeof (JxsTextRun));
      *run = (JxsTextRun){ .node.is_text = TRUE, .length = length, .size = length + 1 };
      run->string = jxs_arena_strndup (self->arena, text, length);
      jxs_element_append_node (self, &run->node);
      return;
    }

  if (run->size - run->length <= length)
    {
      gsize size = run->length + length + 1;

      /* What comes in pieces is likely to go on: doubling keeps the copying linear. */
      size = MAX (size, run->size * 2);
      run->string = jxs_arena_grow_bytes (self->arena, run->string, run->size, size);
      run->size = size;
    }
  memcpy (run->string + run->length, text, length);
  run->length += length;
  run->string[run->length] = '\0';
}

JxsNode *
jxs_node_next (JxsNode *self, JxsElement *root)
{
  if (!self->is_text && ((JxsElement *) self)->first != NULL)
    return ((JxsElement *) self)->first;

  while (self != &root->node && self->next == NULL)
    self = &self->parent->node;
  return self != &root->node ? self->next : NULL;
}

static JxsElement *
copy_element (JxsArena *arena, JxsElement *source)
{
  JxsElement *self = jxs_element_new_in_arena (arena,
                                               copy_name (arena, source->name),
                                               copy_namespace (arena, source->namespace_uri));
  JxsAttribute **tail = &self->attributes;

  for (const JxsAttribute *attribute = source->attributes; attribute != NULL;
       attribute = attribute->next)
    {
      JxsAttribute *copy = jxs_arena_alloc (arena, sizeof (JxsAttribute));

      copy->next = NULL;
      copy->name = copy_name (arena, attribute->name);
      copy->namespace_uri = copy_namespace (arena, attribute->namespace_uri);
      copy->value = jxs_arena_strndup (arena, attribute->value, strlen (attribute->value));
      *tail = copy;
      tail = &copy->next;
    }
  return self;
}

static JxsElement *
copy_tree (JxsArena *arena, JxsElement *source)
{
  JxsElement *root = copy_element (arena, source);
  JxsElement *parent = root; /* where copies go, the copy of source_parent */
  JxsElement *source_parent = source;

  for (JxsNode *node = jxs_node_next (&source->node, source); node != NULL;
       node = jxs_node_next (node, source))
    {
      while (node->parent != source_parent)
        {
          source_parent = source_parent->node.parent;
          parent = parent->node.parent;
        }
      if (node->is_text)
        {
          JxsTextRun *run = (JxsTextRun *) node;

          jxs_element_append_text (parent, run->string, run->length);
        }
      else
        {
          JxsElement *copy = copy_element (arena, (JxsElement *) node);

          jxs_element_append_node (parent, &copy->node);
          source_parent = (JxsElement *) node;
          parent = copy;
        }
    }
  return root;
}

static gboolean
attributes_equal (JxsElement *self, JxsElement *other)
{
  guint n = 0;

  for (const JxsAttribute *a = self->attributes; a != NULL; a = a->next)
    {
      const JxsAttribute *b = find_attribute (other, a->name, a->namespace_uri);

      if (b == NULL || strcmp (a->value, b->value) != 0)
        return FALSE;
      n++;
    }
  for (const JxsAttribute *b = other->attributes; b != NULL; b = b->next)
    n--;
  return n == 0;
}

static gboolean
nodes_equal (JxsNode *self, JxsNode *other)
{
  if (self->is_text != other->is_text)
    return FALSE;

  if (self->is_text)
    {
      JxsTextRun *a = (JxsTextRun *) self;
      JxsTextRun *b = (JxsTextRun *) other;

      return a->length == b->length && memcmp (a->string, b->string, a->length) == 0;
    }
  else
    {
      JxsElement *a = (JxsElement *) self;
      JxsElement *b = (JxsElement *) other;

      return jxs_names_equal (a->name, b->name) &&
             jxs_names_equal (a->namespace_uri, b->namespace_uri) &&
             (a->first == NULL) == (b->first == NULL) && attributes_equal (a, b);
    }
}

gboolean
jxs_element_is_valid (JxsElement *self)
{
  g_autoptr (GString) scratch = g_string_new (NULL);

  return jxs_xml_write_element (scratch, self, NULL, FALSE);
}

/**
 * jxs_element_new:
 * @name: the local name, without a prefix
 * @namespace_uri: (nullable): the namespace, or %NULL for none
 *
 * Creates an element without attributes and children.
 *
 * Returns: (transfer full): a new element
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_new (const char *name, const char *namespace_uri)
{
  JxsArena *arena;

  g_return_val_if_fail (name != NULL, NULL);

  arena = jxs_arena_new (ARENA_SIZE);
  return jxs_element_new_in_arena (arena,
                                   copy_name (arena, name),
                                   copy_namespace (arena, namespace_uri));
}

/**
 * jxs_element_new_from_string:
 * @xml: one XML document
 * @error: return location for an error
 *
 * Parses a document whose root becomes the element.
 *
 * XMPP's restrictions hold (RFC 6120 §11): no comments, processing instructions, document type or
 * entities of its own. So do the limits of a stanza: 256 KiB in all, 32 KiB for one tag, 64
 * attributes in it, elements nested 64 deep and 4096 of them inside. Fails with a code of
 * %JXS_STREAM_ERROR that says what is wrong, such as %JXS_STREAM_ERROR_NOT_WELL_FORMED.
 *
 * Returns: (transfer full): a new element
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_new_from_string (const char *xml, GError **error)
{
  g_return_val_if_fail (xml != NULL, NULL);

  return jxs_xml_parse_document (xml, strlen (xml), NULL, error);
}

/**
 * jxs_element_ref:
 * @self: an element
 *
 * Acquires a reference on the tree that @self stands in.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_ref (JxsElement *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  jxs_arena_ref (self->arena);
  return self;
}

/**
 * jxs_element_unref:
 * @self: (transfer full): an element
 *
 * Releases a reference; the tree is freed with the last one on any of its elements.
 *
 * Since: 1.0
 */
void
jxs_element_unref (JxsElement *self)
{
  g_return_if_fail (self != NULL);

  jxs_arena_unref (self->arena);
}

/**
 * jxs_element_copy:
 * @self: an element
 *
 * Copies @self and everything inside it; the copy has no parent.
 *
 * Returns: (transfer full): a new element
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_copy (JxsElement *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return copy_tree (jxs_arena_new (ARENA_SIZE), self);
}

/**
 * jxs_element_get_name:
 * @self: an element
 *
 * Gets the name without its namespace.
 *
 * Returns: the local name
 *
 * Since: 1.0
 */
const char *
jxs_element_get_name (JxsElement *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * jxs_element_get_namespace:
 * @self: an element
 *
 * Gets the namespace.
 *
 * Returns: (nullable): the namespace, or %NULL if the element is in none
 *
 * Since: 1.0
 */
const char *
jxs_element_get_namespace (JxsElement *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->namespace_uri;
}

/**
 * jxs_element_is:
 * @self: an element
 * @name: a local name
 * @namespace_uri: (nullable): a namespace, "" for none, or %NULL for any
 *
 * Tells what kind of element this is.
 *
 * Returns: whether @self has this name and namespace
 *
 * Since: 1.0
 */
gboolean
jxs_element_is (JxsElement *self, const char *name, const char *namespace_uri)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return jxs_names_equal (self->name, name) && is_in_namespace (self, namespace_uri);
}

/**
 * jxs_element_get_attribute:
 * @self: an element
 * @name: the name of an attribute in no namespace, or `xml:lang`
 *
 * Gets the value of an attribute in no namespace.
 *
 * Returns: (nullable): the value, or %NULL if there is no such attribute
 *
 * Since: 1.0
 */
const char *
jxs_element_get_attribute (JxsElement *self, const char *name)
{
  return jxs_element_get_attribute_ns (self, name, NULL);
}

/**
 * jxs_element_get_attribute_ns:
 * @self: an element
 * @name: the local name of an attribute
 * @namespace_uri: (nullable): its namespace, or %NULL for none
 *
 * Gets the value of an attribute.
 *
 * Returns: (nullable): the value, or %NULL if there is no such attribute
 *
 * Since: 1.0
 */
const char *
jxs_element_get_attribute_ns (JxsElement *self, const char *name, const char *namespace_uri)
{
  const JxsAttribute *attribute;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  normalize_attribute_name (&name, &namespace_uri);
  attribute = find_attribute (self, name, namespace_uri);
  return attribute != NULL ? attribute->value : NULL;
}

/**
 * jxs_element_set_attribute:
 * @self: an element
 * @name: the name of an attribute in no namespace, or `xml:lang`
 * @value: (nullable): the value, or %NULL to remove the attribute
 *
 * Sets an attribute; one of the same name is replaced.
 *
 * Since: 1.0
 */
void
jxs_element_set_attribute (JxsElement *self, const char *name, const char *value)
{
  jxs_element_set_attribute_ns (self, name, NULL, value);
}

/**
 * jxs_element_set_attribute_ns:
 * @self: an element
 * @name: the local name of an attribute
 * @namespace_uri: (nullable): its namespace, or %NULL for none
 * @value: (nullable): the value, or %NULL to remove the attribute
 *
 * Sets an attribute; one of the same name and namespace is replaced.
 *
 * Since: 1.0
 */
void
jxs_element_set_attribute_ns (JxsElement *self,
                              const char *name,
                              const char *namespace_uri,
                              const char *value)
{
  JxsAttribute **link;
  JxsAttribute *attribute;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  normalize_attribute_name (&name, &namespace_uri);

  for (link = &self->attributes; *link != NULL; link = &(*link)->next)
    {
      if (jxs_names_equal ((*link)->name, name) &&
          jxs_names_equal ((*link)->namespace_uri, namespace_uri))
        break;
    }

  if (value == NULL)
    {
      if (*link != NULL)
        *link = (*link)->next;
      return;
    }
  value = jxs_arena_strndup (self->arena, value, strlen (value));
  if (*link != NULL)
    {
      (*link)->value = value;
      return;
    }

  attribute = jxs_arena_alloc (self->arena, sizeof (JxsAttribute));
  attribute->next = NULL;
  attribute->name = copy_name (self->arena, name);
  attribute->namespace_uri = copy_namespace (self->arena, namespace_uri);
  attribute->value = value;
  *link = attribute;
}

/**
 * jxs_element_get_text:
 * @self: an element
 *
 * Gets all text directly inside @self, without that of its children.
 *
 * Returns: the text, "" if there is none; owned by @self and valid until text is added to it
 *
 * Since: 1.0
 */
const char *
jxs_element_get_text (JxsElement *self)
{
  const JxsTextRun *only = NULL;
  const char *joined;
  gboolean several = FALSE;
  GString *text;
  char *owned;

  g_return_val_if_fail (self != NULL, NULL);

  joined = g_atomic_pointer_get (&self->joined_text);
  if (joined != NULL)
    return joined;

  for (JxsNode *node = self->first; node != NULL && !several; node = node->next)
    {
      if (node->is_text)
        {
          several = only != NULL;
          only = (JxsTextRun *) node;
        }
    }
  if (!several)
    return only != NULL ? only->string : "";

  text = g_string_new (NULL);
  for (JxsNode *node = self->first; node != NULL; node = node->next)
    {
      if (node->is_text)
        g_string_append_len (text, ((JxsTextRun *) node)->string, ((JxsTextRun *) node)->length);
    }
  owned = g_string_free (text, FALSE);
  jxs_arena_adopt (self->arena, owned);
  g_atomic_pointer_set (&self->joined_text, owned);
  return owned;
}

/**
 * jxs_element_add_text:
 * @self: an element
 * @text: text, not escaped
 *
 * Adds text after everything inside @self.
 *
 * Since: 1.0
 */
void
jxs_element_add_text (JxsElement *self, const char *text)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (text != NULL);

  jxs_element_append_text (self, text, strlen (text));
}

/**
 * jxs_element_get_n_children:
 * @self: an element
 *
 * Counts the elements directly inside @self.
 *
 * Returns: the number of child elements
 *
 * Since: 1.0
 */
guint
jxs_element_get_n_children (JxsElement *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_children;
}

/**
 * jxs_element_get_first_child:
 * @self: an element
 *
 * Gets the first element inside @self; text is passed over.
 *
 * Returns: (transfer none) (nullable): the first child element, or %NULL if there is none
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_get_first_child (JxsElement *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return next_element (self->first);
}

/**
 * jxs_element_get_next_sibling:
 * @self: an element
 *
 * Gets the element that follows @self in its parent; text is passed over.
 *
 * Returns: (transfer none) (nullable): the next child element of the same parent, or %NULL if there
 *   is none
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_get_next_sibling (JxsElement *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return next_element (self->node.next);
}

/**
 * jxs_element_find_child:
 * @self: an element
 * @name: (nullable): a local name, or %NULL for any
 * @namespace_uri: (nullable): a namespace, "" for none, or %NULL for any
 *
 * Finds an element directly inside @self.
 *
 * Returns: (transfer none) (nullable): the first child element with this name and namespace, or
 *   %NULL if there is none
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_find_child (JxsElement *self, const char *name, const char *namespace_uri)
{
  g_return_val_if_fail (self != NULL, NULL);

  for (JxsElement *child = next_element (self->first); child != NULL;
       child = next_element (child->node.next))
    {
      if ((name == NULL || jxs_names_equal (child->name, name)) &&
          is_in_namespace (child, namespace_uri))
        return child;
    }
  return NULL;
}

/**
 * jxs_element_add_child:
 * @self: an element
 * @child: the element to add
 *
 * Adds @child after everything inside @self.
 *
 * From then on a reference on either keeps both. If @child stands in a tree already, or @self
 * stands inside @child, a copy is added instead.
 *
 * Since: 1.0
 */
void
jxs_element_add_child (JxsElement *self, JxsElement *child)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (child != NULL);

  /* A child without a parent that shares our arena is the root of the tree we stand in. */
  if (child->node.parent != NULL || jxs_arena_is_joined (self->arena, child->arena))
    child = copy_tree (self->arena, child);
  else
    jxs_arena_join (self->arena, child->arena);
  jxs_element_append_node (self, &child->node);
}

/**
 * jxs_element_append:
 * @self: an element
 * @name: the local name of the child
 * @namespace_uri: (nullable): its namespace, "" for none, or %NULL for that of @self
 *
 * Creates a child element after everything inside @self.
 *
 * Returns: (transfer none): the child
 *
 * Since: 1.0
 */
JxsElement *
jxs_element_append (JxsElement *self, const char *name, const char *namespace_uri)
{
  JxsElement *child;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  child =
      jxs_element_new_in_arena (self->arena,
                                copy_name (self->arena, name),
                                namespace_uri != NULL ? copy_namespace (self->arena, namespace_uri)
                                                      : self->namespace_uri);
  jxs_element_append_node (self, &child->node);
  return child;
}

/**
 * jxs_element_to_string:
 * @self: an element
 *
 * Writes @self as an XML document of its own, without an XML declaration.
 *
 * What XML cannot carry is replaced: characters by U+FFFD, those of names by `_`. Attributes
 * without a valid name are left out.
 *
 * Returns: (transfer full): the XML
 *
 * Since: 1.0
 */
char *
jxs_element_to_string (JxsElement *self)
{
  GString *out;

  g_return_val_if_fail (self != NULL, NULL);

  out = g_string_new (NULL);
  jxs_xml_write_element (out, self, NULL, FALSE);
  return g_string_free (out, FALSE);
}

/**
 * jxs_element_equal:
 * @self: an element
 * @other: another element
 *
 * Compares names, namespaces, attributes in any order, and what stands inside in its order.
 *
 * Returns: whether both mean the same
 *
 * Since: 1.0
 */
gboolean
jxs_element_equal (JxsElement *self, JxsElement *other)
{
  JxsNode *a;
  JxsNode *b;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (other != NULL, FALSE);

  a = &self->node;
  b = &other->node;
  while (a != NULL && b != NULL)
    {
      if (!nodes_equal (a, b))
        return FALSE;
      /* Where one list ends the other must, or equal sequences could have different shapes. */
      if (a != &self->node && (a->next == NULL) != (b->next == NULL))
        return FALSE;
      a = jxs_node_next (a, self);
      b = jxs_node_next (b, other);
    }
  return a == b;
}

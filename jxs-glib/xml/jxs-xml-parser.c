/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/xml/jxs-xml-parser-private.h>

#include <expat.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element-private.h>
#include <jxs-glib/xml/jxs-names-private.h>
#include <jxs-glib/xml/jxs-xml-writer-private.h>

/* Between namespace and name in what expat reports: no character of XML. */
#define SEPARATOR '\x1f'
/* Room for most stanzas without a second allocation. */
#define ARENA_SIZE 2000
/* Names remembered with their namespace, and how long they may be; must be a power of two. */
#define N_NAMES 64
#define MAX_NAME_LENGTH 128
/* expat keeps every name it ever saw. After this many octets it is made anew between two stanzas;
 * stops memory exhaustion by ever new names. */
#define RENEW_BYTES (256 * 1024)
/* Octets of an attribute that a pruned stanza keeps: those that matter hold addresses and ids. */
#define KEPT_VALUE_BYTES 4096

const JxsXmlLimits jxs_xml_default_limits = {
  .max_bytes = 256 * 1024,
  .max_depth = 64,
  .max_attributes = 64,
  .max_children = 4096,
};

/* A name as expat reports it, taken apart. */
typedef struct
{
  char *expanded; /* (nullable) (owned) */
  gsize length;
  const char *name;          /* inside expanded, or static */
  const char *namespace_uri; /* (nullable) static or own_namespace */
  char *own_namespace;       /* (nullable) (owned) */
  gboolean name_is_static;
} Name;

struct _JxsXmlParser
{
  XML_Parser expat; /* (owned) */
  JxsXmlLimits limits;
  JxsXmlParserFuncs funcs;
  gpointer user_data;

  gboolean is_document; /* the root is reported as a whole, with its end tag */
  gboolean feeding;
  gboolean stopped; /* no further callback */
  gboolean freed;   /* as soon as feed returns */
  GError *error;    /* (nullable) (owned) why the input was refused */

  /* Octets since the start of the stream. */
  guint64 fed;      /* passed to expat */
  guint64 finished; /* before the unfinished stanza */
  guint64 ended;    /* behind the last one, white space not counted */
  guint64 origin;   /* where the input of this expat parser began */
  guint64 renewed;  /* finished when expat was made */

  guint64 unfinished;     /* octets of the last token fed, if it is unfinished */
  gboolean has_long_tags; /* perhaps: what is being parsed is long enough for them */

  char *root_tag; /* (nullable) (owned) for a new expat parser: declares the root's prefixes */
  gsize root_tag_length;
  gboolean replaying;      /* root_tag */
  char *default_namespace; /* (nullable) (owned) of the root */

  JxsArena *arena;     /* (nullable) (owned) of the stanza, or for the next one */
  JxsElement *current; /* (nullable) in arena: the innermost open element of the stanza */
  guint depth;         /* open elements, root included */
  guint n_children;    /* of the stanza */
  JxsElement *pruned;  /* (nullable) (owned) what is reported of the stanza, the rest is skipped */

  Name names[N_NAMES + 1]; /* the last one is for names too long to remember */
};

static void
refuse (JxsXmlParser *self, JxsStreamError code, const char *message)
{
  if (self->error == NULL && !self->stopped)
    self->error = g_error_new_literal (JXS_STREAM_ERROR, code, message);
  self->stopped = TRUE;
  XML_StopParser (self->expat, XML_FALSE);
}

/* format holds one %lu for the limit. */
static void
refuse_beyond (JxsXmlParser *self, const char *format, gsize limit)
{
  g_autofree char *message = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  message = g_strdup_printf (format, (unsigned long) limit);
#pragma GCC diagnostic pop
  refuse (self, JXS_STREAM_ERROR_POLICY_VIOLATION, message);
}

/* Octets before the token that is being reported, or before the unfinished one after a feed. */
static guint64
get_position (JxsXmlParser *self)
{
  return self->origin + (guint64) XML_GetCurrentByteIndex (self->expat);
}

static guint64
get_token_end (JxsXmlParser *self)
{
  return get_position (self) + (guint64) XML_GetCurrentByteCount (self->expat);
}

/* From here on nothing of the stanza is kept. */
static void
prune (JxsXmlParser *self)
{
  const JxsElement *stanza = self->current;

  while (stanza->node.parent != NULL)
    stanza = stanza->node.parent;
  self->pruned = jxs_element_new (stanza->name, stanza->namespace_uri);
  for (const JxsAttribute *a = stanza->attributes; a != NULL; a = a->next)
    if (strlen (a->value) <= KEPT_VALUE_BYTES)
      jxs_element_set_attribute_ns (self->pruned, a->name, a->namespace_uri, a->value);
  self->current = NULL;
  self->arena = jxs_arena_recycle (self->arena);
}

/* format as for refuse_beyond(). */
static void
exceed (JxsXmlParser *self, const char *format, gsize limit)
{
  if (self->limits.prune && self->current != NULL)
    prune (self);
  else
    refuse_beyond (self, format, limit);
}

static void
exceed_tag (JxsXmlParser *self)
{
  exceed (self, _ ("An XML tag is longer than %lu bytes"), JXS_XML_MAX_TAG_BYTES);
}

/* The tag that is being reported. */
static gboolean
is_long_tag (JxsXmlParser *self)
{
  return self->has_long_tags && XML_GetCurrentByteCount (self->expat) > JXS_XML_MAX_TAG_BYTES;
}

static void
name_clear (Name *name)
{
  g_free (name->expanded);
  g_free (name->own_namespace);
}

/* Most names come again and again: the hash and one comparison find them taken apart. */
static const Name *
resolve_name (JxsXmlParser *self, const char *expanded)
{
  gsize length = strlen (expanded);
  Name *name = &self->names[N_NAMES];
  const char *separator;
  const char *common;

  if (length <= MAX_NAME_LENGTH)
    {
      name = &self->names[jxs_names_hash (expanded, length) % N_NAMES];
      if (name->length == length && name->expanded != NULL &&
          memcmp (name->expanded, expanded, length) == 0)
        return name;
    }

  name_clear (name);
  *name = (Name){ .expanded = g_strndup (expanded, length), .length = length };
  name->name = name->expanded;

  separator = strrchr (name->expanded, SEPARATOR);
  if (separator != NULL)
    {
      gsize namespace_length = (gsize) (separator - name->expanded);

      name->namespace_uri = jxs_names_lookup (name->expanded, namespace_length);
      if (name->namespace_uri == NULL)
        name->namespace_uri = name->own_namespace = g_strndup (name->expanded, namespace_length);
      name->name = separator + 1;
    }

  common = jxs_names_lookup (name->name, strlen (name->name));
  if (common != NULL)
    {
      name->name = common;
      name->name_is_static = TRUE;
    }
  return name;
}

static const char *
copy_name (JxsArena *arena, const Name *name)
{
  if (name->name_is_static)
    return name->name;
  return jxs_arena_strndup (arena, name->name, strlen (name->name));
}

/* Children mostly are in the namespace of their parent. */
static const char *
copy_namespace (JxsArena *arena, const Name *name, const char *parent_namespace)
{
  if (name->own_namespace == NULL)
    return name->namespace_uri;
  if (jxs_names_equal (name->own_namespace, parent_namespace))
    return parent_namespace;
  return jxs_arena_strndup (arena, name->own_namespace, strlen (name->own_namespace));
}

/* With as many attributes as are allowed. */
static JxsElement *
create_element (JxsXmlParser *self, const char *expanded, const char **pairs, gboolean *too_many)
{
  const Name *name = resolve_name (self, expanded);
  const char *parent_namespace = self->current != NULL ? self->current->namespace_uri : NULL;
  JxsElement *element;
  JxsAttribute **tail;
  guint n = 0;

  if (self->arena == NULL)
    self->arena = jxs_arena_new (ARENA_SIZE);
  element = jxs_element_new_in_arena (self->arena,
                                      copy_name (self->arena, name),
                                      copy_namespace (self->arena, name, parent_namespace));

  tail = &element->attributes;
  for (; *pairs != NULL; pairs += 2)
    {
      JxsAttribute *attribute;

      if (++n > self->limits.max_attributes)
        {
          *too_many = TRUE;
          break;
        }
      attribute = jxs_arena_alloc (self->arena, sizeof (JxsAttribute));
      name = resolve_name (self, pairs[0]);
      attribute->next = NULL;
      attribute->name = copy_name (self->arena, name);
      attribute->namespace_uri = copy_namespace (self->arena, name, NULL);
      attribute->value = jxs_arena_strndup (self->arena, pairs[1], strlen (pairs[1]));
      *tail = attribute;
      tail = &attribute->next;
    }
  return element;
}

static void
exceed_attributes (JxsXmlParser *self)
{
  exceed (self, _ ("An XML element has more than %lu attributes"), self->limits.max_attributes);
}

static void
remember_root_tag (JxsXmlParser *self)
{
  int offset = 0;
  int size = 0;
  const char *buffer = XML_GetInputContext (self->expat, &offset, &size);

  self->root_tag_length = (gsize) XML_GetCurrentByteCount (self->expat);
  self->root_tag = g_memdup2 (buffer + offset, self->root_tag_length);
  XML_SetNamespaceDeclHandler (self->expat, NULL, NULL);
}

static void
start_root (JxsXmlParser *self, const char *expanded, const char **pairs)
{
  gboolean too_many = FALSE;
  JxsElement *root;

  if (self->replaying)
    return;

  root = create_element (self, expanded, pairs, &too_many);
  if (too_many)
    {
      exceed_attributes (self);
      return;
    }
  remember_root_tag (self);
  self->finished = get_token_end (self);
  if (self->funcs.stream_start != NULL)
    self->funcs.stream_start (root, self->default_namespace, self->user_data);
  self->arena = jxs_arena_recycle (self->arena);
}

static void XMLCALL
start_element (void *user_data, const XML_Char *expanded, const XML_Char **pairs)
{
  JxsXmlParser *self = user_data;
  gboolean too_many = FALSE;
  gboolean long_tag;
  JxsElement *element;
  guint level; /* in the stanza, 0 for the root of a stream */

  if (self->stopped)
    return;

  self->depth++;
  if (self->pruned != NULL)
    return;
  long_tag = is_long_tag (self);
  level = self->depth - (self->is_document ? 0 : 1);
  if (level == 0)
    {
      if (long_tag)
        exceed_tag (self);
      else
        start_root (self, expanded, pairs);
      return;
    }
  if (level > self->limits.max_depth)
    {
      exceed (self, _ ("XML elements are nested more than %lu deep"), self->limits.max_depth);
      return;
    }
  if (level > 1 && ++self->n_children > self->limits.max_children)
    {
      exceed (self, _ ("A stanza holds more than %lu elements"), self->limits.max_children);
      return;
    }

  element = create_element (self, expanded, pairs, &too_many);
  if (self->current != NULL)
    jxs_element_append_node (self->current, &element->node);
  self->current = element;
  if (long_tag)
    exceed_tag (self);
  else if (too_many)
    exceed_attributes (self);
  else if (level == 1 && self->limits.prune &&
           get_token_end (self) - self->finished > self->limits.max_bytes)
    prune (self);
}

static void
end_stanza (JxsXmlParser *self, JxsElement *stanza)
{
  self->current = NULL;
  self->n_children = 0;
  self->finished = get_token_end (self);
  self->ended = self->finished;
  if (self->funcs.element != NULL)
    self->funcs.element (stanza, self->user_data);
  self->arena = jxs_arena_recycle (self->arena);

  if (!self->stopped && self->root_tag != NULL && self->finished - self->renewed >= RENEW_BYTES)
    XML_StopParser (self->expat, XML_TRUE);
}

static void XMLCALL
end_element (void *user_data, const XML_Char *expanded)
{
  JxsXmlParser *self = user_data;

  if (self->stopped)
    return;

  self->depth--;
  if (self->pruned != NULL)
    {
      g_autoptr (JxsElement) stanza = NULL;

      if (self->depth > 1)
        return;
      stanza = g_steal_pointer (&self->pruned);
      end_stanza (self, stanza);
    }
  else if (is_long_tag (self))
    exceed_tag (self);
  else if (self->current == NULL)
    {
      self->stopped = TRUE;
      self->finished = get_token_end (self);
      XML_StopParser (self->expat, XML_FALSE);
      if (self->funcs.stream_end != NULL)
        self->funcs.stream_end (self->user_data);
    }
  else if (self->current->node.parent != NULL)
    self->current = self->current->node.parent;
  else
    end_stanza (self, self->current);
}

static gboolean
is_whitespace (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if (text[i] != ' ' && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
        return FALSE;
    }
  return TRUE;
}

static void XMLCALL
character_data (void *user_data, const XML_Char *text, int length)
{
  JxsXmlParser *self = user_data;

  if (self->stopped || self->pruned != NULL)
    return;

  if (self->current != NULL)
    jxs_element_append_text (self->current, text, (gsize) length);
  else if (is_whitespace (text, (gsize) length))
    self->finished = get_token_end (self); /* keepalives (RFC 6120 §4.6.1) must not add up */
  else
    refuse (self, JXS_STREAM_ERROR_BAD_FORMAT, _ ("There is text between stanzas"));
}

static void XMLCALL
start_namespace (void *user_data, const XML_Char *prefix, const XML_Char *uri)
{
  JxsXmlParser *self = user_data;

  if (prefix == NULL && self->default_namespace == NULL)
    self->default_namespace = g_strdup (uri);
}

static void XMLCALL
comment (void *user_data, const XML_Char *text)
{
  refuse (user_data, JXS_STREAM_ERROR_RESTRICTED_XML, _ ("XML comments are not allowed"));
}

static void XMLCALL
processing_instruction (void *user_data, const XML_Char *target, const XML_Char *text)
{
  refuse (user_data,
          JXS_STREAM_ERROR_RESTRICTED_XML,
          _ ("XML processing instructions are not allowed"));
}

static void XMLCALL
start_doctype (void *user_data,
               const XML_Char *name,
               const XML_Char *system_id,
               const XML_Char *public_id,
               int has_internal_subset)
{
  refuse (user_data,
          JXS_STREAM_ERROR_RESTRICTED_XML,
          _ ("XML document type declarations are not allowed"));
}

static void XMLCALL
xml_declaration (void *user_data, const XML_Char *version, const XML_Char *encoding, int standalone)
{
  JxsXmlParser *self = user_data;

  /* Only XML 1.0 exists for XMPP (RFC 6120 §11.5), only UTF-8 (§11.6). */
  if (version != NULL && strcmp (version, "1.0") != 0)
    refuse (self, JXS_STREAM_ERROR_UNSUPPORTED_VERSION, _ ("Only XML version 1.0 is supported"));
  else if (encoding != NULL && g_ascii_strcasecmp (encoding, "UTF-8") != 0)
    refuse (self,
            JXS_STREAM_ERROR_UNSUPPORTED_ENCODING,
            _ ("Only the encoding UTF-8 is supported"));
}

static void
create_expat (JxsXmlParser *self)
{
  const XML_Char separator[] = { SEPARATOR, '\0' };

  /* Overrides what the document declares: that is checked in xml_declaration(). */
  self->expat = XML_ParserCreateNS ("UTF-8", *separator);
  if (self->expat == NULL)
    g_error ("out of memory");
#if HAVE_REPARSE_DEFERRAL
  XML_SetReparseDeferralEnabled (self->expat, XML_FALSE);
#endif
  XML_SetUserData (self->expat, self);
  XML_SetElementHandler (self->expat, start_element, end_element);
  XML_SetCharacterDataHandler (self->expat, character_data);
  XML_SetCommentHandler (self->expat, comment);
  XML_SetProcessingInstructionHandler (self->expat, processing_instruction);
  XML_SetStartDoctypeDeclHandler (self->expat, start_doctype);
}

static void
renew_expat (JxsXmlParser *self)
{
  XML_ParserFree (self->expat);
  create_expat (self);

  self->depth = 0;
  self->replaying = TRUE;
  XML_Parse (self->expat, self->root_tag, (int) self->root_tag_length, XML_FALSE);
  self->replaying = FALSE;
  self->origin = self->finished - self->root_tag_length;
  self->renewed = self->finished;
}

static void
refuse_malformed (JxsXmlParser *self)
{
  enum XML_Error code = XML_GetErrorCode (self->expat);
  g_autofree char *message = NULL;

  switch (code)
    {
    case XML_ERROR_ABORTED: /* by ourselves */
      return;

    case XML_ERROR_UNDEFINED_ENTITY:
    case XML_ERROR_BINARY_ENTITY_REF:
    case XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF:
      refuse (self, JXS_STREAM_ERROR_RESTRICTED_XML, _ ("XML entities are not allowed"));
      return;

    case XML_ERROR_NO_MEMORY:
      refuse (self, JXS_STREAM_ERROR_RESOURCE_CONSTRAINT, _ ("Out of memory"));
      return;

    default:
      message = g_strdup_printf (_ ("XML is not well-formed: %s"), XML_ErrorString (code));
      refuse (self, JXS_STREAM_ERROR_NOT_WELL_FORMED, message);
    }
}

/* Passes a piece that stays within max_bytes. Returns how much of it is done with: less than length
 * only if expat was made anew before the rest. */
static gsize
feed_piece (JxsXmlParser *self, const char *data, gsize length)
{
  enum XML_Status status;

  self->fed += length;
  self->has_long_tags = self->unfinished + length > JXS_XML_MAX_TAG_BYTES;
  status = XML_Parse (self->expat, data, (int) length, XML_FALSE);
  if (status == XML_STATUS_ERROR)
    refuse_malformed (self);
  if (self->stopped)
    return length;

  if (status == XML_STATUS_SUSPENDED)
    {
      gsize rest = self->fed - self->finished;

      self->fed = self->finished;
      self->unfinished = 0;
      renew_expat (self);
      return length - rest;
    }

  self->unfinished = self->fed - get_position (self);
  if (self->unfinished > JXS_XML_MAX_TAG_BYTES && !self->limits.prune)
    exceed_tag (self);
  return length;
}

/* expat takes what begins like UTF-16 for that, whatever it was told. None of these octets can be
 * among the first two of a document in UTF-8. */
static gboolean
check_encoding (JxsXmlParser *self, const char *data, gsize length)
{
  for (gsize i = 0; i < length && self->fed + i < 2; i++)
    {
      if (data[i] == '\0' || data[i] == '\xfe' || data[i] == '\xff')
        {
          refuse (self,
                  JXS_STREAM_ERROR_UNSUPPORTED_ENCODING,
                  _ ("Only the encoding UTF-8 is supported"));
          return FALSE;
        }
    }
  return TRUE;
}

static void
feed_all (JxsXmlParser *self, const char *data, gsize length)
{
  if (!check_encoding (self, data, length))
    return;

  while (length > 0 && !self->stopped)
    {
      gsize pending = self->fed - self->finished;
      gsize limit = self->limits.max_bytes;
      gsize n;

      if (pending >= limit && self->limits.prune)
        {
          /* Before the first tag is complete there is nothing to prune; it is too long itself. */
          if (self->current != NULL)
            prune (self);
          limit = JXS_XML_PRUNED_MAX_BYTES;
        }
      if (pending >= limit)
        {
          refuse_beyond (self, _ ("A stanza is longer than %lu bytes"), limit);
          return;
        }
      n = MIN (length, limit - pending);
      n = feed_piece (self, data, MIN (n, G_MAXINT / 2));
      data += n;
      length -= n;
    }
}

static void
destroy (JxsXmlParser *self)
{
  XML_ParserFree (self->expat);
  for (gsize i = 0; i < G_N_ELEMENTS (self->names); i++)
    name_clear (&self->names[i]);
  g_clear_pointer (&self->arena, jxs_arena_unref);
  g_clear_pointer (&self->pruned, jxs_element_unref);
  g_clear_error (&self->error);
  g_free (self->root_tag);
  g_free (self->default_namespace);
  g_free (self);
}

JxsXmlParser *
jxs_xml_parser_new (const JxsXmlLimits *limits, const JxsXmlParserFuncs *funcs, gpointer user_data)
{
  JxsXmlParser *self = g_new0 (JxsXmlParser, 1);

  self->limits = limits != NULL ? *limits : jxs_xml_default_limits;
  self->funcs = *funcs;
  self->user_data = user_data;
  create_expat (self);
  XML_SetXmlDeclHandler (self->expat, xml_declaration);
  XML_SetNamespaceDeclHandler (self->expat, start_namespace, NULL);
  return self;
}

gboolean
jxs_xml_parser_feed (JxsXmlParser *self, const char *data, gsize length, GError **error)
{
  gboolean ok;

  g_return_val_if_fail (!self->feeding, FALSE);

  if (!self->stopped)
    {
      self->feeding = TRUE;
      feed_all (self, data, length);
      self->feeding = FALSE;
    }

  ok = self->error == NULL;
  if (!ok && error != NULL)
    *error = g_error_copy (self->error);
  if (self->freed)
    destroy (self);
  return ok;
}

void
jxs_xml_parser_stop (JxsXmlParser *self)
{
  self->stopped = TRUE;
  if (self->feeding)
    XML_StopParser (self->expat, XML_FALSE);
}

void
jxs_xml_parser_set_limits (JxsXmlParser *self, const JxsXmlLimits *limits)
{
  self->limits = *limits;
}

gboolean
jxs_xml_parser_is_idle (JxsXmlParser *self)
{
  return self->fed == self->finished;
}

gboolean
jxs_xml_parser_is_quiet (JxsXmlParser *self)
{
  return self->fed == self->ended;
}

void
jxs_xml_parser_free (JxsXmlParser *self)
{
  if (self->feeding)
    {
      self->freed = TRUE;
      jxs_xml_parser_stop (self);
    }
  else
    destroy (self);
}

static void
keep_element (JxsElement *element, gpointer user_data)
{
  JxsElement **result = user_data;

  *result = jxs_element_ref (element);
}

JxsElement *
jxs_xml_parse_document (const char *data, gsize length, const JxsXmlLimits *limits, GError **error)
{
  const JxsXmlParserFuncs funcs = { .element = keep_element };
  g_autoptr (JxsElement) element = NULL;
  g_autoptr (JxsXmlParser) parser = jxs_xml_parser_new (limits, &funcs, &element);

  parser->is_document = TRUE;
  if (!jxs_xml_parser_feed (parser, data, length, error))
    return NULL;

  if (XML_Parse (parser->expat, "", 0, XML_TRUE) != XML_STATUS_OK)
    {
      refuse_malformed (parser);
      g_propagate_error (error, g_steal_pointer (&parser->error));
      return NULL;
    }
  return g_steal_pointer (&element);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* What is beyond a limit is refused with policy-violation (RFC 6120 §13.12). */
typedef struct
{
  gsize max_bytes;      /* octets of one stanza, tags included, and of all before the first; default
                           256 KiB; stops memory exhaustion */
  guint max_depth;      /* nested elements, the stanza is 1; default 64; stops deep recursion */
  guint max_attributes; /* of one element; default 64; stops quadratic look-ups */
  guint max_children;   /* elements inside one stanza, however deep; default 4096; stops trees that
                           take many times the memory of their text */
  gboolean prune;       /* a stanza beyond the limits is reported with its short attributes only and
                           nothing inside, in place of the refusal: whoever passes on what others send
                           is not to blame for it. Ends at JXS_XML_PRUNED_MAX_BYTES. Not for documents */
} JxsXmlLimits;

extern const JxsXmlLimits jxs_xml_default_limits;

/* Octets of a stanza that is pruned; stops one without end from filling the memory in which expat
 * keeps names. Servers let stanzas of some 256 KiB pass, of which escaping makes six times that. */
#define JXS_XML_PRUNED_MAX_BYTES (4 * 1024 * 1024)

/* Octets of one tag, whatever the limits: expat looks at an unfinished tag again from its start
 * whenever a piece arrives; stops quadratic work. */
#define JXS_XML_MAX_TAG_BYTES (32 * 1024)

typedef struct _JxsXmlParser JxsXmlParser;

typedef struct
{
  /* The root's start tag, as an element without children (its attributes; namespace declarations
   * are not attributes: default_namespace is what xmlns= of the root declared, NULL if none). */
  void (*stream_start) (JxsElement *root, const char *default_namespace, gpointer user_data);
  /* A complete child of the root; the callee may keep a reference. */
  void (*element) (JxsElement *element, gpointer user_data);
  /* The root's end tag. Whatever follows it is ignored. */
  void (*stream_end) (gpointer user_data);
} JxsXmlParserFuncs;

/* An XML stream (RFC 6120): a root that stays open. limits NULL: the defaults. Any of funcs may be
 * NULL. */
JxsXmlParser *
jxs_xml_parser_new (const JxsXmlLimits *limits, const JxsXmlParserFuncs *funcs, gpointer user_data);
/* Feeds bytes. Callbacks run inside; they must not feed. FALSE with JXS_STREAM_ERROR when the input
 * is refused (RFC 6120 §11): the parser is then dead and refuses everything with the same error.
 * Elements complete in the bytes fed so far are always reported before it returns (expat's reparse
 * deferral does not delay them). */
gboolean jxs_xml_parser_feed (JxsXmlParser *self, const char *data, gsize length, GError **error);
/* From inside a callback: no further callback; bytes not parsed yet are dropped (stream restart);
 * feed returns TRUE. */
void jxs_xml_parser_stop (JxsXmlParser *self);
/* In force from the next bytes on. */
void jxs_xml_parser_set_limits (JxsXmlParser *self, const JxsXmlLimits *limits);
/* TRUE between stanzas: nothing of an unfinished one was fed. */
gboolean jxs_xml_parser_is_idle (JxsXmlParser *self);
/* TRUE right behind a stanza: not even white space was fed. */
gboolean jxs_xml_parser_is_quiet (JxsXmlParser *self);
/* May be called from inside a callback: takes effect afterwards. */
void jxs_xml_parser_free (JxsXmlParser *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsXmlParser, jxs_xml_parser_free)

/* One whole document to one element. */
JxsElement *
jxs_xml_parse_document (const char *data, gsize length, const JxsXmlLimits *limits, GError **error);

G_END_DECLS

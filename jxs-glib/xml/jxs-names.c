/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/xml/jxs-names-private.h>

#include <jxs-glib/xml/jxs-namespaces-private.h>

/* A power of two, several times the number of names. */
#define TABLE_SIZE 1024

/* A namespace or name missing here costs a copy, nothing else. */
static const char *const common_names[] = {
  JXS_NS_STREAMS,
  JXS_NS_CLIENT,
  JXS_NS_SERVER,
  JXS_NS_XML,
  JXS_NS_STREAM_ERRORS,
  JXS_NS_STANZA_ERRORS,
  JXS_NS_TLS,
  JXS_NS_SASL,
  JXS_NS_BIND,
  JXS_NS_SESSION,
  JXS_NS_PING,
  JXS_NS_DISCO_INFO,
  JXS_NS_DISCO_ITEMS,
  JXS_NS_JINGLE,
  JXS_NS_JINGLE_ERRORS,
  JXS_NS_XMLSTREAM,
  JXS_NS_PIPE,
  JXS_NS_IBB,
  JXS_NS_JINGLE_IBB,
  JXS_NS_XTLS,
  JXS_NS_HASHES,
  /* RFC 6120, RFC 6121 */
  "stream",
  "features",
  "error",
  "text",
  "message",
  "presence",
  "iq",
  "body",
  "subject",
  "thread",
  "show",
  "status",
  "priority",
  "from",
  "to",
  "id",
  "type",
  "lang",
  "version",
  "starttls",
  "proceed",
  "required",
  "mechanisms",
  "mechanism",
  "auth",
  "challenge",
  "response",
  "success",
  "failure",
  "bind",
  "jid",
  "resource",
  "session",
  "ping",
  "service-unavailable",
  "item-not-found",
  "bad-request",
  "feature-not-implemented",
  /* XEP-0030 */
  "query",
  "identity",
  "feature",
  "item",
  "var",
  "node",
  "category",
  "name",
  /* XEP-0166, XEP-0261, XEP-0047 */
  "jingle",
  "action",
  "initiator",
  "responder",
  "sid",
  "content",
  "creator",
  "senders",
  "disposition",
  "description",
  "transport",
  "security",
  "reason",
  "fingerprint",
  "method",
  "hash",
  "algo",
  "block-size",
  "stanza",
  "open",
  "close",
  "data",
  "seq",
};

G_STATIC_ASSERT (G_N_ELEMENTS (common_names) < TABLE_SIZE / 4);

typedef struct
{
  const char *name; /* (nullable) */
  gsize length;
} Entry;

static Entry *
build_table (void)
{
  static Entry table[TABLE_SIZE];

  for (gsize i = 0; i < G_N_ELEMENTS (common_names); i++)
    {
      gsize length = strlen (common_names[i]);
      guint slot = jxs_names_hash (common_names[i], length) % TABLE_SIZE;

      while (table[slot].name != NULL)
        slot = (slot + 1) % TABLE_SIZE;
      table[slot].name = common_names[i];
      table[slot].length = length;
    }
  return table;
}

const char *
jxs_names_lookup (const char *name, gsize length)
{
  static gsize initialized;
  const Entry *table;

  if (g_once_init_enter (&initialized))
    g_once_init_leave (&initialized, (gsize) build_table ());
  table = (const Entry *) initialized;

  for (guint slot = jxs_names_hash (name, length) % TABLE_SIZE; table[slot].name != NULL;
       slot = (slot + 1) % TABLE_SIZE)
    {
      if (table[slot].length == length && memcmp (table[slot].name, name, length) == 0)
        return table[slot].name;
    }
  return NULL;
}

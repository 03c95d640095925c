/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* The opening tag of a stream (RFC 6120 §4.7). */
typedef struct
{
  char *from; /* (nullable) */
  char *to;   /* (nullable) */
  char *id;   /* (nullable) */
  char *lang; /* (nullable): xml:lang */
  guint major;
  guint minor; /* version; 0.9 when the attribute is missing (RFC 6120 §4.7.5) */
} JxsStreamHeader;

/* default_namespace: what xmlns= of the root declared; is_response: it answers ours, so it cannot
 * name a higher version (RFC 6120 §4.7.5). Fails with the JXS_STREAM_ERROR to answer.
 * header is to be cleared in any case. */
gboolean jxs_stream_header_parse (JxsElement *root,
                                  const char *default_namespace,
                                  gboolean is_response,
                                  JxsStreamHeader *header,
                                  GError **error);
/* Whether the addresses, where there are any, are those of the peer and of us: full as they are or
 * bare (XEP-0246 §2 says bare, XEP-0247 §2 full). local (nullable): `to` does not matter. */
gboolean jxs_stream_header_check (const JxsStreamHeader *header,
                                  const JxsJid *local,
                                  const JxsJid *peer,
                                  GError **error);
/* The initiator's: local (nullable). */
void jxs_stream_header_init (JxsStreamHeader *header, const JxsJid *local, const JxsJid *peer);
/* The receiver's, with a fresh id: mirrors what the initiator sent. local (nullable); fallback
 * (nullable) is whom it goes to if the initiator did not say. */
void jxs_stream_header_init_response (JxsStreamHeader *header,
                                      const JxsStreamHeader *initial,
                                      const JxsJid *local,
                                      const JxsJid *fallback);
/* Whether stream features follow the headers. */
gboolean jxs_stream_header_has_features (const JxsStreamHeader *header);
/* Appends the tag; members that are NULL and a version before 1.0 are left
 * out (RFC 6120 §4.7.5). */
void jxs_stream_header_write (GString *out, const JxsStreamHeader *header);
void jxs_stream_header_clear (JxsStreamHeader *header);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsStreamHeader, jxs_stream_header_clear)

G_END_DECLS

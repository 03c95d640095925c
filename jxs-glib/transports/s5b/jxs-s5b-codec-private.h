/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-candidate.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* Elements of SOCKS5 bytestreams: XEP-0260 §2.2 to §2.4, §9; XEP-0065 §4, §6.3.5. Unknown
 * attributes and children are ignored. */

#define JXS_S5B_MAX_CANDIDATES 32 /* in one element and of one peer; stops floods of dialling */
#define JXS_S5B_MAX_TEXT 1023     /* bytes of a host, cid, sid */
#define JXS_S5B_DEFAULT_PORT 1080 /* XEP-0065 §9.2 */

typedef struct
{
  char *cid;        /* (owned) (nullable): of a streamhost */
  char *host;       /* (owned): an address in canonical form, without brackets and zone, or a domain
                       name in ASCII and lower case: equal hosts are equal strings */
  JxsJid *jid;      /* (owned) */
  guint32 priority; /* as the peer says it, 0 too */
  guint16 port;
  JxsCandidateKind kind;
} JxsS5bCandidate;

typedef enum
{
  JXS_S5B_INFO_NONE, /* an offer or an answer: candidates, maybe none */
  JXS_S5B_INFO_CANDIDATE_USED,
  JXS_S5B_INFO_CANDIDATE_ERROR,
  JXS_S5B_INFO_ACTIVATED,
  JXS_S5B_INFO_PROXY_ERROR,
} JxsS5bInfo;

/* A <transport/>: an offer, an answer, or what transport-info carries. Where candidates stand
 * beside a report, take them first: they were there when it was written. */
typedef struct
{
  const char *namespace_uri; /* (unowned): a literal */
  char *sid;                 /* (owned) */
  char *dstaddr;             /* (owned) (nullable): 1 to 255 printable characters */
  gboolean udp; /* mode is there and not "tcp": refuse the offer, ignore in an answer */
  JxsS5bInfo info;
  char *cid;             /* (owned) (nullable): of CANDIDATE_USED and ACTIVATED */
  GPtrArray *candidates; /* (owned) (element-type JxsS5bCandidate) */
} JxsS5bTransportElement;

/* Left out, and counted in n_dropped (out) (optional): candidates that lack an attribute or have
 * one that is malformed, those of an unknown type, duplicates of a cid or of host and port
 * (XEP-0260 §2.2), and what exceeds JXS_S5B_MAX_CANDIDATES. A dstaddr that SOCKS5 cannot carry
 * counts as none. Malformed as a whole is an element without sid, with two reports, or with a
 * report that needs a cid and has none: JXS_STANZA_ERROR_BAD_REQUEST. parsed is set only on
 * success. */
gboolean jxs_s5b_transport_element_parse (JxsElement *element,
                                          JxsS5bTransportElement *parsed,
                                          guint *n_dropped,
                                          GError **error);
JxsElement *jxs_s5b_transport_element_build (const JxsS5bTransportElement *self);
void jxs_s5b_transport_element_clear (JxsS5bTransportElement *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsS5bTransportElement, jxs_s5b_transport_element_clear)

JxsS5bCandidate *jxs_s5b_candidate_new (const char *cid,
                                        JxsCandidateKind kind,
                                        const char *host,
                                        guint16 port,
                                        JxsJid *jid,
                                        guint32 priority);
void jxs_s5b_candidate_free (JxsS5bCandidate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsS5bCandidate, jxs_s5b_candidate_free)

/* The canonical form of an address, without the brackets and the zone that some peers write around
 * IPv6, or of a domain name, in ASCII and lower case; NULL: it is neither. (transfer full) */
char *jxs_s5b_parse_host (const char *text);

/* 65536 * preference of the kind + local preference (XEP-0260 §2.2): 126, 120, 110, 10. */
guint32 jxs_s5b_priority (JxsCandidateKind kind, guint16 local_preference);
/* The DST.ADDR: lower-case hexadecimal SHA-1 of sid, first, second (XEP-0065 §5.3.2). (transfer
 * full) */
char *jxs_s5b_dst_addr (const char *sid, JxsJid *first, JxsJid *second);

/* <query xmlns='http://jabber.org/protocol/bytestreams'/> to a proxy, and its answer: at most
 * JXS_S5B_MAX_CANDIDATES (transfer full) (element-type JxsS5bCandidate), kind proxy, no cid,
 * priority 0, no two with the same host and port; empty if none is usable. */
JxsElement *jxs_s5b_query_build (void);
GPtrArray *jxs_s5b_query_parse (JxsElement *query, GError **error);
/* <query sid='…'><activate>peer</activate></query> */
JxsElement *jxs_s5b_activate_build (const char *sid, JxsJid *peer);

G_END_DECLS

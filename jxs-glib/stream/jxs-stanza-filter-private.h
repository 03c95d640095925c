/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* What a stream does with a stanza that arrives, before the application sees it. */
typedef enum
{
  JXS_STANZA_VERDICT_PASS,
  JXS_STANZA_VERDICT_REFUSE, /* to be answered with the error */
  JXS_STANZA_VERDICT_DROP,   /* to be forgotten: it must not be answered */
} JxsStanzaVerdict;

/* Between two clients: whoever a stanza says it is from, it is from the authenticated peer, and
 * what is not for us is not passed on (XEP-0246 §4). */
JxsStanzaVerdict jxs_stanza_filter_addresses (JxsElement *stanza,
                                              const JxsJid *local,
                                              const JxsJid *peer,
                                              GError **error);
/* An IQ has a type and an id, a request exactly one child (RFC 6120 §8.2.3). */
JxsStanzaVerdict jxs_stanza_filter_iq (JxsElement *stanza, GError **error);
/* Whether it is an IQ that wants an answer. */
gboolean jxs_stanza_is_request (JxsElement *stanza);

G_END_DECLS

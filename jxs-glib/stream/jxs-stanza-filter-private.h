/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* What a stream does with a stanza that arrives, before and after the application sees it. */
typedef enum
{
  JXS_STANZA_VERDICT_PASS,
  JXS_STANZA_VERDICT_REFUSE, /* it is to be answered with the reply */
  JXS_STANZA_VERDICT_DROP,   /* it must not be answered */
} JxsStanzaVerdict;

/* Between two clients, where local and peer are given: whoever a stanza says it is from, it is from
 * the authenticated peer, and what is not for us is not passed on (XEP-0246 §4). An IQ has a type
 * and an id, a request exactly one child (RFC 6120 §8.2.3). lang (nullable) is the language of
 * messages and presence that name none (§4.7.4). reply: (transfer full). */
JxsStanzaVerdict jxs_stanza_filter (JxsElement *stanza,
                                    const JxsJid *local,
                                    const JxsJid *peer,
                                    const char *lang,
                                    JxsElement **reply);
/* The answer to a stanza that nobody handled: service-unavailable (RFC 6120 §8.4) or, if pings are
 * answered, a pong (XEP-0199); NULL if it needs none. (transfer full) (nullable) */
JxsElement *jxs_stanza_filter_unhandled (JxsElement *stanza, gboolean answer_pings);
/* Whether features (nullable), our own, say that something has to come before element (nullable): a
 * stanza while encryption or authentication is on offer (RFC 6120 §4.3.5). */
gboolean jxs_stanza_filter_bars (JxsElement *features, JxsElement *element);
/* Whether it is an IQ that wants an answer. */
gboolean jxs_stanza_is_request (JxsElement *stanza);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/stream/jxs-sasl-exchange-private.h>

G_BEGIN_DECLS

/* What a client makes of the SASL of a server (RFC 6120 §6). */

/* The best mechanism in these stream features, or NULL if we speak none of them. encrypted: the
 * connection is, and the server is authenticated; binding: what we can compute on it. PLAIN, which
 * shows the password, is taken only over such a connection and only if it alone is offered.
 * use (out): the binding to give the exchange: part of it for a -PLUS mechanism; for another one it
 * lets the server notice that somebody took its -PLUS mechanisms off the list (RFC 5802 §6). */
const char *jxs_sasl_choose (JxsElement *features,
                             gboolean encrypted,
                             JxsSaslBinding binding,
                             JxsSaslBinding *use);
/* What <failure/> says, about the account jid. */
GError *jxs_sasl_parse_failure (JxsElement *failure, const char *jid);

G_END_DECLS

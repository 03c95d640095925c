/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* The client's side of a SASL negotiation (RFC 6120 §6): which mechanism, and the exchange itself.
 */

#define JXS_SASL_MAX_ITERATIONS                                                                    \
  500000 /* of a SCRAM server, half a second; stops one that would keep us computing for hours */

/* Channel bindings (RFC 5929, RFC 9266). */
typedef enum
{
  JXS_SASL_BINDING_NONE,
  JXS_SASL_BINDING_TLS_UNIQUE,
  JXS_SASL_BINDING_TLS_EXPORTER,
} JxsSaslBinding;

/* The best mechanism in these stream features, or NULL if we speak none of them. encrypted: the
 * connection is, and the server is authenticated; binding: what we can compute on it. PLAIN, which
 * shows the password, is taken only over such a connection and only if it alone is offered.
 * use (out): the binding to pass to jxs_sasl_new(): part of the exchange for a -PLUS mechanism; for
 * another one it lets the server notice that somebody took its -PLUS mechanisms off the list (RFC
 * 5802 §6). */
const char *jxs_sasl_choose (JxsElement *features,
                             gboolean encrypted,
                             JxsSaslBinding binding,
                             JxsSaslBinding *use);

typedef struct _JxsSasl JxsSasl;

/* binding_data (nullable): the bytes of the binding. */
JxsSasl *jxs_sasl_new (const char *mechanism,
                       const char *username,
                       const char *password,
                       JxsSaslBinding binding,
                       GBytes *binding_data);
/* All text is base64, with "=" for nothing where RFC 6120 §6.4.2 says so. _step() and _finish() may
 * compute for JXS_SASL_MAX_ITERATIONS, in any thread. */
gboolean jxs_sasl_start (JxsSasl *self, char **initial_response, GError **error);
gboolean jxs_sasl_step (JxsSasl *self, const char *challenge, char **response, GError **error);
/* The server says that it is content; FALSE if it did not prove that it knows the password, for
 * mechanisms in which it has to. */
gboolean jxs_sasl_finish (JxsSasl *self, const char *additional_data, GError **error);
void jxs_sasl_free (JxsSasl *self);

/* What <failure/> says, about the account jid. */
GError *jxs_sasl_parse_failure (JxsElement *failure, const char *jid);

/* Overwrites and frees a password. */
void jxs_sasl_wipe (char **secret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsSasl, jxs_sasl_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* One SASL exchange (RFC 6120 §6), of either side. */

#define JXS_SASL_MAX_ITERATIONS                                                                    \
  500000 /* of a SCRAM server, half a second; stops one that would keep us computing for hours */

/* The conditions of <failure/> (RFC 6120 §6.5), as codes of an error domain of our own. */
typedef enum
{
  JXS_SASL_ERROR_ABORTED,
  JXS_SASL_ERROR_ACCOUNT_DISABLED,
  JXS_SASL_ERROR_CREDENTIALS_EXPIRED,
  JXS_SASL_ERROR_ENCRYPTION_REQUIRED,
  JXS_SASL_ERROR_INCORRECT_ENCODING,
  JXS_SASL_ERROR_INVALID_AUTHZID,
  JXS_SASL_ERROR_INVALID_MECHANISM,
  JXS_SASL_ERROR_MALFORMED_REQUEST,
  JXS_SASL_ERROR_MECHANISM_TOO_WEAK,
  JXS_SASL_ERROR_NOT_AUTHORIZED,
  JXS_SASL_ERROR_TEMPORARY_AUTH_FAILURE,
  JXS_SASL_N_ERRORS,
} JxsSaslError;

#define JXS_SASL_ERROR (jxs_sasl_error_quark ())
GQuark jxs_sasl_error_quark (void);
/* (transfer full) */
JxsElement *jxs_sasl_failure_build (JxsSaslError condition);
/* What the peer says; JXS_SASL_N_ERRORS for a condition not known here. text (out) (optional): its
 * text, or the name of the condition, fit to be shown. */
JxsSaslError jxs_sasl_failure_parse (JxsElement *failure, char **text);

/* Channel bindings (RFC 5929, RFC 9266). */
typedef enum
{
  JXS_SASL_BINDING_NONE,
  JXS_SASL_BINDING_TLS_UNIQUE,
  JXS_SASL_BINDING_TLS_EXPORTER,
} JxsSaslBinding;

/* All copied. */
typedef struct
{
  const char *mechanism;
  const char *username; /* (nullable): SCRAM, PLAIN: of the client; the server accepts no other */
  const char *password; /* (nullable): likewise */
  JxsSaslBinding binding;
  GBytes *binding_data; /* (nullable): the bytes of the binding */
} JxsSaslParams;

typedef struct _JxsSaslExchange JxsSaslExchange;

JxsSaslExchange *jxs_sasl_exchange_new_client (const JxsSaslParams *params);
JxsSaslExchange *jxs_sasl_exchange_new_server (const JxsSaslParams *params);
JxsSaslExchange *jxs_sasl_exchange_ref (JxsSaslExchange *self);
void jxs_sasl_exchange_unref (JxsSaslExchange *self);
const char *jxs_sasl_exchange_get_mechanism (JxsSaslExchange *self);

/* All text is base64, with "=" for nothing where RFC 6120 §6.4.2 says so; it may be a password: to
 * be wiped. */

/* The client's first word. */
gboolean jxs_sasl_exchange_start (JxsSaslExchange *self, char **initial_response, GError **error);
/* A challenge or a response and the answer to it; the server's first input may be "" for no initial
 * response. Server's errors are JXS_SASL_ERROR. May compute for JXS_SASL_MAX_ITERATIONS, in any
 * thread. */
gboolean
jxs_sasl_exchange_step (JxsSaslExchange *self, const char *input, char **output, GError **error);
/* The server says that it is content; FALSE if it did not prove that it knows the password, for
 * mechanisms in which it has to. */
gboolean
jxs_sasl_exchange_finish (JxsSaslExchange *self, const char *additional_data, GError **error);
/* Of a server: the client proved what it had to; output of the last step goes with <success/>. */
gboolean jxs_sasl_exchange_is_done (JxsSaslExchange *self);
/* Whom a done server's client wants to act as; "": whoever it is. */
const char *jxs_sasl_exchange_get_authzid (JxsSaslExchange *self);

/* _step(), or with last _finish(), where it keeps nobody waiting. Nothing else may be called
 * meanwhile. */
void jxs_sasl_exchange_step_async (JxsSaslExchange *self,
                                   const char *input,
                                   gboolean last,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
/* output (out) (nullable): NULL after last */
gboolean jxs_sasl_exchange_step_finish (GAsyncResult *result, char **output, GError **error);

/* Overwrites and frees a secret. */
void jxs_sasl_wipe (char **secret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsSaslExchange, jxs_sasl_exchange_unref)

G_END_DECLS

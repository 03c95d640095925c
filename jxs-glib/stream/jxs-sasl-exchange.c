/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-sasl-exchange-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gsasl.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsSaslExchange
{
  gatomicrefcount refs;
  gboolean server;
  Gsasl *context;         /* (owned) (nullable) */
  Gsasl_session *session; /* (owned) (nullable) */
  const char *mechanism;  /* static */
  char *username;         /* (owned) (nullable) */
  char *password;         /* (owned) (nullable): wiped once the session has it */
  JxsSaslBinding binding;
  char *binding_data; /* (owned) (nullable): base64 */
  gboolean done;      /* nothing is left to prove on either side */
};

/* ---- failures ---- */

static const char *const conditions[JXS_SASL_N_ERRORS] = {
  [JXS_SASL_ERROR_ABORTED] = "aborted",
  [JXS_SASL_ERROR_ACCOUNT_DISABLED] = "account-disabled",
  [JXS_SASL_ERROR_CREDENTIALS_EXPIRED] = "credentials-expired",
  [JXS_SASL_ERROR_ENCRYPTION_REQUIRED] = "encryption-required",
  [JXS_SASL_ERROR_INCORRECT_ENCODING] = "incorrect-encoding",
  [JXS_SASL_ERROR_INVALID_AUTHZID] = "invalid-authzid",
  [JXS_SASL_ERROR_INVALID_MECHANISM] = "invalid-mechanism",
  [JXS_SASL_ERROR_MALFORMED_REQUEST] = "malformed-request",
  [JXS_SASL_ERROR_MECHANISM_TOO_WEAK] = "mechanism-too-weak",
  [JXS_SASL_ERROR_NOT_AUTHORIZED] = "not-authorized",
  [JXS_SASL_ERROR_TEMPORARY_AUTH_FAILURE] = "temporary-auth-failure",
};

G_DEFINE_QUARK (jxs_sasl_error, jxs_sasl_error)

JxsElement *
jxs_sasl_failure_build (JxsSaslError condition)
{
  JxsElement *failure = jxs_element_new ("failure", JXS_NS_SASL);

  jxs_element_append (failure, conditions[condition], NULL);
  return failure;
}

JxsSaslError
jxs_sasl_failure_parse (JxsElement *failure, char **text)
{
  JxsElement *text_element = jxs_element_find_child (failure, "text", JXS_NS_SASL);
  JxsSaslError condition = JXS_SASL_N_ERRORS;
  const char *name = NULL;

  for (JxsElement *child = jxs_element_get_first_child (failure); child != NULL && name == NULL;
       child = jxs_element_get_next_sibling (child))
    if (g_strcmp0 (jxs_element_get_namespace (child), JXS_NS_SASL) == 0 && child != text_element)
      name = jxs_element_get_name (child);
  for (guint i = 0; i < JXS_SASL_N_ERRORS; i++)
    if (g_strcmp0 (name, conditions[i]) == 0)
      condition = i;

  if (text != NULL && text_element != NULL && *jxs_element_get_text (text_element) != '\0')
    *text = jxs_log_sanitize (jxs_element_get_text (text_element), 200);
  else if (text != NULL)
    *text = jxs_log_sanitize (name != NULL ? name : "failure", 64);
  return condition;
}

static JxsSaslError
condition_from_code (int code)
{
  switch (code)
    {
    case GSASL_BASE64_ERROR:
      return JXS_SASL_ERROR_INCORRECT_ENCODING;
    case GSASL_MECHANISM_PARSE_ERROR:
    case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
    case GSASL_SASLPREP_ERROR:
      return JXS_SASL_ERROR_MALFORMED_REQUEST;
    case GSASL_MALLOC_ERROR:
    case GSASL_CRYPTO_ERROR:
      return JXS_SASL_ERROR_TEMPORARY_AUTH_FAILURE;
    case GSASL_UNKNOWN_MECHANISM:
      return JXS_SASL_ERROR_INVALID_MECHANISM;
    default:
      return JXS_SASL_ERROR_NOT_AUTHORIZED;
    }
}

static gboolean
set_error (JxsSaslExchange *self, int code, GError **error)
{
  if (self->server)
    g_set_error_literal (error, JXS_SASL_ERROR, condition_from_code (code), gsasl_strerror (code));
  else
    g_set_error (error,
                 JXS_ERROR,
                 JXS_ERROR_AUTHENTICATION,
                 _ ("Authentication failed: %s"),
                 gsasl_strerror (code));
  return FALSE;
}

/* ---- the exchange ---- */

void
jxs_sasl_wipe (char **secret)
{
  if (*secret != NULL)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

static void
clear_session (JxsSaslExchange *self)
{
  char *password;

  if (self->session == NULL)
    return;
  /* libgsasl frees its copy as it is. */
  password = (char *) gsasl_property_fast (self->session, GSASL_PASSWORD);
  if (password != NULL)
    explicit_bzero (password, strlen (password));
  g_clear_pointer (&self->session, gsasl_finish);
}

static JxsSaslExchange *
new_exchange (gboolean server, const JxsSaslParams *params)
{
  JxsSaslExchange *self = g_new0 (JxsSaslExchange, 1);

  g_atomic_ref_count_init (&self->refs);
  self->server = server;
  self->mechanism = g_intern_string (params->mechanism);
  self->username = g_strdup (params->username);
  self->password = g_strdup (params->password);
  if (params->binding_data != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (params->binding_data, &size);

      self->binding = params->binding;
      self->binding_data = g_base64_encode (data, size);
    }
  return self;
}

JxsSaslExchange *
jxs_sasl_exchange_new_client (const JxsSaslParams *params)
{
  return new_exchange (FALSE, params);
}

JxsSaslExchange *
jxs_sasl_exchange_new_server (const JxsSaslParams *params)
{
  return new_exchange (TRUE, params);
}

JxsSaslExchange *
jxs_sasl_exchange_ref (JxsSaslExchange *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
jxs_sasl_exchange_unref (JxsSaslExchange *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  clear_session (self);
  jxs_sasl_wipe (&self->password);
  g_clear_pointer (&self->context, gsasl_done);
  g_free (self->username);
  g_free (self->binding_data);
  g_free (self);
}

const char *
jxs_sasl_exchange_get_mechanism (JxsSaslExchange *self)
{
  return self->mechanism;
}

/* What a server has to know about the client. */
static int
answer_server (Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
  JxsSaslExchange *self = gsasl_session_hook_get (session);

  switch (property)
    {
    case GSASL_PASSWORD:
      if (self->password == NULL ||
          g_strcmp0 (gsasl_property_fast (session, GSASL_AUTHID), self->username) != 0)
        return GSASL_AUTHENTICATION_ERROR;
      gsasl_property_set (session, GSASL_PASSWORD, self->password);
      jxs_sasl_wipe (&self->password);
      return GSASL_OK;
    case GSASL_VALIDATE_EXTERNAL:
      /* TLS has shown who it is; whether it may be called so is asked later. */
      return GSASL_OK;
    default:
      return GSASL_NO_CALLBACK;
    }
}

static int
begin (JxsSaslExchange *self, gboolean with_binding)
{
  int code;

  clear_session (self);
  if (self->context == NULL && (code = gsasl_init (&self->context)) != GSASL_OK)
    return code;
  code = self->server ? gsasl_server_start (self->context, self->mechanism, &self->session)
                      : gsasl_client_start (self->context, self->mechanism, &self->session);
  if (code != GSASL_OK)
    return code;
  if (self->server)
    {
      gsasl_callback_set (self->context, answer_server);
      gsasl_session_hook_set (self->session, self);
    }
  else
    {
      gsasl_property_set (self->session, GSASL_AUTHID, self->username);
      gsasl_property_set (self->session, GSASL_PASSWORD, self->password);
    }
  if (with_binding)
    gsasl_property_set (self->session,
                        self->binding == JXS_SASL_BINDING_TLS_UNIQUE ? GSASL_CB_TLS_UNIQUE
                                                                     : GSASL_CB_TLS_EXPORTER,
                        self->binding_data);
  return GSASL_OK;
}

static int
try_start (JxsSaslExchange *self, gboolean with_binding, char **output)
{
  int code = begin (self, with_binding);

  return code == GSASL_OK ? gsasl_step64 (self->session, NULL, output) : code;
}

gboolean
jxs_sasl_exchange_start (JxsSaslExchange *self, char **initial_response, GError **error)
{
  char *output = NULL;
  int code = try_start (self, self->binding_data != NULL, &output);

  /* libgsasl 2.2.0 knows the flag by which a client says that it could have bound the channel, and
   * then fails on it. */
  if (code == GSASL_AUTHENTICATION_ERROR && self->binding_data != NULL &&
      !g_str_has_suffix (self->mechanism, "-PLUS"))
    code = try_start (self, FALSE, &output);
  jxs_sasl_wipe (&self->password);
  if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
    return set_error (self, code, error);

  self->done = code == GSASL_OK;
  *initial_response = g_strdup (output != NULL && *output != '\0' ? output : "=");
  if (output != NULL)
    explicit_bzero (output, strlen (output)); /* PLAIN */
  gsasl_free (output);
  return TRUE;
}

/* "i=" of a SCRAM server's first message (RFC 5802 §5.1), 0 if this is none. FALSE: there is a NUL,
 * which libgsasl would overlook, and what is behind it not. */
static gboolean
parse_iterations (const char *challenge, guint64 *iterations)
{
  g_autofree guint8 *decoded = NULL;
  g_autofree char *text = NULL;
  const char *attribute;
  gsize length;

  decoded = g_base64_decode (challenge, &length);
  text = g_strndup ((const char *) decoded, length);
  attribute = strstr (text, ",i=");
  *iterations = attribute != NULL ? g_ascii_strtoull (attribute + 3, NULL, 10) : 0;
  return strlen (text) == length;
}

static gboolean
check_challenge (JxsSaslExchange *self, const char *challenge, GError **error)
{
  guint64 iterations;

  if (self->session == NULL || self->done)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_PROTOCOL,
                           _ ("The server goes on with an authentication that is complete"));
      return FALSE;
    }
  if (!parse_iterations (challenge, &iterations))
    return set_error (self, GSASL_MECHANISM_PARSE_ERROR, error);
  if (iterations > JXS_SASL_MAX_ITERATIONS)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_LIMIT,
                   _ ("The server demands more than %d rounds of computation for the password"),
                   JXS_SASL_MAX_ITERATIONS);
      return FALSE;
    }
  return TRUE;
}

gboolean
jxs_sasl_exchange_step (JxsSaslExchange *self, const char *input, char **output, GError **error)
{
  gboolean nothing_yet = self->server && self->session == NULL && *input == '\0';
  char *answer = NULL;
  int code = GSASL_OK;

  if (!self->server && !check_challenge (self, input, error))
    return FALSE;
  if (self->server && self->done)
    return set_error (self, GSASL_MECHANISM_CALLED_TOO_MANY_TIMES, error);
  if (self->server && self->session == NULL)
    code = begin (self, self->binding_data != NULL);

  if (code == GSASL_OK)
    {
      if (g_str_equal (input, "="))
        input = "";
      code = gsasl_step64 (self->session, nothing_yet ? NULL : input, &answer);
    }
  if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
    return set_error (self, code, error);
  self->done = code == GSASL_OK;
  *output = g_strdup (answer != NULL ? answer : "");
  gsasl_free (answer);
  return TRUE;
}

gboolean
jxs_sasl_exchange_finish (JxsSaslExchange *self, const char *additional_data, GError **error)
{
  g_autofree char *response = NULL;

  if (!self->done && additional_data != NULL && *additional_data != '\0')
    jxs_sasl_exchange_step (self, additional_data, &response, NULL);
  if (!self->done)
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_SECURITY,
                         _ ("The server did not prove that it knows the password"));
  return self->done;
}

gboolean
jxs_sasl_exchange_is_done (JxsSaslExchange *self)
{
  return self->done;
}

const char *
jxs_sasl_exchange_get_authzid (JxsSaslExchange *self)
{
  const char *authzid =
      self->session != NULL ? gsasl_property_fast (self->session, GSASL_AUTHZID) : NULL;

  return authzid != NULL ? authzid : "";
}

/* ---- in a thread ---- */

typedef struct
{
  JxsSaslExchange *exchange; /* (owned) */
  char *input;               /* (owned) */
  gboolean last;
} Step;

static void
step_free (gpointer data)
{
  Step *step = data;

  jxs_sasl_exchange_unref (step->exchange);
  jxs_sasl_wipe (&step->input);
  g_free (step);
}

static void
step_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Step *step = task_data;
  char *output = NULL;
  GError *error = NULL;

  if (step->last ? jxs_sasl_exchange_finish (step->exchange, step->input, &error)
                 : jxs_sasl_exchange_step (step->exchange, step->input, &output, &error))
    g_task_return_pointer (task, output, g_free);
  else
    g_task_return_error (task, error);
}

void
jxs_sasl_exchange_step_async (JxsSaslExchange *self,
                              const char *input,
                              gboolean last,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Step *step = g_new0 (Step, 1);

  g_task_set_source_tag (task, jxs_sasl_exchange_step_async);
  g_task_set_priority (task, io_priority);
  step->exchange = jxs_sasl_exchange_ref (self);
  step->input = g_strdup (input);
  step->last = last;
  g_task_set_task_data (task, step, step_free);
  /* SCRAM computes for as long as the server wants, which may be half a second. */
  if (g_str_has_prefix (self->mechanism, "SCRAM-"))
    g_task_run_in_thread (task, step_thread);
  else
    step_thread (task, NULL, step, cancellable);
}

gboolean
jxs_sasl_exchange_step_finish (GAsyncResult *result, char **output, GError **error)
{
  char *answer;

  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_sasl_exchange_step_async), FALSE);

  if (g_task_had_error (G_TASK (result)))
    return g_task_propagate_pointer (G_TASK (result), error) != NULL;
  answer = g_task_propagate_pointer (G_TASK (result), NULL);
  if (output != NULL)
    *output = answer;
  else
    g_free (answer);
  return TRUE;
}

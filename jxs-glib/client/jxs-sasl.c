/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-sasl-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gsasl.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Best first. */
static const struct
{
  const char *name;
  gboolean plus;
} mechanisms[] = {
  { "SCRAM-SHA-256-PLUS", TRUE },
  { "SCRAM-SHA-1-PLUS", TRUE },
  { "SCRAM-SHA-256", FALSE },
  { "SCRAM-SHA-1", FALSE },
};

struct _JxsSasl
{
  Gsasl *context;         /* (owned) */
  Gsasl_session *session; /* (owned) (nullable) */
  const char *mechanism;  /* static */
  char *username;         /* (owned) */
  char *password;         /* (owned) (nullable): wiped once the session has it */
  JxsSaslBinding binding;
  char *binding_data; /* (owned) (nullable): base64 */
  gboolean done;      /* nothing is left to prove on either side */
};

static gboolean
is_offered (JxsElement *list, const char *name)
{
  for (JxsElement *child = jxs_element_get_first_child (list); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "mechanism", JXS_NS_SASL) &&
        g_str_equal (jxs_element_get_text (child), name))
      return TRUE;
  return FALSE;
}

/* Whether the server binds channels as we can (XEP-0440). One that does not say how is asked for
 * what was meant before others existed. */
static gboolean
is_binding_offered (JxsElement *features, JxsSaslBinding binding)
{
  JxsElement *list = jxs_element_find_child (features, "sasl-channel-binding", JXS_NS_SASL_CB);
  const char *name = binding == JXS_SASL_BINDING_TLS_UNIQUE ? "tls-unique" : "tls-exporter";

  if (binding == JXS_SASL_BINDING_NONE)
    return FALSE;
  if (list == NULL)
    return binding == JXS_SASL_BINDING_TLS_UNIQUE;
  for (JxsElement *child = jxs_element_get_first_child (list); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "channel-binding", JXS_NS_SASL_CB) &&
        g_strcmp0 (jxs_element_get_attribute (child, "type"), name) == 0)
      return TRUE;
  return FALSE;
}

const char *
jxs_sasl_choose (JxsElement *features,
                 gboolean encrypted,
                 JxsSaslBinding binding,
                 JxsSaslBinding *use)
{
  JxsElement *list = jxs_element_find_child (features, "mechanisms", JXS_NS_SASL);
  gboolean can_bind = is_binding_offered (features, binding);
  gboolean plus_offered = FALSE;

  *use = JXS_SASL_BINDING_NONE;
  if (list == NULL)
    return NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      if (!is_offered (list, mechanisms[i].name))
        continue;
      if (mechanisms[i].plus)
        plus_offered = TRUE;
      if (mechanisms[i].plus && !can_bind)
        continue;
      if (mechanisms[i].plus || !plus_offered)
        *use = binding;
      return mechanisms[i].name;
    }
  return encrypted && is_offered (list, "PLAIN") ? "PLAIN" : NULL;
}

static void
jxs_sasl_clear_session (JxsSasl *self)
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

static gboolean
jxs_sasl_set_error (int code, GError **error)
{
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_AUTHENTICATION,
               _ ("Authentication failed: %s"),
               gsasl_strerror (code));
  return FALSE;
}

void
jxs_sasl_wipe (char **secret)
{
  if (*secret != NULL)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

JxsSasl *
jxs_sasl_new (const char *mechanism,
              const char *username,
              const char *password,
              JxsSaslBinding binding,
              GBytes *binding_data)
{
  JxsSasl *self = g_new0 (JxsSasl, 1);

  self->mechanism = g_intern_string (mechanism);
  self->username = g_strdup (username);
  self->password = g_strdup (password);
  if (binding_data != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (binding_data, &size);

      self->binding = binding;
      self->binding_data = g_base64_encode (data, size);
    }
  return self;
}

static int
jxs_sasl_try_start (JxsSasl *self, gboolean with_binding, char **output)
{
  int code;

  jxs_sasl_clear_session (self);
  if (self->context == NULL && (code = gsasl_init (&self->context)) != GSASL_OK)
    return code;
  code = gsasl_client_start (self->context, self->mechanism, &self->session);
  if (code != GSASL_OK)
    return code;
  gsasl_property_set (self->session, GSASL_AUTHID, self->username);
  gsasl_property_set (self->session, GSASL_PASSWORD, self->password);
  if (with_binding)
    gsasl_property_set (self->session,
                        self->binding == JXS_SASL_BINDING_TLS_UNIQUE ? GSASL_CB_TLS_UNIQUE
                                                                     : GSASL_CB_TLS_EXPORTER,
                        self->binding_data);
  return gsasl_step64 (self->session, NULL, output);
}

gboolean
jxs_sasl_start (JxsSasl *self, char **initial_response, GError **error)
{
  char *output = NULL;
  int code = jxs_sasl_try_start (self, self->binding_data != NULL, &output);

  /* libgsasl 2.2.0 knows the flag by which a client says that it could have bound the channel, and
   * then fails on it. */
  if (code == GSASL_AUTHENTICATION_ERROR && self->binding_data != NULL &&
      !g_str_has_suffix (self->mechanism, "-PLUS"))
    code = jxs_sasl_try_start (self, FALSE, &output);
  jxs_sasl_wipe (&self->password);
  if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
    return jxs_sasl_set_error (code, error);

  self->done = code == GSASL_OK;
  *initial_response = g_strdup (output != NULL && *output != '\0' ? output : "=");
  if (output != NULL)
    explicit_bzero (output, strlen (output)); /* PLAIN */
  gsasl_free (output);
  return TRUE;
}

/* "i=" of a SCRAM server's first message (RFC 5802 §5.1), 0 if this is none. */
static guint64
get_iterations (const char *challenge)
{
  g_autofree guint8 *decoded = NULL;
  g_autofree char *text = NULL;
  const char *attribute;
  gsize length;

  decoded = g_base64_decode (challenge, &length);
  text = g_strndup ((const char *) decoded, length);
  attribute = strstr (text, ",i=");
  return attribute != NULL ? g_ascii_strtoull (attribute + 3, NULL, 10) : 0;
}

gboolean
jxs_sasl_step (JxsSasl *self, const char *challenge, char **response, GError **error)
{
  char *output = NULL;
  int code;

  if (self->session == NULL || self->done)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_PROTOCOL,
                           _ ("The server goes on with an authentication that is complete"));
      return FALSE;
    }
  if (get_iterations (challenge) > JXS_SASL_MAX_ITERATIONS)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_LIMIT,
                   _ ("The server demands more than %d rounds of computation for the password"),
                   JXS_SASL_MAX_ITERATIONS);
      return FALSE;
    }

  code = gsasl_step64 (self->session, g_str_equal (challenge, "=") ? "" : challenge, &output);
  if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
    return jxs_sasl_set_error (code, error);
  self->done = code == GSASL_OK;
  *response = g_strdup (output != NULL ? output : "");
  gsasl_free (output);
  return TRUE;
}

gboolean
jxs_sasl_finish (JxsSasl *self, const char *additional_data, GError **error)
{
  g_autofree char *response = NULL;

  if (!self->done && additional_data != NULL && *additional_data != '\0')
    jxs_sasl_step (self, additional_data, &response, NULL);
  if (!self->done)
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_SECURITY,
                         _ ("The server did not prove that it knows the password"));
  return self->done;
}

void
jxs_sasl_free (JxsSasl *self)
{
  jxs_sasl_clear_session (self);
  jxs_sasl_wipe (&self->password);
  g_clear_pointer (&self->context, gsasl_done);
  g_free (self->username);
  g_free (self->binding_data);
  g_free (self);
}

GError *
jxs_sasl_parse_failure (JxsElement *failure, const char *jid)
{
  JxsElement *text_element = jxs_element_find_child (failure, "text", JXS_NS_SASL);
  const char *condition = NULL;
  g_autofree char *said = NULL;
  g_autofree char *message = NULL;

  for (JxsElement *child = jxs_element_get_first_child (failure);
       child != NULL && condition == NULL;
       child = jxs_element_get_next_sibling (child))
    if (g_strcmp0 (jxs_element_get_namespace (child), JXS_NS_SASL) == 0 &&
        !g_str_equal (jxs_element_get_name (child), "text"))
      condition = jxs_element_get_name (child);

  if (g_strcmp0 (condition, "not-authorized") == 0)
    message = g_strdup_printf (_ ("The password for “%s” was not accepted"), jid);
  else if (g_strcmp0 (condition, "account-disabled") == 0)
    message = g_strdup_printf (_ ("The account “%s” is disabled"), jid);
  else if (g_strcmp0 (condition, "credentials-expired") == 0)
    message = g_strdup_printf (_ ("The password for “%s” has expired"), jid);
  else if (g_strcmp0 (condition, "temporary-auth-failure") == 0)
    message = g_strdup_printf (_ ("The server cannot check the password for “%s” now"), jid);
  else
    message = g_strdup_printf (_ ("The server refused to authenticate “%s”"), jid);

  if (text_element != NULL && *jxs_element_get_text (text_element) != '\0')
    said = jxs_log_sanitize (jxs_element_get_text (text_element), 200);
  else
    said = jxs_log_sanitize (condition != NULL ? condition : "failure", 64);
  return g_error_new (JXS_ERROR, JXS_ERROR_AUTHENTICATION, "%s (%s)", message, said);
}

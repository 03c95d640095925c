/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-client-machine-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/client/jxs-sasl-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define BIND_ID "jxs-bind"
#define SESSION_ID "jxs-session"

typedef JxsClientAction (*Handler) (JxsClientMachine *self,
                                    JxsElement *element,
                                    const GError *error);

static void
set_step (JxsClientMachine *self, JxsClientStep step)
{
  self->step = step;
}

static JxsClientAction
fail_with (JxsClientMachine *self, GError *error)
{
  self->error = error;
  set_step (self, JXS_CLIENT_STEP_FAILED);
  return JXS_CLIENT_ACTION_FAIL;
}

/* message: (transfer full) */
static JxsClientAction
fail (JxsClientMachine *self, JxsError code, char *message)
{
  g_autofree char *text = message;

  return fail_with (self, g_error_new_literal (JXS_ERROR, (int) code, text));
}

static const char *
domain (JxsClientMachine *self)
{
  return jxs_jid_get_domain (self->jid);
}

static JxsClientAction
unexpected (JxsClientMachine *self, JxsElement *element)
{
  g_autofree char *name = jxs_log_sanitize (jxs_element_get_name (element), 64);

  return fail_with (self,
                    g_error_new (JXS_ERROR,
                                 JXS_ERROR_PROTOCOL,
                                 _ ("The server “%s” sent an unexpected “%s”"),
                                 domain (self),
                                 name));
}

static JxsClientAction
open_stream (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  set_step (self, JXS_CLIENT_STEP_OPENING);
  return JXS_CLIENT_ACTION_OPEN;
}

static JxsClientAction
send_request (JxsClientMachine *self, JxsClientStep step, const char *id, JxsElement *payload)
{
  self->out = jxs_stanza_new_iq ("set", NULL, payload);
  jxs_element_set_attribute (self->out, "id", id);
  set_step (self, step);
  return JXS_CLIENT_ACTION_SEND | JXS_CLIENT_ACTION_READ;
}

static JxsClientAction
bind_resource (JxsClientMachine *self, JxsElement *features)
{
  JxsElement *session = jxs_element_find_child (features, "session", JXS_NS_SESSION);
  g_autoptr (JxsElement) bind = NULL;

  if (jxs_element_find_child (features, "bind", JXS_NS_BIND) == NULL)
    return fail (self,
                 JXS_ERROR_NOT_SUPPORTED,
                 g_strdup_printf (_ ("The server “%s” does not offer resource binding"),
                                  domain (self)));

  self->wants_session =
      session != NULL && jxs_element_find_child (session, "optional", NULL) == NULL;
  bind = jxs_element_new ("bind", JXS_NS_BIND);
  if (jxs_jid_get_resource (self->jid) != NULL)
    jxs_element_add_text (jxs_element_append (bind, "resource", NULL),
                          jxs_jid_get_resource (self->jid));
  return send_request (self, JXS_CLIENT_STEP_BINDING, BIND_ID, bind);
}

/* RFC 6120 §4.3.2: what the server offers decides what comes next. */
static JxsClientAction
heed_features (JxsClientMachine *self, JxsElement *features, const GError *error)
{
  if (self->authenticated)
    return bind_resource (self, features);

  if (jxs_element_get_first_child (features) == NULL)
    return fail (self,
                 JXS_ERROR_NOT_SUPPORTED,
                 g_strdup_printf (_ ("The server “%s” is too old: it does not speak XMPP 1.0"),
                                  domain (self)));
  if (!self->encrypted && jxs_element_find_child (features, "starttls", JXS_NS_TLS) != NULL)
    {
      self->out = jxs_element_new ("starttls", JXS_NS_TLS);
      set_step (self, JXS_CLIENT_STEP_STARTTLS);
      return JXS_CLIENT_ACTION_SEND | JXS_CLIENT_ACTION_READ;
    }
  if (!self->encrypted && self->require_tls)
    return fail (self,
                 JXS_ERROR_SECURITY,
                 g_strdup_printf (
                     _ ("The server “%s” does not offer encryption (STARTTLS), which is required"),
                     domain (self)));
  if (jxs_element_find_child (features, "mechanisms", JXS_NS_SASL) == NULL)
    return fail (self,
                 JXS_ERROR_NOT_SUPPORTED,
                 g_strdup_printf (_ ("The server “%s” does not offer authentication"),
                                  domain (self)));

  self->in = jxs_element_ref (features);
  set_step (self, JXS_CLIENT_STEP_AUTHENTICATING);
  return JXS_CLIENT_ACTION_SASL_START;
}

/* RFC 6120 §5.4.2 */
static JxsClientAction
heed_starttls (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  if (jxs_element_is (element, "failure", JXS_NS_TLS))
    return fail (self,
                 JXS_ERROR_SECURITY,
                 g_strdup_printf (_ ("The server “%s” could not begin the encryption"),
                                  domain (self)));
  if (!jxs_element_is (element, "proceed", JXS_NS_TLS))
    return unexpected (self, element);

  set_step (self, JXS_CLIENT_STEP_SECURING);
  return JXS_CLIENT_ACTION_SECURE;
}

static JxsClientAction
heed_secured (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  self->encrypted = TRUE;
  return open_stream (self, element, error);
}

/* RFC 6120 §6.4 */
static JxsClientAction
heed_sasl (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  if (jxs_element_is (element, "failure", JXS_NS_SASL))
    {
      g_autoptr (JxsJid) bare = jxs_jid_to_bare (self->jid);

      return fail_with (self, jxs_sasl_parse_failure (element, jxs_jid_to_string (bare)));
    }

  if (jxs_element_is (element, "challenge", JXS_NS_SASL))
    {
      self->in = jxs_element_ref (element);
      return JXS_CLIENT_ACTION_SASL_STEP;
    }
  if (jxs_element_is (element, "success", JXS_NS_SASL))
    {
      self->in = jxs_element_ref (element);
      return JXS_CLIENT_ACTION_SASL_FINISH;
    }
  return unexpected (self, element);
}

static JxsClientAction
heed_authenticated (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  self->authenticated = TRUE;
  return open_stream (self, element, error);
}

/* Whether element is the answer to our request with this id. */
static gboolean
is_answer (JxsElement *element, const char *id)
{
  const char *type = jxs_element_get_attribute (element, "type");

  return jxs_stanza_get_kind (element) == JXS_STANZA_KIND_IQ &&
         g_strcmp0 (jxs_element_get_attribute (element, "id"), id) == 0 &&
         (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0);
}

static JxsClientAction
fail_binding (JxsClientMachine *self, GError *error)
{
  g_autoptr (GError) reason = error;
  JxsError code = JXS_ERROR_FAILED;

  if (g_error_matches (reason, JXS_STANZA_ERROR, JXS_STANZA_ERROR_CONFLICT))
    return fail (self,
                 JXS_ERROR_CONFLICT,
                 g_strdup_printf (_ ("The server “%s” says that the resource is in use already"),
                                  domain (self)));
  if (g_error_matches (reason, JXS_STANZA_ERROR, JXS_STANZA_ERROR_RESOURCE_CONSTRAINT))
    code = JXS_ERROR_LIMIT;
  return fail_with (self,
                    g_error_new (JXS_ERROR,
                                 (int) code,
                                 _ ("The server “%s” refused the session: %s"),
                                 domain (self),
                                 reason->message));
}

/* RFC 6120 §7.6, §7.7 */
static JxsClientAction
heed_bound (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  g_autoptr (GError) refusal = NULL;
  g_autoptr (JxsJid) jid = NULL;
  JxsElement *bind;
  JxsElement *text;

  if (!is_answer (element, BIND_ID))
    return JXS_CLIENT_ACTION_READ;
  if (!jxs_stanza_check_error (element, &refusal))
    return fail_binding (self, g_steal_pointer (&refusal));

  bind = jxs_element_find_child (element, "bind", JXS_NS_BIND);
  text = bind != NULL ? jxs_element_find_child (bind, "jid", JXS_NS_BIND) : NULL;
  jid = text != NULL ? jxs_jid_new (jxs_element_get_text (text), NULL) : NULL;
  if (jid == NULL || !jxs_jid_is_full (jid) || !jxs_jid_equal_bare (jid, self->jid))
    return fail (self,
                 JXS_ERROR_PROTOCOL,
                 g_strdup_printf (_ ("The server “%s” gave us an address that is not ours"),
                                  domain (self)));

  jxs_jid_unref (self->jid);
  self->jid = g_steal_pointer (&jid);
  if (self->wants_session)
    {
      g_autoptr (JxsElement) session = jxs_element_new ("session", JXS_NS_SESSION);

      return send_request (self, JXS_CLIENT_STEP_SESSION, SESSION_ID, session);
    }
  set_step (self, JXS_CLIENT_STEP_READY);
  return JXS_CLIENT_ACTION_READY;
}

/* RFC 3921 §3 */
static JxsClientAction
heed_session (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  g_autoptr (GError) refusal = NULL;

  if (!is_answer (element, SESSION_ID))
    return JXS_CLIENT_ACTION_READ;
  if (!jxs_stanza_check_error (element, &refusal))
    return fail_binding (self, g_steal_pointer (&refusal));
  set_step (self, JXS_CLIENT_STEP_READY);
  return JXS_CLIENT_ACTION_READY;
}

static JxsClientAction
heed_failed (JxsClientMachine *self, JxsElement *element, const GError *error)
{
  return fail_with (self, g_error_copy (error));
}

/* What is not here does not happen, or comes too late to matter. */
static const Handler table[JXS_CLIENT_N_STEPS][JXS_CLIENT_N_EVENTS] = {
  [JXS_CLIENT_STEP_CONNECTING] = { [JXS_CLIENT_EVENT_CONNECTED] = open_stream,
                                   [JXS_CLIENT_EVENT_FAILED] = heed_failed },
  [JXS_CLIENT_STEP_OPENING] = { [JXS_CLIENT_EVENT_FEATURES] = heed_features,
                                [JXS_CLIENT_EVENT_FAILED] = heed_failed },
  [JXS_CLIENT_STEP_STARTTLS] = { [JXS_CLIENT_EVENT_ELEMENT] = heed_starttls,
                                 [JXS_CLIENT_EVENT_FAILED] = heed_failed },
  [JXS_CLIENT_STEP_SECURING] = { [JXS_CLIENT_EVENT_SECURED] = heed_secured,
                                 [JXS_CLIENT_EVENT_FAILED] = heed_failed },
  [JXS_CLIENT_STEP_AUTHENTICATING] = { [JXS_CLIENT_EVENT_ELEMENT] = heed_sasl,
                                       [JXS_CLIENT_EVENT_AUTHENTICATED] = heed_authenticated,
                                       [JXS_CLIENT_EVENT_FAILED] = heed_failed },
  [JXS_CLIENT_STEP_BINDING] = { [JXS_CLIENT_EVENT_ELEMENT] = heed_bound,
                                [JXS_CLIENT_EVENT_FAILED] = heed_failed },
  [JXS_CLIENT_STEP_SESSION] = { [JXS_CLIENT_EVENT_ELEMENT] = heed_session,
                                [JXS_CLIENT_EVENT_FAILED] = heed_failed },
};

void
jxs_client_machine_init (JxsClientMachine *self, JxsJid *jid, gboolean require_tls)
{
  *self = (JxsClientMachine){ .jid = jxs_jid_ref (jid), .require_tls = require_tls };
}

void
jxs_client_machine_clear (JxsClientMachine *self)
{
  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_clear_pointer (&self->out, jxs_element_unref);
  g_clear_pointer (&self->in, jxs_element_unref);
  g_clear_error (&self->error);
}

JxsClientAction
jxs_client_machine_handle (JxsClientMachine *self,
                           JxsClientEvent event,
                           JxsElement *element,
                           const GError *error)
{
  Handler handler = table[self->step][event];

  if (handler == NULL)
    return JXS_CLIENT_ACTION_NONE;
  g_clear_pointer (&self->out, jxs_element_unref);
  g_clear_pointer (&self->in, jxs_element_unref);
  return handler (self, element, error);
}

const char *
jxs_client_step_to_string (JxsClientStep step)
{
  static const char *const names[JXS_CLIENT_N_STEPS] = {
    "connecting", "opening", "starttls", "securing", "authenticating",
    "binding",    "session", "ready",    "failed",
  };

  return names[step];
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-peer-opening-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/e2e/jxs-peer-stream-codec-private.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* (nullable): there is nothing to add */
static GError *
explain_end (JxsPeerOpening *self, const GError *error)
{
  if (self->machine.state == JXS_PEER_STREAM_PLAIN &&
      g_error_matches (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_NOT_WELL_FORMED))
    {
      /* Records of TLS: XTLS is taken out of what is said by whoever wants streams in the clear. */
      self->decided = TRUE;
      return g_error_new_literal (
          JXS_ERROR,
          JXS_ERROR_SECURITY,
          _ ("The peer does not begin an XML stream; if it encrypts already, somebody on the way "
             "has hidden that"));
    }
  /* What an initiator says to whom it cannot give what that demands. */
  if (!g_error_matches (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_UNSUPPORTED_FEATURE) ||
      self->security == NULL)
    return NULL;
  if (jxs_stream_security_demands_password (self->security))
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_AUTHENTICATION,
                                _ ("The peer did not enter the password"));
  if (self->machine.state == JXS_PEER_STREAM_WAIT_STARTTLS)
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_SECURITY,
                                _ ("The peer does not encrypt, but encryption is required"));
  return NULL;
}

void
jxs_peer_opening_take_error (JxsPeerOpening *self, GError *error)
{
  GError *explained;

  if (self->error != NULL)
    {
      g_clear_error (&error);
      return;
    }
  explained = explain_end (self, error);
  self->decided |= explained != NULL;
  self->error = explained != NULL ? explained : g_steal_pointer (&error);
  g_clear_error (&error);
}

void
jxs_peer_opening_take_problem (JxsPeerOpening *self, JxsError code, const char *message)
{
  jxs_peer_opening_take_error (self, g_error_new_literal (JXS_ERROR, code, message));
}

static JxsPeerStreamEvent
refuse (JxsPeerOpening *self, JxsStreamError refusal, JxsError code, const char *message)
{
  self->refusal = refusal;
  jxs_peer_opening_take_problem (self, code, message);
  return JXS_PEER_STREAM_EVENT_UNACCEPTABLE;
}

/* The receiver's features; over XTLS there mostly is nothing left to negotiate. */
JxsPeerStreamEvent
jxs_peer_opening_judge_features (JxsPeerOpening *self, JxsElement *features)
{
  JxsPeerStreamFeatures parsed;
  JxsElement *unmet;

  jxs_peer_stream_parse_features (features, &parsed);
  self->refusal = JXS_STREAM_ERROR_POLICY_VIOLATION;
  if (self->machine.state == JXS_PEER_STREAM_PLAIN)
    {
      if (parsed.starttls == NULL && jxs_stream_security_demands_password (self->security))
        return refuse (self,
                       JXS_STREAM_ERROR_POLICY_VIOLATION,
                       JXS_ERROR_AUTHENTICATION,
                       _ ("The peer cannot prove the password: it does not encrypt"));
      if (parsed.starttls == NULL && !self->optional)
        return refuse (self,
                       JXS_STREAM_ERROR_POLICY_VIOLATION,
                       JXS_ERROR_SECURITY,
                       _ ("The peer does not encrypt, but encryption is required"));
      /* What is offered will not do. */
      self->refusal = JXS_STREAM_ERROR_UNSUPPORTED_FEATURE;
      if (parsed.starttls != NULL)
        return jxs_stream_security_set_offer (self->security,
                                              jxs_peer_stream_get_offer (parsed.starttls),
                                              &self->error)
                   ? JXS_PEER_STREAM_EVENT_STARTTLS
                   : JXS_PEER_STREAM_EVENT_UNACCEPTABLE;
    }
  if (self->machine.state == JXS_PEER_STREAM_SECURE)
    {
      if (self->mechanism != NULL &&
          jxs_peer_stream_has_mechanism (parsed.mechanisms, self->mechanism))
        return JXS_PEER_STREAM_EVENT_MECHANISM;
      if (self->mechanism != NULL && !g_str_equal (self->mechanism, "EXTERNAL"))
        return refuse (self,
                       JXS_STREAM_ERROR_POLICY_VIOLATION,
                       JXS_ERROR_AUTHENTICATION,
                       _ ("The peer did not enter the password"));
      if (parsed.mechanisms != NULL &&
          !jxs_peer_stream_has_mechanism (parsed.mechanisms, "EXTERNAL"))
        return refuse (self,
                       JXS_STREAM_ERROR_UNSUPPORTED_FEATURE,
                       JXS_ERROR_AUTHENTICATION,
                       _ ("The peer wants a password, but none was entered here"));
    }
  unmet = parsed.required;
  if (unmet == NULL && parsed.starttls != NULL &&
      jxs_element_find_child (parsed.starttls, "required", NULL) != NULL)
    return refuse (self,
                   JXS_STREAM_ERROR_UNSUPPORTED_FEATURE,
                   JXS_ERROR_SECURITY,
                   _ ("The peer demands that the stream be encrypted, which is not possible here"));
  if (unmet != NULL)
    {
      g_autofree char *name = jxs_log_sanitize (jxs_element_get_name (unmet), 64);
      g_autofree char *message =
          g_strdup_printf (_ ("The peer demands the stream feature “%s”"), name);

      return refuse (self, JXS_STREAM_ERROR_UNSUPPORTED_FEATURE, JXS_ERROR_NOT_SUPPORTED, message);
    }
  return JXS_PEER_STREAM_EVENT_NOTHING;
}

static JxsPeerStreamEvent
out_of_place (JxsPeerOpening *self)
{
  self->refusal = JXS_STREAM_ERROR_NOT_AUTHORIZED;
  jxs_peer_opening_take_error (self, jxs_stream_error_new (self->refusal));
  return JXS_PEER_STREAM_EVENT_UNACCEPTABLE;
}

gboolean
jxs_peer_opening_is_alone (JxsPeerOpening *self)
{
  /* Between the layers of TLS white space would be noise, elsewhere it is a sign of life. */
  if (jxs_xml_stream_is_quiet (self->stream, self->machine.state != JXS_PEER_STREAM_PROVEN))
    return TRUE;
  jxs_peer_opening_take_problem (
      self,
      JXS_ERROR_SECURITY,
      _ ("More was sent before the stream began anew; somebody may be interfering"));
  return FALSE;
}

static JxsPeerStreamEvent
judge_starttls (JxsPeerOpening *self, JxsElement *element)
{
  self->refusal = JXS_STREAM_ERROR_NOT_AUTHORIZED;
  if (g_strcmp0 (jxs_element_get_namespace (element), JXS_NS_SASL) == 0)
    {
      self->condition = JXS_SASL_ERROR_ENCRYPTION_REQUIRED;
      return JXS_PEER_STREAM_EVENT_EARLY_AUTH;
    }
  if (!jxs_element_is (element, "starttls", JXS_NS_TLS))
    return out_of_place (self);
  if (!jxs_peer_opening_is_alone (self))
    return JXS_PEER_STREAM_EVENT_UNACCEPTABLE;
  return jxs_stream_security_set_offer (self->security,
                                        jxs_peer_stream_get_offer (element),
                                        &self->error)
             ? JXS_PEER_STREAM_EVENT_STARTTLS
             : JXS_PEER_STREAM_EVENT_NO_METHOD;
}

static JxsPeerStreamEvent
judge_proceed (JxsPeerOpening *self, JxsElement *element)
{
  if (jxs_element_is (element, "failure", JXS_NS_TLS))
    {
      jxs_peer_opening_take_problem (self,
                                     JXS_ERROR_SECURITY,
                                     _ ("The peer refused to encrypt the stream"));
      return JXS_PEER_STREAM_EVENT_FAILURE;
    }
  if (!jxs_element_is (element, "proceed", JXS_NS_TLS))
    return out_of_place (self);
  /* The peer expects TLS now, and no words. */
  return jxs_peer_opening_is_alone (self) &&
                 jxs_stream_security_set_offer (self->security,
                                                jxs_peer_stream_get_offer (element),
                                                &self->error)
             ? JXS_PEER_STREAM_EVENT_PROCEED
             : JXS_PEER_STREAM_EVENT_BROKEN;
}

static void
take_text (JxsPeerOpening *self, JxsElement *element)
{
  jxs_sasl_wipe (&self->text);
  self->text = g_strdup (jxs_element_get_text (element));
}

JxsPeerStreamEvent
jxs_peer_opening_reject (JxsPeerOpening *self, JxsSaslError condition)
{
  self->condition = condition;
  g_clear_pointer (&self->sasl, jxs_sasl_exchange_unref);
  return JXS_PEER_STREAM_EVENT_REJECTED;
}

static JxsPeerStreamEvent
judge_auth (JxsPeerOpening *self, JxsElement *element)
{
  const char *mechanism = jxs_element_get_attribute (element, "mechanism");

  if (jxs_element_is (element, "abort", JXS_NS_SASL))
    return jxs_peer_opening_reject (self, JXS_SASL_ERROR_ABORTED);
  if (!jxs_element_is (element, "auth", JXS_NS_SASL))
    return out_of_place (self);
  if (mechanism == NULL)
    return jxs_peer_opening_reject (self, JXS_SASL_ERROR_MALFORMED_REQUEST);
  if (!g_str_equal (mechanism, self->mechanism))
    return jxs_peer_opening_reject (self,
                                    jxs_peer_stream_is_weak_mechanism (mechanism)
                                        ? JXS_SASL_ERROR_MECHANISM_TOO_WEAK
                                        : JXS_SASL_ERROR_INVALID_MECHANISM);
  g_clear_pointer (&self->sasl, jxs_sasl_exchange_unref);
  self->sasl = jxs_stream_security_start_sasl (self->security, FALSE, NULL);
  if (self->sasl == NULL)
    return jxs_peer_opening_reject (self, JXS_SASL_ERROR_TEMPORARY_AUTH_FAILURE);
  take_text (self, element);
  return JXS_PEER_STREAM_EVENT_AUTH;
}

static void
take_sasl_failure (JxsPeerOpening *self, JxsElement *failure)
{
  g_autofree char *said = NULL;
  JxsSaslError condition = jxs_sasl_failure_parse (failure, &said);
  const char *message = _ ("The peer did not let us authenticate");

  if (condition == JXS_SASL_ERROR_NOT_AUTHORIZED && !g_str_equal (self->mechanism, "EXTERNAL"))
    message = _ ("The peer entered another password");
  else if (condition == JXS_SASL_ERROR_NOT_AUTHORIZED ||
           condition == JXS_SASL_ERROR_INVALID_AUTHZID)
    message = _ ("The peer does not take us for who we are");
  else if (condition == JXS_SASL_ERROR_TEMPORARY_AUTH_FAILURE)
    message = _ ("The peer cannot check who we are now");
  jxs_peer_opening_take_error (
      self, g_error_new (JXS_ERROR, JXS_ERROR_AUTHENTICATION, "%s (%s)", message, said));
}

static JxsPeerStreamEvent
judge_word (JxsPeerOpening *self, JxsElement *element)
{
  gboolean initiator = self->machine.initiator;

  if (initiator && jxs_element_is (element, "failure", JXS_NS_SASL))
    {
      take_sasl_failure (self, element);
      return JXS_PEER_STREAM_EVENT_FAILURE;
    }
  if (!initiator && jxs_element_is (element, "abort", JXS_NS_SASL))
    return jxs_peer_opening_reject (self, JXS_SASL_ERROR_ABORTED);
  take_text (self, element);
  if (jxs_element_is (element, initiator ? "challenge" : "response", JXS_NS_SASL))
    return JXS_PEER_STREAM_EVENT_WORD;
  if (initiator && jxs_element_is (element, "success", JXS_NS_SASL))
    return JXS_PEER_STREAM_EVENT_SUCCESS;
  return out_of_place (self);
}

JxsPeerStreamEvent
jxs_peer_opening_judge_element (JxsPeerOpening *self, JxsElement *element)
{
  switch (self->machine.state)
    {
    case JXS_PEER_STREAM_WAIT_STARTTLS:
      return judge_starttls (self, element);
    case JXS_PEER_STREAM_WAIT_PROCEED:
      return judge_proceed (self, element);
    case JXS_PEER_STREAM_WAIT_AUTH:
      return judge_auth (self, element);
    case JXS_PEER_STREAM_EXCHANGE:
      return judge_word (self, element);
    default:
      return out_of_place (self);
    }
}

JxsPeerStreamEvent
jxs_peer_opening_judge_proof (JxsPeerOpening *self)
{
  const char *authzid = jxs_sasl_exchange_get_authzid (self->sasl);

  if (!jxs_sasl_exchange_is_done (self->sasl))
    return JXS_PEER_STREAM_EVENT_MORE;
  if (jxs_stream_security_authorize (self->security, authzid))
    return JXS_PEER_STREAM_EVENT_CONVINCED;
  return jxs_peer_opening_reject (self,
                                  *authzid != '\0' ? JXS_SASL_ERROR_INVALID_AUTHZID
                                                   : JXS_SASL_ERROR_NOT_AUTHORIZED);
}

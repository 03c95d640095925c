/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-session-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/jingle/jxs-jingle-error-private.h>

/* What the peer's actions do to a session (XEP-0166 §7.2). Each function answers iq exactly once,
 * and before anything that follows from the action is sent. */

typedef enum
{
  CONTENT_UNKNOWN,
  CONTENT_OURS,  /* the content of this session */
  CONTENT_EXTRA, /* offered by the peer, and not taken */
} Known;

static gboolean
is_content (const JxsJingleContent *content, JxsJingleCreator creator, const char *name)
{
  return content->creator == creator && strcmp (content->name, name) == 0;
}

/* Creator and name together tell a content (XEP-0166 §7.3). */
static Known
find_content (JxsSession *self, const JxsJingleContent *content)
{
  if (is_content (content,
                  jxs_content_get_creator (self->content),
                  jxs_content_get_name (self->content)))
    return CONTENT_OURS;

  for (guint i = 0; self->extra != NULL && i < self->extra->contents->len; i++)
    {
      const JxsJingleContent *extra = g_ptr_array_index (self->extra->contents, i);

      if (is_content (content, extra->creator, extra->name))
        return CONTENT_EXTRA;
    }

  return CONTENT_UNKNOWN;
}

/* The peer has its answer: what was said meanwhile may follow. */
static void
release_held (JxsSession *self)
{
  g_autoptr (GPtrArray) held = g_steal_pointer (&self->held);

  for (guint i = 0; held != NULL && i < held->len && !self->ended; i++)
    jxs_session_send_task (self, g_ptr_array_index (held, i), NULL);
}

static void
ack (JxsSession *self, JxsElement *iq)
{
  jxs_router_reply_result (self->router, iq, NULL);
  release_held (self);
}

static void
refuse (JxsSession *self, JxsElement *iq, JxsJingleCondition condition)
{
  jxs_jingle_reply_condition (self->router, iq, self->jingle_namespace, condition);
  release_held (self);
}

static void
refuse_with (JxsSession *self, JxsElement *iq, const GError *error)
{
  jxs_jingle_reply_error (self->router, iq, self->jingle_namespace, error);
  release_held (self);
}

static void
refuse_code (JxsSession *self, JxsElement *iq, JxsStanzaError code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (JXS_STANZA_ERROR, (int) code, text);

  refuse_with (self, iq, error);
}

static void
answer_by_error (JxsSession *self, JxsElement *iq, gboolean understood, GError *error)
{
  if (understood)
    ack (self, iq);
  else
    refuse_with (self, iq, error);
}

static void
end_with (JxsSession *self, JxsReasonCondition condition, JxsError code, const char *message)
{
  g_autoptr (JxsReason) reason = jxs_reason_new (condition, NULL);

  jxs_session_end (self, reason, g_error_new_literal (JXS_ERROR, (int) code, message), TRUE);
}

/* The one content of an action that is about exactly one; NULL: iq was answered. */
static JxsJingleContent *
get_content (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  JxsJingleContent *content = NULL;

  for (guint i = 0; i < jingle->contents->len; i++)
    {
      JxsJingleContent *candidate = g_ptr_array_index (jingle->contents, i);

      switch (find_content (self, candidate))
        {
        case CONTENT_OURS:
          if (content != NULL)
            {
              refuse_code (self,
                           iq,
                           JXS_STANZA_ERROR_BAD_REQUEST,
                           "The same content comes more than once");
              return NULL;
            }
          content = candidate;
          break;
        case CONTENT_EXTRA:
          break;
        case CONTENT_UNKNOWN:
        default:
          refuse_code (self, iq, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "There is no such content");
          return NULL;
        }
    }
  if (content == NULL)
    ack (self, iq); /* late news of contents that were not taken */

  return content;
}

/* What is wrong with a session-accept; NULL: nothing. */
static const char *
check_accept (JxsSession *self, const JxsJingle *jingle)
{
  const JxsJingleContent *content = g_ptr_array_index (jingle->contents, 0);

  if (jingle->contents->len != 1 || find_content (self, content) != CONTENT_OURS)
    return _ ("The peer accepted something that was not offered");
  if (!jxs_jingle_content_is_session (content) || content->senders != JXS_JINGLE_SENDERS_BOTH)
    return _ ("The peer wants to send in one direction only");
  if (g_strcmp0 (jxs_element_get_namespace (content->description),
                 jxs_element_get_namespace (self->local_description)) != 0)
    return _ ("The peer accepted another application than the one offered");

  return NULL;
}

/* Security may appear first in the answer (XEP-0166 §9). A precondition of a kind that is unknown
 * here counts as none: the policy of the security decides. */
static JxsElement *
find_security (JxsSession *self, const JxsJingleContent *content)
{
  g_autoptr (JxsSessionManager) manager = g_weak_ref_get (&self->manager);
  const char *namespace_uri =
      manager != NULL ? jxs_session_manager_get_security_namespace (manager) : NULL;

  if (content->security == NULL || namespace_uri == NULL ||
      g_strcmp0 (jxs_element_get_namespace (content->security), namespace_uri) != 0)
    return NULL;
  if (jxs_content_get_security (self->content) == NULL)
    jxs_content_take_security (self->content,
                               jxs_session_manager_make_security (manager, self->peer, TRUE));

  return content->security;
}

static void
handle_accept (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  const JxsJingleContent *content = g_ptr_array_index (jingle->contents, 0);
  const char *wrong = check_accept (self, jingle);
  g_autoptr (GError) error = NULL;
  JxsReasonCondition condition = JXS_REASON_INCOMPATIBLE_PARAMETERS;

  if (wrong != NULL)
    {
      if (find_content (self, content) == CONTENT_OURS)
        ack (self, iq);
      else
        refuse_code (self, iq, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "There is no such content");
      end_with (self, condition, JXS_ERROR_PROTOCOL, wrong);
      return;
    }

  if (jxs_content_take_answer (
          self->content, content->transport, find_security (self, content), &error))
    {
      ack (self, iq);
      jxs_session_accepted (self, content->description);
      return;
    }

  if (error->domain == JXS_STANZA_ERROR)
    {
      refuse_with (self, iq, error);
      end_with (self, JXS_REASON_GENERAL_ERROR, JXS_ERROR_PROTOCOL, error->message);
      return;
    }

  ack (self, iq);
  if (jxs_security_error_is_refusal (error))
    condition = JXS_REASON_SECURITY_ERROR;
  {
    g_autoptr (JxsReason) reason = jxs_reason_new (condition, NULL);

    jxs_session_end (self, reason, g_steal_pointer (&error), TRUE);
  }
}

static void
handle_terminate (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  g_autoptr (JxsReason) reason = jingle->reason != NULL ? jxs_reason_ref (jingle->reason)
                                                        : jxs_reason_new (JXS_REASON_NONE, NULL);
  gboolean connected = jxs_content_get_state (self->content) == JXS_CONTENT_READY;
  GError *error = jxs_jingle_error_from_reason (reason, connected);

  ack (self, iq);
  self->ended_by_peer = TRUE;
  jxs_content_explain (self->content, error);
  jxs_session_end (self, reason, error, FALSE);
}

static void
handle_session_info (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  /* Without a payload it only asks whether the session lives (XEP-0166 §6.8). */
  if (jingle->info == NULL && jingle->contents->len == 0)
    ack (self, iq);
  else if (jingle->info != NULL &&
           jxs_session_emit_info (self, JXS_JINGLE_SESSION_INFO, jingle->info))
    ack (self, iq);
  else
    refuse (self, iq, JXS_JINGLE_UNSUPPORTED_INFO);
}

static void
handle_description_info (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  JxsJingleContent *content = get_content (self, iq, jingle);

  if (content == NULL)
    return;
  if (jxs_session_emit_info (self, JXS_JINGLE_DESCRIPTION_INFO, content->description))
    ack (self, iq);
  else
    refuse (self, iq, JXS_JINGLE_UNSUPPORTED_INFO);
}

static void
handle_transport_info (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  JxsJingleContent *content = get_content (self, iq, jingle);
  g_autoptr (GError) error = NULL;
  gboolean understood;

  if (content == NULL)
    return;
  understood = jxs_content_handle_transport_info (self->content, content->transport, &error);
  answer_by_error (self, iq, understood, error);
}

static void
handle_security_info (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  JxsJingleContent *content = get_content (self, iq, jingle);
  g_autoptr (GError) error = NULL;
  gboolean understood;

  if (content == NULL)
    return;
  understood = jxs_content_handle_security_info (self->content, content->security, &error);
  answer_by_error (self, iq, understood, error);
}

static void
handle_transport_change (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  JxsJingleContent *content = get_content (self, iq, jingle);
  g_autoptr (GError) error = NULL;
  JxsContentActions answer;

  if (content == NULL)
    return;
  answer = jxs_content_handle (self->content, jingle->action, content->transport, &error);
  if (answer == JXS_CONTENT_ACK)
    ack (self, iq);
  else if (answer == JXS_CONTENT_TIE_BREAK)
    refuse (self, iq, JXS_JINGLE_TIE_BREAK);
  else if (answer == JXS_CONTENT_OUT_OF_ORDER)
    refuse (self, iq, JXS_JINGLE_OUT_OF_ORDER);
  else
    refuse_with (self, iq, error);
  jxs_content_go_on (self->content);
}

/* A session here is one stream: more contents are refused (XEP-0166 §7.2.2). */
static void
handle_content_add (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  g_autoptr (JxsJingle) reject = jxs_session_new_action (self, JXS_JINGLE_CONTENT_REJECT);

  for (guint i = 0; i < jingle->contents->len; i++)
    {
      const JxsJingleContent *content = g_ptr_array_index (jingle->contents, i);

      if (find_content (self, content) == CONTENT_OURS)
        {
          refuse_code (self, iq, JXS_STANZA_ERROR_BAD_REQUEST, "This content exists already");
          return;
        }
      jxs_jingle_add_content (reject, content->creator, content->name);
    }

  ack (self, iq);
  jxs_session_send (self, g_steal_pointer (&reject));
}

/* A stream has both directions. A change is not taken over: the peer is told how it stays (XEP-0166
 * §7.2.3). */
static void
handle_content_modify (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  JxsJingleContent *content = get_content (self, iq, jingle);
  g_autoptr (JxsJingle) modify = NULL;

  if (content == NULL)
    return;
  ack (self, iq);
  if (content->senders == JXS_JINGLE_SENDERS_BOTH)
    return;
  modify = jxs_session_new_action (self, JXS_JINGLE_CONTENT_MODIFY);
  jxs_session_add_content (self, modify);
  jxs_session_send (self, g_steal_pointer (&modify));
}

/* content-remove and content-reject: without its content a session is void (XEP-0166 §7.2.5). */
static void
handle_content_gone (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  JxsJingleContent *content = get_content (self, iq, jingle);

  if (content == NULL)
    return;
  ack (self, iq);
  end_with (self,
            JXS_REASON_SUCCESS,
            JXS_ERROR_CLOSED,
            _ ("The peer removed the content of the session"));
}

static void
handle_asked (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  switch (jingle->action)
    {
    case JXS_JINGLE_SESSION_ACCEPT:
      handle_accept (self, iq, jingle);
      break;
    case JXS_JINGLE_SESSION_INFO:
      handle_session_info (self, iq, jingle);
      break;
    case JXS_JINGLE_DESCRIPTION_INFO:
      handle_description_info (self, iq, jingle);
      break;
    case JXS_JINGLE_TRANSPORT_INFO:
      handle_transport_info (self, iq, jingle);
      break;
    case JXS_JINGLE_SECURITY_INFO:
      handle_security_info (self, iq, jingle);
      break;
    case JXS_JINGLE_TRANSPORT_REPLACE:
    case JXS_JINGLE_TRANSPORT_ACCEPT:
    case JXS_JINGLE_TRANSPORT_REJECT:
      handle_transport_change (self, iq, jingle);
      break;
    case JXS_JINGLE_CONTENT_ADD:
      handle_content_add (self, iq, jingle);
      break;
    case JXS_JINGLE_CONTENT_MODIFY:
      handle_content_modify (self, iq, jingle);
      break;
    case JXS_JINGLE_CONTENT_REMOVE:
    case JXS_JINGLE_CONTENT_REJECT:
      handle_content_gone (self, iq, jingle);
      break;
    case JXS_JINGLE_CONTENT_ACCEPT:
    case JXS_JINGLE_SESSION_INITIATE:
    case JXS_JINGLE_SESSION_TERMINATE:
    case JXS_JINGLE_N_ACTIONS:
    default:
      refuse (self, iq, JXS_JINGLE_OUT_OF_ORDER);
      break;
    }
}

void
jxs_session_handle (JxsSession *self, JxsElement *iq, JxsJingle *jingle)
{
  g_autoptr (JxsSession) keep = g_object_ref (self);

  self->last_heard = jxs_clock_now ();
  if (strcmp (jingle->namespace_uri, self->jingle_namespace) != 0)
    {
      refuse_code (self,
                   iq,
                   JXS_STANZA_ERROR_BAD_REQUEST,
                   "The session was begun with another version of Jingle");
      return;
    }

  /* Some answer so to transport-replace. */
  if (jingle->action == JXS_JINGLE_SESSION_ACCEPT &&
      jxs_content_get_state (self->content) == JXS_CONTENT_REPLACING)
    jingle->action = JXS_JINGLE_TRANSPORT_ACCEPT;
  if (self->held == NULL) /* a channel may deliver while we are still at it */
    self->held = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_jingle_free);
  switch (jxs_session_machine_handle (&self->machine, jingle->action))
    {
    case JXS_SESSION_ACK:
      handle_terminate (self, iq, jingle);
      break;
    case JXS_SESSION_ASK:
      handle_asked (self, iq, jingle);
      break;
    case JXS_SESSION_REFUSE_ORDER:
      refuse (self, iq, JXS_JINGLE_OUT_OF_ORDER);
      break;
    case JXS_SESSION_REFUSE_UNKNOWN:
    case JXS_SESSION_DO:
    case JXS_SESSION_IMPOSSIBLE:
    default:
      refuse (self, iq, JXS_JINGLE_UNKNOWN_SESSION);
      break;
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-verifier-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/channel/jxs-inner-channel-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsVerifier
{
  GObject parent_instance;

  JxsRouter *router;     /* (owned) (nullable): NULL once closed */
  guint handler;         /* of router */
  JxsXmlStream *stream;  /* weak (nullable) */
  JxsJid *peer;          /* (owned) */
  GMainContext *context; /* (owned) */
  JxsSasBinding binding;
  gboolean possible;
  JxsSasMachine machine;
  JxsVerification *current; /* (owned) (nullable): while it runs */
  char *id;                 /* (owned) (nullable): of current on the wire */
  gboolean offering;        /* current is being shown to the application, nothing was answered */
  JxsSasWait wait;
  GSource *deadline; /* (owned) (nullable) */
  const JxsVerifierFuncs *funcs;
  gpointer user_data; /* unowned */
};

G_DEFINE_FINAL_TYPE (JxsVerifier, jxs_verifier, G_TYPE_OBJECT)

/* One request on its way. */
typedef struct
{
  JxsVerifier *verifier; /* (owned) */
  JxsSasKind kind;
  char *id; /* (owned) */
} Sent;

/* What comes with an event; all nullable. */
typedef struct
{
  JxsElement *request; /* to be answered */
  const JxsSasMessage *message;
  const GError *reason;
} Arrival;

static void handle (JxsVerifier *self, const JxsSasInput *input, const Arrival *arrival);

static void
sent_free (Sent *sent)
{
  g_object_unref (sent->verifier);
  g_free (sent->id);
  g_free (sent);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sent, sent_free)

static void
handle_event (JxsVerifier *self, JxsSasEvent event)
{
  handle (self, &(JxsSasInput){ .event = event }, &(Arrival){ NULL });
}

/* ---- reasons ---- */

/* What the error that the peer answered with means. */
static GError *
explain_refusal (const GError *reason)
{
  if (g_error_matches (reason, JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE) ||
      g_error_matches (reason, JXS_STANZA_ERROR, JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED))
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_NOT_SUPPORTED,
                                _ ("The peer's software cannot compare a string"));
  if (g_error_matches (reason, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ALLOWED))
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_DECLINED,
                                _ ("Nobody is there at the peer's side to compare a string"));
  /* What we say does not fit the peer's keys: it went through somebody else's hands. */
  if (g_error_matches (reason, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE))
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_SECURITY,
                                _ ("The peer is at the end of another encrypted connection than "
                                   "ours: somebody may be listening in"));
  return g_error_copy (reason);
}

static GError *
explain (JxsSasFailure failure, const Arrival *arrival)
{
  switch (failure)
    {
    case JXS_SAS_FAILURE_REJECTED:
      return g_error_new_literal (
          JXS_ERROR,
          JXS_ERROR_UNTRUSTED,
          _ ("The two persons see different strings: somebody may be listening in"));
    case JXS_SAS_FAILURE_THEY_REJECTED:
      return g_error_new_literal (
          JXS_ERROR,
          JXS_ERROR_UNTRUSTED,
          _ ("The peer's person sees a different string: somebody may be listening in"));
    case JXS_SAS_FAILURE_CANCELLED:
      return g_error_new_literal (G_IO_ERROR,
                                  G_IO_ERROR_CANCELLED,
                                  _ ("The verification was cancelled"));
    case JXS_SAS_FAILURE_THEY_CANCELLED:
      if (arrival->message->timed_out)
        return g_error_new_literal (JXS_ERROR,
                                    JXS_ERROR_TIMED_OUT,
                                    _ ("The verification took the peer too long"));
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_DECLINED,
                                  _ ("The peer cancelled the verification"));
    case JXS_SAS_FAILURE_TIMED_OUT:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_TIMED_OUT,
                                  _ ("The verification took too long"));
    case JXS_SAS_FAILURE_LIE:
      return g_error_new_literal (
          JXS_ERROR,
          JXS_ERROR_SECURITY,
          _ ("The peer revealed another number than it had chosen: somebody may be cheating"));
    case JXS_SAS_FAILURE_REFUSED:
      return explain_refusal (arrival->reason);
    case JXS_SAS_FAILURE_CLOSED:
      if (arrival->reason != NULL)
        return g_error_copy (arrival->reason);
      return g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The stream was closed"));
    case JXS_SAS_FAILURE_PROTOCOL:
    case JXS_SAS_NO_FAILURE:
    default:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_PROTOCOL,
                                  _ ("The peer's software did the verification wrong"));
    }
}

/* ---- what is sent ---- */

/* The answer to our commitment, or the acknowledgement of something else. */
static void
handle_answer (JxsVerifier *self, const Sent *sent, JxsElement *reply, const GError *error)
{
  g_auto (JxsSasMessage) message = { 0 };
  JxsElement *nonce;

  /* The attempt may be over, or another one by now. */
  if (g_strcmp0 (self->id, sent->id) != 0)
    return;
  if (error != NULL)
    {
      handle (self,
              &(JxsSasInput){ .event = JXS_SAS_EVENT_REFUSED },
              &(Arrival){ .reason = error });
      return;
    }
  if (sent->kind != JXS_SAS_COMMIT)
    return;
  nonce = jxs_element_find_child (reply, "nonce", JXS_NS_VERIFICATION);
  if (nonce != NULL && jxs_sas_parse (nonce, &message, NULL) &&
      g_strcmp0 (message.id, self->id) == 0)
    handle (self,
            &(JxsSasInput){ .event = JXS_SAS_EVENT_NONCE, .bytes = message.bytes },
            &(Arrival){ NULL });
  else
    handle_event (self, JXS_SAS_EVENT_BAD_ANSWER);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Sent) sent = user_data;
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;

  jxs_router_send_iq_finish (JXS_ROUTER (source), result, &reply, &error);
  handle_answer (sent->verifier, sent, reply, error);
}

static void
send_request (JxsVerifier *self, const JxsSasMessage *message)
{
  g_autoptr (JxsElement) payload = jxs_sas_build (message);
  g_autoptr (JxsElement) iq = jxs_inner_channel_new_iq ("set", self->peer, payload);
  Sent *sent = g_new0 (Sent, 1);

  sent->verifier = g_object_ref (self);
  sent->kind = message->kind;
  sent->id = g_strdup (message->id);
  jxs_router_send_iq_async (self->router, iq, 0, NULL, answered_cb, sent);
}

static void
refuse (JxsVerifier *self, JxsElement *request, JxsStanzaError condition, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (JXS_STANZA_ERROR, (int) condition, text);

  jxs_router_reply_error (self->router, request, error, NULL);
}

/* What the machine wants the peer to know. */
static void
tell_peer (JxsVerifier *self, const JxsSasActions *actions, JxsElement *request)
{
  g_auto (JxsSasMessage) message = {
    .kind = actions->send,
    .id = g_strdup (self->id),
    .timed_out = actions->failure == JXS_SAS_FAILURE_TIMED_OUT,
  };

  if (self->router == NULL)
    return;
  memcpy (message.bytes, actions->bytes, JXS_SAS_SIZE);
  if (request != NULL && actions->refuse)
    refuse (self, request, actions->condition, "");
  else if (request != NULL && actions->send == JXS_SAS_NONCE)
    {
      g_autoptr (JxsElement) payload = jxs_sas_build (&message);

      jxs_router_reply_result (self->router, request, payload);
    }
  else if (request != NULL)
    jxs_router_reply_result (self->router, request, NULL);
  if (actions->send != JXS_SAS_NOTHING && actions->send != JXS_SAS_NONCE)
    send_request (self, &message);
}

/* ---- the machine ---- */

static gboolean
deadline_cb (gpointer user_data)
{
  handle_event (user_data, JXS_SAS_EVENT_TIMEOUT);
  return G_SOURCE_REMOVE;
}

static void
update_deadline (JxsVerifier *self)
{
  JxsSasWait wait = jxs_sas_machine_get_wait (&self->machine);

  if (wait == self->wait)
    return;
  self->wait = wait;
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
  if (wait != JXS_SAS_WAIT_NOTHING)
    self->deadline =
        jxs_clock_timeout_attach (wait == JXS_SAS_WAIT_ANSWER ? JXS_SAS_ANSWER_TIMEOUT_MS
                                                              : JXS_SAS_PERSON_TIMEOUT_MS,
                                  "[jxs] verification",
                                  self->context,
                                  deadline_cb,
                                  self);
}

/* It is over; code of the application's may run. */
static void
finish (JxsVerifier *self, const JxsSasActions *actions, const GError *error)
{
  g_autoptr (JxsVerification) verification = g_steal_pointer (&self->current);

  g_clear_pointer (&self->id, g_free);
  if (actions->verified && self->funcs != NULL)
    self->funcs->verified (self->user_data);
  if ((actions->failure == JXS_SAS_FAILURE_REJECTED ||
       actions->failure == JXS_SAS_FAILURE_THEY_REJECTED) &&
      self->funcs != NULL)
    self->funcs->rejected (self->user_data);

  if (actions->verified)
    jxs_verification_set_verified (verification);
  else
    jxs_verification_fail (verification, error);
  if (actions->end_stream && self->funcs != NULL)
    self->funcs->end_stream (error, self->user_data);
}

static void
act (JxsVerifier *self, const JxsSasActions *actions, const GError *error)
{
  if (actions->verified || actions->failure != JXS_SAS_NO_FAILURE)
    finish (self, actions, error);
  else if (actions->show)
    jxs_verification_show (self->current, &self->machine.string);
  else if (actions->send == JXS_SAS_CONFIRM)
    jxs_verification_set_confirmed (self->current);
}

static void
handle (JxsVerifier *self, const JxsSasInput *input, const Arrival *arrival)
{
  g_autoptr (JxsVerifier) alive = g_object_ref (self);
  g_autoptr (JxsVerification) current = self->current != NULL ? g_object_ref (self->current) : NULL;
  g_autoptr (GError) error = NULL;
  JxsSasState before = self->machine.state;
  JxsSasActions actions;

  jxs_sas_machine_handle (&self->machine, input, &actions);
  if (self->machine.state != before)
    jxs_log_debug (self,
                   "%s -> %s",
                   jxs_sas_state_to_name (before),
                   jxs_sas_state_to_name (self->machine.state));
  if (actions.send == JXS_SAS_NONCE)
    {
      /* What the peer begins; ours, begun at the same time, is void. */
      g_free (self->id);
      self->id = g_strdup (arrival->message->id);
    }
  if (actions.failure != JXS_SAS_NO_FAILURE)
    error = explain (actions.failure, arrival);
  tell_peer (self, &actions, arrival->request);
  update_deadline (self);
  /* Unless who watches the stream's queue has meddled already. */
  if (current != NULL && self->current == current)
    act (self, &actions, error);
}

/* ---- what our person does ---- */

/* What the peer began and was never answered, so that the machine knows nothing of it. */
static void
drop_offer (JxsVerifier *self, JxsSasFailure failure, const GError *reason)
{
  const JxsSasActions actions = { .failure = failure };
  g_autoptr (GError) error = explain (failure, &(Arrival){ .reason = reason });

  finish (self, &actions, error);
}

static void
acted_cb (JxsVerification *verification, JxsVerificationAct what, gpointer user_data)
{
  static const JxsSasEvent events[] = {
    [JXS_VERIFICATION_CONFIRM] = JXS_SAS_EVENT_CONFIRM,
    [JXS_VERIFICATION_REJECT] = JXS_SAS_EVENT_REJECT,
    [JXS_VERIFICATION_CANCEL] = JXS_SAS_EVENT_CANCEL,
  };
  JxsVerifier *self = user_data;

  if (verification != self->current)
    return;
  if (!self->offering)
    handle_event (self, events[what]);
  else if (what == JXS_VERIFICATION_CANCEL)
    drop_offer (self, JXS_SAS_FAILURE_CANCELLED, NULL);
}

/* ---- what the peer does ---- */

/* Shows the application what the peer begins. FALSE: it does not want it. */
static gboolean
offer (JxsVerifier *self)
{
  g_autoptr (JxsVerification) verification =
      jxs_verification_new (self->stream, acted_cb, G_OBJECT (self));
  gboolean taken;

  self->current = g_object_ref (verification);
  self->offering = TRUE;
  taken = self->funcs != NULL && self->funcs->offered (verification, self->user_data);
  self->offering = FALSE;
  if (self->current != verification)
    return FALSE;
  if (!taken)
    drop_offer (self, JXS_SAS_FAILURE_CANCELLED, NULL);
  return taken;
}

static void
handle_commit (JxsVerifier *self, const JxsSasMessage *message, JxsElement *request)
{
  guint8 nonce[JXS_SAS_SIZE];

  if (!self->possible)
    {
      refuse (self, request, JXS_STANZA_ERROR_NOT_ACCEPTABLE, "This stream cannot be verified");
      return;
    }
  if (!jxs_sas_machine_is_active (&self->machine) && jxs_sas_machine_can_begin (&self->machine) &&
      (self->offering || !offer (self)))
    {
      /* The stream may be over by now. */
      if (self->router != NULL)
        refuse (self, request, JXS_STANZA_ERROR_NOT_ALLOWED, "Nobody is here");
      return;
    }
  jxs_random_bytes (nonce, sizeof nonce);
  handle (self,
          &(JxsSasInput){ JXS_SAS_EVENT_COMMIT, message->bytes, nonce },
          &(Arrival){ request, message, NULL });
}

static void
handle_message (JxsVerifier *self, const JxsSasMessage *message, JxsElement *request)
{
  static const JxsSasEvent events[JXS_SAS_N_KINDS] = {
    [JXS_SAS_REVEAL] = JXS_SAS_EVENT_REVEAL,
    [JXS_SAS_CONFIRM] = JXS_SAS_EVENT_THEY_CONFIRM,
    [JXS_SAS_REJECT] = JXS_SAS_EVENT_THEY_REJECT,
    [JXS_SAS_CANCEL] = JXS_SAS_EVENT_THEY_CANCEL,
  };

  if (message->kind == JXS_SAS_COMMIT)
    handle_commit (self, message, request);
  else if (g_strcmp0 (message->id, self->id) != 0)
    refuse (self, request, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "No such verification is under way");
  else
    handle (self,
            &(JxsSasInput){ .event = events[message->kind], .bytes = message->bytes },
            &(Arrival){ request, message, NULL });
}

static gboolean
iq_cb (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  g_autoptr (JxsVerifier) self = g_object_ref (user_data);
  g_auto (JxsSasMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  if (g_strcmp0 (jxs_element_get_attribute (iq, "type"), "set") == 0 &&
      jxs_sas_parse (payload, &message, &error) && message.kind != JXS_SAS_NONCE)
    handle_message (self, &message, iq);
  else
    {
      refuse (self,
              iq,
              JXS_STANZA_ERROR_BAD_REQUEST,
              error != NULL ? error->message : "A verification is not requested like this");
      handle_event (self, JXS_SAS_EVENT_MALFORMED);
    }
  return TRUE;
}

/* ---- life ---- */

static void
jxs_verifier_dispose (GObject *object)
{
  jxs_verifier_close (JXS_VERIFIER (object), NULL);

  G_OBJECT_CLASS (jxs_verifier_parent_class)->dispose (object);
}

static void
jxs_verifier_finalize (GObject *object)
{
  JxsVerifier *self = JXS_VERIFIER (object);

  g_clear_weak_pointer (&self->stream);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  jxs_sas_binding_clear (&self->binding);
  g_free (self->id);

  G_OBJECT_CLASS (jxs_verifier_parent_class)->finalize (object);
}

static void
jxs_verifier_class_init (JxsVerifierClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_verifier_dispose;
  object_class->finalize = jxs_verifier_finalize;
}

static void
jxs_verifier_init (JxsVerifier *self)
{
  self->context = g_main_context_ref_thread_default ();
}

JxsVerifier *
jxs_verifier_new (JxsRouter *router,
                  JxsXmlStream *stream,
                  JxsSasSide side,
                  JxsSasBinding *binding,
                  const JxsVerifierFuncs *funcs,
                  gpointer user_data)
{
  JxsVerifier *self = g_object_new (JXS_TYPE_VERIFIER, NULL);

  self->router = g_object_ref (router);
  g_set_weak_pointer (&self->stream, stream);
  self->peer = jxs_jid_ref (jxs_xml_stream_get_peer_jid (stream));
  self->funcs = funcs;
  self->user_data = user_data;
  if (binding != NULL)
    {
      self->possible = TRUE;
      self->binding = *binding;
      *binding = (JxsSasBinding){ 0 };
    }
  jxs_sas_machine_init (&self->machine, side, &self->binding);
  self->handler = jxs_router_add_iq_handler (router, NULL, JXS_NS_VERIFICATION, iq_cb, self);
  return self;
}

JxsVerification *
jxs_verifier_begin (JxsVerifier *self, GError **error)
{
  guint8 nonce[JXS_SAS_SIZE];
  JxsVerification *verification;

  if (self->router == NULL || self->stream == NULL ||
      jxs_xml_stream_get_state (self->stream) != JXS_XML_STREAM_STATE_OPEN)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The stream is not open"));
      return NULL;
    }
  if (!self->possible)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("The stream is not encrypted with a certificate on both sides"));
      return NULL;
    }
  if (self->current != NULL)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_BUSY,
                           _ ("A verification of this stream is under way"));
      return NULL;
    }
  if (!jxs_sas_machine_can_begin (&self->machine))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_LIMIT,
                           _ ("This stream was verified too often; open another one"));
      return NULL;
    }

  jxs_random_bytes (nonce, sizeof nonce);
  verification = jxs_verification_new (self->stream, acted_cb, G_OBJECT (self));
  self->current = g_object_ref (verification);
  self->id = jxs_random_id ();
  handle (self, &(JxsSasInput){ .event = JXS_SAS_EVENT_START, .nonce = nonce }, &(Arrival){ NULL });
  return verification;
}

gboolean
jxs_verifier_is_busy (JxsVerifier *self)
{
  return self->current != NULL;
}

void
jxs_verifier_abandon (JxsVerifier *self)
{
  self->funcs = NULL;
  self->user_data = NULL;
}

void
jxs_verifier_close (JxsVerifier *self, const GError *error)
{
  g_autoptr (JxsRouter) router = g_steal_pointer (&self->router);

  if (router == NULL)
    return;
  jxs_router_remove_handler (router, self->handler);
  jxs_verifier_abandon (self);
  handle (self, &(JxsSasInput){ .event = JXS_SAS_EVENT_CLOSED }, &(Arrival){ .reason = error });
  if (self->current != NULL)
    drop_offer (self, JXS_SAS_FAILURE_CLOSED, error);
}

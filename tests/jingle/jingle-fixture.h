/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>

#define ROMEO "romeo@montague.example/orchard"
#define JULIET "juliet@capulet.example/balcony"

#define NS_APP "urn:example:app:0"
#define NS_OTHER_APP "urn:example:app:1"
#define NS_FAST "urn:example:transport:fast:0"      /* preferred */
#define NS_SLOW "urn:example:transport:slow:0"      /* fallback */
#define NS_STUB "urn:xmpp:jingle:transports:stub:0" /* of XEP-0166; it says nothing */
#define NS_SECURITY "urn:example:security:0"

/* What a transport or security of the tests does when its turn comes. */
typedef enum
{
  FAKE_WORKS,
  FAKE_FAILS,
  FAKE_HANGS, /* until cancelled */
} FakeBehaviour;

typedef struct
{
  FakeBehaviour connect; /* of transports */
  gboolean fail_close;
  guint n_made;
  guint n_infos;
  guint n_aborted;
  guint n_closed;
  gboolean last_abort_had_error;
} FakeTransportConfig;

typedef struct
{
  gboolean required;
  FakeBehaviour secure;
  gboolean eager; /* security-info as soon as the peer's part is known */
  gboolean lose;  /* fails like a connection that breaks */
  guint n_infos;
  guint n_secured;
} FakeSecurityConfig;

/* A transport whose two sides meet in this process. */
#define FAKE_TYPE_TRANSPORT (fake_transport_get_type ())
G_DECLARE_FINAL_TYPE (FakeTransport, fake_transport, FAKE, TRANSPORT, JxsTransport)
#define FAKE_TYPE_SECURITY (fake_security_get_type ())
G_DECLARE_FINAL_TYPE (FakeSecurity, fake_security, FAKE, SECURITY, JxsSecurity)

void fake_add_transport (JxsSessionManager *manager,
                         const char *namespace_uri,
                         int preference,
                         FakeTransportConfig *config);
void fake_set_security (JxsSessionManager *manager, FakeSecurityConfig *config);
void fake_forget_meetings (void);

/* One side with a manager on it. */
typedef struct
{
  JxsChannel *channel;
  JxsRouter *router;
  JxsSessionManager *manager;
  FakeTransportConfig fast;
  FakeTransportConfig slow;
  FakeSecurityConfig security;
  GPtrArray *incoming; /* (element-type JxsSession) */
  gboolean accept;     /* connect whatever comes in */
  GPtrArray *results;  /* (element-type Result): of all connects */
  GPtrArray *created;  /* (element-type JxsSession) */
} Side;

/* What became of a connect. */
typedef struct
{
  JxsSession *session;
  gboolean done;
  GIOStream *stream;
  GError *error;
  guint n_ended;
  GError *ended_error;
} Result;

void side_init (Side *side, JxsChannel *channel);
void side_clear (Side *side);
/* Both results are the side's. */
Result *side_connect (Side *side, JxsSession *session, guint timeout_ms, GCancellable *cancellable);
/* Romeo's session with juliet, not connected. */
JxsSession *side_create (Side *side, const char *peer, gboolean secure);

/* Two sides over a loopback pair. */
typedef struct
{
  Side romeo;
  Side juliet;
} Pair;

void pair_init (Pair *pair);
/* Asserts that nothing stays behind. */
void pair_clear (Pair *pair);

/* One side (juliet) against a scripted peer. */
typedef struct
{
  Side side;
  GQueue sent; /* (element-type JxsElement): what juliet sent and nobody looked at */
} Scripted;

void scripted_init (Scripted *self);
void scripted_clear (Scripted *self);
/* Feeds a stanza; the attributes from and to are added: romeo's, juliet's. */
void scripted_push (Scripted *self, const char *xml);
void scripted_push_from (Scripted *self, const char *from, const char *xml);
/* iq of type set around xml, with that id */
void scripted_set (Scripted *self, const char *id, const char *xml);
/* The next stanza juliet sent, asserting that there is one. (transfer full) */
JxsElement *scripted_pop (Scripted *self);
void scripted_expect_none (Scripted *self);
void scripted_expect_result (Scripted *self, const char *id);
/* condition and app_condition (of the Jingle errors, nullable) of the error answer to id */
void scripted_expect_error (Scripted *self,
                            const char *id,
                            const char *type,
                            const char *condition,
                            const char *app_condition);
/* The next stanza is an iq with that action, which is parsed; it is answered with a result. */
JxsJingle *scripted_expect_action (Scripted *self, JxsJingleAction action);
void scripted_expect_terminate (Scripted *self, JxsReasonCondition condition);
/* Takes the next stanza and answers it with an error. */
void scripted_refuse (Scripted *self, JxsStanzaError condition, const char *app_condition);

/* What the peer of a script says. */
#define DESCRIPTION "<description xmlns='" NS_APP "'/>"
#define FAST "<transport xmlns='" NS_FAST "' sid='t1'/>"
#define SLOW "<transport xmlns='" NS_SLOW "' sid='t2'/>"
#define SECURITY "<security xmlns='" NS_SECURITY "'/>"
#define CONTENT(inside) "<content creator='initiator' name='stream'>" inside "</content>"
#define JINGLE_SID(action, sid, inside)                                                            \
  "<jingle xmlns='urn:xmpp:jingle:1' action='" action "' sid='" sid "'>" inside "</jingle>"
#define JINGLE(action, inside) JINGLE_SID (action, "a73sjjvkla37jfea", inside)
#define OFFER JINGLE ("session-initiate", CONTENT (DESCRIPTION FAST SECURITY))

/* A session juliet was offered; pending. */
JxsSession *scripted_offer (Scripted *self);
/* The same, accepted. */
JxsSession *scripted_accept (Scripted *self);
/* A session juliet asks for; its id is given back. */
Result *scripted_initiate (Scripted *self, char **sid);
void scripted_action (
    Scripted *self, const char *id, const char *action, const char *sid, const char *inside);

/* Runs the main context until nothing is ready. */
void run_until_idle (void);
void advance (guint ms);

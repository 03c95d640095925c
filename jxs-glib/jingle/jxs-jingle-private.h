/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/jingle/jxs-reason.h>

G_BEGIN_DECLS

/* The <jingle/> element (XEP-0166 §7), and nothing of state. */

#define JXS_JINGLE_MAX_CONTENTS 16 /* contents of one element; stops work on endless offers */
#define JXS_JINGLE_MAX_NAME 1024   /* octets of a content's name; stops memory exhaustion */
#define JXS_JINGLE_MAX_SID 1024    /* octets of a session id; it is kept as a key */

typedef enum
{
  JXS_JINGLE_CONTENT_ACCEPT,
  JXS_JINGLE_CONTENT_ADD,
  JXS_JINGLE_CONTENT_MODIFY,
  JXS_JINGLE_CONTENT_REJECT,
  JXS_JINGLE_CONTENT_REMOVE,
  JXS_JINGLE_DESCRIPTION_INFO,
  JXS_JINGLE_SECURITY_INFO,
  JXS_JINGLE_SESSION_ACCEPT,
  JXS_JINGLE_SESSION_INFO,
  JXS_JINGLE_SESSION_INITIATE,
  JXS_JINGLE_SESSION_TERMINATE,
  JXS_JINGLE_TRANSPORT_ACCEPT,
  JXS_JINGLE_TRANSPORT_INFO,
  JXS_JINGLE_TRANSPORT_REJECT,
  JXS_JINGLE_TRANSPORT_REPLACE,
  JXS_JINGLE_N_ACTIONS,
} JxsJingleAction;

typedef enum
{
  JXS_JINGLE_CREATOR_INITIATOR,
  JXS_JINGLE_CREATOR_RESPONDER,
} JxsJingleCreator;

typedef enum
{
  JXS_JINGLE_SENDERS_BOTH,
  JXS_JINGLE_SENDERS_INITIATOR,
  JXS_JINGLE_SENDERS_NONE,
  JXS_JINGLE_SENDERS_RESPONDER,
} JxsJingleSenders;

typedef struct
{
  JxsJingleCreator creator;
  char *name;        /* (owned) */
  char *disposition; /* (owned) (nullable): NULL is "session" */
  JxsJingleSenders senders;
  JxsElement *description; /* (owned) (nullable) */
  JxsElement *transport;   /* (owned) (nullable) */
  JxsElement *security;    /* (owned) (nullable) */
} JxsJingleContent;

typedef struct
{
  const char *namespace_uri; /* one of the Jingle namespaces, as received */
  JxsJingleAction action;
  char *sid;           /* (owned) */
  JxsJid *initiator;   /* (owned) (nullable) */
  JxsJid *responder;   /* (owned) (nullable) */
  GPtrArray *contents; /* (owned) (element-type JxsJingleContent) */
  JxsReason *reason;   /* (owned) (nullable) */
  JxsElement *info;    /* (owned) (nullable): first child that is neither of the above */
} JxsJingle;

/* Errors are JXS_STANZA_ERROR (bad-request), as they go back to the peer. Contents that an action
 * does not need are kept as they are; what is missing for it is an error. */
JxsJingle *jxs_jingle_parse (JxsElement *element, GError **error);
JxsElement *jxs_jingle_build (const JxsJingle *jingle);
JxsJingle *jxs_jingle_new (const char *namespace_uri, JxsJingleAction action, const char *sid);
JxsJingleContent *
jxs_jingle_add_content (JxsJingle *self, JxsJingleCreator creator, const char *name);
void jxs_jingle_free (JxsJingle *self);
/* The disposition is "session", which is also the default (XEP-0166 §7.2.10). */
gboolean jxs_jingle_content_is_session (const JxsJingleContent *content);
const char *jxs_jingle_action_to_name (JxsJingleAction action);
/* The errors namespace that goes with a Jingle namespace; NULL: it is none. */
const char *jxs_jingle_errors_namespace (const char *namespace_uri);
JxsElement *jxs_reason_build (JxsReason *reason, const char *jingle_namespace);
JxsReason *jxs_reason_parse (JxsElement *element);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsJingle, jxs_jingle_free)

G_END_DECLS

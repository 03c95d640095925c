/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jxs-socket-stream-private.h"
#include "jxs-tls-credentials-private.h"
#include "jxs-tls-guard-private.h"
#include "jxs-tls-session-private.h"

G_BEGIN_DECLS

/* The parts of a JxsTlsSession: the object (session), its handshake, its records and its end
 * (records), what it knows (facts). These functions are called with the mutex held. */

/* Refused renegotiations and warnings within a connection; stops a peer that keeps us busy. */
#define JXS_TLS_MAX_NUISANCES 16

enum
{
  IN,
  OUT,
  N_DIRECTIONS,
};

struct _JxsTlsSession
{
  gatomicrefcount ref_count;
  GRecMutex mutex; /* GnuTLS can be used in one thread at a time only */

  GIOStream *base;                 /* (owned) */
  GPollableInputStream *base_in;   /* (unowned): of base */
  GPollableOutputStream *base_out; /* (unowned): of base */
  JxsSocketStream *socket;         /* (unowned) (nullable): base, if it is one */

  const JxsTlsSessionOwner *vtable;
  gpointer owner;  /* (unowned) (nullable) */
  gboolean inside; /* the owner decides */

  gnutls_session_t gnutls; /* (owned) */
  JxsTlsCredentials credentials;
  gboolean pinned;
  gboolean wants_check;
  JxsTlsSessionState state;
  gboolean has_begun;    /* the handshake */
  gboolean is_driven;    /* to its end, by somebody */
  GTlsCertificate *peer; /* (owned) (nullable) */
  GBytes *peer_status;   /* (owned) (nullable): what its authority says of it, RFC 6960 */
  GError *verdict;       /* (owned) (nullable): of the judge */
  int verdict_alert;
  int first_byte; /* that came from the peer; -1: none yet */
  guint nuisances;

  GError *errors[N_DIRECTIONS];      /* (owned) (nullable): what all further calls say */
  GError *base_errors[N_DIRECTIONS]; /* (owned) (nullable): of base, below GnuTLS */
  int input_alert; /* what the peer is told about a base error that is its fault; -1: none */
  gboolean closed[N_DIRECTIONS];
  JxsTlsGuard guard;
  gsize overhead;  /* octets since the last ones for the application */
  gboolean pulled; /* base gave something since this was cleared */
  gboolean base_ended;
  gboolean peer_done; /* its close_notify came */
  gboolean said_bye;
  gboolean require_close_notify;
  gsize record_size;   /* a write that would block is to be repeated with so many bytes; 0: none */
  gboolean has_record; /* GnuTLS still holds some of it, or of an alert */

  GPtrArray *contexts; /* (owned) (element-type GMainContext): of each source that is polled */
};

/* The sources look again. */
void jxs_tls_session_wake (JxsTlsSession *self);
/* Whether a result of GnuTLS means: once more. */
gboolean jxs_tls_is_passing (int result);
void jxs_tls_session_set_would_block (GError **error);
/* What went wrong. (transfer full) */
GError *jxs_tls_session_explain (JxsTlsSession *self, int direction, int result);
/* error: (transfer full): the first one counts. */
void jxs_tls_session_fail_direction (JxsTlsSession *self, int direction, GError *error);
/* error: (transfer full): for both directions. */
void jxs_tls_session_fail (JxsTlsSession *self, GError *error);
/* TRUE: the direction is of no use any more, or not now, and error says why. */
gboolean jxs_tls_session_report (JxsTlsSession *self, int direction, GError **error);

/* Called by GnuTLS before it looks at a message. */
int jxs_tls_session_message_cb (gnutls_session_t gnutls,
                                unsigned int type,
                                unsigned int when,
                                unsigned int is_incoming,
                                const gnutls_datum_t *message);
/* Called by GnuTLS when the peer has shown its chain and that it has its key. */
int jxs_tls_session_verify_cb (gnutls_session_t gnutls);
/* Goes on with the handshake if it is not done. */
gboolean jxs_tls_session_get_ready (JxsTlsSession *self, int direction, GError **error);

/* What is half under way. A result of GnuTLS. */
int jxs_tls_session_finish_record (JxsTlsSession *self);
/* Tells the peer what is wrong with what it sent, if that is why reading failed with this result.
 */
void jxs_tls_session_complain (JxsTlsSession *self, int result);
/* As good as it can be done without waiting: the peer may learn it from the end alone. alert: -1:
 * none. */
void jxs_tls_session_send_alert (JxsTlsSession *self, gnutls_alert_level_t level, int alert);

G_END_DECLS

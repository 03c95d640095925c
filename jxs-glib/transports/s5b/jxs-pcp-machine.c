/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-pcp-machine-private.h"

#include <string.h>

static void
set_state (JxsPcpMachine *self, JxsPcpState state)
{
  self->state = state;
}

/* The next packet goes out after a pause of retry_ms, more or less (RFC 6887 §8.1.1). */
static void
pause_for_retry (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  self->deadline_us = event->now_us + (gint64) self->retry_ms * (1000 + event->jitter);
}

static void
double_retry (JxsPcpMachine *self)
{
  self->retry_ms = MIN (self->retry_ms * 2, JXS_PCP_MAX_RETRY_MS);
}

static JxsPcpActions
become_over (JxsPcpMachine *self)
{
  self->deadline_us = 0;
  set_state (self, JXS_PCP_STATE_OVER);
  return JXS_PCP_ACTION_OVER;
}

/* Notes the epoch; FALSE if the router lost its memory since the last answer (RFC 6887 §8.5). */
static gboolean
check_epoch (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  gint64 client_delta = (event->now_us - self->answered_us) / G_USEC_PER_SEC;
  gint64 server_delta = (gint64) event->epoch - self->epoch;
  gboolean valid = self->answered_us == 0 ||
                   (server_delta >= -1 && client_delta + 2 >= server_delta - server_delta / 16 &&
                    server_delta + 2 >= client_delta - client_delta / 16);

  self->answered_us = event->now_us;
  self->epoch = event->epoch;
  return valid;
}

static JxsPcpActions
ask (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  set_state (self, JXS_PCP_STATE_ASKING);
  self->give_up_us = event->now_us + JXS_PCP_ASK_MS * 1000;
  self->retry_ms = self->first_retry_ms;
  pause_for_retry (self, event);
  return JXS_PCP_ACTION_SEND;
}

static JxsPcpActions
renew (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  gint64 pause_us = MAX ((self->expires_us - event->now_us) / 2, JXS_PCP_MIN_RENEW_MS * 1000);

  set_state (self, JXS_PCP_STATE_RENEWING);
  self->deadline_us = MIN (event->now_us + pause_us, self->expires_us);
  return JXS_PCP_ACTION_SEND;
}

/* -- what the table names -- */

typedef JxsPcpActions (*Handler) (JxsPcpMachine *self, const JxsPcpEvent *event);

static JxsPcpActions
on_granted (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  guint32 lifetime = CLAMP (event->lifetime, JXS_PCP_MIN_LIFETIME, JXS_PCP_MAX_LIFETIME);
  gboolean moved = self->state == JXS_PCP_STATE_ASKING || self->port != event->port ||
                   memcmp (&self->address, &event->address, sizeof (self->address)) != 0;

  if (event->lifetime == 0)
    return become_over (self);

  /* If the router lost its memory this answer made the mapping anew. */
  check_epoch (self, event);
  set_state (self, JXS_PCP_STATE_MAPPED);
  self->address = event->address;
  self->port = event->port;
  self->expires_us = event->now_us + (gint64) lifetime * G_USEC_PER_SEC;
  self->deadline_us = event->now_us + (gint64) lifetime * G_USEC_PER_SEC / 2;
  return moved ? JXS_PCP_ACTION_MAPPED : 0;
}

static JxsPcpActions
on_refused_asking (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return become_over (self);
}

/* What was granted stays until its lifetime ends, unless it is forgotten (RFC 6887 §8.3). */
static JxsPcpActions
on_refused_mapped (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return check_epoch (self, event) ? 0 : become_over (self);
}

static JxsPcpActions
on_epoch (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return check_epoch (self, event) ? 0 : ask (self, event);
}

static JxsPcpActions
on_epoch_asking (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  check_epoch (self, event);
  return 0;
}

static JxsPcpActions
on_unreachable (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return become_over (self);
}

static JxsPcpActions
on_due_asking (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  if (event->now_us >= self->give_up_us)
    return become_over (self);

  double_retry (self);
  pause_for_retry (self, event);
  self->deadline_us = MIN (self->deadline_us, self->give_up_us);
  return JXS_PCP_ACTION_SEND;
}

static JxsPcpActions
on_due_mapped (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return event->now_us >= self->expires_us ? become_over (self) : renew (self, event);
}

static JxsPcpActions
on_refresh (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return event->now_us - self->answered_us < JXS_PCP_FRESH_MS * 1000 ? 0 : renew (self, event);
}

static JxsPcpActions
on_stop_new (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return become_over (self);
}

/* Also while ASKING: the router may have heard us, though we did not hear it. */
static JxsPcpActions
on_stop (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  set_state (self, JXS_PCP_STATE_RELEASING);
  self->n_sent = 1;
  self->retry_ms = self->first_retry_ms;
  pause_for_retry (self, event);
  return JXS_PCP_ACTION_SEND;
}

static JxsPcpActions
on_due_releasing (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  if (self->n_sent == JXS_PCP_RELEASE_LIMIT)
    return become_over (self);

  self->n_sent++;
  double_retry (self);
  pause_for_retry (self, event);
  return JXS_PCP_ACTION_SEND;
}

/* The answer to an earlier request may come after the deletion was sent. */
static JxsPcpActions
on_granted_releasing (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  return event->lifetime == 0 ? become_over (self) : 0;
}

/* Where nothing is named nothing happens. */
static const Handler table[JXS_PCP_N_STATES][JXS_PCP_N_EVENTS] = {
  [JXS_PCP_STATE_NEW] = {
    [JXS_PCP_EVENT_START] = ask,
    [JXS_PCP_EVENT_STOP] = on_stop_new,
  },
  [JXS_PCP_STATE_ASKING] = {
    [JXS_PCP_EVENT_GRANTED] = on_granted,
    [JXS_PCP_EVENT_REFUSED] = on_refused_asking,
    [JXS_PCP_EVENT_EPOCH] = on_epoch_asking,
    [JXS_PCP_EVENT_UNREACHABLE] = on_unreachable,
    [JXS_PCP_EVENT_DUE] = on_due_asking,
    [JXS_PCP_EVENT_STOP] = on_stop,
  },
  [JXS_PCP_STATE_MAPPED] = {
    [JXS_PCP_EVENT_GRANTED] = on_granted,
    [JXS_PCP_EVENT_REFUSED] = on_refused_mapped,
    [JXS_PCP_EVENT_EPOCH] = on_epoch,
    [JXS_PCP_EVENT_DUE] = on_due_mapped,
    [JXS_PCP_EVENT_REFRESH] = on_refresh,
    [JXS_PCP_EVENT_STOP] = on_stop,
  },
  [JXS_PCP_STATE_RENEWING] = {
    [JXS_PCP_EVENT_GRANTED] = on_granted,
    [JXS_PCP_EVENT_REFUSED] = on_refused_mapped,
    [JXS_PCP_EVENT_EPOCH] = on_epoch,
    [JXS_PCP_EVENT_DUE] = on_due_mapped,
    [JXS_PCP_EVENT_STOP] = on_stop,
  },
  [JXS_PCP_STATE_RELEASING] = {
    [JXS_PCP_EVENT_GRANTED] = on_granted_releasing,
    [JXS_PCP_EVENT_REFUSED] = on_unreachable,
    [JXS_PCP_EVENT_UNREACHABLE] = on_unreachable,
    [JXS_PCP_EVENT_DUE] = on_due_releasing,
  },
};

void
jxs_pcp_machine_init (JxsPcpMachine *self, guint first_retry_ms, guint16 port)
{
  memset (self, 0, sizeof (*self));
  self->first_retry_ms = first_retry_ms;
  self->port = port;
}

JxsPcpActions
jxs_pcp_machine_handle (JxsPcpMachine *self, const JxsPcpEvent *event)
{
  Handler handler = table[self->state][event->type];

  return handler != NULL ? handler (self, event) : 0;
}

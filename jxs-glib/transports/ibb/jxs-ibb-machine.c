/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-machine-private.h"

typedef enum
{
  BLOCK_SENT,
  BLOCK_ARRIVED, /* acknowledged before one that was sent earlier */
  BLOCK_WAITS,   /* answered `wait`: never arrived */
} BlockState;

typedef struct
{
  guint16 seq;
  BlockState state;
  GBytes *bytes; /* (owned): kept for another attempt */
} IbbBlock;

static void
ibb_block_free (gpointer data)
{
  IbbBlock *block = data;

  g_bytes_unref (block->bytes);
  g_free (block);
}

static void
action_clear (gpointer data)
{
  g_clear_pointer (&((JxsIbbAction *) data)->bytes, g_bytes_unref);
}

GArray *
jxs_ibb_actions_new (void)
{
  GArray *actions = g_array_new (FALSE, FALSE, sizeof (JxsIbbAction));

  g_array_set_clear_func (actions, action_clear);
  return actions;
}

static void
push (GArray *actions, JxsIbbAction action)
{
  g_array_append_val (actions, action);
}

static void
push_plain (GArray *actions, JxsIbbActionType type)
{
  push (actions, (JxsIbbAction){ .type = type });
}

static void
push_reply (GArray *actions, gpointer request, JxsIbbReply reply)
{
  if (request != NULL)
    push (actions,
          (JxsIbbAction){ .type = JXS_IBB_ACTION_REPLY, .request = request, .reply = reply });
}

static void
push_data (GArray *actions, IbbBlock *block, gboolean again)
{
  block->state = BLOCK_SENT;
  push (actions,
        (JxsIbbAction){ .type = JXS_IBB_ACTION_SEND_DATA,
                        .seq = block->seq,
                        .again = again,
                        .bytes = g_bytes_ref (block->bytes) });
}

static void
set_state (JxsIbbMachine *self, JxsIbbState state)
{
  self->state = state;
}

static void
become_open (JxsIbbMachine *self, GArray *actions)
{
  set_state (self, JXS_IBB_STATE_OPEN);
  push_plain (actions, JXS_IBB_ACTION_OPENED);
}

static void
become_closed (JxsIbbMachine *self, GArray *actions)
{
  set_state (self, JXS_IBB_STATE_CLOSED);
  push_plain (actions, JXS_IBB_ACTION_EOF);
  push_plain (actions, JXS_IBB_ACTION_CLOSED);
}

static void
fail (JxsIbbMachine *self, JxsIbbFailure failure, gboolean tell_peer, GArray *actions)
{
  gpointer close_request = g_steal_pointer (&self->close_request);

  self->failed = TRUE;
  g_queue_clear_full (&self->in_flight, ibb_block_free);
  push (actions, (JxsIbbAction){ .type = JXS_IBB_ACTION_FAILED, .failure = failure });

  /* The peer closed already, or never had a stream: nothing is left to close. */
  push_reply (actions, close_request, JXS_IBB_REPLY_RESULT);
  if (!tell_peer || close_request != NULL || self->state < JXS_IBB_STATE_OPEN)
    {
      become_closed (self, actions);
      return;
    }

  push_plain (actions, JXS_IBB_ACTION_EOF);
  if (self->state == JXS_IBB_STATE_CLOSING)
    return;

  set_state (self, JXS_IBB_STATE_CLOSING);
  push_plain (actions, JXS_IBB_ACTION_SEND_CLOSE);
}

/* After an answer or at the end of what was written. */
static void
finish_if_flushed (JxsIbbMachine *self, GArray *actions)
{
  if (!self->dry || !g_queue_is_empty (&self->in_flight))
    return;

  if (self->state == JXS_IBB_STATE_DRAINING)
    {
      set_state (self, JXS_IBB_STATE_CLOSING);
      push_plain (actions, JXS_IBB_ACTION_SEND_CLOSE);
    }
  else if (self->state == JXS_IBB_STATE_FLUSHING)
    {
      push_reply (actions, g_steal_pointer (&self->close_request), JXS_IBB_REPLY_RESULT);
      become_closed (self, actions);
    }
}

/* -- what the table names -- */

typedef void (*Handler) (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions);

static void
on_agree (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  set_state (self, JXS_IBB_STATE_AGREED);
  if (self->implicit_open)
    become_open (self, actions);
}

static void
on_connect (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  if (!self->initiator)
    return;

  set_state (self, JXS_IBB_STATE_OPENING);
  push_plain (actions, JXS_IBB_ACTION_SEND_OPEN);
}

/* Whoever opens first: after a transport-replace the texts do not say whose turn it is. */
static void
on_open (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  if (event->block_size != self->block_size)
    {
      push_reply (actions, event->request, JXS_IBB_REPLY_RESOURCE_CONSTRAINT);
      return;
    }

  push_reply (actions, event->request, JXS_IBB_REPLY_RESULT);
  become_open (self, actions);
}

/* Before the agreement, or a second time: the stream there may be is left as it is. */
static void
on_open_refuse (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  push_reply (actions, event->request, JXS_IBB_REPLY_NOT_ACCEPTABLE);
}

/* An <open/> where none is needed (ibb:0) does no harm. */
static void
on_open_again (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  if (self->implicit_open && event->block_size == self->block_size)
    push_reply (actions, event->request, JXS_IBB_REPLY_RESULT);
  else
    on_open_refuse (self, event, actions);
}

static void
on_open_answer (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  if (event->fault == JXS_IBB_FAULT_NONE)
    become_open (self, actions);
  else
    fail (self, JXS_IBB_FAILURE_REFUSED, FALSE, actions);
}

static void
on_data (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  if (event->seq != self->receive_seq)
    {
      push_reply (actions, event->request, JXS_IBB_REPLY_UNEXPECTED_REQUEST);
      fail (self, JXS_IBB_FAILURE_SEQUENCE, TRUE, actions);
      return;
    }
  if (event->fault == JXS_IBB_FAULT_OVERFLOW)
    {
      push_reply (actions, event->request, JXS_IBB_REPLY_RESOURCE_CONSTRAINT);
      fail (self, JXS_IBB_FAILURE_OVERFLOW, TRUE, actions);
      return;
    }
  if (event->fault != JXS_IBB_FAULT_NONE)
    {
      push_reply (actions, event->request, JXS_IBB_REPLY_BAD_REQUEST);
      fail (self, JXS_IBB_FAILURE_MALFORMED, TRUE, actions);
      return;
    }

  self->receive_seq++;
  push (actions,
        (JxsIbbAction){ .type = JXS_IBB_ACTION_DELIVER,
                        .request = event->request,
                        .bytes = g_bytes_ref (event->bytes) });
}

/* The peer took our <open/>: its answer is still on its way through the main loop. */
static void
on_data_opening (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  become_open (self, actions);
  on_data (self, event, actions);
}

/* After our orderly <close/> the peer may still flush (XEP-0047 §2.3); after a failure nothing is
 * processed (§2.2). */
static void
on_data_closing (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  if (self->failed)
    push_reply (actions, event->request, JXS_IBB_REPLY_UNEXPECTED_REQUEST);
  else
    on_data (self, event, actions);
}

static void
on_unknown (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  push_reply (actions, event->request, JXS_IBB_REPLY_ITEM_NOT_FOUND);
}

static void
on_send (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  IbbBlock *block = g_new0 (IbbBlock, 1);

  block->seq = self->send_seq++;
  block->bytes = g_bytes_ref (event->bytes);
  g_queue_push_tail (&self->in_flight, block);
  push_data (actions, block, FALSE);
}

/* No answer is outstanding: what was answered `wait` goes out again, in order and one at a time.
 * With several blocks in flight a later one may have arrived where an earlier did not; the peer saw
 * a gap there, and no resending heals it. */
static void
retry_if_quiet (JxsIbbMachine *self, GArray *actions)
{
  gboolean arrived = FALSE;

  for (GList *l = self->in_flight.head; l != NULL; l = l->next)
    {
      const IbbBlock *block = l->data;

      if (block->state == BLOCK_SENT)
        return;
      arrived |= block->state == BLOCK_ARRIVED;
    }

  if (arrived)
    fail (self, JXS_IBB_FAILURE_GAP, TRUE, actions);
  else if (self->attempts == JXS_IBB_RETRY_LIMIT)
    fail (self, JXS_IBB_FAILURE_RETRIES, TRUE, actions);
  else
    push (actions,
          (JxsIbbAction){ .type = JXS_IBB_ACTION_PAUSE,
                          .delay_ms = JXS_IBB_RETRY_FIRST_MS << self->attempts++ });
}

static IbbBlock *
find_block (JxsIbbMachine *self, guint16 seq)
{
  const IbbBlock *head = g_queue_peek_head (&self->in_flight);

  /* Blocks in flight are consecutive, and answers come in order but for hostile peers. */
  return head == NULL ? NULL : g_queue_peek_nth (&self->in_flight, (guint16) (seq - head->seq));
}

static void
on_data_answer (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  IbbBlock *block = find_block (self, event->seq);
  IbbBlock *head;

  if (block == NULL || block->state != BLOCK_SENT)
    return;

  if (event->fault == JXS_IBB_FAULT_WAIT)
    {
      block->state = BLOCK_WAITS;
      self->retrying = TRUE;
      self->resending = FALSE;
      retry_if_quiet (self, actions);
      return;
    }
  if (event->fault != JXS_IBB_FAULT_NONE)
    {
      fail (self, JXS_IBB_FAILURE_REJECTED, TRUE, actions);
      return;
    }

  block->state = BLOCK_ARRIVED;
  while ((head = g_queue_peek_head (&self->in_flight)) != NULL && head->state == BLOCK_ARRIVED)
    {
      ibb_block_free (g_queue_pop_head (&self->in_flight));
      self->attempts = 0;
    }

  if (head == NULL)
    self->retrying = self->resending = FALSE;
  else if (self->resending)
    push_data (actions, head, TRUE);
  else if (self->retrying)
    retry_if_quiet (self, actions);

  finish_if_flushed (self, actions);
}

static void
on_retry (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  IbbBlock *block = g_queue_peek_head (&self->in_flight);

  if (block == NULL || block->state != BLOCK_WAITS)
    return;

  self->resending = TRUE;
  push_data (actions, block, TRUE);
}

static void
on_shut (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  set_state (self, JXS_IBB_STATE_DRAINING);
}

/* Nothing was ever sent: there is nothing to close. */
static void
on_shut_early (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  become_closed (self, actions);
}

/* The peer has a stream, or will have one when our <open/> arrives. */
static void
on_shut_opening (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  set_state (self, JXS_IBB_STATE_CLOSING);
  push_plain (actions, JXS_IBB_ACTION_SEND_CLOSE);
}

static void
on_dry (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  self->dry = TRUE;
  finish_if_flushed (self, actions);
}

/* Our own last bytes go out before the answer (XEP-0047 §2.3). */
static void
on_close (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  set_state (self, JXS_IBB_STATE_FLUSHING);
  self->close_request = event->request;
  push_plain (actions, JXS_IBB_ACTION_EOF);
  finish_if_flushed (self, actions);
}

static void
on_close_opening (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  become_open (self, actions);
  on_close (self, event, actions);
}

/* Both closed at once; each answers the other. */
static void
on_close_closing (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  push_reply (actions, event->request, JXS_IBB_REPLY_RESULT);
  become_closed (self, actions);
}

static void
on_close_answer (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  become_closed (self, actions);
}

static void
on_fail (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  fail (self, event->failure, TRUE, actions);
}

static void
on_abort (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  fail (self, JXS_IBB_FAILURE_ABORTED, FALSE, actions);
}

/* The session is over while our <close/>, the last word, was on its way: nothing was lost. */
static void
on_abort_closing (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  become_closed (self, actions);
}

/* A missing entry: the event means nothing there. */
static const Handler table[JXS_IBB_N_STATES][JXS_IBB_N_EVENTS] = {
  [JXS_IBB_STATE_NEW] = {
    [JXS_IBB_EVENT_AGREE] = on_agree,
    [JXS_IBB_EVENT_OPEN] = on_open_refuse,
    [JXS_IBB_EVENT_DATA] = on_unknown,
    [JXS_IBB_EVENT_SHUT] = on_shut_early,
    [JXS_IBB_EVENT_CLOSE] = on_unknown,
    [JXS_IBB_EVENT_FAIL] = on_fail,
    [JXS_IBB_EVENT_ABORT] = on_abort,
  },
  [JXS_IBB_STATE_AGREED] = {
    [JXS_IBB_EVENT_CONNECT] = on_connect,
    [JXS_IBB_EVENT_OPEN] = on_open,
    [JXS_IBB_EVENT_DATA] = on_unknown,
    [JXS_IBB_EVENT_SHUT] = on_shut_early,
    [JXS_IBB_EVENT_CLOSE] = on_unknown,
    [JXS_IBB_EVENT_FAIL] = on_fail,
    [JXS_IBB_EVENT_ABORT] = on_abort,
  },
  [JXS_IBB_STATE_OPENING] = {
    [JXS_IBB_EVENT_OPEN] = on_open,
    [JXS_IBB_EVENT_OPEN_ANSWER] = on_open_answer,
    [JXS_IBB_EVENT_DATA] = on_data_opening,
    [JXS_IBB_EVENT_SHUT] = on_shut_opening,
    [JXS_IBB_EVENT_CLOSE] = on_close_opening,
    [JXS_IBB_EVENT_FAIL] = on_fail,
    [JXS_IBB_EVENT_ABORT] = on_abort,
  },
  [JXS_IBB_STATE_OPEN] = {
    [JXS_IBB_EVENT_OPEN] = on_open_again,
    [JXS_IBB_EVENT_DATA] = on_data,
    [JXS_IBB_EVENT_SEND] = on_send,
    [JXS_IBB_EVENT_DATA_ANSWER] = on_data_answer,
    [JXS_IBB_EVENT_RETRY] = on_retry,
    [JXS_IBB_EVENT_SHUT] = on_shut,
    [JXS_IBB_EVENT_CLOSE] = on_close,
    [JXS_IBB_EVENT_FAIL] = on_fail,
    [JXS_IBB_EVENT_ABORT] = on_abort,
  },
  [JXS_IBB_STATE_DRAINING] = {
    [JXS_IBB_EVENT_OPEN] = on_open_refuse,
    [JXS_IBB_EVENT_DATA] = on_data,
    [JXS_IBB_EVENT_SEND] = on_send,
    [JXS_IBB_EVENT_DATA_ANSWER] = on_data_answer,
    [JXS_IBB_EVENT_RETRY] = on_retry,
    [JXS_IBB_EVENT_DRY] = on_dry,
    [JXS_IBB_EVENT_CLOSE] = on_close,
    [JXS_IBB_EVENT_FAIL] = on_fail,
    [JXS_IBB_EVENT_ABORT] = on_abort,
  },
  [JXS_IBB_STATE_FLUSHING] = {
    [JXS_IBB_EVENT_OPEN] = on_open_refuse,
    [JXS_IBB_EVENT_DATA] = on_unknown,
    [JXS_IBB_EVENT_SEND] = on_send,
    [JXS_IBB_EVENT_DATA_ANSWER] = on_data_answer,
    [JXS_IBB_EVENT_RETRY] = on_retry,
    [JXS_IBB_EVENT_DRY] = on_dry,
    [JXS_IBB_EVENT_CLOSE] = on_unknown,
    [JXS_IBB_EVENT_FAIL] = on_fail,
    [JXS_IBB_EVENT_ABORT] = on_abort,
  },
  [JXS_IBB_STATE_CLOSING] = {
    [JXS_IBB_EVENT_OPEN] = on_open_refuse,
    [JXS_IBB_EVENT_DATA] = on_data_closing,
    [JXS_IBB_EVENT_CLOSE] = on_close_closing,
    [JXS_IBB_EVENT_CLOSE_ANSWER] = on_close_answer,
    [JXS_IBB_EVENT_FAIL] = on_close_answer,
    [JXS_IBB_EVENT_ABORT] = on_abort_closing,
  },
  [JXS_IBB_STATE_CLOSED] = {
    [JXS_IBB_EVENT_OPEN] = on_open_refuse,
    [JXS_IBB_EVENT_DATA] = on_unknown,
    [JXS_IBB_EVENT_CLOSE] = on_unknown,
  },
};

void
jxs_ibb_machine_handle (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions)
{
  Handler handler = table[self->state][event->type];

  if (handler != NULL)
    handler (self, event, actions);
}

gboolean
jxs_ibb_machine_can_send (const JxsIbbMachine *self)
{
  return !self->retrying && table[self->state][JXS_IBB_EVENT_SEND] != NULL;
}

void
jxs_ibb_machine_init (JxsIbbMachine *self, gboolean initiator)
{
  *self = (JxsIbbMachine){ .state = JXS_IBB_STATE_NEW, .initiator = initiator };
  g_queue_init (&self->in_flight);
}

void
jxs_ibb_machine_clear (JxsIbbMachine *self)
{
  g_queue_clear_full (&self->in_flight, ibb_block_free);
}

const char *
jxs_ibb_state_to_string (JxsIbbState state)
{
  static const char *const names[] = {
    "new", "agreed", "opening", "open", "draining", "flushing", "closing", "closed",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == JXS_IBB_N_STATES);

  return names[state];
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-port-private.h"

#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-pump-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>

/* Refcounted only because an acknowledgement may end in jxs_ibb_port_free(). */
struct _JxsIbbPort
{
  const JxsIbbPortFuncs *funcs;
  gpointer user_data;

  GWeakRef app_end; /* JxsSocketStream: the application's side of the pipe */
  GIOStream *end;   /* (owned): our side of the pipe */
  JxsPump *pump;    /* (owned) (nullable): NULL when freed */
  gboolean deaf;    /* nobody will read: what arrives is dropped */
  GQueue owed;      /* (owned) (element-type Arrival) */
  guint64 n_delivered;
};

/* A block that the application has not read. */
typedef struct
{
  JxsElement *iq; /* (owned) (nullable): NULL when it came in a message */
  guint64 end;    /* offset of the first byte behind it */
} Arrival;

static void
acknowledge (JxsIbbPort *self, JxsElement *iq)
{
  if (iq != NULL)
    self->funcs->acknowledge (iq, self->user_data);
}

/* Acknowledges up to the soft bound ahead of what the application has read. */
static void
settle (JxsIbbPort *self, gboolean all)
{
  guint64 read = self->n_delivered - jxs_pump_get_queued (self->pump);
  Arrival *arrival;

  g_rc_box_acquire (self);
  while ((arrival = g_queue_peek_head (&self->owed)) != NULL &&
         (all || arrival->end <= read + JXS_IBB_RECEIVE_SOFT))
    {
      g_autoptr (JxsElement) iq = g_steal_pointer (&arrival->iq);

      g_free (g_queue_pop_head (&self->owed));
      acknowledge (self, iq);
    }
  g_rc_box_release (self);
}

static void
pump_readable_cb (JxsPump *pump, gpointer user_data)
{
  JxsIbbPort *self = user_data;

  self->funcs->readable (self->user_data);
}

static void
pump_drained_cb (JxsPump *pump, gpointer user_data)
{
  settle (user_data, FALSE);
}

static void
pump_closed_cb (JxsPump *pump, const GError *error, gpointer user_data)
{
  JxsIbbPort *self = g_rc_box_acquire (user_data);

  self->deaf = TRUE;
  settle (self, TRUE);
  if (self->pump != NULL)
    self->funcs->gone (self->user_data);
  g_rc_box_release (self);
}

JxsIbbPort *
jxs_ibb_port_new (const JxsIbbPortFuncs *funcs,
                  gpointer user_data,
                  GIOStream **app_end,
                  GError **error)
{
  static const JxsPumpFuncs pump_funcs = { pump_readable_cb, pump_drained_cb, pump_closed_cb };
  g_autoptr (GIOStream) outer = NULL;
  g_autoptr (GIOStream) inner = NULL;
  JxsIbbPort *self;

  if (!jxs_pipe_new (&outer, &inner, error))
    return NULL;

  self = g_rc_box_new0 (JxsIbbPort);
  self->funcs = funcs;
  self->user_data = user_data;
  self->end = g_steal_pointer (&inner);
  self->pump = jxs_pump_new (self->end, &pump_funcs, self);

  g_weak_ref_init (&self->app_end, outer);
  *app_end = g_steal_pointer (&outer);
  return self;
}

gboolean
jxs_ibb_port_has_room (JxsIbbPort *self, gsize size)
{
  return self->owed.length < JXS_IBB_RECEIVE_MAX_BLOCKS &&
         jxs_pump_get_queued (self->pump) + size <= JXS_IBB_RECEIVE_HARD;
}

void
jxs_ibb_port_deliver (JxsIbbPort *self, GBytes *bytes, JxsElement *iq)
{
  g_rc_box_acquire (self);
  if (!self->deaf && g_bytes_get_size (bytes) > 0)
    {
      self->n_delivered += g_bytes_get_size (bytes);
      jxs_pump_write (self->pump, bytes);
      settle (self, FALSE);
    }

  if (self->deaf || self->pump == NULL || jxs_pump_get_queued (self->pump) <= JXS_IBB_RECEIVE_SOFT)
    {
      acknowledge (self, iq);
    }
  else
    {
      Arrival *arrival = g_new0 (Arrival, 1);

      arrival->iq = iq == NULL ? NULL : jxs_element_ref (iq);
      arrival->end = self->n_delivered;
      g_queue_push_tail (&self->owed, arrival);
    }
  g_rc_box_release (self);
}

gssize
jxs_ibb_port_read (JxsIbbPort *self, guint8 *buffer, gsize size)
{
  return jxs_pump_read (self->pump, buffer, size);
}

void
jxs_ibb_port_end (JxsIbbPort *self)
{
  if (!self->deaf)
    jxs_pump_write_eof (self->pump);
  self->deaf = TRUE;
}

void
jxs_ibb_port_shut (JxsIbbPort *self, const GError *reason)
{
  g_autoptr (JxsSocketStream) app_end = g_weak_ref_get (&self->app_end);
  GSocket *socket = jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (self->end));

  if (app_end != NULL && reason != NULL)
    jxs_socket_stream_set_reason (app_end, reason);
  g_socket_shutdown (socket, TRUE, FALSE, NULL);
  settle (self, TRUE);
}

void
jxs_ibb_port_free (JxsIbbPort *self)
{
  settle (self, TRUE);
  g_clear_pointer (&self->pump, jxs_pump_free);
  g_object_unref (self->end);
  g_weak_ref_clear (&self->app_end);
  g_rc_box_release (self);
}

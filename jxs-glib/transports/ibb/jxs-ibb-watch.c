/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-watch-private.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsIbbWatch
{
  GMainContext *context; /* (owned) */
  JxsRouter *router;     /* (owned) */
  JxsJid *peer;          /* (owned) */
  const JxsIbbWatchFuncs *funcs;
  gpointer user_data;

  GSource *timer;      /* (owned) (nullable): while started */
  gint64 progress_us;  /* when an answer came last */
  GCancellable *probe; /* (owned) (nullable): while the peer is asked */
};

static void
watch_finalize (gpointer data)
{
  JxsIbbWatch *self = data;

  g_main_context_unref (self->context);
  g_object_unref (self->router);
  jxs_jid_unref (self->peer);
}

static void
watch_unref (JxsIbbWatch *self)
{
  g_rc_box_release_full (self, watch_finalize);
}

/* A server answers service-unavailable for a resource that is gone, a client that cannot be asked
 * something else. */
static gboolean
says_it_is_there (const GError *error)
{
  return error->domain == JXS_STANZA_ERROR && error->code != JXS_STANZA_ERROR_SERVICE_UNAVAILABLE &&
         error->code != JXS_STANZA_ERROR_RECIPIENT_UNAVAILABLE &&
         error->code != JXS_STANZA_ERROR_REMOTE_SERVER_NOT_FOUND &&
         error->code != JXS_STANZA_ERROR_REMOTE_SERVER_TIMEOUT;
}

static void
probe_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  JxsIbbWatch *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean there = jxs_router_send_iq_finish (JXS_ROUTER (object), result, NULL, &error);

  /* Otherwise an answer came meanwhile, or nobody wants to know any more. */
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && self->probe != NULL)
    {
      g_clear_object (&self->probe);
      if (there || says_it_is_there (error))
        self->progress_us = jxs_clock_now ();
      else
        self->funcs->gone (error, self->user_data);
    }

  watch_unref (self);
}

static void
end_probe (JxsIbbWatch *self)
{
  g_autoptr (GCancellable) probe = g_steal_pointer (&self->probe);

  if (probe != NULL)
    g_cancellable_cancel (probe);
}

static gboolean
timer_cb (gpointer user_data)
{
  JxsIbbWatch *self = user_data;
  g_autoptr (JxsElement) query = NULL;
  g_autoptr (JxsElement) iq = NULL;

  if (!self->funcs->is_waiting (self->user_data))
    {
      g_clear_pointer (&self->timer, g_source_unref);
      return G_SOURCE_REMOVE;
    }
  if (self->probe != NULL || jxs_clock_now () - self->progress_us < JXS_IBB_STALL_MS * 1000)
    return G_SOURCE_CONTINUE;

  /* What everybody answers who speaks Jingle. */
  query = jxs_element_new ("query", JXS_NS_DISCO_INFO);
  iq = jxs_stanza_new_iq ("get", jxs_jid_to_string (self->peer), query);
  self->probe = g_cancellable_new ();
  self->funcs->stalled (self->user_data);
  jxs_router_send_iq_async (
      self->router, iq, JXS_IBB_PROBE_MS, self->probe, probe_cb, g_rc_box_acquire (self));
  return G_SOURCE_CONTINUE;
}

JxsIbbWatch *
jxs_ibb_watch_new (JxsRouter *router,
                   JxsJid *peer,
                   const JxsIbbWatchFuncs *funcs,
                   gpointer user_data)
{
  JxsIbbWatch *self = g_rc_box_new0 (JxsIbbWatch);

  self->context = g_main_context_ref_thread_default ();
  self->router = g_object_ref (router);
  self->peer = jxs_jid_ref (peer);
  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

void
jxs_ibb_watch_start (JxsIbbWatch *self)
{
  if (self->timer != NULL)
    return;

  self->progress_us = jxs_clock_now ();
  self->timer = jxs_clock_timeout_attach (
      JXS_IBB_STALL_MS / 4, "[jxs] ibb stall", self->context, timer_cb, self);
}

void
jxs_ibb_watch_progress (JxsIbbWatch *self)
{
  self->progress_us = jxs_clock_now ();
  end_probe (self);
}

void
jxs_ibb_watch_stop (JxsIbbWatch *self)
{
  end_probe (self);
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
jxs_ibb_watch_free (JxsIbbWatch *self)
{
  jxs_ibb_watch_stop (self);
  watch_unref (self);
}

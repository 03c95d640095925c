/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-way-private.h"

#include <libgupnp-igd/gupnp-simple-igd.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-mapper-private.h>

#define DESCRIPTION "jxs-glib" /* in the router's list */
/* No request of gupnp-igd takes longer (5 s). What is under way is waited for: its answer would
 * find freed memory, or the router would do what nobody takes back. */
#define GRACE_MS 6000
#define RENEWAL_US (JXS_S5B_MAPPER_LIFETIME_SECONDS / 2 * G_USEC_PER_SEC) /* that of gupnp-igd */

/* UPnP IGD. gupnp-igd renews on its own, and tells when that fails. Only mappings that end by
 * themselves are asked for: what a crash leaves behind must not stay forever, so routers that know
 * permanent ones only are left alone. */
typedef struct
{
  JxsS5bWay way;
  GMainContext *context;        /* (owned) */
  GUPnPSimpleIgd *igd;          /* (owned) */
  char *local;                  /* (owned) */
  GInetSocketAddress *external; /* (owned) (nullable) */
  guint16 local_port;
  gint64 mapped_us;
  GSource *timer; /* (owned) (nullable): gives up asking; once stopped, frees all this */
} Upnp;

static void
cancel_timer (Upnp *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
set_timer (Upnp *self, guint delay_ms, GSourceFunc func)
{
  cancel_timer (self);
  self->timer = jxs_clock_timeout_attach (delay_ms, "[jxs] UPnP", self->context, func, self);
}

static gboolean
free_cb (gpointer user_data)
{
  Upnp *self = user_data;

  cancel_timer (self);
  g_signal_handlers_disconnect_by_data (self->igd, self);
  /* Takes back what is still mapped, and keeps itself alive until that is answered. */
  g_main_context_push_thread_default (self->context);
  g_object_unref (self->igd);
  g_main_context_pop_thread_default (self->context);
  g_clear_object (&self->external);
  g_main_context_unref (self->context);
  g_free (self->local);
  g_free (self);
  return G_SOURCE_REMOVE;
}

/* Also nothing, after a while. */
static gboolean
report_cb (gpointer user_data)
{
  Upnp *self = user_data;

  cancel_timer (self);
  self->way.func (&self->way, self->external, self->way.user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
may_be_renewing (Upnp *self)
{
  gint64 mapped_for_us = jxs_clock_now () - self->mapped_us + G_USEC_PER_SEC;

  return mapped_for_us >= RENEWAL_US && mapped_for_us % RENEWAL_US < GRACE_MS * 1000;
}

/* Sends the deletion. Not while gupnp-igd emits a signal: it goes on with what this frees. */
static gboolean
unmap_cb (gpointer user_data)
{
  Upnp *self = user_data;

  g_main_context_push_thread_default (self->context);
  gupnp_simple_igd_remove_port_local (self->igd, "TCP", self->local, self->local_port);
  g_main_context_pop_thread_default (self->context);
  set_timer (self, GRACE_MS, free_cb);
  return G_SOURCE_REMOVE;
}

static void
mapped_cb (GUPnPSimpleIgd *igd,
           const char *protocol,
           const char *external_host,
           const char *replaced_host,
           guint external_port,
           const char *local_host,
           guint local_port,
           const char *description,
           gpointer user_data)
{
  Upnp *self = user_data;
  g_autoptr (GSocketAddress) external = NULL;

  /* A second router, or one by a second name: ours stays what it is. */
  if (self->external != NULL && replaced_host == NULL)
    return;

  external = g_inet_socket_address_new_from_string (external_host, external_port);
  if (external == NULL)
    return;
  if (self->external == NULL)
    self->mapped_us = jxs_clock_now ();
  g_set_object (&self->external, G_INET_SOCKET_ADDRESS (external));
  /* Once stopped nobody wants it any more. */
  set_timer (self, 0, self->way.func != NULL ? report_cb : unmap_cb);
}

static void
error_cb (GUPnPSimpleIgd *igd,
          const GError *error,
          const char *protocol,
          guint external_port,
          const char *local_host,
          guint local_port,
          const char *description,
          gpointer user_data)
{
  Upnp *self = user_data;

  jxs_log_debug (NULL, "UPnP: %s", error->message);
  /* While asking, another router or another service of this one may do it: many have two, of which
   * one is not connected. Later it is a renewal that failed. */
  if (self->way.func != NULL && self->external != NULL)
    {
      g_clear_object (&self->external);
      set_timer (self, 0, report_cb);
    }
}

/* TRUE: leave this network alone. Nobody but the router is asked, where the default route goes. */
static gboolean
context_cb (GUPnPSimpleIgd *igd, GObject *context, gpointer user_data)
{
  Upnp *self = user_data;
  g_autofree char *host = NULL;

  g_object_get (context, "host-ip", &host, NULL);
  return self->way.func == NULL || g_strcmp0 (host, self->local) != 0;
}

static void
refresh (JxsS5bWay *way)
{
}

static void
stop (JxsS5bWay *way)
{
  Upnp *self = (Upnp *) way;

  if (self->external != NULL && !may_be_renewing (self))
    unmap_cb (self);
  else
    set_timer (self, GRACE_MS, free_cb);
}

static const JxsS5bWayClass upnp_class = { .name = "upnp", .refresh = refresh, .stop = stop };

JxsS5bWay *
jxs_s5b_upnp_new (const JxsS5bWayParams *params, JxsS5bWayFunc func, gpointer user_data)
{
  Upnp *self = g_new0 (Upnp, 1);

  self->way = (JxsS5bWay){ .klass = &upnp_class, .func = func, .user_data = user_data };
  self->context = g_main_context_ref (params->context);
  self->local = g_inet_address_to_string (params->local);
  self->local_port = params->local_port;

  /* All calls have to be made with the context that it is to run in. */
  g_main_context_push_thread_default (self->context);
  self->igd = gupnp_simple_igd_new ();
  g_signal_connect (self->igd, "context-available", G_CALLBACK (context_cb), self);
  g_signal_connect (self->igd, "mapped-external-port", G_CALLBACK (mapped_cb), self);
  g_signal_connect (self->igd, "error-mapping-port", G_CALLBACK (error_cb), self);
  gupnp_simple_igd_add_port (self->igd,
                             "TCP",
                             0, /* ours if it is free, else any */
                             self->local,
                             self->local_port,
                             JXS_S5B_MAPPER_LIFETIME_SECONDS,
                             DESCRIPTION);
  g_main_context_pop_thread_default (self->context);

  set_timer (self, JXS_PCP_ASK_MS, report_cb);
  return &self->way;
}

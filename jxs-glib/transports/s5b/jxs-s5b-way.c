/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-way-private.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-mapper-private.h>

#define FIRST_DYNAMIC_PORT 49152 /* RFC 6335 §6 */

void
jxs_s5b_way_refresh (JxsS5bWay *self)
{
  self->klass->refresh (self);
}

void
jxs_s5b_way_stop (JxsS5bWay *self)
{
  self->func = NULL;
  self->klass->stop (self);
}

static guint16
random_16 (void)
{
  guint8 bytes[2];

  jxs_random_bytes (bytes, sizeof (bytes));
  return bytes[0] << 8 | bytes[1];
}

guint16
jxs_s5b_way_random_port (void)
{
  return FIRST_DYNAMIC_PORT | random_16 ();
}

/* -- leases -- */

static const JxsS5bLeaseClass *
lease_class (JxsS5bLease *self)
{
  return (const JxsS5bLeaseClass *) self->way.klass;
}

static void
cancel_timer (JxsS5bLease *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static gboolean
free_if_over (JxsS5bLease *self)
{
  if (self->busy > 0 || self->way.func != NULL || self->machine.state != JXS_PCP_STATE_OVER)
    return FALSE;

  cancel_timer (self);
  lease_class (self)->clear (self);
  g_main_context_unref (self->context);
  g_free (self);
  return TRUE;
}

static gboolean
timer_cb (gpointer user_data)
{
  JxsS5bLease *self = user_data;

  jxs_s5b_lease_handle (self, (JxsPcpEvent){ .type = JXS_PCP_EVENT_DUE });
  return G_SOURCE_REMOVE;
}

static void
arm_timer (JxsS5bLease *self)
{
  gint64 delay_us = MAX (self->machine.deadline_us - jxs_clock_now (), 0);

  cancel_timer (self);
  if (self->machine.deadline_us != 0)
    self->timer = jxs_clock_timeout_attach (
        (delay_us + 999) / 1000, "[jxs] port mapping", self->context, timer_cb, self);
}

void
jxs_s5b_lease_init (JxsS5bLease *self,
                    const JxsS5bLeaseClass *klass,
                    GMainContext *context,
                    JxsS5bWayFunc func,
                    gpointer user_data)
{
  self->way = (JxsS5bWay){ .klass = &klass->way, .func = func, .user_data = user_data };
  self->context = g_main_context_ref (context);
  jxs_pcp_machine_init (&self->machine, klass->first_retry_ms, jxs_s5b_way_random_port ());
}

gboolean
jxs_s5b_lease_handle (JxsS5bLease *self, JxsPcpEvent event)
{
  JxsPcpActions actions;

  event.now_us = jxs_clock_now ();
  event.jitter = random_16 () % 201 - 100;
  self->busy++;
  actions = jxs_pcp_machine_handle (&self->machine, &event);
  arm_timer (self);

  if ((actions & JXS_PCP_ACTION_SEND) != 0)
    lease_class (self)->send (
        self, self->machine.state == JXS_PCP_STATE_RELEASING ? 0 : JXS_S5B_MAPPER_LIFETIME_SECONDS);
  if ((actions & JXS_PCP_ACTION_MAPPED) != 0 && self->way.func != NULL)
    {
      g_autoptr (GInetAddress) address = jxs_pcp_address_to_inet (&self->machine.address);
      g_autoptr (GSocketAddress) external = g_inet_socket_address_new (address, self->machine.port);

      self->way.func (&self->way, G_INET_SOCKET_ADDRESS (external), self->way.user_data);
    }
  if ((actions & JXS_PCP_ACTION_OVER) != 0 && self->way.func != NULL)
    self->way.func (&self->way, NULL, self->way.user_data);

  self->busy--;
  return !free_if_over (self);
}

void
jxs_s5b_lease_refresh (JxsS5bWay *way)
{
  jxs_s5b_lease_handle ((JxsS5bLease *) way, (JxsPcpEvent){ .type = JXS_PCP_EVENT_REFRESH });
}

void
jxs_s5b_lease_stop (JxsS5bWay *way)
{
  jxs_s5b_lease_handle ((JxsS5bLease *) way, (JxsPcpEvent){ .type = JXS_PCP_EVENT_STOP });
}

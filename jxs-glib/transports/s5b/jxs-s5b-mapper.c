/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-mapper-private.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-routes-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-way-private.h>

#define ROUTES "/proc/net/route"

struct _JxsS5bMapper
{
  GObject parent_instance;

  GMainContext *context; /* (owned) */
  JxsS5bMapperProtocols protocols;
  GInetSocketAddress *test_gateway; /* (owned) (nullable) */

  guint n_holds;
  GSource *linger; /* (owned) (nullable): held by nobody, but maybe soon again */

  /* Where we are, since the last search began. */
  GInetSocketAddress *gateway; /* (owned) (nullable) */
  GInetAddress *local;         /* (owned) (nullable): our address on the way to it */
  guint16 local_port;
  gint64 searched_us; /* when it began; 0: never */

  GPtrArray *ways;              /* (owned) (element-type JxsS5bWay): asking or mapped */
  JxsS5bWay *winner;            /* (unowned) (nullable): one of them */
  GInetSocketAddress *external; /* (owned) (nullable): that of the winner */
  GSource *search;              /* (owned) (nullable): while searching, its end */
};

G_DEFINE_FINAL_TYPE (JxsS5bMapper, jxs_s5b_mapper, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  SIGNAL_SETTLED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static const struct
{
  JxsS5bMapperProtocols protocol;
  JxsS5bWayNew new;
} all_ways[] = {
  { JXS_S5B_MAPPER_PCP, jxs_s5b_pcp_new },
#ifdef HAVE_NATPMP
  { JXS_S5B_MAPPER_NATPMP, jxs_s5b_natpmp_new },
#endif
#ifdef HAVE_UPNP
  { JXS_S5B_MAPPER_UPNP, jxs_s5b_upnp_new },
#endif
};

static void
cancel (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* -- where we are -- */

/* procfs does not block. (transfer full) */
static char *
read_routes (void)
{
  char *routes = NULL;

  if (!g_file_get_contents (ROUTES, &routes, NULL, NULL))
    routes = g_strdup ("");
  return routes;
}

static GInetSocketAddress *
find_gateway (JxsS5bMapper *self)
{
  g_autofree char *routes = read_routes ();
  g_autoptr (GInetAddress) address = NULL;

  if (self->test_gateway != NULL)
    return g_object_ref (self->test_gateway);
  address = jxs_s5b_routes_get_gateway (routes);
  return address != NULL ? G_INET_SOCKET_ADDRESS (g_inet_socket_address_new (address, JXS_PCP_PORT))
                         : NULL;
}

/* The address that the kernel takes to reach the gateway. Nothing is sent. */
static GInetAddress *
find_local (GInetSocketAddress *gateway)
{
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) address = NULL;

  if (socket == NULL || !g_socket_connect (socket, G_SOCKET_ADDRESS (gateway), NULL, NULL))
    return NULL;
  address = g_socket_get_local_address (socket, NULL);
  return address != NULL
             ? g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)))
             : NULL;
}

static gboolean
same_socket_address (GInetSocketAddress *a, GInetSocketAddress *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_inet_socket_address_get_port (a) == g_inet_socket_address_get_port (b) &&
         g_inet_address_equal (g_inet_socket_address_get_address (a),
                               g_inet_socket_address_get_address (b));
}

/* Takes note of the place; TRUE if it is not where we were. */
static gboolean
look_around (JxsS5bMapper *self, guint16 local_port)
{
  g_autoptr (GInetSocketAddress) gateway = find_gateway (self);
  g_autoptr (GInetAddress) local = gateway != NULL ? find_local (gateway) : NULL;
  gboolean same =
      self->local_port == local_port && same_socket_address (gateway, self->gateway) &&
      (local == NULL || self->local == NULL ? local == self->local
                                            : g_inet_address_equal (local, self->local));

  self->local_port = local_port;
  g_set_object (&self->gateway, gateway);
  g_set_object (&self->local, local);
  return !same;
}

/* A router behind another one knows only a private address. To peers in the same outer network (of
 * a carrier, a campus) it is good enough; not where that network is the one we are in ourselves. */
static gboolean
is_useful (GInetSocketAddress *external)
{
  GInetAddress *address = g_inet_socket_address_get_address (external);
  g_autofree char *routes = NULL;

  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV4 ||
      g_inet_address_get_is_link_local (address) || !jxs_s5b_address_is_usable (address, FALSE))
    return FALSE;
  if (!g_inet_address_get_is_site_local (address))
    return TRUE;

  routes = read_routes ();
  return !jxs_s5b_routes_is_on_link (routes, address);
}

/* -- the search -- */

static void search (JxsS5bMapper *self);

static void
set_external (JxsS5bMapper *self, GInetSocketAddress *external)
{
  if (same_socket_address (self->external, external))
    return;

  g_set_object (&self->external, external);
  jxs_log_debug (self,
                 "port mapping: %s",
                 external != NULL ? jxs_s5b_mapper_get_protocol (self) : "none");
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
settle (JxsS5bMapper *self)
{
  if (self->search == NULL)
    return;

  cancel (&self->search);
  g_signal_emit (self, signals[SIGNAL_SETTLED], 0);
}

static void
stop_way (JxsS5bMapper *self, JxsS5bWay *way)
{
  g_ptr_array_remove_fast (self->ways, way);
  if (self->winner == way)
    self->winner = NULL;
  jxs_s5b_way_stop (way);
}

static void
stop_all (JxsS5bMapper *self)
{
  while (self->ways->len > 0)
    stop_way (self, g_ptr_array_index (self->ways, self->ways->len - 1));
}

static gboolean
is_recent (JxsS5bMapper *self)
{
  return self->searched_us != 0 &&
         jxs_clock_now () - self->searched_us < JXS_S5B_MAPPER_RETRY_SECONDS * G_USEC_PER_SEC;
}

static void
on_mapped (JxsS5bMapper *self, JxsS5bWay *way, GInetSocketAddress *external)
{
  if (!is_useful (external))
    {
      g_autofree char *text =
          g_inet_address_to_string (g_inet_socket_address_get_address (external));

      jxs_log_debug (self, "%s: useless outer address %s", way->klass->name, text);
      stop_way (self, way);
      if (self->winner == NULL)
        set_external (self, NULL);
      return;
    }
  if (self->winner == NULL)
    self->winner = way;
  if (self->winner == way)
    set_external (self, external);
  /* The same mapping by another name stays: giving it back would take away the winner's. Only now
   * that it has answered this can be told. */
  else if (!same_socket_address (self->external, external))
    stop_way (self, way);
}

static void
way_cb (JxsS5bWay *way, GInetSocketAddress *external, gpointer user_data)
{
  g_autoptr (JxsS5bMapper) self = g_object_ref (user_data);

  if (external != NULL)
    on_mapped (self, way, external);
  else if (way == self->winner)
    {
      /* Whatever else there is goes with it: a new search finds what is left. */
      stop_all (self);
      set_external (self, NULL);
      if (self->n_holds > 0 && self->ways->len == 0 && !is_recent (self))
        search (self);
    }
  else
    stop_way (self, way);

  if (self->winner != NULL || self->ways->len == 0)
    settle (self);
}

static gboolean
search_cb (gpointer user_data)
{
  g_autoptr (JxsS5bMapper) self = g_object_ref (user_data);

  /* What answers later still counts: for those who are still negotiating, and the next. */
  settle (self);
  return G_SOURCE_REMOVE;
}

static void
search (JxsS5bMapper *self)
{
  JxsS5bWayParams params = {
    .context = self->context,
    .local = self->local,
    .local_port = self->local_port,
    .gateway = self->gateway,
  };

  self->searched_us = jxs_clock_now ();
  for (gsize i = 0; self->local != NULL && i < G_N_ELEMENTS (all_ways); i++)
    {
      JxsS5bWay *way = NULL;

      if ((self->protocols & all_ways[i].protocol) != 0 &&
          (self->test_gateway == NULL || all_ways[i].protocol != JXS_S5B_MAPPER_UPNP))
        way = all_ways[i].new(&params, way_cb, self);
      if (way != NULL)
        g_ptr_array_add (self->ways, way);
    }

  cancel (&self->search);
  /* Nobody to be asked: settled as soon as the caller is done. */
  self->search = jxs_clock_timeout_attach (self->ways->len > 0 ? JXS_S5B_MAPPER_SEARCH_MS : 0,
                                           "[jxs] port mapping search",
                                           self->context,
                                           search_cb,
                                           self);
}

static gboolean
linger_cb (gpointer user_data)
{
  g_autoptr (JxsS5bMapper) self = g_object_ref (user_data);

  cancel (&self->linger);
  cancel (&self->search);
  stop_all (self);
  self->searched_us = 0;
  set_external (self, NULL);
  return G_SOURCE_REMOVE;
}

static void
jxs_s5b_mapper_dispose (GObject *object)
{
  JxsS5bMapper *self = JXS_S5B_MAPPER (object);

  cancel (&self->linger);
  cancel (&self->search);
  stop_all (self);

  G_OBJECT_CLASS (jxs_s5b_mapper_parent_class)->dispose (object);
}

static void
jxs_s5b_mapper_finalize (GObject *object)
{
  JxsS5bMapper *self = JXS_S5B_MAPPER (object);

  g_clear_object (&self->test_gateway);
  g_clear_object (&self->gateway);
  g_clear_object (&self->local);
  g_clear_object (&self->external);
  g_ptr_array_unref (self->ways);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (jxs_s5b_mapper_parent_class)->finalize (object);
}

static void
jxs_s5b_mapper_class_init (JxsS5bMapperClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_s5b_mapper_dispose;
  object_class->finalize = jxs_s5b_mapper_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new (
      "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_SETTLED] = g_signal_new (
      "settled", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
jxs_s5b_mapper_init (JxsS5bMapper *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->protocols = JXS_S5B_MAPPER_ALL;
  self->ways = g_ptr_array_new ();
}

JxsS5bMapper *
jxs_s5b_mapper_new (void)
{
  return g_object_new (JXS_TYPE_S5B_MAPPER, NULL);
}

void
jxs_s5b_mapper_set_protocols (JxsS5bMapper *self, JxsS5bMapperProtocols protocols)
{
  self->protocols = protocols;
}

void
jxs_s5b_mapper_set_gateway (JxsS5bMapper *self, GInetSocketAddress *gateway)
{
  g_set_object (&self->test_gateway, gateway);
}

void
jxs_s5b_mapper_hold (JxsS5bMapper *self, guint16 local_port)
{
  g_return_if_fail (JXS_IS_S5B_MAPPER (self));
  g_return_if_fail (local_port != 0);

  g_object_ref (self);
  self->n_holds++;
  cancel (&self->linger);
  if (look_around (self, local_port))
    {
      /* Elsewhere: what was mapped there is given back, if the router can still be reached. */
      stop_all (self);
      set_external (self, NULL);
      search (self);
    }
  else if (self->winner != NULL)
    jxs_s5b_way_refresh (self->winner);
  else if (self->ways->len == 0 && !is_recent (self))
    search (self);
  g_object_unref (self);
}

void
jxs_s5b_mapper_release (JxsS5bMapper *self)
{
  g_return_if_fail (JXS_IS_S5B_MAPPER (self));
  g_return_if_fail (self->n_holds > 0);

  if (--self->n_holds == 0)
    self->linger = jxs_clock_timeout_attach (JXS_S5B_MAPPER_LINGER_SECONDS * 1000,
                                             "[jxs] port mapping linger",
                                             self->context,
                                             linger_cb,
                                             self);
}

gboolean
jxs_s5b_mapper_is_searching (JxsS5bMapper *self)
{
  return self->search != NULL;
}

GInetSocketAddress *
jxs_s5b_mapper_get_external (JxsS5bMapper *self)
{
  return self->external;
}

const char *
jxs_s5b_mapper_get_protocol (JxsS5bMapper *self)
{
  return self->winner != NULL ? self->winner->klass->name : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/transports/s5b/jxs-pcp-machine-private.h>

G_BEGIN_DECLS

/* One protocol by which the router may map a port, for the mapper. */
typedef struct _JxsS5bWay JxsS5bWay;

typedef struct
{
  GMainContext *context; /* where everything happens */
  GInetAddress *local;   /* what the router is to lead to */
  guint16 local_port;
  GInetSocketAddress *gateway; /* where PCP and NAT-PMP are spoken */
} JxsS5bWayParams;

/* external: mapped there, or moved there; NULL: there is no mapping, or none any more, and nothing
 * will follow. Comes from the main context, never from within one of the functions below, and not
 * after jxs_s5b_way_stop(), which may be called from it. */
typedef void (*JxsS5bWayFunc) (JxsS5bWay *way, GInetSocketAddress *external, gpointer user_data);

typedef struct
{
  const char *name;
  void (*refresh) (JxsS5bWay *way);
  void (*stop) (JxsS5bWay *way);
} JxsS5bWayClass;

/* The head of each way's own struct. */
struct _JxsS5bWay
{
  const JxsS5bWayClass *klass;
  JxsS5bWayFunc func; /* (nullable): NULL once stopped */
  gpointer user_data;
};

/* NULL: it cannot even be tried. */
typedef JxsS5bWay *(*JxsS5bWayNew) (const JxsS5bWayParams *params,
                                    JxsS5bWayFunc func,
                                    gpointer user_data);
JxsS5bWay *jxs_s5b_pcp_new (const JxsS5bWayParams *params, JxsS5bWayFunc func, gpointer user_data);
JxsS5bWay *
jxs_s5b_natpmp_new (const JxsS5bWayParams *params, JxsS5bWayFunc func, gpointer user_data);
JxsS5bWay *jxs_s5b_upnp_new (const JxsS5bWayParams *params, JxsS5bWayFunc func, gpointer user_data);

/* Somebody is about to rely on the mapping: make sure that it is still there. */
void jxs_s5b_way_refresh (JxsS5bWay *self);
/* Gives the mapping back and frees the way: the request is sent at once, its answer is awaited in
 * the background for a bounded time. */
void jxs_s5b_way_stop (JxsS5bWay *self);
/* An external port to suggest. Each protocol asks for another: where a router keeps them in one
 * table, giving back one protocol's mapping would take away the other's. */
guint16 jxs_s5b_way_random_port (void);

/* A way that is a lease, which JxsPcpMachine drives: PCP and NAT-PMP. */
typedef struct
{
  JxsS5bWayClass way;
  guint first_retry_ms;
  void (*send) (gpointer self, guint32 lifetime); /* 0: delete */
  void (*clear) (gpointer self);
} JxsS5bLeaseClass;

typedef struct
{
  JxsS5bWay way;
  GMainContext *context; /* (owned) */
  JxsPcpMachine machine;
  GSource *timer; /* (owned) (nullable) */
  guint busy;     /* handling an event, which may end in freeing it */
} JxsS5bLease;

/* self: the head of a struct from g_new0(), which is freed once it is stopped and over. */
void jxs_s5b_lease_init (JxsS5bLease *self,
                         const JxsS5bLeaseClass *klass,
                         GMainContext *context,
                         JxsS5bWayFunc func,
                         gpointer user_data);
/* type and what belongs to it is set; the rest is filled in. FALSE: the lease is gone. */
gboolean jxs_s5b_lease_handle (JxsS5bLease *self, JxsPcpEvent event);
void jxs_s5b_lease_refresh (JxsS5bWay *way);
void jxs_s5b_lease_stop (JxsS5bWay *way);

G_END_DECLS

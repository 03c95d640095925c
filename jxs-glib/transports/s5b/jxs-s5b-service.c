/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/transports/s5b/jxs-s5b-service-private.h>

#include <string.h>

#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/jingle/jxs-candidate-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-addresses-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-transport-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsS5bService
{
  GObject parent_instance;

  JxsRouter *router;        /* (owned) */
  JxsS5bListener *listener; /* (owned) */
  JxsS5bMapper *mapper;     /* (owned) */
  JxsS5bProxies *proxies;   /* (owned) */
  JxsS5bServiceFuncs funcs;
  gpointer user_data;
  gboolean abandoned; /* nobody is left who could allow anything */
  gboolean allow_loopback;
  gboolean enable_proxy;
  gboolean port_mapping;
  GPtrArray *externals; /* (owned) (element-type External) */

  GHashTable *bytestreams; /* (owned) (element-type guint Bytestream) */
  guint last_id;
};

G_DEFINE_FINAL_TYPE (JxsS5bService, jxs_s5b_service, G_TYPE_OBJECT)

enum
{
  CANDIDATES_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  char *host; /* (owned): canonical */
  guint16 port;
} External;

#define N_KINDS (JXS_CANDIDATE_KIND_PROXY + 1)

/* How many of each kind one bytestream offers, so that none crowds out the others. */
static const guint max_of_kind[N_KINDS] = {
  [JXS_CANDIDATE_KIND_DIRECT] = 7,
  [JXS_CANDIDATE_KIND_ASSISTED] = 3,
  [JXS_CANDIDATE_KIND_TUNNEL] = 2,
  [JXS_CANDIDATE_KIND_PROXY] = 4,
};
G_STATIC_ASSERT (7 + 3 + 2 + 4 == JXS_S5B_SERVICE_MAX_CANDIDATES);

typedef struct
{
  JxsJid *peer; /* (owned) */
  gboolean initiator;
  gboolean direct;    /* the peer may know our addresses */
  gboolean listening; /* the listener is held */
  gboolean mapped;    /* the mapper is held */
  GHashTable *given;  /* (owned) (element-type utf8): a set of places, vetoed ones too */
  guint n_given[N_KINDS];
  gboolean has_loopback;
} Bytestream;

static void
external_free (gpointer data)
{
  External *external = data;

  g_free (external->host);
  g_free (external);
}

static void
bytestream_clear (gpointer data)
{
  Bytestream *bytestream = data;

  jxs_jid_unref (bytestream->peer);
  g_hash_table_unref (bytestream->given);
}

static void
bytestream_unref (gpointer data)
{
  g_rc_box_release_full (data, bytestream_clear);
}

typedef Bytestream BytestreamRef;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestreamRef, bytestream_unref)

/* What others need to connect to us: whoever only uses relays opens no door. What a router maps is
 * held along with the listener, so that it never leads to another program. */

static void
bytestream_update_mapping (Bytestream *bytestream, JxsS5bService *self)
{
  guint16 port = jxs_s5b_listener_get_port (self->listener, G_SOCKET_FAMILY_IPV4);
  gboolean wanted = self->port_mapping && bytestream->listening;

  if (wanted && !bytestream->mapped && port != 0 && jxs_s5b_addresses_need_mapping ())
    {
      bytestream->mapped = TRUE;
      jxs_s5b_mapper_hold (self->mapper, port);
    }
  else if (!wanted && bytestream->mapped)
    {
      bytestream->mapped = FALSE;
      jxs_s5b_mapper_release (self->mapper);
    }
}

static void
bytestream_open (Bytestream *bytestream, JxsS5bService *self)
{
  g_autoptr (GError) error = NULL;

  if (!bytestream->direct || bytestream->listening)
    return;
  bytestream->listening = jxs_s5b_listener_hold (self->listener, &error);
  /* Relays and the peer's candidates are left. */
  if (!bytestream->listening)
    jxs_log_info (self, "nobody can connect to us: %s", error->message);
  bytestream_update_mapping (bytestream, self);
}

static void
bytestream_close (Bytestream *bytestream, JxsS5bService *self)
{
  if (!bytestream->listening)
    return;
  bytestream->listening = FALSE;
  bytestream_update_mapping (bytestream, self);
  jxs_s5b_listener_release (self->listener);
}

static gboolean
may_be_direct (JxsS5bService *self, JxsJid *peer)
{
  return !self->abandoned &&
         (self->funcs.get_policy == NULL ||
          self->funcs.get_policy (peer, self->user_data) == JXS_ADDRESS_POLICY_ALL);
}

/* Once it is not it stays so. */
static gboolean
bytestream_is_direct (Bytestream *bytestream, JxsS5bService *self)
{
  if (bytestream->direct && !may_be_direct (self, bytestream->peer))
    {
      bytestream->direct = FALSE;
      bytestream_close (bytestream, self);
    }
  return bytestream->direct;
}

static void
jxs_s5b_service_changed_cb (JxsS5bService *self)
{
  g_signal_emit (self, signals[CANDIDATES_CHANGED], 0);
}

static void
jxs_s5b_service_dispose (GObject *object)
{
  JxsS5bService *self = JXS_S5B_SERVICE (object);
  GHashTableIter iter;
  gpointer bytestream;

  g_hash_table_iter_init (&iter, self->bytestreams);
  while (g_hash_table_iter_next (&iter, NULL, &bytestream))
    bytestream_close (bytestream, self);
  g_hash_table_remove_all (self->bytestreams);

  G_OBJECT_CLASS (jxs_s5b_service_parent_class)->dispose (object);
}

static void
jxs_s5b_service_finalize (GObject *object)
{
  JxsS5bService *self = JXS_S5B_SERVICE (object);

  g_clear_object (&self->proxies);
  g_clear_object (&self->mapper);
  g_clear_object (&self->listener);
  g_clear_object (&self->router);
  g_clear_pointer (&self->externals, g_ptr_array_unref);
  g_clear_pointer (&self->bytestreams, g_hash_table_unref);

  G_OBJECT_CLASS (jxs_s5b_service_parent_class)->finalize (object);
}

static void
jxs_s5b_service_class_init (JxsS5bServiceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_s5b_service_dispose;
  object_class->finalize = jxs_s5b_service_finalize;

  signals[CANDIDATES_CHANGED] = g_signal_new ("candidates-changed",
                                              JXS_TYPE_S5B_SERVICE,
                                              G_SIGNAL_RUN_LAST,
                                              0,
                                              NULL,
                                              NULL,
                                              NULL,
                                              G_TYPE_NONE,
                                              0);
}

static void
jxs_s5b_service_init (JxsS5bService *self)
{
  self->listener = jxs_s5b_listener_new ();
  self->mapper = jxs_s5b_mapper_new ();
  self->port_mapping = g_strcmp0 (g_getenv ("JXS_PORT_MAPPING"), "no") != 0;
  self->externals = g_ptr_array_new_with_free_func (external_free);
  self->bytestreams = g_hash_table_new_full (NULL, NULL, NULL, bytestream_unref);
  g_signal_connect_object (
      self->mapper, "changed", G_CALLBACK (jxs_s5b_service_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
      self->mapper, "settled", G_CALLBACK (jxs_s5b_service_changed_cb), self, G_CONNECT_SWAPPED);
}

JxsS5bService *
jxs_s5b_service_new (JxsRouter *router)
{
  JxsS5bService *self = g_object_new (JXS_TYPE_S5B_SERVICE, NULL);

  self->router = g_object_ref (router);
  self->proxies = jxs_s5b_proxies_new (router);
  g_signal_connect_object (
      self->proxies, "changed", G_CALLBACK (jxs_s5b_service_changed_cb), self, G_CONNECT_SWAPPED);
  return self;
}

void
jxs_s5b_service_set_funcs (JxsS5bService *self, const JxsS5bServiceFuncs *funcs, gpointer user_data)
{
  const JxsS5bServiceFuncs none = { NULL, NULL };

  self->funcs = funcs != NULL ? *funcs : none;
  self->abandoned = funcs == NULL;
  self->user_data = user_data;
}

void
jxs_s5b_service_set_allow_loopback (JxsS5bService *self, gboolean allow_loopback)
{
  self->allow_loopback = allow_loopback;
}

gboolean
jxs_s5b_service_get_allow_loopback (JxsS5bService *self)
{
  return self->allow_loopback;
}

void
jxs_s5b_service_set_enable_proxy (JxsS5bService *self, gboolean enable_proxy)
{
  self->enable_proxy = enable_proxy;
}

gboolean
jxs_s5b_service_get_enable_proxy (JxsS5bService *self)
{
  return self->enable_proxy;
}

void
jxs_s5b_service_set_port_mapping (JxsS5bService *self, gboolean port_mapping)
{
  g_autoptr (GList) ids = g_hash_table_get_keys (self->bytestreams);

  self->port_mapping = port_mapping;
  for (GList *l = ids; l != NULL; l = l->next)
    {
      Bytestream *bytestream = g_hash_table_lookup (self->bytestreams, l->data);

      /* The application, told of the others, may have ended it. */
      if (bytestream != NULL)
        bytestream_update_mapping (bytestream, self);
    }
}

gboolean
jxs_s5b_service_get_port_mapping (JxsS5bService *self)
{
  return self->port_mapping;
}

gboolean
jxs_s5b_service_add_external (JxsS5bService *self, const char *host, guint16 port)
{
  g_autofree char *canonical = jxs_s5b_parse_host (host);
  External *external;

  if (canonical == NULL)
    return FALSE;
  external = g_new0 (External, 1);
  external->host = g_steal_pointer (&canonical);
  external->port = port;
  g_ptr_array_add (self->externals, external);
  return TRUE;
}

JxsS5bListener *
jxs_s5b_service_get_listener (JxsS5bService *self)
{
  return self->listener;
}

JxsS5bMapper *
jxs_s5b_service_get_mapper (JxsS5bService *self)
{
  return self->mapper;
}

JxsS5bProxies *
jxs_s5b_service_get_proxies (JxsS5bService *self)
{
  return self->proxies;
}

void
jxs_s5b_service_prepare (JxsS5bService *self)
{
  jxs_s5b_proxies_search (self->proxies);
}

guint
jxs_s5b_service_begin (JxsS5bService *self, JxsJid *peer, gboolean initiator)
{
  Bytestream *bytestream = g_rc_box_new0 (Bytestream);
  guint id;

  bytestream->peer = jxs_jid_ref (peer);
  bytestream->initiator = initiator;
  bytestream->direct = may_be_direct (self, peer);
  bytestream->given = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  do
    self->last_id++;
  while (self->last_id == 0 ||
         g_hash_table_contains (self->bytestreams, GUINT_TO_POINTER (self->last_id)));
  id = self->last_id;
  g_hash_table_insert (self->bytestreams, GUINT_TO_POINTER (id), bytestream);
  bytestream_open (bytestream, self);
  jxs_s5b_proxies_search (self->proxies);
  return id;
}

void
jxs_s5b_service_end (JxsS5bService *self, guint id)
{
  Bytestream *bytestream = g_hash_table_lookup (self->bytestreams, GUINT_TO_POINTER (id));

  if (bytestream == NULL)
    return;
  bytestream_close (bytestream, self);
  g_hash_table_remove (self->bytestreams, GUINT_TO_POINTER (id));
}

gboolean
jxs_s5b_service_is_direct (JxsS5bService *self, guint id)
{
  Bytestream *bytestream = g_hash_table_lookup (self->bytestreams, GUINT_TO_POINTER (id));

  return bytestream != NULL && bytestream_is_direct (bytestream, self);
}

gboolean
jxs_s5b_service_is_gathering (JxsS5bService *self, guint id)
{
  const Bytestream *bytestream = g_hash_table_lookup (self->bytestreams, GUINT_TO_POINTER (id));

  if (bytestream == NULL)
    return FALSE;
  /* With one relay there is no reason to wait for others, and somebody may never answer. */
  return (bytestream->n_given[JXS_CANDIDATE_KIND_PROXY] == 0 &&
          jxs_s5b_proxies_is_searching (self->proxies)) ||
         (bytestream->mapped && jxs_s5b_mapper_is_searching (self->mapper));
}

/* Candidates */

/* Local preferences descend by rank and leave the lowest bit to tell the two sides apart; the first
 * rank is far above what other clients give. */
static guint32
get_priority (const Bytestream *bytestream, JxsCandidateKind kind)
{
  guint16 local_preference = 65534 - 2 * bytestream->n_given[kind];

  return jxs_s5b_priority (kind, local_preference);
}

/* Whatever the application makes of a priority, it stays a positive 32-bit number, which is what
 * peers take, and keeps the parity of our side. */
static guint32
settle_priority (guint32 priority, gboolean initiator)
{
  guint32 even = CLAMP (priority, 2, G_MAXINT32) & ~1u;

  return initiator ? even : even | 1;
}

/* One call of gather(). */
typedef struct
{
  JxsS5bService *service; /* (unowned) */
  Bytestream *bytestream; /* (unowned) */
  JxsJid *local;          /* (unowned) */
  GPtrArray *candidates;  /* (owned) (element-type JxsCandidate) */
} Gathering;

static gboolean
is_loopback (GInetAddress *address)
{
  return address != NULL && g_inet_address_get_is_loopback (address);
}

/* One place is kept for loopback where it is allowed: it comes last, and is all that a test has. */
static gboolean
gathering_has_room (Gathering *self, JxsCandidateKind kind, GInetAddress *address)
{
  const Bytestream *bytestream = self->bytestream;
  guint max = max_of_kind[kind];

  if (kind == JXS_CANDIDATE_KIND_DIRECT && self->service->allow_loopback &&
      !bytestream->has_loopback && !is_loopback (address))
    max--;
  return bytestream->n_given[kind] < max;
}

static gboolean
gathering_review (Gathering *self, JxsCandidate *candidate)
{
  JxsS5bService *service = self->service;

  if (service->abandoned)
    return FALSE;
  return service->funcs.review == NULL ||
         service->funcs.review (self->bytestream->peer, candidate, service->user_data);
}

static void
gathering_add (Gathering *self, JxsCandidateKind kind, const char *host, guint16 port, JxsJid *jid)
{
  Bytestream *bytestream = self->bytestream;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  g_autoptr (JxsCandidate) candidate = NULL;

  /* A name is judged by whoever resolves it. */
  if (port == 0 || !gathering_has_room (self, kind, address) ||
      (address != NULL && !jxs_s5b_address_is_usable (address, self->service->allow_loopback)) ||
      !g_hash_table_add (bytestream->given, g_strdup_printf ("%s %u", host, port)))
    return;

  candidate = jxs_candidate_new (TRUE, kind, host, port, jid, get_priority (bytestream, kind));
  if (!gathering_review (self, candidate))
    return;
  jxs_candidate_set_priority (candidate,
                              settle_priority (jxs_candidate_get_priority (candidate),
                                               bytestream->initiator));
  jxs_candidate_freeze (candidate);
  bytestream->n_given[kind]++;
  bytestream->has_loopback |= is_loopback (address);
  g_ptr_array_add (self->candidates, g_steal_pointer (&candidate));
}

static void
gathering_add_own (Gathering *self, JxsCandidateKind kind, GInetAddress *address)
{
  g_autofree char *host = g_inet_address_to_string (address);

  gathering_add (self,
                 kind,
                 host,
                 jxs_s5b_listener_get_port (self->service->listener,
                                            g_inet_address_get_family (address)),
                 self->local);
}

/* The families take turns, beginning with that of the best address (RFC 8305 §4): whoever tries
 * one after the other loses one step to a family that leads nowhere, not one for each address. */
static void
gathering_add_addresses (Gathering *self, GPtrArray *addresses, JxsCandidateKind kind)
{
  g_autoptr (GPtrArray) firsts = g_ptr_array_new ();
  g_autoptr (GPtrArray) others = g_ptr_array_new ();

  for (guint i = 0; i < addresses->len; i++)
    {
      const JxsS5bAddress *address = g_ptr_array_index (addresses, i);
      GInetAddress *first = firsts->len > 0 ? g_ptr_array_index (firsts, 0) : address->address;

      if (address->kind == kind)
        g_ptr_array_add (g_inet_address_get_family (address->address) ==
                                 g_inet_address_get_family (first)
                             ? firsts
                             : others,
                         address->address);
    }
  for (guint i = 0; i < MAX (firsts->len, others->len); i++)
    {
      if (i < firsts->len)
        gathering_add_own (self, kind, g_ptr_array_index (firsts, i));
      if (i < others->len)
        gathering_add_own (self, kind, g_ptr_array_index (others, i));
    }
}

/* What the user says comes before what a router says. */
static void
gathering_add_assisted (Gathering *self)
{
  JxsS5bService *service = self->service;
  GInetSocketAddress *mapped;

  for (guint i = 0; i < service->externals->len; i++)
    {
      const External *external = g_ptr_array_index (service->externals, i);
      GSocketFamily family =
          strchr (external->host, ':') != NULL ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;

      gathering_add (self,
                     JXS_CANDIDATE_KIND_ASSISTED,
                     external->host,
                     external->port != 0 ? external->port
                                         : jxs_s5b_listener_get_port (service->listener, family),
                     self->local);
    }
  mapped = jxs_s5b_mapper_get_external (service->mapper);
  if (self->bytestream->mapped && mapped != NULL)
    {
      g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (mapped));

      gathering_add (self,
                     JXS_CANDIDATE_KIND_ASSISTED,
                     host,
                     g_inet_socket_address_get_port (mapped),
                     self->local);
    }
}

static void
gathering_add_proxies (Gathering *self)
{
  g_autoptr (GPtrArray) proxies = g_ptr_array_ref (jxs_s5b_proxies_peek (self->service->proxies));

  for (guint i = 0; i < proxies->len; i++)
    {
      const JxsS5bCandidate *proxy = g_ptr_array_index (proxies, i);

      gathering_add (self, JXS_CANDIDATE_KIND_PROXY, proxy->host, proxy->port, proxy->jid);
    }
}

static int
compare_priorities (gconstpointer a, gconstpointer b)
{
  guint first = jxs_candidate_get_priority (*(JxsCandidate *const *) a);
  guint second = jxs_candidate_get_priority (*(JxsCandidate *const *) b);

  return (first < second) - (first > second);
}

GPtrArray *
jxs_s5b_service_gather (JxsS5bService *self, guint id)
{
  /* The application is asked about each: it may end all of this meanwhile. */
  g_autoptr (JxsS5bService) service = g_object_ref (self);
  BytestreamRef *found = g_hash_table_lookup (self->bytestreams, GUINT_TO_POINTER (id));
  JxsJid *local = jxs_router_get_local_jid (self->router);
  g_autoptr (BytestreamRef) bytestream = NULL;
  g_autoptr (JxsJid) jid = NULL;
  g_autoptr (GPtrArray) candidates = g_ptr_array_new_with_free_func (g_object_unref);
  Gathering gathering;

  if (found == NULL || local == NULL)
    return g_steal_pointer (&candidates);

  bytestream = g_rc_box_acquire (found);
  jid = jxs_jid_ref (local);
  gathering = (Gathering){ self, bytestream, jid, candidates };
  if (bytestream_is_direct (bytestream, self))
    {
      g_autoptr (GPtrArray) addresses = jxs_s5b_addresses_list (self->allow_loopback);

      bytestream_open (bytestream, self); /* if that was not possible before */
      gathering_add_addresses (&gathering, addresses, JXS_CANDIDATE_KIND_DIRECT);
      gathering_add_assisted (&gathering);
      gathering_add_addresses (&gathering, addresses, JXS_CANDIDATE_KIND_TUNNEL);
    }
  gathering_add_proxies (&gathering);
  if (!g_hash_table_contains (self->bytestreams, GUINT_TO_POINTER (id)))
    g_ptr_array_set_size (candidates, 0);
  g_ptr_array_sort (candidates, compare_priorities);
  return g_steal_pointer (&candidates);
}

void
jxs_s5b_service_get_factory (JxsS5bService *self, JxsTransportFactory *factory)
{
  static const char *const namespaces[] = { JXS_NS_JINGLE_S5B, NULL };

  *factory = (JxsTransportFactory){
    .namespaces = namespaces,
    .preference = 100,
    .create = jxs_s5b_transport_create,
    .user_data = self,
  };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-fakes.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/s5b/jxs-s5b-addresses-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-listener-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-mapper-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-transport-private.h>

Fakes fakes;

static JxsS5bMapper *the_mapper; /* unowned (nullable) */

void
fakes_reset (void)
{
  g_clear_object (&fakes.external);
  fakes = (Fakes){ .port4 = 4000, .port6 = 6000 };
}

void
fakes_settle (const char *host, guint16 port)
{
  g_assert_true (fakes.searching);
  fakes.searching = FALSE;
  if (host != NULL)
    {
      fakes.external = G_INET_SOCKET_ADDRESS (g_inet_socket_address_new_from_string (host, port));
      g_signal_emit_by_name (the_mapper, "changed");
    }
  g_signal_emit_by_name (the_mapper, "settled");
}

/* Addresses */

static void
address_free (gpointer data)
{
  JxsS5bAddress *address = data;

  g_object_unref (address->address);
  g_free (address);
}

GPtrArray *
jxs_s5b_addresses_list (gboolean allow_loopback)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (address_free);

  for (guint i = 0; fakes.addresses != NULL && fakes.addresses[i] != NULL; i++)
    {
      const char *text = fakes.addresses[i];
      gboolean tunnel = g_str_has_prefix (text, "tun:");
      JxsS5bAddress *address = g_new0 (JxsS5bAddress, 1);

      address->address = g_inet_address_new_from_string (tunnel ? text + 4 : text);
      g_assert_nonnull (address->address);
      address->kind = tunnel ? JXS_CANDIDATE_KIND_TUNNEL : JXS_CANDIDATE_KIND_DIRECT;
      g_ptr_array_add (list, address);
    }
  return list;
}

gboolean
jxs_s5b_addresses_need_mapping (void)
{
  return fakes.need_mapping;
}

guint
jxs_s5b_addresses_get_scopes (guint32 *scopes, guint n_scopes)
{
  return 0;
}

/* The listener */

struct _JxsS5bListener
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (JxsS5bListener, jxs_s5b_listener, G_TYPE_OBJECT)

static void
jxs_s5b_listener_class_init (JxsS5bListenerClass *klass)
{
}

static void
jxs_s5b_listener_init (JxsS5bListener *self)
{
}

JxsS5bListener *
jxs_s5b_listener_new (void)
{
  return g_object_new (JXS_TYPE_S5B_LISTENER, NULL);
}

gboolean
jxs_s5b_listener_hold (JxsS5bListener *self, GError **error)
{
  if (fakes.port4 != 0 || fakes.port6 != 0)
    {
      fakes.n_listening++;
      return TRUE;
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE, "No port is free");
  return FALSE;
}

void
jxs_s5b_listener_release (JxsS5bListener *self)
{
  g_assert_cmpuint (fakes.n_listening, >, 0);
  fakes.n_listening--;
}

guint16
jxs_s5b_listener_get_port (JxsS5bListener *self, GSocketFamily family)
{
  if (fakes.n_listening == 0)
    return 0;
  return family == G_SOCKET_FAMILY_IPV4 ? fakes.port4 : fakes.port6;
}

/* The mapper */

struct _JxsS5bMapper
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (JxsS5bMapper, jxs_s5b_mapper, G_TYPE_OBJECT)

static void
jxs_s5b_mapper_finalize (GObject *object)
{
  the_mapper = NULL;
  G_OBJECT_CLASS (jxs_s5b_mapper_parent_class)->finalize (object);
}

static void
jxs_s5b_mapper_class_init (JxsS5bMapperClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = jxs_s5b_mapper_finalize;
  g_signal_new ("changed", JXS_TYPE_S5B_MAPPER, 0, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("settled", JXS_TYPE_S5B_MAPPER, 0, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
jxs_s5b_mapper_init (JxsS5bMapper *self)
{
}

JxsS5bMapper *
jxs_s5b_mapper_new (void)
{
  g_assert_null (the_mapper);
  the_mapper = g_object_new (JXS_TYPE_S5B_MAPPER, NULL);
  return the_mapper;
}

void
jxs_s5b_mapper_hold (JxsS5bMapper *self, guint16 local_port)
{
  fakes.n_holds++;
  fakes.held_port = local_port;
  fakes.searching = fakes.external == NULL;
}

void
jxs_s5b_mapper_release (JxsS5bMapper *self)
{
  g_assert_cmpuint (fakes.n_holds, >, 0);
  fakes.n_holds--;
}

gboolean
jxs_s5b_mapper_is_searching (JxsS5bMapper *self)
{
  return fakes.searching;
}

GInetSocketAddress *
jxs_s5b_mapper_get_external (JxsS5bMapper *self)
{
  return fakes.external;
}

/* The transport */

JxsTransport *
jxs_s5b_transport_create (JxsRouter *router,
                          JxsJid *peer,
                          gboolean initiator,
                          const char *namespace_uri,
                          gpointer service)
{
  g_assert_not_reached ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "network.h"

#include <string.h>

#include <glib/gi18n.h>

#define MAX_ADDRESS_CHARS 260 /* more is no host name */

/* ---- options ---- */

void
tool_network_add_options (ToolNetwork *self, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "transports",
      0,
      0,
      G_OPTION_ARG_STRING,
      &self->transports,
      N_ ("What may carry the bytes, best first (s5b,ibb): “s5b”, a TCP connection, direct or "
          "through a relay; “ibb”, in stanzas, through the servers"),
      "LIST" },
    { "relay-only",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self->relay_only,
      N_ ("Do not let the peer learn our network addresses: use relays and servers only"),
      NULL },
    { "proxy",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &self->proxies,
      N_ ("Offer this relay too (XEP-0065); it is asked where it listens unless that is said; may "
          "be repeated"),
      "JID[=HOST:PORT]" },
    { "no-port-mapping",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self->no_port_mapping,
      N_ ("Do not ask the router to let peers in"),
      NULL },
    { "allow-loopback",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self->allow_loopback,
      N_ ("Use loopback addresses too, where both sides are on one machine"),
      NULL },
    G_OPTION_ENTRY_NULL
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static char **
parse_transports (const char *text, GError **error)
{
  static const char *const known[] = { "s5b", "ibb", NULL };
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  g_autofree char *shown = NULL;
  gboolean good = names[0] != NULL;

  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_strstrip (names[i]);
      good = good && g_strv_contains (known, names[i]);
      for (gsize j = 0; j < i; j++)
        good = good && !g_str_equal (names[i], names[j]);
    }
  if (good)
    return g_steal_pointer (&names);
  shown = tool_clean (text, 100);
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_INVALID_ARGUMENT,
               _ ("“%s” is no list of transports, such as “s5b,ibb” or “ibb”"),
               shown);
  return NULL;
}

/* JID[=HOST:PORT] */
static gboolean
apply_proxy (const char *text, JxsEndpoint *endpoint, GError **error)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *address = equals != NULL ? g_strndup (text, equals - text) : g_strdup (text);
  g_autoptr (JxsJid) jid = jxs_jid_new (address, error);
  g_autoptr (GSocketConnectable) where = NULL;
  const char *host = NULL;
  guint port = 0;

  if (jid == NULL)
    return FALSE;
  if (equals != NULL)
    {
      where = g_network_address_parse (equals + 1, 0, NULL);
      if (where != NULL)
        {
          host = g_network_address_get_hostname (G_NETWORK_ADDRESS (where));
          port = g_network_address_get_port (G_NETWORK_ADDRESS (where));
        }
      if (host == NULL || *host == '\0' || port == 0)
        {
          g_autofree char *shown = tool_clean (equals + 1, MAX_ADDRESS_CHARS);

          g_set_error (error,
                       JXS_ERROR,
                       JXS_ERROR_INVALID_ARGUMENT,
                       _ ("“%s” does not say where a relay listens; write HOST:PORT"),
                       shown);
          return FALSE;
        }
    }
  if (endpoint != NULL)
    jxs_endpoint_add_proxy (endpoint, jid, host, port);
  return TRUE;
}

gboolean
tool_network_apply (ToolNetwork *self, JxsEndpoint *endpoint, GError **error)
{
  g_auto (GStrv) names = NULL;

  if (self->transports != NULL && (names = parse_transports (self->transports, error)) == NULL)
    return FALSE;
  for (gsize i = 0; self->proxies != NULL && self->proxies[i] != NULL; i++)
    if (!apply_proxy (self->proxies[i], endpoint, error))
      return FALSE;
  if (endpoint == NULL)
    return TRUE;

  if (names != NULL)
    jxs_endpoint_set_transports (endpoint, (const char *const *) names);
  if (self->relay_only)
    jxs_endpoint_set_address_policy (endpoint, JXS_ADDRESS_POLICY_RELAY_ONLY);
  if (self->no_port_mapping)
    jxs_endpoint_set_port_mapping (endpoint, FALSE);
  jxs_endpoint_set_allow_loopback (endpoint, self->allow_loopback);
  return TRUE;
}

void
tool_network_clear (ToolNetwork *self)
{
  g_clear_pointer (&self->transports, g_free);
  g_clear_pointer (&self->proxies, g_strfreev);
}

/* ---- facts ---- */

char *
tool_network_address (JxsCandidate *candidate)
{
  g_autofree char *host = tool_clean (jxs_candidate_get_host (candidate), MAX_ADDRESS_CHARS);
  gboolean is_ipv6 = strchr (host, ':') != NULL;

  return g_strdup_printf ("%s%s%s:%u",
                          is_ipv6 ? "[" : "",
                          host,
                          is_ipv6 ? "]" : "",
                          jxs_candidate_get_port (candidate));
}

gboolean
tool_network_is_in_band (JxsSession *session)
{
  return g_strcmp0 (jxs_session_get_transport_namespace (session),
                    "urn:xmpp:jingle:transports:ibb:1") == 0;
}

char *
tool_network_path (JxsSession *session)
{
  JxsCandidate *candidate = jxs_session_get_nominated_candidate (session);
  g_autofree char *address = NULL;

  if (tool_network_is_in_band (session))
    return g_strdup (_ ("in-band, in stanzas through the servers"));
  if (candidate == NULL)
    return g_strdup (_ ("unknown"));
  address = tool_network_address (candidate);
  if (jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_PROXY)
    {
      JxsJid *jid = jxs_candidate_get_jid (candidate);
      g_autofree char *name =
          tool_clean (jid != NULL ? jxs_jid_to_string (jid) : "?", MAX_ADDRESS_CHARS);

      return g_strdup_printf (_ ("through the relay %s (%s)"), name, address);
    }
  if (jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_TUNNEL)
    return jxs_candidate_is_local (candidate)
               ? g_strdup_printf (_ ("through a tunnel, at our %s"), address)
               : g_strdup_printf (_ ("through a tunnel, to %s"), address);
  return jxs_candidate_is_local (candidate) ? g_strdup_printf (_ ("direct, at our %s"), address)
                                            : g_strdup_printf (_ ("direct, to %s"), address);
}

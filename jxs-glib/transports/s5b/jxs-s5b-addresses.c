/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-addresses-private.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <net/if_arp.h>
#include <netpacket/packet.h>
#define HARDWARE_IP6GRE 823 /* the C library does not name it */
#endif

#include "jxs-s5b-dial-private.h"

/* Linux' IFF_LOWER_UP, which the C library does not name: there is a link. IFF_RUNNING says so too,
 * but up to a second after an interface came up. */
#define INTERFACE_HAS_LINK (1 << 16)

/* The flags of Linux' /proc/net/if_inet6, which its C headers do not all name. */
#define IF_INET6_TEMPORARY 0x01
#define IF_INET6_DADFAILED 0x08
#define IF_INET6_DEPRECATED 0x20
#define IF_INET6_TENTATIVE 0x40

static void
address_free (gpointer data)
{
  JxsS5bAddress *self = data;

  g_object_unref (self->address);
  g_free (self);
}

/* Pure part */

/* A line: address, index, prefix length, scope and flags in hexadecimal, name. */
JxsS5bAddressFlags
jxs_s5b_addresses_parse_flags (const char *if_inet6, GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);
  char wanted[2 * 16 + 2];
  const char *line;
  guint bits;
  JxsS5bAddressFlags flags = 0;

  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return 0;
  for (guint i = 0; i < 16; i++)
    g_snprintf (wanted + 2 * i, 4, "%02x ", bytes[i]);

  /* Nothing else in the table is that long. */
  line = strstr (if_inet6, wanted);
  if (line == NULL || sscanf (line, "%*s %*x %*x %*x %x", &bits) != 1)
    return 0;
  if (bits & IF_INET6_TEMPORARY)
    flags |= JXS_S5B_ADDRESS_TEMPORARY;
  if (bits & IF_INET6_DEPRECATED)
    flags |= JXS_S5B_ADDRESS_DEPRECATED;
  if (bits & (IF_INET6_TENTATIVE | IF_INET6_DADFAILED))
    flags |= JXS_S5B_ADDRESS_TENTATIVE;
  return flags;
}

/* A bridge to which nothing is connected is not. */
static gboolean
is_up (guint interface_flags)
{
  return (interface_flags & IFF_UP) && (interface_flags & (IFF_RUNNING | INTERFACE_HAS_LINK));
}

static gboolean
is_tunnel (const JxsS5bInterfaceAddress *found)
{
  static const char *const prefixes[] = { "tun", "tap", "utun", "wg", "zt", "tailscale", "ipsec" };

  if (found->tun)
    return TRUE;
#ifdef __linux__
  switch (found->hardware)
    {
    case -1:
      break;
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case HARDWARE_IP6GRE:
      return TRUE;
    case ARPHRD_NONE:
    case ARPHRD_PPP:
      /* WireGuard and VPNs; but so are modems, which lead out. */
      return !found->leads_out || g_str_has_prefix (found->name, "wg");
    default:
      return FALSE;
    }
#endif
  if (found->interface_flags & IFF_POINTOPOINT)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (found->name, prefixes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_unique_local (GInetAddress *address)
{
  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         (g_inet_address_to_bytes (address)[0] & 0xfe) == 0xfc;
}

/* Lower is better; bits in the order of their weight. */
static guint
cost (const JxsS5bInterfaceAddress *found)
{
  gboolean ipv4 = g_inet_address_get_family (found->address) == G_SOCKET_FAMILY_IPV4;

  return g_inet_address_get_is_loopback (found->address) << 6 |
         g_inet_address_get_is_link_local (found->address) << 5 | is_tunnel (found) << 4 |
         !found->leads_out << 3 | is_unique_local (found->address) << 2 | ipv4 << 1 |
         (!ipv4 && !(found->flags & JXS_S5B_ADDRESS_TEMPORARY));
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const JxsS5bInterfaceAddress *const *first = a;
  const JxsS5bInterfaceAddress *const *second = b;
  guint first_cost = cost (*first);
  guint second_cost = cost (*second);

  if (first_cost != second_cost)
    return first_cost < second_cost ? -1 : 1;
  return (*first > *second) - (*first < *second); /* as the system lists them */
}

static gboolean
is_worth_offering (const JxsS5bInterfaceAddress *found, gboolean allow_loopback)
{
  return is_up (found->interface_flags) &&
         !(found->flags & (JXS_S5B_ADDRESS_DEPRECATED | JXS_S5B_ADDRESS_TENTATIVE)) &&
         jxs_s5b_address_is_usable (found->address, allow_loopback);
}

static gboolean
contains (GPtrArray *addresses, GInetAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    if (g_inet_address_equal (((JxsS5bAddress *) addresses->pdata[i])->address, address))
      return TRUE;
  return FALSE;
}

GPtrArray *
jxs_s5b_addresses_rank (const JxsS5bInterfaceAddress *found, gsize n_found, gboolean allow_loopback)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GPtrArray *addresses = g_ptr_array_new_with_free_func (address_free);
  gboolean only_link_local = FALSE;

  for (gsize i = 0; i < n_found; i++)
    if (is_worth_offering (&found[i], allow_loopback))
      g_ptr_array_add (sorted, (gpointer) &found[i]);
  g_ptr_array_sort (sorted, compare);
  if (sorted->len > 0)
    only_link_local = g_inet_address_get_is_link_local (
        ((const JxsS5bInterfaceAddress *) sorted->pdata[0])->address);

  for (guint i = 0; i < sorted->len; i++)
    {
      const JxsS5bInterfaceAddress *candidate = sorted->pdata[i];
      gboolean loopback = g_inet_address_get_is_loopback (candidate->address);
      JxsS5bAddress *address;

      if (contains (addresses, candidate->address) ||
          (g_inet_address_get_is_link_local (candidate->address) && !only_link_local) ||
          (addresses->len >= JXS_S5B_ADDRESSES_MAX && !loopback))
        continue;
      address = g_new0 (JxsS5bAddress, 1);
      address->address = g_object_ref (candidate->address);
      address->kind = is_tunnel (candidate) ? JXS_CANDIDATE_KIND_TUNNEL : JXS_CANDIDATE_KIND_DIRECT;
      g_ptr_array_add (addresses, address);
    }
  return addresses;
}

gboolean
jxs_s5b_addresses_are_private (GPtrArray *addresses)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      const JxsS5bAddress *address = addresses->pdata[i];
      const guint8 *bytes = g_inet_address_to_bytes (address->address);

      if (address->kind == JXS_CANDIDATE_KIND_DIRECT &&
          g_inet_address_get_family (address->address) == G_SOCKET_FAMILY_IPV4)
        /* RFC 1918, and RFC 6598 for the routers of providers. */
        return g_inet_address_get_is_site_local (address->address) ||
               (bytes[0] == 100 && (bytes[1] & 0xc0) == 64);
    }
  return FALSE;
}

/* What the system says */

/* The address we would have on the way there: connecting a datagram socket asks the routing tables,
 * VPNs and policies included, and sends nothing. */
static GInetAddress *
find_source (const char *somewhere)
{
  g_autoptr (GSocketAddress) target = g_inet_socket_address_new_from_string (somewhere, 9);
  g_autoptr (GSocketAddress) source = NULL;
  g_autoptr (GSocket) socket = NULL;

  socket = g_socket_new (g_socket_address_get_family (target),
                         G_SOCKET_TYPE_DATAGRAM,
                         G_SOCKET_PROTOCOL_DEFAULT,
                         NULL);
  if (socket == NULL || !g_socket_connect (socket, target, NULL, NULL))
    return NULL;
  source = g_socket_get_local_address (socket, NULL);
  if (source == NULL)
    return NULL;
  return g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (source)));
}

static GInetAddress *
address_from_native (const struct sockaddr *native)
{
  if (native != NULL && native->sa_family == AF_INET)
    return g_inet_address_new_from_bytes (
        (const guint8 *) &((const struct sockaddr_in *) native)->sin_addr, G_SOCKET_FAMILY_IPV4);
  if (native != NULL && native->sa_family == AF_INET6)
    return g_inet_address_new_from_bytes (
        (const guint8 *) &((const struct sockaddr_in6 *) native)->sin6_addr, G_SOCKET_FAMILY_IPV6);
  return NULL;
}

static int
find_hardware (const struct ifaddrs *interfaces, const char *name)
{
#ifdef __linux__
  for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_PACKET &&
        g_str_equal (i->ifa_name, name))
      return ((const struct sockaddr_ll *) i->ifa_addr)->sll_hatype;
#endif
  return -1;
}

static gboolean
is_tun (const char *name)
{
  g_autofree char *path = g_strdup_printf ("/sys/class/net/%s/tun_flags", name);

  return access (path, F_OK) == 0;
}

/* The interface that has the address. */
static const char *
find_interface (const struct ifaddrs *interfaces, GInetAddress *address)
{
  for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    {
      g_autoptr (GInetAddress) own = address_from_native (i->ifa_addr);

      if (own != NULL && g_inet_address_equal (own, address))
        return i->ifa_name;
    }
  return NULL;
}

GPtrArray *
jxs_s5b_addresses_list (gboolean allow_loopback)
{
  /* Addresses of documentation, as they are nobody's (RFC 5737, RFC 3849). */
  g_autoptr (GInetAddress) ipv4_source = find_source ("192.0.2.1");
  g_autoptr (GInetAddress) ipv6_source = find_source ("2001:db8::1");
  g_autoptr (GArray) found = g_array_new (FALSE, TRUE, sizeof (JxsS5bInterfaceAddress));
  g_autofree char *if_inet6 = NULL;
  struct ifaddrs *interfaces = NULL;
  const char *ipv4_interface = NULL;
  const char *ipv6_interface = NULL;
  GPtrArray *addresses;

  if (getifaddrs (&interfaces) != 0)
    interfaces = NULL;
  if (ipv4_source != NULL)
    ipv4_interface = find_interface (interfaces, ipv4_source);
  if (ipv6_source != NULL)
    ipv6_interface = find_interface (interfaces, ipv6_source);
  g_file_get_contents ("/proc/net/if_inet6", &if_inet6, NULL, NULL);

  for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    {
      JxsS5bInterfaceAddress one = {
        .name = i->ifa_name,
        .interface_flags = i->ifa_flags,
        .address = address_from_native (i->ifa_addr),
      };

      if (one.address == NULL)
        continue;
      one.hardware = find_hardware (interfaces, one.name);
      one.tun = is_tun (one.name);
      one.leads_out =
          g_strcmp0 (one.name,
                     i->ifa_addr->sa_family == AF_INET ? ipv4_interface : ipv6_interface) == 0;
      if (if_inet6 != NULL)
        one.flags = jxs_s5b_addresses_parse_flags (if_inet6, one.address);
      g_array_append_val (found, one);
    }

  addresses = jxs_s5b_addresses_rank ((const JxsS5bInterfaceAddress *) (gpointer) found->data,
                                      found->len,
                                      allow_loopback);
  for (guint i = 0; i < found->len; i++)
    g_object_unref (g_array_index (found, JxsS5bInterfaceAddress, i).address);
  if (interfaces != NULL)
    freeifaddrs (interfaces);
  return addresses;
}

gboolean
jxs_s5b_addresses_need_mapping (void)
{
  g_autoptr (GPtrArray) addresses = jxs_s5b_addresses_list (FALSE);

  return jxs_s5b_addresses_are_private (addresses);
}

gboolean
jxs_s5b_addresses_is_own (GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address);
  g_autoptr (GInetAddress) source = find_source (text);

  return source != NULL && g_inet_address_equal (source, address);
}

guint
jxs_s5b_addresses_get_scopes (guint32 *scopes, guint n_scopes)
{
  struct ifaddrs *interfaces = NULL;
  guint n = 0;

  if (getifaddrs (&interfaces) != 0)
    return 0;
  for (const struct ifaddrs *i = interfaces; i != NULL && n < n_scopes; i = i->ifa_next)
    {
      g_autoptr (GInetAddress) address = address_from_native (i->ifa_addr);
      guint32 scope;
      guint same = 0;

      if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6 ||
          !g_inet_address_get_is_link_local (address) || !is_up (i->ifa_flags))
        continue;
      scope = ((const struct sockaddr_in6 *) (gconstpointer) i->ifa_addr)->sin6_scope_id;
      while (same < n && scopes[same] != scope)
        same++;
      if (same == n)
        scopes[n++] = scope;
    }
  freeifaddrs (interfaces);
  return n;
}

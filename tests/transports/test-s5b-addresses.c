/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <net/if.h>
#include <net/if_arp.h>

#include <jxs-glib/transports/s5b/jxs-s5b-addresses-private.h>

#include "network-fixture.h"

#define UP (IFF_UP | IFF_RUNNING)
#define LAN UP, ARPHRD_ETHER

/* One address of an interface, as the system could list it. */
typedef struct
{
  const char *name;
  guint interface_flags;
  int hardware;
  const char *address;
  JxsS5bAddressFlags flags;
  gboolean leads_out;
  gboolean tun;
} Found;

/* What is offered of it, as "address" or "address tunnel", separated by commas. */
static char *
rank (const Found *found, gsize n_found, gboolean allow_loopback)
{
  g_autofree JxsS5bInterfaceAddress *list = g_new0 (JxsS5bInterfaceAddress, n_found);
  g_autoptr (GPtrArray) ranked = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < n_found; i++)
    list[i] = (JxsS5bInterfaceAddress){
      .name = found[i].name,
      .interface_flags = found[i].interface_flags,
      .hardware = found[i].hardware,
      .tun = found[i].tun,
      .leads_out = found[i].leads_out,
      .address = g_inet_address_new_from_string (found[i].address),
      .flags = found[i].flags,
    };
  ranked = jxs_s5b_addresses_rank (list, n_found, allow_loopback);
  for (guint i = 0; i < ranked->len; i++)
    {
      const JxsS5bAddress *address = ranked->pdata[i];
      g_autofree char *host = g_inet_address_to_string (address->address);

      g_string_append_printf (text,
                              "%s%s%s",
                              i > 0 ? ", " : "",
                              host,
                              address->kind == JXS_CANDIDATE_KIND_TUNNEL ? " tunnel" : "");
    }
  for (gsize i = 0; i < n_found; i++)
    g_object_unref (list[i].address);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

#define ASSERT_RANK(found, allow_loopback, expected)                                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *ranked = rank (found, G_N_ELEMENTS (found), allow_loopback);                  \
    g_assert_cmpstr (ranked, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

/* A laptop: Ethernet with both families, Wi-Fi, virtual machines, containers, a VPN. */
static void
test_laptop (void)
{
  static const Found found[] = {
    { "lo", UP | IFF_LOOPBACK, ARPHRD_LOOPBACK, "127.0.0.1" },
    { "docker0", LAN, "172.17.0.1" },
    { "br-unused", IFF_UP, ARPHRD_ETHER, "172.18.0.1" },
    { "wlan0", LAN, "192.168.7.9" },
    { "eth0", LAN, "192.168.1.20", .leads_out = TRUE },
    { "tun0", UP | IFF_POINTOPOINT, ARPHRD_NONE, "10.8.0.6", .tun = TRUE },
    { "lo", UP | IFF_LOOPBACK, ARPHRD_LOOPBACK, "::1" },
    { "eth0", LAN, "2001:db8:1::abcd", .leads_out = TRUE },
    { "eth0", LAN, "2001:db8:1::5", JXS_S5B_ADDRESS_TEMPORARY, TRUE },
    { "eth0", LAN, "2001:db8:1::4", JXS_S5B_ADDRESS_TEMPORARY | JXS_S5B_ADDRESS_DEPRECATED, TRUE },
    { "eth0", LAN, "2001:db8:1::3", JXS_S5B_ADDRESS_TENTATIVE, TRUE },
    { "eth0", LAN, "fd00:1::7", .leads_out = TRUE },
    { "eth0", LAN, "fe80::1", .leads_out = TRUE },
    { "wlan0", LAN, "fe80::2" },
    { "eth1", 0, ARPHRD_ETHER, "192.168.99.1" },
  };

  ASSERT_RANK (found,
               FALSE,
               "2001:db8:1::5, 2001:db8:1::abcd, 192.168.1.20, fd00:1::7, "
               "172.17.0.1, 192.168.7.9, 10.8.0.6 tunnel");
  ASSERT_RANK (found,
               TRUE,
               "2001:db8:1::5, 2001:db8:1::abcd, 192.168.1.20, fd00:1::7, "
               "172.17.0.1, 192.168.7.9, 10.8.0.6 tunnel, ::1, 127.0.0.1");
}

/* There is a link, and the kernel has not said yet that it is running. */
static void
test_just_up (void)
{
  static const Found found[] = {
    { "eth0", IFF_UP | 1 << 16, ARPHRD_ETHER, "192.168.1.20" },
    { "eth1", IFF_RUNNING | 1 << 16, ARPHRD_ETHER, "192.168.2.20" },
    { "eth2", IFF_UP, ARPHRD_ETHER, "192.168.3.20" },
  };

  ASSERT_RANK (found, FALSE, "192.168.1.20");
}

/* Two machines and a cable between them. */
static void
test_link_local (void)
{
  static const Found cable[] = {
    { "lo", UP | IFF_LOOPBACK, ARPHRD_LOOPBACK, "::1" },
    { "eth0", LAN, "fe80::1" },
    { "eth0", LAN, "169.254.7.7" },
  };
  static const Found more[] = {
    { "eth0", LAN, "fe80::1" },
    { "wlan0", LAN, "169.254.7.7" },
    { "tun0", UP, ARPHRD_NONE, "10.8.0.6" },
  };

  ASSERT_RANK (cable, FALSE, "fe80::1, 169.254.7.7");
  ASSERT_RANK (cable, TRUE, "fe80::1, 169.254.7.7, ::1");
  ASSERT_RANK (more, FALSE, "10.8.0.6 tunnel");
}

static void
test_tunnels (void)
{
  static const Found found[] = {
    { "a", UP, ARPHRD_TUNNEL, "192.0.2.1" },
    { "b", UP, ARPHRD_SIT, "192.0.2.2" },
    { "c", UP, ARPHRD_IPGRE, "192.0.2.3" },
    { "d", UP, ARPHRD_NONE, "192.0.2.4" },
    { "e", UP | IFF_POINTOPOINT, ARPHRD_PPP, "192.0.2.5" },
    { "zt0", LAN, "192.0.2.6", .tun = TRUE },
    { "tunnel", LAN, "192.0.2.7" }, /* a name only */
    { "tun9", UP, -1, "192.0.2.8" },
    { "f", UP | IFF_POINTOPOINT, -1, "192.0.2.9" },
    { "g", UP, -1, "192.0.2.10" },
  };
  /* What leads out is a modem, unless it is named otherwise. */
  static const Found modems[] = {
    { "ppp0", UP | IFF_POINTOPOINT, ARPHRD_PPP, "192.0.2.1", .leads_out = TRUE },
    { "wwan0", UP, ARPHRD_NONE, "192.0.2.2", .leads_out = TRUE },
    { "wg0", UP, ARPHRD_NONE, "192.0.2.3", .leads_out = TRUE },
    { "tun0", UP, ARPHRD_NONE, "192.0.2.4", .leads_out = TRUE, .tun = TRUE },
  };

  ASSERT_RANK (found,
               FALSE,
               "192.0.2.7, 192.0.2.10, 192.0.2.1 tunnel, 192.0.2.2 tunnel, 192.0.2.3 tunnel, "
               "192.0.2.4 tunnel, 192.0.2.5 tunnel, 192.0.2.6 tunnel, 192.0.2.8 tunnel, "
               "192.0.2.9 tunnel");
  ASSERT_RANK (modems, FALSE, "192.0.2.1, 192.0.2.2, 192.0.2.3 tunnel, 192.0.2.4 tunnel");
}

/* Never twice, never what is nobody's, and not without end; loopback is not crowded out. */
static void
test_many (void)
{
  Found found[40] = { { "eth0", LAN, "192.168.1.20", .leads_out = TRUE },
                      { "eth0", LAN, "192.168.1.20", .leads_out = TRUE },
                      { "eth0", LAN, "0.0.0.0" },
                      { "eth0", LAN, "224.0.0.1" },
                      { "eth0", LAN, "255.255.255.255" },
                      { "eth0", LAN, "::ffff:0.0.0.0" },
                      { "lo", UP, ARPHRD_LOOPBACK, "127.0.0.1" } };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 7; i < G_N_ELEMENTS (found); i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("10.0.%u.1", i));
      found[i] = (Found){ "br", LAN, names->pdata[i - 7] };
    }
  ASSERT_RANK (found,
               TRUE,
               "192.168.1.20, 10.0.7.1, 10.0.8.1, 10.0.9.1, 10.0.10.1, 10.0.11.1, 10.0.12.1, "
               "10.0.13.1, 10.0.14.1, 10.0.15.1, 10.0.16.1, 10.0.17.1, 127.0.0.1");
}

static void
test_nothing (void)
{
  g_autoptr (GPtrArray) ranked = jxs_s5b_addresses_rank (NULL, 0, TRUE);

  g_assert_cmpuint (ranked->len, ==, 0);
  g_assert_false (jxs_s5b_addresses_are_private (ranked));
}

/* The best IPv4 address decides. */
static void
test_private (void)
{
  static const struct
  {
    Found found[2];
    gboolean is_private;
  } cases[] = {
    { { { "eth0", LAN, "10.1.2.3", .leads_out = TRUE }, { "eth1", LAN, "203.0.113.5" } }, TRUE },
    { { { "eth0", LAN, "203.0.113.5", .leads_out = TRUE }, { "br0", LAN, "10.1.2.3" } }, FALSE },
    { { { "eth0", LAN, "2001:db8::1", .leads_out = TRUE }, { "eth0", LAN, "172.31.0.1" } }, TRUE },
    { { { "eth0", LAN, "fd00::1" }, { "eth0", LAN, "2001:db8::1" } }, FALSE },
    { { { "wlan0", LAN, "192.168.0.4" }, { "lo", UP, ARPHRD_LOOPBACK, "127.0.0.1" } }, TRUE },
    { { { "tun0", UP, ARPHRD_NONE, "10.8.0.1" }, { "eth0", LAN, "2001:db8::1" } }, FALSE },
    { { { "eth0", LAN, "100.64.0.1" }, { "eth0", LAN, "2001:db8::1" } }, TRUE },
    { { { "eth0", LAN, "100.127.255.254" }, { "eth0", LAN, "2001:db8::1" } }, TRUE },
    { { { "eth0", LAN, "100.128.0.1" }, { "eth0", LAN, "2001:db8::1" } }, FALSE },
    { { { "eth0", LAN, "100.63.0.1" }, { "eth0", LAN, "2001:db8::1" } }, FALSE },
    { { { "eth0", LAN, "172.32.0.1" }, { "eth0", LAN, "2001:db8::1" } }, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      JxsS5bInterfaceAddress list[2];
      g_autoptr (GPtrArray) ranked = NULL;

      for (gsize n = 0; n < 2; n++)
        {
          const Found *found = &cases[i].found[n];

          list[n] = (JxsS5bInterfaceAddress){
            .name = found->name,
            .interface_flags = found->interface_flags,
            .hardware = found->hardware,
            .leads_out = found->leads_out,
            .address = g_inet_address_new_from_string (found->address),
          };
        }
      ranked = jxs_s5b_addresses_rank (list, 2, FALSE);
      g_test_message ("%s, %s", cases[i].found[0].address, cases[i].found[1].address);
      g_assert_cmpint (jxs_s5b_addresses_are_private (ranked), ==, cases[i].is_private);
      for (gsize n = 0; n < 2; n++)
        g_object_unref (list[n].address);
    }
}

/* Linux' table, with lines as no kernel writes them in between. */
static void
test_if_inet6 (void)
{
  static const char table[] =
      "00000000000000000000000000000001 01 80 10 80       lo\n"
      "20010db8000100000000000000000005 02 40 00 01     eth0\n"
      "20010db8000100000000000000000004 02 40 00 21     eth0\n"
      "20010db8000100000000000000000003 02 40 00 40     eth0\n"
      "20010db8000100000000000000000002 02 40 00 08     eth0\n"
      "\n"
      "20010db8\n"
      "20010DB8000100000000000000000001 02 40 00\n"
      "20010db80001000000000000000000010000000000000000000 02 40 00 40     eth0\n"
      "not a table at all, but a line that is rather long\n"
      "20010DB8000100000000000000000001 0a 40 00 80 a-name-of-an-interface\n"
      "fe80000000000000000000000000abcd 02 40 20 c0     eth0";
  static const struct
  {
    const char *address;
    JxsS5bAddressFlags flags;
  } cases[] = {
    { "::1", 0 },
    { "2001:db8:1::5", JXS_S5B_ADDRESS_TEMPORARY },
    { "2001:db8:1::4", JXS_S5B_ADDRESS_TEMPORARY | JXS_S5B_ADDRESS_DEPRECATED },
    { "2001:db8:1::3", JXS_S5B_ADDRESS_TENTATIVE },
    { "2001:db8:1::2", JXS_S5B_ADDRESS_TENTATIVE }, /* somebody else has it */
    { "2001:db8:1::1", 0 },
    { "fe80::abcd", JXS_S5B_ADDRESS_TENTATIVE },
    { "2001:db8:1::99", 0 },
    { "32.1.13.184", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (cases[i].address);

      g_test_message ("%s", cases[i].address);
      g_assert_cmpint (jxs_s5b_addresses_parse_flags (table, address), ==, cases[i].flags);
      g_assert_cmpint (jxs_s5b_addresses_parse_flags ("", address), ==, 0);
    }
}

static void
assert_listed (gboolean allow_loopback, const char *expected)
{
  g_autoptr (GPtrArray) addresses = jxs_s5b_addresses_list (allow_loopback);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    {
      const JxsS5bAddress *address = addresses->pdata[i];
      g_autofree char *host = g_inet_address_to_string (address->address);

      g_string_append_printf (text,
                              "%s%s%s",
                              i > 0 ? ", " : "",
                              host,
                              address->kind == JXS_CANDIDATE_KIND_TUNNEL ? " tunnel" : "");
    }
  g_assert_cmpstr (text->str, ==, expected);
}

/* A network that we made: what the kernel says is understood. */
static void
test_real (void)
{
  guint32 scopes[4];

  assert_listed (TRUE, "");
  g_assert_cmpuint (jxs_s5b_addresses_get_scopes (scopes, G_N_ELEMENTS (scopes)), ==, 0);
  network_run ("ip link set lo up");
  assert_listed (FALSE, "");
  assert_listed (TRUE, "::1, 127.0.0.1");

  network_run ("ip link add one type veth peer name two");
  network_run ("ip link set one addrgenmode none");
  network_run ("ip link set two addrgenmode none");
  network_run ("ip link set one up");
  network_run ("ip address add fe80::1/64 dev one nodad");
  assert_listed (FALSE, ""); /* nothing is at the other end */
  network_run ("ip link set two up");
  network_run ("ip address add fe80::2/64 dev two nodad");
  assert_listed (FALSE, "fe80::2, fe80::1"); /* the other end is made first */
  network_run ("ip address add fe80::3/64 dev two nodad");
  g_assert_cmpuint (jxs_s5b_addresses_get_scopes (scopes, G_N_ELEMENTS (scopes)), ==, 2);
  g_assert_cmpuint (scopes[0], ==, if_nametoindex ("two"));
  g_assert_cmpuint (scopes[1], ==, if_nametoindex ("one"));
  g_assert_cmpuint (jxs_s5b_addresses_get_scopes (scopes, 1), ==, 1);
  g_assert_false (jxs_s5b_addresses_need_mapping ());

  network_run ("ip address add 10.1.0.1/24 dev one");
  assert_listed (FALSE, "10.1.0.1");
  g_assert_true (jxs_s5b_addresses_need_mapping ());
  network_run ("ip address add 203.0.113.7/24 dev two");
  network_run ("ip route add default via 203.0.113.1");
  assert_listed (FALSE, "203.0.113.7, 10.1.0.1");
  g_assert_false (jxs_s5b_addresses_need_mapping ());

  /* As VPNs do that take all traffic and leave the default route as it is. */
  network_run ("ip route add 0.0.0.0/1 via 10.1.0.254");
  network_run ("ip route add 128.0.0.0/1 via 10.1.0.254");
  assert_listed (FALSE, "10.1.0.1, 203.0.113.7");
}

static void
test_real_elsewhere (void)
{
  if (g_test_subprocess ())
    {
      network_enter ();
      test_real ();
    }
  else if (!network_is_available ())
    g_test_skip ("a network namespace needs root and iproute2");
  else
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transports/s5b-addresses/laptop", test_laptop);
  g_test_add_func ("/transports/s5b-addresses/just-up", test_just_up);
  g_test_add_func ("/transports/s5b-addresses/link-local", test_link_local);
  g_test_add_func ("/transports/s5b-addresses/tunnels", test_tunnels);
  g_test_add_func ("/transports/s5b-addresses/many", test_many);
  g_test_add_func ("/transports/s5b-addresses/nothing", test_nothing);
  g_test_add_func ("/transports/s5b-addresses/private", test_private);
  g_test_add_func ("/transports/s5b-addresses/if-inet6", test_if_inet6);
  g_test_add_func ("/transports/s5b-addresses/real", test_real_elsewhere);
  return g_test_run ();
}

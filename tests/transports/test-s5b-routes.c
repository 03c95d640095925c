/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/transports/s5b/jxs-s5b-routes-private.h>

/* As the kernel of this machine would print it. */
static char *
hex (const char *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  guint32 value;

  memcpy (&value, g_inet_address_to_bytes (inet), sizeof (value));
  return g_strdup_printf ("%08X", value);
}

static void
add (GString *routes,
     const char *name,
     const char *destination,
     const char *gateway,
     guint flags,
     guint metric,
     const char *mask)
{
  g_autofree char *a = hex (destination);
  g_autofree char *b = hex (gateway);
  g_autofree char *c = hex (mask);

  if (routes->len == 0)
    g_string_append (routes,
                     "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow"
                     "\tIRTT                                                       \n");
  g_string_append_printf (
      routes, "%s\t%s\t%s\t%04X\t0\t0\t%u\t%s\t0\t0\t0\n", name, a, b, flags, metric, c);
}

static void
assert_gateway (const char *routes, const char *expected)
{
  g_autoptr (GInetAddress) gateway = jxs_s5b_routes_get_gateway (routes);
  g_autofree char *text = gateway != NULL ? g_inet_address_to_string (gateway) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

static void
test_gateway (void)
{
  g_autoptr (GString) routes = g_string_new (NULL);

  assert_gateway ("", NULL);
  add (routes, "eth0", "192.168.1.0", "0.0.0.0", 0x1, 100, "255.255.255.0");
  assert_gateway (routes->str, NULL);
  /* A tunnel has nobody to be asked. */
  add (routes, "tun0", "0.0.0.0", "0.0.0.0", 0x1, 5, "0.0.0.0");
  assert_gateway (routes->str, NULL);
  add (routes, "wlan0", "0.0.0.0", "192.168.1.1", 0x3, 600, "0.0.0.0");
  assert_gateway (routes->str, "192.168.1.1");
  add (routes, "eth0", "0.0.0.0", "10.0.0.138", 0x3, 100, "0.0.0.0");
  assert_gateway (routes->str, "10.0.0.138");
  /* Not up, rejecting, to one network only. */
  add (routes, "eth1", "0.0.0.0", "10.9.9.1", 0x2, 1, "0.0.0.0");
  add (routes, "lo", "0.0.0.0", "10.9.9.2", 0x203, 1, "0.0.0.0");
  add (routes, "eth0", "172.16.0.0", "10.9.9.3", 0x3, 1, "255.240.0.0");
  add (routes, "eth0", "0.0.0.0", "10.9.9.4", 0x3, 1, "128.0.0.0");
  assert_gateway (routes->str, "10.0.0.138");
}

static void
test_on_link (void)
{
  static const struct
  {
    const char *address;
    gboolean on_link;
  } cases[] = {
    { "192.168.1.77", TRUE }, { "192.168.2.77", FALSE }, { "10.0.0.1", FALSE },
    { "172.17.255.3", TRUE }, { "8.8.8.8", FALSE },
  };
  g_autoptr (GString) routes = g_string_new (NULL);

  add (routes, "eth0", "192.168.1.0", "0.0.0.0", 0x1, 100, "255.255.255.0");
  add (routes, "docker0", "172.17.0.0", "0.0.0.0", 0x1, 0, "255.255.0.0");
  add (routes, "eth0", "10.0.0.0", "192.168.1.9", 0x3, 100, "255.0.0.0");
  add (routes, "eth0", "0.0.0.0", "192.168.1.1", 0x3, 100, "0.0.0.0");
  add (routes, "tun0", "0.0.0.0", "0.0.0.0", 0x1, 5, "0.0.0.0");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (cases[i].address);

      g_assert_cmpint (jxs_s5b_routes_is_on_link (routes->str, address), ==, cases[i].on_link);
    }
}

static void
test_nonsense (void)
{
  static const char *const texts[] = {
    "\n\n\n",
    "eth0",
    "eth0\tX\tY\t0003\t0\t0\t0\t00000000\n",
    "eth0\t00000000\t0101A8C0\t0003\t0\t0\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_gateway (texts[i], NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transports/s5b-routes/gateway", test_gateway);
  g_test_add_func ("/transports/s5b-routes/on-link", test_on_link);
  g_test_add_func ("/transports/s5b-routes/nonsense", test_nonsense);
  return g_test_run ();
}

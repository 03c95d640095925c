/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/s5b/jxs-pcp-codec-private.h>

/* By the layouts of RFC 6887: the header in §7.1 and §7.2, MAP in §11.1. */
static const guint8 request_bytes[JXS_PCP_MAP_LENGTH] = {
  2,    1,    0,    0,    /* version, R and opcode, reserved */
  0,    0,    0x02, 0x58, /* 600 seconds */
  0,    0,    0,    0,    0, 0, 0, 0, 0, 0,  0xff, 0xff, 192, 168, 1, 7, /* the client */
  1,    2,    3,    4,    5, 6, 7, 8, 9, 10, 11,   12,                   /* nonce */
  6,    0,    0,    0,                                                   /* TCP, reserved */
  0x1f, 0x90, 0xc0, 0x01, /* internal 8080, suggested external 49153 */
  0,    0,    0,    0,    0, 0, 0, 0, 0, 0,  0xff, 0xff, 0,   0,   0, 0,
};

static const guint8 response_bytes[JXS_PCP_MAP_LENGTH] = {
  2,    0x81, 0,    0,                                /* version, R and opcode, reserved, success */
  0,    0,    0x0e, 0x10,                             /* 3600 seconds */
  0x01, 0x02, 0x03, 0x04,                             /* epoch */
  0,    0,    0,    0,    0, 0, 0, 0, 0, 0,  0,    0, /* reserved */
  1,    2,    3,    4,    5, 6, 7, 8, 9, 10, 11,   12, /* nonce */
  6,    0,    0,    0,                                 /* TCP, reserved */
  0x1f, 0x90, 0xc0, 0x02,                              /* internal 8080, assigned external 49154 */
  0,    0,    0,    0,    0, 0, 0, 0, 0, 0,  0xff, 0xff, 198, 51, 100, 9,
};

static void
test_request (void)
{
  g_autoptr (GInetAddress) client = g_inet_address_new_from_string ("192.168.1.7");
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  JxsPcpRequest request = {
    .lifetime = 600,
    .client = jxs_pcp_address_from_inet (client),
    .map = {
      .nonce = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 },
      .internal_port = 8080,
      .external_port = 49153,
      .external_address = jxs_pcp_address_from_inet (any),
    },
  };
  guint8 bytes[JXS_PCP_MAP_LENGTH];

  memset (bytes, 0xaa, sizeof (bytes));
  jxs_pcp_request_build (&request, bytes);
  g_assert_cmpmem (bytes, sizeof (bytes), request_bytes, sizeof (request_bytes));
}

static void
test_response (void)
{
  JxsPcpResponse response;
  g_autoptr (GInetAddress) external = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (
      jxs_pcp_response_parse (response_bytes, sizeof (response_bytes), &response, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (response.version, ==, 2);
  g_assert_cmpuint (response.opcode, ==, JXS_PCP_OPCODE_MAP);
  g_assert_cmpuint (response.result, ==, JXS_PCP_RESULT_SUCCESS);
  g_assert_cmpuint (response.lifetime, ==, 3600);
  g_assert_cmphex (response.epoch, ==, 0x01020304);
  g_assert_true (response.has_map);
  g_assert_cmpmem (response.map.nonce, JXS_PCP_NONCE_LENGTH, request_bytes + 24, 12);
  g_assert_cmpuint (response.map.internal_port, ==, 8080);
  g_assert_cmpuint (response.map.external_port, ==, 49154);
  external = jxs_pcp_address_to_inet (&response.map.external_address);
  text = g_inet_address_to_string (external);
  g_assert_cmpstr (text, ==, "198.51.100.9");
}

/* Options follow the mapping; none of them is asked for (§7.3). */
static void
test_options (void)
{
  guint8 bytes[JXS_PCP_MAX_LENGTH] = { 0 };
  JxsPcpResponse response;

  memcpy (bytes, response_bytes, sizeof (response_bytes));
  for (gsize length = JXS_PCP_MAP_LENGTH; length <= sizeof (bytes); length += 4)
    {
      g_assert_true (jxs_pcp_response_parse (bytes, length, &response, NULL));
      g_assert_cmpuint (response.map.external_port, ==, 49154);
    }
}

static void
assert_malformed (const guint8 *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  /* Of its own size, so that a sanitizer sees who reads further. */
  g_autofree guint8 *copy = g_memdup2 (bytes, length);
  JxsPcpResponse response;

  g_assert_false (jxs_pcp_response_parse (copy, length, &response, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_PROTOCOL);
}

static void
test_malformed (void)
{
  guint8 bytes[JXS_PCP_MAX_LENGTH + 4] = { 0 };

  /* Every length but that of a whole message (§8.3). */
  for (gsize length = 0; length < JXS_PCP_MAP_LENGTH; length++)
    assert_malformed (response_bytes, length);
  memcpy (bytes, response_bytes, sizeof (response_bytes));
  for (gsize extra = 1; extra < 4; extra++)
    assert_malformed (bytes, JXS_PCP_MAP_LENGTH + extra);
  assert_malformed (bytes, sizeof (bytes));

  /* Requests are not answers. */
  assert_malformed (request_bytes, sizeof (request_bytes));
  /* Not of the protocol that was asked for. */
  bytes[36] = 17;
  assert_malformed (bytes, JXS_PCP_MAP_LENGTH);
  bytes[36] = 6;
  /* A mapping to no port. */
  bytes[42] = bytes[43] = 0;
  assert_malformed (bytes, JXS_PCP_MAP_LENGTH);
}

/* The answer to a deletion assigns nothing (§15). */
static void
test_deleted (void)
{
  guint8 bytes[JXS_PCP_MAP_LENGTH];
  JxsPcpResponse response;

  memcpy (bytes, response_bytes, sizeof (bytes));
  memset (bytes + 4, 0, 4);
  bytes[42] = bytes[43] = 0;
  g_assert_true (jxs_pcp_response_parse (bytes, sizeof (bytes), &response, NULL));
  g_assert_cmpuint (response.lifetime, ==, 0);
  g_assert_true (response.has_map);
}

static void
test_errors (void)
{
  guint8 bytes[JXS_PCP_MAP_LENGTH];
  JxsPcpResponse response;

  memcpy (bytes, response_bytes, sizeof (bytes));
  for (guint result = 1; result < 256; result++)
    {
      bytes[3] = result;
      g_assert_true (jxs_pcp_response_parse (bytes, sizeof (bytes), &response, NULL));
      g_assert_cmpuint (response.result, ==, result);
      g_assert_true (response.has_map);
      /* Some servers do not repeat the request that they did not understand. */
      g_assert_true (jxs_pcp_response_parse (bytes, 24, &response, NULL));
      g_assert_cmpuint (response.result, ==, result);
      g_assert_false (response.has_map);
    }
}

/* §9: NAT-PMP servers answer in eight bytes of version 0, later ones in a layout we cannot know. */
static void
test_other_versions (void)
{
  static const guint8 natpmp[] = { 0, 0x81, 0, 1, 0, 0, 0, 5 };
  JxsPcpResponse response;

  g_assert_true (jxs_pcp_response_parse (natpmp, sizeof (natpmp), &response, NULL));
  g_assert_cmpuint (response.version, ==, 0);
  g_assert_cmpuint (response.result, ==, JXS_PCP_RESULT_UNSUPP_VERSION);
  g_assert_false (response.has_map);
  for (gsize length = 0; length < 4; length++)
    assert_malformed (natpmp, length);

  for (guint version = 0; version < 256; version++)
    {
      guint8 bytes[JXS_PCP_MAP_LENGTH];

      if (version == JXS_PCP_VERSION)
        continue;
      memcpy (bytes, response_bytes, sizeof (bytes));
      bytes[0] = version;
      g_assert_true (jxs_pcp_response_parse (bytes, sizeof (bytes), &response, NULL));
      g_assert_cmpuint (response.version, ==, version);
      g_assert_cmpuint (response.result, ==, JXS_PCP_RESULT_UNSUPP_VERSION);
    }
}

/* The server tells everybody that it has started (§14.1). */
static void
test_announce (void)
{
  guint8 bytes[24];
  JxsPcpResponse response;

  memcpy (bytes, response_bytes, sizeof (bytes));
  bytes[1] = 0x80;
  g_assert_true (jxs_pcp_response_parse (bytes, sizeof (bytes), &response, NULL));
  g_assert_cmpuint (response.opcode, ==, JXS_PCP_OPCODE_ANNOUNCE);
  g_assert_cmphex (response.epoch, ==, 0x01020304);
  g_assert_false (response.has_map);
}

static void
test_addresses (void)
{
  static const char *const texts[] = { "203.0.113.5", "0.0.0.0", "2001:db8::7", "::" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (texts[i]);
      JxsPcpAddress wire = jxs_pcp_address_from_inet (address);
      g_autoptr (GInetAddress) again = jxs_pcp_address_to_inet (&wire);

      g_assert_true (g_inet_address_equal (address, again));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transports/pcp-codec/request", test_request);
  g_test_add_func ("/transports/pcp-codec/response", test_response);
  g_test_add_func ("/transports/pcp-codec/options", test_options);
  g_test_add_func ("/transports/pcp-codec/malformed", test_malformed);
  g_test_add_func ("/transports/pcp-codec/deleted", test_deleted);
  g_test_add_func ("/transports/pcp-codec/errors", test_errors);
  g_test_add_func ("/transports/pcp-codec/other-versions", test_other_versions);
  g_test_add_func ("/transports/pcp-codec/announce", test_announce);
  g_test_add_func ("/transports/pcp-codec/addresses", test_addresses);
  return g_test_run ();
}

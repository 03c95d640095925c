/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/io/jxs-socks5-private.h>

#define HASH "972b7bf47291ca609517f67f86b5081086052dad" /* XEP-0260 §2.2, its dstaddr */

static const guint8 greeting[] = { 5, 1, 0 };
static const guint8 request[] = "\5\1\0\3\x28" HASH "\0"; /* and the NUL of C: port 0 */
static const guint8 answer[] = "\5\0\0\3\x28" HASH "\0";

typedef struct
{
  JxsSocks5Server server;
  GByteArray *sent; /* (owned) */
  gsize taken;
} Feed;

/* As a listener does: never more than is wanted. Stops where the machine says so. */
static JxsSocks5Step
feed_server (Feed *self, const guint8 *bytes, gsize n_bytes)
{
  JxsSocks5Step step = JXS_SOCKS5_MORE;

  self->taken = 0;
  while (self->taken < n_bytes && step == JXS_SOCKS5_MORE)
    {
      gsize n = MIN (jxs_socks5_server_get_wanted (&self->server), n_bytes - self->taken);

      g_assert_cmpuint (n, >, 0);
      step = jxs_socks5_server_take (&self->server, bytes + self->taken, n);
      self->taken += n;
      g_byte_array_append (self->sent, self->server.reply, self->server.n_reply);
    }
  return step;
}

static void
feed_start (Feed *self)
{
  jxs_socks5_server_init (&self->server);
  self->sent = g_byte_array_new ();
  self->taken = 0;
}

/* What was refused wants nothing more, and this was the reply. */
static void
assert_refused (const guint8 *bytes, gsize n_bytes, const guint8 *reply, gsize n_reply)
{
  Feed feed;

  feed_start (&feed);
  g_assert_cmpint (feed_server (&feed, bytes, n_bytes), ==, JXS_SOCKS5_REFUSED);
  g_assert_cmpuint (jxs_socks5_server_get_wanted (&feed.server), ==, 0);
  g_assert_cmpmem (feed.sent->data, feed.sent->len, reply, n_reply);
  g_byte_array_unref (feed.sent);
}

#define REFUSED(bytes, reply) assert_refused (bytes, sizeof bytes, reply, sizeof reply)

/* The whole dialogue, cut in three at every two places; in one piece it is what a client sends
 * that does not wait. Payload behind it is never taken. */
static void
test_server_splits (void)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  const gsize n = sizeof greeting + sizeof request;

  g_byte_array_append (input, greeting, sizeof greeting);
  g_byte_array_append (input, request, sizeof request);
  g_byte_array_append (input, (const guint8 *) "payload", 7);
  g_byte_array_append (expected, (const guint8 *) "\5\0", 2);
  g_byte_array_append (expected, answer, sizeof answer);

  for (gsize first = 0; first <= n; first++)
    for (gsize second = first; second <= n; second++)
      {
        const gsize cuts[] = { 0, first, second, input->len };
        JxsSocks5Step step = JXS_SOCKS5_MORE;
        gsize taken = 0;
        Feed feed;

        feed_start (&feed);
        for (guint i = 0; i < 3 && step == JXS_SOCKS5_MORE; i++)
          {
            step = feed_server (&feed, input->data + cuts[i], cuts[i + 1] - cuts[i]);
            taken += feed.taken;
          }
        g_assert_cmpint (step, ==, JXS_SOCKS5_REQUEST);
        g_assert_cmpuint (taken, ==, n);
        g_assert_cmpuint (jxs_socks5_server_get_wanted (&feed.server), ==, 0);
        g_assert_cmpstr (feed.server.address, ==, HASH);

        jxs_socks5_server_reply (&feed.server, JXS_SOCKS5_SUCCEEDED);
        g_byte_array_append (feed.sent, feed.server.reply, feed.server.n_reply);
        g_assert_cmpmem (feed.sent->data, feed.sent->len, expected->data, expected->len);
        g_byte_array_unref (feed.sent);
      }
}

/* RFC 1928 §3: one of the methods has to be 0. */
static void
test_server_methods (void)
{
  static const guint8 none[] = { 5, 0xff };
  static const guint8 no_methods[] = { 5, 0 };
  static const guint8 password_only[] = { 5, 2, 1, 2 };
  static const guint8 two[] = { 5, 2, 2, 0 };
  guint8 many[2 + 255] = { 5, 255 };
  Feed feed;

  REFUSED (no_methods, none);
  REFUSED (password_only, none);

  memset (many + 2, 2, 254); /* and the last one is 0 */
  feed_start (&feed);
  g_assert_cmpint (feed_server (&feed, many, sizeof many), ==, JXS_SOCKS5_MORE);
  g_assert_cmpmem (feed.sent->data, feed.sent->len, "\5\0", 2);
  g_byte_array_unref (feed.sent);

  many[sizeof many - 1] = 2;
  REFUSED (many, none);

  feed_start (&feed);
  g_assert_cmpint (feed_server (&feed, two, sizeof two), ==, JXS_SOCKS5_MORE);
  g_assert_cmpmem (feed.sent->data, feed.sent->len, "\5\0", 2);
  g_byte_array_unref (feed.sent);
}

/* RFC 1928 §4, §6 */
static void
test_server_requests (void)
{
  static const struct
  {
    guint8 head[5];
    int reply; /* -1: none, the version is another */
  } cases[] = {
    { { 4, 1, 0, 3, 40 }, -1 },
    { { 5, 2, 0, 3, 40 }, JXS_SOCKS5_UNKNOWN_COMMAND }, /* BIND */
    { { 5, 3, 0, 3, 40 }, JXS_SOCKS5_UNKNOWN_COMMAND }, /* UDP ASSOCIATE, XEP-0065 §8 */
    { { 5, 1, 1, 3, 40 }, JXS_SOCKS5_FAILURE },         /* RSV */
    { { 5, 1, 0, 1, 127 }, JXS_SOCKS5_UNKNOWN_ADDRESS_TYPE },
    { { 5, 1, 0, 4, 0 }, JXS_SOCKS5_UNKNOWN_ADDRESS_TYPE },
    { { 5, 1, 0, 9, 0 }, JXS_SOCKS5_UNKNOWN_ADDRESS_TYPE },
    { { 5, 1, 0, 3, 0 }, JXS_SOCKS5_FAILURE }, /* no address */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 reply[] = { 5, 0, 5, cases[i].reply, 0, 1, 0, 0, 0, 0, 0, 0 };
      g_autoptr (GByteArray) input = g_byte_array_new ();

      g_byte_array_append (input, greeting, sizeof greeting);
      g_byte_array_append (input, cases[i].head, 5);
      assert_refused (input->data, input->len, reply, cases[i].reply < 0 ? 2 : sizeof reply);
    }
}

/* The first byte that is no SOCKS5 is the last one that is read. */
static void
test_server_garbage (void)
{
  for (guint i = 0; i < 256; i++)
    {
      guint8 byte = i;
      Feed feed;

      feed_start (&feed);
      g_assert_cmpint (feed_server (&feed, &byte, 1),
                       ==,
                       i == 5 ? JXS_SOCKS5_MORE : JXS_SOCKS5_REFUSED);
      g_assert_cmpuint (feed.sent->len, ==, 0);
      g_byte_array_unref (feed.sent);
    }
}

/* A domain of any length, with any port: both come back in the reply. */
static void
test_server_domains (void)
{
  for (guint length = 1; length <= 255; length++)
    {
      guint8 input[3 + 5 + 255 + 2] = { 5, 1, 0, 5, 1, 0, 3, length };
      g_autofree char *domain = g_strnfill (length, 'x');
      Feed feed;

      memset (input + 8, 'x', length);
      input[8 + length] = 0x12;
      input[8 + length + 1] = 0x34;
      feed_start (&feed);
      g_assert_cmpint (feed_server (&feed, input, 8 + length + 2), ==, JXS_SOCKS5_REQUEST);
      g_assert_cmpstr (feed.server.address, ==, domain);
      jxs_socks5_server_reply (&feed.server, JXS_SOCKS5_NOT_ALLOWED);
      input[4] = JXS_SOCKS5_NOT_ALLOWED;
      g_assert_cmpmem (feed.server.reply, feed.server.n_reply, input + 3, (gsize) 5 + length + 2);
      g_byte_array_unref (feed.sent);

      /* A NUL would make it look like a shorter one. */
      feed_start (&feed);
      input[4] = 1;
      input[8 + length - 1] = '\0';
      g_assert_cmpint (feed_server (&feed, input, 8 + length + 2), ==, JXS_SOCKS5_REFUSED);
      g_byte_array_unref (feed.sent);
    }
}

/* Never more than is wanted; what is sent is collected. */
static JxsSocks5Step
feed_client (
    JxsSocks5Client *client, const guint8 *bytes, gsize n_bytes, GByteArray *sent, gsize *taken)
{
  JxsSocks5Step step = JXS_SOCKS5_MORE;

  *taken = 0;
  while (*taken < n_bytes && step == JXS_SOCKS5_MORE)
    {
      gsize n = MIN (jxs_socks5_client_get_wanted (client), n_bytes - *taken);

      g_assert_cmpuint (n, >, 0);
      step = jxs_socks5_client_take (client, bytes + *taken, n);
      *taken += n;
      g_byte_array_append (sent, client->out, client->n_out);
    }
  return step;
}

/* The bytes of XEP-0065 §5.3.2 are sent, and replies of each address type are read to their end and
 * no further, however they are cut. */
static void
test_client_splits (void)
{
  static const guint8 ipv4[] = { 5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 80 };
  static const guint8 ipv6[] = { 5, 0, 5, 0,  0,  4,  1,  2,  3,  4,  5, 6,
                                 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 80 };
  static const guint8 empty[] = { 5, 0, 5, 0, 0, 3, 0, 0, 0 };
  guint8 longest[2 + 5 + 255 + 2] = { 5, 0, 5, 0, 0, 3, 255 };
  const struct
  {
    const guint8 *bytes;
    gsize n;
  } replies[] = {
    { ipv4, sizeof ipv4 },
    { ipv6, sizeof ipv6 },
    { empty, sizeof empty },
    { longest, sizeof longest },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (replies); i++)
    for (gsize cut = 0; cut <= replies[i].n; cut++)
      {
        g_autoptr (GByteArray) input = g_byte_array_new ();
        g_autoptr (GByteArray) sent = g_byte_array_new ();
        JxsSocks5Client client;
        gsize first;
        gsize second = 0;

        g_byte_array_append (input, replies[i].bytes, replies[i].n);
        g_byte_array_append (input, (const guint8 *) "payload", 7);
        g_assert_true (jxs_socks5_client_init (&client, HASH));
        g_assert_cmpmem (client.out, client.n_out, greeting, sizeof greeting);
        if (feed_client (&client, input->data, cut, sent, &first) == JXS_SOCKS5_MORE)
          g_assert_cmpint (
              feed_client (&client, input->data + cut, input->len - cut, sent, &second),
              ==,
              JXS_SOCKS5_CONNECTED);
        g_assert_cmpuint (first + second, ==, replies[i].n);
        g_assert_cmpuint (jxs_socks5_client_get_wanted (&client), ==, 0);
        g_assert_cmpmem (sent->data, sent->len, request, sizeof request);
      }
}

static void
test_client_refused (void)
{
  /* As soon as the code is known: some close behind it. */
  for (guint code = 1; code < 256; code++)
    {
      const guint8 input[] = { 5, 0, 5, code, 0, 1 };
      g_autoptr (GByteArray) sent = g_byte_array_new ();
      JxsSocks5Client client;
      gsize taken;

      jxs_socks5_client_init (&client, HASH);
      g_assert_cmpint (feed_client (&client, input, sizeof input, sent, &taken),
                       ==,
                       JXS_SOCKS5_REFUSED);
      g_assert_cmpuint (taken, ==, 4);
      g_assert_true (client.greeted);
      g_assert_cmpuint (client.code, ==, code);
    }
  /* No method is accepted, or one that was not offered. */
  for (guint method = 1; method < 256; method++)
    {
      const guint8 input[] = { 5, method };
      JxsSocks5Client client;

      jxs_socks5_client_init (&client, HASH);
      g_assert_cmpint (jxs_socks5_client_take (&client, input, sizeof input),
                       ==,
                       JXS_SOCKS5_REFUSED);
      g_assert_false (client.greeted);
      g_assert_cmpuint (client.code, ==, 0);
    }
}

static void
test_client_broken (void)
{
  static const guint8 inputs[][7] = {
    { 'H', 'T', 'T', 'P' },
    { 4, 0 },
    { 5, 0, 4, 0, 0, 3 },
    { 5, 0, 5, 0, 0, 2, 0 }, /* an address of unknown length */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (inputs); i++)
    {
      g_autoptr (GByteArray) sent = g_byte_array_new ();
      JxsSocks5Client client;
      gsize taken;

      jxs_socks5_client_init (&client, HASH);
      g_assert_cmpint (feed_client (&client, inputs[i], sizeof inputs[i], sent, &taken),
                       ==,
                       JXS_SOCKS5_BROKEN);
      g_assert_cmpuint (jxs_socks5_client_get_wanted (&client), ==, 0);
    }
}

/* What a peer gives as its dstaddr is sent as a domain, whatever it looks like. */
static void
test_client_addresses (void)
{
  g_autofree char *longest = g_strnfill (255, 'x');
  g_autofree char *too_long = g_strnfill (256, 'x');
  static const guint8 accepted[] = { 5, 0 };
  JxsSocks5Client client;

  g_assert_false (jxs_socks5_client_init (&client, ""));
  g_assert_false (jxs_socks5_client_init (&client, too_long));

  g_assert_true (jxs_socks5_client_init (&client, longest));
  g_assert_cmpint (jxs_socks5_client_take (&client, accepted, sizeof accepted),
                   ==,
                   JXS_SOCKS5_MORE);
  g_assert_cmpuint (client.n_out, ==, 5 + 255 + 2);
  g_assert_cmpmem (client.out + 5, 255, longest, 255);

  g_assert_true (jxs_socks5_client_init (&client, "127.0.0.1"));
  jxs_socks5_client_take (&client, accepted, sizeof accepted);
  g_assert_cmpmem (client.out,
                   client.n_out,
                   "\5\1\0\3\x09"
                   "127.0.0.1\0",
                   16);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io/socks5/server/splits", test_server_splits);
  g_test_add_func ("/io/socks5/server/methods", test_server_methods);
  g_test_add_func ("/io/socks5/server/requests", test_server_requests);
  g_test_add_func ("/io/socks5/server/garbage", test_server_garbage);
  g_test_add_func ("/io/socks5/server/domains", test_server_domains);
  g_test_add_func ("/io/socks5/client/splits", test_client_splits);
  g_test_add_func ("/io/socks5/client/refused", test_client_refused);
  g_test_add_func ("/io/socks5/client/broken", test_client_broken);
  g_test_add_func ("/io/socks5/client/addresses", test_client_addresses);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/io/jxs-socks5-private.h>

/* What a stranger says to our server, and what a server says to our client: how it is cut makes no
 * difference, and nothing is read beyond the handshake. */

typedef struct
{
  JxsSocks5Step step;
  gsize n_taken;
  GString *sent; /* (owned) */
} Outcome;

static void
run_server (Outcome *outcome, const guint8 *data, gsize size, gsize piece)
{
  JxsSocks5Server server;

  *outcome = (Outcome){ JXS_SOCKS5_MORE, 0, g_string_new (NULL) };
  jxs_socks5_server_init (&server);
  while (outcome->step == JXS_SOCKS5_MORE && outcome->n_taken < size)
    {
      gsize wanted = jxs_socks5_server_get_wanted (&server);
      gsize n = MIN (MIN (wanted, piece), size - outcome->n_taken);

      g_assert_cmpuint (wanted, >, 0);
      g_assert_cmpuint (wanted, <=, JXS_SOCKS5_MAX_MESSAGE);
      outcome->step = jxs_socks5_server_take (&server, data + outcome->n_taken, n);
      outcome->n_taken += n;
      g_string_append_len (outcome->sent, (const char *) server.reply, server.n_reply);
    }
  if (outcome->step == JXS_SOCKS5_REQUEST)
    {
      gsize length = strlen (server.address);

      g_assert_cmpuint (length, >, 0);
      jxs_socks5_server_reply (&server, JXS_SOCKS5_SUCCEEDED);
      g_assert_cmpuint (server.n_reply, ==, 5 + length + 2);
      g_assert_cmpmem (server.reply + 5, length, server.address, length);
      g_string_append_len (outcome->sent, (const char *) server.reply, server.n_reply);
    }
  if (outcome->step != JXS_SOCKS5_MORE)
    g_assert_cmpuint (jxs_socks5_server_get_wanted (&server), ==, 0);
}

static void
run_client (Outcome *outcome, const guint8 *data, gsize size, gsize piece)
{
  JxsSocks5Client client;

  *outcome = (Outcome){ JXS_SOCKS5_MORE, 0, g_string_new (NULL) };
  g_assert_true (jxs_socks5_client_init (&client, "dst.addr"));
  while (outcome->step == JXS_SOCKS5_MORE && outcome->n_taken < size)
    {
      gsize wanted = jxs_socks5_client_get_wanted (&client);
      gsize n = MIN (MIN (wanted, piece), size - outcome->n_taken);

      g_assert_cmpuint (wanted, >, 0);
      g_assert_cmpuint (wanted, <=, JXS_SOCKS5_MAX_MESSAGE);
      outcome->step = jxs_socks5_client_take (&client, data + outcome->n_taken, n);
      outcome->n_taken += n;
      g_string_append_len (outcome->sent, (const char *) client.out, client.n_out);
    }
  if (outcome->step != JXS_SOCKS5_MORE)
    g_assert_cmpuint (jxs_socks5_client_get_wanted (&client), ==, 0);
}

static void
compare (void (*run) (Outcome *, const guint8 *, gsize, gsize), const guint8 *data, gsize size)
{
  Outcome whole;

  run (&whole, data, size, G_MAXSIZE);
  for (gsize piece = 1; piece <= 3; piece++)
    {
      Outcome cut;

      run (&cut, data, size, piece);
      /* A first byte that is wrong ends it at once. */
      g_assert_cmpint (cut.step, ==, whole.step);
      g_assert_cmpuint (cut.n_taken, <=, whole.n_taken);
      g_assert_true (g_string_equal (cut.sent, whole.sent));
      g_string_free (cut.sent, TRUE);
    }
  g_string_free (whole.sent, TRUE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  compare (run_server, data, size);
  compare (run_client, data, size);
  return 0;
}

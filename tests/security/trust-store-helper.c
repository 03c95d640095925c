/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-trust-store.h>
#include <sqlite3.h>

/* A process that uses a trust store, for test-trust-store-processes.py:
 *   open FILE [N]      opens it, tells how many keys it has; kills itself at the Nth statement of
 * SQL write FILE NAME    remembers NAME0@montague.lit, NAME1@… one after the other, telling each
 * number when it is said to be remembered, until its input ends first FILE         for each address
 * in its input decides about a key of its own and tells the level
 */

static int statements_left;

static int
statement_cb (unsigned int what, void *data, void *statement, void *text)
{
  if (--statements_left == 0)
    raise (SIGKILL);
  return 0;
}

static int
trace_connection (sqlite3 *db, char **message, gconstpointer api)
{
  sqlite3_trace_v2 (db, SQLITE_TRACE_STMT, statement_cb, NULL);
  return SQLITE_OK;
}

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
fail (const GError *error)
{
  fprintf (stderr, "%s\n", error->message);
  exit (1);
}

static JxsTrustStore *
open_store (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  JxsTrustStore *store;

  jxs_trust_store_open_async (file, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  store = jxs_trust_store_open_finish (wait_for (&result), &error);
  if (store == NULL)
    fail (error);
  return store;
}

static JxsIdentity *
new_key (void)
{
  g_autoptr (JxsJid) jid = jxs_jid_new ("romeo@montague.lit", NULL);

  return jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, NULL);
}

static JxsTrustLevel
decide (JxsTrustStore *store, const char *address, JxsIdentity *key, GError **error)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (address, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_decide_async (JXS_TRUST (store),
                          jid,
                          jxs_identity_get_certificate (key),
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          NULL,
                          result_cb,
                          &result);
  return jxs_trust_decide_finish (JXS_TRUST (store), wait_for (&result), NULL, error);
}

static void
pin (JxsTrustStore *store, const char *address, GError **error)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (address, NULL);
  g_autofree char *fingerprint = g_compute_checksum_for_string (G_CHECKSUM_SHA256, address, -1);
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_set_level_async (store,
                                   jid,
                                   fingerprint,
                                   JXS_TRUST_LEVEL_VERIFIED,
                                   JXS_TRUST_ORIGIN_FINGERPRINT,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   result_cb,
                                   &result);
  jxs_trust_store_set_level_finish (store, wait_for (&result), error);
}

static gboolean
input_ended (gpointer data)
{
  gboolean *ended = data;

  *ended = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
input_cb (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  return input_ended (data);
}

static void
write_keys (JxsTrustStore *store, const char *name)
{
  g_autoptr (JxsIdentity) key = new_key ();
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (STDIN_FILENO);
  gboolean ended = FALSE;

  g_io_add_watch (input, G_IO_HUP | G_IO_IN, input_cb, &ended);
  for (guint i = 0; !ended; i++)
    {
      g_autofree char *address = g_strdup_printf ("%s%u@montague.lit", name, i);
      g_autoptr (GError) error = NULL;

      if (i % 2 == 0)
        pin (store, address, &error);
      else
        decide (store, address, key, &error);
      if (error != NULL)
        fail (error);
      printf ("%u\n", i);
      fflush (stdout);
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
meet (JxsTrustStore *store)
{
  g_autoptr (JxsIdentity) key = new_key ();
  char line[256];

  puts ("ready");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_autoptr (GError) error = NULL;

      printf ("%d\n", decide (store, g_strchomp (line), key, &error));
      fflush (stdout);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (JxsTrustStore) store = NULL;

  if (argc > 3 && strcmp (argv[1], "open") == 0)
    {
      statements_left = atoi (argv[3]);
      sqlite3_auto_extension ((void (*) (void)) trace_connection);
    }
  store = open_store (argv[2]);
  if (strcmp (argv[1], "open") == 0)
    printf ("%u\n", g_list_model_get_n_items (G_LIST_MODEL (store)));
  else if (strcmp (argv[1], "write") == 0)
    write_keys (store, argv[3]);
  else
    meet (store);
  return 0;
}

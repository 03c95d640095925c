/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>
#include <jxs-glib/security/jxs-xtls-security-private.h>

/* Our side against OpenSSL's over TCP: another implementation of TLS, which announces its
 * certificate by SHA-1 alone, as old peers do. */

typedef struct
{
  char *folder;
  char *path;
  JxsXtlsConfig config;
  JxsIdentity *peer;
  JxsJid *local;
  JxsJid *remote;
  JxsSecurity *security;
  GIOStream *stream;
  GError *error;
  gboolean done;
} Fixture;

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out = user_data;

  *out = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  f->local = jxs_jid_new ("romeo@montague.lit/orchard", NULL);
  f->remote = jxs_jid_new ("juliet@capulet.lit/balcony", NULL);
  f->config.identity = jxs_identity_generate (f->local, JXS_KEY_TYPE_ED25519, &error);
  g_assert_no_error (error);
  f->config.trust = JXS_TRUST (jxs_memory_trust_new ());
  f->config.policy = jxs_security_policy_new ();
  f->config.passwords = jxs_passwords_new ();
  f->config.supports_srp = jxs_tls_supports_srp;
  f->peer = jxs_identity_generate (f->remote, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);

  f->folder = g_dir_make_tmp ("jxs-openssl-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->folder, "peer.pem", NULL);
  file = g_file_new_for_path (f->path);
  jxs_identity_save_async (f->peer, file, NULL, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  g_assert_true (jxs_identity_save_finish (f->peer, wait_for (&result), &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_unlink (f->path);
  g_rmdir (f->folder);
  g_free (f->path);
  g_free (f->folder);
  g_clear_object (&f->stream);
  g_clear_error (&f->error);
  if (f->security != NULL)
    g_assert_finalize_object (f->security);
  g_assert_finalize_object (f->config.identity);
  g_assert_finalize_object (f->config.trust);
  g_assert_finalize_object (f->config.policy);
  jxs_passwords_unref (f->config.passwords);
  g_assert_finalize_object (f->peer);
  jxs_jid_unref (f->local);
  jxs_jid_unref (f->remote);
}

static gboolean
has_openssl (void)
{
  g_autofree char *path = g_find_program_in_path ("openssl");

  if (path == NULL)
    g_test_skip ("the program openssl is not installed");
  return path != NULL;
}

static void
announce (Fixture *f, gboolean initiator, JxsIdentity *identity)
{
  JxsXtls xtls = { .methods = JXS_XTLS_METHOD_X509 };
  g_autofree char *sha1 = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA1);
  g_autoptr (JxsElement) theirs = NULL;
  g_autoptr (JxsElement) ours = NULL;
  g_autoptr (GError) error = NULL;

  f->security = jxs_xtls_security_create (f->local, f->remote, initiator, NULL, &f->config);
  xtls.fingerprints[G_CHECKSUM_SHA1] = sha1;
  theirs = jxs_xtls_build (&xtls);
  if (initiator)
    ours = jxs_security_build (f->security);
  g_assert_true (jxs_security_set_remote (f->security, theirs, &error));
  g_assert_no_error (error);
  if (!initiator)
    ours = jxs_security_build (f->security);
  g_assert_nonnull (ours);
}

static void
secured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;

  f->stream = jxs_security_secure_finish (JXS_SECURITY (source), result, &f->error);
  f->done = TRUE;
}

static void
secure (Fixture *f, GSocketConnection *connection)
{
  g_autoptr (GIOStream) base = jxs_socket_stream_new (connection);

  jxs_security_secure_async (f->security, base, NULL, secured_cb, f);
  while (!f->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
write_text (GOutputStream *output, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all_async (
      output, text, strlen (text), G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  g_assert_true (g_output_stream_write_all_finish (output, wait_for (&result), NULL, &error));
  g_assert_no_error (error);
}

/* Reads until text has come. */
static void
read_text (GInputStream *input, const char *text)
{
  g_autoptr (GString) got = g_string_new (NULL);

  while (strstr (got->str, text) == NULL)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      char buffer[256];
      gssize n;

      g_input_stream_read_async (
          input, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
      n = g_input_stream_read_finish (input, wait_for (&result), &error);
      g_assert_no_error (error);
      g_assert_cmpint (n, >, 0);
      g_string_append_len (got, buffer, n);
    }
}

/* We are the responder of the session and the server of TLS. */
static void
test_client (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GSubprocess) openssl = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *where = NULL;

  if (!has_openssl ())
    return;
  g_socket_listener_add_address (
      listener, any_port, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  where = g_strdup_printf ("127.0.0.1:%u",
                           g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  openssl = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                  G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                              &error,
                              "openssl",
                              "s_client",
                              "-connect",
                              where,
                              "-cert",
                              f->path,
                              "-key",
                              f->path,
                              "-tls1_3",
                              "-quiet",
                              NULL);
  g_assert_no_error (error);
  g_socket_listener_accept_async (listener, NULL, result_cb, &result);
  connection = g_socket_listener_accept_finish (listener, wait_for (&result), NULL, &error);
  g_assert_no_error (error);

  announce (f, FALSE, data != NULL ? f->config.identity : f->peer);
  secure (f, connection);
  if (data != NULL)
    g_assert_error (f->error, JXS_ERROR, JXS_ERROR_SECURITY);
  else
    {
      g_assert_no_error (f->error);
      write_text (g_subprocess_get_stdin_pipe (openssl), "from OpenSSL\n");
      read_text (g_io_stream_get_input_stream (f->stream), "from OpenSSL\n");
      write_text (g_io_stream_get_output_stream (f->stream), "to OpenSSL\n");
      read_text (g_subprocess_get_stdout_pipe (openssl), "to OpenSSL\n");
    }
  g_subprocess_force_exit (openssl);
  g_subprocess_wait (openssl, NULL, NULL);
}

/* We are the initiator of the session and the client of TLS. */
static void
test_server (Fixture *f, gconstpointer data)
{
  g_autoptr (GSubprocess) openssl = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  if (!has_openssl ())
    return;
  openssl = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                              &error,
                              "openssl",
                              "s_server",
                              "-accept",
                              "127.0.0.1:0",
                              "-cert",
                              f->path,
                              "-key",
                              f->path,
                              "-tls1_3",
                              "-Verify",
                              "1",
                              "-naccept",
                              "1",
                              "-rev", /* sends each line back in reverse */
                              NULL);
  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (openssl));
  do
    {
      g_free (line);
      line = g_data_input_stream_read_line (lines, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (line);
    }
  while (!g_str_has_prefix (line, "ACCEPT "));

  g_socket_client_connect_to_host_async (
      client, line + strlen ("ACCEPT "), 0, NULL, result_cb, &result);
  connection = g_socket_client_connect_to_host_finish (client, wait_for (&result), &error);
  g_assert_no_error (error);
  announce (f, TRUE, data != NULL ? f->config.identity : f->peer);
  secure (f, connection);
  if (data != NULL)
    g_assert_error (f->error, JXS_ERROR, JXS_ERROR_SECURITY);
  else
    {
      g_assert_no_error (f->error);
      write_text (g_io_stream_get_output_stream (f->stream), "strap on live\n");
      read_text (g_io_stream_get_input_stream (f->stream), "evil no parts");
    }
  g_subprocess_force_exit (openssl);
  g_subprocess_wait (openssl, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func)                                                                      \
  g_test_add ("/security/openssl/" name, Fixture, data, set_up, func, tear_down)
  ADD ("client", NULL, test_client);
  ADD ("client-of-another-key", "other", test_client);
  ADD ("server", NULL, test_server);
  ADD ("server-of-another-key", "other", test_server);
  return g_test_run ();
}

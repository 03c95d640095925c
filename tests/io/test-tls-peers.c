/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>

/* Our TLS against the programs of GnuTLS and of OpenSSL, over TCP in a network of our own, where a
 * fixed port is nobody else's. */

#define PORT "5556"
#define USER "romeo@montague.lit"
#define PASSWORD "wherefore"

static const char *no_network; /* (nullable): why there is none of our own */

typedef enum
{
  GNUTLS,
  OPENSSL,
  GNUTLS_SRP,
} Peer;

typedef struct
{
  Peer peer;
  JxsTlsRole role; /* of ours */
  enum
  {
    GOOD,
    WE_REFUSE,      /* its certificate, or it our password */
    NO_CERTIFICATE, /* it shows none */
  } outcome;
} Case;

typedef struct
{
  const Case *c;
  char *folder;
  char *files[4];
  GSubprocess *program;
  GString *said; /* by the program */
  GCancellable *over;
  GAsyncResult *ended;
  char buffer[4096];
  JxsTlsParams params;
  GTlsCertificate *certificates[2]; /* ours, the program's */
  GTlsConnection *connection;
  GError *error;
} Fixture;

enum
{
  PEM,
  PASSWD,
  PASSWD_CONF,
};

/* A network of our own, with nothing in it but ourselves. */
static void
enter_network (void)
{
  struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
  int fd;

  if (unshare (geteuid () == 0 ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER) != 0)
    {
      no_network = g_strerror (errno);
      return;
    }
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (ioctl (fd, SIOCSIFFLAGS, &request) != 0)
    no_network = g_strerror (errno);
  close (fd);
}

/* Programs */

static void said_cb (GObject *source, GAsyncResult *result, gpointer user_data);

static void
hear (Fixture *f)
{
  g_input_stream_read_async (g_subprocess_get_stdout_pipe (f->program),
                             f->buffer,
                             sizeof f->buffer,
                             G_PRIORITY_DEFAULT,
                             f->over,
                             said_cb,
                             f);
}

static void
said_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_assert_no_error (error);
  if (n == 0)
    return;
  g_string_append_len (f->said, f->buffer, n);
  hear (f);
}

static void
run (Fixture *f, const char *const *argv)
{
  g_autoptr (GError) error = NULL;

  f->program = g_subprocess_newv (argv,
                                  G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                      G_SUBPROCESS_FLAGS_STDERR_MERGE,
                                  &error);
  g_assert_no_error (error);
  g_subprocess_wait_async (f->program, NULL, jxs_test_keep_result, &f->ended);
  hear (f);
}

static void
wait_to_hear (Fixture *f, const char *text)
{
  while (strstr (f->said->str, text) == NULL)
    {
      if (f->ended != NULL)
        g_error ("“%s” was not said, but: %s", text, f->said->str);
      g_main_context_iteration (NULL, TRUE);
    }
}

static void
tell (Fixture *f, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (
      g_subprocess_get_stdin_pipe (f->program), text, strlen (text), NULL, NULL, &error);
  g_assert_no_error (error);
}

static const char *
get_program (const Case *c)
{
  if (c->peer == OPENSSL)
    return "openssl";
  return c->role == JXS_TLS_CLIENT ? "gnutls-serv" : "gnutls-cli";
}

/* What is called with which arguments. */
static void
run_peer (Fixture *f)
{
  const char *pem = f->files[PEM];
  gboolean shows = f->c->outcome != NO_CERTIFICATE;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();

#define ARGS(...)                                                                                  \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const char *const args[] = { __VA_ARGS__ };                                                    \
    for (gsize i = 0; i < G_N_ELEMENTS (args); i++)                                                \
      g_ptr_array_add (argv, (char *) args[i]);                                                    \
  }                                                                                                \
  G_STMT_END

  ARGS (get_program (f->c));
  if (f->c->peer == OPENSSL && f->c->role == JXS_TLS_CLIENT)
    ARGS ("s_server",
          "-accept",
          "127.0.0.1:" PORT,
          "-tls1_3",
          "-Verify",
          "1",
          "-rev",
          "-naccept",
          "1");
  else if (f->c->peer == OPENSSL)
    ARGS ("s_client", "-connect", "127.0.0.1:" PORT, "-tls1_3", "-quiet");
  else if (f->c->role == JXS_TLS_CLIENT)
    ARGS ("--echo", "--port", PORT, "--disable-client-cert");
  else
    ARGS ("--insecure", "--port", PORT, "127.0.0.1");
  if (f->c->peer == OPENSSL && shows)
    ARGS ("-cert", pem, "-key", pem);
  if (f->c->peer == GNUTLS && shows)
    ARGS ("--x509certfile", pem, "--x509keyfile", pem);
  if (f->c->peer == GNUTLS)
    ARGS ("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3");
  if (f->c->peer == GNUTLS && f->c->role == JXS_TLS_CLIENT)
    argv->pdata[4] = (char *) "--require-client-cert";
  if (f->c->peer == GNUTLS_SRP)
    ARGS ("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+SRP");
  if (f->c->peer == GNUTLS_SRP && f->c->role == JXS_TLS_CLIENT)
    ARGS ("--srppasswd", f->files[PASSWD], "--srppasswdconf", f->files[PASSWD_CONF]);
  else if (f->c->peer == GNUTLS_SRP)
    ARGS ("--srpusername", USER, "--srppasswd", PASSWORD);
  g_ptr_array_add (argv, NULL);
  run (f, (const char *const *) argv->pdata);
}

/* The file of verifiers of gnutls-serv. */
static void
make_verifier (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) conf = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
                                                   &error,
                                                   "srptool",
                                                   "--create-conf",
                                                   f->files[PASSWD_CONF],
                                                   NULL);
  g_autoptr (GSubprocess) passwd = NULL;

  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (conf, NULL, &error));
  passwd = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                 G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                             &error,
                             "srptool",
                             "--passwd",
                             f->files[PASSWD],
                             "--passwd-conf",
                             f->files[PASSWD_CONF],
                             "--index",
                             "3",
                             "--username",
                             USER,
                             NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (
      passwd, f->c->outcome == GOOD ? PASSWORD "\n" : "another\n", NULL, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* Ours */

static gboolean
refuse_cb (GTlsCertificate *peer, gpointer user_data, GError **error)
{
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_UNTRUSTED, "not this one");
  return FALSE;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "peer.pem", "passwd", "passwd.conf" };
  g_autofree char *certificate = NULL;
  g_autofree char *key = NULL;
  g_autofree char *pem = NULL;
  g_autoptr (GError) error = NULL;

  f->c = data;
  f->said = g_string_new (NULL);
  f->over = g_cancellable_new ();
  f->folder = g_dir_make_tmp ("jxs-test-XXXXXX", &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    f->files[i] = g_build_filename (f->folder, names[i], NULL);
  for (guint i = 0; i < 2; i++)
    f->certificates[i] = jxs_test_certificate (i);
  g_object_get (f->certificates[1], "certificate-pem", &certificate, "private-key-pem", &key, NULL);
  pem = g_strconcat (certificate, key, NULL);
  g_file_set_contents (f->files[PEM], pem, -1, &error);
  g_assert_no_error (error);

  f->params.role = f->c->role;
  if (f->c->peer == GNUTLS_SRP)
    {
      f->params.srp_username = USER;
      f->params.srp_password =
          f->c->outcome == GOOD || f->c->role == JXS_TLS_CLIENT ? PASSWORD : "another";
    }
  else
    {
      f->params.certificate = f->certificates[0];
      f->params.pin = TRUE;
    }
  if (f->c->outcome == WE_REFUSE)
    f->params.judge = refuse_cb;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->program != NULL)
    {
      g_subprocess_force_exit (f->program);
      jxs_test_wait_for (f->ended != NULL);
    }
  g_cancellable_cancel (f->over);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&f->ended);
  g_clear_object (&f->program);
  g_clear_object (&f->over);
  for (gsize i = 0; i < G_N_ELEMENTS (f->files); i++)
    {
      if (f->files[i] != NULL)
        g_unlink (f->files[i]);
      g_free (f->files[i]);
    }
  g_rmdir (f->folder);
  g_free (f->folder);
  g_string_free (f->said, TRUE);
  g_clear_object (&f->connection);
  g_clear_object (&f->certificates[0]);
  g_clear_object (&f->certificates[1]);
  g_clear_error (&f->error);
}

static GSocketConnection *
meet (Fixture *f)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, atoi (PORT));
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  if (f->c->role == JXS_TLS_CLIENT)
    {
      run_peer (f);
      wait_to_hear (f, f->c->peer == OPENSSL ? "ACCEPT" : "done");
      g_socket_client_connect_async (
          client, G_SOCKET_CONNECTABLE (address), NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL);
      connection = g_socket_client_connect_finish (client, result, &error);
    }
  else
    {
      g_socket_listener_add_address (
          listener, address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, NULL, &error);
      g_assert_no_error (error);
      run_peer (f);
      g_socket_listener_accept_async (listener, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL);
      connection = g_socket_listener_accept_finish (listener, result, NULL, &error);
    }
  g_assert_no_error (error);
  return connection;
}

static void
secure (Fixture *f)
{
  g_autoptr (GSocketConnection) connection = meet (f);
  g_autoptr (GIOStream) base = jxs_socket_stream_new (connection);
  g_autoptr (GAsyncResult) result = NULL;

  jxs_tls_handshake_async (
      base, &f->params, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  f->connection = jxs_tls_handshake_finish (result, &f->error);
}

static void
write_text (Fixture *f, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (f->connection));

  g_output_stream_write_all_async (
      out, text, strlen (text), G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_output_stream_write_all_finish (out, result, NULL, &error);
  g_assert_no_error (error);
}

/* Whether this is the end. */
static gboolean
read_more (Fixture *f, GString *got, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (f->connection));
  char buffer[256];
  gssize n;

  g_input_stream_read_async (
      in, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  n = g_input_stream_read_finish (in, result, error);
  if (n > 0)
    g_string_append_len (got, buffer, n);
  return n <= 0;
}

static void
read_text (Fixture *f, const char *text)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  while (strstr (got->str, text) == NULL)
    {
      gboolean at_end = read_more (f, got, &error);

      g_assert_no_error (error);
      g_assert_false (at_end);
    }
}

static void
assert_end (Fixture *f)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  while (!read_more (f, got, &error))
    ;
  g_assert_no_error (error);
  g_assert_cmpstr (got->str, ==, "");
}

static void
close_output (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (f->connection));

  g_output_stream_close_async (out, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_output_stream_close_finish (out, result, &error);
  g_assert_no_error (error);
}

static void
talk (Fixture *f)
{
  g_assert_no_error (f->error);
  if (f->c->peer != GNUTLS_SRP)
    g_assert_true (g_tls_certificate_is_same (g_tls_connection_get_peer_certificate (f->connection),
                                              f->certificates[1]));
  if (f->c->role == JXS_TLS_CLIENT)
    {
      /* a server that gives back what it gets */
      write_text (f, "strap on live\n");
      read_text (f, f->c->peer == OPENSSL ? "evil no parts\n" : "strap on live\n");
      close_output (f);
      assert_end (f);
      return;
    }
  tell (f, "to us\n");
  read_text (f, "to us\n");
  write_text (f, "from us\n");
  wait_to_hear (f, "from us\n");
  if (f->c->peer == OPENSSL)
    tell (f, "Q\n");
  g_output_stream_close (g_subprocess_get_stdin_pipe (f->program), NULL, NULL);
  if (f->c->peer != OPENSSL)
    assert_end (f);
  close_output (f);
  jxs_test_wait_for (f->ended != NULL);
}

static void
test_peer (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_find_program_in_path (get_program (f->c));

  if (path == NULL || no_network != NULL)
    {
      g_autofree char *reason = path == NULL
                                    ? g_strdup_printf ("no %s here", get_program (f->c))
                                    : g_strdup_printf ("no network of our own: %s", no_network);

      g_test_skip (reason);
      return;
    }
  if (f->c->peer == GNUTLS_SRP && !jxs_tls_supports_srp ())
    {
      g_test_skip ("this GnuTLS knows no SRP");
      return;
    }
  if (f->c->peer == GNUTLS_SRP && f->c->role == JXS_TLS_CLIENT)
    make_verifier (f);
  secure (f);
  if (f->c->outcome == GOOD)
    {
      talk (f);
      return;
    }
  g_assert_null (f->connection);
  g_test_message ("%s", f->error->message);
  if (f->c->peer == GNUTLS_SRP)
    g_assert_error (f->error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  else if (f->c->outcome == WE_REFUSE)
    {
      g_assert_error (f->error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      wait_to_hear (f, f->c->peer == OPENSSL ? "alert bad certificate" : "fatal alert");
    }
  else
    {
      g_assert_error (f->error, JXS_ERROR, JXS_ERROR_SECURITY);
      wait_to_hear (f, "alert");
    }
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    Case c;
  } cases[] = {
    { "gnutls-serv/good", { GNUTLS, JXS_TLS_CLIENT, GOOD } },
    { "gnutls-serv/refused", { GNUTLS, JXS_TLS_CLIENT, WE_REFUSE } },
    { "gnutls-cli/good", { GNUTLS, JXS_TLS_SERVER, GOOD } },
    { "gnutls-cli/refused", { GNUTLS, JXS_TLS_SERVER, WE_REFUSE } },
    { "gnutls-cli/no-certificate", { GNUTLS, JXS_TLS_SERVER, NO_CERTIFICATE } },
    { "openssl-server/good", { OPENSSL, JXS_TLS_CLIENT, GOOD } },
    { "openssl-server/refused", { OPENSSL, JXS_TLS_CLIENT, WE_REFUSE } },
    { "openssl-client/good", { OPENSSL, JXS_TLS_SERVER, GOOD } },
    { "openssl-client/refused", { OPENSSL, JXS_TLS_SERVER, WE_REFUSE } },
    { "openssl-client/no-certificate", { OPENSSL, JXS_TLS_SERVER, NO_CERTIFICATE } },
    { "gnutls-serv/srp/good", { GNUTLS_SRP, JXS_TLS_CLIENT, GOOD } },
    { "gnutls-serv/srp/wrong", { GNUTLS_SRP, JXS_TLS_CLIENT, WE_REFUSE } },
    { "gnutls-cli/srp/good", { GNUTLS_SRP, JXS_TLS_SERVER, GOOD } },
    { "gnutls-cli/srp/wrong", { GNUTLS_SRP, JXS_TLS_SERVER, WE_REFUSE } },
  };

  enter_network ();
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/io/tls-peers/", cases[i].name, NULL);

      g_test_add (path, Fixture, &cases[i].c, set_up, test_peer, tear_down);
    }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"
#include "tls-torture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Passwords in place of certificates (RFC 5054), against peers that do not know them, or that want
 * to get away without. */

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+SRP"
#define USER "romeo@montague.lit"
#define PASSWORD "wherefore"

static const JxsTlsRole roles[] = { JXS_TLS_CLIENT, JXS_TLS_SERVER };

#define ROLE(data) (*(const JxsTlsRole *) (data))

/* What the peer's server knows; it serves one case at a time. */
static struct
{
  const char *username;
  const char *password;
  const gnutls_datum_t *prime;
  const gnutls_datum_t *generator;
} server;

static void
copy (gnutls_datum_t *to, const gnutls_datum_t *from)
{
  to->data = gnutls_malloc (from->size);
  memcpy (to->data, from->data, from->size);
  to->size = from->size;
}

static int
verifier_cb (gnutls_session_t session,
             const char *username,
             gnutls_datum_t *salt,
             gnutls_datum_t *verifier,
             gnutls_datum_t *generator,
             gnutls_datum_t *prime)
{
  static const gnutls_datum_t our_salt = { (unsigned char *) "0123456789abcdef", 16 };

  if (strcmp (username, server.username) != 0)
    return -1;
  copy (salt, &our_salt);
  copy (generator, server.generator);
  copy (prime, server.prime);
  return gnutls_srp_verifier (username, server.password, salt, generator, prime, verifier);
}

static void
init (TlsTorture *t,
      JxsTlsRole role,
      const char *priority,
      const char *username,
      const char *password)
{
  tls_torture_init (t, role);
  t->params.certificate = NULL;
  t->params.pin = FALSE;
  t->params.srp_username = USER;
  t->params.srp_password = PASSWORD;
  if (role == JXS_TLS_SERVER)
    {
      gnutls_srp_client_credentials_t credentials;

      gnutls_srp_allocate_client_credentials (&credentials);
      gnutls_srp_set_client_credentials (credentials, username, password);
      tls_torture_set_peer_credentials (t, priority, GNUTLS_CRD_SRP, credentials);
    }
  else
    {
      gnutls_srp_server_credentials_t credentials;

      server.username = username;
      server.password = password;
      server.prime = &gnutls_srp_2048_group_prime;
      server.generator = &gnutls_srp_2048_group_generator;
      gnutls_srp_allocate_server_credentials (&credentials);
      gnutls_srp_set_server_credentials_function (credentials, verifier_cb);
      tls_torture_set_peer_credentials (t, priority, GNUTLS_CRD_SRP, credentials);
    }
}

static void
talk (TlsTorture *t)
{
  tls_peer_send (t, "to us", 5);
  tls_torture_read (t, 5);
  g_assert_cmpmem (t->received->data, t->received->len, "to us", 5);
  tls_torture_write (t, "from us", 7);
  jxs_test_wait_for (t->peer.received->len >= 7);
  tls_peer_end (t);
  tls_torture_close_output (t);
  tls_torture_read_to_end (t);
  g_assert_no_error (t->read_error);
  jxs_test_wait_for (t->peer.got_end);
}

static void
test_good (gconstpointer role)
{
  TlsTorture t;

  init (&t, ROLE (role), PRIORITY, USER, PASSWORD);
  tls_torture_handshake (&t);
  g_assert_cmpint (gnutls_protocol_get_version (t.peer.session), ==, GNUTLS_TLS1_2);
  g_assert_null (g_tls_connection_get_peer_certificate (t.connection));
  talk (&t);
  tls_torture_clear (&t);
}

static void
test_wrong_password (gconstpointer role)
{
  static const char *const passwords[] = { "Wherefore", "wherefor", "wherefore ", "x" };

  for (gsize i = 0; i < G_N_ELEMENTS (passwords); i++)
    {
      TlsTorture t;

      init (&t, ROLE (role), PRIORITY, USER, passwords[i]);
      tls_torture_fail (&t);
      g_assert_error (t.error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
      /* One attempt, and it was that. */
      jxs_test_wait_for (t.peer.result != GNUTLS_E_AGAIN);
      g_assert_cmpint (t.peer.result, !=, 0);
      tls_torture_clear (&t);
    }
}

static void
test_wrong_user (gconstpointer role)
{
  static const char *const users[] = { "tybalt@capulet.lit",
                                       "romeo",
                                       "romeo@montague.lit.example" };

  for (gsize i = 0; i < G_N_ELEMENTS (users); i++)
    {
      TlsTorture t;

      init (&t, ROLE (role), PRIORITY, users[i], PASSWORD);
      tls_torture_fail (&t);
      g_assert_cmpuint (t.error->domain, !=, G_IO_ERROR);
      tls_torture_clear (&t);
    }
}

/* A peer may give its full address where its bare one was agreed upon. */
static void
test_full_address (void)
{
  TlsTorture t;

  init (&t, JXS_TLS_SERVER, PRIORITY, USER "/orchard", PASSWORD);
  tls_torture_handshake (&t);
  talk (&t);
  tls_torture_clear (&t);
}

/* RFC 5054 §3.2: groups that are too small, or that nobody knows, are refused by the client. */
static void
test_groups (void)
{
  g_autofree guint8 *bytes =
      g_memdup2 (gnutls_srp_2048_group_prime.data, gnutls_srp_2048_group_prime.size);
  const gnutls_datum_t unknown = { bytes, gnutls_srp_2048_group_prime.size };
  const gnutls_datum_t one = { (unsigned char *) "\1", 1 };
  const struct
  {
    const gnutls_datum_t *prime;
    const gnutls_datum_t *generator;
    gboolean good;
  } groups[] = {
    { &gnutls_srp_1024_group_prime, &gnutls_srp_1024_group_generator, FALSE },
    { &gnutls_srp_1536_group_prime, &gnutls_srp_1536_group_generator, FALSE },
    { &gnutls_srp_2048_group_prime, &gnutls_srp_2048_group_generator, TRUE },
    { &gnutls_srp_3072_group_prime, &gnutls_srp_3072_group_generator, TRUE },
    { &gnutls_srp_4096_group_prime, &gnutls_srp_4096_group_generator, TRUE },
    { &unknown, &gnutls_srp_2048_group_generator, FALSE },
    { &gnutls_srp_2048_group_prime, &one, FALSE },
  };

  bytes[unknown.size - 1] ^= 0x18; /* odd still */
  for (gsize i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      TlsTorture t;

      init (&t, JXS_TLS_CLIENT, PRIORITY, USER, PASSWORD);
      server.prime = groups[i].prime;
      server.generator = groups[i].generator;
      if (groups[i].good)
        tls_torture_handshake (&t);
      else
        tls_torture_fail (&t);
      tls_torture_clear (&t);
    }
}

/* Our own group is not one of those: a client that wants 2048 bits is content, RFC 5054 §3.2. */
static void
test_our_group (void)
{
  TlsTorture t;

  init (&t, JXS_TLS_SERVER, PRIORITY, USER, PASSWORD);
  gnutls_srp_set_prime_bits (t.peer.session, 2048);
  tls_torture_handshake (&t);
  tls_torture_clear (&t);
}

/* Public values */

enum
{
  SERVER_KEY_EXCHANGE = 12,
  CLIENT_KEY_EXCHANGE = 16,
};

static guint
get_number (const guint8 *bytes, guint n_bytes)
{
  guint number = 0;

  while (n_bytes-- > 0)
    number = number << 8 | *bytes++;
  return number;
}

static void
set_number (guint8 *bytes, guint n_bytes, guint number)
{
  for (; n_bytes-- > 0; number >>= 8)
    bytes[n_bytes] = number & 0xff;
}

/* The public value is the last field of either message (RFC 5054 §2.8.2 and §2.8.4): puts another
 * one in its place. */
static void
replace_cb (TlsTorture *t, GByteArray *outbox, gpointer user_data)
{
  const gnutls_datum_t *value = user_data;
  guint8 wanted = t->role == JXS_TLS_SERVER ? CLIENT_KEY_EXCHANGE : SERVER_KEY_EXCHANGE;
  gsize at = 0;

  while (at < outbox->len)
    {
      guint8 *record = outbox->data + at;
      gsize size = get_number (record + 3, 2);
      g_autoptr (GByteArray) rest = NULL;
      gsize field = 5 + 4;

      if (record[0] != TLS_HANDSHAKE || record[5] != wanted)
        {
          at += 5 + size;
          continue;
        }
      if (wanted == SERVER_KEY_EXCHANGE)
        {
          for (int i = 0; i < 2; i++) /* prime, generator */
            field += 2 + get_number (record + field, 2);
          field += 1 + record[field]; /* salt */
        }
      rest = g_byte_array_new ();
      g_byte_array_append (rest, record + 5 + size, outbox->len - at - 5 - size);
      size = field + 2 + value->size - 5;
      set_number (record + 3, 2, size);
      set_number (record + 6, 3, size - 4);
      set_number (record + field, 2, value->size);
      g_byte_array_set_size (outbox, at + field + 2);
      g_byte_array_append (outbox, value->data, value->size);
      g_byte_array_append (outbox, rest->data, rest->len);
      t->peer.filter = NULL;
      return;
    }
}

/* A, or B, that is nothing modulo N would make the key known to everybody: RFC 5054 §2.5.3 and
 * §2.5.4 demand that it is refused. */
static void
test_zero (gconstpointer role)
{
  static guint8 zeros[512];
  const gnutls_datum_t *prime =
      ROLE (role) == JXS_TLS_SERVER ? &gnutls_srp_3072_group_prime : &gnutls_srp_2048_group_prime;
  g_autofree guint8 *doubled = g_malloc0 (prime->size + 1);
  const gnutls_datum_t values[] = {
    { zeros, 1 }, { zeros, 256 }, { zeros, 384 }, *prime, { doubled, prime->size + 1 },
    { zeros, 0 },
  };
  guint carry = 0;

  for (gsize i = prime->size; i-- > 0;)
    {
      guint sum = 2 * prime->data[i] + carry;

      doubled[i + 1] = sum & 0xff;
      carry = sum >> 8;
    }
  doubled[0] = carry;
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      TlsTorture t;

      init (&t, ROLE (role), PRIORITY, USER, PASSWORD);
      t.peer.filter = replace_cb;
      t.peer.filter_data = (gpointer) &values[i];
      tls_torture_fail (&t);
      g_assert_null (t.peer.filter); /* it was replaced */
      g_assert_cmpuint (t.error->domain, !=, G_IO_ERROR);
      tls_torture_clear (&t);
    }
}

/* Nothing but SRP when a password was agreed upon, and nothing that is not bound to its
 * handshake. */
static void
test_weaker (gconstpointer role)
{
  static const char *const priorities[] = {
    PRIORITY ":%NO_ETM",
    PRIORITY ":%NO_SESSION_HASH",
    "NORMAL:-VERS-ALL:+VERS-TLS1.1:-KX-ALL:+SRP",
    "NORMAL:-VERS-ALL:+VERS-TLS1.0:-KX-ALL:+SRP",
    PRIORITY ":-CIPHER-ALL:+3DES-CBC",
  };
  TlsTorture t;

  for (gsize i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      init (&t, ROLE (role), priorities[i], USER, PASSWORD);
      tls_torture_fail (&t);
      tls_torture_clear (&t);
    }

  /* A certificate proves nothing here. */
  tls_torture_init (&t, ROLE (role));
  t.params.certificate = NULL;
  t.params.pin = FALSE;
  t.params.srp_username = USER;
  t.params.srp_password = PASSWORD;
  tls_torture_set_peer (&t, "NORMAL", t.certificates[1]);
  tls_torture_fail (&t);
  tls_torture_clear (&t);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } cases[] = {
    { "good", test_good },
    { "wrong-password", test_wrong_password },
    { "wrong-user", test_wrong_user },
    { "zero", test_zero },
    { "weaker", test_weaker },
  };

  g_test_init (&argc, &argv, NULL);
  if (!jxs_tls_supports_srp ())
    {
      g_print ("1..0 # SKIP this GnuTLS knows no SRP\n");
      return 0;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int role = 0; role < 2; role++)
      {
        g_autofree char *path = g_strdup_printf ("/io/tls-srp/%s/%s",
                                                 cases[i].name,
                                                 role == JXS_TLS_CLIENT ? "client" : "server");

        g_test_add_data_func (path, &roles[role], cases[i].func);
      }
  g_test_add_func ("/io/tls-srp/full-address", test_full_address);
  g_test_add_func ("/io/tls-srp/groups", test_groups);
  g_test_add_func ("/io/tls-srp/our-group", test_our_group);
  return g_test_run ();
}

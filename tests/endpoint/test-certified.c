/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"
#include "make-certificate.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-trust-store.h>

#include <glib/gstdio.h>

/* Romeo and Juliet name an authority, and are certified by it. Each is once the one who terminates
 * TLS with what an attacker may have: of the other's address, but signed by nobody, or by somebody
 * else; or signed by the right authority, but of an address of her own. */

typedef enum
{
  SHOWS_CERTIFIED,
  SHOWS_SELF_SIGNED,
  SHOWS_OTHER_AUTHORITY,
  SHOWS_OTHER_ADDRESS,
  N_SHOWS,
} Shows;

static const struct
{
  const char *name;
  int code; /* of the victim's JXS_ERROR, under minimum VERIFIED */
  const char *told;
} shows[N_SHOWS] = {
  { "certified", -1, NULL },
  { "self-signed", JXS_ERROR_UNTRUSTED, "*verified*" },
  { "other-authority", JXS_ERROR_UNTRUSTED, "*verified*" },
  { "other-address", JXS_ERROR_SECURITY, "*“mallory@evil.lit”*" },
};

/* Who attacks is the number, in two bits; then what is shown; then whether the victim has a store.
 */
#define CASE(attacker, what, store) ((attacker) | (what) << 1 | (store) << 3)

typedef struct
{
  char *folder;
  TestCertificate *roots[2];
  GTlsDatabase *authorities; /* the first */
  JxsIdentity *identities[2];
  JxsTrust *trusts[2];
  JxsLoopbackChannel *channels[2];
  JxsEndpoint *endpoints[2];
  JxsJid *jids[2];
  Doorman doorman;
} Fixture;

static const char *const addresses[] = { "romeo@montague.lit/orchard",
                                         "juliet@capulet.lit/balcony" };

static GTlsDatabase *
new_database (Fixture *f, TestCertificate *root)
{
  g_autofree char *path = g_build_filename (f->folder, "authorities.pem", NULL);
  g_autofree char *pem = test_certificate_to_pem (root, FALSE);
  g_autoptr (GError) error = NULL;
  GTlsDatabase *database;

  g_file_set_contents (path, pem, -1, &error);
  g_assert_no_error (error);
  database = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return database;
}

static JxsIdentity *
new_identity (Fixture *f, guint who, Shows what)
{
  const char *const bare[] = { "romeo@montague.lit", "juliet@capulet.lit" };
  TestSpec spec = { .algorithm = GNUTLS_PK_ECDSA,
                    .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                    .names = { { TEST_NAME_ADDRESS,
                                 what == SHOWS_OTHER_ADDRESS ? "mallory@evil.lit" : bare[who],
                                 0 } } };
  TestCertificate *issuers[N_SHOWS] = { f->roots[0], NULL, f->roots[1], f->roots[0] };
  g_autoptr (TestCertificate) leaf = test_certificate_new (&spec, issuers[what]);
  g_autofree char *pem = test_certificate_to_pem (leaf, TRUE);
  g_autoptr (GError) error = NULL;
  JxsIdentity *identity = jxs_identity_new_from_pem (pem, &error);

  g_assert_no_error (error);
  return identity;
}

static JxsTrust *
new_trust (Fixture *f, gboolean store)
{
  g_autofree char *path = g_build_filename (f->folder, "trust.db", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  JxsTrustStore *opened;

  if (!store)
    return JXS_TRUST (jxs_memory_trust_new ());
  jxs_trust_store_open_async (file, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  opened = jxs_trust_store_open_finish (result, &error);
  g_assert_no_error (error);
  return JXS_TRUST (opened);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const TestSpec root_spec = { .authority = TRUE, .usage = GNUTLS_KEY_KEY_CERT_SIGN };
  guint number = GPOINTER_TO_UINT (data);
  guint attacker = number & 1;
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("jxs-certified-XXXXXX", &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      f->roots[i] = test_certificate_new (&root_spec, NULL);
      f->jids[i] = jxs_jid_new (addresses[i], NULL);
    }
  f->authorities = new_database (f, f->roots[0]);
  jxs_loopback_channel_new_pair (f->jids[0], f->jids[1], &f->channels[0], &f->channels[1]);
  for (guint i = 0; i < 2; i++)
    {
      JxsSecurityPolicy *policy;

      f->identities[i] = new_identity (f, i, i == attacker ? (number >> 1 & 3) : SHOWS_CERTIFIED);
      f->trusts[i] = new_trust (f, i != attacker && (number & 8) != 0);
      f->endpoints[i] =
          pair_new_endpoint (JXS_CHANNEL (f->channels[i]), f->identities[i], f->trusts[i]);
      policy = jxs_endpoint_get_security_policy (f->endpoints[i]);
      jxs_security_policy_set_authorities (policy, f->authorities);
    }
  doorman_init (&f->doorman, f->endpoints[JULIET]);
}

static void
drop (gpointer object)
{
  gpointer alive = object;

  g_object_add_weak_pointer (object, &alive);
  g_object_unref (object);
  wait_until (alive == NULL);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
  g_rmdir (path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  doorman_clear (&f->doorman);
  for (guint i = 0; i < 2; i++)
    drop (f->endpoints[i]);
  for (guint i = 0; i < 2; i++)
    {
      drop (f->channels[i]);
      drop (f->trusts[i]);
      g_clear_object (&f->identities[i]);
      g_clear_pointer (&f->roots[i], test_certificate_free);
      g_clear_pointer (&f->jids[i], jxs_jid_unref);
    }
  g_clear_object (&f->authorities);
  remove_folder (f->folder);
  g_clear_pointer (&f->folder, g_free);
}

static void
want (Fixture *f, guint who, JxsTrustLevel level)
{
  JxsSecurityPolicy *policy = jxs_endpoint_get_security_policy (f->endpoints[who]);

  jxs_security_policy_set_minimum_trust_opening (policy, level);
  jxs_security_policy_set_minimum_trust_accepting (policy, level);
}

static JxsXmlStream *
try_stream (Fixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_stream_async (
      f->endpoints[ROMEO], f->jids[JULIET], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  return jxs_endpoint_open_stream_finish (f->endpoints[ROMEO], result, error);
}

static void
assert_told (const GError *error, int code, const char *pattern)
{
  g_assert_error (error, JXS_ERROR, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("“%s” does not match “%s”", error->message, pattern);
}

static void
assert_level (
    Fixture *f, guint who, JxsXmlStream *stream, JxsTrustLevel level, JxsTrustOrigin origin)
{
  JxsConnection *connection = jxs_endpoint_get_stream_connection (f->endpoints[who], stream);
  g_autofree char *right = jxs_identity_get_fingerprint (f->identities[!who], G_CHECKSUM_SHA256);

  g_assert_cmpint (jxs_connection_get_trust_level (connection), ==, level);
  g_assert_cmpint (jxs_connection_get_trust_origin (connection), ==, origin);
  g_assert_cmpstr (jxs_connection_get_peer_fingerprint (connection), ==, right);
}

/* The victim wants verified keys, and reads why there is no stream. */
static void
test_verified (Fixture *f, gconstpointer data)
{
  guint victim = 1 - (GPOINTER_TO_UINT (data) & 1);
  Shows what = GPOINTER_TO_UINT (data) >> 1 & 3;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = NULL;

  want (f, victim, JXS_TRUST_LEVEL_VERIFIED);
  stream = try_stream (f, &error);
  if (what == SHOWS_CERTIFIED)
    {
      g_assert_no_error (error);
      wait_until (f->doorman.stream != NULL);
      assert_level (f, ROMEO, stream, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_AUTHORITY);
      assert_level (
          f, JULIET, f->doorman.stream, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_AUTHORITY);
      close_stream (stream);
      return;
    }
  g_assert_null (stream);
  if (victim == JULIET)
    wait_until (f->doorman.error != NULL);
  assert_told (victim == ROMEO ? error : f->doorman.error, shows[what].code, shows[what].told);
  g_assert_null (f->doorman.stream);
}

/* Who asks for no more than a first use takes the attacker for a stranger, not for certified. */
static void
test_first_use (Fixture *f, gconstpointer data)
{
  guint victim = 1 - (GPOINTER_TO_UINT (data) & 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = try_stream (f, &error);

  g_assert_no_error (error);
  wait_until (f->doorman.stream != NULL);
  assert_level (f,
                victim,
                victim == ROMEO ? stream : f->doorman.stream,
                JXS_TRUST_LEVEL_FIRST_USE,
                JXS_TRUST_ORIGIN_NONE);
  close_stream (stream);
}

static void
add (const char *test, guint number, void (*func) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/endpoint/certified/%s/%s-%s-%s",
                                           test,
                                           (number & 8) != 0 ? "store" : "memory",
                                           shows[number >> 1 & 3].name,
                                           (number & 1) == ROMEO ? "calls" : "is-called");

  g_test_add (path, Fixture, GUINT_TO_POINTER (number), set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint store = 0; store < 2; store++)
    for (guint attacker = 0; attacker < 2; attacker++)
      for (guint what = 0; what < N_SHOWS; what++)
        {
          add ("verified", CASE (attacker, what, store), test_verified);
          if (what == SHOWS_SELF_SIGNED || what == SHOWS_OTHER_AUTHORITY)
            add ("first-use", CASE (attacker, what, store), test_first_use);
        }
  return g_test_run ();
}

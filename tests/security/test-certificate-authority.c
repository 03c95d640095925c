/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <glib/gstdio.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-certificate-private.h>

#include "make-certificate.h"

#define P_256 GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1)
#define ROMEO                                                                                      \
  {                                                                                                \
    TEST_NAME_ADDRESS, "romeo@montague.lit", 0                                                     \
  }

/* A database whose answer is known beforehand. */
#define TEST_TYPE_DATABASE (test_database_get_type ())
G_DECLARE_FINAL_TYPE (TestDatabase, test_database, TEST, DATABASE, GTlsDatabase)

struct _TestDatabase
{
  GTlsDatabase parent_instance;

  GTlsCertificateFlags flags;
  int asked; /* (atomic) */
};

G_DEFINE_FINAL_TYPE (TestDatabase, test_database, G_TYPE_TLS_DATABASE)

static GTlsCertificateFlags
test_database_verify_chain (GTlsDatabase *database,
                            GTlsCertificate *chain,
                            const char *purpose,
                            GSocketConnectable *identity,
                            GTlsInteraction *interaction,
                            GTlsDatabaseVerifyFlags flags,
                            GCancellable *cancellable,
                            GError **error)
{
  TestDatabase *self = TEST_DATABASE (database);

  g_atomic_int_inc (&self->asked);
  if (self->flags == G_TLS_CERTIFICATE_VALIDATE_ALL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "no time");
  return self->flags;
}

static void
test_database_class_init (TestDatabaseClass *klass)
{
  G_TLS_DATABASE_CLASS (klass)->verify_chain = test_database_verify_chain;
}

static void
test_database_init (TestDatabase *self)
{
}

typedef struct
{
  char *path;
  TestCertificate *root;
  GTlsDatabase *database; /* knows the root */
} Fixture;

static GTlsDatabase *
database_new (const char *path, TestCertificate *anchor)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = test_certificate_to_pem (anchor, FALSE);
  GTlsDatabase *database;

  g_assert_true (g_file_set_contents (path, pem, -1, &error));
  g_assert_no_error (error);
  database = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  return database;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const TestSpec spec = { .authority = TRUE, .usage = GNUTLS_KEY_KEY_CERT_SIGN };
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("jxs-anchors-XXXXXX.pem", &f->path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  f->root = test_certificate_new (&spec, NULL);
  f->database = database_new (f->path, f->root);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_object_unref (f->database);
  test_certificate_free (f->root);
  g_unlink (f->path);
  g_free (f->path);
}

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out = user_data;

  *out = g_object_ref (result);
}

static gboolean
vouches (GTlsDatabase *database, GTlsCertificate *certificate, const char *peer, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsJid) jid = jxs_jid_new (peer, NULL);

  g_assert_nonnull (jid);
  jxs_certificate_check_authority_async (certificate, jid, database, NULL, result_cb, &result);
  g_assert_null (result); /* never at once */
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return jxs_certificate_check_authority_finish (result, error);
}

static void
assert_vouched (GTlsDatabase *database, GTlsCertificate *certificate, const char *peer)
{
  g_autoptr (GError) error = NULL;
  gboolean done = vouches (database, certificate, peer, &error);

  g_assert_no_error (error);
  g_assert_true (done);
}

static void
assert_refused (GTlsDatabase *database,
                GTlsCertificate *certificate,
                const char *peer,
                const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (vouches (database, certificate, peer, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

#define UNKNOWN "not from an authority that is known here"
#define NAMELESS "does not name"

/* Names of a certificate that the authority signed, and whose it therefore is. */
static const struct
{
  TestSpec spec;
  const char *peer;
  const char *refused; /* a part of the message; NULL: it is in order */
} names[] = {
  /* RFC 6120 §13.7.1.3: users */
  { { .names = { ROMEO } }, "romeo@montague.lit/orchard", NULL },
  { { .names = { ROMEO } }, "romeo@montague.lit", NULL },
  { { .names = { { TEST_NAME_ADDRESS, "romeo@montague.lit/orchard", 0 } } },
    "romeo@montague.lit/orchard",
    NULL },
  { { .names = { ROMEO } }, "juliet@capulet.lit", "is that of “romeo@montague.lit”" },
  { { .names = { ROMEO } }, "montague.lit", "is that of “romeo@montague.lit”" },
  { { 0 }, "romeo@montague.lit", NAMELESS },
  { { .common_name = "romeo@montague.lit" }, "romeo@montague.lit", NAMELESS },
  /* Who runs the host has not got everybody's account on it. */
  { { .names = { { TEST_NAME_HOST, "montague.lit", 0 } } }, "romeo@montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_SERVICE, "_xmpp-client.montague.lit", 0 } } },
    "romeo@montague.lit",
    NAMELESS },
  { { .names = { { TEST_NAME_URI, "xmpp:romeo@montague.lit", 0 } } },
    "romeo@montague.lit",
    NAMELESS },
  { { .names = { { TEST_NAME_HOST, "romeo@montague.lit", 0 } } }, "romeo@montague.lit", NAMELESS },

  /* RFC 6120 §13.7.1.2: services */
  { { .names = { { TEST_NAME_ADDRESS, "montague.lit", 0 } } }, "montague.lit", NULL },
  { { .names = { { TEST_NAME_HOST, "montague.lit", 0 } } }, "montague.lit", NULL },
  { { .names = { { TEST_NAME_HOST, "Montague.LIT", 0 } } }, "montague.lit/bot", NULL },
  { { .names = { { TEST_NAME_SERVICE, "_xmpp-client.montague.lit", 0 } } }, "montague.lit", NULL },
  { { .names = { { TEST_NAME_SERVICE, "_XMPP-server.Montague.lit", 0 } } }, "montague.lit", NULL },
  { { .names = { { TEST_NAME_SERVICE, "_https.montague.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_SERVICE, "montague.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_SERVICE, "_xmpp-server.*.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_URI, "xmpp:montague.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "capulet.lit", 0 }, { TEST_NAME_HOST, "montague.lit", 0 } } },
    "montague.lit",
    NULL },
  { { .names = { { TEST_NAME_HOST, "capulet.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "montague.lit.evil.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "xmontague.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_EXTENSION, "\x30\x17\x82\x15montague.lit\0.evil.lit", 25 } } },
    "montague.lit",
    NAMELESS },
  { { .names = { { TEST_NAME_EXTENSION, "\x30\x0f\x82\x0dm\xc3\xbcller.example", 17 } } },
    "m\xc3\xbcller.example",
    NAMELESS },
  /* An address of another kind of entity does not matter beside the domain's own. */
  { { .names = { { TEST_NAME_ADDRESS, "capulet.lit", 0 }, { TEST_NAME_HOST, "montague.lit", 0 } } },
    "montague.lit",
    "is that of “capulet.lit”" },

  /* RFC 6125 §6.4.3: wildcards */
  { { .names = { { TEST_NAME_HOST, "*.montague.lit", 0 } } }, "chat.montague.lit", NULL },
  { { .names = { { TEST_NAME_HOST, "*.montague.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "*.montague.lit", 0 } } }, "a.chat.montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "c*.montague.lit", 0 } } }, "chat.montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "chat.*.lit", 0 } } }, "chat.montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "*.*.lit", 0 } } }, "chat.montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "*.lit", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "*", 0 } } }, "montague.lit", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "*.", 0 } } }, "montague.lit", NAMELESS },

  /* RFC 6125 §6.4.4 lets a common name count where there is nothing else, RFC 9525 §2 no more. */
  { { .common_name = "montague.lit" }, "montague.lit", NAMELESS },
  { { .common_name = "montague.lit", .names = { { TEST_NAME_HOST, "capulet.lit", 0 } } },
    "montague.lit",
    NAMELESS },

  /* RFC 6125 §6.4.2: internationalized domains */
  { { .names = { { TEST_NAME_HOST, "xn--mller-kva.example", 0 } } },
    "m\xc3\xbcller.example",
    NULL },
  { { .names = { { TEST_NAME_HOST, "*.xn--mller-kva.example", 0 } } },
    "chat.m\xc3\xbcller.example",
    NULL },
  { { .names = { { TEST_NAME_SERVICE, "_xmpp-server.xn--mller-kva.example", 0 } } },
    "m\xc3\xbcller.example",
    NULL },
  { { .names = { { TEST_NAME_ADDRESS, "m\xc3\xbcller.example", 0 } } },
    "m\xc3\xbcller.example",
    NULL },
  { { .names = { { TEST_NAME_HOST, "muller.example", 0 } } }, "m\xc3\xbcller.example", NAMELESS },

  /* Addresses of machines are no names (RFC 6125 §1.7.2). */
  { { .names = { { TEST_NAME_HOST, "192.0.2.1", 0 } } }, "192.0.2.1", NAMELESS },
  { { .names = { { TEST_NAME_HOST, "*.0.2.1", 0 } } }, "192.0.2.1", NAMELESS },
  { { .names = { { TEST_NAME_ADDRESS, "192.0.2.1", 0 } } }, "192.0.2.1", NULL },
};

static void
test_names (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (TestCertificate) leaf = test_certificate_new (&names[i].spec, f->root);

      g_test_message ("%" G_GSIZE_FORMAT ": %s", i, names[i].peer);
      if (names[i].refused == NULL)
        assert_vouched (f->database, leaf->certificate, names[i].peer);
      else
        assert_refused (f->database, leaf->certificate, names[i].peer, names[i].refused);
    }
}

static const TestSpec romeo_spec = { .names = { ROMEO } };
static const TestSpec middle_spec = { .authority = TRUE, .usage = GNUTLS_KEY_KEY_CERT_SIGN };

/* A chain of n certificates, the root not counted; list[0] is the peer's. */
static void
make_chain (Fixture *f, TestCertificate **list, gsize n)
{
  for (gsize i = n; i-- > 0;)
    list[i] = test_certificate_new (i == 0 ? &romeo_spec : &middle_spec,
                                    i == n - 1 ? f->root : list[i + 1]);
}

static void
free_chain (TestCertificate **list, gsize n)
{
  for (gsize i = 0; i < n; i++)
    test_certificate_free (list[i]);
}

static void
test_chains (Fixture *f, gconstpointer data)
{
  TestCertificate *list[17];
  TestCertificate *mixed[10];
  g_autoptr (GTlsCertificate) whole = NULL;
  g_autoptr (GTlsCertificate) reversed = NULL;
  g_autoptr (GTlsCertificate) gap = NULL;
  g_autoptr (GTlsCertificate) alone = NULL;
  g_autoptr (GTlsCertificate) with_root = NULL;

  make_chain (f, list, 10);
  whole = test_certificate_chain (list, 10);
  assert_vouched (f->database, whole, "romeo@montague.lit");

  /* RFC 8446 §4.4.2: the order of those behind the first is to be put up with. */
  mixed[0] = list[0];
  for (gsize i = 1; i < 10; i++)
    mixed[i] = list[10 - i];
  reversed = test_certificate_chain (mixed, 10);
  assert_vouched (f->database, reversed, "romeo@montague.lit");

  mixed[9] = f->root;
  for (gsize i = 1; i < 9; i++)
    mixed[i] = list[i];
  gap = test_certificate_chain (mixed, 10);
  assert_refused (f->database, gap, "romeo@montague.lit", UNKNOWN);
  alone = test_certificate_chain (list, 1);
  assert_refused (f->database, alone, "romeo@montague.lit", UNKNOWN);
  free_chain (list, 10);

  list[0] = test_certificate_new (&romeo_spec, f->root);
  list[1] = f->root;
  with_root = test_certificate_chain (list, 2);
  assert_vouched (f->database, with_root, "romeo@montague.lit");
  test_certificate_free (list[0]);
}

static void
test_long_chain (Fixture *f, gconstpointer data)
{
  TestCertificate *list[17];
  g_autoptr (GTlsCertificate) whole = NULL;

  make_chain (f, list, 17);
  whole = test_certificate_chain (list, 17);
  assert_refused (f->database, whole, "romeo@montague.lit", "too many others");
  free_chain (list, 17);
}

static void
test_unknown (Fixture *f, gconstpointer data)
{
  g_autoptr (TestCertificate) other_root = test_certificate_new (&middle_spec, NULL);
  g_autoptr (TestCertificate) leaf = test_certificate_new (&romeo_spec, other_root);
  g_autoptr (TestCertificate) own = test_certificate_new (&romeo_spec, NULL);
  TestSpec twin_spec = middle_spec;
  g_autofree char *root_name = NULL;
  g_autoptr (TestCertificate) twin = NULL;
  g_autoptr (TestCertificate) forged = NULL;
  TestCertificate *list[2];
  g_autoptr (GTlsCertificate) mismatch = NULL;
  gsize size = 0;

  assert_refused (f->database, leaf->certificate, "romeo@montague.lit", UNKNOWN);
  assert_refused (f->database, own->certificate, "romeo@montague.lit", UNKNOWN);

  /* Of an authority with the same name and another key, handed in with and without it. */
  gnutls_x509_crt_get_dn_by_oid (f->root->crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, NULL, &size);
  root_name = g_malloc (size);
  g_assert_cmpint (gnutls_x509_crt_get_dn_by_oid (
                       f->root->crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, root_name, &size),
                   ==,
                   0);
  twin_spec.common_name = root_name;
  twin = test_certificate_new (&twin_spec, NULL);
  forged = test_certificate_new (&romeo_spec, twin);
  assert_refused (f->database, forged->certificate, "romeo@montague.lit", "");
  list[0] = forged;
  list[1] = f->root;
  mismatch = test_certificate_chain (list, 2);
  assert_refused (f->database, mismatch, "romeo@montague.lit", "");
}

/* The database may hold the very certificate. */
static void
test_anchored_itself (Fixture *f, gconstpointer data)
{
  g_autoptr (TestCertificate) own = test_certificate_new (&romeo_spec, NULL);
  g_autoptr (GTlsDatabase) database = database_new (f->path, own);

  assert_vouched (database, own->certificate, "romeo@montague.lit");
  assert_refused (database, f->root->certificate, "romeo@montague.lit", "");
}

/* An intermediate authority that is not in order: the peer's certificate is all right. */
static void
test_middle (Fixture *f, gconstpointer data)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const struct
  {
    TestSpec spec;
    gnutls_digest_algorithm_t digest; /* of the peer's certificate */
    const char *refused;
  } middles[] = {
    { { .authority = TRUE }, 0, NULL },
    { { .authority = FALSE }, 0, "" },
    { { .authority = TRUE, .usage = GNUTLS_KEY_DIGITAL_SIGNATURE }, 0, "" },
    { { .authority = TRUE, .from = now - 2 * TEST_DAY, .until = now - TEST_DAY },
      0,
      "authority has expired" },
    { { .authority = TRUE, .from = now + 2 * TEST_DAY }, 0, "not valid yet" },
    { { .authority = TRUE, .algorithm = GNUTLS_PK_RSA, .bits = 2048 }, 0, NULL },
    { { .authority = TRUE, .algorithm = GNUTLS_PK_RSA, .bits = 1024 }, 0, "RSA with 1024 bits" },
    { { .authority = TRUE, .algorithm = GNUTLS_PK_RSA, .bits = 2048 },
      GNUTLS_DIG_SHA1,
      "can be forged" },
    { { .authority = TRUE, .algorithm = GNUTLS_PK_RSA, .bits = 2048 },
      GNUTLS_DIG_MD5,
      "can be forged" },
    { { .authority = TRUE, .algorithm = GNUTLS_PK_ECDSA, .bits = P_256 }, GNUTLS_DIG_SHA384, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (middles); i++)
    {
      TestSpec spec = romeo_spec;
      g_autoptr (TestCertificate) middle = test_certificate_new (&middles[i].spec, f->root);
      g_autoptr (TestCertificate) leaf = NULL;

      g_test_message ("%" G_GSIZE_FORMAT, i);
      spec.digest = middles[i].digest;
      leaf = test_certificate_new (&spec, middle);
      if (middles[i].refused == NULL)
        assert_vouched (f->database, leaf->certificate, "romeo@montague.lit");
      else
        assert_refused (f->database, leaf->certificate, "romeo@montague.lit", middles[i].refused);
    }
}

/* RFC 5280 §4.2.1.10: an authority for some hosts only. */
static void
test_constraints (Fixture *f, gconstpointer data)
{
  static const TestSpec spec = { .authority = TRUE, .permitted_host = "montague.lit" };
  static const TestSpec inside_spec = { .names = { { TEST_NAME_HOST, "chat.montague.lit", 0 } } };
  static const TestSpec outside_spec = { .names = { { TEST_NAME_HOST, "capulet.lit", 0 } } };
  g_autoptr (TestCertificate) middle = test_certificate_new (&spec, f->root);
  g_autoptr (TestCertificate) inside = test_certificate_new (&inside_spec, middle);
  g_autoptr (TestCertificate) outside = test_certificate_new (&outside_spec, middle);

  assert_vouched (f->database, inside->certificate, "chat.montague.lit");
  assert_refused (f->database, outside->certificate, "capulet.lit", "may not vouch");
}

/* An authority's own certificate is nobody's (RFC 6120 §13.7.1.1). */
static void
test_flag (Fixture *f, gconstpointer data)
{
  static const TestSpec spec = { .authority = TRUE, .names = { ROMEO } };
  g_autoptr (TestCertificate) own = test_certificate_new (&spec, NULL);
  g_autoptr (GTlsDatabase) database = database_new (f->path, own);

  assert_refused (database, own->certificate, "romeo@montague.lit", "that of an authority");
}

static void
test_answers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    GTlsCertificateFlags flags;
    const char *message;
  } answers[] = {
    { G_TLS_CERTIFICATE_REVOKED | G_TLS_CERTIFICATE_EXPIRED, "has been revoked" },
    { G_TLS_CERTIFICATE_UNKNOWN_CA | G_TLS_CERTIFICATE_EXPIRED, UNKNOWN },
    { G_TLS_CERTIFICATE_INSECURE, "can be forged" },
    { G_TLS_CERTIFICATE_EXPIRED, "has expired" },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, "not valid yet" },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, "may not vouch" },
    { G_TLS_CERTIFICATE_GENERIC_ERROR, "may not vouch" },
  };
  g_autoptr (TestDatabase) database = g_object_new (TEST_TYPE_DATABASE, NULL);
  g_autoptr (TestCertificate) leaf = test_certificate_new (&romeo_spec, f->root);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      database->flags = answers[i].flags;
      assert_refused (G_TLS_DATABASE (database),
                      leaf->certificate,
                      "romeo@montague.lit",
                      answers[i].message);
    }
  database->flags = G_TLS_CERTIFICATE_VALIDATE_ALL;
  g_assert_false (
      vouches (G_TLS_DATABASE (database), leaf->certificate, "romeo@montague.lit", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
}

/* What is wrong anyway is not even shown to the database. */
static void
test_not_asked (Fixture *f, gconstpointer data)
{
  static const TestSpec expired = { .from = 1, .until = 2, .names = { ROMEO } };
  g_autoptr (TestDatabase) database = g_object_new (TEST_TYPE_DATABASE, NULL);
  g_autoptr (TestCertificate) leaf = test_certificate_new (&expired, f->root);
  g_autoptr (TestCertificate) good = test_certificate_new (&romeo_spec, f->root);

  assert_refused (G_TLS_DATABASE (database),
                  leaf->certificate,
                  "romeo@montague.lit",
                  "has expired on 1970-");
  assert_refused (G_TLS_DATABASE (database), good->certificate, "juliet@capulet.lit", "is that of");
  g_assert_cmpint (g_atomic_int_get (&database->asked), ==, 0);
  assert_vouched (G_TLS_DATABASE (database), good->certificate, "romeo@montague.lit");
  g_assert_cmpint (g_atomic_int_get (&database->asked), ==, 1);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (TestCertificate) leaf = test_certificate_new (&romeo_spec, f->root);
  g_autoptr (JxsJid) jid = jxs_jid_new ("romeo@montague.lit", NULL);

  for (guint before = 0; before < 2; before++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      if (before)
        g_cancellable_cancel (cancellable);
      jxs_certificate_check_authority_async (
          leaf->certificate, jid, f->database, cancellable, result_cb, &result);
      g_cancellable_cancel (cancellable);
      while (result == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_false (jxs_certificate_check_authority_finish (result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/security/certificate-authority/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("names", test_names);
  ADD ("chains", test_chains);
  ADD ("long-chain", test_long_chain);
  ADD ("unknown", test_unknown);
  ADD ("anchored-itself", test_anchored_itself);
  ADD ("middle", test_middle);
  ADD ("constraints", test_constraints);
  ADD ("flag", test_flag);
  ADD ("answers", test_answers);
  ADD ("not-asked", test_not_asked);
  ADD ("cancel", test_cancel);
  return g_test_run ();
}

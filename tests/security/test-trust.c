/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-memory-trust.h>

/* A trust object that keeps the request for the test to answer. */
#define TEST_TYPE_TRUST (test_trust_get_type ())
G_DECLARE_FINAL_TYPE (TestTrust, test_trust, TEST, TRUST, GObject)

struct _TestTrust
{
  GObject parent_instance;
  JxsTrustRequest *request; /* (owned) (nullable) */
  gboolean drop;
};

static void
test_trust_decide (JxsTrust *trust, JxsTrustRequest *request)
{
  TestTrust *self = TEST_TRUST (trust);

  if (!self->drop)
    g_set_object (&self->request, request);
}

static void
test_trust_iface_init (JxsTrustInterface *iface)
{
  iface->decide = test_trust_decide;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestTrust,
                               test_trust,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST, test_trust_iface_init))

static void
test_trust_finalize (GObject *object)
{
  g_clear_object (&TEST_TRUST (object)->request);
  G_OBJECT_CLASS (test_trust_parent_class)->finalize (object);
}

static void
test_trust_class_init (TestTrustClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_trust_finalize;
}

static void
test_trust_init (TestTrust *self)
{
}

typedef struct
{
  JxsIdentity *first;
  JxsIdentity *second;
  JxsJid *jid;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->jid = jxs_jid_new ("juliet@capulet.lit/balcony", &error);
  g_assert_no_error (error);
  f->first = jxs_identity_generate (f->jid, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  f->second = jxs_identity_generate (f->jid, JXS_KEY_TYPE_ED25519, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->first);
  g_assert_finalize_object (f->second);
  jxs_jid_unref (f->jid);
}

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out = user_data;

  g_assert_null (*out);
  *out = g_object_ref (result);
}

static JxsTrustLevel
decide (JxsTrust *trust, JxsJid *jid, JxsIdentity *identity, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_decide_async (trust,
                          jid,
                          jxs_identity_get_certificate (identity),
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          NULL,
                          result_cb,
                          &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return jxs_trust_decide_finish (trust, result, NULL, error);
}

static void
assert_level (gpointer trust, JxsJid *jid, JxsIdentity *identity, JxsTrustLevel level)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (decide (JXS_TRUST (trust), jid, identity, &error), ==, level);
  g_assert_no_error (error);
}

static void
assert_refused (gpointer trust, JxsJid *jid, JxsIdentity *identity)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (decide (JXS_TRUST (trust), jid, identity, &error),
                   ==,
                   JXS_TRUST_LEVEL_DISTRUSTED);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

static char *
display (JxsIdentity *identity)
{
  g_autofree char *hex = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA256);

  return jxs_fingerprint_to_text (hex);
}

static void
test_first_use (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();
  g_autoptr (JxsJid) other_resource = jxs_jid_new ("juliet@capulet.lit/chamber", NULL);
  g_autoptr (JxsJid) other_person = jxs_jid_new ("nurse@capulet.lit/balcony", NULL);

  assert_level (trust, f->jid, f->first, JXS_TRUST_LEVEL_FIRST_USE);
  assert_level (trust, f->jid, f->first, JXS_TRUST_LEVEL_PINNED);
  /* The key is that of the account, wherever it is connected. */
  assert_level (trust, other_resource, f->first, JXS_TRUST_LEVEL_PINNED);
  assert_level (trust, other_person, f->second, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_finalize_object (g_steal_pointer (&trust));
}

static void
test_changed (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *first = display (f->first);
  g_autofree char *second = display (f->second);

  assert_level (trust, f->jid, f->first, JXS_TRUST_LEVEL_FIRST_USE);
  decide (JXS_TRUST (trust), f->jid, f->second, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_nonnull (strstr (error->message, first));
  g_assert_nonnull (strstr (error->message, second));
  g_assert_nonnull (strstr (error->message, "juliet@capulet.lit"));
  /* The refusal changed nothing. */
  assert_refused (trust, f->jid, f->second);
  assert_level (trust, f->jid, f->first, JXS_TRUST_LEVEL_PINNED);

  jxs_memory_trust_forget (trust, f->jid);
  assert_level (trust, f->jid, f->second, JXS_TRUST_LEVEL_FIRST_USE);
  assert_refused (trust, f->jid, f->first);
}

static void
test_pin (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();
  g_autofree char *first = display (f->first);
  g_autofree char *second = jxs_identity_get_fingerprint (f->second, G_CHECKSUM_SHA256);
  g_autofree char *sha1 = jxs_identity_get_fingerprint (f->first, G_CHECKSUM_SHA1);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_memory_trust_pin (trust, f->jid, first, TRUE, &error));
  g_assert_no_error (error);
  assert_level (trust, f->jid, f->first, JXS_TRUST_LEVEL_VERIFIED);
  assert_refused (trust, f->jid, f->second);

  g_assert_true (jxs_memory_trust_pin (trust, f->jid, second, FALSE, &error));
  g_assert_no_error (error);
  assert_level (trust, f->jid, f->second, JXS_TRUST_LEVEL_PINNED);
  assert_refused (trust, f->jid, f->first);

  /* A fingerprint that is too short to be safe, and none at all. */
  g_assert_false (jxs_memory_trust_pin (trust, f->jid, sha1, TRUE, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (jxs_memory_trust_pin (trust, f->jid, "caf\xc3\xa9", TRUE, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  assert_level (trust, f->jid, f->second, JXS_TRUST_LEVEL_PINNED);
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
test_no_first_use (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();
  g_autofree char *first = display (f->first);
  g_autoptr (GError) error = NULL;
  guint notified = 0;

  g_assert_true (jxs_memory_trust_get_first_use (trust));
  g_signal_connect (trust, "notify::first-use", G_CALLBACK (count_notify), &notified);
  jxs_memory_trust_set_first_use (trust, FALSE);
  jxs_memory_trust_set_first_use (trust, FALSE);
  g_assert_cmpuint (notified, ==, 1);
  g_assert_false (jxs_memory_trust_get_first_use (trust));

  decide (JXS_TRUST (trust), f->jid, f->first, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_nonnull (strstr (error->message, first));
  g_clear_error (&error);
  g_assert_true (jxs_memory_trust_pin (trust, f->jid, first, TRUE, &error));
  g_assert_no_error (error);
  assert_level (trust, f->jid, f->first, JXS_TRUST_LEVEL_VERIFIED);
}

static void
test_request (Fixture *f, gconstpointer data)
{
  g_autoptr (TestTrust) trust = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autofree char *fingerprint = jxs_identity_get_fingerprint (f->first, G_CHECKSUM_SHA256);
  g_autofree char *property = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (JxsJid) peer = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  JxsTrustOrigin origin;
  JxsTrustLevel wanted;

  jxs_trust_decide_async (JXS_TRUST (trust),
                          f->jid,
                          jxs_identity_get_certificate (f->first),
                          JXS_TRUST_ORIGIN_AUTHORITY,
                          JXS_TRUST_LEVEL_VERIFIED,
                          NULL,
                          result_cb,
                          &result);
  g_assert_nonnull (trust->request);
  g_assert_true (jxs_jid_equal (jxs_trust_request_get_peer_jid (trust->request), f->jid));
  g_assert_true (jxs_trust_request_get_certificate (trust->request) ==
                 jxs_identity_get_certificate (f->first));
  g_assert_cmpstr (jxs_trust_request_get_fingerprint (trust->request), ==, fingerprint);
  g_object_get (trust->request,
                "peer-jid",
                &peer,
                "certificate",
                &certificate,
                "fingerprint",
                &property,
                "origin",
                &origin,
                "level-wanted",
                &wanted,
                NULL);
  g_assert_cmpint (origin, ==, JXS_TRUST_ORIGIN_AUTHORITY);
  g_assert_cmpint (jxs_trust_request_get_origin (trust->request), ==, origin);
  g_assert_cmpint (wanted, ==, JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpint (jxs_trust_request_get_level_wanted (trust->request), ==, wanted);
  g_assert_true (jxs_jid_equal (peer, f->jid));
  g_assert_true (certificate == jxs_identity_get_certificate (f->first));
  g_assert_cmpstr (property, ==, fingerprint);

  /* Undecided as long as nobody answers. */
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (result);

  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_DISTRUSTED, "too late");
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (jxs_trust_decide_finish (JXS_TRUST (trust), result, NULL, &error),
                   ==,
                   JXS_TRUST_LEVEL_VERIFIED);
  g_assert_no_error (error);
  g_assert_finalize_object (g_steal_pointer (&trust->request));
}

static void
test_refusal_message (Fixture *f, gconstpointer data)
{
  static const char *const messages[] = { "100%s of doubt", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autoptr (TestTrust) trust = g_object_new (TEST_TYPE_TRUST, NULL);
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      jxs_trust_decide_async (JXS_TRUST (trust),
                              f->jid,
                              jxs_identity_get_certificate (f->first),
                              JXS_TRUST_ORIGIN_NONE,
                              JXS_TRUST_LEVEL_FIRST_USE,
                              NULL,
                              result_cb,
                              &result);
      jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_DISTRUSTED, messages[i]);
      while (result == NULL)
        g_main_context_iteration (NULL, TRUE);
      jxs_trust_decide_finish (JXS_TRUST (trust), result, NULL, &error);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      if (messages[i] != NULL)
        g_assert_cmpstr (error->message, ==, messages[i]);
      else
        g_assert_nonnull (strstr (error->message, "juliet@capulet.lit"));
    }
}

static void
test_dropped (Fixture *f, gconstpointer data)
{
  g_autoptr (TestTrust) trust = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  /* At once, ... */
  trust->drop = TRUE;
  assert_refused (trust, f->jid, f->first);

  /* ... and later. */
  trust->drop = FALSE;
  jxs_trust_decide_async (JXS_TRUST (trust),
                          f->jid,
                          jxs_identity_get_certificate (f->first),
                          JXS_TRUST_ORIGIN_AUTHORITY,
                          JXS_TRUST_LEVEL_VERIFIED,
                          NULL,
                          result_cb,
                          &result);
  g_assert_null (result);
  g_clear_object (&trust->request);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  jxs_trust_decide_finish (JXS_TRUST (trust), result, NULL, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (TestTrust) trust = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) during = NULL;
  g_autoptr (GAsyncResult) before = NULL;
  g_autoptr (GError) error = NULL;

  jxs_trust_decide_async (JXS_TRUST (trust),
                          f->jid,
                          jxs_identity_get_certificate (f->first),
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          cancellable,
                          result_cb,
                          &during);
  g_cancellable_cancel (cancellable);
  while (during == NULL)
    g_main_context_iteration (NULL, TRUE);
  jxs_trust_decide_finish (JXS_TRUST (trust), during, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  /* An answer afterwards does nothing. */
  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  g_assert_finalize_object (g_steal_pointer (&trust->request));

  /* Cancelled before: not asked at all. */
  jxs_trust_decide_async (JXS_TRUST (trust),
                          f->jid,
                          jxs_identity_get_certificate (f->first),
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          cancellable,
                          result_cb,
                          &before);
  while (before == NULL)
    g_main_context_iteration (NULL, TRUE);
  jxs_trust_decide_finish (JXS_TRUST (trust), before, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (trust->request);
}

static gpointer
drop_in_thread (gpointer data)
{
  g_object_unref (data);
  return NULL;
}

/* A garbage collector may drop the request in a thread of its own. */
static void
test_dropped_in_thread (Fixture *f, gconstpointer data)
{
  g_autoptr (TestTrust) trust = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_trust_decide_async (JXS_TRUST (trust),
                          f->jid,
                          jxs_identity_get_certificate (f->first),
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          cancellable,
                          result_cb,
                          &result);
  g_thread_join (g_thread_new ("drop", drop_in_thread, g_steal_pointer (&trust->request)));
  g_assert_null (result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  jxs_trust_decide_finish (JXS_TRUST (trust), result, NULL, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

/* Seen or given, whatever the resource. */
static void
test_known (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsMemoryTrust) memory = jxs_memory_trust_new ();
  g_autoptr (TestTrust) silent = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autoptr (JxsJid) elsewhere = jxs_jid_new ("juliet@capulet.lit/chamber", NULL);
  g_autoptr (JxsJid) other = jxs_jid_new ("nurse@capulet.lit/balcony", NULL);
  g_autofree char *fingerprint = jxs_identity_get_fingerprint (f->first, G_CHECKSUM_SHA256);
  JxsTrust *trust = JXS_TRUST (memory);

  g_assert_false (jxs_trust_is_known (trust, f->jid));
  assert_level (memory, f->jid, f->first, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_true (jxs_trust_is_known (trust, f->jid));
  g_assert_true (jxs_trust_is_known (trust, elsewhere));
  g_assert_false (jxs_trust_is_known (trust, other));
  jxs_memory_trust_forget (memory, elsewhere);
  g_assert_false (jxs_trust_is_known (trust, f->jid));
  g_assert_true (jxs_memory_trust_pin (memory, other, fingerprint, FALSE, NULL));
  g_assert_true (jxs_trust_is_known (trust, other));

  g_assert_false (jxs_trust_is_known (JXS_TRUST (silent), f->jid));
}

/* Several keys of one address, when something speaks for them. */
static void
test_learn (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsMemoryTrust) memory = jxs_memory_trust_new ();
  g_autoptr (TestTrust) silent = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autofree char *first = jxs_identity_get_fingerprint (f->first, G_CHECKSUM_SHA256);
  g_autoptr (JxsJid) nurse = jxs_jid_new ("nurse@capulet.lit", NULL);
  JxsTrust *trust = JXS_TRUST (memory);
  GTlsCertificate *one = jxs_identity_get_certificate (f->first);
  GTlsCertificate *two = jxs_identity_get_certificate (f->second);

  assert_level (memory, f->jid, f->first, JXS_TRUST_LEVEL_FIRST_USE);
  assert_refused (memory, f->jid, f->second);
  /* Not more than the older key has. */
  jxs_trust_learn (trust, f->jid, two, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_VOUCHED, first);
  assert_level (memory, f->jid, f->second, JXS_TRUST_LEVEL_PINNED);
  assert_level (memory, f->jid, f->first, JXS_TRUST_LEVEL_PINNED);
  jxs_trust_learn (trust, f->jid, two, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
  assert_level (memory, f->jid, f->second, JXS_TRUST_LEVEL_VERIFIED);
  jxs_trust_learn (trust, f->jid, two, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
  assert_level (memory, f->jid, f->second, JXS_TRUST_LEVEL_VERIFIED);

  /* Of a key that nobody knows, nothing, not even that the peer is there. */
  jxs_trust_learn (trust, nurse, one, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_VOUCHED, first);
  g_assert_false (jxs_trust_is_known (trust, nurse));

  /* Whoever does not care is not asked to. */
  jxs_trust_learn (
      JXS_TRUST (silent), f->jid, one, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
}

static JxsTrustLevel
decide_certified (JxsMemoryTrust *trust, JxsJid *jid, JxsIdentity *identity, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_decide_async (JXS_TRUST (trust),
                          jid,
                          jxs_identity_get_certificate (identity),
                          JXS_TRUST_ORIGIN_AUTHORITY,
                          JXS_TRUST_LEVEL_VERIFIED,
                          NULL,
                          result_cb,
                          &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return jxs_trust_decide_finish (JXS_TRUST (trust), result, NULL, error);
}

static void
test_authority (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();
  g_autofree char *first = display (f->first);
  g_autoptr (GError) error = NULL;

  jxs_memory_trust_set_first_use (trust, FALSE);
  g_assert_cmpint (decide_certified (trust, f->jid, f->first, &error),
                   ==,
                   JXS_TRUST_LEVEL_VERIFIED);
  g_assert_no_error (error);
  g_assert_cmpint (decide_certified (trust, f->jid, f->second, &error),
                   ==,
                   JXS_TRUST_LEVEL_VERIFIED);
  g_assert_no_error (error);
  /* But not against a person. */
  g_assert_true (jxs_memory_trust_pin (trust, f->jid, first, TRUE, &error));
  decide_certified (trust, f->jid, f->second, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/security/trust/first-use", test_first_use);
  ADD ("/security/trust/changed", test_changed);
  ADD ("/security/trust/pin", test_pin);
  ADD ("/security/trust/no-first-use", test_no_first_use);
  ADD ("/security/trust/request", test_request);
  ADD ("/security/trust/refusal-message", test_refusal_message);
  ADD ("/security/trust/dropped", test_dropped);
  ADD ("/security/trust/dropped-in-thread", test_dropped_in_thread);
  ADD ("/security/trust/cancel", test_cancel);
  ADD ("/security/trust/known", test_known);
  ADD ("/security/trust/learn", test_learn);
  ADD ("/security/trust/authority", test_authority);
  return g_test_run ();
}

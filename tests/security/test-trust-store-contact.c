/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "trust-store-fixture.h"

#include <string.h>

/* Whoever handles contacts: remembers what it was asked, and answers as it was told. */
typedef struct
{
  JxsTrustLevel answer;
  JxsTrustOrigin origin;
  const char *message;
  gboolean later;  /* the test answers */
  gboolean unused; /* returns FALSE */
  guint n_asked;
  JxsTrustContact kind;
  JxsTrustRecord *known;    /* (owned) (nullable) */
  JxsTrustRequest *request; /* (owned) (nullable) */
} Person;

static gboolean
contact_cb (JxsTrustStore *store,
            JxsTrustRequest *request,
            JxsTrustContact kind,
            JxsTrustRecord *known,
            gpointer user_data)
{
  Person *self = user_data;

  self->n_asked++;
  self->kind = kind;
  g_set_object (&self->known, known);
  if (self->origin != JXS_TRUST_ORIGIN_NONE)
    jxs_trust_request_set_origin (request, self->origin);
  if (self->later)
    g_set_object (&self->request, request);
  else if (!self->unused)
    jxs_trust_request_respond (request, self->answer, self->message);
  return !self->unused;
}

static void
person_clear (Person *self)
{
  g_clear_object (&self->known);
  g_clear_object (&self->request);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Person, person_clear)

static void
begin (Fixture *f, JxsJid *jid, guint key, GCancellable *cancellable, GAsyncResult **result)
{
  jxs_trust_decide_async (JXS_TRUST (f->store),
                          jid,
                          jxs_identity_get_certificate (f->keys[key]),
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          cancellable,
                          result_cb,
                          result);
}

static void
wait_until_asked (Person *person, guint n)
{
  while (person->n_asked < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_accept (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .answer = JXS_TRUST_LEVEL_FIRST_USE };

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpuint (person.n_asked, ==, 1);
  g_assert_cmpint (person.kind, ==, JXS_TRUST_CONTACT_FIRST);
  g_assert_null (person.known);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_APPLICATION);

  /* Known: nobody is asked. */
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  g_assert_cmpuint (person.n_asked, ==, 1);

  person.answer = JXS_TRUST_LEVEL_VERIFIED;
  assert_level (f, f->chamber, 1, JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpuint (person.n_asked, ==, 2);
  g_assert_cmpint (person.kind, ==, JXS_TRUST_CONTACT_NEW_DEVICE);
  g_assert_cmpstr (jxs_trust_record_get_fingerprint (person.known), ==, f->fingerprints[0]);
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_APPLICATION);
  /* The old key is as good as before. */
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);

  /* Says what that rests on. */
  person.origin = JXS_TRUST_ORIGIN_FINGERPRINT;
  assert_level (f, f->juliet, 2, JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpint (person.kind, ==, JXS_TRUST_CONTACT_CHANGED);
  assert_record (f, f->juliet, 2, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
}

static void
test_refuse (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .answer = JXS_TRUST_LEVEL_UNKNOWN, .message = "not today" };
  g_autofree char *today = NULL;
  g_autofree char *never = NULL;
  g_autofree char *distrusted = NULL;

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  today = assert_refused (f, f->juliet, 0);
  g_assert_cmpstr (today, ==, "not today");
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);

  /* Asked again, since nothing was decided. */
  person.answer = JXS_TRUST_LEVEL_DISTRUSTED;
  person.message = NULL;
  never = assert_refused (f, f->juliet, 0);
  g_assert_nonnull (strstr (never, "juliet@capulet.lit"));
  g_assert_cmpuint (person.n_asked, ==, 2);
  g_assert_cmpint (person.kind, ==, JXS_TRUST_CONTACT_FIRST);

  distrusted = assert_refused (f, f->juliet, 0);
  g_assert_nonnull (strstr (distrusted, "distrusted"));
  g_assert_cmpuint (person.n_asked, ==, 2);
  reopen (f);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
}

static void
test_unhandled (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .unused = TRUE };

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  g_free (assert_refused (f, f->juliet, 1));
  g_assert_cmpuint (person.n_asked, ==, 2);
  g_assert_cmpint (person.kind, ==, JXS_TRUST_CONTACT_CHANGED);
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);
}

/* Who answers is no authority, whatever they say that it rests on. */
static void
test_claim (Fixture *f, gconstpointer data)
{
  g_auto (Person)
      person = { .answer = JXS_TRUST_LEVEL_FIRST_USE, .origin = JXS_TRUST_ORIGIN_AUTHORITY };

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_APPLICATION);
  person.unused = TRUE;
  g_free (assert_refused (f, f->juliet, 1));
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);
}

/* A person takes their time; a second answer is one too many. */
static void
test_later (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .later = TRUE };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  begin (f, f->juliet, 0, NULL, &result);
  wait_until_asked (&person, 1);
  settle (f);
  g_assert_null (result);
  jxs_trust_request_respond (person.request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  jxs_trust_request_respond (person.request, JXS_TRUST_LEVEL_DISTRUSTED, NULL);
  /* It counts when it is remembered. */
  g_assert_null (result);
  g_assert_cmpint (jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&result), NULL, &error),
                   ==,
                   JXS_TRUST_LEVEL_VERIFIED);
  g_assert_no_error (error);
  jxs_trust_request_respond (person.request, JXS_TRUST_LEVEL_DISTRUSTED, NULL);
  settle (f);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_APPLICATION);
}

static void
test_dropped (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .later = TRUE };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  begin (f, f->juliet, 0, NULL, &result);
  wait_until_asked (&person, 1);
  settle (f);
  g_assert_finalize_object (g_steal_pointer (&person.request));
  jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&result), NULL, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  assert_no_record (f, f->juliet, 0);
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .later = TRUE };
  g_autoptr (GCancellable) early = g_cancellable_new ();
  g_autoptr (GCancellable) late = g_cancellable_new ();
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  /* Before anybody is asked, ... */
  begin (f, f->juliet, 0, early, &first);
  g_cancellable_cancel (early);
  jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&first), NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  settle (f);
  g_assert_cmpuint (person.n_asked, ==, 0);

  /* ... and while they think: the answer then is for nothing. */
  begin (f, f->juliet, 0, late, &second);
  wait_until_asked (&person, 1);
  g_cancellable_cancel (late);
  jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&second), NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  jxs_trust_request_respond (person.request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  settle (f);
  assert_no_record (f, f->juliet, 0);
}

/* Two first contacts at once, both welcomed: the second one turns into another question. */
static void
test_race (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .later = TRUE };
  g_autoptr (JxsTrustRequest) first_request = NULL;
  g_autoptr (JxsTrustRequest) second_request = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  begin (f, f->juliet, 0, NULL, &first);
  wait_until_asked (&person, 1);
  first_request = g_object_ref (person.request);
  begin (f, f->juliet, 1, NULL, &second);
  wait_until_asked (&person, 2);
  second_request = g_object_ref (person.request);
  g_assert_cmpint (person.kind, ==, JXS_TRUST_CONTACT_FIRST);

  jxs_trust_request_respond (first_request, JXS_TRUST_LEVEL_FIRST_USE, NULL);
  jxs_trust_request_respond (second_request, JXS_TRUST_LEVEL_FIRST_USE, NULL);
  jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&first), NULL, &error);
  g_assert_no_error (error);
  wait_until_asked (&person, 3);
  g_assert_cmpint (person.kind, ==, JXS_TRUST_CONTACT_CHANGED);
  g_assert_cmpstr (jxs_trust_record_get_fingerprint (person.known), ==, f->fingerprints[0]);
  g_assert_true (person.request == second_request);
  g_assert_null (second);

  jxs_trust_request_respond (second_request, JXS_TRUST_LEVEL_UNKNOWN, NULL);
  jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&second), NULL, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_APPLICATION);
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);
}

/* A yes that cannot be remembered is none. */
static void
test_not_remembered (Fixture *f, gconstpointer data)
{
  g_auto (Person) person = { .answer = JXS_TRUST_LEVEL_VERIFIED };
  g_autofree char *reason = NULL;

  g_signal_connect (f->store, "contact", G_CALLBACK (contact_cb), &person);
  execute (f->path, "PRAGMA user_version = 99");
  reason = assert_refused (f, f->juliet, 0);
  g_assert_nonnull (strstr (reason, "cannot be remembered"));
  g_assert_nonnull (strstr (reason, "newer version"));
  execute (f->path, "PRAGMA user_version = 2");
  assert_no_record (f, f->juliet, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define CASE(name, func)                                                                           \
  g_test_add ("/security/trust-store-contact/" name, Fixture, NULL, set_up, func, tear_down)
  CASE ("accept", test_accept);
  CASE ("refuse", test_refuse);
  CASE ("unhandled", test_unhandled);
  CASE ("claim", test_claim);
  CASE ("later", test_later);
  CASE ("dropped", test_dropped);
  CASE ("cancelled", test_cancelled);
  CASE ("race", test_race);
  CASE ("not-remembered", test_not_remembered);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-stream-channel.h>
#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Two endpoints whose persons verify each other over a stream. */

/* What an endpoint was told to remember. */
#define NOTEBOOK_TYPE_TRUST (notebook_trust_get_type ())
G_DECLARE_FINAL_TYPE (NotebookTrust, notebook_trust, NOTEBOOK, TRUST, GObject)

struct _NotebookTrust
{
  GObject parent_instance;

  JxsTrustLevel level; /* of every decision */
  GString *notes;      /* (owned): a line for each key learned */
};

static void
notebook_trust_decide (JxsTrust *trust, JxsTrustRequest *request)
{
  jxs_trust_request_respond (request, NOTEBOOK_TRUST (trust)->level, NULL);
}

static void
notebook_trust_learn (JxsTrust *trust,
                      JxsJid *peer,
                      GTlsCertificate *certificate,
                      JxsTrustLevel level,
                      JxsTrustOrigin origin,
                      const char *voucher)
{
  GEnumClass *levels = g_type_class_ref (JXS_TYPE_TRUST_LEVEL);
  GEnumClass *origins = g_type_class_ref (JXS_TYPE_TRUST_ORIGIN);
  g_autoptr (GByteArray) der = NULL;
  g_autofree char *fingerprint = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  fingerprint = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der->data, der->len);
  g_string_append_printf (NOTEBOOK_TRUST (trust)->notes,
                          "%s %.8s %s %s %.8s\n",
                          jxs_jid_to_string (peer),
                          fingerprint,
                          g_enum_get_value (levels, level)->value_nick,
                          g_enum_get_value (origins, origin)->value_nick,
                          voucher != NULL ? voucher : "-");
  g_type_class_unref (levels);
  g_type_class_unref (origins);
}

static void
notebook_trust_iface_init (JxsTrustInterface *iface)
{
  iface->decide = notebook_trust_decide;
  iface->learn = notebook_trust_learn;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (NotebookTrust,
                               notebook_trust,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST, notebook_trust_iface_init))

static void
notebook_trust_finalize (GObject *object)
{
  g_string_free (NOTEBOOK_TRUST (object)->notes, TRUE);

  G_OBJECT_CLASS (notebook_trust_parent_class)->finalize (object);
}

static void
notebook_trust_class_init (NotebookTrustClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = notebook_trust_finalize;
}

static void
notebook_trust_init (NotebookTrust *self)
{
  self->level = JXS_TRUST_LEVEL_FIRST_USE;
  self->notes = g_string_new (NULL);
}

/* Romeo and Juliet with a stream between them, and what they see of its verification. */
typedef struct
{
  Pair pair;
  NotebookTrust *books[2];
  Doorman doorman;
  JxsXmlStream *streams[2];
  JxsConnection *connections[2];
  Inbox inboxes[2];
  JxsVerification *verifications[2];
  guint n_offered[2];
  JxsTrustLevel level; /* of both keys; DISTRUSTED: first use */
  gboolean deaf;       /* nobody is connected to the signal */
} Scene;

static void
verification_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
  Scene *scene = user_data;
  guint who = endpoint == scene->pair.endpoints[ROMEO] ? ROMEO : JULIET;

  g_assert_cmpint (jxs_verification_get_state (verification), ==, JXS_VERIFICATION_STATE_WAITING);
  g_assert_null (jxs_verification_get_digits (verification));
  g_assert_null (jxs_verification_get_emoji (verification));
  g_set_object (&scene->verifications[who], verification);
  scene->n_offered[who]++;
}

static void
scene_init_with (Scene *scene, JxsIdentity *identity)
{
  pair_init (&scene->pair);
  for (guint i = 0; i < 2; i++)
    {
      JxsIdentity *own = i == ROMEO && identity != NULL ? identity : scene->pair.identities[i];

      g_clear_object (&scene->pair.endpoints[i]);
      settle ();
      scene->books[i] = g_object_new (NOTEBOOK_TYPE_TRUST, NULL);
      if (scene->level != JXS_TRUST_LEVEL_DISTRUSTED)
        scene->books[i]->level = scene->level;
      scene->pair.endpoints[i] = pair_new_endpoint (JXS_CHANNEL (scene->pair.channels[i]),
                                                    own,
                                                    JXS_TRUST (scene->books[i]));
      if (!scene->deaf)
        g_signal_connect (scene->pair.endpoints[i],
                          "verification",
                          G_CALLBACK (verification_cb),
                          scene);
    }
  doorman_init (&scene->doorman, scene->pair.endpoints[JULIET]);
  scene->streams[ROMEO] = open_stream (&scene->pair, &scene->doorman);
  scene->streams[JULIET] = g_object_ref (scene->doorman.stream);
  for (guint i = 0; i < 2; i++)
    {
      inbox_init (&scene->inboxes[i], scene->streams[i]);
      scene->connections[i] = g_object_ref (
          jxs_endpoint_get_stream_connection (scene->pair.endpoints[i], scene->streams[i]));
    }
}

static void
scene_init (Scene *scene)
{
  scene_init_with (scene, NULL);
}

static void
scene_drop_stream (Scene *scene, guint who)
{
  if (scene->inboxes[who].stream != NULL && scene->streams[who] != NULL)
    g_signal_handlers_disconnect_by_data (scene->streams[who], &scene->inboxes[who]);
  scene->inboxes[who].stream = NULL;
  g_clear_object (&scene->connections[who]);
  if (who == JULIET)
    g_clear_object (&scene->doorman.stream);
  g_clear_object (&scene->streams[who]);
}

static void
scene_clear (Scene *scene)
{
  for (guint i = 0; i < 2; i++)
    {
      scene_drop_stream (scene, i);
      inbox_clear (&scene->inboxes[i]);
    }
  settle ();
  doorman_clear (&scene->doorman);
  pair_clear (&scene->pair);
  for (guint i = 0; i < 2; i++)
    {
      if (scene->verifications[i] != NULL)
        g_assert_finalize_object (scene->verifications[i]);
      g_assert_finalize_object (scene->books[i]);
    }
}

static void
begin (Scene *scene, guint who)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&scene->verifications[who]);
  scene->verifications[who] =
      jxs_endpoint_verify_stream (scene->pair.endpoints[who], scene->streams[who], &error);
  g_assert_no_error (error);
  g_assert_nonnull (scene->verifications[who]);
}

static gboolean
is_in (Scene *scene, guint who, JxsVerificationState state)
{
  return scene->verifications[who] != NULL &&
         jxs_verification_get_state (scene->verifications[who]) == state;
}

static void
wait_both (Scene *scene, JxsVerificationState state)
{
  wait_until (is_in (scene, ROMEO, state) && is_in (scene, JULIET, state));
}

static void
assert_failed (Scene *scene, guint who, GQuark domain, int code)
{
  const GError *error = jxs_verification_get_error (scene->verifications[who]);

  g_assert_cmpint (jxs_verification_get_state (scene->verifications[who]),
                   ==,
                   JXS_VERIFICATION_STATE_FAILED);
  g_assert_error (error, domain, code);
}

static void
assert_same (Scene *scene)
{
  JxsVerification *first = scene->verifications[ROMEO];
  JxsVerification *second = scene->verifications[JULIET];
  const char *const *emoji = jxs_verification_get_emoji (first);

  g_assert_cmpuint (strlen (jxs_verification_get_digits (first)), ==, 14);
  g_assert_cmpstr (jxs_verification_get_digits (first), ==, jxs_verification_get_digits (second));
  g_assert_cmpuint (g_strv_length ((char **) emoji), ==, 7);
  g_assert_true (g_strv_equal (emoji, jxs_verification_get_emoji (second)));
  g_assert_true (g_strv_equal (jxs_verification_get_emoji_names (first),
                               jxs_verification_get_emoji_names (second)));
}

/* Whether the stream still serves the application. */
static void
assert_open (Scene *scene)
{
  guint before = scene->inboxes[JULIET].bodies->len;

  send_body (scene->streams[ROMEO], "still here");
  wait_until (scene->inboxes[JULIET].bodies->len == before + 1);
  g_assert_cmpuint (scene->inboxes[ROMEO].stanzas->len, ==, 0);
}

static void
assert_notes (Scene *scene, guint who, const char *level, const char *origin)
{
  const char *fingerprint = jxs_connection_get_peer_fingerprint (scene->connections[who]);
  g_autofree char *expected = g_strdup_printf (
      "%s %.8s %s %s -\n", jxs_jid_to_string (scene->pair.jids[!who]), fingerprint, level, origin);

  g_assert_cmpstr (scene->books[who]->notes->str, ==, expected);
}

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
test_both_confirm (gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  Scene scene = { 0 };
  guint n_notified = 0;

  scene_init (&scene);
  g_assert_cmpint (jxs_connection_get_trust_level (scene.connections[who]),
                   ==,
                   JXS_TRUST_LEVEL_FIRST_USE);
  g_signal_connect (scene.connections[who],
                    "notify::trust-level",
                    G_CALLBACK (count_cb),
                    &n_notified);
  begin (&scene, who);
  g_assert_true (jxs_verification_get_stream (scene.verifications[who]) == scene.streams[who]);
  g_assert_true (jxs_jid_equal (jxs_verification_get_peer_jid (scene.verifications[who]),
                                scene.pair.jids[!who]));
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  g_assert_cmpuint (scene.n_offered[who], ==, 0);
  g_assert_cmpuint (scene.n_offered[!who], ==, 1);
  assert_same (&scene);

  jxs_verification_confirm (scene.verifications[!who]);
  g_assert_true (is_in (&scene, !who, JXS_VERIFICATION_STATE_CONFIRMED));
  jxs_verification_confirm (scene.verifications[!who]);
  settle ();
  g_assert_cmpuint (scene.books[who]->notes->len, ==, 0);
  g_assert_cmpuint (scene.books[!who]->notes->len, ==, 0);
  g_assert_cmpuint (n_notified, ==, 0);

  jxs_verification_confirm (scene.verifications[who]);
  wait_both (&scene, JXS_VERIFICATION_STATE_VERIFIED);
  g_assert_cmpuint (n_notified, ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      assert_notes (&scene, i, "verified", "short-string");
      g_assert_cmpint (jxs_connection_get_trust_level (scene.connections[i]),
                       ==,
                       JXS_TRUST_LEVEL_VERIFIED);
      g_assert_cmpint (jxs_connection_get_trust_origin (scene.connections[i]),
                       ==,
                       JXS_TRUST_ORIGIN_SHORT_STRING);
      g_assert_null (jxs_verification_get_error (scene.verifications[i]));
    }
  /* What comes later does nothing. */
  jxs_verification_reject (scene.verifications[who]);
  jxs_verification_cancel (scene.verifications[!who]);
  assert_open (&scene);
  scene_clear (&scene);
}

/* Both learn of it, take the key back and end the stream, whoever says no. */
static void
test_reject (gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  Scene scene = { 0 };

  scene_init (&scene);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  jxs_verification_confirm (scene.verifications[!who]);
  jxs_verification_reject (scene.verifications[who]);
  wait_until (scene.inboxes[ROMEO].closed && scene.inboxes[JULIET].closed);
  for (guint i = 0; i < 2; i++)
    {
      assert_failed (&scene, i, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      assert_notes (&scene, i, "unknown", "short-string");
      g_assert_error (scene.inboxes[i].error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      g_assert_cmpint (jxs_connection_get_trust_level (scene.connections[i]),
                       ==,
                       JXS_TRUST_LEVEL_UNKNOWN);
    }
  scene_clear (&scene);
}

/* Who has the verified key is nobody in the middle. */
static void
test_reject_verified (void)
{
  Scene scene = { 0 };

  scene.level = JXS_TRUST_LEVEL_VERIFIED;
  scene_init (&scene);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  jxs_verification_reject (scene.verifications[ROMEO]);
  wait_until (scene.inboxes[ROMEO].closed && scene.inboxes[JULIET].closed);
  for (guint i = 0; i < 2; i++)
    {
      assert_failed (&scene, i, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      g_assert_cmpuint (scene.books[i]->notes->len, ==, 0);
      g_assert_cmpint (jxs_connection_get_trust_level (scene.connections[i]),
                       ==,
                       JXS_TRUST_LEVEL_VERIFIED);
    }
  scene_clear (&scene);
}

/* Nothing is lost by it, and one can begin again. */
static void
test_cancel (gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  Scene scene = { 0 };

  scene_init (&scene);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  jxs_verification_confirm (scene.verifications[who]);
  jxs_verification_cancel (scene.verifications[who]);
  assert_failed (&scene, who, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wait_until (is_in (&scene, !who, JXS_VERIFICATION_STATE_FAILED));
  assert_failed (&scene, !who, JXS_ERROR, JXS_ERROR_DECLINED);
  assert_open (&scene);

  begin (&scene, JULIET);
  /* Before the peer has heard of it. */
  jxs_verification_confirm (scene.verifications[JULIET]);
  jxs_verification_reject (scene.verifications[JULIET]);
  g_assert_true (is_in (&scene, JULIET, JXS_VERIFICATION_STATE_WAITING));
  jxs_verification_cancel (scene.verifications[JULIET]);
  assert_failed (&scene, JULIET, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_open (&scene);

  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  jxs_verification_confirm (scene.verifications[ROMEO]);
  jxs_verification_confirm (scene.verifications[JULIET]);
  wait_both (&scene, JXS_VERIFICATION_STATE_VERIFIED);
  scene_clear (&scene);
}

/* Nobody hears of what the peer begins, or does not want it. */
static void
refuse_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
  g_assert_cmpint (jxs_verification_get_state (verification), ==, JXS_VERIFICATION_STATE_WAITING);
  jxs_verification_cancel (verification);
  g_assert_cmpint (jxs_verification_get_state (verification), ==, JXS_VERIFICATION_STATE_FAILED);
}

static void
test_declined (gconstpointer data)
{
  Scene scene = { .deaf = TRUE };

  scene_init (&scene);
  if (data != NULL)
    g_signal_connect (scene.pair.endpoints[JULIET], "verification", G_CALLBACK (refuse_cb), NULL);
  /* It is no guess, so it may happen any number of times. */
  for (guint i = 0; i < 2 * 3; i++)
    {
      begin (&scene, ROMEO);
      wait_until (is_in (&scene, ROMEO, JXS_VERIFICATION_STATE_FAILED));
      assert_failed (&scene, ROMEO, JXS_ERROR, JXS_ERROR_DECLINED);
    }
  assert_open (&scene);
  scene_clear (&scene);
}

/* Both begin before either has heard of the other: one verification for both. */
static void
test_both_begin (void)
{
  Scene scene = { 0 };

  scene_init (&scene);
  begin (&scene, ROMEO);
  begin (&scene, JULIET);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  assert_same (&scene);
  g_assert_cmpuint (scene.n_offered[ROMEO] + scene.n_offered[JULIET], ==, 0);
  jxs_verification_confirm (scene.verifications[ROMEO]);
  jxs_verification_confirm (scene.verifications[JULIET]);
  wait_both (&scene, JXS_VERIFICATION_STATE_VERIFIED);
  /* The refusal of Juliet's begin is nobody's business. */
  assert_open (&scene);
  scene_clear (&scene);
}

static void
assert_cannot_begin (Scene *scene, guint who, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      jxs_endpoint_verify_stream (scene->pair.endpoints[who], scene->streams[who], &error));
  g_assert_error (error, JXS_ERROR, code);
}

static void
test_refused_begin (void)
{
  g_autoptr (GError) error = NULL;
  Scene scene = { 0 };

  scene_init (&scene);
  g_assert_null (
      jxs_endpoint_verify_stream (scene.pair.endpoints[ROMEO], scene.streams[JULIET], &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  begin (&scene, ROMEO);
  assert_cannot_begin (&scene, ROMEO, JXS_ERROR_BUSY);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  assert_cannot_begin (&scene, ROMEO, JXS_ERROR_BUSY);
  assert_cannot_begin (&scene, JULIET, JXS_ERROR_BUSY);
  close_stream (scene.streams[ROMEO]);
  wait_until (scene.inboxes[ROMEO].closed && scene.inboxes[JULIET].closed);
  assert_failed (&scene, ROMEO, JXS_ERROR, JXS_ERROR_CLOSED);
  assert_failed (&scene, JULIET, JXS_ERROR, JXS_ERROR_CLOSED);
  assert_cannot_begin (&scene, ROMEO, JXS_ERROR_CLOSED);
  assert_cannot_begin (&scene, JULIET, JXS_ERROR_CLOSED);
  scene_clear (&scene);
}

/* Whoever sits in the middle has three guesses and no more. */
static void
test_three_guesses (void)
{
  Scene scene = { 0 };

  scene_init (&scene);
  for (guint i = 0; i < 3; i++)
    {
      assert_open (&scene);
      begin (&scene, i % 2);
      wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
      jxs_verification_cancel (scene.verifications[JULIET]);
      wait_both (&scene, JXS_VERIFICATION_STATE_FAILED);
    }
  wait_until (scene.inboxes[ROMEO].closed && scene.inboxes[JULIET].closed);
  g_assert_error (scene.inboxes[JULIET].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_cannot_begin (&scene, ROMEO, JXS_ERROR_CLOSED);
  scene_clear (&scene);
}

/* Persons have ten minutes. */
static void
test_time_out (void)
{
  Scene scene = { 0 };

  jxs_clock_use_fake (0);
  scene_init (&scene);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  /* Until nothing is on its way. */
  send_body (scene.streams[JULIET], "Art thou ready?");
  wait_until (scene.inboxes[ROMEO].bodies->len == 1);
  g_ptr_array_set_size (scene.inboxes[ROMEO].stanzas, 0);
  jxs_clock_advance (599 * G_USEC_PER_SEC);
  settle ();
  jxs_verification_confirm (scene.verifications[ROMEO]);
  assert_open (&scene);
  g_assert_true (is_in (&scene, ROMEO, JXS_VERIFICATION_STATE_CONFIRMED));
  g_assert_true (is_in (&scene, JULIET, JXS_VERIFICATION_STATE_COMPARING));
  jxs_clock_advance (2 * G_USEC_PER_SEC);
  wait_both (&scene, JXS_VERIFICATION_STATE_FAILED);
  assert_failed (&scene, ROMEO, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  assert_failed (&scene, JULIET, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  assert_open (&scene);
  hurry_start ();
  scene_clear (&scene);
  hurry_stop ();
  jxs_clock_use_real ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/endpoint/verification/opener-begins",
                        GUINT_TO_POINTER (ROMEO),
                        test_both_confirm);
  g_test_add_data_func ("/endpoint/verification/accepter-begins",
                        GUINT_TO_POINTER (JULIET),
                        test_both_confirm);
  g_test_add_data_func ("/endpoint/verification/opener-rejects",
                        GUINT_TO_POINTER (ROMEO),
                        test_reject);
  g_test_add_data_func ("/endpoint/verification/accepter-rejects",
                        GUINT_TO_POINTER (JULIET),
                        test_reject);
  g_test_add_func ("/endpoint/verification/reject-verified", test_reject_verified);
  g_test_add_data_func ("/endpoint/verification/opener-cancels",
                        GUINT_TO_POINTER (ROMEO),
                        test_cancel);
  g_test_add_data_func ("/endpoint/verification/accepter-cancels",
                        GUINT_TO_POINTER (JULIET),
                        test_cancel);
  g_test_add_data_func ("/endpoint/verification/nobody-is-there", NULL, test_declined);
  g_test_add_data_func ("/endpoint/verification/declined", "yes", test_declined);
  g_test_add_func ("/endpoint/verification/both-begin", test_both_begin);
  g_test_add_func ("/endpoint/verification/refused-begin", test_refused_begin);
  g_test_add_func ("/endpoint/verification/three-guesses", test_three_guesses);
  g_test_add_func ("/endpoint/verification/time-out", test_time_out);
  return g_test_run ();
}

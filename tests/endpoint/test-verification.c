/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "two-persons.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-stream-channel.h>
#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Two endpoints whose persons verify each other over a stream. */

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

/* ---- what else may happen ---- */

static void
use_starttls (Scene *scene)
{
  jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (scene->pair.endpoints[ROMEO]),
                                   JXS_SECURITY_METHODS_STARTTLS);
}

/* It does not matter how TLS came to be there. */
static void
test_starttls (void)
{
  Scene scene = { .prepare = use_starttls };

  scene_init (&scene);
  g_assert_cmpstr (jxs_connection_get_security_method (scene.connections[ROMEO]), ==, "starttls");
  begin (&scene, JULIET);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  assert_same (&scene);
  jxs_verification_confirm (scene.verifications[ROMEO]);
  jxs_verification_confirm (scene.verifications[JULIET]);
  wait_both (&scene, JXS_VERIFICATION_STATE_VERIFIED);
  assert_notes (&scene, ROMEO, "verified", "short-string");
  scene_clear (&scene);
}

/* Two streams between the same two are two things to verify. */
static void
test_two_streams (void)
{
  Scene first = { 0 };
  Scene second = { 0 };

  scene_init (&first);
  begin (&first, ROMEO);
  wait_both (&first, JXS_VERIFICATION_STATE_COMPARING);
  scene_init (&second);
  begin (&second, ROMEO);
  wait_both (&second, JXS_VERIFICATION_STATE_COMPARING);
  g_assert_cmpstr (jxs_verification_get_digits (first.verifications[ROMEO]),
                   !=,
                   jxs_verification_get_digits (second.verifications[ROMEO]));
  scene_clear (&second);
  scene_clear (&first);
}

/* Somebody lets go of the stream, or of the endpoint. */
static void
test_dropped (gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  Scene scene = { 0 };

  scene_init (&scene);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  scene_drop_stream (&scene, who);
  /* From the main loop: whoever drops it may be a garbage collector. */
  g_assert_true (is_in (&scene, who, JXS_VERIFICATION_STATE_COMPARING));
  g_assert_null (jxs_verification_get_stream (scene.verifications[who]));
  jxs_verification_confirm (scene.verifications[who]);
  wait_both (&scene, JXS_VERIFICATION_STATE_FAILED);
  assert_failed (&scene, who, JXS_ERROR, JXS_ERROR_CLOSED);
  g_assert_nonnull (jxs_verification_get_error (scene.verifications[!who]));
  g_assert_cmpuint (scene.books[who]->notes->len + scene.books[!who]->notes->len, ==, 0);
  scene_clear (&scene);
}

static void
test_endpoint_disposed (gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  Scene scene = { 0 };

  scene_init (&scene);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  g_object_run_dispose (G_OBJECT (scene.pair.endpoints[who]));
  wait_both (&scene, JXS_VERIFICATION_STATE_FAILED);
  scene_clear (&scene);
}

/* Whoever hears of something may end everything at once. */
typedef enum
{
  DROP_STREAM,
  DISPOSE_ENDPOINT,
  CLOSE_STREAM,
  N_DEEDS,
} Deed;

typedef struct
{
  Scene *scene;
  Deed deed;
  JxsVerificationState state; /* when */
  guint n_done;
} Saboteur;

static void
sabotage (Saboteur *saboteur)
{
  Scene *scene = saboteur->scene;

  if (saboteur->n_done++ > 0)
    return;
  switch (saboteur->deed)
    {
    case DROP_STREAM:
      scene_drop_stream (scene, JULIET);
      break;
    case DISPOSE_ENDPOINT:
      g_object_run_dispose (G_OBJECT (scene->pair.endpoints[JULIET]));
      break;
    case CLOSE_STREAM:
    case N_DEEDS:
    default:
      jxs_xml_stream_close_async (scene->streams[JULIET], G_PRIORITY_DEFAULT, NULL, NULL, NULL);
      break;
    }
}

static void
state_cb (JxsVerification *verification, GParamSpec *pspec, gpointer user_data)
{
  Saboteur *saboteur = user_data;

  if (jxs_verification_get_state (verification) == saboteur->state)
    sabotage (saboteur);
}

static void
sabotaged_offer_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
  Saboteur *saboteur = user_data;

  if (saboteur->state == JXS_VERIFICATION_STATE_WAITING)
    sabotage (saboteur);
  else
    g_signal_connect (verification, "notify::state", G_CALLBACK (state_cb), saboteur);
}

static void
test_sabotage (void)
{
  for (Deed deed = 0; deed < N_DEEDS; deed++)
    for (JxsVerificationState state = JXS_VERIFICATION_STATE_WAITING;
         state <= JXS_VERIFICATION_STATE_FAILED;
         state++)
      {
        Scene scene = { 0 };
        Saboteur saboteur = { &scene, deed, state, 0 };

        g_test_message ("deed %d in state %d", deed, state);
        scene_init (&scene);
        g_signal_connect (scene.pair.endpoints[JULIET],
                          "verification",
                          G_CALLBACK (sabotaged_offer_cb),
                          &saboteur);
        begin (&scene, ROMEO);
        while (saboteur.n_done == 0)
          {
            if (state != JXS_VERIFICATION_STATE_CONFIRMED &&
                is_in (&scene, ROMEO, JXS_VERIFICATION_STATE_COMPARING))
              jxs_verification_confirm (scene.verifications[ROMEO]);
            if (is_in (&scene, JULIET, JXS_VERIFICATION_STATE_COMPARING))
              {
                if (state == JXS_VERIFICATION_STATE_FAILED)
                  jxs_verification_reject (scene.verifications[JULIET]);
                else
                  jxs_verification_confirm (scene.verifications[JULIET]);
              }
            if (saboteur.n_done == 0)
              g_main_context_iteration (NULL, TRUE);
          }
        wait_until (jxs_verification_get_state (scene.verifications[ROMEO]) >=
                    JXS_VERIFICATION_STATE_VERIFIED);
        wait_until (jxs_verification_get_state (scene.verifications[JULIET]) >=
                    JXS_VERIFICATION_STATE_VERIFIED);
        scene_clear (&scene);
      }
}

static void
level_cb (JxsConnection *connection, GParamSpec *pspec, gpointer user_data)
{
  sabotage (user_data);
}

/* The same when the verdict is told, before the verification itself is over. */
static void
test_sabotage_level (void)
{
  for (Deed deed = 0; deed < N_DEEDS; deed++)
    for (gboolean reject = FALSE; reject <= TRUE; reject++)
      {
        Scene scene = { 0 };
        Saboteur saboteur = { &scene, deed, JXS_VERIFICATION_STATE_VERIFIED, 0 };

        g_test_message ("deed %d, %s", deed, reject ? "rejected" : "verified");
        scene_init (&scene);
        g_signal_connect (scene.connections[JULIET],
                          "notify::trust-level",
                          G_CALLBACK (level_cb),
                          &saboteur);
        begin (&scene, ROMEO);
        wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
        jxs_verification_confirm (scene.verifications[ROMEO]);
        if (reject)
          jxs_verification_reject (scene.verifications[JULIET]);
        else
          jxs_verification_confirm (scene.verifications[JULIET]);
        wait_until (saboteur.n_done > 0);
        wait_both (&scene,
                   reject ? JXS_VERIFICATION_STATE_FAILED : JXS_VERIFICATION_STATE_VERIFIED);
        scene_clear (&scene);
      }
}

/* Makes the endpoints anew, without encryption. */
static void
undress (Scene *scene)
{
  doorman_clear (&scene->doorman);
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&scene->pair.endpoints[i]);
      settle ();
      scene->pair.endpoints[i] =
          pair_new_endpoint (JXS_CHANNEL (scene->pair.channels[i]), NULL, NULL);
      jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (
                                                      scene->pair.endpoints[i]),
                                                  FALSE);
    }
  doorman_init (&scene->doorman, scene->pair.endpoints[JULIET]);
}

static void
test_plain (void)
{
  Scene scene = { .prepare = undress };

  scene_init (&scene);
  g_assert_null (jxs_connection_get_tls_connection (scene.connections[ROMEO]));
  assert_cannot_begin (&scene, ROMEO, JXS_ERROR_NOT_SUPPORTED);
  assert_cannot_begin (&scene, JULIET, JXS_ERROR_NOT_SUPPORTED);
  assert_open (&scene);
  scene_clear (&scene);
}

/* The application may signal over the same stream, and never sees what is between the endpoints. */
static void
test_beside_stream_channel (void)
{
  JxsStreamChannel *channels[2] = { NULL, NULL };
  JxsEndpoint *inner[2] = { NULL, NULL };
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  Doorman doorman;
  Scene scene = { 0 };

  scene_init (&scene);
  for (guint i = 0; i < 2; i++)
    {
      g_signal_handlers_disconnect_by_data (scene.streams[i], &scene.inboxes[i]);
      scene.inboxes[i].stream = NULL;
      channels[i] = jxs_stream_channel_new (scene.streams[i]);
      inner[i] = pair_new_endpoint (JXS_CHANNEL (channels[i]),
                                    scene.pair.identities[i],
                                    JXS_TRUST (scene.pair.trusts[i]));
    }
  doorman_init (&doorman, inner[JULIET]);
  begin (&scene, JULIET);
  jxs_endpoint_open_stream_async (
      inner[ROMEO], scene.pair.jids[JULIET], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  stream = jxs_endpoint_open_stream_finish (inner[ROMEO], result, &error);
  g_assert_no_error (error);
  wait_until (doorman.stream != NULL);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  assert_same (&scene);

  /* The stream inside has its own. */
  g_assert_null (jxs_endpoint_verify_stream (scene.pair.endpoints[ROMEO], stream, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  jxs_verification_confirm (scene.verifications[ROMEO]);
  jxs_verification_confirm (scene.verifications[JULIET]);
  wait_both (&scene, JXS_VERIFICATION_STATE_VERIFIED);
  close_stream (stream);
  g_clear_object (&stream);
  g_clear_object (&result);
  doorman_clear (&doorman);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&inner[i]);
  settle ();
  for (guint i = 0; i < 2; i++)
    g_clear_object (&channels[i]);
  scene_clear (&scene);
}

static void
look_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
}

/* Who was found out does not come back as somebody new. */
static void
test_rejected_for_good (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (JxsVerification) verification = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  g_signal_connect (pair.endpoints[JULIET], "verification", G_CALLBACK (look_cb), NULL);
  stream = open_stream (&pair, &doorman);
  verification = jxs_endpoint_verify_stream (pair.endpoints[ROMEO], stream, &error);
  g_assert_no_error (error);
  wait_until (jxs_verification_get_state (verification) == JXS_VERIFICATION_STATE_COMPARING);
  jxs_verification_reject (verification);
  g_clear_object (&stream);
  for (guint i = 0; i < 2; i++)
    {
      jxs_endpoint_open_stream_async (
          pair.endpoints[ROMEO], pair.jids[JULIET], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
      result = reply_wait (&reply);
      stream = jxs_endpoint_open_stream_finish (pair.endpoints[ROMEO], result, &error);
      g_clear_object (&result);
      if (i == 0)
        {
          g_assert_null (stream);
          g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
          g_assert_nonnull (strstr (error->message, "different"));
          g_clear_error (&error);
        }
      /* Unless a person decides so. */
      jxs_memory_trust_forget (pair.trusts[ROMEO], pair.jids[JULIET]);
      jxs_memory_trust_forget (pair.trusts[JULIET], pair.jids[ROMEO]);
    }
  g_assert_no_error (error);
  g_assert_nonnull (stream);
  g_clear_object (&stream);
  g_clear_object (&verification);
  doorman_clear (&doorman);
  pair_clear (&pair);
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
  g_test_add_func ("/endpoint/verification/starttls", test_starttls);
  g_test_add_func ("/endpoint/verification/two-streams", test_two_streams);
  g_test_add_data_func ("/endpoint/verification/opener-drops",
                        GUINT_TO_POINTER (ROMEO),
                        test_dropped);
  g_test_add_data_func ("/endpoint/verification/accepter-drops",
                        GUINT_TO_POINTER (JULIET),
                        test_dropped);
  g_test_add_data_func ("/endpoint/verification/opener-disposed",
                        GUINT_TO_POINTER (ROMEO),
                        test_endpoint_disposed);
  g_test_add_data_func ("/endpoint/verification/accepter-disposed",
                        GUINT_TO_POINTER (JULIET),
                        test_endpoint_disposed);
  g_test_add_func ("/endpoint/verification/sabotage", test_sabotage);
  g_test_add_func ("/endpoint/verification/sabotage-level", test_sabotage_level);
  g_test_add_func ("/endpoint/verification/plain", test_plain);
  g_test_add_func ("/endpoint/verification/beside-stream-channel", test_beside_stream_channel);
  g_test_add_func ("/endpoint/verification/rejected-for-good", test_rejected_for_good);
  return g_test_run ();
}

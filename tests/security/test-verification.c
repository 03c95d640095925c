/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "verifier-scene.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

/* Verifications, step by step. */

/* ---- we begin ---- */

static void
test_begin (void)
{
  g_autofree char *id = NULL;
  g_autofree char *digits = NULL;
  Scene scene = { 0 };

  scene_init (&scene, JXS_SAS_INITIATOR);
  begin (&scene);
  expect (&scene, "</commit></iq>");
  expect (&scene, "to='juliet@capulet.lit/balcony'");
  id = find_attribute (&scene, "<commit", " id");
  answer_commit (&scene);
  expect (&scene, "</reveal></iq>");
  wait_state (&scene, JXS_VERIFICATION_STATE_COMPARING);
  digits = g_strdup (jxs_verification_get_digits (scene.verification));
  g_assert_nonnull (digits);
  say_result (&scene, "reveal", "");
  jxs_verification_confirm (scene.verification);
  expect (&scene, "<confirm");
  say_result (&scene, "confirm", "");
  g_assert_cmpint (get_state (&scene), ==, JXS_VERIFICATION_STATE_CONFIRMED);
  g_assert_cmpuint (scene.n_verified, ==, 0);
  say_word (&scene, "confirm", id);
  expect (&scene, "type='result'");
  wait_state (&scene, JXS_VERIFICATION_STATE_VERIFIED);
  g_assert_cmpuint (scene.n_verified, ==, 1);
  g_assert_cmpstr (jxs_verification_get_digits (scene.verification), ==, digits);
  /* Late. */
  say_word (&scene, "reject", id);
  expect (&scene, "item-not-found");
  g_assert_cmpint (get_state (&scene), ==, JXS_VERIFICATION_STATE_VERIFIED);
  g_assert_null (scene.end);
  scene_clear (&scene);
}

/* What the peer answers our commitment with. */
static void
test_bad_answers (void)
{
  static const char *const answers[] = {
    "",
    "<nonce " NS "/>",
    "<nonce " NS " id='%s'/>",
    "<nonce " NS " id='%s'>AAAA</nonce>",
    "<nonce " NS " id='another'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</nonce>",
    "<nonce xmlns='urn:example:other' "
    "id='%s'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</nonce>",
    "<reveal " NS " id='%s'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</reveal>",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *id = NULL;
      g_auto (GStrv) parts = g_strsplit (answers[i], "%s", 2);
      g_autofree char *payload = NULL;
      Scene scene = { 0 };

      scene_init (&scene, JXS_SAS_RESPONDER);
      begin (&scene);
      expect (&scene, "</commit></iq>");
      id = find_attribute (&scene, "<commit", " id");
      payload = g_strjoinv (id, parts);
      say_result (&scene, "commit", payload);
      assert_failed (&scene, JXS_ERROR, JXS_ERROR_PROTOCOL);
      expect (&scene, "<cancel");
      g_assert_null (strstr (scene.raw->received->str, "timeout"));
      g_assert_null (scene.end);
      scene_clear (&scene);
    }
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *condition;
    gboolean ours;
    int code;
  } refusals[] = {
    { "service-unavailable", TRUE, JXS_ERROR_NOT_SUPPORTED },
    { "feature-not-implemented", TRUE, JXS_ERROR_NOT_SUPPORTED },
    { "not-allowed", TRUE, JXS_ERROR_DECLINED },
    /* Not ours to say: we are the initiator, our begin counts. */
    { "conflict", FALSE, JXS_STANZA_ERROR_CONFLICT },
    { "resource-constraint", FALSE, JXS_STANZA_ERROR_RESOURCE_CONSTRAINT },
    /* What we committed to or revealed does not fit what the peer sees. */
    { "not-acceptable", TRUE, JXS_ERROR_SECURITY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      Scene scene = { 0 };

      scene_init (&scene, JXS_SAS_INITIATOR);
      begin (&scene);
      expect (&scene, "</commit></iq>");
      say_error (&scene, "<commit", refusals[i].condition);
      assert_failed (&scene, refusals[i].ours ? JXS_ERROR : JXS_STANZA_ERROR, refusals[i].code);
      scene_clear (&scene);
    }
}

/* The peer's software has half a minute for each step; what comes later does nothing and reaches
 * nobody. */
static void
test_silence (void)
{
  g_autofree char *iq = NULL;
  g_autofree char *id = NULL;
  Scene scene = { 0 };

  jxs_clock_use_fake (0);
  scene_init (&scene, JXS_SAS_INITIATOR);
  begin (&scene);
  expect (&scene, "</commit></iq>");
  iq = find_attribute (&scene, "<iq", " id");
  id = find_attribute (&scene, "<commit", " id");
  jxs_clock_advance (29 * G_USEC_PER_SEC);
  iterate_all ();
  g_assert_cmpint (get_state (&scene), ==, JXS_VERIFICATION_STATE_WAITING);
  jxs_clock_advance (G_USEC_PER_SEC);
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  expect (&scene, "reason='timeout'");
  say (&scene,
       "<iq type='result' id='%s'><nonce " NS
       " id='%s'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</nonce></iq>"
       "<iq type='result' id='%s'/>",
       iq,
       id,
       iq);
  iterate_all ();
  jxs_clock_advance (60 * G_USEC_PER_SEC);
  iterate_all ();
  g_assert_null (jxs_verification_get_digits (scene.verification));

  /* The other way round. */
  say_commit (&scene, "late");
  expect (&scene, "</nonce></iq>");
  g_assert_cmpuint (scene.n_offered, ==, 1);
  g_assert_cmpint (get_state (&scene), ==, JXS_VERIFICATION_STATE_WAITING);
  jxs_clock_advance (30 * G_USEC_PER_SEC);
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  expect (&scene, "reason='timeout'");
  say_reveal (&scene, "late");
  expect (&scene, "item-not-found");
  g_assert_null (scene.end);
  scene_clear (&scene);
  jxs_clock_use_real ();
}

/* Two persons have ten minutes from when the first of them sees the string. */
static void
test_idle_persons (void)
{
  Scene scene = { 0 };

  jxs_clock_use_fake (0);
  scene_init (&scene, JXS_SAS_INITIATOR);
  say_commit (&scene, "p");
  expect (&scene, "</nonce></iq>");
  say_reveal (&scene, "p");
  wait_state (&scene, JXS_VERIFICATION_STATE_COMPARING);
  jxs_clock_advance (599 * G_USEC_PER_SEC);
  iterate_all ();
  /* The other's answer gives no more time. */
  say_word (&scene, "confirm", "p");
  expect (&scene, "type='result'");
  g_assert_cmpint (get_state (&scene), ==, JXS_VERIFICATION_STATE_COMPARING);
  jxs_clock_advance (2 * G_USEC_PER_SEC);
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  scene_clear (&scene);
  jxs_clock_use_real ();
}

/* ---- the peer begins ---- */

static void
test_offered (void)
{
  Scene scene = { 0 };
  guint8 ours[JXS_SAS_SIZE];
  gsize length = 0;
  g_autofree guint8 *decoded = NULL;
  const char *start, *end;
  g_autofree char *text = NULL;
  JxsSasString string;

  scene_init (&scene, JXS_SAS_RESPONDER);
  say_commit (&scene, "v1");
  expect (&scene, "</nonce></iq>");
  expect (&scene, "id='c'");
  start = strchr (strstr (scene.raw->received->str, "<nonce"), '>') + 1;
  end = strchr (start, '<');
  text = g_strndup (start, end - start);
  decoded = g_base64_decode (text, &length);
  g_assert_cmpuint (length, ==, JXS_SAS_SIZE);
  memcpy (ours, decoded, JXS_SAS_SIZE);
  say_reveal (&scene, "v1");
  wait_state (&scene, JXS_VERIFICATION_STATE_COMPARING);
  /* The peer, who can do it as well, sees the same. */
  jxs_sas_derive (&scene.binding, scene.nonce, ours, &string);
  g_assert_cmpstr (jxs_verification_get_digits (scene.verification), ==, string.digits);
  say_word (&scene, "confirm", "v1");
  expect (&scene, "type='result'");
  jxs_verification_confirm (scene.verification);
  expect (&scene, "<confirm");
  g_assert_cmpint (get_state (&scene), ==, JXS_VERIFICATION_STATE_VERIFIED);
  g_assert_cmpuint (scene.n_verified, ==, 1);
  scene_clear (&scene);
}

/* Requests at the wrong time, and wrong requests: each has its error, and ends what is under way.
 */
typedef struct
{
  const char *before; /* what went well: c: commit, r: reveal, y: the yes of the peer */
  const char *request;
  const char *condition;
  gboolean fails;
} Wrong;

static void
test_wrong_requests (void)
{
  static const Wrong wrongs[] = {
    { "", "<iq type='set' id='x'><commit " NS " id='v1'>AAAA</commit></iq>", "bad-request", FALSE },
    { "", "<iq type='set' id='x'><commit " NS ">" BYTES "</commit></iq>", "bad-request", FALSE },
    { "",
      "<iq type='get' id='x'><commit " NS " id='v1'>" BYTES "</commit></iq>",
      "bad-request",
      FALSE },
    { "",
      "<iq type='set' id='x'><nonce " NS " id='v1'>" BYTES "</nonce></iq>",
      "bad-request",
      FALSE },
    { "", "<iq type='set' id='x'><dance " NS " id='v1'/></iq>", "bad-request", FALSE },
    { "",
      "<iq type='set' id='x'><reveal " NS " id='v1'>" BYTES "</reveal></iq>",
      "item-not-found",
      FALSE },
    { "", "<iq type='set' id='x'><confirm " NS " id='v1'/></iq>", "item-not-found", FALSE },
    { "", "<iq type='set' id='x'><reject " NS " id='v1'/></iq>", "item-not-found", FALSE },
    { "", "<iq type='set' id='x'><cancel " NS " id='v1'/></iq>", "item-not-found", FALSE },
    { "c", "<iq type='set' id='x'><confirm " NS " id='v1'/></iq>", "unexpected-request", TRUE },
    { "c", "<iq type='set' id='x'><reject " NS " id='v1'/></iq>", "unexpected-request", TRUE },
    { "c",
      "<iq type='set' id='x'><commit " NS " id='v2'>" BYTES "</commit></iq>",
      "unexpected-request",
      TRUE },
    { "c", "<iq type='set' id='x'><confirm " NS " id='v0'/></iq>", "item-not-found", FALSE },
    { "c",
      "<iq type='set' id='x'><reveal " NS " id='v0'>" BYTES "</reveal></iq>",
      "item-not-found",
      FALSE },
    { "c", "<iq type='set' id='x'><reveal " NS " id='v1'>AAAA</reveal></iq>", "bad-request", TRUE },
    { "c", "<iq type='get' id='x'><confirm " NS " id='v1'/></iq>", "bad-request", TRUE },
    { "cr",
      "<iq type='set' id='x'><commit " NS " id='v1'>" BYTES "</commit></iq>",
      "unexpected-request",
      TRUE },
    { "cr",
      "<iq type='set' id='x'><reveal " NS " id='v1'>" BYTES "</reveal></iq>",
      "unexpected-request",
      TRUE },
    { "cr", "<iq type='set' id='x'><confirm " NS "/></iq>", "bad-request", TRUE },
    { "cry", "<iq type='set' id='x'><confirm " NS " id='v1'/></iq>", "unexpected-request", TRUE },
    { "cry", "<iq type='set' id='x'><cancel " NS " id='v0'/></iq>", "item-not-found", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (wrongs); i++)
    {
      Scene scene = { 0 };

      scene_init (&scene, i % 2);
      for (const char *step = wrongs[i].before; *step != '\0'; step++)
        {
          if (*step == 'c')
            say_commit (&scene, "v1");
          else if (*step == 'r')
            say_reveal (&scene, "v1");
          else
            say_word (&scene, "confirm", "v1");
          expect (&scene, "type='result'");
        }
      say (&scene, "%s", wrongs[i].request);
      expect (&scene, "type='error'");
      expect (&scene, wrongs[i].condition);
      expect (&scene, "</iq>");
      if (wrongs[i].fails)
        assert_failed (&scene, JXS_ERROR, JXS_ERROR_PROTOCOL);
      else if (scene.verification != NULL)
        g_assert_cmpint (get_state (&scene), !=, JXS_VERIFICATION_STATE_FAILED);
      g_assert_cmpuint (scene.n_verified + scene.n_rejected, ==, 0);
      g_assert_null (scene.end);
      scene_clear (&scene);
    }
}

/* Who reveals something else than it had committed to is caught. */
static void
test_lie (void)
{
  Scene scene = { 0 };

  scene_init (&scene, JXS_SAS_RESPONDER);
  say_commit (&scene, "v1");
  expect (&scene, "</nonce></iq>");
  scene.nonce[31] ^= 1;
  say_reveal (&scene, "v1");
  expect (&scene, "not-acceptable");
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_null (jxs_verification_get_digits (scene.verification));
  g_assert_error (scene.end, JXS_ERROR, JXS_ERROR_SECURITY);
  say_commit (&scene, "v2");
  expect (&scene, "type='error'");
  scene_clear (&scene);
}

/* A person says no, at either side. */
static void
test_reject (gconstpointer data)
{
  Scene scene = { 0 };

  scene_init (&scene, JXS_SAS_INITIATOR);
  say_commit (&scene, "v1");
  expect (&scene, "</nonce></iq>");
  say_reveal (&scene, "v1");
  wait_state (&scene, JXS_VERIFICATION_STATE_COMPARING);
  if (data != NULL)
    {
      jxs_verification_reject (scene.verification);
      expect (&scene, "<reject");
    }
  else
    {
      say_word (&scene, "reject", "v1");
      expect (&scene, "type='result'");
    }
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_error (scene.end, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_cmpuint (scene.n_rejected, ==, 1);
  g_assert_cmpuint (scene.n_verified, ==, 0);
  scene_clear (&scene);
}

/* Why the peer cancels is told. */
static void
test_they_cancel (void)
{
  Scene scene = { 0 };

  scene_init (&scene, JXS_SAS_INITIATOR);
  say_commit (&scene, "v1");
  expect (&scene, "</nonce></iq>");
  say_word (&scene, "cancel", "v1");
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_DECLINED);
  say_commit (&scene, "v2");
  expect (&scene, "</nonce></iq>");
  say (&scene, "<iq type='set' id='x'><cancel " NS " id='v2' reason='timeout'/></iq>");
  expect (&scene, "type='result'");
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  scene_clear (&scene);
}

static void
test_not_wanted (gconstpointer data)
{
  Scene scene = { 0 };

  scene_init (&scene, JXS_SAS_INITIATOR);
  *(gboolean *) ((char *) &scene + GPOINTER_TO_SIZE (data)) = TRUE;
  say_commit (&scene, "v1");
  if (scene.close)
    wait_state (&scene, JXS_VERIFICATION_STATE_FAILED);
  else
    expect (&scene, "not-allowed");
  g_assert_cmpuint (scene.n_offered, ==, 1);
  assert_failed (&scene,
                 scene.close ? JXS_ERROR : G_IO_ERROR,
                 scene.close ? JXS_ERROR_CLOSED : G_IO_ERROR_CANCELLED);
  g_assert_false (jxs_verifier_is_busy (scene.verifier));
  scene_clear (&scene);
}

/* A stream without certificates on both sides. */
static void
test_not_possible (void)
{
  g_autoptr (GError) error = NULL;
  Scene scene = { 0 };

  scene_init_with (&scene, JXS_SAS_INITIATOR, FALSE);
  g_assert_null (jxs_verifier_begin (scene.verifier, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
  say_commit (&scene, "v1");
  expect (&scene, "not-acceptable");
  g_assert_cmpuint (scene.n_offered, ==, 0);
  scene_clear (&scene);
}

/* ---- both begin ---- */

static void
test_tie (void)
{
  g_autofree char *ours = NULL;
  g_autofree char *iq = NULL;
  Scene scene = { 0 };

  /* We opened the stream: theirs is refused, and changes nothing. */
  scene_init (&scene, JXS_SAS_INITIATOR);
  begin (&scene);
  expect (&scene, "</commit></iq>");
  ours = g_strdup (scene.raw->received->str);
  say_commit (&scene, "theirs");
  expect (&scene, "conflict");
  g_string_assign (scene.raw->received, ours);
  answer_commit (&scene);
  wait_state (&scene, JXS_VERIFICATION_STATE_COMPARING);
  g_assert_cmpuint (scene.n_offered, ==, 0);
  scene_clear (&scene);

  /* They did: ours is void, even if they answer it. */
  scene = (Scene){ 0 };
  scene_init (&scene, JXS_SAS_RESPONDER);
  begin (&scene);
  expect (&scene, "</commit></iq>");
  iq = find_attribute (&scene, "<iq", " id");
  say_commit (&scene, "theirs");
  expect (&scene, "</nonce></iq>");
  say (&scene, "<iq type='result' id='%s'><nonce " NS " id='theirs'>" BYTES "</nonce></iq>", iq);
  iterate_all ();
  g_assert_cmpint (get_state (&scene), ==, JXS_VERIFICATION_STATE_WAITING);
  say_reveal (&scene, "theirs");
  wait_state (&scene, JXS_VERIFICATION_STATE_COMPARING);
  g_assert_cmpuint (scene.n_offered, ==, 0);
  jxs_verification_confirm (scene.verification);
  expect (&scene, "<confirm");
  expect (&scene, "id='theirs'");
  scene_clear (&scene);
}

/* ---- the end ---- */

static void
test_close (void)
{
  g_autoptr (GError) reason =
      g_error_new_literal (JXS_ERROR, JXS_ERROR_TRUNCATED, "The peer is gone");
  g_autoptr (GError) error = NULL;
  Scene scene = { 0 };

  scene_init (&scene, JXS_SAS_INITIATOR);
  begin (&scene);
  expect (&scene, "</commit></iq>");
  jxs_verifier_close (scene.verifier, reason);
  assert_failed (&scene, JXS_ERROR, JXS_ERROR_TRUNCATED);
  g_assert_null (jxs_verifier_begin (scene.verifier, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  jxs_verification_cancel (scene.verification);
  jxs_verifier_close (scene.verifier, NULL);
  scene_clear (&scene);
}

/* Somebody who hears of a state acts at once. */
static void
act_cb (JxsVerification *verification, GParamSpec *pspec, gpointer user_data)
{
  void (*act) (JxsVerification *) = user_data;

  if (jxs_verification_get_digits (verification) != NULL)
    act (verification);
}

static void
test_act_at_once (void)
{
  static void (*const acts[]) (JxsVerification *) = {
    jxs_verification_confirm,
    jxs_verification_reject,
    jxs_verification_cancel,
  };
  static const char *const words[] = { "<confirm", "<reject", "<cancel" };
  static const char *const properties[] = { "notify::state", "notify::digits", "notify::emoji" };

  for (gsize i = 0; i < G_N_ELEMENTS (acts); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (properties); j++)
      {
        Scene scene = { 0 };

        scene_init (&scene, JXS_SAS_RESPONDER);
        begin (&scene);
        g_signal_connect (scene.verification, properties[j], G_CALLBACK (act_cb), acts[i]);
        answer_commit (&scene);
        expect (&scene, words[i]);
        g_assert_cmpint (get_state (&scene),
                         ==,
                         i == 0 ? JXS_VERIFICATION_STATE_CONFIRMED : JXS_VERIFICATION_STATE_FAILED);
        g_assert_cmpint (scene.end != NULL, ==, i == 1);
        scene_clear (&scene);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/verification/begin", test_begin);
  g_test_add_func ("/security/verification/bad-answers", test_bad_answers);
  g_test_add_func ("/security/verification/refusals", test_refusals);
  g_test_add_func ("/security/verification/silence", test_silence);
  g_test_add_func ("/security/verification/idle-persons", test_idle_persons);
  g_test_add_func ("/security/verification/offered", test_offered);
  g_test_add_func ("/security/verification/wrong-requests", test_wrong_requests);
  g_test_add_func ("/security/verification/lie", test_lie);
  g_test_add_data_func ("/security/verification/we-reject", "yes", test_reject);
  g_test_add_data_func ("/security/verification/they-reject", NULL, test_reject);
  g_test_add_func ("/security/verification/they-cancel", test_they_cancel);
  g_test_add_data_func ("/security/verification/nobody-is-there",
                        GSIZE_TO_POINTER (G_STRUCT_OFFSET (Scene, refuse)),
                        test_not_wanted);
  g_test_add_data_func ("/security/verification/cancelled-in-handler",
                        GSIZE_TO_POINTER (G_STRUCT_OFFSET (Scene, cancel)),
                        test_not_wanted);
  g_test_add_data_func ("/security/verification/closed-in-handler",
                        GSIZE_TO_POINTER (G_STRUCT_OFFSET (Scene, close)),
                        test_not_wanted);
  g_test_add_func ("/security/verification/not-possible", test_not_possible);
  g_test_add_func ("/security/verification/tie", test_tie);
  g_test_add_func ("/security/verification/close", test_close);
  g_test_add_func ("/security/verification/act-at-once", test_act_at_once);
  return g_test_run ();
}

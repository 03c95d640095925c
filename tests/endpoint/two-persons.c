/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "two-persons.h"

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

void
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
  if (scene->prepare != NULL)
    scene->prepare (scene);
  scene->streams[ROMEO] = open_stream (&scene->pair, &scene->doorman);
  scene->streams[JULIET] = g_object_ref (scene->doorman.stream);
  for (guint i = 0; i < 2; i++)
    {
      inbox_init (&scene->inboxes[i], scene->streams[i]);
      scene->connections[i] = g_object_ref (
          jxs_endpoint_get_stream_connection (scene->pair.endpoints[i], scene->streams[i]));
    }
}

void
scene_init (Scene *scene)
{
  scene_init_with (scene, NULL);
}

void
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

void
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

void
begin (Scene *scene, guint who)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&scene->verifications[who]);
  scene->verifications[who] =
      jxs_endpoint_verify_stream (scene->pair.endpoints[who], scene->streams[who], &error);
  g_assert_no_error (error);
  g_assert_nonnull (scene->verifications[who]);
}

gboolean
is_in (Scene *scene, guint who, JxsVerificationState state)
{
  return scene->verifications[who] != NULL &&
         jxs_verification_get_state (scene->verifications[who]) == state;
}

void
wait_both (Scene *scene, JxsVerificationState state)
{
  wait_until (is_in (scene, ROMEO, state) && is_in (scene, JULIET, state));
}

void
assert_failed (Scene *scene, guint who, GQuark domain, int code)
{
  const GError *error = jxs_verification_get_error (scene->verifications[who]);

  g_assert_cmpint (jxs_verification_get_state (scene->verifications[who]),
                   ==,
                   JXS_VERIFICATION_STATE_FAILED);
  g_assert_error (error, domain, code);
}

void
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

void
assert_open (Scene *scene)
{
  guint before = scene->inboxes[JULIET].bodies->len;

  send_body (scene->streams[ROMEO], "still here");
  wait_until (scene->inboxes[JULIET].bodies->len == before + 1);
  g_assert_cmpuint (scene->inboxes[ROMEO].stanzas->len, ==, 0);
}

void
assert_notes (Scene *scene, guint who, const char *level, const char *origin)
{
  const char *fingerprint = jxs_connection_get_peer_fingerprint (scene->connections[who]);
  g_autofree char *expected = g_strdup_printf (
      "%s %.8s %s %s -\n", jxs_jid_to_string (scene->pair.jids[!who]), fingerprint, level, origin);

  g_assert_cmpstr (scene->books[who]->notes->str, ==, expected);
}

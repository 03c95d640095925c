/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "verifier-scene.h"

#include <string.h>

#include <jxs-glib/xml/jxs-namespaces-private.h>

static const char *const namespaces[] = { JXS_NS_VERIFICATION, NULL };

static gboolean
offered_cb (JxsVerification *verification, gpointer user_data)
{
  Scene *scene = user_data;

  scene->n_offered++;
  g_set_object (&scene->verification, verification);
  if (scene->cancel)
    jxs_verification_cancel (verification);
  if (scene->close)
    jxs_verifier_close (scene->verifier, NULL);
  return !scene->refuse;
}

static void
verified_cb (gpointer user_data)
{
  ((Scene *) user_data)->n_verified++;
}

static void
rejected_cb (gpointer user_data)
{
  ((Scene *) user_data)->n_rejected++;
}

static void
end_stream_cb (const GError *error, gpointer user_data)
{
  Scene *scene = user_data;

  g_assert_null (scene->end);
  scene->end = g_error_copy (error);
}

static const JxsVerifierFuncs funcs = { offered_cb, verified_cb, rejected_cb, end_stream_cb };

static gboolean
application_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  ((Scene *) user_data)->n_for_application++;
  return FALSE;
}

static void
make_binding (JxsSasBinding *binding)
{
  memset (binding->secret, 1, JXS_SAS_SIZE);
  memset (binding->fingerprints[0], 2, JXS_SAS_SIZE);
  memset (binding->fingerprints[1], 3, JXS_SAS_SIZE);
  binding->addresses[0] = g_strdup ("romeo@montague.lit");
  binding->addresses[1] = g_strdup ("juliet@capulet.lit");
}

void
scene_init_with (Scene *scene, JxsSasSide role, gboolean possible)
{
  g_auto (JxsSasBinding) binding = { 0 };

  scene->role = role;
  open_with_raw (role == JXS_SAS_INITIATOR ? JXS_XML_STREAM_INITIATOR : JXS_XML_STREAM_RECEIVER,
                 &scene->side,
                 &scene->raw);
  make_binding (&scene->binding);
  make_binding (&binding);
  memset (scene->nonce, 7, JXS_SAS_SIZE);
  scene->channel = jxs_inner_channel_new (scene->side->stream, namespaces);
  scene->router = jxs_router_get (JXS_CHANNEL (scene->channel));
  scene->verifier = jxs_verifier_new (
      scene->router, scene->side->stream, role, possible ? &binding : NULL, &funcs, scene);
  g_signal_connect (scene->side->stream, "stanza", G_CALLBACK (application_cb), scene);
}

void
scene_init (Scene *scene, JxsSasSide role)
{
  scene_init_with (scene, role, TRUE);
}

void
scene_clear (Scene *scene)
{
  g_assert_cmpuint (scene->n_for_application, ==, 0);
  g_signal_handlers_disconnect_by_data (scene->side->stream, scene);
  jxs_verifier_close (scene->verifier, NULL);
  jxs_inner_channel_detach (scene->channel);
  iterate_all ();
  if (scene->verification != NULL)
    g_assert_finalize_object (scene->verification);
  g_assert_finalize_object (scene->verifier);
  g_assert_finalize_object (scene->router);
  g_assert_finalize_object (scene->channel);
  jxs_sas_binding_clear (&scene->binding);
  g_clear_error (&scene->end);
  raw_free (scene->raw);
  side_free (scene->side);
}

void
begin (Scene *scene)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&scene->verification);
  scene->verification = jxs_verifier_begin (scene->verifier, &error);
  g_assert_no_error (error);
}

char *
find_attribute (Scene *scene, const char *before, const char *name)
{
  g_autofree char *start = g_strdup_printf ("%s=", name);
  const char *text, *end;

  raw_expect (scene->raw, before);
  text = strstr (strstr (scene->raw->received->str, before), start) + strlen (start);
  end = strchr (text + 1, *text);
  return g_strndup (text + 1, end - text - 1);
}

void
expect (Scene *scene, const char *text)
{
  raw_expect (scene->raw, text);
}

static void
forget (Scene *scene)
{
  g_string_truncate (scene->raw->received, 0);
}

void
say (Scene *scene, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  forget (scene);
  raw_send (scene->raw, text);
}

static char *
encode (const guint8 *bytes)
{
  return g_base64_encode (bytes, JXS_SAS_SIZE);
}

static char *
get_commitment (Scene *scene)
{
  guint8 commitment[JXS_SAS_SIZE];

  jxs_sas_commit (&scene->binding, !scene->role, scene->nonce, commitment);
  return encode (commitment);
}

void
say_commit (Scene *scene, const char *id)
{
  g_autofree char *commitment = get_commitment (scene);

  say (scene, "<iq type='set' id='c'><commit " NS " id='%s'>%s</commit></iq>", id, commitment);
}

void
say_reveal (Scene *scene, const char *id)
{
  g_autofree char *nonce = encode (scene->nonce);

  say (scene, "<iq type='set' id='r'><reveal " NS " id='%s'>%s</reveal></iq>", id, nonce);
}

void
say_word (Scene *scene, const char *word, const char *id)
{
  say (scene, "<iq type='set' id='w'><%s " NS " id='%s'/></iq>", word, id);
}

void
say_result (Scene *scene, const char *word, const char *payload)
{
  g_autofree char *before = g_strdup_printf ("<%s", word);
  g_autofree char *id = NULL;
  char *iq;

  raw_expect (scene->raw, before);
  iq = g_strrstr_len (scene->raw->received->str,
                      strstr (scene->raw->received->str, before) - scene->raw->received->str,
                      "<iq");
  g_string_erase (scene->raw->received, 0, iq - scene->raw->received->str);
  id = find_attribute (scene, "<iq", " id");
  say (scene, "<iq type='result' id='%s'>%s</iq>", id, payload);
}

void
say_error (Scene *scene, const char *word, const char *condition)
{
  g_autofree char *id = NULL;

  expect (scene, word);
  id = find_attribute (scene, "<iq", " id");
  say (scene,
       "<iq type='error' id='%s'><error type='cancel'><%s "
       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
       id,
       condition);
}

void
answer_commit (Scene *scene)
{
  g_autofree char *id = find_attribute (scene, "<commit", " id");
  g_autofree char *nonce = encode (scene->nonce);
  g_autofree char *payload = g_strdup_printf ("<nonce " NS " id='%s'>%s</nonce>", id, nonce);

  say_result (scene, "commit", payload);
}

JxsVerificationState
get_state (Scene *scene)
{
  return jxs_verification_get_state (scene->verification);
}

void
wait_state (Scene *scene, JxsVerificationState state)
{
  while (scene->verification == NULL || get_state (scene) != state)
    g_main_context_iteration (NULL, TRUE);
}

void
assert_failed (Scene *scene, GQuark domain, int code)
{
  wait_state (scene, JXS_VERIFICATION_STATE_FAILED);
  g_assert_error (jxs_verification_get_error (scene->verification), domain, code);
}

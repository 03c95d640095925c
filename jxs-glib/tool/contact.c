/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "contact.h"

#include <glib/gi18n.h>

#define INDENT 2
#define BANNER "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"
#define DEVICE_MAX_CHARS 64
#define PICTURE_WIDTH 18
#define PICTURES_PER_LINE 4

/* ---- keys that are new ---- */

struct _ToolContact
{
  JxsTrustStore *store;     /* (owned) */
  ToolQuestions *questions; /* unowned */
  GPtrArray *asked;         /* (owned) (element-type Asked): the person has not answered yet */
  GHashTable *shown;        /* (owned) (element-type utf8): fingerprints */
  gboolean will_compare;
};

typedef struct
{
  ToolContact *contact;
  JxsTrustRequest *request; /* (owned) */
} Asked;

static void
asked_free (gpointer data)
{
  Asked *asked = data;

  g_object_unref (asked->request);
  g_free (asked);
}

static void
print_key (const char *fingerprint)
{
  g_autofree char *text = tool_fingerprint (fingerprint, INDENT);

  g_printerr ("  %s\n", text);
}

static void
answered_cb (const char *answer, gpointer user_data)
{
  Asked *asked = user_data;
  g_autoptr (JxsTrustRequest) request = g_object_ref (asked->request);

  g_ptr_array_remove (asked->contact->asked, asked);
  if (tool_is_yes (answer))
    jxs_trust_request_respond (request, JXS_TRUST_LEVEL_FIRST_USE, NULL);
  else
    jxs_trust_request_respond (request,
                               JXS_TRUST_LEVEL_UNKNOWN,
                               _ ("Their key is new, and you did not accept it"));
}

static gboolean
ask (ToolContact *self, JxsTrustRequest *request)
{
  Asked *asked = g_new0 (Asked, 1);

  asked->contact = self;
  asked->request = g_object_ref (request);
  g_ptr_array_add (self->asked, asked);
  g_hash_table_add (self->shown, g_strdup (jxs_trust_request_get_fingerprint (request)));
  if (tool_questions_ask (self->questions, _ ("Accept this key? [y/N]"), answered_cb, asked))
    return TRUE;
  g_ptr_array_remove (self->asked, asked);
  return FALSE;
}

/* As loud as it has to be: this is what an attack looks like. */
static void
warn_changed (const char *address, const char *fingerprint, JxsTrustRecord *known)
{
  g_autofree char *since = tool_trust_date (jxs_trust_record_get_first_seen (known));
  g_autofree char *trust = tool_trust_describe (known);

  g_printerr ("\n%s%s\n", tool_style (TOOL_BOLD), BANNER);
  tool_say (5, _ ("!!!  WARNING: THE KEY OF %s HAS CHANGED"), address);
  g_printerr ("%s%s\n", BANNER, tool_end_style ());
  tool_say (0,
            "%s",
            _ ("SOMEBODY MAY BE LISTENING IN: a server or a network in between can show you a key "
               "of its own. It may also be that your contact lost the key, or set the computer up "
               "anew."));
  g_printerr ("\n%s\n", _ ("Shown now:"));
  print_key (fingerprint);
  tool_say (0, _ ("Known since %s, %s:"), since, trust);
  print_key (jxs_trust_record_get_fingerprint (known));
  tool_say (0,
            _ ("\nThe call is refused. Ask your contact by telephone, or any other way but this "
               "one, what “jxs identity” shows there. Only if it is the key shown now, say so:\n\n"
               "  jxs trust verify %s KEY\n\n"
               "Or agree on a password, and let it prove who is there:\n\n"
               "  jxs verify --password %s\n"),
            address,
            address);
}

static void
tell_new_device (const char *address, JxsJid *peer, const char *fingerprint)
{
  const char *resource = jxs_jid_get_resource (peer);
  g_autofree char *device = tool_clean (resource != NULL ? resource : "?", DEVICE_MAX_CHARS);

  tool_say (0,
            _ ("\n%s has a device that was never seen before, “%s”, with a key of its own:"),
            address,
            device);
  print_key (fingerprint);
  tool_say (0,
            "%s",
            _ ("Nobody vouches for it. If they did not tell you of a new device, somebody may be "
               "pretending to be them."));
}

static gboolean
contact_cb (JxsTrustStore *store,
            JxsTrustRequest *request,
            JxsTrustContact kind,
            JxsTrustRecord *known,
            gpointer user_data)
{
  ToolContact *self = user_data;
  JxsJid *peer = jxs_trust_request_get_peer_jid (request);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);
  const char *fingerprint = jxs_trust_request_get_fingerprint (request);
  const char *address = jxs_jid_to_string (bare);

  if (kind == JXS_TRUST_CONTACT_CHANGED)
    {
      warn_changed (address, fingerprint, known);
      jxs_trust_request_respond (request,
                                 JXS_TRUST_LEVEL_UNKNOWN,
                                 _ ("Their key has changed, and is refused"));
      return TRUE;
    }
  /* The library says why; what is not enough for the policy is not worth a question. */
  if (kind == JXS_TRUST_CONTACT_REJECTED || !tool_questions_can_ask (self->questions) ||
      jxs_trust_request_get_level_wanted (request) > JXS_TRUST_LEVEL_FIRST_USE)
    return FALSE;
  if (kind == JXS_TRUST_CONTACT_NEW_DEVICE)
    {
      tell_new_device (address, peer, fingerprint);
      return ask (self, request);
    }
  if (self->will_compare)
    {
      g_hash_table_add (self->shown, g_strdup (fingerprint));
      return FALSE;
    }
  tool_say (0, _ ("\nThis is the first contact with %s. They show this key:"), address);
  print_key (fingerprint);
  tool_say (0,
            "%s",
            _ ("When you accept it, it is remembered, and you are warned when it changes. Whether "
               "it is theirs nobody knows yet; “jxs verify” finds out."));
  return ask (self, request);
}

ToolContact *
tool_contact_new (JxsTrustStore *store, ToolQuestions *questions)
{
  ToolContact *self = g_new0 (ToolContact, 1);

  self->store = g_object_ref (store);
  self->questions = questions;
  self->asked = g_ptr_array_new_with_free_func (asked_free);
  self->shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (store, "contact", G_CALLBACK (contact_cb), self);
  return self;
}

void
tool_contact_will_compare (ToolContact *self)
{
  self->will_compare = TRUE;
}

gboolean
tool_contact_has_shown (ToolContact *self, const char *fingerprint)
{
  return g_hash_table_contains (self->shown, fingerprint);
}

void
tool_contact_withdraw (ToolContact *self, JxsJid *peer)
{
  for (guint i = self->asked->len; i > 0; i--)
    {
      Asked *asked = g_ptr_array_index (self->asked, i - 1);

      if (!jxs_jid_equal (jxs_trust_request_get_peer_jid (asked->request), peer))
        continue;
      tool_questions_withdraw (self->questions, asked, NULL);
      g_ptr_array_remove_index (self->asked, i - 1);
    }
}

void
tool_contact_free (ToolContact *self)
{
  g_signal_handlers_disconnect_by_data (self->store, self);
  for (guint i = 0; i < self->asked->len; i++)
    tool_questions_withdraw (self->questions, g_ptr_array_index (self->asked, i), NULL);
  g_ptr_array_unref (self->asked);
  g_hash_table_unref (self->shown);
  g_object_unref (self->store);
  g_free (self);
}

/* ---- comparing ---- */

static G_DEFINE_QUARK (tool - contact - told, told);

typedef struct
{
  JxsVerification *verification; /* (owned) */
  ToolQuestions *questions;
  ToolVerifiedFunc done; /* (nullable) */
  gpointer user_data;
} Comparison;

static void
compared_cb (const char *answer, gpointer user_data)
{
  Comparison *self = user_data;
  g_autoptr (JxsVerification) verification = g_object_ref (self->verification);

  /* Each of these may end the comparison at once. */
  if (answer == NULL) /* the end of input is no answer */
    jxs_verification_cancel (verification);
  else if (!tool_is_yes (answer))
    jxs_verification_reject (verification);
  else
    jxs_verification_confirm (verification);
  if (jxs_verification_get_state (verification) == JXS_VERIFICATION_STATE_CONFIRMED)
    g_printerr ("%s\n", _ ("Waiting for the other side to say so too …"));
}

static void
show_string (JxsVerification *verification)
{
  const char *const *emoji = jxs_verification_get_emoji (verification);
  const char *const *names = jxs_verification_get_emoji_names (verification);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jxs_verification_get_peer_jid (verification));
  GString *pictures = g_string_new (NULL);

  for (gsize i = 0; emoji[i] != NULL && names[i] != NULL; i++)
    {
      g_autofree char *picture = g_strdup_printf ("%s %s", emoji[i], names[i]);
      g_autofree char *padded = tool_pad (picture, PICTURE_WIDTH);
      gboolean is_last = emoji[i + 1] == NULL || i % PICTURES_PER_LINE == PICTURES_PER_LINE - 1;

      g_string_append_printf (pictures,
                              "%s%s%s",
                              i % PICTURES_PER_LINE == 0 ? "  " : "",
                              is_last ? picture : padded,
                              is_last ? "\n" : "");
    }
  tool_say (0,
            _ ("\nCompare this with %s, by telephone or side by side; the numbers or the pictures "
               "are enough:\n"),
            jxs_jid_to_string (bare));
  g_printerr ("  %s%s%s\n\n",
              tool_style (TOOL_BOLD),
              jxs_verification_get_digits (verification),
              tool_end_style ());
  g_printerr ("%s\n", pictures->str);
  g_string_free (pictures, TRUE);
}

/* Who says no, or whose program does, is told apart from a connection that broke. */
static void
print_failure (JxsVerification *verification, const GError *error)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jxs_verification_get_peer_jid (verification));
  const char *address = jxs_jid_to_string (bare);
  g_autofree char *why = tool_clean (error->message, 500);

  if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    tool_say (TOOL_INDENT, "jxs: %s", _ ("Interrupted: not verified"));
  else if (g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED))
    {
      g_printerr ("\n%s%s%s\n",
                  tool_style (TOOL_BOLD),
                  _ ("NOT VERIFIED: SOMEBODY MAY BE LISTENING IN"),
                  tool_end_style ());
      tool_say (0,
                _ ("You and %s see different things. Unless one of you looked at something else, "
                   "somebody is between you and reads along: the connection was ended. Tell each "
                   "other nothing secret this way until a comparison succeeds."),
                address);
    }
  else if (g_error_matches (error, JXS_ERROR, JXS_ERROR_DECLINED))
    tool_say (TOOL_INDENT, _ ("jxs: Not verified: %s gave up before answering"), address);
  else if (g_error_matches (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED))
    tool_say (TOOL_INDENT,
              _ ("jxs: Not verified: the program of %s cannot compare\n"
                 "     Compare the keys instead: “jxs trust verify %s” shows theirs, and “jxs "
                 "identity” yours."),
              address,
              address);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tool_say (TOOL_INDENT, "jxs: %s", _ ("Not verified: you gave up before answering"));
  else if (g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT))
    tool_say (TOOL_INDENT, "jxs: %s: %s", _ ("Not verified"), why);
  else
    tool_say (TOOL_INDENT,
              _ ("jxs: Not verified: the connection with %s ended before both had answered (%s)"),
              address,
              why);
}

static void
finish (Comparison *self)
{
  const GError *error = jxs_verification_get_error (self->verification);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jxs_verification_get_peer_jid (self->verification));

  g_signal_handlers_disconnect_by_data (self->verification, self);
  tool_questions_withdraw (self->questions, self, NULL);
  if (error == NULL)
    g_printerr (_ ("%s%s is verified.%s\n"),
                tool_style (TOOL_GREEN),
                jxs_jid_to_string (bare),
                tool_end_style ());
  else
    {
      print_failure (self->verification, error);
      g_object_set_qdata (G_OBJECT (jxs_verification_get_stream (self->verification)),
                          told_quark (),
                          GINT_TO_POINTER (TRUE));
    }
  if (self->done != NULL)
    self->done (self->verification, self->user_data);
  g_object_unref (self->verification);
  g_free (self);
}

static void
state_cb (JxsVerification *verification, GParamSpec *pspec, gpointer user_data)
{
  Comparison *self = user_data;

  switch (jxs_verification_get_state (verification))
    {
    case JXS_VERIFICATION_STATE_COMPARING:
      show_string (verification);
      if (!tool_questions_ask (self->questions, _ ("Is it the same? [y/N]"), compared_cb, self))
        jxs_verification_cancel (verification);
      break;
    case JXS_VERIFICATION_STATE_VERIFIED:
    case JXS_VERIFICATION_STATE_FAILED:
      finish (self);
      break;
    case JXS_VERIFICATION_STATE_WAITING:
    case JXS_VERIFICATION_STATE_CONFIRMED:
    default:
      break;
    }
}

void
tool_contact_compare (JxsVerification *verification,
                      ToolQuestions *questions,
                      ToolVerifiedFunc done,
                      gpointer user_data)
{
  Comparison *self = g_new0 (Comparison, 1);

  self->verification = g_object_ref (verification);
  self->questions = questions;
  self->done = done;
  self->user_data = user_data;
  g_signal_connect (verification, "notify::state", G_CALLBACK (state_cb), self);
  state_cb (verification, NULL, self);
}

gboolean
tool_contact_has_told (JxsXmlStream *stream)
{
  return g_object_get_qdata (G_OBJECT (stream), told_quark ()) != NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "contact.h"

#include <glib/gi18n.h>

#define INDENT 2

/* ---- keys that are new ---- */

static void
print_key (const char *fingerprint)
{
  g_autofree char *text = tool_fingerprint (fingerprint, INDENT);

  g_printerr ("  %s\n", text);
}

static void
contact_answered_cb (const char *answer, gpointer user_data)
{
  g_autoptr (JxsTrustRequest) request = user_data;

  if (tool_is_yes (answer))
    jxs_trust_request_respond (request, JXS_TRUST_LEVEL_FIRST_USE, NULL);
  else
    jxs_trust_request_respond (request,
                               JXS_TRUST_LEVEL_UNKNOWN,
                               _ ("The key is new, and you did not accept it"));
}

/* As loud as it has to be: this is what an attack looks like. */
static void
warn_changed (const char *address, const char *fingerprint, JxsTrustRecord *known)
{
  g_autofree char *since = tool_trust_date (jxs_trust_record_get_first_seen (known));

  g_printerr ("\n%s%s\n",
              tool_style (TOOL_BOLD),
              "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!");
  tool_say (0, _ ("!!!  WARNING: THE KEY OF %s HAS CHANGED"), address);
  g_printerr ("%s%s\n", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", tool_end_style ());
  tool_say (
      0,
      "%s",
      _ ("SOMEBODY MAY BE LISTENING IN. The one at the other end now may not be your contact: "
         "a server or network in between can do this. Or they lost their key and made a new "
         "one."));
  g_printerr ("%s\n", _ ("Now shown:"));
  print_key (fingerprint);
  g_printerr (_ ("Known since %s (%s):\n"),
              since,
              tool_trust_describe_level (jxs_trust_record_get_level (known)));
  print_key (jxs_trust_record_get_fingerprint (known));
  tool_say (
      0,
      _ ("The connection is refused. Ask them over another way, by telephone for example. Only "
         "if they read you the key shown now: “jxs trust verify %s KEY”.\n"),
      address);
}

static gboolean
contact_cb (JxsTrustStore *store,
            JxsTrustRequest *request,
            JxsTrustContact kind,
            JxsTrustRecord *known,
            gpointer user_data)
{
  ToolQuestions *questions = user_data;
  JxsJid *peer = jxs_trust_request_get_peer_jid (request);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);
  const char *fingerprint = jxs_trust_request_get_fingerprint (request);
  const char *address = jxs_jid_to_string (bare);

  if (kind == JXS_TRUST_CONTACT_CHANGED)
    {
      warn_changed (address, fingerprint, known);
      return FALSE;
    }
  if (!tool_questions_can_ask (questions))
    return FALSE;
  if (kind == JXS_TRUST_CONTACT_NEW_DEVICE)
    {
      g_printerr (
          _ ("\n%s has a device that was never seen before, “%s”, with a key of its own:\n"),
          address,
          jxs_jid_get_resource (peer));
      print_key (fingerprint);
      tool_say (0,
                "%s",
                _ ("Nobody vouches for it. If they did not tell you of a new device, somebody may "
                   "be pretending to be them."));
    }
  else
    {
      g_printerr (_ ("\nThis is the first contact with %s. They show this key:\n"), address);
      print_key (fingerprint);
      tool_say (0,
                "%s",
                _ ("It is remembered when you accept it, and a change will be noticed. Whether it "
                   "is theirs now only a comparison over another way tells: “jxs verify”."));
    }
  return tool_questions_ask (questions,
                             _ ("Accept this key? [y/N]"),
                             contact_answered_cb,
                             g_object_ref (request));
}

void
tool_contact_watch (JxsTrustStore *store, ToolQuestions *questions)
{
  g_signal_connect (store, "contact", G_CALLBACK (contact_cb), questions);
}

/* ---- comparing ---- */

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

  if (tool_is_yes (answer))
    {
      jxs_verification_confirm (self->verification);
      if (jxs_verification_get_state (self->verification) == JXS_VERIFICATION_STATE_CONFIRMED)
        g_printerr ("%s\n", _ ("Waiting for the other side to say so too …"));
    }
  else
    jxs_verification_reject (self->verification);
}

static void
show_string (JxsVerification *verification)
{
  const char *const *emoji = jxs_verification_get_emoji (verification);
  const char *const *names = jxs_verification_get_emoji_names (verification);
  JxsJid *peer = jxs_verification_get_peer_jid (verification);

  g_printerr (_ ("\nCompare this with %s, by telephone or side by side:\n\n"),
              jxs_jid_to_string (peer));
  g_printerr ("  %s%s%s\n\n",
              tool_style (TOOL_BOLD),
              jxs_verification_get_digits (verification),
              tool_end_style ());
  for (gsize i = 0; emoji[i] != NULL && names[i] != NULL; i++)
    g_printerr ("  %s %s", emoji[i], names[i]);
  g_printerr ("\n\n");
}

static void
finish (Comparison *self)
{
  const GError *error = jxs_verification_get_error (self->verification);
  JxsJid *peer = jxs_verification_get_peer_jid (self->verification);

  g_signal_handlers_disconnect_by_data (self->verification, self);
  tool_questions_withdraw (self->questions, self, _ ("The other side ended the comparison."));
  if (error == NULL)
    g_printerr (_ ("%s%s is verified.%s\n"),
                tool_style (TOOL_GREEN),
                jxs_jid_to_string (peer),
                tool_end_style ());
  else
    tool_fail (_ ("Not verified"), error);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-run.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Whose words are these? A server that sends us back what we say, and people who use what belongs
 * to somebody else or to another session. */

typedef struct
{
  HostileChannel *channels[2];
  JxsMemoryTrust *trusts[2];
  JxsEndpoint *endpoints[2];
  Doorman doormen[2];
  Reply reply;
  const char *pattern;
  JxsElement *kept; /* (nullable) */
  char *borrowed;   /* (nullable): another's <security/> */
  char *sids[4];    /* ours, and what the mirror makes of them: of the session, of the bytestream */
  gboolean over;
} Fixture;

/* A certificate without an address, until 2126. */
static const char anonymous[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBgjCCASmgAwIBAgIUKdrqdWv8Qivr37a0x+Cod3JgumowCgYIKoZIzj0EAwIw\n"
                                "ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMTEyNTU1NVoYDzIxMjYxMDI4MTI1\n"
                                "NTU1WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                                "AAQZTlO51xhHN7rm4RhVDD7bgXfFUGIX50HA3okTaQCjOBbDXvzhGyZBBLLjdUD0\n"
                                "BlaoFFKC/mrJyYZSMtqq/jfxo10wWzAdBgNVHQ4EFgQUjQBpyf2LYWFr+Xa7Ix46\n"
                                "vr9N47IwHwYDVR0jBBgwFoAUjQBpyf2LYWFr+Xa7Ix46vr9N47IwDAYDVR0TAQH/\n"
                                "BAIwADALBgNVHQ8EBAMCB4AwCgYIKoZIzj0EAwIDRwAwRAIgC6T6NIKCJjDMMMDh\n"
                                "Gg50gL2XA9tB4D3AH8YiEYkFnJgCIB9JYh+Ca/hVoJpiDfrUGVnL89qxSuITLI3e\n"
                                "xW5IGLU5\n"
                                "-----END CERTIFICATE-----\n"
                                "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfqZ3fs+NalO1RLbP\n"
                                "I+4v5fi/NP3+ubG+H33zaLVwYwqhRANCAAQZTlO51xhHN7rm4RhVDD7bgXfFUGIX\n"
                                "50HA3okTaQCjOBbDXvzhGyZBBLLjdUD0BlaoFFKC/mrJyYZSMtqq/jfx\n"
                                "-----END PRIVATE KEY-----\n";

static void
set_up_between (Fixture *f, guint caller, JxsIdentity *identity, HostileFunc func)
{
  guint who[2] = { caller, JULIET };

  jxs_clock_use_fake (0);
  hurry_start ();
  hostile_channel_new_pair (hostile_get_jid (who[0]),
                            hostile_get_jid (who[1]),
                            func,
                            f,
                            &f->channels[0],
                            &f->channels[1]);
  for (guint i = 0; i < 2; i++)
    {
      f->trusts[i] = jxs_memory_trust_new ();
      f->endpoints[i] = pair_new_endpoint (JXS_CHANNEL (f->channels[i]),
                                           i == 0 ? identity : hostile_get_identity (JULIET),
                                           JXS_TRUST (f->trusts[i]));
      doorman_init (&f->doormen[i], f->endpoints[i]);
    }
}

static void
drop (gpointer object)
{
  gpointer alive = object;

  g_object_add_weak_pointer (object, &alive);
  g_object_unref (object);
  wait_until (alive == NULL);
}

static void
tear_down (Fixture *f)
{
  f->over = TRUE;
  for (guint i = 0; i < 2; i++)
    doorman_clear (&f->doormen[i]);
  for (guint i = 0; i < 2; i++)
    drop (f->endpoints[i]);
  for (guint i = 0; i < 2; i++)
    drop (f->channels[i]);
  for (guint i = 0; i < 2; i++)
    drop (f->trusts[i]);
  g_clear_pointer (&f->borrowed, g_free);
  g_clear_pointer (&f->kept, jxs_element_unref);
  for (guint i = 0; i < G_N_ELEMENTS (f->sids); i++)
    g_clear_pointer (&f->sids[i], g_free);
  hurry_stop ();
  jxs_clock_use_real ();
}

static void
call_for (Fixture *f, Reply *reply)
{
  jxs_endpoint_open_pipe_async (f->endpoints[0],
                                hostile_get_jid (JULIET),
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                reply);
}

static void
call (Fixture *f)
{
  call_for (f, &f->reply);
}

static void
assert_fails (Fixture *f, int code, const char *pattern)
{
  g_autoptr (GAsyncResult) result = reply_wait (&f->reply);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection =
      jxs_endpoint_open_pipe_finish (f->endpoints[0], result, &error);

  g_assert_null (connection);
  g_assert_error (error, JXS_ERROR, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("“%s” does not match “%s”", error->message, pattern);
}

static void
assert_accepting_failed (Doorman *doorman, int code, const char *pattern)
{
  wait_until (doorman->error != NULL);
  g_assert_null (doorman->connection);
  g_assert_error (doorman->error, JXS_ERROR, code);
  if (!g_pattern_match_simple (pattern, doorman->error->message))
    g_error ("“%s” does not match “%s”", doorman->error->message, pattern);
}

/* ---- mirrors ---- */

static void
turn_round (JxsElement *stanza)
{
  g_autofree char *from = g_strdup (jxs_element_get_attribute (stanza, "from"));

  jxs_element_set_attribute (stanza, "from", jxs_element_get_attribute (stanza, "to"));
  jxs_element_set_attribute (stanza, "to", from);
}

static void
mirror_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  turn_round (stanza);
  hostile_channel_pass (from, stanza);
}

/* All comes back as it is: our own session is offered to us. */
static void
test_mirror (void)
{
  Fixture f = { .over = FALSE };

  set_up_between (&f, ROMEO, hostile_get_identity (ROMEO), mirror_cb);
  call (&f);
  assert_fails (&f, JXS_ERROR_CONFLICT, "*asked for the same session at the same time");
  assert_accepting_failed (&f.doormen[0],
                           JXS_ERROR_PROTOCOL,
                           "The peer did not take our acceptance: *");
  tear_down (&f);
}

static char *
replace (const char *text, const char *from, const char *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, -1);

  return g_strjoinv (to, parts);
}

/* Both at the same time. */
static char *
exchange (const char *text, const char *one, const char *other)
{
  g_autofree char *first = replace (text, one, "\x1f");
  g_autofree char *second = replace (first, other, one);

  return replace (second, "\x1f", other);
}

static void
note_sids (Fixture *f, JxsElement *jingle)
{
  JxsElement *content = jxs_element_find_child (jingle, "content", NULL);
  JxsElement *transport = jxs_element_find_child (content, "transport", NULL);

  f->sids[0] = g_strdup (jxs_element_get_attribute (jingle, "sid"));
  f->sids[1] = g_strdup ("mirrored-session");
  f->sids[2] = g_strdup (jxs_element_get_attribute (transport, "sid"));
  f->sids[3] = g_strdup ("mirrored-stream");
}

/* What we offer is accepted by ourselves, as the other session with the same peer. */
static void
clever_mirror_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  Fixture *f = user_data;
  JxsElement *jingle = jxs_element_find_child (stanza, "jingle", NULL);
  const char *action = jingle != NULL ? jxs_element_get_attribute (jingle, "action") : NULL;
  g_autofree char *xml = NULL;
  g_autofree char *sessions = NULL;
  g_autofree char *streams = NULL;
  g_autoptr (JxsElement) mirrored = NULL;

  if (f->over)
    return;
  if (g_strcmp0 (action, "session-initiate") == 0)
    {
      g_autoptr (JxsElement) taken = jxs_stanza_new_result (stanza, NULL);

      note_sids (f, jingle);
      jxs_element_set_attribute (taken, "from", jxs_element_get_attribute (stanza, "to"));
      hostile_channel_pass (from, taken);
      jxs_element_set_attribute (stanza, "id", "mirrored");
    }
  turn_round (stanza);
  if (f->sids[0] == NULL)
    {
      hostile_channel_pass (from, stanza);
      return;
    }
  xml = jxs_element_to_string (stanza);
  sessions = exchange (xml, f->sids[0], f->sids[1]);
  streams = exchange (sessions, f->sids[2], f->sids[3]);
  mirrored = jxs_element_new_from_string (streams, NULL);
  hostile_channel_pass (from, mirrored);
}

/* We hold the key that was announced and shown: it is ours. By SOCKS5 it does not come to that: to
 * what we connect to we name both sides in the other order than those who wait there (XEP-0260
 * §2.2). */
static void
test_clever_mirror (gconstpointer pem)
{
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (GError) error = NULL;
  Fixture f = { .over = FALSE };

  if (pem != NULL)
    identity = jxs_identity_new_from_pem (pem, &error);
  else
    identity = g_object_ref (hostile_get_identity (ROMEO));
  g_assert_no_error (error);
  set_up_between (&f, ROMEO, identity, clever_mirror_cb);
  call (&f);
  if (pair_is_in_band ())
    assert_fails (&f, JXS_ERROR_SECURITY, "*our own key*");
  else
    assert_fails (&f, JXS_ERROR_CONNECTIVITY, "No connection to *");
  g_assert_cmpuint (f.doormen[0].n_incoming, ==, 1);
  assert_accepting_failed (&f.doormen[0],
                           pair_is_in_band () ? JXS_ERROR_SECURITY : JXS_ERROR_CONNECTIVITY,
                           "*");
  tear_down (&f);
}

/* ---- what belongs to others ---- */

static void
pass_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  hostile_channel_pass (hostile_channel_get_other (from), stanza);
}

/* Instead of her own key Mallory announces Romeo's, as she heard it in his session. */
static void
borrow_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (JxsElement) changed = NULL;

  if (from == f->channels[0] && f->borrowed != NULL)
    changed = hostile_rewrite (stanza, "<security .*<fingerprint.*</security>", f->borrowed);
  hostile_channel_pass (hostile_channel_get_other (from), changed != NULL ? changed : stanza);
}

static void
overhear_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  Fixture *f = user_data;
  g_autofree char *xml = jxs_element_to_string (stanza);
  const char *begin = strstr (xml, "<security ");

  if (f->borrowed == NULL && begin != NULL)
    f->borrowed =
        g_strndup (begin, (gsize) (strstr (begin, "</security>") - begin) + strlen ("</security>"));
  pass_cb (from, n, stanza, user_data);
}

/* A fingerprint of one session is of no use in another one. */
static void
test_borrowed_fingerprint (void)
{
  Fixture romeo = { .over = FALSE };
  Fixture mallory = { .over = FALSE };

  set_up_between (&romeo, ROMEO, hostile_get_identity (ROMEO), overhear_cb);
  call (&romeo);
  wait_until (romeo.doormen[1].connection != NULL && romeo.reply.result != NULL);
  g_clear_object (&romeo.reply.result);
  mallory.borrowed = g_steal_pointer (&romeo.borrowed);
  tear_down (&romeo);

  g_assert_nonnull (mallory.borrowed);
  set_up_between (&mallory, MALLORY, hostile_get_identity (MALLORY), borrow_cb);
  call (&mallory);
  assert_accepting_failed (&mallory.doormen[1],
                           JXS_ERROR_SECURITY,
                           "*another certificate than it announced*");
  g_clear_object (&mallory.reply.result);
  tear_down (&mallory);
}

/* Juliet knows Romeo's key as his. Who has it too is not Romeo. */
static void
test_borrowed_key (void)
{
  g_autofree char *fingerprint =
      jxs_identity_get_fingerprint (hostile_get_identity (ROMEO), G_CHECKSUM_SHA256);
  Fixture f = { .over = FALSE };

  set_up_between (&f, MALLORY, hostile_get_identity (ROMEO), pass_cb);
  jxs_memory_trust_pin (f.trusts[1], hostile_get_jid (ROMEO), fingerprint, TRUE, NULL);
  call (&f);
  assert_accepting_failed (&f.doormen[1],
                           JXS_ERROR_SECURITY,
                           "*is that of “romeo@montague.lit”, not of “mallory@evil.lit*");
  wait_until (f.reply.result != NULL);
  g_clear_object (&f.reply.result);
  tear_down (&f);
}

/* ---- two sessions at the same time ---- */

/* What of two offers is given to the other one. */
static const char *const swapped[] = {
  "(<jingle [^>]*)sid='([^']*)'",
  "(<transport [^>]*)sid='([^']*)'",
  "(<content .*)(<security .*</security>)",
  "(<jingle [^>]*>)(<content .*</content>)",
};

static char *
get_part (JxsElement *stanza, const char *pattern)
{
  g_autofree char *xml = jxs_element_to_string (stanza);
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_DOTALL | G_REGEX_UNGREEDY, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  g_assert_true (g_regex_match (regex, xml, 0, &match));
  return g_match_info_fetch (match, 2);
}

static void
swap_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  Fixture *f = user_data;
  JxsElement *jingle = jxs_element_find_child (stanza, "jingle", NULL);
  HostileChannel *to = hostile_channel_get_other (from);

  if (jingle == NULL ||
      g_strcmp0 (jxs_element_get_attribute (jingle, "action"), "session-initiate") != 0)
    hostile_channel_pass (to, stanza);
  else if (f->kept == NULL)
    f->kept = jxs_element_ref (stanza);
  else
    {
      JxsElement *offers[2] = { f->kept, stanza };

      for (guint i = 0; i < 2; i++)
        {
          g_autofree char *xml = jxs_element_to_string (offers[i]);
          g_autofree char *ours = get_part (offers[i], f->pattern);
          g_autofree char *others = get_part (offers[!i], f->pattern);
          g_autofree char *changed = replace (xml, ours, others);
          g_autoptr (JxsElement) offer = jxs_element_new_from_string (changed, NULL);

          hostile_channel_pass (to, offer);
        }
    }
}

/* Both calls come to an end, and no stream leads elsewhere. */
static void
test_swapped (gconstpointer data)
{
  Fixture f = { .pattern = data };
  Reply replies[2] = { { NULL }, { NULL } };
  JxsConnection *connections[2];
  guint n_open = 0;
  g_autofree char *right =
      jxs_identity_get_fingerprint (hostile_get_identity (JULIET), G_CHECKSUM_SHA256);

  set_up_between (&f, ROMEO, hostile_get_identity (ROMEO), swap_cb);
  for (guint i = 0; i < 2; i++)
    call_for (&f, &replies[i]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = reply_wait (&replies[i]);
      g_autoptr (GError) error = NULL;

      connections[i] = jxs_endpoint_open_pipe_finish (f.endpoints[0], result, &error);
      if (connections[i] != NULL)
        g_assert_cmpstr (jxs_connection_get_peer_fingerprint (connections[i]), ==, right);
      else
        g_test_message ("%s", error->message);
      n_open += connections[i] != NULL;
    }
  /* The other side may be told later. */
  wait_until (f.doormen[1].n_connections == n_open);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&connections[i]);
  /* What is the same in both can be swapped. */
  if (strstr (f.pattern, "security") != NULL)
    g_assert_cmpuint (n_open, ==, 2);
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/confusion/mirror", test_mirror);
  g_test_add_data_func ("/endpoint/confusion/clever-mirror", NULL, test_clever_mirror);
  g_test_add_data_func ("/endpoint/confusion/clever-mirror-no-address",
                        anonymous,
                        test_clever_mirror);
  g_test_add_func ("/endpoint/confusion/borrowed-fingerprint", test_borrowed_fingerprint);
  g_test_add_func ("/endpoint/confusion/borrowed-key", test_borrowed_key);
  for (guint i = 0; i < G_N_ELEMENTS (swapped); i++)
    {
      g_autofree char *path = g_strdup_printf ("/endpoint/confusion/swapped-%u", i);

      g_test_add_data_func (path, swapped[i], test_swapped);
    }
  return g_test_run ();
}

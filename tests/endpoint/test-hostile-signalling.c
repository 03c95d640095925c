/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-run.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Somebody between the endpoints who sees all signalling does one thing at one place: every thing
 * he can think of, at every place where it can be done. What must hold whatever he does is in
 * hostile-run.h; what he gets for it is in the tables here. */

static const HostilePolicy policies[] = {
  { "default", FALSE, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_LEVEL_FIRST_USE },
  { "known", FALSE, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_LEVEL_FIRST_USE },
  { "verified", FALSE, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_LEVEL_VERIFIED },
  { "optional", TRUE, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_LEVEL_FIRST_USE },
  { "optional-known", TRUE, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_LEVEL_FIRST_USE },
};

typedef struct
{
  const char *name;
  const char *pattern;     /* in the text of a stanza */
  const char *replacement; /* MALLORY40 and MALLORY64: his fingerprints */
  /* Of Romeo and Juliet, when done to session-initiate, session-accept, and anything else. */
  HostileOutcome initiate[2];
  HostileOutcome accept[2];
  HostileOutcome others[2];
  gboolean strips; /* hides that one can encrypt */
} Rewrite;

#define MALLORY_SECURITY                                                                           \
  "<security xmlns='" JXS_NS_XTLS "'><fingerprint>MALLORY40</fingerprint>"                         \
  "<method name='x509'/><hash xmlns='" JXS_NS_HASHES                                               \
  "' algo='sha-256'>MALLORY64</hash></security>"
#define OTHER_CONTENT                                                                              \
  "<content creator='initiator' name='other'><description xmlns='" JXS_NS_XMLSTREAM "'/>"          \
  "<transport xmlns='" JXS_NS_JINGLE_IBB "' block-size='4096' sid='other'/></content>"
#define SAID(action) "(<jingle xmlns='[^']*' action='" action "'.*)"

static const Rewrite rewrites[] = {
  /* fingerprints */
  { "fingerprint-replaced",
    "<fingerprint>.*<",
    "<fingerprint>MALLORY40<",
    { HOSTILE_REFUSED, HOSTILE_OTHER_KEY },
    { HOSTILE_OTHER_KEY, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "hash-replaced",
    "(<hash .*>).*<",
    "\\g<1>MALLORY64<",
    { HOSTILE_REFUSED, HOSTILE_OTHER_KEY },
    { HOSTILE_OTHER_KEY, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "key-replaced",
    "<security .*<fingerprint.*</security>",
    MALLORY_SECURITY,
    { HOSTILE_REFUSED, HOSTILE_OTHER_KEY },
    { HOSTILE_OTHER_KEY, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "fingerprint-removed",
    "<fingerprint>.*</fingerprint>",
    "",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "hash-removed",
    "<hash .*</hash>",
    "",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "key-removed",
    "<fingerprint>.*</fingerprint>(.*)<hash .*</hash>",
    "\\1",
    { HOSTILE_REFUSED, HOSTILE_NOTHING },
    { HOSTILE_NO_KEY, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "fingerprint-doubled",
    "(<fingerprint>.*</fingerprint>)",
    "\\1<fingerprint>MALLORY40</fingerprint>",
    { HOSTILE_MALFORMED, HOSTILE_NOTHING },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "hash-doubled",
    "(<hash .*>)(.*</hash>)",
    "\\1\\2\\g<1>MALLORY64</hash>",
    { HOSTILE_MALFORMED, HOSTILE_NOTHING },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "fingerprint-of-unknown-kind",
    "<fingerprint>",
    "<fingerprint algo='md4'>",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "keys-of-unknown-kind",
    "<fingerprint>(.*)<hash (.*)algo='sha-256'>",
    "<fingerprint algo='md4'>\\1<hash \\2algo='whirlpool'>",
    { HOSTILE_REFUSED, HOSTILE_NOTHING },
    { HOSTILE_NO_KEY, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "fingerprint-cut",
    "<fingerprint>.{10}",
    "<fingerprint>",
    { HOSTILE_MALFORMED, HOSTILE_NOTHING },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "hash-of-other-kind",
    "algo='sha-256'",
    "algo='sha-512'",
    { HOSTILE_MALFORMED, HOSTILE_NOTHING },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  /* methods */
  { "method-removed",
    "<method name='x509'/>",
    "",
    { HOSTILE_REFUSED, HOSTILE_NOTHING },
    { HOSTILE_NO_METHOD, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "method-unknown",
    "name='x509'",
    "name='rot13'",
    { HOSTILE_REFUSED, HOSTILE_NOTHING },
    { HOSTILE_NO_METHOD, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "method-unknown-added",
    "(<method name='x509'/>)",
    "<method name='rot13'/>\\1",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "method-srp",
    "name='x509'",
    "name='srp'",
    { HOSTILE_REFUSED, HOSTILE_PASSWORD },
    { HOSTILE_PASSWORD, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "method-srp-added",
    "(<method name='x509'/>)",
    "\\1<method name='srp'/>",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "method-nameless",
    "<method name='x509'/>",
    "<method/>",
    { HOSTILE_MALFORMED, HOSTILE_NOTHING },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  /* the precondition */
  { "security-removed",
    "<security .*</security>",
    "",
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE },
    TRUE },
  { "security-in-foreign-namespace",
    "<security xmlns='[^']*'",
    "<security xmlns='urn:example:security'",
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE },
    TRUE },
  { "security-emptied",
    "<security xmlns='([^']*)'>.*</security>",
    "<security xmlns='\\1'/>",
    { HOSTILE_REFUSED, HOSTILE_NOTHING },
    { HOSTILE_NO_METHOD, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "security-beside-content",
    "(<security .*</security>)</content>",
    "</content>\\1",
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE },
    TRUE },
  { "security-in-description",
    "<description ([^>]*)/>(.*)(<security .*</security>)",
    "<description \\1>\\3</description>\\2",
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_IN_CLEAR, HOSTILE_REFUSED },
    { HOSTILE_DONE, HOSTILE_DONE },
    TRUE },
  { "security-of-mallory-before",
    "<security xmlns='" JXS_NS_XTLS "'>",
    MALLORY_SECURITY "<security xmlns='" JXS_NS_XTLS "'>",
    { HOSTILE_MALFORMED, HOSTILE_NOTHING },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "security-of-mallory-behind",
    "</security>",
    "</security>" MALLORY_SECURITY,
    { HOSTILE_MALFORMED, HOSTILE_NOTHING },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "security-added-to-replace",
    SAID ("transport-replace") "</content>",
    "\\1" MALLORY_SECURITY "</content>",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "security-added-to-replace-accept",
    SAID ("transport-accept") "</content>",
    "\\1" MALLORY_SECURITY "</content>",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "security-info-of-mallory",
    SAID ("security-info") "<security .*</security>",
    "\\1" MALLORY_SECURITY,
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "security-info-for-transport",
    SAID ("transport-info") "<transport .*</transport>",
    "\\1" MALLORY_SECURITY },
  { "transport-info-is-security-info",
    "action='transport-info'(.*)<transport .*</transport>",
    "action='security-info'\\1" MALLORY_SECURITY },
  /* contents */
  {
      "content-added-before",
      "<content ",
      OTHER_CONTENT "<content ",
      { HOSTILE_DONE, HOSTILE_DONE },
      { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
      { HOSTILE_ANY, HOSTILE_ANY },
  },
  { "content-added-behind",
    "</content>",
    "</content>" OTHER_CONTENT,
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_ANY, HOSTILE_ANY } },
  { "content-doubled-in-clear",
    "(<content .*)<security .*</security></content>",
    "\\0\\1</content>",
    { HOSTILE_DONE, HOSTILE_DONE },
    { HOSTILE_MALFORMED, HOSTILE_MALFORMED },
    { HOSTILE_DONE, HOSTILE_DONE } },
  { "content-creator", "creator='initiator'", "creator='responder'" },
  { "content-name", "name='stream'", "name='brook'" },
  { "content-senders", "<content ", "<content senders='none' " },
  { "content-removed", "<content .*</content>", "" },
  { "description-other",
    "<description xmlns='[^']*'/>",
    "<description xmlns='" JXS_NS_PIPE "' service='org.example.Echo'/>" },
  /* the session */
  { "session-sid", "(<jingle [^>]*)sid='[^']*'", "\\1sid='other'" },
  { "session-namespace", "<jingle xmlns='[^']*'", "<jingle xmlns='" JXS_NS_JINGLE_0 "'" },
  { "initiator-other", " initiator='[^']*'", " initiator='mallory@evil.lit/cell'" },
  { "responder-other", " responder='[^']*'", " responder='mallory@evil.lit/cell'" },
  { "accept-is-initiate", "action='session-accept'", "action='session-initiate'" },
  { "initiate-is-accept", "action='session-initiate'", "action='session-accept'" },
  { "terminate-declines", "<success/>", "<decline/>" },
  { "terminate-blames-security", "<success/>", "<security-error/>" },
  /* addresses */
  { "from-mallory", " from='[^']*'><", " from='mallory@evil.lit/cell'><" },
  { "from-other-device", " from='([^/]*)/[^']*'", " from='\\1/other'" },
  { "from-nobody", " from='[^']*'", "" },
  { "from-the-other", " from='romeo@[^']*'", " from='juliet@capulet.lit/balcony'" },
  { "id-other", " id='[^']*'", " id='other'" },
  /* disco */
  { "disco-without-xtls",
    "<feature var='" JXS_NS_XTLS "'/>",
    "",
    { HOSTILE_ANY, HOSTILE_ANY },
    { HOSTILE_ANY, HOSTILE_ANY },
    { HOSTILE_DONE, HOSTILE_DONE },
    TRUE },
  { "disco-without-jingle",
    "<feature var='" JXS_NS_JINGLE "'/>",
    "",
    { HOSTILE_ANY, HOSTILE_ANY },
    { HOSTILE_ANY, HOSTILE_ANY },
    { HOSTILE_MALFORMED, HOSTILE_NOTHING } },
  { "disco-empty",
    "(<query xmlns='" JXS_NS_DISCO_INFO "')>.*</query>",
    "\\1/>",
    { HOSTILE_ANY, HOSTILE_ANY },
    { HOSTILE_ANY, HOSTILE_ANY },
    { HOSTILE_MALFORMED, HOSTILE_NOTHING } },
  /* transports */
  { "transport-sid", "(<transport [^>]*)sid='[^']*'", "\\1sid='other'" },
  { "transport-removed", "<transport [^>]*/>|<transport .*</transport>", "" },
  { "transport-of-unknown-kind",
    "<transport xmlns='[^']*'",
    "<transport xmlns='urn:example:transport'" },
  { "block-size", "block-size='4096'", "block-size='1'" },
  { "block-size-large", "block-size='4096'", "block-size='65535'" },
  { "candidates-elsewhere", "port='[0-9]+'", "port='9'" },
  { "candidate-used-other", "<candidate-used cid='[^']*'", "<candidate-used cid='other'" },
  { "candidate-used-none", "<candidate-used [^>]*/>", "<candidate-error/>" },
  { "replace-is-reject", "action='transport-accept'", "action='transport-reject'" },
  { "open-sid", "(<open [^>]*)sid='[^']*'", "\\1sid='other'" },
  { "data-sid", "(<data [^>]*)sid='[^']*'", "\\1sid='other'" },
  { "data-seq", "(<data [^>]*)seq='[0-9]+'", "\\1seq='4711'" },
  { "data-flipped", "(<data [^>]*>)F([^<]*</data>)", "\\1E\\2" },
  { "data-cut", "(<data [^>]*>).{4}", "\\1" },
  { "data-in-clear", "(<data [^>]*>)[^<]*", "\\1PHN0cmVhbTpzdHJlYW0+" },
  { "data-none", "(<data [^>]*>)[^<]*", "\\1" },
  { "result-is-error",
    "^(<iq [^>]*)type='result'([^>]*)/>$",
    "\\1type='error'\\2><error type='cancel'><item-not-found xmlns='" JXS_NS_STANZA_ERRORS
    "'/></error></iq>" },
};

typedef enum
{
  DEED_REWRITE,
  DEED_DROP,
  DEED_TWICE,
  DEED_LATE,    /* after the next one of the same sender */
  DEED_REPLAY,  /* again after each one that follows */
  DEED_MIRROR,  /* back to who sent it as well, as if it were the other's */
  DEED_SILENCE, /* from now on nothing passes in this direction */
  DEED_CUT,     /* from now on nothing passes */
  DEED_END,     /* both are told before that the other ended the session with success */
  DEED_ERROR,   /* a request is answered with an error, and goes no further */
  N_DEEDS,
} Deed;

static const char *const deed_names[N_DEEDS] = {
  "rewrite", "drop", "twice", "late", "replay", "mirror", "silence", "cut", "end", "error",
};

typedef struct
{
  Deed deed;
  const char *pattern;
  const char *replacement;
  guint who;
  guint n;
  gboolean recording;
  GPtrArray *record[2]; /* (element-type JxsElement): as they were sent */
  JxsElement *kept;     /* (owned) (nullable) */
  char *sid;            /* (owned) (nullable): of the session */
  gboolean struck;
} Attack;

static char *
get_session_sid (JxsElement *stanza)
{
  JxsElement *jingle = jxs_element_find_child (stanza, "jingle", JXS_NS_JINGLE);

  return jingle != NULL ? g_strdup (jxs_element_get_attribute (jingle, "sid")) : NULL;
}

static void
swap_addresses (JxsElement *stanza)
{
  g_autofree char *from = g_strdup (jxs_element_get_attribute (stanza, "from"));

  jxs_element_set_attribute (stanza, "from", jxs_element_get_attribute (stanza, "to"));
  jxs_element_set_attribute (stanza, "to", from);
}

static void
forge_end (HostileRun *run, const char *sid)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *xml =
          g_strdup_printf ("<iq xmlns='jabber:client' type='set' id='forged' from='%s' to='%s'>"
                           "<jingle xmlns='" JXS_NS_JINGLE "' action='session-terminate' sid='%s'>"
                           "<reason><success/></reason></jingle></iq>",
                           jxs_jid_to_string (hostile_get_jid (!i)),
                           jxs_jid_to_string (hostile_get_jid (i)),
                           sid);
      g_autoptr (JxsElement) stanza = jxs_element_new_from_string (xml, NULL);

      hostile_channel_pass (run->channels[i], stanza);
    }
}

static void
strike (HostileRun *run, Attack *attack, JxsElement *stanza)
{
  HostileChannel *from = run->channels[attack->who];
  HostileChannel *to = run->channels[!attack->who];

  attack->struck = TRUE;
  switch (attack->deed)
    {
    case DEED_REWRITE:
      {
        g_autoptr (JxsElement) rewritten =
            hostile_rewrite (stanza, attack->pattern, attack->replacement);

        hostile_channel_pass (to, rewritten != NULL ? rewritten : stanza);
        break;
      }
    case DEED_TWICE:
      hostile_channel_pass (to, stanza);
      hostile_channel_pass (to, stanza);
      break;
    case DEED_REPLAY:
      hostile_channel_pass (to, stanza);
      attack->kept = jxs_element_ref (stanza);
      break;
    case DEED_LATE:
      attack->kept = jxs_element_ref (stanza);
      break;
    case DEED_MIRROR:
      hostile_channel_pass (to, stanza);
      swap_addresses (stanza);
      hostile_channel_pass (from, stanza);
      break;
    case DEED_END:
      if (attack->sid != NULL)
        forge_end (run, attack->sid);
      hostile_channel_pass (to, stanza);
      break;
    case DEED_ERROR:
      {
        g_autoptr (GError) error =
            g_error_new_literal (JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE, "Forged");
        g_autoptr (JxsElement) answer = jxs_stanza_new_error (stanza, error, NULL);

        jxs_element_set_attribute (answer, "from", jxs_element_get_attribute (stanza, "to"));
        hostile_channel_pass (from, answer);
        break;
      }
    case DEED_DROP:
    case DEED_SILENCE:
    case DEED_CUT:
    case N_DEEDS:
    default:
      break;
    }
}

static void
attack_cb (HostileRun *run, guint who, guint n, JxsElement *stanza)
{
  Attack *attack = run->user_data;

  if (attack->sid == NULL)
    attack->sid = get_session_sid (stanza);
  if (attack->recording)
    g_ptr_array_add (attack->record[who], jxs_element_copy (stanza));
  if (who == attack->who && n == attack->n)
    {
      strike (run, attack, stanza);
      return;
    }
  if (attack->struck &&
      (attack->deed == DEED_CUT || (attack->deed == DEED_SILENCE && who == attack->who)))
    return;
  hostile_channel_pass (run->channels[!who], stanza);
  if (attack->kept == NULL || who != attack->who)
    return;
  hostile_channel_pass (run->channels[!who], attack->kept);
  if (attack->deed == DEED_LATE)
    g_clear_pointer (&attack->kept, jxs_element_unref);
}

static void
try_attack (const HostileWay *way,
            const HostilePolicy *policy,
            Attack *attack,
            const char *name,
            const HostileOutcome expected[2])
{
  HostileRun run = { .way = way, .policy = policy, .attack = attack_cb, .user_data = attack };

  hostile_run (&run);
  for (guint i = 0; i < 2; i++)
    {
      HostileOutcome outcome = hostile_get_outcome (&run, i);
      if (outcome == HOSTILE_UNCLEAR ||
          (expected != NULL && expected[i] != HOSTILE_ANY && outcome != expected[i]))
        {
          g_autofree char *told = hostile_describe (&run, i);

          g_test_fail ();
          g_test_message ("%s, %s: %s, stanza %u of %s: %s was told “%s”, not %d",
                          way->name,
                          policy->name,
                          name,
                          attack->n,
                          attack->who == ROMEO ? "Romeo" : "Juliet",
                          i == ROMEO ? "Romeo" : "Juliet",
                          told,
                          expected != NULL ? (int) expected[i] : -1);
        }
    }
  hostile_run_clear (&run);
  g_clear_pointer (&attack->kept, jxs_element_unref);
  g_clear_pointer (&attack->sid, g_free);
  attack->struck = FALSE;
}

/* What is said when nobody attacks. */
static void
record (const HostileWay *way, const HostilePolicy *policy, Attack *attack)
{
  const HostileOutcome expected[2] = { HOSTILE_DONE, HOSTILE_DONE };

  for (guint i = 0; i < 2; i++)
    attack->record[i] = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  attack->recording = TRUE;
  attack->n = G_MAXUINT;
  try_attack (way, policy, attack, "nothing", expected);
  attack->recording = FALSE;
}

static void
forget (Attack *attack)
{
  for (guint i = 0; i < 2; i++)
    g_ptr_array_unref (attack->record[i]);
}

static const char *
get_action (JxsElement *stanza)
{
  JxsElement *jingle = jxs_element_find_child (stanza, "jingle", JXS_NS_JINGLE);
  const char *action = jingle != NULL ? jxs_element_get_attribute (jingle, "action") : NULL;

  return action != NULL ? action : "";
}

/* What is said in the same way over another transport has been attacked there. */
static gboolean
is_worth_it (const HostileWay *way, JxsElement *stanza)
{
  if (way == &hostile_ways[0])
    return TRUE;
  if (g_str_equal (way->name, "replaced"))
    return g_str_equal (get_action (stanza), "transport-replace") ||
           g_str_equal (get_action (stanza), "transport-accept");
  return *get_action (stanza) != '\0';
}

/* Only people who need not encrypt, and who never met, go on without: both, or neither where one of
 * them does not know of it. */
static void
get_expected (const HostilePolicy *policy,
              const Rewrite *rewrite,
              JxsElement *stanza,
              HostileOutcome expected[2])
{
  const char *action = get_action (stanza);
  gboolean accept = g_str_equal (action, "session-accept");
  const HostileOutcome *row = rewrite->others;

  if (g_str_equal (action, "session-initiate"))
    row = rewrite->initiate;
  else if (accept)
    row = rewrite->accept;
  expected[ROMEO] = row[ROMEO];
  expected[JULIET] = row[JULIET];
  if (rewrite->strips && policy->optional && policy->known == JXS_TRUST_LEVEL_FIRST_USE &&
      !g_str_equal (action, "security-info"))
    {
      expected[ROMEO] = accept ? HOSTILE_NO_STREAM : HOSTILE_PLAIN;
      expected[JULIET] = accept ? HOSTILE_NO_TLS : HOSTILE_PLAIN;
    }
}

static char *
fill_in (const char *replacement)
{
  GString *filled = g_string_new (replacement);
  JxsIdentity *mallory = hostile_get_identity (MALLORY);
  g_autofree char *sha1 = jxs_identity_get_fingerprint (mallory, G_CHECKSUM_SHA1);
  g_autofree char *sha256 = jxs_identity_get_fingerprint (mallory, G_CHECKSUM_SHA256);
  g_autofree char *base64 = NULL;
  guint8 digest[32];

  for (guint i = 0; i < sizeof digest; i++)
    digest[i] = (guint8) (g_ascii_xdigit_value (sha256[2 * i]) << 4 |
                          g_ascii_xdigit_value (sha256[2 * i + 1]));
  base64 = g_base64_encode (digest, sizeof digest);
  g_string_replace (filled, "MALLORY40", sha1, 0);
  g_string_replace (filled, "MALLORY64", base64, 0);
  return g_string_free (filled, FALSE);
}

static void
test_rewrites (const HostileWay *way, const HostilePolicy *policy)
{
  Attack attack = { .deed = DEED_REWRITE };
  guint n_tried = 0;

  record (way, policy, &attack);
  for (guint i = 0; i < G_N_ELEMENTS (rewrites); i++)
    {
      g_autofree char *replacement = fill_in (rewrites[i].replacement);

      /* What is not about security does not depend on the policy. */
      if (policy != &policies[0] && rewrites[i].initiate[0] == HOSTILE_ANY &&
          rewrites[i].others[0] == HOSTILE_ANY)
        continue;
      attack.pattern = rewrites[i].pattern;
      attack.replacement = replacement;
      for (attack.who = 0; attack.who < 2; attack.who++)
        for (attack.n = 0; attack.n < attack.record[attack.who]->len; attack.n++)
          {
            JxsElement *stanza = g_ptr_array_index (attack.record[attack.who], attack.n);
            g_autoptr (JxsElement) changed =
                hostile_rewrite (stanza, attack.pattern, attack.replacement);
            HostileOutcome expected[2];

            if (changed == NULL || !is_worth_it (way, stanza))
              continue;
            get_expected (policy, &rewrites[i], stanza, expected);
            try_attack (way, policy, &attack, rewrites[i].name, expected);
            n_tried++;
          }
    }
  g_assert_cmpuint (n_tried, >, 5);
  forget (&attack);
}

static void
test_ways (gconstpointer data)
{
  test_rewrites (data, &policies[0]);
}

static void
test_policies (gconstpointer data)
{
  test_rewrites (&hostile_ways[0], data);
}

static void
test_deeds (gconstpointer data)
{
  const HostileWay *way = data;
  Attack attack = { .who = 0 };
  guint n_tried = 0;

  record (way, &policies[0], &attack);
  for (attack.deed = DEED_REWRITE + 1; attack.deed < N_DEEDS; attack.deed++)
    for (attack.who = 0; attack.who < 2; attack.who++)
      for (attack.n = 0; attack.n < attack.record[attack.who]->len; attack.n++)
        if (is_worth_it (way, g_ptr_array_index (attack.record[attack.who], attack.n)))
          {
            try_attack (way, &policies[0], &attack, deed_names[attack.deed], NULL);
            n_tried++;
          }
  g_assert_cmpuint (n_tried, >, 15);
  forget (&attack);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < hostile_n_ways; i++)
    {
      const char *name = hostile_ways[i].name;
      g_autofree char *ways = g_strdup_printf ("/endpoint/hostile-signalling/%s/words", name);
      g_autofree char *deeds = g_strdup_printf ("/endpoint/hostile-signalling/%s/deeds", name);

      g_test_add_data_func (ways, &hostile_ways[i], test_ways);
      g_test_add_data_func (deeds, &hostile_ways[i], test_deeds);
    }
  for (guint i = 1; i < G_N_ELEMENTS (policies); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/endpoint/hostile-signalling/policy/%s", policies[i].name);

      g_test_add_data_func (path, &policies[i], test_policies);
    }
  return g_test_run ();
}

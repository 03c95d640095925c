/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "raw-peer.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

/* Our endpoint as the initiator, against a receiver that is a script. */

static GTlsCertificate *
get_certificate (Raw *raw)
{
  return jxs_identity_get_certificate (raw->pair.identities[JULIET]);
}

static char *
get_fingerprint (Raw *raw, guint who, GChecksumType type)
{
  return jxs_identity_get_fingerprint (raw->pair.identities[who], type);
}

/* Header and features; the session is called. inside: of the starttls feature. */
static void
offer (Raw *raw, const char *inside)
{
  g_autofree char *features = g_strdup_printf ("<stream:features><starttls xmlns='" RAW_TLS
                                               "'>%s</starttls></stream:features>",
                                               inside);

  raw_called (raw);
  raw_expect (raw, "version=");
  raw_expect (raw, ">");
  raw_write (raw, RAW_REPLY ("plain-1"));
  raw_write (raw, features);
}

/* What the script says to <starttls/>, and what must come of it. */
typedef struct
{
  const char *name;
  const char *feature; /* inside of it */
  const char *answer;
  int code; /* of JXS_ERROR, or of JXS_STREAM_ERROR */
  gboolean stream_error;
  const char *heard; /* (nullable): by the peer, in the clear */
} Refusal;

static const Refusal refusals[] = {
  /* RFC 6120 §5.4.2.2: our closing tag follows theirs. */
  { "failure",
    "<required/>",
    "<failure xmlns='" RAW_TLS "'/></stream:stream>",
    JXS_ERROR_SECURITY,
    FALSE,
    "</stream:stream>" },
  { "stanza",
    "",
    "<message><body>x</body></message>",
    JXS_STREAM_ERROR_NOT_AUTHORIZED,
    TRUE,
    "<not-authorized" },
  { "odd-element",
    "",
    "<success xmlns='" RAW_SASL "'/>",
    JXS_STREAM_ERROR_NOT_AUTHORIZED,
    TRUE,
    "<not-authorized" },
  /* RFC 6120 §5.3.3, and what others would get into the stream. */
  { "white-space", "", "<proceed xmlns='" RAW_TLS "'/>\n", JXS_ERROR_SECURITY, FALSE, NULL },
  { "stanza-behind",
    "",
    "<proceed xmlns='" RAW_TLS "'/><message/>",
    JXS_ERROR_SECURITY,
    FALSE,
    NULL },
  { "header-behind",
    "",
    "<proceed xmlns='" RAW_TLS "'/>" RAW_REPLY ("x"),
    JXS_ERROR_SECURITY,
    FALSE,
    NULL },
  { "half-behind", "", "<proceed xmlns='" RAW_TLS "'/><mess", JXS_ERROR_SECURITY, FALSE, NULL },
  /* XEP-0250 §3.3.3 */
  { "method-not-offered",
    RAW_OFFER (RAW_KEY ("428b1358a286430f628da23fb33ddaf6e474f5c5")),
    "<proceed xmlns='" RAW_TLS "'>" RAW_OFFER ("<srp/>") "</proceed>",
    JXS_ERROR_SECURITY,
    FALSE,
    NULL },
  { "another-key",
    RAW_OFFER (RAW_KEY ("428b1358a286430f628da23fb33ddaf6e474f5c5")),
    "<proceed xmlns='" RAW_TLS
    "'>" RAW_OFFER (RAW_KEY ("89d099a3428481cc63fe3fa44e7df2d002b4ce44")) "</proceed>",
    JXS_ERROR_SECURITY,
    FALSE,
    NULL },
  { "offer-from-nowhere",
    "<required/>",
    "<proceed xmlns='" RAW_TLS
    "'>" RAW_OFFER (RAW_KEY ("89d099a3428481cc63fe3fa44e7df2d002b4ce44")) "</proceed>",
    JXS_ERROR_SECURITY,
    FALSE,
    NULL },
};

static void
test_refused (Raw *raw, gconstpointer data)
{
  const Refusal *refusal = data;

  offer (raw, refusal->feature);
  raw_expect (raw, "<starttls");
  raw_expect (raw, ">");
  raw_write (raw, refusal->answer);
  if (refusal->heard != NULL)
    raw_expect (raw, refusal->heard);
  raw_expect_end (raw);
  if (refusal->heard == NULL)
    g_assert_null (strstr (raw->received->str, "<stream:"));
  raw_assert_failed (raw, refusal->stream_error ? JXS_STREAM_ERROR : JXS_ERROR, refusal->code);
  /* Who said why closes in order. */
  if (refusal->heard != NULL)
    return;
  wait_until (jxs_session_get_state (raw->session) == JXS_SESSION_STATE_ENDED);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (raw->session)),
                   ==,
                   JXS_REASON_SECURITY_ERROR);
}

/* Of the features: none that leads to encryption is an answer (jingle-xtls §7.3). */
static void
test_no_feature (Raw *raw, gconstpointer data)
{
  raw_called (raw);
  raw_expect (raw, ">");
  raw_write (raw, RAW_REPLY ("plain-1") "<stream:features>");
  raw_write (raw, data);
  raw_write (raw, "</stream:features>");
  raw_expect (raw, "<policy-violation");
  raw_expect (raw, "</stream:stream>");
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* Nothing follows in the clear when TLS fails (RFC 6120 §5.4.3.2). */
static void
test_garbage (Raw *raw, gconstpointer data)
{
  offer (raw, "");
  raw_expect (raw, "<starttls");
  raw_write (raw, "<proceed xmlns='" RAW_TLS "'/>");
  raw_expect (raw, "\x16\x03");
  raw_write (raw, "<message><body>not TLS</body></message>");
  raw_expect_end (raw);
  g_assert_null (memmem (raw->received->str, raw->received->len, "stream", strlen ("stream")));
  raw_wait (raw);
  g_assert_null (raw->stream);
  g_test_message ("%s", raw->error->message);
  g_assert_true (raw->error->domain == G_TLS_ERROR ||
                 g_error_matches (raw->error, JXS_ERROR, JXS_ERROR_SECURITY) ||
                 g_error_matches (raw->error, JXS_ERROR, JXS_ERROR_TRUNCATED));
}

static void
proceed (Raw *raw)
{
  raw_expect (raw, "<starttls");
  raw_expect (raw, ">");
  raw_write (raw, "<proceed xmlns='" RAW_TLS "'/>");
}

static void
reply (Raw *raw, const char *id, const char *features)
{
  g_autofree char *text = g_strdup_printf (
      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
      "from='juliet@capulet.lit' to='romeo@montague.lit' id='%s' version='1.0'>"
      "<stream:features>%s</stream:features>",
      id,
      features);

  raw_expect (raw, "<stream:stream");
  raw_expect (raw, ">");
  raw_write (raw, text);
}

#define MECHANISMS(inside) "<mechanisms xmlns='" RAW_SASL "'>" inside "</mechanisms>"
#define EXTERNAL MECHANISMS ("<mechanism>EXTERNAL</mechanism>")

/* Against TLS and XML of another make; optional or not, it is done. */
static void
test_whole (Raw *raw, gconstpointer data)
{
  const char *feature = data;
  Inbox inbox;

  offer (raw, feature);
  proceed (raw);
  g_assert_true (raw_secure (raw, FALSE, get_certificate (raw)));
  reply (raw, "secure-2", EXTERNAL);
  raw_expect (raw, "<auth xmlns='" RAW_SASL "' mechanism='EXTERNAL'>=</auth>");
  raw_write (raw, "<success xmlns='" RAW_SASL "'/>");
  reply (raw, "proven-3", "");
  raw_wait (raw);
  g_assert_no_error (raw->error);
  inbox_init (&inbox, raw->stream);
  raw_write (raw, "<message from='nurse@capulet.lit'><body>hist</body></message>");
  wait_until (inbox.bodies->len == 1);
  g_assert_cmpstr (jxs_element_get_attribute (g_ptr_array_index (inbox.stanzas, 0), "from"),
                   ==,
                   "juliet@capulet.lit/balcony");
  inbox_clear (&inbox);
}

/* XEP-0246 §3: SASL is optional; the certificates have said all. */
static void
test_without_sasl (Raw *raw, gconstpointer data)
{
  offer (raw, "");
  proceed (raw);
  g_assert_true (raw_secure (raw, FALSE, get_certificate (raw)));
  reply (raw, "secure-2", "<starttls xmlns='" RAW_TLS "'/>");
  raw_wait (raw);
  g_assert_no_error (raw->error);
}

/* The offers name the certificate that is shown then, by whatever digest; others beside it may be
 * keys of another kind. */
static void
test_announced (Raw *raw, gconstpointer data)
{
  const gboolean right = GPOINTER_TO_UINT (data);
  g_autofree char *name = get_fingerprint (raw, right ? JULIET : ROMEO, G_CHECKSUM_SHA1);
  g_autofree char *own = get_fingerprint (raw, ROMEO, G_CHECKSUM_SHA1);
  g_autofree char *feature =
      g_strdup_printf (RAW_OFFER (RAW_KEY ("89d099a3428481cc63fe3fa44e7df2d002b4ce44")
                                      RAW_KEY ("%s") "<sas/>"),
                       name);

  offer (raw, feature);
  raw_expect (raw, "<starttls");
  raw_expect (raw, own);
  raw_expect (raw, "</starttls>");
  raw_write (raw, "<proceed xmlns='" RAW_TLS "'/>");
  raw_secure (raw, FALSE, get_certificate (raw));
  if (right)
    {
      reply (raw, "secure-2", "");
      raw_wait (raw);
      g_assert_no_error (raw->error);
    }
  else
    raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* Who shows another key than before is not spoken to (RFC 6120 §13.7). */
static void
test_other_key (Raw *raw, gconstpointer data)
{
  g_autofree char *known = get_fingerprint (raw, ROMEO, G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  jxs_memory_trust_pin (raw->pair.trusts[ROMEO], raw->pair.jids[JULIET], known, FALSE, &error);
  g_assert_no_error (error);
  offer (raw, "");
  proceed (raw);
  raw_secure (raw, FALSE, get_certificate (raw));
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

/* RFC 6120 §4.7.1: who it is with stays as it was. */
static void
test_changed_from (Raw *raw, gconstpointer data)
{
  offer (raw, "");
  proceed (raw);
  g_assert_true (raw_secure (raw, FALSE, get_certificate (raw)));
  raw_expect (raw, ">");
  raw_write (raw,
             "<stream:stream xmlns='jabber:client' "
             "xmlns:stream='http://etherx.jabber.org/streams' from='paris@verona.lit' "
             "to='romeo@montague.lit' id='x' version='1.0'>");
  raw_expect (raw, "<invalid-from");
  raw_assert_failed (raw, JXS_STREAM_ERROR, JXS_STREAM_ERROR_INVALID_FROM);
}

static const char *const conditions[] = {
  "aborted",
  "account-disabled",
  "credentials-expired",
  "encryption-required",
  "incorrect-encoding",
  "invalid-authzid",
  "invalid-mechanism",
  "malformed-request",
  "mechanism-too-weak",
  "not-authorized",
  "temporary-auth-failure",
};

/* RFC 6120 §6.5 */
static void
test_failure (Raw *raw, gconstpointer data)
{
  const char *condition = data;
  g_autofree char *failure =
      g_strdup_printf ("<failure xmlns='" RAW_SASL "'><%s/></failure>", condition);

  offer (raw, "");
  proceed (raw);
  g_assert_true (raw_secure (raw, FALSE, get_certificate (raw)));
  reply (raw, "secure-2", EXTERNAL);
  raw_expect (raw, "</auth>");
  raw_write (raw, failure);
  raw_expect (raw, "</stream:stream>");
  raw_write (raw, "</stream:stream>");
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  g_assert_nonnull (strstr (raw->error->message, condition));
}

static void
test_other_mechanism (Raw *raw, gconstpointer data)
{
  offer (raw, "");
  proceed (raw);
  g_assert_true (raw_secure (raw, FALSE, get_certificate (raw)));
  reply (raw, "secure-2", MECHANISMS ("<mechanism>SCRAM-SHA-256-PLUS</mechanism>"));
  raw_expect (raw, "<unsupported-feature");
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
}

/* A receiver that never goes on (the clock is fake). */
static void
test_silence (Raw *raw, gconstpointer data)
{
  jxs_clock_use_fake (0);
  offer (raw, "");
  raw_expect (raw, "<starttls");
  jxs_clock_advance (29 * G_TIME_SPAN_SECOND);
  settle ();
  g_assert_false (raw->done);
  hurry_start ();
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  hurry_stop ();
  jxs_clock_use_real ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/endpoint/starttls-receiver/", refusals[i].name, NULL);

      g_test_add (path, Raw, &refusals[i], raw_set_up, test_refused, raw_tear_down);
    }
  for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
    {
      g_autofree char *path =
          g_strconcat ("/endpoint/starttls-receiver/failure/", conditions[i], NULL);

      g_test_add (path, Raw, conditions[i], raw_set_up, test_failure, raw_tear_down);
    }
#define ADD(name, data, func)                                                                      \
  g_test_add ("/endpoint/starttls-receiver/" name, Raw, data, raw_set_up, func, raw_tear_down)
  ADD ("no-feature", "", test_no_feature);
  ADD ("sasl-alone", EXTERNAL, test_no_feature);
  ADD ("garbage", NULL, test_garbage);
  ADD ("whole-required", "<required/>", test_whole);
  ADD ("whole-optional", "", test_whole);
  ADD ("without-sasl", NULL, test_without_sasl);
  ADD ("announced", GUINT_TO_POINTER (TRUE), test_announced);
  ADD ("not-announced", GUINT_TO_POINTER (FALSE), test_announced);
  ADD ("other-key", NULL, test_other_key);
  ADD ("changed-from", NULL, test_changed_from);
  ADD ("other-mechanism", NULL, test_other_mechanism);
#undef ADD
  g_test_add (
      "/endpoint/starttls-receiver/silence", Raw, NULL, raw_set_up, test_silence, raw_tear_down);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "raw-peer.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

/* Our endpoint as the receiver, against an initiator that is a script. */

#define STARTTLS "<starttls xmlns='" RAW_TLS "'/>"

static GTlsCertificate *
get_certificate (Raw *raw)
{
  return jxs_identity_get_certificate (raw->pair.identities[JULIET]);
}

/* Features before TLS: nothing but TLS, and it is required (RFC 6120 §5.3.1, §5.4.1), with the
 * keys of our certificate (XEP-0250 §3.3.1). */
static void
test_features (Raw *raw, gconstpointer data)
{
  g_autofree char *sha1 =
      jxs_identity_get_fingerprint (raw->pair.identities[ROMEO], G_CHECKSUM_SHA1);
  g_autofree char *sha256 =
      jxs_identity_get_fingerprint (raw->pair.identities[ROMEO], G_CHECKSUM_SHA256);
  g_autofree char *features =
      g_strdup_printf ("<stream:features><starttls xmlns='" RAW_TLS "'><required/>" RAW_OFFER (
                           RAW_KEY ("%s") RAW_KEY ("%s")) "</starttls></stream:features>",
                       sha1,
                       sha256);

  raw_calls (raw);
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, features);
  g_assert_cmpuint (raw->received->len, ==, 0);
  raw_write (raw, "</stream:stream>");
  raw_expect (raw, "</stream:stream>");
  raw_wait (raw);
  g_assert_null (raw->stream);
}

typedef struct
{
  const char *name;
  const char *said;
  const char *heard;
  GQuark (*domain) (void);
  int code;
} Refusal;

static const Refusal refusals[] = {
  { "stanza",
    "<message><body>x</body></message>",
    "<not-authorized",
    jxs_stream_error_quark,
    JXS_STREAM_ERROR_NOT_AUTHORIZED },
  { "iq",
    "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<not-authorized",
    jxs_stream_error_quark,
    JXS_STREAM_ERROR_NOT_AUTHORIZED },
  { "odd-element",
    "<proceed xmlns='" RAW_TLS "'/>",
    "<not-authorized",
    jxs_stream_error_quark,
    JXS_STREAM_ERROR_NOT_AUTHORIZED },
  { "bind",
    "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<not-authorized",
    jxs_stream_error_quark,
    JXS_STREAM_ERROR_NOT_AUTHORIZED },
  /* RFC 6120 §6.5.4 */
  { "auth",
    "<auth xmlns='" RAW_SASL "' mechanism='EXTERNAL'>=</auth>",
    "<encryption-required",
    jxs_error_quark,
    JXS_ERROR_AUTHENTICATION },
  /* RFC 6120 §5.3.3 */
  { "white-space", STARTTLS "\n", "<not-authorized", jxs_error_quark, JXS_ERROR_SECURITY },
  { "stanza-behind",
    STARTTLS "<message/>",
    "<not-authorized",
    jxs_error_quark,
    JXS_ERROR_SECURITY },
  { "auth-behind",
    STARTTLS "<auth xmlns='" RAW_SASL "' mechanism='EXTERNAL'>=</auth>",
    "<not-authorized",
    jxs_error_quark,
    JXS_ERROR_SECURITY },
  { "half-behind", STARTTLS "<mess", "<not-authorized", jxs_error_quark, JXS_ERROR_SECURITY },
  /* XEP-0250 §3.3.3: no way is left. */
  { "srp-alone",
    "<starttls xmlns='" RAW_TLS "'>" RAW_OFFER ("<srp/>") "</starttls>",
    "<failure xmlns='" RAW_TLS "'/></stream:stream>",
    jxs_error_quark,
    JXS_ERROR_SECURITY },
  { "unknown-method",
    "<starttls xmlns='" RAW_TLS "'>" RAW_OFFER ("<sas/>") "</starttls>",
    "<failure xmlns='" RAW_TLS "'/></stream:stream>",
    jxs_error_quark,
    JXS_ERROR_SECURITY },
};

static void
test_refused (Raw *raw, gconstpointer data)
{
  const Refusal *refusal = data;

  raw_calls (raw);
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, "</stream:features>");
  raw_write (raw, refusal->said);
  raw_expect (raw, refusal->heard);
  raw_write (raw, "</stream:stream>");
  raw_expect_end (raw);
  g_assert_null (strstr (raw->received->str, "<proceed"));
  raw_assert_failed (raw, refusal->domain (), refusal->code);
}

/* Up to the features inside TLS. */
static gboolean
secure (Raw *raw, GTlsCertificate *certificate)
{
  raw_calls (raw);
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, " id='");
  raw_expect (raw, "</stream:features>");
  raw_write (raw, STARTTLS);
  raw_expect (raw, "<proceed xmlns='" RAW_TLS "'/>");
  /* Not one octet more (RFC 6120 §5.3.3). */
  g_assert_cmpuint (raw->received->len, ==, 0);
  if (!raw_secure (raw, TRUE, certificate))
    return FALSE;
  raw_write (raw, RAW_HEADER);
  return TRUE;
}

#define EXTERNAL                                                                                   \
  "<stream:features><mechanisms xmlns='" RAW_SASL                                                  \
  "'><mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"

static void
finish (Raw *raw)
{
  Inbox inbox;

  raw_expect (raw, "<success xmlns='" RAW_SASL "'/>");
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, "<stream:features/>");
  raw_wait (raw);
  g_assert_no_error (raw->error);
  inbox_init (&inbox, raw->stream);
  raw_write (raw, "<message from='nurse@capulet.lit'><body>hist</body></message>");
  wait_until (inbox.bodies->len == 1);
  inbox_clear (&inbox);
}

/* authzid: nothing, or the address that the certificate proves (RFC 6120 §6.3.8, XEP-0178 §2). */
static void
test_whole (Raw *raw, gconstpointer data)
{
  g_assert_true (secure (raw, get_certificate (raw)));
  raw_expect (raw, EXTERNAL);
  raw_write (raw, data);
  if (strstr (data, "</auth>") == NULL)
    {
      /* No initial response: the receiver asks for it. */
      raw_expect (raw, "<challenge xmlns='" RAW_SASL "'/>");
      raw_write (raw, "<response xmlns='" RAW_SASL "'/>");
    }
  finish (raw);
}

/* Each stream has an id of its own (RFC 6120 §4.7.3). */
static void
test_ids (Raw *raw, gconstpointer data)
{
  g_autofree char *plain = NULL;
  g_autofree char *secured = NULL;

  raw_calls (raw);
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, " id='");
  plain = g_strndup (raw->received->str, strchr (raw->received->str, '\'') - raw->received->str);
  raw_expect (raw, "</stream:features>");
  raw_write (raw, STARTTLS);
  raw_expect (raw, "<proceed xmlns='" RAW_TLS "'/>");
  g_assert_true (raw_secure (raw, TRUE, get_certificate (raw)));
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, " id='");
  secured = g_strndup (raw->received->str, strchr (raw->received->str, '\'') - raw->received->str);
  g_assert_cmpstr (plain, !=, secured);
}

typedef struct
{
  const char *name;
  const char *said;
  const char *condition;
} Attempt;

#define AUTH(inside) "<auth xmlns='" RAW_SASL "' mechanism='EXTERNAL'>" inside "</auth>"

/* RFC 6120 §6.5 */
static const Attempt attempts[] = {
  { "aborted", "<abort xmlns='" RAW_SASL "'/>", "aborted" },
  { "aborted-meanwhile",
    "<auth xmlns='" RAW_SASL "' mechanism='EXTERNAL'/><abort xmlns='" RAW_SASL "'/>",
    "aborted" },
  { "incorrect-encoding", AUTH ("%%%"), "incorrect-encoding" },
  /* paris@verona.lit; with a resource; no address at all */
  { "invalid-authzid", AUTH ("cGFyaXNAdmVyb25hLmxpdA=="), "invalid-authzid" },
  { "full-authzid", AUTH ("anVsaWV0QGNhcHVsZXQubGl0L2JhbGNvbnk="), "invalid-authzid" },
  { "odd-authzid", AUTH ("QEA="), "invalid-authzid" },
  { "malformed-authzid", AUTH ("anVsaWV0AGNhcHVsZXQ="), "malformed-request" },
  { "invalid-mechanism",
    "<auth xmlns='" RAW_SASL "' mechanism='ODD'>=</auth>",
    "invalid-mechanism" },
  { "malformed-request", "<auth xmlns='" RAW_SASL "'>=</auth>", "malformed-request" },
  { "mechanism-too-weak",
    "<auth xmlns='" RAW_SASL "' mechanism='PLAIN'>AGEAYg==</auth>",
    "mechanism-too-weak" },
};

/* After each there may be another one; not for ever. */
static void
test_attempt (Raw *raw, gconstpointer data)
{
  const Attempt *attempt = data;
  g_autofree char *condition = g_strdup_printf ("<%s/></failure>", attempt->condition);

  g_assert_true (secure (raw, get_certificate (raw)));
  raw_expect (raw, EXTERNAL);
  raw_write (raw, attempt->said);
  raw_expect (raw, condition);
  raw_write (raw, AUTH ("="));
  finish (raw);
}

static void
test_too_many (Raw *raw, gconstpointer data)
{
  g_assert_true (secure (raw, get_certificate (raw)));
  raw_expect (raw, EXTERNAL);
  for (guint i = 0; i < 5; i++)
    {
      raw_write (raw, AUTH ("cGFyaXNAdmVyb25hLmxpdA=="));
      raw_expect (raw, "</failure>");
    }
  raw_expect (raw, "</stream:stream>");
  raw_write (raw, AUTH ("=") "</stream:stream>");
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
}

/* Within TLS as well nothing comes before its time. */
static const Refusal secure_refusals[] = {
  { "second-starttls",
    STARTTLS,
    "<not-authorized",
    jxs_stream_error_quark,
    JXS_STREAM_ERROR_NOT_AUTHORIZED },
  { "secure-stanza",
    "<message/>",
    "<not-authorized",
    jxs_stream_error_quark,
    JXS_STREAM_ERROR_NOT_AUTHORIZED },
  { "secure-bind",
    "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<not-authorized",
    jxs_stream_error_quark,
    JXS_STREAM_ERROR_NOT_AUTHORIZED },
  { "stanza-behind-auth",
    AUTH ("=") "<message/>",
    "<not-authorized",
    jxs_error_quark,
    JXS_ERROR_SECURITY },
};

static void
test_secure_refused (Raw *raw, gconstpointer data)
{
  const Refusal *refusal = data;

  g_assert_true (secure (raw, get_certificate (raw)));
  raw_expect (raw, EXTERNAL);
  raw_write (raw, refusal->said);
  raw_expect (raw, refusal->heard);
  raw_write (raw, "</stream:stream>");
  raw_assert_failed (raw, refusal->domain (), refusal->code);
}

/* After <success/> a new header is due (RFC 6120 §6.4.6). */
static void
test_no_restart (Raw *raw, gconstpointer data)
{
  g_assert_true (secure (raw, get_certificate (raw)));
  raw_expect (raw, EXTERNAL);
  raw_write (raw, AUTH ("="));
  raw_expect (raw, "<success xmlns='" RAW_SASL "'/>");
  raw_write (raw, "<message xmlns='jabber:client'/>");
  raw_expect (raw, "<stream:error");
  raw_wait (raw);
  g_assert_null (raw->stream);
}

/* Both sides have to show who they are (XEP-0250 §1). */
static void
test_no_certificate (Raw *raw, gconstpointer data)
{
  secure (raw, NULL);
  raw_wait (raw);
  g_assert_null (raw->stream);
  g_test_message ("%s", raw->error->message);
}

/* Our own: whatever it names, who is there is a mirror. */
static void
test_own_certificate (Raw *raw, gconstpointer data)
{
  secure (raw, jxs_identity_get_certificate (raw->pair.identities[ROMEO]));
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_nonnull (strstr (raw->error->message, "our own key"));
}

/* A certificate of somebody else's, in whosever name it is called. */
static void
test_other_certificate (Raw *raw, gconstpointer data)
{
  g_autoptr (JxsJid) jid = jxs_jid_new ("mallory@evil.lit", NULL);
  g_autoptr (JxsIdentity) identity =
      jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &raw->error);

  g_assert_no_error (raw->error);
  secure (raw, jxs_identity_get_certificate (identity));
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_SECURITY);
}

static void
test_garbage (Raw *raw, gconstpointer data)
{
  raw_calls (raw);
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, "</stream:features>");
  raw_write (raw, STARTTLS);
  raw_expect (raw, "<proceed xmlns='" RAW_TLS "'/>");
  raw_write (raw, RAW_HEADER "<message><body>not TLS</body></message>");
  raw_expect_end (raw);
  g_assert_null (memmem (raw->received->str, raw->received->len, "<", 1));
  raw_wait (raw);
  g_assert_null (raw->stream);
  g_test_message ("%s", raw->error->message);
}

/* The plain part, cut anywhere. */
static void
test_splits (Raw *raw, gconstpointer data)
{
  const char *script = RAW_HEADER STARTTLS;
  gsize length = strlen (script);
  gsize header = strlen (RAW_HEADER);

  for (gsize at = 1; at < length; at++)
    {
      g_autofree char *first = g_strndup (script, at);
      Raw again = { 0 };

      raw_set_up (&again, NULL);
      raw_calls (&again);
      raw_write (&again, first);
      if (at >= header)
        raw_expect (&again, "</stream:features>");
      settle ();
      raw_write (&again, script + at);
      raw_expect (&again, "<proceed xmlns='" RAW_TLS "'/>");
      raw_tear_down (&again, NULL);
    }
}

/* Somebody writes into the plain part, anywhere: nothing of it is ever heard, and the stream does
 * not come to be. */
static void
test_injected (Raw *raw, gconstpointer data)
{
  const char *script = RAW_HEADER STARTTLS;
  gsize length = strlen (script);

  for (gsize at = strlen ("<stream:stream"); at <= length; at++)
    {
      g_autofree char *text = g_strdup_printf ("%.*s<message><body>evil</body></message>%s",
                                               (int) at,
                                               script,
                                               script + at);
      Raw again = { 0 };

      raw_set_up (&again, NULL);
      raw_calls (&again);
      raw_write (&again, text);
      raw_wait (&again);
      g_assert_null (again.stream);
      g_assert_nonnull (again.error);
      raw_tear_down (&again, NULL);
    }
}

/* Who dribbles is cut off long before ten minutes (the clock is fake). */
static void
test_silence (Raw *raw, gconstpointer data)
{
  jxs_clock_use_fake (0);
  raw_calls (raw);
  raw_write (raw, RAW_HEADER);
  raw_expect (raw, "</stream:features>");
  jxs_clock_advance (29 * G_TIME_SPAN_SECOND);
  settle ();
  g_assert_no_error (raw->doorman.error);
  jxs_clock_advance (2 * G_TIME_SPAN_SECOND);
  raw_expect (raw, "<connection-timeout");
  hurry_start ();
  raw_assert_failed (raw, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  hurry_stop ();
  jxs_clock_use_real ();
}

static void
add_all (const Refusal *cases, guint n_cases, void (*func) (Raw *, gconstpointer))
{
  for (guint i = 0; i < n_cases; i++)
    {
      g_autofree char *path = g_strconcat ("/endpoint/starttls-initiator/", cases[i].name, NULL);

      g_test_add (path, Raw, &cases[i], raw_set_up, func, raw_tear_down);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_all (refusals, G_N_ELEMENTS (refusals), test_refused);
  add_all (secure_refusals, G_N_ELEMENTS (secure_refusals), test_secure_refused);
  for (guint i = 0; i < G_N_ELEMENTS (attempts); i++)
    {
      g_autofree char *path =
          g_strconcat ("/endpoint/starttls-initiator/attempt/", attempts[i].name, NULL);

      g_test_add (path, Raw, &attempts[i], raw_set_up, test_attempt, raw_tear_down);
    }
#define ADD(name, data, func)                                                                      \
  g_test_add ("/endpoint/starttls-initiator/" name, Raw, data, raw_set_up, func, raw_tear_down)
  ADD ("features", NULL, test_features);
  ADD ("ids", NULL, test_ids);
  ADD ("whole-nothing", AUTH ("="), test_whole);
  ADD ("whole-address", AUTH ("anVsaWV0QGNhcHVsZXQubGl0"), test_whole);
  ADD ("whole-asked", "<auth xmlns='" RAW_SASL "' mechanism='EXTERNAL'/>", test_whole);
  ADD ("too-many", NULL, test_too_many);
  ADD ("no-restart", NULL, test_no_restart);
  ADD ("no-certificate", NULL, test_no_certificate);
  ADD ("own-certificate", NULL, test_own_certificate);
  ADD ("other-certificate", NULL, test_other_certificate);
  ADD ("garbage", NULL, test_garbage);
  ADD ("silence", NULL, test_silence);
#undef ADD
  g_test_add ("/endpoint/starttls-initiator/splits", Raw, NULL, NULL, test_splits, NULL);
  g_test_add ("/endpoint/starttls-initiator/injected", Raw, NULL, NULL, test_injected, NULL);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/security/jxs-offer-responder-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define OFFER(inside) "<offer xmlns='" JXS_NS_TMP_C2CTLS "'>" inside "</offer>"
#define KEY(name) "<keyinfo xmlns='" JXS_NS_TMP_PUBKEY "'><name>" name "</name></keyinfo>"
#define ONE "428b1358a286430f628da23fb33ddaf6e474f5c5"
#define TWO "89d099a3428481cc63fe3fa44e7df2d002b4ce44"

static void
parse (const char *xml, JxsOffer *offer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  jxs_offer_parse (element, offer);
}

/* XEP-0250 §3.1, and what is to be left out (§2). */
static void
test_parse (void)
{
  static const struct
  {
    const char *xml;
    guint n_keys;
    gboolean srp;
    gboolean insecure;
  } cases[] = {
    { OFFER (KEY (ONE) KEY (TWO) "<srp/>"), 2, TRUE, FALSE },
    { OFFER ("<insecure/><srp/>"), 0, TRUE, TRUE },
    { OFFER (KEY (ONE) KEY (ONE) "<sas/><openpgp/>"), 1, FALSE, FALSE },
    { OFFER (KEY ("RecipientX509CertificateHash") KEY ("") "<keyinfo/>"), 0, FALSE, FALSE },
    { OFFER ("<srp xmlns='urn:odd'/>"), 0, FALSE, FALSE },
    { OFFER (""), 0, FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (JxsOffer) offer = { 0 };

      parse (cases[i].xml, &offer);
      g_assert_cmpuint (offer.n_keys, ==, cases[i].n_keys);
      g_assert_cmpint (offer.srp, ==, cases[i].srp);
      g_assert_cmpint (offer.insecure, ==, cases[i].insecure);
    }
}

static void
test_build (void)
{
  static const char *const forms[] = {
    OFFER (KEY (ONE) KEY (TWO) "<srp/>"),
    OFFER ("<insecure/><srp/>"),
    OFFER (""),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_auto (JxsOffer) offer = { 0 };
      g_autoptr (JxsElement) expected = jxs_element_new_from_string (forms[i], NULL);
      g_autoptr (JxsElement) built = NULL;

      jxs_offer_parse (expected, &offer);
      built = jxs_offer_build (&offer);
      g_assert_true (jxs_element_equal (built, expected));
    }
}

static void
test_many_keys (void)
{
  g_autoptr (GString) xml = g_string_new ("<offer xmlns='" JXS_NS_TMP_C2CTLS "'>");
  g_auto (JxsOffer) offer = { 0 };

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (xml, KEY ("%040x"), i);
  g_string_append (xml, "<srp/></offer>");
  parse (xml->str, &offer);
  g_assert_cmpuint (offer.n_keys, ==, JXS_OFFER_MAX_KEYS);
  g_assert_true (offer.srp);
}

static JxsIdentity *
new_identity (const char *address)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (address, NULL);
  g_autoptr (GError) error = NULL;
  JxsIdentity *identity = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &error);

  g_assert_no_error (error);
  return identity;
}

static void
test_matches (void)
{
  g_autoptr (JxsIdentity) identity = new_identity ("juliet@capulet.lit");
  GTlsCertificate *certificate = jxs_identity_get_certificate (identity);
  g_autofree char *sha1 = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA1);
  g_autofree char *sha256 = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA256);
  g_auto (JxsOffer) offer = { 0 };

  g_assert_true (jxs_offer_matches (&offer, certificate));
  jxs_offer_add_key (&offer, G_CHECKSUM_SHA1, ONE);
  g_assert_false (jxs_offer_matches (&offer, certificate));
  jxs_offer_add_key (&offer, G_CHECKSUM_SHA1, sha1);
  g_assert_true (jxs_offer_matches (&offer, certificate));
  /* A better digest cannot be made up for by a worse one. */
  sha256[0] = sha256[0] == 'a' ? 'b' : 'a';
  jxs_offer_add_key (&offer, G_CHECKSUM_SHA256, sha256);
  g_assert_false (jxs_offer_matches (&offer, certificate));
}

/* ---- probing (XEP-0250 §3.2) ---- */

typedef struct
{
  JxsJid *jids[2];
  JxsLoopbackChannel *channels[2];
  JxsRouter *routers[2];
  JxsXtlsConfig configs[2];
  JxsOfferResponder *responders[2];
} Fixture;

static gboolean
yes (void)
{
  return TRUE;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const char *const addresses[] = { "romeo@montague.lit/orchard",
                                           "juliet@capulet.lit/balcony" };

  for (guint i = 0; i < 2; i++)
    f->jids[i] = jxs_jid_new (addresses[i], NULL);
  jxs_loopback_channel_new_pair (f->jids[0], f->jids[1], &f->channels[0], &f->channels[1]);
  for (guint i = 0; i < 2; i++)
    {
      f->routers[i] = jxs_router_get (JXS_CHANNEL (f->channels[i]));
      f->configs[i].identity = new_identity (addresses[i]);
      f->configs[i].trust = JXS_TRUST (jxs_memory_trust_new ());
      f->configs[i].policy = jxs_security_policy_new ();
      f->configs[i].passwords = jxs_passwords_new ();
      f->configs[i].supports_srp = yes;
      f->responders[i] = jxs_offer_responder_new (f->routers[i], &f->configs[i]);
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&f->responders[i], jxs_offer_responder_free);
      g_clear_object (&f->routers[i]);
      g_clear_object (&f->channels[i]);
      g_assert_finalize_object (f->configs[i].identity);
      g_assert_finalize_object (f->configs[i].trust);
      g_assert_finalize_object (f->configs[i].policy);
      jxs_passwords_unref (f->configs[i].passwords);
      jxs_jid_unref (f->jids[i]);
    }
}

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
ask (Fixture *f, JxsOffer *offer, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_offer_responder_ask_async (f->responders[0], f->jids[1], NULL, result_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return jxs_offer_responder_ask_finish (result, offer, error);
}

static void
know (Fixture *f, guint whose)
{
  g_autofree char *fingerprint =
      jxs_identity_get_fingerprint (f->configs[whose].identity, G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  jxs_memory_trust_pin (
      JXS_MEMORY_TRUST (f->configs[1].trust), f->jids[0], fingerprint, FALSE, &error);
  g_assert_no_error (error);
}

/* A key that is known is answered with ours, which then is no secret to that peer; one that is not
 * only tells whether it would do. */
static void
test_probe (Fixture *f, gconstpointer data)
{
  g_autofree char *own = jxs_identity_get_fingerprint (f->configs[1].identity, G_CHECKSUM_SHA256);
  g_auto (JxsOffer) first = { 0 };
  g_auto (JxsOffer) verified = { 0 };
  g_auto (JxsOffer) known = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (ask (f, &first, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (first.n_keys, ==, 0);
  g_assert_true (first.insecure);
  g_assert_true (first.srp);

  jxs_security_policy_set_minimum_trust_accepting (f->configs[1].policy, JXS_TRUST_LEVEL_VERIFIED);
  jxs_security_policy_set_methods (f->configs[1].policy, JXS_SECURITY_METHODS_STARTTLS);
  g_assert_true (ask (f, &verified, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (verified.n_keys, ==, 0);
  g_assert_false (verified.insecure);
  g_assert_false (verified.srp);

  know (f, 0);
  g_assert_true (ask (f, &known, &error));
  g_assert_no_error (error);
  g_assert_true (jxs_offer_has_key (&known, G_CHECKSUM_SHA256, own));
  g_assert_false (known.insecure);
}

/* Of a peer with another key a new one would not be taken. */
static void
test_probe_changed (Fixture *f, gconstpointer data)
{
  g_auto (JxsOffer) offer = { 0 };
  g_autoptr (GError) error = NULL;

  know (f, 1);
  g_assert_true (ask (f, &offer, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (offer.n_keys, ==, 0);
  g_assert_false (offer.insecure);
}

static void
test_probe_nobody (Fixture *f, gconstpointer data)
{
  g_auto (JxsOffer) offer = { 0 };
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->responders[1], jxs_offer_responder_free);
  g_assert_false (ask (f, &offer, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/security/offer/parse", test_parse);
  g_test_add_func ("/security/offer/build", test_build);
  g_test_add_func ("/security/offer/many-keys", test_many_keys);
  g_test_add_func ("/security/offer/matches", test_matches);
#define ADD(name, func) g_test_add ("/security/offer/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("probe", test_probe);
  ADD ("probe-changed", test_probe_changed);
  ADD ("probe-nobody", test_probe_nobody);
#undef ADD
  return g_test_run ();
}

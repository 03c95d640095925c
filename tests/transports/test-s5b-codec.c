/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/s5b/jxs-s5b-codec-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define ROMEO "romeo@montague.lit/orchard"
#define JULIET "juliet@capulet.lit/balcony"
#define ROMEO_DST_ADDR "972b7bf47291ca609517f67f86b5081086052dad"
#define JULIET_DST_ADDR "1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba"

static JxsElement *
read_xml (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

static JxsJid *
jid (const char *text)
{
  g_autoptr (GError) error = NULL;
  JxsJid *parsed = jxs_jid_new (text, &error);

  g_assert_no_error (error);
  return parsed;
}

/* Returns how many candidates were dropped. */
static guint
parse (const char *xml, JxsS5bTransportElement *parsed)
{
  g_autoptr (JxsElement) element = read_xml (xml);
  g_autoptr (GError) error = NULL;
  guint n_dropped = 1000;

  g_assert_true (jxs_s5b_transport_element_parse (element, parsed, &n_dropped, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (parsed->namespace_uri, ==, JXS_NS_JINGLE_S5B);
  return n_dropped;
}

#define TRANSPORT(attributes, children)                                                            \
  "<transport xmlns='urn:xmpp:jingle:transports:s5b:1' " attributes ">" children "</transport>"
#define OFFER(children) TRANSPORT ("sid='s'", children)

static void
assert_refused (const char *xml)
{
  g_autoptr (JxsElement) element = read_xml (xml);
  g_autoptr (GError) error = NULL;
  JxsS5bTransportElement parsed = { .sid = (char *) "untouched" };

  g_test_message ("%s", xml);
  g_assert_false (jxs_s5b_transport_element_parse (element, &parsed, NULL, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
  g_assert_cmpstr (parsed.sid, ==, "untouched");
  g_assert_null (parsed.candidates);
}

static void
assert_candidate (const JxsS5bTransportElement *parsed,
                  guint index,
                  const char *cid,
                  JxsCandidateKind kind,
                  const char *host,
                  guint16 port,
                  const char *owner,
                  guint32 priority)
{
  const JxsS5bCandidate *candidate;

  g_assert_cmpuint (index, <, parsed->candidates->len);
  candidate = parsed->candidates->pdata[index];
  g_assert_cmpstr (candidate->cid, ==, cid);
  g_assert_cmpint (candidate->kind, ==, kind);
  g_assert_cmpstr (candidate->host, ==, host);
  g_assert_cmpuint (candidate->port, ==, port);
  g_assert_cmpstr (jxs_jid_to_string (candidate->jid), ==, owner);
  g_assert_cmpuint (candidate->priority, ==, priority);
}

/* What is written is what was read. */
static void
assert_round_trip (const JxsS5bTransportElement *parsed)
{
  g_autoptr (JxsElement) built = jxs_s5b_transport_element_build (parsed);
  g_autoptr (JxsElement) rebuilt = NULL;
  g_auto (JxsS5bTransportElement) again = { 0 };
  guint n_dropped;

  g_assert_true (jxs_s5b_transport_element_parse (built, &again, &n_dropped, NULL));
  g_assert_cmpuint (n_dropped, ==, 0);
  rebuilt = jxs_s5b_transport_element_build (&again);
  g_assert_true (jxs_element_equal (built, rebuilt));
}

/* XEP-0260 §2.2: the offer of the example. The address of its proxy is none (no octet is 456), so
 * that candidate is left out. */
static void
test_offer (void)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  g_assert_cmpuint (
      parse ("<transport xmlns='urn:xmpp:jingle:transports:s5b:1'"
             " dstaddr='972b7bf47291ca609517f67f86b5081086052dad' mode='tcp' sid='vj3hs98y'>\n"
             "  <candidate cid='hft54dqy' host='192.168.4.1' jid='romeo@montague.lit/orchard'"
             " port='5086' priority='8257636' type='direct'/>\n"
             "  <candidate cid='hutr46fe' host='24.24.24.1' jid='romeo@montague.lit/orchard'"
             " port='5087' priority='8258636' type='direct'/>\n"
             "  <candidate cid='xmdh4b7i' host='123.456.7.8' jid='streamer.shakespeare.lit'"
             " port='7625' priority='7878787' type='proxy'/>\n"
             "</transport>",
             &parsed),
      ==,
      1);
  g_assert_cmpstr (parsed.sid, ==, "vj3hs98y");
  g_assert_cmpstr (parsed.dstaddr, ==, ROMEO_DST_ADDR);
  g_assert_false (parsed.udp);
  g_assert_cmpint (parsed.info, ==, JXS_S5B_INFO_NONE);
  g_assert_null (parsed.cid);
  g_assert_cmpuint (parsed.candidates->len, ==, 2);
  assert_candidate (
      &parsed, 0, "hft54dqy", JXS_CANDIDATE_KIND_DIRECT, "192.168.4.1", 5086, ROMEO, 8257636);
  assert_candidate (
      &parsed, 1, "hutr46fe", JXS_CANDIDATE_KIND_DIRECT, "24.24.24.1", 5087, ROMEO, 8258636);
  assert_round_trip (&parsed);
}

/* XEP-0260 §2.2: the answer of the example, with a real address for its proxy. */
static void
test_answer (void)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  g_assert_cmpuint (
      parse ("<transport xmlns='urn:xmpp:jingle:transports:s5b:1'"
             " dstaddr='1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba' sid='vj3hs98y'>"
             "<candidate cid='ht567dq' host='192.169.1.10' jid='juliet@capulet.lit/balcony'"
             " port='6539' priority='8257636' type='direct'/>"
             "<candidate cid='grt654q2' host='2001:638:708:30c9:219:d1ff:fea4:a17d'"
             " jid='juliet@capulet.lit/balcony' port='6539' priority='8257606' type='direct'/>"
             "<candidate cid='hr65dqyd' host='134.102.201.180' jid='juliet@capulet.lit/balcony'"
             " port='16453' priority='7929856' type='assisted'/>"
             "<candidate cid='pzv14s74' host='proxy.marlowe.lit' jid='proxy.marlowe.lit'"
             " port='7676' priority='7788877' type='proxy'/>"
             "</transport>",
             &parsed),
      ==,
      0);
  g_assert_cmpstr (parsed.dstaddr, ==, JULIET_DST_ADDR);
  g_assert_cmpuint (parsed.candidates->len, ==, 4);
  assert_candidate (&parsed,
                    1,
                    "grt654q2",
                    JXS_CANDIDATE_KIND_DIRECT,
                    "2001:638:708:30c9:219:d1ff:fea4:a17d",
                    6539,
                    JULIET,
                    8257606);
  assert_candidate (&parsed,
                    2,
                    "hr65dqyd",
                    JXS_CANDIDATE_KIND_ASSISTED,
                    "134.102.201.180",
                    16453,
                    JULIET,
                    7929856);
  assert_candidate (&parsed,
                    3,
                    "pzv14s74",
                    JXS_CANDIDATE_KIND_PROXY,
                    "proxy.marlowe.lit",
                    7676,
                    "proxy.marlowe.lit",
                    7788877);
  assert_round_trip (&parsed);
}

/* XEP-0260 §2.3 and §2.4: what transport-info carries in the examples. */
static void
test_infos (void)
{
  static const struct
  {
    const char *child;
    JxsS5bInfo info;
    const char *cid;
  } cases[] = {
    { "<candidate-used cid='hr65dqyd'/>", JXS_S5B_INFO_CANDIDATE_USED, "hr65dqyd" },
    { "<candidate-error/>", JXS_S5B_INFO_CANDIDATE_ERROR, NULL },
    { "<activated cid='xmdh4b7i'/>", JXS_S5B_INFO_ACTIVATED, "xmdh4b7i" },
    { "<proxy-error/>", JXS_S5B_INFO_PROXY_ERROR, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf (
          "<transport xmlns='urn:xmpp:jingle:transports:s5b:1' sid='vj3hs98y'>%s</transport>",
          cases[i].child);
      g_autoptr (JxsElement) element = read_xml (xml);
      g_autoptr (JxsElement) built = NULL;
      g_auto (JxsS5bTransportElement) parsed = { 0 };

      g_assert_cmpuint (parse (xml, &parsed), ==, 0);
      g_assert_cmpint (parsed.info, ==, cases[i].info);
      g_assert_cmpstr (parsed.cid, ==, cases[i].cid);
      g_assert_cmpuint (parsed.candidates->len, ==, 0);
      built = jxs_s5b_transport_element_build (&parsed);
      g_assert_true (jxs_element_equal (built, element));
    }
}

/* XEP-0260 §2.2: an answer may be empty, and what we write has no mode. */
static void
test_empty (void)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };
  g_autoptr (JxsElement) built = NULL;

  g_assert_cmpuint (parse (OFFER (""), &parsed), ==, 0);
  g_assert_cmpuint (parsed.candidates->len, ==, 0);
  g_assert_cmpint (parsed.info, ==, JXS_S5B_INFO_NONE);
  g_assert_null (parsed.dstaddr);
  g_assert_false (parsed.udp);
  built = jxs_s5b_transport_element_build (&parsed);
  g_assert_null (jxs_element_get_attribute (built, "mode"));
  g_assert_null (jxs_element_get_attribute (built, "dstaddr"));
  g_assert_cmpstr (jxs_element_get_attribute (built, "sid"), ==, "s");
}

static void
test_refused (void)
{
  g_autofree char *long_text = g_strnfill (JXS_S5B_MAX_TEXT + 1, 'x');
  g_autofree char *long_sid = g_strdup_printf (TRANSPORT ("sid='%s'", ""), long_text);
  g_autofree char *long_cid = g_strdup_printf (OFFER ("<candidate-used cid='%s'/>"), long_text);
  const char *const texts[] = {
    TRANSPORT ("", ""),
    TRANSPORT ("sid=''", ""),
    long_sid,
    long_cid,
    "<transport xmlns='urn:xmpp:jingle:transports:s5b:0' sid='s'/>",
    "<transport sid='s'/>",
    "<query xmlns='urn:xmpp:jingle:transports:s5b:1' sid='s'/>",
    OFFER ("<candidate-used/>"),
    OFFER ("<candidate-used cid=''/>"),
    OFFER ("<activated/>"),
    OFFER ("<candidate-error/><candidate-error/>"),
    OFFER ("<candidate-used cid='a'/><candidate-used cid='b'/>"),
    OFFER ("<candidate-used cid='a'/><candidate-error/>"),
    OFFER ("<activated cid='a'/><proxy-error/>"),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_refused (texts[i]);
}

/* What is not of this version of the protocol is not seen at all. */
static void
test_ignored (void)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  g_assert_cmpuint (
      parse (TRANSPORT ("sid='s' xmlns:x='urn:x' x:sid='other' hurry='yes'",
                        "text<candidate xmlns='urn:x'/><streamhost/><x:candidate-used/>"
                        "<candidate-error xmlns='urn:xmpp:jingle:transports:s5b:0'/>"
                        "<candidate cid='a' host='h' jid='a@b/c' priority='1' network='0' id='x'>"
                        "<candidate-error/></candidate>"),
             &parsed),
      ==,
      0);
  g_assert_cmpint (parsed.info, ==, JXS_S5B_INFO_NONE);
  g_assert_cmpuint (parsed.candidates->len, ==, 1);
}

/* Candidates may stand beside a report. */
static void
test_report_with_candidates (void)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  g_assert_cmpuint (parse (OFFER ("<candidate-used cid='z'/>"
                                  "<candidate cid='a' host='h' jid='a@b/c' priority='1'/>"),
                           &parsed),
                    ==,
                    0);
  g_assert_cmpint (parsed.info, ==, JXS_S5B_INFO_CANDIDATE_USED);
  g_assert_cmpstr (parsed.cid, ==, "z");
  g_assert_cmpuint (parsed.candidates->len, ==, 1);
  assert_round_trip (&parsed);
}

/* XEP-0260 §2.2: tcp is the default; a stream needs it. */
static void
test_mode (void)
{
  static const struct
  {
    const char *mode;
    gboolean udp;
  } cases[] = { { "tcp", FALSE }, { "udp", TRUE }, { "sctp", TRUE }, { "", TRUE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf (TRANSPORT ("sid='s' mode='%s'", ""), cases[i].mode);
      g_auto (JxsS5bTransportElement) parsed = { 0 };

      parse (xml, &parsed);
      g_assert_cmpint (parsed.udp, ==, cases[i].udp);
      assert_round_trip (&parsed);
    }
}

/* RFC 1928 §4: its length is one octet. Another one than we would compute is taken (XEP-0065 §7).
 */
static void
test_dst_addr_attribute (void)
{
  g_autofree char *longest = g_strnfill (255, 'x');
  g_autofree char *too_long = g_strnfill (256, 'x');
  const struct
  {
    const char *text;
    gboolean taken;
  } cases[] = {
    { "x", TRUE },  { ROMEO_DST_ADDR, TRUE }, { longest, TRUE },    { too_long, FALSE },
    { "", FALSE },  { "a b", FALSE },         { "a&#10;b", FALSE }, { "\xc3\xa9", FALSE },
    { "~!", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml =
          g_strdup_printf (TRANSPORT ("sid='s' dstaddr='%s'", ""), cases[i].text);
      g_auto (JxsS5bTransportElement) parsed = { 0 };

      parse (xml, &parsed);
      g_assert_cmpstr (parsed.dstaddr, ==, cases[i].taken ? cases[i].text : NULL);
    }
}

/* One candidate with these attributes, and a good one behind it that must come through. */
static void
check_candidate (const char *attributes, gboolean taken, JxsS5bTransportElement *parsed)
{
  g_autofree char *xml = g_strdup_printf (
      OFFER ("<candidate %s/><candidate cid='good' host='good.example' jid='a@b/c' priority='9'/>"),
      attributes);

  g_test_message ("%s", attributes);
  g_assert_cmpuint (parse (xml, parsed), ==, taken ? 0 : 1);
  assert_candidate (parsed,
                    taken ? 1 : 0,
                    "good",
                    JXS_CANDIDATE_KIND_DIRECT,
                    "good.example",
                    JXS_S5B_DEFAULT_PORT,
                    "a@b/c",
                    9);
  assert_round_trip (parsed);
}

/* XEP-0260 §9: cid, host, jid and priority are required. */
static void
test_candidate_attributes (void)
{
  static const struct
  {
    const char *attributes;
    gboolean taken;
  } cases[] = {
    { "cid='x' host='h' jid='a@b/c' priority='1' port='1' type='direct'", TRUE },
    { "cid='x' host='h' jid='a@b/c' priority='1' type='assisted'", TRUE },
    { "cid='x' host='h' jid='a@b/c' priority='1' type='tunnel'", TRUE },
    { "cid='x' host='h' jid='b' priority='1' type='proxy'", TRUE },
    /* A kind nobody has heard of. */
    { "cid='x' host='h' jid='a@b/c' priority='1' type='teleport'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' type=''", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' type='Direct'", FALSE },
    { "host='h' jid='a@b/c' priority='1'", FALSE },
    { "cid='' host='h' jid='a@b/c' priority='1'", FALSE },
    { "cid='x' jid='a@b/c' priority='1'", FALSE },
    { "cid='x' host='h' priority='1'", FALSE },
    { "cid='x' host='h' jid='' priority='1'", FALSE },
    { "cid='x' host='h' jid='a@' priority='1'", FALSE },
    { "cid='x' host='h' jid='a@b/c'", FALSE },
    /* Priorities are taken as they are; Smack's proxies have 0. */
    { "cid='x' host='h' jid='a@b/c' priority='0'", TRUE },
    { "cid='x' host='h' jid='a@b/c' priority='4294967295'", TRUE },
    { "cid='x' host='h' jid='a@b/c' priority='4294967296'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='99999999999999999999999'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='-1'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='+1'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority=' 1'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1 '", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1.5'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='0x10'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority=''", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port='65535'", TRUE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port='0'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port='65536'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port='70000'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port='-1'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port='http'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port='80x'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port=' 80'", FALSE },
    { "cid='x' host='h' jid='a@b/c' priority='1' port=''", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (JxsS5bTransportElement) parsed = { 0 };

      check_candidate (cases[i].attributes, cases[i].taken, &parsed);
    }
}

/* Without a port it is 1080 (XEP-0065 §9.2), without a type direct (XEP-0260 §9). */
static void
test_candidate_defaults (void)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  check_candidate ("cid='x' host='h' jid='a@b/c' priority='4294967295'", TRUE, &parsed);
  assert_candidate (&parsed, 0, "x", JXS_CANDIDATE_KIND_DIRECT, "h", 1080, "a@b/c", G_MAXUINT32);
}

/* An address or a name, in one form only. */
static void
test_hosts (void)
{
#define LABEL_63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-012345678"
  static const struct
  {
    const char *text;
    const char *host; /* NULL: dropped */
  } cases[] = {
    { "192.0.2.1", "192.0.2.1" },
    { "2001:db8::1", "2001:db8::1" },
    { "2001:0DB8:0:0:0:0:0:1", "2001:db8::1" },
    { "[2001:db8::1]", "2001:db8::1" },
    { "::ffff:192.0.2.1", "192.0.2.1" },
    { "::ffff:7f00:1", "127.0.0.1" },
    { "::1", "::1" },
    { "fe80::1%eth0", "fe80::1" },
    { "fe80::1%25eth0", "fe80::1" },
    { "[fe80::1%25eth0]", "fe80::1" },
    { "[fe80::1%eth0]", "fe80::1" },
    { "fe80::1%", "fe80::1" },
    { "example.org", "example.org" },
    { "Proxy.Example.ORG", "proxy.example.org" },
    { "localhost", "localhost" },
    { "a-b.x_y.example", "a-b.x_y.example" },
    { "1.2.3.4.example", "1.2.3.4.example" },
    { "xn--bcher-kva.example", "xn--bcher-kva.example" },
    { "b\xc3\xbc"
      "cher.example",
      "xn--bcher-kva.example" },
    { LABEL_63 ".example", LABEL_63 ".example" },
    { LABEL_63 "x.example", NULL },
    { LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, NULL },
    { "", NULL },
    { ".", NULL },
    { "a..b", NULL },
    { ".a", NULL },
    { "a.", NULL },
    { "-a.example", NULL },
    { "a-.example", NULL },
    { "a.-b", NULL },
    { "a b", NULL },
    { " a", NULL },
    { "a&#10;", NULL },
    { "a&#9;b", NULL },
    { "a/b", NULL },
    { "a:80", NULL },
    { "user@host", NULL },
    { "host%eth0", NULL },
    { "192.0.2.1%eth0", NULL },
    { "[192.0.2.1]", NULL },
    { "[example.org]", NULL },
    { "[2001:db8::1", NULL },
    { "2001:db8::1]", NULL },
    { "[]", NULL },
    { "[", NULL },
    { "%eth0", NULL },
    { "[[::1]]", NULL },
    { "2001:db8::g", NULL },
    { "1:2:3", NULL },
    /* The resolver takes these for addresses. */
    { "127.1", NULL },
    { "2130706433", NULL },
    { "0x7f000001", NULL },
    { "0x7f.1", NULL },
    { "0177.0.0.1", NULL },
    { "192.0.2.256", NULL },
    { "192.0.2.1.", NULL },
    { "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1", NULL }, /* fullwidth digits */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (JxsS5bTransportElement) parsed = { 0 };
      g_autofree char *attributes =
          g_strdup_printf ("cid='x' host='%s' jid='a@b/c' priority='1'", cases[i].text);

      check_candidate (attributes, cases[i].host != NULL, &parsed);
      if (cases[i].host != NULL)
        assert_candidate (
            &parsed, 0, "x", JXS_CANDIDATE_KIND_DIRECT, cases[i].host, 1080, "a@b/c", 1);
    }
}

/* An attribute set by hand can hold what XML cannot. */
static void
test_host_control_characters (void)
{
  static const char *const hosts[] = { "a\x01", "\x7f", "a\nb", "\xff\xfe", "a\xc2\x85" };

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (JxsElement) element = jxs_element_new ("transport", JXS_NS_JINGLE_S5B);
      JxsElement *child = jxs_element_append (element, "candidate", JXS_NS_JINGLE_S5B);
      g_auto (JxsS5bTransportElement) parsed = { 0 };
      guint n_dropped;

      jxs_element_set_attribute (element, "sid", "s");
      jxs_element_set_attribute (child, "cid", "x");
      jxs_element_set_attribute (child, "host", hosts[i]);
      jxs_element_set_attribute (child, "jid", "a@b/c");
      jxs_element_set_attribute (child, "priority", "1");
      g_assert_true (jxs_s5b_transport_element_parse (element, &parsed, &n_dropped, NULL));
      g_assert_cmpuint (n_dropped, ==, 1);
    }
}

/* XEP-0260 §2.2, XEP-0065 §9.1: the first of several counts, however it is written. */
static void
test_duplicates (void)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  g_assert_cmpuint (
      parse (OFFER ("<candidate cid='a' host='2001:db8::1' jid='a@b/c' priority='1' port='1'/>"
                    "<candidate cid='a' host='192.0.2.1' jid='a@b/c' priority='2' port='1'/>"
                    "<candidate cid='b' host='[2001:DB8:0::1]' jid='a@b/c' priority='3' port='1'/>"
                    "<candidate cid='c' host='2001:db8::1' jid='a@b/c' priority='4' port='2'/>"
                    "<candidate cid='d' host='H.example' jid='a@b/c' priority='5'/>"
                    "<candidate cid='e' host='h.example' jid='a@b/c' priority='6' port='1080'/>"
                    "<candidate cid='A' host='h2.example' jid='a@b/c' priority='7'/>"),
             &parsed),
      ==,
      3);
  g_assert_cmpuint (parsed.candidates->len, ==, 4);
  assert_candidate (&parsed, 0, "a", JXS_CANDIDATE_KIND_DIRECT, "2001:db8::1", 1, "a@b/c", 1);
  assert_candidate (&parsed, 1, "c", JXS_CANDIDATE_KIND_DIRECT, "2001:db8::1", 2, "a@b/c", 4);
  assert_candidate (&parsed, 2, "d", JXS_CANDIDATE_KIND_DIRECT, "h.example", 1080, "a@b/c", 5);
  assert_candidate (&parsed, 3, "A", JXS_CANDIDATE_KIND_DIRECT, "h2.example", 1080, "a@b/c", 7);
}

static void
test_many (void)
{
  g_autoptr (GString) xml = g_string_new ("<transport xmlns='" JXS_NS_JINGLE_S5B "' sid='s'>");
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (
        xml, "<candidate cid='c%u' host='h%u.example' jid='a@b/c' priority='%u'/>", i, i, i);
  g_string_append (xml, "</transport>");
  g_assert_cmpuint (parse (xml->str, &parsed), ==, 1000 - JXS_S5B_MAX_CANDIDATES);
  g_assert_cmpuint (parsed.candidates->len, ==, JXS_S5B_MAX_CANDIDATES);
  assert_round_trip (&parsed);
}

/* XEP-0260 §2.2: 2^16 * type preference + local preference. */
static void
test_priority (void)
{
  g_assert_cmpuint (jxs_s5b_priority (JXS_CANDIDATE_KIND_DIRECT, 100), ==, 8257636);
  g_assert_cmpuint (jxs_s5b_priority (JXS_CANDIDATE_KIND_DIRECT, 1100), ==, 8258636);
  g_assert_cmpuint (jxs_s5b_priority (JXS_CANDIDATE_KIND_ASSISTED, 65535), ==, 120 * 65536 + 65535);
  g_assert_cmpuint (jxs_s5b_priority (JXS_CANDIDATE_KIND_TUNNEL, 1), ==, 110 * 65536 + 1);
  g_assert_cmpuint (jxs_s5b_priority (JXS_CANDIDATE_KIND_PROXY, 0), ==, 655360);
}

/* XEP-0260 §2.2: whoever offers comes first; XEP-0065 §7: the requester by its own JID, the target
 * by its JID in the room. */
static void
test_dst_addr (void)
{
  static const struct
  {
    const char *sid, *first, *second, *expected;
  } cases[] = {
    { "vj3hs98y", ROMEO, JULIET, ROMEO_DST_ADDR },
    { "vj3hs98y", JULIET, ROMEO, JULIET_DST_ADDR },
    { "yia72g3v49j7",
      "requester@example.com/foo",
      "room@conference.example.net/Tget",
      "416781edf1ae50bad01cb8509ba35b43952bc345" },
    /* JIDs in the form they are compared in (XEP-0065 §5.3.2). */
    { "vj3hs98y", "Romeo@Montague.LIT/orchard", "JULIET@capulet.lit/balcony", ROMEO_DST_ADDR },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsJid) first = jid (cases[i].first);
      g_autoptr (JxsJid) second = jid (cases[i].second);
      g_autofree char *got = jxs_s5b_dst_addr (cases[i].sid, first, second);

      g_assert_cmpstr (got, ==, cases[i].expected);
    }
}

/* XEP-0065 §4 */
static void
test_query (void)
{
  g_autoptr (JxsElement) query = jxs_s5b_query_build ();
  g_autoptr (JxsElement) expected =
      read_xml ("<query xmlns='http://jabber.org/protocol/bytestreams'/>");
  g_autoptr (JxsElement) answer =
      read_xml ("<query xmlns='http://jabber.org/protocol/bytestreams'>"
                "<streamhost host='24.24.24.1' jid='streamer.example.com' port='7625'/>"
                "<streamhost host='24.24.24.1' jid='streamer.example.com' port='7625'/>"
                "<streamhost host='bytestreams.example.com' jid='bytestreams.example.com'/>"
                "<streamhost jid='without.host'/>"
                "<streamhost host='without.jid'/>"
                "<streamhost host='h' jid='j' port='0'/>"
                "<streamhost xmlns='urn:x' host='h' jid='j'/>"
                "</query>");
  g_autoptr (GPtrArray) streamhosts = NULL;
  g_autoptr (GError) error = NULL;
  const JxsS5bCandidate *streamhost;

  g_assert_true (jxs_element_equal (query, expected));

  streamhosts = jxs_s5b_query_parse (answer, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (streamhosts->len, ==, 2);
  streamhost = streamhosts->pdata[0];
  g_assert_cmpstr (streamhost->host, ==, "24.24.24.1");
  g_assert_cmpuint (streamhost->port, ==, 7625);
  g_assert_cmpstr (jxs_jid_to_string (streamhost->jid), ==, "streamer.example.com");
  g_assert_cmpint (streamhost->kind, ==, JXS_CANDIDATE_KIND_PROXY);
  g_assert_null (streamhost->cid);
  streamhost = streamhosts->pdata[1];
  g_assert_cmpstr (streamhost->host, ==, "bytestreams.example.com");
  g_assert_cmpuint (streamhost->port, ==, 1080);

  g_clear_pointer (&streamhosts, g_ptr_array_unref);
  streamhosts = jxs_s5b_query_parse (query, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (streamhosts->len, ==, 0);
}

static void
test_query_refused (void)
{
  static const char *const texts[] = {
    "<query xmlns='http://jabber.org/protocol/disco#info'/>",
    "<query/>",
    "<x xmlns='http://jabber.org/protocol/bytestreams'/>",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (JxsElement) query = read_xml (texts[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (jxs_s5b_query_parse (query, &error));
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
    }
}

/* XEP-0260 §2.4, with the sid of the stream: the example has that of the session, which no proxy
 * could verify. */
static void
test_activate (void)
{
  g_autoptr (JxsJid) romeo = jid (ROMEO);
  g_autoptr (JxsElement) activate = jxs_s5b_activate_build ("vj3hs98y", romeo);
  g_autoptr (JxsElement) expected =
      read_xml ("<query xmlns='http://jabber.org/protocol/bytestreams' sid='vj3hs98y'>"
                "<activate>romeo@montague.lit/orchard</activate></query>");

  g_assert_true (jxs_element_equal (activate, expected));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/s5b-codec/offer", test_offer);
  g_test_add_func ("/transports/s5b-codec/answer", test_answer);
  g_test_add_func ("/transports/s5b-codec/infos", test_infos);
  g_test_add_func ("/transports/s5b-codec/empty", test_empty);
  g_test_add_func ("/transports/s5b-codec/refused", test_refused);
  g_test_add_func ("/transports/s5b-codec/ignored", test_ignored);
  g_test_add_func ("/transports/s5b-codec/report-with-candidates", test_report_with_candidates);
  g_test_add_func ("/transports/s5b-codec/mode", test_mode);
  g_test_add_func ("/transports/s5b-codec/dst-addr-attribute", test_dst_addr_attribute);
  g_test_add_func ("/transports/s5b-codec/candidate-attributes", test_candidate_attributes);
  g_test_add_func ("/transports/s5b-codec/candidate-defaults", test_candidate_defaults);
  g_test_add_func ("/transports/s5b-codec/hosts", test_hosts);
  g_test_add_func ("/transports/s5b-codec/host-control-characters", test_host_control_characters);
  g_test_add_func ("/transports/s5b-codec/duplicates", test_duplicates);
  g_test_add_func ("/transports/s5b-codec/many", test_many);
  g_test_add_func ("/transports/s5b-codec/priority", test_priority);
  g_test_add_func ("/transports/s5b-codec/dst-addr", test_dst_addr);
  g_test_add_func ("/transports/s5b-codec/query", test_query);
  g_test_add_func ("/transports/s5b-codec/query-refused", test_query_refused);
  g_test_add_func ("/transports/s5b-codec/activate", test_activate);

  return g_test_run ();
}

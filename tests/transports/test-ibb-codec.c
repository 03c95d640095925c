/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/transports/ibb/jxs-ibb-codec-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static JxsElement *
parse (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

static void
assert_refused (const char *text, gsize max_size)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (jxs_ibb_base64_decode (text, max_size, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
}

static void
assert_decodes (const char *text, const void *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = jxs_ibb_base64_decode (text, size, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), data, size);
  if (size > 0)
    assert_refused (text, size - 1);
}

/* RFC 4648 §10 */
static void
test_base64_vectors (void)
{
  assert_decodes ("", "", 0);
  assert_decodes ("Zg==", "f", 1);
  assert_decodes ("Zm8=", "fo", 2);
  assert_decodes ("Zm9v", "foo", 3);
  assert_decodes ("Zm9vYg==", "foob", 4);
  assert_decodes ("Zm9vYmE=", "fooba", 5);
  assert_decodes ("Zm9vYmFy", "foobar", 6);
  assert_decodes ("+/+/", "\xfb\xff\xbf", 3);
}

/* XEP-0047 §6: the pad only as the last character, nothing outside the alphabet; and a block is
 * complete (§2.2). */
static void
test_base64_refused (void)
{
  static const char *const texts[] = {
    "=",
    "==",
    "====",
    "=AAA",
    "A",
    "AA",
    "AAA",
    "A===",
    "A=AA",
    "AA=A",
    "AA=",
    "AAA==",
    "AAAA=",
    "AAAA==",
    "AAAA====",
    "BBBB=CCC",
    "Zg==Zg==",
    "Zm8=Zm8=",
    "A*==",
    "AA-_",
    "AA\x01=",
    "AAAA,",
    "Zg==\xc3\xa9",
    "\xc2\xa0"
    "AAAA",
    "AAAA\x0b",
    "AAAA\x0c",
    "AAAAA",
    "AAAAAA",
    "AAAAAAA",
    "AA= =A",
    /* RFC 4648 §3.5: bits that carry nothing */
    "AB==",
    "AP==",
    "AAB=",
    "AAD=",
    "Zh==",
    "Zm9=",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_refused (texts[i], 1000);
}

/* The examples of XEP-0047 are indented; white space between any two characters, pads included, is
 * that of XML and nothing else. */
static void
test_base64_white_space (void)
{
  static const char *const plain[] = { "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmFy" };

  for (gsize i = 0; i < G_N_ELEMENTS (plain); i++)
    {
      g_autoptr (GBytes) expected = jxs_ibb_base64_decode (plain[i], 100, NULL);

      for (gsize at = 0; at <= strlen (plain[i]); at++)
        {
          g_autoptr (GString) text = g_string_new (plain[i]);
          g_autoptr (GBytes) bytes = NULL;

          g_string_insert (text, at, " \t\r\n");
          bytes = jxs_ibb_base64_decode (text->str, 100, NULL);
          g_assert_nonnull (bytes);
          g_assert_true (g_bytes_equal (bytes, expected));
        }
    }
  assert_decodes (" \n\t ", "", 0);
}

/* Each alphabet character, each length, against another implementation. */
static void
test_base64_round_trip (void)
{
  guint8 data[300];

  for (gsize i = 0; i < sizeof data; i++)
    data[i] = i * 167 + (i >> 3);

  for (gsize size = 0; size <= sizeof data; size++)
    {
      g_autofree char *text = g_base64_encode (data, size);

      assert_decodes (text, data, size);
    }
}

/* Every text of up to four characters over an alphabet of each class: accepted exactly when GLib's
 * encoder would have written it. */
static void
test_base64_exhaustive (void)
{
  static const char letters[] = "AQgB/z+=* ";
  guint n_accepted = 0;

  for (guint n = 0; n < 10 * 10 * 10 * 10; n++)
    {
      char text[5] = {
        letters[n % 10], letters[n / 10 % 10], letters[n / 100 % 10], letters[n / 1000], 0
      };
      g_autoptr (GString) compact = g_string_new (text);
      g_autoptr (GBytes) bytes = jxs_ibb_base64_decode (text, 100, NULL);
      g_autofree char *again = NULL;

      g_string_replace (compact, " ", "", 0);
      if (bytes == NULL)
        {
          gsize size;
          g_autofree guchar *lax = g_base64_decode (compact->str, &size);

          again = g_base64_encode (lax, size);
          g_assert_cmpstr (again, !=, compact->str);
          continue;
        }
      n_accepted++;
      again = g_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_assert_cmpstr (again, ==, compact->str);
    }
  g_assert_cmpuint (n_accepted, >, 7 * 7 * 7 * 7);
}

static void
test_params_refused (void)
{
  static const char *const elements[] = {
    "<open xmlns='" JXS_NS_IBB "' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='0' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='65536' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='-1' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='+1' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='abc' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='4096 ' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='0x10' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='99999999999999999999' sid='a'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='4096'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid=''/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='a b'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='a,b'/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='a' stanza=''/>",
    "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='a' stanza='presence'/>",
    "<close xmlns='" JXS_NS_IBB "' block-size='4096' sid='a'/>",
  };
  g_autofree char *long_sid = g_strnfill (JXS_IBB_MAX_SID + 1, 'a');
  g_autoptr (JxsElement) long_one = parse ("<open xmlns='" JXS_NS_IBB "' block-size='1'/>");
  g_auto (JxsIbbParams) params = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (elements); i++)
    {
      g_autoptr (JxsElement) element = parse (elements[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (jxs_ibb_params_parse (element, "open", &params, &error));
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      g_assert_null (params.sid);
    }

  jxs_element_set_attribute (long_one, "sid", long_sid);
  g_assert_false (jxs_ibb_params_parse (long_one, "open", &params, NULL));
  long_sid[JXS_IBB_MAX_SID] = '\0';
  jxs_element_set_attribute (long_one, "sid", long_sid);
  g_assert_true (jxs_ibb_params_parse (long_one, "open", &params, NULL));
}

/* The namespace is that of the peer; the default of stanza is iq (XEP-0261 §2.2). */
static void
test_params_round_trip (void)
{
  static const char *const namespaces[] = { JXS_NS_IBB, JXS_NS_JINGLE_IBB, JXS_NS_JINGLE_IBB_0 };
  static const struct
  {
    const char *attributes;
    guint block_size;
    const char *sid;
    JxsIbbCarrier carrier;
  } cases[] = {
    { "block-size='4096' sid='ch3d9s71'", 4096, "ch3d9s71", JXS_IBB_CARRIER_IQ },
    { "block-size='1' sid='-.:_' stanza='iq'", 1, "-.:_", JXS_IBB_CARRIER_IQ },
    { "block-size='65535' sid='\xc3\xa9t\xc3\xa9' stanza='message'",
      65535,
      "\xc3\xa9t\xc3\xa9",
      JXS_IBB_CARRIER_MESSAGE },
    { "block-size='0512' sid='0' more='x'", 512, "0", JXS_IBB_CARRIER_IQ },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (namespaces); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (cases); j++)
      {
        g_autofree char *xml =
            g_strdup_printf ("<transport xmlns='%s' %s/>", namespaces[i], cases[j].attributes);
        g_autoptr (JxsElement) element = parse (xml);
        g_autoptr (JxsElement) built = NULL;
        g_auto (JxsIbbParams) params = { 0 };
        g_auto (JxsIbbParams) again = { 0 };

        g_assert_true (jxs_ibb_params_parse (element, "transport", &params, NULL));
        built = jxs_ibb_params_build (&params, "transport");
        g_assert_true (jxs_ibb_params_parse (built, "transport", &again, NULL));
        g_assert_cmpstr (again.namespace_uri, ==, namespaces[i]);
        g_assert_cmpuint (again.block_size, ==, cases[j].block_size);
        g_assert_cmpstr (again.sid, ==, cases[j].sid);
        g_assert_cmpint (again.carrier, ==, cases[j].carrier);
      }
}

static void
test_seq (void)
{
  static const struct
  {
    const char *text;
    int seq; /* -1: refused */
  } cases[] = {
    { "0", 0 },   { "1", 1 },   { "65535", 65535 }, { "65536", -1 }, { "-1", -1 },   { "", -1 },
    { " 1", -1 }, { "1 ", -1 }, { "1.0", -1 },      { "x", -1 },     { "00007", 7 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsElement) data = parse ("<data xmlns='" JXS_NS_IBB "' sid='a'/>");
      g_autoptr (GError) error = NULL;
      guint16 seq = 1234;

      g_assert_false (jxs_ibb_data_parse_seq (data, &seq, NULL));
      jxs_element_set_attribute (data, "seq", cases[i].text);
      if (cases[i].seq >= 0)
        {
          g_assert_true (jxs_ibb_data_parse_seq (data, &seq, &error));
          g_assert_cmpint (seq, ==, cases[i].seq);
        }
      else
        {
          g_assert_false (jxs_ibb_data_parse_seq (data, &seq, &error));
          g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
        }
    }
}

/* Every block decodes alone, with its own padding (XEP-0047 §2.2); we write no white space. */
static void
test_data_round_trip (void)
{
  for (gsize size = 0; size <= 7; size++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new ("abcdefg", size);
      g_autoptr (JxsElement) data = jxs_ibb_data_build ("s1", 65535, bytes);
      g_autoptr (GBytes) again = NULL;
      guint16 seq;

      g_assert_true (jxs_element_is (data, "data", JXS_NS_IBB));
      g_assert_cmpstr (jxs_ibb_parse_sid (data, NULL), ==, "s1");
      g_assert_true (jxs_ibb_data_parse_seq (data, &seq, NULL));
      g_assert_cmpuint (seq, ==, 65535);
      again = jxs_ibb_data_parse_bytes (data, 7, NULL);
      g_assert_true (g_bytes_equal (again, bytes));
      g_assert_cmpuint (strlen (jxs_element_get_text (data)), ==, (size + 2) / 3 * 4);
    }
}

/* The block size is that of the bytes, not of the base64 (XEP-0047 §2.2). */
static void
test_data_block_size (void)
{
  g_autofree guint8 *zeros = g_malloc0 (4097);
  g_autoptr (GBytes) bytes = g_bytes_new_static (zeros, 4097);
  g_autoptr (GBytes) fits = g_bytes_new_from_bytes (bytes, 0, 4096);
  g_autoptr (JxsElement) too_long = jxs_ibb_data_build ("s", 0, bytes);
  g_autoptr (JxsElement) right = jxs_ibb_data_build ("s", 0, fits);
  g_autoptr (GBytes) got = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (strlen (jxs_element_get_text (right)), ==, 5464);
  got = jxs_ibb_data_parse_bytes (right, 4096, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (got), ==, 4096);
  g_assert_null (jxs_ibb_data_parse_bytes (too_long, 4096, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
}

static void
test_data_with_elements (void)
{
  g_autoptr (JxsElement) data =
      parse ("<data xmlns='" JXS_NS_IBB "' sid='a' seq='0'>Zm9v<x/></data>");
  g_autoptr (GError) error = NULL;

  g_assert_null (jxs_ibb_data_parse_bytes (data, 4096, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
}

/* XEP-0047 §2.2, the example as it is, and §2.1 and §2.3. */
static void
test_examples (void)
{
  g_autoptr (JxsElement) open =
      parse ("<open xmlns='http://jabber.org/protocol/ibb'\n        block-size='4096'\n"
             "        sid='i781hf64'\n        stanza='iq'/>");
  g_autoptr (JxsElement) data =
      parse ("<data xmlns='http://jabber.org/protocol/ibb' seq='0' sid='i781hf64'>\n"
             "    qANQR1DBwU4DX7jmYZnncmUQB/9KuKBddzQH+tZ1ZywKK0yHKnq57kWq+RFtQdCJ\n"
             "    WpdWpR0uQsuJe7+vh3NWn59/gTc5MDlX8dS9p0ovStmNcyLhxVgmqS8ZKhsblVeu\n"
             "    IpQ0JgavABqibJolc3BKrVtVV1igKiX/N7Pi8RtY1K18toaMDhdEfhBRzO/XB0+P\n"
             "    AQhYlRjNacGcslkhXqNjK5Va4tuOAPy2n1Q8UUrHbUd0g+xJ9Bm0G0LZXyvCWyKH\n"
             "    kuNEHFQiLuCY6Iv0myq6iX6tjuHehZlFSh80b5BVV9tNLwNR5Eqz1klxMhoghJOA\n"
             "  </data>");
  g_autoptr (JxsElement) transport = parse ("<transport xmlns='urn:xmpp:jingle:transports:ibb:1'\n"
                                            "                 block-size='4096'\n"
                                            "                 sid='ch3d9s71'/>");
  g_autoptr (JxsElement) close = jxs_ibb_close_build ("i781hf64");
  g_autoptr (JxsElement) their_close =
      parse ("<close xmlns='http://jabber.org/protocol/ibb' sid='i781hf64'/>");
  g_auto (JxsIbbParams) params = { 0 };
  g_auto (JxsIbbParams) offer = { 0 };
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_ibb_params_parse (open, "open", &params, &error));
  built = jxs_ibb_params_build (&params, "open");
  g_assert_true (jxs_element_equal (built, open));
  g_assert_true (jxs_ibb_params_parse (transport, "transport", &offer, &error));
  g_assert_cmpstr (offer.sid, ==, "ch3d9s71");
  bytes = jxs_ibb_data_parse_bytes (data, 4096, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 240);
  g_assert_true (jxs_element_equal (close, their_close));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/ibb-codec/base64/vectors", test_base64_vectors);
  g_test_add_func ("/transports/ibb-codec/base64/refused", test_base64_refused);
  g_test_add_func ("/transports/ibb-codec/base64/white-space", test_base64_white_space);
  g_test_add_func ("/transports/ibb-codec/base64/round-trip", test_base64_round_trip);
  g_test_add_func ("/transports/ibb-codec/base64/exhaustive", test_base64_exhaustive);
  g_test_add_func ("/transports/ibb-codec/params/refused", test_params_refused);
  g_test_add_func ("/transports/ibb-codec/params/round-trip", test_params_round_trip);
  g_test_add_func ("/transports/ibb-codec/seq", test_seq);
  g_test_add_func ("/transports/ibb-codec/data/round-trip", test_data_round_trip);
  g_test_add_func ("/transports/ibb-codec/data/block-size", test_data_block_size);
  g_test_add_func ("/transports/ibb-codec/data/elements", test_data_with_elements);
  g_test_add_func ("/transports/ibb-codec/examples", test_examples);

  return g_test_run ();
}

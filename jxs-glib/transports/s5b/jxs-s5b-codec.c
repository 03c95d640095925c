/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-codec-private.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define MAX_DST_ADDR 255 /* bytes: its length is one octet (RFC 1928 §4) */
#define MAX_NAME 253     /* bytes of a domain name (RFC 1035 §2.3.4) */
#define MAX_LABEL 63

/* XEP-0260 §2.2 */
static const struct
{
  const char *name;
  guint preference;
} kinds[] = {
  [JXS_CANDIDATE_KIND_DIRECT] = { "direct", 126 },
  [JXS_CANDIDATE_KIND_ASSISTED] = { "assisted", 120 },
  [JXS_CANDIDATE_KIND_TUNNEL] = { "tunnel", 110 },
  [JXS_CANDIDATE_KIND_PROXY] = { "proxy", 10 },
};

static const char *const info_names[] = {
  [JXS_S5B_INFO_NONE] = NULL,
  [JXS_S5B_INFO_CANDIDATE_USED] = "candidate-used",
  [JXS_S5B_INFO_CANDIDATE_ERROR] = "candidate-error",
  [JXS_S5B_INFO_ACTIVATED] = "activated",
  [JXS_S5B_INFO_PROXY_ERROR] = "proxy-error",
};

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, what);
  return FALSE;
}

/* -- hosts -- */

/* Letters, digits, hyphens inside, and the underscores that some names have. The last label begins
 * with a letter (RFC 1123 §2.1): the resolver would take "127.1" and "0x7f000001" for addresses. */
static gboolean
is_domain_name (const char *text)
{
  const char *label = text;

  if (strlen (text) > MAX_NAME)
    return FALSE;

  for (const char *p = text;; p++)
    {
      if (*p == '.' || *p == '\0')
        {
          if (p == label || p - label > MAX_LABEL || *label == '-' || p[-1] == '-')
            return FALSE;
          if (*p == '\0')
            return g_ascii_isalpha (*label);
          label = p + 1;
        }
      else if (!g_ascii_isalnum (*p) && *p != '-' && *p != '_')
        return FALSE;
    }
}

/* RFC 5952, and IPv4 inside IPv6 as what it is, so that no two texts mean the same address. */
static char *
address_to_text (GInetAddress *address)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);
  g_autoptr (GInetAddress) inner = NULL;

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 ||
      memcmp (bytes, mapped, sizeof mapped) != 0)
    return g_inet_address_to_string (address);

  inner = g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
  return g_inet_address_to_string (inner);
}

static char *
name_to_ascii (const char *text)
{
  g_autofree char *ascii = g_hostname_to_ascii (text);
  g_autofree char *lower = ascii != NULL ? g_ascii_strdown (ascii, -1) : NULL;

  return lower != NULL && is_domain_name (lower) ? g_steal_pointer (&lower) : NULL;
}

char *
jxs_s5b_parse_host (const char *text)
{
  gsize length = strlen (text);
  gboolean bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
  g_autofree char *bare = NULL;
  g_autoptr (GInetAddress) address = NULL;
  char *zone;

  if (length > JXS_S5B_MAX_TEXT)
    return NULL;

  bare = bracketed ? g_strndup (text + 1, length - 2) : g_strdup (text);
  zone = strchr (bare, '%');
  if (zone != NULL)
    *zone = '\0';

  address = g_inet_address_new_from_string (bare);
  if (!bracketed && zone == NULL)
    return address != NULL ? address_to_text (address) : name_to_ascii (bare);

  if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  return address_to_text (address);
}

/* -- candidates -- */

JxsS5bCandidate *
jxs_s5b_candidate_new (const char *cid,
                       JxsCandidateKind kind,
                       const char *host,
                       guint16 port,
                       JxsJid *jid,
                       guint32 priority)
{
  JxsS5bCandidate *self = g_new0 (JxsS5bCandidate, 1);

  self->cid = g_strdup (cid);
  self->kind = kind;
  self->host = g_strdup (host);
  self->port = port;
  self->jid = jxs_jid_ref (jid);
  self->priority = priority;
  return self;
}

void
jxs_s5b_candidate_free (JxsS5bCandidate *self)
{
  g_free (self->cid);
  g_free (self->host);
  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_free (self);
}

static gboolean
is_text (const char *text)
{
  return text != NULL && *text != '\0' && strlen (text) <= JXS_S5B_MAX_TEXT;
}

static gboolean
parse_kind (JxsElement *element, JxsCandidateKind *kind)
{
  const char *type = jxs_element_get_attribute (element, "type");

  *kind = JXS_CANDIDATE_KIND_DIRECT;
  if (type == NULL)
    return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (type, kinds[i].name))
      {
        *kind = i;
        return TRUE;
      }

  return FALSE;
}

/* What <candidate/> and <streamhost/> share; NULL: unusable. */
static JxsS5bCandidate *
parse_address (JxsElement *element)
{
  const char *host_text = jxs_element_get_attribute (element, "host");
  const char *port_text = jxs_element_get_attribute (element, "port");
  const char *jid_text = jxs_element_get_attribute (element, "jid");
  g_autofree char *host = NULL;
  g_autoptr (JxsJid) jid = NULL;
  guint64 port = JXS_S5B_DEFAULT_PORT;

  if (host_text == NULL || jid_text == NULL)
    return NULL;
  if (port_text != NULL && !g_ascii_string_to_unsigned (port_text, 10, 1, 65535, &port, NULL))
    return NULL;

  host = jxs_s5b_parse_host (host_text);
  jid = jxs_jid_new (jid_text, NULL);
  if (host == NULL || jid == NULL)
    return NULL;

  return jxs_s5b_candidate_new (NULL, JXS_CANDIDATE_KIND_PROXY, host, port, jid, 0);
}

/* A kind nobody has heard of may need more than a connection before bytes flow, so it is not taken
 * for a direct one. */
static JxsS5bCandidate *
parse_candidate (JxsElement *element)
{
  const char *cid = jxs_element_get_attribute (element, "cid");
  const char *priority_text = jxs_element_get_attribute (element, "priority");
  g_autoptr (JxsS5bCandidate) candidate = NULL;
  JxsCandidateKind kind;
  guint64 priority;

  if (!is_text (cid) || priority_text == NULL || !parse_kind (element, &kind) ||
      !g_ascii_string_to_unsigned (priority_text, 10, 0, G_MAXUINT32, &priority, NULL))
    return NULL;

  candidate = parse_address (element);
  if (candidate == NULL)
    return NULL;

  candidate->cid = g_strdup (cid);
  candidate->kind = kind;
  candidate->priority = priority;
  return g_steal_pointer (&candidate);
}

/* The first of several with the same cid, or the same host and port, counts. */
static gboolean
is_duplicate (GPtrArray *candidates, const JxsS5bCandidate *candidate)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      const JxsS5bCandidate *other = candidates->pdata[i];

      if ((candidate->cid != NULL && g_str_equal (other->cid, candidate->cid)) ||
          (other->port == candidate->port && g_str_equal (other->host, candidate->host)))
        return TRUE;
    }

  return FALSE;
}

static gboolean
add_candidate (GPtrArray *candidates, JxsS5bCandidate *candidate)
{
  if (candidate == NULL)
    return FALSE;

  if (candidates->len == JXS_S5B_MAX_CANDIDATES || is_duplicate (candidates, candidate))
    {
      jxs_s5b_candidate_free (candidate);
      return FALSE;
    }

  g_ptr_array_add (candidates, candidate);
  return TRUE;
}

static GPtrArray *
candidates_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_s5b_candidate_free);
}

/* -- <transport/> -- */

void
jxs_s5b_transport_element_clear (JxsS5bTransportElement *self)
{
  g_clear_pointer (&self->sid, g_free);
  g_clear_pointer (&self->dstaddr, g_free);
  g_clear_pointer (&self->cid, g_free);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
}

/* It goes to the proxy as it is. One that SOCKS5 cannot carry counts as not given: what it should
 * have been can be computed. */
static gboolean
is_dst_addr (const char *text)
{
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return FALSE;

  return length > 0 && length <= MAX_DST_ADDR;
}

static JxsS5bInfo
parse_info_name (JxsElement *child)
{
  for (JxsS5bInfo i = JXS_S5B_INFO_CANDIDATE_USED; i < G_N_ELEMENTS (info_names); i++)
    if (jxs_element_is (child, info_names[i], JXS_NS_JINGLE_S5B))
      return i;

  return JXS_S5B_INFO_NONE;
}

static gboolean
info_has_cid (JxsS5bInfo info)
{
  return info == JXS_S5B_INFO_CANDIDATE_USED || info == JXS_S5B_INFO_ACTIVATED;
}

static gboolean
parse_info (JxsElement *child, JxsS5bInfo info, JxsS5bTransportElement *parsed, GError **error)
{
  const char *cid = jxs_element_get_attribute (child, "cid");

  if (parsed->info != JXS_S5B_INFO_NONE)
    return refuse (error, "<transport/> that says two things");

  parsed->info = info;
  if (!info_has_cid (info))
    return TRUE;

  if (!is_text (cid))
    return refuse (error, "Candidate without a valid cid");
  parsed->cid = g_strdup (cid);
  return TRUE;
}

gboolean
jxs_s5b_transport_element_parse (JxsElement *element,
                                 JxsS5bTransportElement *parsed,
                                 guint *n_dropped,
                                 GError **error)
{
  const char *sid = jxs_element_get_attribute (element, "sid");
  const char *dstaddr = jxs_element_get_attribute (element, "dstaddr");
  const char *mode = jxs_element_get_attribute (element, "mode");
  g_auto (JxsS5bTransportElement) result = { .namespace_uri = JXS_NS_JINGLE_S5B };
  guint dropped = 0;

  if (!jxs_element_is (element, "transport", JXS_NS_JINGLE_S5B))
    return refuse (error, "Not a <transport/> of SOCKS5 bytestreams");
  if (!is_text (sid))
    return refuse (error, "<transport/> without a valid sid");

  result.sid = g_strdup (sid);
  result.dstaddr = dstaddr != NULL && is_dst_addr (dstaddr) ? g_strdup (dstaddr) : NULL;
  result.udp = mode != NULL && !g_str_equal (mode, "tcp");
  result.candidates = candidates_new ();

  for (JxsElement *child = jxs_element_get_first_child (element); child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      JxsS5bInfo info = parse_info_name (child);

      if (info != JXS_S5B_INFO_NONE)
        {
          if (!parse_info (child, info, &result, error))
            return FALSE;
        }
      else if (jxs_element_is (child, "candidate", JXS_NS_JINGLE_S5B) &&
               !add_candidate (result.candidates, parse_candidate (child)))
        dropped++;
    }

  *parsed = result;
  result = (JxsS5bTransportElement){ 0 };
  if (n_dropped != NULL)
    *n_dropped = dropped;
  return TRUE;
}

static void
set_uint (JxsElement *element, const char *name, guint value)
{
  char text[12];

  g_snprintf (text, sizeof text, "%u", value);
  jxs_element_set_attribute (element, name, text);
}

JxsElement *
jxs_s5b_transport_element_build (const JxsS5bTransportElement *self)
{
  JxsElement *element = jxs_element_new ("transport", self->namespace_uri);

  if (self->dstaddr != NULL)
    jxs_element_set_attribute (element, "dstaddr", self->dstaddr);
  if (self->udp)
    jxs_element_set_attribute (element, "mode", "udp");
  jxs_element_set_attribute (element, "sid", self->sid);

  for (guint i = 0; self->candidates != NULL && i < self->candidates->len; i++)
    {
      const JxsS5bCandidate *candidate = self->candidates->pdata[i];
      JxsElement *child = jxs_element_append (element, "candidate", self->namespace_uri);

      jxs_element_set_attribute (child, "cid", candidate->cid);
      jxs_element_set_attribute (child, "host", candidate->host);
      jxs_element_set_attribute (child, "jid", jxs_jid_to_string (candidate->jid));
      set_uint (child, "port", candidate->port);
      set_uint (child, "priority", candidate->priority);
      jxs_element_set_attribute (child, "type", kinds[candidate->kind].name);
    }

  if (self->info != JXS_S5B_INFO_NONE)
    {
      JxsElement *child = jxs_element_append (element, info_names[self->info], self->namespace_uri);

      if (info_has_cid (self->info))
        jxs_element_set_attribute (child, "cid", self->cid);
    }

  return element;
}

guint32
jxs_s5b_priority (JxsCandidateKind kind, guint16 local_preference)
{
  return kinds[kind].preference << 16 | local_preference;
}

char *
jxs_s5b_dst_addr (const char *sid, JxsJid *first, JxsJid *second)
{
  g_autofree char *text =
      g_strconcat (sid, jxs_jid_to_string (first), jxs_jid_to_string (second), NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);
}

/* -- what is said to proxies -- */

JxsElement *
jxs_s5b_query_build (void)
{
  return jxs_element_new ("query", JXS_NS_BYTESTREAMS);
}

GPtrArray *
jxs_s5b_query_parse (JxsElement *query, GError **error)
{
  g_autoptr (GPtrArray) streamhosts = NULL;

  if (!jxs_element_is (query, "query", JXS_NS_BYTESTREAMS))
    {
      refuse (error, "Not a <query/> of SOCKS5 bytestreams");
      return NULL;
    }

  streamhosts = candidates_new ();
  for (JxsElement *child = jxs_element_get_first_child (query); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "streamhost", JXS_NS_BYTESTREAMS))
      add_candidate (streamhosts, parse_address (child));

  return g_steal_pointer (&streamhosts);
}

JxsElement *
jxs_s5b_activate_build (const char *sid, JxsJid *peer)
{
  JxsElement *query = jxs_s5b_query_build ();

  jxs_element_set_attribute (query, "sid", sid);
  jxs_element_add_text (jxs_element_append (query, "activate", JXS_NS_BYTESTREAMS),
                        jxs_jid_to_string (peer));
  return query;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-jid.h"

#include "jxs-error.h"
#include "jxs-log-private.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <stringprep.h>

/**
 * JxsJid:
 *
 * The address of an XMPP entity, like `juliet@capulet.example/balcony` (RFC 7622).
 *
 * A JID consists of a domain, an optional part before an `@` (local part) and an optional part
 * after a `/` (resource). All parts are prepared when the JID is made (nodeprep, IDNA and
 * resourceprep): case is folded in the local part and the domain, characters that look alike are
 * unified, the domain is kept in Unicode without a final dot. JIDs can therefore be compared byte
 * by byte, and [method@Jid.to_string] is the form that goes on the wire.
 *
 * A JID never changes and may be used from any thread.
 *
 * Since: 1.0
 */

#define MAX_PART 1023     /* octets of each part once prepared (RFC 7622 §3.1) */
#define MAX_RAW_PART 4096 /* octets of each part before; bounds the work on a peer's text */
#define MAX_LABEL 63      /* octets of a label of a domain in ASCII (RFC 1035 §2.3.4) */
#define MAX_QUOTED 80     /* characters of a refused text in a message */

struct _JxsJid
{
  gatomicrefcount ref_count;
  guint hash;
  gsize bare_length;
  const char *local; /* (nullable): in `text` */
  const char *domain;
  const char *resource; /* (nullable) */
  char text[]; /* the whole, NUL, local, NUL, domain, NUL; resource is the end of the whole */
};

G_DEFINE_BOXED_TYPE (JxsJid, jxs_jid, jxs_jid_ref, jxs_jid_unref)

static gboolean
is_ascii (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if ((guchar) text[i] >= 0x80)
        return FALSE;
    }
  return TRUE;
}

static gboolean
prepare_with (const Stringprep_profile *profile, const char *text, gsize length, char *out)
{
  memcpy (out, text, length);
  out[length] = '\0';
  /* Code points that Unicode 3.2 did not know pass: there are emoji in the resources of today. */
  return stringprep (out, MAX_RAW_PART + 1, 0, profile) == STRINGPREP_OK;
}

/* nodeprep (RFC 6122 appendix A): the characters it prohibits beside blanks and controls */
static gboolean
prepare_local (const char *text, gsize length, char *out)
{
  if (!is_ascii (text, length))
    return prepare_with (stringprep_xmpp_nodeprep, text, length, out);

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isgraph (text[i]) || strchr ("\"&'/:<>@", text[i]) != NULL)
        return FALSE;
      out[i] = g_ascii_tolower (text[i]);
    }
  out[length] = '\0';
  return TRUE;
}

static gboolean
prepare_resource (const char *text, gsize length, char *out)
{
  if (!is_ascii (text, length))
    return prepare_with (stringprep_xmpp_resourceprep, text, length, out);

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isprint (text[i]))
        return FALSE;
    }
  memcpy (out, text, length);
  out[length] = '\0';
  return TRUE;
}

/* Labels of letters, digits, hyphens inside, and underscores, which exist in the wild. */
static gboolean
is_ascii_domain (const char *domain)
{
  for (const char *label = domain;;)
    {
      gsize length = strcspn (label, ".");

      if (length == 0 || length > MAX_LABEL || label[0] == '-' || label[length - 1] == '-')
        return FALSE;
      for (gsize i = 0; i < length; i++)
        {
          if (!g_ascii_isalnum (label[i]) && label[i] != '-' && label[i] != '_')
            return FALSE;
        }
      if (label[length] == '\0')
        return TRUE;
      label += length + 1;
    }
}

/* The domain in Unicode, as RFC 7622 §3.2 compares it: `xn--` labels are decoded. What reads
 * otherwise there and back, like an `xn--` label that hides plain ASCII, is refused. */
static char *
prepare_international_domain (const char *domain)
{
  g_autofree char *ascii = g_hostname_to_ascii (domain);
  g_autofree char *unicode = g_hostname_to_unicode (domain);
  g_autofree char *ascii_again = NULL;
  g_autofree char *unicode_again = NULL;

  if (ascii == NULL || unicode == NULL || !is_ascii_domain (ascii))
    return NULL;
  ascii_again = g_hostname_to_ascii (unicode);
  unicode_again = g_hostname_to_unicode (ascii);
  if (g_strcmp0 (ascii, ascii_again) != 0 || g_strcmp0 (unicode, unicode_again) != 0)
    return NULL;
  return g_steal_pointer (&unicode);
}

static char *
prepare_ipv6_literal (const char *domain, gsize length)
{
  g_autofree char *inner = NULL;
  g_autofree char *canonical = NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (length < 2 || domain[length - 1] != ']')
    return NULL;
  inner = g_strndup (domain + 1, length - 2);
  /* Addresses with a zone mean something on one host only. */
  if (strchr (inner, '%') != NULL)
    return NULL;
  address = g_inet_address_new_from_string (inner);
  if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  canonical = g_inet_address_to_string (address);
  return g_strdup_printf ("[%s]", canonical);
}

static gboolean
prepare_domain (const char *text, gsize length, char *out)
{
  g_autofree char *prepared = NULL;

  if (text[0] == '[')
    {
      prepared = prepare_ipv6_literal (text, length);
    }
  else
    {
      g_autofree char *domain = NULL;

      /* RFC 7622 §3.2: the dot of the root is not part of the address */
      if (text[length - 1] == '.')
        length--;
      domain = g_ascii_strdown (text, length);
      if (!is_ascii (domain, length) || strstr (domain, "xn--") != NULL)
        prepared = prepare_international_domain (domain);
      else if (is_ascii_domain (domain))
        prepared = g_steal_pointer (&domain);
    }

  return prepared != NULL && g_strlcpy (out, prepared, MAX_RAW_PART + 1) <= MAX_RAW_PART;
}

static JxsJid *
assemble (const char *local, const char *domain, const char *resource)
{
  gsize local_length = local != NULL ? strlen (local) + 1 : 0; /* with the @, or its NUL */
  gsize domain_length = strlen (domain);
  gsize resource_length = resource != NULL ? strlen (resource) + 1 : 0;
  gsize length = local_length + domain_length + resource_length;
  JxsJid *self = g_malloc (sizeof (JxsJid) + length + 1 + local_length + domain_length + 1);
  char *p = self->text;

  g_atomic_ref_count_init (&self->ref_count);
  self->bare_length = local_length + domain_length;
  self->local = NULL;
  self->resource = NULL;

  if (local != NULL)
    p = g_stpcpy (g_stpcpy (p, local), "@");
  p = g_stpcpy (p, domain);
  if (resource != NULL)
    {
      p = g_stpcpy (p, "/");
      self->resource = p;
      p = g_stpcpy (p, resource);
    }
  p++;
  if (local != NULL)
    {
      self->local = p;
      p = g_stpcpy (p, local) + 1;
    }
  self->domain = p;
  g_stpcpy (p, domain);
  self->hash = g_str_hash (self->text);
  return self;
}

typedef gboolean (*PrepareFunc) (const char *text, gsize length, char *out);

typedef struct
{
  const char *text; /* (nullable): not terminated */
  gsize length;
} Part;

/* out: MAX_RAW_PART + 1 bytes. Returns what is wrong, or NULL. */
static const char *
prepare_part (Part part, PrepareFunc prepare, char *out, const char *empty, const char *invalid)
{
  if (part.length == 0)
    return empty;
  if (part.length > MAX_RAW_PART)
    return _ ("a part of it is too long");
  if (memchr (part.text, '\0', part.length) != NULL ||
      !g_utf8_validate_len (part.text, part.length, NULL) || !prepare (part.text, part.length, out))
    return invalid;
  if (out[0] == '\0')
    return empty;
  if (strlen (out) > MAX_PART)
    return _ ("a part of it is too long");
  return NULL;
}

static JxsJid *
jid_from_parts (Part local, Part domain, Part resource, const char **problem)
{
  char prepared_local[MAX_RAW_PART + 1];
  char prepared_domain[MAX_RAW_PART + 1];
  char prepared_resource[MAX_RAW_PART + 1];

  *problem = prepare_part (domain,
                           prepare_domain,
                           prepared_domain,
                           _ ("it has no domain"),
                           _ ("its domain is malformed"));
  if (*problem == NULL && local.text != NULL)
    *problem = prepare_part (local,
                             prepare_local,
                             prepared_local,
                             _ ("there is nothing before the “@”"),
                             _ ("the part before the “@” has a character that is not allowed"));
  if (*problem == NULL && resource.text != NULL)
    *problem = prepare_part (resource,
                             prepare_resource,
                             prepared_resource,
                             _ ("there is nothing after the “/”"),
                             _ ("the part after the “/” has a character that is not allowed"));
  if (*problem != NULL)
    return NULL;

  return assemble (local.text != NULL ? prepared_local : NULL,
                   prepared_domain,
                   resource.text != NULL ? prepared_resource : NULL);
}

static void
set_error (GError **error, const char *text, const char *problem)
{
  g_autofree char *quoted = jxs_log_sanitize (text, MAX_QUOTED);

  /* Translators: the first is an address as somebody wrote it, the second says what is wrong */
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_INVALID_JID,
               _ ("“%s” is not a valid address: %s"),
               quoted,
               problem);
}

/**
 * jxs_jid_new:
 * @text: an address like `local@domain/resource`
 * @error: return location for an error
 *
 * Parses and prepares an address.
 *
 * The resource begins after the first `/`, the local part ends before the first `@` in front of it
 * (RFC 7622 §3.1). Each part has 1 to 1023 octets once prepared.
 *
 * Fails with %JXS_ERROR_INVALID_JID; the message tells which part is wrong.
 *
 * Returns: (transfer full): the address
 *
 * Since: 1.0
 */
JxsJid *
jxs_jid_new (const char *text, GError **error)
{
  Part local = { NULL, 0 };
  Part domain = { text, 0 };
  Part resource = { NULL, 0 };
  const char *slash;
  const char *at;
  const char *problem;
  JxsJid *self;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  slash = strchr (text, '/');
  domain.length = slash != NULL ? (gsize) (slash - text) : strlen (text);
  if (slash != NULL)
    resource = (Part){ slash + 1, strlen (slash + 1) };

  at = memchr (text, '@', domain.length);
  if (at != NULL)
    {
      local = (Part){ text, at - text };
      domain = (Part){ at + 1, domain.length - local.length - 1 };
    }

  self = jid_from_parts (local, domain, resource, &problem);
  if (self == NULL)
    set_error (error, text, problem);
  return self;
}

static Part
part_from_string (const char *text)
{
  return (Part){ text, text != NULL ? strlen (text) : 0 };
}

/**
 * jxs_jid_new_from_parts:
 * @local: (nullable): the part before the `@`, or %NULL
 * @domain: the domain or IP address
 * @resource: (nullable): the part after the `/`, or %NULL
 * @error: return location for an error
 *
 * Prepares an address from its parts.
 *
 * Fails with %JXS_ERROR_INVALID_JID.
 *
 * Returns: (transfer full): the address
 *
 * Since: 1.0
 */
JxsJid *
jxs_jid_new_from_parts (const char *local, const char *domain, const char *resource, GError **error)
{
  const char *problem;
  JxsJid *self;

  g_return_val_if_fail (domain != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = jid_from_parts (part_from_string (local),
                         part_from_string (domain),
                         part_from_string (resource),
                         &problem);
  if (self == NULL)
    {
      g_autofree char *text = g_strconcat (local != NULL ? local : "",
                                           local != NULL ? "@" : "",
                                           domain,
                                           resource != NULL ? "/" : "",
                                           resource,
                                           NULL);
      set_error (error, text, problem);
    }
  return self;
}

/**
 * jxs_jid_ref:
 * @self: an address
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
JxsJid *
jxs_jid_ref (JxsJid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * jxs_jid_unref:
 * @self: (transfer full): an address
 *
 * Drops a reference; the last one frees the address.
 *
 * Since: 1.0
 */
void
jxs_jid_unref (JxsJid *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

/**
 * jxs_jid_get_local:
 * @self: an address
 *
 * Gets the part before the `@`.
 *
 * Returns: (nullable): the local part, or %NULL
 *
 * Since: 1.0
 */
const char *
jxs_jid_get_local (const JxsJid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->local;
}

/**
 * jxs_jid_get_domain:
 * @self: an address
 *
 * Gets the domain, in Unicode, or the IP address, in brackets if it is one of IPv6.
 *
 * Returns: the domain
 *
 * Since: 1.0
 */
const char *
jxs_jid_get_domain (const JxsJid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->domain;
}

/**
 * jxs_jid_get_resource:
 * @self: an address
 *
 * Gets the part after the `/`.
 *
 * Returns: (nullable): the resource, or %NULL
 *
 * Since: 1.0
 */
const char *
jxs_jid_get_resource (const JxsJid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->resource;
}

/**
 * jxs_jid_is_full:
 * @self: an address
 *
 * Whether the address has a resource.
 *
 * Returns: %TRUE for a full address, %FALSE for a bare one
 *
 * Since: 1.0
 */
gboolean
jxs_jid_is_full (const JxsJid *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->resource != NULL;
}

/**
 * jxs_jid_to_bare:
 * @self: an address
 *
 * Gets the address without its resource.
 *
 * Returns: (transfer full): the bare address, @self itself if it has no resource
 *
 * Since: 1.0
 */
JxsJid *
jxs_jid_to_bare (JxsJid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->resource == NULL)
    return jxs_jid_ref (self);
  return assemble (self->local, self->domain, NULL);
}

/**
 * jxs_jid_to_string:
 * @self: an address
 *
 * Gets the address as it goes on the wire.
 *
 * Returns: the address as text
 *
 * Since: 1.0
 */
const char *
jxs_jid_to_string (const JxsJid *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * jxs_jid_equal:
 * @self: an address
 * @other: another
 *
 * Whether two addresses are the same, resource included.
 *
 * Returns: %TRUE if they are equal
 *
 * Since: 1.0
 */
gboolean
jxs_jid_equal (const JxsJid *self, const JxsJid *other)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (other != NULL, FALSE);

  return self == other || (self->hash == other->hash && strcmp (self->text, other->text) == 0);
}

/**
 * jxs_jid_equal_bare:
 * @self: an address
 * @other: another
 *
 * Whether two addresses are the same but for their resources.
 *
 * Returns: %TRUE if local part and domain are equal
 *
 * Since: 1.0
 */
gboolean
jxs_jid_equal_bare (const JxsJid *self, const JxsJid *other)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (other != NULL, FALSE);

  return self->bare_length == other->bare_length &&
         memcmp (self->text, other->text, self->bare_length) == 0;
}

/**
 * jxs_jid_hash:
 * @self: an address
 *
 * A hash for hash tables whose keys are compared with [method@Jid.equal].
 *
 * Returns: the hash
 *
 * Since: 1.0
 */
guint
jxs_jid_hash (const JxsJid *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->hash;
}

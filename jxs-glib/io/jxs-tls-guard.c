/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-guard-private.h"

#include <gnutls/crypto.h>
#include <string.h>

/* Content types, RFC 8446 §5.1 */
#define HANDSHAKE 22
#define APPLICATION_DATA 23 /* what all encrypted records look like */

#define NONCE_SIZE 12

void
jxs_tls_guard_begin (JxsTlsGuard *self)
{
  self->completed = FALSE;
  self->established = TRUE;
}

void
jxs_tls_guard_end (JxsTlsGuard *self, gboolean gave_data)
{
  self->looks = self->looks || (self->completed && !gave_data);
}

/* RFC 8446 §5.2 and §5.3. 0 if it cannot be read: GnuTLS will say why. */
static gsize
decrypt (JxsTlsGuard *self, gnutls_session_t session, guint8 *plain)
{
  gnutls_aead_cipher_hd_t cipher;
  gnutls_datum_t iv;
  gnutls_datum_t key;
  guint8 nonce[NONCE_SIZE];
  guint8 sequence[8];
  gsize size = self->record->len;
  int result;

  if (gnutls_record_get_state (session, 1, NULL, &iv, &key, sequence) < 0 ||
      iv.size != sizeof nonce ||
      gnutls_aead_cipher_init (&cipher, gnutls_cipher_get (session), &key) < 0)
    return 0;
  memcpy (nonce, iv.data, sizeof nonce);
  for (gsize i = 0; i < sizeof sequence; i++)
    nonce[sizeof nonce - sizeof sequence + i] ^= sequence[i];
  result = gnutls_aead_cipher_decrypt (cipher,
                                       nonce,
                                       sizeof nonce,
                                       self->header,
                                       sizeof self->header,
                                       gnutls_cipher_get_tag_size (gnutls_cipher_get (session)),
                                       self->record->data,
                                       self->record->len,
                                       plain,
                                       &size);
  gnutls_aead_cipher_deinit (cipher);
  return result < 0 ? 0 : size;
}

/* The type follows the content, and padding of zeros follows the type (§5.2). */
static gboolean
is_empty_handshake (JxsTlsGuard *self, gnutls_session_t session)
{
  g_autofree guint8 *plain = g_malloc (self->record->len);
  gsize size = decrypt (self, session, plain);
  gboolean is_empty;

  while (size > 0 && plain[size - 1] == 0)
    size--;
  is_empty = size == 1 && plain[0] == HANDSHAKE;
  gnutls_memset (plain, 0, self->record->len);
  return is_empty;
}

static void
begin_record (JxsTlsGuard *self, gnutls_session_t session)
{
  self->left = self->header[3] << 8 | self->header[4];
  /* GnuTLS goes on to a second one only if the first gave it nothing to return. */
  self->looks = self->looks || (self->established && self->completed);
  if (self->looks && self->header[0] == APPLICATION_DATA &&
      gnutls_protocol_get_version (session) == GNUTLS_TLS1_3)
    self->record = g_byte_array_sized_new (self->left);
}

static gboolean
end_record (JxsTlsGuard *self, gnutls_session_t session)
{
  gboolean good = self->record == NULL || !is_empty_handshake (self, session);

  jxs_tls_guard_clear (self);
  self->n_header = 0;
  self->completed = TRUE;
  return good;
}

gboolean
jxs_tls_guard_take (JxsTlsGuard *self, gnutls_session_t session, const guint8 *bytes, gsize size)
{
  while (size > 0)
    {
      gsize n;

      if (self->n_header < sizeof self->header)
        {
          n = MIN (size, sizeof self->header - self->n_header);
          memcpy (self->header + self->n_header, bytes, n);
          self->n_header += n;
          if (self->n_header == sizeof self->header)
            begin_record (self, session);
        }
      else
        {
          n = MIN (size, self->left);
          if (self->record != NULL)
            g_byte_array_append (self->record, bytes, n);
          self->left -= n;
        }
      bytes += n;
      size -= n;
      if (self->n_header == sizeof self->header && self->left == 0 && !end_record (self, session))
        return FALSE;
    }
  return TRUE;
}

void
jxs_tls_guard_clear (JxsTlsGuard *self)
{
  g_clear_pointer (&self->record, g_byte_array_unref);
}

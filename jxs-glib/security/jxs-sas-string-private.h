/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The short authentication string of a stream, for two persons to compare.
 *
 * Somebody in the middle has one TLS session with each of the two, so that they derive two strings
 * from two secrets and other certificates. He wins if both happen to show the same. He knows both
 * secrets: could he choose his nonces last, he would try as many as it takes (10^12, some minutes)
 * until the two strings are equal. Therefore who begins sends a hash of its nonce first, and the
 * nonce itself only when the other's has arrived. Whoever sits in the middle has to choose the
 * nonce for who begins without knowing that one's, and to commit to the one for the other without
 * knowing the other's: there is nothing left to search. What remains is one blind guess for each
 * attempt, and a person sees when it fails. */

#define JXS_SAS_SIZE 32 /* of a nonce, a commitment, a fingerprint and a secret */
#define JXS_SAS_N_DIGITS 12
#define JXS_SAS_N_EMOJI 7
#define JXS_SAS_ALPHABET 64 /* emoji to choose from */

/* Of tls-exporter (RFC 8446 §7.5). */
#define JXS_SAS_EXPORTER_LABEL "EXPORTER-jxs-verification"

/* A side of the XML stream, whoever begins to verify it. */
typedef enum
{
  JXS_SAS_INITIATOR,
  JXS_SAS_RESPONDER,
} JxsSasSide;

/* What one stream is to both of its sides, and no other stream is to anybody. */
typedef struct
{
  guint8 secret[JXS_SAS_SIZE];          /* exported from TLS */
  guint8 fingerprints[2][JXS_SAS_SIZE]; /* SHA-256 of the certificates, by side */
  char *addresses[2];                   /* (owned): bare JIDs, by side */
} JxsSasBinding;

typedef struct
{
  char digits[JXS_SAS_N_DIGITS + 3]; /* in groups of four */
  guint8 emoji[JXS_SAS_N_EMOJI];     /* numbers */
} JxsSasString;

/* commitment: JXS_SAS_SIZE bytes. */
void jxs_sas_commit (const JxsSasBinding *binding,
                     JxsSasSide side,
                     const guint8 *nonce,
                     guint8 *commitment);
void jxs_sas_derive (const JxsSasBinding *binding,
                     const guint8 *initiator_nonce,
                     const guint8 *responder_nonce,
                     JxsSasString *string);
/* The first of n numbers of 64 bits in bytes that chooses among all strings of digits evenly. */
void jxs_sas_choose_digits (const guint8 *bytes, gsize n, char *digits);

const char *jxs_sas_emoji_get (guint number);
/* Translated. */
const char *jxs_sas_emoji_get_name (guint number);

void jxs_sas_binding_clear (JxsSasBinding *binding);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsSasBinding, jxs_sas_binding_clear)

G_END_DECLS

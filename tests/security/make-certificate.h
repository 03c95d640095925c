/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

G_BEGIN_DECLS

#define TEST_DAY (G_GINT64_CONSTANT (24) * 60 * 60)

typedef enum
{
  TEST_NAME_NONE, /* ends a list */
  TEST_NAME_ADDRESS,
  TEST_NAME_ADDRESS_RAW, /* the value as it is, in place of DER */
  TEST_NAME_SERVICE,
  TEST_NAME_HOST,
  TEST_NAME_URI,
  TEST_NAME_EXTENSION, /* in place of all names: the value of the extension, in DER or not */
} TestNameKind;

typedef struct
{
  TestNameKind kind;
  const char *text;
  gsize length; /* 0 for text that ends with a NUL */
} TestName;

/* What is unusual about a certificate; all zero: Ed25519, valid from yesterday for a year. */
typedef struct
{
  gint64 from;  /* seconds since 1970 */
  gint64 until; /* seconds since 1970 */
  gnutls_pk_algorithm_t algorithm;
  unsigned int bits; /* also GNUTLS_CURVE_TO_BITS() */
  gnutls_digest_algorithm_t digest;
  gsize modulus; /* bytes: an RSA key that only looks like one; needs an issuer */
  gboolean authority;
  unsigned int usage; /* 0 for no such extension */
  const char *purpose;
  const char *common_name;
  const char *permitted_host; /* name constraints of an authority */
  TestName names[6];
  gsize n_copies; /* more of the first name */
  gsize padding;  /* bytes of an extension that nobody knows */
} TestSpec;

/* With its key, to sign others with. */
typedef struct
{
  gnutls_x509_crt_t crt;
  gnutls_x509_privkey_t key;
  GTlsCertificate *certificate; /* with those of its issuers, without the key */
} TestCertificate;

/* issuer (nullable): signs it; otherwise it signs itself. */
TestCertificate *test_certificate_new (const TestSpec *spec, TestCertificate *issuer);
void test_certificate_free (TestCertificate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestCertificate, test_certificate_free)

/* The certificate, without its issuers. (transfer full) */
char *test_certificate_to_pem (TestCertificate *self, gboolean with_key);

/* The certificates below as they are, in this order, as a peer may send them; the first is the
 * peer's. (transfer full) */
GTlsCertificate *test_certificate_chain (TestCertificate *const *list, gsize n);

G_END_DECLS

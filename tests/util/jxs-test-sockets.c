/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

void
jxs_test_tcp_pair (GSocketConnection **first, GSocketConnection **second)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  g_socket_listener_add_address (
      listener, any_port, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  g_socket_client_set_enable_proxy (client, FALSE);
  *first = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_assert_no_error (error);
  *second = g_socket_listener_accept (listener, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* Each with its key, which guards nothing. Valid until 2126. */
static const char *const certificates[] = {
  "-----BEGIN CERTIFICATE-----\n"
  "MIIBoTCCAUegAwIBAgIUHGu75PaO7ej3HF998sY6cWYmEtEwCgYIKoZIzj0EAwIw\n"
  "GDEWMBQGA1UEAwwNdGVzdDAuZXhhbXBsZTAgFw0yNjExMjEwNjM3MjFaGA8yMTI2\n"
  "MTAyODA2MzcyMVowGDEWMBQGA1UEAwwNdGVzdDAuZXhhbXBsZTBZMBMGByqGSM49\n"
  "AgEGCCqGSM49AwEHA0IABGEamjex6ndqwX3GeWrxzZL9G3qeFAGSVANH6XUYYwhN\n"
  "NoxuH1Sn0l4mAfErnWLqcQcsvzmBmJNLu/DdyVqJ6YyjbTBrMB0GA1UdDgQWBBSn\n"
  "2N5GFReUfiDwosOWgDQ7FmnsBTAfBgNVHSMEGDAWgBSn2N5GFReUfiDwosOWgDQ7\n"
  "FmnsBTAPBgNVHRMBAf8EBTADAQH/MBgGA1UdEQQRMA+CDXRlc3QwLmV4YW1wbGUw\n"
  "CgYIKoZIzj0EAwIDSAAwRQIgBbZLC29YxzY4NEI48Tb4MC3I9q8idJXu4TG5wvsi\n"
  "RlUCIQCKPWN1MBSY+9vn8UBOvGdwl3FedCrS14eAd5U//vyysw==\n"
  "-----END CERTIFICATE-----\n"
  "-----BEGIN PRIVATE KEY-----\n"
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZvHrcih+7k238LDn\n"
  "9NGVJiLV6FWsR0jMwBKlIiWvvqyhRANCAARhGpo3sep3asF9xnlq8c2S/Rt6nhQB\n"
  "klQDR+l1GGMITTaMbh9Up9JeJgHxK51i6nEHLL85gZiTS7vw3claiemM\n"
  "-----END PRIVATE KEY-----\n",
  "-----BEGIN CERTIFICATE-----\n"
  "MIIBojCCAUegAwIBAgIUBoRceyCAIvN7PWOjaDKyF13x0wgwCgYIKoZIzj0EAwIw\n"
  "GDEWMBQGA1UEAwwNdGVzdDEuZXhhbXBsZTAgFw0yNjExMjEwNjM3MjFaGA8yMTI2\n"
  "MTAyODA2MzcyMVowGDEWMBQGA1UEAwwNdGVzdDEuZXhhbXBsZTBZMBMGByqGSM49\n"
  "AgEGCCqGSM49AwEHA0IABJlSZ8XaNKsZ2zKK4/xCatnnz8Rdv0wZwY4YWnpNOR7d\n"
  "euNY8Lfbco86f8b9/rO58gi2KyB8QgG1VPqMWylshqSjbTBrMB0GA1UdDgQWBBRp\n"
  "20KoK5hMfNZd06L+pcT3uNl3qDAfBgNVHSMEGDAWgBRp20KoK5hMfNZd06L+pcT3\n"
  "uNl3qDAPBgNVHRMBAf8EBTADAQH/MBgGA1UdEQQRMA+CDXRlc3QxLmV4YW1wbGUw\n"
  "CgYIKoZIzj0EAwIDSQAwRgIhAIY+pXeJSQKRExK+P2adCCKnV08V4GLNE+4LSIrp\n"
  "+42+AiEAs+tOvxBL99u0w11B5FUNLWlfEv7LHV4uLC18c44jGQ0=\n"
  "-----END CERTIFICATE-----\n"
  "-----BEGIN PRIVATE KEY-----\n"
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9kDja+nbClkqQdM8\n"
  "1Pqx77fh4wJBU+Tcm4OxbvLkKTqhRANCAASZUmfF2jSrGdsyiuP8QmrZ58/EXb9M\n"
  "GcGOGFp6TTke3XrjWPC323KPOn/G/f6zufIItisgfEIBtVT6jFspbIak\n"
  "-----END PRIVATE KEY-----\n"
};

GTlsCertificate *
jxs_test_certificate (guint which)
{
  g_autoptr (GError) error = NULL;
  GTlsCertificate *certificate;

  g_assert_cmpuint (which, <, G_N_ELEMENTS (certificates));
  certificate = g_tls_certificate_new_from_pem (certificates[which], -1, &error);
  g_assert_no_error (error);
  return certificate;
}

void
jxs_test_keep_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **kept = user_data;

  g_assert_null (*kept);
  *kept = g_object_ref (result);
}

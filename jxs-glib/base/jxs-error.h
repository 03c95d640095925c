/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-version-macros.h>

G_BEGIN_DECLS

/**
 * JxsError:
 * @JXS_ERROR_FAILED: a failure that no other code names
 * @JXS_ERROR_INVALID_ARGUMENT: something the application or the user supplied is malformed
 * @JXS_ERROR_INVALID_JID: an address is not a valid JID (RFC 7622)
 * @JXS_ERROR_CLOSED: the channel, session or stream was closed
 * @JXS_ERROR_TIMED_OUT: the peer did not answer in time
 * @JXS_ERROR_PROTOCOL: the peer broke the protocol
 * @JXS_ERROR_NOT_SUPPORTED: the peer does not support what was asked for
 * @JXS_ERROR_PEER_UNAVAILABLE: the peer is not online or does not exist
 * @JXS_ERROR_DECLINED: the peer's user declined the session
 * @JXS_ERROR_BUSY: the peer is busy
 * @JXS_ERROR_CONFLICT: another session took the place of this one (tie-break)
 * @JXS_ERROR_LIMIT: a cap on sessions, sizes or queues was reached
 * @JXS_ERROR_CONNECTIVITY: no transport could be established, or the transport was lost
 * @JXS_ERROR_SECURITY: encryption failed or was refused, or the peer showed another key than it
 * announced
 * @JXS_ERROR_UNTRUSTED: the peer's key is not trusted
 * @JXS_ERROR_AUTHENTICATION: the server refused the credentials, or the peer did not enter the same
 *   password, or a file is protected by another one
 * @JXS_ERROR_TRUNCATED: the stream ended without a proper close
 *
 * What can go wrong with the library's own operations. Errors of GIO and of TLS are passed on
 * unchanged. Codes may be added later.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_ERROR_FAILED,
  JXS_ERROR_INVALID_ARGUMENT,
  JXS_ERROR_INVALID_JID,
  JXS_ERROR_CLOSED,
  JXS_ERROR_TIMED_OUT,
  JXS_ERROR_PROTOCOL,
  JXS_ERROR_NOT_SUPPORTED,
  JXS_ERROR_PEER_UNAVAILABLE,
  JXS_ERROR_DECLINED,
  JXS_ERROR_BUSY,
  JXS_ERROR_CONFLICT,
  JXS_ERROR_LIMIT,
  JXS_ERROR_CONNECTIVITY,
  JXS_ERROR_SECURITY,
  JXS_ERROR_UNTRUSTED,
  JXS_ERROR_AUTHENTICATION,
  JXS_ERROR_TRUNCATED,
} JxsError;

/**
 * JXS_ERROR:
 *
 * The error domain of the library's own operations; codes are [error@Error].
 *
 * Since: 1.0
 */
#define JXS_ERROR (jxs_error_quark ())
/**
 * jxs_error_quark:
 *
 * Gets the error domain of the library; programs write %JXS_ERROR.
 *
 * Returns: the domain's quark
 *
 * Since: 1.0
 */
JXS_AVAILABLE_IN_1_0
GQuark jxs_error_quark (void);

/**
 * JxsStreamError:
 * @JXS_STREAM_ERROR_BAD_FORMAT: XML that cannot be processed
 * @JXS_STREAM_ERROR_BAD_NAMESPACE_PREFIX: an unsupported prefix, or none where one is needed
 * @JXS_STREAM_ERROR_CONFLICT: a new stream for the same entity takes the place of this one
 * @JXS_STREAM_ERROR_CONNECTION_TIMEOUT: the other side was silent for too long
 * @JXS_STREAM_ERROR_HOST_GONE: the domain in “to” is no longer served
 * @JXS_STREAM_ERROR_HOST_UNKNOWN: the domain in “to” is not served
 * @JXS_STREAM_ERROR_IMPROPER_ADDRESSING: a stanza lacks “to” or “from” where both are needed
 * @JXS_STREAM_ERROR_INTERNAL_SERVER_ERROR: the other side is misconfigured
 * @JXS_STREAM_ERROR_INVALID_FROM: “from” is not who was authenticated
 * @JXS_STREAM_ERROR_INVALID_NAMESPACE: the stream or its content is in another namespace
 * @JXS_STREAM_ERROR_INVALID_XML: XML that a schema forbids
 * @JXS_STREAM_ERROR_NOT_AUTHORIZED: a stanza before the negotiation was complete
 * @JXS_STREAM_ERROR_NOT_WELL_FORMED: XML that is not well-formed
 * @JXS_STREAM_ERROR_POLICY_VIOLATION: a local limit or rule was broken
 * @JXS_STREAM_ERROR_REMOTE_CONNECTION_FAILED: a third party that is needed cannot be reached
 * @JXS_STREAM_ERROR_RESET: the stream must be made anew, for security
 * @JXS_STREAM_ERROR_RESOURCE_CONSTRAINT: too little memory or capacity
 * @JXS_STREAM_ERROR_RESTRICTED_XML: a comment, processing instruction, DTD or entity reference
 * @JXS_STREAM_ERROR_SEE_OTHER_HOST: the service is elsewhere; never followed by this library
 * @JXS_STREAM_ERROR_SYSTEM_SHUTDOWN: the other side shuts down
 * @JXS_STREAM_ERROR_UNDEFINED_CONDITION: none of the others
 * @JXS_STREAM_ERROR_UNSUPPORTED_ENCODING: not UTF-8
 * @JXS_STREAM_ERROR_UNSUPPORTED_FEATURE: a mandatory feature is not supported
 * @JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE: a first-level element that is no stanza
 * @JXS_STREAM_ERROR_UNSUPPORTED_VERSION: a version of XMPP that is not supported
 *
 * The stream error conditions of RFC 6120 §4.9.3, in its order. An unknown condition is
 * %JXS_STREAM_ERROR_UNDEFINED_CONDITION.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_STREAM_ERROR_BAD_FORMAT,
  JXS_STREAM_ERROR_BAD_NAMESPACE_PREFIX,
  JXS_STREAM_ERROR_CONFLICT,
  JXS_STREAM_ERROR_CONNECTION_TIMEOUT,
  JXS_STREAM_ERROR_HOST_GONE,
  JXS_STREAM_ERROR_HOST_UNKNOWN,
  JXS_STREAM_ERROR_IMPROPER_ADDRESSING,
  JXS_STREAM_ERROR_INTERNAL_SERVER_ERROR,
  JXS_STREAM_ERROR_INVALID_FROM,
  JXS_STREAM_ERROR_INVALID_NAMESPACE,
  JXS_STREAM_ERROR_INVALID_XML,
  JXS_STREAM_ERROR_NOT_AUTHORIZED,
  JXS_STREAM_ERROR_NOT_WELL_FORMED,
  JXS_STREAM_ERROR_POLICY_VIOLATION,
  JXS_STREAM_ERROR_REMOTE_CONNECTION_FAILED,
  JXS_STREAM_ERROR_RESET,
  JXS_STREAM_ERROR_RESOURCE_CONSTRAINT,
  JXS_STREAM_ERROR_RESTRICTED_XML,
  JXS_STREAM_ERROR_SEE_OTHER_HOST,
  JXS_STREAM_ERROR_SYSTEM_SHUTDOWN,
  JXS_STREAM_ERROR_UNDEFINED_CONDITION,
  JXS_STREAM_ERROR_UNSUPPORTED_ENCODING,
  JXS_STREAM_ERROR_UNSUPPORTED_FEATURE,
  JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE,
  JXS_STREAM_ERROR_UNSUPPORTED_VERSION,
} JxsStreamError;

/**
 * JXS_STREAM_ERROR:
 *
 * The error domain of XML streams; codes are [error@StreamError].
 *
 * Since: 1.0
 */
#define JXS_STREAM_ERROR (jxs_stream_error_quark ())
/**
 * jxs_stream_error_quark:
 *
 * Gets the error domain of XML streams; programs write %JXS_STREAM_ERROR.
 *
 * Returns: the domain's quark
 *
 * Since: 1.0
 */
JXS_AVAILABLE_IN_1_0
GQuark jxs_stream_error_quark (void);

/**
 * JxsStanzaError:
 * @JXS_STANZA_ERROR_BAD_REQUEST: malformed
 * @JXS_STANZA_ERROR_CONFLICT: something of that name or address exists already
 * @JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED: understood but not supported
 * @JXS_STANZA_ERROR_FORBIDDEN: the sender may not do this
 * @JXS_STANZA_ERROR_GONE: the recipient is no longer at this address
 * @JXS_STANZA_ERROR_INTERNAL_SERVER_ERROR: the other side failed
 * @JXS_STANZA_ERROR_ITEM_NOT_FOUND: the address or item does not exist
 * @JXS_STANZA_ERROR_JID_MALFORMED: an address is not a JID
 * @JXS_STANZA_ERROR_NOT_ACCEPTABLE: against the rules of the recipient
 * @JXS_STANZA_ERROR_NOT_ALLOWED: nobody may do this
 * @JXS_STANZA_ERROR_NOT_AUTHORIZED: credentials are needed first
 * @JXS_STANZA_ERROR_POLICY_VIOLATION: against the rules of the service
 * @JXS_STANZA_ERROR_RECIPIENT_UNAVAILABLE: the recipient is not online for now
 * @JXS_STANZA_ERROR_REDIRECT: the recipient is elsewhere for now
 * @JXS_STANZA_ERROR_REGISTRATION_REQUIRED: registration is needed first
 * @JXS_STANZA_ERROR_REMOTE_SERVER_NOT_FOUND: the recipient's server does not exist
 * @JXS_STANZA_ERROR_REMOTE_SERVER_TIMEOUT: the recipient's server does not answer
 * @JXS_STANZA_ERROR_RESOURCE_CONSTRAINT: too busy
 * @JXS_STANZA_ERROR_SERVICE_UNAVAILABLE: not offered here
 * @JXS_STANZA_ERROR_SUBSCRIPTION_REQUIRED: a subscription is needed first
 * @JXS_STANZA_ERROR_UNDEFINED_CONDITION: none of the others
 * @JXS_STANZA_ERROR_UNEXPECTED_REQUEST: out of order
 *
 * The stanza error conditions of RFC 6120 §8.3.3, in its order. An unknown condition is
 * %JXS_STANZA_ERROR_UNDEFINED_CONDITION.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_STANZA_ERROR_BAD_REQUEST,
  JXS_STANZA_ERROR_CONFLICT,
  JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
  JXS_STANZA_ERROR_FORBIDDEN,
  JXS_STANZA_ERROR_GONE,
  JXS_STANZA_ERROR_INTERNAL_SERVER_ERROR,
  JXS_STANZA_ERROR_ITEM_NOT_FOUND,
  JXS_STANZA_ERROR_JID_MALFORMED,
  JXS_STANZA_ERROR_NOT_ACCEPTABLE,
  JXS_STANZA_ERROR_NOT_ALLOWED,
  JXS_STANZA_ERROR_NOT_AUTHORIZED,
  JXS_STANZA_ERROR_POLICY_VIOLATION,
  JXS_STANZA_ERROR_RECIPIENT_UNAVAILABLE,
  JXS_STANZA_ERROR_REDIRECT,
  JXS_STANZA_ERROR_REGISTRATION_REQUIRED,
  JXS_STANZA_ERROR_REMOTE_SERVER_NOT_FOUND,
  JXS_STANZA_ERROR_REMOTE_SERVER_TIMEOUT,
  JXS_STANZA_ERROR_RESOURCE_CONSTRAINT,
  JXS_STANZA_ERROR_SERVICE_UNAVAILABLE,
  JXS_STANZA_ERROR_SUBSCRIPTION_REQUIRED,
  JXS_STANZA_ERROR_UNDEFINED_CONDITION,
  JXS_STANZA_ERROR_UNEXPECTED_REQUEST,
} JxsStanzaError;

/**
 * JXS_STANZA_ERROR:
 *
 * The error domain of stanza errors; codes are [error@StanzaError].
 *
 * Since: 1.0
 */
#define JXS_STANZA_ERROR (jxs_stanza_error_quark ())
/**
 * jxs_stanza_error_quark:
 *
 * Gets the error domain of stanzas; programs write %JXS_STANZA_ERROR.
 *
 * Returns: the domain's quark
 *
 * Since: 1.0
 */
JXS_AVAILABLE_IN_1_0
GQuark jxs_stanza_error_quark (void);

G_END_DECLS

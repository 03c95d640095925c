/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one header for applications. */

#define JXS_INSIDE

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/base/jxs-trust-level.h>
#include <jxs-glib/base/jxs-version-macros.h>
#include <jxs-glib/base/jxs-version.h>
#include <jxs-glib/channel/jxs-channel.h>
#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/channel/jxs-stream-channel.h>
#include <jxs-glib/e2e/jxs-connection.h>
#include <jxs-glib/jingle/jxs-candidate.h>
#include <jxs-glib/jingle/jxs-reason.h>
#include <jxs-glib/jingle/jxs-session.h>
#include <jxs-glib/jxs-endpoint.h>
#include <jxs-glib/jxs-features.h>
#include <jxs-glib/security/jxs-fingerprint.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/security/jxs-password.h>
#include <jxs-glib/security/jxs-security-policy.h>
#include <jxs-glib/security/jxs-trust-record.h>
#include <jxs-glib/security/jxs-trust-store.h>
#include <jxs-glib/security/jxs-trust.h>
#include <jxs-glib/security/jxs-verification.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-xml-stream.h>
#include <jxs-glib/xml/jxs-element.h>

#ifdef JXS_HAS_CLIENT
#include <jxs-glib/client/jxs-client.h>
#endif

#undef JXS_INSIDE

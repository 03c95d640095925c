/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every namespace of the library, once. */

#define JXS_NS_STREAMS "http://etherx.jabber.org/streams"
#define JXS_NS_CLIENT "jabber:client"
#define JXS_NS_SERVER "jabber:server"
#define JXS_NS_XML "http://www.w3.org/XML/1998/namespace"
#define JXS_NS_XMLNS "http://www.w3.org/2000/xmlns/"
#define JXS_NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define JXS_NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define JXS_NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define JXS_NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define JXS_NS_SASL_CB "urn:xmpp:sasl-cb:0"
#define JXS_NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define JXS_NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"
#define JXS_NS_PING "urn:xmpp:ping"
#define JXS_NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define JXS_NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"

#define JXS_NS_JINGLE "urn:xmpp:jingle:1"
#define JXS_NS_JINGLE_ERRORS "urn:xmpp:jingle:errors:1"
#define JXS_NS_JINGLE_0 "urn:xmpp:jingle:0"
#define JXS_NS_JINGLE_ERRORS_0 "urn:xmpp:jingle:errors:0"
#define JXS_NS_JINGLE_TMP "urn:xmpp:tmp:jingle"
#define JXS_NS_JINGLE_ERRORS_TMP "urn:xmpp:tmp:jingle:errors"

#define JXS_NS_XMLSTREAM "urn:xmpp:jingle:apps:xmlstream:0"
#define JXS_NS_XMLSTREAM_TMP_0 "urn:xmpp:tmp:jingle:apps:xmlstream:0"
#define JXS_NS_XMLSTREAM_TMP "urn:xmpp:tmp:jingle:apps:xmlstream"
/* The byte pipe is an application type of this library: the service string names what is inside. */
#define JXS_NS_PIPE "urn:jxs-glib:jingle:apps:pipe:0"

#define JXS_NS_IBB "http://jabber.org/protocol/ibb"
#define JXS_NS_JINGLE_IBB "urn:xmpp:jingle:transports:ibb:1"
#define JXS_NS_JINGLE_IBB_0 "urn:xmpp:jingle:transports:ibb:0"
#define JXS_NS_JINGLE_IBB_TMP "urn:xmpp:tmp:jingle:transports:ibb"

#define JXS_NS_BYTESTREAMS "http://jabber.org/protocol/bytestreams"
#define JXS_NS_JINGLE_S5B "urn:xmpp:jingle:transports:s5b:1"
#define JXS_NS_JINGLE_S5B_0 "urn:xmpp:jingle:transports:s5b:0"

#define JXS_NS_XTLS "urn:xmpp:jingle:security:xtls:0"
#define JXS_NS_TMP_C2CTLS "urn:xmpp:tmp:c2ctls"
#define JXS_NS_TMP_PUBKEY "urn:xmpp:tmp:pubkey"
/* Comparing a short authentication string is a protocol of this library. */
#define JXS_NS_VERIFICATION "urn:jxs-glib:verification:0"
#define JXS_NS_HASHES "urn:xmpp:hashes:2"

# SPDX-License-Identifier: LGPL-2.1-or-later
"""An independent peer: Jingle, in-band bytestreams, XTLS and an XML stream in Python.

Written from the specifications, on slixmpp (connection, XEP-0047) and Python's ssl, with no line of
the library under test, so that a misreading on our side does not cancel out.
"""

import asyncio
import hashlib
import os
import ssl
import subprocess
import tempfile
from xml.etree import ElementTree as ET

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

JINGLE = "urn:xmpp:jingle:1"
XMLSTREAM = "urn:xmpp:jingle:apps:xmlstream:0"
PIPE = "urn:jxs-glib:jingle:apps:pipe:0"
BYTESTREAM = "http://jabber.org/protocol/ibb"
IBB = "urn:xmpp:jingle:transports:ibb:1"
XTLS = "urn:xmpp:jingle:security:xtls:0"
STREAMS = "http://etherx.jabber.org/streams"


def tag(namespace, name):
    return f"{{{namespace}}}{name}"


def sha1(der):
    return hashlib.sha1(der).hexdigest()


def make_key(path):
    """A self-signed certificate and its key, one file."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=peer"],
            check=True, stderr=subprocess.DEVNULL,
        )
        with open(path, "w", encoding="ascii") as target:
            for part in (certificate, key):
                with open(part, encoding="ascii") as source:
                    target.write(source.read())


class Tls:
    """One end of a TLS session over memory, pumped through a byte stream (XTLS over IBB)."""

    def __init__(self, key_file, server, peer_file=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(key_file)
        if server:
            # Python cannot ask for a certificate without anchors: the peer's own is its anchor.
            context.load_verify_locations(peer_file)
            context.verify_mode = ssl.CERT_REQUIRED
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.session = context.wrap_bio(self.incoming, self.outgoing, server_side=server)

    def feed(self, data):
        self.incoming.write(data)

    def handshake(self):
        """True when done."""
        try:
            self.session.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False

    def read(self):
        """Plain bytes, b"" when none are there, None at the peer's close_notify."""
        data = b""
        while True:
            try:
                part = self.session.read(65536)
            except ssl.SSLWantReadError:
                return data
            except ssl.SSLZeroReturnError:
                return data or None
            if not part:
                return data or None
            data += part

    def close(self):
        try:
            self.session.unwrap()
        except ssl.SSLError:
            pass

    def peer_certificate(self):
        return self.session.getpeercert(binary_form=True)


class Session:
    """What the two sides of one Jingle session know."""

    def __init__(self, peer, sid, initiator):
        self.peer = peer
        self.sid = sid
        self.initiator = initiator
        self.stream_sid = None
        self.fingerprint = None
        self.stream = None
        self.accepted = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()


class Peer(slixmpp.ClientXMPP):
    """The connection and the Jingle of one account; `key_file` holds certificate and key (PEM)."""

    def __init__(self, jid, password, ca_file, key_file):
        super().__init__(jid, password)
        self.key_file = key_file
        self.ca_certs = ca_file
        self.use_aiodns = False
        self.use_ipv6 = False
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0047", {"auto_accept": True, "max_block_size": 65535})
        for feature in (JINGLE, XMLSTREAM, PIPE, IBB, XTLS):
            self["xep_0030"].add_feature(feature)
        self.register_handler(
            Callback("jingle", MatchXPath(f"{{jabber:client}}iq/{tag(JINGLE, 'jingle')}"), self._jingle)
        )
        self.sessions = {}
        self.offers = asyncio.Queue()
        self.opened = asyncio.Queue()
        self.add_event_handler("ibb_stream_start", self.opened.put_nowait)

    @classmethod
    async def connected(cls, address, *arguments):
        peer = cls(*arguments)
        started = asyncio.get_running_loop().create_future()
        peer.add_event_handler("session_start", lambda _: started.done() or started.set_result(True))
        peer.add_event_handler(
            "failed_all_auth", lambda _: started.done() or started.set_exception(RuntimeError("authentication failed"))
        )
        peer.connect(address=address)
        await asyncio.wait_for(started, 20)
        peer.send_presence()
        return peer

    def deafen(self):
        """From now on no block that arrives is acknowledged."""
        self.remove_handler("IBB Data")
        self.register_handler(
            Callback("IBB Data", MatchXPath(f"{{jabber:client}}iq/{tag(BYTESTREAM, 'data')}"), lambda iq: None)
        )

    # ---- Jingle

    def certificate(self):
        with open(self.key_file, encoding="ascii") as file:
            text = file.read()
        begin = text.index("-----BEGIN CERTIFICATE-----")
        end = text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
        return ssl.PEM_cert_to_DER_cert(text[begin:end])

    def _jingle(self, iq):
        jingle = iq.xml.find(tag(JINGLE, "jingle"))
        action, sid = jingle.get("action"), jingle.get("sid")
        session = self.sessions.get((iq["from"], sid))
        iq.reply().send()
        if action == "session-initiate":
            session = self._new_session(iq["from"], sid, False)
            self.sessions[(iq["from"], sid)] = session
            self._read_content(session, jingle)
            self.offers.put_nowait((session, jingle))
        elif session and action == "session-accept":
            self._read_content(session, jingle)
            session.accepted.set_result(jingle)
        elif session and action == "session-terminate":
            reason = jingle.find(tag(JINGLE, "reason"))
            name = reason[0].tag.split("}")[1] if reason is not None and len(reason) else None
            session.ended.set_result(name)
            if session.initiator and not session.accepted.done():
                session.accepted.set_exception(RuntimeError(f"ended: {name}"))
        elif session:
            self._other_action(session, jingle)

    def _new_session(self, *arguments):
        return Session(*arguments)

    def _other_action(self, session, jingle):
        """For those who know more."""

    def _read_content(self, session, jingle):
        content = jingle.find(tag(JINGLE, "content"))
        session.content = dict(content.attrib)
        session.description = content[0]
        session.stream_sid = content.find(tag(IBB, "transport")).get("sid")
        session.block_size = int(content.find(tag(IBB, "transport")).get("block-size"))
        security = content.find(tag(XTLS, "security"))
        if security is not None:
            session.fingerprint = security.findtext(tag(XTLS, "fingerprint"))

    def _send(self, session, action, *children):
        iq = self.Iq()
        iq["type"] = "set"
        iq["to"] = session.peer
        jingle = ET.Element(tag(JINGLE, "jingle"), action=action, sid=session.sid)
        if action == "session-initiate":
            jingle.set("initiator", self.boundjid.full)
        if action == "session-accept":
            jingle.set("responder", self.boundjid.full)
        jingle.extend(children)
        iq.append(jingle)
        return iq.send(timeout=20)

    def _content(self, session, description, block_size):
        content = ET.Element(tag(JINGLE, "content"), creator="initiator", name=session.content["name"])
        content.append(description)
        ET.SubElement(
            content, tag(IBB, "transport"), {"block-size": str(block_size), "sid": session.stream_sid}
        )
        security = ET.SubElement(content, tag(XTLS, "security"))
        ET.SubElement(security, tag(XTLS, "fingerprint")).text = sha1(self.certificate())
        ET.SubElement(security, tag(XTLS, "method"), name="x509")
        return content

    async def offer(self, to, description, sid):
        session = self._new_session(slixmpp.JID(to), sid, True)
        session.content = {"name": "x"}
        session.stream_sid = "stream-" + sid
        self.sessions[(session.peer, sid)] = session
        await self._send(session, "session-initiate", self._content(session, description, 4096))
        await asyncio.wait_for(session.accepted, 30)
        session.stream = await self["xep_0047"].open_stream(
            session.peer, sid=session.stream_sid, block_size=session.block_size
        )
        return session

    async def accept(self, session, block_size=2048):
        session.block_size = min(session.block_size, block_size)
        content = self._content(session, session.description, session.block_size)
        await self._send(session, "session-accept", content)
        session.stream = await asyncio.wait_for(self.opened.get(), 30)

    def terminate(self, session, reason="success"):
        element = ET.Element(tag(JINGLE, "reason"))
        ET.SubElement(element, tag(JINGLE, reason))
        return self._send(session, "session-terminate", element)


class SecureStream:
    """The bytes of a session inside XTLS: the Jingle initiator is the TLS client."""

    def __init__(self, session, tls):
        self.session = session
        self.tls = tls
        self.ended = False

    @classmethod
    async def handshake(cls, session, key_file, peer_file=None, tls=None):
        self = cls(session, tls or Tls(key_file, not session.initiator, peer_file))
        while not self.tls.handshake():
            await self.flush()
            await self._receive()
        await self.flush()
        shown = sha1(self.tls.peer_certificate())
        if session.fingerprint is not None and shown != session.fingerprint.lower():
            raise RuntimeError(f"announced {session.fingerprint}, showed {shown}")
        return self

    async def flush(self):
        data = self.tls.outgoing.read()
        if data:
            await self.session.stream.sendall(data, timeout=30)

    async def _receive(self):
        """Waits for one block."""
        self.tls.feed(await asyncio.wait_for(self.session.stream.recv_queue.get(), 30))

    async def write(self, data):
        for start in range(0, len(data), 16384):
            self.tls.session.write(data[start : start + 16384])
            await self.flush()

    async def read(self):
        """Some plain bytes; b"" at the orderly end."""
        while not self.ended:
            data = self.tls.read()
            if data is None:
                self.ended = True
            elif data:
                return data
            else:
                await self._receive()
        return b""

    async def close(self):
        """close_notify."""
        self.tls.close()
        await self.flush()


class XmlStream:
    """XEP-0247 §2 and XEP-0246: headers, features, stanzas, closing tags."""

    def __init__(self, secure, local, peer):
        self.secure = secure
        self.local = local
        self.peer = peer
        self.parser = ET.XMLPullParser(["start", "end"])
        self.depth = 0
        self.root = None
        self.received = asyncio.Queue()
        self.closed = False

    def header(self, stream_id=""):
        return (
            f"<stream:stream xmlns='jabber:client' xmlns:stream='{STREAMS}' "
            f"from='{self.local}' to='{self.peer}' {stream_id} version='1.0'>"
        ).encode()

    async def step(self):
        """Reads some bytes and digests them."""
        data = await self.secure.read()
        if not data:
            raise EOFError("the stream ended without a closing tag")
        self.parser.feed(data)
        for event, element in self.parser.read_events():
            if event == "start":
                self.depth += 1
                if self.depth == 1:
                    self.root = element
            else:
                self.depth -= 1
                if self.depth == 1:
                    self.received.put_nowait(element)
                elif self.depth == 0:
                    self.closed = True

    async def next(self):
        while self.received.empty() and not self.closed:
            await self.step()
        return None if self.received.empty() else self.received.get_nowait()

    async def open(self):
        if self.secure.session.initiator:
            await self.secure.write(self.header())
        while self.root is None:
            await self.step()
        assert self.root.tag == tag(STREAMS, "stream"), self.root.tag
        if self.secure.session.initiator:
            assert self.root.get("id"), "a response header carries an id"
            features = await self.next()
            assert features.tag == tag(STREAMS, "features"), features.tag
        else:
            await self.secure.write(self.header("id='s1'") + b"<stream:features/>")

    async def send(self, text):
        await self.secure.write(text.encode())

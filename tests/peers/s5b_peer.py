# SPDX-License-Identifier: LGPL-2.1-or-later
"""SOCKS5 bytestreams (XEP-0260, XEP-0065) of the independent peer, step by step: what a test does
not ask for is not done, so that it can be done wrongly. No line of the library is used."""

import asyncio
import hashlib
import socket
from xml.etree import ElementTree as ET

import slixmpp

import jingle_peer as jp
from jingle_peer import IBB, JINGLE, XTLS, tag

S5B = "urn:xmpp:jingle:transports:s5b:1"
BYTESTREAMS = "http://jabber.org/protocol/bytestreams"
KINDS = {"direct": 126, "assisted": 120, "tunnel": 110, "proxy": 10}
DEADLINE = 30


def dst_addr(sid, first, second):
    """XEP-0065 §5.3.2"""
    return hashlib.sha1(f"{sid}{first}{second}".encode()).hexdigest()


def priority(kind="direct", local=0):
    """XEP-0260 §2.2"""
    return (KINDS[kind] << 16) + local


def candidate(**attributes):
    """As it is written; None leaves an attribute out."""
    attributes = {"cid": "c1", "priority": priority(), "type": "direct", **attributes}
    return ET.Element(
        tag(S5B, "candidate"), {name: str(value) for name, value in attributes.items() if value is not None})


def transport(sid, *children, **attributes):
    element = ET.Element(tag(S5B, "transport"), attributes if sid is None else {"sid": sid, **attributes})
    element.extend(children)
    return element


def report(name, cid=None):
    return ET.Element(tag(S5B, name), {} if cid is None else {"cid": cid})


class Refused(Exception):
    """The other side's SOCKS5 reply."""


class Socket:
    """A connection in the shape that the layers above it know from IBB."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.recv_queue = self  # its get() gives what arrives

    async def sendall(self, data, timeout=None):
        self.writer.write(data)
        await asyncio.wait_for(self.writer.drain(), timeout)

    async def get(self):
        data = await self.reader.read(65536)
        if not data:
            raise EOFError("the connection ended")
        return data

    async def ended(self):
        """Waits for the other side to let go."""
        try:
            while await asyncio.wait_for(self.reader.read(65536), DEADLINE):
                pass
        except ConnectionError:
            pass

    def abort(self):
        self.writer.transport.abort()


async def dial(host, port, destination, early=b"", dst_port=0):
    """early goes out together with the request, before it is answered."""
    reader, writer = await asyncio.open_connection(host, port)
    connection = Socket(reader, writer)
    name = destination.encode()
    try:
        writer.write(b"\5\1\0")
        assert await reader.readexactly(2) == b"\5\0"
        request = b"\5\1\0\3" + bytes([len(name)]) + name + dst_port.to_bytes(2, "big")
        writer.write(request + early)
        head = await reader.readexactly(2)
        if head != b"\5\0":
            raise Refused(head[1])
        # XEP-0065 §5.3.2: BND is DST of the request, which some insist on (Dino).
        rest = await reader.readexactly(len(request) - 2)
        assert rest == request[2:], rest
    except asyncio.IncompleteReadError:
        connection.abort()
        raise Refused("closed") from None
    except BaseException:
        connection.abort()
        raise
    return connection


def echo(destination):
    """The reply of XEP-0065 §5.3.2."""
    return b"\5\0\0\3" + bytes([len(destination)]) + destination + b"\0\0"


class Listener:
    """What our candidates lead to. knows: which DST.ADDR are let in; reply makes the reply to them,
    follows it, or splits it; whatever is done otherwise is in serve()."""

    def __init__(self, knows=lambda destination: True, reply=echo, split=False):
        self.knows = knows
        self.reply = reply
        self.split = split
        self.destinations = []  # asked for, in order
        self.arrived = asyncio.Queue()
        self.n_connections = 0
        self.sockets = []

    async def start(self, host="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.server = await asyncio.start_server(self._serve, host, port, family=family)
        self.host, self.port = self.server.sockets[0].getsockname()[:2]
        return self

    async def _serve(self, reader, writer):
        self.n_connections += 1
        connection = Socket(reader, writer)
        self.sockets.append(connection)
        try:
            await self.serve(connection)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            connection.abort()

    async def serve(self, connection):
        destination = await self.take_request(connection)
        if not self.knows(destination.decode()):
            connection.writer.write(b"\5\1\0\3\0\0\0")
            connection.writer.close()
            return
        answer = self.reply(destination)
        for part in [bytes([byte]) for byte in answer] if self.split else [answer]:
            connection.writer.write(part)
            await connection.writer.drain()
            if self.split:
                await asyncio.sleep(0.005)  # so that they are segments of their own
        self.arrived.put_nowait(connection)

    async def take_greeting(self, connection):
        head = await connection.reader.readexactly(2)
        assert head[0] == 5
        assert 0 in await connection.reader.readexactly(head[1])
        connection.writer.write(b"\5\0")

    async def take_request(self, connection):
        """Strictly as XEP-0065 §5.3.2 has it."""
        await self.take_greeting(connection)
        head = await connection.reader.readexactly(5)
        assert head[:4] == b"\5\1\0\3", head
        destination = await connection.reader.readexactly(head[4])
        assert await connection.reader.readexactly(2) == b"\0\0"
        self.destinations.append(destination.decode())
        return destination

    async def next(self):
        return await asyncio.wait_for(self.arrived.get(), DEADLINE)

    def close(self):
        self.server.close()
        for connection in self.sockets:
            connection.abort()


class Session(jp.Session):
    """theirs: the candidates that the other side offered; news: what it said since, in order."""

    def __init__(self, peer, sid, initiator):
        super().__init__(peer, sid, initiator)
        self.content = {"name": "x"}
        self.theirs = []
        self.their_dstaddr = None
        self.news = asyncio.Queue()
        self.sockets = []

    def hashes(self, own):
        """(that of what we offer, that of what they offer), as XEP-0065 has it."""
        return dst_addr(self.stream_sid, own, self.peer), dst_addr(self.stream_sid, self.peer, own)


def assert_sane(candidates):
    """What strict peers refuse a whole offer for (Dino), and XEP-0260 §2.2."""
    for element in candidates:
        attributes = element.attrib
        assert attributes["cid"], attributes
        assert slixmpp.JID(attributes["jid"]).domain, attributes
        assert 0 < int(attributes["priority"]) < 2**31, attributes
        assert 0 < int(attributes["port"]) < 65536, attributes
        assert not set("%[]") & set(attributes["host"]), attributes
        assert attributes["type"] in KINDS, attributes
    for names in (("cid",), ("host", "port"), ("priority",)):
        seen = [tuple(element.get(name) for name in names) for element in candidates]
        assert len(set(seen)) == len(seen), seen


class Peer(jp.Peer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self["xep_0030"].add_feature(S5B)
        self.methods = ["x509"]  # of XTLS: offered, and answered
        self.bytestreams = {}
        self.add_event_handler("ibb_stream_start", self._opened)

    @property
    def jid(self):
        return self.boundjid.full

    # ---- what arrives

    def _opened(self, stream):
        self._bytestream(stream.sid).set_result(stream)

    def _bytestream(self, sid):
        if sid not in self.bytestreams:
            self.bytestreams[sid] = asyncio.get_running_loop().create_future()
        return self.bytestreams[sid]

    def _new_session(self, *arguments):
        return Session(*arguments)

    def _read_content(self, session, jingle):
        content = jingle.find(tag(JINGLE, "content"))
        session.content = dict(content.attrib)
        session.description = content[0]
        security = content.find(tag(XTLS, "security"))
        if security is not None:
            session.fingerprint = security.findtext(tag(XTLS, "fingerprint"))
            session.methods = [method.get("name") for method in security.findall(tag(XTLS, "method"))]
        self._read_transport(session, content)

    def _read_transport(self, session, content):
        s5b, ibb = content.find(tag(S5B, "transport")), content.find(tag(IBB, "transport"))
        if ibb is not None:
            session.stream_sid = ibb.get("sid")
            session.block_size = int(ibb.get("block-size"))
        if s5b is not None:
            session.stream_sid = s5b.get("sid")
            session.their_dstaddr = s5b.get("dstaddr") or session.their_dstaddr
            session.theirs += s5b.findall(tag(S5B, "candidate"))
            assert_sane(session.theirs)
        return s5b

    def _other_action(self, session, jingle):
        action = jingle.get("action")
        content = jingle.find(tag(JINGLE, "content"))
        if action == "transport-info":
            for child in self._read_transport(session, content):
                name = child.tag.split("}")[1]
                if name != "candidate":
                    session.news.put_nowait((name, child.get("cid")))
        elif action == "transport-replace":
            self._read_transport(session, content)
            session.news.put_nowait((action, content))
        elif action in ("transport-accept", "transport-reject"):
            session.news.put_nowait((action, content))

    async def next_news(self, session, *names):
        """The next thing it says has to be one of these; gives what belongs to it."""
        news = asyncio.create_task(session.news.get())
        await asyncio.wait((news, session.ended), timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
        if not news.done():
            news.cancel()
            raise AssertionError(f"{session.ended} in place of {names}")
        name, value = news.result()
        assert name in names, f"{name} {value} in place of {names}"
        return value

    # ---- what is said

    def own_content(self, session, carrier, description=True, security=True):
        content = ET.Element(tag(JINGLE, "content"), creator="initiator", name=session.content["name"])
        if description:
            content.append(session.description)
        content.append(carrier)
        if security:
            element = ET.SubElement(content, tag(XTLS, "security"))
            ET.SubElement(element, tag(XTLS, "fingerprint")).text = jp.sha1(self.certificate())
            for name in self.methods:
                ET.SubElement(element, tag(XTLS, "method"), name=name)
        return content

    async def call(self, to, sid, *candidates, **how):
        """Up to the acceptance."""
        session = await self.initiate(to, sid, *candidates, **how)
        await asyncio.wait_for(session.accepted, DEADLINE)
        return session

    async def initiate(self, to, sid, *candidates, application=jp.XMLSTREAM, stream_sid=None, **attributes):
        session = self._new_session(slixmpp.JID(to), sid, True)
        session.stream_sid = stream_sid or "stream-" + sid
        session.description = ET.Element(tag(application, "description"))
        if application == jp.PIPE:
            session.description.set("service", "org.gnome.Jxs.Pipe")
        self.sessions[(session.peer, sid)] = session
        carrier = transport(session.stream_sid, *candidates, **attributes)
        await self._send(session, "session-initiate", self.own_content(session, carrier))
        return session

    async def answer(self, session, *candidates, **attributes):
        carrier = transport(session.stream_sid, *candidates, **attributes)
        await self._send(session, "session-accept", self.own_content(session, carrier))

    def say(self, session, action, carrier):
        """About the transport alone."""
        return self._send(session, action, self.own_content(session, carrier, False, False))

    def info(self, session, *children, sid=None):
        return self.say(session, "transport-info", transport(sid or session.stream_sid, *children))

    def activate(self, proxy, session):
        """XEP-0065 §6.3.5"""
        iq = self.Iq()
        iq["type"] = "set"
        iq["to"] = proxy
        query = ET.Element(tag(BYTESTREAMS, "query"), sid=session.stream_sid)
        ET.SubElement(query, tag(BYTESTREAMS, "activate")).text = str(session.peer)
        iq.append(query)
        return iq.send(timeout=DEADLINE)

    # ---- the ways on

    async def dial_theirs(self, session, order="offerer", which=0, spell=str, **how):
        """Connects to a candidate of theirs."""
        chosen = session.theirs[which]
        ours, theirs = session.hashes(self.jid)
        destination = spell(theirs if order == "offerer" else ours)
        connection = await dial(chosen.get("host"), int(chosen.get("port")), destination, **how)
        session.sockets.append(connection)
        return chosen.get("cid"), connection

    def ibb(self, sid, size=4096):
        attributes = {"block-size": str(size)} if sid is None else {"block-size": str(size), "sid": sid}
        return ET.Element(tag(IBB, "transport"), attributes)

    async def replace_by_ibb(self, session):
        """Either side may; it is the initiator that opens it."""
        session.stream_sid = "ibb-" + session.sid
        await self.say(session, "transport-replace", self.ibb(session.stream_sid))
        content = await self.next_news(session, "transport-accept")
        self._read_transport(session, content)
        if session.initiator:
            session.stream = await self["xep_0047"].open_stream(
                session.peer, sid=session.stream_sid, block_size=session.block_size)
        else:
            await self.take_ibb(session)

    async def accept_ibb(self, session):
        """As the responder, once the initiator asks for it."""
        await self.next_news(session, "transport-replace")
        assert session.stream_sid is not None
        await self.say(session, "transport-accept", self.ibb(session.stream_sid))
        await self.take_ibb(session)

    async def take_ibb(self, session):
        session.stream = await asyncio.wait_for(self._bytestream(session.stream_sid), DEADLINE)

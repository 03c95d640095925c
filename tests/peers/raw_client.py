# SPDX-License-Identifier: LGPL-2.1-or-later
"""A connection to an XMPP server on which nothing happens by itself: what the test does not send is
not sent, no request is answered, and every answer is kept."""

import asyncio
import base64
import collections
import ssl
from xml.etree import ElementTree as ET

DEADLINE = 15
CLIENT = "jabber:client"
JINGLE = "urn:xmpp:jingle:1"
HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
    "xmlns:stream='http://etherx.jabber.org/streams' to='%s'>"
)


class RawClient:
    def __init__(self, server, user, resource):
        self.server = server
        self.user = user
        self.jid = f"{user}@{server.domain}/{resource}"
        self.bare = f"{user}@{server.domain}"
        self.answers = collections.defaultdict(list)  # by id: a second one is a mistake
        self.requests = asyncio.Queue()
        self.acknowledge = False  # every request at once, with an empty result
        self.arrived = asyncio.Condition()
        self.n_asked = 0
        self.reader = self.writer = self.parser = self.reading = None

    @classmethod
    async def connected(cls, *arguments):
        self = cls(*arguments)
        self.reader, self.writer = await asyncio.open_connection(self.server.host, self.server.port)
        await self._open()
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        await self._element()
        # The parser's look-ahead is empty: the server waits for us.
        await self.writer.start_tls(
            ssl.create_default_context(cafile=self.server.ca_file), server_hostname=self.server.domain
        )
        await self._open()
        token = base64.b64encode(f"\0{self.user}\0{self.server.password}".encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        assert (await self._element()).tag.endswith("}success")
        await self._open()
        self.send(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            f"<resource>{self.jid.split('/')[1]}</resource></bind></iq>"
        )
        await self._element()
        self.send("<presence/>")
        self.reading = asyncio.create_task(self._read())
        return self

    # ---- reading

    async def _open(self):
        self.parser = ET.XMLPullParser(["start", "end"])
        self.depth = 0
        self.send(HEADER % self.server.domain)
        await self._element()

    async def _element(self):
        """The next child of the stream; None at its end."""
        while True:
            for event, element in self.parser.read_events():
                if event == "start":
                    self.depth += 1
                    continue
                self.depth -= 1
                if self.depth == 1:
                    return element
                if self.depth == 0:
                    return None
            data = await self.reader.read(65536)
            if not data:
                return None
            self.parser.feed(data)

    async def _read(self):
        while (stanza := await self._element()) is not None:
            kind = stanza.get("type")
            if stanza.tag == f"{{{CLIENT}}}iq" and kind in ("result", "error"):
                self.answers[stanza.get("id")].append(stanza)
                async with self.arrived:
                    self.arrived.notify_all()
            elif stanza.tag == f"{{{CLIENT}}}iq":
                self.requests.put_nowait(stanza)
                if self.acknowledge:
                    self.send(f"<iq type='result' id='{stanza.get('id')}' to='{stanza.get('from')}'/>")

    # ---- writing

    def send(self, text):
        self.writer.write(text.encode() if isinstance(text, str) else text)

    async def drain(self):
        await self.writer.drain()

    def kill(self):
        """Without a word, as when a network goes away; the server notices."""
        self.reading.cancel()
        self.writer.transport.abort()

    # ---- requests

    def ask(self, to, payload, kind="set"):
        """Sends a request; returns its id: q0, q1..."""
        name = f"q{self.n_asked}"
        self.n_asked += 1
        self.send(f"<iq type='{kind}' id='{name}' to='{to}'>{payload}</iq>")
        return name

    async def answer(self, name):
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: self.answers[name]), DEADLINE)
        return self.answers[name][0]

    async def request(self, to, payload, kind="set"):
        return await self.answer(self.ask(to, payload, kind))

    async def next_request(self, test):
        """The next request that fits; others are skipped."""
        while True:
            stanza = await asyncio.wait_for(self.requests.get(), DEADLINE)
            if test(stanza):
                return stanza

    def assert_answered_once(self):
        for name, answers in self.answers.items():
            assert len(answers) == 1, f"{len(answers)} answers to {name}"


def conditions(answer):
    """("result",), or the stanza error and, after it, what is more specific."""
    if answer.get("type") == "result":
        return ("result",)
    names = [child.tag.split("}")[1] for child in answer.find(f"{{{CLIENT}}}error")]
    return tuple(name for name in names if name != "text")


# ---- what is sent and expected

UNKNOWN = "<description xmlns='urn:example:unknown'/>"
XMLSTREAM = "<description xmlns='urn:xmpp:jingle:apps:xmlstream:0'/>"
SECURITY = (
    "<security xmlns='urn:xmpp:jingle:security:xtls:0'>"
    f"<fingerprint>{'ab' * 20}</fingerprint><method name='x509'/></security>"
)


def transport(sid, size=4096):
    return f"<transport xmlns='urn:xmpp:jingle:transports:ibb:1' block-size='{size}' sid='{sid}'/>"


def content(parts, name="x", more=""):
    return f"<content creator='initiator' name='{name}' {more}>{parts}</content>"


def jingle(action, sid, inside="", more=""):
    return f"<jingle xmlns='urn:xmpp:jingle:1' action='{action}' sid='{sid}' {more}>{inside}</jingle>"


def offer(sid, inside=None):
    return jingle("session-initiate", sid, inside or content(XMLSTREAM + transport("s" + sid) + SECURITY))


def ibb(name, sid, more="", inside=""):
    return f"<{name} xmlns='http://jabber.org/protocol/ibb' sid='{sid}' {more}>{inside}</{name}>"


def data(sid, seq, inside):
    return ibb("data", sid, f"seq='{seq}'", base64.b64encode(inside).decode())


def reason_of(stanza):
    reason = stanza[0].find(f"{{{JINGLE}}}reason")
    return None if reason is None or len(reason) == 0 else reason[0].tag.split("}")[1]


def is_action(action, sid):
    def test(stanza):
        return len(stanza) == 1 and stanza[0].get("action") == action and stanza[0].get("sid") == sid

    return test

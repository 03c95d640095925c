#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hostile peer against one `jxs listen` that has to outlive every attack: it still serves a good
session afterwards, has said nothing as a warning (which would have ended it), has not grown and
does not spin."""

import asyncio
import contextlib
import os
import signal
import tempfile
import unittest
from xml.etree import ElementTree as ET

import command
import prosody
import raw_client
import tap
import watched

from raw_client import (
    SECURITY, UNKNOWN, XMLSTREAM, content, data, ibb, is_action, jingle, offer, reason_of, transport,
)

try:
    import jingle_peer as jp
except ImportError:
    jp = None

DEADLINE = 20
LINGER = 60  # seconds after which no session of an attack may be left
QUICK = 10  # seconds within which a good session has to work
GROWTH = 48 * 1024  # KiB that the process may grow by, all attacks together
STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
N_USERS = 40  # as many attacks
SESSIONS = 16  # per peer, as documented
UNANSWERED = 8192  # requests to one peer that wait for their answers
VICTIM = "romeo@example.test/jxs"


class Victim(watched.Watched):
    """The process under attack."""

    def __init__(self, server, folder, resource="jxs", more=(), **streams):
        super().__init__(command.Jxs(
            "listen", "--accept", "all", "--jid", "romeo@example.test/" + resource, "--server", server.server,
            "--ca-file", server.ca_file, "--identity", os.path.join(folder, "romeo.pem"), *more,
            environment={"JXS_PASSWORD": server.password, "G_DEBUG": "fatal-warnings"}, **streams,
        ))
        self.jxs.errors.until("Listening as")
        self.baseline = self.files = None


@unittest.skipIf(jp is None, "python3-slixmpp is not installed")
class Hostile(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        try:
            users = [f"evil{i}" for i in range(N_USERS)]
            cls.server = cls.stack.enter_context(prosody.Prosody(accounts=["romeo", "nurse", *users]))
        except prosody.ProsodyMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.key = os.path.join(cls.folder, "peer.pem")
        jp.make_key(cls.key)
        cls.victim = Victim(cls.server, cls.folder)
        cls.stack.enter_context(cls.victim.jxs)
        cls.n_good = cls.n_users = 0

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        if not self.victim.alive():
            type(self).victim = Victim(self.server, self.folder)
            self.stack.enter_context(self.victim.jxs)
        if self.victim.baseline is None:
            await self.good_session()
            self.victim.baseline = self.victim.memory()
            self.victim.files = self.victim.open_files()
        # Each attack has a user of its own: how much one may hold is limited.
        self.user = f"evil{self.n_users}"
        type(self).n_users += 1
        self.connections = []
        self.seen = len(self.victim.jxs.errors.seen)

    async def asyncTearDown(self):
        for connection in self.connections:
            if isinstance(connection, raw_client.RawClient):
                connection.assert_answered_once()
                connection.kill()
            else:
                connection.abort()
        if self.victim is None:
            return
        self.assertTrue(self.victim.alive(), self.says())
        await self.good_session()
        await self.assert_idle()
        grown = self.victim.memory() - self.victim.baseline
        self.assertLess(grown, GROWTH, "KiB more")

    def says(self):
        return "\n".join(self.victim.jxs.errors.rest() if not self.victim.alive() else [])

    async def assert_idle(self, victim=None):
        """Whatever stalls: nothing spins."""
        victim = victim or self.victim
        before = victim.processor()
        await asyncio.sleep(0.2)
        self.assertLess(victim.processor() - before, 0.1, "seconds of a fifth of a second")

    async def raw(self, name="evil"):
        client = await raw_client.RawClient.connected(self.server, self.user, name)
        self.connections.append(client)
        return client

    async def peer(self, name="peer"):
        peer = await jp.Peer.connected(
            ("127.0.0.1", self.server.port), f"{self.user}@example.test/{name}", self.server.password,
            self.server.ca_file, self.key,
        )
        self.connections.append(peer)
        return peer

    async def good_session(self):
        """Another user has a chat, in order, in time."""
        type(self).n_good += 1
        word = f"good {self.n_good}"
        nurse = await jp.Peer.connected(
            ("127.0.0.1", self.server.port), "nurse@example.test/peer", self.server.password,
            self.server.ca_file, self.key,
        )
        try:
            await asyncio.wait_for(self._chat(nurse, word), QUICK)
        except (TimeoutError, asyncio.TimeoutError):
            self.fail("a good session does not work any more")
        finally:
            nurse.abort()

    async def _chat(self, nurse, word):
        session, stream = await self.open_stream(nurse, word.replace(" ", "-"))
        await stream.send(f"<message type='chat'><body>{word}</body></message>")
        await asyncio.to_thread(self.victim.jxs.output.until, word, QUICK)
        await stream.send("</stream:stream>")
        self.assertIsNone(await stream.next())
        await stream.secure.close()
        await nurse.terminate(session)

    async def open_secure(self, peer, sid):
        session = await peer.offer(VICTIM, ET.Element(jp.tag(jp.XMLSTREAM, "description")), sid)
        return session, await jp.SecureStream.handshake(session, self.key)

    async def open_stream(self, peer, sid):
        session, secure = await self.open_secure(peer, sid)
        stream = jp.XmlStream(secure, peer.boundjid.full, VICTIM)
        await stream.open()
        return session, stream

    async def ended(self, session):
        return await asyncio.wait_for(session.ended, DEADLINE)

    async def accepted(self, raw, sid):
        """A session that goes as far as the accepted IBB stream."""
        self.assertEqual(raw_client.conditions(await raw.request(VICTIM, offer(sid))), ("result",))
        accept = await raw.next_request(is_action("session-accept", sid))
        raw.send(f"<iq type='result' id='{accept.get('id')}' to='{VICTIM}'/>")
        return accept

    async def opened(self, raw, sid, size=4096):
        await self.accepted(raw, sid)
        answer = await raw.request(VICTIM, ibb("open", "s" + sid, f"block-size='{size}'"))
        self.assertEqual(raw_client.conditions(answer), ("result",))

    async def assert_refused(self, raw, payload, *expected, kind="set"):
        answer = await raw.request(VICTIM, payload, kind)
        self.assertEqual(raw_client.conditions(answer), expected, payload[:300])

    # ---- Jingle

    async def test_malformed_jingle(self):
        """XEP-0166 §6.3, §7.2: whatever comes has one answer, with the right condition."""
        raw = await self.raw()
        whole = content(XMLSTREAM + transport("t") + SECURITY)
        for action in (
            "content-accept", "content-add", "content-modify", "content-reject", "content-remove",
            "description-info", "security-info", "session-accept", "session-info", "session-terminate",
            "transport-accept", "transport-info", "transport-reject", "transport-replace",
        ):
            inside = content(XMLSTREAM + transport("t") + SECURITY, more="senders='both'")
            await self.assert_refused(raw, jingle(action, "nowhere", inside), "item-not-found", "unknown-session")
        for payload in (
            "<jingle xmlns='urn:xmpp:jingle:1'/>",
            "<jingle xmlns='urn:xmpp:jingle:1' sid='a'/>",
            "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate'/>",
            jingle("dance", "a"),
            jingle("session-initiate", ""),
            jingle("session-initiate", "s" * 2000, whole),
            jingle("session-initiate", "a"),
            jingle("session-initiate", "a", content("")),
            jingle("session-initiate", "a", content(XMLSTREAM)),
            jingle("session-initiate", "a", content(transport("t"))),
            jingle("session-initiate", "a", content(XMLSTREAM * 2 + transport("t"))),
            jingle("session-initiate", "a", whole.replace("'initiator'", "'responder'")),
            jingle("session-initiate", "a", whole.replace("'initiator'", "'nobody'")),
            jingle("session-initiate", "a", content(XMLSTREAM + transport("t"), more="senders='all'")),
            jingle("session-initiate", "a", whole, "initiator='@'"),
            jingle("session-initiate", "a", whole * 17),
            jingle("session-initiate", "a", content(XMLSTREAM + transport("t", 0) + SECURITY)),
            jingle("session-initiate", "a", content(XMLSTREAM + transport("t", 65536) + SECURITY)),
            jingle("session-initiate", "a", content(XMLSTREAM + transport("t", -1) + SECURITY)),
            jingle("session-initiate", "a", content(XMLSTREAM + transport("") + SECURITY)),
            jingle("session-initiate", "a", content(XMLSTREAM + transport("t" * 300) + SECURITY)),
        ):
            await self.assert_refused(raw, payload, "bad-request")
        await self.assert_refused(raw, offer("a"), "service-unavailable", kind="get")
        await self.assert_refused(raw, offer("a").replace("jingle:1", "jingle:0"), "service-unavailable")
        await self.assert_refused(raw, offer("a") * 2, "bad-request")
        await self.assert_refused(raw, "", "bad-request")

    async def test_offers_that_do_not_fit(self):
        """XEP-0166 §6.3.1: acknowledged, then ended with the reason."""
        raw = await self.raw()
        for sid, inside, reason in (
            ("app", UNKNOWN + transport("t") + SECURITY, "unsupported-applications"),
            ("none", "<description xmlns=''/>" + transport("t") + SECURITY, "unsupported-applications"),
            ("way", XMLSTREAM + "<transport xmlns='urn:example:unknown'/>" + SECURITY, "unsupported-transports"),
            ("plain", "<description xmlns='urn:jxs-glib:jingle:apps:pipe:0' service='x'/>" + transport("t"),
             "security-error"),
            ("key", XMLSTREAM + transport("t") + SECURITY.replace("x509", "magic"), "security-error"),
            ("pipe", "<description xmlns='urn:jxs-glib:jingle:apps:pipe:0'/>" + transport("t") + SECURITY,
             "incompatible-parameters"),
        ):
            answer = await raw.request(VICTIM, jingle("session-initiate", sid, content(inside)))
            self.assertEqual(raw_client.conditions(answer), ("result",), sid)
            terminate = await raw.next_request(is_action("session-terminate", sid))
            self.assertEqual(reason_of(terminate), reason, sid)

    async def test_out_of_order(self):
        """XEP-0166 §6, §7.2: every action in an active session at the wrong time."""
        raw = await self.raw()
        await self.accepted(raw, "order")

        def act(action, parts="", more="", name="x"):
            return jingle(action, "order", content(parts, name, more))

        await self.assert_refused(raw, offer("order"), "unexpected-request", "out-of-order")
        for action in ("session-accept", "content-accept", "transport-accept", "transport-reject"):
            await self.assert_refused(
                raw, act(action, XMLSTREAM + transport("sorder")), "unexpected-request", "out-of-order")
        await self.assert_refused(raw, jingle("session-info", "order"), "result")
        await self.assert_refused(
            raw, jingle("session-info", "order", "<x xmlns='urn:example:x'/>"),
            "feature-not-implemented", "unsupported-info")
        await self.assert_refused(
            raw, act("description-info", XMLSTREAM), "feature-not-implemented", "unsupported-info")
        await self.assert_refused(
            raw, act("transport-info", "<transport xmlns='urn:example:x'/>"),
            "feature-not-implemented", "unsupported-info")
        for action in ("content-remove", "content-reject", "transport-info", "description-info"):
            await self.assert_refused(
                raw, act(action, XMLSTREAM + transport("t"), name="other"), "item-not-found")
        await self.assert_refused(raw, act("content-add", XMLSTREAM + transport("t")), "bad-request")
        await self.assert_refused(raw, act("content-add", XMLSTREAM + transport("t"), name="more"), "result")
        self.assertIsNotNone(await raw.next_request(is_action("content-reject", "order")))
        await self.assert_refused(raw, act("content-modify", more="senders='none'"), "result")
        self.assertIsNotNone(await raw.next_request(is_action("content-modify", "order")))
        await self.assert_refused(
            raw, act("security-info", SECURITY.replace("abab", "cdcd")), "not-allowed")
        await self.assert_refused(
            raw, act("transport-replace", "<transport xmlns='urn:example:x'/>"), "result")
        self.assertIsNotNone(await raw.next_request(is_action("transport-reject", "order")))
        await self.assert_refused(raw, jingle("session-terminate", "order"), "result")
        await self.assert_refused(
            raw, jingle("session-terminate", "order"), "item-not-found", "unknown-session")

    async def test_storm(self):
        """Thousands of actions at once, half of them on live sessions: one answer each."""
        raw = await self.raw()
        raw.acknowledge = True
        actions = ("session-info", "content-add", "content-modify", "transport-replace", "transport-info",
                   "security-info", "session-accept", "session-initiate", "content-reject", "dance")
        for i in range(3000):
            sid = f"storm{i % 7}"
            raw.ask(VICTIM, offer(sid))
            name = ("x", "x1", "x2")[i % 3]
            inside = content(XMLSTREAM + transport(f"t{i}") + SECURITY, name, "senders='none'")
            raw.ask(VICTIM, jingle(actions[i % len(actions)], sid, inside))
            if i % 50 == 0:
                raw.ask(VICTIM, jingle("session-terminate", sid))
                await raw.drain()
        for i in range(raw.n_asked):
            await raw.answer(f"q{i}")

    async def test_flood_of_sessions(self):
        """More than one user may have, from two resources; then all at once are gone."""
        one, two = await self.raw("one"), await self.raw("two")
        answers = []
        for i in range(3 * SESSIONS):
            answers.append(await (one, two)[i % 2].request(VICTIM, offer(f"flood{i}")))
        results = [raw_client.conditions(answer) for answer in answers]
        self.assertEqual(results[:SESSIONS], [("result",)] * SESSIONS)
        self.assertEqual(results[SESSIONS:], [("resource-constraint",)] * 2 * SESSIONS)
        # Others are not concerned, although these hold all that one user may hold.
        await self.good_session()
        for i in range(SESSIONS):
            await self.assert_refused((one, two)[i % 2], jingle("session-terminate", f"flood{i}"), "result")
        await self.accepted(one, "again")
        await self.assert_refused(one, jingle("session-terminate", "again"), "result")

    async def test_nothing_is_acknowledged(self):
        """Each of these makes the victim say something, to a stranger or in a session: that must not
        use up what others need."""
        raw = await self.raw()
        await self.accepted(raw, "news")
        before = self.victim.memory()
        nonsense = content(UNKNOWN + transport("t"))
        one_way = content("", more="senders='none'")
        for i in range(UNANSWERED // 2 + 200):
            raw.ask(VICTIM, jingle("session-initiate", f"n{i}", nonsense))
            last = raw.ask(VICTIM, jingle("content-modify", "news", one_way))
            if i % 50 == 0:
                await raw.drain()
        self.assertEqual(raw_client.conditions(await raw.answer(last)), ("result",))
        await self.good_session()
        self.assertLess(self.victim.memory() - before, GROWTH)
        await self.assert_refused(raw, jingle("session-terminate", "news"), "result")

    async def test_other_resource(self):
        """Sessions and bytestreams belong to a full JID."""
        peer, other = await self.peer(), await self.raw("other")
        session, stream = await self.open_stream(peer, "mine")
        sid = session.stream_sid
        await self.assert_refused(other, jingle("session-terminate", "mine"), "item-not-found", "unknown-session")
        await self.assert_refused(other, data(sid, 0, b"x"), "item-not-found")
        await self.assert_refused(other, ibb("close", sid), "item-not-found")
        await self.assert_refused(other, ibb("open", sid, "block-size='4096'"), "not-acceptable")
        other.send(f"<message to='{VICTIM}'>{data(sid, 0, b'x')}</message>")
        await self.assert_refused(other, ibb("close", sid), "item-not-found")
        await stream.send("<message type='chat'><body>still mine</body></message>")
        await asyncio.to_thread(self.victim.jxs.output.until, "still mine")
        await peer.terminate(session)

    # ---- in-band bytestreams

    async def test_bytestream_without_session(self):
        raw = await self.raw()
        for payload, condition in (
            (ibb("open", "x", "block-size='4096'"), "not-acceptable"),
            (data("x", 0, b"x"), "item-not-found"),
            (ibb("close", "x"), "item-not-found"),
            (ibb("close", ""), "bad-request"),
            (ibb("close", "x" * 300), "bad-request"),
            (ibb("dance", "x"), "feature-not-implemented"),
        ):
            await self.assert_refused(raw, payload, condition)
        await self.assert_refused(raw, ibb("close", "x"), "bad-request", kind="get")

    async def test_bytestream_out_of_order(self):
        """XEP-0047 §2.1-2.3: the answer, then the end of the bytestream."""
        raw = await self.raw()
        raw.acknowledge = True
        block = b"x" * 100
        for i, (payload, condition) in enumerate((
            (lambda sid: data(sid, 1, block), "unexpected-request"),
            (lambda sid: data(sid, 65535, block), "unexpected-request"),
            (lambda sid: data(sid, -1, block), "bad-request"),
            (lambda sid: ibb("data", sid, "", "eHh4"), "bad-request"),
            (lambda sid: ibb("data", sid, "seq='0'", "n*base64"), "bad-request"),
            (lambda sid: ibb("data", sid, "seq='0'", "eHh"), "bad-request"),
            (lambda sid: ibb("data", sid, "seq='0'", "eHh4=="), "bad-request"),
            (lambda sid: ibb("data", sid, "seq='0'", "<eHh4/>"), "bad-request"),
            (lambda sid: data(sid, 0, b"x" * 4097), "bad-request"),
        )):
            sid = f"order{i}"
            await self.opened(raw, sid)
            await self.assert_refused(raw, payload("s" + sid), condition)
            close = await raw.next_request(lambda stanza: stanza[0].tag.endswith("}close"))
            self.assertEqual(close[0].get("sid"), "s" + sid)
            # It would wait for another transport from us.
            await self.assert_refused(raw, jingle("session-terminate", sid), "result")
            await self.assert_refused(raw, data("s" + sid, 0, block), "item-not-found")

    async def test_bytestream_opened_wrongly(self):
        raw = await self.raw()
        raw.acknowledge = True
        await self.accepted(raw, "wrong")
        await self.assert_refused(raw, data("swrong", 0, b"early"), "item-not-found")
        await self.assert_refused(raw, ibb("close", "swrong"), "item-not-found")
        for size in (4097, 1, 65535):
            await self.assert_refused(
                raw, ibb("open", "swrong", f"block-size='{size}'"), "resource-constraint")
        await self.assert_refused(raw, ibb("open", "swrong", "block-size='0'"), "bad-request")
        await self.assert_refused(raw, ibb("open", "swrong"), "bad-request")
        await self.assert_refused(raw, ibb("open", "swrong", "block-size='4096'"), "result")
        await self.assert_refused(raw, ibb("open", "swrong", "block-size='4096'"), "not-acceptable")
        first = raw.ask(VICTIM, ibb("close", "swrong"))
        second = raw.ask(VICTIM, ibb("close", "swrong"))
        self.assertEqual(raw_client.conditions(await raw.answer(first)), ("result",))
        self.assertEqual(raw_client.conditions(await raw.answer(second)), ("item-not-found",))
        # It would wait for another transport from us.
        await self.assert_refused(raw, jingle("session-terminate", "wrong"), "result")

    # ---- TLS

    async def test_silence_instead_of_tls(self):
        """One user opens all it may and says nothing: others still get through."""
        raw = await self.raw()
        for i in range(SESSIONS):
            await self.opened(raw, f"silent{i}")
        await self.assert_idle()
        await self.good_session()
        for i in range(SESSIONS):
            await self.assert_refused(raw, jingle("session-terminate", f"silent{i}"), "result")

    async def test_noise_instead_of_tls(self):
        raw = await self.raw()
        raw.acknowledge = True
        for i, noise in enumerate((
            b"GET / HTTP/1.0\r\n\r\n" * 10,
            b"\x16\x03\x01\xff\xff" + b"\0" * 2000,
            b"\x16\x03\x03\x00\x05\x01\xff\xff\xff\xff" * 20,
            b"\x15\x03\x03\x00\x02\x02\x28",
            b"\x17\x03\x03\x00\x10" + b"\x55" * 16,
            b"\x14\x03\x03\x00\x01\x01" * 40,
            b"\xfe" * 4000,
            b"\x80\x2e\x01\x00\x02" + b"\0" * 60,
        )):
            sid = f"noise{i}"
            await self.opened(raw, sid)
            await self.assert_refused(raw, data("s" + sid, 0, noise), "result")
            # A message of megabytes that goes on, and what TLS 1.3 skips: waited for, up to the deadline.
            if noise.endswith(b"\xff") or noise.startswith(b"\x14"):
                await self.assert_refused(raw, jingle("session-terminate", sid), "result")
                continue
            terminate = await raw.next_request(is_action("session-terminate", sid))
            self.assertEqual(reason_of(terminate), "security-error", noise[:20])

    async def test_tls_broken_off(self):
        """Noise after the client's first flight, after the handshake, and inside the stream."""
        peer = await self.peer()
        for stage in ("hello", "secured", "open"):
            with self.subTest(stage):
                if stage == "hello":
                    session = await peer.offer(
                        VICTIM, ET.Element(jp.tag(jp.XMLSTREAM, "description")), stage)
                    secure = jp.SecureStream(session, jp.Tls(self.key, False))
                    secure.tls.handshake()
                    await secure.flush()
                elif stage == "secured":
                    session, secure = await self.open_secure(peer, stage)
                else:
                    session, stream = await self.open_stream(peer, stage)
                await session.stream.sendall(b"\x17\x03\x03\x00\x20" + os.urandom(32), timeout=20)
                self.assertIn(await self.ended(session), ("security-error", "failed-application", "failed-transport"))

    # ---- the stream inside

    async def test_bombs_inside(self):
        """RFC 6120 §11, §4.9: each ends its own stream with the right error."""
        peer = await self.peer()
        entities = "<!DOCTYPE x [<!ENTITY a '" + "ha" * 100 + "'><!ENTITY b '" + "&a;" * 100 + "'>]><x>&b;</x>"
        for i, (bomb, condition) in enumerate((
            ("<message>" + "<x>" * 100, "policy-violation"),
            ("<message " + " ".join(f"a{n}='1'" for n in range(100)) + "/>", "policy-violation"),
            ("<message><body>" + "x" * 300_000, "policy-violation"),
            ("<message>" + "<x/>" * 5000, "policy-violation"),
            ("<message a='" + "x" * 40_000, "policy-violation"),
            (entities, "not-well-formed"),
            ("<message>&boo;</message>", "restricted-xml"),
            ("<?php boo ?>", "restricted-xml"),
            ("<message></presence>", "not-well-formed"),
            ("<message a='1' a='2'/>", "not-well-formed"),
            ("<u:message/>", "not-well-formed"),
            ("boo", "bad-format"),
            ("<stream:error/>", None),
        )):
            with self.subTest(bomb[:40]):
                session, stream = await self.open_stream(peer, f"bomb{i}")
                with contextlib.suppress(Exception):  # the victim may close before all is sent
                    await stream.send(bomb)
                if condition is not None:
                    error = await stream.next()
                    self.assertEqual(error.tag, jp.tag(jp.STREAMS, "error"))
                    self.assertEqual(error[0].tag.split("}")[1], condition)
                with contextlib.suppress(Exception):
                    await stream.send("</stream:stream>")
                with contextlib.suppress(Exception):
                    await stream.secure.close()
                await peer.terminate(session)

    async def test_spoofed_inside(self):
        peer = await self.peer()
        session, stream = await self.open_stream(peer, "spoof")
        for sender in ("romeo@example.test", "nurse@example.test/peer", "@", "\u00e9" * 3000, ""):
            await stream.send(f"<message from='{sender}' type='chat'><body>who am I</body></message>")
            line = await asyncio.to_thread(self.victim.jxs.output.until, "who am I")
            self.assertTrue(line.startswith(self.user + "@example.test:"), line)
        await stream.send("<message to='nurse@example.test' type='chat'><body>not for you</body></message>")
        await stream.send("<iq type='get' id='1' to='nurse@example.test'><x xmlns='urn:x'/></iq>")
        answer = await stream.next()
        self.assertEqual(answer.get("type"), "error")
        self.assertIsNotNone(answer.find(f".//{{{STANZA_ERRORS}}}item-not-found"))
        # What would paint on a terminal does not reach it.
        await stream.send("<message type='chat'><body>a\u009b2Jb&#x202e;c end</body></message>")
        line = await asyncio.to_thread(self.victim.jxs.output.until, "end")
        self.assertNotIn("\u009b", line)
        self.assertNotIn("\u202e", line)
        self.assertFalse(any("not for you" in seen for seen in self.victim.jxs.output.seen))
        await peer.terminate(session)

    async def test_flood_inside_without_reading(self):
        """Requests whose answers nobody takes: the queue is bounded, then the stream ends."""
        peer = await self.peer()
        _, stream = await self.open_stream(peer, "requests")
        peer.deafen()
        request = "<iq type='get' id='{}'><x xmlns='urn:x'/></iq>"
        before = self.victim.memory()
        with self.assertRaises((TimeoutError, asyncio.TimeoutError)):
            for i in range(1000):
                await asyncio.wait_for(
                    stream.send("".join(request.format(i * 100 + n) for n in range(100))), QUICK / 5)
        await self.assert_idle()
        self.assertLess(self.victim.memory() - before, GROWTH)

    async def open_pipe(self, resource):
        peer = await self.peer()
        description = ET.Element(jp.tag(jp.PIPE, "description"), service="org.gnome.Jxs.Pipe")
        session = await peer.offer("romeo@example.test/" + resource, description, resource)
        return peer, await jp.SecureStream.handshake(session, self.key)

    async def test_pipe_nobody_reads(self):
        """Input without end for a peer that acknowledges nothing: it is not read into memory."""
        with open("/dev/zero", "rb") as zeros:
            victim = Victim(self.server, self.folder, "source", ["--pipe"], stdin=zeros)
        with victim.jxs:
            before = victim.memory()
            peer, _ = await self.open_pipe("source")
            peer.deafen()
            await asyncio.sleep(1)
            await self.assert_idle(victim)
            self.assertLess(victim.memory() - before, GROWTH)
            self.assertTrue(victim.alive())

    async def test_pipe_that_does_not_write(self):
        """Output that nobody takes: the peer gets no more acknowledgements, small blocks or large."""
        reading, writing = os.pipe()
        victim = Victim(self.server, self.folder, "sink", ["--pipe"], stdout=writing)
        with victim.jxs:
            before = victim.memory()
            peer, secure = await self.open_pipe("sink")
            n_sent = 0
            with self.assertRaises((TimeoutError, asyncio.TimeoutError)):
                while n_sent < 64 * 1024 * 1024:
                    await asyncio.wait_for(secure.write(bytes(50_000)), QUICK / 5)
                    n_sent += 50_000
            # Impatience does not help.
            first = secure.session.stream.send_seq + 1
            for i in range(3000):
                block = data(secure.session.stream_sid, (first + i) % 65536, b"x")
                peer.send_raw(f"<iq type='set' id='more{i}' to='romeo@example.test/sink'>{block}</iq>")
            await self.assert_idle(victim)
            self.assertLess(victim.memory() - before, GROWTH)
            self.assertTrue(victim.alive())
        os.close(reading)
        os.close(writing)

    # ---- vanishing; first, as it takes a while until it is believed

    async def test_a_vanishing(self):
        """At every stage: killed connection, presence unavailable, session-terminate."""
        for how in ("kill", "unavailable", "terminate"):
            for stage in ("offered", "accepted", "opened", "hello"):
                raw = await self.raw(f"{how}-{stage}")
                sid = f"{how}-{stage}"
                if stage == "offered":
                    await raw.request(VICTIM, offer(sid))
                elif stage == "accepted":
                    await self.accepted(raw, sid)
                else:
                    await self.opened(raw, sid)
                if stage == "hello":
                    tls = jp.Tls(self.key, False)
                    tls.handshake()
                    await self.assert_refused(raw, data("s" + sid, 0, tls.outgoing.read()), "result")
                if how == "kill":
                    raw.kill()
                elif how == "unavailable":
                    raw.send("<presence type='unavailable'/>")
                else:
                    await self.assert_refused(raw, jingle("session-terminate", sid), "result")

    async def test_a_vanishing_in_the_stream(self):
        for part in ("", "<message", "<message><body>half"):
            peer = await self.peer(f"half{len(part)}")
            _, stream = await self.open_stream(peer, "half")
            if part:
                await stream.send(part)
            peer.abort()

    async def test_z_nothing_is_left(self):
        """The last: what vanished without a word has been noticed, what stalled was given up."""
        for _ in range(LINGER):
            if self.victim.open_files() <= self.victim.files:
                break
            await asyncio.sleep(1)
        self.assertLessEqual(self.victim.open_files(), self.victim.files)
        # Nor is memory lost, where that is looked for at the end.
        self.victim.jxs.process.send_signal(signal.SIGINT)
        self.assertEqual(await asyncio.to_thread(self.victim.jxs.wait), 130, self.victim.jxs.errors.text())
        type(self).victim = None

    # ---- through the server

    async def test_bombs_through_the_server(self):
        """A stanza of a stranger, larger or deeper than what is taken, must not cost the account."""
        raw = await self.raw()
        for bomb in (
            "<message to='%s'>" % VICTIM + "<x>" * 200 + "</x>" * 200 + "</message>",
            "<message to='%s'><body>" % VICTIM + "'" * 200_000 + "</body></message>",
            "<message to='%s'>" % VICTIM + "<x/>" * 20_000 + "</message>",
            "<message to='%s'><x " % VICTIM + " ".join(f"a{n}='1'" for n in range(200)) + "/></message>",
            "<message to='%s'><x a='" % VICTIM + "x" * 60_000 + "'/></message>",
            "<presence to='%s'>" % VICTIM + "<x>" * 200 + "</x>" * 200 + "</presence>",
        ):
            # The server's parser may put off what it was interrupted in: the blanks make it go on.
            raw.send(bomb + 4 * " " * len(bomb))
            await raw.drain()
            await self.assert_refused(raw, "<ping xmlns='urn:xmpp:ping'/>", "result", kind="get")
        answer = await raw.request(VICTIM, "<q xmlns='urn:q'>" + "<x>" * 200 + "</x>" * 200 + "</q>")
        self.assertEqual(answer.get("type"), "error")

    async def test_requests_through_the_server(self):
        raw = await self.raw()
        for i in range(5000):
            raw.ask(VICTIM, f"<x xmlns='urn:example:{i % 10}'/>", ("get", "set")[i % 2])
            if i % 100 == 0:
                await raw.drain()
        for i in range(5000):
            self.assertEqual(raw_client.conditions(await raw.answer(f"q{i}")), ("service-unavailable",))


if __name__ == "__main__":
    tap.main("/peers/hostile")

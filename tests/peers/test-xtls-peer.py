#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Streams secured with an implementation of XTLS and of STARTTLS (XEP-0246, XEP-0250) that shares no
line with ours: it opens and accepts them over SOCKS5 and in-band bytestreams, with its key, with
another one than it announced, and with another one than it had the last time."""

import asyncio
import os
import ssl
import subprocess
import tempfile
from xml.etree import ElementTree as ET

import command
import s5b_case
import tap

from s5b_case import DEADLINE, jp, s5b

TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
C2CTLS = "urn:xmpp:tmp:c2ctls"
PUBKEY = "urn:xmpp:tmp:pubkey"
OTHER_KEY = "another certificate than it announced"
CHANGED_KEY = "has changed"


class S5bPeer(s5b.Peer):
    async def calls(self, to, sid, case):
        session = await self.call(to, sid, case.own(await case.listen()))
        await self.take(session, case)
        return session

    async def answers(self, session, case):
        await self.answer(session, case.own(await case.listen()))
        await self.take(session, case)

    async def take(self, session, case):
        session.stream = await case.listeners[-1].next()
        await self.next_news(session, "candidate-used")
        await self.info(session, s5b.report("candidate-error"))

    async def open(self, session, case):
        return await case.open(session)


class IbbPeer(s5b.Peer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self["xep_0030"].del_feature(feature=s5b.S5B)

    async def calls(self, to, sid, case):
        return await self.offer(to, ET.Element(jp.tag(jp.XMLSTREAM, "description")), sid)

    async def answers(self, session, case):
        await self.accept(session)

    async def open(self, session, case):
        return await case.open(session)


class Plain:
    """What SecureStream is before TLS."""

    def __init__(self, session):
        self.session = session

    async def read(self):
        return await asyncio.wait_for(self.session.stream.recv_queue.get(), DEADLINE)

    async def write(self, data):
        await self.session.stream.sendall(data, timeout=DEADLINE)


class StarttlsPeer(IbbPeer):
    """Does not speak XTLS, and encrypts inside the stream."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self["xep_0030"].del_feature(feature=jp.XTLS)

    def _content(self, *arguments):
        content = super()._content(*arguments)
        content.remove(content.find(jp.tag(jp.XTLS, "security")))
        return content

    def starttls(self, *children):
        return (f"<starttls xmlns='{TLS}'>{''.join(children)}<offer xmlns='{C2CTLS}'><keyinfo xmlns='{PUBKEY}'>"
                f"<name>{jp.sha1(self.certificate())}</name></keyinfo></offer></starttls>")

    @staticmethod
    def assert_offer(element, case):
        """Its key is the one that it will show."""
        names = [name.text for name in element.iter(jp.tag(PUBKEY, "name"))]
        case.assertIn(jp.sha1(ssl.PEM_cert_to_DER_cert(case.first_certificate(case.identity))), names)

    async def begin(self, secure, session, case, features):
        """A stream over it; its features are given, or ours are sent."""
        stream = jp.XmlStream(secure, self.jid, str(session.peer))
        if session.initiator:
            await secure.write(stream.header())
        while stream.root is None:
            await stream.step()
        if session.initiator:
            return stream, await stream.next()
        case.assertEqual(stream.root.get("from"), str(session.peer))
        prefixed = f"<stream:features>{features}</stream:features>"
        await secure.write(stream.header("id='s'") + prefixed.encode())
        return stream, None

    async def open(self, session, case):
        initiator = session.initiator
        plain = Plain(session)
        stream, features = await self.begin(plain, session, case, self.starttls("<required/>"))
        if initiator:
            offered = features.find(jp.tag(TLS, "starttls"))
            case.assertIsNotNone(offered.find(jp.tag(TLS, "required")))
            self.assert_offer(offered, case)
            await stream.send(self.starttls())
            case.assertEqual((await stream.next()).tag, jp.tag(TLS, "proceed"))
        else:
            wanted = await stream.next()
            case.assertEqual(wanted.tag, jp.tag(TLS, "starttls"))
            self.assert_offer(wanted, case)
            await stream.send(f"<proceed xmlns='{TLS}'/>")
        secure = await case.secure(session)
        mechanisms = f"<mechanisms xmlns='{SASL}'><mechanism>EXTERNAL</mechanism></mechanisms>"
        stream, features = await self.begin(secure, session, case, mechanisms)
        if initiator:
            case.assertEqual([e.text for e in features.iter(jp.tag(SASL, "mechanism"))], ["EXTERNAL"])
            await stream.send(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>=</auth>")
            case.assertEqual((await stream.next()).tag, jp.tag(SASL, "success"))
        else:
            auth = await stream.next()
            case.assertEqual((auth.tag, auth.get("mechanism")), (jp.tag(SASL, "auth"), "EXTERNAL"))
            await stream.send(f"<success xmlns='{SASL}'/>")
        stream, features = await self.begin(secure, session, case, "")
        if initiator:
            case.assertEqual(len(features), 0)
        return stream


class Xtls(s5b_case.S5bCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_key = os.path.join(cls.folder, "other.pem")
        jp.make_key(cls.other_key)

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        self.peers, self.gone, self.listeners = [], [], []
        self.store = tempfile.TemporaryDirectory()
        self.addCleanup(self.store.cleanup)
        self.known = ("--trust-store", os.path.join(self.store.name, "trust.db"))

    async def become(self, kind, key):
        self.key = key
        self.peer = await kind.connected(
            ("127.0.0.1", self.server.port), "juliet@example.test/peer", self.server.password,
            self.server.ca_file, key)
        self.peers.append(self.peer)

    def announce(self, path):
        der = ssl.PEM_cert_to_DER_cert(self.first_certificate(path))
        self.peer.certificate = lambda: der

    async def meets(self, session, told, jxs):
        """What comes of it: a stream, or told is why not."""
        if told is None:
            await self.proves(session, await self.peer.open(session, self))
            return
        opening = asyncio.create_task(self.peer.open(session, self))
        self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
        await self.wait(jxs.errors.until, told)
        opening.cancel()
        await asyncio.wait([opening])
        self.assertTrue(opening.cancelled() or opening.exception() is not None)

    async def opens(self, told=None):
        with self.jxs("listen", "xtls", "--accept", "all", *self.known) as jxs:
            await self.wait(jxs.errors.until, "Listening as")
            session = await self.peer.calls("romeo@example.test/xtls", self.new_sid(), self)
            await self.meets(session, told, jxs)

    async def accepts(self, told=None):
        async with self.called(*self.known) as (jxs, session):
            await self.peer.answers(session, self)
            await self.meets(session, told, jxs)
            self.assertEqual(await self.wait(jxs.wait), 0 if told is None else 5)

    def assert_known(self):
        """One key is trusted; the other one, which was seen, is not."""
        listed = subprocess.run([command.JXS, "trust", "list", *self.known], check=True, capture_output=True, text=True)
        self.assertEqual(listed.stdout.count("juliet@example.test"), 2)
        for state in ("accepted at first contact", "nobody decided"):
            self.assertEqual(listed.stdout.count(state), 1)


def add(name, kind, role):
    async def with_its_key(self):
        await self.become(kind, self.key)
        for _ in range(2):  # new, and known
            await getattr(self, role)()

    async def with_another_key(self):
        await self.become(kind, self.key)
        self.announce(self.other_key)
        await getattr(self, role)(OTHER_KEY)

    async def with_a_changed_key(self):
        first = self.key
        await self.become(kind, first)
        await getattr(self, role)()
        self.vanish(self.peer)
        await self.become(kind, self.other_key)
        await getattr(self, role)(CHANGED_KEY)
        self.assert_known()
        self.vanish(self.peer)
        await self.become(kind, first)
        await getattr(self, role)()

    for test in (with_its_key, with_another_key, with_a_changed_key):
        setattr(Xtls, f"test_{name}_{role}_{test.__name__}", test)


for way, peer_class in (("s5b", S5bPeer), ("ibb", IbbPeer), ("starttls", StarttlsPeer)):
    for what in ("opens", "accepts"):
        add(way, peer_class, what)


if __name__ == "__main__":
    s5b_case.leave_the_network()
    tap.main("/peers/xtls-peer")

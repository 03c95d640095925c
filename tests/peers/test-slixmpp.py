#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`jxs` against an implementation of the same specifications that shares no line with it."""

import asyncio
import contextlib
import os
import random
import tempfile
import unittest
from xml.etree import ElementTree as ET

import command
import prosody
import tap

try:
    import jingle_peer as jp
except ImportError:
    jp = None

DEADLINE = 60


@unittest.skipIf(jp is None, "python3-slixmpp is not installed")
class Slixmpp(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        try:
            cls.server = cls.stack.enter_context(prosody.Prosody())
        except prosody.ProsodyMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.key = os.path.join(cls.folder, "peer.pem")
        jp.make_key(cls.key)

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # the test case switches it on, which is slow
        # juliet is the independent peer, romeo is jxs.
        self.peer = await jp.Peer.connected(
            ("127.0.0.1", self.server.port), "juliet@example.test/peer", self.server.password,
            self.server.ca_file, self.key,
        )

    async def asyncTearDown(self):
        self.peer.disconnect()
        await asyncio.sleep(0)

    def jxs(self, verb, *arguments):
        return command.Jxs(
            verb, "--jid", "romeo@example.test/jxs", "--server", self.server.server,
            "--ca-file", self.server.ca_file, "--identity", self.identity, *arguments,
            environment={"JXS_PASSWORD": self.server.password},
        )

    @property
    def identity(self):
        return os.path.join(self.folder, "romeo.pem")

    async def wait(self, function, *arguments):
        """Runs what blocks beside the peer's loop."""
        return await asyncio.wait_for(asyncio.to_thread(function, *arguments), DEADLINE)

    async def offered(self):
        session, _ = await asyncio.wait_for(self.peer.offers.get(), DEADLINE)
        return session

    async def listening(self, *arguments):
        listener = self.jxs("listen", "--accept", "all", *arguments)
        await self.wait(listener.errors.until, "Listening as")
        return listener

    async def xml_stream(self, session, peer_file=None):
        secure = await jp.SecureStream.handshake(session, self.key, peer_file)
        stream = jp.XmlStream(secure, self.peer.boundjid.full, str(session.peer))
        await stream.open()
        return stream

    async def test_jxs_calls_and_both_talk(self):
        with self.jxs("chat", "juliet@example.test/peer") as chat:
            session = await self.offered()
            self.assertEqual(session.description.tag, jp.tag(jp.XMLSTREAM, "description"))
            await self.peer.accept(session)
            stream = await self.xml_stream(session, self.identity)
            self.assertEqual(stream.root.get("from"), "romeo@example.test/jxs")
            self.assertEqual(stream.root.get("to"), "juliet@example.test/peer")
            chat.send("But, soft!")
            message = await stream.next()
            self.assertEqual(message.findtext("{jabber:client}body"), "But, soft!")
            await stream.send("<message type='chat'><body>Ay me!</body></message>")
            await self.wait(chat.output.until, "Ay me!")
            chat.end_input()
            # XEP-0246 §5: closing tags, then close_notify, then the session.
            self.assertIsNone(await stream.next())
            await stream.send("</stream:stream>")
            self.assertEqual(await stream.secure.read(), b"")
            await stream.secure.close()
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "success")
            self.assertEqual(await self.wait(chat.wait), 0, chat.errors.text())

    async def test_jxs_is_called_and_both_talk(self):
        with await self.listening("--once") as listener:
            session = await self.peer.offer(
                "romeo@example.test/jxs", ET.Element(jp.tag(jp.XMLSTREAM, "description")), "called"
            )
            stream = await self.xml_stream(session)
            await stream.send("<message type='chat' from='mallory@example.test'><body>Hist!</body></message>")
            line = await self.wait(listener.output.until, "Hist!")
            self.assertNotIn("mallory", line)
            listener.send("It is my soul")
            message = await stream.next()
            self.assertEqual(message.findtext("{jabber:client}body"), "It is my soul")
            await stream.send("</stream:stream>")
            self.assertIsNone(await stream.next())
            self.assertTrue(stream.closed)
            await stream.secure.close()
            await self.peer.terminate(session)
            self.assertEqual(await self.wait(listener.wait), 0, listener.errors.text())

    async def test_bytes_both_ways_through_a_pipe(self):
        data = random.Random(6).randbytes(200_000)
        with await self.listening("--pipe") as listener:
            # Lines are how the test reads the output, so hexadecimal.
            description = ET.Element(jp.tag(jp.PIPE, "description"), service="org.gnome.Jxs.Pipe")
            session = await self.peer.offer("romeo@example.test/jxs", description, "bytes")
            secure = await jp.SecureStream.handshake(session, self.key)
            await self.wait(listener.errors.until, "Connected")
            sending = asyncio.create_task(self.wait(listener.send, data.hex()))
            await secure.write(data.hex().encode() + b"\n")
            await sending
            listener.end_input()
            self.assertTrue(await self.wait(listener.output.until, data.hex()))
            received = b""
            while piece := await secure.read():
                received += piece
            self.assertEqual(received, data.hex().encode() + b"\n")
            await secure.close()
            await self.peer.terminate(session)
            self.assertEqual(await self.wait(listener.wait), 0, listener.errors.text())

    async def test_another_key_than_announced_is_refused(self):
        with self.jxs("chat", "juliet@example.test/peer") as chat:
            session = await self.offered()
            announced, self.peer.certificate = self.peer.certificate, lambda: b"another certificate"
            try:
                await self.peer.accept(session)
            finally:
                self.peer.certificate = announced
            # It may end before the other side has finished: nobody waits for that.
            handshake = asyncio.create_task(self.xml_stream(session, self.identity))
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
            handshake.cancel()
            await asyncio.wait([handshake])
            self.assertEqual(await self.wait(chat.wait), 5, chat.errors.text())

    async def test_noise_instead_of_tls_is_refused(self):
        with self.jxs("chat", "juliet@example.test/peer") as chat:
            session = await self.offered()
            await self.peer.accept(session)
            await session.stream.sendall(b"this is no TLS record at all\r\n" * 20)
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
            self.assertEqual(await self.wait(chat.wait), 5, chat.errors.text())

    async def test_an_accept_without_security_is_refused(self):
        # jingle-xtls §4: going on in clear would be the server's choice, not ours.
        with self.jxs("chat", "juliet@example.test/peer") as chat:
            session = await self.offered()
            content = self.peer._content(session, session.description, session.block_size)
            content.remove(content.find(jp.tag(jp.XTLS, "security")))
            await self.peer._send(session, "session-accept", content)
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
            self.assertEqual(await self.wait(chat.wait), 5, chat.errors.text())

    async def test_a_peer_that_breaks_the_stream_inside(self):
        # RFC 6120 §11.1: a comment is refused with restricted-xml.
        with await self.listening("--once") as listener:
            session = await self.peer.offer(
                "romeo@example.test/jxs", ET.Element(jp.tag(jp.XMLSTREAM, "description")), "broken"
            )
            stream = await self.xml_stream(session)
            await stream.send("<!-- hidden -->")
            error = await stream.next()
            self.assertEqual(error.tag, jp.tag(jp.STREAMS, "error"))
            self.assertEqual(error[0].tag, "{urn:ietf:params:xml:ns:xmpp-streams}restricted-xml")
            await self.wait(listener.errors.until, "broke off")


if __name__ == "__main__":
    tap.main("/peers/slixmpp")

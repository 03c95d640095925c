# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of SOCKS5 bytestreams have in common: a server with a proxy, a `jxs listen` that
serves all of them, `jxs chat` calls, and a proof that a stream works."""

import asyncio
import contextlib
import os
import subprocess
import tempfile
import unittest

import command
import netns
import prosody

try:
    import jingle_peer as jp
    import s5b_peer as s5b
except ImportError:
    jp = s5b = None

DEADLINE = 40
VICTIM = "romeo@example.test/jxs"


def leave_the_network():
    """Nothing that a test does is seen outside, and every machine has the same network; to be called
    first. Whether that is possible here."""
    try:
        netns.private()
    except netns.NetnsMissing:
        return False
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return True


@unittest.skipIf(jp is None, "python3-slixmpp is not installed")
class S5bCase(unittest.IsolatedAsyncioTestCase):
    accounts = ("romeo", "juliet")
    options = ("--allow-loopback",)  # of every jxs

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        try:
            cls.server = cls.stack.enter_context(prosody.Prosody(accounts=cls.accounts, proxy65=True))
        except prosody.ProsodyMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.key = os.path.join(cls.folder, "peer.pem")
        jp.make_key(cls.key)
        cls.identity = os.path.join(cls.folder, "romeo.pem")
        cls.listener = cls.stack.enter_context(cls.jxs("listen", "jxs", "--accept", "all"))
        cls.listener.errors.until("Listening as")
        cls.n_sids = 0

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    @classmethod
    def jxs(cls, verb, resource, *arguments, options=None, **streams):
        options = cls.options if options is None else options
        return command.Jxs(
            verb, "--jid", "romeo@example.test/" + resource, "--server", cls.server.server,
            "--ca-file", cls.server.ca_file, "--identity", cls.identity, *options, *arguments,
            environment={
                "JXS_PASSWORD": cls.server.password, "G_DEBUG": "fatal-warnings", "JXS_PORT_MAPPING": "no",
            },
            **streams,
        )

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        self.peers, self.gone = [], []
        self.listeners = []
        self.peer = await self.connect("juliet")

    async def asyncTearDown(self):
        for peer in list(self.peers):
            self.vanish(peer)
        for listener in self.listeners:
            listener.close()
        self.assertTrue(self.listener is None or self.listener.process.poll() is None, "jxs listen ended")

    async def connect(self, user, resource="peer"):
        peer = await s5b.Peer.connected(
            ("127.0.0.1", self.server.port), f"{user}@{self.server.domain}/{resource}", self.server.password,
            self.server.ca_file, self.key,
        )
        self.peers.append(peer)
        return peer

    def vanish(self, peer):
        """All of its connections, without a word."""
        self.peers.remove(peer)
        self.gone.append(peer)  # asyncio complains of tasks whose object is no more
        for session in peer.sessions.values():
            for connection in session.sockets:
                connection.abort()
        peer.abort()

    async def listen(self, host="127.0.0.1", **how):
        listener = await s5b.Listener(**how).start(host)
        self.listeners.append(listener)
        return listener

    async def wait(self, function, *arguments):
        """Runs what blocks beside the peer's loop."""
        return await asyncio.wait_for(asyncio.to_thread(function, *arguments), DEADLINE)

    def new_sid(self):
        type(self).n_sids += 1
        return f"session{self.n_sids}"

    def own(self, listener, **more):
        """What leads to a listener of ours."""
        return s5b.candidate(**{"host": listener.host, "port": listener.port, "jid": self.peer.jid, **more})

    def proxy(self, listener=None, **more):
        """The server's, or one that is played by a listener."""
        host, port = self.server.proxy_host, self.server.proxy_port
        if listener is not None:
            host, port = listener.host, listener.port
        return s5b.candidate(**{
            "cid": "p1", "host": host, "port": port, "jid": self.server.proxy_jid, "type": "proxy",
            "priority": s5b.priority("proxy"), **more,
        })

    async def their_proxy(self, session):
        """Theirs; while it is still being looked for the offer goes without it, and it follows."""
        async def found():
            while True:
                for element in session.theirs:
                    if element.get("type") == "proxy":
                        return element
                await asyncio.sleep(0.02)
        return await asyncio.wait_for(found(), DEADLINE)

    # ---- a call to jxs listen

    def call(self, *candidates, **how):
        return self.peer.call(VICTIM, self.new_sid(), *candidates, **how)

    # ---- a call of jxs chat

    @contextlib.asynccontextmanager
    async def called(self, *options, verb="chat"):
        """(the process, the session that it offers)"""
        type(self).n_sids += 1
        with self.jxs(verb, f"call{self.n_sids}", *options, self.peer.jid) as chat:
            session, _ = await asyncio.wait_for(self.peer.offers.get(), DEADLINE)
            yield chat, session

    # ---- either

    @contextlib.asynccontextmanager
    async def agreed(self, role, *candidates, status=0, **attributes):
        """A session in which both transports were exchanged; role: of the peer. A jxs chat then has
        to end with the status."""
        if role == "caller":
            yield await self.call(*candidates, **attributes)
            return
        async with self.called() as (chat, session):
            await self.peer.answer(session, *candidates, **attributes)
            try:
                yield session
                self.assertEqual(await self.wait(chat.wait), status)
            except AssertionError as error:
                chat.process.terminate()
                raise AssertionError("\n".join(await self.wait(chat.errors.rest))) from error

    # ---- the proof

    @staticmethod
    def first_certificate(path):
        with open(path, encoding="ascii") as file:
            text = file.read()
        end = "-----END CERTIFICATE-----"
        return text[text.index("-----BEGIN CERTIFICATE-----"): text.index(end) + len(end)]

    async def secure(self, session, tls=None):
        """tls: begun already."""
        peer_file = None if session.initiator else self.identity
        handshake = jp.SecureStream.handshake(session, self.key, peer_file, tls)
        return await asyncio.wait_for(handshake, DEADLINE)

    async def open(self, session, tls=None):
        stream = jp.XmlStream(await self.secure(session, tls), self.peer.jid, str(session.peer))
        await asyncio.wait_for(stream.open(), DEADLINE)
        return stream

    async def works(self, session, tls=None):
        await self.proves(session, await self.open(session, tls))

    async def proves(self, session, stream):
        """Both directions of session.stream, inside TLS with the right keys; then an end in order."""
        await stream.send("<iq type='get' id='proof'><x xmlns='urn:example:x'/></iq>")
        answer = await asyncio.wait_for(stream.next(), DEADLINE)
        self.assertEqual((answer.get("type"), answer.get("id")), ("error", "proof"))
        await stream.send("</stream:stream>")
        self.assertIsNone(await asyncio.wait_for(stream.next(), DEADLINE))
        await stream.secure.close()
        self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "success")

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile peers that attack SOCKS5 bytestreams (XEP-0260) of one `jxs listen`, and of `jxs chat`:
it serves good peers afterwards, holds as many descriptors as before, has not grown, and nobody can
make it connect to more than its limits allow."""

import asyncio
import contextlib
import itertools
import os
import random
import signal

import s5b_case
import tap
import watched

from s5b_case import DEADLINE, VICTIM, jp, s5b

MAX_CANDIDATES = 32  # of one peer for one bytestream
MAX_IN_SESSION = 64  # of one peer for all bytestreams of a session
MAX_PER_HASH = 4  # sockets that a peer may open to our listener
MAX_PER_SOURCE = 16  # handshakes of one address under way
GROWTH = 32 * 1024  # KiB, all attacks together
QUICK = 15  # seconds for a good stream
N_USERS = 30
MOMENTS = ("offered", "accepted", "dialling", "used", "activating", "their_proxy", "securing", "hello", "ready")


class Crowd(s5b.Listener):
    """What pretends to listen at thousands of addresses: all of 127.0.0.0/8 leads here."""

    async def start(self):
        await super().start("0.0.0.0")
        return self

    def address(self, number):
        return f"127.{1 + number // 60000}.{number // 240 % 250}.{1 + number % 240}"


class Closing(Crowd):
    async def serve(self, connection):
        connection.abort()


class Refusing(Crowd):
    async def serve(self, connection):
        await self.take_request(connection)
        connection.writer.write(b"\5\2\0\3\0\0\0")
        connection.writer.close()


class Silent(s5b.Listener):
    """Takes connections and nothing else."""

    async def serve(self, connection):
        self.arrived.put_nowait(connection)


class Dripping(s5b.Listener):
    """A byte now and then, of a reply that never ends."""

    async def serve(self, connection):
        await self.take_request(connection)
        for byte in s5b.echo(b"x" * 255):
            connection.writer.write(bytes([byte]))
            await asyncio.sleep(0.5)


class Flooding(s5b.Listener):
    """More than anybody asked for, in place of the first or of the second reply."""

    def __init__(self, greets):
        super().__init__()
        self.greets = greets

    async def serve(self, connection):
        if self.greets:
            await self.take_request(connection)
        while True:
            connection.writer.write(b"\5" * 65536)
            await connection.writer.drain()


class Leaving(s5b.Listener):
    async def serve(self, connection):
        await self.take_greeting(connection)
        connection.writer.close()


class Hostile(s5b_case.S5bCase):
    accounts = ("romeo", "juliet", *(f"evil{i}" for i in range(N_USERS)))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.victim = watched.Watched(cls.listener)
        cls.files = cls.memory = None
        cls.n_users = 0

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.good = self.peer
        if self.files is None:
            await self.good_streams()
            type(self).files, type(self).memory = self.victim.open_files(), self.victim.memory()
        # Each attack has a user of its own: how much one may hold is limited.
        self.user = f"evil{self.n_users}"
        type(self).n_users += 1
        self.evil = self.peer = await self.connect(self.user)

    async def asyncTearDown(self):
        self.peer = self.good
        if self.listener is None:
            await super().asyncTearDown()
            return
        try:
            self.assertTrue(self.victim.alive(), "it did not survive")
            await self.good_streams()
            # All of them go away without a word.
            for peer in [peer for peer in self.peers if peer is not self.good]:
                self.vanish(peer)
            await self.nothing_is_left()
            self.assertLess(self.victim.memory() - self.memory, GROWTH, "KiB more")
        finally:
            await super().asyncTearDown()

    async def nothing_is_left(self):
        for _ in range(10 * QUICK):
            if self.victim.open_files() <= self.files:
                return
            await asyncio.sleep(0.1)
        self.fail(f"{self.victim.open_files()} descriptors in place of {self.files}")

    async def good_streams(self):
        """One that the good peer connects, one that jxs does."""
        listener = await self.listen()
        session = await self.call()
        cid, session.stream = await self.peer.dial_theirs(session)
        await self.peer.info(session, s5b.report("candidate-used", cid))
        await asyncio.wait_for(self.works(session), QUICK)
        session = await self.call(self.own(listener))
        session.stream = await listener.next()
        await self.peer.info(session, s5b.report("candidate-error"))
        await asyncio.wait_for(self.works(session), QUICK)

    async def assert_idle(self):
        before = self.victim.processor()
        await asyncio.sleep(0.2)
        self.assertLess(self.victim.processor() - before, 0.1, "seconds of a fifth of a second")

    async def try_to(self, request):
        """Whatever the answer is, there is one."""
        with contextlib.suppress(jp.slixmpp.exceptions.IqError):
            return await request

    async def condition(self, request):
        with self.assertRaises(jp.slixmpp.exceptions.IqError) as caught:
            await request
        return caught.exception.condition

    def crowd(self, listener, numbers, **more):
        return [
            s5b.candidate(cid=f"c{i}", host=listener.address(i), port=listener.port, jid=self.peer.jid, **more)
            for i in numbers
        ]

    # ---- as a means to reach others

    async def test_a_thousand_candidates(self):
        """At once or by and by: we are no scanner, and flood nobody."""

        async def count(kind, at_most, by_and_by):
            listener = await kind().start()
            self.listeners.append(listener)
            session = await self.call(*() if by_and_by else self.crowd(listener, range(1000)))
            for start in range(0, 1000 if by_and_by else 0, 25):
                kinds = {"type": "proxy"} if start % 50 else {}
                await self.peer.info(session, *self.crowd(listener, range(start, start + 25), **kinds))
            await self.peer.next_news(session, "candidate-error")
            self.assertLessEqual(listener.n_connections, at_most)
            self.assertGreater(listener.n_connections, 0)
            await self.peer.terminate(session)

        await asyncio.gather(*(
            count(kind, at_most, by_and_by)
            # Who refuses is asked for the stream by its other name too.
            for kind, at_most in ((Closing, MAX_CANDIDATES), (Refusing, 2 * MAX_CANDIDATES))
            for by_and_by in (False, True)
        ))

    async def test_one_bytestream_after_the_other(self):
        listener = await Closing().start()
        self.listeners.append(listener)
        session = await self.call()
        sid = session.stream_sid
        for i in range(30):
            session.stream_sid = f"{sid}-{i}"
            content = s5b.transport(session.stream_sid, *self.crowd(listener, range(100 * i, 100 * i + 100)))
            await self.peer.say(session, "transport-replace", content)
        await self.peer.terminate(session)
        await self.quiet(listener)
        self.assertLessEqual(listener.n_connections, MAX_IN_SESSION)

    async def quiet(self, listener):
        """Until no more of them come."""
        seen = -1
        while seen != listener.n_connections:
            seen = listener.n_connections
            await self.good_streams()

    async def test_addresses_nobody_may_reach_through_us(self):
        """Without --allow-loopback: what listens for this machine only, and everybody at once."""
        listener = await Crowd().start()
        sixth = await self.listen("::")
        self.listeners.append(listener)
        hosts = [
            "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "239.255.255.250",
            "localhost", "LocalHost", "127.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1.",
            "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:255.255.255.255",
        ]
        others = ["::1", "::", "ff02::1", "ff01::1%lo", "[::1]", "::1%lo", "localhost"]
        if IS_ALONE:
            others += ["fe80::1", "fe80::1%lo"]  # dialled where there is a link
        candidates = [
            s5b.candidate(cid=f"{port}{host}", host=host, port=port, jid=self.peer.jid)
            for port, names in ((listener.port, hosts), (sixth.port, others)) for host in names
        ]
        with self.jxs("listen", "strict", "--accept", "all", options=()) as strict:
            await self.wait(strict.errors.until, "Listening as")
            session = await self.peer.call("romeo@example.test/strict", self.new_sid(), *candidates)
            direct = [element.get("host") for element in session.theirs if element.get("type") != "proxy"]
            self.assertFalse([host for host in direct if host == "::1" or host.startswith("127.")])
            await self.peer.next_news(session, "candidate-error")
            await self.peer.info(session, s5b.report("candidate-error"))
            await self.peer.replace_by_ibb(session)
            await self.works(session)
        self.assertEqual(listener.n_connections + sixth.n_connections, 0)

    async def test_servers_that_are_none(self):
        listeners = [
            await listener.start()
            for listener in (Silent(), Dripping(), Flooding(False), Flooding(True), Leaving(), Silent())
        ]
        self.listeners += listeners
        session = await self.call(*(
            self.own(listener, cid=f"c{i}", priority=s5b.priority(local=i)) for i, listener in enumerate(listeners)))
        await listeners[0].next()
        await self.assert_idle()
        await self.peer.next_news(session, "candidate-error")
        await self.peer.info(session, s5b.report("candidate-error"))
        await self.peer.replace_by_ibb(session)
        await self.works(session)

    # ---- our listener

    async def test_crowds_at_our_door(self):
        session = await self.call()
        host, port = session.theirs[0].get("host"), int(session.theirs[0].get("port"))
        ours, theirs = session.hashes(self.peer.jid)

        async def knock(number):
            """How it ended."""
            if number % 2 == 0:
                with contextlib.suppress(s5b.Refused, ConnectionError):
                    session.sockets.append(await s5b.dial(host, port, (ours, theirs)[number // 2 % 2]))
                    return True
                return False
            reader, writer = await asyncio.open_connection(host, port)
            session.sockets.append(s5b.Socket(reader, writer))
            noise = random.Random(number).randbytes(number % 50)
            with contextlib.suppress(ConnectionError):
                writer.write((b"", b"\5\1\0", b"\5\xff", b"\5\1\0\5\1\0\3\xff", b"GET / HTTP")[number % 5] + noise)
                await writer.drain()
            return None

        let_in = [answer for answer in await asyncio.gather(*map(knock, range(200))) if answer is not None]
        self.assertEqual(len(let_in), 100)
        self.assertLessEqual(sum(let_in), MAX_PER_HASH)
        # One file each for those in the room and at the door, and for what they wait at.
        self.assertLessEqual(self.victim.open_files(), self.files + MAX_PER_HASH + MAX_PER_SOURCE + 4)
        await self.assert_idle()
        await self.peer.terminate(session)
        await session.sockets[0].ended()

    async def stolen(self, session, speaks):
        """Somebody who listens in on the servers can compute the DST.ADDR, and be first."""
        host, port = session.theirs[0].get("host"), int(session.theirs[0].get("port"))
        hashes = session.hashes(self.peer.jid)
        thieves = [await s5b.dial(host, port, hashes[1])]
        cid, own = await self.peer.dial_theirs(session)
        thieves += [await s5b.dial(host, port, hashes[i]) for i in (0, 1)]
        session.sockets += thieves
        await self.peer.info(session, s5b.report("candidate-used", cid))
        await self.peer.next_news(session, "candidate-error")
        told = [asyncio.create_task(self.steal(session, thief, speaks)) for thief in thieves]
        return own, told

    async def steal(self, session, thief, speaks):
        """What the thief was told."""
        fake = s5b.Session(session.peer, session.sid, session.initiator)
        fake.stream = thief
        key = os.path.join(self.folder, "thief.pem")
        data = b""
        with contextlib.suppress(EOFError, ConnectionError, jp.ssl.SSLError):
            if not speaks:
                while True:
                    data += await thief.get()
            secure = await jp.SecureStream.handshake(fake, key, self.identity)
            while part := await secure.read():
                data += part
        return data

    async def test_stolen_streams(self):
        jp.make_key(os.path.join(self.folder, "thief.pem"))
        self.peer = self.good  # whom it happens to
        for role, speaks in itertools.product(("caller", "callee"), (True, False)):
            with self.subTest(role=role, speaks=speaks):
                async with self.agreed(role, status=5 if speaks else 0) as session:
                    session.stream, told = await self.stolen(session, speaks)
                    if speaks:
                        reason = await asyncio.wait_for(session.ended, DEADLINE)
                        self.assertEqual(reason, "security-error")
                    elif role == "caller":
                        # It is the TLS client, and speaks first.
                        await self.works(session)
                    else:
                        # It sees that it was not taken, and has another way.
                        await session.stream.ended()
                        await self.peer.replace_by_ibb(session)
                        await self.works(session)
                    for data in await asyncio.gather(*told):
                        # At most what anybody may see of TLS, and nothing that was in it.
                        self.assertNotIn(b"stream", data)
                        if speaks:
                            self.assertEqual(data, b"")

    # ---- at every moment

    async def at_offered(self):
        session = await self.peer.initiate(VICTIM, self.new_sid())
        return session

    async def at_accepted(self):
        return await self.call()

    async def at_dialling(self):
        listener = await Silent().start()
        self.listeners.append(listener)
        session = await self.call(self.own(listener))
        session.sockets.append(await listener.next())
        return session

    async def at_used(self):
        listener = await self.listen()
        session = await self.call(self.own(listener))
        await self.peer.next_news(session, "candidate-used")
        session.stream = await listener.next()
        session.sockets.append(session.stream)
        return session

    async def at_activating(self):
        listener = await self.listen()
        session = await self.call(self.proxy(listener))
        await self.peer.next_news(session, "candidate-used")
        session.stream = await listener.next()
        session.sockets.append(session.stream)
        await self.peer.info(session, s5b.report("candidate-error"))
        return session

    async def at_their_proxy(self):
        """They connect to it, activate it in vain, and say so."""
        session = await self.call()
        proxy = await self.their_proxy(session)
        await self.peer.info(session, s5b.report("candidate-used", proxy.get("cid")))
        return session

    async def at_securing(self):
        session = await self.at_used()
        await self.peer.info(session, s5b.report("candidate-error"))
        return session

    async def at_hello(self):
        session = await self.at_securing()
        tls = jp.Tls(self.key, False)
        tls.handshake()
        await session.stream.sendall(tls.outgoing.read())
        await session.stream.get()
        return session

    async def at_ready(self):
        session = await self.at_securing()
        await self.open(session)
        return session

    async def test_every_moment(self):
        """Whatever is said whenever has one answer."""
        listener = await Closing().start()
        self.listeners.append(listener)
        stranger, stream = await self.good_session_of_another()

        async def report(session, *children, sid=None):
            await self.try_to(self.peer.info(session, *children, sid=sid))

        async def proxy_error(session):
            await report(session, s5b.report("proxy-error"))
            await report(session, s5b.report("proxy-error"))

        async def all_reports(session):
            for name, cid in itertools.product(
                ("candidate-used", "activated"), (session.theirs[-1].get("cid") if session.theirs else "x", "c1", "x"),
            ):
                await report(session, s5b.report(name, cid))
            await report(session, s5b.report("candidate-error"), s5b.report("candidate-error"))
            await report(session, s5b.report("candidate-used"))
            await report(session, s5b.report("candidate-error"))

        async def flood(session):
            for start in range(0, 500, 50):
                await report(session, *self.crowd(listener, range(start, start + 50)))

        async def storm(session):
            requests = [
                self.peer.info(session, child, sid=("x", None)[i % 2])
                for i in range(100)
                for child in (s5b.report("activated", f"a{i}"), *self.crowd(listener, (i,)))
            ]
            for answer in await asyncio.gather(*requests, return_exceptions=True):
                if isinstance(answer, BaseException):
                    self.assertIsInstance(answer, jp.slixmpp.exceptions.IqError)

        async def replace(session):
            for carrier in (
                s5b.transport("new-" + session.sid, *self.crowd(listener, range(5))), s5b.transport(None),
                s5b.transport("new-" + session.sid), s5b.transport("udp-" + session.sid, mode="udp"),
                self.peer.ibb("ibb-" + session.sid), jp.ET.Element("{urn:example:strange}transport"),
            ):
                await self.try_to(self.peer.say(session, "transport-replace", carrier))
                await self.try_to(self.peer.say(session, "transport-accept", carrier))
                await self.try_to(self.peer.say(session, "transport-reject", carrier))

        async def others(session):
            """In the name of a session that is not theirs."""
            for sid in (stranger.sid, "x" * 1000, ""):
                own, session.sid = session.sid, sid
                for child in (s5b.report("proxy-error"), s5b.report("candidate-error")):
                    request = self.peer.info(session, child, sid=stranger.stream_sid)
                    self.assertIn(await self.condition(request), ("item-not-found", "bad-request"))
                self.assertIn(
                    await self.condition(self.peer.terminate(session)), ("item-not-found", "bad-request"))
                session.sid = own
            await report(session, s5b.report("candidate-error"), sid=stranger.stream_sid)

        async def terminate(session):
            await self.peer.terminate(session)
            self.assertEqual(await self.condition(self.peer.terminate(session)), "item-not-found")
            self.assertEqual(
                await self.condition(self.peer.info(session, s5b.report("proxy-error"))), "item-not-found")

        async def break_sockets(session):
            for connection in session.sockets:
                connection.abort()

        async def act(moment, attack):
            try:
                session = await asyncio.wait_for(moment(), DEADLINE)
                await asyncio.wait_for(attack(session), DEADLINE)
                await self.try_to(self.peer.terminate(session))
            except Exception as error:
                raise AssertionError(f"{attack.__name__} {moment.__name__}") from error

        for attack in (proxy_error, all_reports, flood, storm, replace, others, break_sockets, terminate):
            await asyncio.gather(*(act(getattr(self, "at_" + moment), attack) for moment in MOMENTS))
        # Nobody else was harmed.
        self.peer = self.good
        await self.proves(stranger, stream)

    async def good_session_of_another(self):
        self.peer, evil = self.good, self.peer
        session = await self.at_securing()
        stream = await self.open(session)
        self.peer = evil
        return session, stream

    async def test_vanishing_at_every_moment(self):
        """Network gone: the connection to the server, and all others, without a word."""
        for number, moment in enumerate(MOMENTS):
            with self.subTest(moment):
                self.peer = await self.connect(self.user, f"vanishes{number}")
                await asyncio.wait_for(getattr(self, "at_" + moment)(), DEADLINE)
                self.vanish(self.peer)

    async def test_the_same_stream_twice(self):
        """Sockets of two sessions with one sid cannot be told apart: that is for the peer to regret."""
        first, second = await self.call(), await self.peer.initiate(VICTIM, self.new_sid(), stream_sid="x")
        third = await self.peer.initiate(VICTIM, self.new_sid(), stream_sid="x")
        for session in (second, third):
            await asyncio.wait_for(session.accepted, DEADLINE)
        for session in (third, second):
            cid, session.stream = await self.peer.dial_theirs(session)
            await self.peer.info(session, s5b.report("candidate-used", cid))
        for session in (first, second, third):
            await self.try_to(self.peer.terminate(session))

    # ---- those we call

    async def test_callees(self):
        """jxs chat ends with a reason, soon."""
        listener = await Closing().start()
        self.listeners.append(listener)

        async def crowd(session):
            await self.peer.answer(session, *self.crowd(listener, range(1000)))
            await self.peer.next_news(session, "candidate-error")
            self.assertLessEqual(listener.n_connections, MAX_CANDIDATES)
            await self.peer.terminate(session)

        async def proxy_error_first(session):
            await self.try_to(self.peer.info(session, s5b.report("proxy-error")))
            await self.peer.terminate(session, "failed-transport")

        async def gone(session):
            await self.peer.answer(session)
            await self.peer.terminate(session, "gone")

        async def reject(session):
            await self.peer.answer(session)
            await self.peer.info(session, s5b.report("candidate-error"))
            await self.peer.next_news(session, "candidate-error")
            await self.peer.next_news(session, "transport-replace")
            await self.peer.say(session, "transport-reject", self.peer.ibb(session.stream_sid))

        async def noise(session):
            own = await self.listen(reply=lambda destination: s5b.echo(destination) + b"this is no TLS" * 99)
            await self.peer.answer(session, self.own(own))
            await self.peer.next_news(session, "candidate-used")
            await self.peer.info(session, s5b.report("candidate-error"))
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")

        for attack, *statuses in ((crowd, 1, 4), (proxy_error_first, 1, 4), (gone, 1, 4), (reject, 1, 4), (noise, 5)):
            with self.subTest(attack.__name__):
                async with self.called() as (chat, session):
                    await attack(session)
                    self.assertIn(await self.wait(chat.wait, QUICK), statuses)
                    self.assertIn("jxs: ", "\n".join(await self.wait(chat.errors.rest)))

    async def test_z_the_end(self):
        """The last: nothing is lost where that is looked for at the end."""
        self.listener.process.send_signal(signal.SIGINT)
        self.assertEqual(await self.wait(self.listener.wait), 130, self.listener.errors.text())
        type(self).listener = None


if __name__ == "__main__":
    IS_ALONE = s5b_case.leave_the_network()
    tap.main("/peers/s5b-hostile")

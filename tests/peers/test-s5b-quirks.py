#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`jxs` with peers that do SOCKS5 bytestreams (XEP-0260) in the ways that are met in the field:
each way ends in a working stream, at worst an in-band one."""

import asyncio
import contextlib
import random
from xml.etree import ElementTree as ET

import s5b_case
import tap

from s5b_case import jp, s5b

ROLES = ("caller", "callee")  # of the peer


def ipv4_reply(destination):
    return b"\5\0\0\1\x7f\0\0\1\x04\x38"


def ipv6_reply(destination):
    return b"\5\0\0\4" + bytes(15) + b"\1\x04\x38"


class Quirks(s5b_case.S5bCase):

    async def condition(self, request):
        """Of the error that answers a request."""
        with self.assertRaises(jp.slixmpp.exceptions.IqError) as caught:
            await request
        return caught.exception.condition

    async def dialled(self, session, listener, cid="c1"):
        """They reach us, we do not reach them."""
        session.stream = await listener.next()
        self.assertEqual(await self.peer.next_news(session, "candidate-used"), cid)
        await self.peer.info(session, s5b.report("candidate-error"))

    async def dialling(self, session, **how):
        """We reach them, they do not reach us."""
        cid, session.stream = await self.peer.dial_theirs(session, **how)
        await self.peer.info(session, s5b.report("candidate-used", cid))
        await self.peer.next_news(session, "candidate-error")

    async def through_ibb(self, session):
        """What is left when SOCKS5 bytestreams have failed on both sides."""
        if session.initiator:
            await self.peer.replace_by_ibb(session)
        else:
            await self.peer.accept_ibb(session)
        await self.works(session)

    async def both_fail(self, session):
        await self.peer.info(session, s5b.report("candidate-error"))
        await self.peer.next_news(session, "candidate-error")

    # ---- DST.ADDR: whose JID comes first for candidates that are no proxies is not agreed on

    async def test_either_order_is_let_in(self):
        for role in ROLES:
            for order in ("offerer", "other"):
                with self.subTest(role=role, order=order):
                    async with self.agreed(role) as session:
                        await self.dialling(session, order=order)
                        await self.works(session)

    async def test_either_order_is_tried(self):
        """Dino and Conversations want one, iris the other."""
        for role in ROLES:
            for wanted in (0, 1):
                with self.subTest(role=role, wanted=wanted):
                    hashes = []
                    listener = await self.listen(knows=lambda name: name == hashes[wanted])
                    async with self.agreed(role) as session:
                        hashes += session.hashes(self.peer.jid)
                        await self.peer.info(session, self.own(listener))
                        await self.dialled(session, listener)
                        self.assertEqual(listener.destinations, hashes[: wanted + 1])
                        await self.works(session)

    async def test_dstaddr_is_used_as_it_is(self):
        for role in ROLES:
            with self.subTest(role):
                listener = await self.listen(knows=lambda name: name == "Just/This")
                async with self.agreed(role, self.own(listener), dstaddr="Just/This") as session:
                    await self.dialled(session, listener)
                    self.assertEqual(listener.n_connections, 1)
                    await self.works(session)

    async def test_capital_letters(self):
        """Hexadecimal digits have no case of their own."""
        for role in ROLES:
            with self.subTest(role):
                async with self.agreed(role) as session:
                    await self.dialling(session, spell=str.upper)
                    await self.works(session)

    async def test_port_in_the_request(self):
        """Early versions of XEP-0065 did not fix it."""
        session = await self.call()
        await self.dialling(session, dst_port=1080)
        await self.works(session)

    # ---- what we reply to, and with

    async def test_replies_of_all_kinds(self):
        for how in (
            {"reply": ipv4_reply}, {"reply": ipv6_reply}, {"split": True}, {"reply": ipv4_reply, "split": True},
        ):
            with self.subTest(how):
                listener = await self.listen(**how)
                async with self.agreed("callee", self.own(listener)) as session:
                    await self.dialled(session, listener)
                    await self.works(session)

    async def test_payload_with_the_reply(self):
        """The TLS client may speak as soon as it has replied."""
        tls = jp.Tls(self.key, False)
        tls.handshake()
        hello = tls.outgoing.read()
        listener = await self.listen(reply=lambda destination: s5b.echo(destination) + hello)
        async with self.agreed("caller", self.own(listener)) as session:
            await self.dialled(session, listener)
            await self.works(session, tls)

    async def test_payload_with_the_request(self):
        tls = jp.Tls(self.key, False)
        tls.handshake()
        session = await self.call()
        await self.dialling(session, early=tls.outgoing.read())
        await self.works(session, tls)

    # ---- offers and answers

    async def test_ours_suit_strict_peers(self):
        """Dino refuses all of an offer for one candidate that it does not like; s5b_peer looks at each."""
        for role in ROLES:
            async with self.agreed(role) as session:
                self.assertIn("direct", [element.get("type") for element in session.theirs])
                await self.their_proxy(session)
                # XEP-0260 §2.2: the offerer's JID is first.
                self.assertEqual(session.their_dstaddr, session.hashes(self.peer.jid)[1])
                for element in session.theirs:
                    wanted = self.server.proxy_jid if element.get("type") == "proxy" else session.peer
                    self.assertEqual(element.get("jid"), wanted)
                await self.dialling(session)
                await self.works(session)

    async def test_zones_and_brackets(self):
        for host in ("::1%lo", "::1%25", "[::1]"):
            for role in ROLES:
                with self.subTest(host=host, role=role):
                    listener = await self.listen("::1")
                    listener.host = host
                    async with self.agreed(role, self.own(listener)) as session:
                        await self.dialled(session, listener)
                        await self.works(session)

    async def test_mode_in_the_answer(self):
        """As the examples of early versions have it."""
        for role in ROLES:
            with self.subTest(role):
                async with self.agreed(role, mode="tcp") as session:
                    await self.dialling(session)
                    await self.works(session)

    async def test_what_nobody_knows(self):
        strange = ET.Element("{urn:example:strange}candidate", cid="c1", host="x", port="1")
        listener = await self.listen()
        for role in ROLES:
            with self.subTest(role):
                good = self.own(listener, **{"{urn:example:strange}a": "b", "generation": "0", "network": "1"})
                good.append(ET.Element("{urn:example:strange}x"))
                unknown = self.own(listener, cid="c0", type="carrier-pigeon", priority=2**31 - 1)
                async with self.agreed(role, strange, unknown, good, ttl="7") as session:
                    await self.peer.info(session, strange)
                    await self.dialled(session, listener)
                    await self.works(session)
        self.assertEqual(listener.n_connections, len(ROLES))

    async def test_candidates_that_are_none(self):
        """One that lacks something does not spoil the others."""
        listener = await self.listen()
        for role in ROLES:
            with self.subTest(role):
                broken = [
                    self.own(listener, **{"cid": f"x{i}", **more})
                    for i, more in enumerate((
                        {"host": None}, {"port": 0}, {"port": 65536}, {"port": "-1"}, {"jid": None}, {"jid": "@"},
                        {"priority": None}, {"priority": -1}, {"priority": 2**32}, {"host": "a b"}, {"host": ""},
                    ))
                ]
                async with self.agreed(role, *broken, self.own(listener, cid=None), self.own(listener)) as session:
                    await self.dialled(session, listener)
                    await self.works(session)
        self.assertEqual(listener.n_connections, len(ROLES))

    async def test_candidates_that_come_later(self):
        for role in ROLES:
            with self.subTest(role):
                listener = await self.listen()
                async with self.agreed(role) as session:
                    await self.peer.info(session, self.own(listener))
                    await self.dialled(session, listener)
                    await self.works(session)

    async def test_an_answer_in_band(self):
        """It is another transport than was offered (XEP-0166 §6.6)."""
        async with self.called() as (chat, session):
            content = self.peer.own_content(session, self.peer.ibb("another"))
            await self.peer._send(session, "session-accept", content)
            self.assertEqual(await asyncio.wait_for(session.ended, s5b_case.DEADLINE), "incompatible-parameters")
            self.assertEqual(await self.wait(chat.wait), 1)
            self.assertIn("another transport", await self.wait(chat.errors.until, "jxs: "))

    # ---- reports

    async def test_tie(self):
        """XEP-0260 §2.4: what the initiator chose is used; Dino does it the other way round."""
        for role in ROLES:
            for inverted in (False, True):
                with self.subTest(role=role, inverted=inverted):
                    listener = await self.listen()
                    async with self.agreed(role) as session:
                        equal = session.theirs[0].get("priority")
                        await self.peer.info(session, self.own(listener, priority=equal))
                        await self.peer.next_news(session, "candidate-used")
                        incoming = await listener.next()
                        cid, outgoing = await self.peer.dial_theirs(session)
                        await self.peer.info(session, s5b.report("candidate-used", cid))
                        ours, other = (outgoing, incoming) if role == "caller" else (incoming, outgoing)
                        if inverted:
                            ours.abort()
                            await self.through_ibb(session)
                        else:
                            await other.ended()
                            session.stream = ours
                            await self.works(session)

    async def test_error_at_once(self):
        listener = await self.listen()
        for role in ROLES:
            with self.subTest(role):
                # No reason not to use what they reach.
                async with self.agreed(role) as session:
                    await self.peer.info(session, self.own(listener), s5b.report("candidate-error"))
                    session.stream = await listener.next()
                    await self.peer.next_news(session, "candidate-used")
                    await self.works(session)

    async def test_error_before_candidates(self):
        listener = await self.listen()
        for role in ROLES:
            with self.subTest(role):
                async with self.agreed(role) as session:
                    sid = session.stream_sid
                    await self.both_fail(session)
                    await self.peer.info(session, self.own(listener), sid=sid)
                    await self.through_ibb(session)
        self.assertEqual(listener.n_connections, 0)

    async def test_used_before_the_socket(self):
        for role in ROLES:
            with self.subTest(role):
                async with self.agreed(role) as session:
                    await self.peer.info(session, s5b.report("candidate-used", session.theirs[0].get("cid")))
                    await self.peer.next_news(session, "candidate-error")
                    _, session.stream = await self.peer.dial_theirs(session)
                    await self.works(session)

    async def test_reports_twice(self):
        for role in ROLES:
            for second in ("candidate-error", "candidate-used"):
                with self.subTest(role=role, second=second):
                    listener = await self.listen()
                    async with self.agreed(role, self.own(listener)) as session:
                        await self.peer.next_news(session, "candidate-used")
                        cid, outgoing = await self.peer.dial_theirs(session)
                        session.stream = await listener.next()
                        first = s5b.report("candidate-error")
                        again = s5b.report(second, cid if second == "candidate-used" else None)
                        await self.peer.info(session, first)
                        # The stream is there by now: late news mean nothing.
                        await self.peer.info(session, again)
                        await outgoing.ended()
                        await self.works(session)
                    async with self.agreed(role) as session:
                        # It is not here, and the first counts.
                        sid = session.stream_sid
                        await self.both_fail(session)
                        await self.peer.info(session, again, sid=sid)
                        await self.through_ibb(session)

    async def test_another_stream(self):
        for role in ROLES:
            with self.subTest(role):
                listener = await self.listen()
                async with self.agreed(role) as session:
                    for children in (self.own(listener),), (s5b.report("candidate-error"),), ():
                        request = self.peer.info(session, *children, sid="another")
                        self.assertEqual(await self.condition(request), "item-not-found")
                    await self.dialling(session)
                    await self.works(session)
                self.assertEqual(listener.n_connections, 0)

    async def test_never_reports(self):
        """Nor says it what it means, or does what it says: jxs does not wait for long."""
        listener = await self.listen()
        proxy = await self.listen()

        async def mute(session):
            await listener.next()
            await self.peer.next_news(session, "candidate-used")

        async def means_another_stream(session):
            request = self.peer.info(session, s5b.report("candidate-error"), sid=session.sid)
            self.assertEqual(await self.condition(request), "item-not-found")
            await self.peer.next_news(session, "candidate-error")

        async def never_connects(session):
            await self.peer.info(session, s5b.report("candidate-used", session.theirs[0].get("cid")))
            await self.peer.next_news(session, "candidate-error")

        async def never_activates(session):
            await self.peer.info(session, self.proxy(proxy))
            await self.dialled(session, proxy, "p1")
            await self.peer.next_news(session, "proxy-error")

        async def case(role, what, *candidates):
            async with self.agreed(role, *candidates) as session:
                started.set()
                await what(session)
                await self.through_ibb(session)

        cases = []
        for role in ROLES:
            for what, *candidates in (
                (mute, self.own(listener)), (means_another_stream,), (never_connects,), (never_activates,),
            ):
                started = asyncio.Event()
                cases.append(asyncio.create_task(case(role, what, *candidates)))
                waiting = asyncio.create_task(started.wait())
                await asyncio.wait((cases[-1], waiting), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*cases)

    # ---- proxies

    async def open_our_proxy(self, session, cid="p1"):
        self.assertEqual(await self.peer.next_news(session, "candidate-used"), cid)
        await self.peer.info(session, s5b.report("candidate-error"))
        connection = await s5b.dial(
            self.server.proxy_host, self.server.proxy_port, session.hashes(self.peer.jid)[0])
        session.sockets.append(connection)
        session.stream = connection
        await self.peer.activate(self.server.proxy_jid, session)
        await self.peer.info(session, s5b.report("activated", cid))

    async def through_our_proxy(self, session):
        await self.open_our_proxy(session)
        await self.works(session)

    async def test_proxies_of_the_peer(self):
        for role in ROLES:
            for more in ((self.proxy(),), (self.proxy(priority=0),), (self.proxy(), self.proxy(cid="p2", priority=1))):
                with self.subTest(role=role, more=[element.attrib for element in more]):
                    async with self.agreed(role, *more) as session:
                        await self.through_our_proxy(session)

    async def test_proxies_of_theirs(self):
        for role in ROLES:
            with self.subTest(role):
                async with self.agreed(role) as session:
                    which = session.theirs.index(await self.their_proxy(session))
                    await self.dialling(session, which=which)
                    cid = await self.peer.next_news(session, "activated")
                    self.assertEqual(cid, session.theirs[which].get("cid"))
                    await self.works(session)

    async def test_activated_too_early(self):
        """Gajim says so before the proxy does; then it was not."""
        for role in ROLES:
            with self.subTest(role):
                listener = await self.listen()
                async with self.agreed(role, self.proxy(listener)) as session:
                    await self.dialled(session, listener, "p1")
                    await self.peer.info(session, s5b.report("activated", "p1"))
                    session.stream.writer.close()
                    await self.through_ibb(session)

    async def test_activated_before_all_is_said(self):
        for role in ROLES:
            with self.subTest(role):
                async with self.agreed(role, self.proxy()) as session:
                    request = self.peer.info(session, s5b.report("activated", "p1"))
                    self.assertEqual(await self.condition(request), "unexpected-request")
                    await self.through_our_proxy(session)

    # ---- falling back

    async def test_accepting_the_replacement_in_other_words(self):
        """Conversations leaves the sid out and names a larger block, Gajim accepts the session once more."""
        for sid, size, action in (
            (False, 4096, "transport-accept"), (True, 65535, "transport-accept"), (True, 2048, "session-accept"),
            (False, 65535, "session-accept"),
        ):
            with self.subTest(sid=sid, size=size, action=action):
                async with self.agreed("callee") as session:
                    await self.both_fail(session)
                    await self.peer.next_news(session, "transport-replace")
                    carrier = self.peer.ibb(session.stream_sid if sid else None, size)
                    if action == "session-accept":
                        await self.peer._send(session, action, self.peer.own_content(session, carrier))
                    else:
                        await self.peer.say(session, action, carrier)
                    await self.peer.take_ibb(session)
                    await self.works(session)

    # ---- bytes

    async def test_bytes_through_a_pipe(self):
        """Direct and through the proxy, as caller and as callee."""
        data = random.Random(8).randbytes(300_000).hex()
        for through in ("direct", "proxy"):
            for role in ROLES:
                with self.subTest(through=through, role=role):
                    await self.pipe(through, role, data)

    async def pipe(self, through, role, data):
        listener = await self.listen()
        candidates = [self.own(listener)] if through == "direct" else [self.proxy()]
        async with contextlib.AsyncExitStack() as stack:
            if role == "caller":
                jxs = stack.enter_context(self.jxs("listen", "pipe", "--pipe", "--accept", "all"))
                await self.wait(jxs.errors.until, "Listening as")
                session = await self.peer.call(
                    "romeo@example.test/pipe", self.new_sid(), *candidates, application=jp.PIPE)
            else:
                jxs, session = await stack.enter_async_context(self.called(verb="pipe"))
                await self.peer.answer(session, *candidates)
            if through == "direct":
                await self.dialled(session, listener)
            else:
                await self.open_our_proxy(session)
            secure = await self.secure(session)
            sending = asyncio.create_task(self.wait(jxs.send, data))
            await secure.write(data.encode() + b"\n")
            await sending
            jxs.end_input()
            received = b""
            while piece := await asyncio.wait_for(secure.read(), s5b_case.DEADLINE):
                received += piece
            self.assertEqual(received.decode(), data + "\n")
            # A proxy may hold the end of ours back until more is sent.
            await secure.close()
            self.assertEqual(await self.wait(jxs.output.until, data[:20]), data)
            self.assertEqual(await asyncio.wait_for(session.ended, s5b_case.DEADLINE), "success")
            self.assertEqual(await self.wait(jxs.wait), 0, jxs.errors.text())


if __name__ == "__main__":
    s5b_case.leave_the_network()
    tap.main("/peers/s5b-quirks")

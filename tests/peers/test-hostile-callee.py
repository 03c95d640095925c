#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hostile peer that is called: whatever it answers, `jxs chat` ends soon, says why and warns of
nothing."""

import asyncio
import contextlib
import os
import tempfile
import unittest

import command
import prosody
import raw_client
import tap

from raw_client import SECURITY, UNKNOWN, XMLSTREAM, content, data, ibb, jingle, transport

DISCO = "http://jabber.org/protocol/disco#info"
FEATURES = (
    "urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:xmlstream:0", "urn:xmpp:jingle:transports:ibb:1",
    "urn:xmpp:jingle:security:xtls:0",
)
QUICK = 15  # seconds in which it has to give up
FAILED, PEER, SECURITY_FAILED = 1, 4, 5  # exit status
STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
CONDITIONS = (
    "bad-request", "conflict", "feature-not-implemented", "forbidden", "gone", "internal-server-error",
    "item-not-found", "jid-malformed", "not-acceptable", "not-allowed", "not-authorized", "policy-violation",
    "recipient-unavailable", "redirect", "registration-required", "remote-server-not-found",
    "remote-server-timeout", "resource-constraint", "service-unavailable", "subscription-required",
    "undefined-condition", "unexpected-request", "not-a-condition",
)


def is_call(stanza):
    return len(stanza) == 1 and stanza[0].get("action") == "session-initiate"


class Call:
    """One jxs chat, and the peer that it calls."""

    def __init__(self, case, number):
        self.case = case
        self.caller = f"romeo@example.test/call{number}"
        self.name = f"callee{number}"
        self.raw = self.chat = self.sid = self.stream_sid = self.initiate = None

    async def begin(self, features=FEATURES):
        """Up to the session-initiate, which is not answered; features None: nor is anything before."""
        server = self.case.server
        self.raw = await raw_client.RawClient.connected(server, "juliet", self.name)
        self.chat = command.Jxs(
            "chat", "--jid", self.caller, "--server", server.server, "--ca-file", server.ca_file,
            "--identity", self.case.identity, self.raw.jid,
            environment={"JXS_PASSWORD": server.password, "G_DEBUG": "fatal-warnings"},
        )
        if features is None:
            return
        query = await self.raw.next_request(lambda stanza: stanza[0].tag == f"{{{DISCO}}}query")
        inside = "".join(f"<feature var='{feature}'/>" for feature in features)
        self.reply(query, f"<query xmlns='{DISCO}'>{inside}</query>")
        self.initiate = await self.raw.next_request(is_call)
        self.sid = self.initiate[0].get("sid")
        for element in self.initiate.iter():
            if element.tag.endswith("}transport"):
                self.stream_sid = element.get("sid")

    def reply(self, stanza, inside="", kind="result"):
        self.raw.send(f"<iq type='{kind}' id='{stanza.get('id')}' to='{self.caller}'>{inside}</iq>")

    def refuse(self, stanza, condition):
        self.reply(stanza, f"<error type='cancel'><{condition} xmlns='{STANZA_ERRORS}'/></error>", "error")

    def action(self, action, parts="", name="stream", more=""):
        inside = content(parts, name, more) if parts is not None else ""
        return self.raw.ask(self.caller, jingle(action, self.sid, inside))

    def accept(self, parts=None, name="stream", more=""):
        self.reply(self.initiate)
        return self.action("session-accept", parts or self.parts(), name, more)

    def parts(self, size=1024, sid=None, security=SECURITY, description=XMLSTREAM):
        return description + transport(sid or self.stream_sid, size) + security

    async def opened(self):
        self.raw.acknowledge = True
        self.accept()
        await self.raw.next_request(lambda stanza: stanza[0].tag.endswith("}open"))

    async def ended(self, *statuses):
        try:
            status = await asyncio.to_thread(self.chat.wait, QUICK)
        except AssertionError as error:
            raise AssertionError(f"{self.case}: {error}") from None
        finally:
            self.raw.kill()
        says = await asyncio.to_thread(self.chat.errors.rest)
        self.case.assertIn(status, statuses, says)
        self.case.assertIn("jxs: ", "\n".join(says))
        self.chat.__exit__()


class Callee(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        try:
            cls.server = cls.stack.enter_context(prosody.Prosody())
        except prosody.ProsodyMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.identity = os.path.join(cls.folder, "romeo.pem")
        cls.n_calls = 0

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    async def call(self, features=FEATURES):
        type(self).n_calls += 1
        call = Call(self, self.n_calls)
        await call.begin(features)
        return call

    async def test_discovery(self):
        for inside, kind in (
            ("", "result"),
            ("<query xmlns='urn:example:x'/>", "result"),
            (f"<query xmlns='{DISCO}'/>", "result"),
            (f"<query xmlns='{DISCO}'>" + f"<feature var='{'x' * 100}'/>" * 1500 + "</query>", "result"),
            ("<error type='cancel'/>", "error"),
            (f"<error type='cancel'><service-unavailable xmlns='{STANZA_ERRORS}'/></error>", "error"),
        ):
            call = await self.call(None)
            query = await call.raw.next_request(lambda stanza: stanza[0].tag == f"{{{DISCO}}}query")
            call.reply(query, inside, kind)
            call.raw.send(" " * len(inside))
            await call.ended(FAILED, PEER)

    async def test_refusals(self):
        for start in range(0, len(CONDITIONS), 6):
            calls = [await self.call() for _ in CONDITIONS[start : start + 6]]
            for call, condition in zip(calls, CONDITIONS[start:]):
                call.refuse(call.initiate, condition)
            for call in calls:
                await call.ended(FAILED, PEER)

    async def test_terminated(self):
        """Before the answer, after it, with reasons of all kinds."""
        for reason in (
            None, "<reason/>", "<reason><decline/></reason>", "<reason><success/></reason>",
            "<reason><alternative-session/></reason>", "<reason><nonsense/><text>a\u202eb</text></reason>",
            "<reason><busy/><text>" + "x" * 10000 + "</text></reason>",
        ):
            for first in (False, True):
                call = await self.call()
                if first:
                    call.reply(call.initiate)
                call.raw.ask(call.caller, jingle("session-terminate", call.sid, reason or ""))
                await call.ended(FAILED, PEER)

    async def test_acceptances_that_do_not_fit(self):
        none = ""
        for statuses, make in (
            ((FAILED,), lambda call: call.accept(name="other")),
            ((FAILED,), lambda call: call.accept(more="senders='none'")),
            ((FAILED,), lambda call: call.accept(call.parts(description=UNKNOWN))),
            ((FAILED,), lambda call: call.accept(XMLSTREAM + "<transport xmlns='urn:example:x'/>" + SECURITY)),
            ((FAILED,), lambda call: call.accept(call.parts(sid="another"))),
            ((SECURITY_FAILED,), lambda call: call.accept(call.parts(security=none))),
            ((SECURITY_FAILED,), lambda call: call.accept(call.parts(security=SECURITY.replace("x509", "srp")))),
            ((FAILED,), lambda call: call.accept(call.parts(security=SECURITY.replace("abab", "xyz!")))),
        ):
            call = await self.call()
            make(call)
            await call.ended(*statuses)

    async def test_malformed_acceptance(self):
        """What is no acceptance is refused and the call goes on; one of something else ends it."""
        call = await self.call()
        for name in (
            call.action("session-accept", None),
            call.action("session-accept", XMLSTREAM),
            call.action("session-accept", call.parts() + SECURITY),
            call.action("session-accept", call.parts(size=0)),
        ):
            self.assertEqual(raw_client.conditions(await call.raw.answer(name)), ("bad-request",))
        await call.ended(FAILED)

    async def test_somebody_else_answers(self):
        call = await self.call()
        other = await raw_client.RawClient.connected(self.server, "juliet", "other")
        identifier = call.initiate.get("id")
        other.send(f"<iq type='error' id='{identifier}' to='{call.caller}'><error/></iq>")
        other.send(f"<iq type='result' id='{identifier}' to='{call.caller}'/>")
        answer = await other.request(call.caller, jingle("session-terminate", call.sid))
        self.assertEqual(raw_client.conditions(answer), ("item-not-found", "unknown-session"))
        answer = await other.request(
            call.caller, jingle("session-accept", call.sid, content(call.parts(), "stream")))
        self.assertEqual(raw_client.conditions(answer), ("item-not-found", "unknown-session"))
        other.kill()
        self.assertIsNone(call.chat.process.poll())
        call.refuse(call.initiate, "forbidden")
        await call.ended(PEER)

    async def test_bytestream(self):
        async def act(what):
            call = await self.call()
            if what == "refused":
                call.accept()
                call.refuse(
                    await call.raw.next_request(lambda stanza: stanza[0].tag.endswith("}open")), "not-acceptable")
            else:
                await call.opened()
            if what == "closed":
                call.raw.ask(call.caller, ibb("close", call.stream_sid))
            elif what == "noise":
                call.raw.ask(call.caller, data(call.stream_sid, 0, b"this is no TLS record at all" * 20))
            elif what == "gone":
                call.raw.kill()
            elif what == "twice":
                name = call.action("session-accept", call.parts())
                self.assertEqual(
                    raw_client.conditions(await call.raw.answer(name)), ("unexpected-request", "out-of-order"))
                call.raw.ask(call.caller, data(call.stream_sid, 7, b"x"))
            elif what == "terminated":
                call.raw.ask(call.caller, jingle("session-terminate", call.sid))
            await call.ended(FAILED, PEER, SECURITY_FAILED)

        # Some take a while: the caller waits for a reason.
        await asyncio.gather(*map(act, ("refused", "closed", "noise", "gone", "twice", "terminated")))

    async def test_replacements(self):
        """A peer that proposes other transports in place of going on."""
        call = await self.call()
        call.raw.acknowledge = True
        call.accept()
        for i in range(40):
            name = call.action("transport-replace", transport(f"again{i}"))
            self.assertEqual(raw_client.conditions(await call.raw.answer(name)), ("result",))
        call.raw.ask(call.caller, jingle("session-terminate", call.sid))
        await call.ended(FAILED, PEER)


if __name__ == "__main__":
    tap.main("/peers/hostile-callee")

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""XTLS with the TLS of others: the peer negotiates a SOCKS5 bytestream, and the command line programs
of GnuTLS and OpenSSL are what secures it. The initiator of the session is the TLS client."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import unittest

import s5b_case
import tap

from s5b_case import DEADLINE, jp, s5b

PASSWORD = "underthebalcony"
SRP = ("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+SRP")
LINES = [f"line {number} " + "x" * 900 for number in range(20)]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    if writer.can_write_eof():
        writer.write_eof()


class Program:
    """One of them, and the loopback connection over which it speaks TLS."""

    def __init__(self, *command):
        self.command = command
        self.copying = []

    async def start(self):
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            *self.command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT, limit=1 << 20)
        self.seen = []
        return self

    def join(self, stream, reader, writer):
        """What it says goes to the session's stream, and back."""
        self.writer = writer
        self.copying = [
            asyncio.create_task(copy(stream.reader, writer)), asyncio.create_task(copy(reader, stream.writer))]

    async def dial(self, port, stream):
        """To a server, as soon as it is there."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except ConnectionError:
                assert self.process.returncode is None, "it ended"
                await asyncio.sleep(0.02)
        self.join(stream, reader, writer)

    async def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def until(self, part):
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), DEADLINE)
            if not line:
                raise AssertionError(f"ended without “{part}”; seen:\n" + "\n".join(self.seen))
            self.seen.append(line.decode(errors="replace").rstrip("\r\n"))
            if part in self.seen[-1]:
                return self.seen[-1]

    async def stop(self):
        for task in self.copying:
            task.cancel()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()


class Programs(s5b_case.S5bCase):
    def setUp(self):
        self.program_key = self.key
        self.user = self.password = ""
        for name in ("gnutls-cli", "gnutls-serv", "openssl", "srptool"):
            self.assertIsNotNone(shutil.which(name), f"{name} is not installed")

    def client_command(self, name, port):
        return {
            "gnutls": ("gnutls-cli", "--insecure", "--x509certfile", self.program_key, "--x509keyfile", self.program_key,
                       "--save-cert", self.saved, "-p", str(port), "127.0.0.1"),
            "srp": ("gnutls-cli", "--insecure", *SRP, "--srpusername", self.user, "--srppasswd", self.password,
                    "-p", str(port), "127.0.0.1"),
            "openssl": ("openssl", "s_client", "-quiet", "-cert", self.program_key, "-key", self.program_key,
                        "-connect", f"127.0.0.1:{port}"),
        }[name]

    def server_command(self, name, port):
        return {
            "gnutls": ("gnutls-serv", "--echo", "--require-client-cert", "--x509certfile", self.program_key,
                       "--x509keyfile", self.program_key, "-p", str(port)),
            "srp": ("gnutls-serv", "--echo", *SRP, "--srppasswd", os.path.join(self.folder, "tpasswd"),
                    "--srppasswdconf", os.path.join(self.folder, "tpasswd.conf"), "-p", str(port)),
            "openssl": ("openssl", "s_server", "-quiet", "-Verify", "1", "-cert", self.program_key, "-key", self.program_key,
                        "-accept", f"127.0.0.1:{port}"),
        }[name]

    @property
    def saved(self):
        return os.path.join(self.folder, "saved.pem")

    async def calls(self, name):
        """The program is the client, jxs listens."""
        session = await self.peer.call(
            "romeo@example.test/pipe", self.new_sid(), self.own(await self.listen()), application=jp.PIPE)
        session.stream = await self.listeners[-1].next()
        await self.peer.next_news(session, "candidate-used")
        await self.peer.info(session, s5b.report("candidate-error"))
        joined = asyncio.get_running_loop().create_future()
        server = await asyncio.start_server(
            lambda reader, writer: joined.set_result((reader, writer)), "127.0.0.1", 0)
        program = await Program(*self.client_command(name, server.sockets[0].getsockname()[1])).start()
        program.join(session.stream, *await asyncio.wait_for(joined, DEADLINE))
        server.close()
        return session, program

    async def is_called(self, name, session):
        """The program is the server, jxs calls."""
        listener = await self.listen()
        await self.peer.answer(session, self.own(listener))
        session.stream = await listener.next()
        await self.peer.next_news(session, "candidate-used")
        await self.peer.info(session, s5b.report("candidate-error"))
        port = free_port()
        program = await Program(*self.server_command(name, port)).start()
        await program.dial(port, session.stream)
        return program

    async def test_clients(self):
        for name in ("gnutls", "openssl"):
            with self.subTest(name), self.jxs("listen", "pipe", "--pipe", "--accept", "all") as jxs:
                await self.wait(jxs.errors.until, "Listening as")
                session, program = await self.calls(name)
                try:
                    for line in LINES:
                        await program.send(line)
                        self.assertEqual(await self.wait(jxs.output.until, "line"), line)
                        await self.wait(jxs.send, "back " + line)
                        self.assertEqual(await program.until("back"), "back " + line)
                    if name == "gnutls":
                        self.assert_saved()
                    # Its end, by close_notify, and ours.
                    program.process.stdin.close()
                    if name == "gnutls":  # says it only if it is the first to
                        await asyncio.wait_for(program.process.wait(), DEADLINE)
                    jxs.end_input()
                    self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "success")
                    self.assertEqual(await self.wait(jxs.wait), 0, jxs.errors.text())
                finally:
                    await program.stop()

    def assert_saved(self):
        """What it was shown is the certificate of jxs."""
        shown, own = (ssl.PEM_cert_to_DER_cert(self.first_certificate(path)) for path in (self.saved, self.identity))
        self.assertEqual(jp.sha1(shown), jp.sha1(own))

    async def test_servers(self):
        for name in ("gnutls", "openssl"):
            with self.subTest(name):
                async with self.called(verb="pipe") as (jxs, session):
                    program = await self.is_called(name, session)
                    try:
                        for line in LINES:
                            await self.wait(jxs.send, line)
                            if name == "openssl":  # the other one echoes
                                self.assertEqual(await program.until("line"), line)
                                await program.send(line)
                            self.assertEqual(await self.wait(jxs.output.until, "line"), line)
                        jxs.end_input()
                        if name == "openssl":
                            program.process.stdin.close()
                        self.assertEqual(await self.wait(jxs.wait), 0, jxs.errors.text())
                        self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "success")
                    finally:
                        await program.stop()

    async def test_clients_with_another_key(self):
        """Than the one that was announced."""
        for name in ("gnutls", "openssl"):
            with self.subTest(name), self.other_key():
                with self.jxs("listen", "pipe", "--pipe", "--accept", "all") as jxs:
                    await self.wait(jxs.errors.until, "Listening as")
                    session, program = await self.calls(name)
                    try:
                        self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
                        await self.wait(jxs.errors.until, "another certificate than it announced")
                    finally:
                        await program.stop()

    async def test_servers_with_another_key(self):
        for name in ("gnutls", "openssl"):
            with self.subTest(name), self.other_key():
                async with self.called(verb="pipe") as (jxs, session):
                    program = await self.is_called(name, session)
                    try:
                        self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
                        self.assertEqual(await self.wait(jxs.wait), 5, jxs.errors.text())
                    finally:
                        await program.stop()

    # ---- with a password (RFC 5054)

    def password_file(self):
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")
        return path

    @contextlib.asynccontextmanager
    async def calls_with_password(self, user="juliet@example.test", password=PASSWORD):
        """(jxs, which listens; the session; gnutls-cli)"""
        self.user, self.password = user, password
        self.peer.methods = ["x509", "srp"]
        with self.jxs("listen", "pipe", "--pipe", "--accept", "juliet@example.test",
                      "--peer-password-file", self.password_file()) as jxs:
            await self.wait(jxs.errors.until, "Listening as")
            session, program = await self.calls("srp")
            try:
                self.assertEqual(session.methods, ["srp"])
                yield jxs, session, program
            finally:
                await program.stop()

    @contextlib.asynccontextmanager
    async def is_called_with_password(self, user="romeo@example.test", password=PASSWORD):
        """(jxs, which calls; the session; gnutls-serv)"""
        config, passwords = (os.path.join(self.folder, name) for name in ("tpasswd.conf", "tpasswd"))
        for command in (["--create-conf", config], ["-p", passwords, "-v", config, "-u", user]):
            # Without a terminal it reads from its input.
            subprocess.run(["srptool", *command], input=f"{password}\n{password}\n".encode(), check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.peer.methods = ["srp"]
        try:
            async with self.called("--peer-password-file", self.password_file(), verb="pipe") as (jxs, session):
                self.assertIn("srp", session.methods)
                program = await self.is_called("srp", session)
                try:
                    yield jxs, session, program
                finally:
                    await program.stop()
        finally:
            os.remove(passwords)

    async def test_client_with_password(self):
        async with self.calls_with_password() as (jxs, session, program):
            for line in LINES:
                await program.send(line)
                self.assertEqual(await self.wait(jxs.output.until, "line"), line)
                await self.wait(jxs.send, "back " + line)
                self.assertEqual(await program.until("back"), "back " + line)
            await self.wait(jxs.errors.until, "Both sides knew the password")
            program.process.stdin.close()
            await asyncio.wait_for(program.process.wait(), DEADLINE)
            jxs.end_input()
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "success")
            self.assertEqual(await self.wait(jxs.wait), 0, jxs.errors.text())

    async def test_server_with_password(self):
        async with self.is_called_with_password() as (jxs, session, _):
            for line in LINES:
                await self.wait(jxs.send, line)
                self.assertEqual(await self.wait(jxs.output.until, "line"), line)
            await self.wait(jxs.errors.until, "Both sides knew the password")
            jxs.end_input()
            self.assertEqual(await self.wait(jxs.wait), 0, jxs.errors.text())
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "success")

    async def test_client_that_guesses(self):
        async with self.calls_with_password(password="underthetable") as (jxs, session, _):
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
            await self.wait(jxs.errors.until, "entered another password")

    async def test_client_of_another_name(self):
        async with self.calls_with_password(user="mallory@example.test") as (jxs, session, _):
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
            await self.wait(jxs.errors.until, "as somebody else")

    async def test_server_that_guesses(self):
        async with self.is_called_with_password(password="underthetable") as (jxs, session, _):
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
            await self.wait(jxs.errors.until, "entered another password")
            self.assertEqual(await self.wait(jxs.wait), 5)

    async def test_server_that_knows_somebody_else(self):
        async with self.is_called_with_password(user="mallory@example.test") as (jxs, session, _):
            self.assertEqual(await asyncio.wait_for(session.ended, DEADLINE), "security-error")
            await self.wait(jxs.errors.until, "The peer ended the encrypted connection: ")
            self.assertEqual(await self.wait(jxs.wait), 5)

    @contextlib.contextmanager
    def other_key(self):
        self.program_key = os.path.join(self.folder, "other.pem")
        jp.make_key(self.program_key)
        try:
            yield
        finally:
            self.program_key = self.key


if __name__ == "__main__":
    s5b_case.leave_the_network()
    tap.main("/peers/tls-programs")

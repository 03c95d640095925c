# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of the jxs command share that need a server."""

import fcntl
import os
import pty
import re
import select
import subprocess
import tempfile
import termios
import unittest

import command
import prosody


class Server(unittest.TestCase):
    limit = None
    proxy65 = False

    @classmethod
    def setUpClass(cls):
        cls.server = prosody.Prosody(limit=cls.limit, proxy65=cls.proxy65)
        try:
            cls.server.start()
        except prosody.ProsodyMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.data = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.data.cleanup()

    # What the tests of other things use: through the server, as there is one.
    network = ("--transports", "ibb")

    def account(self, user):
        return ["--jid", f"{user}@{self.server.domain}", "--server", self.server.server,
                "--ca-file", self.server.ca_file, "--trust-store", self.trust_store(user), *self.network]

    def trust_store(self, user):
        """Each person has one, and each test begins without."""
        return os.path.join(self.data.name, f"{self.id()}-{user}", "trust.db")

    def environment(self, **more):
        return {"XDG_DATA_HOME": self.data.name, "JXS_PASSWORD": self.server.password, **more}

    def jxs(self, name, user, *arguments, environment=None, **streams):
        return command.Jxs(name, *self.account(user), *arguments,
                           environment=environment or self.environment(), **streams)

    def juliet(self):
        return f"juliet@{self.server.domain}"

    def fingerprint(self, user):
        result = subprocess.run([command.JXS, "identity", "--jid", f"{user}@{self.server.domain}"], check=True,
                                capture_output=True, text=True, env={**os.environ, **self.environment()})
        return " ".join(re.search(r"SHA-256 +((?:[0-9A-F]{4}\s+)+)", result.stdout).group(1).split())


class Terminal:
    """jxs with a terminal of its own, to be talked to as a person does."""

    def __init__(self, *arguments, environment):
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen(
            [command.JXS, *arguments], stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), env={**os.environ, **environment})
        os.close(follower)
        self.shown = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)

    def until(self, part):
        while part not in self.shown:
            ready, _, _ = select.select([self.leader], [], [], command.DEADLINE)
            assert ready, f"no “{part}”; shown: {self.shown}"
            try:
                self.shown += os.read(self.leader, 65536).decode()
            except OSError:
                raise AssertionError(f"ended without “{part}”; shown: {self.shown}") from None
        before, _, self.shown = self.shown.partition(part)
        return before

    def type(self, text):
        os.write(self.leader, text.encode())

    def wait(self):
        return self.process.wait(command.DEADLINE)

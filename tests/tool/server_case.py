# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of the jxs command share that need a server."""

import os
import re
import subprocess
import tempfile
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

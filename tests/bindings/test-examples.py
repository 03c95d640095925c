#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of doc/examples, each against `jxs listen` through a real server.

The environment variables JXS_TEST_EXAMPLE_C and so on name the programs.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import unittest

import command
import prosody
import tap

PREFIX = "JXS_TEST_EXAMPLE_"


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        try:
            cls.server = cls.stack.enter_context(prosody.Prosody())
        except prosody.ProsodyMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def say_hello(self, *program):
        environment = {**os.environ, "PASSWORD": self.server.password, "SERVER": self.server.server,
                       "CA_FILE": self.server.ca_file}
        with command.Jxs(
            "listen", "--jid", "juliet@example.test/jxs", "--server", self.server.server, "--ca-file",
            self.server.ca_file, "--identity", os.path.join(self.folder, "juliet.pem"), "--accept", "all",
            environment={"JXS_PASSWORD": self.server.password},
        ) as listener:
            listener.errors.until("Listening as")
            with subprocess.Popen(
                [*program, "romeo@example.test", "juliet@example.test/jxs"], env=environment,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            ) as example:
                try:
                    listener.output.until("Hello")
                    listener.send("Hello yourself")
                    self.assertEqual(example.stdout.readline(), "Hello yourself\n")
                    listener.process.send_signal(signal.SIGINT)
                    _, errors = example.communicate(timeout=command.DEADLINE)
                    self.assertEqual((example.returncode, errors), (0, ""))
                finally:
                    example.kill()
            self.assertEqual(listener.wait(), 130)


def add(language, program):
    # Scripts run with the interpreter of their first line, which is where the bindings are.
    def test(self):
        interpreter = []
        if program.endswith((".py", ".js")):
            with open(program, encoding="utf-8") as script:
                interpreter = script.readline().removeprefix("#!").split()
        self.say_hello(*interpreter, program)

    setattr(Examples, f"test_{language}", test)


for name, value in sorted(os.environ.items()):
    if name.startswith(PREFIX):
        add(name.removeprefix(PREFIX).lower(), value)

if __name__ == "__main__":
    tap.main("/bindings/examples")

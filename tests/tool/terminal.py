# SPDX-License-Identifier: LGPL-2.1-or-later
"""jxs with a terminal of its own."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios

import command


class Terminal:
    """jxs with a terminal of its own, to be talked to as a person does."""

    def __init__(self, *arguments, environment, columns=80):
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
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

    def rest(self):
        """What is shown up to the end."""
        while True:
            ready, _, _ = select.select([self.leader], [], [], command.DEADLINE)
            assert ready, f"no end; shown: {self.shown}"
            try:
                piece = os.read(self.leader, 65536)
            except OSError:
                piece = b""
            if not piece:
                return self.shown
            self.shown += piece.decode()

    def wait(self):
        return self.process.wait(command.DEADLINE)

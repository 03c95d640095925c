# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jxs command as a child of a test: arguments, input, output line by line, exit code."""

import base64
import os
import queue
import subprocess
import tempfile
import threading

JXS = os.environ.get("JXS_TEST_COMMAND", "jxs")
DEADLINE = 60


def traces_of(secret):
    """What a secret looks like when it leaks: as it is, in hexadecimal, and in base64 at any offset."""
    secret = secret.encode() if isinstance(secret, str) else secret
    traces = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for offset in range(3):
        # The first and the last characters also depend on the neighbours.
        traces.append(base64.b64encode(bytes(offset) + secret).rstrip(b"=")[offset + (offset > 0):-1])
    return traces


class Jxs:
    """A running `jxs`. Lines of both outputs are kept and can be waited for. `prefix` is a command that runs it.

    It remembers nothing of others that ran before, unless the environment names a folder for its data.
    """

    def __init__(self, *arguments, prefix=(), environment=None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more):
        self.arguments = arguments
        self.data = tempfile.TemporaryDirectory(prefix="jxs-data-")
        self.process = subprocess.Popen(
            [*prefix, JXS, *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
            env={**os.environ, "NO_COLOR": "1", "XDG_DATA_HOME": self.data.name, **(environment or {})}, **more,
        )
        self.output = Lines(self.process.stdout) if stdout == subprocess.PIPE else None
        self.errors = Lines(self.process.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for lines in (self.output, self.errors):
            if lines is not None:
                lines.thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        self.data.cleanup()

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()

    def wait(self, timeout=DEADLINE):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} did not end in {timeout} s; it said:\n{self.errors.text()}") from None

    def __str__(self):
        return "jxs " + " ".join(self.arguments)


class Lines:
    """What a pipe says, read by a thread so that the child never waits for the test."""

    def __init__(self, pipe):
        self.seen = []
        self.lines = queue.Queue()
        self.thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self.thread.start()

    def _read(self, pipe):
        for line in pipe:
            self.lines.put(line.decode("utf-8", "replace").rstrip("\n"))
        self.lines.put(None)

    def until(self, part, timeout=DEADLINE):
        """The next line that contains part."""
        while True:
            try:
                line = self.lines.get(timeout=timeout)
            except queue.Empty:
                raise AssertionError(f"no “{part}” in {timeout} s; seen:\n{self.text()}") from None
            if line is None:
                self.lines.put(None)
                raise AssertionError(f"ended without “{part}”; seen:\n{self.text()}")
            self.seen.append(line)
            if part in line:
                return line

    def rest(self, timeout=DEADLINE):
        """Every line up to the end."""
        lines = []
        while (line := self.lines.get(timeout=timeout)) is not None:
            lines.append(line)
        self.lines.put(None)
        self.seen += lines
        return lines

    def text(self):
        return "\n".join(self.seen)

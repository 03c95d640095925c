# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the unittest cases of the calling program and prints TAP: `tap.main()`.

Arguments name cases to run: parts of their names.
"""

import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    def __init__(self, prefix):
        super().__init__()
        self.prefix = prefix
        self.number = 0
        self.has_bad_parts = False

    def _line(self, ok, test, note=""):
        self.number += 1
        name = test.id().removeprefix("__main__.").replace(".", "/")
        print(f"{'ok' if ok else 'not ok'} {self.number} {self.prefix}/{name}{note}", flush=True)

    def _explain(self, error):
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print(f"# {line}", flush=True)

    def _failed(self, test, error):
        self._line(False, test)
        self._explain(error)

    def startTest(self, test):
        super().startTest(test)
        self.has_bad_parts = False

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is None:
            return
        print(f"# {subtest}", flush=True)
        self._explain(err)
        if not self.has_bad_parts:
            self.has_bad_parts = True
            self._line(False, test)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line(True, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(True, test, f" # SKIP {reason}")

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)


def _cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _cases(item)
        else:
            yield item


def main(prefix):
    wanted = sys.argv[1:]
    suite = unittest.TestSuite(
        case
        for case in _cases(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
        if not wanted or any(part in case.id() for part in wanted)
    )
    result = TapResult(prefix)
    suite.run(result)
    # At the end: a class that is skipped counts as one.
    print(f"1..{result.number}", flush=True)
    sys.exit(0 if result.wasSuccessful() else 1)

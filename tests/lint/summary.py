#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up the cases of a meson test run and prints `N passed, N failed[, N skipped]`.

A program that speaks TAP counts with each of its cases, any other as one. A program that failed
without a failing case (a crash, a time-out, a plan not kept) counts as one failure.
"""

import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b[^#]*(?:#\s*(skip|todo)\b.*)?", re.IGNORECASE)


def count(run):
    passed = failed = skipped = 0
    reasons = []
    for line in (run.get("stdout") or "").splitlines():
        match = CASE.match(line)
        if not match:
            continue
        if (match.group(2) or "").lower() == "skip":
            skipped += 1
            reasons.append(line.split("#", 1)[1].strip())
        elif match.group(1):
            failed += 1
        else:
            passed += 1
    result = run["result"]
    if result == "SKIP" and skipped == 0:
        skipped = 1
        reasons.append("the whole program")
    elif result in ("OK", "EXPECTEDFAIL") and passed + failed + skipped == 0:
        passed = 1
    elif result not in ("OK", "SKIP", "EXPECTEDFAIL") and failed == 0:
        failed = 1
    return passed, failed, skipped, reasons


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8") as log:
        runs = [json.loads(line) for line in log if line.strip()]
    for run in runs:
        *numbers, reasons = count(run)
        totals = [total + number for total, number in zip(totals, numbers)]
        for reason in reasons:
            print(f"skipped in {run['name']}: {reason}")
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

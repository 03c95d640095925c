#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the benches and prints a table; with --json FILE also writes
[{"id": …, "value": …, "unit": …, "baseline": …, "ratio": …}].

To add a bench: one line in BENCHES below, one program. The program is either an executable that
tests/bench/meson.build builds, or a script beside this file (NAME.py), which gets the top of the
build directory as its only argument. Each run of it is one repetition: it measures value and
baseline by turns (so that a busy machine slows both), and the last line of its output is one JSON object

    {"value": 123.4, "baseline": 100.0}       "baseline": null if there is nothing to compare with

Both are in the bench's unit. ratio = value / baseline; of all repetitions the one with the
median ratio is reported (without a baseline: the median value). Anything else the program prints is
shown if it fails. A program that cannot measure exits with a status other than 0, never with a
made-up figure.
"""

import argparse
import json
import os
import subprocess
import sys
from typing import NamedTuple, Optional


class Bench(NamedTuple):
    id: str
    program: str
    unit: str
    target: Optional[float]  # the ratio to reach
    repetitions: int = 5
    at_most: Optional[float] = None  # or what not to exceed: the ratio, without a baseline the value


BENCHES = [
    Bench('xml.parse', 'bench-xml-parse', 'stanzas/s', 0.85, 9),
    Bench('xml.ibb', 'bench-xml-ibb', 'MB/s', 0.9, 9),
    Bench('stream.stanzas', 'bench-stream-stanzas', 'stanzas/s', 0.5),
    Bench('tls.bulk', 'bench-tls-bulk', 'MB/s', 1.2, 9),
    Bench('tls.handshake', 'bench-tls-handshake', '1/s', 0.8, 5),
    Bench('tls.stall', 'bench-tls-stall', 'ms', None, 3, at_most=1.5),
    Bench('srp.handshake', 'bench-srp-handshake', '1/s', None, 3),
    Bench('ibb.rtt50', 'bench-ibb-rtt50.py', 'MB/s', 60, 3),
    Bench('session.memory', 'bench-session-memory', 'bytes', None, 3),
    Bench('setup.rtts', 'bench-setup-rtts', 'round trips', None, 1),
    Bench('s5b.plain', 'bench-s5b-plain', 'MB/s', 0.97, 5),
    Bench('s5b.tls', 'bench-s5b-tls', 'MB/s', 1.2, 5),
    Bench('s5b.dead', 'bench-s5b-dead', 's', None, 1, at_most=1.2),
    Bench('s5b.proxy', 'bench-s5b-proxy.py', 'MB/s', None, 3),
    Bench('s5b.rtts', 'bench-s5b-rtts', 'round trips', None, 3, at_most=2.0),
]

SOURCE_DIR = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 600  # seconds for one repetition


def measure_once(bench, build_dir):
    if bench.program.endswith('.py'):
        command = [sys.executable, os.path.join(SOURCE_DIR, bench.program), build_dir]
    else:
        command = [os.path.join(build_dir, 'tests', 'bench', bench.program)]
    done = subprocess.run(command, text=True, timeout=TIMEOUT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError(f'exit status {done.returncode}\n{done.stdout}')
    result = json.loads(done.stdout.strip().splitlines()[-1])
    value, baseline = result['value'], result['baseline']
    return {'id': bench.id, 'value': value, 'unit': bench.unit, 'baseline': baseline,
            'ratio': None if baseline is None else value / baseline}


def judged(result):
    return result['value' if result['ratio'] is None else 'ratio']


def measure(bench, build_dir):
    results = [measure_once(bench, build_dir) for _ in range(bench.repetitions)]
    results.sort(key=judged)
    return results[len(results) // 2]


def format_number(number):
    if number is None:
        return '-'
    return f'{number:,.0f}' if abs(number) >= 1000 else f'{number:.3g}'


def print_row(cells):
    print('{:<16} {:>12} {:<12} {:>12} {:>7} {:>7}  {}'.format(*cells), flush=True)


def main():
    parser = argparse.ArgumentParser(description='Runs the benches and prints a table.')
    parser.add_argument('--json', metavar='FILE', help='also write the results to FILE')
    parser.add_argument('--build-dir', default=os.path.join(SOURCE_DIR, '..', '..', '_build'),
                        help='where the library was built (default: _build)')
    parser.add_argument('ids', metavar='ID', nargs='*', help='only these benches')
    args = parser.parse_args()

    unknown = set(args.ids) - {bench.id for bench in BENCHES}
    if unknown:
        parser.error(f'no such bench: {", ".join(sorted(unknown))}; '
                     f'there are {", ".join(bench.id for bench in BENCHES)}')

    results = []
    failed = []
    print_row(['id', 'value', 'unit', 'baseline', 'ratio', 'target', 'reached'])
    for bench in BENCHES:
        if args.ids and bench.id not in args.ids:
            continue
        try:
            result = measure(bench, os.path.abspath(args.build_dir))
        except (OSError, RuntimeError, ValueError, KeyError, IndexError,
                subprocess.TimeoutExpired) as error:
            failed.append(bench.id)
            print_row([bench.id, 'failed', '', '', '', '', ''])
            print(error, file=sys.stderr)
            continue
        results.append(result)
        target, reached = format_number(bench.target), ''
        if bench.at_most is not None:
            target = '<=' + format_number(bench.at_most)
            reached = 'yes' if judged(result) <= bench.at_most else 'no'
        elif bench.target is not None and result['ratio'] is not None:
            reached = 'yes' if result['ratio'] >= bench.target else 'no'
        print_row([bench.id, format_number(result['value']), bench.unit,
                   format_number(result['baseline']), format_number(result['ratio']),
                   target, reached])

    if args.json:
        with open(args.json, 'w', encoding='utf-8') as file:
            json.dump(results, file, indent=2)
            file.write('\n')
    if failed:
        sys.exit(f'failed: {", ".join(failed)}')


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""s5b.proxy: bulk bytes through Prosody's proxy65 as it is out of the box."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

script = os.path.join(HERE, '..', 'servers', 'with-prosody.py')
program = os.path.join(sys.argv[1], 'tests', 'bench', 'bench-s5b-proxy')
os.execv(sys.executable, [sys.executable, script, '--proxy65', program])

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every capture that others made, and a thousand mutations, in one process (see run-many.c).

Skips without the captures ($WORMWOOD_SHARED, or ../shared beside the project).
Usage: test-run-many.py RUN-MANY SOURCE-ROOT
"""
import os
import subprocess
import sys

program, root = sys.argv[1], sys.argv[2]
shared = os.environ.get('WORMWOOD_SHARED') or os.path.join(root, '..', 'shared')
captures = os.path.join(shared, 'captures')
if not os.path.isdir(captures):
    print('no captures of others at %s' % captures)
    sys.exit(77)
sys.exit(subprocess.run([program, '--mutations', '1000', '--seed', '1',
                         os.path.join(root, 'advisories'), captures]).returncode)

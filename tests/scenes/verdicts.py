#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Snort 2.2.0 said of captures with its rules of 2004, rule by rule, against what `watch` says.

Where the two differ, verdicts-differences.tsv beside this file says by how much and why; a difference
that is not there fails, and so does a row that is no difference. Verdicts of Snort's decoder and
preprocessors (116:45 and the like) are not of rules and are passed over.

Read in place, from $WORMWOOD_SHARED or ../shared beside the project; skipped without them.

Usage: verdicts.py WORMWOOD SOURCE-ROOT
"""
import collections
import fnmatch
import json
import os
import subprocess
import sys
import tempfile

PROGRAM, ROOT = sys.argv[1], sys.argv[2]
SHARED = os.environ.get('WORMWOOD_SHARED') or os.path.join(ROOT, '..', 'shared')
CAPTURES = os.path.join(SHARED, 'captures')
VERDICTS = os.path.join(CAPTURES, 'snort-2.2.0-verdicts.tsv')
RULES = os.path.join(SHARED, 'rules', 'snort-2004')


def rows_of(path):
    with open(path, encoding='utf-8') as file:
        for line in file:
            if not line.startswith('#'):
                yield line.rstrip('\n').split('\t')


def verdict(text):
    """'1421x2 116:45x2' to {1421: 2}."""
    counts = {}
    for word in text.split():
        rule, _, n = word.rpartition('x')
        if rule and ':' not in rule:
            counts[int(rule)] = int(n)
    return counts


def watch(capture, empty):
    env = dict(os.environ, WORMWOOD_ADVISORIES=empty)
    run = subprocess.run([PROGRAM, 'watch', '--json', '--db', ':memory:', '--advisories', empty,
                          '--rules', RULES, capture], capture_output=True, env=env, timeout=60)
    rows = [json.loads(line) for line in run.stdout.decode().splitlines()]
    assert rows and rows[-1]['type'] == 'summary', (capture, run.stderr)
    return collections.Counter(row['sid'] for row in rows
                               if row['type'] == 'finding' and row['kind'] == 'rule' and
                               row['gid'] == 1)  # reassembly's own are no rule of Snort's


if not os.path.exists(VERDICTS) or not os.path.isdir(RULES):
    print('skipped: no verdicts or no rules of others at %s' % SHARED)
    sys.exit(77)
known = list(rows_of(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                  'verdicts-differences.tsv')))
used, failures, captures = set(), 0, 0
with tempfile.TemporaryDirectory() as nothing:
    for name, text, *_ in list(rows_of(VERDICTS))[1:]:
        theirs, ours = verdict(text), watch(os.path.join(CAPTURES, name), nothing)
        captures += 1
        for sid in sorted(set(theirs) | set(ours)):
            if theirs.get(sid, 0) == ours.get(sid, 0):
                continue
            for i, (row_sid, pattern, their_n, our_n, _) in enumerate(known):
                if (int(row_sid) == sid and fnmatch.fnmatch(name, pattern) and
                        int(their_n) == theirs.get(sid, 0) and
                        our_n in ('*', str(ours.get(sid, 0)))):
                    used.add(i)
                    break
            else:
                failures += 1
                print('FAILED %s: rule %d alerts %d times, with Snort 2.2.0 %d' %
                      (name, sid, ours.get(sid, 0), theirs.get(sid, 0)))
for i, row in enumerate(known):
    if i not in used:
        failures += 1
        print('FAILED: no such difference any more: %s' % ' '.join(row[:4]))
print('%d captures, %d differences that are explained' % (captures, len(used)))
sys.exit(1 if failures or not captures else 0)

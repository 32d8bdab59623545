#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares how many frames we and tcpdump read, over captures of others, whole and damaged.

usage: test-counts.py TOOL_COUNT SOURCE_ROOT
The captures are in $WORMWOOD_SHARED/captures or SOURCE_ROOT/../shared/captures; without them,
or without tcpdump, the test is skipped (77).

tcpdump is the judge wherever it reads the file to its end. Where it stops with an error, we must
have delivered as many frames as it did, except for the errors of READ_ON: there the file is good
and libpcap's interface cannot express it, and we read on.
"""
import gzip
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

MUTATIONS = 400
READ_ON = re.compile('an interface has a (type|snapshot length)|different byte orders|'
                     'bigger than snaplen')
# Where libpcap does not open the file, for a reason of its own, there is nothing to compare.
NOT_OPENED = re.compile('unknown data link type|no Interface Description|before any Interface|'
                        'truncated dump file; tried to read [0-9]+ file header bytes')


def captures(root):
    for folder, folders, files in sorted(os.walk(root)):
        folders.sort()
        for name in sorted(files):
            if name.endswith(('.pcap', '.pcapng', '.pcap.gz')):
                yield os.path.join(folder, name)


def by_tcpdump(path):
    run = subprocess.run(['tcpdump', '-nr', path, '--count'], capture_output=True)
    found = re.match(r'(\d+) packets?$', run.stdout.decode().strip())
    error = '' if run.returncode == 0 else run.stderr.decode(errors='replace').strip()
    return int(found.group(1)) if found else None, error


def by_us(tool, paths):
    run = subprocess.run([tool] + paths, capture_output=True)
    if run.returncode != 0:
        sys.exit('%s: status %d\n%s' % (tool, run.returncode, run.stderr.decode()))
    return [line.split('\t') for line in run.stdout.decode().splitlines()]


def mutate(rng, data):
    data = bytearray(data)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(data[:rng.randrange(len(data) + 1)])
    for _ in range(rng.randrange(1, 6)):
        data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 255, rng.randrange(256)))
    if kind == 1:
        at = rng.randrange(len(data))
        del data[at:at + rng.randrange(1, 40)]
    return bytes(data)


def compare(tool, paths, names):
    bad = done = errors = 0
    for path, name, ours in zip(paths, names, by_us(tool, paths)):
        theirs, error = by_tcpdump(path)
        if error:
            errors += 1
        if theirs is None:
            if not error or not (NOT_OPENED.search(error) or ours[1] == 'refused'
                                 or ours[0] == '0'):
                print('%s: tcpdump does not open it (%s), we read %s' % (name, error, ours))
                bad += 1
            continue
        done += 1
        frames = -1 if ours[0] == '-' else int(ours[0])
        if frames == theirs or (frames > theirs and READ_ON.search(error)):
            continue
        print('%s: tcpdump %d (%s), we %s' % (name, theirs, error, ours))
        bad += 1
    return bad, done, errors


def main():
    tool, source = sys.argv[1:3]
    root = os.path.join(os.environ.get('WORMWOOD_SHARED') or os.path.join(source, '../shared'),
                        'captures')
    if not os.path.isdir(root):
        print('skipped: no captures of others at', root)
        return 77
    if not shutil.which('tcpdump'):
        print('skipped: no tcpdump')
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        # A descriptor that may be read by tcpdump after it has dropped its privileges.
        os.chmod(scratch, 0o755)
        paths, names = [], []
        for path in captures(root):
            names.append(os.path.relpath(path, root))
            if path.endswith('.gz'):
                plain = os.path.join(scratch, os.path.basename(path)[:-3])
                with gzip.open(path) as packed, open(plain, 'wb') as out:
                    out.write(packed.read())
                path = plain
            paths.append(path)
        bad, done, _ = compare(tool, paths, names)
        print('%d captures compared' % done)
        if done < 100:
            print('that is too few')
            bad += 1

        rng = random.Random(4444)
        mutants, mutant_names = [], []
        small = [p for p in paths if os.path.getsize(p) < 100000]
        # Every second is a pcapng: there are few of them and most to get wrong.
        ngs = [p for p in small if p.endswith('ng')] or small
        for i in range(MUTATIONS):
            path = rng.choice(ngs if i % 2 == 0 else small)
            with open(path, 'rb') as file:
                data = mutate(rng, file.read())
            mutants.append(os.path.join(scratch, 'mutant-%d' % i))
            mutant_names.append('mutant %d of %s' % (i, os.path.basename(path)))
            with open(mutants[-1], 'wb') as out:
                out.write(data)
        more, done, errors = compare(tool, mutants, mutant_names)
        print('%d mutants compared, %d of all with an error in tcpdump' % (done, errors))
        return 1 if bad + more else 0


if __name__ == '__main__':
    sys.exit(main())

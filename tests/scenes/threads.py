#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever --threads says, `wormwood watch --json` says the same, byte for byte.

Over drills, and over the captures that others made, with the advisories alone and with thousands of
rules, of which most speak of either direction (those make work for threads). Captures and rules are
read in place, from $WORMWOOD_SHARED or ../shared beside the project; without them the drills are
all, and that is said.

Usage: threads.py WORMWOOD SOURCE-ROOT
"""
import glob
import os
import subprocess
import sys
import tempfile

PROGRAM, ROOT = sys.argv[1], sys.argv[2]
SHARED = os.environ.get('WORMWOOD_SHARED') or os.path.join(ROOT, '..', 'shared')
SEEDS = (1, 2)
THREADS = ('2', '4')
# With these every TCP conversation is looked at both ways, whatever rules of others there are.
OWN = ''.join(
    'alert %s any any -> any any (msg:"%s"; %s; sid:%d;)\n' % (proto, text, test, 9000 + i)
    for i, (proto, text, test) in enumerate((
        ('tcp', 'a request', 'content:"GET "'),
        ('tcp', 'an answer', 'content:"HTTP/1."; threshold:type limit, track by_src, count 2, '
                             'seconds 60'),
        ('tcp', 'tftp', 'content:"tftp "; nocase; pcre:"/tftp\\s+-i\\s/i"'),
        ('tcp', 'ones', 'content:"|90 90 90 90|"; detection_filter:track by_dst, count 3, '
                        'seconds 30'),
        ('udp', 'a file', 'content:"octet"; nocase'),
        ('udp', 'zeros', 'content:"|00 00 00|"; threshold:type both, track by_dst, count 20, '
                         'seconds 60'))))

# Meson has the C library overwrite what is freed: the tables of nine hundred runs, nine times.
os.environ.pop('MALLOC_PERTURB_', None)
os.environ['WORMWOOD_ADVISORIES'] = os.path.join(ROOT, 'advisories')
failures = []
alerts = 0


def watch(threads, options, files):
    run = subprocess.run([PROGRAM, 'watch', '--json', '--db', ':memory:', '--threads', threads] +
                         options + files, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return run.returncode, run.stdout


def compare(name, options, files):
    global alerts
    one = watch('1', options, files)
    alerts += one[1].count(b'"kind":"rule"')
    for threads in THREADS:
        many = watch(threads, options, files)
        if many == one:
            continue
        a, b = one[1].splitlines(), many[1].splitlines()
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        failures.append('%s, %s threads: exit %d and %d; line %d:\n  %s\n  %s' % (
            name, threads, one[0], many[0], at + 1, a[at:at + 1], b[at:at + 1]))


with tempfile.TemporaryDirectory(prefix='wormwood-threads-') as folder:
    own = os.path.join(folder, 'own.rules')
    with open(own, 'w') as out:
        out.write(OWN)
    drills = []
    for seed in SEEDS:
        drill = os.path.join(folder, str(seed))
        subprocess.run([PROGRAM, 'drill', 'blaster', '-o', drill, '--seed', str(seed), '--hosts',
                        '100', '--duration', '900', '--background', '40'], check=True,
                       stdout=subprocess.DEVNULL)
        drills.append(os.path.join(drill, 'capture.pcap'))
    compare('drills', [], drills)
    compare('drills, own rules', ['--rules', own], drills)
    captures = sorted(path for pattern in ('*.pcap', '*.pcapng', '*.cap')
                      for path in glob.glob(os.path.join(SHARED, 'captures', '**', pattern),
                                            recursive=True))
    corpora = sorted(glob.glob(os.path.join(SHARED, 'rules', '*', '*.rules')))
    if captures:
        compare('captures', ['--rules', own], captures)
    if captures and corpora:
        every = [word for path in corpora for word in ('--rules', path)]
        compare('captures, all rules', ['--all-rules', '--rules', own] + every, captures)
    if not captures or not corpora:
        print('captures and rules of others: skipped, %s has none' % SHARED)

for failure in failures:
    print('not so: ' + failure)
print('%d alerts of %d captures' % (alerts, len(drills) + len(captures)))
sys.exit(1 if failures or alerts < 100 else 0)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenes that others made (OISF/suricata-verify): a capture, rules, and how often each rule alerts.

Of each scene's test.yaml the checks on alerts are taken: their count for one rule (or for all),
and where given the number of the packet and the source port. Checks on other events, on contents of
an alert and on counters are Suricata's own output, and are passed over.

Read in place, from $WORMWOOD_SHARED or ../shared beside the project; without them, or without a
YAML parser for Python, the test is skipped.

Usage: expectations.py WORMWOOD SOURCE-ROOT
"""
import glob
import json
import os
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print('skipped: Python has no yaml here')
    sys.exit(77)

PROGRAM, ROOT = sys.argv[1], sys.argv[2]
SHARED = os.environ.get('WORMWOOD_SHARED') or os.path.join(ROOT, '..', 'shared')
SCENES = os.path.join(SHARED, 'captures', 'scenes')

# What does not hold yet, by scene, with the reason. When it holds, that is said: take the row out.
KNOWN = {
}


def watch(scene, capture, rules, empty):
    command = [PROGRAM, 'watch', '--json', '--db', ':memory:', '--advisories', empty]
    for path in rules:
        command += ['--rules', path]
    env = dict(os.environ, WORMWOOD_ADVISORIES=empty)
    run = subprocess.run(command + [capture], capture_output=True, env=env, timeout=60)
    rows = [json.loads(line) for line in run.stdout.decode().splitlines()]
    assert rows and rows[-1]['type'] == 'summary', (scene, run.stderr)
    return rows[-1], [r for r in rows if r['type'] == 'finding' and r['kind'] == 'rule']


def ports_of(finding):
    return {finding.get('port'), finding.get('src_port')}


def matches(finding, wanted):
    if 'alert.signature_id' in wanted and finding['sid'] != wanted['alert.signature_id']:
        return False
    if 'pcap_cnt' in wanted and wanted['pcap_cnt'] not in finding['frames']:
        return False
    return 'src_port' not in wanted or wanted['src_port'] in ports_of(finding)


def checks_of(path):
    """(count, what) of the checks on alerts that hold for every version."""
    with open(path, encoding='utf-8') as file:
        test = yaml.safe_load(file)
    for check in test.get('checks') or []:
        one = check.get('filter') or {}
        wanted = one.get('match') or {}
        if wanted.get('event_type') == 'alert' and not one.get('requires'):
            yield one['count'], {k: v for k, v in wanted.items()
                                 if k in ('alert.signature_id', 'pcap_cnt', 'src_port')}


def run_scene(path, empty):
    folder = os.path.dirname(path)
    name = os.path.relpath(folder, SCENES)
    captures = [c for c in sorted(os.listdir(folder)) if c.endswith(('.pcap', '.pcapng'))]
    if len(captures) != 1:
        return name, ['%d captures' % len(captures)], 0
    rules = sorted(glob.glob(os.path.join(folder, '*.rules')))
    summary, alerts = watch(name, os.path.join(folder, captures[0]), rules, empty)
    failures, checks = [], 0
    if summary['rules']['refused']:
        failures.append('%d rules refused' % summary['rules']['refused'])
    for count, wanted in checks_of(path):
        checks += 1
        got = sum(matches(alert, wanted) for alert in alerts)
        if got != count:
            failures.append('%s: %d alerts, not %d' % (wanted or 'all', got, count))
    return name, failures, checks


if not os.path.isdir(SCENES):
    print('skipped: no scenes of others at %s' % SCENES)
    sys.exit(77)
bad = total = 0
with tempfile.TemporaryDirectory() as nothing:
    for each in sorted(glob.glob(os.path.join(SCENES, '**', 'test.yaml'), recursive=True)):
        scene, trouble, n = run_scene(each, nothing)
        total += n
        if scene in KNOWN:
            print('known   %s: %s (%s)' % (scene, '; '.join(trouble) or 'HOLDS NOW, take its row '
                                           'out of KNOWN', KNOWN[scene]))
        elif trouble:
            print('FAILED  %s: %s' % (scene, '; '.join(trouble)))
            bad += 1
        else:
            print('ok      %s, %d checks' % (scene, n))
print('%d checks' % total)
if total == 0:
    print('FAILED: nothing was checked')
sys.exit(1 if bad or total == 0 else 0)

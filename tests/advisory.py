#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`wormwood advisory` as its user sees it. Usage: advisory.py WORMWOOD."""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
GOOD = 'wormwood: 1\nid: mine\ntitle: {en: My worm, ja: 私のワーム}\ntlp: GREEN\n'
faults = 0


def run(*args, env=None, cwd=None):
    environment = {'PATH': os.environ['PATH'], 'HOME': '/nonexistent', 'LC_ALL': 'C.UTF-8'}
    environment.update(os.environ.get('ASAN_OPTIONS') and
                       {'ASAN_OPTIONS': os.environ['ASAN_OPTIONS']} or {})
    environment.update(env or {})
    return subprocess.run([PROGRAM, 'advisory', *args], env=environment, cwd=cwd, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)


def must(what, true, ran):
    global faults
    if not true:
        faults += 1
        print('not so: %s\n exit %d\n%s%s' % (what, ran.returncode, ran.stdout, ran.stderr))


def write(folder, name, text):
    os.makedirs(os.path.join(folder, name), exist_ok=True)
    path = os.path.join(folder, name, 'advisory.yaml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


with tempfile.TemporaryDirectory() as folder:
    ran = run('list', cwd='/')
    must('the shipped ones are listed, from any folder', ran.returncode == 0 and 'blaster' in ran.stdout and
         'code-red-ii' in ran.stdout, ran)

    good = write(folder, 'mine', GOOD)
    for name in ('mine', good, os.path.dirname(good)):
        ran = run('show', name, '--advisories', folder)
        must('show %s' % name, ran.returncode == 0 and 'My worm' in ran.stdout, ran)
    ran = run('show', 'mine', '--lang', 'ja', env={'WORMWOOD_ADVISORIES': folder})
    must('in Japanese', '私のワーム' in ran.stdout and 'TLP:GREEN' in ran.stdout, ran)
    ran = run('check', good)
    must('a good one passes', ran.returncode == 0 and ' 0 errors' in ran.stdout, ran)

    for verb in ('list', 'fields', 'schema', 'check'):
        ran = run(verb, '--json')
        rows = [json.loads(line) for line in ran.stdout.splitlines()]
        must('%s --json is JSON Lines and nothing else' % verb, rows, ran)
    rows = {row['path']: row for row in map(json.loads, run('fields', '--json').stdout.splitlines())}
    must('fields --json', 'watch' in rows['network.rules']['actors'], ran)
    must('what must be there', rows['id']['required'] and not rows['aliases']['required'], ran)

    hidden = write(folder, 'blaster', GOOD.replace('mine', 'blaster'))
    ran = run('list', '--json', env={'WORMWOOD_ADVISORIES': folder})
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    shown = [row for row in rows if row['id'] == 'blaster' and not row['hidden']]
    must('the first place wins', len(shown) == 1 and shown[0]['path'] == hidden and
         shown[0]['origin'] == '$WORMWOOD_ADVISORIES', ran)
    # One more where Wormwood is installed, too.
    others = [row for row in rows if row['id'] == 'blaster' and row['hidden']]
    must('the others are told as hidden', 1 <= len(others) <= 2, ran)

    bad = write(folder, 'bad', GOOD.replace('mine', 'bad') +
                'network:\n  ports:\n  - port: 70000/tcp\n    role: a\n'
                '    caveat: "a\\nb"\n  rules: no.rules\ntlp: RED\ncolour: red\n')
    ran = run('check', bad)
    must('errors give 2', ran.returncode == 2, ran)
    for place in (':7:11: error: \'70000/tcp\' is outside', ':9:13: error: \'network.ports[].cav',
                  ':10:10: error: the file \'no.rules\' does not exist',
                  ':11:1: error: \'tlp\' is given twice: first on line 4',
                  ':12:1: error: unknown field \'colour\''):
        must(place, bad + place in ran.stdout, ran)
    must('a caret', '     7 |   - port: 70000/tcp\n       |           ^\n' in ran.stdout, ran)
    ran = run('check', '--json', bad)
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    must('problems as JSON', ran.returncode == 2 and len(rows) == 5 and
         rows[0]['line'] == 7 and rows[0]['severity'] == 'error', ran)
    ran = run('show', bad)
    must('show refuses it', ran.returncode == 2 and ':7:11:' in ran.stderr, ran)

    # Dialogs and decoys against the stage's own rule and text; rules that cannot be read.
    stage = ('  - id: %s\n    title: {en: t, ja: t}\n    from: attacker\n    event: %s\n'
             '    port: 80/tcp\n    sets: attacked\n    confidence: 1\n    source: s\n'
             '    %s\n    dialog: [{from: attacker, send: %s}]\n'
             '    decoys: [{from: attacker, send: %s}]\n')
    for name, dialog, decoy, faults_told in (('right', 'EVIL', 'GOOD', 0), ('wrong', 'GOOD', 'EVIL', 4)):
        path = write(folder, name, GOOD.replace('mine', name) + 'sources: [{id: s, title: S}]\n'
                     'network:\n  rules: a.rules\n  stages:\n' +
                     stage % ('hit', 'rule', 'sids: 7', dialog, decoy) +
                     stage % ('read', 'text', 'texts: EVIL', dialog, decoy))
        rules = os.path.join(folder, name, 'a.rules')
        with open(rules, 'w', encoding='utf-8') as file:
            file.write('alert tcp any any -> any 80 (content:"EVIL"; flow:to_server; sid:7;)\n')
        ran = run('check', path)
        must('%s dialogs: %d' % (name, faults_told), ran.returncode == 0 and
             ran.stdout.count('[WA010]') == faults_told, ran)
    with open(rules, 'a', encoding='utf-8') as file:
        file.write('alert tcp any any -> any 80 (content:"X"; cvs: invalid-entry; sid:8;)\n')
    ran = run('check', path)
    must('a keyword that is not read is a warning', ran.returncode == 0 and
         rules + ':2:' in ran.stdout and 'cvs' in ran.stdout, ran)
    with open(rules, 'a', encoding='utf-8') as file:
        file.write('alert tcp any any -> any (content:"X; sid:9;)\n')
    ran = run('check', path)
    must('no rule at all is an error', ran.returncode == 2 and rules + ':3:' in ran.stdout, ran)
    os.remove(rules)

    ran = run('check', good, bad)
    must('one bad of two gives 2', ran.returncode == 2 and '0 errors' in ran.stdout, ran)
    for args in (('show', 'nobody'), ('show',), ('check', '/nonexistent/x'), ('frobnicate',)):
        ran = run(*args)
        must('%s gives 2' % ' '.join(args), ran.returncode == 2, ran)
    ran = run('show', 'nobody')
    must('a wrong ID shows the right ones', 'there are: blaster' in ran.stderr, ran)

ran = run('check', 'blaster', 'code-red-ii')
must('facts that nobody acts on are told', ran.returncode == 0 and
     'no command acts on host.files yet; planned: inspect, clean' in ran.stdout, ran)
print('%d faults' % faults)
sys.exit(1 if faults else 0)

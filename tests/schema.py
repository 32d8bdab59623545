#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published JSON Schema accepts the shipped advisories and refuses what the loader refuses.

Usage: schema.py WORMWOOD ADVISORIES. Exit 77 (skipped) without PyYAML or jsonschema.
"""
import copy
import glob
import json
import os
import re
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print('skipped: %s' % missing)
    sys.exit(77)


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema: dates are text, and only true and false are truth values."""


Core.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in pairs
            if tag not in ('tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:bool')]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Core.add_implicit_resolver('tag:yaml.org,2002:bool', re.compile('^(?:true|false)$'), list('tf'))

schema = json.loads(subprocess.run([sys.argv[1], 'advisory', 'schema'], check=True,
                                   stdout=subprocess.PIPE).stdout)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
files = sorted(glob.glob(os.path.join(sys.argv[2], '*', 'advisory.yaml')))
failed = 0
for path in files:
    with open(path, encoding='utf-8') as file:
        document = yaml.load(file, Core)
    for error in validator.iter_errors(document):
        print('%s: %s: %s' % (path, '/'.join(map(str, error.path)), error.message))
        failed += 1

# Each change makes a good document bad; a schema that takes it is no schema.
def unknown(d): d['colour'] = 'red'
def missing(d): del d['title']
def version(d): d['wormwood'] = 2
def tlp(d): d['tlp'] = 'WHITE'
def port(d): d['network']['ports'][0]['port'] = '135'
def role(d): del d['network']['ports'][0]['role']
def inner(d): d['network']['ports'][0]['rol'] = 'x'
def fraction(d): d['network']['stages'][0]['confidence'] = 1.5
def leave(d): d['network']['rules'] = '../x.rules'
def language(d): d['title'] = {'ja': 'x'}
def empty(d): d['network']['stages'] = []


for change in (unknown, missing, version, tlp, port, role, inner, fraction, leave, language, empty):
    bad = copy.deepcopy(document)
    change(bad)
    if validator.is_valid(bad):
        print('the schema takes what is wrong: %s' % change.__name__)
        failed += 1
print('%d advisories, %d faults' % (len(files), failed))
sys.exit(1 if failed or not files else 0)

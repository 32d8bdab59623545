#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `wormwood watch` must say of captures that others made (README.md beside this file).

They are read in place, from $WORMWOOD_SHARED or ../shared beside the project; without them the
test skips. Each scene is run with --json, twice, and must say the same both times.

Usage: captures.py WORMWOOD SOURCE-ROOT
"""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM, ROOT = sys.argv[1], sys.argv[2]
SHARED = os.environ.get('WORMWOOD_SHARED') or os.path.join(ROOT, '..', 'shared')
CAPTURES = os.path.join(SHARED, 'captures')

failures = []
checks = 0


def check(name, what, good):
    global checks
    checks += 1
    if not good:
        failures.append('%s: %s' % (name, what))


# Those beside the tests, not those of an installed Wormwood.
os.environ['WORMWOOD_ADVISORIES'] = os.path.join(ROOT, 'advisories')


def wormwood(*arguments):
    return subprocess.run([PROGRAM] + list(arguments), capture_output=True, timeout=120)


class Run:
    def __init__(self, path, db):
        command = ['watch', '--json', '--db', db, os.path.join(CAPTURES, path)]
        first, again = wormwood(*command), wormwood(*command)
        self.code = first.returncode
        self.rows = [json.loads(line) for line in first.stdout.decode().splitlines()]
        check(path, 'two runs differ', first.stdout == again.stdout)
        check(path, 'no summary at the end', self.rows and self.rows[-1]['type'] == 'summary')
        self.summary = self.rows[-1] if self.rows else {}

    def of(self, kind):
        return [r for r in self.rows if r['type'] == kind]

    def scans(self):
        return [r for r in self.of('finding') if r['kind'] == 'scan']

    def infected(self):
        return {r['ip']: r for r in self.of('host') if r['infected']}


def blaster(db):
    name = 'worm/blaster.pcap'
    run = Run(name, db)
    check(name, 'exit code %d' % run.code, run.code == 1)
    check(name, 'packets', run.summary.get('packets') == 18)
    check(name, 'duplicates %s' % run.summary.get('duplicates'), run.summary.get('duplicates') == 9)
    taken = [r for r in run.infected().values() if r['state'] != 'attacking']
    check(name, 'hosts taken over: %s' % [r['ip'] for r in taken],
          [r['ip'] for r in taken] == ['10.234.2.116'])
    for row in taken:
        check(name, 'parent', row['parent'] and row['parent']['ip'] == '10.234.0.239')
        check(name, 'advisory', row['advisory'] == 'blaster')
    incidents = run.of('incident')
    check(name, 'incidents', len(incidents) == 1 and incidents[0]['advisory'] == 'blaster')
    check(name, 'patient zero', incidents and incidents[0]['patient_zero']['ip'] == '10.234.0.239')
    flows = {r.get('flow') for r in run.of('finding')}
    check(name, 'community id %s' % flows, flows == {'1:Pc2rJAeqTzwWYzH5T4QFZAVv53I='})
    check(name, 'no scan', not run.scans())
    text = wormwood('watch', '--db', db, os.path.join(CAPTURES, name)).stdout.decode()
    first = text.splitlines()[0] if text else ''
    for word in ('10.234.2.116', '10.234.0.239', 'Blaster', '2003-08-12 00:29'):
        check(name, 'the first line lacks %s: %s' % (word, first), word in first)
    return run


def evidence(db, folder):
    """explain and slice, after watch, from the store."""
    name = 'explain and slice'
    explained = wormwood('explain', '1', '--db', db)
    check(name, 'explain ended with %d' % explained.returncode, explained.returncode == 0)
    text = explained.stdout.decode()
    check(name, 'explain shows the bytes', 'msblast.exe' in text)
    check(name, 'explain quotes the advisory', 'advisory.yaml:' in text)
    out = os.path.join(folder, 'slice.pcap')
    sliced = wormwood('slice', '1', '-w', out, '--db', db)
    check(name, 'slice ended with %d: %s' % (sliced.returncode, sliced.stderr.decode()),
          sliced.returncode == 0)
    try:
        shown = subprocess.run(['tshark', '-r', out], capture_output=True, timeout=60)
        lines = shown.stdout.decode().splitlines()
        check(name, 'tshark reads %d packets of 9' % len(lines), len(lines) == 9)
    except FileNotFoundError:
        print('tshark is not installed: the slice was not opened with it')


def scan(path, source, kind, **numbers):
    run = Run(path, ':memory:')
    check(path, 'exit code %d' % run.code, run.code == 1)
    scans = run.scans()
    check(path, 'scanners %s' % [s['src'] for s in scans], [s['src'] for s in scans] == [source])
    for row in scans:
        check(path, 'kind %s' % row['scan'], row['scan'] == kind)
        for key, value in numbers.items():
            check(path, '%s %s, not %s' % (key, row[key], value), row[key] == value)
        check(path, 'contacts to the alarm', row['first_contacts_to_alarm'] <= 15)
    check(path, 'somebody is called infected', not run.infected())


def nothing(path):
    run = Run(path, ':memory:')
    check(path, 'exit code %d' % run.code, run.code == 0)
    check(path, 'findings %s' % run.of('finding'), not run.of('finding'))
    text = wormwood('watch', '--db', ':memory:', os.path.join(CAPTURES, path)).stdout.decode()
    for word in ('NOTHING FOUND', 'looked at', 'packets', 'hosts', 'rules', 'first contacts'):
        check(path, 'the screen lacks "%s"' % word, word in text)


def tunnels(path, hosts, **encapsulations):
    """As tcpdump and tshark read them: every packet is unwrapped, and the hosts are the inner."""
    run = Run('tcpdump-tests/%s.pcap' % path, ':memory:')
    seen = run.summary.get('encapsulations', {})
    check(path, 'encapsulations %s' % seen, seen == encapsulations)
    check(path, 'hosts %s' % run.summary.get('hosts'), run.summary.get('hosts') == hosts)


def too_many_layers():
    """Ethernet in MPLS in Ethernet, 32 times: Suricata counts one packet of too many layers."""
    path = 'scenes/decode-too-many-layers/input.pcap'
    run = Run(path, ':memory:')
    layers = [r for r in run.summary.get('unsupported', []) if r['numbering'] == 'layers']
    check(path, 'unsupported %s' % run.summary.get('unsupported'),
          len(layers) == 1 and layers[0]['packets'] == 1)


def main():
    if not os.path.isdir(CAPTURES):
        print('no captures of others at %s' % CAPTURES)
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix='wormwood-scenes-') as folder:
        db = os.path.join(folder, 'store.db')
        blaster(db)
        evidence(db, folder)
    scan('scan/445_scan.pcap', '176.192.150.3', 'horizontal', port=445, targets=9, hosts=9)
    scan('scan/port_scan.pcap', '192.168.2.154', 'vertical', dst='192.168.2.22', ports=10)
    scan('scan/ppa-portscan.pcap', '10.100.25.14', 'vertical', dst='10.100.18.12', ports=29)
    scan('scan/nmap-synscan.pcapng', '172.16.0.8', 'vertical', dst='64.13.134.52', ports=1000)
    for path in ('tcp/one-sided-2745.pcap', 'tcp/ssh-dups.pcap', 'tftp/tftp_rrq.pcap',
                 'fragments/ppa-ipfragments.pcap', 'maltrail-corpus/ack_sweep_no_fp.pcap',
                 'maltrail-corpus/clean_tcp.pcap'):
        nothing(path)
    run = Run('fragments/dns-rrsig-fragmented.pcap', ':memory:')
    check('dns-rrsig', 'scanners', not run.scans())
    check('dns-rrsig', 'infected', not run.infected())
    check('dns-rrsig', 'something is lost: exit code %d' % run.code, run.code == 0)
    tunnels('erspan-type-i-1', 2, erspan=2, vlan=2)
    tunnels('erspan-type-ii-1', 2, erspan=1)
    tunnels('erspan-type-iii-ft-0', 2, erspan=9, vlan=9)
    tunnels('geneve', 2, geneve=39)
    tunnels('vxlan', 2, vxlan=10)
    tunnels('vxlan_port_8472', 2, vxlan=10)
    tunnels('nsh-over-vxlan-gpe', 2, vxlan=1, nsh=1)
    tunnels('mpls-over-udp', 2, mpls=2)
    tunnels('wccp_redirect_gre', 2, gre=1)
    tunnels('gso-ipv6-vxlan-ipv6', 2, vxlan=1)
    tunnels('bigtcp-ipv6-geneve-ipv6', 2, geneve=1)
    too_many_layers()
    for failure in failures:
        print(failure)
    print('%d checks, %d failed' % (checks, len(failures)))
    sys.exit(1 if failures else 0)


main()

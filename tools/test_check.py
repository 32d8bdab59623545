# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/check names the reason of a failed or skipped test in one line."""
import importlib.machinery
import importlib.util
import os
import sys

sys.dont_write_bytecode = True
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'check')
spec = importlib.util.spec_from_loader('check', importlib.machinery.SourceFileLoader('check', path))
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)

CMOCKA = ('[==========] Running 2 test(s).\n[ RUN      ] test_a\n[  ERROR   ] --- 0x1 != 0x2\n'
          '[   LINE   ] --- ../src/base/test-ip.c:12: error: Failure!\n[  FAILED  ] test_a\n'
          '[==========] 2 test(s) run.\n')
SKIPPED = ('[  SKIPPED ] test_a\n[==========] 1 test(s) run.\n[  PASSED  ] 0 test(s).\n'
           '[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] test_a\n\n 1 SKIPPED TEST(S)\n')
ASAN = 'x\n==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6\n    #0 0x1 in f\n'
CASES = [
    ({'result': 'FAIL', 'returncode': 1, 'stderr': CMOCKA}, '[  ERROR   ] --- 0x1 != 0x2'),
    ({'result': 'FAIL', 'returncode': 1, 'stdout': 'ok\n', 'stderr': ASAN},
     '==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6'),
    ({'result': 'TIMEOUT', 'duration': 120.2, 'stdout': 'ok\n'}, 'killed after 120 s'),
    ({'result': 'SKIP', 'returncode': 77, 'stdout': 'skipped: no tcpdump\n'}, 'no tcpdump'),
    ({'result': 'SKIP', 'returncode': 77}, 'no reason was given'),
    ({'result': 'SKIP', 'returncode': 77, 'stdout': 'no captures here\n', 'stderr': SKIPPED},
     'no captures here'),
    ({'result': 'ERROR', 'returncode': -11, 'stdout': 'half\n\n'}, 'signal 11: half'),
    ({'result': 'FAIL', 'returncode': 3}, 'exit status 3'),
    ({'result': 'FAIL', 'returncode': 1, 'stdout': 'a' * 9999}, 'exit status 1: ' + 'a' * check.WIDTH),
]
faults = 0
for row, wanted in CASES:
    got = check.reason(row)
    if got != wanted:
        faults += 1
        print('%r\n  gives %r\n  not   %r' % (row, got, wanted))
print('%d faults' % faults)
sys.exit(1 if faults else 0)

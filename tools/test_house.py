#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks little trees in every way that house.py guards against, and expects each to be told."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
from house import House  # noqa: E402

SPDX = '// SPDX-License-Identifier: GPL-3.0-or-later\n'
FLOORS = '''
room 0 base -
room 2 hall -
room 3 wire/low wire
room 4 wire/high wire
room 3 drill drill
room 9 cmd roof
door write: O_CREAT fopen | base/file.c
door print: printf stdout | cmd
door network: connect | nobody
ban strcpy gets
'''
SOUND = {
    'tools/floors.txt': FLOORS,
    'src/base/a.h': SPDX + '#pragma once\n',
    'src/base/file.c': SPDX + '#include "base/a.h"\nint f(void) { return open("x", O_CREAT); }\n',
    'src/base/test-a.c': SPDX + '#include "test.h"\n#include "base/a.h"\n',
    'src/base/meson.build': "base = x('a.c', dependencies: mdep)\ntest('a', y)\n",
    'src/wire/low/l.h': SPDX + '#pragma once\n#include "base/a.h"\n',
    'src/wire/low/l-private.h': SPDX + '#pragma once\n',
    'src/wire/low/l.c': SPDX + '#include "wire/low/l.h"\n#include "wire/low/l-private.h"\n',
    'src/wire/low/test-l.c': SPDX + 'int main(void) { printf("x"); }\n',
    'src/wire/low/meson.build': "low = x(dependencies: [base])\ntest('l', y)\n",
    'src/wire/high/h.h': SPDX + '#pragma once\n#include "wire/low/l.h"\n',
    'src/drill/d.h': SPDX + '#pragma once\n',
    'src/cmd/main.c': SPDX + '#include "drill/d.h"\n#include "wire/high/h.h"\n'
                             'int main(void) { printf("connect(1) strcpy(a)"); }\n',
    'src/cmd/test-m.c': SPDX,
    'src/cmd/meson.build': "cmd = x(dependencies: [high, drill])\ntest('m', y)\n",
}


class HouseTest(unittest.TestCase):
    def faults(self, changes):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**SOUND, **changes}.items():
                if text is None:
                    continue
                path = Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return House(root).check()

    def expect(self, changes, *words):
        """Exactly one fault, with these words in it."""
        faults = self.faults(changes)
        self.assertEqual(len(faults), 1, faults)
        for word in words:
            self.assertIn(word, faults[0])

    def test_sound(self):
        self.assertEqual(self.faults({}), [])

    def test_upward(self):
        self.expect({'src/base/a.h': SPDX + '#pragma once\n\n#include "drill/d.h"\n'},
                    'src/base/a.h:4:', 'looks up')

    def test_peer_on_the_same_floor(self):
        self.expect({'src/drill/d.h': SPDX + '#pragma once\n#include "wire/low/l.h"\n'},
                    'looks up')

    def test_wing_to_wing(self):
        self.expect({'src/wire/high/h.h': SPDX + '#pragma once\n#include "drill/d.h"\n'},
                    'src/wire/high/h.h:3:', 'through the wall')

    def test_private_header(self):
        self.expect({'src/wire/high/h.h':
                     SPDX + '#pragma once\n#include "wire/low/l-private.h"\n'}, 'is private')

    def test_cycle(self):
        self.expect({'src/base/a.h': SPDX + '#pragma once\n#include "base/b.h"\n',
                     'src/base/b.h': SPDX + '#pragma once\n#include "base/a.h"\n'},
                    'include cycle', 'base/a.h -> base/b.h -> base/a.h')

    def test_not_from_src(self):
        self.expect({'src/wire/low/l.c': SPDX + '#include "l.h"\n'}, 'not a path from src/')
        self.expect({'src/wire/low/l.c': SPDX + '#include "../low/l.h"\n'},
                    'not a path from src/')

    def test_test_header_only_in_tests(self):
        self.expect({'src/wire/low/l.c': SPDX + '#include "test.h"\n'}, 'not a path from src/')

    def test_missing_floor(self):
        self.expect({'src/attic/x.c': SPDX}, 'src/attic/x.c:1:', 'no floor')

    def test_link(self):
        self.expect({'src/wire/low/meson.build':
                     "low = x(dependencies: [base,\n\thigh])\ntest('l', y)\n"},
                    'src/wire/low/meson.build:1:', 'looks up')
        self.expect({'src/wire/low/meson.build':
                     "low_deps = [base, drill]\ntest('l', y)\n"}, 'looks up')

    def test_no_unit_test(self):
        self.expect({'src/base/test-a.c': None}, 'base has no unit test')
        self.expect({'src/base/meson.build': 'base = x()\n'}, 'is not run')

    def test_doors(self):
        def code(text):
            return {'src/wire/low/l.c': SPDX + text}
        self.expect(code('\nint f(void) { return connect(1); }\n'),
                    'src/wire/low/l.c:3:', 'no door "network"')
        self.expect(code('int f(void) { return connect (1); }\n'), 'network')
        self.expect(code('int f(void) { return open(p, O_CREAT); }\n'), '"write"')
        self.expect(code('int f(void) { return use(stdout); }\n'), '"print"')
        self.expect(code('#define P(x) printf(x)\n'), '"print"')
        self.expect({'src/base/b.c': SPDX + 'int f(void) { return fopen(p); }\n'}, '"write"')
        self.expect({'src/cmd/net.c': SPDX + 'int f(void) { return connect(1); }\n'}, 'network')

    def test_not_a_call(self):
        for text in ('int f(void) { return s->connect(1); }', 'int f(void) { return s.connect(1); }',
                     '/* connect(1) */', '// connect(1)', 'int connect_count(int connect);',
                     'const char *s = "connect(1) \\" connect(2)";', "char c = '\"'; int g(void);"):
            self.assertEqual(self.faults({'src/wire/low/l.c': SPDX + text + '\n'}), [], text)

    def test_banned(self):
        self.expect({'src/cmd/x.c': SPDX + 'int f(void) { strcpy(a, b); }\n'}, 'strcpy is banned')
        self.expect({'src/base/test-a.c': SPDX + 'int f(void) { gets(a); }\n'}, 'gets is banned')
        self.expect({'bench/b.c': SPDX + 'int f(void) { gets(a); }\n'}, 'bench/b.c:2:')

    def test_manner(self):
        self.expect({'src/drill/d.h': SPDX}, 'no #pragma once')
        self.expect({'src/cmd/x.c': '\nint x;\n'}, 'SPDX')

    def test_floors_file(self):
        self.expect({'tools/floors.txt': FLOORS + 'rom 1 x -\n'}, 'neither room')


if __name__ == '__main__':
    unittest.main()

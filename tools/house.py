#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the house in order: who includes whom, and who may touch the world.

usage: house.py [ROOT]        ROOT holds src/ and tools/floors.txt

Prints one line a fault, FILE:LINE: what, and ends with 1 when there is any. tools/test_house.py
breaks little trees to show that every guard fires.
"""
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]*)"', re.M)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
WORD = re.compile(r'[A-Za-z_]\w*')


class House:
    def __init__(self, root):
        self.root = Path(root)
        self.src = self.root / 'src'
        self.rooms = {}  # path -> (floor, wing)
        self.doors = []  # (name, words, who)
        self.banned = set()
        self.faults = []
        self.read_floors(self.root / 'tools/floors.txt')

    def fault(self, path, line, text):
        self.faults.append(f'{path.relative_to(self.root)}:{line}: {text}')

    def read_floors(self, path):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            words = line.split('#')[0].split()
            if not words:
                continue
            if words[0] == 'room' and len(words) == 4:
                self.rooms[words[2]] = (int(words[1]), words[3])
            elif words[0] == 'door' and words[1].endswith(':') and '|' in words:
                bar = words.index('|')
                self.doors.append((words[1][:-1], set(words[2:bar]), set(words[bar + 1:])))
            elif words[0] == 'ban':
                self.banned.update(words[1:])
            else:
                self.fault(path, number, 'neither room, door nor ban')

    def room_of(self, path):
        """The room of a file under src/, or None."""
        name = path.relative_to(self.src).parent.as_posix()
        return name if name in self.rooms else None

    def may_include(self, here, there):
        floor, wing = self.rooms[here]
        below, other = self.rooms[there]
        if here == there:
            return None
        if below >= floor:
            return f'{here} (floor {floor}) looks up to {there} (floor {below})'
        if wing != 'roof' and other not in ('-', wing):
            return f'{here} (wing {wing}) goes through the wall to {there} (wing {other})'
        return None

    def check_includes(self, path, text, is_test):
        """Returns the project's own headers that the file includes."""
        here, found = self.room_of(path), []
        for match in INCLUDE.finditer(text):
            line, name = text.count('\n', 0, match.start(1)) + 1, match.group(1)
            if name == 'test.h' and is_test:
                continue
            target = self.src / name
            if '/' not in name or '..' in name.split('/') or not target.is_file():
                self.fault(path, line, f'"{name}" is not a path from src/')
                continue
            there = self.room_of(target)
            if there is None:
                self.fault(path, line, f'"{name}" lies in no room of floors.txt')
                continue
            found.append(target)
            if here != there and target.stem.endswith('-private'):
                self.fault(path, line, f'"{name}" is private to {there}')
            trouble = self.may_include(here, there)
            if trouble:
                self.fault(path, line, trouble)
        return found

    def check_words(self, path, code, is_test):
        here = path.relative_to(self.src).as_posix() if self.src in path.parents else None
        room = self.room_of(path) if here else None
        for match in WORD.finditer(code):
            word = match.group()
            if not word.isupper() and word not in ('stdout', 'stderr'):
                before, after = code[:match.start()].rstrip()[-2:], code[match.end():].lstrip()
                if not after.startswith('(') or before.endswith('.') or before == '->':
                    continue
            line = code.count('\n', 0, match.start()) + 1
            if word in self.banned:
                self.fault(path, line, f'{word} is banned')
            if is_test or here is None:
                continue
            for name, words, who in self.doors:
                if word in words and room not in who and here not in who:
                    self.fault(path, line, f'{word}: {room} has no door "{name}"')

    def check_cycles(self, graph):
        done, stack = set(), []

        def visit(path):
            if path in stack:
                chain = stack[stack.index(path):] + [path]
                names = ' -> '.join(p.relative_to(self.src).as_posix() for p in chain)
                self.fault(path, 1, f'include cycle: {names}')
                return
            if path in done:
                return
            stack.append(path)
            for target in graph.get(path, ()):
                visit(target)
            stack.pop()
            done.add(path)

        for path in sorted(graph):
            visit(path)

    def check_links(self):
        """meson.build of a room must not name a floor above it, or another wing."""
        by_name = {room.split('/')[-1]: room for room in self.rooms}
        for room in self.rooms:
            path = self.src / room / 'meson.build'
            if not path.is_file():
                continue
            text = re.sub(r'#[^\n]*', '', path.read_text())
            for match in re.finditer(r'(?:dependencies\s*:|_deps\s*=)\s*(\[[^\]]*\]|\w+)', text):
                line = text.count('\n', 0, match.start()) + 1
                for word in WORD.findall(match.group(1)):
                    trouble = word in by_name and self.may_include(room, by_name[word])
                    if trouble:
                        self.fault(path, line, trouble)

    def check_tests(self):
        """A room without a unit test has no link guard either."""
        for room in self.rooms:
            folder = self.src / room
            sources = list(folder.glob('*.c')) if folder.is_dir() else []
            if not sources:
                continue
            build = folder / 'meson.build'
            text = build.read_text() if build.is_file() else ''
            if not any(p.name.startswith('test-') for p in sources):
                self.fault(sources[0], 1, f'{room} has no unit test')
            elif 'test(' not in text:
                self.fault(sources[0], 1, f'the unit test of {room} is not run')

    def check_file(self, path, graph):
        text = path.read_text(errors='replace')
        is_test = path.name.startswith(('test-', 'fuzz-', 'bench-'))
        if 'SPDX-License-Identifier: GPL-3.0-or-later' not in text.split('\n', 1)[0]:
            self.fault(path, 1, 'the first line is not the SPDX line')
        if path.suffix == '.h' and '#pragma once' not in text:
            self.fault(path, 1, 'no #pragma once')
        code = NOISE.sub(lambda m: re.sub(r'[^\n]', ' ', m.group()), text)
        if self.src in path.parents:
            if self.room_of(path) is None:
                self.fault(path, 1, 'this folder has no floor in floors.txt')
                return
            # Includes are in quotes: looked for in the text, where comments are blanked only.
            quoted = re.sub(r'/\*.*?\*/|//[^\n]*',
                            lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.S)
            graph[path] = self.check_includes(path, quoted, is_test)
        self.check_words(path, code, is_test)

    def check(self):
        graph, files = {}, []
        for top in ('src', 'tests', 'bench', 'tools'):
            for suffix in ('*.c', '*.h'):
                files += (self.root / top).rglob(suffix)
        for path in sorted(files):
            self.check_file(path, graph)
        self.check_cycles(graph)
        self.check_links()
        self.check_tests()
        return self.faults


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = House(root).check()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""The house rules no compiler checks: layers, sizes, headers, banned names.

usage: house.py ROOT      prints one line per finding, exits 1 if there is any

A rule is a function `rule_*(tree, file)` that yields (line, message). house_test.py shows each of
them going red on a tiny tree made for it, and fails if a rule has no such tree.
"""

import os
import re
import sys
from functools import cached_property

from banned import BANS
from layers import C_HEADER, LIBRARY_GUESTS, LIBRARY_HOMES, MAY_INCLUDE, PUBLIC

MAX_LINES = 400
MAX_COLUMNS = 100
TOP_FOLDERS = ("engine", "index", "server", "tools", "bench", "fuzz", "tests")

COMMENT_OR_STRING = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|R"(?P<raw>\w*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD_HEADER = re.compile(r"[a-z_0-9]+")
STANDARD_C_HEADER = re.compile(r"std(def|int)\.h")


def blank(text):
    return re.sub(r"[^\n]", " ", text)


class File:
    """One source file: its lines as written, without comments and strings, and comments only."""

    def __init__(self, path, text):
        self.path = path
        self.lines = text.splitlines()
        self.code = COMMENT_OR_STRING.sub(lambda m: blank(m[0]), text).splitlines()
        self.without_comments = COMMENT_OR_STRING.sub(
            lambda m: blank(m[0]) if m["comment"] else m[0], text).splitlines()
        self.is_header = path.endswith(".h")

    @cached_property
    def includes(self):
        """(line, '<' or '"', name) of each include that is not commented out."""
        found = ((n, INCLUDE.match(line)) for n, line in enumerate(self.without_comments, 1))
        return [(n, match[1], match[2]) for n, match in found if match]

    @cached_property
    def box(self):
        """The folder of MAY_INCLUDE this file belongs to; None is a finding."""
        return box_of(self.path)


def box_of(path):
    fits = [box for box in MAY_INCLUDE if path.startswith(box + "/")]
    return max(fits, key=len, default=None)


class Tree:
    def __init__(self, root):
        self.files = {}
        for top in TOP_FOLDERS:
            for folder, _, names in os.walk(os.path.join(root, top)):
                for name in names:
                    if name.endswith((".h", ".cc")):
                        self.add(root, os.path.join(folder, name))

    def add(self, root, path):
        with open(path, encoding="utf-8") as file:
            relative = os.path.relpath(path, root)
            self.files[relative] = File(relative, file.read())

    def resolve(self, name):
        """The path of a quoted include: "reel/x.h" and "reel.h" as installed, others from the root."""
        public = name.startswith("reel/") or name == "reel.h"
        path = f"engine/include/{name}" if public else name
        return path if path in self.files else None


def rule_layer(tree, file):
    if file.box is None:
        yield 1, "stands in no box of the layer picture: add its folder to tests/house/layers.py"
        return
    for line, quote, name in file.includes:
        if quote != '"':
            continue
        target = tree.resolve(name)
        if target is None:
            yield line, f'"{name}" is no file: include from the root, or as "reel/x.h"'
            continue
        box = box_of(target)
        if box not in (file.box, PUBLIC) and box not in MAY_INCLUDE[file.box]:
            yield line, f"{file.box} may not include {box} ({name}): an arrow may only point down"


def rule_library(tree, file):
    for line, quote, name in file.includes:
        if quote != "<":
            continue
        if file.box == PUBLIC and not STANDARD_HEADER.fullmatch(name):
            yield line, f"<{name}>: public headers include only reel/* and the standard library"
            continue
        if file.box == C_HEADER and not STANDARD_C_HEADER.fullmatch(name):
            yield line, f"<{name}>: reel.h includes only stddef.h and stdint.h"
            continue
        for prefix, homes in LIBRARY_HOMES.items():
            if name.startswith(prefix) and file.box not in homes + LIBRARY_GUESTS:
                yield line, f"<{name}> belongs in {' or '.join(homes) or 'tests'} alone"


def rule_own_header_first(tree, file):
    stem = file.path.removesuffix(".cc")
    own = [h for h in (f"{stem}.h", f"{PUBLIC}/{os.path.basename(stem)}.h") if h in tree.files]
    if file.is_header or not own or not file.path.startswith(("engine/", "index/", "server/")):
        return
    if not file.includes or tree.resolve(file.includes[0][2]) != own[0]:
        yield 1, f"include {own[0]} first, which shows that it stands alone"


def rule_size(tree, file):
    if len(file.lines) > MAX_LINES:
        yield MAX_LINES + 1, f"{len(file.lines)} lines, more than {MAX_LINES}: split it by noun"


def rule_columns(tree, file):
    for n, line in enumerate(file.lines, 1):
        if len(line) > MAX_COLUMNS and "://" not in line:
            yield n, f"{len(line)} columns, more than {MAX_COLUMNS}"


def rule_leftover(tree, file):
    for n, line in enumerate(file.lines, 1):
        if match := re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield n, f"{match[1]}: do it now, or write down the limit in docs/"


def rule_header(tree, file):
    if not file.is_header:
        return
    if not file.lines or not file.lines[0].startswith("//"):
        yield 1, "a header begins with a comment: what it is, thread rule, ownership, errors"
    if not any(line.strip() == "#pragma once" for line in file.code):
        yield 1, "no #pragma once"


def rule_banned(tree, file):
    for n, line in enumerate(file.code, 1):
        for ban in BANS:
            if ban.applies_to(file.path) and (match := re.search(ban.pattern, line)):
                yield n, f"[{ban.name}] '{match[0].strip()}' is banned; use {ban.instead}"


RULES = {name: rule for name, rule in globals().items() if name.startswith("rule_")}


def findings(root):
    """Sorted (path, line, rule, message) of everything wrong below root."""
    tree = Tree(root)
    return sorted((file.path, line, name, message)
                  for file in tree.files.values()
                  for name, rule in RULES.items()
                  for line, message in rule(tree, file))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = findings(sys.argv[1])
    for path, line, rule, message in found:
        print(f"{path}:{line}: {rule}: {message}")
    if found:
        sys.exit(f"house: {len(found)} findings")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Wraps // comment lines that are too wide, which clang-format would do at the price of every list.

usage: wrap_comments.py FILE...      rewrites in place what needs it

The words that do not fit move to the next line of the same paragraph, or to a new line. A list
item ("- text", "1. text", "term   text") continues under its text. Comments behind code stay.
"""

import re
import sys

from house import MAX_COLUMNS

COMMENT = re.compile(r"(?P<slashes>\s*//)(?P<indent> +)(?P<text>\S.*)")
ITEM = re.compile(r"(- |\d+\. |\S+( \S+)? {2,})(?=\S)")


def wrap(lines):
    rest = list(lines)
    out = []
    while rest:
        line = rest.pop(0)
        match = COMMENT.fullmatch(line)
        cut = line.rfind(" ", 0, MAX_COLUMNS + 1)
        if len(line) <= MAX_COLUMNS or not match or cut <= match.start("text"):
            out.append(line)
            continue
        item = ITEM.match(match["text"])
        margin = match["slashes"] + match["indent"] + " " * (len(item[0]) if item else 0)
        out.append(line[:cut].rstrip())
        moved = margin + line[cut + 1:]
        below = COMMENT.fullmatch(rest[0]) if rest else None
        if below and below["slashes"] + below["indent"] == margin and not ITEM.match(below["text"]):
            moved += " " + below["text"]
            rest.pop(0)
        rest.insert(0, moved)
    return out


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            before = file.read()
        after = "\n".join(wrap(before.split("\n")))
        if after != before:
            with open(path, "w", encoding="utf-8") as file:
                file.write(after)


if __name__ == "__main__":
    main()

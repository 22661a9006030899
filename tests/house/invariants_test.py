"""docs/INVARIANTS.md and the headers name the same invariants, and each is cited somewhere."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| ([A-Z]\d+) \| (\S+) \|", re.M)
STATED = re.compile(r"^//   ([A-Z]\d+)  ", re.M)


def documented(text):
    return {(name, where) for name, where in ROW.findall(text)}


def stated(root):
    found = set()
    for folder in ("engine", "index", "server"):
        for header in (root / folder).rglob("*.h"):
            where = header.relative_to(root).as_posix()
            if where.startswith("engine/testing/"):
                continue
            found |= {(name, where) for name in STATED.findall(header.read_text())}
    return found


class Invariants(unittest.TestCase):
    def test_page_and_headers_agree(self):
        page = documented((ROOT / "docs/INVARIANTS.md").read_text())
        self.assertTrue(page)
        self.assertEqual(page, stated(ROOT))

    def test_a_missing_row_is_seen(self):
        page = "| S1 | engine/a.h | x |\n"
        self.assertNotEqual(documented(page), {("S1", "engine/a.h"), ("S2", "engine/a.h")})


if __name__ == "__main__":
    unittest.main(argv=sys.argv)

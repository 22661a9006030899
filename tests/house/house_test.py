#!/usr/bin/env python3
"""Each house rule goes red on a tiny tree made to break it, and stays green on a decent one."""

import os
import subprocess
import sys
import tempfile
import unittest

import house
import wrap_comments
from banned import BANS
from layers import MAY_INCLUDE

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "// What it is.\n#pragma once\n"

DECENT = {
    "engine/include/reel/status.h": HEAD + "#include <string>\n",
    "engine/include/reel.h": HEAD + '#include <stdint.h>\n#include "reel/status.h"\n',
    "engine/embed/c_node.cc": '#include "engine/store/store.h"\n#include "reel.h"\n',
    "engine/base/status.cc": '#include "reel/status.h"\n#include <isa-l/crc.h>\n',
    "engine/base/bytes.h": HEAD + '#include "reel/status.h"\n',
    "engine/io/file.h": HEAD + '#include <liburing.h>\n#include "engine/base/bytes.h"\n',
    "engine/testing/sim_disk.h": HEAD + '#include "engine/io/file.h"\n',
    "engine/store/store.h": HEAD + '#include "engine/base/bytes.h"\n',
    "index/rows.h": HEAD + '#include <rocksdb/db.h>\n#include "engine/base/bytes.h"\n',
    "tests/io/file_test.cc": '#include <gtest/gtest.h>\n#include "engine/testing/sim_disk.h"\n',
}

# rule -> (a name for the case, file, its text, line of the finding, words of the message)
CASES = {
    "rule_layer": [
        ("up", "engine/base/a.cc", '#include "engine/io/file.h"\n', 1,
         "engine/base may not include engine/io"),
        ("sibling", "engine/media/a.cc", '#include "engine/io/file.h"\n', 1,
         "may not include engine/io"),
        ("engine to index", "engine/store/a.cc", '\n#include "index/rows.h"\n', 2,
         "may not include index"),
        ("index to store", "index/a.cc", '#include "engine/store/store.h"\n', 1,
         "may not include engine/store"),
        ("production to testing", "engine/store/a.cc", '#include "engine/testing/sim_disk.h"\n', 1,
         "may not include engine/testing"),
        ("tools to testing", "tools/a.cc", '#include "engine/testing/sim_disk.h"\n', 1,
         "may not include engine/testing"),
        ("public to private",
         "engine/include/reel/a.h", HEAD + '#include "engine/base/bytes.h"\n', 3,
         "may not include engine/base"),
        ("relative", "engine/base/a.cc", '#include "bytes.h"\n', 1, "include from the root"),
        ("no box", "engine/misc/a.cc", "int x;\n", 1, "no box of the layer picture"),
    ],
    "rule_library": [
        ("io_uring elsewhere", "engine/store/a.cc", "#include <liburing.h>\n", 1,
         "engine/io or bench alone"),
        ("RocksDB in the engine", "engine/store/a.cc", "#include <rocksdb/db.h>\n", 1,
         "index or bench alone"),
        ("FFmpeg in the engine", "engine/media/a.cc", "#include <libavcodec/avcodec.h>\n", 1,
         "engine/av alone"),
        ("public header", "engine/include/reel/a.h", HEAD + "#include <sys/stat.h>\n", 3,
         "standard library"),
        ("C header", "engine/include/reel.h", HEAD + "#include <vector>\n", 3, "stdint.h"),
    ],
    "rule_own_header_first": [
        ("private", "engine/base/bytes.cc", "#include <string>\n", 1, "engine/base/bytes.h first"),
        ("public", "engine/store/status.cc", "int x;\n", 1, "engine/include/reel/status.h first"),
    ],
    "rule_size": [("long", "tools/a.cc", "int x;\n" * 401, 401, "401 lines")],
    "rule_columns": [("wide", "tools/a.cc", "\n// " + "x" * 98 + "\n", 2, "101 columns")],
    "rule_leftover": [
        (word, "tools/a.cc", f"// {word}: later\n", 1, "do it now")
        for word in ("TO" "DO", "FIX" "ME", "X" "XX")
    ],
    "rule_header": [
        ("no comment", "tools/a.h", "#pragma once\n", 1, "begins with a comment"),
        ("no pragma", "tools/a.h", "// What it is.\n// #pragma once\n", 1, "no #pragma once"),
    ],
    "rule_banned": [
        ("print", "engine/store/a.cc", 'void F() { printf("x"); }\n', 1, "[print]"),
        ("print", "index/a.cc", "void F() { std::cout << 1; }\n", 1, "log callback"),
        ("chance", "tests/a.cc", "int x = rand();\n", 1, "[chance]"),
        ("clock", "engine/store/a.cc", "auto t = time(nullptr);\n", 1, "[clock]"),
        ("clock", "tests/a.cc", "auto t = std::chrono::system_clock::now();\n", 1,
         "Clock (reel/clock.h)"),
        ("sleep", "tests/a.cc", "std::this_thread::sleep_for(1s);\n", 1, "[sleep]"),
        ("assert", "engine/store/a.cc", "void F() { assert(1); }\n", 1, "REEL_CHECK"),
        ("assert", "engine/store/a.cc", "#include <cassert>\n", 1, "[assert]"),
        ("throw", "engine/store/a.cc", "void F() { throw 1; }\n", 1, "[throw]"),
        ("exit", "index/a.cc", "void F() { std::abort(); }\n", 1, "[exit]"),
        ("newer-std", "tools/a.cc", 'auto s = std::format("x");\n', 1, "[newer-std]"),
        ("endl", "tools/a.cc", "void F() { out << std::endl; }\n", 1, "[endl]"),
        ("detach", "server/rpc/a.cc", "void F() { thread.detach(); }\n", 1, "[detach]"),
        ("c-string", "tools/a.cc", "void F() { strcpy(a, b); }\n", 1, "[c-string]"),
        ("c-number", "tools/a.cc", "int x = std::stoi(text);\n", 1, "[c-number]"),
        ("volatile", "engine/io/a.cc", "volatile int x;\n", 1, "[volatile]"),
        ("using-std", "tools/a.cc", "using namespace std;\n", 1, "[using-std]"),
    ],
}

# Looks like a breach and is none.
INNOCENT = {
    "engine/store/words.cc": """// printf( and throw in a comment, assert( too
static_assert(sizeof(int) == 4);
const char* kWords = "time(nullptr) rand() \\" throw";
const int kNs = 1'000'000;  // 'throw'
int snprintf_like = snprintf(a, b, "%d", 1);
auto path = "/tmp/reel-XXXXXX";
int t = uptime(0) + operand(1);
""",
    "engine/base/check.cc": "void F() { fprintf(stderr); abort(); }\n",
    "engine/base/system_clock.cc": "auto t = std::chrono::system_clock::now();\n",
    "bench/a_bench.cc": "#include <benchmark/benchmark.h>\n"
                        "auto t = std::chrono::steady_clock::now();\n",
}


def write(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def findings(files):
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        return house.findings(root)


class HouseTest(unittest.TestCase):
    def test_decent_tree_is_green(self):
        self.assertEqual(findings(DECENT | INNOCENT), [])

    def test_each_case_is_red_alone(self):
        for rule, cases in CASES.items():
            for name, path, text, line, words in cases:
                with self.subTest(rule=rule, case=name):
                    found = findings(DECENT | {path: text})
                    self.assertEqual([(f[0], f[1], f[2]) for f in found], [(path, line, rule)])
                    self.assertIn(words, found[0][3])

    def test_every_rule_and_ban_has_a_case(self):
        self.assertEqual(set(CASES), set(house.RULES))
        self.assertEqual({case[0] for case in CASES["rule_banned"]}, {ban.name for ban in BANS})

    def test_layers_have_no_cycle(self):
        done = set()
        while ready := [box for box, below in MAY_INCLUDE.items()
                        if box not in done and done.issuperset(below)]:
            done.update(ready)
        self.assertEqual(done, set(MAY_INCLUDE))

    def test_command_exits_by_what_it_finds(self):
        for files, code in ((DECENT, 0), (DECENT | {"tools/a.h": "int x;\n"}, 1)):
            with tempfile.TemporaryDirectory() as root:
                write(root, files)
                run = subprocess.run([sys.executable, os.path.join(HERE, "house.py"), root],
                                     capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, code, run.stdout + run.stderr)


class HeadersCheckTest(unittest.TestCase):
    """reel_headers_check() refuses a public header that does not compile on its own."""

    def build(self, header):
        with tempfile.TemporaryDirectory() as root:
            write(root, {
                "CMakeLists.txt": "cmake_minimum_required(VERSION 3.25)\nproject(tiny CXX)\n"
                                  f"include({HERE}/HeadersCheck.cmake)\n"
                                  "reel_headers_check(tiny_check "
                                  "${CMAKE_SOURCE_DIR}/include tiny)\n",
                "include/tiny/a.h": header,
            })
            subprocess.run(["cmake", "-G", "Ninja", "-S", root, "-B", root + "/b"],
                           capture_output=True, check=True)
            return subprocess.run(["cmake", "--build", root + "/b"],
                                  capture_output=True, text=True, check=False)

    def test_self_contained_header_compiles(self):
        run = self.build(HEAD + "#include <string>\ninline std::string x;\n")
        self.assertEqual(run.returncode, 0, run.stdout)

    def test_missing_include_is_red(self):
        self.assertIn("std::string", self.build(HEAD + "inline std::string x;\n").stdout)

    def test_missing_pragma_once_is_red(self):
        self.assertIn("redefinition", self.build("struct Twice {};\n").stdout)


class WrapCommentsTest(unittest.TestCase):
    def test_words_move_down_and_items_hang(self):
        words = " ".join(["word"] * 19)  # 94 columns
        for before, after in (
            ([f"// {words} one two", "// three."], [f"// {words}", "// one two three."]),
            ([f"//   - {words} one", "//   - two"],
             [f"//   - {words}"[:-5], "//     word one", "//   - two"]),
            ([f"//  Code   {words} one", "//  Other  two"],
             [f"//  Code   {words}"[:-5], "//         word one", "//  Other  two"]),
            ([f"int x;  // {words} one two"], [f"int x;  // {words} one two"]),
            ([f"// {words}"], [f"// {words}"]),
        ):
            with self.subTest(before=before):
                self.assertEqual(wrap_comments.wrap(before), after)
                self.assertEqual(wrap_comments.wrap(after), after)


if __name__ == "__main__":
    unittest.main()

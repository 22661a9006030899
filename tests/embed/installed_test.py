#!/usr/bin/env python3
"""The library as an embedder finds it: installed below a scratch prefix, seen through find_package
and pkg-config, with the examples of docs/EMBEDDING.md compiled and run against it.

usage: installed_test.py BUILD_DIR SOURCE_DIR LIBDIR
"""

import glob
import os
import re
import sys
import tempfile
import unittest

import abi
from installed import WARNINGS, compile_with_pkg_config, environment, run, try_example, \
    write_examples

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD, SOURCE, LIBDIR = sys.argv[1:4]
# All that libreel may need. FFmpeg, gRPC and what a server takes would show here.
NEEDED = {"libcrypto.so.3", "librocksdb.so.7.8", "libisal.so.2", "liburing.so.2", "libstdc++.so.6",
          "libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2"}
# A library prints nothing and ends no process. What check.cc says last is the exception.
FORBIDDEN = re.compile(r"^(_?exit|_Exit|quick_exit|v?printf|puts|putchar|perror|syslog|system)$"
                       r"|^_ZSt4(cout|cerr|clog)$")


def listed(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read().splitlines()


class InstalledTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="reel-installed-")
        cls.work = cls.scratch.name
        cls.prefix = os.path.join(cls.work, "prefix")
        run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--strip")
        cls.env = environment(cls.prefix, LIBDIR)
        cls.include = os.path.join(cls.prefix, "include")
        cls.library = os.path.join(cls.prefix, LIBDIR, "libreel.so")
        write_examples(SOURCE, cls.work)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def at(self, *names):
        return os.path.join(self.work, *names)

    def test_all_of_it_is_there(self):
        for name in ("bin/reel", "include/reel.h", "include/reel/node.h", "share/doc/reel/LICENSE",
                     "share/doc/libreel-dev/LICENSE", "share/doc/libreel-dev/EMBEDDING.md"):
            self.assertTrue(os.path.isfile(os.path.join(self.prefix, name)), name)
        self.assertIn("import", run(os.path.join(self.prefix, "bin", "reel"), "--help"))

    def test_each_header_compiles_alone(self):
        headers = sorted(glob.glob("reel/*.h", root_dir=self.include)) + ["reel.h"]
        # All at once: each in a namespace of the file system's, its own source.
        sources = []
        for header in headers:
            sources.append(self.at("alone_" + re.sub(r"\W", "_", header) + ".cc"))
            with open(sources[-1], "w", encoding="utf-8") as file:
                file.write(f"#include <{header}>\n#include <{header}>\n")
        run("g++", "-std=c++20", *WARNINGS, f"-I{self.include}", "-fsyntax-only", *sources)
        with open(self.at("alone.c"), "w", encoding="utf-8") as file:
            file.write("#include <reel.h>\nint main(void) { return (int)sizeof(reel_item) == 0; }\n")
        run("gcc", "-std=c11", *WARNINGS, f"-I{self.include}", "-fsyntax-only", self.at("alone.c"))

    def test_examples_with_pkg_config(self):
        for source in ("example.cc", "example.c"):
            with self.subTest(source):
                binary = self.at(source + "_pc")
                compile_with_pkg_config(self.at(source), binary, self.env)
                try_example(binary, binary + "_try", self.env)

    def test_examples_with_find_package(self):
        with open(self.at("CMakeLists.txt"), encoding="utf-8") as file:
            text = file.read()
        for source in ("example.cc", "example.c"):
            with self.subTest(source):
                project = self.at(source + "_project")
                os.makedirs(project)
                os.symlink(self.at(source), os.path.join(project, source))
                language = "CXX" if source.endswith(".cc") else "C"
                with open(os.path.join(project, "CMakeLists.txt"), "w", encoding="utf-8") as file:
                    file.write(text.replace("LANGUAGES CXX", f"LANGUAGES {language}")
                               .replace("example.cc", source))
                build = os.path.join(project, "build")
                run("cmake", "-S", project, "-B", build, env=self.env)
                run("cmake", "--build", build, env=self.env)
                # Found without LD_LIBRARY_PATH: CMake notes where it linked from.
                try_example(os.path.join(build, "example"), os.path.join(project, "try"), os.environ)

    def test_exports_are_those_listed(self):
        names = run("nm", "-D", "--defined-only", "--format=just-symbols", self.library).split()
        names = [name.split("@")[0] for name in names if not name.startswith("REEL_")]
        plain = run("c++filt", *names).splitlines()
        self.assertEqual(sorted(plain), listed("exports.txt"))

    def test_the_abi_of_c_is_as_listed(self):
        found = abi.describe(os.path.join(self.include, "reel.h"), self.work, self.include)
        self.assertEqual(found, listed("abi.txt"))

    def test_versions(self):
        soname = re.search(r"SONAME.*\[(.*)\]", run("readelf", "-d", self.library))[1]
        version = run("pkg-config", "--modversion", "reel", env=self.env).strip()
        self.assertEqual(soname, "libreel.so." + version.split(".")[0])
        names = run("nm", "-D", "--defined-only", "--with-symbol-versions", self.library)
        self.assertIn("reel_open@@REEL_" + version.split(".")[0] + "\n", names)
        self.assertRegex(names, r"_ZN4reel4Node4Open\S*@@REEL_CXX_" + re.escape(version) + "\n")

    def test_it_needs_no_more_than_it_says(self):
        self.assertEqual(set(re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", self.library))),
                         NEEDED)
        self.assertNotRegex(run("ldd", self.library), r"libav|libsw|grpc|protobuf|not found")

    def test_it_neither_prints_nor_exits(self):
        undefined = run("nm", "-D", "--undefined-only", "--format=just-symbols", self.library).split()
        names = {name.split("@")[0] for name in undefined}
        self.assertEqual({name for name in names if FORBIDDEN.match(name)}, set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])

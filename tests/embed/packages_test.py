#!/usr/bin/env python3
"""The Debian packages: made, looked through by lintian, installed into a root of their own, used
there, and removed without a trace.

usage: packages_test.py BUILD_DIR SOURCE_DIR LIBDIR
"""

import glob
import os
import re
import shutil
import sys
import tempfile
import unittest

from installed import compile_with_pkg_config, environment, run, try_example, write_examples

BUILD, SOURCE, LIBDIR = sys.argv[1:4]
NAMES = ["libreel-dev", "libreel0", "reel-tools", "reeld"]
# The user of the recorder, who stays: its footage does.
USERS = {"etc/" + name for name in ("passwd", "group", "shadow", "gshadow", ".pwd.lock")}


def files_below(root):
    return {os.path.relpath(os.path.join(folder, name), root)
            for folder, _, names in os.walk(root) for name in names}


@unittest.skipUnless(shutil.which("dpkg-shlibdeps"), "SKIPPED: dpkg-dev is not installed")
class PackagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="reel-packages-")
        cls.work = cls.scratch.name
        run("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", cls.work)
        cls.packages = sorted(glob.glob(os.path.join(cls.work, "*.deb")))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_names(self):
        self.assertEqual([os.path.basename(path).split("_")[0] for path in self.packages], NAMES)

    def test_depends(self):
        depends = {name: run("dpkg-deb", "-f", path, "Depends")
                   for name, path in zip(NAMES, self.packages)}
        self.assertRegex(depends["libreel0"], "librocksdb.*liburing2")
        self.assertNotRegex(depends["libreel0"], "libav|grpc")
        self.assertRegex(depends["libreel-dev"], r"libreel0 \(= \d")
        self.assertIn("libavformat", depends["reel-tools"])
        self.assertRegex(depends["reeld"], "systemd.*libgrpc")

    @unittest.skipUnless(shutil.which("lintian"), "SKIPPED: lintian is not installed")
    def test_lintian_has_nothing_to_say(self):
        out = run("lintian", "--allow-root", "--fail-on", "error,warning", *self.packages)
        self.assertEqual(out.strip(), "")

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: dpkg installs as root only")
    def test_installed_used_and_removed(self):
        root = os.path.join(self.work, "root")
        state = os.path.join(root, "var", "lib", "dpkg")
        os.makedirs(os.path.join(state, "info"))
        os.makedirs(os.path.join(state, "updates"))
        # What this machine has counts as installed; its files stay where they are.
        shutil.copy("/var/lib/dpkg/status", state)
        dpkg = ["dpkg", f"--root={root}", "--log=/dev/null", "--force-script-chrootless"]
        run(*dpkg, "-i", *self.packages)
        usr = os.path.join(root, "usr")
        self.assertIn("import", run(os.path.join(usr, "bin", "reel"), "--help"))
        self.try_recorder(root)
        env = environment(usr, LIBDIR)
        write_examples(SOURCE, self.work)
        binary = os.path.join(self.work, "example")
        compile_with_pkg_config(binary + ".c", binary, env)
        try_example(binary, binary + "_try", env)
        run(*dpkg, "--purge", *NAMES)
        left = {name for name in files_below(root) if not name.startswith("var/lib/dpkg")}
        self.assertEqual(left - {name + "-" for name in USERS} - USERS, set())

    def try_recorder(self, root):
        """Its user is there, its unit starts what is there, its configuration has no mistake."""
        reeld = os.path.join(root, "usr", "bin", "reeld")
        with open(os.path.join(root, "etc", "passwd"), encoding="utf-8") as users:
            self.assertRegex(users.read(), "(?m)^reel:.*:/var/lib/reel:")
        with open(os.path.join(root, "lib", "systemd", "system", "reeld.service"),
                  encoding="utf-8") as unit:
            program, *arguments = next(line.split("=", 1)[1].split() for line in unit
                                       if line.startswith("ExecStart="))
        self.assertEqual(program, "/usr/bin/reeld")
        self.assertEqual(arguments, ["--config", "/etc/reel/reeld.toml"])
        run(reeld, arguments[0], root + arguments[1], "--check")
        with open(os.path.join(SOURCE, "docs", "reeld.8"), encoding="utf-8") as page:
            described = page.read().replace("\\-", "-")
        for option in re.findall(r"--[a-z]+", run(reeld, "--help")):
            self.assertIn(option, described)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])

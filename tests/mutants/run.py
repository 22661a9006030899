#!/usr/bin/env python3
"""Whether the crash tests notice plausible bugs: every mutant of mutants.py must be caught.

usage: run.py [--seconds N] [--only TEXT]...

Copies the tree to build/mutants, changes one source at a time, builds crash_test from the engine
alone and runs it for at most N seconds (default 60) from a fixed seed of its own. Prints a table; exits 1 when
a mutant survives or no longer fits its source, or when the tree as it is fails.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time

from mutants import DAMAGE, MUTANTS, POWER_CUT

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, "build", "mutants")
TREE = os.path.join(WORK, "tree")
BUILD = os.path.join(WORK, "build")
NEEDED = ("CMakeLists.txt", "cmake/", "engine/", "fuzz/", "index/", "server/", "tests/", "tools/")
NOT_NEEDED = ("tests/data/", "tests/av/", "tests/index/", "tests/tools/")
STATES = re.compile(r"(\d+) states in (\d+) s")


def run(*command, **options):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")


def copy_tree():
    """Only what changed is written, so that a second run builds little."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    names = [name for name in listed.stdout.splitlines()
             if name.startswith(NEEDED) and not (name.startswith(NOT_NEEDED))]
    for name in names:
        source, target = os.path.join(ROOT, name), os.path.join(TREE, name)
        if not os.path.exists(source):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target) or read(source) != read(target):
            shutil.copyfile(source, target)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def build():
    return run("ninja", "-C", BUILD, "crash_test")


def configure():
    must("cmake", "-G", "Ninja", "-S", TREE, "-B", BUILD, "-DCMAKE_BUILD_TYPE=",
         "-DCMAKE_CXX_FLAGS=-O1 -w", "-DREEL_BUILD_INDEX=OFF", "-DREEL_BUILD_AV=OFF")
    built = build()
    if built.returncode != 0:
        sys.exit(f"the tree does not build:\n{built.stdout}")


def run_test(test, seconds, seed=1):
    """Whether it passed, and how many states it looked at ("?" if it died)."""
    environment = {**os.environ, "REEL_SEED": str(seed), "REEL_SHARE_SECONDS": str(seconds)}
    environment.pop("REEL_TEST_LONG", None)
    environment.pop("REEL_STATE", None)
    program = os.path.join(BUILD, "tests", "crash", "crash_test")
    try:
        done = run(program, f"--gtest_filter={test}", env=environment, timeout=10 * seconds + 60)
    except subprocess.TimeoutExpired:
        return False, "hangs", ""
    found = STATES.search(done.stdout)
    return done.returncode == 0, found[1] if found else "died", done.stdout


def try_mutant(mutant, seconds):
    """(caught, remark)"""
    path = os.path.join(TREE, mutant.path)
    sound = read(path).decode()
    if sound.count(mutant.old) != 1:
        return False, f"does not fit {mutant.path} any more"
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(sound.replace(mutant.old, mutant.new))
        built = build()
        if built.returncode != 0:
            return False, f"does not build:\n{built.stdout}"
        passed, states, output = run_test(mutant.test, seconds, mutant.seed)
        with open(os.path.join(WORK, "last.txt"), "w", encoding="utf-8") as file:
            file.write(output)
        return not passed, states
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(sound)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="at most, for each mutant")
    parser.add_argument("--only", action="append", help="mutants whose name has this text")
    parser.add_argument("--rare", action="store_true",
                        help="those too that a minute does not show")
    options = parser.parse_args()
    begin = time.monotonic()
    copy_tree()
    configure()
    bad = 0
    for test in (POWER_CUT, DAMAGE):
        passed, states, output = run_test(test, 10)
        print(f"{'sound' if passed else 'FAILS':8} {states:>7} states  the tree as it is: {test}",
              flush=True)
        if not passed:
            print(output)
            bad += 1
    chosen = [m for m in MUTANTS
              if (not m.rare or options.rare)
              and (not options.only or any(text in m.name for text in options.only))]
    for mutant in chosen:
        start = time.monotonic()
        caught, remark = try_mutant(mutant, options.seconds)
        print(f"{'caught' if caught else 'SURVIVES':8} {remark:>7} states  {mutant.name}"
              f"  ({time.monotonic() - start:.0f} s)", flush=True)
        bad += not caught
    print(f"{len(chosen)} mutants, {bad} not as they should be, "
          f"{time.monotonic() - begin:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

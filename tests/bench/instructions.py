#!/usr/bin/env python3
"""Counts the instructions of single steps of the engine against a committed baseline.

usage: instructions.py PROGRAM BASELINE [--update]

A step that takes more instructions than its baseline and the tolerance fails: find out why, and
where the price is meant, run it with --update and say why in the commit. Counts depend on compiler
and libraries, so they hold for Debian 12's and the release build. Without valgrind, or on another
machine type, exits 77, which CTest reports as skipped.
"""

import json
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TOLERANCE = 0.05
SKIPPED = 77


def count(program, case):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         "--toggle-collect=reel::bench::Counted*", program, case],
        capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not collected or int(collected[1]) == 0:
        sys.exit(f"{case}: callgrind counted nothing\n{run.stderr}")
    return int(collected[1])


def main():
    program, baseline_path = sys.argv[1:3]
    if not shutil.which("valgrind") or platform.machine() != "x86_64":
        print("skipped: counting instructions needs valgrind on x86_64")
        sys.exit(SKIPPED)
    with open(baseline_path, encoding="utf-8") as file:
        baseline = json.load(file)
    with ThreadPoolExecutor(2) as pool:
        counts = dict(zip(baseline, pool.map(lambda case: count(program, case), baseline)))
    if "--update" in sys.argv:
        with open(baseline_path, "w", encoding="utf-8") as file:
            file.write(json.dumps(counts, indent=2) + "\n")
        return
    failed = False
    for case, counted in counts.items():
        ratio = counted / max(baseline[case], 1)
        word = "ok"
        if ratio > 1 + TOLERANCE:
            word, failed = "MORE THAN BEFORE", True
        elif ratio < 1 - TOLERANCE:
            word = "fewer: worth a new baseline (--update)"
        print(f"{case:14} {counted:12} of {baseline[case]:12}  {ratio:6.3f}  {word}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

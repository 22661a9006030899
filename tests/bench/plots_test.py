#!/usr/bin/env python3
"""bench/plots.py on rounds that are made up: usage plots_test.py PLOTS_PY"""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"
PERCENTILES = {"p50": 120, "p99": 250, "p999": 260}
KEYS = {key: {"p50_us": 200} for key in ("key", "gop", "raw_key", "raw_gop", "sqlite_key")}


def put(folder, benchmark, rounds):
    os.makedirs(folder, exist_ok=True)
    probes = {"probe_before_gb_s": 4.0, "probe_after_gb_s": 4.0}
    run = {"benchmark": benchmark, "rounds": [dict(one, **probes) for one in rounds]}
    with open(os.path.join(folder, benchmark + ".json"), "w", encoding="utf-8") as file:
        json.dump(run, file)


def points(svg, colour):
    """Of each curve: its points, by height from the top."""
    lines = [line for line in svg.iter(SVG + "polyline") if line.get("stroke") == colour]
    return [[float(point.split(",")[1]) for point in line.get("points").split()] for line in lines]


def main():
    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "out")
        for streams in (10, 1000):
            void = {"counts": False, "details": {"streams": 5, "gb": 9, "seconds": 1,
                                                 "cpu_s_per_gb": {"reel-loop": 9}}}
            good = {"counts": True,
                    "details": {"streams": streams, "gb": 0.004 * streams, "seconds": 2,
                                "cpu_s_per_gb": {"reel-loop": 0.2, "reel-digest": 0.3}}}
            put(f"{work}/{streams}", "append-gop", [void, good])
        for readers in (0, 16):
            put(f"{work}/r{readers}", "paced-readers" if readers else "paced",
                [{"counts": True, "details": {"readers": readers, "ack_ms": PERCENTILES}}])
        for keyframes in (10**6, 10**8):
            put(f"{work}/k{keyframes}", "seek",
                [{"counts": True, "details": dict(KEYS, keyframes=keyframes)}])
        subprocess.run([sys.executable, sys.argv[1], work, out], check=True)
        names = sorted(os.listdir(out))
        assert names == ["ack.svg", "cpu.svg", "seek.svg", "throughput.svg"], names
        svg = {name: xml.parse(os.path.join(out, name)).getroot() for name in names}
        # A void round gives no point, and more throughput stands higher.
        (rising,) = points(svg["throughput.svg"], "#0b6")
        assert len(rising) == 2 and rising[1] < rising[0], rising
        (level,) = points(svg["cpu.svg"], "#0b6")
        assert level[0] == level[1], level
        assert len(list(svg["ack.svg"].iter(SVG + "polyline"))) == 3
        assert len(list(svg["seek.svg"].iter(SVG + "polyline"))) == 5


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Draws the curves of docs/BENCHMARKS.md as SVG from the JSON that reel_bench leaves.

usage: plots.py JSON_DIRECTORY OUT_DIRECTORY

Looks at every .json below JSON_DIRECTORY, takes the rounds that count and draws medians:
throughput and CPU against streams, ack latency against readers, seek latency against history.
"""

import json
import math
import os
import sys
from collections import defaultdict
from statistics import median

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLOURS = ("#0b6", "#06c", "#c40", "#909", "#777")


def rounds(directory):
    """(benchmark, details, probe in GB/s) of each round that counts."""
    for folder, _, names in os.walk(directory):
        for name in names:
            if not name.endswith(".json") or name == "goals.json":
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                run = json.load(file)
            for one in run.get("rounds") or []:
                if one["counts"]:
                    probe = (one["probe_before_gb_s"] + one["probe_after_gb_s"]) / 2
                    yield run["benchmark"], one["details"], probe


def collect(directory):
    """Series by plot: {plot: {series: {x: [y]}}}."""
    plots = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))

    def add(plot, series, x, y):
        plots[plot][series][x].append(y)

    for name, details, probe in rounds(directory):
        streams = details.get("streams", 0)
        if name.startswith("append-"):
            placement = name.removeprefix("append-")
            add("throughput", placement, streams, details["gb"] / details["seconds"] / probe)
            add("cpu", placement, streams, sum(details["cpu_s_per_gb"].values()))
        elif name in ("paced", "paced-readers"):
            for percentile in ("p50", "p99", "p999"):
                add("ack", percentile, details["readers"], details["ack_ms"][percentile])
        elif name == "seek":
            for series, key in (("keyframe", "key"), ("whole GOP", "gop"),
                                ("raw 4 + 256 KiB", "raw_key"), ("raw 4 KiB + GOP", "raw_gop"),
                                ("SQLite, keyframe", "sqlite_key")):
                # SQLite's own index may be the shorter one.
                history = details.get("sqlite_keyframes") if key == "sqlite_key" else None
                add("seek", series, history or details["keyframes"], details[key]["p50_us"])
    return plots


def ticks(low, high, log):
    if log:
        return [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    step = 10.0**math.floor(math.log10(max(high, 1e-9)))
    if high / step < 3:
        step /= 4
    return [i * step for i in range(int(high / step) + 2)]


def short(value):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def draw(title, x_name, y_name, series, log_x):
    xs = [x for points in series.values() for x in points]
    ys = [median(y) for points in series.values() for y in points.values()]
    x_ticks = ticks(min(xs), max(xs), True) if log_x else sorted(set(xs))
    y_ticks = ticks(0, max(ys), False)
    place = math.log10 if log_x else float
    x_low, x_high = place(min(x_ticks)), place(max(x_ticks))
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x, y):
        across = (place(x) - x_low) / ((x_high - x_low) or 1)
        return LEFT + across * width, TOP + height - y / y_ticks[-1] * height

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="{LEFT}" y="20" font-size="14">{title}</text>',
           f'<text x="{LEFT + width / 2}" y="{HEIGHT - 10}" text-anchor="middle">{x_name}</text>',
           f'<text transform="translate(16 {TOP + height / 2}) rotate(-90)" '
           f'text-anchor="middle">{y_name}</text>']
    for y in y_ticks:
        _, py = at(x_ticks[0], y)
        out.append(f'<line x1="{LEFT}" x2="{LEFT + width}" y1="{py:.1f}" y2="{py:.1f}" '
                   'stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{short(y)}</text>')
    for x in x_ticks:
        px, _ = at(x, 0)
        out.append(f'<text x="{px:.1f}" y="{TOP + height + 18}" '
                   f'text-anchor="middle">{short(x)}</text>')
    for number, (name, points) in enumerate(sorted(series.items())):
        colour = COLOURS[number % len(COLOURS)]
        where = [at(x, median(points[x])) for x in sorted(points)]
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in where)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in where]
        out.append(f'<text x="{LEFT + width + 12}" y="{TOP + 14 + 18 * number}" '
                   f'fill="{colour}">{name}</text>')
    return "\n".join(out + ["</svg>", ""])


PLOTS = {
    "throughput": ("Append, against the raw probe", "streams", "of the raw probe", True),
    "cpu": ("CPU of an append", "streams", "CPU-s per GB", True),
    "ack": ("Acknowledgement beside greedy readers, T = 250 ms", "readers", "ms", False),
    "seek": ("Cold seek while recording, p50", "keyframes in the index", "us", True),
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = collect(sys.argv[1])
    os.makedirs(sys.argv[2], exist_ok=True)
    for name, (title, x_name, y_name, log_x) in PLOTS.items():
        if name not in found:
            print(f"{name}: nothing to draw")
            continue
        path = os.path.join(sys.argv[2], f"{name}.svg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(draw(title, x_name, y_name, found[name], log_x))
        print(path)


if __name__ == "__main__":
    main()

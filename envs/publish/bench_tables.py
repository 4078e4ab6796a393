"""The benchmark to be read: its tables and its plot."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from envs import MEASURED, ROOT
from envs.bench import bench_figures
from envs.bench.bench_figures import Measured
from envs.publish import atlas_picture

PLOT = MEASURED / "bench.svg"

_DRAWN = "tf212"
_SHOWN = (
    "![Bars: seconds of each way to TensorFlow 2.12 and its scripts, as in the table below.]"
    f"({PLOT.relative_to(ROOT)})"
)


def render_bench_tables() -> str:
    """The plot, the ratios, the figures, the disk and the machine, for the README."""
    targets, found = bench_figures.load_bench_targets(), bench_figures.load_figures()
    if not found:
        return "Nothing was measured yet."
    lines = [_SHOWN, ""] if _DRAWN in found else []
    lines += ["| ratio | measured | at most | |", "|---|--:|--:|---|"]
    for ratio in targets.ratios:
        cells, measured = [f"{ratio.of} / {ratio.to}", "-", f"{ratio.at_most:g}"], "not measured"
        if ratio.part in targets.unmeasured:
            measured += f": {targets.unmeasured[ratio.part]}"
        if ratio.part in found:
            value = bench_figures.ratio_value(ratio, found)
            cells[1] = f"{value:.2f}"
            measured = "met" if value <= ratio.at_most else f"missed: {ratio.reason}"
        lines.append(f"| {' | '.join(cells)} | {measured} |")
    lines += [
        "",
        "| figure | median | least - most | runs | what is timed |",
        "|---|--:|--:|--:|---|",
    ]
    for part, figures in targets.parts.items():
        for figure, text in figures.items():
            if part in found:
                times = found[part].seconds[figure]
                span = f"{_seconds(min(times))} - {_seconds(max(times))}"
                middle = _seconds(median(times))
                lines.append(f"| {figure} | {middle} s | {span} | {len(times)} | {text} |")
    lines += ["", *_disk(found), "", *_machines(found)]
    return "\n".join(lines)


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _disk(found: Mapping[str, Measured]) -> list[str]:
    disk = {name: sizes for part in found.values() for name, sizes in part.disk.items()}
    if not disk:
        return []
    by_size = sorted(disk, key=lambda name: disk[name][0])
    least, middle, most = by_size[0], by_size[len(by_size) // 2], by_size[-1]
    sizes = [f"{disk[name][0] / 1e9:.1f} GB (`{name}`)" for name in (least, middle, most)]
    bytecode = median(size for _, size in disk.values()) / 1e6
    return [
        f"On disk, the environment of a pairing takes {sizes[0]} to {sizes[2]}, {sizes[1]} in the "
        f"middle, all but little of it linked to uv's cache and shared with it; its bytecode takes "
        f"{bytecode:.0f} MB."
    ]


def _machines(found: Mapping[str, Measured]) -> list[str]:
    """What was measured where and when; one line if all of it was on one machine on one day."""
    where: dict[tuple[str, str, str], list[str]] = {}
    for name, part in found.items():
        where.setdefault((part.date, part.machine, part.tools), []).append(name)
    return [
        f"Measured on {date} on {machine}, with {tools}"
        + (f" ({', '.join(names)})." if len(where) > 1 else ".")
        for (date, machine, tools), names in where.items()
    ]


_BAR, _STEP, _LEFT, _WIDTH = 16, 26, 150, 440
"""Pixels: the height of a bar, a bar and its gap, the margin of names, the longest bar."""


def render_bench_plot() -> str:
    """The medians of the ways to run one pairing, with each repetition, as the text of an SVG."""
    figures = bench_figures.load_bench_targets().parts[_DRAWN]
    part = bench_figures.load_figures().get(_DRAWN)
    times = {figure: part.seconds[figure] for figure in figures} if part else {}
    scale = _WIDTH / max((max(all_) for all_ in times.values()), default=1)
    bars: list[dict[str, Any]] = [
        {
            "y": 8 + line * _STEP,
            "name": figure,
            "title": figures[figure],
            "width": round(median(all_) * scale, 1),
            "dots": [round(_LEFT + one * scale, 1) for one in all_],
            "label": f"{_seconds(median(all_))} s",
            "after": round(_LEFT + max(all_) * scale + 8, 1),
        }
        for line, (figure, all_) in enumerate(times.items())
    ]
    return atlas_picture.draw_picture(
        PLOT,
        width=_LEFT + _WIDTH + 70,
        height=16 + len(bars) * _STEP,
        left=_LEFT,
        bar=_BAR,
        bars=bars,
    )

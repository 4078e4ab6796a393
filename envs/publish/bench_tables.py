"""The tables and the plot of the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from envs import MEASURED, ROOT
from envs.bench import bench_figures
from envs.bench.bench_figures import Measured, Targets
from envs.publish import atlas_picture

PLOT = MEASURED / "bench.svg"

_DRAWN = "tf212"
_SHOWN = (
    "![Bars: seconds of each way to TensorFlow 2.12 and its scripts, as in the table below.]"
    f"({PLOT.relative_to(ROOT).as_posix()})"
)


def render_bench_tables() -> str:
    """The plot, the ratios, the figures, the disk and the machine, for the README.

    Raises Problem if the targets or the figures cannot be read.
    """
    targets, measured = bench_figures.load_bench_targets(), bench_figures.load_figures()
    if not measured:
        return "Nothing was measured yet."
    lines = [_SHOWN, ""] if _DRAWN in measured else []
    lines += _ratios(targets, measured)
    lines += ["", *_figures(targets, measured)]
    lines += ["", *_disk(measured), "", *_weight(measured), "", *_machines(measured)]
    return "\n".join(lines)


def _ratios(targets: Targets, measured: Mapping[str, Measured]) -> list[str]:
    lines = ["| ratio | measured | at most | |", "|---|--:|--:|---|"]
    for ratio in targets.ratios:
        shown, verdict = "-", "not measured"
        if ratio.part in targets.unmeasured:
            verdict += f": {targets.unmeasured[ratio.part]}"
        if ratio.part in measured:
            value = bench_figures.ratio_value(ratio, measured)
            shown = f"{value:.2f}"
            verdict = "met" if value <= ratio.at_most else f"missed: {ratio.reason}"
        lines.append(f"| {ratio.of} / {ratio.to} | {shown} | {ratio.at_most:g} | {verdict} |")
    return lines


def _figures(targets: Targets, measured: Mapping[str, Measured]) -> list[str]:
    lines = [
        "| figure | median | least - most | runs | what is timed |",
        "|---|--:|--:|--:|---|",
    ]
    for part, figures in targets.parts.items():
        for figure, text in figures.items():
            if part in measured:
                times = measured[part].seconds[figure]
                span = f"{_seconds(min(times))} - {_seconds(max(times))}"
                middle = _seconds(median(times))
                lines.append(f"| {figure} | {middle} s | {span} | {len(times)} | {text} |")
    return lines


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _disk(measured: Mapping[str, Measured]) -> list[str]:
    disk = {name: sizes for part in measured.values() for name, sizes in part.disk.items()}
    if not disk:
        return []
    by_size = sorted(disk, key=lambda name: disk[name][0])
    least, middle, most = by_size[0], by_size[len(by_size) // 2], by_size[-1]
    sizes = [f"{disk[name][0] / 1e9:.1f} GB (`{name}`)" for name in (least, middle, most)]
    bytecode = median(size for _, size in disk.values()) / 1e6
    return [
        f"On disk, the environment of a pairing takes {sizes[0]} to {sizes[2]}, {sizes[1]} in the "
        f"middle, nearly all of it shared with uv's cache through links; its bytecode takes "
        f"{bytecode:.0f} MB."
    ]


def _weight(measured: Mapping[str, Measured]) -> list[str]:
    weights = {what: size for part in measured.values() for what, size in part.weight.items()}
    return [
        f"{what[0].upper()}{what[1:]}: {size / 1e6:.2f} MB."
        for what, size in sorted(weights.items())
    ]


def _machines(measured: Mapping[str, Measured]) -> list[str]:
    """Where and when the parts were measured; one line if that is the same for all."""
    where: dict[tuple[str, str, str], list[str]] = {}
    for name, part in measured.items():
        where.setdefault((part.date, part.machine, part.tools), []).append(name)
    return [
        f"Measured on {date} on {machine}, with {tools}"
        + (f" ({', '.join(names)})." if len(where) > 1 else ".")
        for (date, machine, tools), names in where.items()
    ]


_BAR, _STEP, _LEFT, _WIDTH = 16, 26, 150, 440
"""Pixels: the height of a bar, a bar and its gap, the margin of names, the longest bar."""


def render_bench_plot() -> str:
    """The text of an SVG: for each way to run one pairing, its median and each repetition.

    Raises Problem if the targets or the figures cannot be read.
    """
    figures = bench_figures.load_bench_targets().parts[_DRAWN]
    part = bench_figures.load_figures().get(_DRAWN)
    times = {figure: part.seconds[figure] for figure in figures} if part else {}
    scale = _WIDTH / max((max(seconds) for seconds in times.values()), default=1)
    bars: list[dict[str, Any]] = [
        {
            "y": 8 + line * _STEP,
            "name": figure,
            "title": figures[figure],
            "width": round(median(seconds) * scale, 1),
            "dots": [round(_LEFT + second * scale, 1) for second in seconds],
            "label": f"{_seconds(median(seconds))} s",
            "after": round(_LEFT + max(seconds) * scale + 8, 1),
        }
        for line, (figure, seconds) in enumerate(times.items())
    ]
    return atlas_picture.draw_picture(
        PLOT,
        width=_LEFT + _WIDTH + 70,
        height=16 + len(bars) * _STEP,
        left=_LEFT,
        bar=_BAR,
        bars=bars,
    )

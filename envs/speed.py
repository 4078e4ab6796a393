"""Speed: what the benchmark measured, the ratios that are to be reached, and both to be read."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from envs import ROOT, Problem, lock, picture

FIGURES = ROOT / "envs" / "bench.json"
TARGETS = ROOT / "envs" / "bench.toml"
PLOT = ROOT / "envs" / "bench.svg"

_DRAWN = "tf212"
_SHOWN = (
    "![Bars: seconds of each way to TensorFlow 2.12 and its scripts, as in the table below.]"
    f"({PLOT.relative_to(ROOT)})"
)


@dataclass(frozen=True)
class Ratio:
    """What one figure may be of another; `reason` says why it is more, where it is."""

    part: str
    of: str
    to: str
    at_most: float
    reason: str = ""


@dataclass(frozen=True)
class Targets:
    """Part -> figure -> what it measures; the ratios between figures of a part; and part -> why it
    has no figures yet."""

    parts: Mapping[str, Mapping[str, str]]
    ratios: tuple[Ratio, ...]
    unmeasured: Mapping[str, str]


@dataclass(frozen=True)
class Measured:
    """One part of the benchmark: figure -> seconds of each repetition, and what it was run on.

    `disk` is pairing -> bytes of its environment and of its bytecode.
    """

    date: str
    machine: str
    tools: str
    seconds: Mapping[str, list[float]]
    disk: Mapping[str, list[int]]

    def median(self, figure: str) -> float:
        """The median of a figure, in seconds."""
        return median(self.seconds[figure])


def load_targets() -> Targets:
    """What is measured and what is to be reached. Raises Problem."""
    where = TARGETS.relative_to(ROOT)
    try:
        data = tomllib.loads(TARGETS.read_text(encoding="utf-8"))
        ratios = tuple(Ratio(**table) for table in data.pop("ratios"))
        found = Targets(data["parts"], ratios, data.get("unmeasured", {}))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Problem(f"{where}: cannot be read: {error!r}") from None
    for ratio in found.ratios:
        for figure in (ratio.of, ratio.to):
            if figure not in found.parts.get(ratio.part, {}):
                raise Problem(f"{where}: part '{ratio.part}' has no figure '{figure}'")
    return found


def load() -> dict[str, Measured]:
    """Part -> what was measured last. Raises Problem."""
    try:
        data = json.loads(FIGURES.read_text(encoding="utf-8"))["parts"]
        return {name: Measured(**part) for name, part in data.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        where = FIGURES.relative_to(ROOT)
        raise Problem(
            f"{where}: cannot be read ({error!r}): restore it with git, or run nox -s bench"
        ) from None


def record(name: str, measured: Measured) -> None:
    """Keep what was measured of a part, in place of what was there. Raises Problem."""
    targets = load_targets()
    if set(measured.seconds) != set(targets.parts[name]):
        raise Problem(f"{TARGETS.relative_to(ROOT)}: {name}: figures: are not those measured")
    found = load() | {name: measured}
    parts = {one: vars(found[one]) for one in targets.parts if one in found}
    data = {"generated": "nox -s bench: seconds of each repetition, bytes on disk", "parts": parts}
    lock.write(FIGURES, json.dumps(data, indent=1) + "\n")


def objections() -> list[str]:
    """What is not measured, and which target is missed, without a reason; or the other with one."""
    targets, found = load_targets(), load()
    where = TARGETS.relative_to(ROOT)
    missing = sorted(targets.parts.keys() - found - targets.unmeasured.keys())
    lines = [f"{part}: is not measured: run nox -s bench" for part in missing]
    surplus = sorted(set(targets.unmeasured) - (targets.parts.keys() - found))
    lines += [f"{where}: unmeasured: {part}: does not belong there" for part in surplus]
    for ratio in targets.ratios:
        if ratio.part not in found:
            continue
        value = _value(ratio, found)
        if value > ratio.at_most and not ratio.reason:
            lines.append(f"{where}: {ratio.of} / {ratio.to} is {value:.2f}: say why, in 'reason'")
        if value <= ratio.at_most and ratio.reason:
            lines.append(f"{where}: {ratio.of} / {ratio.to} is met: it needs no 'reason'")
    return lines


def _value(ratio: Ratio, found: Mapping[str, Measured]) -> float:
    part = found[ratio.part]
    return part.median(ratio.of) / part.median(ratio.to)


def tables() -> str:
    """The plot, the ratios, the figures, the disk and the machine, for the README."""
    targets, found = load_targets(), load()
    if not found:
        return "Nothing was measured yet."
    lines = [_SHOWN, ""] if _DRAWN in found else []
    lines += ["| ratio | measured | at most | |", "|---|--:|--:|---|"]
    for ratio in targets.ratios:
        cells, measured = [f"{ratio.of} / {ratio.to}", "-", f"{ratio.at_most:g}"], "not measured"
        if ratio.part in targets.unmeasured:
            measured += f": {targets.unmeasured[ratio.part]}"
        if ratio.part in found:
            value = _value(ratio, found)
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


def plot() -> str:
    """The medians of the ways to run one pairing, with each repetition, as the text of an SVG."""
    figures = load_targets().parts[_DRAWN]
    part = load().get(_DRAWN)
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
    return picture.draw(
        PLOT,
        width=_LEFT + _WIDTH + 70,
        height=16 + len(bars) * _STEP,
        left=_LEFT,
        bar=_BAR,
        bars=bars,
    )

"""Figures: what the benchmark measured, and the ratios that are to be reached."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from envs import MEASURED, ROOT, Problem
from envs.model import disk

FIGURES = MEASURED / "bench.json"
TARGETS = Path(__file__).with_name("targets.toml")


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


def load_bench_targets() -> Targets:
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


def load_figures() -> dict[str, Measured]:
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


def record_figures(name: str, measured: Measured) -> None:
    """Keep what was measured of a part, in place of what was there. Raises Problem."""
    targets = load_bench_targets()
    if set(measured.seconds) != set(targets.parts[name]):
        raise Problem(f"{TARGETS.relative_to(ROOT)}: {name}: figures: are not those measured")
    found = load_figures() | {name: measured}
    parts = {one: vars(found[one]) for one in targets.parts if one in found}
    data = {"generated": "nox -s bench: seconds of each repetition, bytes on disk", "parts": parts}
    disk.write_file(FIGURES, json.dumps(data, indent=1) + "\n")


def list_bench_objections() -> list[str]:
    """What is not measured, and which target is missed, without a reason; or the other with one."""
    targets, found = load_bench_targets(), load_figures()
    where = TARGETS.relative_to(ROOT)
    missing = sorted(targets.parts.keys() - found - targets.unmeasured.keys())
    lines = [f"{part}: is not measured: run nox -s bench" for part in missing]
    surplus = sorted(set(targets.unmeasured) - (targets.parts.keys() - found))
    lines += [f"{where}: unmeasured: {part}: does not belong there" for part in surplus]
    for ratio in targets.ratios:
        if ratio.part not in found:
            continue
        value = ratio_value(ratio, found)
        if value > ratio.at_most and not ratio.reason:
            lines.append(f"{where}: {ratio.of} / {ratio.to} is {value:.2f}: say why, in 'reason'")
        if value <= ratio.at_most and ratio.reason:
            lines.append(f"{where}: {ratio.of} / {ratio.to} is met: it needs no 'reason'")
    return lines


def ratio_value(ratio: Ratio, found: Mapping[str, Measured]) -> float:
    part = found[ratio.part]
    return part.median(ratio.of) / part.median(ratio.to)

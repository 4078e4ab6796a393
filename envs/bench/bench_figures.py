"""Figures: what the benchmark measured, and the ratios that are its targets."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from envs import MEASURED, ROOT, Problem
from envs.model import disk

FIGURES = MEASURED / "bench.json"
TARGETS = Path(__file__).with_name("targets.toml")


@dataclass(frozen=True)
class Ratio:
    """A target: figure `of`, divided by figure `to`, must be `at_most`.

    `reason` says why a target is missed; it is empty if the target is met.
    """

    part: str
    of: str
    to: str
    at_most: float
    reason: str = ""


@dataclass(frozen=True)
class Targets:
    """What the benchmark measures and aims at.

    `parts` is part -> figure -> what it measures; `unmeasured` is part -> why it has no figures.
    """

    parts: Mapping[str, Mapping[str, str]]
    ratios: tuple[Ratio, ...]
    unmeasured: Mapping[str, str]


@dataclass(frozen=True)
class Measured:
    """The measurement of one part: when, on which machine, and with which tools.

    `seconds` is figure -> seconds of each repetition; `disk` is session -> bytes of its environment
    and of its bytecode; `weight` is what is sent to a reader -> its bytes.
    """

    date: str
    machine: str
    tools: str
    seconds: Mapping[str, list[float]]
    disk: Mapping[str, list[int]]
    weight: Mapping[str, int] = field(default_factory=dict)

    def median(self, figure: str) -> float:
        """The median of a figure, in seconds."""
        return median(self.seconds[figure])


def load_bench_targets() -> Targets:
    """What is measured and which targets there are. Raises Problem for a bad file."""
    where = TARGETS.relative_to(ROOT).as_posix()
    try:
        data = tomllib.loads(TARGETS.read_text(encoding="utf-8"))
        ratios = tuple(Ratio(**table) for table in data.pop("ratios"))
        targets = Targets(data["parts"], ratios, data.get("unmeasured", {}))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Problem(f"{where}: cannot be read: {error!r}") from None
    for ratio in targets.ratios:
        for figure in (ratio.of, ratio.to):
            if figure not in targets.parts.get(ratio.part, {}):
                raise Problem(f"{where}: part '{ratio.part}' has no figure '{figure}'")
    return targets


def load_figures() -> dict[str, Measured]:
    """Part -> its last measurement; empty if there is no file. Raises Problem for a bad file."""
    try:
        data = json.loads(FIGURES.read_text(encoding="utf-8"))["parts"]
        return {name: Measured(**part) for name, part in data.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        where = FIGURES.relative_to(ROOT).as_posix()
        raise Problem(
            f"{where}: cannot be read ({error!r}): restore it with git, or run nox -s bench"
        ) from None


def record_figures(name: str, measured: Measured) -> None:
    """Write the measurement of a part to the file, in place of the last one.

    Raises Problem if its figures are not those of the targets, or if a file cannot be read.
    """
    targets = load_bench_targets()
    if set(measured.seconds) != set(targets.parts[name]):
        figures = ", ".join(sorted(measured.seconds))
        where = TARGETS.relative_to(ROOT).as_posix()
        raise Problem(f"{where}: {name}: must describe the figures that are measured: {figures}")
    known = load_figures() | {name: measured}
    parts = {part: vars(known[part]) for part in targets.parts if part in known}
    data = {"generated": "nox -s bench: seconds of each repetition, bytes on disk", "parts": parts}
    disk.write_file(FIGURES, json.dumps(data, indent=1) + "\n")


def list_bench_objections() -> list[str]:
    """What is wrong with the figures and the targets, one line each. Raises Problem.

    A part without figures and a missed target need a reason. Any other must not have one.
    """
    targets, measured = load_bench_targets(), load_figures()
    where = TARGETS.relative_to(ROOT).as_posix()
    missing = sorted(targets.parts.keys() - measured - targets.unmeasured.keys())
    lines = [f"{part}: is not measured: run nox -s bench" for part in missing]
    surplus = sorted(set(targets.unmeasured) - (targets.parts.keys() - measured))
    lines += [
        f"{where}: unmeasured: {part}: is measured, or is no part: remove it" for part in surplus
    ]
    for ratio in targets.ratios:
        if ratio.part not in measured:
            continue
        value = ratio_value(ratio, measured)
        if value > ratio.at_most and not ratio.reason:
            lines.append(f"{where}: {ratio.of} / {ratio.to} is {value:.2f}: say why, in 'reason'")
        if value <= ratio.at_most and ratio.reason:
            lines.append(f"{where}: {ratio.of} / {ratio.to} is met: it needs no 'reason'")
    return lines


def ratio_value(ratio: Ratio, measured: Mapping[str, Measured]) -> float:
    """A ratio as measured: the median of one figure divided by that of the other."""
    part = measured[ratio.part]
    return part.median(ratio.of) / part.median(ratio.to)

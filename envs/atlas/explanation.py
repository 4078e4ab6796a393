"""A cell in words: what happens, why, and what works instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from envs import EXPLAINED, Problem
from envs.atlas import cells, layout
from envs.atlas.cells import Cell, Column, Row, Verdict
from envs.model import disk, lock, pairing
from envs.model.pairing import Target

CAUSES = EXPLAINED / "causes.toml"


@dataclass(frozen=True)
class Cause:
    """Why a step of some cells fails: `pattern` is found in the outcome of the step."""

    name: str
    pattern: str
    cause: str


def load_causes(path: Path = CAUSES) -> list[Cause]:
    """Why steps fail. Raises Problem."""
    try:
        return [Cause(name, **table) for name, table in disk.read_toml(path).items()]
    except TypeError as error:
        raise Problem(f"envs/explained/{path.name}: {error}") from None


def find_cause(said: str, causes: Sequence[Cause]) -> Cause | None:
    """The cause of an outcome, if it is understood."""
    return next((one for one in causes if re.search(one.pattern, said)), None)


def describe_cell(name: str, column: Column, atlas: Mapping[str, Row]) -> str:
    """A cell in words: whether it works, why, and what does work. Raises Problem."""
    target, cell = layout.list_rows()[name], atlas[name].get(column)
    title = f"TensorFlow {target.pairing.tensorflow} with {column}, on Python {target.python}"
    if cell is None:
        raise Problem(f"{title}: was not run yet: run nox -s atlas -- {_words(name, column)}")
    found = cells.judge_cell(cell, column)
    says = {
        None: "does not say anything about that package",
        True: "admits it",
        False: "does not admit it, and pip installs it with no more than a warning",
    }
    lines = [f"{title}: {found}", f"  {cells.MEANING[found].replace('`', '')}"]
    if found is not Verdict.CANNOT:
        lines.append(f"  TensorFlow's own metadata {says[cell.admitted]}")
        if brought := [
            change for change in _changes(cell) if not change.startswith(column.package)
        ]:
            lines.append(f"  with it came: {', '.join(brought)}")
        lines += [f"  {step:<18}{said}" for step, said in cell.steps.items()]
    why = cell.cannot or (cell.failure[1] if cell.failure else "")
    if why:
        known = find_cause(why, load_causes())
        lines.append(f"  why: {known.cause if known else why}")
    if cell.admitted is False and found is Verdict.WORKS:
        lines.append(
            "  but TensorFlow was not made for it: code that ran with its own Keras may fail"
        )
    if cell.admitted is False or found not in (Verdict.WORKS, Verdict.APART):
        lines += ["  what works:", *(f"    {line}" for line in list_ways_out(name, column, atlas))]
    run = cell.conditions
    lines.append(f"  run on {run.date} with CPython {run.python}, PyPI as of {run.as_of}")
    return "\n".join(lines)


def _changes(cell: Cell) -> list[str]:
    return [
        f"{name} {old or 'none'} -> {new or 'none'}" for name, (old, new) in cell.changed.items()
    ]


def list_ways_out(name: str, column: Column, atlas: Mapping[str, Row]) -> list[str]:
    """What to do instead of a cell: keep this TensorFlow, or keep this Keras."""
    known, order = layout.list_rows(), list(layout.list_rows())
    target = known[name]
    lines = [f"keep TensorFlow {target.pairing.tensorflow}: with {_own(target)}, {_lock(name)}"]
    good = []
    for number, (other, row) in enumerate(atlas.items()):
        cell = row.get(column)
        if other == name or cell is None:
            continue
        found = cells.judge_cell(cell, column)
        if found in (Verdict.WORKS, Verdict.APART):
            # The best first: one Keras, not two; admitted; near.
            distance = abs(number - order.index(name))
            good.append((found is Verdict.APART, cell.admitted is False, distance, other))
    if not good:
        return [*lines, f"keep {column}: it works with no other TensorFlow of the atlas"]
    apart, _, _, other = min(good)
    nearest = known[other]
    how = f"{_lock(other)}, then pip install {column.package}=={column.version}"
    for one in _pairings_of(nearest):
        if lock.read_lock(one).versions.get(column.package) == column.version:
            how = _lock(one.pairing.name)
            break
    release = f"TensorFlow {nearest.pairing.tensorflow} on Python {nearest.python}"
    beside = ", beside its own tf.keras" if apart else ""
    return [*lines, f"keep {column}: with {release}{beside}, {how}"]


def _lock(name: str) -> str:
    return f"its lock: nox -s copy -- {name} PATH"


@cache
def _pairings_of(row: Target) -> list[Target]:
    """Every pairing of a row's TensorFlow, on its Python."""
    return [
        Target(one, row.python)
        for one in pairing.load_pairings().values()
        if one.tensorflow == row.pairing.tensorflow and row.python in one.pythons
    ]


def _own(target: Target) -> str:
    versions = lock.read_lock(target).versions
    name = next(one for one in ("keras", "keras-nightly") if one in versions)
    return f"{name} {versions[name]}"


def _words(name: str, column: Column) -> str:
    return f"{name} --{column.package} {column.minor}"

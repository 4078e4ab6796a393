"""A cell of the atlas in words: what happens, why, and what works instead."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from envs import Problem
from envs.atlas import cells, layout
from envs.atlas.cells import Cell, Column, Row, Verdict
from envs.model import causes, lock, pairing
from envs.model.pairing import Target


def describe_cell(name: str, column: Column, atlas: Mapping[str, Row]) -> str:
    """A cell in words: its verdict, why, and what works instead.

    Raises Problem if the cell was not run.
    """
    target, cell = layout.list_rows()[name], atlas[name].get(column)
    title = f"TensorFlow {target.pairing.tensorflow} with {column}, on Python {target.python}"
    if cell is None:
        raise Problem(f"{title}: was not run yet: run nox -s atlas -- {_words(name, column)}")
    verdict = cells.judge_cell(cell, column)
    metadata = {
        None: "does not say anything about that package",
        True: "admits it",
        False: "does not admit it, and pip installs it with no more than a warning",
    }
    lines = [f"{title}: {verdict}", f"  {cells.MEANING[verdict].replace('`', '')}"]
    if verdict is not Verdict.CANNOT:
        lines.append(f"  TensorFlow's own metadata {metadata[cell.admitted]}")
        changes = [change for change in _changes(cell) if not change.startswith(column.package)]
        if changes:
            lines.append(f"  installing it also changed: {', '.join(changes)}")
        lines += [f"  {step:<18}{outcome}" for step, outcome in cell.steps.items()]
    reason = cell.cannot or (cell.failure[1] if cell.failure else "")
    if reason:
        cause = causes.find_cause(reason, causes.load_causes(causes.OF_CELLS))
        lines.append(f"  why: {cause.cause if cause else reason}")
    if cell.admitted is False and verdict is Verdict.WORKS:
        lines.append(
            "  but TensorFlow was not made for it: code that ran with its own Keras may fail"
        )
    if cell.admitted is False or verdict not in (Verdict.WORKS, Verdict.APART):
        lines += ["  what works:", *(f"    {line}" for line in list_ways_out(name, column, atlas))]
    run = cell.conditions
    lines.append(f"  run on {run.date} with CPython {run.python}, PyPI as of {run.as_of}")
    return "\n".join(lines)


def _changes(cell: Cell) -> list[str]:
    """Each change of the installation, such as `numpy 1.23.5 -> 1.26.4`."""
    return [
        f"{name} {old or 'none'} -> {new or 'none'}" for name, (old, new) in cell.changed.items()
    ]


def list_ways_out(name: str, column: Column, atlas: Mapping[str, Row]) -> list[str]:
    """What works instead of a cell: one line that keeps its TensorFlow, one that keeps its Keras.

    A pre-release is never proposed.

    Raises Problem if a lock cannot be read.
    """
    targets, order = layout.list_rows(), list(layout.list_rows())
    target = targets[name]
    lines = [
        f"keep TensorFlow {target.pairing.tensorflow}: with {_own(target)}, {_copy_hint(name)}"
    ]
    candidates = []
    for number, (other, row) in enumerate(atlas.items()):
        cell = row.get(column)
        if other == name or cell is None or targets[other].pairing.preview:
            continue
        verdict = cells.judge_cell(cell, column)
        if verdict in (Verdict.WORKS, Verdict.APART):
            # The smallest is the best: one Keras, not two; admitted; a near TensorFlow.
            distance = abs(number - order.index(name))
            candidates.append((verdict is Verdict.APART, cell.admitted is False, distance, other))
    if not candidates:
        return [*lines, f"keep {column}: it works with no other TensorFlow of the atlas"]
    apart, _, _, other = min(candidates)
    nearest = targets[other]
    how = f"{_copy_hint(other)}, then pip install {column.package}=={column.version}"
    for candidate in _pairings_of(nearest):
        if lock.read_lock(candidate).versions.get(column.package) == column.version:
            how = _copy_hint(candidate.pairing.name)
            break
    release = f"TensorFlow {nearest.pairing.tensorflow} on Python {nearest.python}"
    beside = ", beside its own tf.keras" if apart else ""
    return [*lines, f"keep {column}: with {release}{beside}, {how}"]


def _copy_hint(name: str) -> str:
    return f"its lock: nox -s copy -- {name} PATH"


@cache
def _pairings_of(row: Target) -> list[Target]:
    """Every pairing with the TensorFlow of a row, on the Python of that row."""
    return [
        Target(pairing_, row.python)
        for pairing_ in pairing.load_pairings().values()
        if pairing_.tensorflow == row.pairing.tensorflow and row.python in pairing_.pythons
    ]


def _own(target: Target) -> str:
    """The Keras that the lock of a target pins: `keras 2.12.0`."""
    versions = lock.read_lock(target).versions
    name = next(name for name in ("keras", "keras-nightly") if name in versions)
    return f"{name} {versions[name]}"


def _words(name: str, column: Column) -> str:
    """The words of a command line that name a cell: `tf212 --keras 2.11`."""
    return f"{name} --{column.package} {column.minor}"

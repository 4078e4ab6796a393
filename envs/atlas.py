"""The atlas: every TensorFlow minor against every Keras minor, as it was run.

A row is the recommended environment of a TensorFlow minor, a column a release of `keras` or
`tf-keras`, a cell what happens when that release is installed over that environment.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from envs import ROOT, Problem, lock, outcome, pairing
from envs.outcome import Kind
from envs.pairing import Target

FOLDER = ROOT / "examples" / "atlas"
COLUMNS = FOLDER / "columns.json"
SCHEMA = FOLDER / "row.schema.json"
CAUSES = FOLDER / "causes.toml"
SCRIPT = ROOT / "tests" / "steps.py"

PACKAGES = {"keras": "keras", "tf-keras": "tf_keras"}
"""The packages that are columns, and the module that each brings."""

STEPS = ("import tensorflow", "tf.keras", "train tf.keras", "import keras", "train keras")
NOT_REACHED = "not reached"

_OLDEST = (2, 2)


@dataclass(frozen=True)
class Column:
    """A release of `keras` or `tf-keras`: the last of its minor."""

    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def minor(self) -> str:
        """Such as `3.5`."""
        return _minor(self.version)

    @property
    def module(self) -> str:
        """What a script imports."""
        return PACKAGES[self.package]

    @property
    def env(self) -> dict[str, str]:
        """The variables under which the package is meant to be used."""
        return {"TF_USE_LEGACY_KERAS": "1"} if self.package == "tf-keras" else {}


@dataclass(frozen=True)
class Conditions:
    """When and with what cells were run: date, tools, the pins of the lock, the day as of which
    PyPI was asked, and the digest of the script."""

    date: str
    uv: str
    python: str
    lock: str
    as_of: str
    script: str


@dataclass(frozen=True)
class Cell:
    """What happened in one cell.

    `admitted` is what TensorFlow's own metadata says of that Keras; None if nothing. `cannot` is
    why it cannot be installed; then there are no steps. `changed` is package -> release before and
    after, for all that the installation changed; None where there was none.
    """

    conditions: Conditions
    admitted: bool | None
    cannot: str | None
    changed: Mapping[str, tuple[str | None, str | None]]
    steps: Mapping[str, str]

    @property
    def result(self) -> tuple[Any, ...]:
        """All but when and with what: what must be the same each time."""
        return self.admitted, self.cannot, dict(self.changed), dict(self.steps)

    @property
    def failure(self) -> tuple[str, str] | None:
        """The first step that does not work, and its outcome."""
        return next(
            ((s, self.steps[s]) for s in STEPS if s in self.steps and not _works(self.steps[s])),
            None,
        )


class Verdict(StrEnum):
    """What a cell amounts to."""

    WORKS = "works"
    APART = "works apart"
    ONLY_TF_KERAS = "only tf.keras works"
    ONLY_KERAS = "only keras works"
    NEITHER = "neither works"
    CANNOT = "cannot be installed"


MEANING = {
    Verdict.WORKS: "both import and train, and `tf.keras` is that Keras",
    Verdict.APART: "both import and train, but `tf.keras` is another Keras: do not mix them",
    Verdict.ONLY_TF_KERAS: "`tf.keras` imports and trains, that Keras does not",
    Verdict.ONLY_KERAS: "that Keras imports and trains, `tf.keras` does not",
    Verdict.NEITHER: "neither `tf.keras` nor that Keras imports and trains",
    Verdict.CANNOT: "pip finds no way to install it there beside that TensorFlow",
}

Row = dict[Column, Cell]


@dataclass(frozen=True)
class Cause:
    """Why a step of some cells fails: `pattern` is found in the outcome of the step."""

    name: str
    pattern: str
    cause: str


def verdict(cell: Cell, column: Column) -> Verdict:
    """What a cell amounts to."""
    if cell.cannot is not None:
        return Verdict.CANNOT
    works = {step: _works(said) for step, said in cell.steps.items()}
    tf_keras = works["tf.keras"] and works["train tf.keras"]
    keras = works["import keras"] and works["train keras"]
    if not (tf_keras and keras):
        if tf_keras:
            return Verdict.ONLY_TF_KERAS
        return Verdict.ONLY_KERAS if keras else Verdict.NEITHER
    own = cell.steps["tf.keras"] == f"{Kind.WORKS}: {column.module} {column.version}"
    return Verdict.WORKS if own else Verdict.APART


def _works(said: str) -> bool:
    return said.startswith(f"{Kind.WORKS}: ")


@cache
def rows() -> dict[str, Target]:
    """Pairing -> recommended target, of the pairing that stands for each TensorFlow minor."""
    pairings = pairing.load_all().values()
    kept = [one for one in pairings if one.kind not in ("bundled", "legacy")]
    return {one.name: Target(one, one.pythons[0]) for one in kept if not one.impossible}


def columns(path: Path = COLUMNS) -> tuple[str, list[Column]]:
    """The day as of which PyPI was asked, and the columns. Raises Problem."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return data["as_of"], [
            Column(package, version) for package in PACKAGES for version in data[package]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            f"examples/atlas/{path.name}: cannot be read ({error}): run nox -s atlas -- --upgrade"
        ) from None


def last_of_each_minor(versions: Iterable[str]) -> list[str]:
    """Of some final releases, the last of each minor from 2.2 on, in order."""
    last: dict[tuple[int, ...], str] = {}
    final = [one for one in versions if re.fullmatch(r"\d+\.\d+\.\d+", one)]
    for version in sorted(final, key=_numbers):
        if _numbers(version)[:2] >= _OLDEST:
            last[_numbers(version)[:2]] = version
    return list(last.values())


def render_columns(as_of: str, found: Mapping[str, Sequence[str]]) -> str:
    """The text of the file of columns."""
    facts = {"generated": "by nox -s atlas -- --upgrade, from PyPI", "as_of": as_of}
    return json.dumps(facts | {name: found[name] for name in PACKAGES}, indent=1) + "\n"


def row_path(name: str, folder: Path = FOLDER) -> Path:
    """Where the row of a pairing stands."""
    return folder / f"{name}.json"


def load_row(name: str, folder: Path = FOLDER) -> Row:
    """The cells of a row that were run, those of today's columns only. Raises Problem."""
    path = row_path(name, folder)
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        runs = [Conditions(**run) for run in data["runs"]]
        known = {str(column): column for column in columns()[1]}
        return {
            known[title]: Cell(
                runs[cell["run"]],
                cell["admitted"],
                cell["cannot"],
                {package: tuple(change) for package, change in cell["changed"].items()},
                cell["steps"],
            )
            for title, cell in data["cells"].items()
            if title in known
        }
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise Problem(
            f"examples/atlas/{path.name}: cannot be read ({error!r}): restore it with git, or "
            f"remove it and run nox -s atlas -- {name}"
        ) from None


def load() -> dict[str, Row]:
    """Every row by the name of its pairing. Raises Problem."""
    return {name: load_row(name) for name in rows()}


def render_row(target: Target, row: Row) -> str:
    """The text of a row's file: one cell a line, so that a diff can be read."""
    order = [column for column in columns()[1] if column in row]
    runs = list(dict.fromkeys(row[column].conditions for column in order))
    facts = {
        "$schema": SCHEMA.name,
        "generated": f"by nox -s atlas -- {target.pairing.name}",
        "pairing": target.pairing.name,
        "tensorflow": target.pairing.tensorflow,
        "python": target.python,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in facts.items()]
    lines += [' "runs": [', ",\n".join(f"  {json.dumps(asdict(run))}" for run in runs), " ],"]
    cells = []
    for column in order:
        cell = row[column]
        data = {
            "run": runs.index(cell.conditions),
            "admitted": cell.admitted,
            "cannot": cell.cannot,
            "changed": dict(cell.changed),
            "steps": dict(cell.steps),
        }
        cells.append(f"  {json.dumps(str(column))}: {json.dumps(data)}")
    return "\n".join(["{", *lines, ' "cells": {', ",\n".join(cells), " }", "}", ""])


@cache
def script_digest() -> str:
    """Twelve hexadecimal digits of the script that a cell runs."""
    return hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:12]


def stale(target: Target, row: Row) -> list[Column]:
    """The columns whose cell is missing, or was run with another lock, day or script."""
    as_of, known = columns()
    now = (lock.read(target).digest, as_of, script_digest())

    def then(cell: Cell) -> tuple[str, str, str]:
        return cell.conditions.lock, cell.conditions.as_of, cell.conditions.script

    return [column for column in known if column not in row or then(row[column]) != now]


def load_causes(path: Path = CAUSES) -> list[Cause]:
    """Why steps fail. Raises Problem."""
    try:
        return [Cause(name, **table) for name, table in outcome.read(path).items()]
    except TypeError as error:
        raise Problem(f"examples/atlas/{path.name}: {error}") from None


def cause(said: str, causes: Sequence[Cause]) -> Cause | None:
    """The cause of an outcome, if it is understood."""
    return next((one for one in causes if re.search(one.pattern, said)), None)


def describe(name: str, column: Column, atlas: Mapping[str, Row]) -> str:
    """A cell in words: whether it works, why, and what does work. Raises Problem."""
    target, cell = rows()[name], atlas[name].get(column)
    title = f"TensorFlow {target.pairing.tensorflow} with {column}, on Python {target.python}"
    if cell is None:
        raise Problem(f"{title}: was not run yet: run nox -s atlas -- {_words(name, column)}")
    found = verdict(cell, column)
    says = {
        None: "does not say anything about that package",
        True: "admits it",
        False: "does not admit it, and pip installs it with no more than a warning",
    }
    lines = [f"{title}: {found}", f"  {MEANING[found].replace('`', '')}"]
    if found is not Verdict.CANNOT:
        lines.append(f"  TensorFlow's own metadata {says[cell.admitted]}")
        if brought := [
            change for change in _changes(cell) if not change.startswith(column.package)
        ]:
            lines.append(f"  with it came: {', '.join(brought)}")
        lines += [f"  {step:<18}{said}" for step, said in cell.steps.items()]
    why = cell.cannot or (cell.failure[1] if cell.failure else "")
    if why:
        known = cause(why, load_causes())
        lines.append(f"  why: {known.cause if known else why}")
    if cell.admitted is False and found is Verdict.WORKS:
        lines.append(
            "  but TensorFlow was not made for it: code that ran with its own Keras may fail"
        )
    if cell.admitted is False or found not in (Verdict.WORKS, Verdict.APART):
        lines += ["  what works:", *(f"    {line}" for line in ways_out(name, column, atlas))]
    run = cell.conditions
    lines.append(f"  run on {run.date} with CPython {run.python}, PyPI as of {run.as_of}")
    return "\n".join(lines)


def _changes(cell: Cell) -> list[str]:
    return [
        f"{name} {old or 'none'} -> {new or 'none'}" for name, (old, new) in cell.changed.items()
    ]


def ways_out(name: str, column: Column, atlas: Mapping[str, Row]) -> list[str]:
    """What to do instead of a cell: keep this TensorFlow, or keep this Keras."""
    known, order = rows(), list(rows())
    target = known[name]
    lines = [f"keep TensorFlow {target.pairing.tensorflow}: with {_own(target)}, {_lock(name)}"]
    good = []
    for number, (other, row) in enumerate(atlas.items()):
        cell = row.get(column)
        if other == name or cell is None:
            continue
        found = verdict(cell, column)
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
        if lock.read(one).versions.get(column.package) == column.version:
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
        for one in pairing.load_all().values()
        if one.tensorflow == row.pairing.tensorflow and row.python in one.pythons
    ]


def _own(target: Target) -> str:
    versions = lock.read(target).versions
    name = next(one for one in ("keras", "keras-nightly") if one in versions)
    return f"{name} {versions[name]}"


def find_column(package: str, minor: str) -> Column:
    """The column of a package and minor, such as `3.5`, or release. Raises Problem."""
    known = [column for column in columns()[1] if column.package == package]
    for column in known:
        if minor in (column.minor, column.version):
            return column
    there = ", ".join(column.minor for column in known)
    raise Problem(f"the atlas has no {package} '{minor}'; it has: {there}")


def _words(name: str, column: Column) -> str:
    return f"{name} --{column.package} {column.minor}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def asked_of_tensorflow(requires: Iterable[str], python: str, column: Column) -> bool | None:
    """Whether what TensorFlow requires admits a column on a Python; None if it says nothing."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    environ = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    for one in map(Requirement, requires):
        if canonicalize_name(one.name) != column.package:
            continue
        if one.marker is None or one.marker.evaluate(environ):
            return one.specifier.contains(column.version)
    return None

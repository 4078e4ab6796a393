"""Cells: a Keras installed over a TensorFlow, what happened, and what that amounts to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from envs.model import version_numbers
from envs.model.outcomes import Kind

PACKAGES = {"keras": "keras", "tf-keras": "tf_keras"}
"""The packages that are columns, and the module that each brings."""

STEPS = ("import tensorflow", "tf.keras", "train tf.keras", "import keras", "train keras")
NOT_REACHED = "not reached"


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
        return version_numbers.minor_of(self.version)

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
            (
                (s, self.steps[s])
                for s in STEPS
                if s in self.steps and not step_works(self.steps[s])
            ),
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


def judge_cell(cell: Cell, column: Column) -> Verdict:
    """What a cell amounts to."""
    if cell.cannot is not None:
        return Verdict.CANNOT
    works = {step: step_works(said) for step, said in cell.steps.items()}
    tf_keras = works["tf.keras"] and works["train tf.keras"]
    keras = works["import keras"] and works["train keras"]
    if not (tf_keras and keras):
        if tf_keras:
            return Verdict.ONLY_TF_KERAS
        return Verdict.ONLY_KERAS if keras else Verdict.NEITHER
    own = cell.steps["tf.keras"] == f"{Kind.WORKS}: {column.module} {column.version}"
    return Verdict.WORKS if own else Verdict.APART


def step_works(said: str) -> bool:
    return said.startswith(f"{Kind.WORKS}: ")


def is_admitted(requires: Iterable[str], python: str, column: Column) -> bool | None:
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
